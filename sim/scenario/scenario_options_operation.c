/*
 * scenario_options_operation.c - the rows of [affinity] and [operation], nothing else.
 */
#include "base/units.h"
#include "sim/scenario/scenario_options.h"

static const char *const affinity_names[] = {"together", "apart", NULL};
static const char *const within_names[] = {"host", "rack", NULL};

static const char *const operation_names[] = {"drain",     "maintenance", "upgrade", "evacuate",
                                              "rebalance", "consolidate", NULL};
static const char *const order_names[] = {"priority", "listed", "small_first", "large_first", NULL};
static const char *const pace_names[] = {"sliding", "waves", NULL};
static const char *const stuck_names[] = {"wait", "skip", "stop", NULL};

/* clang-format off */
#define AT(field) offsetof(struct scn_affinity_decl, field)
static const struct option affinity_rows[] = {
    {.name = "vm", .type = OPT_LIST, .flags = OPT_REQUIRED, .offset = AT(vms),
     .help = "VMs of the group: names, or patterns with * and ?"},
    {.name = "kind", .type = OPT_ENUM, .offset = AT(kind),
     .def = "apart", .words = affinity_names,
     .help = "apart: no two on one host; together: all on one host",
     .note = "A group that is together moves one by one: the first goes anywhere, the others "
             "follow it."},
    {.name = "within", .type = OPT_ENUM, .offset = AT(within),
     .def = "host", .words = within_names,
     .help = "what is meant by one host: a host, or a rack"},
    {.name = "must", .type = OPT_BOOL, .offset = AT(must),
     .def = "on",
     .help = "on: a rule; off: a wish, given up where nothing else is left"},
};
#undef AT

#define AT(field) offsetof(struct scn_operation_decl, field)
static const struct option operation_rows[] = {
    {.name = "kind", .type = OPT_ENUM, .offset = AT(op.kind),
     .def = "drain", .words = operation_names,
     .help = "what is done with the hosts",
     .note = "drain: no new guests, those there migrate away; maintenance and upgrade: the same, then"
             " the host reboots and comes back; evacuate: a drain of all hosts at once; rebalance: "
             "moves from the fullest host to the emptiest; consolidate: empties hosts while the others"
             " have room."},
    {.name = "hosts", .type = OPT_LIST, .offset = AT(hosts),
     .def = "*",
     .help = "hosts in this order: names, or patterns with * and ?"},
    {.name = "at", .type = OPT_TIME_NS, .offset = AT(op.at_ns),
     .def = "0s", .min = 0.0, .max = SCN_TIME_LIMIT,
     .help = "when it begins"},
    {.name = "hosts_at_once", .alias = "parallel", .type = OPT_U32, .offset = AT(op.hosts_at_once),
     .def = "1", .min = 0.0, .max = 1e6, .word = "all", .word_value = 0.0,
     .help = "hosts in hand at a time"},
    {.name = "vms_at_once", .type = OPT_U32, .offset = AT(op.vms_at_once),
     .def = "all", .min = 0.0, .max = 1e6, .word = "all", .word_value = 0.0,
     .help = "VMs of a host that are asked for at a time; for rebalance: moves at a time (all: 1)",
     .note = "Besides the limits of [cluster], which queue what is asked for."},
    {.name = "pace", .type = OPT_ENUM, .offset = AT(op.waves),
     .def = "sliding", .words = pace_names,
     .help = "sliding: the next begins when one is done; waves: when all that began are done"},
    {.name = "vm_order", .type = OPT_ENUM, .offset = AT(op.vm_order),
     .def = "priority", .words = order_names,
     .help = "which VMs of a host are asked for first"},
    {.name = "reboot_time", .type = OPT_TIME_NS, .offset = AT(op.reboot_ns),
     .def = "10min", .min = 0.0, .max = SCN_TIME_LIMIT,
     .help = "for maintenance and upgrade: from empty to back"},
    {.name = "return_vms", .type = OPT_BOOL, .offset = AT(op.return_vms),
     .def = "off",
     .help = "for maintenance and upgrade: VMs that left a host are migrated back to it"},
    {.name = "pause", .type = OPT_TIME_NS, .offset = AT(op.pause_ns),
     .def = "0s", .min = 0.0, .max = SCN_TIME_LIMIT,
     .help = "between one host and the next"},
    {.name = "retry", .type = OPT_TIME_NS, .offset = AT(op.retry_ns),
     .def = "5min", .min = 0.0, .max = SCN_TIME_LIMIT, .word = "never", .word_value = 0.0,
     .help = "when VMs that stayed are asked for again",
     .note = "After the platform itself gave up; for ever, unless max_wait ends it."},
    {.name = "max_wait", .type = OPT_TIME_NS, .offset = AT(op.max_wait_ns),
     .def = "forever", .min = 0.0, .max = SCN_TIME_LIMIT, .word = "forever", .word_value = 0.0,
     .help = "how long a host may take to drain"},
    {.name = "when_stuck", .type = OPT_ENUM, .offset = AT(op.stuck),
     .def = "wait", .words = stuck_names,
     .help = "after max_wait: wait on, skip the host, or stop the operation"},
    {.name = "spread", .type = OPT_RATIO, .offset = AT(op.spread_ratio),
     .def = "10%", .min = 0.0, .max = 1.0,
     .help = "for rebalance: ends when no two hosts differ by more of their memory"},
    {.name = "every", .type = OPT_TIME_NS, .offset = AT(op.every_ns),
     .def = "1min", .min = (double)NS_PER_MS, .max = SCN_TIME_LIMIT,
     .help = "for rebalance: time from one look to the next"},
    {.name = "max_moves", .type = OPT_U32, .offset = AT(op.max_moves),
     .def = "unlimited", .min = 0.0, .max = 1e9, .word = "unlimited", .word_value = 0.0,
     .help = "for rebalance: migrations at most"},
    {.name = "spare_hosts", .type = OPT_U32, .offset = AT(op.spare_hosts),
     .def = "1", .min = 0.0, .max = 1e6,
     .help = "for consolidate: free memory to keep, in largest hosts"},
};
#undef AT
/* clang-format on */

const struct option_table scn_affinity_options = {
    .rows = affinity_rows,
    .nr = sizeof(affinity_rows) / sizeof(affinity_rows[0]),
    .size = sizeof(struct scn_affinity_decl),
};

const struct option_table scn_operation_options = {
    .rows = operation_rows,
    .nr = sizeof(operation_rows) / sizeof(operation_rows[0]),
    .size = sizeof(struct scn_operation_decl),
};
