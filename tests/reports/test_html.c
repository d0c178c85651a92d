/*
 * test_html.c - the page holds together, says what must be said, and executes no name.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "reports/chart.h"
#include "reports/html.h"
#include "reports/support_results.h"
#include "reports/support_xml.h"

static char *page(const struct run_result *run)
{
    struct strbuf out = STRBUF_INIT;
    char *text;

    cr_assert_eq(report_html(run, &out), ST_OK);
    text = strbuf_detach(&out);
    cr_assert_not_null(text);
    cr_expect_null(xml_fault(text), "%s", xml_fault(text));
    cr_expect_null(xml_number_fault(text), "%s", xml_number_fault(text));
    return text;
}

static void expect_before(const char *text, const char *first, const char *second)
{
    const char *a = strstr(text, first), *b = strstr(text, second);

    cr_expect(a && b && a < b, "'%s' before '%s'", first, second);
}

Test(report_html, verdict_and_thresholds_come_first)
{
    struct sample *s = sample_new();
    struct threshold_result *th;
    char *text;

    sample_add(s, "web-1");
    sample_add_timeout(s, "db-07");
    sample_add_threshold(s, "downtime.p99 < 500ms");
    th = sample_add_threshold(s, "timeouts.rate < 1%");
    th->crossed = true;
    text = page(&s->run);
    expect_before(text, "class=\"verdict bad\"", "timeouts.rate &lt; 1%");
    expect_before(text, "timeouts.rate &lt; 1%", "downtime.p99 &lt; 500ms");
    expect_before(text, "downtime.p99 &lt; 500ms", "id=\"outcomes\"");
    cr_expect_not_null(strstr(text, "1 of 2 migrations"));
    cr_expect_not_null(strstr(text, "completion timeout"));
    cr_expect_not_null(strstr(text, "00112233445566778899aabbccddeeff"));
    cr_expect_not_null(strstr(text, "migcast run scenarios/evacuate.ini --seed 7"));
    free(text);
    free(s);
}

Test(report_html, asks_for_no_other_file)
{
    static const char *const words[] = {" src=", "@import", "url(", "<link", "href=\"http"};
    struct sample *s = sample_new();
    char *text;

    sample_add_rounds(s, sample_add(s, "web-1"), 7);
    text = page(&s->run);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        cr_expect_null(strstr(text, words[i]), "%s", words[i]);
    free(text);
    free(s);
}

Test(report_html, runs_without_migrations_or_with_odd_ones_are_told)
{
    struct sample *s = sample_new();
    struct mig_result *mig;
    char *text = page(&s->run);

    free(text);
    mig = sample_add(s, "never");
    mig->started_ns = mig->ended_ns = mig->total_ns = -1;
    mig->downtime_ns = mig->blackout_ns = mig->setup_ns = -1;
    mig->source = mig->target = mig->reason = NULL;
    mig->outcome = OUTCOME_REJECTED;
    mig->guest_slowdown_ratio = NAN;
    s->run.scenario = s->run.digest = s->run.version = NULL;
    s->run.interrupted = true;
    text = page(&s->run);
    cr_expect_not_null(strstr(text, "rejected"));
    cr_expect_not_null(strstr(text, "Interrupted"));
    free(text);
    free(s);
}

Test(report_html, names_survive_and_are_not_executed)
{
    static const char *const names[][2] = {
        {"<img src=x onerror=alert(1)>", "&lt;img src=x onerror=alert(1)&gt;"},
        {"a\" onclick=\"b", "a&quot; onclick=&quot;b"},
        {"</title></style></script>", "&lt;/title&gt;&lt;/style&gt;&lt;/script&gt;"},
        {"a & b", "a &amp; b"},
        {"two\nlines", "two\\x0alines"},
        {"\xd7\xa9\xd7\x9c", "<bdi>\xd7\xa9\xd7\x9c</bdi>"},
        {"\xf0\x9f\x98\x80", "<bdi>\xf0\x9f\x98\x80</bdi>"},
        {"x\xe2\x80\xaey", "x\\u202ey"},
    };

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        struct sample *s = sample_new();
        struct mig_result *mig = sample_add(s, names[i][0]);
        char *text;

        mig->source = mig->target = mig->reason = names[i][0];
        mig->outcome = OUTCOME_FAILED;
        s->run.scenario = names[i][0];
        sample_add_rounds(s, mig, 3);
        mig->rounds = 3;
        sample_add_threshold(s, names[i][0])->file = names[i][0];
        text = page(&s->run);
        cr_expect_not_null(strstr(text, names[i][1]), "%s", names[i][1]);
        cr_expect_null(strstr(text, "<img"));
        free(text);
        free(s);
    }
}

Test(report_html, the_worst_link_to_their_rounds)
{
    struct sample *s = sample_new();
    char *text;

    sample_add_rounds(s, sample_add(s, "web-1"), 7);
    sample_add_rounds(s, sample_add_timeout(s, "db-07"), 31);
    text = page(&s->run);
    cr_expect_not_null(strstr(text, "<a href=\"#vm-1\"><bdi>db-07</bdi></a>"));
    cr_expect_not_null(strstr(text, "<h3 id=\"vm-1\"><bdi>db-07</bdi></h3>"));
    cr_expect_not_null(strstr(text, "<h3 id=\"vm-2\"><bdi>web-1</bdi></h3>"));
    cr_expect_eq(strstr(text, "id=\"c-vm-1-t\"") != NULL, chart_available());
    free(text);
    free(s);
}

Test(report_html, the_same_run_gives_the_same_bytes)
{
    struct sample *s = sample_new();
    char *one, *two;

    for (int i = 0; i < 60; i++)
        sample_add(s, i % 2 ? "a" : "b")->replication = (uint32_t)i / 2;
    s->run.replications = 30;
    sample_add_rounds(s, &s->migs[0], 7);
    one = page(&s->run);
    two = page(&s->run);
    cr_expect_str_eq(one, two);
    free(one);
    free(two);
    free(s);
}

Test(report_html, large_runs_stay_small_and_say_what_is_left_out)
{
    enum {
        MANY = 200000
    };
    struct sample *s = sample_new();
    struct mig_result *migs = calloc(MANY, sizeof(*migs));
    char(*names)[16] = calloc(MANY, sizeof(*names));
    struct run_result run = s->run;
    char *text;

    cr_assert(migs && names);
    sample_add(s, "x");
    for (size_t i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof(names[i]), "vm-%zu", i);
        migs[i] = s->migs[0];
        migs[i].vm = names[i];
        migs[i].started_ns += (int64_t)i * 1000000;
        migs[i].total_ns += (int64_t)(i * 7919 % 100003) * 100000;
        migs[i].ended_ns = migs[i].started_ns + migs[i].total_ns;
        migs[i].downtime_ns = (int64_t)(i * 104729 % 500009) * 1000;
    }
    run.migs = migs;
    run.nr_migs = MANY;
    text = page(&run);
    cr_expect_lt(strlen(text), 5000000);
    cr_expect_not_null(strstr(text, "The worst 500 of 200000 are listed"));
    free(text);
    free(names);
    free(migs);
    free(s);
}
