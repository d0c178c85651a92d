/*
 * event_queue.h - the set of pending events, in total order.
 *
 * Events leave by earlier time_ns, then higher prio, then lower seq (the order in which they were
 * pushed or last moved), whatever else is in the queue.  Any pending event can be cancelled or
 * moved by its handle.  Nothing is allocated after event_queue_init() or event_queue_reserve().
 *
 * Cost: push, cancel and move of a later event O(1), pop O(1) amortised while times are spread out,
 * O(log n) amortised at worst (all times equal or wildly skewed).  Memory: about 84 bytes for each
 * event of capacity.
 */
#ifndef MIGCAST_SIM_EVENT_QUEUE_H
#define MIGCAST_SIM_EVENT_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* One event, by value.  It names VMs, migrations and hosts by index, never by pointer. */
struct event {
    int64_t time_ns;
    uint64_t seq;   /* set by the queue; 1 for the first push after init or clear */
    uint32_t index; /* what the event is about; the queue does not look at it */
    uint32_t data;  /* likewise */
    uint16_t kind;  /* likewise */
    int16_t prio;   /* among equal times the higher goes first */
    uint32_t slot;  /* set by the queue; private */
};

_Static_assert(sizeof(struct event) == 32, "two events to a cache line");

/* Names one pending event.  Stays good through moves; stale once the event has left the queue
 * (popped, cancelled or cleared), and then recognised as stale until its slot has been reused 2^32
 * times.  EVENT_NONE names nothing and is always stale. */
typedef uint64_t event_handle;

#define EVENT_NONE ((event_handle)0)

enum {
    EVENT_QUEUE_MAX = 1 << 28 /* largest capacity */
};

struct event_link;
struct event_key;

struct event_queue { /* private */
    uint32_t capacity;
    uint32_t max_buckets;
    struct event *events;     /* by slot */
    struct event_link *links; /* by slot: where the event is, and its generation */
    struct event_key *heap;   /* near events */
    uint32_t *far;            /* slots of events past the wheel */
    uint32_t *buckets;        /* wheel: first slot of each bucket's list */

    uint64_t next_seq;
    int64_t near_last_ns; /* events up to and including this time are in the heap */
    int64_t base_ns;      /* time at which bucket 0 begins */
    uint32_t shift;       /* a bucket is 2^shift ns wide */
    uint32_t nr_buckets;  /* in use now */
    uint32_t cursor;      /* buckets up to and including this one are drained */
    uint32_t len;
    uint32_t heap_len;
    uint32_t wheel_len;
    uint32_t far_len;
    uint32_t spill_at;   /* heap length at which everything is spread out anew */
    uint32_t free_slot;  /* head of the list of slots used before */
    uint32_t fresh_slot; /* slots from here on have not been used since init or clear */
};

/* event_queue_init - room for @capacity events, 1..EVENT_QUEUE_MAX.
 * ST_ENOMEM when memory ran out: @q is then empty and may be released. */
enum status event_queue_init(struct event_queue *q, uint32_t capacity);

/* event_queue_reserve - raise the capacity; pending events and handles stay.  The only call that
 * grows a queue, meant for the time between runs.  On ST_ENOMEM the queue is as it was. */
enum status event_queue_reserve(struct event_queue *q, uint32_t capacity);

/* event_queue_clear - drop all events, keep the memory, count seq from 1 again.  All handles given
 * out so far are stale. */
void event_queue_clear(struct event_queue *q);

/* event_queue_release - free the memory.  A zeroed or released queue may be released again. */
void event_queue_release(struct event_queue *q);

/* event_queue_push - add an event; any @time_ns above INT64_MIN, also before events already popped.
 * Returns its handle, or EVENT_NONE when the queue is full (and then unchanged). */
event_handle event_queue_push(struct event_queue *q, int64_t time_ns, int16_t prio, uint16_t kind,
                              uint32_t index, uint32_t data);

/* event_queue_pop - take the first event out into @out.  False, and @out untouched, when empty. */
bool event_queue_pop(struct event_queue *q, struct event *out);

/* event_queue_peek - the first event, NULL when empty.  Borrowed until the next change. */
const struct event *event_queue_peek(struct event_queue *q);

/* event_queue_cancel - take the event of @handle out.  False when the handle is stale. */
bool event_queue_cancel(struct event_queue *q, event_handle handle);

/* event_queue_move - give a pending event a new time.  It counts as pushed now (new seq, so it goes
 * behind events of that time and prio), and keeps its handle.  False when the handle is stale. */
bool event_queue_move(struct event_queue *q, event_handle handle, int64_t time_ns);

/* event_queue_get - the pending event of @handle, NULL when stale.  Borrowed until the next change.
 */
const struct event *event_queue_get(const struct event_queue *q, event_handle handle);

bool event_queue_pending(const struct event_queue *q, event_handle handle);
uint32_t event_queue_len(const struct event_queue *q);

#endif
