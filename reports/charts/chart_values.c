/*
 * chart_values.c - axes for measures: whichever unit a threshold may have.
 *
 * Text of numbers is made from integers, so that no locale gets into a title.  Invariant: a scale
 * is never empty, whatever was offered.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "reports/cell.h"
#include "reports/charts/chart_axes.h"

#include "base/banned.h"

enum {
    X_TICKS = 7,
    Y_TICKS = 6
};

static const double far_apart = 40.0; /* highest over lowest, from which a scale is logarithmic */

/* @digits significant ones at most, without trailing zeros. */
static void number(char buf[CHART_VALUE], double v, int digits, const char *unit)
{
    const char *sign = v < 0 ? "-" : "";
    long long scaled, one = 1;
    double enough = digits > 3 ? 1000 : 100;
    int decimals = 0, len;

    v = fabs(v);
    if (v >= 1e15) {
        snprintf(buf, CHART_VALUE, "%s%lld million%s", sign, llround(fmin(v, 1e24) / 1e6), unit);
        return;
    }
    while (decimals < 6 && v * (double)one < enough && v > 0) {
        one *= 10;
        decimals++;
    }
    scaled = llround(v * (double)one);
    while (decimals > 0 && scaled % 10 == 0) {
        scaled /= 10;
        one /= 10;
        decimals--;
    }
    len = snprintf(buf, CHART_VALUE, "%s%lld", sign, scaled / one);
    if (decimals > 0)
        len += snprintf(buf + len, CHART_VALUE - (size_t)len, ".%0*lld", decimals, scaled % one);
    snprintf(buf + len, CHART_VALUE - (size_t)len, "%s", unit);
}

char *chart_value(char buf[CHART_VALUE], enum value_unit unit, double v)
{
    char text[UNITS_TEXT];

    if (!isfinite(v))
        snprintf(buf, CHART_VALUE, "-");
    else if (unit == VALUE_NS && fabs(v) < 9e18)
        snprintf(buf, CHART_VALUE, "%.31s", chart_length(text, v));
    else if (unit == VALUE_BYTES && v >= 0 && v < 1.8e19)
        snprintf(buf, CHART_VALUE, "%.31s", units_size(text, (uint64_t)v));
    else
        /* what is nearly all is not said to be all */
        number(buf, unit == VALUE_RATIO ? 100 * v : v,
               unit == VALUE_RATIO && !(v > 0.99 && v < 1) ? 3 : 4,
               unit == VALUE_RATIO ? " %" : "");
    return buf;
}

void chart_range_offer(struct chart_range *range, double v)
{
    if (!isfinite(v))
        return;
    range->low = fmin(range->low, v);
    range->high = fmax(range->high, v);
}

struct chart_scale chart_value_scale(enum value_unit unit, struct chart_range range, double from,
                                     double to)
{
    struct chart_scale s = {range.low, range.high, from, to, false};
    double room;

    if (!isfinite(s.low + s.high))
        s.low = s.high = 0;
    s.log = s.low > 0 && s.high / s.low > far_apart;
    if (s.log) {
        room = pow(s.high / s.low, 0.06);
        s.low /= room;
        s.high *= room;
        return s;
    }
    /* values that are all but equal must not fill the axis with their last digits */
    room = s.high > s.low ? fmax(0.06 * (s.high - s.low), 0.005 * fabs(s.high))
           : s.high > 0   ? 0.5 * s.high
                          : 0;
    if (!(room > 0))
        room = unit == VALUE_RATIO ? 0.5 : unit == VALUE_NS ? (double)NS_PER_MS : 1.0;
    /* from zero, where that costs little */
    s.low = s.low >= 0 && s.low < 0.4 * s.high + room ? fmax(-0.2 * room, -s.high) : s.low - room;
    if (range.low >= 0 && s.low < 0)
        s.low = 0;
    s.high += room;
    return s;
}

/* Ticks at 1, 2, 5 times powers of ten. */
static void decimal_ticks(const struct chart_scale *s, double factor, unsigned want,
                          struct chart_ticks *t)
{
    double low = s->low * factor, high = s->high * factor;
    double step = pow(10, floor(log10((high - low) / want)));

    if (s->log) {
        double decade = pow(10, floor(log10(low)));

        for (; decade <= high; decade *= 10)
            for (int i = 0; i < 3; i++) {
                double v = decade * (i == 0 ? 1 : i == 1 ? 2 : 5);

                if (v < low || v > high || t->nr == TICKS_MAX)
                    continue;
                t->at[t->nr] = v / factor;
                t->minor[t->nr++] = i > 0 && log10(high / low) > 2;
            }
        return;
    }
    step *= (high - low) / step > 5 * want ? 10 : (high - low) / step > 2 * want ? 5 : 2;
    for (double k = ceil(low / step); k * step <= high * 1.000001 && t->nr < TICKS_MAX; k++) {
        t->at[t->nr] = k * step / factor;
        t->minor[t->nr++] = false;
    }
}

void chart_value_ticks(enum value_unit unit, const struct chart_scale *s, unsigned want,
                       struct chart_ticks *t)
{
    double unit_bytes = 1;

    t->nr = 0;
    if (unit == VALUE_NS && s->log) {
        chart_log_ticks(s->low, s->high, t);
    } else if (unit == VALUE_NS) {
        struct chart_clock clock = chart_clock(s->high - s->low, want);

        for (double k = ceil(s->low / clock.step_ns);
             k * clock.step_ns <= s->high && t->nr < TICKS_MAX; k++) {
            t->at[t->nr] = k * clock.step_ns;
            t->minor[t->nr++] = false;
        }
    } else if (unit == VALUE_BYTES && s->log) {
        chart_size_ticks(s->low, s->high, want, t);
    } else if (unit == VALUE_BYTES) {
        while (s->high / unit_bytes >= 2048)
            unit_bytes *= 1024;
        decimal_ticks(s, 1 / unit_bytes, want, t);
    } else {
        decimal_ticks(s, unit == VALUE_RATIO ? 100 : 1, want, t);
    }
}

/* All ticks of an axis in one unit: "60 s", "70 s" and not "1 min", "70 s". */
static const char *tick_label(char buf[CHART_VALUE], enum value_unit unit,
                              const struct chart_scale *s, unsigned want, double v)
{
    static const char *const names[][2] = {{"milliseconds", "ms"},
                                           {"seconds", "s"},
                                           {"minutes", "min"},
                                           {"hours", "h"},
                                           {"days", "d"}};
    struct chart_clock clock;

    if (unit != VALUE_NS || s->log)
        return chart_value(buf, unit, v);
    clock = chart_clock(s->high - s->low, want);
    chart_clock_label(&clock, v, buf, CHART_VALUE - 5);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(clock.unit, names[i][0]) == 0)
            snprintf(buf + strlen(buf), 5, " %s", names[i][1]);
    return buf;
}

static const struct chart_font tick_font = {12, COLOR_MUTED, CHART_MIDDLE, CHART_PLAIN};

void chart_value_axis_x(struct chart *c, const struct chart_scale *s,
                        const struct chart_frame *frame, enum value_unit unit, const char *name)
{
    struct strbuf words = STRBUF_INIT;
    struct chart_ticks t;
    double last = -1e9;

    chart_value_ticks(unit, s, X_TICKS, &t);
    for (size_t i = 0; i < t.nr; i++) {
        double x = chart_at(s, t.at[i]);
        char label[CHART_VALUE];

        chart_line(c, (struct chart_point){x, frame->top}, (struct chart_point){x, frame->bottom},
                   1, COLOR_GRID, CHART_SOLID);
        if (t.minor[i] || x - last < 56)
            continue;
        last = x;
        chart_text(c, (struct chart_point){x, frame->bottom + 18}, tick_font,
                   tick_label(label, unit, s, X_TICKS, t.at[i]));
    }
    chart_line(c, (struct chart_point){frame->left, frame->bottom},
               (struct chart_point){frame->right, frame->bottom}, 1, COLOR_AXIS, CHART_SOLID);
    strbuf_addf(&words, "%s%s", name, s->log ? " (log scale)" : "");
    chart_text(c, (struct chart_point){(frame->left + frame->right) / 2, frame->bottom + 40},
               tick_font, strbuf_text(&words));
    strbuf_release(&words);
}

void chart_value_axis_y(struct chart *c, const struct chart_scale *s,
                        const struct chart_frame *frame, enum value_unit unit, const char *name)
{
    const struct chart_font right = {12, COLOR_MUTED, CHART_END, CHART_PLAIN};
    struct strbuf words = STRBUF_INIT;
    struct chart_ticks t;

    chart_value_ticks(unit, s, Y_TICKS, &t);
    for (size_t i = 0; i < t.nr; i++) {
        double y = chart_at(s, t.at[i]);
        char label[CHART_VALUE];

        chart_line(c, (struct chart_point){frame->left, y}, (struct chart_point){frame->right, y},
                   1, COLOR_GRID, CHART_SOLID);
        if (!t.minor[i])
            chart_text(c, (struct chart_point){frame->left - 8, y + 4}, right,
                       tick_label(label, unit, s, Y_TICKS, t.at[i]));
    }
    chart_line(c, (struct chart_point){frame->left, frame->top},
               (struct chart_point){frame->left, frame->bottom}, 1, COLOR_AXIS, CHART_SOLID);
    strbuf_addf(&words, "%s%s", name, s->log ? " (log scale)" : "");
    chart_text(c, (struct chart_point){20, (frame->top + frame->bottom) / 2},
               (struct chart_font){12, COLOR_MUTED, CHART_MIDDLE, CHART_UPWARD},
               strbuf_text(&words));
    strbuf_release(&words);
}

const char *chart_cut(struct strbuf *out, const char *text, double width, double size)
{
    size_t columns = (size_t)(width / (size * 0.54)), all = cell_width(text);

    strbuf_clear(out);
    cell_add(out, text, all < columns ? all : columns, CELL_LEFT);
    return strbuf_text(out);
}
