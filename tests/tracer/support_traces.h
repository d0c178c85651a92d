/*
 * support_traces.h - captures and made-up traces for the tests of tracer/.
 *
 * Everything here asserts on failure.  The scan is a second, plain reading of a capture that shares
 * no code with tracer/: it holds all lines in memory and looks at JSON fields by name.
 */
#ifndef MIGCAST_TESTS_SUPPORT_TRACES_H
#define MIGCAST_TESTS_SUPPORT_TRACES_H

#include <stddef.h>
#include <stdint.h>

#include "tracer/facts.h"

enum {
    NR_CAPTURES = 18
};
extern const char *const capture_names[NR_CAPTURES];

struct text {
    char *buf; /* terminated */
    size_t len;
};

/* tests/traces/NAME.jsonl.zst */
void capture_path(char *buf, size_t cap, const char *name);
struct text capture_text(const char *name);

/* Appends the formatted text. */
void text_addf(struct text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void text_release(struct text *t);
/* A header that has all it needs; @more: further fields, beginning with ", ". */
void text_add_header(struct text *t, const char *more);
/* One QMP line. */
void text_add_line(struct text *t, int64_t t_ns, const char *kind, const char *side,
                   const char *name, const char *data);

/* The bytes as a file in memory, by a path that can be opened any number of times. */
struct memory_file {
    int fd;
    char path[64];
};
struct memory_file memory_file(const void *data, size_t len);
void memory_file_release(struct memory_file *f);
enum status load_bytes(struct trace_facts *facts, const void *data, size_t len, unsigned flags,
                       struct diag *diag);
enum status load_text(struct trace_facts *facts, const struct text *t, struct diag *diag);
/* load_text() that must succeed. */
void load_good(struct trace_facts *facts, const struct text *t);

/* Header and before part as readable text; caller frees. */
char *before_as_text(const struct trace_facts *facts);

struct scan {
    size_t nr_lines, migrate_line;
    size_t migrate_end; /* bytes up to and with the newline of the migrate line */
    size_t nr_polls, nr_passes, nr_states, nr_dirty;
    int64_t migrate_ns, stop_ns, resume_ns; /* the latter two since migrate; -1 */
    int64_t total_ms, downtime_ms, setup_ms, rounds, transferred; /* last completed answer; -1 */
    int64_t max_throttle, last_rounds, last_transferred;
    int64_t dirty_mib_s[8];
};
struct scan scan_capture(const struct text *t);

#endif
