/*
 * operations_int.h - the inside of operations; for sim/cluster/operations*.c only.
 */
#ifndef MIGCAST_SIM_OPERATIONS_INT_H
#define MIGCAST_SIM_OPERATIONS_INT_H

#include "sim/cluster/operations.h"
#include "sim/sim_int.h"

#define SLOT_NONE UINT32_MAX
#define TRIED_REFUSED UINT32_MAX /* in tried[]: nobody may move it, asking again is idle */

enum slot_state {
    SLOT_WAITING,
    SLOT_DRAINING,
    SLOT_AWAY,
    SLOT_RETURNING,
    SLOT_DONE,
    SLOT_GIVEN_UP
};

/* In gone[]: a VM that shall return, with the next one or VM_NONE behind it; and that next one. */
#define GONE(next) ((next) + 2)
#define GONE_NEXT(gone) ((gone)-2)

/* One host of an operation. */
struct op_slot {
    uint32_t op, host;
    enum slot_state state;
    bool woken;          /* an event for this moment is pending */
    uint32_t round;      /* its VMs with tried[] = round were asked for */
    uint32_t next_begun; /* of those that begin in one moment */
    event_handle timer, late;
    uint32_t first_gone; /* VMs that left it and shall return */
    uint32_t moved;
    uint32_t blocker; /* the last VM that did not move; VM_NONE */
    const char *why;
};

struct op_state {
    uint32_t first_slot;
    uint32_t next; /* slots before this one were begun */
    uint32_t active, done, given_up;
    uint32_t wave;      /* hosts that may still begin in this wave */
    uint32_t in_flight; /* jobs of a rebalancing */
    uint32_t moved, moves;
    int64_t started_ns, ended_ns; /* -1 = not yet */
    bool stopped;
    const char *why;
};

struct operations {
    struct op_state *ops;
    struct op_slot *slots;
    struct op_result *results;
    uint32_t *current; /* by host: the slot that has it in hand */
    uint32_t *tried;   /* by VM */
    uint32_t *gone;    /* by VM: 0, or that it shall return, and the next of its slot; GONE() */
    uint32_t *scratch; /* [nr_vms] */
    uint32_t serial;
    uint32_t nr_slots;
};

/* A job for @vm, made by @op. */
void operation_ask(struct sim *sim, uint32_t op, uint32_t vm, uint32_t wanted);
void operation_end(struct sim *sim, uint32_t op, const char *why);
/* operations_balance.c */
/* One look of a rebalancing. */
void rebalance_tick(struct sim *sim, uint32_t op);
/* The host that a consolidation empties next; SLOT_NONE with why when it ends. */
uint32_t consolidate_next(struct sim *sim, uint32_t op, const char **why);

#endif
