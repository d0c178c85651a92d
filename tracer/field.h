/*
 * field.h - typed fields out of a JSON object, with messages that name file, line and key.
 *
 * Every reader leaves *@out as it is when the field is absent or null, so the caller sets the
 * default first.  A field of the wrong type or out of range is ST_EINPUT.  Keys that nobody asks
 * for are ignored: formats grow.
 */
#ifndef MIGCAST_TRACER_FIELD_H
#define MIGCAST_TRACER_FIELD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

/* Where the object stands.  All borrowed. */
struct field_at {
    const char *file;
    unsigned long line;
    const char *section; /* what the object is: "header", "query-migrate"; NULL = nothing to say */
    struct diag *diag;   /* may be NULL */
};

/* field_error - describe a fault of @key (NULL: of the line as a whole); returns ST_EINPUT. */
enum status field_error(const struct field_at *at, const char *key, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

enum status field_int(const struct field_at *at, const json_t *obj, const char *key, int64_t min,
                      int64_t max, int64_t *out);
enum status field_real(const struct field_at *at, const json_t *obj, const char *key, double *out);
enum status field_bool(const struct field_at *at, const json_t *obj, const char *key, bool *out);
/* Borrowed from @obj. */
enum status field_string(const struct field_at *at, const json_t *obj, const char *key,
                         const char **out);
/* Seconds, whole or not, 0 to 10^8 (three years), to nanoseconds. */
enum status field_seconds(const struct field_at *at, const json_t *obj, const char *key,
                          int64_t *out);
/* An object or array, by @type; borrowed from @obj. */
enum status field_json(const struct field_at *at, const json_t *obj, const char *key,
                       json_type type, const json_t **out);
/* field_need - ST_EINPUT if @key is absent or null. */
enum status field_need(const struct field_at *at, const json_t *obj, const char *key);

/* field_type_name - "string", "integer" ... for messages. */
const char *field_type_name(json_type type);

#endif
