/*
 * diff_print.c - what differs between two runs, as text and as JSON.
 */
#include "cli/diff_print.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/json_text.h"
#include "base/units.h"
#include "reports/cell.h"

#include "base/banned.h"

enum {
    LINES_SHOWN = 20 /* changed VMs, unless all are wanted */
};

static const char *time_or_dash(char buf[UNITS_TEXT], double ns)
{
    return isnan(ns) ? "-" : units_time(buf, (int64_t)llround(ns));
}

static void add_shift(struct strbuf *out, const char *what, double a, double b)
{
    char text[UNITS_TEXT], from[UNITS_TEXT], to[UNITS_TEXT];

    if ((isnan(a) && isnan(b)) || fabs(a - b) < (double)NS_PER_MS)
        return;
    snprintf(from, sizeof(from), "%s", time_or_dash(text, a));
    snprintf(to, sizeof(to), "%s", time_or_dash(text, b));
    if (strcmp(from, to) != 0) /* else nobody could see it */
        strbuf_addf(out, ", %s %s -> %s", what, from, to);
}

static void add_counts(struct strbuf *out, const struct diff_side *s)
{
    strbuf_addf(out, "%s", outcome_name(s->outcome));
    if (s->jobs > 1)
        strbuf_addf(out, " (%u of %u completed)", s->completed, s->jobs);
}

static void add_vm(struct strbuf *out, const struct diff_vm *v)
{
    static const char signs[] = {
        [DIFF_SAME] = '=',  [DIFF_ADDED] = '+',  [DIFF_REMOVED] = '-', [DIFF_OUTCOME] = '~',
        [DIFF_WORSE] = '~', [DIFF_SOONER] = '~', [DIFF_LATER] = '~',   [DIFF_BETTER] = '~'};
    static const char *const words[] = {[DIFF_SAME] = "the same",
                                        [DIFF_WORSE] = "worse",
                                        [DIFF_SOONER] = "longer pause, done sooner",
                                        [DIFF_LATER] = "shorter pause, done later",
                                        [DIFF_BETTER] = "better"};
    const struct diff_side *only = v->change == DIFF_ADDED ? &v->b : &v->a;

    strbuf_addf(out, "%c ", signs[v->change]);
    cell_add_text(out, v->vm);
    strbuf_addstr(out, ": ");
    if (v->change == DIFF_ADDED || v->change == DIFF_REMOVED) {
        strbuf_addf(out, "only in %s: ", v->change == DIFF_ADDED ? "B" : "A");
        add_counts(out, only);
        strbuf_addch(out, '\n');
        return;
    }
    if (v->change == DIFF_OUTCOME) {
        add_counts(out, &v->a);
        strbuf_addstr(out, " -> ");
        add_counts(out, &v->b);
        if (v->b.reason && v->b.outcome != OUTCOME_COMPLETED)
            strbuf_addf(out, ": %s", v->b.reason);
    } else {
        strbuf_addstr(out, words[v->change]);
    }
    add_shift(out, "pause", v->a.downtime_ns, v->b.downtime_ns);
    add_shift(out, "time", v->a.total_ns, v->b.total_ns);
    add_shift(out, "wait", v->a.wait_ns, v->b.wait_ns);
    if (v->a.throttle_pct != v->b.throttle_pct)
        strbuf_addf(out, ", throttle %.0f %% -> %.0f %%", v->a.throttle_pct, v->b.throttle_pct);
    if (v->a.attempts * v->b.jobs != v->b.attempts * v->a.jobs)
        strbuf_addf(out, ", attempts %u -> %u", v->a.attempts, v->b.attempts);
    strbuf_addch(out, '\n');
}

static void add_total(struct strbuf *out, const char *sign, const char *what,
                      const struct diff_total *t)
{
    char span[UNITS_TEXT], pause[UNITS_TEXT], sent[UNITS_TEXT];

    strbuf_addf(out, "%s %s: ", sign, what);
    strbuf_addf(out, "%.4g %% completed, makespan %s, longest pause %s, %s sent\n",
                100.0 * t->completed_ratio, time_or_dash(span, t->makespan_ns),
                time_or_dash(pause, t->worst_downtime_ns),
                units_size(sent, (uint64_t)llround(t->sent_bytes)));
}

void diff_add_text(struct strbuf *out, const struct diff_result *d, const char *a, const char *b,
                   bool all)
{
    size_t shown = all || d->nr_changed < LINES_SHOWN ? d->nr_changed : LINES_SHOWN;

    strbuf_addf(out, "%zu of %zu VMs differ.\n\n", d->nr_changed, d->nr);
    add_total(out, "A", a, &d->a);
    add_total(out, "B", b, &d->b);
    if (shown > 0)
        strbuf_addch(out, '\n');
    for (size_t i = 0; i < shown; i++)
        add_vm(out, &d->vms[i]);
    if (shown < d->nr_changed)
        strbuf_addf(out, "  and %zu more; --verbose shows all\n", d->nr_changed - shown);
}

/* ---- JSON ---- */

static void add_side(struct strbuf *out, const char *key, const struct diff_side *s)
{
    json_key(out, key);
    if (s->jobs == 0) {
        json_add_text(out, NULL);
        return;
    }
    strbuf_addch(out, '{');
    json_put_text(out, "outcome", outcome_name(s->outcome));
    json_put_text(out, "reason", s->reason);
    json_put_u64(out, "jobs", s->jobs);
    json_put_u64(out, "completed", s->completed);
    json_put_u64(out, "attempts", s->attempts);
    json_put_ms_real(out, "total_time_ms", s->total_ns);
    json_put_ms_real(out, "wait_ms", s->wait_ns);
    json_put_ms_real(out, "downtime_ms", s->downtime_ns);
    json_put_double(out, "max_throttle_pct", s->throttle_pct);
    strbuf_addch(out, '}');
}

static void add_total_json(struct strbuf *out, const char *key, const char *what,
                           const struct diff_total *t)
{
    json_key(out, key);
    strbuf_addch(out, '{');
    json_put_text(out, "name", what);
    json_put_ms_real(out, "makespan_ms", t->makespan_ns);
    json_put_ms_real(out, "longest_downtime_ms", t->worst_downtime_ns);
    json_key(out, "completed_ratio");
    if (isnan(t->completed_ratio))
        json_add_text(out, NULL);
    else
        json_add_double(out, t->completed_ratio);
    json_put_u64(out, "sent_bytes", (uint64_t)llround(t->sent_bytes));
    strbuf_addch(out, '}');
}

void diff_add_json(struct strbuf *out, const struct diff_result *d, const char *a, const char *b)
{
    static const char *const words[] = {[DIFF_SAME] = "same",
                                        [DIFF_ADDED] = "added",
                                        [DIFF_REMOVED] = "removed",
                                        [DIFF_OUTCOME] = "outcome",
                                        [DIFF_WORSE] = "worse",
                                        [DIFF_BETTER] = "better",
                                        /* the pause is what the guest's users see, so it decides */
                                        [DIFF_SOONER] = "worse",
                                        [DIFF_LATER] = "better"};

    strbuf_addstr(out, "{\"format_version\":\"" CLI_FORMAT_VERSION "\"");
    add_total_json(out, "a", a, &d->a);
    add_total_json(out, "b", b, &d->b);
    json_put_u64(out, "changed", d->nr_changed);
    json_key(out, "vms");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < d->nr; i++) {
        json_next(out);
        strbuf_addstr(out, "\n{");
        json_put_text(out, "vm", d->vms[i].vm);
        json_put_text(out, "change", words[d->vms[i].change]);
        add_side(out, "a", &d->vms[i].a);
        add_side(out, "b", &d->vms[i].b);
        strbuf_addch(out, '}');
    }
    strbuf_addstr(out, "]}\n");
}
