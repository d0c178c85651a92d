/*
 * test_published_others.c - ours beside the methods of others on 90 published migrations.
 *
 * The figures asserted are those of README.md.  Without the files all of it is skipped.
 */
#include <criterion/criterion.h>

#include "answers/support_published.h"
#include "base/stats.h"

static void need_files(void)
{
    if (!pub_path("lordwicked-final.csv") || !pub_path("lordwicked-rounds.csv"))
        cr_skip_test("the published measurements are not beside the project");
}

TestSuite(published_others, .init = need_files, .timeout = 120);

static double p90_of(int method, size_t *bad)
{
    double errors[PUB_SCENARIOS * PUB_RUNS];
    size_t nr = pub_errors(method, 1, errors);

    cr_assert_eq(nr, 90);
    *bad = 0;
    for (size_t i = 0; i < nr; i++)
        *bad += errors[i] >= 0.25;
    return stats_quantile(errors, nr, 0.9);
}

Test(published_others, ours_is_nearer_than_each_of_the_others)
{
    size_t bad, their_bad;
    double ours = p90_of(-1, &bad);

    cr_expect_lt(ours, 0.03);
    cr_expect_eq(bad, 0);
    for (int m = 0; m < BASELINE_NR; m++) {
        double theirs = p90_of(m, &their_bad);

        cr_expect_gt(theirs, 3.0 * ours, "%s: %.1f %%", baseline_name((enum baseline)m),
                     100.0 * theirs);
        cr_expect_geq(their_bad, 9, "%s: %zu bad", baseline_name((enum baseline)m), their_bad);
    }
}

/* The curve is the rounds themselves: so long after a clean state, so many pages. */
Test(published_others, the_curve_of_the_heavy_load_bends)
{
    struct pub_guest g;

    cr_assert(pub_guest("Precopy_Nonconvergent_16T", 1, &g));
    cr_assert_geq(g.curve.nr, 4);
    for (size_t i = 1; i < g.curve.nr; i++) {
        const struct baseline_point *p = &g.curve.dirty[i];

        cr_expect_gt(p->t_s, p[-1].t_s);
        cr_expect_geq(p->pages, p[-1].pages);
    }
    cr_expect_lt(g.curve.dirty[g.curve.nr - 1].pages / g.curve.dirty[g.curve.nr - 1].t_s,
                 0.6 * g.curve.dirty[0].pages / g.curve.dirty[0].t_s);
}
