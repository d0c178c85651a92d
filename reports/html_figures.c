/*
 * html_figures.c - the charts of the page, each with its numbers in a table behind it.
 *
 * Which replication and which VMs are shown depends on the rows alone.  A program built without
 * charts shows the tables.
 */
#include "reports/html_int.h"

#include <stdlib.h>

#include "base/stats.h"
#include "base/units.h"
#include "reports/charts/chart.h"
#include "reports/words.h"

#include "base/banned.h"

void html_open_figure(struct html *h, const char *label)
{
    strbuf_addf(h->out,
                "<figure><div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"%s\">\n",
                label);
    if (!chart_available())
        strbuf_addstr(h->out,
                      "<p class=\"note\">This program was built without charts (libplot).</p>\n");
}

void html_close_drawing(struct html *h, enum status st, const char *summary)
{
    if (st == ST_ENOMEM)
        h->st = st;
    strbuf_addf(h->out, "</div>\n<details><summary>%s</summary>\n", summary);
}

void html_close_figure(struct html *h)
{
    strbuf_addstr(h->out, "</details></figure>\n");
}

void html_find_typical(struct html *h)
{
    h->typical.first = result_typical(h->run, &h->typical.nr);
    if (h->typical.nr == 0 && h->run->nr_migs > 0)
        h->st = ST_ENOMEM;
}

static void add_gantt_row(struct html *h, const struct mig_result *mig)
{
    strbuf_addstr(h->out, "<tr><th scope=\"row\">");
    html_name(h, mig->vm);
    strbuf_addstr(h->out, "</th><td class=\"l\">");
    html_name(h, mig->source);
    strbuf_addstr(h->out, " &rarr; ");
    html_name(h, mig->target);
    strbuf_addf(h->out, "</td><td class=\"l\">%s</td><td>", outcome_name(mig->outcome));
    html_value(h, UNIT_NS, (double)mig->queued_ns);
    strbuf_addstr(h->out, "</td><td>");
    html_value(h, UNIT_NS, (double)mig->started_ns);
    strbuf_addstr(h->out, "</td><td>");
    html_value(h, UNIT_NS, (double)mig->ended_ns);
    strbuf_addstr(h->out, "</td><td>");
    html_value(h, UNIT_NS, (double)mig->downtime_ns);
    strbuf_addstr(h->out, "</td></tr>\n");
}

static bool any_starts(const struct html *h)
{
    struct mig_result room;

    for (size_t i = 0; i < h->typical.nr; i++)
        if (result_mig(h->run, h->typical.first + i, &room)->started_ns >= 0)
            return true;
    return false;
}

void html_gantt(struct html *h)
{
    struct mig_result room;
    static const char *const heads[] = {"VM",       "Route",  "Outcome",   "#Requested",
                                        "#Started", "#Ended", "#Downtime", NULL};
    const struct chart_look look = {CHART_INLINE, "c-gantt"};
    struct strbuf setting = STRBUF_INIT;
    size_t rows[GANTT_ROWS], nr;
    struct chart_gantt what = {.run = h->run};
    const struct html_stretch *one = &h->typical;
    enum status st = ST_OK;

    if (one->nr == 0)
        return;
    words_replication(&setting, h->run, h->typical.first);
    what.first = one->first;
    what.nr = one->nr;
    what.subtitle = strbuf_text(&setting);
    html_section(h, "timeline", "Timeline");
    if (!any_starts(h)) {
        strbuf_addstr(h->out, "<p>No migration starts, so there is nothing to draw.</p>\n");
        strbuf_release(&setting);
        return;
    }
    html_open_figure(h, "Timeline of the migrations");
    if (chart_available())
        st = chart_gantt(h->out, &look, &what);
    html_close_drawing(h, st, "The rows of this chart as a table");
    html_open_table(h, "", "In the order of the chart; times from the start of the replication",
                    heads);
    nr = gantt_rows(&what, rows);
    for (size_t i = 0; i < nr; i++)
        add_gantt_row(h, result_mig(h->run, rows[i], &room));
    html_close_table(h);
    html_close_figure(h);
    strbuf_release(&setting);
}

static void add_cdf(struct html *h, const char *id, const char *axis, const char *finding,
                    const struct html_sample *sample)
{
    static const double shares[] = {0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1};
    static const char *const heads[] = {"#Share of migrations", "#at most", NULL};
    const struct chart_look look = {CHART_INLINE, id};
    struct strbuf setting = STRBUF_INIT;
    struct chart_cdf what = {.ns = sample->values, .nr = sample->nr, .what = finding, .axis = axis};
    enum status st = ST_OK;

    if (sample->nr == 0)
        return;
    words_sample(&setting, h->run, sample->nr);
    what.subtitle = strbuf_text(&setting);
    html_open_figure(h, axis);
    if (chart_available())
        st = chart_cdf(h->out, &look, &what);
    html_close_drawing(h, st, "As a table");
    html_open_table(h, "", axis, heads);
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        strbuf_addstr(h->out, "<tr><td>");
        html_value(h, UNIT_PCT, shares[i] * 100);
        strbuf_addstr(h->out, "</td><td>");
        html_value(h, UNIT_NS, stats_quantile_sorted(sample->values, sample->nr, shares[i]));
        strbuf_addstr(h->out, "</td></tr>\n");
    }
    html_close_table(h);
    html_close_figure(h);
    strbuf_release(&setting);
}

void html_cdfs(struct html *h)
{
    if (h->total.nr < HTML_CDF_LEAST)
        return;
    html_section(h, "distribution", "Distributions");
    strbuf_addstr(h->out, "<div class=\"two\">\n");
    add_cdf(h, "c-downtime", "Downtime", "guests stand still for", &h->downtime);
    add_cdf(h, "c-total", "Total time", "migrations take", &h->total);
    strbuf_addstr(h->out, "</div>\n");
}

/* Of a VM's replications, the one that tells most and has its rounds: not completed before
 * completed, then the longest. */
static bool recorded_member(const struct html *h, const struct summary_group *group,
                            struct mig_result *best)
{
    struct mig_result room;
    bool any = false;

    for (size_t i = group->first; i < group->first + group->nr; i++) {
        const struct mig_result *mig = result_mig(h->run, h->sum.members[i], &room);
        bool done = mig->outcome == OUTCOME_COMPLETED;

        if (mig->nr_rounds < 2 || mig->nr_rounds + 1 < (mig->rounds < 60 ? mig->rounds / 2 : 30))
            continue;
        if (!any || (!done && best->outcome == OUTCOME_COMPLETED) ||
            (done == (best->outcome == OUTCOME_COMPLETED) && mig->total_ns > best->total_ns))
            *best = *mig;
        any = true;
    }
    return any;
}

void html_find_timelines(struct html *h)
{
    size_t nr = h->sum.nr_groups < HTML_VMS ? h->sum.nr_groups : HTML_VMS;

    for (size_t g = 0; g < nr && h->nr_timelines < HTML_TIMELINES; g++) {
        if (!recorded_member(h, &h->sum.groups[g], &h->timeline_migs[h->nr_timelines]))
            continue;
        h->timelines[h->nr_timelines++] = g;
    }
}

static void add_rounds(struct html *h, const struct mig_result *mig)
{
    static const char *const heads[] = {"#Round",     "#Start",    "#Length",
                                        "#Sent",      "#Dirtied",  "#Remaining",
                                        "#Threshold", "#Throttle", NULL};
    size_t nr = mig->nr_rounds < HTML_ROUND_ROWS ? mig->nr_rounds : HTML_ROUND_ROWS;
    struct strbuf caption = STRBUF_INIT;

    strbuf_addf(&caption, "The first %zu of %u rounds; starts count from the migration's start", nr,
                mig->rounds);
    html_open_table(h, "", strbuf_text(&caption), heads);
    for (size_t i = 0; i < nr; i++) {
        const struct mig_round *r = &h->run->rounds[mig->first_round + i];
        const struct {
            enum html_unit unit;
            double value;
        } cells[] = {
            {UNIT_NS, (double)(r->start_ns - mig->started_ns)},
            {UNIT_NS, (double)r->duration_ns},
            {UNIT_BYTES, (double)r->wire_bytes},
            {UNIT_BYTES, (double)r->dirtied_bytes},
            {UNIT_BYTES, (double)r->remaining_bytes},
            {UNIT_BYTES, (double)r->threshold_bytes},
            {UNIT_PCT, r->throttle_pct},
        };

        strbuf_addf(h->out, "<tr><td>%u</td>", r->round);
        for (size_t c = 0; c < sizeof(cells) / sizeof(cells[0]); c++) {
            strbuf_addstr(h->out, "<td>");
            html_value(h, cells[c].unit, cells[c].value);
            strbuf_addstr(h->out, "</td>");
        }
        strbuf_addstr(h->out, "</tr>\n");
    }
    html_close_table(h);
    strbuf_release(&caption);
}

static void add_timeline(struct html *h, size_t i)
{
    const struct mig_result *mig = &h->timeline_migs[i];
    struct strbuf words = STRBUF_INIT;
    struct chart_look look = {CHART_INLINE, NULL};
    enum status st = ST_OK;

    strbuf_addf(h->out, "<h3 id=\"vm-%zu\">", i + 1);
    html_name(h, mig->vm);
    strbuf_addstr(h->out, "</h3>\n<p>");
    words_fate(&words, &h->sum, &h->sum.groups[h->timelines[i]]);
    html_text(h, strbuf_text(&words));
    strbuf_addstr(h->out, "</p>\n");
    strbuf_clear(&words);
    strbuf_addf(&words, "c-vm-%zu", i + 1);
    look.id = strbuf_text(&words);
    html_open_figure(h, "Rounds of the migration");
    if (chart_available())
        st = chart_vm(h->out, &look, h->run, mig);
    html_close_drawing(h, st, "The rounds as a table");
    add_rounds(h, mig);
    html_close_figure(h);
    strbuf_addstr(h->out, "<p class=\"note\"><a href=\"#vms\">Back to the VMs</a></p>\n");
    strbuf_release(&words);
}

void html_timelines(struct html *h)
{
    if (h->nr_timelines == 0)
        return;
    html_section(h, "rounds", "Round by round");
    if (h->sum.nr_groups > 1)
        strbuf_addf(h->out, "<p>The worst VMs of which rounds were recorded: %zu of %zu.</p>\n",
                    h->nr_timelines, h->sum.nr_groups);
    for (size_t i = 0; i < h->nr_timelines; i++)
        add_timeline(h, i);
}
