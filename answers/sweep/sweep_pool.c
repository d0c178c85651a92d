/*
 * sweep_pool.c - all cells of a sweep over all threads, and what is finished into the database.
 *
 * A thread takes a whole cell while there are cells enough, and else a block of replications of a
 * cell that is being simulated; so a single cell keeps all cores busy too, and the last cells leave
 * none idle for long.  Blocks are joined by replication, so neither their size nor who ran them
 * shows in the result.
 *
 * Finished cells are written in batches, a short transaction each: other programs can write in
 * between, and a program that is killed loses less than a second of work.
 *
 * Two locks: `lock` for the table of work, `db` for the connection; never both at once.
 */
#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "answers/sweep/sweep_int.h"
#include "base/units.h"
#include "sim/run.h"
#include "sim/thresholds.h"

#include "base/banned.h"

enum {
    JOBS_MAX = 256,
    BATCH_MAX = 2000,               /* finished cells that wait for the next batch */
    BATCH_NS = 250 * (int)NS_PER_MS /* or how long they wait */
};

struct part {
    uint32_t first;
    struct run_result run;
};

/* A cell that is being simulated. */
struct work {
    struct work *next;
    size_t cell;
    struct scenario sc;
    uint32_t given, running; /* replications handed out; blocks that run */
    struct part *parts;
    size_t nr_parts, cap_parts;
    bool broken; /* a block did not end well */
};

struct pool {
    struct sweep *sweep;
    const struct sweep_options *options;

    pthread_mutex_t lock;
    pthread_cond_t changed; /* a cell was loaded, or turned out to need no work */
    size_t next_cell;
    unsigned loading;
    struct work *works;
    size_t *done; /* [nr_cells]: cells to be stored, in the order in which they were finished */
    size_t nr_done, nr_flushed;
    bool flushing;
    int64_t flushed_ns;
    enum status st; /* the first failure that ends the sweep: memory */

    pthread_mutex_t db;
    struct store_cells *reader; /* NULL = nothing is stored */
};

static int64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * NS_PER_S + now.tv_nsec;
}

static bool stopped(const struct pool *p)
{
    return p->st != ST_OK || (p->options->stop && *p->options->stop);
}

static void skip_runs(const struct pool *p, uint64_t runs)
{
    if (p->options->skip)
        p->options->skip(p->options->arg, runs);
}

/* ---- the database; under neither lock but its own ---- */

/* A database that fails is told of once and then left alone: the sweep goes on. */
static void database_failed(struct pool *p, enum status st, const struct diag *diag)
{
    p->sweep->store_status = st;
    p->sweep->store_diag = *diag;
    store_cells_free(p->reader);
    p->reader = NULL;
}

static bool is_stored(struct pool *p, struct sweep_cell *cell, const char *const *names)
{
    char key[SWEEP_KEY];
    struct diag diag = {0};
    bool found = false;
    enum status st = ST_OK;

    sweep_key(key, cell->digest, p->options->version);
    pthread_mutex_lock(&p->db);
    if (p->reader)
        st = store_cells_find(p->reader, key, names, cell->figures, p->sweep->nr_measures,
                              cell->goals, cell->nr_goals, &found, &diag);
    if (st != ST_OK)
        database_failed(p, st, &diag);
    pthread_mutex_unlock(&p->db);
    return found && st == ST_OK;
}

static const char **measure_names(const struct sweep *sweep)
{
    const char **names = calloc(sweep->nr_measures + 1, sizeof(*names));

    for (size_t i = 0; names && i < sweep->nr_measures; i++)
        names[i] = sweep->measures[i].name;
    return names;
}

static const char **goal_texts(const struct sweep *sweep, size_t nr)
{
    const char **texts = calloc(nr + 1, sizeof(*texts));

    /* a preset may bring goals that the first cell lacks */
    for (size_t i = 0; texts && i < nr; i++)
        texts[i] = i < sweep->nr_goals ? sweep->goals[i].text : "";
    return texts;
}

static enum status store_batch(struct pool *p, const size_t *cells, size_t nr, struct diag *diag)
{
    struct store_cell *rows = calloc(nr, sizeof(*rows));
    char(*keys)[SWEEP_KEY] = calloc(nr, sizeof(*keys));
    const char **names = measure_names(p->sweep), **texts;
    size_t goals = 0;
    enum status st = ST_ENOMEM;

    for (size_t i = 0; i < nr; i++)
        if (p->sweep->cells[cells[i]].nr_goals > goals)
            goals = p->sweep->cells[cells[i]].nr_goals;
    texts = goal_texts(p->sweep, goals);
    for (size_t i = 0; rows && keys && names && texts && i < nr; i++) {
        const struct sweep_cell *cell = &p->sweep->cells[cells[i]];

        sweep_key(keys[i], cell->digest, p->options->version);
        rows[i] = (struct store_cell){.key = keys[i],
                                      .digest = cell->digest,
                                      .version = p->options->version,
                                      .seed = cell->seed,
                                      .replications = cell->replications,
                                      .nr_figures = p->sweep->nr_measures,
                                      .nr_goals = cell->nr_goals,
                                      .names = names,
                                      .figures = cell->figures,
                                      .goal_texts = texts,
                                      .goals = cell->goals};
    }
    if (rows && keys && names && texts)
        st = store_put_cells(p->options->store, rows, nr, diag);
    else
        diag_set(diag, st, "out of memory");
    free(rows);
    free(keys);
    free(names);
    free(texts);
    return st;
}

/* Called with the lock, which is given back while the batch is written. */
enum flush {
    FLUSH_IF_DUE,
    FLUSH_ALL
};

static void flush(struct pool *p, enum flush when)
{
    size_t from = p->nr_flushed, to = p->nr_done;
    struct diag diag = {0};
    bool due = to - from >= BATCH_MAX || now_ns() - p->flushed_ns >= BATCH_NS;

    if (from == to || p->flushing || (when == FLUSH_IF_DUE && !due))
        return;
    p->flushing = true;
    pthread_mutex_unlock(&p->lock);
    pthread_mutex_lock(&p->db);
    if (p->reader) {
        enum status st = store_batch(p, p->done + from, to - from, &diag);

        if (st != ST_OK)
            database_failed(p, st, &diag);
    }
    pthread_mutex_unlock(&p->db);
    pthread_mutex_lock(&p->lock);
    p->nr_flushed = to;
    p->flushed_ns = now_ns();
    p->flushing = false;
}

/* ---- one cell ---- */

static void work_free(struct work *w)
{
    for (size_t i = 0; i < w->nr_parts; i++)
        run_free(&w->parts[i].run);
    free(w->parts);
    scenario_release(&w->sc);
    free(w);
}

static int by_first(const void *left, const void *right)
{
    const struct part *a = left, *b = right;

    return a->first < b->first ? -1 : a->first > b->first;
}

/* The rows of all blocks as those of one run; they stay the blocks' own. */
static bool join_rows(const struct work *w, struct run_result *all)
{
    struct mig_result room;
    size_t ops = 0;

    for (size_t i = 0; i < w->nr_parts; i++)
        ops += w->parts[i].run.nr_ops;
    *all = w->parts[0].run;
    all->first_replication = 0;
    all->replications = w->sc.replications;
    all->thresholds = NULL;
    all->nr_thresholds = all->nr_migs = all->nr_ops = 0;
    all->migs = NULL;
    all->ops = calloc(ops + 1, sizeof(*all->ops));
    if (!all->ops)
        return false;
    for (size_t i = 0; i < w->nr_parts; i++) {
        const struct run_result *run = &w->parts[i].run;

        for (size_t k = 0; k < run->nr_migs; k++)
            if (!result_add_mig(all, result_mig(run, k, &room)))
                return false;
        if (run->nr_ops)
            memcpy(all->ops + all->nr_ops, run->ops, run->nr_ops * sizeof(*all->ops));
        all->nr_ops += run->nr_ops;
    }
    return true;
}

static enum status measure_joined(struct pool *p, struct work *w)
{
    struct sweep_cell *cell = &p->sweep->cells[w->cell];
    struct run_result all;
    enum status st = ST_ENOMEM;

    if (w->nr_parts == 1)
        return sweep_cell_measure(p->sweep, cell, &w->sc, &w->parts[0].run);
    qsort(w->parts, w->nr_parts, sizeof(*w->parts), by_first);
    if (join_rows(w, &all))
        st = thresholds_judge(&w->sc, &all);
    if (st == ST_OK)
        st = sweep_cell_measure(p->sweep, cell, &w->sc, &all);
    result_free_migs(&all);
    free(all.ops);
    free(all.thresholds);
    return st;
}

/* Loads the next cell and looks whether it is stored.  NULL = there is nothing to simulate, or
 * *@failed says why. */
static struct work *begin(struct pool *p, size_t index, enum status *failed)
{
    struct sweep_cell *cell = &p->sweep->cells[index];
    struct work *w = calloc(1, sizeof(*w));
    const char **names = measure_names(p->sweep);
    struct diag diag = {0};
    bool wanted = false;

    if (w && names) {
        enum status st = sweep_load(p->sweep, p->options, index, &w->sc, &diag);

        w->cell = index;
        if (st != ST_OK) {
            sweep_refuse(cell, &diag);
            skip_runs(p, p->sweep->replications);
        } else if (!sweep_cell_begin(cell, &w->sc)) {
            *failed = ST_ENOMEM;
        } else if (!p->options->again && is_stored(p, cell, names)) {
            cell->state = SWEEP_STORED;
            sweep_cell_judge(cell, &w->sc);
            skip_runs(p, cell->replications);
        } else {
            wanted = true;
        }
    } else {
        *failed = ST_ENOMEM;
    }
    free(names);
    if (!wanted && w) {
        work_free(w);
        w = NULL;
    }
    return w;
}

/* How many replications at once: all while others find cells of their own, less towards the end. */
static uint32_t block_size(const struct pool *p, const struct work *w)
{
    uint32_t left = w->sc.replications - w->given;
    uint32_t share = left / (2 * p->options->jobs);

    if (p->options->jobs == 1 || p->sweep->nr_cells - p->next_cell >= p->options->jobs)
        return left;
    return share > 0 ? share : 1;
}

static bool add_part(struct work *w, uint32_t first, const struct run_result *run)
{
    if (w->nr_parts == w->cap_parts) {
        size_t cap = w->cap_parts ? w->cap_parts * 2 : 4;
        struct part *more = realloc(w->parts, cap * sizeof(*more));

        if (!more)
            return false;
        w->parts = more;
        w->cap_parts = cap;
    }
    w->parts[w->nr_parts++] = (struct part){.first = first, .run = *run};
    return true;
}

/* Simulates one block.  With the lock, which is given back meanwhile. */
static void run_block(struct pool *p, struct work *w)
{
    const struct run_options options = {.version = "",
                                        .jobs = 1,
                                        .first_replication = w->given,
                                        .nr_replications = block_size(p, w),
                                        .stop = p->options->stop,
                                        .step = p->options->step,
                                        .step_arg = p->options->arg};
    struct run_result run = {0};
    struct diag diag = {0};
    enum status st;

    w->given += options.nr_replications;
    w->running++;
    pthread_mutex_unlock(&p->lock);
    st = run_scenario(&w->sc, &options, &run, &diag);
    pthread_mutex_lock(&p->lock);
    w->running--;
    if (st == ST_OK && !add_part(w, options.first_replication, &run))
        st = p->st = ST_ENOMEM;
    if (st == ST_OK)
        return;
    run_free(&run);
    w->given = w->sc.replications; /* no more of it */
    if (st != ST_EINTR && p->st == ST_OK && !w->broken)
        sweep_refuse(&p->sweep->cells[w->cell], &diag);
    w->broken = true;
}

static void unlist(struct pool *p, const struct work *w)
{
    struct work **at = &p->works;

    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
}

/* All blocks are there.  With the lock, which is given back meanwhile. */
static void finish(struct pool *p, struct work *w)
{
    enum status st = ST_OK;

    unlist(p, w);
    if (!w->broken) {
        pthread_mutex_unlock(&p->lock);
        st = measure_joined(p, w);
        pthread_mutex_lock(&p->lock);
    }
    if (st != ST_OK) {
        p->st = st;
    } else if (!w->broken) {
        p->sweep->cells[w->cell].state = SWEEP_DONE;
        p->done[p->nr_done++] = w->cell;
    }
    work_free(w);
    flush(p, FLUSH_IF_DUE);
}

static void run_blocks(struct pool *p, struct work *w)
{
    while (w->given < w->sc.replications && !stopped(p)) {
        run_block(p, w);
        /* the last one to come back ends it: nobody else can hold it then */
        if (w->given == w->sc.replications && w->running == 0) {
            finish(p, w);
            return;
        }
    }
}

/* ---- all of them ---- */

static struct work *unfinished(struct pool *p)
{
    struct work *w = p->works;

    while (w && w->given == w->sc.replications)
        w = w->next;
    return w;
}

static void *take_work(void *arg)
{
    struct pool *p = arg;
    struct work *w;

    pthread_mutex_lock(&p->lock);
    while (!stopped(p)) {
        if (p->next_cell < p->sweep->nr_cells) {
            size_t cell = p->next_cell++;
            enum status failed = ST_OK;

            p->loading++;
            pthread_mutex_unlock(&p->lock);
            w = begin(p, cell, &failed);
            pthread_mutex_lock(&p->lock);
            p->loading--;
            if (failed != ST_OK)
                p->st = failed;
            if (w) {
                w->next = p->works;
                p->works = w;
            }
            pthread_cond_broadcast(&p->changed);
            if (w)
                run_blocks(p, w);
        } else if ((w = unfinished(p))) {
            run_blocks(p, w);
        } else if (p->loading > 0) {
            pthread_cond_wait(&p->changed, &p->lock);
        } else {
            break;
        }
    }
    pthread_cond_broadcast(&p->changed);
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static void run_threads(struct pool *p)
{
    pthread_t threads[JOBS_MAX];
    uint32_t jobs = p->options->jobs < JOBS_MAX ? p->options->jobs : JOBS_MAX, started = 0;

    while (started + 1 < jobs && pthread_create(&threads[started], NULL, take_work, p) == 0)
        started++;
    take_work(p); /* this thread too: also when no other could be started */
    for (uint32_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
}

enum status sweep_pool(struct sweep *sweep, const struct sweep_options *options, struct diag *diag)
{
    struct pool p = {.sweep = sweep, .options = options, .flushed_ns = now_ns()};
    enum status st = ST_OK;

    assert(options->jobs >= 1);
    p.done = calloc(sweep->nr_cells, sizeof(*p.done));
    if (!p.done)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    if (options->store)
        st = store_cells_new(&p.reader, options->store, diag);
    if (st != ST_OK) {
        free(p.done);
        return st;
    }
    pthread_mutex_init(&p.lock, NULL);
    pthread_mutex_init(&p.db, NULL);
    pthread_cond_init(&p.changed, NULL);
    run_threads(&p);
    pthread_mutex_lock(&p.lock);
    flush(&p, FLUSH_ALL);
    pthread_mutex_unlock(&p.lock);
    while (p.works) {
        struct work *w = p.works;

        p.works = w->next;
        work_free(w);
    }
    store_cells_free(p.reader);
    pthread_cond_destroy(&p.changed);
    pthread_mutex_destroy(&p.db);
    pthread_mutex_destroy(&p.lock);
    free(p.done);
    if (p.st != ST_OK)
        return diag_set(diag, p.st, "out of memory");
    return stopped(&p) ? ST_EINTR : ST_OK;
}
