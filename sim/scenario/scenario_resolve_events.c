/*
 * scenario_resolve_events.c - requests, faults and changes: names and patterns become indexes.
 *
 * Invariant: within a section no VM comes twice, and VMs that a pattern finds come in VM order.
 */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "sim/scenario/scenario_int.h"

#include "base/banned.h"

static enum status add_match(struct scn_resolver *r, uint32_t vm)
{
    uint32_t cap = r->cap_matches ? r->cap_matches * 2 : 64, *more;

    if (r->seen[vm] == r->serial)
        return ST_OK;
    if (r->nr_matches == r->cap_matches) {
        more = arena_array(r->scratch, cap, sizeof(*more));
        if (!more)
            return scn_out_of_memory(r->diag);
        if (r->nr_matches)
            memcpy(more, r->matches, r->nr_matches * sizeof(*more));
        r->matches = more;
        r->cap_matches = cap;
    }
    r->seen[vm] = r->serial;
    r->matches[r->nr_matches++] = vm;
    return ST_OK;
}

static enum status match_pattern(struct scn_resolver *r, const struct scn_section *s,
                                 const char *pattern)
{
    uint32_t hits = 0;

    r->pattern_work += r->sc->nr_vms;
    if (r->pattern_work > SCN_PATTERN_WORK_LIMIT) {
        scn_fail(s, "vm", r->diag, "too many patterns for so many VMs");
        diag_hint(r->diag, "name the VMs, or use fewer and wider patterns");
        return ST_EINPUT;
    }
    for (uint32_t vm = 0; vm < r->sc->nr_vms; vm++) {
        if (!scn_glob(pattern, r->sc->vms[vm].name))
            continue;
        if (add_match(r, vm) != ST_OK)
            return ST_ENOMEM;
        hits++;
    }
    if (hits == 0)
        return scn_fail(s, "vm", r->diag, "no VM is called like '%s'", pattern);
    return ST_OK;
}

/* One VM, or all that a section with count made. */
static enum status match_name(struct scn_resolver *r, const struct scn_section *s, const char *name)
{
    const struct scn_section *section = scn_doc_find(r->doc, SCN_VM, name);
    uint32_t vm = name_index_find(&r->vms, name);
    enum status st = ST_OK;
    const char *best;

    if (vm != NAME_NONE)
        return add_match(r, vm);
    if (section) {
        for (uint32_t i = 0; st == ST_OK && i < section->nr_made; i++)
            st = add_match(r, section->first_made + i);
        return st;
    }
    best = name_index_nearest(&r->vms, name);
    scn_fail(s, "vm", r->diag, "there is no VM called '%s'", name);
    if (best)
        diag_hint(r->diag, "did you mean '%s'?", best);
    return ST_EINPUT;
}

enum status scn_match_vms(struct scn_resolver *r, const struct scn_section *s,
                          const struct option_list *list)
{
    enum status st = ST_OK;

    r->serial++;
    r->nr_matches = 0;
    if (list->nr == 0)
        return scn_fail(s, "vm", r->diag, "no VM is named");
    for (uint32_t i = 0; st == ST_OK && i < list->nr; i++)
        st = scn_is_pattern(list->items[i]) ? match_pattern(r, s, list->items[i])
                                            : match_name(r, s, list->items[i]);
    return st;
}

/* ---- requests ---- */

static enum status grow_requests(struct scn_resolver *r, const struct scn_section *s, uint32_t *cap)
{
    struct scn_request *more;
    uint32_t need = r->sc->nr_requests + r->nr_matches;

    if (need > SCN_REQUEST_LIMIT)
        return scn_fail(s, "vm", r->diag, "more than 4 million requests");
    if (need <= *cap)
        return ST_OK;
    while (*cap < need)
        *cap = *cap ? *cap * 2 : 64;
    more = arena_array(r->arena, *cap, sizeof(*more));
    if (!more)
        return scn_out_of_memory(r->diag);
    if (r->sc->nr_requests)
        memcpy(more, r->sc->requests, r->sc->nr_requests * sizeof(*more));
    r->sc->requests = more;
    return ST_OK;
}

static enum status one_request(struct scn_resolver *r, struct scn_section *s, uint32_t *cap)
{
    struct scn_request_decl decl;
    int64_t last;
    enum status st = scn_fill(r, SCN_REQUEST, s, &decl);

    if (st == ST_OK)
        st = scn_match_vms(r, s, &decl.vms);
    if (st == ST_OK && decl.targets.nr)
        st = scn_match_hosts(r, s, "target", &decl.targets, SCN_AGAIN);
    if (st == ST_OK)
        st = grow_requests(r, s, cap);
    if (st != ST_OK)
        return st;
    if (__builtin_mul_overflow(decl.every_ns, (int64_t)r->nr_matches, &last) ||
        __builtin_add_overflow(last, decl.at_ns, &last) || (double)last > SCN_TIME_LIMIT)
        return scn_fail(s, "every", r->diag, "the last request would come after ten years");
    s->first_made = r->sc->nr_requests;
    s->nr_made = r->nr_matches;
    for (uint32_t i = 0; i < r->nr_matches; i++)
        r->sc->requests[r->sc->nr_requests++] = (struct scn_request){
            .name = s->name,
            .vm = r->matches[i],
            .target = decl.targets.nr ? r->host_matches[i % r->nr_host_matches] : HOST_NONE,
            .priority = (int32_t)decl.priority,
            .kind = decl.kind,
            .at_ns = decl.at_ns + decl.every_ns * (int64_t)i,
            .cancel_at_ns = decl.cancel_at_ns};
    return ST_OK;
}

enum status scn_resolve_requests(struct scn_resolver *r)
{
    uint32_t cap = 0;
    enum status st = ST_OK;

    for (struct scn_section *s = r->doc->first[SCN_REQUEST]; s && st == ST_OK; s = s->next)
        st = one_request(r, s, &cap);
    return st;
}

/* ---- faults ---- */

enum {
    FAULTS_MAX = 1000000 /* of single hosts and links */
};

static enum status add_fault(struct scn_resolver *r, const struct scn_section *s,
                             const struct scn_fault *fault, uint32_t *cap)
{
    if (r->sc->nr_faults == FAULTS_MAX)
        return scn_fail(s, "target", r->diag, "more than %d faults of hosts and links", FAULTS_MAX);
    if (r->sc->nr_faults == *cap) {
        uint32_t more = *cap ? 2 * *cap : 16;
        struct scn_fault *all = arena_array(r->arena, more, sizeof(*all));

        if (!all)
            return scn_out_of_memory(r->diag);
        if (*cap)
            memcpy(all, r->sc->faults, *cap * sizeof(*all));
        r->sc->faults = all;
        *cap = more;
    }
    r->sc->faults[r->sc->nr_faults++] = *fault;
    return ST_OK;
}

/* All hosts of the rack at once.  Its uplink is idle then, for nothing else crosses it. */
static enum status add_rack_fault(struct scn_resolver *r, const struct scn_section *s,
                                  const char *name, struct scn_fault *fault, uint32_t *cap)
{
    uint32_t rack = name_index_find(&r->racks.index, name), before = r->sc->nr_faults;
    const char *best;
    enum status st = ST_OK;

    fault->kind = FAULT_HOST_DOWN;
    for (uint32_t h = 0; h < r->sc->nr_hosts && st == ST_OK && rack != NAME_NONE; h++) {
        fault->target = h;
        if (r->sc->hosts[h].rack == rack)
            st = add_fault(r, s, fault, cap);
    }
    if (st != ST_OK || r->sc->nr_faults > before)
        return st;
    if (rack != NAME_NONE)
        return scn_fail(s, "target", r->diag, "no host is in rack '%s'", name);
    best = name_index_nearest(&r->racks.index, name);
    scn_fail(s, "target", r->diag, "there is no rack '%s'", name);
    if (best)
        diag_hint(r->diag, "did you mean '%s'?", best);
    else
        diag_hint(r->diag, "hosts say where they are: [host NAME] rack = %s", name);
    return ST_EINPUT;
}

static enum status one_fault(struct scn_resolver *r, struct scn_section *s, uint32_t *cap)
{
    struct scn_fault_decl decl;
    struct scn_fault fault = {.name = s->name};
    enum status st = scn_fill(r, SCN_FAULT, s, &decl);

    if (st != ST_OK)
        return st;
    s->first_made = r->sc->nr_faults;
    fault.kind = decl.kind;
    fault.at_ns = decl.at_ns;
    fault.duration_ns = decl.duration_ns;
    fault.ratio = decl.ratio;
    if (decl.kind == FAULT_RACK_DOWN)
        st = add_rack_fault(r, s, decl.target, &fault, cap);
    else
        st = decl.kind == FAULT_HOST_DOWN
                 ? scn_find_host(r, s, "target", decl.target, &fault.target)
                 : scn_find_name(r, s, "target", SCN_LINK, decl.target, &fault.target);
    if (st == ST_OK && decl.kind != FAULT_RACK_DOWN)
        st = add_fault(r, s, &fault, cap);
    s->nr_made = r->sc->nr_faults - s->first_made;
    return st;
}

enum status scn_resolve_faults(struct scn_resolver *r)
{
    uint32_t cap = 0;
    enum status st = ST_OK;

    for (struct scn_section *s = r->doc->first[SCN_FAULT]; s && st == ST_OK; s = s->next)
        st = one_fault(r, s, &cap);
    return st;
}

/* ---- changes ---- */

static enum status one_change(struct scn_resolver *r, struct scn_section *s, uint32_t *cap)
{
    struct scenario *sc = r->sc;
    struct scn_change_decl decl;
    struct scn_change *more;
    enum status st = scn_fill(r, SCN_CHANGE, s, &decl);

    if (st == ST_OK)
        st = scn_match_vms(r, s, &decl.vms);
    if (st != ST_OK)
        return st;
    if (r->nr_matches > SCN_REQUEST_LIMIT - sc->nr_changes)
        return scn_fail(s, "vm", r->diag, "more than 4 million changes");
    if (sc->nr_changes + r->nr_matches > *cap) {
        while (*cap < sc->nr_changes + r->nr_matches)
            *cap = *cap ? *cap * 2 : 64;
        more = arena_array(r->arena, *cap, sizeof(*more));
        if (!more)
            return scn_out_of_memory(r->diag);
        if (sc->nr_changes)
            memcpy(more, sc->changes, sc->nr_changes * sizeof(*more));
        sc->changes = more;
    }
    s->first_made = sc->nr_changes;
    s->nr_made = r->nr_matches;
    for (uint32_t i = 0; i < r->nr_matches; i++)
        sc->changes[sc->nr_changes++] =
            (struct scn_change){.name = s->name,
                                .vm = r->matches[i],
                                .at_ns = decl.at_ns,
                                .max_bandwidth_bytes_per_s = decl.max_bandwidth_bytes_per_s,
                                .downtime_limit_ns = decl.downtime_limit_ns};
    return ST_OK;
}

enum status scn_resolve_changes(struct scn_resolver *r)
{
    uint32_t cap = 0;
    enum status st = ST_OK;

    for (struct scn_section *s = r->doc->first[SCN_CHANGE]; s && st == ST_OK; s = s->next)
        st = one_change(r, s, &cap);
    return st;
}
