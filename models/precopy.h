/*
 * precopy.h - how known-dirty pages leave, window by window, without stepping every window.
 *
 * A sender repeats QEMU's loop: a decision, one iterate call (at most about 51 ms, or until the
 * window's quota is gone, or no dirty page is left), and when the quota is gone a sleep to the
 * window's end.  While windows are alike the sender jumps over all that cannot bring a decision;
 * near the end of a run of equal pages and near the threshold it goes call by call.  Cost: a
 * bounded number of steps per round.
 *
 * The sender knows pages and bytes, nothing of what the guest writes: that comes in at a sync,
 * through precopy_add().  It keeps no clock of its own but `now_ns`, which the caller moves with
 * precopy_run().
 *
 * Source: QEMU migration/migration.c migration_thread, migration_iteration_run,
 * migration_rate_limit, migration_update_counters; migration/ram.c ram_save_iterate.
 */
#ifndef MIGCAST_MODELS_PRECOPY_H
#define MIGCAST_MODELS_PRECOPY_H

#include <stdbool.h>
#include <stdint.h>

#include "models/wire.h"

#define PRECOPY_WINDOW_NS 100000000LL /* BUFFER_DELAY, 100 ms */
#define PRECOPY_CALL_NS 51000000LL    /* MAX_WAIT: more than 50 whole milliseconds */

enum {
    PRECOPY_RUNS_MAX = 5,   /* stretches of equal pages in the sweep's order: four of round 1, and
                               what became dirty since */
    PRECOPY_CALL_CHECK = 64 /* pages between two looks at the clock */
};

struct precopy_run_of_pages {
    uint64_t pages;
    enum wire_kind kind;
};

/* What bounds the sender now; all may change between two precopy_run() calls. */
struct precopy_limits {
    struct wire_cost cost[WIRE_NR];
    double quota_bytes;            /* a window's worth of max-bandwidth; INFINITY = unlimited */
    double flush_bytes[WIRE_NR];   /* counts against the quota in steps of this; 0 = page by page */
    bool flush_carries;            /* a step begun in one call is finished in the next */
    double link_bytes_per_s;       /* share of the network */
    double call_bytes;             /* end of a call */
    int64_t call_ns;               /* end of a call: multifd barrier */
    int64_t slip_ns;               /* late wake-up of a sleep */
    double switchover_bytes_per_s; /* avail-switchover-bandwidth; 0 = measured */
    double downtime_limit_ms;
    bool at_threshold; /* pending == threshold is enough (10.1+) */
};

enum precopy_phase {
    PRECOPY_DECIDE,  /* between two calls: a decision is due */
    PRECOPY_CALL,    /* inside ram_save_iterate */
    PRECOPY_BARRIER, /* the call's pages are out, its end is not */
    PRECOPY_SLEEP    /* quota used up, waiting for the window's end */
};

struct precopy {
    int64_t now_ns;
    int64_t window_ns; /* start of the window */
    int64_t call_start_ns;
    int64_t sent_ns; /* when the last page left */
    int64_t barrier_end_ns;
    double window_bytes;    /* counted bytes since window_ns */
    double quota_used;      /* of them, since the quota was last reset; 0 without a quota */
    double threshold_bytes; /* from the last closed window; 0 before the first */
    double bandwidth;       /* of the last closed window, bytes per ms */
    double counted_bytes;   /* since the start */
    double wire_bytes;
    double bound_ns[4]; /* time spent: sleeping on the quota, on the link, on CPU, in zero pages */
    uint64_t sent_pages[WIRE_NR];
    double queued_bytes; /* of a step of the quota that is not full yet */
    uint64_t pending_pages;
    uint32_t call_pages; /* sent in this call, which takes some 51 ms */
    uint32_t windows;    /* closed so far */
    uint32_t nr_runs;
    enum precopy_phase phase;
    struct precopy_run_of_pages runs[PRECOPY_RUNS_MAX];
};

_Static_assert(sizeof(struct precopy) <= 256, "a plan copies it: four cache lines, without a loop");

enum precopy_stop {
    PRECOPY_STOP_TIME,    /* until_ns reached, maybe in the middle of a call */
    PRECOPY_STOP_LOW,     /* at a decision: pending is below the threshold; a sync is due */
    PRECOPY_STOP_DECISION /* at a decision, which the caller asked for */
};

/* precopy_init - an empty sender whose first window opens at @now_ns. */
void precopy_init(struct precopy *p, int64_t now_ns);

/* precopy_add - @pages of @kind became dirty; they leave after what is already there. */
void precopy_add(struct precopy *p, uint64_t pages, enum wire_kind kind);

/* precopy_run - send until @until_ns, or until a decision that needs the caller.
 * @each_decision: stop at the next decision, whatever is pending.
 * Splitting a run at any moment gives the same result as not splitting it. */
enum precopy_stop precopy_run(struct precopy *p, const struct precopy_limits *l, int64_t until_ns,
                              bool each_decision);

/* precopy_reach - bytes on the wire that leave for sure, bound by the link alone and without a
 * decision that can differ, while the link gives at most @most bytes/s; 0 = not so, or too few to
 * be worth it. */
double precopy_reach(const struct precopy *p, const struct precopy_limits *l, double most);

/* precopy_keeps_pace - all that is pending leaves bound by the link alone, while the link gives at
 * most @most bytes/s: where the next decision comes is a matter of bytes, not of time. */
bool precopy_keeps_pace(const struct precopy *p, const struct precopy_limits *l, double most);

/* precopy_left - pages pending at the next decision that may need the caller, if
 * precopy_keeps_pace() and the link gives what @l says now and at most @most bytes/s then: exact
 * from the start of a window on and with pages of one kind, else within a call. */
uint64_t precopy_left(const struct precopy *p, const struct precopy_limits *l, double most);

/* precopy_bytes_to - on the wire, of the pages that go until only @left are pending. */
double precopy_bytes_to(const struct precopy *p, const struct precopy_limits *l, uint64_t left);

/* precopy_glide - the link carried @bytes until @now_ns, of what precopy_reach() or
 * precopy_keeps_pace() allow, at rates
 * that nobody followed.  The whole pages among them are sent and counted like those of
 * precopy_run(); where its windows lay is not known, so one like those at @l's rate has just
 * closed. Returns the bytes of these pages. */
double precopy_glide(struct precopy *p, const struct precopy_limits *l, double bytes,
                     int64_t now_ns);

/* precopy_catch_up - the link of @l has another speed from @now_ns on, and has sent @bytes of the
 * page under way.  If that took longer than a window (link all but gone), the page looks as if it
 * had begun as long ago as the new speed would take for @bytes. */
void precopy_catch_up(struct precopy *p, const struct precopy_limits *l, double bytes,
                      int64_t now_ns);

/* precopy_begin_quota - from no quota to one: what this window has sent counts. */
void precopy_begin_quota(struct precopy *p);

/* precopy_call - the decision was to go on: begin the next iterate call.  Phase must be
 * PRECOPY_DECIDE. */
void precopy_call(struct precopy *p);

/* precopy_asks_exact - what is pending is so little that QEMU wants the exact figure: a sync. */
bool precopy_asks_exact(const struct precopy *p);

/* precopy_is_low - the switchover test on what is pending now. */
bool precopy_is_low(const struct precopy *p, const struct precopy_limits *l);

/* precopy_rate - counted bytes per second while pages of @kind are at the head, capped by
 * everything. */
double precopy_demand(const struct precopy_limits *l, enum wire_kind kind);

#endif
