/*
 * scenario.h - what a scenario file says, resolved and checked.
 *
 * Everything lives in the scenario's arena and goes with scenario_release().  Values that are
 * uncertain are struct uncertain; a replication draws them.  The options themselves are in
 * scenario_options.c.
 */
#ifndef MIGCAST_SIM_SCENARIO_H
#define MIGCAST_SIM_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/option.h"
#include "base/status.h"
#include "base/strbuf.h"
#include "base/uncertain.h"
#include "models/params.h"
#include "sim/cluster/cluster.h"
#include "sim/measure.h"
#include "sim/network/topology.h"
#include "sim/placement/attributes.h"
#include "sim/storage.h"

enum fidelity {
    FIDELITY_ROUNDS, /* formulas, one step a round */
    FIDELITY_PAGES   /* a bitmap, page by page: slow, the reference */
};

struct scn_host {
    const char *name;
    uint64_t nic_bps;      /* each direction; UNITS_UNLIMITED = not a limit */
    uint64_t memory_bytes; /* 0 = not checked */
    uint32_t cpus;         /* 0 = not checked */
    double load_ratio; /* CPU already busy, 0..1: slows copying when this host is a destination */
    const struct host_costs *costs;  /* shared by the hosts of a section */
    uint32_t attrs;                  /* index into place.host_attrs */
    uint32_t rack;                   /* index into place.racks; UINT32_MAX = none is said */
    const struct scn_wiring *wiring; /* NULL = one card, no caps */
};

enum link_between {
    BETWEEN_HOSTS,
    BETWEEN_RACKS /* hosts of two racks */
};

/* A shared segment: every migration between two of its hosts crosses it (no hosts = every
 * migration). */
struct scn_link {
    const char *name;
    struct uncertain rate_bps; /* nominal, bits/s */
    double efficiency_ratio;   /* payload / nominal: framing, TCP headers */
    struct uncertain background_bps;
    int64_t latency_ns; /* one way */
    uint32_t nr_hosts;
    const uint32_t *hosts;
    enum link_between between;
    uint32_t nr_networks; /* 0 = all */
    const uint32_t *networks;
    uint32_t nr_traffic; /* points of other traffic that changes, the first at 0 */
    const struct scn_traffic *traffic;
    int64_t traffic_period_ns; /* 0 = the last point holds on */
};

struct scn_workload {
    const char *name;
    struct dirty_params
        dirty; /* kinds, ratios, phases; the uncertain parts below override after a draw */
    struct uncertain write_bytes_per_s;
    struct uncertain working_set_bytes;
};

struct scn_vm {
    const char *name;
    const struct guest_params *guest; /* shared by the VMs of a section; dirty as the workload */
    uint32_t host;
    uint32_t workload;
    uint32_t migration; /* profile: index into migrations */
    uint32_t class_id;  /* its section: VMs that are alike */
};

struct scn_migration {
    const char *name; /* "" = the default section */
    const char *platform;
    struct mig_params params;
    struct uncertain max_bandwidth_bytes_per_s;
    const char *network_name, *storage_network_name;
    uint32_t network, storage_network; /* indexes into topology.networks */
};

struct scn_request {
    const char *name;
    uint32_t vm;
    uint32_t target; /* host; HOST_NONE = any */
    int32_t priority;
    enum job_kind kind;
    int64_t at_ns;
    int64_t cancel_at_ns; /* from the start of the run; -1 = never */
};

enum operation_kind {
    OPERATION_DRAIN,
    OPERATION_MAINTENANCE,
    OPERATION_UPGRADE,
    OPERATION_EVACUATE,
    OPERATION_REBALANCE,
    OPERATION_CONSOLIDATE
};

enum operation_order {
    VMS_BY_PRIORITY,
    VMS_AS_LISTED,
    VMS_SMALL_FIRST,
    VMS_LARGE_FIRST
};

enum operation_stuck {
    STUCK_WAIT,
    STUCK_SKIP,
    STUCK_STOP
};

enum operation_pace {
    PACE_SLIDING,
    PACE_WAVES
};

/* Something done with hosts: it makes migrations while the run goes on. */
struct scn_operation {
    const char *name;
    enum operation_kind kind;
    uint32_t nr_hosts;
    const uint32_t *hosts; /* in order */
    int64_t at_ns;
    uint32_t hosts_at_once, vms_at_once; /* 0 = all */
    enum operation_pace waves;
    enum operation_order vm_order;
    enum operation_stuck stuck;
    bool return_vms;
    int64_t reboot_ns, pause_ns;
    int64_t retry_ns, max_wait_ns; /* 0 = never */
    double spread_ratio;
    int64_t every_ns;
    uint32_t max_moves; /* 0 = no limit */
    uint32_t spare_hosts;
};

enum fault_kind {
    FAULT_LINK_DOWN,
    FAULT_HOST_DOWN,
    FAULT_DEGRADE,  /* link capacity times ratio */
    FAULT_RACK_DOWN /* in files only: becomes FAULT_HOST_DOWN of each host of the rack */
};

struct scn_fault {
    const char *name;
    enum fault_kind kind;
    uint32_t target; /* link or host index, by kind */
    int64_t at_ns;
    int64_t duration_ns; /* 0 = for good */
    double ratio;
};

/* Orders given while a migration runs (QMP migrate-set-parameters). */
struct scn_change {
    const char *name;
    uint32_t vm;
    int64_t at_ns;
    uint64_t max_bandwidth_bytes_per_s; /* 0 = unchanged */
    int64_t downtime_limit_ns;          /* -1 = unchanged */
};

struct platform_ops;
struct kubevirt_policy;

/* The control plane. */
struct scn_cluster {
    const struct platform_ops *platform; /* NULL = none */
    struct cluster_rules rules;
    const void *settings; /* what the platform's option table fills */
};

struct scn_threshold {
    const char *text; /* "downtime.p99 < 500ms" */
    const char *file;
    unsigned long line;
    struct measure measure;
    double limit; /* ns, bytes or ratio, by metric */
    bool less;    /* must stay below (else above) */
    bool error;   /* severity */
    bool sure;    /* crossed already where the interval reaches over the limit */
};

struct scn_doc; /* private: sim/scenario/scenario_doc.h */

struct scenario {
    struct arena *arena;
    const struct scn_doc *doc; /* the text and origin of every value */
    const char *path;
    const char *name;
    const char *description;
    uint64_t seed;
    uint32_t replications;
    int64_t horizon_ns;
    enum fidelity fidelity;
    char digest[33]; /* of the resolved values, hex */

    struct scn_cluster cluster;
    uint32_t nr_hosts, nr_links, nr_workloads, nr_vms, nr_migrations, nr_requests, nr_operations,
        nr_faults, nr_changes;
    uint32_t nr_thresholds;
    uint32_t nr_classes;
    const char **class_names; /* of VM sections */
    struct scn_host *hosts;
    struct scn_link *links;
    struct scn_workload *workloads;
    struct scn_vm *vms;
    struct scn_migration *migrations;
    struct scn_request *requests;
    struct scn_operation *operations;
    struct scn_fault *faults;
    struct scn_change *changes;
    struct scn_threshold *thresholds;
    struct scn_place place;
    struct scn_topology topology;
    uint32_t nr_policies;
    const struct kubevirt_policy *policies; /* sim/platforms/kubevirt.h */
    struct scn_disks disks;
};

/* Index into place.vm_attrs of what @vm needs of a host. */
static inline uint32_t scn_attrs_of(const struct scenario *sc, uint32_t vm)
{
    return sc->place.class_attrs ? sc->place.class_attrs[sc->vms[vm].class_id] : 0;
}

/* One --set section.key=value, or section "type name".key. */
struct scn_override {
    const char *text;   /* "migration.downtime_limit=500ms"; borrowed */
    const char *origin; /* "--set" */
};

/* scenario_load - read @path with its includes and presets, apply @overrides, check everything.
 * Precedence, weakest first: built-in default, preset, include, the file itself, override.
 * On failure @sc is empty and @diag says file, line, section, key, what and the nearest right name.
 */
enum status scenario_load(struct scenario *sc, const char *path,
                          const struct scn_override *overrides, size_t nr_overrides,
                          struct diag *diag);
/* scenario_load_text - the same from memory; @name stands for the path in messages. */
enum status scenario_load_text(struct scenario *sc, const char *name, const char *text,
                               const struct scn_override *overrides, size_t nr_overrides,
                               struct diag *diag);
void scenario_release(struct scenario *sc);

/* scenario_dump - every effective value with exact units, as a scenario file of the same digest.
 * Includes and presets are resolved in it, [calibration] too. */
enum status scenario_dump(const struct scenario *sc, struct strbuf *out);
/* scenario_show_origin - the same values, each with the place it comes from, one a line:
 * "[migration] downtime_limit = 300ms    file x.ini:12".  @section limits it to one kind ("vm") or
 * one section ("vm web"); NULL = all.  ST_EUSAGE when there is none such. */
enum status scenario_show_origin(const struct scenario *sc, const char *section, struct strbuf *out,
                                 struct diag *diag);
/* One value that some file, preset or override sets.  Everything is borrowed for the call. */
struct scenario_value {
    const char *section; /* "vm web" */
    const char *key, *value;
    const char *file;   /* or preset, or "--set" */
    unsigned long line; /* 0 = none */
};
/* scenario_each_set - hand every value that is not a built-in default to @each, in the order of
 * scenario_show_origin(); texts for people and goals are left out. */
enum status scenario_each_set(const struct scenario *sc,
                              void (*each)(void *arg, const struct scenario_value *value),
                              void *arg);
/* scenario_show_origin_json - {"format_version", "scenario", "digest", "values": [{"section",
 * "key", "value", "origin", "file", "line"}]}; file and line are null for built-in defaults. */
enum status scenario_show_origin_json(const struct scenario *sc, const char *section,
                                      struct strbuf *out, struct diag *diag);

#endif
