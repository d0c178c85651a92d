/*
 * thresholds.c - from rows to the values that thresholds speak of, and the judgement.
 *
 * A metric is one function from a row to a number; it says itself which rows it counts.  The
 * makespan is the one metric of a replication instead of a row.
 */
#include "sim/thresholds.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats.h"
#include "base/units.h"
#include "sim/scenario_options.h"

#define CONFIDENCE 0.95

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

static const struct {
    const char *name;
    row_metric *of_row;
} row_metrics[] = {
    {"downtime", downtime},     {"blackout", blackout},           {"total_time", total_time},
    {"queue_time", queue_time}, {"postcopy_time", postcopy_time}, {"transferred", transferred},
    {"rounds", rounds},         {"throttle", throttle},           {"slowdown", slowdown},
};

static const struct {
    const char *name;
    enum outcome outcome;
} outcome_metrics[] = {
    {"completed", OUTCOME_COMPLETED}, {"timeouts", OUTCOME_TIMEOUT},
    {"cancelled", OUTCOME_CANCELLED}, {"failed", OUTCOME_FAILED},
    {"rejected", OUTCOME_REJECTED},   {"queued", OUTCOME_QUEUED},
};

#define NR(table) (sizeof(table) / sizeof((table)[0]))

/* First request to last end, of each replication; rows stand in replication order. */
static size_t makespans(const struct scenario *sc, const struct run_result *run, double *values)
{
    size_t nr = 0;

    for (size_t i = 0; i < run->nr_migs;) {
        uint32_t replication = run->migs[i].replication;
        int64_t first = INT64_MAX, last = 0;

        for (; i < run->nr_migs && run->migs[i].replication == replication; i++) {
            const struct mig_result *mig = &run->migs[i];
            int64_t end = mig->ended_ns >= 0 ? mig->ended_ns : sc->horizon_ns;

            first = mig->queued_ns < first ? mig->queued_ns : first;
            last = end > last ? end : last;
        }
        values[nr++] = last > first ? (double)(last - first) : 0.0;
    }
    return nr;
}

static size_t collect(const struct scenario *sc, const struct run_result *run, const char *metric,
                      double *values)
{
    size_t nr = 0;

    if (strcmp(metric, "drain.makespan") == 0)
        return makespans(sc, run, values);
    for (size_t k = 0; k < NR(row_metrics); k++) {
        if (strcmp(row_metrics[k].name, metric) != 0)
            continue;
        for (size_t i = 0; i < run->nr_migs; i++)
            nr += row_metrics[k].of_row(sc, &run->migs[i], &values[nr]);
        return nr;
    }
    assert(!"every metric of scn_metrics is counted here");
    return 0;
}

static bool straddles(struct stats_interval interval, double limit)
{
    return interval.low < limit && limit < interval.high;
}

static void judge_mean(struct threshold_result *t, const double *values, size_t nr)
{
    struct stats_moments moments = STATS_MOMENTS_INIT;

    for (size_t i = 0; i < nr; i++)
        stats_moments_add(&moments, values[i]);
    t->value = moments.mean;
    t->small_sample = straddles(stats_mean_interval(&moments, CONFIDENCE), t->limit);
}

static void judge_quantile(struct threshold_result *t, const double *sorted, size_t nr, double q)
{
    double tail = fmin(q, 1.0 - q);

    t->value = stats_quantile_sorted(sorted, nr, q);
    /* a hair of slack: 1 - 0.99 is a little more than 0.01 */
    t->small_sample = (double)nr * tail < 1.0 - 1e-9 ||
                      straddles(stats_quantile_interval(sorted, nr, q, CONFIDENCE), t->limit);
}

static void judge_spread(const struct scenario *sc, const struct run_result *run,
                         const struct scn_threshold *goal, double *values,
                         struct threshold_result *t)
{
    size_t nr = collect(sc, run, goal->metric, values);
    double percent;

    if (nr == 0)
        return;
    stats_sort(values, nr);
    if (strcmp(goal->statistic, "min") == 0)
        t->value = values[0];
    else if (strcmp(goal->statistic, "max") == 0)
        t->value = values[nr - 1];
    else if (strcmp(goal->statistic, "mean") == 0)
        judge_mean(t, values, nr);
    else if (units_parse_double(goal->statistic + 1, &percent, NULL) == ST_OK)
        judge_quantile(t, values, nr, percent / 100.0);
    else
        assert(!"scenario_threshold.c lets only these statistics through");
}

static bool judge_share(const struct run_result *run, const char *metric,
                        struct threshold_result *t)
{
    uint64_t hits = 0;

    for (size_t k = 0; k < NR(outcome_metrics); k++) {
        if (strcmp(outcome_metrics[k].name, metric) != 0)
            continue;
        for (size_t i = 0; i < run->nr_migs; i++)
            hits += run->migs[i].outcome == outcome_metrics[k].outcome;
        if (run->nr_migs == 0)
            return true;
        t->value = (double)hits / (double)run->nr_migs;
        t->small_sample =
            straddles(stats_proportion_interval(hits, run->nr_migs, CONFIDENCE), t->limit);
        return true;
    }
    return false;
}

static enum value_unit unit_of(const char *metric)
{
    for (const struct scn_metric *m = scn_metrics; m->name; m++)
        if (strcmp(m->name, metric) == 0)
            return m->unit;
    return VALUE_COUNT;
}

static struct threshold_result judge(const struct scenario *sc, const struct run_result *run,
                                     const struct scn_threshold *goal, double *values)
{
    struct threshold_result t = {
        .text = goal->text,
        .file = goal->file,
        .line = goal->line,
        .value = NAN,
        .limit = goal->limit,
        .error = goal->error,
        .unit = unit_of(goal->metric),
    };

    if (!judge_share(run, goal->metric, &t))
        judge_spread(sc, run, goal, values, &t);
    if (!isnan(t.value))
        t.crossed = goal->less ? !(t.value < t.limit) : !(t.value > t.limit);
    return t;
}

enum status thresholds_judge(const struct scenario *sc, struct run_result *out)
{
    double *values;

    assert(!out->thresholds && out->nr_thresholds == 0);
    if (sc->nr_thresholds == 0)
        return ST_OK;
    values = calloc(out->nr_migs + 1, sizeof(*values)); /* [nr] is written before it counts */
    out->thresholds = calloc(sc->nr_thresholds, sizeof(*out->thresholds));
    if (!values || !out->thresholds) {
        free(values);
        free(out->thresholds);
        out->thresholds = NULL;
        return ST_ENOMEM;
    }
    for (uint32_t i = 0; i < sc->nr_thresholds; i++)
        out->thresholds[i] = judge(sc, out, &sc->thresholds[i], values);
    out->nr_thresholds = sc->nr_thresholds;
    free(values);
    return ST_OK;
}

size_t thresholds_crossed(const struct run_result *run)
{
    size_t nr = 0;

    for (size_t i = 0; i < run->nr_thresholds; i++)
        nr += run->thresholds[i].error && run->thresholds[i].crossed;
    return nr;
}
