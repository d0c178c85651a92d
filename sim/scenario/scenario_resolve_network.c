/*
 * scenario_resolve_network.c - networks, links, racks and how hosts are wired.
 *
 * Invariant: network 0 is that of [network], there even when no file has that section; the racks
 * are numbered as place.racks.
 */
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "sim/network/network.h"
#include "sim/scenario/scenario_int.h"

#include "base/banned.h"

enum {
    TRAFFIC_MAX = 100000
};

/* ---- networks ---- */

enum status scn_resolve_networks(struct scn_resolver *r)
{
    struct scn_section *def = scn_doc_find(r->doc, SCN_NETWORK, "");
    uint32_t nr = 1;
    struct scn_network *all = arena_array(r->arena, r->doc->nr[SCN_NETWORK] + 1, sizeof(*all));
    enum status st;

    if (!all)
        return scn_out_of_memory(r->diag);
    st = def ? scn_fill(r, SCN_NETWORK, def, &all[0])
             : scn_section_fill(r->doc, SCN_NETWORK, NULL, &all[0], r->arena, r->diag);
    all[0].name = "";
    if (def)
        def->nr_made = 1;
    for (struct scn_section *s = r->doc->first[SCN_NETWORK]; s && st == ST_OK; s = s->next) {
        if (s == def)
            continue;
        if (strcmp(s->name, "default") == 0) {
            scn_fail(s, NULL, r->diag, "that is the name of [network] itself");
            return ST_EINPUT;
        }
        st = scn_fill(r, SCN_NETWORK, s, &all[nr]);
        all[nr].name = s->name;
        s->first_made = nr++;
        s->nr_made = 1;
    }
    r->sc->topology.networks = all;
    r->sc->topology.nr_networks = nr;
    return st;
}

enum status scn_find_network(struct scn_resolver *r, const struct scn_section *s, const char *key,
                             const char *name, uint32_t otherwise, uint32_t *network)
{
    *network = otherwise;
    if (!name[0])
        return ST_OK;
    *network = 0;
    if (strcmp(name, "default") == 0)
        return ST_OK;
    return scn_find_name(r, s, key, SCN_NETWORK, name, network);
}

/* ---- hosts ---- */

static enum status bad_nic(struct scn_resolver *r, const struct scn_section *s, const char *item)
{
    scn_fail(s, "nics", r->diag, "'%s' is not NETWORK RATE or NETWORK LEGSxRATE", item);
    diag_hint(r->diag, "write storage 25Gb/s, or storage 2x25Gb/s for a bond of two");
    return ST_EINPUT;
}

/* "storage 25Gb/s" or "storage 2x25Gb/s" */
static enum status read_nic(struct scn_resolver *r, const struct scn_section *s, const char *item,
                            struct scn_nic *nic)
{
    size_t len = strcspn(item, " \t");
    const char *rest = item + len + strspn(item + len, " \t");
    const char *name = arena_strndup(r->arena, item, len);
    enum status st;

    if (!name)
        return scn_out_of_memory(r->diag);
    st = scn_find_network(r, s, "nics", name, 0, &nic->network);
    if (st != ST_OK)
        return st;
    if (nic->network == 0) {
        scn_fail(s, "nics", r->diag, "the card in the default network is nic");
        return ST_EINPUT;
    }
    nic->legs = 1;
    if (rest[0] >= '1' && rest[0] <= '0' + BOND_LEGS_MAX && rest[1] == 'x') {
        nic->legs = (uint32_t)(rest[0] - '0');
        rest += 2;
    }
    if (units_parse_bps(rest, &nic->bps, NULL) != ST_OK || nic->bps == 0)
        return bad_nic(r, s, item);
    return ST_OK;
}

enum status scn_resolve_wiring(struct scn_resolver *r, const struct scn_section *s,
                               const struct scn_wiring_decl *decl, const struct scn_wiring **out)
{
    struct scn_wiring *w = arena_alloc(r->arena, sizeof(*w));
    struct scn_nic *nics = arena_array(r->arena, decl->nics.nr, sizeof(*nics));

    if (!w || !nics)
        return scn_out_of_memory(r->diag);
    *w = decl->wiring;
    w->nr_nics = decl->nics.nr;
    w->nics = nics;
    *out = w;
    for (uint32_t i = 0; i < decl->nics.nr; i++) {
        enum status st = read_nic(r, s, decl->nics.items[i], &nics[i]);

        if (st != ST_OK)
            return st;
        for (uint32_t k = 0; k < i; k++)
            if (nics[k].network == nics[i].network)
                return scn_fail(s, "nics", r->diag, "'%s' stands there twice",
                                r->sc->topology.networks[nics[i].network].name);
    }
    return ST_OK;
}

/* ---- links ---- */

static enum status link_hosts(struct scn_resolver *r, const struct scn_section *s,
                              const struct option_list *names, struct scn_link *link)
{
    enum status st = ST_OK;

    link->nr_hosts = 0;
    if (names->nr == 0)
        return ST_OK;
    st = scn_match_hosts(r, s, "hosts", names, SCN_ONCE);
    if (st != ST_OK)
        return st;
    link->nr_hosts = r->nr_host_matches;
    link->hosts = arena_memdup(r->arena, r->host_matches, r->nr_host_matches * sizeof(uint32_t));
    if (!link->hosts)
        return scn_out_of_memory(r->diag);
    return ST_OK;
}

static enum status link_networks(struct scn_resolver *r, const struct scn_section *s,
                                 const struct option_list *names, struct scn_link *link)
{
    uint32_t *networks = arena_array(r->arena, names->nr, sizeof(*networks));
    enum status st = ST_OK;

    if (!networks)
        return scn_out_of_memory(r->diag);
    for (uint32_t i = 0; i < names->nr && st == ST_OK; i++)
        st = scn_find_network(r, s, "networks", names->items[i], 0, &networks[i]);
    link->networks = networks;
    link->nr_networks = names->nr;
    return st;
}

/* "20s 50Mb/s" */
static enum status read_traffic(struct scn_resolver *r, const struct scn_section *s,
                                const char *item, struct scn_traffic *point)
{
    size_t len = strcspn(item, " \t");
    const char *time = arena_strndup(r->arena, item, len);
    uint64_t bps;

    if (!time)
        return scn_out_of_memory(r->diag);
    if (units_parse_time(time, &point->t_ns, NULL) == ST_OK &&
        units_parse_bps(item + len + strspn(item + len, " \t"), &bps, NULL) == ST_OK &&
        bps != UNITS_UNLIMITED) {
        point->bps = (double)bps;
        return ST_OK;
    }
    scn_fail(s, "background_series", r->diag, "'%s' is not TIME RATE", item);
    diag_hint(r->diag, "write 0s 800Mb/s, 20s 50Mb/s");
    return ST_EINPUT;
}

static enum status link_traffic(struct scn_resolver *r, const struct scn_section *s,
                                const struct option_list *items, struct scn_link *link)
{
    static const char key[] = "background_series";
    struct scn_traffic *points = arena_array(r->arena, items->nr, sizeof(*points));

    if (!points)
        return scn_out_of_memory(r->diag);
    if (items->nr > TRAFFIC_MAX)
        return scn_fail(s, key, r->diag, "more than %d points", TRAFFIC_MAX);
    for (uint32_t i = 0; i < items->nr; i++) {
        enum status st = read_traffic(r, s, items->items[i], &points[i]);

        if (st != ST_OK)
            return st;
        if (i == 0 && points[0].t_ns != 0)
            return scn_fail(s, key, r->diag, "the first time must be 0s");
        if (i > 0 && points[i].t_ns <= points[i - 1].t_ns)
            return scn_fail(s, key, r->diag, "'%s': the times must grow", items->items[i]);
    }
    link->traffic = points;
    link->nr_traffic = items->nr;
    return ST_OK;
}

enum status scn_resolve_links(struct scn_resolver *r)
{
    uint32_t nr = 0;
    struct scn_link *all = arena_array(r->arena, r->doc->nr[SCN_LINK], sizeof(*all));

    if (!all)
        return scn_out_of_memory(r->diag);
    for (struct scn_section *s = r->doc->first[SCN_LINK]; s; s = s->next) {
        struct scn_link_decl decl;
        enum status st = scn_fill(r, SCN_LINK, s, &decl);

        if (st != ST_OK)
            return st;
        all[nr] = (struct scn_link){.name = s->name,
                                    .rate_bps = decl.rate_bps,
                                    .efficiency_ratio = decl.efficiency_ratio,
                                    .background_bps = decl.background_bps,
                                    .latency_ns = decl.latency_ns,
                                    .between = decl.between,
                                    .traffic_period_ns = decl.background_period_ns};
        st = link_hosts(r, s, &decl.hosts, &all[nr]);
        if (st == ST_OK)
            st = link_networks(r, s, &decl.networks, &all[nr]);
        if (st == ST_OK)
            st = link_traffic(r, s, &decl.background_series, &all[nr]);
        if (st != ST_OK)
            return st;
        s->first_made = nr++;
        s->nr_made = 1;
    }
    r->sc->links = all;
    r->sc->nr_links = nr;
    return ST_OK;
}

/* ---- racks ---- */

/* The cards of a rack's hosts together, bits per second; UNITS_UNLIMITED when one has no limit. */
static uint64_t cards_of(const struct scenario *sc, uint32_t rack, uint32_t *hosts)
{
    const struct scn_network *net = &sc->topology.networks[0];
    uint64_t sum = 0;

    *hosts = 0;
    for (uint32_t i = 0; i < sc->nr_hosts; i++) {
        const struct scn_host *h = &sc->hosts[i];
        uint64_t nic = h->nic_bps != UNITS_UNLIMITED ? h->nic_bps : net->nic_bps;

        if (h->rack != rack)
            continue;
        (*hosts)++;
        if (nic == UNITS_UNLIMITED || sum == UNITS_UNLIMITED)
            sum = UNITS_UNLIMITED;
        else
            sum += nic * (h->wiring->bond ? h->wiring->bond : net->bond);
    }
    return sum;
}

static enum status one_rack(struct scn_resolver *r, const struct scn_section *s,
                            struct scn_rack *rack, uint32_t index)
{
    uint32_t hosts = 0;
    uint64_t cards = index != NAME_NONE ? cards_of(r->sc, index, &hosts) : 0;

    if (hosts == 0) {
        scn_fail(s, NULL, r->diag, "no host stands in it");
        diag_hint(r->diag, "hosts say so: [host NAME] rack = %s", s->name);
        return ST_EINPUT;
    }
    if (rack->oversubscription > 0.0 && rack->uplink_bps != UNITS_UNLIMITED)
        return scn_fail(s, "oversubscription", r->diag, "uplink says the same");
    if (rack->oversubscription > 0.0 && cards == UNITS_UNLIMITED) {
        scn_fail(s, "oversubscription", r->diag, "one of its hosts has a card without limit");
        diag_hint(r->diag, "give the hosts a nic, or write uplink = RATE");
        return ST_EINPUT;
    }
    if (rack->oversubscription > 0.0)
        rack->uplink_bps = (uint64_t)((double)cards / rack->oversubscription + 0.5);
    if (rack->uplink_bps <= rack->background_bps)
        return scn_fail(s, "background", r->diag, "other traffic leaves nothing of the uplink");
    return ST_OK;
}

/* Hosts have numbered the racks already. */
enum status scn_resolve_racks(struct scn_resolver *r)
{
    struct scn_topology *t = &r->sc->topology;
    struct scn_rack *all = arena_array(r->arena, r->racks.nr, sizeof(*all));
    uint32_t known = r->racks.nr;

    if (!all)
        return scn_out_of_memory(r->diag);
    for (uint32_t i = 0; i < known; i++)
        all[i] = (struct scn_rack){.name = r->racks.names[i],
                                   .uplink_bps = UNITS_UNLIMITED,
                                   .efficiency_ratio = NETWORK_NIC_EFFICIENCY};
    for (struct scn_section *s = r->doc->first[SCN_RACK]; s; s = s->next) {
        uint32_t index = name_index_find(&r->racks.index, s->name);
        struct scn_rack rack;
        enum status st = scn_fill(r, SCN_RACK, s, &rack);

        if (st != ST_OK)
            return st;
        rack.name = s->name;
        st = one_rack(r, s, &rack, index);
        if (st != ST_OK)
            return st;
        all[index] = rack;
        s->first_made = index;
        s->nr_made = 1;
    }
    t->racks = all;
    t->nr_racks = known;
    return ST_OK;
}
