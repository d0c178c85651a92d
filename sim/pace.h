/*
 * pace.h - migrations that go at the common pace of a link, each without a plan of its own.
 *
 * A thousand migrations on one full link all change speed whenever one of them ends.  Where only
 * the link bounds what is sent, speed does not matter until the next decision, only how much the
 * link has served.  So a migration whose link leads (sim/network/network_lead.c) may give up its
 * plan and wait for the moment at which the link will have served it so much; those moments keep
 * their order whatever the speed, and only the first of a link needs an event.  Mostly that moment
 * is the decision itself; where something else may bind before, the migration plans again then.
 *
 * Only links whose pace did move are waited for in this way, and where it did not move while a
 * migration waited, that one sends exactly as with a plan of its own.  Where it did, the last
 * window (100 ms) before the wait ends counts as one at the new speed, and the decision comes at
 * the end of a call as they were when the wait began: where in between windows and calls lay is not
 * known.
 */
#ifndef MIGCAST_SIM_PACE_H
#define MIGCAST_SIM_PACE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "sim/event_queue.h"

struct sim;
struct mig;
struct pace_due;

#define PACE_NONE UINT32_MAX

/* One link. */
struct pace {
    double served;         /* bytes per weight, since somebody waits */
    double level;          /* bytes/s per weight, now */
    double ceiling;        /* ... that those who wait have reckoned with */
    uint64_t moves;        /* of the level, in this run */
    int64_t at_ns;         /* of `served` */
    int64_t due_ns;        /* of the event */
    event_handle event;    /* pending, or none */
    struct pace_due *heap; /* of those who wait */
    uint32_t nr, cap;
    uint32_t next_moved; /* of those with moves */
};

/* Part of struct mig: how it waits. */
struct pace_wait {
    uint32_t link;   /* PACE_NONE = it has a plan of its own */
    bool decides;    /* it waits for its next decision */
    uint32_t round;  /* that was planned last */
    uint64_t seen;   /* moves of the link when the wait began, or was settled */
    uint64_t before; /* moves of its link when the round before that was first planned */
    uint64_t now;    /* ... when that round was */
    uint64_t left;   /* if it decides: pages pending then */
    double from;     /* bytes per weight that the link had served when the sender was where it is */
    double due;      /* ... that it will have served when the wait is over */
};

enum status pace_init(struct sim *sim); /* of a network that has its links */
void pace_release(struct sim *sim);
void pace_begin_run(struct sim *sim);

/* pace_enter - give up the plan, if that is possible and worth it.  @m is settled and has a share.
 */
bool pace_enter(struct sim *sim, struct mig *m);
/* pace_settle - send what was served until now; the wait goes on. */
void pace_settle(struct sim *sim, struct mig *m);
/* pace_leave - the wait is over: the migration needs a plan, or ends.  Settle first. */
void pace_leave(struct sim *sim, struct mig *m);

/* pace_moved - the network has new levels for the links in its list `moved`: before anybody asks.
 */
void pace_moved(struct sim *sim);
/* pace_rearm - after everybody who had to know does. */
void pace_rearm(struct sim *sim);
/* pace_event - the first of those who wait for @link has been served. */
void pace_event(struct sim *sim, uint32_t link);

#endif
