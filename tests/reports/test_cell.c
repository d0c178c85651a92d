/*
 * test_cell.c - names from outside keep to their columns and cannot act on the terminal.
 */
#include <locale.h>
#include <string.h>
#include <wchar.h>

#include <criterion/criterion.h>

#include "base/json_text.h"
#include "reports/cell.h"

Test(cell, text_is_padded_cut_and_escaped)
{
    static const struct {
        const char *text;
        size_t width;
        enum cell_align align;
        const char *shown;
    } cases[] = {
        {"vm", 4, CELL_LEFT, "vm  "},
        {"vm", 4, CELL_RIGHT, "  vm"},
        {"database", 8, CELL_LEFT, "database"},
        {"database", 7, CELL_LEFT, "data..."},
        {"database", 2, CELL_LEFT, ".."},
        {NULL, 3, CELL_LEFT, "-  "},
        {"", 2, CELL_LEFT, "  "},
        {"sm\xc3\xb8r", 5, CELL_LEFT, "sm\xc3\xb8r "},
        {"\xe6\x9d\xb1\xe4\xba\xac", 5, CELL_LEFT, "\xe6\x9d\xb1\xe4\xba\xac "},
        {"\xe6\x9d\xb1\xe4\xba\xac\xe6\x9d\xb1\xe4\xba\xac", 6, CELL_LEFT, "\xe6\x9d\xb1... "},
        {"e\xcc\x81x", 2, CELL_LEFT, "e\xcc\x81x"},
        {"a\x1b[31mb", 12, CELL_LEFT, "a\\x1b[31mb  "},
        {"a\nb", 8, CELL_LEFT, "a\\x0ab  "},
        {"a\xff", 6, CELL_LEFT, "a\\xff "},
        {"a\xc2\x9b", 6, CELL_LEFT, "a\\x9b "}, /* CSI as one character */
        {"a\xe2\x80\xae"
         "b",
         9, CELL_LEFT, "a\\u202eb "}, /* right to left override */
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct strbuf out = STRBUF_INIT;

        cell_add(&out, cases[i].text, cases[i].width, cases[i].align);
        cr_expect_str_eq(strbuf_text(&out), cases[i].shown, "case %zu: '%s'", i, strbuf_text(&out));
        strbuf_release(&out);
    }
}

Test(cell, every_byte_pair_fills_its_width_without_control_characters)
{
    for (unsigned a = 1; a < 256; a++)
        for (unsigned b = 1; b < 256; b++) {
            const char text[] = {(char)a, (char)b, 'x', 0};
            struct strbuf out = STRBUF_INIT;

            cell_add(&out, text, 12, CELL_LEFT);
            cr_assert_eq(cell_width(strbuf_text(&out)), 12, "%02x %02x", a, b);
            for (size_t i = 0; i < out.len; i++)
                cr_assert((unsigned char)out.buf[i] >= 0x20 && out.buf[i] != 0x7f);
            strbuf_release(&out);
        }
}

static void encode(char text[5], int32_t code)
{
    size_t at = 0;

    if (code < 0x80) {
        text[at++] = (char)code;
    } else if (code < 0x800) {
        text[at++] = (char)(0xc0 | code >> 6);
    } else if (code < 0x10000) {
        text[at++] = (char)(0xe0 | code >> 12);
        text[at++] = (char)(0x80 | (code >> 6 & 0x3f));
    } else {
        text[at++] = (char)(0xf0 | code >> 18);
        text[at++] = (char)(0x80 | (code >> 12 & 0x3f));
        text[at++] = (char)(0x80 | (code >> 6 & 0x3f));
    }
    if (code >= 0x80)
        text[at++] = (char)(0x80 | (code & 0x3f));
    text[at] = '\0';
}

/* The C library's table is the judge of ours, over the letters that names are made of. */
Test(cell, widths_agree_with_the_c_library)
{
    static const int32_t blocks[][2] = {
        {0x20, 0x7e},       {0xa0, 0xac},     {0xae, 0x36f},    {0x370, 0x377},
        {0x400, 0x4ff},     {0x5d0, 0x5ea},   {0x621, 0x64a},   {0x904, 0x939},
        {0xe01, 0xe3a},     {0x1e00, 0x1eff}, {0x3041, 0x3096}, {0x30a0, 0x30ff},
        {0x4e00, 0x9fff},   {0xac00, 0xd7a3}, {0xff01, 0xff60}, {0x1f600, 0x1f64f},
        {0x20000, 0x2a6df},
    };
    size_t nr = 0, differ = 0;

    if (!setlocale(LC_CTYPE, "C.UTF-8"))
        cr_skip_test("no C.UTF-8 locale here");
    for (size_t b = 0; b < sizeof(blocks) / sizeof(blocks[0]); b++)
        for (int32_t code = blocks[b][0]; code <= blocks[b][1]; code++) {
            int expected = wcwidth((wchar_t)code);
            char text[5];

            encode(text, code);
            if (expected < 0)
                continue; /* not assigned */
            nr++;
            if (cell_width(text) != (size_t)expected) {
                differ++;
                cr_log_info("U+%04X: %zu, C library %d", (unsigned)code, cell_width(text),
                            expected);
            }
        }
    cr_expect_gt(nr, 70000);
    cr_expect_eq(differ, 0, "%zu of %zu differ", differ, nr);
}
