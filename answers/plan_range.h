/*
 * plan_range.h - "cluster.max_out=1..8" and "migration.auto_converge=off,on" as lists of values.
 */
#ifndef MIGCAST_ANSWERS_PLAN_RANGE_H
#define MIGCAST_ANSWERS_PLAN_RANGE_H

#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"

struct plan_range {
    struct arena *arena;
    const char *key;
    const char **values;
    size_t nr;
};

/* plan_range_parse - "KEY=ITEM,ITEM..."; an item is a value, or LOW..HIGH[:log|lin[:N]]: N values
 * (8) from one to the other, whole numbers where both ends are.  ST_EUSAGE; release in every case.
 */
enum status plan_range_parse(struct plan_range *r, const char *text, struct diag *diag);
void plan_range_release(struct plan_range *r);

#endif
