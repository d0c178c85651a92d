/*
 * score.c - errors per capture, then per class.
 */
#include "answers/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats.h"

#define BAD_RATIO 0.25

static void judge(const struct trace_facts *f, struct score_row *row)
{
    const struct facts_totals *t = &f->after.totals;
    const struct mig_result *r = &row->prediction.result;
    double total = (double)t->total_ns;

    row->facts = f;
    row->outcome_right = replay_observed_outcome(f) == r->outcome;
    row->total_error_ratio = total > 0.0 ? ((double)r->total_ns - total) / total : NAN;
    if (!row->outcome_right)
        row->total_error_ratio = 1.0;
    row->downtime_error_ns = t->downtime_ns >= 0 && r->downtime_ns >= 0
                                 ? (double)(r->downtime_ns - t->downtime_ns)
                                 : NAN;
    row->bytes_error_ratio = t->transferred_bytes > 0
                                 ? ((double)r->transferred_bytes - (double)t->transferred_bytes) /
                                       (double)t->transferred_bytes
                                 : NAN;
    row->rounds_error = (double)r->rounds - (double)t->rounds;
    row->throttle_error_pct = (double)r->max_throttle_pct - (double)t->max_throttle_pct;
    /* a limit that ended both says nothing about the spread */
    row->covered_known = total > 0.0 && r->outcome == OUTCOME_COMPLETED;
    row->covered = row->outcome_right && total >= row->prediction.total_ns.low &&
                   total <= row->prediction.total_ns.high;
    row->downtime_covered = t->downtime_ns >= 0 &&
                            (double)t->downtime_ns >= row->prediction.downtime_ns.low &&
                            (double)t->downtime_ns <= row->prediction.downtime_ns.high;
    row->bad = !row->outcome_right || fabs(row->total_error_ratio) >= BAD_RATIO;
}

static enum status score_one(const struct trace_facts *facts, size_t nr, size_t i,
                             const struct score_options *o, struct score_row *row,
                             struct diag *diag)
{
    const struct trace_facts **group = calloc(nr, sizeof(*group));
    struct prediction *p = calloc(nr, sizeof(*p));
    struct costs_file own;
    const struct costs_file *c = o->calibration;
    size_t n = 0, me = 0;
    enum status st = group && p ? ST_OK : diag_set(diag, ST_ENOMEM, "not enough memory");

    if (st == ST_OK && !c) {
        st = calibration_learn(&own, facts, nr, i);
        if (st == ST_OK)
            st = calibration_learn_need(&own, facts, nr, i, diag);
        c = &own;
    }
    for (size_t j = 0; st == ST_OK && j < nr; j++) {
        if (!calibration_left_out(facts, j, i))
            continue;
        me = j == i ? n : me;
        group[n++] = &facts[j];
    }
    if (st == ST_OK) {
        struct predict_options po = {.calibration = c, .seed = o->seed};

        st = predict_group(group, n, &po, p, diag);
    }
    if (st == ST_OK) {
        row->prediction = p[me];
        st = replay_trace(&facts[i], c, &row->replay, diag);
        free(row->replay.rounds);
        row->replay.rounds = 0;
        row->replay.nr_rounds = 0;
    }
    free(group);
    free(p);
    return st;
}

static struct score_errors errors(double *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        v[i] = fabs(v[i]);
    stats_sort(v, n);
    return (struct score_errors){n, stats_quantile_sorted(v, n, 0.5),
                                 stats_quantile_sorted(v, n, 0.9),
                                 stats_quantile_sorted(v, n, 1.0)};
}

static bool in_class(const struct score_row *row, int class)
{
    bool shared = row->facts->header.link.group[0] != '\0';

    switch (class) {
    case 0:
        return calibration_accel(row->facts) == ACCEL_KVM && !shared;
    case 1:
        return calibration_accel(row->facts) == ACCEL_TCG && !shared;
    case 2:
        return shared;
    default:
        return true;
    }
}

static double row_figure(const struct score_row *row, int figure)
{
    switch (figure) {
    case 0:
        return row->total_error_ratio;
    case 1:
        return row->downtime_error_ns;
    case 2:
        return row->bytes_error_ratio;
    case 3:
        return row->replay.total_error_ratio;
    default:
        return row->replay.downtime_error_ns;
    }
}

static void summarise_class(struct score *s, int class, double *v)
{
    static const char *const names[SCORE_CLASSES] = {"kvm", "tcg (linux)", "shared link", "all"};
    struct score_class *c = &s->classes[class];
    struct score_errors *to[] = {&c->total, &c->downtime_ns, &c->bytes, &c->replay_total,
                                 &c->replay_downtime_ns};

    *c = (struct score_class){.name = names[class]};
    for (size_t i = 0; i < s->nr; i++) {
        const struct score_row *row = &s->rows[i];

        if (!in_class(row, class))
            continue;
        c->nr++;
        c->outcomes_right += row->outcome_right ? 1 : 0;
        c->bad += row->bad ? 1 : 0;
        c->covered_of += row->covered_known ? 1 : 0;
        c->covered += row->covered_known && row->covered ? 1 : 0;
        c->rounds_within_1 += fabs(row->rounds_error) <= 1.0 ? 1 : 0;
        c->replay_outcomes_right += row->replay.outcome_agrees ? 1 : 0;
        c->replay_rounds_within_1 += llabs(row->replay.rounds_error) <= 1 ? 1 : 0;
    }
    for (int figure = 0; figure < 5; figure++) {
        size_t n = 0;

        for (size_t i = 0; i < s->nr; i++) {
            double x = row_figure(&s->rows[i], figure);

            if (in_class(&s->rows[i], class) && !isnan(x))
                v[n++] = x;
        }
        *to[figure] = errors(v, n);
    }
}

enum status score_traces(const struct trace_facts *facts, size_t nr, const struct score_options *o,
                         struct score *out, struct diag *diag)
{
    double *v = malloc((nr + 1) * sizeof(*v));
    enum status st;

    *out = (struct score){.nr = nr, .left_one_out = o->calibration == 0};
    out->rows = calloc(nr + 1, sizeof(*out->rows));
    st = v && out->rows ? ST_OK : diag_set(diag, ST_ENOMEM, "not enough memory");
    for (size_t i = 0; i < nr && st == ST_OK; i++) {
        st = score_one(facts, nr, i, o, &out->rows[i], diag);
        if (st == ST_OK)
            judge(&facts[i], &out->rows[i]);
        if (o->step)
            o->step(o->step_arg);
    }
    for (int c = 0; c < SCORE_CLASSES && st == ST_OK; c++)
        summarise_class(out, c, v);
    free(v);
    if (st != ST_OK)
        score_release(out);
    return st;
}

void score_release(struct score *s)
{
    free(s->rows);
    *s = (struct score){0};
}
