/*
 * route.c - tables of links by host, rack and network; a route puts their entries together.
 *
 * Capacities that change with time (the scenario's links) are links.c's.  Invariant: a link stands
 * at most once on a path.
 */
#include "sim/network/route.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/units.h"

#define BITS 8.0

/* ---- tables ---- */

/* A link of that capacity; NETWORK_NONE when it would never limit.  With no capacities to fill in
 * yet, it only counts. */
static uint32_t add_link(struct route_map *map, double capacity)
{
    if (isinf(capacity))
        return NETWORK_NONE;
    if (map->capacity)
        map->capacity[map->nr_links - map->sc->nr_links] = capacity;
    return map->nr_links++;
}

static double from_rate(uint64_t bytes_per_s)
{
    return bytes_per_s && bytes_per_s != UNITS_UNLIMITED ? (double)bytes_per_s : INFINITY;
}

static double from_bits(uint64_t bps, double efficiency)
{
    return bps && bps != UNITS_UNLIMITED ? (double)bps * efficiency / BITS : INFINITY;
}

static uint32_t nr_networks(const struct scenario *sc)
{
    return sc->topology.nr_networks ? sc->topology.nr_networks : 1;
}

/* What a host has in a network: its own card, or the network's. */
static void find_nic(const struct scenario *sc, uint32_t network, uint32_t host, uint64_t *bps,
                     uint32_t *legs)
{
    const struct scn_host *h = &sc->hosts[host];
    const struct scn_network *n = sc->topology.nr_networks ? &sc->topology.networks[network] : NULL;

    *bps = n ? n->nic_bps : UNITS_UNLIMITED;
    *legs = n ? n->bond : 1;
    if (network == 0 && h->nic_bps != UNITS_UNLIMITED)
        *bps = h->nic_bps;
    if (network == 0 && h->wiring && h->wiring->bond)
        *legs = h->wiring->bond;
    for (uint32_t i = 0; h->wiring && i < h->wiring->nr_nics; i++) {
        if (h->wiring->nics[i].network == network) {
            *bps = h->wiring->nics[i].bps;
            *legs = h->wiring->nics[i].legs;
        }
    }
}

static void add_nics(struct route_map *map)
{
    const struct scenario *sc = map->sc;

    for (uint32_t n = 0; n < nr_networks(sc); n++) {
        double efficiency = sc->topology.nr_networks ? sc->topology.networks[n].efficiency_ratio
                                                     : NETWORK_NIC_EFFICIENCY;

        for (uint32_t h = 0; h < sc->nr_hosts; h++) {
            struct route_nic nic = {.first = NETWORK_NONE, .legs = 1};
            uint64_t bps;
            uint32_t legs;

            find_nic(sc, n, h, &bps, &legs);
            if (bps != UNITS_UNLIMITED) {
                nic.first = map->nr_links;
                nic.legs = legs;
                for (uint32_t leg = 0; leg < 2 * legs; leg++)
                    add_link(map, from_bits(bps, efficiency));
            }
            if (map->nics)
                map->nics[(size_t)n * sc->nr_hosts + h] = nic;
        }
    }
}

static void put(uint32_t *table, uint32_t index, uint32_t link)
{
    if (table)
        table[index] = link;
}

static void add_caps(struct route_map *map)
{
    static const struct scn_wiring none = {0};
    const struct scenario *sc = map->sc;

    for (uint32_t h = 0; h < sc->nr_hosts; h++) {
        const struct scn_wiring *w = sc->hosts[h].wiring ? sc->hosts[h].wiring : &none;

        struct route_host host;

        host.out = add_link(map, from_rate(w->out_bytes_per_s));
        host.in = add_link(map, from_rate(w->in_bytes_per_s));
        host.both = add_link(map, from_rate(w->both_bytes_per_s));
        host.proxy = add_link(map, from_rate(w->proxy_bytes_per_s));
        host.rack = sc->hosts[h].rack;
        if (map->hosts)
            map->hosts[h] = host;
    }
    for (uint32_t i = 0; i < sc->topology.nr_racks; i++) {
        const struct scn_rack *r = &sc->topology.racks[i];
        uint64_t left =
            r->uplink_bps == UNITS_UNLIMITED ? UNITS_UNLIMITED : r->uplink_bps - r->background_bps;

        put(map->up, i, add_link(map, from_bits(left, r->efficiency_ratio)));
        put(map->down, i, add_link(map, from_bits(left, r->efficiency_ratio)));
    }
    for (uint32_t n = 0; n < sc->topology.nr_networks; n++)
        put(map->limit, n, add_link(map, from_rate(sc->topology.networks[n].limit_bytes_per_s)));
}

static void number_links(struct route_map *map, bool observed)
{
    map->nr_links = map->sc->nr_links;
    add_nics(map);
    add_caps(map);
    map->observed = observed ? map->nr_links++ : NETWORK_NONE;
}

/* The scenario's links by host: counted, then placed in order. */
static void index_links(struct route_map *map)
{
    const struct scenario *sc = map->sc;
    uint32_t sum = 0;

    for (uint32_t i = 0; i < sc->nr_links; i++) {
        if (sc->links[i].nr_hosts == 0)
            map->everywhere[map->nr_everywhere++] = i;
        for (uint32_t h = 0; h < sc->links[i].nr_hosts; h++)
            map->first_of_host[sc->links[i].hosts[h] + 1]++;
    }
    for (uint32_t h = 0; h < sc->nr_hosts; h++) {
        uint32_t nr = map->first_of_host[h + 1];

        map->first_of_host[h + 1] = sum; /* where the next one of this host goes */
        sum += nr;
    }
    for (uint32_t i = 0; i < sc->nr_links; i++)
        for (uint32_t h = 0; h < sc->links[i].nr_hosts; h++)
            map->links_of_host[map->first_of_host[sc->links[i].hosts[h] + 1]++] = i;
}

static void count_paths(struct route_map *map)
{
    uint32_t legs = 1;

    for (size_t i = 0; i < (size_t)nr_networks(map->sc) * map->sc->nr_hosts; i++)
        legs = map->nics[i].legs > legs ? map->nics[i].legs : legs;
    map->nr_paths = legs * legs;
}

static void *room(size_t nr, size_t size)
{
    return calloc(nr ? nr : 1, size);
}

enum status route_init(struct route_map *map, const struct scenario *sc, bool observed)
{
    size_t hosts = sc->nr_hosts, racks = sc->topology.nr_racks, named = 0;

    *map = (struct route_map){.sc = sc};
    number_links(map, observed); /* counts */
    for (uint32_t i = 0; i < sc->nr_links; i++)
        named += sc->links[i].nr_hosts;
    map->capacity = room(map->nr_links - sc->nr_links, sizeof(*map->capacity));
    map->nics = room(nr_networks(sc) * hosts, sizeof(*map->nics));
    map->hosts = room(hosts, sizeof(*map->hosts));
    map->up = room(racks, sizeof(*map->up));
    map->down = room(racks, sizeof(*map->down));
    map->limit = room(nr_networks(sc), sizeof(*map->limit));
    map->everywhere = room(sc->nr_links, sizeof(*map->everywhere));
    map->first_of_host = room(hosts + 1, sizeof(*map->first_of_host));
    map->links_of_host = room(named, sizeof(*map->links_of_host));
    if (!map->capacity || !map->nics || !map->hosts || !map->up || !map->down || !map->limit ||
        !map->everywhere || !map->first_of_host || !map->links_of_host) {
        route_release(map);
        return ST_ENOMEM;
    }
    map->limit[0] = NETWORK_NONE; /* a scenario without networks fills in none */
    number_links(map, observed);
    index_links(map);
    count_paths(map);
    return ST_OK;
}

void route_release(struct route_map *map)
{
    free(map->capacity);
    free(map->nics);
    free(map->hosts);
    free(map->up);
    free(map->down);
    free(map->limit);
    free(map->everywhere);
    free(map->first_of_host);
    free(map->links_of_host);
    *map = (struct route_map){0};
}

void route_apply(const struct route_map *map, struct network *net)
{
    uint32_t end = map->observed != NETWORK_NONE ? map->observed : map->nr_links;

    for (uint32_t i = map->sc->nr_links; i < end; i++)
        network_set_capacity(net, i, map->capacity[i - map->sc->nr_links]);
}

/* ---- one route ---- */

/* The part that all its streams have in common. */
struct common {
    struct network_path path;
    int64_t latency_ns;
    bool other_rack;
    bool uplinks;
};

static void cross(struct common *c, uint32_t link)
{
    if (link == NETWORK_NONE)
        return;
    assert(c->path.nr_hops < NETWORK_HOPS_MAX);
    c->path.hops[c->path.nr_hops++] = link;
}

static void cross_link(struct common *c, const struct route_map *map, uint32_t link,
                       uint32_t network)
{
    const struct scn_link *l = &map->sc->links[link];
    bool carries = l->nr_networks == 0;

    if (l->between == BETWEEN_RACKS && !(c->other_rack && c->uplinks))
        return;
    for (uint32_t i = 0; i < l->nr_networks; i++)
        carries = carries || l->networks[i] == network;
    if (!carries)
        return;
    cross(c, link);
    c->latency_ns += l->latency_ns;
}

/* Links that name hosts count when they name both: two ascending lists, walked together. */
static void cross_links(struct common *c, const struct route_map *map,
                        const struct route_request *r)
{
    const uint32_t *of = map->links_of_host;
    uint32_t a = map->first_of_host[r->source], end_a = map->first_of_host[r->source + 1];
    uint32_t b = map->first_of_host[r->target], end_b = map->first_of_host[r->target + 1];

    for (uint32_t i = 0; i < map->nr_everywhere; i++)
        cross_link(c, map, map->everywhere[i], r->network);
    while (a < end_a && b < end_b) {
        if (of[a] == of[b])
            cross_link(c, map, of[a], r->network);
        if (of[a] <= of[b])
            a++;
        else
            b++;
    }
}

static void cross_racks(struct common *c, const struct route_map *map, uint32_t from, uint32_t to)
{
    const struct scn_rack *racks = map->sc->topology.racks;
    uint32_t nr = map->sc->topology.nr_racks;

    if (!c->other_rack || !c->uplinks)
        return;
    if (from < nr) {
        cross(c, map->up[from]);
        c->latency_ns += racks[from].latency_ns;
    }
    if (to < nr) {
        cross(c, map->down[to]);
        c->latency_ns += racks[to].latency_ns;
    }
}

static uint64_t mix(uint64_t x)
{
    /* splitmix64 (Steele, Lea and Flood, OOPSLA 2014) */
    x += 0x9e3779b97f4a7c15ULL;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

static uint32_t pick_leg(const struct route_map *map, const struct route_request *r, uint32_t host,
                         uint32_t stream, uint32_t legs)
{
    const struct scn_wiring *w = map->sc->hosts[host].wiring;
    uint64_t pair = ((uint64_t)r->source << 32) | r->target;
    bool by_host = w && w->hash == BOND_BY_HOST;
    uint64_t draw = mix(by_host ? pair : r->key + ((uint64_t)stream << 32));

    return legs > 1 ? (uint32_t)(mix(draw + host) % legs) : 0;
}

static void add_path(const struct common *c, uint32_t streams, uint32_t out, uint32_t in,
                     struct route *route)
{
    struct network_path *p = &route->paths[route->nr_paths++];

    *p = c->path;
    p->weight = (double)streams;
    if (out != NETWORK_NONE)
        p->hops[p->nr_hops++] = out;
    if (in != NETWORK_NONE)
        p->hops[p->nr_hops++] = in;
    assert(p->nr_hops < NETWORK_HOPS_MAX); /* one is left for the flow's private link */
}

/* Streams that draw the same legs share a path. */
static void place_on_legs(const struct route_map *map, const struct route_request *r,
                          const struct common *c, struct route_nic out, struct route_nic in,
                          struct route *route)
{
    uint32_t of_pair[BOND_LEGS_MAX * BOND_LEGS_MAX] = {0};

    for (uint32_t s = 0; s < r->streams; s++)
        of_pair[pick_leg(map, r, r->source, s, out.legs) * in.legs +
                pick_leg(map, r, r->target, s, in.legs)]++;
    for (uint32_t pair = 0; pair < out.legs * in.legs; pair++) {
        if (of_pair[pair] == 0)
            continue;
        add_path(
            c, of_pair[pair], out.first == NETWORK_NONE ? NETWORK_NONE : out.first + pair / in.legs,
            in.first == NETWORK_NONE ? NETWORK_NONE : in.first + in.legs + pair % in.legs, route);
    }
}

static void place_streams(const struct route_map *map, const struct route_request *r,
                          const struct common *c, struct route *route)
{
    struct route_nic out = map->nics[(size_t)r->network * map->sc->nr_hosts + r->source];
    struct route_nic in = map->nics[(size_t)r->network * map->sc->nr_hosts + r->target];

    route->nr_paths = 0;
    if (out.legs == 1 && in.legs == 1)
        add_path(c, r->streams, out.first, in.first == NETWORK_NONE ? NETWORK_NONE : in.first + 1,
                 route);
    else
        place_on_legs(map, r, c, out, in, route);
}

static const struct scn_network *network_of(const struct route_map *map,
                                            const struct route_request *r)
{
    return map->sc->topology.nr_networks ? &map->sc->topology.networks[r->network] : NULL;
}

/* The links of the scenario and the uplinks of racks: the only ones with a latency. */
static void begin_path(const struct route_map *map, const struct route_request *r, struct common *c)
{
    const struct scn_network *n = network_of(map, r);
    uint32_t from = map->hosts[r->source].rack, to = map->hosts[r->target].rack;

    assert(r->source != r->target && r->streams >= 1);
    c->path.nr_hops = 0;
    c->path.ceiling = INFINITY;
    c->other_rack = from != to;
    c->uplinks = !n || n->uplinks;
    c->latency_ns = n ? n->latency_ns : 0;
    cross_links(c, map, r);
    cross_racks(c, map, from, to);
}

int64_t route_rtt(const struct route_map *map, const struct route_request *r)
{
    struct common c;

    begin_path(map, r, &c);
    return r->rtt_ns + 2 * c.latency_ns;
}

void route_find(const struct route_map *map, const struct route_request *r, struct route *route)
{
    const struct route_host *from = &map->hosts[r->source], *to = &map->hosts[r->target];
    const struct scn_network *n = network_of(map, r);
    struct common c;

    begin_path(map, r, &c);
    cross(&c, map->limit[r->network]);
    cross(&c, from->out);
    cross(&c, to->in);
    cross(&c, from->both);
    cross(&c, to->both);
    cross(&c, from->proxy);
    cross(&c, to->proxy);
    cross(&c, map->observed);
    route->rtt_ns = r->rtt_ns + 2 * c.latency_ns;
    if (n && n->window_bytes && n->window_bytes != UNITS_UNLIMITED && route->rtt_ns > 0)
        c.path.ceiling = (double)n->window_bytes * (double)NS_PER_S / (double)route->rtt_ns;
    place_streams(map, r, &c, route);
}

void route_local(struct route *route)
{
    route->nr_paths = 1;
    route->rtt_ns = 0;
    route->paths[0] = (struct network_path){.weight = 1.0, .ceiling = INFINITY};
}

void route_add(struct route *route, uint32_t link)
{
    for (uint32_t i = 0; link != NETWORK_NONE && i < route->nr_paths; i++) {
        struct network_path *p = &route->paths[i];

        assert(p->nr_hops + 1 < NETWORK_HOPS_MAX);
        p->hops[p->nr_hops++] = link;
    }
}
