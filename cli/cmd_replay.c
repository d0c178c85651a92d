/* cmd_replay.c - `migcast replay`: do the engine's decisions agree with a capture's? */
#include <inttypes.h>
#include <math.h>

#include "answers/accuracy/replay.h"
#include "base/json_text.h"
#include "base/units.h"
#include "cli/traces.h"
#include "reports/json_fields.h"

#include "base/banned.h"

/* What the capture observed, in the form of a simulated migration. */
static struct mig_result observed(const struct trace_facts *f)
{
    const struct facts_totals *t = &f->after.totals;

    return (struct mig_result){
        .vm = f->header.id,
        .outcome = replay_observed_outcome(f),
        .reason = f->after.reason[0] ? f->after.reason : 0,
        .attempt = 1,
        .started_ns = f->after.at.setup_ns >= 0 ? f->after.at.setup_ns : 0,
        .total_ns = t->total_ns,
        .downtime_ns = t->downtime_ns,
        .blackout_ns = -1,
        .setup_ns = t->setup_ns,
        .rounds = t->rounds > 0 ? (uint32_t)t->rounds : 0,
        .transferred_bytes = t->transferred_bytes > 0 ? (uint64_t)t->transferred_bytes : 0,
        .max_throttle_pct = t->max_throttle_pct,
    };
}

static double pct(double ratio)
{
    return isnan(ratio) ? NAN : round(ratio * 1e6) / 1e4;
}

static void add_json(struct strbuf *out, const struct trace_facts *f, const char *path,
                     const struct replay *r)
{
    struct mig_result seen = observed(f);
    const struct {
        const char *key;
        double value;
    } errors[] = {
        {"total_time_pct", pct(r->total_error_ratio)},
        {"downtime_ms",
         isnan(r->downtime_error_ns) ? NAN : round(r->downtime_error_ns / 1e3) / 1e3},
        {"transferred_pct", pct(r->bytes_error_ratio)},
        {"rounds", (double)r->rounds_error},
        {"sync_shift_ms", isnan(r->sync_shift_ns) ? NAN : round(r->sync_shift_ns / 1e3) / 1e3},
        {"throttle_steps_observed", r->steps_observed},
        {"throttle_steps_agreeing", r->steps_agree},
    };

    strbuf_addch(out, '{');
    json_put_text(out, "format_version", REPORT_FORMAT_VERSION);
    json_put_text(out, "trace", path);
    json_key(out, "observed");
    strbuf_addch(out, '{');
    json_mig_fields(out, &seen, 0);
    strbuf_addch(out, '}');
    json_key(out, "simulated");
    strbuf_addch(out, '{');
    json_mig_fields(out, &r->simulated, 0);
    strbuf_addch(out, '}');
    json_key(out, "error");
    strbuf_addch(out, '{');
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        json_put_double(out, errors[i].key, errors[i].value);
    }
    json_put_bool(out, "outcome_agrees", r->outcome_agrees);
    strbuf_addstr(out, "}}\n");
}

/* A trace that was cut short does not tell how long it took. */
static const char *time_or_unknown(char buf[UNITS_TEXT], int64_t ns)
{
    return ns < 0 ? "unknown" : units_time(buf, ns);
}

static void add_row(struct strbuf *out, const char *what, const char *seen, const char *simulated,
                    const char *error)
{
    strbuf_addf(out, "  %-12s %14s %14s %14s\n", what, seen, simulated, error);
}

static void add_text(struct strbuf *out, const struct cli_opts *o, const struct trace_facts *f,
                     const struct replay *r)
{
    struct mig_result seen = observed(f);
    const struct mig_result *sim = &r->simulated;
    char a[UNITS_TEXT], b[UNITS_TEXT], e[64];

    strbuf_addf(out, "%s%s%s: %s%s%s\n", cli_style(o, CLI_BOLD), f->header.id,
                cli_style(o, CLI_PLAIN), cli_style(o, r->outcome_agrees ? CLI_GOOD : CLI_BAD),
                r->outcome_agrees ? "same outcome" : "another outcome", cli_style(o, CLI_PLAIN));
    add_row(out, "", "observed", "simulated", "error");
    add_row(out, "outcome", outcome_name(seen.outcome), outcome_name(sim->outcome), "");
    snprintf(e, sizeof(e), "%+.2f %%", 100.0 * r->total_error_ratio);
    add_row(out, "total time", time_or_unknown(a, seen.total_ns), time_or_unknown(b, sim->total_ns),
            isnan(r->total_error_ratio) ? "-" : e);
    snprintf(e, sizeof(e), "%+.1f ms", r->downtime_error_ns / 1e6);
    if (!isnan(r->downtime_error_ns))
        add_row(out, "downtime", time_or_unknown(a, seen.downtime_ns),
                time_or_unknown(b, sim->downtime_ns), e);
    snprintf(a, sizeof(a), "%" PRIu32, seen.rounds);
    snprintf(b, sizeof(b), "%" PRIu32, sim->rounds);
    snprintf(e, sizeof(e), "%+" PRId64, r->rounds_error);
    add_row(out, "rounds", a, b, e);
    snprintf(e, sizeof(e), "%+.2f %%", 100.0 * r->bytes_error_ratio);
    add_row(out, "transferred", units_size(a, seen.transferred_bytes),
            units_size(b, sim->transferred_bytes), isnan(r->bytes_error_ratio) ? "-" : e);
    if (r->steps_observed || r->steps_simulated)
        strbuf_addf(out,
                    "  throttle steps: %" PRIu32 " observed, %" PRIu32 " simulated, %" PRIu32
                    " at the same sync and level\n",
                    r->steps_observed, r->steps_simulated, r->steps_agree);
}

static enum status run(struct cli_opts *o, struct diag *diag)
{
    struct strbuf text = STRBUF_INIT;
    struct cli_traces t;
    struct costs_file c;
    enum status st = cli_traces_load(&t, o, 0, diag);

    if (st != ST_OK)
        return st;
    st = cli_calibration(o, &c, diag);
    for (size_t i = 0; i < t.nr && st == ST_OK; i++) {
        struct replay r;

        if (t.facts[i].before.migrate_ns < 0) {
            st = diag_at(diag, ST_EINPUT, o->args[i], 0,
                         "the capture ends before `migrate`: nothing to re-enact");
            diag_hint(diag, "use `migcast predict`");
            break;
        }
        if (replay_lacks(&t.facts[i])) {
            st = diag_at(diag, ST_EINPUT, o->args[i], 0, "%s", replay_lacks(&t.facts[i]));
            if (t.facts[i].header.missing[0])
                diag_hint(diag, "it lacks %s", t.facts[i].header.missing);
            break;
        }
        st = replay_trace(&t.facts[i], &c, &r, diag);
        if (st != ST_OK)
            break;
        if (o->json)
            add_json(&text, &t.facts[i], o->args[i], &r);
        else
            add_text(&text, o, &t.facts[i], &r);
        replay_release(&r);
    }
    if (st == ST_OK)
        st = cli_emit(o, &text, diag);
    strbuf_release(&text);
    cli_traces_release(&t);
    return st;
}

static const struct cli_option options[] = {
    {"calibration", 0, "FILE",
     "host constants from `migcast calibrate`, instead of the built-in ones", false},
    {0},
};

const struct cmd cmd_replay = {
    .name = "replay",
    .args = "TRACE...",
    .help = "re-enact captured migrations and compare the decisions",
    .about = "Gives the engine what the capture measured while migrating (bandwidth of each "
             "window, dirty pages of\n"
             "each sync, orders given) and compares what it decides: number and moments of syncs, "
             "throttle steps,\n"
             "switchover, downtime, bytes.\n\n"
             "  migcast replay --json tests/traces/kvm-phased.jsonl.zst",
    .shared = CLI_JSON | CLI_OUTPUT,
    .options = options,
    .min_args = 1,
    .max_args = CLI_ANY,
    .run = run,
};
