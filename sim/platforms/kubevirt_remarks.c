/*
 * kubevirt_remarks.c - what surprises people in how KubeVirt and Harvester count, for one VM.
 *
 * Read where an explanation is made, never during a run.
 */
#include <inttypes.h>

#include "base/units.h"
#include "sim/platforms/kubevirt.h"

#include "base/banned.h"

static const struct kubevirt_policy *policy_of(const struct scenario *sc, uint32_t vm)
{
    const struct vm_attrs *attrs =
        sc->place.vm_attrs ? &sc->place.vm_attrs[scn_attrs_of(sc, vm)] : &vm_attrs_none;

    return kubevirt_policy_find(sc->policies, sc->nr_policies, &attrs->labels);
}

/* "PerGiB" in name and documentation, 10^9 bytes in the code. */
static void add_deadline(int64_t per_gib_s, uint64_t bytes, struct strbuf *out)
{
    int64_t gibs = (int64_t)((bytes + GIB - 1) / GIB), counted = kubevirt_deadline_s(1, bytes);
    char size[UNITS_TEXT];

    if (per_gib_s <= 0 || counted == gibs)
        return;
    strbuf_addf(out,
                "completionTimeoutPerGiB: for %s the documentation's %" PRId64 " x %" PRId64
                " s are %" PRId64 " s, but the code counts each started 10^9 bytes: %" PRId64
                " x %" PRId64 " s = %" PRId64 " s.\n",
                units_size(size, bytes), gibs, per_gib_s, gibs * per_gib_s, counted, per_gib_s,
                kubevirt_deadline_s(per_gib_s, bytes));
}

void kubevirt_remarks(const struct scenario *sc, uint32_t vm, struct strbuf *out)
{
    const struct scn_migration *m = &sc->migrations[sc->vms[vm].migration];
    const struct kubevirt_policy *policy = policy_of(sc, vm);
    int64_t per_gib_ns = m->params.completion_timeout_ns_per_gib;
    uint64_t cap = m->params.max_bandwidth_bytes_per_s;
    char rate[UNITS_TEXT];

    if (policy) {
        strbuf_addf(out, "MigrationPolicy %s matches it and goes over the cluster's settings.\n",
                    policy->name);
        per_gib_ns = policy->completion_timeout_ns_per_gib >= 0
                         ? policy->completion_timeout_ns_per_gib
                         : per_gib_ns;
        cap = policy->max_bandwidth_bytes_per_s != KUBEVIRT_UNSET
                  ? policy->max_bandwidth_bytes_per_s
                  : cap;
    }
    add_deadline(per_gib_ns / NS_PER_S, sc->vms[vm].guest->memory_bytes, out);
    if (cap != 0 && cap != UNITS_UNLIMITED)
        strbuf_addf(
            out,
            "bandwidthPerMigration %s holds for each migration by itself, not for the link; "
            "releases up to 0.42 wrote it down and did not apply it.\n",
            units_rate(rate, cap));
}
