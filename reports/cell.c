/*
 * cell.c - widths of Unicode text, escapes, padding and cutting.
 *
 * Own tables and not wcwidth(): that follows the locale, and a report must not.  The tables are
 * coarse (blocks, not characters); where they are wrong a column is out of line by one, and nothing
 * else.
 */
#include "reports/cell.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/json_text.h"

#include "base/banned.h"

struct range {
    int32_t first, last;
};

/* Unicode 15: marks drawn over the character before them, and joiners. */
static const struct range no_width[] = {
    {0x0300, 0x036f},   {0x0483, 0x0489}, {0x0591, 0x05bd}, {0x0610, 0x061a}, {0x064b, 0x065f},
    {0x06d6, 0x06dc},   {0x0900, 0x0902}, {0x093c, 0x093c}, {0x0941, 0x0948}, {0x0e31, 0x0e31},
    {0x0e34, 0x0e3a},   {0x0e47, 0x0e4e}, {0x1ab0, 0x1ace}, {0x1dc0, 0x1dff}, {0x200c, 0x200d},
    {0x20d0, 0x20f0},   {0x302a, 0x302d}, {0x3099, 0x309a}, {0xfe00, 0xfe0f}, {0xfe20, 0xfe2f},
    {0xe0100, 0xe01ef},
};

/* East Asian wide and full-width characters, and pictures. */
static const struct range two_wide[] = {
    {0x1100, 0x115f},   {0x231a, 0x231b},   {0x2329, 0x232a},   {0x23e9, 0x23ec},
    {0x2e80, 0x303e},   {0x3041, 0x3247},   {0x3250, 0x4dbf},   {0x4e00, 0xa4cf},
    {0xa960, 0xa97c},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe10, 0xfe19},
    {0xfe30, 0xfe6b},   {0xff01, 0xff60},   {0xffe0, 0xffe6},   {0x17000, 0x18cff},
    {0x1b000, 0x1b2ff}, {0x1f300, 0x1f320}, {0x1f32d, 0x1f335}, {0x1f337, 0x1f37c},
    {0x1f3e0, 0x1f3f0}, {0x1f400, 0x1f43e}, {0x1f442, 0x1f4fc}, {0x1f5fb, 0x1f64f},
    {0x1f680, 0x1f6c5}, {0x1f910, 0x1f9ff}, {0x20000, 0x3fffd},
};

/* Control characters, separators that break lines, and marks that turn the direction of text. */
static const struct range escaped[] = {
    {0x0000, 0x001f}, {0x007f, 0x009f}, {0x061c, 0x061c}, {0x200b, 0x200b}, {0x200e, 0x200f},
    {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
};

static bool in_ranges(int32_t code, const struct range *ranges, size_t nr)
{
    size_t low = 0, high = nr;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (code > ranges[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low < nr && code >= ranges[low].first;
}

#define IN(code, table) in_ranges(code, table, sizeof(table) / sizeof((table)[0]))

/* One character as it is shown. */
struct glyph {
    const char *text; /* in the source, or the escape below */
    size_t len;
    size_t width;
    char escape[12];
};

/* The next character of @*text; false at its end. */
static bool next_glyph(const char **text, struct glyph *g)
{
    const char *start = *text;
    int32_t code = utf8_next(text);
    struct strbuf escape = STRBUF_INIT;

    if (code == 0)
        return false;
    g->text = start;
    g->len = (size_t)(*text - start);
    g->width = IN(code, no_width) ? 0 : IN(code, two_wide) ? 2 : 1;
    if (code >= 0 && !IN(code, escaped))
        return true;
    if (code < 0)
        strbuf_addf(&escape, "\\x%02x", (unsigned)(unsigned char)*start);
    else if (code < 0x100)
        strbuf_addf(&escape, "\\x%02x", (unsigned)code);
    else
        strbuf_addf(&escape, "\\u%04x", (unsigned)code);
    g->len = g->width = escape.len;
    assert(escape.len < sizeof(g->escape));
    for (size_t i = 0; i < escape.len; i++)
        g->escape[i] = escape.buf[i];
    g->text = g->escape;
    strbuf_release(&escape);
    return true;
}

void cell_add_text(struct strbuf *out, const char *text)
{
    struct glyph g;

    text = text ? text : "-";
    while (next_glyph(&text, &g))
        strbuf_add(out, g.text, g.len);
}

size_t cell_width(const char *text)
{
    struct glyph g;
    size_t width = 0;

    text = text ? text : "-";
    while (next_glyph(&text, &g))
        width += g.width;
    return width;
}

size_t cell_prefix(const char *text, size_t width)
{
    const char *at = text, *end = text;
    struct glyph g;
    size_t used = 0;

    while (next_glyph(&at, &g)) {
        used += g.width;
        if (used > width && end > text)
            break;
        end = at;
    }
    return (size_t)(end - text);
}

static void add_blanks(struct strbuf *out, size_t nr)
{
    for (size_t i = 0; i < nr; i++)
        strbuf_addch(out, ' ');
}

void cell_add(struct strbuf *out, const char *text, size_t width, enum cell_align align)
{
    static const char dots[] = "...";
    size_t whole = cell_width(text), used = 0;
    size_t dots_width = width < 3 ? width : 3;
    struct glyph g;

    if (whole <= width) {
        if (align == CELL_RIGHT)
            add_blanks(out, width - whole);
        cell_add_text(out, text);
        if (align == CELL_LEFT)
            add_blanks(out, width - whole);
        return;
    }
    text = text ? text : "-";
    while (next_glyph(&text, &g) && used + g.width <= width - dots_width) {
        strbuf_add(out, g.text, g.len);
        used += g.width;
    }
    strbuf_add(out, dots, dots_width);
    add_blanks(out, width - dots_width - used);
}

void cell_wrap(struct strbuf *out, const char *words, size_t used, size_t indent, size_t width)
{
    struct strbuf word = STRBUF_INIT;

    while (*words) {
        size_t len = strcspn(words, " ");
        size_t columns;

        strbuf_clear(&word);
        strbuf_add(&word, words, len);
        len = cell_prefix(strbuf_text(&word), width - indent); /* a word longer than a line */
        strbuf_clear(&word);
        strbuf_add(&word, words, len);
        columns = cell_width(strbuf_text(&word));
        if (used + columns > width && used > indent) {
            while (out->len > 0 && out->buf[out->len - 1] == ' ')
                out->buf[--out->len] = '\0';
            strbuf_addch(out, '\n');
            for (used = 0; used < indent; used++)
                strbuf_addch(out, ' ');
        }
        strbuf_addstr(out, strbuf_text(&word));
        used += columns;
        words += len;
        for (; *words == ' '; words++, used++)
            strbuf_addch(out, ' ');
    }
    strbuf_addch(out, '\n');
    strbuf_release(&word);
}
