/*
 * values.c - numbers as Kubernetes, REST answers and tables write them.
 *
 * Sizes are bytes from here on.  Invariant: what passes is finite, not below 0 and below 2^60.
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "import/import_int.h"

#include "base/banned.h"

#define HIGHEST 1152921504606846976.0 /* 2^60 */

/* Digits, a point, digits, maybe an exponent: no sign, no "inf", no "0x". */
static const char *plain_number(const char *p, double *out)
{
    char digits[64];
    size_t len = strspn(p, "0123456789.");
    char *end;

    if (len == 0 || len + 8 >= sizeof(digits) || !(isdigit((unsigned char)p[0]) || p[0] == '.'))
        return NULL;
    if ((p[len] == 'e' || p[len] == 'E') &&
        (isdigit((unsigned char)p[len + 1]) ||
         ((p[len + 1] == '+' || p[len + 1] == '-') && isdigit((unsigned char)p[len + 2])))) {
        len += 2;
        len += strspn(p + len, "0123456789");
        if (len >= sizeof(digits))
            return NULL;
    }
    memcpy(digits, p, len);
    digits[len] = '\0';
    *out = strtod(digits, &end); /* no setlocale() anywhere: the point is a point */
    return *end == '\0' && isfinite(*out) ? p + len : NULL;
}

bool imp_quantity_text(const char *text, double *out)
{
    static const struct {
        const char *suffix;
        double factor;
    } units[] = {
        {"", 1.0},
        {"n", 1e-9},
        {"u", 1e-6},
        {"m", 1e-3},
        {"k", 1e3},
        {"M", 1e6},
        {"G", 1e9},
        {"T", 1e12},
        {"P", 1e15},
        {"E", 1e18},
        {"Ki", (double)KIB},
        {"Mi", (double)MIB},
        {"Gi", (double)GIB},
        {"Ti", (double)GIB * (double)KIB},
        {"Pi", (double)GIB * (double)MIB},
        {"Ei", (double)GIB * (double)GIB},
    };
    const char *end = plain_number(*text == '+' ? text + 1 : text, out);

    for (size_t i = 0; end && i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(end, units[i].suffix) == 0) {
            *out *= units[i].factor;
            return *out <= HIGHEST;
        }
    }
    return false;
}

bool imp_number(const json_t *value, double *out)
{
    const char *text = json_string_value(value), *end;

    if (json_is_number(value)) {
        *out = json_number_value(value);
        return isfinite(*out) != 0;
    }
    end = text ? plain_number(text, out) : NULL;
    return end && *end == '\0';
}

enum status imp_quantity(struct import *im, const struct imp_item *it, const json_t *value,
                         const char *from, double *out)
{
    const char *text = json_string_value(value);

    if (json_is_number(value)) {
        *out = json_number_value(value);
        if (*out >= 0.0 && *out <= HIGHEST)
            return ST_OK;
        return imp_fail(im, it, from, "%.6g is no quantity", *out);
    }
    if (text && imp_quantity_text(text, out))
        return ST_OK;
    diag_hint(im->diag, "a quantity is written as 16Gi, 1500M or 250m");
    return imp_fail(im, it, from, "'%.60s' is no quantity", text ? text : "it");
}

enum status imp_count(struct import *im, const struct imp_item *it, const json_t *value,
                      const char *from, double max, uint64_t *out)
{
    double d;

    if (!imp_number(value, &d) || d < 0.0 || d > max || d != floor(d))
        return imp_fail(im, it, from, "not a whole number from 0 to %.0f", max);
    *out = (uint64_t)d;
    return ST_OK;
}

const json_t *imp_at(const json_t *json, ...)
{
    const char *key;
    va_list ap;

    va_start(ap, json);
    while (json && (key = va_arg(ap, const char *)))
        json = json_object_get(json, key);
    va_end(ap);
    return json_is_null(json) ? NULL : json;
}

const char *imp_text(const json_t *json)
{
    const char *text = json_string_value(json);

    return text && *text ? text : NULL;
}

bool imp_true(const json_t *json)
{
    const char *text = json_string_value(json);

    if (text)
        return strcmp(text, "true") == 0 || strcmp(text, "True") == 0 || strcmp(text, "1") == 0;
    return json_is_true(json) || (json_is_integer(json) && json_integer_value(json) != 0);
}

enum status imp_set_size(struct import *im, struct imp_section *s, const char *key,
                         const char *from, double bytes)
{
    char text[UNITS_TEXT];

    return imp_set(im, s, key, from, "%s", units_size_exact(text, (uint64_t)bytes));
}

enum status imp_memory(struct import *im, const struct imp_item *it, struct imp_vm *vm,
                       const char *from, double bytes)
{
    if (!(bytes >= (double)MIB && bytes <= 64.0 * (double)GIB * (double)KIB))
        return imp_fail(im, it, from, "%.6g bytes are no memory of a guest", bytes);
    vm->memory_bytes = (uint64_t)bytes;
    return imp_set_size(im, &vm->s, "memory", from, bytes);
}

enum status imp_host_memory(struct import *im, const struct imp_item *it, struct imp_host *h,
                            const char *from, double bytes)
{
    if (!(bytes >= 0.0 && bytes <= HIGHEST))
        return imp_fail(im, it, from, "%.6g bytes are no memory of a host", bytes);
    h->memory_bytes = (uint64_t)bytes;
    return imp_set_size(im, &h->s, "memory", from, bytes);
}
