/*
 * variant.h - a scenario file with some values changed, and its simulation.
 *
 * Every what-if question asks for variants: a grid of them (sweep), a search among them (plan), one
 * input a little off (sensitivity), the same one on other replications (check).  Draws depend on
 * (seed, cause, VM, replication) and on nothing else, so variants of one seed meet the same luck:
 * their differences are paired without any further care.
 *
 *     struct variant_base base = {.path = "evacuate.ini", .sets = o->sets, .nr_sets = o->nr_sets};
 *     const char *settings[] = {"migration.max_bandwidth=2Gb/s", "preset=kubevirt-1.9"};
 *     st = variant_load(&sc, &base, settings, 2, diag);
 *     if (st == ST_OK)
 *         st = variant_run(&sc, 0, 20, 1, NULL, &run, diag);
 *     run_free(&run);
 *     scenario_release(&sc);
 *
 * Loading costs as much as reading the file; keep a loaded variant for all its replications.
 */
#ifndef MIGCAST_ANSWERS_VARIANT_H
#define MIGCAST_ANSWERS_VARIANT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "sim/result.h"
#include "sim/scenario/scenario.h"

/* What all variants have in common.  Everything is borrowed. */
struct variant_base {
    const char *path;
    const char *text; /* NULL = read @path; else the file's text, and @path is its name */
    const struct scn_override *sets; /* of the command line: weaker than a variant's settings */
    size_t nr_sets;
};

/**
 * variant_load - the scenario of @base with @settings
 * @settings:  each "section.key=value" as --set takes it, later ones stronger; or "preset=NAME",
 * which takes the place of the file's own `preset =` line ("preset=" leaves none)
 * @diag:      names the setting where one is wrong
 *
 * @sc is empty on failure; else the caller releases it with scenario_release().
 */
enum status variant_load(struct scenario *sc, const struct variant_base *base,
                         const char *const *settings, size_t nr_settings, struct diag *diag);

/**
 * variant_run - simulate replications @first up to @first + @nr - 1 of @sc
 * @nr:    0 = as many as the scenario says
 * @jobs:  threads; 0 = one per core.  With 1 no thread is started.
 * @stop:  NULL, or a flag that ends the run early: ST_EINTR, the leading replications in @out
 *
 * Rows carry the number of their replication, so that blocks of one variant add up to the run of
 * all. Rounds and log are not recorded, and @out has no program version.  Thresholds are judged on
 * these replications.  Free with run_free(); strings are borrowed from @sc.
 */
enum status variant_run(const struct scenario *sc, uint32_t first, uint32_t nr, uint32_t jobs,
                        const atomic_int *stop, struct run_result *out, struct diag *diag);

#endif
