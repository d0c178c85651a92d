/*
 * job_start.c - from the queue to `migrate`: a target, a slot, an attempt.
 *
 * Leaves order to queue.c and the choice of a target to placement.c.  Invariant: after each event,
 * no job waits that could start (unless its platform looks at the queue only now and then).
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cluster/cluster_int.h"
#include "sim/placement/placement.h"

void job_fill_row(struct sim *sim, const struct job *job, struct mig_result *r)
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
        .job = job->id,
        .replication = sim->replication,
        .attempt = job->attempt,
        .outcome = OUTCOME_QUEUED,
        .queued_ns = job->asked_ns,
        .started_ns = -1,
        .ended_ns = -1,
        .downtime_ns = -1,
        .blackout_ns = -1,
        .network_outage_ns = -1,
    };
}

/* Alike in what they lack. */
static uint32_t lack_class(const struct sim *sim, const struct job *job)
{
    if (job->wanted != HOST_NONE)
        return sim->sc->nr_classes + 1 + job->wanted;
    return sim->sc->nr_classes ? sim->sc->vms[job->vm].class_id : 0;
}

enum {
    EACH_REQUEST = 10000 /* up to so many, VMs that want one target are parked apart */
};

/* A job is parked with those that lack the same, and one of them is tried when room is made; so
 * one that lacks what the others do not must stand by itself, or it would be in their way. */
static uint32_t park_class(struct sim *sim, const struct job *job)
{
    const struct scenario *sc = sim->sc;
    bool alone = job->wanted != HOST_NONE ? sc->nr_requests <= EACH_REQUEST
                                          : placement_refused_alone(sim, job);

    return alone ? QUEUE_ALONE : lack_class(sim, job);
}

/* A target into job->target, booked; false with job->why when there is none. */
bool job_place(struct sim *sim, struct job *job)
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
    if (!*chunk) { /* a high-water mark, not a habit */
        *chunk = aligned_alloc(CACHE_LINE, MIG_CHUNK * sizeof(**chunk));
        if (!*chunk) {
            sim->no_memory = true;
            return 0;
        }
        memset(*chunk, 0, MIG_CHUNK * sizeof(**chunk));
    }
    m = &(*chunk)[slot % MIG_CHUNK];
    pages = m->pages;
    m->slot = slot;
    m->job = job_index(sim, job);
    m->vm = job->vm;
    m->source = job->source;
    m->target = job->target;
    m->state = MIG_IDLE;
    m->wait.link = PACE_NONE;
    m->result = &m->own;
    m->pages = pages;
    memset(m->timers, 0, sizeof(m->timers));
    memset(m->platform, 0, sizeof(m->platform));
    return m;
}

/* The attempt counts from here: its row, its migration. */
void job_begin_attempt(struct sim *sim, struct job *job)
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
        job_push(sim, job, sim->now_ns + job->start_delay_ns, EV_BEGIN, job->attempt);
    else
        job_begin_attempt(sim, job);
}

static void prepare(struct sim *sim, struct job *job)
{
    struct mig *m = take_mig(sim, job);

    if (!m)
        return;
    job->mig = m->slot;
    job->attempt++;
    job->state = JOB_PREPARING;
    m->begun = sim_attempt(sim);
    job_fill_row(sim, job, &m->own);
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
    job->pending++;
    queue_remove(&sim->cluster.queue, sim->cluster.jobs, job_index(sim, job));
    cluster_take_slots(sim, job);
    prepare(sim, job);
    if (sim->cluster.rules.unplaced_ns > 0)
        job_push(sim, job, sim->now_ns + sim->cluster.rules.unplaced_ns, EV_UNPLACED, job->attempt);
}

/* What holds for platforms that have no words of their own for it. */
static const char *may_not_move(const struct sim *sim, const struct job *job)
{
    enum migratable may = placement_vm_attrs(sim, job->vm)->migratable;

    if (job->kind == JOB_RESCUE || may == MIGRATABLE_YES)
        return 0;
    if (may == MIGRATABLE_NO)
        return "the VM may not migrate";
    return job->evacuation ? "the VM migrates only when a person asks for it" : 0;
}

static enum start try_start(struct sim *sim, struct job *job)
{
    const struct cluster_rules *r = &sim->cluster.rules;
    const char *why =
        sim->platform->refuse ? sim->platform->refuse(sim, job) : may_not_move(sim, job);

    if (why) {
        job->refused = true;
        job_end_unstarted(sim, job, OUTCOME_REJECTED, why);
        return START_DONE;
    }
    if (!job_place(sim, job)) {
        job->why = placement_why(sim, job);
        if (r->unplaced == UNPLACED_FAIL) {
            job_end_unstarted(sim, job, OUTCOME_REJECTED, job->why);
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
        job->why = sim->cluster.hosts[job->source].hold_ns > sim->now_ns
                       ? "the platform looks at its queue only now and then"
                       : "the target takes no more migrations now";
        if (r->place == PLACE_AT_SLOT) {
            placement_unbook(sim, job->vm, job->target);
            job->target = HOST_NONE;
            job->placed = false;
        }
        return START_BLOCKED;
    }
    queue_remove(&sim->cluster.queue, sim->cluster.jobs, job_index(sim, job));
    cluster_take_slots(sim, job);
    prepare(sim, job);
    return START_DONE;
}

void job_wake(struct sim *sim)
{
    struct cluster *c = &sim->cluster;
    uint32_t id;

    while (!sim->no_memory && cluster_below(c->total, c->rules.max_total) &&
           (id = queue_best(&c->queue)) != QUEUE_NONE) {
        uint32_t lack = lack_class(sim, &c->jobs[id]), source = c->jobs[id].source;

        if (try_start(sim, &c->jobs[id]) == START_BLOCKED) {
            /* put off, or its source is held: it is not in the way */
            if (c->jobs[id].heap != QUEUE_NONE && c->hosts[source].hold_ns <= sim->now_ns) {
                uint32_t with = park_class(sim, &c->jobs[id]);

                queue_park(&c->queue, c->jobs, id, with);
                if (with != lack) /* what kept it may not keep the next */
                    queue_unpark_next(&c->queue, c->jobs, lack);
            }
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

        if (!job_still_prepares(sim, job) || job->target != HOST_NONE) {
            job_forget(sim, job);
            continue;
        }
        if (!job_place(sim, job)) {
            c->held[kept++] = c->held[i];
            continue;
        }
        if (job->kind != JOB_RESCUE && !cluster_target_has_room(sim, job->target)) {
            placement_unbook(sim, job->vm, job->target);
            job->target = HOST_NONE;
            job->placed = false;
            c->held[kept++] = c->held[i];
            continue;
        }
        if (job->kind != JOB_RESCUE) {
            c->hosts[job->target].in++;
            cluster_host_changed(sim, job->target);
        }
        begin_after_delay(sim, job);
        job_forget(sim, job);
    }
    c->nr_held = kept;
}

/* Room was made: somebody parked may go now. */
void cluster_room_made(struct sim *sim)
{
    serve_held(sim);
    queue_unpark(&sim->cluster.queue, sim->cluster.jobs);
    if (queue_best(&sim->cluster.queue) != QUEUE_NONE)
        cluster_wake_at(sim, sim->now_ns);
}
