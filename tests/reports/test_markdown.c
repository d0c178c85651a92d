/*
 * test_markdown.c - tables that keep their shape, under the limit of a summary page.
 */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "reports/report.h"
#include "reports/support_names.h"
#include "reports/support_results.h"

static char *report(const struct sample *s)
{
    struct strbuf out = STRBUF_INIT;

    cr_assert_eq(report_markdown(&s->run, &out), ST_OK);
    return strbuf_detach(&out);
}

static size_t pipes(const char *line)
{
    size_t nr = 0;

    for (; *line && *line != '\n'; line++)
        nr += *line == '|';
    return nr;
}

/* Lines that begin with a pipe have as many of them as the line before, if that does too. */
static void check_tables(const char *text)
{
    size_t before = 0;

    for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        size_t here = *line == '|' ? pipes(line) : 0;

        cr_expect(before == 0 || here == 0 || here == before, "%.200s", line);
        before = here;
    }
}

/* Only the tags we write ourselves, and only references after '&'. */
static void check_markup(const char *text)
{
    static const char *const tags[] = {"<code>", "</code>", "<sub>", "</sub>", "<br>", "<!-- -->"};
    static const char *const references[] = {"&#", "&amp;", "&lt;", "&gt;", "&quot;"};

    for (const char *at = strpbrk(text, "<&"); at; at = strpbrk(at + 1, "<&")) {
        const char *const *known = *at == '<' ? tags : references;
        size_t nr = *at == '<' ? sizeof(tags) / sizeof(tags[0])
                               : sizeof(references) / sizeof(references[0]);
        bool found = false;

        for (size_t i = 0; i < nr; i++)
            found |= strncmp(at, known[i], strlen(known[i])) == 0;
        cr_expect(found, "%.60s", at);
    }
}

Test(report_markdown, says_verdict_thresholds_outcomes_and_vms)
{
    struct sample *s = sample_new();
    struct threshold_result *th;
    char *text;

    sample_add(s, "web-1");
    sample_add_timeout(s, "db-07");
    sample_add_threshold(s, "downtime.max < 1s");
    th = sample_add_threshold(s, "timeouts.count < 1");
    th->unit = VALUE_COUNT;
    th->value = th->limit = 1;
    th->crossed = true;
    text = report(s);
    cr_expect_eq(strncmp(text, "## Migration forecast: PARTLY COMPLETED\n", 40), 0, "%s", text);
    cr_expect_not_null(strstr(text, "1 of 2 thresholds crossed"));
    cr_expect_lt(strstr(text, "timeouts.count"), strstr(text, "downtime.max"));
    cr_expect_not_null(strstr(text, "<code>timeouts.count &lt; 1</code> | 1 | 1 | "
                                    "<code>scenarios/evacuate.ini</code> line 42 |"),
                       "%s", text);
    cr_expect_not_null(strstr(text, "\n| timeout | 1 | 50 % |\n"));
    cr_expect_lt(strstr(text, "<code>db-07</code>"), strstr(text, "<code>web-1</code>"));
    cr_expect_not_null(strstr(text, "seed 7"));
    check_tables(text);
    check_markup(text);
    free(text);
    sample_free(s);
}

Test(report_markdown, no_name_leaves_its_cell_or_becomes_markup)
{
    for (size_t i = 0; i < support_nr_names; i++) {
        struct sample *s = sample_new();
        struct mig_result *m = sample_add_timeout(s, support_names[i]);
        char *text, *rows;

        m->source = m->target = m->reason = s->run.scenario = s->run.version = support_names[i];
        sample_add_threshold(s, support_names[i])->file = support_names[i];
        text = report(s);
        check_tables(text);
        check_markup(text);
        cr_expect_null(strpbrk(text, "`*_[]{}~@$\x1b\r"), "%s", text);
        cr_expect_null(strstr(text, "www."));
        cr_expect_null(strstr(text, "://"));
        for (const char *at = strchr(text, '\\'); at; at = strchr(at + 1, '\\'))
            cr_expect(at[1] == 'x' || at[1] == 'u', "%.20s", at); /* a character shown */
        rows = strstr(text, "### VMs");
        cr_assert_not_null(rows);
        cr_expect_eq(pipes(strstr(rows, "| <code>")), 8);
        free(text);
        sample_free(s);
    }
}

Test(report_markdown, stays_under_the_limit_of_a_summary)
{
    struct sample *s = sample_new();
    static char name[100001];
    struct strbuf out = STRBUF_INIT;
    static struct threshold_result many[5000];

    memset(name, '@', sizeof(name) - 1);
    for (size_t i = 0; i < SAMPLE_MAX; i++) {
        struct mig_result *m = sample_add_timeout(s, name);

        m->source = m->target = m->reason = name;
        m->attempt = (uint32_t)i;
    }
    for (size_t i = 0; i < 5000; i++)
        many[i] = (struct threshold_result){.text = name, .file = name, .line = i, .crossed = true};
    s->run.thresholds = many;
    s->run.nr_thresholds = 5000;
    s->run.scenario = s->run.version = s->run.digest = name;
    cr_expect_eq(report_markdown(&s->run, &out), ST_OK);
    cr_expect_lt(out.len, 1 << 20, "%zu", out.len);
    cr_expect_not_null(strstr(strbuf_text(&out), "\n1004 more are left out.\n"));
    cr_expect_not_null(strstr(strbuf_text(&out), "\n4900 more are left out.\n"));
    strbuf_release(&out);
    sample_free(s);
}

Test(report_markdown, a_hazard_of_some_replications_says_of_how_many)
{
    struct sample *s = sample_new();
    char *text;

    sample_add(s, "web");
    sample_add(s, "db");
    s->run.replications = 20;
    sample_add_hazard(s, "dead-locked")->replications = 7;
    text = report(s);
    cr_expect(strstr(text, "- dead-locked (in 7 of 20 replications)\n"), "%s", text);
    free(text);
    sample_free(s);
}

Test(report_markdown, a_run_without_migrations_has_no_tables)
{
    struct sample *s = sample_new();
    char *text = report(s);

    cr_expect_eq(strstr(text, "## Migration forecast: NO MIGRATION\n\nnone was requested.\n"), text,
                 "%s", text);
    cr_expect_null(strchr(text, '|'));
    free(text);
    sample_free(s);
}
