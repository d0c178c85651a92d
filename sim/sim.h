/*
 * sim.h - one simulated world: clock, network, migrations.
 *
 * A sim is built once from a scenario and then runs replications of it, one after another, without
 * allocating.  `run`, `predict`, `replay` and all others go through sim_run(): one migration is a
 * cluster of two hosts.  Different sims may run in different threads; they share only the scenario,
 * which is read.
 */
#ifndef MIGCAST_SIM_SIM_H
#define MIGCAST_SIM_SIM_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "sim/result.h"
#include "sim/scenario/scenario.h"

/* What a trace measured while migrating, to be used instead of the models (replay). */
struct sim_observed {
    uint32_t nr_syncs;
    const uint64_t
        *dirty_pages; /* newly dirty at sync i + 1 (dirty-sync-count); [0] is the setup's */
    const int64_t *sync_at_ns; /* when it was, from `migrate` on; ascending */
    double late_pages_per_s;   /* newly dirty after the last sync */
    uint32_t nr_rates;
    const int64_t *rate_at_ns; /* from `migrate` on; ascending */
    const double
        *rate;       /* bytes/s on the wire the link gave from then on; INFINITY = no limit seen */
    bool final_free; /* the rates say nothing of the stop-and-copy, which has no limit */
    uint32_t nr_page_bytes;
    const double *page_bytes; /* [i]: counted bytes of a page of round i > 1; 0 = as modelled */
};

enum {
    SIM_ROWS_MAX = 1 << 21 /* attempts in one replication: far beyond any drain */
};

struct sim;

struct sim_options {
    uint32_t max_rounds;                 /* round records kept per replication; 0 = none */
    bool links;                          /* record how links are used */
    uint32_t max_events;                 /* lines of the log kept per replication; 0 = none */
    const struct sim_observed *observed; /* NULL, or for request 0; borrowed */
    void (*observe)(struct sim *sim, void *arg); /* NULL, or called after each event; tests */
    void *observe_arg;
};

struct arena;
struct rows;

/* sim_new - size everything for @sc (borrowed; its values may change between runs, its counts may
 * not). NULL when memory ran out. */
struct sim *sim_new(const struct scenario *sc, const struct sim_options *options);
void sim_free(struct sim *sim);

/* sim_run - one replication; seeds follow from (scenario seed, replication).  Results stay readable
 * until the next run.  Never fails: every migration ends in an outcome. */
void sim_run(struct sim *sim, uint32_t replication);

/* Results of the last run: a row for each attempt, by job and attempt; the jobs of requests come
 * first, in request order. */
const struct mig_result *sim_results(struct sim *sim, uint32_t *nr);
/* The same one by one, for runs of many: the array takes three times what the rows themselves do.
 */
uint32_t sim_nr_results(const struct sim *sim);
void sim_result(const struct sim *sim, uint32_t i, struct mig_result *out);
/* sim_take_rows - all of them into @rows, which is released by its owner; the sim has none then. */
void sim_take_rows(struct sim *sim, struct rows *rows);
const struct mig_round *sim_rounds(const struct sim *sim, uint32_t *nr);
const struct sim_event *sim_log_lines(const struct sim *sim, uint32_t *nr);
/* sim_links - the links used most into @rows; returns how many.  Their names live as the other
 * texts.
 */
uint32_t sim_links(struct sim *sim, struct link_result rows[LINKS_KEPT]);
const struct op_result *sim_operations(const struct sim *sim, uint32_t *nr);
/* ST_OK; ST_ENOMEM when a run ended early for want of memory, ST_EINPUT when it had more than
 * SIM_ROWS_MAX attempts.  There are no rows then, and the sim is of no further use. */
enum status sim_status(const struct sim *sim);
/* The texts that rows point to, to outlive the sim; the caller frees.  No run may follow. */
struct arena *sim_take_texts(struct sim *sim);
/* Events handled since sim_new(). */
uint64_t sim_events(const struct sim *sim);

#endif
