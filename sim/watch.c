/*
 * watch.c - compares what it sees of one VM after each event with what it saw before.
 *
 * Invariant: nothing of the simulation is changed, and nothing is allocated while it runs.
 */
#include "sim/watch.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/sim_int.h"

struct watch_now {
    const struct scenario *sc;
    uint32_t job;                      /* the last one of the VM; JOB_NONE */
    bool waiting;                      /* the last of watch->waits is open */
    uint32_t wait_jobs[WATCH_HOLDERS]; /* their places, which are used again */
    uint32_t wait_ids[WATCH_HOLDERS];
    bool running; /* an attempt is known */
    uint32_t attempt;
    enum watch_state state;
    uint32_t rounds;
    double share_low, share_high;
    int64_t downtime_ns;
    uint64_t cap;
    uint32_t hold;
    bool suspended;
};

static void forget(struct watch *w)
{
    const struct scenario *sc = w->now->sc;

    *w->now = (struct watch_now){.sc = sc, .job = JOB_NONE};
    w->nr_waits = w->nr_places = w->nr_steps = w->nr_rounds = 0;
    w->full = false;
    w->write_bytes_per_s = 0.0;
}

struct watch *watch_new(const struct scenario *sc, uint32_t vm)
{
    struct watch *w = calloc(1, sizeof(*w));

    if (!w)
        return NULL;
    w->vm = vm;
    w->waits = calloc(WATCH_WAITS, sizeof(*w->waits));
    w->places = calloc(WATCH_PLACES, sizeof(*w->places));
    w->steps = calloc(WATCH_STEPS, sizeof(*w->steps));
    w->rounds = calloc(WATCH_ROUNDS, sizeof(*w->rounds));
    w->now = calloc(1, sizeof(*w->now));
    if (!w->waits || !w->places || !w->steps || !w->rounds || !w->now) {
        watch_free(w);
        return NULL;
    }
    w->now->sc = sc;
    forget(w);
    return w;
}

void watch_free(struct watch *w)
{
    if (!w)
        return;
    free(w->waits);
    free(w->places);
    free(w->steps);
    free(w->rounds);
    free(w->now);
    free(w);
}

/* ---- waiting ---- */

static bool starts_with(const char *text, const char *start)
{
    return text && strncmp(text, start, strlen(start)) == 0;
}

static bool lacks_target(const char *why)
{
    return starts_with(why, "no target") || (why && strstr(why, "will not do"));
}

/* What it waits for at this moment, into @wait. */
static void classify(const struct sim *sim, const struct job *job, struct watch_wait *wait)
{
    const struct cluster *c = &sim->cluster;
    const struct cluster_rules *r = &c->rules;
    const struct host_state *h = &c->hosts[job->source];
    uint32_t most_out = h->max_out ? h->max_out : r->max_out;

    wait->why = job->why;
    if (job->state == JOB_PREPARING) {
        wait->limit = job->target == HOST_NONE ? WATCH_NO_TARGET : WATCH_START;
        return;
    }
    if (job->ready_ns > sim->now_ns && job->heap == QUEUE_NONE) {
        wait->limit = job->attempt > 0 ? WATCH_BACK_OFF : WATCH_PLATFORM;
        return;
    }
    wait->limit = WATCH_PLATFORM;
    if (!cluster_below(c->total, r->max_total)) {
        wait->limit = WATCH_TOTAL;
        wait->held = c->total;
        wait->most = r->max_total;
    } else if (!cluster_below(h->out, most_out)) {
        wait->limit = WATCH_OUT;
        wait->held = h->out;
        wait->most = most_out;
    } else if (!cluster_below(h->out + h->in, r->max_per_host)) {
        wait->limit = WATCH_PER_HOST;
        wait->held = h->out + h->in;
        wait->most = r->max_per_host;
    } else if (lacks_target(job->why)) {
        wait->limit = WATCH_NO_TARGET;
    } else if (job->why && h->hold_ns <= sim->now_ns) {
        wait->limit = WATCH_TARGET;
    }
}

static bool holds_slot(const struct job *job)
{
    return job->state == JOB_PREPARING || job->state == JOB_MIGRATING;
}

/* Does @other hold what @job waits for? */
static bool is_in_the_way(const struct job *job, const struct job *other, enum watch_limit limit)
{
    if (!holds_slot(other))
        return false;
    switch (limit) {
    case WATCH_TOTAL:
        return true;
    case WATCH_OUT:
        return other->source == job->source;
    case WATCH_PER_HOST:
        return other->source == job->source || other->target == job->source;
    default:
        return false;
    }
}

/* Who has the slots, and who stands before it. */
static void look_around(const struct sim *sim, const struct job *job, struct watch_now *now,
                        struct watch_wait *wait)
{
    const struct cluster *c = &sim->cluster;

    for (uint32_t i = 0; i < c->nr_jobs; i++) {
        const struct job *other = &c->jobs[i];

        if (other == job)
            continue;
        if (is_in_the_way(job, other, wait->limit)) {
            if (wait->nr_holders < WATCH_HOLDERS) {
                wait->holders[wait->nr_holders] = other->vm;
                now->wait_jobs[wait->nr_holders] = i;
                now->wait_ids[wait->nr_holders] = other->id;
            }
            wait->nr_holders++;
        } else if (other->state == JOB_WAITING && other->source == job->source &&
                   job->state == JOB_WAITING && job_goes_first(other, job)) {
            wait->ahead++;
        }
    }
}

/* Of those that had the slots, one that has none any more. */
static uint32_t who_left(const struct sim *sim, const struct watch_now *now,
                         const struct watch_wait *wait)
{
    for (uint32_t i = 0; i < wait->nr_holders && i < WATCH_HOLDERS; i++)
        if (sim->cluster.jobs[now->wait_jobs[i]].id != now->wait_ids[i] ||
            !holds_slot(&sim->cluster.jobs[now->wait_jobs[i]]))
            return wait->holders[i];
    return VM_NONE;
}

static void close_wait(const struct sim *sim, struct watch *w)
{
    struct watch_wait *wait = &w->waits[w->nr_waits - 1];

    w->now->waiting = false;
    wait->to_ns = sim->now_ns;
    if (wait->to_ns == wait->from_ns)
        w->nr_waits--; /* it was over at once */
    else
        wait->freed_by = who_left(sim, w->now, wait);
}

static bool same_wait(const struct watch_wait *a, const struct watch_wait *b)
{
    return a->limit == b->limit && a->job == b->job && a->attempt == b->attempt &&
           (a->limit != WATCH_NO_TARGET || a->why == b->why);
}

static void look_at_wait(const struct sim *sim, struct watch *w, const struct job *job)
{
    struct watch_wait wait = {.from_ns = sim->now_ns,
                              .to_ns = -1,
                              .job = w->now->job,
                              .attempt = job->attempt + (job->state == JOB_WAITING),
                              .freed_by = VM_NONE};
    bool waits = job->state == JOB_WAITING || job_still_prepares(sim, job);

    if (waits)
        classify(sim, job, &wait);
    if (w->now->waiting) {
        if (waits && same_wait(&w->waits[w->nr_waits - 1], &wait))
            return;
        close_wait(sim, w);
    }
    if (!waits)
        return;
    if (w->nr_waits == WATCH_WAITS) {
        w->full = true;
        return;
    }
    look_around(sim, job, w->now, &wait);
    w->waits[w->nr_waits++] = wait;
    w->now->waiting = true;
}

/* ---- hosts ---- */

/* Those that would do first; then what only lacks room; more free memory before less. */
static int rank(const struct watch_host *h)
{
    if (h->refusal == REFUSE_NOT)
        return 0;
    return h->refusal == REFUSE_MEMORY ? 1 : 2;
}

static bool is_nearer(const struct watch_host *a, const struct watch_host *b)
{
    if (rank(a) != rank(b))
        return rank(a) < rank(b);
    if (a->free_bytes != b->free_bytes)
        return a->free_bytes > b->free_bytes;
    return a->host < b->host;
}

/* Keeps @host among the nearest, in order. */
static void offer(struct watch_place *p, const struct watch_host *host)
{
    uint32_t at = p->nr_hosts;

    while (at > 0 && is_nearer(host, &p->hosts[at - 1]))
        at--;
    if (at == WATCH_HOSTS)
        return;
    if (p->nr_hosts < WATCH_HOSTS)
        p->nr_hosts++;
    memmove(&p->hosts[at + 1], &p->hosts[at], (p->nr_hosts - 1 - at) * sizeof(*host));
    p->hosts[at] = *host;
}

/* The books have the VM at its target already; that is taken out again. */
static void keep_place(struct sim *sim, struct watch *w, const struct job *job)
{
    struct watch_place *p = &w->places[w->nr_places];
    uint64_t own = sim->sc->vms[job->vm].guest->memory_bytes;

    if (w->nr_places == WATCH_PLACES) {
        w->full = true;
        return;
    }
    *p = (struct watch_place){.at_ns = sim->now_ns,
                              .job = w->now->job,
                              .attempt = job->attempt + (job->state == JOB_WAITING),
                              .chosen = job->target,
                              .asked = job->wanted};
    for (uint32_t i = 0; i < sim->sc->nr_hosts; i++) {
        const struct host_state *s = &sim->cluster.hosts[i];
        struct watch_host h = {.host = i,
                               .free_bytes = placement_free_bytes(sim, i),
                               .out = s->out,
                               .in = s->in,
                               .vms = s->vms};

        if (i == job->source)
            continue;
        if (i == job->target) {
            h.free_bytes += h.free_bytes < UINT64_MAX / 2 ? own : 0;
            h.in -= h.in > 0;
        } else {
            h.refusal = placement_refusal(sim, job, i);
        }
        p->count[h.refusal]++;
        offer(p, &h);
    }
    p->nr_fit = p->count[REFUSE_NOT];
    w->nr_places++;
}

/* A target was chosen, or a wait for one begins. */
static void look_at_place(struct sim *sim, struct watch *w, const struct job *job)
{
    const struct watch_wait *wait = w->now->waiting ? &w->waits[w->nr_waits - 1] : NULL;
    const struct watch_place *last = w->nr_places ? &w->places[w->nr_places - 1] : NULL;
    bool fresh = wait && wait->limit == WATCH_NO_TARGET && wait->from_ns == sim->now_ns;
    uint32_t attempt = job->attempt + (job->state == JOB_WAITING);

    if (job->kind == JOB_RESCUE || (job->target == HOST_NONE && !fresh))
        return;
    if (last && last->job == w->now->job && last->attempt == attempt &&
        last->chosen == job->target && job->target != HOST_NONE)
        return;
    keep_place(sim, w, job);
}

/* ---- the migration ---- */

static void add_step(const struct sim *sim, struct watch *w, enum watch_step_kind kind,
                     uint64_t value)
{
    if (w->nr_steps == WATCH_STEPS) {
        w->full = true;
        return;
    }
    w->steps[w->nr_steps++] = (struct watch_step){.at_ns = sim->now_ns,
                                                  .job = w->now->job,
                                                  .attempt = w->now->attempt,
                                                  .kind = kind,
                                                  .value = value};
}

static enum watch_state state_of(const struct mig *m)
{
    static const enum watch_state states[MIG_NR_STATES] = {
        [MIG_IDLE] = WATCH_IDLE,         [MIG_MIRROR] = WATCH_MIRROR,
        [MIG_OFFLINE] = WATCH_OFFLINE,   [MIG_SETUP] = WATCH_SETUP,
        [MIG_PRECOPY] = WATCH_PRECOPY,   [MIG_SWITCHOVER] = WATCH_STOP,
        [MIG_POSTCOPY] = WATCH_POSTCOPY, [MIG_PAUSED] = WATCH_PAUSED,
        [MIG_DONE] = WATCH_OVER,         [MIG_FAILED] = WATCH_OVER,
        [MIG_CANCELLED] = WATCH_OVER,
    };
    static const enum watch_state steps[] = {[STEP_STOP] = WATCH_STOP,
                                             [STEP_DRAIN] = WATCH_DRAIN,
                                             [STEP_SEND] = WATCH_SEND,
                                             [STEP_DEVICES] = WATCH_DEVICES};

    return m->state == MIG_SWITCHOVER ? steps[m->step] : states[m->state];
}

static void begin_attempt(const struct sim *sim, struct watch *w, const struct mig *m,
                          uint32_t attempt)
{
    struct watch_now *now = w->now;
    struct dirty_params drawn;
    int64_t phase_ns;
    /* the same draw again: it depends on names only */
    const struct dirty_params *dirty = sim_draw_vm(sim, m->vm, &drawn, &phase_ns);

    w->write_bytes_per_s = dirty->kind == DIRTY_IDLE ? 0.0 : dirty->write_bytes_per_s;

    now->running = true;
    now->attempt = attempt;
    now->state = WATCH_IDLE;
    now->rounds = 0;
    now->share_low = INFINITY;
    now->share_high = 0.0;
    now->downtime_ns = m->params.downtime_limit_ns;
    now->cap = m->params.max_bandwidth_bytes_per_s;
    now->hold = 0;
    now->suspended = false;
}

static void end_round(struct watch *w, const struct mig *m)
{
    struct watch_now *now = w->now;

    if (w->nr_rounds < WATCH_ROUNDS && now->rounds > 0) {
        struct watch_round *r = &w->rounds[w->nr_rounds++];

        *r = (struct watch_round){.job = now->job,
                                  .attempt = now->attempt,
                                  .round = now->rounds,
                                  .share_low = now->share_low,
                                  .share_high = now->share_high};
        memcpy(r->bound_ns, m->sender.bound_ns, sizeof(r->bound_ns));
    } else if (now->rounds > 0) {
        w->full = true;
    }
    now->rounds = m->own.rounds;
    now->share_low = INFINITY;
    now->share_high = 0.0;
}

static void look_at_orders(const struct sim *sim, struct watch *w, const struct mig *m)
{
    struct watch_now *now = w->now;

    if (m->params.downtime_limit_ns != now->downtime_ns) {
        now->downtime_ns = m->params.downtime_limit_ns;
        add_step(sim, w, WATCH_STEP_DOWNTIME, (uint64_t)now->downtime_ns);
    }
    if (m->params.max_bandwidth_bytes_per_s != now->cap) {
        now->cap = m->params.max_bandwidth_bytes_per_s;
        add_step(sim, w, WATCH_STEP_CAP, now->cap);
    }
    if (m->held_back_pct != now->hold) {
        now->hold = m->held_back_pct;
        add_step(sim, w, WATCH_STEP_HOLD, now->hold);
    }
    if (m->suspended && !now->suspended) {
        now->suspended = true;
        add_step(sim, w, WATCH_STEP_SUSPEND, 0);
    }
}

static void look_at_mig(const struct sim *sim, struct watch *w, const struct mig *m)
{
    struct watch_now *now = w->now;
    enum watch_state state = state_of(m);

    if (!now->running || now->attempt != m->own.attempt)
        begin_attempt(sim, w, m, m->own.attempt);
    if (state >= WATCH_SETUP && state < WATCH_OVER)
        look_at_orders(sim, w, m);
    if (m->own.rounds != now->rounds)
        end_round(w, m);
    if (state == WATCH_PRECOPY && m->link_rate > 0.0) {
        now->share_low = fmin(now->share_low, m->link_rate);
        now->share_high = fmax(now->share_high, m->link_rate);
    }
    if (state == now->state)
        return;
    if (state == WATCH_OVER && now->rounds > 0)
        end_round(w, m);
    now->state = state;
    add_step(sim, w, WATCH_STEP_STATE, state);
}

void watch_look(struct sim *sim, void *watch)
{
    struct watch *w = watch;
    uint32_t id = cluster_vm_job(sim, w->vm);
    const struct job *job;

    if (id == JOB_NONE) { /* none, or its last has just ended */
        if (w->now->waiting)
            close_wait(sim, w);
        w->now->running = false;
        return;
    }
    job = &sim->cluster.jobs[id];
    if (job->id != w->now->job) {
        w->now->job = job->id;
        w->now->running = false;
    }
    look_at_wait(sim, w, job);
    look_at_place(sim, w, job);
    if (job->mig != MIG_NONE && job->state != JOB_WAITING)
        look_at_mig(sim, w, sim_mig(sim, job->mig));
}
