/*
 * report.h - a run, told to a person or a program.
 *
 * Each function adds the whole report to @out and changes nothing else.  They return ST_OK or
 * ST_ENOMEM (a report past STRBUF_MAX counts as that).  The same run gives the same bytes, whatever
 * the locale.
 */
#ifndef MIGCAST_REPORTS_REPORT_H
#define MIGCAST_REPORTS_REPORT_H

#include <stdbool.h>

#include "base/status.h"
#include "base/strbuf.h"
#include "sim/result.h"

struct report_text_opts {
    unsigned width; /* columns of the terminal; 0 = 80; at least 76 are used */
    bool color;     /* escape sequences beside the words, never instead of them */
    bool verbose;   /* all VMs, all rounds, whole lines */
};

/* report_text - verdict first, then tables; a single migration fits 80 columns by 24 lines unless
 * verbose. */
enum status report_text(const struct run_result *run, const struct report_text_opts *opts,
                        struct strbuf *out);

/* report_json - the `run --json` form: docs/schema/run.schema.json. */
enum status report_json(const struct run_result *run, struct strbuf *out);

/* report_csv - RFC 4180, a line a migration; unknown is empty.  Text that a spreadsheet would take
 * for a formula begins with an apostrophe. */
enum status report_csv(const struct run_result *run, struct strbuf *out);

#endif
