/* cmd_score.c - `migcast score`: the error table over a set of captures. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answers/score.h"
#include "base/json_text.h"
#include "base/progress.h"
#include "base/units.h"
#include "cli/traces.h"
#include "reports/chart.h"
#include "reports/json_fields.h"

#include "base/banned.h"

static void add_errors(struct strbuf *out, const char *key, const struct score_errors *e,
                       double scale)
{
    json_key(out, key);
    strbuf_addch(out, '{');
    json_key(out, "n");
    json_add_u64(out, e->nr);
    json_key(out, "p50");
    json_add_double(out, round(e->p50 * scale * 1e4) / 1e4);
    json_key(out, "p90");
    json_add_double(out, round(e->p90 * scale * 1e4) / 1e4);
    json_key(out, "max");
    json_add_double(out, round(e->max * scale * 1e4) / 1e4);
    strbuf_addch(out, '}');
}

static void add_class_json(struct strbuf *out, const struct score_class *c)
{
    json_next(out);
    strbuf_addch(out, '{');
    json_key(out, "class");
    json_add_text(out, c->name);
    json_key(out, "captures");
    json_add_u64(out, c->nr);
    json_key(out, "outcomes_right");
    json_add_u64(out, c->outcomes_right);
    json_key(out, "bad_forecasts");
    json_add_u64(out, c->bad);
    json_key(out, "covered");
    json_add_u64(out, c->covered);
    json_key(out, "covered_of");
    json_add_u64(out, c->covered_of);
    json_key(out, "rounds_within_1");
    json_add_u64(out, c->rounds_within_1);
    add_errors(out, "total_time_pct", &c->total, 100.0);
    add_errors(out, "downtime_ms", &c->downtime_ns, 1e-6);
    add_errors(out, "transferred_pct", &c->bytes, 100.0);
    json_key(out, "replay_outcomes_right");
    json_add_u64(out, c->replay_outcomes_right);
    json_key(out, "replay_rounds_within_1");
    json_add_u64(out, c->replay_rounds_within_1);
    add_errors(out, "replay_total_time_pct", &c->replay_total, 100.0);
    add_errors(out, "replay_downtime_ms", &c->replay_downtime_ns, 1e-6);
    strbuf_addch(out, '}');
}

static void add_row_json(struct strbuf *out, const char *path, const struct score_row *r)
{
    json_next(out);
    strbuf_addch(out, '{');
    json_key(out, "trace");
    json_add_text(out, path);
    json_key(out, "outcome_observed");
    json_add_text(out, outcome_name(replay_observed_outcome(r->facts)));
    json_key(out, "outcome_predicted");
    json_add_text(out, outcome_name(r->prediction.result.outcome));
    json_key(out, "total_time_pct");
    json_add_double(out,
                    isnan(r->total_error_ratio) ? NAN : round(r->total_error_ratio * 1e6) / 1e4);
    json_key(out, "downtime_ms");
    json_add_double(out,
                    isnan(r->downtime_error_ns) ? NAN : round(r->downtime_error_ns / 1e3) / 1e3);
    json_key(out, "transferred_pct");
    json_add_double(out,
                    isnan(r->bytes_error_ratio) ? NAN : round(r->bytes_error_ratio * 1e6) / 1e4);
    json_key(out, "rounds");
    json_add_double(out, r->rounds_error);
    json_key(out, "max_throttle_pct");
    json_add_double(out, r->throttle_error_pct);
    json_key(out, "covered");
    json_add_bool(out, r->covered);
    json_key(out, "replay_total_time_pct");
    json_add_double(out, isnan(r->replay.total_error_ratio)
                             ? NAN
                             : round(r->replay.total_error_ratio * 1e6) / 1e4);
    json_key(out, "replay_rounds");
    json_add_int(out, r->replay.rounds_error);
    strbuf_addch(out, '}');
}

static void add_json(struct strbuf *out, const struct cli_opts *o, const struct score *s)
{
    strbuf_addch(out, '{');
    json_key(out, "format_version");
    json_add_text(out, REPORT_FORMAT_VERSION);
    json_key(out, "calibration");
    json_add_text(out, s->left_one_out ? "leave one out" : "given");
    json_key(out, "classes");
    strbuf_addch(out, '[');
    for (int c = 0; c < SCORE_CLASSES; c++) {
        if (s->classes[c].nr)
            add_class_json(out, &s->classes[c]);
    }
    strbuf_addch(out, ']');
    json_key(out, "traces");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < s->nr; i++)
        add_row_json(out, o->args[i], &s->rows[i]);
    strbuf_addstr(out, "]}\n");
}

/* Names of captures are free text: what could move the cursor becomes '?'. */
static void add_name(struct strbuf *out, const char *name, int width)
{
    char text[64];
    size_t n = 0;

    for (; name[n] && n + 1 < sizeof(text) && (int)n < width; n++)
        text[n] = (unsigned char)name[n] < ' ' || (unsigned char)name[n] == 0x7f ? '?' : name[n];
    text[n] = '\0';
    strbuf_addf(out, "%-*s", width, text);
}

static void add_row_text(struct strbuf *out, const struct cli_opts *o, const struct score_row *r)
{
    add_name(out, r->facts->header.id, 30);
    if (!r->outcome_right)
        strbuf_addf(out, " %swrong outcome: %s, was %s%s", cli_style(o, CLI_BAD),
                    outcome_name(r->prediction.result.outcome),
                    outcome_name(replay_observed_outcome(r->facts)), cli_style(o, CLI_PLAIN));
    else
        strbuf_addf(out, " %8.2f %%", 100.0 * r->total_error_ratio);
    if (r->outcome_right && isnan(r->downtime_error_ns))
        strbuf_addf(out, " %9s", "-");
    else if (r->outcome_right)
        strbuf_addf(out, " %6.1f ms", r->downtime_error_ns / 1e6);
    if (r->outcome_right)
        strbuf_addf(out, " %6.1f %% %+4.0f %4s", 100.0 * r->bytes_error_ratio, r->rounds_error,
                    !r->covered_known ? "-"
                    : r->covered      ? "yes"
                                      : "no");
    strbuf_addf(out, " |%7.2f %% %+3" PRId64 "\n", 100.0 * r->replay.total_error_ratio,
                r->replay.rounds_error);
}

static void add_class_text(struct strbuf *out, const struct score_class *c)
{
    strbuf_addf(out, "%-12s %3zu %7zu %8.2f %6.2f %6.2f", c->name, c->nr, c->outcomes_right,
                100.0 * c->total.p50, 100.0 * c->total.p90, 100.0 * c->total.max);
    strbuf_addf(out, " %7.1f %6.1f %5.1f %3zu/%zu", c->downtime_ns.p50 / 1e6,
                c->downtime_ns.p90 / 1e6, 100.0 * c->bytes.p90, c->covered, c->covered_of);
    strbuf_addf(out, " %6.2f %6.2f\n", 100.0 * c->replay_total.p90, 100.0 * c->replay_total.max);
}

static void add_text(struct strbuf *out, const struct cli_opts *o, const struct score *s)
{
    strbuf_addf(out, "%sforecast error%s, constants %s\n", cli_style(o, CLI_BOLD),
                cli_style(o, CLI_PLAIN),
                s->left_one_out ? "learned from the other captures (leave one out)" : "as given");
    strbuf_addf(out, "%-12s %3s %7s %8s %6s %6s %7s %6s %5s %5s %6s %6s\n", "", "", "outcome",
                "total", "", "", "down ms", "", "bytes", "in 90", "replay", "total");
    strbuf_addf(out, "%-12s %3s %7s %8s %6s %6s %7s %6s %5s %5s %6s %6s\n", "class", "n", "right",
                "p50 %", "p90 %", "max %", "p50", "p90", "p90 %", "band", "p90 %", "max %");
    for (int c = 0; c < SCORE_CLASSES; c++) {
        if (s->classes[c].nr)
            add_class_text(out, &s->classes[c]);
    }
    strbuf_addf(out, "\n%-30s %10s %9s %8s %4s %4s | %8s\n", "capture", "total", "downtime",
                "bytes", "rnds", "band", "replay");
    for (size_t i = 0; i < s->nr; i++)
        add_row_text(out, o, &s->rows[i]);
}

static void step(void *arg)
{
    progress_step(arg, 1);
}

/* Not of the result, so not through cli_emit(). */
static enum status write_file(const char *path, const struct strbuf *text, struct diag *diag)
{
    FILE *file = fopen(path, "wb");
    bool whole;

    if (!file)
        return diag_errno(diag, ST_EOUTPUT, path, "cannot open for writing");
    whole = fwrite(strbuf_text(text), 1, text->len, file) == text->len;
    if (fclose(file) != 0 || !whole)
        return diag_errno(diag, ST_EOUTPUT, path, "cannot write the picture");
    return ST_OK;
}

/* By the name of the file; checked before the work. */
static enum status plot_form(const char *path, enum chart_form *form, struct diag *diag)
{
    size_t len = path ? strlen(path) : 0;

    *form = CHART_SVG;
    if (!path)
        return ST_OK;
    if (!chart_available())
        return diag_set(diag, ST_EUSAGE, "--plot: this program was built without charts");
    if (len > 4 && strcmp(path + len - 4, ".svg") == 0)
        return ST_OK;
    *form = CHART_PNG;
    if (len > 4 && strcmp(path + len - 4, ".png") == 0)
        return ST_OK;
    return diag_set(diag, ST_EUSAGE, "--plot: '%s' ends neither in .svg nor in .png", path);
}

/* The classes of the table, as answers/score.c counts them. */
static const char *kind_of(const struct score_row *r)
{
    if (r->facts->header.link.group[0])
        return "shared link";
    return calibration_accel(r->facts) == ACCEL_KVM ? "kvm" : "tcg (linux)";
}

static enum status plot(const char *path, enum chart_form form, const struct score *s,
                        struct diag *diag)
{
    struct chart_pair *pairs = calloc(s->nr + 1, sizeof(*pairs));
    const struct chart_look look = {form, "score"};
    struct chart_scatter what = {pairs, s->nr, NULL};
    struct strbuf out = STRBUF_INIT, setting = STRBUF_INIT;
    enum status st = ST_ENOMEM;

    strbuf_addf(&setting, "%zu captured migrations; host constants %s", s->nr,
                s->left_one_out ? "learned from the other captures (leave one out)" : "as given");
    what.subtitle = strbuf_text(&setting);
    for (size_t i = 0; pairs && i < s->nr; i++) {
        const struct score_row *r = &s->rows[i];

        pairs[i] = (struct chart_pair){r->facts->header.id, (double)r->facts->after.totals.total_ns,
                                       (double)r->prediction.result.total_ns, r->outcome_right,
                                       kind_of(r)};
    }
    if (pairs)
        st = chart_scatter(&out, &look, &what);
    st = st == ST_OK ? write_file(path, &out, diag) : diag_set(diag, st, "out of memory");
    strbuf_release(&setting);
    strbuf_release(&out);
    free(pairs);
    return st;
}

static enum status check_complete(const struct cli_traces *t, const struct cli_opts *o,
                                  struct diag *diag)
{
    for (size_t i = 0; i < t->nr; i++) {
        if (t->facts[i].after.outcome == FACTS_UNKNOWN) {
            diag_hint(diag, "`migcast predict` works on such files");
            return diag_at(diag, ST_EINPUT, o->args[i], 0,
                           "the capture has no outcome: nothing to score against");
        }
    }
    return ST_OK;
}

static enum status run(struct cli_opts *o, struct diag *diag)
{
    struct strbuf text = STRBUF_INIT;
    struct progress progress;
    struct cli_traces t;
    struct costs_file c;
    struct score s = {0};
    struct score_options so = {
        .seed = o->has_seed ? o->seed : 1, .step = step, .step_arg = &progress};
    enum chart_form form;
    enum status st = plot_form(cli_value(o, "plot"), &form, diag);

    if (st == ST_OK)
        st = cli_traces_load(&t, o, 0, diag);
    if (st != ST_OK)
        return st;
    st = check_complete(&t, o, diag);
    if (st == ST_OK && cli_value(o, "calibration")) {
        st = cli_calibration(o, &c, diag);
        so.calibration = &c;
    }
    if (st == ST_OK) {
        progress_init(&progress, t.nr, "captures", o->quiet ? PROGRESS_QUIET : PROGRESS_AUTO,
                      stderr);
        st = score_traces(t.facts, t.nr, &so, &s, diag);
        progress_done(&progress);
    }
    if (st == ST_OK) {
        if (o->json)
            add_json(&text, o, &s);
        else
            add_text(&text, o, &s);
        st = cli_emit(o, &text, diag);
    }
    if (st == ST_OK && cli_value(o, "plot"))
        st = plot(cli_value(o, "plot"), form, &s, diag);
    score_release(&s);
    strbuf_release(&text);
    cli_traces_release(&t);
    return st;
}

static const struct cli_option options[] = {
    {"calibration", 0, "FILE",
     "host constants from `migcast calibrate`; without it each capture is judged with constants "
     "from the others",
     false},
    {"plot", 0, "FILE", "draw forecast against observed total time as FILE.svg or FILE.png", false},
    {0},
};

const struct cmd cmd_score = {
    .name = "score",
    .args = "TRACE...",
    .help = "the error table of forecasts and replays over captures",
    .about = "Forecasts and re-enacts each capture and compares with what happened: p50, p90 and "
             "largest errors,\n"
             "right outcomes, and how often the observed total time lay in the 90 % band.  A wrong "
             "outcome counts\n"
             "as an error of 100 %.\n\n"
             "Without --calibration each capture is judged with host constants learned from the "
             "others, so that\n"
             "nothing is scored on what it was fitted to.\n\n"
             "  migcast score tests/traces/*.zst\n"
             "  migcast score --plot score.svg tests/traces/*.zst",
    .shared = CLI_JSON | CLI_OUTPUT | CLI_SEED,
    .options = options,
    .min_args = 1,
    .max_args = CLI_ANY,
    .run = run,
};
