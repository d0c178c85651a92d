/*
 * json_text.h - JSON written straight into a strbuf.
 *
 * For reports of hundreds of thousands of rows, where a tree of objects would cost more than the
 * run. Reading JSON is jansson's work.  Values follow CONTRACT: UTF-8, unknown = null.  Nothing
 * here depends on the locale.  The caller opens and closes with '{' '}' '[' ']'; the comma before a
 * key or an element is added where one is needed:
 *
 *     strbuf_addch(out, '{');
 *     json_put_text(out, "vm", name);
 *     json_put_ms(out, "total_time_ms", total_ns);
 *     strbuf_addch(out, '}');
 */
#ifndef MIGCAST_BASE_JSON_TEXT_H
#define MIGCAST_BASE_JSON_TEXT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

/* json_next - the comma before a further element of an array; nothing after '[', '{' or ':'.
 * Blanks and newlines added since are looked over. */
void json_next(struct strbuf *out);
/* json_key - json_next() and `"key":`; @key is a plain ASCII name. */
void json_key(struct strbuf *out, const char *key);

/* json_add_text - a string; NULL gives null.  Bytes that are not UTF-8 become U+FFFD. */
void json_add_text(struct strbuf *out, const char *text);
void json_add_bool(struct strbuf *out, bool value);
void json_add_int(struct strbuf *out, int64_t value);
void json_add_u64(struct strbuf *out, uint64_t value);
/* json_add_double - the shortest text that reads back as the same number; null if it is not finite.
 */
void json_add_double(struct strbuf *out, double value);
/* json_add_ms, json_add_s - nanoseconds in ms or s, rounded to the microsecond; negative gives
 * null. */
void json_add_ms(struct strbuf *out, int64_t ns);
void json_add_s(struct strbuf *out, int64_t ns);
/* json_add_ms_real - likewise of a mean or a difference, which may be negative; null if it is not
 * finite. */
void json_add_ms_real(struct strbuf *out, double ns);

/* json_put_... - a member: json_key() and the value. */
void json_put_null(struct strbuf *out, const char *key);
void json_put_text(struct strbuf *out, const char *key, const char *text);
void json_put_bool(struct strbuf *out, const char *key, bool value);
void json_put_int(struct strbuf *out, const char *key, int64_t value);
void json_put_u64(struct strbuf *out, const char *key, uint64_t value);
void json_put_double(struct strbuf *out, const char *key, double value);
void json_put_ms(struct strbuf *out, const char *key, int64_t ns);
void json_put_s(struct strbuf *out, const char *key, int64_t ns);
void json_put_ms_real(struct strbuf *out, const char *key, double ns);
/* json_put_pair - an interval: an array of two numbers. */
void json_put_pair(struct strbuf *out, const char *key, double low, double high);

/*
 * utf8_next - decode one character of terminated text at @*text and move past it.
 * Returns the code point, or -1 for a byte that is no valid UTF-8 (then moves one byte on).
 * At the terminator it returns 0 and stays.
 */
int32_t utf8_next(const char **text);

#endif
