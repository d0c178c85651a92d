/*
 * compare.h - two runs side by side, for people: a page, and the table of changed VMs.
 *
 * Which VMs changed, and how, is the caller's to find (answers/diff.h); here it is shown.
 */
#ifndef MIGCAST_REPORTS_COMPARE_H
#define MIGCAST_REPORTS_COMPARE_H

#include "base/status.h"
#include "base/strbuf.h"
#include "sim/result.h"

enum compare_change {
    COMPARE_ADDED, /* only in B */
    COMPARE_REMOVED,
    COMPARE_OUTCOME, /* ends otherwise */
    COMPARE_WORSE,
    COMPARE_SOONER, /* pauses longer, but is done sooner */
    COMPARE_LATER,  /* pauses shorter, but is done later */
    COMPARE_BETTER,
    COMPARE_NR
};

/* A VM on one side, over all replications; NaN = unknown. */
struct compare_side {
    uint32_t jobs, completed, attempts; /* jobs 0 = not there */
    enum outcome outcome;               /* the most frequent */
    const char *reason;                 /* may be NULL */
    double total_ns, wait_ns, downtime_ns;
};

struct compare_vm {
    const char *vm;
    enum compare_change change;
    struct compare_side a, b;
};

struct compare {
    const struct run_result *a, *b;
    const char *a_name, *b_name; /* as given */
    const struct compare_vm *vms;
    size_t nr;     /* changed, the gravest first */
    size_t nr_vms; /* in all */
};

/* report_compare_html - the page.  ST_OK or ST_ENOMEM. */
enum status report_compare_html(const struct compare *c, struct strbuf *out);

#endif
