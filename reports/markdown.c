/*
 * markdown.c - the report for a review comment or a job's summary page.
 *
 * Text from outside stands in <code> with every mark of Markdown as a character reference: it can
 * neither leave its cell nor become markup, a link or a mention.
 * Invariant: whatever the run holds, the report stays under 1 MiB, the most a summary page takes;
 * hence the limits on rows and on the length of a name.
 */
#include "reports/report.h"

#include <math.h>
#include <string.h>
#include <strings.h>

#include "base/units.h"
#include "reports/cell.h"
#include "reports/words.h"

#include "base/banned.h"

enum {
    THRESHOLDS_MAX = 100,
    VMS_MAX = 20,
    NAME_COLUMNS = 120, /* longer names are cut */
    HAZARD_COLUMNS = 400,
    WORDS_COLUMNS = 400
};

/* The punctuation with a meaning in Markdown, HTML or on GitHub.  "www." and "://" would become
 * links; a comment keeps '@' from becoming a mention, which is looked for after references. */
static const char *in_markdown(const char *at)
{
    static const struct {
        char c;
        const char *reference;
    } table[] = {
        {'&', "&amp;"},  {'<', "&lt;"},  {'>', "&gt;"},   {'"', "&quot;"}, {'\'', "&#39;"},
        {'|', "&#124;"}, {'`', "&#96;"}, {'*', "&#42;"},  {'_', "&#95;"},  {'\\', "&#92;"},
        {'[', "&#91;"},  {']', "&#93;"}, {'{', "&#123;"}, {'}', "&#125;"}, {'~', "&#126;"},
        {'#', "&#35;"},  {'!', "&#33;"}, {'$', "&#36;"},  {'^', "&#94;"},  {'@', "&#64;<!-- -->"},
        {'\n', "<br>"},  {'\r', " "},    {'\t', " "},
    };

    if (strncasecmp(at, "www.", 4) == 0)
        return *at == 'w' ? "&#119;" : "&#87;";
    if (strncmp(at, ":/", 2) == 0)
        return "&#58;";
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        if (table[i].c == *at)
            return table[i].reference;
    return NULL;
}

/* At most @columns of @text, and the cut marked. */
static void add_cut(struct strbuf *out, const char *text, size_t columns)
{
    size_t fit;
    struct strbuf part = STRBUF_INIT;

    text = text ? text : "-";
    fit = cell_prefix(text, columns);
    strbuf_add(&part, text, fit);
    words_escape(out, strbuf_text(&part), in_markdown);
    if (text[fit])
        strbuf_addstr(out, " ...");
    strbuf_release(&part);
}

static void add_name(struct strbuf *out, const char *name)
{
    strbuf_addstr(out, "<code>");
    add_cut(out, name, NAME_COLUMNS);
    strbuf_addstr(out, "</code>");
}

static void add_time(struct strbuf *out, double ns)
{
    char buf[UNITS_TEXT];

    strbuf_addf(out, " %s |", isfinite(ns) ? units_time(buf, llround(ns)) : "-");
}

static void add_bytes(struct strbuf *out, double bytes)
{
    char buf[UNITS_TEXT];
    bool known = bytes >= 0 && bytes < 1.8e19; /* not NaN */

    strbuf_addf(out, " %s |", known ? units_size(buf, (uint64_t)bytes) : "-");
}

static void add_threshold(struct strbuf *out, const struct threshold_result *th)
{
    static const char *const marks[][2] = {{"ok", "\xe2\x9c\x85"},
                                           {"crossed", "\xe2\x9d\x8c"},
                                           {"warning", "\xe2\x9a\xa0\xef\xb8\x8f"},
                                           {"not decided", "\xe2\x9a\xa0\xef\xb8\x8f"}};
    const char *judgement = words_judgement(th);
    struct strbuf more = STRBUF_INIT;
    const char *mark = "\xe2\x9e\x96";

    for (size_t i = 0; i < sizeof(marks) / sizeof(marks[0]); i++)
        if (strcmp(marks[i][0], judgement) == 0)
            mark = marks[i][1];
    words_doubt(&more, th);
    strbuf_addf(out, "| %s %s%s%s | ", mark, judgement, more.len ? ", " : "", strbuf_text(&more));
    strbuf_clear(&more);
    words_interval(&more, th);
    add_name(out, th->text);
    strbuf_addstr(out, " | ");
    words_value(out, th->value, th->unit);
    if (more.len > 0)
        strbuf_addf(out, " (%s)", strbuf_text(&more));
    strbuf_release(&more);
    strbuf_addstr(out, " | ");
    words_value(out, th->limit, th->unit);
    strbuf_addstr(out, " | ");
    if (th->file) {
        add_name(out, th->file);
        if (th->line > 0)
            strbuf_addf(out, " line %lu", th->line);
    }
    strbuf_addstr(out, " |\n");
}

/* The crossed ones first: they are what the reader must not miss. */
static void add_thresholds(struct strbuf *out, const struct run_result *run)
{
    size_t shown = 0;

    if (run->nr_thresholds == 0)
        return;
    strbuf_addstr(out, "\n### Thresholds\n\n| | threshold | measured | limit | where |\n"
                       "| --- | --- | ---: | ---: | --- |\n");
    for (int crossed = 1; crossed >= 0; crossed--)
        for (size_t i = 0; i < run->nr_thresholds && shown < THRESHOLDS_MAX; i++)
            if (run->thresholds[i].crossed == (crossed == 1)) {
                add_threshold(out, &run->thresholds[i]);
                shown++;
            }
    if (shown < run->nr_thresholds)
        strbuf_addf(out, "\n%zu more are left out.\n", run->nr_thresholds - shown);
}

static void add_hazards(struct strbuf *out, const struct summary *sum)
{
    const struct run_result *run = sum->run;
    const char *before = "\n- ";

    for (size_t i = 0; i < run->nr_hazards; i++) {
        struct strbuf words = STRBUF_INIT;

        if (!words_hazard_told(sum, &run->hazards[i]))
            continue;
        words_hazard(&words, run, &run->hazards[i]);
        strbuf_addstr(out, before);
        add_cut(out, strbuf_text(&words), HAZARD_COLUMNS);
        strbuf_addch(out, '\n');
        strbuf_release(&words);
        before = "- ";
    }
}

static void add_outcomes(struct strbuf *out, const struct summary *sum)
{
    double nr = (double)sum->run->nr_migs;

    if (sum->run->nr_migs == 0)
        return;
    strbuf_addstr(out,
                  "\n### Outcomes\n\n| outcome | migrations | share |\n| --- | ---: | ---: |\n");
    for (int o = 0; o < OUTCOME_NR; o++) {
        if (sum->outcomes[o] == 0)
            continue;
        strbuf_addf(out, "| %s | %zu | ", outcome_name((enum outcome)o), sum->outcomes[o]);
        words_value(out, (double)sum->outcomes[o] / nr, VALUE_RATIO);
        strbuf_addstr(out, " |\n");
    }
    strbuf_addstr(out, "\n| | median | p95 | p99 | worst | of |\n"
                       "| --- | ---: | ---: | ---: | ---: | ---: |\n");
    for (int field = 0; field < 3; field++) {
        static const char *const labels[] = {"total time", "downtime", "makespan"};
        const struct spread *s = field == 0   ? &sum->scored[SCORED_TOTAL_TIME]
                                 : field == 1 ? &sum->scored[SCORED_DOWNTIME]
                                              : &sum->makespan;

        strbuf_addf(out, "| %s |", labels[field]);
        add_time(out, s->p50);
        add_time(out, s->p95);
        add_time(out, s->p99);
        add_time(out, s->max);
        strbuf_addf(out, " %zu |\n", s->nr);
    }
}

static void add_vm(struct strbuf *out, const struct summary *sum, const struct summary_group *group)
{
    struct mig_result room;
    const struct mig_result *mig = result_mig(sum->run, words_telling(sum, group), &room);
    struct strbuf words = STRBUF_INIT;

    strbuf_addstr(out, "| ");
    add_name(out, group->vm);
    if (group->attempt > 1)
        strbuf_addf(out, " attempt %u", group->attempt);
    strbuf_addstr(out, " | ");
    add_name(out, mig->source);
    strbuf_addstr(out, " | ");
    add_name(out, mig->target);
    strbuf_addstr(out, " |");
    add_time(out, group->scored[SCORED_TOTAL_TIME].p50);
    add_time(out, group->scored[SCORED_DOWNTIME].p50);
    add_bytes(out, group->scored[SCORED_TRANSFERRED].p50);
    strbuf_addch(out, ' ');
    words_fate(&words, sum, group);
    add_cut(out, strbuf_text(&words), WORDS_COLUMNS);
    strbuf_addstr(out, " |\n");
    strbuf_release(&words);
}

static void add_vms(struct strbuf *out, const struct summary *sum)
{
    size_t rows = sum->nr_groups < VMS_MAX ? sum->nr_groups : VMS_MAX;

    if (rows == 0)
        return;
    strbuf_addf(out,
                "\n### VMs, worst first%s\n\n"
                "| VM | from | to | total time | downtime | sent | outcome |\n"
                "| --- | --- | --- | ---: | ---: | ---: | --- |\n",
                sum->run->replications > 1 ? " (medians)" : "");
    for (size_t i = 0; i < rows; i++)
        add_vm(out, sum, &sum->groups[i]);
    if (rows < sum->nr_groups)
        strbuf_addf(out, "\n%zu more are left out.\n", sum->nr_groups - rows);
}

enum status report_markdown(const struct run_result *run, struct strbuf *out)
{
    struct summary sum;
    struct strbuf words = STRBUF_INIT;
    enum status st = summary_init(&sum, run);

    if (st != ST_OK)
        return st;
    strbuf_addf(out, "## Migration forecast: %s\n\n", words_verdict(&words, &sum));
    strbuf_addf(out, "%s\n", strbuf_text(&words));
    add_hazards(out, &sum);
    add_thresholds(out, run);
    add_outcomes(out, &sum);
    add_vms(out, &sum);
    strbuf_addstr(out, "\n<sub>");
    add_name(out, run->scenario);
    strbuf_addf(out, ", seed %llu, %u replication%s, migcast ", (unsigned long long)run->seed,
                run->replications, run->replications == 1 ? "" : "s");
    add_cut(out, run->version, NAME_COLUMNS);
    strbuf_addstr(out, ", inputs ");
    add_name(out, run->digest);
    strbuf_addstr(out, "</sub>\n");
    strbuf_release(&words);
    summary_release(&sum);
    return strbuf_failed(out) ? ST_ENOMEM : ST_OK;
}
