/*
 * vm_words.c - reads "PATTERN key=value ..." by an option table, without memory of its own.
 */
#include "sim/platforms/vm_words.h"

#include <stdio.h>
#include <string.h>

#include "sim/scenario/scenario_doc.h"

#include "base/banned.h"

static enum status parse_word(const char *word, size_t len, const struct option_table *table,
                              void *obj, struct diag *diag)
{
    char text[VM_WORDS_PATTERN];
    struct option_nearest near = {.word = text};
    const struct option *row;
    char *value;

    if (len >= sizeof(text))
        return diag_set(diag, ST_EINPUT, "a word is too long");
    memcpy(text, word, len);
    text[len] = '\0';
    value = strchr(text, '=');
    if (!value)
        return diag_set(diag, ST_EINPUT, "'%s' should be KEY=VALUE", text);
    *value++ = '\0';
    row = option_find(table, text);
    if (row)
        return option_parse(row, value, obj, NULL, diag);
    for (size_t i = 0; i < table->nr; i++)
        option_nearest_offer(&near, table->rows[i].name);
    diag_set(diag, ST_EINPUT, "a VM has no '%s' here", text);
    if (near.best)
        diag_hint(diag, "did you mean '%s'?", near.best);
    return ST_EINPUT;
}

enum status vm_words_parse(const char *item, const struct option_table *table, void *obj,
                           char pattern[VM_WORDS_PATTERN], struct diag *diag)
{
    size_t len = strcspn(item, " \t");

    memset(obj, 0, table->size);
    if (len == 0 || len >= VM_WORDS_PATTERN)
        return diag_set(diag, ST_EINPUT, "the name of a VM is missing or too long");
    memcpy(pattern, item, len);
    pattern[len] = '\0';
    for (const char *p = item + len; *(p += strspn(p, " \t"));) {
        enum status st;

        len = strcspn(p, " \t");
        st = parse_word(p, len, table, obj, diag);
        if (st != ST_OK)
            return st;
        p += len;
    }
    return ST_OK;
}

bool vm_words_match(const struct scenario *sc, const char *pattern, uint32_t vm)
{
    const struct scn_vm *v = &sc->vms[vm];

    if (v->name && scn_glob(pattern, v->name)) /* a trial of one migration has no other names */
        return true;
    return sc->class_names && strcmp(pattern, sc->class_names[v->class_id]) == 0;
}

static bool means_some_vm(const struct scenario *sc, const char *pattern)
{
    for (uint32_t vm = 0; vm < sc->nr_vms; vm++)
        if (vm_words_match(sc, pattern, vm))
            return true;
    return false;
}

enum status vm_words_check(const struct scenario *sc, const char *section, const char *key,
                           const struct option_list *items, const struct option_table *table,
                           void *obj, struct diag *diag)
{
    enum status st = ST_OK;

    for (uint32_t i = 0; st == ST_OK && i < items->nr; i++) {
        char pattern[VM_WORDS_PATTERN];

        st = vm_words_parse(items->items[i], table, obj, pattern, diag);
        if (st == ST_OK && !means_some_vm(sc, pattern))
            st = diag_set(diag, ST_EINPUT, "no VM is called '%s'", pattern);
    }
    if (st != ST_OK && diag) {
        snprintf(diag->section, sizeof(diag->section), "%s", section);
        snprintf(diag->key, sizeof(diag->key), "%s", key);
    }
    return st;
}
