/*
 * baselines.c - one loop over rounds, three dirty curves.
 *
 * Nothing of the engine is used: these are other people's methods.
 */
#include "answers/accuracy/baselines.h"

#include <assert.h>
#include <math.h>

#include "answers/accuracy/predict.h"
#include "base/units.h"

#define HEADER_BYTES 8.0 /* of every page; a zero page is no more, in Gudkov's count */
#define NEVER_S 3600.0

const char *baseline_name(enum baseline b)
{
    static const char *const names[BASELINE_NR] = {"Gudkov", "AVG", "memory/bandwidth"};

    return names[b];
}

const char *baseline_key(enum baseline b)
{
    static const char *const keys[BASELINE_NR] = {"gudkov", "avg", "memory_bandwidth"};

    return keys[b];
}

/* Gudkov's curve: linear between points. */
static double curve_pages(const struct baseline_guest *g, double t_s)
{
    struct baseline_point from = {0.0, 0.0}, to;
    size_t i = 0;

    if (g->nr == 0)
        return 0.0;
    while (i + 1 < g->nr && g->dirty[i].t_s < t_s)
        i++;
    to = g->dirty[i];
    if (i > 0)
        from = g->dirty[i - 1];
    return fmin(from.pages + (to.pages - from.pages) * (t_s - from.t_s) / (to.t_s - from.t_s),
                g->full_pages);
}

static double dirty_pages(enum baseline baseline, const struct baseline_guest *g, double t_s)
{
    switch (baseline) {
    case BASELINE_GUDKOV:
        return curve_pages(g, t_s);
    case BASELINE_AVG:
        /* the rate of the longest window, which a hot set distorts least */
        return g->nr > 0
                   ? fmin(g->dirty[g->nr - 1].pages / g->dirty[g->nr - 1].t_s * t_s, g->full_pages)
                   : 0.0;
    case BASELINE_SIZE:
    case BASELINE_NR:
        break;
    }
    return 0.0;
}

void baseline_forecast(struct baseline_result *out, enum baseline baseline,
                       const struct baseline_guest *g, const struct baseline_link *l)
{
    double page = HEADER_BYTES + (double)PAGE_BYTES, limit = fmax(l->downtime_limit_s, 1e-3);
    double bytes = g->full_pages * page + g->zero_pages * HEADER_BYTES, deadline = NEVER_S;
    bool over = true;

    assert(l->bytes_per_s > 0.0);
    if (l->timeout_s > 0.0)
        deadline = l->timeout_s;
    *out = (struct baseline_result){.outcome = OUTCOME_COMPLETED};
    for (;;) {
        double round_s = bytes / l->bytes_per_s;

        out->rounds++;
        if (l->postcopy_at_s >= 0.0 && out->total_s + round_s > l->postcopy_at_s) {
            /* what the round had still to send, and what became dirty in it, at full speed */
            double done_s = fmax(l->postcopy_at_s - out->total_s, 0.0);
            double rest = bytes - done_s * l->bytes_per_s + dirty_pages(baseline, g, done_s) * page;

            out->bytes += done_s * l->bytes_per_s + rest;
            out->total_s += done_s + rest / l->postcopy_bytes_per_s;
            over = false;
            break;
        }
        out->bytes += bytes;
        out->total_s += round_s;
        over = round_s > limit && baseline != BASELINE_SIZE;
        if (!over || out->total_s > deadline)
            break;
        bytes = dirty_pages(baseline, g, round_s) * page;
    }
    if (l->timeout_s > 0.0 ? out->total_s <= deadline : !over)
        return;
    out->outcome = l->timeout_s > 0.0 ? OUTCOME_TIMEOUT : OUTCOME_QUEUED;
    out->bytes -= fmin((out->total_s - deadline) * l->bytes_per_s, out->bytes);
    out->total_s = l->timeout_s > 0.0 ? deadline : NAN;
}

/* Insert by length; windows of one length become one point. */
static void add_window(struct baseline_guest *g, unsigned counts[BASELINE_POINTS_MAX], double t_s,
                       double pages)
{
    size_t i = g->nr;

    while (i > 0 && g->dirty[i - 1].t_s > t_s + 1e-9)
        i--;
    if (i > 0 && fabs(g->dirty[i - 1].t_s - t_s) <= 1e-9) {
        struct baseline_point *p = &g->dirty[i - 1];

        p->pages += (pages - p->pages) / (double)++counts[i - 1];
        return;
    }
    if (g->nr == BASELINE_POINTS_MAX)
        return;
    for (size_t k = g->nr; k > i; k--) {
        g->dirty[k] = g->dirty[k - 1];
        counts[k] = counts[k - 1];
    }
    g->dirty[i] = (struct baseline_point){t_s, pages};
    counts[i] = 1;
    g->nr++;
}

/* Pool neighbours that fall instead of growing: the least-squares growing curve. */
static void pool(struct baseline_guest *g, const unsigned counts[BASELINE_POINTS_MAX])
{
    for (size_t end = 1; end < g->nr; end++) {
        size_t first = end;
        double mean = g->dirty[end].pages, weight = counts[end];

        while (first > 0 && g->dirty[first - 1].pages > mean) {
            first--;
            mean =
                (mean * weight + g->dirty[first].pages * counts[first]) / (weight + counts[first]);
            weight += counts[first];
        }
        for (size_t k = first; k <= end; k++)
            g->dirty[k].pages = mean;
    }
}

void baseline_guest_of(struct baseline_guest *out, const struct trace_facts *f,
                       const struct costs_file_part *part)
{
    double memory = (double)f->header.memory_bytes / (double)PAGE_BYTES;
    unsigned counts[BASELINE_POINTS_MAX];

    *out = (struct baseline_guest){.full_pages =
                                       predict_memory_of(f, part).bytes / (double)PAGE_BYTES};
    out->zero_pages = memory - out->full_pages;
    for (size_t i = 0; i < f->before.nr_dirty; i++) {
        const struct facts_dirty *d = &f->before.dirty[i];
        double t_s = (double)d->calc_ns / (double)NS_PER_S;

        if (d->calc_ns > 0)
            add_window(out, counts, t_s, (double)d->rate_bytes_per_s * t_s / (double)PAGE_BYTES);
    }
    pool(out, counts);
}

void baseline_link_of(struct baseline_link *out, const struct trace_facts *f,
                      const struct costs_file_part *part)
{
    const struct mig_params *p = &f->before.params;
    double copy =
        (double)(p->multifd && part->costs.multifd_bytes_per_s ? part->costs.multifd_bytes_per_s
                                                               : part->costs.copy_bytes_per_s);
    double link = INFINITY, cap = (double)p->max_bandwidth_bytes_per_s;
    double postcopy_cap = (double)p->max_postcopy_bandwidth_bytes_per_s;

    if (f->header.link.rate_bps > 0)
        link = (double)f->header.link.rate_bps / BITS_PER_BYTE * PREDICT_TBF_EFFICIENCY /
               fmax((double)f->header.link.members, 1.0);
    *out = (struct baseline_link){
        .bytes_per_s = fmin(fmin(link, copy), cap > 0.0 ? cap : INFINITY),
        .downtime_limit_s = (double)p->downtime_limit_ns / (double)NS_PER_S,
        .timeout_s = (double)p->completion_timeout_ns / (double)NS_PER_S,
        .postcopy_at_s = -1.0,
        .postcopy_bytes_per_s = fmin(fmin(link, (double)part->costs.final_copy_bytes_per_s),
                                     postcopy_cap > 0.0 ? postcopy_cap : INFINITY),
    };
    if (p->postcopy && p->postcopy_trigger == POSTCOPY_AT_TIME)
        out->postcopy_at_s = (double)p->postcopy_after_ns / (double)NS_PER_S;
}
