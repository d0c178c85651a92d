/*
 * event_queue.c - a heap of near events, a wheel of later ones, an unsorted rest.
 *
 *   heap    4-ary, ordered by the full key: every event with time_ns <= near_last_ns
 *   wheel   buckets of equal width after that, each an unsorted list: O(1) to enter and to leave
 *   far     everything past the wheel, an unsorted array
 *
 * A pop takes the heap's top.  When the heap is empty the next bucket that holds anything is
 * emptied into it; when the wheel is empty too, the far events are laid out on a new wheel whose
 * width suits them.  The order is exact because only the heap decides it, and the others hold later
 * times only.
 *
 * Why it cannot degrade below a plain heap by more than a constant: an event goes from far to wheel
 * to heap once.  A new wheel takes at least three quarters of the far events (choose_window()), so
 * scanning them is paid by those that leave.  If the times are so skewed that one bucket gets most
 * events, they are simply in the heap, at O(log n).  Few events stay in the heap altogether.
 *
 * Invariant: time_ns <= near_last_ns if and only if the event is in the heap; an event in bucket b
 * has b > cursor; links[slot].where says where each event is.
 */
#include "sim/event_queue.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SLOT_NONE UINT32_MAX

/* Values of event_link.where.  A smaller value is the number of a bucket. */
#define WHERE_HEAP UINT32_C(0x80000000) /* plus the position */
#define WHERE_FAR UINT32_C(0x7fffffff)
#define WHERE_FREE UINT32_C(0x7ffffffe)

enum {
    SMALL_HEAP = 16, /* up to here a heap alone is faster: at 10 events 35 M holds/s against 30 on a
                        wheel, at 25 it is 27 against 30, at 100 20 against 32 */
    FIRST_SPILL = 64, /* heap length that calls for a wheel; well above SMALL_HEAP, so that a queue
                         near the limit does not go back and forth */
    MIN_BUCKETS = 64,
    SEQ_BITS = 48 /* 2^48 pushes: over a hundred days at 20 M/s */
};

struct event_link {
    uint32_t where;
    uint32_t next; /* in a bucket or in the free list */
    uint32_t prev; /* in a bucket; in far: the position */
    uint32_t gen;  /* raised each time the slot is freed; never 0 */
};

struct event_key {
    int64_t time_ns;
    uint64_t rank; /* prio, inverted, above seq: lower goes first */
    uint32_t slot;
};

static inline uint64_t event_rank(const struct event *e)
{
    return (uint64_t)(INT16_MAX - e->prio) << SEQ_BITS | e->seq;
}

/* Without branches: in a heap the answer is a coin toss. */
static bool key_before(const struct event_key *a, const struct event_key *b)
{
    return (a->time_ns < b->time_ns) | ((a->time_ns == b->time_ns) & (a->rank < b->rank));
}

static inline struct event_key slot_key(const struct event_queue *q, uint32_t slot)
{
    const struct event *e = &q->events[slot];

    return (struct event_key){.time_ns = e->time_ns, .rank = event_rank(e), .slot = slot};
}

/* ---- heap ---- */

static inline void heap_place(struct event_queue *q, uint32_t pos, struct event_key key)
{
    q->heap[pos] = key;
    q->links[key.slot].where = WHERE_HEAP | pos;
}

static inline void heap_sift_up(struct event_queue *q, uint32_t pos, struct event_key key)
{
    while (pos > 0) {
        uint32_t parent = (pos - 1) / 4;

        if (!key_before(&key, &q->heap[parent]))
            break;
        heap_place(q, pos, q->heap[parent]);
        pos = parent;
    }
    heap_place(q, pos, key);
}

/* The least of up to four children from @first on, all of them in the heap. */
static uint32_t heap_least_child(const struct event_queue *q, uint32_t first)
{
    const struct event_key *four = &q->heap[first];

    if (first + 3 < q->heap_len) {
        uint32_t a = key_before(&four[1], &four[0]), b = 2 + key_before(&four[3], &four[2]);

        return first + (key_before(&four[b], &four[a]) ? b : a);
    }
    uint32_t least = 0;
    for (uint32_t c = 1; first + c < q->heap_len; c++)
        least = key_before(&four[c], &four[least]) ? c : least;
    return first + least;
}

static void heap_sift_down(struct event_queue *q, uint32_t pos, struct event_key key)
{
    for (;;) {
        uint32_t child = 4 * pos + 1;

        if (child >= q->heap_len)
            break;
        child = heap_least_child(q, child);
        if (!key_before(&q->heap[child], &key))
            break;
        heap_place(q, pos, q->heap[child]);
        pos = child;
    }
    heap_place(q, pos, key);
}

/* Put @key where it belongs, given that only position @pos is free. */
static void heap_settle(struct event_queue *q, uint32_t pos, struct event_key key)
{
    if (pos > 0 && key_before(&key, &q->heap[(pos - 1) / 4]))
        heap_sift_up(q, pos, key);
    else
        heap_sift_down(q, pos, key);
}

static void heap_remove(struct event_queue *q, uint32_t pos)
{
    assert(pos < q->heap_len);
    q->heap_len--;
    if (pos < q->heap_len)
        heap_settle(q, pos, q->heap[q->heap_len]);
}

/* Order a heap whose keys were written without regard to order. */
static void heap_build(struct event_queue *q)
{
    if (q->heap_len < 2)
        return;
    for (uint32_t pos = (q->heap_len - 2) / 4 + 1; pos-- > 0;)
        heap_sift_down(q, pos, q->heap[pos]);
}

static void heap_append(struct event_queue *q, uint32_t slot)
{
    assert(q->heap_len < q->capacity);
    heap_place(q, q->heap_len++, slot_key(q, slot));
}

/* ---- wheel and far ---- */

static void far_add(struct event_queue *q, uint32_t slot)
{
    q->links[slot].where = WHERE_FAR;
    q->links[slot].prev = q->far_len;
    q->far[q->far_len++] = slot;
}

static void far_remove(struct event_queue *q, uint32_t pos)
{
    uint32_t last = q->far[--q->far_len];

    q->far[pos] = last;
    q->links[last].prev = pos;
}

/* The bucket of a time at or after base_ns; nr_buckets or more: past the wheel. */
static uint64_t wheel_bucket(const struct event_queue *q, int64_t time_ns)
{
    return ((uint64_t)time_ns - (uint64_t)q->base_ns) >> q->shift;
}

static void wheel_add(struct event_queue *q, uint32_t bucket, uint32_t slot)
{
    uint32_t head = q->buckets[bucket];

    q->links[slot].where = bucket;
    q->links[slot].next = head;
    q->links[slot].prev = SLOT_NONE;
    if (head != SLOT_NONE)
        q->links[head].prev = slot;
    q->buckets[bucket] = slot;
    q->wheel_len++;
}

static void wheel_remove(struct event_queue *q, uint32_t slot)
{
    const struct event_link *link = &q->links[slot];

    if (link->prev == SLOT_NONE)
        q->buckets[link->where] = link->next;
    else
        q->links[link->prev].next = link->next;
    if (link->next != SLOT_NONE)
        q->links[link->next].prev = link->prev;
    q->wheel_len--;
}

/* An event after near_last_ns goes on the wheel, or to far where the wheel does not reach. */
static void later_add(struct event_queue *q, uint32_t slot)
{
    uint64_t bucket = wheel_bucket(q, q->events[slot].time_ns);

    if (bucket < q->nr_buckets)
        wheel_add(q, (uint32_t)bucket, slot);
    else
        far_add(q, slot);
}

/* Empty @bucket into the empty heap and let the heap take all times up to the bucket's end. */
static void wheel_drain(struct event_queue *q, uint32_t bucket)
{
    uint64_t end = (((uint64_t)bucket + 1) << q->shift) - 1; /* 2^64 wraps to the right end */
    uint64_t end_max = (uint64_t)INT64_MAX - (uint64_t)q->base_ns;
    uint32_t slot = q->buckets[bucket];

    assert(q->heap_len == 0);
    q->buckets[bucket] = SLOT_NONE;
    while (slot != SLOT_NONE) {
        uint32_t next = q->links[slot].next;

        heap_append(q, slot);
        slot = next;
    }
    q->wheel_len -= q->heap_len;
    q->cursor = bucket;
    q->near_last_ns = end < end_max ? (int64_t)((uint64_t)q->base_ns + end) : INT64_MAX;
    heap_build(q);
}

static unsigned bit_length(uint64_t x)
{
    return x ? 64 - (unsigned)__builtin_clzll(x) : 0;
}

/* The number of bits of a window from @base_ns that holds three quarters of the far events:
 * scanning n events to keep at most n/4 of them costs O(1) for each that leaves. */
static unsigned choose_window(const struct event_queue *q, int64_t base_ns)
{
    uint32_t count[65] = {0};
    uint32_t inside = 0;
    unsigned bits = 0;

    for (uint32_t i = 0; i < q->far_len; i++)
        count[bit_length((uint64_t)q->events[q->far[i]].time_ns - (uint64_t)base_ns)]++;
    for (;; bits++) {
        inside += count[bits];
        if (inside >= q->far_len - q->far_len / 4)
            return bits;
    }
}

/* Lay the far events out on a new wheel.  The heap and the old wheel are empty. */
static void wheel_rebuild(struct event_queue *q)
{
    uint32_t nr_far = q->far_len;
    int64_t base_ns = INT64_MAX;
    unsigned bucket_bits = bit_length(MIN_BUCKETS - 1);

    assert(q->heap_len == 0 && q->wheel_len == 0 && nr_far > 0);
    for (uint32_t i = 0; i < nr_far; i++) {
        int64_t time_ns = q->events[q->far[i]].time_ns;

        base_ns = time_ns < base_ns ? time_ns : base_ns;
    }
    while ((UINT32_C(1) << bucket_bits) < nr_far)
        bucket_bits++;

    unsigned window_bits = choose_window(q, base_ns);

    q->base_ns = base_ns;
    q->shift = window_bits > bucket_bits ? window_bits - bucket_bits : 0;
    q->nr_buckets = UINT32_C(1) << bucket_bits;
    assert(q->nr_buckets <= q->max_buckets);
    q->spill_at = nr_far < FIRST_SPILL / 2 ? FIRST_SPILL : 2 * nr_far;
    q->far_len = 0;
    for (uint32_t i = 0; i < nr_far; i++) /* writes far[] behind where it reads */
        later_add(q, q->far[i]);
    wheel_drain(q, 0); /* holds the earliest event */
}

/* Few events: all of them into the heap, and all that come. */
static void heap_takes_all(struct event_queue *q)
{
    for (uint32_t i = 0; i < q->far_len; i++)
        heap_append(q, q->far[i]);
    q->far_len = 0;
    q->near_last_ns = INT64_MAX;
    q->spill_at = FIRST_SPILL;
    heap_build(q);
}

/* Fill the empty heap from what is next, if anything is left. */
static void heap_refill(struct event_queue *q)
{
    if (q->wheel_len > 0) {
        uint32_t bucket = q->cursor + 1;

        while (q->buckets[bucket] == SLOT_NONE)
            bucket++;
        assert(bucket < q->nr_buckets);
        wheel_drain(q, bucket);
    } else if (q->far_len > SMALL_HEAP) {
        wheel_rebuild(q);
    } else if (q->far_len > 0) {
        heap_takes_all(q);
    }
}

/* The heap has outgrown the wheel's layout: put all events in far, to be laid out anew at the next
 * pop.  spill_at is at least twice the number of events laid out last, so this is paid by pushes.
 */
static void spill(struct event_queue *q)
{
    for (uint32_t i = 0; i < q->heap_len; i++)
        far_add(q, q->heap[i].slot);
    q->heap_len = 0;
    for (uint32_t b = q->cursor + 1; q->wheel_len > 0; b++) {
        while (q->buckets[b] != SLOT_NONE) {
            uint32_t slot = q->buckets[b];

            wheel_remove(q, slot);
            far_add(q, slot);
        }
    }
    q->nr_buckets = 0;
    q->near_last_ns = INT64_MIN;
}

/* ---- slots ---- */

static void insert_later(struct event_queue *q, uint32_t slot)
{
    if (q->events[slot].time_ns <= q->near_last_ns)
        spill(q);
    later_add(q, slot);
}

/* Put the event of @slot, whose fields are set, where its time belongs. */
static inline void slot_insert(struct event_queue *q, uint32_t slot)
{
    if (q->events[slot].time_ns <= q->near_last_ns && q->heap_len < q->spill_at)
        heap_sift_up(q, q->heap_len++, slot_key(q, slot));
    else
        insert_later(q, slot);
}

/* Take the event of @slot out of heap, wheel or far. */
static void slot_extract(struct event_queue *q, uint32_t slot)
{
    uint32_t where = q->links[slot].where;

    assert(where != WHERE_FREE);
    if (where & WHERE_HEAP)
        heap_remove(q, where & ~WHERE_HEAP);
    else if (where == WHERE_FAR)
        far_remove(q, q->links[slot].prev);
    else
        wheel_remove(q, slot);
}

static inline uint32_t slot_take(struct event_queue *q)
{
    uint32_t slot = q->free_slot;

    if (slot != SLOT_NONE)
        q->free_slot = q->links[slot].next;
    else
        slot = q->fresh_slot++;
    assert(slot < q->capacity);
    return slot;
}

/* Last in, first out: the slot that was freed last is still in the cache. */
static inline void slot_free(struct event_queue *q, uint32_t slot)
{
    struct event_link *link = &q->links[slot];

    link->where = WHERE_FREE;
    link->gen = link->gen == UINT32_MAX ? 1 : link->gen + 1;
    link->next = q->free_slot;
    q->free_slot = slot;
}

/* The slot of a handle, SLOT_NONE when stale. */
static inline uint32_t handle_slot(const struct event_queue *q, event_handle handle)
{
    uint32_t slot = (uint32_t)handle;

    if (slot >= q->fresh_slot || q->links[slot].gen != handle >> 32 ||
        q->links[slot].where == WHERE_FREE)
        return SLOT_NONE;
    return slot;
}

static inline uint64_t next_seq(struct event_queue *q)
{
    assert(q->next_seq < UINT64_C(1) << SEQ_BITS);
    return q->next_seq++;
}

/* ---- life cycle ---- */

enum status event_queue_init(struct event_queue *q, uint32_t capacity)
{
    memset(q, 0, sizeof(*q));
    q->near_last_ns = INT64_MAX;
    q->next_seq = 1;
    q->spill_at = FIRST_SPILL;
    q->free_slot = SLOT_NONE;
    return event_queue_reserve(q, capacity);
}

/* realloc() of one array; false, and the array as it was, when memory ran out. */
static bool grow(void *array, size_t count, size_t size)
{
    void *old, *new;

    memcpy(&old, array, sizeof(old));
    new = reallocarray(old, count, size);
    if (!new)
        return false;
    memcpy(array, &new, sizeof(new));
    return true;
}

enum status event_queue_reserve(struct event_queue *q, uint32_t capacity)
{
    uint32_t nr_buckets = MIN_BUCKETS;

    assert(capacity > 0 && capacity <= EVENT_QUEUE_MAX);
    if (capacity <= q->capacity)
        return ST_OK;
    while (nr_buckets < capacity)
        nr_buckets *= 2;
    if (!grow(&q->events, capacity, sizeof(*q->events)) ||
        !grow(&q->links, capacity, sizeof(*q->links)) ||
        !grow(&q->heap, capacity, sizeof(*q->heap)) || !grow(&q->far, capacity, sizeof(*q->far)) ||
        !grow(&q->buckets, nr_buckets, sizeof(*q->buckets)))
        return ST_ENOMEM;
    for (uint32_t i = q->capacity; i < capacity; i++)
        q->links[i] = (struct event_link){.where = WHERE_FREE, .gen = 1};
    for (uint32_t i = q->max_buckets; i < nr_buckets; i++)
        q->buckets[i] = SLOT_NONE;
    q->capacity = capacity;
    q->max_buckets = nr_buckets;
    return ST_OK;
}

void event_queue_clear(struct event_queue *q)
{
    for (uint32_t slot = 0; slot < q->fresh_slot; slot++) {
        if (q->links[slot].where != WHERE_FREE)
            slot_free(q, slot);
    }
    for (uint32_t i = 0; i < q->nr_buckets; i++)
        q->buckets[i] = SLOT_NONE;
    q->near_last_ns = INT64_MAX;
    q->next_seq = 1;
    q->nr_buckets = 0;
    q->len = q->heap_len = q->wheel_len = q->far_len = 0;
    q->spill_at = FIRST_SPILL;
    q->free_slot = SLOT_NONE;
    q->fresh_slot = 0;
}

void event_queue_release(struct event_queue *q)
{
    free(q->events);
    free(q->links);
    free(q->heap);
    free(q->far);
    free(q->buckets);
    memset(q, 0, sizeof(*q));
}

/* ---- use ---- */

event_handle event_queue_push(struct event_queue *q, int64_t time_ns, int16_t prio, uint16_t kind,
                              uint32_t index, uint32_t data)
{
    assert(time_ns > INT64_MIN);
    if (q->len == q->capacity)
        return EVENT_NONE;

    uint32_t slot = slot_take(q);
    struct event *e = &q->events[slot];

    e->time_ns = time_ns;
    e->seq = next_seq(q);
    e->index = index;
    e->data = data;
    e->kind = kind;
    e->prio = prio;
    e->slot = slot;
    q->len++;
    slot_insert(q, slot);
    return (event_handle)q->links[slot].gen << 32 | slot;
}

bool event_queue_pop(struct event_queue *q, struct event *out)
{
    if (q->len == 0)
        return false;
    if (q->heap_len == 0)
        heap_refill(q);

    uint32_t slot = q->heap[0].slot;

    *out = q->events[slot];
    q->len--;
    q->heap_len--;
    if (q->heap_len > 0)
        heap_sift_down(q, 0, q->heap[q->heap_len]);
    slot_free(q, slot);
    return true;
}

const struct event *event_queue_peek(struct event_queue *q)
{
    if (q->len == 0)
        return NULL;
    if (q->heap_len == 0)
        heap_refill(q);
    return &q->events[q->heap[0].slot];
}

bool event_queue_cancel(struct event_queue *q, event_handle handle)
{
    uint32_t slot = handle_slot(q, handle);

    if (slot == SLOT_NONE)
        return false;
    slot_extract(q, slot);
    slot_free(q, slot);
    q->len--;
    return true;
}

bool event_queue_move(struct event_queue *q, event_handle handle, int64_t time_ns)
{
    uint32_t slot = handle_slot(q, handle);

    assert(time_ns > INT64_MIN);
    if (slot == SLOT_NONE)
        return false;

    struct event *e = &q->events[slot];
    uint32_t where = q->links[slot].where;

    e->seq = next_seq(q);
    if (where & WHERE_HEAP && time_ns <= q->near_last_ns) {
        e->time_ns = time_ns;
        heap_settle(q, where & ~WHERE_HEAP, slot_key(q, slot));
        return true;
    }
    slot_extract(q, slot);
    e->time_ns = time_ns;
    slot_insert(q, slot);
    return true;
}

const struct event *event_queue_get(const struct event_queue *q, event_handle handle)
{
    uint32_t slot = handle_slot(q, handle);

    return slot == SLOT_NONE ? NULL : &q->events[slot];
}

bool event_queue_pending(const struct event_queue *q, event_handle handle)
{
    return handle_slot(q, handle) != SLOT_NONE;
}

uint32_t event_queue_len(const struct event_queue *q)
{
    return q->len;
}
