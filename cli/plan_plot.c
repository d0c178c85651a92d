/*
 * plan_plot.c - `migcast plan --plot FILE`: makespan against downtime of the settings tried.
 */
#include <math.h>
#include <stdlib.h>

#include "cli/plan_print.h"
#include "cli/plot.h"

#include "base/banned.h"

/* Of the two measures drawn, which is fewer than a plan's front has. */
static bool is_on_front(const struct chart_choice *choices, size_t nr, size_t i)
{
    if (!isfinite(choices[i].x) || !isfinite(choices[i].y))
        return false;
    for (size_t k = 0; k < nr; k++) {
        bool as_good = choices[k].x <= choices[i].x && choices[k].y <= choices[i].y;
        bool better = choices[k].x < choices[i].x || choices[k].y < choices[i].y;

        if (as_good && (better || k < i))
            return false;
    }
    return true;
}

static bool fill(const struct plan *plan, struct chart_choice *choices, struct strbuf *names,
                 size_t *nr)
{
    bool ok = true;

    for (size_t i = 0; i < plan->nr_tried; i++) {
        const struct plan_tried *t = &plan->tried[i];

        plan_changes_text(plan, t, &names[i]);
        ok &= !strbuf_failed(&names[i]);
        if (t->state == PLAN_INVALID || t->nr_race == 0)
            continue;
        choices[(*nr)++] = (struct chart_choice){.name = strbuf_text(&names[i]),
                                                 .x = t->axes[PLAN_MAKESPAN],
                                                 .y = t->axes[PLAN_DOWNTIME],
                                                 .allowed = t->state == PLAN_MEETS,
                                                 .present = i == 0};
    }
    for (size_t i = 0; i < *nr; i++)
        choices[i].front = is_on_front(choices, *nr, i);
    return ok;
}

enum status plan_plot(const struct cli_plot *plot, const struct plan *plan, struct diag *diag)
{
    struct chart_choice *choices = calloc(plan->nr_tried + 1, sizeof(*choices));
    struct strbuf *names = calloc(plan->nr_tried + 1, sizeof(*names));
    struct strbuf picture = STRBUF_INIT, subtitle = STRBUF_INIT;
    struct chart_pareto what = {.x_name = "makespan, mean",
                                .y_name = "downtime, p95",
                                .x_unit = VALUE_NS,
                                .y_unit = VALUE_NS,
                                .choices = choices};
    enum status st = ST_ENOMEM;

    if (choices && names && fill(plan, choices, names, &what.nr)) {
        strbuf_addf(&subtitle, "%zu settings of %zu knobs, paired draws", what.nr, plan->nr_knobs);
        what.subtitle = strbuf_text(&subtitle);
        st = chart_pareto(&picture, &plot->look, &what);
    }
    if (st == ST_OK)
        st = cli_plot_write(plot, &picture, diag);
    else
        diag_set(diag, st, "the picture cannot be drawn");
    for (size_t i = 0; names && i < plan->nr_tried; i++)
        strbuf_release(&names[i]);
    strbuf_release(&subtitle);
    strbuf_release(&picture);
    free(choices);
    free(names);
    return st;
}
