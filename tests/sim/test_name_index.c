/*
 * test_name_index.c - a name leads to its number, and to no other.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "sim/scenario/name_index.h"

Test(name_index, finds_each_of_many_names_and_none_besides)
{
    struct arena *arena = arena_new(0);
    struct name_index ix = {0};
    char name[20];

    cr_assert_eq(name_index_find(&ix, "n0"), NAME_NONE);
    for (uint32_t i = 0; i < 20000; i++) {
        snprintf(name, sizeof(name), "n%u", i);
        cr_assert_eq(name_index_find(&ix, name), NAME_NONE);
        cr_assert(name_index_add(&ix, arena, arena_strdup(arena, name), i));
    }
    for (uint32_t i = 0; i < 20000; i++) {
        snprintf(name, sizeof(name), "n%u", i);
        cr_assert_eq(name_index_find(&ix, name), i);
    }
    cr_assert_eq(name_index_find(&ix, "n20000"), NAME_NONE);
    cr_assert_eq(name_index_find(&ix, ""), NAME_NONE);
    arena_free(arena);
}

Test(name_index, the_nearest_name_does_not_depend_on_the_order_of_adding)
{
    static const char *const names[] = {"web-1", "web-2", "database", "cache"};

    for (size_t turn = 0; turn < 4; turn++) {
        struct arena *arena = arena_new(0);
        struct name_index ix = {0};

        for (size_t i = 0; i < 4; i++)
            cr_assert(name_index_add(&ix, arena, names[(i + turn) % 4], (uint32_t)i));
        cr_assert_str_eq(name_index_nearest(&ix, "web-9"), "web-1");
        cr_assert_str_eq(name_index_nearest(&ix, "databsae"), "database");
        cr_assert_null(name_index_nearest(&ix, "xyzzy"));
        arena_free(arena);
    }
}

Test(name_index, a_full_arena_is_reported)
{
    struct arena *arena = arena_new(512);
    struct name_index ix = {0};

    cr_assert_not(name_index_add(&ix, arena, "a", 0));
    arena_free(arena);
}
