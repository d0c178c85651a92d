/*
 * scenario_options_network.c - the rows of [link], [network] and [rack], and those of [host] that
 * say how it is wired.
 *
 * Nothing but tables.
 */
#include "base/units.h"
#include "sim/network/network.h"
#include "sim/scenario/scenario_options.h"

static const char *const between_names[] = {"hosts", "racks", NULL};
static const char *const hash_names[] = {"stream", "host", NULL};

#define EFFICIENCY_NOTE                                                                            \
    "1448 of 1538 bytes: Ethernet with an MTU of 1500, and TCP time stamps. With an MTU of 9000: " \
    "99%."

/* clang-format off */
#define AT(field) offsetof(struct scn_link_decl, field)
static const struct option link_rows[] = {
    {.name = "rate", .type = OPT_UNCERTAIN_BPS, .flags = OPT_REQUIRED,
     .offset = AT(rate_bps), .min = 1.0, .max = SCN_BPS_LIMIT,
     .help = "nominal rate"},
    {.name = "efficiency", .type = OPT_RATIO, .offset = AT(efficiency_ratio),
     .def = "94.1%", .min = 0.01, .max = 1.0,
     .help = "payload over nominal: framing and TCP headers",
     .note = EFFICIENCY_NOTE},
    {.name = "background", .type = OPT_UNCERTAIN_BPS, .offset = AT(background_bps),
     .def = "0b/s", .min = 0.0, .max = SCN_BPS_LIMIT,
     .help = "other traffic on the link, all the time",
     .note = "Migrations get what it leaves."},
    {.name = "background_series", .type = OPT_LIST, .offset = AT(background_series),
     .def = "",
     .help = "other traffic besides, that changes: TIME RATE, ... as 0s 800Mb/s, 20s 50Mb/s",
     .note = "Each rate holds until the next time; the first time must be 0s."},
    {.name = "background_period", .type = OPT_TIME_NS, .offset = AT(background_period_ns),
     .def = "never", .min = (double)NS_PER_MS, .max = SCN_TIME_LIMIT,
     .word = "never", .word_value = 0.0,
     .help = "when the series begins again"},
    {.name = "latency", .type = OPT_TIME_NS, .offset = AT(latency_ns),
     .def = "0s", .min = 0.0, .max = (double)(10 * NS_PER_S),
     .help = "one way, on top of the hosts' rtt"},
    {.name = "hosts", .type = OPT_LIST, .offset = AT(hosts),
     .def = "",
     .help = "hosts whose migrations to each other cross the link",
     .note = "Empty: every migration crosses it."},
    {.name = "between", .type = OPT_ENUM, .offset = AT(between),
     .def = "hosts", .words = between_names,
     .help = "racks: only migrations from one rack to another cross it, as a spine"},
    {.name = "networks", .type = OPT_LIST, .offset = AT(networks),
     .def = "",
     .help = "networks whose traffic crosses it; default names that of [network]",
     .note = "Empty: all."},
};
#undef AT

#define AT(field) offsetof(struct scn_network, field)
static const struct option network_rows[] = {
    {.name = "nic", .type = OPT_BPS, .offset = AT(nic_bps),
     .def = "unlimited", .min = 1.0, .max = SCN_BPS_LIMIT,
     .word = "unlimited", .word_value = SCN_UNLIMITED_VALUE,
     .help = "each host's card in this network, each direction, unless the host says another"},
    {.name = "bond", .type = OPT_U32, .offset = AT(bond),
     .def = "1", .min = 1.0, .max = (double)BOND_LEGS_MAX,
     .help = "legs of a bond, of that rate each",
     .note = "One stream uses one leg, whatever the others do."},
    {.name = "efficiency", .type = OPT_RATIO, .offset = AT(efficiency_ratio),
     .def = "ethernet", .min = 0.01, .max = 1.0,
     .word = "ethernet", .word_value = NETWORK_NIC_EFFICIENCY,
     .help = "payload over nominal on the cards",
     .note = EFFICIENCY_NOTE},
    {.name = "latency", .type = OPT_TIME_NS, .offset = AT(latency_ns),
     .def = "0s", .min = 0.0, .max = (double)(10 * NS_PER_S),
     .help = "one way, on top of the hosts' rtt"},
    {.name = "limit", .type = OPT_RATE, .offset = AT(limit_bytes_per_s),
     .def = "unlimited", .min = 1.0, .max = SCN_RATE_LIMIT,
     .word = "unlimited", .word_value = SCN_UNLIMITED_VALUE,
     .help = "most that all migrations on it may send together"},
    {.name = "window", .type = OPT_SIZE, .offset = AT(window_bytes),
     .def = "unlimited", .min = 1024.0, .max = SCN_SIZE_LIMIT,
     .word = "unlimited", .word_value = SCN_UNLIMITED_VALUE,
     .help = "most that one TCP stream has in flight; a stream gets no more than this over the rtt",
     .note = "Half of the receiver's largest buffer: 3 MiB with Linux' net.ipv4.tcp_rmem of 6 MiB. "
             "Matters on long paths."},
    {.name = "uplinks", .type = OPT_BOOL, .offset = AT(uplinks),
     .def = "on",
     .help = "between racks it crosses the uplinks of [rack] and every [link] between racks",
     .note = "off: it has switches of its own, which never limit."},
};
#undef AT

#define AT(field) offsetof(struct scn_rack, field)
static const struct option rack_rows[] = {
    {.name = "uplink", .type = OPT_BPS, .offset = AT(uplink_bps),
     .def = "unlimited", .min = 1.0, .max = SCN_BPS_LIMIT,
     .word = "unlimited", .word_value = SCN_UNLIMITED_VALUE,
     .help = "what leaves the rack, and what enters it: each direction has this rate"},
    {.name = "oversubscription", .type = OPT_DOUBLE, .offset = AT(oversubscription),
     .def = "none", .min = 0.1, .max = 1000.0,
     .word = "none", .word_value = 0.0,
     .help = "instead: the hosts' cards together over the uplink, as 4 for 4:1",
     .note = "Counts the cards of [host] nic with their legs."},
    {.name = "efficiency", .type = OPT_RATIO, .offset = AT(efficiency_ratio),
     .def = "ethernet", .min = 0.01, .max = 1.0,
     .word = "ethernet", .word_value = NETWORK_NIC_EFFICIENCY,
     .help = "payload over nominal",
     .note = EFFICIENCY_NOTE},
    {.name = "background", .type = OPT_BPS, .offset = AT(background_bps),
     .def = "0b/s", .min = 0.0, .max = SCN_BPS_LIMIT,
     .help = "other traffic on the uplink, each direction"},
    {.name = "latency", .type = OPT_TIME_NS, .offset = AT(latency_ns),
     .def = "0s", .min = 0.0, .max = (double)(10 * NS_PER_S),
     .help = "one way, for each of the two racks that a path leaves or enters"},
};
#undef AT

#define AT(field) offsetof(struct scn_wiring_decl, field)
static const struct option wiring_rows[] = {
    {.name = "bond", .type = OPT_U32, .offset = AT(wiring.bond),
     .def = "network", .min = 1.0, .max = (double)BOND_LEGS_MAX,
     .word = "network", .word_value = 0.0, .group = "Network",
     .help = "legs of the card, of rate nic each; else as [network] says"},
    {.name = "bond_hash", .type = OPT_ENUM, .offset = AT(wiring.hash),
     .def = "stream", .words = hash_names, .group = "Network",
     .help = "what picks the leg: each stream by itself, or the two hosts for all streams"},
    {.name = "nics", .type = OPT_LIST, .offset = AT(nics),
     .def = "", .group = "Network",
     .help = "its cards in other networks: NETWORK RATE, or NETWORK LEGSxRATE, as storage 2x25Gb/s"},
    {.name = "migration_out", .type = OPT_RATE, .offset = AT(wiring.out_bytes_per_s),
     .def = "unlimited", .min = 1.0, .max = SCN_RATE_LIMIT,
     .word = "unlimited", .word_value = SCN_UNLIMITED_VALUE, .group = "Network",
     .help = "most that all migrations out of the host may send together"},
    {.name = "migration_in", .type = OPT_RATE, .offset = AT(wiring.in_bytes_per_s),
     .def = "unlimited", .min = 1.0, .max = SCN_RATE_LIMIT,
     .word = "unlimited", .word_value = SCN_UNLIMITED_VALUE, .group = "Network",
     .help = "most that all migrations into it may receive together"},
    {.name = "migration_both", .type = OPT_RATE, .offset = AT(wiring.both_bytes_per_s),
     .def = "unlimited", .min = 1.0, .max = SCN_RATE_LIMIT,
     .word = "unlimited", .word_value = SCN_UNLIMITED_VALUE, .group = "Network",
     .help = "most for both directions together"},
    {.name = "proxy_rate", .type = OPT_RATE, .offset = AT(wiring.proxy_bytes_per_s),
     .def = "unlimited", .min = 1.0, .max = SCN_RATE_LIMIT,
     .word = "unlimited", .word_value = SCN_UNLIMITED_VALUE, .group = "Network",
     .help = "what the host's one proxy carries: all streams out and in share it",
     .note = "For platforms that send migrations through a process of the node, which copies and "
             "encrypts for all of them."},
};
#undef AT
/* clang-format on */

const struct option_table scn_link_options = {
    .rows = link_rows,
    .nr = sizeof(link_rows) / sizeof(link_rows[0]),
    .size = sizeof(struct scn_link_decl),
};

const struct option_table scn_network_options = {
    .rows = network_rows,
    .nr = sizeof(network_rows) / sizeof(network_rows[0]),
    .size = sizeof(struct scn_network),
};

const struct option_table scn_rack_options = {
    .rows = rack_rows,
    .nr = sizeof(rack_rows) / sizeof(rack_rows[0]),
    .size = sizeof(struct scn_rack),
};

const struct option_table scn_wiring_options = {
    .rows = wiring_rows,
    .nr = sizeof(wiring_rows) / sizeof(wiring_rows[0]),
    .size = sizeof(struct scn_wiring_decl),
};
