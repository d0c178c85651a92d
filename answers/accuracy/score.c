/*
 * score.c - for each configuration: constants it has not seen, forecasts, replays, and the methods
 * of others.
 *
 * Summaries are made in score_sum.c.  Invariant: the constants that judge a row are learned from no
 * capture of its configuration, and in the validation half of a split from none of that half.
 */
#include "answers/accuracy/score.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats.h"

#define BAD_RATIO 0.25

enum {
    JOBS_MAX = 64,
    /* Learning how guests take throttling costs some 1200 simulations a throttled capture.  Up to
     * so many of them times configurations it is done anew for each configuration left out; past
     * that once, with constants of all captures that may be learned from. */
    NEEDS_ANEW_MAX = 128,
    EDGE_ROUNDS = 10,
    IDLE_ROUNDS = 3
};

struct work {
    const struct trace_facts *facts;
    size_t nr;
    const struct score_options *o;
    struct score *out;
    bool *learn;   /* captures that constants may be learned from */
    double *needs; /* of each capture, < 0 = none; NULL = learned anew each time */
    atomic_size_t next;
    atomic_bool failed;
    pthread_mutex_t lock; /* of status and diag */
    enum status status;
    struct diag *diag;
};

static enum status fail(struct work *w, enum status st, const struct diag *diag)
{
    pthread_mutex_lock(&w->lock);
    if (w->status == ST_OK) {
        w->status = st;
        if (w->diag && diag)
            *w->diag = *diag;
    }
    pthread_mutex_unlock(&w->lock);
    w->failed = true;
    return st;
}

static enum status set_needs(const struct work *w, size_t left_out, struct costs_file *c,
                             struct diag *diag)
{
    struct calibration_need *v = malloc((w->nr + 1) * sizeof(*v));
    enum status st = v ? ST_OK : diag_set(diag, ST_ENOMEM, "not enough memory");

    for (int a = 0; a < ACCEL_NR && st == ST_OK; a++) {
        size_t n = 0;

        for (size_t i = 0; i < w->nr && st == ST_OK; i++) {
            double need = -1.0;

            if (!w->learn[i] || w->out->split.config_of[i] == left_out ||
                calibration_accel(&w->facts[i]) != (enum accel)a)
                continue;
            if (w->needs)
                need = w->needs[i];
            else
                st = calibration_need_of(&w->facts[i], c, &need, diag);
            if (st == ST_OK && need > 0.0)
                v[n++] = (struct calibration_need){w->out->split.config_of[i], need};
        }
        if (st == ST_OK && calibration_set_need(&c->part[a], v, n) != ST_OK)
            st = diag_set(diag, ST_ENOMEM, "not enough memory");
    }
    free(v);
    return st;
}

/* Constants from all captures that may be learned from, but for configuration @left_out (SIZE_MAX =
 * none). */
static enum status learn_costs(const struct work *w, size_t left_out, struct costs_file *c,
                               struct diag *diag)
{
    struct trace_facts *subset = calloc(w->nr + 1, sizeof(*subset));
    size_t n = 0;
    enum status st;

    if (!subset)
        return diag_set(diag, ST_ENOMEM, "not enough memory");
    for (size_t i = 0; i < w->nr; i++) {
        if (w->learn[i] && w->out->split.config_of[i] != left_out)
            subset[n++] = w->facts[i]; /* borrowed */
    }
    st = calibration_learn(c, subset, n, SIZE_MAX);
    free(subset);
    return st == ST_OK ? st : diag_set(diag, st, "not enough memory");
}

static enum status constants_for(const struct work *w, size_t config, struct costs_file *c,
                                 struct diag *diag)
{
    enum status st;

    if (w->o->mode == SCORE_GIVEN) {
        *c = *w->o->calibration;
        return ST_OK;
    }
    st = learn_costs(w, config, c, diag);
    return st == ST_OK ? set_needs(w, config, c, diag) : st;
}

/* ---- one row ---- */

static double error_ratio(double forecast, double observed)
{
    return observed > 0.0 ? (forecast - observed) / observed : NAN;
}

static void judge_totals(const struct trace_facts *f, struct score_row *row)
{
    const struct facts_totals *t = &f->after.totals;
    const struct mig_result *r = &row->prediction.result;
    const struct mig_params *p = &f->before.params;
    double total = (double)t->total_ns;

    row->outcome_right = replay_observed_outcome(f) == r->outcome;
    row->total_error_ratio = row->outcome_right ? error_ratio((double)r->total_ns, total) : 1.0;
    row->downtime_error_ns = t->downtime_ns >= 0 && r->downtime_ns >= 0
                                 ? (double)(r->downtime_ns - t->downtime_ns)
                                 : NAN;
    row->bytes_error_ratio =
        error_ratio((double)r->transferred_bytes, (double)t->transferred_bytes);
    row->rounds_error = (double)r->rounds - (double)t->rounds;
    row->throttle_error_pct = (double)r->max_throttle_pct - (double)t->max_throttle_pct;
    row->throttle_known = p->auto_converge;
    row->throttle_right =
        fabs(row->throttle_error_pct) <= (double)p->cpu_throttle_increment_pct + 0.5;
    /* a limit that ended both says nothing about the spread */
    row->covered_known = total > 0.0 && r->outcome == OUTCOME_COMPLETED;
    row->bad = !row->outcome_right || fabs(row->total_error_ratio) >= BAD_RATIO;
}

/* Once the bands have their final width. */
static void judge_bands(struct score_row *row)
{
    const struct facts_totals *t = &row->facts->after.totals;
    const struct prediction *p = &row->prediction;

    row->covered = row->outcome_right && (double)t->total_ns >= p->total_ns.low &&
                   (double)t->total_ns <= p->total_ns.high;
    row->downtime_covered = t->downtime_ns >= 0 && (double)t->downtime_ns >= p->downtime_ns.low &&
                            (double)t->downtime_ns <= p->downtime_ns.high;
}

static void judge_guesses(const struct costs_file *c, struct score_row *row)
{
    const struct trace_facts *f = row->facts;
    const struct costs_file_part *part = &c->part[calibration_accel(f)];
    struct baseline_guest guest;
    struct baseline_link link;

    baseline_guest_of(&guest, f, part);
    baseline_link_of(&link, f, part);
    for (int b = 0; b < BASELINE_NR; b++) {
        struct score_guess *g = &row->guess[b];
        struct baseline_result r;
        bool right;

        baseline_forecast(&r, (enum baseline)b, &guest, &link);
        right = r.outcome == replay_observed_outcome(f);
        g->outcome = r.outcome;
        g->total_error_ratio =
            right ? error_ratio(r.total_s * (double)NS_PER_S, (double)f->after.totals.total_ns)
                  : 1.0;
        g->bad = !right || fabs(g->total_error_ratio) >= BAD_RATIO;
    }
}

static enum status replay_row(const struct costs_file *c, struct score_row *row, struct diag *diag)
{
    enum status st;

    if (!row->replayed)
        return ST_OK;
    st = replay_trace(row->facts, c, &row->replay, diag);
    free(row->replay.rounds);
    row->replay.rounds = 0;
    row->replay.nr_rounds = 0;
    return st;
}

/* The captures @unit[0..n) share a link, or are one. */
static enum status score_unit(struct work *w, const size_t *unit, size_t n,
                              const struct costs_file *c, struct diag *diag)
{
    struct predict_options po = {.calibration = c, .seed = w->o->seed};
    const struct trace_facts **group = calloc(n, sizeof(*group));
    struct prediction *p = calloc(n, sizeof(*p));
    enum status st = group && p ? ST_OK : diag_set(diag, ST_ENOMEM, "not enough memory");
    bool forecast = true;

    for (size_t k = 0; st == ST_OK && k < n; k++) {
        group[k] = &w->facts[unit[k]];
        forecast = forecast && !predict_lacks(group[k]);
    }
    if (st == ST_OK && forecast)
        st = predict_group(group, n, &po, p, diag);
    for (size_t k = 0; st == ST_OK && k < n; k++) {
        struct score_row *row = &w->out->rows[unit[k]];

        row->forecast = forecast;
        row->costs = *c;
        row->replayed = !replay_lacks(row->facts);
        row->missing = predict_lacks(row->facts);
        if (!row->missing)
            row->missing = replay_lacks(row->facts);
        if (forecast) {
            row->prediction = p[k];
            judge_totals(row->facts, row);
            judge_guesses(c, row);
        }
        st = replay_row(c, row, diag);
        if (w->o->step)
            w->o->step(w->o->step_arg);
    }
    free(group);
    free(p);
    return st;
}

static enum status score_config(struct work *w, size_t config, size_t *unit, bool *done,
                                struct diag *diag)
{
    struct costs_file c;
    enum status st = constants_for(w, config, &c, diag);

    for (size_t i = 0; i < w->nr && st == ST_OK; i++) {
        const char *group = w->facts[i].header.link.group;
        size_t n = 0;

        if (w->out->split.config_of[i] != config || done[i])
            continue;
        for (size_t j = i; j < w->nr; j++) {
            if (j != i && (!group[0] || strcmp(group, w->facts[j].header.link.group) != 0))
                continue;
            done[j] = true;
            unit[n++] = j;
        }
        st = score_unit(w, unit, n, &c, diag);
    }
    return st;
}

static void *worker(void *arg)
{
    struct work *w = arg;
    size_t *unit = calloc(w->nr + 1, sizeof(*unit));
    bool *done = calloc(w->nr + 1, sizeof(*done));
    size_t config;

    if (!unit || !done)
        fail(w, ST_ENOMEM, 0);
    while (!w->failed && (config = atomic_fetch_add(&w->next, 1)) < w->out->split.nr_configs) {
        struct diag diag = {0};
        enum status st = score_config(w, config, unit, done, &diag);

        if (st != ST_OK)
            fail(w, st, &diag);
    }
    free(unit);
    free(done);
    return 0;
}

static void run_workers(struct work *w)
{
    unsigned jobs = w->o->jobs < 1 ? 1 : w->o->jobs > JOBS_MAX ? JOBS_MAX : w->o->jobs;
    pthread_t threads[JOBS_MAX];
    unsigned started = 0;

    while (started + 1 < jobs && pthread_create(&threads[started], 0, worker, w) == 0)
        started++;
    worker(w);
    for (unsigned i = 0; i < started; i++)
        pthread_join(threads[i], 0);
}

/* ---- what is known of all rows before the work ---- */

static enum status learn_needs(struct work *w)
{
    size_t throttled = 0, configs = w->out->split.nr_configs;
    struct costs_file all;
    enum status st;

    for (size_t i = 0; i < w->nr; i++)
        throttled += w->learn[i] && calibration_tells_need(&w->facts[i]) ? 1 : 0;
    if (throttled * configs <= NEEDS_ANEW_MAX)
        return ST_OK;
    w->needs = malloc((w->nr + 1) * sizeof(*w->needs));
    if (!w->needs)
        return diag_set(w->diag, ST_ENOMEM, "not enough memory");
    st = learn_costs(w, SIZE_MAX, &all, w->diag);
    for (size_t i = 0; i < w->nr && st == ST_OK; i++) {
        w->needs[i] = -1.0;
        if (w->learn[i])
            st = calibration_need_of(&w->facts[i], &all, &w->needs[i], w->diag);
    }
    return st;
}

static enum status choose_learned(struct work *w)
{
    struct score *s = w->out;

    for (size_t i = 0; i < w->nr; i++) {
        w->learn[i] = s->mode == SCORE_LEAVE_ONE_OUT ||
                      (s->mode == SCORE_SPLIT &&
                       s->split.part_of[s->split.config_of[i]] == SPLIT_CALIBRATION);
        s->learned_from += w->learn[i] ? 1 : 0;
    }
    if (s->mode != SCORE_SPLIT || s->learned_from > 0)
        return ST_OK;
    diag_hint(w->diag, "tests/corpus/README.md has the rule; without --split each configuration is "
                       "judged with the others");
    return diag_set(w->diag, ST_EINPUT, "no capture of the calibration half was given");
}

static enum score_class class_of(const struct trace_facts *f)
{
    if (f->header.link.group[0])
        return SCORE_LINK;
    return calibration_accel(f) == ACCEL_KVM ? SCORE_KVM : SCORE_TCG;
}

static enum score_kind kind_of(const struct score *s, size_t i)
{
    const struct trace_facts *f = s->rows[i].facts;
    const struct mig_params *p = &f->before.params;

    if (p->postcopy)
        return SCORE_POSTCOPY;
    if (p->multifd)
        return SCORE_MULTIFD;
    if (p->xbzrle)
        return SCORE_XBZRLE;
    if (p->auto_converge)
        return SCORE_AUTO_CONVERGE;
    for (size_t j = 0; j < s->nr; j++) {
        const struct facts_after *a = &s->rows[j].facts->after;

        if (s->rows[j].case_no == s->rows[i].case_no &&
            (a->outcome != f->after.outcome ||
             (a->outcome == FACTS_COMPLETED && a->totals.rounds >= EDGE_ROUNDS)))
            return SCORE_EDGE;
    }
    if (f->after.outcome != FACTS_COMPLETED)
        return SCORE_DIVERGING;
    return f->after.totals.rounds <= IDLE_ROUNDS ? SCORE_IDLE : SCORE_CONVERGING;
}

static double median_of(double *v, size_t n)
{
    return stats_quantile(v, n, 0.5);
}

/* Row @i by the median of the other repeats that ended as most of them did. */
static void compare_repeats(const struct score *s, size_t i, double *v, struct score_repeat *out)
{
    const struct facts_totals *mine = &s->rows[i].facts->after.totals;
    size_t votes[OUTCOME_NR + 1] = {0}, others = 0, n[3] = {0};
    enum outcome best = OUTCOME_COMPLETED;

    *out = (struct score_repeat){
        .total_error_ratio = NAN, .bytes_error_ratio = NAN, .downtime_error_ns = NAN};
    for (size_t j = 0; j < s->nr; j++) {
        if (j == i || s->rows[j].case_no != s->rows[i].case_no)
            continue;
        votes[replay_observed_outcome(s->rows[j].facts)]++;
        others++;
    }
    if (others == 0)
        return;
    for (int o = 0; o < OUTCOME_NR; o++)
        best = votes[o] > votes[best] ? (enum outcome)o : best;
    for (size_t j = 0; j < s->nr; j++) {
        const struct facts_totals *t = &s->rows[j].facts->after.totals;

        if (j == i || s->rows[j].case_no != s->rows[i].case_no ||
            replay_observed_outcome(s->rows[j].facts) != best)
            continue;
        v[n[0]++] = (double)t->total_ns;
        v[s->nr + n[1]++] = (double)t->transferred_bytes;
        if (t->downtime_ns >= 0)
            v[2 * s->nr + n[2]++] = (double)t->downtime_ns;
    }
    out->known = true;
    out->outcome_right = best == replay_observed_outcome(s->rows[i].facts);
    out->total_error_ratio =
        out->outcome_right ? error_ratio(median_of(v, n[0]), (double)mine->total_ns) : 1.0;
    out->bytes_error_ratio =
        error_ratio(median_of(v + s->nr, n[1]), (double)mine->transferred_bytes);
    if (n[2] > 0 && mine->downtime_ns >= 0)
        out->downtime_error_ns = median_of(v + 2 * s->nr, n[2]) - (double)mine->downtime_ns;
}

static enum status describe_rows(struct score *s, const struct trace_facts *facts)
{
    double *v = malloc((3 * s->nr + 1) * sizeof(*v));

    if (!v)
        return ST_ENOMEM;
    for (size_t i = 0; i < s->nr; i++) {
        struct score_row *row = &s->rows[i];

        row->facts = &facts[i];
        row->config = s->split.config_of[i];
        row->case_no = s->split.case_of[i];
        row->part = s->split.part_of[row->config];
        row->class = class_of(&facts[i]);
        row->total_error_ratio = row->downtime_error_ns = row->bytes_error_ratio = NAN;
    }
    for (size_t i = 0; i < s->nr; i++) {
        s->rows[i].kind = kind_of(s, i);
        compare_repeats(s, i, v, &s->rows[i].repeat);
    }
    free(v);
    return ST_OK;
}

static struct bands_excess *excesses_of(struct score *s)
{
    struct bands_excess *excess = malloc((s->nr + 1) * sizeof(*excess));

    for (size_t i = 0; excess && i < s->nr; i++) {
        struct score_row *row = &s->rows[i];

        row->excess = row->forecast ? bands_excess_of(&row->prediction, row->facts)
                                    : (struct bands_excess){NAN, NAN, NAN};
        excess[i] = row->excess;
    }
    return excess;
}

/* Each row's band by the excesses of the other configurations that may be learned from. */
static enum status widen_rows(const struct work *w)
{
    struct score *s = w->out;
    struct bands_excess *excess = excesses_of(s);
    struct bands_cases cases = {.facts = w->facts,
                                .excess = excess,
                                .config = s->split.config_of,
                                .use = w->learn,
                                .nr = w->nr};
    enum status st = excess ? ST_OK : ST_ENOMEM;

    for (size_t i = 0; i < w->nr && st == ST_OK; i++) {
        struct score_row *row = &s->rows[i];

        if (!row->forecast)
            continue;
        if (s->mode !=
            SCORE_GIVEN) { /* a given calibration has its slack, and it is in the bands */
            st = bands_learn(&row->costs, &cases, row->config);
            bands_widen(&row->prediction, &row->costs.part[calibration_accel(row->facts)],
                        row->facts);
        }
        judge_bands(row);
    }
    free(excess);
    return st == ST_OK ? st : diag_set(w->diag, st, "not enough memory");
}

enum status score_traces(const struct trace_facts *facts, size_t nr, const struct score_options *o,
                         struct score *out, struct diag *diag)
{
    struct work w = {.facts = facts, .nr = nr, .o = o, .out = out, .diag = diag};
    enum status st;

    *out = (struct score){.nr = nr, .mode = o->mode};
    pthread_mutex_init(&w.lock, 0);
    out->rows = calloc(nr + 1, sizeof(*out->rows));
    w.learn = calloc(nr + 1, sizeof(*w.learn));
    st = out->rows && w.learn ? split_init(&out->split, facts, nr) : ST_ENOMEM;
    if (st == ST_OK)
        st = describe_rows(out, facts);
    if (st == ST_ENOMEM)
        diag_set(diag, st, "not enough memory");
    if (st == ST_OK)
        st = choose_learned(&w);
    if (st == ST_OK)
        st = learn_needs(&w);
    if (st == ST_OK) {
        run_workers(&w);
        st = w.status;
    }
    if (st == ST_OK)
        st = widen_rows(&w);
    pthread_mutex_destroy(&w.lock);
    free(w.learn);
    free(w.needs);
    if (st != ST_OK)
        score_release(out);
    return st;
}

enum status score_learn_bands(struct costs_file *c, const struct trace_facts *facts, size_t nr,
                              const struct score_options *options, struct diag *diag)
{
    struct score_options o = *options;
    struct bands_excess *excess;
    struct score s;
    enum status st;

    o.mode = SCORE_LEAVE_ONE_OUT;
    st = score_traces(facts, nr, &o, &s, diag);
    if (st != ST_OK)
        return st;
    excess = malloc((nr + 1) * sizeof(*excess));
    st = excess ? ST_OK : ST_ENOMEM;
    for (size_t i = 0; excess && i < nr; i++)
        excess[i] = s.rows[i].excess;
    if (st == ST_OK)
        st = bands_learn(
            c,
            &(struct bands_cases){
                .facts = facts, .excess = excess, .config = s.split.config_of, .nr = nr},
            SIZE_MAX);
    free(excess);
    score_release(&s);
    return st == ST_OK ? st : diag_set(diag, st, "not enough memory");
}

void score_release(struct score *s)
{
    free(s->rows);
    split_release(&s->split);
    *s = (struct score){0};
}
