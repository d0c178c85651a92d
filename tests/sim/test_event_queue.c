/*
 * test_event_queue.c - the queue against a sorted array, and at its edges.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "sim/event_queue.h"

/* ---- oracle: an array in order, searched and shifted ---- */

enum {
    ORACLE_MAX = 5000
};

struct oracle_event {
    int64_t time_ns;
    uint64_t seq;
    uint32_t id; /* event.index; the position in handles[] */
    int16_t prio;
};

struct oracle {
    uint32_t len;
    uint64_t next_seq;
    struct oracle_event sorted[ORACLE_MAX];
};

static int oracle_compare(const struct oracle_event *a, const struct oracle_event *b)
{
    if (a->time_ns != b->time_ns)
        return a->time_ns < b->time_ns ? -1 : 1;
    if (a->prio != b->prio)
        return a->prio > b->prio ? -1 : 1;
    return (a->seq > b->seq) - (a->seq < b->seq);
}

/* Where @e is, or would go. */
static uint32_t oracle_position(const struct oracle *o, const struct oracle_event *e)
{
    uint32_t low = 0;
    uint32_t high = o->len;

    while (low < high) {
        uint32_t mid = (low + high) / 2;

        if (oracle_compare(&o->sorted[mid], e) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static void oracle_insert(struct oracle *o, struct oracle_event *e)
{
    e->seq = o->next_seq++;

    uint32_t at = oracle_position(o, e);

    memmove(&o->sorted[at + 1], &o->sorted[at], (o->len - at) * sizeof(*e));
    o->sorted[at] = *e;
    o->len++;
}

static void oracle_remove(struct oracle *o, const struct oracle_event *e)
{
    uint32_t at = oracle_position(o, e);

    cr_assert(at < o->len && o->sorted[at].id == e->id);
    o->len--;
    memmove(&o->sorted[at], &o->sorted[at + 1], (o->len - at) * sizeof(*e));
}

/* ---- random operations on both ---- */

enum time_shape {
    TIMES_FEW,       /* 0..9: nearly all ties */
    TIMES_UNIFORM,   /* within a second */
    TIMES_LOG,       /* any number of bits, either sign */
    TIMES_CLOCK,     /* later than the last pop, as in a simulation */
    TIMES_CLUSTERED, /* later than the last pop, a few very far */
    TIMES_EXTREME,   /* the two ends of the range and their neighbours */
    TIMES_NR
};

struct pair {
    struct event_queue q;
    struct oracle o;
    struct rng rng;
    uint32_t capacity;
    enum time_shape shape;
    int64_t now_ns;
    event_handle handles[ORACLE_MAX]; /* by id; EVENT_NONE = free */
    struct oracle_event events[ORACLE_MAX];
    event_handle stale[64];
    uint32_t nr_stale;
};

static uint32_t below(struct pair *p, uint32_t n)
{
    return (uint32_t)(rng_u64(&p->rng) % n);
}

static int64_t random_time(struct pair *p)
{
    uint64_t bits = rng_u64(&p->rng);

    switch (p->shape) {
    case TIMES_FEW:
        return (int64_t)(bits % 10);
    case TIMES_UNIFORM:
        return (int64_t)(bits % 1000000000);
    case TIMES_LOG: {
        int64_t t = (int64_t)(bits >> (1 + below(p, 63)));
        return below(p, 2) ? t : -t;
    }
    case TIMES_CLOCK:
        return p->now_ns + (int64_t)(bits % 1000000);
    case TIMES_CLUSTERED:
        return p->now_ns + (int64_t)(bits % (below(p, 8) ? 1000 : UINT64_C(1) << 40));
    default:
        return bits & 4 ? INT64_MAX - (int64_t)(bits % 4) : INT64_MIN + 1 + (int64_t)(bits % 4);
    }
}

static void check_stale(struct pair *p)
{
    if (p->nr_stale == 0)
        return;

    event_handle h = p->stale[below(p, p->nr_stale < 64 ? p->nr_stale : 64)];

    cr_assert(!event_queue_pending(&p->q, h));
    cr_assert(!event_queue_cancel(&p->q, h));
    cr_assert(!event_queue_move(&p->q, h, 5));
    cr_assert_null(event_queue_get(&p->q, h));
}

static void forget(struct pair *p, uint32_t id)
{
    p->stale[p->nr_stale++ % 64] = p->handles[id];
    p->handles[id] = EVENT_NONE;
}

static void do_push(struct pair *p)
{
    uint32_t id = 0;
    struct oracle_event e = {.time_ns = random_time(p), .prio = (int16_t)(below(p, 3) - 1)};

    if (below(p, 50) == 0)
        e.prio = below(p, 2) ? INT16_MIN : INT16_MAX;
    if (p->o.len == p->capacity) {
        cr_assert_eq(event_queue_push(&p->q, e.time_ns, e.prio, 1, 0, 0), EVENT_NONE);
        return;
    }
    id = below(p, p->capacity);
    while (p->handles[id] != EVENT_NONE)
        id = (id + 1) % p->capacity;
    e.id = id;
    p->handles[id] = event_queue_push(&p->q, e.time_ns, e.prio, (uint16_t)(id & 7), id, ~id);
    cr_assert_neq(p->handles[id], EVENT_NONE);
    oracle_insert(&p->o, &e);
    p->events[id] = e;
}

static void do_pop(struct pair *p)
{
    struct event e;
    const struct oracle_event *want = &p->o.sorted[0];

    if (p->o.len == 0) {
        cr_assert_null(event_queue_peek(&p->q));
        cr_assert(!event_queue_pop(&p->q, &e));
        return;
    }
    if (below(p, 4) == 0)
        cr_assert_eq(event_queue_peek(&p->q)->index, want->id);
    cr_assert(event_queue_pop(&p->q, &e));
    cr_assert(e.time_ns == want->time_ns && e.prio == want->prio && e.seq == want->seq &&
              e.index == want->id && e.data == ~want->id && e.kind == (want->id & 7));
    p->now_ns = e.time_ns;
    forget(p, want->id);
    oracle_remove(&p->o, &p->events[e.index]);
}

/* Cancel or move an event chosen at random. */
static void do_change(struct pair *p, bool cancel)
{
    uint32_t id;
    struct oracle_event *e;

    if (p->o.len == 0)
        return;
    id = p->o.sorted[below(p, p->o.len)].id;
    e = &p->events[id];
    cr_assert(event_queue_pending(&p->q, p->handles[id]));
    cr_assert_eq(event_queue_get(&p->q, p->handles[id])->time_ns, e->time_ns);
    oracle_remove(&p->o, e);
    if (cancel) {
        cr_assert(event_queue_cancel(&p->q, p->handles[id]));
        forget(p, id);
    } else {
        e->time_ns = random_time(p);
        cr_assert(event_queue_move(&p->q, p->handles[id], e->time_ns));
        oracle_insert(&p->o, e);
    }
}

/* Phases of growth and decline, so that the queue passes through every size up to its capacity. */
static void run_pair(struct pair *p, uint32_t nr_ops)
{
    uint32_t push_share = 0;
    uint32_t move_share = 0;

    for (uint32_t i = 0; i < nr_ops; i++) {
        if (i % (4 * p->capacity + 1) == 0) {
            push_share = 15 + below(p, 50);
            move_share = below(p, 30);
        }

        uint32_t dice = below(p, 100);

        if (dice < push_share)
            do_push(p);
        else if (dice < push_share + move_share)
            do_change(p, false);
        else if (dice < push_share + move_share + 5)
            do_change(p, true);
        else
            do_pop(p);
        if (dice == 0)
            check_stale(p);
        cr_assert_eq(event_queue_len(&p->q), p->o.len);
    }
}

static struct pair *pair_new(uint32_t capacity, enum time_shape shape, uint64_t index)
{
    struct pair *p = calloc(1, sizeof(*p));

    cr_assert(p && capacity <= ORACLE_MAX - 1);
    p->capacity = capacity;
    p->shape = shape;
    p->o.next_seq = 1;
    rng_stream(&p->rng, 2026, "event_queue", index, shape);
    cr_assert_eq(event_queue_init(&p->q, capacity), ST_OK);
    return p;
}

static void pair_free(struct pair *p)
{
    event_queue_release(&p->q);
    free(p);
}

Test(event_queue, agrees_with_a_sorted_array_on_millions_of_random_operations)
{
    static const struct {
        uint32_t capacity;
        uint32_t nr_ops;
    } sizes[] = {{1, 2000}, {5, 20000}, {64, 50000}, {300, 120000}, {1500, 150000}, {4000, 150000}};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        for (int shape = 0; shape < TIMES_NR; shape++) {
            struct pair *p = pair_new(sizes[i].capacity, (enum time_shape)shape, i);

            run_pair(p, sizes[i].nr_ops);
            while (p->o.len > 0)
                do_pop(p);
            do_pop(p);
            pair_free(p);
        }
    }
}

Test(event_queue, layout_follows_a_change_of_time_scale)
{
    struct pair *p = pair_new(4000, TIMES_FEW, 99);

    for (uint32_t i = 0; i < 60; i++) {
        p->shape = (enum time_shape)(i % TIMES_NR);
        run_pair(p, 5000);
    }
    while (p->o.len > 0)
        do_pop(p);
    pair_free(p);
}

Test(event_queue, reserve_keeps_pending_events_and_handles)
{
    struct pair *p = pair_new(3, TIMES_UNIFORM, 7);

    for (uint32_t capacity = 3; capacity < 4000; capacity = capacity * 3 / 2 + 1) {
        cr_assert_eq(event_queue_reserve(&p->q, capacity), ST_OK);
        p->capacity = capacity;
        run_pair(p, 3000);
    }
    cr_assert_eq(event_queue_reserve(&p->q, 1), ST_OK, "a smaller capacity changes nothing");
    cr_assert_eq(p->q.capacity, p->capacity);
    while (p->o.len > 0)
        do_pop(p);
    pair_free(p);
}

/* ---- edges ---- */

Test(event_queue, clear_empties_restarts_seq_and_makes_handles_stale)
{
    struct event_queue q;
    event_handle before[500];
    struct event e;

    cr_assert_eq(event_queue_init(&q, 500), ST_OK);
    for (int run = 0; run < 4; run++) {
        for (uint32_t i = 0; i < 500; i++)
            before[i] = event_queue_push(&q, (int64_t)(i * 7919 % 500), 0, 0, i, 0);
        for (uint32_t i = 0; i < 100u * (uint32_t)run; i++)
            cr_assert(event_queue_pop(&q, &e));
        event_queue_clear(&q);
        cr_assert_eq(event_queue_len(&q), 0);
        cr_assert(!event_queue_pop(&q, &e));
        event_handle after = event_queue_push(&q, 3, 0, 0, 42, 0);
        for (uint32_t i = 0; i < 500; i++)
            cr_assert(!event_queue_pending(&q, before[i]));
        cr_assert(event_queue_pending(&q, after));
        cr_assert(event_queue_pop(&q, &e));
        cr_assert(e.seq == 1 && e.index == 42);
        event_queue_clear(&q);
    }
    event_queue_release(&q);
}

Test(event_queue, the_same_pushes_after_clear_give_the_same_events)
{
    struct event_queue q;
    struct event first[2000];
    struct event e;

    cr_assert_eq(event_queue_init(&q, 2000), ST_OK);
    for (int run = 0; run < 2; run++) {
        for (uint32_t i = 0; i < 2000; i++)
            event_queue_push(&q, (int64_t)(i * i % 1009), (int16_t)(i % 5), 0, i, 0);
        for (uint32_t i = 0; i < 1500; i++) { /* the rest is left to clear */
            cr_assert(event_queue_pop(&q, run == 0 ? &first[i] : &e));
            if (run == 1)
                cr_assert_eq(memcmp(&first[i], &e, sizeof(e)), 0);
        }
        event_queue_clear(&q);
    }
    event_queue_release(&q);
}

Test(event_queue, a_reused_slot_does_not_revive_a_stale_handle)
{
    struct event_queue q;
    struct event e;

    cr_assert_eq(event_queue_init(&q, 1), ST_OK);

    event_handle first = event_queue_push(&q, 10, 0, 0, 1, 0);

    cr_assert(event_queue_pop(&q, &e));

    event_handle second = event_queue_push(&q, 20, 0, 0, 2, 0);

    cr_assert_neq(first, second);
    cr_assert(!event_queue_cancel(&q, first));
    cr_assert(!event_queue_move(&q, first, 1));
    cr_assert(event_queue_cancel(&q, second));
    cr_assert(!event_queue_cancel(&q, second));
    cr_assert(!event_queue_pending(&q, EVENT_NONE));
    cr_assert(!event_queue_pending(&q, UINT64_MAX));
    event_queue_release(&q);
}

Test(event_queue, a_moved_event_goes_behind_its_equals_and_keeps_its_handle)
{
    struct event_queue q;
    struct event e;
    static const uint32_t want[] = {1, 2, 0};

    cr_assert_eq(event_queue_init(&q, 3), ST_OK);

    event_handle h = event_queue_push(&q, 10, 0, 0, 0, 0);

    event_queue_push(&q, 10, 0, 0, 1, 0);
    event_queue_push(&q, 10, 0, 0, 2, 0);
    cr_assert(event_queue_move(&q, h, 10));
    cr_assert(event_queue_pending(&q, h));
    for (size_t i = 0; i < 3; i++) {
        cr_assert(event_queue_pop(&q, &e));
        cr_assert_eq(e.index, want[i]);
    }
    cr_assert(!event_queue_pending(&q, h));
    event_queue_release(&q);
}

Test(event_queue, higher_prio_goes_first_over_the_whole_range_of_prio)
{
    static const int16_t prios[] = {INT16_MIN, 0, INT16_MAX, -1, 1, INT16_MAX, INT16_MIN};
    static const uint32_t want[] = {2, 5, 4, 1, 3, 0, 6};
    struct event_queue q;
    struct event e;

    cr_assert_eq(event_queue_init(&q, 7), ST_OK);
    for (uint32_t i = 0; i < 7; i++)
        event_queue_push(&q, 1, prios[i], 0, i, 0);
    for (size_t i = 0; i < 7; i++) {
        cr_assert(event_queue_pop(&q, &e));
        cr_assert_eq(e.index, want[i]);
    }
    event_queue_release(&q);
}

Test(event_queue, times_far_apart_leave_in_order)
{
    struct event_queue q;
    struct event e;
    int64_t last_ns = INT64_MIN;
    uint32_t nr = 0;

    cr_assert_eq(event_queue_init(&q, 1000), ST_OK);
    for (uint32_t bit = 0; bit < 63; bit++) {
        for (int64_t d = -2; d <= 2; d++) {
            event_queue_push(&q, ((int64_t)1 << bit) + d, 0, 0, 0, 0);
            event_queue_push(&q, -((int64_t)1 << bit) + d, 0, 0, 0, 0);
        }
    }
    event_queue_push(&q, INT64_MAX, 0, 0, 0, 0);
    event_queue_push(&q, INT64_MIN + 1, 0, 0, 0, 0);
    while (event_queue_pop(&q, &e)) {
        cr_assert(e.time_ns >= last_ns);
        last_ns = e.time_ns;
        nr++;
    }
    cr_assert_eq(nr, 632);
    cr_assert_eq(last_ns, INT64_MAX);
    event_queue_release(&q);
}

/* The worst case promised: O(log n) when nothing can be told apart by time. */
Test(event_queue, a_hundred_thousand_ties_leave_in_the_order_of_pushes)
{
    enum {
        NR = 100000
    };
    struct event_queue q;
    struct event e;

    cr_assert_eq(event_queue_init(&q, NR), ST_OK);
    for (uint32_t i = 0; i < NR; i++)
        event_queue_push(&q, INT64_MAX, 0, 0, i, 0);
    for (uint32_t i = 0; i < NR; i++) { /* push while popping: all go straight to the heap */
        cr_assert(event_queue_pop(&q, &e));
        cr_assert_eq(e.index, i);
        cr_assert_neq(event_queue_push(&q, INT64_MAX, 0, 0, NR + i, 0), EVENT_NONE);
    }
    for (uint32_t i = 0; i < NR; i++) {
        cr_assert(event_queue_pop(&q, &e));
        cr_assert_eq(e.index, NR + i);
    }
    event_queue_release(&q);
}

Test(event_queue, a_released_queue_can_be_released_again)
{
    struct event_queue q;

    cr_assert_eq(event_queue_init(&q, 10), ST_OK);
    event_queue_release(&q);
    event_queue_release(&q);
    cr_assert_eq(event_queue_len(&q), 0);
}
