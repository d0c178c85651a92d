/*
 * summary.c - count, group and sort the migrations of a run.
 *
 * Grouping is two sorts and no hash table: the order, and with it every report, depends on nothing
 * but the rows.  Invariant: members is a permutation of all migrations, cut into the groups.
 */
#include "reports/summary.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats.h"

#include "base/banned.h"

bool scored_value(const struct mig_result *mig, enum scored field, double *value)
{
    int64_t ns;

    if (mig->started_ns < 0)
        return false;
    switch (field) {
    case SCORED_TOTAL_TIME:
        ns = mig->total_ns;
        break;
    case SCORED_DOWNTIME:
        ns = mig->downtime_ns;
        break;
    case SCORED_SETUP_TIME:
        ns = mig->setup_ns;
        break;
    case SCORED_ROUNDS:
        *value = mig->rounds;
        return true;
    case SCORED_TRANSFERRED:
        *value = (double)mig->transferred_bytes;
        return true;
    case SCORED_MAX_THROTTLE:
        *value = mig->max_throttle_pct;
        return true;
    default:
        assert(!"a scored field");
        return false;
    }
    *value = (double)ns;
    return ns >= 0;
}

/* Sorts @values. */
static struct spread spread_of(double *values, size_t nr)
{
    struct spread s = {nr, NAN, NAN, NAN, NAN, NAN, NAN};
    struct stats_moments moments = STATS_MOMENTS_INIT;

    if (nr == 0)
        return s;
    stats_sort(values, nr);
    for (size_t i = 0; i < nr; i++)
        stats_moments_add(&moments, values[i]);
    s.mean = moments.mean;
    s.p5 = stats_quantile_sorted(values, nr, 0.05);
    s.p50 = stats_quantile_sorted(values, nr, 0.50);
    s.p95 = stats_quantile_sorted(values, nr, 0.95);
    s.p99 = stats_quantile_sorted(values, nr, 0.99);
    s.max = values[nr - 1];
    return s;
}

/* A migration while it is being sorted into its group. */
struct slot {
    const char *vm;
    uint32_t attempt, replication;
    size_t place; /* among those of the same VM, attempt and replication */
    size_t index;
};

static int compare_numbers(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_vm(const struct slot *a, const struct slot *b)
{
    int by = a->vm == b->vm ? 0 : strcmp(a->vm, b->vm);

    return by ? by : compare_numbers(a->attempt, b->attempt);
}

static int by_replication(const void *left, const void *right)
{
    const struct slot *a = left, *b = right;
    int by = compare_vm(a, b);

    if (by == 0)
        by = compare_numbers(a->replication, b->replication);
    return by ? by : compare_numbers(a->index, b->index);
}

static int by_place(const void *left, const void *right)
{
    const struct slot *a = left, *b = right;
    int by = compare_vm(a, b);

    if (by == 0)
        by = compare_numbers(a->place, b->place);
    return by ? by : compare_numbers(a->index, b->index);
}

static bool same_group(const struct slot *a, const struct slot *b)
{
    return compare_vm(a, b) == 0 && a->place == b->place;
}

/* Slots in the order of their groups, with the groups counted. */
static size_t sort_slots(struct slot *slots, const struct run_result *run)
{
    struct mig_result room;
    size_t nr_groups = 0;

    for (size_t i = 0; i < run->nr_migs; i++) {
        const struct mig_result *mig = result_mig(run, i, &room);

        slots[i] = (struct slot){mig->vm ? mig->vm : "", mig->attempt, mig->replication, 0, i};
    }
    qsort(slots, run->nr_migs, sizeof(*slots), by_replication);
    for (size_t i = 1; i < run->nr_migs; i++)
        if (compare_vm(&slots[i], &slots[i - 1]) == 0 &&
            slots[i].replication == slots[i - 1].replication)
            slots[i].place = slots[i - 1].place + 1;
    qsort(slots, run->nr_migs, sizeof(*slots), by_place);
    for (size_t i = 0; i < run->nr_migs; i++)
        nr_groups += i == 0 || !same_group(&slots[i], &slots[i - 1]);
    return nr_groups;
}

/* Outcomes and spreads of @nr migrations, those in @members or (NULL) all, each looked at once;
 * @scratch has room for all scored values of them. */
static void collect(const struct run_result *run, const size_t *members, size_t nr,
                    size_t outcomes[OUTCOME_NR], struct spread scored[SCORED_NR], double *scratch)
{
    size_t known[SCORED_NR] = {0};
    struct mig_result room;

    for (size_t i = 0; i < nr; i++) {
        const struct mig_result *mig = result_mig(run, members ? members[i] : i, &room);

        outcomes[mig->outcome]++;
        for (int field = 0; field < SCORED_NR; field++)
            known[field] +=
                scored_value(mig, (enum scored)field, &scratch[(size_t)field * nr + known[field]]);
    }
    for (int field = 0; field < SCORED_NR; field++)
        scored[field] = spread_of(&scratch[(size_t)field * nr], known[field]);
}

static int worst_first(const void *left, const void *right)
{
    const struct summary_group *a = left, *b = right;
    double done_a = (double)a->outcomes[OUTCOME_COMPLETED] / (double)a->nr;
    double done_b = (double)b->outcomes[OUTCOME_COMPLETED] / (double)b->nr;
    double long_a = a->scored[SCORED_TOTAL_TIME].p95, long_b = b->scored[SCORED_TOTAL_TIME].p95;

    if (done_a < done_b || done_a > done_b)
        return done_a < done_b ? -1 : 1;
    if (isnan(long_a) != isnan(long_b)) /* never started: worse than slow */
        return isnan(long_a) ? -1 : 1;
    if (long_a < long_b || long_a > long_b)
        return long_a > long_b ? -1 : 1;
    return compare_numbers(a->first, b->first); /* by name, attempt and place */
}

static void make_groups(struct summary *s, const struct slot *slots, double *scratch)
{
    struct summary_group *group = NULL;
    size_t nr = 0;

    for (size_t i = 0; i < s->run->nr_migs; i++) {
        if (i == 0 || !same_group(&slots[i], &slots[i - 1])) {
            group = &s->groups[nr++];
            group->vm = slots[i].vm;
            group->attempt = slots[i].attempt;
            group->first = i;
        }
        group->nr++;
        s->members[i] = slots[i].index;
    }
    assert(nr == s->nr_groups);
    for (size_t g = 0; g < nr; g++)
        collect(s->run, s->members + s->groups[g].first, s->groups[g].nr, s->groups[g].outcomes,
                s->groups[g].scored, scratch);
    qsort(s->groups, nr, sizeof(*s->groups), worst_first);
    for (size_t g = 0; g < nr; g++)
        for (size_t i = 0; i < s->groups[g].nr; i++)
            s->group_of[s->members[s->groups[g].first + i]] = g;
}

/* Migrations come replication by replication, so each is one stretch of the rows. */
static struct spread makespans(const struct run_result *run, double *scratch)
{
    struct mig_result room;
    size_t nr = 0;

    for (size_t i = 0; i < run->nr_migs;) {
        size_t behind = result_next_replication(run, i);
        int64_t first = INT64_MAX, last = -1;

        for (; i < behind; i++) {
            const struct mig_result *mig = result_mig(run, i, &room);

            first = mig->queued_ns < first ? mig->queued_ns : first;
            last = mig->ended_ns > last ? mig->ended_ns : last;
        }
        if (last >= first)
            scratch[nr++] = (double)(last - first);
    }
    return spread_of(scratch, nr);
}

static bool tries_again(const struct mig_result *mig, const struct mig_result *next)
{
    return next->replication == mig->replication && next->job == mig->job &&
           next->attempt > mig->attempt;
}

static void add_costs(struct summary_costs *c, const struct mig_result *mig)
{
    double sent = (double)mig->transferred_bytes + (double)mig->disk_bytes;
    double blackout = mig->blackout_ns > 0 ? (double)mig->blackout_ns : 0;

    c->retries += mig->attempt > 1;
    if (mig->started_ns < 0)
        return;
    c->sent_bytes += sent;
    if (mig->outcome != OUTCOME_COMPLETED && sent > 0) {
        c->nr_wasted++;
        c->wasted_bytes += sent;
    }
    c->blackout_ns += blackout;
    /* the ratio is of the time in which the guest ran */
    if (isfinite(mig->guest_slowdown_ratio))
        c->lost_ns += mig->guest_slowdown_ratio * fmax((double)mig->total_ns - blackout, 0);
    if (mig->postcopy_ns > 0) {
        c->exposed_ns += (double)mig->postcopy_ns;
        c->stall_ns += mig->postcopy_stall_ns > 0 ? (double)mig->postcopy_stall_ns : 0;
    }
}

static void end_wish(struct summary *s, const struct mig_result *last)
{
    s->nr_wishes++;
    s->ends[last->outcome]++;
}

/* Rows stand by replication, job and attempt. */
static void count_ends(struct summary *s)
{
    const struct run_result *run = s->run;
    const struct mig_result *before = NULL;
    struct mig_result rooms[2];

    for (size_t i = 0; i < run->nr_migs; i++) {
        const struct mig_result *mig = result_mig(run, i, &rooms[i % 2]);

        add_costs(&s->costs, mig);
        if (before && !tries_again(before, mig))
            end_wish(s, before);
        before = mig;
    }
    if (before)
        end_wish(s, before);
}

enum status summary_init(struct summary *s, const struct run_result *run)
{
    size_t nr = run->nr_migs;
    /* one to spare: calloc(0) may give NULL */
    double *scratch = calloc(nr * SCORED_NR + 1, sizeof(*scratch));
    struct slot *slots = calloc(nr + 1, sizeof(*slots));
    enum status st = ST_ENOMEM;

    *s = (struct summary){.run = run};
    s->members = calloc(nr + 1, sizeof(*s->members));
    s->group_of = calloc(nr + 1, sizeof(*s->group_of));
    if (!scratch || !slots || !s->members || !s->group_of)
        goto out;
    s->nr_groups = sort_slots(slots, run);
    s->groups = calloc(s->nr_groups + 1, sizeof(*s->groups));
    if (!s->groups)
        goto out;
    make_groups(s, slots, scratch);
    collect(run, NULL, nr, s->outcomes, s->scored, scratch);
    s->makespan = makespans(run, scratch);
    count_ends(s);
    st = ST_OK;
out:
    free(scratch);
    free(slots);
    if (st != ST_OK)
        summary_release(s);
    return st;
}

void summary_release(struct summary *s)
{
    if (!s)
        return;
    free(s->members);
    free(s->group_of);
    free(s->groups);
    *s = (struct summary){0};
}
