/*
 * test_csv.c - lines that a spreadsheet reads as they were meant.
 */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "reports/report.h"
#include "reports/support_results.h"

static char *report(const struct sample *s)
{
    struct strbuf out = STRBUF_INIT;

    cr_assert_eq(report_csv(&s->run, &out), ST_OK);
    return strbuf_detach(&out);
}

/* Cells of one record, taking quotes into account; moves @*at behind its end. */
static size_t count_cells(const char **at)
{
    size_t cells = 1;
    bool quoted = false;

    for (; **at && (quoted || strncmp(*at, "\r\n", 2) != 0); ++*at) {
        quoted ^= **at == '"';
        cells += !quoted && **at == ',';
    }
    if (**at)
        *at += 2;
    return cells;
}

Test(report_csv, every_record_has_a_cell_for_each_heading)
{
    struct sample *s = sample_new();
    struct mig_result *odd = sample_add(s, "a,\"b\"\r\nc");
    const char *at;
    char *text;
    size_t cells, records = 0;

    odd->source = odd->target = NULL;
    odd->guest_slowdown_ratio = 0.0 / 0.0;
    odd->transferred_bytes = UINT64_MAX;
    sample_add_timeout(s, "db-07");
    at = text = report(s);
    cells = count_cells(&at);
    cr_expect_eq(cells, 35);
    for (; *at; records++)
        cr_expect_eq(count_cells(&at), cells);
    cr_expect_eq(records, 2);
    cr_expect_not_null(
        strstr(text, "\r\n\"a,\"\"b\"\"\r\nc\",,,,0,1,2,43.2,1,completed,,41200,212,"));
    cr_expect_null(strstr(text, "nan"));
    free(text);
    sample_free(s);
}

Test(report_csv, no_cell_is_taken_for_a_formula)
{
    static const char *const cases[][2] = {
        {"=cmd|'/c calc'!A0", "\r\n\"'=cmd|'/c calc'!A0\","},
        {"+1", "\r\n\"'+1\","},
        {"-1", "\r\n\"'-1\","},
        {"@SUM(A1)", "\r\n\"'@SUM(A1)\","},
        {"\tx", "\r\n\"'\tx\","},
        {"=\"x\"", "\r\n\"'=\"\"x\"\"\","},
        {"db=1", "\r\ndb=1,"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sample *s = sample_new();
        char *text;

        sample_add(s, cases[i][0]);
        text = report(s);
        cr_expect_not_null(strstr(text, cases[i][1]), "%s", text);
        free(text);
        sample_free(s);
    }
}
