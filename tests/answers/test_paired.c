/*
 * test_paired.c - the paired test against closed cases, and its level by simulation.
 *
 * MIGCAST_LONG=1 measures the level with 4000 draws of each kind instead of 200, and prints it.
 */
#include "answers/check/paired.h"

#include <criterion/criterion.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"

enum {
    PAIRS = 30
};

static struct paired_result test(const double *before, const double *now, size_t nr)
{
    struct paired_result r;

    cr_assert_eq(paired_test(before, now, nr, 1, "x", &r), ST_OK);
    return r;
}

Test(paired, equal_values_are_no_change_at_all)
{
    double before[PAIRS], now[PAIRS];
    struct paired_result r;

    for (int i = 0; i < PAIRS; i++)
        before[i] = now[i] = i % 7 ? 3.0 + i : NAN;
    r = test(before, now, PAIRS);
    cr_expect_eq(r.n, 25);
    cr_expect_eq(r.missing, 0);
    cr_expect_eq(r.p, 1.0);
    cr_expect(r.now == r.before && r.low == 0.0 && r.high == 0.0);
}

Test(paired, the_same_step_in_every_pair_is_certain)
{
    double before[PAIRS], now[PAIRS];
    struct paired_result r;

    for (int i = 0; i < PAIRS; i++) {
        before[i] = 100.0 + 13 * (i % 5);
        now[i] = before[i] + 2.0;
    }
    r = test(before, now, PAIRS);
    cr_expect_lt(r.p, 0.005);
    cr_expect_float_eq(r.low, 2.0, 1e-9);
    cr_expect_float_eq(r.high, 2.0, 1e-9);
}

Test(paired, too_few_pairs_are_not_judged)
{
    const double before[] = {1, 2, 3, 4, NAN}, now[] = {2, 3, 4, 5, 6};
    struct paired_result r = test(before, now, 5);

    cr_expect_eq(r.n, PAIRED_LEAST - 1);
    cr_expect_eq(r.missing, 1);
    cr_expect(isinf(r.low) && isinf(r.high));
    cr_expect_eq(r.p, 1.0);
}

Test(paired, the_same_seed_and_name_give_the_same_result)
{
    double before[PAIRS], now[PAIRS];
    struct paired_result a, b, c;
    struct rng rng;

    rng_stream(&rng, 3, "test", 0, 0);
    for (int i = 0; i < PAIRS; i++) {
        before[i] = 10.0 + rng_uniform(&rng);
        now[i] = 10.3 + rng_uniform(&rng);
    }
    cr_assert_eq(paired_test(before, now, PAIRS, 7, "a", &a), ST_OK);
    cr_assert_eq(paired_test(before, now, PAIRS, 7, "a", &b), ST_OK);
    cr_assert_eq(paired_test(before, now, PAIRS, 7, "b", &c), ST_OK);
    cr_expect(a.p == b.p && a.low == b.low && a.high == b.high);
    cr_expect(a.low != c.low);
}

/* A difference of @kind with mean 0: normal; the difference of two long tails; many zeros. */
static double draw(struct rng *rng, int kind)
{
    const gsl_rng *g = rng_gsl(rng);

    switch (kind) {
    case 0:
        return gsl_ran_gaussian(g, 1.0);
    case 1:
        return exp(gsl_ran_gaussian(g, 1.0)) - exp(gsl_ran_gaussian(g, 1.0));
    default:
        return (double)(rng_uniform(rng) < 0.2) - (double)(rng_uniform(rng) < 0.2);
    }
}

Test(paired, false_alarms_come_at_the_stated_rate)
{
    static const char *const kinds[] = {"normal", "long tails", "rare events"};
    int nr = getenv("MIGCAST_LONG") ? 4000 : 200;
    double slack = 3.0 * sqrt(0.05 * 0.95 / nr);

    for (int kind = 0; kind < 3; kind++) {
        int alarms = 0, outside = 0;

        for (int t = 0; t < nr; t++) {
            double before[PAIRS], now[PAIRS];
            struct paired_result r;
            struct rng rng;

            rng_stream(&rng, 11, "draws", (uint64_t)kind, (uint64_t)t);
            for (int i = 0; i < PAIRS; i++) {
                before[i] = 50.0;
                now[i] = 50.0 + draw(&rng, kind);
            }
            cr_assert_eq(paired_test(before, now, PAIRS, (uint64_t)t, "x", &r), ST_OK);
            alarms += r.p < 0.05;
            outside += r.low > 0.0 || r.high < 0.0;
        }
        if (nr > 1000)
            printf("paired test, %s: %d of %d false alarms at 5 %%\n", kinds[kind], alarms, nr);
        cr_expect_lt((double)alarms / nr, 0.05 + slack, "%s: %d of %d", kinds[kind], alarms, nr);
        cr_expect_lt(abs(alarms - outside), nr / 50, "interval and p agree: %d, %d", alarms,
                     outside);
        if (kind == 0)
            cr_expect_gt((double)alarms / nr, 0.05 - slack, "%d of %d", alarms, nr);
    }
}

Test(paired, many_figures_get_p_values_fine_enough_for_their_correction)
{
    double before[PAIRS], now[PAIRS];
    struct paired_result r;
    struct rng rng;

    rng_stream(&rng, 5, "test", 0, 0);
    for (int i = 0; i < PAIRS; i++) {
        before[i] = 100.0 + rng_uniform(&rng);
        now[i] = 105.0 + rng_uniform(&rng);
    }
    cr_assert_eq(paired_test(before, now, PAIRS, 1, "x", &r), ST_OK);
    cr_expect_lt(6000 * r.p, 0.025, "%g", r.p);
}

Test(paired, holm_multiplies_by_how_many_are_left)
{
    double p[] = {0.04, 0.01, 0.03, 0.005};
    const double want[] = {0.06, 0.03, 0.06, 0.02};

    cr_assert_eq(paired_holm(p, 4), ST_OK);
    for (int i = 0; i < 4; i++)
        cr_expect_float_eq(p[i], want[i], 1e-12, "%d: %g", i, p[i]);
    p[0] = 0.7;
    p[1] = 0.9;
    cr_assert_eq(paired_holm(p, 2), ST_OK);
    cr_expect_eq(p[0], 1.0);
    cr_expect_eq(p[1], 1.0);
}
