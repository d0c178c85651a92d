/*
 * sweep.h - finished cells of sweeps, kept to be used again.
 *
 * A cell is one scenario with one set of values, simulated with all its replications.  Its key
 * stands for everything that the result depends on, so a cell that is there need not be simulated
 * again, whichever sweep made it.  What is stored does not depend on the order of storing: the same
 * cells give the same content.
 *
 * Reading keeps statements open: release the reader before store_close().
 */
#ifndef MIGCAST_STORE_SWEEP_H
#define MIGCAST_STORE_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "sim/result.h"
#include "store/store.h"

/* One measure of a cell.  NaN = no row has such a value; low and high may be infinite. */
struct store_figure {
    double value, low, high;
    uint64_t n;
};

/* One threshold of a cell, in the order of its scenario. */
struct store_goal {
    struct store_figure figure;
    bool crossed, small_sample;
    uint32_t replications_needed;
};

struct store_cell {
    const char *key; /* of all inputs, hex */
    const char *digest, *version;
    uint64_t seed;
    uint32_t replications;
    size_t nr_figures, nr_goals;
    const char *const *names; /* of the figures: "downtime.p99" */
    const struct store_figure *figures;
    const char *const *goal_texts;
    const struct store_goal *goals;
};

/* store_put_cells - all of them in one transaction; figures that are there already are replaced. */
enum status store_put_cells(struct store *store, const struct store_cell *cells, size_t nr,
                            struct diag *diag);

struct store_cells; /* private */

/* store_cells_new - a reader of cells; *@reader is NULL on failure. */
enum status store_cells_new(struct store_cells **reader, struct store *store, struct diag *diag);
void store_cells_free(struct store_cells *reader);
/**
 * store_cells_find - is the cell of @key there, with all that is asked for?
 * @names, @figures:  nr_figures of each; filled in the order of the names
 * @goals:            nr_goals, which must be as many as the cell has
 * *@found is false when anything is missing, and the output is then undefined.
 */
enum status store_cells_find(struct store_cells *reader, const char *key, const char *const *names,
                             struct store_figure *figures, size_t nr_figures,
                             struct store_goal *goals, size_t nr_goals, bool *found,
                             struct diag *diag);

#endif
