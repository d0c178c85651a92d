/*
 * chart_pareto.c - two measures of many settings, and those that nothing betters in both.
 *
 * The front is numbered and joined by a stair; what it dominates is shaded.  Its settings stand as
 * a list below the plot, where long names do not collide.  Invariant: a choice with a value that is
 * not finite is left out, and the subtitle's owner says so.
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
    LEFT = 104,
    RIGHT = WIDTH - 36,
    TOP = 96,
    PLOT = 400,
    BOTTOM = TOP + PLOT,
    LISTED = 12, /* of the front */
    LIST_ROW = 22,
    DRAWN = 4000
};

struct pareto {
    struct chart *c;
    const struct chart_pareto *what;
    struct chart_scale x, y;
    const struct chart_choice **front; /* by x */
    size_t nr_front, nr_usable, nr_allowed;
    const struct chart_choice *present;
};

static bool usable(const struct chart_choice *p)
{
    return isfinite(p->x) && isfinite(p->y);
}

static int by_x(const void *left, const void *right)
{
    const struct chart_choice *a = *(const struct chart_choice *const *)left;
    const struct chart_choice *b = *(const struct chart_choice *const *)right;

    if (a->x < b->x || a->x > b->x)
        return a->x < b->x ? -1 : 1;
    if (a->y < b->y || a->y > b->y)
        return a->y < b->y ? -1 : 1;
    return a < b ? -1 : a > b;
}

static void collect(struct pareto *p)
{
    struct chart_range x = CHART_RANGE_EMPTY, y = CHART_RANGE_EMPTY;

    for (size_t i = 0; i < p->what->nr; i++) {
        const struct chart_choice *one = &p->what->choices[i];

        if (!usable(one))
            continue;
        p->nr_usable++;
        p->nr_allowed += one->allowed;
        chart_range_offer(&x, one->x);
        chart_range_offer(&y, one->y);
        if (one->front)
            p->front[p->nr_front++] = one;
        if (one->present)
            p->present = one;
    }
    qsort(p->front, p->nr_front, sizeof(*p->front), by_x);
    p->x = chart_value_scale(p->what->x_unit, x, LEFT, RIGHT);
    p->y = chart_value_scale(p->what->y_unit, y, BOTTOM, TOP);
}

static struct chart_point place(const struct pareto *p, const struct chart_choice *one)
{
    return (struct chart_point){chart_at(&p->x, one->x), chart_at(&p->y, one->y)};
}

/* The stair through the front; @points has room for 2 * nr_front + 4.  Between two of the front
 * nothing was found, so the stair keeps to what is certain: the worse of both. */
static size_t stair(const struct pareto *p, struct chart_point *points)
{
    bool rightward = !p->what->x_more_is_better; /* where x gets worse */
    size_t nr = 0;

    for (size_t k = 0; k < p->nr_front; k++) {
        size_t i = rightward ? k : p->nr_front - 1 - k;
        struct chart_point at = place(p, p->front[i]);

        if (nr > 0) {
            points[nr] = (struct chart_point){at.x, points[nr - 1].y};
            nr++;
        }
        points[nr++] = at;
    }
    return nr;
}

static void add_front(const struct pareto *p)
{
    struct chart_point *points = malloc((2 * p->nr_front + 4) * sizeof(*points));
    double worst_x = p->what->x_more_is_better ? LEFT : RIGHT;
    double worst_y = p->what->y_more_is_better ? BOTTOM : TOP;
    size_t nr;

    if (!points || p->nr_front == 0) {
        free(points);
        return;
    }
    /* from the first, towards worse y; along the stair; from the last, towards worse x */
    nr = stair(p, points + 1);
    points[0] = (struct chart_point){points[1].x, worst_y};
    points[nr + 1] = (struct chart_point){worst_x, points[nr].y};
    points[nr + 2] = (struct chart_point){worst_x, worst_y};
    chart_area(p->c, points, nr + 3, COLOR_BAND);
    free(points);
}

static void add_stair(const struct pareto *p)
{
    struct chart_point *points = malloc((2 * p->nr_front + 1) * sizeof(*points));

    if (points && p->nr_front > 1)
        chart_path(p->c, points, stair(p, points), 2, COLOR_PRECOPY);
    free(points);
}

static void tip_of(const struct pareto *p, const struct chart_choice *one, struct strbuf *tip)
{
    char x[CHART_VALUE], y[CHART_VALUE];

    strbuf_clear(tip);
    strbuf_addf(tip, "%s: %s %s, %s %s%s", one->name, p->what->x_name,
                chart_value(x, p->what->x_unit, one->x), p->what->y_name,
                chart_value(y, p->what->y_unit, one->y), one->allowed ? "" : "; misses a goal");
}

static void add_others(const struct pareto *p)
{
    size_t each = p->what->nr / DRAWN + 1;
    struct strbuf tip = STRBUF_INIT;

    for (size_t i = 0; i < p->what->nr; i++) {
        const struct chart_choice *one = &p->what->choices[i];
        struct chart_point at;

        if (!usable(one) || one->front || one->present || i % each != 0)
            continue;
        at = place(p, one);
        tip_of(p, one, &tip);
        chart_tip(p->c, strbuf_text(&tip));
        if (one->allowed) {
            chart_dot(p->c, at, 4, COLOR_PRECOPY_ALT);
        } else {
            chart_line(p->c, (struct chart_point){at.x - 3, at.y - 3},
                       (struct chart_point){at.x + 3, at.y + 3}, 1.5, COLOR_AXIS, CHART_SOLID);
            chart_line(p->c, (struct chart_point){at.x - 3, at.y + 3},
                       (struct chart_point){at.x + 3, at.y - 3}, 1.5, COLOR_AXIS, CHART_SOLID);
        }
    }
    strbuf_release(&tip);
}

static void add_numbers(const struct pareto *p)
{
    struct chart_point last = {-1e9, -1e9};
    struct strbuf tip = STRBUF_INIT;

    for (size_t i = 0; i < p->nr_front; i++) {
        struct chart_point at = place(p, p->front[i]);
        enum chart_color color = p->front[i]->allowed ? COLOR_GOOD : COLOR_MUTED;
        char number[32];

        tip_of(p, p->front[i], &tip);
        chart_tip(p->c, strbuf_text(&tip));
        chart_dot(p->c, at, 9, color);
        snprintf(number, sizeof(number), "%zu", i + 1);
        if (i < LISTED && hypot(at.x - last.x, at.y - last.y) > 12) {
            chart_text(p->c, (struct chart_point){at.x, at.y + 4},
                       (struct chart_font){11, COLOR_BACK, CHART_MIDDLE, CHART_BOLD}, number);
            last = at;
        }
    }
    strbuf_release(&tip);
}

static void add_present(const struct pareto *p)
{
    struct strbuf tip = STRBUF_INIT;
    struct chart_point at;
    bool left;

    if (!p->present)
        return;
    at = place(p, p->present);
    left = at.x > RIGHT - 60;
    tip_of(p, p->present, &tip);
    chart_tip(p->c, strbuf_text(&tip));
    if (!p->present->front)
        chart_ring(p->c, at, 7, COLOR_WARN);
    chart_text(p->c, (struct chart_point){at.x + (left ? -13 : 13), at.y - 7},
               (struct chart_font){12, COLOR_WARN, left ? CHART_END : CHART_START, CHART_BOLD},
               "now");
    strbuf_release(&tip);
}

/* In the corner where both are best. */
static void add_direction(const struct pareto *p)
{
    bool right = p->what->x_more_is_better, up = p->what->y_more_is_better;
    double x = right ? RIGHT - 14 : LEFT + 14, y = up ? TOP + 14 : BOTTOM - 14;
    double dx = right ? 1 : -1, dy = up ? -1 : 1;
    struct chart_point tip = {x + 6 * dx, y + 6 * dy}, tail = {x - 14 * dx, y - 14 * dy};
    const struct chart_point head[] = {{tip.x - 8 * dx, tip.y}, tip, {tip.x, tip.y - 8 * dy}};

    chart_line(p->c, tail, tip, 1.5, COLOR_MUTED, CHART_SOLID);
    chart_path(p->c, head, 3, 1.5, COLOR_MUTED);
    chart_text(p->c, (struct chart_point){tail.x - 4 * dx, tail.y + (up ? 12 : -2)},
               (struct chart_font){11, COLOR_MUTED, right ? CHART_END : CHART_START, CHART_PLAIN},
               "better");
}

static void add_list(const struct pareto *p)
{
    const struct chart_font plain = {12, COLOR_INK, CHART_START, CHART_PLAIN};
    const struct chart_font values = {12, COLOR_MUTED, CHART_END, CHART_PLAIN};
    struct strbuf cut = STRBUF_INIT;
    double y = BOTTOM + 94;

    if (p->nr_front == 0)
        return;
    chart_text(p->c, (struct chart_point){RIGHT - 130, y - LIST_ROW - 2},
               (struct chart_font){11, COLOR_MUTED, CHART_END, CHART_BOLD}, p->what->x_name);
    chart_text(p->c, (struct chart_point){RIGHT, y - LIST_ROW - 2},
               (struct chart_font){11, COLOR_MUTED, CHART_END, CHART_BOLD},
               chart_cut(&cut, p->what->y_name, 124, 11));

    for (size_t i = 0; i < p->nr_front && i < LISTED; i++, y += LIST_ROW) {
        const struct chart_choice *one = p->front[i];
        char number[32], value[CHART_VALUE];

        snprintf(number, sizeof(number), "%zu", i + 1);
        chart_dot(p->c, (struct chart_point){36, y - 4}, 8,
                  one->allowed ? COLOR_GOOD : COLOR_MUTED);
        chart_text(p->c, (struct chart_point){36, y},
                   (struct chart_font){11, COLOR_BACK, CHART_MIDDLE, CHART_BOLD}, number);
        chart_text(p->c, (struct chart_point){54, y}, plain,
                   chart_cut(&cut, one->name, RIGHT - 54 - 230, 12));
        chart_text(p->c, (struct chart_point){RIGHT - 130, y}, values,
                   chart_value(value, p->what->x_unit, one->x));
        chart_text(p->c, (struct chart_point){RIGHT, y}, values,
                   chart_value(value, p->what->y_unit, one->y));
    }
    if (p->nr_front > LISTED) {
        strbuf_clear(&cut);
        strbuf_addf(&cut, "and %zu more", p->nr_front - LISTED);
        chart_text(p->c, (struct chart_point){54, y},
                   (struct chart_font){12, COLOR_MUTED, CHART_START, CHART_PLAIN},
                   strbuf_text(&cut));
    }
    strbuf_release(&cut);
}

static void say_finding(const struct pareto *p, struct strbuf *title)
{
    const struct chart_pareto *what = p->what;
    char x[CHART_VALUE], y[CHART_VALUE];

    if (p->nr_front == 0) {
        strbuf_addf(title, "None of %zu settings has both %s and %s", what->nr, what->x_name,
                    what->y_name);
        return;
    }
    if (p->nr_front == 1) {
        strbuf_addf(title, "One of %zu settings is best in both: %s %s, %s %s", p->nr_usable,
                    what->x_name, chart_value(x, what->x_unit, p->front[0]->x), what->y_name,
                    chart_value(y, what->y_unit, p->front[0]->y));
        return;
    }
    strbuf_addf(title, "%zu of %zu settings cannot be bettered in both %s and %s", p->nr_front,
                p->nr_usable, what->x_name, what->y_name);
}

enum status chart_pareto(struct strbuf *out, const struct chart_look *look,
                         const struct chart_pareto *what)
{
    const struct chart_frame frame = {LEFT, RIGHT, TOP, BOTTOM};
    struct pareto p = {.what = what};
    struct chart_key keys[5] = {{COLOR_GOOD, "cannot be bettered"}};
    struct strbuf title = STRBUF_INIT;
    struct chart_spec spec = {look, WIDTH, 0, NULL, what->subtitle};
    size_t listed, nr = 1;

    p.front = malloc((what->nr + 1) * sizeof(const struct chart_choice *));
    if (!p.front)
        return ST_ENOMEM;
    collect(&p);
    listed = p.nr_front < LISTED ? p.nr_front : LISTED + 1;
    spec.height = BOTTOM + (listed ? 82 : 58) + (double)listed * LIST_ROW;
    say_finding(&p, &title);
    spec.title = strbuf_text(&title);
    p.c = chart_new(&spec);
    chart_heading(p.c, WIDTH, spec.title, what->subtitle);
    keys[nr++] = (struct chart_key){COLOR_PRECOPY_ALT, "bettered by another"};
    if (p.nr_allowed < p.nr_usable)
        keys[nr++] = (struct chart_key){COLOR_AXIS, "misses a goal"};
    if (p.present)
        keys[nr++] = (struct chart_key){COLOR_WARN, "the settings as they are"};
    keys[nr] = (struct chart_key){COLOR_INK, NULL};
    chart_legend(p.c, 24, 76, keys);
    add_front(&p);
    chart_value_axis_x(p.c, &p.x, &frame, what->x_unit, what->x_name);
    chart_value_axis_y(p.c, &p.y, &frame, what->y_unit, what->y_name);
    add_direction(&p);
    add_stair(&p);
    add_others(&p);
    add_numbers(&p);
    add_present(&p);
    add_list(&p);
    strbuf_release(&title);
    free(p.front);
    return chart_finish(p.c, out);
}
