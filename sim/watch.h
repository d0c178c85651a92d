/*
 * watch.h - keeps what happens to one VM during a replication, for people who ask why.
 *
 * Looks on after each event and changes nothing, so a watched run gives the same rows.  What rows
 * tell (times, bytes, rounds) is not repeated here; here is what they leave out: what a wait was
 * for, which hosts were weighed, what bound each round, where a blackout went.
 *
 *     struct watch *watch = watch_new(sc, vm);
 *     struct sim_options options = {.observe = watch_look, .observe_arg = watch};
 *
 * Cost: a few comparisons an event; a wait that changes its kind looks at all jobs, a placement at
 * all hosts.
 */
#ifndef MIGCAST_SIM_WATCH_H
#define MIGCAST_SIM_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/placement/placement.h"
#include "sim/scenario/scenario.h"

struct sim;

/* What a wait was for. */
enum watch_limit {
    WATCH_TOTAL,    /* migrations at once in the cluster */
    WATCH_OUT,      /* out of the source */
    WATCH_PER_HOST, /* out of and into the source */
    WATCH_TARGET,   /* what its target takes */
    WATCH_NO_TARGET,
    WATCH_BACK_OFF, /* the pause before another attempt */
    WATCH_PLATFORM, /* the platform lets nobody in at the moment */
    WATCH_START,    /* it has its slot: target pod, checks */
    WATCH_LIMITS
};

enum {
    WATCH_WAITS = 512,
    WATCH_PLACES = 64,
    WATCH_STEPS = 4096,
    WATCH_ROUNDS = 16384,
    WATCH_HOLDERS = 8, /* named */
    WATCH_HOSTS = 12   /* named */
};

struct watch_wait {
    int64_t from_ns, to_ns; /* to_ns -1 = until the end of the run */
    uint32_t job, attempt;  /* the attempt that it waits for, 1 = first */
    enum watch_limit limit;
    uint32_t held, most; /* slots held and allowed, of the first three */
    uint32_t ahead;      /* jobs of its source that stand before it when the wait begins */
    uint32_t nr_holders; /* who has the slots then; may be more than are named */
    uint32_t holders[WATCH_HOLDERS]; /* VMs */
    uint32_t freed_by;               /* the VM whose end let it go; VM_NONE */
    const char *why;                 /* in the engine's words; NULL */
};

/* A host as it stood. */
struct watch_host {
    uint32_t host;
    enum refusal refusal; /* REFUSE_NOT = it would do */
    uint64_t free_bytes;  /* huge where memory is not checked; of the chosen one, before */
    uint32_t out, in, vms;
};

/* A choice of a target, or that none was found. */
struct watch_place {
    int64_t at_ns;
    uint32_t job, attempt;
    uint32_t chosen; /* HOST_NONE = nobody would do */
    uint32_t asked;  /* HOST_NONE = any */
    uint32_t nr_fit; /* the chosen one among them */
    uint32_t count[REFUSE_NR];
    uint32_t nr_hosts;                    /* of those below */
    struct watch_host hosts[WATCH_HOSTS]; /* those that would do, most free first; then the others,
                                             what is short of memory first, least short first */
};

enum watch_step_kind {
    WATCH_STEP_STATE,    /* value: enum watch_state */
    WATCH_STEP_DOWNTIME, /* the limit, ns */
    WATCH_STEP_CAP,      /* max_bandwidth, bytes/s */
    WATCH_STEP_HOLD,     /* vCPU time that the platform withholds, percent */
    WATCH_STEP_SUSPEND   /* the guest was paused so that the migration completes */
};

/* The parts of a migration, in order; the blackout is STOP to the end of DEVICES. */
enum watch_state {
    WATCH_IDLE,
    WATCH_MIRROR,
    WATCH_OFFLINE,
    WATCH_SETUP,
    WATCH_PRECOPY,
    WATCH_STOP,    /* vCPUs stop, block I/O drains, the manager reacts */
    WATCH_DRAIN,   /* what the mirrors of disks still owe */
    WATCH_SEND,    /* the final sync, and what is still dirty */
    WATCH_DEVICES, /* device state, and the start at the destination */
    WATCH_POSTCOPY,
    WATCH_PAUSED,
    WATCH_OVER
};

struct watch_step {
    int64_t at_ns;
    uint32_t job, attempt;
    enum watch_step_kind kind;
    uint64_t value;
};

/* What bound a round; by job, attempt and round. */
struct watch_round {
    uint32_t job, attempt, round;
    double bound_ns[4];           /* on the cap, on the link, on CPU, in zero pages */
    double share_low, share_high; /* of the network, bytes/s, while it lasted */
};

struct watch {
    uint32_t vm;
    uint32_t nr_waits, nr_places, nr_steps, nr_rounds;
    bool full;                /* something was not kept */
    double write_bytes_per_s; /* of its guest, as drawn; 0 = it does not write, or not at a rate */
    struct watch_wait *waits;
    struct watch_place *places;
    struct watch_step *steps;
    struct watch_round *rounds;
    struct watch_now *now; /* private: what the last look saw */
};

/* watch_new - of VM @vm of @sc (borrowed); NULL when memory ran out. */
struct watch *watch_new(const struct scenario *sc, uint32_t vm);
void watch_free(struct watch *w);
/* watch_look - sim_options.observe, with the watch as its argument. */
void watch_look(struct sim *sim, void *watch);

#endif
