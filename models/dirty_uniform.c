/* dirty_uniform.c - every page of the working set equally likely. */
#include "models/dirty.h"

#include "base/units.h"

void dirty_compile_uniform(const struct dirty_params *params, struct dirty_model *model)
{
    double page = (double)PAGE_BYTES;

    dirty_add_class(model, (double)params->working_set_bytes / page,
                    params->write_bytes_per_s / page, false);
}
