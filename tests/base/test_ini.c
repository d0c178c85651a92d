/*
 * test_ini.c - what a file says, line by line, and what is no text at all.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/ini.h"
#include "base/strbuf.h"

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new(0);
}

static void tear_down(void)
{
    arena_free(arena);
}

TestSuite(ini, .init = set_up, .fini = tear_down);

static enum status read_text(struct ini_file *ini, const char *text, size_t len, struct diag *d)
{
    memset(d, 0, sizeof(*d));
    return ini_read_text(ini, "t.ini", text, len, arena, d);
}

/* The whole file as "[section@line] key=value@line ..." */
static const char *flat(const char *text)
{
    struct strbuf out = STRBUF_INIT;
    struct ini_file ini;
    struct diag d;
    const char *copy;

    cr_assert_eq(read_text(&ini, text, strlen(text), &d), ST_OK, "%s: %s", text, d.what);
    for (size_t i = 0; i < ini.nr_sections; i++) {
        strbuf_addf(&out, "[%s@%lu]", ini.sections[i].name, ini.sections[i].line);
        for (size_t j = 0; j < ini.sections[i].nr; j++) {
            struct ini_entry *e = &ini.entries[ini.sections[i].first + j];

            strbuf_addf(&out, "%s=%s@%lu;", e->key, e->value, e->line);
        }
    }
    copy = arena_strdup(arena, strbuf_text(&out));
    strbuf_release(&out);
    return copy;
}

Test(ini, keeps_sections_keys_values_and_lines)
{
    static const struct {
        const char *text, *flat;
    } cases[] = {
        {"", "[@0]"},
        {"\n\n# c\n; c\n", "[@0]"},
        {"a = 1", "[@0]a=1@1;"},
        {"[s]\na=1\n[t]\n\n b : 2 \n", "[@0][s@1]a=1@2;[t@3]b=2@5;"},
        {"[ vm  a ]\r\nk = v\r\n", "[@0][vm  a@1]k=v@2;"},
        {"\xef\xbb\xbf[s]\nk=v", "[@0][s@1]k=v@2;"},
        {"[empty]\n[also empty] # why\n", "[@0][empty@1][also empty@2]"},
        {"k = v ; c\nl = v # c\nm = v#1;2\n", "[@0]k=v@1;l=v@2;m=v#1;2@3;"},
        {"k =\n", "[@0]k=@1;"},
        {"k = a = b : c\n", "[@0]k=a = b : c@1;"},
        {"[s]\nk = 1\n  next = 2\n", "[@0][s@1]k=1@2;next=2@3;"},
        {"a.p99 < 5ms\nb<=1\nc > 2 # x\nd = < 3\n", "[@0]a.p99=< 5ms@1;b=<=1@2;c=> 2@3;d=< 3@4;"},
        {"k = \xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\n",
         "[@0]k=\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80@1;"},
        {"a=1\na=2\n", "[@0]a=1@1;a=2@2;"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_assert_str_eq(flat(cases[i].text), cases[i].flat);
}

Test(ini, refuses_what_is_malformed_and_names_the_line)
{
    static const struct {
        const char *text;
        size_t len;
        unsigned long line;
    } cases[] = {
        {"[s\n", 3, 1},
        {"a=1\n[]\n", 7, 2},
        {"a=1\n[s] x\n", 10, 2},
        {"a=1\n[s]#x\n", 10, 2},
        {"a=1\n\nword\n", 10, 3},
        {"a=1\n= 2\n", 8, 2},
        {"a=1\nb=\0\n", 8, 2},
        {"a=1\nb=\x01\n", 8, 2},
        {"a=1\rb=2\n", 8, 1},
        {"a=1\nb=2\r", 8, 2},
        {"a=\xff\n", 4, 1},
        {"a=\xc0\x80\n", 5, 1},
        {"a=\xed\xa0\x80\n", 6, 1},
        {"a=\xf4\x90\x80\x80\n", 7, 1},
        {"a=\xe2\x82", 4, 1},
        {"a=\x7f\n", 4, 1},
        {"\xff\xfe[\0s\0]\0", 8, 1},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ini_file ini;
        struct diag d;

        cr_assert_eq(read_text(&ini, cases[i].text, cases[i].len, &d), ST_EINPUT, "case %zu", i);
        cr_assert_eq(d.line, cases[i].line, "case %zu: line %lu: %s", i, d.line, d.what);
        cr_assert_str_eq(d.file, "t.ini");
    }
}

/* One line "k = xxx..." of @len bytes. */
static char *line_of(size_t len)
{
    char *text = malloc(len + 1);

    memset(text, 'x', len);
    memcpy(text, "k = ", 4);
    text[len] = '\0';
    return text;
}

Test(ini, lines_up_to_64_kib_are_read_whole)
{
    static const size_t lengths[] = {
        49, 50, 51, 199, 200, 201, 4096, INI_LINE_LIMIT - 1, INI_LINE_LIMIT};

    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
        char *text = line_of(lengths[i]);
        struct ini_file ini;
        struct diag d;

        cr_assert_eq(read_text(&ini, text, lengths[i], &d), ST_OK, "%zu: %s", lengths[i], d.what);
        cr_assert_eq(ini.nr_entries, 1);
        cr_assert_str_eq(ini.entries[0].value, text + 4);
        free(text);
    }
}

Test(ini, a_longer_line_is_refused_not_cut)
{
    static const size_t lengths[] = {INI_LINE_LIMIT + 1, 1024 * 1024};

    for (size_t i = 0; i < 2; i++) {
        char *text = line_of(lengths[i]);
        struct ini_file ini;
        struct diag d;

        cr_assert_eq(read_text(&ini, text, lengths[i], &d), ST_EINPUT);
        cr_assert_eq(d.line, 1);
        cr_assert(strstr(d.what, "longer than 64 KiB"), "%s", d.what);
        free(text);
    }
}

Test(ini, long_section_names_are_not_cut)
{
    char text[302], want[300];
    struct ini_file ini;
    struct diag d;

    memset(text, 'n', sizeof(text));
    text[0] = '[';
    text[300] = ']';
    text[301] = '\n';
    memset(want, 'n', 299);
    want[299] = '\0';
    cr_assert_eq(read_text(&ini, text, sizeof(text), &d), ST_OK, "%s", d.what);
    cr_assert_str_eq(ini.sections[1].name, want);
}

Test(ini, files_above_128_mib_are_refused)
{
    size_t len = INI_FILE_LIMIT + 1;
    char *text = malloc(len), path[] = "test_ini_XXXXXX";
    int fd = mkstemp(path);
    FILE *f = fdopen(fd, "w");
    struct ini_file ini;
    struct diag d;

    memset(text, '\n', len);
    cr_assert_eq(read_text(&ini, text, len, &d), ST_EINPUT);
    cr_assert(strstr(d.what, "128 MiB"));
    cr_assert_eq(fwrite(text, 1, len, f), len);
    fclose(f);
    memset(&d, 0, sizeof(d));
    cr_assert_eq(ini_read(&ini, path, arena, &d), ST_EINPUT);
    cr_assert(strstr(d.what, "128 MiB"), "%s", d.what);
    cr_assert_eq(truncate(path, (off_t)INI_FILE_LIMIT), 0);
    cr_assert_eq(ini_read(&ini, path, arena, &d), ST_OK);
    unlink(path);
    free(text);
}

Test(ini, what_cannot_be_opened_or_read_says_why)
{
    struct ini_file ini;
    struct diag d = {0};

    cr_assert_eq(ini_read(&ini, "/nonexistent/x.ini", arena, &d), ST_EINPUT);
    cr_assert_str_eq(d.what, "cannot open: No such file or directory");
    cr_assert_eq(ini_read(&ini, "/", arena, &d), ST_EINPUT);
    cr_assert(strstr(d.what, "cannot read"), "%s", d.what);
}

Test(ini, a_small_arena_ends_in_a_message)
{
    struct arena *small = arena_new(128);
    struct ini_file ini;
    struct diag d = {0};
    const char *text = "[s]\na=1\nb=2\nc=3\nd=4\n";

    cr_assert_eq(ini_read_text(&ini, "t.ini", text, strlen(text), small, &d), ST_ENOMEM);
    cr_assert(d.what[0]);
    arena_free(small);
}

Test(ini, random_bytes_never_crash_it)
{
    char text[400];
    unsigned state = 1;

    for (int round = 0; round < 20000; round++) {
        static const char common[] = "[]=:<>;# \n\r\tab1.\xc3\xa4";
        size_t len;
        struct ini_file ini;
        struct diag d;

        for (len = 0; len < (size_t)(round % 400); len++) {
            state = state * 1103515245u + 12345u;
            text[len] = common[(state >> 16) % (sizeof(common) - 1)];
        }
        if (read_text(&ini, text, len, &d) != ST_OK)
            cr_assert(d.what[0] && d.line > 0);
        if (round % 500 == 0) {
            tear_down();
            set_up();
        }
    }
}
