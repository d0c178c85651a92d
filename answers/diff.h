/*
 * diff.h - two runs side by side: which VMs end otherwise, take longer, pause longer.
 *
 * Both runs should come from the same VMs and the same seed: then every VM met the same draws on
 * both sides, and what differs comes from what was changed.  Nothing is simulated here.
 */
#ifndef MIGCAST_ANSWERS_DIFF_H
#define MIGCAST_ANSWERS_DIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "sim/result.h"

enum diff_change {
    DIFF_SAME,
    DIFF_ADDED,   /* the VM is asked to move only in B */
    DIFF_REMOVED, /* ... only in A */
    DIFF_OUTCOME, /* ends otherwise */
    DIFF_WORSE,   /* ends alike, but takes or pauses longer */
    DIFF_SOONER,  /* pauses longer, but is done sooner */
    DIFF_LATER,   /* pauses shorter, but is done later */
    DIFF_BETTER   /* takes or pauses shorter */
};

/* One VM on one side, over all replications.  Of a job tried several times the last attempt counts,
 * and its time runs from the request to the end. */
struct diff_side {
    uint32_t jobs; /* 0 = not there */
    uint32_t completed;
    uint32_t attempts;
    enum outcome outcome; /* the most frequent; of equal ones the worse */
    const char *reason;   /* of an attempt with that outcome; may be NULL */
    double total_ns;      /* median of the last attempts; NaN = none ran */
    double wait_ns;       /* median from the request to the last start; NaN */
    double downtime_ns;   /* median; NaN */
    double throttle_pct;  /* highest */
};

struct diff_vm {
    const char *vm; /* borrowed from the runs */
    enum diff_change change;
    struct diff_side a, b;
};

/* A run as a whole. */
struct diff_total {
    double makespan_ns;       /* median over replications, first request to last end; NaN */
    double completed_ratio;   /* of the wishes to move, however often tried; NaN */
    double worst_downtime_ns; /* NaN */
    double sent_bytes;        /* mean a replication */
};

struct diff_result {
    struct diff_total a, b;
    size_t nr;
    struct diff_vm *vms; /* changed ones first, the gravest first; then the same ones, by name */
    size_t nr_changed;
};

/* diff_runs - compare; times that differ by less than the share @tolerance (or 1 ms) are the same.
 * ST_ENOMEM; free with diff_release(). */
enum status diff_runs(const struct run_result *a, const struct run_result *b, double tolerance,
                      struct diff_result *out);
void diff_release(struct diff_result *out);

#endif
