/*
 * chart_palette.h - the colours of all charts, by role, light and dark.
 *
 * Invariant: light colours differ from each other even without the two lowest bits of their blue,
 * so a role can be found again in a finished drawing.
 */
#ifndef MIGCAST_REPORTS_CHART_PALETTE_H
#define MIGCAST_REPORTS_CHART_PALETTE_H

#include "base/strbuf.h"

enum chart_color {
    COLOR_BACK,
    COLOR_INK,
    COLOR_MUTED,
    COLOR_GRID,
    COLOR_AXIS,
    COLOR_QUEUE,
    COLOR_PRECOPY,
    COLOR_PRECOPY_ALT, /* every other round */
    COLOR_BLACKOUT,
    COLOR_BLACKOUT_BAND,
    COLOR_POSTCOPY,
    COLOR_GOOD,
    COLOR_WARN,
    COLOR_OTHER,
    COLOR_BAND,
    COLOR_ON_DARK, /* text on the strong ends of the ramp, in both themes */
    COLOR_ON_LIGHT,
    COLOR_HEAT, /* the first step of the ramp from best to worst */
    COLOR_HEAT_WORST = COLOR_HEAT + 8,
    COLOR_NR
};

struct chart_rgb {
    unsigned char r, g, b;
};

struct chart_rgb chart_light(enum chart_color color);
struct chart_rgb chart_dark(enum chart_color color);
/* chart_palette_css - rules that recolour what stands below @scope for a dark screen. */
void chart_palette_css(struct strbuf *out, const char *scope);

#endif
