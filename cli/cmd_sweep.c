/*
 * cmd_sweep.c - `migcast sweep SCENARIO.ini NAME=VALUES...`.
 *
 * Reads options, shows progress and prints; answers/sweep/sweep.c does the work, and sweep_*.c are
 * the forms.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/progress.h"
#include "base/units.h"
#include "cli/sweep.h"
#include "store/store.h"

#include "base/banned.h"

/* ---- progress: in runs, because cells may differ much ---- */

static void step(void *arg)
{
    progress_step(arg, 1);
}

static void skip(void *arg, uint64_t runs)
{
    progress_skip(arg, runs);
}

static enum status run_all(const struct cli_opts *o, struct sweep *sweep,
                           struct sweep_options *options, struct diag *diag)
{
    struct progress progress;
    enum progress_mode mode = o->quiet                 ? PROGRESS_QUIET
                              : cli_flag(o, "verbose") ? PROGRESS_VERBOSE
                                                       : PROGRESS_AUTO;
    enum status st;

    progress_init(&progress, (uint64_t)sweep->nr_cells * sweep->replications, "simulating", mode,
                  stderr);
    options->step = step;
    options->skip = skip;
    options->arg = &progress;
    st = sweep_run(sweep, options, diag);
    progress_done(&progress);
    return st;
}

/* ---- results ---- */

static size_t columns(const struct cli_opts *o)
{
    struct winsize size = {0};

    if (o->output || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0)
        return 0;
    return size.ws_col;
}

static enum status print(struct cli_opts *o, const struct sweep *sweep, struct diag *diag)
{
    const struct sweep_look look = {.width = columns(o), .all = cli_flag(o, "verbose")};
    struct strbuf out = STRBUF_INIT;
    enum status st = ST_OK;

    if (o->json)
        sweep_json(&out, sweep);
    else if (cli_flag(o, "csv"))
        sweep_csv(&out, sweep);
    else
        st = sweep_text(&out, o, sweep, &look);
    st = st == ST_OK ? cli_emit(o, &out, diag) : diag_set(diag, st, "out of memory");
    strbuf_release(&out);
    return st;
}

/* The result does not say what was stored before, so that it is the same; this note does. */
static void say_counts(const struct cli_opts *o, const struct sweep *sweep, const char *db)
{
    char stored[64] = "";

    if (db)
        snprintf(stored, sizeof(stored), ", %zu from ", sweep->nr_state[SWEEP_STORED]);
    cli_note(o, "%zu cell%s of %u replication%s, seed %" PRIu64 ": %zu simulated%s%s",
             sweep->nr_cells, sweep->nr_cells == 1 ? "" : "s", sweep->replications,
             sweep->replications == 1 ? "" : "s", sweep->seed, sweep->nr_state[SWEEP_DONE], stored,
             db ? db : "");
}

/* Interrupts first, then what was lost, then what could not be run, then the goals. */
static enum status judge(const struct cli_opts *o, const struct sweep *sweep, const char *db,
                         enum status ran, struct diag *diag)
{
    size_t invalid = sweep->nr_state[SWEEP_INVALID];
    bool kept = db && sweep->store_status == ST_OK;

    if (sweep->store_status != ST_OK)
        cli_say_diag(o->cmd, &sweep->store_diag);
    if (ran == ST_EINTR)
        return diag_set(diag, ran, "interrupted; %zu of %zu cells were finished%s",
                        sweep->nr_ranked, sweep->nr_cells,
                        kept ? " and are kept: the same command goes on from there" : "");
    if (sweep->store_status != ST_OK)
        return sweep->store_status;
    if (invalid) {
        cli_warn(o, "%zu of %zu cell%s cannot be run", invalid, sweep->nr_cells,
                 sweep->nr_cells == 1 ? "" : "s");
        return ST_EINPUT;
    }
    if (sweep->nr_ranked && sweep->cells[sweep->ranked[0]].nr_crossed)
        return diag_set(diag, ST_ETHRESHOLD, "no cell meets all thresholds of severity error");
    return ST_OK;
}

static enum status sweep_and_print(struct cli_opts *o, struct sweep *sweep,
                                   struct sweep_options *options, const struct cli_plot *plot,
                                   const char *db, struct diag *diag)
{
    enum status ran = run_all(o, sweep, options, diag), st;

    if (ran != ST_OK && ran != ST_EINTR)
        return ran;
    say_counts(o, sweep, db);
    st = print(o, sweep, diag);
    if (st == ST_OK && plot->path && sweep->nr_ranked)
        st = sweep_plot(plot, sweep, diag);
    return st == ST_OK ? judge(o, sweep, db, ran, diag) : st;
}

static enum status dry_run(struct cli_opts *o, const struct sweep *sweep,
                           const struct sweep_options *options, struct diag *diag)
{
    struct sweep_estimate guess;
    struct strbuf out = STRBUF_INIT;
    char text[UNITS_TEXT];
    enum status st = sweep_guess(sweep, options, &guess, diag);

    if (st != ST_OK)
        return st;
    strbuf_addf(&out, "%zu cells", sweep->nr_cells);
    for (size_t a = 0; a < sweep->nr_axes; a++)
        strbuf_addf(&out, "%s%zu %s", a ? " x " : ": ", sweep->axes[a].nr, sweep->axes[a].name);
    strbuf_addf(&out, "\n%" PRIu64 " simulations: %u replications each, seed %" PRIu64 "\n",
                guess.runs, sweep->replications, sweep->seed);
    if (isnan(guess.seconds) || guess.seconds > 3e9)
        strbuf_addf(&out, "time: %s\n",
                    isnan(guess.seconds) ? "unknown, neither the first nor the last cell can be run"
                                         : "a century or more");
    else
        strbuf_addf(&out, "time: about %s on %u thread%s, unless cells are stored already\n",
                    units_time(text, llround(guess.seconds * (double)NS_PER_S)), options->jobs,
                    options->jobs == 1 ? "" : "s");
    strbuf_addf(&out, "memory: about %s\n", units_size(text, guess.bytes));
    st = cli_emit(o, &out, diag);
    strbuf_release(&out);
    return st;
}

/* ---- the command ---- */

static enum status check_options(const struct cli_opts *o, struct cli_plot *plot, struct diag *diag)
{
    if (cli_flag(o, "csv") && o->json)
        return diag_set(diag, ST_EUSAGE, "--json and --csv exclude each other");
    if (cli_flag(o, "no-db") && o->db)
        return diag_set(diag, ST_EUSAGE, "--db and --no-db exclude each other");
    if (cli_value(o, "plot") && o->nr_args > 3) {
        diag_hint(diag, "vary one or two settings, and --set the others");
        return diag_set(diag, ST_EUSAGE, "a picture has no room for %u settings", o->nr_args - 1);
    }
    return cli_plot_check(plot, o, "plot", diag);
}

static enum status run_with(struct cli_opts *o, const struct cli_plot *plot, const char *db,
                            struct sweep_options *options, struct diag *diag)
{
    bool dry = cli_flag(o, "dry-run");
    struct sweep sweep;
    enum status st = sweep_prepare(&sweep, options, diag);

    if (st == ST_OK && db && !dry)
        st = store_open(&options->store, db, STORE_OPEN_CREATE, diag);
    if (st == ST_OK && dry)
        st = dry_run(o, &sweep, options, diag);
    else if (st == ST_OK)
        st = sweep_and_print(o, &sweep, options, plot, db, diag);
    store_close(options->store);
    sweep_release(&sweep);
    return st;
}

static enum status run(struct cli_opts *o, struct diag *diag)
{
    struct strbuf path = STRBUF_INIT;
    struct cli_plot plot = {0};
    struct cli_sets sets = {0};
    const char **measures = NULL;
    struct sweep_options options = {.axes = o->args + 1,
                                    .nr_axes = o->nr_args - 1,
                                    .version = cli_version(),
                                    .jobs = o->jobs,
                                    .again = cli_flag(o, "again"),
                                    .stop = &cli_interrupted};
    enum status st = check_options(o, &plot, diag);

    if (st == ST_OK)
        st = cli_sets_init(&sets, o, diag);
    if (st == ST_OK)
        st = cli_sets_add(&sets, "--replications", "scenario.replications",
                          cli_value(o, "replications"), diag);
    if (st == ST_OK && !(measures = cli_values(o, "measure", &options.nr_measures)))
        st = diag_set(diag, ST_ENOMEM, "out of memory");
    options.measures = measures;
    options.base = (struct variant_base){.path = o->args[0], .sets = sets.all, .nr_sets = sets.nr};
    cli_default_db(o, &path);
    if (st == ST_OK && strbuf_failed(&path))
        st = diag_set(diag, ST_ENOMEM, "out of memory");
    if (st == ST_OK)
        st = run_with(o, &plot,
                      cli_flag(o, "no-db") ? NULL
                      : o->db              ? o->db
                                           : strbuf_text(&path),
                      &options, diag);
    strbuf_release(&path);
    cli_sets_release(&sets);
    free(measures);
    return st;
}

/* clang-format off */
static const struct cli_option options[] = {
    {.name = "measure", .letter = 'm', .arg = "MEASURE",
     .help = "what to show, such as downtime.p99; may be given again, the first decides who is best"},
    {.name = "replications", .letter = 'n', .arg = "N",
     .help = "run each cell N times with other draws of what is uncertain"},
    {.name = "dry-run", .help = "say how many cells, how long and how much memory, and do nothing"},
    {.name = "again", .help = "simulate also what the database holds"},
    {.name = "plot", .arg = "FILE",
     .help = "draw the deciding measure over one or two settings (.svg or .png)"},
    {.name = "csv", .help = "print a line a cell (CSV) instead of text"},
    {.name = "verbose", .letter = 'v', .help = "show all cells"},
    {.name = "no-db", .help = "keep no cells, and use none that are kept"},
    {0},
};
/* clang-format on */

const struct cmd cmd_sweep = {
    .name = "sweep",
    .args = "SCENARIO.ini NAME=VALUES...",
    .help = "simulate all combinations of some settings and name the best",
    .about =
        "VALUES are a list (1,2,4), a range (1Gb/s..25Gb/s:log:8, 1..8, 100ms..1s:step:100ms; lin "
        "and log take a count, 8 unless given) or both. Braces make one value of anything: "
        "{100MB/s..300MB/s} is an uncertain one, preset={lab,nova} two presets.\n\n"
        "NAME is any value of a scenario as --set takes it (\"link core.rate\", \"vm *.memory\"), "
        "the "
        "key alone of [migration], [cluster] or [scenario], preset (in place of the file's own), "
        "or a "
        "short name:\n\n"
        "  bandwidth        migration.max_bandwidth     link         link *.rate\n"
        "  downtime_limit   migration.downtime_limit    nic          host *.nic\n"
        "  timeout          migration.completion_timeout\n"
        "  timeout_per_gib  migration.completion_timeout_per_gib\n"
        "  auto_converge    migration.auto_converge     latency      link *.latency\n"
        "  postcopy         migration.postcopy          parallel     cluster.max_total\n"
        "  multifd          migration.multifd           outbound     cluster.max_out\n"
        "  channels         migration.multifd_channels  inbound      cluster.max_in\n"
        "  dirty            workload *.write_rate       per_host     cluster.max_per_host\n"
        "  working_set      workload *.working_set      attempts     cluster.max_attempts\n"
        "  memory           vm *.memory\n\n"
        "All cells meet the same random draws, so they can be compared with few replications. Best "
        "is "
        "the cell with the fewest thresholds of severity error crossed, then the most VMs moved, "
        "then "
        "the best deciding measure (drain.makespan.p95 unless --measure says otherwise).\n\n"
        "Finished cells are kept in the database by all that they depend on, and used again by "
        "every "
        "sweep that needs them: a sweep that was interrupted or killed goes on where it was, and "
        "the "
        "result is the same as without.\n\n"
        "A cell that cannot be run is told with its reason, the rest goes on, and the exit code is "
        "65. "
        "It is 99 when no cell meets all thresholds of severity error.\n\n"
        "  migcast sweep scenarios/sweep-drain.ini bandwidth=1Gb/s..25Gb/s:log:8 \\\n"
        "    outbound=1,2,4\n"
        "  migcast sweep scenarios/sweep-drain.ini preset=nova,nova-postcopy \\\n"
        "    --measure downtime.p99",
    .shared = CLI_SET | CLI_SEED | CLI_JOBS | CLI_DB | CLI_OUTPUT | CLI_JSON,
    .options = options,
    .min_args = 2,
    .max_args = SWEEP_AXES_MAX + 1,
    .run = run,
};
