/*
 * costs_options.h - the option rows of struct host_costs, for [host] and [calibration] alike, and
 * how sure they are.
 */
#ifndef MIGCAST_MODELS_COSTS_OPTIONS_H
#define MIGCAST_MODELS_COSTS_OPTIONS_H

#include "base/option.h"
#include "models/params.h"

/* What runs the guest; a calibration is per accelerator. */
enum accel {
    ACCEL_KVM, /* in-kernel virtualisation with its dirty log */
    ACCEL_TCG, /* software emulation with QEMU's own dirty log */
    ACCEL_NR
};

/* What is added to a forecast's band below and above; answers/accuracy/bands.h. */
struct costs_slack {
    double total_below_ratio, total_above_ratio; /* of the forecast */
    double bytes_below_ratio, bytes_above_ratio;
    int64_t downtime_below_ns, downtime_above_ns;
};

/* How sure the costs are: what single captures scatter around them.  For [calibration] only. */
struct host_costs_spread {
    uint32_t captures;         /* learned from; 0 = defaults */
    uint64_t tail_bytes;       /* non-zero memory behind the zero pages, in the sweep's order */
    uint64_t rss_spread_bytes; /* of what lies above rss_overhead_bytes */
    uint64_t rss_spread_below_bytes; /* of what lies below */
    /* Of a guest's resident pages, those that go out as zero pages; and the same two sides. */
    uint64_t resident_zero_bytes, resident_zero_spread_bytes, resident_zero_spread_below_bytes;
    int64_t slip_spread_ns;
    double copy_spread_ratio; /* relative */
    int64_t device_spread_ns;
    /* Of guests, as the throttled captures answered: the share of its vCPU time that a writer acts
     * as if it needed; 0 = not known. */
    double cpu_need_ratio;
    double cpu_need_spread_ratio;
    struct costs_slack slack, link_slack; /* alone, and on a limited link */
};

/* The names in order of enum accel, NULL at the end: for option tables. */
extern const char *const accel_names[ACCEL_NR + 1];

/* Offsets are into struct host_costs; defaults come from host_costs_default(). */
extern const struct option_table host_costs_options;
/* Offsets are into struct host_costs_spread. */
extern const struct option_table host_costs_spread_options;

#endif
