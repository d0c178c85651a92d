/*
 * test_thresholds.c - values, limits and doubt of every kind of threshold, against rows made by
 * hand.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/units.h"
#include "sim/run.h"
#include "sim/scenario/scenario_options.h"
#include "sim/thresholds.h"
#include "support_rows.h"

#define BASE                                                                                       \
    "[scenario]\nhorizon = 1000s\n[host a]\n[host b]\n[vm v]\nhost = a\nmemory = 1GiB\n"           \
    "[request r]\nvm = v\ntarget = b\n[thresholds]\n"

static void load(struct scenario *sc, const char *goals)
{
    struct diag diag = {0};
    char text[1024];

    snprintf(text, sizeof(text), "%s%s\n", BASE, goals);
    cr_assert_eq(scenario_load_text(sc, "goals.ini", text, NULL, 0, &diag), ST_OK, "%s; %s",
                 diag.what, diag.hint);
}

/* A run of @nr rows: row i completes after i + 1 s with a downtime of i + 1 ms. */
static struct run_result rows(size_t nr)
{
    struct run_result run = {.replications = 1};

    for (size_t i = 0; i < nr; i++)
        cr_assert(result_add_mig(&run, &(struct mig_result){
                                           .vm = "v",
                                           .outcome = OUTCOME_COMPLETED,
                                           .total_ns = (int64_t)(i + 1) * NS_PER_S,
                                           .ended_ns = (int64_t)(i + 1) * NS_PER_S,
                                           .downtime_ns = (int64_t)(i + 1) * NS_PER_MS,
                                           .blackout_ns = (int64_t)(i + 1) * 2 * NS_PER_MS,
                                           .transferred_bytes = GIB,
                                           .rounds = (uint32_t)(i + 2),
                                           .max_throttle_pct = 50,
                                           .guest_slowdown_ratio = 0.25,
                                       }));
    return run;
}

/* The one threshold of @goals over @run; @run keeps nothing. */
static struct threshold_result judge(const char *goals, struct run_result *run)
{
    struct scenario sc;
    struct threshold_result t;

    load(&sc, goals);
    cr_assert_eq(thresholds_judge(&sc, run), ST_OK);
    cr_assert_eq(run->nr_thresholds, 1);
    t = run->thresholds[0];
    t.text = t.file = "";
    free(run->thresholds);
    run->thresholds = NULL;
    run->nr_thresholds = 0;
    scenario_release(&sc);
    return t;
}

static void expect_value(const char *goals, struct run_result *run, double value, bool crossed)
{
    struct threshold_result t = judge(goals, run);

    if (isnan(value))
        cr_expect(isnan(t.value), "%s: %g, not nothing", goals, t.value);
    else
        cr_expect_float_eq(t.value, value, 1e-9 * fabs(value), "%s: %.12g, not %.12g", goals,
                           t.value, value);
    cr_expect_eq(t.crossed, crossed, "%s", goals);
}

Test(thresholds, each_metric_and_statistic_is_counted_as_named)
{
    static const struct {
        const char *goals;
        double value;
        bool crossed;
    } cases[] = {
        {"downtime.min < 2ms", 1e6, false},
        {"downtime.max < 100ms", 1e8, true}, /* must stay below: equal crosses */
        {"downtime.max < 101ms", 1e8, false},
        {"downtime.mean < 50ms", 50.5e6, true},
        {"downtime.p50 < 51ms", 50.5e6, false},
        {"downtime.p99 < 99ms", 99.01e6, true},
        {"downtime.p99.9 < 1s", 99.901e6, false},
        {"downtime.min > 1ms", 1e6, true},
        {"blackout.max < 300ms", 2e8, false},
        {"total_time.max < 99s", 1e11, true},
        {"queue_time.max < 1ms", 0, false},
        {"drain.makespan.max < 99s", 1e11, true},
        {"transferred.mean < 2GiB", (double)GIB, false},
        {"rounds.max < 100", 101, true},
        {"throttle.max < 40%", 0.5, true},
        {"slowdown.mean < 50%", 0.25, false},
        {"completed.rate > 99%", 1, false},
        {"timeouts.rate < 1%", 0, false},
        {"postcopy_time.max < 1s", NAN, false},
    };
    struct run_result run = rows(100);

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_value(cases[i].goals, &run, cases[i].value, cases[i].crossed);
    run_free(&run);
}

Test(thresholds, every_metric_that_can_be_written_can_be_judged)
{
    struct run_result run = rows(3);
    char goal[128];
    size_t nr = 0;

    support_row(&run, 0)->postcopy_ns = NS_PER_S;
    for (const struct scn_metric *m = scn_metrics; m->name; m++, nr++) {
        struct threshold_result t;
        const char *limit = m->unit == VALUE_NS      ? "1s"
                            : m->unit == VALUE_BYTES ? "1GiB"
                            : m->unit == VALUE_RATIO ? "10%"
                                                     : "10";

        snprintf(goal, sizeof(goal), "%s.%s < %s", m->name,
                 m->statistics & SCN_STAT_RATE ? "rate" : "max", limit);
        t = judge(goal, &run);
        cr_expect(isfinite(t.value), "%s", goal);
        cr_expect_eq(t.unit, m->unit, "%s", goal);
    }
    cr_expect_gt(nr, 10);
    run_free(&run);
}

Test(thresholds, outcomes_are_shares_of_all_rows)
{
    static const char *const goals[OUTCOME_NR] = {"completed.rate < 10%", "timeouts.rate < 10%",
                                                  "cancelled.rate < 10%", "failed.rate < 10%",
                                                  "rejected.rate < 10%",  "queued.rate < 10%"};
    struct run_result run = rows(21);

    for (size_t i = 0; i < 21; i++) /* 1 completed, 2 timeout, ... 6 queued */
        support_row(&run, i)->outcome = (enum outcome)(i < 1    ? 0
                                                       : i < 3  ? 1
                                                       : i < 6  ? 2
                                                       : i < 10 ? 3
                                                       : i < 15 ? 4
                                                                : 5);
    for (int o = 0; o < OUTCOME_NR; o++)
        expect_value(goals[o], &run, (o + 1) / 21.0, o + 1 > 2);
    run_free(&run);
}

Test(thresholds, unknown_values_are_left_out_and_never_zero)
{
    struct run_result run = rows(4);

    support_row(&run, 3)->downtime_ns = -1;
    support_row(&run, 2)->started_ns = -1;
    expect_value("downtime.mean < 1s", &run, 1.5e6, false);
    expect_value("downtime.max < 1s", &run, 2e6, false);
    run.nr_migs = 0;
    expect_value("downtime.max < 1s", &run, NAN, false);
    expect_value("timeouts.rate < 1%", &run, NAN, false);
    expect_value("drain.makespan.max < 1s", &run, NAN, false);
    run_free(&run);
}

Test(thresholds, what_has_no_end_lasts_to_the_horizon)
{
    struct run_result run = rows(2);

    support_row(&run, 1)->outcome = OUTCOME_QUEUED;
    support_row(&run, 1)->queued_ns = 10 * NS_PER_S;
    support_row(&run, 1)->started_ns = support_row(&run, 1)->ended_ns = -1;
    expect_value("drain.makespan.max < 100s", &run, 1000e9, true);
    expect_value("queue_time.max < 100s", &run, 990e9, true);
    run_free(&run);
}

Test(thresholds, makespans_are_one_a_replication)
{
    struct run_result run = rows(4);

    run.replications = 2;
    support_row(&run, 2)->replication = support_row(&run, 3)->replication = 1;
    support_row(&run, 2)->queued_ns = support_row(&run, 3)->queued_ns = NS_PER_S;
    expect_value("drain.makespan.min < 1s", &run, 2e9, true);
    expect_value("drain.makespan.max < 1s", &run, 3e9, true);
    expect_value("drain.makespan.mean < 1s", &run, 2.5e9, true);
    run_free(&run);
}

Test(thresholds, small_samples_are_called_so)
{
    static const struct {
        const char *goals;
        size_t rows;
        bool small;
    } cases[] = {
        {"downtime.p99 < 10s", 99, true},   /* no row in a hundred */
        {"downtime.p99 < 10s", 100, true},  /* 95 % need 368 rows for an upper bound */
        {"downtime.p99 < 10s", 400, false}, /* and the limit is far away */
        {"downtime.p50 < 10s", 5, true},
        {"downtime.p50 < 10s", 9, false},
        {"downtime.p50 < 51ms", 100, true}, /* the limit is inside the interval */
        {"downtime.mean < 10s", 1, true},
        {"downtime.mean < 10s", 30, false},
        {"downtime.mean < 52ms", 100, true},
        {"downtime.max < 10s", 1, false}, /* speaks of the rows only */
        {"timeouts.rate < 1%", 20, true},
        {"timeouts.rate < 1%", 1000, false},
        {"completed.rate > 50%", 1, true},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct run_result run = rows(cases[i].rows);

        cr_expect_eq(judge(cases[i].goals, &run).small_sample, cases[i].small, "%s of %zu",
                     cases[i].goals, cases[i].rows);
        run_free(&run);
    }
}

Test(thresholds, only_errors_count_for_the_exit_code)
{
    struct run_result run = rows(10);
    struct scenario sc;

    load(&sc, "downtime.max < 1ms warn\ndowntime.min > 1s\nrounds.max < 100\n");
    cr_assert_eq(thresholds_judge(&sc, &run), ST_OK);
    cr_expect_eq(run.nr_thresholds, 3);
    cr_expect(run.thresholds[0].crossed && !run.thresholds[0].error);
    cr_expect(run.thresholds[1].crossed && run.thresholds[1].error);
    cr_expect(!run.thresholds[2].crossed);
    cr_expect_eq(thresholds_crossed(&run), 1);
    cr_expect_str_eq(run.thresholds[0].file, "goals.ini");
    cr_expect_eq(run.thresholds[0].line, 12);
    run_free(&run);
    scenario_release(&sc);
}

Test(thresholds, met_crossed_and_not_decided_are_told_apart)
{
    static const struct {
        const char *goals;
        bool crossed, doubt;
    } cases[] = {
        {"downtime.mean < 100ms", false, false},
        {"downtime.mean < 52ms", false, true},
        {"downtime.mean < 50ms", true, true},
        {"downtime.mean < 10ms", true, false},
        {"downtime.mean < 52ms sure", true, true},
        {"downtime.mean < 100ms sure", false, false},
        {"downtime.mean < 52ms  sure  warn", true, true},
        {"completed.rate > 80%", false, false},
        {"completed.rate > 98%", false, true},
    };
    struct run_result run = rows(100);

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct threshold_result t = judge(cases[i].goals, &run);

        cr_expect_eq(t.crossed, cases[i].crossed, "%s", cases[i].goals);
        cr_expect_eq(t.small_sample, cases[i].doubt, "%s", cases[i].goals);
        cr_expect_eq(t.replications_needed > 1, cases[i].doubt, "%s: %u", cases[i].goals,
                     t.replications_needed);
        cr_expect(t.low <= t.value && t.value <= t.high && t.n == 100, "%s", cases[i].goals);
    }
    run_free(&run);
}

Test(thresholds, a_class_or_a_vm_has_goals_of_its_own)
{
    struct run_result run = rows(100);

    for (size_t i = 0; i < 100; i++)
        support_row(&run, i)->vm_class = i < 50 ? "v" : "other";
    expect_value("class.v.downtime.max < 60ms", &run, 5e7, false);
    expect_value("vm.v.downtime.max < 60ms", &run, 1e8, true);
    expect_value("class.v.timeouts.rate < 1%", &run, 0, false);
    run_free(&run);
}

Test(thresholds, goals_of_what_is_not_there_are_refused)
{
    static const char *const goals[] = {"class.w.downtime.max < 1s", "vm.w.downtime.max < 1s"};

    for (size_t i = 0; i < 2; i++) {
        struct diag diag = {0};
        struct scenario sc;
        char text[1024];

        snprintf(text, sizeof(text), "%s%s\n", BASE, goals[i]);
        cr_expect_eq(scenario_load_text(&sc, "goals.ini", text, NULL, 0, &diag), ST_EINPUT);
        cr_expect(strstr(diag.what, "there is no") && diag.line == 12, "%s", diag.what);
        cr_expect_str_eq(diag.section, "thresholds");
    }
}
