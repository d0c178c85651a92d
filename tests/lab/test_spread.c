/* How much repeats differ, from rows with known figures. */
#include "lab/run.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/units.h"

#include "base/banned.h"

static const struct lab_case cases[] = {{.name = "a"}, {.name = "b"}};
static const struct lab_matrix matrix = {.path = "m.ini", .cases = cases, .nr_cases = 2};

static struct lab_row row(int c, enum lab_state state, const char *outcome, double total_s,
                          double down_ms)
{
    return (struct lab_row){.c = &cases[c],
                            .state = state,
                            .outcome = outcome,
                            .total_ns = (int64_t)(total_s * 1e9),
                            .downtime_ns = down_ms < 0 ? -1 : (int64_t)(down_ms * 1e6),
                            .rounds = (int64_t)total_s,
                            .transferred_bytes = 1000};
}

Test(spread, is_largest_less_smallest_over_the_median)
{
    struct lab_row rows[] = {row(0, LAB_THERE, "completed", 10, 5),
                             row(0, LAB_DONE, "completed", 12, 9),
                             row(0, LAB_DONE, "completed", 11, 6)};
    struct lab_run run = {.rows = rows, .nr = 3};

    cr_assert_eq(lab_run_spread(&run, &matrix, NULL), ST_OK);
    cr_assert_eq(run.nr_spreads, 1);
    cr_expect_eq(run.spreads[0].nr, 3);
    cr_expect_float_eq(run.spreads[0].total_median_s, 11.0, 1e-9);
    cr_expect_float_eq(run.spreads[0].total_spread_ratio, 2.0 / 11.0, 1e-9);
    cr_expect_float_eq(run.spreads[0].downtime_spread_ms, 4.0, 1e-9);
    cr_expect_float_eq(run.spreads[0].bytes_spread_ratio, 0.0, 1e-9);
    cr_expect_eq(run.spreads[0].rounds_min, 10);
    cr_expect_eq(run.spreads[0].rounds_max, 12);
    free(run.spreads);
}

Test(spread, counts_the_commonest_outcome_only)
{
    struct lab_row rows[] = {row(0, LAB_DONE, "timeout", 60, -1),
                             row(0, LAB_DONE, "completed", 10, 5),
                             row(0, LAB_DONE, "completed", 10, 5)};
    struct lab_run run = {.rows = rows, .nr = 3};

    cr_assert_eq(lab_run_spread(&run, &matrix, NULL), ST_OK);
    cr_expect_eq(run.spreads[0].nr, 3);
    cr_expect_eq(run.spreads[0].nr_same, 2);
    cr_expect_str_eq(run.spreads[0].outcome, "completed");
    cr_expect_float_eq(run.spreads[0].total_spread_ratio, 0.0, 1e-9);
    free(run.spreads);
}

Test(spread, the_floor_is_over_cases)
{
    struct lab_row rows[] = {
        row(0, LAB_DONE, "completed", 10, 5), row(0, LAB_DONE, "completed", 10, 7),
        row(1, LAB_DONE, "completed", 10, 5), row(1, LAB_DONE, "completed", 15, 5)};
    struct lab_run run = {.rows = rows, .nr = 4};

    cr_assert_eq(lab_run_spread(&run, &matrix, NULL), ST_OK);
    cr_expect_float_eq(run.total_spread_p50_ratio, 0.0, 1e-9);
    cr_expect_float_eq(run.total_spread_p90_ratio, 5.0 / 12.5, 1e-9);
    cr_expect_float_eq(run.downtime_spread_p90_ms, 2.0, 1e-9);
    run.nr = 0;
    cr_assert_eq(lab_run_spread(&run, &matrix, NULL), ST_OK);
    cr_expect(isnan(run.total_spread_p50_ratio) && isnan(run.downtime_spread_p90_ms));
    free(run.spreads);
}

Test(spread, needs_two_captures_of_the_case)
{
    struct lab_row rows[] = {row(0, LAB_DONE, "completed", 10, 5), row(0, LAB_FAILED, NULL, 0, -1),
                             row(1, LAB_DONE, "timeout", 30, -1),
                             row(1, LAB_THERE, "timeout", 30, -1)};
    struct lab_run run = {.rows = rows, .nr = 4};

    cr_assert_eq(lab_run_spread(&run, &matrix, NULL), ST_OK);
    cr_assert_eq(run.nr_spreads, 1);
    cr_expect_str_eq(run.spreads[0].c->name, "b");
    cr_expect(isnan(run.spreads[0].downtime_spread_ms));
    free(run.spreads);
}
