/*
 * strbuf.h - text that grows.
 *
 * A strbuf that runs out of memory, or is asked to grow past STRBUF_MAX, keeps what it has and
 * remembers the failure: check strbuf_failed() once, at the end.
 */
#ifndef MIGCAST_BASE_STRBUF_H
#define MIGCAST_BASE_STRBUF_H

#include <stdbool.h>
#include <stddef.h>

#define STRBUF_MAX ((size_t)1 << 31)

struct strbuf {
    char *buf; /* terminated; "" before the first growth */
    size_t len;
    size_t cap;
    bool failed;
};

#define STRBUF_INIT                                                                                \
    {                                                                                              \
        0                                                                                          \
    }

void strbuf_init(struct strbuf *sb);
void strbuf_release(struct strbuf *sb);
void strbuf_clear(struct strbuf *sb);
void strbuf_add(struct strbuf *sb, const char *data, size_t len);
void strbuf_addstr(struct strbuf *sb, const char *text);
void strbuf_addch(struct strbuf *sb, char c);
void strbuf_addf(struct strbuf *sb, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool strbuf_failed(const struct strbuf *sb);
/* The text; valid until the next change.  Never NULL. */
const char *strbuf_text(const struct strbuf *sb);
/* Hands the text over; caller frees.  NULL after a failure.  Leaves @sb empty and usable. */
char *strbuf_detach(struct strbuf *sb);

#endif
