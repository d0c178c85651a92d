/*
 * plan_sample.c - replications of one setting, and what they tell of the goals.
 *
 * Knows nothing of other settings.  Invariant: the rows of a sample are those that one run of all
 * its replications would have given.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answers/plan/plan_int.h"
#include "sim/run.h"

#include "base/banned.h"

#define FURTHER 0.5 /* of the way from the value to the interval's end */

static bool append(void **to, size_t nr_to, const void *from, size_t nr_from, size_t size)
{
    void *more = realloc(*to, (nr_to + nr_from) * size + 1);

    if (!more)
        return false;
    *to = more;
    if (nr_from > 0)
        memcpy((char *)more + nr_to * size, from, nr_from * size);
    return true;
}

/* Rows of @block behind those of @run, with the texts that they point to. */
static bool join(struct run_result *run, struct run_result *block)
{
    struct mig_result room;

    for (size_t i = 0; i < block->nr_migs; i++)
        if (!result_add_mig(run, result_mig(block, i, &room)))
            return false;
    if (!append((void **)&run->ops, run->nr_ops, block->ops, block->nr_ops, sizeof(*run->ops)) ||
        !append((void **)&run->texts, run->nr_texts, block->texts, block->nr_texts,
                sizeof(struct arena *)))
        return false;
    run->nr_ops += block->nr_ops;
    run->nr_texts += block->nr_texts;
    run->replications += block->replications;
    block->nr_texts = 0;
    return true;
}

enum status plan_sample_more(struct plan_sample *s, uint32_t first, uint32_t nr,
                             const struct plan_options *options, struct diag *diag)
{
    struct run_result block = {0};
    enum status st;

    assert(s->run.replications == 0 || s->run.first_replication + s->run.replications == first);
    st = variant_run(&s->sc, first, nr, options->jobs, options->stop, &block, diag);
    if (options->step)
        options->step(options->step_arg, block.replications);
    if (st != ST_OK) { /* half a block would not be the same on every machine */
        run_free(&block);
        return st;
    }
    if (s->run.replications == 0) {
        s->run = block;
        s->run.first_replication = first;
        return ST_OK;
    }
    if (!join(&s->run, &block))
        st = diag_set(diag, ST_ENOMEM, "out of memory");
    run_free(&block);
    return st;
}

void plan_sample_clear(struct plan_sample *s)
{
    run_free(&s->run);
}

void plan_sample_release(struct plan_sample *s)
{
    run_free(&s->run);
    scenario_release(&s->sc);
}

/* Two rows that a person would tell apart differ in one of these. */
static bool same_row(const struct mig_result *a, const struct mig_result *b)
{
    return a->vm_id == b->vm_id && a->source_id == b->source_id && a->target_id == b->target_id &&
           a->outcome == b->outcome && a->queued_ns == b->queued_ns &&
           a->started_ns == b->started_ns && a->ended_ns == b->ended_ns &&
           a->downtime_ns == b->downtime_ns && a->transferred_bytes == b->transferred_bytes;
}

bool plan_sample_is_fixed(const struct plan_sample *s)
{
    const struct run_result *run = &s->run;
    struct mig_result rooms[2];
    size_t each = run->replications ? run->nr_migs / run->replications : 0;

    if (run->replications < 2 || run->nr_migs != each * run->replications)
        return false;
    for (size_t i = each; i < run->nr_migs; i++)
        if (!same_row(result_mig(run, i, &rooms[0]), result_mig(run, i - each, &rooms[1])))
            return false;
    return true;
}

enum status plan_sample_goals(const struct plan *plan, const struct plan_sample *s,
                              struct measured *out)
{
    enum status st = ST_OK;

    for (size_t i = 0; i < plan->nr_goals && st == ST_OK; i++)
        st = measure_of(&s->sc, &s->run, &plan->goals[i].measure, &out[i]);
    return st;
}

enum status plan_sample_good(const struct plan *plan, const struct plan_sample *s,
                             struct plan_tried *t)
{
    uint32_t nr = s->run.replications;
    double *values = calloc((size_t)nr + 1, sizeof(*values));
    bool *bad = calloc((size_t)nr + 1, sizeof(*bad));
    enum status st = values && bad ? ST_OK : ST_ENOMEM;

    for (size_t i = 0; i < plan->nr_goals && st == ST_OK; i++) {
        const struct plan_goal *g = &plan->goals[i];

        st = measure_replications(&s->sc, &s->run, &g->measure, values);
        for (uint32_t r = 0; r < nr && st == ST_OK; r++) /* NaN crosses nothing */
            bad[r] |= g->less ? values[r] >= g->limit : values[r] <= g->limit;
    }
    t->nr_good = 0;
    for (uint32_t r = 0; r < nr && st == ST_OK; r++)
        t->nr_good += !bad[r];
    t->good = stats_proportion_interval(t->nr_good, nr, MEASURE_CONFIDENCE);
    free(values);
    free(bad);
    return st;
}

static enum status figure(const struct plan_sample *s, const char *words, double *out)
{
    struct measure measure;
    struct measured measured = {.value = NAN};
    enum status st = measure_parse(words, &measure, NULL);

    assert(st == ST_OK);
    st = measure_of(&s->sc, &s->run, &measure, &measured);
    *out = measured.value;
    return st;
}

enum status plan_sample_axes(const struct plan_sample *s, struct plan_tried *t)
{
    static const char *const words[PLAN_AXIS_NR] = {
        [PLAN_MAKESPAN] = "drain.makespan.mean",
        [PLAN_DOWNTIME] = "downtime.p95",
        [PLAN_SLOWDOWN] = "slowdown.mean",
        [PLAN_BYTES] = "drain.transferred.mean",
    };
    enum status st = figure(s, "moved.rate", &t->moved);

    for (int i = 0; i < PLAN_AXIS_NR && st == ST_OK; i++)
        st = figure(s, words[i], &t->axes[i]);
    return st;
}

/* The reason that is given most often. */
static const char *usual_reason(const struct run_result *run)
{
    const char *best = NULL;
    struct mig_result room;
    size_t most = 0;

    for (size_t i = 0; i < run->nr_migs && most < run->nr_migs; i++) {
        const struct mig_result *r = result_mig(run, i, &room);
        const char *reason = r->reason, *other;
        size_t nr = 0;

        if (!reason || r->outcome == OUTCOME_COMPLETED || reason == best)
            continue;
        for (size_t k = 0; k < run->nr_migs && k < 1000; k++) {
            other = result_mig(run, k, &room)->reason;
            nr += other && strcmp(other, reason) == 0;
        }
        if (nr > most) {
            best = reason;
            most = nr;
        }
        if (i > 1000) /* the replications are alike */
            break;
    }
    return best;
}

/* By time: of those that did not arrive, if any did not. */
enum status plan_sample_bound(struct plan *plan, const struct plan_sample *s, struct plan_tried *t)
{
    double all[BINDING_NR] = {0.0}, stayed[BINDING_NR] = {0.0}, *by = all;
    const char *why = usual_reason(&s->run);
    struct mig_result room;

    for (size_t i = 0; i < s->run.nr_migs; i++) {
        const struct mig_result *m = result_mig(&s->run, i, &room);
        double time = m->started_ns >= 0 ? fmax(1.0, (double)m->total_ns) : 0.0;

        all[m->binding] += time;
        if (m->outcome != OUTCOME_COMPLETED) {
            stayed[m->binding] += time;
            by = stayed;
        }
    }
    for (int i = 0; i < BINDING_NR; i++)
        if (by[i] > by[t->binding])
            t->binding = (enum binding)i;
    t->why = why ? arena_strdup(plan->arena, why) : NULL;
    return why && !t->why ? ST_ENOMEM : ST_OK;
}

enum plan_leaning plan_lean(const struct plan_goal *goal, const struct measured *m, bool strict,
                            bool fixed)
{
    bool extreme = goal->measure.statistic == MEASURE_MAX || goal->measure.statistic == MEASURE_MIN;
    double low = m->low, high = m->high;
    bool right;

    if (isnan(m->value)) /* nothing to judge crosses nothing, as with thresholds */
        return PLAN_RIGHT;
    right = goal->less ? m->value < goal->limit : m->value > goal->limit;
    if (fixed)
        return right ? PLAN_RIGHT : PLAN_WRONG;
    if (extreme) { /* more rows can only make it worse */
        bool can_worsen = (goal->measure.statistic == MEASURE_MAX) == goal->less;

        if (!right && can_worsen)
            return PLAN_WRONG;
        return right ? PLAN_LOOKS_RIGHT : PLAN_LOOKS_WRONG;
    }
    if (strict) {
        low -= FURTHER * (m->value - low);
        high += FURTHER * (high - m->value);
    }
    if (goal->less ? high < goal->limit : low > goal->limit)
        return PLAN_RIGHT;
    /* as many as today is enough where nothing can be more */
    if (goal->implied && right)
        return PLAN_RIGHT;
    if (goal->less ? low > goal->limit : high < goal->limit)
        return PLAN_WRONG;
    return right ? PLAN_LOOKS_RIGHT : PLAN_LOOKS_WRONG;
}

double plan_shortfall(const struct plan_goal *goal, const struct measured *m)
{
    double value = fmax(m->value, 1e-9), limit = fmax(goal->limit, 1e-9);

    if (isnan(m->value))
        return -INFINITY;
    /* shares count by what is missing of all: 99 % for 98 % is half as bad again, not 1 % */
    if (m->unit == VALUE_RATIO && !goal->less) {
        value = 1.0 - fmin(m->value, 1.0) + 1e-4;
        limit = 1.0 - fmin(goal->limit, 1.0) + 1e-4;
        return log(value / limit);
    }
    return goal->less ? log(value / limit) : log(limit / value);
}
