/*
 * thresholds.c - the judgement: a goal's measure against its limit.
 *
 * What was measured, and how sure that is, comes from measure.h.
 */
#include "sim/thresholds.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

static bool straddles(const struct measured *m, double limit)
{
    return m->low < limit && limit < m->high;
}

static enum status judge(const struct scenario *sc, const struct run_result *run,
                         const struct scn_threshold *goal, struct threshold_result *t)
{
    struct measured m;
    enum status st = measure_of(sc, run, &goal->measure, &m);

    *t = (struct threshold_result){
        .text = goal->text,
        .file = goal->file,
        .line = goal->line,
        .value = m.value,
        .low = m.low,
        .high = m.high,
        .n = m.n,
        .limit = goal->limit,
        .error = goal->error,
        .unit = m.unit,
    };
    if (st != ST_OK || isnan(m.value))
        return st;
    t->crossed = goal->less ? !(m.value < goal->limit) : !(m.value > goal->limit);
    t->small_sample = straddles(&m, goal->limit);
    t->crossed |= goal->sure && t->small_sample;
    if (t->small_sample)
        st = measure_decide(sc, run, &goal->measure, goal->limit, &t->replications_needed);
    return st;
}

enum status thresholds_judge(const struct scenario *sc, struct run_result *out)
{
    assert(!out->thresholds && out->nr_thresholds == 0);
    if (sc->nr_thresholds == 0)
        return ST_OK;
    out->thresholds = calloc(sc->nr_thresholds, sizeof(*out->thresholds));
    if (!out->thresholds)
        return ST_ENOMEM;
    for (uint32_t i = 0; i < sc->nr_thresholds; i++)
        if (judge(sc, out, &sc->thresholds[i], &out->thresholds[i]) != ST_OK) {
            free(out->thresholds);
            out->thresholds = NULL;
            return ST_ENOMEM;
        }
    out->nr_thresholds = sc->nr_thresholds;
    return ST_OK;
}

size_t thresholds_crossed(const struct run_result *run)
{
    size_t nr = 0;

    for (size_t i = 0; i < run->nr_thresholds; i++)
        nr += run->thresholds[i].error && run->thresholds[i].crossed;
    return nr;
}
