/*
 * scenario_options_cluster.c - the rows of [cluster]: what all control planes have in common.
 *
 * Leaves what only one platform knows to the section of that platform (sim/platforms/NAME.c).
 */
#include "base/units.h"
#include "sim/scenario/scenario_options.h"

static const char *const order_names[] = {"fifo", "priority", "priority_random", NULL};
static const char *const place_names[] = {"at_slot", "at_submit", NULL};
static const char *const unplaced_names[] = {"wait", "hold", "fail", NULL};
static const char *const weigher_names[] = {"free_memory", "least_busy", "pack",
                                            "in_turn",     "random",     NULL};

#define FOR_EVER ((double)(3650LL * 86400 * NS_PER_S))

/* clang-format off */
#define AT(field) offsetof(struct scn_cluster_decl, field)
static const struct option cluster_rows[] = {
    {.name = "platform", .type = OPT_STRING, .offset = AT(platform),
     .def = "none",
     .help = "the control plane that queues and steers migrations",
     .note = "none: every request starts when it is made. Presets set it; a platform's own settings "
             "are in the section of its name."},
    {.name = "max_total", .type = OPT_U32, .offset = AT(rules.max_total),
     .def = "unlimited", .min = 0.0, .max = 1e6, .word = "unlimited", .word_value = 0.0,
     .help = "migrations at once in the cluster"},
    {.name = "max_out", .type = OPT_U32, .offset = AT(rules.max_out),
     .def = "unlimited", .min = 0.0, .max = 1e6, .word = "unlimited", .word_value = 0.0,
     .help = "migrations at once out of a host"},
    {.name = "max_in", .type = OPT_U32, .offset = AT(rules.max_in),
     .def = "unlimited", .min = 0.0, .max = 1e6, .word = "unlimited", .word_value = 0.0,
     .help = "migrations at once into a host"},
    {.name = "max_per_host", .type = OPT_U32, .offset = AT(rules.max_per_host),
     .def = "unlimited", .min = 0.0, .max = 1e6, .word = "unlimited", .word_value = 0.0,
     .help = "migrations at once of a host, in either direction"},
    {.name = "order", .type = OPT_ENUM, .offset = AT(rules.order),
     .def = "priority", .words = order_names,
     .help = "who goes first: as asked for, or larger priority first with ties as asked for or at "
             "random"},
    {.name = "place", .type = OPT_ENUM, .offset = AT(rules.place),
     .def = "at_slot", .words = place_names,
     .help = "when a target is chosen: with the slot, or before the job queues",
     .note = "at_submit: a waiting job holds memory on both hosts."},
    {.name = "unplaced", .type = OPT_ENUM, .offset = AT(rules.unplaced),
     .def = "wait", .words = unplaced_names,
     .help = "what a job does for which no target is good: wait in the queue, hold its slot, or "
             "fail"},
    {.name = "unplaced_timeout", .type = OPT_TIME_NS, .offset = AT(rules.unplaced_ns),
     .def = "never", .min = 0.0, .max = FOR_EVER, .word = "never", .word_value = 0.0,
     .help = "with unplaced = hold: fails after this long"},
    {.name = "weigher", .type = OPT_ENUM, .offset = AT(rules.weigher),
     .def = "free_memory", .words = weigher_names,
     .help = "which of the good targets is taken"},
    {.name = "skip_checks", .type = OPT_LIST, .offset = AT(skip_checks),
     .def = "same_cpu, microcode, same_kernel, not_older",
     .help = "what is not looked at when a target is chosen",
     .note = "Of taints, labels, bits, vendor, cpu_model, cpu_features, same_cpu (the model), microcode,"
             " same_kernel, not_older (kernel), nx, storage_domains, guest_networks, cpus, numa and "
             "affinity. Memory and devices are always looked at."},
    {.name = "memory_overcommit", .type = OPT_DOUBLE, .offset = AT(rules.memory_overcommit),
     .def = "1", .min = 0.01, .max = 100.0,
     .help = "guest memory that a host takes, over its own"},
    {.name = "cpu_overcommit", .type = OPT_DOUBLE, .offset = AT(rules.cpu_overcommit),
     .def = "10", .min = 0.01, .max = 1000.0,
     .help = "vCPUs that a host takes, over its CPUs"},
    {.name = "start_delay", .type = OPT_TIME_NS, .offset = AT(rules.start_delay_ns),
     .def = "0s", .min = 0.0, .max = (double)(3600 * NS_PER_S),
     .help = "from the slot to `migrate`: target pod, checks, connections"},
    {.name = "finish_delay", .type = OPT_TIME_NS, .offset = AT(rules.finish_delay_ns),
     .def = "0s", .min = 0.0, .max = (double)(3600 * NS_PER_S),
     .help = "from the end of a migration until its slot is free"},
    {.name = "max_attempts", .type = OPT_U32, .offset = AT(rules.max_attempts),
     .def = "1", .min = 1.0, .max = 1e6, .word = "unlimited", .word_value = (double)UINT32_MAX,
     .help = "how often a migration is tried"},
    {.name = "retry_wait", .type = OPT_TIME_NS, .offset = AT(rules.retry_ns),
     .def = "10s", .min = 0.0, .max = FOR_EVER,
     .help = "wait before the second attempt"},
    {.name = "retry_factor", .type = OPT_DOUBLE, .offset = AT(rules.retry_factor),
     .def = "1", .min = 1.0, .max = 100.0,
     .help = "by which each further wait is longer"},
    {.name = "retry_wait_max", .type = OPT_TIME_NS, .offset = AT(rules.retry_max_ns),
     .def = "1h", .min = 0.0, .max = FOR_EVER,
     .help = "longest wait"},
    {.name = "restart_after", .type = OPT_TIME_NS, .offset = AT(rules.restart_after_ns),
     .def = "never", .min = 0.0, .max = FOR_EVER, .word = "never", .word_value = 0.0,
     .help = "from the death of a host until its guests start elsewhere: noticed, and fenced",
     .note = "Guests with ha, the higher priority first, on shared storage. A platform that has a "
             "clock of its own for this does not look at it."},
    {.name = "retry_other_host", .type = OPT_BOOL, .offset = AT(rules.retry_other_host),
     .def = "off",
     .help = "leave out the host where the last attempt failed"},
};
#undef AT
/* clang-format on */

const struct option_table scn_cluster_options = {
    .rows = cluster_rows,
    .nr = sizeof(cluster_rows) / sizeof(cluster_rows[0]),
    .size = sizeof(struct scn_cluster_decl),
};
