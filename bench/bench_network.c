/*
 * bench_network.c - changes of shares per second, against filling the whole network anew.
 *
 * A rolling drain: some hosts in every rack send to hosts anywhere, over their cards and the racks'
 * uplinks; each change ends one flow and starts another elsewhere.  The peer is textbook
 * progressive filling of all flows and links, as often as something changes.  Then many flows on
 * one link.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "bench/bench.h"
#include "sim/network/network.h"

enum {
    PER_RACK = 40,
    HOPS = 4,
    MAX_RUNS = 3
};

#define CARD (25e9 / 8.0)

/* Hosts of which one in twenty sends, @per_host flows each; uplinks carry 1 / @over of the cards.
 */
struct drain {
    uint32_t hosts, per_host, over;
};

struct world {
    uint32_t nr_links, nr_flows;
    double *capacity;
    struct plain_flow {
        uint32_t nr_hops, hops[HOPS];
        double demand, rate;
        bool fixed;
    } * flows;
};

static void *checked(void *p)
{
    if (!p) {
        perror("bench");
        exit(EXIT_FAILURE);
    }
    return p;
}

static void world_init(struct world *w, const struct drain *d)
{
    uint32_t racks = d->hosts / PER_RACK;

    w->nr_links = 2 * d->hosts + 2 * racks;
    w->nr_flows = d->hosts / 20 * d->per_host;
    w->capacity = checked(calloc(w->nr_links, sizeof(*w->capacity)));
    w->flows = checked(calloc(w->nr_flows, sizeof(*w->flows)));
    for (uint32_t l = 0; l < w->nr_links; l++)
        w->capacity[l] = l < 2 * d->hosts ? CARD : CARD * PER_RACK / d->over;
}

/* Flow @f goes from its host, 20 apart from the next, to any other. */
static void draw_flow(struct world *w, const struct drain *d, uint32_t f, struct rng *rng)
{
    struct plain_flow *p = &w->flows[f];
    uint32_t from = f / d->per_host * 20, to;

    do
        to = (uint32_t)(rng_uniform(rng) * d->hosts);
    while (to == from);
    p->nr_hops = 0;
    p->hops[p->nr_hops++] = 2 * from;
    p->hops[p->nr_hops++] = 2 * to + 1;
    if (from / PER_RACK != to / PER_RACK) {
        p->hops[p->nr_hops++] = 2 * d->hosts + 2 * (from / PER_RACK);
        p->hops[p->nr_hops++] = 2 * d->hosts + 2 * (to / PER_RACK) + 1;
    }
    p->demand = rng_uniform(rng) < 0.5 ? INFINITY : 1.2e9;
}

static double drain_rate(const struct drain *d, uint32_t changes, double *updates)
{
    struct world w;
    struct network net;
    struct rng rng;
    uint64_t start = 0;
    double took;

    world_init(&w, d);
    rng_stream(&rng, 1, "bench", d->hosts, d->over);
    if (network_init(&net, w.nr_links, w.nr_flows) != ST_OK)
        checked(NULL);
    for (uint32_t l = 0; l < w.nr_links; l++)
        network_set_capacity(&net, l, w.capacity[l]);
    for (uint32_t c = 0; c < w.nr_flows + changes; c++) {
        uint32_t f = c < w.nr_flows ? c : (uint32_t)(rng_uniform(&rng) * w.nr_flows);

        if (c == w.nr_flows) {
            net.nr_link_updates = 0;
            start = bench_now_ns();
        }
        if (c >= w.nr_flows) {
            network_stop(&net, f);
            network_solve(&net);
        }
        draw_flow(&w, d, f, &rng);
        network_start(&net, f, w.flows[f].hops, w.flows[f].nr_hops, 1.0, w.flows[f].demand);
        network_solve(&net);
    }
    took = (double)(bench_now_ns() - start);
    *updates = (double)net.nr_link_updates / (2.0 * changes);
    network_release(&net);
    free(w.capacity);
    free(w.flows);
    return 2e6 * changes / took;
}

/* ---- the peer ---- */

static bool stops(const struct plain_flow *p, double level, const double *left,
                  const uint32_t *open)
{
    if (p->demand <= level)
        return true;
    for (uint32_t h = 0; h < p->nr_hops; h++)
        if (left[p->hops[h]] / open[p->hops[h]] <= level * (1.0 + 1e-12))
            return true;
    return false;
}

/* All unfixed flows rise together; those that stop at the lowest level are fixed there. */
static void plain_solve(struct world *w, double *left, uint32_t *open)
{
    uint32_t nr = w->nr_flows;

    memcpy(left, w->capacity, w->nr_links * sizeof(*left));
    memset(open, 0, w->nr_links * sizeof(*open));
    for (uint32_t f = 0; f < w->nr_flows; f++) {
        w->flows[f].fixed = false;
        for (uint32_t h = 0; h < w->flows[f].nr_hops; h++)
            open[w->flows[f].hops[h]]++;
    }
    while (nr > 0) {
        double level = INFINITY;

        for (uint32_t f = 0; f < w->nr_flows; f++)
            level = w->flows[f].fixed ? level : fmin(level, w->flows[f].demand);
        for (uint32_t l = 0; l < w->nr_links; l++)
            level = open[l] ? fmin(level, left[l] / open[l]) : level;
        for (uint32_t f = 0; f < w->nr_flows; f++) {
            struct plain_flow *p = &w->flows[f];

            if (p->fixed || !stops(p, level, left, open))
                continue;
            p->fixed = true;
            p->rate = level;
            nr--;
            for (uint32_t h = 0; h < p->nr_hops; h++) {
                left[p->hops[h]] -= level;
                open[p->hops[h]]--;
            }
        }
    }
}

static double plain_rate(const struct drain *d, uint32_t changes)
{
    struct world w;
    struct rng rng;
    double *left;
    uint32_t *open;
    uint64_t start;
    double took;

    world_init(&w, d);
    left = checked(calloc(w.nr_links, sizeof(*left)));
    open = checked(calloc(w.nr_links, sizeof(*open)));
    rng_stream(&rng, 1, "bench", d->hosts, d->over);
    for (uint32_t f = 0; f < w.nr_flows; f++)
        draw_flow(&w, d, f, &rng);
    start = bench_now_ns();
    for (uint32_t c = 0; c < changes; c++) {
        draw_flow(&w, d, (uint32_t)(rng_uniform(&rng) * w.nr_flows), &rng);
        plain_solve(&w, left, open);
    }
    took = (double)(bench_now_ns() - start);
    free(left);
    free(open);
    free(w.capacity);
    free(w.flows);
    return 1e6 * changes / took;
}

static void measure_drain(struct bench_report *report, const struct drain *d)
{
    uint32_t runs = report->quick ? 1 : MAX_RUNS;
    uint32_t changes = report->quick ? 2000 : 20000;
    double own[MAX_RUNS], peer[MAX_RUNS], updates = 0.0;
    struct bench_case c = {.unit = "k changes/s", .bound = "memory: bundles and links touched"};
    struct bench_case u = {.unit = "links", .bound = "how far levels move"};

    for (uint32_t i = 0; i < runs; i++) {
        own[i] = drain_rate(d, changes, &updates);
        peer[i] = plain_rate(d, 1 + 200000 / d->hosts / (report->quick ? 10 : 1));
    }
    snprintf(c.name, sizeof(c.name), "%u hosts, %u each, %u:1", d->hosts, d->per_host, d->over);
    snprintf(u.name, sizeof(u.name), "  link updates a change");
    c.value = bench_median(own, runs);
    c.peer = bench_median(peer, runs);
    u.value = updates;
    bench_add(report, c);
    bench_add(report, u);
}

/* ---- many flows on one link ---- */

/* @cards: each flow has cards of its own besides, so none is like another to the solver. */
static void measure_one_link(struct bench_report *report, uint32_t flows, bool cards)
{
    uint32_t changes = report->quick ? 1 + 20000 / flows : 1 + 1000000 / flows;
    struct bench_case all = {.unit = "ms", .bound = "n log n: a heap of levels"};
    struct bench_case one = {.unit = "us", .bound = "all rates move"};
    struct network net;
    struct rng rng;
    uint64_t start;

    rng_stream(&rng, 1, "bench", flows, cards);
    if (network_init(&net, 1 + 2 * flows, flows) != ST_OK)
        checked(NULL);
    for (uint32_t l = 0; l <= 2 * flows; l++)
        network_set_capacity(&net, l, CARD);
    start = bench_now_ns();
    for (uint32_t f = 0; f < flows; f++)
        network_start(&net, f, (uint32_t[]){0, 1 + 2 * f, 2 + 2 * f}, cards ? 3 : 1, 1.0,
                      cards ? CARD * rng_uniform(&rng) : INFINITY);
    network_solve(&net);
    all.value = (double)(bench_now_ns() - start) / 1e6;
    start = bench_now_ns();
    for (uint32_t c = 0; c < changes; c++) {
        uint32_t f = (uint32_t)(rng_uniform(&rng) * flows);

        network_stop(&net, f);
        network_solve(&net);
        network_start(&net, f, (uint32_t[]){0, 1 + 2 * f, 2 + 2 * f}, cards ? 3 : 1, 1.0, INFINITY);
        network_solve(&net);
    }
    one.value = (double)(bench_now_ns() - start) / 2e3 / changes;
    snprintf(all.name, sizeof(all.name), "%u on one link%s, at once", flows,
             cards ? ", own cards" : "");
    snprintf(one.name, sizeof(one.name), "  one of them changes");
    bench_add(report, all);
    bench_add(report, one);
    network_release(&net);
}

void bench_network(struct bench_report *report)
{
    static const struct drain drains[] = {{400, 2, 1},    {2000, 2, 1},  {10000, 2, 1},
                                          {40000, 2, 1},  {400, 5, 10},  {2000, 5, 10},
                                          {10000, 5, 10}, {40000, 5, 10}};

    for (size_t i = 0; i < sizeof(drains) / sizeof(drains[0]); i++)
        measure_drain(report, &drains[i]);
    for (uint32_t flows = 100; flows <= 100000; flows *= 10)
        measure_one_link(report, flows, false);
    for (uint32_t flows = 100; flows <= 100000; flows *= 10)
        measure_one_link(report, flows, true);
}
