/*
 * support_observer.h - looks at a cluster after every event and says what it must never show.
 *
 * All is counted anew from jobs and lists, so a book that is kept wrongly shows as well as a limit
 * that is passed.
 */
#ifndef MIGCAST_TESTS_SIM_SUPPORT_OBSERVER_H
#define MIGCAST_TESTS_SIM_SUPPORT_OBSERVER_H

#include "sim/sim.h"

struct observer {
    char complaint[256]; /* "" = none; the first one stays */
    uint64_t events;
    uint64_t starts; /* jobs seen to get their slot */
    uint32_t most_total, most_out, most_in;
    unsigned char *state;  /* by job: as it was after the last event */
    unsigned char *waited; /* by job: it stood in the queue of its source then */
    uint32_t *id;          /* by place of the job: places are used again */
    uint32_t nr_states;
};

/* Give both to struct sim_options. */
void observer_look(struct sim *sim, void *observer);
void observer_release(struct observer *o);
/* Every job that ended has one last row, every VM is in one place; after the run. */
void observer_end(struct observer *o, struct sim *sim);

#endif
