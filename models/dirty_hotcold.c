/*
 * dirty_hotcold.c - a hot part gets hot_ratio of the writes; the rest falls anywhere in the working
 * set, the hot part included.
 */
#include "models/dirty.h"

#include "base/units.h"

void dirty_compile_hotcold(const struct dirty_params *params, struct dirty_model *model)
{
    double page = (double)PAGE_BYTES;
    double set = (double)params->working_set_bytes / page;
    double hot = (double)params->hot_bytes / page;
    double writes = params->write_bytes_per_s / page;
    double anywhere = writes * (1.0 - params->hot_ratio);

    if (hot > set)
        hot = set;
    if (set <= 0.0)
        return;
    dirty_add_class(model, hot, writes * params->hot_ratio + anywhere * hot / set, false);
    dirty_add_class(model, set - hot, anywhere * (set - hot) / set, false);
}
