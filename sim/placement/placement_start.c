/*
 * placement_start.c - placement's books and trees from one replication to the next.
 *
 * Who begins is cluster_reset.c: it fills the books once, and later takes back host by host what a
 * replication changed.  While that goes on the trees are at rest: hosts leave them, and come back
 * when the platform has had its say about rules.  There are no trees before somebody asks for the
 * best host: where all targets are given, nobody does.  Invariant: once they stand, every host that
 * takes guests is in the tree of its class, in the order of the rules in force.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "sim/placement/placement_int.h"
#include "sim/sim_int.h"

/* ---- memory ---- */

static bool anybody_counts(const struct placement *p)
{
    for (uint32_t i = 0; i < p->sc->place.nr_vm_attrs; i++)
        if (p->vm_attrs[i].nr_amounts || p->vm_attrs[i].huge_pages)
            return true;
    return false;
}

static bool anybody_in_one_node(const struct placement *p)
{
    for (uint32_t i = 0; i < p->sc->place.nr_vm_attrs; i++)
        if (p->vm_attrs[i].one_numa_node)
            return true;
    return false;
}

/* Sizes in bytes; 0 = there is no such book. */
static size_t resources_bytes(const struct placement *p)
{
    return anybody_counts(p)
               ? (p->nr_hosts + (size_t)1) * p->sc->place.nr_resources * sizeof(uint32_t)
               : 0;
}

static size_t groups_bytes(const struct placement *p)
{
    return p->nr_groups * sizeof(struct group_count);
}

static bool books_allocate(const struct placement *p, struct books *b)
{
    size_t hosts = (size_t)p->nr_hosts + 1, vms = (size_t)p->sc->nr_vms + 1;
    bool numa = anybody_in_one_node(p), counts = resources_bytes(p) > 0;

    b->pinned = calloc(hosts, sizeof(*b->pinned));
    if (counts)
        b->resources = calloc(1, resources_bytes(p));
    if (numa) {
        b->numa_bytes = calloc(hosts, sizeof(*b->numa_bytes) * p->numa_nodes);
        b->numa = calloc(vms, sizeof(*b->numa));
    }
    if (p->nr_groups) {
        b->groups = calloc(p->nr_groups, sizeof(*b->groups));
        b->group_total = calloc(p->sc->place.nr_affinities, sizeof(*b->group_total));
    }
    return b->pinned && (!counts || b->resources) && (!numa || (b->numa_bytes && b->numa)) &&
           (!p->nr_groups || (b->groups && b->group_total));
}

static void books_release(struct books *b)
{
    free(b->pinned);
    free(b->resources);
    free(b->numa_bytes);
    free(b->numa);
    free(b->groups);
    free(b->group_total);
    *b = (struct books){0};
}

static void books_copy(const struct placement *p, struct books *to, const struct books *from)
{
    const struct scn_place *place = &p->sc->place;

    memcpy(to->pinned, from->pinned, p->nr_hosts * sizeof(*to->pinned));
    if (to->resources)
        memcpy(to->resources, from->resources, resources_bytes(p));
    if (to->numa) {
        memcpy(to->numa_bytes, from->numa_bytes,
               (size_t)p->nr_hosts * p->numa_nodes * sizeof(*to->numa_bytes));
        memcpy(to->numa, from->numa, p->sc->nr_vms * sizeof(*to->numa));
    }
    if (to->groups) {
        memcpy(to->groups, from->groups, groups_bytes(p));
        memcpy(to->group_total, from->group_total, place->nr_affinities * sizeof(*to->group_total));
    }
}

bool start_allocate(struct placement *p)
{
    const struct scn_place *place = &p->sc->place;
    uint64_t bookings = place->nr_affinities ? place->vm_affinity_first[p->sc->nr_vms] : 0;

    for (uint32_t i = 0; i < p->nr_classes; i++)
        if (p->host_attrs[i].numa_nodes > p->numa_nodes)
            p->numa_nodes = p->host_attrs[i].numa_nodes;
    if (bookings > 0)
        p->nr_groups = 16;
    while (p->nr_groups < 4 * bookings) /* each VM at two hosts, and no more than half full */
        p->nr_groups *= 2;
    p->out = calloc((size_t)p->nr_hosts + 1, sizeof(*p->out));
    return p->out && books_allocate(p, &p->now) && books_allocate(p, &p->first);
}

void start_release(struct placement *p)
{
    books_release(&p->now);
    books_release(&p->first);
    free(p->out);
}

/* ---- the start of a replication ---- */

void start_set_aside(struct placement *p, uint32_t host)
{
    if (p->nodes[host].aside || !p->indexed)
        return;
    index_take(p, host); /* no harm when it was down, and out already */
    p->nodes[host].aside = true;
    p->out[p->nr_out++] = host;
}

void placement_fill(struct sim *sim)
{
    struct placement *p = sim->cluster.placement;

    p->resting = true;
    p->indexed = false;
    p->nr_out = 0;
    memset(p->now.pinned, 0, p->nr_hosts * sizeof(*p->now.pinned));
    if (p->now.resources)
        memset(p->now.resources, 0, resources_bytes(p));
    if (p->now.numa) {
        memset(p->now.numa_bytes, 0,
               (size_t)p->nr_hosts * p->numa_nodes * sizeof(*p->now.numa_bytes));
        memset(p->now.numa, 0xff, p->sc->nr_vms * sizeof(*p->now.numa));
    }
    for (uint32_t i = 0; i < p->nr_groups; i++)
        p->now.groups[i] = (struct group_count){.key = UINT64_MAX};
    for (uint32_t i = 0; p->nr_groups && i < p->sc->place.nr_affinities; i++)
        p->now.group_total[i] = 0;
    for (uint32_t i = 0; i < p->nr_classes; i++)
        p->classes[i].down = p->classes[i].cordoned = 0;
    for (uint32_t h = 0; h < p->nr_hosts; h++) {
        p->nodes[h].state = REFUSE_NOT;
        p->nodes[h].aside = false;
    }
}

void placement_keep(struct sim *sim)
{
    struct placement *p = sim->cluster.placement;

    books_copy(p, &p->first, &p->now);
}

void placement_rest(struct sim *sim)
{
    struct placement *p = sim->cluster.placement;

    p->resting = true;
    if (p->nr_groups) { /* where a group stands in its table depends on who came before */
        memcpy(p->now.groups, p->first.groups, groups_bytes(p));
        memcpy(p->now.group_total, p->first.group_total,
               p->sc->place.nr_affinities * sizeof(*p->now.group_total));
    }
}

void placement_take_back(struct sim *sim, uint32_t host, const uint32_t *vms, uint32_t nr_vms)
{
    struct placement *p = sim->cluster.placement;
    size_t resources = p->sc->place.nr_resources, nodes = p->numa_nodes;

    assert(p->resting);
    start_set_aside(p, host);
    p->now.pinned[host] = p->first.pinned[host];
    if (p->now.resources)
        memcpy(&p->now.resources[host * resources], &p->first.resources[host * resources],
               resources * sizeof(*p->now.resources));
    if (p->now.numa)
        memcpy(&p->now.numa_bytes[host * nodes], &p->first.numa_bytes[host * nodes],
               nodes * sizeof(*p->now.numa_bytes));
    for (uint32_t i = 0; i < nr_vms; i++) {
        p->home[vms[i]] = 0;
        if (p->now.numa)
            p->now.numa[vms[i]] = p->first.numa[vms[i]];
    }
    placement_host_changed(sim, host);
}

void start_order(struct sim *sim)
{
    struct placement *p = sim->cluster.placement;

    if (p->indexed)
        return;
    index_clear(p);
    if (p->rules->weigher == WEIGH_RANDOM)
        rng_stream(&p->rng, p->sc->seed, "placement", 0, sim->replication);
    for (uint32_t h = 0; h < p->nr_hosts; h++) {
        if (p->rules->weigher == WEIGH_RANDOM)
            p->nodes[h].key = rng_u64(&p->rng);
        if (p->nodes[h].state == REFUSE_NOT)
            index_put(p, h);
    }
    p->indexed = true;
    p->weigher = p->rules->weigher;
    p->memory_overcommit = p->rules->memory_overcommit;
}

void placement_begin(struct sim *sim)
{
    struct placement *p = sim->cluster.placement;
    bool ordered = p->indexed && p->weigher == p->rules->weigher && p->weigher != WEIGH_RANDOM &&
                   p->memory_overcommit == p->rules->memory_overcommit;

    p->turn = 0;
    p->resting = false;
    p->indexed = ordered;
    for (uint32_t i = 0; i < p->nr_out; i++) {
        p->nodes[p->out[i]].aside = false;
        if (ordered && p->nodes[p->out[i]].state == REFUSE_NOT)
            index_put(p, p->out[i]);
    }
    p->nr_out = 0;
    if (p->filters_off != p->rules->filters_off)
        for (uint32_t i = 0; i < VERDICTS; i++)
            p->verdicts[i].valid = false;
    p->filters_off = p->rules->filters_off;
}
