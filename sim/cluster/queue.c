/*
 * queue.c - pairing heaps of jobs, and a binary heap of the sources that may send.
 *
 * Knows order, not limits: cluster.c says who is ready.  Invariant: a job is in one heap at most
 * (job->heap), and a source is in the ready heap exactly when it was set ready and has a job.
 */
#include "sim/cluster/queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cluster/cluster.h"

enum status queue_init(struct queue *q, uint32_t nr_hosts, uint32_t nr_classes)
{
    size_t hosts = (size_t)nr_hosts + 1, classes = (size_t)nr_classes + 1;

    *q = (struct queue){.nr_hosts = nr_hosts, .nr_classes = nr_classes, .alone = QUEUE_NONE};
    q->roots = calloc(hosts + classes, sizeof(*q->roots));
    q->ready = calloc(hosts, sizeof(*q->ready));
    q->place = calloc(hosts, sizeof(*q->place));
    q->may_send = calloc(hosts, sizeof(*q->may_send));
    q->parked = calloc(classes, sizeof(*q->parked));
    q->parked_at = calloc(classes, sizeof(*q->parked_at));
    if (!q->roots || !q->ready || !q->place || !q->may_send || !q->parked || !q->parked_at) {
        queue_release(q);
        return ST_ENOMEM;
    }
    memset(q->roots, 0xff, (hosts + classes) * sizeof(*q->roots));
    memset(q->place, 0xff, hosts * sizeof(*q->place));
    memset(q->may_send, 1, hosts * sizeof(*q->may_send));
    memset(q->parked_at, 0xff, classes * sizeof(*q->parked_at));
    return ST_OK;
}

void queue_reset(struct queue *q, const struct job *jobs, uint32_t nr_jobs)
{
    for (uint32_t i = 0; i < nr_jobs; i++)
        if (jobs[i].heap != QUEUE_NONE && jobs[i].heap != QUEUE_ALONE)
            q->roots[jobs[i].heap] = QUEUE_NONE;
    for (uint32_t i = 0; i < q->nr_ready; i++)
        q->place[q->ready[i]] = QUEUE_NONE;
    for (uint32_t i = 0; i < q->nr_parked; i++)
        q->parked_at[q->parked[i]] = QUEUE_NONE;
    memset(q->may_send, 1, q->nr_hosts * sizeof(*q->may_send));
    q->nr_ready = q->nr_parked = 0;
    q->alone = QUEUE_NONE;
}

void queue_release(struct queue *q)
{
    free(q->roots);
    free(q->ready);
    free(q->place);
    free(q->may_send);
    free(q->parked);
    free(q->parked_at);
    *q = (struct queue){0};
}

/* ---- pairing heap; child is the first child, next the sibling, prev the one before or the parent
 * ---- */

static uint32_t meld(struct job *jobs, uint32_t a, uint32_t b)
{
    if (a == QUEUE_NONE)
        return b;
    if (b == QUEUE_NONE)
        return a;
    if (job_goes_first(&jobs[b], &jobs[a])) {
        uint32_t t = a;

        a = b;
        b = t;
    }
    jobs[b].prev = a;
    jobs[b].next = jobs[a].child;
    if (jobs[a].child != QUEUE_NONE)
        jobs[jobs[a].child].prev = b;
    jobs[a].child = b;
    jobs[a].next = jobs[a].prev = QUEUE_NONE;
    return a;
}

/* Pairs from left to right, then melds the pairs from right to left. */
static uint32_t meld_children(struct job *jobs, uint32_t first)
{
    uint32_t pairs = QUEUE_NONE, root = QUEUE_NONE;

    while (first != QUEUE_NONE) {
        uint32_t a = first, b = jobs[a].next, pair;

        first = b == QUEUE_NONE ? QUEUE_NONE : jobs[b].next;
        jobs[a].next = jobs[a].prev = QUEUE_NONE;
        if (b != QUEUE_NONE)
            jobs[b].next = jobs[b].prev = QUEUE_NONE;
        pair = meld(jobs, a, b);
        jobs[pair].next = pairs;
        pairs = pair;
    }
    while (pairs != QUEUE_NONE) {
        uint32_t next = jobs[pairs].next;

        jobs[pairs].next = jobs[pairs].prev = QUEUE_NONE;
        root = meld(jobs, root, pairs);
        pairs = next;
    }
    return root;
}

static void heap_push(struct queue *q, struct job *jobs, uint32_t heap, uint32_t job)
{
    jobs[job].child = jobs[job].next = jobs[job].prev = QUEUE_NONE;
    jobs[job].heap = heap;
    q->roots[heap] = meld(jobs, q->roots[heap], job);
}

static void heap_remove(struct queue *q, struct job *jobs, uint32_t job)
{
    struct job *j = &jobs[job];
    uint32_t heap = j->heap, below = meld_children(jobs, j->child);

    if (q->roots[heap] == job) {
        q->roots[heap] = below;
    } else {
        if (jobs[j->prev].child == job)
            jobs[j->prev].child = j->next;
        else
            jobs[j->prev].next = j->next;
        if (j->next != QUEUE_NONE)
            jobs[j->next].prev = j->prev;
        q->roots[heap] = meld(jobs, q->roots[heap], below);
    }
    j->child = j->next = j->prev = QUEUE_NONE;
    j->heap = QUEUE_NONE;
}

/* ---- sources that may send ---- */

static bool source_first(const struct queue *q, const struct job *jobs, uint32_t a, uint32_t b)
{
    return job_goes_first(&jobs[q->roots[a]], &jobs[q->roots[b]]);
}

static void put(struct queue *q, uint32_t at, uint32_t source)
{
    q->ready[at] = source;
    q->place[source] = at;
}

static void sift_up(struct queue *q, const struct job *jobs, uint32_t at)
{
    uint32_t source = q->ready[at];

    while (at > 0 && source_first(q, jobs, source, q->ready[(at - 1) / 2])) {
        put(q, at, q->ready[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    put(q, at, source);
}

static void sift_down(struct queue *q, const struct job *jobs, uint32_t at)
{
    uint32_t source = q->ready[at];

    for (;;) {
        uint32_t best = 2 * at + 1;

        if (best >= q->nr_ready)
            break;
        if (best + 1 < q->nr_ready && source_first(q, jobs, q->ready[best + 1], q->ready[best]))
            best++;
        if (!source_first(q, jobs, q->ready[best], source))
            break;
        put(q, at, q->ready[best]);
        at = best;
    }
    put(q, at, source);
}

static void leave_ready(struct queue *q, const struct job *jobs, uint32_t source)
{
    uint32_t at = q->place[source], last = q->ready[--q->nr_ready];

    q->place[source] = QUEUE_NONE;
    if (last == source)
        return;
    put(q, at, last);
    sift_up(q, jobs, at);
    sift_down(q, jobs, q->place[last]);
}

/* The head of @source changed, or whether it may send. */
static void settle_source(struct queue *q, const struct job *jobs, uint32_t source)
{
    bool in = q->place[source] != QUEUE_NONE;
    bool should = q->may_send[source] && q->roots[source] != QUEUE_NONE;

    if (in && !should) {
        leave_ready(q, jobs, source);
    } else if (should && !in) {
        put(q, q->nr_ready++, source);
        sift_up(q, jobs, q->nr_ready - 1);
    } else if (in) {
        sift_up(q, jobs, q->place[source]);
        sift_down(q, jobs, q->place[source]);
    }
}

/* A head that leaves would break the order of the ready heap while it is compared: out first. */
static void drop_source(struct queue *q, const struct job *jobs, uint32_t source)
{
    if (q->place[source] != QUEUE_NONE)
        leave_ready(q, jobs, source);
}

void queue_set_ready(struct queue *q, struct job *jobs, uint32_t source, bool ready)
{
    if (q->may_send[source] == ready)
        return;
    q->may_send[source] = ready;
    settle_source(q, jobs, source);
}

uint32_t queue_best(const struct queue *q)
{
    return q->nr_ready ? q->roots[q->ready[0]] : QUEUE_NONE;
}

/* ---- waiting and parked jobs ---- */

void queue_add(struct queue *q, struct job *jobs, uint32_t job)
{
    uint32_t source = jobs[job].source;

    assert(jobs[job].heap == QUEUE_NONE && source < q->nr_hosts);
    heap_push(q, jobs, source, job);
    settle_source(q, jobs, source);
}

static void add_alone(struct queue *q, struct job *jobs, uint32_t job)
{
    struct job *j = &jobs[job];

    j->heap = QUEUE_ALONE;
    j->child = j->prev = QUEUE_NONE;
    j->next = q->alone;
    if (q->alone != QUEUE_NONE)
        jobs[q->alone].prev = job;
    q->alone = job;
}

static void remove_alone(struct queue *q, struct job *jobs, uint32_t job)
{
    struct job *j = &jobs[job];

    if (q->alone == job)
        q->alone = j->next;
    else
        jobs[j->prev].next = j->next;
    if (j->next != QUEUE_NONE)
        jobs[j->next].prev = j->prev;
    j->heap = j->next = j->prev = QUEUE_NONE;
}

static void remove_parked(struct queue *q, struct job *jobs, uint32_t job)
{
    uint32_t class_id = jobs[job].heap - q->nr_hosts;

    heap_remove(q, jobs, job);
    if (q->roots[q->nr_hosts + class_id] == QUEUE_NONE) {
        uint32_t at = q->parked_at[class_id], last = q->parked[--q->nr_parked];

        q->parked[at] = last;
        q->parked_at[last] = at;
        q->parked_at[class_id] = QUEUE_NONE;
    }
}

void queue_remove(struct queue *q, struct job *jobs, uint32_t job)
{
    uint32_t heap = jobs[job].heap;

    if (heap == QUEUE_NONE)
        return;
    if (heap == QUEUE_ALONE) {
        remove_alone(q, jobs, job);
        return;
    }
    if (heap >= q->nr_hosts) {
        remove_parked(q, jobs, job);
        return;
    }
    drop_source(q, jobs, heap);
    heap_remove(q, jobs, job);
    settle_source(q, jobs, heap);
}

void queue_park(struct queue *q, struct job *jobs, uint32_t job, uint32_t class_id)
{
    assert(class_id < q->nr_classes || class_id == QUEUE_ALONE);
    queue_remove(q, jobs, job);
    if (class_id == QUEUE_ALONE) {
        add_alone(q, jobs, job);
        return;
    }
    heap_push(q, jobs, q->nr_hosts + class_id, job);
    if (q->parked_at[class_id] == QUEUE_NONE) {
        q->parked_at[class_id] = q->nr_parked;
        q->parked[q->nr_parked++] = class_id;
    }
}

void queue_unpark_next(struct queue *q, struct job *jobs, uint32_t class_id)
{
    uint32_t job = q->roots[q->nr_hosts + class_id];

    if (job == QUEUE_NONE)
        return;
    remove_parked(q, jobs, job);
    queue_add(q, jobs, job);
}

void queue_unpark(struct queue *q, struct job *jobs)
{
    /* from the end: a class that becomes empty is replaced by one that was looked at */
    for (uint32_t i = q->nr_parked; i-- > 0;)
        queue_unpark_next(q, jobs, q->parked[i]);
    for (uint32_t job; (job = q->alone) != QUEUE_NONE;) {
        remove_alone(q, jobs, job);
        queue_add(q, jobs, job);
    }
}
