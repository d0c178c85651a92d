/*
 * codes.c - from a row or a hazard to its code.
 *
 * The texts are codes_table.c's.  Invariant: every code that leaves here stands in the table.
 */
#include "reports/codes.h"

#include <string.h>
#include <strings.h>

#include "base/banned.h"

const struct code *code_find(const char *name)
{
    for (const struct code *c = code_table; c->code; c++)
        if (strcasecmp(c->code, name) == 0 || strcasecmp(c->code + strlen("E-"), name) == 0)
            return c;
    return NULL;
}

const char *code_group_name(enum code_group group)
{
    static const char *const names[CODES_GROUPS] = {
        [CODES_OUTCOMES] = "outcomes",
        [CODES_HAZARDS] = "hazards",
        [CODES_GOALS] = "goals",
        [CODES_PROGRAM] = "program",
    };

    return names[group];
}

static bool says(const struct mig_result *mig, const char *words)
{
    return mig->reason && strstr(mig->reason, words);
}

static bool no_target(const struct mig_result *mig)
{
    return says(mig, "no target") || says(mig, "will not do");
}

static const char *of_failed(const struct mig_result *mig)
{
    if (says(mig, "guest lost") || says(mig, "guest stopped"))
        return "E-LOST";
    if (no_target(mig) || says(mig, "pod was pending"))
        return "E-NOTARGET";
    return "E-FAILED";
}

static const char *of_waiting(const struct mig_result *mig)
{
    if (no_target(mig))
        return "E-NOTARGET";
    if (mig->started_ns < 0)
        return "E-QUEUED";
    if (says(mig, REASON_NEVER_CONVERGES))
        return "E-NEVER";
    return says(mig, "never ready") ? "E-DISK" : "E-RUNNING";
}

const char *code_of_migration(const struct mig_result *mig)
{
    switch (mig->outcome) {
    case OUTCOME_TIMEOUT:
        return says(mig, "progress") || says(mig, "stall") ? "E-PROGRESS" : "E-TIMEOUT";
    case OUTCOME_CANCELLED:
        return "E-CANCELLED";
    case OUTCOME_FAILED:
        return of_failed(mig);
    case OUTCOME_REJECTED:
        return no_target(mig) ? "E-NOTARGET" : "E-REFUSED";
    case OUTCOME_QUEUED:
        return of_waiting(mig);
    case OUTCOME_COMPLETED:
    case OUTCOME_NR:
        break;
    }
    return NULL;
}

const char *code_of_hazard(enum hazard_kind kind)
{
    static const char *const of[HAZARD_NR] = {
        [HAZARD_INFINITE_DRAIN] = "E-DRAIN",
        [HAZARD_DEADLOCK] = "E-DEADLOCK",
        [HAZARD_NO_TARGET] = "E-NOTARGET",
        [HAZARD_TIMEOUT] = "E-TIMEOUTALL",
        [HAZARD_NEVER] = "E-NEVER",
        [HAZARD_DISK] = "E-DISK",
        [HAZARD_FROZEN] = "E-FROZEN",
        [HAZARD_LIMIT] = "E-LIMIT",
        [HAZARD_LOST] = "E-LOST",
        [HAZARD_POSTCOPY] = "E-POSTCOPY",
        [HAZARD_TARGET_NIC] = "E-CROWD",
    };

    return kind < HAZARD_NR ? of[kind] : NULL;
}
