/*
 * bands.c - quantiles of excesses, added to bands.
 */
#include "answers/accuracy/bands.h"

#include <math.h>
#include <stdlib.h>

#include "base/stats.h"
#include "base/units.h"

#define SIDE 0.95 /* what each end of a forecast's interval is to hold */

static double outside(double value, const struct interval *in)
{
    if (isnan(in->low) || isnan(in->high))
        return NAN;
    return value < in->low ? value - in->low : fmax(value - in->high, 0.0);
}

struct bands_excess bands_excess_of(const struct prediction *p, const struct trace_facts *f)
{
    const struct facts_totals *t = &f->after.totals;
    const struct mig_result *r = &p->result;
    struct bands_excess e = {NAN, NAN, NAN};

    if (r->outcome != OUTCOME_COMPLETED || f->after.outcome != FACTS_COMPLETED)
        return e;
    if (t->total_ns > 0 && r->total_ns > 0)
        e.total_ratio = outside((double)t->total_ns, &p->total_ns) / (double)r->total_ns;
    if (t->transferred_bytes > 0 && r->transferred_bytes > 0)
        e.bytes_ratio = outside((double)t->transferred_bytes, &p->transferred_bytes) /
                        (double)r->transferred_bytes;
    if (t->downtime_ns >= 0)
        e.downtime_ns = outside((double)t->downtime_ns, &p->downtime_ns);
    return e;
}

/* The excess in direction @sign that 19 in 20 of further ones keep: the ceil(0.95 (n + 1))-th of
 * n, or the largest. */
static double kept(const double *v, size_t n, double sign, double *w)
{
    size_t k = (size_t)ceil(SIDE * (double)(n + 1));

    for (size_t i = 0; i < n; i++)
        w[i] = fmax(sign * v[i], 0.0);
    stats_sort(w, n);
    return w[(k < n ? k : n) - 1];
}

static double figure(const struct bands_excess *e, int which)
{
    return which == 0 ? e->total_ratio : which == 1 ? e->bytes_ratio : e->downtime_ns;
}

static void set_slack(struct costs_slack *s, int which, double below, double above)
{
    if (which == 0) {
        s->total_below_ratio = below;
        s->total_above_ratio = above;
    } else if (which == 1) {
        s->bytes_below_ratio = below;
        s->bytes_above_ratio = above;
    } else {
        s->downtime_below_ns = (int64_t)below;
        s->downtime_above_ns = (int64_t)above;
    }
}

/* Mean excess of configuration @config among captures of one kind; NAN = it has none. */
static double mean_excess(const struct bands_cases *cases, size_t config, enum accel accel,
                          bool on_link, int which)
{
    double sum = 0.0;
    size_t n = 0;

    for (size_t i = 0; i < cases->nr; i++) {
        const struct trace_facts *f = &cases->facts[i];
        double x = figure(&cases->excess[i], which);

        if (cases->config[i] != config || (cases->use && !cases->use[i]) || isnan(x) ||
            calibration_accel(f) != accel || (f->header.link.rate_bps > 0) != on_link)
            continue;
        sum += x;
        n++;
    }
    return n > 0 ? sum / (double)n : NAN;
}

enum status bands_learn(struct costs_file *c, const struct bands_cases *cases, size_t left_out)
{
    double *v = malloc((2 * cases->nr + 2) * sizeof(*v)), *w = v ? v + cases->nr + 1 : 0;
    size_t configs = 0;

    if (!v)
        return ST_ENOMEM;
    for (size_t i = 0; i < cases->nr; i++)
        configs = cases->config[i] + 1 > configs ? cases->config[i] + 1 : configs;
    for (int kind = 0; kind < 2 * ACCEL_NR; kind++) {
        struct costs_file_part *part = &c->part[kind / 2];
        struct costs_slack *slack = kind % 2 ? &part->spread.link_slack : &part->spread.slack;

        for (int which = 0; which < 3; which++) {
            size_t n = 0;

            for (size_t k = 0; k < configs; k++) {
                double x = k == left_out ? NAN
                                         : mean_excess(cases, k, (enum accel)(kind / 2),
                                                       kind % 2 == 1, which);

                if (!isnan(x))
                    v[n++] = x;
            }
            if (n >= BANDS_LEAST)
                set_slack(slack, which, kept(v, n, -1.0, w), kept(v, n, 1.0, w));
        }
    }
    free(v);
    return ST_OK;
}

static void widen(struct interval *in, double below, double above)
{
    if (isnan(in->low) || isnan(in->high))
        return;
    in->low = fmax(in->low - below, 0.0);
    in->high += above;
}

void bands_widen(struct prediction *p, const struct costs_file_part *part,
                 const struct trace_facts *f)
{
    const struct costs_slack *s =
        f->header.link.rate_bps > 0 ? &part->spread.link_slack : &part->spread.slack;

    if (p->result.outcome != OUTCOME_COMPLETED)
        return;
    widen(&p->total_ns, s->total_below_ratio * (double)p->result.total_ns,
          s->total_above_ratio * (double)p->result.total_ns);
    widen(&p->transferred_bytes, s->bytes_below_ratio * (double)p->result.transferred_bytes,
          s->bytes_above_ratio * (double)p->result.transferred_bytes);
    widen(&p->downtime_ns, (double)s->downtime_below_ns, (double)s->downtime_above_ns);
}
