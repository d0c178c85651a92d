/*
 * plan_race.c - one setting: raced against its goals on the common draws, then confirmed.
 *
 * Which settings are tried, and in which order, is plan.c's; what replications tell
 * plan_sample.c's. Invariant: replications from PLAN_FRESH on confirm and never choose.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answers/plan/plan_int.h"

#include "base/banned.h"

enum {
    MOST_REPLICATIONS = 1024
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

static struct plan_tried *new_tried(struct plan_hunt *s, const uint16_t *choice)
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

static enum status sample_more(struct plan_hunt *s, struct plan_tried *t,
                               struct plan_sample *sample, uint32_t first, uint32_t upto)
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
static enum status race(struct plan_hunt *s, struct plan_tried *t, struct plan_sample *sample,
                        enum plan_leaning *leaning)
{
    struct plan *plan = s->plan;
    uint32_t look = plan->fixed ? 2 : PLAN_FIRST_LOOK;
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
static enum status confirm(struct plan_hunt *s, struct plan_tried *t, struct plan_sample *sample)
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

static enum status try_loaded(struct plan_hunt *s, size_t index, struct plan_sample *sample)
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
enum status plan_try_setting(struct plan_hunt *s, const uint16_t *choice)
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
    double most = PLAN_LEAST_REPLICATIONS, wishes = INFINITY;
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

enum status plan_try_present(struct plan_hunt *s)
{
    uint16_t nothing[PLAN_KNOBS_MAX] = {0};
    struct plan *plan = s->plan;
    struct plan_sample sample = {0};
    struct plan_tried *t = new_tried(s, nothing);
    enum status st = t ? variant_load(&sample.sc, &s->base, NULL, 0, s->diag) : ST_ENOMEM;

    if (st == ST_OK)
        st = sample_more(s, t, &sample, 0, PLAN_FIRST_LOOK);
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

/* ---- a look at what was tried ---- */

enum status plan_look_again(struct plan_hunt *s, struct plan_tried *t, uint32_t nr_fresh)
{
    struct plan *plan = s->plan;
    struct plan_sample sample = {0};
    const char *settings[PLAN_SETTINGS_MAX];
    size_t nr = plan_settings(plan, t, settings, PLAN_SETTINGS_MAX);
    enum status st;

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
