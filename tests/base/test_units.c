/*
 * test_units.c - what is read, what is refused, and that exact forms come back.
 */
#include <criterion/criterion.h>
#include <inttypes.h>
#include <string.h>

#include "base/rng.h"
#include "base/units.h"

struct u64_case {
    const char *text;
    uint64_t value;
};

static void check_u64(enum status (*parse)(const char *, uint64_t *, struct diag *),
                      const struct u64_case *cases, size_t nr)
{
    for (size_t i = 0; i < nr; i++) {
        struct diag d = {0};
        uint64_t v = 0;

        cr_assert_eq(parse(cases[i].text, &v, &d), ST_OK, "%s: %s", cases[i].text, d.what);
        cr_assert_eq(v, cases[i].value, "%s gave %" PRIu64, cases[i].text, v);
    }
}

#define NR(cases) (sizeof(cases) / sizeof((cases)[0]))

Test(units, sizes_are_read_to_the_byte)
{
    static const struct u64_case cases[] = {
        {"0", 0},
        {"1B", 1},
        {"64GiB", 68719476736},
        {" 512 MiB ", 536870912},
        {"1.5KiB", 1536},
        {"10GB", 10000000000},
        {"1.2GB", 1200000000},
        {"4Ki", 4096},
        {"3TB", 3000000000000},
        {"0.1kB", 100},
        {"18446744073709551615B", UINT64_MAX},
    };

    check_u64(units_parse_size, cases, NR(cases));
}

Test(units, rates_are_read_in_bytes_whatever_they_are_written_in)
{
    static const struct u64_case cases[] = {
        {"10Gb/s", 1250000000},
        {"1.2GB/s", 1200000000},
        {"64MiB/s", 67108864},
        {"100Mbps", 12500000},
        {"8bit/s", 1},
        {"1Kib/s", 128},
        {"10pages/s", 40960},
        {"unlimited", UINT64_MAX},
        {"0", 0},
        {"0.1Gb/s", 12500000},
        {"1 Tb/s", 125000000000},
    };

    check_u64(units_parse_rate, cases, NR(cases));
}

Test(units, nominal_rates_are_read_in_bits)
{
    static const struct u64_case cases[] = {
        {"10Gb/s", 10000000000},   {"1.25GB/s", 10000000000},
        {"25Gbit/s", 25000000000}, {"1bps", 1},
        {"unlimited", UINT64_MAX},
    };

    check_u64(units_parse_bps, cases, NR(cases));
}

Test(units, times_may_be_compound)
{
    static const struct {
        const char *text;
        int64_t ns;
    } cases[] = {{"300ms", 300000000},
                 {"2h30min", 9000000000000},
                 {"1.5s", 1500000000},
                 {"0", 0},
                 {"7ns", 7},
                 {"1d 2h", 93600000000000},
                 {"0.0000001ms", 0},
                 {"12 us", 12000},
                 {"9223372036854775807ns", INT64_MAX}};

    for (size_t i = 0; i < NR(cases); i++) {
        int64_t v = -1;

        cr_assert_eq(units_parse_time(cases[i].text, &v, NULL), ST_OK, "%s", cases[i].text);
        cr_assert_eq(v, cases[i].ns, "%s gave %" PRId64, cases[i].text, v);
    }
}

Test(units, ratios_numbers_and_counts)
{
    double d = 0.0;
    uint64_t n = 0;

    cr_assert_eq(units_parse_ratio("35%", &d, NULL), ST_OK);
    cr_assert_float_eq(d, 0.35, 1e-15);
    cr_assert_eq(units_parse_ratio("0.35", &d, NULL), ST_OK);
    cr_assert_float_eq(d, 0.35, 1e-15);
    cr_assert_eq(units_parse_ratio("6.458961829559602e-05", &d, NULL), ST_OK);
    cr_assert_eq(d, 6.458961829559602e-05, "as a calibration file has it");
    cr_assert_eq(units_parse_double("-1.5e3", &d, NULL), ST_OK);
    cr_assert_float_eq(d, -1500.0, 0.0);
    cr_assert_eq(units_parse_u64("18446744073709551615", &n, NULL), ST_OK);
    cr_assert_eq(n, UINT64_MAX);
}

enum parser {
    SIZE,
    RATE,
    BPS,
    TIME,
    RATIO,
    DOUBLE,
    U64
};

static enum status parse(enum parser p, const char *text, struct diag *d)
{
    uint64_t u = 0;
    int64_t i = 0;
    double x = 0.0;

    switch (p) {
    case SIZE:
        return units_parse_size(text, &u, d);
    case RATE:
        return units_parse_rate(text, &u, d);
    case BPS:
        return units_parse_bps(text, &u, d);
    case TIME:
        return units_parse_time(text, &i, d);
    case RATIO:
        return units_parse_ratio(text, &x, d);
    case DOUBLE:
        return units_parse_double(text, &x, d);
    default:
        return units_parse_u64(text, &u, d);
    }
}

Test(units, what_is_doubtful_is_refused_with_a_reason)
{
    static const struct {
        enum parser p;
        const char *text;
    } cases[] = {
        {SIZE, "64"},
        {SIZE, "64G"},
        {SIZE, "64Gb"},
        {SIZE, "-1B"},
        {SIZE, ""},
        {SIZE, "B"},
        {SIZE, "1 2B"},
        {SIZE, "1B x"},
        {SIZE, "64gib"},
        {SIZE, "1e3B"},
        {SIZE, "18446744073709551616B"},
        {SIZE, "99999999TiB"},
        {SIZE, "0x10B"},
        {SIZE, "unlimited"},
        {SIZE, "1.B.2"},
        {SIZE, "nan"},
        {RATE, "100"},
        {RATE, "10GB"},
        {RATE, "10Gb"},
        {RATE, "10gb/s"},
        {RATE, "10 parsecs/s"},
        {RATE, "unlimited x"},
        {RATE, "1/s"},
        {BPS, "1000"},
        {BPS, "1Gb/h"},
        {TIME, "300"},
        {TIME, "5m"},
        {TIME, "2h30"},
        {TIME, "-1s"},
        {TIME, "1S"},
        {TIME, "300000000d"},
        {TIME, "s"},
        {TIME, "1s,"},
        {TIME, ""},
        {RATIO, "35 percent"},
        {RATIO, "-1%"},
        {RATIO, ""},
        {DOUBLE, "nan"},
        {DOUBLE, "inf"},
        {DOUBLE, "1e999"},
        {DOUBLE, "1.2.3"},
        {DOUBLE, "0x1p3"},
        {DOUBLE, "e"},
        {U64, "1.5"},
        {U64, "-1"},
        {U64, "18446744073709551616"},
        {U64, "+1"},
        {U64, ""},
    };

    for (size_t i = 0; i < NR(cases); i++) {
        struct diag d = {0};

        cr_assert_eq(parse(cases[i].p, cases[i].text, &d), ST_EINPUT, "'%s'", cases[i].text);
        cr_assert(d.what[0], "'%s' is refused without a reason", cases[i].text);
    }
}

Test(units, a_bare_number_is_answered_with_how_to_write_it)
{
    static const enum parser parsers[] = {SIZE, RATE, BPS, TIME};

    for (size_t i = 0; i < NR(parsers); i++) {
        struct diag d = {0};

        parse(parsers[i], "100", &d);
        cr_assert(strstr(d.what, "no unit"), "%s", d.what);
        cr_assert(strstr(d.hint, "write "), "%s", d.hint);
    }
}

Test(units, people_see_few_digits_and_a_fitting_unit)
{
    char buf[UNITS_TEXT];

    cr_assert_str_eq(units_size(buf, 64 * GIB), "64 GiB");
    cr_assert_str_eq(units_size(buf, 1536 * KIB), "1.5 MiB");
    cr_assert_str_eq(units_size(buf, 812), "812 B");
    cr_assert_str_eq(units_size(buf, 0), "0 B");
    cr_assert_str_eq(units_size(buf, 1023 * MIB), "1023 MiB");
    cr_assert_str_eq(units_rate(buf, 118 * MIB), "118 MiB/s");
    cr_assert_str_eq(units_rate(buf, UNITS_UNLIMITED), "unlimited");
    cr_assert_str_eq(units_bps(buf, 10000000000), "10 Gb/s");
    cr_assert_str_eq(units_bps(buf, UNITS_UNLIMITED), "unlimited");
    cr_assert_str_eq(units_time(buf, 0), "0 s");
    cr_assert_str_eq(units_time(buf, 300 * NS_PER_MS), "300 ms");
    cr_assert_str_eq(units_time(buf, 12400 * NS_PER_MS), "12.4 s");
    cr_assert_str_eq(units_time(buf, 125 * NS_PER_S), "2 min 05 s");
    cr_assert_str_eq(units_time(buf, 11520 * NS_PER_S), "3 h 12 min");
    cr_assert_str_eq(units_time(buf, 10 * 86400 * NS_PER_S), "10 d 0 h");
    cr_assert_str_eq(units_time(buf, -300 * NS_PER_MS), "-300 ms");
}

Test(units, exact_forms_read_back_to_the_same_value)
{
    struct rng r;
    char buf[UNITS_TEXT];

    rng_stream(&r, 1, "units", 0, 0);
    for (int i = 0; i < 20000; i++) {
        uint64_t v = rng_u64(&r) >> (rng_u64(&r) % 64), u = 0;
        int64_t ns = (int64_t)(v >> 1), t = 0;

        if (i % 2)
            v = v / 1000000 * 1000000;
        cr_assert_eq(units_parse_size(units_size_exact(buf, v), &u, NULL), ST_OK, "%s", buf);
        cr_assert_eq(u, v, "%s", buf);
        cr_assert_eq(units_parse_rate(units_rate_exact(buf, v), &u, NULL), ST_OK, "%s", buf);
        cr_assert_eq(u, v, "%s", buf);
        cr_assert_eq(units_parse_bps(units_bps_exact(buf, v), &u, NULL), ST_OK, "%s", buf);
        cr_assert_eq(u, v, "%s", buf);
        cr_assert_eq(units_parse_time(units_time_exact(buf, ns), &t, NULL), ST_OK, "%s", buf);
        cr_assert_eq(t, ns, "%s", buf);
    }
    cr_assert_str_eq(units_rate_exact(buf, UNITS_UNLIMITED), "unlimited");
    cr_assert_str_eq(units_bps_exact(buf, UNITS_UNLIMITED), "unlimited");
    cr_assert_str_eq(units_rate_exact(buf, 1200000000), "1200MB/s");
    cr_assert_str_eq(units_time_exact(buf, 0), "0s");
}
