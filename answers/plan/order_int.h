/*
 * order_int.h - shared by order*.c.
 */
#ifndef MIGCAST_ANSWERS_ORDER_INT_H
#define MIGCAST_ANSWERS_ORDER_INT_H

#include "answers/plan/order.h"

/* How many may move at once, as seen with the platform or fewer. */
struct order_slots {
    uint32_t total, out, in;
};

/* What is known of a VM that moves. */
struct order_vm {
    uint32_t vm, source;
    uint32_t own_target;
    double takes_ns; /* from the slot to its end, in the schedule that was last taken over */
    double bytes;    /* of memory */
};

/* A schedule that can be simulated: moves in the order in which they are asked for. */
struct order_schedule {
    uint32_t *sequence; /* of indexes into vms */
    uint32_t *target;   /* by index into vms; HOST_NONE = the platform's choice */
    int64_t *at_ns;     /* by index into vms */
    uint32_t *wave;     /* by index into vms */
    uint32_t nr_waves;
    struct order_slots slots;
    double score; /* lower is better; INFINITY = not simulated */
};

struct order_search {
    struct order *out;
    const struct order_options *options;
    struct diag *diag;
    struct arena *arena;
    struct scenario sc; /* of out->sc, with requests of its own */
    struct order_vm *vms;
    uint32_t nr;
    struct order_slots own;
    double *own_makespan; /* by replication of the search */
    double own_moved;
    uint32_t budget;
};

/* order_times - from a sequence to waves and the moments to ask for them. */
enum status order_times(struct order_search *s, struct order_schedule *d);

/* order_run - @nr replications from @first on of the schedule (NULL: of the scenario as it is);
 * free with run_free(). */
enum status order_run(struct order_search *s, const struct order_schedule *d, uint32_t first,
                      uint32_t nr, struct run_result *run);

/* order_makespans - of each replication, and the VMs that arrived. */
enum status order_makespans(const struct scenario *sc, const struct run_result *run,
                            double *makespan, double *moved);

/* order_read - the moves of a run as it is: who goes where, how long it takes, how many at once. */
enum status order_read(struct order_search *s, const struct run_result *run);
/* order_learn - how long each takes in a run of a schedule. */
void order_learn(struct order_search *s, const struct run_result *run);

#endif
