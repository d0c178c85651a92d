/*
 * units.c - reads and prints sizes, rates and times.
 *
 * The only file that holds 1000, 1024 or 8 as a unit factor.  Numbers are read as a decimal
 * mantissa and scaled once in long double, so a value that fits 64 bits is exact.  Case matters: b
 * is a bit, B a byte, M is mega and m would be milli.  Text never depends on the locale.
 */
#include "base/units.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/banned.h"

#define TWO_64 18446744073709551616.0L
#define TWO_63 9223372036854775808.0L

struct unit {
    const char *name;
    long double factor;
};

static const struct unit size_units[] = {
    {"TiB", 1099511627776.0L},
    {"GiB", 1073741824.0L},
    {"MiB", 1048576.0L},
    {"KiB", 1024.0L},
    {"TB", 1e12L},
    {"GB", 1e9L},
    {"MB", 1e6L},
    {"kB", 1e3L},
    {"B", 1.0L},
    {"Ti", 1099511627776.0L},
    {"Gi", 1073741824.0L},
    {"Mi", 1048576.0L},
    {"Ki", 1024.0L},
    {"KB", 1e3L},
    {NULL, 0},
};

/* bits; the part before "/s", or the whole word for ...ps */
static const struct unit bit_units[] = {
    {"Tb/s", 1e12L},       {"Gb/s", 1e9L},           {"Mb/s", 1e6L},   {"kb/s", 1e3L},
    {"b/s", 1.0L},         {"bit/s", 1.0L},          {"kbit/s", 1e3L}, {"Mbit/s", 1e6L},
    {"Gbit/s", 1e9L},      {"Tbit/s", 1e12L},        {"bps", 1.0L},    {"kbps", 1e3L},
    {"Mbps", 1e6L},        {"Gbps", 1e9L},           {"Tbps", 1e12L},  {"Kib/s", 1024.0L},
    {"Mib/s", 1048576.0L}, {"Gib/s", 1073741824.0L}, {NULL, 0},
};

static const struct unit time_units[] = {
    {"d", 86400e9L}, {"h", 3600e9L}, {"min", 60e9L}, {"s", 1e9L},
    {"ms", 1e6L},    {"us", 1e3L},   {"ns", 1.0L},   {NULL, 0},
};

static const char *skip_blanks(const char *p)
{
    while (*p == ' ' || *p == '\t')
        p++;
    return p;
}

/* Reads digits with one optional point from *p; false when there are none. */
static bool read_number(const char **p, long double *value)
{
    const char *s = *p;
    long double scale = 1.0L, v = 0.0L;
    size_t digits = 0;

    for (; isdigit((unsigned char)*s); s++, digits++)
        v = v * 10.0L + (long double)(*s - '0');
    if (*s == '.') {
        for (s++; isdigit((unsigned char)*s); s++, digits++) {
            if (scale > 1e15L)
                continue;
            v = v * 10.0L + (long double)(*s - '0');
            scale *= 10.0L;
        }
    }
    if (digits == 0)
        return false;
    *value = v / scale;
    *p = s;
    return true;
}

/* Reads a number and the unit word after it (up to a blank or a digit). */
static enum status read_quantity(const char *text, const char **p, long double *value,
                                 char unit[16], struct diag *diag)
{
    size_t n = 0;

    *p = skip_blanks(*p);
    if (**p == '-')
        return diag_set(diag, ST_EINPUT, "'%s' is negative", text);
    if (!read_number(p, value))
        return diag_set(diag, ST_EINPUT, "'%s' does not start with a number", text);
    *p = skip_blanks(*p);
    while (**p && **p != ' ' && **p != '\t' && !isdigit((unsigned char)**p)) {
        if (n + 1 >= 16)
            return diag_set(diag, ST_EINPUT, "'%s' has no known unit", text);
        unit[n++] = *(*p)++;
    }
    unit[n] = '\0';
    return ST_OK;
}

/* One quantity that fills all of @text. */
static enum status read_whole(const char *text, long double *value, char unit[16],
                              struct diag *diag)
{
    const char *p = text;
    enum status st = read_quantity(text, &p, value, unit, diag);

    if (st != ST_OK)
        return st;
    if (*skip_blanks(p))
        return diag_set(diag, ST_EINPUT, "'%s' has something after its unit", text);
    return ST_OK;
}

static long double find_unit(const struct unit *units, const char *name)
{
    for (; units->name; units++)
        if (strcmp(units->name, name) == 0)
            return units->factor;
    return 0.0L;
}

static enum status to_u64(const char *text, long double v, uint64_t *out, struct diag *diag)
{
    v = roundl(v);
    if (!(v < TWO_64))
        return diag_set(diag, ST_EINPUT, "'%s' is too large", text);
    *out = (uint64_t)v;
    return ST_OK;
}

static enum status bad_unit(const char *text, const char *unit, const char *hint, struct diag *diag)
{
    if (unit[0])
        diag_set(diag, ST_EINPUT, "'%s': unknown unit '%s'", text, unit);
    else
        diag_set(diag, ST_EINPUT, "'%s' has no unit", text);
    diag_hint(diag, "%s", hint);
    return ST_EINPUT;
}

enum status units_parse_size(const char *text, uint64_t *bytes, struct diag *diag)
{
    long double v, factor;
    char unit[16];
    enum status st = read_whole(text, &v, unit, diag);

    if (st != ST_OK)
        return st;
    factor = find_unit(size_units, unit);
    if (factor <= 0.0L && (unit[0] || v > 0.0L))
        return bad_unit(text, unit, "write a size as 512MiB, 64GiB or 10GB", diag);
    return to_u64(text, v * factor, bytes, diag);
}

/* @text as bits per second; *bits is 0 for a bare 0. */
static enum status read_bits(const char *text, long double *bits, struct diag *diag)
{
    long double v, factor;
    char unit[16];
    size_t len;
    enum status st = read_whole(text, &v, unit, diag);

    if (st != ST_OK)
        return st;
    len = strlen(unit);
    factor = find_unit(bit_units, unit);
    if (factor <= 0.0L && strcmp(unit, "pages/s") == 0)
        factor = BITS_PER_BYTE * (long double)PAGE_BYTES;
    if (factor <= 0.0L && len > 2 && strcmp(unit + len - 2, "/s") == 0) {
        char size[16];

        snprintf(size, sizeof(size), "%.*s", (int)(len - 2), unit);
        factor = BITS_PER_BYTE * find_unit(size_units, size);
    }
    if (factor <= 0.0L && (unit[0] || v > 0.0L))
        return bad_unit(text, unit, "write a rate as 10Gb/s (bits), 1.2GB/s or 64MiB/s (bytes)",
                        diag);
    *bits = v * factor;
    return ST_OK;
}

static bool is_unlimited(const char *text)
{
    const char *p = skip_blanks(text);
    size_t len = strlen("unlimited");

    return strncmp(p, "unlimited", len) == 0 && *skip_blanks(p + len) == '\0';
}

enum status units_parse_rate(const char *text, uint64_t *bytes_per_s, struct diag *diag)
{
    long double bits;
    enum status st;

    if (is_unlimited(text)) {
        *bytes_per_s = UNITS_UNLIMITED;
        return ST_OK;
    }
    st = read_bits(text, &bits, diag);
    return st == ST_OK ? to_u64(text, bits / BITS_PER_BYTE, bytes_per_s, diag) : st;
}

enum status units_parse_bps(const char *text, uint64_t *bits_per_s, struct diag *diag)
{
    long double bits;
    enum status st;

    if (is_unlimited(text)) {
        *bits_per_s = UNITS_UNLIMITED;
        return ST_OK;
    }
    st = read_bits(text, &bits, diag);
    return st == ST_OK ? to_u64(text, bits, bits_per_s, diag) : st;
}

enum status units_parse_time(const char *text, int64_t *ns, struct diag *diag)
{
    const char *p = text;
    long double sum = 0.0L;

    do {
        long double v, factor;
        char unit[16];
        enum status st = read_quantity(text, &p, &v, unit, diag);

        if (st != ST_OK)
            return st;
        factor = find_unit(time_units, unit);
        if (factor <= 0.0L && (unit[0] || v > 0.0L))
            return bad_unit(text, unit, "write a time as 300ms, 12s, 5min or 2h30min", diag);
        sum += v * factor;
        p = skip_blanks(p);
    } while (*p);
    sum = roundl(sum);
    if (!(sum < TWO_63))
        return diag_set(diag, ST_EINPUT, "'%s' is too large", text);
    *ns = (int64_t)sum;
    return ST_OK;
}

enum status units_parse_ratio(const char *text, double *ratio, struct diag *diag)
{
    double plain;
    long double v;
    char unit[16];
    enum status st;

    /* as numbers are written back, with all digits and an exponent where they are small */
    if (isdigit((unsigned char)*skip_blanks(text)) &&
        units_parse_double(text, &plain, NULL) == ST_OK) {
        *ratio = plain;
        return ST_OK;
    }
    st = read_whole(text, &v, unit, diag);
    if (st != ST_OK)
        return st;
    if (strcmp(unit, "%") == 0)
        v /= 100.0L;
    else if (unit[0])
        return bad_unit(text, unit, "write a ratio as 35% or 0.35", diag);
    *ratio = (double)v;
    return ST_OK;
}

enum status units_parse_double(const char *text, double *value, struct diag *diag)
{
    const char *p = skip_blanks(text);
    size_t len = strspn(p, "0123456789+-.eE");
    char *end = NULL;
    double v;

    if (len == 0 || *skip_blanks(p + len))
        return diag_set(diag, ST_EINPUT, "'%s' is not a number", text);
    v = strtod(p, &end);
    if (end != p + len)
        return diag_set(diag, ST_EINPUT, "'%s' is not a number", text);
    if (!isfinite(v))
        return diag_set(diag, ST_EINPUT, "'%s' is too large", text);
    *value = v;
    return ST_OK;
}

enum status units_parse_u64(const char *text, uint64_t *value, struct diag *diag)
{
    const char *p = skip_blanks(text);
    size_t len = strspn(p, "0123456789");
    unsigned long long v;

    if (*p == '-')
        return diag_set(diag, ST_EINPUT, "'%s' is negative", text);
    if (len == 0 || *skip_blanks(p + len))
        return diag_set(diag, ST_EINPUT, "'%s' is not a whole number", text);
    errno = 0;
    v = strtoull(p, NULL, 10);
    if (errno == ERANGE)
        return diag_set(diag, ST_EINPUT, "'%s' is too large", text);
    *value = v;
    return ST_OK;
}

/* Up to four significant digits without trailing zeros: 1.5, 12.4, 118, 1010. */
static void significant(char *buf, size_t cap, double v)
{
    int decimals = v >= 99.95 ? 0 : v >= 9.995 ? 1 : 2;
    char *point;
    size_t len;

    snprintf(buf, cap, "%.*f", decimals, v);
    point = strchr(buf, '.');
    if (!point)
        return;
    len = strlen(buf);
    while (buf[len - 1] == '0')
        buf[--len] = '\0';
    if (buf[len - 1] == '.')
        buf[--len] = '\0';
}

/* @v in the largest of @units (largest first, @nr of them) that leaves at least 1. */
static char *print_scaled(char buf[UNITS_TEXT], double v, const struct unit *units, size_t nr,
                          const char *suffix)
{
    char number[20];
    size_t i = 0;

    while (i + 1 < nr && v < (double)units[i].factor * 0.9995)
        i++;
    significant(number, sizeof(number), v / (double)units[i].factor);
    snprintf(buf, UNITS_TEXT, "%s %s%s", number, units[i].name, suffix);
    return buf;
}

/* The binary sizes and the byte, for people. */
static const struct unit people_sizes[] = {
    {"TiB", 1099511627776.0L},
    {"GiB", 1073741824.0L},
    {"MiB", 1048576.0L},
    {"KiB", 1024.0L},
    {"B", 1.0L},
};

char *units_size(char buf[UNITS_TEXT], uint64_t bytes)
{
    return print_scaled(buf, (double)bytes, people_sizes, 5, "");
}

char *units_rate(char buf[UNITS_TEXT], uint64_t bytes_per_s)
{
    if (bytes_per_s == UNITS_UNLIMITED) {
        snprintf(buf, UNITS_TEXT, "unlimited");
        return buf;
    }
    return print_scaled(buf, (double)bytes_per_s, people_sizes, 5, "/s");
}

char *units_bps(char buf[UNITS_TEXT], uint64_t bits_per_s)
{
    if (bits_per_s == UNITS_UNLIMITED) {
        snprintf(buf, UNITS_TEXT, "unlimited");
        return buf;
    }
    return print_scaled(buf, (double)bits_per_s, bit_units, 5, "");
}

char *units_time(char buf[UNITS_TEXT], int64_t ns)
{
    const char *sign = ns < 0 ? "-" : "";
    uint64_t v = ns < 0 ? 0 - (uint64_t)ns : (uint64_t)ns;
    uint64_t s = (v + NS_PER_S / 2) / NS_PER_S;
    char text[UNITS_TEXT];

    if (v == 0) {
        snprintf(buf, UNITS_TEXT, "0 s");
    } else if (v < 120ULL * NS_PER_S) {
        print_scaled(text, (double)v, time_units + 3, 4, "");
        snprintf(buf, UNITS_TEXT, "%s%.*s", sign, UNITS_TEXT - 2, text);
    } else if (s < 3600) {
        snprintf(buf, UNITS_TEXT, "%s%" PRIu64 " min %02" PRIu64 " s", sign, s / 60, s % 60);
    } else if (s < 48 * 3600) {
        snprintf(buf, UNITS_TEXT, "%s%" PRIu64 " h %02" PRIu64 " min", sign, s / 3600,
                 s % 3600 / 60);
    } else {
        snprintf(buf, UNITS_TEXT, "%s%" PRIu64 " d %" PRIu64 " h", sign, s / 86400,
                 s % 86400 / 3600);
    }
    return buf;
}

/* Of the units that divide @v, the one with the shortest text: 1200MB, not 1171875KiB. */
static char *print_exact(char buf[UNITS_TEXT], uint64_t v, const struct unit *units,
                         const char *suffix)
{
    size_t best = UNITS_TEXT;
    bool last = false;

    for (; !last; units++) { /* what follows the unit 1 are other spellings */
        uint64_t factor = (uint64_t)units->factor;
        char text[UNITS_TEXT];
        size_t len;

        last = factor == 1;
        if (v % factor != 0 || (v == 0 && factor > 1))
            continue;
        len = (size_t)snprintf(text, sizeof(text), "%" PRIu64 "%s%s", v / factor, units->name,
                               suffix);
        if (len >= best)
            continue;
        best = len;
        memcpy(buf, text, len + 1);
    }
    assert(best < UNITS_TEXT);
    return buf;
}

char *units_size_exact(char buf[UNITS_TEXT], uint64_t bytes)
{
    return print_exact(buf, bytes, size_units, "");
}

char *units_rate_exact(char buf[UNITS_TEXT], uint64_t bytes_per_s)
{
    if (bytes_per_s == UNITS_UNLIMITED) {
        snprintf(buf, UNITS_TEXT, "unlimited");
        return buf;
    }
    return print_exact(buf, bytes_per_s, size_units, "/s");
}

char *units_bps_exact(char buf[UNITS_TEXT], uint64_t bits_per_s)
{
    if (bits_per_s == UNITS_UNLIMITED) {
        snprintf(buf, UNITS_TEXT, "unlimited");
        return buf;
    }
    return print_exact(buf, bits_per_s, bit_units, "");
}

char *units_time_exact(char buf[UNITS_TEXT], int64_t ns)
{
    if (ns < 0) {
        snprintf(buf, UNITS_TEXT, "-%" PRIu64 "ns", 0 - (uint64_t)ns);
        return buf;
    }
    if (ns == 0) {
        snprintf(buf, UNITS_TEXT, "0s");
        return buf;
    }
    return print_exact(buf, (uint64_t)ns, time_units, "");
}
