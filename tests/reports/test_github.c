/*
 * test_github.c - workflow commands that no name can forge, and no more than GitHub shows.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "reports/report.h"
#include "reports/support_names.h"
#include "reports/support_results.h"

static char *report(const struct sample *s)
{
    struct strbuf out = STRBUF_INIT;

    cr_assert_eq(report_github(&s->run, &out), ST_OK);
    return strbuf_detach(&out);
}

static size_t count(const char *text, const char *what)
{
    size_t nr = 0;

    while ((text = strstr(text, what))) {
        nr++;
        text++;
    }
    return nr;
}

/* The message of the command that begins at @line, decoded into @out. */
static void decode_message(const char *line, char *out, size_t cap)
{
    const char *at = strstr(line + 2, "::");
    size_t len = 0;

    cr_assert_not_null(at);
    for (at += 2; *at && *at != '\n' && len + 1 < cap; at++) {
        unsigned byte = (unsigned char)*at;

        if (*at == '%') {
            cr_assert_eq(sscanf(at + 1, "%2x", &byte), 1);
            at += 2;
        }
        out[len++] = (char)byte;
    }
    out[len] = '\0';
}

Test(report_github, a_crossed_threshold_points_at_its_line)
{
    struct sample *s = sample_new();
    struct threshold_result *th;
    char *text;

    sample_add(s, "db-1");
    sample_add_threshold(s, "downtime.max < 1s");
    th = sample_add_threshold(s, "downtime.p99 < 200ms");
    th->crossed = true;
    th->limit = 200e6;
    th = sample_add_threshold(s, "total_time.max < 40s");
    th->crossed = true;
    th->error = false;
    text = report(s);
    cr_expect_not_null(strstr(text, "::error file=scenarios/evacuate.ini,line=42,title=threshold "
                                    "crossed::downtime.p99 < 200ms: measured 212 ms, limit 200 ms"),
                       "%s", text);
    cr_expect_not_null(strstr(text, "::warning file=scenarios/evacuate.ini,line=43,"), "%s", text);
    cr_expect_eq(count(text, "\n"), 3);
    free(text);
    sample_free(s);
}

Test(report_github, a_migration_says_how_it_ended_and_why)
{
    struct sample *s = sample_new();
    char *text;

    sample_add(s, "web-1");
    sample_add_timeout(s, "db-07");
    text = report(s);
    cr_expect_not_null(strstr(text, "::error file=scenarios/evacuate.ini,title=db-07%3A migration "
                                    "timeout::db-07, attempt 1: timeout: completion timeout, total "
                                    "time 5 min 00 s"),
                       "%s", text);
    cr_expect_null(strstr(text, "web-1"));
    cr_expect_not_null(strstr(text, "::notice file=scenarios/evacuate.ini,title=PARTLY COMPLETED::"
                                    "1 of 2 migrations complete; 1 timeout"),
                       "%s", text);
    free(text);
    sample_free(s);
}

Test(report_github, a_hazard_is_a_warning_and_forges_no_command)
{
    struct sample *s = sample_new();
    char *text;

    sample_add(s, "web-1");
    sample_add(s, "web-2");
    sample_add_hazard(s, "dead-locked\n::error::100% of it");
    text = report(s);
    cr_expect_not_null(strstr(text,
                              "::warning file=scenarios/evacuate.ini,title=hazard::dead-locked"
                              "%0A::error::100%25 of it\n"),
                       "%s", text);
    cr_expect_eq(count(text, "\n"), 2);
    free(text);
    sample_free(s);
}

Test(report_github, replications_of_a_vm_are_one_annotation)
{
    struct sample *s = sample_new();
    char *text;

    s->run.replications = 3;
    sample_add(s, "db-07");
    sample_add_timeout(s, "db-07")->replication = 1;
    sample_add(s, "db-07")->replication = 2;
    text = report(s);
    cr_expect_eq(count(text, "::error "), 1);
    cr_expect_not_null(strstr(text, "attempt 1: of 3 replications 2 completed, 1 timeout: "
                                    "completion timeout, total time 41.2 s (median)"),
                       "%s", text);
    free(text);
    sample_free(s);
}

Test(report_github, what_still_waits_is_a_warning)
{
    struct sample *s = sample_new();
    struct mig_result *m = sample_add(s, "db-07");
    char *text;

    s->run.scenario = "quick"; /* no file to point at */
    m->outcome = OUTCOME_QUEUED;
    m->started_ns = m->ended_ns = -1;
    text = report(s);
    cr_expect_eq(strncmp(text, "::warning title=db-07%3A migration queued::", 42), 0, "%s", text);
    free(text);
    sample_free(s);
}

Test(report_github, at_most_ten_of_a_kind_and_the_rest_is_counted)
{
    static const struct {
        size_t failed, errors;
        const char *more;
    } cases[] = {{9, 9, NULL}, {10, 10, NULL}, {11, 10, "and 2 more"}, {500, 10, "and 491 more"}};

    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        struct sample *s = sample_new();
        static char names[500][24];
        char *text;

        for (size_t i = 0; i < cases[c].failed; i++) {
            (void)snprintf(names[i], sizeof(names[i]), "vm%zu", i);
            sample_add_timeout(s, names[i]);
        }
        text = report(s);
        cr_expect_eq(count(text, "::error "), cases[c].errors, "%zu failed", cases[c].failed);
        cr_expect_eq(strstr(text, " more;") != NULL, cases[c].more != NULL);
        cr_expect(!cases[c].more || strstr(text, cases[c].more), "%s", text);
        free(text);
        sample_free(s);
    }
}

Test(report_github, no_name_breaks_out_of_its_command)
{
    for (size_t i = 0; i < support_nr_names; i++) {
        struct sample *s = sample_new();
        char message[1024], *text, *end;

        sample_add_timeout(s, support_names[i])->source = support_names[i];
        s->run.scenario = support_names[i];
        text = report(s);
        cr_expect_eq(count(text, "\n"), 2, "%s", text);
        cr_expect_eq(strncmp(text, "::error file=", 13), 0);
        cr_expect_null(strchr(text, '\r'));
        cr_expect_null(strchr(text, 0x1b));
        decode_message(text, message, sizeof(message));
        end = message + strlen(support_names[i]);
        if (i < support_nr_printable)
            cr_expect(strncmp(message, support_names[i], strlen(support_names[i])) == 0 &&
                          strncmp(end, ", attempt 1", 11) == 0,
                      "%s", message);
        free(text);
        sample_free(s);
    }
}
