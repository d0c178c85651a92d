/*
 * network_lead.c - links whose common level is kept once.
 *
 * A full link often holds back many bundles that nothing else holds back.  Such a link leads: all
 * those bundles have its level, which moves when one of them comes or goes, and that is one
 * division.  It can lead while every other link that its bundles cross carries nobody else (those
 * links follow it) and has room: `ceiling` is the level up to which that is sure.  Anything else
 * that changes there, and a level beyond `ceiling` or below `floor`, ends it: levels and loads are
 * written out, and network_solve.c goes on from there.
 *
 * Invariants: while a link leads, its bundles' `level` and the loads of it and of the links that
 * follow it are not kept; the others on it do not change; each flow that it leads either listens or
 * is muted.  `ceiling` only falls, so it may be lower than it could be, never higher.
 */
#include <assert.h>

#include "base/num.h"
#include "sim/network/network_int.h"

/* A flow within this of what it wants counts as content, which is not the leader's to say. */
#define NEARLY (1.0 - 2e-9)

/* ---- who is told ---- */

void network_lead_listen(struct network *net, uint32_t flow, struct network_lead *lead)
{
    struct network_flow *f = &net->flows[flow];

    assert(!f->listens);
    f->muted = false;
    f->listens = f->fresh = true;
    f->leader = lead->link;
    f->prev = NETWORK_NONE;
    f->next = lead->first;
    if (lead->first != NETWORK_NONE)
        net->flows[lead->first].prev = flow;
    lead->first = flow;
}

static void unlist(struct network *net, uint32_t flow)
{
    struct network_flow *f = &net->flows[flow];
    struct network_lead *lead = &net->leads[net->links[f->leader].lead];

    assert(f->listens && lead->link == f->leader);
    if (f->prev == NETWORK_NONE)
        lead->first = f->next;
    else
        net->flows[f->prev].next = f->next;
    if (f->next != NETWORK_NONE)
        net->flows[f->next].prev = f->prev;
    f->listens = f->fresh = false;
}

void network_lead_forget(struct network *net, uint32_t flow)
{
    struct network_flow *f = &net->flows[flow];

    if (f->listens)
        unlist(net, flow);
    if (f->muted)
        f->rate = -1.0; /* not kept: whatever comes is news */
    f->muted = false;
}

uint32_t network_leader(const struct network *net, uint32_t flow)
{
    const struct network_flow *f = &net->flows[flow];

    return f->active && (f->listens || f->muted) ? f->leader : NETWORK_NONE;
}

double network_level(const struct network *net, uint32_t link)
{
    assert(net->links[link].lead != NETWORK_NONE);
    return net->leads[net->links[link].lead].level;
}

double network_load(const struct network *net, uint32_t link)
{
    const struct network_link *l = &net->links[link];

    if (l->leader != NETWORK_NONE)
        return l->all_weight * network_level(net, l->leader);
    if (l->lead == NETWORK_NONE)
        return l->load + l->load_low;
    return net->leads[l->lead].rest + net->leads[l->lead].weight * net->leads[l->lead].level;
}

void network_mute(struct network *net, uint32_t flow)
{
    unlist(net, flow);
    net->flows[flow].muted = true;
}

void network_hear(struct network *net, uint32_t flow)
{
    struct network_flow *f = &net->flows[flow];
    struct network_lead *lead;

    if (!f->muted)
        return;
    lead = &net->leads[net->links[f->leader].lead];
    network_lead_listen(net, flow, lead);
    f->rate = f->weight * lead->level;
}

/* ---- ending ---- */

static void count_load(struct network *net, uint32_t link)
{
    struct network_link *l = &net->links[link];

    l->load = l->load_low = 0.0;
    for (uint32_t at = l->first; at != NETWORK_NONE; at = network_next_at(net, at)) {
        const struct network_bundle *b = &net->bundles[network_bundle_at(at)];

        network_load_add(l, b->weight * b->level);
    }
}

/* Those that were not told, or not yet, are now. */
static void release_flows(struct network *net, const struct network_bundle *b)
{
    for (uint32_t s = b->first; s != NETWORK_NONE; s = net->strands[s].next) {
        uint32_t flow = net->strands[s].flow;
        struct network_flow *f = &net->flows[flow];
        bool news = f->muted || f->fresh;

        if (f->muted)
            f->rate = -1.0;
        f->listens = f->muted = f->fresh = false;
        if (news)
            network_refresh_flow(net, flow);
    }
}

static void end_lead(struct network *net, uint32_t link)
{
    struct network_link *l = &net->links[link];
    struct network_lead *lead = &net->leads[l->lead];
    bool stale = lead->stale;

    assert(l->lead < net->nr_leads);
    for (uint32_t at = l->first; at != NETWORK_NONE; at = network_next_at(net, at))
        if (net->bundles[network_bundle_at(at)].holder == link)
            net->bundles[network_bundle_at(at)].level = lead->level;
    *lead = net->leads[--net->nr_leads];
    if (lead->link != link)
        net->links[lead->link].lead = l->lead;
    l->lead = NETWORK_NONE;
    for (uint32_t at = l->first; at != NETWORK_NONE; at = network_next_at(net, at)) {
        const struct network_bundle *b = &net->bundles[network_bundle_at(at)];

        if (b->holder != link)
            continue;
        release_flows(net, b);
        for (uint32_t h = 0; h < b->nr_hops; h++)
            if (net->links[b->hops[h]].leader == link) {
                net->links[b->hops[h]].leader = NETWORK_NONE;
                count_load(net, b->hops[h]);
            }
    }
    count_load(net, link);
    if (stale)
        network_mark_dirty(net, link);
}

void network_lead_break(struct network *net, uint32_t link)
{
    if (net->links[link].lead != NETWORK_NONE)
        end_lead(net, link);
    if (net->links[link].leader != NETWORK_NONE)
        end_lead(net, net->links[link].leader);
}

/* ---- coming and going ---- */

void network_lead_stale(struct network *net, struct network_lead *lead)
{
    if (lead->stale)
        return;
    lead->stale = true;
    net->stale[net->nr_stale++] = lead->link;
}

/* What else would hold a bundle that @link leads: its wish, or another link on its way. */
static double bound_of(const struct network *net, const struct network_bundle *b, uint32_t link)
{
    double bound = b->cap;

    for (uint32_t h = 0; h < b->nr_hops; h++) {
        const struct network_link *l = &net->links[b->hops[h]];

        if (b->hops[h] != link && l->capacity < INFINITY)
            bound = num_min(bound, l->capacity / l->all_weight);
    }
    return bound;
}

void network_lead_bound(struct network *net, const struct network_bundle *b)
{
    struct network_lead *lead = network_lead_of(net, b);

    lead->ceiling = num_min(lead->ceiling, bound_of(net, b, b->holder));
}

/* The link that could lead a new bundle: the only one that leads, and nobody else on the others. */
static uint32_t leader_for(const struct network *net, const struct network_bundle *b)
{
    uint32_t leader = NETWORK_NONE;

    for (uint32_t h = 0; h < b->nr_hops; h++)
        if (net->links[b->hops[h]].lead != NETWORK_NONE) {
            if (leader != NETWORK_NONE)
                return NETWORK_NONE;
            leader = b->hops[h];
        }
    for (uint32_t h = 0; h < b->nr_hops && leader != NETWORK_NONE; h++) {
        const struct network_link *l = &net->links[b->hops[h]];

        if (b->hops[h] >= net->nr_links || (b->hops[h] != leader && l->capacity < INFINITY &&
                                            l->leader != leader && l->nr_bundles > 1))
            return NETWORK_NONE;
    }
    return leader;
}

void network_lead_join(struct network *net, uint32_t bundle)
{
    struct network_bundle *b = &net->bundles[bundle];
    uint32_t leader = leader_for(net, b);

    for (uint32_t h = 0; h < b->nr_hops; h++) {
        if (leader == NETWORK_NONE)
            network_lead_break(net, b->hops[h]);
        else if (b->hops[h] != leader && net->links[b->hops[h]].capacity < INFINITY)
            net->links[b->hops[h]].leader = leader;
    }
    if (leader == NETWORK_NONE)
        return;
    b->holder = leader;
    b->level = net->leads[net->links[leader].lead].level;
    net->links[leader].nr_held++;
}

/* ---- solving ---- */

static void tell_listeners(struct network *net, const struct network_lead *lead, bool all)
{
    for (uint32_t flow = lead->first; flow != NETWORK_NONE; flow = net->flows[flow].next) {
        if (!all && !net->flows[flow].fresh)
            break;
        net->flows[flow].fresh = false;
        network_refresh_flow(net, flow);
    }
}

/* Returns whether the link may go on leading. */
static bool solve_lead(struct network *net, struct network_lead *lead)
{
    const struct network_link *l = &net->links[lead->link];
    double level = (l->capacity - lead->rest) / lead->weight;
    bool same = fabs(level - lead->level) <= NETWORK_SAME * lead->level;

    if (l->nr_held == 0 || !(level > 0.0) || level >= lead->ceiling * NEARLY || level < lead->floor)
        return false;
    if (!same) {
        lead->level = level;
        net->moved[net->nr_moved++] = lead->link;
    }
    lead->stale = false;
    tell_listeners(net, lead, !same);
    return true;
}

void network_leads_solve(struct network *net)
{
    for (uint32_t i = 0; i < net->nr_stale; i++) {
        uint32_t link = net->stale[i], at = net->links[link].lead;

        if (at != NETWORK_NONE && net->leads[at].stale && !solve_lead(net, &net->leads[at]))
            end_lead(net, link);
    }
    net->nr_stale = 0;
}

/* ---- beginning ---- */

/* The links beside @link that its held bundles cross: `unfixed` counts those bundles on each.
 * False when one of them surely has others. */
static bool count_followers(struct network *net, uint32_t link)
{
    const struct network_link *l = &net->links[link];

    net->stamp++;
    for (uint32_t at = l->first; at != NETWORK_NONE; at = network_next_at(net, at)) {
        const struct network_bundle *b = &net->bundles[network_bundle_at(at)];

        for (uint32_t h = 0; h < b->nr_hops && b->holder == link; h++) {
            struct network_link *k = &net->links[b->hops[h]];

            if (b->hops[h] >= net->nr_links || k->nr_bundles > l->nr_bundles ||
                k->lead != NETWORK_NONE || k->leader != NETWORK_NONE)
                return false;
            k->unfixed = k->stamp == net->stamp ? k->unfixed + 1 : 1;
            k->stamp = net->stamp;
        }
    }
    return true;
}

static bool find_lead(const struct network *net, uint32_t link, struct network_lead *lead)
{
    *lead = (struct network_lead){.link = link, .first = NETWORK_NONE, .ceiling = INFINITY};
    for (uint32_t at = net->links[link].first; at != NETWORK_NONE; at = network_next_at(net, at)) {
        const struct network_bundle *b = &net->bundles[network_bundle_at(at)];

        if (b->holder != link) {
            lead->rest += b->weight * b->level;
            lead->floor = num_max(lead->floor, b->level);
            continue;
        }
        for (uint32_t h = 0; h < b->nr_hops; h++) {
            const struct network_link *k = &net->links[b->hops[h]];

            if (b->hops[h] != link && k->capacity < INFINITY && k->unfixed < k->nr_bundles)
                return false;
        }
        lead->level = b->level;
        lead->weight += b->weight;
        lead->ceiling = num_min(lead->ceiling, bound_of(net, b, link));
    }
    return lead->level > 0.0 && lead->level >= lead->floor && lead->level < lead->ceiling * NEARLY;
}

static bool holds_many(const struct network *net, uint32_t link)
{
    uint32_t strands = 0;

    for (uint32_t at = net->links[link].first; at != NETWORK_NONE && strands < NETWORK_LEAD_LEAST;
         at = network_next_at(net, at))
        if (net->bundles[network_bundle_at(at)].holder == link)
            strands += net->bundles[network_bundle_at(at)].nr_strands;
    return strands >= NETWORK_LEAD_LEAST;
}

static void begin(struct network *net, const struct network_lead *lead)
{
    struct network_link *l = &net->links[lead->link];

    l->lead = net->nr_leads;
    net->leads[net->nr_leads++] = *lead;
    net->moved[net->nr_moved++] = lead->link;
    for (uint32_t at = l->first; at != NETWORK_NONE; at = network_next_at(net, at)) {
        const struct network_bundle *b = &net->bundles[network_bundle_at(at)];

        if (b->holder != lead->link)
            continue;
        for (uint32_t h = 0; h < b->nr_hops; h++)
            if (b->hops[h] != lead->link && net->links[b->hops[h]].capacity < INFINITY)
                net->links[b->hops[h]].leader = lead->link;
        for (uint32_t s = b->first; s != NETWORK_NONE; s = net->strands[s].next) {
            network_lead_listen(net, net->strands[s].flow, &net->leads[l->lead]);
            net->flows[net->strands[s].flow].fresh = false;
        }
    }
}

void network_leads_form(struct network *net)
{
    for (uint32_t i = 0; i < net->nr_touched; i++) {
        uint32_t link = net->touched[i];
        const struct network_link *l = &net->links[link];
        struct network_lead lead;

        if (l->full && l->nr_held > 0 && l->lead == NETWORK_NONE && l->leader == NETWORK_NONE &&
            net->nr_leads < net->max_leads && holds_many(net, link) && count_followers(net, link) &&
            find_lead(net, link, &lead))
            begin(net, &lead);
    }
}
