/*
 * lines.c - reads a plain or zstd-compressed file line by line.
 *
 * Bytes flow: file -> raw -> (zstd) -> chunk -> line.  What the lines mean is left to trace.c.
 *
 * Invariant: chunk[pos, end) is decoded and not yet handed out; line[0, line_len) is the line under
 * construction and never longer than LINES_MAX_BYTES.
 */
#include "tracer/lines.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/banned.h"

enum {
    CHUNK_BYTES = 128 * 1024,
    MAGIC_BYTES = 4
};

struct lines {
    char *name;
    int fd;
    bool own_fd;
    ZSTD_DStream *zstd; /* NULL for a plain file */

    unsigned long line_no; /* of the line handed out last */
    bool at_eof;           /* the file has no more bytes */
    bool frame_open;       /* zstd expects more input */
    bool cut;

    char *raw; /* as read from the file */
    size_t raw_pos, raw_end;
    char *chunk; /* decoded; the same memory as raw for a plain file */
    size_t pos, end;
    char *line;
    size_t line_len, line_cap;
};

/* Fills raw from @keep on; sets at_eof when nothing came. */
static enum status read_raw(struct lines *ls, struct diag *diag)
{
    ssize_t got;

    do
        got = read(ls->fd, ls->raw, CHUNK_BYTES);
    while (got < 0 && errno == EINTR);
    if (got < 0)
        return diag_errno(diag, ST_EINPUT, ls->name, "cannot read");
    ls->raw_pos = 0;
    ls->raw_end = (size_t)got;
    if (got == 0)
        ls->at_eof = true;
    return ST_OK;
}

/* Reads until MAGIC_BYTES are there (a pipe may hand out single bytes) and judges them. */
static enum status detect_zstd(struct lines *ls, struct diag *diag)
{
    static const unsigned char magic[MAGIC_BYTES] = {0x28, 0xb5, 0x2f, 0xfd};

    while (ls->raw_end < MAGIC_BYTES && !ls->at_eof) {
        ssize_t got = read(ls->fd, ls->raw + ls->raw_end, CHUNK_BYTES - ls->raw_end);

        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return diag_errno(diag, ST_EINPUT, ls->name, "cannot read");
        if (got == 0)
            ls->at_eof = true;
        ls->raw_end += (size_t)got;
    }
    if (ls->raw_end < MAGIC_BYTES || memcmp(ls->raw, magic, MAGIC_BYTES) != 0) {
        ls->end = ls->raw_end;
        return ST_OK;
    }
    ls->zstd = ZSTD_createDStream();
    ls->chunk = malloc(CHUNK_BYTES);
    if (!ls->zstd || !ls->chunk)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    return ST_OK;
}

static enum status lines_start(struct lines *ls, const char *path, struct diag *diag)
{
    bool is_stdin = strcmp(path, "-") == 0;

    ls->name = strdup(is_stdin ? "<stdin>" : path);
    ls->raw = malloc(CHUNK_BYTES);
    if (!ls->name || !ls->raw)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    ls->chunk = ls->raw;
    ls->fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (ls->fd < 0)
        return diag_errno(diag, ST_EINPUT, path, "cannot open");
    ls->own_fd = !is_stdin;
    return detect_zstd(ls, diag);
}

enum status lines_open(struct lines **out, const char *path, struct diag *diag)
{
    struct lines *ls = calloc(1, sizeof(*ls));
    enum status st;

    assert(out && path);
    *out = NULL;
    if (!ls)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    st = lines_start(ls, path, diag);
    if (st == ST_OK)
        *out = ls;
    else
        lines_close(ls);
    return st;
}

/* One step of decompression into the empty chunk. */
static enum status fill_zstd(struct lines *ls, struct diag *diag)
{
    while (ls->pos == ls->end) {
        ZSTD_inBuffer in = {ls->raw, ls->raw_end, ls->raw_pos};
        ZSTD_outBuffer out = {ls->chunk, CHUNK_BYTES, 0};
        size_t more;

        if (ls->raw_pos == ls->raw_end && !ls->at_eof) {
            enum status st = read_raw(ls, diag);

            if (st != ST_OK)
                return st;
            in = (ZSTD_inBuffer){ls->raw, ls->raw_end, ls->raw_pos};
        }
        if (in.pos == in.size && !ls->frame_open)
            return ST_OK;
        more = ZSTD_decompressStream(ls->zstd, &out, &in);
        if (ZSTD_isError(more))
            return diag_at(diag, ST_EINPUT, ls->name, ls->line_no + 1, "damaged zstd data here: %s",
                           ZSTD_getErrorName(more));
        if (out.pos == 0 && in.pos == ls->raw_pos && ls->at_eof) {
            ls->cut = true; /* no progress possible: the frame lacks its end */
            return ST_OK;
        }
        ls->frame_open = more != 0;
        ls->raw_pos = in.pos;
        ls->pos = 0;
        ls->end = out.pos;
    }
    return ST_OK;
}

/* Makes chunk non-empty, unless the end is reached. */
static enum status fill_chunk(struct lines *ls, struct diag *diag)
{
    enum status st;

    assert(ls->pos == ls->end);
    ls->pos = ls->end = 0;
    if (ls->zstd)
        return fill_zstd(ls, diag);
    if (ls->at_eof)
        return ST_OK;
    st = read_raw(ls, diag);
    ls->end = ls->raw_end;
    return st;
}

static enum status append(struct lines *ls, size_t len, struct diag *diag)
{
    if (len > LINES_MAX_BYTES - ls->line_len) {
        enum status st = diag_at(diag, ST_EINPUT, ls->name, ls->line_no + 1,
                                 "line is longer than %zu bytes", LINES_MAX_BYTES);

        diag_hint(diag, "a trace has one JSON object a line");
        return st;
    }
    if (ls->line_len + len > ls->line_cap) {
        size_t cap = ls->line_cap ? ls->line_cap : 4096;
        char *grown;

        while (cap < ls->line_len + len)
            cap *= 2;
        grown = realloc(ls->line, cap);
        if (!grown)
            return diag_set(diag, ST_ENOMEM, "out of memory");
        ls->line = grown;
        ls->line_cap = cap;
    }
    if (len)
        memcpy(ls->line + ls->line_len, ls->chunk + ls->pos, len);
    ls->line_len += len;
    return ST_OK;
}

enum status lines_next(struct lines *ls, struct text_line *out, struct diag *diag)
{
    bool ended = false, begun = false;

    ls->line_len = 0;
    while (!ended) {
        const char *newline;
        size_t len;
        enum status st = ST_OK;

        if (ls->pos == ls->end)
            st = fill_chunk(ls, diag);
        if (st != ST_OK)
            return st;
        if (ls->pos == ls->end)
            break;
        begun = true;
        newline = memchr(ls->chunk + ls->pos, '\n', ls->end - ls->pos);
        len = newline ? (size_t)(newline - (ls->chunk + ls->pos)) : ls->end - ls->pos;
        st = append(ls, len, diag);
        if (st != ST_OK)
            return st;
        ls->pos += len + (newline ? 1 : 0);
        ended = newline != NULL;
    }
    *out = (struct text_line){0};
    if (!begun)
        return ST_OK;
    *out = (struct text_line){ls->line ? ls->line : "", ls->line_len, ++ls->line_no, ended};
    return ST_OK;
}

bool lines_cut(const struct lines *ls)
{
    return ls->cut;
}

bool lines_regular(const struct lines *ls)
{
    struct stat at;

    return fstat(ls->fd, &at) == 0 && S_ISREG(at.st_mode);
}

const char *lines_name(const struct lines *ls)
{
    return ls->name;
}

void lines_close(struct lines *ls)
{
    if (!ls)
        return;
    if (ls->own_fd)
        close(ls->fd);
    ZSTD_freeDStream(ls->zstd);
    if (ls->chunk != ls->raw)
        free(ls->chunk);
    free(ls->raw);
    free(ls->line);
    free(ls->name);
    free(ls);
}
