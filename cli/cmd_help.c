/*
 * cmd_help.c - `migcast help`: what there is, what one subcommand takes, what a scenario may say.
 *
 * Also writes the man pages and the completion when the program is built.  The texts come from
 * manual.c and, for scenario options, from the scenario's own table.
 */
#include <errno.h>
#include <string.h>

#include "cli/manual.h"
#include "cli/opts.h"

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

/* One man page into @dir. */
static enum status write_page(const char *dir, const char *file, const char *name,
                              struct diag *diag)
{
    struct strbuf path = STRBUF_INIT, text = STRBUF_INIT;
    enum status st = add_page(&text, DOC_MAN, name, diag);
    FILE *out = NULL;

    strbuf_addf(&path, "%s/%s", dir, file);
    if (st == ST_OK && (strbuf_failed(&text) || strbuf_failed(&path)))
        st = diag_set(diag, ST_ENOMEM, "out of memory");
    if (st == ST_OK) {
        out = fopen(strbuf_text(&path), "w");
        if (!out)
            st = diag_errno(diag, ST_EOUTPUT, strbuf_text(&path), "cannot open for writing");
    }
    if (out) {
        bool written = fwrite(strbuf_text(&text), 1, text.len, out) == text.len;

        if (fclose(out) != 0 || !written)
            st = diag_errno(diag, ST_EOUTPUT, strbuf_text(&path), "cannot write");
    }
    strbuf_release(&path);
    strbuf_release(&text);
    return st;
}

static enum status write_pages(const char *dir, struct diag *diag)
{
    enum status st = write_page(dir, "migcast.1", "migcast", diag);

    for (size_t i = 0; st == ST_OK && cli_commands[i]; i++) {
        char file[64];

        snprintf(file, sizeof(file), "migcast-%s.1", cli_commands[i]->name);
        st = write_page(dir, file, cli_commands[i]->name, diag);
    }
    return st;
}

static enum status run(struct cli_opts *o, struct diag *diag)
{
    struct strbuf text = STRBUF_INIT;
    enum status st = ST_OK;

    if (cli_value(o, "man-dir"))
        return write_pages(cli_value(o, "man-dir"), diag);
    if (cli_flag(o, "version"))
        strbuf_addf(&text, "migcast %s\n", cli_version());
    else if (cli_value(o, "completion"))
        manual_completion(&text);
    else
        st = add_page(&text, cli_flag(o, "man") ? DOC_MAN : DOC_TEXT,
                      o->nr_args ? o->args[0] : "migcast", diag);
    if (st == ST_OK)
        st = cli_emit(o, &text, diag);
    strbuf_release(&text);
    return st;
}

static const struct cli_option options[] = {
    {.name = "version", .letter = 'V', .help = "print the version and exit"},
    {.name = "man", .help = "print the man page instead", .hidden = true},
    {.name = "man-dir", .arg = "DIR", .help = "write all man pages into DIR", .hidden = true},
    {.name = "completion",
     .arg = "bash",
     .help = "print the completion of a shell",
     .hidden = true},
    {0},
};

const struct cmd cmd_help = {
    .name = "help",
    .args = "[SUBCOMMAND | options]",
    .help = "explain a subcommand, or what a scenario file may say",
    .about = "Without an argument, lists the subcommands and the exit codes. With the name of a "
             "subcommand, "
             "explains that one; 'migcast SUBCOMMAND --help' does the same. 'migcast help options' "
             "lists every "
             "setting of a scenario file with its type, range and default.",
    .shared = CLI_OUTPUT,
    .options = options,
    .max_args = 1,
    .run = run,
};
