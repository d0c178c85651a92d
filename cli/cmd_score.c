/* cmd_score.c - `migcast score`: the error tables over a set of captures. */
#include "cli/score.h"

#include "base/progress.h"
#include "cli/traces.h"

#include "base/banned.h"

static void step(void *arg)
{
    progress_step(arg, 1);
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

static enum status choose_mode(const struct cli_opts *o, struct score_options *so,
                               struct costs_file *c, struct diag *diag)
{
    if (cli_flag(o, "split") && cli_value(o, "calibration"))
        return diag_set(diag, ST_EUSAGE, "--split and --calibration exclude each other");
    if (cli_flag(o, "markdown") && o->json)
        return diag_set(diag, ST_EUSAGE, "--markdown and --json exclude each other");
    so->mode = cli_flag(o, "split") ? SCORE_SPLIT : SCORE_LEAVE_ONE_OUT;
    if (!cli_value(o, "calibration"))
        return ST_OK;
    so->mode = SCORE_GIVEN;
    so->calibration = c;
    return cli_calibration(o, c, diag);
}

static enum status print(struct cli_opts *o, const struct score_view *v, struct diag *diag)
{
    struct strbuf text = STRBUF_INIT;
    enum status st;

    if (o->json)
        st = score_add_json(&text, v);
    else if (cli_flag(o, "markdown"))
        st = score_add_markdown(&text, v);
    else
        st = score_add_text(&text, v);
    if (st == ST_OK)
        st = cli_emit(o, &text, diag);
    else
        diag_set(diag, st, "out of memory");
    strbuf_release(&text);
    return st;
}

static enum status run(struct cli_opts *o, struct diag *diag)
{
    struct score_options so = {.seed = o->has_seed ? o->seed : 1, .jobs = o->jobs, .step = step};
    struct score_plots plots;
    struct progress progress;
    struct cli_traces t;
    struct costs_file c;
    struct score s = {0};
    struct score_view view = {o, &s, so.seed};
    enum status st = score_plots_check(&plots, o, diag);

    if (st == ST_OK)
        st = choose_mode(o, &so, &c, diag);
    if (st == ST_OK)
        st = cli_traces_load(&t, o, 0, diag);
    if (st != ST_OK)
        return st;
    st = check_complete(&t, o, diag);
    if (st == ST_OK) {
        progress_init(&progress, t.nr, "captures", o->quiet ? PROGRESS_QUIET : PROGRESS_AUTO,
                      stderr);
        so.step_arg = &progress;
        st = score_traces(t.facts, t.nr, &so, &s, diag);
        progress_done(&progress);
    }
    if (st == ST_OK)
        st = print(o, &view, diag);
    if (st == ST_OK)
        st = score_plots_write(&plots, &view, diag);
    score_release(&s);
    cli_traces_release(&t);
    return st;
}

static const struct cli_option options[] = {
    {"calibration", 0, "FILE",
     "host constants from `migcast calibrate`; without it each capture is judged with constants "
     "from the others",
     false},
    {"split", 0, NULL,
     "learn host constants from the calibration half of a corpus and score both halves", false},
    {"markdown", 0, NULL, "print the tables as Markdown; of a split the validation half alone",
     false},
    {"plot", 0, "FILE", "draw forecast against observed total time as FILE.svg or FILE.png", false},
    {"plot-errors", 0, "FILE", "draw the share of forecasts up to each error, by method", false},
    {"plot-course", 0, "FILE",
     "draw remaining bytes over time of the first capture, with the forecast laid over", false},
    {0},
};

const struct cmd cmd_score = {
    .name = "score",
    .args = "TRACE...",
    .help = "the error table of forecasts and replays over captures",
    .about =
        "Forecasts and re-enacts each capture and compares with what happened: p50, p90 and "
        "largest errors,\n"
        "right outcomes, and how often the observed total time lay in the 90 % band.  A wrong "
        "outcome counts\n"
        "as an error of 100 %.  Beside it, on the same captures: what other methods forecast "
        "(Gudkov's rounds over\n"
        "the measured dirty curve, one constant rate, memory over bandwidth), and how far repeats "
        "of one\n"
        "configuration are from each other, below which no forecast can get.\n\n"
        "Without --calibration each configuration is judged with host constants learned from the "
        "others, so that\n"
        "nothing is scored on what it was fitted to.  --split judges the validation half of a "
        "corpus (those whose\n"
        "configuration's name has an odd xxHash64) with constants from the other half alone.\n\n"
        "  migcast score tests/traces/*.zst\n"
        "  migcast score --split tests/corpus/*.zst\n"
        "  migcast score --plot score.svg tests/traces/*.zst",
    .shared = CLI_JSON | CLI_OUTPUT | CLI_SEED | CLI_JOBS,
    .options = options,
    .min_args = 1,
    .max_args = CLI_ANY,
    .run = run,
};
