/*
 * test_strbuf.c - text grows, and failure is remembered.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

Test(strbuf, is_empty_text_before_the_first_growth)
{
    struct strbuf sb = STRBUF_INIT;

    cr_assert_str_eq(strbuf_text(&sb), "");
    strbuf_clear(&sb);
    strbuf_release(&sb);
    strbuf_release(NULL);
}

Test(strbuf, holds_what_was_added_whatever_the_length)
{
    struct strbuf sb = STRBUF_INIT;
    char pad[300];

    for (int n = 0; n < 300; n++) {
        memset(pad, 'y', (size_t)n);
        pad[n] = '\0';
        strbuf_clear(&sb);
        strbuf_addstr(&sb, "a");
        strbuf_addf(&sb, "%s|%d", pad, n);
        strbuf_addch(&sb, '!');
        cr_assert_eq(sb.len, strlen(strbuf_text(&sb)));
        cr_assert_eq(sb.len, (size_t)n + 4 + (n > 9) + (n > 99));
        cr_assert_eq(strbuf_text(&sb)[sb.len - 1], '!');
    }
    strbuf_release(&sb);
}

Test(strbuf, detach_hands_over_and_leaves_it_usable)
{
    struct strbuf sb = STRBUF_INIT;
    char *text;

    text = strbuf_detach(&sb);
    cr_assert_str_eq(text, "");
    free(text);
    strbuf_addstr(&sb, "one");
    text = strbuf_detach(&sb);
    cr_assert_str_eq(text, "one");
    free(text);
    strbuf_addstr(&sb, "two");
    cr_assert_str_eq(strbuf_text(&sb), "two");
    strbuf_release(&sb);
}

Test(strbuf, growth_past_the_limit_fails_and_keeps_what_is_there)
{
    struct strbuf sb = STRBUF_INIT;

    strbuf_addstr(&sb, "kept");
    strbuf_add(&sb, "x", STRBUF_MAX);
    cr_assert(strbuf_failed(&sb));
    cr_assert_str_eq(strbuf_text(&sb), "kept");
    strbuf_addstr(&sb, "more");
    cr_assert_str_eq(strbuf_text(&sb), "kept", "a failed buffer takes nothing more");
    cr_assert_null(strbuf_detach(&sb));
    cr_assert_not(strbuf_failed(&sb));
}
