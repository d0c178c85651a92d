/* test_axis.c - what the words of an axis mean. */
#include "answers/sweep/axis.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/strbuf.h"

/* The values with blanks between, or "STATUS what; hint". */
static void check(const char *text, const char *want)
{
    struct arena *arena = arena_new(0);
    struct strbuf got = STRBUF_INIT;
    struct diag diag = {0};
    struct axis axis;
    enum status st = axis_parse(&axis, arena, text, &diag);

    if (st == ST_OK)
        for (size_t i = 0; i < axis.nr; i++)
            strbuf_addf(&got, i ? " %s" : "%s", axis.values[i].text);
    else
        strbuf_addf(&got, "%s; %s", diag.what, diag.hint);
    if (st == ST_OK)
        cr_expect_str_eq(strbuf_text(&got), want, "%s: %s", text, strbuf_text(&got));
    else
        cr_expect(st == ST_EUSAGE && strstr(strbuf_text(&got), want), "%s: %s", text,
                  strbuf_text(&got));
    strbuf_release(&got);
    arena_free(arena);
}

Test(axis, lists_and_ranges_give_the_values_a_person_expects)
{
    check("bandwidth=1Gb/s,2Gb/s,unlimited", "1Gb/s 2Gb/s unlimited");
    check("bandwidth=1Gb/s..25Gb/s:log:8",
          "1Gb/s 1.58Gb/s 2.51Gb/s 3.97Gb/s 6.29Gb/s 9.97Gb/s 15.8Gb/s 25Gb/s");
    check("bandwidth=1..16Gb/s:log:5", "1Gb/s 2Gb/s 4Gb/s 8Gb/s 16Gb/s");
    check("bandwidth=500Mb/s..2Gb/s:lin:4", "500Mb/s 1000Mb/s 1500Mb/s 2Gb/s");
    check("parallel=1..5", "1 2 3 4 5");
    check("parallel=1..100:log:3", "1 10 100");
    check("parallel=1,2,4..8:step:2", "1 2 4 6 8");
    check("downtime_limit=100ms..500ms:step:100ms", "100ms 200ms 300ms 400ms 500ms");
    check("downtime_limit=0ms..1s:lin:3", "0ms 0.5s 1s");
    check("vm *.memory=1GiB..4GiB:log:3", "1GiB 2GiB 4GiB");
    check("link *.efficiency=80%..90%:lin:3", "80% 85% 90%");
    check("migration.xbzrle_cache_size=64MiB..512MiB:log", "64MiB 128MiB 256MiB 512MiB");
    check("bandwidth={100MB/s..300MB/s},unlimited", "100MB/s..300MB/s unlimited");
    check("dirty=lognormal(100MB/s, 2),normal(50MB/s, 5MB/s)",
          "lognormal(100MB/s, 2) normal(50MB/s, 5MB/s)");
    check("preset=nova,{libvirt-default,lab},{}", "nova libvirt-default,lab ");
    check("auto_converge=off,on", "off on");
}

Test(axis, close_points_get_as_many_digits_as_they_need)
{
    check("bandwidth=1000Mb/s..1001Mb/s:lin:5",
          "1000Mb/s 1000.3Mb/s 1000.5Mb/s 1000.8Mb/s 1001Mb/s");
}

Test(axis, what_is_wrong_is_said_with_what_would_be_right)
{
    check("bandwith=1Gb/s", "did you mean 'bandwidth'?");
    check("migration.downtime_limt=1s", "did you mean 'downtime_limit'");
    check("migraton.downtime_limit=1s", "did you mean 'migration'?");
    check("rate=1Gb/s", "there is no setting 'rate'");
    check("preset=nva", "did you mean 'nova'?");
    check("preset=a..b", "a range needs numbers");
    check("parallel", "is no setting with values");
    check("parallel=", "empty value");
    check("parallel=1,,2", "empty value");
    check("parallel=1,1", "the value '1' twice");
    check("parallel=fast", "fast");
    check("parallel=4..1", "the lower end is not below the higher one");
    check("parallel=1..8:cubic", "neither lin, log nor step");
    check("parallel=1..8:lin:1", "the count must be from 2 to 10000");
    check("parallel=0..8:log:3", "cannot begin with 0");
    check("parallel=1..8:step:0", "the distance is no such number");
    check("parallel=1..1000000:step:1", "more than 10000 values");
    check("postcopy=off..on", "a range needs numbers");
    check("bandwidth=1Gb/s..25parsec", "25parsec");
    check("scenario.include=a,b", "includes cannot be varied");
    check("thresholds.downtime.p99=1s", "sections are");
}

Test(axis, two_names_of_one_key_are_one_key)
{
    struct arena *arena = arena_new(0);
    struct axis a, b, c;

    cr_assert_eq(axis_parse(&a, arena, "bandwidth=1Gb/s", NULL), ST_OK);
    cr_assert_eq(axis_parse(&b, arena, "max_bandwidth=1Gb/s", NULL), ST_OK);
    cr_assert_eq(axis_parse(&c, arena, "migration.max_bandwidth=1Gb/s", NULL), ST_OK);
    cr_expect_str_eq(a.key, b.key);
    cr_expect_str_eq(a.key, c.key);
    cr_expect_str_eq(a.values[0].setting, "migration.max_bandwidth=1Gb/s");
    cr_expect_float_eq(a.values[0].number, 125e6, 1e-3);
    arena_free(arena);
}

Test(axis, every_alias_names_a_key)
{
    for (const struct axis_alias *alias = axis_aliases; alias->name; alias++) {
        struct arena *arena = arena_new(0);
        struct strbuf text = STRBUF_INIT;
        struct diag diag = {0};
        struct axis axis;

        /* no value fits all rows: but a wrong value is found after the key */
        strbuf_addf(&text, "%s=", alias->name);
        cr_expect_eq(axis_parse(&axis, arena, strbuf_text(&text), &diag), ST_EUSAGE);
        cr_expect_not_null(strstr(diag.what, "empty value"), "%s: %s", alias->name, diag.what);
        strbuf_release(&text);
        arena_free(arena);
    }
}

/* Short names stand in the help and in docs/sweep.md too, for people. */
static bool file_has(const char *path, const char *words)
{
    static char text[1 << 16];
    FILE *file = fopen(path, "r");
    size_t len;

    cr_assert_not_null(file, "%s", path);
    len = fread(text, 1, sizeof(text) - 1, file);
    text[len] = '\0';
    (void)fclose(file);
    return strstr(text, words) != NULL;
}

Test(axis, every_alias_is_documented)
{
    for (const struct axis_alias *alias = axis_aliases; alias->name; alias++) {
        char words[64];

        snprintf(words, sizeof(words), "`%s`", alias->name);
        cr_expect(file_has(SOURCE_DIR "/docs/sweep.md", words), "%s", words);
        if (strcmp(alias->name, "preset") == 0)
            continue;
        cr_expect(file_has(SOURCE_DIR "/cli/cmd_sweep.c", alias->key), "%s", alias->key);
        snprintf(words, sizeof(words), " %s ", alias->name);
        cr_expect(file_has(SOURCE_DIR "/cli/cmd_sweep.c", words), "%s", words);
    }
}
