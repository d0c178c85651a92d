/*
 * network.h - flows on links, with max-min fair shares.
 *
 * A flow crosses a few links, weighs what its number of streams weighs, and may want less than its
 * share. Rates are bytes per second of payload.  They change only in network_solve(), which the
 * engine calls when a flow starts, ends or changes its demand, or a link its capacity.
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

enum {
    NETWORK_HOPS_MAX = 12
};

struct network_link {
    double capacity; /* bytes/s now; 0 = down; INFINITY = never a limit */
    double free;     /* scratch of the solver */
    double weight;   /* scratch: of flows not yet fixed */
    uint32_t flows;  /* active flows on it */
};

struct network_flow {
    double demand; /* bytes/s wanted; INFINITY = all there is */
    double weight; /* > 0 */
    double rate;   /* solved */
    double path;   /* solved: what the path alone would allow one flow, before sharing by demand */
    uint32_t nr_hops;
    uint32_t hops[NETWORK_HOPS_MAX];
    bool active;
    bool fixed;   /* scratch */
    bool changed; /* rate changed in the last solve */
};

struct network {
    uint32_t nr_links, nr_flows;
    uint32_t nr_active;
    struct network_link *links;
    struct network_flow *flows;
    uint32_t *active; /* indices of active flows, nr_active of them */
};

enum status network_init(struct network *net, uint32_t nr_links, uint32_t nr_flows);
void network_release(struct network *net);
/* Drops all flows and sets every capacity to INFINITY. */
void network_clear(struct network *net);

void network_start(struct network *net, uint32_t flow, const uint32_t *hops, uint32_t nr_hops,
                   double weight, double demand);
void network_stop(struct network *net, uint32_t flow);

/* network_solve - recompute rates; afterwards `changed` is set on each active flow whose rate
 * moved. */
void network_solve(struct network *net);

#endif
