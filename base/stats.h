/*
 * stats.h - histograms, quantiles, moments and confidence intervals.
 *
 * Knows nothing of what the numbers mean.  Distributions come from GSL.  Intervals are two-sided
 * with equal tails; a bound that the data cannot give is infinite, never a guess.
 */
#ifndef MIGCAST_BASE_STATS_H
#define MIGCAST_BASE_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "base/rng.h"
#include "base/status.h"

/* ---- histogram of counts, nanoseconds or bytes ---- */

/*
 * Buckets: values below 2^(B+1) each have their own (B = STATS_HIST_BITS = 6); from there on every
 * power of two [2^e, 2^(e+1)) is cut into 2^B equal parts.  A bucket is at most lower / 2^B wide
 * and stands for its middle, so a value read back is off by at most 2^-(B+1) = 0.79 % of the true
 * one. The whole range of uint64_t is covered.  30 KB, no allocation.
 *
 * Count, sum, least and greatest value are exact.  All fields are integers, so merging gives the
 * same bits in whatever order it is done.
 */
enum {
    STATS_HIST_BITS = 6,
    STATS_HIST_BUCKETS = (64 - STATS_HIST_BITS + 1) << STATS_HIST_BITS
};

struct stats_hist {
    uint64_t count;
    uint64_t sum_low; /* the sum has 128 bits */
    uint64_t sum_high;
    uint64_t min; /* UINT64_MAX while empty */
    uint64_t max;
    uint64_t buckets[STATS_HIST_BUCKETS];
};

void stats_hist_init(struct stats_hist *h);
void stats_hist_add(struct stats_hist *h, uint64_t value);
void stats_hist_add_many(struct stats_hist *h, uint64_t value, uint64_t times);
/* stats_hist_merge - add what @from holds to @into; they must not be the same. */
void stats_hist_merge(struct stats_hist *into, const struct stats_hist *from);

/* stats_hist_quantile - the least value that at least the share @q (0..1) of all values does not
 * exceed, within the stated error; q = 0 and q = 1 give the exact least and greatest.  0 when
 * empty. */
uint64_t stats_hist_quantile(const struct stats_hist *h, double q);

/* NAN when empty. */
double stats_hist_mean(const struct stats_hist *h);

/* ---- quantiles of an array ---- */

/* stats_sort - ascending, in place; none may be NAN. */
void stats_sort(double *values, size_t n);

/* stats_quantile_sorted - the quantile @q (0..1) of @n ascending values: linear between the values
 * whose ranks enclose q (n - 1), counted from 0 ("type 7" of Hyndman and Fan, "Sample Quantiles in
 * Statistical Packages", The American Statistician 50(4), 1996).  NAN when n = 0. */
double stats_quantile_sorted(const double *sorted, size_t n, double q);

/* stats_quantile - the same of values in any order; sorts them in place. */
double stats_quantile(double *values, size_t n, double q);

/* ---- moments ---- */

/* Mean and variance in one pass (Welford); merging two (Chan, Golub, LeVeque 1979) rounds, so merge
 * in a fixed order where the same bits are wanted. */
struct stats_moments {
    uint64_t count;
    double mean;
    double m2; /* sum of squared distances from the mean */
    double min, max;
};

#define STATS_MOMENTS_INIT                                                                         \
    {                                                                                              \
        0                                                                                          \
    }

void stats_moments_add(struct stats_moments *m, double value);
void stats_moments_merge(struct stats_moments *into, const struct stats_moments *from);
/* Of the population the values were drawn from (n - 1); NAN below two values. */
double stats_moments_variance(const struct stats_moments *m);

/* ---- intervals; @confidence is between 0 and 1, 0.95 say ---- */

struct stats_interval {
    double low, high;
};

/* stats_mean_interval - of the mean, by Student's t.  Infinite below two values. */
struct stats_interval stats_mean_interval(const struct stats_moments *m, double confidence);

/* stats_quantile_interval - of the quantile @q (strictly between 0 and 1) of the population, from
 * @n ascending values: two order statistics, chosen by the binomial distribution, so without any
 * assumption on the shape.  A side for which there are too few values is infinite. */
struct stats_interval stats_quantile_interval(const double *sorted, size_t n, double q,
                                              double confidence);

/* stats_quantile_interval_of - the same where the @n values are worth only @effective independent
 * ones (1 .. any number: more than n asks what a larger sample of the same shape would tell). */
struct stats_interval stats_quantile_interval_of(const double *sorted, size_t n, double effective,
                                                 double q, double confidence);

/* stats_proportion_interval - of a probability of which @hits in @n were seen (Wilson's score).
 * The whole of 0..1 when n = 0. */
struct stats_interval stats_proportion_interval(uint64_t hits, uint64_t n, double confidence);
/* stats_share_interval - the same of a share of values worth @effective independent ones (> 0). */
struct stats_interval stats_share_interval(double share, double effective, double confidence);

/* Values that came in groups: group g is values[start[g]] up to values[start[g + 1]]. */
struct stats_groups {
    const double *values; /* borrowed */
    const size_t *start;  /* borrowed; nr_groups + 1 of them, ascending from 0 */
    size_t nr_groups;
};

/* A figure made of @n values (n >= 1), which it may reorder. */
typedef double stats_figure(double *values, size_t n, void *arg);

/**
 * stats_bootstrap_interval - of any figure, by the percentile bootstrap
 * @out:           the interval: the equal-tailed type 7 quantiles of the resampled figures
 * @groups:        at least one group, none empty
 * @figure, @arg:  what to compute from each resample
 * @nr_resamples:  1000 or more for 95 %
 * @rng:           the only source of chance: the same stream gives the same interval
 *
 * Whole groups are drawn with replacement, as many as there are, because values within a group
 * (runs of one configuration, say) vary together and drawing them singly would make the interval
 * too narrow. Returns ST_OK or ST_ENOMEM. Source: Davison and Hinkley, "Bootstrap Methods and their
 * Application", 1997, sections 3.8 and 5.3.
 */
enum status stats_bootstrap_interval(struct stats_interval *out, const struct stats_groups *groups,
                                     stats_figure *figure, void *arg, size_t nr_resamples,
                                     double confidence, struct rng *rng);

#endif
