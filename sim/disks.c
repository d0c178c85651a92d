/*
 * disks.c - mirrors of a migrating VM's disks on the clock and the network.
 *
 * A mirror has at most one event: swept, ready or caught up, at the share it has.  When the share,
 * the guest or the phase changes it is settled and planned anew.  Invariant: a mirror that has
 * caught up wants just what the guest writes, one that lags wants its limit, one with nothing to do
 * has no flow.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/sim_int.h"

#include "base/units.h"

/* ---- where things are ---- */

uint32_t disks_links(const struct sim *sim)
{
    return sim->sc->disks.nr_links;
}

uint32_t disks_flows(const struct sim *sim)
{
    return sim->sc->disks.nr_disks;
}

static uint32_t flow_of(const struct sim *sim, uint32_t disk)
{
    return sim->cap_migs + disk;
}

static double capacity(uint64_t bytes_per_s)
{
    return bytes_per_s == UNITS_UNLIMITED ? INFINITY : (double)bytes_per_s;
}

enum status disks_init(struct sim *sim)
{
    uint32_t nr = sim->sc->disks.nr_disks;

    sim->disks = nr ? calloc(nr, sizeof(*sim->disks)) : NULL;
    return sim->disks || nr == 0 ? ST_OK : ST_ENOMEM;
}

void disks_release(struct sim *sim)
{
    free(sim->disks);
    sim->disks = NULL;
}

void disks_begin_run(struct sim *sim)
{
    const struct scn_disks *d = &sim->sc->disks;

    if (d->nr_disks)
        memset(sim->disks, 0, d->nr_disks * sizeof(*sim->disks));
    for (uint32_t i = 0; i < d->nr_storages; i++) {
        uint32_t nr = d->storages[i].shared ? 1 : sim->sc->nr_hosts;

        for (uint32_t h = 0; h < nr; h++) {
            network_set_capacity(&sim->net, disks_read_link(sim, i, h),
                                 capacity(d->storages[i].read_bytes_per_s));
            network_set_capacity(&sim->net, disks_write_link(sim, i, h),
                                 capacity(d->storages[i].write_bytes_per_s));
        }
    }
}

uint32_t disks_read_link(const struct sim *sim, uint32_t storage, uint32_t host)
{
    const struct scn_storage *s;

    if (storage == STORAGE_NONE)
        return UINT32_MAX;
    s = &sim->sc->disks.storages[storage];
    return sim->first_disk_link + s->first_link + (s->shared ? 0 : 2 * host);
}

uint32_t disks_write_link(const struct sim *sim, uint32_t storage, uint32_t host)
{
    return storage == STORAGE_NONE ? UINT32_MAX : disks_read_link(sim, storage, host) + 1;
}

bool disks_is_local(const struct sim *sim, uint32_t disk, uint32_t source, uint32_t target)
{
    const struct scn_disk_kind *k = &sim->sc->disks.kinds[sim->sc->disks.disks[disk].kind];
    const struct scn_storage *s;

    if (k->storage == STORAGE_NONE || k->to != k->storage)
        return true;
    s = &sim->sc->disks.storages[k->storage];
    return !s->shared || !storage_sees(s, source) || !storage_sees(s, target);
}

/* Disks of a VM are first up to, but not including, last. */
static void disks_of(const struct sim *sim, uint32_t vm, uint32_t *first, uint32_t *last)
{
    const uint32_t *at = sim->sc->disks.first;

    *first = at ? at[vm] : 0;
    *last = at ? at[vm + 1] : 0;
}

uint32_t disks_to_copy(const struct sim *sim, uint32_t vm, uint32_t source, uint32_t target)
{
    uint32_t first, last, nr = 0;

    disks_of(sim, vm, &first, &last);
    for (uint32_t i = first; i < last; i++)
        nr += disks_is_local(sim, i, source, target);
    return nr;
}

void disks_route(const struct sim *sim, const struct mig *m, uint32_t disk, struct route *route)
{
    const struct scn_disk_kind *k = &sim->sc->disks.kinds[sim->sc->disks.disks[disk].kind];

    mig_storage_route(sim, m, disk, route);
    route_add(route, disks_read_link(sim, k->storage, m->source));
    route_add(route, disks_write_link(sim, k->to, m->target));
}

double disks_limit(const struct sim *sim, const struct mig *m, uint32_t disk)
{
    uint64_t limit = sim->sc->disks.kinds[sim->sc->disks.disks[disk].kind].limit_bytes_per_s;

    if (limit == 0)
        limit = m->params.disk_limit_bytes_per_s;
    if (limit == 0 && m->state != MIG_OFFLINE)
        limit = m->params.max_bandwidth_bytes_per_s;
    return limit == 0 ? INFINITY : capacity(limit);
}

/* ---- one mirror ---- */

static struct mig *mig_of(const struct sim *sim, uint32_t disk)
{
    uint32_t job = cluster_vm_job(sim, sim->sc->disks.disks[disk].vm);

    assert(job != JOB_NONE && sim->cluster.jobs[job].mig != MIG_NONE);
    return sim_mig(sim, sim->cluster.jobs[job].mig);
}

static void settle(struct sim *sim, struct disk_state *d, bool arrived)
{
    double s = (double)(sim->now_ns - d->settled_ns) / (double)NS_PER_S;

    if (s > 0.0 || arrived)
        mirror_advance(&d->mirror, d->limit, d->rate, s, arrived);
    d->settled_ns = sim->now_ns;
}

static void unplan(struct sim *sim, struct disk_state *d)
{
    if (d->next != EVENT_NONE)
        event_queue_cancel(&sim->queue, d->next);
    d->next = EVENT_NONE;
}

static bool is_done(const struct mig *m, const struct disk_state *d)
{
    return m->state == MIG_MIRROR ? d->mirror.ready : mirror_left_bytes(&d->mirror) <= 0.0;
}

/* It got there at the very moment at which something else had it settled. */
static bool is_overdue(const struct sim *sim, uint32_t disk)
{
    const struct disk_state *d = &sim->disks[disk];
    const struct network_flow *f = &sim->net.flows[flow_of(sim, disk)];
    const struct mig *m = mig_of(sim, disk);
    double demand = mirror_demand(&d->mirror, d->limit);

    if (m->disks_awaited > 0 && !d->counted && is_done(m, d))
        return true;
    return f->active && f->demand > demand && d->rate >= demand;
}

static void plan(struct sim *sim, uint32_t disk)
{
    struct disk_state *d = &sim->disks[disk];
    double s = is_overdue(sim, disk) ? 0.0 : mirror_next_s(&d->mirror, d->limit, d->rate);
    int64_t at;

    if (!(s < 1e9)) { /* thirty years: never */
        unplan(sim, d);
        return;
    }
    at = d->next_ns = sim->now_ns + (int64_t)ceil(s * (double)NS_PER_S);
    if (event_queue_pending(&sim->queue, d->next))
        event_queue_move(&sim->queue, d->next, at);
    else
        d->next = sim_push(sim, at, 0, EV_DISK, disk, 0);
}

/* A mirror that lags wants its limit; one that has caught up, what the guest writes. */
static void want(struct sim *sim, uint32_t disk)
{
    struct disk_state *d = &sim->disks[disk];
    struct network_flow *f = &sim->net.flows[flow_of(sim, disk)];
    double demand = mirror_demand(&d->mirror, d->limit);

    if (f->active && demand <= 0.0) {
        network_stop(&sim->net, flow_of(sim, disk));
        d->rate = 0.0;
    } else if (f->active) {
        network_set_demand(&sim->net, flow_of(sim, disk), demand);
    }
}

/* What has been waited for is there: count it, and go on when it was the last. */
static void count(struct sim *sim, struct mig *m, struct disk_state *d)
{
    int64_t poll = m->params.disk_poll_ns, at = sim->now_ns;

    if (d->counted || !is_done(m, d))
        return;
    d->counted = true;
    if (--m->disks_awaited > 0)
        return;
    if (m->state == MIG_MIRROR && poll > 0)
        at = platform_lattice(m->result->started_ns, poll, at);
    sim_schedule(sim, m, TIMER_STEP, EV_STEP, at);
}

void disks_event(struct sim *sim, uint32_t disk)
{
    struct disk_state *d = &sim->disks[disk];
    struct mig *m = mig_of(sim, disk);

    d->next = EVENT_NONE;
    settle(sim, d, true);
    want(sim, disk);
    plan(sim, disk);
    if (m->disks_awaited > 0)
        count(sim, m, d);
    sim_reshare(sim);
}

/* No disk moves a byte: the connections break like that of memory. */
static void watch_path(struct sim *sim, struct mig *m)
{
    uint32_t first, last;
    double rate = 0.0;

    if (m->state != MIG_MIRROR || m->disks_awaited == 0)
        return;
    disks_of(sim, m->vm, &first, &last);
    for (uint32_t i = first; i < last; i++)
        rate += sim->disks[i].copies ? sim->disks[i].rate : 0.0;
    if (rate > 0.0)
        sim_unschedule(sim, m, TIMER_BREAK);
    else if (m->timers[TIMER_BREAK] == EVENT_NONE)
        sim_schedule(sim, m, TIMER_BREAK, EV_BREAK, sim->now_ns + m->costs->tcp_timeout_ns);
}

void disks_share_changed(struct sim *sim, uint32_t disk, double rate)
{
    struct disk_state *d = &sim->disks[disk];

    if (!d->copies || rate == d->rate)
        return;
    if (event_queue_pending(&sim->queue, d->next) && d->next_ns <= sim->now_ns) {
        /* it arrives in this very moment: settled short of that it would find nothing left to do */
        d->rate = rate;
        return;
    }
    settle(sim, d, false);
    d->rate = rate;
    /* too slow for what the guest writes: it lags from now on, and takes more when there is more.
     * The demand bounds nobody's share at this moment, so nothing has to be solved again. */
    if (mirror_demand(&d->mirror, d->limit) > rate * (1.0 + 1e-9))
        network_set_demand(&sim->net, flow_of(sim, disk), d->limit);
    plan(sim, disk);
    watch_path(sim, mig_of(sim, disk));
}

/* ---- all of a migration ---- */

void disks_mirror(struct sim *sim, struct mig *m)
{
    uint32_t first, last;
    struct route route;

    m->disks_awaited = 0;
    disks_of(sim, m->vm, &first, &last);
    for (uint32_t i = first; i < last; i++) {
        struct disk_state *d = &sim->disks[i];
        struct mirror_params p = sim->sc->disks.kinds[sim->sc->disks.disks[i].kind].mirror;

        d->copies = disks_is_local(sim, i, m->source, m->target);
        if (!d->copies)
            continue;
        p.mode = m->params.disk_mode;
        mirror_init(&d->mirror, &p);
        d->limit = disks_limit(sim, m, i);
        d->rate = 0.0;
        d->settled_ns = sim->now_ns;
        d->next = EVENT_NONE;
        d->counted = d->mirror.ready;
        m->disks_awaited += !d->counted;
        disks_route(sim, m, i, &route);
        if (mirror_demand(&d->mirror, d->limit) > 0.0)
            links_start(sim, flow_of(sim, i), &route, mirror_demand(&d->mirror, d->limit));
    }
    if (m->disks_awaited == 0) /* all are empty */
        sim_schedule(sim, m, TIMER_STEP, EV_STEP, sim->now_ns);
    sim_reshare(sim);
    watch_path(sim, m);
}

void disks_step(struct sim *sim, struct mig *m)
{
    assert(m->state == MIG_MIRROR && m->disks_awaited == 0);
    sim_unschedule(sim, m, TIMER_BREAK);
    m->result->disk_ns = sim->now_ns - m->result->started_ns;
    mig_start_memory(sim, m);
}

void disks_pause(struct sim *sim, struct mig *m, bool paused)
{
    uint32_t first, last;
    bool some = false;

    disks_of(sim, m->vm, &first, &last);
    for (uint32_t i = first; i < last; i++) {
        if (!sim->disks[i].copies)
            continue;
        settle(sim, &sim->disks[i], false);
        mirror_pause(&sim->disks[i].mirror, paused);
        want(sim, i);
        plan(sim, i);
        some = true;
    }
    if (some)
        sim_reshare(sim);
}

bool disks_drain(struct sim *sim, struct mig *m)
{
    uint32_t first, last;

    m->disks_awaited = 0;
    disks_of(sim, m->vm, &first, &last);
    for (uint32_t i = first; i < last; i++) {
        struct disk_state *d = &sim->disks[i];

        if (!d->copies)
            continue;
        settle(sim, d, false);
        d->counted = mirror_left_bytes(&d->mirror) <= 0.0;
        m->disks_awaited += !d->counted;
        want(sim, i);
        plan(sim, i);
    }
    sim_reshare(sim);
    return m->disks_awaited == 0;
}

void disks_stop(struct sim *sim, struct mig *m)
{
    uint32_t first, last;

    disks_of(sim, m->vm, &first, &last);
    for (uint32_t i = first; i < last; i++) {
        struct disk_state *d = &sim->disks[i];

        if (!d->copies)
            continue;
        settle(sim, d, false);
        unplan(sim, d);
        network_stop(&sim->net, flow_of(sim, i));
        m->result->disk_bytes += (uint64_t)llround(d->mirror.sent_bytes);
        d->copies = false;
    }
    m->disks_awaited = 0;
}

int64_t disks_cut(struct sim *sim, struct mig *m)
{
    uint32_t first, last;
    double longest = 0.0, left;

    disks_pause(sim, m, true);
    disks_of(sim, m->vm, &first, &last);
    for (uint32_t i = first; i < last; i++) {
        struct disk_state *d = &sim->disks[i];

        if (!d->copies)
            continue;
        left = mirror_left_bytes(&d->mirror);
        if (left > 0.0 && d->rate > 0.0)
            longest = fmax(longest, left / d->rate);
        d->mirror.sent_bytes += left;
    }
    disks_stop(sim, m);
    return (int64_t)llround(longest * (double)NS_PER_S);
}

bool disks_never_ready(const struct sim *sim, const struct mig *m)
{
    uint32_t first, last;

    disks_of(sim, m->vm, &first, &last);
    for (uint32_t i = first; i < last; i++) {
        const struct disk_state *d = &sim->disks[i];

        if (d->copies && !mirror_converges(&d->mirror, d->limit, d->rate))
            return true;
    }
    return false;
}
