/* dirty_sequential.c - pages in order, wrapping at the end of the working set. */
#include "models/dirty.h"

#include "base/units.h"

void dirty_compile_sequential(const struct dirty_params *params, struct dirty_model *model)
{
    double page = (double)PAGE_BYTES;

    dirty_add_class(model, (double)params->working_set_bytes / page,
                    params->write_bytes_per_s / page, true);
}
