/* test_throttle.c - auto-converge's steps from tables, and where the dirty-limit controller comes
 * to rest. */
#include "models/throttle.h"

#include <criterion/criterion.h>
#include <math.h>

#include "base/units.h"

#define PERIOD (2 * NS_PER_S)

static struct mig_params auto_converge(void)
{
    return (struct mig_params){.auto_converge = true,
                               .throttle_trigger_pct = 50,
                               .cpu_throttle_initial_pct = 20,
                               .cpu_throttle_increment_pct = 10,
                               .max_cpu_throttle_pct = 99};
}

/* One sync a period; pages sent each period are 1000, so more than 500 newly dirty is a hit. */
static bool period(struct throttle *t, const struct mig_params *p, int n, double dirty)
{
    return throttle_sync(t, p, n * PERIOD, dirty, (double)n * 1000.0 * (double)PAGE_BYTES);
}

struct step_case {
    const char *what;
    const char *hits; /* 'h' or '.' a period */
    uint32_t pct;
};

static const struct step_case steps[] = {
    {"nothing before the second hit", "h", 0},
    {"initial at the second hit", "hh", 20},
    {"one more hit does nothing", "hhh", 20},
    {"increment at the fourth", "hhhh", 30},
    {"a miss does not reset the count", "h.h", 20},
    {"many misses neither", "h......h", 20},
    {"every second hit", "h.hh.h", 30},
    {"up to the maximum", "hhhhhhhhhhhhhhhhhhhhhhhh", 99},
    {"never without hits", "..............", 0},
};

Test(throttle, steps_come_at_every_second_hit)
{
    for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
        struct mig_params p = auto_converge();
        struct throttle t;

        throttle_init(&t, 0);
        for (int n = 0; steps[i].hits[n]; n++) {
            uint32_t before = t.pct;
            bool changed = period(&t, &p, n + 1, steps[i].hits[n] == 'h' ? 501.0 : 500.0);

            cr_assert_eq(changed, t.pct != before);
        }
        cr_assert_eq(t.pct, steps[i].pct, "%s: %u", steps[i].what, t.pct);
        cr_assert_eq(t.max_pct, steps[i].pct);
    }
}

Test(throttle, off_it_never_acts)
{
    struct mig_params p = auto_converge();
    struct throttle t;

    p.auto_converge = false;
    throttle_init(&t, 0);
    for (int n = 1; n < 20; n++)
        cr_assert_not(period(&t, &p, n, 1e6));
    cr_assert_eq(t.pct, 0);
    cr_assert_eq(t.dirty_pages_rate, 500000);
}

/* now_cpu - floor(now_cpu x threshold / dirty), at most the increment. */
Test(throttle, tailslow_takes_smaller_steps_near_the_end)
{
    static const struct {
        double dirty;
        uint32_t from, want;
    } cases[] = {
        {1000.0, 20, 30}, /* ideal 40 of 80: 40 more, cut to 10 */
        {520.0, 20, 24},  /* floor(80 x 500 / 520) = 76 */
        {505.0, 50, 51},  /* floor(50 x 500 / 505) = 49 */
        {1e9, 95, 99},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mig_params p = auto_converge();
        struct throttle t;

        p.cpu_throttle_tailslow = true;
        throttle_init(&t, 0);
        t.pct = cases[i].from;
        t.high_count = 1;
        period(&t, &p, 1, cases[i].dirty);
        cr_assert_eq(t.pct, cases[i].want, "case %zu: %u", i, t.pct);
    }
}

Test(throttle, period_must_be_longer_than_a_second)
{
    struct mig_params p = auto_converge();
    struct throttle t;

    throttle_init(&t, 0);
    cr_assert_not(throttle_sync(&t, &p, NS_PER_S, 5000.0, 0.0));
    cr_assert_eq(t.dirty_pages_rate, 0, "the period goes on");
    throttle_sync(&t, &p, NS_PER_S + NS_PER_MS, 6.0, 0.0);
    cr_assert_eq(t.dirty_pages_rate, 5000, "both syncs count: 5006 pages in 1001 ms");
    cr_assert_eq(t.period_start_ns, NS_PER_S + NS_PER_MS);
}

static struct mig_params dirty_limit(uint64_t mib_per_s)
{
    struct mig_params p = auto_converge();

    p.auto_converge = false;
    p.dirty_limit = true;
    p.vcpu_dirty_limit_bytes_per_s = mib_per_s * MIB;
    p.dirty_ring_entries = 4096;
    return p;
}

Test(throttle, dirty_limit_begins_at_the_second_hit)
{
    struct mig_params p = dirty_limit(100);
    struct throttle t;

    throttle_init(&t, 0);
    cr_assert_not(period(&t, &p, 1, 900.0));
    cr_assert(period(&t, &p, 2, 900.0));
    cr_assert(t.limiting);
    cr_assert_eq(t.pct, 0);
    period(&t, &p, 3, 900.0);
    cr_assert_not(period(&t, &p, 4, 900.0), "it is on already");
}

/* Where the controller rests, the rate is within 25 MiB/s of the quota, unless the largest sleep is
 * not enough for that; and it rests after a bounded number of periods. */
Test(throttle, dirty_limit_rests_inside_its_dead_band)
{
    static const uint64_t quotas[] = {1, 10, 50, 100, 300, 1000};
    static const double rates[] = {5.0, 40.0, 120.0, 500.0, 2000.0, 10000.0};

    for (int q = 0; q < 6; q++) {
        for (int i = 0; i < 6; i++) {
            struct mig_params p = dirty_limit(quotas[q]);
            struct throttle t = {.limiting = true};
            double rate = rates[i] * (double)MIB, share;
            int n = 0;

            while (n < 2000 && throttle_limit_tick(&t, &p, rate))
                n++;
            cr_assert_lt(n, 2000, "limit %llu rate %.0f never rests", (unsigned long long)quotas[q],
                         rates[i]);
            share = throttle_limit_share(&t, &p, rate);
            cr_assert(share > 0.0 && share <= 1.0);
            if (rates[i] <= (double)quotas[q])
                cr_assert_eq(share, 1.0, "a slow writer is left alone");
            else if (rates[i] / 100.0 < (double)quotas[q] + 25.0)
                cr_assert_leq(rates[i] * share, (double)quotas[q] + 26.0,
                              "limit %llu rate %.0f: %.1f", (unsigned long long)quotas[q], rates[i],
                              rates[i] * share);
        }
    }
}

Test(throttle, dirty_limit_lets_go_when_the_writer_slows)
{
    struct mig_params p = dirty_limit(100);
    struct throttle t = {.limiting = true};

    for (int n = 0; n < 100; n++)
        throttle_limit_tick(&t, &p, 2000.0 * (double)MIB);
    cr_assert_gt(t.sleep_us, 0.0);
    for (int n = 0; n < 2000; n++)
        throttle_limit_tick(&t, &p, 20.0 * (double)MIB);
    cr_assert_eq(throttle_limit_share(&t, &p, 20.0 * (double)MIB), 1.0);
}
