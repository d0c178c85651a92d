/*
 * kubevirt.h - KubeVirt's control plane, and what Harvester takes from it.
 *
 * Tuning that every platform has (bandwidth, auto-converge, post-copy, completion and progress
 * timeout) is read from the VM's [migration] profile, and handled here by KubeVirt's rules instead
 * of the engine's.  The limits and the queue are [cluster]'s.  What only KubeVirt knows is in
 * struct kubevirt_settings; what differs between releases is one table, struct kubevirt_behaviour.
 *
 * Source: kubevirt/kubevirt at the tags named in kubevirt_versions.c; pkg/virt-controller/watch and
 * pkg/virt-launcher/virtwrap.
 */
#ifndef MIGCAST_SIM_PLATFORMS_KUBEVIRT_H
#define MIGCAST_SIM_PLATFORMS_KUBEVIRT_H

#include "sim/platform.h"
#include "sim/platforms/kubevirt_stall.h"
#include "sim/sim_int.h"

enum kubevirt_version {
    KUBEVIRT_0_45,
    KUBEVIRT_0_54,
    KUBEVIRT_0_59,
    KUBEVIRT_1_3,
    KUBEVIRT_1_4,
    KUBEVIRT_1_5,
    KUBEVIRT_1_6,
    KUBEVIRT_1_7,
    KUBEVIRT_1_8,
    KUBEVIRT_1_9,
    KUBEVIRT_MAIN,
    KUBEVIRT_NR
};

struct kubevirt_behaviour {
    const char *name;
    bool running_minimum;   /* progress is a new minimum of what remains; else any fall between two
                               polls */
    bool backoff;           /* evacuations wait longer after each failure */
    bool backoff_updates;   /* so do migrations of the workload updater */
    bool disruption;        /* may pause the guest: allowWorkloadDisruption */
    bool parallel;          /* eight streams by itself */
    bool parallel_postcopy; /* also when post-copy is allowed */
    bool parallel_pinned;   /* also with dedicated CPUs */
    bool stall_detection;   /* the gate is known */
    bool downtime_tuning;
};

extern const char *const kubevirt_version_names[KUBEVIRT_NR + 1];
const struct kubevirt_behaviour *kubevirt_behaviour(enum kubevirt_version version);

enum kubevirt_switch {
    KUBEVIRT_AUTO, /* as the release does by itself, or as the setting it follows */
    KUBEVIRT_OFF,
    KUBEVIRT_ON
};

/* What a drain does with a VM. */
enum kubevirt_eviction {
    EVICTION_LIVE_MIGRATE, /* one that cannot migrate blocks it */
    EVICTION_IF_POSSIBLE,  /* one that cannot migrate is shut down and starts elsewhere */
    EVICTION_NONE          /* every VM is */
};

/* [kubevirt]; [harvester] has these and its own. */
struct kubevirt_settings {
    enum kubevirt_version version;
    enum kubevirt_switch disruption; /* auto: follows postcopy */
    enum kubevirt_switch parallel;
    enum kubevirt_eviction eviction;
    bool cpu_limit;
    int64_t max_downtime_ns;
    int64_t pending_ns;  /* a target pod that does not start; 0 = no limit */
    int64_t handover_ns; /* last part of the start delay */
    int64_t unplug_ns;   /* SR-IOV, before the start */

    bool downtime_tuning;
    int64_t tuning_initial_ns, tuning_cooldown_ns;
    uint32_t tuning_steps, tuning_after_round;

    bool stall_detection;
    struct kubevirt_stall_options stall;

    int64_t update_at_ns; /* workload updater; < 0 = never */
    bool update_evict;
    uint32_t update_batch;
    int64_t update_interval_ns;

    int64_t not_ready_ns;
    int64_t fencing_ns; /* < 0 = never */

    /* Harvester's own */
    bool force;                 /* maintenance */
    int64_t reset_ns, evict_ns; /* to the drain taint, and from it to the out-of-service taint */
};

extern const struct option_table platform_kubevirt_options;
extern const struct option_table platform_harvester_options;

/* A [migrationpolicy]: what it says goes over the VM's profile. */
struct kubevirt_policy {
    const char *name;
    struct option_list selectors;          /* "key=value", all must match; none: matches no VM */
    uint64_t max_bandwidth_bytes_per_s;    /* KUBEVIRT_UNSET = says nothing */
    int64_t completion_timeout_ns_per_gib; /* -1 = says nothing */
    int64_t max_downtime_ns;               /* -1 */
    enum kubevirt_switch auto_converge, postcopy, disruption, downtime_tuning; /* auto = nothing */
};

#define KUBEVIRT_UNSET UINT64_MAX
/* The unit of its deadlines: 10^9 bytes, in spite of "PerGiB". */
#define KUBEVIRT_GB 1000000000ULL

/* kubevirt_policy_find - the policy whose selectors match @labels with the most labels; of several
 * the first by name; NULL when none matches.
 * Source: pkg/virt-controller/watch/migration/migrationpolicy.go. */
const struct kubevirt_policy *kubevirt_policy_find(const struct kubevirt_policy *policies,
                                                   uint32_t nr, const struct option_list *labels);

/* kubevirt_deadline_s - completion timeout in whole seconds, as virt-launcher counts it.
 * @per_gib_s: completionTimeoutPerGiB; @bytes: guest memory, and what else the migration copies.
 * Each started 10^9 bytes count, in spite of the setting's name. */
int64_t kubevirt_deadline_s(int64_t per_gib_s, uint64_t bytes);

/* What a migration's monitor keeps; lives in mig->platform. */
struct kubevirt_mig {
    int64_t start_ns;   /* of the monitor */
    int64_t lattice_ns; /* its first poll; the others follow every 400 ms */
    int64_t per_gib_s;  /* completionTimeoutPerGiB */
    int64_t fixed_s;    /* [migration] completion_timeout, which KubeVirt has not: comes on top */
    uint64_t copied_bytes; /* memory, and volumes that move */
    int64_t deadline_s;    /* 0 = none; doubles when the guest is paused */
    int64_t progress_s;    /* 0 = none */
    int64_t max_downtime_ms;
    int64_t downtime_ms;          /* set by the ramp; 0 = not yet */
    int64_t tuned_ns;             /* last step of the ramp */
    int64_t switchover_s;         /* stall detector: to be over by then */
    struct kubevirt_stall *stall; /* NULL = the plain monitor */
    bool disruption, postcopy, vfio, tuning;
    bool paused;      /* mode Paused */
    bool over;        /* mode PostCopy: nothing more to watch */
    bool round;       /* stall detector: a round began since the last poll */
    bool pod_pending; /* the target pod does not start in time */
};

_Static_assert(sizeof(struct kubevirt_mig) <= PLATFORM_MIG_STATE, "fits into struct mig");

enum {
    KUBEVIRT_STALLS = 64, /* stall detectors at work at once; further migrations go without */
    KUBEVIRT_CLASSES = 3  /* re-queued after 1, 3 and 5 s */
};

/* What a run keeps of each VM; platform_vm_state(). */
struct kubevirt_vm {
    bool outdated;       /* the workload updater has still to move it */
    bool updating;       /* and is at it */
    bool evict;          /* by shutting it down */
    bool waits_for_node; /* Harvester: starts again when its node is out of maintenance */
};

/* What a run keeps; platform_state(). */
struct kubevirt_state {
    uint32_t waiting[KUBEVIRT_CLASSES]; /* jobs in the queue by class of priority */
    int64_t finished_ns;                /* when a migration last ended */
    int64_t failed_ns;                  /* and when one last failed, */
    uint32_t failed_source;             /* from there */
    uint64_t updates;                   /* rounds of the workload updater */
    int64_t next_batch_ns;              /* of its evictions */
    uint32_t outdated;                  /* VMs that it has still to move */
    uint32_t waiting_vms;               /* Harvester: VMs whose node is in maintenance */
    struct kubevirt_stall stalls[KUBEVIRT_STALLS];
    bool stall_used[KUBEVIRT_STALLS];
};

static inline struct kubevirt_mig *kubevirt_mig(struct mig *m)
{
    return (struct kubevirt_mig *)(void *)m->platform;
}

/* platform_tick_at(): what it is, with a host in the lower bits. */
enum {
    KUBEVIRT_TICK_HOSTS = 0xffffff,
    KUBEVIRT_TICK_UPDATE = 1 << 24,
    KUBEVIRT_TICK_HEARTBEAT = 2 << 24,
    KUBEVIRT_TICK_FENCED = 3 << 24,
    HARVESTER_TICK_TAINT = 4 << 24,
    HARVESTER_TICK_LOOK = 5 << 24
};

/* kubevirt.c: the parts that Harvester shares */
enum status kubevirt_check(const struct scenario *sc, struct diag *diag);
void kubevirt_begin(struct sim *sim);
const char *kubevirt_refuse(struct sim *sim, const struct job *job);
/* why the VM is not LiveMigratable; NULL when it is */
const char *kubevirt_not_migratable(const struct sim *sim, const struct job *job);
void kubevirt_queued(struct sim *sim, const struct job *job);
int32_t kubevirt_priority(struct sim *sim, const struct job *job);
bool kubevirt_admit(struct sim *sim, const struct job *job, uint32_t target);
void kubevirt_prepare(struct sim *sim, struct job *job, struct mig *m);
void kubevirt_ended(struct sim *sim, struct job *job, const struct mig *m);
void kubevirt_dropped(struct sim *sim, const struct job *job, enum outcome outcome);
void kubevirt_host_lost(struct sim *sim, uint32_t host);
void kubevirt_tick(struct sim *sim, uint32_t what);
/* the pods of a dead @host are gone at @at_ns: its VMs start elsewhere */
void kubevirt_fence_at(struct sim *sim, uint32_t host, int64_t at_ns);

/* kubevirt_remarks.c: for `explain` */
void kubevirt_remarks(const struct scenario *sc, uint32_t vm, struct strbuf *out);

/* kubevirt_update.c: the workload updater's moment */
void kubevirt_update(struct sim *sim);

/* kubevirt_monitor.c: virt-launcher's monitor */
void kubevirt_mirroring(struct sim *sim, struct mig *m);
void kubevirt_running(struct sim *sim, struct mig *m);
void kubevirt_pass(struct sim *sim, struct mig *m);
void kubevirt_poll(struct sim *sim, struct mig *m);

/* What both control planes do at the same moments, in their struct platform_ops. */
#define KUBEVIRT_SHARED                                                                            \
    .sim_state_bytes = sizeof(struct kubevirt_state),                                              \
    .mig_state_bytes = sizeof(struct kubevirt_mig), .vm_state_bytes = sizeof(struct kubevirt_vm),  \
    .check = kubevirt_check, .remarks = kubevirt_remarks, .begin = kubevirt_begin,                 \
    .queued = kubevirt_queued, .priority = kubevirt_priority, .admit = kubevirt_admit,             \
    .prepare = kubevirt_prepare, .mirroring = kubevirt_mirroring, .running = kubevirt_running,     \
    .pass = kubevirt_pass, .poll = kubevirt_poll, .ended = kubevirt_ended,                         \
    .dropped = kubevirt_dropped

#endif
