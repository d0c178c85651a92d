/*
 * run.h - a whole matrix: what is there, what is to do, doing it, and how much repeats differ.
 *
 * Repeats go round: every case once, then every case a second time, so that a run that is broken
 * off leaves whole rounds.  What is there and reads as a finished capture is not made again.
 */
#ifndef MIGCAST_LAB_RUN_H
#define MIGCAST_LAB_RUN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "lab/machine.h"
#include "lab/matrix.h"

struct lab_options {
    const char *output;      /* folder for captures; exists */
    const char *const *only; /* patterns of case or link names; NULL ends; NULL = all */
    uint32_t repeat;         /* only this one; 0 = all */
    uint32_t count;          /* at most so many captures (groups) now; 0 = all */
    double busy_limit;       /* processors at work that are still no reason to wait */
    const atomic_int *stop;  /* may be NULL */
    void (*say)(void *ctx, const char *line); /* what it does; may be NULL */
    void *ctx;
};

enum lab_state {
    LAB_TODO,
    LAB_THERE,   /* from an earlier run */
    LAB_DONE,    /* from this one */
    LAB_SKIPPED, /* this machine cannot */
    LAB_FAILED
};

struct lab_row { /* one capture of one case */
    const struct lab_case *c;
    const struct lab_group *group;
    uint32_t repeat;
    enum lab_state state;
    char why[256]; /* skipped or failed */

    /* there or done */
    const char *outcome;           /* as facts_outcome_name() */
    int64_t total_ns, downtime_ns; /* -1 = none */
    int64_t rounds, transferred_bytes;
    uint32_t max_throttle_pct;
};

struct lab_spread { /* over the repeats of one case */
    const struct lab_case *c;
    uint32_t nr;      /* captures that are there */
    uint32_t nr_same; /* with the commonest outcome, over which the rest is */
    const char *outcome;
    double total_median_s, total_spread_ratio; /* (largest - smallest) / median */
    double downtime_median_ms, downtime_spread_ms;
    double bytes_spread_ratio;
    int64_t rounds_min, rounds_max;
};

struct lab_run {
    struct lab_row *rows; /* repeat by repeat, in each the cases of a group side by side */
    size_t nr;
    struct lab_spread *spreads; /* of cases with two or more captures, in the matrix's order */
    size_t nr_spreads;
    /* over these cases: the noise floor; NAN without any */
    double total_spread_p50_ratio, total_spread_p90_ratio, downtime_spread_p90_ms;
};

/* lab_plan - what is to do and what is there.  ST_EUSAGE if --only names nothing.
 * lab_run_release() is due in every case. */
enum status lab_plan(struct lab_run *run, const struct lab_matrix *m, const struct lab_host *host,
                     const struct lab_options *o, struct diag *diag);
/* lab_run - do it.  ST_ERETRY if the host stays too busy or captures failed, ST_EINTR if stopped;
 * what was captured is kept. */
enum status lab_run(struct lab_run *run, const struct lab_host *host, const struct lab_options *o,
                    struct diag *diag);
/* lab_run_spread - over all that is there now. */
enum status lab_run_spread(struct lab_run *run, const struct lab_matrix *m, struct diag *diag);
void lab_run_release(struct lab_run *run);

const char *lab_state_name(enum lab_state state);

#endif
