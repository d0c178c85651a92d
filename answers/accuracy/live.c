/*
 * live.c - a running migration among its simulated likes.
 *
 * A sample's way is a list of points: each sync, the switchover, the end.  Between two points bytes
 * grow evenly, which is what a constant bandwidth does.  Leaves to predict.c what the samples
 * are and to the caller when to look.
 *
 * Invariant: the points of a way are in order of time and of bytes; an alarm, once raised, stays.
 */
#include "answers/accuracy/live.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats.h"
#include "base/units.h"

#include "base/banned.h"

/* How far a sample may be from what is seen and still count as like it: one standard deviation. */
#define LIKE_BYTES_RATIO 0.02
#define LIKE_ROUNDS_RATIO 0.05
/* Answers that are late by so many gaps between answers are not coming. */
#define SILENCE_GAPS 3

struct point {
    int64_t t_ns; /* since `migrate` */
    double bytes; /* sent so far */
    double round;
};

struct way {
    enum outcome outcome;
    int64_t total_ns;
    uint32_t nr; /* points */
    struct point *points;
};

struct live {
    struct prediction prediction;
    struct way *ways;
    size_t nr_ways, cap_ways;
    double *values, *weights; /* nr_ways each, scratch */
    bool out_of_memory;

    int64_t migrate_ns; /* of the trace's clock; -1 = not yet */
    int64_t end_ns;     /* ... of its end; -1 = not yet */
    char status[32];
    int64_t seen_ns; /* of the last poll */
    int64_t gap_ns;  /* between the last two */
    int64_t sent_bytes, rounds, throttle_pct;
    int64_t outside_since_ns; /* -1 = inside */
    bool alarmed;
    char first_why[160];
};

static const char *const state_names[LIVE_NR] = {
    [LIVE_WAITING] = "waiting",
    [LIVE_NORMAL] = "normal",
    [LIVE_UNUSUAL] = "unusual",
    [LIVE_ABNORMAL] = "abnormal",
};

const char *live_state_name(enum live_state state)
{
    assert(state < LIVE_NR);
    return state_names[state];
}

struct live *live_new(void)
{
    struct live *l = calloc(1, sizeof(*l));

    if (!l)
        return NULL;
    l->migrate_ns = l->end_ns = l->outside_since_ns = -1;
    l->sent_bytes = l->rounds = -1;
    snprintf(l->status, sizeof(l->status), "none");
    return l;
}

static void forget_ways(struct live *l)
{
    for (size_t i = 0; i < l->nr_ways; i++)
        free(l->ways[i].points);
    free(l->ways);
    free(l->values);
    free(l->weights);
    l->ways = NULL;
    l->values = l->weights = NULL;
    l->nr_ways = l->cap_ways = 0;
}

void live_free(struct live *l)
{
    if (!l)
        return;
    forget_ways(l);
    free(l);
}

/* -------- the forecast -------- */

static void add_point(struct way *w, int64_t t_ns, double bytes, double round)
{
    const struct point *last = w->nr ? &w->points[w->nr - 1] : NULL;

    if (last && t_ns < last->t_ns)
        t_ns = last->t_ns;
    if (last && bytes < last->bytes)
        bytes = last->bytes;
    w->points[w->nr++] = (struct point){t_ns, bytes, round};
}

static void keep_way(void *ctx, size_t member, const struct mig_result *row,
                     const struct mig_round *rounds)
{
    struct live *l = ctx;
    struct way *w = &l->ways[l->nr_ways];
    double bytes = 0, round = 1;
    int64_t last_ns = row->postcopy_ns > 0 ? row->postcopy_ns : row->downtime_ns;

    assert(member == 0 && l->nr_ways < l->cap_ways);
    w->points = calloc(row->nr_rounds + 2, sizeof(*w->points));
    if (!w->points) {
        l->out_of_memory = true;
        return;
    }
    l->nr_ways++;
    w->outcome = row->outcome;
    w->total_ns = row->total_ns;
    for (size_t i = 0; i < row->nr_rounds; i++) {
        const struct mig_round *r = &rounds[row->first_round + i];

        round = r->round;
        if (r->start_ns - row->started_ns < row->total_ns - last_ns)
            add_point(w, r->start_ns - row->started_ns, bytes, round);
        bytes += (double)r->wire_bytes;
    }
    bytes = (double)row->transferred_bytes;
    if (last_ns > 0) /* at full speed from here on, whatever the limit was */
        add_point(w, row->total_ns - last_ns,
                  bytes - (double)row->postcopy_bytes - (double)row->downtime_bytes, round);
    add_point(w, row->total_ns, bytes, row->rounds);
}

enum status live_forecast(struct live *l, const struct trace_facts *facts,
                          const struct predict_options *options, struct diag *diag)
{
    struct predict_options po = *options;
    size_t samples = po.samples ? po.samples : PREDICT_SAMPLES;
    enum status st;

    forget_ways(l);
    l->ways = calloc(samples, sizeof(*l->ways));
    l->values = calloc(samples, sizeof(*l->values));
    l->weights = calloc(samples, sizeof(*l->weights));
    if (!l->ways || !l->values || !l->weights)
        return diag_set(diag, ST_ENOMEM, "not enough memory for the forecast");
    l->cap_ways = samples;
    po.each = keep_way;
    po.each_ctx = l;
    st = predict_group(&facts, 1, &po, &l->prediction, diag);
    l->prediction.result.vm = NULL; /* points into @facts */
    if (st == ST_OK && l->out_of_memory)
        st = diag_set(diag, ST_ENOMEM, "not enough memory for the forecast");
    if (st != ST_OK)
        forget_ways(l);
    return st;
}

void live_adopt(struct live *l, struct live *from)
{
    forget_ways(l);
    l->prediction = from->prediction;
    l->ways = from->ways;
    l->nr_ways = from->nr_ways;
    l->cap_ways = from->cap_ways;
    l->values = from->values;
    l->weights = from->weights;
    from->ways = NULL;
    from->values = from->weights = NULL;
    from->nr_ways = from->cap_ways = 0;
}

const struct prediction *live_prediction(const struct live *l)
{
    assert(l->nr_ways > 0);
    return &l->prediction;
}

/* -------- what is seen -------- */

static bool is_end(const char *status)
{
    return strcmp(status, "completed") == 0 || strcmp(status, "failed") == 0 ||
           strcmp(status, "cancelled") == 0;
}

static void set_status(struct live *l, const struct trace_line *line)
{
    const char *status = json_string_value(json_object_get(line->data, "status"));

    if (!status)
        return;
    snprintf(l->status, sizeof(l->status), "%s", status);
    if (is_end(status) && l->end_ns < 0)
        l->end_ns = line->t_ns;
}

static void take_poll(struct live *l, const struct trace_line *line)
{
    const json_t *ram = json_object_get(line->data, "ram");

    set_status(l, line);
    if (!ram)
        return;
    l->gap_ns = l->sent_bytes < 0 ? 0 : line->t_ns - l->seen_ns;
    l->seen_ns = line->t_ns;
    l->sent_bytes = json_integer_value(json_object_get(ram, "transferred"));
    l->rounds = json_integer_value(json_object_get(ram, "dirty-sync-count"));
    l->throttle_pct = json_integer_value(json_object_get(line->data, "cpu-throttle-percentage"));
}

void live_line(struct live *l, const struct trace_line *line)
{
    if (line->side != TRACE_SOURCE || !line->name)
        return;
    if (line->kind == TRACE_COMMAND && strcmp(line->name, "migrate") == 0 && l->migrate_ns < 0)
        l->migrate_ns = line->t_ns;
    if (l->migrate_ns < 0)
        return;
    if (line->kind == TRACE_RETURN && strcmp(line->name, "query-migrate") == 0)
        take_poll(l, line);
    else if (line->kind == TRACE_EVENT && strcmp(line->name, "MIGRATION") == 0)
        set_status(l, line);
}

/* -------- where the samples are -------- */

/* The last point at or before @t_ns. */
static uint32_t point_at(const struct way *w, int64_t t_ns)
{
    uint32_t low = 0, high = w->nr;

    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;

        if (w->points[middle].t_ns <= t_ns)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static double bytes_at(const struct way *w, int64_t t_ns)
{
    uint32_t i = point_at(w, t_ns);
    const struct point *a = &w->points[i], *b = a + 1;

    if (i + 1 >= w->nr || t_ns <= a->t_ns || b->t_ns <= a->t_ns)
        return a->bytes;
    return a->bytes +
           (b->bytes - a->bytes) * (double)(t_ns - a->t_ns) / (double)(b->t_ns - a->t_ns);
}

static double rounds_at(const struct way *w, int64_t t_ns)
{
    return w->points[point_at(w, t_ns)].round;
}

typedef double way_value(const struct way *w, int64_t t_ns);

struct band {
    double least, low, high, most;
};

static struct band band_at(struct live *l, way_value *value, int64_t t_ns)
{
    for (size_t i = 0; i < l->nr_ways; i++)
        l->values[i] = value(&l->ways[i], t_ns);
    stats_sort(l->values, l->nr_ways);
    return (struct band){
        .least = l->values[0],
        .low = stats_quantile_sorted(l->values, l->nr_ways, 0.05),
        .high = stats_quantile_sorted(l->values, l->nr_ways, 0.95),
        .most = l->values[l->nr_ways - 1],
    };
}

static double total_of(const struct way *w, int64_t t_ns)
{
    (void)t_ns;
    return (double)w->total_ns;
}

/* The clock of what is seen may run a little ahead of a sample's, or behind. */
static struct band band_near(struct live *l, way_value *value, int64_t t_ns)
{
    int64_t slack_ns = LIVE_MARGIN_NS + (int64_t)(LIVE_MARGIN_RATIO * (double)t_ns);
    struct band now = band_at(l, value, t_ns);

    now.least = band_at(l, value, t_ns > slack_ns ? t_ns - slack_ns : 0).least;
    now.most = band_at(l, value, t_ns + slack_ns).most;
    return now;
}

/* -------- the verdict -------- */

enum place {
    INSIDE,
    OUTSIDE, /* of p5..p95 */
    BEYOND   /* all samples */
};

static enum place place_of(double value, const struct band *b, double margin)
{
    double inner = margin / 2;

    if (value < b->least - margin || value > b->most + margin)
        return BEYOND;
    return value < b->low - inner || value > b->high + inner ? OUTSIDE : INSIDE;
}

static void say(struct live_view *v, enum place place, enum place *worst, const char *why)
{
    if (place <= *worst)
        return;
    *worst = place;
    snprintf(v->why, sizeof(v->why), "%s", why);
}

static enum place judge_running(struct live *l, struct live_view *v, int64_t seen_ns)
{
    struct band bytes = band_near(l, bytes_at, seen_ns);
    struct band rounds = band_near(l, rounds_at, seen_ns);
    struct band total = band_at(l, total_of, 0);
    double short_while = fmin(1.0, (double)LIVE_MARGIN_NS / fmax(1.0, (double)seen_ns));
    double margin = fmax(fmax(LIVE_MARGIN_RATIO * (double)v->sent_bytes, LIVE_MARGIN_BYTES),
                         bytes.high * short_while);
    enum place worst = INSIDE;

    v->sent_low_bytes = (int64_t)bytes.low;
    v->sent_high_bytes = (int64_t)bytes.high;
    v->rounds_low = (int64_t)rounds.low;
    v->rounds_high = (int64_t)rounds.high;
    total.least = total.low = 0; /* too early is judged at the end */
    say(v,
        place_of((double)v->elapsed_ns, &total,
                 fmax(LIVE_MARGIN_RATIO * total.most, (double)LIVE_MARGIN_NS)),
        &worst, "takes longer than expected");
    say(v, place_of((double)v->sent_bytes, &bytes, margin), &worst,
        (double)v->sent_bytes < bytes.low ? "sends less than expected"
                                          : "sends more than expected");
    say(v, place_of((double)v->rounds, &rounds, fmax(2.0, LIVE_MARGIN_RATIO * rounds.high)), &worst,
        (double)v->rounds < rounds.low ? "is at an earlier round than expected"
                                       : "is at a later round than expected");
    return worst;
}

static enum place judge_ended(struct live *l, struct live_view *v)
{
    struct band total = band_at(l, total_of, 0);
    enum place worst = INSIDE;
    double share = 0, margin = fmax(LIVE_MARGIN_RATIO * total.most, (double)LIVE_MARGIN_NS);

    if (strcmp(l->status, "failed") == 0)
        say(v, BEYOND, &worst, "failed");
    else if (strcmp(l->status, "completed") == 0)
        share = l->prediction.share[OUTCOME_COMPLETED];
    else
        share = l->prediction.share[OUTCOME_TIMEOUT] + l->prediction.share[OUTCOME_CANCELLED];
    if (share == 0)
        say(v, BEYOND, &worst,
            strcmp(l->status, "completed") == 0 ? "completed, though no sample did"
                                                : "was cancelled, though no sample was");
    say(v, place_of((double)v->elapsed_ns, &total, margin), &worst,
        (double)v->elapsed_ns < total.low ? "ended earlier than expected"
                                          : "ended later than expected");
    return worst;
}

/* -------- when it ends -------- */

/* How like what is seen each sample is; 0 for those that would have ended.  If none is like it, all
 * that could still run count alike.  False: none could. */
static bool weigh(struct live *l, int64_t seen_ns, int64_t elapsed_ns)
{
    double bytes_sd = fmax(LIKE_BYTES_RATIO * (double)l->sent_bytes, (double)MIB);
    double rounds_sd = fmax(LIKE_ROUNDS_RATIO * (double)l->rounds, 0.7), sum = 0;
    size_t running = 0;

    for (size_t i = 0; i < l->nr_ways; i++) {
        const struct way *w = &l->ways[i];
        double b = (bytes_at(w, seen_ns) - (double)l->sent_bytes) / bytes_sd;
        double r = (rounds_at(w, seen_ns) - (double)l->rounds) / rounds_sd;
        bool runs = w->total_ns + LIVE_MARGIN_NS >= elapsed_ns;

        if (l->sent_bytes < 0) /* nothing is known yet */
            b = r = 0;
        l->weights[i] = runs ? exp(-0.5 * (b * b + r * r)) : 0.0;
        sum += l->weights[i];
        running += runs;
    }
    for (size_t i = 0; i < l->nr_ways && sum < 1e-6; i++)
        l->weights[i] = l->ways[i].total_ns + LIVE_MARGIN_NS >= elapsed_ns ? 1.0 : 0.0;
    return running > 0;
}

struct weighted {
    double value, weight;
};

static int by_value(const void *a, const void *b)
{
    const struct weighted *x = a, *y = b;

    return (x->value > y->value) - (x->value < y->value);
}

static double weighted_quantile(const struct weighted *w, size_t nr, double sum, double q)
{
    double seen = 0;

    for (size_t i = 0; i < nr; i++) {
        seen += w[i].weight;
        if (seen >= q * sum)
            return w[i].value;
    }
    return w[nr - 1].value;
}

static void forecast_end(struct live *l, struct live_view *v, int64_t seen_ns)
{
    struct weighted *w = calloc(l->nr_ways, sizeof(*w));
    double sum = 0, completes = 0;

    if (!w || !weigh(l, seen_ns, v->elapsed_ns)) {
        free(w);
        return;
    }
    for (size_t i = 0; i < l->nr_ways; i++) {
        w[i] = (struct weighted){(double)l->ways[i].total_ns, l->weights[i]};
        sum += w[i].weight;
        completes += l->ways[i].outcome == OUTCOME_COMPLETED ? w[i].weight : 0.0;
    }
    qsort(w, l->nr_ways, sizeof(*w), by_value);
    v->end_ns = (int64_t)weighted_quantile(w, l->nr_ways, sum, 0.5);
    if (v->end_ns < v->elapsed_ns)
        v->end_ns = v->elapsed_ns;
    v->end_low_ns = (int64_t)weighted_quantile(w, l->nr_ways, sum, 0.05);
    v->end_high_ns = (int64_t)weighted_quantile(w, l->nr_ways, sum, 0.95);
    v->completes_share = completes / sum;
    free(w);
}

/* -------- a look -------- */

static void settle_state(struct live *l, struct live_view *v, enum place place, int64_t t_ns)
{
    v->state = place == INSIDE ? LIVE_NORMAL : LIVE_UNUSUAL;
    if (place != BEYOND) {
        l->outside_since_ns = -1;
        return;
    }
    if (l->outside_since_ns < 0)
        l->outside_since_ns = t_ns;
    if (!v->ended && t_ns - l->outside_since_ns < LIVE_PATIENCE_NS)
        return;
    v->state = LIVE_ABNORMAL;
    if (!l->alarmed)
        snprintf(l->first_why, sizeof(l->first_why), "%s", v->why);
    l->alarmed = true;
}

/* When what was seen last holds: then, or now if answers have stopped coming. */
static int64_t seen_at(const struct live *l, int64_t t_ns)
{
    if (l->sent_bytes < 0)
        return l->migrate_ns;
    return t_ns - l->seen_ns > SILENCE_GAPS * l->gap_ns + LIVE_MARGIN_NS ? t_ns : l->seen_ns;
}

void live_look(struct live *l, int64_t t_ns, struct live_view *out)
{
    enum place place = INSIDE;
    int64_t seen_ns;

    *out = (struct live_view){.state = LIVE_WAITING,
                              .has_forecast = l->nr_ways > 0,
                              .ended = l->end_ns >= 0,
                              .sent_bytes = l->sent_bytes,
                              .rounds = l->rounds,
                              .throttle_pct = l->throttle_pct,
                              .sent_low_bytes = -1,
                              .sent_high_bytes = -1,
                              .rounds_low = -1,
                              .rounds_high = -1,
                              .end_ns = -1,
                              .end_low_ns = -1,
                              .end_high_ns = -1,
                              .status = l->status};
    if (out->has_forecast && l->migrate_ns < 0)
        forecast_end(l, out, 0);
    if (l->migrate_ns < 0)
        return;
    out->elapsed_ns = (out->ended ? l->end_ns : t_ns) - l->migrate_ns;
    out->state = LIVE_NORMAL;
    if (!out->has_forecast)
        return;
    seen_ns = seen_at(l, t_ns) - l->migrate_ns;
    if (out->ended)
        place = judge_ended(l, out);
    else if (l->sent_bytes >= 0)
        place = judge_running(l, out, seen_ns);
    if (!out->ended)
        forecast_end(l, out, seen_ns);
    settle_state(l, out, place, t_ns);
}

bool live_alarmed(const struct live *l, const char **first_why)
{
    if (first_why)
        *first_why = l->first_why;
    return l->alarmed;
}
