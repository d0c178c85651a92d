/*
 * calibrate_need.c - how guests answered throttling, from captures that were throttled.
 *
 * A throttle of p leaves a CPU-bound writer 1 - p of its speed and a paced one more.  Which of the
 * two a guest is cannot be seen before the migration, but guests of one kind behave alike: for each
 * throttled capture, the need with which its forecast meets the observed total time is looked up,
 * and the median of the configurations is kept.
 */
#include <math.h>
#include <stdlib.h>

#include "answers/accuracy/calibration.h"
#include "answers/accuracy/predict.h"
#include "answers/accuracy/split.h"
#include "base/stats.h"

/* A guest that works every 5 ms and drops what it cannot do acts as if it needed 1 / (1 + 5 / 10):
 * tracer/fit.c.  Periods of 1 to 10 ms give 0.91 to 0.5. */
#define NEED_UNSEEN 0.667
#define NEED_SPREAD 0.14

enum {
    NEED_STEPS = 15, /* 0.30, 0.35 ... 1.00 */
    NEED_SAMPLES = 80,
    NEED_PCT = 40 /* captures throttled less than this do not tell */
};

bool calibration_tells_need(const struct trace_facts *f)
{
    return f->after.outcome == FACTS_COMPLETED && f->after.totals.max_throttle_pct >= NEED_PCT;
}

static double need_at(int step)
{
    return 0.30 + 0.05 * step;
}

/* Total time of the forecast if the guest needed @need; < 0 = it would not have completed. */
static enum status total_at(const struct trace_facts *f, const struct costs_file *c, double need,
                            double *total, struct diag *diag)
{
    struct predict_options o = {
        .calibration = c, .seed = 7, .samples = NEED_SAMPLES, .cpu_need = need};
    struct prediction p;
    enum status st = predict_group(&f, 1, &o, &p, diag);

    if (st == ST_OK)
        *total = p.result.outcome == OUTCOME_COMPLETED ? (double)p.result.total_ns : -1.0;
    return st;
}

/* Where log(forecast / observed) changes sign, interpolated. */
enum status calibration_need_of(const struct trace_facts *f, const struct costs_file *c,
                                double *need, struct diag *diag)
{
    double before = NAN;

    *need = -1.0;
    if (!calibration_tells_need(f))
        return ST_OK;
    for (int i = 0; i < NEED_STEPS; i++) {
        double total, off;
        enum status st = total_at(f, c, need_at(i), &total, diag);

        if (st != ST_OK)
            return st;
        off = total > 0.0 ? log(total / (double)f->after.totals.total_ns) : INFINITY;
        if (isfinite(before) && isfinite(off) && (before > 0.0) != (off > 0.0)) {
            *need = need_at(i - 1) + 0.05 * before / (before - off);
            return ST_OK;
        }
        before = off;
    }
    return ST_OK;
}

/* Median of the needs of configuration @config, < 0 = it has none; they are moved to the front of
 * @v. */
static double need_of_config(const struct calibration_need *needs, size_t n, size_t config,
                             double *v)
{
    size_t k = 0;

    for (size_t i = 0; i < n; i++) {
        if (needs[i].config == config)
            v[k++] = needs[i].need;
    }
    return k > 0 ? stats_quantile(v, k, 0.5) : -1.0;
}

/*
 * Repeats of a configuration are one guest, so each counts once; and what is expected of a guest
 * that nobody saw counts as one more.  From few configurations the result stays near that.
 */
enum status calibration_set_need(struct costs_file_part *part, const struct calibration_need *needs,
                                 size_t n)
{
    struct host_costs_spread *s = &part->spread;
    double *v = malloc((n + 1) * sizeof(*v)), *w = malloc((n + 1) * sizeof(*w));
    size_t k = 0;

    if (!v || !w) {
        free(v);
        free(w);
        return ST_ENOMEM;
    }
    for (size_t i = 0; i < n; i++) {
        bool seen = false;

        for (size_t j = 0; j < i && !seen; j++)
            seen = needs[j].config == needs[i].config;
        if (!seen)
            v[k++] = need_of_config(needs, n, needs[i].config, w);
    }
    if (k > 0) {
        v[k++] = NEED_UNSEEN;
        s->cpu_need_ratio = stats_quantile(v, k, 0.5);
        for (size_t i = 0; i < k; i++)
            v[i] = fabs(v[i] - s->cpu_need_ratio);
        s->cpu_need_spread_ratio =
            fmax(1.4826 * stats_quantile(v, k, 0.5), NEED_SPREAD / sqrt((double)k));
    }
    free(v);
    free(w);
    return ST_OK;
}

enum status calibration_learn_need(struct costs_file *c, const struct trace_facts *facts, size_t nr,
                                   size_t skip, struct diag *diag)
{
    struct calibration_need *v = malloc((nr + 1) * sizeof(*v));
    struct split split = {0};
    enum status st = v ? split_init(&split, facts, nr) : ST_ENOMEM;

    if (st != ST_OK)
        diag_set(diag, st, "not enough memory");
    for (int a = 0; a < ACCEL_NR && st == ST_OK; a++) {
        size_t n = 0;

        for (size_t i = 0; i < nr && st == ST_OK; i++) {
            double need;

            if (calibration_accel(&facts[i]) != (enum accel)a ||
                calibration_left_out(facts, i, skip))
                continue;
            st = calibration_need_of(&facts[i], c, &need, diag);
            if (st == ST_OK && need > 0.0)
                v[n++] = (struct calibration_need){split.config_of[i], need};
        }
        if (st == ST_OK)
            st = calibration_set_need(&c->part[a], v, n);
    }
    split_release(&split);
    free(v);
    return st;
}
