/*
 * test_chart_answers.c - charts of sweeps, choices, sensitivities, links and queues: findings, odd
 * sizes, odd numbers and odd names.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/units.h"
#include "reports/charts/chart.h"
#include "reports/queue_course.h"
#include "reports/support_names.h"
#include "reports/support_xml.h"

static const struct chart_look look = {CHART_SVG, "c"};

/* A drawing that holds together, or the test fails; caller frees. */
static char *checked(struct strbuf *out, enum status st)
{
    char *text;

    cr_assert_eq(st, ST_OK);
    text = strbuf_detach(out);
    cr_assert_not_null(text);
    cr_expect_null(xml_fault(text), "%s", xml_fault(text));
    cr_expect_null(xml_number_fault(text), "%s", xml_number_fault(text));
    return text;
}

static void says(char *text, const char *finding)
{
    cr_expect_not_null(strstr(text, finding), "'%s' is missing", finding);
    free(text);
}

static char *heat(const struct chart_heat *what)
{
    struct strbuf out = STRBUF_INIT;

    return checked(&out, chart_heat(&out, &look, what));
}

Test(reports_chart_answers, a_heat_map_counts_the_settings_that_meet_thresholds)
{
    static const char *const labels[] = {"1", "2"};
    static const double values[] = {4e9, 2e9, 1e9, NAN};
    static const enum chart_met some[] = {CHART_CROSSED, CHART_MET, CHART_MET, CHART_UNJUDGED};
    static const enum chart_met none[4] = {CHART_CROSSED, CHART_CROSSED, CHART_CROSSED};
    struct chart_heat what = {"x",      "y",   labels, labels, 2, 2,  "downtime.p99",
                              VALUE_NS, false, values, some,   1, "s"};

    if (!chart_available())
        cr_skip_test("built without charts");
    says(heat(&what), "2 of 4 settings meet every threshold; best downtime.p99 there: 1 s");
    what.more_is_better = true;
    says(heat(&what), "best downtime.p99 there: 2 s");
    what.met = none;
    says(heat(&what), "None of 4 settings meets every threshold; downtime.p99 is 1 s to 4 s");
    what.met = NULL;
    says(heat(&what), "downtime.p99 goes from 1 s to 4 s");
}

Test(reports_chart_answers, a_heat_map_of_any_size_stays_small)
{
    enum {
        MOST = 200
    };
    static double values[MOST * MOST];
    static const char *labels[MOST];
    struct chart_heat what = {"x",         "y",  labels, labels, 1,        1,  "completed.rate",
                              VALUE_RATIO, true, values, NULL,   SIZE_MAX, "s"};

    if (!chart_available())
        cr_skip_test("built without charts");
    for (size_t i = 0; i < MOST; i++)
        labels[i] = "label";
    for (size_t nr = 1; nr <= MOST; nr = nr < 50 ? nr * 7 : nr + MOST - 49) {
        char *text;

        what.nr_x = what.nr_y = nr;
        for (size_t i = 0; i < nr * nr; i++)
            values[i] = (double)(i / nr) / MOST;
        text = heat(&what);
        cr_expect_lt(strlen(text), 1000000, "%zu: %zu bytes", nr, strlen(text));
        free(text);
    }
    for (size_t i = 0; i < MOST; i++)
        values[i] = NAN;
    what.nr_x = MOST;
    what.nr_y = 1;
    says(heat(&what), "completed.rate is known at none of 200 settings");
}

static char *levels(const struct chart_levels *what)
{
    struct strbuf out = STRBUF_INIT;

    return checked(&out, chart_levels(&out, &look, what));
}

Test(reports_chart_answers, levels_name_the_best_value)
{
    static const struct chart_level all[] = {{"1", 5e9, 4e9, 6e9, CHART_CROSSED},
                                             {"2", NAN, NAN, NAN, CHART_UNJUDGED},
                                             {"4", 1e9, NAN, NAN, CHART_MET},
                                             {"8", 2e9, 1e9, 3e9, CHART_MET}};
    struct chart_levels what = {"parallel", "makespan", VALUE_NS, false, all, 4, 0, 3e9, "s"};

    if (!chart_available())
        cr_skip_test("built without charts");
    says(levels(&what), "makespan is best at parallel 4: 1 s; 2 of 4 meet every threshold");
    what.more_is_better = true;
    says(levels(&what), "makespan is best at parallel 1: 5 s");
    what.levels = &all[1];
    what.nr = 1;
    says(levels(&what), "makespan is known at none of 1 values of parallel");
}

static char *pareto(const struct chart_pareto *what)
{
    struct strbuf out = STRBUF_INIT;

    return checked(&out, chart_pareto(&out, &look, what));
}

Test(reports_chart_answers, a_front_is_numbered_and_listed)
{
    static struct chart_choice all[30];
    struct chart_pareto what = {.x_name = "cost",
                                .y_name = "downtime",
                                .x_unit = VALUE_COUNT,
                                .y_unit = VALUE_NS,
                                .choices = all,
                                .subtitle = "s"};
    char *text;

    if (!chart_available())
        cr_skip_test("built without charts");
    says(pareto(&what), "None of 0 settings has both cost and downtime");
    for (size_t i = 0; i < 30; i++)
        all[i] =
            (struct chart_choice){"rate=1", (double)i, (double)(30 - i) * 1e9, true, true, i == 3};
    what.nr = 1;
    says(pareto(&what), "One of 1 settings is best in both: cost 0, downtime 30 s");
    all[29].x = NAN;
    all[28].front = all[28].allowed = false;
    what.nr = 30;
    text = pareto(&what);
    cr_expect_not_null(strstr(text, "28 of 29 settings cannot be bettered in both cost and"));
    cr_expect_not_null(strstr(text, ">and 16 more<"));
    cr_expect_not_null(strstr(text, "misses a goal"));
    free(text);
}

/* Whichever way is better, the stair and its shade stay inside the plot. */
Test(reports_chart_answers, both_directions_of_both_measures)
{
    static const struct chart_choice all[] = {{"a", 1, 0.5, true, true, true},
                                              {"b", 50, 0.9, true, true, false},
                                              {"c", 3, 0.7, false, false, false}};

    if (!chart_available())
        cr_skip_test("built without charts");
    for (int k = 0; k < 4; k++) {
        struct chart_pareto what = {"x", "y", VALUE_BYTES, VALUE_RATIO, k & 1, k & 2, all, 3, "s"};

        says(pareto(&what), "2 of 3 settings");
    }
}

static char *tornado(const struct chart_tornado *what)
{
    struct strbuf out = STRBUF_INIT;

    return checked(&out, chart_tornado(&out, &look, what));
}

Test(reports_chart_answers, a_tornado_names_the_widest_and_hides_the_narrowest)
{
    static struct chart_swing all[40];
    struct chart_tornado what = {"downtime", VALUE_NS, 1e9, NAN, all, 0, "s"};
    char *text;

    if (!chart_available())
        cr_skip_test("built without charts");
    says(tornado(&what), "No input moves downtime from 1 s");
    for (size_t i = 0; i < 40; i++)
        all[i] = (struct chart_swing){i == 7 ? "wide" : "narrow", "1", NULL, 0.9e9,
                                      i == 7 ? 5e9 : 1.1e9};
    all[3].low = all[3].high = NAN;
    all[4].low = all[4].high = 1e9;
    what.nr = 40;
    what.limit = 2e9;
    text = tornado(&what);
    cr_expect_not_null(strstr(text, "wide moves downtime most: 900 ms to 5 s"));
    cr_expect_not_null(strstr(text, ">23 more inputs move it less<"));
    cr_expect_not_null(strstr(text, ">limit 2 s<"));
    free(text);
}

static char *links(const struct chart_links *what)
{
    struct strbuf out = STRBUF_INIT;

    return checked(&out, chart_links(&out, &look, what));
}

Test(reports_chart_answers, links_say_how_long_the_busiest_is_full)
{
    static double used[2][300];
    static const struct chart_link all[] = {{"idle", used[0]}, {"busy", used[1]}};
    struct chart_links what = {all, 2, 300, 1e9, "s"};

    if (!chart_available())
        cr_skip_test("built without charts");
    for (size_t i = 0; i < 300; i++)
        used[1][i] = 0.5;
    used[0][5] = NAN;
    says(links(&what), "No link is ever full; busy is busiest: 50 % on average, 50 % at most");
    for (size_t i = 0; i < 60; i++)
        used[1][100 + i] = 0.97;
    says(links(&what), "busy is full for 1 min of 5 min");
    what.nr = 0;
    what.nr_steps = 0;
    says(links(&what), "No link carries a migration");
}

Test(reports_chart_answers, a_queue_says_when_it_is_longest)
{
    static struct queue_step steps[] = {{0, 3, 1}, {4 * NS_PER_S, 5, 2}, {9 * NS_PER_S, 0, 0}};
    struct queue_course course = {steps, 3, 5, 2, 4 * NS_PER_S, 2.0};
    const struct chart_queue what = {&course, "s"};
    struct strbuf out = STRBUF_INIT;

    if (!chart_available())
        cr_skip_test("built without charts");
    says(checked(&out, chart_queue(&out, &look, &what)),
         "Up to 5 migrations wait (first at 4 s), and up to 2 run at a time");
    course.most_waiting = 0;
    says(checked(&out, chart_queue(&out, &look, &what)),
         "Nothing waits; up to 2 migrations run at a time");
}

/* Names go into titles, tips, labels and lists; xml_fault() finds what is not escaped. */
Test(reports_chart_answers, names_survive_and_are_not_executed)
{
    static const double value[] = {1e9};

    if (!chart_available())
        cr_skip_test("built without charts");
    for (size_t i = 0; i < support_nr_names; i++) {
        const char *name = support_names[i];
        const struct chart_heat h = {name,     name,  &name, &name, 1, 1,   name,
                                     VALUE_NS, false, value, NULL,  0, name};
        const struct chart_level level = {name, 1e9, 0.5e9, 2e9, CHART_MET};
        const struct chart_levels l = {name, name, VALUE_NS, false, &level, 1, 0, 3e9, name};
        const struct chart_choice choice = {name, 1, 2, true, true, true};
        const struct chart_pareto p = {name,  name,    VALUE_COUNT, VALUE_COUNT, false,
                                       false, &choice, 1,           name};
        const struct chart_swing swing = {name, name, name, 1, 3};
        const struct chart_tornado t = {name, VALUE_COUNT, 2, 2.5, &swing, 1, name};
        const struct chart_link link = {name, value};
        const struct chart_links k = {&link, 1, 1, 1e9, name};

        free(heat(&h));
        free(levels(&l));
        free(pareto(&p));
        free(tornado(&t));
        free(links(&k));
    }
}
