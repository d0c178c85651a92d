/*
 * dirty_series.c - write rate against time, uniform over the working set.
 *
 * The class carries the mean rate; dirty_wanted() stretches the clock of work by rate(t) / mean.
 */
#include "models/dirty.h"

#include "base/units.h"

void dirty_compile_series(const struct dirty_params *params, struct dirty_model *model)
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
                    false);
}
