/*
 * test_csv_text.c - cells of CSV: quoted where they must be, never a formula.
 */
#include <criterion/criterion.h>

#include "base/csv_text.h"

Test(csv_text, a_cell_is_quoted_only_where_it_must_be)
{
    static const char *const cases[][2] = {
        {NULL, ""},
        {"", ""},
        {"db-07", "db-07"},
        {"rack 3; left", "rack 3; left"},
        {"a,b", "\"a,b\""},
        {"say \"no\"", "\"say \"\"no\"\"\""},
        {"two\nlines", "\"two\nlines\""},
        {"=1+1", "\"'=1+1\""},
        {"-7", "\"'-7\""},
        {"@sum,\"x\"", "\"'@sum,\"\"x\"\"\""},
        {"1=1", "1=1"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct strbuf out = STRBUF_INIT;

        csv_add_text(&out, cases[i][0]);
        cr_expect_str_eq(strbuf_text(&out), cases[i][1], "case %zu", i);
        strbuf_release(&out);
    }
}
