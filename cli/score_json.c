/* score_json.c - `migcast score --json`; docs/schema/score.json says what the members mean. */
#include <math.h>

#include "base/json_text.h"
#include "base/units.h"
#include "cli/score.h"
#include "reports/json_fields.h"

#include "base/banned.h"

#define PCT 100.0
#define PER_MS (1.0 / (double)NS_PER_MS)

static double rounded(double value)
{
    return round(value * 1e4) / 1e4;
}

static void add_double(struct strbuf *out, const char *key, double value)
{
    json_put_double(out, key, rounded(value));
}

static void add_interval(struct strbuf *out, const char *key, struct stats_interval in,
                         double scale)
{
    json_put_pair(out, key, rounded(in.low * scale), rounded(in.high * scale));
}

static void add_errors(struct strbuf *out, const char *key, const struct score_errors *e,
                       double scale)
{
    json_key(out, key);
    strbuf_addch(out, '{');
    json_put_u64(out, "n", e->nr);
    add_double(out, "p50", e->p50 * scale);
    add_double(out, "p90", e->p90 * scale);
    add_double(out, "max", e->max * scale);
    add_double(out, "bias", e->bias * scale);
    add_interval(out, "p50_interval", e->p50_in, scale);
    add_interval(out, "p90_interval", e->p90_in, scale);
    strbuf_addch(out, '}');
}

static void add_outcomes(struct strbuf *out, const struct score_sum *s)
{
    json_key(out, "outcomes");
    strbuf_addch(out, '[');
    for (int seen = 0; seen < OUTCOME_NR; seen++) {
        for (int said = 0; said < OUTCOME_NR; said++) {
            if (s->outcomes[seen][said] == 0)
                continue;
            json_next(out);
            strbuf_addch(out, '{');
            json_put_text(out, "observed", outcome_name((enum outcome)seen));
            json_put_text(out, "predicted", outcome_name((enum outcome)said));
            json_put_u64(out, "captures", s->outcomes[seen][said]);
            strbuf_addch(out, '}');
        }
    }
    strbuf_addch(out, ']');
    json_key(out, "downtime_limit");
    strbuf_addch(out, '{');
    json_put_u64(out, "kept_as_predicted", s->limit_kept[1][1]);
    json_put_u64(out, "passed_as_predicted", s->limit_kept[0][0]);
    json_put_u64(out, "kept_but_predicted_to_pass", s->limit_kept[1][0]);
    json_put_u64(out, "passed_but_predicted_to_keep", s->limit_kept[0][1]);
    strbuf_addch(out, '}');
}

static void add_methods(struct strbuf *out, const struct score_sum *s)
{
    json_key(out, "methods");
    strbuf_addch(out, '[');
    for (int b = 0; b < BASELINE_NR; b++) {
        json_next(out);
        strbuf_addch(out, '{');
        json_put_text(out, "method", baseline_key((enum baseline)b));
        json_put_u64(out, "outcomes_right", s->guess_right[b]);
        json_put_u64(out, "bad_forecasts", s->guess_bad[b]);
        add_errors(out, "total_time_pct", &s->guess_total[b], PCT);
        strbuf_addch(out, '}');
    }
    strbuf_addch(out, ']');
}

static void add_repeats(struct strbuf *out, const struct score_sum *s)
{
    json_key(out, "repeats");
    strbuf_addch(out, '{');
    json_put_u64(out, "captures", s->repeats);
    json_put_u64(out, "outcomes_right", s->repeat_outcomes_right);
    add_errors(out, "total_time_pct", &s->repeat_total, PCT);
    add_errors(out, "downtime_ms", &s->repeat_downtime_ns, PER_MS);
    add_errors(out, "transferred_pct", &s->repeat_bytes, PCT);
    strbuf_addch(out, '}');
}

static void add_sum(struct strbuf *out, const char *key, const char *name,
                    const struct score_sum *s)
{
    json_next(out);
    strbuf_addch(out, '{');
    json_put_text(out, key, name);
    json_put_u64(out, "captures", s->nr);
    json_put_u64(out, "configurations", s->nr_configs);
    json_put_u64(out, "outcomes_right", s->outcomes_right);
    json_put_u64(out, "bad_forecasts", s->bad);
    json_put_u64(out, "covered", s->covered);
    json_put_u64(out, "covered_of", s->covered_of);
    json_put_u64(out, "downtime_covered", s->downtime_covered);
    json_put_u64(out, "downtime_covered_of", s->downtime_covered_of);
    json_put_u64(out, "rounds_of", s->rounds_of);
    json_put_u64(out, "rounds_exact", s->rounds_exact);
    json_put_u64(out, "rounds_within_1", s->rounds_within_1);
    json_put_u64(out, "throttle_of", s->throttle_of);
    json_put_u64(out, "throttle_within_1_step", s->throttle_right);
    add_errors(out, "total_time_pct", &s->total, PCT);
    add_errors(out, "downtime_ms", &s->downtime_ns, PER_MS);
    add_errors(out, "transferred_pct", &s->bytes, PCT);
    add_outcomes(out, s);
    json_put_u64(out, "replayed", s->replayed);
    json_put_u64(out, "replay_outcomes_right", s->replay_outcomes_right);
    json_put_u64(out, "replay_rounds_within_1", s->replay_rounds_within_1);
    add_errors(out, "replay_total_time_pct", &s->replay_total, PCT);
    add_errors(out, "replay_downtime_ms", &s->replay_downtime_ns, PER_MS);
    add_repeats(out, s);
    add_methods(out, s);
    strbuf_addch(out, '}');
}

/* "classes" and "kinds" of the captures of one part, or of all. */
static enum status add_sums(struct strbuf *out, const struct score_view *v, int part)
{
    struct score_sum s;
    enum status st = ST_OK;

    json_key(out, "classes");
    strbuf_addch(out, '[');
    for (int c = 0; c <= SCORE_CLASSES && st == ST_OK; c++) {
        int class = c < SCORE_CLASSES ? c : SCORE_ANY;

        st = score_summarise(v->s, (struct score_filter){part, class, SCORE_ANY}, v->seed, &s);
        if (st == ST_OK && s.nr + s.replayed > 0)
            add_sum(out, "class",
                    class == SCORE_ANY ? "all" : score_class_name((enum score_class)c), &s);
    }
    strbuf_addch(out, ']');
    json_key(out, "kinds");
    strbuf_addch(out, '[');
    for (int k = 0; k < SCORE_KINDS && st == ST_OK; k++) {
        st = score_summarise(v->s, (struct score_filter){part, SCORE_ANY, k}, v->seed, &s);
        if (st == ST_OK && s.nr + s.replayed > 0)
            add_sum(out, "kind", score_kind_name((enum score_kind)k), &s);
    }
    strbuf_addch(out, ']');
    return st;
}

static void add_row_forecast(struct strbuf *out, const struct score_row *r)
{
    bool known = r->forecast;

    json_put_text(out, "outcome_predicted", known ? outcome_name(r->prediction.result.outcome) : 0);
    add_double(out, "total_time_pct", r->total_error_ratio * PCT);
    json_put_double(out, "downtime_ms", round(r->downtime_error_ns * PER_MS * 1e3) / 1e3);
    add_double(out, "transferred_pct", r->bytes_error_ratio * PCT);
    json_put_double(out, "rounds", known ? r->rounds_error : NAN);
    json_put_double(out, "max_throttle_pct", known ? r->throttle_error_pct : NAN);
    json_put_bool(out, "covered", known && r->covered);
    json_key(out, "methods");
    strbuf_addch(out, '{');
    for (int b = 0; b < BASELINE_NR; b++)
        add_double(out, baseline_key((enum baseline)b),
                   known ? r->guess[b].total_error_ratio * PCT : NAN);
    strbuf_addch(out, '}');
}

static void add_row(struct strbuf *out, const char *path, const struct score *s,
                    const struct score_row *r)
{
    char config[FACTS_TEXT];

    json_next(out);
    strbuf_addch(out, '{');
    json_put_text(out, "trace", path);
    json_put_text(out, "configuration", split_config_name(config, &r->facts->header));
    json_put_text(out, "part", s->mode == SCORE_SPLIT ? split_part_name(r->part) : 0);
    json_put_text(out, "class", score_class_name(r->class));
    json_put_text(out, "kind", score_kind_name(r->kind));
    json_put_text(out, "missing", r->missing);
    json_put_text(out, "outcome_observed", outcome_name(replay_observed_outcome(r->facts)));
    add_row_forecast(out, r);
    add_double(out, "repeat_total_time_pct", r->repeat.total_error_ratio * PCT);
    add_double(out, "replay_total_time_pct", r->replayed ? r->replay.total_error_ratio * PCT : NAN);
    json_put_double(out, "replay_rounds", r->replayed ? (double)r->replay.rounds_error : NAN);
    strbuf_addch(out, '}');
}

static const char *mode_name(enum score_mode mode)
{
    static const char *const names[] = {"leave one out", "split", "given"};

    return names[mode];
}

enum status score_add_json(struct strbuf *out, const struct score_view *v)
{
    enum status st;

    strbuf_addch(out, '{');
    json_put_text(out, "format_version", REPORT_FORMAT_VERSION);
    json_put_text(out, "calibration", mode_name(v->s->mode));
    st = add_sums(out, v, SCORE_ANY);
    if (v->s->mode == SCORE_SPLIT) {
        json_key(out, "parts");
        strbuf_addch(out, '[');
        for (int part = SPLIT_NR - 1; part >= 0 && st == ST_OK; part--) {
            json_next(out);
            strbuf_addch(out, '{');
            json_put_text(out, "part", split_part_name((enum split_part)part));
            st = add_sums(out, v, part);
            strbuf_addch(out, '}');
        }
        strbuf_addch(out, ']');
    }
    json_key(out, "traces");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < v->s->nr; i++)
        add_row(out, v->o->args[i], v->s, &v->s->rows[i]);
    strbuf_addstr(out, "]}\n");
    return st;
}
