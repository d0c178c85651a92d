/*
 * arena.h - memory that is dropped whole.
 *
 * A run, or a scenario, allocates from one arena and never frees a part.  Every arena has a hard
 * limit on its total size, so that hostile input ends in a message and not in an exhausted machine.
 * Not thread-safe: one owner.
 */
#ifndef MIGCAST_BASE_ARENA_H
#define MIGCAST_BASE_ARENA_H

#include <stddef.h>

#include "base/units.h"

#define ARENA_LIMIT_DEFAULT ((size_t)(8 * GIB))

struct arena;

/* arena_new - an empty arena that will hand out at most @limit bytes (0 = ARENA_LIMIT_DEFAULT).
 * NULL when memory ran out.  Caller frees. */
struct arena *arena_new(size_t limit);
/* arena_free - drop everything that came from @a; takes NULL. */
void arena_free(struct arena *a);

/* arena_alloc - @size zeroed bytes, aligned for any type; NULL when memory or the limit ran out.
 * A @size of 0 gives a valid pointer to nothing. */
void *arena_alloc(struct arena *a, size_t size);
/* arena_array - the same for @nr objects of @size bytes, with the product checked. */
void *arena_array(struct arena *a, size_t nr, size_t size);
char *arena_strdup(struct arena *a, const char *text);
char *arena_strndup(struct arena *a, const char *text, size_t len);
/* arena_memdup - a copy of @size bytes. */
void *arena_memdup(struct arena *a, const void *data, size_t size);

/* arena_used - bytes handed out so far, alignment included. */
size_t arena_used(const struct arena *a);

#endif
