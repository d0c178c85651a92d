/*
 * params.c - what a migration is when nobody has set anything.
 *
 * Values are QEMU's own (migration/options.c; the same in all releases from 7.2 on).  Scenario
 * files have their own rows with the same defaults, because those are also help and manual.
 */
#include "models/params.h"

#include "base/units.h"

enum {
    RING_ENTRIES = 4096 /* QEMU has no default; the size that its documentation uses */
};

void mig_params_default(struct mig_params *p)
{
    *p = (struct mig_params){
        .qemu = QEMU_7_2,
        .max_bandwidth_bytes_per_s = 128 * MIB,
        .max_postcopy_bandwidth_bytes_per_s = UNITS_UNLIMITED,
        .downtime_limit_ns = 300 * NS_PER_MS,
        .throttle_trigger_pct = 50,
        .cpu_throttle_initial_pct = 20,
        .cpu_throttle_increment_pct = 10,
        .max_cpu_throttle_pct = 99,
        .vcpu_dirty_limit_bytes_per_s = MIB,
        .vcpu_dirty_limit_period_ns = NS_PER_S,
        .dirty_ring_entries = RING_ENTRIES,
        .clear_chunk_bytes = PAGE_BYTES << 18, /* x-clear-bitmap-shift */
        .xbzrle_cache_bytes = 64 * MIB,
        .multifd_channels = 2,
        .multifd_level = 1,
    };
}
