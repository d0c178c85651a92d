/*
 * score.h - forecasts and replays of a set of captures against what happened.
 *
 * Nothing is scored on what it was fitted to.  Without a calibration each configuration (split.h)
 * is judged with constants learned from the others; with SCORE_SPLIT the validation half is judged
 * with constants from the calibration half only, and the calibration half configuration by
 * configuration with constants from the rest of it.
 */
#ifndef MIGCAST_ANSWERS_SCORE_H
#define MIGCAST_ANSWERS_SCORE_H

#include "answers/accuracy/bands.h"
#include "answers/accuracy/baselines.h"
#include "answers/accuracy/predict.h"
#include "answers/accuracy/replay.h"
#include "answers/accuracy/split.h"
#include "base/stats.h"

/* What kind of migration a capture is, first that applies. */
enum score_kind {
    SCORE_POSTCOPY,
    SCORE_MULTIFD,
    SCORE_XBZRLE,
    SCORE_AUTO_CONVERGE,
    SCORE_EDGE, /* plain pre-copy: repeats ended differently, or completed in ten rounds or more */
    SCORE_DIVERGING,  /* ... did not complete */
    SCORE_IDLE,       /* ... completed in three rounds or fewer */
    SCORE_CONVERGING, /* ... any other */
    SCORE_KINDS
};

enum score_class {
    SCORE_KVM,  /* alone on its link */
    SCORE_TCG,  /* alone on its link */
    SCORE_LINK, /* a shared link */
    SCORE_CLASSES
};

struct score_guess { /* of a method to compare with */
    enum outcome outcome;
    double total_error_ratio; /* signed; 1 for a wrong outcome; NAN = nothing observed */
    bool bad;
};

/* A capture against the median of the other repeats of its configuration. */
struct score_repeat {
    bool known; /* there are others */
    bool outcome_right;
    double total_error_ratio, bytes_error_ratio, downtime_error_ns; /* signed; NAN */
};

struct score_row {
    const struct trace_facts *facts; /* borrowed */
    size_t config, case_no;          /* as in split.h */
    enum split_part part;
    enum score_class class;
    enum score_kind kind;
    bool forecast, replayed; /* false: the capture lacks what it takes, and says so in `missing` */
    const char *missing;
    struct costs_file costs; /* what it was judged with */
    struct prediction prediction;
    struct replay replay; /* rounds released */
    bool outcome_right;
    struct bands_excess excess;
    double total_error_ratio; /* signed; 1 for a wrong outcome; NAN = nothing observed */
    double downtime_error_ns; /* signed; NAN */
    double bytes_error_ratio;
    double rounds_error, throttle_error_pct;
    bool throttle_known, throttle_right; /* auto-converge was on; highest step right or one off */
    bool covered_known, covered;         /* total time inside p5-p95 */
    bool downtime_covered;
    bool bad; /* 25 % or more, or wrong outcome */
    struct score_guess guess[BASELINE_NR];
    struct score_repeat repeat;
};

enum score_mode {
    SCORE_LEAVE_ONE_OUT,
    SCORE_SPLIT,
    SCORE_GIVEN
};

struct score {
    size_t nr;
    struct score_row *rows; /* in the order of the captures */
    struct split split;
    enum score_mode mode;
    size_t learned_from; /* captures behind the constants of the validation half; SCORE_SPLIT */
};

struct score_options {
    enum score_mode mode;
    const struct costs_file *calibration; /* for SCORE_GIVEN */
    uint64_t seed;
    unsigned jobs;           /* threads; 0 = 1; the result does not depend on it */
    void (*step)(void *arg); /* after each capture, from any thread; may be NULL */
    void *step_arg;
};

/* score_traces - @facts stay borrowed by the rows.  Free with score_release(). */
enum status score_traces(const struct trace_facts *facts, size_t nr,
                         const struct score_options *options, struct score *out, struct diag *diag);
void score_release(struct score *s);

/* score_learn_bands - into @c, learned from all @facts: how far forecasts of each configuration
 * with constants from the others were outside their bands (bands.h).  Takes as long as scoring
 * them. */
enum status score_learn_bands(struct costs_file *c, const struct trace_facts *facts, size_t nr,
                              const struct score_options *options, struct diag *diag);

const char *score_class_name(enum score_class class); /* "kvm", "tcg (linux)", "shared link" */
const char *score_kind_name(enum score_kind kind);

/* ---- summaries (score_sum.c) ---- */

/* Absolute errors of some captures; intervals of 95 % by resampling configurations, NAN where there
 * are fewer than two. */
struct score_errors {
    size_t nr;
    double p50, p90, max;
    double bias; /* median of the signed errors */
    struct stats_interval p50_in, p90_in;
};

/* Which rows: SCORE_ANY for all of a dimension. */
enum {
    SCORE_ANY = -1
};
struct score_filter {
    int part, class, kind; /* enum split_part, score_class, score_kind */
};

struct score_sum {
    size_t nr, nr_configs;
    size_t outcomes_right, bad, covered, covered_of, downtime_covered, downtime_covered_of;
    size_t rounds_of, rounds_exact, rounds_within_1;
    size_t throttle_of, throttle_right;
    size_t outcomes[OUTCOME_NR][OUTCOME_NR]; /* [observed][forecast] */
    size_t limit_kept[2][2];                 /* downtime within its limit: [observed][forecast] */
    struct score_errors total, downtime_ns, bytes;
    size_t replayed, replay_outcomes_right, replay_rounds_within_1;
    struct score_errors replay_total, replay_downtime_ns;
    size_t repeats, repeat_outcomes_right;
    struct score_errors repeat_total, repeat_downtime_ns, repeat_bytes;
    size_t guess_bad[BASELINE_NR], guess_right[BASELINE_NR];
    struct score_errors guess_total[BASELINE_NR];
};

/* score_summarise - of the rows that pass @filter; the same seed gives the same intervals. */
enum status score_summarise(const struct score *s, struct score_filter filter, uint64_t seed,
                            struct score_sum *out);

/* score_worst - indices of the rows that pass, worst forecast first; at most @cap.  Returns how
 * many. */
size_t score_worst(const struct score *s, struct score_filter filter, size_t *index, size_t cap);

bool score_passes(const struct score_row *row, struct score_filter filter);

#endif
