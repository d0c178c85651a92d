/*
 * chart_palette.c - the table of colours, and the style rules made from it.
 */
#include "reports/chart_palette.h"

#include <assert.h>

#include "base/banned.h"

struct pair {
    struct chart_rgb light, dark;
};

/* clang-format off */
static const struct pair palette[COLOR_NR] = {
    [COLOR_BACK]        = {{0xfd, 0xfe, 0xff}, {0x11, 0x1a, 0x2e}},
    [COLOR_INK]         = {{0x1f, 0x29, 0x38}, {0xe5, 0xe7, 0xeb}},
    [COLOR_MUTED]       = {{0x5b, 0x65, 0x74}, {0x9a, 0xa8, 0xbd}},
    [COLOR_GRID]        = {{0xe5, 0xe7, 0xeb}, {0x25, 0x30, 0x45}},
    [COLOR_AXIS]        = {{0x9c, 0xa3, 0xaf}, {0x5a, 0x68, 0x80}},
    [COLOR_QUEUE]       = {{0xcb, 0xd2, 0xdb}, {0x43, 0x50, 0x66}},
    [COLOR_PRECOPY]     = {{0x25, 0x63, 0xeb}, {0x5b, 0x95, 0xf7}},
    [COLOR_PRECOPY_ALT] = {{0x8f, 0xb2, 0xf6}, {0x2f, 0x5c, 0xb4}},
    [COLOR_BLACKOUT]    = {{0xdc, 0x26, 0x26}, {0xff, 0x72, 0x72}},
    [COLOR_BLACKOUT_BAND] = {{0xfb, 0xdd, 0xdd}, {0x4d, 0x20, 0x2a}},
    [COLOR_POSTCOPY]    = {{0x7c, 0x3a, 0xed}, {0xb3, 0x94, 0xff}},
    [COLOR_GOOD]        = {{0x05, 0x85, 0x5f}, {0x34, 0xd3, 0x99}},
    [COLOR_WARN]        = {{0xb4, 0x5f, 0x06}, {0xfb, 0xb0, 0x40}},
    [COLOR_OTHER]       = {{0x08, 0x7f, 0x9b}, {0x2f, 0xc9, 0xe2}},
    [COLOR_BAND]        = {{0xdf, 0xe9, 0xfd}, {0x1c, 0x2c, 0x50}},
};
/* clang-format on */

struct chart_rgb chart_light(enum chart_color color)
{
    assert(color < COLOR_NR);
    return palette[color].light;
}

struct chart_rgb chart_dark(enum chart_color color)
{
    assert(color < COLOR_NR);
    return palette[color].dark;
}

void chart_palette_css(struct strbuf *out, const char *scope)
{
    static const char *const attributes[] = {"fill", "stroke"};

    strbuf_addstr(out, "@media screen and (prefers-color-scheme:dark){");
    for (int c = 0; c < COLOR_NR; c++)
        for (int a = 0; a < 2; a++) {
            const struct chart_rgb *l = &palette[c].light, *d = &palette[c].dark;

            strbuf_addf(out, "%s [%s=\"#%02x%02x%02x\"]{%s:#%02x%02x%02x}", scope, attributes[a],
                        l->r, l->g, l->b, attributes[a], d->r, d->g, d->b);
        }
    strbuf_addstr(out, "}\n");
}
