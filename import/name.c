/*
 * name.c - other people's text as names, words and comments of a scenario.
 *
 * Whatever a VM is called, its name must not end a line, open a section, split a list, look like a
 * pattern or turn a terminal's text around.  Invariant: what leaves here is UTF-8 without control,
 * format and blank characters, and a name has at most IMP_NAME bytes.
 */
#include <stdio.h>
#include <string.h>

#include "base/json_text.h"
#include "import/import_int.h"

#include "base/banned.h"

enum {
    NAME_KEEP = 100 /* bytes kept of a name that is too long; a digest of all of it follows */
};

/* Characters that show nothing, or change how others are shown; Unicode's Cc, Cf, Z*, private use
 * and non-characters, and what stands for text cut in half. */
static bool hidden(int32_t c)
{
    static const struct {
        int32_t first, last;
    } ranges[] = {
        {0x00, 0x20},        {0x7f, 0xa0},       {0xad, 0xad},       {0x34f, 0x34f},
        {0x600, 0x605},      {0x61c, 0x61c},     {0x6dd, 0x6dd},     {0x70f, 0x70f},
        {0x115f, 0x1160},    {0x1680, 0x1680},   {0x17b4, 0x17b5},   {0x180b, 0x180f},
        {0x2000, 0x200f},    {0x2028, 0x202f},   {0x205f, 0x206f},   {0x2800, 0x2800},
        {0x3000, 0x3000},    {0x3164, 0x3164},   {0xd800, 0xf8ff},   {0xfdd0, 0xfdef},
        {0xfe00, 0xfe0f},    {0xfeff, 0xfeff},   {0xffa0, 0xffa0},   {0xfff0, 0xfffb},
        {0xfffe, 0xffff},    {0x110bd, 0x110bd}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a},
        {0xe0000, 0x10ffff},
    };

    for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

/* Adds @raw with %XX for the bytes of what is hidden or among @special. */
static void add_escaped(struct strbuf *out, const char *raw, const char *special)
{
    for (const char *p = raw; *p;) {
        const char *from = p;
        int32_t c = utf8_next(&p);

        if (c >= 0 && !hidden(c) && (c >= 0x80 || !strchr(special, (char)c))) {
            strbuf_add(out, from, (size_t)(p - from));
            continue;
        }
        for (; from < p; from++)
            strbuf_addf(out, "%%%02X", (unsigned)(unsigned char)*from);
    }
}

static uint64_t digest(const char *text)
{
    uint64_t h = 14695981039346656037ULL; /* FNV-1a */

    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * 1099511628211ULL;
    return h;
}

static void cut(struct strbuf *name, const char *raw)
{
    size_t len = NAME_KEEP;

    if (name->len <= IMP_NAME - 16)
        return;
    while (len > 0 && ((unsigned char)name->buf[len] & 0xc0) == 0x80)
        len--;
    name->len = len;
    strbuf_addf(name, "~%08x", (unsigned)(digest(raw) & 0xffffffffu));
}

#define NAME_SPECIAL ",*?[]=\"'%#;`\\<>"

const char *imp_word(struct import *im, const char *raw)
{
    struct strbuf sb = STRBUF_INIT;
    char *word = NULL;

    /* as a name, but "=" stays: labels have one */
    add_escaped(&sb, raw, ",*?[]\"'%#;`\\<>");
    if (sb.len == 0)
        strbuf_addstr(&sb, "%");
    if (!strbuf_failed(&sb))
        word = arena_strdup(im->arena, strbuf_text(&sb));
    strbuf_release(&sb);
    return word ? word : "%"; /* out of memory: whoever stores it finds out too */
}

static struct imp_taken *taken_find(struct imp_taken *taken, const char *name)
{
    struct imp_taken *t;

    HASH_FIND_STR(taken, name, t);
    return t;
}

const char *imp_name(struct import *im, struct imp_taken **taken, const char *raw)
{
    struct imp_taken *t, *first;
    struct strbuf sb = STRBUF_INIT;
    size_t len;

    add_escaped(&sb, raw, NAME_SPECIAL);
    if (sb.len == 0)
        strbuf_addstr(&sb, "unnamed");
    cut(&sb, raw);
    len = sb.len;
    first = taken_find(*taken, strbuf_text(&sb));
    while (first && !strbuf_failed(&sb) && taken_find(*taken, strbuf_text(&sb))) {
        sb.len = len;
        strbuf_addf(&sb, "~%u", (unsigned)(first->last = first->last ? first->last + 1 : 2));
    }
    t = strbuf_failed(&sb) ? NULL : arena_alloc(im->arena, sizeof(*t));
    if (t && (t->key = arena_strdup(im->arena, strbuf_text(&sb))))
        HASH_ADD_KEYPTR(hh, *taken, t->key, strlen(t->key), t);
    strbuf_release(&sb);
    return t ? t->key : NULL;
}

void imp_comment(struct strbuf *out, const char *raw)
{
    for (const char *p = raw; *p;) {
        const char *from = p;
        int32_t c = utf8_next(&p);

        if (c == ' ')
            strbuf_addch(out, ' ');
        else if (c < 0 || hidden(c))
            strbuf_addch(out, '?');
        else
            strbuf_add(out, from, (size_t)(p - from));
    }
}
