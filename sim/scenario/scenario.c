/*
 * scenario.c - loads a scenario: read and merge, resolve, check.
 *
 * The steps are in scenario_layers.c, scenario_resolve*.c and scenario_check.c.  Invariant: a
 * struct scenario is either empty or whole and checked.
 */
#include "sim/scenario/scenario.h"

#include "base/units.h"
#include "sim/scenario/scenario_int.h"

#include "base/banned.h"

#define SCENARIO_MEMORY ((size_t)(4 * GIB))

static enum status load(struct scenario *sc, const char *path, const char *text,
                        const struct scn_override *overrides, size_t nr_overrides,
                        struct diag *diag)
{
    struct scn_doc *doc = NULL;
    enum status st;

    *sc = (struct scenario){0};
    sc->arena = arena_new(SCENARIO_MEMORY);
    if (!sc->arena)
        return scn_out_of_memory(diag);
    st = scn_doc_load(&doc, path, text, overrides, nr_overrides, sc->arena, diag);
    sc->doc = doc;
    if (st == ST_OK)
        st = scn_resolve(sc, doc, diag);
    if (st == ST_OK)
        st = scenario_check(sc, sc->arena, diag);
    if (st != ST_OK)
        scenario_release(sc);
    return st;
}

enum status scenario_load(struct scenario *sc, const char *path,
                          const struct scn_override *overrides, size_t nr_overrides,
                          struct diag *diag)
{
    return load(sc, path, NULL, overrides, nr_overrides, diag);
}

enum status scenario_load_text(struct scenario *sc, const char *name, const char *text,
                               const struct scn_override *overrides, size_t nr_overrides,
                               struct diag *diag)
{
    return load(sc, name, text, overrides, nr_overrides, diag);
}

void scenario_release(struct scenario *sc)
{
    if (!sc)
        return;
    arena_free(sc->arena);
    *sc = (struct scenario){0};
}
