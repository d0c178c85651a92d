/*
 * html.c - the page: verdict first, thresholds, then everything behind them.
 *
 * Tables are html_tables.c, charts html_figures.c and html_course.c, inputs html_method.c, hazards
 * and operations html_cluster.c, style and script html.css and html.js.  The script only adds
 * sorting and filtering to the table of VMs. Invariant: whatever comes from outside goes through
 * html_text(); the page asks for no other file.
 */
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats.h"
#include "base/units.h"
#include "reports/charts/chart.h"
#include "reports/charts/svg.h"
#include "reports/html_assets.h"
#include "reports/html_int.h"
#include "reports/words.h"

#include "base/banned.h"

void html_text(struct html *h, const char *text)
{
    xml_add(h->out, text);
}

void html_name(struct html *h, const char *name)
{
    strbuf_addstr(h->out, "<bdi>");
    html_text(h, name);
    strbuf_addstr(h->out, "</bdi>");
}

void html_value(struct html *h, enum html_unit unit, double value)
{
    char buf[UNITS_TEXT];

    if (!isfinite(value) || value < 0 || value >= 9e18) {
        strbuf_addstr(h->out, "&ndash;");
        return;
    }
    switch (unit) {
    case UNIT_NS:
        strbuf_addstr(h->out, units_time(buf, llround(value)));
        break;
    case UNIT_BYTES:
        strbuf_addstr(h->out, units_size(buf, (uint64_t)value));
        break;
    case UNIT_PCT:
        if (value > 99.99 && value < 100)
            strbuf_addstr(h->out, "&gt; ");
        value = value > 99.99 && value < 100 ? 99.99 : value;
        strbuf_addf(h->out, value > 0 && value < 10 ? "%.1f %%" : "%.4g %%", value);
        break;
    default:
        strbuf_addf(h->out, "%.4g", value);
    }
}

void html_section(struct html *h, const char *id, const char *title)
{
    strbuf_addf(h->out, "<h2 id=\"%s\">%s</h2>\n", id, title);
}

void html_heading(struct html *h, const char *id, const char *title)
{
    strbuf_addf(h->out, "<h3 id=\"%s\">%s</h3>\n", id, title);
}

void html_open_table(struct html *h, const char *kind, const char *caption,
                     const char *const *heads)
{
    strbuf_addf(h->out, "<div class=\"scroll\"><table class=\"%s\"><caption>", kind);
    html_text(h, caption);
    strbuf_addstr(h->out, "</caption><thead><tr>");
    for (; *heads; heads++) {
        bool number = **heads == '#';

        strbuf_addf(h->out, "<th scope=\"col\"%s>%s</th>", number ? "" : " class=\"l\"",
                    *heads + number);
    }
    strbuf_addstr(h->out, "</tr></thead><tbody>\n");
}

void html_close_table(struct html *h)
{
    strbuf_addstr(h->out, "</tbody></table></div>\n");
}

void html_head(struct html *h, const char *what)
{
    strbuf_addstr(h->out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n"
                          "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"/>"
                          "\n<meta name=\"color-scheme\" content=\"light dark\"/>\n"
                          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
                          "'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src "
                          "data:\"/>\n<title>");
    html_text(h, h->run->scenario);
    strbuf_addf(h->out, " &ndash; %s</title>\n<style>\n", what);
    strbuf_addstr(h->out, html_style_text);
    chart_css(h->out);
    strbuf_addstr(h->out, "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#vms\">Skip to "
                          "the table of VMs</a>\n<main>\n");
}

void html_foot(struct html *h)
{
    strbuf_addstr(h->out, "</main>\n<script>\n");
    strbuf_addstr(h->out, html_script_text);
    strbuf_addstr(h->out, "</script>\n</body>\n</html>\n");
}

static void add_card(struct html *h, const char *label, enum html_unit unit, double value,
                     const char *note_label, double note)
{
    if (!isfinite(value))
        return;
    strbuf_addf(h->out, "<div class=\"card\"><span>%s</span><b>", label);
    html_value(h, unit, value);
    strbuf_addstr(h->out, "</b><small>");
    if (isfinite(note)) {
        strbuf_addf(h->out, "%s ", note_label);
        html_value(h, unit, note);
    }
    strbuf_addstr(h->out, "</small></div>\n");
}

static void add_cards(struct html *h)
{
    size_t nr = h->sum.nr_wishes, done = h->sum.ends[OUTCOME_COMPLETED];
    const struct spread *total = &h->sum.scored[SCORED_TOTAL_TIME];
    const struct spread *down = &h->sum.scored[SCORED_DOWNTIME];

    if (nr == 0)
        return;
    strbuf_addstr(h->out, "<div class=\"cards\">\n<div class=\"card\"><span>Completed</span><b>");
    html_value(h, UNIT_PCT, 100.0 * (double)done / (double)nr);
    strbuf_addf(h->out, "</b><small>%zu of %zu migrations</small></div>\n", done, nr);
    if (h->run->replications > 1)
        add_card(h, "Makespan, median", UNIT_NS, h->sum.makespan.p50, "p95", h->sum.makespan.p95);
    else
        add_card(h, "Makespan", UNIT_NS, h->sum.makespan.p50, "", NAN);
    add_card(h, "Total time, p95", UNIT_NS, total->p95, "worst", total->max);
    add_card(h, "Downtime, p99", UNIT_NS, down->p99, "worst", down->max);
    strbuf_addstr(h->out, "</div>\n");
}

static bool one_vm(const struct html *h)
{
    for (size_t g = 1; g < h->sum.nr_groups; g++)
        if (strcmp(h->sum.groups[g].vm, h->sum.groups[0].vm) != 0)
            return false;
    return h->sum.nr_groups > 0;
}

static void add_verdict(struct html *h)
{
    struct mig_result room;
    struct strbuf words = STRBUF_INIT;
    const char *verdict = words_verdict(&words, &h->sum);
    bool done = h->sum.ends[OUTCOME_COMPLETED] == h->sum.nr_wishes && h->run->nr_migs > 0;
    size_t crossed = 0, errors = 0;

    for (size_t i = 0; i < h->run->nr_thresholds; i++) {
        crossed += h->run->thresholds[i].crossed;
        errors += h->run->thresholds[i].crossed && h->run->thresholds[i].error;
    }
    strbuf_addstr(h->out, "<header>\n<p class=\"over\">Live migration forecast</p>\n<h1>");
    if (one_vm(h)) {
        html_name(h, result_mig(h->run, 0, &room)->vm);
        strbuf_addstr(h->out, " &ndash; ");
    }
    html_name(h, h->run->scenario);
    strbuf_addf(h->out, "</h1>\n<div class=\"verdict %s\"><strong>%s%s</strong><p>",
                errors || h->sum.ends[OUTCOME_COMPLETED] == 0 ? "bad"
                : done && !crossed                            ? "good"
                                                              : "doubt",
                verdict,
                errors    ? " &ndash; THRESHOLD CROSSED"
                : crossed ? " &ndash; WARNING"
                          : "");
    html_text(h, strbuf_text(&words));
    strbuf_addstr(h->out, "</p></div>\n");
    if (h->run->interrupted)
        strbuf_addf(h->out,
                    "<p class=\"verdict doubt\">Interrupted: what follows is of the %u "
                    "replications that were finished.</p>\n",
                    h->run->replications);
    strbuf_release(&words);
}

static void add_thresholds(struct html *h)
{
    static const char *const heads[] = {"Verdict", "Threshold", "#Measured",
                                        "#Limit",  "Where",     NULL};

    if (h->run->nr_thresholds == 0 && one_vm(h))
        return;
    if (h->run->nr_thresholds == 0) {
        strbuf_addstr(h->out, "<p class=\"note\">The scenario sets no thresholds.</p>\n");
        return;
    }
    html_open_table(h, "thresholds", "Thresholds, those crossed first, then those in doubt", heads);
    for (int urgency = 2; urgency >= 0; urgency--)
        for (size_t i = 0; i < h->run->nr_thresholds; i++) {
            const struct threshold_result *th = &h->run->thresholds[i];
            struct strbuf words = STRBUF_INIT;

            if (words_urgency(th) != urgency)
                continue;
            strbuf_addf(h->out, "<tr><td class=\"l\"><span class=\"tag %s\">%s</span></td>",
                        th->crossed                            ? th->error ? "bad" : "doubt"
                        : isnan(th->value) || th->small_sample ? "doubt"
                                                               : "good",
                        words_judgement(th));
            strbuf_addstr(h->out, "<th scope=\"row\"><code>");
            html_text(h, th->text);
            strbuf_addstr(h->out, "</code></th><td>");
            words_value(&words, th->value, th->unit);
            html_text(h, strbuf_text(&words));
            strbuf_clear(&words);
            words_interval(&words, th);
            words_attempts(&words, th, &h->sum);
            strbuf_addstr(&words, words.len && th->small_sample ? "; " : "");
            words_doubt(&words, th);
            if (words.len > 0) {
                strbuf_addstr(h->out, "<small>");
                html_text(h, strbuf_text(&words));
                strbuf_addstr(h->out, "</small>");
            }
            strbuf_addstr(h->out, "</td><td>");
            strbuf_clear(&words);
            words_value(&words, th->limit, th->unit);
            html_text(h, strbuf_text(&words));
            strbuf_addstr(h->out, "</td><td class=\"l\">");
            if (th->file) {
                html_text(h, th->file);
                strbuf_addf(h->out, ":%lu", th->line);
            }
            strbuf_addstr(h->out, "</td></tr>\n");
            strbuf_release(&words);
        }
    html_close_table(h);
}

static void add_nav(struct html *h)
{
    strbuf_addf(h->out,
                "<nav aria-label=\"Sections\">%s%s<a href=\"#outcomes\">Outcomes</a>"
                "<a href=\"#timeline\">Timeline</a>",
                h->run->nr_fixes ? "<a href=\"#fixes\">Fixes</a>" : "",
                h->run->nr_ops ? "<a href=\"#operations\">Operations</a>" : "");
    if (h->run->nr_links > 0 && h->run->links[0].nr > 0)
        strbuf_addstr(h->out, "<a href=\"#links\">Links</a>");
    if (h->total.nr > 0)
        strbuf_addstr(h->out, "<a href=\"#spread\">Times</a>");
    if (h->total.nr >= HTML_CDF_LEAST)
        strbuf_addstr(h->out, "<a href=\"#distribution\">Distributions</a>");
    strbuf_addf(h->out,
                "<a href=\"#effects\">Costs</a><a href=\"#vms\">VMs</a>%s%s"
                "<a href=\"#method\">Method</a></nav>\n",
                h->nr_timelines ? "<a href=\"#rounds\">Rounds</a>" : "",
                h->run->nr_events ? "<a href=\"#log\">Log</a>" : "");
}

static bool keep_sample(struct html *h, html_get *get, struct html_sample *sample)
{
    sample->nr = html_sample_of(h, get);
    sample->values = malloc((sample->nr + 1) * sizeof(*sample->values));
    if (sample->values && sample->nr > 0)
        memcpy(sample->values, h->scratch, sample->nr * sizeof(*sample->values));
    return sample->values;
}

static void add_page(struct html *h)
{
    html_find_typical(h);
    html_find_timelines(h);
    html_head(h, "migration forecast");
    add_verdict(h);
    html_hazards(h);
    add_cards(h);
    add_thresholds(h);
    if (h->run->nr_migs > 0)
        add_nav(h);
    strbuf_addstr(h->out, "</header>\n");
    html_fixes(h);
    html_operations(h);
    if (h->run->nr_migs > 0) {
        html_outcomes(h);
        html_gantt(h);
        html_queue(h);
        html_links(h);
        if (h->total.nr > 0)
            html_distributions(h);
        html_cdfs(h);
        html_effects(h);
        html_vms(h);
        html_timelines(h);
    }
    html_log(h);
    html_method(h);
    html_foot(h);
}

enum status html_init(struct html *h, const struct run_result *run, struct strbuf *out)
{
    *h = (struct html){.out = out, .run = run};
    h->scratch = calloc(run->nr_migs + 1, sizeof(*h->scratch));
    if (!h->scratch || summary_init(&h->sum, run) != ST_OK ||
        !keep_sample(h, html_get_total, &h->total) ||
        !keep_sample(h, html_get_downtime, &h->downtime))
        return ST_ENOMEM;
    return ST_OK;
}

void html_release(struct html *h)
{
    summary_release(&h->sum);
    free(h->total.values);
    free(h->downtime.values);
    free(h->scratch);
    *h = (struct html){0};
}

enum status report_html(const struct run_result *run, struct strbuf *out)
{
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0), before;
    struct html h;
    enum status st;

    if (!plain)
        return ST_ENOMEM;
    before = uselocale(plain);
    st = html_init(&h, run, out);
    if (st == ST_OK) {
        add_page(&h);
        st = strbuf_failed(out) ? ST_ENOMEM : h.st;
    }
    html_release(&h);
    uselocale(before);
    freelocale(plain);
    return st;
}
