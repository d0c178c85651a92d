/*
 * cmd_help.c - `migcast help`: what there is, what one subcommand takes, what a scenario may say.
 *
 * Also writes the man pages and the completion when the program is built.  The texts come from
 * manual.c and, for scenario options, from the scenario's own table.
 */
#include <string.h>

#include "base/new_file.h"
#include "cli/manual.h"
#include "cli/opts.h"
#include "sim/scenario/scenario_options.h"

#include "base/banned.h"

/* The page called @name, as `help NAME` shows it and as --man prints it. */
static enum status add_page(struct strbuf *out, enum doc_form form, const char *name,
                            struct diag *diag)
{
    const struct cmd *cmd = cli_find(name);
    const char *near;

    if (cmd) {
        manual_command(out, form, cmd);
    } else if (strcmp(name, "migcast") == 0) {
        manual_program(out, form);
    } else if (strcmp(name, "codes") == 0) {
        manual_codes(out, form);
    } else if (strcmp(name, "options") == 0) {
        return manual_scenario(out, form, NULL, diag);
    } else {
        near = opts_nearest(NULL, name);
        if (near)
            diag_hint(diag, "did you mean '%s'?", near);
        else
            diag_hint(diag, "see 'migcast help'");
        return diag_set(diag, ST_EUSAGE, "there is no help for '%s'", name);
    }
    return ST_OK;
}

static enum status write_file(const char *dir, const char *file, const struct strbuf *text,
                              struct diag *diag)
{
    struct strbuf path = STRBUF_INIT;
    enum status st;

    strbuf_addf(&path, "%s/%s", dir, file);
    st = strbuf_failed(&path) ? diag_set(diag, ST_ENOMEM, "out of memory")
                              : new_file_write(strbuf_text(&path), text, "write the page", diag);
    strbuf_release(&path);
    return st;
}

static enum status write_page(const char *dir, const char *file, const char *name,
                              struct diag *diag)
{
    struct strbuf text = STRBUF_INIT;
    enum status st = add_page(&text, DOC_MAN, name, diag);

    if (st == ST_OK)
        st = write_file(dir, file, &text, diag);
    strbuf_release(&text);
    return st;
}

static enum status write_reference(const char *dir, struct diag *diag)
{
    struct strbuf text = STRBUF_INIT;
    enum status st;

    scenario_options_markdown(&text);
    st = write_file(dir, "scenario-options.md", &text, diag);
    strbuf_release(&text);
    return st;
}

static enum status write_manual(const char *dir, struct diag *diag)
{
    enum status st = write_page(dir, "migcast.1", "migcast", diag);

    if (st == ST_OK)
        st = write_page(dir, "migcast-scenario.5", "options", diag);
    if (st == ST_OK)
        st = write_page(dir, "migcast-codes.7", "codes", diag);
    if (st == ST_OK)
        st = write_reference(dir, diag);
    for (size_t i = 0; st == ST_OK && cli_commands[i]; i++) {
        char file[64];

        snprintf(file, sizeof(file), "migcast-%s.1", cli_commands[i]->name);
        st = write_page(dir, file, cli_commands[i]->name, diag);
    }
    return st;
}

/* `help options TOPIC`, or a usage error where there is a second argument without need. */
static enum status add_topic(struct strbuf *out, const struct cli_opts *o, struct diag *diag)
{
    if (strcmp(o->args[0], "options") == 0)
        return manual_scenario(out, DOC_TEXT, o->args[1], diag);
    diag_hint(diag, "only 'help options' takes a topic");
    return diag_set(diag, ST_EUSAGE, "unexpected argument '%s'", o->args[1]);
}

static enum status run(struct cli_opts *o, struct diag *diag)
{
    enum doc_form form = cli_flag(o, "man") ? DOC_MAN : DOC_TEXT;
    struct strbuf text = STRBUF_INIT;
    enum status st = ST_OK;

    if (cli_value(o, "manual-dir"))
        return write_manual(cli_value(o, "manual-dir"), diag);
    if (cli_flag(o, "version"))
        strbuf_addf(&text, "migcast %s\n", cli_version());
    else if (cli_value(o, "completion"))
        manual_completion(&text);
    else if (o->nr_args == 2)
        st = add_topic(&text, o, diag);
    else
        st = add_page(&text, form, o->nr_args ? o->args[0] : "migcast", diag);
    if (st == ST_OK)
        st = cli_emit(o, &text, diag);
    strbuf_release(&text);
    return st;
}

static const struct cli_option options[] = {
    {.name = "version", .letter = 'V', .help = "print the version and exit"},
    {.name = "man", .help = "print the man page instead", .hidden = true},
    {.name = "manual-dir",
     .arg = "DIR",
     .help = "write the man pages and the option reference into DIR",
     .hidden = true},
    {.name = "completion",
     .arg = "bash",
     .help = "print the completion of a shell",
     .hidden = true},
    {0},
};

const struct cmd cmd_help = {
    .name = "help",
    .args = "[SUBCOMMAND | codes | options [SECTION | KEY | SECTION.KEY]]",
    .help = "explain a subcommand, or what a scenario file may say",
    .about =
        "Without an argument, lists the subcommands and the exit codes. With the name of a "
        "subcommand, explains that one; 'migcast SUBCOMMAND --help' does the same.\n\n"
        "'migcast help codes' says what the codes beside failures mean; 'migcast explain CODE' "
        "tells one.\n\n"
        "'migcast help options' lists every setting of a scenario file with its type, range and "
        "default; with a section or a key behind it, only those:\n\n"
        "  migcast help options migration\n"
        "  migcast help options downtime_limit",
    .shared = CLI_OUTPUT,
    .options = options,
    .max_args = 2,
    .run = run,
};
