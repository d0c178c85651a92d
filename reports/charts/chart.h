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
    /* a second sample over the first; nr_other 0 = none, and then the names are not needed */
    const double *other_ns; /* ascending */
    size_t nr_other;
    const char *name, *other_name; /* "A", "B" */
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

/* What a run said of a sweep's setting about the thresholds. */
enum chart_met {
    CHART_UNJUDGED,
    CHART_MET,
    CHART_CROSSED
};

/* A measure over two settings: a cell each, coloured from best to worst. */
struct chart_heat {
    const char *x_name, *y_name; /* the settings that vary: "migration.max_bandwidth" */
    const char *const *x_labels, *const *y_labels; /* their values, in order */
    size_t nr_x, nr_y;                             /* >= 1; @y_labels[0] is the lowest row */
    const char *measure;                           /* "downtime.p99" */
    enum value_unit unit;
    bool more_is_better;
    const double *values;      /* [y * nr_x + x]; NaN = unknown */
    const enum chart_met *met; /* alike; NULL = there are no thresholds */
    size_t present; /* index of the settings as they are now; SIZE_MAX = not among them */
    const char *subtitle;
};

enum status chart_heat(struct strbuf *out, const struct chart_look *look,
                       const struct chart_heat *what);

/* A measure over one setting, with the interval of each value. */
struct chart_level {
    const char *label; /* the setting's value */
    double value;      /* NaN = unknown */
    double low, high;  /* the interval; NaN = none */
    enum chart_met met;
};

struct chart_levels {
    const char *x_name, *measure;
    enum value_unit unit;
    bool more_is_better;
    const struct chart_level *levels;
    size_t nr;      /* >= 1 */
    size_t present; /* SIZE_MAX = not among them */
    double limit;   /* a threshold of this measure; NaN = none */
    const char *subtitle;
};

enum status chart_levels(struct strbuf *out, const struct chart_look *look,
                         const struct chart_levels *what);

/* Two measures of many settings, of which one cannot be bettered without the other. */
struct chart_choice {
    const char *name; /* the settings in words */
    double x, y;      /* of the measures; a choice with one that is not finite is left out */
    bool front;       /* no other is better in both */
    bool allowed;     /* meets the goals */
    bool present;     /* the settings as they are now */
};

struct chart_pareto {
    const char *x_name, *y_name; /* the measures */
    enum value_unit x_unit, y_unit;
    bool x_more_is_better, y_more_is_better;
    const struct chart_choice *choices;
    size_t nr;
    const char *subtitle;
};

enum status chart_pareto(struct strbuf *out, const struct chart_look *look,
                         const struct chart_pareto *what);

/* How far a measure moves when one input at a time goes from low to high. */
struct chart_swing {
    const char *name;                   /* the input: "guest.dirty_rate" */
    const char *low_input, *high_input; /* "80 MB/s"; may be NULL */
    double low, high;                   /* the measure there; NaN = unknown */
};

struct chart_tornado {
    const char *measure;
    enum value_unit unit;
    double base;  /* with all inputs as they are */
    double limit; /* a threshold of this measure; NaN = none */
    const struct chart_swing *swings;
    size_t nr; /* drawn widest first, up to TORNADO_ROWS */
    const char *subtitle;
};

enum {
    TORNADO_ROWS = 16
};

enum status chart_tornado(struct strbuf *out, const struct chart_look *look,
                          const struct chart_tornado *what);

/* Use of links over time: a strip each, on one time axis. */
struct chart_link {
    const char *name;
    const double *used; /* [nr_steps], share of the link's rate, 0..1; NaN = unknown */
};

struct chart_links {
    const struct chart_link *links;
    size_t nr; /* drawn busiest first, up to LINK_ROWS */
    size_t nr_steps;
    double step_ns;
    const char *subtitle;
};

enum {
    LINK_ROWS = 12
};

enum status chart_links(struct strbuf *out, const struct chart_look *look,
                        const struct chart_links *what);

/* chart_run_links - the links of a run. */
enum status chart_run_links(struct strbuf *out, const struct chart_look *look,
                            const struct run_result *run, const char *setting);

/* Migrations that wait and that run, over time. */
struct queue_course;

struct chart_queue {
    const struct queue_course *course; /* with at least one step */
    const char *subtitle;
};

enum status chart_queue(struct strbuf *out, const struct chart_look *look,
                        const struct chart_queue *what);

#endif
