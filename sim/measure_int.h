/*
 * measure_int.h - the values that a measure speaks of, and what they tell.  Private to measure*.c.
 */
#ifndef MIGCAST_SIM_MEASURE_INT_H
#define MIGCAST_SIM_MEASURE_INT_H

#include "base/stats.h"
#include "sim/measure.h"

/* Values in row order; group g is values[start[g]] up to values[start[g + 1]]. */
struct measure_sample {
    double *values;
    double *sorted; /* all of them, ascending */
    size_t *start;
    uint32_t *replication; /* of each group */
    size_t nr, nr_groups;  /* no group is empty */
};

/* measure_collect - sorted is left NULL.  ST_OK or ST_ENOMEM; release in both cases. */
enum status measure_collect(struct measure_sample *s, const struct scenario *sc,
                            const struct run_result *run, const struct measure *m);
void measure_sample_release(struct measure_sample *s);
/* measure_sample_sort - fills sorted.  False when memory ran out. */
bool measure_sample_sort(struct measure_sample *s);

/* measure_value - the statistic of @nr ascending values, nr >= 1. */
double measure_value(const struct measure *m, const double *sorted, size_t nr);
/* measure_interval - of a sorted sample with values, @times as large as it is. */
struct stats_interval measure_interval(const struct measure_sample *s, const struct measure *m,
                                       double times);
/* measure_effective - how many independent rows the sample is worth to this measure. */
double measure_effective(const struct measure_sample *s, const struct measure *m);

#endif
