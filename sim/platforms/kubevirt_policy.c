/*
 * kubevirt_policy.c - which MigrationPolicy holds for a VM, and what a deadline comes to.
 *
 * Pure functions; kubevirt.c applies what they find.
 */
#include <assert.h>
#include <string.h>

#include "sim/platforms/kubevirt.h"

static bool has(const struct option_list *labels, const char *label)
{
    for (uint32_t i = 0; i < labels->nr; i++)
        if (strcmp(labels->items[i], label) == 0)
            return true;
    return false;
}

static bool matches(const struct kubevirt_policy *p, const struct option_list *labels)
{
    for (uint32_t i = 0; i < p->selectors.nr; i++)
        if (!has(labels, p->selectors.items[i]))
            return false;
    return p->selectors.nr > 0;
}

const struct kubevirt_policy *kubevirt_policy_find(const struct kubevirt_policy *policies,
                                                   uint32_t nr, const struct option_list *labels)
{
    const struct kubevirt_policy *best = NULL;

    for (uint32_t i = 0; i < nr; i++) {
        const struct kubevirt_policy *p = &policies[i];

        if (!matches(p, labels))
            continue;
        if (!best || p->selectors.nr > best->selectors.nr ||
            (p->selectors.nr == best->selectors.nr && strcmp(p->name, best->name) < 0))
            best = p;
    }
    return best;
}

int64_t kubevirt_deadline_s(int64_t per_gib_s, uint64_t bytes)
{
    assert(per_gib_s >= 0);
    return per_gib_s * (int64_t)((bytes + (KUBEVIRT_GB - 1)) / KUBEVIRT_GB);
}
