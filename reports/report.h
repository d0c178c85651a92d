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
#include <stdint.h>

#include "base/status.h"
#include "base/strbuf.h"
#include "sim/result.h"

struct report_text_opts {
    unsigned width;       /* columns of the terminal; 0 = 80; at least 76 are used */
    bool color;           /* escape sequences beside the words, never instead of them */
    bool verbose;         /* all VMs, all rounds, whole lines */
    uint32_t replication; /* of forms that tell one only, as the rows number it: 0 is the first */
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

/* report_junit - JUnit XML: a case a threshold, and a case a VM or, past 200 VMs, a class of VMs.
 */
enum status report_junit(const struct run_result *run, struct strbuf *out);

/* report_markdown - GitHub's Markdown: verdict and tables, always under 1 MiB. */
enum status report_markdown(const struct run_result *run, struct strbuf *out);

/* report_github - workflow commands: at most ten errors and ten warnings, and a notice with the
 * verdict. */
enum status report_github(const struct run_result *run, struct strbuf *out);

/* report_openmetrics - OpenMetrics text under KubeVirt's names, source="migcast"; series of their
 * own for the 5000 worst VMs. */
enum status report_openmetrics(const struct run_result *run, struct strbuf *out);

/* report_trace - one replication as Chrome trace JSON, its first 50000 migrations; one that the run
 * does not have gives a trace without events. */
enum status report_trace(const struct run_result *run, uint32_t replication, struct strbuf *out);

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
