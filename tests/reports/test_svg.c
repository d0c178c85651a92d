/*
 * test_svg.c - what is made of libplot's drawings.
 */
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "reports/charts/chart_palette.h"
#include "reports/charts/svg.h"
#include "reports/support_xml.h"

/* As libplot writes it. */
static const char head[] =
    "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<svg id=\"body\">\n<title>SVG drawing"
    "</title>\n<g id=\"content\" transform=\"translate(0,1)\" stroke=\"black\">\n";
static const char tail[] = "</g>\n</svg>\n";

static char *figure(const char *body, const struct svg_tip *tips, size_t nr_tips, size_t *shapes)
{
    const struct chart_look look = {CHART_INLINE, "one"};
    const struct svg_head h = {&look, 100, 50, "a title", "words", tips, nr_tips};
    struct strbuf in = STRBUF_INIT, out = STRBUF_INIT;

    strbuf_addf(&in, "%s%s%s", head, body, tail);
    *shapes = svg_add(&out, strbuf_text(&in), &h);
    strbuf_release(&in);
    return strbuf_detach(&out);
}

Test(reports_svg, the_head_of_the_plotter_is_replaced)
{
    size_t shapes;
    char *text = figure("", NULL, 0, &shapes);

    cr_expect_eq(shapes, 0);
    cr_expect_null(xml_fault(text), "%s", xml_fault(text));
    cr_expect_not_null(strstr(text, "viewBox=\"0 0 100 50\""));
    cr_expect_not_null(strstr(text, "<title id=\"one-t\">a title</title>"));
    cr_expect_null(strstr(text, "SVG drawing"));
    cr_expect_null(strstr(text, "id=\"content\""));
    free(text);
}

Test(reports_svg, a_tip_becomes_the_title_of_its_shape)
{
    char words[] = "a <b> & \"c\"";
    const struct svg_tip tip = {1, words};
    size_t shapes;
    char *text =
        figure("<rect x=\"1\" fill=\"#2563eb\" />\n<line x1=\"2\" y1=\"3\" />\n", &tip, 1, &shapes);

    cr_expect_eq(shapes, 2);
    cr_expect_null(xml_fault(text), "%s", xml_fault(text));
    cr_expect_not_null(strstr(text, "<line x1=\"2\" y1=\"3\"><title>a &lt;b&gt; &amp; "
                                    "&quot;c&quot;</title></line>"),
                       "%s", text);
    free(text);
}

Test(reports_svg, the_anchor_is_read_from_the_colour_and_the_colour_put_right)
{
    static const char *const anchors[] = {NULL, "text-anchor=\"middle\"", "text-anchor=\"end\""};
    struct chart_rgb ink = chart_light(COLOR_INK);

    for (unsigned anchor = 0; anchor < 3; anchor++) {
        struct strbuf body = STRBUF_INIT, fill = STRBUF_INIT;
        size_t shapes;
        char *text;

        strbuf_addf(&body,
                    "<text transform=\"translate(1,2)\" font-family=\"Helvetica,sans-serif\" "
                    "font-size=\"20px\" stroke=\"none\" fill=\"#%02x%02x%02x\" >5 &amp;#x2264; 6"
                    "</text>\n",
                    ink.r, ink.g, (ink.b & ~3U) | anchor);
        strbuf_addf(&fill, "fill=\"#%02x%02x%02x\"", ink.r, ink.g, ink.b);
        text = figure(strbuf_text(&body), NULL, 0, &shapes);
        cr_expect_eq(shapes, 1);
        cr_expect_null(xml_fault(text), "%s", xml_fault(text));
        cr_expect_not_null(strstr(text, strbuf_text(&fill)), "%s", text);
        cr_expect_not_null(strstr(text, ">5 &#x2264; 6</text>"), "%s", text);
        if (anchors[anchor])
            cr_expect_not_null(strstr(text, anchors[anchor]), "%s", text);
        else
            cr_expect_null(strstr(text, "text-anchor"), "%s", text);
        free(text);
        strbuf_release(&body);
        strbuf_release(&fill);
    }
}

Test(reports_svg, labels_keep_their_characters_and_lose_their_power)
{
    static const char *const cases[][2] = {
        {"plain-1", "plain-1"},
        {"<b>&\"'", "&#x3c;b&#x3e;&#x26;&#x22;&#x27;"},
        {"a\\sub", "a&#x5c;sub"},
        {"&#x41;", "&#x26;#x41;"},
        {"\xe4\xb8\xad", "&#x4e2d;"},
        {"\xe2\x80\x94", "&#x2014;"},
        {"\xf0\x9f\x98\x80", "&#x1f600;"},
        {"a\nb", "a&#x5c;x0ab"},
        {"\xef\xbf\xbf", "&#xfffd;"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct strbuf out = STRBUF_INIT;

        svg_label(&out, cases[i][0]);
        cr_expect_str_eq(strbuf_text(&out), cases[i][1]);
        strbuf_release(&out);
    }
}

Test(reports_svg, light_colours_differ_without_the_bits_of_the_anchor)
{
    for (int a = 0; a < COLOR_NR; a++)
        for (int b = a + 1; b < COLOR_NR; b++) {
            struct chart_rgb x = chart_light((enum chart_color)a);
            struct chart_rgb y = chart_light((enum chart_color)b);

            cr_expect(x.r != y.r || x.g != y.g || x.b >> 2 != y.b >> 2, "%d and %d", a, b);
        }
}
