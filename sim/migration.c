/*
 * migration.c - the state machine of one migration up to the switchover.
 *
 * The sender (models/precopy.c) says when the next decision is due at the present share of the
 * network; that moment is the migration's one scheduled step.  If the share, a limit or the dirty
 * set changes earlier, the sender is settled there and planned anew.  Decisions follow QEMU
 * migration/migration.c, migration_iteration_run(); the numbers in comments are its order.
 */
#include "sim/sim_int.h"

#include <assert.h>
#include <math.h>

#include "base/num.h"
#include "base/units.h"

#define FOREVER_NS (INT64_MAX / 4)

static const unsigned mig_next[MIG_NR_STATES] = {
    [MIG_IDLE] =
        BIT(MIG_MIRROR) | BIT(MIG_OFFLINE) | BIT(MIG_SETUP) | BIT(MIG_CANCELLED) | BIT(MIG_FAILED),
    [MIG_MIRROR] = BIT(MIG_SETUP) | BIT(MIG_CANCELLED) | BIT(MIG_FAILED),
    [MIG_OFFLINE] = BIT(MIG_DONE) | BIT(MIG_CANCELLED) | BIT(MIG_FAILED),
    [MIG_SETUP] = BIT(MIG_PRECOPY) | BIT(MIG_CANCELLED) | BIT(MIG_FAILED),
    [MIG_PRECOPY] = BIT(MIG_SWITCHOVER) | BIT(MIG_POSTCOPY) | BIT(MIG_CANCELLED) | BIT(MIG_FAILED),
    [MIG_SWITCHOVER] = BIT(MIG_DONE) | BIT(MIG_CANCELLED) | BIT(MIG_FAILED),
    [MIG_POSTCOPY] = BIT(MIG_PAUSED) | BIT(MIG_DONE) | BIT(MIG_FAILED),
    [MIG_PAUSED] = BIT(MIG_POSTCOPY) | BIT(MIG_FAILED),
};

static void check_state(const struct mig *m)
{
    switch (m->state) {
    case MIG_PRECOPY:
        assert(m->result->rounds >= 1);
        break;
    case MIG_SWITCHOVER:
        assert(m->blackout_start_ns >= m->result->started_ns);
        break;
    case MIG_POSTCOPY:
    case MIG_PAUSED:
        assert(m->params.postcopy && m->postcopy_start_ns >= 0);
        break;
    default:
        break;
    }
}

void mig_set_state(struct sim *sim, struct mig *m, enum mig_state to)
{
    assert(mig_next[m->state] & BIT(to));
    m->state = to;
    if (m->wait.link != PACE_NONE)
        pace_leave(sim, m);
    if (to >= MIG_DONE) {
        for (int t = 0; t < TIMER_NR; t++)
            if (m->timers[t] != EVENT_NONE)
                sim_unschedule(sim, m, (enum mig_timer)t);
        network_stop(&sim->net, m->slot);
        disks_stop(sim, m);
        cluster_mig_ended(sim, m);
    }
    check_state(m);
}

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
    l->link_bytes_per_s = fmax(m->link_rate, 1.0);
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

static void end_setup(struct sim *sim, struct mig *m)
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

void mig_settle(struct sim *sim, struct mig *m)
{
    if (m->state == MIG_PRECOPY) {
        if (m->wait.link != PACE_NONE)
            pace_settle(sim, m);
        else if (m->link_rate > 0.0 && sim->now_ns > m->sender.now_ns)
            precopy_run(&m->sender, &m->limits, sim->now_ns, m->want_postcopy);
        else if (m->link_rate <= 0.0 && sim->now_ns > m->sender.now_ns)
            m->sender.now_ns = sim->now_ns;
        if (m->sender.pending_pages < m->least_pending) {
            m->least_pending = m->sender.pending_pages;
            m->progress_ns = m->sender.sent_ns;
        }
    } else if (m->state == MIG_SWITCHOVER || m->state == MIG_POSTCOPY ||
               (m->state == MIG_OFFLINE && m->bulk.wire_bytes > 0.0)) {
        bulk_settle(m, sim->now_ns);
    }
}

void mig_plan(struct sim *sim, struct mig *m)
{
    int64_t at;

    assert(m->state == MIG_PRECOPY && m->link_rate > 0.0 && m->wait.link == PACE_NONE);
    m->trial = m->sender;
    precopy_run(&m->trial, &m->limits, FOREVER_NS, m->want_postcopy);
    at = m->trial.now_ns > sim->now_ns ? m->trial.now_ns : sim->now_ns;
    sim_schedule(sim, m, TIMER_STEP, EV_STEP, at);
    if (sim->platform->planned)
        sim->platform->planned(sim, m, at);
}

void mig_replan(struct sim *sim, struct mig *m)
{
    int64_t at;

    if (m->state == MIG_PRECOPY) {
        if (m->link_rate <= 0.0) {
            sim_unschedule(sim, m, TIMER_STEP);
            return;
        }
        if (m->wait.link != PACE_NONE)
            pace_leave(sim, m);
        if (pace_enter(sim, m)) {
            sim_unschedule(sim, m, TIMER_STEP);
            return;
        }
        mig_plan(sim, m);
    } else if ((m->state == MIG_SWITCHOVER && m->step == STEP_SEND) || m->state == MIG_POSTCOPY ||
               (m->state == MIG_OFFLINE && m->bulk.wire_bytes > 0.0)) {
        at = bulk_end_ns(m, sim->now_ns);
        if (at < 0)
            sim_unschedule(sim, m, TIMER_STEP);
        else
            sim_schedule(sim, m, TIMER_STEP, EV_STEP, at);
    }
}

void mig_share_changed(struct sim *sim, struct mig *m, double rate)
{
    double under_way;

    mig_settle(sim, m);
    under_way = m->link_rate * ((double)(sim->now_ns - m->sender.now_ns) / (double)NS_PER_S);
    if (m->wait.link != PACE_NONE)
        pace_leave(sim, m);
    if (rate <= 0.0 && m->link_rate > 0.0)
        sim_schedule(sim, m, TIMER_BREAK, EV_BREAK, sim->now_ns + m->costs->tcp_timeout_ns);
    else if (rate > 0.0)
        sim_unschedule(sim, m, TIMER_BREAK);
    m->link_rate = rate;
    m->limits.link_bytes_per_s = fmax(rate, 1.0);
    if (m->state == MIG_PRECOPY && rate > 0.0)
        precopy_catch_up(&m->sender, &m->limits, under_way, sim->now_ns);
    mig_replan(sim, m);
}

static void record_round(struct sim *sim, struct mig *m, double newly, int64_t closed_ns)
{
    struct mig_round *r;

    if (sim->nr_rounds >= sim->max_rounds)
        return;
    sim->round_of[sim->nr_rounds] = m->begun;
    r = &sim->rounds[sim->nr_rounds++];
    m->result->nr_rounds++;
    *r = (struct mig_round){
        .round = m->result->rounds,
        .start_ns = m->round_start_ns,
        .duration_ns = closed_ns - m->round_start_ns,
        .wire_bytes = (uint64_t)(m->sender.counted_bytes - m->round_bytes),
        .dirtied_bytes = (uint64_t)newly * PAGE_BYTES,
        .remaining_bytes = (m->sender.pending_pages + (uint64_t)newly) * PAGE_BYTES,
        .threshold_bytes = (uint64_t)m->sender.threshold_bytes,
        .throttle_pct = m->throttle.pct,
    };
    for (int k = 0; k < WIRE_NR; k++)
        r->sent_pages += m->sender.sent_pages[k];
    r->sent_pages -= m->round_pages;
}

static uint64_t pending_nonzero(const struct precopy *p)
{
    uint64_t pages = 0;

    for (uint32_t i = 0; i < p->nr_runs; i++)
        pages += p->runs[i].kind == WIRE_ZERO ? 0 : p->runs[i].pages;
    return pages;
}

static uint64_t sent_total(const struct precopy *p)
{
    return p->sent_pages[WIRE_NORMAL] + p->sent_pages[WIRE_ZERO] + p->sent_pages[WIRE_MIXED];
}

/* First sync of the capture after @ns. */
static uint32_t observed_after(const struct sim_observed *o, int64_t ns)
{
    uint32_t low = 0, high = o->nr_syncs;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;

        if (o->sync_at_ns[mid] <= ns)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* The engine's sync is the capture's if both ends of its round are as near as this. */
#define SAME_SYNC_NS (50.0 * (double)NS_PER_MS)

static bool same_round(const struct sim_observed *o, uint32_t i, int64_t from, int64_t to)
{
    return i > 0 && i < o->nr_syncs && fabs((double)(o->sync_at_ns[i] - to)) < SAME_SYNC_NS &&
           fabs((double)(o->sync_at_ns[i - 1] - from)) < SAME_SYNC_NS;
}

/* Pages that became dirty in round @i, from @from to @to: what the capture's sync found, if it was
 * at the same time.  Else what the capture saw in that time: evenly between two of its syncs, and
 * after the last at the rate it ended with. */
static double observed_dirty(const struct sim_observed *o, uint32_t round_nr, int64_t from,
                             int64_t to)
{
    double pages = 0.0;
    int64_t end = o->nr_syncs > 0 ? o->sync_at_ns[o->nr_syncs - 1] : 0;

    if (same_round(o, round_nr, from, to))
        return (double)o->dirty_pages[round_nr];
    for (uint32_t i = observed_after(o, from); i < o->nr_syncs; i++) {
        int64_t at = o->sync_at_ns[i], begin = i > 0 ? o->sync_at_ns[i - 1] : at, a, b;

        if (begin >= to)
            break;
        a = from > begin ? from : begin;
        b = to < at ? to : at;
        if (at > begin)
            pages += (double)o->dirty_pages[i] * (double)(b - a) / (double)(at - begin);
        else if (at <= to)
            pages += (double)o->dirty_pages[i];
    }
    if (to > end)
        pages += o->late_pages_per_s * (double)(to - (from > end ? from : end)) / (double)NS_PER_S;
    return round(pages);
}

static double newly_dirty(struct sim *sim, struct mig *m)
{
    const struct sim_observed *o = m->job == 0 ? sim->observed : NULL;
    double tau = o ? m->tau : guest_scattered_work(sim, m);
    double unsent =
        m->known_pages > 0.0 ? (double)pending_nonzero(&m->sender) / m->known_pages : 0.0;
    double newly = memory_sync(&m->memory, &m->model, tau, num_min(unsent, 1.0));

    if (o)
        return observed_dirty(o, m->result->rounds, m->round_start_ns,
                              m->blackout_start_ns >= 0 ? m->blackout_start_ns : sim->now_ns);
    if (m->pages)
        return (double)memory_pages_sync(m->pages, tau, sent_total(&m->sender) - m->round_pages);
    return (double)num_round(newly);
}

/* The cost of the pages of the coming round. */
static void mix_round(struct sim *sim, struct mig *m)
{
    const struct sim_observed *o = m->job == 0 ? sim->observed : NULL;
    const struct dirty_params *d = &m->guest->dirty;
    double hit = 0.0, cpu = 0.0;

    if (m->params.xbzrle && !m->bulk_round) {
        hit = xbzrle_round(&m->xbzrle, &m->memory, &m->model);
        cpu = m->limits.cost[WIRE_NORMAL].cpu_ns +
              (double)PAGE_BYTES * (double)NS_PER_S / (double)m->costs->xbzrle_bytes_per_s;
    }
    if (hit > 0.0 || d->zero_write_ratio > 0.0)
        m->limits.cost[WIRE_MIXED] =
            wire_mix(m->limits.cost, d->zero_write_ratio, hit, m->xbzrle.page_bytes, cpu);
    else
        m->limits.cost[WIRE_MIXED] = m->limits.cost[WIRE_NORMAL];
    if (o && m->result->rounds < o->nr_page_bytes && o->page_bytes[m->result->rounds] > 0.0)
        m->limits.cost[WIRE_MIXED].wire_bytes = m->limits.cost[WIRE_MIXED].counted_bytes =
            o->page_bytes[m->result->rounds];
}

/* QEMU's migration_bitmap_sync: count, find what became dirty, close the period if it is over. */
uint64_t mig_sync(struct sim *sim, struct mig *m, bool last)
{
    double newly;

    if (last)
        m->worked_until_ns = sim->now_ns; /* the guest stands still since the blackout began */
    else
        guest_advance(sim, m, sim->now_ns);
    newly = newly_dirty(sim, m);
    if (m->sender.pending_pages < m->least_pending) {
        m->least_pending = m->sender.pending_pages;
        m->progress_ns = m->sender.sent_ns;
    }
    record_round(sim, m, newly, sim->now_ns);
    m->result->rounds++;
    m->bulk_round = false;
    mix_round(sim, m);
    precopy_add(&m->sender, (uint64_t)newly, WIRE_MIXED);
    m->known_pages = (double)pending_nonzero(&m->sender);
    m->tau = 0.0;
    m->round_start_ns = sim->now_ns;
    m->round_bytes = m->sender.counted_bytes;
    m->round_pages = sent_total(&m->sender);
    if (!last) {
        m->sender.now_ns = sim->now_ns + m->sync_ns;
        if (throttle_sync(&m->throttle, &m->params, sim->now_ns, newly, m->sender.counted_bytes)) {
            if (m->throttle.max_pct > m->result->max_throttle_pct)
                m->result->max_throttle_pct = m->throttle.max_pct;
            if (m->throttle.limiting)
                sim_schedule(sim, m, TIMER_LIMIT, EV_LIMIT,
                             sim->now_ns + m->params.vcpu_dirty_limit_period_ns);
        }
        m->result->dirty_pages_rate = m->throttle.dirty_pages_rate;
        if (m->throttle.dirty_pages_rate && m->sender.bandwidth > 0.0)
            m->result->expected_downtime_ns =
                (int64_t)((double)(m->sender.pending_pages * PAGE_BYTES) / m->sender.bandwidth) *
                NS_PER_MS;
        if (m->params.postcopy && m->params.postcopy_trigger == POSTCOPY_AT_ROUND &&
            m->result->rounds >= m->params.postcopy_after_round)
            m->want_postcopy = true;
        if (sim->platform->pass)
            sim->platform->pass(sim, m);
    }
    return (uint64_t)newly;
}

/* 1. exact pending if the estimate is low, 2. complete, 3. post-copy, 4. go on. */
void mig_decide(struct sim *sim, struct mig *m)
{
    struct precopy *s = &m->sender;
    bool low = s->pending_pages == 0 || precopy_is_low(s, &m->limits);

    if (precopy_asks_exact(s)) {
        mig_sync(sim, m, false);
        low = s->pending_pages == 0 || precopy_is_low(s, &m->limits);
    }
    if (m->want_postcopy && m->qemu->postcopy_before_complete) {
        postcopy_begin(sim, m);
        return;
    }
    if (low) {
        switchover_begin(sim, m);
        return;
    }
    if (m->want_postcopy) {
        postcopy_begin(sim, m);
        return;
    }
    precopy_call(s);
    mig_replan(sim, m);
}

void mig_step(struct sim *sim, struct mig *m)
{
    m->timers[TIMER_STEP] = EVENT_NONE;
    switch (m->state) {
    case MIG_MIRROR:
        disks_step(sim, m);
        break;
    case MIG_OFFLINE:
        cold_step(sim, m);
        break;
    case MIG_SETUP:
        end_setup(sim, m);
        break;
    case MIG_PRECOPY:
        m->sender = m->trial;
        mig_decide(sim, m);
        break;
    case MIG_SWITCHOVER:
        switchover_step(sim, m);
        break;
    case MIG_POSTCOPY:
        postcopy_step(sim, m);
        break;
    case MIG_PAUSED:
        postcopy_recover(sim, m);
        break;
    default:
        assert(!"no step in this state");
    }
}

/* Auto-converge's timer (9.2+): a sync of its own when none came since the last tick, never in
 * round 1. */
void mig_timer_sync(struct sim *sim, struct mig *m)
{
    m->timers[TIMER_CONVERGE] = EVENT_NONE;
    if (m->state != MIG_PRECOPY && m->state != MIG_SETUP)
        return;
    if (m->state == MIG_PRECOPY && m->result->rounds > 1 &&
        m->result->rounds == m->timer_sync_count) {
        int64_t now;

        mig_settle(sim, m);
        now = m->sender.now_ns;
        mig_sync(sim, m, false);
        /* the main loop does this sync: the sender goes on meanwhile */
        m->sender.now_ns = now;
        mig_replan(sim, m);
    }
    m->timer_sync_count = m->result->rounds;
    sim_schedule(sim, m, TIMER_CONVERGE, EV_TIMER, sim->now_ns + THROTTLE_TIMER_NS);
}

void mig_order_postcopy(struct sim *sim, struct mig *m)
{
    if (m->state == MIG_SETUP) {
        m->want_postcopy = true;
        return;
    }
    if (m->state != MIG_PRECOPY || m->want_postcopy)
        return;
    mig_settle(sim, m);
    m->want_postcopy = true;
    mig_replan(sim, m);
}

void mig_progress(struct sim *sim, struct mig *m)
{
    int64_t due;

    m->timers[TIMER_PROGRESS] = EVENT_NONE;
    if (m->state != MIG_PRECOPY && m->state != MIG_SETUP)
        return;
    mig_settle(sim, m);
    mig_replan(sim, m);
    due = m->progress_ns + m->params.progress_timeout_ns;
    if (m->state == MIG_SETUP)
        due = sim->now_ns + m->params.progress_timeout_ns;
    if (due > sim->now_ns) {
        sim_schedule(sim, m, TIMER_PROGRESS, EV_PROGRESS, due);
        return;
    }
    if (m->params.postcopy && m->params.postcopy_trigger == POSTCOPY_ON_STALL)
        mig_order_postcopy(sim, m);
    else
        mig_cancel(sim, m, true, "progress timeout: remaining memory stopped shrinking");
}

void mig_timeout(struct sim *sim, struct mig *m)
{
    m->timers[TIMER_TIMEOUT] = EVENT_NONE;
    if (m->state != MIG_PRECOPY && m->state != MIG_SETUP)
        return;
    if (sim->platform->timeout && sim->platform->timeout(sim, m))
        return;
    if (m->params.postcopy && (m->params.timeout_action == TIMEOUT_POSTCOPY ||
                               m->params.postcopy_trigger == POSTCOPY_ON_TIMEOUT)) {
        mig_order_postcopy(sim, m);
        return;
    }
    if (m->params.timeout_action == TIMEOUT_SUSPEND) {
        mig_order_suspend(sim, m);
        return;
    }
    mig_cancel(sim, m, true, "completion timeout");
}
