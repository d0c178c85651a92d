/*
 * network_int.h - bundles and strands; for network*.c only.
 *
 * Invariants between calls: a link of finite capacity has load = sum of weight x level over its
 * bundles; `holder` of a bundle is the full link that keeps its level down, or NETWORK_NONE when it
 * has its cap; links count in nr_held the bundles whose holder they are.
 */
#ifndef MIGCAST_SIM_NETWORK_INT_H
#define MIGCAST_SIM_NETWORK_INT_H

#include <math.h>

#include "sim/network.h"

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
    uint32_t hops[NETWORK_HOPS_MAX];
    uint32_t next[NETWORK_HOPS_MAX], prev[NETWORK_HOPS_MAX]; /* places in the lists of its links */
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

/* network.c */
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

#endif
