/*
 * chart_scatter.c - forecasts against what was observed, with the band of 5 %.
 *
 * Both axes have one log scale, so that the diagonal is a perfect forecast.  A forecast of the
 * wrong outcome is a cross, in the finding and in the picture.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "reports/charts/chart_axes.h"

#include "base/banned.h"

enum {
    WIDTH = 760,
    HEIGHT = 720,
    LEFT = 84,
    RIGHT = WIDTH - 32,
    TOP = 92,
    BOTTOM = HEIGHT - 60,
    KINDS_MAX = 5,
    LABELS_MAX = 6,
    PLACES = 6 /* of a name beside its point */
};

#define NAME_CHAR 6.4 /* width of a character at the size of names */

struct box {
    double left, top, right, bottom;
};

static const double band = 0.05;
static const enum chart_color kind_colors[KINDS_MAX] = {COLOR_PRECOPY, COLOR_WARN, COLOR_POSTCOPY,
                                                        COLOR_OTHER, COLOR_GOOD};

static bool usable(const struct chart_pair *p)
{
    return isfinite(p->observed_ns) && isfinite(p->predicted_ns) && p->observed_ns > 0 &&
           p->predicted_ns > 0;
}

static bool within(const struct chart_pair *p)
{
    return p->outcome_right && fabs(p->predicted_ns / p->observed_ns - 1) <= band;
}

/* The kinds in the order in which they first appear; what is past the last colour shares it. */
static size_t list_kinds(const struct chart_scatter *what, struct chart_key keys[KINDS_MAX + 1])
{
    size_t nr = 0;

    for (size_t i = 0; i < what->nr && nr < KINDS_MAX; i++) {
        bool known = false;

        for (size_t k = 0; k < nr; k++)
            known |= strcmp(keys[k].text, what->pairs[i].kind) == 0;
        if (!known) {
            keys[nr] = (struct chart_key){kind_colors[nr], what->pairs[i].kind};
            nr++;
        }
    }
    keys[nr] = (struct chart_key){COLOR_INK, NULL};
    return nr;
}

static enum chart_color color_of(const struct chart_key *keys, const char *kind)
{
    for (; keys->text; keys++)
        if (strcmp(keys->text, kind) == 0)
            return keys->color;
    return kind_colors[KINDS_MAX - 1];
}

static void add_axes(struct chart *c, const struct chart_scale *x, const struct chart_scale *y)
{
    struct chart_ticks t;

    chart_log_time_axis(c, x, TOP, BOTTOM, "observed total time (log scale)");
    chart_log_ticks(y->low, y->high, &t);
    for (size_t i = 0; i < t.nr; i++) {
        double py = chart_at(y, t.at[i]);
        char label[UNITS_TEXT];

        chart_line(c, (struct chart_point){LEFT, py}, (struct chart_point){RIGHT, py}, 1,
                   COLOR_GRID, CHART_SOLID);
        if (!t.minor[i])
            chart_text(c, (struct chart_point){LEFT - 8, py + 4},
                       (struct chart_font){12, COLOR_MUTED, CHART_END, CHART_PLAIN},
                       chart_length(label, t.at[i]));
    }
    chart_text(c, (struct chart_point){22, (TOP + BOTTOM) / 2.0},
               (struct chart_font){12, COLOR_MUTED, CHART_MIDDLE, CHART_UPWARD},
               "forecast total time (log scale)");
}

static void add_band(struct chart *c, const struct chart_scale *x, const struct chart_scale *y)
{
    double low = x->low * (1 + band), high = x->high / (1 + band);
    struct chart_point corners[] = {
        {chart_at(x, x->low), chart_at(y, x->low)}, {chart_at(x, x->low), chart_at(y, low)},
        {chart_at(x, high), chart_at(y, x->high)},  {chart_at(x, x->high), chart_at(y, x->high)},
        {chart_at(x, x->high), chart_at(y, high)},  {chart_at(x, low), chart_at(y, x->low)},
    };

    chart_area(c, corners, sizeof(corners) / sizeof(corners[0]), COLOR_BAND);
    chart_line(c, corners[0], corners[3], 1.25, COLOR_AXIS, CHART_DASHED);
}

static struct chart_point point_of(const struct chart_pair *p, const struct chart_scale *x,
                                   const struct chart_scale *y)
{
    return (struct chart_point){chart_at(x, p->observed_ns), chart_at(y, p->predicted_ns)};
}

static void add_cross(struct chart *c, struct chart_point at, const char *tip)
{
    const double r = 5;

    for (int way = -1; way <= 1; way += 2) {
        chart_tip(c, tip);
        chart_line(c, (struct chart_point){at.x - r, at.y - way * r},
                   (struct chart_point){at.x + r, at.y + way * r}, 2.25, COLOR_BLACKOUT,
                   CHART_SOLID);
    }
}

/* How far off; a wrong outcome is further than any time. */
static double distance(const struct chart_pair *p)
{
    return p->outcome_right ? fabs(log(p->predicted_ns / p->observed_ns)) : INFINITY;
}

/* Only the worst few are named. */
static bool named(const struct chart_scatter *what, size_t i)
{
    size_t worse = 0;

    if (within(&what->pairs[i]))
        return false;
    for (size_t k = 0; k < what->nr; k++) {
        double mine = distance(&what->pairs[i]), other;

        if (k == i || !usable(&what->pairs[k]))
            continue;
        other = distance(&what->pairs[k]);
        worse += other > mine || (other == mine && k < i);
    }
    return worse < LABELS_MAX;
}

static void add_points(struct chart *c, const struct chart_scatter *what,
                       const struct chart_key *keys, const struct chart_scale *x,
                       const struct chart_scale *y)
{
    for (size_t i = 0; i < what->nr; i++) {
        const struct chart_pair *p = &what->pairs[i];
        struct strbuf tip = STRBUF_INIT;
        char observed[UNITS_TEXT], predicted[UNITS_TEXT];

        if (!usable(p))
            continue;
        strbuf_addf(&tip, "%s: observed %s, forecast %s", p->name,
                    units_time(observed, llround(p->observed_ns)),
                    units_time(predicted, llround(p->predicted_ns)));
        if (p->outcome_right) {
            chart_tip(c, strbuf_text(&tip));
            chart_ring(c, point_of(p, x, y), 5.5, color_of(keys, p->kind));
        } else {
            add_cross(c, point_of(p, x, y), strbuf_text(&tip));
        }
        strbuf_release(&tip);
    }
}

/* Where a name may stand, beside its point: the side towards the middle first. */
static struct box box_beside(const struct chart_pair *p, struct chart_point at, int place)
{
    static const double below[PLACES] = {4, 4, -11, 19, -25, 33}; /* of the base line */
    double width = NAME_CHAR * (double)strlen(p->name), y = at.y + below[place];
    bool left = (at.x > (LEFT + RIGHT) / 2.0) == (place == 0);
    double from = place > 1 ? at.x - width / 2.0 : left ? at.x - 10 - width : at.x + 10;

    return (struct box){from, y - 9, from + width, y + 3};
}

static bool box_is_free(const struct box *b, const struct box *taken, size_t nr)
{
    if (b->left < LEFT || b->right > RIGHT || b->top < TOP || b->bottom > BOTTOM)
        return false;
    for (size_t i = 0; i < nr; i++) {
        if (b->left < taken[i].right && b->right > taken[i].left && b->top < taken[i].bottom &&
            b->bottom > taken[i].top)
            return false;
    }
    return true;
}

/* Names of the worst, where there is room; all points say theirs when pointed at. */
static enum status add_names(struct chart *c, const struct chart_scatter *what,
                             const struct chart_scale *x, const struct chart_scale *y)
{
    struct box *taken = malloc((what->nr + LABELS_MAX) * sizeof(*taken));
    size_t nr = 0;

    if (!taken)
        return ST_ENOMEM;
    for (size_t i = 0; i < what->nr; i++) {
        struct chart_point at;

        if (!usable(&what->pairs[i]))
            continue;
        at = point_of(&what->pairs[i], x, y);
        taken[nr++] = (struct box){at.x - 6, at.y - 6, at.x + 6, at.y + 6};
    }
    for (size_t i = 0; i < what->nr; i++) {
        const struct chart_pair *p = &what->pairs[i];

        if (!usable(p) || !named(what, i))
            continue;
        for (int place = 0; place < PLACES; place++) {
            struct box b = box_beside(p, point_of(p, x, y), place);

            if (!box_is_free(&b, taken, nr))
                continue;
            taken[nr++] = b;
            chart_text(c, (struct chart_point){(b.left + b.right) / 2.0, b.bottom - 3},
                       (struct chart_font){11, COLOR_INK, CHART_MIDDLE, CHART_PLAIN}, p->name);
            break;
        }
    }
    free(taken);
    return ST_OK;
}

static void say_finding(struct strbuf *title, const struct chart_scatter *what)
{
    size_t inside = 0, wrong = 0, nr = 0;

    for (size_t i = 0; i < what->nr; i++) {
        nr += usable(&what->pairs[i]);
        inside += usable(&what->pairs[i]) && within(&what->pairs[i]);
        wrong += usable(&what->pairs[i]) && !what->pairs[i].outcome_right;
    }
    if (nr == 0)
        strbuf_addstr(title, "no capture to compare with");
    else
        strbuf_addf(title, "%zu of %zu forecasts lie within 5 %%", inside, nr);
    if (wrong > 0)
        strbuf_addf(title, "; %zu of the wrong outcome", wrong);
}

enum status chart_scatter(struct strbuf *out, const struct chart_look *look,
                          const struct chart_scatter *what)
{
    struct strbuf title = STRBUF_INIT;
    struct chart_scale x = {INFINITY, 0, LEFT, RIGHT, true}, y;
    struct chart_key keys[KINDS_MAX + 1];
    struct chart_spec spec = {look, WIDTH, HEIGHT, NULL, what->subtitle};
    enum status st, drawn;
    struct chart *c;

    for (size_t i = 0; i < what->nr; i++) {
        const struct chart_pair *p = &what->pairs[i];

        if (!usable(p))
            continue;
        x.low = fmin(x.low, fmin(p->observed_ns, p->predicted_ns));
        x.high = fmax(x.high, fmax(p->observed_ns, p->predicted_ns));
    }
    if (!isfinite(x.low))
        x.low = x.high = (double)NS_PER_S;
    chart_log_range(&x.low, &x.high);
    y = (struct chart_scale){x.low, x.high, BOTTOM, TOP, true};
    say_finding(&title, what);
    spec.title = strbuf_text(&title);
    c = chart_new(&spec);
    chart_heading(c, WIDTH, spec.title, what->subtitle);
    list_kinds(what, keys);
    chart_legend(c, 24, 72, keys);
    add_axes(c, &x, &y);
    add_band(c, &x, &y);
    add_points(c, what, keys, &x, &y);
    st = add_names(c, what, &x, &y);
    strbuf_release(&title);
    drawn = chart_finish(c, out);
    return st == ST_OK ? drawn : st;
}
