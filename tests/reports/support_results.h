/*
 * support_results.h - small runs with figures a reader can follow.
 */
#ifndef MIGCAST_TESTS_REPORTS_SUPPORT_RESULTS_H
#define MIGCAST_TESTS_REPORTS_SUPPORT_RESULTS_H

#include "sim/result.h"

enum {
    SAMPLE_MAX = 1024, /* those that are kept as they are */
    SAMPLE_EVENTS = 5000,
    SAMPLE_OPS = 120
};

/* A run that owns room for SAMPLE_MAX migrations and some of everything else. */
struct sample {
    struct run_result run;
    struct mig_result *migs; /* of the run, where they are kept */
    struct mig_round rounds[64];
    struct threshold_result thresholds[16];
    struct sim_event events[SAMPLE_EVENTS];
    struct op_result ops[SAMPLE_OPS];
    struct hazard_result hazards[SAMPLE_OPS];
};

/* sample_new - an empty run of one replication; freed with sample_free(). */
struct sample *sample_new(void);
void sample_free(struct sample *s);
/* A completed migration of @vm: 41.2 s, 212 ms of downtime, 7 rounds, 72 GiB. */
struct mig_result *sample_add(struct sample *s, const char *vm);
/* The same, ended by its timeout after 300 s with 1.4 GiB/s missing. */
struct mig_result *sample_add_timeout(struct sample *s, const char *vm);
void sample_add_rounds(struct sample *s, struct mig_result *mig, size_t nr);
struct threshold_result *sample_add_threshold(struct sample *s, const char *text);
/* An operation of one replication: 3 of 4 hosts done, node-4 waits for db-7, no target. */
struct op_result *sample_add_operation(struct sample *s, const char *name);
/* A dead-lock, in one replication. */
struct hazard_result *sample_add_hazard(struct sample *s, const char *text);
/* A line of the log at 3 s; @vm NULL: about a host. */
struct sim_event *sample_add_event(struct sample *s, const char *vm, const char *host,
                                   const char *what);

#endif
