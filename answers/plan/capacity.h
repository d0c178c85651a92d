/*
 * capacity.h - how much is needed: the slowest link, the least spare memory, the latest start.
 *
 * Each is a search for one number, by simulation.  A number is enough when a replication goes well
 * with a probability of 95 % or more, told by its 95 % interval; all numbers meet the same draws.
 * What is found is confirmed with replications that it was not found by, and made larger until it
 * is.  That more is not worse is taken for granted while searching, and is what confirming checks.
 */
#ifndef MIGCAST_ANSWERS_CAPACITY_H
#define MIGCAST_ANSWERS_CAPACITY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "answers/variant.h"
#include "base/stats.h"

enum {
    CAPACITY_FRESH = 1 << 20,    /* first replication of those that confirm */
    CAPACITY_REPLICATIONS = 112, /* of one number, unless said otherwise */
    CAPACITY_SETS = 64           /* sets of hosts that are tried, at most */
};

#define CAPACITY_SHARE 0.95

enum capacity_kind {
    CAPACITY_LINK,  /* all migrations are done in a window */
    CAPACITY_SPARE, /* so many hosts are emptied at once */
    CAPACITY_START  /* all is done before a deadline */
};

struct capacity_options {
    struct variant_base base;
    enum capacity_kind kind;
    int64_t limit_ns;      /* window or deadline */
    uint32_t nr_hosts;     /* of CAPACITY_SPARE */
    const char *link;      /* of CAPACITY_LINK: only this [link]; NULL = all links and cards */
    uint32_t replications; /* 0 = CAPACITY_REPLICATIONS */
    uint32_t jobs;
    const atomic_int *stop;
    void (*step)(void *arg, uint32_t runs);
    void *step_arg;
};

struct capacity {
    struct scenario sc; /* as it is now */
    bool found;
    bool present; /* what there is now is enough */
    /* CAPACITY_LINK: times all rates; CAPACITY_SPARE: times the memory of all hosts;
     * CAPACITY_START: ns from the start of the scenario */
    double value;
    /* the confirmation: of n replications, hits went well */
    uint32_t hits, n;
    struct stats_interval share;
    double usual_bps; /* CAPACITY_LINK with one rate: the next speed that one can buy; 0 = none */
    double rate_bps;  /* the one rate that all scaled links and cards have now; 0 = several */
    /* CAPACITY_SPARE: which hosts were hardest to empty; all sets of so many were tried, or some */
    uint32_t hosts[CAPACITY_SETS];
    uint32_t nr_sets;
    bool all_sets;
    bool full; /* less would not hold the guests where they are now */
    double guest_bytes,
        host_bytes;       /* memory of all guests, and of all hosts now, over-commit in it */
    enum binding binding; /* where nothing is enough */
    const char *why;      /* likewise; borrowed, may be NULL */
    double so_far; /* of an interrupted search: was enough, but is not confirmed; -1 = none */
    uint32_t runs;
};

/**
 * capacity_find - fill @out
 * Returns ST_OK (also when nothing is enough), ST_EINTR; ST_EINPUT where the scenario has nothing
 * to search.  capacity_release() is due in every case.
 */
enum status capacity_find(struct capacity *out, const struct capacity_options *options,
                          struct diag *diag);
void capacity_release(struct capacity *c);

#endif
