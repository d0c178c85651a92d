/*
 * replay_observed.h - what a capture measured while it migrated, in the engine's terms.
 *
 * Counters and clocks of the capture only: dirty pages of each sync, bandwidth, bytes of a page,
 * how late the sender woke, how fast post-copy pushed.  Nothing of when the engine decided.
 */
#ifndef MIGCAST_ANSWERS_REPLAY_OBSERVED_H
#define MIGCAST_ANSWERS_REPLAY_OBSERVED_H

#include "base/status.h"
#include "sim/sim.h"
#include "tracer/facts.h"

struct replay_observed {
    struct sim_observed sim; /* points into the arrays below */
    uint64_t *dirty;         /* newly dirty pages of each sync */
    int64_t *sync_ns;        /* when it was */
    double *page_bytes;      /* counted bytes of a page of each round; 0 = not seen */
    int64_t *at_ns;          /* when a rate begins */
    double *rate;            /* bytes/s on the wire */
    bool every_poll;         /* rates of stretches between polls, all of what the sender did */
    uint64_t zero_pages;     /* found in round 1 */
    double fastest;          /* of the rates, bytes/s; 0 = none is finite */
    double postcopy_zero_ns; /* of one zero page in the push; < 0 = not seen */
    bool pushed;             /* the rate of the push is among the rates */
};

/* replay_observe - ST_ENOMEM, or ST_OK; free with replay_observed_release().  @scan_ns: what the
 * sender spends on a zero page. */
enum status replay_observe(struct replay_observed *out, const struct trace_facts *facts,
                           double scan_ns);
void replay_observed_release(struct replay_observed *o);

#endif
