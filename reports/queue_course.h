/*
 * queue_course.h - how many migrations of one replication wait and how many run, over time.
 *
 * From the rows alone.  A job waits from its request to its first start, and from the end of one
 * attempt to the start of the next.
 */
#ifndef MIGCAST_REPORTS_QUEUE_COURSE_H
#define MIGCAST_REPORTS_QUEUE_COURSE_H

#include "base/status.h"
#include "sim/result.h"

struct queue_step {
    int64_t at_ns;
    uint32_t waiting, running; /* from then on */
};

struct queue_course {
    struct queue_step *steps; /* by time */
    size_t nr;
    uint32_t most_waiting, most_running;
    int64_t most_at_ns;  /* when most_waiting was first reached */
    double mean_waiting; /* over time, from the first request to the last step: a change, or the
                          * horizon if some still run then */
};

/* queue_course_init - of @nr migrations of @run from @first on, one replication of it.  ST_OK or
 * ST_ENOMEM; release it in both cases. */
enum status queue_course_init(struct queue_course *q, const struct run_result *run, size_t first,
                              size_t nr);
void queue_course_release(struct queue_course *q);

#endif
