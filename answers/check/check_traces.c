/*
 * check_traces.c - the errors of forecasts and replays of captures, as values to compare.
 *
 * Scoring is score.c's; here its rows become one value a configuration, because repeats of one
 * configuration are no independent evidence.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <xxhash.h>

#include "answers/accuracy/score.h"
#include "answers/check/check.h"

#include "base/banned.h"

typedef double row_error(const struct score_row *row);

static double total_error(const struct score_row *row)
{
    return row->forecast ? fabs(row->total_error_ratio) : NAN;
}

static double wrong_outcome(const struct score_row *row)
{
    return row->forecast ? !row->outcome_right : NAN;
}

static double downtime_error(const struct score_row *row)
{
    return row->forecast ? fabs(row->downtime_error_ns) : NAN;
}

static double bytes_error(const struct score_row *row)
{
    return row->forecast ? fabs(row->bytes_error_ratio) : NAN;
}

static double uncovered(const struct score_row *row)
{
    return row->forecast && row->covered_known ? !row->covered : NAN;
}

static double replay_total_error(const struct score_row *row)
{
    return row->replayed ? fabs(row->replay.total_error_ratio) : NAN;
}

static double replay_downtime_error(const struct score_row *row)
{
    return row->replayed ? fabs(row->replay.downtime_error_ns) : NAN;
}

static const struct {
    const char *measure;
    enum value_unit unit;
    row_error *of_row;
} errors[] = {
    {"predict.total_error", VALUE_RATIO, total_error},
    {"predict.wrong_outcome", VALUE_RATIO, wrong_outcome},
    {"predict.downtime_error", VALUE_NS, downtime_error},
    {"predict.bytes_error", VALUE_RATIO, bytes_error},
    {"predict.uncovered", VALUE_RATIO, uncovered},
    {"replay.total_error", VALUE_RATIO, replay_total_error},
    {"replay.downtime_error", VALUE_NS, replay_downtime_error},
};

#define NR_ERRORS (sizeof(errors) / sizeof(errors[0]))

static double mean_of(const struct score *s, size_t config, row_error *of_row)
{
    double sum = 0.0;
    size_t nr = 0;

    for (size_t i = 0; i < s->nr; i++) {
        double value = s->rows[i].config == config ? of_row(&s->rows[i]) : NAN;

        if (isnan(value))
            continue;
        sum += value;
        nr++;
    }
    return nr ? sum / (double)nr : NAN;
}

/* Which captures these are: names, and what was observed. */
static const char *digest_of(const struct score *s, struct arena *arena)
{
    XXH64_hash_t all = 0;
    char name[2 * FACTS_TEXT], text[20];

    for (size_t i = 0; i < s->nr; i++) {
        const struct trace_facts *facts = s->rows[i].facts;

        split_case_name(name, &facts->header);
        all += XXH64(name, strlen(name),
                     (XXH64_hash_t)facts->after.totals.total_ns); /* in any order */
    }
    snprintf(text, sizeof(text), "%016" PRIx64, (uint64_t)all);
    return arena_strdup(arena, text);
}

static enum status name_samples(const struct score *s, struct arena *arena, struct check_entry *out)
{
    char name[FACTS_TEXT];

    out->samples = arena_array(arena, out->nr_samples, sizeof(*out->samples));
    if (!out->samples)
        return ST_ENOMEM;
    for (size_t i = 0; i < s->nr; i++) {
        split_config_name(name, &s->rows[i].facts->header);
        out->samples[s->rows[i].config] = arena_strdup(arena, name);
        if (!out->samples[s->rows[i].config])
            return ST_ENOMEM;
    }
    return ST_OK;
}

static enum status keep(const struct score *s, struct arena *arena, struct check_entry *out)
{
    enum status st;

    out->nr_samples = (uint32_t)s->split.nr_configs;
    out->name = "traces";
    out->digest = digest_of(s, arena);
    out->series = arena_array(arena, NR_ERRORS, sizeof(*out->series));
    if (!out->digest || !out->series)
        return ST_ENOMEM;
    st = name_samples(s, arena, out);
    for (size_t e = 0; st == ST_OK && e < NR_ERRORS; e++) {
        struct check_series *series = &out->series[out->nr_series++];

        *series = (struct check_series){
            .measure = errors[e].measure, .unit = errors[e].unit, .less = true};
        series->values = arena_array(arena, out->nr_samples, sizeof(*series->values));
        if (!series->values)
            return ST_ENOMEM;
        for (uint32_t c = 0; c < out->nr_samples; c++)
            series->values[c] = check_tidy(mean_of(s, c, errors[e].of_row), series->unit);
    }
    return st;
}

enum status check_traces(const struct trace_facts *facts, size_t nr,
                         const struct check_entry *before, const struct check_options *options,
                         struct arena *arena, struct check_entry *out, struct diag *diag)
{
    struct score_options so = {.mode = SCORE_LEAVE_ONE_OUT, .seed = 1, .jobs = options->jobs};
    struct score score = {0};
    enum status st;

    *out = (struct check_entry){0};
    if (options->seed)
        so.seed = *options->seed;
    else if (before)
        so.seed = before->seed;
    st = score_traces(facts, nr, &so, &score, diag);
    if (st == ST_OK) {
        out->seed = so.seed;
        out->version = options->version;
        st = keep(&score, arena, out);
    }
    if (st == ST_ENOMEM && diag && !diag->what[0])
        diag_set(diag, st, "not enough memory to compare %zu captures", nr);
    score_release(&score);
    return st;
}
