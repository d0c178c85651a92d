/*
 * scenario_print.c - effective values: as a scenario file, and with their origins.
 *
 * Reads the sections again into scratch structs, so that nothing but the text has to be kept for
 * it.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "sim/scenario/scenario_int.h"

#include "base/banned.h"

/* What is done with each value. */
struct printer {
    const struct scenario *sc;
    struct arena *scratch;
    const char *only; /* "vm" or "vm web"; NULL = all */
    struct strbuf *out;
    json_t *values;
    bool failed;
    size_t nr;
    void (*each)(void *arg, const struct scenario_value *value);
    void *arg;
    void (*section)(struct printer *p, const char *title);
    void (*value)(struct printer *p, const char *title, const struct option *opt, const char *key,
                  const char *text, const struct scn_entry *origin);
};

static const char *const origin_words[] = {
    [SCN_FROM_DEFAULT] = "default", [SCN_FROM_PRESET] = "preset", [SCN_FROM_INCLUDE] = "include",
    [SCN_FROM_FILE] = "file",       [SCN_FROM_SET] = "set",
};

static void print_rows(struct printer *p, enum scn_kind kind, const struct scn_section *s,
                       const char *title, const void *obj)
{
    const struct scn_section_type *type = &scn_section_types[kind];

    for (size_t t = 0; t < SCN_TABLES && type->tables[t].table; t++) {
        const unsigned char *at = (const unsigned char *)obj + type->tables[t].offset;

        for (size_t i = 0; i < type->tables[t].table->nr; i++) {
            const struct option *opt = &type->tables[t].table->rows[i];
            struct strbuf text = STRBUF_INIT;

            option_print(opt, at, &text);
            p->failed |= strbuf_failed(&text);
            p->value(p, title, opt, opt->name, strbuf_text(&text),
                     scn_section_origin(p->sc->doc, kind, s, opt));
            strbuf_release(&text);
        }
    }
}

static bool wanted(const struct printer *p, enum scn_kind kind, const char *title)
{
    return !p->only || strcmp(p->only, title) == 0 ||
           strcmp(p->only, scn_section_types[kind].word) == 0;
}

static enum status print_section(struct printer *p, enum scn_kind kind, const struct scn_section *s)
{
    void *obj = arena_alloc(p->scratch, scn_section_size(kind));
    char title[192];
    enum status st;

    if (!obj)
        return ST_ENOMEM;
    snprintf(title, sizeof(title), "%s", scn_section_types[kind].word);
    if (s)
        scn_section_title(s, title, sizeof(title));
    if (!wanted(p, kind, title))
        return ST_OK;
    st = scn_section_fill(p->sc->doc, kind, s, obj, p->scratch, NULL);
    if (st != ST_OK)
        return st;
    p->nr++;
    p->section(p, title);
    print_rows(p, kind, s, title, obj);
    return ST_OK;
}

static void print_thresholds(struct printer *p)
{
    const struct scn_section *s = p->sc->doc->first[SCN_THRESHOLDS];
    uint32_t i = 0;

    if (!s || !wanted(p, SCN_THRESHOLDS, "thresholds"))
        return;
    p->nr++;
    p->section(p, "thresholds");
    for (const struct scn_entry *e = s->entries; e; e = e->next, i++)
        p->value(p, "thresholds", NULL, e->key, p->sc->thresholds[i].text + strlen(e->key) + 1, e);
}

static enum status print_kind(struct printer *p, enum scn_kind kind)
{
    const struct scn_section *s = p->sc->doc->first[kind];
    enum status st = ST_OK;

    /* these two hold even when no file has them; the unnamed profile comes first, as in the run */
    if (kind == SCN_SCENARIO && !s)
        return print_section(p, kind, NULL);
    if (kind == SCN_MIGRATION)
        st = print_section(p, kind, scn_doc_find(p->sc->doc, kind, ""));
    for (; s && st == ST_OK; s = s->next) {
        if (kind != SCN_MIGRATION || s->name[0])
            st = print_section(p, kind, s);
        if (arena_used(p->scratch) > MIB) {
            arena_free(p->scratch);
            p->scratch = arena_new(0);
            if (!p->scratch)
                return ST_ENOMEM;
        }
    }
    return st;
}

static enum status print_all(struct printer *p)
{
    static const enum scn_kind order[] = {
        SCN_SCENARIO,  SCN_CLUSTER,  SCN_NETWORK,   SCN_RACK,     SCN_HOST,   SCN_LINK,
        SCN_MIGRATION, SCN_WORKLOAD, SCN_VM,        SCN_AFFINITY, SCN_POLICY, SCN_STORAGE,
        SCN_DISK,      SCN_REQUEST,  SCN_OPERATION, SCN_FAULT,    SCN_CHANGE};
    enum status st = ST_OK;

    p->scratch = arena_new(0);
    if (!p->scratch)
        return ST_ENOMEM;
    for (size_t i = 0; st == ST_OK && i < sizeof(order) / sizeof(order[0]); i++)
        st = print_kind(p, order[i]);
    for (int k = SCN_CLUSTER + 1; st == ST_OK && k < SCN_KIND_NR; k++)
        st = print_kind(p, (enum scn_kind)k);
    if (st == ST_OK)
        print_thresholds(p);
    arena_free(p->scratch);
    if (st == ST_OK && (p->failed || (p->out && strbuf_failed(p->out))))
        st = ST_ENOMEM;
    return st;
}

/* ---- as a file ---- */

static void dump_section(struct printer *p, const char *title)
{
    strbuf_addf(p->out, "%s[%s]\n", p->nr > 1 ? "\n" : "", title);
}

static void dump_value(struct printer *p, const char *title, const struct option *opt,
                       const char *key, const char *text, const struct scn_entry *origin)
{
    (void)title;
    (void)origin;
    if (!opt) {
        strbuf_addf(p->out, "%s %s\n", key, text);
        return;
    }
    if (opt->type == OPT_LIST && (opt->flags & OPT_LABEL))
        return; /* presets and includes are in the values */
    if (opt->type == OPT_STRING && strcmp(key, "name") == 0 && text[0] == '\0')
        text = p->sc->name;
    strbuf_addf(p->out, "%s = %s\n", key, text);
}

enum status scenario_dump(const struct scenario *sc, struct strbuf *out)
{
    struct printer p = {.sc = sc, .out = out, .section = dump_section, .value = dump_value};

    return print_all(&p);
}

/* ---- with origins ---- */

static void show_section(struct printer *p, const char *title)
{
    (void)p;
    (void)title;
}

static void show_value(struct printer *p, const char *title, const struct option *opt,
                       const char *key, const char *text, const struct scn_entry *origin)
{
    struct strbuf line = STRBUF_INIT;

    strbuf_addf(&line, opt ? "[%s] %s = %s" : "[%s] %s %s", title, key, text);
    strbuf_addf(p->out, "%-58s  ", strbuf_text(&line));
    p->failed |= strbuf_failed(&line);
    strbuf_release(&line);
    if (!origin)
        strbuf_addstr(p->out, "default\n");
    else if (origin->line)
        strbuf_addf(p->out, "%s %s:%lu\n", origin_words[origin->origin], origin->file,
                    origin->line);
    else
        strbuf_addf(p->out, "%s\n", origin->file);
}

/* ---- one by one ---- */

static void hand_value(struct printer *p, const char *title, const struct option *opt,
                       const char *key, const char *text, const struct scn_entry *origin)
{
    struct scenario_value value = {.section = title, .key = key, .value = text};

    if (!opt || (opt->flags & OPT_LABEL) || !origin)
        return;
    value.file = origin->file;
    value.line = origin->line;
    p->each(p->arg, &value);
}

enum status scenario_each_set(const struct scenario *sc,
                              void (*each)(void *arg, const struct scenario_value *value),
                              void *arg)
{
    struct printer p = {
        .sc = sc, .each = each, .arg = arg, .section = show_section, .value = hand_value};

    return print_all(&p);
}

/* ---- with origins, for people and for programs ---- */

static enum status nothing_shown(const struct printer *p, struct diag *diag)
{
    if (p->nr || !p->only)
        return ST_OK;
    diag_set(diag, ST_EUSAGE, "the scenario has no section '%s'", p->only);
    diag_hint(diag, "name a kind (vm) or a section (\"vm web\")");
    return ST_EUSAGE;
}

static enum status out_of_memory(enum status st, struct diag *diag)
{
    if (st == ST_ENOMEM)
        diag_set(diag, st, "memory ran out");
    return st;
}

enum status scenario_show_origin(const struct scenario *sc, const char *section, struct strbuf *out,
                                 struct diag *diag)
{
    struct printer p = {
        .sc = sc, .only = section, .out = out, .section = show_section, .value = show_value};
    enum status st = print_all(&p);

    return st == ST_OK ? nothing_shown(&p, diag) : out_of_memory(st, diag);
}

static void json_value(struct printer *p, const char *title, const struct option *opt,
                       const char *key, const char *text, const struct scn_entry *origin)
{
    json_t *one = json_pack("{s:s, s:s, s:s, s:s}", "section", title, "key", key, "value", text,
                            "origin", origin_words[origin ? origin->origin : SCN_FROM_DEFAULT]);

    (void)opt;
    if (!one) {
        p->failed = true;
        return;
    }
    if (json_object_set_new(one, "file", origin ? json_string(origin->file) : json_null()) != 0 ||
        json_object_set_new(one, "line",
                            origin && origin->line ? json_integer((json_int_t)origin->line)
                                                   : json_null()) != 0)
        p->failed = true;
    if (json_array_append_new(p->values, one) != 0)
        p->failed = true;
}

enum status scenario_show_origin_json(const struct scenario *sc, const char *section,
                                      struct strbuf *out, struct diag *diag)
{
    struct printer p = {.sc = sc, .only = section, .section = show_section, .value = json_value};
    json_t *root = json_pack("{s:s, s:s, s:s, s:o}", "format_version", "1.0", "scenario", sc->path,
                             "digest", sc->digest, "values", p.values = json_array());
    enum status st = root ? print_all(&p) : ST_ENOMEM;
    char *text = NULL;

    if (st == ST_OK)
        st = nothing_shown(&p, diag);
    if (st == ST_OK) {
        text = json_dumps(root, JSON_INDENT(2));
        st = text ? ST_OK : ST_ENOMEM;
    }
    if (st == ST_OK) {
        strbuf_addstr(out, text);
        strbuf_addch(out, '\n');
        st = strbuf_failed(out) ? ST_ENOMEM : ST_OK;
    }
    free(text);
    json_decref(root);
    return out_of_memory(st, diag);
}
