/*
 * test_stats.c - known answers, stated error bounds, and coverage of the intervals.
 */
#include <criterion/criterion.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats.h"

#define ERROR_BOUND (1.0 / 128) /* 2^-(STATS_HIST_BITS + 1) */

static double relative_error(uint64_t got, uint64_t want)
{
    double diff = got > want ? (double)(got - want) : (double)(want - got);

    return want == 0 ? diff : diff / (double)want;
}

/* ---- histogram ---- */

/* Alone between a 0 and the top, a value is read back as its bucket's middle. */
static uint64_t read_back(struct stats_hist *h, uint64_t value)
{
    stats_hist_init(h);
    stats_hist_add(h, 0);
    stats_hist_add(h, value);
    stats_hist_add(h, UINT64_MAX);
    return stats_hist_quantile(h, 0.5);
}

Test(stats_hist, values_are_read_back_within_the_stated_error_over_the_whole_range)
{
    struct stats_hist *h = malloc(sizeof(*h));
    struct rng rng;

    for (uint64_t v = 0; v < 128; v++)
        cr_assert_eq(read_back(h, v), v, "small values are exact");
    for (unsigned bit = 7; bit < 64; bit++) {
        for (uint64_t part = 64; part < 128; part += 9) {
            uint64_t edge = part << (bit - 6);

            for (uint64_t d = 0; d < 3; d++)
                cr_assert(relative_error(read_back(h, edge - d), edge - d) <= ERROR_BOUND);
            cr_assert(relative_error(read_back(h, edge + 1), edge + 1) <= ERROR_BOUND);
        }
    }
    rng_stream(&rng, 1, "hist", 0, 0);
    for (int i = 0; i < 5000; i++) {
        uint64_t v = rng_u64(&rng) >> (rng_u64(&rng) % 64);

        cr_assert(relative_error(read_back(h, v), v) <= ERROR_BOUND);
    }
    cr_assert(relative_error(read_back(h, UINT64_MAX), UINT64_MAX) <= ERROR_BOUND);
    free(h);
}

static int compare_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;

    return (x > y) - (x < y);
}

Test(stats_hist, quantiles_agree_with_the_sorted_values)
{
    enum {
        NR = 20000
    };
    static const double qs[] = {0, 1e-9, 0.001, 0.05, 0.5, 0.9, 0.99, 0.999, 0.99999, 1};
    struct stats_hist *h = malloc(sizeof(*h));
    uint64_t *values = malloc(NR * sizeof(*values));
    struct rng rng;

    rng_stream(&rng, 2, "hist", 0, 0);
    stats_hist_init(h);
    for (size_t i = 0; i < NR; i++) {
        values[i] = (uint64_t)gsl_ran_lognormal(rng_gsl(&rng), 17, 3);
        stats_hist_add(h, values[i]);
    }
    qsort(values, NR, sizeof(*values), compare_u64);
    for (size_t i = 0; i < sizeof(qs) / sizeof(qs[0]); i++) {
        double rank = fmax(1, ceil(qs[i] * NR));
        uint64_t want = values[(size_t)rank - 1];

        cr_assert(relative_error(stats_hist_quantile(h, qs[i]), want) <= ERROR_BOUND, "q = %g",
                  qs[i]);
    }
    cr_assert_eq(stats_hist_quantile(h, 0), values[0]);
    cr_assert_eq(stats_hist_quantile(h, 1), values[NR - 1]);
    free(values);
    free(h);
}

Test(stats_hist, merging_gives_the_same_bits_in_every_order)
{
    enum {
        NR_PARTS = 7
    };
    struct stats_hist *whole = malloc(sizeof(*whole));
    struct stats_hist *parts = malloc(NR_PARTS * sizeof(*parts));
    struct stats_hist *merged = malloc(sizeof(*merged));
    struct rng rng;

    rng_stream(&rng, 3, "hist", 0, 0);
    stats_hist_init(whole);
    for (size_t p = 0; p < NR_PARTS; p++)
        stats_hist_init(&parts[p]);
    for (size_t i = 0; i < 10000; i++) {
        uint64_t v = rng_u64(&rng) >> (rng_u64(&rng) % 64);

        stats_hist_add(whole, v);
        stats_hist_add(&parts[i % (NR_PARTS - 1)], v); /* the last part stays empty */
    }
    for (size_t first = 0; first < NR_PARTS; first++) {
        stats_hist_init(merged);
        for (size_t i = 0; i < NR_PARTS; i++)
            stats_hist_merge(merged, &parts[(first + i * 3) % NR_PARTS]);
        cr_assert_eq(memcmp(merged, whole, sizeof(*whole)), 0);
    }
    free(merged);
    free(parts);
    free(whole);
}

Test(stats_hist, sum_does_not_overflow_and_adding_many_is_adding_often)
{
    struct stats_hist *a = malloc(sizeof(*a));
    struct stats_hist *b = malloc(sizeof(*b));

    stats_hist_init(a);
    stats_hist_init(b);
    cr_assert(isnan(stats_hist_mean(a)));
    cr_assert_eq(stats_hist_quantile(a, 0.5), 0);
    for (int i = 0; i < 1000; i++) {
        stats_hist_add(a, UINT64_MAX);
        stats_hist_add(a, UINT64_C(0x123456789abcdef));
    }
    stats_hist_add_many(b, UINT64_MAX, 1000);
    stats_hist_add_many(b, UINT64_C(0x123456789abcdef), 1000);
    stats_hist_add_many(b, 1, 0);
    cr_assert_eq(memcmp(a, b, sizeof(*a)), 0);
    cr_assert_float_eq(stats_hist_mean(a) / ((0x1p64 + (double)0x123456789abcdef) / 2), 1, 1e-15);

    /* (2^64 - 1)^2 = 2^128 - 2^65 + 1 */
    stats_hist_init(b);
    stats_hist_add_many(b, UINT64_MAX, UINT64_MAX);
    cr_assert(b->sum_high == UINT64_MAX - 1 && b->sum_low == 1);
    free(a);
    free(b);
}

/* ---- quantiles, moments ---- */

/* R: quantile(c(...), q, type = 7) */
Test(stats, quantile_is_type_7)
{
    static const struct {
        double values[10];
        size_t n;
        double q, want;
    } cases[] = {
        {{7}, 1, 0.3, 7},
        {{2, 1}, 2, 0.5, 1.5},
        {{4, 1, 3, 2}, 4, 0.25, 1.75},
        {{4, 1, 3, 2}, 4, 0.75, 3.25},
        {{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, 10, 0.9, 9.1},
        {{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, 10, 0.05, 1.45},
        {{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, 10, 0, 1},
        {{10, 9, 8, 7, 6, 5, 4, 3, 2, 1}, 10, 1, 10},
        {{-INFINITY, 0, INFINITY}, 3, 0.5, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double values[10];

        memcpy(values, cases[i].values, sizeof(values));
        cr_assert_float_eq(stats_quantile(values, cases[i].n, cases[i].q), cases[i].want, 1e-12,
                           "case %zu", i);
    }
    cr_assert(isnan(stats_quantile_sorted(NULL, 0, 0.5)));
}

/* A large offset drowns the naive sum of squares: NIST's "NumAcc4" in kind. */
Test(stats, moments_are_exact_beside_a_large_offset)
{
    struct stats_moments m = STATS_MOMENTS_INIT;

    cr_assert(isnan(stats_moments_variance(&m)));
    for (int i = 0; i < 1000; i++)
        stats_moments_add(&m, 1e9 + (i % 3 - 1) * 0.5 - (i == 999 ? 0.5 * (999 % 3 - 1) : 0));
    cr_assert_float_eq(m.mean, 1e9, 1e-6);
    cr_assert_float_eq(stats_moments_variance(&m), 666 * 0.25 / 999, 1e-6);
    cr_assert(m.min == 1e9 - 0.5 && m.max == 1e9 + 0.5);
}

Test(stats, merged_moments_are_those_of_all_values)
{
    struct stats_moments whole = STATS_MOMENTS_INIT;
    struct stats_moments merged = STATS_MOMENTS_INIT;
    struct rng rng;

    rng_stream(&rng, 4, "moments", 0, 0);
    for (int part = 0; part < 5; part++) {
        struct stats_moments m = STATS_MOMENTS_INIT;

        for (int i = 0; i < part * 100; i++) { /* part 0 is empty */
            double x = gsl_ran_gaussian(rng_gsl(&rng), 2) + 100 * part;

            stats_moments_add(&m, x);
            stats_moments_add(&whole, x);
        }
        stats_moments_merge(&merged, &m);
    }
    cr_assert_eq(merged.count, whole.count);
    cr_assert_float_eq(merged.mean, whole.mean, 1e-9);
    cr_assert_float_eq(merged.m2 / whole.m2, 1, 1e-12);
    cr_assert(merged.min == whole.min && merged.max == whole.max);
}

/* ---- intervals ---- */

/* 1..10: mean 5.5, s = 3.02765, t(0.975; 9) = 2.262157 */
Test(stats, mean_interval_is_students)
{
    struct stats_moments m = STATS_MOMENTS_INIT;
    struct stats_interval ci;

    stats_moments_add(&m, 1);
    ci = stats_mean_interval(&m, 0.95);
    cr_assert(isinf(ci.low) && isinf(ci.high));
    for (int i = 2; i <= 10; i++)
        stats_moments_add(&m, i);
    ci = stats_mean_interval(&m, 0.95);
    cr_assert_float_eq(ci.low, 5.5 - 2.165852, 1e-5);
    cr_assert_float_eq(ci.high, 5.5 + 2.165852, 1e-5);
}

/* Ranks (from 1) of the textbook tables of distribution-free intervals for a median; 0 = infinite.
 */
Test(stats, quantile_interval_takes_the_tabulated_ranks)
{
    static const struct {
        size_t n;
        double q, confidence;
        size_t low, high;
    } cases[] = {
        {5, 0.5, 0.95, 0, 0},     /* 1 - 2/2^5 = 0.9375 is not enough */
        {6, 0.5, 0.95, 1, 6},     /* 0.96875 */
        {10, 0.5, 0.95, 2, 9},    /* 0.9785 */
        {20, 0.5, 0.95, 6, 15},   /* 0.9586 */
        {100, 0.5, 0.95, 40, 61}, /* 0.9648 */
        {100, 0.99, 0.95, 97, 0}, /* P(B < 97) = 0.0184, P(B < 98) = 0.0794 */
        {0, 0.5, 0.95, 0, 0},
    };
    double sorted[100];

    for (size_t i = 0; i < 100; i++)
        sorted[i] = (double)i + 1;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct stats_interval ci =
            stats_quantile_interval(sorted, cases[i].n, cases[i].q, cases[i].confidence);
        double low = cases[i].low ? (double)cases[i].low : -INFINITY;
        double high = cases[i].high ? (double)cases[i].high : INFINITY;

        cr_assert(ci.low == low && ci.high == high, "case %zu: %g..%g", i, ci.low, ci.high);
    }
}

/* Wilson's interval as given in Newcombe, Statistics in Medicine 17 (1998), table I: 81 of 263, 15
 * of 148, 0 of 20, 1 of 29; and two by hand. */
Test(stats, proportion_interval_is_wilsons)
{
    static const struct {
        uint64_t hits, n;
        double low, high;
    } cases[] = {
        {81, 263, 0.2553, 0.3662},
        {15, 148, 0.0624, 0.1605},
        {0, 20, 0, 0.1611},
        {1, 29, 0.0061, 0.1718},
        {20, 20, 0.8389, 1},
        {5, 10, 0.2366, 0.7634},
        {0, 0, 0, 1},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct stats_interval ci = stats_proportion_interval(cases[i].hits, cases[i].n, 0.95);

        cr_assert_float_eq(ci.low, cases[i].low, 6e-5, "case %zu: low %g", i, ci.low);
        cr_assert_float_eq(ci.high, cases[i].high, 6e-5, "case %zu: high %g", i, ci.high);
    }
}

/* Exponential data, mean 1: how often each interval covers the truth, in 2,000 trials.  The limits
 * are the nominal 90 % with what is known of each method, and three standard errors (2 %). */
Test(stats, intervals_cover_the_truth_as_often_as_they_say)
{
    enum {
        NR_TRIALS = 2000,
        NR = 200
    };
    uint32_t mean_hits = 0, median_hits = 0, p90_hits = 0, share_hits = 0;

    for (uint64_t trial = 0; trial < NR_TRIALS; trial++) {
        struct stats_moments m = STATS_MOMENTS_INIT;
        double values[NR];
        struct rng rng;
        uint64_t above = 0;

        rng_stream(&rng, 5, "coverage", trial, 0);
        for (size_t i = 0; i < NR; i++) {
            values[i] = gsl_ran_exponential(rng_gsl(&rng), 1);
            stats_moments_add(&m, values[i]);
            above += values[i] > 1;
        }
        stats_sort(values, NR);

        struct stats_interval mean = stats_mean_interval(&m, 0.9);
        struct stats_interval median = stats_quantile_interval(values, NR, 0.5, 0.9);
        struct stats_interval p90 = stats_quantile_interval(values, NR, 0.9, 0.9);
        struct stats_interval share = stats_proportion_interval(above, NR, 0.9);

        mean_hits += mean.low <= 1 && 1 <= mean.high;
        median_hits += median.low <= M_LN2 && M_LN2 <= median.high;
        p90_hits += p90.low <= M_LN10 && M_LN10 <= p90.high;
        share_hits += share.low <= exp(-1) && exp(-1) <= share.high;
    }
    cr_assert(mean_hits > 0.87 * NR_TRIALS && mean_hits < 0.92 * NR_TRIALS, "%u", mean_hits);
    cr_assert(median_hits > 0.88 * NR_TRIALS && median_hits < 0.95 * NR_TRIALS, "%u", median_hits);
    cr_assert(p90_hits > 0.88 * NR_TRIALS && p90_hits < 0.96 * NR_TRIALS, "%u", p90_hits);
    cr_assert(share_hits > 0.88 * NR_TRIALS && share_hits < 0.93 * NR_TRIALS, "%u", share_hits);
}

/* ---- bootstrap ---- */

static double mean_figure(double *values, size_t n, void *arg)
{
    double sum = 0;

    for (size_t i = 0; i < n; i++)
        sum += values[i];
    ++*(size_t *)arg;
    return sum / (double)n;
}

enum {
    NR_GROUPS = 40,
    GROUP_LEN = 25
};

/* Each group has a level of its own; values of a group differ little. */
static void fill_groups(double *values, size_t *start, struct rng *rng)
{
    for (size_t g = 0; g < NR_GROUPS; g++) {
        double level = gsl_ran_gaussian(rng_gsl(rng), 1);

        start[g] = g * GROUP_LEN;
        for (size_t i = 0; i < GROUP_LEN; i++)
            values[g * GROUP_LEN + i] = level + gsl_ran_gaussian(rng_gsl(rng), 0.1);
    }
    start[NR_GROUPS] = NR_GROUPS * GROUP_LEN;
}

Test(stats, bootstrap_by_groups_has_the_width_that_groups_give)
{
    enum {
        NR = NR_GROUPS * GROUP_LEN
    };
    double values[NR];
    size_t start[NR_GROUPS + 1];
    size_t singles[NR + 1];
    size_t calls = 0;
    struct stats_moments groups = STATS_MOMENTS_INIT, all = STATS_MOMENTS_INIT;
    struct stats_interval by_group, by_value, again;
    struct rng rng;

    rng_stream(&rng, 6, "bootstrap", 0, 0);
    fill_groups(values, start, &rng);
    for (size_t i = 0; i <= NR; i++)
        singles[i] = i;
    for (size_t g = 0; g < NR_GROUPS; g++)
        stats_moments_add(&groups, mean_figure(values + start[g], GROUP_LEN, &calls));
    for (size_t i = 0; i < NR; i++)
        stats_moments_add(&all, values[i]);

    struct stats_groups by = {values, start, NR_GROUPS};
    struct stats_groups single = {values, singles, NR};

    calls = 0;
    rng_stream(&rng, 7, "bootstrap", 0, 0);
    cr_assert_eq(stats_bootstrap_interval(&by_group, &by, mean_figure, &calls, 4000, 0.95, &rng),
                 ST_OK);
    cr_assert_eq(calls, 4000);
    cr_assert_eq(
        stats_bootstrap_interval(&by_value, &single, mean_figure, &calls, 1000, 0.95, &rng), ST_OK);
    rng_stream(&rng, 7, "bootstrap", 0, 0);
    cr_assert_eq(stats_bootstrap_interval(&again, &by, mean_figure, &calls, 4000, 0.95, &rng),
                 ST_OK);
    cr_assert(again.low == by_group.low && again.high == by_group.high);

    /* the bootstrap's standard error divides by n, not n - 1 */
    double want = 2 * 1.96 * sqrt(groups.m2 / NR_GROUPS / NR_GROUPS);
    double want_single = 2 * 1.96 * sqrt(all.m2 / NR / NR);

    cr_assert_float_eq((by_group.high - by_group.low) / want, 1, 0.06);
    cr_assert_float_eq((by_value.high - by_value.low) / want_single, 1, 0.12);
    cr_assert(by_group.low < all.mean && all.mean < by_group.high);
}

static double p90_figure(double *values, size_t n, void *arg)
{
    (void)arg;
    return stats_quantile(values, n, 0.9);
}

Test(stats, bootstrap_handles_uneven_groups_and_figures_that_reorder)
{
    static const double values[] = {5, 5, 5, 5, 5, 5, 5};
    static const size_t start[] = {0, 1, 6, 7};
    struct stats_groups groups = {values, start, 3};
    struct stats_interval ci;
    struct rng rng;

    rng_stream(&rng, 8, "bootstrap", 0, 0);
    cr_assert_eq(stats_bootstrap_interval(&ci, &groups, p90_figure, NULL, 200, 0.95, &rng), ST_OK);
    cr_assert(ci.low == 5 && ci.high == 5);
    groups.nr_groups = 1;
    cr_assert_eq(stats_bootstrap_interval(&ci, &groups, p90_figure, NULL, 1, 0.95, &rng), ST_OK);
    cr_assert(ci.low == 5 && ci.high == 5);
}
