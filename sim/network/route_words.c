/*
 * route_words.c - the links of routes by name, and what their legs are drawn from.
 *
 * Leaves the tables to route.c.  Invariant: every link below map->nr_links has a name.
 */
#include <string.h>

#include <xxhash.h>

#include "sim/network/route.h"

uint64_t route_key(const char *vm, uint64_t seed, uint32_t replication, uint32_t attempt)
{
    return XXH3_64bits_withSeed(vm, strlen(vm), seed) + (uint64_t)replication * 256 + attempt;
}

/* The host (or rack) whose entry in @table is @link; @nr when none is. */
static uint32_t owner(const uint32_t *table, uint32_t nr, uint32_t link)
{
    uint32_t i = 0;

    while (i < nr && table[i] != link)
        i++;
    return i;
}

static bool add_nic(const struct route_map *map, uint32_t link, struct strbuf *out)
{
    const struct scenario *sc = map->sc;
    uint32_t networks = sc->topology.nr_networks ? sc->topology.nr_networks : 1;

    for (uint32_t i = 0; i < networks * sc->nr_hosts; i++) {
        const struct route_nic *nic = &map->nics[i];

        if (nic->first == NETWORK_NONE || link < nic->first || link >= nic->first + 2 * nic->legs)
            continue;
        strbuf_addf(out, "the card of %s (%s", sc->hosts[i % sc->nr_hosts].name,
                    link < nic->first + nic->legs ? "out" : "in");
        if (nic->legs > 1)
            strbuf_addf(out, ", leg %u", (link - nic->first) % nic->legs + 1);
        if (sc->topology.nr_networks > 1 && sc->topology.networks[i / sc->nr_hosts].name[0])
            strbuf_addf(out, ", %s", sc->topology.networks[i / sc->nr_hosts].name);
        strbuf_addch(out, ')');
        return true;
    }
    return false;
}

static bool add_cap(const struct route_map *map, uint32_t link, struct strbuf *out)
{
    for (uint32_t i = 0; i < map->sc->nr_hosts; i++) {
        const struct route_host *h = &map->hosts[i];
        const char *words = link == h->out     ? "the limit out of"
                            : link == h->in    ? "the limit into"
                            : link == h->both  ? "the limit of"
                            : link == h->proxy ? "the proxy of"
                                               : NULL;

        if (words) {
            strbuf_addf(out, "%s %s", words, map->sc->hosts[i].name);
            return true;
        }
    }
    return false;
}

static bool add_rack(const struct route_map *map, uint32_t link, struct strbuf *out)
{
    uint32_t nr = map->sc->topology.nr_racks, up = owner(map->up, nr, link);
    uint32_t rack = up < nr ? up : owner(map->down, nr, link);

    if (rack == nr)
        return false;
    strbuf_addf(out, "the uplink of rack %s (%s)", map->sc->topology.racks[rack].name,
                up < nr ? "up" : "down");
    return true;
}

void route_link_words(const struct route_map *map, uint32_t link, struct strbuf *out)
{
    uint32_t networks = map->sc->topology.nr_networks, network;

    if (link < map->sc->nr_links) {
        strbuf_addf(out, "link %s", map->sc->links[link].name);
        return;
    }
    if (add_nic(map, link, out) || add_cap(map, link, out) || add_rack(map, link, out))
        return;
    network = owner(map->limit, networks, link);
    if (network < networks)
        strbuf_addf(out, "the limit of network %s", map->sc->topology.networks[network].name);
    else
        strbuf_addstr(out, "the observed rate");
}
