/*
 * run.h - a scenario, all its replications, on all cores, into one run_result.
 *
 * Replication i gives the same rows whatever thread runs it, and rows stand in replication order,
 * so the result is the same on any number of threads.
 */
#ifndef MIGCAST_SIM_RUN_H
#define MIGCAST_SIM_RUN_H

#include <stdatomic.h>

#include "base/status.h"
#include "sim/sim.h"

struct run_options {
    const char *version; /* of the program, into the result; borrowed */
    uint32_t jobs;       /* threads; 0 = one per core */
    uint32_t max_rounds; /* round records kept per replication */
    uint32_t max_events; /* lines of the log kept per replication */
    bool links;          /* keep how links are used in the typical replication */
    /* from which one on, and how many (0 = as many as the scenario says): rows keep their number,
     * so blocks of one run add up to the run */
    uint32_t first_replication, nr_replications;
    const struct sim_observed *observed;
    const atomic_int *stop;  /* NULL, or set by a signal: finish what runs, keep what is done */
    void (*step)(void *arg); /* NULL, or called after each replication, from any thread */
    void *step_arg;
};

/* run_scenario - on ST_OK and ST_EINTR @out holds what was finished; free with run_free().
 * Strings in @out are borrowed from @sc.  A run that was interrupted keeps the leading
 * replications. */
enum status run_scenario(const struct scenario *sc, const struct run_options *options,
                         struct run_result *out, struct diag *diag);
void run_free(struct run_result *out);

#endif
