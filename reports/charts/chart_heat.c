/*
 * chart_heat.c - a measure over two settings, a cell each.
 *
 * Colours run from the best value to the worst, which is the greatest unless more is better; values
 * far apart are coloured by their logarithm.  The cells that meet every threshold are ticked and
 * have a line around them, so that no reader depends on colours.  Invariant: a picture of any grid
 * stays small: cells too small for a number join neighbours of their colour.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "reports/cell.h"
#include "reports/charts/chart_axes.h"

#include "base/banned.h"

enum {
    WIDTH = 960,
    TOP = 104,
    RIGHT = WIDTH - 32,
    CELL_WIDEST = 160,
    CELL_HIGHEST = 46,
    GRID_HIGHEST = 620,
    STEPS = COLOR_HEAT_WORST - COLOR_HEAT + 1,
    TIPPED = 3000 /* with more cells they join, and have no tips */
};

struct heat {
    struct chart *c;
    const struct chart_heat *what;
    struct chart_range range;
    double left, w, h; /* of the grid; of a cell */
    double bottom;
    size_t nr_met;
    size_t best; /* SIZE_MAX = no value is known */
};

static double cell_x(const struct heat *m, size_t x)
{
    return m->left + (double)x * m->w;
}

static double cell_y(const struct heat *m, size_t y)
{
    return m->bottom - (double)(y + 1) * m->h;
}

static bool is_met(const struct heat *m, size_t x, size_t y)
{
    return m->what->met && m->what->met[y * m->what->nr_x + x] == CHART_MET;
}

static bool better(const struct heat *m, double a, double b)
{
    return m->what->more_is_better ? a > b : a < b;
}

/* Settings that meet every threshold come first. */
static void find_best(struct heat *m)
{
    size_t nr = m->what->nr_x * m->what->nr_y;

    m->best = SIZE_MAX;
    for (size_t i = 0; i < nr; i++) {
        bool met = m->what->met && m->what->met[i] == CHART_MET;

        chart_range_offer(&m->range, m->what->values[i]);
        m->nr_met += met;
        if (!isfinite(m->what->values[i]) || (m->nr_met > 0 && !met))
            continue;
        if (m->best == SIZE_MAX || (m->nr_met == 1 && met) ||
            better(m, m->what->values[i], m->what->values[m->best]))
            m->best = i;
    }
}

static enum chart_color color_of(const struct heat *m, double v)
{
    double low = m->range.low, high = m->range.high, part = 0;
    int step;

    if (!isfinite(v))
        return COLOR_QUEUE;
    if (low > 0 && high / low > 20 && m->what->unit != VALUE_RATIO)
        part = log(v / low) / log(high / low);
    else if (high > low)
        part = (v - low) / (high - low);
    if (m->what->more_is_better)
        part = high > low ? 1 - part : 0;
    step = (int)floor(part * STEPS);
    return (enum chart_color)(COLOR_HEAT + (step < 0 ? 0 : step >= STEPS ? STEPS - 1 : step));
}

static enum chart_color text_on(enum chart_color back)
{
    if (back == COLOR_QUEUE)
        return COLOR_INK;
    return back <= COLOR_HEAT + 1 || back >= COLOR_HEAT_WORST ? COLOR_ON_DARK : COLOR_ON_LIGHT;
}

static void add_tick(const struct heat *m, double x, double y, enum chart_color color)
{
    const struct chart_point points[] = {{x, y}, {x + 3, y + 3.5}, {x + 8.5, y - 4}};

    chart_path(m->c, points, 3, 2, color);
}

static void tip_of(const struct heat *m, size_t x, size_t y, struct strbuf *tip)
{
    const struct chart_heat *what = m->what;
    size_t at = y * what->nr_x + x;
    char value[CHART_VALUE];

    strbuf_clear(tip);
    strbuf_addf(tip, "%s %s, %s %s: %s %s%s", what->x_name, what->x_labels[x], what->y_name,
                what->y_labels[y], what->measure, chart_value(value, what->unit, what->values[at]),
                !what->met || what->met[at] == CHART_UNJUDGED ? ""
                : what->met[at] == CHART_MET                  ? "; meets all thresholds"
                                                              : "; crosses a threshold");
}

static void add_number(const struct heat *m, size_t x, size_t y, enum chart_color back)
{
    const struct chart_heat *what = m->what;
    double mid = cell_x(m, x) + m->w / 2, base = cell_y(m, y) + m->h / 2 + 4.5;
    double size = m->w < 62 ? 11 : 12.5;
    char value[CHART_VALUE];

    chart_value(value, what->unit, what->values[y * what->nr_x + x]);
    if (m->h >= 15 && (double)cell_width(value) * size * 0.56 < m->w - 4)
        chart_text(m->c, (struct chart_point){mid, base},
                   (struct chart_font){size, text_on(back), CHART_MIDDLE, CHART_PLAIN}, value);
    if (is_met(m, x, y) && m->h >= 26 && m->w >= 40)
        add_tick(m, cell_x(m, x) + m->w - 14, cell_y(m, y) + 10, text_on(back));
}

static void add_cells(const struct heat *m)
{
    const struct chart_heat *what = m->what;
    bool joined = what->nr_x * what->nr_y > TIPPED;
    double gap = m->w > 12 && m->h > 12 ? 1 : joined ? -0.5 : 0;
    struct strbuf tip = STRBUF_INIT;

    for (size_t y = 0; y < what->nr_y; y++)
        for (size_t x = 0, next; x < what->nr_x; x = next) {
            enum chart_color color = color_of(m, what->values[y * what->nr_x + x]);

            for (next = x + 1; joined && next < what->nr_x &&
                               color_of(m, what->values[y * what->nr_x + next]) == color;)
                next++;
            if (!joined) {
                tip_of(m, x, y, &tip);
                chart_tip(m->c, strbuf_text(&tip));
            }
            chart_rect(m->c, cell_x(m, x), cell_y(m, y), m->w * (double)(next - x) - gap,
                       m->h - gap, color);
            if (!joined)
                add_number(m, x, y, color);
        }
    strbuf_release(&tip);
}

/* Along each edge between a cell that meets the thresholds and one that does not. */
static void add_outline(const struct heat *m)
{
    const struct chart_heat *what = m->what;

    if (m->nr_met == 0 || m->nr_met == what->nr_x * what->nr_y)
        return;
    for (size_t y = 0; y < what->nr_y; y++)
        for (size_t x = 0; x <= what->nr_x; x++) {
            bool before = x > 0 && is_met(m, x - 1, y), after = x < what->nr_x && is_met(m, x, y);

            if (before != after)
                chart_line(m->c, (struct chart_point){cell_x(m, x) - 0.5, cell_y(m, y) - 0.5},
                           (struct chart_point){cell_x(m, x) - 0.5, cell_y(m, y) + m->h - 0.5}, 2.5,
                           COLOR_INK, CHART_SOLID);
        }
    for (size_t x = 0; x < what->nr_x; x++)
        for (size_t y = 0; y <= what->nr_y; y++) {
            bool below = y > 0 && is_met(m, x, y - 1), above = y < what->nr_y && is_met(m, x, y);
            double at = m->bottom - (double)y * m->h - 0.5;

            if (below != above)
                chart_line(m->c, (struct chart_point){cell_x(m, x) - 0.5, at},
                           (struct chart_point){cell_x(m, x) + m->w - 0.5, at}, 2.5, COLOR_INK,
                           CHART_SOLID);
        }
}

static void add_present(const struct heat *m)
{
    const struct chart_heat *what = m->what;
    double left, top;

    if (what->present >= what->nr_x * what->nr_y)
        return;
    left = cell_x(m, what->present % what->nr_x);
    top = cell_y(m, what->present / what->nr_x);
    if (m->w >= 44 && m->h >= 30)
        chart_text(m->c, (struct chart_point){left + 6, top + 13},
                   (struct chart_font){10, text_on(color_of(m, what->values[what->present])),
                                       CHART_START, CHART_BOLD},
                   "now");
    else
        chart_ring(m->c, (struct chart_point){left + m->w / 2, top + m->h / 2}, 5, COLOR_INK);
}

static void add_axes(const struct heat *m)
{
    const struct chart_font below = {12, COLOR_MUTED, CHART_MIDDLE, CHART_PLAIN};
    const struct chart_font beside = {12, COLOR_MUTED, CHART_END, CHART_PLAIN};
    const struct chart_font name = {12, COLOR_INK, CHART_MIDDLE, CHART_BOLD};
    const struct chart_heat *what = m->what;
    struct strbuf cut = STRBUF_INIT;
    double last = -1e9, right = cell_x(m, what->nr_x);
    size_t each = m->h < 14 ? (size_t)(14 / m->h) + 1 : 1;

    for (size_t x = 0; x < what->nr_x; x++) {
        double mid = cell_x(m, x) + m->w / 2;
        double half = 3.6 * (double)cell_width(what->x_labels[x]);

        if (mid - half < last)
            continue;
        chart_text(m->c, (struct chart_point){mid, m->bottom + 18}, below, what->x_labels[x]);
        last = mid + half + 4;
    }
    chart_text(m->c, (struct chart_point){(m->left + right) / 2, m->bottom + 42}, name,
               what->x_name);
    for (size_t y = 0; y < what->nr_y; y += each)
        chart_text(m->c, (struct chart_point){m->left - 10, cell_y(m, y) + m->h / 2 + 4}, beside,
                   chart_cut(&cut, what->y_labels[y], m->left - 56, 12));
    chart_text(m->c, (struct chart_point){22, (TOP + m->bottom) / 2},
               (struct chart_font){12, COLOR_INK, CHART_MIDDLE, CHART_BOLD | CHART_UPWARD},
               what->y_name);
    strbuf_release(&cut);
}

/* The ramp with its ends, and what the marks mean. */
static void add_key(const struct heat *m)
{
    const struct chart_font words = {12, COLOR_MUTED, CHART_START, CHART_PLAIN};
    const struct chart_heat *what = m->what;
    struct strbuf text = STRBUF_INIT;
    char value[CHART_VALUE];
    double x = 24;

    strbuf_addf(
        &text, "best %s",
        chart_value(value, what->unit, what->more_is_better ? m->range.high : m->range.low));
    chart_text(m->c, (struct chart_point){x, 82}, words, strbuf_text(&text));
    x += 6.4 * (double)cell_width(strbuf_text(&text)) + 10;
    for (int i = 0; i < STEPS; i++)
        chart_rect(m->c, x + 15.0 * i, 72, 15, 12, (enum chart_color)(COLOR_HEAT + i));
    x += 15.0 * STEPS + 10;
    strbuf_clear(&text);
    strbuf_addf(
        &text, "%s worst",
        chart_value(value, what->unit, what->more_is_better ? m->range.low : m->range.high));
    chart_text(m->c, (struct chart_point){x, 82}, words, strbuf_text(&text));
    x += 6.4 * (double)cell_width(strbuf_text(&text)) + 28;
    if (m->nr_met > 0) {
        add_tick(m, x, 78, COLOR_INK);
        chart_text(m->c, (struct chart_point){x + 16, 82}, words, "meets every threshold");
        x += 178;
    }
    if (what->present < what->nr_x * what->nr_y) {
        chart_text(m->c, (struct chart_point){x, 82},
                   (struct chart_font){12, COLOR_INK, CHART_START, CHART_BOLD}, "now");
        chart_text(m->c, (struct chart_point){x + 32, 82}, words, "the settings as they are");
    }
    strbuf_release(&text);
}

static void say_finding(const struct heat *m, struct strbuf *title)
{
    const struct chart_heat *what = m->what;
    char low[CHART_VALUE], high[CHART_VALUE];
    size_t nr = what->nr_x * what->nr_y;

    if (m->best == SIZE_MAX) {
        strbuf_addf(title, "%s is known at none of %zu settings", what->measure, nr);
        return;
    }
    if (what->met && m->nr_met == 0)
        strbuf_addf(title, "None of %zu settings meets every threshold; %s is %s to %s", nr,
                    what->measure, chart_value(low, what->unit, m->range.low),
                    chart_value(high, what->unit, m->range.high));
    else if (what->met)
        strbuf_addf(title, "%zu of %zu settings meet%s every threshold; best %s there: %s",
                    m->nr_met, nr, m->nr_met == 1 ? "s" : "", what->measure,
                    chart_value(low, what->unit, what->values[m->best]));
    else
        strbuf_addf(title, "%s goes from %s to %s", what->measure,
                    chart_value(low, what->unit, m->range.low),
                    chart_value(high, what->unit, m->range.high));
}

enum status chart_heat(struct strbuf *out, const struct chart_look *look,
                       const struct chart_heat *what)
{
    struct heat m = {.what = what, .range = CHART_RANGE_EMPTY};
    struct strbuf title = STRBUF_INIT;
    struct chart_spec spec = {look, WIDTH, 0, NULL, what->subtitle};
    size_t widest = 4;

    assert(what->nr_x > 0 && what->nr_y > 0);
    for (size_t y = 0; y < what->nr_y; y++) {
        size_t width = cell_width(what->y_labels[y]);

        widest = width > widest ? width : widest;
    }
    find_best(&m);
    m.left = fmin(60 + 6.8 * (double)widest, 260);
    m.w = fmin((RIGHT - m.left) / (double)what->nr_x, CELL_WIDEST);
    m.h = fmin((double)GRID_HIGHEST / (double)what->nr_y, CELL_HIGHEST);
    m.bottom = TOP + m.h * (double)what->nr_y;
    spec.height = m.bottom + 58;
    say_finding(&m, &title);
    spec.title = strbuf_text(&title);
    m.c = chart_new(&spec);
    chart_heading(m.c, WIDTH, spec.title, what->subtitle);
    add_key(&m);
    add_cells(&m);
    add_outline(&m);
    add_present(&m);
    add_axes(&m);
    strbuf_release(&title);
    return chart_finish(m.c, out);
}
