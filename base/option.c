/*
 * option.c - reads, checks and prints values by their option row.
 *
 * Leaves files, sections and origins to its callers.  Invariant: a value is stored only after its
 * type and range have been checked, so applying it cannot fail halfway.
 */
#include "base/option.h"

#include <assert.h>
#include <string.h>

#include "base/option_int.h"
#include "base/units.h"

#include "base/banned.h"

/* Enums are stored and loaded as unsigned int. */
enum enum_probe {
    ENUM_PROBE
};
static_assert(sizeof(enum enum_probe) == sizeof(unsigned), "enums are as wide as unsigned");

const struct option *option_find(const struct option_table *table, const char *name)
{
    for (size_t i = 0; i < table->nr; i++) {
        const struct option *o = &table->rows[i];

        if (strcmp(o->name, name) == 0 || (o->alias && strcmp(o->alias, name) == 0))
            return o;
    }
    return NULL;
}

static bool same_word(const char *text, const char *word)
{
    return word && strcmp(text, word) == 0;
}

/* ---- parsing ---- */

static enum status out_of_range(const struct option *opt, const char *text, struct diag *diag)
{
    struct strbuf range = STRBUF_INIT;

    diag_set(diag, ST_EINPUT, "'%s' is out of range", text);
    option_describe_range(opt, &range);
    diag_hint(diag, "allowed: %s", strbuf_text(&range));
    strbuf_release(&range);
    return ST_EINPUT;
}

static enum status check_range(const struct option *opt, const char *text, double v,
                               struct diag *diag)
{
    if (!(v >= opt->min && v <= opt->max))
        return out_of_range(opt, text, diag);
    return ST_OK;
}

static enum status parse_bool(const char *text, bool *b, struct diag *diag)
{
    static const char *const on[] = {"on", "yes", "true"};
    static const char *const off[] = {"off", "no", "false"};

    for (size_t i = 0; i < 3; i++) {
        if (strcmp(text, on[i]) == 0 || strcmp(text, off[i]) == 0) {
            *b = strcmp(text, on[i]) == 0;
            return ST_OK;
        }
    }
    diag_set(diag, ST_EINPUT, "'%s' is neither on nor off", text);
    diag_hint(diag, "write on or off");
    return ST_EINPUT;
}

static enum status parse_enum(const struct option *opt, const char *text, uint64_t *value,
                              struct diag *diag)
{
    struct option_nearest nearest = {.word = text};
    struct strbuf all = STRBUF_INIT;

    for (size_t i = 0; opt->words[i]; i++) {
        if (strcmp(opt->words[i], text) == 0) {
            *value = i;
            return ST_OK;
        }
        option_nearest_offer(&nearest, opt->words[i]);
    }
    diag_set(diag, ST_EINPUT, "'%s' is not one of the known words", text);
    option_describe_type(opt, &all);
    if (nearest.best)
        diag_hint(diag, "did you mean '%s'? (%s)", nearest.best, strbuf_text(&all));
    else
        diag_hint(diag, "write one of: %s", strbuf_text(&all));
    strbuf_release(&all);
    return ST_EINPUT;
}

static enum status parse_pct(const char *text, uint64_t *value, struct diag *diag)
{
    char number[32];
    size_t len = strlen(text);
    enum status st;

    if (len > 0 && text[len - 1] == '%')
        len--;
    if (len >= sizeof(number))
        return diag_set(diag, ST_EINPUT, "'%s' is not a whole number of percent", text);
    memcpy(number, text, len);
    number[len] = '\0';
    st = units_parse_u64(number, value, diag);
    if (st != ST_OK)
        diag_hint(diag, "write whole percent, as 20%%");
    return st;
}

/* One number by its plain type; range checked by the caller through *as_double. */
static enum status parse_number(enum option_type type, const char *text, union option_value *v,
                                double *as_double, struct diag *diag)
{
    enum status st;

    switch (type) {
    case OPT_SIZE:
        st = units_parse_size(text, &v->u64, diag);
        break;
    case OPT_RATE:
        st = units_parse_rate(text, &v->u64, diag);
        break;
    case OPT_BPS:
        st = units_parse_bps(text, &v->u64, diag);
        break;
    case OPT_PCT:
        st = parse_pct(text, &v->u64, diag);
        break;
    case OPT_U32:
    case OPT_U64:
        st = units_parse_u64(text, &v->u64, diag);
        break;
    case OPT_TIME_NS:
    case OPT_TIME_DOUBLE:
        st = units_parse_time(text, &v->i64, diag);
        *as_double = st == ST_OK ? (double)v->i64 : 0.0;
        return st;
    case OPT_RATIO:
        st = units_parse_ratio(text, &v->d, diag);
        *as_double = st == ST_OK ? v->d : 0.0;
        return st;
    default:
        assert(type == OPT_DOUBLE);
        st = units_parse_double(text, &v->d, diag);
        *as_double = st == ST_OK ? v->d : 0.0;
        return st;
    }
    *as_double = st == ST_OK ? (double)v->u64 : 0.0;
    return st;
}

/* A number with its word and range; "unlimited" is left to the word, whatever the units would say.
 */
static enum status parse_checked(const struct option *opt, enum option_type type, const char *text,
                                 union option_value *v, struct diag *diag)
{
    double d = 0.0;
    enum status st = parse_number(type, text, v, &d, diag);

    if (st == ST_OK)
        st = check_range(opt, text, d, diag);
    if (st == ST_OK && (opt->flags & OPT_POW2) && (v->u64 & (v->u64 - 1))) {
        st = diag_set(diag, ST_EINPUT, "'%s' is not a power of two", text);
        diag_hint(diag, "take the next one up or down");
    }
    return st;
}

/* Copies the text between @from and @to without blanks around; false when it does not fit. */
static bool copy_trimmed(char *buf, size_t cap, const char *from, const char *to)
{
    while (from < to && (*from == ' ' || *from == '\t'))
        from++;
    while (to > from && (to[-1] == ' ' || to[-1] == '\t'))
        to--;
    if ((size_t)(to - from) >= cap)
        return false;
    memcpy(buf, from, (size_t)(to - from));
    buf[to - from] = '\0';
    return true;
}

enum {
    PART = 64 /* the longest number in an interval */
};

static enum status bad_uncertain(const char *text, const char *what, struct diag *diag)
{
    diag_set(diag, ST_EINPUT, "'%s': %s", text, what);
    diag_hint(diag, "write A, A..B, normal(MEAN, SD) or lognormal(MEDIAN, FACTOR)");
    return ST_EINPUT;
}

/* The two arguments of NAME(A, B). */
static bool split_call(const char *text, const char *name, char first[PART], char second[PART])
{
    size_t len = strlen(name), all = strlen(text);
    const char *comma = strchr(text, ',');

    if (strncmp(text, name, len) != 0 || text[len] != '(' || text[all - 1] != ')' || !comma)
        return false;
    return copy_trimmed(first, PART, text + len + 1, comma) &&
           copy_trimmed(second, PART, comma + 1, text + all - 1);
}

static enum status parse_distribution(const struct option *opt, const char *text,
                                      struct uncertain *unc, struct diag *diag)
{
    enum option_type type = option_plain_type(opt->type);
    char first[PART], second[PART];
    union option_value v;
    enum status st;

    if (split_call(text, "normal", first, second)) {
        double sd;

        st = parse_checked(opt, type, first, &v, diag);
        unc->kind = UNCERTAIN_NORMAL;
        unc->a = st == ST_OK ? (double)v.u64 : 0.0;
        if (st == ST_OK)
            st = parse_number(type, second, &v, &sd, diag);
        unc->b = st == ST_OK ? (double)v.u64 : 0.0;
        if (st == ST_OK && unc->b > opt->max)
            return bad_uncertain(text, "the deviation is out of range", diag);
        return st;
    }
    if (split_call(text, "lognormal", first, second)) {
        st = parse_checked(opt, type, first, &v, diag);
        unc->kind = UNCERTAIN_LOGNORMAL;
        unc->a = st == ST_OK ? (double)v.u64 : 0.0;
        if (st == ST_OK)
            st = units_parse_double(second, &unc->b, diag);
        if (st == ST_OK && !(unc->b >= 1.0 && unc->b <= 1000.0))
            return bad_uncertain(text, "the factor must be 1 to 1000", diag);
        return st;
    }
    return bad_uncertain(text, "not a known distribution", diag);
}

static enum status parse_uncertain(const struct option *opt, const char *text,
                                   struct uncertain *unc, struct diag *diag)
{
    enum option_type type = option_plain_type(opt->type);
    const char *dots = strstr(text, "..");
    char first[PART], second[PART];
    union option_value v;
    enum status st;

    if (strchr(text, '('))
        return parse_distribution(opt, text, unc, diag);
    if (!dots) {
        st = parse_checked(opt, type, text, &v, diag);
        if (st == ST_OK)
            *unc = (struct uncertain){.kind = UNCERTAIN_FIXED, .a = (double)v.u64};
        return st;
    }
    if (!copy_trimmed(first, PART, text, dots) ||
        !copy_trimmed(second, PART, dots + 2, text + strlen(text)))
        return bad_uncertain(text, "too long", diag);
    unc->kind = UNCERTAIN_UNIFORM;
    st = parse_checked(opt, type, first, &v, diag);
    unc->a = st == ST_OK ? (double)v.u64 : 0.0;
    if (st == ST_OK)
        st = parse_checked(opt, type, second, &v, diag);
    unc->b = st == ST_OK ? (double)v.u64 : 0.0;
    if (st == ST_OK && unc->a > unc->b)
        return bad_uncertain(text, "the low end is above the high end", diag);
    return st;
}

/* ---- text and lists ---- */

static enum status store_list(const char *text, void *field, struct arena *arena, struct diag *diag)
{
    struct option_list list = {0};
    const char **items;
    size_t nr = 1;

    for (const char *p = text; *p; p++)
        nr += *p == ',';
    items = arena_array(arena, nr, sizeof(*items));
    if (!items)
        return diag_set(diag, ST_ENOMEM, "memory for this scenario ran out");
    for (const char *p = text; p && *text;) {
        const char *comma = strchr(p, ',');
        const char *end = comma ? comma : p + strlen(p);
        char *item;

        p += strspn(p, " \t");
        while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
            end--;
        if (end <= p)
            return diag_set(diag, ST_EINPUT, "an empty word between commas");
        item = arena_strndup(arena, p, (size_t)(end - p));
        if (!item)
            return diag_set(diag, ST_ENOMEM, "memory for this scenario ran out");
        items[list.nr++] = item;
        p = comma ? comma + 1 : NULL;
    }
    list.items = items;
    memcpy(field, &list, sizeof(list));
    return ST_OK;
}

static enum status store_string(const char *text, void *field, struct arena *arena,
                                struct diag *diag)
{
    const char *copy = arena_strdup(arena, text);

    if (!copy)
        return diag_set(diag, ST_ENOMEM, "memory for this scenario ran out");
    memcpy(field, &copy, sizeof(copy));
    return ST_OK;
}

/* ---- storing ---- */

static void store(enum option_type type, const union option_value *v, void *field)
{
    uint32_t u32 = (uint32_t)v->u64;
    double d = (double)v->i64;

    switch (type) {
    case OPT_SIZE:
    case OPT_RATE:
    case OPT_BPS:
    case OPT_U64:
        memcpy(field, &v->u64, sizeof(v->u64));
        break;
    case OPT_TIME_NS:
        memcpy(field, &v->i64, sizeof(v->i64));
        break;
    case OPT_TIME_DOUBLE:
        memcpy(field, &d, sizeof(d));
        break;
    case OPT_RATIO:
    case OPT_DOUBLE:
        memcpy(field, &v->d, sizeof(v->d));
        break;
    case OPT_PCT:
    case OPT_U32:
    case OPT_ENUM:
        memcpy(field, &u32, sizeof(u32));
        break;
    case OPT_BOOL:
        memcpy(field, &v->b, sizeof(v->b));
        break;
    default:
        assert(option_is_uncertain(type));
        memcpy(field, &v->unc, sizeof(v->unc));
        break;
    }
}

enum status option_parse(const struct option *opt, const char *text, void *obj, struct arena *arena,
                         struct diag *diag)
{
    unsigned char *field = (unsigned char *)obj + opt->offset;
    union option_value v = {0};
    enum status st;

    if (opt->type == OPT_STRING)
        return store_string(text, field, arena, diag);
    if (opt->type == OPT_LIST)
        return store_list(text, field, arena, diag);
    if (text[0] == '\0')
        return diag_set(diag, ST_EINPUT, "the value is missing");
    if (same_word(text, opt->word)) {
        v = option_word_value(opt);
        st = ST_OK;
    } else if (opt->type == OPT_BOOL) {
        st = parse_bool(text, &v.b, diag);
    } else if (opt->type == OPT_ENUM) {
        st = parse_enum(opt, text, &v.u64, diag);
    } else if (option_is_uncertain(opt->type)) {
        struct uncertain unc = {0};

        st = parse_uncertain(opt, text, &unc, diag);
        v.unc = unc;
    } else {
        st = parse_checked(opt, opt->type, text, &v, diag);
    }
    if (st == ST_OK)
        store(opt->type, &v, field);
    return st;
}

enum status option_defaults(const struct option_table *table, void *obj, struct arena *arena)
{
    if (table->init)
        table->init(obj);
    for (size_t i = 0; i < table->nr; i++) {
        const struct option *opt = &table->rows[i];
        struct diag diag = {0};
        enum status st;

        if (!opt->def)
            continue;
        st = option_parse(opt, opt->def, obj, arena, &diag);
        assert(st == ST_OK || st == ST_ENOMEM);
        if (st != ST_OK)
            return st;
    }
    return ST_OK;
}
