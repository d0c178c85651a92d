/*
 * support_rows.h - migrations of runs made by hand, for tests of those who read them.
 */
#ifndef MIGCAST_TESTS_SUPPORT_ROWS_H
#define MIGCAST_TESTS_SUPPORT_ROWS_H

#include <criterion/criterion.h>

#include "sim/result.h"

/* A run's migrations are these; freed with result_free_migs(). */
static inline void support_set_rows(struct run_result *run, const struct mig_result *migs,
                                    size_t nr)
{
    run->migs = NULL;
    run->nr_migs = 0;
    for (size_t i = 0; i < nr; i++)
        cr_assert(result_add_mig(run, &migs[i]));
}

/* Migration @i where it is kept, to be changed: the first thousand are kept as they are. */
static inline struct mig_result *support_row(const struct run_result *run, size_t i)
{
    struct mig_result room;
    const struct mig_result *mig = result_mig(run, i, &room);

    cr_assert_neq(mig, &room);
    return (struct mig_result *)mig;
}

#endif
