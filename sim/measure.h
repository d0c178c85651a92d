/*
 * measure.h - figures of a run by the words of thresholds: "downtime.p99",
 * "class.web.timeouts.rate".
 *
 * Reads rows and changes none; what a figure means for a goal, a plan or a gate is for others.
 * Values are in the unit of the metric: nanoseconds, bytes, ratios, counts.
 *
 * The interval is one of 95 % for the figure that endless replications would give.  Replications
 * are independent of each other, the rows of one are not (they share its draws), so the rows are
 * taken as clusters of a sample:
 *   mean      Student's t over the clusters (ratio estimate, clusters - 1 degrees of freedom)
 *   rate      Wilson's score at the effective number of rows
 *   quantile  two order statistics, as Woodruff ("Confidence intervals for medians and other
 *             position measures", 1952), at the effective number of rows
 *   min, max  none: they speak of the rows alone; low = high = value
 * The effective number of rows is that of Korn and Graubard ("Confidence intervals for proportions
 * with small expected number of positive counts", 1998), never more than the rows there are.  One
 * replication alone tells nothing of the spread between replications: its rows are then taken as
 * independent.  A side that the rows cannot bound is infinite.
 */
#ifndef MIGCAST_SIM_MEASURE_H
#define MIGCAST_SIM_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/strbuf.h"
#include "sim/result.h"

struct scenario;
struct scn_metric;

enum measure_scope {
    MEASURE_ALL,
    MEASURE_CLASS, /* a [vm] section */
    MEASURE_VM     /* one VM */
};

enum measure_statistic {
    MEASURE_MIN,
    MEASURE_MEAN,
    MEASURE_MAX,
    MEASURE_QUANTILE,
    MEASURE_RATE
};

enum {
    MEASURE_NAME = 144 /* room for the name of a class or of a VM */
};

#define MEASURE_CONFIDENCE 0.95

struct measure {
    const struct scn_metric *metric; /* a row of scn_metrics */
    enum measure_scope scope;
    enum measure_statistic statistic;
    double quantile;         /* 0..1, of MEASURE_QUANTILE */
    char name[MEASURE_NAME]; /* of the class or VM; "" for MEASURE_ALL */
};

struct measured {
    double value;          /* NaN = no row has such a value; then low and high are NaN too */
    double low, high;      /* see above */
    uint64_t n;            /* rows that count; replications for what there is one of in each */
    uint64_t effective;    /* independent ones they are worth */
    uint32_t replications; /* that had at least one */
    enum value_unit unit;
};

/**
 * measure_parse - read "[class.NAME.|vm.NAME.]METRIC.STATISTIC"
 *
 * STATISTIC is min, mean, max or a percentile (p50, p99.9) of a metric that spreads, rate of an
 * outcome.  The name may hold points.  Whether a class or VM of that name exists is for those who
 * have a scenario.  ST_EINPUT with what and hint in @diag.
 */
enum status measure_parse(const char *text, struct measure *out, struct diag *diag);
/* measure_print - the text that measure_parse() reads back to the same. */
void measure_print(const struct measure *m, struct strbuf *out);

/* measure_wanted_less - is a smaller value the better one?  False of "completed" and "moved". */
bool measure_wanted_less(const struct measure *m);

/* measure_of - @m over all rows of @run, which @sc gave.  ST_OK or ST_ENOMEM. */
enum status measure_of(const struct scenario *sc, const struct run_result *run,
                       const struct measure *m, struct measured *out);

/**
 * measure_replications - @m of each replication alone
 * @values:  room for run->replications values, by replication counted from run->first_replication;
 *           NaN where a replication has no such value
 * Runs of one seed are paired: value i of one belongs to value i of the other.
 */
enum status measure_replications(const struct scenario *sc, const struct run_result *run,
                                 const struct measure *m, double *values);

/**
 * measure_decide - how many replications until the interval leaves @limit on one side
 *
 * Taken that more rows look like those there are.  @out is 0 where no million of them would do (the
 * value is the limit, or there are too few rows to tell), and the present number where it is
 * decided already.  ST_OK or ST_ENOMEM.
 */
enum status measure_decide(const struct scenario *sc, const struct run_result *run,
                           const struct measure *m, double limit, uint32_t *out);

#endif
