/*
 * new_file.c - write beside the place, then rename.
 *
 * Invariant: after new_file_keep() or new_file_drop() nothing is open and no temporary file is
 * left.
 */
#include "base/new_file.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/banned.h"

/* Opens @path.XXXXXX with the permissions that a plain open would give. */
static FILE *open_temp(struct new_file *f)
{
    struct strbuf name = STRBUF_INIT;
    mode_t mask;
    int fd;

    strbuf_addf(&name, "%s.XXXXXX", f->path);
    f->temp = strbuf_detach(&name);
    if (!f->temp)
        return NULL;
    fd = mkstemp(f->temp);
    if (fd >= 0) {
        mask = umask(0);
        umask(mask);
        if (fchmod(fd, 0666 & ~mask) == 0)
            f->out = fdopen(fd, "w");
        if (!f->out) {
            close(fd);
            unlink(f->temp);
        }
    }
    if (!f->out) {
        free(f->temp);
        f->temp = NULL;
    }
    return f->out;
}

enum status new_file_open(struct new_file *f, const char *path, struct diag *diag)
{
    struct stat at;

    *f = (struct new_file){.path = path};
    if (stat(path, &at) == 0 && !S_ISREG(at.st_mode))
        f->out = fopen(path, "w");
    else
        f->out = open_temp(f);
    return f->out ? ST_OK : diag_errno(diag, ST_EOUTPUT, path, "cannot open for writing");
}

static bool close_checked(FILE *out)
{
    bool failed = ferror(out) != 0;

    errno = 0;
    if (fclose(out) != 0)
        failed = true;
    return !failed;
}

static void forget(struct new_file *f)
{
    free(f->temp);
    *f = (struct new_file){0};
}

bool new_file_keep(struct new_file *f)
{
    bool complete;
    int why;

    assert(f->out);
    complete = close_checked(f->out);
    if (complete && f->temp)
        complete = rename(f->temp, f->path) == 0;
    why = errno;
    if (!complete && f->temp)
        unlink(f->temp);
    forget(f);
    errno = why;
    return complete;
}

void new_file_drop(struct new_file *f)
{
    if (!f->out)
        return;
    (void)fclose(f->out);
    if (f->temp)
        unlink(f->temp);
    forget(f);
}

enum status new_file_write(const char *path, const struct strbuf *text, const char *doing,
                           struct diag *diag)
{
    struct new_file f;
    size_t written;
    int why;
    enum status st;

    if (strbuf_failed(text))
        return diag_set(diag, ST_ENOMEM, "out of memory");
    st = new_file_open(&f, path, diag);
    if (st != ST_OK)
        return st;
    errno = 0;
    written = fwrite(strbuf_text(text), 1, text->len, f.out);
    why = errno;
    if (new_file_keep(&f))
        return ST_OK;
    return diag_at(diag, ST_EOUTPUT, path, 0, "cannot %s: %s", doing,
                   strerror(written < text->len && why ? why
                            : errno                    ? errno
                                                       : EIO));
}
