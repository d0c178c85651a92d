/*
 * replay.h - re-enact a capture: what it measured goes in, what the engine decides comes out.
 *
 * In (replay_observed.h): dirty pages found at each sync, bandwidth, zero and non-zero pages, bytes
 * of a page, the sender's lateness, the speed of post-copy's push, the orders given (post-copy,
 * cancel, parameter changes).  Out, from the engine alone: number and moments of syncs, throttle
 * steps, switchover, downtime, bytes.  Constants of a stop-and-copy without a link come from the
 * calibration, which should be learned from other captures; over a link its bandwidth is measured.
 */
#ifndef MIGCAST_ANSWERS_REPLAY_H
#define MIGCAST_ANSWERS_REPLAY_H

#include "answers/accuracy/calibration.h"
#include "base/status.h"
#include "sim/result.h"
#include "tracer/facts.h"

enum {
    REPLAY_ROUNDS_MAX = 4096
};

struct replay {
    struct mig_result simulated;
    size_t nr_rounds;
    struct mig_round *rounds; /* owned */
    double total_error_ratio; /* (simulated - observed) / observed; NAN = nothing to compare */
    double downtime_error_ns; /* simulated - observed; NAN */
    double bytes_error_ratio;
    int64_t rounds_error;
    bool outcome_agrees;
    uint32_t steps_observed, steps_simulated, steps_agree; /* throttle steps, compared in order */
    double sync_shift_ns; /* largest distance between the same sync observed and simulated; NAN */
};

enum status replay_trace(const struct trace_facts *facts, const struct costs_file *calibration,
                         struct replay *out, struct diag *diag);
void replay_release(struct replay *r);

/* replay_lacks - what a capture lacks for a replay, as a sentence, or NULL. */
const char *replay_lacks(const struct trace_facts *facts);

/* The outcome a capture had, in the engine's words; OUTCOME_QUEUED = not known. */
enum outcome replay_observed_outcome(const struct trace_facts *facts);

#endif
