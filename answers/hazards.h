/*
 * hazards.h - what planners fear, named in words: the drain that never ends, the cluster too full
 * to begin, the timeout that fails everybody, guests that stand still.
 */
#ifndef MIGCAST_ANSWERS_HAZARDS_H
#define MIGCAST_ANSWERS_HAZARDS_H

#include "sim/result.h"
#include "sim/scenario/scenario.h"

/* hazards_find - fill run->hazards from the rows and the operations; simulates nothing.  A kind of
 * hazard comes once, with its worst case and in how many replications it shows.  ST_OK or
 * ST_ENOMEM. */
enum status hazards_find(const struct scenario *sc, struct run_result *run);

#endif
