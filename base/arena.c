/*
 * arena.c - blocks of growing size, filled from the front.
 *
 * Leaves the meaning of what is stored to its users.  Invariant: used <= limit, and every block's
 * fill <= its size.  Large requests get a block of their own from calloc, so that pages nobody
 * touches cost nothing.
 */
#include "base/arena.h"

#include <assert.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    FIRST_BLOCK = 16 * 1024,
    LARGEST_BLOCK = 4 * 1024 * 1024 /* a request above a quarter of this has its own block */
};

#define ALIGN alignof(max_align_t)

struct block {
    struct block *next;
    size_t size, fill;
    alignas(max_align_t) unsigned char data[];
};

struct arena {
    size_t limit;
    size_t used;
    size_t next_size;
    struct block *blocks; /* the first one is being filled */
};

struct arena *arena_new(size_t limit)
{
    struct arena *a = calloc(1, sizeof(*a));

    if (!a)
        return NULL;
    a->limit = limit ? limit : ARENA_LIMIT_DEFAULT;
    a->next_size = FIRST_BLOCK;
    return a;
}

void arena_free(struct arena *a)
{
    struct block *b;

    if (!a)
        return;
    while ((b = a->blocks)) {
        a->blocks = b->next;
        free(b);
    }
    free(a);
}

static struct block *block_new(size_t size)
{
    struct block *b = calloc(1, sizeof(*b) + size);

    if (b)
        b->size = size;
    return b;
}

/* A block for one large request goes behind the one being filled, which stays in use. */
static void *alloc_large(struct arena *a, size_t size)
{
    struct block *b = block_new(size);

    if (!b)
        return NULL;
    b->fill = size;
    if (a->blocks) {
        b->next = a->blocks->next;
        a->blocks->next = b;
    } else {
        a->blocks = b;
    }
    a->used += size;
    return b->data;
}

static struct block *alloc_block(struct arena *a, size_t size)
{
    struct block *b;

    while (a->next_size < size)
        a->next_size *= 2;
    b = block_new(a->next_size);
    if (!b)
        return NULL;
    b->next = a->blocks;
    a->blocks = b;
    if (a->next_size < LARGEST_BLOCK)
        a->next_size *= 2;
    return b;
}

/* Zeroed bytes, wherever they come to lie. */
static void *alloc_packed(struct arena *a, size_t size)
{
    struct block *b = a->blocks;
    void *p;

    assert(a->used <= a->limit);
    if (size > a->limit - a->used)
        return NULL;
    if (size > LARGEST_BLOCK / 4)
        return alloc_large(a, size);
    if (!b || size > b->size - b->fill) {
        b = alloc_block(a, size ? size : 1);
        if (!b)
            return NULL;
    }
    p = b->data + b->fill;
    b->fill += size;
    a->used += size;
    return p;
}

/* Texts stand close together, so the block that is being filled may end anywhere. */
static void align_block(struct arena *a)
{
    struct block *b = a->blocks;
    size_t fill = b ? (b->fill + ALIGN - 1) & ~(ALIGN - 1) : 0;

    if (!b || fill > b->size || fill - b->fill > a->limit - a->used)
        return; /* there is no room in it either */
    a->used += fill - b->fill;
    b->fill = fill;
}

void *arena_alloc(struct arena *a, size_t size)
{
    if (size > SIZE_MAX - ALIGN)
        return NULL;
    align_block(a);
    return alloc_packed(a, (size + ALIGN - 1) & ~(ALIGN - 1));
}

void *arena_array(struct arena *a, size_t nr, size_t size)
{
    if (size && nr > SIZE_MAX / size)
        return NULL;
    return arena_alloc(a, nr * size);
}

void *arena_memdup(struct arena *a, const void *data, size_t size)
{
    void *p = arena_alloc(a, size);

    if (p && size)
        memcpy(p, data, size);
    return p;
}

char *arena_strndup(struct arena *a, const char *text, size_t len)
{
    char *p;

    if (len == SIZE_MAX)
        return NULL;
    p = alloc_packed(a, len + 1);
    if (p && len)
        memcpy(p, text, len);
    return p;
}

char *arena_strdup(struct arena *a, const char *text)
{
    return arena_strndup(a, text, strlen(text));
}

size_t arena_used(const struct arena *a)
{
    return a->used;
}
