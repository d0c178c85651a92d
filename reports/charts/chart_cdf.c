/*
 * chart_cdf.c - the share of values up to each length of time, with p50, p95 and p99.
 *
 * Invariant: the curve is the sample itself, a step a value; nothing is smoothed.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/stats.h"
#include "base/units.h"
#include "reports/charts/chart_axes.h"

#include "base/banned.h"

enum {
    WIDTH = 560,
    HEIGHT = 380,
    LEFT = 58,
    RIGHT = WIDTH - 24,
    TOP = 76,
    BOTTOM = HEIGHT - 56
};

static const double least_ns = 10e3; /* lengths below 10 us stand at the left edge */

static void add_shares(struct chart *c, const struct chart_scale *x, const struct chart_scale *y)
{
    static const int shares[] = {0, 25, 50, 75, 100};

    for (size_t i = 0; i < sizeof(shares) / sizeof(shares[0]); i++) {
        double py = chart_at(y, shares[i] / 100.0);
        char label[16];

        if (i > 0)
            chart_line(c, (struct chart_point){x->from, py}, (struct chart_point){x->to, py}, 1,
                       COLOR_GRID, CHART_SOLID);
        snprintf(label, sizeof(label), "%d %%", shares[i]);
        chart_text(c, (struct chart_point){x->from - 8, py + 4},
                   (struct chart_font){12, COLOR_MUTED, CHART_END, CHART_PLAIN}, label);
    }
}

static void add_curve(struct chart *c, const double *ns, size_t nr_ns, enum chart_color color,
                      const struct chart_scale *x, const struct chart_scale *y)
{
    struct chart_point *points = malloc((2 * nr_ns + 2) * sizeof(*points));
    size_t nr = 0;

    if (!points)
        return;
    points[nr++] = (struct chart_point){x->from, y->from};
    for (size_t i = 0; i < nr_ns; i++) {
        double px = chart_at(x, ns[i]);

        points[nr++] = (struct chart_point){px, chart_at(y, (double)i / (double)nr_ns)};
        points[nr++] = (struct chart_point){px, chart_at(y, (double)(i + 1) / (double)nr_ns)};
    }
    points[nr++] = (struct chart_point){x->to, y->to};
    chart_path(c, points, nr, 2.25, color);
    free(points);
}

/* Rings alone: beside two curves there is no room for words, and the table has the numbers. */
static void add_rings(struct chart *c, const double *ns, size_t nr, enum chart_color color,
                      const char *name, const struct chart_scale *x, const struct chart_scale *y)
{
    static const int quantiles[] = {50, 95, 99};

    for (size_t i = 0; i < sizeof(quantiles) / sizeof(quantiles[0]); i++) {
        double v = stats_quantile_sorted(ns, nr, quantiles[i] / 100.0);
        char time[UNITS_TEXT], label[UNITS_TEXT + 48];

        snprintf(label, sizeof(label), "%.16s: p%d %s", name, quantiles[i],
                 units_time(time, llround(v)));
        chart_tip(c, label);
        chart_ring(c, (struct chart_point){chart_at(x, v), chart_at(y, quantiles[i] / 100.0)}, 5,
                   color);
    }
}

/* The three markers, each with its length beside it, where there is room. */
static void add_markers(struct chart *c, const struct chart_cdf *what, const struct chart_scale *x,
                        const struct chart_scale *y)
{
    static const struct {
        double q;
        const char *name;
    } marks[] = {{0.50, "p50"}, {0.95, "p95"}, {0.99, "p99"}};
    double free_y = -1e9;

    for (int i = 2; i >= 0; i--) {
        double v = stats_quantile_sorted(what->ns, what->nr, marks[i].q);
        struct chart_point at = {chart_at(x, v), chart_at(y, marks[i].q)};
        bool right = at.x < (x->from + x->to) / 2;
        char time[UNITS_TEXT], label[UNITS_TEXT + 16];
        double text_y = fmax(at.y + (right ? 14 : 5), free_y + 15);

        snprintf(label, sizeof(label), "%s %s", marks[i].name, units_time(time, llround(v)));
        chart_tip(c, label);
        chart_ring(c, at, 5, COLOR_BLACKOUT);
        chart_text(c, (struct chart_point){at.x + (right ? 12 : -12), text_y},
                   (struct chart_font){12, COLOR_INK, right ? CHART_START : CHART_END, CHART_BOLD},
                   label);
        free_y = text_y;
    }
}

static void add_both(struct chart *c, const struct chart_cdf *what, const struct chart_scale *x,
                     const struct chart_scale *y)
{
    const struct chart_key keys[] = {
        {COLOR_PRECOPY, what->name}, {COLOR_WARN, what->other_name}, {COLOR_INK, NULL}};

    chart_legend(c, LEFT + 8, 68, keys);
    add_curve(c, what->ns, what->nr, COLOR_PRECOPY, x, y);
    add_curve(c, what->other_ns, what->nr_other, COLOR_WARN, x, y);
    add_rings(c, what->ns, what->nr, COLOR_PRECOPY, what->name, x, y);
    add_rings(c, what->other_ns, what->nr_other, COLOR_WARN, what->other_name, x, y);
}

/* "95 % of guests stand still for at most 312 ms" */
static void say_finding(struct strbuf *title, const struct chart_cdf *what)
{
    char buf[UNITS_TEXT];

    if (what->nr_other > 0) {
        strbuf_addf(title, "%s, p95: %s in %s", what->axis,
                    units_time(buf, llround(stats_quantile_sorted(what->ns, what->nr, 0.95))),
                    what->name);
        strbuf_addf(
            title, ", %s in %s",
            units_time(buf, llround(stats_quantile_sorted(what->other_ns, what->nr_other, 0.95))),
            what->other_name);
        return;
    }
    if (what->nr == 1)
        strbuf_addf(title, "%s: %s", what->axis, units_time(buf, llround(what->ns[0])));
    else
        strbuf_addf(title, "95 %% of %s at most %s", what->what,
                    units_time(buf, llround(stats_quantile_sorted(what->ns, what->nr, 0.95))));
}

enum status chart_cdf(struct strbuf *out, const struct chart_look *look,
                      const struct chart_cdf *what)
{
    struct strbuf title = STRBUF_INIT, axis = STRBUF_INIT;
    struct chart_scale x = {.from = LEFT, .to = RIGHT, .log = true};
    struct chart_scale y = {0, 1, BOTTOM, TOP, false};
    struct chart_spec spec = {look, WIDTH, HEIGHT, NULL, what->subtitle};
    struct chart *c;

    assert(what->nr > 0);
    x.low = fmax(what->ns[0], least_ns);
    x.high = fmax(what->ns[what->nr - 1], x.low);
    if (what->nr_other > 0) {
        x.low = fmax(fmin(what->other_ns[0], x.low), least_ns);
        x.high = fmax(what->other_ns[what->nr_other - 1], x.high);
    }
    chart_log_range(&x.low, &x.high);
    say_finding(&title, what);
    strbuf_addf(&axis, "%s (log scale)", what->axis);
    spec.title = strbuf_text(&title);
    c = chart_new(&spec);
    chart_heading(c, WIDTH, spec.title, what->subtitle);
    add_shares(c, &x, &y);
    chart_log_time_axis(c, &x, TOP, BOTTOM, strbuf_text(&axis));
    if (what->nr_other > 0) {
        add_both(c, what, &x, &y);
    } else {
        add_curve(c, what->ns, what->nr, COLOR_PRECOPY, &x, &y);
        add_markers(c, what, &x, &y);
    }
    strbuf_release(&title);
    strbuf_release(&axis);
    return chart_finish(c, out);
}
