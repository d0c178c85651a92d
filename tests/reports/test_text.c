/*
 * test_text.c - the terminal report says it in words, in time, and on one screen.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "base/units.h"
#include "reports/cell.h"
#include "reports/report.h"
#include "reports/support_results.h"

static char *report(const struct sample *s, struct report_text_opts opts)
{
    struct strbuf out = STRBUF_INIT;

    cr_assert_eq(report_text(&s->run, &opts, &out), ST_OK);
    return strbuf_detach(&out);
}

static void expect_has(const char *text, const char *words)
{
    cr_expect_not_null(strstr(text, words), "'%s' is not in:\n%s", words, text);
}

/* No line is wider than @width; returns the number of lines. */
static size_t check_lines(const char *text, size_t width)
{
    size_t lines = 0;

    while (*text) {
        size_t len = strcspn(text, "\n");
        char line[4096];

        cr_assert_lt(len, sizeof(line));
        memcpy(line, text, len);
        line[len] = '\0';
        cr_expect_leq(cell_width(line), width, "%zu columns: %s", cell_width(line), line);
        cr_expect(len == 0 || line[len - 1] != ' ', "blank at the end: '%s'", line);
        lines++;
        text += len + (text[len] == '\n');
    }
    return lines;
}

Test(report_text, one_migration_reads_as_a_whole)
{
    struct sample *s = sample_new();
    char *text;

    sample_add(s, "db-07");
    sample_add_threshold(s, "downtime.p99 < 500ms");
    text = report(s, (struct report_text_opts){0});
    cr_expect_str_eq(
        text, "COMPLETED: db-07 moves from node-a to node-b in 41.2 s; its guest stands still\n"
              "  for 212 ms.\n"
              "\n"
              "  outcome       completed\n"
              "  total time    41.2 s, of it 12 ms set-up\n"
              "  downtime      212 ms; no vCPU runs for 230 ms\n"
              "  rounds        7\n"
              "  bytes sent    72 GiB, 1.75 GiB/s on average\n"
              "  guest         loses 3.1 % of its work meanwhile\n"
              "  limited by    link\n"
              "\n"
              "Thresholds\n"
              "  ok            downtime.p99 < 500ms: 212 ms\n"
              "\n"
              "scenarios/evacuate.ini, seed 7, 1 replication, migcast 0.1.0\n");
    free(text);
    sample_free(s);
}

/* Outcome, binding, and what the reader must find. */
static const struct {
    enum outcome outcome;
    enum binding binding;
    bool started;
    uint64_t convergence;
    const char *verdict, *fix;
} fates[] = {
    {OUTCOME_TIMEOUT, BINDING_DIRTY_RATE, true, 1400 * MIB, "TIMEOUT: db-07 is given up after",
     "about 1.37 GiB/s of bandwidth for this migration, or slow the guest"},
    {OUTCOME_TIMEOUT, BINDING_DIRTY_RATE, true, 0, "stays on node-a",
     "slow the guest with auto_converge"},
    {OUTCOME_TIMEOUT, BINDING_CAP, true, 500 * MIB, "TIMEOUT",
     "500 MiB/s of bandwidth for this migration: raise max_bandwidth"},
    {OUTCOME_TIMEOUT, BINDING_LINK, true, 0, "TIMEOUT", "a faster link"},
    {OUTCOME_TIMEOUT, BINDING_STREAM_CPU, true, 0, "TIMEOUT", "multifd"},
    {OUTCOME_TIMEOUT, BINDING_SCAN, true, UINT64_MAX, "TIMEOUT", "multifd"},
    {OUTCOME_TIMEOUT, BINDING_DOWNTIME_LIMIT, true, 0, "TIMEOUT", "a downtime_limit of 813 ms"},
    {OUTCOME_TIMEOUT, BINDING_TIMEOUT, true, 900 * MIB, "TIMEOUT",
     "a longer completion_timeout, or about 900 MiB/s"},
    {OUTCOME_CANCELLED, BINDING_NONE, true, 0, "CANCELLED: db-07 is cancelled after", NULL},
    {OUTCOME_FAILED, BINDING_FAULT, true, 0, "FAILED: db-07 fails after", "repeat the migration"},
    {OUTCOME_REJECTED, BINDING_NONE, false, 0, "REJECTED: db-07 does not start", NULL},
    {OUTCOME_QUEUED, BINDING_NONE, false, 0, "QUEUED: db-07 is still waiting", "a longer horizon"},
    {OUTCOME_QUEUED, BINDING_LINK, true, 0, "QUEUED: db-07 is still migrating", "a longer horizon"},
};

Test(report_text, each_fate_is_told_with_its_smallest_fix)
{
    for (size_t i = 0; i < sizeof(fates) / sizeof(fates[0]); i++) {
        struct sample *s = sample_new();
        struct mig_result *m = sample_add(s, "db-07");
        char *text, *joined;

        m->outcome = fates[i].outcome;
        m->binding = fates[i].binding;
        m->convergence_bytes_per_s = fates[i].convergence;
        m->expected_downtime_ns = 812 * NS_PER_MS + 1;
        if (!fates[i].started)
            m->started_ns = -1;
        m->reason = "because";
        text = report(s, (struct report_text_opts){.width = 200});
        joined = strstr(text, "smallest fix");
        expect_has(text, fates[i].verdict);
        expect_has(text, ": because.");
        cr_expect_eq(joined != NULL, fates[i].fix != NULL, "%s", text);
        if (fates[i].fix)
            expect_has(text, fates[i].fix);
        free(text);
        sample_free(s);
    }
}

Test(report_text, fixes_found_by_simulation_are_told_with_their_figures)
{
    static const struct {
        enum fix_kind kind;
        double value;
        const char *words;
    } cases[] = {
        {FIX_ALONE, 0, "migrating it while no other migration runs"},
        {FIX_MAX_BANDWIDTH, 245.0 * (double)MIB, "max_bandwidth >= 245 MiB/s"},
        {FIX_LINK_RATE, 2.5e9, "a link of >= 2.5 Gb/s"},
        {FIX_MULTIFD, 4, "multifd with 4 channels"},
        {FIX_DOWNTIME_LIMIT, 2.1e9, "downtime_limit >= 2.1 s"},
        {FIX_TIMEOUT, 400e9, "completion_timeout >= 6 min 40 s"},
        {FIX_PROGRESS_TIMEOUT, 40e9, "progress_timeout >= 40 s"},
        {FIX_HORIZON, 400e9, "horizon >= 6 min 40 s"},
        {FIX_AUTO_CONVERGE, 60, "auto_converge (throttles to 60 %)"},
        {FIX_POSTCOPY, 2, "post-copy from round 2 on"},
        {FIX_DIRTY_RATE, 0.45, "a guest that writes <= 45 % as fast"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct fix_result fixes[2] = {{.kind = cases[i].kind, .value = cases[i].value},
                                      {.kind = FIX_POSTCOPY, .value = 2}};
        struct sample *s = sample_new();
        char *text;

        sample_add_timeout(s, "db-07");
        s->run.fixes = fixes;
        s->run.nr_fixes = 2;
        text = report(s, (struct report_text_opts){.width = 200});
        expect_has(text, "smallest fix");
        expect_has(text, cases[i].words);
        expect_has(text, ", or post-copy from round 2 on");
        free(text);
        sample_free(s);
    }
    cr_expect_eq(sizeof(cases) / sizeof(cases[0]), FIX_NR);
}

Test(report_text, fixes_of_several_vms_name_each_and_say_that_it_was_alone)
{
    struct fix_result fixes[] = {{.mig = 1, .kind = FIX_LINK_RATE, .value = 2.5e9},
                                 {.mig = 1, .kind = FIX_POSTCOPY, .value = 2},
                                 {.mig = 2, .kind = FIX_ALONE}};
    struct threshold_result crossed = {
        .text = "downtime.p99 < 1s", .value = 2e9, .limit = 1e9, .crossed = true};
    struct sample *s = sample_new();
    char *text;

    sample_add(s, "web");
    sample_add_timeout(s, "db-07");
    sample_add_timeout(s, "cache");
    s->run.fixes = fixes;
    s->run.nr_fixes = 3;
    text = report(s, (struct report_text_opts){.width = 200});
    expect_has(text, "each migrating alone");
    expect_has(text, "  db-07         a link of >= 2.5 Gb/s, or post-copy from round 2 on\n");
    expect_has(text, "  cache         migrating it while no other migration runs\n");
    cr_expect_null(strstr(text, "migcast plan"));
    free(text);
    s->run.thresholds = &crossed;
    s->run.nr_thresholds = 1;
    text = report(s, (struct report_text_opts){.width = 200});
    expect_has(text, "  settings that meet the goals: migcast plan scenarios/evacuate.ini\n");
    free(text);
    sample_free(s);
}

Test(report_text, a_fix_of_what_completes_says_what_it_mends)
{
    struct fix_result fix = {.mig = 1, .kind = FIX_ALONE};
    struct sample *s = sample_new();
    struct mig_result *late;
    char *text;

    sample_add(s, "web");
    late = sample_add(s, "db-07");
    late->downtime_limit_ns = 300 * NS_PER_MS;
    late->downtime_ns = 331 * NS_PER_MS;
    s->run.fixes = &fix;
    s->run.nr_fixes = 1;
    text = report(s, (struct report_text_opts){.width = 200});
    expect_has(text,
               "  db-07         stops for 331 ms, beyond its limit of 300 ms: migrating it while");
    free(text);
    sample_free(s);
}

Test(report_text, what_never_converges_is_told_in_the_first_word)
{
    struct sample *s = sample_new();
    struct mig_result *m = sample_add_timeout(s, "db-07");
    char *text;

    m->outcome = OUTCOME_QUEUED;
    m->reason = REASON_NEVER_CONVERGES;
    text = report(s, (struct report_text_opts){.width = 200});
    expect_has(text, "NEVER CONVERGES: db-07 is still migrating after 5 min 00 s");
    expect_has(
        text,
        "dirty rate: 82 MiB/s become dirty (pages count once a round) while 246 MiB/s are sent");
    free(text);
    sample_free(s);
}

/* A run of one VM with everything that takes a line. */
static struct sample *crowded(uint32_t replications)
{
    struct sample *s = sample_new();

    s->run.replications = replications;
    for (uint32_t r = 0; r < replications; r++) {
        struct mig_result *m =
            sample_add_timeout(s, "a-rather-long-name-of-a-virtual-machine.example");

        m->replication = r;
        m->postcopy_ns = m->postcopy_stall_ns = NS_PER_S;
        m->postcopy_bytes = GIB;
        m->blackout_ns = m->downtime_ns = NS_PER_S;
        m->binding = BINDING_STREAM_CPU;
    }
    for (int i = 0; i < 16; i++)
        sample_add_threshold(s,
                             "total_time.p99 < 500ms and so on and so forth until the line is full")
            ->crossed = i % 5 == 4;
    return s;
}

Test(report_text, a_single_migration_fits_one_screen)
{
    for (uint32_t replications = 1; replications <= 100; replications += 99) {
        struct sample *s = crowded(replications);
        char *text = report(s, (struct report_text_opts){.width = 80});

        cr_expect_leq(check_lines(text, 80), 23, "%s", text);
        expect_has(text, "and 12 more; --verbose shows all");
        expect_has(text, "3 thresholds crossed");
        free(text);
        sample_free(s);
    }
}

Test(report_text, no_line_passes_the_edge)
{
    static const unsigned widths[] = {76, 80, 100, 200};

    for (size_t w = 0; w < 4; w++)
        for (int verbose = 0; verbose <= 1; verbose++) {
            struct sample *s = sample_new();
            char *text;

            for (int i = 0; i < 30; i++)
                sample_add(
                    s, "\xe6\x9d\xb1\xe4\xba\xac-a-rather-long-name-of-a-virtual-machine.example");
            sample_add_timeout(s, "short")->binding = BINDING_DOWNTIME_LIMIT;
            sample_add_threshold(s, "total_time.p99 < 500ms")->crossed = true;
            s->thresholds[0].file = "scenarios/with/a/long/path/that/does/not/end/evacuate.ini";
            text = report(s, (struct report_text_opts){.width = widths[w], .verbose = verbose});
            check_lines(text, widths[w]);
            free(text);
            sample_free(s);
        }
}

Test(report_text, vms_are_listed_worst_first_and_cut)
{
    static char names[40][8];
    struct sample *s = sample_new();
    char *text, *all;

    for (int i = 0; i < 40; i++) {
        (void)snprintf(names[i], sizeof(names[i]), "vm-%02d", i);
        if (i == 33)
            sample_add_timeout(s, names[i]);
        else
            sample_add(s, names[i])->total_ns += i * NS_PER_S;
    }
    text = report(s, (struct report_text_opts){0});
    all = report(s, (struct report_text_opts){.verbose = true});
    expect_has(text, "PARTLY COMPLETED: 39 of 40 migrations complete; 1 timeout");
    expect_has(text, "vm-33 timeout: dirty rate");
    expect_has(text, "and 30 more; --verbose shows all");
    cr_expect_lt(strstr(text, "vm-33"), strstr(text, "vm-39"));
    cr_expect_null(strstr(text, "vm-00"));
    expect_has(all, "vm-00");
    cr_expect_null(strstr(all, "more;"));
    free(text);
    free(all);
    sample_free(s);
}

Test(report_text, replications_give_quantiles_and_the_worst_ones_limit)
{
    struct sample *s = sample_new();
    char *text;

    s->run.replications = 100;
    for (uint32_t r = 0; r < 100; r++)
        (r % 33 ? sample_add(s, "db-07") : sample_add_timeout(s, "db-07"))->replication = r;
    text = report(s, (struct report_text_opts){0});
    expect_has(text,
               "PARTLY COMPLETED: db-07 moves from node-a to node-b in 96 of 100 replications:");
    expect_has(text, "p5           p50           p95           max\n");
    expect_has(text, "  total time         41.2 s        41.2 s        41.2 s    5 min 00 s\n");
    expect_has(text, "limited by    dirty rate");
    free(text);
    sample_free(s);
}

Test(report_text, rounds_are_shown_when_asked_for)
{
    struct sample *s = sample_new();
    char *text;

    sample_add_rounds(s, sample_add(s, "db-07"), 5);
    text = report(s, (struct report_text_opts){0});
    cr_expect_null(strstr(text, "Rounds"));
    free(text);
    text = report(s, (struct report_text_opts){.verbose = true});
    expect_has(
        text, "      3        10 s         5 s   2.5 GiB  1.25 GiB  1.25 GiB   300 MiB     20 %\n");
    free(text);
    text = report(s, (struct report_text_opts){.verbose = true, .width = 76});
    expect_has(text,
               "      3      10 s       5 s   2.5 GiB  1.25 GiB  1.25 GiB   300 MiB     20 %\n");
    free(text);
    sample_free(s);
}

/* Without its escape sequences a coloured report is the plain one: colour never carries meaning. */
Test(report_text, colour_adds_nothing_but_colour)
{
    struct sample *s = crowded(1);
    char *plain = report(s, (struct report_text_opts){0});
    char *colored = report(s, (struct report_text_opts){.color = true});
    char *to = colored;
    size_t escapes = 0;

    cr_expect_null(strchr(plain, '\033'));
    for (const char *from = colored; *from;) {
        if (*from == '\033') {
            from += strcspn(from, "m") + 1;
            escapes++;
        } else {
            *to++ = *from++;
        }
    }
    *to = '\0';
    cr_expect_str_eq(colored, plain);
    cr_expect_geq(escapes, 6);
    free(plain);
    free(colored);
    sample_free(s);
}

Test(report_text, names_cannot_act_on_the_terminal)
{
    struct sample *s = sample_new();
    struct mig_result *m = sample_add(s, "\033]0;owned\007\033[2J");
    char *text;

    m->source = "\033[A";
    m->target = NULL;
    m->reason = "a\nCOMPLETED: forged";
    m->outcome = OUTCOME_TIMEOUT;
    s->run.scenario = "x\r\n\033[1m";
    s->run.version = s->run.digest = "\033";
    sample_add_threshold(s, "\033[5m")->crossed = true;
    s->thresholds[0].file = "\033[H";
    text = report(s, (struct report_text_opts){.verbose = true});
    for (const char *c = text; *c; c++)
        cr_expect(*c == '\n' || (unsigned char)*c >= 0x20, "byte %02x", (unsigned)*c);
    cr_expect_null(strstr(text, "\nCOMPLETED"));
    free(text);
    sample_free(s);
}

Test(report_text, empty_interrupted_and_unjudged_runs_are_named)
{
    struct sample *s = sample_new();
    struct threshold_result *th = sample_add_threshold(s, "downtime.p99 < 500ms");
    char *text;

    th->value = NAN;
    s->run.interrupted = true;
    s->run.replications = 0;
    text = report(s, (struct report_text_opts){0});
    expect_has(text, "INTERRUPTED after 0 replications");
    expect_has(text, "NO MIGRATION: none was finished.");
    expect_has(text, "no data       downtime.p99 < 500ms: nothing to judge");
    free(text);
    s->run.interrupted = false;
    text = report(s, (struct report_text_opts){0});
    expect_has(text, "NO MIGRATION: none was requested.");
    free(text);
    sample_free(s);
}

Test(report_text, thresholds_have_the_unit_of_their_metric)
{
    static const struct {
        enum value_unit unit;
        double value;
        const char *shown;
    } cases[] = {
        {VALUE_NS, 1.5e9, ": 1.5 s\n"},     {VALUE_BYTES, 1024 * 1024, ": 1 MiB\n"},
        {VALUE_RATIO, 0.0125, ": 1.3 %\n"}, {VALUE_COUNT, 3, ": 3\n"},
        {VALUE_NS, 1e300, ": -\n"},         {VALUE_BYTES, -5, ": -\n"},
        {VALUE_COUNT, -0.04, ": 0\n"},      {VALUE_COUNT, -2.5, ": -2.5\n"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sample *s = sample_new();
        struct threshold_result *th = sample_add_threshold(s, "metric");
        char *text;

        th->unit = cases[i].unit;
        th->value = cases[i].value;
        text = report(s, (struct report_text_opts){0});
        expect_has(text, cases[i].shown);
        free(text);
        sample_free(s);
    }
}
