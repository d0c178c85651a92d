/*
 * test_diff.c - two runs side by side, made by hand.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "answers/diff.h"
#include "base/units.h"
#include "support_rows.h"

#define MS NS_PER_MS

static struct mig_result row(const char *vm, uint32_t job, enum outcome outcome, int64_t total_ms,
                             int64_t downtime_ms)
{
    return (struct mig_result){.vm = vm,
                               .job = job,
                               .attempt = 1,
                               .outcome = outcome,
                               .ended_ns = total_ms * MS,
                               .total_ns = total_ms * MS,
                               .downtime_ns = downtime_ms * MS,
                               .reason = outcome == OUTCOME_TIMEOUT ? "completion timeout" : NULL,
                               .transferred_bytes = 1000};
}

static struct run_result run_of(struct mig_result *rows, size_t nr)
{
    struct run_result run = {.replications = 1};

    support_set_rows(&run, rows, nr);
    return run;
}

Test(diff, what_changed_most_comes_first)
{
    struct mig_result a[] = {row("same", 0, OUTCOME_COMPLETED, 1000, 100),
                             row("slower", 1, OUTCOME_COMPLETED, 1000, 100),
                             row("ends", 2, OUTCOME_COMPLETED, 1000, 100),
                             row("gone", 3, OUTCOME_COMPLETED, 1000, 100),
                             row("quicker", 4, OUTCOME_COMPLETED, 1000, 100)};
    struct mig_result b[] = {row("same", 0, OUTCOME_COMPLETED, 1000, 100),
                             row("slower", 1, OUTCOME_COMPLETED, 1000, 300),
                             row("ends", 2, OUTCOME_TIMEOUT, 9000, -1),
                             row("new", 3, OUTCOME_COMPLETED, 1000, 100),
                             row("quicker", 4, OUTCOME_COMPLETED, 500, 100)};
    static const struct {
        const char *vm;
        enum diff_change change;
    } expect[] = {{"ends", DIFF_OUTCOME}, {"slower", DIFF_WORSE}, {"quicker", DIFF_BETTER},
                  {"new", DIFF_ADDED},    {"gone", DIFF_REMOVED}, {"same", DIFF_SAME}};
    struct run_result ra = run_of(a, 5), rb = run_of(b, 5);
    struct diff_result d;

    b[2].downtime_ns = -1;
    cr_assert_eq(diff_runs(&ra, &rb, 0.01, &d), ST_OK);
    cr_assert_eq(d.nr, 6);
    cr_expect_eq(d.nr_changed, 5);
    for (size_t i = 0; i < 6; i++) {
        cr_expect_str_eq(d.vms[i].vm, expect[i].vm, "place %zu: %s", i, d.vms[i].vm);
        cr_expect_eq(d.vms[i].change, expect[i].change, "%s", d.vms[i].vm);
    }
    cr_expect_str_eq(d.vms[0].b.reason, "completion timeout");
    cr_expect_float_eq(d.b.makespan_ns, 9e9, 1.0);
    cr_expect_float_eq(d.a.completed_ratio, 1.0, 1e-12);
    diff_release(&d);
    result_free_migs(&ra);
    result_free_migs(&rb);
}

Test(diff, differences_below_the_tolerance_are_none)
{
    struct mig_result a[] = {row("v", 0, OUTCOME_COMPLETED, 100000, 100)};
    struct mig_result b[] = {row("v", 0, OUTCOME_COMPLETED, 100900, 101)};
    struct run_result ra = run_of(a, 1), rb = run_of(b, 1);
    struct diff_result d;

    cr_assert_eq(diff_runs(&ra, &rb, 0.01, &d), ST_OK);
    cr_expect_eq(d.nr_changed, 0);
    diff_release(&d);
    cr_assert_eq(diff_runs(&ra, &rb, 0.001, &d), ST_OK);
    cr_expect_eq(d.nr_changed, 1);
    diff_release(&d);
    result_free_migs(&ra);
    result_free_migs(&rb);
}

Test(diff, a_longer_pause_is_told_apart_where_the_move_is_done_sooner)
{
    struct mig_result a[] = {row("v", 0, OUTCOME_COMPLETED, 60000, 100),
                             row("w", 1, OUTCOME_COMPLETED, 20000, 250)};
    struct mig_result b[] = {row("v", 0, OUTCOME_COMPLETED, 20000, 250),
                             row("w", 1, OUTCOME_COMPLETED, 60000, 100)};
    struct run_result ra = run_of(a, 2), rb = run_of(b, 2);
    struct diff_result d;

    cr_assert_eq(diff_runs(&ra, &rb, 0.01, &d), ST_OK);
    cr_expect_eq(d.vms[0].change, DIFF_SOONER);
    cr_expect_eq(d.vms[1].change, DIFF_LATER);
    diff_release(&d);
    result_free_migs(&ra);
    result_free_migs(&rb);
}

Test(diff, the_last_attempt_of_a_job_counts)
{
    struct mig_result a[] = {row("v", 0, OUTCOME_TIMEOUT, 1000, -1),
                             row("v", 0, OUTCOME_COMPLETED, 1000, 50)};
    struct mig_result b[] = {row("v", 0, OUTCOME_COMPLETED, 1000, 50)};
    struct run_result ra, rb = run_of(b, 1);
    struct diff_result d;

    a[0].downtime_ns = -1;
    a[1].attempt = 2;
    a[1].started_ns = 2000 * MS;
    ra = run_of(a, 2);
    cr_assert_eq(diff_runs(&ra, &rb, 0.01, &d), ST_OK);
    cr_assert_eq(d.nr, 1);
    cr_expect_eq(d.vms[0].a.jobs, 1);
    cr_expect_eq(d.vms[0].a.attempts, 2);
    cr_expect_eq(d.vms[0].a.completed, 1);
    cr_expect_eq(d.vms[0].change, DIFF_BETTER, "it waits no longer");
    cr_expect_float_eq(d.vms[0].a.wait_ns, 2e9, 1.0);
    cr_expect_float_eq(d.a.completed_ratio, 1.0, 1e-12, "the one wish was fulfilled");
    diff_release(&d);
    result_free_migs(&ra);
    result_free_migs(&rb);
}

Test(diff, nothing_against_nothing_is_no_difference)
{
    struct run_result none = {.replications = 1};
    struct diff_result d;

    cr_assert_eq(diff_runs(&none, &none, 0.01, &d), ST_OK);
    cr_expect_eq(d.nr, 0);
    cr_expect_eq(d.nr_changed, 0);
    cr_expect(isnan(d.a.makespan_ns));
    cr_expect(isnan(d.a.completed_ratio));
    diff_release(&d);
}
