/*
 * platform.h - what a control plane adds to the engine: one struct of functions per platform.
 *
 * cluster.h has the queue, the limits and the book of memory and slots that all share; most of a
 * platform is data for them (struct cluster_rules, and a preset).  The functions here are for what
 * data cannot say: a monitor that changes tuning over time, a retry rule, a balancer.  All of them
 * may be NULL.  They run inside the event loop: no allocation, no printing, no clock but
 * sim->now_ns, random numbers only from streams named after the platform.
 *
 * A new platform is one file in sim/platforms/ and one row in sim/platforms.c.
 */
#ifndef MIGCAST_SIM_PLATFORM_H
#define MIGCAST_SIM_PLATFORM_H

#include "base/option.h"
#include "base/strbuf.h"
#include "sim/cluster/cluster.h"
#include "sim/scenario/scenario.h"

struct sim;
struct mig;

struct platform_ops {
    const char *name; /* [cluster] platform = NAME, and the word of its section [NAME] */
    const char *help;
    const struct option_table *options; /* rows of [NAME]; NULL = it has no settings */
    uint32_t sim_state_bytes;           /* zeroed before each replication; platform_state() */
    uint32_t mig_state_bytes;  /* <= PLATFORM_MIG_STATE; zeroed at each start; mig->platform */
    uint32_t vm_state_bytes;   /* of each VM, zeroed before each replication; platform_vm_state() */
    uint32_t host_state_bytes; /* the same for hosts; platform_host_state() */
    bool limits_hosts; /* calls cluster_limit_host(): a host may send more than the rules allow */

    /* Rules between settings, after loading.  Message through @diag, ST_EINPUT. */
    enum status (*check)(const struct scenario *sc, struct diag *diag);
    /* For `explain`: what a person should know of how it counts for this VM, a line each.  Not
     * during a run. */
    void (*remarks)(const struct scenario *sc, uint32_t vm, struct strbuf *out);
    /* A replication begins: sim->cluster.rules are those of [cluster]; adjust, schedule ticks. */
    void (*begin)(struct sim *sim);
    /* Why this VM is not migrated at all, in the platform's words; NULL = it may be. */
    const char *(*refuse)(struct sim *sim, const struct job *job);
    /* A job joins the queue of its source: it is new, or comes again after job_retry(). */
    void (*queued)(struct sim *sim, const struct job *job);
    /* Order of waiting jobs: larger goes first.  Without it the job's own priority. */
    int32_t (*priority)(struct sim *sim, const struct job *job);
    /* May the job take its slots now?  Asked after the common limits allowed it.  Before it says no
     * it may put the job off to a later moment with job_put_off(). */
    bool (*admit)(struct sim *sim, const struct job *job, uint32_t target);
    /* The slot is taken; `migrate` comes after rules.start_delay: change m->params here,
     * and job->start_delay_ns. */
    void (*prepare)(struct sim *sim, struct job *job, struct mig *m);
    /* Mirrors of local disks were started; `migrate` comes when all are ready (sim/disks.c). */
    void (*mirroring)(struct sim *sim, struct mig *m);
    /* `migrate` was issued: schedule the first poll with mig_poll_at(). */
    void (*running)(struct sim *sim, struct mig *m);
    /* Pre-copy was planned anew: as things stand its next decision comes at @at_ns, no sync before.
     * For platforms that watch what remains: what lies between needs no polls. */
    void (*planned)(struct sim *sim, struct mig *m, int64_t at_ns);
    /* A sync was done (m->result->rounds just grew); not for the last one in the blackout. */
    void (*pass)(struct sim *sim, struct mig *m);
    /* The moment asked for with mig_poll_at(). */
    void (*poll)(struct sim *sim, struct mig *m);
    /* The completion timeout of m->params; true = dealt with, nothing else happens. */
    bool (*timeout)(struct sim *sim, struct mig *m);
    /* An attempt ended, its row is complete.  May call job_retry(); otherwise rules decide. */
    void (*ended)(struct sim *sim, struct job *job, const struct mig *m);
    /* A job is over while it waits: refused, withdrawn, or its source died (@outcome); job->refused
     * tells who may not move from who found no host.  It does not come again. */
    void (*dropped)(struct sim *sim, const struct job *job, enum outcome outcome);
    /* The moment asked for with platform_tick_at(). */
    void (*tick)(struct sim *sim, uint32_t what);
    /* A host is about to be emptied, and takes no guests from now on; no job of it was made yet. */
    void (*cordoned)(struct sim *sim, uint32_t host);
    /* A host died with its guests (after the engine failed its migrations and marked its VMs). */
    void (*host_lost)(struct sim *sim, uint32_t host);
};

enum {
    PLATFORM_MIG_STATE = 160, /* bytes in each migration for its platform */
    PLATFORM_TICKS_MAX = 16   /* pending ticks of a platform at one time */
};

/* The table of all platforms; ends with a NULL name.  Row 0 is "none": no control plane. */
extern const struct platform_ops *const platforms[];
/* platform_find - row of @name; NULL when there is none. */
const struct platform_ops *platform_find(const char *name);

/* ---- for platforms, during a run ---- */

/* The scenario's settings of the platform: the struct that its option table fills. */
const void *platform_settings(const struct sim *sim);
void *platform_state(struct sim *sim);
void *platform_vm_state(struct sim *sim, uint32_t vm);
void *platform_host_state(struct sim *sim, uint32_t host);
/* Ask for ops->tick(@what) at @at_ns; several may be pending. */
void platform_tick_at(struct sim *sim, int64_t at_ns, uint32_t what);
/* Ask for ops->poll() at @at_ns; one is pending at most, the last call counts.  Polls happen on
 * the platform's own lattice, but only those that can matter should be asked for. */
void mig_poll_at(struct sim *sim, struct mig *m, int64_t at_ns);
void mig_poll_off(struct sim *sim, struct mig *m);
/* First point of the lattice origin + k x period that is not before @at_ns. */
int64_t platform_lattice(int64_t origin_ns, int64_t period_ns, int64_t at_ns);

/* Orders to a running migration; all of them settle and plan anew. */
void mig_order_downtime_limit(struct sim *sim, struct mig *m, int64_t limit_ns);
void mig_order_postcopy(struct sim *sim, struct mig *m);
void mig_order_suspend(struct sim *sim, struct mig *m);
/* Slow the guest by @pct of its vCPU time from now on, besides what QEMU itself does. */
void mig_order_throttle(struct sim *sim, struct mig *m, uint32_t pct);
/* ends it; @timed_out: a limit of the platform did, so the outcome is "timeout" */
void mig_order_abort(struct sim *sim, struct mig *m, bool timed_out, const char *reason);
/* What is left to send at this moment, bytes (settles). */
uint64_t mig_remaining_bytes(struct sim *sim, struct mig *m);
/* Bytes sent so far, as query-migrate counts them (settles). */
uint64_t mig_transferred_bytes(struct sim *sim, struct mig *m);
/* True while the guest runs, or is suspended, at the source in pre-copy. */
bool mig_in_precopy(const struct mig *m);
/* True before that, while only disks are copied; suspend and abort are taken here too. */
bool mig_in_mirror(const struct mig *m);

#endif
