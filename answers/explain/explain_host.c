/*
 * explain_host.c - the rows of a host, counted and put in order.
 */
#include "answers/explain/explain_host.h"

#include <stdlib.h>
#include <string.h>

#include "base/option.h"
#include "sim/run.h"

static enum status find_host(struct explain_host *h, const char *name, struct diag *diag)
{
    struct option_nearest near = {.word = name};

    for (h->host = 0; h->host < h->sc->nr_hosts; h->host++) {
        if (strcmp(h->sc->hosts[h->host].name, name) == 0)
            return ST_OK;
        option_nearest_offer(&near, h->sc->hosts[h->host].name);
    }
    diag_hint(diag, "did you mean '%s'?", near.best ? near.best : h->sc->hosts[0].name);
    return diag_set(diag, ST_EUSAGE, "there is no host '%s' in %s", name, h->sc->path);
}

static void count_guests(struct explain_host *h)
{
    for (uint32_t i = 0; i < h->sc->nr_vms; i++) {
        if (h->sc->vms[i].host != h->host)
            continue;
        h->vms++;
        h->memory_bytes += h->sc->vms[i].guest->memory_bytes;
    }
}

static int64_t begin_of(const struct mig_result *r)
{
    return r->started_ns >= 0 ? r->started_ns : r->ended_ns >= 0 ? r->ended_ns : r->queued_ns;
}

static int by_begin(const void *a, const void *b)
{
    const struct mig_result *x = a, *y = b;

    if (begin_of(x) != begin_of(y))
        return begin_of(x) < begin_of(y) ? -1 : 1;
    if (x->job != y->job)
        return x->job < y->job ? -1 : 1;
    return x->attempt < y->attempt ? -1 : x->attempt > y->attempt;
}

static bool runs_at(const struct mig_result *r, int64_t at_ns)
{
    return r->started_ns >= 0 && r->started_ns <= at_ns && (r->ended_ns < 0 || at_ns < r->ended_ns);
}

/* Of the moves, which stand in order: those that leave, or those that come. */
static void count_flow(const struct explain_host *h, bool leaving, struct explain_flow *flow)
{
    flow->last_ns = -1;
    for (size_t i = 0; i < h->nr_moves; i++) {
        const struct mig_result *r = &h->moves[i];
        uint32_t now = 0;

        if ((r->source_id == h->host) != leaving)
            continue;
        flow->attempts++;
        flow->bytes += r->transferred_bytes + r->disk_bytes;
        if (r->outcome == OUTCOME_COMPLETED) {
            flow->completed++;
            flow->last_ns = r->ended_ns > flow->last_ns ? r->ended_ns : flow->last_ns;
        }
        for (size_t k = 0; k <= i; k++)
            now += (h->moves[k].source_id == h->host) == leaving &&
                   runs_at(&h->moves[k], r->started_ns);
        flow->most = now > flow->most ? now : flow->most;
    }
}

static bool concerns(const struct explain_host *h, const struct mig_result *r)
{
    return r->replication == h->replication && (r->source_id == h->host || r->target_id == h->host);
}

static enum status collect(struct explain_host *h)
{
    struct mig_result room;
    size_t nr = 0;

    for (size_t i = 0; i < h->run.nr_migs; i++)
        nr += concerns(h, result_mig(&h->run, i, &room));
    h->moves = malloc((nr + 1) * sizeof(*h->moves));
    if (!h->moves)
        return ST_ENOMEM;
    for (size_t i = 0; i < h->run.nr_migs; i++) {
        const struct mig_result *r = result_mig(&h->run, i, &room);

        if (concerns(h, r))
            h->moves[h->nr_moves++] = *r;
    }
    qsort(h->moves, h->nr_moves, sizeof(*h->moves), by_begin);
    count_flow(h, true, &h->out);
    count_flow(h, false, &h->in);
    return ST_OK;
}

enum status explain_host(struct explain_host *h, const struct scenario *sc, const char *name,
                         const struct explain_options *o, struct diag *diag)
{
    struct run_options run = {
        .version = o->version, .jobs = o->jobs, .stop = o->stop, .nr_replications = 1};
    enum status st;

    *h = (struct explain_host){.sc = sc};
    st = find_host(h, name, diag);
    if (st == ST_OK && o->pick == EXPLAIN_NUMBER && o->number >= sc->replications) {
        diag_hint(diag, "0 is the first, %u the last", sc->replications - 1);
        st = diag_set(diag, ST_EUSAGE, "there is no replication %u", o->number);
    }
    if (st != ST_OK)
        return st;
    h->replication = o->pick == EXPLAIN_NUMBER ? o->number : 0;
    run.first_replication = h->replication;
    count_guests(h);
    st = run_scenario(sc, &run, &h->run, diag);
    if (st == ST_OK)
        st = collect(h);
    if (st == ST_ENOMEM && !diag->what[0])
        diag_set(diag, st, "out of memory");
    return st;
}

void explain_host_release(struct explain_host *h)
{
    run_free(&h->run);
    free(h->moves);
    *h = (struct explain_host){0};
}
