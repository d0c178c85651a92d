/*
 * new_file.h - a file that is whole or not there.
 *
 * It is written beside its place and renamed when it is complete, so neither a full disk nor an
 * interrupt leaves half a file or harms the old one.  A place that is a device or a pipe is written
 * straight.
 */
#ifndef MIGCAST_BASE_NEW_FILE_H
#define MIGCAST_BASE_NEW_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "base/status.h"
#include "base/strbuf.h"

struct new_file {
    FILE *out;        /* NULL = not open */
    const char *path; /* borrowed */
    char *temp; /* private: where it goes until it is complete; NULL = straight to its place */
};

/* new_file_open - ST_EOUTPUT where it cannot be written; then nothing is open. */
enum status new_file_open(struct new_file *f, const char *path, struct diag *diag);
/* new_file_keep - close it and put it in its place.  False if anything written got lost: then
 * nothing is left of it, and errno says why, 0 if that is forgotten. */
bool new_file_keep(struct new_file *f);
/* new_file_drop - close it and leave nothing of it. */
void new_file_drop(struct new_file *f);

/* new_file_write - @text as the whole file at @path.  @doing: "write the baseline", for messages.
 */
enum status new_file_write(const char *path, const struct strbuf *text, const char *doing,
                           struct diag *diag);

#endif
