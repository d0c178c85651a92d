/*
 * explain.h - why the move of one VM went as it did.
 *
 * All replications are run to know what is usual; one of them is run again and watched
 * (sim/watch.h), and what would have changed its end is found by simulating it so.  Nothing is
 * estimated.  The struct tells facts; explain_words.h puts them into sentences.
 */
#ifndef MIGCAST_ANSWERS_EXPLAIN_H
#define MIGCAST_ANSWERS_EXPLAIN_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/status.h"
#include "sim/result.h"
#include "sim/scenario/scenario.h"
#include "sim/watch.h"

enum explain_pick {
    EXPLAIN_TYPICAL, /* the median of what happens most often: of the failures, if most fail */
    EXPLAIN_MEDIAN,  /* over all replications, worse ends later */
    EXPLAIN_WORST,
    EXPLAIN_NUMBER
};

struct explain_options {
    enum explain_pick pick;
    uint32_t number;     /* of EXPLAIN_NUMBER; 0 is the first */
    const char *version; /* of the program; borrowed */
    uint32_t jobs;       /* threads; 0 = one per core */
    const atomic_int *stop;
    void (*step)(void *arg); /* NULL, or after each replication, from any thread */
    void *step_arg;
};

/* What became of the VM in one replication: the last attempt of its last job. */
struct explain_end {
    uint32_t replication;
    enum outcome outcome;
    int64_t asked_ns;
    int64_t over_ns; /* -1 = never */
    int64_t downtime_ns;
};

/* Somebody on the same link at the same time. */
struct explain_share {
    const char *vm, *link;
    int64_t from_ns, to_ns;
    uint32_t attempt; /* of the VM that is explained */
};

/* A change, simulated. */
struct explain_try {
    const char *what;
    bool whole; /* the whole replication was run again, not the VM alone */
    enum outcome outcome;
    int64_t over_ns;     /* from the request to the end; -1 = never */
    int64_t total_ns;    /* of the last attempt */
    int64_t downtime_ns; /* -1 */
};

/* Something that happened, for a list in time. */
struct explain_moment {
    int64_t at_ns;
    const char *what;
};

#define EXPLAIN_NONE SIZE_MAX

struct explain {
    const struct scenario *sc; /* borrowed */
    uint32_t vm;
    struct run_result run; /* of all replications; fixes are those of the told attempt */
    size_t nr_ends;        /* replications in which it was asked to move */
    struct explain_end *ends;
    size_t outcomes[OUTCOME_NR];   /* of the ends */
    enum explain_pick pick;        /* what the told replication is */
    const struct explain_end *end; /* the one that is told; NULL = it is never asked to move */

    /* of that replication */
    struct sim *sim;
    struct watch *watch;
    const struct mig_result *rows;
    const struct mig_round *rounds;
    const struct sim_event *events;
    uint32_t nr_rows, nr_rounds, nr_events;
    uint32_t nr_attempts;
    uint32_t *attempts;            /* its rows, in time */
    const struct mig_result *told; /* the last of them */
    size_t fixed;                  /* the same in the run: what fixes are for; EXPLAIN_NONE */
    size_t nr_shares, nr_tries, nr_moments, nr_remarks;
    struct explain_share *shares; /* by time */
    struct explain_try *tries;
    /* writes could be this many times as fast and the move would still complete, found by
     * simulation; INFINITY = beyond all that were tried; NaN = it does not complete, or no writes
     */
    double margin_ratio;
    struct explain_moment *moments;
    const char **remarks; /* what to know of the platform */
    struct arena *texts;
};

/**
 * explain_vm - the VM of that name
 * @sc: borrowed until explain_release()
 *
 * ST_EUSAGE with a hint when there is no such VM or replication, ST_EINTR, ST_ENOMEM.  Release in
 * any case.
 */
enum status explain_vm(struct explain *e, const struct scenario *sc, const char *name,
                       const struct explain_options *options, struct diag *diag);
void explain_release(struct explain *e);
/* The row that is told, with what was found out about it; unpacked into @room, or where it is. */
const struct mig_result *explain_row(const struct explain *e, struct mig_result *room);

/* What bound a round most, from what was watched; BINDING_NONE when that was not kept. */
enum binding explain_round_bound(const struct explain *e, const struct mig_result *row,
                                 uint32_t round);

#endif
