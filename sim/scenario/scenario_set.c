/*
 * scenario_set.c - --set section.key=value, and the patterns that names are matched with.
 *
 * An override is a layer of its own above all files; it changes sections that are there and makes
 * none but the unnamed ones and [migration NAME], so a misspelt VM is an error and not one more VM.
 */
#include <stdio.h>
#include <string.h>

#include "sim/scenario/scenario_doc_int.h"

#include "base/banned.h"

/* Splits "section.key=value".  The key of a threshold holds points itself. */
static enum status split_override(struct arena *arena, const char *text, char **section, char **key,
                                  char **value, struct diag *diag)
{
    char *copy = arena_strdup(arena, text), *equals, *point;

    if (!copy)
        return scn_no_memory(diag);
    equals = strchr(copy, '=');
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f)
            return diag_set(diag, ST_EINPUT, "the override holds a control character");
    if (equals)
        *equals = '\0';
    point = strncmp(copy, "thresholds.", 11) == 0 ? copy + 10 : strrchr(copy, '.');
    if (!equals || !point || point == copy || point + 1 == equals) {
        diag_set(diag, ST_EINPUT, "'%s' is no override", text);
        diag_hint(diag, "write SECTION.KEY=VALUE, as migration.downtime_limit=500ms or "
                        "\"vm web.memory=8GiB\"");
        return ST_EINPUT;
    }
    *point = '\0';
    *section = copy;
    *key = point + 1;
    *value = equals + 1;
    *value += strspn(*value, " ");
    if (strstr(*value, " #") || strstr(*value, " ;") || **value == '#' || **value == ';')
        return diag_set(diag, ST_EINPUT, "a value cannot hold a blank and then # or ;");
    return ST_OK;
}

static enum status unknown_section(const struct scn_doc *doc, enum scn_kind kind, const char *name,
                                   struct diag *diag)
{
    const char *best = name_index_nearest(&doc->index[kind], name);

    diag_set(diag, ST_EINPUT, "the scenario has no such section");
    if (best)
        diag_hint(diag, "did you mean '%s %s'?", scn_section_types[kind].word, best);
    else if (kind == SCN_VM)
        diag_hint(diag, "VMs made by count are set through the section that makes them");
    return ST_EINPUT;
}

static enum status override_sections(struct scn_doc *doc, enum scn_kind kind, const char *name,
                                     struct scn_entry value, struct diag *diag)
{
    uint32_t hits = 0;
    enum status st = ST_OK;

    for (struct scn_section *s = doc->first[kind]; s && st == ST_OK; s = s->next) {
        if (!scn_glob(name, s->name))
            continue;
        st = scn_set_entry(doc, s, value, diag);
        hits++;
    }
    if (hits == 0)
        return unknown_section(doc, kind, name, diag);
    return st;
}

enum status scn_doc_override(struct scn_doc *doc, const struct scn_override *override,
                             struct diag *diag)
{
    char *section = NULL, *key = NULL, *value = NULL;
    struct scn_entry entry = {.origin = SCN_FROM_SET};
    struct scn_section *s;
    const char *name;
    enum scn_kind kind;
    enum status st;

    doc->layers++;
    scn_place(diag, override->origin, 0, "", "");
    st = split_override(doc->arena, override->text, &section, &key, &value, diag);
    if (st != ST_OK)
        return st;
    scn_place(diag, override->origin, 0, section, key);
    entry.key = key;
    entry.value = value;
    entry.file = arena_strdup(doc->arena, override->origin);
    if (!entry.file)
        return scn_no_memory(diag);
    st = scn_read_title(section, &kind, &name, diag);
    if (st != ST_OK)
        return st;
    if (scn_section_types[kind].naming == SCN_ALWAYS_NAMED || scn_is_pattern(name)) {
        st = override_sections(doc, kind, name, entry, diag);
    } else {
        st = scn_check_name(kind, name, diag);
        if (st == ST_OK)
            st = scn_open_section(doc, kind, name, entry.file, 0, &s, diag);
        if (st == ST_OK)
            st = scn_set_entry(doc, s, entry, diag);
    }
    if (st == ST_OK)
        scn_place(diag, "", 0, "", "");
    return st;
}

bool scn_is_pattern(const char *text)
{
    return strpbrk(text, "*?") != NULL;
}

bool scn_glob(const char *pattern, const char *name)
{
    const char *star = NULL, *from = NULL;

    /* on a mismatch only the last star can take more: never exponential */
    while (*name) {
        if (*pattern == '*') {
            star = pattern++;
            from = name;
        } else if (*pattern == '?' || *pattern == *name) {
            pattern++;
            name++;
        } else if (star) {
            pattern = star + 1;
            name = ++from;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}
