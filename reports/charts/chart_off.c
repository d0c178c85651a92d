/*
 * chart_off.c - the drawing surface of a program built without libplot (-DMIGCAST_PLOTS=OFF).
 *
 * Takes the place of chart.c, svg.c's use of it and png.c.  Invariant: nothing is drawn, and
 * chart_available() says so.
 */
#include "reports/charts/chart_draw.h"

#include "base/banned.h"

bool chart_available(void)
{
    return false;
}

struct chart *chart_new(const struct chart_spec *spec)
{
    (void)spec;
    return NULL;
}

enum status chart_finish(struct chart *c, struct strbuf *out)
{
    (void)c;
    (void)out;
    return ST_EINTERNAL;
}

void chart_tip(struct chart *c, const char *text)
{
    (void)c;
    (void)text;
}

void chart_rect(struct chart *c, double x, double y, double w, double h, enum chart_color color)
{
    (void)c, (void)x, (void)y, (void)w, (void)h, (void)color;
}

void chart_line(struct chart *c, struct chart_point from, struct chart_point to, double width,
                enum chart_color color, enum chart_dash dash)
{
    (void)c, (void)from, (void)to, (void)width, (void)color, (void)dash;
}

void chart_path(struct chart *c, const struct chart_point *points, size_t nr, double width,
                enum chart_color color)
{
    (void)c, (void)points, (void)nr, (void)width, (void)color;
}

void chart_area(struct chart *c, const struct chart_point *points, size_t nr,
                enum chart_color color)
{
    (void)c, (void)points, (void)nr, (void)color;
}

void chart_dot(struct chart *c, struct chart_point at, double radius, enum chart_color color)
{
    (void)c, (void)at, (void)radius, (void)color;
}

void chart_ring(struct chart *c, struct chart_point at, double radius, enum chart_color color)
{
    (void)c, (void)at, (void)radius, (void)color;
}

void chart_text(struct chart *c, struct chart_point at, struct chart_font font, const char *text)
{
    (void)c, (void)at, (void)font, (void)text;
}
