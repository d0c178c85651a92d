/*
 * thresholds.h - does a run meet the goals of its scenario?
 *
 * Judges rows and changes none.  Which metrics there are is scn_metrics (sim/scenario_options.h).
 */
#ifndef MIGCAST_SIM_THRESHOLDS_H
#define MIGCAST_SIM_THRESHOLDS_H

#include "base/status.h"
#include "sim/result.h"
#include "sim/scenario.h"

/**
 * thresholds_judge - fill @out->thresholds, one for each threshold of @sc, in its order
 * @sc:   the scenario that gave the rows; borrowed by the texts of the result
 * @out:  a run with its rows; thresholds must be empty, and run_free() frees what is put there
 *
 * Values with nothing to judge are NaN and do not cross.  small_sample is set where the rows cannot
 * carry the claim: a percentile that lies beyond the last row, or a 95 % interval (of a mean, a
 * percentile, a share) with the limit inside it.  Least and greatest values speak of the rows only,
 * and are never called uncertain.
 *
 * What had not ended at the horizon counts with what it had taken until then, so that a run without
 * an end never passes for a short one.  Returns ST_OK, or ST_ENOMEM with @out unchanged.
 */
enum status thresholds_judge(const struct scenario *sc, struct run_result *out);

/* thresholds_crossed - of severity error: what makes the exit code. */
size_t thresholds_crossed(const struct run_result *run);

#endif
