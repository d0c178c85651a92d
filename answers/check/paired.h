/*
 * paired.h - did a figure change between two sets of runs that are paired?
 *
 * Knows nothing of migrations: pairs of numbers in, size of the change, interval and p-value out.
 * The test is a symmetric studentised bootstrap of the differences (Hall, "On symmetric bootstrap
 * confidence intervals", 1988): differences are resampled with replacement, and each resample is
 * judged by its own spread, so that few pairs and long tails do not raise false alarms.  There are
 * 2000 resamples, and more where a few of them were as extreme as what was seen, until 20 were
 * (Besag and Clifford, "Sequential Monte Carlo p-values", 1991).  Where none was, the p-value is
 * carried on from the largest of them by the tail of Student's distribution with half the degrees
 * of freedom: a correction over thousands of figures needs p-values finer than resamples can give.
 */
#ifndef MIGCAST_ANSWERS_PAIRED_H
#define MIGCAST_ANSWERS_PAIRED_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum {
    PAIRED_LEAST = 5 /* pairs below which nothing is said of a difference */
};

struct paired_result {
    size_t n;         /* pairs with both values */
    size_t missing;   /* pairs of which one side alone has a value */
    double before;    /* mean over those pairs; NaN = none */
    double now;       /* likewise */
    double low, high; /* 95 % of now - before; infinite where there are too few pairs */
    double p;         /* that the difference has no direction; 1 = no difference at all */
};

/**
 * paired_test - @now against @before, @nr pairs; NaN = no value
 * @seed, @name:  name the random stream: the same ones give the same result
 *
 * Values that differ by less than a billionth are equal.  ST_OK or ST_ENOMEM.
 */
enum status paired_test(const double *before, const double *now, size_t nr, uint64_t seed,
                        const char *name, struct paired_result *out);

/**
 * paired_holm - p-values corrected for being many (Holm, "A simple sequentially rejective multiple
 * test procedure", 1979)
 *
 * In place.  Whatever the figures have to do with each other: a corrected value below alpha is
 * wrong for any of them with a chance of at most alpha.  ST_OK or ST_ENOMEM.
 */
enum status paired_holm(double *p, size_t nr);

#endif
