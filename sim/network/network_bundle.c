/*
 * network_bundle.c - which strands are one bundle, and which bundles cross a link.
 *
 * Bundles are found by a hash of their links and their cap; a bundle lives while it has strands.
 * Lists are intrusive, so that nothing is allocated.  Leaves levels to network_solve.c: a bundle
 * starts at level 0, and joining or leaving keeps the loads of its links true.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "sim/network/network_int.h"

static uint32_t power_of_two(uint32_t n)
{
    uint32_t p = 16;

    while (p < n && p < 1u << 30)
        p *= 2;
    return p;
}

enum status network_bundles_init(struct network *net)
{
    net->nr_buckets = power_of_two(net->nr_strands);
    net->bundles = calloc(net->nr_strands, sizeof(*net->bundles));
    net->buckets = calloc(net->nr_buckets, sizeof(*net->buckets));
    if (!net->bundles || !net->buckets)
        return ST_ENOMEM;
    return ST_OK;
}

void network_bundles_release(struct network *net)
{
    free(net->bundles);
    free(net->buckets);
}

void network_bundles_clear(struct network *net)
{
    memset(net->buckets, 0xff, net->nr_buckets * sizeof(*net->buckets));
    net->top_bundle = 0;
    net->free_bundle = NETWORK_NONE;
}

static uint32_t hash_key(const uint32_t *hops, uint32_t nr_hops, double cap)
{
    uint64_t h, bits;

    memcpy(&bits, &cap, sizeof(bits));
    h = bits * 0x9e3779b97f4a7c15ULL;
    for (uint32_t i = 0; i < nr_hops; i++)
        h = (h ^ (h >> 29) ^ hops[i]) * 0xbf58476d1ce4e5b9ULL;
    return (uint32_t)(h >> 32) ^ (uint32_t)h;
}

static bool same_key(const struct network_bundle *b, const uint32_t *hops, uint32_t nr_hops,
                     double cap)
{
    return memcmp(&b->cap, &cap, sizeof(cap)) == 0 && b->nr_hops == nr_hops &&
           memcmp(b->hops, hops, nr_hops * sizeof(*hops)) == 0;
}

static void link_insert(struct network *net, uint32_t id, uint32_t hop)
{
    struct network_bundle *b = &net->bundles[id];
    struct network_link *l = &net->links[b->hops[hop]];
    uint32_t place = id * NETWORK_HOPS_MAX + hop;

    b->prev[hop] = NETWORK_NONE;
    b->next[hop] = l->first;
    if (l->first != NETWORK_NONE)
        net->bundles[l->first / NETWORK_HOPS_MAX].prev[l->first % NETWORK_HOPS_MAX] = place;
    l->first = place;
    l->nr_bundles++;
}

static void link_remove(struct network *net, uint32_t id, uint32_t hop)
{
    struct network_bundle *b = &net->bundles[id];
    uint32_t prev = b->prev[hop], next = b->next[hop];

    if (prev == NETWORK_NONE)
        net->links[b->hops[hop]].first = next;
    else
        net->bundles[prev / NETWORK_HOPS_MAX].next[prev % NETWORK_HOPS_MAX] = next;
    if (next != NETWORK_NONE)
        net->bundles[next / NETWORK_HOPS_MAX].prev[next % NETWORK_HOPS_MAX] = prev;
    net->links[b->hops[hop]].nr_bundles--;
}

/* One that was used before may still be in the list of fresh ones, so its flag stays. */
static uint32_t take_bundle(struct network *net)
{
    uint32_t id = net->free_bundle;

    if (id == NETWORK_NONE) {
        id = net->top_bundle++;
        net->bundles[id].fresh = false;
    } else {
        net->free_bundle = net->bundles[id].next_in_bucket;
    }
    assert(id < net->nr_strands); /* never more than strands */
    return id;
}

static uint32_t make_bundle(struct network *net, uint32_t hash, const uint32_t *hops,
                            uint32_t nr_hops, double cap)
{
    uint32_t id = take_bundle(net), *bucket = &net->buckets[hash & (net->nr_buckets - 1)];
    struct network_bundle *b = &net->bundles[id];

    b->level = b->weight = 0.0;
    b->cap = cap;
    b->path = INFINITY;
    b->first = b->holder = NETWORK_NONE;
    b->hash = hash;
    b->stamp = b->nr_strands = 0;
    b->nr_hops = (uint8_t)nr_hops;
    b->next_in_bucket = *bucket;
    *bucket = id;
    for (uint32_t i = 0; i < nr_hops; i++) {
        b->hops[i] = hops[i];
        if (hops[i] < net->nr_links) /* a private link is the flow's own wish */
            b->path = num_min(b->path, net->links[hops[i]].capacity);
        link_insert(net, id, i);
    }
    return id;
}

static void out_of_bucket(struct network *net, uint32_t id)
{
    struct network_bundle *b = &net->bundles[id];
    uint32_t *at = &net->buckets[b->hash & (net->nr_buckets - 1)];

    while (*at != id)
        at = &net->bundles[*at].next_in_bucket;
    *at = b->next_in_bucket;
}

/* A fresh one that dies stays in the list of fresh ones, which skips it. */
static void drop_bundle(struct network *net, uint32_t id)
{
    struct network_bundle *b = &net->bundles[id];

    out_of_bucket(net, id);
    if (b->holder != NETWORK_NONE)
        net->links[b->holder].nr_held--;
    for (uint32_t i = 0; i < b->nr_hops; i++) {
        struct network_link *l = &net->links[b->hops[i]];

        link_remove(net, id, i);
        if (l->first != NETWORK_NONE)
            continue;
        l->load = l->load_low = l->all_weight = 0.0;
        l->leader = NETWORK_NONE;
    }
    b->next_in_bucket = net->free_bundle;
    net->free_bundle = id;
}

static void add_weight(struct network *net, struct network_bundle *b, double weight)
{
    struct network_lead *lead = network_lead_of(net, b);

    b->weight += weight;
    for (uint32_t i = 0; i < b->nr_hops; i++) {
        struct network_link *l = &net->links[b->hops[i]];

        l->all_weight += weight;
        if (!lead && b->level > 0.0 && l->capacity < INFINITY)
            network_load_add(l, weight * b->level);
    }
    if (!lead)
        return;
    lead->weight += weight;
    network_lead_stale(net, lead);
}

static void insert_strand(struct network *net, uint32_t strand, uint32_t id)
{
    struct network_strand *s = &net->strands[strand];
    struct network_bundle *b = &net->bundles[id];

    s->bundle = id;
    s->prev = NETWORK_NONE;
    s->next = b->first;
    if (b->first != NETWORK_NONE)
        net->strands[b->first].prev = strand;
    b->first = strand;
    b->nr_strands++;
    add_weight(net, b, s->weight);
}

/* Returns whether the bundle has others left. */
static bool remove_strand(struct network *net, uint32_t strand)
{
    struct network_strand *s = &net->strands[strand];
    struct network_bundle *b = &net->bundles[s->bundle];

    if (s->prev == NETWORK_NONE)
        b->first = s->next;
    else
        net->strands[s->prev].next = s->next;
    if (s->next != NETWORK_NONE)
        net->strands[s->next].prev = s->prev;
    b->nr_strands--;
    add_weight(net, b, -s->weight);
    return b->first != NETWORK_NONE;
}

static uint32_t find_bundle(const struct network *net, uint32_t hash, const uint32_t *hops,
                            uint32_t nr_hops, double cap)
{
    uint32_t id = net->buckets[hash & (net->nr_buckets - 1)];

    while (id != NETWORK_NONE && !same_key(&net->bundles[id], hops, nr_hops, cap))
        id = net->bundles[id].next_in_bucket;
    return id;
}

void network_join(struct network *net, uint32_t strand, const uint32_t *hops, uint32_t nr_hops,
                  double cap)
{
    uint32_t hash = hash_key(hops, nr_hops, cap);
    uint32_t id = find_bundle(net, hash, hops, nr_hops, cap);
    struct network_lead *lead;

    if (id == NETWORK_NONE) {
        id = make_bundle(net, hash, hops, nr_hops, cap);
        network_lead_join(net, id);
    }
    insert_strand(net, strand, id);
    lead = network_lead_of(net, &net->bundles[id]);
    if (!lead) {
        network_mark_fresh(net, id);
        return;
    }
    network_lead_bound(net, &net->bundles[id]);
    network_lead_listen(net, net->strands[strand].flow, lead);
}

void network_leave(struct network *net, uint32_t strand)
{
    uint32_t id = net->strands[strand].bundle;
    struct network_bundle *b = &net->bundles[id];

    if (network_lead_of(net, b)) {
        network_lead_forget(net, net->strands[strand].flow);
        if (!remove_strand(net, strand))
            drop_bundle(net, id);
    } else if (remove_strand(net, strand)) {
        network_mark_fresh(net, id);
    } else {
        for (uint32_t i = 0; i < b->nr_hops; i++)
            network_mark_dirty(net, b->hops[i]);
        drop_bundle(net, id);
    }
    net->strands[strand].bundle = NETWORK_NONE;
}

/* Another cap for a bundle, where no other has that. */
static void set_cap(struct network *net, uint32_t id, uint32_t hash, double cap)
{
    struct network_bundle *b = &net->bundles[id];
    uint32_t *bucket = &net->buckets[hash & (net->nr_buckets - 1)];

    out_of_bucket(net, id);
    b->cap = cap;
    b->hash = hash;
    b->next_in_bucket = *bucket;
    *bucket = id;
}

/* A strand that a link holds back does not notice a cap that lies higher still: it takes its level
 * along, and nobody's rate moves. */
static bool move_unnoticed(struct network *net, uint32_t strand, double cap)
{
    uint32_t from = net->strands[strand].bundle, id;
    const struct network_bundle *b = &net->bundles[from];
    uint32_t hash = hash_key(b->hops, b->nr_hops, cap);
    struct network_lead *lead = network_lead_of(net, b);
    double level = network_level_of(net, b);

    if (b->fresh || b->holder == NETWORK_NONE || cap <= level * (1.0 + NETWORK_SAME))
        return false;
    id = find_bundle(net, hash, b->hops, b->nr_hops, cap);
    if (id != NETWORK_NONE &&
        (net->bundles[id].fresh || net->bundles[id].holder == NETWORK_NONE ||
         fabs(network_level_of(net, &net->bundles[id]) - level) > NETWORK_SAME * level))
        return false;
    if (lead)
        lead->ceiling = num_min(lead->ceiling, cap);
    if (id == NETWORK_NONE && b->nr_strands == 1) {
        set_cap(net, from, hash, cap);
        return true;
    }
    if (id == NETWORK_NONE) { /* there is room for one: bundles are fewer than strands */
        id = make_bundle(net, hash, b->hops, b->nr_hops, cap);
        net->bundles[id].level = level;
        net->bundles[id].holder = b->holder;
        net->links[b->holder].nr_held++;
    }
    if (!remove_strand(net, strand))
        drop_bundle(net, from);
    insert_strand(net, strand, id);
    return true;
}

void network_move(struct network *net, uint32_t strand, double cap)
{
    uint32_t hops[NETWORK_HOPS_MAX], nr;
    const struct network_bundle *b = &net->bundles[net->strands[strand].bundle];

    if (memcmp(&b->cap, &cap, sizeof(cap)) == 0 || move_unnoticed(net, strand, cap))
        return;
    nr = b->nr_hops;
    memcpy(hops, b->hops, nr * sizeof(*hops));
    network_leave(net, strand);
    network_join(net, strand, hops, nr, cap);
}
