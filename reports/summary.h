/*
 * summary.h - a run boiled down: outcomes, spreads, and each VM over its replications.
 *
 * All reports of a run take their figures from here, so that they agree.  Only migrations that
 * started count in spreads; a length that is unknown is left out, never counted as zero.
 */
#ifndef MIGCAST_REPORTS_SUMMARY_H
#define MIGCAST_REPORTS_SUMMARY_H

#include "base/status.h"
#include "sim/result.h"

/* The scored fields that are numbers, in the order of the JSON form. */
enum scored {
    SCORED_TOTAL_TIME, /* ns */
    SCORED_DOWNTIME,   /* ns */
    SCORED_SETUP_TIME, /* ns */
    SCORED_ROUNDS,
    SCORED_TRANSFERRED,  /* bytes */
    SCORED_MAX_THROTTLE, /* percent */
    SCORED_NR
};

/* scored_value - false if it is unknown, or the migration never started. */
bool scored_value(const struct mig_result *mig, enum scored field, double *value);

/* Of @nr values; all NaN when there is none.  Quantiles are linear between ranks (base/stats.h). */
struct spread {
    size_t nr;
    double mean, p5, p50, p95, p99, max;
};

/* The same migration in all replications: same VM, attempt, and place among those of its VM. */
struct summary_group {
    const char *vm;
    uint32_t attempt;
    size_t first, nr; /* into summary.members */
    size_t outcomes[OUTCOME_NR];
    struct spread scored[SCORED_NR];
};

/* What guests and links paid, over all replications. */
struct summary_costs {
    size_t retries;    /* attempts after the first */
    size_t nr_wasted;  /* attempts that sent something and did not complete */
    double sent_bytes; /* of all attempts, disks included */
    double wasted_bytes;
    double lost_ns;     /* guest time that slowness took, blackouts apart */
    double blackout_ns; /* guest time in which no vCPU ran */
    double exposed_ns;  /* guest time with memory on two hosts */
    double stall_ns;    /* vCPU time that waited for pages */
};

struct summary {
    const struct run_result *run; /* borrowed */
    struct summary_costs costs;
    size_t outcomes[OUTCOME_NR];
    /* what came of each wish: a migration that was tried again counts once, as it ended */
    size_t nr_wishes, ends[OUTCOME_NR];
    struct spread scored[SCORED_NR]; /* over all migrations */
    struct spread makespan;          /* ns, of each replication: first request to last end */
    size_t nr_groups;
    struct summary_group *groups; /* worst first: least often completed, then longest */
    size_t *members;              /* indices of run->migs, by group, then replication */
    size_t *group_of;             /* by index of run->migs */
};

/* summary_init - @run must outlive @s.  ST_OK or ST_ENOMEM; then @s is empty. */
enum status summary_init(struct summary *s, const struct run_result *run);
void summary_release(struct summary *s);

#endif
