/*
 * explain.c - runs the scenario, picks the replication to tell, and runs that one watched.
 *
 * Leaves the list of moments to explain_moments.c, shared links to explain_shares.c, changes to
 * explain_tries.c, and sentences to explain_words.c.
 */
#include "answers/explain/explain.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "answers/advise.h"
#include "answers/explain/explain_int.h"
#include "base/option.h"
#include "sim/platform.h"
#include "sim/run.h"
#include "sim/sim.h"

enum {
    ROUNDS_KEPT = 16384, /* of the told replication */
    EVENTS_KEPT = 20000,
    TEXT_LIMIT = 16 * 1024 * 1024
};

const char *explain_keep(struct explain *e, struct strbuf *text)
{
    const char *kept = strbuf_failed(text) ? NULL : arena_strdup(e->texts, strbuf_text(text));

    strbuf_clear(text);
    return kept;
}

/* ---- the VM ---- */

static enum status find_vm(struct explain *e, const char *name, struct diag *diag)
{
    struct option_nearest near = {.word = name};

    for (e->vm = 0; e->vm < e->sc->nr_vms; e->vm++) {
        if (strcmp(e->sc->vms[e->vm].name, name) == 0)
            return ST_OK;
        option_nearest_offer(&near, e->sc->vms[e->vm].name);
    }
    if (near.best)
        diag_hint(diag, "did you mean '%s'?", near.best);
    else
        diag_hint(diag, "there is '%s'", e->sc->nr_vms ? e->sc->vms[0].name : "none");
    return diag_set(diag, ST_EUSAGE, "there is no VM '%s' in %s", name, e->sc->path);
}

/* ---- how it ended, replication by replication ---- */

static enum status collect_ends(struct explain *e)
{
    struct mig_result room;

    e->ends = calloc((size_t)e->run.replications + 1, sizeof(*e->ends));
    if (!e->ends)
        return ST_ENOMEM;
    for (size_t i = 0; i < e->run.nr_migs; i++) {
        const struct mig_result *r = result_mig(&e->run, i, &room);
        struct explain_end *end = &e->ends[e->nr_ends];

        if (r->vm_id != e->vm)
            continue;
        if (e->nr_ends > 0 && end[-1].replication == r->replication)
            end--;
        else
            e->nr_ends++;
        /* rows of a replication stand by job and attempt: the last one met is the last */
        end->asked_ns = r->queued_ns;
        end->replication = r->replication;
        end->outcome = r->outcome;
        end->over_ns = r->ended_ns;
        end->downtime_ns = r->downtime_ns;
    }
    for (size_t i = 0; i < e->nr_ends; i++)
        e->outcomes[e->ends[i].outcome]++;
    return ST_OK;
}

static bool ended_well(const struct explain_end *end)
{
    return end->outcome == OUTCOME_COMPLETED;
}

static int64_t elapsed(const struct explain_end *end)
{
    return end->over_ns < 0 ? INT64_MAX : end->over_ns - end->asked_ns;
}

/* Better ends first: completed before not, then sooner, then with a shorter stop. */
static int by_worth(const void *a, const void *b)
{
    const struct explain_end *x = *(const struct explain_end *const *)a;
    const struct explain_end *y = *(const struct explain_end *const *)b;

    if (ended_well(x) != ended_well(y))
        return ended_well(x) ? -1 : 1;
    if (elapsed(x) != elapsed(y))
        return elapsed(x) < elapsed(y) ? -1 : 1;
    if (x->downtime_ns != y->downtime_ns)
        return x->downtime_ns < y->downtime_ns ? -1 : 1;
    return x->replication < y->replication ? -1 : 1;
}

static const struct explain_end *numbered(const struct explain *e, uint32_t number)
{
    for (size_t i = 0; i < e->nr_ends; i++)
        if (e->ends[i].replication == number)
            return &e->ends[i];
    return NULL;
}

/* Of the ends in order of worth; the completed ones stand before the others. */
static const struct explain_end *picked(struct explain *e, const struct explain_end **order)
{
    size_t done = e->outcomes[OUTCOME_COMPLETED], failed = e->nr_ends - done;

    switch (e->pick) {
    case EXPLAIN_WORST:
        return order[e->nr_ends - 1];
    case EXPLAIN_TYPICAL:
        return failed >= done ? order[done + (failed - 1) / 2] : order[(done - 1) / 2];
    default:
        return order[(e->nr_ends - 1) / 2];
    }
}

static enum status pick(struct explain *e, const struct explain_options *o, struct diag *diag)
{
    const struct explain_end **order;

    e->pick = o->pick;
    if (o->pick == EXPLAIN_NUMBER) {
        e->end = numbered(e, o->number);
        if (e->end || e->nr_ends == 0)
            return ST_OK;
        diag_hint(diag, "0 is the first, %u the last", e->run.replications - 1);
        return diag_set(diag, ST_EUSAGE, "the VM does not move in replication %u", o->number);
    }
    if (e->nr_ends == 0)
        return ST_OK;
    order = malloc(e->nr_ends * sizeof(*order));
    if (!order)
        return ST_ENOMEM;
    for (size_t i = 0; i < e->nr_ends; i++)
        order[i] = &e->ends[i];
    qsort(order, e->nr_ends, sizeof(*order), by_worth);
    e->end = picked(e, order);
    free(order);
    return ST_OK;
}

/* ---- the replication that is told ---- */

static int by_start(const void *a, const void *b, void *rows)
{
    const struct mig_result *x = (const struct mig_result *)rows + *(const uint32_t *)a;
    const struct mig_result *y = (const struct mig_result *)rows + *(const uint32_t *)b;

    if (x->queued_ns != y->queued_ns)
        return x->queued_ns < y->queued_ns ? -1 : 1;
    if (x->job != y->job)
        return x->job < y->job ? -1 : 1;
    return x->attempt < y->attempt ? -1 : x->attempt > y->attempt;
}

/* The last, but one that the horizon cut off tells less than the one before it. */
static uint32_t told_attempt(const struct explain *e)
{
    uint32_t last = e->nr_attempts - 1;
    const struct mig_result *r = &e->rows[e->attempts[last]];
    bool cut_off = r->outcome == OUTCOME_QUEUED && r->started_ns >= 0;

    return cut_off && last > 0 && e->rows[e->attempts[last - 1]].job == r->job ? last - 1 : last;
}

static enum status watch_it(struct explain *e)
{
    struct sim_options options = {
        .max_rounds = ROUNDS_KEPT, .max_events = EVENTS_KEPT, .observe = watch_look};

    e->watch = watch_new(e->sc, e->vm);
    options.observe_arg = e->watch;
    e->sim = e->watch ? sim_new(e->sc, &options) : NULL;
    if (!e->sim)
        return ST_ENOMEM;
    sim_run(e->sim, e->end->replication);
    if (sim_status(e->sim) != ST_OK)
        return ST_ENOMEM;
    e->rows = sim_results(e->sim, &e->nr_rows);
    e->rounds = sim_rounds(e->sim, &e->nr_rounds);
    e->events = sim_log_lines(e->sim, &e->nr_events);
    e->attempts = calloc((size_t)e->nr_rows + 1, sizeof(*e->attempts));
    if (!e->attempts)
        return ST_ENOMEM;
    for (uint32_t i = 0; i < e->nr_rows; i++)
        if (e->rows[i].vm_id == e->vm)
            e->attempts[e->nr_attempts++] = i;
    qsort_r(e->attempts, e->nr_attempts, sizeof(*e->attempts), by_start, (void *)e->rows);
    assert(e->nr_attempts > 0);
    e->told = &e->rows[e->attempts[told_attempt(e)]];
    return ST_OK;
}

/* What would have let the told attempt end well; also whether it would ever have. */
static enum status find_fixes(struct explain *e, const atomic_int *stop)
{
    struct mig_result room;

    e->fixed = EXPLAIN_NONE;
    for (size_t i = 0; i < e->run.nr_migs; i++) {
        const struct mig_result *r = result_mig(&e->run, i, &room);

        if (r->replication == e->told->replication && r->job == e->told->job &&
            r->attempt == e->told->attempt)
            e->fixed = i;
    }
    if (e->fixed == EXPLAIN_NONE || e->told->started_ns < 0)
        return ST_OK;
    return advise_migration(e->sc, &e->run, e->fixed, stop);
}

/* A platform's remarks come as lines. */
static enum status find_remarks(struct explain *e)
{
    const struct platform_ops *p = e->sc->cluster.platform;
    struct strbuf all = STRBUF_INIT, one = STRBUF_INIT;
    size_t nr = 1;
    enum status st = ST_OK;

    if (p && p->remarks)
        p->remarks(e->sc, e->vm, &all);
    for (const char *c = strbuf_text(&all); *c; c++)
        nr += *c == '\n';
    e->remarks = calloc(nr, sizeof(*e->remarks));
    for (const char *at = strbuf_text(&all); e->remarks && *at; at += strspn(at, "\n")) {
        size_t len = strcspn(at, "\n");

        strbuf_add(&one, at, len);
        e->remarks[e->nr_remarks] = explain_keep(e, &one);
        if (!e->remarks[e->nr_remarks++])
            st = ST_ENOMEM;
        at += len;
    }
    strbuf_release(&one);
    strbuf_release(&all);
    return e->remarks ? st : ST_ENOMEM;
}

static enum status tell(struct explain *e, const atomic_int *stop)
{
    enum status st = watch_it(e);

    if (st == ST_OK)
        st = find_fixes(e, stop);
    if (st == ST_OK)
        st = explain_find_shares(e);
    if (st == ST_OK)
        st = explain_find_moments(e);
    if (st == ST_OK)
        st = explain_find_tries(e, stop);
    if (st == ST_OK)
        st = find_remarks(e);
    return st;
}

struct run_options explain_run_options(const struct explain_options *o)
{
    return (struct run_options){.version = o->version,
                                .jobs = o->jobs,
                                .stop = o->stop,
                                .step = o->step,
                                .step_arg = o->step_arg};
}

enum status explain_vm(struct explain *e, const struct scenario *sc, const char *name,
                       const struct explain_options *o, struct diag *diag)
{
    struct run_options run = explain_run_options(o);
    enum status st;

    *e = (struct explain){.sc = sc, .texts = arena_new(TEXT_LIMIT)};
    st = e->texts ? find_vm(e, name, diag) : ST_ENOMEM;
    if (st == ST_OK)
        st = run_scenario(sc, &run, &e->run, diag);
    if (st == ST_OK)
        st = collect_ends(e);
    if (st == ST_OK)
        st = pick(e, o, diag);
    if (st == ST_OK && e->end)
        st = tell(e, o->stop);
    if (st == ST_ENOMEM && !diag->what[0])
        diag_set(diag, st, "out of memory");
    return st;
}

const struct mig_result *explain_row(const struct explain *e, struct mig_result *room)
{
    return e->fixed == EXPLAIN_NONE ? e->told : result_mig(&e->run, e->fixed, room);
}

void explain_release(struct explain *e)
{
    watch_free(e->watch);
    sim_free(e->sim);
    run_free(&e->run);
    free(e->ends);
    free(e->attempts);
    free(e->shares);
    free(e->tries);
    free(e->moments);
    free(e->remarks);
    arena_free(e->texts);
    *e = (struct explain){0};
}

/* ---- rounds ---- */

enum binding explain_round_bound(const struct explain *e, const struct mig_result *row,
                                 uint32_t round)
{
    static const enum binding names[] = {BINDING_CAP, BINDING_LINK, BINDING_STREAM_CPU,
                                         BINDING_SCAN};
    const struct watch *w = e->watch;
    double before[4] = {0}, most = 0.0;
    enum binding bound = BINDING_NONE;

    for (uint32_t i = 0; w && i < w->nr_rounds; i++) {
        const struct watch_round *r = &w->rounds[i];

        if (r->job != row->job || r->attempt != row->attempt || r->round > round)
            continue;
        if (r->round < round) {
            memcpy(before, r->bound_ns, sizeof(before));
            continue;
        }
        for (int k = 0; k < 4; k++) {
            if (r->bound_ns[k] - before[k] <= most)
                continue;
            most = r->bound_ns[k] - before[k];
            bound = names[k];
        }
    }
    return bound;
}
