/*
 * draw.c - the uncertain inputs of a replication.
 *
 * Which inputs are uncertain is the scenario's to say.  Invariant: a draw depends on the seed, its
 * cause, the VM or link it is for and the replication, and on nothing that was drawn before.
 */
#include "sim/sim_int.h"

#include <gsl/gsl_randist.h>
#include <math.h>

#include "base/units.h"

void draw_begin_run(struct sim *sim)
{
    if (sim->has_streams && sim->streams_seed == sim->sc->seed)
        return;
    sim->has_streams = true;
    sim->streams_seed = sim->sc->seed;
    rng_family(&sim->phases, sim->sc->seed, "phase");
    rng_family(&sim->scatters, sim->sc->seed, "dirty scatter");
}

double sim_draw(const struct sim *sim, const struct uncertain *u, const char *name, uint32_t index)
{
    struct rng rng;

    if (u->kind == UNCERTAIN_FIXED)
        return u->a;
    rng_stream(&rng, sim->sc->seed, name, index, sim->replication);
    switch (u->kind) {
    case UNCERTAIN_UNIFORM:
        return u->a + (u->b - u->a) * rng_uniform(&rng);
    case UNCERTAIN_NORMAL:
        return fmax(0.0, u->a + gsl_ran_gaussian(rng_gsl(&rng), u->b));
    case UNCERTAIN_LOGNORMAL:
        return u->a * exp(gsl_ran_gaussian(rng_gsl(&rng), log(u->b)));
    case UNCERTAIN_FIXED:
        break;
    }
    return u->a;
}

/* The drawn inputs of one VM; each cause has its own stream, so one more VM shifts nobody's
 * numbers. */
const struct dirty_params *sim_draw_vm(const struct sim *sim, uint32_t vm,
                                       struct dirty_params *drawn, int64_t *phase_ns)
{
    const struct scn_workload *w = &sim->sc->workloads[sim->sc->vms[vm].workload];
    const struct dirty_params *dirty = &sim->sc->vms[vm].guest->dirty;

    bool rate = w->write_bytes_per_s.kind != UNCERTAIN_FIXED;
    bool set = w->working_set_bytes.kind != UNCERTAIN_FIXED;

    if (rate || set) {
        *drawn = *dirty;
        dirty = drawn;
    }
    if (rate)
        drawn->write_bytes_per_s = sim_draw(sim, &w->write_bytes_per_s, "dirty rate", vm);
    if (set)
        drawn->working_set_bytes =
            uncertain_u64(sim_draw(sim, &w->working_set_bytes, "working set", vm));
    *phase_ns = dirty->phase_ns;
    if (dirty->phase_ns < 0 && (dirty->off_ns > 0 || dirty->kind == DIRTY_SEQUENTIAL)) {
        double cycle = dirty->off_ns > 0 ? (double)(dirty->on_ns + dirty->off_ns)
                                         : (double)dirty->working_set_bytes * (double)NS_PER_S /
                                               fmax(dirty->write_bytes_per_s, 1.0);
        struct rng rng;

        rng_member(&rng, &sim->phases, vm, sim->replication);
        *phase_ns = (int64_t)(rng_uniform(&rng) * fmin(cycle, 1e18));
    }
    return dirty;
}

uint64_t sim_draw_bandwidth(const struct sim *sim, uint32_t profile, uint32_t vm)
{
    const struct scn_migration *p = &sim->sc->migrations[profile];

    if (p->max_bandwidth_bytes_per_s.kind == UNCERTAIN_FIXED)
        return p->params.max_bandwidth_bytes_per_s;
    return uncertain_u64(sim_draw(sim, &p->max_bandwidth_bytes_per_s, "max bandwidth", vm));
}
