/*
 * axis.c - from "NAME=VALUES" to the values and the settings that they stand for.
 *
 * Leaves what a value means to its option row.  Invariant: every value of an axis is one that its
 * row takes, and no two are written alike.
 */
#include "answers/sweep/axis.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"
#include "base/units.h"
#include "sim/scenario/presets.h"
#include "sim/scenario/scenario_key.h"

#include "base/banned.h"

enum {
    COUNT_DEFAULT = 8,
    COUNT_EACH = 16, /* whole numbers that are all taken */
    NUMBER_TEXT = 64
};

/* clang-format off */
const struct axis_alias axis_aliases[] = {
    {"bandwidth", "migration.max_bandwidth", "bandwidth limit of a migration"},
    {"downtime_limit", "migration.downtime_limit", "longest pause that is planned for"},
    {"timeout", "migration.completion_timeout", "after which a migration is given up"},
    {"timeout_per_gib", "migration.completion_timeout_per_gib", "the same, by size of the guest"},
    {"auto_converge", "migration.auto_converge", "throttle guests that do not converge"},
    {"postcopy", "migration.postcopy", "allow post-copy"},
    {"multifd", "migration.multifd", "several streams a migration"},
    {"channels", "migration.multifd_channels", "how many"},
    {"parallel", "cluster.max_total", "migrations at once in the cluster"},
    {"outbound", "cluster.max_out", "migrations at once out of a host"},
    {"inbound", "cluster.max_in", "migrations at once into a host"},
    {"per_host", "cluster.max_per_host", "migrations at once of a host, either way"},
    {"attempts", "cluster.max_attempts", "how often a migration is tried"},
    {"link", "link *.rate", "rate of all shared links"},
    {"latency", "link *.latency", "one way, of all shared links"},
    {"nic", "host *.nic", "network cards of all hosts"},
    {"dirty", "workload *.write_rate", "how fast all guests write"},
    {"working_set", "workload *.working_set", "what they write again and again"},
    {"memory", "vm *.memory", "of all guests"},
    {"preset", "scenario.preset", "in place of the file's own; {A,B} for two together"},
    {NULL, NULL, NULL},
};
/* clang-format on */

/* What an axis is read with. */
struct reader {
    struct axis *axis;
    struct arena *arena;
    struct diag *diag;
    bool preset;
    struct scenario_key key;
    size_t cap;
};

static enum status no_memory(struct diag *diag)
{
    return diag_set(diag, ST_ENOMEM, "out of memory");
}

/* ---- names ---- */

static enum status unknown_name(const char *name, struct diag *diag)
{
    struct option_nearest nearest = {.word = name};

    for (const struct axis_alias *a = axis_aliases; a->name; a++)
        option_nearest_offer(&nearest, a->name);
    scenario_key_offer(&nearest);
    diag_set(diag, ST_EUSAGE, "there is no setting '%s'", name);
    if (nearest.best)
        diag_hint(diag, "did you mean '%s'?", nearest.best);
    else
        diag_hint(diag, "write SECTION.KEY, as migration.max_bandwidth or \"link core.rate\"");
    return ST_EUSAGE;
}

/* A short name, the key of a common section, or SECTION.KEY. */
static enum status find_key(struct reader *r, const char *name)
{
    const char *key = name, *section;
    char buf[SCENARIO_KEY_TEXT];

    for (const struct axis_alias *a = axis_aliases; a->name; a++)
        if (strcmp(a->name, name) == 0)
            key = a->key;
    if (!strchr(key, '.')) {
        section = scenario_key_section(key);
        if (!section)
            return unknown_name(name, r->diag);
        snprintf(buf, sizeof(buf), "%s.%s", section, key);
        key = buf;
    }
    if (scenario_key_find(&r->key, key, r->diag) != ST_OK)
        return ST_EUSAGE;
    r->preset = strcmp(r->key.text, "scenario.preset") == 0;
    if (strcmp(r->key.text, "scenario.include") == 0)
        return diag_set(r->diag, ST_EUSAGE, "includes cannot be varied");
    r->axis->key = r->preset ? "preset" : arena_strdup(r->arena, r->key.text);
    return r->axis->key ? ST_OK : no_memory(r->diag);
}

/* ---- values ---- */

static enum status check_presets(const char *text, struct diag *diag)
{
    char name[NUMBER_TEXT];

    for (const char *at = text; *at;) {
        size_t len = strcspn(at, ", ");

        snprintf(name, sizeof(name), "%.*s", (int)len, at);
        if (len && !preset_find(name)) {
            preset_hint(name, diag);
            return diag_set(diag, ST_EUSAGE, "there is no preset '%s'", name);
        }
        at += len + strspn(at + len, ", ");
    }
    return ST_OK;
}

static bool has_value(const struct axis *axis, const char *text)
{
    for (size_t i = 0; i < axis->nr; i++)
        if (strcmp(axis->values[i].text, text) == 0)
            return true;
    return false;
}

static bool grow(struct reader *r)
{
    size_t cap = r->cap ? r->cap * 2 : 16;
    struct axis_value *more;

    if (r->axis->nr < r->cap)
        return true;
    more = arena_array(r->arena, cap, sizeof(*more));
    if (!more)
        return false;
    if (r->axis->nr)
        memcpy(more, r->axis->values, r->axis->nr * sizeof(*more));
    r->axis->values = more;
    r->cap = cap;
    return true;
}

static enum status add(struct reader *r, const char *text)
{
    struct axis_value v = {.number = NAN};
    size_t room = strlen(r->axis->key) + strlen(text) + 2;
    enum status st = r->preset ? check_presets(text, r->diag)
                               : scenario_key_check(&r->key, text, &v.number, r->diag);
    char *setting;

    if (st != ST_OK)
        return st == ST_ENOMEM ? st : ST_EUSAGE;
    if (r->axis->nr >= AXIS_VALUES_MAX)
        return diag_set(r->diag, ST_EUSAGE, "'%s' has more than %d values", r->axis->name,
                        AXIS_VALUES_MAX);
    setting = arena_alloc(r->arena, room);
    v.text = arena_strdup(r->arena, text);
    if (!setting || !v.text || !grow(r))
        return no_memory(r->diag);
    snprintf(setting, room, "%s=%s", r->axis->key, text);
    v.setting = setting;
    r->axis->values[r->axis->nr++] = v;
    return ST_OK;
}

static enum status add_once(struct reader *r, const char *text)
{
    if (!has_value(r->axis, text))
        return add(r, text);
    diag_hint(r->diag, "write each value once");
    return diag_set(r->diag, ST_EUSAGE, "'%s' has the value '%s' twice", r->axis->name, text);
}

/* ---- ranges ---- */

enum spacing {
    SPACE_EACH, /* COUNT_DEFAULT by logarithm, or every whole number where they are few */
    SPACE_LIN,
    SPACE_LOG,
    SPACE_STEP
};

struct range {
    char low[NUMBER_TEXT], high[NUMBER_TEXT], step[NUMBER_TEXT];
    enum spacing spacing;
    uint64_t count; /* 0 = not said */
    double from, to, by;
    double unit;      /* of the lower end, in the row's unit */
    const char *word; /* that unit's word; points into low */
};

static enum status bad_range(struct reader *r, const char *item, const char *what)
{
    diag_hint(r->diag, "write LOW..HIGH, and lin or log with a count or step with a distance: "
                       "1Gb/s..25Gb/s:log:8, 1..8, 100ms..1s:step:100ms");
    return diag_set(r->diag, ST_EUSAGE, "'%s': %s", item, what);
}

/* Cuts "low..high:log:8" into its parts. */
static enum status split_range(struct reader *r, const char *item, struct range *range)
{
    const char *dots = strstr(item, ".."), *colon = strchr(dots, ':');
    size_t high = colon ? (size_t)(colon - dots - 2) : strlen(dots + 2);
    char how[NUMBER_TEXT] = "", *arg;

    *range = (struct range){.spacing = SPACE_EACH};
    if ((size_t)(dots - item) >= NUMBER_TEXT / 2 || high >= NUMBER_TEXT / 2)
        return bad_range(r, item, "an end is too long");
    snprintf(range->low, sizeof(range->low), "%.*s", (int)(dots - item), item);
    snprintf(range->high, sizeof(range->high), "%.*s", (int)high, dots + 2);
    if (!colon)
        return ST_OK;
    snprintf(how, sizeof(how), "%s", colon + 1);
    arg = strchr(how, ':');
    if (arg)
        *arg++ = '\0';
    range->spacing = strcmp(how, "lin") == 0    ? SPACE_LIN
                     : strcmp(how, "log") == 0  ? SPACE_LOG
                     : strcmp(how, "step") == 0 ? SPACE_STEP
                                                : SPACE_EACH;
    if (range->spacing == SPACE_EACH)
        return bad_range(r, item, "neither lin, log nor step");
    if (range->spacing == SPACE_STEP) {
        if (!arg || !*arg)
            return bad_range(r, item, "the distance is missing");
        snprintf(range->step, sizeof(range->step), "%s", arg);
    } else if (arg && (units_parse_u64(arg, &range->count, NULL) != ST_OK || range->count < 2 ||
                       range->count > AXIS_VALUES_MAX)) {
        return bad_range(r, item, "the count must be from 2 to 10000");
    }
    return ST_OK;
}

/* A number without its unit takes that of @like. */
static void complete_unit(char text[NUMBER_TEXT], const char *like)
{
    size_t digits = strspn(text, "0123456789.");

    if (digits > 0 && text[digits] == '\0')
        snprintf(text + digits, NUMBER_TEXT - digits, "%s", like + strspn(like, "0123456789."));
}

/* The ends as numbers, and the unit that points in between are written in. */
static enum status read_ends(struct reader *r, const char *item, struct range *range)
{
    char digits[NUMBER_TEXT];
    double number;

    complete_unit(range->low, range->high);
    complete_unit(range->step, range->low);
    range->word = range->low + strspn(range->low, "0123456789.");
    snprintf(digits, sizeof(digits), "%.*s", (int)(range->word - range->low), range->low);
    if (scenario_key_check(&r->key, range->low, &range->from, r->diag) != ST_OK ||
        scenario_key_check(&r->key, range->high, &range->to, r->diag) != ST_OK)
        return ST_EUSAGE;
    if (isnan(range->from) || units_parse_double(digits, &number, NULL) != ST_OK)
        return bad_range(r, item, "a range needs numbers");
    if (!(range->from < range->to))
        return bad_range(r, item, "the lower end is not below the higher one");
    /* with 0 below, the unit shows in the other end, which must have the same */
    if (number > 0.0) {
        range->unit = range->from / number;
    } else {
        const char *high = range->high + strspn(range->high, "0123456789.");

        snprintf(digits, sizeof(digits), "%.*s", (int)(high - range->high), range->high);
        if (units_parse_double(digits, &number, NULL) != ST_OK || number <= 0.0)
            return bad_range(r, item, "a range needs numbers");
        range->unit = range->to / number;
        range->word = high;
    }
    return ST_OK;
}

static bool is_whole(const struct reader *r, const struct range *range)
{
    enum option_type type = r->key.opt->type;

    return type == OPT_U32 || type == OPT_U64 || type == OPT_PCT ||
           (!*range->word && range->from == floor(range->from) && range->to == floor(range->to));
}

/* How many points, and how they are spread, where the item does not say it. */
static enum status complete_spacing(struct reader *r, const char *item, struct range *range)
{
    bool whole = is_whole(r, range) && !*range->word;

    if (range->spacing == SPACE_EACH && whole && range->to - range->from < COUNT_EACH) {
        range->spacing = SPACE_LIN;
        range->count = (uint64_t)(range->to - range->from) + 1;
    } else if (range->spacing == SPACE_EACH) {
        range->spacing = range->from > 0.0 ? SPACE_LOG : SPACE_LIN;
    }
    if (range->count == 0)
        range->count = COUNT_DEFAULT;
    if (range->spacing == SPACE_LOG && range->from <= 0.0)
        return bad_range(r, item, "a range by logarithm cannot begin with 0");
    if (range->spacing != SPACE_STEP)
        return ST_OK;
    if (scenario_key_check(&r->key, range->step, &range->by, NULL) != ST_OK || !(range->by > 0.0))
        return bad_range(r, item, "the distance is no such number");
    if ((range->to - range->from) / range->by >= AXIS_VALUES_MAX)
        return bad_range(r, item, "more than 10000 values");
    range->count = (uint64_t)floor((range->to - range->from) / range->by * (1.0 + 1e-12)) + 1;
    return ST_OK;
}

static double point_at(const struct range *range, uint64_t i)
{
    double share = range->count > 1 ? (double)i / (double)(range->count - 1) : 0.0;

    switch (range->spacing) {
    case SPACE_STEP:
        return range->from + (double)i * range->by;
    case SPACE_LOG:
        return range->from * pow(range->to / range->from, share);
    default:
        return range->from + (range->to - range->from) * share;
    }
}

/* @value, in the row's unit, as a person would write it: in the range's unit, with @digits. */
static void write_point(const struct reader *r, const struct range *range, double value, int digits,
                        char text[NUMBER_TEXT])
{
    double v = value / range->unit, scale;

    if (r->key.opt->flags & OPT_POW2) {
        v = exp2(round(log2(value))) / range->unit;
    } else if (is_whole(r, range)) {
        v = round(v);
    } else if (range->spacing != SPACE_STEP && v > 0.0) {
        scale = pow(10.0, digits - 1 - floor(log10(v)));
        v = round(v * scale) / scale;
    }
    snprintf(text, NUMBER_TEXT, "%.12g%s", v, range->word);
    if (strpbrk(text, "eE") && v >= 1.0)
        snprintf(text, NUMBER_TEXT, "%.0f%s", v, range->word);
}

/* False where two neighbours would be written alike, though the row could tell them apart. */
static bool distinct(const struct reader *r, const struct range *range, int digits)
{
    char last[NUMBER_TEXT] = "", text[NUMBER_TEXT];

    if (is_whole(r, range) || (r->key.opt->flags & OPT_POW2))
        return true;
    for (uint64_t i = 0; i < range->count; i++) {
        write_point(r, range, point_at(range, i), digits, text);
        if (strcmp(last, text) == 0)
            return false;
        memcpy(last, text, sizeof(last));
    }
    return true;
}

static enum status add_range(struct reader *r, const char *item)
{
    struct range range;
    enum status st = split_range(r, item, &range);
    char text[NUMBER_TEXT];
    int digits = 3;

    if (st == ST_OK && r->preset)
        st = bad_range(r, item, "a range needs numbers");
    if (st == ST_OK)
        st = read_ends(r, item, &range);
    if (st == ST_OK)
        st = complete_spacing(r, item, &range);
    if (st != ST_OK)
        return st;
    while (digits < 12 && !distinct(r, &range, digits))
        digits++;
    for (uint64_t i = 0; i < range.count && st == ST_OK; i++) {
        bool last = i + 1 == range.count && range.spacing != SPACE_STEP;

        if (i == 0)
            snprintf(text, sizeof(text), "%s", range.low);
        else if (last)
            snprintf(text, sizeof(text), "%s", range.high);
        else
            write_point(r, &range, point_at(&range, i), digits, text);
        if (!has_value(r->axis, text)) /* whole numbers may round to a neighbour */
            st = add(r, text);
    }
    return st;
}

/* ---- items ---- */

/* The bytes up to the comma that ends the item: one outside of () and {}. */
static size_t item_length(const char *text)
{
    size_t at = 0, depth = 0;

    for (; text[at]; at++) {
        if (text[at] == '(' || text[at] == '{')
            depth++;
        else if ((text[at] == ')' || text[at] == '}') && depth > 0)
            depth--;
        else if (text[at] == ',' && depth == 0)
            break;
    }
    return at;
}

static enum status add_item(struct reader *r, const char *text, size_t len)
{
    char *item = arena_strndup(r->arena, text, len);

    if (!item)
        return no_memory(r->diag);
    if (len >= 2 && item[0] == '{' && item[len - 1] == '}') {
        item[len - 1] = '\0';
        return add_once(r, item + 1);
    }
    if (len == 0) {
        diag_hint(r->diag, "write %s=VALUE,VALUE, or {} for an empty value", r->axis->name);
        return diag_set(r->diag, ST_EUSAGE, "'%s' has an empty value", r->axis->name);
    }
    if (strstr(item, ".."))
        return add_range(r, item);
    return add_once(r, item);
}

enum status axis_parse(struct axis *axis, struct arena *arena, const char *text, struct diag *diag)
{
    struct reader r = {.axis = axis, .arena = arena, .diag = diag};
    const char *equals = strchr(text, '=');
    enum status st;

    *axis = (struct axis){0};
    if (!equals || equals == text) {
        diag_hint(diag, "write NAME=VALUES, as bandwidth=1Gb/s..25Gb/s:log:8 or parallel=1,2,4");
        return diag_set(diag, ST_EUSAGE, "'%s' is no setting with values", text);
    }
    axis->name = arena_strndup(arena, text, (size_t)(equals - text));
    if (!axis->name)
        return no_memory(diag);
    st = find_key(&r, axis->name);
    for (const char *at = equals + 1; st == ST_OK;) {
        size_t len = item_length(at);

        st = add_item(&r, at, len);
        at += len;
        if (*at == '\0')
            break;
        at++;
    }
    if (st != ST_OK && diag && !diag->key[0])
        snprintf(diag->key, sizeof(diag->key), "%s", axis->name);
    return st;
}
