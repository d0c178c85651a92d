/*
 * test_chart.c - charts of none, one and many, of odd names and odd numbers.
 */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/units.h"
#include "reports/charts/chart.h"
#include "reports/support_results.h"
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

static char *gantt(const struct sample *s)
{
    const struct chart_gantt what = {&s->run, 0, s->run.nr_migs, "setting"};
    struct strbuf out = STRBUF_INIT;

    return checked(&out, chart_gantt(&out, &look, &what));
}

static size_t count(const char *text, const char *word)
{
    size_t nr = 0;

    for (; (text = strstr(text, word)); text += strlen(word))
        nr++;
    return nr;
}

Test(reports_chart, timeline_shows_each_of_few_and_the_slowest_of_many)
{
    static const size_t cases[] = {1, 5, GANTT_ROWS, GANTT_ROWS + 1, SAMPLE_MAX};

    if (!chart_available())
        cr_skip_test("built without charts");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sample *s = sample_new();
        struct chart_gantt what = {&s->run, 0, cases[i], "setting"};
        size_t rows[GANTT_ROWS], nr, slowest = 0;
        char *text;

        for (size_t m = 0; m < cases[i]; m++) {
            struct mig_result *mig = sample_add(s, "web");

            mig->ended_ns += (int64_t)(m * 7919 % SAMPLE_MAX) * NS_PER_MS;
        }
        nr = gantt_rows(&what, rows);
        cr_expect_eq(nr, cases[i] > GANTT_ROWS ? (size_t)GANTT_SLOWEST : cases[i]);
        for (size_t m = 0; m < cases[i]; m++)
            slowest = s->migs[m].ended_ns > s->migs[slowest].ended_ns ? m : slowest;
        text = gantt(s);
        cr_expect_eq(count(text, ">web</text>"), nr);
        cr_expect_eq(strstr(text, "waiting and running") != NULL, cases[i] >= 8);
        cr_expect_eq(strstr(text, "The slowest 20 of") != NULL, cases[i] > GANTT_ROWS);
        for (size_t r = 0; r <= nr; r++) {
            cr_assert_lt(r, nr, "the slowest has no row");
            if (rows[r] == slowest)
                break;
        }
        free(text);
        sample_free(s);
    }
}

/* Where the first shape after the label begins: a row's wait. */
static double first_x_after(const char *text, const char *label)
{
    static const char shape[] = "<rect x=\"";

    text = strstr(text, label);
    text = text ? strstr(text, shape) : NULL;
    return text ? strtod(text + strlen(shape), NULL) : NAN;
}

Test(reports_chart, a_further_attempt_waits_since_the_one_before)
{
    /* the axis: 1 s, the request, at 168; 900 s, the last end, at 832; the first ends at 302 s */
    static const struct {
        uint32_t job;
        double x;
    } cases[] = {{7, 168 + 664.0 * 301 / 899}, {8, 168}};

    if (!chart_available())
        cr_skip_test("built without charts");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sample *s = sample_new();
        struct mig_result *mig = sample_add_timeout(s, "hog");
        char *text;

        mig->job = 7;
        mig = sample_add_timeout(s, "hog");
        mig->job = cases[i].job;
        mig->attempt = 2;
        mig->started_ns = 600 * NS_PER_S;
        mig->ended_ns = mig->started_ns + mig->total_ns;
        text = gantt(s);
        cr_expect_float_eq(first_x_after(text, ">hog (2)</text>"), cases[i].x, 1);
        free(text);
        sample_free(s);
    }
}

Test(reports_chart, timeline_says_what_still_runs_and_what_was_no_live_migration)
{
    struct sample *s = sample_new();
    struct mig_result *mig;
    char *text;

    if (!chart_available())
        cr_skip_test("built without charts");
    sample_add(s, "db-1")->kind = "rescue";
    sample_add(s, "web-1")->kind = "live";
    mig = sample_add_timeout(s, "hog");
    mig->outcome = OUTCOME_QUEUED;
    mig->ended_ns = -1;
    text = gantt(s);
    cr_expect_not_null(strstr(text, "then hog still runs"));
    cr_expect_not_null(strstr(text, ">still migrating</text>"));
    cr_expect_not_null(strstr(text, ">db-1, rescue</text>"));
    cr_expect_not_null(strstr(text, ">web-1</text>"));
    free(text);
    sample_free(s);
}

Test(reports_chart, timeline_takes_what_never_started_or_never_ended)
{
    struct sample *s = sample_new();
    struct mig_result *mig;
    char *text;

    if (!chart_available())
        cr_skip_test("built without charts");
    mig = sample_add(s, "never");
    mig->started_ns = mig->ended_ns = mig->total_ns = -1;
    mig->downtime_ns = mig->blackout_ns = -1;
    mig->outcome = OUTCOME_REJECTED;
    mig = sample_add(s, "running");
    mig->ended_ns = -1;
    mig->outcome = OUTCOME_QUEUED;
    mig = sample_add(s, "post");
    mig->postcopy_ns = 10 * NS_PER_S;
    text = gantt(s);
    cr_expect_not_null(strstr(text, "1 of 3 migrations complete"));
    cr_expect_not_null(strstr(text, ">rejected</text>"));
    free(text);
    sample_free(s);
}

Test(reports_chart, names_survive_and_are_not_executed)
{
    struct sample *s = sample_new();
    char *text;

    if (!chart_available())
        cr_skip_test("built without charts");
    sample_add(s, "<script>alert(1)</script>&\"'\\sp\n\xf0\x9f\x98\x80\xd7\xa9");
    text = gantt(s);
    cr_expect_null(strstr(text, "<script"));
    cr_expect_not_null(strstr(text, "&#x3c;script&#x3e;"));
    free(text);
    sample_free(s);
}

Test(reports_chart, distribution_of_one_of_equals_and_of_many)
{
    static double values[100000];

    if (!chart_available())
        cr_skip_test("built without charts");
    for (size_t nr = 1; nr <= 100000; nr *= 10)
        for (int equal = 0; equal < 2; equal++) {
            struct chart_cdf what = {.ns = values,
                                     .nr = nr,
                                     .what = "guests stand still for",
                                     .axis = "Downtime",
                                     .subtitle = "n"};
            struct strbuf out = STRBUF_INIT;
            char *text;

            for (size_t i = 0; i < nr; i++)
                values[i] = equal ? 0 : 1e6 * (double)(i + 1);
            text = checked(&out, chart_cdf(&out, &look, &what));
            cr_expect_lt(strlen(text), 80000);
            cr_expect_eq(count(text, ">p50 ") + count(text, ">p95 ") + count(text, ">p99 "), 6,
                         "a label and a tip for each");
            free(text);
        }
}

Test(reports_chart, rounds_with_and_without_throttle)
{
    if (!chart_available())
        cr_skip_test("built without charts");
    for (size_t nr = 1; nr <= 31; nr += 10) {
        struct sample *s = sample_new();
        struct mig_result *mig = sample_add(s, "db");
        struct strbuf out = STRBUF_INIT;
        char *text;

        sample_add_rounds(s, mig, nr);
        s->rounds[0].threshold_bytes = 0;
        mig->max_throttle_pct = nr > 1 ? 30 : 0;
        text = checked(&out, chart_vm(&out, &look, &s->run, mig));
        cr_expect_eq(strstr(text, "(throttle)") != NULL, nr > 1);
        cr_expect_not_null(strstr(text, "blackout 230 ms"));
        cr_expect_not_null(strstr(text, "<title>round 1: "));
        free(text);
        sample_free(s);
    }
}

Test(reports_chart, forecasts_are_counted_in_the_title)
{
    const struct chart_pair pairs[] = {
        {"good", 10e9, 10.4e9, true, "kvm"},  {"far", 10e9, 30e9, true, "tcg"},
        {"wrong", 10e9, 10e9, false, "tcg"},  {"unknown", NAN, 10e9, true, "tcg"},
        {"nothing", 0, 10e9, true, "shared"},
    };
    static const char *const titles[] = {"no capture to compare with",
                                         "1 of 1 forecasts lie within 5 %", "1 of 2 forecasts",
                                         "1 of 3 forecasts lie within 5 %; 1 of the wrong outcome"};

    if (!chart_available())
        cr_skip_test("built without charts");
    for (size_t nr = 0; nr <= 5; nr++) {
        const struct chart_scatter what = {pairs, nr, "setting"};
        struct strbuf out = STRBUF_INIT;
        char *text = checked(&out, chart_scatter(&out, &look, &what));

        cr_expect_not_null(strstr(text, titles[nr < 3 ? nr : 3]), "%zu: %s", nr, text);
        free(text);
    }
}

/* Where the label @name stands: its element without the text; empty = there is no such label. */
static void label_place(const char *svg, const char *name, char *place, size_t cap)
{
    char label[32];
    const char *at, *begin, *next;

    snprintf(label, sizeof(label), ">%s</text>", name);
    place[0] = '\0';
    at = strstr(svg, label);
    if (!at)
        return;
    for (begin = next = svg; next && next < at; next = strstr(next + 1, "<text"))
        begin = next;
    snprintf(place, cap, "%.*s", (int)(at - begin), begin);
}

Test(reports_chart, names_in_the_scatter_do_not_cover_each_other)
{
    const struct chart_pair pairs[] = {{"first-name", 10e9, 30e9, true, "kvm"},
                                       {"other-name", 10.1e9, 30e9, true, "kvm"},
                                       {"third-name", 10e9, 30.3e9, true, "kvm"}};
    const struct chart_scatter what = {pairs, 3, "setting"};
    struct strbuf out = STRBUF_INIT;
    char places[3][200], *text;

    if (!chart_available())
        cr_skip_test("built without charts");
    text = checked(&out, chart_scatter(&out, &look, &what));
    for (size_t i = 0; i < 3; i++) {
        label_place(text, pairs[i].name, places[i], sizeof(places[i]));
        cr_expect(places[i][0], "%s is not named", pairs[i].name);
        for (size_t k = 0; k < i; k++)
            cr_expect_str_neq(places[i], places[k]);
    }
    free(text);
}

/* One curve a method; the title counts those within 5 % of the first two. */
Test(reports_chart, errors_of_methods_are_counted_in_the_title)
{
    const double ours[] = {0.0, 0.01, 0.02, 0.5}, his[] = {0.04, 0.2, 1.0, 50.0}, none[] = {0.0};
    struct chart_errors what = {
        {{"migcast", ours, 4}, {"Gudkov", his, 4}, {"AVG", none, 0}}, 1, "s"};

    if (!chart_available())
        cr_skip_test("built without charts");
    for (; what.nr <= 3; what.nr++) {
        struct strbuf out = STRBUF_INIT;
        char *text = checked(&out, chart_errors(&out, &look, &what));

        cr_expect_not_null(strstr(text, "migcast is within 5 % in 75 of 100 migrations"));
        cr_expect_eq(strstr(text, ", Gudkov in 25") != NULL, what.nr > 1);
        free(text);
    }
}

/* Observed and forecast may be empty, end at zero, or lie on top of each other. */
Test(reports_chart, the_course_of_a_migration_names_both_ends)
{
    const struct chart_course_point observed[] = {{0, 1e9}, {4e9, 1e6}, {4e9, 5e7}, {5e9, 0}};
    const struct chart_course_point middle[] = {{0, 1e9}, {5e9, 2e6}, {6e9, 0}};
    const struct chart_course_band band[] = {{0, 9e8, 1e9}, {3e9, 2e8, 4e8}, {7e9, 0, 0}};
    struct chart_course what = {"db", observed, middle, band, 0, 0, 0, 5e9, 6e9, "setting"};

    if (!chart_available())
        cr_skip_test("built without charts");
    for (int full = 0; full < 2; full++) {
        struct strbuf out = STRBUF_INIT;
        char *text;

        what.nr_observed = full ? 4 : 0;
        what.nr_middle = what.nr_forecast = full ? 3 : 0;
        text = checked(&out, chart_course(&out, &look, &what));
        cr_expect_not_null(strstr(text, "db: forecast 6 s, took 5 s"), "%s", text);
        cr_expect_not_null(strstr(text, "observed end"));
        free(text);
    }
}

Test(reports_chart, the_locale_changes_nothing)
{
    struct sample *s = sample_new();
    char *plain, *comma;

    if (!chart_available())
        cr_skip_test("built without charts");
    sample_add(s, "web");
    plain = gantt(s);
    if (!setlocale(LC_ALL, "de_DE.UTF-8") && !setlocale(LC_ALL, "de_DE"))
        cr_log_info("no locale with a decimal comma is installed");
    comma = gantt(s);
    cr_expect_str_eq(plain, comma);
    free(plain);
    free(comma);
    sample_free(s);
}

static unsigned big_endian(const char *at)
{
    const unsigned char *p = (const unsigned char *)at;

    return (unsigned)p[0] << 24 | (unsigned)p[1] << 16 | (unsigned)p[2] << 8 | p[3];
}

Test(reports_chart, a_png_has_the_size_of_the_chart_and_holds_no_time)
{
    const struct chart_look png = {CHART_PNG, "c"};
    const double values[] = {1e6, 2e6, 5e9};
    const struct chart_cdf what = {.ns = values,
                                   .nr = 3,
                                   .what = "guests stand still for",
                                   .axis = "Downtime",
                                   .subtitle = "n = 3"};
    struct strbuf one = STRBUF_INIT, two = STRBUF_INIT;

    if (!chart_available())
        cr_skip_test("built without charts");
    cr_assert_eq(chart_cdf(&one, &png, &what), ST_OK);
    cr_assert_eq(chart_cdf(&two, &png, &what), ST_OK);
    cr_assert_gt(one.len, 1000);
    cr_expect_arr_eq(one.buf, "\x89PNG\r\n\x1a\n", 8);
    cr_expect_eq(big_endian(one.buf + 16), 560);
    cr_expect_eq(big_endian(one.buf + 20), 380);
    cr_assert_eq(one.len, two.len);
    cr_expect_arr_eq(one.buf, two.buf, one.len);
    strbuf_release(&one);
    strbuf_release(&two);
}
