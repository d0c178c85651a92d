/*
 * world.c - the memory of one simulated world, and the rows that leave it.
 *
 * Time passes in engine.c; whoever ends something there puts its row here, and sim_results() and
 * its like hand them out once a run is over.  Invariant: rounds stand row by row in `by_row` from
 * the end of a run to the next.
 */
#include "sim/sim_int.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "sim/cluster/operations.h"

static uint32_t at_most(uint64_t a, uint64_t b)
{
    uint64_t least = a < b ? a : b;

    return least < UINT32_MAX / 2 ? (uint32_t)least : UINT32_MAX / 2;
}

/* A VM has one migration at a time, and limits bound them further. */
static uint32_t most_migrations(const struct scenario *sc, const struct platform_ops *platform)
{
    const struct cluster_rules *r = &sc->cluster.rules;
    uint32_t most = sc->nr_vms ? sc->nr_vms : 1;

    if (sc->nr_faults) /* a guest that starts again after its host died takes no slot */
        return most;
    if (r->max_total)
        most = at_most(most, r->max_total);
    if (r->max_out && !platform->limits_hosts)
        most = at_most(most, (uint64_t)r->max_out * sc->nr_hosts);
    return most ? most : 1;
}

static bool allocate(struct sim *sim)
{
    const struct scenario *sc = sim->sc;
    size_t rounds = (size_t)sim->max_rounds + 1;
    uint32_t events = 64 + 2 * sc->nr_requests + 2 * sc->nr_faults + sc->nr_changes;

    sim->cap_migs = most_migrations(sc, sim->platform);
    sim->migs = calloc(sim->cap_migs / MIG_CHUNK + 1, sizeof(*sim->migs));
    sim->free_migs = calloc(sim->cap_migs, sizeof(*sim->free_migs));
    sim->rounds = calloc(rounds, sizeof(*sim->rounds));
    sim->by_row = calloc(rounds, sizeof(*sim->by_row));
    sim->round_of = calloc(rounds, sizeof(*sim->round_of));
    sim->log = calloc((size_t)sim->max_log + 1, sizeof(*sim->log));
    sim->texts = arena_new(64 * MIB);
    sim->platform_state = calloc(1, (size_t)sim->platform->sim_state_bytes + 1);
    sim->platform_vms = calloc((size_t)sc->nr_vms + 1, (size_t)sim->platform->vm_state_bytes + 1);
    sim->platform_hosts =
        calloc((size_t)sc->nr_hosts + 1, (size_t)sim->platform->host_state_bytes + 1);
    return sim->migs && sim->free_migs && sim->rounds && sim->by_row && sim->round_of && sim->log &&
           sim->texts && sim->platform_state && sim->platform_vms && sim->platform_hosts &&
           event_queue_init(&sim->queue, events) == ST_OK && links_init(sim) == ST_OK &&
           disks_init(sim) == ST_OK && cluster_init(sim) == ST_OK && pace_init(sim) == ST_OK;
}

struct sim *sim_new(const struct scenario *sc, const struct sim_options *options)
{
    struct sim *sim = calloc(1, sizeof(*sim));

    if (!sim)
        return 0;
    sim->sc = sc;
    rows_init(&sim->rows);
    sim->platform = sc->cluster.platform ? sc->cluster.platform : platforms[0];
    sim->observed = options ? options->observed : 0;
    sim->observe = options ? options->observe : 0;
    sim->observe_arg = options ? options->observe_arg : 0;
    sim->max_rounds = options ? options->max_rounds : 0;
    sim->max_log = options ? options->max_events : 0;
    sim->want_links = options && options->links;
    if (!allocate(sim)) {
        sim_free(sim);
        return 0;
    }
    return sim;
}

void sim_free(struct sim *sim)
{
    if (!sim)
        return;
    for (uint32_t i = 0; sim->migs && i <= (sim->cap_migs - 1) / MIG_CHUNK; i++) {
        for (uint32_t k = 0; sim->migs[i] && k < MIG_CHUNK; k++)
            memory_pages_free(sim->migs[i][k].pages);
        free(sim->migs[i]);
    }
    pace_release(sim); /* while the network knows its links */
    links_release(sim);
    event_queue_release(&sim->queue);
    cluster_release(sim);
    disks_release(sim);
    arena_free(sim->texts);
    free(sim->platform_state);
    free(sim->platform_vms);
    free(sim->platform_hosts);
    free(sim->migs);
    free(sim->free_migs);
    rows_release(&sim->rows);
    free(sim->all_rows);
    free(sim->log);
    free(sim->rounds);
    free(sim->by_row);
    free(sim->round_of);
    free(sim->next_round);
    free(sim);
}

const char *sim_intern(struct sim *sim, const char *text)
{
    const char *known = name_index_name(&sim->text_index, text);
    char *copy;

    if (known)
        return known;
    copy = arena_strdup(sim->texts, text);
    if (!copy || !name_index_add(&sim->text_index, sim->texts, copy, 0))
        return "";
    return copy;
}

void sim_log(struct sim *sim, const struct job *job, uint32_t host, const char *what)
{
    if (sim->nr_log >= sim->max_log)
        return;
    sim->log[sim->nr_log++] = (struct sim_event){
        .at_ns = sim->now_ns,
        .vm = job ? sim->sc->vms[job->vm].name : 0,
        .host = host != HOST_NONE ? sim->sc->hosts[host].name : 0,
        .what = what,
        .replication = sim->replication,
        .job = job ? job->id : UINT32_MAX,
    };
}

uint32_t sim_attempt(struct sim *sim)
{
    if (sim->nr_begun >= SIM_ROWS_MAX) {
        sim->too_many_rows = sim->no_memory = true;
        return 0;
    }
    return sim->nr_begun++;
}

void sim_row(struct sim *sim, uint32_t begun, const struct mig_result *row)
{
    if (!rows_put(&sim->rows, begun, row))
        sim->no_memory = true;
}

/* Counted, then placed in order. */
bool world_group_rounds(struct sim *sim)
{
    uint32_t next = 0;

    for (uint32_t i = 0; i < sim->rows.nr && sim->nr_rounds == 0; i++)
        rows_set_rounds(&sim->rows, i, 0);
    if (sim->nr_rounds == 0)
        return true;
    if (sim->cap_next_round < sim->nr_begun) { /* a high-water mark */
        uint32_t *more = realloc(sim->next_round, sim->nr_begun * sizeof(*more));

        if (!more)
            return false;
        sim->next_round = more;
        sim->cap_next_round = sim->nr_begun;
    }
    memset(sim->next_round, 0, sim->nr_begun * sizeof(*sim->next_round));
    for (uint32_t i = 0; i < sim->nr_rounds; i++)
        sim->next_round[sim->round_of[i]]++;
    for (uint32_t i = 0; i < sim->rows.nr; i++) {
        uint32_t begun = rows_begun(&sim->rows, i), nr = sim->next_round[begun];

        rows_set_rounds(&sim->rows, i, next);
        sim->next_round[begun] = next;
        next += nr;
    }
    assert(next == sim->nr_rounds);
    if (sim->nr_begun == 1) { /* they stand in that order */
        struct mig_round *same = sim->rounds;

        sim->rounds = sim->by_row;
        sim->by_row = same;
        return true;
    }
    for (uint32_t i = 0; i < sim->nr_rounds; i++)
        sim->by_row[sim->next_round[sim->round_of[i]]++] = sim->rounds[i];
    return true;
}

/* Do they stand where they belong?  So it is with what a single forecast leaves. */
static bool rows_in_place(const struct rows *rows)
{
    for (uint32_t i = 0; i < rows->nr; i++)
        if (rows_at(rows, i, 0) != &rows->plain[i])
            return false;
    return true;
}

const struct mig_result *sim_results(struct sim *sim, uint32_t *nr)
{
    *nr = sim->rows.nr;
    if (sim->rows.nr <= ROWS_PLAIN && sim->rows.nr > 0 && rows_in_place(&sim->rows))
        return sim->rows.plain;
    free(sim->all_rows);
    sim->all_rows = malloc(((size_t)*nr + 1) * sizeof(*sim->all_rows));
    if (!sim->all_rows) {
        sim->no_memory = true;
        *nr = 0;
        return 0;
    }
    for (uint32_t i = 0; i < *nr; i++)
        sim_result(sim, i, &sim->all_rows[i]);
    return sim->all_rows;
}

uint32_t sim_nr_results(const struct sim *sim)
{
    return sim->rows.nr;
}

void sim_result(const struct sim *sim, uint32_t i, struct mig_result *out)
{
    const struct mig_result *row = rows_at(&sim->rows, i, out);

    if (row != out)
        *out = *row;
}

void sim_take_rows(struct sim *sim, struct rows *rows)
{
    *rows = sim->rows;
    rows_init(&sim->rows);
}

const struct mig_round *sim_rounds(const struct sim *sim, uint32_t *nr)
{
    *nr = sim->nr_rounds;
    return sim->by_row;
}

const struct sim_event *sim_log_lines(const struct sim *sim, uint32_t *nr)
{
    *nr = sim->nr_log;
    return sim->log;
}

const struct op_result *sim_operations(const struct sim *sim, uint32_t *nr)
{
    return operations_results(sim, nr);
}

enum status sim_status(const struct sim *sim)
{
    return sim->too_many_rows ? ST_EINPUT : sim->no_memory ? ST_ENOMEM : ST_OK;
}

struct arena *sim_take_texts(struct sim *sim)
{
    struct arena *texts = sim->texts;

    sim->texts = 0;
    return texts;
}

uint64_t sim_events(const struct sim *sim)
{
    return sim->events;
}
