/*
 * engine.c - builds the world, runs the clock, hands each event to who it is for.
 *
 * What a migration does with its events is migration.c's; who gets which bandwidth is network.c's.
 * Invariant: the clock never goes back, and after every event each running migration's next step is
 * scheduled for the share it has.
 */
#include "sim/sim_int.h"

#include <assert.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"

/* Payload of a full Ethernet frame over what it takes on the wire: 1448 / 1538 (TCP with
 * timestamps, IPv4, Ethernet header, check sum, preamble and gap). */
#define NIC_EFFICIENCY (1448.0 / 1538.0)
#define BITS 8.0

struct sim *sim_new(const struct scenario *sc, const struct sim_options *options)
{
    struct sim *sim = calloc(1, sizeof(*sim));
    uint32_t migs = sc->nr_requests ? sc->nr_requests : 1;
    uint32_t events = TIMER_NR * migs + sc->nr_requests + 2 * sc->nr_faults + sc->nr_changes + 8;

    if (!sim)
        return 0;
    sim->sc = sc;
    sim->observed = options ? options->observed : 0;
    sim->max_rounds = options ? options->max_rounds : 0;
    sim->nr_migs = sc->nr_requests;
    sim->observed_link = sc->nr_links + 2 * sc->nr_hosts;
    sim->migs = calloc(migs, sizeof(*sim->migs));
    sim->results = calloc(migs, sizeof(*sim->results));
    sim->rounds = calloc((size_t)sim->max_rounds + 1, sizeof(*sim->rounds));
    sim->by_mig = calloc((size_t)sim->max_rounds + 1, sizeof(*sim->by_mig));
    sim->round_migs = calloc((size_t)sim->max_rounds + 1, sizeof(*sim->round_migs));
    sim->link_capacity = calloc(sc->nr_links + 1, sizeof(*sim->link_capacity));
    sim->host_down = calloc(sc->nr_hosts + 1, sizeof(*sim->host_down));
    sim->link_down = calloc(sc->nr_links + 1, sizeof(*sim->link_down));
    if (!sim->migs || !sim->results || !sim->rounds || !sim->by_mig || !sim->round_migs ||
        !sim->link_capacity || !sim->host_down || !sim->link_down ||
        event_queue_init(&sim->queue, events) != ST_OK ||
        network_init(&sim->net, sim->observed_link + 1, migs) != ST_OK) {
        sim_free(sim);
        return 0;
    }
    for (uint32_t i = 0; sc->fidelity == FIDELITY_PAGES && i < sc->nr_requests; i++) {
        const struct guest_params *g = sc->vms[sc->requests[i].vm].guest;

        sim->migs[i].pages = memory_pages_new((g->memory_bytes + g->extra_bytes) / PAGE_BYTES);
        if (!sim->migs[i].pages) {
            sim_free(sim);
            return 0;
        }
    }
    return sim;
}

void sim_free(struct sim *sim)
{
    if (!sim)
        return;
    for (uint32_t i = 0; sim->migs && i < sim->nr_migs; i++)
        memory_pages_free(sim->migs[i].pages);
    network_release(&sim->net);
    event_queue_release(&sim->queue);
    free(sim->migs);
    free(sim->results);
    free(sim->rounds);
    free(sim->by_mig);
    free(sim->round_migs);
    free(sim->link_capacity);
    free(sim->host_down);
    free(sim->link_down);
    free(sim);
}

void sim_schedule(struct sim *sim, struct mig *m, enum mig_timer timer, enum event_kind kind,
                  int64_t at_ns)
{
    if (event_queue_pending(&sim->queue, m->timers[timer])) {
        event_queue_move(&sim->queue, m->timers[timer], at_ns);
        return;
    }
    m->timers[timer] = event_queue_push(&sim->queue, at_ns, 0, (uint16_t)kind, m->request, 0);
    assert(m->timers[timer] != EVENT_NONE);
}

void sim_unschedule(struct sim *sim, struct mig *m, enum mig_timer timer)
{
    if (m->timers[timer] != EVENT_NONE)
        event_queue_cancel(&sim->queue, m->timers[timer]);
    m->timers[timer] = EVENT_NONE;
}

void sim_reshare(struct sim *sim)
{
    network_solve(&sim->net);
    for (uint32_t i = 0; i < sim->net.nr_changed; i++) {
        struct network_flow *f = &sim->net.flows[sim->net.changed[i]];
        struct mig *m = &sim->migs[sim->net.changed[i]];
        /* a flow that gets all it wants sends its bursts at what the path can carry */
        double rate = f->rate >= f->demand * (1.0 - 1e-9) ? f->path : f->rate;

        if (rate != m->link_rate)
            mig_share_changed(sim, m, rate);
    }
}

static double draw(const struct sim *sim, const struct uncertain *u, const char *name,
                   uint32_t index)
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
void sim_draw_vm(const struct sim *sim, uint32_t vm, struct dirty_params *dirty, int64_t *phase_ns)
{
    const struct scn_workload *w = &sim->sc->workloads[sim->sc->vms[vm].workload];

    *dirty = sim->sc->vms[vm].guest->dirty;
    if (w->write_bytes_per_s.kind != UNCERTAIN_FIXED)
        dirty->write_bytes_per_s = draw(sim, &w->write_bytes_per_s, "dirty rate", vm);
    if (w->working_set_bytes.kind != UNCERTAIN_FIXED)
        dirty->working_set_bytes =
            uncertain_u64(draw(sim, &w->working_set_bytes, "working set", vm));
    *phase_ns = dirty->phase_ns;
    if (dirty->phase_ns < 0 && (dirty->off_ns > 0 || dirty->kind == DIRTY_SEQUENTIAL)) {
        double cycle = dirty->off_ns > 0 ? (double)(dirty->on_ns + dirty->off_ns)
                                         : (double)dirty->working_set_bytes * (double)NS_PER_S /
                                               fmax(dirty->write_bytes_per_s, 1.0);
        struct rng rng;

        rng_stream(&rng, sim->sc->seed, "phase", vm, sim->replication);
        *phase_ns = (int64_t)(rng_uniform(&rng) * fmin(cycle, 1e18));
    }
}

uint64_t sim_draw_bandwidth(const struct sim *sim, uint32_t profile, uint32_t vm)
{
    const struct scn_migration *p = &sim->sc->migrations[profile];

    if (p->max_bandwidth_bytes_per_s.kind == UNCERTAIN_FIXED)
        return p->params.max_bandwidth_bytes_per_s;
    return uncertain_u64(draw(sim, &p->max_bandwidth_bytes_per_s, "max bandwidth", vm));
}

static void set_capacity(struct sim *sim, uint32_t link, double ratio)
{
    network_set_capacity(&sim->net, link,
                         sim->link_down[link] ? 0.0 : sim->link_capacity[link] * ratio);
}

static void begin(struct sim *sim)
{
    const struct scenario *sc = sim->sc;

    for (uint32_t i = 0; i < sc->nr_links; i++) {
        double rate = draw(sim, &sc->links[i].rate_bps, "link rate", i);
        double background = draw(sim, &sc->links[i].background_bps, "background", i);

        sim->link_down[i] = false;
        sim->link_capacity[i] = INFINITY;
        if (rate < (double)UNITS_UNLIMITED)
            sim->link_capacity[i] =
                fmax(rate - background, 0.0) * sc->links[i].efficiency_ratio / BITS;
        set_capacity(sim, i, 1.0);
    }
    for (uint32_t i = 0; i < sc->nr_hosts; i++) {
        double nic = INFINITY;

        if (sc->hosts[i].nic_bps != UNITS_UNLIMITED)
            nic = (double)sc->hosts[i].nic_bps * NETWORK_NIC_EFFICIENCY / BITS;
        sim->host_down[i] = false;
        network_set_capacity(&sim->net, net_nic_out(sim, i), nic);
        network_set_capacity(&sim->net, net_nic_in(sim, i), nic);
    }
    for (uint32_t i = 0; i < sc->nr_requests; i++)
        event_queue_push(&sim->queue, sc->requests[i].at_ns, 0, EV_REQUEST, i, 0);
    for (uint32_t i = 0; i < sc->nr_changes; i++)
        event_queue_push(&sim->queue, sc->changes[i].at_ns, 0, EV_CHANGE, i, 0);
    for (uint32_t i = 0; i < sc->nr_faults; i++) {
        /* a fault goes before whatever else happens in its nanosecond */
        event_queue_push(&sim->queue, sc->faults[i].at_ns, 1, EV_FAULT, i, 0);
        if (sc->faults[i].duration_ns > 0)
            event_queue_push(&sim->queue, sc->faults[i].at_ns + sc->faults[i].duration_ns, 1,
                             EV_FAULT, i, 1);
    }
    if (sim->observed && sim->observed->nr_rates > 0)
        event_queue_push(&sim->queue, sim->observed->rate_at_ns[0], 1, EV_RATE, 0, 0);
}

static void on_change(struct sim *sim, const struct scn_change *c)
{
    for (uint32_t i = 0; i < sim->nr_migs; i++) {
        struct mig *m = &sim->migs[i];

        if (m->vm != c->vm || (m->state != MIG_SETUP && m->state != MIG_PRECOPY))
            continue;
        mig_settle(sim, m);
        mig_apply_change(m, c);
        mig_set_limits(sim, m);
        if (m->state == MIG_PRECOPY)
            network_set_demand(&sim->net, m->flow, precopy_demand(&m->limits, WIRE_NORMAL));
        mig_replan(sim, m);
    }
    sim_reshare(sim);
}

static void on_host_down(struct sim *sim, uint32_t host)
{
    sim->host_down[host] = true;
    for (uint32_t i = 0; i < sim->nr_migs; i++) {
        struct mig *m = &sim->migs[i];

        if (m->state == MIG_IDLE || m->state >= MIG_DONE ||
            (m->source != host && m->target != host))
            continue;
        mig_fail(sim, m,
                 m->source == host ? "source host failed: guest lost" : "target host failed");
    }
}

static void on_fault(struct sim *sim, const struct scn_fault *f, bool ends)
{
    switch (f->kind) {
    case FAULT_LINK_DOWN:
        sim->link_down[f->target] = !ends;
        set_capacity(sim, f->target, 1.0);
        break;
    case FAULT_DEGRADE:
        set_capacity(sim, f->target, ends ? 1.0 : f->ratio);
        break;
    case FAULT_HOST_DOWN:
        if (ends)
            sim->host_down[f->target] = false;
        else
            on_host_down(sim, f->target);
        break;
    }
    sim_reshare(sim);
}

static void on_rate(struct sim *sim, uint32_t i)
{
    const struct sim_observed *o = sim->observed;

    network_set_capacity(&sim->net, sim->observed_link, o->rate[i]);
    if (i + 1 < o->nr_rates)
        event_queue_push(&sim->queue, o->rate_at_ns[i + 1], 1, EV_RATE, i + 1, 0);
    sim_reshare(sim);
}

static void dispatch(struct sim *sim, const struct event *e)
{
    struct mig *m = &sim->migs[e->index < sim->nr_migs ? e->index : 0];

    switch ((enum event_kind)e->kind) {
    case EV_REQUEST:
        mig_start(sim, e->index);
        break;
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
    case EV_CHANGE:
        on_change(sim, &sim->sc->changes[e->index]);
        break;
    case EV_FAULT:
        on_fault(sim, &sim->sc->faults[e->index], e->data == 1);
        break;
    case EV_RATE:
        on_rate(sim, e->index);
        break;
    case EV_NR:
        assert(!"no such event");
        break;
    }
}

static void reset_mig(struct sim *sim, uint32_t i)
{
    struct mig *m = &sim->migs[i];
    const struct scn_request *r = &sim->sc->requests[i];
    const struct scn_vm *vm = &sim->sc->vms[r->vm];

    m->state = MIG_IDLE;
    m->request = i;
    m->vm = r->vm;
    m->flow = i;
    m->source = vm->host;
    m->target = r->target;
    m->result = &sim->results[i];
    memset(m->timers, 0, sizeof(m->timers));
    *m->result = (struct mig_result){
        .vm = vm->name,
        .source = sim->sc->hosts[vm->host].name,
        .target = sim->sc->hosts[r->target].name,
        .platform = sim->sc->migrations[vm->migration].platform,
        .replication = sim->replication,
        .attempt = 1,
        .outcome = OUTCOME_QUEUED,
        .queued_ns = r->at_ns,
        .started_ns = -1,
        .ended_ns = -1,
        .downtime_ns = -1,
        .blackout_ns = -1,
    };
}

/* Rounds end interleaved, and rows want theirs in one stretch: counted, then placed in order. */
static void group_rounds(struct sim *sim)
{
    size_t next = 0;

    for (uint32_t i = 0; i < sim->nr_migs; i++) {
        sim->results[i].first_round = next;
        next += sim->results[i].nr_rounds;
        sim->results[i].nr_rounds = 0;
    }
    assert(next == sim->nr_rounds);
    for (uint32_t i = 0; i < sim->nr_rounds; i++) {
        struct mig_result *r = &sim->results[sim->round_migs[i]];

        sim->by_mig[r->first_round + r->nr_rounds++] = sim->rounds[i];
    }
}

void sim_run(struct sim *sim, uint32_t replication)
{
    struct event e;

    sim->replication = replication;
    sim->now_ns = 0;
    sim->nr_rounds = 0;
    event_queue_clear(&sim->queue);
    network_clear(&sim->net);
    for (uint32_t i = 0; i < sim->nr_migs; i++)
        reset_mig(sim, i);
    begin(sim);
    while (event_queue_pop(&sim->queue, &e)) {
        if (e.time_ns > sim->sc->horizon_ns)
            break;
        assert(e.time_ns >= sim->now_ns);
        sim->now_ns = e.time_ns;
        sim->events++;
        dispatch(sim, &e);
    }
    for (uint32_t i = 0; i < sim->nr_migs; i++)
        mig_horizon(sim, &sim->migs[i]);
    group_rounds(sim);
}

const struct mig_result *sim_results(const struct sim *sim, uint32_t *nr)
{
    *nr = sim->nr_migs;
    return sim->results;
}

const struct mig_round *sim_rounds(const struct sim *sim, uint32_t *nr)
{
    *nr = sim->nr_rounds;
    return sim->by_mig;
}

uint64_t sim_events(const struct sim *sim)
{
    return sim->events;
}
