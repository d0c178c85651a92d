/*
 * caution.c - three hazards that hide behind "completed" or "still migrating", from the rows alone.
 *
 * Leaves goals to thresholds and fixes to advice.c.  Rows that say nothing of the kind add nothing.
 */
#include "reports/caution.h"

#include <string.h>

#include "base/units.h"

/* A guest bears a second; what is longer is no stop-and-copy any more. */
#define LONG_NS NS_PER_S
/* A limit that nobody chooses for a guest that serves. */
#define HIGH_LIMIT_NS (2 * NS_PER_S)

static bool is_live(const struct mig_result *m)
{
    return !m->kind || strcmp(m->kind, "live") == 0;
}

/* No vCPU ran for much longer than the stop itself took: it was paused before. */
static bool was_paused(const struct mig_result *m)
{
    int64_t stop = m->downtime_ns > 0 ? m->downtime_ns : 0;

    return is_live(m) && m->outcome == OUTCOME_COMPLETED && m->disk_ns == 0 &&
           m->blackout_ns > stop + LONG_NS;
}

static bool had_high_limit(const struct mig_result *m)
{
    return is_live(m) && m->outcome == OUTCOME_COMPLETED && m->downtime_ns > LONG_NS &&
           m->downtime_limit_ns >= HIGH_LIMIT_NS;
}

static bool waits_for_disks(const struct mig_result *m)
{
    return m->outcome == OUTCOME_QUEUED && m->reason && strncmp(m->reason, "never ready", 11) == 0;
}

void caution_add(struct strbuf *words, const struct run_result *run)
{
    size_t paused = 0, high = 0, disks = 0;
    int64_t longest = 0, limit = 0;
    char a[UNITS_TEXT];

    for (size_t i = 0; i < run->nr_migs; i++) {
        const struct mig_result *m = &run->migs[i];

        if (was_paused(m)) {
            paused++;
            longest = m->blackout_ns > longest ? m->blackout_ns : longest;
        }
        if (had_high_limit(m)) {
            high++;
            limit = m->downtime_limit_ns > limit ? m->downtime_limit_ns : limit;
        }
        disks += waits_for_disks(m);
    }
    if (paused)
        strbuf_addf(words, ". %zu guest%s paused until memory had moved, for up to %s", paused,
                    paused > 1 ? "s were" : " was", units_time(a, longest));
    if (high)
        strbuf_addf(words, ". In the end the downtime limit of %zu guest%s stood at %s%s", high,
                    high > 1 ? "s" : "", high > 1 ? "up to " : "", units_time(a, limit));
    if (disks)
        strbuf_addf(words,
                    ". %zu never get%s to memory: a disk is written faster than it is copied",
                    disks, disks > 1 ? "" : "s");
}
