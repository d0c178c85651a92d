/* hazards_int.h - what hazards.c and hazards_room.c share; nobody else includes it. */
#ifndef MIGCAST_ANSWERS_HAZARDS_INT_H
#define MIGCAST_ANSWERS_HAZARDS_INT_H

#include "answers/hazards.h"
#include "base/strbuf.h"
#include "sim/scenario/scenario.h"

/* The rows of one replication. */
struct hazard_look {
    const struct scenario *sc;
    const struct run_result *run;
    const struct mig_result *rows;
    size_t nr;
    uint32_t replication;
    size_t *by_vm; /* rows in the order of (VM, time): scratch of all finders */
};

struct hazard_find {
    struct strbuf words;
    const char *vm, *host;
};

bool hazard_starts_with(const char *text, const char *start);

/* hazards_room.c: finders, as the table of hazards.c has them */
bool hazard_dead_lock(const struct hazard_look *l, struct hazard_find *f);
bool hazard_no_target(const struct hazard_look *l, struct hazard_find *f);

#endif
