/*
 * test_cluster_scenarios.c - the shipped scenarios of clusters do what their "Expect" lines
 * promise.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "sim/run.h"
#include "support_rows.h"
#include "support_run.h"

#define S NS_PER_S

static uint32_t count_outcome(const struct test_run *run, enum outcome o)
{
    uint32_t nr = 0;

    for (uint32_t i = 0; i < run->nr_rows; i++)
        nr += run->rows[i].outcome == o;
    return nr;
}

static int64_t last_end(const struct test_run *run)
{
    int64_t last = -1;

    for (uint32_t i = 0; i < run->nr_rows; i++)
        last = run->rows[i].ended_ns > last ? run->rows[i].ended_ns : last;
    return last;
}

static uint32_t arrived(const struct test_run *run, const char *target)
{
    uint32_t nr = 0;

    for (uint32_t i = 0; i < run->nr_rows; i++)
        nr += run->rows[i].outcome == OUTCOME_COMPLETED && strcmp(run->rows[i].target, target) == 0;
    return nr;
}

Test(cluster_scenarios, rack_drain_spreads_evenly_within_its_limits)
{
    static const char *const cool[] = {"cool-1", "cool-2", "cool-3", "cool-4",
                                       "cool-5", "cool-6", "cool-7", "cool-8"};
    struct test_run run;

    test_run_shipped(&run, "rack-drain.ini");
    cr_assert_eq(run.nr_rows, 32);
    cr_assert_eq(count_outcome(&run, OUTCOME_COMPLETED), 32);
    cr_assert_eq(test_most_at_once(&run, NULL, NULL), 8);
    cr_assert_eq(test_most_at_once(&run, "hot-1", NULL), 2);
    for (size_t i = 0; i < 8; i++)
        cr_assert_eq(arrived(&run, cool[i]), 4, "%s: %u", cool[i], arrived(&run, cool[i]));
    cr_assert_str_neq(test_row(&run, "pair-1", 1)->target, test_row(&run, "pair-2", 1)->target);
    cr_assert(last_end(&run) > 230 * S && last_end(&run) < 240 * S, "%lld s",
              (long long)(last_end(&run) / S));
    test_run_release(&run);
}

/* Over all replications: who does not leave are databases that write more than they may send. */
Test(cluster_scenarios, rack_window_is_broken_by_databases_that_outwrite_their_cap)
{
    struct scn_override set = {.text = "migration.max_bandwidth=512MiB/s", .origin = "test"};
    char path[300];
    struct diag diag = {0};

    snprintf(path, sizeof(path), "%s/scenarios/rack-window.ini", SOURCE_DIR);
    for (size_t with = 0; with < 2; with++) {
        struct run_result out;
        struct scenario sc;
        size_t lost = 0;

        cr_assert_eq(scenario_load(&sc, path, with ? &set : NULL, with, &diag), ST_OK, "%s",
                     diag.what);
        cr_assert_eq(run_scenario(&sc, &(struct run_options){.jobs = 1}, &out, &diag), ST_OK);
        for (size_t i = 0; i < out.nr_migs; i++) {
            const struct mig_result *r = support_row(&out, i);

            if (r->outcome == OUTCOME_COMPLETED)
                continue;
            lost++;
            cr_expect_eq(strncmp(r->vm, "db-", 3), 0, "%s", r->vm);
            if (r->outcome == OUTCOME_TIMEOUT)
                cr_expect_eq(r->binding, BINDING_DIRTY_RATE, "%s", r->vm);
        }
        if (with)
            cr_expect_eq(lost, 0);
        else
            cr_expect_geq(lost, 10);
        run_free(&out);
        scenario_release(&sc);
    }
}

Test(cluster_scenarios, rolling_upgrade_moves_few_guests_twice)
{
    struct test_run run;
    uint32_t nr;
    const struct op_result *op;

    test_run_shipped(&run, "rolling-upgrade.ini");
    op = sim_operations(run.sim, &nr);
    cr_assert_eq(nr, 1);
    cr_assert_eq(op->hosts_done, 40);
    cr_assert_eq(op->vms_moved, 440);
    cr_assert_eq(count_outcome(&run, OUTCOME_COMPLETED), 440);
    cr_assert(op->ended_ns > 95 * 60 * S && op->ended_ns < 98 * 60 * S, "%lld s",
              (long long)(op->ended_ns / S));
    cr_assert_leq(test_most_at_once(&run, NULL, NULL), 8); /* two out of each of four hosts */
    /* never more than four hosts away */
    for (uint32_t n = 4; n < 40; n++)
        cr_assert_geq(test_log_ns(&run, NULL, "drain begins", n),
                      test_log_ns(&run, NULL, "back after reboot", n - 4), "host %u", n);
    test_run_release(&run);
}

Test(cluster_scenarios, host_failure_restarts_who_has_room_by_priority)
{
    struct test_run run;
    const struct mig_result *r;

    test_run_shipped(&run, "host-failure.ini");
    for (uint32_t i = 1; i <= 2; i++) {
        r = test_row(&run, i == 1 ? "db-1" : "db-2", 1);
        cr_assert_eq(r->outcome, OUTCOME_FAILED);
        cr_assert(strstr(r->reason, "guest lost"));
        cr_assert_eq(r->ended_ns, 20 * S);
    }
    cr_assert_eq(count_outcome(&run, OUTCOME_COMPLETED), 6);
    for (uint32_t i = 0; i < run.nr_rows; i++) {
        r = &run.rows[i];
        if (strcmp(r->kind, "rescue") != 0)
            continue;
        cr_assert_eq(r->queued_ns, 140 * S);
        cr_assert_str_neq(r->vm, "lab");
        if (strcmp(r->vm, "web-5") == 0) {
            cr_assert_eq(r->outcome, OUTCOME_QUEUED);
            cr_assert(strstr(r->reason, "2 short of 16 GiB"), "%s", r->reason);
        } else {
            cr_assert_eq(r->outcome, OUTCOME_COMPLETED, "%s", r->vm);
            cr_assert_eq(r->downtime_ns, 150 * S);
        }
    }
    test_run_release(&run);
}

Test(cluster_scenarios, headroom_by_sum_is_no_headroom_for_large_guests)
{
    struct test_run run;

    test_run_shipped(&run, "n-plus-1.ini");
    cr_assert_eq(run.nr_rows, 2);
    cr_assert_eq(count_outcome(&run, OUTCOME_QUEUED), 2);
    cr_assert_str_eq(test_row(&run, "big-1", 1)->reason, "no target: 5 hosts, 5 short of 24 GiB");
    test_run_release(&run);
}

Test(cluster_scenarios, full_cluster_never_begins)
{
    struct test_run run;
    uint32_t nr;
    const struct op_result *op;

    test_run_shipped(&run, "full-cluster-deadlock.ini");
    op = sim_operations(run.sim, &nr);
    cr_assert_eq(op->hosts_done, 0);
    cr_assert_eq(op->vms_moved, 0);
    cr_assert_eq(op->vms_left, 8);
    cr_assert_str_eq(op->host, "node-1");
    cr_assert_str_eq(op->why, "no target: 3 hosts, 3 short of 8 GiB");
    cr_assert_eq(count_outcome(&run, OUTCOME_QUEUED), run.nr_rows);
    test_run_release(&run);
}
