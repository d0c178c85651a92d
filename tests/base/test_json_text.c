/*
 * test_json_text.c - what is written here, jansson reads back.
 */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <jansson.h>

#include "base/json_text.h"
#include "base/units.h"

static json_t *parse(const struct strbuf *text)
{
    json_error_t error;
    json_t *value =
        json_loadb(text->buf, text->len, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);

    cr_assert_not_null(value, "%s in %s", error.text, text->buf);
    return value;
}

Test(json_text, text_reads_back)
{
    static const char *const cases[][2] = {
        {"", ""},
        {"db-07", "db-07"},
        {"quote \" and \\ back", "quote \" and \\ back"},
        {"\x01\x1f\n\t\r\b\x7f", "\x01\x1f\n\t\r\b\x7f"},
        {"sm\xc3\xb8r \xe6\x9d\xb1\xe4\xba\xac \xf0\x9f\x98\x80",
         "sm\xc3\xb8r \xe6\x9d\xb1\xe4\xba\xac \xf0\x9f\x98\x80"},
        {"\xff", "\xef\xbf\xbd"},                                 /* never in UTF-8 */
        {"a\xc3", "a\xef\xbf\xbd"},                               /* cut off */
        {"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},                 /* longer than needed */
        {"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"}, /* half of a pair */
        {"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct strbuf out = STRBUF_INIT;
        json_t *value;

        json_add_text(&out, cases[i][0]);
        value = parse(&out);
        cr_expect_str_eq(json_string_value(value), cases[i][1], "case %zu", i);
        json_decref(value);
        strbuf_release(&out);
    }
}

Test(json_text, every_two_bytes_give_a_valid_string)
{
    for (unsigned a = 1; a < 256; a++)
        for (unsigned b = 1; b < 256; b++) {
            const char text[] = {(char)a, (char)b, 0};
            struct strbuf out = STRBUF_INIT;

            json_add_text(&out, text);
            json_decref(parse(&out));
            strbuf_release(&out);
        }
}

static const double numbers[] = {
    0, 1, -1, 0.1, 0.3, 1.0 / 3, 1e21, 1e-7, 123456789.123, DBL_MAX, DBL_MIN, 77309411327.99998};

static void check_numbers(void)
{
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        struct strbuf out = STRBUF_INIT;
        json_t *value;

        json_add_double(&out, numbers[i]);
        cr_expect_null(strchr(strbuf_text(&out), ','), "%s", strbuf_text(&out));
        value = parse(&out);
        cr_expect_eq(json_number_value(value), numbers[i], "%s", strbuf_text(&out));
        json_decref(value);
        strbuf_release(&out);
    }
}

Test(json_text, numbers_read_back_exactly)
{
    check_numbers();
}

Test(json_text, numbers_that_json_lacks_are_null)
{
    const double none[] = {NAN, INFINITY, -INFINITY};

    for (size_t i = 0; i < 3; i++) {
        struct strbuf out = STRBUF_INIT;

        json_add_double(&out, none[i]);
        cr_expect_str_eq(strbuf_text(&out), "null");
        strbuf_release(&out);
    }
}

/* A locale whose decimal point is a comma, made on the spot; false where localedef is missing. */
static bool comma_locale(char folder[32])
{
    char command[160], path[64];
    FILE *source;

    (void)snprintf(folder, 32, "/tmp/migcast-loc-XXXXXX");
    if (!mkdtemp(folder))
        return false;
    (void)snprintf(path, sizeof(path), "%s/comma.src", folder);
    source = fopen(path, "w");
    if (!source)
        return false;
    (void)fputs(
        "LC_NUMERIC\ndecimal_point \",\"\nthousands_sep \".\"\ngrouping 3;3\nEND LC_NUMERIC\n",
        source);
    (void)fclose(source);
    (void)snprintf(command, sizeof(command), "localedef -c -i %s %s/comma >/dev/null 2>&1", path,
                   folder);
    (void)!system(command); /* warns of the categories left out; setlocale() is the judge */
    cr_assert_eq(setenv("LOCPATH", folder, 1), 0);
    return setlocale(LC_NUMERIC, "comma") != NULL;
}

Test(json_text, numbers_do_not_follow_the_locale)
{
    char folder[32], sample[16], command[64];
    bool made = comma_locale(folder);
    struct strbuf out = STRBUF_INIT;

    (void)snprintf(command, sizeof(command), "rm -rf %s", folder);
    (void)!system(command);
    if (!made)
        cr_skip_test("no localedef here");
    (void)snprintf(sample, sizeof(sample), "%.1f", 0.5);
    cr_assert_str_eq(sample, "0,5", "the locale must be in force");
    check_numbers();
    json_add_ms(&out, 1234567);
    cr_expect_str_eq(strbuf_text(&out), "1.235");
    strbuf_release(&out);
}

Test(json_text, times_are_exact_to_the_microsecond)
{
    static const struct {
        int64_t ns;
        const char *ms, *s;
    } cases[] = {
        {0, "0", "0"},
        {-1, "null", "null"},
        {499, "0", "0"},
        {500, "0.001", "0.000001"},
        {NS_PER_MS, "1", "0.001"},
        {1500 * NS_PER_US, "1.5", "0.0015"},
        {41200 * NS_PER_MS, "41200", "41.2"},
        {999999999, "1000", "1"},
        {INT64_MAX, "9223372036854.776", "9223372036.854776"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct strbuf out = STRBUF_INIT;

        json_add_ms(&out, cases[i].ns);
        cr_expect_str_eq(strbuf_text(&out), cases[i].ms);
        strbuf_clear(&out);
        json_add_s(&out, cases[i].ns);
        cr_expect_str_eq(strbuf_text(&out), cases[i].s);
        strbuf_release(&out);
    }
}

Test(json_text, commas_stand_between_members_and_nowhere_else)
{
    struct strbuf out = STRBUF_INIT;

    strbuf_addch(&out, '{');
    json_key(&out, "a");
    json_add_text(&out, "{[:,");
    json_key(&out, "b");
    strbuf_addch(&out, '[');
    for (int i = 0; i < 3; i++) {
        json_next(&out);
        strbuf_addstr(&out, "\n ");
        json_add_int(&out, INT64_MIN + i);
    }
    strbuf_addch(&out, ']');
    json_key(&out, "c");
    strbuf_addch(&out, '{');
    strbuf_addch(&out, '}');
    json_key(&out, "d");
    json_add_u64(&out, UINT64_MAX);
    json_key(&out, "e");
    json_add_bool(&out, true);
    strbuf_addch(&out, '}');
    cr_expect_str_eq(strbuf_text(&out),
                     "{\"a\":\"{[:,\",\"b\":[\n -9223372036854775808,\n -9223372036854775807,"
                     "\n -9223372036854775806],\"c\":{},\"d\":18446744073709551615,\"e\":true}");
    strbuf_release(&out);
}

Test(json_text, a_member_is_its_key_and_its_value)
{
    struct strbuf out = STRBUF_INIT;

    strbuf_addch(&out, '{');
    json_put_null(&out, "none");
    json_put_text(&out, "vm", "db");
    json_put_bool(&out, "crossed", true);
    json_put_int(&out, "check", -3);
    json_put_u64(&out, "seed", UINT64_MAX);
    json_put_double(&out, "share", 0.25);
    json_put_ms(&out, "total_time_ms", 1500 * NS_PER_US);
    json_put_s(&out, "ended_s", 1500 * NS_PER_MS);
    json_put_pair(&out, "interval", -0.5, NAN);
    strbuf_addch(&out, '}');
    cr_expect_str_eq(strbuf_text(&out),
                     "{\"none\":null,\"vm\":\"db\",\"crossed\":true,\"check\":-3,"
                     "\"seed\":18446744073709551615,\"share\":0.25,\"total_time_ms\":1.5,"
                     "\"ended_s\":1.5,\"interval\":[-0.5,null]}");
    strbuf_release(&out);
}

Test(json_text, a_difference_in_ms_keeps_its_sign_and_is_rounded_to_the_microsecond)
{
    static const struct {
        double ns;
        const char *text;
    } cases[] = {{1500000.0, "1.5"}, {-17305708.4, "-17.306"}, {284990050.0, "284.99"}, {0.0, "0"},
                 {NAN, "null"},      {INFINITY, "null"},       {56066487.0, "56.066"}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct strbuf out = STRBUF_INIT;

        json_add_ms_real(&out, cases[i].ns);
        cr_expect_str_eq(strbuf_text(&out), cases[i].text, "case %zu", i);
        strbuf_release(&out);
    }
}
