/*
 * explain_shares.c - who was on the same link at the same time.
 *
 * Takes the routes of all attempts of the replication from the tables that the engine uses.  Bulk
 * copies of disks go other ways and are left out.
 */
#include <stdlib.h>
#include <string.h>

#include "answers/explain/explain_int.h"
#include "sim/network/route.h"

enum {
    SHARES_MAX = 2000
};

struct finder {
    struct explain *e;
    struct route_map map;
    struct strbuf words;
};

/* False where nothing travels. */
static bool route_of(const struct finder *f, const struct mig_result *r, struct route *route)
{
    const struct scenario *sc = f->e->sc;
    const struct scn_migration *profile;
    struct route_request request;

    if (r->started_ns < 0 || r->target_id == HOST_NONE || r->source_id == r->target_id ||
        (r->kind && strcmp(r->kind, "live") != 0))
        return false;
    profile = &sc->migrations[sc->vms[r->vm_id].migration];
    request = (struct route_request){
        .source = r->source_id,
        .target = r->target_id,
        .network = profile->network,
        .streams = profile->params.multifd ? profile->params.multifd_channels : 1,
        .key = route_key(r->vm, sc->seed, r->replication, r->attempt)};
    route_find(&f->map, &request, route);
    return true;
}

static bool crosses(const struct route *route, uint32_t link)
{
    for (uint32_t p = 0; p < route->nr_paths; p++)
        for (uint32_t h = 0; h < route->paths[p].nr_hops; h++)
            if (route->paths[p].hops[h] == link)
                return true;
    return false;
}

static double capacity(const struct finder *f, uint32_t link)
{
    const struct scenario *sc = f->e->sc;

    if (link < sc->nr_links)
        return uncertain_mid(&sc->links[link].rate_bps) * sc->links[link].efficiency_ratio /
               BITS_PER_BYTE;
    return f->map.capacity[link - sc->nr_links];
}

/* The slowest link that both cross; NETWORK_NONE. */
static uint32_t common_link(const struct finder *f, const struct route *a, const struct route *b)
{
    uint32_t best = NETWORK_NONE;

    for (uint32_t p = 0; p < a->nr_paths; p++)
        for (uint32_t h = 0; h < a->paths[p].nr_hops; h++) {
            uint32_t link = a->paths[p].hops[h];

            if (crosses(b, link) && (best == NETWORK_NONE || capacity(f, link) < capacity(f, best)))
                best = link;
        }
    return best;
}

static int64_t end_of(const struct finder *f, const struct mig_result *r)
{
    return r->ended_ns >= 0 ? r->ended_ns : f->e->sc->horizon_ns;
}

static enum status share(struct finder *f, const struct mig_result *own, const struct route *route)
{
    struct explain *e = f->e;

    for (uint32_t i = 0; i < e->nr_rows && e->nr_shares < SHARES_MAX; i++) {
        const struct mig_result *other = &e->rows[i];
        struct explain_share *s = &e->shares[e->nr_shares];
        struct route way;
        uint32_t link;

        if (other->vm_id == e->vm || other->started_ns < 0 || end_of(f, other) <= own->started_ns ||
            other->started_ns >= end_of(f, own) || !route_of(f, other, &way))
            continue;
        link = common_link(f, route, &way);
        if (link == NETWORK_NONE)
            continue;
        route_link_words(&f->map, link, &f->words);
        *s = (struct explain_share){
            .vm = other->vm,
            .link = explain_keep(e, &f->words),
            .from_ns = other->started_ns > own->started_ns ? other->started_ns : own->started_ns,
            .to_ns = end_of(f, other) < end_of(f, own) ? end_of(f, other) : end_of(f, own),
            .attempt = own->attempt};
        if (!s->link)
            return ST_ENOMEM;
        e->nr_shares++;
    }
    return ST_OK;
}

static int by_time(const void *a, const void *b)
{
    const struct explain_share *x = a, *y = b;

    if (x->from_ns != y->from_ns)
        return x->from_ns < y->from_ns ? -1 : 1;
    if (x->to_ns != y->to_ns)
        return x->to_ns > y->to_ns ? -1 : 1;
    return strcmp(x->vm, y->vm);
}

enum status explain_find_shares(struct explain *e)
{
    struct finder f = {.e = e, .words = STRBUF_INIT};
    enum status st = route_init(&f.map, e->sc, false);
    struct route route;

    e->shares = calloc(SHARES_MAX, sizeof(*e->shares));
    if (!e->shares)
        st = ST_ENOMEM;
    for (uint32_t i = 0; i < e->nr_attempts && st == ST_OK; i++)
        if (route_of(&f, &e->rows[e->attempts[i]], &route))
            st = share(&f, &e->rows[e->attempts[i]], &route);
    if (st == ST_OK)
        qsort(e->shares, e->nr_shares, sizeof(*e->shares), by_time);
    strbuf_release(&f.words);
    route_release(&f.map);
    return st;
}
