/*
 * support_observer.c - limits, memory, places and order, counted anew after every event.
 */
#include "support_observer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/placement/placement.h"
#include "sim/sim_int.h"

__attribute__((format(printf, 2, 3))) static void complain(struct observer *o, const char *fmt, ...)
{
    va_list ap;

    if (o->complaint[0])
        return;
    va_start(ap, fmt);
    vsnprintf(o->complaint, sizeof(o->complaint), fmt, ap);
    va_end(ap);
}

/* A guest that starts again after its host died is no migration. */
static bool holds_slot(const struct job *j)
{
    return j->kind != JOB_RESCUE && (j->state == JOB_PREPARING || j->state == JOB_MIGRATING);
}

static void check_limits(struct observer *o, struct sim *sim)
{
    const struct cluster_rules *r = &sim->cluster.rules;
    uint32_t nr = sim->sc->nr_hosts, total = 0;
    uint32_t *out = calloc(2 * (size_t)nr, sizeof(*out)), *in = out + nr;

    for (uint32_t i = 0; i < sim->cluster.nr_jobs; i++) {
        const struct job *j = job_at(sim, i);

        if (!holds_slot(j))
            continue;
        total++;
        out[j->source]++;
        if (j->target != HOST_NONE)
            in[j->target]++;
    }
    o->most_total = total > o->most_total ? total : o->most_total;
    if (r->max_total && total > r->max_total)
        complain(o, "%u migrations at once, limit %u", total, r->max_total);
    for (uint32_t h = 0; h < nr; h++) {
        const struct host_state *s = cluster_host(sim, h);

        o->most_out = out[h] > o->most_out ? out[h] : o->most_out;
        o->most_in = in[h] > o->most_in ? in[h] : o->most_in;
        if (s->out != out[h] || s->in != in[h])
            complain(o, "host %u: book says %u out, %u in; jobs say %u and %u", h, s->out, s->in,
                     out[h], in[h]);
        /* a limit that is lowered lets what runs end */
        if (!s->max_out && r->max_out && out[h] > r->max_out)
            complain(o, "host %u: %u out, limit %u", h, out[h], r->max_out);
        if (!s->max_in && r->max_in && in[h] > r->max_in)
            complain(o, "host %u: %u in, limit %u", h, in[h], r->max_in);
        if (r->max_per_host && out[h] + in[h] > r->max_per_host)
            complain(o, "host %u: %u in both directions", h, out[h] + in[h]);
    }
    free(out);
}

static void check_memory(struct observer *o, struct sim *sim)
{
    uint32_t nr = sim->sc->nr_hosts;
    double *used = calloc(nr, sizeof(*used));
    double over = sim->cluster.rules.memory_overcommit;

    for (uint32_t vm = 0; vm < sim->sc->nr_vms; vm++)
        if (cluster_vm_host(sim, vm) != HOST_NONE)
            used[cluster_vm_host(sim, vm)] += (double)sim->sc->vms[vm].guest->memory_bytes;
    for (uint32_t i = 0; i < sim->cluster.nr_jobs; i++) {
        const struct job *j = job_at(sim, i);

        if (j->state != JOB_DONE && j->placed)
            used[j->target] += (double)sim->sc->vms[j->vm].guest->memory_bytes;
    }
    for (uint32_t h = 0; h < nr; h++) {
        double has = (double)sim->sc->hosts[h].memory_bytes;

        if (used[h] != (double)cluster_host(sim, h)->memory_used)
            complain(o, "host %u: %.0f bytes are booked, %.0f are there", h,
                     (double)cluster_host(sim, h)->memory_used, used[h]);
        if (has > 0.0 && used[h] > has * (over > 0.0 ? over : 1.0))
            complain(o, "host %u: %.0f bytes of %.0f", h, used[h], has);
    }
    free(used);
}

/* A VM stands in the list of the host where it is, and in no other. */
static void check_places(struct observer *o, struct sim *sim)
{
    uint32_t *seen = calloc(sim->sc->nr_vms, sizeof(*seen));

    for (uint32_t h = 0; h < sim->sc->nr_hosts; h++)
        for (uint32_t vm = cluster_first_vm(sim, h); vm != VM_NONE; vm = cluster_next_vm(sim, vm)) {
            seen[vm]++;
            if (cluster_vm_host(sim, vm) != h)
                complain(o, "VM %u is listed at host %u and is at %u", vm, h,
                         cluster_vm_host(sim, vm));
        }
    for (uint32_t vm = 0; vm < sim->sc->nr_vms; vm++) {
        if (seen[vm] != (cluster_vm_host(sim, vm) != HOST_NONE))
            complain(o, "VM %u is listed %u times", vm, seen[vm]);
    }
    free(seen);
}

/* A job that is over is nobody's job; until the horizon. */
static void check_jobs(struct observer *o, struct sim *sim)
{
    for (uint32_t vm = 0; vm < sim->sc->nr_vms; vm++) {
        uint32_t job = cluster_vm_job(sim, vm);

        if (job != JOB_NONE && (job_at(sim, job)->state == JOB_DONE || job_at(sim, job)->vm != vm))
            complain(o, "VM %u has a job that is over", vm);
    }
}

/* Could the other have gone in its stead?  Same source, same needs, nobody holds it back: it is not
 * parked for want of a target, and not put off. */
static bool was_next(const struct sim *sim, const struct job *started, const struct job *other)
{
    return other->state == JOB_WAITING && other->heap == started->source &&
           other->source == started->source && other->wanted == started->wanted &&
           other->kind == started->kind &&
           (sim->cluster.rules.place == PLACE_AT_SLOT || other->placed) &&
           other->last_target == HOST_NONE && started->last_target == HOST_NONE &&
           sim->sc->vms[other->vm].class_id == sim->sc->vms[started->vm].class_id &&
           other->priority > started->priority;
}

static void check_order(struct observer *o, struct sim *sim)
{
    uint32_t nr = sim->cluster.nr_jobs;

    if (nr > o->nr_states) {
        o->state = realloc(o->state, nr);
        o->waited = realloc(o->waited, nr);
        o->id = realloc(o->id, nr * sizeof(*o->id));
        memset(o->state + o->nr_states, JOB_NEW, nr - o->nr_states);
        memset(o->waited + o->nr_states, 0, nr - o->nr_states);
        memset(o->id + o->nr_states, 0xff, (nr - o->nr_states) * sizeof(*o->id));
        o->nr_states = nr;
    }
    for (uint32_t i = 0; i < nr; i++) {
        if (o->id[i] == job_at(sim, i)->id)
            continue;
        if (o->id[i] != UINT32_MAX && o->state[i] != JOB_DONE) /* its place is another's now */
            complain(o, "job %u lost its place before it was over", o->id[i]);
        o->id[i] = job_at(sim, i)->id;
        o->state[i] = JOB_NEW;
        o->waited[i] = 0;
    }
    for (uint32_t i = 0; i < nr; i++) {
        const struct job *j = job_at(sim, i);

        if (holds_slot(j) && o->state[i] < JOB_PREPARING) {
            o->starts++;
            for (uint32_t k = 0; k < nr; k++)
                if (o->waited[k] && was_next(sim, j, job_at(sim, k)))
                    complain(o, "job %u of priority %d overtook job %u of %d", i, j->priority, k,
                             job_at(sim, k)->priority);
        }
    }
    for (uint32_t i = 0; i < nr; i++) {
        const struct job *j = job_at(sim, i);

        o->state[i] = j->state;
        o->waited[i] = j->state == JOB_WAITING && j->heap == j->source;
    }
}

void observer_look(struct sim *sim, void *arg)
{
    struct observer *o = arg;

    o->events++;
    check_limits(o, sim);
    check_memory(o, sim);
    check_places(o, sim);
    check_jobs(o, sim);
    check_order(o, sim);
}

void observer_release(struct observer *o)
{
    free(o->state);
    free(o->waited);
    free(o->id);
    *o = (struct observer){0};
}

void observer_end(struct observer *o, struct sim *sim)
{
    uint32_t nr;
    const struct mig_result *rows = sim_results(sim, &nr);

    check_places(o, sim);
    for (uint32_t i = 0; i < nr; i++) {
        bool last = i + 1 == nr || rows[i + 1].job != rows[i].job;
        bool over = rows[i].outcome != OUTCOME_QUEUED;

        if (rows[i].outcome >= OUTCOME_NR)
            complain(o, "row %u has no outcome", i);
        if (i > 0 && rows[i].job < rows[i - 1].job)
            complain(o, "row %u is out of order", i);
        if (!last && rows[i].outcome == OUTCOME_COMPLETED)
            complain(o, "job %u was tried again after it completed", rows[i].job);
        if (!last && !over)
            complain(o, "job %u waits, and was tried after that", rows[i].job);
        if (over != (rows[i].ended_ns >= 0))
            complain(o, "row %u: outcome %s, ended at %lld", i, outcome_name(rows[i].outcome),
                     (long long)rows[i].ended_ns);
    }
}
