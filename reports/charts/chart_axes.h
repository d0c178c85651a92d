/*
 * chart_axes.h - scales, ticks and headings that the charts share; for reports/charts/chart_*.c
 * only.
 */
#ifndef MIGCAST_REPORTS_CHART_AXES_H
#define MIGCAST_REPORTS_CHART_AXES_H

#include "base/units.h"
#include "reports/charts/chart_draw.h"

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

/* ---- measures of any unit (chart_values.c) ---- */

enum {
    CHART_VALUE = 32
};

/* chart_value - @v with its unit: "41.2 s", "12 GiB", "97.3 %", "1.5"; "-" if it is not finite. */
char *chart_value(char buf[CHART_VALUE], enum value_unit unit, double v);

/* Least and greatest of what was offered. */
struct chart_range {
    double low, high;
};
#define CHART_RANGE_EMPTY                                                                          \
    {                                                                                              \
        INFINITY, -INFINITY                                                                        \
    }

/* chart_range_offer - values that are not finite are not taken. */
void chart_range_offer(struct chart_range *range, double v);
/* chart_value_scale - over @range with room at both ends, from pixel @from to @to; logarithmic
 * where the values are positive and lie far apart. */
struct chart_scale chart_value_scale(enum value_unit unit, struct chart_range range, double from,
                                     double to);
/* chart_value_ticks - round values of the unit on @s, not more than about @want. */
void chart_value_ticks(enum value_unit unit, const struct chart_scale *s, unsigned want,
                       struct chart_ticks *t);
/* chart_value_axis_x, _y - grid lines, labels and the measure's name, below or left of the plot. */
struct chart_frame {
    double left, right, top, bottom;
};
void chart_value_axis_x(struct chart *c, const struct chart_scale *s,
                        const struct chart_frame *frame, enum value_unit unit, const char *name);
void chart_value_axis_y(struct chart *c, const struct chart_scale *s,
                        const struct chart_frame *frame, enum value_unit unit, const char *name);

/* chart_cut - @text cut to @width pixels of a font of @size, into @out. */
const char *chart_cut(struct strbuf *out, const char *text, double width, double size);

/* A legend entry; a list ends with a NULL text. */
struct chart_key {
    enum chart_color color;
    const char *text;
};
/* chart_legend - a row of swatches at height @y. */
void chart_legend(struct chart *c, double x, double y, const struct chart_key *keys);

#endif
