/*
 * result.c - migrations one by one; the words for outcomes, bindings and fixes; and which
 * replication is typical.
 *
 * Stands on its own, with rows.c, for store/ and reports/, which know the rows but not the
 * simulator; so it includes nothing of sim/ but result.h and rows.h.  Each table names every value
 * of its enum.
 */
#include "sim/result.h"

#include <assert.h>
#include <stdlib.h>

#include "sim/rows.h"

const struct mig_result *result_mig(const struct run_result *run, size_t i, struct mig_result *room)
{
    assert(i < run->nr_migs);
    return rows_at(run->migs, (uint32_t)i, room);
}

size_t result_next_replication(const struct run_result *run, size_t i)
{
    struct mig_result room;
    uint32_t replication;

    if (run->replications == 1)
        return run->nr_migs;
    replication = result_mig(run, i, &room)->replication;

    while (++i < run->nr_migs && result_mig(run, i, &room)->replication == replication)
        ;
    return i;
}

bool result_add_mig(struct run_result *run, const struct mig_result *mig)
{
    if (!run->migs) {
        run->migs = malloc(sizeof(*run->migs));
        if (!run->migs)
            return false;
        rows_init(run->migs);
    }
    if (!rows_append(run->migs, mig))
        return false;
    run->nr_migs++;
    return true;
}

bool result_set_mig(struct run_result *run, size_t i, const struct mig_result *mig)
{
    assert(i < run->nr_migs);
    return rows_set(run->migs, (uint32_t)i, mig);
}

void result_free_migs(struct run_result *run)
{
    if (run->migs)
        rows_release(run->migs);
    free(run->migs);
    run->migs = NULL;
    run->nr_migs = 0;
}

/* A replication as a stretch of the rows. */
struct stretch {
    double makespan;
    size_t first, nr;
};

static int by_makespan(const void *left, const void *right)
{
    const struct stretch *a = left, *b = right;

    if (a->makespan < b->makespan || a->makespan > b->makespan)
        return a->makespan < b->makespan ? -1 : 1;
    return a->first < b->first ? -1 : a->first > b->first;
}

size_t result_typical(const struct run_result *run, size_t *nr)
{
    struct stretch *all = calloc((size_t)run->replications + 1, sizeof(*all)), typical = {0};
    size_t stretches = 0;
    struct mig_result room;

    for (size_t i = 0; all && i < run->nr_migs && stretches <= run->replications; stretches++) {
        size_t behind = result_next_replication(run, i);
        int64_t from = INT64_MAX, to = 0;

        all[stretches].first = i;
        for (; i < behind; i++) {
            const struct mig_result *mig = result_mig(run, i, &room);

            from = mig->queued_ns < from ? mig->queued_ns : from;
            to = mig->ended_ns > to ? mig->ended_ns : to;
        }
        all[stretches].nr = i - all[stretches].first;
        all[stretches].makespan = (double)to - (double)from;
    }
    if (stretches > 0) {
        qsort(all, stretches, sizeof(*all), by_makespan);
        typical = all[(stretches - 1) / 2];
    }
    free(all);
    *nr = typical.nr;
    return typical.first;
}

static const char *const outcome_names[OUTCOME_NR] = {
    [OUTCOME_COMPLETED] = "completed", [OUTCOME_TIMEOUT] = "timeout",
    [OUTCOME_CANCELLED] = "cancelled", [OUTCOME_FAILED] = "failed",
    [OUTCOME_REJECTED] = "rejected",   [OUTCOME_QUEUED] = "queued",
};

static const char *const binding_names[BINDING_NR] = {
    [BINDING_NONE] = "nothing",
    [BINDING_LINK] = "link",
    [BINDING_CAP] = "bandwidth limit",
    [BINDING_STREAM_CPU] = "CPU of one stream",
    [BINDING_SCAN] = "memory scan",
    [BINDING_DIRTY_RATE] = "dirty rate",
    [BINDING_DOWNTIME_LIMIT] = "downtime limit",
    [BINDING_TIMEOUT] = "timeout",
    [BINDING_FAULT] = "fault",
};

static const char *const binding_keys[BINDING_NR] = {
    [BINDING_NONE] = "none",
    [BINDING_LINK] = "link",
    [BINDING_CAP] = "cap",
    [BINDING_STREAM_CPU] = "stream_cpu",
    [BINDING_SCAN] = "scan",
    [BINDING_DIRTY_RATE] = "dirty_rate",
    [BINDING_DOWNTIME_LIMIT] = "downtime_limit",
    [BINDING_TIMEOUT] = "timeout",
    [BINDING_FAULT] = "fault",
};

static const char *const fix_keys[FIX_NR] = {
    [FIX_ALONE] = "alone",
    [FIX_MAX_BANDWIDTH] = "max_bandwidth",
    [FIX_LINK_RATE] = "link_rate",
    [FIX_MULTIFD] = "multifd_channels",
    [FIX_DOWNTIME_LIMIT] = "downtime_limit",
    [FIX_TIMEOUT] = "completion_timeout",
    [FIX_PROGRESS_TIMEOUT] = "progress_timeout",
    [FIX_HORIZON] = "horizon",
    [FIX_AUTO_CONVERGE] = "auto_converge",
    [FIX_POSTCOPY] = "postcopy",
    [FIX_DIRTY_RATE] = "write_rate",
};

static const char *const unit_keys[VALUE_NR] = {
    [VALUE_COUNT] = "count",
    [VALUE_NS] = "ns",
    [VALUE_BYTES] = "bytes",
    [VALUE_RATIO] = "ratio",
};

const char *outcome_name(enum outcome o)
{
    assert((unsigned)o < OUTCOME_NR);
    return outcome_names[o];
}

const char *binding_name(enum binding b)
{
    assert((unsigned)b < BINDING_NR);
    return binding_names[b];
}

const char *binding_key(enum binding b)
{
    assert((unsigned)b < BINDING_NR);
    return binding_keys[b];
}

const char *fix_key(enum fix_kind f)
{
    assert((unsigned)f < FIX_NR);
    return fix_keys[f];
}

const char *value_unit_key(enum value_unit u)
{
    assert((unsigned)u < VALUE_NR);
    return unit_keys[u];
}

const char *hazard_key(enum hazard_kind k)
{
    static const char *const keys[HAZARD_NR] = {
        [HAZARD_INFINITE_DRAIN] = "infinite_drain",
        [HAZARD_DEADLOCK] = "deadlock",
        [HAZARD_NO_TARGET] = "no_target",
        [HAZARD_TIMEOUT] = "timeout_fails_all",
        [HAZARD_NEVER] = "never_converges",
        [HAZARD_DISK] = "disk_never_ready",
        [HAZARD_LIMIT] = "limit_raised",
        [HAZARD_FROZEN] = "frozen_guests",
        [HAZARD_LOST] = "lost_guests",
        [HAZARD_POSTCOPY] = "postcopy_exposure",
        [HAZARD_TARGET_NIC] = "target_nic",
    };

    return k < HAZARD_NR ? keys[k] : "?";
}
