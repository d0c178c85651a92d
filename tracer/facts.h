/*
 * facts.h - what one captured migration says, in memory that does not grow with the file.
 *
 * The source's `migrate` command divides a trace.  `before` is all that a planner could have known;
 * a forecast may use nothing else.  `after` is what happened: the answer a forecast is scored
 * against, and the input of a replay.
 *
 * Units: QEMU's milliseconds, MiB/s and megabits/s are converted here, at the edge.  Times in
 * `header` and `before` count from the beginning of the capture, those in `after` from the
 * `migrate` command.  -1 means absent or unknown, unless a field says otherwise.
 */
#ifndef MIGCAST_TRACER_FACTS_H
#define MIGCAST_TRACER_FACTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "models/params.h"
#include "tracer/trace.h"

enum {
    /* Polls kept: 44 minutes at one every 20 ms.  When the array is full, every second poll is
     * dropped and from then on only every second (fourth, ...) new one is kept, so the kept ones
     * stay evenly spaced.  Passes, states, throttle steps, last_ram and the totals come from all
     * polls. */
    FACTS_POLLS_MAX = 1 << 17,
    /* Lists that no honest migration fills; a longer one is refused with the line. */
    FACTS_PASSES_MAX = 1 << 19,
    FACTS_LIST_MAX = 1 << 14,
    FACTS_ERRORS_MAX = 32, /* error texts kept; the rest is only counted */
    FACTS_TEXT = 256
};

enum facts_accel {
    FACTS_ACCEL_KVM,
    FACTS_ACCEL_TCG,
    FACTS_ACCEL_OTHER
};

enum facts_link_kind {
    FACTS_LINK_LOOPBACK, /* also when the header says nothing */
    FACTS_LINK_TBF,
    FACTS_LINK_OTHER
};

struct facts_link {
    enum facts_link_kind kind;
    uint64_t rate_bps;      /* on the wire; 0 = not limited */
    char group[FACTS_TEXT]; /* "" = alone */
    uint32_t members;       /* of the group; 1 = alone */
    int64_t start_ns;       /* after the group's first start */
};

struct facts_header {
    char id[FACTS_TEXT];
    char qemu_text[FACTS_TEXT]; /* as written */
    uint32_t qemu_major, qemu_minor;
    enum qemu_version qemu; /* nearest at or below; QEMU_7_2 for anything older too */
    enum facts_accel accel;
    uint64_t memory_bytes; /* 0 = not known; only where `missing` says so */
    uint32_t vcpus;
    struct facts_link link;
    /* Of a trace that was made from another tool's files: what these did not tell, and what they
     * told only roughly, "a b c"; "" for a capture. */
    char missing[FACTS_TEXT], approximate[FACTS_TEXT];
    int64_t timeout_ns;        /* after which the capture cancels; -1 = never */
    int64_t postcopy_after_ns; /* -1 = never */
    /* JSON text as written, "" if absent, owned.  `workload` says what the guest did: for people
     * and reports only, a forecast must never read it. */
    char *workload;
    char *capabilities;
    char *parameters;
};

enum facts_dirty_mode {
    FACTS_DIRTY_SAMPLING, /* QEMU's default */
    FACTS_DIRTY_BITMAP,
    FACTS_DIRTY_RING,
    FACTS_DIRTY_OTHER
};

/* Pages of the guest's memory that were looked at before `migrate`; all zero where none were. */
struct facts_content {
    int64_t resident, zero;        /* how many of the first are zero */
    int64_t changed, changed_zero; /* in the time of the measurements */
};

/* One finished calc-dirty-rate before `migrate`.  QEMU starts to measure between command_ns and
 * accepted_ns, for calc_ns, and is done at or before measured_ns. */
struct facts_dirty {
    int64_t command_ns;        /* calc-dirty-rate sent; -1 = not in the trace */
    int64_t accepted_ns;       /* ... and answered; -1 = not in the trace */
    int64_t measured_ns;       /* the query-dirty-rate answer that shows the result */
    int64_t calc_ns;           /* length of the window */
    uint64_t rate_bytes_per_s; /* QEMU rounds down to whole MiB/s */
    enum facts_dirty_mode mode;
    int64_t sample_pages; /* per GiB, as asked or reported; 0 = not sampled */
};

struct facts_before {
    int64_t migrate_ns; /* the `migrate` command; -1 = the file ends before it */
    int64_t until_ns;   /* the last line before it: the same whether or not the file is cut there */
    uint64_t rss_bytes; /* resident memory of the source process; 0 = not noted */
    uint64_t resident_bytes; /* ... of the guest's own memory in it, which needs no guess at what
                                else the process holds; 0 = not noted */
    struct facts_content content;
    int64_t write_period_ns; /* of a guest that writes at regular moments; 0 = it does not, or
                                nobody looked */
    struct mig_params params;
    bool params_reported; /* query-migrate-parameters was seen, so params are effective, not assumed
                           */
    char
        unmodelled[FACTS_TEXT]; /* capabilities that are on and that params cannot express: "a b" */
    size_t nr_dirty;
    struct facts_dirty *dirty;
};

enum facts_status { /* of QEMU's migration, qapi MigrationStatus */
    FACTS_ST_NONE,
    FACTS_ST_SETUP,
    FACTS_ST_CANCELLING,
    FACTS_ST_CANCELLED,
    FACTS_ST_ACTIVE,
    FACTS_ST_POSTCOPY_DEVICE,
    FACTS_ST_POSTCOPY_ACTIVE,
    FACTS_ST_POSTCOPY_PAUSED,
    FACTS_ST_POSTCOPY_RECOVER_SETUP,
    FACTS_ST_POSTCOPY_RECOVER,
    FACTS_ST_COMPLETED,
    FACTS_ST_FAILED,
    FACTS_ST_COLO,
    FACTS_ST_PRE_SWITCHOVER,
    FACTS_ST_DEVICE,
    FACTS_ST_WAIT_UNPLUG,
    FACTS_ST_OTHER /* a newer QEMU's */
};

struct facts_pass {
    int64_t t_ns;  /* of the MIGRATION_PASS event */
    uint32_t pass; /* dirty-sync-count */
};

struct facts_state {
    int64_t t_ns;
    enum trace_side side;
    enum facts_status status;
    bool from_poll; /* no events in the trace: first poll that shows it */
};

struct facts_throttle {
    int64_t t_ns; /* first poll that shows it */
    uint32_t pct;
    int64_t rounds; /* dirty-sync-count in that poll */
};

/* A migrate-set-parameters while the migration ran. */
struct facts_change {
    int64_t t_ns;
    uint64_t max_bandwidth_bytes_per_s; /* 0 = not changed */
    int64_t downtime_limit_ns;          /* -1 = not changed */
};

/* One query-migrate answer of the source. */
struct facts_poll {
    int64_t t_ns;
    enum facts_status status;
    int64_t setup_ns, total_ns, downtime_ns, expected_downtime_ns;
    int64_t transferred_bytes, remaining_bytes, total_bytes;
    int64_t zero_pages, normal_pages; /* QEMU's duplicate and normal */
    int64_t dirty_pages_rate;         /* pages/s */
    double bandwidth_bytes_per_s;     /* of the last closed window, from mbps; -1 = absent */
    int64_t rounds;                   /* dirty-sync-count */
    int64_t throttle_pct;             /* -1 while not throttling */
    int64_t pages_per_s;
    int64_t precopy_bytes, downtime_bytes, postcopy_bytes, multifd_bytes;
    int64_t postcopy_requests, page_bytes;
    int64_t xbzrle_bytes, xbzrle_pages, xbzrle_cache_miss, xbzrle_overflow;
    double xbzrle_miss_ratio, xbzrle_encoding_ratio; /* size / encoded size; -1 = absent */
    int64_t vfio_bytes;
    int64_t dirty_limit_throttle_ns, dirty_limit_ring_full_ns;
};

/* Same words as the outcomes of a simulated migration, see facts_outcome_name(). */
enum facts_outcome {
    FACTS_UNKNOWN, /* no `migrate` in the file, or it ends while the migration runs */
    FACTS_COMPLETED,
    FACTS_TIMEOUT,
    FACTS_CANCELLED,
    FACTS_FAILED,
    FACTS_REJECTED
};

struct facts_totals {
    int64_t total_ns; /* QEMU's; a cancelled or failed one: from the events, setup to the end */
    bool total_from_events;
    int64_t downtime_ns; /* QEMU's; -1 unless completed */
    int64_t setup_ns;
    int64_t rounds; /* dirty-sync-count */
    int64_t transferred_bytes;
    uint32_t max_throttle_pct; /* 0 = never throttled */
};

/* Times of single commands and events; -1 = did not happen.  STOP: the last; the rest: the first.
 */
struct facts_moments {
    int64_t setup_ns;          /* source enters setup: QEMU's total-time runs from here */
    int64_t end_ns;            /* source enters completed, failed or cancelled */
    int64_t stop_ns;           /* source STOP */
    int64_t resume_dest_ns;    /* destination RESUME, after STOP */
    int64_t resume_source_ns;  /* source RESUME, after STOP: the guest came back */
    int64_t start_postcopy_ns; /* command */
    int64_t cancel_ns;         /* command */
    int64_t continue_ns;       /* migrate-continue, first */
    int64_t last_ns;           /* of the last line */
};

struct facts_after {
    size_t nr_passes, nr_states, nr_throttles, nr_changes, nr_polls;
    struct facts_pass *passes;
    struct facts_state *states; /* both sides, in order */
    struct facts_throttle *throttles;
    struct facts_change *changes;
    struct facts_poll *polls;
    unsigned long polls_seen;  /* thinned ones included */
    unsigned long poll_stride; /* 1 = all kept */
    bool has_ram;
    struct facts_poll last_ram; /* last poll with RAM counters, if has_ram */
    struct facts_moments at;
    enum facts_outcome outcome;
    char reason[FACTS_TEXT]; /* "" = none known */
    struct facts_totals totals;
};

struct facts_error { /* an error answer on the QMP wire */
    int64_t t_ns;    /* since the capture began */
    enum trace_side side;
    char command[64];
    char text[FACTS_TEXT];
};

struct trace_facts {
    struct facts_header header;
    struct facts_before before;
    struct facts_after after;
    size_t nr_errors; /* seen; at most FACTS_ERRORS_MAX of them are in errors */
    struct facts_error *errors;
    struct trace_counts counts;
};

enum facts_load_flags {
    FACTS_BEFORE_ONLY = 1 << 0, /* read no line after `migrate`; `after` stays empty */
    FACTS_FIND_CUT = 1 << 1     /* then go to the end all the same, for counts.truncated */
};

/* facts_load - read the trace at @path ("-": standard input).  On success release @out with
 * facts_release(); on failure it is empty.  @diag names file, line, message and field. */
enum status facts_load(struct trace_facts *out, const char *path, unsigned flags,
                       struct diag *diag);
void facts_release(struct trace_facts *facts);

/* NULL for FACTS_UNKNOWN. */
const char *facts_outcome_name(enum facts_outcome outcome);
/* QEMU's word, "other" for FACTS_ST_OTHER. */
const char *facts_status_name(enum facts_status status);

#endif
