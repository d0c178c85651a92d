/*
 * test_lines.c - lines out of plain and compressed files, whole, cut and damaged.
 */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "support_traces.h"
#include "tracer/lines.h"

/* All lines, joined by '|'; a last line without newline is followed by '~'. */
static enum status join_lines(const char *path, struct text *out, struct diag *diag, bool *cut)
{
    struct lines *ls;
    struct text_line line;
    enum status st = lines_open(&ls, path, diag);

    if (st != ST_OK)
        return st;
    while ((st = lines_next(ls, &line, diag)) == ST_OK && line.text)
        text_addf(out, "%.*s%c", (int)line.len, line.text, line.ended ? '|' : '~');
    *cut = lines_cut(ls);
    lines_close(ls);
    return st;
}

static struct text pack(const char *data, size_t len)
{
    struct text t = {.buf = malloc(ZSTD_compressBound(len))};

    cr_assert(t.buf);
    t.len = ZSTD_compress(t.buf, ZSTD_compressBound(len), data, len, 3);
    cr_assert(!ZSTD_isError(t.len));
    return t;
}

Test(lines, splits_plain_and_compressed_alike)
{
    static const struct {
        const char *data, *want;
    } cases[] = {
        {"", ""},
        {"a", "a~"},
        {"a\n", "a|"},
        {"\n", "|"},
        {"a\nbc", "a|bc~"},
        {"a\n\nb\n", "a||b|"},
        {"abcdefgh\n", "abcdefgh|"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct text packed = pack(cases[i].data, strlen(cases[i].data));

        for (int zstd = 0; zstd < 2; zstd++) {
            struct memory_file f = zstd ? memory_file(packed.buf, packed.len)
                                        : memory_file(cases[i].data, strlen(cases[i].data));
            struct text got = {0};
            bool cut = true;

            text_addf(&got, "%s", "");
            cr_assert(join_lines(f.path, &got, NULL, &cut) == ST_OK);
            cr_assert_str_eq(got.buf, cases[i].want, "case %zu zstd %d: %s", i, zstd, got.buf);
            cr_assert(!cut);
            text_release(&got);
            memory_file_release(&f);
        }
        text_release(&packed);
    }
}

Test(lines, joins_frames_that_follow_each_other)
{
    struct text one = pack("a\nb", 3), two = pack("c\n", 2), both = {0}, got = {0};
    struct memory_file f;
    bool cut = true;

    both.len = one.len + two.len;
    both.buf = malloc(both.len);
    memcpy(both.buf, one.buf, one.len);
    memcpy(both.buf + one.len, two.buf, two.len);
    f = memory_file(both.buf, both.len);
    cr_assert(join_lines(f.path, &got, NULL, &cut) == ST_OK);
    cr_assert_str_eq(got.buf, "a|bc|");
    cr_assert(!cut);
    memory_file_release(&f);
    text_release(&one);
    text_release(&two);
    text_release(&both);
    text_release(&got);
}

Test(lines, limits_the_length_of_a_line_to_the_byte)
{
    char *data = malloc(LINES_MAX_BYTES + 4);

    cr_assert(data);
    memset(data, 'x', LINES_MAX_BYTES + 4);
    for (size_t extra = 0; extra < 2; extra++) {
        struct memory_file f;
        struct text got = {0};
        struct diag diag = {0};
        bool cut;
        enum status st;

        data[0] = 'a';
        data[1] = '\n';
        data[2 + LINES_MAX_BYTES + extra] = '\n';
        f = memory_file(data, 3 + LINES_MAX_BYTES + extra);
        st = join_lines(f.path, &got, &diag, &cut);
        cr_assert(st == (extra ? ST_EINPUT : ST_OK));
        if (extra)
            cr_assert(diag.line == 2 && strstr(diag.what, "1048576"), "%lu %s", diag.line,
                      diag.what);
        data[2 + LINES_MAX_BYTES + extra] = 'x';
        memory_file_release(&f);
        text_release(&got);
    }
    free(data);
}

Test(lines, cut_compressed_data_gives_its_lines_and_a_flag)
{
    struct text plain = capture_text("linux-idle"), packed = pack(plain.buf, plain.len);
    size_t nr_cut = 0;

    for (size_t len = 0; len <= packed.len; len += 97) {
        struct memory_file f = memory_file(packed.buf, len);
        struct lines *ls;
        struct text_line line;
        size_t at = 0;

        cr_assert(lines_open(&ls, f.path, NULL) == ST_OK);
        while (len >= 4) {
            cr_assert(lines_next(ls, &line, NULL) == ST_OK);
            if (!line.text)
                break;
            cr_assert(memcmp(line.text, plain.buf + at, line.len) == 0);
            at += line.len + (line.ended ? 1 : 0);
        }
        cr_assert(at < plain.len);
        nr_cut += lines_cut(ls);
        lines_close(ls);
        memory_file_release(&f);
    }
    cr_assert(nr_cut == packed.len / 97, "%zu", nr_cut); /* all but the empty file */
    text_release(&plain);
    text_release(&packed);
}

Test(lines, damaged_compressed_data_is_refused_with_the_line)
{
    struct text plain = capture_text("linux-idle"), packed = pack(plain.buf, plain.len), got = {0};
    struct diag diag = {0};
    struct memory_file f;
    bool cut;

    memset(packed.buf + packed.len / 2, 0xff, packed.len / 2);
    f = memory_file(packed.buf, packed.len);
    cr_assert(join_lines(f.path, &got, &diag, &cut) == ST_EINPUT);
    cr_assert(diag.line >= 1 && strstr(diag.what, "zstd"), "%s", diag.what);
    memory_file_release(&f);
    text_release(&plain);
    text_release(&packed);
    text_release(&got);
}

Test(lines, unreadable_paths_are_bad_input)
{
    static const char *const paths[] = {"/nonexistent/trace.jsonl", "/", SOURCE_DIR};

    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        struct lines *ls = NULL;
        struct diag diag = {0};

        cr_assert(lines_open(&ls, paths[i], &diag) == ST_EINPUT);
        cr_assert_null(ls);
        cr_assert_str_eq(diag.file, paths[i]);
    }
}

Test(lines, reads_standard_input_byte_by_byte)
{
    static const char data[] = "ab\ncd\n";
    struct text got = {0};
    int ends[2];
    pid_t child;
    bool cut;

    cr_assert(pipe(ends) == 0);
    child = fork();
    if (child == 0) {
        for (size_t i = 0; i < sizeof(data) - 1; i++) {
            if (write(ends[1], data + i, 1) != 1)
                _exit(1);
            usleep(1000);
        }
        _exit(0);
    }
    close(ends[1]);
    cr_assert(dup2(ends[0], STDIN_FILENO) >= 0);
    cr_assert(join_lines("-", &got, NULL, &cut) == ST_OK);
    cr_assert_str_eq(got.buf, "ab|cd|");
    text_release(&got);
}
