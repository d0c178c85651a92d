/*
 * score.h - forecasts and replays of a set of captures against what happened.
 *
 * Unless a calibration is given, each capture is judged with constants learned from the others
 * (leave one out; members of a link group are left out together), so nothing is scored on what it
 * was fitted to.
 */
#ifndef MIGCAST_ANSWERS_SCORE_H
#define MIGCAST_ANSWERS_SCORE_H

#include "answers/predict.h"
#include "answers/replay.h"

struct score_row {
    const struct trace_facts *facts; /* borrowed */
    struct prediction prediction;
    struct replay replay; /* rounds released */
    bool outcome_right;
    double total_error_ratio; /* signed; 1 for a wrong outcome; NAN = nothing observed */
    double downtime_error_ns; /* signed; NAN */
    double bytes_error_ratio;
    double rounds_error, throttle_error_pct;
    bool covered_known, covered; /* total time inside p5-p95 */
    bool downtime_covered;
    bool bad; /* 25 % or more, or wrong outcome */
};

/* Absolute errors of one class of captures. */
struct score_errors {
    size_t nr;
    double p50, p90, max;
};

struct score_class {
    const char *name;
    size_t nr, outcomes_right, bad, covered, covered_of, rounds_within_1, replay_outcomes_right,
        replay_rounds_within_1;
    struct score_errors total, downtime_ns, bytes, replay_total, replay_downtime_ns;
};

enum {
    SCORE_CLASSES = 4 /* kvm, tcg alone, shared link, all */
};

struct score {
    size_t nr;
    struct score_row *rows;
    struct score_class classes[SCORE_CLASSES];
    bool left_one_out;
};

struct score_options {
    const struct costs_file *calibration; /* NULL = leave one out */
    uint64_t seed;
    void (*step)(void *arg); /* after each capture; may be NULL */
    void *step_arg;
};

/* score_traces - @facts stay borrowed by the rows.  Free with score_release(). */
enum status score_traces(const struct trace_facts *facts, size_t nr,
                         const struct score_options *options, struct score *out, struct diag *diag);
void score_release(struct score *s);

#endif
