/*
 * out.c - where results and notes go.
 *
 * Results are checked once, at the end: stdio remembers a failed write, and out_finish() asks.  The
 * file of -o is whole or not there (base/new_file.h).  Invariant: after out_finish() nothing is
 * open.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/opts.h"

#include "base/banned.h"

FILE *cli_out(struct cli_opts *o, struct diag *diag)
{
    struct cli_state *state = o->state;

    if (!o->output)
        return stdout;
    if (!state->file.out)
        (void)new_file_open(&state->file, o->output, diag);
    return state->file.out;
}

enum status cli_emit(struct cli_opts *o, const struct strbuf *text, struct diag *diag)
{
    FILE *out;

    if (strbuf_failed(text))
        return diag_set(diag, ST_ENOMEM, "out of memory");
    out = cli_out(o, diag);
    if (!out)
        return ST_EOUTPUT;
    errno = 0;
    if (fwrite(strbuf_text(text), 1, text->len, out) != text->len)
        o->state->write_errno = errno;
    return ST_OK;
}

static enum status lost(const struct cli_opts *o, struct diag *diag, const char *where)
{
    int why = o->state && o->state->write_errno ? o->state->write_errno : errno;

    return diag_at(diag, ST_EOUTPUT, where, 0, "cannot write the result: %s",
                   why ? strerror(why) : "an earlier write failed");
}

static enum status finish_file(struct cli_opts *o, bool keep, struct diag *diag)
{
    if (keep)
        return new_file_keep(&o->state->file) ? ST_OK : lost(o, diag, o->output);
    new_file_drop(&o->state->file);
    return ST_OK;
}

enum status out_finish(struct cli_opts *o, bool keep, struct diag *diag)
{
    bool failed = ferror(stdout) != 0;
    enum status st = ST_OK;

    if (o->state && o->state->file.out)
        st = finish_file(o, keep, diag);
    errno = 0;
    if (fclose(stdout) != 0)
        failed = true;
    if (failed && st == ST_OK)
        st = lost(o, diag, "standard output");
    return st;
}

const char *cli_style(const struct cli_opts *o, enum cli_style style)
{
    static const char *const escapes[] = {
        [CLI_PLAIN] = "\033[0m", [CLI_BOLD] = "\033[1m",  [CLI_DIM] = "\033[2m",
        [CLI_GOOD] = "\033[32m", [CLI_WARN] = "\033[33m", [CLI_BAD] = "\033[31m",
    };

    return o->color && !o->json ? escapes[style] : "";
}

static void say(const struct cli_opts *o, const char *fmt, va_list ap)
{
    fprintf(stderr, "migcast %s: ", o->cmd->name);
    vfprintf(stderr, fmt, ap);
    fputc('\n', stderr);
}

void cli_note(const struct cli_opts *o, const char *fmt, ...)
{
    va_list ap;

    if (o->quiet)
        return;
    va_start(ap, fmt);
    say(o, fmt, ap);
    va_end(ap);
}

void cli_warn(const struct cli_opts *o, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    say(o, fmt, ap);
    va_end(ap);
}

void cli_say_diag(const struct cmd *cmd, const struct diag *diag)
{
    char text[2 * DIAG_TEXT + sizeof(diag->file) + sizeof(diag->section) + sizeof(diag->key) + 64];

    if (!diag->what[0])
        return;
    diag_format(diag, text, sizeof(text));
    if (diag->file[0])
        fprintf(stderr, "%s\n", text);
    else
        fprintf(stderr, "migcast%s%s: %s\n", cmd ? " " : "", cmd ? cmd->name : "", text);
}

void cli_default_db(const struct cli_opts *o, struct strbuf *path)
{
    const char *slash = o->output ? strrchr(o->output, '/') : NULL;
    struct stat at;

    if (slash && (stat(o->output, &at) != 0 || S_ISREG(at.st_mode)))
        strbuf_add(path, o->output, (size_t)(slash + 1 - o->output));
    strbuf_addstr(path, "migcast.db");
}
