/*
 * chart_axes.c - where ticks stand, and what all charts draw alike.
 *
 * Invariant: a scale is never empty, whatever the data; equal values get room on both sides.
 */
#include "reports/charts/chart_axes.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "base/units.h"
#include "reports/cell.h"

#include "base/banned.h"

double chart_at(const struct chart_scale *s, double value)
{
    double part;

    assert(s->high > s->low);
    if (s->log) {
        value = value < s->low ? s->low : value;
        part = log(value / s->low) / log(s->high / s->low);
    } else {
        part = (value - s->low) / (s->high - s->low);
    }
    return s->from + part * (s->to - s->from);
}

struct chart_clock chart_clock(double range_ns, unsigned want)
{
    static const double minutes[] = {1, 2, 5, 10, 15, 30}, hours[] = {1, 2, 3, 6, 12};
    const double second = NS_PER_S, minute = 60 * second, hour = 60 * minute, day = 24 * hour;
    double least = range_ns / want;

    if (least > 30 * second) {
        for (size_t i = 0; i < sizeof(minutes) / sizeof(minutes[0]); i++)
            if (minutes[i] * minute >= least)
                return (struct chart_clock){minutes[i] * minute, minute, "minutes"};
        for (size_t i = 0; i < sizeof(hours) / sizeof(hours[0]); i++)
            if (hours[i] * hour >= least)
                return (struct chart_clock){hours[i] * hour, hour, "hours"};
        for (double days = 1;; days *= 2)
            if (days * day >= least)
                return (struct chart_clock){days * day, day, "days"};
    }
    for (double power = NS_PER_US; power < 100 * second; power *= 10)
        for (int i = 0; i < 3; i++) {
            double step = power * (i == 0 ? 1 : i == 1 ? 2 : 5);

            step = step == 20 * second ? 15 * second : step == 50 * second ? 30 * second : step;
            if (step < least)
                continue;
            if (step < 0.1 * second)
                return (struct chart_clock){step, NS_PER_MS, "milliseconds"};
            return (struct chart_clock){step, second, "seconds"};
        }
    return (struct chart_clock){30 * second, second, "seconds"};
}

void chart_clock_ticks(const struct chart_clock *clock, double range_ns, struct chart_ticks *t)
{
    t->nr = 0;
    for (size_t i = 0; i < TICKS_MAX && (double)i * clock->step_ns <= range_ns * 1.0001; i++) {
        t->at[t->nr] = (double)i * clock->step_ns;
        t->minor[t->nr++] = false;
    }
}

void chart_clock_label(const struct chart_clock *clock, double ns, char *buf, size_t cap)
{
    long long milli = llround(ns / clock->unit_ns * 1000.0);
    int len = snprintf(buf, cap, "%lld.%03lld", milli / 1000, milli % 1000);

    while (len > 1 && buf[len - 1] == '0')
        buf[--len] = '\0';
    if (len > 1 && buf[len - 1] == '.')
        buf[len - 1] = '\0';
}

/* Lengths that a log axis may name: @index 0 is 1 us.  0 at the end of the list. */
static double round_length(size_t index)
{
    static const double small[] = {1, 2, 5}, minutes[] = {1, 2, 5, 10, 20}, hours[] = {1, 2, 5, 10};
    double power = NS_PER_US;

    for (; power < 100.0 * NS_PER_S; power *= 10, index -= 3)
        if (index < 3)
            return small[index] * power;
    if (index < 5)
        return minutes[index] * 60 * NS_PER_S;
    index -= 5;
    if (index < 4)
        return hours[index] * 3600 * NS_PER_S;
    index -= 4;
    for (double days = 1; days < 1e5; days *= 10, index -= 3)
        if (index < 3)
            return small[index] * days * 86400 * NS_PER_S;
    return 0;
}

void chart_log_range(double *low, double *high)
{
    double from = 0, to = *high * 2, v;

    assert(*low > 0 && *high >= *low);
    if (*high < *low * 4) {
        *low /= 1.6;
        *high *= 1.6;
    }
    for (size_t i = 0; (v = round_length(i)) > 0; i++) {
        if (v <= *low * 0.999)
            from = v;
        if (v >= *high * 1.001) {
            to = v;
            break;
        }
    }
    *low = from > 0 ? from : *low / 2;
    *high = to;
}

void chart_log_ticks(double low, double high, struct chart_ticks *t)
{
    double decades = log10(high / low), v;

    t->nr = 0;
    for (size_t i = 0; (v = round_length(i)) > 0 && v <= high * 1.001; i++) {
        double lead = v / pow(10, floor(log10(v)));

        if (v < low * 0.999 || t->nr == TICKS_MAX)
            continue;
        t->at[t->nr] = v;
        t->minor[t->nr++] = decades > 2.4 && lead > 1.5 && v < 60.0 * NS_PER_S;
    }
}

char *chart_length(char buf[UNITS_TEXT], double ns)
{
    long long s = llround(ns / (double)NS_PER_S);

    if (s >= 86400 && s % 86400 == 0)
        snprintf(buf, UNITS_TEXT, "%lld d", s / 86400);
    else if (s >= 3600 && s % 3600 == 0)
        snprintf(buf, UNITS_TEXT, "%lld h", s / 3600);
    else if (s >= 60 && s % 60 == 0)
        snprintf(buf, UNITS_TEXT, "%lld min", s / 60);
    else
        units_time(buf, llround(ns));
    return buf;
}

void chart_size_ticks(double low, double high, unsigned want, struct chart_ticks *t)
{
    double step = 2;

    while (log(high / low) / log(step) > want)
        step *= 2;
    t->nr = 0;
    for (double v = 1; v <= high * 1.001 && t->nr < TICKS_MAX; v *= step) {
        if (v < low * 0.999)
            continue;
        t->at[t->nr] = v;
        t->minor[t->nr++] = false;
    }
}

static void heading_line(struct chart *c, double width, double y, struct chart_font font,
                         const char *text)
{
    size_t columns = (size_t)((width - 48) / (font.size * (font.flags & CHART_BOLD ? 0.52 : 0.5)));
    struct strbuf cut = STRBUF_INIT;
    size_t all = cell_width(text);

    cell_add(&cut, text, all < columns ? all : columns, CELL_LEFT);
    chart_text(c, (struct chart_point){24, y}, font, strbuf_text(&cut));
    strbuf_release(&cut);
}

void chart_heading(struct chart *c, double width, const char *title, const char *subtitle)
{
    double size = width < 700 ? 16 : 18;

    heading_line(c, width, 30, (struct chart_font){size, COLOR_INK, CHART_START, CHART_BOLD},
                 title);
    heading_line(c, width, 50, (struct chart_font){12, COLOR_MUTED, CHART_START, CHART_PLAIN},
                 subtitle);
}

static const struct chart_font tick_font = {12, COLOR_MUTED, CHART_MIDDLE, CHART_PLAIN};

static void axis_line(struct chart *c, const struct chart_scale *x, double y, const char *name)
{
    chart_line(c, (struct chart_point){x->from, y}, (struct chart_point){x->to, y}, 1, COLOR_AXIS,
               CHART_SOLID);
    chart_text(c, (struct chart_point){(x->from + x->to) / 2, y + 38}, tick_font, name);
}

void chart_time_axis(struct chart *c, const struct chart_scale *x, double top, double y,
                     const char *name)
{
    struct chart_clock clock = chart_clock(x->high, x->to - x->from > 600 ? 9 : 6);
    struct strbuf words = STRBUF_INIT;
    struct chart_ticks t;

    chart_clock_ticks(&clock, x->high, &t);
    for (size_t i = 0; i < t.nr; i++) {
        double px = chart_at(x, t.at[i]);
        char label[32];

        chart_line(c, (struct chart_point){px, top}, (struct chart_point){px, y}, 1, COLOR_GRID,
                   CHART_SOLID);
        chart_clock_label(&clock, t.at[i], label, sizeof(label));
        chart_text(c, (struct chart_point){px, y + 18}, tick_font, label);
    }
    strbuf_addf(&words, "%s (%s)", name, clock.unit);
    axis_line(c, x, y, strbuf_text(&words));
    strbuf_release(&words);
}

void chart_log_time_axis(struct chart *c, const struct chart_scale *x, double top, double y,
                         const char *name)
{
    struct chart_ticks t;
    double last = -1e9;

    chart_log_ticks(x->low, x->high, &t);
    for (size_t i = 0; i < t.nr; i++) {
        double px = chart_at(x, t.at[i]);
        char label[UNITS_TEXT];

        chart_line(c, (struct chart_point){px, top}, (struct chart_point){px, y}, 1, COLOR_GRID,
                   CHART_SOLID);
        if (t.minor[i] || px - last < 48)
            continue;
        chart_text(c, (struct chart_point){px, y + 18}, tick_font, chart_length(label, t.at[i]));
        last = px;
    }
    axis_line(c, x, y, name);
}

void chart_legend(struct chart *c, double x, double y, const struct chart_key *keys)
{
    const struct chart_font font = {12, COLOR_MUTED, CHART_START, CHART_PLAIN};

    for (; keys->text; keys++) {
        chart_rect(c, x, y - 8, 14, 8, keys->color);
        chart_text(c, (struct chart_point){x + 19, y}, font, keys->text);
        x += 19 + 6.2 * (double)cell_width(keys->text) + 20;
    }
}
