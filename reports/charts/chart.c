/*
 * chart.c - the drawing surface, over libplot; no other file knows it.
 *
 * Draws into memory, as SVG or as a bitmap four times too large, and hands that to svg.c or png.c.
 * libplot prints numbers in the locale of the thread, which is therefore "C" from chart_new() to
 * chart_finish().  Invariant: each function below that draws adds at most one
 * shape, and shapes counts them, so that a tip finds its shape.
 */
#include <stdio.h>

#include <plot.h>

#include "reports/charts/chart_draw.h"

#include <assert.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_text.h"
#include "reports/charts/png.h"
#include "reports/charts/svg.h"

#include "base/banned.h"

enum {
    BITMAP_SCALE = 4,
    TIPS_MAX = 4000
};

struct chart {
    char *id, *title, *desc;
    struct chart_look look;
    double width, height;

    char *drawing; /* of the stream; its address is kept there */
    size_t drawing_len;
    FILE *stream;
    plPlotter *plotter;
    plPlotterParams *params;
    locale_t plain, before; /* "C", and what the thread had */
    size_t shapes;
    struct svg_tip *tips;
    size_t nr_tips;
    bool failed;
};

bool chart_available(void)
{
    return true;
}

/* libplot's handlers are of the whole process.  Warnings are about fonts of the bitmap. */
static int ignore(const char *message)
{
    (void)message;
    return 0;
}

static void set_param(struct chart *c, const char *name, const char *value)
{
    union {
        const char *text;
        void *any;
    } v = {.text = value};

    pl_setplparam(c->params, name, v.any);
}

static bool open_plotter(struct chart *c)
{
    bool bitmap = c->look.form == CHART_PNG;
    char size[64];

    c->stream = open_memstream(&c->drawing, &c->drawing_len);
    c->params = pl_newplparams();
    if (!c->stream || !c->params)
        return false;
    snprintf(size, sizeof(size), "letter,xsize=%.4fin,ysize=%.4fin", c->width / 96, c->height / 96);
    set_param(c, "PAGESIZE", size);
    snprintf(size, sizeof(size), "%.0fx%.0f", c->width * BITMAP_SCALE, c->height * BITMAP_SCALE);
    set_param(c, "BITMAPSIZE", size);
    set_param(c, "BG_COLOR", bitmap ? "white" : "none");
    set_param(c, "EMULATE_COLOR", "no");
    set_param(c, "ROTATION", "0");
    set_param(c, "PNM_PORTABLE", "no");
    set_param(c, "MAX_LINE_LENGTH", "1000000000");
    c->plotter = pl_newpl_r(bitmap ? "pnm" : "svg", NULL, c->stream, NULL, c->params);
    if (!c->plotter || pl_openpl_r(c->plotter) < 0)
        return false;
    pl_fspace_r(c->plotter, 0, 0, c->width, c->height);
    pl_erase_r(c->plotter);
    pl_joinmod_r(c->plotter, "round");
    return true;
}

static void chart_free(struct chart *c)
{
    if (c->plotter)
        pl_deletepl_r(c->plotter);
    if (c->params)
        pl_deleteplparams(c->params);
    if (c->stream)
        fclose(c->stream);
    if (c->plain)
        freelocale(c->plain);
    for (size_t i = 0; i < c->nr_tips; i++)
        free(c->tips[i].text);
    free(c->tips);
    free(c->drawing);
    free(c->id);
    free(c->title);
    free(c->desc);
    free(c);
}

struct chart *chart_new(const struct chart_spec *spec)
{
    struct chart *c = calloc(1, sizeof(*c));

    if (!c)
        return NULL;
    pl_libplot_warning_handler = ignore;
    pl_libplot_error_handler = ignore;
    c->id = strdup(spec->look->id);
    c->title = strdup(spec->title);
    c->desc = strdup(spec->desc);
    c->tips = calloc(TIPS_MAX, sizeof(*c->tips));
    c->plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    c->look = (struct chart_look){spec->look->form, c->id};
    c->width = spec->width;
    c->height = spec->height;
    if (!c->id || !c->title || !c->desc || !c->tips || !c->plain) {
        chart_free(c);
        return NULL;
    }
    c->before = uselocale(c->plain);
    if (open_plotter(c))
        return c;
    uselocale(c->before);
    chart_free(c);
    return NULL;
}

static enum status add_drawing(struct chart *c, struct strbuf *out)
{
    struct svg_head head = {&c->look, c->width, c->height, c->title, c->desc, c->tips, c->nr_tips};
    size_t shapes;

    if (c->look.form == CHART_PNG)
        return png_add(out, (const unsigned char *)c->drawing, c->drawing_len, BITMAP_SCALE);
    shapes = svg_add(out, c->drawing, &head);
    assert(shapes == c->shapes);
    (void)shapes;
    return strbuf_failed(out) ? ST_ENOMEM : ST_OK;
}

enum status chart_finish(struct chart *c, struct strbuf *out)
{
    enum status st = ST_ENOMEM;

    if (!c)
        return ST_ENOMEM;
    if (pl_closepl_r(c->plotter) < 0)
        c->failed = true;
    pl_deletepl_r(c->plotter);
    c->plotter = NULL;
    if (fclose(c->stream) != 0)
        c->failed = true;
    c->stream = NULL;
    if (!c->failed && c->drawing)
        st = add_drawing(c, out);
    uselocale(c->before);
    chart_free(c);
    return st;
}

void chart_tip(struct chart *c, const char *text)
{
    if (!c || c->nr_tips == TIPS_MAX)
        return;
    c->tips[c->nr_tips] = (struct svg_tip){c->shapes, strdup(text)};
    if (c->tips[c->nr_tips].text)
        c->nr_tips++;
    else
        c->failed = true;
}

static int level(unsigned char v)
{
    return v * 257;
}

static void fill_with(struct chart *c, enum chart_color color)
{
    struct chart_rgb rgb = chart_light(color);

    pl_pentype_r(c->plotter, 0);
    pl_filltype_r(c->plotter, 1);
    pl_fillcolor_r(c->plotter, level(rgb.r), level(rgb.g), level(rgb.b));
}

static void draw_with(struct chart *c, enum chart_color color, double width)
{
    struct chart_rgb rgb = chart_light(color);

    pl_pentype_r(c->plotter, 1);
    pl_filltype_r(c->plotter, 0);
    pl_pencolor_r(c->plotter, level(rgb.r), level(rgb.g), level(rgb.b));
    pl_flinewidth_r(c->plotter, width);
}

void chart_rect(struct chart *c, double x, double y, double w, double h, enum chart_color color)
{
    if (!c || !isfinite(x + y + w + h))
        return;
    fill_with(c, color);
    pl_fbox_r(c->plotter, x, c->height - y - h, x + w, c->height - y);
    pl_endpath_r(c->plotter);
    c->shapes++;
}

void chart_line(struct chart *c, struct chart_point from, struct chart_point to, double width,
                enum chart_color color, enum chart_dash dash)
{
    const double dashes[] = {5, 4};

    if (!c || !isfinite(from.x + from.y + to.x + to.y))
        return;
    draw_with(c, color, width);
    if (dash == CHART_DASHED)
        pl_flinedash_r(c->plotter, 2, dashes, 0);
    pl_fline_r(c->plotter, from.x, c->height - from.y, to.x, c->height - to.y);
    pl_endpath_r(c->plotter);
    if (dash == CHART_DASHED)
        pl_linemod_r(c->plotter, "solid");
    c->shapes++;
}

/* Of the points from @from that share a pixel column: first, least, greatest and last.  Returns
 * where the next column begins. */
static size_t thin_column(const struct chart_point *points, size_t nr, size_t from, size_t keep[4])
{
    size_t low = from, high = from, i = from;

    for (; i < nr && floor(points[i].x) <= floor(points[from].x) &&
           floor(points[i].x) >= floor(points[from].x);
         i++) {
        low = points[i].y < points[low].y ? i : low;
        high = points[i].y > points[high].y ? i : high;
    }
    keep[0] = from;
    keep[1] = low < high ? low : high;
    keep[2] = low < high ? high : low;
    keep[3] = i - 1;
    return i;
}

/* The path itself; false if there was nothing to draw. */
static bool trace_path(struct chart *c, const struct chart_point *points, size_t nr)
{
    size_t last = SIZE_MAX;

    for (size_t i = 0; i < nr; i++)
        if (!isfinite(points[i].x + points[i].y))
            return false;
    if (nr < 2)
        return false;
    pl_fmove_r(c->plotter, points[0].x, c->height - points[0].y);
    for (size_t i = 0; i < nr;) {
        size_t keep[4];

        i = thin_column(points, nr, i, keep);
        for (int k = 0; k < 4; k++) {
            if (keep[k] == last || keep[k] == 0)
                continue;
            last = keep[k];
            pl_fcont_r(c->plotter, points[last].x, c->height - points[last].y);
        }
    }
    return true;
}

void chart_path(struct chart *c, const struct chart_point *points, size_t nr, double width,
                enum chart_color color)
{
    if (!c)
        return;
    draw_with(c, color, width);
    if (!trace_path(c, points, nr))
        return;
    pl_endpath_r(c->plotter);
    c->shapes++;
}

void chart_area(struct chart *c, const struct chart_point *points, size_t nr,
                enum chart_color color)
{
    if (!c)
        return;
    fill_with(c, color);
    if (!trace_path(c, points, nr))
        return;
    pl_closepath_r(c->plotter);
    pl_endpath_r(c->plotter);
    c->shapes++;
}

void chart_dot(struct chart *c, struct chart_point at, double radius, enum chart_color color)
{
    if (!c || !isfinite(at.x + at.y))
        return;
    fill_with(c, color);
    pl_fcircle_r(c->plotter, at.x, c->height - at.y, radius);
    pl_endpath_r(c->plotter);
    c->shapes++;
}

void chart_ring(struct chart *c, struct chart_point at, double radius, enum chart_color color)
{
    chart_dot(c, at, radius, color);
    chart_dot(c, at, radius - 2, COLOR_BACK);
}

/* A label for the stroke fonts, which know ASCII: anything else becomes '?'. */
static void add_plain_label(struct strbuf *out, const char *text)
{
    while (*text) {
        int32_t code = utf8_next(&text);

        if (code == 0x2013 || code == 0x2014)
            strbuf_addch(out, '-');
        else if (code == '\\')
            strbuf_addch(out, '/');
        else
            strbuf_addch(out, code >= 0x20 && code < 0x7f ? (char)code : '?');
    }
}

static void set_font(struct chart *c, const struct chart_font *font)
{
    bool bold = (font->flags & CHART_BOLD) != 0, bitmap = c->look.form == CHART_PNG;
    const char *name = bitmap ? bold ? "HersheySans-Bold" : "HersheySans"
                       : bold ? "Helvetica-Bold"
                              : "Helvetica";
    struct chart_rgb rgb = chart_light(font->color);
    int anchor = bitmap ? 0 : (int)font->anchor;

    draw_with(c, font->color, bold ? 1.9 : 1.2);
    pl_pencolor_r(c->plotter, level(rgb.r), level(rgb.g),
                  level((unsigned char)((rgb.b & ~3) | anchor)));
    pl_fontname_r(c->plotter, name);
    pl_ffontsize_r(c->plotter, bitmap ? font->size * 0.92 : font->size);
    pl_ftextangle_r(c->plotter, font->flags & CHART_UPWARD ? 90 : 0);
}

void chart_text(struct chart *c, struct chart_point at, struct chart_font font, const char *text)
{
    static const char justify[] = {'l', 'c', 'r'};
    struct strbuf label = STRBUF_INIT;
    bool bitmap;

    if (!c || !isfinite(at.x + at.y) || !*text)
        return;
    bitmap = c->look.form == CHART_PNG;
    if (bitmap)
        add_plain_label(&label, text);
    else
        svg_label(&label, text);
    if (strbuf_failed(&label))
        c->failed = true;
    set_font(c, &font);
    pl_fmove_r(c->plotter, at.x, c->height - at.y);
    pl_alabel_r(c->plotter, bitmap ? justify[font.anchor] : 'l', 'x', strbuf_text(&label));
    c->shapes++;
    strbuf_release(&label);
}
