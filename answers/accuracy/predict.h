/*
 * predict.h - forecast captured migrations from what stands before their `migrate` command.
 *
 * Many equally likely guests (tracer/fit.h), each with host constants drawn within their
 * calibration's spread, go through the engine; the forecast is the likeliest outcome, the medians
 * of its runs and their p5-p95. Captures of one link group are simulated together on their shared
 * link.
 */
#ifndef MIGCAST_ANSWERS_PREDICT_H
#define MIGCAST_ANSWERS_PREDICT_H

#include "answers/accuracy/calibration.h"
#include "base/status.h"
#include "sim/result.h"
#include "tracer/facts.h"
#include "tracer/fit.h"

enum {
    PREDICT_SAMPLES = 400,
    PREDICT_ROUNDS_MAX = 4096
};

struct interval {
    double low, high; /* p5, p95 */
};

struct prediction {
    struct mig_result result; /* outcome and medians; strings are static */
    double outcome_share;     /* of the samples that ended this way */
    double share[OUTCOME_NR];
    struct interval total_ns, downtime_ns, transferred_bytes, rounds, max_throttle_pct;
    /* what the forecast went by */
    struct fit fit; /* its samples are released; the summary stays */
    double resident_bytes, resident_spread_bytes;
    uint32_t nr_measurements;
    bool calibrated;
};

struct predict_options {
    const struct costs_file *calibration; /* borrowed */
    uint64_t seed;
    uint32_t samples; /* 0 = PREDICT_SAMPLES */
    double cpu_need;  /* > 0: of every guest, instead of the fitted one (calibrate) */
    /* Called with each sample's run of each member, for those who need the way and not only the
     * end (live.c); NULL = nobody.  @rounds: at most PREDICT_ROUNDS_MAX, of all members. */
    void (*each)(void *ctx, size_t member, const struct mig_result *row,
                 const struct mig_round *rounds);
    void *each_ctx;
};

/* predict_group - forecast @nr captures that share a link (or one that does not).  Only header and
 * `before` of the facts are read. */
enum status predict_group(const struct trace_facts *const *facts, size_t nr,
                          const struct predict_options *options, struct prediction *out,
                          struct diag *diag);

/* predict_all - any set of captures: groups are found by link.group and forecast together.
 * @out[i] belongs to facts[i].  A group of which not all members are given is forecast with those
 * given. */
enum status predict_all(const struct trace_facts *facts, size_t nr,
                        const struct predict_options *options, struct prediction *out,
                        struct diag *diag);

/* What a capture says of the guest's memory with content, as far as its host is known. */
struct predict_memory {
    double bytes;
    /* Standard deviations of what it may be less, and more: what is not the guest's, or is zero, is
     * more or less than usual. */
    double less, more;
};

/* predict_memory_of - from the guest's own resident memory, and what was seen to be zero in it,
 * else the process's, else all of it. */
struct predict_memory predict_memory_of(const struct trace_facts *facts,
                                        const struct costs_file_part *part);

/* predict_zero_writes - share of the pages that changed before `migrate` and were zero then; 0
 * where nobody looked. */
double predict_zero_writes(const struct trace_facts *facts);

/* predict_lacks - what a capture lacks for a forecast worth scoring, as a sentence, or NULL. */
const char *predict_lacks(const struct trace_facts *facts);

/* Payload of a tbf-limited link over its nominal rate: 1448 / 1514 (tbf counts the Ethernet header,
 * not the preamble); our captures give 0.956-0.959. */
#define PREDICT_TBF_EFFICIENCY (1448.0 / 1514.0)

/* The setup of a capture's migration, without its dirty model and its spreads; shared with replay.
 */
struct setup;
void predict_setup_vm(struct setup *s, uint32_t i, const struct trace_facts *f,
                      const struct costs_file_part *part);
void predict_setup_link(struct setup *s, const struct trace_facts *f,
                        const struct costs_file_part *part);

#endif
