/*
 * qemu.h - what differs between QEMU releases, as one table.
 *
 * Source: QEMU migration/ of each release; rows as in the release notes of that code, see
 * models/README.md.
 */
#ifndef MIGCAST_MODELS_QEMU_H
#define MIGCAST_MODELS_QEMU_H

#include <stdbool.h>

#include "models/params.h"

struct qemu_behaviour {
    const char *name;           /* "7.2" */
    bool complete_at_threshold; /* pending <= threshold completes (10.1+), else pending < threshold
                                 */
    bool postcopy_before_complete; /* post-copy is tested before completion (10.1+) */
    bool quota_by_flush; /* bytes count against the window's quota when flushed (8.2+), else at once
                          */
    bool switchover_bandwidth;      /* avail-switchover-bandwidth is known (8.2+) */
    bool throttle_timer;            /* auto-converge also syncs on a 5 s timer (9.2+) */
    bool dirty_limit;               /* capability dirty-limit (8.1+) */
    bool multifd_barrier_per_sweep; /* else at every iterate call (8.1+) */
    bool multifd_zero_in_channels;  /* 9.0+ */
    bool multifd_counts_true_size;  /* compressed size counts against the limit (8.1+) */
    bool multifd_with_postcopy;     /* accepted together (7.2 ignores it in post-copy; 10.1+) */
    bool transferred_all_bytes;     /* `transferred` holds section headers and footers too (8.2+) */
    bool cancel_in_postcopy;        /* migrate_cancel is taken in post-copy, and the guest lost
                                       (before 10.0) */
};

const struct qemu_behaviour *qemu_behaviour(enum qemu_version version);

/* The names in order of enum qemu_version, NULL at the end: for option tables. */
extern const char *const qemu_version_names[QEMU_NR + 1];

#endif
