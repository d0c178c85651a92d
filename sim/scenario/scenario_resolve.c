/*
 * scenario_resolve.c - from sections to struct scenario: the run, links and profiles.
 *
 * Leaves hosts, guests, placement and events to its sisters and the rules between values to
 * scenario_check.c. Invariant: kinds are resolved in one fixed order, so the digest does not depend
 * on how the file mixes them; the order within a kind is part of the meaning (it numbers the VMs
 * and requests).
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "sim/placement/placement.h"
#include "sim/platform.h"
#include "sim/scenario/scenario_int.h"

#include "base/banned.h"

enum status scn_out_of_memory(struct diag *diag)
{
    diag_set(diag, ST_ENOMEM, "the scenario needs too much memory");
    diag_hint(diag, "a scenario may take 4 GiB");
    return ST_ENOMEM;
}

static void hash_add(void *user, const void *data, size_t len)
{
    XXH3_128bits_update(user, data, len);
}

/* Labels are for people and stay out; so does where a value came from. */
static void hash_section(struct scn_resolver *r, enum scn_kind kind, const char *name,
                         const void *obj)
{
    const struct scn_section_type *type = &scn_section_types[kind];
    uint32_t head[2] = {(uint32_t)kind, (uint32_t)strlen(name)};

    hash_add(r->hash, head, sizeof(head));
    hash_add(r->hash, name, head[1]);
    for (size_t t = 0; t < SCN_TABLES && type->tables[t].table; t++) {
        const void *at = (const unsigned char *)obj + type->tables[t].offset;

        for (size_t i = 0; i < type->tables[t].table->nr; i++)
            if (!(type->tables[t].table->rows[i].flags & OPT_LABEL))
                option_digest(&type->tables[t].table->rows[i], at, hash_add, r->hash);
    }
}

enum status scn_fill(struct scn_resolver *r, enum scn_kind kind, struct scn_section *s, void *obj)
{
    enum status st = scn_section_fill(r->doc, kind, s, obj, r->arena, r->diag);

    if (st == ST_OK)
        hash_section(r, kind, s ? s->name : "", obj);
    return st;
}

enum status scn_find_name(struct scn_resolver *r, const struct scn_section *s, const char *key,
                          enum scn_kind kind, const char *name, uint32_t *index)
{
    const struct scn_section *found = scn_doc_find(r->doc, kind, name);
    const char *best;

    if (found && found->name[0]) {
        *index = found->first_made;
        return ST_OK;
    }
    best = name_index_nearest(&r->doc->index[kind], name);
    scn_fail(s, key, r->diag, "there is no [%s %s]", scn_section_types[kind].word, name);
    if (best)
        diag_hint(r->diag, "did you mean '%s'?", best);
    return ST_EINPUT;
}

/* "dir/first.ini" is called "first". */
static const char *name_from_path(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *base = slash ? slash + 1 : path;
    size_t len = strlen(base);

    if (len > 4 && strcmp(base + len - 4, ".ini") == 0)
        len -= 4;
    return arena_strndup(arena, base, len);
}

static enum status resolve_run(struct scn_resolver *r)
{
    struct scenario *sc = r->sc;
    struct scn_scenario_decl decl;
    enum status st = scn_fill(r, SCN_SCENARIO, r->doc->first[SCN_SCENARIO], &decl);

    if (st != ST_OK)
        return st;
    sc->path = r->doc->path;
    sc->name = decl.name[0] ? decl.name : name_from_path(r->arena, r->doc->path);
    sc->description = decl.description;
    sc->seed = decl.seed;
    sc->replications = decl.replications;
    sc->horizon_ns = decl.horizon_ns;
    sc->fidelity = decl.fidelity;
    return sc->name ? ST_OK : scn_out_of_memory(r->diag);
}

static enum status profile_networks(struct scn_resolver *r, const struct scn_section *s,
                                    struct scn_migration *m)
{
    enum status st = scn_find_network(r, s, "network", m->network_name, 0, &m->network);

    if (st != ST_OK)
        return st;
    return scn_find_network(r, s, "storage_network", m->storage_network_name, m->network,
                            &m->storage_network);
}

/* Profile 0 is [migration]; it is there even when no file has that section. */
static enum status resolve_migrations(struct scn_resolver *r)
{
    struct scn_section *def = scn_doc_find(r->doc, SCN_MIGRATION, "");
    uint32_t cap = r->doc->nr[SCN_MIGRATION] + (def == NULL), nr = 1;
    struct scn_migration *all = arena_array(r->arena, cap, sizeof(*all));
    enum status st;

    if (!all)
        return scn_out_of_memory(r->diag);
    st = scn_fill(r, SCN_MIGRATION, def, &all[0]);
    all[0].name = "";
    for (struct scn_section *s = r->doc->first[SCN_MIGRATION]; s && st == ST_OK; s = s->next) {
        if (s == def)
            continue;
        st = scn_fill(r, SCN_MIGRATION, s, &all[nr]);
        all[nr].name = s->name;
        s->first_made = nr++;
        s->nr_made = 1;
    }
    if (st == ST_OK && def)
        st = profile_networks(r, def, &all[0]);
    for (struct scn_section *s = r->doc->first[SCN_MIGRATION]; s && st == ST_OK; s = s->next)
        if (s != def)
            st = profile_networks(r, s, &all[s->first_made]);
    for (uint32_t i = 0; i < nr; i++)
        all[i].params.max_bandwidth_bytes_per_s =
            uncertain_u64(uncertain_mid(&all[i].max_bandwidth_bytes_per_s));
    if (def)
        def->nr_made = 1;
    assert(st != ST_OK || nr == cap);
    r->sc->migrations = all;
    r->sc->nr_migrations = nr;
    return st;
}

/* Calibration values are part of the hosts they reach; reading them all here checks the rest. */
static enum status check_calibrations(struct scn_resolver *r)
{
    enum status st = ST_OK;

    for (struct scn_section *s = r->doc->first[SCN_CALIBRATION]; s && st == ST_OK; s = s->next) {
        struct scn_calibration_decl decl;

        st = scn_section_fill(r->doc, SCN_CALIBRATION, s, &decl, r->arena, r->diag);
    }
    return st;
}

static enum status unknown_platform(struct scn_resolver *r, const struct scn_section *s,
                                    const char *name)
{
    struct option_nearest best = {.word = name};

    for (const struct platform_ops *const *p = platforms; *p; p++)
        option_nearest_offer(&best, (*p)->name);
    scn_fail(s, "platform", r->diag, "there is no platform '%s'", name);
    if (best.best)
        diag_hint(r->diag, "did you mean '%s'?", best.best);
    return ST_EINPUT;
}

/* Sections of other platforms stay without effect, but what stands there has to be right. */
static enum status check_idle_platforms(struct scn_resolver *r, enum scn_kind used)
{
#define KIND(name, help) SCN_PLATFORM_##name,
    static const enum scn_kind kinds[] = {PLATFORM_LIST(KIND) SCN_KIND_NR};
#undef KIND
    enum status st = ST_OK;

    for (const enum scn_kind *k = kinds; *k != SCN_KIND_NR && st == ST_OK; k++) {
        void *scratch;

        if (*k == used || !r->doc->first[*k])
            continue;
        scratch = arena_alloc(r->arena, scn_section_size(*k));
        st = scratch ? scn_section_fill(r->doc, *k, r->doc->first[*k], scratch, r->arena, r->diag)
                     : scn_out_of_memory(r->diag);
    }
    return st;
}

/* The control plane: the common rules, and the section of the platform that is named. */
static enum status resolve_cluster(struct scn_resolver *r)
{
    struct scn_section *s = r->doc->first[SCN_CLUSTER];
    struct scn_cluster *cluster = &r->sc->cluster;
    struct scn_cluster_decl decl;
    enum status st = scn_fill(r, SCN_CLUSTER, s, &decl);
    enum scn_kind kind;
    void *settings;

    if (st != ST_OK)
        return st;
    cluster->rules = decl.rules;
    st = placement_filters(&decl.skip_checks, &cluster->rules.filters_off, r->diag);
    if (st != ST_OK) {
        struct diag inner = *r->diag;

        return scn_fail(s, "skip_checks", r->diag, "%s", inner.what);
    }
    cluster->platform = platform_find(decl.platform);
    if (!cluster->platform)
        return unknown_platform(r, s, decl.platform);
    kind = scn_platform_kind(decl.platform);
    st = check_idle_platforms(r, kind);
    if (kind == SCN_KIND_NR || st != ST_OK)
        return st;
    settings = arena_alloc(r->arena, scn_section_size(kind));
    if (!settings)
        return scn_out_of_memory(r->diag);
    cluster->settings = settings;
    return scn_fill(r, kind, r->doc->first[kind], settings);
}

static void store_digest(struct scn_resolver *r)
{
    XXH128_hash_t h = XXH3_128bits_digest(r->hash);

    snprintf(r->sc->digest, sizeof(r->sc->digest), "%016" PRIx64 "%016" PRIx64, (uint64_t)h.high64,
             (uint64_t)h.low64);
}

enum status scn_resolve(struct scenario *sc, struct scn_doc *doc, struct diag *diag)
{
    static enum status (*const steps[])(struct scn_resolver *) = {
        resolve_run,           resolve_cluster,        scn_resolve_networks,   scn_resolve_hosts,
        check_calibrations,    scn_resolve_links,      scn_resolve_racks,      resolve_migrations,
        scn_resolve_workloads, scn_resolve_vms,        scn_resolve_place,      scn_resolve_policies,
        scn_resolve_disks,     scn_resolve_requests,   scn_resolve_operations, scn_resolve_faults,
        scn_resolve_changes,   scn_resolve_thresholds,
    };
    struct scn_resolver r = {.sc = sc, .doc = doc, .arena = sc->arena, .diag = diag};
    enum status st = ST_OK;

    r.hash = XXH3_createState();
    r.scratch = arena_new(0);
    if (!r.hash || !r.scratch)
        st = scn_out_of_memory(diag);
    else
        XXH3_128bits_reset(r.hash);
    for (size_t i = 0; st == ST_OK && i < sizeof(steps) / sizeof(steps[0]); i++)
        st = steps[i](&r);
    if (st == ST_OK)
        store_digest(&r);
    XXH3_freeState(r.hash);
    arena_free(r.scratch);
    return st;
}
