/*
 * out.c - where results and notes go.
 *
 * Results are checked once, at the end: stdio remembers a failed write, and out_finish() asks.  The
 * file of -o is written beside its place and renamed when complete, unless the place is a device or
 * a pipe. Invariant: after out_finish() nothing is open and no temporary file is left.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/opts.h"

#include "base/banned.h"

/* Opens @path.XXXXXX with the permissions that a plain open would give. */
static FILE *open_temp(struct cli_state *state, const char *path)
{
    struct strbuf name = STRBUF_INIT;
    FILE *out = NULL;
    mode_t mask;
    int fd;

    strbuf_addf(&name, "%s.XXXXXX", path);
    state->out_temp = strbuf_detach(&name);
    if (!state->out_temp)
        return NULL;
    fd = mkstemp(state->out_temp);
    if (fd >= 0) {
        mask = umask(0);
        umask(mask);
        if (fchmod(fd, 0666 & ~mask) == 0)
            out = fdopen(fd, "w");
        if (!out) {
            close(fd);
            unlink(state->out_temp);
        }
    }
    if (!out) {
        free(state->out_temp);
        state->out_temp = NULL;
    }
    return out;
}

FILE *cli_out(struct cli_opts *o, struct diag *diag)
{
    struct cli_state *state = o->state;
    struct stat at;

    if (!o->output)
        return stdout;
    if (state->out)
        return state->out;
    if (stat(o->output, &at) == 0 && !S_ISREG(at.st_mode))
        state->out = fopen(o->output, "w");
    else
        state->out = open_temp(state, o->output);
    if (!state->out)
        diag_errno(diag, ST_EOUTPUT, o->output, "cannot open for writing");
    return state->out;
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

/* Closes @out; true if every byte is with the kernel.  errno says why not, 0 if that is forgotten.
 */
static bool close_checked(FILE *out)
{
    bool failed = ferror(out) != 0;

    errno = 0;
    if (fclose(out) != 0)
        failed = true;
    return !failed;
}

static enum status lost(const struct cli_opts *o, struct diag *diag, const char *where)
{
    int why = o->state && o->state->write_errno ? o->state->write_errno : errno;

    return diag_at(diag, ST_EOUTPUT, where, 0, "cannot write the result: %s",
                   why ? strerror(why) : "an earlier write failed");
}

static enum status finish_file(struct cli_opts *o, bool keep, struct diag *diag)
{
    struct cli_state *state = o->state;
    bool complete = close_checked(state->out);
    enum status st = ST_OK;

    if (complete && keep && state->out_temp)
        complete = rename(state->out_temp, o->output) == 0;
    if (!complete && keep)
        st = lost(o, diag, o->output);
    if (state->out_temp && (!keep || st != ST_OK))
        unlink(state->out_temp);
    free(state->out_temp);
    state->out_temp = NULL;
    state->out = NULL;
    return st;
}

enum status out_finish(struct cli_opts *o, bool keep, struct diag *diag)
{
    enum status st = ST_OK;

    if (o->state && o->state->out)
        st = finish_file(o, keep, diag);
    if (!close_checked(stdout) && st == ST_OK)
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
