/*
 * cold.c - the steps of moves with the guest down.
 *
 * Leaves limits, targets and rows to cluster.c.  Disks are copied one after another, as scripts and
 * control planes do; a step that has nothing to do is left out.  Invariant: from the first step to
 * the last no vCPU runs, so the blackout is the whole move (of a rescue, from the loss of the
 * host).
 */
#include <assert.h>
#include <math.h>

#include "sim/sim_int.h"

#include "base/units.h"

/* ---- what there is to do ---- */

static enum job_kind kind_of(const struct sim *sim, const struct mig *m)
{
    return (enum job_kind)sim->cluster.jobs[m->job].kind;
}

static uint32_t state_storage(const struct sim *sim)
{
    for (uint32_t i = 0; i < sim->sc->disks.nr_storages; i++)
        if (sim->sc->disks.storages[i].saved_state)
            return i;
    return STORAGE_NONE;
}

static bool state_is_shared(const struct sim *sim, const struct mig *m)
{
    uint32_t i = state_storage(sim);
    const struct scn_storage *s = i == STORAGE_NONE ? NULL : &sim->sc->disks.storages[i];

    return s && s->shared && storage_sees(s, m->source) && storage_sees(s, m->target);
}

/* Saved memory: pages with content, and the devices. */
static double state_bytes(const struct mig *m)
{
    uint64_t ram = m->guest->memory_bytes + m->guest->extra_bytes;
    uint64_t full = m->guest->nonzero_bytes < ram ? m->guest->nonzero_bytes : ram;

    return (double)(full + m->guest->device_state_bytes);
}

const char *cold_refuse(struct sim *sim, const struct job *job, uint32_t source, uint32_t target)
{
    if (job->kind == JOB_RESCUE && disks_to_copy(sim, job->vm, source, target) > 0)
        return "a disk is local to the dead host: nothing to start elsewhere";
    return NULL;
}

/* ---- transfers ---- */

static bool runs_steps(const struct mig *m)
{
    return m->state == MIG_OFFLINE;
}

static void wait_ns(struct sim *sim, struct mig *m, int64_t ns)
{
    sim_schedule(sim, m, TIMER_STEP, EV_STEP, sim->now_ns + ns);
}

/* @bytes over @route, no faster than @cap; the step ends when they are through. */
static void transfer(struct sim *sim, struct mig *m, const struct route *route, double bytes,
                     double cap)
{
    double cpu_ns = isfinite(cap) ? bytes * (double)NS_PER_S / cap : 0.0;

    assert(runs_steps(m));
    if (route->paths[0].nr_hops == 0 || bytes <= 0.0) { /* nothing is shared with anybody */
        wait_ns(sim, m, (int64_t)llround(cpu_ns));
        return;
    }
    m->link_rate = 0.0;
    bulk_start(m, sim->now_ns, bytes, cpu_ns);
    links_start(sim, m->slot, route, bulk_demand(m));
    sim_reshare(sim);
    /* nothing answers until there is a share */
    sim_schedule(sim, m, TIMER_BREAK, EV_BREAK, sim->now_ns + m->costs->tcp_timeout_ns);
}

static void begin_save(struct sim *sim, struct mig *m)
{
    struct route route;

    route_local(&route);
    route_add(&route, disks_write_link(sim, state_storage(sim), m->source));
    m->result->transferred_bytes += (uint64_t)state_bytes(m);
    transfer(sim, m, &route, state_bytes(m), (double)m->costs->final_copy_bytes_per_s);
}

static void begin_load(struct sim *sim, struct mig *m)
{
    struct route route;

    route_local(&route);
    route_add(&route, disks_read_link(sim, state_storage(sim), m->target));
    transfer(sim, m, &route, state_bytes(m), (double)m->costs->final_copy_bytes_per_s);
}

static void begin_move(struct sim *sim, struct mig *m)
{
    uint32_t storage = state_storage(sim);
    uint64_t limit = m->params.disk_limit_bytes_per_s;
    struct route route;

    mig_storage_route(sim, m, STORAGE_NONE, &route);
    route_add(&route, disks_read_link(sim, storage, m->source));
    route_add(&route, disks_write_link(sim, storage, m->target));
    transfer(sim, m, &route, state_bytes(m), limit ? (double)limit : INFINITY);
}

/* The next local disk from m->disk on; false = there is none. */
static bool begin_copy(struct sim *sim, struct mig *m)
{
    const struct scn_disks *d = &sim->sc->disks;
    uint32_t last = d->first ? d->first[m->vm + 1] : 0;
    struct route route;

    while (m->disk < last && !disks_is_local(sim, m->disk, m->source, m->target))
        m->disk++;
    if (m->disk >= last)
        return false;
    disks_route(sim, m, m->disk, &route);
    transfer(sim, m, &route, (double)d->kinds[d->disks[m->disk].kind].mirror.used_bytes,
             disks_limit(sim, m, m->disk));
    return true;
}

static void end_transfer(struct sim *sim, struct mig *m)
{
    sim_unschedule(sim, m, TIMER_BREAK);
    network_stop(&sim->net, m->slot);
    m->bulk.wire_bytes = m->bulk.cpu_ns = 0.0;
    sim_reshare(sim);
}

/* ---- the steps ---- */

static void begin_up(struct sim *sim, struct mig *m)
{
    m->offline = OFFLINE_UP;
    if (kind_of(sim, m) == JOB_SUSPEND)
        wait_ns(sim, m, m->costs->dest_start_ns);
    else
        wait_ns(sim, m, m->guest->boot_ns);
}

static void begin_disks(struct sim *sim, struct mig *m)
{
    m->offline = OFFLINE_DISKS;
    m->disk = sim->sc->disks.first ? sim->sc->disks.first[m->vm] : 0;
    m->disk_start_ns = sim->now_ns;
    if (begin_copy(sim, m))
        return;
    if (kind_of(sim, m) == JOB_SUSPEND) {
        m->offline = OFFLINE_LOAD;
        begin_load(sim, m);
    } else {
        begin_up(sim, m);
    }
}

void cold_start(struct sim *sim, struct mig *m)
{
    const struct lost_vm *lost = cluster_lost(sim, m->vm);
    const char *why = cold_refuse(sim, job_at(sim, m->job), m->source, m->target);

    if (why) {
        m->result->started_ns = -1;
        mig_refuse(sim, m, why);
        return;
    }
    mig_set_state(sim, m, MIG_OFFLINE);
    m->blackout_start_ns = kind_of(sim, m) == JOB_RESCUE && lost ? lost->at_ns : sim->now_ns;
    switch (kind_of(sim, m)) {
    case JOB_COLD:
        m->offline = OFFLINE_DOWN;
        wait_ns(sim, m, m->guest->shutdown_ns);
        break;
    case JOB_SUSPEND:
        m->offline = OFFLINE_SAVE;
        begin_save(sim, m);
        break;
    default:
        begin_up(sim, m);
        break;
    }
}

static void finish(struct sim *sim, struct mig *m)
{
    struct mig_result *r = m->result;

    r->outcome = OUTCOME_COMPLETED;
    r->ended_ns = sim->now_ns;
    r->total_ns = sim->now_ns - r->started_ns;
    r->downtime_ns = r->blackout_ns = sim->now_ns - m->blackout_start_ns;
    mig_set_state(sim, m, MIG_DONE);
    sim_reshare(sim);
}

void cold_step(struct sim *sim, struct mig *m)
{
    const struct scn_disks *d = &sim->sc->disks;

    assert(runs_steps(m));
    end_transfer(sim, m);
    switch (m->offline) {
    case OFFLINE_DOWN:
        begin_disks(sim, m);
        break;
    case OFFLINE_SAVE:
        m->offline = OFFLINE_MOVE;
        if (state_is_shared(sim, m))
            begin_disks(sim, m);
        else
            begin_move(sim, m);
        break;
    case OFFLINE_MOVE:
        begin_disks(sim, m);
        break;
    case OFFLINE_DISKS:
        m->result->disk_bytes += d->kinds[d->disks[m->disk].kind].mirror.used_bytes;
        m->result->disk_ns = sim->now_ns - m->disk_start_ns;
        m->disk++;
        if (begin_copy(sim, m))
            break;
        m->offline = OFFLINE_LOAD;
        if (kind_of(sim, m) == JOB_SUSPEND)
            begin_load(sim, m);
        else
            begin_up(sim, m);
        break;
    case OFFLINE_LOAD:
        begin_up(sim, m);
        break;
    case OFFLINE_UP:
        finish(sim, m);
        break;
    }
}

int64_t cold_back_ns(const struct sim *sim, const struct mig *m)
{
    switch (kind_of(sim, m)) {
    case JOB_COLD:
        return m->guest->boot_ns;
    case JOB_SUSPEND:
        return (int64_t)llround(state_bytes(m) * (double)NS_PER_S /
                                (double)m->costs->final_copy_bytes_per_s);
    default:
        return 0; /* there is nothing to go back to */
    }
}
