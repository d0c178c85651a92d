/*
 * chart_links.c - how much of each link's rate is in use over time, a strip a link.
 *
 * Busiest first.  The finding is how long the busiest is full, because there a faster link helps.
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
    LEFT = 236,
    RIGHT = WIDTH - 130,
    TOP = 92,
    STRIP = 44,
    GAP = 14
};

static const double full = 0.95;

struct links {
    struct chart *c;
    const struct chart_links *what;
    struct chart_scale x;
    const struct chart_link **rows;
    size_t nr, hidden;
    double bottom;
};

static double mean_of(const struct chart_links *what, const struct chart_link *link)
{
    double sum = 0;
    size_t nr = 0;

    for (size_t i = 0; i < what->nr_steps; i++)
        if (isfinite(link->used[i])) {
            sum += link->used[i];
            nr++;
        }
    return nr ? sum / (double)nr : 0;
}

static double peak_of(const struct chart_links *what, const struct chart_link *link)
{
    double peak = 0;

    for (size_t i = 0; i < what->nr_steps; i++)
        peak = isfinite(link->used[i]) && link->used[i] > peak ? link->used[i] : peak;
    return peak;
}

/* Nanoseconds in which it is full. */
static double full_ns(const struct chart_links *what, const struct chart_link *link)
{
    double ns = 0;

    for (size_t i = 0; i < what->nr_steps; i++)
        ns += isfinite(link->used[i]) && link->used[i] >= full ? what->step_ns : 0;
    return ns;
}

static void collect(struct links *l)
{
    for (size_t i = 0; i < l->what->nr; i++) {
        const struct chart_link *one = &l->what->links[i];
        double mean = mean_of(l->what, one);
        size_t k = l->nr++;

        for (; k > 0 && mean_of(l->what, l->rows[k - 1]) < mean; k--)
            l->rows[k] = l->rows[k - 1];
        l->rows[k] = one;
        if (l->nr > LINK_ROWS) {
            l->nr--;
            l->hidden++;
        }
    }
    l->x = (struct chart_scale){0, fmax(l->what->step_ns * (double)l->what->nr_steps, 1e3), LEFT,
                                RIGHT, false};
    l->bottom = TOP + (STRIP + GAP) * (double)l->nr;
}

static void add_area(const struct links *l, const struct chart_link *link, double base)
{
    struct chart_point *points = malloc((2 * l->what->nr_steps + 2) * sizeof(*points));
    size_t nr = 0;

    if (!points)
        return;
    points[nr++] = (struct chart_point){LEFT, base};
    for (size_t i = 0; i < l->what->nr_steps; i++) {
        double used = isfinite(link->used[i]) ? fmin(fmax(link->used[i], 0), 1) : 0;
        double y = base - used * STRIP;

        if (nr == 0 || fabs(points[nr - 1].y - y) > 0.01)
            points[nr++] = (struct chart_point){chart_at(&l->x, (double)i * l->what->step_ns), y};
        points[nr] = (struct chart_point){chart_at(&l->x, (double)(i + 1) * l->what->step_ns), y};
        nr += i + 1 == l->what->nr_steps || link->used[i + 1] < link->used[i] ||
              link->used[i + 1] > link->used[i];
    }
    points[nr++] = (struct chart_point){RIGHT, base};
    chart_area(l->c, points, nr, COLOR_PRECOPY_ALT);
    free(points);
}

/* A bar along the top of the strip where the link is full. */
static void add_full(const struct links *l, const struct chart_link *link, double top)
{
    for (size_t i = 0, end; i < l->what->nr_steps; i = end) {
        double from = chart_at(&l->x, (double)i * l->what->step_ns);

        end = i + 1;
        if (!(link->used[i] >= full))
            continue;
        while (end < l->what->nr_steps && link->used[end] >= full)
            end++;
        chart_rect(l->c, from, top - 2,
                   fmax(chart_at(&l->x, (double)end * l->what->step_ns) - from, 1), 4,
                   COLOR_BLACKOUT);
    }
}

static void add_strip(const struct links *l, size_t i)
{
    const struct chart_link *link = l->rows[i];
    double top = TOP + (STRIP + GAP) * (double)i, base = top + STRIP;
    struct strbuf words = STRBUF_INIT;
    char text[CHART_VALUE];

    chart_text(l->c, (struct chart_point){LEFT - 12, top + STRIP / 2.0 + 4},
               (struct chart_font){12, COLOR_INK, CHART_END, CHART_PLAIN},
               chart_cut(&words, link->name, LEFT - 30, 12));
    chart_line(l->c, (struct chart_point){LEFT, top}, (struct chart_point){RIGHT, top}, 1,
               COLOR_GRID, CHART_SOLID);
    if (l->what->nr_steps > 0)
        add_area(l, link, base);
    add_full(l, link, top);
    chart_line(l->c, (struct chart_point){LEFT, base}, (struct chart_point){RIGHT, base}, 1,
               COLOR_AXIS, CHART_SOLID);
    strbuf_clear(&words);
    strbuf_addf(&words, "mean %s", chart_value(text, VALUE_RATIO, mean_of(l->what, link)));
    chart_text(l->c, (struct chart_point){RIGHT + 10, top + 18},
               (struct chart_font){12, COLOR_INK, CHART_START, CHART_PLAIN}, strbuf_text(&words));
    strbuf_clear(&words);
    strbuf_addf(&words, "full %s", chart_value(text, VALUE_NS, full_ns(l->what, link)));
    chart_text(l->c, (struct chart_point){RIGHT + 10, top + 35},
               (struct chart_font){12, full_ns(l->what, link) > 0 ? COLOR_BLACKOUT : COLOR_MUTED,
                                   CHART_START, CHART_PLAIN},
               strbuf_text(&words));
    strbuf_release(&words);
}

static void say_finding(const struct links *l, struct strbuf *title)
{
    double all = l->what->step_ns * (double)l->what->nr_steps, ns = 0;
    const struct chart_link *most = NULL;
    char a[CHART_VALUE], b[CHART_VALUE];

    for (size_t i = 0; i < l->what->nr; i++) {
        double one = full_ns(l->what, &l->what->links[i]);

        if (one > ns) {
            ns = one;
            most = &l->what->links[i];
        }
    }
    if (most) {
        cell_add_text(title, most->name);
        strbuf_addf(title, " is full for %s of %s", chart_value(a, VALUE_NS, ns),
                    chart_value(b, VALUE_NS, all));
    } else if (l->nr > 0) {
        strbuf_addstr(title, "No link is ever full; ");
        cell_add_text(title, l->rows[0]->name);
        strbuf_addf(title, " is busiest: %s on average, %s at most",
                    chart_value(a, VALUE_RATIO, mean_of(l->what, l->rows[0])),
                    chart_value(b, VALUE_RATIO, peak_of(l->what, l->rows[0])));
    } else {
        strbuf_addstr(title, "No link carries a migration");
    }
}

enum status chart_links(struct strbuf *out, const struct chart_look *look,
                        const struct chart_links *what)
{
    static const struct chart_key keys[] = {{COLOR_PRECOPY_ALT, "share of the link's rate in use"},
                                            {COLOR_BLACKOUT, "full: 95 % or more"},
                                            {COLOR_INK, NULL}};
    const struct chart_link *rows[LINK_ROWS + 1];
    struct links l = {.what = what, .rows = rows};
    struct strbuf title = STRBUF_INIT;
    struct chart_spec spec = {look, WIDTH, 0, NULL, what->subtitle};

    collect(&l);
    say_finding(&l, &title);
    spec.title = strbuf_text(&title);
    spec.height = l.bottom + 58 + (l.hidden ? 18 : 0);
    l.c = chart_new(&spec);
    chart_heading(l.c, WIDTH, spec.title, what->subtitle);
    chart_legend(l.c, 24, 74, keys);
    chart_time_axis(l.c, &l.x, TOP, l.bottom, "time since the replication began");
    for (size_t i = 0; i < l.nr; i++)
        add_strip(&l, i);
    if (l.hidden > 0) {
        struct strbuf words = STRBUF_INIT;

        strbuf_addf(&words, "%zu links that are used less are not drawn", l.hidden);
        chart_text(l.c, (struct chart_point){24, l.bottom + 60},
                   (struct chart_font){12, COLOR_MUTED, CHART_START, CHART_PLAIN},
                   strbuf_text(&words));
        strbuf_release(&words);
    }
    strbuf_release(&title);
    return chart_finish(l.c, out);
}
