/*
 * foreign.h - what other tools wrote down about a migration, as a "qmp-migration-trace".
 *
 * Each format is one file, foreign_NAME.c, and a row in foreign.c.  What a source does not know is
 * left out of the trace, never guessed, and named in the header's `missing`; what it knows only
 * rounded is named in `approximate`.  So the readers of traces can say what they lack.
 */
#ifndef MIGCAST_TRACER_FOREIGN_H
#define MIGCAST_TRACER_FOREIGN_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "base/strbuf.h"

/* What a person may add.  All zero is a valid choice. */
struct foreign_options {
    const char *id;        /* of the capture; NULL = named after the VM */
    const char *vm;        /* which of several in the input; NULL = there must be one */
    uint64_t memory_bytes; /* of the guest; 0 = as the input says */
    uint32_t vcpus;        /* 0 = as the input says */
};

struct foreign_format {
    const char *name;                   /* "guestperf" */
    const char *help;                   /* what the files are, no full stop */
    enum status (*read)(void *foreign); /* private */
};

/* Ends with a row without a name. */
extern const struct foreign_format foreign_formats[];

enum {
    FOREIGN_FILES_MAX = 64,
    FOREIGN_MIB_MAX = 64 /* of one file */
};

/* foreign_convert - the trace of the one migration in the files ("-": standard input), added to
 * @out as JSON Lines.  @diag names file and line, or what in the JSON is wrong. */
enum status foreign_convert(struct strbuf *out, const char *format, const char *const *paths,
                            size_t nr, const struct foreign_options *options, struct diag *diag);

#endif
