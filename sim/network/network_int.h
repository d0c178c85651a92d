/*
 * network_int.h - bundles and strands; for network*.c only.
 *
 * Invariants between calls: a link of finite capacity has load = sum of weight x level over its
 * bundles; `holder` of a bundle is the full link that keeps its level down, or NETWORK_NONE when it
 * has its cap; links count in nr_held the bundles whose holder they are.  Where the holder leads,
 * the level of its bundles is the link's and theirs is not kept, nor are the loads of the links
 * that they cross.
 */
#ifndef MIGCAST_SIM_NETWORK_INT_H
#define MIGCAST_SIM_NETWORK_INT_H

#include <math.h>

#include "sim/network/network.h"

/* Two levels that differ by less are the same level, reached by other roundings. */
#define NETWORK_SAME 1e-13

/* The streams of one flow that take one path. */
struct network_strand {
    double weight;
    double ceiling;
    uint32_t flow;
    uint32_t bundle;
    uint32_t next, prev; /* in the bundle */
    uint32_t sibling;    /* next strand of the flow; or next free one */
};

/* Strands that cross the same links and are content at the same level. */
struct network_bundle {
    double level; /* rate per weight, solved */
    double cap;   /* level at which nothing more is wanted */
    double weight;
    double path;   /* the smallest capacity among its links */
    double solved; /* scratch: the level to be */
    uint32_t solved_holder;
    uint32_t holder;
    uint32_t first; /* strand */
    uint32_t hash;
    uint32_t next_in_bucket; /* or next free one */
    uint32_t stamp;
    bool fresh, fixed;
    uint8_t nr_hops;
    uint32_t nr_strands;
    uint32_t hops[NETWORK_HOPS_MAX];
    uint32_t next[NETWORK_HOPS_MAX], prev[NETWORK_HOPS_MAX]; /* places in the lists of its links */
};

/* A link that leads. */
struct network_lead {
    uint32_t link;
    uint32_t first; /* of the flows that listen; those not told yet come first */
    double level;
    double weight;  /* of the bundles it holds */
    double rest;    /* load of the others */
    double floor;   /* highest level among the others */
    double ceiling; /* lowest level at which something else holds one of them */
    bool stale;     /* the level may have to move */
};

struct network_heap_entry {
    double level;
    uint32_t id; /* bundle, or nr of a link with NETWORK_HEAP_LINK set */
};
#define NETWORK_HEAP_LINK 0x80000000u

/* Adds to a load without losing what is too small for it (Neumaier's sum). */
static inline void network_load_add(struct network_link *l, double x)
{
    double sum = l->load + x;

    l->load_low += fabs(l->load) >= fabs(x) ? (l->load - sum) + x : (x - sum) + l->load;
    l->load = sum;
}

/* A place in the list of a link's bundles: whose it is, and the next. */
static inline uint32_t network_bundle_at(uint32_t place)
{
    return place / NETWORK_HOPS_MAX;
}

static inline uint32_t network_next_at(const struct network *net, uint32_t place)
{
    return net->bundles[network_bundle_at(place)].next[place % NETWORK_HOPS_MAX];
}

/* network.c */
/* The list of changes begins anew with whatever happens first after a solve. */
void network_begin_telling(struct network *net);
void network_mark_dirty(struct network *net, uint32_t link);
void network_mark_fresh(struct network *net, uint32_t bundle);
/* The flow's rate and path from its strands; into the list when they moved. */
void network_refresh_flow(struct network *net, uint32_t flow);

/* network_bundle.c */
enum status network_bundles_init(struct network *net);
void network_bundles_release(struct network *net);
void network_bundles_clear(struct network *net);
/* Put a strand into the bundle of that path and cap, making it where there is none; out of it. */
void network_join(struct network *net, uint32_t strand, const uint32_t *hops, uint32_t nr_hops,
                  double cap);
void network_leave(struct network *net, uint32_t strand);
/* The same path, another cap. */
void network_move(struct network *net, uint32_t strand, double cap);

/* network_lead.c */
enum {
    NETWORK_LEAD_LEAST = 16 /* strands that a link must hold to lead */
};

static inline struct network_lead *network_lead_of(const struct network *net,
                                                   const struct network_bundle *b)
{
    uint32_t lead = b->holder == NETWORK_NONE ? NETWORK_NONE : net->links[b->holder].lead;

    return lead == NETWORK_NONE ? NULL : &net->leads[lead];
}

static inline double network_level_of(const struct network *net, const struct network_bundle *b)
{
    const struct network_lead *lead = network_lead_of(net, b);

    return lead ? lead->level : b->level;
}

/* A new bundle on its links: it is led by the one link among them that leads, if only that link can
 * hold it; else nobody leads there any more. */
void network_lead_join(struct network *net, uint32_t bundle);
/* A bundle that is led has grown. */
void network_lead_bound(struct network *net, const struct network_bundle *b);
/* The strand's flow begins to listen, or is led no more. */
void network_lead_listen(struct network *net, uint32_t flow, struct network_lead *lead);
void network_lead_forget(struct network *net, uint32_t flow);
/* The level of a link that leads has to be looked at. */
void network_lead_stale(struct network *net, struct network_lead *lead);
/* @link leads no more, and nobody leads it. */
void network_lead_break(struct network *net, uint32_t link);
/* New levels where nothing else moves; where more does, the link stops leading. */
void network_leads_solve(struct network *net);
/* Of the links that the solver just filled, those may lead that can. */
void network_leads_form(struct network *net);

#endif
