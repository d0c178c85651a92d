/*
 * chart_levels.c - a measure over one setting: a dot a value, its interval, and the threshold.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "reports/cell.h"
#include "reports/charts/chart_axes.h"

#include "base/banned.h"

enum {
    WIDTH = 960,
    HEIGHT = 440,
    LEFT = 104,
    RIGHT = WIDTH - 36,
    TOP = 100,
    BOTTOM = HEIGHT - 64
};

struct levels {
    struct chart *c;
    const struct chart_levels *what;
    struct chart_scale y;
    size_t best, nr_met, nr_judged;
};

static double place_x(const struct levels *l, size_t i)
{
    return LEFT + (RIGHT - LEFT) * ((double)i + 0.5) / (double)l->what->nr;
}

static void collect(struct levels *l)
{
    struct chart_range range = CHART_RANGE_EMPTY;

    l->best = SIZE_MAX;
    for (size_t i = 0; i < l->what->nr; i++) {
        const struct chart_level *one = &l->what->levels[i];

        chart_range_offer(&range, one->value);
        chart_range_offer(&range, one->low);
        chart_range_offer(&range, one->high);
        l->nr_met += one->met == CHART_MET;
        l->nr_judged += one->met != CHART_UNJUDGED;
        if (isfinite(one->value) &&
            (l->best == SIZE_MAX ||
             (l->what->more_is_better ? one->value > l->what->levels[l->best].value
                                      : one->value < l->what->levels[l->best].value)))
            l->best = i;
    }
    chart_range_offer(&range, l->what->limit);
    l->y = chart_value_scale(l->what->unit, range, BOTTOM, TOP);
}

static void add_labels(const struct levels *l)
{
    double last = -1e9;

    for (size_t i = 0; i < l->what->nr; i++) {
        const char *label = l->what->levels[i].label;
        double x = place_x(l, i), half = 3.5 * (double)cell_width(label);
        bool now = i == l->what->present;

        if (x - half < last && !now)
            continue;
        last = x + half + 6;
        chart_text(l->c, (struct chart_point){x, BOTTOM + 18},
                   (struct chart_font){12, now ? COLOR_WARN : COLOR_MUTED, CHART_MIDDLE,
                                       now ? CHART_BOLD : CHART_PLAIN},
                   label);
    }
    chart_text(l->c, (struct chart_point){(LEFT + RIGHT) / 2.0, BOTTOM + 42},
               (struct chart_font){12, COLOR_INK, CHART_MIDDLE, CHART_BOLD}, l->what->x_name);
    chart_line(l->c, (struct chart_point){LEFT, BOTTOM}, (struct chart_point){RIGHT, BOTTOM}, 1,
               COLOR_AXIS, CHART_SOLID);
}

static void add_line(const struct levels *l)
{
    struct chart_point *points = malloc((l->what->nr + 1) * sizeof(*points));
    size_t nr = 0;

    for (size_t i = 0; points && i <= l->what->nr; i++) {
        if (i < l->what->nr && isfinite(l->what->levels[i].value)) {
            points[nr++] =
                (struct chart_point){place_x(l, i), chart_at(&l->y, l->what->levels[i].value)};
            continue;
        }
        if (nr > 1)
            chart_path(l->c, points, nr, 2, COLOR_PRECOPY_ALT);
        nr = 0;
    }
    free(points);
}

static void add_level(const struct levels *l, size_t i)
{
    const struct chart_level *one = &l->what->levels[i];
    enum chart_color color = one->met == CHART_CROSSED ? COLOR_BLACKOUT
                             : one->met == CHART_MET   ? COLOR_GOOD
                                                       : COLOR_PRECOPY;
    double x = place_x(l, i), y = chart_at(&l->y, one->value);
    struct strbuf tip = STRBUF_INIT;
    char a[CHART_VALUE];

    if (!isfinite(one->value))
        return;
    if (isfinite(one->low + one->high) && one->high > one->low) {
        double low = chart_at(&l->y, one->low), high = chart_at(&l->y, one->high);

        chart_line(l->c, (struct chart_point){x, low}, (struct chart_point){x, high}, 2, color,
                   CHART_SOLID);
        chart_line(l->c, (struct chart_point){x - 5, low}, (struct chart_point){x + 5, low}, 2,
                   color, CHART_SOLID);
        chart_line(l->c, (struct chart_point){x - 5, high}, (struct chart_point){x + 5, high}, 2,
                   color, CHART_SOLID);
    }
    strbuf_addf(&tip, "%s %s: %s %s", l->what->x_name, one->label, l->what->measure,
                chart_value(a, l->what->unit, one->value));
    if (isfinite(one->low + one->high)) {
        strbuf_addf(&tip, ", %s", chart_value(a, l->what->unit, one->low));
        strbuf_addf(&tip, " to %s", chart_value(a, l->what->unit, one->high));
    }
    chart_tip(l->c, strbuf_text(&tip));
    chart_ring(l->c, (struct chart_point){x, y}, 6, color);
    if ((RIGHT - LEFT) / (double)l->what->nr > 76)
        chart_text(l->c, (struct chart_point){x + 11, y - 7},
                   (struct chart_font){12, COLOR_INK, CHART_START, CHART_PLAIN},
                   chart_value(a, l->what->unit, one->value));
    strbuf_release(&tip);
}

static void add_limit(const struct levels *l)
{
    struct strbuf words = STRBUF_INIT;
    const struct chart_level *first = &l->what->levels[0], *last = first + l->what->nr - 1;
    bool left;
    char text[CHART_VALUE];
    double y;

    if (!isfinite(l->what->limit))
        return;
    y = chart_at(&l->y, l->what->limit);
    /* at the end of the line that is further from a dot */
    left = isfinite(first->value) && isfinite(last->value) &&
           fabs(chart_at(&l->y, first->value) - y) > fabs(chart_at(&l->y, last->value) - y);
    chart_line(l->c, (struct chart_point){LEFT, y}, (struct chart_point){RIGHT, y}, 1.5,
               COLOR_BLACKOUT, CHART_DASHED);
    strbuf_addf(&words, "limit %s", chart_value(text, l->what->unit, l->what->limit));
    chart_text(l->c, (struct chart_point){left ? LEFT + 6 : RIGHT - 4, y - 6},
               (struct chart_font){12, COLOR_BLACKOUT, left ? CHART_START : CHART_END, CHART_BOLD},
               strbuf_text(&words));
    strbuf_release(&words);
}

static void say_finding(const struct levels *l, struct strbuf *title)
{
    const struct chart_levels *what = l->what;
    char text[CHART_VALUE];

    if (l->best == SIZE_MAX) {
        strbuf_addf(title, "%s is known at none of %zu values of %s", what->measure, what->nr,
                    what->x_name);
        return;
    }
    strbuf_addf(title, "%s is best at %s %s: %s", what->measure, what->x_name,
                what->levels[l->best].label,
                chart_value(text, what->unit, what->levels[l->best].value));
    if (l->nr_judged > 0)
        strbuf_addf(title, "; %zu of %zu meet%s every threshold", l->nr_met, what->nr,
                    l->nr_met == 1 ? "s" : "");
}

enum status chart_levels(struct strbuf *out, const struct chart_look *look,
                         const struct chart_levels *what)
{
    const struct chart_frame frame = {LEFT, RIGHT, TOP, BOTTOM};
    struct chart_key keys[5] = {{COLOR_INK, NULL}};
    struct levels l = {.what = what};
    struct strbuf title = STRBUF_INIT;
    struct chart_spec spec = {look, WIDTH, HEIGHT, NULL, what->subtitle};
    size_t nr = 0;

    assert(what->nr > 0);
    collect(&l);
    say_finding(&l, &title);
    spec.title = strbuf_text(&title);
    l.c = chart_new(&spec);
    chart_heading(l.c, WIDTH, spec.title, what->subtitle);
    if (l.nr_met > 0)
        keys[nr++] = (struct chart_key){COLOR_GOOD, "meets every threshold"};
    if (l.nr_met < l.nr_judged)
        keys[nr++] = (struct chart_key){COLOR_BLACKOUT, "crosses a threshold"};
    if (what->present < what->nr)
        keys[nr++] = (struct chart_key){COLOR_WARN, "the setting as it is"};
    keys[nr] = (struct chart_key){COLOR_INK, NULL};
    chart_legend(l.c, 24, 76, keys);
    chart_value_axis_y(l.c, &l.y, &frame, what->unit, what->measure);
    add_labels(&l);
    add_line(&l);
    add_limit(&l);
    for (size_t i = 0; i < what->nr; i++)
        add_level(&l, i);
    strbuf_release(&title);
    return chart_finish(l.c, out);
}
