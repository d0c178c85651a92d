/*
 * placement_book.c - what guests hold at each host: memory, CPUs, devices, NUMA nodes, and which
 * of an affinity group are where.
 *
 * Leaves who may go where to placement_filter.c.  Invariant: what is booked is what
 * placement_book() was told and placement_unbook() was not; a VM is booked at two hosts at most.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "sim/placement/placement_int.h"
#include "sim/sim_int.h"

uint64_t book_capacity(const struct placement *p, uint32_t host)
{
    double over = p->rules->memory_overcommit > 0.0 ? p->rules->memory_overcommit : 1.0;
    uint64_t bytes = p->sc->hosts[host].memory_bytes;

    if (bytes == 0)
        return MEMORY_UNCHECKED;
    return (uint64_t)fmin((double)bytes * over, (double)MEMORY_UNCHECKED);
}

uint32_t book_resources(const struct placement *p, uint32_t host, uint32_t resource)
{
    const struct host_attrs *a = &p->host_attrs[p->sc->hosts[host].attrs];
    uint32_t has = 0;

    for (uint32_t i = 0; i < a->nr_amounts; i++)
        if (a->amounts[i].resource == resource)
            has = a->amounts[i].nr;
    if (p->now.resources)
        has -= p->now.resources[(size_t)host * p->sc->place.nr_resources + resource];
    return has;
}

uint64_t book_numa_room(const struct placement *p, uint32_t host, uint32_t *node)
{
    uint32_t nodes = p->host_attrs[p->sc->hosts[host].attrs].numa_nodes;
    uint64_t each = p->sc->hosts[host].memory_bytes / nodes, best = 0;

    *node = 0;
    if (p->sc->hosts[host].memory_bytes == 0 || !p->now.numa_bytes)
        return MEMORY_UNCHECKED;
    for (uint32_t i = 0; i < nodes; i++) {
        uint64_t used = p->now.numa_bytes[(size_t)host * p->numa_nodes + i];

        if (used < each && each - used > best) {
            best = each - used;
            *node = i;
        }
    }
    return best;
}

/* ---- groups ---- */

uint64_t book_place(const struct placement *p, uint32_t group, uint32_t host)
{
    uint32_t rack = p->sc->hosts[host].rack;

    if (p->sc->place.affinities[group].within == WITHIN_RACK && p->sc->place.nr_racks > 0 &&
        rack != UINT32_MAX)
        return (uint64_t)group << 32 | 1u << 31 | rack;
    return (uint64_t)group << 32 | host;
}

static uint32_t slot_of(const struct placement *p, uint64_t key)
{
    uint64_t h = key * 0x9e3779b97f4a7c15ULL;

    return (uint32_t)(h >> 32) & (p->nr_groups - 1);
}

/* Where @key is, or where it would go. */
static uint32_t find_group(const struct placement *p, uint64_t key)
{
    uint32_t at = slot_of(p, key);

    while (p->now.groups[at].key != UINT64_MAX && p->now.groups[at].key != key)
        at = (at + 1) & (p->nr_groups - 1);
    return at;
}

uint32_t book_group(const struct placement *p, uint32_t group, uint32_t host)
{
    uint32_t at = find_group(p, book_place(p, group, host));

    return p->now.groups[at].key == UINT64_MAX ? 0 : p->now.groups[at].nr;
}

/* Those behind an emptied slot move up, so that no search ends too early. */
static void close_gap(struct placement *p, uint32_t gap)
{
    uint32_t mask = p->nr_groups - 1;

    for (uint32_t at = (gap + 1) & mask; p->now.groups[at].key != UINT64_MAX;
         at = (at + 1) & mask) {
        uint32_t wants = slot_of(p, p->now.groups[at].key);

        if (((at - wants) & mask) < ((at - gap) & mask))
            continue;
        p->now.groups[gap] = p->now.groups[at];
        p->now.groups[at].key = UINT64_MAX;
        gap = at;
    }
}

static void count_groups(struct placement *p, uint32_t vm, uint32_t host, bool in)
{
    const struct scn_place *place = &p->sc->place;

    if (!p->nr_groups)
        return;
    for (uint32_t i = place->vm_affinity_first[vm]; i < place->vm_affinity_first[vm + 1]; i++) {
        uint32_t group = place->vm_affinities[i];
        uint64_t key = book_place(p, group, host);
        uint32_t at = find_group(p, key);

        if (in) {
            p->now.groups[at].nr = p->now.groups[at].key == key ? p->now.groups[at].nr + 1 : 1;
            p->now.groups[at].key = key;
            p->now.group_total[group]++;
            continue;
        }
        assert(p->now.groups[at].key == key && p->now.groups[at].nr > 0);
        p->now.group_total[group]--;
        if (--p->now.groups[at].nr == 0) {
            p->now.groups[at].key = UINT64_MAX;
            close_gap(p, at);
        }
    }
}

/* ---- what a guest takes ---- */

static void count_resources(struct placement *p, uint32_t vm, uint32_t host, bool in)
{
    const struct vm_attrs *a = &p->vm_attrs[scn_attrs_of(p->sc, vm)];
    const struct guest_params *g = p->sc->vms[vm].guest;
    uint32_t *taken, kind;

    if (!p->now.resources)
        return;
    taken = &p->now.resources[(size_t)host * p->sc->place.nr_resources];
    for (uint32_t i = 0; i < a->nr_amounts; i++)
        taken[a->amounts[i].resource] += in ? a->amounts[i].nr : -a->amounts[i].nr;
    if (a->huge_pages) {
        uint32_t pages = (uint32_t)(g->memory_bytes / g->host_page_bytes);

        kind = g->host_page_bytes == GIB ? RESOURCE_PAGES_1G : RESOURCE_PAGES_2M;
        taken[kind] += in ? pages : -pages;
    }
}

static void take_node(struct placement *p, uint32_t vm, uint32_t host)
{
    struct numa_use *u = &p->now.numa[vm];
    uint32_t k = u->host[0] != HOST_NONE, node;

    book_numa_room(p, host, &node);
    u->host[k] = host;
    u->node[k] = (uint8_t)node;
    p->now.numa_bytes[(size_t)host * p->numa_nodes + node] += p->sc->vms[vm].guest->memory_bytes;
}

static void give_node(struct placement *p, uint32_t vm, uint32_t host)
{
    struct numa_use *u = &p->now.numa[vm];
    uint32_t k = u->host[0] != host;

    assert(u->host[k] == host);
    p->now.numa_bytes[(size_t)host * p->numa_nodes + u->node[k]] -=
        p->sc->vms[vm].guest->memory_bytes;
    u->host[k] = HOST_NONE;
}

static void change(struct placement *p, uint32_t vm, uint32_t host, bool in)
{
    const struct guest_params *g = p->sc->vms[vm].guest;
    const struct vm_attrs *a = &p->vm_attrs[scn_attrs_of(p->sc, vm)];
    struct host_state *h = &p->hosts[host];
    uint64_t bytes = a->huge_pages ? 0 : g->memory_bytes;
    uint32_t vcpus = g->vcpus ? g->vcpus : 1;

    assert(in || (h->memory_used >= bytes && h->cpus_used >= vcpus));
    if (p->indexed)
        index_take(p, host);
    h->memory_used = in ? h->memory_used + bytes : h->memory_used - bytes;
    h->cpus_used = in ? h->cpus_used + vcpus : h->cpus_used - vcpus;
    if (a->pinned)
        p->now.pinned[host] = in ? p->now.pinned[host] + vcpus : p->now.pinned[host] - vcpus;
    count_resources(p, vm, host, in);
    if (p->now.numa && a->one_numa_node && in)
        take_node(p, vm, host);
    else if (p->now.numa && a->one_numa_node)
        give_node(p, vm, host);
    count_groups(p, vm, host, in);
    if (p->nodes[host].state == REFUSE_NOT && p->indexed && !p->resting)
        index_put(p, host);
}

/* The VM's own row is with those of its first host. */
static void touch(struct sim *sim, uint32_t vm, uint32_t host)
{
    cluster_touch(sim, host);
    cluster_touch(sim, sim->sc->vms[vm].host);
}

void placement_book(struct sim *sim, uint32_t vm, uint32_t host)
{
    touch(sim, vm, host);
    change(sim->cluster.placement, vm, host, true);
}

void placement_unbook(struct sim *sim, uint32_t vm, uint32_t host)
{
    touch(sim, vm, host);
    change(sim->cluster.placement, vm, host, false);
}

void placement_keep_copy(struct sim *sim, uint32_t host, uint64_t bytes)
{
    struct placement *p = sim->cluster.placement;

    cluster_touch(sim, host);
    if (p->indexed)
        index_take(p, host);
    p->hosts[host].memory_used += bytes;
    if (p->indexed && !p->resting && p->nodes[host].state == REFUSE_NOT)
        index_put(p, host);
}

void placement_started(struct sim *sim, uint32_t vm, uint32_t host)
{
    cluster_touch(sim, sim->sc->vms[vm].host);
    sim->cluster.placement->home[vm] = 1 + host;
}

void placement_host_changed(struct sim *sim, uint32_t host)
{
    struct placement *p = sim->cluster.placement;
    const struct host_state *h = &p->hosts[host];
    struct host_class *c = &p->classes[p->sc->hosts[host].attrs];
    struct index_node *n = &p->nodes[host];
    enum refusal state = h->down ? REFUSE_DOWN : h->cordoned ? REFUSE_CORDONED : REFUSE_NOT;

    cluster_touch(sim, host);
    if (n->state != state) {
        c->down -= n->state == REFUSE_DOWN;
        c->cordoned -= n->state == REFUSE_CORDONED;
        n->state = (uint8_t)state;
        c->down += state == REFUSE_DOWN;
        c->cordoned += state == REFUSE_CORDONED;
    }
    if (!p->indexed)
        return;
    if (p->resting)
        start_set_aside(p, host);
    else if (state != REFUSE_NOT)
        index_take(p, host);
    else if (!n->in || index_key(p, host, n->free_bytes) != n->key) {
        index_take(p, host);
        index_put(p, host);
    }
}

uint64_t placement_free_bytes(const struct sim *sim, uint32_t host)
{
    const struct placement *p = sim->cluster.placement;
    uint64_t has = book_capacity(p, host), used = p->hosts[host].memory_used;

    return has > used ? has - used : 0;
}

const struct vm_attrs *placement_vm_attrs(const struct sim *sim, uint32_t vm)
{
    return &sim->cluster.placement->vm_attrs[scn_attrs_of(sim->sc, vm)];
}
