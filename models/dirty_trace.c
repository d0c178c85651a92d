/*
 * dirty_trace.c - what a capture measured: distinct bytes dirtied per second, played back against
 * time.
 *
 * The rates are of distinct pages already, so nothing may be counted twice within a round: the
 * pages are taken in order until the working set is covered.  All else is as for a series.
 */
#include "models/dirty.h"

void dirty_compile_trace(const struct dirty_params *params, struct dirty_model *model)
{
    dirty_compile_series(params, model);
    for (uint32_t k = 0; k < model->nr; k++)
        model->sequential[k] = model->any_sequential = true;
}
