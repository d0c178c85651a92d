/*
 * scenario_options.h - which sections and options a scenario file has.
 *
 * One row of one table drives parsing, range check, default, help, manual, dump and hints.  A
 * section is read into a struct of its own (struct scn_*_decl, or the public one where that will
 * do), and scenario_resolve.c turns those into struct scenario.
 */
#ifndef MIGCAST_SIM_SCENARIO_OPTIONS_H
#define MIGCAST_SIM_SCENARIO_OPTIONS_H

#include "base/option.h"
#include "models/costs_options.h"
#include "sim/platform_list.h"
#include "sim/result.h"
#include "sim/scenario/scenario.h"

/* Ranges that several rows share.  64 TiB of memory is far above any host; ten years is for ever.
 */
#define SCN_SIZE_LIMIT ((double)(65536 * GIB))
#define SCN_RATE_LIMIT 1e13
#define SCN_BPS_LIMIT 1e14
#define SCN_TIME_LIMIT ((double)(3650LL * 86400 * NS_PER_S))
#define SCN_UNLIMITED_VALUE 2e19 /* read as UNITS_UNLIMITED */

enum scn_kind {
    SCN_SCENARIO,
    SCN_MIGRATION,
    SCN_CALIBRATION,
    SCN_HOST,
    SCN_LINK,
    SCN_NETWORK,
    SCN_RACK,
    SCN_WORKLOAD,
    SCN_VM,
    SCN_AFFINITY,
    SCN_POLICY,
    SCN_STORAGE,
    SCN_DISK,
    SCN_REQUEST,
    SCN_OPERATION,
    SCN_FAULT,
    SCN_CHANGE,
    SCN_THRESHOLDS,
    SCN_CLUSTER,
#define PLATFORM_KIND(name, help) SCN_PLATFORM_##name,
    PLATFORM_LIST(PLATFORM_KIND)
#undef PLATFORM_KIND
    SCN_KIND_NR
};

enum scn_naming {
    SCN_UNNAMED,     /* [scenario] */
    SCN_MAYBE_NAMED, /* [migration]: defaults of [migration NAME] */
    SCN_ALWAYS_NAMED /* [vm NAME] */
};

enum {
    SCN_TABLES = 4
};

struct scn_section_type {
    const char *word;
    enum scn_naming naming;
    const char *help;
    size_t size; /* of the struct that a section of this kind fills */
    struct {
        const struct option_table *table;
        size_t offset; /* of the table's struct in it */
    } tables[SCN_TABLES];
};

extern const struct scn_section_type scn_section_types[SCN_KIND_NR];

struct scn_scenario_decl {
    const char *name, *description;
    uint64_t seed;
    uint32_t replications;
    int64_t horizon_ns;
    enum fidelity fidelity;
    struct option_list presets, includes;
};

/* What becomes of these is struct host_attrs (sim/placement/attributes.h). */
struct scn_host_place_decl {
    const char *rack;
    const char *cpu_model, *vendor, *microcode, *kernel;
    struct option_list cpu_models, features, labels, taints, storage, networks, gpus, devices;
    uint64_t pages_2m_bytes, pages_1g_bytes;
    uint32_t sriov;
    uint32_t bits;
    uint32_t numa_nodes;
    enum attr_nx nx;
};

struct scn_wiring_decl {
    struct scn_wiring wiring;
    struct option_list nics;
};

struct scn_host_decl {
    uint32_t count;
    uint64_t nic_bps;
    uint64_t memory_bytes;
    uint32_t cpus;
    double load_ratio;
    enum accel accel;
    struct host_costs costs;
    struct scn_host_place_decl place;
    struct scn_wiring_decl wiring;
};

struct scn_calibration_decl {
    struct host_costs costs;
    struct host_costs_spread spread;
};

struct scn_link_decl {
    struct uncertain rate_bps, background_bps;
    double efficiency_ratio;
    int64_t latency_ns;
    int64_t background_period_ns;
    enum link_between between;
    struct option_list hosts, networks, background_series;
};

struct scn_workload_decl {
    struct scn_workload workload;
    struct option_list curve, series, classes;
};

/* struct vm_attrs. */
struct scn_vm_place_decl {
    const char *cpu_model;
    struct option_list features, needs, tolerates, storage, networks, gpus, devices, labels;
    uint32_t sriov;
    uint32_t bits;
    uint32_t priority;
    enum migratable migratable;
    bool ha, pinned, sriov_failover, huge_pages, one_numa_node;
};

struct scn_vm_decl {
    uint32_t count;
    struct option_list hosts;
    const char *workload, *migration;
    struct uncertain write_bytes_per_s; /* a < 0: as the workload */
    struct uncertain working_set_bytes; /* a < 0: as the workload */
    struct guest_params guest;          /* nonzero_bytes SCN_NONZERO_ALL = all of memory */
    struct scn_vm_place_decl place;
};
#define SCN_NONZERO_ALL UINT64_MAX

struct scn_affinity_decl {
    struct option_list vms;
    enum affinity_kind kind;
    enum affinity_within within;
    bool must;
};

enum scn_storage_kind {
    SCN_STORAGE_LOCAL,
    SCN_STORAGE_SHARED
};

struct scn_storage_decl {
    enum scn_storage_kind kind;
    struct option_list hosts;
    uint64_t read_bytes_per_s, write_bytes_per_s;
    bool saved_state;
};

struct scn_disk_decl {
    struct option_list vms;
    const char *storage, *to;
    uint64_t size_bytes;
    uint64_t used_bytes, working_set_bytes; /* UNITS_UNLIMITED = all of it */
    uint64_t write_bytes_per_s, write_size_bytes;
    uint64_t limit_bytes_per_s;
};

struct scn_cluster_decl {
    const char *platform;
    struct option_list skip_checks;
    struct cluster_rules rules;
};

struct scn_operation_decl {
    struct option_list hosts;
    struct scn_operation op; /* without its name and hosts */
};

struct scn_request_decl {
    struct option_list vms, targets;
    uint32_t priority;
    enum job_kind kind;
    int64_t at_ns, every_ns, cancel_at_ns;
};

struct scn_fault_decl {
    enum fault_kind kind;
    const char *target;
    int64_t at_ns, duration_ns;
    double ratio;
};

struct scn_change_decl {
    struct option_list vms;
    int64_t at_ns;
    uint64_t max_bandwidth_bytes_per_s;
    int64_t downtime_limit_ns;
};

/* What a threshold can speak of. */
enum scn_statistics {
    SCN_STAT_SPREAD =
        1 << 0, /* min, mean, max, p50, p99.9 ...: over migrations, or over replications */
    SCN_STAT_RATE = 1 << 1 /* rate: the share of migrations */
};

enum scn_metric_id {
    SCN_METRIC_DOWNTIME,
    SCN_METRIC_BLACKOUT,
    SCN_METRIC_TOTAL_TIME,
    SCN_METRIC_QUEUE_TIME,
    SCN_METRIC_POSTCOPY_TIME,
    SCN_METRIC_DRAIN_MAKESPAN,
    SCN_METRIC_TRANSFERRED,
    SCN_METRIC_DRAIN_TRANSFERRED,
    SCN_METRIC_ROUNDS,
    SCN_METRIC_THROTTLE,
    SCN_METRIC_SLOWDOWN,
    SCN_METRIC_MOVED,
    SCN_METRIC_COMPLETED,
    SCN_METRIC_TIMEOUTS,
    SCN_METRIC_CANCELLED,
    SCN_METRIC_FAILED,
    SCN_METRIC_REJECTED,
    SCN_METRIC_QUEUED,
    SCN_METRIC_NR
};

struct scn_metric {
    const char *name;
    enum value_unit unit;
    unsigned statistics;
    const char *help;
};

/* By enum scn_metric_id; ends with a NULL name. */
extern const struct scn_metric scn_metrics[SCN_METRIC_NR + 1];

extern const struct option_table scn_scenario_options, scn_migration_options, scn_host_options,
    scn_host_place_options, scn_vm_place_options, scn_affinity_options, scn_operation_options,
    scn_link_options, scn_workload_options, scn_vm_options, scn_request_options, scn_fault_options,
    scn_change_options, scn_policy_options, scn_cluster_options, scn_storage_options,
    scn_disk_options, scn_network_options, scn_rack_options, scn_wiring_options;
#define PLATFORM_TABLE(name, help) extern const struct option_table platform_##name##_options;
PLATFORM_LIST(PLATFORM_TABLE)
#undef PLATFORM_TABLE

/* scn_section_size - bytes that a section of this kind fills. */
size_t scn_section_size(enum scn_kind kind);
/* scn_platform_kind - the section of the platform called @name; SCN_KIND_NR = it has none. */
enum scn_kind scn_platform_kind(const char *name);

/* scenario_options_help - the options of one kind of section ("migration"), of one option
 * ("downtime_limit" or "migration.downtime_limit"), or of all (NULL), for a terminal.
 * ST_EUSAGE with the nearest right name when there is none such. */
enum status scenario_options_help(struct strbuf *out, const char *topic, struct diag *diag);
/* scenario_options_man - the OPTIONS part of migcast-scenario(5), in man(7) macros. */
void scenario_options_man(struct strbuf *out);
/* scenario_options_markdown - the same as a reference page. */
void scenario_options_markdown(struct strbuf *out);

#endif
