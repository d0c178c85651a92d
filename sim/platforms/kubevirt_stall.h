/*
 * kubevirt_stall.h - KubeVirt 1.9's stall detector (alpha): when to stop waiting for pre-copy.
 *
 * Numbers in, a decision out; knows no clock and no migration.  At each start of a round it gets
 * what remains to send.  Once that has stopped falling over a window, the detector waits for a
 * round that starts near the least it has seen, gets less choosy as time goes by, and then says how
 * to end the migration.
 *
 * Source: kubevirt/kubevirt v1.9.0 pkg/virt-launcher/virtwrap/stall-detector.go, VEP 248.
 * Bound: both lists hold KUBEVIRT_STALL_POINTS values.  The window's candidates fall from old to
 * new; when full, the newest replaces the last.  Of the remaining bytes seen while stalled only the
 * smallest are kept, which are the ones that are taken first.
 */
#ifndef MIGCAST_SIM_PLATFORMS_KUBEVIRT_STALL_H
#define MIGCAST_SIM_PLATFORMS_KUBEVIRT_STALL_H

#include <stdbool.h>
#include <stdint.h>

enum {
    KUBEVIRT_STALL_POINTS = 32
};

struct kubevirt_stall_options {
    double margin_ratio;         /* 4 % */
    int64_t window_ns;           /* stallProgressTimeout: 40 s */
    int64_t switchover_ns;       /* switchoverTimeout: 60 s */
    double possible_factor;      /* precopyPossibleFactor: 1.5 */
    double patience_decay_ratio; /* patienceWindowDecayFactor: 0.5 */
    double ewma_alpha;           /* 0.4 */
    double completion_factor;    /* completionTimeoutFactor: 2 */
    bool local_minimum;          /* searchLocalMinima: on */
};

struct kubevirt_stall_point {
    uint64_t elapsed_ms;
    uint64_t remaining_bytes;
};

struct kubevirt_stall { /* private */
    struct kubevirt_stall_point candidates[KUBEVIRT_STALL_POINTS];
    uint64_t history[KUBEVIRT_STALL_POINTS]; /* from small to large */
    uint32_t nr_candidates, nr_history;
    uint64_t outside_bytes; /* least remaining before the window */
    bool outside;
    bool stalled;
    bool decided; /* a switchover was ordered */
    uint64_t best_bytes;
    uint64_t patience_ms, patience_end_ms;
    double bytes_per_s; /* smoothed bandwidth; 0 = none yet */
    int64_t sampled_ns; /* the last poll that counts in it */
    struct kubevirt_stall_point last;
};

enum kubevirt_action {
    KUBEVIRT_GO_ON,
    KUBEVIRT_ABORT,
    KUBEVIRT_POSTCOPY,
    KUBEVIRT_HARD, /* any downtime */
    KUBEVIRT_SOFT  /* the downtime that is allowed */
};

struct kubevirt_stall_limits {
    int64_t elapsed_s;
    int64_t deadline_s; /* acceptableCompletionTime; 0 = none */
    int64_t max_downtime_ms;
    bool disruption, postcopy, vfio;
};

void kubevirt_stall_init(struct kubevirt_stall *s);
/* kubevirt_stall_bandwidth - @nr polls in a row saw @bytes_per_s. */
void kubevirt_stall_bandwidth(struct kubevirt_stall *s, const struct kubevirt_stall_options *o,
                              double bytes_per_s, int64_t nr);
/* kubevirt_stall_round - a round begins with @remaining_bytes at @elapsed_ms of the migration;
 * true while stalled: ask kubevirt_stall_decide(). */
bool kubevirt_stall_round(struct kubevirt_stall *s, const struct kubevirt_stall_options *o,
                          uint64_t elapsed_ms, uint64_t remaining_bytes);
enum kubevirt_action kubevirt_stall_decide(const struct kubevirt_stall *s,
                                           const struct kubevirt_stall_options *o,
                                           const struct kubevirt_stall_limits *l);
/* kubevirt_stall_downtime_ms - how long what remained at the last round's start takes; 0 when no
 * bandwidth is known. */
uint32_t kubevirt_stall_downtime_ms(const struct kubevirt_stall *s);
/* kubevirt_stall_can_finish - does that fit before @deadline_s? */
bool kubevirt_stall_can_finish(const struct kubevirt_stall *s, int64_t elapsed_s,
                               int64_t deadline_s);

#endif
