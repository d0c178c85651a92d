/*
 * stats.c - histograms, quantiles, moments and confidence intervals.
 *
 * Leaves distribution functions, sorting and the quantile rule to GSL.  Invariant of a histogram:
 * the buckets add up to count, and min and max lie in the first and last bucket that is not empty.
 */
#include "base/stats.h"

#include <assert.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_sort.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    HIST_PARTS = 1 << STATS_HIST_BITS /* of each power of two */
};

/* ---- histogram ---- */

/* How far a value is shifted to leave STATS_HIST_BITS + 1 bits: 0 for the values counted singly. */
static unsigned hist_shift(uint64_t value)
{
    unsigned bits = value ? 64 - (unsigned)__builtin_clzll(value) : 0;

    return bits > STATS_HIST_BITS + 1 ? bits - STATS_HIST_BITS - 1 : 0;
}

static size_t hist_bucket(uint64_t value)
{
    unsigned shift = hist_shift(value);

    /* value >> shift is in [HIST_PARTS, 2 HIST_PARTS) unless shift is 0 */
    return shift * (size_t)HIST_PARTS + (size_t)(value >> shift);
}

/* The middle of a bucket. */
static uint64_t hist_value(size_t bucket)
{
    uint64_t lower;
    unsigned shift;

    if (bucket < 2 * HIST_PARTS)
        return bucket;
    shift = (unsigned)(bucket / HIST_PARTS - 1);
    lower = (uint64_t)(bucket % HIST_PARTS + HIST_PARTS) << shift;
    return lower + ((UINT64_C(1) << shift) - 1) / 2;
}

void stats_hist_init(struct stats_hist *h)
{
    memset(h, 0, sizeof(*h));
    h->min = UINT64_MAX;
}

static void hist_add_sum(struct stats_hist *h, uint64_t high, uint64_t low)
{
    h->sum_low += low;
    h->sum_high += high + (h->sum_low < low);
}

/* @a times @b in 128 bits, by halves. */
static void multiply(uint64_t a, uint64_t b, uint64_t *high, uint64_t *low)
{
    uint64_t a0 = a & UINT32_MAX, a1 = a >> 32;
    uint64_t b0 = b & UINT32_MAX, b1 = b >> 32;
    uint64_t mid = a1 * b0 + (a0 * b0 >> 32); /* below 2^64: (2^32 - 1) 2^32 at most */
    uint64_t mid_low = a0 * b1 + (mid & UINT32_MAX);

    *high = a1 * b1 + (mid >> 32) + (mid_low >> 32);
    *low = a * b;
}

void stats_hist_add_many(struct stats_hist *h, uint64_t value, uint64_t times)
{
    uint64_t high, low;

    if (times == 0)
        return;
    assert(h->count <= UINT64_MAX - times);
    multiply(value, times, &high, &low);
    hist_add_sum(h, high, low);
    h->count += times;
    h->min = value < h->min ? value : h->min;
    h->max = value > h->max ? value : h->max;
    h->buckets[hist_bucket(value)] += times;
}

void stats_hist_add(struct stats_hist *h, uint64_t value)
{
    stats_hist_add_many(h, value, 1);
}

void stats_hist_merge(struct stats_hist *into, const struct stats_hist *from)
{
    assert(into != from);
    assert(into->count <= UINT64_MAX - from->count);
    hist_add_sum(into, from->sum_high, from->sum_low);
    into->count += from->count;
    into->min = from->min < into->min ? from->min : into->min;
    into->max = from->max > into->max ? from->max : into->max;
    for (size_t i = 0; i < STATS_HIST_BUCKETS; i++)
        into->buckets[i] += from->buckets[i];
}

uint64_t stats_hist_quantile(const struct stats_hist *h, double q)
{
    double want = ceil(q * (double)h->count); /* rank, from 1; exact below 2^53 values */
    uint64_t rank = 0;
    uint64_t value;
    size_t bucket = 0;

    assert(q >= 0 && q <= 1);
    if (h->count == 0)
        return 0;
    if (want <= 1)
        return h->min;
    if (want >= (double)h->count)
        return h->max;
    for (;; bucket++) {
        rank += h->buckets[bucket];
        if ((double)rank >= want)
            break;
    }
    value = hist_value(bucket);
    value = value < h->min ? h->min : value;
    return value > h->max ? h->max : value;
}

double stats_hist_mean(const struct stats_hist *h)
{
    if (h->count == 0)
        return NAN;
    return ((double)h->sum_high * 0x1p64 + (double)h->sum_low) / (double)h->count;
}

/* ---- quantiles of an array ---- */

void stats_sort(double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        assert(!isnan(values[i]));
    if (n > 1)
        gsl_sort(values, 1, n);
}

double stats_quantile_sorted(const double *sorted, size_t n, double q)
{
    double at;

    assert(q >= 0 && q <= 1);
    if (n == 0)
        return NAN;
    at = q * (double)(n - 1);
    if (at == floor(at)) /* GSL would weigh the next value with 0, and 0 x infinity is NAN */
        return sorted[(size_t)at];
    return gsl_stats_quantile_from_sorted_data(sorted, 1, n, q);
}

double stats_quantile(double *values, size_t n, double q)
{
    stats_sort(values, n);
    return stats_quantile_sorted(values, n, q);
}

/* ---- moments ---- */

void stats_moments_add(struct stats_moments *m, double value)
{
    double delta = value - m->mean;

    if (m->count == 0)
        m->min = m->max = value;
    m->min = fmin(m->min, value);
    m->max = fmax(m->max, value);
    m->count++;
    m->mean += delta / (double)m->count;
    m->m2 += delta * (value - m->mean);
}

void stats_moments_merge(struct stats_moments *into, const struct stats_moments *from)
{
    double n, delta;

    if (from->count == 0)
        return;
    if (into->count == 0) {
        *into = *from;
        return;
    }
    n = (double)(into->count + from->count);
    delta = from->mean - into->mean;
    into->m2 += from->m2 + delta * delta * (double)into->count * ((double)from->count / n);
    into->mean += delta * ((double)from->count / n);
    into->count += from->count;
    into->min = fmin(into->min, from->min);
    into->max = fmax(into->max, from->max);
}

double stats_moments_variance(const struct stats_moments *m)
{
    return m->count < 2 ? NAN : m->m2 / (double)(m->count - 1);
}

/* ---- intervals ---- */

static double tail(double confidence)
{
    assert(confidence > 0 && confidence < 1);
    return (1 - confidence) / 2;
}

struct stats_interval stats_mean_interval(const struct stats_moments *m, double confidence)
{
    double half;

    if (m->count < 2)
        return (struct stats_interval){-INFINITY, INFINITY};
    half = gsl_cdf_tdist_Qinv(tail(confidence), (double)(m->count - 1)) *
           sqrt(stats_moments_variance(m) / (double)m->count);
    return (struct stats_interval){m->mean - half, m->mean + half};
}

/* The number of k in 0..n with P(B <= k) <= @p, B binomial(n, q): P rises with k, so bisect. */
static unsigned binomial_count_up_to(double p, double q, unsigned n)
{
    unsigned low = 0;
    unsigned high = n; /* P(B <= n) = 1 > p */

    while (low < high) {
        unsigned mid = low + (high - low) / 2;

        if (gsl_cdf_binomial_P(mid, q, n) <= p)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* With B values below the quantile, X(l) <= quantile < X(u) (ranks from 1) means l <= B < u. */
struct stats_interval stats_quantile_interval_of(const double *sorted, size_t n, double effective,
                                                 double q, double confidence)
{
    double p = tail(confidence);
    struct stats_interval out = {-INFINITY, INFINITY};
    unsigned trials, lower, above;
    double scale;

    assert(q > 0 && q < 1);
    assert(n <= UINT32_MAX && effective >= 1.0);
    if (n == 0)
        return out;
    trials = (unsigned)fmin(floor(effective), (double)UINT32_MAX);
    scale = (double)n / (double)trials;
    lower = binomial_count_up_to(p, q, trials);     /* P(B < lower) <= p */
    above = binomial_count_up_to(p, 1 - q, trials); /* the same, counted from the top */
    if (lower > 0)
        out.low = sorted[(size_t)fmax(1.0, floor(lower * scale)) - 1];
    if (above > 0)
        out.high = sorted[n - (size_t)fmax(1.0, floor(above * scale))];
    return out;
}

struct stats_interval stats_quantile_interval(const double *sorted, size_t n, double q,
                                              double confidence)
{
    return stats_quantile_interval_of(sorted, n, fmax(1.0, (double)n), q, confidence);
}

/* Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
 * Journal of the American Statistical Association 22, 1927. */
struct stats_interval stats_share_interval(double share, double effective, double confidence)
{
    double z = gsl_cdf_ugaussian_Qinv(tail(confidence));
    double scale = 1 + z * z / effective;
    double centre = (share + z * z / (2 * effective)) / scale;
    double half =
        z / scale * sqrt(share * (1 - share) / effective + z * z / (4 * effective * effective));

    assert(share >= 0 && share <= 1 && effective > 0);
    return (struct stats_interval){
        .low = share <= 0 ? 0 : fmax(0, centre - half),
        .high = share >= 1 ? 1 : fmin(1, centre + half),
    };
}

struct stats_interval stats_proportion_interval(uint64_t hits, uint64_t n, double confidence)
{
    assert(hits <= n);
    if (n == 0)
        return (struct stats_interval){0, 1};
    return stats_share_interval((double)hits / (double)n, (double)n, confidence);
}

/* Fill @values from groups drawn with replacement; returns how many values came. */
static size_t resample(const struct stats_groups *groups, double *values, const gsl_rng *rng)
{
    size_t n = 0;

    for (size_t i = 0; i < groups->nr_groups; i++) {
        size_t g = gsl_rng_uniform_int(rng, groups->nr_groups);
        size_t len = groups->start[g + 1] - groups->start[g];

        memcpy(values + n, groups->values + groups->start[g], len * sizeof(*values));
        n += len;
    }
    return n;
}

static size_t longest_group(const struct stats_groups *groups)
{
    size_t longest = 0;

    for (size_t g = 0; g < groups->nr_groups; g++) {
        size_t len = groups->start[g + 1] - groups->start[g];

        assert(groups->start[g + 1] > groups->start[g]);
        longest = len > longest ? len : longest;
    }
    return longest;
}

enum status stats_bootstrap_interval(struct stats_interval *out, const struct stats_groups *groups,
                                     stats_figure *figure, void *arg, size_t nr_resamples,
                                     double confidence, struct rng *rng)
{
    double p = tail(confidence);
    double *values = NULL;
    double *figures = NULL;
    size_t row_bytes;
    enum status st = ST_ENOMEM;

    assert(groups->nr_groups > 0 && groups->nr_groups <= UINT32_MAX && nr_resamples > 0);
    if (__builtin_mul_overflow(longest_group(groups), sizeof(*values), &row_bytes))
        goto out;
    values = reallocarray(NULL, groups->nr_groups, row_bytes);
    figures = reallocarray(NULL, nr_resamples, sizeof(*figures));
    if (!values || !figures)
        goto out;
    for (size_t i = 0; i < nr_resamples; i++) {
        size_t n = resample(groups, values, rng_gsl(rng));

        figures[i] = figure(values, n, arg);
    }
    stats_sort(figures, nr_resamples);
    out->low = stats_quantile_sorted(figures, nr_resamples, p);
    out->high = stats_quantile_sorted(figures, nr_resamples, 1 - p);
    st = ST_OK;
out:
    free(figures);
    free(values);
    return st;
}
