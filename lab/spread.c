/*
 * spread.c - how much the repeats of a case differ: the noise floor of every forecast.
 *
 * Over the captures with the commonest outcome, so that one timeout among completions shows as such
 * and not as a spread.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "lab/run.h"

#include "base/banned.h"

static bool has_result(const struct lab_row *row)
{
    return row->state == LAB_THERE || row->state == LAB_DONE;
}

static uint32_t count_outcome(const struct lab_run *run, const struct lab_case *c,
                              const char *outcome)
{
    uint32_t nr = 0;

    for (size_t i = 0; i < run->nr; i++)
        nr += run->rows[i].c == c && has_result(&run->rows[i]) &&
              (!outcome || strcmp(run->rows[i].outcome, outcome) == 0);
    return nr;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *values, size_t nr)
{
    qsort(values, nr, sizeof(*values), by_value);
    return nr % 2 ? values[nr / 2] : 0.5 * (values[nr / 2 - 1] + values[nr / 2]);
}

/* Collects one figure of the rows that count, sorted; returns how many. */
static size_t collect(const struct lab_run *run, const struct lab_spread *s,
                      double (*figure)(const struct lab_row *), double *values)
{
    size_t nr = 0;

    for (size_t i = 0; i < run->nr; i++) {
        const struct lab_row *row = &run->rows[i];

        if (row->c == s->c && has_result(row) && strcmp(row->outcome, s->outcome) == 0)
            values[nr++] = figure(row);
    }
    return nr;
}

static double total_s(const struct lab_row *row)
{
    return (double)row->total_ns / (double)NS_PER_S;
}

static double downtime_ms(const struct lab_row *row)
{
    return row->downtime_ns < 0 ? NAN : (double)row->downtime_ns / (double)NS_PER_MS;
}

static double sent_bytes(const struct lab_row *row)
{
    return (double)row->transferred_bytes;
}

static double rounds(const struct lab_row *row)
{
    return (double)row->rounds;
}

static void fill_spread(const struct lab_run *run, struct lab_spread *s, double *values)
{
    size_t nr = collect(run, s, total_s, values);
    double mid = median(values, nr);

    s->total_median_s = mid;
    s->total_spread_ratio = mid > 0.0 ? (values[nr - 1] - values[0]) / mid : NAN;
    collect(run, s, downtime_ms, values);
    s->downtime_median_ms = isnan(values[0]) ? NAN : median(values, nr);
    s->downtime_spread_ms = isnan(values[0]) ? NAN : values[nr - 1] - values[0];
    collect(run, s, sent_bytes, values);
    mid = median(values, nr);
    s->bytes_spread_ratio = mid > 0.0 ? (values[nr - 1] - values[0]) / mid : NAN;
    collect(run, s, rounds, values);
    median(values, nr);
    s->rounds_min = (int64_t)values[0];
    s->rounds_max = (int64_t)values[nr - 1];
}

/* The smallest value that a share of @q does not exceed; sorts. */
static double quantile(double *values, size_t nr, double q)
{
    size_t at = (size_t)ceil(q * (double)nr);

    if (!nr)
        return NAN;
    qsort(values, nr, sizeof(*values), by_value);
    return values[at ? at - 1 : 0];
}

/* @values has room for all cases. */
static void fill_floor(struct lab_run *run, double *values)
{
    size_t nr = 0;

    for (size_t i = 0; i < run->nr_spreads; i++)
        if (!isnan(run->spreads[i].total_spread_ratio))
            values[nr++] = run->spreads[i].total_spread_ratio;
    run->total_spread_p50_ratio = quantile(values, nr, 0.5);
    run->total_spread_p90_ratio = quantile(values, nr, 0.9);
    nr = 0;
    for (size_t i = 0; i < run->nr_spreads; i++)
        if (!isnan(run->spreads[i].downtime_spread_ms))
            values[nr++] = run->spreads[i].downtime_spread_ms;
    run->downtime_spread_p90_ms = quantile(values, nr, 0.9);
}

enum status lab_run_spread(struct lab_run *run, const struct lab_matrix *m, struct diag *diag)
{
    double *values = calloc(run->nr + m->nr_cases + 1, sizeof(*values));

    free(run->spreads);
    run->nr_spreads = 0;
    run->spreads = calloc(m->nr_cases, sizeof(*run->spreads));
    if (!values || !run->spreads) {
        free(values);
        return diag_set(diag, ST_ENOMEM, "out of memory");
    }
    for (size_t i = 0; i < m->nr_cases; i++) {
        struct lab_spread s = {.c = &m->cases[i]};

        s.nr = count_outcome(run, s.c, NULL);
        if (s.nr < 2)
            continue;
        for (size_t k = 0; k < run->nr; k++) {
            const struct lab_row *row = &run->rows[k];
            uint32_t same =
                row->c == s.c && has_result(row) ? count_outcome(run, s.c, row->outcome) : 0;

            if (same > s.nr_same) {
                s.nr_same = same;
                s.outcome = row->outcome;
            }
        }
        fill_spread(run, &s, values);
        run->spreads[run->nr_spreads++] = s;
    }
    fill_floor(run, values);
    free(values);
    return ST_OK;
}
