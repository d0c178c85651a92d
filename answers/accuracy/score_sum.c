/*
 * score_sum.c - rows to figures.
 *
 * Invariant: quantiles are of single migrations, intervals from resampling whole configurations,
 * because repeats of one configuration vary together.
 */
#include <math.h>
#include <stdlib.h>

#include "answers/accuracy/score.h"
#include "base/rng.h"
#include "base/stats.h"

enum {
    RESAMPLES = 2000
};

static const double confidence = 0.95;

const char *score_class_name(enum score_class class)
{
    static const char *const names[SCORE_CLASSES] = {"kvm", "tcg (linux)", "shared link"};

    return names[class];
}

const char *score_kind_name(enum score_kind kind)
{
    static const char *const names[SCORE_KINDS] = {"post-copy",     "multifd",   "xbzrle",
                                                   "auto-converge", "edge",      "diverging",
                                                   "idle",          "converging"};

    return names[kind];
}

bool score_passes(const struct score_row *row, struct score_filter f)
{
    return (f.part == SCORE_ANY || f.part == (int)row->part) &&
           (f.class == SCORE_ANY || f.class == (int)row->class) &&
           (f.kind == SCORE_ANY || f.kind == (int)row->kind);
}

enum figure {
    FIG_TOTAL,
    FIG_DOWNTIME,
    FIG_BYTES,
    FIG_REPLAY_TOTAL,
    FIG_REPLAY_DOWNTIME,
    FIG_REPEAT_TOTAL,
    FIG_REPEAT_DOWNTIME,
    FIG_REPEAT_BYTES,
    FIG_GUESS, /* and one for each further baseline */
    FIG_NR = FIG_GUESS + BASELINE_NR
};

/* NAN = the row does not have it. */
static double figure_of(const struct score_row *row, int figure)
{
    switch (figure) {
    case FIG_TOTAL:
        return row->total_error_ratio;
    case FIG_DOWNTIME:
        return row->downtime_error_ns;
    case FIG_BYTES:
        return row->bytes_error_ratio;
    case FIG_REPLAY_TOTAL:
        return row->replayed ? row->replay.total_error_ratio : NAN;
    case FIG_REPLAY_DOWNTIME:
        return row->replayed ? row->replay.downtime_error_ns : NAN;
    case FIG_REPEAT_TOTAL:
        return row->repeat.total_error_ratio;
    case FIG_REPEAT_DOWNTIME:
        return row->repeat.downtime_error_ns;
    case FIG_REPEAT_BYTES:
        return row->repeat.bytes_error_ratio;
    default:
        return row->forecast ? row->guess[figure - FIG_GUESS].total_error_ratio : NAN;
    }
}

static double quantile_figure(double *values, size_t n, void *arg)
{
    return stats_quantile(values, n, *(const double *)arg);
}

/* Values by configuration, absolute. */
struct gathered {
    double *values, *sorted;
    size_t *start, nr, nr_groups;
};

static void gather(const struct score *s, struct score_filter filter, int figure,
                   struct gathered *g)
{
    g->nr = g->nr_groups = 0;
    for (size_t config = 0; config < s->split.nr_configs; config++) {
        size_t before = g->nr;

        for (size_t i = 0; i < s->nr; i++) {
            double x;

            if (s->rows[i].config != config || !score_passes(&s->rows[i], filter))
                continue;
            x = figure_of(&s->rows[i], figure);
            if (!isnan(x))
                g->values[g->nr++] = x;
        }
        if (g->nr > before)
            g->start[g->nr_groups++] = before;
    }
    g->start[g->nr_groups] = g->nr;
}

static enum status interval(const struct gathered *g, double q, uint64_t seed,
                            struct stats_interval *out)
{
    struct stats_groups groups = {g->values, g->start, g->nr_groups};
    struct rng rng;

    *out = (struct stats_interval){NAN, NAN};
    if (g->nr_groups < 2)
        return ST_OK;
    rng_stream(&rng, seed, "score", (uint64_t)(q * 100.0), 0);
    return stats_bootstrap_interval(out, &groups, quantile_figure, &q, RESAMPLES, confidence, &rng);
}

static enum status errors_of(const struct score *s, struct score_filter filter, int figure,
                             uint64_t seed, struct gathered *g, struct score_errors *out)
{
    enum status st;

    gather(s, filter, figure, g);
    for (size_t i = 0; i < g->nr; i++)
        g->sorted[i] = g->values[i];
    *out = (struct score_errors){.nr = g->nr};
    out->bias = stats_quantile(g->sorted, g->nr, 0.5);
    for (size_t i = 0; i < g->nr; i++)
        g->sorted[i] = g->values[i] = fabs(g->values[i]);
    stats_sort(g->sorted, g->nr);
    out->p50 = stats_quantile_sorted(g->sorted, g->nr, 0.5);
    out->p90 = stats_quantile_sorted(g->sorted, g->nr, 0.9);
    out->max = stats_quantile_sorted(g->sorted, g->nr, 1.0);
    st = interval(g, 0.5, seed, &out->p50_in);
    return st == ST_OK ? interval(g, 0.9, seed, &out->p90_in) : st;
}

static void count_limit(const struct score_row *row, struct score_sum *out)
{
    const struct facts_totals *t = &row->facts->after.totals;
    int64_t limit = row->facts->before.params.downtime_limit_ns;
    int64_t forecast = row->prediction.result.downtime_ns;

    if (t->downtime_ns >= 0 && forecast >= 0)
        out->limit_kept[t->downtime_ns <= limit][forecast <= limit]++;
}

static void count_forecast(const struct score_row *row, struct score_sum *out)
{
    const struct facts_totals *t = &row->facts->after.totals;

    out->nr++;
    out->outcomes_right += row->outcome_right;
    out->bad += row->bad;
    out->covered_of += row->covered_known;
    out->covered += row->covered_known && row->covered;
    out->downtime_covered_of += t->downtime_ns >= 0 && row->outcome_right;
    out->downtime_covered += row->outcome_right && row->downtime_covered;
    if (row->facts->after.outcome == FACTS_COMPLETED) {
        out->rounds_of++;
        out->rounds_exact += row->rounds_error == 0.0;
        out->rounds_within_1 += fabs(row->rounds_error) <= 1.0;
    }
    out->throttle_of += row->throttle_known;
    out->throttle_right += row->throttle_known && row->throttle_right;
    out->outcomes[replay_observed_outcome(row->facts)][row->prediction.result.outcome]++;
    count_limit(row, out);
    for (int b = 0; b < BASELINE_NR; b++) {
        out->guess_bad[b] += row->guess[b].bad;
        out->guess_right[b] += row->guess[b].outcome == replay_observed_outcome(row->facts);
    }
}

static void count(const struct score *s, struct score_filter filter, struct score_sum *out)
{
    for (size_t config = 0; config < s->split.nr_configs; config++) {
        bool any = false;

        for (size_t i = 0; i < s->nr; i++) {
            const struct score_row *row = &s->rows[i];

            if (row->config != config || !score_passes(row, filter))
                continue;
            if (row->forecast)
                count_forecast(row, out);
            any |= row->forecast;
            out->repeats += row->repeat.known;
            out->repeat_outcomes_right += row->repeat.known && row->repeat.outcome_right;
            if (!row->replayed)
                continue;
            out->replayed++;
            out->replay_outcomes_right += row->replay.outcome_agrees;
            out->replay_rounds_within_1 += llabs(row->replay.rounds_error) <= 1;
        }
        out->nr_configs += any;
    }
}

enum status score_summarise(const struct score *s, struct score_filter filter, uint64_t seed,
                            struct score_sum *out)
{
    struct score_errors *to[FIG_NR] = {&out->total,
                                       &out->downtime_ns,
                                       &out->bytes,
                                       &out->replay_total,
                                       &out->replay_downtime_ns,
                                       &out->repeat_total,
                                       &out->repeat_downtime_ns,
                                       &out->repeat_bytes};
    struct gathered g = {.values = malloc((s->nr + 1) * sizeof(*g.values)),
                         .sorted = malloc((s->nr + 1) * sizeof(*g.sorted)),
                         .start = malloc((s->split.nr_configs + 1) * sizeof(*g.start))};
    enum status st = g.values && g.sorted && g.start ? ST_OK : ST_ENOMEM;

    *out = (struct score_sum){0};
    count(s, filter, out);
    for (int b = 0; b < BASELINE_NR; b++)
        to[FIG_GUESS + b] = &out->guess_total[b];
    for (int figure = 0; figure < FIG_NR && st == ST_OK; figure++)
        st = errors_of(s, filter, figure, seed, &g, to[figure]);
    free(g.values);
    free(g.sorted);
    free(g.start);
    return st;
}

static bool worse(const struct score_row *a, const struct score_row *b)
{
    if (a->outcome_right != b->outcome_right)
        return !a->outcome_right;
    return fabs(a->total_error_ratio) > fabs(b->total_error_ratio);
}

/* Insertion into a short list. */
size_t score_worst(const struct score *s, struct score_filter filter, size_t *index, size_t cap)
{
    size_t nr = 0;

    for (size_t i = 0; i < s->nr; i++) {
        const struct score_row *row = &s->rows[i];
        size_t at = nr;

        if (!row->forecast || isnan(row->total_error_ratio) || !score_passes(row, filter))
            continue;
        while (at > 0 && worse(row, &s->rows[index[at - 1]]))
            at--;
        if (at == cap)
            continue;
        nr += nr < cap ? 1 : 0;
        for (size_t k = nr - 1; k > at; k--)
            index[k] = index[k - 1];
        index[at] = i;
    }
    return nr;
}
