/*
 * strbuf.c - text that grows by doubling.
 *
 * Invariant: buf is NULL with cap 0, or holds cap bytes with buf[len] == 0 and len < cap.
 */
#include "base/strbuf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

void strbuf_init(struct strbuf *sb)
{
    *sb = (struct strbuf)STRBUF_INIT;
}

void strbuf_release(struct strbuf *sb)
{
    if (!sb)
        return;
    free(sb->buf);
    strbuf_init(sb);
}

void strbuf_clear(struct strbuf *sb)
{
    sb->len = 0;
    sb->failed = false;
    if (sb->buf)
        sb->buf[0] = '\0';
}

/* Makes room for @more bytes and the terminator. */
static bool grow(struct strbuf *sb, size_t more)
{
    size_t cap = sb->cap ? sb->cap : 64;
    char *p;

    if (sb->failed)
        return false;
    if (more >= STRBUF_MAX - sb->len) {
        sb->failed = true;
        return false;
    }
    while (cap <= sb->len + more)
        cap *= 2;
    if (cap == sb->cap)
        return true;
    p = realloc(sb->buf, cap);
    if (!p) {
        sb->failed = true;
        return false;
    }
    sb->buf = p;
    sb->cap = cap;
    return true;
}

void strbuf_add(struct strbuf *sb, const char *data, size_t len)
{
    if (!grow(sb, len))
        return;
    if (len)
        memcpy(sb->buf + sb->len, data, len);
    sb->len += len;
    sb->buf[sb->len] = '\0';
    assert(sb->len < sb->cap);
}

void strbuf_addstr(struct strbuf *sb, const char *text)
{
    strbuf_add(sb, text, strlen(text));
}

void strbuf_addch(struct strbuf *sb, char c)
{
    strbuf_add(sb, &c, 1);
}

void strbuf_addf(struct strbuf *sb, const char *fmt, ...)
{
    va_list ap;
    int n;

    if (!grow(sb, 64))
        return;
    va_start(ap, fmt);
    n = vsnprintf(sb->buf + sb->len, sb->cap - sb->len, fmt, ap);
    va_end(ap);
    if (n < 0) {
        sb->buf[sb->len] = '\0';
        sb->failed = true;
        return;
    }
    if ((size_t)n >= sb->cap - sb->len) {
        sb->buf[sb->len] = '\0';
        if (!grow(sb, (size_t)n))
            return;
        va_start(ap, fmt);
        n = vsnprintf(sb->buf + sb->len, sb->cap - sb->len, fmt, ap);
        va_end(ap);
    }
    sb->len += (size_t)n;
    assert(sb->len < sb->cap);
}

bool strbuf_failed(const struct strbuf *sb)
{
    return sb->failed;
}

const char *strbuf_text(const struct strbuf *sb)
{
    return sb->buf ? sb->buf : "";
}

char *strbuf_detach(struct strbuf *sb)
{
    char *text;

    if (sb->failed || !grow(sb, 0)) {
        strbuf_release(sb);
        return NULL;
    }
    text = sb->buf;
    text[sb->len] = '\0';
    strbuf_init(sb);
    return text;
}
