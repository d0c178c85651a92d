/*
 * test_junit.c - well-formed XML with the elements that readers of test results know.
 *
 * A small reader of XML stands here: it checks what XML 1.0 asks of such a document, counts what
 * the suites claim, and gives the names of the cases back.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/json_text.h"
#include "reports/report.h"
#include "reports/support_names.h"
#include "reports/support_results.h"

static char *report(const struct run_result *run)
{
    struct strbuf out = STRBUF_INIT;

    cr_assert_eq(report_junit(run, &out), ST_OK);
    return strbuf_detach(&out);
}

struct seen {
    size_t cases, failures, skipped;
    size_t tests_claimed, failures_claimed, skipped_claimed; /* sums over the suites */
    struct strbuf first_case;                                /* decoded */
};

/* Decodes text up to @stop; every '&' must begin one of the references that need no DTD. */
static const char *decode(const char *at, char stop, struct strbuf *out)
{
    static const struct {
        const char *reference;
        char c;
    } table[] = {{"&amp;", '&'}, {"&lt;", '<'},   {"&gt;", '>'},  {"&quot;", '"'},
                 {"&#9;", '\t'}, {"&#10;", '\n'}, {"&#13;", '\r'}};

    strbuf_clear(out);
    while (*at && *at != stop) {
        const char *start = at;
        int32_t code = utf8_next(&at);
        size_t i = 0;

        cr_assert_neq(code, -1, "UTF-8: %.20s", start);
        cr_assert(code >= 0x20 || code == '\n', "a control character: %d", (int)code);
        cr_assert(code != 0xfffe && code != 0xffff);
        cr_assert(code != '<', "a bare '<': %.20s", start);
        if (code != '&') {
            strbuf_add(out, start, (size_t)(at - start));
            continue;
        }
        while (i < 7 && strncmp(start, table[i].reference, strlen(table[i].reference)) != 0)
            i++;
        cr_assert_lt(i, 7, "a reference: %.20s", start);
        strbuf_addch(out, table[i].c);
        at = start + strlen(table[i].reference);
    }
    cr_assert_eq(*at, stop);
    return at;
}

static void take_attribute(struct seen *seen, const char *element, const char *name,
                           const char *value)
{
    bool suite = strcmp(element, "testsuite") == 0;
    double number;
    char more;

    if (suite && strcmp(name, "tests") == 0)
        seen->tests_claimed += strtoul(value, NULL, 10);
    if (suite && strcmp(name, "failures") == 0)
        seen->failures_claimed += strtoul(value, NULL, 10);
    if (suite && strcmp(name, "skipped") == 0)
        seen->skipped_claimed += strtoul(value, NULL, 10);
    if (strcmp(name, "time") == 0)
        cr_expect_eq(sscanf(value, "%lf%c", &number, &more), 1, "%s", value);
    if (strcmp(element, "testcase") == 0 && strcmp(name, "name") == 0 && seen->cases == 1)
        strbuf_addstr(&seen->first_case, value);
}

/* The attributes of @element; returns the '>' or '/' after them. */
static const char *read_attributes(const char *at, const char *element, struct seen *seen)
{
    struct strbuf value = STRBUF_INIT;
    char name[32];
    int len;

    while (*at == ' ') {
        cr_assert_eq(sscanf(at, " %31[a-z]=%n", name, &len), 1, "%.20s", at);
        at += len;
        cr_assert_eq(*at, '"');
        at = decode(at + 1, '"', &value) + 1;
        take_attribute(seen, element, name, strbuf_text(&value));
    }
    strbuf_release(&value);
    return at;
}

static void take_element(struct seen *seen, const char *element, const char *parent)
{
    static const char *const known[][2] = {
        {"testsuites", ""},         {"testsuite", "testsuites"}, {"properties", "testsuite"},
        {"property", "properties"}, {"testcase", "testsuite"},   {"failure", "testcase"},
        {"skipped", "testcase"},    {"system-out", "testcase"},  {"system-out", "testsuite"}};
    bool found = false;

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        found |= strcmp(known[i][0], element) == 0 && strcmp(known[i][1], parent) == 0;
    cr_assert(found, "<%s> in <%s>", element, parent);
    seen->cases += strcmp(element, "testcase") == 0;
    seen->failures += strcmp(element, "failure") == 0;
    seen->skipped += strcmp(element, "skipped") == 0;
}

static struct seen read_xml(const char *text)
{
    static const char head[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
    char open[8][16] = {""};
    size_t depth = 0;
    struct seen seen = {0};
    struct strbuf words = STRBUF_INIT;

    cr_assert_eq(strncmp(text, head, strlen(head)), 0);
    for (const char *at = text + strlen(head); *at;) {
        char element[16];

        if (*at != '<') {
            at = decode(at, depth ? '<' : '\0', &words);
        } else if (at[1] == '/') {
            cr_assert_eq(sscanf(at, "</%15[a-z-]>", element), 1);
            cr_assert_str_eq(element, open[depth]);
            depth--;
            at = strchr(at, '>') + 1;
        } else {
            cr_assert_eq(sscanf(at, "<%15[a-z-]", element), 1, "%.20s", at);
            take_element(&seen, element, open[depth]);
            at = read_attributes(at + 1 + strlen(element), element, &seen);
            if (*at == '/') {
                at++;
            } else {
                cr_assert_lt(++depth, 8);
                memcpy(open[depth], element, sizeof(element));
            }
            cr_assert_eq(*at, '>', "%.20s", at);
            at++;
        }
    }
    cr_assert_eq(depth, 0);
    cr_expect_eq(seen.cases, seen.tests_claimed);
    cr_expect_eq(seen.failures, seen.failures_claimed);
    cr_expect_eq(seen.skipped, seen.skipped_claimed);
    strbuf_release(&words);
    return seen;
}

Test(report_junit, a_case_for_each_threshold_and_each_vm)
{
    struct sample *s = sample_new();
    struct threshold_result *th;
    struct seen seen;
    char *text;

    sample_add(s, "web-1");
    sample_add_timeout(s, "db-07")->attempt = 2;
    sample_add_threshold(s, "downtime.max < 1s");
    th = sample_add_threshold(s, "downtime.p99 < 200ms");
    th->crossed = true;
    th->limit = 200e6;
    th = sample_add_threshold(s, "total_time.max < 40s");
    th->crossed = true;
    th->error = false;
    sample_add_threshold(s, "postcopy.max < 1s")->value = NAN;
    text = report(&s->run);
    seen = read_xml(text);
    cr_expect_eq(seen.cases, 6);
    cr_expect_eq(seen.failures, 2);
    cr_expect_eq(seen.skipped, 1);
    cr_expect_not_null(strstr(text, "<failure message=\"measured 212 ms, limit 200 ms\" "
                                    "type=\"threshold\">downtime.p99 &lt; 200ms&#10;measured 212 "
                                    "ms, limit 200 ms&#10;scenarios/evacuate.ini:42</failure>"),
                       "%s", text);
    cr_expect_not_null(strstr(text, "<system-out>warning: total_time.max"));
    cr_expect_not_null(strstr(text, "name=\"db-07 attempt 2\" time=\"300.000\">\n"
                                    "      <failure message=\"timeout: completion timeout"));
    cr_expect_not_null(strstr(text, "name=\"web-1\" time=\"41.200\"></testcase>"));
    strbuf_release(&seen.first_case);
    free(text);
    sample_free(s);
}

Test(report_junit, many_vms_are_told_by_class)
{
    struct sample *s = sample_new();
    static char names[600][32];
    struct seen seen;
    char *text;

    for (size_t i = 0; i < 600; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "%s-%zu", i % 3 ? "web" : "db", i);
        if (i == 30)
            sample_add_timeout(s, names[i]);
        else
            sample_add(s, names[i]);
    }
    text = report(&s->run);
    seen = read_xml(text);
    cr_expect_eq(seen.cases, 2);
    cr_expect_eq(seen.failures, 1);
    cr_expect_str_eq(strbuf_text(&seen.first_case), "db-*");
    cr_expect_not_null(strstr(text, "1 of 200 migrations do not complete; worst is db-30: timeout"),
                       "%s", text);
    strbuf_release(&seen.first_case);
    free(text);
    sample_free(s);
}

Test(report_junit, the_number_of_cases_is_bounded)
{
    struct sample *s = sample_new();
    static char names[SAMPLE_MAX][32];
    struct seen seen;
    char *text;

    for (size_t i = 0; i < SAMPLE_MAX; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "vm%zux", i);
        sample_add_timeout(s, names[i]);
    }
    text = report(&s->run);
    seen = read_xml(text);
    cr_expect_eq(seen.cases, 1000);
    cr_expect_not_null(strstr(text, "24 more classes"));
    strbuf_release(&seen.first_case);
    free(text);
    sample_free(s);
}

Test(report_junit, names_survive)
{
    for (size_t i = 0; i < support_nr_names; i++) {
        struct sample *s = sample_new();
        struct mig_result *m = sample_add_timeout(s, support_names[i]);
        struct threshold_result *th = sample_add_threshold(s, support_names[i]);
        struct seen seen;
        char *text;

        m->source = m->reason = s->run.scenario = s->run.digest = support_names[i];
        th->file = support_names[i];
        th->crossed = true;
        text = report(&s->run);
        seen = read_xml(text);
        cr_expect_eq(seen.cases, 2);
        /* newlines and turning marks too; the last ones hold what XML cannot */
        if (i < support_nr_printable + 2)
            cr_expect_str_eq(strbuf_text(&seen.first_case), support_names[i]);
        strbuf_release(&seen.first_case);
        free(text);
        sample_free(s);
    }
}

Test(report_junit, hazards_are_told_and_fail_nothing)
{
    struct sample *s = sample_new();
    struct seen seen;
    char *text;

    sample_add(s, "web-1");
    sample_add(s, "web-2");
    sample_add_hazard(s, "dead-locked");
    sample_add_hazard(s, "<failure message=\"lost\"/>");
    text = report(&s->run);
    seen = read_xml(text);
    cr_expect_eq(seen.cases, 2);
    cr_expect_eq(seen.failures, 0);
    cr_expect_not_null(strstr(text, "<system-out>hazard: dead-locked\nhazard: &lt;failure"), "%s",
                       text);
    strbuf_release(&seen.first_case);
    free(text);
    sample_free(s);
}

Test(report_junit, an_empty_run_has_empty_suites)
{
    struct sample *s = sample_new();
    char *text = report(&s->run);
    struct seen seen = read_xml(text);

    cr_expect_eq(seen.cases, 0);
    strbuf_release(&seen.first_case);
    free(text);
    sample_free(s);
}
