/*
 * sweep_cell.c - one cell of a sweep: its scenario, its figures, its key.
 *
 * Nothing here knows of threads or of other cells.
 */
#include "answers/sweep/sweep_int.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/units.h"
#include "sim/thresholds.h"

#include "base/banned.h"

/* Changes of what is computed or stored, that the program's version may not show. */
static const char generation[] = "sweep 1";

/* Rows are made in memory: a cell that cannot fit must say so, and not be ended by the system. Half
 * the memory, because joining and measuring need some too. */
static enum status check_rows(const struct scenario *sc, uint32_t jobs, struct diag *diag)
{
    double need = (double)sc->replications * sc->nr_requests * sizeof(struct mig_result) * jobs;
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    char size[UNITS_TEXT];

    if (pages <= 0 || page <= 0 || need <= (double)pages * (double)page / 2)
        return ST_OK;
    diag_hint(diag, "fewer replications, requests or --jobs");
    return diag_at(diag, ST_EINPUT, sc->path, 0, "its rows would need %s of memory",
                   units_size(size, need < 1e19 ? (uint64_t)need : UINT64_MAX));
}

enum status sweep_load(const struct sweep *sweep, const struct sweep_options *options, size_t cell,
                       struct scenario *sc, struct diag *diag)
{
    const char *settings[SWEEP_AXES_MAX];
    enum status st;

    sweep_settings(sweep, cell, settings);
    st = variant_load(sc, &options->base, settings, sweep->nr_axes, diag);
    if (st == ST_OK)
        st = check_rows(sc, options->jobs, diag);
    if (st != ST_OK)
        scenario_release(sc);
    return st;
}

void sweep_refuse(struct sweep_cell *cell, const struct diag *why)
{
    char text[3 * DIAG_TEXT];

    diag_format(why, text, sizeof(text));
    cell->state = SWEEP_INVALID;
    cell->why = strdup(text);
}

bool sweep_cell_begin(struct sweep_cell *cell, const struct scenario *sc)
{
    snprintf(cell->digest, sizeof(cell->digest), "%s", sc->digest);
    cell->seed = sc->seed;
    cell->replications = sc->replications;
    cell->nr_goals = sc->nr_thresholds;
    if (cell->nr_goals)
        cell->goals = calloc(cell->nr_goals, sizeof(*cell->goals));
    return cell->goals || cell->nr_goals == 0;
}

void sweep_cell_judge(struct sweep_cell *cell, const struct scenario *sc)
{
    cell->nr_crossed = cell->nr_warned = cell->nr_unsure = 0;
    for (uint32_t i = 0; i < cell->nr_goals; i++) {
        const struct store_goal *g = &cell->goals[i];

        cell->nr_crossed += g->crossed && sc->thresholds[i].error;
        cell->nr_warned += g->crossed && !sc->thresholds[i].error;
        cell->nr_unsure += !g->crossed && g->small_sample;
    }
}

enum status sweep_cell_measure(const struct sweep *sweep, struct sweep_cell *cell,
                               const struct scenario *sc, const struct run_result *run)
{
    for (size_t i = 0; i < sweep->nr_measures; i++) {
        struct measured m;
        enum status st = measure_of(sc, run, &sweep->measures[i].measure, &m);

        if (st != ST_OK)
            return st;
        cell->figures[i] = (struct store_figure){m.value, m.low, m.high, m.n};
    }
    for (uint32_t i = 0; i < cell->nr_goals; i++) {
        const struct threshold_result *t = &run->thresholds[i];

        cell->goals[i] = (struct store_goal){.figure = {t->value, t->low, t->high, t->n},
                                             .crossed = t->crossed,
                                             .small_sample = t->small_sample,
                                             .replications_needed = t->replications_needed};
    }
    sweep_cell_judge(cell, sc);
    return ST_OK;
}

void sweep_key(char key[SWEEP_KEY], const char *digest, const char *version)
{
    char text[256];
    XXH128_hash_t h;
    int len = snprintf(text, sizeof(text), "%s\n%s\n%s", generation, digest, version);

    h = XXH3_128bits(text, len < (int)sizeof(text) ? (size_t)len : sizeof(text) - 1);
    snprintf(key, SWEEP_KEY, "%016" PRIx64 "%016" PRIx64, (uint64_t)h.high64, (uint64_t)h.low64);
}
