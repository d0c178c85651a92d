/*
 * measure.c - from rows to the values that a measure speaks of, and from its words to a measure.
 *
 * A metric is one function from a row to a number; it says itself which rows it counts.  Shares of
 * outcomes are means of zeros and ones.  What a replication has one of (its makespan, say) is
 * collected over its rows.  Intervals are measure_interval.c.
 */
#include "sim/measure.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sim/measure_int.h"
#include "sim/scenario/scenario_options.h"

#include "base/banned.h"

/* False where the row has no such value. */
typedef bool row_metric(const struct scenario *sc, const struct mig_result *mig, double *value);

static bool known_ns(int64_t ns, double *value)
{
    *value = (double)ns;
    return ns >= 0;
}

static bool downtime(const struct scenario *sc, const struct mig_result *mig, double *value)
{
    (void)sc;
    return mig->started_ns >= 0 && known_ns(mig->downtime_ns, value);
}

static bool blackout(const struct scenario *sc, const struct mig_result *mig, double *value)
{
    (void)sc;
    return mig->started_ns >= 0 && known_ns(mig->blackout_ns, value);
}

static bool total_time(const struct scenario *sc, const struct mig_result *mig, double *value)
{
    (void)sc;
    return mig->started_ns >= 0 && known_ns(mig->total_ns, value);
}

/* Who still waits at the horizon has waited at least until then; who was refused never waited. */
static bool queue_time(const struct scenario *sc, const struct mig_result *mig, double *value)
{
    if (mig->started_ns >= 0)
        return known_ns(mig->started_ns - mig->queued_ns, value);
    return mig->outcome == OUTCOME_QUEUED && known_ns(sc->horizon_ns - mig->queued_ns, value);
}

/* Only of those that went into post-copy: the rest would make any mean look good. */
static bool postcopy_time(const struct scenario *sc, const struct mig_result *mig, double *value)
{
    (void)sc;
    return mig->postcopy_ns > 0 && known_ns(mig->postcopy_ns, value);
}

static bool transferred(const struct scenario *sc, const struct mig_result *mig, double *value)
{
    (void)sc;
    *value = (double)mig->transferred_bytes;
    return mig->started_ns >= 0;
}

static bool rounds(const struct scenario *sc, const struct mig_result *mig, double *value)
{
    (void)sc;
    *value = mig->rounds;
    return mig->started_ns >= 0;
}

static bool throttle(const struct scenario *sc, const struct mig_result *mig, double *value)
{
    (void)sc;
    *value = mig->max_throttle_pct / 100.0;
    return mig->started_ns >= 0;
}

static bool slowdown(const struct scenario *sc, const struct mig_result *mig, double *value)
{
    (void)sc;
    *value = mig->guest_slowdown_ratio;
    return mig->started_ns >= 0 && isfinite(mig->guest_slowdown_ratio);
}

/* ---- from rows to values ---- */

/* Names are shared by the rows of a VM or class, so most rows are told by the pointer alone. */
struct filter {
    const struct measure *m;
    const char *last;
    bool last_fits;
};

static bool fits(struct filter *f, const struct mig_result *mig)
{
    const char *name = f->m->scope == MEASURE_CLASS ? mig->vm_class : mig->vm;

    if (f->m->scope == MEASURE_ALL)
        return true;
    if (!name)
        return false;
    if (name != f->last) {
        f->last = name;
        f->last_fits = strcmp(name, f->m->name) == 0;
    }
    return f->last_fits;
}

static void add_value(struct measure_sample *s, uint32_t replication, double value)
{
    if (s->nr_groups == 0 || s->replication[s->nr_groups - 1] != replication) {
        s->replication[s->nr_groups] = replication;
        s->start[s->nr_groups++] = s->nr;
    }
    s->values[s->nr++] = value;
    s->start[s->nr_groups] = s->nr;
}

/* Rows of one wish stand together; the last attempt says what became of it. */
static bool last_attempt(const struct run_result *run, size_t i)
{
    struct mig_result rooms[2];
    const struct mig_result *mig = result_mig(run, i, &rooms[0]), *next;

    if (i + 1 == run->nr_migs)
        return true;
    next = result_mig(run, i + 1, &rooms[1]);
    return next->replication != mig->replication || next->job != mig->job;
}

/* Where the values of a metric come from. */
struct source {
    void (*collect)(struct measure_sample *s, const struct scenario *sc,
                    const struct run_result *run, const struct measure *m,
                    const struct source *from);
    row_metric *of_row;   /* of collect_rows() */
    enum outcome outcome; /* of collect_outcomes() */
    bool of_wishes;       /* of each wish its last attempt alone */
    bool of_time;         /* of collect_drains(): the makespan, else the bytes */
};

/* First request to last end, or the bytes of all: one value a replication. */
static void collect_drains(struct measure_sample *s, const struct scenario *sc,
                           const struct run_result *run, const struct measure *m,
                           const struct source *from)
{
    struct filter filter = {.m = m};
    struct mig_result room;

    for (size_t i = 0; i < run->nr_migs;) {
        uint32_t replication = result_mig(run, i, &room)->replication;
        size_t behind = result_next_replication(run, i);
        int64_t first = INT64_MAX, last = 0;
        double bytes = 0.0;

        for (; i < behind; i++) {
            const struct mig_result *mig = result_mig(run, i, &room);
            int64_t end = mig->ended_ns >= 0 ? mig->ended_ns : sc->horizon_ns;

            if (!fits(&filter, mig))
                continue;
            first = mig->queued_ns < first ? mig->queued_ns : first;
            last = end > last ? end : last;
            bytes += (double)mig->transferred_bytes;
        }
        if (first == INT64_MAX)
            continue;
        add_value(s, replication,
                  !from->of_time ? bytes
                  : last > first ? (double)(last - first)
                                 : 0.0);
    }
}

static void collect_rows(struct measure_sample *s, const struct scenario *sc,
                         const struct run_result *run, const struct measure *m,
                         const struct source *from)
{
    struct filter filter = {.m = m};
    struct mig_result room;
    double value;

    for (size_t i = 0; i < run->nr_migs; i++) {
        const struct mig_result *mig = result_mig(run, i, &room);

        if (fits(&filter, mig) && from->of_row(sc, mig, &value))
            add_value(s, mig->replication, value);
    }
}

static void collect_outcomes(struct measure_sample *s, const struct scenario *sc,
                             const struct run_result *run, const struct measure *m,
                             const struct source *from)
{
    struct filter filter = {.m = m};
    struct mig_result room;

    (void)sc;
    for (size_t i = 0; i < run->nr_migs; i++) {
        const struct mig_result *mig = result_mig(run, i, &room);

        if (fits(&filter, mig) && (!from->of_wishes || last_attempt(run, i)))
            add_value(s, mig->replication, mig->outcome == from->outcome);
    }
}

/* clang-format off */
static const struct source sources[SCN_METRIC_NR] = {
    [SCN_METRIC_DOWNTIME]          = {collect_rows, .of_row = downtime},
    [SCN_METRIC_BLACKOUT]          = {collect_rows, .of_row = blackout},
    [SCN_METRIC_TOTAL_TIME]        = {collect_rows, .of_row = total_time},
    [SCN_METRIC_QUEUE_TIME]        = {collect_rows, .of_row = queue_time},
    [SCN_METRIC_POSTCOPY_TIME]     = {collect_rows, .of_row = postcopy_time},
    [SCN_METRIC_DRAIN_MAKESPAN]    = {collect_drains, .of_time = true},
    [SCN_METRIC_TRANSFERRED]       = {collect_rows, .of_row = transferred},
    [SCN_METRIC_DRAIN_TRANSFERRED] = {collect_drains, .of_time = false},
    [SCN_METRIC_ROUNDS]            = {collect_rows, .of_row = rounds},
    [SCN_METRIC_THROTTLE]          = {collect_rows, .of_row = throttle},
    [SCN_METRIC_SLOWDOWN]          = {collect_rows, .of_row = slowdown},
    [SCN_METRIC_MOVED]             = {collect_outcomes, .outcome = OUTCOME_COMPLETED, .of_wishes = true},
    [SCN_METRIC_COMPLETED]         = {collect_outcomes, .outcome = OUTCOME_COMPLETED},
    [SCN_METRIC_TIMEOUTS]          = {collect_outcomes, .outcome = OUTCOME_TIMEOUT},
    [SCN_METRIC_CANCELLED]         = {collect_outcomes, .outcome = OUTCOME_CANCELLED},
    [SCN_METRIC_FAILED]            = {collect_outcomes, .outcome = OUTCOME_FAILED},
    [SCN_METRIC_REJECTED]          = {collect_outcomes, .outcome = OUTCOME_REJECTED},
    [SCN_METRIC_QUEUED]            = {collect_outcomes, .outcome = OUTCOME_QUEUED},
};
/* clang-format on */

static void collect(struct measure_sample *s, const struct scenario *sc,
                    const struct run_result *run, const struct measure *m)
{
    const struct source *from = &sources[m->metric - scn_metrics];

    from->collect(s, sc, run, m, from);
}

enum status measure_collect(struct measure_sample *s, const struct scenario *sc,
                            const struct run_result *run, const struct measure *m)
{
    size_t groups = 1;

    *s = (struct measure_sample){0};
    for (size_t i = 0; i < run->nr_migs; i = result_next_replication(run, i))
        groups++;
    s->values = calloc(run->nr_migs + 1, sizeof(*s->values));
    s->start = calloc(groups + 1, sizeof(*s->start));
    s->replication = calloc(groups, sizeof(*s->replication));
    if (!s->values || !s->start || !s->replication)
        return ST_ENOMEM;
    collect(s, sc, run, m);
    return ST_OK;
}

void measure_sample_release(struct measure_sample *s)
{
    free(s->replication);
    free(s->start);
    free(s->sorted);
    free(s->values);
    *s = (struct measure_sample){0};
}

bool measure_sample_sort(struct measure_sample *s)
{
    s->sorted = calloc(s->nr + 1, sizeof(*s->sorted));
    if (!s->sorted)
        return false;
    memcpy(s->sorted, s->values, s->nr * sizeof(*s->sorted));
    stats_sort(s->sorted, s->nr);
    return true;
}

/* ---- from values to figures ---- */

double measure_value(const struct measure *m, const double *sorted, size_t nr)
{
    struct stats_moments moments = STATS_MOMENTS_INIT;

    assert(nr > 0);
    switch (m->statistic) {
    case MEASURE_MIN:
        return sorted[0];
    case MEASURE_MAX:
        return sorted[nr - 1];
    case MEASURE_QUANTILE:
        return stats_quantile_sorted(sorted, nr, m->quantile);
    case MEASURE_RATE: {
        double hits = 0.0; /* a sum of ones is exact */

        for (size_t i = 0; i < nr; i++)
            hits += sorted[i];
        return hits / (double)nr;
    }
    case MEASURE_MEAN:
        break;
    }
    for (size_t i = 0; i < nr; i++)
        stats_moments_add(&moments, sorted[i]);
    return moments.mean;
}

enum status measure_of(const struct scenario *sc, const struct run_result *run,
                       const struct measure *m, struct measured *out)
{
    struct measure_sample s;
    enum status st = measure_collect(&s, sc, run, m);

    *out = (struct measured){.value = NAN, .low = NAN, .high = NAN, .unit = m->metric->unit};
    if (st == ST_OK && !measure_sample_sort(&s))
        st = ST_ENOMEM;
    if (st == ST_OK && s.nr > 0) {
        struct stats_interval interval = measure_interval(&s, m, 1.0);

        out->value = measure_value(m, s.sorted, s.nr);
        out->low = interval.low;
        out->high = interval.high;
        out->n = s.nr;
        out->effective = (uint64_t)measure_effective(&s, m);
        out->replications = (uint32_t)s.nr_groups;
    }
    measure_sample_release(&s);
    return st;
}

enum status measure_replications(const struct scenario *sc, const struct run_result *run,
                                 const struct measure *m, double *values)
{
    struct measure_sample s;
    enum status st = measure_collect(&s, sc, run, m);

    for (uint32_t r = 0; r < run->replications; r++)
        values[r] = NAN;
    for (size_t g = 0; st == ST_OK && g < s.nr_groups; g++) {
        uint32_t r = s.replication[g] - run->first_replication;
        size_t nr = s.start[g + 1] - s.start[g];

        assert(r < run->replications);
        stats_sort(s.values + s.start[g], nr);
        values[r] = measure_value(m, s.values + s.start[g], nr);
    }
    measure_sample_release(&s);
    return st;
}

static bool decided(const struct measure_sample *s, const struct measure *m, double limit,
                    double times)
{
    struct stats_interval interval = measure_interval(s, m, times);

    return !(interval.low < limit && limit < interval.high);
}

enum status measure_decide(const struct scenario *sc, const struct run_result *run,
                           const struct measure *m, double limit, uint32_t *out)
{
    static const uint32_t most = 1000000;
    uint32_t now = run->replications ? run->replications : 1, low = now, high = now;
    struct measure_sample s;
    enum status st = measure_collect(&s, sc, run, m);

    *out = 0;
    if (st == ST_OK && !measure_sample_sort(&s))
        st = ST_ENOMEM;
    if (st != ST_OK || s.nr == 0)
        goto out;
    while (high < most && !decided(&s, m, limit, (double)high / (double)now)) {
        low = high;
        high = high > most / 2 ? most : 2 * high;
    }
    if (!decided(&s, m, limit, (double)high / (double)now))
        goto out;
    while (high - low > 1 && high - low > high / 64) { /* a hint: to some percent */
        uint32_t mid = low + (high - low) / 2;

        if (decided(&s, m, limit, (double)mid / (double)now))
            high = mid;
        else
            low = mid;
    }
    *out = high;
out:
    measure_sample_release(&s);
    return st;
}
