/* openmetrics_int.h - what the parts of the OpenMetrics form share; nobody else includes it. */
#ifndef MIGCAST_REPORTS_OPENMETRICS_INT_H
#define MIGCAST_REPORTS_OPENMETRICS_INT_H

#include "base/strbuf.h"
#include "reports/summary.h"

/* om_add_value - a label's value with its quotes; bytes that are not UTF-8 become U+FFFD. */
void om_add_value(struct strbuf *out, const char *text);
void om_add_family(struct strbuf *out, const char *name, const char *type, const char *help);
/* om_end_sample - the number and the end of the line. */
void om_end_sample(struct strbuf *out, double value);

/* om_add_cluster - hazards, operations, links, and what guests paid. */
void om_add_cluster(struct strbuf *out, const struct summary *sum);

#endif
