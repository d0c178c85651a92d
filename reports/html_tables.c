/*
 * html_tables.c - the tables of the page: fixes, outcomes, spreads, VMs, and what guests and links
 * paid.
 *
 * Invariant: each figure states of how many migrations it is; the table of VMs says when it is cut.
 */
#include "reports/html_int.h"

#include <math.h>

#include "base/stats.h"
#include "base/units.h"
#include "reports/words.h"

#include "base/banned.h"

static bool get_ns(int64_t ns, double *value)
{
    *value = (double)ns;
    return ns >= 0;
}

bool html_get_total(const struct mig_result *mig, double *value)
{
    return scored_value(mig, SCORED_TOTAL_TIME, value);
}

bool html_get_downtime(const struct mig_result *mig, double *value)
{
    return scored_value(mig, SCORED_DOWNTIME, value);
}

static bool get_wait(const struct mig_result *mig, double *value)
{
    return mig->started_ns >= 0 && get_ns(mig->started_ns - mig->queued_ns, value);
}

static bool get_rounds(const struct mig_result *mig, double *value)
{
    return scored_value(mig, SCORED_ROUNDS, value);
}

static bool get_bytes(const struct mig_result *mig, double *value)
{
    return scored_value(mig, SCORED_TRANSFERRED, value);
}

static bool get_throttle(const struct mig_result *mig, double *value)
{
    return scored_value(mig, SCORED_MAX_THROTTLE, value);
}

static bool get_slowdown(const struct mig_result *mig, double *value)
{
    *value = mig->guest_slowdown_ratio * 100.0;
    return mig->started_ns >= 0 && isfinite(*value);
}

static bool get_postcopy(const struct mig_result *mig, double *value)
{
    return mig->postcopy_ns > 0 && get_ns(mig->postcopy_ns, value);
}

static bool get_stall(const struct mig_result *mig, double *value)
{
    return mig->postcopy_ns > 0 && get_ns(mig->postcopy_stall_ns, value);
}

size_t html_sample_of(struct html *h, html_get *get)
{
    struct mig_result room;
    size_t nr = 0;

    for (size_t i = 0; i < h->run->nr_migs; i++)
        nr += get(result_mig(h->run, i, &room), &h->scratch[nr]);
    stats_sort(h->scratch, nr);
    return nr;
}

void html_fixes(struct html *h)
{
    static const char *const heads[] = {"VM", "Ended", "Any one of these would do", NULL};

    if (h->run->nr_fixes == 0)
        return;
    html_section(h, "fixes", "What would fix it");
    html_open_table(h, "wide", "The worst VMs, each migrating alone; every change was simulated",
                    heads);
    for (size_t g = 0; g < h->sum.nr_groups; g++) {
        size_t fixed = words_fixed(&h->sum, &h->sum.groups[g]);
        struct mig_result room;
        const struct mig_result *mig;
        struct strbuf words = STRBUF_INIT;

        if (fixed == WORDS_NONE)
            continue;
        mig = result_mig(h->run, fixed, &room);
        strbuf_addstr(h->out, "<tr><th scope=\"row\">");
        html_name(h, mig->vm);
        strbuf_addf(h->out, "</th><td class=\"l\"><i class=\"dot o%d\"></i>%s</td><td class=\"l\">",
                    mig->outcome, words_outcome(mig));
        words_advice(&words, h->run, fixed);
        html_text(h, strbuf_text(&words));
        strbuf_addstr(h->out, "</td></tr>\n");
        strbuf_release(&words);
    }
    html_close_table(h);
}

void html_outcomes(struct html *h)
{
    struct mig_result room;
    static const char *const heads[] = {"Outcome",        "#Migrations",         "#Share",
                                        "#95 % interval", "Reason, for example", NULL};
    const struct run_result *run = h->run;

    html_section(h, "outcomes", "Outcomes");
    strbuf_addstr(h->out, "<div class=\"bar\" role=\"presentation\">");
    for (int o = 0; o < OUTCOME_NR; o++)
        if (h->sum.outcomes[o])
            strbuf_addf(h->out, "<i class=\"o%d\" style=\"flex-grow:%zu\"></i>", o,
                        h->sum.outcomes[o]);
    strbuf_addstr(h->out, "</div>\n");
    html_open_table(h, "wide",
                    run->nr_migs > h->sum.nr_wishes
                        ? "How attempts ended; a migration that is tried again counts each time, "
                          "and intervals take "
                          "attempts as independent"
                        : "How migrations ended; intervals take them as independent",
                    heads);
    for (int o = 0; o < OUTCOME_NR; o++) {
        size_t nr = h->sum.outcomes[o];
        struct stats_interval in = stats_proportion_interval(nr, run->nr_migs, 0.95);
        const char *reason = NULL;

        if (nr == 0)
            continue;
        for (size_t i = 0; i < run->nr_migs && !reason; i++) {
            const struct mig_result *mig = result_mig(run, i, &room);

            if (mig->outcome == (enum outcome)o)
                reason = mig->reason;
        }
        strbuf_addf(h->out,
                    "<tr><th scope=\"row\"><i class=\"dot o%d\"></i>%s</th><td>%zu</td><td>", o,
                    outcome_name((enum outcome)o), nr);
        html_value(h, UNIT_PCT, 100.0 * (double)nr / (double)run->nr_migs);
        strbuf_addstr(h->out, "</td><td>");
        html_value(h, UNIT_PCT, 100.0 * in.low);
        strbuf_addstr(h->out, " &ndash; ");
        html_value(h, UNIT_PCT, 100.0 * in.high);
        strbuf_addstr(h->out, "</td><td class=\"l\">");
        html_text(h, reason ? reason : "");
        strbuf_addstr(h->out, "</td></tr>\n");
    }
    html_close_table(h);
}

/* "212 ms" and below it "180 ms - 260 ms" */
static void add_quantile(struct html *h, enum html_unit unit, size_t nr, double q)
{
    struct stats_interval in = stats_quantile_interval(h->scratch, nr, q, 0.95);

    strbuf_addstr(h->out, "<td>");
    html_value(h, unit, stats_quantile_sorted(h->scratch, nr, q));
    strbuf_addstr(h->out, "<small>");
    if (nr < HTML_CDF_LEAST)
        in = (struct stats_interval){-INFINITY, INFINITY};
    if (isfinite(in.low) && isfinite(in.high)) {
        html_value(h, unit, in.low);
        strbuf_addstr(h->out, " &ndash; ");
        html_value(h, unit, in.high);
    } else if (isfinite(in.low)) {
        strbuf_addstr(h->out, "from ");
        html_value(h, unit, in.low);
    } else if (isfinite(in.high)) {
        strbuf_addstr(h->out, "up to ");
        html_value(h, unit, in.high);
    } else {
        strbuf_addstr(h->out, nr > 1 ? "too few" : "");
    }
    strbuf_addstr(h->out, "</small></td>");
}

static void add_spread(struct html *h, const char *label, enum html_unit unit, html_get *get)
{
    size_t nr = html_sample_of(h, get);

    if (nr == 0 || (unit == UNIT_PCT && !(h->scratch[nr - 1] > 0)))
        return;
    strbuf_addf(h->out, "<tr><th scope=\"row\">%s</th><td>%zu</td>", label, nr);
    add_quantile(h, unit, nr, 0.50);
    add_quantile(h, unit, nr, 0.95);
    add_quantile(h, unit, nr, 0.99);
    strbuf_addstr(h->out, "<td><b>");
    html_value(h, unit, h->scratch[nr - 1]);
    strbuf_addstr(h->out, "</b></td></tr>\n");
}

void html_distributions(struct html *h)
{
    static const char *const heads[] = {"", "#n", "#p50", "#p95", "#p99", "#worst", NULL};

    html_section(h, "spread", "Times and sizes");
    html_open_table(h, "", "Over all migrations that started, with 95 % intervals below", heads);
    add_spread(h, "Total time", UNIT_NS, html_get_total);
    add_spread(h, "Downtime", UNIT_NS, html_get_downtime);
    add_spread(h, "Wait before the start", UNIT_NS, get_wait);
    add_spread(h, "Rounds", UNIT_COUNT, get_rounds);
    add_spread(h, "Bytes sent", UNIT_BYTES, get_bytes);
    add_spread(h, "Highest throttle", UNIT_PCT, get_throttle);
    add_spread(h, "Guest work lost", UNIT_PCT, get_slowdown);
    add_spread(h, "Time in post-copy", UNIT_NS, get_postcopy);
    add_spread(h, "vCPU waits for pages", UNIT_NS, get_stall);
    html_close_table(h);
    strbuf_addstr(h->out, "<p class=\"note\">Intervals are order statistics and take migrations as "
                          "independent; those that share a link vary together, so with few "
                          "replications the truth is wider.</p>\n");
}

static void add_sortable(struct html *h, enum html_unit unit, double value)
{
    if (isfinite(value))
        strbuf_addf(h->out, "<td data-v=\"%.0f\">", value);
    else
        strbuf_addstr(h->out, "<td data-v=\"-1\">");
    html_value(h, unit, value);
    strbuf_addstr(h->out, "</td>");
}

static void add_vm(struct html *h, size_t g)
{
    const struct summary_group *group = &h->sum.groups[g];
    struct mig_result room;
    const struct mig_result *mig = result_mig(h->run, words_telling(&h->sum, group), &room);
    size_t done = group->outcomes[OUTCOME_COMPLETED], link = SIZE_MAX;

    for (size_t i = 0; i < h->nr_timelines; i++)
        link = h->timelines[i] == g ? i : link;
    strbuf_addstr(h->out, "<tr><th scope=\"row\">");
    if (link != SIZE_MAX)
        strbuf_addf(h->out, "<a href=\"#vm-%zu\">", link + 1);
    html_name(h, group->vm);
    if (group->attempt > 1)
        strbuf_addf(h->out, " (attempt %u)", group->attempt);
    strbuf_addf(h->out, "%s</th><td class=\"l\"><i class=\"dot o%d\"></i>",
                link != SIZE_MAX ? "</a>" : "", (int)mig->outcome);
    if (group->nr > 1)
        strbuf_addf(h->out, "%zu of %zu completed", done, group->nr);
    else
        strbuf_addstr(h->out, outcome_name(mig->outcome));
    if (mig->outcome != OUTCOME_COMPLETED && mig->reason) {
        strbuf_addstr(h->out, "<small>");
        html_text(h, mig->reason);
        strbuf_addstr(h->out, "</small>");
    }
    strbuf_addstr(h->out, "</td>");
    add_sortable(h, UNIT_NS, group->scored[SCORED_TOTAL_TIME].p50);
    add_sortable(h, UNIT_NS, group->scored[SCORED_TOTAL_TIME].p95);
    add_sortable(h, UNIT_NS, group->scored[SCORED_DOWNTIME].p50);
    add_sortable(h, UNIT_NS, group->scored[SCORED_DOWNTIME].max);
    add_sortable(h, UNIT_COUNT, group->scored[SCORED_ROUNDS].p50);
    add_sortable(h, UNIT_BYTES, group->scored[SCORED_TRANSFERRED].p50);
    strbuf_addf(h->out, "<td class=\"l\">%s</td></tr>\n",
                mig->binding == BINDING_NONE ? "" : binding_name(mig->binding));
}

void html_vms(struct html *h)
{
    static const char *const heads[] = {
        "VM",          "Outcome",   "#Total p50", "#Total p95", "#Downtime p50", "#Downtime worst",
        "#Rounds p50", "#Sent p50", "Limited by", NULL};
    size_t nr = h->sum.nr_groups, rows = nr < HTML_VMS ? nr : HTML_VMS;

    html_section(h, "vms", "VMs, worst first");
    strbuf_addf(h->out, "<p>%s", h->nr_timelines ? "A link leads to the VM's timeline. " : "");
    if (rows < nr)
        strbuf_addf(h->out,
                    "<b>The worst %zu of %zu are listed</b>; the CSV and JSON forms hold all.",
                    rows, nr);
    strbuf_addstr(h->out, "</p>\n");
    html_open_table(h, "sortable", "Each VM over its replications", heads);
    for (size_t g = 0; g < rows; g++)
        add_vm(h, g);
    html_close_table(h);
}

/* One line of a list of facts; the value is added by what follows. */
static void open_fact(struct html *h, const char *label)
{
    strbuf_addf(h->out, "<dt>%s</dt><dd>", label);
}

static void add_waste(struct html *h)
{
    const struct summary_costs *c = &h->sum.costs;

    open_fact(h, "Wasted bytes");
    html_value(h, UNIT_BYTES, c->wasted_bytes);
    strbuf_addf(h->out, " sent by %zu migration%s that did not complete, of ", c->nr_wasted,
                c->nr_wasted == 1 ? "" : "s");
    html_value(h, UNIT_BYTES, c->sent_bytes);
    if (c->sent_bytes > 0) {
        strbuf_addstr(h->out, " in all (");
        html_value(h, UNIT_PCT, 100.0 * c->wasted_bytes / c->sent_bytes);
        strbuf_addstr(h->out, ")");
    }
    strbuf_addstr(h->out, "</dd>");
    open_fact(h, "Retries");
    strbuf_addf(h->out, "%zu of %zu migrations are a second attempt or later</dd>\n", c->retries,
                h->run->nr_migs);
}

/* Time of all guests together, a replication. */
static void add_guest_time(struct html *h, double ns)
{
    html_value(h, UNIT_NS, ns / fmax(h->run->replications, 1));
    strbuf_addstr(h->out,
                  h->run->replications > 1 ? " of guest time a replication" : " of guest time");
}

void html_effects(struct html *h)
{
    size_t nr;

    html_section(h, "effects", "What guests and links pay");
    strbuf_addstr(h->out, "<dl>");
    nr = html_sample_of(h, get_slowdown);
    open_fact(h, "Guest slowdown");
    if (nr > 0 && h->scratch[nr - 1] > 0) {
        html_value(h, UNIT_PCT, stats_quantile_sorted(h->scratch, nr, 0.5));
        strbuf_addstr(h->out, " of a guest's work is lost while it migrates (median); worst ");
        html_value(h, UNIT_PCT, h->scratch[nr - 1]);
        strbuf_addstr(h->out, "; ");
        add_guest_time(h, h->sum.costs.lost_ns);
    } else {
        strbuf_addstr(h->out, "none");
    }
    strbuf_addstr(h->out, "</dd>");
    open_fact(h, "Blackouts");
    add_guest_time(h, h->sum.costs.blackout_ns);
    strbuf_addstr(h->out, " in which no vCPU runs</dd>");
    add_waste(h);
    nr = html_sample_of(h, get_postcopy);
    open_fact(h, "Post-copy exposure");
    if (nr > 0) {
        strbuf_addf(h->out, "%zu migration%s, for ", nr, nr == 1 ? "" : "s");
        html_value(h, UNIT_NS, stats_quantile_sorted(h->scratch, nr, 0.5));
        strbuf_addstr(h->out, " (median), at worst ");
        html_value(h, UNIT_NS, h->scratch[nr - 1]);
        strbuf_addstr(h->out, "; ");
        add_guest_time(h, h->sum.costs.exposed_ns);
        strbuf_addstr(h->out, "; in that time a failure of either host or of the network loses the "
                              "guest");
    } else {
        strbuf_addstr(h->out, "none: no guest runs with its memory on two hosts");
    }
    strbuf_addstr(h->out, "</dd></dl>\n");
}
