/*
 * course.c - the rounds of every sample of a forecast, read at common moments.
 *
 * Within a round bytes leave evenly, the zero pages of the first round at its end, all at once; at
 * the sync that ends a round they jump.  A sample that has ended has nothing remaining.
 */
#include "answers/accuracy/course.h"

#include <math.h>
#include <stdlib.h>

#include "base/stats.h"
#include "base/units.h"

enum {
    STEPS = 24 /* points of a tooth, for scales on which a line is none */
};

struct tooth {
    float from_ns, to_ns, high, low;
};

/* All rounds of all samples; sample i has teeth[start[i]] up to teeth[start[i + 1]]. */
struct way {
    struct tooth *teeth;
    size_t nr_teeth, cap;
    size_t start[PREDICT_SAMPLES + 1];
    double total_ns[PREDICT_SAMPLES];
    size_t nr;
    bool failed;
};

static bool room(struct way *w, size_t more)
{
    struct tooth *grown;
    size_t want = w->cap ? w->cap : 4096;

    while (want < w->nr_teeth + more)
        want *= 2;
    if (want == w->cap)
        return true;
    grown = realloc(w->teeth, want * sizeof(*grown));
    if (!grown)
        return false;
    w->teeth = grown;
    w->cap = want;
    return true;
}

static void take_sample(void *ctx, size_t member, const struct mig_result *row,
                        const struct mig_round *rounds)
{
    struct way *w = ctx;
    double high;

    (void)member;
    if (w->nr == PREDICT_SAMPLES || !room(w, row->nr_rounds)) {
        w->failed = true;
        return;
    }
    rounds += row->first_round;
    for (size_t i = 0; i < row->nr_rounds; i++) {
        const struct mig_round *r = &rounds[i];
        double from = (double)(r->start_ns - row->started_ns);
        double low = fmax((double)r->remaining_bytes - (double)r->dirtied_bytes, 0.0);

        high = i > 0 ? (double)r[-1].remaining_bytes
                     : (double)r->sent_pages * (double)PAGE_BYTES + low;
        if (i == 0)
            low = fmin(low + (double)row->zero_pages * (double)PAGE_BYTES, high);
        w->teeth[w->nr_teeth++] = (struct tooth){
            (float)from, (float)(from + (double)r->duration_ns), (float)high, (float)low};
    }
    w->total_ns[w->nr] = (double)row->total_ns;
    w->start[++w->nr] = w->nr_teeth;
}

static double remaining_at(const struct way *w, size_t sample, double t_ns)
{
    double last = 0.0;

    if (t_ns >= w->total_ns[sample])
        return 0.0;
    for (size_t i = w->start[sample]; i < w->start[sample + 1]; i++) {
        const struct tooth *t = &w->teeth[i];

        if (t_ns < (double)t->from_ns)
            return i > w->start[sample] ? last : (double)t->high;
        last = (double)t->low;
        if (t_ns <= (double)t->to_ns && t->to_ns > t->from_ns)
            return (double)t->high - (double)(t->high - t->low) * (t_ns - (double)t->from_ns) /
                                         (double)(t->to_ns - t->from_ns);
    }
    return last;
}

static size_t middle_sample(const struct way *w, double total_ns)
{
    size_t best = 0;

    for (size_t i = 1; i < w->nr; i++)
        if (fabs(w->total_ns[i] - total_ns) < fabs(w->total_ns[best] - total_ns))
            best = i;
    return best;
}

static enum status draw_middle(const struct way *w, size_t sample, struct course *out)
{
    size_t nr = w->start[sample + 1] - w->start[sample];

    out->middle = malloc((STEPS * nr + 1) * sizeof(*out->middle));
    if (!out->middle)
        return ST_ENOMEM;
    for (size_t i = w->start[sample]; i < w->start[sample + 1]; i++) {
        const struct tooth *t = &w->teeth[i];

        for (int k = 0; k < STEPS; k++) {
            double part = (double)k / (STEPS - 1);

            out->middle[out->nr_middle++] =
                (struct course_point){(double)t->from_ns + (double)(t->to_ns - t->from_ns) * part,
                                      (double)t->high - (double)(t->high - t->low) * part};
        }
    }
    out->middle[out->nr_middle++] = (struct course_point){w->total_ns[sample], 0.0};
    return ST_OK;
}

static enum status draw_band(const struct way *w, double end_ns, struct course *out)
{
    double *v = malloc((w->nr + 1) * sizeof(*v));

    out->band = malloc(COURSE_POINTS * sizeof(*out->band));
    for (size_t k = 0; v && out->band && k < COURSE_POINTS; k++) {
        double t_ns = end_ns * (double)k / (COURSE_POINTS - 1);

        for (size_t i = 0; i < w->nr; i++)
            v[i] = remaining_at(w, i, t_ns);
        stats_sort(v, w->nr);
        out->band[out->nr_band++] = (struct course_band){
            t_ns, stats_quantile_sorted(v, w->nr, 0.05), stats_quantile_sorted(v, w->nr, 0.95)};
    }
    free(v);
    return out->nr_band ? ST_OK : ST_ENOMEM;
}

enum status course_forecast(struct course *out, const struct trace_facts *facts,
                            const struct costs_file *calibration, uint64_t seed, struct diag *diag)
{
    struct way *w = calloc(1, sizeof(*w));
    struct predict_options po = {
        .calibration = calibration, .seed = seed, .each = take_sample, .each_ctx = w};
    enum status st = w ? ST_OK : ST_ENOMEM;

    *out = (struct course){0};
    if (st == ST_OK)
        st = predict_group(&facts, 1, &po, &out->prediction, diag);
    if (st == ST_OK && (w->failed || w->nr == 0))
        st = ST_ENOMEM;
    if (st == ST_OK)
        st = draw_middle(w, middle_sample(w, (double)out->prediction.result.total_ns), out);
    if (st == ST_OK)
        st = draw_band(w, out->prediction.total_ns.high, out);
    if (w)
        free(w->teeth);
    free(w);
    if (st != ST_OK)
        course_release(out);
    return st == ST_ENOMEM ? diag_set(diag, st, "not enough memory") : st;
}

void course_release(struct course *c)
{
    free(c->band);
    free(c->middle);
    *c = (struct course){0};
}
