/* test_baselines.c - the methods to compare with, against their authors' figures and closed forms.
 */
#include <criterion/criterion.h>

#include <math.h>

#include "answers/accuracy/baselines.h"
#include "base/units.h"

/*
 * The profile and the forecasts printed in qemu-devel "[PATCH v2 0/4] Migration time prediction
 * using calc-dirty-rate" (A. Gudkov, 27 April 2023, Message-ID
 * cover.1682598010.git.gudkov.andrei@huawei.com): 16392 of 8392704 pages were sampled, 10060 of
 * them zero; so many of the sample were dirty after so many milliseconds.
 */
#define TOTAL_PAGES 8392704.0
#define SAMPLED 16392.0
#define ZERO_SAMPLED 10060.0

static const double profile[][2] = {
    {125, 33},     {250, 78},     {375, 119},    {500, 151},    {750, 217},    {1000, 236},
    {1500, 293},   {2000, 336},   {3000, 425},   {4001, 505},   {6000, 620},   {8000, 756},
    {10000, 898},  {15000, 1204}, {20000, 1457}, {25000, 1723}, {30000, 1934}, {35000, 2141},
    {40000, 2328}, {45000, 2522}, {50000, 2675}, {60000, 2958},
};

enum {
    NR_PROFILE = sizeof(profile) / sizeof(profile[0]),
    NR_LIMITS = 6
};

static const double limits_s[NR_LIMITS] = {0.125, 0.25, 0.5, 1.0, 5.0, INFINITY};

/* Whole seconds, rounded up; 0 = never.  1 Gb/s is 2^30 bits there. */
static const struct {
    double gbps;
    int seconds[NR_LIMITS];
} printed[] = {
    {100.0 / 1024.0, {0, 0, 0, 0, 0, 1019}},
    {1.0, {0, 0, 0, 0, 0, 100}},
    {2.0, {0, 0, 0, 0, 101, 50}},
    {2.5, {0, 0, 0, 0, 67, 40}},
    {5.0, {48, 46, 31, 28, 25, 20}},
    {10.0, {13, 12, 12, 12, 12, 10}},
    {25.0, {5, 5, 5, 5, 4, 4}},
    {40.0, {3, 3, 3, 3, 3, 3}},
};

static struct baseline_guest gudkovs_guest(void)
{
    struct baseline_guest g = {.zero_pages = TOTAL_PAGES * ZERO_SAMPLED / SAMPLED,
                               .nr = NR_PROFILE};

    g.full_pages = TOTAL_PAGES - g.zero_pages;
    for (size_t i = 0; i < NR_PROFILE; i++)
        g.dirty[i] =
            (struct baseline_point){profile[i][0] / 1e3, profile[i][1] * TOTAL_PAGES / SAMPLED};
    return g;
}

static struct baseline_link pipe_of(double bytes_per_s, double limit_s)
{
    return (struct baseline_link){
        .bytes_per_s = bytes_per_s, .downtime_limit_s = limit_s, .postcopy_at_s = -1.0};
}

Test(baselines, gudkovs_own_table_comes_out_cell_by_cell)
{
    struct baseline_guest g = gudkovs_guest();

    for (size_t i = 0; i < sizeof(printed) / sizeof(printed[0]); i++) {
        for (int k = 0; k < NR_LIMITS; k++) {
            struct baseline_link l =
                pipe_of(printed[i].gbps * (double)GIB / BITS_PER_BYTE, limits_s[k]);
            struct baseline_result r;

            baseline_forecast(&r, BASELINE_GUDKOV, &g, &l);
            cr_expect_eq(r.outcome, printed[i].seconds[k] ? OUTCOME_COMPLETED : OUTCOME_QUEUED,
                         "%g Gb/s, %g s: %s", printed[i].gbps, limits_s[k],
                         outcome_name(r.outcome));
            if (printed[i].seconds[k])
                cr_expect_lt(fabs(r.total_s - printed[i].seconds[k]), 1.0, "%g Gb/s, %g s: %.1f",
                             printed[i].gbps, limits_s[k], r.total_s);
        }
    }
}

Test(baselines, gudkovs_seconds_at_5_gbps_to_the_tenth)
{
    static const double want[NR_LIMITS] = {47.7, 45.6, 30.7, 27.1, 24.4, 19.9};
    struct baseline_guest g = gudkovs_guest();

    for (int k = 0; k < NR_LIMITS; k++) {
        struct baseline_link l = pipe_of(5.0 * (double)GIB / BITS_PER_BYTE, limits_s[k]);
        struct baseline_result r;

        baseline_forecast(&r, BASELINE_GUDKOV, &g, &l);
        cr_expect_lt(fabs(r.total_s - want[k]), 0.06, "limit %g s: %.2f", limits_s[k], r.total_s);
    }
}

/* Rounds of a constant rate are a geometric series. */
Test(baselines, avg_is_the_geometric_series)
{
    double page = (double)PAGE_BYTES + 8.0, rate = 25e6;
    struct baseline_guest g = {
        .full_pages = 1e6, .nr = 2, .dirty = {{1.0, 9000.0}, {4.0, 4.0 * rate / page}}};
    struct baseline_link l = pipe_of(100e6, 0.3);
    struct baseline_result r;
    double first = 1e6 * page / 100e6, want = 0.0;
    uint32_t n = 0;

    baseline_forecast(&r, BASELINE_AVG, &g, &l);
    for (double t = first;; t *= 0.25) {
        want += t;
        n++;
        if (t <= 0.3)
            break;
    }
    cr_expect_eq(r.rounds, n);
    cr_expect_float_eq(r.total_s, want, 1e-6 * want);
    cr_expect_float_eq(r.bytes, want * 100e6, 1.0);
}

Test(baselines, a_rate_above_the_link_never_ends_or_times_out)
{
    struct baseline_guest g = {.full_pages = 1e5, .nr = 1, .dirty = {{1.0, 3e4}}};
    struct baseline_link l = pipe_of(100e6, 0.3);
    struct baseline_result r;

    baseline_forecast(&r, BASELINE_AVG, &g, &l);
    cr_expect_eq(r.outcome, OUTCOME_QUEUED);
    cr_expect(isnan(r.total_s));
    l.timeout_s = 60.0;
    baseline_forecast(&r, BASELINE_AVG, &g, &l);
    cr_expect_eq(r.outcome, OUTCOME_TIMEOUT);
    cr_expect_float_eq(r.total_s, 60.0, 1e-9);
    cr_expect_float_eq(r.bytes, 60.0 * 100e6, 1.0);
    baseline_forecast(&r, BASELINE_SIZE, &g, &l);
    cr_expect_eq(r.outcome, OUTCOME_COMPLETED);
    cr_expect_float_eq(r.total_s, 1e5 * 4104.0 / 100e6, 1e-9);
}

Test(baselines, post_copy_sends_the_rest_at_full_speed)
{
    struct baseline_guest g = {.full_pages = 1e5, .nr = 1, .dirty = {{1.0, 1e4}}};
    struct baseline_link l = {.bytes_per_s = 4104e4,
                              .downtime_limit_s = 0.3,
                              .postcopy_at_s = 2.0,
                              .postcopy_bytes_per_s = 4104e5};
    struct baseline_result r;

    /* 2 s: 2e4 pages sent; 8e4 of the first round and 2e4 dirty again are left */
    baseline_forecast(&r, BASELINE_GUDKOV, &g, &l);
    cr_expect_eq(r.outcome, OUTCOME_COMPLETED);
    cr_expect_float_eq(r.total_s, 2.0 + 1.0, 1e-9);
    cr_expect_float_eq(r.bytes, 1.2e5 * 4104.0, 1.0);
}

/* Windows of a capture: equal lengths are averaged, a falling curve is pooled, half a guest is
 * zero. */
Test(baselines, a_captures_windows_become_a_growing_curve)
{
    struct facts_dirty windows[] = {
        {.calc_ns = 4 * NS_PER_S, .rate_bytes_per_s = 10 * MIB},
        {.calc_ns = 1 * NS_PER_S, .rate_bytes_per_s = 20 * MIB},
        {.calc_ns = 1 * NS_PER_S, .rate_bytes_per_s = 40 * MIB},
        {.calc_ns = 2 * NS_PER_S, .rate_bytes_per_s = 30 * MIB},
    };
    struct trace_facts f = {
        .header = {.memory_bytes = GIB, .accel = FACTS_ACCEL_KVM},
        .before = {.rss_bytes = GIB / 2 + 20 * MIB, .nr_dirty = 4, .dirty = windows}};
    struct costs_file_part part = {.costs = {.rss_overhead_bytes = 20 * MIB}};
    struct baseline_guest g;

    baseline_guest_of(&g, &f, &part);
    cr_expect_float_eq(g.full_pages, 131072.0, 1e-6);
    cr_expect_float_eq(g.zero_pages, 131072.0, 1e-6);
    cr_assert_eq(g.nr, 3);
    cr_expect_float_eq(g.dirty[0].pages, 30.0 * 256.0, 1e-6);
    cr_expect_float_eq(g.dirty[1].pages, 50.0 * 256.0, 1e-6, "60 and 40 MiB are pooled");
    cr_expect_float_eq(g.dirty[2].pages, 50.0 * 256.0, 1e-6);
}

Test(baselines, a_captures_bandwidth_is_the_least_of_three)
{
    struct trace_facts f = {.header = {.memory_bytes = GIB, .accel = FACTS_ACCEL_KVM},
                            .before = {.params = {.max_bandwidth_bytes_per_s = 50 * MIB,
                                                  .downtime_limit_ns = 300 * NS_PER_MS}}};
    struct costs_file_part part = {
        .costs = {.copy_bytes_per_s = 400 * MIB, .final_copy_bytes_per_s = 600 * MIB}};
    struct baseline_link l;

    baseline_link_of(&l, &f, &part);
    cr_expect_float_eq(l.bytes_per_s, 50.0 * (double)MIB, 1.0);
    cr_expect_float_eq(l.downtime_limit_s, 0.3, 1e-12);
    f.before.params.max_bandwidth_bytes_per_s = 0;
    baseline_link_of(&l, &f, &part);
    cr_expect_float_eq(l.bytes_per_s, 400.0 * (double)MIB, 1.0);
    f.header.link.rate_bps = 200000000;
    f.header.link.members = 2;
    baseline_link_of(&l, &f, &part);
    cr_expect_float_eq(l.bytes_per_s, 12.5e6 * 1448.0 / 1514.0, 1.0);
}
