/*
 * option_print.c - values as text that parses back to the same bits.
 *
 * The way back of option.c.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/option_int.h"
#include "base/units.h"

#include "base/banned.h"

bool option_is_uncertain(enum option_type type)
{
    return type == OPT_UNCERTAIN_SIZE || type == OPT_UNCERTAIN_RATE || type == OPT_UNCERTAIN_BPS;
}

enum option_type option_plain_type(enum option_type type)
{
    switch (type) {
    case OPT_UNCERTAIN_SIZE:
        return OPT_SIZE;
    case OPT_UNCERTAIN_RATE:
        return OPT_RATE;
    case OPT_UNCERTAIN_BPS:
        return OPT_BPS;
    default:
        return type;
    }
}

union option_value option_word_value(const struct option *opt)
{
    union option_value v = {0};

    if (option_is_uncertain(opt->type))
        v.unc = (struct uncertain){.kind = UNCERTAIN_FIXED, .a = opt->word_value};
    else if (opt->type == OPT_TIME_NS || opt->type == OPT_TIME_DOUBLE)
        v.i64 = (int64_t)opt->word_value;
    else if (opt->type == OPT_RATIO || opt->type == OPT_DOUBLE)
        v.d = opt->word_value;
    else
        v.u64 = uncertain_u64(opt->word_value);
    return v;
}

static void print_double(double v, struct strbuf *out)
{
    char text[40];

    /* the shortest form that reads back to the same bits; %g drops zeros at the end by itself, and
     * with fewer digits would write 10 as 1e+01 */
    for (int digits = 15; digits <= 17; digits++) {
        double back;

        snprintf(text, sizeof(text), "%.*g", digits, v);
        if (units_parse_double(text, &back, NULL) == ST_OK && back >= v && back <= v)
            break;
    }
    strbuf_addstr(out, text);
}

static void print_plain(enum option_type type, uint64_t v, struct strbuf *out)
{
    char text[UNITS_TEXT];

    if (type == OPT_SIZE)
        strbuf_addstr(out, units_size_exact(text, v));
    else if (type == OPT_RATE)
        strbuf_addstr(out, units_rate_exact(text, v));
    else
        strbuf_addstr(out, units_bps_exact(text, v));
}

static void print_uncertain(enum option_type type, const struct uncertain *unc, struct strbuf *out)
{
    if (unc->kind == UNCERTAIN_NORMAL)
        strbuf_addstr(out, "normal(");
    if (unc->kind == UNCERTAIN_LOGNORMAL)
        strbuf_addstr(out, "lognormal(");
    print_plain(option_plain_type(type), uncertain_u64(unc->a), out);
    if (unc->kind == UNCERTAIN_FIXED)
        return;
    strbuf_addstr(out, unc->kind == UNCERTAIN_UNIFORM ? ".." : ", ");
    if (unc->kind == UNCERTAIN_LOGNORMAL)
        print_double(unc->b, out);
    else
        print_plain(option_plain_type(type), uncertain_u64(unc->b), out);
    if (unc->kind != UNCERTAIN_UNIFORM)
        strbuf_addch(out, ')');
}

/* Loads what store() stored. */
static union option_value load(enum option_type type, const void *field)
{
    union option_value v = {0};
    uint32_t u32;

    if (type == OPT_PCT || type == OPT_U32 || type == OPT_ENUM) {
        memcpy(&u32, field, sizeof(u32));
        v.u64 = u32;
    } else if (type == OPT_BOOL) {
        memcpy(&v.b, field, sizeof(v.b));
    } else if (type == OPT_TIME_DOUBLE) {
        double d;

        memcpy(&d, field, sizeof(d));
        v.i64 = (int64_t)llround(d);
    } else if (option_is_uncertain(type)) {
        memcpy(&v.unc, field, sizeof(v.unc));
    } else {
        memcpy(&v.u64, field, sizeof(v.u64));
    }
    return v;
}

static bool is_word(const struct option *opt, const union option_value *v)
{
    union option_value w;

    if (!opt->word)
        return false;
    w = option_word_value(opt);
    if (option_is_uncertain(opt->type))
        return v->unc.kind == UNCERTAIN_FIXED && v->unc.a >= w.unc.a && v->unc.a <= w.unc.a;
    return v->u64 == w.u64;
}

static void print_list(const void *field, struct strbuf *out)
{
    struct option_list list;

    memcpy(&list, field, sizeof(list));
    for (uint32_t i = 0; i < list.nr; i++) {
        strbuf_addstr(out, i ? ", " : "");
        strbuf_addstr(out, list.items[i]);
    }
}

static void print_string(const void *field, struct strbuf *out)
{
    const char *text;

    memcpy(&text, field, sizeof(text));
    strbuf_addstr(out, text ? text : "");
}

void option_print(const struct option *opt, const void *obj, struct strbuf *out)
{
    const unsigned char *field = (const unsigned char *)obj + opt->offset;
    char text[UNITS_TEXT];
    union option_value v;

    if (opt->type == OPT_STRING) {
        print_string(field, out);
        return;
    }
    if (opt->type == OPT_LIST) {
        print_list(field, out);
        return;
    }
    v = load(opt->type, field);
    if (is_word(opt, &v))
        strbuf_addstr(out, opt->word);
    else if (opt->type == OPT_BOOL)
        strbuf_addstr(out, v.b ? "on" : "off");
    else if (opt->type == OPT_ENUM)
        strbuf_addstr(out, opt->words[v.u64]);
    else if (opt->type == OPT_PCT)
        strbuf_addf(out, "%" PRIu64 "%%", v.u64);
    else if (opt->type == OPT_U32 || opt->type == OPT_U64)
        strbuf_addf(out, "%" PRIu64, v.u64);
    else if (opt->type == OPT_TIME_NS || opt->type == OPT_TIME_DOUBLE)
        strbuf_addstr(out, units_time_exact(text, v.i64));
    else if (opt->type == OPT_RATIO || opt->type == OPT_DOUBLE)
        print_double(v.d, out);
    else if (option_is_uncertain(opt->type))
        print_uncertain(opt->type, &v.unc, out);
    else
        print_plain(opt->type, v.u64, out);
}

static void digest_text(const char *text, void (*add)(void *user, const void *data, size_t len),
                        void *user)
{
    uint64_t len = text ? strlen(text) : 0;

    add(user, &len, sizeof(len));
    add(user, text ? text : "", len);
}

void option_digest(const struct option *opt, const void *obj,
                   void (*add)(void *user, const void *data, size_t len), void *user)
{
    const unsigned char *field = (const unsigned char *)obj + opt->offset;
    union option_value v = {0};
    struct option_list list;
    const char *text;

    if (opt->type == OPT_STRING) {
        memcpy(&text, field, sizeof(text));
        digest_text(text, add, user);
    } else if (opt->type == OPT_LIST) {
        memcpy(&list, field, sizeof(list));
        add(user, &list.nr, sizeof(list.nr));
        for (uint32_t i = 0; i < list.nr; i++)
            digest_text(list.items[i], add, user);
    } else if (option_is_uncertain(opt->type)) {
        double parts[3];

        v = load(opt->type, field);
        parts[0] = (double)v.unc.kind;
        parts[1] = v.unc.a;
        parts[2] = v.unc.b;
        add(user, parts, sizeof(parts));
    } else {
        v = load(opt->type, field);
        if (opt->type == OPT_BOOL)
            v = (union option_value){.u64 = v.b};
        add(user, &v.u64, sizeof(v.u64));
    }
}
