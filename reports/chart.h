/*
 * chart.h - pictures of a run, as SVG to stand in a page or in a file, or as PNG.
 *
 * Titles state the finding.  The same input gives the same bytes, whatever the locale.  All
 * functions return ST_OK, ST_ENOMEM, or ST_EINTERNAL for a program built without charts, which
 * chart_available() tells beforehand.
 */
#ifndef MIGCAST_REPORTS_CHART_H
#define MIGCAST_REPORTS_CHART_H

#include <stdbool.h>

#include "base/status.h"
#include "base/strbuf.h"
#include "sim/result.h"

enum chart_form {
    CHART_INLINE, /* an svg element; its colours need chart_css() once in the page */
    CHART_SVG,    /* a file of its own */
    CHART_PNG
};

struct chart_look {
    enum chart_form form;
    const char *id; /* unique in a page; letters, digits and '-' */
};

bool chart_available(void);

/* chart_css - the rules for inline charts: fonts, and the dark palette. */
void chart_css(struct strbuf *out);

/* Migrations of one replication, as stretches of time on a common axis. */
struct chart_gantt {
    const struct run_result *run;
    size_t first, nr; /* into run->migs: one replication */
    const char *subtitle;
};

enum {
    GANTT_ROWS = 40,   /* with more migrations than this ... */
    GANTT_SLOWEST = 20 /* ... only so many of them get a row, above how many run at a time */
};

enum status chart_gantt(struct strbuf *out, const struct chart_look *look,
                        const struct chart_gantt *what);

/* gantt_rows - indices into run->migs of the rows of the chart, in its order; @rows has room for
 * GANTT_ROWS.  Returns how many. */
size_t gantt_rows(const struct chart_gantt *what, size_t rows[GANTT_ROWS]);

/* chart_vm - bytes known dirty over time, round by round, and the throttle; @mig must have
 * rounds. */
enum status chart_vm(struct strbuf *out, const struct chart_look *look,
                     const struct run_result *run, const struct mig_result *mig);

/* Share of values up to each length of time, on a log axis. */
struct chart_cdf {
    const double *ns; /* ascending */
    size_t nr;
    const char *what;     /* "stand still": "half of the guests stand still for ..." */
    const char *axis;     /* "downtime" */
    const char *subtitle; /* the sample in words */
};

enum status chart_cdf(struct strbuf *out, const struct chart_look *look,
                      const struct chart_cdf *what);

/* Forecast against observation. */
struct chart_pair {
    const char *name;
    double observed_ns, predicted_ns;
    bool outcome_right;
    const char *kind; /* points of one kind share a colour */
};

struct chart_scatter {
    const struct chart_pair *pairs;
    size_t nr;
    const char *subtitle;
};

enum status chart_scatter(struct strbuf *out, const struct chart_look *look,
                          const struct chart_scatter *what);

/* Absolute errors of several methods on the same migrations. */
enum {
    CHART_ERROR_SETS = 4
};

struct chart_error_set {
    const char *name;
    const double *errors; /* ratios, ascending */
    size_t nr;
};

struct chart_errors {
    struct chart_error_set sets[CHART_ERROR_SETS]; /* ours first */
    size_t nr;                                     /* >= 1 */
    const char *subtitle;
};

enum status chart_errors(struct strbuf *out, const struct chart_look *look,
                         const struct chart_errors *what);

/* Remaining bytes over time, with the forecast laid over them. */
struct chart_course_point {
    double t_ns, bytes;
};

struct chart_course_band { /* at one moment */
    double t_ns, low, high;
};

struct chart_course {
    const char *name;
    const struct chart_course_point *observed, *middle; /* middle: one sample of the forecast */
    const struct chart_course_band *forecast;
    size_t nr_observed, nr_middle, nr_forecast;
    double observed_end_ns, forecast_end_ns;
    const char *subtitle;
};

enum status chart_course(struct strbuf *out, const struct chart_look *look,
                         const struct chart_course *what);

#endif
