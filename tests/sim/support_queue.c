/*
 * support_queue.c - a waiting line simulated on the event queue.
 *
 * Times are whole nanoseconds, as in the engine; a service lasts 10^9 of them on average, so
 * rounding is far below the error of sampling.  Invariant: a customer present has exactly one of a
 * place in line and a departure event; the patience event exists only in line.
 */
#include "support_queue.h"

#include <criterion/criterion.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <string.h>

#include "base/rng.h"
#include "base/units.h"
#include "sim/event_queue.h"

enum {
    PRESENT_MAX = 4096
};

enum line_event {
    EV_ARRIVE,
    EV_DEPART,
    EV_LOSE_PATIENCE
};

struct customer {
    int64_t arrived_ns;
    int64_t started_ns;
    double work_left_ns;    /* shared server only */
    event_handle departure; /* EVENT_NONE: in line */
    event_handle patience;
    uint32_t next; /* in line, or free */
};

struct line {
    const struct line_setup *setup;
    struct line_result *out;
    struct event_queue q;
    struct rng arrivals, services, patiences;
    int64_t now_ns;
    struct customer customers[PRESENT_MAX];
    uint32_t first_free;
    uint32_t order[PRESENT_MAX]; /* line: a ring of customers */
    uint64_t head, tail;
    uint32_t present[PRESENT_MAX]; /* shared server: who is there */
    uint32_t nr_present, nr_waiting, nr_busy;
    int64_t work_since_ns; /* shared server: work is accounted up to here */

    uint32_t batch;
    int64_t batch_start_ns;
    int64_t counted_to_ns;
    double present_time_ns; /* integral of nr_present since batch_start_ns */
    uint32_t nr_gone, nr_left;
    double wait_sum_s, sojourn_sum_s;
};

static int64_t draw_ns(struct rng *rng, double mean_s)
{
    return llround(gsl_ran_exponential(rng_gsl(rng), mean_s) * 1e9);
}

static int64_t draw_service_ns(struct line *l)
{
    switch (l->setup->service) {
    case SERVICE_FIXED:
        return NS_PER_S;
    case SERVICE_UNEVEN:
        return draw_ns(&l->services, rng_uniform(&l->services) < 0.2 ? 3.0 : 0.5);
    default:
        return draw_ns(&l->services, 1);
    }
}

static event_handle push(struct line *l, int64_t in_ns, enum line_event kind, uint32_t customer)
{
    event_handle h = event_queue_push(&l->q, l->now_ns + in_ns, 0, (uint16_t)kind, customer, 0);

    cr_assert_neq(h, EVENT_NONE);
    return h;
}

/* ---- measuring ---- */

static void count_time(struct line *l)
{
    l->present_time_ns += (double)(l->now_ns - l->counted_to_ns) * l->nr_present;
    l->counted_to_ns = l->now_ns;
}

static void end_batch(struct line *l)
{
    if (l->batch++ > 0) {
        double n = l->nr_gone;

        stats_moments_add(&l->out->wait_s, l->wait_sum_s / n);
        stats_moments_add(&l->out->sojourn_s, l->sojourn_sum_s / n);
        stats_moments_add(&l->out->left, l->nr_left / n);
        stats_moments_add(&l->out->present,
                          l->present_time_ns / (double)(l->now_ns - l->batch_start_ns));
    }
    l->batch_start_ns = l->now_ns;
    l->present_time_ns = l->wait_sum_s = l->sojourn_sum_s = 0;
    l->nr_gone = l->nr_left = 0;
}

static void count_gone(struct line *l, uint32_t id, int64_t wait_ns)
{
    struct customer *c = &l->customers[id];

    l->wait_sum_s += (double)wait_ns / 1e9;
    l->sojourn_sum_s += (double)(l->now_ns - c->arrived_ns) / 1e9;
    l->nr_present--;
    c->next = l->first_free;
    l->first_free = id;
    if (++l->nr_gone == l->setup->batch_len)
        end_batch(l);
}

/* ---- one server, shared ---- */

/* All present got an equal share since the last change: take it off, and move every departure to
 * when it will be with the share from now on. */
static void share_out(struct line *l, uint32_t nr_before)
{
    double done_ns = (double)(l->now_ns - l->work_since_ns) / (nr_before ? nr_before : 1);

    l->work_since_ns = l->now_ns;
    for (uint32_t i = 0; i < l->nr_present; i++) {
        struct customer *c = &l->customers[l->present[i]];

        if (i < nr_before)
            c->work_left_ns = fmax(0, c->work_left_ns - done_ns);

        int64_t left_ns = llround(c->work_left_ns * l->nr_present);

        if (c->departure == EVENT_NONE)
            c->departure = push(l, left_ns, EV_DEPART, l->present[i]);
        else
            cr_assert(event_queue_move(&l->q, c->departure, l->now_ns + left_ns));
    }
}

static void shared_arrive(struct line *l, uint32_t id)
{
    l->customers[id].work_left_ns = (double)draw_service_ns(l);
    l->present[l->nr_present - 1] = id;
    share_out(l, l->nr_present - 1);
}

static void shared_depart(struct line *l, uint32_t id)
{
    uint32_t nr_before = l->nr_present;
    uint32_t at = 0;

    while (l->present[at] != id)
        at++;
    count_gone(l, id, 0);
    /* the last takes the place; all that stay were there before and had the same share */
    l->present[at] = l->present[l->nr_present];
    share_out(l, nr_before);
}

/* ---- a line for several servers ---- */

static void serve_next(struct line *l)
{
    while (l->nr_busy < l->setup->servers && l->nr_waiting > 0) {
        uint32_t id = l->order[l->head++ % PRESENT_MAX];
        struct customer *c;

        if (id == UINT32_MAX) /* lost patience */
            continue;
        c = &l->customers[id];
        if (l->setup->patience_s > 0)
            cr_assert(event_queue_cancel(&l->q, c->patience));
        c->started_ns = l->now_ns;
        c->departure = push(l, draw_service_ns(l), EV_DEPART, id);
        l->nr_waiting--;
        l->nr_busy++;
    }
}

static void line_arrive(struct line *l, uint32_t id)
{
    if (l->setup->patience_s > 0)
        l->customers[id].patience =
            push(l, draw_ns(&l->patiences, l->setup->patience_s), EV_LOSE_PATIENCE, id);
    cr_assert(l->tail - l->head < PRESENT_MAX);
    l->order[l->tail++ % PRESENT_MAX] = id;
    l->nr_waiting++;
    serve_next(l);
}

static void line_depart(struct line *l, uint32_t id)
{
    struct customer *c = &l->customers[id];

    l->nr_busy--;
    count_gone(l, id, c->started_ns - c->arrived_ns);
    serve_next(l);
}

static void line_leave(struct line *l, uint32_t id)
{
    struct customer *c = &l->customers[id];
    uint64_t at = l->head;

    cr_assert_eq(c->departure, EVENT_NONE, "patience was not cancelled");
    while (l->order[at % PRESENT_MAX] != id)
        at++;
    cr_assert(at < l->tail);
    l->order[at % PRESENT_MAX] = UINT32_MAX;
    l->nr_waiting--;
    l->nr_left++;
    count_gone(l, id, l->now_ns - c->arrived_ns);
}

/* ---- both ---- */

static void arrive(struct line *l)
{
    uint32_t id = l->first_free;

    push(l, draw_ns(&l->arrivals, 1 / l->setup->arrivals_per_s), EV_ARRIVE, 0);
    cr_assert(l->nr_present < PRESENT_MAX);
    l->first_free = l->customers[id].next;
    l->customers[id] = (struct customer){.arrived_ns = l->now_ns};
    l->nr_present++;
    if (l->setup->servers == 0)
        shared_arrive(l, id);
    else
        line_arrive(l, id);
}

static void happen(struct line *l, const struct event *e)
{
    cr_assert(e->time_ns >= l->now_ns, "time went backwards");
    l->now_ns = e->time_ns;
    count_time(l);
    switch ((enum line_event)e->kind) {
    case EV_ARRIVE:
        arrive(l);
        break;
    case EV_DEPART:
        if (l->setup->servers == 0)
            shared_depart(l, e->index);
        else
            line_depart(l, e->index);
        break;
    case EV_LOSE_PATIENCE:
        line_leave(l, e->index);
        break;
    }
}

void line_run(struct line_result *out, const struct line_setup *setup, uint64_t seed)
{
    static struct line l; /* too large for a stack */
    struct event e;

    memset(&l, 0, sizeof(l));
    memset(out, 0, sizeof(*out));
    l.setup = setup;
    l.out = out;
    rng_stream(&l.arrivals, seed, "arrivals", 0, 0);
    rng_stream(&l.services, seed, "services", 0, 0);
    rng_stream(&l.patiences, seed, "patiences", 0, 0);
    for (uint32_t i = 0; i < PRESENT_MAX; i++)
        l.customers[i].next = i + 1;
    cr_assert_eq(event_queue_init(&l.q, 2 * PRESENT_MAX), ST_OK);
    push(&l, 0, EV_ARRIVE, 0);
    while (l.batch <= LINE_BATCHES) {
        cr_assert(event_queue_pop(&l.q, &e));
        happen(&l, &e);
    }
    event_queue_release(&l.q);
}
