/*
 * cluster.c - the life of a job: submitted, queued, placed, started, ended, tried again.
 *
 * Leaves order to queue.c, the choice of a target to placement.c, the migration itself to
 * migration.c, and what only one platform does to its functions.  Invariant: after each event, no
 * job waits that could start (unless its platform looks at the queue only now and then).
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/operations.h"
#include "sim/placement.h"
#include "sim/sim_int.h"

/* ---- memory ---- */

enum status cluster_init(struct sim *sim)
{
    struct cluster *c = &sim->cluster;
    const struct scenario *sc = sim->sc;
    size_t hosts = (size_t)sc->nr_hosts + 1;

    c->cap_jobs = sc->nr_requests + 16;
    c->jobs = calloc(c->cap_jobs, sizeof(*c->jobs));
    c->vms = calloc((size_t)sc->nr_vms + 1, sizeof(*c->vms));
    c->hosts = calloc(hosts, sizeof(*c->hosts));
    c->first_vm = calloc(hosts, sizeof(*c->first_vm));
    c->last_vm = calloc(hosts, sizeof(*c->last_vm));
    c->held = calloc(sim->cap_migs, sizeof(*c->held));
    if (!c->held || !c->jobs || !c->vms || !c->hosts || !c->first_vm || !c->last_vm)
        return ST_ENOMEM;
    /* parked by what they lack: alike VMs with any target, or one wanted target */
    if (placement_init(sim) != ST_OK)
        return ST_ENOMEM;
    return queue_init(&c->queue, sc->nr_hosts, sc->nr_classes + 1 + sc->nr_hosts);
}

void cluster_release(struct sim *sim)
{
    struct cluster *c = &sim->cluster;

    placement_release(sim);
    free(c->jobs);
    free(c->vms);
    free(c->hosts);
    free(c->first_vm);
    free(c->last_vm);
    free(c->held);
    queue_release(&c->queue);
    *c = (struct cluster){0};
}

/* ---- who runs where ---- */

void cluster_move_vm(struct sim *sim, uint32_t vm, uint32_t host)
{
    struct cluster *c = &sim->cluster;
    struct vm_state *v = &c->vms[vm];

    if (v->host != HOST_NONE) {
        if (v->prev != VM_NONE)
            c->vms[v->prev].next = v->next;
        else
            c->first_vm[v->host] = v->next;
        if (v->next != VM_NONE)
            c->vms[v->next].prev = v->prev;
        else
            c->last_vm[v->host] = v->prev;
    }
    v->host = host;
    v->next = v->prev = VM_NONE;
    if (host == HOST_NONE)
        return;
    v->prev = c->last_vm[host];
    c->last_vm[host] = vm;
    if (v->prev != VM_NONE)
        c->vms[v->prev].next = vm;
    else
        c->first_vm[host] = vm;
}

/* The job of a request has the request's number, whenever it is submitted. */
static struct job request_job(const struct scenario *sc, uint32_t request)
{
    const struct scn_request *r = &sc->requests[request];

    return (struct job){.vm = r->vm,
                        .wanted = r->target,
                        .target = HOST_NONE,
                        .last_target = HOST_NONE,
                        .earlier_target = HOST_NONE,
                        .source = sc->vms[r->vm].host,
                        .mig = MIG_NONE,
                        .request = request,
                        .operation = UINT32_MAX,
                        .priority = r->priority,
                        .kind = r->kind,
                        .asked_ns = r->at_ns,
                        .ready_ns = r->at_ns,
                        .cancel_at_ns = r->cancel_at_ns,
                        .heap = QUEUE_NONE,
                        .child = QUEUE_NONE,
                        .next = QUEUE_NONE,
                        .prev = QUEUE_NONE};
}

void cluster_begin(struct sim *sim)
{
    struct cluster *c = &sim->cluster;
    const struct scenario *sc = sim->sc;

    c->rules = sc->cluster.rules;
    c->total = c->nr_held = 0;
    c->sequence = 0;
    c->nr_jobs = sc->nr_requests;
    for (uint32_t i = 0; i < sc->nr_requests; i++)
        c->jobs[i] = request_job(sc, i);
    c->wake = EVENT_NONE;
    queue_clear(&c->queue);
    memset(c->hosts, 0, sc->nr_hosts * sizeof(*c->hosts));
    memset(c->first_vm, 0xff, sc->nr_hosts * sizeof(*c->first_vm));
    memset(c->last_vm, 0xff, sc->nr_hosts * sizeof(*c->last_vm));
    placement_begin(sim);
    for (uint32_t i = 0; i < sc->nr_vms; i++) {
        c->vms[i] =
            (struct vm_state){.host = HOST_NONE, .job = JOB_NONE, .next = VM_NONE, .prev = VM_NONE};
        if (!sc->vms[i].guest) /* left out of a scenario that was narrowed to one VM */
            continue;
        cluster_move_vm(sim, i, sc->vms[i].host);
        placement_book(sim, i, sc->vms[i].host);
    }
    operations_begin(sim);
}

struct job *job_at(struct sim *sim, uint32_t job)
{
    return &sim->cluster.jobs[job];
}

uint32_t cluster_vm_host(const struct sim *sim, uint32_t vm)
{
    return sim->cluster.vms[vm].host;
}

uint32_t cluster_vm_job(const struct sim *sim, uint32_t vm)
{
    return sim->cluster.vms[vm].job;
}

struct host_state *cluster_host(struct sim *sim, uint32_t host)
{
    return &sim->cluster.hosts[host];
}

uint32_t cluster_first_vm(const struct sim *sim, uint32_t host)
{
    return sim->cluster.first_vm[host];
}

uint32_t cluster_next_vm(const struct sim *sim, uint32_t vm)
{
    return sim->cluster.vms[vm].next;
}

static uint32_t job_index(const struct sim *sim, const struct job *job)
{
    return (uint32_t)(job - sim->cluster.jobs);
}

/* ---- rows ---- */

static void fill_row(struct sim *sim, const struct job *job, struct mig_result *r)
{
    static const char *const kinds[JOB_KIND_NR] = {"live", "cold", "suspend", "rescue"};
    const struct scenario *sc = sim->sc;
    const struct scn_vm *vm = &sc->vms[job->vm];

    *r = (struct mig_result){
        .vm = vm->name,
        .vm_class = sc->class_names ? sc->class_names[vm->class_id] : vm->name,
        .kind = kinds[job->kind],
        .vm_id = job->vm,
        .source_id = job->source,
        .target_id = job->target,
        .source = sc->hosts[job->source].name,
        .target = job->target != HOST_NONE ? sc->hosts[job->target].name : 0,
        .platform = sc->migrations[vm->migration].platform,
        .job = job_index(sim, job),
        .replication = sim->replication,
        .attempt = job->attempt,
        .outcome = OUTCOME_QUEUED,
        .queued_ns = job->asked_ns,
        .started_ns = -1,
        .ended_ns = -1,
        .downtime_ns = -1,
        .blackout_ns = -1,
    };
}

/* The job is over without an attempt: its row, and whoever waits for it. */
static void end_without_attempt(struct sim *sim, struct job *job, enum outcome outcome,
                                const char *reason)
{
    uint32_t row, id = job_index(sim, job);

    queue_remove(&sim->cluster.queue, sim->cluster.jobs, id);
    if (job->placed)
        placement_unbook(sim, job->vm, job->target);
    job->placed = false;
    if (job->state != JOB_NEW || sim->cluster.vms[job->vm].job == id)
        sim->cluster.vms[job->vm].job = JOB_NONE;
    job->attempt++;
    job->state = JOB_DONE;
    row = sim_row_reserve(sim);
    if (sim->no_memory)
        return;
    fill_row(sim, job, &sim->rows[row]);
    sim->rows[row].outcome = outcome;
    sim->rows[row].reason = reason;
    sim->rows[row].ended_ns = sim->now_ns;
    operations_job_ended(sim, id);
}

/* ---- limits ---- */

static bool below(uint32_t now, uint32_t most)
{
    return most == 0 || now < most;
}

static bool source_has_room(const struct sim *sim, uint32_t host)
{
    const struct cluster_rules *r = &sim->cluster.rules;
    const struct host_state *h = &sim->cluster.hosts[host];

    return below(h->out, h->max_out ? h->max_out : r->max_out) &&
           below(h->out + h->in, r->max_per_host) && sim->now_ns >= h->hold_ns;
}

bool cluster_target_has_room(const struct sim *sim, uint32_t host)
{
    const struct cluster_rules *r = &sim->cluster.rules;
    const struct host_state *h = &sim->cluster.hosts[host];

    return !h->down && below(h->in, h->max_in ? h->max_in : r->max_in) &&
           below(h->out + h->in, r->max_per_host);
}

static void host_changed(struct sim *sim, uint32_t host)
{
    queue_set_ready(&sim->cluster.queue, sim->cluster.jobs, host, source_has_room(sim, host));
    placement_host_changed(sim, host);
}

void cluster_limit_host(struct sim *sim, uint32_t host, uint32_t max_out, uint32_t max_in)
{
    sim->cluster.hosts[host].max_out = max_out;
    sim->cluster.hosts[host].max_in = max_in;
    host_changed(sim, host);
    cluster_wake_at(sim, sim->now_ns);
}

void cluster_hold_source(struct sim *sim, uint32_t host, int64_t at_ns)
{
    sim->cluster.hosts[host].hold_ns = at_ns;
    host_changed(sim, host);
    sim_push(sim, at_ns, -1, EV_HELD, host, 0);
}

static void take_slots(struct sim *sim, struct job *job)
{
    sim->cluster.total++;
    sim->cluster.hosts[job->source].out++;
    host_changed(sim, job->source);
    if (job->target != HOST_NONE) {
        sim->cluster.hosts[job->target].in++;
        host_changed(sim, job->target);
    }
}

static void give_slots(struct sim *sim, struct job *job)
{
    sim->cluster.total--;
    sim->cluster.hosts[job->source].out--;
    host_changed(sim, job->source);
    if (job->target != HOST_NONE) {
        sim->cluster.hosts[job->target].in--;
        host_changed(sim, job->target);
    }
}

/* ---- starting ---- */

/* Alike in what they lack. */
static uint32_t lack_class(const struct sim *sim, const struct job *job)
{
    if (job->wanted != HOST_NONE)
        return sim->sc->nr_classes + 1 + job->wanted;
    return sim->sc->nr_classes ? sim->sc->vms[job->vm].class_id : 0;
}

/* A target into job->target, booked; false with job->why when there is none. */
static bool place(struct sim *sim, struct job *job)
{
    uint32_t host = job->wanted;

    if (job->placed)
        return true;
    if (host == HOST_NONE)
        host = placement_pick(sim, job);
    else if (!placement_fits(sim, job, host))
        host = HOST_NONE;
    if (host == HOST_NONE)
        return false;
    placement_book(sim, job->vm, host);
    job->target = host;
    job->placed = true;
    job->why = 0;
    return true;
}

static struct mig *take_mig(struct sim *sim, struct job *job)
{
    uint32_t slot = sim->nr_free ? sim->free_migs[--sim->nr_free] : sim->nr_migs++;
    struct mig **chunk = &sim->migs[slot / MIG_CHUNK];
    struct memory_pages *pages;
    struct mig *m;

    assert(slot < sim->cap_migs);
    if (!*chunk)
        *chunk = calloc(MIG_CHUNK, sizeof(**chunk)); /* a high-water mark, not a habit */
    if (!*chunk) {
        sim->no_memory = true;
        return 0;
    }
    m = &(*chunk)[slot % MIG_CHUNK];
    pages = m->pages;
    m->slot = slot;
    m->job = job_index(sim, job);
    m->vm = job->vm;
    m->source = job->source;
    m->target = job->target;
    m->state = MIG_IDLE;
    m->result = &m->own;
    m->pages = pages;
    memset(m->timers, 0, sizeof(m->timers));
    memset(m->platform, 0, sizeof(m->platform));
    return m;
}

/* The attempt counts from here: its row, its migration. */
static void begin_attempt(struct sim *sim, struct job *job)
{
    struct mig *m = sim_mig(sim, job->mig);

    m->target = job->target;
    m->own.target = sim->sc->hosts[job->target].name;
    m->own.target_id = job->target;
    job->state = JOB_MIGRATING;
    mig_start(sim, m);
}

static void begin_after_delay(struct sim *sim, struct job *job)
{
    if (job->start_delay_ns > 0)
        sim_push(sim, sim->now_ns + job->start_delay_ns, 0, EV_BEGIN, job_index(sim, job),
                 job->attempt);
    else
        begin_attempt(sim, job);
}

static void prepare(struct sim *sim, struct job *job)
{
    struct mig *m = take_mig(sim, job);

    if (!m)
        return;
    job->mig = m->slot;
    job->attempt++;
    job->state = JOB_PREPARING;
    m->row = sim_row_reserve(sim);
    fill_row(sim, job, &m->own);
    if (sim->no_memory)
        return;
    mig_load(sim, m);
    job->start_delay_ns = sim->cluster.rules.start_delay_ns;
    if (sim->platform->prepare)
        sim->platform->prepare(sim, job, m);
    if (job->target != HOST_NONE) /* else it waits for one, with the slot in hand */
        begin_after_delay(sim, job);
}

enum start {
    START_DONE,   /* it runs, or it is over */
    START_BLOCKED /* it stays in the queue, parked */
};

static void hold_without_target(struct sim *sim, struct job *job)
{
    struct cluster *c = &sim->cluster;

    c->held[c->nr_held++] = job_index(sim, job);
    queue_remove(&sim->cluster.queue, sim->cluster.jobs, job_index(sim, job));
    take_slots(sim, job);
    prepare(sim, job);
    if (sim->cluster.rules.unplaced_ns > 0)
        sim_push(sim, sim->now_ns + sim->cluster.rules.unplaced_ns, 0, EV_UNPLACED,
                 job_index(sim, job), job->attempt);
}

static enum start try_start(struct sim *sim, struct job *job)
{
    const struct cluster_rules *r = &sim->cluster.rules;
    const char *why = sim->platform->refuse ? sim->platform->refuse(sim, job) : 0;

    if (why) {
        end_without_attempt(sim, job, OUTCOME_REJECTED, why);
        return START_DONE;
    }
    if (!place(sim, job)) {
        job->why = placement_why(sim, job);
        if (r->unplaced == UNPLACED_FAIL) {
            end_without_attempt(sim, job, OUTCOME_REJECTED, job->why);
            return START_DONE;
        }
        if (r->unplaced == UNPLACED_HOLD) {
            hold_without_target(sim, job);
            return START_DONE;
        }
        return START_BLOCKED;
    }
    if (!cluster_target_has_room(sim, job->target) ||
        (sim->platform->admit && !sim->platform->admit(sim, job, job->target))) {
        if (job->heap == QUEUE_NONE)
            return START_DONE; /* put off: it keeps its target */
        job->why = "the target takes no more migrations now";
        if (r->place == PLACE_AT_SLOT) {
            placement_unbook(sim, job->vm, job->target);
            job->target = HOST_NONE;
            job->placed = false;
        }
        return START_BLOCKED;
    }
    queue_remove(&sim->cluster.queue, sim->cluster.jobs, job_index(sim, job));
    take_slots(sim, job);
    prepare(sim, job);
    return START_DONE;
}

static void wake(struct sim *sim)
{
    struct cluster *c = &sim->cluster;
    uint32_t id;

    while (!sim->no_memory && below(c->total, c->rules.max_total) &&
           (id = queue_best(&c->queue)) != QUEUE_NONE) {
        uint32_t lack = lack_class(sim, &c->jobs[id]), source = c->jobs[id].source;

        if (try_start(sim, &c->jobs[id]) == START_BLOCKED) {
            /* put off, or its source is held: it is not in the way */
            if (c->jobs[id].heap != QUEUE_NONE && c->hosts[source].hold_ns <= sim->now_ns)
                queue_park(&c->queue, c->jobs, id, lack);
        } else {
            queue_unpark_next(&c->queue, c->jobs, lack);
        }
    }
}

void cluster_wake_at(struct sim *sim, int64_t at_ns)
{
    struct cluster *c = &sim->cluster;

    at_ns = at_ns > sim->now_ns ? at_ns : sim->now_ns;
    if (event_queue_pending(&sim->queue, c->wake)) {
        if (at_ns >= c->wake_ns)
            return;
        event_queue_move(&sim->queue, c->wake, at_ns);
    } else {
        c->wake = sim_push(sim, at_ns, -1, EV_WAKE, 0, 0);
    }
    c->wake_ns = at_ns;
}

/* Jobs that hold a slot and have no target yet, oldest first. */
static void serve_held(struct sim *sim)
{
    struct cluster *c = &sim->cluster;
    uint32_t kept = 0;

    for (uint32_t i = 0; i < c->nr_held; i++) {
        struct job *job = &c->jobs[c->held[i]];

        if (job->state != JOB_PREPARING || job->target != HOST_NONE)
            continue;
        if (!place(sim, job)) {
            c->held[kept++] = c->held[i];
            continue;
        }
        c->hosts[job->target].in++;
        host_changed(sim, job->target);
        begin_after_delay(sim, job);
    }
    c->nr_held = kept;
}

/* Room was made: somebody parked may go now. */
static void room_made(struct sim *sim)
{
    serve_held(sim);
    queue_unpark(&sim->cluster.queue, sim->cluster.jobs);
    if (queue_best(&sim->cluster.queue) != QUEUE_NONE)
        cluster_wake_at(sim, sim->now_ns);
}

void cluster_room_made(struct sim *sim)
{
    room_made(sim);
}

/* ---- submitting ---- */

static uint32_t new_job(struct sim *sim, const struct job *wish)
{
    struct cluster *c = &sim->cluster;

    if (c->nr_jobs == c->cap_jobs) {
        struct job *more = realloc(c->jobs, 2 * (size_t)c->cap_jobs * sizeof(*more));

        if (!more) {
            sim->no_memory = true;
            return JOB_NONE;
        }
        c->jobs = more;
        c->cap_jobs *= 2;
    }
    c->jobs[c->nr_jobs] = *wish;
    return c->nr_jobs++;
}

static const char *refusal(const struct sim *sim, const struct job *job)
{
    const struct cluster *c = &sim->cluster;

    if (c->vms[job->vm].job != JOB_NONE)
        return "the VM is already migrating";
    if (job->source == job->wanted)
        return "source and target are the same host";
    if (job->kind != JOB_RESCUE && c->hosts[job->source].down)
        return "source host is down";
    if (job->wanted != HOST_NONE && c->hosts[job->wanted].down)
        return "target host is down";
    return 0;
}

static bool no_limits(const struct sim *sim)
{
    const struct cluster_rules *r = &sim->cluster.rules;

    return !r->max_total && !r->max_out && !r->max_in && !r->max_per_host && !sim->platform->admit;
}

/* In the queue, and as far as it gets at once. */
static void queue_up(struct sim *sim, struct job *job)
{
    struct cluster *c = &sim->cluster;
    uint32_t id = job_index(sim, job);

    job->state = JOB_WAITING;
    if (sim->platform->priority)
        job->priority = sim->platform->priority(sim, job);
    else if (c->rules.order == ORDER_FIFO)
        job->priority = 0;
    job->sequence = c->sequence++; /* one that comes again stands behind those that wait */
    if (c->rules.order == ORDER_PRIORITY_RANDOM) {
        struct rng rng;

        rng_stream(&rng, sim->sc->seed, "queue", ((uint64_t)id << 16) + job->attempt,
                   sim->replication);
        job->sequence = rng_u64(&rng);
    }
    queue_add(&c->queue, c->jobs, id);
    if (c->rules.place == PLACE_AT_SUBMIT && !place(sim, job)) {
        job->why = placement_why(sim, job);
        if (c->rules.unplaced == UNPLACED_FAIL) {
            end_without_attempt(sim, job, OUTCOME_REJECTED, job->why);
            return;
        }
    }
    if (sim->platform->queued)
        sim->platform->queued(sim, job);
    if (no_limits(sim))
        wake(sim);
    else /* at the end of this moment: a better one may be asked for in it */
        cluster_wake_at(sim, sim->now_ns);
}

static void submit(struct sim *sim, uint32_t id)
{
    struct job *job = &sim->cluster.jobs[id];
    uint32_t host = sim->cluster.vms[job->vm].host;
    const char *why = "the VM is not running";

    if (host == HOST_NONE && job->kind == JOB_RESCUE && sim->cluster.vms[job->vm].lost)
        host = sim->cluster.vms[job->vm].last_host;
    if (host != HOST_NONE) {
        job->source = host;
        why = refusal(sim, job);
    }
    if (why) {
        end_without_attempt(sim, job, OUTCOME_REJECTED, why);
        return;
    }
    sim->cluster.vms[job->vm].job = id;
    if (job->cancel_at_ns >= 0)
        sim_push(sim, job->cancel_at_ns > sim->now_ns ? job->cancel_at_ns : sim->now_ns, 0,
                 EV_RECALL, id, 0);
    queue_up(sim, job);
}

uint32_t job_submit(struct sim *sim, const struct job *wish)
{
    uint32_t id = new_job(sim, wish);
    struct job *job;

    if (id == JOB_NONE)
        return id;
    job = &sim->cluster.jobs[id];
    job->heap = job->child = job->next = job->prev = QUEUE_NONE;
    job->mig = MIG_NONE;
    job->target = job->last_target = job->earlier_target = HOST_NONE;
    job->source = sim->sc->vms[job->vm].host;
    job->request = UINT32_MAX;
    job->attempt = job->failures = 0;
    job->placed = false;
    job->state = JOB_NEW;
    job->why = 0;
    job->asked_ns = job->ready_ns = sim->now_ns;
    submit(sim, id);
    return id;
}

void job_retry(struct sim *sim, struct job *job, int64_t at_ns)
{
    job->state = JOB_WAITING;
    job->ready_ns = at_ns > sim->now_ns ? at_ns : sim->now_ns;
}

void job_put_off(struct sim *sim, const struct job *job, int64_t at_ns)
{
    uint32_t id = job_index(sim, job);

    queue_remove(&sim->cluster.queue, sim->cluster.jobs, id);
    sim->cluster.jobs[id].ready_ns = at_ns;
    sim_push(sim, at_ns, 0, EV_READY, id, job->attempt);
}

void job_cancel(struct sim *sim, struct job *job, const char *reason)
{
    if (job->state == JOB_DONE)
        return;
    if (job->mig == MIG_NONE) {
        end_without_attempt(sim, job, OUTCOME_CANCELLED, reason);
        room_made(sim);
        return;
    }
    mig_cancel(sim, sim_mig(sim, job->mig), false, reason);
}

/* ---- ending ---- */

void cluster_mig_ended(struct sim *sim, struct mig *m)
{
    const struct mig_result *r = m->result;
    int64_t at = r->ended_ns > sim->now_ns ? r->ended_ns : sim->now_ns;

    sim_push(sim, at + sim->cluster.rules.finish_delay_ns, 0, EV_FINISH, m->job, 0);
}

/* What the rules say of another attempt; a platform may have decided already. */
static void consider_retry(struct sim *sim, struct job *job, const struct mig *m)
{
    const struct cluster_rules *r = &sim->cluster.rules;
    double wait;

    if (job->state == JOB_WAITING || m->guest_lost)
        return;
    if (m->own.outcome == OUTCOME_CANCELLED || job->attempt >= r->max_attempts)
        return;
    wait = (double)r->retry_ns * pow(r->retry_factor, (double)(job->failures - 1));
    job_retry(sim, job, sim->now_ns + (int64_t)llround(fmin(wait, (double)r->retry_max_ns)));
}

static void free_mig(struct sim *sim, struct job *job, struct mig *m)
{
    sim->rows[m->row] = m->own;
    sim->rows[m->row].job = job_index(sim, job);
    sim->free_migs[sim->nr_free++] = m->slot;
    job->mig = MIG_NONE;
}

static void finish(struct sim *sim, uint32_t id)
{
    struct job *job = &sim->cluster.jobs[id];
    struct mig *m = sim_mig(sim, job->mig);
    bool moved = m->own.outcome == OUTCOME_COMPLETED;

    give_slots(sim, job);
    if (moved) {
        if (sim->cluster.vms[job->vm].host != HOST_NONE)
            placement_unbook(sim, job->vm, sim->cluster.vms[job->vm].host);
        cluster_move_vm(sim, job->vm, job->target);
        sim->cluster.vms[job->vm].lost = false;
        if (sim->cluster.hosts[job->target].down)
            cluster_vm_lost(sim, job->vm);
    } else if (job->target != HOST_NONE && job->placed) {
        placement_unbook(sim, job->vm, job->target);
    }
    if (m->guest_lost && sim->cluster.vms[job->vm].host != HOST_NONE)
        cluster_vm_lost(sim, job->vm);
    job->placed = false;
    job->failures = moved ? 0 : job->failures + 1;
    job->state = JOB_DONE;
    sim->cluster.vms[job->vm].job = JOB_NONE;
    if (sim->platform->ended)
        sim->platform->ended(sim, job, m);
    job = &sim->cluster.jobs[id]; /* it may have submitted more */
    if (!moved)
        consider_retry(sim, job, m);
    free_mig(sim, job, m);
    if (job->state == JOB_WAITING) {
        job->earlier_target = job->last_target;
        job->last_target = job->target;
        job->target = HOST_NONE;
        sim->cluster.vms[job->vm].job = id;
        sim_push(sim, job->ready_ns, 0, EV_READY, id, job->attempt);
    } else {
        operations_job_ended(sim, id);
    }
    room_made(sim);
}

static void on_begin(struct sim *sim, uint32_t id, uint32_t attempt)
{
    struct job *job = &sim->cluster.jobs[id];

    if (job->state == JOB_PREPARING && job->attempt == attempt && job->target != HOST_NONE)
        begin_attempt(sim, job);
}

static void on_unplaced(struct sim *sim, uint32_t id, uint32_t attempt)
{
    struct job *job = &sim->cluster.jobs[id];

    if (job->state == JOB_PREPARING && job->attempt == attempt && job->target == HOST_NONE)
        mig_refuse(sim, sim_mig(sim, job->mig), job->why);
}

static void on_recall(struct sim *sim, uint32_t id)
{
    struct job *job = &sim->cluster.jobs[id];

    if (job->state == JOB_WAITING || job->state == JOB_PREPARING)
        job_cancel(sim, job, "cancelled by request");
}

void cluster_event(struct sim *sim, const struct event *e)
{
    struct job *job;

    switch ((enum event_kind)e->kind) {
    case EV_REQUEST:
        submit(sim, e->index);
        break;
    case EV_READY:
        job = &sim->cluster.jobs[e->index];
        if (job->state == JOB_WAITING && job->heap == QUEUE_NONE && job->attempt == e->data)
            queue_up(sim, job);
        break;
    case EV_BEGIN:
        on_begin(sim, e->index, e->data);
        break;
    case EV_UNPLACED:
        on_unplaced(sim, e->index, e->data);
        break;
    case EV_FINISH:
        finish(sim, e->index);
        break;
    case EV_RECALL:
        on_recall(sim, e->index);
        break;
    case EV_HELD:
        host_changed(sim, e->index);
        cluster_wake_at(sim, sim->now_ns);
        break;
    case EV_WAKE:
        sim->cluster.wake = EVENT_NONE;
        wake(sim);
        break;
    default:
        assert(!"not an event of the cluster");
    }
}

/* ---- hosts that die and come back, and the end of time ---- */

void cluster_vm_lost(struct sim *sim, uint32_t vm)
{
    uint32_t host = sim->cluster.vms[vm].host;

    if (host == HOST_NONE)
        return;
    placement_unbook(sim, vm, host);
    cluster_move_vm(sim, vm, HOST_NONE);
    sim->cluster.vms[vm].lost = true;
    sim->cluster.vms[vm].last_host = host;
    sim->cluster.vms[vm].lost_ns = sim->now_ns;
}

void cluster_restart_lost(struct sim *sim, uint32_t host, enum job_kind kind)
{
    for (uint32_t vm = 0; vm < sim->sc->nr_vms; vm++) {
        const struct vm_state *v = &sim->cluster.vms[vm];
        struct job wish = {.vm = vm,
                           .wanted = HOST_NONE,
                           .operation = UINT32_MAX,
                           .evacuation = true,
                           .kind = (uint8_t)kind,
                           .cancel_at_ns = -1};

        if (v->lost && v->last_host == host && v->job == JOB_NONE)
            job_submit(sim, &wish);
    }
}

static bool is_live(const struct sim *sim, uint32_t slot)
{
    return sim->cluster.jobs[sim_mig(sim, slot)->job].mig == slot;
}

/* Jobs that have no migration yet: from the dead host they are over, to it they look for another
 * target. */
static void drop_waiting(struct sim *sim, uint32_t host)
{
    for (uint32_t i = 0; i < sim->cluster.nr_jobs; i++) {
        struct job *job = &sim->cluster.jobs[i];

        if (job->state != JOB_WAITING)
            continue;
        if (job->source == host) {
            end_without_attempt(sim, job, OUTCOME_FAILED, "source host failed");
        } else if (job->placed && job->target == host) {
            placement_unbook(sim, job->vm, host);
            job->placed = false;
            job->target = HOST_NONE;
        }
    }
}

void cluster_host_down(struct sim *sim, uint32_t host)
{
    struct cluster *c = &sim->cluster;

    if (c->hosts[host].down)
        return;
    c->hosts[host].down = true;
    for (uint32_t slot = 0; slot < sim->nr_migs; slot++) {
        struct mig *m = sim_mig(sim, slot);

        if (!is_live(sim, slot) || m->state >= MIG_DONE || (m->source != host && m->target != host))
            continue;
        if (m->source == host)
            m->guest_lost = true;
        mig_fail(sim, m,
                 m->source == host ? "source host failed: guest lost" : "target host failed");
    }
    drop_waiting(sim, host);
    for (uint32_t vm = c->first_vm[host], next; vm != VM_NONE; vm = next) {
        next = c->vms[vm].next;
        if (c->vms[vm].job == JOB_NONE)
            cluster_vm_lost(sim, vm);
    }
    host_changed(sim, host);
    if (sim->platform->host_lost)
        sim->platform->host_lost(sim, host);
    operations_host_lost(sim, host);
    room_made(sim);
}

void cluster_host_up(struct sim *sim, uint32_t host)
{
    sim->cluster.hosts[host].down = false;
    host_changed(sim, host);
    operations_host_up(sim, host);
    room_made(sim);
}

void cluster_horizon(struct sim *sim)
{
    struct cluster *c = &sim->cluster;

    for (uint32_t slot = 0; slot < sim->nr_migs; slot++) {
        struct mig *m = sim_mig(sim, slot);

        if (!is_live(sim, slot))
            continue;
        mig_horizon(sim, m);
        c->jobs[m->job].state = JOB_DONE;
        free_mig(sim, &c->jobs[m->job], m);
    }
    for (uint32_t i = 0; i < c->nr_jobs && !sim->no_memory; i++) {
        struct job *job = &c->jobs[i];
        uint32_t row;

        if (job->state == JOB_DONE)
            continue;
        job->attempt++;
        row = sim_row_reserve(sim);
        if (sim->no_memory)
            return;
        fill_row(sim, job, &sim->rows[row]);
        sim->rows[row].reason = job->why                    ? job->why
                                : job->state == JOB_WAITING ? "still waiting at the horizon"
                                                            : 0;
    }
}
