/* score_plot.c - the pictures of `migcast score`. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/score.h"
#include "reports/chart.h"

#include "base/banned.h"

static const char *const plot_options[] = {"plot"};

enum {
    PLOT_SCATTER
};

/* Not of the result, so not through cli_emit(). */
static enum status write_file(const char *path, const struct strbuf *text, struct diag *diag)
{
    FILE *file = fopen(path, "wb");
    bool whole;

    if (!file)
        return diag_errno(diag, ST_EOUTPUT, path, "cannot open for writing");
    whole = fwrite(strbuf_text(text), 1, text->len, file) == text->len;
    if (fclose(file) != 0 || !whole)
        return diag_errno(diag, ST_EOUTPUT, path, "cannot write the picture");
    return ST_OK;
}

/* By the name of the file. */
static enum status plot_form(const char *option, const char *path, enum chart_form *form,
                             struct diag *diag)
{
    size_t len = strlen(path);

    if (!chart_available())
        return diag_set(diag, ST_EUSAGE, "--%s: this program was built without charts", option);
    *form = CHART_SVG;
    if (len > 4 && strcmp(path + len - 4, ".svg") == 0)
        return ST_OK;
    *form = CHART_PNG;
    if (len > 4 && strcmp(path + len - 4, ".png") == 0)
        return ST_OK;
    return diag_set(diag, ST_EUSAGE, "--%s: '%s' ends neither in .svg nor in .png", option, path);
}

enum status score_plots_check(struct score_plots *plots, const struct cli_opts *o,
                              struct diag *diag)
{
    enum status st = ST_OK;

    *plots = (struct score_plots){0};
    for (size_t i = 0; i < sizeof(plot_options) / sizeof(plot_options[0]) && st == ST_OK; i++) {
        plots->path[i] = cli_value(o, plot_options[i]);
        if (plots->path[i])
            st = plot_form(plot_options[i], plots->path[i], &plots->form[i], diag);
    }
    return st;
}

static void say_setting(struct strbuf *out, const struct score_view *v)
{
    size_t nr = 0;

    for (size_t i = 0; i < v->s->nr; i++)
        nr += v->s->rows[i].forecast;
    strbuf_addf(out, "%zu captured migrations; host constants ", nr);
    score_say_constants(out, v->s);
}

static enum status draw_scatter(struct strbuf *out, const struct chart_look *look,
                                const struct score_view *v)
{
    struct chart_pair *pairs = calloc(v->s->nr + 1, sizeof(*pairs));
    struct chart_scatter what = {pairs, 0, NULL};
    struct strbuf setting = STRBUF_INIT;
    enum status st = ST_ENOMEM;

    say_setting(&setting, v);
    what.subtitle = strbuf_text(&setting);
    for (size_t i = 0; pairs && i < v->s->nr; i++) {
        const struct score_row *r = &v->s->rows[i];

        if (r->forecast)
            pairs[what.nr++] =
                (struct chart_pair){r->facts->header.id, (double)r->facts->after.totals.total_ns,
                                    (double)r->prediction.result.total_ns, r->outcome_right,
                                    score_class_name(r->class)};
    }
    if (pairs)
        st = chart_scatter(out, look, &what);
    strbuf_release(&setting);
    free(pairs);
    return st;
}

enum status score_plots_write(const struct score_plots *plots, const struct score_view *v,
                              struct diag *diag)
{
    enum status st = ST_OK;

    for (size_t i = 0; i < sizeof(plot_options) / sizeof(plot_options[0]) && st == ST_OK; i++) {
        const struct chart_look look = {plots->form[i], "score"};
        struct strbuf out = STRBUF_INIT;

        if (!plots->path[i])
            continue;
        st = draw_scatter(&out, &look, v);
        st = st == ST_OK ? write_file(plots->path[i], &out, diag)
                         : diag_set(diag, st, "out of memory");
        strbuf_release(&out);
    }
    return st;
}
