/*
 * trial.c - a scenario narrowed to one migration, and its values changed and put back.
 *
 * Indices of VMs, hosts, workloads and links stay as they were, because random streams follow them.
 * The arrays of VMs and workloads are as long as the base's, but only one element is ever touched:
 * the rest is never-used zero pages.
 */
#include "answers/trial.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "sim/network/network.h"

#define BITS 8.0

static bool allocate(struct trial *t)
{
    const struct scenario *b = t->base;
    const struct scn_vm *vm = &b->vms[t->request.vm];
    struct scn_vm *vms = calloc(b->nr_vms, sizeof(*vms));
    struct scn_workload *workloads = calloc(b->nr_workloads + 1, sizeof(*workloads));
    struct scn_migration *migrations = calloc(b->nr_migrations, sizeof(*migrations));

    t->sc.vms = vms;
    t->sc.workloads = workloads;
    t->sc.migrations = migrations;
    t->hosts = calloc(b->nr_hosts, sizeof(*t->hosts));
    t->links = calloc(b->nr_links + 1, sizeof(*t->links));
    t->points = calloc(vm->guest->dirty.nr_points + 1, sizeof(*t->points));
    if (!vms || !workloads || !migrations || !t->hosts || !t->links || !t->points)
        return false;
    t->vm = &vms[t->request.vm];
    t->workload = &workloads[vm->workload];
    t->migration = &migrations[vm->migration];
    t->sc.hosts = t->hosts;
    t->sc.links = t->links;
    return true;
}

struct trial *trial_new(const struct scenario *base, const struct mig_result *row)
{
    struct trial *t = calloc(1, sizeof(*t));

    assert(row->vm_id < base->nr_vms && row->target_id < base->nr_hosts);
    if (!t)
        return NULL;
    t->base = base;
    t->sc = *base;
    t->request = (struct scn_request){.name = row->vm,
                                      .vm = row->vm_id,
                                      .target = row->target_id,
                                      .at_ns = row->queued_ns,
                                      .cancel_at_ns = -1};
    if (row->job < base->nr_requests) {
        t->request.kind = base->requests[row->job].kind;
        t->request.cancel_at_ns = base->requests[row->job].cancel_at_ns;
    }
    t->source = row->source_id;
    t->sc.requests = &t->request;
    t->sc.nr_requests = 1;
    t->sc.nr_operations = 0;          /* one of them may have asked for this very move */
    t->sc.fidelity = FIDELITY_ROUNDS; /* a page by page trial would take hours */
    t->replication = row->replication;
    t->horizon_ns = base->horizon_ns;
    if (!allocate(t)) {
        trial_free(t);
        return NULL;
    }
    trial_reset(t);
    t->sim = sim_new(&t->sc, NULL);
    if (!t->sim) {
        trial_free(t);
        return NULL;
    }
    return t;
}

void trial_free(struct trial *t)
{
    if (!t)
        return;
    sim_free(t->sim);
    free(t->sc.vms); /* these three are the trial's own, or NULL: allocate() saw to it */
    free(t->sc.workloads);
    free(t->sc.migrations);
    free(t->hosts);
    free(t->links);
    free(t->points);
    free(t);
}

void trial_reset(struct trial *t)
{
    const struct scenario *b = t->base;
    const struct scn_vm *vm = &b->vms[t->request.vm];

    memcpy(t->hosts, b->hosts, b->nr_hosts * sizeof(*t->hosts));
    if (b->nr_links > 0)
        memcpy(t->links, b->links, b->nr_links * sizeof(*t->links));
    *t->vm = *vm;
    t->guest = *vm->guest;
    t->vm->guest = &t->guest;
    t->vm->host = t->source;
    *t->workload = b->workloads[vm->workload];
    *t->migration = b->migrations[vm->migration];
    t->sc.horizon_ns = t->horizon_ns;
}

const struct mig_result *trial_run(struct trial *t)
{
    uint32_t nr;

    t->nr_runs++;
    sim_run(t->sim, t->replication);
    return sim_results(t->sim, &nr);
}

void trial_set_max_bandwidth(struct trial *t, double bytes_per_s)
{
    t->migration->params.max_bandwidth_bytes_per_s = uncertain_u64(bytes_per_s);
    t->migration->max_bandwidth_bytes_per_s = (struct uncertain){
        .kind = UNCERTAIN_FIXED, .a = fmin(bytes_per_s, (double)UNITS_UNLIMITED)};
}

void trial_set_link_rate(struct trial *t, double bps)
{
    for (uint32_t i = 0; i < t->sc.nr_links; i++)
        if (uncertain_mid(&t->links[i].rate_bps) < bps)
            t->links[i].rate_bps = (struct uncertain){.kind = UNCERTAIN_FIXED, .a = bps};
    for (uint32_t i = 0; i < t->sc.nr_hosts; i++)
        if ((double)t->hosts[i].nic_bps < bps)
            t->hosts[i].nic_bps = uncertain_u64(bps);
}

void trial_set_downtime_limit(struct trial *t, double ns)
{
    t->migration->params.downtime_limit_ns = llround(ns);
}

/* Draws scale with what they are drawn from. */
static void scale(struct uncertain *u, double ratio)
{
    u->a *= ratio;
    if (u->kind == UNCERTAIN_UNIFORM || u->kind == UNCERTAIN_NORMAL)
        u->b *= ratio;
}

void trial_set_write_ratio(struct trial *t, double ratio)
{
    struct dirty_params *d = &t->guest.dirty;
    const struct dirty_point *from = d->points;

    d->write_bytes_per_s *= ratio;
    scale(&t->workload->write_bytes_per_s, ratio);
    for (uint32_t i = 0; i < d->nr_classes; i++)
        d->classes[i].writes_per_s *= ratio;
    if (d->nr_points == 0)
        return;
    for (uint32_t i = 0; i < d->nr_points; i++) {
        t->points[i] = from[i];
        if (d->kind == DIRTY_SERIES || d->kind == DIRTY_TRACE)
            t->points[i].value *= ratio;
        else /* the same curve, walked more slowly */
            t->points[i].t_ns = llround((double)from[i].t_ns / ratio);
    }
    d->points = t->points;
}

double trial_payload(const struct trial *t, double bps)
{
    double least = bps * NETWORK_NIC_EFFICIENCY / BITS;

    if (t->base->nr_links > 0)
        least = INFINITY;
    for (uint32_t i = 0; i < t->base->nr_links; i++) {
        const struct scn_link *l = &t->base->links[i];
        double free_bps = fmax(bps - uncertain_mid(&l->background_bps), 0.0);

        least = fmin(least, free_bps * l->efficiency_ratio / BITS);
    }
    return least;
}
