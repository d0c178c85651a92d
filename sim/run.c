/*
 * run.c - replications over threads.
 *
 * Threads take replication numbers from one counter; each writes to the rows of its replication
 * only.
 */
#include "sim/run.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/thresholds.h"

enum {
    JOBS_MAX = 256
};

struct pool {
    const struct scenario *sc;
    const struct run_options *options;
    struct run_result *out;
    uint32_t *rounds_used; /* per replication */
    unsigned char *done;   /* per replication */
    atomic_uint next;
    atomic_bool failed;
};

static void keep(struct pool *p, const struct sim *sim, uint32_t replication)
{
    uint32_t nr, nr_rounds;
    const struct mig_result *rows = sim_results(sim, &nr);
    const struct mig_round *rounds = sim_rounds(sim, &nr_rounds);
    size_t first = (size_t)replication * p->options->max_rounds;
    struct mig_result *to = p->out->migs + (size_t)replication * nr;

    memcpy(to, rows, nr * sizeof(*to));
    for (uint32_t i = 0; i < nr; i++)
        to[i].first_round += first;
    if (nr_rounds)
        memcpy(p->out->rounds + first, rounds, nr_rounds * sizeof(*rounds));
    p->rounds_used[replication] = nr_rounds;
    p->done[replication] = 1;
}

static void *work(void *arg)
{
    struct pool *p = arg;
    struct sim_options so = {.max_rounds = p->options->max_rounds,
                             .observed = p->options->observed};
    struct sim *sim = sim_new(p->sc, &so);

    if (!sim) {
        atomic_store(&p->failed, true);
        return 0;
    }
    while (!(p->options->stop && *p->options->stop)) {
        uint32_t r = atomic_fetch_add(&p->next, 1);

        if (r >= p->sc->replications)
            break;
        sim_run(sim, r);
        keep(p, sim, r);
        if (p->options->step)
            p->options->step(p->options->step_arg);
    }
    sim_free(sim);
    return 0;
}

static uint32_t jobs_for(const struct scenario *sc, uint32_t jobs)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (jobs == 0)
        jobs = cores > 0 ? (uint32_t)cores : 1;
    if (jobs > sc->replications)
        jobs = sc->replications;
    return jobs > JOBS_MAX ? JOBS_MAX : jobs;
}

static void work_all(struct pool *p, uint32_t jobs)
{
    pthread_t threads[JOBS_MAX];
    uint32_t started = 0;

    while (started + 1 < jobs && pthread_create(&threads[started], 0, work, p) == 0)
        started++;
    work(p); /* this thread too: also when no other could be started */
    for (uint32_t i = 0; i < started; i++)
        pthread_join(threads[i], 0);
}

/* Close the gaps: rounds of each replication move up behind those of the one before. */
static void pack(struct pool *p)
{
    size_t to = 0, per = p->options->max_rounds, nr = p->sc->nr_requests;
    uint32_t finished = 0;

    while (finished < p->sc->replications && p->done[finished])
        finished++;
    for (uint32_t r = 0; r < finished; r++) {
        size_t from = r * per;

        if (p->rounds_used[r] && to != from)
            memmove(p->out->rounds + to, p->out->rounds + from,
                    p->rounds_used[r] * sizeof(*p->out->rounds));
        for (size_t i = 0; i < nr; i++)
            p->out->migs[r * nr + i].first_round -= from - to;
        to += p->rounds_used[r];
    }
    p->out->replications = finished;
    p->out->interrupted = finished < p->sc->replications;
    p->out->nr_migs = finished * nr;
    p->out->nr_rounds = to;
}

enum status run_scenario(const struct scenario *sc, const struct run_options *options,
                         struct run_result *out, struct diag *diag)
{
    struct pool pool = {.sc = sc, .options = options, .out = out};
    size_t reps = sc->replications ? sc->replications : 1;
    enum status st = ST_ENOMEM;

    *out = (struct run_result){
        .scenario = sc->path, .digest = sc->digest, .version = options->version, .seed = sc->seed};
    out->migs = calloc(reps * (sc->nr_requests ? sc->nr_requests : 1), sizeof(*out->migs));
    out->rounds =
        calloc(reps * (options->max_rounds ? options->max_rounds : 1), sizeof(*out->rounds));
    pool.rounds_used = calloc(reps, sizeof(*pool.rounds_used));
    pool.done = calloc(reps, 1);
    if (out->migs && out->rounds && pool.rounds_used && pool.done) {
        work_all(&pool, jobs_for(sc, options->jobs));
        pack(&pool);
        st = atomic_load(&pool.failed) ? ST_ENOMEM
             : out->interrupted        ? ST_EINTR
                                       : thresholds_judge(sc, out);
    }
    free(pool.rounds_used);
    free(pool.done);
    if (st == ST_ENOMEM) {
        run_free(out);
        diag_set(diag, st, "not enough memory for %zu migrations", reps * sc->nr_requests);
    }
    return st;
}

void run_free(struct run_result *out)
{
    free(out->migs);
    free(out->rounds);
    free(out->thresholds);
    free(out->fixes);
    *out = (struct run_result){0};
}
