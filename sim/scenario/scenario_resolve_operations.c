/*
 * scenario_resolve_operations.c - [operation NAME]: names and patterns become hosts.
 */
#include "base/units.h"
#include "sim/scenario/scenario_int.h"

#include "base/banned.h"

static enum status check(const struct scn_resolver *r, const struct scn_section *s,
                         const struct scn_operation *op)
{
    bool reboots = op->kind == OPERATION_MAINTENANCE || op->kind == OPERATION_UPGRADE;

    if (op->at_ns > r->sc->horizon_ns) {
        scn_fail(s, "at", r->diag, "it begins after the horizon");
        diag_hint(r->diag, "raise [scenario] horizon");
        return ST_EINPUT;
    }
    if (op->return_vms && !reboots) {
        scn_fail(s, "return_vms", r->diag, "its hosts do not come back");
        diag_hint(r->diag, "write kind = maintenance or upgrade");
        return ST_EINPUT;
    }
    if (op->stuck != STUCK_WAIT && op->max_wait_ns == 0) {
        scn_fail(s, "when_stuck", r->diag, "no host is ever stuck: max_wait is forever");
        diag_hint(r->diag, "write max_wait = 2h, or so");
        return ST_EINPUT;
    }
    if (op->kind != OPERATION_REBALANCE && op->kind != OPERATION_CONSOLIDATE)
        return ST_OK;
    if (op->nr_hosts < 2)
        return scn_fail(s, "hosts", r->diag, "it needs two hosts");
    for (uint32_t i = 0; i < op->nr_hosts; i++)
        if (r->sc->hosts[op->hosts[i]].memory_bytes == 0) {
            scn_fail(s, "hosts", r->diag, "nothing is said of the memory of %s",
                     r->sc->hosts[op->hosts[i]].name);
            diag_hint(r->diag, "give the hosts their memory: it is what is evened out");
            return ST_EINPUT;
        }
    return ST_OK;
}

static enum status one_operation(struct scn_resolver *r, struct scn_section *s,
                                 struct scn_operation *op)
{
    struct scn_operation_decl decl;
    enum status st = scn_fill(r, SCN_OPERATION, s, &decl);

    if (st == ST_OK)
        st = scn_match_hosts(r, s, "hosts", &decl.hosts, SCN_ONCE);
    if (st != ST_OK)
        return st;
    *op = decl.op;
    op->name = s->name;
    op->nr_hosts = r->nr_host_matches;
    op->hosts = arena_memdup(r->arena, r->host_matches, r->nr_host_matches * sizeof(uint32_t));
    s->nr_made = 1;
    return op->hosts ? check(r, s, op) : scn_out_of_memory(r->diag);
}

enum status scn_resolve_operations(struct scn_resolver *r)
{
    uint32_t sections = r->doc->nr[SCN_OPERATION], nr = 0;
    struct scn_operation *all = arena_array(r->arena, sections, sizeof(*all));
    uint64_t hosts = 0;

    if (!all)
        return scn_out_of_memory(r->diag);
    for (struct scn_section *s = r->doc->first[SCN_OPERATION]; s; s = s->next) {
        enum status st = one_operation(r, s, &all[nr]);

        if (st != ST_OK)
            return st;
        s->first_made = nr;
        hosts += all[nr++].nr_hosts;
        if (hosts > SCN_REQUEST_LIMIT)
            return scn_fail(s, "hosts", r->diag, "operations name more than 4 million hosts");
    }
    r->sc->operations = all;
    r->sc->nr_operations = nr;
    return ST_OK;
}
