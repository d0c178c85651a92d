/*
 * cluster_int.h - what the files of this folder share; for them only.
 */
#ifndef MIGCAST_SIM_CLUSTER_INT_H
#define MIGCAST_SIM_CLUSTER_INT_H

#include "sim/sim_int.h"

static inline uint32_t job_index(const struct sim *sim, const struct job *job)
{
    return (uint32_t)(job - sim->cluster.jobs);
}

/* cluster.c */
void cluster_host_changed(struct sim *sim, uint32_t host);
void cluster_take_slots(struct sim *sim, struct job *job);
void cluster_give_slots(struct sim *sim, struct job *job);

/* An event about a job: it keeps its place in the array until the event has passed. */
static inline void job_push(struct sim *sim, struct job *job, int64_t at_ns, enum event_kind kind,
                            uint32_t data)
{
    job->pending++;
    sim_push(sim, at_ns, 0, kind, job_index(sim, job), data);
}

/* job.c */
/* One that named the job names it no more. */
void job_forget(struct sim *sim, struct job *job);
/* The job is over without an attempt: its row, and whoever waits for it. */
void job_end_unstarted(struct sim *sim, struct job *job, enum outcome outcome, const char *reason);
/* The row of an attempt that is over, and its slot for the next one. */
void job_free_mig(struct sim *sim, struct job *job, struct mig *m);

/* job_start.c */
void job_fill_row(struct sim *sim, const struct job *job, struct mig_result *r);
/* A target into job->target, booked; false when there is none. */
bool job_place(struct sim *sim, struct job *job);
void job_begin_attempt(struct sim *sim, struct job *job);
/* Starts all that may start now. */
void job_wake(struct sim *sim);

#endif
