/*
 * test_status.c - what a diag prints, and the exit codes others rely on.
 */
#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

#include "base/status.h"

Test(status, exit_codes_are_those_of_the_contract)
{
    static const struct {
        enum status st;
        int code;
    } cases[] = {{ST_OK, 0},          {ST_EINTERNAL, 1}, {ST_EDIFF, 2},   {ST_EUSAGE, 64},
                 {ST_EINPUT, 65},     {ST_EOUTPUT, 74},  {ST_ERETRY, 75}, {ST_ENOMEM, 75},
                 {ST_ETHRESHOLD, 99}, {ST_EINTR, 130}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_assert_eq(status_exit_code(cases[i].st), cases[i].code, "status %d", cases[i].st);
}

Test(diag, prints_only_the_parts_it_has)
{
    static const struct {
        struct diag diag;
        const char *text;
    } cases[] = {
        {{.file = "x.ini",
          .line = 12,
          .section = "vm a",
          .key = "memory",
          .what = "bad",
          .hint = "fix"},
         "x.ini:12: [vm a] memory: bad; fix"},
        {{.file = "x.ini", .line = 12, .section = "vm a", .what = "bad"}, "x.ini:12: [vm a]: bad"},
        {{.file = "x.ini", .what = "bad"}, "x.ini: bad"},
        {{.line = 3, .what = "bad"}, "line 3: bad"},
        {{.key = "k", .what = "bad"}, "k: bad"},
        {{.what = "bad", .hint = "fix"}, "bad; fix"},
    };
    char buf[256];

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        diag_format(&cases[i].diag, buf, sizeof(buf));
        cr_assert_str_eq(buf, cases[i].text);
    }
}

Test(diag, control_characters_do_not_reach_a_terminal)
{
    struct diag d = {.what = "a\x1b[31m\nb\x7f"};
    char buf[64];

    diag_format(&d, buf, sizeof(buf));
    cr_assert_str_eq(buf, "a?[31m?b?");
}

Test(diag, cuts_text_that_does_not_fit_and_stays_terminated)
{
    struct diag d = {0};
    char longer[2 * DIAG_TEXT], buf[100];

    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    cr_assert_eq(diag_at(&d, ST_EINPUT, longer, 7, "%s", longer), ST_EINPUT);
    diag_hint(&d, "%s", longer);
    cr_assert_eq(strlen(d.what), DIAG_TEXT - 1);
    cr_assert_eq(strlen(d.file), sizeof(d.file) - 1);
    for (size_t cap = 1; cap <= sizeof(buf); cap++) {
        diag_format(&d, buf, cap);
        cr_assert_eq(strlen(buf), cap - 1);
    }
}

Test(diag, a_null_diag_still_gives_the_status)
{
    cr_assert_eq(diag_set(NULL, ST_EOUTPUT, "x"), ST_EOUTPUT);
    cr_assert_eq(diag_at(NULL, ST_EINPUT, "f", 1, "x"), ST_EINPUT);
    diag_hint(NULL, "x");
}

Test(diag, errno_names_the_reason_and_tells_memory_from_the_rest)
{
    struct diag d = {0};

    errno = ENOENT;
    cr_assert_eq(diag_errno(&d, ST_EINPUT, "f", "cannot open"), ST_EINPUT);
    cr_assert_str_eq(d.what, "cannot open: No such file or directory");
    errno = ENOMEM;
    cr_assert_eq(diag_errno(&d, ST_EINPUT, "f", "cannot open"), ST_ENOMEM);
}
