/*
 * explain_op.c - the hosts of an operation in the order in which they hold it up.
 */
#include "answers/explain/explain_op.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answers/explain/explain_int.h"
#include "base/option.h"
#include "base/stats.h"

static enum status find_op(struct explain_op *x, const char *name, struct diag *diag)
{
    struct option_nearest near = {.word = name};

    for (uint32_t i = 0; i < x->sc->nr_operations; i++) {
        x->op = &x->sc->operations[i];
        if (strcmp(x->op->name, name) == 0)
            return ST_OK;
        option_nearest_offer(&near, x->op->name);
    }
    if (near.best)
        diag_hint(diag, "did you mean '%s'?", near.best);
    else if (x->sc->nr_operations > 0)
        diag_hint(diag, "there is '%s'", x->op->name);
    else
        diag_hint(diag, "it has none");
    return diag_set(diag, ST_EUSAGE, "there is no operation '%s' in %s", name, x->sc->path);
}

static int64_t length(const struct op_result *r)
{
    bool whole = r->ended_ns >= 0 && r->hosts_done == r->hosts;

    return whole ? r->ended_ns - r->started_ns : INT64_MAX;
}

static int by_length(const void *a, const void *b)
{
    const struct op_result *x = *(const struct op_result *const *)a;
    const struct op_result *y = *(const struct op_result *const *)b;

    if (length(x) != length(y))
        return length(x) < length(y) ? -1 : 1;
    return x->replication < y->replication ? -1 : 1;
}

/* Those that were done stand first in @rows, in order. */
static void spread(struct explain_op *x, const struct op_result **rows)
{
    double *lengths = calloc(x->nr_done + 1, sizeof(*lengths));

    x->p5_ns = x->p50_ns = x->p95_ns = NAN;
    if (!lengths || x->nr_done == 0) {
        free(lengths);
        return;
    }
    for (size_t i = 0; i < x->nr_done; i++)
        lengths[i] = (double)length(rows[i]);
    x->p5_ns = stats_quantile_sorted(lengths, x->nr_done, 0.05);
    x->p50_ns = stats_quantile_sorted(lengths, x->nr_done, 0.50);
    x->p95_ns = stats_quantile_sorted(lengths, x->nr_done, 0.95);
    free(lengths);
}

static enum status pick(struct explain_op *x, const struct explain_options *o, struct diag *diag)
{
    const struct op_result **rows = malloc((x->run.nr_ops + 1) * sizeof(*rows));
    size_t nr = 0;

    if (!rows)
        return ST_ENOMEM;
    x->pick = o->pick;
    for (size_t i = 0; i < x->run.nr_ops; i++) {
        const struct op_result *r = &x->run.ops[i];

        if (strcmp(r->name, x->op->name) != 0)
            continue;
        rows[nr++] = r;
        x->nr_done += length(r) != INT64_MAX;
        if (o->pick == EXPLAIN_NUMBER && r->replication == o->number)
            x->row = r;
    }
    qsort(rows, nr, sizeof(*rows), by_length);
    spread(x, rows);
    if (nr > 0 && o->pick == EXPLAIN_WORST)
        x->row = rows[nr - 1];
    else if (nr > 0 && o->pick != EXPLAIN_NUMBER)
        x->row = rows[(nr - 1) / 2];
    free(rows);
    if (x->row)
        return ST_OK;
    diag_hint(diag, "0 is the first, %u the last", x->run.replications - 1);
    return diag_set(diag, ST_EUSAGE, "there is no replication %u", o->number);
}

/* ---- hosts ---- */

static bool is_later(const struct mig_result *a, const struct mig_result *b)
{
    int64_t x = a->ended_ns < 0 ? INT64_MAX : a->ended_ns;
    int64_t y = b->ended_ns < 0 ? INT64_MAX : b->ended_ns;
    bool stays_a = a->outcome != OUTCOME_COMPLETED, stays_b = b->outcome != OUTCOME_COMPLETED;

    if (stays_a != stays_b)
        return stays_a;
    return x > y;
}

static bool is_last_attempt(const struct run_result *run, size_t i, const struct mig_result *r)
{
    struct mig_result room;
    const struct mig_result *next = i + 1 < run->nr_migs ? result_mig(run, i + 1, &room) : NULL;

    return !next || next->job != r->job || next->replication != r->replication;
}

/* Rows stand by job and attempt: the last of each job says how that wish ended. */
static void count(struct explain_op *x, uint32_t host, struct explain_op_host *h)
{
    struct mig_result room;

    for (size_t i = 0; i < x->run.nr_migs; i++) {
        const struct mig_result *r = result_mig(&x->run, i, &room);

        if (r->replication != x->row->replication || r->source_id != host ||
            x->row->started_ns < 0 || r->queued_ns < x->row->started_ns)
            continue;
        h->attempts++;
        if (!is_last_attempt(&x->run, i, r))
            continue;
        h->vms++;
        h->gone += r->outcome == OUTCOME_COMPLETED;
        if (!h->any || is_later(r, &h->last))
            h->last = *r;
        h->any = true;
    }
    if (h->any && h->last.outcome == OUTCOME_COMPLETED)
        h->empty_ns = h->last.ended_ns;
}

static int by_lateness(const void *a, const void *b)
{
    const struct explain_op_host *x = a, *y = b;
    int64_t ex = !x->any ? -2 : x->empty_ns < 0 ? INT64_MAX : x->empty_ns;
    int64_t ey = !y->any ? -2 : y->empty_ns < 0 ? INT64_MAX : y->empty_ns;

    if (ex != ey)
        return ex > ey ? -1 : 1;
    return strcmp(x->host, y->host);
}

static enum status find_hosts(struct explain_op *x)
{
    x->hosts = calloc((size_t)x->op->nr_hosts + 1, sizeof(*x->hosts));
    if (!x->hosts)
        return ST_ENOMEM;
    for (uint32_t i = 0; i < x->op->nr_hosts; i++) {
        uint32_t host = x->op->hosts[i];
        struct explain_op_host *h = &x->hosts[x->nr_hosts++];

        *h = (struct explain_op_host){.host = x->sc->hosts[host].name, .empty_ns = -1};
        count(x, host, h);
    }
    qsort(x->hosts, x->nr_hosts, sizeof(*x->hosts), by_lateness);
    return ST_OK;
}

enum status explain_op(struct explain_op *x, const struct scenario *sc, const char *name,
                       const struct explain_options *o, struct diag *diag)
{
    struct run_options run = explain_run_options(o);
    enum status st;

    *x = (struct explain_op){.sc = sc};
    st = find_op(x, name, diag);
    if (st == ST_OK)
        st = run_scenario(sc, &run, &x->run, diag);
    if (st == ST_OK)
        st = pick(x, o, diag);
    if (st == ST_OK)
        st = find_hosts(x);
    if (st == ST_ENOMEM && !diag->what[0])
        diag_set(diag, st, "out of memory");
    return st;
}

void explain_op_release(struct explain_op *x)
{
    run_free(&x->run);
    free(x->hosts);
    *x = (struct explain_op){0};
}
