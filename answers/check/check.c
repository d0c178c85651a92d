/*
 * check.c - two entries, measure by measure: what changed, how surely, and which input may be why.
 *
 * Nothing is simulated here.  Invariant: verdicts depend on the values alone, so two people who
 * hold the same baseline and the same program read the same.
 */
#include "answers/check/check_int.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

static const struct {
    const char *name, *key;
} verdicts[CHECK_VERDICTS] = {
    [CHECK_REGRESSED] = {"regressed", "regressed"},
    [CHECK_IMPROVED] = {"improved", "improved"},
    [CHECK_SAME] = {"no change", "no_change"},
    [CHECK_UNSURE] = {"too few pairs", "unsure"},
    [CHECK_NEW] = {"new", "new"},
    [CHECK_GONE] = {"gone", "gone"},
};

const char *check_verdict_name(enum check_verdict verdict)
{
    return verdicts[verdict].name;
}

const char *check_verdict_key(enum check_verdict verdict)
{
    return verdicts[verdict].key;
}

struct check_options check_default(void)
{
    return (struct check_options){.alpha = CHECK_ALPHA, .noise = CHECK_NOISE, .version = ""};
}

/* ---- figures ---- */

static const struct check_series *find_series(const struct check_entry *e, const char *measure,
                                              size_t near)
{
    for (size_t i = 0; i < e->nr_series; i++) {
        size_t at = (near + i) % e->nr_series; /* mostly at the same place */

        if (strcmp(e->series[at].measure, measure) == 0)
            return &e->series[at];
    }
    return NULL;
}

/* The values of @s for the samples of @like, in their order: pairs are told by name, and
 * replications by number. */
static double *paired_values(const struct check_entry *e, const struct check_series *s,
                             const struct check_entry *like)
{
    double *values = calloc(like->nr_samples + 1, sizeof(*values));

    for (uint32_t i = 0; values && i < like->nr_samples; i++) {
        uint32_t at = i;

        values[i] = NAN;
        if (like->samples && e->samples)
            for (at = 0; at < e->nr_samples; at++)
                if (strcmp(e->samples[at], like->samples[i]) == 0)
                    break;
        if (at < e->nr_samples)
            values[i] = s->values[at];
    }
    return values;
}

static enum status test_pair(const struct check_result *r, const struct check_series *old,
                             const struct check_series *new, struct check_finding *f)
{
    double *before = paired_values(r->before, old, r->now);
    enum status st = ST_ENOMEM;

    if (before)
        st = paired_test(before, new->values, r->now->nr_samples, r->now->seed, new->measure,
                         &f->test);
    free(before);
    f->p = f->test.p;
    return st;
}

static size_t count_parts(const struct check_entry *e)
{
    size_t nr = 0;

    for (size_t i = 0; i < e->nr_series; i++)
        nr += e->series[i].vm != NULL;
    return nr;
}

static struct check_finding untested(const struct check_series *s, enum check_verdict verdict)
{
    return (struct check_finding){.measure = s->measure,
                                  .vm = s->vm,
                                  .unit = s->unit,
                                  .less = s->less,
                                  .verdict = verdict,
                                  .test = {.before = NAN, .now = NAN, .low = NAN, .high = NAN},
                                  .p = 1.0,
                                  .change = NAN};
}

static enum status test_all(struct check_result *r)
{
    enum status st = ST_OK;

    for (size_t i = 0; st == ST_OK && i < r->now->nr_series; i++) {
        const struct check_series *s = &r->now->series[i];
        const struct check_series *old = r->before ? find_series(r->before, s->measure, i) : NULL;
        struct check_finding *f = &r->findings[r->nr_findings++];

        *f = untested(s, old && old->unit == s->unit ? CHECK_SAME : CHECK_NEW);
        if (f->verdict == CHECK_SAME)
            st = test_pair(r, old, s, f);
    }
    for (size_t i = 0; st == ST_OK && r->before && i < r->before->nr_series; i++)
        if (!find_series(r->now, r->before->series[i].measure, i))
            r->findings[r->nr_findings++] = untested(&r->before->series[i], CHECK_GONE);
    return st;
}

/* Corrects what was tested of the whole (@parts false) or of VMs. */
static enum status correct(struct check_result *r, bool parts)
{
    double *p = calloc(r->nr_findings + 1, sizeof(*p));
    size_t nr = 0;
    enum status st;

    if (!p)
        return ST_ENOMEM;
    for (size_t i = 0; i < r->nr_findings; i++)
        if (r->findings[i].verdict == CHECK_SAME && (r->findings[i].vm != NULL) == parts)
            p[nr++] = r->findings[i].p;
    st = paired_holm(p, nr);
    nr = 0;
    for (size_t i = 0; st == ST_OK && i < r->nr_findings; i++)
        if (r->findings[i].verdict == CHECK_SAME && (r->findings[i].vm != NULL) == parts)
            r->findings[i].p = p[nr++];
    free(p);
    return st;
}

/* A figure was tested as "the same"; is it? */
static enum check_verdict judge(const struct check_result *r, const struct check_finding *f,
                                double alpha)
{
    double difference = f->test.now - f->test.before;

    if (f->test.n == 0 || difference == 0.0)
        return f->test.missing && !f->test.n ? CHECK_UNSURE : CHECK_SAME;
    if (isinf(f->test.low) || isinf(f->test.high))
        return CHECK_UNSURE;
    if (f->p >= alpha || fabs(difference) <= r->noise * fabs(f->test.before))
        return CHECK_SAME;
    return (difference < 0.0) == f->less ? CHECK_IMPROVED : CHECK_REGRESSED;
}

/* Worst first: by verdict, then by how large the change is. */
static int by_weight(const void *left, const void *right)
{
    const struct check_finding *a = left, *b = right;
    double x = isnan(a->change) ? 0.0 : fabs(a->change),
           y = isnan(b->change) ? 0.0 : fabs(b->change);
    bool settled = a->verdict >= CHECK_SAME;

    if ((a->vm != NULL) != (b->vm != NULL))
        return a->vm != NULL ? 1 : -1;
    if (a->verdict != b->verdict)
        return a->verdict < b->verdict ? -1 : 1;
    if (!settled && x != y)
        return x > y ? -1 : 1;
    return a->seq < b->seq ? -1 : a->seq > b->seq;
}

enum status check_compare(const struct check_entry *before, const struct check_entry *now,
                          const struct check_options *options, struct check_result *out)
{
    size_t room = now->nr_series + (before ? before->nr_series : 0);
    enum status st = ST_OK;
    double share;

    *out = (struct check_result){
        .arena = arena_new(0),
        .before = before,
        .now = now,
        .alpha = options->alpha,
        .noise = options->noise,
    };
    if (out->arena)
        out->findings = arena_array(out->arena, room, sizeof(*out->findings));
    if (!out->findings)
        return ST_ENOMEM;
    if (before) {
        out->inputs_differ = strcmp(before->digest, now->digest) != 0;
        out->version_differs = strcmp(before->version, now->version) != 0;
        out->seed_differs = before->seed != now->seed;
        out->samples_differ = before->nr_samples != now->nr_samples;
        st = check_inputs(out);
    }
    if (st == ST_OK)
        st = test_all(out);
    if (st == ST_OK)
        st = correct(out, false);
    if (st == ST_OK)
        st = correct(out, true);
    if (st != ST_OK)
        return st;
    share = count_parts(now) > 0 ? options->alpha / 2.0 : options->alpha;
    for (size_t i = 0; i < out->nr_findings; i++) {
        struct check_finding *f = &out->findings[i];

        f->seq = i;
        if (f->verdict != CHECK_SAME)
            continue;
        f->verdict = judge(out, f, share);
        f->change = (f->test.now - f->test.before) / fabs(f->test.before);
    }
    qsort(out->findings, out->nr_findings, sizeof(*out->findings), by_weight);
    for (size_t i = 0; i < out->nr_findings; i++) {
        out->nr[out->findings[i].verdict]++;
        out->nr_wholes += out->findings[i].vm == NULL;
    }
    return ST_OK;
}

void check_release(struct check_result *result)
{
    arena_free(result->arena);
    *result = (struct check_result){0};
}
