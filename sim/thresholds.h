/*
 * thresholds.h - does a run meet the goals of its scenario?
 *
 * Judges rows and changes none.  How a figure and its interval come about: sim/measure.h.
 */
#ifndef MIGCAST_SIM_THRESHOLDS_H
#define MIGCAST_SIM_THRESHOLDS_H

#include "base/status.h"
#include "sim/result.h"
#include "sim/scenario/scenario.h"

/**
 * thresholds_judge - fill @out->thresholds, one for each threshold of @sc, in its order
 * @sc:   the scenario that gave the rows; borrowed by the texts of the result
 * @out:  a run with its rows; thresholds must be empty, and run_free() frees what is put there
 *
 * A goal has one of three results, beside "nothing to judge" (value NaN, never crossed):
 *   crossed      the value is beyond the limit
 *   met          the value and the whole interval of 95 % are on the good side of the limit
 *   not decided  the value is on the good side, but the limit is inside the interval: small_sample
 *                is set, and replications_needed says how many would decide it (0 = cannot be said)
 * With the word `sure` a goal that is not decided is crossed.
 * A crossed one whose interval reaches back over the limit has small_sample set too.  Only crossed
 * ones of severity error make the exit code: a gate fails for what was seen, not for doubt, and
 * doubt is said aloud.  Least and greatest values speak of the rows only and are never in doubt.
 *
 * What had not ended at the horizon counts with what it had taken until then, so that a run without
 * an end never passes for a short one.  Returns ST_OK, or ST_ENOMEM with @out unchanged.
 */
enum status thresholds_judge(const struct scenario *sc, struct run_result *out);

/* thresholds_crossed - of severity error: what makes the exit code. */
size_t thresholds_crossed(const struct run_result *run);

#endif
