/*
 * plan.c - walks settings from the cheapest on, races each, confirms what is left.
 *
 * What may be set is plan_knobs.c's, what replications tell plan_sample.c's.  Invariants: the order
 * in which settings are tried depends on the scenario, the options and earlier results only, never
 * on threads or time; replications from PLAN_FRESH on confirm and never choose.
 */
#include "answers/plan/plan.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answers/plan/plan_int.h"
#include "base/stats.h"

#include "base/banned.h"

enum {
    FIRST_LOOK = 4,
    LEAST_REPLICATIONS = 32, /* for one setting */
    MOST_REPLICATIONS = 1024,
    GUIDED_FROM =
        4 /* levels of more settings than a fourth of what the budget has left are guided */
};

/* A setting that may be tried, of one level (number of changes). */
struct planned {
    uint16_t choice[PLAN_KNOBS_MAX];
    double step;
    double promise; /* shortfall to expect, where the level is too large to try all of it */
};

struct search {
    struct plan *plan;
    const struct plan_options *options;
    struct variant_base base; /* with the goals */
    struct diag *diag;
    uint32_t budget;
};

static enum status no_memory(struct diag *diag)
{
    return diag_set(diag, ST_ENOMEM, "out of memory");
}

/* ---- settings ---- */

size_t plan_settings(const struct plan *plan, const struct plan_tried *t, const char **settings,
                     size_t cap)
{
    size_t nr = 0;

    for (size_t k = 0; k < plan->nr_knobs; k++) {
        const struct plan_value *v;

        if (t->choice[k] == 0)
            continue;
        v = &plan->knobs[k].values[t->choice[k] - 1];
        for (size_t i = 0; i < v->nr_settings && nr < cap; i++)
            settings[nr++] = v->settings[i];
    }
    return nr;
}

static struct plan_tried *new_tried(struct search *s, const uint16_t *choice)
{
    struct plan *plan = s->plan;
    struct plan_tried *t;

    if (plan->nr_tried == plan->cap_tried) {
        size_t cap = plan->cap_tried ? 2 * plan->cap_tried : 64;
        struct plan_tried *more = realloc(plan->tried, cap * sizeof(*more));

        if (!more)
            return NULL;
        plan->tried = more;
        plan->cap_tried = cap;
    }
    t = &plan->tried[plan->nr_tried++];
    *t = (struct plan_tried){.goals =
                                 arena_array(plan->arena, plan->nr_goals + 1, sizeof(*t->goals))};
    if (!t->goals)
        return NULL;
    memcpy(t->choice, choice, sizeof(t->choice));
    for (size_t k = 0; k < plan->nr_knobs; k++)
        if (choice[k] > 0) {
            t->changes++;
            t->step += plan->knobs[k].values[choice[k] - 1].step;
        }
    for (int i = 0; i < PLAN_AXIS_NR; i++)
        t->axes[i] = NAN;
    return t;
}

/* ---- one setting ---- */

static enum status sample_more(struct search *s, struct plan_tried *t, struct plan_sample *sample,
                               uint32_t first, uint32_t upto)
{
    uint32_t have = sample->run.replications;
    enum status st;

    assert(upto > have);
    st = plan_sample_more(sample, first + have, upto - have, s->options, s->diag);
    if (st != ST_OK)
        return st;
    t->runs += upto - have;
    s->plan->runs += upto - have;
    return ST_OK;
}

/* The goal that is missed most, and by how much. */
static void find_worst(const struct plan *plan, struct plan_tried *t, const struct measured *m)
{
    t->shortfall = -INFINITY;
    for (size_t i = 0; i < plan->nr_goals; i++) {
        double by = plan_shortfall(&plan->goals[i], &m[i]);

        if (plan->goals[i].implied && by <= 0.02) /* as good as today's is good enough */
            by = fmin(by, 0.0);
        if (by > t->shortfall) {
            t->shortfall = by;
            t->worst_goal = (uint32_t)i;
        }
    }
}

/* The least that the goals say together. */
static enum plan_leaning lean(const struct plan *plan, const struct measured *m, bool strict,
                              bool fixed)
{
    enum plan_leaning least = PLAN_RIGHT;

    for (size_t i = 0; i < plan->nr_goals; i++) {
        enum plan_leaning one = plan_lean(&plan->goals[i], &m[i], strict, fixed);

        least = one < least ? one : least;
    }
    return least;
}

static bool is_extreme(const struct plan_goal *g)
{
    return g->measure.statistic == MEASURE_MAX || g->measure.statistic == MEASURE_MIN;
}

/* With all replications there may be: what is only likely is not enough, but a greatest value
 * speaks of the replications and of nothing else. */
static bool is_settled(const struct plan *plan, const struct measured *m)
{
    for (size_t i = 0; i < plan->nr_goals; i++) {
        enum plan_leaning one = plan_lean(&plan->goals[i], &m[i], false, false);

        if (one < PLAN_LOOKS_RIGHT || (one == PLAN_LOOKS_RIGHT && !is_extreme(&plan->goals[i])))
            return false;
    }
    return true;
}

/* Out, or worth confirming. */
static enum status race(struct search *s, struct plan_tried *t, struct plan_sample *sample,
                        enum plan_leaning *leaning)
{
    struct plan *plan = s->plan;
    uint32_t look = plan->fixed ? 2 : FIRST_LOOK;
    bool fixed;

    for (;; look *= 2) {
        enum status st = sample_more(s, t, sample, 0, look);

        if (st != ST_OK)
            return st;
        fixed = plan_sample_is_fixed(sample);
        if (isnan(t->axes[0]))
            st = plan_sample_axes(sample, t);
        if (st == ST_OK)
            st = plan_sample_goals(plan, sample, t->goals);
        if (st != ST_OK)
            return no_memory(s->diag);
        t->nr_race = look;
        find_worst(plan, t, t->goals);
        *leaning = lean(plan, t->goals, true, fixed);
        if (fixed || look >= PLAN_RACE_MAX || *leaning == PLAN_WRONG)
            return ST_OK;
    }
}

/* By replications that chose nothing. */
static enum status confirm(struct search *s, struct plan_tried *t, struct plan_sample *sample)
{
    struct plan *plan = s->plan;
    bool fixed = plan_sample_is_fixed(sample);
    uint32_t most = plan->replications;

    t->fresh = arena_array(plan->arena, plan->nr_goals + 1, sizeof(*t->fresh));
    if (!t->fresh)
        return no_memory(s->diag);
    plan_sample_clear(sample);
    t->state = PLAN_OPEN;
    for (uint32_t look = fixed ? 2 : PLAN_RACE_MAX;; look = look * 2 < most ? look * 2 : most) {
        enum status st = sample_more(s, t, sample, PLAN_FRESH, look);
        enum plan_leaning leaning;

        if (st != ST_OK)
            return st;
        if (plan_sample_goals(plan, sample, t->fresh) != ST_OK)
            return no_memory(s->diag);
        t->nr_fresh = look;
        find_worst(plan, t, t->fresh);
        leaning = lean(plan, t->fresh, look < most, fixed && plan_sample_is_fixed(sample));
        if (leaning == PLAN_RIGHT || (look >= most && is_settled(plan, t->fresh)))
            t->state = PLAN_MEETS;
        else if (leaning == PLAN_WRONG)
            t->state = PLAN_MISSES;
        if (t->state != PLAN_OPEN || look >= most || fixed)
            break;
        /* half of them used up and on the wrong side: the other half will hardly make it sure */
        if (2 * look >= most && leaning <= PLAN_LOOKS_WRONG)
            break;
    }
    return plan_sample_good(plan, sample, t) == ST_OK ? ST_OK : no_memory(s->diag);
}

static enum status try_loaded(struct search *s, size_t index, struct plan_sample *sample)
{
    struct plan_tried *t = &s->plan->tried[index];
    enum plan_leaning leaning = PLAN_TIE;
    enum status st = race(s, t, sample, &leaning);

    if (st != ST_OK)
        return st;
    if (plan_sample_bound(s->plan, sample, t) != ST_OK)
        return no_memory(s->diag);
    if (s->plan->nr_goals == 0 || leaning == PLAN_WRONG) {
        t->state = PLAN_MISSES;
        return ST_OK;
    }
    return confirm(s, t, sample);
}

/* What excludes itself (multifd and xbzrle, say) is a setting that there is not. */
static enum status try_setting(struct search *s, const uint16_t *choice)
{
    const char *settings[PLAN_SETTINGS_MAX];
    struct plan_sample sample = {0};
    struct plan_tried *t = new_tried(s, choice);
    size_t index = s->plan->nr_tried - 1, nr;
    struct diag unused = {0};
    enum status st;

    if (!t)
        return no_memory(s->diag);
    nr = plan_settings(s->plan, t, settings, PLAN_SETTINGS_MAX);
    st = variant_load(&sample.sc, &s->base, settings, nr, &unused);
    if (st == ST_EINPUT) {
        t->state = PLAN_INVALID;
        return ST_OK;
    }
    if (st != ST_OK)
        return no_memory(s->diag);
    st = try_loaded(s, index, &sample);
    plan_sample_release(&sample);
    if (st != ST_OK && st != ST_EINTR)
        return st;
    if (st == ST_EINTR && s->plan->tried[index].nr_race == 0)
        s->plan->nr_tried--; /* nothing is known of it */
    return st;
}

/* ---- the present, and what follows from it ---- */

/* Replications that the goals need to be decided at all, from the rows of one. */
static uint32_t replications_for(const struct plan *plan, const struct plan_sample *sample)
{
    double most = LEAST_REPLICATIONS, wishes = INFINITY;
    struct measure moved;
    struct measured all;

    /* attempts are counted once a wish: settings that need no second try have no more */
    if (measure_parse("moved.rate", &moved, NULL) == ST_OK &&
        measure_of(&sample->sc, &sample->run, &moved, &all) == ST_OK && all.replications > 0)
        wishes = fmax(1.0, (double)all.n / (double)all.replications);
    for (size_t i = 0; i < plan->nr_goals; i++) {
        const struct plan_goal *g = &plan->goals[i];
        struct measured m;
        double rows = 1.0, need = 0.0;

        if (measure_of(&sample->sc, &sample->run, &g->measure, &m) == ST_OK && m.replications)
            rows = fmax(1.0, fmin(wishes, (double)m.n / (double)m.replications));
        if (g->measure.statistic == MEASURE_QUANTILE)
            need = log(0.025) / log(fmax(g->measure.quantile, 1.0 - g->measure.quantile)) / rows;
        else if (g->measure.statistic == MEASURE_RATE && !g->implied)
            need = 4.0 / fmax(fmin(g->limit, 1.0 - g->limit), 1e-3) / rows;
        most = fmax(most, 1.5 * need);
    }
    return (uint32_t)fmin(ceil(most / 16.0) * 16.0, MOST_REPLICATIONS);
}

/* As many VMs must arrive as today. */
static enum status set_implied(struct plan *plan, const struct plan_sample *sample)
{
    for (size_t i = 0; i < plan->nr_goals; i++) {
        struct plan_goal *g = &plan->goals[i];
        struct measured m;

        if (!g->implied)
            continue;
        if (measure_of(&sample->sc, &sample->run, &g->measure, &m) != ST_OK)
            return ST_ENOMEM;
        g->limit = isnan(m.value) ? -1.0 : m.value - 0.005;
    }
    return ST_OK;
}

static enum status try_present(struct search *s)
{
    uint16_t nothing[PLAN_KNOBS_MAX] = {0};
    struct plan *plan = s->plan;
    struct plan_sample sample = {0};
    struct plan_tried *t = new_tried(s, nothing);
    enum status st = t ? variant_load(&sample.sc, &s->base, NULL, 0, s->diag) : ST_ENOMEM;

    if (st == ST_OK)
        st = sample_more(s, t, &sample, 0, FIRST_LOOK);
    if (st == ST_OK) {
        plan->fixed = plan_sample_is_fixed(&sample);
        plan->replications =
            s->options->replications ? s->options->replications : replications_for(plan, &sample);
        st = set_implied(plan, &sample);
    }
    if (st == ST_OK) {
        plan_sample_clear(&sample);
        plan->runs = t->runs = 0; /* the race simulates these again, and counts them */
        st = try_loaded(s, 0, &sample);
    }
    plan_sample_release(&sample);
    if (st == ST_EINTR && plan->tried[0].nr_race == 0)
        plan->nr_tried = 0;
    return st == ST_ENOMEM ? no_memory(s->diag) : st;
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

static bool is_found(const struct search *s)
{
    const struct plan *plan = s->plan;

    return !s->options->whole_front && plan->nr_tried > 0 &&
           plan->tried[plan->nr_tried - 1].state == PLAN_MEETS;
}

static enum status walk(struct search *s, const struct planned *level, size_t nr)
{
    struct plan *plan = s->plan;

    for (size_t i = 0; i < nr; i++) {
        enum status st;

        if (plan->runs + (plan->fixed ? 2 : FIRST_LOOK) > s->budget) {
            plan->out_of_budget = true;
            plan->all_cheaper = false;
            return ST_OK;
        }
        st = try_setting(s, level[i].choice);
        if (st != ST_OK || is_found(s))
            return st;
    }
    return ST_OK;
}

static enum status try_level(struct search *s, uint32_t changes)
{
    struct plan *plan = s->plan;
    double size = level_size(plan, changes);
    double affordable = fmax(0.0, (double)s->budget - (double)plan->runs) / FIRST_LOOK;
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

static void judge(struct search *s)
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
static enum status confirm_nearest(struct search *s)
{
    struct plan *plan = s->plan;
    size_t pair[2] = {0, plan->best};
    uint32_t nr_fresh = plan->fixed                               ? 2
                        : plan->replications < LEAST_REPLICATIONS ? plan->replications
                                                                  : LEAST_REPLICATIONS;
    enum status st = ST_OK;

    if (plan->verdict != PLAN_NONE || plan->best == 0)
        return ST_OK;
    for (int i = 0; i < 2 && st == ST_OK; i++) {
        struct plan_tried *t = &plan->tried[pair[i]];
        struct plan_sample sample = {0};
        const char *settings[PLAN_SETTINGS_MAX];
        size_t nr = plan_settings(plan, t, settings, PLAN_SETTINGS_MAX);

        t->nr_fresh = 0;
        t->fresh = arena_array(plan->arena, plan->nr_goals + 1, sizeof(*t->fresh));
        st = t->fresh ? variant_load(&sample.sc, &s->base, settings, nr, s->diag) : ST_ENOMEM;
        if (st == ST_OK)
            st = sample_more(s, t, &sample, PLAN_FRESH, nr_fresh);
        if (st == ST_OK)
            st = plan_sample_goals(plan, &sample, t->fresh);
        if (st == ST_OK) {
            t->nr_fresh = sample.run.replications;
            find_worst(plan, t, t->fresh);
            st = plan_sample_good(plan, &sample, t);
        }
        plan_sample_release(&sample);
    }
    if (st == ST_OK && plan->tried[plan->best].shortfall >= plan->tried[0].shortfall)
        plan->best = 0;
    return st;
}

/* ---- all of it ---- */

static enum status set_goals(struct search *s, struct scn_override **sets)
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

static enum status search_levels(struct search *s)
{
    struct plan *plan = s->plan;
    enum status st = try_present(s);

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
    struct search s = {.plan = plan,
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

enum plan_standing plan_judge(const struct plan *plan, const struct plan_tried *t, size_t goal)
{
    const struct plan_goal *g = &plan->goals[goal];
    enum plan_leaning leaning =
        plan_lean(g, t->fresh ? &t->fresh[goal] : &t->goals[goal], false,
                  plan->fixed && (t->fresh ? t->nr_fresh : t->nr_race) <= 2);

    if (leaning == PLAN_RIGHT || (leaning == PLAN_LOOKS_RIGHT && is_extreme(g)))
        return PLAN_HELD;
    return leaning == PLAN_WRONG ? PLAN_BROKEN : PLAN_UNSURE;
}

void plan_release(struct plan *plan)
{
    scenario_release(&plan->sc);
    free(plan->tried);
    arena_free(plan->arena);
    *plan = (struct plan){0};
}
