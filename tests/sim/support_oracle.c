/*
 * support_oracle.c - the plain stepper.
 *
 * Pages go one by one; only where neither the quota nor the clock nor a timer can stop the loop
 * within the next 64 pages do these go together, which is the same loop with the tests that cannot
 * fail left out. Invariant: the sum of the runs is what QEMU would count as remaining.
 */
#include "support_oracle.h"

#include <assert.h>
#include <math.h>

#include "base/units.h"
#include "models/memory.h"
#include "models/qemu.h"
#include "models/wire.h"
#include "models/xbzrle.h"

#define WINDOW_NS 100e6
#define CALL_NS 51e6
#define PERIOD_NS 1000e6
#define TIMER_NS 5000e6

enum {
    RUNS = 8
};

struct run {
    uint64_t pages;
    enum wire_kind kind;
};

struct oracle {
    const struct mig_params *p;
    const struct guest_params *g;
    const struct host_costs *c;
    double link;
    double call_bytes;
    double barrier_ns;
    double quota;
    double packet; /* bytes counted together; 0 = page by page */
    bool carries;  /* a part of a packet is left for the next call */
    struct wire_cost cost[WIRE_NR];
    struct dirty_model model;
    struct memory memory;
    struct xbzrle xbzrle;

    double now;
    double stretch_from,
        stretch_pages; /* pages of one kind in one call; clocks read whole ns after it */
    double window_start, window_bytes, used, partial;
    double bandwidth, threshold; /* bytes/ms, bytes */
    double counted;
    struct run runs[RUNS];
    uint32_t nr_runs;
    double known;
    double tau, worked_until;
    bool suspended, ended;
    /* throttle */
    uint32_t pct, hits;
    double period_start, period_bytes, period_dirty;
    /* auto-converge's own timer */
    double timer_at;
    uint32_t timer_rounds;
    double timeout_at;
    double progress_at;
    uint64_t least;
    struct oracle_row *row;
};

static uint64_t remaining(const struct oracle *o)
{
    uint64_t pages = 0;

    for (uint32_t i = 0; i < o->nr_runs; i++)
        pages += o->runs[i].pages;
    return pages;
}

static uint64_t remaining_kind(const struct oracle *o, bool zero)
{
    uint64_t pages = 0;

    for (uint32_t i = 0; i < o->nr_runs; i++)
        pages += (o->runs[i].kind == WIRE_ZERO) == zero ? o->runs[i].pages : 0;
    return pages;
}

static void append(struct oracle *o, uint64_t pages, enum wire_kind kind)
{
    if (pages == 0)
        return;
    if (o->nr_runs > 0 && o->runs[o->nr_runs - 1].kind == kind) {
        o->runs[o->nr_runs - 1].pages += pages;
        return;
    }
    assert(o->nr_runs < RUNS);
    o->runs[o->nr_runs++] = (struct run){pages, kind};
}

static void guest_writes(struct oracle *o, double until)
{
    int64_t from_ns = llround(o->worked_until), to_ns = llround(until);

    if (until <= o->worked_until)
        return;
    if (!o->suspended)
        o->tau += dirty_work(&o->model, o->tau, dirty_wanted(&o->model, from_ns, to_ns),
                             1.0 - (double)o->pct / 100.0);
    o->worked_until = until;
}

static void slow_down(struct oracle *o, double dirty, double limit)
{
    double add = o->p->cpu_throttle_increment_pct;
    uint32_t before = o->pct;

    if (o->pct == 0) {
        o->pct = o->p->cpu_throttle_initial_pct;
    } else {
        if (o->p->cpu_throttle_tailslow) {
            double cpu_now = 100.0 - o->pct;

            add = fmin(add, cpu_now - floor(cpu_now * limit / dirty));
        }
        o->pct = (uint32_t)fmin(o->pct + add, o->p->max_cpu_throttle_pct);
    }
    if (o->pct != before && o->row->nr_steps < ORACLE_STEPS_MAX)
        o->row->step_round[o->row->nr_steps++] = o->row->rounds;
    o->row->max_throttle_pct =
        o->pct > o->row->max_throttle_pct ? o->pct : o->row->max_throttle_pct;
}

/* The end of migration_bitmap_sync: rates and throttle, once a period longer than a second. */
static void close_period(struct oracle *o, double at, double newly)
{
    double dirty, limit;

    o->period_dirty += newly * (double)PAGE_BYTES;
    if (round(at - o->period_start) <= PERIOD_NS) /* clocks count whole nanoseconds */
        return;
    dirty = o->period_dirty;
    limit = (o->counted - o->period_bytes) * o->p->throttle_trigger_pct / 100.0;
    if (o->p->auto_converge && dirty > limit) {
        o->hits++;
        if (o->hits >= 2) {
            o->hits = 0;
            slow_down(o, dirty, limit);
        }
    }
    o->period_dirty = 0.0;
    o->period_bytes = o->counted;
    o->period_start = at;
}

/* @at: the moment; the sender's clock is moved by the caller. */
static void bitmap_sync(struct oracle *o, double at, bool last)
{
    double unsent, newly, hit = 0.0, hit_cpu = 0.0;

    guest_writes(o, at);
    unsent = o->known > 0.0 ? fmin((double)remaining_kind(o, false) / o->known, 1.0) : 0.0;
    newly = round(memory_sync(&o->memory, &o->model, o->tau, unsent));
    o->tau = 0.0;
    o->row->rounds++;
    if (o->p->xbzrle) {
        hit = xbzrle_round(&o->xbzrle, &o->memory, &o->model);
        hit_cpu = o->cost[WIRE_NORMAL].cpu_ns + 4096e9 / (double)o->c->xbzrle_bytes_per_s;
    }
    o->cost[WIRE_MIXED] =
        wire_mix(o->cost, o->g->dirty.zero_write_ratio, hit, o->xbzrle.page_bytes, hit_cpu);
    append(o, (uint64_t)newly, WIRE_MIXED);
    o->known = (double)remaining_kind(o, false);
    if (!last)
        close_period(o, at, newly);
}

static double sync_ns(const struct oracle *o)
{
    return (double)o->c->sync_fixed_ns +
           round((double)o->c->sync_ns_per_gib * (double)o->g->memory_bytes / (double)GIB);
}

static void stop_early(struct oracle *o, double at)
{
    o->row->outcome = OUTCOME_TIMEOUT;
    o->row->total_ns = at + (double)o->c->cancel_ns;
    o->row->downtime_ns = -1.0;
    o->ended = true;
}

/* Whatever the main loop does up to @at: the throttle's timer, the completion timeout. */
static void main_loop(struct oracle *o, double at)
{
    while (!o->ended && (o->timer_at <= at || o->timeout_at <= at)) {
        if (o->timeout_at < o->timer_at) {
            if (o->p->timeout_action == TIMEOUT_SUSPEND) {
                guest_writes(o, o->timeout_at);
                o->suspended = true;
            } else {
                stop_early(o, o->timeout_at);
            }
            o->timeout_at = INFINITY;
            continue;
        }
        if (o->row->rounds > 1 && o->row->rounds == o->timer_rounds)
            bitmap_sync(o, o->timer_at, false);
        o->timer_rounds = o->row->rounds;
        o->timer_at += TIMER_NS;
    }
}

static void watch_progress(struct oracle *o)
{
    uint64_t left = remaining(o);

    if (left < o->least) {
        o->least = left;
        o->progress_at = o->now;
    } else if (o->p->progress_timeout_ns > 0 &&
               o->now - o->progress_at >= (double)o->p->progress_timeout_ns && !o->ended) {
        stop_early(o, o->progress_at + (double)o->p->progress_timeout_ns);
    }
}

static void spend_bytes(struct oracle *o, double bytes)
{
    o->window_bytes += bytes;
    o->used += bytes;
    o->counted += bytes;
}

static void end_stretch(struct oracle *o)
{
    o->now = o->stretch_from = round(o->now);
    o->stretch_pages = 0.0;
}

static void send_pages(struct oracle *o, uint64_t n, double page_ns)
{
    struct run *head = &o->runs[0];
    double bytes = (double)n * o->cost[head->kind].counted_bytes;

    o->stretch_pages += (double)n;
    o->now = o->stretch_from + o->stretch_pages * page_ns;
    if (o->packet > 0.0 && !(o->p->multifd && head->kind == WIRE_ZERO)) {
        /* a packet is counted when it is full; what the window measured is whole pages */
        o->partial += bytes;
        o->window_bytes += bytes;
        o->counted += bytes;
        while (o->partial >= o->packet * (1.0 - 1e-9)) {
            o->used += o->packet;
            o->partial -= o->packet;
        }
    } else {
        spend_bytes(o, bytes);
    }
    head->pages -= n;
    if (head->pages == 0) {
        end_stretch(o);
        o->nr_runs--;
        for (uint32_t i = 0; i < o->nr_runs; i++)
            o->runs[i] = o->runs[i + 1];
    }
}

/* ram_save_iterate */
static void iterate_call(struct oracle *o)
{
    double t0 = o->now;
    uint64_t i = 0;

    end_stretch(o);
    while (!o->ended && o->used <= o->quota && o->nr_runs > 0) {
        const struct wire_cost *w = &o->cost[o->runs[0].kind];
        double ns = fmax(fmax(w->cpu_ns, w->wire_bytes * 1e9 / o->link), 1.0);
        uint64_t n = 1;

        if (i % 64 == 1 && o->runs[0].pages >= 64 &&
            o->used + 64.0 * w->counted_bytes + o->packet < o->quota &&
            o->now + 64.0 * ns < fmin(o->timer_at, o->timeout_at))
            n = 64;
        if (o->now + ns > fmin(o->timer_at, o->timeout_at)) {
            end_stretch(o);
            main_loop(o, o->now + ns);
            continue;
        }
        send_pages(o, n, ns);
        watch_progress(o);
        i += n;
        if (i % 64 == 1 && o->now - t0 >= CALL_NS)
            break;
    }
    if (o->ended)
        return;
    end_stretch(o);
    spend_bytes(o, o->call_bytes);
    if (!o->carries) {
        o->used += o->partial;
        o->partial = 0.0;
    }
    o->now += o->barrier_ns;
}

static void rate_limit(struct oracle *o)
{
    if (o->now - o->window_start < WINDOW_NS) {
        if (o->used <= o->quota)
            return;
        o->now = o->window_start + WINDOW_NS + (double)o->c->window_slip_ns;
        main_loop(o, o->now);
    }
    o->bandwidth = o->window_bytes / ((o->now - o->window_start) / 1e6);
    o->threshold = o->bandwidth;
    if (o->p->avail_switchover_bytes_per_s && qemu_behaviour(o->p->qemu)->switchover_bandwidth)
        o->threshold = (double)(o->p->avail_switchover_bytes_per_s / 1000);
    o->threshold = floor(o->threshold * (double)o->p->downtime_limit_ns / 1e6);
    o->window_bytes = o->used = 0.0;
    o->window_start = o->now;
    o->row->windows++;
}

/* True: complete. */
static bool decide(struct oracle *o)
{
    double pending = (double)remaining(o) * (double)PAGE_BYTES;

    if (pending < o->threshold) {
        bitmap_sync(o, o->now, false);
        o->now += sync_ns(o);
        pending = (double)remaining(o) * (double)PAGE_BYTES;
    }
    return pending == 0.0 || pending < o->threshold ||
           (qemu_behaviour(o->p->qemu)->complete_at_threshold && pending <= o->threshold);
}

static void complete(struct oracle *o)
{
    double start = o->now;
    double cpu = 0.0, wire = 0.0,
           slow = (double)o->c->copy_bytes_per_s / (double)o->c->final_copy_bytes_per_s;

    guest_writes(o, start);
    bitmap_sync(o, start, true);
    for (uint32_t i = 0; i < o->nr_runs; i++) {
        const struct wire_cost *w = &o->cost[o->runs[i].kind];
        double n = (double)o->runs[i].pages;

        cpu += n * w->cpu_ns * (o->runs[i].kind == WIRE_MIXED ? slow : 1.0);
        wire += n * w->wire_bytes;
        o->counted += n * w->counted_bytes;
    }
    o->counted += o->call_bytes;
    if (o->quota < o->link * 0.1)
        wire = fmax(wire - (double)o->c->socket_buffer_bytes, 0.0);
    o->now += (double)o->c->stop_ns + fmax(cpu + (double)o->c->sync_fixed_ns, wire * 1e9 / o->link);
    o->now += (double)o->c->device_save_ns + (double)o->g->device_state_bytes * 1e9 / o->link;
    if (o->p->return_path)
        o->now += (double)(o->c->rtt_ns + o->c->dest_start_ns);
    o->now += (double)o->c->finish_ns;
    o->row->outcome = OUTCOME_COMPLETED;
    o->row->total_ns = o->now;
    o->row->downtime_ns = o->now - start;
    o->ended = true;
}

static void setup(struct oracle *o, const struct world *w)
{
    const struct qemu_behaviour *q = qemu_behaviour(o->p->qemu);
    uint64_t all = (o->g->memory_bytes + o->g->extra_bytes) / PAGE_BYTES;
    uint64_t full = o->g->nonzero_bytes / PAGE_BYTES;
    uint64_t front = (uint64_t)llround((double)full * o->g->zero_tail_ratio);
    double chunks = ceil((double)o->g->memory_bytes / (double)o->p->clear_chunk_bytes);
    bool barrier =
        o->p->multifd && (!q->multifd_barrier_per_sweep || o->p->multifd_flush_each_call);

    o->link = w->links[0].rate_bps.a / 8.0;
    if (w->links[0].rate_bps.a >= (double)UNITS_UNLIMITED)
        o->link = INFINITY;
    wire_costs(o->p, o->c, &o->g->dirty, 0.0, o->cost);
    o->call_bytes = wire_call_bytes(o->p);
    o->barrier_ns = barrier ? (double)o->c->rtt_ns : 0.0;
    o->carries = o->p->multifd && !barrier;
    /* bytes count when a packet is queued; from 8.2 on when 64 vectors, 32 pages, are flushed */
    if (o->p->multifd)
        o->packet = o->cost[WIRE_NORMAL].counted_bytes * 128.0;
    else if (o->p->qemu != QEMU_7_2)
        o->packet = o->cost[WIRE_NORMAL].counted_bytes * 32.0;
    o->quota = INFINITY;
    if (o->p->max_bandwidth_bytes_per_s && o->p->max_bandwidth_bytes_per_s != UNITS_UNLIMITED)
        o->quota = (double)(o->p->max_bandwidth_bytes_per_s / 10);
    dirty_compile(&o->model, &o->g->dirty, o->c->guest_fault_ns / o->g->vcpus,
                  o->g->dirty.phase_ns);
    memory_init(&o->memory, &o->model,
                o->p->dirty_log == DIRTY_LOG_MANUAL ? fmax(chunks, 1.0) : 1.0,
                (double)full - o->model.total_pages);
    xbzrle_init(&o->xbzrle, o->p->xbzrle_cache_bytes, o->g->dirty.change_ratio);
    o->now = (double)o->c->setup_fixed_ns +
             round((double)o->c->setup_ns_per_gib * (double)o->g->memory_bytes / (double)GIB);
    o->worked_until = o->period_start = o->progress_at = o->now;
    append(o, front, WIRE_NORMAL);
    append(o, all - full, WIRE_ZERO);
    append(o, full - front, WIRE_NORMAL);
    o->known = (double)full;
    o->least = all;
    o->row->rounds = 1;
    o->timer_at = o->p->auto_converge && q->throttle_timer ? TIMER_NS : INFINITY;
    o->timeout_at =
        o->p->completion_timeout_ns > 0 ? (double)o->p->completion_timeout_ns : INFINITY;
}

void oracle_run(const struct world *w, struct oracle_row *row)
{
    struct oracle o = {
        .p = &w->migrations[0].params, .g = &w->guests[0], .c = &w->costs[0], .row = row};

    *row = (struct oracle_row){.downtime_ns = -1.0};
    setup(&o, w);
    main_loop(&o, o.now);
    while (!o.ended) {
        if (decide(&o)) {
            complete(&o);
            break;
        }
        main_loop(&o, o.now);
        if (o.ended)
            break;
        iterate_call(&o);
        if (o.ended)
            break;
        rate_limit(&o);
        watch_progress(&o);
        main_loop(&o, o.now);
    }
    row->counted_bytes = o.counted;
}

/* A writer whose rate lies around what the path carries. */
static void random_writer(struct world *w, struct rng *r, double path)
{
    static const enum dirty_kind kinds[] = {DIRTY_IDLE, DIRTY_UNIFORM, DIRTY_HOTCOLD, DIRTY_ZIPF,
                                            DIRTY_SEQUENTIAL};
    struct guest_params *g = world_guest(w, 0);
    struct dirty_params *d = &g->dirty;

    d->kind = kinds[world_pick(r, 5)];
    d->write_bytes_per_s = path * (world_chance(r, 0.5) ? world_log_between(r, 0.01, 1.0)
                                                        : world_between(r, 0.5, 4.0));
    d->working_set_bytes =
        (uint64_t)world_log_between(r, (double)MIB, (double)(g->nonzero_bytes + MIB));
    if (world_chance(r, 0.4))
        d->working_set_bytes = (uint64_t)((double)g->nonzero_bytes * world_between(r, 0.1, 1.0));
    if (d->working_set_bytes > g->nonzero_bytes)
        d->working_set_bytes = g->nonzero_bytes;
    d->hot_bytes = (uint64_t)((double)d->working_set_bytes * world_between(r, 0.01, 0.5));
    d->hot_ratio = world_between(r, 0.5, 1.0);
    d->zipf_exponent = world_between(r, 0.5, 1.5);
    if (world_chance(r, 0.2)) {
        d->on_ns = (int64_t)world_log_between(r, 5e7, 2e10);
        d->off_ns = (int64_t)world_log_between(r, 5e7, 2e10);
        d->phase_ns = (int64_t)world_between(r, 0.0, (double)(d->on_ns + d->off_ns));
    }
    d->cpu_need_ratio = world_chance(r, 0.5) ? 1.0 : world_between(r, 0.1, 1.0);
    d->zero_write_ratio = world_chance(r, 0.3) ? world_between(r, 0.0, 1.0) : 0.0;
    d->change_ratio = world_between(r, 0.0, 1.0);
    d->compress_ratio = world_between(r, 0.2, 1.0);
}

static void random_costs(struct host_costs *c, struct rng *r)
{
    c->copy_bytes_per_s = (uint64_t)world_log_between(r, 2e8, 5e9);
    c->zero_scan_bytes_per_s = (uint64_t)world_log_between(r, 1e9, 2e10);
    c->final_copy_bytes_per_s = (uint64_t)world_log_between(r, 2e8, 5e9);
    c->sync_fixed_ns = (int64_t)world_log_between(r, 1e4, 3e6);
    c->sync_ns_per_gib = (int64_t)world_log_between(r, 1e4, 5e5);
    c->setup_fixed_ns = (int64_t)world_log_between(r, 1e5, 2e8);
    c->window_slip_ns = world_chance(r, 0.2) ? 0 : (int64_t)world_log_between(r, 1e4, 2e6);
    c->guest_fault_ns = world_chance(r, 0.3) ? 0.0 : world_log_between(r, 200.0, 5000.0);
    c->stop_ns = (int64_t)world_log_between(r, 1e5, 2e7);
}

static void random_tuning(struct world *w, struct rng *r, double link, double memory)
{
    struct mig_params *p = world_params(w, 0);

    p->qemu = (enum qemu_version)world_pick(r, QEMU_NR);
    p->max_bandwidth_bytes_per_s = UNITS_UNLIMITED;
    if (world_chance(r, 0.6))
        p->max_bandwidth_bytes_per_s =
            (uint64_t)fmax(world_log_between(r, 5e6, 2e9), memory / 300.0);
    p->downtime_limit_ns = (int64_t)world_log_between(r, world_chance(r, 0.1) ? 1e6 : 2e7, 2e9);
    p->auto_converge = world_chance(r, 0.5);
    p->cpu_throttle_tailslow = world_chance(r, 0.4);
    p->throttle_trigger_pct = world_chance(r, 0.5) ? 50 : 1 + world_pick(r, 100);
    p->cpu_throttle_initial_pct = world_chance(r, 0.5) ? 20 : 1 + world_pick(r, 99);
    p->cpu_throttle_increment_pct = world_chance(r, 0.5) ? 10 : 1 + world_pick(r, 99);
    if (world_chance(r, 0.3))
        p->max_cpu_throttle_pct =
            p->cpu_throttle_initial_pct + world_pick(r, 100 - p->cpu_throttle_initial_pct);
    if (world_chance(r, 0.2))
        p->avail_switchover_bytes_per_s = (uint64_t)(link * world_log_between(r, 0.1, 1.0));
    p->dirty_log = world_chance(r, 0.3) ? DIRTY_LOG_LEGACY : DIRTY_LOG_MANUAL;
    p->return_path = world_chance(r, 0.3);
    p->xbzrle = world_chance(r, 0.2);
    p->xbzrle_cache_bytes = MIB << world_pick(r, 12);
    if (!p->xbzrle && world_chance(r, 0.25)) {
        p->multifd = true;
        p->multifd_channels = 1 + world_pick(r, 8);
        p->multifd_compression = world_chance(r, 0.3) ? MFD_ZSTD : MFD_NONE;
        p->multifd_flush_each_call = world_chance(r, 0.3);
    }
}

static void random_limits(struct world *w, struct rng *r, double path, double memory)
{
    struct mig_params *p = world_params(w, 0);

    p->completion_timeout_ns =
        (int64_t)(memory / path * world_between(r, 1.5, 6.0) * 1e9) + NS_PER_S;
    if (world_chance(r, 0.2))
        p->timeout_action = TIMEOUT_SUSPEND;
    if (world_chance(r, 0.15))
        p->progress_timeout_ns =
            (int64_t)(memory / path * world_between(r, 0.3, 2.0) * 1e9) + NS_PER_S;
}

void oracle_case(struct world *w, uint64_t index, char *text, size_t size)
{
    struct rng r;
    struct guest_params *g;
    double link, path, memory;
    const struct mig_params *p;

    rng_stream(&r, 20262, "oracle", index, 0);
    world_init(w, 1);
    g = world_guest(w, 0);
    memory = (double)(64 * MIB) * pow(1024.0, pow(rng_uniform(&r), 2.0));
    g->memory_bytes = (uint64_t)(memory / (double)MIB) * MIB;
    memory = (double)g->memory_bytes;
    g->nonzero_bytes = (uint64_t)(memory * world_between(&r, 0.05, 1.0)) / PAGE_BYTES * PAGE_BYTES;
    g->zero_tail_ratio = world_chance(&r, 0.5) ? 1.0 : world_between(&r, 0.0, 1.0);
    g->extra_bytes = world_chance(&r, 0.5) ? 520 * KIB : 16 * MIB + 520 * KIB;
    g->vcpus = 1 + world_pick(&r, 16);
    link = fmax(world_log_between(&r, 1e7, 1.25e10), memory / 300.0);
    world_link(w, 0, link);
    random_costs(&w->costs[0], &r);
    random_tuning(w, &r, link, memory);
    p = world_params(w, 0);
    path = fmin(link,
                fmin((double)p->max_bandwidth_bytes_per_s, (double)w->costs[0].copy_bytes_per_s));
    random_writer(w, &r, path);
    random_limits(w, &r, path, memory);
    snprintf(text, size,
             "case %llu: %s %.2f GiB (%.2f non-zero) link %.3g cap %.3g cpu %.3g limit %.0f ms "
             "writer %s %.3g B/s "
             "over %.3g B%s%s%s%s%s",
             (unsigned long long)index, qemu_version_names[p->qemu], memory / (double)GIB,
             (double)g->nonzero_bytes / (double)GIB, link, (double)p->max_bandwidth_bytes_per_s,
             (double)w->costs[0].copy_bytes_per_s, (double)p->downtime_limit_ns / 1e6,
             dirty_kind_names[g->dirty.kind], g->dirty.write_bytes_per_s,
             (double)g->dirty.working_set_bytes, p->auto_converge ? " auto-converge" : "",
             p->cpu_throttle_tailslow ? " tailslow" : "", p->xbzrle ? " xbzrle" : "",
             p->multifd ? " multifd" : "", p->progress_timeout_ns ? " progress-timeout" : "");
}
