/* cmd_calibrate.c - `migcast calibrate`: host constants from captures. */
#include <stdint.h>

#include "answers/accuracy/calibration.h"
#include "answers/accuracy/score.h"
#include "base/progress.h"
#include "base/units.h"
#include "cli/traces.h"

#include "base/banned.h"

static void step(void *arg)
{
    progress_step(arg, 1);
}

static void say_part(const struct cli_opts *o, const struct costs_file_part *p, const char *name)
{
    char copy[UNITS_TEXT], rss[UNITS_TEXT], slip[UNITS_TEXT];

    cli_note(o, "%s: %u capture%s; copies %s, QEMU itself %s, windows late by %s", name,
             p->spread.captures, p->spread.captures == 1 ? "" : "s",
             units_rate(copy, p->costs.copy_bytes_per_s),
             units_size(rss, p->costs.rss_overhead_bytes),
             units_time(slip, p->costs.window_slip_ns));
}

/* From forecasts of each configuration with constants from the others, so of two and more. */
static enum status learn_bands(const struct cli_opts *o, const struct cli_traces *t,
                               struct costs_file *c, struct diag *diag)
{
    struct progress progress;
    struct score_options so = {.seed = 1, .jobs = o->jobs, .step = step, .step_arg = &progress};
    enum status st;

    if (t->nr < 2)
        return ST_OK;
    progress_init(&progress, t->nr, "captures", o->quiet ? PROGRESS_QUIET : PROGRESS_AUTO, stderr);
    st = score_learn_bands(c, t->facts, t->nr, &so, diag);
    progress_done(&progress);
    return st;
}

static enum status run(struct cli_opts *o, struct diag *diag)
{
    struct strbuf text = STRBUF_INIT;
    struct cli_traces t;
    struct costs_file c;
    enum status st = cli_traces_load(&t, o, 0, diag);

    if (st != ST_OK)
        return st;
    st = calibration_learn(&c, t.facts, t.nr, SIZE_MAX);
    if (st == ST_OK)
        st = calibration_learn_need(&c, t.facts, t.nr, SIZE_MAX, diag);
    else
        diag_set(diag, st, "not enough memory");
    if (st == ST_OK)
        st = learn_bands(o, &t, &c, diag);
    if (st == ST_OK) {
        for (int a = 0; a < ACCEL_NR; a++) {
            if (c.part[a].given)
                say_part(o, &c.part[a], accel_names[a]);
        }
        costs_file_write(&c,
                         "Host costs learned by `migcast calibrate`.  For --calibration, or to "
                         "include in a scenario.",
                         &text);
        st = cli_emit(o, &text, diag);
    }
    strbuf_release(&text);
    cli_traces_release(&t);
    return st;
}

const struct cmd cmd_calibrate = {
    .name = "calibrate",
    .args = "TRACE... [-o FILE]",
    .help = "learn host constants from captures",
    .about =
        "Learns what a pair of hosts costs a migration: copy and scan speed, QEMU's own "
        "memory, lateness of the\n"
        "rate limit, time of the stop, and how much single captures scatter around that.  "
        "Nothing in the\n"
        "result depends on what one particular guest wrote.  Then each configuration is "
        "forecast with constants from\n"
        "the others: by what they were outside of their bands, the bands of later forecasts are "
        "made wider.\n\n"
        "The result is an INI file for --calibration of `predict`, `replay` and `score`; a "
        "scenario may\n"
        "include it.\n\n"
        "  migcast calibrate tests/traces/*.zst -o hosts.ini\n"
        "  migcast predict --calibration hosts.ini tests/traces/kvm-phased.jsonl.zst",
    .shared = CLI_OUTPUT | CLI_JOBS,
    .min_args = 1,
    .max_args = CLI_ANY,
    .run = run,
};
