/* hazards_int.h - what hazards.c and hazards_room.c share; nobody else includes it. */
#ifndef MIGCAST_ANSWERS_HAZARDS_INT_H
#define MIGCAST_ANSWERS_HAZARDS_INT_H

#include "answers/hazards.h"
#include "base/strbuf.h"
#include "sim/scenario/scenario.h"

/* A row, and what rows are sorted by. */
struct hazard_order {
    const char *name; /* of the VM, or its class */
    int64_t queued_ns;
    size_t row;
};

/* The rows of one replication. */
struct hazard_look {
    const struct scenario *sc;
    const struct run_result *run;
    size_t first, nr;
    uint32_t replication;
    size_t outcomes[OUTCOME_NR];
    size_t nr_frozen, nr_high, nr_postcopy, nr_linked; /* rows that one finder looks for */
    struct hazard_order *by_vm;                        /* in the order of (VM, time) */
};

struct hazard_find {
    struct strbuf words;
    const char *vm, *host;
};

/* Row @i of the replication, as result_mig(). */
static inline const struct mig_result *hazard_row(const struct hazard_look *l, size_t i,
                                                  struct mig_result *room)
{
    return result_mig(l->run, l->first + i, room);
}

bool hazard_starts_with(const char *text, const char *start);

/* hazards_room.c: finders, as the table of hazards.c has them */
bool hazard_dead_lock(const struct hazard_look *l, struct hazard_find *f);
bool hazard_no_target(const struct hazard_look *l, struct hazard_find *f);

#endif
