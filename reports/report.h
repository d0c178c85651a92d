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

/* report_json - the `run --json` form: docs/schema/run.json. */
enum status report_json(const struct run_result *run, struct strbuf *out);

/* report_csv - RFC 4180, a line a migration; unknown is empty.  Text that a spreadsheet would take
 * for a formula begins with an apostrophe. */
enum status report_csv(const struct run_result *run, struct strbuf *out);

/* A form of the report, for --format NAME; forms that know no width or colour look at @opts not at
 * all. */
struct report_form {
    const char *name;
    const char *help;
    enum status (*add)(const struct run_result *run, const struct report_text_opts *opts,
                       struct strbuf *out);
};

/* All forms; a row without a name ends the table. */
extern const struct report_form report_forms[];
/* report_form_find - NULL = there is none of that name. */
const struct report_form *report_form_find(const char *name);

#endif
