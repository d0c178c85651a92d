/*
 * cluster.c - the book of a cluster: who runs where, which slots are held, which hosts are up.
 *
 * Leaves the life of a job to job.c and job_start.c.  Invariant: every VM is in the list of one
 * host, or of none when it is lost or down.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cluster/cluster_int.h"
#include "sim/cluster/operations.h"
#include "sim/placement/placement.h"

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
    if (cluster_reset_init(sim) != ST_OK)
        return ST_ENOMEM;
    /* parked by what they lack: alike VMs with any target, or one wanted target */
    if (placement_init(sim) != ST_OK || operations_init(sim) != ST_OK)
        return ST_ENOMEM;
    return queue_init(&c->queue, sc->nr_hosts, sc->nr_classes + 1 + sc->nr_hosts);
}

void cluster_release(struct sim *sim)
{
    struct cluster *c = &sim->cluster;

    placement_release(sim);
    operations_release(sim);
    cluster_reset_release(sim);
    free(c->jobs);
    free(c->vms);
    free(c->lost);
    free(c->hosts);
    free(c->first_vm);
    free(c->last_vm);
    free(c->held);
    queue_release(&c->queue);
    *c = (struct cluster){0};
}

const struct lost_vm *cluster_lost(const struct sim *sim, uint32_t vm)
{
    const struct cluster *c = &sim->cluster;

    return c->vms[vm].host == HOST_NONE && c->vms[vm].prev != VM_NONE ? &c->lost[c->vms[vm].prev]
                                                                      : NULL;
}

/* It starts somewhere: the last of the list takes its place there. */
static void forget_lost(struct cluster *c, uint32_t vm)
{
    uint32_t at = c->vms[vm].prev;

    if (at == VM_NONE)
        return;
    assert(c->lost[at].vm == vm);
    c->lost[at] = c->lost[--c->nr_lost];
    c->vms[c->lost[at].vm].prev = at;
}

static void note_lost(struct sim *sim, uint32_t vm, uint32_t host)
{
    struct cluster *c = &sim->cluster;

    if (c->nr_lost == c->cap_lost) { /* a high-water mark */
        uint32_t cap = c->cap_lost ? 2 * c->cap_lost : 64;
        struct lost_vm *more = realloc(c->lost, cap * sizeof(*more));

        if (!more) {
            sim->no_memory = true;
            return;
        }
        c->lost = more;
        c->cap_lost = cap;
    }
    c->vms[vm].prev = c->nr_lost;
    c->lost[c->nr_lost++] = (struct lost_vm){.vm = vm, .host = host, .at_ns = sim->now_ns};
}

void cluster_move_vm(struct sim *sim, uint32_t vm, uint32_t host)
{
    struct cluster *c = &sim->cluster;
    struct vm_state *v = &c->vms[vm];

    cluster_touch(sim, sim->sc->vms[vm].host);
    if (v->host != HOST_NONE) {
        cluster_touch(sim, v->host);
        if (v->prev != VM_NONE)
            c->vms[v->prev].next = v->next;
        else
            c->first_vm[v->host] = v->next;
        if (v->next != VM_NONE)
            c->vms[v->next].prev = v->prev;
        else
            c->last_vm[v->host] = v->prev;
    } else {
        forget_lost(c, vm);
    }
    v->host = host;
    v->next = v->prev = VM_NONE;
    if (host == HOST_NONE)
        return;
    cluster_touch(sim, host);
    v->prev = c->last_vm[host];
    c->last_vm[host] = vm;
    if (v->prev != VM_NONE)
        c->vms[v->prev].next = vm;
    else
        c->first_vm[host] = vm;
}

/* The job of a request has the request's number, whenever it is submitted. */
static void request_job(const struct scenario *sc, uint32_t request, struct job *job)
{
    static const struct job fresh = {.target = HOST_NONE,
                                     .last_target = HOST_NONE,
                                     .earlier_target = HOST_NONE,
                                     .mig = MIG_NONE,
                                     .operation = UINT32_MAX,
                                     .first_start_ns = -1,
                                     .heap = QUEUE_NONE,
                                     .child = QUEUE_NONE,
                                     .next = QUEUE_NONE,
                                     .prev = QUEUE_NONE};
    const struct scn_request *r = &sc->requests[request];

    *job = fresh;
    job->id = job->request = request;
    job->vm = r->vm;
    job->wanted = r->target;
    job->source = sc->vms[r->vm].host;
    job->priority = r->priority;
    job->kind = r->kind;
    job->asked_ns = job->ready_ns = r->at_ns;
    job->cancel_at_ns = r->cancel_at_ns;
}

void cluster_begin(struct sim *sim)
{
    struct cluster *c = &sim->cluster;
    const struct scenario *sc = sim->sc;

    c->rules = sc->cluster.rules;
    c->total = c->nr_held = c->nr_lost = 0;
    c->sequence = 0;
    queue_reset(&c->queue, c->jobs, c->nr_jobs);
    c->nr_jobs = c->next_job_id = sc->nr_requests;
    c->first_retired = c->last_retired = JOB_NONE;
    for (uint32_t i = 0; i < sc->nr_requests; i++)
        request_job(sc, i, &c->jobs[i]);
    c->wake = EVENT_NONE;
    cluster_reset(sim);
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

static bool source_has_room(const struct sim *sim, uint32_t host)
{
    const struct cluster_rules *r = &sim->cluster.rules;
    const struct host_state *h = &sim->cluster.hosts[host];

    return cluster_below(h->out, h->max_out ? h->max_out : r->max_out) &&
           cluster_below(h->out + h->in, r->max_per_host) && sim->now_ns >= h->hold_ns;
}

bool cluster_target_has_room(const struct sim *sim, uint32_t host)
{
    const struct cluster_rules *r = &sim->cluster.rules;
    const struct host_state *h = &sim->cluster.hosts[host];

    return !h->down && cluster_below(h->in, h->max_in ? h->max_in : r->max_in) &&
           cluster_below(h->out + h->in, r->max_per_host);
}

void cluster_host_changed(struct sim *sim, uint32_t host)
{
    queue_set_ready(&sim->cluster.queue, sim->cluster.jobs, host, source_has_room(sim, host));
    placement_host_changed(sim, host);
}

void cluster_limit_host(struct sim *sim, uint32_t host, uint32_t max_out, uint32_t max_in)
{
    sim->cluster.hosts[host].max_out = max_out;
    sim->cluster.hosts[host].max_in = max_in;
    cluster_host_changed(sim, host);
    cluster_wake_at(sim, sim->now_ns);
}

void cluster_hold_source(struct sim *sim, uint32_t host, int64_t at_ns)
{
    sim->cluster.hosts[host].hold_ns = at_ns;
    cluster_host_changed(sim, host);
    sim_push(sim, at_ns, -1, EV_HELD, host, 0);
}

/* A guest that starts again after its host died is no migration: it takes no slot. */
void cluster_take_slots(struct sim *sim, struct job *job)
{
    if (job->kind == JOB_RESCUE)
        return;
    sim->cluster.total++;
    sim->cluster.hosts[job->source].out++;
    cluster_host_changed(sim, job->source);
    if (job->target != HOST_NONE) {
        sim->cluster.hosts[job->target].in++;
        cluster_host_changed(sim, job->target);
    }
}

void cluster_give_slots(struct sim *sim, struct job *job)
{
    if (job->kind == JOB_RESCUE)
        return;
    sim->cluster.total--;
    sim->cluster.hosts[job->source].out--;
    cluster_host_changed(sim, job->source);
    if (job->target != HOST_NONE) {
        sim->cluster.hosts[job->target].in--;
        cluster_host_changed(sim, job->target);
    }
}

void cluster_vm_lost(struct sim *sim, uint32_t vm)
{
    uint32_t host = sim->cluster.vms[vm].host;

    if (host == HOST_NONE)
        return;
    placement_unbook(sim, vm, host);
    cluster_move_vm(sim, vm, HOST_NONE);
    note_lost(sim, vm, host);
}

void cluster_restart_lost(struct sim *sim, uint32_t host, enum job_kind kind)
{
    for (uint32_t vm = 0; vm < sim->sc->nr_vms; vm++) {
        const struct lost_vm *lost = cluster_lost(sim, vm);
        const struct vm_attrs *a = placement_vm_attrs(sim, vm);
        struct job wish = {.vm = vm,
                           .wanted = HOST_NONE,
                           .operation = UINT32_MAX,
                           .evacuation = true,
                           .priority = (int32_t)a->priority,
                           .kind = (uint8_t)kind,
                           .cancel_at_ns = -1};

        if (lost && lost->host == host && cluster_vm_job(sim, vm) == JOB_NONE && a->ha)
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
            job_end_unstarted(sim, job, OUTCOME_FAILED, "source host failed");
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
    cluster_host_changed(sim, host);
    if (sim->platform->host_lost)
        sim->platform->host_lost(sim, host);
    else if (c->rules.restart_after_ns > 0)
        sim_push(sim, sim->now_ns + c->rules.restart_after_ns, 0, EV_RESTART, host, 0);
    operations_host_lost(sim, host);
    cluster_room_made(sim);
}

void cluster_host_up(struct sim *sim, uint32_t host)
{
    sim->cluster.hosts[host].down = false;
    cluster_host_changed(sim, host);
    operations_host_up(sim, host);
    cluster_room_made(sim);
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
        job_free_mig(sim, &c->jobs[m->job], m);
    }
    for (uint32_t i = 0; i < c->nr_jobs && !sim->no_memory; i++) {
        struct job *job = &c->jobs[i];
        struct mig_result row;

        if (job->state == JOB_DONE)
            continue;
        job->attempt++;
        job_fill_row(sim, job, &row);
        row.reason = job->why                    ? job->why
                     : job->state == JOB_WAITING ? "still waiting at the horizon"
                                                 : 0;
        sim_row(sim, sim_attempt(sim), &row);
    }
}
