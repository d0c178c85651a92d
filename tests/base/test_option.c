/*
 * test_option.c - every type: read, checked, printed, and back.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/option.h"
#include "base/units.h"

enum colour {
    RED,
    GREEN
};

struct thing {
    uint64_t size, rate, bps, u64;
    int64_t time;
    double time_double, ratio, number;
    uint32_t pct, u32;
    bool flag;
    enum colour colour;
    const char *text;
    struct option_list list;
    struct uncertain unc_size, unc_rate, unc_bps;
};

#define AT(field) offsetof(struct thing, field)

static const char *const colours[] = {"red", "green", NULL};

/* clang-format off */
static const struct option rows[] = {
    {.name = "size", .type = OPT_SIZE, .offset = AT(size), .def = "4KiB", .min = 1.0, .max = 1e15, .word = "all", .word_value = 2e19},
    {.name = "rate", .alias = "speed", .type = OPT_RATE, .offset = AT(rate), .def = "1MB/s", .min = 1.0, .max = 1e13, .word = "unlimited", .word_value = 2e19},
    {.name = "bps", .type = OPT_BPS, .offset = AT(bps), .def = "1Gb/s", .min = 1.0, .max = 1e13},
    {.name = "u64", .type = OPT_U64, .flags = OPT_POW2, .offset = AT(u64), .def = "4096", .min = 0.0, .max = 1e18},
    {.name = "time", .type = OPT_TIME_NS, .offset = AT(time), .def = "5s", .min = 0.0, .max = 1e12, .word = "never", .word_value = -1.0},
    {.name = "time_double", .type = OPT_TIME_DOUBLE, .offset = AT(time_double), .def = "5us", .min = 0.0, .max = 1e12},
    {.name = "ratio", .type = OPT_RATIO, .offset = AT(ratio), .def = "50%", .min = 0.0, .max = 1.0},
    {.name = "number", .type = OPT_DOUBLE, .offset = AT(number), .def = "1.5", .min = -10.0, .max = 10.0},
    {.name = "pct", .type = OPT_PCT, .offset = AT(pct), .def = "20%", .min = 1.0, .max = 99.0},
    {.name = "u32", .type = OPT_U32, .offset = AT(u32), .def = "2", .min = 1.0, .max = 255.0},
    {.name = "flag", .type = OPT_BOOL, .offset = AT(flag), .def = "on"},
    {.name = "colour", .type = OPT_ENUM, .offset = AT(colour), .def = "green", .words = colours},
    {.name = "text", .type = OPT_STRING, .offset = AT(text), .def = "some text"},
    {.name = "list", .type = OPT_LIST, .offset = AT(list), .def = "a, b,c"},
    {.name = "unc_size", .type = OPT_UNCERTAIN_SIZE, .offset = AT(unc_size), .def = "1GiB..2GiB", .min = 0.0, .max = 1e15},
    {.name = "unc_rate", .type = OPT_UNCERTAIN_RATE, .offset = AT(unc_rate), .def = "normal(200MB/s, 20MB/s)", .min = 0.0, .max = 1e13, .word = "unlimited", .word_value = 2e19},
    {.name = "unc_bps", .type = OPT_UNCERTAIN_BPS, .offset = AT(unc_bps), .def = "lognormal(1Gb/s, 1.5)", .min = 0.0, .max = 1e13},
};
/* clang-format on */

static const struct option_table table = {
    .rows = rows, .nr = sizeof(rows) / sizeof(rows[0]), .size = sizeof(struct thing)};

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new(0);
}

static void tear_down(void)
{
    arena_free(arena);
}

TestSuite(option, .init = set_up, .fini = tear_down);

Test(option, defaults_reach_every_field)
{
    struct thing t = {0};

    cr_assert_eq(option_defaults(&table, &t, arena), ST_OK);
    cr_assert_eq(t.size, 4096);
    cr_assert_eq(t.rate, 1000000);
    cr_assert_eq(t.bps, 1000000000);
    cr_assert_eq(t.u64, 4096);
    cr_assert_eq(t.time, 5 * NS_PER_S);
    cr_assert_float_eq(t.time_double, 5000.0, 0.0);
    cr_assert_float_eq(t.ratio, 0.5, 0.0);
    cr_assert_float_eq(t.number, 1.5, 0.0);
    cr_assert_eq(t.pct, 20);
    cr_assert_eq(t.u32, 2);
    cr_assert(t.flag);
    cr_assert_eq(t.colour, GREEN);
    cr_assert_str_eq(t.text, "some text");
    cr_assert_eq(t.list.nr, 3);
    cr_assert_str_eq(t.list.items[1], "b");
    cr_assert_eq(t.unc_size.kind, UNCERTAIN_UNIFORM);
    cr_assert_float_eq(t.unc_size.b, (double)(2 * GIB), 0.0);
    cr_assert_eq(t.unc_rate.kind, UNCERTAIN_NORMAL);
    cr_assert_float_eq(t.unc_rate.b, 2e7, 0.0);
    cr_assert_eq(t.unc_bps.kind, UNCERTAIN_LOGNORMAL);
    cr_assert_float_eq(t.unc_bps.b, 1.5, 0.0);
}

/* Reads @text, prints it, reads that again: both print alike. */
static void check_round_trip(const char *name, const char *text, const char *want)
{
    const struct option *opt = option_find(&table, name);
    struct strbuf first = STRBUF_INIT, second = STRBUF_INIT;
    struct thing t = {0}, again = {0};
    struct diag d = {0};

    cr_assert_eq(option_parse(opt, text, &t, arena, &d), ST_OK, "%s = %s: %s", name, text, d.what);
    option_print(opt, &t, &first);
    cr_assert_str_eq(strbuf_text(&first), want);
    cr_assert_eq(option_parse(opt, strbuf_text(&first), &again, arena, &d), ST_OK);
    option_print(opt, &again, &second);
    cr_assert_str_eq(strbuf_text(&second), want);
    strbuf_release(&first);
    strbuf_release(&second);
}

Test(option, values_print_in_a_form_that_reads_back)
{
    static const char *const cases[][3] = {
        {"size", "1.5MiB", "1536KiB"},
        {"size", "all", "all"},
        {"rate", "10Gb/s", "1250MB/s"},
        {"rate", "unlimited", "unlimited"},
        {"bps", "1.25GB/s", "10Gb/s"},
        {"u64", "8", "8"},
        {"time", "2min30s", "150s"},
        {"time", "never", "never"},
        {"time", "0", "0s"},
        {"time_double", "2ms", "2ms"},
        {"ratio", "94.1%", "0.941"},
        {"ratio", "1", "1"},
        {"number", "-0.1", "-0.1"},
        {"number", "10", "10"},
        {"pct", "30", "30%"},
        {"u32", "255", "255"},
        {"flag", "no", "off"},
        {"flag", "true", "on"},
        {"colour", "red", "red"},
        {"text", "", ""},
        {"list", "x", "x"},
        {"list", "", ""},
        {"unc_size", "1GiB", "1GiB"},
        {"unc_size", "0B..1GB", "0B..1GB"},
        {"unc_rate", "unlimited", "unlimited"},
        {"unc_rate", "100MB/s .. 300MB/s", "100MB/s..300MB/s"},
        {"unc_rate", "normal( 1MB/s , 1kB/s )", "normal(1MB/s, 1kB/s)"},
        {"unc_bps", "lognormal(1Gb/s,1.3)", "lognormal(1Gb/s, 1.3)"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        check_round_trip(cases[i][0], cases[i][1], cases[i][2]);
}

Test(option, bad_values_are_refused_with_a_reason_and_change_nothing)
{
    static const char *const cases[][2] = {
        {"size", "4096"},
        {"size", "0B"},
        {"size", "2PB"},
        {"size", "none"},
        {"size", "unlimited"},
        {"bps", "unlimited"},
        {"u64", "3"},
        {"u64", "5000000000000000000"},
        {"time", "-1ns"},
        {"time", "1h"},
        {"ratio", "101%"},
        {"ratio", "35"},
        {"number", "10.1"},
        {"number", "nan"},
        {"pct", "0.2"},
        {"pct", "100%"},
        {"pct", "%"},
        {"pct", "99999999999999999999999999999999999999999%"},
        {"u32", "256"},
        {"u32", "4294967297"},
        {"flag", "1"},
        {"flag", "ON"},
        {"colour", "gren"},
        {"colour", "mauve"},
        {"list", "a,,b"},
        {"list", "a,"},
        {"unc_size", "2GiB..1GiB"},
        {"unc_size", "1GiB.."},
        {"unc_size", "1..2"},
        {"unc_rate", "normal(1MB/s)"},
        {"unc_rate", "normal(1MB/s, 5)"},
        {"unc_rate", "normal(1MB/s, 1s)"},
        {"unc_rate", "normal(1MB/s, 99TB/s)"},
        {"unc_rate", "poisson(1MB/s, 2MB/s)"},
        {"unc_rate", "1MB/s..unlimited"},
        {"unc_rate", "normal(unlimited, 1MB/s)"},
        {"unc_bps", "lognormal(1Gb/s, 0.5)"},
        {"unc_bps", "lognormal(1Gb/s, 1e6)"},
        {"unc_bps", "lognormal(1Gb/s, 1.5"},
        {"unc_bps", "("},
        {"time", ""},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct option *opt = option_find(&table, cases[i][0]);
        struct thing t, before;
        struct diag d = {0};

        memset(&t, 0x5a, sizeof(t));
        memcpy(&before, &t, sizeof(t));
        cr_assert_eq(option_parse(opt, cases[i][1], &t, arena, &d), ST_EINPUT, "%s = %s",
                     cases[i][0], cases[i][1]);
        cr_assert(d.what[0], "%s = %s", cases[i][0], cases[i][1]);
        cr_assert_eq(memcmp(&t, &before, sizeof(t)), 0, "%s = %s", cases[i][0], cases[i][1]);
    }
}

Test(option, an_alias_finds_its_row)
{
    cr_assert_eq(option_find(&table, "speed"), option_find(&table, "rate"));
    cr_assert_null(option_find(&table, "spead"));
}

static void add_bytes(void *user, const void *data, size_t len)
{
    strbuf_add(user, data, len);
}

Test(option, the_digest_tells_values_apart_and_not_their_spelling)
{
    static const char *const cases[][4] = {
        {"size", "1MiB", "1024KiB", "1MB"},
        {"rate", "8Mb/s", "1MB/s", "2MB/s"},
        {"time", "60s", "1min", "61s"},
        {"ratio", "94.1%", "0.941", "0.942"},
        {"flag", "on", "yes", "off"},
        {"list", "a,b", "a, b", "ab"},
        {"text", "x", "x", "y"},
        {"unc_rate", "1MB/s..2MB/s", "8Mb/s..16Mb/s", "1MB/s..3MB/s"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct option *opt = option_find(&table, cases[i][0]);
        struct strbuf bytes[3] = {STRBUF_INIT, STRBUF_INIT, STRBUF_INIT};

        for (size_t j = 0; j < 3; j++) {
            struct thing t = {0};

            cr_assert_eq(option_parse(opt, cases[i][j + 1], &t, arena, NULL), ST_OK);
            option_digest(opt, &t, add_bytes, &bytes[j]);
        }
        cr_assert_eq(bytes[0].len, bytes[1].len);
        cr_assert_eq(memcmp(bytes[0].buf, bytes[1].buf, bytes[0].len), 0, "%s", cases[i][0]);
        cr_assert(bytes[0].len != bytes[2].len ||
                      memcmp(bytes[0].buf, bytes[2].buf, bytes[0].len) != 0,
                  "%s", cases[i][0]);
        for (size_t j = 0; j < 3; j++)
            strbuf_release(&bytes[j]);
    }
}

Test(option, help_names_type_and_range)
{
    static const char *const cases[][2] = {
        {"size", "size|1B to 1000TB, or all"},
        {"time", "time|0s to 1000s, or never"},
        {"colour", "red | green|"},
        {"pct", "percent|1% to 99%"},
        {"flag", "on | off|"},
        {"u64", "number|0 to 1e+18, a power of two"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct strbuf out = STRBUF_INIT;

        option_describe_type(option_find(&table, cases[i][0]), &out);
        strbuf_addch(&out, '|');
        option_describe_range(option_find(&table, cases[i][0]), &out);
        cr_assert_str_eq(strbuf_text(&out), cases[i][1]);
        strbuf_release(&out);
    }
}

Test(option, distance_counts_edits_and_swaps)
{
    static const struct {
        const char *a, *b;
        size_t d;
    } cases[] = {{"", "", 0},
                 {"a", "", 1},
                 {"memory", "memory", 0},
                 {"memory", "Memory", 0},
                 {"memroy", "memory", 1},
                 {"memry", "memory", 1},
                 {"mmemory", "memory", 1},
                 {"downtime_limt", "downtime_limit", 1},
                 {"kitten", "sitting", 3},
                 {"ca", "abc", 3}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        cr_assert_eq(option_distance(cases[i].a, cases[i].b), cases[i].d, "%s", cases[i].a);
        cr_assert_eq(option_distance(cases[i].b, cases[i].a), cases[i].d, "%s", cases[i].a);
    }
}

Test(option, nearest_takes_the_closest_and_only_a_close_one)
{
    struct option_nearest near_one = {.word = "memroy"}, far = {.word = "xyz"};
    char longer[300];

    option_nearest_offer(&near_one, "mem");
    option_nearest_offer(&near_one, "memory");
    option_nearest_offer(&near_one, "remory");
    cr_assert_str_eq(near_one.best, "memory");
    option_nearest_offer(&far, "memory");
    cr_assert_null(far.best);
    memset(longer, 'a', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    cr_assert_eq(option_distance(longer, "a"), sizeof(longer) - 1);
}

Test(uncertain, the_middle_and_the_way_back_to_an_integer)
{
    cr_assert_float_eq(uncertain_mid(&(struct uncertain){UNCERTAIN_UNIFORM, 2, 4}), 3.0, 0.0);
    cr_assert_float_eq(uncertain_mid(&(struct uncertain){UNCERTAIN_LOGNORMAL, 2, 4}), 2.0, 0.0);
    cr_assert_eq(uncertain_u64((double)UNITS_UNLIMITED), UNITS_UNLIMITED);
    cr_assert_eq(uncertain_u64(2e19), UNITS_UNLIMITED);
    cr_assert_eq(uncertain_u64(-1.0), 0);
    cr_assert_eq(uncertain_u64(2.5), 3);
}
