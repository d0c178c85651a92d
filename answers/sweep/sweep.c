/*
 * sweep.c - from words to cells, and what they will cost.
 *
 * Leaves one cell to sweep_cell.c, threads to sweep_pool.c and the order of merit to sweep_rank.c.
 * Invariant: cell number and values of the axes are one to one, the last axis running fastest.
 */
#include "answers/sweep/sweep_int.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"
#include "sim/run.h"
#include "sim/scenario/scenario_options.h"

#include "base/banned.h"

const char *const sweep_usual_measures[] = {
    "moved.rate",   "drain.makespan.p50", "drain.makespan.p95",     "downtime.p50", "downtime.p99",
    "downtime.max", "slowdown.mean",      "drain.transferred.mean", NULL,
};

static const char usual_first[] = "drain.makespan.p95";

static enum status no_memory(struct diag *diag)
{
    return diag_set(diag, ST_ENOMEM, "out of memory");
}

size_t sweep_value(const struct sweep *sweep, size_t cell, size_t axis)
{
    for (size_t a = sweep->nr_axes; a-- > axis + 1;)
        cell /= sweep->axes[a].nr;
    return cell % sweep->axes[axis].nr;
}

void sweep_settings(const struct sweep *sweep, size_t cell, const char *settings[SWEEP_AXES_MAX])
{
    for (size_t a = sweep->nr_axes; a-- > 0;) {
        settings[a] = sweep->axes[a].values[cell % sweep->axes[a].nr].setting;
        cell /= sweep->axes[a].nr;
    }
}

/* ---- axes ---- */

/* A key that --set holds too would say one thing and mean another. */
static enum status check_sets(const struct axis *axis, const struct sweep_options *options,
                              struct diag *diag)
{
    const char *key = strcmp(axis->key, "preset") == 0 ? "scenario.preset" : axis->key;
    size_t len = strlen(key);

    for (size_t i = 0; i < options->base.nr_sets; i++) {
        const char *set = options->base.sets[i].text;

        if (strncmp(set, key, len) == 0 && set[len] == '=') {
            diag_hint(diag, "leave one of them out");
            return diag_set(diag, ST_EUSAGE, "'%s' is varied, and set by %s", axis->name,
                            options->base.sets[i].origin);
        }
    }
    return ST_OK;
}

static enum status read_axes(struct sweep *sweep, const struct sweep_options *options,
                             struct diag *diag)
{
    if (options->nr_axes > SWEEP_AXES_MAX)
        return diag_set(diag, ST_EUSAGE, "more than %d settings are varied", SWEEP_AXES_MAX);
    sweep->axes = arena_array(sweep->arena, options->nr_axes + 1, sizeof(*sweep->axes));
    sweep->axis_idle = arena_array(sweep->arena, options->nr_axes + 1, sizeof(bool));
    if (!sweep->axes || !sweep->axis_idle)
        return no_memory(diag);
    for (size_t i = 0; i < options->nr_axes; i++) {
        struct axis *axis = &sweep->axes[i];
        enum status st = axis_parse(axis, sweep->arena, options->axes[i], diag);

        if (st == ST_OK)
            st = check_sets(axis, options, diag);
        for (size_t k = 0; k < i && st == ST_OK; k++)
            if (strcmp(sweep->axes[k].key, axis->key) == 0) {
                diag_hint(diag, "give all its values in one list: %s=...,...", axis->name);
                st = diag_set(diag, ST_EUSAGE, "'%s' and '%s' both set %s", sweep->axes[k].name,
                              axis->name, axis->key);
            }
        if (st != ST_OK)
            return st;
        sweep->nr_axes++;
    }
    return ST_OK;
}

/* ---- measures ---- */

static bool has_measure(const struct sweep *sweep, const char *name)
{
    for (size_t i = 0; i < sweep->nr_measures; i++)
        if (strcmp(sweep->measures[i].name, name) == 0)
            return true;
    return false;
}

static enum status add_measure(struct sweep *sweep, const char *name, struct diag *diag)
{
    struct sweep_measure *m = &sweep->measures[sweep->nr_measures];
    enum status st = measure_parse(name, &m->measure, diag);

    if (st != ST_OK) {
        if (diag && !diag->key[0])
            snprintf(diag->key, sizeof(diag->key), "--measure");
        return st == ST_ENOMEM ? st : ST_EUSAGE;
    }
    m->name = arena_strdup(sweep->arena, name);
    m->unit = m->measure.metric->unit;
    m->less = measure_wanted_less(&m->measure);
    if (!m->name)
        return no_memory(diag);
    sweep->nr_measures++;
    return ST_OK;
}

static enum status read_measures(struct sweep *sweep, const struct sweep_options *options,
                                 struct diag *diag)
{
    const size_t usual = sizeof(sweep_usual_measures) / sizeof(sweep_usual_measures[0]) - 1;
    enum status st = ST_OK;

    if (options->nr_measures > SWEEP_MEASURES_MAX)
        return diag_set(diag, ST_EUSAGE, "more than %d measures", SWEEP_MEASURES_MAX);
    sweep->measures =
        arena_array(sweep->arena, options->nr_measures + usual, sizeof(*sweep->measures));
    if (!sweep->measures)
        return no_memory(diag);
    for (size_t i = 0; i < options->nr_measures && st == ST_OK; i++)
        if (!has_measure(sweep, options->measures[i]))
            st = add_measure(sweep, options->measures[i], diag);
    sweep->nr_asked = sweep->nr_measures;
    for (size_t i = 0; i < usual && st == ST_OK; i++)
        if (!has_measure(sweep, sweep_usual_measures[i]))
            st = add_measure(sweep, sweep_usual_measures[i], diag);
    if (sweep->nr_asked > 0 || st != ST_OK)
        return st;
    sweep->nr_asked = usual;
    while (strcmp(sweep->measures[sweep->first].name, usual_first) != 0)
        sweep->first++;
    return ST_OK;
}

/* Whether the classes and VMs that are asked about exist. */
static enum status check_measures(const struct sweep *sweep, const struct scenario *sc,
                                  struct diag *diag)
{
    for (size_t i = 0; i < sweep->nr_measures; i++) {
        const struct measure *m = &sweep->measures[i].measure;
        struct option_nearest nearest = {.word = m->name};
        bool found = m->scope == MEASURE_ALL;

        for (uint32_t k = 0; m->scope == MEASURE_CLASS && k < sc->nr_classes && !found; k++) {
            found = strcmp(sc->class_names[k], m->name) == 0;
            option_nearest_offer(&nearest, sc->class_names[k]);
        }
        for (uint32_t k = 0; m->scope == MEASURE_VM && k < sc->nr_vms && !found; k++)
            found = strcmp(sc->vms[k].name, m->name) == 0;
        if (found)
            continue;
        if (nearest.best)
            diag_hint(diag, "did you mean '%s'?", nearest.best);
        return diag_set(diag, ST_EUSAGE, "--measure %s: the scenario has no %s '%s'",
                        sweep->measures[i].name, m->scope == MEASURE_CLASS ? "[vm] section" : "VM",
                        m->name);
    }
    return ST_OK;
}

/* ---- cells ---- */

static uint64_t bytes_of_cells(const struct sweep *sweep, size_t cells)
{
    uint64_t one = sizeof(struct sweep_cell) + sweep->nr_measures * sizeof(struct store_figure) +
                   sweep->nr_goals * sizeof(struct store_goal) + 4 * sizeof(size_t);

    return one * cells;
}

static enum status make_cells(struct sweep *sweep, struct diag *diag)
{
    long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
    struct store_figure *figures;
    double nr = 1.0;
    char size[UNITS_TEXT];

    for (size_t i = 0; i < sweep->nr_axes; i++)
        nr *= (double)sweep->axes[i].nr;
    diag_hint(diag, "fewer values of a setting");
    if (nr > SWEEP_CELLS_MAX)
        return diag_set(diag, ST_EUSAGE, "%.4g cells are too many; %d is the limit", nr,
                        SWEEP_CELLS_MAX);
    sweep->nr_cells = (size_t)nr;
    if (pages > 0 && page > 0 &&
        (double)bytes_of_cells(sweep, sweep->nr_cells) > (double)pages * (double)page / 2)
        return diag_set(diag, ST_EUSAGE, "%zu cells would need %s of memory", sweep->nr_cells,
                        units_size(size, bytes_of_cells(sweep, sweep->nr_cells)));
    diag_hint(diag, "%s", "");
    sweep->cells = arena_array(sweep->arena, sweep->nr_cells, sizeof(*sweep->cells));
    sweep->ranked = arena_array(sweep->arena, sweep->nr_cells, sizeof(*sweep->ranked));
    figures = arena_array(sweep->arena, sweep->nr_cells * sweep->nr_measures, sizeof(*figures));
    if (!sweep->cells || !sweep->ranked || !figures)
        return no_memory(diag);
    for (size_t i = 0; i < sweep->nr_cells; i++)
        sweep->cells[i].figures = figures + i * sweep->nr_measures;
    return ST_OK;
}

static enum status copy_goals(struct sweep *sweep, const struct scenario *sc, struct diag *diag)
{
    sweep->seed = sc->seed;
    sweep->replications = sc->replications;
    sweep->goals = arena_array(sweep->arena, sc->nr_thresholds + 1, sizeof(*sweep->goals));
    for (uint32_t i = 0; sweep->goals && i < sc->nr_thresholds; i++) {
        const struct scn_threshold *t = &sc->thresholds[i];

        sweep->goals[i] = (struct sweep_goal_text){.text = arena_strdup(sweep->arena, t->text),
                                                   .limit = t->limit,
                                                   .error = t->error,
                                                   .unit = t->measure.metric->unit};
        if (!sweep->goals[i].text)
            sweep->goals = NULL;
    }
    sweep->nr_goals = sc->nr_thresholds;
    return sweep->goals ? ST_OK : no_memory(diag);
}

/* Seed, replications and goals come from the first cell; where that is invalid, from the scenario
 * as it stands; where that is invalid too, no cell will do. */
static enum status look_at_scenario(struct sweep *sweep, const struct sweep_options *options,
                                    struct diag *diag)
{
    struct scenario sc, first;
    struct diag of_first = {0}, of_base = {0};
    enum status base = variant_load(&sc, &options->base, NULL, 0, &of_base);
    enum status st = sweep_load(sweep, options, 0, &first, &of_first);

    snprintf(sweep->digest, sizeof(sweep->digest), "%s", base == ST_OK ? sc.digest : "");
    if (st != ST_OK && base != ST_OK) {
        if (diag)
            *diag = of_base;
        return base;
    }
    st = check_measures(sweep, st == ST_OK ? &first : &sc, diag);
    if (st == ST_OK)
        st = copy_goals(sweep, first.arena ? &first : &sc, diag);
    scenario_release(&first);
    scenario_release(&sc);
    return st;
}

enum status sweep_prepare(struct sweep *sweep, const struct sweep_options *options,
                          struct diag *diag)
{
    enum status st;

    *sweep = (struct sweep){.scenario = options->base.path, .present = SIZE_MAX};
    sweep->arena = arena_new(0);
    if (!sweep->arena)
        return no_memory(diag);
    st = read_axes(sweep, options, diag);
    if (st == ST_OK)
        st = read_measures(sweep, options, diag);
    if (st == ST_OK)
        st = look_at_scenario(sweep, options, diag);
    if (st == ST_OK)
        st = make_cells(sweep, diag);
    return st;
}

enum status sweep_run(struct sweep *sweep, const struct sweep_options *options, struct diag *diag)
{
    enum status st = sweep_pool(sweep, options, diag);

    if (st != ST_OK && st != ST_EINTR)
        return st;
    for (size_t i = sweep->nr_cells; i-- > 0;) {
        sweep->nr_state[sweep->cells[i].state]++;
        if (sweep->digest[0] && strcmp(sweep->cells[i].digest, sweep->digest) == 0)
            sweep->present = i;
    }
    sweep_rank(sweep);
    return st;
}

/* ---- what it will cost ---- */

#define GUESS_S 0.4

static double now_s(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct probe {
    double seconds; /* of a run */
    uint64_t bytes; /* of a cell: its scenario, and all its rows twice */
};

/* Runs 1, 2, 4 ... replications until they took long enough to tell. */
static enum status probe(const struct sweep *sweep, const struct sweep_options *options,
                         size_t cell, struct probe *out, struct diag *diag)
{
    struct scenario sc;
    struct run_result run;
    double start, spent = 0.0;
    enum status st = sweep_load(sweep, options, cell, &sc, diag);

    if (st != ST_OK)
        return st;
    for (uint32_t nr = 1; st == ST_OK && spent < GUESS_S / 2; nr *= 2) {
        bool all = nr >= sc.replications;

        nr = all ? sc.replications : nr;
        start = now_s();
        st = variant_run(&sc, 0, nr, 1, options->stop, &run, diag);
        spent = now_s() - start;
        out->seconds = spent / nr;
        out->bytes = arena_used(sc.arena) +
                     2 * run.nr_migs * sizeof(struct mig_result) / nr * sc.replications;
        run_free(&run);
        if (all)
            break;
    }
    scenario_release(&sc);
    return st;
}

enum status sweep_guess(const struct sweep *sweep, const struct sweep_options *options,
                        struct sweep_estimate *out, struct diag *diag)
{
    struct probe probes[2] = {{0}};
    const size_t cells[2] = {0, sweep->nr_cells - 1};
    size_t nr = 0;

    *out = (struct sweep_estimate){.runs = (uint64_t)sweep->nr_cells * sweep->replications,
                                   .seconds = NAN};
    for (size_t i = 0; i < (sweep->nr_cells > 1 ? 2 : 1); i++) {
        struct diag why = {0};
        enum status st = probe(sweep, options, cells[i], &probes[nr], &why);

        if (st == ST_EINTR || st == ST_ENOMEM) {
            if (diag)
                *diag = why;
            return st;
        }
        nr += st == ST_OK;
    }
    if (nr > 0) {
        double mean = nr == 2 ? (probes[0].seconds + probes[1].seconds) / 2 : probes[0].seconds;
        uint64_t most = probes[0].bytes > probes[1].bytes ? probes[0].bytes : probes[1].bytes;

        out->seconds = mean * (double)out->runs / options->jobs;
        out->bytes = most * options->jobs;
    }
    out->bytes += bytes_of_cells(sweep, sweep->nr_cells);
    return ST_OK;
}

void sweep_release(struct sweep *sweep)
{
    for (size_t i = 0; sweep->cells && i < sweep->nr_cells; i++) {
        free(sweep->cells[i].goals);
        free((void *)(uintptr_t)sweep->cells[i].why);
    }
    arena_free(sweep->arena);
    *sweep = (struct sweep){0};
}
