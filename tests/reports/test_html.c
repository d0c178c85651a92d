/*
 * test_html.c - the page holds together, says what must be said, and executes no name.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "reports/charts/chart.h"
#include "reports/html.h"
#include "reports/support_results.h"
#include "reports/support_xml.h"
#include "support_rows.h"

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
    sample_free(s);
}

Test(report_html, fixes_stand_before_the_outcomes_worst_vm_first)
{
    /* as a database gives them back: by migration; db-07 failed oftener */
    struct fix_result fixes[] = {{.mig = 0, .kind = FIX_ALONE},
                                 {.mig = 2, .kind = FIX_LINK_RATE, .value = 2.5e9},
                                 {.mig = 2, .kind = FIX_POSTCOPY, .value = 2}};
    struct sample *s = sample_new();
    char *text;

    sample_add_timeout(s, "cache")->replication = 1;
    sample_add(s, "cache")->replication = 2;
    sample_add_timeout(s, "db-07")->replication = 1;
    sample_add_timeout(s, "db-07")->replication = 2;
    s->run.replications = 2;
    text = page(&s->run);
    cr_expect_null(strstr(text, "id=\"fixes\""));
    free(text);
    s->run.fixes = fixes;
    s->run.nr_fixes = 3;
    text = page(&s->run);
    expect_before(text, "id=\"fixes\"", "a link of &gt;= 2.5 Gb/s, or post-copy from round 2 on<");
    expect_before(text, "post-copy from round 2 on<", "migrating it while no other migration runs");
    expect_before(text, "migrating it while no other migration runs", "id=\"outcomes\"");
    free(text);
    sample_free(s);
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
    sample_free(s);
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
    sample_free(s);
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
        sample_free(s);
    }
}

Test(report_html, hazards_stand_under_the_verdict_and_operations_before_outcomes)
{
    struct sample *s = sample_new();
    char *text;

    sample_add(s, "web-1");
    sample_add_threshold(s, "downtime.p99 < 500ms");
    sample_add_hazard(s, "dead-locked: the cluster is full");
    sample_add_operation(s, "empty-rack");
    sample_add_event(s, NULL, "node-4", "drain begins");
    text = page(&s->run);
    expect_before(text, "class=\"verdict", "<li><bdi>dead-locked: the cluster is full</bdi></li>");
    expect_before(text, "dead-locked", "downtime.p99 &lt; 500ms");
    expect_before(text, "downtime.p99 &lt; 500ms", "<bdi>empty-rack</bdi>");
    expect_before(text, "id=\"operations\"", "id=\"outcomes\"");
    expect_before(text, "id=\"timeline\"", "id=\"log\"");
    cr_expect_not_null(strstr(text, "3 of 4"));
    cr_expect_not_null(strstr(text, "node-4 waits for db-7: no target"));
    cr_expect_not_null(strstr(text, ">not done</span>"));
    cr_expect_not_null(strstr(text, "<b>3 s</b> drain begins"));
    cr_expect_not_null(strstr(text, "href=\"#operations\""));
    free(text);
    sample_free(s);
}

Test(report_html, what_no_cluster_did_leaves_no_heading)
{
    struct sample *s = sample_new();
    char *text;

    sample_add(s, "web-1");
    sample_add_hazard(s, "runs on two hosts")->kind = HAZARD_POSTCOPY;
    text = page(&s->run);
    cr_expect_null(strstr(text, "class=\"hazards\""), "of one migration the figures say it");
    cr_expect_null(strstr(text, "#operations"));
    cr_expect_null(strstr(text, "#log"));
    free(text);
    sample_free(s);
}

Test(report_html, operations_say_how_they_ended)
{
    static const struct {
        const char *word;
        int64_t started_ns, ended_ns;
        uint32_t done, given_up;
    } cases[] = {
        {">done</span>", 0, 9, 4, 0},
        {">given up</span>", 0, 9, 3, 1},
        {">not done</span>", 0, -1, 3, 1},
        {">not begun</span>", -1, -1, 0, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sample *s = sample_new();
        struct op_result *op = sample_add_operation(s, "empty");
        char *text;

        op->started_ns = cases[i].started_ns;
        op->ended_ns = cases[i].ended_ns;
        op->hosts_done = cases[i].done;
        op->hosts_given_up = cases[i].given_up;
        text = page(&s->run);
        cr_expect_not_null(strstr(text, cases[i].word), "%s", cases[i].word);
        free(text);
        sample_free(s);
    }
}

Test(report_html, operations_are_those_of_the_replication_shown)
{
    struct sample *s = sample_new();
    struct op_result *op;
    char *text;

    for (uint32_t r = 0; r < 3; r++) {
        struct mig_result *mig = sample_add(s, "web-1");

        mig->replication = r;
        mig->ended_ns += (int64_t)r * 1000000000; /* of three, number 1 has the median */
        op = sample_add_operation(s, "empty");
        op->replication = r;
        op->vms_moved = 1000 + r;
        op->hosts_done = r == 2 ? 4 : 3;
        op->ended_ns = r == 2 ? 5 : -1;
        sample_add_event(s, "web-1", NULL, r == 1 ? "of the median" : "of another")->replication =
            r;
    }
    s->run.replications = 3;
    sample_add_hazard(s, "dead-locked");
    text = page(&s->run);
    cr_expect_not_null(strstr(text, "<td>1001</td>"));
    cr_expect_null(strstr(text, "<td>1000</td>"));
    cr_expect_null(strstr(text, "<td>1002</td>"));
    cr_expect_not_null(strstr(text, "all hosts in 1 of 3 replications"));
    cr_expect_not_null(strstr(text, "dead-locked (in 1 of 3 replications)"));
    cr_expect_not_null(strstr(text, "of the median"));
    cr_expect_null(strstr(text, "of another"));
    free(text);
    sample_free(s);
}

/* Links and inputs have their tables; xml_fault() in page() finds what is not escaped. */
Test(report_html, links_queue_and_inputs_have_their_sections)
{
    static const char bad[] = "<img src=x onerror=alert(1)>\" 'a\nb\xe2\x80\xae";
    static const char good[] = "&lt;img src=x onerror=alert(1)&gt;&quot; &#39;a\\x0ab\\u202e";
    struct link_result links[2] = {{.link = bad, .nr = 16, .step_ns = 1000000000},
                                   {.link = "spine", .nr = 12, .step_ns = 1000000000}};
    struct input_result inputs[2] = {{bad, bad, bad, bad, 7}, {"vm web", "count", "3", "--set", 0}};
    struct sample *s = sample_new();
    size_t nr = 0;
    char *text;

    for (int i = 0; i < 3; i++)
        sample_add(s, "web")->job = (uint32_t)i;
    memset(links[0].used_pct, 100, 8);
    s->run.links = links;
    s->run.inputs = inputs;
    s->run.nr_links = s->run.nr_inputs = 2;
    s->run.nr_inputs_given = 5;
    text = page(&s->run);
    expect_before(text, "id=\"queue\"", "id=\"links\"");
    expect_before(text, "id=\"links\"", "id=\"inputs\"");
    cr_expect_not_null(strstr(text, "<td>50 %</td><td>8 s</td>"), "mean use, and full for");
    cr_expect_not_null(strstr(text, "5 values are given"));
    cr_expect_not_null(strstr(text, "The first 2;"));
    cr_expect_null(strstr(text, "<img"));
    for (const char *at = text; (at = strstr(at, good)); at++)
        nr++;
    /* the link, and once more in its chart; section, key, value, file, and the file among the files
     */
    cr_expect_eq(nr, chart_available() ? 7 : 6, "%zu", nr);
    free(text);
    sample_free(s);
}

Test(report_html, names_of_a_cluster_survive_and_are_not_executed)
{
    static const char bad[] = "<img src=x onerror=alert(1)>\" 'a\nb\xe2\x80\xae";
    static const char good[] = "&lt;img src=x onerror=alert(1)&gt;&quot; &#39;a\\x0ab\\u202e";
    struct sample *s = sample_new();
    struct op_result *op = sample_add_operation(s, bad);
    size_t nr = 0;
    char *text;

    op->kind = op->host = op->blocker = op->why = bad;
    sample_add_hazard(s, bad);
    sample_add_event(s, bad, bad, bad);
    sample_add_event(s, NULL, bad, bad);
    text = page(&s->run);
    cr_expect_null(strstr(text, "<img"));
    for (const char *at = text; (at = strstr(at, good)); at++)
        nr++;
    /* the hazard; name, kind, host, VM, reason; 3 and 2 in the log; 2 in the host's course */
    cr_expect_eq(nr, 13, "%zu", nr);
    free(text);
    sample_free(s);
}

Test(report_html, long_lists_of_a_cluster_are_cut_and_say_so)
{
    char(*names)[16] = calloc(SAMPLE_EVENTS, sizeof(*names));
    struct sample *s = sample_new();
    char *text;

    cr_assert_not_null(names);
    for (size_t i = 0; i < SAMPLE_EVENTS; i++) {
        snprintf(names[i], sizeof(names[i]), "node-%zu", i);
        sample_add_event(s, NULL, i < 20 ? "node-0" : names[i], "drain begins");
    }
    for (size_t i = 0; i < SAMPLE_OPS; i++) {
        sample_add_operation(s, "empty");
        sample_add_hazard(s, "dead-locked");
    }
    text = page(&s->run);
    cr_expect_not_null(strstr(text, "and 70 more; the JSON form holds all"));
    cr_expect_not_null(strstr(text, "The first 100 of 120 are listed"));
    cr_expect_not_null(strstr(text, "The first 100 hosts are listed"));
    cr_expect_not_null(strstr(text, "and 12 more</span>"));
    cr_expect_not_null(strstr(text, "The first 200 of 5000 lines"));
    free(text);
    free(names);
    sample_free(s);
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
    sample_free(s);
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
    sample_free(s);
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
    support_set_rows(&run, migs, MANY);
    text = page(&run);
    cr_expect_lt(strlen(text), 5000000);
    cr_expect_not_null(strstr(text, "The worst 500 of 200000 are listed"));
    free(text);
    free(names);
    result_free_migs(&run);
    free(migs);
    sample_free(s);
}
