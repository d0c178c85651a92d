/*
 * altered.h - a loaded scenario with some of its inputs scaled, to be simulated beside it.
 *
 * For questions whose inputs no file spells out one by one: "all guests write 2.5 times as fast",
 * "every link and card twice as fast".  Indices of hosts, VMs and links stay, so draws are those of
 * the scenario, and runs are paired.  What a file can say is answers/variant.h's.
 */
#ifndef MIGCAST_ANSWERS_ALTERED_H
#define MIGCAST_ANSWERS_ALTERED_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "sim/scenario/scenario.h"

struct altered {
    struct scenario sc; /* arrays that change are its own, the rest is the base's */
    const struct scenario *base;
    struct arena *arena;
    bool failed; /* memory ran out */
};

/* altered_new - a copy of @base (borrowed); NULL when memory ran out. */
struct altered *altered_new(const struct scenario *base);
void altered_free(struct altered *a);

/* Each scales what the base has, by a ratio > 0; draws scale with what they are drawn from.  False
 * where there is nothing to scale, so that nothing was changed. */
bool altered_writes(struct altered *a, uint32_t vm, double ratio); /* VM_NONE = all guests */
bool altered_working_sets(struct altered *a, double ratio);        /* no larger than memory */
bool altered_contents(struct altered *a, double ratio);   /* memory that is not zero, likewise */
bool altered_links(struct altered *a, double ratio);      /* links, cards, uplinks */
bool altered_background(struct altered *a, double ratio); /* other traffic on links */
bool altered_copying(struct altered *a, double ratio);    /* what hosts copy, encrypt, compress */
bool altered_stops(struct altered *a, double ratio);      /* stop, sync, device state, start */
bool altered_downtime_limits(struct altered *a, double ratio);
bool altered_delays(struct altered *a, double ratio); /* before `migrate`, and after the end */

/* Limits on migrations at once, times @ratio; 0 takes them away. */
bool altered_slots(struct altered *a, double ratio);
/* One migration at a time out of each host. */
bool altered_one_at_a_time(struct altered *a);
bool altered_no_cap(struct altered *a);                     /* no max_bandwidth */
bool altered_multifd(struct altered *a, uint32_t channels); /* where it may be turned on */
bool altered_host_memory(struct altered *a, uint32_t host, uint64_t more_bytes);
bool altered_skip_check(struct altered *a, uint32_t refusal); /* enum refusal */

#endif
