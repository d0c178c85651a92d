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

#include "base/arena.h"
#include "sim/rows.h"
#include "sim/thresholds.h"

enum {
    JOBS_MAX = 256
};

/* What one replication left. */
struct part {
    struct rows migs;
    struct mig_round *rounds;
    struct sim_event *events;
    struct op_result *ops;
    struct link_result *links;
    uint32_t nr_rounds, nr_events, nr_ops, nr_links;
    bool done;
};

struct pool {
    const struct scenario *sc;
    const struct run_options *options;
    uint32_t nr;        /* replications to run */
    struct part *parts; /* [nr] */
    struct arena *texts[JOBS_MAX];
    atomic_uint next, nr_texts;
    atomic_bool failed;
    atomic_bool endless; /* attempts without end */
};

static bool copy(void **to, const void *from, size_t nr, size_t size)
{
    *to = malloc(nr * size + 1);
    if (*to && nr)
        memcpy(*to, from, nr * size);
    return *to;
}

static bool keep(struct part *part, struct sim *sim)
{
    struct link_result links[LINKS_KEPT];
    const struct mig_round *rounds = sim_rounds(sim, &part->nr_rounds);
    const struct sim_event *events = sim_log_lines(sim, &part->nr_events);
    const struct op_result *ops = sim_operations(sim, &part->nr_ops);

    part->nr_links = sim_links(sim, links);
    part->done = sim_status(sim) == ST_OK &&
                 copy((void **)&part->rounds, rounds, part->nr_rounds, sizeof(*rounds)) &&
                 copy((void **)&part->events, events, part->nr_events, sizeof(*events)) &&
                 copy((void **)&part->ops, ops, part->nr_ops, sizeof(*ops)) &&
                 copy((void **)&part->links, links, part->nr_links, sizeof(*links));
    if (part->done)
        sim_take_rows(sim, &part->migs);
    return part->done;
}

static void *work(void *arg)
{
    struct pool *p = arg;
    struct sim_options so = {.max_rounds = p->options->max_rounds,
                             .max_events = p->options->max_events,
                             .links = p->options->links,
                             .observed = p->options->observed};
    struct sim *sim = sim_new(p->sc, &so);

    if (!sim) {
        atomic_store(&p->failed, true);
        return 0;
    }
    while (!(p->options->stop && *p->options->stop)) {
        uint32_t r = atomic_fetch_add(&p->next, 1);

        if (r >= p->nr)
            break;
        sim_run(sim, p->options->first_replication + r);
        if (!keep(&p->parts[r], sim)) {
            atomic_store(&p->failed, true);
            if (sim_status(sim) == ST_EINPUT)
                atomic_store(&p->endless, true);
            break;
        }
        if (p->options->step)
            p->options->step(p->options->step_arg);
    }
    p->texts[atomic_fetch_add(&p->nr_texts, 1)] = sim_take_texts(sim);
    sim_free(sim);
    return 0;
}

static uint32_t jobs_for(uint32_t replications, uint32_t jobs)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    if (jobs == 0)
        jobs = cores > 0 ? (uint32_t)cores : 1;
    if (jobs > replications)
        jobs = replications;
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

/* Its migrations behind those before, one by one; no rounds of it are there yet. */
static bool join_rows(struct rows *from, struct run_result *out)
{
    struct mig_result row;

    for (uint32_t i = 0; i < from->nr; i++) {
        row = *rows_at(from, i, &row);
        row.first_round += out->nr_rounds;
        if (!result_add_mig(out, &row))
            return false;
    }
    rows_release(from);
    return true;
}

/* One part after another, each freed once it is copied. */
static bool join(struct pool *p, struct run_result *out)
{
    size_t rounds = 0, events = 0, ops = 0;

    for (uint32_t r = 0; r < out->replications; r++) {
        rounds += p->parts[r].nr_rounds;
        events += p->parts[r].nr_events;
        ops += p->parts[r].nr_ops;
    }
    out->rounds = calloc(rounds + 1, sizeof(*out->rounds));
    out->events = calloc(events + 1, sizeof(*out->events));
    out->ops = calloc(ops + 1, sizeof(*out->ops));
    if (!out->rounds || !out->events || !out->ops)
        return false;
    for (uint32_t r = 0; r < out->replications; r++) {
        struct part *part = &p->parts[r];

        if (!join_rows(&part->migs, out))
            return false;
        memcpy(out->rounds + out->nr_rounds, part->rounds, part->nr_rounds * sizeof(*part->rounds));
        memcpy(out->events + out->nr_events, part->events, part->nr_events * sizeof(*part->events));
        if (part->nr_ops)
            memcpy(out->ops + out->nr_ops, part->ops, part->nr_ops * sizeof(*part->ops));
        out->nr_rounds += part->nr_rounds;
        out->nr_events += part->nr_events;
        out->nr_ops += part->nr_ops;
        free(part->rounds);
        free(part->events);
        free(part->ops);
        *part = (struct part){.done = true, .links = part->links, .nr_links = part->nr_links};
    }
    return true;
}

/* The use of links is kept of one replication. */
static void take_links(struct pool *p, struct run_result *out)
{
    size_t nr, first = result_typical(out, &nr);
    struct mig_result room;
    struct part *part;

    if (nr == 0)
        return;
    part = &p->parts[result_mig(out, first, &room)->replication - p->options->first_replication];
    out->links = part->links;
    out->nr_links = part->nr_links;
    part->links = 0;
}

/* A run that was interrupted keeps its leading replications; a single one is handed over. */
static bool pack(struct pool *p, struct run_result *out)
{
    out->texts = calloc(JOBS_MAX, sizeof(struct arena *));
    if (!out->texts)
        return false;
    while (out->replications < p->nr && p->parts[out->replications].done)
        out->replications++;
    out->interrupted = out->replications < p->nr;
    if (p->nr == 1 && out->replications == 1) {
        struct part *part = &p->parts[0];

        out->migs = malloc(sizeof(*out->migs));
        if (!out->migs)
            return false;
        *out->migs = part->migs;
        out->nr_migs = part->migs.nr;
        out->rounds = part->rounds;
        out->events = part->events;
        out->ops = part->ops;
        out->nr_rounds = part->nr_rounds;
        out->nr_events = part->nr_events;
        out->nr_ops = part->nr_ops;
        *part = (struct part){.done = true, .links = part->links, .nr_links = part->nr_links};
    } else if (!join(p, out)) {
        return false;
    }
    take_links(p, out);
    out->nr_texts = atomic_load(&p->nr_texts);
    for (size_t i = 0; i < out->nr_texts; i++)
        out->texts[i] = p->texts[i];
    return true;
}

static void free_parts(struct pool *p, size_t nr)
{
    for (size_t i = 0; p->parts && i < nr; i++) {
        rows_release(&p->parts[i].migs);
        free(p->parts[i].rounds);
        free(p->parts[i].events);
        free(p->parts[i].ops);
        free(p->parts[i].links);
    }
    free(p->parts);
}

enum status run_scenario(const struct scenario *sc, const struct run_options *options,
                         struct run_result *out, struct diag *diag)
{
    uint32_t nr = options->nr_replications ? options->nr_replications : sc->replications;
    struct pool pool = {.sc = sc, .options = options, .nr = nr};
    size_t reps = nr ? nr : 1;
    enum status st = ST_ENOMEM;

    *out = (struct run_result){.scenario = sc->path,
                               .digest = sc->digest,
                               .version = options->version,
                               .seed = sc->seed,
                               .first_replication = options->first_replication};
    pool.parts = calloc(reps, sizeof(*pool.parts));
    if (pool.parts) {
        work_all(&pool, jobs_for(nr, options->jobs));
        if (!atomic_load(&pool.failed) && pack(&pool, out))
            st = out->interrupted ? ST_EINTR : thresholds_judge(sc, out);
    }
    for (size_t i = out->nr_texts; i < atomic_load(&pool.nr_texts); i++)
        arena_free(pool.texts[i]);
    free_parts(&pool, reps);
    if (atomic_load(&pool.endless)) {
        run_free(out);
        diag_hint(diag, "raise [cluster] retry_wait, or lower max_attempts");
        return diag_at(diag, ST_EINPUT, sc->path, 0, "more than %d attempts in one replication",
                       SIM_ROWS_MAX);
    }
    if (st == ST_ENOMEM) {
        run_free(out);
        diag_set(diag, st, "not enough memory for %zu replications of %u requests", reps,
                 sc->nr_requests);
    }
    return st;
}

void run_free(struct run_result *out)
{
    for (size_t i = 0; i < out->nr_texts; i++)
        arena_free(out->texts[i]);
    free(out->texts);
    result_free_migs(out);
    free(out->rounds);
    free(out->events);
    free(out->ops);
    free(out->hazards);
    free(out->links);
    free(out->inputs);
    arena_free(out->input_texts);
    arena_free(out->hazard_texts);
    free(out->thresholds);
    free(out->fixes);
    *out = (struct run_result){0};
}
