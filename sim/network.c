/*
 * network.c - progressive filling.
 *
 * All unfixed flows rise together, each in proportion to its weight, until one meets its demand or
 * a link is full; that one, or the flows of that link, are fixed there, and the rest goes on.
 * Invariant after a solve: no link carries more than its capacity, and every flow either has its
 * demand or crosses a full link on which no flow has a larger rate per weight.
 */
#include "sim/network.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/num.h"

enum status network_init(struct network *net, uint32_t nr_links, uint32_t nr_flows)
{
    *net = (struct network){.nr_links = nr_links, .nr_flows = nr_flows};
    net->links = calloc(nr_links ? nr_links : 1, sizeof(*net->links));
    net->flows = calloc(nr_flows ? nr_flows : 1, sizeof(*net->flows));
    net->active = calloc(nr_flows ? nr_flows : 1, sizeof(*net->active));
    if (!net->links || !net->flows || !net->active) {
        network_release(net);
        return ST_ENOMEM;
    }
    network_clear(net);
    return ST_OK;
}

void network_release(struct network *net)
{
    free(net->links);
    free(net->flows);
    free(net->active);
    *net = (struct network){0};
}

void network_clear(struct network *net)
{
    for (uint32_t i = 0; i < net->nr_links; i++)
        net->links[i] = (struct network_link){.capacity = INFINITY};
    for (uint32_t i = 0; i < net->nr_active; i++)
        net->flows[net->active[i]].active = false;
    net->nr_active = 0;
}

void network_start(struct network *net, uint32_t flow, const uint32_t *hops, uint32_t nr_hops,
                   double weight, double demand)
{
    struct network_flow *f = &net->flows[flow];

    assert(flow < net->nr_flows && !f->active && nr_hops <= NETWORK_HOPS_MAX && weight > 0.0);
    *f = (struct network_flow){
        .demand = demand, .weight = weight, .nr_hops = nr_hops, .active = true};
    for (uint32_t i = 0; i < nr_hops; i++) {
        assert(hops[i] < net->nr_links);
        f->hops[i] = hops[i];
        net->links[hops[i]].flows++;
    }
    net->active[net->nr_active++] = flow;
}

void network_stop(struct network *net, uint32_t flow)
{
    struct network_flow *f = &net->flows[flow];

    if (!f->active)
        return;
    f->active = false;
    for (uint32_t i = 0; i < f->nr_hops; i++)
        net->links[f->hops[i]].flows--;
    for (uint32_t i = 0; i < net->nr_active; i++) {
        if (net->active[i] == flow) {
            net->active[i] = net->active[--net->nr_active];
            break;
        }
    }
}

static double path_capacity(const struct network *net, const struct network_flow *f)
{
    double path = INFINITY;

    for (uint32_t i = 0; i < f->nr_hops; i++)
        path = num_min(path, net->links[f->hops[i]].capacity);
    return path;
}

static void set_rate(struct network_flow *f, double rate)
{
    f->changed = fabs(rate - f->rate) > 1e-9 * num_max(rate, f->rate);
    f->rate = rate;
    f->fixed = true;
}

/* The level (rate per weight) at which the next flow or link stops rising. */
static double next_level(const struct network *net)
{
    double level = INFINITY;

    for (uint32_t i = 0; i < net->nr_active; i++) {
        const struct network_flow *f = &net->flows[net->active[i]];

        if (f->fixed)
            continue;
        level = num_min(level, f->demand / f->weight);
        for (uint32_t h = 0; h < f->nr_hops; h++) {
            const struct network_link *l = &net->links[f->hops[h]];

            level = num_min(level, num_max(l->free, 0.0) / l->weight);
        }
    }
    return level;
}

static bool stops_at(const struct network *net, const struct network_flow *f, double level)
{
    double slack = 1e-12 * level;

    if (f->demand / f->weight <= level + slack)
        return true;
    for (uint32_t h = 0; h < f->nr_hops; h++) {
        const struct network_link *l = &net->links[f->hops[h]];

        if (num_max(l->free, 0.0) / l->weight <= level + slack)
            return true;
    }
    return false;
}

/* Fix every flow that stops at @level.  They are found first and taken off their links afterwards,
 * so that all links of one level are judged alike. */
static uint32_t fix_level(struct network *net, double level)
{
    uint32_t n = 0;

    for (uint32_t i = 0; i < net->nr_active; i++) {
        struct network_flow *f = &net->flows[net->active[i]];

        if (!f->fixed && stops_at(net, f, level)) {
            set_rate(f, num_min(f->demand, level * f->weight));
            f->path = -1.0;
            n++;
        }
    }
    for (uint32_t i = 0; i < net->nr_active; i++) {
        struct network_flow *f = &net->flows[net->active[i]];

        if (!f->fixed || f->path >= 0.0)
            continue;
        f->path = path_capacity(net, f);
        for (uint32_t h = 0; h < f->nr_hops; h++) {
            net->links[f->hops[h]].free -= f->rate;
            net->links[f->hops[h]].weight -= f->weight;
        }
    }
    return n;
}

void network_solve(struct network *net)
{
    uint32_t left = net->nr_active;

    if (left == 1) {
        struct network_flow *f = &net->flows[net->active[0]];

        f->path = path_capacity(net, f);
        set_rate(f, num_min(f->path, f->demand));
        return;
    }
    for (uint32_t i = 0; i < net->nr_active; i++) {
        const struct network_flow *f = &net->flows[net->active[i]];

        for (uint32_t h = 0; h < f->nr_hops; h++) {
            net->links[f->hops[h]].free = net->links[f->hops[h]].capacity;
            net->links[f->hops[h]].weight = 0.0;
        }
    }
    for (uint32_t i = 0; i < net->nr_active; i++) {
        struct network_flow *f = &net->flows[net->active[i]];

        f->fixed = false;
        f->path = 0.0;
        for (uint32_t h = 0; h < f->nr_hops; h++)
            net->links[f->hops[h]].weight += f->weight;
    }
    while (left > 0) {
        uint32_t n = fix_level(net, next_level(net));

        assert(n > 0);
        left -= n;
    }
}
