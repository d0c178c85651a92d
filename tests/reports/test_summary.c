/*
 * test_summary.c - grouping, spreads and the order of VMs.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <criterion/criterion.h>

#include "base/units.h"
#include "reports/summary.h"
#include "reports/support_results.h"
#include "support_rows.h"

Test(summary, the_same_migration_of_each_replication_is_one_group)
{
    struct sample *s = sample_new();
    struct summary sum;

    /* VM a twice and b once a replication; a's second try only in the first */
    for (uint32_t r = 0; r < 3; r++) {
        sample_add(s, "a")->replication = r;
        sample_add(s, "b")->replication = r;
        sample_add(s, "a")->replication = r;
        s->migs[s->run.nr_migs - 1].total_ns += (int64_t)(r + 1) * NS_PER_S;
    }
    struct mig_result *again = sample_add(s, "a");
    again->attempt = 2;
    again->replication = 2;
    cr_assert_eq(summary_init(&sum, &s->run), ST_OK);
    cr_assert_eq(sum.nr_groups, 4);
    for (size_t g = 0; g < sum.nr_groups; g++)
        for (size_t i = 0; i < sum.groups[g].nr; i++) {
            size_t index = sum.members[sum.groups[g].first + i];

            cr_expect_eq(sum.group_of[index], g);
            cr_expect_str_eq(s->migs[index].vm, sum.groups[g].vm);
            if (sum.groups[g].nr == 3)
                cr_expect_eq(s->migs[index].replication, i);
        }
    cr_expect_eq(sum.group_of[2], sum.group_of[5], "second request of a, replications 0 and 1");
    cr_expect_neq(sum.group_of[0], sum.group_of[2]);
    cr_expect_neq(sum.group_of[9], sum.group_of[0]);
    cr_expect_eq(sum.groups[0].scored[SCORED_TOTAL_TIME].max, 44200e6, "longest first");
    summary_release(&sum);
    sample_free(s);
}

Test(summary, worst_come_first)
{
    static const char *const expected[] = {"rejected", "lost", "half", "slow", "fast"};
    struct sample *s = sample_new();
    struct summary sum;

    for (uint32_t r = 0; r < 2; r++) {
        struct mig_result *m = sample_add(s, "fast");

        m->replication = r;
        (m = sample_add(s, "slow"))->replication = r;
        m->total_ns *= 2;
        (m = r ? sample_add(s, "half") : sample_add_timeout(s, "half"))->replication = r;
        sample_add_timeout(s, "lost")->replication = r;
        (m = sample_add(s, "rejected"))->replication = r;
        m->outcome = OUTCOME_REJECTED;
        m->started_ns = -1;
    }
    cr_assert_eq(summary_init(&sum, &s->run), ST_OK);
    cr_assert_eq(sum.nr_groups, 5);
    for (size_t g = 0; g < 5; g++)
        cr_expect_str_eq(sum.groups[g].vm, expected[g]);
    cr_expect_eq(sum.outcomes[OUTCOME_COMPLETED], 5);
    cr_expect_eq(sum.outcomes[OUTCOME_TIMEOUT], 3);
    summary_release(&sum);
    sample_free(s);
}

Test(summary, unknown_values_are_left_out_and_never_zero)
{
    struct sample *s = sample_new();
    struct summary sum;

    sample_add(s, "a")->downtime_ns = 100 * NS_PER_MS;
    sample_add(s, "b")->downtime_ns = 300 * NS_PER_MS;
    sample_add_timeout(s, "c");
    struct mig_result *never = sample_add(s, "d");
    never->started_ns = never->ended_ns = -1;
    never->downtime_ns = 0;
    cr_assert_eq(summary_init(&sum, &s->run), ST_OK);
    cr_expect_eq(sum.scored[SCORED_DOWNTIME].nr, 2);
    cr_expect_float_eq(sum.scored[SCORED_DOWNTIME].mean, 200e6, 1);
    cr_expect_float_eq(sum.scored[SCORED_DOWNTIME].p50, 200e6, 1);
    cr_expect_float_eq(sum.scored[SCORED_DOWNTIME].p5, 110e6, 1);
    cr_expect_eq(sum.scored[SCORED_ROUNDS].nr, 3);
    cr_expect_float_eq(sum.makespan.max, 301e9, 1, "from the request at 1 s to the end at 302 s");
    summary_release(&sum);

    s->run.nr_migs = 0;
    cr_assert_eq(summary_init(&sum, &s->run), ST_OK);
    cr_expect_eq(sum.nr_groups, 0);
    cr_expect(isnan(sum.scored[SCORED_TOTAL_TIME].p50));
    summary_release(&sum);
    sample_free(s);
}

Test(summary, many_migrations_of_one_vm_do_not_take_quadratic_time)
{
    enum {
        NR = 300000
    };
    struct mig_result *migs = calloc(NR, sizeof(*migs));
    struct run_result run = {.replications = 1};
    struct summary sum;

    for (size_t i = 0; i < NR; i++)
        migs[i] = (struct mig_result){.vm = "vm", .attempt = 1, .total_ns = (int64_t)i};
    support_set_rows(&run, migs, NR);
    cr_assert_eq(summary_init(&sum, &run), ST_OK); /* the test's time limit would tell */
    cr_expect_eq(sum.nr_groups, NR);
    summary_release(&sum);
    result_free_migs(&run);
    free(migs);
}
