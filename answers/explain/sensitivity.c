/*
 * sensitivity.c - one input at a time, both ends, paired draws.
 *
 * The scaling is altered.c's, the measure sim/measure.h's.  Invariant: every figure comes from as
 * many replications as the base's.
 */
#include "answers/explain/sensitivity.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answers/explain/altered.h"
#include "base/strbuf.h"
#include "sim/run.h"

#include "base/banned.h"

/* clang-format off */
const struct sensitivity_input sensitivity_inputs[] = {
    {"dirty_rate", "how fast guests write", 0.5, 2.5, "rates measured before a migration are off by 2 to 3 during one"},
    {"working_set", "how much they write to", 0.5, 2.0, "seldom measured"},
    {"contents", "memory that is not zero", 0.7, 1.3, "changes from day to day"},
    {"link_rate", "what links and cards carry", 0.8, 1.0, "nominal rates are seldom reached"},
    {"background", "other traffic on links", 0.5, 2.0, "changes with the hour"},
    {"host_copy", "how fast hosts copy", 0.7, 1.3, "CPU generation and load"},
    {"host_stop", "stop, sync and set-up times", 0.5, 2.0, "differ between hosts by this much"},
    {"downtime_limit", "the downtime limit", 0.5, 2.0, "platforms change it unasked"},
    {"delays", "time around each migration", 0.5, 2.0, "target pods and checks: presets guess them"},
    {0},
};
/* clang-format on */

enum {
    NR_INPUTS = sizeof(sensitivity_inputs) / sizeof(sensitivity_inputs[0]) - 1
};

static bool scale_writes(struct altered *a, double ratio)
{
    return altered_writes(a, VM_NONE, ratio);
}

/* In the order of the inputs. */
static bool (*const scales[NR_INPUTS])(struct altered *a, double ratio) = {
    scale_writes,  altered_working_sets,    altered_contents,
    altered_links, altered_background,      altered_copying,
    altered_stops, altered_downtime_limits, altered_delays,
};

size_t sensitivity_runs(void)
{
    return 1 + 2 * (size_t)NR_INPUTS;
}

static enum status run_one(const struct sensitivity *s, const struct scenario *sc,
                           const struct sensitivity_options *o, struct measured *out, double *each,
                           struct diag *diag)
{
    struct run_options options = {.jobs = o->jobs, .stop = o->stop};
    struct run_result run = {0};
    enum status st = run_scenario(sc, &options, &run, diag);

    if (st == ST_OK)
        st = measure_of(sc, &run, &s->measure, out);
    if (st == ST_OK)
        st = measure_replications(sc, &run, &s->measure, each);
    run_free(&run);
    if (o->step)
        o->step(o->step_arg);
    return st;
}

/* ---- one input ---- */

struct values { /* by replication */
    double *base, *now;
};

static double share_changed(const struct sensitivity *s, const struct values *v)
{
    uint32_t changed = 0, known = 0;

    for (uint32_t i = 0; i < s->replications; i++) {
        if (isnan(v->base[i]) && isnan(v->now[i]))
            continue;
        known++;
        changed += isnan(v->base[i]) || isnan(v->now[i]) || v->base[i] != v->now[i];
    }
    return known ? (double)changed / known : NAN;
}

static enum status run_end(const struct sensitivity *s, size_t input, double ratio,
                           const struct sensitivity_options *o, struct values *v,
                           struct measured *out, double *share, bool *has, struct diag *diag)
{
    struct altered *a = altered_new(s->sc);
    enum status st = a ? ST_OK : ST_ENOMEM;

    *out = s->base;
    *share = 0.0;
    if (st == ST_OK && ratio != 1.0 && scales[input](a, ratio)) {
        *has = true;
        st = a->failed ? ST_ENOMEM : run_one(s, &a->sc, o, out, v->now, diag);
        *share = share_changed(s, v);
    } else if (o->step) {
        o->step(o->step_arg);
    }
    altered_free(a);
    return st;
}

static double swing_of(const struct sensitivity *s, const struct sensitivity_row *r)
{
    const double values[] = {s->base.value, r->low.value, r->high.value};
    double least = INFINITY, most = -INFINITY;
    int known = 0;

    for (int i = 0; i < 3; i++) {
        if (!isfinite(values[i]))
            continue;
        known++;
        least = fmin(least, values[i]);
        most = fmax(most, values[i]);
    }
    if (known == 0)
        return 0.0;
    return known < 3 ? INFINITY : most - least;
}

/* The widest first; what moves as much stays in the order of the table. */
static int by_swing(const void *a, const void *b)
{
    const struct sensitivity_row *x = a, *y = b;

    if (x->swing != y->swing)
        return x->swing > y->swing ? -1 : 1;
    return x->input < y->input ? -1 : 1;
}

static enum status find_all(struct sensitivity *s, const struct sensitivity_options *o,
                            struct values *v, struct diag *diag)
{
    enum status st = run_one(s, s->sc, o, &s->base, v->base, diag);

    for (size_t i = 0; i < NR_INPUTS && st == ST_OK; i++) {
        const struct sensitivity_input *input = &sensitivity_inputs[i];
        struct sensitivity_row *r = &s->rows[s->nr];
        bool has = false;

        *r = (struct sensitivity_row){.input = input};
        st = run_end(s, i, input->low, o, v, &r->low, &r->changed_low, &has, diag);
        if (st == ST_OK)
            st = run_end(s, i, input->high, o, v, &r->high, &r->changed_high, &has, diag);
        if (st != ST_OK || !has)
            continue;
        r->swing = swing_of(s, r);
        s->nr++;
    }
    qsort(s->rows, s->nr, sizeof(*s->rows), by_swing);
    return st;
}

/* The limit that the scenario sets to this very measure. */
static double limit_of(const struct scenario *sc, const struct measure *m)
{
    struct strbuf wanted = STRBUF_INIT, text = STRBUF_INIT;
    double limit = NAN;

    measure_print(m, &wanted);
    for (uint32_t i = 0; i < sc->nr_thresholds && isnan(limit); i++) {
        strbuf_clear(&text);
        measure_print(&sc->thresholds[i].measure, &text);
        if (strcmp(strbuf_text(&text), strbuf_text(&wanted)) == 0)
            limit = sc->thresholds[i].limit;
    }
    strbuf_release(&wanted);
    strbuf_release(&text);
    return limit;
}

enum status sensitivity_find(struct sensitivity *s, const struct scenario *sc,
                             const struct measure *measure, const struct sensitivity_options *o,
                             struct diag *diag)
{
    struct values v = {.base = calloc((size_t)sc->replications + 1, sizeof(double)),
                       .now = calloc((size_t)sc->replications + 1, sizeof(double))};
    enum status st = ST_ENOMEM;

    *s = (struct sensitivity){.sc = sc,
                              .measure = *measure,
                              .replications = sc->replications,
                              .limit = limit_of(sc, measure)};
    s->rows = calloc(NR_INPUTS, sizeof(*s->rows));
    if (v.base && v.now && s->rows)
        st = find_all(s, o, &v, diag);
    free(v.base);
    free(v.now);
    if (st == ST_ENOMEM && !diag->what[0])
        diag_set(diag, st, "out of memory");
    return st;
}

void sensitivity_release(struct sensitivity *s)
{
    free(s->rows);
    *s = (struct sensitivity){0};
}

enum status sensitivity_default(const struct scenario *sc, struct measure *out, struct diag *diag)
{
    bool many = sc->nr_operations > 0 || sc->nr_requests > 1;

    if (sc->nr_thresholds == 0)
        return measure_parse(many ? "drain.makespan.p50" : "total_time.p50", out, diag);
    *out = sc->thresholds[0].measure;
    return ST_OK;
}
