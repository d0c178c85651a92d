/*
 * svg.c - walk over the lines of libplot's SVG and write a better one.
 *
 * The head is replaced, so that one unit is one pixel; the anchor of a text is read from the two
 * lowest bits of its colour's blue (reports/charts/chart.c put it there), which are then put right.
 * Invariant: nothing that comes from outside reaches the figure without being escaped.
 */
#include "reports/charts/svg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_text.h"
#include "reports/cell.h"
#include "reports/charts/chart_palette.h"

#include "base/banned.h"

void xml_add(struct strbuf *out, const char *text)
{
    struct strbuf shown = STRBUF_INIT;

    cell_add_text(&shown, text);
    for (const char *at = strbuf_text(&shown); *at; at++) {
        switch (*at) {
        case '&':
            strbuf_addstr(out, "&amp;");
            break;
        case '<':
            strbuf_addstr(out, "&lt;");
            break;
        case '>':
            strbuf_addstr(out, "&gt;");
            break;
        case '"':
            strbuf_addstr(out, "&quot;");
            break;
        case '\'':
            strbuf_addstr(out, "&#39;");
            break;
        case '\xef': /* U+FFFE and U+FFFF are no characters of XML */
            if (at[1] == '\xbf' && (at[2] == '\xbe' || at[2] == '\xbf')) {
                strbuf_addstr(out, "&#xfffd;");
                at += 2;
                break;
            }
            /* fall through */
        default:
            strbuf_addch(out, *at);
        }
    }
    out->failed |= strbuf_failed(&shown);
    strbuf_release(&shown);
}

void svg_label(struct strbuf *out, const char *text)
{
    struct strbuf shown = STRBUF_INIT;
    const char *at;

    cell_add_text(&shown, text);
    for (at = strbuf_text(&shown); *at;) {
        int32_t c = utf8_next(&at);

        if (c == 0xfffe || c == 0xffff)
            c = 0xfffd;
        if (c > 0x7e || c < 0x20 || strchr("&<>\"'\\", c))
            strbuf_addf(out, "&#x%x;", c < 0 ? 0xfffdU : (unsigned)c);
        else
            strbuf_addch(out, (char)c);
    }
    out->failed |= strbuf_failed(&shown);
    strbuf_release(&shown);
}

/* The role whose light colour this is, but for the anchor's bits. */
static bool find_role(unsigned rgb, struct chart_rgb *light)
{
    for (int c = 0; c < COLOR_NR; c++) {
        *light = chart_light((enum chart_color)c);
        if (((unsigned)light->r << 16 | (unsigned)light->g << 8 | light->b) >> 2 == rgb >> 2)
            return true;
    }
    return false;
}

/* Line @text of @len bytes, with "&amp;#x" made a reference again. */
static void add_references(struct strbuf *out, const char *text, size_t len)
{
    static const char escaped[] = "&amp;#x";
    const size_t n = sizeof(escaped) - 1;

    for (size_t i = 0; i < len;) {
        if (len - i >= n && memcmp(text + i, escaped, n) == 0) {
            strbuf_addstr(out, "&#x");
            i += n;
        } else {
            strbuf_addch(out, text[i++]);
        }
    }
}

/* <text transform="..." ... fill="#rrggbb" >LABEL</text> */
static void add_text(struct strbuf *out, const char *line, size_t len)
{
    static const char *const anchors[] = {"", " text-anchor=\"middle\"", " text-anchor=\"end\"",
                                          ""};
    const char *close = memchr(line, '>', len), *fill = strstr(line, "fill=\"#");
    const char *size = strstr(line, "font-size=\""), *family = strstr(line, " font-family=");
    struct chart_rgb light;
    unsigned rgb;

    if (!close || !fill || fill > close || !size || size > close || !family || family > close) {
        add_references(out, line, len);
        return;
    }
    rgb = (unsigned)strtoul(fill + strlen("fill=\"#"), NULL, 16);
    strbuf_add(out, line, (size_t)(family - line));
    if (strstr(line, "Bold") && strstr(line, "Bold") < close)
        strbuf_addstr(out, " font-weight=\"bold\"");
    strbuf_addf(out, " %.*s%s", (int)(strcspn(size + 11, "\"") + 12), size, anchors[rgb & 3]);
    if (find_role(rgb, &light))
        strbuf_addf(out, " fill=\"#%02x%02x%02x\"", light.r, light.g, light.b);
    else
        strbuf_addf(out, " fill=\"#%06x\"", rgb);
    add_references(out, close, len - (size_t)(close - line));
    strbuf_addch(out, '\n');
}

/* <rect ... /> and its like, with the tip as a child. */
static void add_shape(struct strbuf *out, const char *line, size_t len, const char *tip)
{
    size_t end = len;

    while (end > 0 && (line[end - 1] == '>' || line[end - 1] == '/' || line[end - 1] == ' '))
        end--;
    strbuf_add(out, line, end);
    if (!tip) {
        strbuf_addstr(out, "/>\n");
        return;
    }
    strbuf_addstr(out, "><title>");
    xml_add(out, tip);
    strbuf_addf(out, "</title></%.*s>\n", (int)strcspn(line + 1, " "), line + 1);
}

void chart_css(struct strbuf *out)
{
    strbuf_addstr(out, ".mc text{font-family:Inter,\"Helvetica Neue\",Arial,\"Liberation Sans\","
                       "sans-serif;font-variant-numeric:tabular-nums;stroke:none}\n");
    chart_palette_css(out, ".mc");
}

static void add_head(struct strbuf *out, const struct svg_head *h)
{
    struct chart_rgb back = chart_light(COLOR_BACK);
    const char *id = h->look->id;

    if (h->look->form == CHART_SVG)
        strbuf_addstr(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    strbuf_addf(out,
                "<svg class=\"mc\" xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %.0f %.0f\" "
                "width=\"%.0f\" height=\"%.0f\" role=\"img\" aria-labelledby=\"%s-t %s-d\">\n",
                h->width, h->height, h->width, h->height, id, id);
    strbuf_addf(out, "<title id=\"%s-t\">", id);
    xml_add(out, h->title);
    strbuf_addf(out, "</title>\n<desc id=\"%s-d\">", id);
    xml_add(out, h->desc);
    strbuf_addstr(out, "</desc>\n");
    if (h->look->form == CHART_SVG) {
        strbuf_addstr(out, "<style>\n");
        chart_css(out);
        strbuf_addstr(out, "</style>\n");
    }
    strbuf_addf(out, "<rect width=\"%.0f\" height=\"%.0f\" fill=\"#%02x%02x%02x\"/>\n", h->width,
                h->height, back.r, back.g, back.b);
    strbuf_addf(out,
                "<g transform=\"translate(0,%.0f) scale(1,-1)\" fill=\"none\" "
                "stroke-linejoin=\"round\">\n",
                h->height);
}

static bool is_shape(const char *line, size_t len)
{
    static const char *const names[] = {"<rect ",   "<line ",    "<polyline ", "<polygon ",
                                        "<circle ", "<ellipse ", "<path ",     "<text "};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (len > strlen(names[i]) && strncmp(line, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

size_t svg_add(struct strbuf *out, const char *drawing, const struct svg_head *head)
{
    const char *line = strstr(drawing, "<g id=\"content\"");
    size_t shapes = 0, tip = 0;

    add_head(out, head);
    while (line && *line) {
        size_t len = strcspn(line, "\n");

        if (is_shape(line, len)) {
            while (tip < head->nr_tips && head->tips[tip].shape < shapes)
                tip++;
            if (strncmp(line, "<text ", 6) == 0)
                add_text(out, line, len);
            else
                add_shape(out, line, len,
                          tip < head->nr_tips && head->tips[tip].shape == shapes
                              ? head->tips[tip].text
                              : NULL);
            shapes++;
        }
        line += len + (line[len] == '\n');
    }
    strbuf_addstr(out, "</g>\n</svg>\n");
    return shapes;
}
