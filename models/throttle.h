/*
 * throttle.h - when and how hard QEMU slows the guest.
 *
 * Periods longer than 1000 ms between syncs; the second-hit rule without reset on a miss; steps
 * initial / increment / max with or without tailslow; dirty-limit's controller with its dead band.
 * Source: QEMU migration/ram.c migration_trigger_throttle, mig_throttle_guest_down,
 * migration_update_rates; system/dirtylimit.c.
 */
#ifndef MIGCAST_MODELS_THROTTLE_H
#define MIGCAST_MODELS_THROTTLE_H

#include <stdbool.h>
#include <stdint.h>

#include "models/params.h"

#define THROTTLE_PERIOD_NS 1000000000LL /* a period is closed by the first sync later than this */
#define THROTTLE_TIMER_NS 5000000000LL  /* auto-converge's own sync, 9.2+ */

struct throttle {
    int64_t period_start_ns;
    double bytes_prev;         /* transferred when the period began */
    double dirty_pages;        /* newly dirty in the period */
    uint64_t dirty_pages_rate; /* last report, pages/s */
    uint32_t high_count;
    uint32_t pct;         /* in force; 0 = none */
    uint32_t max_pct;     /* highest so far */
    bool limiting;        /* dirty-limit is on */
    double sleep_us;      /* dirty-limit: at each ring-full exit */
    double fastest_mib_s; /* dirty-limit: highest rate of a vCPU ever seen */
};

void throttle_init(struct throttle *t, int64_t now_ns);

/* throttle_sync - account a sync that found @newly_pages when @counted_bytes had been transferred.
 * True when the throttle changed (or dirty-limit was switched on). */
bool throttle_sync(struct throttle *t, const struct mig_params *p, int64_t now_ns,
                   double newly_pages, double counted_bytes);

/* throttle_limit_tick - one period of the dirty-limit controller; @vcpu_bytes_per_s is what a vCPU
 * would dirty unhindered.  True when the sleep changed: then tick again a period later. */
bool throttle_limit_tick(struct throttle *t, const struct mig_params *p, double vcpu_bytes_per_s);

/* throttle_limit_share - share of its speed a writer keeps under dirty-limit. */
double throttle_limit_share(const struct throttle *t, const struct mig_params *p,
                            double vcpu_bytes_per_s);

#endif
