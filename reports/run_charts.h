/*
 * run_charts.h - the charts of a run's page, one by one: for files.
 */
#ifndef MIGCAST_REPORTS_RUN_CHARTS_H
#define MIGCAST_REPORTS_RUN_CHARTS_H

#include "reports/charts/chart.h"

struct run_chart {
    const char *name, *help;
    enum status (*draw)(struct strbuf *out, const struct chart_look *look,
                        const struct run_result *run);
};

/* All of them, the first is the default; a row without a name ends the table.  ST_EINPUT when the
 * run has nothing to draw, else as chart.h says. */
extern const struct run_chart run_charts[];
/* run_chart_find - NULL = there is none of that name. */
const struct run_chart *run_chart_find(const char *name);

#endif
