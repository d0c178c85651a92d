/*
 * sweep_plot.c - the picture of a sweep: a heat map of two settings, a line of one.
 *
 * Leaves drawing to reports/charts/chart_heat.c and chart_levels.c.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/sweep.h"

#include "base/banned.h"

static enum status no_memory(struct diag *diag)
{
    return diag_set(diag, ST_ENOMEM, "out of memory");
}

static enum chart_met met_of(const struct sweep_cell *cell)
{
    if (!sweep_has_result(cell) || cell->nr_goals == 0)
        return CHART_UNJUDGED;
    return cell->nr_crossed ? CHART_CROSSED : CHART_MET;
}

static double value_of(const struct sweep *sweep, const struct sweep_cell *cell)
{
    return sweep_has_result(cell) ? cell->figures[sweep->first].value : NAN;
}

static const char **labels_of(const struct sweep *sweep, const struct axis *axis)
{
    const char **labels = arena_array(sweep->arena, axis->nr, sizeof(*labels));

    for (size_t i = 0; labels && i < axis->nr; i++)
        labels[i] = axis->values[i].text;
    return labels;
}

/* The first axis upwards, the second to the right: as cells are numbered. */
static enum status draw_heat(struct strbuf *picture, const struct chart_look *look,
                             const struct sweep *sweep, const char *subtitle, struct diag *diag)
{
    const struct axis *y = &sweep->axes[0], *x = &sweep->axes[1];
    const char **x_labels = labels_of(sweep, x), **y_labels = labels_of(sweep, y);
    double *values = arena_array(sweep->arena, sweep->nr_cells, sizeof(*values));
    enum chart_met *met = arena_array(sweep->arena, sweep->nr_cells, sizeof(*met));

    if (!x_labels || !y_labels || !values || !met)
        return no_memory(diag);
    for (size_t i = 0; i < sweep->nr_cells; i++) {
        values[i] = value_of(sweep, &sweep->cells[i]);
        met[i] = met_of(&sweep->cells[i]);
    }
    return chart_heat(picture, look,
                      &(struct chart_heat){.x_name = x->name,
                                           .y_name = y->name,
                                           .x_labels = x_labels,
                                           .y_labels = y_labels,
                                           .nr_x = x->nr,
                                           .nr_y = y->nr,
                                           .measure = sweep->measures[sweep->first].name,
                                           .unit = sweep->measures[sweep->first].unit,
                                           .more_is_better = !sweep->measures[sweep->first].less,
                                           .values = values,
                                           .met = sweep->nr_goals ? met : NULL,
                                           .present = sweep->present,
                                           .subtitle = subtitle});
}

static enum status draw_levels(struct strbuf *picture, const struct chart_look *look,
                               const struct sweep *sweep, const char *subtitle, struct diag *diag)
{
    const struct axis *x = &sweep->axes[0];
    struct chart_level *levels = arena_array(sweep->arena, x->nr, sizeof(*levels));

    if (!levels)
        return no_memory(diag);
    for (size_t i = 0; i < x->nr; i++) {
        const struct sweep_cell *cell = &sweep->cells[i];
        const struct store_figure *f = &cell->figures[sweep->first];
        bool bounded = sweep_has_result(cell) && isfinite(f->low) && isfinite(f->high);

        levels[i] = (struct chart_level){.label = x->values[i].text,
                                         .value = value_of(sweep, cell),
                                         .low = bounded ? f->low : NAN,
                                         .high = bounded ? f->high : NAN,
                                         .met = met_of(cell)};
    }
    return chart_levels(
        picture, look,
        &(struct chart_levels){.x_name = x->name,
                               .measure = sweep->measures[sweep->first].name,
                               .unit = sweep->measures[sweep->first].unit,
                               .more_is_better = !sweep->measures[sweep->first].less,
                               .levels = levels,
                               .nr = x->nr,
                               .present = sweep->present,
                               .limit = NAN,
                               .subtitle = subtitle});
}

enum status sweep_plot(const struct cli_plot *plot, const struct sweep *sweep, struct diag *diag)
{
    struct strbuf picture = STRBUF_INIT, subtitle = STRBUF_INIT;
    enum status st;

    strbuf_addf(&subtitle, "%s, %u replication%s each, seed %" PRIu64, sweep->scenario,
                sweep->replications, sweep->replications == 1 ? "" : "s", sweep->seed);
    if (sweep->nr_axes == 2)
        st = draw_heat(&picture, &plot->look, sweep, strbuf_text(&subtitle), diag);
    else
        st = draw_levels(&picture, &plot->look, sweep, strbuf_text(&subtitle), diag);
    if (st == ST_OK)
        st = cli_plot_write(plot, &picture, diag);
    else if (diag && !diag->what[0])
        diag_set(diag, st, "the picture cannot be drawn");
    strbuf_release(&picture);
    strbuf_release(&subtitle);
    return st;
}
