/*
 * dirty_zipf.c - page of rank i is written with weight i^-s.
 *
 * Ranks are grouped into classes whose borders grow geometrically; inside a class the weights are
 * averaged. With 20 classes over 10^6 pages a class spans a factor of two in rank, and the
 * distinct-page curve is within 1 % of the sum over single pages (tests/models/test_dirty.c).
 */
#include "models/dirty.h"

#include <math.h>

#include "base/units.h"

enum {
    NR_CLASSES = 20
};

/* Integral of x^-s from a to b: the weight of ranks a..b. */
static double weight(double a, double b, double s)
{
    if (fabs(s - 1.0) < 1e-9)
        return log(b / a);
    return (pow(b, 1.0 - s) - pow(a, 1.0 - s)) / (1.0 - s);
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
    /* rank i stands for the interval [i - 1/2, i + 1/2) */
    total = weight(0.5, n + 0.5, s);
    for (int k = 1; k <= NR_CLASSES; k++) {
        double to = k == NR_CLASSES ? n + 1.0 : floor(pow(n + 1.0, (double)k / NR_CLASSES));

        if (to <= from)
            continue;
        dirty_add_class(model, to - from, writes * weight(from - 0.5, to - 0.5, s) / total, false);
        from = to;
    }
}
