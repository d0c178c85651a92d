/*
 * order.h - in which order, in which waves and to which hosts should the VMs of a drain move?
 *
 * A platform takes VMs as they come, or at random, and looks at free memory when it chooses a
 * target. Here the moves of a drain are put into an order of their own: long ones first, sources
 * and targets in turn, fewer at once where that pays, then improved by small changes, each
 * simulated.  The result is a list of waves: what to ask for, and when.  The platform's own limits
 * and queue stay as they are.
 *
 * A schedule is better when its makespan is, by 1 % or more, as many VMs arrive, and no threshold
 * is crossed that was not, on paired replications that it was not found by; else the platform's own
 * order is kept.
 */
#ifndef MIGCAST_ANSWERS_ORDER_H
#define MIGCAST_ANSWERS_ORDER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "answers/variant.h"
#include "base/stats.h"

enum {
    ORDER_FRESH = 1 << 20,   /* first replication of those that confirm */
    ORDER_SEARCH = 4,        /* replications that a schedule is found by */
    ORDER_REPLICATIONS = 32, /* that it is confirmed with, unless said otherwise */
    ORDER_BUDGET = 1000,     /* replications in all, likewise */
    ORDER_WAVES_MAX = 16
};

struct order_move {
    uint32_t vm, source, target;
    uint32_t wave;            /* 0 = the first */
    int64_t at_ns;            /* when to ask for it */
    int64_t start_ns, end_ns; /* to expect: medians of the confirmation; -1 = it did not run */
};

struct order_options {
    struct variant_base base;
    uint32_t budget, replications;
    uint32_t jobs;
    const atomic_int *stop;
    void (*step)(void *arg, uint32_t runs);
    void *step_arg;
};

/* A drain as a whole, over the confirmation. */
struct order_total {
    double makespan_ns; /* mean */
    double makespan_p95_ns;
    double downtime_p95_ns; /* NaN = nothing was stopped */
    double moved;           /* VMs, mean */
};

struct order {
    struct scenario sc;
    bool better;              /* else the moves are those of the platform's own order */
    struct order_move *moves; /* by wave, then as they are to be asked for */
    size_t nr_moves;
    uint32_t nr_waves;
    struct order_total own, planned;
    double gain; /* mean share of the makespan that is saved, and its 95 % interval */
    struct stats_interval gain_interval;
    uint32_t replications; /* of the confirmation */
    uint32_t schedules;    /* that were simulated */
    uint32_t runs;
    bool interrupted;
};

/**
 * order_find - fill @out
 * Returns ST_OK, ST_EINTR (with the moves of the best so far, unconfirmed, if any); ST_EINPUT for a
 * scenario whose moves depend on one another (upgrades, rebalancing).  order_release() is due in
 * every case.
 */
enum status order_find(struct order *out, const struct order_options *options, struct diag *diag);
void order_release(struct order *order);

#endif
