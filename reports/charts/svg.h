/*
 * svg.h - make a current figure of what libplot writes; for reports/charts/chart.c only.
 *
 * libplot's drawing has a fixed physical size, ids that clash, Latin-1 text and text placed by the
 * widths of one font.  Its elements come one a line, so a walk over the lines is enough.
 */
#ifndef MIGCAST_REPORTS_SVG_H
#define MIGCAST_REPORTS_SVG_H

#include "base/strbuf.h"
#include "reports/charts/chart.h"

struct svg_tip {
    size_t shape; /* which shape of the drawing, from 0 */
    char *text;
};

struct svg_head {
    const struct chart_look *look;
    double width, height;
    const char *title, *desc;
    const struct svg_tip *tips; /* by shape */
    size_t nr_tips;
};

/* svg_add - the figure made of @drawing.  Returns the number of shapes found in it. */
size_t svg_add(struct strbuf *out, const char *drawing, const struct svg_head *head);

/* svg_label - @text (UTF-8) as a label for libplot: everything that libplot or XML would take for
 * something else becomes a character reference, which svg_add() brings through. */
void svg_label(struct strbuf *out, const char *text);

/* xml_add - @text between tags or in a quoted attribute.  Control characters and marks that change
 * the direction of text are shown as escapes. */
void xml_add(struct strbuf *out, const char *text);

#endif
