/*
 * plan_range.c - values of a knob as they are written on the command line.
 *
 * A number may have any unit; what the units mean is the scenario's business, so both ends of a
 * range must have the same one.
 */
#include "answers/plan_range.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/units.h"

#include "base/banned.h"

enum {
    VALUES_MAX = 1000,
    VALUES_USUAL = 8,
    NUMBER_ROOM = 64
};

struct spacing {
    double low, high;
    const char *unit;
    size_t unit_len;
    bool logarithmic, whole;
    uint64_t nr;
};

static enum status no_memory(struct diag *diag)
{
    return diag_set(diag, ST_ENOMEM, "out of memory");
}

static enum status add(struct plan_range *r, const char *text, size_t len, struct diag *diag)
{
    if (r->nr >= VALUES_MAX)
        return diag_set(diag, ST_EUSAGE, "more than %d values", VALUES_MAX);
    r->values[r->nr] = arena_strndup(r->arena, text, len);
    return r->values[r->nr++] ? ST_OK : no_memory(diag);
}

/* The number in front, and where its unit begins. */
static const char *read_number(const char *text, size_t len, double *value)
{
    size_t digits = 0;
    char buf[NUMBER_ROOM];

    while (digits < len && digits + 1 < sizeof(buf) && strchr("0123456789.", text[digits]))
        digits++;
    snprintf(buf, sizeof(buf), "%.*s", (int)digits, text);
    if (digits == 0 || units_parse_double(buf, value, NULL) != ST_OK)
        return NULL;
    return text + digits;
}

static bool read_spacing(const char *how, size_t len, struct spacing *s)
{
    const char *count = memchr(how, ':', len);
    size_t word = count ? (size_t)(count - how) : len;
    char buf[NUMBER_ROOM];

    if (word == 3 && strncmp(how, "log", 3) == 0)
        s->logarithmic = true;
    else if (word == 3 && strncmp(how, "lin", 3) == 0)
        s->logarithmic = false;
    else
        return false;
    s->whole = false;
    if (!count)
        return true;
    snprintf(buf, sizeof(buf), "%.*s", (int)(len - word - 1), count + 1);
    return units_parse_u64(buf, &s->nr, NULL) == ST_OK && s->nr >= 2 && s->nr <= VALUES_MAX;
}

static enum status add_spaced(struct plan_range *r, const struct spacing *s, struct diag *diag)
{
    enum status st = ST_OK;

    for (uint64_t i = 0; i < s->nr && st == ST_OK; i++) {
        double share = (double)i / (double)(s->nr - 1), value;
        char buf[NUMBER_ROOM];

        value = s->logarithmic ? s->low * pow(s->high / s->low, share)
                               : s->low + (s->high - s->low) * share;
        if (s->unit_len == 0 && s->low == floor(s->low) && s->high == floor(s->high))
            value = round(value); /* counts */
        snprintf(buf, sizeof(buf), "%.4g%.*s", value, (int)s->unit_len, s->unit);
        if (r->nr > 0 && strcmp(r->values[r->nr - 1], buf) == 0)
            continue;
        st = add(r, buf, strlen(buf), diag);
    }
    return st;
}

static enum status add_range(struct plan_range *r, const char *item, const char *dots, size_t len,
                             struct diag *diag)
{
    struct spacing s = {.logarithmic = true, .nr = VALUES_USUAL};
    const char *high = dots + 2, *end = item + len;
    const char *colon = memchr(high, ':', (size_t)(end - high));
    size_t high_len = (size_t)((colon ? colon : end) - high);
    const char *unit_low = read_number(item, (size_t)(dots - item), &s.low);
    const char *unit_high = read_number(high, high_len, &s.high);

    diag_hint(diag, "write LOW..HIGH in one unit, as 1Gb/s..25Gb/s, 1..8 or 1s..8s:lin:8");
    if (!unit_low || !unit_high || !(s.high > s.low) || s.low < 0.0)
        return diag_set(diag, ST_EUSAGE, "'%.*s' is no range", (int)len, item);
    s.unit = unit_high;
    s.unit_len = (size_t)(high + high_len - unit_high);
    if (unit_low != dots &&
        ((size_t)(dots - unit_low) != s.unit_len || strncmp(unit_low, s.unit, s.unit_len) != 0))
        return diag_set(diag, ST_EUSAGE, "the ends of '%.*s' have different units", (int)len, item);
    if (s.unit_len == 0 && s.high - s.low < 2.0 * VALUES_USUAL && s.low == floor(s.low)) {
        s.logarithmic = false;
        s.nr = (uint64_t)(s.high - s.low) + 1;
    }
    if (s.low == 0.0)
        s.logarithmic = false;
    if (colon && !read_spacing(colon + 1, (size_t)(end - colon - 1), &s))
        return diag_set(diag, ST_EUSAGE, "'%.*s' says neither log nor lin", (int)len, item);
    if (s.logarithmic && s.low <= 0.0)
        return diag_set(diag, ST_EUSAGE, "a logarithmic range cannot begin with 0");
    return add_spaced(r, &s, diag);
}

enum status plan_range_parse(struct plan_range *r, const char *text, struct diag *diag)
{
    const char *equals = strchr(text, '='), *item;
    enum status st = ST_OK;

    *r = (struct plan_range){.arena = arena_new(MIB)};
    if (!r->arena)
        return no_memory(diag);
    if (!equals || equals == text || !equals[1]) {
        diag_hint(diag, "write NAME=VALUE,VALUE or NAME=LOW..HIGH, as parallel=1..8");
        return diag_set(diag, ST_EUSAGE, "'%s' is no knob", text);
    }
    r->key = arena_strndup(r->arena, text, (size_t)(equals - text));
    r->values = arena_array(r->arena, VALUES_MAX, sizeof(*r->values));
    if (!r->key || !r->values)
        return no_memory(diag);
    for (item = equals + 1; st == ST_OK; item++) {
        size_t len = strcspn(item, ",");
        const char *dots = strstr(item, "..");

        if (len == 0)
            st = diag_set(diag, ST_EUSAGE, "'%s' has an empty value", text);
        else if (dots && dots < item + len)
            st = add_range(r, item, dots, len, diag);
        else
            st = add(r, item, len, diag);
        item += len;
        if (*item == '\0')
            break;
    }
    if (st == ST_OK && diag)
        diag->hint[0] = '\0';
    return st;
}

void plan_range_release(struct plan_range *r)
{
    arena_free(r->arena);
    *r = (struct plan_range){0};
}
