/*
 * measure_interval.c - what a sample of clusters tells of a figure.
 *
 * A replication is a cluster.  The formulas and their sources are in measure.h; where the values
 * come from is measure.c.
 */
#include <assert.h>
#include <math.h>

#include <gsl/gsl_cdf.h>

#include "sim/measure_int.h"

static double student(double degrees)
{
    return gsl_cdf_tdist_Qinv((1.0 - MEASURE_CONFIDENCE) / 2.0, degrees);
}

/* One independent value a row? */
static bool rows_are_alone(const struct measure_sample *s)
{
    return s->nr_groups < 2 || s->nr_groups == s->nr;
}

/* The value itself, or whether it is at most @at. */
static double seen(double value, double at)
{
    if (isnan(at))
        return value;
    return value <= at ? 1.0 : 0.0;
}

/* Variance of the mean of what is seen, from the sums by which clusters differ from it. */
static double cluster_variance(const struct measure_sample *s, double at)
{
    double groups = (double)s->nr_groups, n = (double)s->nr, mean = 0.0, squares = 0.0;

    assert(s->nr_groups >= 2);
    for (size_t i = 0; i < s->nr; i++)
        mean += (seen(s->values[i], at) - mean) / (double)(i + 1);
    for (size_t g = 0; g < s->nr_groups; g++) {
        double sum = 0.0;

        for (size_t i = s->start[g]; i < s->start[g + 1]; i++)
            sum += seen(s->values[i], at) - mean;
        squares += sum * sum;
    }
    /* sums of equal clusters differ from 0 by rounding only */
    if (squares <= 1e-24 * mean * mean * n * n)
        return 0.0;
    return groups / (groups - 1.0) * squares / (n * n);
}

/* The share of values that the statistic cuts off, and the value at which. */
static double cut(const struct measure_sample *s, const struct measure *m, double *at)
{
    size_t below = 0;

    *at = m->statistic == MEASURE_RATE ? NAN : stats_quantile_sorted(s->sorted, s->nr, m->quantile);
    for (size_t i = 0; i < s->nr; i++)
        below += seen(s->values[i], *at) > 0.0;
    return (double)below / (double)s->nr;
}

double measure_effective(const struct measure_sample *s, const struct measure *m)
{
    double n = (double)s->nr, at, share, variance, worth, z;

    if (rows_are_alone(s) || m->statistic == MEASURE_MIN || m->statistic == MEASURE_MAX)
        return n;
    if (m->statistic == MEASURE_MEAN)
        return (double)s->nr_groups;
    share = cut(s, m, &at);
    variance = cluster_variance(s, at);
    if (!(variance > 0.0) || share <= 0.0 || share >= 1.0)
        return n;
    z = gsl_cdf_ugaussian_Qinv((1.0 - MEASURE_CONFIDENCE) / 2.0);
    worth = z / student((double)s->nr_groups - 1.0);
    return fmax(1.0, fmin(n, share * (1.0 - share) / variance * worth * worth));
}

static struct stats_interval mean_interval(const struct measure_sample *s, double times)
{
    bool alone = rows_are_alone(s);
    double degrees = (double)(alone ? s->nr : s->nr_groups) * times - 1.0, half;
    struct stats_moments m = STATS_MOMENTS_INIT;

    for (size_t i = 0; i < s->nr; i++)
        stats_moments_add(&m, s->values[i]);
    if (s->nr < 2 || degrees <= 0.0)
        return (struct stats_interval){-INFINITY, INFINITY};
    half = student(degrees) *
           sqrt((alone ? stats_moments_variance(&m) / (double)s->nr : cluster_variance(s, NAN)) /
                times);
    return (struct stats_interval){fmax(0.0, m.mean - half),
                                   m.mean + half}; /* no metric is below 0 */
}

struct stats_interval measure_interval(const struct measure_sample *s, const struct measure *m,
                                       double times)
{
    double value = measure_value(m, s->sorted, s->nr);
    double worth = fmax(1.0, measure_effective(s, m) * times);

    switch (m->statistic) {
    case MEASURE_MEAN:
        return mean_interval(s, times);
    case MEASURE_RATE:
        return stats_share_interval(value, worth, MEASURE_CONFIDENCE);
    case MEASURE_QUANTILE:
        return stats_quantile_interval_of(s->sorted, s->nr, worth, m->quantile, MEASURE_CONFIDENCE);
    default:
        return (struct stats_interval){value, value};
    }
}
