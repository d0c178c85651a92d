/*
 * trace.h - strict streaming reader of "qmp-migration-trace" version 1 (JSON Lines).
 *
 * A trace is one header, then lines that each hold one QMP message with a monotonic time stamp,
 * then a footer.  The reader checks the form of every line and the order of the lines; what the
 * messages say is left to facts.c.  Files compressed with zstd are read as they are.
 *
 * Refused, with the line in the diag: a line that is not a JSON object, NUL bytes, text that is not
 * UTF-8, a key twice in one object, a missing, second or late header, another format or version, a
 * field of the wrong type, a time stamp more than TRACE_STEP_BACK_NS before that of an earlier
 * line, anything known after the footer. Accepted: lines of an unknown kind and unknown fields
 * (counted), blank lines, a missing footer, and a last line that is cut short (flagged: a tracer
 * that was killed leaves that).
 */
#ifndef MIGCAST_TRACER_TRACE_H
#define MIGCAST_TRACER_TRACE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* A recorder that reads two sockets may stamp two lines in one order and write them in the other.
 * Such a line counts as of the later time.  The bundled captures have no step back at all. */
#define TRACE_STEP_BACK_NS ((int64_t)10 * 1000 * 1000)

enum trace_kind {
    TRACE_HEADER,
    TRACE_COMMAND,
    TRACE_RETURN,
    TRACE_ERROR,
    TRACE_EVENT,
    TRACE_NOTE,
    TRACE_FOOTER,
    TRACE_END /* no more lines */
};

enum trace_side {
    TRACE_NO_SIDE, /* header, footer, end */
    TRACE_SOURCE,
    TRACE_DESTINATION
};

struct trace_line {
    enum trace_kind kind;
    enum trace_side side;
    int64_t t_ns;          /* since the capture began; -1 where the line has none (header) */
    const char *name;      /* QMP command or event; borrowed until the next call; NULL if none */
    json_t *data;          /* QMP's own JSON; the whole object for header and footer; borrowed
                              until the next call (json_incref() to keep) */
    unsigned long line_no; /* 1-based */
};

struct trace_counts {
    unsigned long lines;          /* read, ignored ones included */
    unsigned long ignored_lines;  /* of a kind that is not known */
    unsigned long ignored_fields; /* top-level fields that are not known, in lines that are */
    bool truncated;               /* the last line, or the compressed data, is cut short */
};

struct trace_reader; /* opaque */

/* trace_open - open @path ("-": standard input).  On success *@out is to be closed. */
enum status trace_open(struct trace_reader **out, const char *path, struct diag *diag);

/* trace_next - the next known line, the header first; kind TRACE_END at the end, again and again.
 * Do not call again after a failure. */
enum status trace_next(struct trace_reader *r, struct trace_line *out, struct diag *diag);

/* trace_find_cut - go to the end without looking at what lines say, so that trace_counts() tells
 * whether it is cut.  Does nothing where the rest of a pipe would have to be waited for. */
void trace_find_cut(struct trace_reader *r);

/* trace_counts - so far; `truncated` is known once TRACE_END was returned, or
 * trace_find_cut() was called. */
struct trace_counts trace_counts(const struct trace_reader *r);

/* trace_name - the name for messages; borrowed from the reader. */
const char *trace_name(const struct trace_reader *r);

void trace_close(struct trace_reader *r);

#endif
