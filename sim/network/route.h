/*
 * route.h - which links a migration crosses, from tables made once.
 *
 * Links of the network are numbered here: first the scenario's own, then the cards of hosts, caps,
 * uplinks of racks, and last the one that follows observed rates.  What never limits gets no link.
 * A route costs as many steps as it has hops, however large the cluster is.
 */
#ifndef MIGCAST_SIM_ROUTE_H
#define MIGCAST_SIM_ROUTE_H

#include "base/status.h"
#include "base/strbuf.h"
#include "sim/network/network.h"
#include "sim/scenario/scenario.h"

enum {
    ROUTE_LINKS_MAX = 10 /* links of the scenario on one path; scenario_check() holds it */
};

struct route_nic {
    uint32_t first; /* legs out, then legs in; NETWORK_NONE = never a limit */
    uint32_t legs;
};

/* What a host has besides its cards: caps as links, or NETWORK_NONE. */
struct route_host {
    uint32_t out, in, both, proxy;
    uint32_t rack;
};

struct route_map {
    const struct scenario *sc;
    uint32_t nr_links; /* in all */
    uint32_t nr_paths; /* most that a flow can have */
    uint32_t observed; /* NETWORK_NONE = there is none */

    /* private */
    double *capacity;       /* of the links behind the scenario's own */
    struct route_nic *nics; /* [network * nr_hosts + host] */
    struct route_host *hosts;
    uint32_t *up, *down;                     /* by rack */
    uint32_t *limit;                         /* by network */
    uint32_t *everywhere, nr_everywhere;     /* links that name no host */
    uint32_t *first_of_host, *links_of_host; /* links that do, ascending, host by host */
};

/* What is to be sent, and from where to where. */
struct route_request {
    uint32_t source, target;
    uint32_t network;
    uint32_t streams;
    int64_t rtt_ns; /* of the hosts themselves */
    uint64_t key;   /* what the legs of bonds are drawn from: same key, same legs */
};

struct route {
    uint32_t nr_paths;
    struct network_path paths[NETWORK_PATHS_MAX];
    int64_t rtt_ns; /* with the latency of all links */
};

/* route_init - the tables of @sc (borrowed); @observed: with a link that all cross. */
enum status route_init(struct route_map *map, const struct scenario *sc, bool observed);
void route_release(struct route_map *map);
/* route_apply - give @net the capacities of all links but the scenario's own and the observed one.
 */
void route_apply(const struct route_map *map, struct network *net);
void route_find(const struct route_map *map, const struct route_request *request,
                struct route *route);
/* route_rtt - the rtt_ns of that route alone. */
int64_t route_rtt(const struct route_map *map, const struct route_request *request);
/* route_local - one stream that leaves no host. */
void route_local(struct route *route);
/* route_key - what the legs of bonds are drawn from: each attempt takes other ports. */
uint64_t route_key(const char *vm, uint64_t seed, uint32_t replication, uint32_t attempt);
/* route_link_words - a link for people: "link spine", "the card of node-1 (out)". */
void route_link_words(const struct route_map *map, uint32_t link, struct strbuf *out);
/* route_add - all its streams cross @link too; NETWORK_NONE adds nothing. */
void route_add(struct route *route, uint32_t link);

#endif
