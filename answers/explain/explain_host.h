/*
 * explain_host.h - what left a host and what came to it, in one replication.
 *
 * Reads the rows of a run, attempts that failed included.
 */
#ifndef MIGCAST_ANSWERS_EXPLAIN_HOST_H
#define MIGCAST_ANSWERS_EXPLAIN_HOST_H

#include "answers/explain/explain.h"

/* One direction of moves. */
struct explain_flow {
    uint32_t attempts, completed;
    uint32_t most;   /* under way at once */
    int64_t last_ns; /* the last one that completed ended; -1 = none */
    uint64_t bytes;  /* sent */
};

struct explain_host {
    const struct scenario *sc;
    uint32_t host;
    uint32_t vms;          /* at the start */
    uint64_t memory_bytes; /* of them */
    uint32_t replication;
    struct run_result run;
    struct explain_flow out, in;
    size_t nr_moves;
    struct mig_result *moves; /* from it and to it, by the moment they began or were refused */
};

/* explain_host - as explain_vm(), for a host; the replication is --replication's, else the first.
 */
enum status explain_host(struct explain_host *h, const struct scenario *sc, const char *name,
                         const struct explain_options *options, struct diag *diag);
void explain_host_release(struct explain_host *h);

#endif
