/*
 * scenario_options.c - the sections of a scenario file, and the rows of the short ones.
 *
 * Nothing but tables.  [migration] is in scenario_options_migration.c, [workload] and [vm] are in
 * scenario_options_guest.c, [host] in scenario_options_host.c, host costs in
 * models/costs_options.c.
 */
#include "sim/scenario/scenario_options.h"

#include <string.h>

#include "base/units.h"

static const char *const fidelity_names[] = {"rounds", "pages", NULL};
static const char *const job_kind_names[] = {"live", "cold", "suspend", "rescue", NULL};
static const char *const fault_names[] = {"link_down", "host_down", "degrade", "rack_down", NULL};

/* clang-format off */
#define AT(field) offsetof(struct scn_scenario_decl, field)
static const struct option scenario_rows[] = {
    {.name = "name", .type = OPT_STRING, .flags = OPT_LABEL, .offset = AT(name),
     .def = "",
     .help = "what to call the scenario in reports",
     .note = "Empty: the file's name."},
    {.name = "description", .type = OPT_STRING, .flags = OPT_LABEL, .offset = AT(description),
     .def = "",
     .help = "one line for the report's head"},
    {.name = "preset", .type = OPT_LIST, .flags = OPT_LABEL, .offset = AT(presets),
     .def = "",
     .help = "presets to start from; later ones win",
     .note = "`migcast presets` lists them."},
    {.name = "include", .type = OPT_LIST, .flags = OPT_LABEL, .offset = AT(includes),
     .def = "",
     .help = "files to read first, relative to this one; later ones win"},
    {.name = "seed", .type = OPT_U64, .offset = AT(seed),
     .def = "1", .min = 0.0, .max = 18446744073709551615.0,
     .help = "seed of all random numbers"},
    {.name = "replications", .type = OPT_U32, .offset = AT(replications),
     .def = "1", .min = 1.0, .max = 1000000.0,
     .help = "how often to run with other draws"},
    {.name = "horizon", .type = OPT_TIME_NS, .offset = AT(horizon_ns),
     .def = "24h", .min = (double)NS_PER_MS, .max = SCN_TIME_LIMIT,
     .help = "simulated time at which a run ends"},
    {.name = "fidelity", .type = OPT_ENUM, .offset = AT(fidelity),
     .def = "rounds",
     .words = fidelity_names,
     .help = "formulas for each round, or a bitmap of pages (slow, the reference)"},
};
#undef AT

#define AT(field) offsetof(struct scn_request_decl, field)
static const struct option request_rows[] = {
    {.name = "vm", .type = OPT_LIST, .flags = OPT_REQUIRED, .offset = AT(vms),
     .help = "VMs to migrate: names, or patterns with * and ?",
     .note = "A [vm NAME] with count is also known as a whole by NAME."},
    {.name = "target", .type = OPT_LIST, .offset = AT(targets),
     .def = "",
     .help = "host to go to; several are taken in turn",
     .note = "Empty: the cluster chooses one that fits."},
    {.name = "priority", .type = OPT_U32, .offset = AT(priority),
     .def = "0", .min = 0.0, .max = 1e6,
     .help = "larger goes first where the cluster queues"},
    {.name = "kind", .type = OPT_ENUM, .offset = AT(kind),
     .def = "live",
     .words = job_kind_names,
     .help = "live; cold: guest down, disks copied; suspend: saved, moved, resumed; rescue: started "
             "elsewhere from shared storage"},
    {.name = "at", .type = OPT_TIME_NS, .offset = AT(at_ns),
     .def = "0s", .min = 0.0, .max = SCN_TIME_LIMIT,
     .help = "when the first is asked for"},
    {.name = "every", .type = OPT_TIME_NS, .offset = AT(every_ns),
     .def = "0s", .min = 0.0, .max = SCN_TIME_LIMIT,
     .help = "time between one VM and the next"},
    {.name = "cancel_at", .type = OPT_TIME_NS, .offset = AT(cancel_at_ns),
     .def = "never", .min = 0.0, .max = SCN_TIME_LIMIT,
     .word = "never", .word_value = -1.0,
     .help = "when to cancel, from the start of the run"},
};
#undef AT

#define AT(field) offsetof(struct scn_fault_decl, field)
static const struct option fault_rows[] = {
    {.name = "kind", .type = OPT_ENUM, .offset = AT(kind),
     .def = "link_down",
     .words = fault_names,
     .help = "what breaks"},
    {.name = "target", .type = OPT_STRING, .flags = OPT_REQUIRED, .offset = AT(target),
     .help = "the link, host or rack",
     .note = "rack_down: all hosts of the rack die at once, and with them its uplink."},
    {.name = "at", .type = OPT_TIME_NS, .flags = OPT_REQUIRED,
     .offset = AT(at_ns), .min = 0.0, .max = SCN_TIME_LIMIT,
     .help = "when"},
    {.name = "duration", .type = OPT_TIME_NS, .offset = AT(duration_ns),
     .def = "forever", .min = 0.0, .max = SCN_TIME_LIMIT,
     .word = "forever", .word_value = 0.0,
     .help = "for how long"},
    {.name = "ratio", .type = OPT_RATIO, .offset = AT(ratio),
     .def = "50%", .min = 0.0, .max = 1.0,
     .help = "what is left of the link, for degrade"},
};
#undef AT

#define AT(field) offsetof(struct scn_change_decl, field)
static const struct option change_rows[] = {
    {.name = "vm", .type = OPT_LIST, .flags = OPT_REQUIRED, .offset = AT(vms),
     .help = "VMs whose migration is changed: names, or patterns with * and ?"},
    {.name = "at", .type = OPT_TIME_NS, .flags = OPT_REQUIRED,
     .offset = AT(at_ns), .min = 0.0, .max = SCN_TIME_LIMIT,
     .help = "when, from the start of the run"},
    {.name = "max_bandwidth", .type = OPT_RATE, .offset = AT(max_bandwidth_bytes_per_s),
     .def = "unchanged", .min = 1.0, .max = SCN_RATE_LIMIT,
     .word = "unchanged", .word_value = 0.0,
     .help = "new limit, or unchanged",
     .note = "To lift a limit write 10TB/s."},
    {.name = "downtime_limit", .type = OPT_TIME_NS, .offset = AT(downtime_limit_ns),
     .def = "unchanged", .min = 0.0, .max = (double)(2000 * NS_PER_S),
     .word = "unchanged", .word_value = -1.0,
     .help = "new limit, or unchanged"},
};
#undef AT

const struct scn_metric scn_metrics[SCN_METRIC_NR + 1] = {
    [SCN_METRIC_DOWNTIME] = {"downtime", VALUE_NS, SCN_STAT_SPREAD, "downtime as QEMU reports it"},
    [SCN_METRIC_BLACKOUT] = {"blackout", VALUE_NS, SCN_STAT_SPREAD, "time in which no vCPU ran on either side"},
    [SCN_METRIC_TOTAL_TIME] = {"total_time", VALUE_NS, SCN_STAT_SPREAD, "from the start of a migration to its end"},
    [SCN_METRIC_QUEUE_TIME] = {"queue_time", VALUE_NS, SCN_STAT_SPREAD, "from the request to the start"},
    [SCN_METRIC_POSTCOPY_TIME] = {"postcopy_time", VALUE_NS, SCN_STAT_SPREAD, "time spent in post-copy"},
    [SCN_METRIC_DRAIN_MAKESPAN] = {"drain.makespan", VALUE_NS, SCN_STAT_SPREAD,
     "from the first request to the end of the last migration; over replications"},
    [SCN_METRIC_TRANSFERRED] = {"transferred", VALUE_BYTES, SCN_STAT_SPREAD, "bytes sent by a migration"},
    [SCN_METRIC_DRAIN_TRANSFERRED] = {"drain.transferred", VALUE_BYTES, SCN_STAT_SPREAD,
     "bytes sent by all migrations together; over replications"},
    [SCN_METRIC_ROUNDS] = {"rounds", VALUE_COUNT, SCN_STAT_SPREAD, "dirty-sync-count"},
    [SCN_METRIC_THROTTLE] = {"throttle", VALUE_RATIO, SCN_STAT_SPREAD, "highest throttle of a migration"},
    [SCN_METRIC_SLOWDOWN] = {"slowdown", VALUE_RATIO, SCN_STAT_SPREAD, "share of guest work lost"},
    [SCN_METRIC_MOVED] = {"moved", VALUE_RATIO, SCN_STAT_RATE,
     "wishes to move a VM that came true, at the first attempt or at a later one"},
    [SCN_METRIC_COMPLETED] = {"completed", VALUE_RATIO, SCN_STAT_RATE, "migrations that completed"},
    [SCN_METRIC_TIMEOUTS] = {"timeouts", VALUE_RATIO, SCN_STAT_RATE, "migrations that a limit ended"},
    [SCN_METRIC_CANCELLED] = {"cancelled", VALUE_RATIO, SCN_STAT_RATE, "migrations that were cancelled"},
    [SCN_METRIC_FAILED] = {"failed", VALUE_RATIO, SCN_STAT_RATE, "migrations that failed"},
    [SCN_METRIC_REJECTED] = {"rejected", VALUE_RATIO, SCN_STAT_RATE, "migrations refused before they started"},
    [SCN_METRIC_QUEUED] = {"queued", VALUE_RATIO, SCN_STAT_RATE, "migrations waiting or running at the horizon"},
    [SCN_METRIC_NR] = {NULL, VALUE_COUNT, 0, NULL},
};
/* clang-format on */

const struct option_table scn_scenario_options = {
    .rows = scenario_rows,
    .nr = sizeof(scenario_rows) / sizeof(scenario_rows[0]),
    .size = sizeof(struct scn_scenario_decl),
};

const struct option_table scn_request_options = {
    .rows = request_rows,
    .nr = sizeof(request_rows) / sizeof(request_rows[0]),
    .size = sizeof(struct scn_request_decl),
};

const struct option_table scn_fault_options = {
    .rows = fault_rows,
    .nr = sizeof(fault_rows) / sizeof(fault_rows[0]),
    .size = sizeof(struct scn_fault_decl),
};

const struct option_table scn_change_options = {
    .rows = change_rows,
    .nr = sizeof(change_rows) / sizeof(change_rows[0]),
    .size = sizeof(struct scn_change_decl),
};

const struct scn_section_type scn_section_types[SCN_KIND_NR] =
    {[SCN_SCENARIO] = {"scenario",
                       SCN_UNNAMED,
                       "the run as a whole",
                       sizeof(struct scn_scenario_decl),
                       {{&scn_scenario_options, 0}}},
     [SCN_MIGRATION] =
         {"migration",
          SCN_MAYBE_NAMED,
          "tuning; [migration NAME] is a profile for some VMs and starts from [migration]",
          sizeof(struct scn_migration),
          {{&scn_migration_options, 0}}},
     [SCN_CALIBRATION] =
         {"calibration",
          SCN_MAYBE_NAMED,
          "host costs for all hosts; [calibration kvm] and [calibration tcg] by accelerator",
          sizeof(struct scn_calibration_decl),
          {{&host_costs_options, 0},
           {&host_costs_spread_options, offsetof(struct scn_calibration_decl, spread)}}},
     [SCN_HOST] =
         {"host",
          SCN_ALWAYS_NAMED,
          "a host, or with count a set of them; with its own costs where they differ from the "
          "calibration",
          sizeof(struct scn_host_decl),
          {{&scn_host_options, 0},
           {&host_costs_options, offsetof(struct scn_host_decl, costs)},
           {&scn_host_place_options, offsetof(struct scn_host_decl, place)},
           {&scn_wiring_options, offsetof(struct scn_host_decl, wiring)}}},
     [SCN_LINK] = {"link",
                   SCN_ALWAYS_NAMED,
                   "a network segment that migrations share",
                   sizeof(struct scn_link_decl),
                   {{&scn_link_options, 0}}},
     [SCN_NETWORK] =
         {"network",
          SCN_MAYBE_NAMED,
          "cards and limits of one network of the hosts; [network NAME] is a further one "
          "and starts from [network]",
          sizeof(struct scn_network),
          {{&scn_network_options, 0}}},
     [SCN_RACK] = {"rack",
                   SCN_ALWAYS_NAMED,
                   "the uplink of the hosts that name this rack",
                   sizeof(struct scn_rack),
                   {{&scn_rack_options, 0}}},
     [SCN_WORKLOAD] = {"workload",
                       SCN_ALWAYS_NAMED,
                       "how a guest writes to its memory",
                       sizeof(struct scn_workload_decl),
                       {{&scn_workload_options, 0}}},
     [SCN_VM] = {"vm",
                 SCN_ALWAYS_NAMED,
                 "a VM, or with count a set of them",
                 sizeof(struct scn_vm_decl),
                 {{&scn_vm_options, 0},
                  {&scn_vm_place_options, offsetof(struct scn_vm_decl, place)}}},
     [SCN_AFFINITY] = {"affinity",
                       SCN_ALWAYS_NAMED,
                       "VMs that belong together, or apart",
                       sizeof(struct scn_affinity_decl),
                       {{&scn_affinity_options, 0}}},
     [SCN_POLICY] = {"migrationpolicy",
                     SCN_ALWAYS_NAMED,
                     "a MigrationPolicy of KubeVirt: tuning for the VMs whose labels it selects",
                     0,
                     {{&scn_policy_options, 0}}},
     [SCN_STORAGE] = {"storage",
                      SCN_ALWAYS_NAMED,
                      "what disks lie on: what it carries, and who sees it",
                      sizeof(struct scn_storage_decl),
                      {{&scn_storage_options, 0}}},
     [SCN_DISK] = {"disk",
                   SCN_ALWAYS_NAMED,
                   "a disk of some VMs, each with one like it",
                   sizeof(struct scn_disk_decl),
                   {{&scn_disk_options, 0}}},
     [SCN_REQUEST] = {"request",
                      SCN_ALWAYS_NAMED,
                      "migrations to ask for",
                      sizeof(struct scn_request_decl),
                      {{&scn_request_options, 0}}},
     [SCN_OPERATION] = {"operation",
                        SCN_ALWAYS_NAMED,
                        "drain, maintenance, upgrade, rebalancing or consolidation of hosts",
                        sizeof(struct scn_operation_decl),
                        {{&scn_operation_options, 0}}},
     [SCN_FAULT] = {"fault",
                    SCN_ALWAYS_NAMED,
                    "something that breaks",
                    sizeof(struct scn_fault_decl),
                    {{&scn_fault_options, 0}}},
     [SCN_CHANGE] = {"change",
                     SCN_ALWAYS_NAMED,
                     "an order given while a migration runs",
                     sizeof(struct scn_change_decl),
                     {{&scn_change_options, 0}}},
     [SCN_THRESHOLDS] =
         {"thresholds",
          SCN_UNNAMED,
          "goals: METRIC.STATISTIC < LIMIT, with class.NAME. or vm.NAME. before it for "
          "some VMs; after it warn for a warning only, sure to fail in doubt too",
          0,
          {{NULL, 0}}},
     [SCN_CLUSTER] = {"cluster",
                      SCN_UNNAMED,
                      "the control plane: its limits, its queue, how it places",
                      sizeof(struct scn_cluster_decl),
                      {{&scn_cluster_options, 0}}},
#define PLATFORM_SECTION(name, text)                                                               \
    [SCN_PLATFORM_##name] = {#name, SCN_UNNAMED, text, 0, {{&platform_##name##_options, 0}}},
     PLATFORM_LIST(PLATFORM_SECTION)
#undef PLATFORM_SECTION
};

size_t scn_section_size(enum scn_kind kind)
{
    const struct scn_section_type *type = &scn_section_types[kind];

    return type->size || !type->tables[0].table ? type->size : type->tables[0].table->size;
}

enum scn_kind scn_platform_kind(const char *name)
{
    for (int k = SCN_CLUSTER + 1; k < SCN_KIND_NR; k++)
        if (strcmp(scn_section_types[k].word, name) == 0)
            return (enum scn_kind)k;
    return SCN_KIND_NR;
}
