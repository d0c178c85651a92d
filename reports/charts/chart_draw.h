/*
 * chart_draw.h - the drawing surface of the charts; for reports/charts/chart_*.c only.
 *
 * One unit is one pixel, x to the right, y down.  Colours are roles, so that a finished drawing can
 * be shown light and dark.  Shapes with a coordinate that is not finite are left out, and so is
 * everything once memory ran out: chart_finish() tells.
 */
#ifndef MIGCAST_REPORTS_CHART_DRAW_H
#define MIGCAST_REPORTS_CHART_DRAW_H

#include "reports/charts/chart.h"
#include "reports/charts/chart_palette.h"

struct chart; /* private */

enum chart_anchor {
    CHART_START,
    CHART_MIDDLE,
    CHART_END
};

enum chart_dash {
    CHART_SOLID,
    CHART_DASHED
};

struct chart_point {
    double x, y;
};

/* What a drawing is; all of it is copied. */
struct chart_spec {
    const struct chart_look *look;
    double width, height;
    const char *title; /* the finding */
    const char *desc;  /* the same for who cannot see it, with the setting */
};

/* chart_new - NULL when out of memory, or when the program was built without charts. */
struct chart *chart_new(const struct chart_spec *spec);
/* chart_finish - add the drawing to @out and free @c (which may be NULL).  ST_OK or ST_ENOMEM. */
enum status chart_finish(struct chart *c, struct strbuf *out);

/* chart_tip - what is shown when the pointer rests on the next shape. */
void chart_tip(struct chart *c, const char *text);
void chart_rect(struct chart *c, double x, double y, double w, double h, enum chart_color color);
void chart_line(struct chart *c, struct chart_point from, struct chart_point to, double width,
                enum chart_color color, enum chart_dash dash);
/* chart_path - a line through @nr points, thinned to what pixels can show. */
void chart_path(struct chart *c, const struct chart_point *points, size_t nr, double width,
                enum chart_color color);
/* chart_area - the same, closed and filled. */
void chart_area(struct chart *c, const struct chart_point *points, size_t nr,
                enum chart_color color);
void chart_dot(struct chart *c, struct chart_point at, double radius, enum chart_color color);
/* chart_ring - a dot with a hole in the background's colour. */
void chart_ring(struct chart *c, struct chart_point at, double radius, enum chart_color color);

enum chart_text_flags {
    CHART_PLAIN = 0,
    CHART_BOLD = 1 << 0,
    CHART_UPWARD = 1 << 1 /* turned by 90 degrees, read from below */
};

struct chart_font {
    double size; /* pixels */
    enum chart_color color;
    enum chart_anchor anchor;
    unsigned flags;
};

/* chart_text - @text in UTF-8 on the baseline @at. */
void chart_text(struct chart *c, struct chart_point at, struct chart_font font, const char *text);

#endif
