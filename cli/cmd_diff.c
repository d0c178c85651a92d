/*
 * cmd_diff.c - `migcast diff`: two scenarios, two presets or two stored results, side by side.
 *
 * Runs what has to be run, with the same seed on both sides; answers/diff.c compares, diff_print.c
 * tells.
 */
#include <string.h>

#include "answers/diff.h"
#include "answers/variant.h"
#include "base/units.h"
#include "cli/diff_print.h"
#include "sim/run.h"
#include "sim/scenario/presets.h"
#include "store/store.h"

#include "base/banned.h"

/* One side: a scenario that was run, or a stored run. */
struct side {
    const char *what; /* as given */
    struct scenario sc;
    struct run_result run;
    struct store_run stored;
    const struct run_result *rows;
};

static void release(struct side *s)
{
    run_free(&s->run);
    store_run_release(&s->stored);
    scenario_release(&s->sc);
}

static bool ends_with(const char *text, const char *end)
{
    size_t a = strlen(text), b = strlen(end);

    return a >= b && strcmp(text + a - b, end) == 0;
}

static enum status simulate_side(const struct cli_opts *o, struct side *s, struct diag *diag)
{
    struct run_options options = {
        .version = cli_version(), .jobs = o->jobs, .stop = &cli_interrupted};
    enum status st = run_scenario(&s->sc, &options, &s->run, diag);

    s->rows = &s->run;
    return st;
}

/* A stored result: the last run of a database. */
static enum status load_stored(struct side *s, struct diag *diag)
{
    struct store *store = NULL;
    enum status st = store_open(&store, s->what, STORE_OPEN_READ, diag);

    if (st == ST_OK)
        st = store_load_run(store, STORE_LATEST, &s->stored, diag);
    store_close(store);
    s->rows = &s->stored.result;
    return st;
}

/* The scenario under a preset in place of its own, as `sweep preset=NAME` has it. */
static enum status load_with_preset(const struct cli_opts *o, struct side *s, const char *scenario,
                                    struct diag *diag)
{
    struct variant_base base = {.path = scenario, .sets = o->sets, .nr_sets = o->nr_sets};
    struct strbuf setting = STRBUF_INIT;
    const char *settings[1];
    enum status st;

    strbuf_addf(&setting, "preset=%s", s->what);
    settings[0] = strbuf_text(&setting);
    st = strbuf_failed(&setting) ? diag_set(diag, ST_ENOMEM, "out of memory")
                                 : variant_load(&s->sc, &base, settings, 1, diag);
    strbuf_release(&setting);
    return st;
}

static enum status load_side(const struct cli_opts *o, struct side *s, const char *scenario,
                             struct diag *diag)
{
    enum status st;

    if (scenario) {
        if (!preset_find(s->what)) {
            preset_hint(s->what, diag);
            return diag_set(diag, ST_EUSAGE, "there is no preset '%s'", s->what);
        }
        st = load_with_preset(o, s, scenario, diag);
    } else if (ends_with(s->what, ".db")) {
        return load_stored(s, diag);
    } else {
        st = scenario_load(&s->sc, s->what, o->sets, o->nr_sets, diag);
    }
    return st == ST_OK ? simulate_side(o, s, diag) : st;
}

static enum status run(struct cli_opts *o, struct diag *diag)
{
    struct side sides[2] = {{.what = o->args[0]}, {.what = o->args[1]}};
    struct diff_result d = {0};
    struct strbuf out = STRBUF_INIT;
    double tolerance = 0.01;
    const char *given = cli_value(o, "tolerance");
    enum status st = given ? units_parse_ratio(given, &tolerance, diag) : ST_OK;

    if (st != ST_OK)
        return ST_EUSAGE;
    for (int i = 0; i < 2 && st == ST_OK; i++)
        st = load_side(o, &sides[i], o->nr_args > 2 ? o->args[2] : NULL, diag);
    if (st == ST_OK)
        st = diff_runs(sides[0].rows, sides[1].rows, tolerance, &d);
    if (st == ST_OK && o->json)
        diff_add_json(&out, &d, sides[0].what, sides[1].what);
    else if (st == ST_OK)
        diff_add_text(&out, &d, sides[0].what, sides[1].what, cli_flag(o, "verbose"));
    if (st == ST_OK)
        st = cli_emit(o, &out, diag);
    if (st == ST_OK && cli_flag(o, "exit-code") && d.nr_changed > 0)
        st = ST_EDIFF;
    diff_release(&d);
    strbuf_release(&out);
    release(&sides[0]);
    release(&sides[1]);
    return st;
}

static const struct cli_option options[] = {
    {.name = "exit-code", .help = "exit with 2 when anything differs"},
    {.name = "tolerance",
     .arg = "SHARE",
     .help = "times that differ by less are the same (default 1%)"},
    {.name = "verbose", .letter = 'v', .help = "show every VM that differs"},
    {0},
};

const struct cmd cmd_diff = {
    .name = "diff",
    .args = "A B [SCENARIO.ini]",
    .help = "compare two scenarios, stored results, or presets on one scenario",
    .about =
        "A and B are scenario files, databases (.db: their last run), or, with a third argument, "
        "presets under which that scenario is run: they take the place of its own `preset =` "
        "line, as in `migcast sweep SCENARIO preset=A,B`. Both sides meet the same random draws, "
        "so what "
        "differs comes from what was changed.\n\n"
        "Each VM that differs gets a line: ~ changed, + only in B, - only in A.\n\n"
        "  migcast diff scenarios/first.ini scenarios/autoconverge.ini\n"
        "  migcast diff kubevirt-1.3 kubevirt-1.9 scenarios/rack-drain.ini\n"
        "  migcast run scenarios/first.ini --db before.db\n"
        "  migcast run scenarios/first.ini --set migration.auto_converge=on --db after.db\n"
        "  migcast diff before.db after.db --exit-code",
    .options = options,
    .shared = CLI_SET | CLI_JSON | CLI_OUTPUT | CLI_JOBS,
    .min_args = 2,
    .max_args = 3,
    .run = run,
};
