/*
 * html_compare.c - the page of two runs: what was changed, what came of it, and which VMs it met.
 *
 * Both sides are summed up as any page does it.  Figures stand in both columns with their
 * difference; distributions lie over each other.  Invariant: a difference is a number beside both,
 * never a colour alone.
 */
#include "reports/compare.h"

#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats.h"
#include "base/units.h"
#include "reports/charts/chart.h"
#include "reports/html_assets.h"
#include "reports/html_int.h"

#include "base/banned.h"

enum {
    VMS_SHOWN = 500,
    INPUTS_SHOWN = 200
};

struct pair {
    const struct compare *c;
    struct html a, b; /* both write to the same page */
    size_t changes[COMPARE_NR];
};

static const struct {
    const char *sign, *word, *tone;
} change_words[COMPARE_NR] = {
    [COMPARE_ADDED] = {"+", "only in B", "doubt"},
    [COMPARE_REMOVED] = {"-", "only in A", "doubt"},
    [COMPARE_OUTCOME] = {"~", "ends otherwise", "bad"},
    [COMPARE_WORSE] = {"~", "worse", "doubt"},
    [COMPARE_SOONER] = {"~", "longer pause, done sooner", "doubt"},
    [COMPARE_LATER] = {"~", "shorter pause, done later", "doubt"},
    [COMPARE_BETTER] = {"~", "better", "good"},
};

/* "2 end otherwise (2 complete more often), 30 with a longer pause, done sooner" */
static void add_counts(struct pair *p)
{
    struct strbuf *out = p->a.out;
    size_t more = 0;

    for (size_t i = 0; i < p->c->nr; i++) {
        const struct compare_side *a = &p->c->vms[i].a, *b = &p->c->vms[i].b;

        more += p->c->vms[i].change == COMPARE_OUTCOME &&
                (uint64_t)b->completed * a->jobs > (uint64_t)a->completed * b->jobs;
    }
    for (int k = 0, any = 0; k < COMPARE_NR; k++) {
        if (p->changes[k] == 0)
            continue;
        strbuf_addf(out, "%s%zu %s%s", any++ ? ", " : "", p->changes[k],
                    k == COMPARE_SOONER || k == COMPARE_LATER ? "with a " : "",
                    k == COMPARE_OUTCOME && p->changes[k] > 1 ? "end otherwise"
                                                              : change_words[k].word);
        if (k == COMPARE_OUTCOME && more > 0)
            strbuf_addf(out, " (%zu complete%s more often)", more, more == 1 ? "s" : "");
    }
}

static void add_head(struct pair *p)
{
    struct html *h = &p->a;
    bool grave = p->changes[COMPARE_OUTCOME] + p->changes[COMPARE_WORSE] > 0;

    html_head(h, "comparison of two forecasts");
    strbuf_addstr(h->out, "<header>\n<p class=\"over\">Comparison of two forecasts</p>\n<h1>");
    html_name(h, p->c->a_name);
    strbuf_addstr(h->out, " &rarr; ");
    html_name(h, p->c->b_name);
    strbuf_addf(h->out,
                "</h1>\n<div class=\"verdict %s\"><strong>%zu OF %zu VMs DIFFER</strong><p>",
                p->c->nr == 0 ? "good"
                : grave       ? "doubt"
                              : "good",
                p->c->nr, p->c->nr_vms);
    add_counts(p);
    strbuf_addstr(h->out, p->c->nr ? "." : "Both sides are alike.");
    strbuf_addstr(h->out, "</p></div>\n<nav aria-label=\"Sections\"><a href=\"#inputs\">Inputs</a>"
                          "<a href=\"#figures\">Figures</a><a href=\"#distribution\">Distributions"
                          "</a><a href=\"#vms\">VMs</a><a href=\"#method\">Method</a></nav>\n"
                          "</header>\n");
}

/* ---- inputs ---- */

static const struct input_result *find_input(const struct run_result *run,
                                             const struct input_result *like)
{
    for (size_t i = 0; i < run->nr_inputs; i++)
        if (strcmp(run->inputs[i].section, like->section) == 0 &&
            strcmp(run->inputs[i].key, like->key) == 0)
            return &run->inputs[i];
    return NULL;
}

static void add_input(struct html *h, const struct input_result *a, const struct input_result *b)
{
    const struct input_result *any = a ? a : b;

    strbuf_addstr(h->out, "<tr><th scope=\"row\">");
    html_name(h, any->section);
    strbuf_addstr(h->out, "</th><td class=\"l\"><code>");
    html_text(h, any->key);
    strbuf_addstr(h->out, "</code></td><td class=\"l\">");
    html_name(h, a ? a->value : "as built in");
    strbuf_addstr(h->out, "</td><td class=\"l\">");
    html_name(h, b ? b->value : "as built in");
    strbuf_addstr(h->out, "</td></tr>\n");
}

static size_t add_inputs_of(struct pair *p, size_t shown)
{
    const struct run_result *a = p->c->a, *b = p->c->b;

    for (size_t i = 0; i < a->nr_inputs; i++) {
        const struct input_result *other = find_input(b, &a->inputs[i]);

        if (other && strcmp(other->value, a->inputs[i].value) == 0)
            continue;
        if (shown++ < INPUTS_SHOWN)
            add_input(&p->a, &a->inputs[i], other);
    }
    for (size_t i = 0; i < b->nr_inputs; i++)
        if (!find_input(a, &b->inputs[i]) && shown++ < INPUTS_SHOWN)
            add_input(&p->a, NULL, &b->inputs[i]);
    return shown;
}

static void add_inputs(struct pair *p)
{
    static const char *const heads[] = {"Section", "Key", "A", "B", NULL};
    struct html *h = &p->a;
    size_t nr;

    html_section(h, "inputs", "What was changed");
    html_open_table(h, "inputs", "Values that differ", heads);
    nr = add_inputs_of(p, 0);
    html_close_table(h);
    if (nr == 0)
        strbuf_addf(h->out, "<p>%s</p>\n",
                    strcmp(p->c->a->digest, p->c->b->digest) == 0
                        ? "Nothing: both runs have the same inputs."
                        : "No value that was given differs; the digests do, so built-in defaults "
                          "or what was cut from the list must.");
    if (nr > INPUTS_SHOWN)
        strbuf_addf(h->out, "<p class=\"note\">The first %d of %zu.</p>\n", INPUTS_SHOWN, nr);
    if (p->c->a->seed != p->c->b->seed)
        strbuf_addstr(h->out, "<p class=\"note\">The seeds differ: part of every difference is "
                              "chance.</p>\n");
}

/* ---- figures ---- */

static void add_difference(struct html *h, enum html_unit unit, double a, double b)
{
    double by = b - a;

    strbuf_addstr(h->out, "<td>");
    if (isfinite(by) && fabs(by) > 0) {
        strbuf_addstr(h->out, by > 0 ? "+" : "&minus;");
        html_value(h, unit, fabs(by));
        if (unit != UNIT_PCT && a > 0)
            strbuf_addf(h->out, "<small>%+.3g %%</small>", 100.0 * by / a);
    } else {
        strbuf_addstr(h->out, isfinite(by) ? "the same" : "&ndash;");
    }
    strbuf_addstr(h->out, "</td>");
}

static void add_figure(struct pair *p, const char *label, enum html_unit unit, double a, double b)
{
    struct html *h = &p->a;

    if (isnan(a) && isnan(b))
        return;
    strbuf_addf(h->out, "<tr><th scope=\"row\">%s</th><td>", label);
    html_value(h, unit, a);
    strbuf_addstr(h->out, "</td><td>");
    html_value(h, unit, b);
    strbuf_addstr(h->out, "</td>");
    add_difference(h, unit, a, b);
    strbuf_addstr(h->out, "</tr>\n");
}

static double completed_pct(const struct summary *sum)
{
    return sum->nr_wishes ? 100.0 * (double)sum->ends[OUTCOME_COMPLETED] / (double)sum->nr_wishes
                          : NAN;
}

static double a_replication(const struct html *h, double sum)
{
    return sum / fmax(h->run->replications, 1);
}

static void add_figures(struct pair *p)
{
    static const char *const heads[] = {"", "#A", "#B", "#Change", NULL};
    const struct summary *a = &p->a.sum, *b = &p->b.sum;
    const struct spread *ta = &a->scored[SCORED_TOTAL_TIME], *tb = &b->scored[SCORED_TOTAL_TIME];
    const struct spread *da = &a->scored[SCORED_DOWNTIME], *db = &b->scored[SCORED_DOWNTIME];

    html_section(&p->a, "figures", "Figures");
    html_open_table(&p->a, "", "Over all migrations of all replications; sums are a replication's",
                    heads);
    add_figure(p, "Completed", UNIT_PCT, completed_pct(a), completed_pct(b));
    add_figure(p, "Makespan, median", UNIT_NS, a->makespan.p50, b->makespan.p50);
    add_figure(p, "Makespan, p95", UNIT_NS, a->makespan.p95, b->makespan.p95);
    add_figure(p, "Downtime, p50", UNIT_NS, da->p50, db->p50);
    add_figure(p, "Downtime, p95", UNIT_NS, da->p95, db->p95);
    add_figure(p, "Downtime, p99", UNIT_NS, da->p99, db->p99);
    add_figure(p, "Downtime, worst", UNIT_NS, da->max, db->max);
    add_figure(p, "Total time, p50", UNIT_NS, ta->p50, tb->p50);
    add_figure(p, "Total time, p95", UNIT_NS, ta->p95, tb->p95);
    add_figure(p, "Bytes sent", UNIT_BYTES, a_replication(&p->a, a->costs.sent_bytes),
               a_replication(&p->b, b->costs.sent_bytes));
    add_figure(p, "Bytes wasted", UNIT_BYTES, a_replication(&p->a, a->costs.wasted_bytes),
               a_replication(&p->b, b->costs.wasted_bytes));
    add_figure(p, "Retries", UNIT_COUNT, a_replication(&p->a, (double)a->costs.retries),
               a_replication(&p->b, (double)b->costs.retries));
    add_figure(p, "Guest time lost to slowness", UNIT_NS, a_replication(&p->a, a->costs.lost_ns),
               a_replication(&p->b, b->costs.lost_ns));
    add_figure(p, "Guest time in post-copy", UNIT_NS, a_replication(&p->a, a->costs.exposed_ns),
               a_replication(&p->b, b->costs.exposed_ns));
    html_close_table(&p->a);
}

/* ---- distributions ---- */

static void add_cdf(struct pair *p, const char *id, const char *axis, const char *finding,
                    const struct html_sample *a, const struct html_sample *b)
{
    static const double shares[] = {0.05, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 1};
    static const char *const heads[] = {"#Share of migrations", "#A at most", "#B at most", NULL};
    const struct chart_look look = {CHART_INLINE, id};
    struct strbuf setting = STRBUF_INIT;
    struct chart_cdf what = {.ns = a->values,
                             .nr = a->nr,
                             .what = finding,
                             .axis = axis,
                             .name = "A",
                             .other_ns = b->values,
                             .nr_other = b->nr,
                             .other_name = "B"};
    enum status st = ST_OK;

    if (a->nr == 0 || b->nr == 0)
        return;
    strbuf_addf(&setting, "n = %zu in A, %zu in B", a->nr, b->nr);
    what.subtitle = strbuf_text(&setting);
    html_open_figure(&p->a, axis);
    if (chart_available())
        st = chart_cdf(p->a.out, &look, &what);
    html_close_drawing(&p->a, st, "As a table");
    html_open_table(&p->a, "", axis, heads);
    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        strbuf_addstr(p->a.out, "<tr><td>");
        html_value(&p->a, UNIT_PCT, shares[i] * 100);
        strbuf_addstr(p->a.out, "</td><td>");
        html_value(&p->a, UNIT_NS, stats_quantile_sorted(a->values, a->nr, shares[i]));
        strbuf_addstr(p->a.out, "</td><td>");
        html_value(&p->a, UNIT_NS, stats_quantile_sorted(b->values, b->nr, shares[i]));
        strbuf_addstr(p->a.out, "</td></tr>\n");
    }
    html_close_table(&p->a);
    html_close_figure(&p->a);
    strbuf_release(&setting);
}

static void add_distributions(struct pair *p)
{
    html_section(&p->a, "distribution", "Distributions");
    strbuf_addstr(p->a.out, "<div class=\"two\">\n");
    add_cdf(p, "c-downtime", "Downtime", "guests stand still for", &p->a.downtime, &p->b.downtime);
    add_cdf(p, "c-total", "Total time", "migrations take", &p->a.total, &p->b.total);
    strbuf_addstr(p->a.out, "</div>\n");
}

/* ---- VMs ---- */

static void add_side(struct html *h, const struct compare_side *s)
{
    if (s->jobs == 0) {
        strbuf_addstr(h->out, "<td class=\"l\">&ndash;</td>");
        return;
    }
    strbuf_addf(h->out, "<td class=\"l\"><i class=\"dot o%d\"></i>%s", (int)s->outcome,
                outcome_name(s->outcome));
    if (s->jobs > 1 || (s->outcome != OUTCOME_COMPLETED && s->reason))
        strbuf_addstr(h->out, "<small>");
    if (s->jobs > 1)
        strbuf_addf(h->out, "%u of %u completed ", s->completed, s->jobs);
    if (s->outcome != OUTCOME_COMPLETED && s->reason)
        html_text(h, s->reason);
    if (s->jobs > 1 || (s->outcome != OUTCOME_COMPLETED && s->reason))
        strbuf_addstr(h->out, "</small>");
    strbuf_addstr(h->out, "</td>");
}

/* "212 ms -> 1.2 s", to be sorted by the difference */
static void add_shift(struct html *h, double a, double b)
{
    double by = b - a;

    if (isfinite(by))
        strbuf_addf(h->out, "<td data-v=\"%.0f\">", by);
    else
        strbuf_addstr(h->out, "<td data-v=\"-1e300\">");
    html_value(h, UNIT_NS, a);
    strbuf_addstr(h->out, " &rarr; ");
    html_value(h, UNIT_NS, b);
    strbuf_addstr(h->out, "</td>");
}

static void add_vm(struct html *h, const struct compare_vm *vm)
{
    strbuf_addf(h->out, "<tr><td class=\"l\"><span class=\"tag %s\">%s %s</span></td>",
                change_words[vm->change].tone, change_words[vm->change].sign,
                change_words[vm->change].word);
    strbuf_addstr(h->out, "<th scope=\"row\">");
    html_name(h, vm->vm);
    strbuf_addstr(h->out, "</th>");
    add_side(h, &vm->a);
    add_side(h, &vm->b);
    add_shift(h, vm->a.total_ns, vm->b.total_ns);
    add_shift(h, vm->a.downtime_ns, vm->b.downtime_ns);
    add_shift(h, vm->a.wait_ns, vm->b.wait_ns);
    strbuf_addstr(h->out, "</tr>\n");
}

static void add_vms(struct pair *p)
{
    static const char *const heads[] = {"Change",      "VM",        "In A",  "In B",
                                        "#Total time", "#Downtime", "#Wait", NULL};
    struct html *h = &p->a;
    size_t rows = p->c->nr < VMS_SHOWN ? p->c->nr : VMS_SHOWN;

    html_section(h, "vms", "VMs that differ, the gravest first");
    if (p->c->nr == 0) {
        strbuf_addstr(h->out, "<p>None.</p>\n");
        return;
    }
    if (rows < p->c->nr)
        strbuf_addf(h->out,
                    "<p><b>The first %zu of %zu are listed</b>; <code>migcast diff --json</code> "
                    "tells all.</p>\n",
                    rows, p->c->nr);
    html_open_table(h, "sortable", "Medians over the replications", heads);
    for (size_t i = 0; i < rows; i++)
        add_vm(h, &p->c->vms[i]);
    html_close_table(h);
}

static void add_method(struct pair *p)
{
    struct html *h = &p->a;

    html_section(h, "method", "Method");
    strbuf_addstr(h->out, "<dl>");
    for (int side = 0; side < 2; side++) {
        const struct run_result *run = side ? p->c->b : p->c->a;

        strbuf_addf(h->out, "<dt>%s</dt><dd>", side ? "B" : "A");
        html_name(h, run->scenario);
        strbuf_addstr(h->out, "<br/>inputs <code>");
        html_text(h, run->digest);
        strbuf_addf(h->out, "</code>, seed %llu, %u replication%s, migcast ",
                    (unsigned long long)run->seed, run->replications,
                    run->replications == 1 ? "" : "s");
        html_text(h, run->version);
        strbuf_addstr(h->out, "</dd>");
    }
    strbuf_addstr(h->out, "<dt>Pairs</dt><dd>with one seed every VM meets the same draws on both "
                          "sides, so what differs comes from what was changed</dd>"
                          "<dt>The same</dt><dd>times that differ by less than 1 % or 1 ms</dd>"
                          "</dl>\n");
}

static enum status add_page(struct pair *p)
{
    for (size_t i = 0; i < p->c->nr; i++)
        p->changes[p->c->vms[i].change]++;
    add_head(p);
    add_inputs(p);
    add_figures(p);
    add_distributions(p);
    add_vms(p);
    add_method(p);
    html_foot(&p->a);
    return p->a.st != ST_OK ? p->a.st : strbuf_failed(p->a.out) ? ST_ENOMEM : ST_OK;
}

enum status report_compare_html(const struct compare *c, struct strbuf *out)
{
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0), before;
    struct pair p = {.c = c};
    enum status st;

    if (!plain)
        return ST_ENOMEM;
    before = uselocale(plain);
    st = html_init(&p.a, c->a, out);
    if (st == ST_OK)
        st = html_init(&p.b, c->b, out);
    if (st == ST_OK)
        st = add_page(&p);
    html_release(&p.a);
    html_release(&p.b);
    uselocale(before);
    freelocale(plain);
    return st;
}
