/*
 * cluster_reset.c - the books as they stand when a replication begins.
 *
 * The first replication fills them VM by VM and keeps a copy; each later one takes back only what
 * the one before it touched, so VMs that never move cost nothing.  A host is touched when its row
 * may have changed, or that of a VM which the scenario puts there.
 *
 * Invariant: a host that is not in the list of touched ones has its first rows, and so have its
 * VMs.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cluster/cluster_int.h"
#include "sim/cluster/operations.h"
#include "sim/placement/placement.h"

enum status cluster_reset_init(struct sim *sim)
{
    struct cluster_start *s = &sim->cluster.start;
    const struct scenario *sc = sim->sc;
    size_t hosts = (size_t)sc->nr_hosts + 1;

    s->hosts = calloc(hosts, sizeof(*s->hosts));
    s->first_vm = calloc(hosts + 1, sizeof(*s->first_vm));
    s->vms = malloc(((size_t)sc->nr_vms + 1) * sizeof(*s->vms));
    s->touched = calloc(hosts, sizeof(*s->touched));
    s->is_touched = calloc(hosts, sizeof(*s->is_touched));
    if (!s->hosts || !s->first_vm || !s->vms || !s->touched || !s->is_touched)
        return ST_ENOMEM;
    return ST_OK;
}

/* Only now: a single replication needs no list of who was where. */
static void list_homes(struct sim *sim)
{
    struct cluster_start *s = &sim->cluster.start;
    const struct scenario *sc = sim->sc;

    for (uint32_t i = 0; i < sc->nr_vms; i++)
        s->first_vm[sc->vms[i].host + 1]++;
    for (uint32_t h = 0; h < sc->nr_hosts; h++)
        s->first_vm[h + 1] += s->first_vm[h];
    /* filled from the back, so that each host's VMs come out in VM order and its start is right */
    for (uint32_t i = sc->nr_vms; i-- > 0;)
        s->vms[--s->first_vm[sc->vms[i].host + 1]] = i;
    memmove(s->first_vm, s->first_vm + 1, sc->nr_hosts * sizeof(*s->first_vm));
    s->first_vm[sc->nr_hosts] = sc->nr_vms;
    s->listed = true;
}

void cluster_reset_release(struct sim *sim)
{
    struct cluster_start *s = &sim->cluster.start;

    free(s->hosts);
    free(s->first_vm);
    free(s->vms);
    free(s->touched);
    free(s->is_touched);
    *s = (struct cluster_start){0};
}

void cluster_touch(struct sim *sim, uint32_t host)
{
    struct cluster_start *s = &sim->cluster.start;

    if (s->is_touched[host])
        return;
    s->is_touched[host] = true;
    s->touched[s->nr_touched++] = host;
}

static void put_home(struct sim *sim, uint32_t vm)
{
    sim->cluster.vms[vm] =
        (struct vm_state){.host = HOST_NONE, .job = JOB_NONE, .next = VM_NONE, .prev = VM_NONE};
    if (sim->sc->vms[vm].guest) /* else left out of a scenario that was narrowed to one VM */
        cluster_move_vm(sim, vm, sim->sc->vms[vm].host);
}

static void fill(struct sim *sim)
{
    struct cluster *c = &sim->cluster;
    const struct scenario *sc = sim->sc;

    memset(c->hosts, 0, sc->nr_hosts * sizeof(*c->hosts));
    memset(c->first_vm, 0xff, sc->nr_hosts * sizeof(*c->first_vm));
    memset(c->last_vm, 0xff, sc->nr_hosts * sizeof(*c->last_vm));
    placement_fill(sim);
    for (uint32_t vm = 0; vm < sc->nr_vms; vm++) {
        put_home(sim, vm);
        if (sc->vms[vm].guest)
            placement_book(sim, vm, sc->vms[vm].host);
    }
    memcpy(c->start.hosts, c->hosts, sc->nr_hosts * sizeof(*c->hosts));
    placement_keep(sim);
    c->start.filled = true;
}

static void take_back(struct sim *sim)
{
    struct cluster *c = &sim->cluster;
    const struct cluster_start *s = &c->start;
    size_t host_bytes = sim->platform->host_state_bytes, vm_bytes = sim->platform->vm_state_bytes;

    if (!s->listed)
        list_homes(sim);
    placement_rest(sim);
    for (uint32_t i = 0; i < s->nr_touched; i++) {
        uint32_t host = s->touched[i], first = s->first_vm[host];

        c->hosts[host] = s->hosts[host];
        c->first_vm[host] = c->last_vm[host] = VM_NONE;
        memset(sim->platform_hosts + host * host_bytes, 0, host_bytes);
        placement_take_back(sim, host, s->vms + first, s->first_vm[host + 1] - first);
    }
    /* all lists are empty before the first VM goes back to one */
    for (uint32_t i = 0; i < s->nr_touched; i++) {
        uint32_t host = s->touched[i];

        for (uint32_t k = s->first_vm[host]; k < s->first_vm[host + 1]; k++) {
            memset(sim->platform_vms + s->vms[k] * vm_bytes, 0, vm_bytes);
            operations_forget(sim, s->vms[k]);
            put_home(sim, s->vms[k]);
        }
    }
}

void cluster_reset(struct sim *sim)
{
    struct cluster_start *s = &sim->cluster.start;

    if (s->filled)
        take_back(sim);
    else
        fill(sim);
    for (uint32_t i = 0; i < s->nr_touched; i++)
        s->is_touched[s->touched[i]] = false;
    s->nr_touched = 0;
}
