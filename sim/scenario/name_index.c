/*
 * name_index.c - open addressing over borrowed strings.
 *
 * Invariant: cap is 0 or a power of two, and at most half of the slots are taken, so a search ends.
 * Nothing outside depends on the order of slots: name_index_nearest() breaks ties by name.
 */
#include "sim/scenario/name_index.h"

#include <assert.h>
#include <string.h>
#include <xxhash.h>

#include "base/option.h"

#include "base/banned.h"

enum {
    FIRST_CAP = 64,
    NEAREST_MAX = 1 << 16 /* names compared for a hint */
};

static uint32_t hash_of(const char *name)
{
    return (uint32_t)XXH3_64bits(name, strlen(name));
}

static void put(struct name_index *ix, struct name_slot slot)
{
    uint32_t i = slot.hash & (ix->cap - 1);

    while (ix->slots[i].name)
        i = (i + 1) & (ix->cap - 1);
    ix->slots[i] = slot;
}

static bool grow(struct name_index *ix, struct arena *arena, uint32_t cap)
{
    struct name_index bigger = {.cap = cap, .nr = ix->nr};

    bigger.slots = arena_array(arena, bigger.cap, sizeof(*bigger.slots));
    if (!bigger.slots)
        return false;
    for (uint32_t i = 0; i < ix->cap; i++)
        if (ix->slots[i].name)
            put(&bigger, ix->slots[i]);
    *ix = bigger;
    return true;
}

bool name_index_reserve(struct name_index *ix, struct arena *arena, uint32_t nr)
{
    uint32_t cap = ix->cap ? ix->cap : FIRST_CAP;

    assert(nr <= UINT32_MAX / 4);
    while (cap / 2 < nr)
        cap *= 2;
    return cap == ix->cap || grow(ix, arena, cap);
}

bool name_index_add(struct name_index *ix, struct arena *arena, const char *name, uint32_t id)
{
    assert(id != NAME_NONE);
    if (ix->nr >= ix->cap / 2 && !grow(ix, arena, ix->cap ? ix->cap * 2 : FIRST_CAP))
        return false;
    put(ix, (struct name_slot){.name = name, .hash = hash_of(name), .id = id});
    ix->nr++;
    assert(ix->nr <= ix->cap / 2);
    return true;
}

static const struct name_slot *find(const struct name_index *ix, const char *name)
{
    uint32_t hash, i;

    if (ix->cap == 0)
        return NULL;
    hash = hash_of(name);
    for (i = hash & (ix->cap - 1); ix->slots[i].name; i = (i + 1) & (ix->cap - 1))
        if (ix->slots[i].hash == hash && strcmp(ix->slots[i].name, name) == 0)
            return &ix->slots[i];
    return NULL;
}

uint32_t name_index_find(const struct name_index *ix, const char *name)
{
    const struct name_slot *slot = find(ix, name);

    return slot ? slot->id : NAME_NONE;
}

const char *name_index_name(const struct name_index *ix, const char *name)
{
    const struct name_slot *slot = find(ix, name);

    return slot ? slot->name : NULL;
}

const char *name_index_nearest(const struct name_index *ix, const char *word)
{
    struct option_nearest best = {.word = word};

    for (uint32_t i = 0; i < ix->cap && i < NEAREST_MAX; i++) {
        struct option_nearest one = {.word = word};

        if (!ix->slots[i].name)
            continue;
        option_nearest_offer(&one, ix->slots[i].name);
        if (one.best && (!best.best || one.distance < best.distance ||
                         (one.distance == best.distance && strcmp(one.best, best.best) < 0)))
            best = one;
    }
    return best.best;
}
