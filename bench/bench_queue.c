/*
 * bench_queue.c - events per second of the event queue, against a textbook binary heap.
 *
 * Hold model: with n events pending, take the first and put one back at a random later time.  The
 * random distances are drawn before the clock starts.  The peer is the plainest heap there is:
 * whole 32-byte events in one array, swaps up and down, no cancel, no handles, no ties broken.
 */
#include <assert.h>
#include <gsl/gsl_randist.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "bench/bench.h"
#include "sim/event_queue.h"

enum {
    NR_DISTANCES = 1 << 16,
    MAX_RUNS = 5
};

struct plain_heap {
    struct event *events;
    uint32_t len;
};

static void plain_swap(struct plain_heap *h, uint32_t a, uint32_t b)
{
    struct event tmp = h->events[a];

    h->events[a] = h->events[b];
    h->events[b] = tmp;
}

static void plain_push(struct plain_heap *h, struct event e)
{
    uint32_t i = h->len++;

    h->events[i] = e;
    while (i > 0 && h->events[i].time_ns < h->events[(i - 1) / 2].time_ns) {
        plain_swap(h, i, (i - 1) / 2);
        i = (i - 1) / 2;
    }
}

static struct event plain_pop(struct plain_heap *h)
{
    struct event top = h->events[0];
    uint32_t i = 0;

    h->events[0] = h->events[--h->len];
    for (;;) {
        uint32_t least = i;

        for (uint32_t c = 2 * i + 1; c <= 2 * i + 2 && c < h->len; c++) {
            if (h->events[c].time_ns < h->events[least].time_ns)
                least = c;
        }
        if (least == i)
            return top;
        plain_swap(h, i, least);
        i = least;
    }
}

/* One measurement: what is timed, with how many pending, over which distances. */
struct hold {
    uint32_t nr_pending;
    uint32_t nr_holds;
    const int64_t *distances; /* NR_DISTANCES of them */
};

static void *checked(void *p)
{
    if (!p) {
        perror("bench");
        exit(EXIT_FAILURE);
    }
    return p;
}

static double rate(uint32_t nr_done, uint64_t since_ns)
{
    return nr_done * 1e3 / (double)(bench_now_ns() - since_ns); /* millions a second */
}

static double hold_plain(const struct hold *hold)
{
    struct plain_heap h = {.events = checked(calloc(hold->nr_pending, sizeof(*h.events)))};
    uint32_t at = 0;
    uint64_t start_ns;
    double result;

    for (uint32_t i = 0; i < hold->nr_pending; i++)
        plain_push(&h, (struct event){.time_ns = hold->distances[at++ % NR_DISTANCES], .index = i});
    for (uint32_t half = 0; half < 2; half++) { /* the first half reaches the steady state */
        start_ns = bench_now_ns();
        for (uint32_t i = 0; i < hold->nr_holds; i++) {
            struct event e = plain_pop(&h);

            e.time_ns += hold->distances[at++ % NR_DISTANCES];
            plain_push(&h, e);
        }
        result = rate(hold->nr_holds, start_ns);
    }
    bench_keep((uint64_t)h.events[0].time_ns);
    free(h.events);
    return result;
}

static double hold_queue(const struct hold *hold)
{
    struct event_queue q;
    struct event e = {0};
    uint32_t at = 0;
    uint64_t start_ns;
    double result;

    if (event_queue_init(&q, hold->nr_pending) != ST_OK)
        checked(NULL);
    for (uint32_t i = 0; i < hold->nr_pending; i++)
        event_queue_push(&q, hold->distances[at++ % NR_DISTANCES], 0, 1, i, 0);
    for (uint32_t half = 0; half < 2; half++) {
        start_ns = bench_now_ns();
        for (uint32_t i = 0; i < hold->nr_holds; i++) {
            event_queue_pop(&q, &e);
            event_queue_push(&q, e.time_ns + hold->distances[at++ % NR_DISTANCES], e.prio, e.kind,
                             e.index, e.data);
        }
        result = rate(hold->nr_holds, start_ns);
    }
    bench_keep((uint64_t)e.time_ns);
    event_queue_release(&q);
    return result;
}

/* Moves only: what a link does to its flows when their shares change. */
static double move_queue(const struct hold *hold)
{
    struct event_queue q;
    event_handle *handles = checked(calloc(hold->nr_pending, sizeof(*handles)));
    const struct event *first;
    uint64_t start_ns;
    double result;

    if (event_queue_init(&q, hold->nr_pending) != ST_OK)
        checked(NULL);
    for (uint32_t i = 0; i < hold->nr_pending; i++)
        handles[i] = event_queue_push(&q, hold->distances[i % NR_DISTANCES], 0, 1, i, 0);
    first = event_queue_peek(&q);
    start_ns = bench_now_ns();
    for (uint32_t i = 0; i < hold->nr_holds; i++)
        event_queue_move(&q, handles[i % hold->nr_pending],
                         first->time_ns + hold->distances[(i + i / NR_DISTANCES) % NR_DISTANCES]);
    result = rate(hold->nr_holds, start_ns);
    bench_keep(event_queue_len(&q));
    event_queue_release(&q);
    free(handles);
    return result;
}

/* The queue's and the peer's runs alternate, so that a slow moment of the machine hits both. */
static void measure(struct bench_report *report, const char *name, const struct hold *hold,
                    double (*run)(const struct hold *), const char *bound)
{
    uint32_t nr_runs = report->quick ? 3 : MAX_RUNS;
    double own[MAX_RUNS];
    double peer[MAX_RUNS];
    struct bench_case c = {.unit = "M/s", .bound = bound};

    for (uint32_t i = 0; i < nr_runs; i++) {
        own[i] = run(hold);
        peer[i] = run == hold_queue ? hold_plain(hold) : 0; /* a plain heap has no moves */
    }
    snprintf(c.name, sizeof(c.name), "%s", name);
    c.value = bench_median(own, nr_runs);
    c.peer = bench_median(peer, nr_runs);
    bench_add(report, c);
}

static void fill_distances(int64_t *distances, int shape)
{
    struct rng rng;

    rng_stream(&rng, 1, "bench", (uint64_t)shape, 0);
    for (uint32_t i = 0; i < NR_DISTANCES; i++) {
        double x = gsl_ran_exponential(rng_gsl(&rng), 1e9);

        if (shape == 1) /* one in ten a thousand times as far: timeouts among rounds */
            x *= rng_uniform(&rng) < 0.1 ? 1000 : 1;
        if (shape >= 2) /* all the same; all at one time */
            x = shape == 2 ? 1e9 : 0;
        distances[i] = (int64_t)x;
    }
}

void bench_queue(struct bench_report *report)
{
    static const struct {
        const char *name;
        uint32_t nr_pending;
        int shape;
        double (*run)(const struct hold *);
        const char *bound;
    } rows[] = {
        {"queue hold 10^1", 10, 0, hold_queue, "instructions"},
        {"queue hold 10^2", 100, 0, hold_queue, "instructions"},
        {"queue hold 10^3", 1000, 0, hold_queue, "instructions (84 KB: level 2 cache)"},
        {"queue hold 10^5", 100000, 0, hold_queue, "level 3 cache (8 MB)"},
        {"queue hold 10^6", 1000000, 0, hold_queue, "memory (84 MB)"},
        {"queue hold 10^5, skewed times", 100000, 1, hold_queue, "level 3 cache"},
        {"queue hold 10^5, equal distances", 100000, 2, hold_queue, "level 3 cache"},
        {"queue hold 10^5, all at one time", 100000, 3, hold_queue,
         "heap of all; peer breaks no ties"},
        {"queue move 10^3", 1000, 0, move_queue, "instructions"},
        {"queue move 10^5", 100000, 0, move_queue, "level 3 cache"},
    };
    int64_t *distances = checked(calloc(NR_DISTANCES, sizeof(*distances)));

    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint32_t nr_least = report->quick ? 200000 : 2000000;
        uint32_t nr_pending = rows[i].nr_pending;
        struct hold hold = {.nr_pending = nr_pending, .distances = distances};

        hold.nr_holds = nr_least > 2 * nr_pending ? nr_least : 2 * nr_pending;
        fill_distances(distances, rows[i].shape);
        measure(report, rows[i].name, &hold, rows[i].run, rows[i].bound);
    }
    free(distances);
}
