/*
 * report_compare.h - `report --compare A.db B.db`.
 */
#ifndef MIGCAST_CLI_REPORT_COMPARE_H
#define MIGCAST_CLI_REPORT_COMPARE_H

#include "cli/cmd.h"
#include "reports/report.h"

/* report_compare - the last runs of the two databases named, as html, text or json. */
enum status report_compare(struct cli_opts *o, const struct report_form *form, struct diag *diag);

#endif
