/*
 * queue.h - waiting jobs: by source in order, and parked by what they lack.
 *
 * Each source has an ordered heap of its waiting jobs; sources that may send one more stand in a
 * heap of their own, by their best job.  A job for which no target was found is parked with those
 * of its class (VMs that need the same), so that one freed place is offered to one job of each
 * class and not to all; one that lacks what no other does is parked alone.
 *
 * Cost: add, take and remove O(log n); unpark O(classes that have parked jobs, and jobs alone).
 */
#ifndef MIGCAST_SIM_QUEUE_H
#define MIGCAST_SIM_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct job;

#define QUEUE_NONE UINT32_MAX
#define QUEUE_ALONE (UINT32_MAX - 1) /* in place of a class: it lacks what no other does */

struct queue { /* private */
    uint32_t nr_hosts, nr_classes;
    uint32_t *roots;     /* heaps of jobs: one a source, then one a class of parked ones */
    uint32_t *ready;     /* heap of sources */
    uint32_t *place;     /* source: where it is in ready; QUEUE_NONE */
    bool *may_send;      /* source: has room for one more */
    uint32_t *parked;    /* classes with parked jobs */
    uint32_t *parked_at; /* class: where it is in parked; QUEUE_NONE */
    uint32_t nr_ready, nr_parked;
    uint32_t alone; /* list of jobs parked alone */
};

enum status queue_init(struct queue *q, uint32_t nr_hosts, uint32_t nr_classes);
void queue_release(struct queue *q);
/* queue_reset - empty again, and every source ready; @jobs as they were left. */
void queue_reset(struct queue *q, const struct job *jobs, uint32_t nr_jobs);

/* In these @jobs is the array that indexes point into. */

/* queue_add - @job waits at its source. */
void queue_add(struct queue *q, struct job *jobs, uint32_t job);
/* queue_remove - take it out, waiting or parked; harmless when it is neither. */
void queue_remove(struct queue *q, struct job *jobs, uint32_t job);
/* queue_set_ready - may @source send one more? */
void queue_set_ready(struct queue *q, struct job *jobs, uint32_t source, bool ready);
/* queue_best - the best waiting job of all sources that are ready; QUEUE_NONE. */
uint32_t queue_best(const struct queue *q);
/* queue_park - from waiting to parked under @class_id, or QUEUE_ALONE. */
void queue_park(struct queue *q, struct job *jobs, uint32_t job, uint32_t class_id);
/* queue_unpark - the best of each class and all that are alone wait again. */
void queue_unpark(struct queue *q, struct job *jobs);
/* queue_unpark_next - after one of @class was served, its next may try. */
void queue_unpark_next(struct queue *q, struct job *jobs, uint32_t class_id);

#endif
