/*
 * sweep_rank.c - which cells are best, and which settings make no difference.
 *
 * Invariant: the order depends on the figures alone, never on threads or on what was stored.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answers/sweep/sweep_int.h"

#include "base/banned.h"

static const char moved[] = "moved.rate"; /* among the usual measures, so always there */

struct ranking {
    const struct sweep *sweep;
    size_t moved; /* index of that measure */
};

static double share_moved(const struct ranking *r, const struct sweep_cell *cell)
{
    double value = cell->figures[r->moved].value;

    return isnan(value) ? 0.0 : value;
}

/* -1: @a is better.  A value that is not known is worse than any. */
static int compare_values(double a, double b, bool less)
{
    if (isnan(a) || isnan(b))
        return isnan(a) - isnan(b);
    if (a == b)
        return 0;
    return (a < b) == less ? -1 : 1;
}

static int compare_cells(const void *left, const void *right, void *arg)
{
    const struct ranking *r = arg;
    size_t a = *(const size_t *)left, b = *(const size_t *)right;
    const struct sweep_cell *x = &r->sweep->cells[a], *y = &r->sweep->cells[b];
    size_t first = r->sweep->first;
    int by;

    if (x->nr_crossed != y->nr_crossed)
        return x->nr_crossed < y->nr_crossed ? -1 : 1;
    by = compare_values(share_moved(r, x), share_moved(r, y), false);
    if (by == 0)
        by = compare_values(x->figures[first].value, y->figures[first].value,
                            r->sweep->measures[first].less);
    if (by == 0)
        by = a < b ? -1 : a > b;
    return by;
}

static bool has_result(const struct sweep_cell *cell)
{
    return cell->state == SWEEP_DONE || cell->state == SWEEP_STORED;
}

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static bool same_figures(const struct sweep *sweep, const struct sweep_cell *a,
                         const struct sweep_cell *b)
{
    for (size_t i = 0; i < sweep->nr_measures; i++)
        if (!same(a->figures[i].value, b->figures[i].value))
            return false;
    return true;
}

/* Compares each cell with the one that has the first value of the axis and all others alike. */
static bool is_idle(const struct sweep *sweep, size_t axis)
{
    size_t stride = 1, compared = 0;

    for (size_t a = axis + 1; a < sweep->nr_axes; a++)
        stride *= sweep->axes[a].nr;
    for (size_t i = 0; i < sweep->nr_cells; i++) {
        size_t value = i / stride % sweep->axes[axis].nr;
        const struct sweep_cell *cell = &sweep->cells[i],
                                *other = &sweep->cells[i - value * stride];

        if (value == 0 || !has_result(cell) || !has_result(other))
            continue;
        if (!same_figures(sweep, cell, other))
            return false;
        compared++;
    }
    return compared > 0;
}

void sweep_rank(struct sweep *sweep)
{
    struct ranking r = {.sweep = sweep};

    while (strcmp(sweep->measures[r.moved].name, moved) != 0)
        r.moved++;
    sweep->nr_ranked = 0;
    for (size_t i = 0; i < sweep->nr_cells; i++)
        if (has_result(&sweep->cells[i]))
            sweep->ranked[sweep->nr_ranked++] = i;
    qsort_r(sweep->ranked, sweep->nr_ranked, sizeof(*sweep->ranked), compare_cells, &r);
    for (size_t a = 0; a < sweep->nr_axes; a++)
        sweep->axis_idle[a] = sweep->axes[a].nr > 1 && is_idle(sweep, a);
}
