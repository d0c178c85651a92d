/*
 * ovirt_int.h - shared by the files of the oVirt controller.
 *
 * The engine (scheduling, policies, balancing) and the host agent vdsm (slots, monitor) are two
 * programs; ovirt.c has both where a migration meets them, ovirt_policy.c what a policy says,
 * ovirt_balance.c the engine's minute.
 */
#ifndef MIGCAST_SIM_PLATFORMS_OVIRT_INT_H
#define MIGCAST_SIM_PLATFORMS_OVIRT_INT_H

#include "sim/sim_int.h"

/* Words of options; INHERIT (0) means that a VM says nothing. */
enum ovirt_policy {
    OVIRT_INHERIT,
    OVIRT_MINIMAL_DOWNTIME,
    OVIRT_SUSPEND,
    OVIRT_POST_COPY,
    OVIRT_VERY_LARGE,
    OVIRT_LEGACY,
    OVIRT_POLICIES
};

enum ovirt_switch {
    SWITCH_INHERIT,
    SWITCH_OFF,
    SWITCH_ON
};

enum ovirt_bandwidth {
    BANDWIDTH_AUTO,        /* from the network card's speed, or the network's QoS */
    BANDWIDTH_VDSM_CONFIG, /* what the host is set to */
    BANDWIDTH_CUSTOM
};

/* Compatibility version of the cluster. */
enum ovirt_version {
    OVIRT_4_2,
    OVIRT_4_3,
    OVIRT_4_4,
    OVIRT_4_5,
    OVIRT_4_6,
    OVIRT_4_7,
    OVIRT_4_8
};

enum ovirt_balance {
    BALANCE_NONE,
    BALANCE_EVEN,      /* evenly_distributed: CPU load */
    BALANCE_EVEN_GUEST /* vm_evenly_distributed: number of VMs */
};

/* Parallel connections of a migration. */
enum ovirt_parallel {
    PARALLEL_INHERIT,       /* a VM says nothing */
    PARALLEL_DISABLED,      /* one stream */
    PARALLEL_AUTO,          /* as many as the network asks for, and none if one will do */
    PARALLEL_AUTO_PARALLEL, /* at least two */
    PARALLEL_CUSTOM         /* a number */
};

struct ovirt_settings {
    enum ovirt_version version;
    enum ovirt_policy policy; /* of the cluster */
    enum ovirt_switch auto_converge, compressed;
    enum ovirt_parallel parallel;
    uint32_t custom_parallel;
    enum ovirt_bandwidth bandwidth;
    uint64_t custom_bps, qos_bps, link_bps, vdsm_bytes_per_s;
    int64_t monitor_ns, monitor_lead_ns, retry_ns, hook_ns, hook_limit_ns;
    int64_t downtime_ns; /* vdsm's, for Legacy */
    uint32_t downtime_steps;
    uint32_t max_rerun;
    int64_t plug_ns;
    enum ovirt_balance balance;
    uint32_t high_utilization_pct, underused_pct, vcpu_pct;
    int64_t overload_ns;
    uint32_t high_vm_count, vm_threshold;
    double vm_cpu_ratio;
    bool affinity, power_management;
    int64_t heartbeat_ns, grace_ns, grace_per_vm_ns, fence_ns, short_ns, long_ns, blocked_ns;
    uint32_t short_tries;
    int64_t minute_ns, phase_ns;
    struct option_list vms;
};

/* What differs for a VM; zero = as the cluster. */
struct ovirt_vm {
    enum ovirt_policy policy;
    enum ovirt_switch auto_converge, compressed;
    enum ovirt_parallel parallel;
    uint32_t custom_parallel;
    enum ovirt_switch paused; /* suspended while it migrates */
    int64_t downtime_ns;      /* Legacy's limit */
    int64_t hook_ns;
    double cpu_ratio;
    bool unplugged; /* its passed-through network card is away, since: */
    int64_t unplugged_ns;
    bool cancelled_by_us; /* the engine cancelled it, and tries again elsewhere */
    bool put_off;         /* its target was full: it comes again, and is no new request */
};

enum ovirt_action {
    ACT_DOWNTIME,
    ACT_POSTCOPY,
    ACT_ABORT
};

struct ovirt_step {
    int16_t limit; /* acted on when more passes than this are stalling; -1 = always */
    uint16_t action;
    int32_t ms;
};

enum {
    OVIRT_STEPS_MAX = 14,
    OVIRT_LEGACY_STEPS_MAX = OVIRT_STEPS_MAX - 2
};

struct ovirt_schedule {
    uint32_t nr;
    int32_t init_ms; /* 0 = none: QEMU's own limit stays */
    struct ovirt_step steps[OVIRT_STEPS_MAX];
};

/* What a migration policy consists of. */
struct ovirt_policy_row {
    const char *id;
    const char *name;
    uint32_t max_migrations;
    bool auto_converge, compressed, guest_events, zero_copy;
    enum ovirt_version since;
    struct ovirt_schedule schedule; /* Legacy: empty, vdsm builds it */
};

/* ovirt_policy.c */
extern const struct ovirt_policy_row ovirt_policies[OVIRT_POLICIES];
/* The schedule of @policy; @limit_ns and @steps are Legacy's.  Without @postcopy its steps are left
 * out, and Legacy then has no schedule at all. */
void ovirt_schedule(struct ovirt_schedule *out, enum ovirt_policy policy, int64_t limit_ns,
                    uint32_t steps, bool postcopy);

/* What the engine sends with a request to migrate. */
struct ovirt_request {
    enum ovirt_policy policy;
    uint32_t max;             /* bound of both semaphores */
    uint32_t connections;     /* 0 = one stream */
    uint64_t bandwidth_mib_s; /* of each migration */
    bool auto_converge, compressed;
};
void ovirt_request(const struct ovirt_settings *s, const struct ovirt_vm *vm, uint32_t vcpus,
                   uint64_t source_bps, uint64_t target_bps, bool encrypted,
                   struct ovirt_request *out);

/* ovirt_balance.c: the engine's minute.  _changed: something happened, look again. */
void ovirt_balance_begin(struct sim *sim);
void ovirt_balance_changed(struct sim *sim);
void ovirt_balance_tick(struct sim *sim);

/* What a tick is for. */
enum {
    OVIRT_TICK_MINUTE,
    OVIRT_TICK_RESTART /* + host */
};

/* ovirt_ha.c */
void ovirt_ha_host_lost(struct sim *sim, uint32_t host);
void ovirt_ha_restart(struct sim *sim, uint32_t host);

/* State of a run. */
struct ovirt_state {
    bool ticking;     /* a minute is pending */
    int64_t phase_ns; /* when the engine's first one is over */
};

/* What the engine's minute found of a host. */
struct ovirt_host {
    double load; /* CPUs' worth of work of its VMs */
    uint32_t vms;
    bool busy; /* a VM is on its way from or to it, or it takes none */
    bool over; /* its CPUs are too busy, since: */
    int64_t over_since_ns;
    uint32_t tries; /* to start the guests it died with */
    int64_t first_try_ns;
};

extern const struct option_table ovirt_vm_options;

#endif
