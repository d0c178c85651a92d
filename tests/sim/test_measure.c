/*
 * test_measure.c - the words of measures, and intervals that know of replications.
 */
#include "sim/measure.h"

#include <criterion/criterion.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/units.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/scenario_options.h"
#include "support_rows.h"

static const struct scenario none = {.horizon_ns = 1000 * NS_PER_S};

static struct measure parse(const char *text)
{
    struct measure m;
    struct diag diag = {0};

    cr_assert_eq(measure_parse(text, &m, &diag), ST_OK, "%s: %s", text, diag.what);
    return m;
}

static struct measured of(const struct run_result *run, const char *text)
{
    struct measure m = parse(text);
    struct measured out;

    cr_assert_eq(measure_of(&none, run, &m, &out), ST_OK);
    return out;
}

/* @reps replications of @each rows: web and db in turn, VM names by place. */
static struct run_result rows(uint32_t reps, uint32_t each)
{
    static const char *const names[] = {"web-1", "db-1", "web-2", "db-2"};
    struct run_result run = {.replications = reps};

    for (uint32_t r = 0; r < reps; r++)
        for (uint32_t i = 0; i < each; i++)
            cr_assert(result_add_mig(&run, &(struct mig_result){
                                               .vm = names[i % 4],
                                               .vm_class = i % 2 ? "db" : "web",
                                               .replication = r,
                                               .job = i,
                                               .attempt = 1,
                                               .ended_ns = NS_PER_S,
                                               .downtime_ns = (int64_t)(i + 1) * NS_PER_MS,
                                               .transferred_bytes = 1000,
                                           }));
    return run;
}

Test(measure, words_are_read_and_printed_again)
{
    static const char *const texts[] = {
        "downtime.p99",
        "downtime.p99.9",
        "timeouts.rate",
        "drain.makespan.mean",
        "class.web.downtime.p99",
        "class.web.v2.drain.makespan.max",
        "class.class.vm.x.downtime.min",
        "vm.web-1.total_time.mean",
        "vm.a.b.c.moved.rate",
    };

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct measure m = parse(texts[i]);
        struct strbuf out = STRBUF_INIT;

        measure_print(&m, &out);
        cr_expect_str_eq(strbuf_text(&out), texts[i]);
        strbuf_release(&out);
    }
    cr_expect_str_eq(parse("class.web.v2.drain.makespan.max").name, "web.v2");
    cr_expect_eq(parse("vm.a.b.c.moved.rate").scope, MEASURE_VM);
}

Test(measure, what_is_no_measure_is_refused_with_a_hint)
{
    static const char *const texts[] = {
        "",
        ".",
        "downtime",
        "downtime.",
        "downtime.p0",
        "downtime.p100",
        "downtime.rate",
        "timeouts.mean",
        "downtme.p99",
        "class.downtime.p99",
        "class..downtime.p99",
        "vm.x.p99",
        "class.",
        "downtime.p099",
        "p99",
        ".p99.9",
        "vm.downtime.mean",
    };
    struct diag diag;
    struct measure m;

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        memset(&diag, 0, sizeof(diag));
        cr_expect_eq(measure_parse(texts[i], &m, &diag), ST_EINPUT, "%s", texts[i]);
        cr_expect(diag.what[0], "%s", texts[i]);
    }
    memset(&diag, 0, sizeof(diag));
    cr_expect_eq(measure_parse("class.web.downtme.p99", &m, &diag), ST_EINPUT);
    cr_expect(strstr(diag.what, "downtme") != NULL, "%s", diag.what);
    cr_expect(strstr(diag.hint, "downtime") != NULL, "%s", diag.hint);
}

Test(measure, classes_and_vms_are_picked_by_name)
{
    struct run_result run = rows(3, 4);

    cr_expect_float_eq(of(&run, "downtime.mean").value, 2.5e6, 1e-3);
    cr_expect_float_eq(of(&run, "class.web.downtime.mean").value, 2e6, 1e-3);
    cr_expect_float_eq(of(&run, "class.db.downtime.max").value, 4e6, 1e-3);
    cr_expect_float_eq(of(&run, "vm.db-2.downtime.min").value, 4e6, 1e-3);
    cr_expect_eq(of(&run, "class.db.downtime.max").n, 6);
    cr_expect_eq(of(&run, "class.db.drain.makespan.mean").n, 3);
    cr_expect_float_eq(of(&run, "drain.transferred.mean").value, 4000.0, 1e-9);
    cr_expect(isnan(of(&run, "class.none.downtime.max").value));
    result_free_migs(&run);
}

Test(measure, a_wish_counts_once_whatever_its_attempts)
{
    struct run_result run = rows(1, 4);

    support_row(&run, 1)->job = 0; /* tried again, then completed */
    support_row(&run, 0)->outcome = OUTCOME_TIMEOUT;
    support_row(&run, 3)->outcome = OUTCOME_FAILED;
    cr_expect_float_eq(of(&run, "moved.rate").value, 2.0 / 3.0, 1e-12);
    cr_expect_float_eq(of(&run, "completed.rate").value, 0.5, 1e-12);
    cr_expect_float_eq(of(&run, "timeouts.rate").value, 0.25, 1e-12);
    result_free_migs(&run);
}

Test(measure, each_replication_has_a_value_of_its_own)
{
    struct run_result run = rows(3, 4);
    struct measure m = parse("class.web.downtime.p50");
    double values[3];

    support_row(&run, 8)->started_ns = -1;
    support_row(&run, 10)->started_ns = -1;
    cr_assert_eq(measure_replications(&none, &run, &m, values), ST_OK);
    cr_expect_float_eq(values[0], 2e6, 1e-3);
    cr_expect_float_eq(values[1], 2e6, 1e-3);
    cr_expect(isnan(values[2]));
    for (size_t i = 0; i < run.nr_migs; i++)
        support_row(&run, i)->replication += 40;
    run.first_replication = 40;
    cr_assert_eq(measure_replications(&none, &run, &m, values), ST_OK);
    cr_expect_float_eq(values[1], 2e6, 1e-3);
    result_free_migs(&run);
}

/* All rows of a replication share one draw: it is worth one row. */
Test(measure, rows_that_share_a_draw_do_not_narrow_the_interval)
{
    struct run_result shared = rows(20, 50), alone = rows(20, 1);
    static const char *const texts[] = {"downtime.mean", "downtime.p50"};
    struct rng rng;

    rng_stream(&rng, 1, "test", 0, 0);
    for (uint32_t r = 0; r < 20; r++) {
        int64_t ns = (int64_t)((100.0 + 10.0 * gsl_ran_gaussian(rng_gsl(&rng), 1.0)) * 1e6);

        support_row(&alone, r)->downtime_ns = ns;
        for (uint32_t i = 0; i < 50; i++)
            support_row(&shared, r * 50 + i)->downtime_ns = ns;
    }
    for (size_t i = 0; i < 2; i++) {
        struct measured a = of(&shared, texts[i]), b = of(&alone, texts[i]);

        cr_expect_float_eq(a.value, b.value, 1e6, "%s", texts[i]);
        cr_expect_geq(a.high - a.low, 0.95 * (b.high - b.low), "%s: %g, %g", texts[i],
                      a.high - a.low, b.high - b.low);
        cr_expect_leq(a.effective, 20);
    }
    result_free_migs(&shared);
    result_free_migs(&alone);
}

/* 95 % of intervals must hold the truth: a share of draws that a replication's rows have in common.
 */
Test(measure, intervals_cover_the_truth_of_clustered_rows)
{
    static const struct {
        const char *text;
        double truth;
    } cases[] = {{"downtime.mean", 200e6},
                 {"downtime.p90", 200e6 + 1.2816 * 14.142e6},
                 {"timeouts.rate", 0.2398}};
    int nr = getenv("MIGCAST_LONG") ? 2000 : 200, hits[3] = {0};
    struct run_result run = rows(20, 10);

    for (int t = 0; t < nr; t++) {
        struct rng rng;

        rng_stream(&rng, 9, "cover", 0, (uint64_t)t);
        for (uint32_t r = 0; r < 20; r++) {
            double common = 10.0 * gsl_ran_gaussian(rng_gsl(&rng), 1.0);

            for (uint32_t i = 0; i < 10; i++) {
                double x = 200.0 + common + 10.0 * gsl_ran_gaussian(rng_gsl(&rng), 1.0);

                support_row(&run, r * 10 + i)->downtime_ns = (int64_t)(x * 1e6);
                support_row(&run, r * 10 + i)->outcome =
                    x > 210.0 ? OUTCOME_TIMEOUT : OUTCOME_COMPLETED;
            }
        }
        for (int k = 0; k < 3; k++) {
            struct measured m = of(&run, cases[k].text);

            hits[k] += m.low <= cases[k].truth && cases[k].truth <= m.high;
        }
    }
    for (int k = 0; k < 3; k++)
        cr_expect_geq((double)hits[k] / nr, 0.95 - 3.0 * sqrt(0.95 * 0.05 / nr), "%s: %d of %d",
                      cases[k].text, hits[k], nr);
    result_free_migs(&run);
}

Test(measure, what_would_decide_a_goal_decides_it)
{
    struct measure m = parse("downtime.p99");
    struct run_result few = rows(10, 4), many;
    uint32_t needed = 0;
    struct measured out;

    cr_assert_eq(measure_decide(&none, &few, &m, 10e6, &needed), ST_OK);
    cr_assert(needed > 10 && needed < 200, "%u", needed);
    many = rows(needed, 4);
    cr_assert_eq(measure_of(&none, &many, &m, &out), ST_OK);
    cr_expect(out.high < 10e6, "%u replications: %g", needed, out.high);
    cr_assert_eq(measure_decide(&none, &few, &m, out.value, &needed), ST_OK);
    m = parse("downtime.mean");
    cr_assert_eq(measure_decide(&none, &few, &m, 1e9, &needed), ST_OK);
    cr_expect_eq(needed, 10, "decided already");
    result_free_migs(&few);
    result_free_migs(&many);
}
