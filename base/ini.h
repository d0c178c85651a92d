/*
 * ini.h - sections, keys, values and their line numbers, by inih.
 *
 * Knows no meaning: which sections and keys there are, and whether one may come twice, is for the
 * caller.  Refused here: what is not text (NUL and control bytes, bad UTF-8), lines above
 * INI_LINE_LIMIT, files above INI_FILE_LIMIT, text after a section's bracket, and lines that are
 * neither a section, a setting nor a comment.
 *
 * "key = value" or "key: value"; "#" or ";" starts a comment at the start of a line or after a
 * blank. A comparison, "key < value" or "key > value", is a setting whose value starts with its
 * sign. There are no continuation lines.  A byte-order mark and CR LF line ends are accepted.
 */
#ifndef MIGCAST_BASE_INI_H
#define MIGCAST_BASE_INI_H

#include <stddef.h>

#include "base/arena.h"
#include "base/status.h"

#define INI_FILE_LIMIT ((size_t)(128 * MIB))
#define INI_LINE_LIMIT ((size_t)(64 * KIB))

struct ini_entry {
    const char *key, *value;
    unsigned long line;
};

struct ini_section {
    const char *name; /* what stands in the brackets; "" for what comes before the first */
    unsigned long line;
    size_t first, nr; /* into entries */
};

struct ini_file {
    const char *path;
    size_t nr_sections, nr_entries;
    struct ini_section *sections; /* in file order; the first one is "" */
    struct ini_entry *entries;
};

/* ini_read - read a file; everything in @ini lives in @arena. */
enum status ini_read(struct ini_file *ini, const char *path, struct arena *arena,
                     struct diag *diag);
/* ini_read_text - the same from @len bytes in memory; @name stands for the path in messages. */
enum status ini_read_text(struct ini_file *ini, const char *name, const char *text, size_t len,
                          struct arena *arena, struct diag *diag);

#endif
