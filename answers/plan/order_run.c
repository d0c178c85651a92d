/*
 * order_run.c - a schedule simulated, and what its rows say.
 *
 * A schedule is the scenario with one request a VM in place of its requests and operations.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answers/plan/order_int.h"
#include "sim/run.h"

#include "base/banned.h"

static enum status no_memory(struct diag *diag)
{
    return diag_set(diag, ST_ENOMEM, "out of memory");
}

static void fill_requests(struct order_search *s, const struct order_schedule *d)
{
    for (uint32_t i = 0; i < s->nr; i++) {
        uint32_t v = d->sequence[i];

        s->sc.requests[i] = (struct scn_request){.name = s->sc.vms[s->vms[v].vm].name,
                                                 .vm = s->vms[v].vm,
                                                 .target = d->target[v],
                                                 .priority = (int32_t)(s->nr - i),
                                                 .kind = JOB_LIVE,
                                                 .at_ns = d->at_ns[v],
                                                 .cancel_at_ns = -1};
    }
}

enum status order_run(struct order_search *s, const struct order_schedule *d, uint32_t first,
                      uint32_t nr, struct run_result *run)
{
    const struct scenario *sc = d ? &s->sc : &s->out->sc;
    enum status st;

    if (d)
        fill_requests(s, d);
    st = variant_run(sc, first, nr, s->options->jobs, s->options->stop, run, s->diag);
    s->out->runs += run->replications;
    s->out->schedules += d != NULL;
    if (s->options->step)
        s->options->step(s->options->step_arg, run->replications);
    if (st != ST_OK)
        run_free(run);
    return st;
}

/* A VM that moved on counts once. */
enum status order_makespans(const struct scenario *sc, const struct run_result *run,
                            double *makespan, double *moved)
{
    uint32_t *seen = calloc((size_t)sc->nr_vms + 1, sizeof(*seen));
    struct mig_result room;

    if (!seen)
        return ST_ENOMEM;
    for (uint32_t r = 0; r < run->replications; r++)
        makespan[r] = moved[r] = 0.0;
    /* the clock starts with the scenario: a schedule that begins later is no shorter for it */
    for (size_t i = 0; i < run->nr_migs; i++) {
        const struct mig_result *m = result_mig(run, i, &room);
        uint32_t r = m->replication - run->first_replication;
        double end = (double)(m->ended_ns >= 0 ? m->ended_ns : sc->horizon_ns);

        makespan[r] = fmax(makespan[r], end);
        if (m->outcome == OUTCOME_COMPLETED && seen[m->vm_id] != r + 1) {
            seen[m->vm_id] = r + 1;
            moved[r] += 1.0;
        }
    }
    free(seen);
    return ST_OK;
}

/* ---- the moves ---- */

/* The most intervals [start, end) that overlap; @events has room for two each. */
struct edge {
    int64_t at;
    int by;
};

static int by_time(const void *a, const void *b)
{
    const struct edge *x = a, *y = b;

    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return x->by - y->by; /* ends first */
}

static uint32_t most_at_once(struct edge *edges, size_t nr)
{
    int now = 0, most = 0;

    qsort(edges, nr, sizeof(*edges), by_time);
    for (size_t i = 0; i < nr; i++) {
        now += edges[i].by;
        most = now > most ? now : most;
    }
    return most > 0 ? (uint32_t)most : 1;
}

enum which_host {
    ANY_HOST,
    ITS_SOURCE,
    ITS_TARGET
};

static uint32_t count_at_once(const struct run_result *run, size_t nr, enum which_host which,
                              uint32_t host, struct edge *edges)
{
    struct mig_result room;
    size_t n = 0;

    for (size_t i = 0; i < nr; i++) {
        const struct mig_result *m = result_mig(run, i, &room);

        if (m->started_ns < 0 || m->ended_ns < 0 || (which == ITS_SOURCE && m->source_id != host) ||
            (which == ITS_TARGET && m->target_id != host))
            continue;
        edges[n++] = (struct edge){m->started_ns, 1};
        edges[n++] = (struct edge){m->ended_ns, -1};
    }
    return most_at_once(edges, n);
}

/* Of the first @nr rows. */
static enum status read_slots(struct order_search *s, const struct run_result *run, size_t nr)
{
    struct edge *edges = calloc(2 * nr + 1, sizeof(*edges));

    if (!edges)
        return no_memory(s->diag);
    s->own.total = count_at_once(run, nr, ANY_HOST, 0, edges);
    for (uint32_t h = 0; h < s->out->sc.nr_hosts; h++) {
        uint32_t out = count_at_once(run, nr, ITS_SOURCE, h, edges);
        uint32_t in = count_at_once(run, nr, ITS_TARGET, h, edges);

        s->own.out = out > s->own.out ? out : s->own.out;
        s->own.in = in > s->own.in ? in : s->own.in;
    }
    free(edges);
    return ST_OK;
}

/* From where each VM starts to where it ends in the first replication; one that moves on goes there
 * at once in a schedule. */
enum status order_read(struct order_search *s, const struct run_result *run)
{
    const struct scenario *sc = &s->out->sc;
    uint32_t *index = arena_array(s->arena, (size_t)sc->nr_vms + 1, sizeof(*index));
    size_t nr = run->nr_migs ? result_next_replication(run, 0) : 0;
    struct mig_result room;

    s->vms = arena_array(s->arena, (size_t)sc->nr_vms + 1, sizeof(*s->vms));
    if (!index || !s->vms)
        return no_memory(s->diag);
    memset(index, 0xff, ((size_t)sc->nr_vms + 1) * sizeof(*index));
    for (size_t i = 0; i < nr; i++) {
        const struct mig_result *m = result_mig(run, i, &room);

        if (index[m->vm_id] == UINT32_MAX) {
            index[m->vm_id] = s->nr;
            s->vms[s->nr++] =
                (struct order_vm){.vm = m->vm_id,
                                  .source = sc->vms[m->vm_id].host,
                                  .own_target = HOST_NONE,
                                  .bytes = (double)sc->vms[m->vm_id].guest->memory_bytes};
        }
        if (m->outcome == OUTCOME_COMPLETED)
            s->vms[index[m->vm_id]].own_target = m->target_id;
    }
    order_learn(s, run);
    return read_slots(s, run, nr);
}

/* Means over the replications of the time that a slot is held; delays before `migrate` are those of
 * the platform. */
void order_learn(struct order_search *s, const struct run_result *run)
{
    double delay = (double)s->out->sc.cluster.rules.start_delay_ns +
                   (double)s->out->sc.cluster.rules.finish_delay_ns;
    struct mig_result room;

    for (uint32_t v = 0; v < s->nr; v++) {
        double sum = 0.0;
        uint32_t nr = 0;

        for (size_t i = 0; i < run->nr_migs; i++) {
            const struct mig_result *m = result_mig(run, i, &room);

            if (m->vm_id != s->vms[v].vm || m->started_ns < 0 || m->ended_ns < 0)
                continue;
            sum += (double)(m->ended_ns - m->started_ns);
            nr++;
        }
        if (nr > 0)
            s->vms[v].takes_ns = sum / nr + delay;
    }
}
