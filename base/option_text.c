/*
 * option_text.c - what help and hints say about a row, and how near two words are.
 *
 * The counterpart of option.c for people; stores nothing.
 */
#include <assert.h>
#include <ctype.h>
#include <math.h>
#include <string.h>

#include "base/option.h"
#include "base/units.h"

#include "base/banned.h"

enum {
    WORD_MAX = 64 /* longer words are not compared: nobody misspells those into an option */
};

static const char *const type_names[OPT_TYPE_NR] = {
    [OPT_SIZE] = "size",
    [OPT_RATE] = "rate",
    [OPT_BPS] = "rate",
    [OPT_TIME_NS] = "time",
    [OPT_TIME_DOUBLE] = "time",
    [OPT_RATIO] = "ratio",
    [OPT_PCT] = "percent",
    [OPT_BOOL] = "on | off",
    [OPT_U32] = "number",
    [OPT_U64] = "number",
    [OPT_DOUBLE] = "number",
    [OPT_STRING] = "text",
    [OPT_LIST] = "list",
    [OPT_UNCERTAIN_SIZE] = "size, interval or distribution",
    [OPT_UNCERTAIN_RATE] = "rate, interval or distribution",
    [OPT_UNCERTAIN_BPS] = "rate, interval or distribution",
};

void option_describe_type(const struct option *opt, struct strbuf *out)
{
    if (opt->type != OPT_ENUM) {
        strbuf_addstr(out, type_names[opt->type]);
        return;
    }
    for (size_t i = 0; opt->words[i]; i++) {
        strbuf_addstr(out, i ? " | " : "");
        strbuf_addstr(out, opt->words[i]);
    }
}

/* One end of a range, in the row's unit. */
static void add_bound(enum option_type type, double v, struct strbuf *out)
{
    char text[UNITS_TEXT];

    switch (type) {
    case OPT_SIZE:
    case OPT_UNCERTAIN_SIZE:
        strbuf_addstr(out, units_size_exact(text, uncertain_u64(v)));
        break;
    case OPT_RATE:
    case OPT_UNCERTAIN_RATE:
        strbuf_addstr(out, units_rate_exact(text, uncertain_u64(v)));
        break;
    case OPT_BPS:
    case OPT_UNCERTAIN_BPS:
        strbuf_addstr(out, units_bps_exact(text, uncertain_u64(v)));
        break;
    case OPT_TIME_NS:
    case OPT_TIME_DOUBLE:
        strbuf_addstr(out, units_time_exact(text, (int64_t)v));
        break;
    case OPT_PCT:
        strbuf_addf(out, "%.0f%%", v);
        break;
    default:
        strbuf_addf(out, "%.12g", v);
        break;
    }
}

void option_describe_range(const struct option *opt, struct strbuf *out)
{
    /* all that 64 bits hold is no range to speak of */
    bool all = opt->type == OPT_U64 && opt->max >= 18446744073709551615.0;

    if (opt->max > opt->min && !all && opt->type != OPT_ENUM && opt->type != OPT_BOOL) {
        add_bound(opt->type, opt->min, out);
        strbuf_addstr(out, " to ");
        add_bound(opt->type, opt->max, out);
        if (opt->flags & OPT_POW2)
            strbuf_addstr(out, ", a power of two");
    }
    if (opt->word) {
        strbuf_addstr(out, opt->max > opt->min ? ", or " : "");
        strbuf_addstr(out, opt->word);
    }
}

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;

    return m < c ? m : c;
}

/* Optimal string alignment: insert, delete, replace, swap neighbours; three rows of the table. */
size_t option_distance(const char *a, const char *b)
{
    size_t la = strlen(a), lb = strlen(b);
    size_t rows[3][WORD_MAX + 1];
    size_t *before = rows[0], *prev = rows[1], *cur = rows[2];

    if (la > WORD_MAX || lb > WORD_MAX)
        return la > lb ? la : lb;
    for (size_t j = 0; j <= lb; j++)
        prev[j] = j;
    for (size_t i = 1; i <= la; i++) {
        size_t *swap = before;

        cur[0] = i;
        for (size_t j = 1; j <= lb; j++) {
            int ca = tolower((unsigned char)a[i - 1]), cb = tolower((unsigned char)b[j - 1]);

            cur[j] = min3(prev[j] + 1, cur[j - 1] + 1, prev[j - 1] + (ca != cb));
            if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) &&
                cb == tolower((unsigned char)a[i - 2]) && before[j - 2] + 1 < cur[j])
                cur[j] = before[j - 2] + 1;
        }
        before = prev;
        prev = cur;
        cur = swap;
    }
    return prev[lb];
}

void option_nearest_offer(struct option_nearest *nearest, const char *name)
{
    size_t len = strlen(nearest->word);
    size_t limit = len <= 3 ? 1 : len <= 8 ? 2 : len / 3;
    size_t d = option_distance(nearest->word, name);

    if (d <= limit && d < strlen(name) && (!nearest->best || d < nearest->distance)) {
        nearest->best = name;
        nearest->distance = d;
    }
}
