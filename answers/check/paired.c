/*
 * paired.c - the paired bootstrap and the correction over many figures.
 *
 * Which figures, and what a change means, is for check.c.
 */
#include "answers/check/paired.h"

#include <assert.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <gsl/gsl_cdf.h>
#include <xxhash.h>

#include "base/rng.h"
#include "base/stats.h"

enum {
    RESAMPLES = 1999,       /* always: the interval needs them */
    RESAMPLES_MOST = 20000, /* for the p-value of what is on the edge */
    EXTREME_ENOUGH = 20
};

#define RAREST 1e-6

/* mean / standard error; infinite where there is no spread but a mean */
static double student(double sum, double squares, double n)
{
    double mean = sum / n, variance = (squares - n * mean * mean) / (n - 1.0);

    /* equal numbers leave a rest of rounding */
    if (!(variance > 1e-12 * squares / n))
        return mean == 0.0 ? 0.0 : copysign(INFINITY, mean);
    return mean / sqrt(variance / n);
}

/* |t| of one resample of the centred differences. */
static double resample(const double *centred, size_t n, struct rng *rng)
{
    double sum = 0.0, squares = 0.0;

    for (size_t i = 0; i < n; i++) {
        double d = centred[(size_t)(rng_uniform(rng) * (double)n)];

        sum += d;
        squares += d * d;
    }
    return fabs(student(sum, squares, (double)n));
}

/* How much rarer is @seen than @largest, the largest of all resamples?  By Student's distribution
 * with half the degrees of freedom: a longer tail than that of normal differences, to be careful.
 */
static double beyond(double seen, double largest, double n)
{
    double degrees = fmax(1.0, (n - 1.0) / 2.0);

    if (isinf(seen) || !(largest > 0.0))
        return RAREST;
    return fmax(RAREST, gsl_cdf_tdist_Q(seen, degrees) / gsl_cdf_tdist_Q(largest, degrees));
}

/* @d becomes centred. */
static enum status bootstrap(double *d, size_t n, struct rng *rng, struct paired_result *out)
{
    double *t = calloc(RESAMPLES, sizeof(*t)), sum = 0.0, squares = 0.0, seen, error, half;
    size_t done = 0, extreme = 0;

    if (!t)
        return ST_ENOMEM;
    for (size_t i = 0; i < n; i++) {
        sum += d[i];
        squares += d[i] * d[i];
    }
    seen = fabs(student(sum, squares, (double)n));
    for (size_t i = 0; i < n; i++)
        d[i] = isinf(seen) ? 0.0 : d[i] - sum / (double)n;
    for (; done < RESAMPLES; done++) {
        t[done] = resample(d, n, rng);
        extreme += t[done] >= seen * (1.0 - 1e-12) && t[done] > 0.0;
    }
    for (; done < RESAMPLES_MOST && extreme > 0 && extreme < EXTREME_ENOUGH; done++)
        extreme += resample(d, n, rng) >= seen * (1.0 - 1e-12);
    out->p = fmin(1.0, (double)(extreme + 1) / (double)(done + 1));
    stats_sort(t, RESAMPLES);
    if (extreme == 0)
        out->p = beyond(seen, t[RESAMPLES - 1], (double)n) / (double)(RESAMPLES + 1);
    error = isinf(seen) ? 0.0 : fabs(sum / (double)n) / seen;
    half = t[(size_t)ceil(0.95 * (RESAMPLES + 1)) - 1];
    half = error > 0.0 ? half * error : 0.0;
    out->low = sum / (double)n - half;
    out->high = sum / (double)n + half;
    free(t);
    return ST_OK;
}

static bool same(double a, double b)
{
    return fabs(a - b) <= 1e-9 * fmax(fabs(a), fabs(b));
}

enum status paired_test(const double *before, const double *now, size_t nr, uint64_t seed,
                        const char *name, struct paired_result *out)
{
    double *d = calloc(nr + 1, sizeof(*d)), a = 0.0, b = 0.0;
    bool differ = false;
    enum status st = ST_OK;
    struct rng rng;

    *out = (struct paired_result){.before = NAN, .now = NAN, .low = NAN, .high = NAN, .p = 1.0};
    if (!d)
        return ST_ENOMEM;
    for (size_t i = 0; i < nr; i++) {
        out->missing += isnan(before[i]) != isnan(now[i]);
        if (isnan(before[i]) || isnan(now[i]))
            continue;
        a += before[i];
        b += now[i];
        d[out->n] = same(before[i], now[i]) ? 0.0 : now[i] - before[i];
        differ |= d[out->n++] != 0.0;
    }
    if (out->n > 0) {
        out->before = a / (double)out->n;
        out->now = differ ? b / (double)out->n : out->before;
        out->low = differ ? -INFINITY : 0.0;
        out->high = differ ? INFINITY : 0.0;
    }
    if (differ && out->n >= PAIRED_LEAST) {
        rng_stream(&rng, seed, "check", XXH64(name, strlen(name), 0), 0);
        st = bootstrap(d, out->n, &rng, out);
    }
    free(d);
    return st;
}

struct rank {
    double p;
    size_t at;
};

static int by_p(const void *left, const void *right)
{
    const struct rank *a = left, *b = right;

    if (a->p != b->p)
        return a->p < b->p ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

enum status paired_holm(double *p, size_t nr)
{
    struct rank *ranks = calloc(nr + 1, sizeof(*ranks));
    double highest = 0.0;

    if (!ranks)
        return ST_ENOMEM;
    for (size_t i = 0; i < nr; i++)
        ranks[i] = (struct rank){p[i], i};
    qsort(ranks, nr, sizeof(*ranks), by_p);
    for (size_t i = 0; i < nr; i++) {
        highest = fmax(highest, fmin(1.0, ranks[i].p * (double)(nr - i)));
        p[ranks[i].at] = highest;
    }
    free(ranks);
    return ST_OK;
}
