/*
 * plan.c - walks settings from the cheapest on, and says which is best.
 *
 * What may be set is plan_knobs.c's, how one setting fares plan_race.c's.  Invariant: the order in
 * which settings are tried depends on the scenario, the options and earlier results only, never on
 * threads or time.
 */
#include "answers/plan/plan.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answers/plan/plan_int.h"

#include "base/banned.h"

enum {
    GUIDED_FROM =
        4 /* levels of more settings than a fourth of what the budget has left are guided */
};

/* A setting that may be tried, of one level (number of changes). */
struct planned {
    uint16_t choice[PLAN_KNOBS_MAX];
    double step;
    double promise; /* shortfall to expect, where the level is too large to try all of it */
};

static enum status no_memory(struct diag *diag)
{
    return diag_set(diag, ST_ENOMEM, "out of memory");
}

/* ---- levels: all settings with so many changes ---- */

static double level_size(const struct plan *plan, uint32_t changes)
{
    double ways[PLAN_KNOBS_MAX + 1] = {1.0};

    for (size_t k = 0; k < plan->nr_knobs; k++)
        for (size_t c = k + 1; c > 0; c--)
            ways[c] += ways[c - 1] * (double)plan->knobs[k].nr;
    return ways[changes];
}

static int by_cost(const void *a, const void *b)
{
    const struct planned *x = a, *y = b;

    if (x->promise != y->promise)
        return x->promise < y->promise ? -1 : 1;
    if (fabs(x->step - y->step) > 1e-12)
        return x->step < y->step ? -1 : 1;
    for (size_t k = 0; k < PLAN_KNOBS_MAX; k++) /* an earlier knob rather than a later one */
        if (x->choice[k] != y->choice[k])
            return (x->choice[k] == 0) != (y->choice[k] == 0)
                       ? (x->choice[k] != 0 ? -1 : 1)
                       : (x->choice[k] < y->choice[k] ? -1 : 1);
    return 0;
}

/* Writes the level from index @k of the knobs on; returns how many there are now. */
static size_t fill_level(const struct plan *plan, uint32_t changes, size_t k,
                         struct planned *partial, struct planned *out, size_t nr)
{
    if (changes == 0) {
        out[nr] = *partial;
        return nr + 1;
    }
    if (plan->nr_knobs - k < changes)
        return nr;
    for (size_t v = 1; v <= plan->knobs[k].nr; v++) {
        double before = partial->step;

        partial->choice[k] = (uint16_t)v;
        partial->step += plan->knobs[k].values[v - 1].step;
        nr = fill_level(plan, changes - 1, k + 1, partial, out, nr);
        partial->step = before;
    }
    partial->choice[k] = 0;
    return fill_level(plan, changes, k + 1, partial, out, nr);
}

static const struct plan_tried *single(const struct plan *plan, size_t knob, uint16_t value)
{
    for (size_t i = 1; i < plan->nr_tried; i++)
        if (plan->tried[i].changes == 1 && plan->tried[i].choice[knob] == value)
            return &plan->tried[i];
    return NULL;
}

/* What each change did by itself, taken together: which settings to try first where they are too
 * many. */
static void promise(const struct plan *plan, struct planned *p)
{
    for (size_t g = 0; g < plan->nr_goals; g++) {
        struct measured m = plan->tried[0].goals[g];
        double now = fmax(m.value, 1e-9);

        for (size_t k = 0; k < plan->nr_knobs; k++) {
            const struct plan_tried *t = p->choice[k] ? single(plan, k, p->choice[k]) : NULL;

            if (t && t->state != PLAN_INVALID && !isnan(t->goals[g].value))
                m.value *= fmax(t->goals[g].value, 1e-9) / now;
        }
        p->promise = fmax(p->promise, plan_shortfall(&plan->goals[g], &m));
    }
    /* the likes of what is enough stand by their cost */
    p->promise = p->promise <= 0.0 ? 0.0 : round(p->promise * 20.0) / 20.0;
}

static bool is_found(const struct plan_hunt *s)
{
    const struct plan *plan = s->plan;

    return !s->options->whole_front && plan->nr_tried > 0 &&
           plan->tried[plan->nr_tried - 1].state == PLAN_MEETS;
}

static enum status walk(struct plan_hunt *s, const struct planned *level, size_t nr)
{
    struct plan *plan = s->plan;

    for (size_t i = 0; i < nr; i++) {
        enum status st;

        if (plan->runs + (plan->fixed ? 2 : PLAN_FIRST_LOOK) > s->budget) {
            plan->out_of_budget = true;
            plan->all_cheaper = false;
            return ST_OK;
        }
        st = plan_try_setting(s, level[i].choice);
        if (st != ST_OK || is_found(s))
            return st;
    }
    return ST_OK;
}

static enum status try_level(struct plan_hunt *s, uint32_t changes)
{
    struct plan *plan = s->plan;
    double size = level_size(plan, changes);
    double affordable = fmax(0.0, (double)s->budget - (double)plan->runs) / PLAN_FIRST_LOOK;
    struct planned partial = {0}, *level;
    enum status st;
    size_t nr;

    if (size > PLAN_LIMIT) {
        plan->all_cheaper = false;
        return ST_OK;
    }
    level = calloc((size_t)size + 1, sizeof(*level));
    if (!level)
        return no_memory(s->diag);
    nr = fill_level(plan, changes, 0, &partial, level, 0);
    assert(nr == (size_t)size);
    if (changes > 1 && plan->nr_goals > 0 && size > affordable / GUIDED_FROM) {
        plan->all_cheaper = false;
        for (size_t i = 0; i < nr; i++)
            promise(plan, &level[i]);
    }
    qsort(level, nr, sizeof(*level), by_cost);
    st = walk(s, level, nr);
    free(level);
    return st;
}

/* ---- the verdict ---- */

static bool cheaper(const struct plan_tried *a, const struct plan_tried *b)
{
    if (a->changes != b->changes)
        return a->changes < b->changes;
    return a->step < b->step - 1e-12;
}

/* Does @a come before @b as an answer? */
static bool is_better(const struct plan_tried *a, const struct plan_tried *b)
{
    static const int rank[] = {
        [PLAN_MEETS] = 0, [PLAN_OPEN] = 1, [PLAN_MISSES] = 2, [PLAN_INVALID] = 3};
    bool looks_a = a->shortfall <= 0.0, looks_b = b->shortfall <= 0.0;

    if (rank[a->state] != rank[b->state])
        return rank[a->state] < rank[b->state];
    if (a->state == PLAN_MEETS)
        return cheaper(a, b);
    if (looks_a != looks_b)
        return looks_a;
    return looks_a ? cheaper(a, b) : a->shortfall < b->shortfall - 1e-3;
}

static void judge(struct plan_hunt *s)
{
    struct plan *plan = s->plan;

    for (size_t i = 1; i < plan->nr_tried; i++)
        if (is_better(&plan->tried[i], &plan->tried[plan->best]))
            plan->best = i;
    if (plan->nr_goals == 0)
        plan->verdict = PLAN_NO_GOALS;
    else if (plan->nr_tried > 0 && plan->tried[plan->best].state == PLAN_MEETS)
        plan->verdict = plan->best == 0 ? PLAN_PRESENT : PLAN_FOUND;
    else if (plan->nr_tried > 0 && plan->tried[plan->best].state == PLAN_OPEN)
        plan->verdict = PLAN_PERHAPS;
    else
        plan->verdict = PLAN_NONE;
}

/* The nearest of many was chosen by luck too: it has to be nearer than the present once more. */
static enum status confirm_nearest(struct plan_hunt *s)
{
    struct plan *plan = s->plan;
    size_t pair[2] = {0, plan->best};
    uint32_t nr_fresh = plan->fixed                                    ? 2
                        : plan->replications < PLAN_LEAST_REPLICATIONS ? plan->replications
                                                                       : PLAN_LEAST_REPLICATIONS;
    enum status st = ST_OK;

    if (plan->verdict != PLAN_NONE || plan->best == 0)
        return ST_OK;
    for (int i = 0; i < 2 && st == ST_OK; i++)
        st = plan_look_again(s, &plan->tried[pair[i]], nr_fresh);
    if (st == ST_OK && plan->tried[plan->best].shortfall >= plan->tried[0].shortfall)
        plan->best = 0;
    return st;
}

/* ---- all of it ---- */

static enum status set_goals(struct plan_hunt *s, struct scn_override **sets)
{
    const struct plan_options *o = s->options;
    size_t nr = o->base.nr_sets;

    *sets = arena_array(s->plan->arena, nr + o->nr_goals + 1, sizeof(**sets));
    if (!*sets)
        return no_memory(s->diag);
    for (size_t i = 0; i < nr; i++)
        (*sets)[i] = o->base.sets[i];
    for (size_t i = 0; i < o->nr_goals; i++) {
        const char *goal = o->goals[i];
        size_t len = strcspn(goal, "<>"), key = len;
        struct strbuf text = STRBUF_INIT;

        while (key > 0 && goal[key - 1] == ' ')
            key--;
        if (goal[len] == '\0') {
            diag_hint(s->diag, "write METRIC.STATISTIC < LIMIT, as \"drain.makespan.p95 < 2h\"");
            return diag_set(s->diag, ST_EUSAGE, "'%s' is no goal", goal);
        }
        strbuf_addf(&text, "thresholds.%.*s=%s", (int)key, goal, goal + len);
        (*sets)[nr].text = arena_strdup(s->plan->arena, strbuf_text(&text));
        (*sets)[nr].origin = "--goal";
        strbuf_release(&text);
        if (!(*sets)[nr++].text)
            return no_memory(s->diag);
    }
    s->base.sets = *sets;
    s->base.nr_sets = nr;
    return ST_OK;
}

static enum status search_levels(struct plan_hunt *s)
{
    struct plan *plan = s->plan;
    enum status st = plan_try_present(s);

    for (uint32_t c = 1; c <= plan->nr_knobs && st == ST_OK && !is_found(s); c++) {
        if (plan->out_of_budget)
            break;
        st = try_level(s, c);
    }
    judge(s);
    if (st == ST_OK)
        st = confirm_nearest(s);
    return st;
}

enum status plan_search(struct plan *plan, const struct plan_options *options, struct diag *diag)
{
    struct plan_hunt s = {.plan = plan,
                          .options = options,
                          .base = options->base,
                          .diag = diag,
                          .budget = options->budget ? options->budget : PLAN_BUDGET};
    struct scn_override *sets;
    struct plan_options with_goals = *options;
    enum status st;

    *plan = (struct plan){.all_cheaper = true, .nr_settings = 1.0};
    plan->arena = arena_new(0);
    if (!plan->arena)
        return no_memory(diag);
    st = set_goals(&s, &sets);
    if (st == ST_OK)
        st = variant_load(&plan->sc, &s.base, NULL, 0, diag);
    if (st == ST_OK)
        st = plan_goals(plan, diag);
    with_goals.base = s.base;
    if (st == ST_OK)
        st = plan_knobs(plan, &with_goals, diag);
    if (st != ST_OK)
        return st;
    for (size_t k = 0; k < plan->nr_knobs; k++)
        plan->nr_settings *= 1.0 + (double)plan->knobs[k].nr;
    st = search_levels(&s);
    plan->interrupted = st == ST_EINTR;
    plan_front(plan);
    return st;
}

void plan_release(struct plan *plan)
{
    scenario_release(&plan->sc);
    free(plan->tried);
    arena_free(plan->arena);
    *plan = (struct plan){0};
}
