/*
 * name_index.h - from a name to a number, for names that come by the million.
 */
#ifndef MIGCAST_SIM_NAME_INDEX_H
#define MIGCAST_SIM_NAME_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

#define NAME_NONE UINT32_MAX

struct name_slot { /* private */
    const char *name;
    uint32_t hash, id;
};

struct name_index { /* private; zeroed = empty */
    struct name_slot *slots;
    uint32_t cap, nr;
};

/* name_index_add - remember @name (borrowed) as @id; false when memory ran out.
 * The caller has looked: a name is added once. */
bool name_index_add(struct name_index *ix, struct arena *arena, const char *name, uint32_t id);
/* name_index_reserve - room for @nr names in all, so that adding them copies nothing; false when
 * memory ran out. */
bool name_index_reserve(struct name_index *ix, struct arena *arena, uint32_t nr);
/* name_index_find - the id of @name, or NAME_NONE. */
uint32_t name_index_find(const struct name_index *ix, const char *name);
/* name_index_name - the name that was added and equals @name, or NULL. */
const char *name_index_name(const struct name_index *ix, const char *name);
/* name_index_nearest - the known name most like @word, or NULL; looks at no more than some
 * thousand. */
const char *name_index_nearest(const struct name_index *ix, const char *word);

#endif
