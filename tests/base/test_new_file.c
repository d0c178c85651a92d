/*
 * test_new_file.c - a file is whole or not there, and the old one is kept until then.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/new_file.h"

static char folder[] = "/tmp/new-file-XXXXXX";
static char path[64];

static void setup(void)
{
    cr_assert_not_null(mkdtemp(folder));
    (void)snprintf(path, sizeof(path), "%s/result", folder);
}

static void teardown(void)
{
    (void)unlink(path);
    cr_expect_eq(rmdir(folder), 0, "nothing else is left: %s", strerror(errno));
}

static const char *content(void)
{
    static char text[64];
    FILE *in = fopen(path, "r");
    size_t len = in ? fread(text, 1, sizeof(text) - 1, in) : 0;

    text[len] = '\0';
    if (in)
        (void)fclose(in);
    return in ? text : NULL;
}

static void write_text(const char *text, enum status expected)
{
    struct strbuf sb = STRBUF_INIT;
    struct diag diag = {0};

    strbuf_addstr(&sb, text);
    cr_expect_eq(new_file_write(path, &sb, "write the result", &diag), expected, "%s", diag.what);
    strbuf_release(&sb);
}

Test(new_file, the_old_one_stays_until_the_new_one_is_complete, .init = setup, .fini = teardown)
{
    struct new_file f;

    write_text("old", ST_OK);
    cr_assert_eq(new_file_open(&f, path, NULL), ST_OK);
    cr_expect_gt(fputs("new", f.out), 0);
    cr_expect_str_eq(content(), "old");
    new_file_drop(&f);
    cr_expect_str_eq(content(), "old");
    new_file_drop(&f); /* harmless */

    cr_assert_eq(new_file_open(&f, path, NULL), ST_OK);
    cr_expect_gt(fputs("new", f.out), 0);
    cr_expect(new_file_keep(&f));
    cr_expect_str_eq(content(), "new");
}

Test(new_file, permissions_are_those_of_a_plain_file, .init = setup, .fini = teardown)
{
    struct stat at;

    (void)umask(027);
    write_text("x", ST_OK);
    cr_assert_eq(stat(path, &at), 0);
    cr_expect_eq(at.st_mode & 0777, 0640);
}

Test(new_file, what_cannot_be_written_says_why_and_leaves_nothing, .init = setup, .fini = teardown)
{
    struct strbuf sb = STRBUF_INIT;
    struct diag diag = {0};

    strbuf_addstr(&sb, "text");
    cr_expect_eq(new_file_write("/dev/full", &sb, "write the result", &diag), ST_EOUTPUT);
    cr_expect_str_eq(diag.what, "cannot write the result: No space left on device");
    diag = (struct diag){0};
    cr_expect_eq(new_file_write("/proc/no/such", &sb, "write the result", &diag), ST_EOUTPUT);
    cr_expect_str_eq(diag.what, "cannot open for writing: No such file or directory");
    strbuf_release(&sb);
}
