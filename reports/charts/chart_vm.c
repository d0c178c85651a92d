/*
 * chart_vm.c - one migration: bytes known dirty over time as a saw tooth, and the throttle.
 *
 * Within a round bytes leave evenly, as far as a picture can tell; at the sync that ends it what
 * the guest wrote meanwhile is added.  Invariant: only recorded rounds are drawn, and the subtitle
 * says so when some are missing.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/units.h"
#include "reports/cell.h"
#include "reports/charts/chart_axes.h"

#include "base/banned.h"

enum {
    WIDTH = 960,
    LEFT = 92,
    RIGHT = WIDTH - 36,
    TOP = 84,
    PANEL = 260,    /* height of the saw tooth */
    GAP = 34,       /* between the panels */
    THROTTLE = 76,  /* height of the throttle */
    SAMPLES = 1600, /* points of the saw tooth, or two a round */
    NUMBERS_MAX = 24
};

struct vm_chart {
    const struct mig_result *mig;
    const struct mig_round *rounds;
    size_t nr;
    struct chart *c;
    struct chart_scale x, y, throttle;
};

static double start_ns(const struct vm_chart *v, size_t i)
{
    return (double)(v->rounds[i].start_ns - v->mig->started_ns);
}

static double end_ns(const struct vm_chart *v, size_t i)
{
    return start_ns(v, i) + (double)v->rounds[i].duration_ns;
}

/* Known dirty just before the sync that ends round @i. */
static double low_bytes(const struct mig_round *r)
{
    return r->remaining_bytes > r->dirtied_bytes ? (double)(r->remaining_bytes - r->dirtied_bytes)
                                                 : 0.0;
}

/* ... and when it begins: what the sync before it left, and for the first record what it sent. */
static double high_bytes(const struct vm_chart *v, size_t i)
{
    if (i > 0)
        return (double)v->rounds[i - 1].remaining_bytes;
    return (double)v->rounds[0].sent_pages * (double)PAGE_BYTES + low_bytes(&v->rounds[0]);
}

static void fit_scales(struct vm_chart *v)
{
    double low = INFINITY, high = 0;

    for (size_t i = 0; i < v->nr; i++) {
        const struct mig_round *r = &v->rounds[i];

        high = fmax(high, fmax(high_bytes(v, i), (double)r->threshold_bytes));
        if (r->threshold_bytes > 0)
            low = fmin(low, (double)r->threshold_bytes);
        if (r->remaining_bytes > 0)
            low = fmin(low, (double)r->remaining_bytes);
    }
    if (!isfinite(low) || low <= 0)
        low = PAGE_BYTES;
    high = fmax(high, low * 4);
    v->y = (struct chart_scale){low / 4, high * 1.3, TOP + PANEL, TOP, true};
    v->x = (struct chart_scale){0, fmax(fmax(end_ns(v, v->nr - 1), (double)v->mig->total_ns), 1e3),
                                LEFT, RIGHT, false};
    v->throttle =
        (struct chart_scale){0, 100, TOP + PANEL + GAP + THROTTLE, TOP + PANEL + GAP, false};
}

static void add_grid(const struct vm_chart *v)
{
    struct chart_ticks t;

    chart_size_ticks(v->y.low, v->y.high, 7, &t);
    for (size_t i = 0; i < t.nr; i++) {
        double y = chart_at(&v->y, t.at[i]);
        char label[UNITS_TEXT];

        chart_line(v->c, (struct chart_point){LEFT, y}, (struct chart_point){RIGHT, y}, 1,
                   COLOR_GRID, CHART_SOLID);
        chart_text(v->c, (struct chart_point){LEFT - 8, y + 4},
                   (struct chart_font){12, COLOR_MUTED, CHART_END, CHART_PLAIN},
                   units_size(label, (uint64_t)t.at[i]));
    }
    chart_line(v->c, (struct chart_point){LEFT, TOP + PANEL},
               (struct chart_point){RIGHT, TOP + PANEL}, 1, COLOR_AXIS, CHART_SOLID);
}

static void add_tooth(const struct vm_chart *v)
{
    size_t each = SAMPLES / v->nr < 2 ? 2 : SAMPLES / v->nr > 60 ? 60 : SAMPLES / v->nr;
    struct chart_point *points = malloc((each * v->nr + 1) * sizeof(*points));
    size_t nr = 0;

    if (!points)
        return;
    for (size_t i = 0; i < v->nr; i++)
        for (size_t k = 0; k < each; k++) {
            double part = (double)k / (double)(each - 1);
            double bytes = high_bytes(v, i) * (1 - part) + low_bytes(&v->rounds[i]) * part;

            points[nr++] = (struct chart_point){
                chart_at(&v->x, start_ns(v, i) * (1 - part) + end_ns(v, i) * part),
                chart_at(&v->y, bytes)};
        }
    /* what the last sync found: sent in the blackout, or left when it ended */
    points[nr++] =
        (struct chart_point){chart_at(&v->x, end_ns(v, v->nr - 1)),
                             chart_at(&v->y, (double)v->rounds[v->nr - 1].remaining_bytes)};
    chart_path(v->c, points, nr, 2, COLOR_PRECOPY);
    free(points);
}

static void add_threshold(const struct vm_chart *v)
{
    double first_y = TOP;

    for (size_t i = 0; i < v->nr; i++) {
        double y = chart_at(&v->y, (double)v->rounds[i].threshold_bytes);

        if (v->rounds[i].threshold_bytes == 0)
            continue;
        chart_line(v->c, (struct chart_point){chart_at(&v->x, start_ns(v, i)), y},
                   (struct chart_point){chart_at(&v->x, end_ns(v, i)), y}, 1.25, COLOR_GOOD,
                   CHART_DASHED);
        first_y = first_y > TOP ? first_y : y;
    }
    if (first_y > TOP)
        chart_text(v->c, (struct chart_point){LEFT + 6, first_y + 15},
                   (struct chart_font){12, COLOR_GOOD, CHART_START, CHART_BOLD},
                   "switchover threshold");
}

/* A dot where each round begins, with its figures; numbers only where there is room. */
static void add_round_marks(const struct vm_chart *v)
{
    double last = -1e9;
    unsigned numbers = 0;

    for (size_t i = 0; i < v->nr; i++) {
        const struct mig_round *r = &v->rounds[i];
        struct chart_point at = {chart_at(&v->x, start_ns(v, i)),
                                 chart_at(&v->y, high_bytes(v, i))};
        struct strbuf words = STRBUF_INIT;
        char a[UNITS_TEXT], b[UNITS_TEXT];

        if (at.x - last < 9 && i > 0)
            continue;
        strbuf_addf(&words, "round %u: %s, %s sent", r->round, units_time(a, r->duration_ns),
                    units_size(b, r->wire_bytes));
        strbuf_addf(&words, ", %s dirtied", units_size(a, r->dirtied_bytes));
        chart_tip(v->c, strbuf_text(&words));
        chart_ring(v->c, at, 4.5, COLOR_PRECOPY);
        if (at.x - last >= 20 && numbers++ < NUMBERS_MAX) {
            strbuf_clear(&words);
            strbuf_addf(&words, "%u", r->round);
            chart_text(v->c, (struct chart_point){at.x + 9, at.y - 4},
                       (struct chart_font){11, COLOR_MUTED, CHART_START, CHART_PLAIN},
                       strbuf_text(&words));
        }
        last = at.x;
        strbuf_release(&words);
    }
}

static void add_blackout(const struct vm_chart *v)
{
    struct strbuf words = STRBUF_INIT;
    char buf[UNITS_TEXT];
    double end = (double)(v->mig->total_ns - v->mig->postcopy_ns), x, w;

    if (v->mig->blackout_ns < 0)
        return;
    x = chart_at(&v->x, fmax(end - (double)v->mig->blackout_ns, 0));
    w = fmax(chart_at(&v->x, end) - x, 2);
    x = fmin(x, RIGHT - w);
    chart_rect(v->c, x, TOP, w, PANEL, COLOR_BLACKOUT_BAND);
    chart_rect(v->c, x, TOP, 2, PANEL, COLOR_BLACKOUT);
    strbuf_addf(&words, "blackout %s", units_time(buf, v->mig->blackout_ns));
    chart_text(v->c, (struct chart_point){x - 8, TOP + 12},
               (struct chart_font){12, COLOR_BLACKOUT, CHART_END, CHART_BOLD}, strbuf_text(&words));
    strbuf_release(&words);
    if (v->mig->postcopy_ns > 0)
        chart_rect(v->c, x + w, TOP + PANEL - 8, chart_at(&v->x, (double)v->mig->total_ns) - x - w,
                   8, COLOR_POSTCOPY);
}

static void add_throttle(const struct vm_chart *v)
{
    double base = v->throttle.from;

    for (int pct = 0; pct <= 100; pct += 50) {
        double y = chart_at(&v->throttle, pct);
        char label[16];

        if (pct > 0)
            chart_line(v->c, (struct chart_point){LEFT, y}, (struct chart_point){RIGHT, y}, 1,
                       COLOR_GRID, CHART_SOLID);
        snprintf(label, sizeof(label), "%d %%", pct);
        chart_text(v->c, (struct chart_point){LEFT - 8, y + 4},
                   (struct chart_font){12, COLOR_MUTED, CHART_END, CHART_PLAIN}, label);
    }
    for (size_t i = 0; i < v->nr; i++) {
        double x = chart_at(&v->x, start_ns(v, i)),
               y = chart_at(&v->throttle, v->rounds[i].throttle_pct);

        if (v->rounds[i].throttle_pct > 0)
            chart_rect(v->c, x, y, fmax(chart_at(&v->x, end_ns(v, i)) - x, 1), base - y,
                       COLOR_WARN);
    }
    chart_text(v->c, (struct chart_point){LEFT, TOP + PANEL + GAP - 10},
               (struct chart_font){12, COLOR_INK, CHART_START, CHART_BOLD},
               "vCPU time withheld (throttle)");
}

static void say_finding(struct strbuf *title, const struct mig_result *mig)
{
    char buf[UNITS_TEXT];

    cell_add_text(title, mig->vm);
    if (mig->outcome == OUTCOME_COMPLETED && mig->postcopy_ns > 0)
        strbuf_addf(title, " switches to post-copy after %u rounds", mig->rounds);
    else if (mig->outcome == OUTCOME_COMPLETED)
        strbuf_addf(title, " gets below its threshold after %u rounds", mig->rounds);
    else
        strbuf_addf(title, " is still above its threshold after %u rounds in %s", mig->rounds,
                    units_time(buf, mig->total_ns));
    if (mig->max_throttle_pct > 0)
        strbuf_addf(title, ", throttled to %u %%", mig->max_throttle_pct);
}

static void say_setting(struct strbuf *words, const struct run_result *run,
                        const struct mig_result *mig)
{
    strbuf_addf(words, "Memory known dirty and not yet sent; replication %u, seed %llu",
                mig->replication, (unsigned long long)run->seed);
    if (mig->nr_rounds + 1 < mig->rounds)
        strbuf_addf(words, "; %zu of %u rounds were recorded", mig->nr_rounds, mig->rounds);
}

enum status chart_vm(struct strbuf *out, const struct chart_look *look,
                     const struct run_result *run, const struct mig_result *mig)
{
    struct vm_chart v = {
        .mig = mig, .rounds = &run->rounds[mig->first_round], .nr = mig->nr_rounds};
    struct strbuf title = STRBUF_INIT, setting = STRBUF_INIT;
    double bottom = TOP + PANEL + (mig->max_throttle_pct > 0 ? GAP + THROTTLE : 0);
    struct chart_spec spec = {look, WIDTH, bottom + 56, NULL, NULL};

    assert(mig->nr_rounds > 0);
    fit_scales(&v);
    say_finding(&title, mig);
    say_setting(&setting, run, mig);
    spec.title = strbuf_text(&title);
    spec.desc = strbuf_text(&setting);
    v.c = chart_new(&spec);
    chart_heading(v.c, WIDTH, spec.title, spec.desc);
    chart_text(v.c, (struct chart_point){24, 70},
               (struct chart_font){12, COLOR_MUTED, CHART_START, CHART_PLAIN},
               "bytes (log scale); the number at a ring is that of the round");
    add_grid(&v);
    chart_time_axis(v.c, &v.x, TOP, bottom, "time since the migration began");
    add_blackout(&v);
    add_tooth(&v);
    add_threshold(&v);
    if (mig->max_throttle_pct > 0)
        add_throttle(&v);
    add_round_marks(&v);
    strbuf_release(&title);
    strbuf_release(&setting);
    return chart_finish(v.c, out);
}
