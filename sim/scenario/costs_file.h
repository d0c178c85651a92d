/*
 * costs_file.h - host costs as a file of their own: what `migcast calibrate` writes.
 *
 * An INI file with [calibration], [calibration kvm] and [calibration tcg]; a scenario may include
 * it.
 */
#ifndef MIGCAST_SIM_COSTS_FILE_H
#define MIGCAST_SIM_COSTS_FILE_H

#include <stdbool.h>

#include "base/status.h"
#include "base/strbuf.h"
#include "models/costs_options.h"

struct costs_file_part {
    struct host_costs costs;
    struct host_costs_spread spread;
    bool given; /* the file has a section for it; else [calibration], else the defaults */
};

struct costs_file {
    struct costs_file_part part[ACCEL_NR];
};

/* costs_file_default - the built-in values for every accelerator. */
void costs_file_default(struct costs_file *file);
/* costs_file_read - the file's values over the built-in ones; sections of other kinds are refused.
 */
enum status costs_file_read(struct costs_file *file, const char *path, struct diag *diag);
/* costs_file_read_text - the same from memory; @name stands for the path in messages. */
enum status costs_file_read_text(struct costs_file *file, const char *name, const char *text,
                                 struct diag *diag);
/* costs_file_write - the parts that are given, exact, ready to be read again.  @note (may be NULL)
 * becomes a comment at the top, one line for each of its lines. */
void costs_file_write(const struct costs_file *file, const char *note, struct strbuf *out);

#endif
