/*
 * cmd_run.c - `migcast run SCENARIO.ini`.
 *
 * Reads the scenario and says where the rows go; the rest is simulate.c.
 */
#include "cli/simulate.h"

#include "base/banned.h"

static enum status load(const struct cli_opts *o, struct scenario *sc, struct diag *diag)
{
    struct cli_sets sets;
    enum status st = cli_sets_init(&sets, o, diag);

    if (st == ST_OK)
        st = cli_sets_add(&sets, "--replications", "scenario.replications",
                          cli_value(o, "replications"), diag);
    if (st == ST_OK)
        st = scenario_load(sc, o->args[0], sets.all, sets.nr, diag);
    cli_sets_release(&sets);
    return st;
}

static enum status run(struct cli_opts *o, struct diag *diag)
{
    struct strbuf path = STRBUF_INIT;
    struct scenario sc = {0};
    enum status st;

    if (cli_flag(o, "no-db") && o->db)
        return diag_set(diag, ST_EUSAGE, "--db and --no-db exclude each other");
    st = load(o, &sc, diag);
    cli_default_db(o, &path);
    if (st == ST_OK && strbuf_failed(&path))
        st = diag_set(diag, ST_ENOMEM, "out of memory");
    if (st == ST_OK)
        st = simulate(o, &sc,
                      cli_flag(o, "no-db") ? NULL
                      : o->db              ? o->db
                                           : strbuf_text(&path),
                      NULL, NULL, diag);
    strbuf_release(&path);
    scenario_release(&sc);
    return st;
}

/* clang-format off */
static const struct cli_option options[] = {
    SIMULATE_OPTIONS,
    {.name = "no-db", .help = "keep no rows"},
    {0},
};
/* clang-format on */

const struct cmd cmd_run = {
    .name = "run",
    .args = "SCENARIO.ini",
    .help = "simulate a scenario and say what becomes of its migrations",
    .about =
        "Simulates all migrations that the scenario requests, in all its replications, and prints "
        "the verdict: outcome, times, what limits them and the smallest change that would fix a "
        "failure. The rows go to a SQLite database (migcast.db beside the output unless --db says "
        "otherwise), where 'migcast report' finds them again.\n\n"
        "Ends with 99 if a threshold of severity error was crossed. After an interrupt, what was "
        "finished is kept and printed, and the exit code is 130.\n\n"
        "  migcast run scenarios/first.ini\n"
        "  migcast run scenarios/evacuate-host.ini --set migration.auto_converge=on \\\n"
        "    --json -o out.json",
    .shared = CLI_SET | CLI_SEED | CLI_JOBS | CLI_DB | CLI_OUTPUT | CLI_JSON,
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
