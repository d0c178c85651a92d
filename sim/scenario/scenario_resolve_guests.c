/*
 * scenario_resolve_guests.c - workloads and VMs.
 *
 * A VM section with write_rate or working_set of its own gets a workload of its own, called as the
 * VM. Invariant: the VMs of one section lie side by side, in order of their numbers.
 */
#include <assert.h>
#include <string.h>

#include "base/units.h"
#include "sim/scenario/scenario_int.h"

#include "base/banned.h"

/* ---- lists of points ---- */

/* Splits "2s 100MiB" in two at the first blank. */
static bool split_item(struct arena *arena, const char *item, char **first, const char **rest)
{
    size_t len = strcspn(item, " \t");

    *rest = item + len + strspn(item + len, " \t");
    *first = arena_strndup(arena, item, len);
    return *first != NULL;
}

static enum status bad_item(struct scn_resolver *r, const struct scn_section *s, const char *key,
                            const char *item, const char *hint)
{
    struct diag inner = {0};

    if (r->diag)
        inner = *r->diag;
    scn_fail(s, key, r->diag, "'%s': %s", item, inner.what[0] ? inner.what : "not understood");
    diag_hint(r->diag, "%s", hint);
    return ST_EINPUT;
}

/* One "TIME VALUE"; the value is a size for a curve and a rate for a series. */
static enum status read_point(struct scn_resolver *r, const struct scn_section *s, const char *key,
                              const char *item, struct dirty_point *p)
{
    bool curve = strcmp(key, "curve") == 0;
    const char *hint = curve ? "write TIME SIZE, as 2s 100MiB" : "write TIME RATE, as 60s 100MB/s";
    const char *rest;
    uint64_t value = 0;
    char *time;

    if (!split_item(r->arena, item, &time, &rest))
        return scn_out_of_memory(r->diag);
    if (units_parse_time(time, &p->t_ns, r->diag) != ST_OK)
        return bad_item(r, s, key, item, hint);
    if ((curve ? units_parse_size(rest, &value, r->diag)
               : units_parse_rate(rest, &value, r->diag)) != ST_OK ||
        value == UNITS_UNLIMITED)
        return bad_item(r, s, key, item, hint);
    p->value = (double)value;
    return ST_OK;
}

static enum status read_points(struct scn_resolver *r, const struct scn_section *s, const char *key,
                               const struct option_list *list, uint32_t max,
                               struct dirty_params *dirty)
{
    struct dirty_point *points = arena_array(r->arena, list->nr, sizeof(*points));

    if (!points)
        return scn_out_of_memory(r->diag);
    if (list->nr > max)
        return scn_fail(s, key, r->diag, "more than %u points", max);
    for (uint32_t i = 0; i < list->nr; i++) {
        enum status st = read_point(r, s, key, list->items[i], &points[i]);

        if (st != ST_OK)
            return st;
        if (i > 0 && points[i].t_ns <= points[i - 1].t_ns)
            return scn_fail(s, key, r->diag, "'%s': the times must grow", list->items[i]);
    }
    dirty->points = points;
    dirty->nr_points = list->nr;
    return ST_OK;
}

/* One "PAGES RATE [sequential]". */
static enum status read_class(struct scn_resolver *r, const struct scn_section *s, const char *item,
                              struct dirty_class *c)
{
    static const char hint[] = "write PAGES RATE, or PAGES RATE sequential, as 4000 20MB/s";
    const char *rest, *tail;
    char *pages, *rate;
    uint64_t value = 0;

    if (!split_item(r->arena, item, &pages, &rest) || !split_item(r->arena, rest, &rate, &tail))
        return scn_out_of_memory(r->diag);
    if (units_parse_double(pages, &c->pages, r->diag) != ST_OK || !(c->pages > 0.0) ||
        units_parse_rate(rate, &value, r->diag) != ST_OK || value == UNITS_UNLIMITED ||
        (tail[0] && strcmp(tail, "sequential") != 0))
        return bad_item(r, s, "classes", item, hint);
    c->writes_per_s = (double)value / (double)PAGE_BYTES;
    c->sequential = tail[0] != '\0';
    return ST_OK;
}

static enum status read_classes(struct scn_resolver *r, const struct scn_section *s,
                                const struct option_list *list, struct dirty_params *dirty)
{
    if (list->nr > DIRTY_CLASSES_MAX)
        return scn_fail(s, "classes", r->diag, "more than %d classes", DIRTY_CLASSES_MAX);
    for (uint32_t i = 0; i < list->nr; i++) {
        enum status st = read_class(r, s, list->items[i], &dirty->classes[i]);

        if (st != ST_OK)
            return st;
    }
    dirty->nr_classes = list->nr;
    return ST_OK;
}

/* ---- workloads ---- */

/* The numbers that stand in for uncertain ones until a replication draws. */
static void settle(struct scn_workload *w)
{
    w->dirty.write_bytes_per_s = uncertain_mid(&w->write_bytes_per_s);
    w->dirty.working_set_bytes = uncertain_u64(uncertain_mid(&w->working_set_bytes));
}

static enum status one_workload(struct scn_resolver *r, struct scn_section *s,
                                struct scn_workload *out)
{
    struct scn_workload_decl decl;
    enum status st = scn_fill(r, SCN_WORKLOAD, s, &decl);
    struct dirty_params *dirty = &decl.workload.dirty;

    if (st == ST_OK && decl.curve.nr)
        st = read_points(r, s, "curve", &decl.curve, DIRTY_CURVE_MAX, dirty);
    if (st == ST_OK && decl.series.nr && !decl.curve.nr)
        st = read_points(r, s, "series", &decl.series, DIRTY_SERIES_MAX, dirty);
    if (st == ST_OK && decl.classes.nr)
        st = read_classes(r, s, &decl.classes, dirty);
    if (st != ST_OK)
        return st;
    *out = decl.workload;
    out->name = s->name;
    settle(out);
    return ST_OK;
}

/* How many VM sections bring a workload of their own. */
static uint32_t count_own(const struct scn_doc *doc)
{
    uint32_t nr = 0;

    for (const struct scn_section *s = doc->first[SCN_VM]; s; s = s->next)
        nr += scn_section_entry(s, "write_rate") || scn_section_entry(s, "working_set");
    return nr;
}

enum status scn_resolve_workloads(struct scn_resolver *r)
{
    uint32_t nr = 0;
    size_t cap = (size_t)r->doc->nr[SCN_WORKLOAD] + 1 + count_own(r->doc);
    struct scn_workload *all = arena_array(r->arena, cap, sizeof(*all));

    if (!all)
        return scn_out_of_memory(r->diag);
    for (struct scn_section *s = r->doc->first[SCN_WORKLOAD]; s; s = s->next) {
        enum status st = one_workload(r, s, &all[nr]);

        if (st != ST_OK)
            return st;
        s->first_made = nr++;
        s->nr_made = 1;
    }
    if (!scn_doc_find(r->doc, SCN_WORKLOAD, "idle")) {
        all[nr].name = "idle";
        all[nr].dirty.kind = DIRTY_IDLE;
        all[nr].dirty.on_ns = NS_PER_S;
        all[nr].dirty.cpu_need_ratio = 1.0;
        all[nr].dirty.change_ratio = 1.0;
        all[nr].dirty.compress_ratio = 1.0;
        nr++;
    }
    r->sc->workloads = all;
    r->sc->nr_workloads = nr;
    return ST_OK;
}

static enum status find_workload(struct scn_resolver *r, const struct scn_section *s,
                                 const char *name, uint32_t *index)
{
    if (strcmp(name, "idle") == 0 && !scn_doc_find(r->doc, SCN_WORKLOAD, "idle")) {
        *index = r->doc->nr[SCN_WORKLOAD];
        return ST_OK;
    }
    return scn_find_name(r, s, "workload", SCN_WORKLOAD, name, index);
}

/* The section's workload, or a copy of it with the section's own rate and size. */
static enum status pick_workload(struct scn_resolver *r, const struct scn_section *s,
                                 const struct scn_vm_decl *decl, uint32_t *index)
{
    enum status st = find_workload(r, s, decl->workload, index);
    struct scn_workload *w;

    if (st != ST_OK || (decl->write_bytes_per_s.a < 0.0 && decl->working_set_bytes.a < 0.0))
        return st;
    w = &r->sc->workloads[r->sc->nr_workloads];
    *w = r->sc->workloads[*index];
    w->name = s->name;
    if (w->dirty.kind == DIRTY_IDLE)
        w->dirty.kind = DIRTY_UNIFORM;
    if (decl->write_bytes_per_s.a >= 0.0)
        w->write_bytes_per_s = decl->write_bytes_per_s;
    if (decl->working_set_bytes.a >= 0.0)
        w->working_set_bytes = decl->working_set_bytes;
    settle(w);
    *index = r->sc->nr_workloads++;
    return ST_OK;
}

/* ---- VMs ---- */

static enum status add_vm(struct scn_resolver *r, struct scn_section *s, const char *name,
                          const struct scn_vm *model, uint32_t host)
{
    uint32_t nr = r->sc->nr_vms, other = name_index_find(&r->vms, name);

    if (other != NAME_NONE) {
        scn_fail(s, NULL, r->diag, "there is another VM called '%s'", name);
        diag_hint(r->diag, "[vm NAME] with count makes NAME-1, NAME-2 and so on");
        return ST_EINPUT;
    }
    if (!name_index_add(&r->vms, r->scratch, name, nr))
        return scn_out_of_memory(r->diag);
    r->sc->vms[nr] = *model;
    r->sc->vms[nr].name = name;
    r->sc->vms[nr].host = host;
    r->sc->nr_vms++;
    return ST_OK;
}

static enum status add_vms(struct scn_resolver *r, struct scn_section *s,
                           const struct scn_vm_decl *decl, const struct scn_vm *model)
{
    enum status st = ST_OK;

    if (decl->count == 1)
        return add_vm(r, s, s->name, model, r->host_matches[0]);
    for (uint32_t i = 0; st == ST_OK && i < decl->count; i++) {
        const char *name;

        if (scn_numbered_name(r->arena, s->name, i + 1, &name) != ST_OK)
            return scn_out_of_memory(r->diag);
        st = add_vm(r, s, name, model, r->host_matches[i % r->nr_host_matches]);
    }
    return st;
}

static enum status one_vm_section(struct scn_resolver *r, struct scn_section *s)
{
    struct scn_vm_decl decl;
    struct scn_vm model = {0};
    struct guest_params *guest;
    enum status st = scn_fill(r, SCN_VM, s, &decl);

    if (st != ST_OK)
        return st;
    st = scn_match_hosts(r, s, "host", &decl.hosts, SCN_AGAIN);
    if (st == ST_OK && decl.migration[0])
        st = scn_find_name(r, s, "migration", SCN_MIGRATION, decl.migration, &model.migration);
    if (st == ST_OK)
        st = pick_workload(r, s, &decl, &model.workload);
    if (st == ST_OK)
        st = scn_vm_attrs(r, s, &decl.place, &r->class_attrs[r->sc->nr_classes]);
    if (st != ST_OK)
        return st;
    guest = arena_array(r->arena, 1, sizeof(*guest));
    if (!guest)
        return scn_out_of_memory(r->diag);
    *guest = decl.guest;
    guest->dirty = r->sc->workloads[model.workload].dirty;
    if (guest->nonzero_bytes == SCN_NONZERO_ALL)
        guest->nonzero_bytes = guest->memory_bytes;
    model.guest = guest;
    model.class_id = r->sc->nr_classes;
    r->sc->class_names[r->sc->nr_classes++] = s->name;
    s->first_made = r->sc->nr_vms;
    s->nr_made = decl.count;
    return add_vms(r, s, &decl, &model);
}

/* How many VMs the sections make together. */
static enum status count_vms(struct scn_resolver *r, uint32_t *nr)
{
    const struct option *opt = option_find(&scn_vm_options, "count");

    *nr = 0;
    for (const struct scn_section *s = r->doc->first[SCN_VM]; s; s = s->next) {
        const struct scn_entry *e = scn_section_entry(s, "count");
        struct scn_vm_decl decl;

        decl.count = 1;
        if (e && option_parse(opt, e->value, &decl, r->arena, NULL) != ST_OK)
            decl.count = 1; /* the message comes when the section is read */
        if (decl.count > SCN_VM_LIMIT - *nr)
            return scn_fail(s, e ? "count" : NULL, r->diag, "more than 2 million VMs");
        *nr += decl.count;
    }
    return ST_OK;
}

enum status scn_resolve_vms(struct scn_resolver *r)
{
    uint32_t nr;
    enum status st = count_vms(r, &nr);

    if (st != ST_OK)
        return st;
    r->sc->vms = arena_array(r->arena, nr, sizeof(*r->sc->vms));
    r->seen = arena_array(r->scratch, nr, sizeof(*r->seen));
    r->sc->class_names = arena_array(r->arena, r->doc->nr[SCN_VM], sizeof(*r->sc->class_names));
    r->class_attrs = arena_array(r->arena, r->doc->nr[SCN_VM], sizeof(*r->class_attrs));
    r->sc->place.class_attrs = r->class_attrs;
    if (!r->sc->vms || !r->seen || !r->sc->class_names || !r->class_attrs ||
        !name_index_reserve(&r->vms, r->scratch, nr))
        return scn_out_of_memory(r->diag);
    for (struct scn_section *s = r->doc->first[SCN_VM]; s && st == ST_OK; s = s->next)
        st = one_vm_section(r, s);
    assert(st != ST_OK || r->sc->nr_vms == nr);
    return st;
}
