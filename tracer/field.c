/*
 * field.c - checks types and ranges of JSON fields.
 *
 * What the fields mean is left to the callers.  Invariant: *out changes only together with ST_OK.
 */
#include "tracer/field.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/units.h"

#include "base/banned.h"

enum status field_error(const struct field_at *at, const char *key, const char *fmt, ...)
{
    char what[DIAG_TEXT];
    va_list args;

    va_start(args, fmt);
    vsnprintf(what, sizeof(what), fmt, args);
    va_end(args);
    if (at->diag) {
        snprintf(at->diag->section, sizeof(at->diag->section), "%s",
                 at->section ? at->section : "");
        snprintf(at->diag->key, sizeof(at->diag->key), "%s", key ? key : "");
    }
    return diag_at(at->diag, ST_EINPUT, at->file, at->line, "%s", what);
}

const char *field_type_name(json_type type)
{
    static const char *const names[] = {
        [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",
        [JSON_STRING] = "a string",  [JSON_INTEGER] = "a whole number",
        [JSON_REAL] = "a fraction",  [JSON_TRUE] = "true",
        [JSON_FALSE] = "false",      [JSON_NULL] = "null",
    };

    assert((size_t)type < sizeof(names) / sizeof(names[0]));
    return names[type];
}

/* The value, or NULL when absent or null. */
static const json_t *get(const json_t *obj, const char *key)
{
    const json_t *value = json_object_get(obj, key);

    return json_is_null(value) ? NULL : value;
}

static enum status wrong_type(const struct field_at *at, const char *key, const char *want,
                              const json_t *value)
{
    return field_error(at, key, "must be %s, is %s", want, field_type_name(json_typeof(value)));
}

enum status field_int(const struct field_at *at, const json_t *obj, const char *key, int64_t min,
                      int64_t max, int64_t *out)
{
    const json_t *value = get(obj, key);
    int64_t number;

    if (!value)
        return ST_OK;
    if (!json_is_integer(value))
        return wrong_type(at, key, "a whole number", value);
    number = (int64_t)json_integer_value(value);
    if (number < min || number > max)
        return field_error(at, key, "%" PRId64 " is outside %" PRId64 " to %" PRId64, number, min,
                           max);
    *out = number;
    return ST_OK;
}

enum status field_real(const struct field_at *at, const json_t *obj, const char *key, double *out)
{
    const json_t *value = get(obj, key);

    if (!value)
        return ST_OK;
    if (!json_is_number(value))
        return wrong_type(at, key, "a number", value);
    *out = json_number_value(value);
    return ST_OK;
}

enum status field_bool(const struct field_at *at, const json_t *obj, const char *key, bool *out)
{
    const json_t *value = get(obj, key);

    if (!value)
        return ST_OK;
    if (!json_is_boolean(value))
        return wrong_type(at, key, "true or false", value);
    *out = json_is_true(value);
    return ST_OK;
}

enum status field_string(const struct field_at *at, const json_t *obj, const char *key,
                         const char **out)
{
    const json_t *value = get(obj, key);

    if (!value)
        return ST_OK;
    if (!json_is_string(value))
        return wrong_type(at, key, "a string", value);
    *out = json_string_value(value);
    return ST_OK;
}

enum status field_seconds(const struct field_at *at, const json_t *obj, const char *key,
                          int64_t *out)
{
    double seconds = -1;
    enum status st = field_real(at, obj, key, &seconds);

    if (st != ST_OK || !get(obj, key))
        return st;
    if (!(seconds >= 0 && seconds <= 1e8))
        return field_error(at, key, "%g s is outside 0 to 1e8", seconds);
    *out = (int64_t)llround(seconds * (double)NS_PER_S);
    return ST_OK;
}

enum status field_json(const struct field_at *at, const json_t *obj, const char *key,
                       json_type type, const json_t **out)
{
    const json_t *value = get(obj, key);

    if (!value)
        return ST_OK;
    if (json_typeof(value) != type)
        return wrong_type(at, key, field_type_name(type), value);
    *out = value;
    return ST_OK;
}

enum status field_need(const struct field_at *at, const json_t *obj, const char *key)
{
    return get(obj, key) ? ST_OK : field_error(at, key, "is missing");
}
