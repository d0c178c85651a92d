/*
 * status.h - how functions report failure, and the message that goes with it.
 *
 * Three kinds of failure are never mixed.  Bad input and failed system calls return an enum status
 * and fill the last parameter, a struct diag.  A broken invariant asserts.  Only cli/ prints a diag
 * and turns a status into an exit code; the function that detects a fault only describes it.
 */
#ifndef MIGCAST_BASE_STATUS_H
#define MIGCAST_BASE_STATUS_H

#include <stddef.h>

enum status {
    ST_OK = 0,
    ST_EINTERNAL,  /* should not happen; exit 1 */
    ST_EUSAGE,     /* the command line is wrong; exit 64 */
    ST_EINPUT,     /* a scenario, trace, database or value is wrong; exit 65 */
    ST_EOUTPUT,    /* a result could not be written; exit 74 */
    ST_ERETRY,     /* busy or temporary: the same call may work later; exit 75 */
    ST_EDIFF,      /* differences found and asked for (diff --exit-code); exit 2 */
    ST_ETHRESHOLD, /* a threshold was crossed; exit 99 */
    ST_EINTR,      /* interrupted, partial results kept; exit 130 */
    ST_ENOMEM,     /* memory ran out; exit 75 */
};

enum {
    DIAG_TEXT = 512
};

/*
 * One message: "file:line:column: [section] key: what; hint".  Empty parts are left out when
 * printed. All text is copied in and cut to fit, so a diag never owns or borrows memory.
 */
struct diag {
    char file[256];
    unsigned long line; /* 1-based; 0 = no line */
    unsigned column;    /* 1-based, in bytes; 0 = not told */
    char section[128];  /* without brackets */
    char key[96];
    char what[DIAG_TEXT];
    char hint[DIAG_TEXT];
};

/* diag_set - fill @d->what from a format; leaves file, line, section and key as they are.
 * Returns @st, so that `return diag_set(d, ST_EINPUT, "...")` reads well.  @d may be NULL. */
enum status diag_set(struct diag *d, enum status st, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* diag_at - the same, and sets file and line too (file may be NULL: unchanged).  No column. */
enum status diag_at(struct diag *d, enum status st, const char *file, unsigned long line,
                    const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* diag_hint - fill @d->hint from a format.  @d may be NULL. */
void diag_hint(struct diag *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* diag_errno - fill @d from a failed system call: "cannot open: No such file or directory".
 * Uses errno; ENOMEM becomes ST_ENOMEM, everything else @st. */
enum status diag_errno(struct diag *d, enum status st, const char *file, const char *doing);

/* diag_format - the one-line form into @buf (always terminated); control characters become '?'. */
void diag_format(const struct diag *d, char *buf, size_t cap);

/* status_exit_code - the documented exit code of a status. */
int status_exit_code(enum status st);

#endif
