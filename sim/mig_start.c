/*
 * mig_start.c - what comes before round 1: inputs, parameters, route, setup.
 *
 * Leaves the rounds to migration.c.  Parameters that change later come back for new limits.
 * Invariant: a migration that enters MIG_SETUP has its limits, one that enters MIG_PRECOPY its
 * first dirty set and a flow on the network.
 */
#include "sim/sim_int.h"

#include <assert.h>
#include <math.h>

#include "base/num.h"
#include "base/units.h"

/* What counts against the quota counts when it is flushed: multifd by packets, the single stream of
 * newer releases by 64 vectors (32 pages with their headers), older ones byte by byte. */
static void set_flush(const struct mig *m, struct precopy_limits *l, bool barrier)
{
    const struct mig_params *p = &m->params;
    double step = 0.0;

    if (p->multifd)
        step = l->cost[WIRE_NORMAL].counted_bytes * WIRE_MULTIFD_PAGES;
    else if (m->qemu->quota_by_flush)
        step = l->cost[WIRE_NORMAL].counted_bytes * WIRE_FLUSH_PAGES;
    l->flush_bytes[WIRE_NORMAL] = l->flush_bytes[WIRE_MIXED] = step;
    l->flush_bytes[WIRE_ZERO] = p->multifd ? 0.0 : step;
    l->flush_carries = p->multifd && !barrier;
}

void mig_set_limits(struct sim *sim, struct mig *m)
{
    const struct mig_params *p = &m->params;
    struct precopy_limits *l = &m->limits;
    struct wire_cost mixed = l->cost[WIRE_MIXED];
    bool first = l->cost[WIRE_NORMAL].wire_bytes <= 0.0, barrier;
    bool unlimited = !first && isinf(l->quota_bytes);

    wire_costs(p, m->costs, &m->guest->dirty, sim->sc->hosts[m->target].load_ratio, l->cost);
    if (!first)
        l->cost[WIRE_MIXED] = mixed;
    l->quota_bytes = INFINITY;
    if (p->max_bandwidth_bytes_per_s != UNITS_UNLIMITED && p->max_bandwidth_bytes_per_s != 0)
        l->quota_bytes = (double)(p->max_bandwidth_bytes_per_s / 10);
    if (unlimited && !isinf(l->quota_bytes))
        precopy_begin_quota(&m->sender);
    l->call_bytes = wire_call_bytes(p);
    barrier = p->multifd && (!m->qemu->multifd_barrier_per_sweep || p->multifd_flush_each_call);
    l->call_ns = barrier ? m->rtt_ns : 0;
    set_flush(m, l, barrier);
    l->slip_ns = m->costs->window_slip_ns;
    l->switchover_bytes_per_s = 0.0;
    if (m->qemu->switchover_bandwidth && p->avail_switchover_bytes_per_s)
        l->switchover_bytes_per_s = (double)(p->avail_switchover_bytes_per_s / 1000 * 1000);
    l->downtime_limit_ms = (double)p->downtime_limit_ns / (double)NS_PER_MS;
    l->at_threshold = m->qemu->complete_at_threshold;
    l->link_bytes_per_s = num_max(m->link_rate, 1.0);
}

static uint64_t guest_pages(const struct guest_params *g)
{
    return (g->memory_bytes + g->extra_bytes) / PAGE_BYTES;
}

static uint64_t nonzero_pages(const struct guest_params *g)
{
    uint64_t pages = g->nonzero_bytes / PAGE_BYTES;

    return pages < guest_pages(g) ? pages : guest_pages(g);
}

static int64_t by_gib(int64_t ns_per_gib, uint64_t bytes)
{
    return num_round((double)ns_per_gib * (double)bytes / (double)GIB);
}

static const struct scn_migration *profile(const struct sim *sim, const struct mig *m)
{
    return &sim->sc->migrations[sim->sc->vms[m->vm].migration];
}

static struct route_request request_of(const struct sim *sim, const struct mig *m)
{
    return (struct route_request){.source = m->source,
                                  .target = m->target,
                                  .network = profile(sim, m)->network,
                                  .streams = (uint32_t)m->weight,
                                  .rtt_ns = m->costs->rtt_ns};
}

/* The ports of its streams, and so the legs of bonds that they use, are other ones in each attempt.
 */
static void find_route(const struct sim *sim, const struct mig *m, struct route_request *request,
                       struct route *route)
{
    if (m->source == m->target) { /* it starts again on the host it died with: nothing travels */
        *route = (struct route){.rtt_ns = m->costs->rtt_ns};
        return;
    }
    if (sim->routes.nr_paths > 1)
        request->key += route_key(sim->sc->vms[m->vm].name, sim->sc->seed, sim->replication,
                                  m->result->attempt);
    route_find(&sim->routes, request, route);
}

void mig_route(const struct sim *sim, const struct mig *m, struct route *route)
{
    struct route_request request = request_of(sim, m);

    find_route(sim, m, &request, route);
}

/* 0 for a guest that starts again where it was, once its host is back. */
static int64_t rtt_of_way(const struct sim *sim, const struct mig *m)
{
    struct route_request request = request_of(sim, m);

    return m->source == m->target ? 0 : route_rtt(&sim->routes, &request);
}

void mig_storage_route(const struct sim *sim, const struct mig *m, uint32_t disk,
                       struct route *route)
{
    struct route_request request = request_of(sim, m);

    request.network = profile(sim, m)->storage_network;
    request.streams = 1;
    request.key = ((uint64_t)disk + 1) << 32;
    find_route(sim, m, &request, route);
}

/* Another attempt meets the guest further on in its phases. */
static int64_t origin_of(struct sim *sim, const struct mig *m)
{
    struct job *job = job_at(sim, m->job);

    if (job->first_start_ns < 0)
        job->first_start_ns = sim->now_ns;
    return job->first_start_ns;
}

static void start_timers(struct sim *sim, struct mig *m)
{
    const struct mig_params *p = &m->params;
    int64_t timeout =
        p->completion_timeout_ns + by_gib(p->completion_timeout_ns_per_gib, m->guest->memory_bytes);

    if (timeout > 0)
        sim_schedule(sim, m, TIMER_TIMEOUT, EV_TIMEOUT, sim->now_ns + timeout);
    if (p->progress_timeout_ns > 0)
        sim_schedule(sim, m, TIMER_PROGRESS, EV_PROGRESS, sim->now_ns + p->progress_timeout_ns);
    if (p->postcopy && p->postcopy_trigger == POSTCOPY_AT_TIME)
        sim_schedule(sim, m, TIMER_POSTCOPY, EV_POSTCOPY, sim->now_ns + p->postcopy_after_ns);
    if (p->auto_converge && m->qemu->throttle_timer)
        sim_schedule(sim, m, TIMER_CONVERGE, EV_TIMER, sim->now_ns + THROTTLE_TIMER_NS);
}

/* migrate-set-parameters */
void mig_apply_change(struct mig *m, const struct scn_change *c)
{
    if (c->max_bandwidth_bytes_per_s)
        m->params.max_bandwidth_bytes_per_s = c->max_bandwidth_bytes_per_s;
    if (c->downtime_limit_ns >= 0)
        m->params.downtime_limit_ns = c->downtime_limit_ns;
}

void mig_load(struct sim *sim, struct mig *m)
{
    const struct scn_vm *vm = &sim->sc->vms[m->vm];
    const struct dirty_params *dirty;
    struct dirty_params drawn;
    int64_t phase_ns;

    m->guest = vm->guest;
    m->costs = sim->sc->hosts[m->source].costs;
    m->params = sim->sc->migrations[vm->migration].params;
    m->params.max_bandwidth_bytes_per_s = sim_draw_bandwidth(sim, vm->migration, m->vm);
    for (uint32_t i = 0; i < sim->sc->nr_changes; i++) {
        /* parameters that were set before the migration began */
        if (sim->sc->changes[i].vm == m->vm && sim->sc->changes[i].at_ns <= sim->now_ns)
            mig_apply_change(m, &sim->sc->changes[i]);
    }
    m->sync_ns =
        m->costs->sync_fixed_ns + by_gib(m->costs->sync_ns_per_gib, m->guest->memory_bytes);
    m->vcpus = vm->guest->vcpus > 0 ? (double)vm->guest->vcpus : 1.0;
    dirty = sim_draw_vm(sim, m->vm, &drawn, &phase_ns);
    dirty_compile(&m->model, dirty, m->costs->guest_fault_ns / m->vcpus, phase_ns);
}

/* Nothing sent, nothing throttled. */
static void begin_empty(const struct sim *sim, struct mig *m)
{
    throttle_init(&m->throttle, sim->now_ns);
    precopy_init(&m->sender, sim->now_ns);
}

/* The attempt begins: disks first, or no memory at all where the guest is not to run. */
void mig_start(struct sim *sim, struct mig *m)
{
    const struct job *job = job_at(sim, m->job);

    assert(m->state == MIG_IDLE && m->target != HOST_NONE);
    m->qemu = qemu_behaviour(m->params.qemu);
    m->weight = m->params.multifd ? (double)m->params.multifd_channels : 1.0;
    m->rtt_ns = rtt_of_way(sim, m);
    m->link_rate = 0.0;
    m->wait = (struct pace_wait){.link = PACE_NONE};
    m->suspended = m->want_postcopy = m->guest_lost = false;
    m->wanted_s = m->worked_s = 0.0;
    m->blackout_start_ns = m->postcopy_start_ns = -1;
    m->disks_awaited = 0;
    m->disks_behind = false;
    m->bulk = (struct bulk){0};
    m->result->started_ns = sim->now_ns;
    m->origin_ns = origin_of(sim, m);
    if (job->cancel_at_ns >= 0) /* ordered before the start: at once */
        sim_schedule(sim, m, TIMER_CANCEL, EV_CANCEL,
                     job->cancel_at_ns > sim->now_ns ? job->cancel_at_ns : sim->now_ns);
    if (job->kind != JOB_LIVE) {
        begin_empty(sim, m);
        cold_start(sim, m);
    } else if (disks_to_copy(sim, m->vm, m->source, m->target) > 0) {
        begin_empty(sim, m);
        mig_set_state(sim, m, MIG_MIRROR);
        disks_mirror(sim, m);
        if (sim->platform->mirroring)
            sim->platform->mirroring(sim, m);
    } else {
        mig_start_memory(sim, m);
    }
}

void mig_start_memory(struct sim *sim, struct mig *m)
{
    int64_t setup;

    m->limits.cost[WIRE_NORMAL].wire_bytes = 0.0;
    m->held_back_pct = 0;
    m->bulk_round = true;
    m->tau = 0.0;
    m->worked_until_ns = sim->now_ns;
    m->timer_sync_count = 0;
    mig_set_limits(sim, m);
    begin_empty(sim, m);
    mig_set_state(sim, m, MIG_SETUP);
    setup = m->costs->setup_fixed_ns + by_gib(m->costs->setup_ns_per_gib, m->guest->memory_bytes);
    m->result->setup_ns = setup;
    sim_schedule(sim, m, TIMER_STEP, EV_STEP, sim->now_ns + setup);
    start_timers(sim, m);
    if (sim->platform->running)
        sim->platform->running(sim, m);
}

/* All RAM is dirty; the zero pages lie behind a share of the non-zero ones, and some behind all. */
static void fill_first_round(struct mig *m)
{
    uint64_t total = guest_pages(m->guest), full = nonzero_pages(m->guest);
    uint64_t front = (uint64_t)num_round((double)full * m->guest->zero_tail_ratio);
    uint64_t last = (uint64_t)num_round((double)(total - full) * m->guest->zero_last_ratio);

    precopy_add(&m->sender, front, WIRE_NORMAL);
    precopy_add(&m->sender, total - full - last, WIRE_ZERO);
    precopy_add(&m->sender, full - front, WIRE_NORMAL);
    precopy_add(&m->sender, last, WIRE_ZERO);
    m->known_pages = (double)full;
    m->least_pending = m->sender.pending_pages;
}

/* The bitmap of the slot, large enough for this guest. */
static bool take_pages(struct sim *sim, struct mig *m)
{
    uint64_t pages = guest_pages(m->guest);

    if (m->pages && m->bitmap_pages == pages)
        return true;
    memory_pages_free(m->pages);
    m->pages = memory_pages_new(pages);
    m->bitmap_pages = pages;
    sim->no_memory |= !m->pages;
    return m->pages;
}

void mig_end_setup(struct sim *sim, struct mig *m)
{
    uint64_t chunk = m->params.dirty_log == DIRTY_LOG_MANUAL ? m->params.clear_chunk_bytes : 0;
    double chunks = chunk ? (double)((m->guest->memory_bytes + chunk - 1) / chunk) : 1.0;
    struct route route;

    m->result->rounds = 1;
    memory_init(&m->memory, &m->model, num_max(chunks, 1.0),
                (double)nonzero_pages(m->guest) - m->model.total_pages);
    if (sim->sc->fidelity == FIDELITY_PAGES && !take_pages(sim, m))
        return;
    if (m->pages)
        memory_pages_init(m->pages, &m->model, nonzero_pages(m->guest), chunk / PAGE_BYTES,
                          sim->sc->seed, m->vm, sim->replication);
    xbzrle_init(&m->xbzrle, m->params.xbzrle_cache_bytes, m->guest->dirty.change_ratio);
    m->sender.now_ns = sim->now_ns;
    fill_first_round(m);
    throttle_init(&m->throttle, sim->now_ns);
    m->worked_until_ns = sim->now_ns;
    m->round_start_ns = m->progress_ns = m->sender.sent_ns = sim->now_ns;
    m->round_bytes = 0.0;
    m->round_pages = 0;
    mig_set_state(sim, m, MIG_PRECOPY);
    mig_route(sim, m, &route);
    links_start(sim, m->slot, &route, precopy_demand(&m->limits, WIRE_NORMAL));
    sim_reshare(sim);
    /* nothing answers until there is a share */
    sim_schedule(sim, m, TIMER_BREAK, EV_BREAK, sim->now_ns + m->costs->tcp_timeout_ns);
    if (m->params.postcopy && m->params.postcopy_trigger == POSTCOPY_AT_ROUND &&
        m->params.postcopy_after_round <= 1)
        mig_order_postcopy(sim, m);
}
