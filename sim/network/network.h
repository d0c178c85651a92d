/*
 * network.h - flows on links, with weighted max-min fair shares, re-solved where they change.
 *
 * A flow crosses a few links, weighs what its number of streams weighs, and may want less than its
 * share.  Rates are bytes per second of payload.  They change only in network_solve(), which the
 * engine calls when a flow starts, ends or changes its demand, or a link its capacity; afterwards
 * `changed` lists the flows that must know.
 *
 * Streams on the same links that are content at the same level are one bundle inside, with one
 * level (rate per weight), so a thousand equal migrations over one link cost the solver what one
 * costs.  When a link holds back many bundles that only it holds back, they go at one level, which
 * is kept once, with the link: it leads, and a change that only moves this level costs nothing for
 * those on it (network_lead.c).  `moved` lists such links, and who follows one by himself asks not
 * to be told of it with network_mute().  A flow whose streams take different paths (legs of a bond)
 * has a strand for each path; its demand bounds their sum.
 *
 * Source of the rule: progressive filling (Bertsekas and Gallager, Data Networks, section 6.5.2).
 */
#ifndef MIGCAST_SIM_NETWORK_H
#define MIGCAST_SIM_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* Payload of a full Ethernet frame over what it takes on the wire: 1448 / 1538 (TCP with
 * timestamps, IPv4, Ethernet header, check sum, preamble and gap). */
#define NETWORK_NIC_EFFICIENCY (1448.0 / 1538.0)
#define NETWORK_NONE UINT32_MAX

enum {
    NETWORK_HOPS_MAX = 26,
    NETWORK_PATHS_MAX = 16
};

struct network_link {
    double capacity;  /* bytes/s now; 0 = down; INFINITY = never a limit.  network_set_capacity() */
    double load;      /* of all bundles on it, while the capacity is finite; see network_load() */
    double load_low;  /* what `load` lost by rounding */
    uint32_t first;   /* of its bundles: a place, bundle * NETWORK_HOPS_MAX + hop */
    uint32_t nr_held; /* bundles that get no more because this link is full */
    uint32_t nr_bundles;
    double all_weight; /* of the bundles */
    uint32_t lead;     /* its place in `leads`, NETWORK_NONE = does not lead */
    uint32_t leader;   /* link that holds all bundles on this one and leads, else NETWORK_NONE */
    bool dirty;

    /* scratch of the solver */
    double free;
    double weight;      /* of the open bundles not yet fixed */
    double open_weight; /* of all open ones */
    double level;       /* at which it was full */
    uint32_t nr_open;   /* open bundles */
    uint32_t unfixed;   /* of them, not yet fixed */
    uint32_t stamp;
    bool full, moved;
};

struct network_flow {
    double demand; /* bytes/s wanted; INFINITY = all there is.  network_set_demand() */
    double weight; /* > 0, of all its streams */
    double rate;   /* solved */
    double path;   /* solved: what the path alone would allow this flow, before any sharing */
    uint32_t private_link; /* bounds the strands of a flow with several; else NETWORK_NONE */
    uint32_t leader;       /* while it listens or is muted */
    uint32_t next, prev;   /* in the list of those whom the link that leads them tells */
    bool active;
    bool changed; /* is in the list `changed` */
    bool listens; /* is in that list */
    bool muted;   /* is led, and in no list; `rate` is not kept */
    bool fresh;   /* listens, and was not told anything yet */
};

/* One path of some streams of one flow. */
struct network_path {
    double weight;  /* number of streams, > 0 */
    double ceiling; /* bytes/s of one stream, whatever the links could carry; INFINITY = none */
    uint32_t nr_hops;
    uint32_t hops[NETWORK_HOPS_MAX];
};

struct network_bundle;
struct network_strand;
struct network_heap_entry;
struct network_lead;

struct network {
    uint32_t nr_links, nr_flows;
    uint32_t nr_active; /* flows */
    struct network_link *links;
    struct network_flow *flows;
    uint32_t nr_changed;
    uint32_t
        *changed; /* active flows whose rate or path moved in the last solve; both start at 0 */
    uint32_t nr_moved;
    uint32_t *moved; /* links whose common level moved, or that began to lead, in the last solve */
    /* counters since network_init(), for benchmarks: links and bundles that solves touched */
    uint64_t nr_link_updates, nr_bundle_updates;

    /* private */
    uint32_t nr_strands;
    struct network_strand *strands; /* [nr_flows] the first of each flow, then spare ones */
    struct network_bundle *bundles;
    uint32_t *buckets, nr_buckets;             /* bundles by path and cap */
    uint32_t free_strand, free_bundle;         /* given back */
    uint32_t top_flow, top_strand, top_bundle; /* none beyond was used yet */
    struct network_lead *leads;                /* of the links that lead */
    uint32_t nr_leads, max_leads;
    uint32_t *stale, nr_stale;       /* links that lead, to look at in the next solve */
    bool solved;                     /* nothing happened since */
    uint32_t *dirty, nr_dirty;       /* links to look at in the next solve */
    uint32_t *fresh, nr_fresh;       /* bundles that changed by themselves */
    uint32_t *open, nr_open;         /* scratch: bundles whose level is open */
    uint32_t nr_unfixed;             /* scratch: of them */
    uint32_t *touched, nr_touched;   /* scratch: links they cross */
    struct network_heap_entry *heap; /* scratch */
    uint32_t heap_len;
    uint32_t stamp;
};

/* network_init - room for all that will ever be; nothing allocates afterwards.
 * network_init_paths() also has room for flows with up to @nr_paths paths each. */
enum status network_init(struct network *net, uint32_t nr_links, uint32_t nr_flows);
enum status network_init_paths(struct network *net, uint32_t nr_links, uint32_t nr_flows,
                               uint32_t nr_paths);
void network_release(struct network *net);
/* Drops all flows and sets every capacity to INFINITY. */
void network_clear(struct network *net);

void network_set_capacity(struct network *net, uint32_t link, double capacity);

/* A link may stand only once in @hops. */
void network_start(struct network *net, uint32_t flow, const uint32_t *hops, uint32_t nr_hops,
                   double weight, double demand);
/* network_start_paths - a flow whose streams take @nr paths, 1..NETWORK_PATHS_MAX. */
void network_start_paths(struct network *net, uint32_t flow, const struct network_path *paths,
                         uint32_t nr, double demand);
void network_set_demand(struct network *net, uint32_t flow, double demand);
/* Does nothing to a flow that is not active. */
void network_stop(struct network *net, uint32_t flow);

/* network_leader - the link that leads this flow, or NETWORK_NONE; and the level of a link that
 * leads.
 */
uint32_t network_leader(const struct network *net, uint32_t flow);
double network_level(const struct network *net, uint32_t link);
/* network_load - bytes/s on a link of finite capacity, since the last solve. */
double network_load(const struct network *net, uint32_t link);
/* network_mute - a flow that is led is not told of moves of its link, and its rate is not kept,
 * until network_hear(), or until it is not led any more (it is in `changed` then). */
void network_mute(struct network *net, uint32_t flow);
void network_hear(struct network *net, uint32_t flow);

/* network_solve - recompute the rates that what happened since the last call can have changed.
 * Invariant afterwards: no link carries more than its capacity, and every flow has its demand, its
 * ceiling, or crosses a full link on which nobody has more per weight. */
void network_solve(struct network *net);

#endif
