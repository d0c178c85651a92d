/*
 * matrix.c - sections of a matrix to cases and links, by their option rows.
 *
 * Leaves to matrix_check.c what contradicts itself.  Invariant: [defaults] counts for every case,
 * also for those above it; a key stands at most once in a section, a name at most once in the file.
 */
#include "lab/matrix.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/ini.h"
#include "lab/matrix_int.h"

#include "base/banned.h"

enum section_kind {
    SECTION_DEFAULTS,
    SECTION_CASE,
    SECTION_LINK,
    SECTION_KINDS
};

static const struct section_type {
    const char *word;
    bool named;
    const struct option_table *table;
} section_types[SECTION_KINDS] = {
    [SECTION_DEFAULTS] = {"defaults", false, &lab_case_options},
    [SECTION_CASE] = {"case", true, &lab_case_options},
    [SECTION_LINK] = {"link", true, &lab_link_options},
};

struct loader {
    struct lab_matrix *m;
    const struct ini_file *ini;
    struct arena *arena;
    struct diag *diag;

    const struct ini_section *defaults; /* NULL = none */
    struct lab_case *cases;
    struct lab_link *links;
    size_t nr_links;
};

enum status lab_case_fail(const struct lab_matrix *m, const struct lab_case *c, const char *key,
                          struct diag *diag, const char *fmt, ...)
{
    va_list ap;

    if (!diag)
        return ST_EINPUT;
    *diag = (struct diag){.line = c->line};
    va_start(ap, fmt);
    vsnprintf(diag->what, sizeof(diag->what), fmt, ap);
    va_end(ap);
    snprintf(diag->file, sizeof(diag->file), "%s", m->path);
    snprintf(diag->section, sizeof(diag->section), "case %s", c->name);
    snprintf(diag->key, sizeof(diag->key), "%s", key);
    return ST_EINPUT;
}

/* Names the place in a diag that has been filled with what is wrong. */
static enum status at(struct loader *ld, const struct ini_section *s, const struct ini_entry *e,
                      enum status st)
{
    if (ld->diag) {
        snprintf(ld->diag->file, sizeof(ld->diag->file), "%s", ld->m->path);
        snprintf(ld->diag->section, sizeof(ld->diag->section), "%s", s->name);
        snprintf(ld->diag->key, sizeof(ld->diag->key), "%s", e ? e->key : "");
        ld->diag->line = e ? e->line : s->line;
    }
    return st;
}

static enum status no_memory(struct loader *ld)
{
    return diag_at(ld->diag, ST_ENOMEM, ld->m->path, 0, "memory ran out");
}

static enum status unknown_section(struct loader *ld, const struct ini_section *s)
{
    struct option_nearest nearest = {.word = s->name};

    for (enum section_kind k = 0; k < SECTION_KINDS; k++)
        option_nearest_offer(&nearest, section_types[k].word);
    diag_hint(ld->diag, "a matrix has [defaults], [case NAME] and [link NAME]%s%s%s",
              nearest.best ? "; did you mean '" : "", nearest.best ? nearest.best : "",
              nearest.best ? "'?" : "");
    diag_set(ld->diag, ST_EINPUT, "unknown section");
    return at(ld, s, NULL, ST_EINPUT);
}

/* Names become file names and parts of kernel names: plain, short, and without the mark of a
 * repeat. */
static bool good_name(const char *name)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t len = strlen(name), digits = 0;

    if (len == 0 || len > LAB_NAME_MAX || strspn(name, plain) != len || strchr(".-", name[0]))
        return false;
    while (digits < len && strchr("0123456789", name[len - 1 - digits]))
        digits++;
    return !(digits && len >= digits + 2 && name[len - digits - 1] == 'r' &&
             name[len - digits - 2] == '-');
}

/* The kind of a section, and the name behind its word. */
static enum status classify(struct loader *ld, const struct ini_section *s, enum section_kind *kind,
                            const char **name)
{
    size_t len = strcspn(s->name, " \t");

    *name = s->name + len + strspn(s->name + len, " \t");
    for (enum section_kind k = 0; k < SECTION_KINDS; k++) {
        const struct section_type *type = &section_types[k];

        if (strlen(type->word) != len || strncmp(s->name, type->word, len) != 0)
            continue;
        *kind = k;
        if (!type->named && !**name)
            return ST_OK;
        if (type->named && good_name(*name))
            return ST_OK;
        diag_hint(ld->diag,
                  type->named ? "write [%s NAME]; up to %d letters, digits, '.', '_' and '-', and "
                                "no '-rN' at its end"
                              : "write [%s]",
                  type->word, LAB_NAME_MAX);
        diag_set(ld->diag, ST_EINPUT, "not a name for a section of this kind");
        return at(ld, s, NULL, ST_EINPUT);
    }
    return unknown_section(ld, s);
}

static enum status unknown_key(struct loader *ld, enum section_kind kind, const char *key)
{
    const struct option_table *table = section_types[kind].table;
    struct option_nearest nearest = {.word = key};
    struct strbuf type = STRBUF_INIT;
    const struct option *opt;

    diag_set(ld->diag, ST_EINPUT, "unknown option");
    for (size_t i = 0; i < table->nr; i++)
        option_nearest_offer(&nearest, table->rows[i].name);
    opt = nearest.best ? option_find(table, nearest.best) : NULL;
    if (opt) {
        option_describe_type(opt, &type);
        diag_hint(ld->diag, "did you mean '%s' (%s, default %s)?", opt->name, strbuf_text(&type),
                  opt->def ? opt->def : "none");
    }
    strbuf_release(&type);
    return ST_EINPUT;
}

/* The section's values over what is in @obj. */
static enum status fill(struct loader *ld, enum section_kind kind, const struct ini_section *s,
                        void *obj)
{
    const struct option_table *table = section_types[kind].table;

    for (size_t i = 0; i < s->nr; i++) {
        const struct ini_entry *e = &ld->ini->entries[s->first + i];
        const struct option *opt = option_find(table, e->key);
        enum status st;

        for (size_t j = 0; j < i; j++) {
            const struct ini_entry *earlier = &ld->ini->entries[s->first + j];

            if (strcmp(earlier->key, e->key) == 0) {
                diag_set(ld->diag, ST_EINPUT, "given twice, first on line %lu", earlier->line);
                return at(ld, s, e, ST_EINPUT);
            }
        }
        st = opt ? option_parse(opt, e->value, obj, ld->arena, ld->diag)
                 : unknown_key(ld, kind, e->key);
        if (st != ST_OK)
            return at(ld, s, e, st);
    }
    return ST_OK;
}

static enum status given_twice(struct loader *ld, const struct ini_section *s, unsigned long line)
{
    diag_set(ld->diag, ST_EINPUT, "the section stands twice, first on line %lu", line);
    return at(ld, s, NULL, ST_EINPUT);
}

static enum status add_case(struct loader *ld, const struct ini_section *s, const char *name)
{
    struct lab_case *c = &ld->cases[ld->m->nr_cases];
    enum status st;

    for (size_t i = 0; i < ld->m->nr_cases; i++)
        if (strcmp(ld->cases[i].name, name) == 0)
            return given_twice(ld, s, ld->cases[i].line);
    if (option_defaults(&lab_case_options, c, ld->arena) != ST_OK)
        return no_memory(ld);
    st = ld->defaults ? fill(ld, SECTION_DEFAULTS, ld->defaults, c) : ST_OK;
    if (st == ST_OK)
        st = fill(ld, SECTION_CASE, s, c);
    c->name = name;
    c->line = s->line;
    ld->m->nr_cases++;
    return st;
}

static enum status add_link(struct loader *ld, const struct ini_section *s, const char *name)
{
    struct lab_link *l = &ld->links[ld->nr_links];
    enum status st;

    for (size_t i = 0; i < ld->nr_links; i++)
        if (strcmp(ld->links[i].name, name) == 0)
            return given_twice(ld, s, ld->links[i].line);
    if (option_defaults(&lab_link_options, l, ld->arena) != ST_OK)
        return no_memory(ld);
    st = fill(ld, SECTION_LINK, s, l);
    if (st == ST_OK && !l->rate_bps) {
        diag_hint(ld->diag, "write rate = 400Mb/s");
        diag_set(ld->diag, ST_EINPUT, "the link has no rate");
        return at(ld, s, NULL, ST_EINPUT);
    }
    l->name = name;
    l->line = s->line;
    ld->nr_links++;
    return st;
}

/* Cases need the defaults, wherever those stand. */
static enum status find_defaults(struct loader *ld)
{
    for (size_t i = 0; i < ld->ini->nr_sections; i++) {
        const struct ini_section *s = &ld->ini->sections[i];

        if (strcmp(s->name, "defaults") != 0)
            continue;
        if (ld->defaults)
            return given_twice(ld, s, ld->defaults->line);
        ld->defaults = s;
    }
    return ST_OK;
}

static enum status read_sections(struct loader *ld)
{
    struct lab_case probe;
    enum status st = find_defaults(ld);

    /* judged on its own, so that a wrong value is reported where it stands also without any case */
    if (st == ST_OK && ld->defaults) {
        if (option_defaults(&lab_case_options, &probe, ld->arena) != ST_OK)
            return no_memory(ld);
        st = fill(ld, SECTION_DEFAULTS, ld->defaults, &probe);
    }
    for (size_t i = 0; st == ST_OK && i < ld->ini->nr_sections; i++) {
        const struct ini_section *s = &ld->ini->sections[i];
        enum section_kind kind = SECTION_DEFAULTS;
        const char *name = "";

        if (!s->name[0]) {
            if (!s->nr)
                continue;
            diag_set(ld->diag, ST_EINPUT, "a setting before the first section");
            return at(ld, s, &ld->ini->entries[s->first], ST_EINPUT);
        }
        st = classify(ld, s, &kind, &name);
        if (st == ST_OK && kind == SECTION_CASE)
            st = add_case(ld, s, name);
        else if (st == ST_OK && kind == SECTION_LINK)
            st = add_link(ld, s, name);
    }
    return st;
}

static enum status load(struct lab_matrix *m, const struct ini_file *ini, struct arena *arena,
                        struct diag *diag)
{
    struct loader ld = {.m = m, .ini = ini, .arena = arena, .diag = diag};
    enum status st;

    ld.cases = arena_array(arena, ini->nr_sections, sizeof(*ld.cases));
    ld.links = arena_array(arena, ini->nr_sections, sizeof(*ld.links));
    if (!ld.cases || !ld.links)
        return no_memory(&ld);
    m->cases = ld.cases;
    st = read_sections(&ld);
    if (st == ST_OK && !m->nr_cases) {
        diag_hint(diag, "a matrix has at least one [case NAME]");
        return diag_at(diag, ST_EINPUT, m->path, 0, "the file has no case");
    }
    for (size_t i = 0; st == ST_OK && i < m->nr_cases; i++)
        st = lab_case_check(m, &m->cases[i], diag);
    if (st == ST_OK)
        st = lab_matrix_group(m, ld.links, ld.nr_links, arena, diag);
    return st;
}

enum status lab_matrix_read(struct lab_matrix *m, const char *path, struct arena *arena,
                            struct diag *diag)
{
    struct ini_file ini;
    enum status st;

    *m = (struct lab_matrix){.path = path};
    st = ini_read(&ini, path, arena, diag);
    return st == ST_OK ? load(m, &ini, arena, diag) : st;
}

enum status lab_matrix_read_text(struct lab_matrix *m, const char *name, const char *text,
                                 size_t len, struct arena *arena, struct diag *diag)
{
    struct ini_file ini;
    enum status st;

    *m = (struct lab_matrix){.path = name};
    st = ini_read_text(&ini, name, text, len, arena, diag);
    return st == ST_OK ? load(m, &ini, arena, diag) : st;
}
