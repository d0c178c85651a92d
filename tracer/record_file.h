/*
 * record_file.h - the file a trace is written to, one whole line at a time.
 *
 * Each line has left the process when record_file_line() returns, so whatever kills the recorder
 * later, the file reads well up to its last complete line.  A name that ends in ".zst" is
 * compressed: flushed after each line while the capture runs, packed anew (a tenth of the size) and
 * put in place by a rename when it ends.
 */
#ifndef MIGCAST_TRACER_RECORD_FILE_H
#define MIGCAST_TRACER_RECORD_FILE_H

#include <stddef.h>

#include "base/status.h"

struct record_file; /* opaque */

/* record_file_open - create @path, or empty it; "-" is standard output.  ST_EOUTPUT if it cannot.
 */
enum status record_file_open(struct record_file **out, const char *path, struct diag *diag);

/* record_file_line - write @text[0, @len) and a newline.  After a failure every further call
 * returns the same failure and writes nothing, so that no line ever follows half a line. */
enum status record_file_line(struct record_file *f, const char *text, size_t len,
                             struct diag *diag);

/* record_file_finish - the end of the compressed data, and the better packing.  If packing fails,
 * the file as it stood is kept.  Frees @f in every case; NULL is ST_OK. */
enum status record_file_finish(struct record_file *f, struct diag *diag);

#endif
