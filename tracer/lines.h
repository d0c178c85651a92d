/*
 * lines.h - the lines of a text file, plain or compressed with zstd, one at a time.
 *
 * Memory is bounded whatever the file holds: one chunk, one line of at most LINES_MAX_BYTES, and
 * zstd's window (128 MiB at most, 8 MiB for files written at levels up to 19).
 * Compression is told by the magic number at the start, never by the name.
 */
#ifndef MIGCAST_TRACER_LINES_H
#define MIGCAST_TRACER_LINES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

/* The longest line of the captured traces has 706 bytes.  A parsed JSON value can take some 70
 * times the room of its text, so this limit also bounds what one line can cost: about 75 MiB. */
#define LINES_MAX_BYTES ((size_t)1 << 20)

struct lines; /* opaque */

struct text_line {
    const char
        *text;  /* borrowed until the next call; NULL at the end of the file; not terminated */
    size_t len; /* without the newline */
    unsigned long line_no; /* 1-based */
    bool ended;            /* a newline follows; false only for the last line */
};

/* lines_open - open @path ("-": standard input) and look at its first bytes.
 * On success *@out is to be closed with lines_close().  A file that cannot be read is ST_EINPUT. */
enum status lines_open(struct lines **out, const char *path, struct diag *diag);

/* lines_next - the next line.  ST_EINPUT for a line that is too long or damaged compressed data,
 * with the line in @diag; do not call again after a failure. */
enum status lines_next(struct lines *ls, struct text_line *out, struct diag *diag);

/* lines_cut - the compressed data ended in the middle of a frame.  Known once the end is reached.
 */
bool lines_cut(const struct lines *ls);

/* lines_regular - is it a file that has an end, and not a pipe whose writer may not be done? */
bool lines_regular(const struct lines *ls);

/* lines_name - the name for messages: the path, or "<stdin>".  Borrowed. */
const char *lines_name(const struct lines *ls);

void lines_close(struct lines *ls);

#endif
