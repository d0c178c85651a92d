/*
 * record.h - records a migration of a running QEMU as a "qmp-migration-trace".
 *
 * A recorder owns its file and borrows the monitors.  Life of one that acts (the lab's):
 *
 *     record_open -> record_profile -> record_prepare -> record_start -> record_follow
 *                 -> record_finish
 *
 * and of one that only looks on: record_open -> record_profile -> record_watch -> record_follow ->
 * record_finish.  Every line is in the file before the next message is read, whatever happens then.
 * record_finish() is due after record_open() succeeded, also when something in between failed: it
 * writes the footer.
 *
 * One thread a recorder; recorders are independent of each other.
 */
#ifndef MIGCAST_TRACER_RECORD_H
#define MIGCAST_TRACER_RECORD_H

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"
#include "tracer/qmp.h"
#include "tracer/trace.h"

enum {
    RECORD_STATUS = 32, /* room for QEMU's longest status word */
    RECORD_DEFAULT_POLL_MS = 20
};

struct record_link {
    const char *type; /* "tbf"; NULL = loopback: what follows is not written */
    uint64_t rate_bps;
    const char *group;
    uint32_t members;
    double start_s; /* after the group's first start */
};

/* All zero is a valid choice.  Everything pointed to is borrowed until record_finish(). */
struct record_options {
    /* header */
    const char *id;    /* NULL = "capture" */
    const char *accel; /* "kvm", "tcg"; NULL = ask QEMU */
    uint64_t mem_mib;  /* 0 = ask QEMU */
    uint32_t vcpus;    /* 0 = ask QEMU */
    struct record_link link;
    json_t *workload;        /* any JSON; NULL = null */
    json_t *capabilities;    /* array of names to switch on ("events" goes without saying) */
    json_t *parameters;      /* as for migrate-set-parameters: bytes/s, ms */
    double timeout_s;        /* after which record_follow() cancels; 0 = never */
    double postcopy_after_s; /* after which it starts post-copy; 0 = never */

    /* monitors */
    struct qmp *source;
    struct qmp *destination; /* NULL = none */
    bool passive;            /* never send what changes anything: record_watch() only */

    /* measurements */
    const char *dirty_mode;     /* "page-sampling", "dirty-bitmap", "dirty-ring"; NULL = the best
                                   that works here */
    const unsigned *windows_ms; /* of calc-dirty-rate, in this order; NULL = profile_windows() */
    size_t nr_windows;
    unsigned poll_ms; /* between two query-migrate; 0 = RECORD_DEFAULT_POLL_MS */
    pid_t rss_pid;    /* whose resident memory to note; 0 = who listens on the source's socket, if
                         that is QEMU */
    double rss_mib;   /* > 0: note this instead */

    int64_t epoch_ns;       /* CLOCK_MONOTONIC of t_ns 0; 0 = now */
    const atomic_int *stop; /* not 0: stop as soon as possible with ST_EINTR; may be NULL */
    /* Called with each line after it was written, header and footer excepted; may be NULL. */
    void (*observe)(void *ctx, const struct trace_line *line);
    /* Called some ten times a second or more, also while nothing arrives; @t_ns as in the trace;
     * may be NULL. */
    void (*tick)(void *ctx, int64_t t_ns);
    void *observe_ctx; /* of both */
};

struct record_result {
    char status[RECORD_STATUS]; /* QEMU's last word on it; "none" = no migration was seen */
    bool cancelled_by_timeout;
    int64_t total_ms, downtime_ms; /* QEMU's; -1 = not known */
    unsigned long lines;
};

struct recorder; /* opaque */

/* record_open - ask the source who it is, create @path, write header and resident memory. */
enum status record_open(struct recorder **out, const struct record_options *options,
                        const char *path, struct diag *diag);

/* record_profile - measure the dirty rate over each window.  A mode that does not work here is
 * replaced by page-sampling; that none works is noted in the trace and no failure.  Ends early,
 * with ST_OK, when somebody else starts a migration meanwhile. */
enum status record_profile(struct recorder *rec, struct diag *diag);

/* record_prepare - capabilities and parameters on both sides; `migrate-incoming` @incoming at the
 * destination (NULL = it listens already); query-migrate-parameters. */
enum status record_prepare(struct recorder *rec, const char *incoming, struct diag *diag);

/* record_start - `migrate` to @uri.  ST_EINPUT if QEMU refuses, which the trace shows. */
enum status record_start(struct recorder *rec, const char *uri, struct diag *diag);

/* record_watch - wait until somebody else starts a migration, at most @timeout_ns (0 = for ever);
 * ST_ERETRY if none began.  The trace gets a `migrate` command without a URI in its place, and
 * before it the capabilities and parameters then in force. */
enum status record_watch(struct recorder *rec, int64_t timeout_ns, struct diag *diag);

/* record_follow - poll and listen until the migration has ended, cancelling it after timeout_s,
 * starting post-copy after postcopy_after_s, continuing it where it pauses before the switchover.
 * How it ended is in the result; ST_OK however that was.  ST_ERETRY if the source's monitor closed
 * or fell silent before the end, ST_EINTR if told to stop. */
enum status record_follow(struct recorder *rec, struct diag *diag);

/* record_migrate - record_prepare(), record_start() and record_follow() in one. */
enum status record_migrate(struct recorder *rec, const char *uri, struct diag *diag);

/* record_finish - the footer (@guest_source and @guest_destination: last lines of the serial logs,
 * NULL = none), packing, closing.  Frees @rec in every case; @result may be NULL. */
enum status record_finish(struct recorder *rec, const char *guest_source,
                          const char *guest_destination, struct record_result *result,
                          struct diag *diag);

/* -------- for what else has to be in the trace, at any time before record_finish() -------- */

/* A line of kind note; steals @data (NULL = null). */
enum status record_note(struct recorder *rec, enum trace_side side, const char *name, json_t *data,
                        struct diag *diag);
/* The source's resident memory once more; readers go by the last.  record_open() has noted it
 * before the measurements, which take their time. */
enum status record_note_rss(struct recorder *rec, struct diag *diag);
/* Where the guest will be throttled and its memory may be looked at: the period at which it writes.
 * After record_note_rss(); takes two seconds. */
enum status record_note_pulse(struct recorder *rec, struct diag *diag);
/* A command with its reply in the trace, while everything else that arrives is recorded too.
 * *@reply (may be NULL) is the caller's.  ST_EINPUT with QEMU's text if it refuses. */
enum status record_command(struct recorder *rec, enum trace_side side, const char *command,
                           json_t *arguments, json_t **reply, struct diag *diag);
/* Record what arrives until CLOCK_MONOTONIC is @until_ns. */
enum status record_idle(struct recorder *rec, int64_t until_ns, struct diag *diag);
/* Does somebody else's migration run already?  Then there is nothing left to measure. */
bool record_is_running(const struct recorder *rec);
/* QEMU's last word on the source's migration; borrowed. */
const char *record_status(const struct recorder *rec);

#endif
