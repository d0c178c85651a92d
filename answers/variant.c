/*
 * variant.c - a scenario file with some values changed, and its simulation.
 *
 * Leaves reading and checking to sim/scenario/scenario.c and the replications to sim/run.c.
 * Invariant: a variant is what the program would do with the same file and the same values in
 * --set.
 */
#include "answers/variant.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "sim/run.h"

#include "base/banned.h"

#define PRESET "preset="

/* The presets of all settings, one after another: the texts of their overrides. */
static void write_presets(struct strbuf *text, const char *const *settings, size_t nr)
{
    for (size_t i = 0; i < nr; i++) {
        if (strncmp(settings[i], PRESET, strlen(PRESET)) != 0)
            continue;
        strbuf_addf(text, "scenario.%s", settings[i]);
        strbuf_add(text, "", 1);
    }
}

enum status variant_load(struct scenario *sc, const struct variant_base *base,
                         const char *const *settings, size_t nr_settings, struct diag *diag)
{
    struct scn_override *all = calloc(base->nr_sets + nr_settings + 1, sizeof(*all));
    struct strbuf presets = STRBUF_INIT;
    size_t nr = base->nr_sets;
    const char *next;
    enum status st;

    *sc = (struct scenario){0};
    write_presets(&presets, settings, nr_settings);
    if (!all || strbuf_failed(&presets)) {
        st = diag_set(diag, ST_ENOMEM, "out of memory");
        goto out;
    }
    for (size_t i = 0; i < nr; i++)
        all[i] = base->sets[i];
    next = strbuf_text(&presets);
    for (size_t i = 0; i < nr_settings; i++) {
        const char *text = settings[i];

        if (strncmp(text, PRESET, strlen(PRESET)) == 0) {
            text = next;
            next += strlen(next) + 1;
        }
        all[nr++] = (struct scn_override){.text = text, .origin = "setting"};
    }
    st = base->text ? scenario_load_text(sc, base->path, base->text, all, nr, diag)
                    : scenario_load(sc, base->path, all, nr, diag);
out:
    strbuf_release(&presets);
    free(all);
    return st;
}

enum status variant_run(const struct scenario *sc, uint32_t first, uint32_t nr, uint32_t jobs,
                        const atomic_int *stop, struct run_result *out, struct diag *diag)
{
    struct run_options options = {.version = "",
                                  .jobs = jobs,
                                  .first_replication = first,
                                  .nr_replications = nr,
                                  .stop = stop};

    assert(sc->arena);
    return run_scenario(sc, &options, out, diag);
}
