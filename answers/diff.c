/*
 * diff.c - groups the rows of two runs by VM and compares what came of each.
 *
 * Leaves words to cli/cmd_diff.c.  Invariant: the result depends on the rows alone, not on their
 * order.
 */
#include "answers/diff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats.h"
#include "base/units.h"

/* A row of either run, to be sorted by VM. */
struct ref {
    const struct run_result *run;
    size_t row;
    const char *vm;
    uint32_t replication, job, attempt;
    bool b; /* of the second run */
};

static const char *name_of(const struct ref *r)
{
    return r->vm ? r->vm : "";
}

/* By VM, side, replication, job and attempt. */
static int compare_refs(const void *left, const void *right)
{
    const struct ref *x = left, *y = right;
    int by = strcmp(name_of(x), name_of(y));

    if (by)
        return by;
    if (x->b != y->b)
        return x->b ? 1 : -1;
    if (x->replication != y->replication)
        return x->replication < y->replication ? -1 : 1;
    if (x->job != y->job)
        return x->job < y->job ? -1 : 1;
    return x->attempt < y->attempt ? -1 : x->attempt > y->attempt;
}

static bool same_job(const struct ref *x, const struct ref *y)
{
    return x->b == y->b && x->replication == y->replication && x->job == y->job;
}

struct lists {
    double *total, *wait, *downtime;
    size_t nr_total, nr_wait, nr_downtime;
};

static double median(double *values, size_t nr)
{
    if (nr == 0)
        return NAN;
    stats_sort(values, nr);
    return stats_quantile_sorted(values, nr, 0.5);
}

/* Worse outcomes have larger words. */
static int gravity(enum outcome o)
{
    static const int of[OUTCOME_NR] = {
        [OUTCOME_COMPLETED] = 0, [OUTCOME_CANCELLED] = 1, [OUTCOME_REJECTED] = 2,
        [OUTCOME_QUEUED] = 3,    [OUTCOME_TIMEOUT] = 4,   [OUTCOME_FAILED] = 5,
    };

    return of[o];
}

static void add_last(struct diff_side *s, struct lists *l, const struct mig_result *r,
                     uint32_t counts[OUTCOME_NR], const char *reasons[OUTCOME_NR])
{
    s->jobs++;
    s->completed += r->outcome == OUTCOME_COMPLETED;
    counts[r->outcome]++;
    if (!reasons[r->outcome])
        reasons[r->outcome] = r->reason;
    if (r->started_ns >= 0) {
        l->total[l->nr_total++] = (double)r->total_ns;
        l->wait[l->nr_wait++] = (double)(r->started_ns - r->queued_ns);
        if (r->downtime_ns >= 0)
            l->downtime[l->nr_downtime++] = (double)r->downtime_ns;
    }
}

/* One side of one VM: @refs of it, @nr of them. */
static void sum_side(const struct ref *refs, size_t nr, struct lists *l, struct diff_side *s)
{
    uint32_t counts[OUTCOME_NR] = {0};
    const char *reasons[OUTCOME_NR] = {0};
    struct mig_result room;
    int worst = -1;

    *s = (struct diff_side){.outcome = OUTCOME_COMPLETED};
    l->nr_total = l->nr_wait = l->nr_downtime = 0;
    for (size_t i = 0; i < nr; i++) {
        const struct mig_result *r = result_mig(refs[i].run, refs[i].row, &room);

        s->attempts++;
        s->throttle_pct = fmax(s->throttle_pct, (double)r->max_throttle_pct);
        if (i + 1 == nr || !same_job(&refs[i], &refs[i + 1]))
            add_last(s, l, r, counts, reasons);
    }
    for (int o = 0; o < OUTCOME_NR; o++)
        if (counts[o] && (worst < 0 || counts[o] > counts[worst] ||
                          (counts[o] == counts[worst] &&
                           gravity((enum outcome)o) > gravity((enum outcome)worst))))
            worst = o;
    if (worst >= 0) {
        s->outcome = (enum outcome)worst;
        s->reason = reasons[worst];
    }
    s->total_ns = median(l->total, l->nr_total);
    s->wait_ns = median(l->wait, l->nr_wait);
    s->downtime_ns = median(l->downtime, l->nr_downtime);
}

/* -1 shorter, 1 longer, 0 the same. */
static int sense(double a, double b, double tolerance)
{
    double slack = fmax(tolerance * fmax(a, b), (double)NS_PER_MS);

    if (isnan(a) || isnan(b) || fabs(a - b) <= slack)
        return 0;
    return b > a ? 1 : -1;
}

static enum diff_change judge(const struct diff_side *a, const struct diff_side *b,
                              double tolerance)
{
    int pause, time;

    if (a->jobs == 0)
        return DIFF_ADDED;
    if (b->jobs == 0)
        return DIFF_REMOVED;
    if (a->outcome != b->outcome || a->completed != b->completed)
        return DIFF_OUTCOME;
    pause = sense(a->downtime_ns, b->downtime_ns, tolerance);
    time = sense(a->wait_ns + a->total_ns, b->wait_ns + b->total_ns, tolerance);
    if (pause == 0 && time == 0)
        return DIFF_SAME;
    if (pause * time < 0)
        return pause > 0 ? DIFF_SOONER : DIFF_LATER;
    return pause + time > 0 ? DIFF_WORSE : DIFF_BETTER;
}

static double grew_by(const struct diff_vm *v)
{
    double pause = fabs(v->b.downtime_ns - v->a.downtime_ns);
    double time = fabs(v->b.total_ns + v->b.wait_ns - v->a.total_ns - v->a.wait_ns);

    return (isnan(pause) ? 0.0 : pause * 10.0) + (isnan(time) ? 0.0 : time);
}

static int rank(enum diff_change c)
{
    static const int of[] = {
        [DIFF_OUTCOME] = 0, [DIFF_WORSE] = 1, [DIFF_SOONER] = 2,  [DIFF_LATER] = 3,
        [DIFF_BETTER] = 4,  [DIFF_ADDED] = 5, [DIFF_REMOVED] = 6, [DIFF_SAME] = 7};

    return of[c];
}

static int compare_vms(const void *left, const void *right)
{
    const struct diff_vm *x = left, *y = right;
    double gx = grew_by(x), gy = grew_by(y);

    if (rank(x->change) != rank(y->change))
        return rank(x->change) < rank(y->change) ? -1 : 1;
    if (x->change == DIFF_OUTCOME && gravity(x->b.outcome) != gravity(y->b.outcome))
        return gravity(x->b.outcome) > gravity(y->b.outcome) ? -1 : 1;
    if (gx != gy)
        return gx > gy ? -1 : 1;
    return strcmp(x->vm, y->vm);
}

static enum status sum_up(const struct run_result *run, struct diff_total *t)
{
    double *spans = calloc((size_t)run->replications + 1, sizeof(*spans));
    size_t nr = 0, i = 0;
    struct mig_result room;

    *t = (struct diff_total){.worst_downtime_ns = NAN, .completed_ratio = NAN};
    if (!spans)
        return ST_ENOMEM;
    while (i < run->nr_migs) {
        size_t behind = result_next_replication(run, i);
        int64_t first = INT64_MAX, last = -1;

        for (; i < behind; i++) {
            const struct mig_result *r = result_mig(run, i, &room);

            first = r->queued_ns < first ? r->queued_ns : first;
            last = r->ended_ns > last ? r->ended_ns : last;
            t->sent_bytes += (double)r->transferred_bytes + (double)r->disk_bytes;
            if (r->downtime_ns >= 0)
                t->worst_downtime_ns = fmax(t->worst_downtime_ns, (double)r->downtime_ns);
        }
        if (last >= 0 && nr < run->replications)
            spans[nr++] = (double)(last - first);
    }
    t->makespan_ns = median(spans, nr);
    t->sent_bytes /= run->replications ? (double)run->replications : 1.0;
    free(spans);
    return ST_OK;
}

static void group(const struct ref *refs, size_t nr, double tolerance, struct lists *l,
                  struct diff_result *out)
{
    for (size_t i = 0; i < nr;) {
        struct diff_vm *v = &out->vms[out->nr++];
        size_t end = i, side;

        while (end < nr && strcmp(name_of(&refs[end]), name_of(&refs[i])) == 0)
            end++;
        for (side = i; side < end && !refs[side].b; side++)
            ;
        v->vm = name_of(&refs[i]);
        sum_side(refs + i, side - i, l, &v->a);
        sum_side(refs + side, end - side, l, &v->b);
        v->change = judge(&v->a, &v->b, tolerance);
        out->nr_changed += v->change != DIFF_SAME;
        i = end;
    }
}

/* What was tried twice and then arrived has completed, as the verdict of a run has it. */
static void share_completed(struct diff_result *d)
{
    size_t jobs[2] = {0}, done[2] = {0};

    for (size_t i = 0; i < d->nr; i++) {
        jobs[0] += d->vms[i].a.jobs;
        jobs[1] += d->vms[i].b.jobs;
        done[0] += d->vms[i].a.completed;
        done[1] += d->vms[i].b.completed;
    }
    if (jobs[0] > 0)
        d->a.completed_ratio = (double)done[0] / (double)jobs[0];
    if (jobs[1] > 0)
        d->b.completed_ratio = (double)done[1] / (double)jobs[1];
}

static void add_refs(struct ref *refs, const struct run_result *run, bool b)
{
    struct mig_result room;

    for (size_t i = 0; i < run->nr_migs; i++) {
        const struct mig_result *r = result_mig(run, i, &room);

        refs[i] = (struct ref){.run = run,
                               .row = i,
                               .vm = r->vm,
                               .replication = r->replication,
                               .job = r->job,
                               .attempt = r->attempt,
                               .b = b};
    }
}

enum status diff_runs(const struct run_result *a, const struct run_result *b, double tolerance,
                      struct diff_result *out)
{
    size_t nr = a->nr_migs + b->nr_migs;
    struct ref *refs = calloc(nr + 1, sizeof(*refs));
    struct lists l = {.total = calloc(nr + 1, sizeof(double)),
                      .wait = calloc(nr + 1, sizeof(double)),
                      .downtime = calloc(nr + 1, sizeof(double))};
    enum status st = ST_ENOMEM;

    *out = (struct diff_result){.vms = calloc(nr + 1, sizeof(*out->vms))};
    if (refs && l.total && l.wait && l.downtime && out->vms)
        st = sum_up(a, &out->a);
    if (st == ST_OK)
        st = sum_up(b, &out->b);
    if (st == ST_OK) {
        add_refs(refs, a, false);
        add_refs(refs + a->nr_migs, b, true);
        qsort(refs, nr, sizeof(*refs), compare_refs);
        group(refs, nr, tolerance, &l, out);
        share_completed(out);
        qsort(out->vms, out->nr, sizeof(*out->vms), compare_vms);
    }
    free(refs);
    free(l.total);
    free(l.wait);
    free(l.downtime);
    if (st != ST_OK)
        diff_release(out);
    return st;
}

void diff_release(struct diff_result *out)
{
    free(out->vms);
    *out = (struct diff_result){0};
}
