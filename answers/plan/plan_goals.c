/*
 * plan_goals.c - goals from thresholds, and the front of the settings tried.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "answers/plan/plan_int.h"
#include "sim/scenario/scenario_options.h"

#include "base/banned.h"

/* A hair of difference is none. */
#define SAME 0.01

static bool is_about_arriving(const struct plan_goal *g)
{
    const char *name = g->measure.metric->name;

    return strcmp(name, "moved") == 0 && g->measure.scope == MEASURE_ALL;
}

static enum status add_goal(struct plan *plan, const struct scn_threshold *t, struct diag *diag)
{
    struct plan_goal *g = &plan->goals[plan->nr_goals++];
    size_t len = strcspn(t->text, " ");
    char words[sizeof(g->measure.name) + 64];

    *g = (struct plan_goal){.text = t->text, .limit = t->limit, .less = t->less};
    snprintf(words, sizeof(words), "%.*s", (int)len, t->text);
    return measure_parse(words, &g->measure, diag);
}

/* Thresholds of severity error; where there are none, all. */
enum status plan_goals(struct plan *plan, struct diag *diag)
{
    bool any_error = false, arriving = false;
    enum status st = ST_OK;

    plan->goals = arena_array(plan->arena, plan->sc.nr_thresholds + 1, sizeof(*plan->goals));
    if (!plan->goals)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    for (uint32_t i = 0; i < plan->sc.nr_thresholds; i++)
        any_error |= plan->sc.thresholds[i].error;
    for (uint32_t i = 0; i < plan->sc.nr_thresholds && st == ST_OK; i++)
        if (plan->sc.thresholds[i].error || !any_error) {
            st = add_goal(plan, &plan->sc.thresholds[i], diag);
            arriving |= is_about_arriving(&plan->goals[plan->nr_goals - 1]);
        }
    if (st != ST_OK || arriving || plan->nr_goals == 0)
        return st;
    plan->goals[plan->nr_goals] =
        (struct plan_goal){.text = "as many VMs arrive as now", .implied = true};
    st = measure_parse("moved.rate", &plan->goals[plan->nr_goals].measure, diag);
    plan->nr_goals += st == ST_OK;
    return st;
}

/* ---- the front ---- */

static double axis(const struct plan_tried *t, int i)
{
    return isnan(t->axes[i]) ? INFINITY : t->axes[i];
}

/* Is @a at least as good in all respects, and better in one? */
static bool dominates(const struct plan_tried *a, const struct plan_tried *b)
{
    bool better = false;

    for (int i = 0; i < PLAN_AXIS_NR; i++) {
        double x = axis(a, i), y = axis(b, i);

        if (x > y * (1.0 + SAME) + 1e-9)
            return false;
        better |= x * (1.0 + SAME) + 1e-9 < y;
    }
    return better;
}

/* Fewer VMs that arrive are no gain in time: only those that move the most are compared. */
static bool is_candidate(const struct plan_tried *t, double most)
{
    return t->state != PLAN_INVALID && t->nr_race > 0 && !(t->moved < most - SAME);
}

static bool same_axes(const struct plan_tried *a, const struct plan_tried *b)
{
    bool same = true;

    for (int i = 0; i < PLAN_AXIS_NR; i++)
        same &= axis(a, i) == axis(b, i) ||
                fabs(axis(a, i) - axis(b, i)) <= SAME * fabs(axis(b, i)) + 1e-9;
    return same;
}

void plan_front(struct plan *plan)
{
    double most = 0.0;

    for (size_t i = 0; i < plan->nr_tried; i++)
        if (is_candidate(&plan->tried[i], 0.0))
            most = fmax(most, plan->tried[i].moved);
    for (size_t i = 0; i < plan->nr_tried; i++) {
        struct plan_tried *t = &plan->tried[i];

        t->on_front = is_candidate(t, most);
        for (size_t k = 0; k < plan->nr_tried && t->on_front; k++) {
            const struct plan_tried *o = &plan->tried[k];

            if (k == i || !is_candidate(o, most))
                continue;
            /* of those that are the same, the first tried, which is the cheapest */
            t->on_front = !dominates(o, t) && !(k < i && same_axes(o, t));
        }
    }
}
