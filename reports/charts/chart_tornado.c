/*
 * chart_tornado.c - how far a measure moves with each input, widest first.
 *
 * A bar runs from the measure at the input's low end to that at its high end, so one that does not
 * reach over the base shows an input that only ever helps or only ever hurts.
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
    NAMES_WIDEST = 250,
    ENDS = 118, /* room for the values at both ends of a bar */
    RIGHT = WIDTH - 24 - ENDS,
    TOP = 104,
    ROW = 38,
    BAR = 20
};

struct tornado {
    struct chart *c;
    const struct chart_tornado *what;
    struct chart_scale x;
    double left, bottom; /* of the plot */
    const struct chart_swing **rows;
    size_t nr, hidden, still; /* shown; of too many; that move nothing */
};

static double width_of(const struct chart_swing *s, double base)
{
    double low = isfinite(s->low) ? s->low : base, high = isfinite(s->high) ? s->high : base;

    return fmax(fmax(low, high), base) - fmin(fmin(low, high), base);
}

/* Widest first; equals keep their order. */
static void sort_rows(struct tornado *t)
{
    for (size_t i = 1; i < t->nr; i++) {
        const struct chart_swing *one = t->rows[i];
        size_t k = i;

        for (; k > 0 && width_of(t->rows[k - 1], t->what->base) < width_of(one, t->what->base); k--)
            t->rows[k] = t->rows[k - 1];
        t->rows[k] = one;
    }
}

static void collect(struct tornado *t)
{
    struct chart_range range = CHART_RANGE_EMPTY;
    double names = 100;

    for (size_t i = 0; i < t->what->nr; i++) {
        const struct chart_swing *s = &t->what->swings[i];

        if (!isfinite(s->low) && !isfinite(s->high))
            continue;
        t->rows[t->nr++] = s;
    }
    sort_rows(t);
    for (size_t i = 0; i < t->nr; i++)
        t->still += !(width_of(t->rows[i], t->what->base) > 0);
    t->hidden = t->nr > TORNADO_ROWS ? t->nr - TORNADO_ROWS : 0;
    t->nr -= t->hidden;
    chart_range_offer(&range, t->what->base);
    for (size_t i = 0; i < t->nr; i++) {
        names = fmax(names, 7.0 * (double)cell_width(t->rows[i]->name) + 34);
        chart_range_offer(&range, t->rows[i]->low);
        chart_range_offer(&range, t->rows[i]->high);
    }
    if (isfinite(t->what->limit) && t->what->limit > range.low - (range.high - range.low) &&
        t->what->limit < range.high + (range.high - range.low))
        chart_range_offer(&range, t->what->limit);
    t->left = fmin(names, NAMES_WIDEST) + ENDS;
    t->x = chart_value_scale(t->what->unit, range, t->left, RIGHT);
    t->bottom = TOP + ROW * (double)(t->nr ? t->nr : 1) + 6;
}

/* The measure, and the input that gives it, at one end of a bar. */
static void add_end(const struct tornado *t, double px, double y, bool rightward, double value,
                    const char *input)
{
    enum chart_anchor anchor = rightward ? CHART_START : CHART_END;
    double x = px + (rightward ? 8 : -8);
    struct strbuf cut = STRBUF_INIT;
    char text[CHART_VALUE];
    double wide;

    chart_value(text, t->what->unit, value);
    if (input)
        chart_cut(&cut, input, ENDS - 4, 11);
    wide = fmax(7.0 * (double)cell_width(text), 6.0 * (double)cell_width(strbuf_text(&cut)));
    chart_rect(t->c, rightward ? x - 3 : x - wide + 1, y + 1, wide, ROW - 8, COLOR_BACK);
    chart_text(t->c, (struct chart_point){x, y + (input ? 14 : 20)},
               (struct chart_font){12, COLOR_INK, anchor, CHART_BOLD}, text);
    if (input)
        chart_text(t->c, (struct chart_point){x, y + 27},
                   (struct chart_font){11, COLOR_MUTED, anchor, CHART_PLAIN}, strbuf_text(&cut));
    strbuf_release(&cut);
}

static void add_half(const struct tornado *t, const struct chart_swing *s, double y, double value,
                     const char *input, enum chart_color color, const char *end)
{
    double base = chart_at(&t->x, t->what->base), at = chart_at(&t->x, value);
    struct strbuf tip = STRBUF_INIT;
    char text[CHART_VALUE];

    strbuf_addf(&tip, "%s %s%s%s: %s %s", s->name, end, input ? ", " : "", input ? input : "",
                t->what->measure, chart_value(text, t->what->unit, value));
    chart_tip(t->c, strbuf_text(&tip));
    chart_rect(t->c, fmin(base, at), y + (ROW - BAR) / 2.0, fmax(fabs(at - base), 1), BAR, color);
    strbuf_release(&tip);
}

static void add_row(const struct tornado *t, size_t i)
{
    const struct chart_swing *s = t->rows[i];
    double y = TOP + ROW * (double)i + 2, low = isfinite(s->low) ? s->low : t->what->base;
    double high = isfinite(s->high) ? s->high : t->what->base;
    double base = t->what->base;
    bool same_side = (low > base && high > base) || (low < base && high < base);
    struct strbuf cut = STRBUF_INIT;

    chart_text(t->c, (struct chart_point){24, y + ROW / 2.0 + 4},
               (struct chart_font){12.5, COLOR_INK, CHART_START, CHART_PLAIN},
               chart_cut(&cut, s->name, t->left - ENDS - 30, 12.5));
    strbuf_release(&cut);
    if (!(width_of(s, base) > 0)) {
        chart_text(t->c, (struct chart_point){chart_at(&t->x, base) + 8, y + ROW / 2.0 + 4},
                   (struct chart_font){12, COLOR_MUTED, CHART_START, CHART_PLAIN}, "moves nothing");
        return;
    }
    /* the longer half first, so that the other is seen */
    for (int pass = 0; pass < 2; pass++) {
        bool of_low = (fabs(low - base) > fabs(high - base)) == (pass == 0);

        if (of_low && isfinite(s->low))
            add_half(t, s, y, low, s->low_input, COLOR_PRECOPY, "low");
        if (!of_low && isfinite(s->high))
            add_half(t, s, y, high, s->high_input, COLOR_WARN, "high");
    }
    if (same_side) {
        bool of_low = fabs(low - base) > fabs(high - base), above = low > base;

        add_end(t, chart_at(&t->x, of_low ? low : high), y, above, of_low ? low : high,
                of_low ? s->low_input : s->high_input);
        add_end(t, chart_at(&t->x, base), y, !above, of_low ? high : low,
                of_low ? s->high_input : s->low_input);
        return;
    }
    if (isfinite(s->low))
        add_end(t, chart_at(&t->x, low), y, low > base || (low >= base && high < base), low,
                s->low_input);
    if (isfinite(s->high))
        add_end(t, chart_at(&t->x, high), y, high > base || (high >= base && low <= base), high,
                s->high_input);
}

static void add_mark(const struct tornado *t, double value, const char *word,
                     enum chart_color color, enum chart_dash dash, enum chart_anchor anchor)
{
    double x = chart_at(&t->x, value);
    struct strbuf words = STRBUF_INIT;
    char text[CHART_VALUE];

    strbuf_addf(&words, "%s %s", word, chart_value(text, t->what->unit, value));
    chart_line(t->c, (struct chart_point){x, TOP - 4}, (struct chart_point){x, t->bottom}, 1.5,
               color, dash);
    chart_text(t->c, (struct chart_point){x, TOP - 10},
               (struct chart_font){12, color, anchor, CHART_BOLD}, strbuf_text(&words));
    strbuf_release(&words);
}

static void say_finding(const struct tornado *t, struct strbuf *title)
{
    const struct chart_swing *first = t->nr ? t->rows[0] : NULL;
    char low[CHART_VALUE], high[CHART_VALUE];
    double a, b;

    if (!first || !(width_of(first, t->what->base) > 0)) {
        strbuf_addf(title, "No input moves %s from %s", t->what->measure,
                    chart_value(low, t->what->unit, t->what->base));
        return;
    }
    a = isfinite(first->low) ? first->low : t->what->base;
    b = isfinite(first->high) ? first->high : t->what->base;
    cell_add_text(title, first->name);
    strbuf_addf(title, " moves %s most: %s to %s", t->what->measure,
                chart_value(low, t->what->unit, fmin(fmin(a, b), t->what->base)),
                chart_value(high, t->what->unit, fmax(fmax(a, b), t->what->base)));
}

static void draw(struct tornado *t)
{
    static const struct chart_key keys[] = {{COLOR_PRECOPY, "input at its low end"},
                                            {COLOR_WARN, "input at its high end"},
                                            {COLOR_INK, NULL}};
    const struct chart_frame frame = {t->left, RIGHT, TOP, t->bottom};
    double limit = t->what->limit;
    bool limited = isfinite(limit) && limit >= t->x.low && limit <= t->x.high;
    bool right = limited && limit > t->what->base;

    chart_legend(t->c, 24, 76, keys);
    chart_value_axis_x(t->c, &t->x, &frame, t->what->unit, t->what->measure);
    add_mark(t, t->what->base, "now", COLOR_INK, CHART_SOLID,
             !limited ? CHART_MIDDLE
             : right  ? CHART_END
                      : CHART_START);
    if (limited)
        add_mark(t, limit, "limit", COLOR_BLACKOUT, CHART_DASHED, right ? CHART_START : CHART_END);
    for (size_t i = 0; i < t->nr; i++)
        add_row(t, i);
    if (t->hidden > 0) {
        struct strbuf words = STRBUF_INIT;

        strbuf_addf(&words, "%zu more inputs move it less", t->hidden);
        chart_text(t->c, (struct chart_point){24, t->bottom + 18},
                   (struct chart_font){12, COLOR_MUTED, CHART_START, CHART_PLAIN},
                   strbuf_text(&words));
        strbuf_release(&words);
    }
}

enum status chart_tornado(struct strbuf *out, const struct chart_look *look,
                          const struct chart_tornado *what)
{
    struct tornado t = {.what = what};
    struct strbuf title = STRBUF_INIT;
    struct chart_spec spec = {look, WIDTH, 0, NULL, what->subtitle};

    assert(isfinite(what->base));
    t.rows = malloc((what->nr + 1) * sizeof(const struct chart_swing *));
    if (!t.rows)
        return ST_ENOMEM;
    collect(&t);
    say_finding(&t, &title);
    spec.title = strbuf_text(&title);
    spec.height = t.bottom + 58;
    t.c = chart_new(&spec);
    chart_heading(t.c, WIDTH, spec.title, what->subtitle);
    draw(&t);
    strbuf_release(&title);
    free(t.rows);
    return chart_finish(t.c, out);
}
