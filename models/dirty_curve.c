/*
 * dirty_curve.c - a measured curve of distinct bytes against time, as a mixture of random classes.
 *
 * A curve D(t) of a stationary random writer is concave and a sum of n (1 - exp(-t/T)) terms.  The
 * sizes of the terms, on a grid of time constants that spans the measured times, are found by
 * non-negative least squares on relative errors (cyclic coordinate descent: monotone, and exact
 * enough after 400 cycles).
 */
#include "models/dirty.h"

#include <math.h>

#include "base/units.h"

enum {
    GRID = 12,
    CYCLES = 400
};

struct curve_fit {
    uint32_t nr;
    double basis[DIRTY_CURVE_MAX]
                [GRID]; /* distinct share of term j at point i, over the measured value */
    double residual[DIRTY_CURVE_MAX]; /* 1 - fitted / measured */
    double size[GRID];
    double constant_s[GRID];
};

static void fit_setup(struct curve_fit *fit, const struct dirty_params *params)
{
    double first = INFINITY, last = 0.0;

    for (uint32_t i = 0; i < params->nr_points && fit->nr < DIRTY_CURVE_MAX; i++) {
        double t = (double)params->points[i].t_ns * 1e-9;

        if (t <= 0.0 || params->points[i].value <= 0.0)
            continue;
        first = fmin(first, t);
        last = fmax(last, t);
        fit->nr++;
    }
    for (int j = 0; j < GRID; j++)
        fit->constant_s[j] = 0.5 * first * pow(8.0 * last / first, (double)j / (GRID - 1));
    fit->nr = 0;
    for (uint32_t i = 0; i < params->nr_points && fit->nr < DIRTY_CURVE_MAX; i++) {
        double t = (double)params->points[i].t_ns * 1e-9;
        double pages = params->points[i].value / (double)PAGE_BYTES;

        if (t <= 0.0 || pages <= 0.0)
            continue;
        for (int j = 0; j < GRID; j++)
            fit->basis[fit->nr][j] = -expm1(-t / fit->constant_s[j]) / pages;
        fit->residual[fit->nr] = 1.0;
        fit->nr++;
    }
}

static void fit_cycle(struct curve_fit *fit)
{
    for (int j = 0; j < GRID; j++) {
        double up = 0.0, down = 0.0, step;

        for (uint32_t i = 0; i < fit->nr; i++) {
            up += fit->basis[i][j] * fit->residual[i];
            down += fit->basis[i][j] * fit->basis[i][j];
        }
        step = down > 0.0 ? fmax(up / down, -fit->size[j]) : 0.0;
        fit->size[j] += step;
        for (uint32_t i = 0; i < fit->nr; i++)
            fit->residual[i] -= step * fit->basis[i][j];
    }
}

void dirty_compile_curve(const struct dirty_params *params, struct dirty_model *model)
{
    struct curve_fit fit = {0};

    fit_setup(&fit, params);
    if (fit.nr == 0)
        return;
    for (int c = 0; c < CYCLES; c++)
        fit_cycle(&fit);
    for (int j = 0; j < GRID; j++)
        dirty_add_class(model, fit.size[j], fit.size[j] / fit.constant_s[j], false);
}
