/*
 * scenario_resolve_disks.c - storage and disks: names become indexes, disks stand by VM.
 *
 * Invariant: disks come in VM order, those of one VM in the order of their sections.
 */
#include <assert.h>
#include <string.h>

#include "base/units.h"
#include "sim/scenario/scenario_int.h"

#include "base/banned.h"

enum {
    DISK_LIMIT = 8000000
};

bool storage_sees(const struct scn_storage *s, uint32_t host)
{
    for (uint32_t i = 0; i < s->nr_hosts; i++)
        if (s->hosts[i] == host)
            return true;
    return s->nr_hosts == 0;
}

static enum status storage_hosts(struct scn_resolver *r, const struct scn_section *s,
                                 const struct option_list *names, struct scn_storage *storage)
{
    uint32_t *hosts;
    enum status st;

    if (names->nr == 0)
        return ST_OK;
    st = scn_match_hosts(r, s, "hosts", names, SCN_ONCE);
    if (st != ST_OK)
        return st;
    hosts = arena_array(r->arena, r->nr_host_matches, sizeof(*hosts));
    if (!hosts)
        return scn_out_of_memory(r->diag);
    memcpy(hosts, r->host_matches, r->nr_host_matches * sizeof(*hosts));
    storage->hosts = hosts;
    storage->nr_hosts = r->nr_host_matches;
    return ST_OK;
}

static enum status resolve_storages(struct scn_resolver *r)
{
    struct scn_disks *d = &r->sc->disks;
    uint32_t nr = 0, saved = 0;
    struct scn_storage *all = arena_array(r->arena, r->doc->nr[SCN_STORAGE], sizeof(*all));

    if (!all)
        return scn_out_of_memory(r->diag);
    for (struct scn_section *s = r->doc->first[SCN_STORAGE]; s; s = s->next) {
        struct scn_storage_decl decl;
        enum status st = scn_fill(r, SCN_STORAGE, s, &decl);

        if (st != ST_OK)
            return st;
        all[nr] = (struct scn_storage){.name = s->name,
                                       .shared = decl.kind == SCN_STORAGE_SHARED,
                                       .saved_state = decl.saved_state,
                                       .read_bytes_per_s = decl.read_bytes_per_s,
                                       .write_bytes_per_s = decl.write_bytes_per_s,
                                       .first_link = d->nr_links};
        st = storage_hosts(r, s, &decl.hosts, &all[nr]);
        if (st != ST_OK)
            return st;
        if (decl.saved_state && saved++)
            return scn_fail(s, "saved_state", r->diag, "another storage has it already");
        d->nr_links += all[nr].shared ? 2 : 2 * r->sc->nr_hosts;
        s->first_made = nr++;
        s->nr_made = 1;
    }
    d->storages = all;
    d->nr_storages = nr;
    return ST_OK;
}

static enum status find_storage(struct scn_resolver *r, const struct scn_section *s,
                                const char *key, const char *name, uint32_t *index)
{
    *index = STORAGE_NONE;
    return name[0] ? scn_find_name(r, s, key, SCN_STORAGE, name, index) : ST_OK;
}

static enum status one_kind(struct scn_resolver *r, struct scn_section *s,
                            const struct scn_disk_decl *decl, struct scn_disk_kind *k)
{
    uint64_t used = decl->used_bytes == UNITS_UNLIMITED ? decl->size_bytes : decl->used_bytes;
    uint64_t set = decl->working_set_bytes == UNITS_UNLIMITED ? used : decl->working_set_bytes;
    enum status st;

    if (used > decl->size_bytes)
        return scn_fail(s, "used", r->diag, "more is used than the disk holds");
    if (set > used)
        return scn_fail(s, "working_set", r->diag, "more is written than the disk holds data");
    *k = (struct scn_disk_kind){.name = s->name,
                                .mirror = {.used_bytes = used,
                                           .working_set_bytes = set,
                                           .write_bytes_per_s = (double)decl->write_bytes_per_s,
                                           .write_size_bytes = decl->write_size_bytes},
                                .size_bytes = decl->size_bytes,
                                .limit_bytes_per_s = decl->limit_bytes_per_s};
    st = find_storage(r, s, "storage", decl->storage, &k->storage);
    k->to = k->storage;
    if (st == ST_OK && decl->to[0])
        st = find_storage(r, s, "to", decl->to, &k->to);
    return st;
}

struct disk_list {
    struct scn_disk *disks;
    uint32_t nr, cap;
};

static enum status add_disks(struct scn_resolver *r, const struct scn_section *s,
                             struct disk_list *l, uint32_t kind)
{
    if (r->nr_matches > DISK_LIMIT - l->nr)
        return scn_fail(s, "vm", r->diag, "more than 8 million disks");
    if (l->nr + r->nr_matches > l->cap) {
        struct scn_disk *more;

        while (l->cap < l->nr + r->nr_matches)
            l->cap = l->cap ? 2 * l->cap : 64;
        more = arena_array(r->arena, l->cap, sizeof(*more));
        if (!more)
            return scn_out_of_memory(r->diag);
        if (l->nr)
            memcpy(more, l->disks, l->nr * sizeof(*more));
        l->disks = more;
    }
    for (uint32_t i = 0; i < r->nr_matches; i++)
        l->disks[l->nr++] = (struct scn_disk){.vm = r->matches[i], .kind = kind};
    return ST_OK;
}

/* Counted by VM, then placed in order. */
static enum status by_vm(struct scn_resolver *r, const struct disk_list *l)
{
    struct scn_disks *d = &r->sc->disks;
    uint32_t nr_vms = r->sc->nr_vms;
    uint32_t *first = arena_array(r->arena, (size_t)nr_vms + 1, sizeof(*first));
    uint32_t *next = arena_array(r->arena, (size_t)nr_vms + 1, sizeof(*next));
    struct scn_disk *sorted = arena_array(r->arena, l->nr, sizeof(*sorted));

    if (!first || !next || !sorted)
        return scn_out_of_memory(r->diag);
    memset(first, 0, ((size_t)nr_vms + 1) * sizeof(*first));
    for (uint32_t i = 0; i < l->nr; i++)
        first[l->disks[i].vm + 1]++;
    for (uint32_t i = 0; i < nr_vms; i++)
        first[i + 1] += first[i];
    memcpy(next, first, ((size_t)nr_vms + 1) * sizeof(*next));
    for (uint32_t i = 0; i < l->nr; i++)
        sorted[next[l->disks[i].vm]++] = l->disks[i];
    d->disks = sorted;
    d->first = first;
    d->nr_disks = l->nr;
    return ST_OK;
}

enum status scn_resolve_disks(struct scn_resolver *r)
{
    struct scn_disks *d = &r->sc->disks;
    struct scn_disk_kind *kinds = arena_array(r->arena, r->doc->nr[SCN_DISK], sizeof(*kinds));
    struct disk_list list = {0};
    enum status st = kinds ? resolve_storages(r) : scn_out_of_memory(r->diag);

    for (struct scn_section *s = r->doc->first[SCN_DISK]; s && st == ST_OK; s = s->next) {
        struct scn_disk_decl decl;

        st = scn_fill(r, SCN_DISK, s, &decl);
        if (st == ST_OK)
            st = one_kind(r, s, &decl, &kinds[d->nr_kinds]);
        if (st == ST_OK)
            st = scn_match_vms(r, s, &decl.vms);
        if (st == ST_OK)
            st = add_disks(r, s, &list, d->nr_kinds);
        s->first_made = d->nr_kinds++;
        s->nr_made = 1;
    }
    d->kinds = kinds;
    return st == ST_OK && list.nr ? by_vm(r, &list) : st;
}
