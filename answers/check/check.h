/*
 * check.h - the regression gate: are these scenarios, or these forecasts, as good as they were?
 *
 * A scenario is simulated with the seed and the replications of its baseline, so that replication i
 * then and now meet the same luck wherever the same things are drawn; each measure is compared pair
 * by pair (paired.h).  What differs must be both sure (p, corrected over all figures that are
 * looked at) and larger than the noise floor to be called a change.  A scenario whose inputs and
 * program are unchanged gives the same values to the last digit, so it can raise no alarm.
 */
#ifndef MIGCAST_ANSWERS_CHECK_H
#define MIGCAST_ANSWERS_CHECK_H

#include <stdatomic.h>

#include "answers/check/check_file.h"
#include "answers/check/paired.h"
#include "answers/variant.h"
#include "tracer/facts.h"

enum check_verdict {
    CHECK_REGRESSED,
    CHECK_IMPROVED,
    CHECK_SAME,   /* no change that is both sure and above the noise floor */
    CHECK_UNSURE, /* the values differ, but there are too few pairs to judge */
    CHECK_NEW,    /* not in the baseline */
    CHECK_GONE,   /* only in the baseline */
    CHECK_VERDICTS
};

const char *check_verdict_name(enum check_verdict verdict); /* "regressed", "no change" ... */
const char *check_verdict_key(enum check_verdict verdict);  /* for JSON: "no_change" ... */

/* What is measured of each VM or each class. */
enum check_by {
    CHECK_BY_AUTO, /* VMs up to CHECK_VMS of them, classes beyond */
    CHECK_BY_VM,
    CHECK_BY_CLASS,
    CHECK_BY_NONE
};

enum {
    CHECK_VMS = 200,
    CHECK_VMS_MOST = 2000,  /* of CHECK_BY_VM */
    CHECK_REPLICATIONS = 30 /* of a new baseline, unless the scenario asks for more */
};

#define CHECK_ALPHA 0.05
#define CHECK_NOISE 0.01

struct check_options {
    double alpha;          /* chance of any false alarm in a scenario that did not change */
    double noise;          /* share by which a figure must differ */
    const uint64_t *seed;  /* NULL = the baseline's, else the scenario's */
    uint32_t replications; /* 0 = the baseline's, else CHECK_REPLICATIONS or the scenario's */
    enum check_by by;
    const char *const *measures; /* further ones, as sim/measure.h writes them */
    size_t nr_measures;
    const char *version; /* of the program */
    uint32_t jobs;
    const atomic_int *stop;
};

/* check_default - alpha, noise and nothing else. */
struct check_options check_default(void);

/* One figure, then and now. */
struct check_finding {
    const char *measure, *vm; /* as in struct check_series */
    enum value_unit unit;
    enum check_verdict verdict;
    bool less; /* smaller is better */
    struct paired_result test;
    double p;      /* corrected; what alpha is held against */
    size_t seq;    /* its place among the measures */
    double change; /* share of the value before; infinite from 0; NaN = cannot be said */
};

/* An input that is not as it was.  before or now is NULL where it was or is the built-in default.
 */
struct check_change {
    const char *section, *key, *before, *now;
    const char *file; /* where it stands; NULL = nowhere any more */
    unsigned long line;
    size_t seq;   /* its place in the scenario */
    double share; /* of why_of that setting it back alone takes back; NaN = not known */
};

struct check_result {
    struct arena *arena; /* what the texts below live in, beside the two entries */
    const struct check_entry *before, *now; /* borrowed; before NULL = not in the baseline */
    bool inputs_differ, version_differs, seed_differs, samples_differ;
    size_t nr_changes, nr_findings, nr_wholes;
    struct check_change *changes; /* inputs, in the order of the scenario, or as check_why() says */
    const char *why_of; /* the measure that shares speak of; NULL = they were not looked for */
    struct check_finding *findings; /* nr_wholes of the whole, then of VMs, worst first */
    size_t nr[CHECK_VERDICTS];
    double alpha, noise;
};

/**
 * check_simulate - the entry of a scenario as it is now
 * @base:    the file and its overrides
 * @before:  its entry in the baseline, or NULL: gives seed, replications and VMs or classes
 * @arena:   everything in @out lives there
 *
 * ST_OK; ST_EINPUT for a scenario or a measure that is wrong; ST_EINTR.
 */
enum status check_simulate(const struct variant_base *base, const struct check_entry *before,
                           const struct check_options *options, struct arena *arena,
                           struct check_entry *out, struct diag *diag);

/**
 * check_traces - the errors of forecasts of captures, as an entry called "traces"
 *
 * A sample is a configuration: its repeats share a value, their mean.  Measures:
 * predict.total_error, predict.wrong_outcome, predict.downtime_error, predict.bytes_error,
 * predict.uncovered, replay.total_error, replay.downtime_error.  Each capture is judged with
 * constants learned from the other configurations, as `score` does.
 */
enum status check_traces(const struct trace_facts *facts, size_t nr,
                         const struct check_entry *before, const struct check_options *options,
                         struct arena *arena, struct check_entry *out, struct diag *diag);

/**
 * check_compare - @now against @before (NULL = all is new)
 *
 * Half of alpha goes to the measures of the whole and half to those of VMs, each half corrected by
 * Holm's method, so that a thousand VMs do not hide a change of the whole.  ST_OK or ST_ENOMEM;
 * release in both cases.
 */
enum status check_compare(const struct check_entry *before, const struct check_entry *now,
                          const struct check_options *options, struct check_result *out);
void check_release(struct check_result *result);

enum {
    CHECK_WHY_MOST = 8 /* changed inputs that are looked at one by one */
};

/**
 * check_why - which changed inputs the worst regression of the whole comes from
 *
 * Simulates the scenario once for each of 2 to CHECK_WHY_MOST changed inputs, that one set back to
 * its old value, and orders @result->changes by the share of the regression that this takes back.
 * Does nothing where there is nothing to tell apart.  ST_OK, ST_EINTR or ST_ENOMEM.
 */
enum status check_why(const struct variant_base *base, const struct check_options *options,
                      struct check_result *result);

#endif
