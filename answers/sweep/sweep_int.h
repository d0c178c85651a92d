/*
 * sweep_int.h - shared by sweep.c, sweep_cell.c, sweep_pool.c and sweep_rank.c; nobody else
 * includes it.
 */
#ifndef MIGCAST_ANSWERS_SWEEP_INT_H
#define MIGCAST_ANSWERS_SWEEP_INT_H

#include "answers/sweep/sweep.h"

enum {
    SWEEP_KEY = 33
};

/* sweep_load - the scenario of a cell, and whether its rows would fit into memory; the diag says
 * why not.  Touches nothing of @sweep. */
enum status sweep_load(const struct sweep *sweep, const struct sweep_options *options, size_t cell,
                       struct scenario *sc, struct diag *diag);
/* sweep_refuse - mark a cell that cannot be run. */
void sweep_refuse(struct sweep_cell *cell, const struct diag *why);
/* sweep_cell_begin - digest, and room for the goals of @sc. */
bool sweep_cell_begin(struct sweep_cell *cell, const struct scenario *sc);
/* sweep_cell_measure - figures and goals from all rows of the cell.  ST_OK or ST_ENOMEM. */
enum status sweep_cell_measure(const struct sweep *sweep, struct sweep_cell *cell,
                               const struct scenario *sc, const struct run_result *run);
/* sweep_cell_judge - the counts of crossed and unsure goals, from the goals. */
void sweep_cell_judge(struct sweep_cell *cell, const struct scenario *sc);
/* sweep_key - hex, of all that the result of a cell depends on. */
void sweep_key(char key[SWEEP_KEY], const char *digest, const char *version);

/* sweep_pool - all cells over all threads. */
enum status sweep_pool(struct sweep *sweep, const struct sweep_options *options, struct diag *diag);

/* sweep_rank - best first, and which axes made no difference. */
void sweep_rank(struct sweep *sweep);

#endif
