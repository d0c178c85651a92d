/*
 * scenario_layers.c - finds the files that make up a scenario and merges them in order.
 *
 * Invariant: presets come first, then includes depth first, then the file, then overrides; within
 * each, what is named later is stronger.  Depth and number of files are bounded, and a file may not
 * include itself by any way round.
 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/scenario/presets.h"
#include "sim/scenario/scenario_doc.h"

#include "base/banned.h"

enum {
    DEPTH_LIMIT = 8,
    FILE_LIMIT = 100,
    PRESET_LIMIT = 100
};

/* Where a preset was asked for. */
struct wanted_preset {
    const char *name;
    const char *file;
    unsigned long line;
};

struct loader {
    struct arena *arena;
    struct diag *diag;
    const struct scn_override *overrides;
    size_t nr_overrides;
    struct ini_file files[FILE_LIMIT]; /* in the order of merging */
    size_t nr_files, nr_read;
    struct wanted_preset presets[PRESET_LIMIT];
    size_t nr_presets;
    struct stat stack[DEPTH_LIMIT + 1]; /* the files being read, outermost first */
    size_t depth;
};

/* "--set scenario.preset=..." in place of the file's own line. */
static const char *overridden(const struct loader *l, const char *key)
{
    const char *value = NULL;
    char start[32];
    int len = snprintf(start, sizeof(start), "scenario.%s=", key);

    for (size_t i = 0; i < l->nr_overrides; i++)
        if (strncmp(l->overrides[i].text, start, (size_t)len) == 0)
            value = l->overrides[i].text + len;
    return value;
}

/* The words of a list key that stands before the first section or in [scenario]. */
static enum status find_list(struct loader *l, const struct ini_file *ini, const char *key,
                             struct option_list *list, unsigned long *line)
{
    const struct option *opt = option_find(&scn_scenario_options, key);
    struct scn_scenario_decl decl = {0};
    const char *value = l->depth == 0 ? overridden(l, key) : NULL;
    enum status st;

    *line = 0;
    *list = (struct option_list){0};
    for (size_t i = 0; !value && i < ini->nr_sections; i++) {
        const struct ini_section *s = &ini->sections[i];

        if (s->name[0] && strcmp(s->name, "scenario") != 0)
            continue;
        for (size_t j = s->first; j < s->first + s->nr && !value; j++) {
            if (strcmp(ini->entries[j].key, key) == 0) {
                value = ini->entries[j].value;
                *line = ini->entries[j].line;
            }
        }
    }
    if (!value)
        return ST_OK;
    st = option_parse(opt, value, &decl, l->arena, l->diag);
    if (st != ST_OK)
        return diag_at(l->diag, st, ini->path, *line, "bad list in '%s'", key);
    *list = strcmp(key, "preset") == 0 ? decl.presets : decl.includes;
    return ST_OK;
}

/* @name as seen from the file @from. */
static const char *relative(struct arena *arena, const char *from, const char *name)
{
    const char *slash = strrchr(from, '/');
    size_t dir = slash ? (size_t)(slash - from) + 1 : 0;
    char *path;

    if (name[0] == '/' || dir == 0)
        return arena_strdup(arena, name);
    path = arena_alloc(arena, dir + strlen(name) + 1);
    if (path) {
        memcpy(path, from, dir);
        memcpy(path + dir, name, strlen(name));
    }
    return path;
}

static enum status too_many(struct loader *l, const struct ini_file *ini, unsigned long line,
                            const char *what)
{
    return diag_at(l->diag, ST_EINPUT, ini->path, line, "%s", what);
}

static enum status visit(struct loader *l, struct ini_file *ini);

static enum status visit_include(struct loader *l, const struct ini_file *ini, const char *name,
                                 unsigned long line)
{
    const char *path = relative(l->arena, ini->path, name);
    struct ini_file inner;
    struct stat sb;
    enum status st;

    if (!path)
        return diag_set(l->diag, ST_ENOMEM, "memory for the scenario ran out");
    if (l->depth >= DEPTH_LIMIT)
        return too_many(l, ini, line, "includes are nested deeper than 8");
    if (++l->nr_read >= FILE_LIMIT)
        return too_many(l, ini, line, "more than 100 files are included");
    if (stat(path, &sb) != 0) {
        st = diag_errno(l->diag, ST_EINPUT, ini->path, "cannot open the included file");
        diag_hint(l->diag, "looked for %s", path);
        if (l->diag)
            l->diag->line = line;
        return st;
    }
    for (size_t i = 0; i <= l->depth; i++)
        if (l->stack[i].st_ino == sb.st_ino && l->stack[i].st_dev == sb.st_dev)
            return diag_at(l->diag, ST_EINPUT, ini->path, line, "'%s' includes itself", path);
    st = ini_read(&inner, path, l->arena, l->diag);
    if (st != ST_OK)
        return st;
    l->stack[++l->depth] = sb;
    st = visit(l, &inner);
    l->depth--;
    return st;
}

/* Puts the files that @ini includes, then @ini itself, into the order of merging. */
static enum status visit(struct loader *l, struct ini_file *ini)
{
    struct option_list list;
    unsigned long line;
    enum status st = find_list(l, ini, "include", &list, &line);

    for (uint32_t i = 0; st == ST_OK && i < list.nr; i++)
        st = visit_include(l, ini, list.items[i], line);
    if (st == ST_OK)
        st = find_list(l, ini, "preset", &list, &line);
    for (uint32_t i = 0; st == ST_OK && i < list.nr; i++) {
        if (l->nr_presets >= PRESET_LIMIT)
            return too_many(l, ini, line, "more than 100 presets");
        l->presets[l->nr_presets++] =
            (struct wanted_preset){.name = list.items[i], .file = ini->path, .line = line};
    }
    if (st == ST_OK)
        l->files[l->nr_files++] = *ini;
    return st;
}

static enum status add_preset(struct loader *l, struct scn_doc *doc,
                              const struct wanted_preset *wanted)
{
    const struct preset *preset = preset_find(wanted->name);
    struct ini_file ini;
    enum status st;

    if (!preset) {
        preset_hint(wanted->name, l->diag);
        return diag_at(l->diag, ST_EINPUT, wanted->file, wanted->line, "no preset is called '%s'",
                       wanted->name);
    }
    st = ini_read_text(&ini, preset->name, preset->text, strlen(preset->text), l->arena, l->diag);
    return st == ST_OK ? scn_doc_add(doc, &ini, SCN_FROM_PRESET, l->diag) : st;
}

static enum status merge(struct loader *l, struct scn_doc *doc)
{
    enum status st = ST_OK;

    for (size_t i = 0; st == ST_OK && i < l->nr_presets; i++)
        st = add_preset(l, doc, &l->presets[i]);
    for (size_t i = 0; st == ST_OK && i < l->nr_files; i++)
        st = scn_doc_add(doc, &l->files[i], i + 1 < l->nr_files ? SCN_FROM_INCLUDE : SCN_FROM_FILE,
                         l->diag);
    for (size_t i = 0; st == ST_OK && i < l->nr_overrides; i++)
        st = scn_doc_override(doc, &l->overrides[i], l->diag);
    return st;
}

enum status scn_doc_load(struct scn_doc **doc, const char *path, const char *text,
                         const struct scn_override *overrides, size_t nr_overrides,
                         struct arena *arena, struct diag *diag)
{
    struct loader *l = arena_alloc(arena, sizeof(*l));
    struct ini_file ini;
    enum status st;

    *doc = scn_doc_new(arena, path);
    if (!*doc || !l)
        return diag_set(diag, ST_ENOMEM, "memory for the scenario ran out");
    l->arena = arena;
    l->diag = diag;
    l->overrides = overrides;
    l->nr_overrides = nr_overrides;
    if (text) {
        st = ini_read_text(&ini, path, text, strlen(text), arena, diag);
    } else {
        st = ini_read(&ini, path, arena, diag);
        if (st == ST_OK && stat(path, &l->stack[0]) != 0)
            st = diag_errno(diag, ST_EINPUT, path, "cannot open");
    }
    if (st == ST_OK)
        st = visit(l, &ini);
    return st == ST_OK ? merge(l, *doc) : st;
}
