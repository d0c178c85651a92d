/*
 * scenario_key.c - from the name of a value to its option row.
 *
 * Leaves values in files and overrides to scenario_doc.c and scenario_set.c.
 */
#include "sim/scenario/scenario_key.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/scenario/scenario_doc_int.h"

#include "base/banned.h"

/* Sections whose keys go without their section's name. */
static const enum scn_kind common_kinds[] = {SCN_MIGRATION, SCN_CLUSTER, SCN_SCENARIO};

enum {
    NR_COMMON = sizeof(common_kinds) / sizeof(common_kinds[0]),
    VALUE_MEMORY = 1 << 20 /* of a list, and the arena's own */
};

static enum status no_key(const char *text, struct diag *diag)
{
    diag_set(diag, ST_EINPUT, "'%s' names no value of a scenario", text);
    diag_hint(diag, "write SECTION.KEY, as migration.downtime_limit or \"vm web.memory\"");
    return ST_EINPUT;
}

/* The reader of titles tells of [section] in the place of a file; here there is only an argument.
 */
static enum status find_section(const char *title, enum scn_kind *kind, const char **name,
                                struct diag *diag)
{
    enum status st = scn_read_title(title, kind, name, diag);

    if (st == ST_OK && !scn_is_pattern(*name))
        st = scn_check_name(*kind, *name, diag);
    return st;
}

enum status scenario_key_find(struct scenario_key *out, const char *text, struct diag *diag)
{
    char title[SCENARIO_KEY_TEXT];
    const char *name, *point = strrchr(text, '.');
    enum scn_kind kind;
    enum status st;

    *out = (struct scenario_key){0};
    if (!point || point == text || !point[1] || strlen(text) >= sizeof(title) - 32)
        return no_key(text, diag);
    snprintf(title, sizeof(title), "%.*s", (int)(point - text), text);
    scn_place(diag, "", 0, title, point + 1);
    st = find_section(title, &kind, &name, diag);
    if (st != ST_OK)
        return st;
    if (kind == SCN_THRESHOLDS)
        return diag_set(diag, ST_EINPUT, "goals cannot be varied");
    out->opt = scn_find_row(kind, point + 1, &out->offset);
    if (!out->opt)
        return scn_unknown_key(kind, point + 1, diag);
    out->size = scn_section_size(kind);
    snprintf(out->text, sizeof(out->text), "%s%s%s.%s", scn_section_types[kind].word,
             name[0] ? " " : "", name, out->opt->name);
    scn_place(diag, "", 0, "", "");
    return ST_OK;
}

static double number_of(const struct option *opt, const unsigned char *at)
{
    struct uncertain u;
    uint64_t u64;
    uint32_t u32;
    int64_t i64;
    double d;

    switch (opt->type) {
    case OPT_SIZE:
    case OPT_RATE:
    case OPT_BPS:
    case OPT_U64:
        memcpy(&u64, at, sizeof(u64));
        return (double)u64;
    case OPT_TIME_NS:
        memcpy(&i64, at, sizeof(i64));
        return (double)i64;
    case OPT_TIME_DOUBLE:
    case OPT_RATIO:
    case OPT_DOUBLE:
        memcpy(&d, at, sizeof(d));
        return d;
    case OPT_PCT:
    case OPT_U32:
        memcpy(&u32, at, sizeof(u32));
        return u32;
    case OPT_UNCERTAIN_SIZE:
    case OPT_UNCERTAIN_RATE:
    case OPT_UNCERTAIN_BPS:
        memcpy(&u, at, sizeof(u));
        return uncertain_mid(&u);
    default:
        return NAN;
    }
}

enum status scenario_key_check(const struct scenario_key *key, const char *value, double *number,
                               struct diag *diag)
{
    struct arena *arena = arena_new(VALUE_MEMORY);
    unsigned char *obj = arena ? arena_alloc(arena, key->size) : NULL;
    enum status st = obj ? option_parse(key->opt, value, obj + key->offset, arena, diag)
                         : diag_set(diag, ST_ENOMEM, "out of memory");

    if (number)
        *number = st == ST_OK ? number_of(key->opt, obj + key->offset + key->opt->offset) : NAN;
    arena_free(arena);
    return st;
}

const char *scenario_key_section(const char *word)
{
    size_t offset;

    for (size_t i = 0; i < NR_COMMON; i++)
        if (scn_find_row(common_kinds[i], word, &offset))
            return scn_section_types[common_kinds[i]].word;
    return NULL;
}

void scenario_key_offer(struct option_nearest *nearest)
{
    for (size_t i = 0; i < NR_COMMON; i++) {
        const struct option_table *table = scn_section_types[common_kinds[i]].tables[0].table;

        for (size_t k = 0; k < table->nr; k++)
            option_nearest_offer(nearest, table->rows[k].name);
    }
}
