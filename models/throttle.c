/* throttle.c - auto-converge and dirty-limit decisions; what they do to the guest is dirty.c's. */
#include "models/throttle.h"

#include <math.h>

#include "base/num.h"
#include "base/units.h"

#define LIMIT_DEAD_BAND_MIB 25.0 /* DIRTYLIMIT_TOLERANCE_RANGE */
#define LIMIT_BIG_STEP_PCT 50.0  /* DIRTYLIMIT_LINEAR_ADJUSTMENT_PCT */
#define LIMIT_SLEEP_MAX 99.0     /* DIRTYLIMIT_THROTTLE_PCT_MAX, in ring-full times */

void throttle_init(struct throttle *t, int64_t now_ns)
{
    *t = (struct throttle){.period_start_ns = now_ns};
}

static uint32_t next_step(const struct throttle *t, const struct mig_params *p, double dirty_bytes,
                          double threshold_bytes)
{
    double step = (double)p->cpu_throttle_increment_pct;

    if (t->pct == 0)
        return p->cpu_throttle_initial_pct;
    if (p->cpu_throttle_tailslow) {
        double now = 100.0 - (double)t->pct;
        double ideal = floor(now * threshold_bytes / dirty_bytes);

        step = num_min(now - ideal, step);
    }
    return (uint32_t)num_min((double)t->pct + step, (double)p->max_cpu_throttle_pct);
}

bool throttle_sync(struct throttle *t, const struct mig_params *p, int64_t now_ns,
                   double newly_pages, double counted_bytes)
{
    int64_t period_ms = (now_ns - t->period_start_ns) / NS_PER_MS;
    double dirty_bytes, threshold_bytes;
    bool changed = false;

    t->dirty_pages += newly_pages;
    if (now_ns - t->period_start_ns <= THROTTLE_PERIOD_NS)
        return false;
    dirty_bytes = t->dirty_pages * (double)PAGE_BYTES;
    threshold_bytes = (counted_bytes - t->bytes_prev) * (double)p->throttle_trigger_pct / 100.0;
    if ((p->auto_converge || p->dirty_limit) && dirty_bytes > threshold_bytes &&
        ++t->high_count >= 2) {
        t->high_count = 0;
        if (p->dirty_limit) {
            changed = !t->limiting;
            t->limiting = true;
        } else {
            uint32_t pct = next_step(t, p, dirty_bytes, threshold_bytes);

            changed = pct != t->pct;
            t->pct = pct;
            t->max_pct = pct > t->max_pct ? pct : t->max_pct;
        }
    }
    t->dirty_pages_rate = (uint64_t)(t->dirty_pages * 1000.0 / (double)period_ms);
    t->dirty_pages = 0.0;
    t->bytes_prev = counted_bytes;
    t->period_start_ns = now_ns;
    return changed;
}

static double ring_mib(const struct mig_params *p)
{
    return (double)(p->dirty_ring_entries * PAGE_BYTES) / (double)MIB;
}

double throttle_limit_share(const struct throttle *t, const struct mig_params *p,
                            double vcpu_bytes_per_s)
{
    double fill_us;

    if (!t->limiting || t->sleep_us <= 0.0 || vcpu_bytes_per_s <= 0.0)
        return 1.0;
    fill_us = ring_mib(p) * (double)MIB / vcpu_bytes_per_s * 1e6;
    return fill_us / (fill_us + t->sleep_us);
}

bool throttle_limit_tick(struct throttle *t, const struct mig_params *p, double vcpu_bytes_per_s)
{
    double share = throttle_limit_share(t, p, vcpu_bytes_per_s);
    double rate = floor(vcpu_bytes_per_s * share / (double)MIB);
    double quota = floor((double)p->vcpu_dirty_limit_bytes_per_s / (double)MIB);
    double larger = num_max(quota, rate), diff = fabs(quota - rate);
    double ring_us, step, before = t->sleep_us;

    t->fastest_mib_s = num_max(t->fastest_mib_s, rate);
    if (diff <= LIMIT_DEAD_BAND_MIB || t->fastest_mib_s <= 0.0)
        return false;
    ring_us = ring_mib(p) * 1e6 / t->fastest_mib_s;
    if (diff * 100.0 / larger > LIMIT_BIG_STEP_PCT) {
        double pct = num_min(diff * 100.0 / larger, 99.0);

        step = ring_us * pct / (100.0 - pct);
    } else {
        step = ring_us / 10.0;
    }
    t->sleep_us = num_min(num_max(t->sleep_us + (rate > quota ? step : -step), 0.0),
                          LIMIT_SLEEP_MAX * ring_us);
    return fabs(t->sleep_us - before) > 1e-9 * ring_us;
}
