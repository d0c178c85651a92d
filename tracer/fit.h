/*
 * fit.h - what the dirty-rate measurements before `migrate` say about the guest's writing.
 *
 * Three windows in whole MiB/s, often sampled, leave much open.  The answer is therefore not one
 * dirty model but a set of equally likely ones: families of writers (random, hot and cold,
 * sequential, in phases, almost idle) are drawn from wide priors, scaled to the measurements,
 * weighed by how likely the measured figures are under them, and resampled.  A forecast runs all of
 * them and reports the middle and the spread.
 */
#ifndef MIGCAST_TRACER_FIT_H
#define MIGCAST_TRACER_FIT_H

#include "base/status.h"
#include "models/params.h"
#include "tracer/facts.h"

enum fit_family {
    FIT_RANDOM,
    FIT_HOTCOLD,
    FIT_SEQUENTIAL,
    FIT_PHASED,
    FIT_BURSTS,
    FIT_NR
};

struct fit {
    size_t nr;
    struct dirty_params *samples; /* equally likely; kind DIRTY_CLASSES; owned */
    double share[FIT_NR];         /* of the weight, by family */
    double effective;             /* effective number of independent proposals behind the samples */
    double rate_low, rate_mid, rate_high; /* distinct bytes/s over one second: p5, median, p95 */
    double set_low, set_mid, set_high;    /* distinct bytes over a minute: p5, median, p95 */
};

struct fit_options {
    double resident_bytes;       /* guest memory with content: no working set is larger */
    uint64_t guest_writes_per_s; /* of one vCPU at most; 0 = unknown */
    double cpu_need;             /* as throttled guests were seen to need; 0 = unknown */
    double cpu_need_spread;
    int64_t write_period_ns; /* seen of this guest, which then counts; 0 = unknown */
    uint64_t seed;
    size_t nr_samples;
};

/* fit_before - ST_ENOMEM, or ST_OK; without measurements the samples are the priors.  Free with
 * fit_release(). */
enum status fit_before(struct fit *out, const struct facts_header *header,
                       const struct facts_before *before, const struct fit_options *options);
void fit_release(struct fit *fit);

const char *fit_family_name(enum fit_family family);

#endif
