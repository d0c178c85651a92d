/*
 * topology.h - what a scenario says of networks, racks and how hosts are wired.
 *
 * Part of scenario.h.  Numbers only; which links a migration crosses is sim/network/route.h's.  A
 * scenario without any of it has one network, whose cards are the hosts' `nic`.
 */
#ifndef MIGCAST_SIM_TOPOLOGY_H
#define MIGCAST_SIM_TOPOLOGY_H

#include <stdbool.h>
#include <stdint.h>

/* What of a bond decides the leg. */
enum bond_hash {
    BOND_BY_STREAM, /* layer 3+4: ports too, so every stream has its own draw */
    BOND_BY_HOST    /* layer 2: all streams between two hosts use one leg */
};

enum {
    BOND_LEGS_MAX = 4
};

/* A network; number 0 is the one that migrations use unless their profile names another. */
struct scn_network {
    const char *name;        /* "" = number 0 */
    uint64_t nic_bps;        /* of each host that says nothing else; UNITS_UNLIMITED = no limit */
    uint32_t bond;           /* legs of nic_bps each */
    double efficiency_ratio; /* payload / nominal */
    int64_t latency_ns;      /* one way */
    uint64_t limit_bytes_per_s; /* all migrations on it together; UNITS_UNLIMITED = none */
    uint64_t window_bytes;      /* most that a stream has in flight; UNITS_UNLIMITED = no ceiling */
    bool uplinks;               /* crosses the racks' uplinks and what joins racks */
};

/* The card of a host in a network other than number 0. */
struct scn_nic {
    uint32_t network;
    uint64_t bps; /* of each leg */
    uint32_t legs;
};

/* One for each [host] section; the hosts it makes share it. */
struct scn_wiring {
    uint32_t bond; /* legs of the host's nic; 0 = as the network */
    enum bond_hash hash;
    uint64_t out_bytes_per_s, in_bytes_per_s, both_bytes_per_s; /* caps; UNITS_UNLIMITED = none */
    uint64_t proxy_bytes_per_s; /* one process carries all streams; UNITS_UNLIMITED = none */
    uint32_t nr_nics;
    const struct scn_nic *nics;
};

/* A rack whose way out is limited; hosts name their rack. */
struct scn_rack {
    const char *name;
    uint64_t uplink_bps;     /* each direction; UNITS_UNLIMITED = no limit */
    double oversubscription; /* of the cards behind it over the uplink; 0 = uplink_bps says */
    double efficiency_ratio;
    uint64_t background_bps; /* each direction */
    int64_t latency_ns;      /* one way, for each of the two racks of a path */
};

/* Other traffic from a moment on, until the next point. */
struct scn_traffic {
    int64_t t_ns;
    double bps;
};

struct scn_topology {
    uint32_t nr_networks;
    const struct scn_network *networks;
    uint32_t nr_racks; /* as place.racks; those without a [rack] do not limit */
    const struct scn_rack *racks;
};

#endif
