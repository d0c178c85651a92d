/*
 * support_oracle_world.h - scenarios built by hand, for tests of the engine.
 *
 * A world owns its arrays; tests change the fields they are about and leave the rest.  world_init()
 * gives hosts 0 and 1 joined by one link, and @nr guests on host 0 that all are to go to host 1 at
 * time 0, each with its own workload and profile (QEMU's defaults).
 */
#ifndef MIGCAST_TESTS_SIM_SUPPORT_ORACLE_WORLD_H
#define MIGCAST_TESTS_SIM_SUPPORT_ORACLE_WORLD_H

#include "base/rng.h"
#include "sim/sim.h"

enum {
    WORLD_MIGS = 12,
    WORLD_HOSTS = 6,
    WORLD_LINKS = 4,
    WORLD_ORDERS = 8 /* faults, and changes */
};

struct world {
    struct scenario sc;
    struct scn_host hosts[WORLD_HOSTS];
    struct host_costs costs[WORLD_HOSTS];
    struct scn_link links[WORLD_LINKS];
    struct scn_workload workloads[WORLD_MIGS];
    struct scn_vm vms[WORLD_MIGS];
    struct guest_params guests[WORLD_MIGS];
    struct scn_migration migrations[WORLD_MIGS];
    struct scn_request requests[WORLD_MIGS];
    struct scn_fault faults[WORLD_ORDERS];
    struct scn_change changes[WORLD_ORDERS];
};

void world_init(struct world *w, uint32_t nr);
/* Points the scenario at the arrays of this copy of the world. */
void world_bind(struct world *w);
/* The tuning and the guest of migration @i. */
struct mig_params *world_params(struct world *w, uint32_t i);
struct guest_params *world_guest(struct world *w, uint32_t i);
/* Payload bytes per second of a link. */
void world_link(struct world *w, uint32_t link, double bytes_per_s);
void world_fault(struct world *w, enum fault_kind kind, uint32_t target, int64_t at_ns,
                 int64_t duration_ns, double ratio);
/* QEMU's defaults, as scenario files have them. */
void world_params_default(struct mig_params *p);

/* One replication of one migration; the row, by value. */
struct mig_result world_run_one(const struct world *w);
/* Draws used by the tests. */
double world_between(struct rng *r, double low, double high);
double world_log_between(struct rng *r, double low, double high);
uint32_t world_pick(struct rng *r, uint32_t nr);
bool world_chance(struct rng *r, double p);

#endif
