/*
 * cmd_validate.c - `migcast validate`: the pre-flight check of scenario files.
 *
 * Reads and checks each file as `run` would, and stops there.  Goes on after a wrong file, so that
 * one call tells about all of them; scenario.c finds what is wrong.
 */
#include <inttypes.h>

#include "base/json_text.h"
#include "cli/cmd.h"
#include "sim/scenario/scenario.h"

#include "base/banned.h"

static void add_valid(struct strbuf *out, const struct cli_opts *o, const char *path,
                      const struct scenario *sc)
{
    strbuf_addf(out, "%s: %svalid%s: hosts %" PRIu32 ", VMs %" PRIu32 ", requests %" PRIu32, path,
                cli_style(o, CLI_GOOD), cli_style(o, CLI_PLAIN), sc->nr_hosts, sc->nr_vms,
                sc->nr_requests);
    strbuf_addf(out, ", replications %" PRIu32 "\n", sc->replications);
}

static void add_text(struct strbuf *out, const char *key, const char *text)
{
    json_put_text(out, key, *text ? text : NULL);
}

static void add_problem(struct strbuf *out, const struct diag *wrong)
{
    strbuf_addch(out, '{');
    add_text(out, "file", wrong->file);
    json_key(out, "line");
    if (wrong->line)
        json_add_u64(out, wrong->line);
    else
        json_add_text(out, NULL);
    add_text(out, "section", wrong->section);
    add_text(out, "key", wrong->key);
    add_text(out, "what", wrong->what);
    add_text(out, "hint", wrong->hint);
    strbuf_addch(out, '}');
}

static void add_json(struct strbuf *out, const char *path, enum status st, const struct diag *wrong)
{
    json_next(out);
    strbuf_addch(out, '{');
    add_text(out, "scenario", path);
    json_put_bool(out, "valid", st == ST_OK);
    json_key(out, "problem");
    if (st == ST_OK)
        json_add_text(out, NULL);
    else
        add_problem(out, wrong);
    strbuf_addch(out, '}');
}

/* Checks one file and adds what it found to @out; as text, what is wrong goes to standard error. */
static enum status validate(const struct cli_opts *o, const char *path, struct strbuf *out)
{
    struct scenario sc = {0};
    struct diag wrong = {0};
    enum status st = scenario_load(&sc, path, o->sets, o->nr_sets, &wrong);

    if (o->json)
        add_json(out, path, st, &wrong);
    else if (st == ST_OK)
        add_valid(out, o, path, &sc);
    else
        cli_say_diag(o->cmd, &wrong);
    scenario_release(&sc);
    return st;
}

static enum status run(struct cli_opts *o, struct diag *diag)
{
    struct strbuf out = STRBUF_INIT;
    enum status st, found = ST_OK;

    if (o->json)
        strbuf_addstr(&out, "{\"format_version\":\"" CLI_FORMAT_VERSION "\",\"scenarios\":[");
    for (unsigned i = 0; i < o->nr_args && !cli_interrupted; i++) {
        st = validate(o, o->args[i], &out);
        if (found == ST_OK)
            found = st;
    }
    if (o->json)
        strbuf_addstr(&out, "]}\n");
    st = cli_emit(o, &out, diag);
    strbuf_release(&out);
    if (st != ST_OK)
        return st;
    return cli_interrupted ? ST_EINTR : found;
}

const struct cmd cmd_validate = {
    .name = "validate",
    .args = "SCENARIO.ini...",
    .help = "check scenario files without running them",
    .about = "Reads each file with its presets and includes as 'migcast run' would, and checks "
             "every value and every "
             "name. What is wrong is said as\n\n"
             "  FILE:LINE: [SECTION] KEY: what is wrong; hint\n\n"
             "A wrong file does not keep the others from being checked.\n\n"
             "  migcast validate scenarios/*.ini",
    .shared = CLI_SET | CLI_JSON | CLI_OUTPUT,
    .min_args = 1,
    .max_args = CLI_ANY,
    .run = run,
};
