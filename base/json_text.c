/*
 * json_text.c - escaping, numbers and commas of JSON output.
 *
 * Leaves structure to the caller.  Invariant: whatever the input bytes, a value added here is one
 * valid JSON value.
 */
#include "base/json_text.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"

#include "base/banned.h"

/* The length a lead byte announces, and the least code point that needs it (RFC 3629). */
static int utf8_length(unsigned char lead, int32_t *least)
{
    if (lead >= 0xc2 && lead <= 0xdf) {
        *least = 0x80;
        return 2;
    }
    if (lead >= 0xe0 && lead <= 0xef) {
        *least = 0x800;
        return 3;
    }
    if (lead >= 0xf0 && lead <= 0xf4) {
        *least = 0x10000;
        return 4;
    }
    return 0;
}

int32_t utf8_next(const char **text)
{
    const unsigned char *s = (const unsigned char *)*text;
    int32_t least = 0, code;
    int len;

    if (s[0] < 0x80) {
        *text += s[0] != 0;
        return s[0];
    }
    len = utf8_length(s[0], &least);
    code = len ? s[0] & (0x7f >> len) : 0;
    for (int i = 1; i < len; i++) {
        if ((s[i] & 0xc0) != 0x80) { /* the terminator too */
            len = 0;
            break;
        }
        code = code << 6 | (s[i] & 0x3f);
    }
    if (len == 0 || code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) {
        *text += 1;
        return -1;
    }
    *text += len;
    return code;
}

void json_next(struct strbuf *out)
{
    size_t len = out->len;

    while (len > 0 && (out->buf[len - 1] == '\n' || out->buf[len - 1] == ' '))
        len--;
    if (len > 0 && !strchr("{[:,", out->buf[len - 1]))
        strbuf_addch(out, ',');
}

void json_key(struct strbuf *out, const char *key)
{
    json_next(out);
    strbuf_addch(out, '"');
    strbuf_addstr(out, key);
    strbuf_add(out, "\":", 2);
}

/* One character that JSON cannot hold as it is. */
static void add_escaped(struct strbuf *out, int32_t code)
{
    switch (code) {
    case -1:
        strbuf_add(out, "\xef\xbf\xbd", 3);
        break;
    case '"':
        strbuf_add(out, "\\\"", 2);
        break;
    case '\\':
        strbuf_add(out, "\\\\", 2);
        break;
    case '\n':
        strbuf_add(out, "\\n", 2);
        break;
    case '\t':
        strbuf_add(out, "\\t", 2);
        break;
    default:
        strbuf_addf(out, "\\u%04x", (unsigned)code);
    }
}

void json_add_text(struct strbuf *out, const char *text)
{
    const char *plain = text; /* start of what can be copied as it is */

    if (!text) {
        strbuf_add(out, "null", 4);
        return;
    }
    strbuf_addch(out, '"');
    for (;;) {
        const char *here = text;
        int32_t code = utf8_next(&text);

        if (code >= 0x20 && code != '"' && code != '\\' && code != 0x7f)
            continue;
        strbuf_add(out, plain, (size_t)(here - plain));
        if (code == 0)
            break;
        add_escaped(out, code);
        plain = text;
    }
    strbuf_addch(out, '"');
}

void json_add_bool(struct strbuf *out, bool value)
{
    strbuf_addstr(out, value ? "true" : "false");
}

void json_add_u64(struct strbuf *out, uint64_t value)
{
    char digits[20];
    size_t at = sizeof(digits);

    do
        digits[--at] = (char)('0' + value % 10);
    while ((value /= 10) != 0);
    strbuf_add(out, digits + at, sizeof(digits) - at);
}

void json_add_int(struct strbuf *out, int64_t value)
{
    if (value < 0)
        strbuf_addch(out, '-');
    json_add_u64(out, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

/* The decimal point of the locale, whatever its bytes, becomes '.'. */
static void add_with_point(struct strbuf *out, const char *number)
{
    while (*number) {
        if (strchr("0123456789+-e", *number)) {
            strbuf_addch(out, *number++);
            continue;
        }
        strbuf_addch(out, '.');
        while (*number && !strchr("0123456789+-e", *number))
            number++;
    }
}

void json_add_double(struct strbuf *out, double value)
{
    char text[40];

    if (!isfinite(value)) {
        strbuf_add(out, "null", 4);
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        double back;

        (void)snprintf(text, sizeof(text), "%.*g", digits, value);
        back = strtod(text, NULL);
        if (back >= value && back <= value)
            break;
    }
    add_with_point(out, text);
}

/* @ns in units of 1000 * @per_us ns, with up to as many decimals as @per_us has zeros. */
static void add_time(struct strbuf *out, int64_t ns, uint64_t per_us)
{
    uint64_t us, part;

    if (ns < 0) {
        strbuf_add(out, "null", 4);
        return;
    }
    us = ((uint64_t)ns + NS_PER_US / 2) / (uint64_t)NS_PER_US;
    json_add_u64(out, us / per_us);
    part = us % per_us;
    if (part == 0)
        return;
    strbuf_addch(out, '.');
    while (part != 0) {
        per_us /= 10;
        strbuf_addch(out, (char)('0' + part / per_us));
        part %= per_us;
    }
}

void json_add_ms(struct strbuf *out, int64_t ns)
{
    add_time(out, ns, (uint64_t)(NS_PER_MS / NS_PER_US));
}

void json_add_s(struct strbuf *out, int64_t ns)
{
    add_time(out, ns, (uint64_t)(NS_PER_S / NS_PER_US));
}

void json_add_ms_real(struct strbuf *out, double ns)
{
    json_add_double(out, round(ns / (double)NS_PER_US) / (double)(NS_PER_MS / NS_PER_US));
}

void json_put_null(struct strbuf *out, const char *key)
{
    json_put_text(out, key, NULL);
}

void json_put_text(struct strbuf *out, const char *key, const char *text)
{
    json_key(out, key);
    json_add_text(out, text);
}

void json_put_bool(struct strbuf *out, const char *key, bool value)
{
    json_key(out, key);
    json_add_bool(out, value);
}

void json_put_int(struct strbuf *out, const char *key, int64_t value)
{
    json_key(out, key);
    json_add_int(out, value);
}

void json_put_u64(struct strbuf *out, const char *key, uint64_t value)
{
    json_key(out, key);
    json_add_u64(out, value);
}

void json_put_double(struct strbuf *out, const char *key, double value)
{
    json_key(out, key);
    json_add_double(out, value);
}

void json_put_ms(struct strbuf *out, const char *key, int64_t ns)
{
    json_key(out, key);
    json_add_ms(out, ns);
}

void json_put_s(struct strbuf *out, const char *key, int64_t ns)
{
    json_key(out, key);
    json_add_s(out, ns);
}

void json_put_ms_real(struct strbuf *out, const char *key, double ns)
{
    json_key(out, key);
    json_add_ms_real(out, ns);
}

void json_put_pair(struct strbuf *out, const char *key, double low, double high)
{
    json_key(out, key);
    strbuf_addch(out, '[');
    json_add_double(out, low);
    json_next(out);
    json_add_double(out, high);
    strbuf_addch(out, ']');
}
