/*
 * cmd_config.c - `migcast config show`: the values of a scenario as they count.
 *
 * Loads the scenario and prints it; the text, the JSON and the origins are scenario_print.c's.
 */
#include <string.h>

#include "cli/cmd.h"
#include "sim/scenario/scenario.h"

#include "base/banned.h"

static enum status print(struct cli_opts *o, const struct scenario *sc, struct diag *diag)
{
    const char *section = cli_value(o, "section");
    struct strbuf out = STRBUF_INIT;
    enum status st;

    if (o->json)
        st = scenario_show_origin_json(sc, section, &out, diag);
    else if (cli_flag(o, "origin") || section)
        st = scenario_show_origin(sc, section, &out, diag);
    else
        st = scenario_dump(sc, &out);
    if (st == ST_ENOMEM && !diag->what[0])
        diag_set(diag, ST_ENOMEM, "out of memory");
    if (st == ST_OK)
        st = cli_emit(o, &out, diag);
    strbuf_release(&out);
    return st;
}

static enum status run(struct cli_opts *o, struct diag *diag)
{
    struct scenario sc = {0};
    enum status st;

    if (strcmp(o->args[0], "show") != 0) {
        diag_hint(diag, "usage: migcast config show [--origin] SCENARIO.ini");
        return diag_set(diag, ST_EUSAGE, "config cannot '%s'", o->args[0]);
    }
    st = scenario_load(&sc, o->args[1], o->sets, o->nr_sets, diag);
    if (st == ST_OK)
        st = print(o, &sc, diag);
    scenario_release(&sc);
    return st;
}

static const struct cli_option options[] = {
    {.name = "origin", .help = "say where each value comes from, one value a line"},
    {.name = "section",
     .arg = "SECTION",
     .help = "only this section, such as 'vm web', or all of a kind, such as vm; implies --origin"},
    {0},
};

const struct cmd cmd_config = {
    .name = "config",
    .args = "show [--origin] SCENARIO.ini",
    .help = "show the values of a scenario, and where each comes from",
    .about =
        "Prints every value as it counts, defaults included: a scenario file in which presets and "
        "includes are resolved, and which gives the same results.\n\n"
        "With --origin, each value has its source behind it: the built-in default, a preset, an "
        "include or the file with its line, or --set. Later ones in this list win.\n\n"
        "  migcast config show --origin scenarios/evacuate-host.ini\n"
        "  migcast config show --section migration scenarios/evacuate-host.ini",
    .shared = CLI_SET | CLI_JSON | CLI_OUTPUT,
    .options = options,
    .min_args = 2,
    .max_args = 2,
    .run = run,
};
