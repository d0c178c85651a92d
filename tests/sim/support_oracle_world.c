/* support_oracle_world.c - see support_oracle_world.h. */
#include "support_oracle_world.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "models/costs.h"

void world_params_default(struct mig_params *p)
{
    *p = (struct mig_params){
        .qemu = QEMU_7_2,
        .max_bandwidth_bytes_per_s = 128 * MIB,
        .downtime_limit_ns = 300 * NS_PER_MS,
        .throttle_trigger_pct = 50,
        .cpu_throttle_initial_pct = 20,
        .cpu_throttle_increment_pct = 10,
        .max_cpu_throttle_pct = 99,
        .vcpu_dirty_limit_bytes_per_s = MIB,
        .vcpu_dirty_limit_period_ns = NS_PER_S,
        .dirty_ring_entries = 4096,
        .dirty_log = DIRTY_LOG_MANUAL,
        .clear_chunk_bytes = GIB,
        .xbzrle_cache_bytes = 64 * MIB,
        .multifd_channels = 2,
        .multifd_level = 1,
        .postcopy_after_round = 2,
    };
}

static void init_migration(struct world *w, uint32_t i)
{
    w->workloads[i].name = "guest";
    w->vms[i] = (struct scn_vm){.name = "vm", .host = 0, .workload = i, .migration = i};
    w->guests[i] = (struct guest_params){
        .memory_bytes = GIB,
        .nonzero_bytes = GIB,
        .host_page_bytes = PAGE_BYTES,
        .device_state_bytes = 400 * KIB,
        .vcpus = 2,
        .zero_tail_ratio = 1.0,
        .dirty = {.cpu_need_ratio = 1.0, .change_ratio = 1.0, .compress_ratio = 1.0},
    };
    w->migrations[i].name = "";
    w->migrations[i].platform = "qemu";
    world_params_default(&w->migrations[i].params);
    w->requests[i] =
        (struct scn_request){.name = "request", .vm = i, .target = 1, .cancel_at_ns = -1};
}

void world_bind(struct world *w)
{
    w->sc.hosts = w->hosts;
    for (uint32_t h = 0; h < WORLD_HOSTS; h++)
        w->hosts[h].costs = &w->costs[h];
    w->sc.links = w->links;
    w->sc.workloads = w->workloads;
    w->sc.vms = w->vms;
    for (uint32_t i = 0; i < WORLD_MIGS; i++)
        w->vms[i].guest = &w->guests[i];
    w->sc.migrations = w->migrations;
    w->sc.requests = w->requests;
    w->sc.faults = w->faults;
    w->sc.changes = w->changes;
}

void world_init(struct world *w, uint32_t nr)
{
    static const char *const names[WORLD_HOSTS] = {"a", "b", "c", "d", "e", "f"};

    assert(nr <= WORLD_MIGS);
    memset(w, 0, sizeof(*w));
    for (uint32_t h = 0; h < WORLD_HOSTS; h++) {
        w->hosts[h] = (struct scn_host){.name = names[h], .nic_bps = UNITS_UNLIMITED};
        host_costs_default(&w->costs[h]);
    }
    for (uint32_t l = 0; l < WORLD_LINKS; l++) {
        w->links[l] = (struct scn_link){.name = "link", .efficiency_ratio = 1.0};
        world_link(w, l, INFINITY);
    }
    for (uint32_t i = 0; i < nr; i++)
        init_migration(w, i);
    w->sc = (struct scenario){
        .path = "test",
        .seed = 1,
        .replications = 1,
        .horizon_ns = 30LL * 86400 * NS_PER_S,
        .nr_hosts = 2,
        .nr_links = 1,
        .nr_workloads = nr,
        .nr_vms = nr,
        .nr_migrations = nr,
        .nr_requests = nr,
    };
    world_bind(w);
}

struct mig_params *world_params(struct world *w, uint32_t i)
{
    return &w->migrations[i].params;
}

struct guest_params *world_guest(struct world *w, uint32_t i)
{
    return &w->guests[i];
}

void world_link(struct world *w, uint32_t link, double bytes_per_s)
{
    w->links[link].rate_bps.kind = UNCERTAIN_FIXED;
    w->links[link].rate_bps.a = isinf(bytes_per_s) ? (double)UNITS_UNLIMITED : bytes_per_s * 8.0;
}

void world_fault(struct world *w, enum fault_kind kind, uint32_t target, int64_t at_ns,
                 int64_t duration_ns, double ratio)
{
    assert(w->sc.nr_faults < WORLD_ORDERS);
    w->faults[w->sc.nr_faults++] = (struct scn_fault){.name = "fault",
                                                      .kind = kind,
                                                      .target = target,
                                                      .at_ns = at_ns,
                                                      .duration_ns = duration_ns,
                                                      .ratio = ratio};
}

struct mig_result world_run_one(const struct world *world)
{
    struct world w = *world;
    struct mig_result row;
    struct sim *sim;
    uint32_t nr;

    world_bind(&w);
    sim = sim_new(&w.sc, 0);
    assert(sim);
    sim_run(sim, 0);
    row = sim_results(sim, &nr)[0];
    assert(nr >= 1);
    sim_free(sim);
    return row;
}

double world_between(struct rng *r, double low, double high)
{
    return low + (high - low) * rng_uniform(r);
}

double world_log_between(struct rng *r, double low, double high)
{
    return low * pow(high / low, rng_uniform(r));
}

uint32_t world_pick(struct rng *r, uint32_t nr)
{
    return (uint32_t)(rng_uniform(r) * nr);
}

bool world_chance(struct rng *r, double p)
{
    return rng_uniform(r) < p;
}
