/*
 * test_name.c - names and words are harmless, whatever they were.
 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/json_text.h"
#include "import/import_int.h"

static struct import im;

static void begin(void)
{
    memset(&im, 0, sizeof(im));
    im.arena = arena_new(0);
    cr_assert(im.arena);
}

static void end(void)
{
    HASH_CLEAR(hh, im.vm_names);
    arena_free(im.arena);
}

TestSuite(name, .init = begin, .fini = end);

/* Of UTF-8 without anything that an INI file, a list or a pattern gives a meaning. */
static void check_harmless(const char *name)
{
    cr_assert_gt(strlen(name), 0);
    cr_assert_leq(strlen(name), IMP_NAME);
    cr_assert_null(strpbrk(name, " \t\r\n,*?[]=\"'#;`<>\\"), "%s", name);
    for (const char *p = name; *p;) {
        int32_t c = utf8_next(&p);

        cr_assert(c > 0x20 && c != 0x7f && !(c >= 0x80 && c <= 0xa0), "%s has U+%04X", name, c);
        cr_assert(!(c >= 0x200b && c <= 0x200f) && !(c >= 0x2028 && c <= 0x202f) &&
                  !(c >= 0x2060 && c <= 0x206f) && c != 0xfeff);
    }
}

Test(name, any_bytes_become_a_harmless_name)
{
    uint64_t x = 88172645463325252ULL;
    char raw[300];

    for (int round = 0; round < 4000; round++) {
        size_t len = (size_t)(round % 290);

        for (size_t i = 0; i < len; i++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            /* every third name of signs that matter, the others of any bytes */
            raw[i] =
                round % 3 == 0 ? " \t\n,*?[]=\"'#;\\\xe2\x80\xae\xf0"[x % 18] : (char)(x >> 24);
            raw[i] = raw[i] ? raw[i] : 'z';
        }
        raw[len] = '\0';
        check_harmless(imp_name(&im, &im.vm_names, raw));
    }
}

Test(name, no_two_things_share_a_name)
{
    static const char *const raw[] = {"a", "a", "a~2", "a", "%", "%25", "b c", "b%20c", "", ""};
    const char *names[10];

    for (int i = 0; i < 10; i++) {
        names[i] = imp_name(&im, &im.vm_names, raw[i]);
        for (int k = 0; k < i; k++)
            cr_assert_str_neq(names[i], names[k], "%d and %d", i, k);
    }
    cr_assert_str_eq(names[0], "a");
    cr_assert_str_eq(names[4], "%25");
    cr_assert_str_eq(names[6], "b%20c");
}

Test(name, long_names_keep_their_start_and_stay_apart)
{
    char a[400], b[400];
    const char *x, *y;

    memset(a, 'n', sizeof(a));
    a[399] = '\0';
    memcpy(b, a, sizeof(b));
    b[398] = 'm';
    x = imp_name(&im, &im.vm_names, a);
    y = imp_name(&im, &im.vm_names, b);
    check_harmless(x);
    check_harmless(y);
    cr_assert_eq(strncmp(x, a, 100), 0);
    cr_assert_str_neq(x, y);
}

Test(name, readable_text_of_any_language_stays)
{
    cr_assert_str_eq(imp_name(&im, &im.vm_names, "пример-日本_1.0"), "пример-日本_1.0");
    cr_assert_str_eq(imp_word(&im, "app.kubernetes.io/name=web"), "app.kubernetes.io/name=web");
    cr_assert_str_eq(imp_word(&im, "a, b\n[vm x]"), "a%2C%20b%0A%5Bvm%20x%5D");
}

Test(name, comments_stay_on_their_line)
{
    struct strbuf sb = STRBUF_INIT;

    imp_comment(&sb, "x\n[vm y]\r\x1b[2J\xe2\x80\xae z\xff");
    cr_assert_str_eq(strbuf_text(&sb), "x?[vm y]??[2J? z?");
    strbuf_release(&sb);
}
