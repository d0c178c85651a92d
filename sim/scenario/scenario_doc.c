/*
 * scenario_doc.c - merges layers of INI text into sections whose values know their origin.
 *
 * Leaves finding files, presets and includes to scenario_layers.c, --set to scenario_set.c, and
 * what values mean to scenario_values.c and the option rows.  Invariant: a section's entries have
 * distinct keys, and each entry's layer is the strongest one that set the key.
 */
#include "sim/scenario/scenario_doc_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

enum {
    NAME_LIMIT = 128,
    THRESHOLDS_LIMIT = 1000
};

void scn_section_title(const struct scn_section *s, char *buf, size_t cap)
{
    const char *word = scn_section_types[s->kind].word;

    snprintf(buf, cap, s->name[0] ? "%s %s" : "%s", word, s->name);
}

enum status scn_fail(const struct scn_section *s, const char *key, struct diag *diag,
                     const char *fmt, ...)
{
    const struct scn_entry *e = key ? scn_section_entry(s, key) : NULL;
    va_list ap;

    if (!diag)
        return ST_EINPUT;
    va_start(ap, fmt);
    vsnprintf(diag->what, sizeof(diag->what), fmt, ap);
    va_end(ap);
    snprintf(diag->file, sizeof(diag->file), "%s", e ? e->file : s->file);
    diag->line = e ? e->line : s->line;
    scn_section_title(s, diag->section, sizeof(diag->section));
    snprintf(diag->key, sizeof(diag->key), "%s", key ? key : "");
    return ST_EINPUT;
}

struct scn_section *scn_doc_find(const struct scn_doc *doc, enum scn_kind kind, const char *name)
{
    uint32_t nr = name_index_find(&doc->index[kind], name);

    return nr == NAME_NONE ? NULL : doc->by_nr[kind][nr];
}

const struct scn_entry *scn_section_entry(const struct scn_section *s, const char *key)
{
    for (const struct scn_entry *e = s->entries; e; e = e->next)
        if (strcmp(e->opt ? e->opt->name : e->key, key) == 0)
            return e;
    return NULL;
}

enum status scn_no_memory(struct diag *diag)
{
    diag_set(diag, ST_ENOMEM, "the scenario needs too much memory");
    diag_hint(diag, "a scenario may take 4 GiB");
    return ST_ENOMEM;
}

/* ---- section headers ---- */

/* Splits "vm web" into its kind and name; refuses unknown kinds and bad names. */
enum status scn_read_title(const char *title, enum scn_kind *kind, const char **name,
                           struct diag *diag)
{
    struct option_nearest nearest;
    size_t len = strcspn(title, " \t");
    char word[32];

    snprintf(word, sizeof(word), "%.*s", (int)(len < 31 ? len : 31), title);
    nearest = (struct option_nearest){.word = word};
    *name = title + len + strspn(title + len, " \t");
    for (*kind = 0; *kind < SCN_KIND_NR; (*kind)++)
        if (strcmp(scn_section_types[*kind].word, word) == 0)
            return ST_OK;
    for (enum scn_kind k = 0; k < SCN_KIND_NR; k++)
        option_nearest_offer(&nearest, scn_section_types[k].word);
    diag_set(diag, ST_EINPUT, "unknown section");
    if (nearest.best)
        diag_hint(diag, "did you mean '%s'?", nearest.best);
    else
        diag_hint(diag,
                  "sections are scenario, cluster, migration, calibration, host, link, workload, "
                  "vm, affinity, request, operation, fault, change, thresholds, and one for "
                  "each platform");
    return ST_EINPUT;
}

enum status scn_check_name(enum scn_kind kind, const char *name, struct diag *diag)
{
    const struct scn_section_type *type = &scn_section_types[kind];

    if (type->naming == SCN_UNNAMED && name[0])
        return diag_set(diag, ST_EINPUT, "[%s] takes no name", type->word);
    if (type->naming == SCN_ALWAYS_NAMED && !name[0]) {
        diag_set(diag, ST_EINPUT, "the section needs a name");
        diag_hint(diag, "write [%s NAME]", type->word);
        return ST_EINPUT;
    }
    if (strlen(name) > NAME_LIMIT)
        return diag_set(diag, ST_EINPUT, "the name is longer than 128 bytes");
    if (strpbrk(name, " \t,*?[]=\"'")) {
        diag_set(diag, ST_EINPUT, "a name cannot hold blanks or any of , * ? = [ ] and quotes");
        return ST_EINPUT;
    }
    if (kind == SCN_CALIBRATION && name[0] && strcmp(name, accel_names[ACCEL_KVM]) != 0 &&
        strcmp(name, accel_names[ACCEL_TCG]) != 0) {
        diag_set(diag, ST_EINPUT, "'%s' is no accelerator", name);
        diag_hint(diag, "write [calibration], [calibration kvm] or [calibration tcg]");
        return ST_EINPUT;
    }
    return ST_OK;
}

/* Room for one more section of @kind in by_nr. */
static bool grow_sections(struct scn_doc *doc, enum scn_kind kind)
{
    uint32_t cap = doc->cap[kind] ? doc->cap[kind] * 2 : 16;
    struct scn_section **more;

    if (doc->nr[kind] < doc->cap[kind])
        return true;
    more = arena_array(doc->arena, cap, sizeof(struct scn_section *));
    if (!more)
        return false;
    if (doc->nr[kind])
        memcpy(more, doc->by_nr[kind], doc->nr[kind] * sizeof(struct scn_section *));
    doc->by_nr[kind] = more;
    doc->cap[kind] = cap;
    return true;
}

static struct scn_section *new_section(struct scn_doc *doc, enum scn_kind kind, const char *name)
{
    struct scn_section *s = arena_alloc(doc->arena, sizeof(*s));

    if (!s || !grow_sections(doc, kind))
        return NULL;
    s->kind = kind;
    s->name = name;
    s->nr = doc->nr[kind];
    s->tail = &s->entries;
    if (!name_index_add(&doc->index[kind], doc->arena, name, s->nr))
        return NULL;
    if (doc->last[kind])
        doc->last[kind]->next = s;
    else
        doc->first[kind] = s;
    doc->last[kind] = s;
    doc->by_nr[kind][doc->nr[kind]++] = s;
    return s;
}

/* The section of that name, made where it is new; twice in one file is refused. */
enum status scn_open_section(struct scn_doc *doc, enum scn_kind kind, const char *name,
                             const char *file, unsigned long line, struct scn_section **out,
                             struct diag *diag)
{
    struct scn_section *s = scn_doc_find(doc, kind, name);

    if (s && line && s->layer == doc->layers && s->last_line) {
        diag_set(diag, ST_EINPUT, "the section stands here and in line %lu", s->last_line);
        diag_hint(diag, "join the two, or give one another name");
        return ST_EINPUT;
    }
    if (!s) {
        s = new_section(doc, kind, name);
        if (!s)
            return scn_no_memory(diag);
        s->file = file;
        s->line = line;
    }
    s->layer = doc->layers;
    s->last_line = line;
    *out = s;
    return ST_OK;
}

/* ---- keys ---- */

const struct option *scn_find_row(enum scn_kind kind, const char *key, size_t *offset)
{
    const struct scn_section_type *type = &scn_section_types[kind];

    for (size_t t = 0; t < SCN_TABLES && type->tables[t].table; t++) {
        const struct option *opt = option_find(type->tables[t].table, key);

        *offset = type->tables[t].offset;
        if (opt)
            return opt;
    }
    return NULL;
}

static void offer_rows(enum scn_kind kind, struct option_nearest *nearest)
{
    const struct scn_section_type *type = &scn_section_types[kind];

    for (size_t t = 0; t < SCN_TABLES && type->tables[t].table; t++)
        for (size_t i = 0; i < type->tables[t].table->nr; i++)
            option_nearest_offer(nearest, type->tables[t].table->rows[i].name);
}

enum status scn_unknown_key(enum scn_kind kind, const char *key, struct diag *diag)
{
    struct option_nearest nearest = {.word = key};
    size_t offset;

    diag_set(diag, ST_EINPUT, "unknown option");
    for (enum scn_kind k = 0; k < SCN_KIND_NR; k++) {
        if (scn_find_row(k, key, &offset)) {
            diag_hint(diag, "it belongs into [%s]", scn_section_types[k].word);
            return ST_EINPUT;
        }
    }
    offer_rows(kind, &nearest);
    if (nearest.best) {
        const struct option *opt = scn_find_row(kind, nearest.best, &offset);
        struct strbuf type = STRBUF_INIT;

        option_describe_type(opt, &type);
        if (opt->def && opt->def[0])
            diag_hint(diag, "did you mean '%s' (%s, default %s)?", opt->name, strbuf_text(&type),
                      opt->def);
        else
            diag_hint(diag, "did you mean '%s' (%s)?", opt->name, strbuf_text(&type));
        strbuf_release(&type);
    } else {
        diag_hint(diag, "`migcast help scenario` lists the options of [%s]",
                  scn_section_types[kind].word);
    }
    return ST_EINPUT;
}

static enum status append_entry(struct scn_doc *doc, struct scn_section *s, struct scn_entry value,
                                struct diag *diag)
{
    struct scn_entry *e = arena_memdup(doc->arena, &value, sizeof(value));

    if (!e)
        return scn_no_memory(diag);
    e->next = NULL;
    *s->tail = e;
    s->tail = &e->next;
    return ST_OK;
}

/* A stronger layer's goals take the place of weaker ones of the same key. */
static void drop_weaker(struct scn_section *s, const char *key, uint32_t layer)
{
    struct scn_entry **at = &s->entries;

    while (*at) {
        if ((*at)->layer < layer && strcmp((*at)->key, key) == 0)
            *at = (*at)->next;
        else
            at = &(*at)->next;
    }
    s->tail = at;
}

/* In one layer goals add up: "downtime.p99 < 1s" and "downtime.p99 < 500ms warn" stand side by
 * side. */
static enum status add_threshold(struct scn_doc *doc, struct scn_section *s, struct scn_entry value,
                                 struct diag *diag)
{
    size_t nr = 0;

    drop_weaker(s, value.key, value.layer);
    for (const struct scn_entry *e = s->entries; e; e = e->next, nr++)
        if (strcmp(e->key, value.key) == 0 && strcmp(e->value, value.value) == 0)
            return diag_set(diag, ST_EINPUT, "the goal stands here and in line %lu", e->line);
    if (nr >= THRESHOLDS_LIMIT)
        return diag_set(diag, ST_EINPUT, "more than 1000 thresholds");
    return append_entry(doc, s, value, diag);
}

enum status scn_set_entry(struct scn_doc *doc, struct scn_section *s, struct scn_entry value,
                          struct diag *diag)
{
    value.layer = doc->layers;
    if (s->kind == SCN_THRESHOLDS)
        return add_threshold(doc, s, value, diag);
    value.opt = scn_find_row(s->kind, value.key, &value.offset);
    if (!value.opt)
        return scn_unknown_key(s->kind, value.key, diag);
    for (struct scn_entry *e = s->entries; e; e = e->next) {
        if (e->opt != value.opt)
            continue;
        if (e->layer == value.layer) {
            diag_set(diag, ST_EINPUT, "the option stands here and in line %lu", e->line);
            diag_hint(diag, "keep one of them");
            return ST_EINPUT;
        }
        value.next = e->next;
        *e = value;
        return ST_OK;
    }
    return append_entry(doc, s, value, diag);
}

void scn_place(struct diag *diag, const char *file, unsigned long line, const char *section,
               const char *key)
{
    if (!diag)
        return;
    snprintf(diag->file, sizeof(diag->file), "%s", file);
    diag->line = line;
    snprintf(diag->section, sizeof(diag->section), "%s", section);
    snprintf(diag->key, sizeof(diag->key), "%s", key);
}

static enum status add_section(struct scn_doc *doc, const struct ini_file *ini,
                               const struct ini_section *in, enum scn_origin origin,
                               struct diag *diag)
{
    enum scn_kind kind = SCN_SCENARIO;
    const char *name = "";
    struct scn_section *s;
    enum status st;

    if (in->name[0] == '\0' && in->nr == 0)
        return ST_OK;
    scn_place(diag, ini->path, in->line, in->name, "");
    st = in->name[0] ? scn_read_title(in->name, &kind, &name, diag) : ST_OK;
    if (st == ST_OK)
        st = scn_check_name(kind, name, diag);
    if (st == ST_OK)
        st = scn_open_section(doc, kind, name, ini->path, in->line, &s, diag);
    for (size_t i = 0; st == ST_OK && i < in->nr; i++) {
        const struct ini_entry *e = &ini->entries[in->first + i];
        struct scn_entry value = {.key = e->key, .value = e->value, .file = ini->path};

        value.line = e->line;
        value.origin = origin;
        scn_place(diag, ini->path, e->line, in->name, e->key);
        st = scn_set_entry(doc, s, value, diag);
    }
    return st;
}

enum status scn_doc_add(struct scn_doc *doc, const struct ini_file *ini, enum scn_origin origin,
                        struct diag *diag)
{
    doc->layers++;
    for (size_t i = 0; i < ini->nr_sections; i++) {
        enum status st = add_section(doc, ini, &ini->sections[i], origin, diag);

        if (st != ST_OK)
            return st;
    }
    if (diag)
        scn_place(diag, "", 0, "", "");
    return ST_OK;
}
