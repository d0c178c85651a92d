/*
 * score_plot.c - the pictures of `migcast score`.
 *
 * Each goes to a file of its own, beside the result; which form it has is told by the file's name.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answers/accuracy/course.h"
#include "base/stats.h"
#include "cli/score.h"
#include "reports/charts/chart.h"

#include "base/banned.h"

typedef enum status draw_plot(struct strbuf *out, const struct chart_look *look,
                              const struct score_view *v, struct diag *diag);

static draw_plot draw_scatter, draw_errors, draw_course;

static const struct {
    const char *option;
    draw_plot *draw;
} plots_of[SCORE_PLOTS] = {
    {"plot", draw_scatter}, {"plot-errors", draw_errors}, {"plot-course", draw_course}};

enum status score_plots_check(struct score_plots *plots, const struct cli_opts *o,
                              struct diag *diag)
{
    enum status st = ST_OK;

    *plots = (struct score_plots){0};
    for (size_t i = 0; i < SCORE_PLOTS && st == ST_OK; i++)
        st = cli_plot_check(&plots->plot[i], o, plots_of[i].option, diag);
    return st;
}

/* The pictures show what the headline is about: of a split the validation half. */
static bool shown(const struct score_view *v, const struct score_row *r)
{
    return r->forecast && (v->s->mode != SCORE_SPLIT || r->part == SPLIT_VALIDATION);
}

static void say_setting(struct strbuf *out, const struct score_view *v)
{
    size_t nr = 0;

    for (size_t i = 0; i < v->s->nr; i++)
        nr += shown(v, &v->s->rows[i]);
    strbuf_addf(out, "%zu captured migrations%s; host constants ", nr,
                v->s->mode == SCORE_SPLIT ? " of the validation half" : "");
    score_say_constants(out, v->s);
}

static enum status draw_scatter(struct strbuf *out, const struct chart_look *look,
                                const struct score_view *v, struct diag *diag)
{
    struct chart_pair *pairs = calloc(v->s->nr + 1, sizeof(*pairs));
    struct chart_scatter what = {pairs, 0, NULL};
    struct strbuf setting = STRBUF_INIT;
    enum status st = ST_ENOMEM;

    say_setting(&setting, v);
    what.subtitle = strbuf_text(&setting);
    for (size_t i = 0; pairs && i < v->s->nr; i++) {
        const struct score_row *r = &v->s->rows[i];

        if (shown(v, r))
            pairs[what.nr++] =
                (struct chart_pair){r->facts->header.id, (double)r->facts->after.totals.total_ns,
                                    (double)r->prediction.result.total_ns, r->outcome_right,
                                    score_class_name(r->class)};
    }
    if (pairs)
        st = chart_scatter(out, look, &what);
    strbuf_release(&setting);
    free(pairs);
    return st == ST_OK ? st : diag_set(diag, st, "out of memory");
}

/* Ascending absolute errors of method @m, or of ours (-1). */
static size_t collect_errors(const struct score_view *v, int m, double *values)
{
    size_t n = 0;

    for (size_t i = 0; i < v->s->nr; i++) {
        const struct score_row *r = &v->s->rows[i];
        double x = m < 0 ? r->total_error_ratio : r->guess[m].total_error_ratio;

        if (shown(v, r) && !isnan(x))
            values[n++] = fabs(x);
    }
    stats_sort(values, n);
    return n;
}

static enum status draw_errors(struct strbuf *out, const struct chart_look *look,
                               const struct score_view *v, struct diag *diag)
{
    double *values = calloc((BASELINE_NR + 1) * (v->s->nr + 1), sizeof(*values)), *at = values;
    struct chart_errors what = {.nr = BASELINE_NR + 1};
    struct strbuf setting = STRBUF_INIT;
    enum status st = ST_ENOMEM;

    static_assert(BASELINE_NR + 1 <= CHART_ERROR_SETS, "a colour for each");
    say_setting(&setting, v);
    what.subtitle = strbuf_text(&setting);
    for (int m = -1; values && m < BASELINE_NR; m++) {
        size_t n = collect_errors(v, m, at);

        what.sets[m + 1] =
            (struct chart_error_set){m < 0 ? "migcast" : baseline_name((enum baseline)m), at, n};
        at += n;
    }
    if (values)
        st = chart_errors(out, look, &what);
    strbuf_release(&setting);
    free(values);
    return st == ST_OK ? st : diag_set(diag, st, "out of memory");
}

/* Of the first capture that can be forecast alone. */
static const struct score_row *course_row(const struct score_view *v)
{
    for (size_t i = 0; i < v->s->nr; i++)
        if (v->s->rows[i].forecast && v->s->rows[i].replayed &&
            !v->s->rows[i].facts->header.link.group[0])
            return &v->s->rows[i];
    return NULL;
}

static size_t observed_points(const struct trace_facts *f, struct chart_course_point *out)
{
    size_t n = 0;

    for (size_t i = 0; i < f->after.nr_polls; i++) {
        const struct facts_poll *p = &f->after.polls[i];

        if (p->remaining_bytes >= 0 && p->t_ns >= 0)
            out[n++] = (struct chart_course_point){(double)p->t_ns, (double)p->remaining_bytes};
    }
    return n;
}

static enum status draw_one_course(struct strbuf *out, const struct chart_look *look,
                                   const struct trace_facts *f, const struct course *c)
{
    struct chart_course_point *observed = calloc(f->after.nr_polls + 1, sizeof(*observed));
    struct chart_course_point *middle = calloc(c->nr_middle + 1, sizeof(*middle));
    struct chart_course_band *band = calloc(c->nr_band + 1, sizeof(*band));
    struct chart_course what = {.name = f->header.id,
                                .observed = observed,
                                .middle = middle,
                                .forecast = band,
                                .nr_middle = c->nr_middle,
                                .nr_forecast = c->nr_band,
                                .observed_end_ns = (double)f->after.totals.total_ns,
                                .forecast_end_ns = (double)c->prediction.result.total_ns,
                                .subtitle = "Memory known dirty and not yet sent; the forecast saw "
                                            "nothing after `migrate`"};
    enum status st = ST_ENOMEM;

    if (observed && middle && band) {
        what.nr_observed = observed_points(f, observed);
        for (size_t i = 0; i < c->nr_middle; i++)
            middle[i] = (struct chart_course_point){c->middle[i].t_ns, c->middle[i].bytes};
        for (size_t i = 0; i < c->nr_band; i++)
            band[i] = (struct chart_course_band){c->band[i].t_ns, c->band[i].low, c->band[i].high};
        st = chart_course(out, look, &what);
    }
    free(observed);
    free(middle);
    free(band);
    return st;
}

static enum status draw_course(struct strbuf *out, const struct chart_look *look,
                               const struct score_view *v, struct diag *diag)
{
    const struct score_row *row = course_row(v);
    struct course c;
    enum status st;

    if (!row)
        return diag_set(diag, ST_EUSAGE, "--plot-course: none of the captures can be forecast");
    st = course_forecast(&c, row->facts, &row->costs, v->seed, diag);
    if (st != ST_OK)
        return st;
    st = draw_one_course(out, look, row->facts, &c);
    course_release(&c);
    return st == ST_OK ? st : diag_set(diag, st, "out of memory");
}

enum status score_plots_write(const struct score_plots *plots, const struct score_view *v,
                              struct diag *diag)
{
    enum status st = ST_OK;

    for (size_t i = 0; i < SCORE_PLOTS && st == ST_OK; i++) {
        const struct cli_plot *plot = &plots->plot[i];
        struct strbuf out = STRBUF_INIT;

        if (!plot->path)
            continue;
        st = plots_of[i].draw(&out, &plot->look, v, diag);
        if (st == ST_OK)
            st = cli_plot_write(plot, &out, diag);
        strbuf_release(&out);
    }
    return st;
}
