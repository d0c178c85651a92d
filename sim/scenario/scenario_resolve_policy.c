/*
 * scenario_resolve_policy.c - [migrationpolicy] sections become an array, in the order of the file.
 *
 * Which policy holds for a VM is decided in sim/platforms/kubevirt_policy.c.
 */
#include "sim/platforms/kubevirt.h"
#include "sim/scenario/scenario_int.h"

enum status scn_resolve_policies(struct scn_resolver *r)
{
    uint32_t nr = 0;
    struct kubevirt_policy *all = arena_array(r->arena, r->doc->nr[SCN_POLICY], sizeof(*all));

    if (!all)
        return scn_out_of_memory(r->diag);
    for (struct scn_section *s = r->doc->first[SCN_POLICY]; s; s = s->next) {
        enum status st = scn_fill(r, SCN_POLICY, s, &all[nr]);

        if (st != ST_OK)
            return st;
        all[nr].name = s->name;
        s->first_made = nr++;
        s->nr_made = 1;
    }
    r->sc->policies = all;
    r->sc->nr_policies = nr;
    return ST_OK;
}
