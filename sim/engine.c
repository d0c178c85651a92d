/*
 * engine.c - runs the clock, hands each event to who it is for.
 *
 * The world itself and the rows that leave it are world.c's, what a migration does with its events
 * is migration.c's; who gets which bandwidth is network.c's.  Invariant: the clock never goes back,
 * and after every event each running migration's next step is scheduled for the share it has.
 */
#include "sim/sim_int.h"

#include <assert.h>
#include <string.h>

#include "sim/cluster/operations.h"
#include "sim/placement/placement.h"

/* A high-water mark: from here on the queue is large enough for the next replications. */
static bool more_events(struct sim *sim)
{
    uint32_t more =
        sim->queue.capacity < EVENT_QUEUE_MAX / 2 ? 2 * sim->queue.capacity : EVENT_QUEUE_MAX;

    if (event_queue_reserve(&sim->queue, more) == ST_OK)
        return true;
    sim->no_memory = true;
    return false;
}

static inline event_handle push(struct sim *sim, int64_t at_ns, int16_t prio, enum event_kind kind,
                                uint32_t index, uint32_t data)
{
    event_handle h = event_queue_push(&sim->queue, at_ns, prio, (uint16_t)kind, index, data);

    if (h == EVENT_NONE && more_events(sim))
        h = event_queue_push(&sim->queue, at_ns, prio, (uint16_t)kind, index, data);
    return h;
}

event_handle sim_push(struct sim *sim, int64_t at_ns, int16_t prio, enum event_kind kind,
                      uint32_t index, uint32_t data)
{
    return push(sim, at_ns, prio, kind, index, data);
}

void sim_schedule(struct sim *sim, struct mig *m, enum mig_timer timer, enum event_kind kind,
                  int64_t at_ns)
{
    if (m->timers[timer] == EVENT_NONE || !event_queue_move(&sim->queue, m->timers[timer], at_ns))
        m->timers[timer] = push(sim, at_ns, 0, kind, m->slot, 0);
}

void sim_unschedule(struct sim *sim, struct mig *m, enum mig_timer timer)
{
    if (m->timers[timer] != EVENT_NONE)
        event_queue_cancel(&sim->queue, m->timers[timer]);
    m->timers[timer] = EVENT_NONE;
}

void sim_reshare(struct sim *sim)
{
    sim->shares_stale = true;
}

void sim_reshare_now(struct sim *sim)
{
    sim->shares_stale = false;
    network_solve(&sim->net);
    pace_moved(sim);
    for (uint32_t i = 0; i < sim->net.nr_changed; i++) {
        uint32_t flow = sim->net.changed[i];
        const struct network_flow *f = &sim->net.flows[flow];
        /* a flow that gets all it wants sends its bursts at what the path can carry */
        double rate = f->rate >= f->demand * (1.0 - 1e-9) ? f->path : f->rate;
        struct mig *m;

        if (flow >= sim->cap_migs) {
            disks_share_changed(sim, flow - sim->cap_migs, f->rate);
            continue;
        }
        m = sim_mig(sim, flow);
        if (rate != m->link_rate || m->wait.link != PACE_NONE)
            mig_share_changed(sim, m, rate);
    }
    pace_rearm(sim);
}

static void begin(struct sim *sim)
{
    const struct scenario *sc = sim->sc;

    for (uint32_t i = 0; i < sc->nr_requests; i++)
        sim_push(sim, sc->requests[i].at_ns, 0, EV_REQUEST, i, 0);
    for (uint32_t i = 0; i < sc->nr_changes; i++)
        sim_push(sim, sc->changes[i].at_ns, 0, EV_CHANGE, i, 0);
    for (uint32_t i = 0; i < sc->nr_faults; i++) {
        /* a fault goes before whatever else happens in its nanosecond */
        sim_push(sim, sc->faults[i].at_ns, 1, EV_FAULT, i, 0);
        if (sc->faults[i].duration_ns > 0)
            sim_push(sim, sc->faults[i].at_ns + sc->faults[i].duration_ns, 1, EV_FAULT, i, 1);
    }
    if (sim->observed && sim->observed->nr_rates > 0)
        sim_push(sim, sim->observed->rate_at_ns[0], 1, EV_RATE, 0, 0);
}

static void on_change(struct sim *sim, const struct scn_change *c)
{
    uint32_t job = cluster_vm_job(sim, c->vm);
    struct mig *m;

    if (job == JOB_NONE || sim->cluster.jobs[job].mig == MIG_NONE)
        return;
    m = sim_mig(sim, sim->cluster.jobs[job].mig);
    if (!mig_in_precopy(m))
        return;
    mig_settle(sim, m);
    mig_apply_change(m, c);
    mig_set_limits(sim, m);
    mig_replan(sim, m);
    if (m->state == MIG_PRECOPY)
        network_set_demand(&sim->net, m->slot, precopy_demand(&m->limits, WIRE_NORMAL));
    sim_reshare(sim);
}

static void on_fault(struct sim *sim, const struct scn_fault *f, bool ends)
{
    switch (f->kind) {
    case FAULT_LINK_DOWN:
        links_set_down(sim, f->target, !ends);
        break;
    case FAULT_DEGRADE:
        links_set_ratio(sim, f->target, ends ? 1.0 : f->ratio);
        break;
    case FAULT_HOST_DOWN:
        if (ends)
            cluster_host_up(sim, f->target);
        else
            cluster_host_down(sim, f->target);
        break;
    case FAULT_RACK_DOWN:
        assert(!"resolved to its hosts");
        break;
    }
    sim_reshare(sim);
}

static void on_rate(struct sim *sim, uint32_t i)
{
    const struct sim_observed *o = sim->observed;
    uint32_t mig = sim->cluster.jobs[0].mig;

    if (o->final_free && mig != MIG_NONE && sim_mig(sim, mig)->state == MIG_SWITCHOVER)
        return;
    network_set_capacity(&sim->net, sim->routes.observed, o->rate[i]);
    if (i + 1 < o->nr_rates)
        sim_push(sim, o->rate_at_ns[i + 1], 1, EV_RATE, i + 1, 0);
    sim_reshare(sim);
}

static void on_mig_event(struct sim *sim, const struct event *e)
{
    struct mig *m = sim_mig(sim, e->index);

    switch ((enum event_kind)e->kind) {
    case EV_STEP:
        mig_step(sim, m);
        break;
    case EV_TIMER:
        mig_timer_sync(sim, m);
        break;
    case EV_LIMIT:
        mig_limit_tick(sim, m);
        break;
    case EV_POSTCOPY:
        mig_order_postcopy(sim, m);
        break;
    case EV_CANCEL:
        mig_cancel(sim, m, false, "cancelled by request");
        break;
    case EV_TIMEOUT:
        mig_timeout(sim, m);
        break;
    case EV_PROGRESS:
        mig_progress(sim, m);
        break;
    case EV_BREAK:
        mig_connection_lost(sim, m, "connection lost: no data for the TCP timeout");
        break;
    case EV_POLL:
        m->timers[TIMER_POLL] = EVENT_NONE;
        sim->platform->poll(sim, m);
        break;
    default:
        assert(!"not an event of a migration");
    }
}

static void dispatch(struct sim *sim, const struct event *e)
{
    switch ((enum event_kind)e->kind) {
    case EV_STEP:
    case EV_TIMER:
    case EV_LIMIT:
    case EV_POSTCOPY:
    case EV_CANCEL:
    case EV_TIMEOUT:
    case EV_PROGRESS:
    case EV_BREAK:
    case EV_POLL:
        on_mig_event(sim, e);
        break;
    case EV_CHANGE:
        on_change(sim, &sim->sc->changes[e->index]);
        break;
    case EV_FAULT:
        on_fault(sim, &sim->sc->faults[e->index], e->data == 1);
        break;
    case EV_RATE:
        on_rate(sim, e->index);
        break;
    case EV_DISK:
        disks_event(sim, e->index);
        break;
    case EV_PACE:
        pace_event(sim, e->index);
        break;
    case EV_TRAFFIC:
        links_event(sim, e->index);
        break;
    case EV_TICK:
        sim->platform->tick(sim, e->index);
        break;
    case EV_OPERATION:
    case EV_OPERATION_WAKE:
    case EV_OPERATION_LATE:
        operations_event(sim, e);
        break;
    case EV_RESTART:
        cluster_restart_lost(sim, e->index, JOB_RESCUE);
        break;
    case EV_REQUEST:
    case EV_READY:
    case EV_BEGIN:
    case EV_UNPLACED:
    case EV_FINISH:
    case EV_RECALL:
    case EV_HELD:
    case EV_WAKE:
        cluster_event(sim, e);
        break;
    case EV_NR:
        assert(!"no such event");
        break;
    }
}

static void begin_platform(struct sim *sim)
{
    const struct platform_ops *p = sim->platform;

    memset(sim->platform_state, 0, p->sim_state_bytes);
    if (p->begin)
        p->begin(sim);
    placement_begin(sim);
}

/* Shares are due, and nothing else happens before time goes on. */
static bool instant_is_over(struct sim *sim)
{
    const struct event *next;

    if (!sim->shares_stale)
        return false;
    next = event_queue_peek(&sim->queue);
    return !next || next->time_ns > sim->now_ns;
}

/* Thousands of migrations do not fit in the nearest caches: fetch what the next one will need while
 * the present event is handled. */
static void look_ahead(struct sim *sim)
{
    const struct event *next = event_queue_peek(&sim->queue);

    if (next && next->kind == EV_STEP)
        mig_fetch(sim_mig(sim, next->index));
}

void sim_run(struct sim *sim, uint32_t replication)
{
    struct event e;

    sim->replication = replication;
    sim->now_ns = 0;
    sim->nr_rounds = sim->nr_begun = sim->nr_log = 0;
    rows_clear(&sim->rows);
    sim->nr_migs = sim->nr_free = 0;
    sim->shares_stale = false;
    event_queue_clear(&sim->queue);
    draw_begin_run(sim);
    links_begin(sim);
    link_use_begin(&sim->link_use);
    pace_begin_run(sim);
    cluster_begin(sim);
    disks_begin_run(sim);
    begin(sim);
    begin_platform(sim);
    while (!sim->no_memory) {
        if (instant_is_over(sim)) {
            sim_reshare_now(sim); /* may add to this very instant */
            continue;
        }
        if (!event_queue_pop(&sim->queue, &e))
            break;
        if (sim->want_links)
            link_use_look(&sim->link_use, &sim->net,
                          e.time_ns < sim->sc->horizon_ns ? e.time_ns : sim->sc->horizon_ns);
        if (e.time_ns > sim->sc->horizon_ns)
            break;
        assert(e.time_ns >= sim->now_ns);
        sim->now_ns = e.time_ns;
        sim->events++;
        look_ahead(sim);
        dispatch(sim, &e);
        if (sim->observe)
            sim->observe(sim, sim->observe_arg);
    }
    if (sim->want_links) /* a flow may go on where nothing happens any more */
        link_use_look(&sim->link_use, &sim->net, sim->sc->horizon_ns);
    operations_horizon(sim);
    if (!sim->no_memory)
        cluster_horizon(sim);
    rows_sort(&sim->rows);
    if (sim->no_memory || !world_group_rounds(sim)) { /* half a run is none */
        sim->no_memory = true;
        sim->nr_rounds = sim->nr_log = 0;
        rows_clear(&sim->rows);
    }
}
