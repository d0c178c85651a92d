/* test_score.c - the figures of a score, on rows whose errors are known. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "answers/accuracy/score.h"
#include "base/units.h"

enum {
    NR = 12
};

/* Captures without any measurement: nothing is simulated, so what is left is the bookkeeping. */
static struct trace_facts capture(const char *id, enum facts_outcome outcome, double total_s)
{
    struct trace_facts f = {
        .header = {.memory_bytes = GIB, .accel = FACTS_ACCEL_KVM},
        .before = {.migrate_ns = 1},
        .after = {
            .outcome = outcome,
            .totals = {.total_ns = (int64_t)(total_s * 1e9),
                       .downtime_ns = outcome == FACTS_COMPLETED ? (int64_t)(total_s * 1e7) : -1,
                       .transferred_bytes = (int64_t)(total_s * 1e6),
                       .rounds = 5}}};

    snprintf(f.header.id, sizeof(f.header.id), "%s", id);
    return f;
}

static struct score scored(const struct trace_facts *facts, size_t nr)
{
    struct score_options o = {.seed = 1};
    struct score s;
    struct diag diag = {0};

    cr_assert_eq(score_traces(facts, nr, &o, &s, &diag), ST_OK, "%s", diag.what);
    return s;
}

Test(score, a_repeat_is_judged_by_the_median_of_the_others)
{
    struct trace_facts f[] = {
        capture("a-r1", FACTS_COMPLETED, 10.0), capture("a-r2", FACTS_COMPLETED, 11.0),
        capture("a-r3", FACTS_COMPLETED, 13.0), capture("b-r1", FACTS_COMPLETED, 99.0),
        capture("a-r4", FACTS_TIMEOUT, 60.0),
    };
    struct score s = scored(f, 5);

    cr_expect_float_eq(s.rows[0].repeat.total_error_ratio, (12.0 - 10.0) / 10.0, 1e-9);
    cr_expect_float_eq(s.rows[1].repeat.downtime_error_ns, 0.115e9 - 0.11e9, 1.0);
    cr_expect_float_eq(s.rows[2].repeat.bytes_error_ratio, (10.5 - 13.0) / 13.0, 1e-9);
    cr_expect_not(s.rows[3].repeat.known);
    cr_expect(isnan(s.rows[3].repeat.total_error_ratio));
    cr_expect_not(s.rows[4].repeat.outcome_right);
    cr_expect_float_eq(s.rows[4].repeat.total_error_ratio, 1.0, 1e-9, "a wrong outcome is 100 %%");
    score_release(&s);
}

Test(score, kinds_go_by_tuning_and_by_what_was_observed)
{
    struct trace_facts f[] = {
        capture("post-r1", FACTS_COMPLETED, 10.0),  capture("multi-r1", FACTS_COMPLETED, 10.0),
        capture("delta-r1", FACTS_COMPLETED, 10.0), capture("auto-r1", FACTS_COMPLETED, 10.0),
        capture("dice-r1", FACTS_COMPLETED, 10.0),  capture("dice-r2", FACTS_TIMEOUT, 60.0),
        capture("many-r1", FACTS_COMPLETED, 10.0),  capture("never-r1", FACTS_TIMEOUT, 60.0),
        capture("calm-r1", FACTS_COMPLETED, 10.0),  capture("plain-r1", FACTS_COMPLETED, 10.0),
    };
    static const enum score_kind want[] = {
        SCORE_POSTCOPY, SCORE_MULTIFD, SCORE_XBZRLE,    SCORE_AUTO_CONVERGE, SCORE_EDGE,
        SCORE_EDGE,     SCORE_EDGE,    SCORE_DIVERGING, SCORE_IDLE,          SCORE_CONVERGING};
    struct score s;

    f[0].before.params.postcopy = true;
    f[1].before.params.multifd = true;
    f[2].before.params.xbzrle = true;
    f[3].before.params.auto_converge = true;
    f[6].after.totals.rounds = 12;
    f[8].after.totals.rounds = 3;
    s = scored(f, 10);
    for (int i = 0; i < 10; i++)
        cr_expect_eq(s.rows[i].kind, want[i], "%s: %s", f[i].header.id,
                     score_kind_name(s.rows[i].kind));
    score_release(&s);
}

Test(score, what_a_capture_lacks_is_said_and_not_scored)
{
    struct trace_facts f[] = {capture("a-r1", FACTS_COMPLETED, 10.0)};
    struct score s = scored(f, 1);
    struct score_sum sum;

    cr_expect_not(s.rows[0].forecast);
    cr_expect_not(s.rows[0].replayed);
    cr_assert_not_null(s.rows[0].missing);
    cr_expect_str_eq(s.rows[0].missing,
                     "no dirty-rate measurement before `migrate`: cannot predict");
    cr_assert_eq(
        score_summarise(&s, (struct score_filter){SCORE_ANY, SCORE_ANY, SCORE_ANY}, 1, &sum),
        ST_OK);
    cr_expect_eq(sum.nr, 0);
    cr_expect(isnan(sum.total.p50));
    score_release(&s);
}

Test(score, a_split_without_a_calibration_half_is_refused)
{
    struct trace_facts f[] = {capture("a-r1", FACTS_COMPLETED, 10.0)}; /* of validation */
    struct score_options o = {.seed = 1, .mode = SCORE_SPLIT};
    struct score s;
    struct diag diag = {0};

    cr_expect_eq(score_traces(f, 1, &o, &s, &diag), ST_EINPUT);
    cr_expect_neq(diag.what[0], '\0');
}

/* Forecasts put into rows by hand: errors of 1 ... 12 %, in configurations of three, one of them of
 * the wrong outcome. */
static struct score made_up(struct trace_facts *f)
{
    char id[32];
    struct score s;

    for (int i = 0; i < NR; i++) {
        snprintf(id, sizeof(id), "case%d-r%d", i / 3, i % 3 + 1);
        f[i] = capture(id, FACTS_COMPLETED, 10.0);
        f[i].before.params.downtime_limit_ns = 100 * NS_PER_MS;
    }
    s = scored(f, NR);
    for (int i = 0; i < NR; i++) {
        struct score_row *r = &s.rows[i];

        r->forecast = true;
        r->outcome_right = i != NR - 1;
        r->prediction.result =
            (struct mig_result){.outcome = r->outcome_right ? OUTCOME_COMPLETED : OUTCOME_TIMEOUT,
                                .downtime_ns = (i < 2 ? 150 : 50) * NS_PER_MS};
        r->total_error_ratio = r->outcome_right ? (i % 2 ? -0.01 : 0.01) * (i + 1) : 1.0;
        r->bad = !r->outcome_right;
        r->rounds_error = i < 6 ? 0.0 : i < 9 ? 1.0 : 2.0;
        r->covered_known = r->outcome_right;
        r->covered = i < 10;
        r->guess[BASELINE_AVG] = (struct score_guess){OUTCOME_TIMEOUT, 1.0, true};
    }
    return s;
}

Test(score, a_summary_counts_what_the_rows_say)
{
    struct trace_facts f[NR];
    struct score s = made_up(f);
    struct score_sum sum;

    cr_assert_eq(
        score_summarise(&s, (struct score_filter){SCORE_ANY, SCORE_ANY, SCORE_ANY}, 1, &sum),
        ST_OK);
    cr_expect_eq(sum.nr, NR);
    cr_expect_eq(sum.nr_configs, 4);
    cr_expect_eq(sum.outcomes_right, NR - 1);
    cr_expect_eq(sum.bad, 1);
    cr_expect_eq(sum.outcomes[OUTCOME_COMPLETED][OUTCOME_COMPLETED], NR - 1);
    cr_expect_eq(sum.outcomes[OUTCOME_COMPLETED][OUTCOME_TIMEOUT], 1);
    cr_expect_eq(sum.rounds_exact, 6);
    cr_expect_eq(sum.rounds_within_1, 9);
    cr_expect_eq(sum.covered, 10);
    cr_expect_eq(sum.covered_of, 11);
    cr_expect_eq(sum.limit_kept[1][0], 2, "kept, but forecast to pass");
    cr_expect_eq(sum.limit_kept[1][1], NR - 2);
    cr_expect_eq(sum.guess_bad[BASELINE_AVG], NR);
    cr_expect_eq(sum.guess_right[BASELINE_AVG], 0);
    /* absolute: 1 ... 11 and 100 % */
    cr_expect_float_eq(sum.total.p50, 0.065, 1e-9);
    cr_expect_float_eq(sum.total.p90, 0.109, 1e-9);
    cr_expect_float_eq(sum.total.max, 1.0, 1e-9);
    cr_expect(sum.total.p50_in.low >= 0.01 && sum.total.p50_in.low < sum.total.p50 &&
                  sum.total.p50_in.high > sum.total.p50,
              "%g..%g", sum.total.p50_in.low, sum.total.p50_in.high);
    score_release(&s);
}

Test(score, the_worst_come_first_and_wrong_outcomes_before_all)
{
    struct trace_facts f[NR];
    struct score s = made_up(f);
    size_t index[3];
    struct score_filter all = {SCORE_ANY, SCORE_ANY, SCORE_ANY};

    s.rows[4].total_error_ratio = 2.0; /* twice the observed time, but the right outcome */
    cr_assert_eq(score_worst(&s, all, index, 3), 3);
    cr_expect_eq(index[0], NR - 1);
    cr_expect_eq(index[1], 4);
    cr_expect_eq(index[2], NR - 2);
    score_release(&s);
}
