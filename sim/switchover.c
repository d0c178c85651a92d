/*
 * switchover.c - the blackout of a pre-copy migration: stop, final sync, the rest of the pages
 * without any rate limit, device state.
 *
 * Source: QEMU migration/migration.c migration_completion, migration/savevm.c
 * qemu_savevm_state_complete_precopy; libvirt's steps from reference section 15.
 */
#include "sim/sim_int.h"

#include <assert.h>
#include <math.h>

#include "base/num.h"
#include "base/units.h"

void bulk_start(struct mig *m, int64_t now_ns, double wire_bytes, double cpu_ns)
{
    m->bulk = (struct bulk){
        .left = 1.0, .wire_bytes = wire_bytes, .cpu_ns = cpu_ns, .settled_ns = now_ns};
}

/* Time of the whole at the present share; < 0 = it stands still. */
static double bulk_ns(const struct mig *m)
{
    const struct bulk *b = &m->bulk;

    if (b->wire_bytes <= 0.0)
        return b->alone_ns + b->cpu_ns;
    if (m->link_rate <= 0.0)
        return -1.0;
    return b->alone_ns + num_max(b->cpu_ns, b->wire_bytes * (double)NS_PER_S / m->link_rate);
}

void bulk_settle(struct mig *m, int64_t now_ns)
{
    double whole = bulk_ns(m);

    if (whole > 0.0)
        m->bulk.left = num_max(0.0, m->bulk.left - (double)(now_ns - m->bulk.settled_ns) / whole);
    m->bulk.settled_ns = now_ns;
}

int64_t bulk_end_ns(const struct mig *m, int64_t now_ns)
{
    double whole = bulk_ns(m);

    if (whole < 0.0)
        return -1;
    return now_ns + num_round(whole * m->bulk.left);
}

double bulk_demand(const struct mig *m)
{
    if (m->bulk.cpu_ns <= 0.0)
        return INFINITY;
    return num_max(m->bulk.wire_bytes, 1.0) * (double)NS_PER_S / m->bulk.cpu_ns;
}

/* Wire bytes and CPU time of all pending pages.  Pages sent before go at the speed of the final
 * stage; pages never sent yet at that of round 1, in which the receiver has to allocate each of
 * them (capture linux-idle: 27 MiB of them in the blackout took 120 ms), but in post-copy, where
 * they are placed whole, at that of the final stage too (captures of post-copy: 730-820 MB/s). */
void bulk_pending_cost(const struct mig *m, double *wire, double *cpu)
{
    bool placed = m->state == MIG_POSTCOPY;
    uint64_t speed = placed && m->costs->push_bytes_per_s ? m->costs->push_bytes_per_s
                                                          : m->costs->final_copy_bytes_per_s;
    double ratio = (double)m->costs->copy_bytes_per_s / (double)speed;

    *wire = *cpu = 0.0;
    for (uint32_t i = 0; i < m->sender.nr_runs; i++) {
        const struct wire_cost *c = &m->limits.cost[m->sender.runs[i].kind];
        double pages = (double)m->sender.runs[i].pages;
        enum wire_kind kind = m->sender.runs[i].kind;
        bool fast = kind == WIRE_MIXED || (placed && kind == WIRE_NORMAL);

        *wire += pages * c->wire_bytes;
        *cpu += pages * c->cpu_ns * (fast ? ratio : 1.0);
    }
}

/* The pages of a bulk transfer are on the wire: move them to the counters. */
static void count_pending(struct mig *m, uint64_t *bytes)
{
    double counted = 0.0;

    for (uint32_t i = 0; i < m->sender.nr_runs; i++) {
        const struct precopy_run_of_pages *r = &m->sender.runs[i];

        counted += (double)r->pages * m->limits.cost[r->kind].counted_bytes;
        m->sender.sent_pages[r->kind] += r->pages;
    }
    counted += m->limits.call_bytes;
    m->sender.counted_bytes += counted;
    m->sender.pending_pages = 0;
    m->sender.nr_runs = 0;
    *bytes += (uint64_t)num_round(counted);
}

void switchover_begin(struct sim *sim, struct mig *m)
{
    int64_t stop = m->costs->stop_ns;
    /* the exact sync that led here takes its time, and the guest runs on meanwhile */
    int64_t start = m->sender.now_ns > sim->now_ns ? m->sender.now_ns : sim->now_ns;

    guest_advance(sim, m, start);
    if (m->blackout_start_ns < 0)
        m->blackout_start_ns = start;
    m->result->downtime_ns = -start; /* completed in switchover_end() */
    if (m->params.pause_before_switchover || m->params.libvirt)
        stop += m->params.management_wait_ns;
    if (m->params.libvirt)
        stop += m->costs->libvirt_wait_ns;
    m->result->precopy_bytes = (uint64_t)num_round(m->sender.counted_bytes);
    m->step = STEP_STOP;
    mig_set_state(sim, m, MIG_SWITCHOVER);
    disks_pause(sim, m, true);
    sim_unschedule(sim, m, TIMER_CONVERGE);
    sim_unschedule(sim, m, TIMER_LIMIT);
    sim_unschedule(sim, m, TIMER_PROGRESS);
    sim_schedule(sim, m, TIMER_STEP, EV_STEP, start + stop);
}

static void begin_send(struct sim *sim, struct mig *m)
{
    int64_t sync = m->costs->sync_fixed_ns;
    bool limited =
        m->link_rate > 0.0 &&
        m->limits.quota_bytes < m->link_rate * (double)PRECOPY_WINDOW_NS / (double)NS_PER_S;
    double wire, cpu;

    mig_sync(sim, m, true);
    if (sim->observed && sim->observed->final_free && m->job == 0)
        network_set_capacity(&sim->net, sim->routes.observed, INFINITY);
    bulk_pending_cost(m, &wire, &cpu);
    /* with the cap in force the kernel's buffer has run empty: that much leaves at once */
    if (limited)
        wire = num_max(wire - (double)m->costs->socket_buffer_bytes, 0.0);
    bulk_start(m, sim->now_ns, wire, cpu + (double)sync);
    network_set_demand(&sim->net, m->slot, bulk_demand(m));
    m->step = STEP_SEND;
    mig_replan(sim, m);
    sim_reshare(sim);
}

static void begin_devices(struct sim *sim, struct mig *m)
{
    double ns = (double)m->costs->device_save_ns;

    count_pending(m, &m->result->downtime_bytes);
    if (m->link_rate > 0.0)
        ns += (double)m->guest->device_state_bytes * (double)NS_PER_S / m->link_rate;
    if (m->params.return_path || m->params.postcopy)
        ns += (double)(m->rtt_ns + m->costs->dest_start_ns);
    m->step = STEP_DEVICES;
    sim_schedule(sim, m, TIMER_STEP, EV_STEP, sim->now_ns + num_round(ns) + m->costs->finish_ns);
}

static void switchover_end(struct sim *sim, struct mig *m)
{
    struct mig_result *r = m->result;

    r->outcome = OUTCOME_COMPLETED;
    r->ended_ns = sim->now_ns;
    r->total_ns = sim->now_ns - r->started_ns;
    r->blackout_ns = sim->now_ns - m->blackout_start_ns;
    if (!(m->params.return_path || m->params.postcopy))
        r->blackout_ns += m->rtt_ns + m->costs->dest_start_ns;
    if (m->params.libvirt)
        r->blackout_ns += m->costs->libvirt_finish_ns;
    mig_finish_row(sim, m);
    mig_set_state(sim, m, MIG_DONE);
    sim_reshare(sim);
}

/* With a manager that pauses before the switchover, mirrors end there; else after memory. */
static bool drains_first(const struct mig *m)
{
    return m->params.pause_before_switchover || m->params.libvirt;
}

static bool drained(struct sim *sim, struct mig *m)
{
    if (disks_drain(sim, m))
        return true;
    m->step = STEP_DRAIN;
    network_set_demand(&sim->net, m->slot, 1.0); /* memory waits meanwhile */
    sim_reshare(sim);
    return false;
}

void switchover_step(struct sim *sim, struct mig *m)
{
    switch (m->step) {
    case STEP_STOP:
        if (!drains_first(m) || drained(sim, m))
            begin_send(sim, m);
        break;
    case STEP_DRAIN:
        if (drains_first(m))
            begin_send(sim, m);
        else
            switchover_end(sim, m);
        break;
    case STEP_SEND:
        begin_devices(sim, m);
        break;
    case STEP_DEVICES:
        m->result->downtime_ns += sim->now_ns;
        if (drains_first(m) || drained(sim, m))
            switchover_end(sim, m);
        break;
    }
}
