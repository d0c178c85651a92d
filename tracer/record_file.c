/*
 * record_file.c - lines to a plain or zstd-compressed file.
 *
 * Invariant: what has reached the file is a whole number of lines (plain), or decodes to one
 * (zstd), but for a line in flight when the process dies.
 */
#include "tracer/record_file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "tracer/lines.h"

#include "base/banned.h"

enum {
    LIVE_LEVEL = 3,
    /* 0.1 s for a trace of 1 MiB; level 19 takes ten times as long to save 4 % more. */
    PACKED_LEVEL = 12
};

struct sink { /* an open file, with or without compression */
    int fd;
    ZSTD_CCtx *zstd; /* NULL = plain */
    char *out;
    size_t out_cap;
};

struct record_file {
    char *path;
    bool own_fd;
    struct sink sink;
    enum status failure;
    struct diag why;
};

static enum status write_all(int fd, const char *bytes, size_t len, const char *path,
                             struct diag *diag)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return diag_errno(diag, ST_EOUTPUT, path, "cannot write");
        bytes += n;
        len -= (size_t)n;
    }
    return ST_OK;
}

static enum status sink_compress(struct sink *s, const char *bytes, size_t len,
                                 ZSTD_EndDirective how, const char *path, struct diag *diag)
{
    ZSTD_inBuffer in = {bytes, len, 0};
    size_t left;

    do {
        ZSTD_outBuffer out = {s->out, s->out_cap, 0};
        enum status st;

        left = ZSTD_compressStream2(s->zstd, &out, &in, how);
        if (ZSTD_isError(left))
            return diag_at(diag, ST_EINTERNAL, path, 0, "zstd: %s", ZSTD_getErrorName(left));
        st = write_all(s->fd, s->out, out.pos, path, diag);
        if (st != ST_OK)
            return st;
    } while (how == ZSTD_e_continue ? in.pos < in.size : left > 0);
    return ST_OK;
}

static enum status sink_open(struct sink *s, const char *path, bool compressed, int level,
                             struct diag *diag)
{
    if (compressed) {
        s->zstd = ZSTD_createCCtx();
        s->out_cap = ZSTD_CStreamOutSize();
        s->out = malloc(s->out_cap);
        if (!s->zstd || !s->out)
            return diag_set(diag, ST_ENOMEM, "out of memory");
        ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_compressionLevel, level);
        ZSTD_CCtx_setParameter(s->zstd, ZSTD_c_checksumFlag, 1);
    }
    s->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY, 0666);
    return s->fd >= 0 ? ST_OK : diag_errno(diag, ST_EOUTPUT, path, "cannot open");
}

static void sink_release(struct sink *s)
{
    ZSTD_freeCCtx(s->zstd);
    free(s->out);
    *s = (struct sink){.fd = -1};
}

static bool ends_in(const char *text, const char *end)
{
    size_t len = strlen(text), end_len = strlen(end);

    return len >= end_len && strcmp(text + len - end_len, end) == 0;
}

static void discard(struct record_file *f)
{
    if (f->own_fd && f->sink.fd >= 0)
        close(f->sink.fd);
    sink_release(&f->sink);
    free(f->path);
    free(f);
}

enum status record_file_open(struct record_file **out, const char *path, struct diag *diag)
{
    struct record_file *f = calloc(1, sizeof(*f));
    enum status st = ST_OK;

    assert(out && path);
    *out = NULL;
    if (!f || !(f->path = strdup(path))) {
        free(f);
        return diag_set(diag, ST_ENOMEM, "out of memory");
    }
    f->sink.fd = -1;
    f->own_fd = strcmp(path, "-") != 0;
    if (f->own_fd)
        st = sink_open(&f->sink, path, ends_in(path, ".zst"), LIVE_LEVEL, diag);
    else
        f->sink.fd = STDOUT_FILENO;
    if (st == ST_OK)
        *out = f;
    else
        discard(f);
    return st;
}

static enum status put_line(struct sink *s, const char *text, size_t len, bool flush,
                            const char *path, struct diag *diag)
{
    char small[4096], *line = len < sizeof(small) ? small : malloc(len + 1);
    enum status st;

    if (!line)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    memcpy(line, text, len);
    line[len] = '\n';
    if (s->zstd)
        st = sink_compress(s, line, len + 1, flush ? ZSTD_e_flush : ZSTD_e_continue, path, diag);
    else
        st = write_all(s->fd, line, len + 1, path, diag);
    if (line != small)
        free(line);
    return st;
}

enum status record_file_line(struct record_file *f, const char *text, size_t len, struct diag *diag)
{
    assert(!memchr(text, '\n', len) && len < LINES_MAX_BYTES);
    if (f->failure == ST_OK)
        f->failure = put_line(&f->sink, text, len, true, f->path, &f->why);
    if (f->failure != ST_OK && diag)
        *diag = f->why;
    return f->failure;
}

/* -------- the better packing -------- */

static enum status copy_lines(struct lines *from, struct sink *to, const char *path,
                              struct diag *diag)
{
    struct text_line line;
    enum status st;

    while ((st = lines_next(from, &line, diag)) == ST_OK && line.text)
        if ((st = put_line(to, line.text, line.len, false, path, diag)) != ST_OK)
            return st;
    return st == ST_OK ? sink_compress(to, NULL, 0, ZSTD_e_end, path, diag) : st;
}

static enum status pack(const char *path, struct diag *diag)
{
    char *part = NULL;
    struct sink to = {.fd = -1};
    struct lines *from = NULL;
    enum status st;

    if (asprintf(&part, "%s.part", path) < 0)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    st = lines_open(&from, path, diag);
    if (st == ST_OK)
        st = sink_open(&to, part, true, PACKED_LEVEL, diag);
    if (st == ST_OK)
        st = copy_lines(from, &to, part, diag);
    if (to.fd >= 0 && close(to.fd) != 0 && st == ST_OK)
        st = diag_errno(diag, ST_EOUTPUT, part, "cannot write");
    if (st == ST_OK && rename(part, path) != 0)
        st = diag_errno(diag, ST_EOUTPUT, path, "cannot replace");
    if (st != ST_OK)
        unlink(part);
    sink_release(&to);
    lines_close(from);
    free(part);
    return st;
}

enum status record_file_finish(struct record_file *f, struct diag *diag)
{
    enum status st;
    char *path = NULL;

    if (!f)
        return ST_OK;
    st = f->failure;
    if (st != ST_OK && diag)
        *diag = f->why;
    if (st == ST_OK && f->sink.zstd) {
        st = sink_compress(&f->sink, NULL, 0, ZSTD_e_end, f->path, diag);
        path = strdup(f->path);
    }
    if (f->own_fd && close(f->sink.fd) != 0 && st == ST_OK)
        st = diag_errno(diag, ST_EOUTPUT, f->path, "cannot write");
    f->sink.fd = -1;
    discard(f);
    if (st == ST_OK && path)
        pack(path, NULL);
    free(path);
    return st;
}
