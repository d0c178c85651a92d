/*
 * scenario_values.c - from the text of a section to the struct it fills.
 *
 * A value comes from the section itself, else from the sections it starts from ([migration NAME]
 * from [migration]; hosts from [calibration ACCELERATOR], then [calibration]), else from the
 * built-in default.
 */
#include <string.h>

#include "sim/scenario/scenario_doc_int.h"

#include "base/banned.h"

/* The sections that @s starts from, weakest first. */
static size_t parents(const struct scn_doc *doc, enum scn_kind kind, const struct scn_section *s,
                      const struct scn_section *out[2])
{
    const struct scn_entry *accel;
    const char *name;
    size_t nr = 0;

    if (kind == SCN_MIGRATION && s && s->name[0] && doc->index[kind].nr) {
        out[nr] = scn_doc_find(doc, SCN_MIGRATION, "");
        nr += out[nr] != NULL;
    }
    if (kind == SCN_NETWORK && s && s->name[0]) {
        out[nr] = scn_doc_find(doc, SCN_NETWORK, "");
        nr += out[nr] != NULL;
    }
    if (kind == SCN_CALIBRATION && s && s->name[0]) {
        out[nr] = scn_doc_find(doc, SCN_CALIBRATION, "");
        nr += out[nr] != NULL;
    }
    if (kind == SCN_HOST && doc->nr[SCN_CALIBRATION]) {
        accel = s ? scn_section_entry(s, "accelerator") : NULL;
        name = accel && strcmp(accel->value, accel_names[ACCEL_TCG]) == 0 ? accel_names[ACCEL_TCG]
                                                                          : accel_names[ACCEL_KVM];
        out[nr] = scn_doc_find(doc, SCN_CALIBRATION, "");
        nr += out[nr] != NULL;
        out[nr] = scn_doc_find(doc, SCN_CALIBRATION, name);
        nr += out[nr] != NULL;
    }
    return nr;
}

static enum status fill_entry(const struct scn_section *s, const struct scn_entry *e, size_t offset,
                              void *obj, struct arena *arena, struct diag *diag)
{
    enum status st = option_parse(e->opt, e->value, (unsigned char *)obj + offset, arena, diag);
    char title[192];

    if (st == ST_OK)
        return ST_OK;
    scn_section_title(s, title, sizeof(title));
    scn_place(diag, e->file, e->line, title, e->key);
    return st;
}

/* The built-in defaults of one kind of section. */
static const void *make_defaults(enum scn_kind kind, struct arena *arena)
{
    const struct scn_section_type *type = &scn_section_types[kind];
    unsigned char *obj = arena_alloc(arena, scn_section_size(kind));

    for (size_t t = 0; obj && t < SCN_TABLES && type->tables[t].table; t++)
        if (option_defaults(type->tables[t].table, obj + type->tables[t].offset, arena) != ST_OK)
            return NULL;
    return obj;
}

struct scn_doc *scn_doc_new(struct arena *arena, const char *path)
{
    struct scn_doc *doc = arena_alloc(arena, sizeof(*doc));

    if (!doc)
        return NULL;
    doc->arena = arena;
    doc->path = arena_strdup(arena, path);
    for (enum scn_kind k = 0; k < SCN_KIND_NR; k++) {
        doc->defaults[k] = make_defaults(k, arena);
        if (!doc->defaults[k])
            return NULL;
    }
    return doc->path ? doc : NULL;
}

static enum status check_required(const struct scn_section *s, struct diag *diag)
{
    const struct option_table *table = scn_section_types[s->kind].tables[0].table;

    for (size_t i = 0; i < table->nr; i++) {
        const struct option *opt = &table->rows[i];

        if ((opt->flags & OPT_REQUIRED) && !scn_section_entry(s, opt->name)) {
            scn_fail(s, NULL, diag, "'%s' is missing", opt->name);
            diag_hint(diag, "%s: %s", opt->name, opt->help);
            return ST_EINPUT;
        }
    }
    return ST_OK;
}

enum status scn_section_fill(const struct scn_doc *doc, enum scn_kind kind,
                             const struct scn_section *s, void *obj, struct arena *arena,
                             struct diag *diag)
{
    const struct scn_section *from[2];
    size_t nr = parents(doc, kind, s, from);
    enum status st;

    memcpy(obj, doc->defaults[kind], scn_section_size(kind));
    for (size_t p = 0; p < nr; p++) {
        /* costs come from [calibration] into the host's own struct of them */
        size_t base = kind == SCN_HOST ? scn_section_types[SCN_HOST].tables[1].offset : 0;

        for (const struct scn_entry *e = from[p]->entries; e; e = e->next) {
            if (kind == SCN_HOST && e->offset != 0)
                continue; /* the spreads */
            st = fill_entry(from[p], e, base + e->offset, obj, arena, diag);
            if (st != ST_OK)
                return st;
        }
    }
    if (!s)
        return ST_OK;
    for (const struct scn_entry *e = s->entries; e; e = e->next) {
        st = fill_entry(s, e, e->offset, obj, arena, diag);
        if (st != ST_OK)
            return st;
    }
    return check_required(s, diag);
}

const struct scn_entry *scn_section_origin(const struct scn_doc *doc, enum scn_kind kind,
                                           const struct scn_section *s, const struct option *opt)
{
    const struct scn_section *from[2];
    size_t nr = parents(doc, kind, s, from);

    for (const struct scn_entry *e = s ? s->entries : NULL; e; e = e->next)
        if (e->opt == opt)
            return e;
    while (nr-- > 0)
        for (const struct scn_entry *e = from[nr]->entries; e; e = e->next)
            if (e->opt == opt)
                return e;
    return NULL;
}
