/* cmd_predict.c - `migcast predict`: forecasts from what stands before `migrate`. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "answers/accuracy/observed.h"
#include "answers/accuracy/predict.h"
#include "base/json_text.h"
#include "base/units.h"
#include "cli/traces.h"
#include "reports/json_fields.h"

#include "base/banned.h"

#define MS(ns) ((ns) / 1e6)

/* p5 and p95 of the samples, in the form that json_mig_fields() takes. */
static void add_spreads(const struct prediction *p, struct spread s[SCORED_NR])
{
    const struct {
        enum scored field;
        struct interval in;
    } parts[] = {
        {SCORED_TOTAL_TIME, p->total_ns},           {SCORED_DOWNTIME, p->downtime_ns},
        {SCORED_TRANSFERRED, p->transferred_bytes}, {SCORED_ROUNDS, p->rounds},
        {SCORED_MAX_THROTTLE, p->max_throttle_pct},
    };

    for (int i = 0; i < SCORED_NR; i++)
        s[i] = (struct spread){.nr = 0, .p5 = NAN, .p95 = NAN};
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
        s[parts[i].field] = (struct spread){.nr = isnan(parts[i].in.low) ? 0 : PREDICT_SAMPLES,
                                            .p5 = parts[i].in.low,
                                            .p95 = parts[i].in.high};
}

static void add_inputs(struct strbuf *out, const struct trace_facts *f, const struct prediction *p)
{
    json_key(out, "inputs");
    strbuf_addch(out, '{');
    json_put_u64(out, "memory_bytes", f->header.memory_bytes);
    json_put_double(out, "nonzero_bytes", f->before.rss_bytes ? p->resident_bytes : NAN);
    json_put_u64(out, "dirty_rate_measurements", p->nr_measurements);
    json_put_double(out, "dirty_bytes_per_s", p->fit.rate_mid);
    json_put_pair(out, "dirty_bytes_per_s_interval", p->fit.rate_low, p->fit.rate_high);
    json_put_double(out, "dirty_set_bytes", p->fit.set_mid);
    json_put_pair(out, "dirty_set_bytes_interval", p->fit.set_low, p->fit.set_high);
    json_put_double(out, "fit_effective_samples", floor(p->fit.effective));
    json_key(out, "families");
    strbuf_addch(out, '{');
    for (int i = 0; i < FIT_NR; i++) {
        json_next(out);
        json_add_text(out, fit_family_name((enum fit_family)i));
        strbuf_addch(out, ':');
        json_add_double(out, round(p->fit.share[i] * 1000.0) / 1000.0);
    }
    strbuf_addch(out, '}');
    json_put_double(out, "outcome_share", p->outcome_share);
    json_key(out, "outcome_shares");
    strbuf_addch(out, '{');
    for (int i = 0; i < OUTCOME_NR; i++)
        if (p->share[i] > 0.0)
            json_put_double(out, outcome_name((enum outcome)i),
                            round(p->share[i] * 1000.0) / 1000.0);
    strbuf_addch(out, '}');
    json_put_bool(out, "calibrated", p->calibrated);
    strbuf_addch(out, '}');
}

static void add_seen_json(struct strbuf *out, const struct observed *seen)
{
    json_key(out, "seen");
    strbuf_addch(out, '{');
    json_put_text(out, "state", live_state_name(seen->state));
    json_put_bool(out, "ended", seen->last.ended);
    json_put_ms(out, "elapsed_ms", seen->last.elapsed_ns);
    json_put_ms(out, "abnormal_from_ms", seen->abnormal_ns);
    json_put_text(out, "why", seen->why[0] ? seen->why : NULL);
    strbuf_addch(out, '}');
}

static void add_json(struct strbuf *out, const struct cli_opts *o, const struct trace_facts *f,
                     const char *path, const struct prediction *p, const struct observed *seen)
{
    struct spread spreads[SCORED_NR];

    (void)o;
    add_spreads(p, spreads);
    strbuf_addch(out, '{');
    json_put_text(out, "format_version", REPORT_FORMAT_VERSION);
    json_put_text(out, "trace", path);
    json_key(out, "predicted");
    strbuf_addch(out, '{');
    json_mig_fields(out, &p->result, spreads);
    strbuf_addch(out, '}');
    add_inputs(out, f, p);
    if (seen)
        add_seen_json(out, seen);
    strbuf_addstr(out, "}\n");
}

static const char *outcome_words(enum outcome outcome)
{
    return outcome == OUTCOME_COMPLETED ? "completes" : outcome_name(outcome);
}

/* How sure the outcome is, where samples differ: its share, and what the others do. */
static void add_shares(struct strbuf *out, const struct prediction *p)
{
    if (p->outcome_share >= 0.995)
        return;
    strbuf_addf(out, " (in %.0f %% of the samples", 100.0 * p->outcome_share);
    for (int i = 0; i < OUTCOME_NR; i++) {
        if (i != (int)p->result.outcome && p->share[i] >= 0.005)
            strbuf_addf(out, "; %s in %.0f %%", outcome_words((enum outcome)i),
                        100.0 * p->share[i]);
    }
    strbuf_addch(out, ')');
}

static void add_text(struct strbuf *out, const struct cli_opts *o, const struct trace_facts *f,
                     const struct prediction *p)
{
    char a[UNITS_TEXT], b[UNITS_TEXT], c[UNITS_TEXT];
    const struct mig_result *r = &p->result;
    bool ok = r->outcome == OUTCOME_COMPLETED;

    strbuf_addf(out, "%s%s%s: %s%s%s", cli_style(o, CLI_BOLD), f->header.id,
                cli_style(o, CLI_PLAIN), cli_style(o, ok ? CLI_GOOD : CLI_BAD),
                outcome_words(r->outcome), cli_style(o, CLI_PLAIN));
    add_shares(out, p);
    strbuf_addf(out, "%s%s\n", r->reason ? ": " : "", r->reason ? r->reason : "");
    strbuf_addf(out, "  total time    %-12s (%s .. %s)\n", units_time(a, r->total_ns),
                units_time(b, (int64_t)p->total_ns.low), units_time(c, (int64_t)p->total_ns.high));
    if (r->downtime_ns >= 0)
        strbuf_addf(out, "  downtime      %-12s (%s .. %s)\n", units_time(a, r->downtime_ns),
                    units_time(b, (int64_t)p->downtime_ns.low),
                    units_time(c, (int64_t)p->downtime_ns.high));
    strbuf_addf(out, "  transferred   %-12s (%s .. %s)\n", units_size(a, r->transferred_bytes),
                units_size(b, (uint64_t)p->transferred_bytes.low),
                units_size(c, (uint64_t)p->transferred_bytes.high));
    strbuf_addf(out, "  rounds        %-12" PRIu32 " (%.0f .. %.0f)\n", r->rounds, p->rounds.low,
                p->rounds.high);
    if (r->max_throttle_pct)
        strbuf_addf(out, "  throttle      %-12" PRIu32 " (%.0f .. %.0f %%)\n", r->max_throttle_pct,
                    p->max_throttle_pct.low, p->max_throttle_pct.high);
    strbuf_addf(out, "  went by       %" PRIu32 " dirty-rate windows: %s a second (%s ..",
                p->nr_measurements, units_size(a, (uint64_t)p->fit.rate_mid),
                units_size(b, (uint64_t)p->fit.rate_low));
    strbuf_addf(out, " %s),\n                %s in a minute (%s ..",
                units_size(a, (uint64_t)p->fit.rate_high), units_size(b, (uint64_t)p->fit.set_mid),
                units_size(c, (uint64_t)p->fit.set_low));
    strbuf_addf(out, " %s)\n", units_size(a, (uint64_t)p->fit.set_high));
    if (p->nr_measurements == 0)
        strbuf_addstr(
            out,
            "  note          nothing was measured beforehand: this is little more than a guess\n");
}

/* Did it go so?  @seen was played line by line, as if it ran now. */
static void add_seen(struct strbuf *out, const struct cli_opts *o, const struct observed *seen)
{
    static const enum cli_style styles[LIVE_NR] = {CLI_DIM, CLI_GOOD, CLI_WARN, CLI_BAD};
    static const char *const words[LIVE_NR] = {
        "there is no migration in this capture", "it went as 90 % of the samples",
        "outside of 90 % of the samples at times, but as some sample went", "no sample went so"};
    char at[UNITS_TEXT];

    strbuf_addf(out, "  seen          %s%s%s", cli_style(o, styles[seen->state]),
                live_state_name(seen->state), cli_style(o, CLI_PLAIN));
    if (seen->state != LIVE_WAITING)
        strbuf_addf(out, ", %s after %s", seen->last.ended ? "over" : "not over",
                    units_time(at, seen->last.elapsed_ns));
    strbuf_addf(out, ": %s\n", words[seen->state]);
    if (seen->abnormal_ns >= 0)
        strbuf_addf(out, "                from %s on: %s\n", units_time(at, seen->abnormal_ns),
                    seen->why);
}

/* A capture without measurements is a guess, and says so; what comes from other tools' files may
 * not even allow that. */
static enum status check_known(const struct cli_traces *t, const struct cli_opts *o,
                               struct diag *diag)
{
    for (size_t i = 0; i < t->nr; i++) {
        const struct facts_header *h = &t->facts[i].header;

        if (!h->missing[0] || !predict_lacks(&t->facts[i]))
            continue;
        diag_hint(diag, "it lacks %s", h->missing);
        return diag_at(diag, ST_EINPUT, o->args[i], 0, "%s", predict_lacks(&t->facts[i]));
    }
    return ST_OK;
}

/* One capture, told; with --seen also how it went, and whether that was abnormal. */
static enum status tell(struct strbuf *out, struct cli_opts *o, const struct cli_traces *t,
                        size_t i, const struct prediction *p, const struct predict_options *po,
                        size_t *nr_abnormal, struct diag *diag)
{
    struct observed seen;
    bool compare = cli_flag(o, "seen");
    enum status st = ST_OK;

    if (compare)
        st = observed_play(&seen, o->args[i], &t->facts[i], po, diag);
    if (st != ST_OK)
        return st;
    if (o->json)
        add_json(out, o, &t->facts[i], o->args[i], p, compare ? &seen : NULL);
    else
        add_text(out, o, &t->facts[i], p);
    if (compare && !o->json)
        add_seen(out, o, &seen);
    *nr_abnormal += compare && seen.state == LIVE_ABNORMAL;
    return ST_OK;
}

static enum status run(struct cli_opts *o, struct diag *diag)
{
    struct strbuf text = STRBUF_INIT;
    struct cli_traces t;
    struct costs_file c;
    struct predict_options po = {.calibration = &c, .seed = o->has_seed ? o->seed : 1};
    struct prediction *p = 0;
    size_t nr_abnormal = 0;
    enum status st = cli_traces_load(&t, o, FACTS_BEFORE_ONLY | FACTS_FIND_CUT, diag);

    if (st != ST_OK)
        return st;
    p = calloc(t.nr, sizeof(*p));
    st = p ? cli_calibration(o, &c, diag) : diag_set(diag, ST_ENOMEM, "not enough memory");
    if (st == ST_OK)
        st = check_known(&t, o, diag);
    if (st == ST_OK)
        st = predict_all(t.facts, t.nr, &po, p, diag);
    for (size_t i = 0; i < t.nr && st == ST_OK; i++)
        st = tell(&text, o, &t, i, &p[i], &po, &nr_abnormal, diag);
    if (st == ST_OK)
        st = cli_emit(o, &text, diag);
    if (st == ST_OK && nr_abnormal > 0)
        st = diag_set(diag, ST_ETHRESHOLD,
                      "%zu of %zu migrations went as no sample of the forecast", nr_abnormal, t.nr);
    strbuf_release(&text);
    free(p);
    cli_traces_release(&t);
    return st;
}

static const struct cli_option options[] = {
    {"calibration", 0, "FILE",
     "host constants from `migcast calibrate`, instead of the built-in ones", false},
    {"seen", 0, NULL, "say also how the migration went, and whether that was normal", false},
    {0},
};

const struct cmd cmd_predict = {
    .name = "predict",
    .args = "TRACE...",
    .help = "forecast captured migrations from what precedes them",
    .about = "Reads only what stands before the `migrate` command of each capture: configuration, "
             "dirty-rate\n"
             "measurements, resident memory.  Works on files that are cut off there.  Captures of "
             "one link group,\n"
             "given together, are forecast together on their shared link.\n\n"
             "The forecast is the middle of many runs with guests that are equally likely after "
             "the measurements;\n"
             "the intervals hold 90 % of them, widened by what unseen captures missed (see "
             "`migcast help calibrate`).\n\n"
             "With --seen the rest of the capture is played to the forecast as if it ran now: "
             "normal is what 90 % of the samples did at each moment, abnormal what none did for "
             "2 s, and then the exit code is 99.\n\n"
             "  migcast predict --json tests/traces/kvm-phased.jsonl.zst",
    .shared = CLI_JSON | CLI_OUTPUT | CLI_SEED,
    .options = options,
    .min_args = 1,
    .max_args = CLI_ANY,
    .run = run,
};
