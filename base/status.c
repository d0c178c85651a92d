/*
 * status.c - fills and prints struct diag.
 *
 * Leaves to cli/ the printing itself.  Invariant: every text in a diag is terminated and cut to
 * fit.
 */
#include "base/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

enum status diag_set(struct diag *d, enum status st, const char *fmt, ...)
{
    va_list ap;

    if (!d)
        return st;
    va_start(ap, fmt);
    vsnprintf(d->what, sizeof(d->what), fmt, ap);
    va_end(ap);
    return st;
}

static void set_place(struct diag *d, const char *file, unsigned long line)
{
    if (file)
        snprintf(d->file, sizeof(d->file), "%s", file);
    d->line = line;
    d->column = 0;
}

enum status diag_at(struct diag *d, enum status st, const char *file, unsigned long line,
                    const char *fmt, ...)
{
    va_list ap;

    if (!d)
        return st;
    set_place(d, file, line);
    va_start(ap, fmt);
    vsnprintf(d->what, sizeof(d->what), fmt, ap);
    va_end(ap);
    return st;
}

void diag_hint(struct diag *d, const char *fmt, ...)
{
    va_list ap;

    if (!d)
        return;
    va_start(ap, fmt);
    vsnprintf(d->hint, sizeof(d->hint), fmt, ap);
    va_end(ap);
}

enum status diag_errno(struct diag *d, enum status st, const char *file, const char *doing)
{
    int err = errno;
    char text[128];
    const char *reason = strerror_r(err, text, sizeof(text));

    if (err == ENOMEM)
        st = ST_ENOMEM;
    return diag_at(d, st, file, 0, "%s: %s", doing, reason);
}

/* Appends at buf[*len]; what does not fit is dropped. */
__attribute__((format(printf, 4, 5))) static void put(char *buf, size_t cap, size_t *len,
                                                      const char *fmt, ...)
{
    va_list ap;
    int n;

    if (*len + 1 >= cap)
        return;
    va_start(ap, fmt);
    n = vsnprintf(buf + *len, cap - *len, fmt, ap);
    va_end(ap);
    if (n > 0)
        *len += (size_t)n < cap - *len ? (size_t)n : cap - *len - 1;
}

void diag_format(const struct diag *d, char *buf, size_t cap)
{
    size_t len = 0;

    if (cap == 0)
        return;
    buf[0] = '\0';
    if (d->file[0] && d->line && d->column)
        put(buf, cap, &len, "%s:%lu:%u: ", d->file, d->line, d->column);
    else if (d->file[0] && d->line)
        put(buf, cap, &len, "%s:%lu: ", d->file, d->line);
    else if (d->file[0])
        put(buf, cap, &len, "%s: ", d->file);
    else if (d->line)
        put(buf, cap, &len, "line %lu: ", d->line);
    if (d->section[0])
        put(buf, cap, &len, d->key[0] ? "[%s] " : "[%s]: ", d->section);
    if (d->key[0])
        put(buf, cap, &len, "%s: ", d->key);
    put(buf, cap, &len, "%s", d->what);
    if (d->hint[0])
        put(buf, cap, &len, "; %s", d->hint);
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)buf[i] < 0x20 || buf[i] == 0x7f)
            buf[i] = '?';
}

int status_exit_code(enum status st)
{
    switch (st) {
    case ST_OK:
        return 0;
    case ST_EINTERNAL:
        return 1;
    case ST_EDIFF:
        return 2;
    case ST_EUSAGE:
        return 64;
    case ST_EINPUT:
        return 65;
    case ST_EOUTPUT:
        return 74;
    case ST_ERETRY:
    case ST_ENOMEM:
        return 75;
    case ST_ETHRESHOLD:
        return 99;
    case ST_EINTR:
        return 130;
    }
    return 1;
}
