/*
 * dirty_trace.c - what a capture measured: distinct bytes dirtied per second, played back against
 * time.
 *
 * The rates are of distinct pages already, so nothing may be counted twice within a round: the
 * pages are taken in order until the working set is covered.  The clock of work runs as the rates
 * go, as for a series.
 */
#include "models/dirty.h"

#include "base/units.h"

void dirty_compile_trace(const struct dirty_params *params, struct dirty_model *model)
{
    double page = (double)PAGE_BYTES;
    double sum = 0.0;

    for (uint32_t i = 0; i < params->nr_points; i++)
        sum += params->points[i].value;
    if (params->nr_points == 0 || sum <= 0.0)
        return;
    model->series = params->points;
    model->nr_series = params->nr_points;
    model->series_mean = sum / (double)params->nr_points;
    dirty_add_class(model, (double)params->working_set_bytes / page, model->series_mean / page,
                    true);
}
