/*
 * link_use.h - how much of what each link can carry migrations used, over time; for people.
 *
 * Looks at the loads of the network at moments one step apart.  When there is no more room the step
 * doubles and two samples become their mean, so a replication of any length keeps its whole course.
 * Invariant: looking changes nothing, so a run gives the same rows with it and without.
 */
#ifndef MIGCAST_SIM_LINK_USE_H
#define MIGCAST_SIM_LINK_USE_H

#include "base/status.h"
#include "sim/network/network.h"
#include "sim/result.h"

struct link_use {
    uint32_t nr_links;   /* 0 = not wanted */
    uint32_t cap, nr;    /* samples of a link */
    unsigned char *used; /* [link * cap + sample], percent */
    int64_t step_ns, next_ns;
    int64_t idle_ns; /* nothing was sent from the last look that saw something up to here */
};

/* link_use_init - room for @nr_links, before any run; 0: record nothing. */
enum status link_use_init(struct link_use *u, uint32_t nr_links);
void link_use_release(struct link_use *u);
/* link_use_begin - forget what was; before each replication. */
void link_use_begin(struct link_use *u);
/* link_use_look - take the samples that are due before @until_ns.  The network must have been as it
 * is since the last look. */
void link_use_look(struct link_use *u, const struct network *net, int64_t until_ns);
/* link_use_pick - the links used most, by use, into @links: their numbers.  Returns how many, at
 * most LINKS_KEPT; links that were never used are none. */
uint32_t link_use_pick(const struct link_use *u, uint32_t links[LINKS_KEPT]);
/* link_use_row - the samples of @link; what follows the last use of any link is left out. */
void link_use_row(const struct link_use *u, uint32_t link, struct link_result *row);

#endif
