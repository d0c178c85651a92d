/*
 * network.c - flows come, go and change what they want; links change what they carry.
 *
 * Each call notes which links and bundles it touched, and network_solve() (network_solve.c) starts
 * from those.  Bundles are network_bundle.c's.  Invariant: a flow's strands have its weight between
 * them, and a flow with several crosses, with all of them, a private link as wide as its demand.
 */
#include "sim/network/network_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

static void *room(size_t nr, size_t size)
{
    return calloc(nr ? nr : 1, size);
}

enum status network_init_paths(struct network *net, uint32_t nr_links, uint32_t nr_flows,
                               uint32_t nr_paths)
{
    uint32_t all = nr_links + (nr_paths > 1 ? nr_flows : 0);

    assert(nr_paths >= 1 && nr_paths <= NETWORK_PATHS_MAX);
    assert((uint64_t)nr_flows * nr_paths * NETWORK_HOPS_MAX < NETWORK_HEAP_LINK);
    *net = (struct network){.nr_links = nr_links, .nr_flows = nr_flows};
    net->nr_strands = nr_flows > 0 ? nr_flows * nr_paths : 1;
    net->links = room(all, sizeof(*net->links));
    net->flows = room(nr_flows, sizeof(*net->flows));
    net->changed = room(nr_flows, sizeof(*net->changed));
    net->strands = room(net->nr_strands, sizeof(*net->strands));
    net->dirty = room(all, sizeof(*net->dirty));
    net->touched = room(all, sizeof(*net->touched));
    net->max_leads = net->nr_strands / NETWORK_LEAD_LEAST;
    net->leads = room(net->max_leads, sizeof(*net->leads));
    net->stale = room(net->max_leads, sizeof(*net->stale));
    net->moved = room((size_t)net->max_leads * 2, sizeof(*net->moved));
    net->fresh = room(net->nr_strands, sizeof(*net->fresh));
    net->open = room(net->nr_strands, sizeof(*net->open));
    net->heap = room((size_t)net->nr_strands + all, sizeof(*net->heap));
    if (!net->links || !net->flows || !net->changed || !net->strands || !net->dirty ||
        !net->touched || !net->leads || !net->stale || !net->moved || !net->fresh || !net->open ||
        !net->heap || network_bundles_init(net) != ST_OK) {
        network_release(net);
        return ST_ENOMEM;
    }
    network_clear(net);
    return ST_OK;
}

enum status network_init(struct network *net, uint32_t nr_links, uint32_t nr_flows)
{
    return network_init_paths(net, nr_links, nr_flows, 1);
}

void network_release(struct network *net)
{
    network_bundles_release(net);
    free(net->links);
    free(net->flows);
    free(net->changed);
    free(net->strands);
    free(net->dirty);
    free(net->touched);
    free(net->leads);
    free(net->stale);
    free(net->moved);
    free(net->fresh);
    free(net->open);
    free(net->heap);
    *net = (struct network){0};
}

static uint32_t all_links(const struct network *net)
{
    return net->nr_links + (net->nr_strands > net->nr_flows ? net->nr_flows : 0);
}

void network_clear(struct network *net)
{
    for (uint32_t i = 0; i < all_links(net); i++)
        net->links[i] = (struct network_link){.capacity = INFINITY,
                                              .first = NETWORK_NONE,
                                              .lead = NETWORK_NONE,
                                              .leader = NETWORK_NONE};
    for (uint32_t i = 0; i < net->top_flow; i++)
        net->flows[i] = (struct network_flow){0};
    net->top_flow = 0;
    net->top_strand = net->nr_flows;
    net->free_strand = NETWORK_NONE;
    net->nr_active = net->nr_changed = net->nr_dirty = net->nr_fresh = net->stamp = 0;
    net->nr_leads = net->nr_moved = net->nr_stale = 0;
    net->solved = false;
    network_bundles_clear(net);
}

void network_mark_dirty(struct network *net, uint32_t link)
{
    network_lead_break(net, link);
    if (net->links[link].dirty)
        return;
    net->links[link].dirty = true;
    net->dirty[net->nr_dirty++] = link;
}

void network_mark_fresh(struct network *net, uint32_t bundle)
{
    const struct network_bundle *b = &net->bundles[bundle];

    for (uint32_t h = 0; h < b->nr_hops; h++)
        network_lead_break(net, b->hops[h]);
    if (b->fresh)
        return;
    net->bundles[bundle].fresh = true;
    net->fresh[net->nr_fresh++] = bundle;
}

static bool crosses(const struct network_bundle *b, uint32_t link)
{
    for (uint32_t i = 0; i < b->nr_hops; i++)
        if (b->hops[i] == link)
            return true;
    return false;
}

/* What a flow could have alone: all strands full, but no link more than it carries. */
static double path_of(const struct network *net, uint32_t flow)
{
    const struct network_flow *f = &net->flows[flow];
    double sum = 0.0, least;

    for (uint32_t s = flow; s != NETWORK_NONE; s = net->strands[s].sibling)
        sum += num_min(net->bundles[net->strands[s].bundle].path,
                       net->strands[s].ceiling * net->strands[s].weight);
    least = sum;
    for (uint32_t s = flow; s != NETWORK_NONE && f->private_link != NETWORK_NONE;
         s = net->strands[s].sibling) {
        const struct network_bundle *b = &net->bundles[net->strands[s].bundle];

        for (uint32_t h = 0; h < b->nr_hops; h++) {
            uint32_t link = b->hops[h];
            double with = link == f->private_link ? INFINITY : net->links[link].capacity;

            if (with >= least)
                continue;
            for (uint32_t o = flow; o != NETWORK_NONE; o = net->strands[o].sibling) {
                const struct network_bundle *ob = &net->bundles[net->strands[o].bundle];

                if (!crosses(ob, link))
                    with += num_min(ob->path, net->strands[o].ceiling * net->strands[o].weight);
            }
            least = num_min(least, with);
        }
    }
    return least;
}

void network_begin_telling(struct network *net)
{
    if (!net->solved)
        return;
    for (uint32_t i = 0; i < net->nr_changed; i++)
        net->flows[net->changed[i]].changed = false;
    net->nr_changed = 0;
    net->solved = false;
}

static void tell(struct network *net, uint32_t flow)
{
    network_begin_telling(net);
    if (net->flows[flow].changed)
        return;
    net->flows[flow].changed = true;
    net->changed[net->nr_changed++] = flow;
}

void network_refresh_flow(struct network *net, uint32_t flow)
{
    struct network_flow *f = &net->flows[flow];
    double rate = 0.0, path = path_of(net, flow);

    for (uint32_t s = flow; s != NETWORK_NONE; s = net->strands[s].sibling)
        rate +=
            net->strands[s].weight * network_level_of(net, &net->bundles[net->strands[s].bundle]);
    if (memcmp(&rate, &f->rate, sizeof(rate)) == 0 && memcmp(&path, &f->path, sizeof(path)) == 0)
        return;
    f->rate = rate;
    f->path = path;
    tell(net, flow);
}

/* Every bundle on the link: its path may have another narrowest link. */
static void refresh_paths(struct network *net, uint32_t link)
{
    for (uint32_t at = net->links[link].first; at != NETWORK_NONE; at = network_next_at(net, at)) {
        struct network_bundle *b = &net->bundles[network_bundle_at(at)];
        double path = INFINITY;

        for (uint32_t i = 0; i < b->nr_hops; i++)
            if (b->hops[i] < net->nr_links)
                path = num_min(path, net->links[b->hops[i]].capacity);
        if (path < b->path || path > b->path)
            network_mark_fresh(net, network_bundle_at(at));
        b->path = path;
    }
}

/* The load of a link that was never a limit, and so had none. */
static void count_load(struct network *net, uint32_t link)
{
    struct network_link *l = &net->links[link];

    l->load = l->load_low = 0.0;
    for (uint32_t at = l->first; at != NETWORK_NONE; at = network_next_at(net, at)) {
        struct network_bundle *b = &net->bundles[network_bundle_at(at)];

        if (b->holder != NETWORK_NONE)
            network_lead_break(net, b->holder);
        if (isinf(b->level)) { /* nothing bounded it until now */
            b->level = 0.0;
            network_mark_fresh(net, network_bundle_at(at));
        }
        network_load_add(l, b->weight * b->level);
    }
}

void network_set_capacity(struct network *net, uint32_t link, double capacity)
{
    struct network_link *l = &net->links[link];
    double before = l->capacity;

    assert(capacity >= 0.0);
    if (!(capacity < before || capacity > before))
        return;
    l->capacity = capacity;
    if (l->first == NETWORK_NONE && l->lead == NETWORK_NONE)
        return; /* nobody crosses it */
    if (l->lead != NETWORK_NONE && capacity > 0.0 && capacity < INFINITY)
        network_lead_stale(net, &net->leads[l->lead]);
    else
        network_lead_break(net, link);
    if (isinf(before))
        count_load(net, link);
    if (link < net->nr_links)
        refresh_paths(net, link);
    if (l->first != NETWORK_NONE && l->lead == NETWORK_NONE)
        network_mark_dirty(net, link);
}

static double cap_of(const struct network_flow *f, const struct network_strand *s)
{
    double wanted = f->private_link == NETWORK_NONE ? f->demand / f->weight : INFINITY;

    return num_min(wanted, s->ceiling);
}

static void start_strand(struct network *net, uint32_t strand, uint32_t flow,
                         const struct network_path *path)
{
    const struct network_flow *f = &net->flows[flow];
    struct network_strand *s = &net->strands[strand];
    uint32_t hops[NETWORK_HOPS_MAX], nr = path->nr_hops;

    assert(path->weight > 0.0 && path->ceiling > 0.0 &&
           nr + (f->private_link != NETWORK_NONE) <= NETWORK_HOPS_MAX);
    s->flow = flow;
    s->sibling = NETWORK_NONE;
    s->weight = path->weight;
    s->ceiling = path->ceiling;
    memcpy(hops, path->hops, nr * sizeof(*hops));
    if (f->private_link != NETWORK_NONE)
        hops[nr++] = f->private_link;
    network_join(net, strand, hops, nr, cap_of(f, s));
}

static uint32_t take_strand(struct network *net)
{
    uint32_t strand = net->free_strand;

    if (strand == NETWORK_NONE)
        strand = net->top_strand++;
    else
        net->free_strand = net->strands[strand].sibling;
    assert(strand < net->nr_strands); /* network_init_paths() had room for as many */
    return strand;
}

void network_start_paths(struct network *net, uint32_t flow, const struct network_path *paths,
                         uint32_t nr, double demand)
{
    struct network_flow *f = &net->flows[flow];
    uint32_t last = flow;

    assert(flow < net->nr_flows && !f->active && nr >= 1 && nr <= NETWORK_PATHS_MAX);
    *f = (struct network_flow){
        .demand = demand, .private_link = NETWORK_NONE, .active = true, .changed = f->changed};
    for (uint32_t i = 0; i < nr; i++)
        f->weight += paths[i].weight;
    if (nr > 1) {
        f->private_link = net->nr_links + flow;
        network_set_capacity(net, f->private_link, demand);
    }
    net->nr_active++;
    net->top_flow = flow >= net->top_flow ? flow + 1 : net->top_flow;
    start_strand(net, flow, flow, &paths[0]);
    for (uint32_t i = 1; i < nr; i++) {
        uint32_t strand = take_strand(net);

        net->strands[last].sibling = strand;
        start_strand(net, strand, flow, &paths[i]);
        last = strand;
    }
}

void network_start(struct network *net, uint32_t flow, const uint32_t *hops, uint32_t nr_hops,
                   double weight, double demand)
{
    struct network_path path = {.weight = weight, .ceiling = INFINITY, .nr_hops = nr_hops};

    assert(nr_hops <= NETWORK_HOPS_MAX);
    memcpy(path.hops, hops, nr_hops * sizeof(*hops));
    network_start_paths(net, flow, &path, 1, demand);
}

void network_set_demand(struct network *net, uint32_t flow, double demand)
{
    struct network_flow *f = &net->flows[flow];

    assert(f->active && demand >= 0.0);
    f->demand = demand;
    if (f->private_link != NETWORK_NONE)
        network_set_capacity(net, f->private_link, demand);
    else
        network_move(net, flow, cap_of(f, &net->strands[flow]));
}

void network_stop(struct network *net, uint32_t flow)
{
    struct network_flow *f = &net->flows[flow];
    uint32_t s, next;

    if (!f->active)
        return;
    for (s = flow; s != NETWORK_NONE; s = next) {
        next = net->strands[s].sibling;
        network_leave(net, s);
        if (s >= net->nr_flows) {
            net->strands[s].sibling = net->free_strand;
            net->free_strand = s;
        }
    }
    f->active = false;
    net->nr_active--;
}
