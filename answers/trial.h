/*
 * trial.h - one migration of a scenario, simulated again by itself with something changed.
 *
 * Made for advise.c.  The draws are those of the replication that is looked at, so an unchanged
 * trial repeats the row unless other migrations were in its way.
 */
#ifndef MIGCAST_ANSWERS_TRIAL_H
#define MIGCAST_ANSWERS_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/result.h"
#include "sim/scenario/scenario.h"
#include "sim/sim.h"

struct trial {
    struct scenario sc;          /* of the one request; its arrays are the trial's own */
    const struct scenario *base; /* borrowed */
    struct scn_request request;
    uint32_t source; /* host the VM leaves */
    struct scn_host *hosts;
    struct scn_link *links;
    struct scn_vm *vm; /* the one that migrates, in sc.vms */
    struct guest_params guest;
    struct scn_workload *workload;
    struct scn_migration *migration;
    struct dirty_point *points; /* of the workload */
    struct sim *sim;
    uint32_t replication;
    int64_t horizon_ns; /* of unchanged trials */
    unsigned nr_runs;
};

/* trial_new - the migration of @row, which a run of @base left, alone between its two hosts.  NULL
 * when memory ran out. */
struct trial *trial_new(const struct scenario *base, const struct mig_result *row);
void trial_free(struct trial *t);

/* trial_reset - take all changes back; trial_run - simulate what stands there now.  The row is
 * valid until the next run. */
void trial_reset(struct trial *t);
const struct mig_result *trial_run(struct trial *t);

/* Changes, from the values of @base. */
void trial_set_max_bandwidth(struct trial *t, double bytes_per_s); /* INFINITY = unlimited */
/* Every slower link and NIC gets this nominal rate. */
void trial_set_link_rate(struct trial *t, double bps);
void trial_set_downtime_limit(struct trial *t, double ns);
void trial_set_write_ratio(struct trial *t, double ratio);

/* What a link or NIC of @bps carries of payload, at the worst of those between any hosts. */
double trial_payload(const struct trial *t, double bps);

#endif
