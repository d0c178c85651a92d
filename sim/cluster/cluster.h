/*
 * cluster.h - jobs, the queue, limits, and the book of who runs where.
 *
 * A job is the wish to move one VM; an attempt at it is a struct mig.  Requests of the scenario are
 * jobs, operations (drain, upgrade ...) make jobs while the run goes on.
 *
 *   JOB_NEW -> JOB_WAITING -> JOB_PREPARING -> JOB_MIGRATING -> JOB_DONE
 *                 ^                |                |
 *                 +----------------+----------------+   retry, not before ready_ns
 *
 * Invariant: slots (in all, out of each source, into each target, per host) are held from
 * JOB_PREPARING to the end of the attempt, memory and CPU of the target from the choice of the
 * target to the end of the attempt, and a VM that arrived keeps them there.
 */
#ifndef MIGCAST_SIM_CLUSTER_H
#define MIGCAST_SIM_CLUSTER_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/result.h"

struct sim;
struct mig;

#define HOST_NONE UINT32_MAX
#define JOB_NONE UINT32_MAX
#define MIG_NONE UINT32_MAX
#define VM_NONE UINT32_MAX

enum queue_order {
    ORDER_FIFO,
    ORDER_PRIORITY,       /* larger first, then FIFO */
    ORDER_PRIORITY_RANDOM /* larger first, ties in random order */
};

/* When a target is chosen, and its memory taken. */
enum place_when {
    PLACE_AT_SLOT,  /* after the job got its slot on the source */
    PLACE_AT_SUBMIT /* before it queues: a waiting job holds memory on both hosts */
};

/* What becomes of a job for which no host is good enough. */
enum unplaced {
    UNPLACED_WAIT, /* waits in the queue until something changes */
    UNPLACED_HOLD, /* holds its slot meanwhile, and fails after unplaced_ns */
    UNPLACED_FAIL  /* fails at once */
};

/* Which of the good hosts is taken. */
enum weigher {
    WEIGH_FREE_MEMORY, /* most free memory */
    WEIGH_LEAST_BUSY,  /* fewest migrations, then most free memory */
    WEIGH_PACK,        /* least free memory that is enough */
    WEIGH_IN_TURN,
    WEIGH_RANDOM
};

/* What all platforms have in common; [cluster] and presets fill it. */
struct cluster_rules {
    uint32_t max_total, max_out, max_in; /* migrations at once; 0 = no limit */
    uint32_t max_per_host;               /* in either direction */
    enum queue_order order;
    enum place_when place;
    enum unplaced unplaced;
    int64_t unplaced_ns; /* UNPLACED_HOLD: how long; 0 = for ever */
    enum weigher weigher;
    uint32_t filters_off;                     /* by enum refusal (placement.h), as bits */
    double memory_overcommit, cpu_overcommit; /* 1 = none */
    int64_t start_delay_ns;                   /* from the slot to `migrate`: target pod, checks */
    int64_t finish_delay_ns;                  /* from QEMU's end until the slot is free */
    uint32_t max_attempts;                    /* 0, 1 = no retry; UINT32_MAX = for ever */
    int64_t retry_ns, retry_max_ns;           /* wait before attempt 2, and the longest */
    double retry_factor;                      /* of each further wait */
    int64_t restart_after_ns; /* from the death of a host until its guests start elsewhere; 0 = they
                                 do not; platforms with clocks of their own leave it alone */
    bool retry_other_host;    /* leave out hosts where it failed */
};

enum job_kind {
    JOB_LIVE,    /* what [migration] says, disks first if it has local ones */
    JOB_COLD,    /* the guest is down: copy disks (or nothing on shared storage), start */
    JOB_SUSPEND, /* save, move the saved state, resume */
    JOB_RESCUE,  /* start elsewhere from shared storage, the source is dead */
    JOB_KIND_NR
};

enum job_state {
    JOB_NEW,
    JOB_WAITING,
    JOB_PREPARING,
    JOB_MIGRATING,
    JOB_DONE
};

struct job {
    uint32_t id; /* in the rows: requests come first, then as they were made */
    uint32_t vm;
    uint32_t wanted;    /* target asked for; HOST_NONE = any */
    uint32_t target;    /* chosen; HOST_NONE = none yet */
    uint32_t source;    /* when it was asked for */
    uint32_t mig;       /* slot in sim->migs while an attempt runs; MIG_NONE */
    uint32_t request;   /* of the scenario; UINT32_MAX = made by an operation or a platform */
    uint32_t operation; /* that made it; UINT32_MAX = none */
    uint32_t attempt;   /* 1 = first; counted when `migrate` or the refusal comes */
    int32_t priority;
    uint32_t failures;       /* in a row */
    uint32_t last_target;    /* of the attempt before; HOST_NONE */
    uint32_t earlier_target; /* of the one before that; HOST_NONE */
    uint8_t kind;            /* enum job_kind */
    uint8_t state;           /* enum job_state */
    bool evacuation;         /* the platform asked for it, not a person */
    bool refused;            /* nobody may move the VM, now or later */
    bool placed;             /* memory and CPU of `target` are booked */
    bool retired;            /* over, and nothing knows it any more: its place is given away */
    uint32_t pending;        /* events and lists that name it */
    int64_t asked_ns;
    int64_t ready_ns;       /* not before */
    int64_t cancel_at_ns;   /* -1 = never */
    int64_t first_start_ns; /* of the first attempt: phases of the guest count from there; -1 */
    int64_t start_delay_ns; /* of this attempt: the rules', or what ops->prepare() makes of it */
    const char *why;        /* why it waits, for people; NULL = nothing to say */
    /* of queue.c */
    uint64_t sequence; /* order of arrival, or a random number; retired: when */
    uint32_t heap, child, next, prev;
};

/* Of two that wait: a higher priority, then who came first. */
static inline bool job_goes_first(const struct job *a, const struct job *b)
{
    if (a->priority != b->priority)
        return a->priority > b->priority;
    return a->sequence < b->sequence;
}

/* Did one of its last two attempts go to @host?  With rules.retry_other_host such hosts are left
 * out: oVirt tries three hosts and no fourth. */
static inline bool job_tried(const struct job *job, uint32_t host)
{
    return job->last_target == host || job->earlier_target == host;
}

/* What a host has and holds now. */
struct host_state {
    uint64_t memory_used; /* booked, bytes */
    uint32_t cpus_used;   /* vCPUs */
    uint32_t vms;
    uint32_t out, in;         /* migrations that hold a slot */
    uint32_t max_out, max_in; /* of this host; 0 = what the rules say; see cluster_limit_host() */
    int64_t hold_ns;          /* sends nothing before; see cluster_hold_source() */
    bool down;                /* dead or switched off */
    bool cordoned;            /* takes no guests: drain, maintenance */
};

/* A VM that was lost with its host, and runs nowhere since. */
struct lost_vm {
    uint32_t vm, host;
    int64_t at_ns;
};

/* jobs of a run live in one array; an index stays valid until the job is over and all its events
 * have passed, a pointer only until the next job_submit(). */
struct job *job_at(struct sim *sim, uint32_t job);
/* job_submit - a new job now; it queues, is placed and starts as rules and platform say.  False
 * when memory ran out (the run then ends). */
bool job_submit(struct sim *sim, const struct job *wish);
/* job_retry - from ops->ended(): another attempt, not before @at_ns. */
void job_retry(struct sim *sim, struct job *job, int64_t at_ns);
/* job_put_off - from ops->admit(), which then says no: the same attempt waits until @at_ns, keeps
 * its target, and then queues behind those that wait by that time. */
void job_put_off(struct sim *sim, const struct job *job, int64_t at_ns);
/* job_cancel - withdraw it, whatever it is doing; post-copy cannot be. */
void job_cancel(struct sim *sim, struct job *job, const char *reason);
/* cluster_wake_at - look at the queue again at @at_ns (now, or a platform's next look). */
void cluster_wake_at(struct sim *sim, int64_t at_ns);
/* cluster_hold_source - from ops->admit(), which then says no: nothing that waits at @host is
 * looked at before @at_ns.  For platforms that look at their queue only now and then. */
void cluster_hold_source(struct sim *sim, uint32_t host, int64_t at_ns);
/* cluster_limit_host - other limits than the rules' for one host, from now on; 0 = the rules'. */
void cluster_limit_host(struct sim *sim, uint32_t host, uint32_t max_out, uint32_t max_in);
/* cluster_restart_lost - a job of @kind (JOB_RESCUE) for each guest that was lost with @host
 * and is to start elsewhere. */
void cluster_restart_lost(struct sim *sim, uint32_t host, enum job_kind kind);
/* Who runs where, at this moment. */
uint32_t cluster_vm_host(const struct sim *sim, uint32_t vm);
/* When and with which host it was lost; NULL = it is not lost.  Until the next of them. */
const struct lost_vm *cluster_lost(const struct sim *sim, uint32_t vm);
/* The job that is not done for this VM, or JOB_NONE. */
uint32_t cluster_vm_job(const struct sim *sim, uint32_t vm);
struct host_state *cluster_host(struct sim *sim, uint32_t host);
/* VMs of a host, in VM order: first, then next; VM_NONE ends. */
uint32_t cluster_first_vm(const struct sim *sim, uint32_t host);
uint32_t cluster_next_vm(const struct sim *sim, uint32_t vm);

/* A line in the log of a run, in the platform's own words; @what must be a literal. */
void sim_log(struct sim *sim, const struct job *job, uint32_t host, const char *what);

#endif
