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
#include "sim/cluster/operations.h"
#include "sim/placement/placement.h"

static uint32_t at_most(uint64_t a, uint64_t b)
{
    uint64_t least = a < b ? a : b;

    return least < UINT32_MAX / 2 ? (uint32_t)least : UINT32_MAX / 2;
}

/* A VM has one migration at a time, and limits bound them further. */
static uint32_t most_migrations(const struct scenario *sc, const struct platform_ops *platform)
{
    const struct cluster_rules *r = &sc->cluster.rules;
    uint32_t most = sc->nr_vms ? sc->nr_vms : 1;

    if (sc->nr_faults) /* a guest that starts again after its host died takes no slot */
        return most;
    if (r->max_total)
        most = at_most(most, r->max_total);
    if (r->max_out && !platform->limits_hosts)
        most = at_most(most, (uint64_t)r->max_out * sc->nr_hosts);
    return most ? most : 1;
}

static bool allocate(struct sim *sim)
{
    const struct scenario *sc = sim->sc;
    size_t rounds = (size_t)sim->max_rounds + 1;
    uint32_t events = 64 + 2 * sc->nr_requests + 2 * sc->nr_faults + sc->nr_changes;

    sim->cap_migs = most_migrations(sc, sim->platform);
    sim->migs = calloc(sim->cap_migs / MIG_CHUNK + 1, sizeof(*sim->migs));
    sim->free_migs = calloc(sim->cap_migs, sizeof(*sim->free_migs));
    sim->rounds = calloc(rounds, sizeof(*sim->rounds));
    sim->by_row = calloc(rounds, sizeof(*sim->by_row));
    sim->round_of = calloc(rounds, sizeof(*sim->round_of));
    sim->log = calloc((size_t)sim->max_log + 1, sizeof(*sim->log));
    sim->texts = arena_new(64 * MIB);
    sim->platform_state = calloc(1, (size_t)sim->platform->sim_state_bytes + 1);
    sim->platform_vms = calloc((size_t)sc->nr_vms + 1, (size_t)sim->platform->vm_state_bytes + 1);
    sim->platform_hosts =
        calloc((size_t)sc->nr_hosts + 1, (size_t)sim->platform->host_state_bytes + 1);
    return sim->migs && sim->free_migs && sim->rounds && sim->by_row && sim->round_of && sim->log &&
           sim->texts && sim->platform_state && sim->platform_vms && sim->platform_hosts &&
           event_queue_init(&sim->queue, events) == ST_OK && links_init(sim) == ST_OK &&
           disks_init(sim) == ST_OK && cluster_init(sim) == ST_OK && pace_init(sim) == ST_OK;
}

struct sim *sim_new(const struct scenario *sc, const struct sim_options *options)
{
    struct sim *sim = calloc(1, sizeof(*sim));

    if (!sim)
        return 0;
    sim->sc = sc;
    rows_init(&sim->rows);
    sim->platform = sc->cluster.platform ? sc->cluster.platform : platforms[0];
    sim->observed = options ? options->observed : 0;
    sim->observe = options ? options->observe : 0;
    sim->observe_arg = options ? options->observe_arg : 0;
    sim->max_rounds = options ? options->max_rounds : 0;
    sim->max_log = options ? options->max_events : 0;
    sim->want_links = options && options->links;
    if (!allocate(sim)) {
        sim_free(sim);
        return 0;
    }
    return sim;
}

void sim_free(struct sim *sim)
{
    if (!sim)
        return;
    for (uint32_t i = 0; sim->migs && i <= (sim->cap_migs - 1) / MIG_CHUNK; i++) {
        for (uint32_t k = 0; sim->migs[i] && k < MIG_CHUNK; k++)
            memory_pages_free(sim->migs[i][k].pages);
        free(sim->migs[i]);
    }
    pace_release(sim); /* while the network knows its links */
    links_release(sim);
    event_queue_release(&sim->queue);
    cluster_release(sim);
    disks_release(sim);
    arena_free(sim->texts);
    free(sim->platform_state);
    free(sim->platform_vms);
    free(sim->platform_hosts);
    free(sim->migs);
    free(sim->free_migs);
    rows_release(&sim->rows);
    free(sim->all_rows);
    free(sim->log);
    free(sim->rounds);
    free(sim->by_row);
    free(sim->round_of);
    free(sim->next_round);
    free(sim);
}

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

const char *sim_intern(struct sim *sim, const char *text)
{
    const char *known = name_index_name(&sim->text_index, text);
    char *copy;

    if (known)
        return known;
    copy = arena_strdup(sim->texts, text);
    if (!copy || !name_index_add(&sim->text_index, sim->texts, copy, 0))
        return "";
    return copy;
}

void sim_log(struct sim *sim, const struct job *job, uint32_t host, const char *what)
{
    if (sim->nr_log >= sim->max_log)
        return;
    sim->log[sim->nr_log++] = (struct sim_event){
        .at_ns = sim->now_ns,
        .vm = job ? sim->sc->vms[job->vm].name : 0,
        .host = host != HOST_NONE ? sim->sc->hosts[host].name : 0,
        .what = what,
        .replication = sim->replication,
        .job = job ? job->id : UINT32_MAX,
    };
}

uint32_t sim_attempt(struct sim *sim)
{
    if (sim->nr_begun >= SIM_ROWS_MAX) {
        sim->too_many_rows = sim->no_memory = true;
        return 0;
    }
    return sim->nr_begun++;
}

void sim_row(struct sim *sim, uint32_t begun, const struct mig_result *row)
{
    if (!rows_put(&sim->rows, begun, row))
        sim->no_memory = true;
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

        rng_stream(&rng, sim->sc->seed, "phase", vm, sim->replication);
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

/* Rounds end interleaved, and rows want theirs in one stretch: counted, then placed in order. */
static bool group_rounds(struct sim *sim)
{
    uint32_t next = 0;

    for (uint32_t i = 0; i < sim->rows.nr && sim->nr_rounds == 0; i++)
        rows_set_rounds(&sim->rows, i, 0);
    if (sim->nr_rounds == 0)
        return true;
    if (sim->cap_next_round < sim->nr_begun) { /* a high-water mark */
        uint32_t *more = realloc(sim->next_round, sim->nr_begun * sizeof(*more));

        if (!more)
            return false;
        sim->next_round = more;
        sim->cap_next_round = sim->nr_begun;
    }
    memset(sim->next_round, 0, sim->nr_begun * sizeof(*sim->next_round));
    for (uint32_t i = 0; i < sim->nr_rounds; i++)
        sim->next_round[sim->round_of[i]]++;
    for (uint32_t i = 0; i < sim->rows.nr; i++) {
        uint32_t begun = rows_begun(&sim->rows, i), nr = sim->next_round[begun];

        rows_set_rounds(&sim->rows, i, next);
        sim->next_round[begun] = next;
        next += nr;
    }
    assert(next == sim->nr_rounds);
    if (sim->nr_begun == 1) { /* they stand in that order */
        struct mig_round *same = sim->rounds;

        sim->rounds = sim->by_row;
        sim->by_row = same;
        return true;
    }
    for (uint32_t i = 0; i < sim->nr_rounds; i++)
        sim->by_row[sim->next_round[sim->round_of[i]]++] = sim->rounds[i];
    return true;
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
    operations_horizon(sim);
    if (!sim->no_memory)
        cluster_horizon(sim);
    rows_sort(&sim->rows);
    if (sim->no_memory || !group_rounds(sim)) { /* half a run is none */
        sim->no_memory = true;
        sim->nr_rounds = sim->nr_log = 0;
        rows_clear(&sim->rows);
    }
}

/* Do they stand where they belong?  So it is with what a single forecast leaves. */
static bool rows_in_place(const struct rows *rows)
{
    for (uint32_t i = 0; i < rows->nr; i++)
        if (rows_at(rows, i, 0) != &rows->plain[i])
            return false;
    return true;
}

const struct mig_result *sim_results(struct sim *sim, uint32_t *nr)
{
    *nr = sim->rows.nr;
    if (sim->rows.nr <= ROWS_PLAIN && sim->rows.nr > 0 && rows_in_place(&sim->rows))
        return sim->rows.plain;
    free(sim->all_rows);
    sim->all_rows = malloc(((size_t)*nr + 1) * sizeof(*sim->all_rows));
    if (!sim->all_rows) {
        sim->no_memory = true;
        *nr = 0;
        return 0;
    }
    for (uint32_t i = 0; i < *nr; i++)
        sim_result(sim, i, &sim->all_rows[i]);
    return sim->all_rows;
}

uint32_t sim_nr_results(const struct sim *sim)
{
    return sim->rows.nr;
}

void sim_result(const struct sim *sim, uint32_t i, struct mig_result *out)
{
    const struct mig_result *row = rows_at(&sim->rows, i, out);

    if (row != out)
        *out = *row;
}

void sim_take_rows(struct sim *sim, struct rows *rows)
{
    *rows = sim->rows;
    rows_init(&sim->rows);
}

const struct mig_round *sim_rounds(const struct sim *sim, uint32_t *nr)
{
    *nr = sim->nr_rounds;
    return sim->by_row;
}

const struct sim_event *sim_log_lines(const struct sim *sim, uint32_t *nr)
{
    *nr = sim->nr_log;
    return sim->log;
}

const struct op_result *sim_operations(const struct sim *sim, uint32_t *nr)
{
    return operations_results(sim, nr);
}

enum status sim_status(const struct sim *sim)
{
    return sim->too_many_rows ? ST_EINPUT : sim->no_memory ? ST_ENOMEM : ST_OK;
}

struct arena *sim_take_texts(struct sim *sim)
{
    struct arena *texts = sim->texts;

    sim->texts = 0;
    return texts;
}

uint64_t sim_events(const struct sim *sim)
{
    return sim->events;
}
