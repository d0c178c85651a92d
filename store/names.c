/*
 * names.c - interned strings: a hash table (uthash) of the texts kept so far.
 *
 * Invariant: no two entries hold the same text, and an entry never moves.
 */
#include "store/names.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Out of memory leaves the table as it was and the new entry out of it. */
#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(entry) ((entry)->lost = 1)
#include <uthash.h>

#include "base/banned.h"

struct name {
    UT_hash_handle hh;
    int lost; /* could not be added */
    char text[];
};

struct names {
    struct name *table;
};

struct names *names_new(void)
{
    return calloc(1, sizeof(struct names));
}

const char *names_keep(struct names *names, const char *text)
{
    size_t len = strlen(text);
    struct name *name = NULL;

    assert(names);
    HASH_FIND(hh, names->table, text, len, name);
    if (name)
        return name->text;
    name = malloc(sizeof(*name) + len + 1);
    if (!name)
        return NULL;
    name->lost = 0;
    memcpy(name->text, text, len + 1);
    HASH_ADD_KEYPTR(hh, names->table, name->text, len, name);
    if (name->lost) {
        free(name);
        return NULL;
    }
    return name->text;
}

void names_free(struct names *names)
{
    struct name *name, *next;

    if (!names)
        return;
    HASH_ITER(hh, names->table, name, next)
    {
        HASH_DEL(names->table, name);
        free(name);
    }
    free(names);
}
