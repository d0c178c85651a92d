/*
 * chart_course.c - one captured migration: remaining bytes as observed, the forecast laid over.
 *
 * The band holds 90 % of the forecast's samples at each moment; the thin line is one of them, the
 * one whose end is in the middle, because a middle of saw teeth is none.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/units.h"
#include "reports/cell.h"
#include "reports/charts/chart_axes.h"

#include "base/banned.h"

enum {
    WIDTH = 960,
    HEIGHT = 420,
    LEFT = 92,
    RIGHT = WIDTH - 36,
    TOP = 96,
    BOTTOM = HEIGHT - 60
};

struct scales {
    struct chart_scale x, y;
};

static struct scales fit_scales(const struct chart_course *what)
{
    double high = 4.0 * PAGE_BYTES, low = INFINITY, end = what->observed_end_ns;

    for (size_t i = 0; i < what->nr_observed; i++)
        high = fmax(high, what->observed[i].bytes);
    for (size_t i = 0; i < what->nr_forecast; i++)
        high = fmax(high, what->forecast[i].high);
    /* down to the lowest that lasts; what is below is drawn at the edge */
    for (size_t i = 0; i < what->nr_observed; i++)
        if (what->observed[i].bytes > 0.0)
            low = fmin(low, what->observed[i].bytes);
    low = isfinite(low) ? fmax(low / 2.0, high / 1e4) : high / 1e3;
    if (what->nr_forecast > 0)
        end = fmax(end, what->forecast[what->nr_forecast - 1].t_ns);
    return (struct scales){{0, fmax(end * 1.02, 1e6), LEFT, RIGHT, false},
                           {fmin(low, high / 4.0), high * 1.3, BOTTOM, TOP, true}};
}

static double level(const struct scales *s, double bytes)
{
    return chart_at(&s->y, fmax(bytes, s->y.low));
}

static void add_grid(struct chart *c, const struct scales *s)
{
    struct chart_ticks t;

    chart_size_ticks(s->y.low, s->y.high, 7, &t);
    for (size_t i = 0; i < t.nr; i++) {
        double y = chart_at(&s->y, t.at[i]);
        char label[UNITS_TEXT];

        chart_line(c, (struct chart_point){LEFT, y}, (struct chart_point){RIGHT, y}, 1, COLOR_GRID,
                   CHART_SOLID);
        chart_text(c, (struct chart_point){LEFT - 8, y + 4},
                   (struct chart_font){12, COLOR_MUTED, CHART_END, CHART_PLAIN},
                   units_size(label, (uint64_t)t.at[i]));
    }
}

static void add_band(struct chart *c, const struct chart_course *what, const struct scales *s)
{
    size_t n = what->nr_forecast;
    struct chart_point *points = malloc((2 * n + 1) * sizeof(*points));

    if (!points || n < 2) {
        free(points);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        double x = chart_at(&s->x, what->forecast[i].t_ns);

        points[i] = (struct chart_point){x, level(s, what->forecast[i].high)};
        points[2 * n - 1 - i] = (struct chart_point){x, level(s, what->forecast[i].low)};
    }
    chart_area(c, points, 2 * n, COLOR_BAND);
    free(points);
}

static void add_line(struct chart *c, const struct chart_course_point *line, size_t nr,
                     double width, enum chart_color color, const struct scales *s)
{
    struct chart_point *points = malloc((nr + 1) * sizeof(*points));

    for (size_t i = 0; points && i < nr; i++)
        points[i] = (struct chart_point){chart_at(&s->x, line[i].t_ns), level(s, line[i].bytes)};
    if (points && nr > 1)
        chart_path(c, points, nr, width, color);
    free(points);
}

/* Both words on one side of both lines. */
static void add_end(struct chart *c, const struct scales *s, double t_ns, double other_ns,
                    const char *word, enum chart_color color, double text_y)
{
    double x = chart_at(&s->x, t_ns), first = chart_at(&s->x, fmin(t_ns, other_ns));
    double last = chart_at(&s->x, fmax(t_ns, other_ns));
    bool left = last > (LEFT + RIGHT) / 2.0;

    chart_line(c, (struct chart_point){x, TOP}, (struct chart_point){x, BOTTOM}, 1.5, color,
               CHART_DASHED);
    chart_text(c, (struct chart_point){left ? first - 6 : last + 6, text_y},
               (struct chart_font){12, color, left ? CHART_END : CHART_START, CHART_BOLD}, word);
}

static void say_finding(struct strbuf *title, const struct chart_course *what)
{
    char a[UNITS_TEXT], b[UNITS_TEXT];

    cell_add_text(title, what->name);
    strbuf_addf(title, ": forecast %s, took %s", units_time(a, llround(what->forecast_end_ns)),
                units_time(b, llround(what->observed_end_ns)));
}

enum status chart_course(struct strbuf *out, const struct chart_look *look,
                         const struct chart_course *what)
{
    static const struct chart_key keys[] = {{COLOR_PRECOPY, "observed"},
                                            {COLOR_WARN, "forecast: the middle sample"},
                                            {COLOR_BAND, "90 % of the samples"},
                                            {COLOR_INK, NULL}};
    struct scales s = fit_scales(what);
    struct strbuf title = STRBUF_INIT;
    struct chart_spec spec = {look, WIDTH, HEIGHT, NULL, what->subtitle};
    struct chart *c;

    say_finding(&title, what);
    spec.title = strbuf_text(&title);
    c = chart_new(&spec);
    chart_heading(c, WIDTH, spec.title, what->subtitle);
    chart_legend(c, 24, 74, keys);
    add_band(c, what, &s);
    add_grid(c, &s);
    chart_time_axis(c, &s.x, TOP, BOTTOM, "time since the migration began");
    add_line(c, what->middle, what->nr_middle, 1.5, COLOR_WARN, &s);
    add_line(c, what->observed, what->nr_observed, 2.25, COLOR_PRECOPY, &s);
    add_end(c, &s, what->forecast_end_ns, what->observed_end_ns, "forecast end", COLOR_WARN,
            TOP + 14);
    add_end(c, &s, what->observed_end_ns, what->forecast_end_ns, "observed end", COLOR_PRECOPY,
            TOP + 30);
    chart_text(c, (struct chart_point){LEFT + 4, TOP - 6},
               (struct chart_font){11, COLOR_MUTED, CHART_START, CHART_PLAIN},
               "remaining bytes (log scale)");
    strbuf_release(&title);
    return chart_finish(c, out);
}
