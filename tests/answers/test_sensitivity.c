/*
 * test_sensitivity.c - ends are those that a run with that value has, and the widest come first.
 */
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include "answers/explain/sensitivity.h"
#include "sim/run.h"

#define WORLD                                                                                      \
    "[host a]\n[host b]\n[link l]\nrate = 1Gb/s\n"                                                 \
    "[workload w]\nwrite_rate = 30MB/s..50MB/s\nworking_set = 512MiB\n"                            \
    "[vm v]\nhost = a\nmemory = 2GiB\nworkload = w\n"                                              \
    "[migration]\nmax_bandwidth = unlimited\n[request r]\nvm = v\ntarget = b\n"                    \
    "[scenario]\nreplications = 8\nhorizon = 1h\n"

static void load(struct scenario *sc, const char *text, const char *set)
{
    struct scn_override override = {.text = set, .origin = "--set"};
    struct diag diag = {0};

    cr_assert_eq(scenario_load_text(sc, "sensitivity.ini", text, &override, set != NULL, &diag),
                 ST_OK, "[%s] %s: %s", diag.section, diag.key, diag.what);
}

static void find(struct sensitivity *s, const struct scenario *sc, const char *text, uint32_t jobs)
{
    struct sensitivity_options options = {.jobs = jobs};
    struct measure measure;
    struct diag diag = {0};

    cr_assert_eq(measure_parse(text, &measure, &diag), ST_OK, "%s", diag.what);
    cr_assert_eq(sensitivity_find(s, sc, &measure, &options, &diag), ST_OK, "%s", diag.what);
}

static const struct sensitivity_row *row_of(const struct sensitivity *s, const char *key)
{
    for (size_t i = 0; i < s->nr; i++)
        if (strcmp(s->rows[i].input->key, key) == 0)
            return &s->rows[i];
    return NULL;
}

static double measured(const char *set, const char *text)
{
    struct scenario sc;
    struct run_options options = {.jobs = 1};
    struct run_result run;
    struct measure measure;
    struct measured m;
    struct diag diag = {0};

    load(&sc, WORLD, set);
    cr_assert_eq(run_scenario(&sc, &options, &run, &diag), ST_OK);
    cr_assert_eq(measure_parse(text, &measure, &diag), ST_OK);
    cr_assert_eq(measure_of(&sc, &run, &measure, &m), ST_OK);
    run_free(&run);
    scenario_release(&sc);
    return m.value;
}

Test(sensitivity, an_end_is_what_a_run_with_that_value_measures)
{
    struct scenario sc;
    struct sensitivity s;
    const struct sensitivity_row *r;

    load(&sc, WORLD, NULL);
    find(&s, &sc, "total_time.mean", 1);
    cr_expect_float_eq(s.base.value, measured(NULL, "total_time.mean"), 1.0);
    r = row_of(&s, "dirty_rate");
    cr_assert(r);
    cr_expect_float_eq(r->low.value,
                       measured("workload w.write_rate=15MB/s..25MB/s", "total_time.mean"), 1.0);
    cr_expect_float_eq(r->high.value,
                       measured("workload w.write_rate=75MB/s..125MB/s", "total_time.mean"), 1.0);
    cr_expect_float_eq(r->changed_high, 1.0, 1e-9);
    sensitivity_release(&s);
    scenario_release(&sc);
}

Test(sensitivity, the_widest_come_first_and_what_is_not_there_is_left_out)
{
    struct scenario sc;
    struct sensitivity s;

    load(&sc, WORLD, NULL);
    find(&s, &sc, "total_time.p95", 1);
    cr_assert_gt(s.nr, 3);
    for (size_t i = 1; i < s.nr; i++)
        cr_expect_geq(s.rows[i - 1].swing, s.rows[i].swing);
    cr_expect(!row_of(&s, "background"));
    cr_expect(!row_of(&s, "delays"));
    cr_expect(row_of(&s, "link_rate"));
    cr_expect_gt(row_of(&s, "link_rate")->swing, 0.0);
    sensitivity_release(&s);
    scenario_release(&sc);
}

Test(sensitivity, an_idle_guest_has_no_dirty_rate_to_be_unsure_of)
{
    static const char idle[] = "[host a]\n[host b]\n[link l]\nrate = 1Gb/s\n"
                               "[vm v]\nhost = a\nmemory = 2GiB\n"
                               "[request r]\nvm = v\ntarget = b\n";
    struct scenario sc;
    struct sensitivity s;

    load(&sc, idle, NULL);
    find(&s, &sc, "total_time.max", 1);
    cr_expect(!row_of(&s, "dirty_rate"));
    cr_expect(!row_of(&s, "working_set"));
    sensitivity_release(&s);
    scenario_release(&sc);
}

Test(sensitivity, an_end_at_which_nothing_completes_is_infinitely_far)
{
    struct scenario sc;
    struct sensitivity s;

    load(&sc, WORLD, NULL);
    find(&s, &sc, "downtime.max", 1);
    cr_expect(isfinite(s.base.value));
    for (size_t i = 0; i < s.nr; i++)
        cr_expect(!isnan(s.rows[i].swing));
    sensitivity_release(&s);
    scenario_release(&sc);
}

Test(sensitivity, threads_change_nothing)
{
    struct scenario sc;
    struct sensitivity one, three;

    load(&sc, WORLD, NULL);
    find(&one, &sc, "total_time.p50", 1);
    find(&three, &sc, "total_time.p50", 3);
    cr_assert_eq(one.nr, three.nr);
    for (size_t i = 0; i < one.nr; i++) {
        cr_expect_eq(one.rows[i].input, three.rows[i].input);
        cr_expect_eq(one.rows[i].low.value, three.rows[i].low.value);
        cr_expect_eq(one.rows[i].high.value, three.rows[i].high.value);
    }
    sensitivity_release(&one);
    sensitivity_release(&three);
    scenario_release(&sc);
}

Test(sensitivity, without_a_measure_it_takes_that_of_the_first_threshold)
{
    struct scenario sc;
    struct measure m;
    struct strbuf text = STRBUF_INIT;
    struct diag diag = {0};

    load(&sc, WORLD "[thresholds]\ndowntime.p90 < 1s\ntimeouts.rate < 1%\n", NULL);
    cr_assert_eq(sensitivity_default(&sc, &m, &diag), ST_OK);
    measure_print(&m, &text);
    cr_expect_str_eq(strbuf_text(&text), "downtime.p90");
    scenario_release(&sc);
    load(&sc, WORLD, NULL);
    cr_assert_eq(sensitivity_default(&sc, &m, &diag), ST_OK);
    strbuf_clear(&text);
    measure_print(&m, &text);
    cr_expect_str_eq(strbuf_text(&text), "total_time.p50");
    strbuf_release(&text);
    scenario_release(&sc);
}
