/*
 * kubevirt_options.c - the rows of [kubevirt] and [harvester], nothing else.
 *
 * Harvester's section has KubeVirt's rows and its own after them.  Defaults are those of the
 * current release where releases do not differ; presets say the rest, with sources.
 */
#include "base/units.h"
#include "sim/platforms/kubevirt.h"
#include "sim/scenario/scenario_options.h"

static const char *const switch_names[] = {"auto", "off", "on", NULL};
static const char *const eviction_names[] = {"live_migrate", "live_migrate_if_possible", "none",
                                             NULL};
static const char *const policy_names[] = {"unchanged", "off", "on", NULL};

#define HOUR_NS (3600.0 * (double)NS_PER_S)

/* clang-format off */
#define AT(field) offsetof(struct kubevirt_settings, field)
static const struct option rows[] = {
    {.name = "version", .type = OPT_ENUM, .offset = AT(version),
     .def = "1.9", .words = kubevirt_version_names,
     .group = "release",
     .help = "KubeVirt release whose rules are followed",
     .note = "Stands for all releases up to the next in the list: 0.54 for 0.54 to 0.58."},
    {.name = "allow_workload_disruption", .type = OPT_ENUM, .offset = AT(disruption),
     .def = "auto", .words = switch_names,
     .group = "deadline",
     .help = "at the deadline, post-copy or a pause in place of giving up (1.5 and later)",
     .note = "auto: as [migration] postcopy, which stands for allowPostCopy. Without post-copy the "
             "guest is suspended and the deadline doubles."},
    {.name = "max_downtime", .type = OPT_TIME_NS, .offset = AT(max_downtime_ns),
     .def = "900ms", .min = (double)NS_PER_MS, .max = (double)(2000 * NS_PER_S),
     .group = "convergence (alpha)",
     .help = "maxDowntimeMs: only for downtime_tuning and stall_detection"},
    {.name = "parallel", .type = OPT_ENUM, .offset = AT(parallel),
     .def = "auto", .words = switch_names,
     .group = "streams",
     .help = "send over [migration] multifd_channels streams",
     .note = "auto: from 1.5 on, unless the launcher has a CPU limit; until 1.8 not with post-copy "
             "allowed, from 1.9 not with pinned vCPUs."},
    {.name = "cpu_limit", .type = OPT_BOOL, .offset = AT(cpu_limit),
     .def = "off",
     .group = "streams",
     .help = "the VMs' pods have a CPU limit, so migrations take one stream"},
    {.name = "eviction_strategy", .type = OPT_ENUM, .offset = AT(eviction),
     .def = "live_migrate", .words = eviction_names,
     .group = "drain",
     .help = "what a drain does with VMs: migrate them, migrate those that can, or shut all down",
     .note = "KubeVirt's own default is none; HyperConverged sets live_migrate on more than one "
             "node. With live_migrate, a VM that cannot migrate blocks its node's drain for ever. "
             "What is shut down starts on another node. Harvester has labels instead."},
    {.name = "pending_timeout", .type = OPT_TIME_NS, .offset = AT(pending_ns),
     .def = "900s", .min = 0.0, .max = 24.0 * HOUR_NS,
     .word = "none", .word_value = 0.0,
     .group = "target pod",
     .help = "a target pod that does not start for this long fails the migration",
     .note = "One that no host can take fails after [cluster] unplaced_timeout, 300 s."},
    {.name = "handover", .type = OPT_TIME_NS, .offset = AT(handover_ns),
     .def = "1s", .min = 0.0, .max = HOUR_NS,
     .group = "target pod",
     .help = "last part of [cluster] start_delay: phases Scheduled to TargetReady",
     .note = "A guess; take yours from phaseTransitionTimestamps."},
    {.name = "sriov_unplug", .type = OPT_TIME_NS, .offset = AT(unplug_ns),
     .def = "2s", .min = 0.0, .max = 30.0 * (double)NS_PER_S,
     .group = "target pod",
     .help = "SR-IOV interfaces are unplugged before the start; KubeVirt waits up to 30 s",
     .note = "A guess: how fast the guest lets go of them."},
    {.name = "downtime_tuning", .type = OPT_BOOL, .offset = AT(downtime_tuning),
     .def = "off",
     .group = "convergence (alpha)",
     .help = "raise the downtime limit in steps while the migration runs (main)"},
    {.name = "tuning_initial", .type = OPT_TIME_NS, .offset = AT(tuning_initial_ns),
     .def = "150ms", .min = (double)NS_PER_MS, .max = (double)(2000 * NS_PER_S),
     .group = "convergence (alpha)",
     .help = "downtime limit at the start of downtime_tuning"},
    {.name = "tuning_steps", .type = OPT_U32, .offset = AT(tuning_steps),
     .def = "7", .min = 1.0, .max = 10000.0,
     .group = "convergence (alpha)",
     .help = "steps from there to max_downtime; whole milliseconds each"},
    {.name = "tuning_after_round", .type = OPT_U32, .offset = AT(tuning_after_round),
     .def = "3", .min = 0.0, .max = 1e6,
     .group = "convergence (alpha)",
     .help = "no step before this round"},
    {.name = "tuning_cooldown", .type = OPT_TIME_NS, .offset = AT(tuning_cooldown_ns),
     .def = "10s", .min = (double)NS_PER_S, .max = 24.0 * HOUR_NS,
     .group = "convergence (alpha)",
     .help = "least time between two steps"},
    {.name = "stall_detection", .type = OPT_BOOL, .offset = AT(stall_detection),
     .def = "off",
     .group = "convergence (alpha)",
     .help = "end pre-copy at a good moment once it stops getting nearer (1.9 and later)"},
    {.name = "stall_margin", .type = OPT_RATIO, .offset = AT(stall.margin_ratio),
     .def = "4%", .min = 0.0, .max = 1.0,
     .group = "convergence (alpha)",
     .help = "progress of less than this share is none"},
    {.name = "stall_window", .type = OPT_TIME_NS, .offset = AT(stall.window_ns),
     .def = "40s", .min = (double)NS_PER_S, .max = 24.0 * HOUR_NS,
     .group = "convergence (alpha)",
     .help = "stalled when nothing is better than before this window; also the first patience"},
    {.name = "stall_switchover_timeout", .type = OPT_TIME_NS, .offset = AT(stall.switchover_ns),
     .def = "60s", .min = (double)NS_PER_S, .max = 24.0 * HOUR_NS,
     .group = "convergence (alpha)",
     .help = "a switchover that does not come in this time is aborted"},
    {.name = "stall_possible_factor", .type = OPT_DOUBLE, .offset = AT(stall.possible_factor),
     .def = "1.5", .min = 1.0, .max = 1000.0,
     .group = "convergence (alpha)",
     .help = "estimated pause over max_downtime that is still worth a try"},
    {.name = "stall_patience_decay", .type = OPT_RATIO, .offset = AT(stall.patience_decay_ratio),
     .def = "50%", .min = 0.0, .max = 1.0,
     .group = "convergence (alpha)",
     .help = "how much shorter each further patience is"},
    {.name = "stall_ewma_alpha", .type = OPT_DOUBLE, .offset = AT(stall.ewma_alpha),
     .def = "0.4", .min = 0.001, .max = 1.0,
     .group = "convergence (alpha)",
     .help = "weight of the newest bandwidth sample"},
    {.name = "stall_completion_factor", .type = OPT_DOUBLE, .offset = AT(stall.completion_factor),
     .def = "2", .min = 1.0, .max = 1000.0,
     .group = "convergence (alpha)",
     .help = "the deadline times this is the latest a switchover may end"},
    {.name = "stall_local_minimum", .type = OPT_BOOL, .offset = AT(stall.local_minimum),
     .def = "on",
     .group = "convergence (alpha)",
     .help = "wait for a round that starts near the least seen"},
    {.name = "workload_update_at", .type = OPT_TIME_NS, .offset = AT(update_at_ns),
     .def = "never", .min = 0.0, .max = 87600.0 * HOUR_NS,
     .word = "never", .word_value = -1.0,
     .group = "workload updater",
     .help = "when every VM becomes outdated and is moved to a new pod",
     .note = "As after an upgrade of KubeVirt. VMs that cannot migrate stay as they are, unless "
             "workload_update_evict is on."},
    {.name = "workload_update_evict", .type = OPT_BOOL, .offset = AT(update_evict),
     .def = "off",
     .group = "workload updater",
     .help = "method Evict: those that cannot migrate are shut down, to start elsewhere"},
    {.name = "workload_update_batch", .type = OPT_U32, .offset = AT(update_batch),
     .def = "10", .min = 1.0, .max = 1e6,
     .group = "workload updater",
     .help = "batchEvictionSize"},
    {.name = "workload_update_interval", .type = OPT_TIME_NS, .offset = AT(update_interval_ns),
     .def = "60s", .min = (double)NS_PER_S, .max = 24.0 * HOUR_NS,
     .group = "workload updater",
     .help = "batchEvictionInterval"},
    {.name = "node_not_ready", .type = OPT_TIME_NS, .offset = AT(not_ready_ns),
     .def = "40s", .min = 0.0, .max = HOUR_NS,
     .group = "host loss",
     .help = "a dead node is NotReady after this long",
     .note = "Kubernetes' node-monitor-grace-period (documented)."},
    {.name = "fencing", .type = OPT_TIME_NS, .offset = AT(fencing_ns),
     .def = "never", .min = 0.0, .max = 87600.0 * HOUR_NS,
     .word = "never", .word_value = -1.0,
     .group = "host loss",
     .help = "its pods are deleted this long after it is NotReady, so that its VMs start elsewhere",
     .note = "By a fencing operator or a person: without one of them they never do."},
#define KUBEVIRT_ROWS 29
    {.name = "force", .type = OPT_BOOL, .offset = AT(force),
     .def = "off",
     .group = "maintenance",
     .help = "shut down VMs that cannot migrate, where they would make maintenance impossible",
     .note = "Drains and maintenance heed the VMs' label harvesterhci.io/maintain-mode-strategy: "
             "Migrate, ShutdownAndRestartAfterEnable, ShutdownAndRestartAfterDisable or Shutdown. "
             "With force the label is not looked at, as Harvester does."},
    {.name = "reset_period", .type = OPT_TIME_NS, .offset = AT(reset_ns),
     .def = "15s", .min = 0.0, .max = 24.0 * HOUR_NS,
     .group = "host loss",
     .help = "period of vm-force-reset-policy: from NotReady to the drain taint (before 1.7: to the "
             "deletion of the pods)"},
    {.name = "vm_migration_timeout", .type = OPT_TIME_NS, .offset = AT(evict_ns),
     .def = "180s", .min = 0.0, .max = 24.0 * HOUR_NS,
     .group = "host loss",
     .help = "vmMigrationTimeout of the same: from there to the out-of-service taint, which deletes "
             "the pods"},
};
#undef AT

#define AT(field) offsetof(struct kubevirt_policy, field)
static const struct option policy_rows[] = {
    {.name = "selectors", .type = OPT_LIST, .flags = OPT_REQUIRED, .offset = AT(selectors),
     .help = "labels KEY=VALUE that a VM must have, all of them",
     .note = "Of several policies that match, the one with most labels holds, then the first by "
             "name. A selector of the namespace is a label like any other here. Only kubevirt and "
             "harvester read policies."},
    {.name = "max_bandwidth", .type = OPT_RATE, .offset = AT(max_bandwidth_bytes_per_s),
     .def = "unchanged", .min = 0.0, .max = SCN_RATE_LIMIT,
     .word = "unchanged", .word_value = SCN_UNLIMITED_VALUE,
     .help = "bandwidthPerMigration; 0 is unlimited"},
    {.name = "completion_timeout_per_gib", .type = OPT_TIME_NS,
     .offset = AT(completion_timeout_ns_per_gib),
     .def = "unchanged", .min = 0.0, .max = (double)(86400 * NS_PER_S),
     .word = "unchanged", .word_value = -1.0,
     .help = "completionTimeoutPerGiB; 0 is none"},
    {.name = "max_downtime", .type = OPT_TIME_NS, .offset = AT(max_downtime_ns),
     .def = "unchanged", .min = (double)NS_PER_MS, .max = (double)(2000 * NS_PER_S),
     .word = "unchanged", .word_value = -1.0,
     .help = "maxDowntimeMs"},
    {.name = "auto_converge", .type = OPT_ENUM, .offset = AT(auto_converge),
     .def = "unchanged", .words = policy_names,
     .help = "allowAutoConverge"},
    {.name = "postcopy", .type = OPT_ENUM, .offset = AT(postcopy),
     .def = "unchanged", .words = policy_names,
     .help = "allowPostCopy; allow_workload_disruption follows it unless it is set too"},
    {.name = "allow_workload_disruption", .type = OPT_ENUM, .offset = AT(disruption),
     .def = "unchanged", .words = policy_names,
     .help = "allowWorkloadDisruption"},
    {.name = "downtime_tuning", .type = OPT_ENUM, .offset = AT(downtime_tuning),
     .def = "unchanged", .words = policy_names,
     .help = "experimental.downtimeTuning"},
};
#undef AT
/* clang-format on */

_Static_assert(sizeof(rows) / sizeof(rows[0]) > KUBEVIRT_ROWS, "Harvester's rows come after");

const struct option_table platform_kubevirt_options = {
    .rows = rows,
    .nr = KUBEVIRT_ROWS,
    .size = sizeof(struct kubevirt_settings),
};

const struct option_table platform_harvester_options = {
    .rows = rows,
    .nr = sizeof(rows) / sizeof(rows[0]),
    .size = sizeof(struct kubevirt_settings),
};

const struct option_table scn_policy_options = {
    .rows = policy_rows,
    .nr = sizeof(policy_rows) / sizeof(policy_rows[0]),
    .size = sizeof(struct kubevirt_policy),
};
