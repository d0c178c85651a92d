/*
 * scenario_resolve_hosts.c - hosts, and the names and patterns that stand for them.
 *
 * What decides where a VM can run is left to scenario_resolve_place.c.  Invariant: the hosts of one
 * section lie side by side, in order of their numbers.
 */
#include <stdio.h>
#include <string.h>

#include "sim/scenario/scenario_int.h"

#include "base/banned.h"

/* ---- hosts ---- */

static enum status count_hosts(struct scn_resolver *r, uint32_t *nr)
{
    const struct option *opt = option_find(&scn_host_options, "count");

    *nr = 0;
    for (const struct scn_section *s = r->doc->first[SCN_HOST]; s; s = s->next) {
        const struct scn_entry *e = scn_section_entry(s, "count");
        struct scn_host_decl decl;

        decl.count = 1;
        if (e && option_parse(opt, e->value, &decl, r->arena, NULL) != ST_OK)
            decl.count = 1; /* the message comes when the section is read */
        if (decl.count > SCN_HOST_LIMIT - *nr)
            return scn_fail(s, e ? "count" : NULL, r->diag, "more than %d hosts", SCN_HOST_LIMIT);
        *nr += decl.count;
    }
    return ST_OK;
}

static enum status add_host(struct scn_resolver *r, const struct scn_section *s, const char *name,
                            const struct scn_host *model)
{
    uint32_t nr = r->sc->nr_hosts;

    if (name_index_find(&r->hosts, name) != NAME_NONE) {
        scn_fail(s, NULL, r->diag, "there is another host called '%s'", name);
        diag_hint(r->diag, "[host NAME] with count makes NAME-1, NAME-2 and so on");
        return ST_EINPUT;
    }
    if (!name_index_add(&r->hosts, r->scratch, name, nr))
        return scn_out_of_memory(r->diag);
    r->sc->hosts[nr] = *model;
    r->sc->hosts[nr].name = name;
    r->sc->nr_hosts++;
    return ST_OK;
}

enum status scn_numbered_name(struct arena *arena, const char *name, uint32_t nr, const char **out)
{
    char text[160];
    int len = snprintf(text, sizeof(text), "%s-%u", name, nr);

    *out = arena_strndup(arena, text, (size_t)len);
    return *out ? ST_OK : ST_ENOMEM;
}

static enum status one_host_section(struct scn_resolver *r, struct scn_section *s)
{
    struct scn_host_decl decl;
    struct scn_host model;
    enum status st = scn_fill(r, SCN_HOST, s, &decl);

    if (st != ST_OK)
        return st;
    r->host_places[s->nr] = decl.place;
    model = (struct scn_host){.nic_bps = decl.nic_bps,
                              .memory_bytes = decl.memory_bytes,
                              .cpus = decl.cpus,
                              .load_ratio = decl.load_ratio,
                              .costs = arena_memdup(r->arena, &decl.costs, sizeof(decl.costs))};
    if (!model.costs)
        return scn_out_of_memory(r->diag);
    st = scn_find_rack(r, decl.place.rack, &model.rack);
    if (st == ST_OK)
        st = scn_resolve_wiring(r, s, &decl.wiring, &model.wiring);
    s->first_made = r->sc->nr_hosts;
    s->nr_made = decl.count;
    if (st == ST_OK && decl.count == 1)
        return add_host(r, s, s->name, &model);
    for (uint32_t i = 0; st == ST_OK && i < decl.count; i++) {
        const char *name;

        if (scn_numbered_name(r->arena, s->name, i + 1, &name) != ST_OK)
            return scn_out_of_memory(r->diag);
        st = add_host(r, s, name, &model);
    }
    return st;
}

enum status scn_resolve_hosts(struct scn_resolver *r)
{
    uint32_t nr, sections = r->doc->nr[SCN_HOST];
    enum status st = count_hosts(r, &nr);

    if (st != ST_OK)
        return st;
    r->sc->hosts = arena_array(r->arena, nr, sizeof(*r->sc->hosts));
    r->host_seen = arena_array(r->scratch, nr, sizeof(*r->host_seen));
    r->host_places = arena_array(r->scratch, sections, sizeof(*r->host_places));
    if (!r->sc->hosts || !r->host_seen || !r->host_places ||
        !name_index_reserve(&r->hosts, r->scratch, nr))
        return scn_out_of_memory(r->diag);
    for (struct scn_section *s = r->doc->first[SCN_HOST]; s && st == ST_OK; s = s->next)
        st = one_host_section(r, s);
    return st;
}

/* ---- names ---- */

enum status scn_find_host(struct scn_resolver *r, const struct scn_section *s, const char *key,
                          const char *name, uint32_t *host)
{
    const struct scn_section *section = scn_doc_find(r->doc, SCN_HOST, name);
    const char *best;

    *host = name_index_find(&r->hosts, name);
    if (*host != NAME_NONE)
        return ST_OK;
    if (section) {
        scn_fail(s, key, r->diag, "'%s' stands for %u hosts", name, section->nr_made);
        diag_hint(r->diag, "name one of them, as %s-1", name);
        return ST_EINPUT;
    }
    best = name_index_nearest(&r->hosts, name);
    scn_fail(s, key, r->diag, "there is no [host %s]", name);
    if (best)
        diag_hint(r->diag, "did you mean '%s'?", best);
    return ST_EINPUT;
}

static enum status add_match(struct scn_resolver *r, uint32_t host)
{
    uint32_t cap = r->cap_host_matches ? r->cap_host_matches * 2 : 64, *more;

    if (r->nr_host_matches == r->cap_host_matches) {
        more = arena_array(r->scratch, cap, sizeof(*more));
        if (!more)
            return scn_out_of_memory(r->diag);
        if (r->nr_host_matches)
            memcpy(more, r->host_matches, r->nr_host_matches * sizeof(*more));
        r->host_matches = more;
        r->cap_host_matches = cap;
    }
    r->host_seen[host] = r->host_serial;
    r->host_matches[r->nr_host_matches++] = host;
    return ST_OK;
}

/* All that a pattern or a section with count stands for, but those that came before. */
static enum status add_many(struct scn_resolver *r, uint32_t first, uint32_t nr,
                            const char *pattern, uint32_t *hits)
{
    enum status st = ST_OK;

    for (uint32_t h = first; h < first + nr && st == ST_OK; h++) {
        if (pattern && !scn_glob(pattern, r->sc->hosts[h].name))
            continue;
        (*hits)++;
        if (r->host_seen[h] != r->host_serial)
            st = add_match(r, h);
    }
    return st;
}

static enum status match_pattern(struct scn_resolver *r, const struct scn_section *s,
                                 const char *key, const char *pattern)
{
    uint32_t hits = 0;
    enum status st;

    r->pattern_work += r->sc->nr_hosts;
    if (r->pattern_work > SCN_PATTERN_WORK_LIMIT) {
        scn_fail(s, key, r->diag, "too many patterns for so many hosts");
        diag_hint(r->diag, "name the hosts, or use fewer and wider patterns");
        return ST_EINPUT;
    }
    st = add_many(r, 0, r->sc->nr_hosts, pattern, &hits);
    if (st == ST_OK && hits == 0)
        return scn_fail(s, key, r->diag, "no host is called like '%s'", pattern);
    return st;
}

enum status scn_match_hosts(struct scn_resolver *r, const struct scn_section *s, const char *key,
                            const struct option_list *list, enum scn_repeats repeats)
{
    enum status st = ST_OK;

    r->host_serial++;
    r->nr_host_matches = 0;
    if (list->nr == 0)
        return scn_fail(s, key, r->diag, "no host is named");
    for (uint32_t i = 0; st == ST_OK && i < list->nr; i++) {
        const char *name = list->items[i];
        const struct scn_section *section = scn_doc_find(r->doc, SCN_HOST, name);
        uint32_t host, hits = 0;

        if (scn_is_pattern(name)) {
            st = match_pattern(r, s, key, name);
        } else if (section && section->nr_made > 1) {
            st = add_many(r, section->first_made, section->nr_made, NULL, &hits);
        } else {
            st = scn_find_host(r, s, key, name, &host);
            if (st == ST_OK && repeats == SCN_ONCE && r->host_seen[host] == r->host_serial)
                return scn_fail(s, key, r->diag, "'%s' stands there twice", name);
            if (st == ST_OK)
                st = add_match(r, host);
        }
    }
    return st;
}
