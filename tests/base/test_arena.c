/*
 * test_arena.c - zeroed, aligned, and never above the limit.
 */
#include <criterion/criterion.h>
#include <stdalign.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"

Test(arena, memory_is_zeroed_aligned_and_apart)
{
    struct arena *a = arena_new(0);
    unsigned char *last = NULL;

    for (size_t size = 0; size < 20000; size = size * 3 / 2 + 1) {
        unsigned char *p = arena_alloc(a, size);

        cr_assert_not_null(p);
        cr_assert_eq((uintptr_t)p % alignof(max_align_t), 0);
        for (size_t i = 0; i < size; i++)
            cr_assert_eq(p[i], 0);
        memset(p, 0xff, size);
        cr_assert_neq(p, last);
        last = size ? p : last;
    }
    arena_free(a);
}

Test(arena, hands_out_no_more_than_its_limit)
{
    static const size_t sizes[] = {16, 4096, 3 * 1024 * 1024};

    for (size_t i = 0; i < 3; i++) {
        size_t limit = 20 * 1024 * 1024, got = 0;
        struct arena *a = arena_new(limit);

        while (arena_alloc(a, sizes[i]))
            got += sizes[i];
        cr_assert_leq(got, limit);
        cr_assert_gt(got + sizes[i], limit);
        cr_assert_leq(arena_used(a), limit);
        arena_free(a);
    }
}

Test(arena, sizes_that_overflow_are_refused)
{
    struct arena *a = arena_new(0);

    cr_assert_null(arena_alloc(a, SIZE_MAX));
    cr_assert_null(arena_alloc(a, SIZE_MAX - 8));
    cr_assert_null(arena_array(a, SIZE_MAX / 2, 3));
    cr_assert_null(arena_strndup(a, "x", SIZE_MAX));
    cr_assert_not_null(arena_array(a, 0, 8));
    cr_assert_eq(arena_used(a), 0);
    arena_free(a);
    arena_free(NULL);
}

Test(arena, copies_are_copies)
{
    struct arena *a = arena_new(0);
    char text[] = "hello";
    char *all = arena_strdup(a, text), *part = arena_strndup(a, text, 4);
    int *nr = arena_memdup(a, &(int){42}, sizeof(int));

    text[0] = 'j';
    cr_assert_str_eq(all, "hello");
    cr_assert_str_eq(part, "hell");
    cr_assert_eq(*nr, 42);
    arena_free(a);
}
