/*
 * chart_queue.c - how many migrations wait, and how many run, as steps over time.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "reports/charts/chart_axes.h"
#include "reports/queue_course.h"

#include "base/banned.h"

enum {
    WIDTH = 960,
    HEIGHT = 320,
    LEFT = 72,
    RIGHT = WIDTH - 36,
    TOP = 92,
    BOTTOM = HEIGHT - 60
};

struct queue_chart {
    struct chart *c;
    const struct queue_course *course;
    struct chart_scale x, y;
};

/* The corners of the stairs of one number; @points has room for 2 * nr + 2. */
static size_t stairs(const struct queue_chart *q, struct chart_point *points, bool waiting)
{
    size_t nr = 0;

    for (size_t i = 0; i < q->course->nr; i++) {
        const struct queue_step *step = &q->course->steps[i];
        double x = chart_at(&q->x, (double)step->at_ns);
        double y = chart_at(&q->y, waiting ? step->waiting : step->running);

        if (nr > 0) {
            points[nr] = (struct chart_point){x, points[nr - 1].y};
            nr++;
        }
        points[nr++] = (struct chart_point){x, y};
    }
    return nr;
}

static void add_curves(const struct queue_chart *q)
{
    struct chart_point *points = malloc((2 * q->course->nr + 4) * sizeof(*points));
    size_t nr;

    if (!points)
        return;
    nr = stairs(q, points + 1, true);
    points[0] = (struct chart_point){points[1].x, BOTTOM};
    points[nr + 1] = (struct chart_point){points[nr].x, BOTTOM};
    chart_area(q->c, points, nr + 2, COLOR_QUEUE);
    nr = stairs(q, points, false);
    chart_path(q->c, points, nr, 2, COLOR_PRECOPY);
    free(points);
}

static void say_finding(const struct queue_course *course, struct strbuf *title)
{
    char when[UNITS_TEXT];

    if (course->most_waiting == 0)
        strbuf_addf(title, "Nothing waits; up to %u migrations run at a time",
                    course->most_running);
    else
        strbuf_addf(title, "Up to %u migrations wait (first at %s), and up to %u run at a time",
                    course->most_waiting, units_time(when, course->most_at_ns),
                    course->most_running);
}

enum status chart_queue(struct strbuf *out, const struct chart_look *look,
                        const struct chart_queue *what)
{
    static const struct chart_key keys[] = {
        {COLOR_QUEUE, "waiting"}, {COLOR_PRECOPY, "running"}, {COLOR_INK, NULL}};
    const struct chart_frame frame = {LEFT, RIGHT, TOP, BOTTOM};
    const struct queue_course *course = what->course;
    struct queue_chart q = {.course = course};
    struct chart_range range = {0, fmax(fmax(course->most_waiting, course->most_running), 1)};
    struct strbuf title = STRBUF_INIT;
    struct chart_spec spec = {look, WIDTH, HEIGHT, NULL, what->subtitle};

    assert(course->nr > 0);
    q.x = (struct chart_scale){0, fmax((double)course->steps[course->nr - 1].at_ns, 1e3), LEFT,
                               RIGHT, false};
    q.y = chart_value_scale(VALUE_COUNT, range, BOTTOM, TOP);
    say_finding(course, &title);
    spec.title = strbuf_text(&title);
    q.c = chart_new(&spec);
    chart_heading(q.c, WIDTH, spec.title, what->subtitle);
    chart_legend(q.c, 24, 74, keys);
    chart_value_axis_y(q.c, &q.y, &frame, VALUE_COUNT, "migrations");
    chart_time_axis(q.c, &q.x, TOP, BOTTOM, "time since the replication began");
    add_curves(&q);
    strbuf_release(&title);
    return chart_finish(q.c, out);
}
