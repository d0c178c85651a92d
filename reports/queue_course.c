/*
 * queue_course.c - rows into steps: each wait and each attempt begins and ends once.
 */
#include "reports/queue_course.h"

#include <stdlib.h>

#include "base/banned.h"

struct turn {
    int64_t at_ns;
    int waiting, running; /* how they change */
};

static int by_time(const void *left, const void *right)
{
    const struct turn *a = left, *b = right;

    return (a->at_ns > b->at_ns) - (a->at_ns < b->at_ns);
}

static void span(struct turn *turns, size_t *nr, int64_t from, int64_t to, int waiting, int running)
{
    turns[(*nr)++] = (struct turn){from, waiting, running};
    if (to >= 0)
        turns[(*nr)++] = (struct turn){to, -waiting, -running};
}

/* One row: its wait, and its run.  -1 as an end: it lasts. */
static void add_row(struct turn *turns, size_t *nr, const struct mig_result *mig,
                    const struct mig_result *before)
{
    int64_t from = mig->queued_ns, until = mig->started_ns;

    if (before && before->job == mig->job && before->ended_ns > from)
        from = before->ended_ns;
    if (until < 0)
        until = mig->ended_ns;
    if (until < 0 || until > from)
        span(turns, nr, from, until, 1, 0);
    if (mig->started_ns >= 0 && mig->ended_ns != mig->started_ns)
        span(turns, nr, mig->started_ns, mig->ended_ns, 0, 1);
}

/* When @mig was last seen: one that runs at the horizon has run for its total time until then. */
static int64_t seen_until(const struct mig_result *mig)
{
    if (mig->ended_ns >= 0)
        return mig->ended_ns;
    if (mig->started_ns < 0 || mig->total_ns < 0)
        return mig->started_ns;
    return mig->started_ns + mig->total_ns;
}

/* @until: when the last one was seen; what holds after the last turn holds until then. */
static void join(struct queue_course *q, const struct turn *turns, size_t nr, int64_t until)
{
    int64_t waiting = 0, running = 0;
    double area = 0;

    for (size_t i = 0; i < nr;) {
        int64_t at = turns[i].at_ns;

        if (q->nr > 0)
            area += (double)waiting * (double)(at - q->steps[q->nr - 1].at_ns);
        for (; i < nr && turns[i].at_ns == at; i++) {
            waiting += turns[i].waiting;
            running += turns[i].running;
        }
        q->steps[q->nr++] = (struct queue_step){at, (uint32_t)waiting, (uint32_t)running};
        if (waiting > q->most_waiting) {
            q->most_waiting = (uint32_t)waiting;
            q->most_at_ns = at;
        }
        if (running > q->most_running)
            q->most_running = (uint32_t)running;
    }
    if (q->nr > 0 && q->steps[q->nr - 1].at_ns < until) {
        area += (double)waiting * (double)(until - q->steps[q->nr - 1].at_ns);
        q->steps[q->nr] = q->steps[q->nr - 1];
        q->steps[q->nr++].at_ns = until;
    }
    if (q->nr > 1 && q->steps[q->nr - 1].at_ns > q->steps[0].at_ns)
        q->mean_waiting = area / (double)(q->steps[q->nr - 1].at_ns - q->steps[0].at_ns);
}

enum status queue_course_init(struct queue_course *q, const struct run_result *run, size_t first,
                              size_t nr)
{
    const struct mig_result *mig, *before = NULL;
    struct mig_result rooms[2];
    struct turn *turns = malloc((4 * nr + 1) * sizeof(*turns));
    size_t nr_turns = 0;
    int64_t until = -1;

    *q = (struct queue_course){.steps = malloc((4 * nr + 1) * sizeof(*q->steps))};
    if (!turns || !q->steps) {
        free(turns);
        return ST_ENOMEM;
    }
    for (size_t i = 0; i < nr; i++, before = mig) {
        mig = result_mig(run, first + i, &rooms[i % 2]);
        add_row(turns, &nr_turns, mig, before);
        until = seen_until(mig) > until ? seen_until(mig) : until;
    }
    qsort(turns, nr_turns, sizeof(*turns), by_time);
    join(q, turns, nr_turns, until);
    free(turns);
    return ST_OK;
}

void queue_course_release(struct queue_course *q)
{
    free(q->steps);
    *q = (struct queue_course){0};
}
