/*
 * capacity_int.h - the search, and what may be searched.  Private to capacity*.c.
 */
#ifndef MIGCAST_ANSWERS_CAPACITY_INT_H
#define MIGCAST_ANSWERS_CAPACITY_INT_H

#include "answers/plan/capacity.h"

/* The rows of one replication. */
struct capacity_rows {
    const struct run_result *run;
    size_t first, nr_migs; /* of its migrations */
    const struct op_result *ops;
    size_t nr_ops;
};

static inline const struct mig_result *capacity_row(const struct capacity_rows *rows, size_t i,
                                                    struct mig_result *room)
{
    return result_mig(rows->run, rows->first + i, room);
}

struct capacity_search {
    struct capacity *out;
    const struct capacity_options *options;
    struct scenario sc;         /* of out->sc, with arrays of its own for what is changed */
    const struct scenario *now; /* out->sc */
    uint32_t reference;         /* VMs that move with plenty */
    struct diag *diag;
    /* the kind's own */
    void (*apply)(struct capacity_search *s, double value);
    bool (*is_good)(const struct capacity_search *s, const struct capacity_rows *rows);
};

/* A value is enough, or not, or nobody knows after all replications. */
enum capacity_leaning {
    CAPACITY_TOO_LITTLE,
    CAPACITY_UNSURE,
    CAPACITY_ENOUGH
};

/* capacity_probe - simulate @value until it is decided; from replication @first on.  @strict: a
 * value is enough when no replication went wrong, which takes few of them. */
enum status capacity_probe(struct capacity_search *s, double value, uint32_t first,
                           enum capacity_leaning *leaning);

/* VMs that arrived. */
uint32_t capacity_moved(const struct capacity_rows *rows);

enum status capacity_no_memory(struct diag *diag);

/* The searches of each kind. */
enum status capacity_link(struct capacity_search *s);
enum status capacity_start(struct capacity_search *s);
enum status capacity_spare(struct capacity_search *s);

#endif
