/*
 * chart_axes.h - scales, ticks and headings that the charts share; for reports/chart_*.c only.
 */
#ifndef MIGCAST_REPORTS_CHART_AXES_H
#define MIGCAST_REPORTS_CHART_AXES_H

#include "base/units.h"
#include "reports/chart_draw.h"

enum {
    TICKS_MAX = 64
};

/* From values to pixels; @log scales have 0 < low < high. */
struct chart_scale {
    double low, high; /* values */
    double from, to;  /* pixels */
    bool log;
};

double chart_at(const struct chart_scale *s, double value);

struct chart_ticks {
    size_t nr;
    double at[TICKS_MAX];
    bool minor[TICKS_MAX]; /* a line without a label */
};

/* Lengths of time on a linear scale, in one unit for the whole axis. */
struct chart_clock {
    double step_ns, unit_ns;
    const char *unit; /* "seconds" */
};

/* chart_clock - for an axis of @range_ns with about @want ticks. */
struct chart_clock chart_clock(double range_ns, unsigned want);
/* chart_clock_ticks - the multiples of the step from 0 to @range_ns. */
void chart_clock_ticks(const struct chart_clock *clock, double range_ns, struct chart_ticks *t);
/* chart_clock_label - the number that stands at a tick. */
void chart_clock_label(const struct chart_clock *clock, double ns, char *buf, size_t cap);

/* chart_log_range - of @low..@high nanoseconds, both ends moved outwards to a round length. */
void chart_log_range(double *low, double *high);
/* chart_log_ticks - the round lengths between them: 1, 2, 5, 10 ... in ms and s, 1, 2, 5, 10, 20
 * min, 1 h ... */
void chart_log_ticks(double low, double high, struct chart_ticks *t);
/* chart_length - such a length in words: "2 min". */
char *chart_length(char buf[UNITS_TEXT], double ns);
/* chart_size_ticks - powers of two of bytes, not more than @want. */
void chart_size_ticks(double low, double high, unsigned want, struct chart_ticks *t);

/* chart_heading - title and subtitle, cut to the width. */
void chart_heading(struct chart *c, double width, const char *title, const char *subtitle);

/* chart_time_axis - grid, labels and the axis' name below; @y is the axis, @top where lines begin.
 */
void chart_time_axis(struct chart *c, const struct chart_scale *x, double top, double y,
                     const char *name);
/* chart_log_time_axis - the same for logarithms. */
void chart_log_time_axis(struct chart *c, const struct chart_scale *x, double top, double y,
                         const char *name);

/* A legend entry; a list ends with a NULL text. */
struct chart_key {
    enum chart_color color;
    const char *text;
};
/* chart_legend - a row of swatches at height @y. */
void chart_legend(struct chart *c, double x, double y, const struct chart_key *keys);

#endif
