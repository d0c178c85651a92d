/*
 * check_file.h - the baseline: what `check` compares with, kept as text that can be reviewed.
 *
 * A JSON file with one line a measure, so that a diff of two versions shows which measures moved.
 * Leaves out how the values come about (check_run.c) and what a difference means (check.c).
 * Invariant: what is written reads back the same: values are rounded to nine digits before they are
 * compared at all.
 */
#ifndef MIGCAST_ANSWERS_CHECK_FILE_H
#define MIGCAST_ANSWERS_CHECK_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/strbuf.h"
#include "sim/result.h"

/* A value that somebody set: what was simulated, apart from built-in defaults. */
struct check_input {
    const char *section, *key, *value;
    const char *file; /* not kept in the baseline: where it stands now */
    unsigned long line;
};

struct check_series {
    const char *measure; /* as sim/measure.h writes it; of captures, see check_traces() */
    const char *vm;      /* NULL = of all; else the VM or class that it speaks of */
    enum value_unit unit;
    bool less;      /* smaller is better */
    double *values; /* one a sample; NaN = none */
};

/* One scenario, or one set of captures. */
struct check_entry {
    const char *name;    /* the scenario's path as given; "traces" */
    const char *digest;  /* of the inputs */
    const char *version; /* of the program */
    uint64_t seed;
    uint32_t nr_samples;  /* replications, or configurations of captures */
    const char **samples; /* NULL = replications 0, 1, 2 ...; else the configurations */
    size_t nr_inputs, nr_series;
    struct check_input *inputs;
    struct check_series *series;
};

struct check_file {
    struct arena *arena; /* everything below */
    size_t nr;
    struct check_entry *entries;
};

/* check_tidy - @value as the file keeps it. */
double check_tidy(double value, enum value_unit unit);

/* check_file_read - ST_EINPUT with the line for a file that is none.  Release in both cases. */
enum status check_file_read(struct check_file *file, const char *path, struct diag *diag);
void check_file_release(struct check_file *file);

/* check_file_find - the entry of that name; else the only one whose path is the same but for
 * folders before it; else NULL. */
const struct check_entry *check_file_find(const struct check_file *file, const char *name);

/* check_file_add - @entry in the place of the one it renews, or as a further one.  Texts and values
 * stay borrowed. */
enum status check_file_add(struct check_file *file, const struct check_entry *entry);

/* check_file_print - the text of the file. */
void check_file_print(const struct check_file *file, struct strbuf *out);

#endif
