/*
 * chart_errors.c - the share of forecasts up to each size of error, one curve a method.
 *
 * Errors below a tenth of a percent stand at the left edge.  Invariant: the curves are the samples
 * themselves, a step a forecast.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "reports/charts/chart_axes.h"

#include "base/banned.h"

enum {
    WIDTH = 760,
    HEIGHT = 460,
    LEFT = 62,
    RIGHT = WIDTH - 32,
    TOP = 96,
    BOTTOM = HEIGHT - 60
};

static const double least = 0.001, most = 10.0;
static const double mark = 0.05;
static const enum chart_color colors[CHART_ERROR_SETS] = {COLOR_PRECOPY, COLOR_WARN, COLOR_POSTCOPY,
                                                          COLOR_OTHER};

static void add_shares(struct chart *c, const struct chart_scale *x, const struct chart_scale *y)
{
    for (int share = 0; share <= 100; share += 25) {
        double py = chart_at(y, share / 100.0);
        char label[16];

        chart_line(c, (struct chart_point){x->from, py}, (struct chart_point){x->to, py}, 1,
                   share ? COLOR_GRID : COLOR_AXIS, CHART_SOLID);
        snprintf(label, sizeof(label), "%d %%", share);
        chart_text(c, (struct chart_point){x->from - 8, py + 4},
                   (struct chart_font){12, COLOR_MUTED, CHART_END, CHART_PLAIN}, label);
    }
    chart_text(c, (struct chart_point){18, (TOP + BOTTOM) / 2.0},
               (struct chart_font){12, COLOR_MUTED, CHART_MIDDLE, CHART_UPWARD},
               "share of the migrations");
}

static void add_sizes(struct chart *c, const struct chart_scale *x)
{
    static const double ticks[] = {0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0};

    for (size_t i = 0; i < sizeof(ticks) / sizeof(ticks[0]); i++) {
        double px = chart_at(x, ticks[i]);
        char label[32];

        chart_line(c, (struct chart_point){px, TOP}, (struct chart_point){px, BOTTOM}, 1,
                   COLOR_GRID, CHART_SOLID);
        snprintf(label, sizeof(label), "%s%g %%", i ? "" : "up to ", 100.0 * ticks[i]);
        chart_text(c, (struct chart_point){px, BOTTOM + 18},
                   (struct chart_font){12, COLOR_MUTED, CHART_MIDDLE, CHART_PLAIN}, label);
    }
    chart_text(c, (struct chart_point){(x->from + x->to) / 2, BOTTOM + 40},
               (struct chart_font){12, COLOR_MUTED, CHART_MIDDLE, CHART_PLAIN},
               "error of the total time (log scale; a wrong outcome is 100 %)");
}

static void add_mark(struct chart *c, const struct chart_scale *x)
{
    double px = chart_at(x, mark);

    chart_line(c, (struct chart_point){px, TOP}, (struct chart_point){px, BOTTOM}, 1.25, COLOR_AXIS,
               CHART_DASHED);
    chart_text(c, (struct chart_point){px + 5, BOTTOM - 8},
               (struct chart_font){11, COLOR_MUTED, CHART_START, CHART_PLAIN}, "5 %");
}

static void add_curve(struct chart *c, const struct chart_error_set *set, enum chart_color color,
                      double width, const struct chart_scale *x, const struct chart_scale *y)
{
    struct chart_point *points = malloc((2 * set->nr + 2) * sizeof(*points));
    size_t nr = 0;

    if (!points)
        return;
    points[nr++] = (struct chart_point){x->from, y->from};
    for (size_t i = 0; i < set->nr; i++) {
        double px = chart_at(x, fmin(fmax(set->errors[i], least), most));

        points[nr++] = (struct chart_point){px, chart_at(y, (double)i / (double)set->nr)};
        points[nr++] = (struct chart_point){px, chart_at(y, (double)(i + 1) / (double)set->nr)};
    }
    points[nr++] = (struct chart_point){x->to, y->to};
    chart_path(c, points, nr, width, color);
    free(points);
}

static double share_within(const struct chart_error_set *set, double error)
{
    size_t nr = 0;

    for (size_t i = 0; i < set->nr; i++)
        nr += set->errors[i] <= error;
    return set->nr ? (double)nr / (double)set->nr : 0.0;
}

static void say_finding(struct strbuf *title, const struct chart_errors *what)
{
    for (size_t i = 0; i < what->nr && i < 2; i++)
        strbuf_addf(title, i == 0 ? "%s is within 5 %% in %.0f of 100 migrations" : ", %s in %.0f",
                    what->sets[i].name, 100.0 * share_within(&what->sets[i], mark));
}

enum status chart_errors(struct strbuf *out, const struct chart_look *look,
                         const struct chart_errors *what)
{
    struct chart_scale x = {least, most, LEFT, RIGHT, true}, y = {0, 1, BOTTOM, TOP, false};
    struct chart_key keys[CHART_ERROR_SETS + 1] = {{COLOR_INK, NULL}};
    struct strbuf title = STRBUF_INIT;
    struct chart_spec spec = {look, WIDTH, HEIGHT, NULL, what->subtitle};
    struct chart *c;

    assert(what->nr > 0 && what->nr <= CHART_ERROR_SETS);
    say_finding(&title, what);
    spec.title = strbuf_text(&title);
    c = chart_new(&spec);
    chart_heading(c, WIDTH, spec.title, what->subtitle);
    for (size_t i = 0; i < what->nr; i++)
        keys[i] = (struct chart_key){colors[i], what->sets[i].name};
    keys[what->nr] = (struct chart_key){COLOR_INK, NULL};
    chart_legend(c, 24, 74, keys);
    add_sizes(c, &x);
    add_shares(c, &x, &y);
    add_mark(c, &x);
    for (size_t i = what->nr; i-- > 0;)
        add_curve(c, &what->sets[i], colors[i], i == 0 ? 2.75 : 1.75, &x, &y);
    strbuf_release(&title);
    return chart_finish(c, out);
}
