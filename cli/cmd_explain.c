/*
 * cmd_explain.c - `migcast explain`: why a VM or an operation went as it did, what a code means,
 * and which uncertain input moves the answer most.
 *
 * Reads the command line and calls; answers/explain/ finds out, cmd_explain_*.c print.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/progress.h"
#include "base/units.h"
#include "cli/explain.h"
#include "cli/plot.h"
#include "store/store.h"

#include "base/banned.h"

/* What is asked for. */
struct request {
    const char *kind; /* "vm", "op", "host"; NULL = the sensitivities of a scenario */
    const char *name;
    const char *path;
    struct cli_sets sets; /* of the command line, then those of a stored run */
    struct explain_options options;
    struct progress progress;
};

static void step(void *arg)
{
    progress_step(arg, 1);
}

/* ---- the command line ---- */

static enum status read_pick(const struct cli_opts *o, struct request *r, struct diag *diag)
{
    const char *text = cli_value(o, "replication");
    uint64_t number = 0;

    if (!text)
        return ST_OK;
    if (strcmp(text, "median") == 0 || strcmp(text, "worst") == 0) {
        r->options.pick = *text == 'm' ? EXPLAIN_MEDIAN : EXPLAIN_WORST;
        return ST_OK;
    }
    if (units_parse_u64(text, &number, NULL) != ST_OK || number > UINT32_MAX)
        return diag_set(diag, ST_EUSAGE,
                        "--replication: '%s' is neither a number, median nor worst", text);
    r->options.pick = EXPLAIN_NUMBER;
    r->options.number = (uint32_t)number;
    return ST_OK;
}

static enum status read_sets(const struct cli_opts *o, struct request *r, struct diag *diag)
{
    enum status st = cli_sets_init(&r->sets, o, diag);

    if (st == ST_OK)
        st = cli_sets_add(&r->sets, "--replications", "scenario.replications",
                          cli_value(o, "replications"), diag);
    return st;
}

static bool is_kind(const char *word)
{
    return strcmp(word, "vm") == 0 || strcmp(word, "op") == 0 || strcmp(word, "host") == 0;
}

/* "vm NAME SCENARIO", "op" and "host" alike, "NAME SCENARIO", or "SCENARIO --sensitivity"; with
 * --db the database names the scenario. */
static enum status read_args(const struct cli_opts *o, struct request *r, struct diag *diag)
{
    const char *const *args = o->args;
    unsigned nr = o->nr_args, names = o->db ? 1 : 2;

    if (cli_flag(o, "sensitivity")) {
        r->path = args[0];
        return nr == 1 ? ST_OK : diag_set(diag, ST_EUSAGE, "--sensitivity takes a scenario alone");
    }
    r->kind = "vm";
    if (nr > names && is_kind(args[0])) {
        r->kind = args[0];
        args++;
        nr--;
    }
    if (nr < names || nr > 2) {
        diag_hint(diag, "as 'migcast explain vm NAME SCENARIO.ini'; 'migcast explain --list' "
                        "shows all codes");
        if (nr == 1 && names == 2)
            return diag_set(diag, ST_EUSAGE, "'%s' is no code, and alone says too little", args[0]);
        return diag_set(diag, ST_EUSAGE, "what is to be explained?");
    }
    r->name = args[0];
    r->path = nr == 2 ? args[1] : NULL;
    return ST_OK;
}

/* ---- a stored run ---- */

/* The scenario of the last run in the database, with its seed and replications; @digest is what the
 * loaded one must have. */
static enum status read_stored(const struct cli_opts *o, struct request *r, char digest[33],
                               struct strbuf *path, struct diag *diag)
{
    struct store *store = NULL;
    struct store_run run;
    char number[UNITS_TEXT];
    enum status st = store_open(&store, o->db, STORE_OPEN_READ, diag);

    if (st != ST_OK)
        return st;
    st = store_load_run(store, STORE_LATEST, &run, diag);
    store_close(store);
    if (st != ST_OK)
        return st;
    snprintf(digest, 33, "%s", run.result.digest);
    strbuf_addstr(path, run.result.scenario);
    snprintf(number, sizeof(number), "%" PRIu64, run.result.seed);
    if (!o->has_seed)
        st = cli_sets_add(&r->sets, o->db, "scenario.seed", number, diag);
    snprintf(number, sizeof(number), "%" PRIu32, run.result.replications);
    if (st == ST_OK && !cli_flag(o, "replications"))
        st = cli_sets_add(&r->sets, o->db, "scenario.replications", number, diag);
    store_run_release(&run);
    if (!r->path)
        r->path = strbuf_text(path);
    return st;
}

static enum status load(const struct cli_opts *o, struct request *r, struct scenario *sc,
                        struct diag *diag)
{
    struct strbuf path = STRBUF_INIT;
    char digest[33] = "";
    enum status st = o->db ? read_stored(o, r, digest, &path, diag) : ST_OK;

    if (st == ST_OK)
        st = scenario_load(sc, r->path, r->sets.all, r->sets.nr, diag);
    if (st == ST_OK && digest[0] && strcmp(digest, sc->digest) != 0) {
        diag_hint(diag, "give the --set of that run, or explain the scenario without --db");
        st = diag_at(diag, ST_EINPUT, r->path, 0,
                     "is not what the last run of %s was made from (other values since)", o->db);
        scenario_release(sc);
    }
    r->path = NULL; /* may have been in @path */
    strbuf_release(&path);
    return st;
}

/* ---- what is asked for ---- */

static void begin(struct cli_opts *o, struct request *r, const char *what, size_t steps)
{
    progress_init(&r->progress, steps, what, o->quiet ? PROGRESS_QUIET : PROGRESS_AUTO, stderr);
    r->options.version = cli_version();
    r->options.jobs = o->jobs;
    r->options.stop = &cli_interrupted;
    r->options.step = step;
    r->options.step_arg = &r->progress;
}

static enum status explain_one_vm(struct cli_opts *o, struct request *r, const struct scenario *sc,
                                  struct strbuf *out, struct diag *diag)
{
    struct explain e;
    enum status st;

    begin(o, r, "simulating", sc->replications);
    st = explain_vm(&e, sc, r->name, &r->options, diag);
    progress_done(&r->progress);
    if (st == ST_OK && o->json)
        explain_print_json(out, &e);
    else if (st == ST_OK)
        explain_print(out, o, &e);
    explain_release(&e);
    return st;
}

static enum status explain_one_op(struct cli_opts *o, struct request *r, const struct scenario *sc,
                                  struct strbuf *out, struct diag *diag)
{
    struct explain_op x;
    enum status st;

    begin(o, r, "simulating", sc->replications);
    st = explain_op(&x, sc, r->name, &r->options, diag);
    progress_done(&r->progress);
    if (st == ST_OK && o->json)
        explain_print_op_json(out, &x);
    else if (st == ST_OK)
        explain_print_op(out, o, &x);
    explain_op_release(&x);
    return st;
}

static enum status explain_one_host(struct cli_opts *o, struct request *r,
                                    const struct scenario *sc, struct strbuf *out,
                                    struct diag *diag)
{
    struct explain_host h;
    enum status st;

    if (r->options.pick == EXPLAIN_WORST || r->options.pick == EXPLAIN_MEDIAN)
        return diag_set(diag, ST_EUSAGE, "--replication takes a number where a host is explained");
    begin(o, r, "simulating", 1);
    st = explain_host(&h, sc, r->name, &r->options, diag);
    progress_done(&r->progress);
    if (st == ST_OK && o->json)
        explain_print_host_json(out, &h);
    else if (st == ST_OK)
        explain_print_host(out, o, &h);
    explain_host_release(&h);
    return st;
}

static enum status read_measure(const struct cli_opts *o, const struct scenario *sc,
                                struct measure *measure, struct diag *diag)
{
    const char *text = cli_value(o, "measure");

    if (!text)
        return sensitivity_default(sc, measure, diag);
    return measure_parse(text, measure, diag) == ST_OK ? ST_OK : ST_EUSAGE;
}

static enum status draw(const struct cli_plot *plot, const struct sensitivity *s, struct diag *diag)
{
    struct chart_swing *swings = calloc(s->nr + 1, sizeof(*swings));
    struct strbuf picture = STRBUF_INIT, measure = STRBUF_INIT;
    char(*ends)[2][16] = calloc(s->nr + 1, sizeof(*ends));
    struct chart_tornado what = {.unit = s->base.unit,
                                 .base = s->base.value,
                                 .limit = s->limit,
                                 .swings = swings,
                                 .nr = s->nr,
                                 .subtitle = s->sc->path};
    enum status st = swings && ends ? ST_OK : diag_set(diag, ST_ENOMEM, "out of memory");

    for (size_t i = 0; i < s->nr && st == ST_OK; i++) {
        const struct sensitivity_row *row = &s->rows[i];

        snprintf(ends[i][0], sizeof(ends[i][0]), "x%g", row->input->low);
        snprintf(ends[i][1], sizeof(ends[i][1]), "x%g", row->input->high);
        swings[i] = (struct chart_swing){.name = row->input->name,
                                         .low_input = ends[i][0],
                                         .high_input = ends[i][1],
                                         .low = row->low.value,
                                         .high = row->high.value};
    }
    measure_print(&s->measure, &measure);
    what.measure = strbuf_text(&measure);
    if (st == ST_OK)
        st = chart_tornado(&picture, &plot->look, &what);
    if (st == ST_OK)
        st = cli_plot_write(plot, &picture, diag);
    strbuf_release(&picture);
    strbuf_release(&measure);
    free(swings);
    free(ends);
    return st;
}

static enum status explain_inputs(struct cli_opts *o, struct request *r, const struct scenario *sc,
                                  const struct cli_plot *plot, struct strbuf *out,
                                  struct diag *diag)
{
    struct sensitivity_options options = {
        .jobs = o->jobs, .stop = &cli_interrupted, .step = step, .step_arg = &r->progress};
    struct sensitivity s = {0};
    struct measure measure;
    enum status st = read_measure(o, sc, &measure, diag);

    if (st != ST_OK)
        return st;
    begin(o, r, "varying", sensitivity_runs());
    st = sensitivity_find(&s, sc, &measure, &options, diag);
    progress_done(&r->progress);
    if (st == ST_OK && o->json)
        explain_print_tornado_json(out, &s);
    else if (st == ST_OK)
        explain_print_tornado(out, o, &s);
    if (st == ST_OK && plot->path)
        st = draw(plot, &s, diag);
    sensitivity_release(&s);
    return st;
}

static enum status explain_scenario(struct cli_opts *o, struct strbuf *out, struct diag *diag)
{
    struct request r = {0};
    struct scenario sc = {0};
    struct cli_plot plot = {0};
    enum status st = cli_plot_check(&plot, o, "plot", diag);

    if (st == ST_OK && plot.path && !cli_flag(o, "sensitivity"))
        st = diag_set(diag, ST_EUSAGE, "--plot goes with --sensitivity");
    if (st == ST_OK)
        st = read_args(o, &r, diag);
    if (st == ST_OK)
        st = read_pick(o, &r, diag);
    if (st == ST_OK)
        st = read_sets(o, &r, diag);
    if (st == ST_OK)
        st = load(o, &r, &sc, diag);
    if (st == ST_OK && !r.kind)
        st = explain_inputs(o, &r, &sc, &plot, out, diag);
    else if (st == ST_OK && strcmp(r.kind, "op") == 0)
        st = explain_one_op(o, &r, &sc, out, diag);
    else if (st == ST_OK && strcmp(r.kind, "host") == 0)
        st = explain_one_host(o, &r, &sc, out, diag);
    else if (st == ST_OK)
        st = explain_one_vm(o, &r, &sc, out, diag);
    cli_sets_release(&r.sets);
    scenario_release(&sc);
    return st;
}

static enum status explain_codes(struct cli_opts *o, struct strbuf *out, struct diag *diag)
{
    const struct code *code = o->nr_args ? code_find(o->args[0]) : NULL;

    if (o->nr_args > 1 || (o->nr_args == 1 && !code)) {
        diag_hint(diag, "'migcast explain --list' shows all");
        return diag_set(diag, ST_EUSAGE, "'%s' is no code", o->args[o->nr_args - 1]);
    }
    if (o->json)
        explain_print_codes_json(out, code);
    else if (code)
        explain_print_code(out, code);
    else
        explain_print_codes(out);
    return ST_OK;
}

static enum status run(struct cli_opts *o, struct diag *diag)
{
    bool of_codes =
        cli_flag(o, "list") ||
        (o->nr_args == 1 && !o->db && (code_find(o->args[0]) || strncmp(o->args[0], "E-", 2) == 0));
    struct strbuf out = STRBUF_INIT;
    enum status st;

    if (o->nr_args == 0 && !of_codes) {
        diag_hint(diag, "as 'migcast explain vm NAME SCENARIO.ini', or --list for all codes");
        return diag_set(diag, ST_EUSAGE, "what is to be explained?");
    }
    st = of_codes ? explain_codes(o, &out, diag) : explain_scenario(o, &out, diag);
    if (st == ST_OK)
        st = cli_emit(o, &out, diag);
    if (st == ST_EINTR)
        diag_set(diag, st, "interrupted; there is no explanation of half a run");
    strbuf_release(&out);
    return st;
}

/* clang-format off */
static const struct cli_option options[] = {
    {.name = "replication", .letter = 'r', .arg = "N", .help = "tell replication N (0 is the first), the "
     "median or the worst; without it the median of what happens most often"},
    {.name = "replications", .letter = 'n', .arg = "N", .help = "run N times with other draws of what is uncertain"},
    {.name = "sensitivity", .letter = 's', .help = "which uncertain input moves the answer most"},
    {.name = "measure", .letter = 'm', .arg = "MEASURE", .help = "of --sensitivity: downtime.p99, "
     "drain.makespan.p95, timeouts.rate ...; without it that of the first threshold"},
    {.name = "plot", .arg = "FILE", .help = "of --sensitivity: draw it to FILE.svg or FILE.png"},
    {.name = "list", .letter = 'l', .help = "list all codes"},
    {.name = "verbose", .letter = 'v', .help = "show whole tables"},
    {0},
};
/* clang-format on */

const struct cmd cmd_explain = {
    .name = "explain",
    .args = "[vm] NAME SCENARIO.ini | op NAME SCENARIO.ini | host NAME SCENARIO.ini | CODE | "
            "SCENARIO.ini --sensitivity | "
            "--list",
    .help = "say why a VM or an operation ended so, and what a code means",
    .about =
        "Of a VM: a few sentences (what it waited for and behind whom, why this target, what "
        "limited "
        "the copy, what kept it from converging, where the blackout went), then what would change "
        "it, each change simulated, and the tables behind it: timeline, hosts, rounds, blackout, "
        "who shared its link. With many replications one is told, and how many ended so is "
        "said.\n\n"
        "Of an operation: which host holds it up, and which VM of it. Of a host: what left and "
        "what "
        "came, in the replication that is asked for (the first). With --db FILE the last run "
        "of that database is explained, as long as its scenario is still what it was.\n\n"
        "Of a code (E-TIMEOUT; they stand beside failures in reports): cause, how to see it, what "
        "to do, and an example.\n\n"
        "--sensitivity varies each uncertain input between its low and its high end, with the "
        "same draws, and sorts by how far the answer moves.\n\n"
        "  migcast explain vm db scenarios/harvester-timeout.ini\n"
        "  migcast explain op cooling scenarios/rack-drain.ini --replication worst\n"
        "  migcast explain E-NOTARGET\n"
        "  migcast explain scenarios/rack-drain.ini --sensitivity -m drain.makespan.p95",
    .shared = CLI_SET | CLI_SEED | CLI_JOBS | CLI_DB | CLI_OUTPUT | CLI_JSON,
    .options = options,
    .max_args = 3,
    .run = run,
};
