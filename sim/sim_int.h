/*
 * sim_int.h - the inside of struct sim; for the files of this folder only.
 */
#ifndef MIGCAST_SIM_SIM_INT_H
#define MIGCAST_SIM_SIM_INT_H

#include "base/rng.h"
#include "models/memory.h"
#include "models/precopy.h"
#include "models/qemu.h"
#include "models/throttle.h"
#include "models/xbzrle.h"
#include "sim/cluster/cluster.h"
#include "sim/cluster/queue.h"
#include "sim/cold.h"
#include "sim/disks.h"
#include "sim/event_queue.h"
#include "sim/network/link_use.h"
#include "sim/network/network.h"
#include "sim/network/route.h"
#include "sim/pace.h"
#include "sim/pages.h"
#include "sim/platform.h"
#include "sim/rows.h"
#include "sim/scenario/name_index.h"
#include "sim/sim.h"

#define BIT(n) (1u << (n))

#define CACHE_LINE 64

/*
 *   IDLE -> SETUP -> PRECOPY -> SWITCHOVER -> DONE         any but an end state -> FAILED
 *     |       ^         |           |        ^ ^           before POSTCOPY      -> CANCELLED
 *     +-> MIRROR        +-----------+-> POSTCOPY <-> PAUSED
 *     +-> OFFLINE -----------------------------+
 *   MIRROR      local disks are copied, memory is not yet; guest runs at the source (sim/disks.c)
 *   OFFLINE     the guest runs nowhere: cold, suspend-and-move, rescue (sim/cold.c)
 *   SETUP       all pages become dirty; the flow is not on the network yet
 *   PRECOPY     guest runs at the source (or is suspended there); rounds >= 1; sender holds the
 * dirty set SWITCHOVER  guest runs nowhere; blackout_start_ns set; the flow has no cap POSTCOPY
 * guest runs at the destination; blackout over; missing pages > 0 PAUSED      post-copy whose
 * connection broke; the guest stops at the first missing page
 */
enum mig_state {
    MIG_IDLE,
    MIG_MIRROR,
    MIG_OFFLINE,
    MIG_SETUP,
    MIG_PRECOPY,
    MIG_SWITCHOVER,
    MIG_POSTCOPY,
    MIG_PAUSED,
    MIG_DONE,
    MIG_FAILED,
    MIG_CANCELLED,
    MIG_NR_STATES
};

/* Steps inside SWITCHOVER, in order. */
enum mig_step {
    STEP_STOP,    /* vCPUs stop, block I/O drains, the manager reacts, the final sync */
    STEP_DRAIN,   /* what the mirrors of disks still owe; after STEP_DEVICES without a manager that
                     pauses before the switchover */
    STEP_SEND,    /* what is still dirty */
    STEP_DEVICES, /* device state, and with a return path the destination's load and start */
};

/* Steps inside OFFLINE, in order; each kind of move has some of them. */
enum offline_step {
    OFFLINE_DOWN, /* the guest shuts down */
    OFFLINE_SAVE,
    OFFLINE_MOVE, /* of the saved memory */
    OFFLINE_DISKS,
    OFFLINE_LOAD,
    OFFLINE_UP /* it boots, or resumes */
};

enum event_kind {
    EV_REQUEST,  /* index: request */
    EV_STEP,     /* index: migration; the state's own next step */
    EV_TIMER,    /* auto-converge's 5 s sync */
    EV_LIMIT,    /* dirty-limit period */
    EV_POSTCOPY, /* order to switch to post-copy */
    EV_CANCEL,
    EV_TIMEOUT,
    EV_PROGRESS,       /* no progress for too long? */
    EV_BREAK,          /* the connection's TCP timeout */
    EV_CHANGE,         /* index: change */
    EV_FAULT,          /* index: fault; data: 0 begins, 1 ends */
    EV_RATE,           /* index: entry of the observed rates */
    EV_TRAFFIC,        /* index: link whose other traffic changes */
    EV_READY,          /* index: job; its wait is over */
    EV_BEGIN,          /* index: job; its start delay is over */
    EV_UNPLACED,       /* index: job; no target for too long */
    EV_FINISH,         /* index: job; its slots become free */
    EV_RECALL,         /* index: job; cancelled while it waits */
    EV_HELD,           /* index: host; it may send again */
    EV_WAKE,           /* look at the queue */
    EV_OPERATION,      /* index: operation; data: slot whose timer it is, or none */
    EV_OPERATION_WAKE, /* index: operation; data: slot, a job of whose host ended */
    EV_OPERATION_LATE, /* index: operation; data: slot that drains for too long */
    EV_RESTART,        /* index: host; its death is noticed */
    EV_POLL,           /* index: migration; the platform's monitor */
    EV_TICK,           /* index: what; the platform's clock */
    EV_DISK,           /* index: disk; its mirror is swept, ready or has caught up */
    EV_PACE,           /* index: link; it has served the first who waits for it */
    EV_NR
};

/* Own events of a migration that can be pending at once. */
enum mig_timer {
    TIMER_STEP,
    TIMER_CONVERGE,
    TIMER_LIMIT,
    TIMER_TIMEOUT,
    TIMER_PROGRESS,
    TIMER_BREAK,
    TIMER_CANCEL,
    TIMER_POSTCOPY,
    TIMER_POLL,
    TIMER_NR
};

/* A transfer without windows: stop-and-copy, post-copy push. */
struct bulk {
    double left;       /* 1 .. 0 */
    double wire_bytes; /* of the whole */
    double cpu_ns;     /* of the whole: lower bound of its time */
    double alone_ns;   /* beside these, with the link idle: zero pages in post-copy */
    int64_t settled_ns;
};

/* What every round needs stands together, and first: a thousand migrations at once do not fit in
 * the nearest caches.  mig_fetch() knows which parts these are. */
struct mig {
    /* set at the start */
    _Alignas(CACHE_LINE) uint32_t slot; /* its own index, and that of its flow */
    uint32_t job;
    uint32_t begun; /* number of the attempt */
    uint32_t vm;
    const struct qemu_behaviour *qemu;
    const struct guest_params *guest;
    const struct host_costs *costs;
    struct mig_result *result;  /* &own until it ends */
    struct memory_pages *pages; /* fidelity = pages, else NULL */
    double weight;              /* of the flow: streams */
    int64_t sync_ns;            /* that one takes */
    int64_t origin_ns;          /* of the guest's phases: the first start of the job */

    /* changes */
    enum mig_state state;
    uint32_t held_back_pct; /* vCPU time that the platform takes besides auto-converge */
    bool suspended;         /* the guest was paused so that the migration completes */
    bool want_postcopy;     /* order given, waits for a decision */
    bool bulk_round;        /* round 1: the sweep has not wrapped yet */
    double link_rate;       /* share of the network, bytes/s; 0 = down */
    struct pace_wait wait;
    double tau;                /* seconds of work since the last sync */
    double wanted_s, worked_s; /* totals, for the slowdown */
    int64_t worked_until_ns;
    double known_pages;  /* dirty after the last sync */
    int64_t progress_ns; /* last new minimum of pending */
    uint64_t least_pending;
    int64_t round_start_ns;
    double round_bytes; /* counted bytes when the round began */
    uint64_t round_pages;
    int64_t blackout_start_ns;
    event_handle timers[TIMER_NR];
    struct throttle throttle;
    struct precopy_limits limits;
    struct precopy sender; /* settled */
    struct dirty_model model;
    struct memory memory;
    struct mig_result own;
    struct mig_params params; /* drawn values in place; changes apply here */

    /* set at the start, of less use */
    uint32_t source, target;
    double vcpus;
    int64_t rtt_ns;        /* between the hosts, latency of the links included */
    uint64_t bitmap_pages; /* size of `pages` */

    /* changes */
    struct precopy trial; /* the sender, as it will be when TIMER_STEP fires */
    enum mig_step step;
    enum offline_step offline;
    uint32_t disks_awaited; /* mirrors not ready, or not drained yet */
    uint32_t disk;          /* OFFLINE: that is copied now */
    int64_t disk_start_ns;
    bool disks_behind; /* at the end: one is written faster than it is copied */
    bool guest_lost;   /* ended with the guest running nowhere */
    struct xbzrle xbzrle;
    struct bulk bulk;
    int64_t postcopy_start_ns;
    int64_t paused_ns;         /* when post-copy was paused */
    uint32_t timer_sync_count; /* rounds at the last tick of auto-converge's timer */
    _Alignas(16) unsigned char platform[PLATFORM_MIG_STATE];
};

/* Where a VM is and what is done with it. */
struct vm_state {
    uint32_t host;       /* HOST_NONE = nowhere: lost, or off */
    uint32_t job;        /* not done yet; JOB_NONE */
    uint32_t next, prev; /* VMs of the same host; without one, prev is its place in lost */
};

/* What cluster_reset.c needs to set up the next replication. */
struct cluster_start {
    bool filled;
    struct host_state *hosts; /* as every replication finds them */
    bool listed;
    uint32_t *first_vm, *vms; /* VMs by the host where the scenario puts them; once listed */
    uint32_t *touched;        /* hosts whose rows may have changed since */
    bool *is_touched;
    uint32_t nr_touched;
};

struct cluster {
    struct cluster_rules rules;
    struct cluster_start start;
    struct job *jobs;
    uint32_t nr_jobs, cap_jobs;
    uint32_t next_job_id;
    uint32_t first_retired, last_retired; /* places to use again, oldest first */
    struct vm_state *vms;
    struct lost_vm *lost; /* in no order */
    uint32_t nr_lost, cap_lost;
    struct host_state *hosts;
    struct placement *placement;
    struct operations *operations;
    uint32_t *first_vm, *last_vm; /* by host */
    struct queue queue;
    uint64_t sequence; /* of the next that queues */
    uint32_t total;    /* slots held */
    uint32_t *held;    /* jobs with a slot and no target */
    uint32_t nr_held;
    event_handle wake;
    int64_t wake_ns;
};

enum {
    MIG_CHUNK = 64 /* migrations allocated together; they never move */
};

struct sim {
    const struct scenario *sc;
    const struct sim_observed *observed;
    void (*observe)(struct sim *sim, void *arg);
    void *observe_arg;
    uint32_t max_rounds;
    uint32_t replication;
    bool has_streams; /* these, of that seed: */
    uint64_t streams_seed;
    struct rng_family phases, scatters; /* of VMs; of rounds */
    int64_t now_ns;
    struct event_queue queue;
    struct network net;
    struct pace *paces;    /* of its links */
    uint32_t *pace_places; /* of migrations that wait for them in their heaps, by slot */
    uint32_t paces_moved;  /* the last that did for the first time in this run; PACE_NONE */
    const struct platform_ops *platform;
    void *platform_state;
    unsigned char *platform_vms, *platform_hosts; /* state of each for the platform */
    struct cluster cluster;
    uint32_t cap_migs, nr_migs; /* slots there may be; slots ever used in this run */
    struct mig **migs;          /* chunks of MIG_CHUNK */
    uint32_t *free_migs;        /* slots used before */
    uint32_t nr_free;
    struct rows rows;
    struct mig_result *all_rows; /* made by sim_results() */
    uint32_t nr_begun;           /* attempts, and jobs that ended without one */
    struct sim_event *log;
    uint32_t nr_log, max_log;
    struct mig_round *rounds; /* in the order in which they ended */
    uint32_t *round_of;       /* whose they are: number of the attempt */
    struct mig_round *by_row; /* the same, row by row: filled when a run ends */
    uint32_t *next_round;     /* scratch of the same, by number of the attempt */
    uint32_t cap_next_round;
    uint32_t nr_rounds;
    struct arena *texts; /* reasons made up during runs */
    struct name_index text_index;
    bool no_memory;     /* the run ends early and says so */
    bool too_many_rows; /* ... because of attempts without end */
    struct route_map routes;
    bool shares_stale;             /* re-solve before time goes on */
    struct link_state *links;      /* of the scenario's; links.c */
    uint32_t nr_series, nr_asleep; /* links with other traffic that changes */
    bool want_links;
    struct link_use link_use;
    uint32_t first_disk_link; /* links of storage come after those of routes */
    struct disk_state *disks; /* their flows come after those of migrations */
    uint64_t events;
};

static inline struct mig *sim_mig(const struct sim *sim, uint32_t slot)
{
    return &sim->migs[slot / MIG_CHUNK][slot % MIG_CHUNK];
}

static inline void fetch_part(const struct mig *m, size_t from, size_t to)
{
    for (size_t at = from & ~(size_t)(CACHE_LINE - 1); at < to; at += CACHE_LINE)
        __builtin_prefetch((const char *)m + at);
}

/* Is there room under a limit?  0 = no limit. */
static inline bool cluster_below(uint32_t now, uint32_t most)
{
    return most == 0 || now < most;
}

/* It has its slot and waits for a target or its start; false once a host failed under it. */
static inline bool job_still_prepares(const struct sim *sim, const struct job *job)
{
    return job->state == JOB_PREPARING && sim_mig(sim, job->mig)->state == MIG_IDLE;
}

/* Into the nearest caches, what the end of a round of @m needs, if its guest is of few classes. */
static inline void mig_fetch(const struct mig *m)
{
    fetch_part(m, 0, offsetof(struct mig, model.pages) + sizeof(double));
    fetch_part(m, offsetof(struct mig, model.writes_per_s),
               offsetof(struct mig, model.writes_per_s) + sizeof(double));
    fetch_part(m, offsetof(struct mig, memory),
               offsetof(struct mig, memory.known) + sizeof(double));
    fetch_part(m, offsetof(struct mig, memory.ahead),
               offsetof(struct mig, memory.ahead) + sizeof(double));
    fetch_part(m, offsetof(struct mig, own.dirty_pages_rate),
               offsetof(struct mig, own.nr_rounds) + sizeof(size_t));
    fetch_part(m, offsetof(struct mig, params),
               offsetof(struct mig, params.postcopy) + sizeof(bool));
}

/* engine.c */
void sim_schedule(struct sim *sim, struct mig *m, enum mig_timer timer, enum event_kind kind,
                  int64_t at_ns);
void sim_unschedule(struct sim *sim, struct mig *m, enum mig_timer timer);
/* Push an event that is nobody's timer; the queue grows when it must. */
event_handle sim_push(struct sim *sim, int64_t at_ns, int16_t prio, enum event_kind kind,
                      uint32_t index, uint32_t data);
/* Shares may have moved: before time goes on, the network is re-solved once for all that happened
 * in this instant, and every migration whose share did move plans anew. */
void sim_reshare(struct sim *sim);
/* The same at once, for who must know. */
void sim_reshare_now(struct sim *sim);

/* world.c */
/* sim_intern - a copy of @text that lives as long as the results; "" when memory ran out. */
const char *sim_intern(struct sim *sim, const char *text);
/* The number of an attempt that begins, or of a job that ends without one. */
uint32_t sim_attempt(struct sim *sim);
/* Its row, once, when it is over. */
void sim_row(struct sim *sim, uint32_t begun, const struct mig_result *row);
/* Rounds end interleaved, and rows want theirs in one stretch: once a run is over.  False when
 * memory ran out. */
bool world_group_rounds(struct sim *sim);

/* draw.c */
void draw_begin_run(struct sim *sim);
/* One draw of this replication; each name and index has its own stream. */
double sim_draw(const struct sim *sim, const struct uncertain *u, const char *name, uint32_t index);
/* How the VM writes: as the scenario says, or @drawn where some of it is uncertain. */
const struct dirty_params *sim_draw_vm(const struct sim *sim, uint32_t vm,
                                       struct dirty_params *drawn, int64_t *phase_ns);
uint64_t sim_draw_bandwidth(const struct sim *sim, uint32_t profile, uint32_t vm);

/* links.c */
enum status links_init(struct sim *sim);
void links_release(struct sim *sim);
/* The network is empty again, with the capacities of this replication. */
void links_begin(struct sim *sim);
void links_set_down(struct sim *sim, uint32_t link, bool down);
void links_set_ratio(struct sim *sim, uint32_t link, double ratio);
/* The other traffic of @link changes. */
void links_event(struct sim *sim, uint32_t link);
/* Put a flow on its way; sim_reshare() afterwards. */
void links_start(struct sim *sim, uint32_t flow, const struct route *route, double demand);

/* mig_start.c */
/* What is due before mig_start(): inputs drawn, parameters in place for the platform to change. */
void mig_load(struct sim *sim, struct mig *m);
void mig_start(struct sim *sim, struct mig *m);
/* `migrate` itself: what comes before, the mirrors of disks, is done. */
void mig_start_memory(struct sim *sim, struct mig *m);
/* Setup is over: round 1 begins. */
void mig_end_setup(struct sim *sim, struct mig *m);
void mig_set_limits(struct sim *sim, struct mig *m);
void mig_apply_change(struct mig *m, const struct scn_change *c);
/* The way of its memory; of one copied disk, or of its saved state, over the storage network. */
void mig_route(const struct sim *sim, const struct mig *m, struct route *route);
void mig_storage_route(const struct sim *sim, const struct mig *m, uint32_t disk,
                       struct route *route);

/* migration.c */
void mig_set_state(struct sim *sim, struct mig *m, enum mig_state to);
void mig_step(struct sim *sim, struct mig *m);
void mig_timer_sync(struct sim *sim, struct mig *m);
void mig_limit_tick(struct sim *sim, struct mig *m);
void mig_order_postcopy(struct sim *sim, struct mig *m);
void mig_progress(struct sim *sim, struct mig *m);
void mig_timeout(struct sim *sim, struct mig *m);
void mig_share_changed(struct sim *sim, struct mig *m, double rate);
/* Settle up to now, so that limits or parameters may change; mig_replan() afterwards. */
void mig_settle(struct sim *sim, struct mig *m);
void mig_replan(struct sim *sim, struct mig *m);
/* A decision, at which the sender stands. */
void mig_decide(struct sim *sim, struct mig *m);
/* A plan of its own for one in pre-copy that has a share. */
void mig_plan(struct sim *sim, struct mig *m);

/* mig_sync.c */
/* A sync, of the blackout if @last: returns the pages newly found dirty. */
uint64_t mig_sync(struct sim *sim, struct mig *m, bool last);

/* mig_end.c */
void mig_cancel(struct sim *sim, struct mig *m, bool timed_out, const char *reason);
void mig_fail(struct sim *sim, struct mig *m, const char *reason);
void mig_connection_lost(struct sim *sim, struct mig *m, const char *reason);
void mig_finish_row(struct sim *sim, struct mig *m);
void mig_horizon(struct sim *sim, struct mig *m);
/* Ends an attempt that has no target. */
void mig_refuse(struct sim *sim, struct mig *m, const char *reason);

/* cluster_reset.c */
enum status cluster_reset_init(struct sim *sim);
void cluster_reset_release(struct sim *sim);
void cluster_reset(struct sim *sim);
/* Its row, or that of a VM which the scenario puts there, may change now. */
void cluster_touch(struct sim *sim, uint32_t host);

/* cluster.c */
enum status cluster_init(struct sim *sim);
void cluster_release(struct sim *sim);
void cluster_begin(struct sim *sim);
void cluster_event(struct sim *sim, const struct event *e);
/* @m has ended; its slots are given back at its ended_ns. */
void cluster_mig_ended(struct sim *sim, struct mig *m);
/* The rows of jobs that are not done at the horizon. */
void cluster_horizon(struct sim *sim);
/* Fails what runs from and to @host, and marks its guests lost. */
void cluster_host_down(struct sim *sim, uint32_t host);
void cluster_host_up(struct sim *sim, uint32_t host);
/* @vm is lost where it is: it runs nowhere any more. */
void cluster_vm_lost(struct sim *sim, uint32_t vm);
bool cluster_target_has_room(const struct sim *sim, uint32_t host);
/* Somebody who waits for room may go now: a host came back, memory was freed. */
void cluster_room_made(struct sim *sim);
/* @vm runs at @host from now on (HOST_NONE: nowhere); lists only. */
void cluster_move_vm(struct sim *sim, uint32_t vm, uint32_t host);

/* guest.c */
void guest_advance(struct sim *sim, struct mig *m, int64_t to_ns);
double guest_cpu_share(const struct mig *m);
/* Seconds of work that the sync of this moment finds: m->tau in the mean. */
double guest_scattered_work(const struct sim *sim, const struct mig *m);

/* switchover.c, postcopy.c */
void switchover_begin(struct sim *sim, struct mig *m);
void switchover_step(struct sim *sim, struct mig *m);
void postcopy_begin(struct sim *sim, struct mig *m);
void postcopy_step(struct sim *sim, struct mig *m);
void postcopy_pause(struct sim *sim, struct mig *m);
void postcopy_recover(struct sim *sim, struct mig *m);
void bulk_start(struct mig *m, int64_t now_ns, double wire_bytes, double cpu_ns);
void bulk_settle(struct mig *m, int64_t now_ns);
int64_t bulk_end_ns(const struct mig *m, int64_t now_ns);
double bulk_demand(const struct mig *m);
void bulk_pending_cost(const struct mig *m, double *wire, double *cpu);

#endif
