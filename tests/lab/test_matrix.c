/* A matrix is read as written, and what cannot be meant is refused with its place. */
#include "lab/matrix.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/units.h"

#include "base/banned.h"

static enum status read_text(struct lab_matrix *m, const char *text, struct arena *arena,
                             struct diag *diag)
{
    return lab_matrix_read_text(m, "m.ini", text, strlen(text), arena, diag);
}

Test(matrix, cases_take_the_defaults_wherever_those_stand)
{
    struct arena *arena = arena_new(0);
    struct lab_matrix m;
    struct diag diag = {0};

    cr_assert_eq(read_text(&m,
                           "[case one]\nrate = 100\nhot = 8MiB\n"
                           "[defaults]\nmemory = 256MiB\nrate = 7\nmax_bandwidth = unlimited\n"
                           "[case two]\nmemory = 1GiB\n",
                           arena, &diag),
                 ST_OK, "%s", diag.what);
    cr_assert_eq(m.nr_cases, 2);
    cr_assert_str_eq(m.cases[0].name, "one");
    cr_assert_eq(m.cases[0].memory_bytes, 256 * MIB);
    cr_assert_eq(m.cases[0].writers[0].rate, 100);
    cr_assert_eq(m.cases[0].writers[0].hot_bytes, 8 * MIB);
    cr_assert_eq(m.cases[0].max_bandwidth_bytes_per_s, UINT64_MAX);
    cr_assert_eq(m.cases[1].memory_bytes, GIB);
    cr_assert_eq(m.cases[1].writers[0].rate, 7);
    cr_assert_eq(m.cases[1].repeats, 3);
    arena_free(arena);
}

Test(matrix, writers_have_settings_of_their_own)
{
    struct arena *arena = arena_new(0);
    struct lab_matrix m;
    struct diag diag = {0};

    cr_assert_eq(read_text(&m,
                           "[case two]\nfill = 64MiB\nhot = 4MiB\nrate = 10\n"
                           "at2 = 16MiB\nhot2 = 32MiB\nrate2 = 20\norder2 = sequential\n"
                           "write2 = zero\non2 = 500ms\noff2 = 1s\n",
                           arena, &diag),
                 ST_OK, "%s", diag.what);
    cr_assert_eq(m.cases[0].writers[0].order, LAB_ORDER_RANDOM);
    cr_assert_eq(m.cases[0].writers[1].at_bytes, 16 * MIB);
    cr_assert_eq(m.cases[0].writers[1].hot_bytes, 32 * MIB);
    cr_assert_eq(m.cases[0].writers[1].order, LAB_ORDER_SEQUENTIAL);
    cr_assert_eq(m.cases[0].writers[1].write, LAB_WRITE_ZERO);
    cr_assert_eq(m.cases[0].writers[1].on_ns, NS_PER_S / 2);
    cr_assert_eq(m.cases[0].writers[2].rate, 0);
    arena_free(arena);
}

#define MEMBER(name) "[case " name "]\nguest = linux\nlink = wire\n"

Test(matrix, members_of_a_link_are_one_group)
{
    struct arena *arena = arena_new(0);
    struct lab_matrix m;
    struct diag diag = {0};

    cr_assert_eq(read_text(&m,
                           MEMBER("a") "[case alone]\n" MEMBER("b") "start = 2s\n"
                                                                    "[link wire]\nrate = 400Mb/s\n",
                           arena, &diag),
                 ST_OK, "%s", diag.what);
    cr_assert_eq(m.nr_groups, 2);
    cr_assert_str_eq(m.groups[0].name, "wire");
    cr_assert_eq(m.groups[0].nr, 2);
    cr_assert_str_eq(m.groups[0].cases[0]->name, "a");
    cr_assert_str_eq(m.groups[0].cases[1]->name, "b");
    cr_assert_eq(m.groups[0].link->rate_bps, 400000000);
    cr_assert_eq(m.groups[0].link->burst_bytes, 256 * KIB);
    cr_assert_str_eq(m.groups[1].name, "alone");
    cr_assert_null(m.groups[1].link);
    arena_free(arena);
}

Test(matrix, windows_are_read_in_order)
{
    struct arena *arena = arena_new(0);
    struct lab_matrix m;
    struct diag diag = {0};
    unsigned ms[LAB_WINDOWS_MAX];

    cr_assert_eq(read_text(&m, "[case a]\n[case b]\nwindows = 2s, 1s\n", arena, &diag), ST_OK);
    cr_assert_eq(lab_windows(&m.cases[0], ms), 6);
    cr_assert_eq(ms[3], 4000);
    cr_assert_eq(lab_windows(&m.cases[1], ms), 2);
    cr_assert_eq(ms[0], 2000);
    cr_assert_eq(ms[1], 1000);
    arena_free(arena);
}

/* clang-format off */
static const struct bad {
    const char *text;
    unsigned long line;
    const char *section, *key, *what, *hint;
} bad[] = {
    {"", 0, "", "", "the file has no case", "[case NAME]"},
    {"[defaults]\n", 0, "", "", "the file has no case", ""},
    {"rate = 1\n", 1, "", "rate", "before the first section", ""},
    {"[cases]\n", 1, "cases", "", "unknown section", "[link NAME]"},
    {"[cse a]\n", 1, "cse a", "", "unknown section", ""},
    {"[case]\n", 1, "case", "", "not a name", "[case NAME]"},
    {"[case a b]\n", 1, "case a b", "", "not a name", ""},
    {"[case ../x]\n", 1, "case ../x", "", "not a name", ""},
    {"[case .x]\n", 1, "case .x", "", "not a name", ""},
    {"[case a-r1]\n", 1, "case a-r1", "", "not a name", "-rN"},
    {"[defaults all]\n", 1, "defaults all", "", "not a name", "[defaults]"},
    {"[case a]\n[case a]\n", 2, "case a", "", "stands twice, first on line 1", ""},
    {"[defaults]\n[case a]\n[defaults]\n", 3, "defaults", "", "stands twice", ""},
    {"[case a]\nmemry = 1GiB\n", 2, "case a", "memry", "unknown option", "did you mean 'memory'"},
    {"[case a]\nmemory = 1GiB\nmemory = 2GiB\n", 3, "case a", "memory", "given twice, first on line 2", ""},
    {"[case a]\nmemory = 512\n", 2, "case a", "memory", "", ""},
    {"[case a]\nmemory = 1MiB\n", 2, "case a", "memory", "out of range", ""},
    {"[case a]\nrepeats = 0\n", 2, "case a", "repeats", "out of range", ""},
    {"[case a]\naccel = xen\n", 2, "case a", "accel", "", ""},
    {"[defaults]\nxbzrle = 3MiB\n[case a]\n", 2, "defaults", "xbzrle", "", ""},
    {"[case a]\nmemory = 4GiB\n", 1, "case a", "memory", "3 GiB", ""},
    {"[case a]\nmemory = 128MiB\nfill = 120MiB\n", 1, "case a", "fill", "24 MiB", ""},
    {"[case a]\nfill = 1500KiB\n", 1, "case a", "fill", "whole MiB", ""},
    {"[case a]\nrate = 1\nhot = 65MiB\n", 1, "case a", "hot", "beyond 'fill'", ""},
    {"[case a]\nrate = 1\nat = 64MiB\n", 1, "case a", "hot", "beyond 'fill'", ""},
    {"[case a]\nrate3 = 1\n", 1, "case a", "rate3", "the writer before it", ""},
    {"[case a]\nrate = 1\nbytes = 5B\n", 1, "case a", "bytes", "multiple of 4", ""},
    {"[case a]\nrate = 1\nwrite = random\n", 1, "case a", "bytes", "at least 4", ""},
    {"[case a]\nrate = 1\non = 1s\noff = 12ms\n", 1, "case a", "on", "whole ticks", ""},
    {"[case a]\ntick = 1500us\n", 1, "case a", "tick", "whole ms", ""},
    {"[case a]\nmultifd = 2\nxbzrle = 64MiB\n", 1, "case a", "xbzrle", "not together", ""},
    {"[case a]\nmax_throttle = 50%\n", 1, "case a", "auto_converge", "need it on", ""},
    {"[case a]\npostcopy_after = 3s\n", 1, "case a", "postcopy_after", "postcopy = on", ""},
    {"[case a]\nstart = 3s\n", 1, "case a", "start", "members of a link", ""},
    {"[case a]\nwindows = 500ms\n", 1, "case a", "windows", "whole seconds", ""},
    {"[case a]\nwindows = 1s, soon\n", 1, "case a", "windows", "", ""},
    {"[case a]\nguest = linux\nmemory = 128MiB\n", 1, "case a", "memory", "256 MiB", ""},
    {"[case a]\nguest = linux\nprogram = redi\n", 1, "case a", "program", "no workload", "did you mean 'redis'"},
    {"[case a]\nguest = linux\nargs = a b\n", 1, "case a", "args", "use commas", ""},
    {"[case a]\nlink = wire\n", 1, "case a", "link", "there is no [link wire]", ""},
    {MEMBER("a") "[link wire]\nrate = 1Gb/s\n", 1, "case a", "link", "no other case", ""},
    {MEMBER("a") MEMBER("b") "[link wire]\n", 7, "link wire", "", "no rate", "rate ="},
    {MEMBER("a") "start = 1s\n" MEMBER("b") "start = 1s\n[link wire]\nrate = 1Gb/s\n",
     1, "case a", "start", "start at 0", ""},
    {MEMBER("a") MEMBER("b") "repeats = 2\n[link wire]\nrate = 1Gb/s\n",
     4, "case b", "repeats", "those of 'a'", ""},
    {MEMBER("a") MEMBER("b") MEMBER("c") MEMBER("d") MEMBER("e") "[link wire]\nrate = 1Gb/s\n",
     13, "case e", "link", "up to 4", ""},
};
/* clang-format on */

Test(matrix, what_cannot_be_meant_is_refused_with_its_place)
{
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        const struct bad *b = &bad[i];
        struct arena *arena = arena_new(0);
        struct lab_matrix m;
        struct diag diag = {0};

        cr_expect_eq(read_text(&m, b->text, arena, &diag), ST_EINPUT, "accepted: %s", b->text);
        cr_expect_eq(diag.line, b->line, "%s: line %lu", b->text, diag.line);
        cr_expect_str_eq(diag.file, "m.ini");
        cr_expect_str_eq(diag.section, b->section, "%s: [%s]", b->text, diag.section);
        cr_expect_str_eq(diag.key, b->key, "%s: key %s", b->text, diag.key);
        cr_expect(diag.what[0] && strstr(diag.what, b->what), "%s: %s", b->text, diag.what);
        cr_expect(strstr(diag.hint, b->hint), "%s: hint %s", b->text, diag.hint);
        arena_free(arena);
    }
}

Test(matrix, a_small_arena_is_no_crash)
{
    for (size_t limit = 256; limit < 20000; limit += 97) {
        struct arena *arena = arena_new(limit);
        struct lab_matrix m;
        struct diag diag = {0};
        enum status st =
            read_text(&m, MEMBER("a") MEMBER("b") "[link wire]\nrate = 1Gb/s\n", arena, &diag);

        cr_assert(st == ST_OK || st == ST_ENOMEM, "limit %zu: %s", limit, diag.what);
        arena_free(arena);
    }
}
