/*
 * html.h - a run as one page: offline, light and dark, on paper, and without a script.
 */
#ifndef MIGCAST_REPORTS_HTML_H
#define MIGCAST_REPORTS_HTML_H

#include "base/status.h"
#include "base/strbuf.h"
#include "sim/result.h"

/* report_html - the whole page.  Tables and charts hold samples of large runs, and say of what.
 * ST_OK or ST_ENOMEM; the same run gives the same bytes, whatever the locale. */
enum status report_html(const struct run_result *run, struct strbuf *out);

#endif
