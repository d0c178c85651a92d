/*
 * job.c - the life of a job around its attempts: submitted, queued, put off, ended, tried again.
 *
 * Leaves the way from the queue to `migrate` to job_start.c, the migration itself to migration.c,
 * and what only one platform does to its functions.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "sim/cluster/cluster_int.h"
#include "sim/cluster/operations.h"
#include "sim/placement/placement.h"

/* Those of requests keep their place: their events come from the scenario. */
static void retire(struct sim *sim, struct job *job)
{
    struct cluster *c = &sim->cluster;
    uint32_t id = job_index(sim, job);

    if (job->state != JOB_DONE || job->pending > 0 || job->retired || id < sim->sc->nr_requests)
        return;
    job->retired = true;
    job->sequence = sim->events;
    job->next = JOB_NONE;
    if (c->last_retired != JOB_NONE)
        c->jobs[c->last_retired].next = id;
    else
        c->first_retired = id;
    c->last_retired = id;
}

void job_forget(struct sim *sim, struct job *job)
{
    assert(job->pending > 0);
    job->pending--;
    retire(sim, job);
}

/* The job is over without an attempt: its row, and whoever waits for it. */
void job_end_unstarted(struct sim *sim, struct job *job, enum outcome outcome, const char *reason)
{
    uint32_t id = job_index(sim, job);
    struct mig_result row;

    queue_remove(&sim->cluster.queue, sim->cluster.jobs, id);
    if (job->placed)
        placement_unbook(sim, job->vm, job->target);
    job->placed = false;
    if (job->state != JOB_NEW || sim->cluster.vms[job->vm].job == id)
        sim->cluster.vms[job->vm].job = JOB_NONE;
    job->attempt++;
    job->state = JOB_DONE;
    job->why = reason;
    job_fill_row(sim, job, &row);
    row.outcome = outcome;
    row.reason = reason;
    row.ended_ns = sim->now_ns;
    sim_row(sim, sim_attempt(sim), &row);
    if (sim->platform->dropped)
        sim->platform->dropped(sim, job, outcome);
    operations_job_ended(sim, id);
    retire(sim, &sim->cluster.jobs[id]);
}

/* A place that was given away before this event: whoever held a pointer to it is done. */
static uint32_t used_place(struct cluster *c, uint64_t events)
{
    uint32_t id = c->first_retired;

    if (id == JOB_NONE || c->jobs[id].sequence >= events)
        return JOB_NONE;
    c->first_retired = c->jobs[id].next;
    if (c->first_retired == JOB_NONE)
        c->last_retired = JOB_NONE;
    return id;
}

static uint32_t new_job(struct sim *sim, const struct job *wish)
{
    struct cluster *c = &sim->cluster;
    uint32_t used = used_place(c, sim->events);

    if (used != JOB_NONE) {
        c->jobs[used] = *wish;
        return used;
    }
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
        return job->source == sim->sc->vms[job->vm].host ? "source and target are the same host"
                                                         : "the VM has already migrated there";
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

        rng_stream(&rng, sim->sc->seed, "queue", ((uint64_t)job->id << 16) + job->attempt,
                   sim->replication);
        job->sequence = rng_u64(&rng);
    }
    queue_add(&c->queue, c->jobs, id);
    if (c->rules.place == PLACE_AT_SUBMIT && !job_place(sim, job)) {
        job->why = placement_why(sim, job);
        if (c->rules.unplaced == UNPLACED_FAIL) {
            job_end_unstarted(sim, job, OUTCOME_REJECTED, job->why);
            return;
        }
    }
    if (sim->platform->queued)
        sim->platform->queued(sim, job);
    if (no_limits(sim))
        job_wake(sim);
    else /* at the end of this moment: a better one may be asked for in it */
        cluster_wake_at(sim, sim->now_ns);
}

static void submit(struct sim *sim, uint32_t id)
{
    struct job *job = &sim->cluster.jobs[id];
    uint32_t host = sim->cluster.vms[job->vm].host;
    const struct lost_vm *lost = cluster_lost(sim, job->vm);
    bool down = lost && sim->cluster.hosts[lost->host].down;
    const char *why = down ? "source host is down" : "the VM is not running";

    if (job->kind == JOB_RESCUE && lost)
        host = lost->host;
    if (host != HOST_NONE) {
        job->source = host;
        why = refusal(sim, job);
    }
    if (why) {
        job_end_unstarted(sim, job, OUTCOME_REJECTED, why);
        return;
    }
    cluster_touch(sim, sim->sc->vms[job->vm].host);
    sim->cluster.vms[job->vm].job = id;
    if (job->cancel_at_ns >= 0)
        job_push(sim, job, job->cancel_at_ns > sim->now_ns ? job->cancel_at_ns : sim->now_ns,
                 EV_RECALL, 0);
    queue_up(sim, job);
}

bool job_submit(struct sim *sim, const struct job *wish)
{
    uint32_t id = new_job(sim, wish);
    struct job *job;

    if (id == JOB_NONE)
        return false;
    job = &sim->cluster.jobs[id];
    job->id = sim->cluster.next_job_id++;
    job->pending = 0;
    job->retired = job->refused = false;
    job->heap = job->child = job->next = job->prev = QUEUE_NONE;
    job->mig = MIG_NONE;
    job->target = job->last_target = job->earlier_target = HOST_NONE;
    job->source = sim->sc->vms[job->vm].host;
    job->request = UINT32_MAX;
    job->attempt = job->failures = 0;
    job->placed = false;
    job->state = JOB_NEW;
    job->why = 0;
    job->first_start_ns = -1;
    job->asked_ns = job->ready_ns = sim->now_ns;
    submit(sim, id);
    return true;
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
    job_push(sim, &sim->cluster.jobs[id], at_ns, EV_READY, job->attempt);
}

void job_cancel(struct sim *sim, struct job *job, const char *reason)
{
    if (job->state == JOB_DONE)
        return;
    if (job->mig == MIG_NONE) {
        job_end_unstarted(sim, job, OUTCOME_CANCELLED, reason);
        cluster_room_made(sim);
        return;
    }
    mig_cancel(sim, sim_mig(sim, job->mig), false, reason);
}

void cluster_mig_ended(struct sim *sim, struct mig *m)
{
    const struct mig_result *r = m->result;
    int64_t at = r->ended_ns > sim->now_ns ? r->ended_ns : sim->now_ns;

    job_push(sim, job_at(sim, m->job), at + sim->cluster.rules.finish_delay_ns, EV_FINISH, 0);
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

void job_free_mig(struct sim *sim, struct job *job, struct mig *m)
{
    sim_row(sim, m->begun, &m->own);
    sim->free_migs[sim->nr_free++] = m->slot;
    job->mig = MIG_NONE;
}

static void finish(struct sim *sim, uint32_t id)
{
    struct job *job = &sim->cluster.jobs[id];
    struct mig *m = sim_mig(sim, job->mig);
    bool moved = m->own.outcome == OUTCOME_COMPLETED;

    cluster_give_slots(sim, job);
    if (moved) {
        if (sim->cluster.vms[job->vm].host != HOST_NONE)
            placement_unbook(sim, job->vm, sim->cluster.vms[job->vm].host);
        cluster_move_vm(sim, job->vm, job->target);
        if (job->kind == JOB_COLD || job->kind == JOB_RESCUE)
            placement_started(sim, job->vm, job->target);
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
    job_free_mig(sim, job, m);
    if (job->state == JOB_WAITING) {
        job->earlier_target = job->last_target;
        job->last_target = job->target;
        job->target = HOST_NONE;
        sim->cluster.vms[job->vm].job = id;
        job_push(sim, job, job->ready_ns, EV_READY, job->attempt);
    } else {
        job->why = moved ? 0 : m->own.reason;
        operations_job_ended(sim, id);
    }
    cluster_room_made(sim);
}

static void on_begin(struct sim *sim, uint32_t id, uint32_t attempt)
{
    struct job *job = &sim->cluster.jobs[id];

    if (job_still_prepares(sim, job) && job->attempt == attempt && job->target != HOST_NONE)
        job_begin_attempt(sim, job);
}

static void on_unplaced(struct sim *sim, uint32_t id, uint32_t attempt)
{
    struct job *job = &sim->cluster.jobs[id];

    if (job_still_prepares(sim, job) && job->attempt == attempt && job->target == HOST_NONE)
        mig_refuse(sim, sim_mig(sim, job->mig), job->why);
}

static void on_recall(struct sim *sim, uint32_t id)
{
    struct job *job = &sim->cluster.jobs[id];

    if (job->state == JOB_WAITING || job->state == JOB_PREPARING)
        job_cancel(sim, job, "cancelled by request");
}

static void job_event(struct sim *sim, const struct event *e)
{
    struct job *job;

    switch ((enum event_kind)e->kind) {
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
    default:
        assert(!"not an event of a job");
    }
    job_forget(sim, &sim->cluster.jobs[e->index]);
}

void cluster_event(struct sim *sim, const struct event *e)
{
    switch ((enum event_kind)e->kind) {
    case EV_REQUEST:
        submit(sim, e->index);
        break;
    case EV_HELD:
        cluster_host_changed(sim, e->index);
        cluster_wake_at(sim, sim->now_ns);
        break;
    case EV_WAKE:
        sim->cluster.wake = EVENT_NONE;
        job_wake(sim);
        break;
    default:
        job_event(sim, e);
    }
}
