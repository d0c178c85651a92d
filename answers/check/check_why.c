/*
 * check_why.c - which of several changed inputs a regression comes from, found by simulation.
 *
 * Each input alone is set back to what it was in the baseline and the scenario is run again, with
 * the same seed and replications.  Shares of several need not add up to 1: inputs act together.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answers/check/check.h"
#include "sim/measure.h"
#include "sim/run.h"

#include "base/banned.h"

/* The worst regression of the whole; NULL = none. */
static const struct check_finding *worst(const struct check_result *r)
{
    if (r->nr_wholes > 0 && r->findings[0].verdict == CHECK_REGRESSED)
        return &r->findings[0];
    return NULL;
}

/* Mean of the measure over the pairs of the finding. */
static enum status mean_of(const struct scenario *sc, const struct run_result *run,
                           const struct check_finding *f, double *mean)
{
    double *values = calloc(run->replications + 1, sizeof(*values)), sum = 0.0;
    struct measure m;
    uint32_t nr = 0;
    enum status st = values ? measure_parse(f->measure, &m, NULL) : ST_ENOMEM;

    if (st == ST_OK)
        st = measure_replications(sc, run, &m, values);
    for (uint32_t i = 0; st == ST_OK && i < run->replications; i++)
        if (!isnan(values[i])) {
            sum += values[i];
            nr++;
        }
    *mean = nr ? sum / nr : NAN;
    free(values);
    return st;
}

/* A scenario that cannot be had with the old value says nothing of it, and is no error. */
static enum status undo(const struct variant_base *base, const struct check_options *options,
                        const struct check_result *r, const struct check_finding *f,
                        struct check_change *c)
{
    struct strbuf text = STRBUF_INIT;
    struct scenario sc = {0};
    struct run_result run = {0};
    const char *setting;
    double mean = NAN;
    enum status st;

    strbuf_addf(&text, "%s.%s=%s", c->section, c->key, c->before);
    setting = strbuf_text(&text);
    st = strbuf_failed(&text) ? ST_ENOMEM : variant_load(&sc, base, &setting, 1, NULL);
    if (st == ST_OK) {
        sc.seed = r->now->seed;
        st = variant_run(&sc, 0, r->now->nr_samples, options->jobs, options->stop, &run, NULL);
    }
    if (st == ST_OK)
        st = mean_of(&sc, &run, f, &mean);
    if (st == ST_OK)
        c->share = (f->test.now - mean) / (f->test.now - f->test.before);
    run_free(&run);
    scenario_release(&sc);
    strbuf_release(&text);
    return st == ST_ENOMEM || st == ST_EINTR ? st : ST_OK;
}

/* What explains most comes first; what is not known comes last, in the order of the scenario. */
static int by_share(const void *left, const void *right)
{
    const struct check_change *a = left, *b = right;
    double x = isnan(a->share) ? -INFINITY : a->share, y = isnan(b->share) ? -INFINITY : b->share;

    if (x != y)
        return x > y ? -1 : 1;
    return a->seq < b->seq ? -1 : a->seq > b->seq;
}

enum status check_why(const struct variant_base *base, const struct check_options *options,
                      struct check_result *result)
{
    const struct check_finding *f = worst(result);
    enum status st = ST_OK;

    if (!f || result->nr_changes < 2 || result->nr_changes > CHECK_WHY_MOST)
        return ST_OK;
    for (size_t i = 0; st == ST_OK && i < result->nr_changes; i++)
        if (result->changes[i].before)
            st = undo(base, options, result, f, &result->changes[i]);
    if (st == ST_OK)
        qsort(result->changes, result->nr_changes, sizeof(*result->changes), by_share);
    result->why_of = st == ST_OK ? f->measure : NULL;
    return st;
}
