/*
 * github.c - workflow commands: annotations on the scenario's lines in a review.
 *
 * GitHub shows ten annotations of a kind for a step, so no more are written; the last one says how
 * many were left out.  A line is known for thresholds only; what a migration comes to is pinned to
 * the scenario as a whole.
 * Invariant: every line of the output is one command, whatever the names hold.
 */
#include "reports/report.h"

#include <math.h>
#include <string.h>

#include "reports/words.h"

#include "base/banned.h"

enum {
    ANNOTATIONS_MAX = 10 /* of a kind, as GitHub shows them */
};

enum kind {
    KIND_ERROR,
    KIND_WARNING,
    KIND_NR
};

struct github {
    struct strbuf *out;
    struct summary sum;
    size_t nr[KIND_NR]; /* to be said, over thresholds and migrations */
    size_t said[KIND_NR];
};

static const char *in_message(const char *at)
{
    return *at == '%' ? "%25" : *at == '\r' ? "%0D" : *at == '\n' ? "%0A" : NULL;
}

static const char *in_property(const char *at)
{
    return *at == ':' ? "%3A" : *at == ',' ? "%2C" : in_message(at);
}

/* @line 0 = none. */
static void add_command(struct strbuf *out, const char *command, const char *file,
                        unsigned long line, const char *title, const char *message)
{
    strbuf_addf(out, "::%s ", command);
    if (file) {
        strbuf_addstr(out, "file=");
        words_escape(out, file, in_property);
        if (line > 0)
            strbuf_addf(out, ",line=%lu", line);
        strbuf_addch(out, ',');
    }
    strbuf_addstr(out, "title=");
    words_escape(out, title, in_property);
    strbuf_addstr(out, "::");
    words_escape(out, message, in_message);
    strbuf_addch(out, '\n');
}

/* NULL where the run has no file: a migration from the command line. */
static const char *scenario_file(const struct run_result *run)
{
    return run->scenario && strcmp(run->scenario, "quick") != 0 ? run->scenario : NULL;
}

/* Is there room for one more of @kind?  The last place tells how many do not fit. */
static bool take_place(struct github *g, enum kind kind)
{
    static const char *const commands[KIND_NR] = {"error", "warning"};
    struct strbuf words = STRBUF_INIT;
    size_t left = g->nr[kind] - g->said[kind];

    if (g->said[kind] >= ANNOTATIONS_MAX)
        return false;
    g->said[kind]++;
    if (g->said[kind] < ANNOTATIONS_MAX || left == 1)
        return true;
    strbuf_addf(&words, "and %zu more; the other forms of the report list them", left);
    add_command(g->out, commands[kind], scenario_file(g->sum.run), 0, "more findings",
                strbuf_text(&words));
    strbuf_release(&words);
    return false;
}

/* Doubt about any goal is a warning. */
static enum kind kind_of_threshold(const struct threshold_result *th)
{
    return th->error && th->crossed ? KIND_ERROR : KIND_WARNING;
}

static bool threshold_told(const struct threshold_result *th)
{
    return th->crossed || (th->small_sample && !isnan(th->value));
}

/* What still waits or runs at the end of the simulated time has not failed yet. */
static enum kind kind_of_group(const struct summary_group *group)
{
    return group->outcomes[OUTCOME_COMPLETED] + group->outcomes[OUTCOME_QUEUED] == group->nr
               ? KIND_WARNING
               : KIND_ERROR;
}

static void count(struct github *g)
{
    for (size_t i = 0; i < g->sum.run->nr_hazards; i++)
        g->nr[KIND_WARNING] += words_hazard_told(&g->sum, &g->sum.run->hazards[i]);
    for (size_t i = 0; i < g->sum.run->nr_thresholds; i++)
        if (threshold_told(&g->sum.run->thresholds[i]))
            g->nr[kind_of_threshold(&g->sum.run->thresholds[i])]++;
    for (size_t i = 0; i < g->sum.nr_groups; i++)
        if (g->sum.groups[i].outcomes[OUTCOME_COMPLETED] < g->sum.groups[i].nr)
            g->nr[kind_of_group(&g->sum.groups[i])]++;
}

static void add_threshold(struct github *g, const struct threshold_result *th)
{
    enum kind kind = kind_of_threshold(th);
    struct strbuf words = STRBUF_INIT;

    if (!threshold_told(th) || !take_place(g, kind))
        return;
    strbuf_addf(&words, "%s: ", th->text ? th->text : "-");
    words_measured(&words, th);
    add_command(g->out, kind == KIND_ERROR ? "error" : "warning", th->file, th->line,
                th->crossed ? "threshold crossed" : "threshold not decided", strbuf_text(&words));
    strbuf_release(&words);
}

static void add_group(struct github *g, const struct summary_group *group)
{
    struct mig_result room;
    enum kind kind = kind_of_group(group);
    struct strbuf title = STRBUF_INIT, words = STRBUF_INIT;

    if (group->outcomes[OUTCOME_COMPLETED] == group->nr || !take_place(g, kind))
        return;
    strbuf_addf(
        &title, "%s: migration %s", group->vm,
        outcome_name(result_mig(g->sum.run, words_telling(&g->sum, group), &room)->outcome));
    strbuf_addf(&words, "%s, attempt %u: ", group->vm, group->attempt);
    words_fate(&words, &g->sum, group);
    add_command(g->out, kind == KIND_ERROR ? "error" : "warning", scenario_file(g->sum.run), 0,
                strbuf_text(&title), strbuf_text(&words));
    strbuf_release(&title);
    strbuf_release(&words);
}

/* What decides the exit code is a threshold; a hazard is never more than a warning. */
static void add_hazard(struct github *g, const struct hazard_result *hazard)
{
    struct strbuf words = STRBUF_INIT;

    if (!words_hazard_told(&g->sum, hazard) || !take_place(g, KIND_WARNING))
        return;
    words_hazard(&words, g->sum.run, hazard);
    add_command(g->out, "warning", scenario_file(g->sum.run), 0, "hazard", strbuf_text(&words));
    strbuf_release(&words);
}

enum status report_github(const struct run_result *run, struct strbuf *out)
{
    struct github g = {.out = out};
    struct strbuf words = STRBUF_INIT;
    const char *verdict;
    enum status st = summary_init(&g.sum, run);

    if (st != ST_OK)
        return st;
    count(&g);
    for (size_t i = 0; i < run->nr_thresholds; i++)
        add_threshold(&g, &run->thresholds[i]);
    for (size_t i = 0; i < run->nr_hazards; i++)
        add_hazard(&g, &run->hazards[i]);
    for (size_t i = 0; i < g.sum.nr_groups; i++)
        add_group(&g, &g.sum.groups[i]);
    verdict = words_verdict(&words, &g.sum);
    add_command(out, "notice", scenario_file(run), 0, verdict, strbuf_text(&words));
    strbuf_release(&words);
    summary_release(&g.sum);
    return strbuf_failed(out) ? ST_ENOMEM : ST_OK;
}
