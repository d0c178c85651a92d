/*
 * dirty_zipf.c - page of rank i is written with weight i^-s.
 *
 * Ranks are grouped into classes whose borders grow geometrically; inside a class the weights are
 * averaged.  With 20 classes over 10^6 pages a class spans a factor of two in rank.  The
 * distinct-page curve is within 1 % of the sum over single pages for s up to 1.2, within 2 % up to
 * 2 (tests/models/test_dirty.c).
 */
#include "models/dirty.h"

#include <math.h>

#include "base/units.h"

enum {
    NR_CLASSES = 20,
    EXACT_RANKS = 16 /* summed one by one: there the integral is off by more than 0.1 % */
};

/* Integral of x^-s from a to b: the weight of ranks a..b. */
static double weight(double a, double b, double s)
{
    if (fabs(s - 1.0) < 1e-9)
        return log(b / a);
    return (pow(b, 1.0 - s) - pow(a, 1.0 - s)) / (1.0 - s);
}

/* Weight of the ranks from..to-1; beyond the first few, rank i stands for [i - 1/2, i + 1/2). */
static double weight_of_ranks(double from, double to, double s)
{
    double sum = 0.0;

    for (; from < to && from <= EXACT_RANKS; from += 1.0)
        sum += pow(from, -s);
    return from < to ? sum + weight(from - 0.5, to - 0.5, s) : sum;
}

void dirty_compile_zipf(const struct dirty_params *params, struct dirty_model *model)
{
    double page = (double)PAGE_BYTES;
    double n = floor((double)params->working_set_bytes / page);
    double writes = params->write_bytes_per_s / page;
    double s = params->zipf_exponent;
    double total, from = 1.0;

    if (n < 1.0)
        return;
    total = weight_of_ranks(1.0, n + 1.0, s);
    for (int k = 1; k <= NR_CLASSES; k++) {
        double to = k == NR_CLASSES ? n + 1.0 : floor(pow(n + 1.0, (double)k / NR_CLASSES));

        if (to <= from)
            continue;
        dirty_add_class(model, to - from, writes * weight_of_ranks(from, to, s) / total, false);
        from = to;
    }
}
