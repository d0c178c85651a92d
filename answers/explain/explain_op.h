/*
 * explain_op.h - which host, and which VM, an operation waits for.
 *
 * Reads the rows of a run; what one VM met is explain.h's.
 */
#ifndef MIGCAST_ANSWERS_EXPLAIN_OP_H
#define MIGCAST_ANSWERS_EXPLAIN_OP_H

#include "answers/explain/explain.h"

/* A host that the operation empties. */
struct explain_op_host {
    const char *host;
    uint32_t vms;      /* that were asked to leave */
    uint32_t gone;     /* and did */
    uint32_t attempts; /* in all */
    int64_t empty_ns;  /* when the last was gone; -1 = never */
    /* the VM that was last, or that is still there */
    struct mig_result last; /* its last row */
    bool any;               /* did anybody have to leave? */
};

struct explain_op {
    const struct scenario *sc;
    const struct scn_operation *op;
    struct run_result run;
    size_t nr_done;               /* replications in which it was over, with all its hosts */
    double p5_ns, p50_ns, p95_ns; /* of its length, where it was done; NaN = never */
    const struct op_result *row;  /* of the replication that is told */
    enum explain_pick pick;
    size_t nr_hosts;
    struct explain_op_host *hosts; /* the latest first, those never empty before */
};

/* explain_op - as explain_vm(), for an [operation NAME]. */
enum status explain_op(struct explain_op *x, const struct scenario *sc, const char *name,
                       const struct explain_options *options, struct diag *diag);
void explain_op_release(struct explain_op *x);

#endif
