/*
 * chart_gantt.c - the migrations of one replication on a common axis of time.
 *
 * Up to GANTT_ROWS migrations get a row each; of more, the slowest get one.  A strip above the rows
 * shows how many wait and run at each moment, where that is hard to see from them.  Times count
 * from the first request.  Invariants: a blackout is at least 2 pixels wide, or it would vanish at
 * minutes a pixel; no migration waits in two rows at a time.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "reports/cell.h"
#include "reports/charts/chart_axes.h"
#include "reports/words.h"

#include "base/banned.h"

enum {
    WIDTH = 960,
    LEFT = 168,
    RIGHT = WIDTH - 128,
    TOP = 96,
    ROW = 24,
    BAR = 14,
    STRIP = 96, /* height of the strip of many migrations */
    STRIP_GAP = 44,
    STRIP_LEAST = 8, /* migrations that make it worth its room, if any of them waits */
    NAME_COLUMNS = 20,
    ROUND_LEAST_PX = 3,
    BLACKOUT_LEAST_PX = 2
};

struct gantt {
    const struct chart_gantt *what;
    struct chart *c;
    struct chart_scale x;
    int64_t zero_ns; /* the first request */
    int64_t last_ns; /* the last that is known of any */
    bool has_strip;
    size_t nr_rows;
    size_t rows[GANTT_ROWS];
    double rows_top;
};

static const struct mig_result *mig_at(const struct chart_gantt *what, size_t i,
                                       struct mig_result *room)
{
    return result_mig(what->run, what->first + i, room);
}

/* When it was over; a migration that never started ends with its request. */
static int64_t end_of(const struct mig_result *mig)
{
    int64_t ns = mig->ended_ns;

    if (ns < 0 && mig->started_ns >= 0 && mig->total_ns > 0)
        ns = mig->started_ns + mig->total_ns;
    ns = ns < mig->started_ns ? mig->started_ns : ns;
    return ns < mig->queued_ns ? mig->queued_ns : ns;
}

/* A row while it is chosen: what it is sorted by stands beside it, so that qsort needs no context.
 */
struct pick {
    int64_t span_ns, start_ns;
    size_t index;
};

static int longest_first(const void *left, const void *right)
{
    const struct pick *a = left, *b = right;

    if (a->span_ns != b->span_ns)
        return a->span_ns > b->span_ns ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

static int earliest_first(const void *left, const void *right)
{
    const struct pick *a = left, *b = right;

    if (a->start_ns != b->start_ns)
        return a->start_ns < b->start_ns ? -1 : 1;
    return a->index < b->index ? -1 : a->index > b->index;
}

size_t gantt_rows(const struct chart_gantt *what, size_t rows[GANTT_ROWS])
{
    struct mig_result room;
    struct pick *picks = calloc(what->nr + 1, sizeof(*picks));
    size_t nr = what->nr;

    if (!picks)
        return 0;
    for (size_t i = 0; i < nr; i++) {
        const struct mig_result *mig = mig_at(what, i, &room);
        bool starts = mig->started_ns >= 0;
        int64_t start = starts ? mig->started_ns : mig->queued_ns;

        picks[i] = (struct pick){end_of(mig) - start, starts ? start : INT64_MAX, what->first + i};
    }
    if (nr > GANTT_ROWS) {
        qsort(picks, nr, sizeof(*picks), longest_first);
        nr = GANTT_SLOWEST;
    }
    qsort(picks, nr, sizeof(*picks), earliest_first);
    for (size_t i = 0; i < nr; i++)
        rows[i] = picks[i].index;
    free(picks);
    return nr;
}

/* Since when it waits: a further attempt since the end of the one before, which is the row before.
 */
static int64_t waits_from(const struct gantt *g, size_t i, const struct mig_result *mig)
{
    struct mig_result room;
    const struct mig_result *before =
        mig->attempt < 2 || i == 0 ? NULL : mig_at(g->what, i - 1, &room);

    if (!before || before->job != mig->job || before->ended_ns < mig->queued_ns)
        return mig->queued_ns;
    return before->ended_ns;
}

/* Until when: one that neither started nor ended still waits when all that is known is over. */
static int64_t waits_until(const struct gantt *g, const struct mig_result *mig)
{
    if (mig->started_ns >= 0)
        return mig->started_ns;
    return mig->outcome == OUTCOME_QUEUED && mig->ended_ns < 0 ? g->last_ns : end_of(mig);
}

/* Where its row ends. */
static int64_t row_end(const struct gantt *g, const struct mig_result *mig)
{
    return mig->started_ns >= 0 ? end_of(mig) : waits_until(g, mig);
}

static double px(const struct gantt *g, int64_t ns)
{
    return chart_at(&g->x, (double)(ns - g->zero_ns));
}

static void add_bar(const struct gantt *g, double y, int64_t from, int64_t to,
                    enum chart_color color, double least_px)
{
    double x = px(g, from), w = fmax(px(g, to) - x, least_px);

    if (w > 0)
        chart_rect(g->c, x, y, w, BAR, color);
}

/* Every other round in a lighter shade, where rounds are wide enough to see. */
static void add_rounds(const struct gantt *g, const struct mig_result *mig, double y)
{
    for (size_t i = 1; i < mig->nr_rounds; i += 2) {
        const struct mig_round *r = &g->what->run->rounds[mig->first_round + i];
        int64_t end = r->start_ns + r->duration_ns;

        if (r->start_ns < mig->started_ns || end > end_of(mig) ||
            px(g, end) - px(g, r->start_ns) < ROUND_LEAST_PX)
            continue;
        add_bar(g, y, r->start_ns, end, COLOR_PRECOPY_ALT, 0);
    }
}

static void add_stretches(const struct gantt *g, size_t i, const struct mig_result *mig, double y)
{
    int64_t end = end_of(mig), post = mig->postcopy_ns > 0 ? mig->postcopy_ns : 0;
    int64_t black = mig->blackout_ns > 0 ? mig->blackout_ns : 0;
    int64_t start = mig->started_ns, asked = waits_from(g, i, mig), switched;

    if (start < 0 || start > asked)
        chart_rect(g->c, px(g, asked), y + BAR / 2.0 - 2,
                   fmax(px(g, waits_until(g, mig)) - px(g, asked), 2), 4, COLOR_QUEUE);
    if (mig->started_ns < 0)
        return;
    switched = end - post < start ? start : end - post;
    add_bar(g, y, start, switched, COLOR_PRECOPY, 1);
    add_rounds(g, mig, y);
    if (post > 0)
        add_bar(g, y, switched, end, COLOR_POSTCOPY, 1);
    if (mig->blackout_ns >= 0) {
        double bar = px(g, end) - px(g, start), w = px(g, switched) - px(g, switched - black);

        w = fmax(w, fmin(BLACKOUT_LEAST_PX, fmax(bar / 3, 0.7)));

        chart_rect(g->c, px(g, switched) - w, y - 2, w, BAR + 4, COLOR_BLACKOUT);
    }
}

static void say_row(struct strbuf *tip, const struct mig_result *mig)
{
    char buf[UNITS_TEXT];

    cell_add_text(tip, mig->vm);
    strbuf_addf(tip, ": %s", outcome_name(mig->outcome));
    if (mig->started_ns < 0)
        return;
    strbuf_addf(tip, ", %s, %u rounds", units_time(buf, mig->total_ns), mig->rounds);
    if (mig->downtime_ns >= 0)
        strbuf_addf(tip, ", downtime %s", units_time(buf, mig->downtime_ns));
    if (mig->max_throttle_pct > 0)
        strbuf_addf(tip, ", throttled to %u %%", mig->max_throttle_pct);
}

/* Migration @i of the replication. */
static void add_row(const struct gantt *g, size_t i, double y)
{
    struct mig_result room;
    const struct mig_result *mig = mig_at(g->what, i, &room);
    struct strbuf name = STRBUF_INIT, tip = STRBUF_INIT;
    bool done = mig->outcome == OUTCOME_COMPLETED;
    size_t columns;
    char buf[UNITS_TEXT];

    cell_add_text(&name, mig->vm);
    if (mig->kind && strcmp(mig->kind, "live") != 0)
        strbuf_addf(&name, ", %s", mig->kind);
    if (mig->attempt > 1)
        strbuf_addf(&name, " (%u)", mig->attempt);
    columns = cell_width(strbuf_text(&name));
    cell_add(&tip, strbuf_text(&name), columns < NAME_COLUMNS ? columns : NAME_COLUMNS, CELL_LEFT);
    chart_text(g->c, (struct chart_point){LEFT - 10, y + BAR - 3},
               (struct chart_font){12, COLOR_INK, CHART_END, CHART_PLAIN}, strbuf_text(&tip));
    strbuf_clear(&tip);
    say_row(&tip, mig);
    add_stretches(g, i, mig, y);
    strbuf_clear(&name);
    if (done)
        strbuf_addstr(&name, units_time(buf, mig->total_ns));
    else
        strbuf_addstr(&name, words_outcome(mig));
    chart_tip(g->c, strbuf_text(&tip));
    chart_text(g->c, (struct chart_point){px(g, row_end(g, mig)) + 8, y + BAR - 3},
               (struct chart_font){12, done ? COLOR_MUTED : COLOR_BLACKOUT, CHART_START,
                                   done ? CHART_PLAIN : CHART_BOLD},
               strbuf_text(&name));
    strbuf_release(&name);
    strbuf_release(&tip);
}

/* How many wait and how many run, on average over the time that a column of pixels stands for. */
struct load {
    double waiting[RIGHT - LEFT], running[RIGHT - LEFT];
};

/* Adds the stretch to each column in the part that it covers. */
static void add_stretch(const struct gantt *g, double *columns, int64_t from_ns, int64_t to_ns)
{
    double from = px(g, from_ns) - LEFT, to = fmin(px(g, to_ns) - LEFT, RIGHT - LEFT);

    for (size_t i = (size_t)fmax(from, 0); i < RIGHT - LEFT && (double)i < to; i++)
        columns[i] += fmin(to, (double)i + 1) - fmax(from, (double)i);
}

static double count_load(const struct gantt *g, struct load *load)
{
    struct mig_result room;
    double most = 0;

    for (size_t i = 0; i < g->what->nr; i++) {
        const struct mig_result *mig = mig_at(g->what, i, &room);

        add_stretch(g, load->waiting, waits_from(g, i, mig), waits_until(g, mig));
        if (mig->started_ns >= 0)
            add_stretch(g, load->running, mig->started_ns, end_of(mig));
    }
    for (size_t i = 0; i < RIGHT - LEFT; i++)
        most = fmax(most, load->waiting[i] + load->running[i]);
    return most > 0 ? most : 1;
}

static void add_level(const struct gantt *g, const struct load *load, double top, double most,
                      bool with_waiting)
{
    struct chart_point *points = calloc(RIGHT - LEFT + 2, sizeof(*points));
    size_t nr = 0;

    if (!points)
        return;
    points[nr++] = (struct chart_point){LEFT, top + STRIP};
    for (size_t i = 0; i < RIGHT - LEFT; i++) {
        double n = load->running[i] + (with_waiting ? load->waiting[i] : 0);

        points[nr++] = (struct chart_point){LEFT + (double)i + 0.5, top + STRIP - STRIP * n / most};
    }
    points[nr++] = (struct chart_point){RIGHT, top + STRIP};
    chart_area(g->c, points, nr, with_waiting ? COLOR_QUEUE : COLOR_PRECOPY_ALT);
    free(points);
}

static bool needs_strip(const struct gantt *g)
{
    struct mig_result room;

    if (g->what->nr > GANTT_ROWS)
        return true;
    for (size_t i = 0; i < g->what->nr && g->what->nr >= STRIP_LEAST; i++) {
        const struct mig_result *mig = mig_at(g->what, i, &room);

        if (waits_until(g, mig) > waits_from(g, i, mig))
            return true;
    }
    return false;
}

static int strip_height(const struct gantt *g)
{
    int gap = g->what->nr > GANTT_ROWS ? STRIP_GAP : STRIP_GAP / 2;

    return g->has_strip ? STRIP + gap : 0;
}

static void add_strip(const struct gantt *g, double top)
{
    const struct chart_font small = {12, COLOR_MUTED, CHART_END, CHART_PLAIN};
    struct load *load = calloc(1, sizeof(*load));
    struct strbuf words = STRBUF_INIT;
    double most;

    if (!load)
        return;
    most = count_load(g, load);
    add_level(g, load, top, most, true);
    add_level(g, load, top, most, false);
    chart_line(g->c, (struct chart_point){LEFT, top + STRIP},
               (struct chart_point){RIGHT, top + STRIP}, 1, COLOR_AXIS, CHART_SOLID);
    strbuf_addf(&words, most < 100 ? "%.3g" : "%.0f", most);
    chart_text(g->c, (struct chart_point){LEFT - 10, top + 10}, small, strbuf_text(&words));
    chart_text(g->c, (struct chart_point){LEFT - 10, top + STRIP}, small, "0");
    chart_text(g->c, (struct chart_point){LEFT - 10, top + STRIP / 2.0}, small,
               "waiting and running");
    strbuf_clear(&words);
    if (g->nr_rows < g->what->nr)
        strbuf_addf(&words, "The slowest %zu of %zu:", g->nr_rows, g->what->nr);
    chart_text(g->c, (struct chart_point){24, top + STRIP + STRIP_GAP - 14},
               (struct chart_font){12, COLOR_INK, CHART_START, CHART_BOLD}, strbuf_text(&words));
    strbuf_release(&words);
    free(load);
}

/* "all 8 migrations end within 1 min 05 s; db-1 is the last" */
static void say_finding(struct strbuf *title, const struct chart_gantt *what, int64_t range_ns)
{
    struct mig_result room, last = *mig_at(what, 0, &room);
    size_t done = 0;
    char buf[UNITS_TEXT];

    for (size_t i = 0; i < what->nr; i++) {
        const struct mig_result *mig = mig_at(what, i, &room);

        done += mig->outcome == OUTCOME_COMPLETED;
        if (end_of(mig) > end_of(&last))
            last = *mig;
    }
    if (what->nr == 1) {
        cell_add_text(title, last.vm);
        strbuf_addf(title, ": %s after %s", outcome_name(last.outcome), units_time(buf, range_ns));
        return;
    }
    if (last.started_ns >= 0 && last.ended_ns < 0) {
        strbuf_addf(title, "%zu of %zu migrations complete within %s; then ", done, what->nr,
                    units_time(buf, range_ns));
        cell_add_text(title, last.vm);
        strbuf_addstr(title, " still runs");
        return;
    }
    if (done == what->nr)
        strbuf_addf(title, "All %zu migrations are done after %s; the last is ", done,
                    units_time(buf, range_ns));
    else
        strbuf_addf(title, "%zu of %zu migrations complete within %s; the last to end is ", done,
                    what->nr, units_time(buf, range_ns));
    cell_add_text(title, last.vm);
}

static void draw(struct gantt *g, double height)
{
    static const struct chart_key keys[] = {
        {COLOR_QUEUE, "waits"},
        {COLOR_PRECOPY, "pre-copy, rounds in two shades"},
        {COLOR_BLACKOUT, "blackout"},
        {COLOR_POSTCOPY, "post-copy"},
        {COLOR_INK, NULL},
    };
    double bottom = height - 56;

    chart_legend(g->c, 24, 76, keys);
    chart_time_axis(g->c, &g->x, TOP - 6, bottom, "time since the first request");
    if (g->has_strip)
        add_strip(g, TOP);
    for (size_t i = 0; i < g->nr_rows; i++)
        add_row(g, g->rows[i] - g->what->first, g->rows_top + (double)i * ROW + (ROW - BAR) / 2.0);
}

enum status chart_gantt(struct strbuf *out, const struct chart_look *look,
                        const struct chart_gantt *what)
{
    struct mig_result room;
    struct gantt g = {.what = what, .zero_ns = INT64_MAX, .x = {.from = LEFT, .to = RIGHT}};
    struct strbuf title = STRBUF_INIT;
    int64_t last = 0;
    double height;
    struct chart_spec spec = {look, WIDTH, 0, NULL, what->subtitle};

    assert(what->nr > 0);
    for (size_t i = 0; i < what->nr; i++) {
        const struct mig_result *mig = mig_at(what, i, &room);

        g.zero_ns = mig->queued_ns < g.zero_ns ? mig->queued_ns : g.zero_ns;
        last = end_of(mig) > last ? end_of(mig) : last;
    }
    g.last_ns = last;
    g.has_strip = needs_strip(&g);
    g.nr_rows = gantt_rows(what, g.rows);
    g.x.high = fmax((double)(last - g.zero_ns), 1e3);
    g.rows_top = TOP + strip_height(&g);
    height = g.rows_top + (double)g.nr_rows * ROW + 62;
    say_finding(&title, what, last - g.zero_ns);
    spec.height = height;
    spec.title = strbuf_text(&title);
    g.c = chart_new(&spec);
    chart_heading(g.c, WIDTH, spec.title, what->subtitle);
    draw(&g, height);
    strbuf_release(&title);
    return chart_finish(g.c, out);
}
