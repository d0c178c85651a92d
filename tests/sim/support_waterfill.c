/*
 * support_waterfill.c - progressive filling, from scratch and without any cleverness.
 *
 * Shares no code with sim/network/network*.c.  A link's free capacity and weight are added up anew
 * at each step, so no rounding error is carried from one to the next.
 */
#include <criterion/criterion.h>
#include <math.h>

#include "support_waterfill.h"

struct state {
    struct waterfill *w;
    bool fixed[WATERFILL_FLOWS][4];
    double level[WATERFILL_LINKS];
    double private_level[WATERFILL_FLOWS];
};

static double own_cap(const struct waterfill_flow *f, uint32_t p)
{
    double cap = f->paths[p].ceiling;

    return f->nr_paths == 1 ? fmin(cap, f->demand / f->paths[p].weight) : cap;
}

/* The level at which each link would be full, if all that are not fixed yet rise alike. */
static void find_levels(struct state *s)
{
    static double used[WATERFILL_LINKS], weight[WATERFILL_LINKS];
    const struct waterfill *w = s->w;

    for (uint32_t l = 0; l < w->nr_links; l++)
        used[l] = weight[l] = 0.0;
    for (uint32_t i = 0; i < w->nr_flows; i++) {
        const struct waterfill_flow *f = &w->flows[i];
        double mine = 0.0, open = 0.0;

        for (uint32_t p = 0; f->active && p < f->nr_paths; p++) {
            for (uint32_t h = 0; h < f->paths[p].nr_hops; h++) {
                uint32_t l = f->paths[p].hops[h];

                used[l] += s->fixed[i][p] ? f->rates[p] : 0.0;
                weight[l] += s->fixed[i][p] ? 0.0 : f->paths[p].weight;
            }
            mine += s->fixed[i][p] ? f->rates[p] : 0.0;
            open += s->fixed[i][p] ? 0.0 : f->paths[p].weight;
        }
        s->private_level[i] = INFINITY;
        if (f->nr_paths > 1 && open > 0.0)
            s->private_level[i] = fmax(f->demand - mine, 0.0) / open;
    }
    for (uint32_t l = 0; l < w->nr_links; l++)
        s->level[l] = weight[l] > 0.0 ? fmax(w->capacity[l] - used[l], 0.0) / weight[l] : INFINITY;
}

static double limit(const struct state *s, uint32_t i, uint32_t p)
{
    const struct waterfill_flow *f = &s->w->flows[i];
    double least = fmin(own_cap(f, p), s->private_level[i]);

    for (uint32_t h = 0; h < f->paths[p].nr_hops; h++)
        least = fmin(least, s->level[f->paths[p].hops[h]]);
    return least;
}

void waterfill_solve(struct waterfill *w)
{
    static struct state s;
    uint32_t left = 0;

    s.w = w;
    for (uint32_t i = 0; i < w->nr_flows; i++)
        for (uint32_t p = 0; p < w->flows[i].nr_paths; p++) {
            s.fixed[i][p] = !w->flows[i].active;
            left += w->flows[i].active;
        }
    while (left > 0) {
        double level = INFINITY;

        find_levels(&s);
        for (uint32_t i = 0; i < w->nr_flows; i++)
            for (uint32_t p = 0; p < w->flows[i].nr_paths; p++)
                if (!s.fixed[i][p])
                    level = fmin(level, limit(&s, i, p));
        cr_assert(isfinite(level), "nothing bounds a flow");
        for (uint32_t i = 0; i < w->nr_flows; i++)
            for (uint32_t p = 0; p < w->flows[i].nr_paths; p++)
                if (!s.fixed[i][p] && limit(&s, i, p) <= level * (1.0 + 1e-13)) {
                    s.fixed[i][p] = true;
                    w->flows[i].rates[p] = level * w->flows[i].paths[p].weight;
                    left--;
                }
    }
}

double waterfill_rate(const struct waterfill *w, uint32_t flow)
{
    double sum = 0.0;

    for (uint32_t p = 0; p < w->flows[flow].nr_paths; p++)
        sum += w->flows[flow].rates[p];
    return sum;
}
