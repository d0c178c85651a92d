/*
 * support_xml.c - a small, strict reader of markup.
 *
 * Stricter than HTML asks: every element is closed and every value quoted.
 */
#include "reports/support_xml.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DEPTH_MAX = 64,
    IDS_MAX = 4096,
    NAME_MAX_LEN = 64
};

struct reader {
    const char *at;
    char open[DEPTH_MAX][NAME_MAX_LEN];
    size_t depth;
    char (*ids)[NAME_MAX_LEN];
    size_t nr_ids;
};

static char fault[200];

static const char *say(const char *what, const char *at)
{
    snprintf(fault, sizeof(fault), "%s at: %.80s", what, at);
    return fault;
}

static size_t name_length(const char *at)
{
    return strspn(at, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-:_");
}

static const char *check_reference(const char *at)
{
    static const char *const known[] = {"&amp;", "&lt;",    "&gt;",   "&quot;",
                                        "&#39;", "&ndash;", "&rarr;", "&#x"};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (strncmp(at, known[i], strlen(known[i])) == 0)
            return NULL;
    return say("unknown reference", at);
}

static const char *check_char(const char *at)
{
    unsigned char c = (unsigned char)*at;

    if (c == '&')
        return check_reference(at);
    if (c == '>' || (c < ' ' && c != '\n'))
        return say("stray character", at);
    return NULL;
}

static const char *add_id(struct reader *r, const char *value, size_t len)
{
    if (len >= NAME_MAX_LEN || r->nr_ids == IDS_MAX)
        return say("id too long, or too many", value);
    for (size_t i = 0; i < r->nr_ids; i++)
        if (strlen(r->ids[i]) == len && strncmp(r->ids[i], value, len) == 0)
            return say("id stands twice", value);
    snprintf(r->ids[r->nr_ids++], NAME_MAX_LEN, "%.*s", (int)len, value);
    return NULL;
}

static const char *read_attribute(struct reader *r)
{
    const char *name = r->at, *value, *wrong = NULL;
    size_t len = name_length(name);

    if (len == 0 || name[len] != '=' || name[len + 1] != '"')
        return say("attribute without a value in quotes", name);
    value = name + len + 2;
    for (r->at = value; *r->at && *r->at != '"' && !wrong; r->at++)
        wrong = *r->at == '<' ? say("tag in a value", r->at) : check_char(r->at);
    if (wrong)
        return wrong;
    if (!*r->at)
        return say("value without an end", value);
    if (len == 2 && strncmp(name, "id", 2) == 0)
        wrong = add_id(r, value, (size_t)(r->at - value));
    r->at++;
    return wrong;
}

static const char *read_close(struct reader *r)
{
    const char *name = r->at + 2;
    size_t len = name_length(name);

    if (r->depth == 0 || name[len] != '>' || strlen(r->open[r->depth - 1]) != len ||
        strncmp(r->open[r->depth - 1], name, len) != 0)
        return say("closes what is not open", r->at);
    r->depth--;
    r->at = name + len + 1;
    return NULL;
}

static const char *read_tag(struct reader *r)
{
    const char *start = r->at, *wrong = NULL;
    size_t len = name_length(start + 1);
    char end[NAME_MAX_LEN + 4];

    if (strncmp(start, "</", 2) == 0)
        return read_close(r);
    if (start[1] == '!' || start[1] == '?') {
        r->at = strchr(start, '>');
        return r->at++ ? NULL : say("tag without an end", start);
    }
    if (len == 0 || len >= NAME_MAX_LEN || r->depth == DEPTH_MAX)
        return say("no tag", start);
    snprintf(r->open[r->depth++], NAME_MAX_LEN, "%.*s", (int)len, start + 1);
    for (r->at = start + 1 + len; *r->at && *r->at != '>' && *r->at != '/' && !wrong;) {
        r->at += strspn(r->at, " \n");
        if (*r->at != '>' && *r->at != '/')
            wrong = read_attribute(r);
    }
    if (wrong || !*r->at)
        return wrong ? wrong : say("tag without an end", start);
    if (*r->at == '/') {
        r->depth--;
        r->at++;
    }
    if (*r->at++ != '>')
        return say("tag without an end", start);
    if ((strncmp(start, "<script", 7) == 0 || strncmp(start, "<style", 6) == 0)) {
        snprintf(end, sizeof(end), "</%.*s>", (int)len, start + 1);
        r->at = strstr(r->at, end);
        return r->at ? NULL : say("script or style without an end", start);
    }
    return NULL;
}

const char *xml_fault(const char *text)
{
    struct reader r = {.at = text};
    const char *wrong = NULL;

    r.ids = calloc(IDS_MAX, sizeof(*r.ids));
    if (!r.ids)
        return "out of memory";
    while (*r.at && !wrong) {
        if (*r.at == '<')
            wrong = read_tag(&r);
        else
            wrong = check_char(r.at++);
    }
    if (!wrong && r.depth > 0)
        wrong = say("left open", r.open[r.depth - 1]);
    free(r.ids);
    return wrong;
}

const char *xml_number_fault(const char *text)
{
    static const char *const names[] = {
        " x=\"",  " y=\"",  " width=\"", " height=\"", " cx=\"",     " cy=\"", " x1=\"",
        " y1=\"", " x2=\"", " y2=\"",    " r=\"",      " points=\"", " d=\"",  " transform=\""};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        bool pairs =
            strstr(names[i], "points") || strstr(names[i], "transform") || strstr(names[i], "d=");

        for (const char *at = text; (at = strstr(at, names[i]));) {
            size_t len;

            at += strlen(names[i]);
            len = strcspn(at, "\"");
            for (size_t k = 0; k < len; k++)
                if (strncmp(at + k, "nan", 3) == 0 || strncmp(at + k, "inf", 3) == 0 ||
                    (!pairs && at[k] == ','))
                    return say("no number", at);
        }
    }
    return NULL;
}
