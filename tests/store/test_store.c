/*
 * test_store.c - runs go in and come out whole, and other people's files are refused.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "store/store.h"
#include "store/support_runs.h"
#include "support_rows.h"

static struct store *open_or_fail(const char *path, unsigned flags)
{
    struct diag diag = {0};
    struct store *store;

    cr_assert_eq(store_open(&store, path, flags, &diag), ST_OK, "%s; %s", diag.what, diag.hint);
    return store;
}

static int64_t put_or_fail(struct store *store, const struct run_result *run)
{
    struct diag diag = {0};
    int64_t id = 0;

    cr_assert_eq(store_put_run(store, run, &id, &diag), ST_OK, "%s", diag.what);
    return id;
}

static void put_into(const char *path, uint64_t salt, size_t migs, size_t rounds)
{
    struct run_result *run = sample_run(salt, migs, rounds);
    struct store *store = open_or_fail(path, STORE_OPEN_CREATE);

    put_or_fail(store, run);
    store_close(store);
    sample_free(run);
}

Test(store, a_run_comes_back_with_every_field)
{
    static const struct {
        uint64_t salt;
        size_t migs, rounds;
    } cases[] = {{1, 40, 3}, {2, 1, 0}, {3, 0, 0}, {4, 7, 1}};
    char *folder = scratch_new(), *path = scratch_path(folder, "a.db");
    struct store *store = open_or_fail(path, STORE_OPEN_CREATE);
    struct store_run back;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct run_result *run = sample_run(cases[i].salt, cases[i].migs, cases[i].rounds);

        cr_expect_eq(put_or_fail(store, run), (int64_t)i + 1);
        cr_assert_eq(store_load_run(store, STORE_LATEST, &back, NULL), ST_OK);
        cr_expect_eq(back.run_id, (int64_t)i + 1);
        cr_expect_null(run_difference(run, &back.result), "case %zu: %s", i,
                       run_difference(run, &back.result));
        store_run_release(&back);
        sample_free(run);
    }
    store_close(store);

    /* and by its number, from a second connection */
    struct run_result *first = sample_run(1, 40, 3);
    store = open_or_fail(path, STORE_OPEN_READ);
    cr_assert_eq(store_load_run(store, 1, &back, NULL), ST_OK);
    cr_expect_null(run_difference(first, &back.result));
    store_run_release(&back);
    store_close(store);
    sample_free(first);
    free(path);
    scratch_remove(folder);
}

Test(store, the_list_names_each_run_oldest_first)
{
    char *folder = scratch_new(), *path = scratch_path(folder, "a.db");
    struct store_list list;
    struct store *store;

    put_into(path, 5, 3, 1);
    put_into(path, 6, 9, 0);
    store = open_or_fail(path, STORE_OPEN_READ);
    cr_assert_eq(store_list(store, &list, NULL), ST_OK);
    cr_assert_eq(list.nr, 2);
    cr_expect_eq(list.entries[0].migrations, 3);
    cr_expect_eq(list.entries[0].seed, UINT64_MAX - 5);
    cr_expect(list.entries[0].interrupted);
    cr_expect_eq(list.entries[1].run_id, 2);
    cr_expect_eq(list.entries[1].migrations, 9);
    cr_expect_str_eq(list.entries[1].scenario, "scenarios/evacuate.ini");
    store_list_release(&list);
    store_close(store);
    free(path);
    scratch_remove(folder);
}

Test(store, the_same_run_gives_the_same_bytes)
{
    char *folder = scratch_new();
    char *a = scratch_path(folder, "a.db"), *b = scratch_path(folder, "b.db");
    char *dump_a, *dump_b;

    put_into(a, 7, 50, 4);
    put_into(b, 7, 50, 4);
    dump_a = dump_database(a);
    dump_b = dump_database(b);
    cr_expect_gt(strlen(dump_a), 10000);
    cr_expect_str_eq(dump_a, dump_b);
    free(dump_a);
    put_into(b, 8, 50, 4);
    dump_a = dump_database(b);
    cr_expect_neq(strcmp(dump_a, dump_b), 0, "another run must change the dump");
    free(dump_a);
    free(dump_b);
    free(a);
    free(b);
    scratch_remove(folder);
}

Test(store, files_are_strict_versioned_and_in_wal_mode)
{
    char *folder = scratch_new(), *path = scratch_path(folder, "a.db");

    put_into(path, 9, 2, 2);
    cr_expect_eq(query_int(path, "PRAGMA application_id"), STORE_APPLICATION_ID);
    cr_expect_eq(query_int(path, "PRAGMA user_version"), STORE_VERSION);
    cr_expect_eq(query_int(path, "SELECT journal_mode = 'wal' FROM pragma_journal_mode"), 1);
    cr_expect_eq(query_int(path, "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' "
                                 "AND name NOT LIKE 'sqlite_%' AND NOT strict"),
                 0);
    cr_expect_eq(query_int(path, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    run_sql(path, "PRAGMA foreign_keys=ON; DELETE FROM run");
    cr_expect_eq(query_int(path,
                           "SELECT (SELECT count(*) FROM migration) + (SELECT count(*) FROM round)"
                           " + (SELECT count(*) FROM threshold) + (SELECT count(*) FROM fix)"),
                 0, "a run's rows go with it");
    free(path);
    scratch_remove(folder);
}

Test(store, unknown_is_null_and_unlimited_is_the_largest_integer)
{
    char *folder = scratch_new(), *path = scratch_path(folder, "a.db");
    struct run_result *run = sample_run(10, 1, 0);
    struct store *store = open_or_fail(path, STORE_OPEN_CREATE);

    support_row(run, 0)->downtime_ns = -1;
    support_row(run, 0)->started_ns = 0;
    support_row(run, 0)->convergence_bytes_per_s = 0;
    support_row(run, 0)->transferred_bytes = UINT64_MAX;
    put_or_fail(store, run);
    store_close(store);
    cr_expect_eq(query_int(path, "SELECT downtime_ns IS NULL AND started_ns = 0 AND "
                                 "convergence_bytes_per_s IS NULL AND "
                                 "transferred_bytes = 9223372036854775807 FROM migration"),
                 1);
    sample_free(run);
    free(path);
    scratch_remove(folder);
}

/* Files that are not ours: how to make one, and what the refusal must say. */
static void make_version_0(const char *path)
{
    put_into(path, 1, 1, 0);
    run_sql(path, "PRAGMA user_version = 0");
}

static void make_version_99(const char *path)
{
    put_into(path, 1, 1, 0);
    run_sql(path, "PRAGMA user_version = 99");
}

static void make_foreign(const char *path)
{
    run_sql(path, "CREATE TABLE photo (name); INSERT INTO photo VALUES ('cat'); "
                  "PRAGMA application_id = 17");
}

static void make_plain_sqlite(const char *path)
{
    run_sql(path, "CREATE TABLE run (run_id)");
}

static void make_text(const char *path)
{
    FILE *file = fopen(path, "w");

    cr_assert_not_null(file);
    for (int i = 0; i < 1000; i++)
        cr_assert_gt(fprintf(file, "[vm \"db-%d\"]\n", i), 0);
    cr_assert_eq(fclose(file), 0);
}

static void make_folder(const char *path)
{
    cr_assert_eq(mkdir(path, 0700), 0);
}

static void make_pipe(const char *path)
{
    cr_assert_eq(mkfifo(path, 0600), 0);
}

static const struct {
    const char *name;
    void (*make)(const char *path);
    enum status create, read;
    const char *what, *hint;
} refused[] = {
    {"older", make_version_0, ST_EINPUT, ST_EINPUT, "schema version 0, expected version 6",
     "an older migcast"},
    {"newer", make_version_99, ST_EINPUT, ST_EINPUT, "schema version 99, expected version 6",
     "a newer migcast"},
    {"foreign", make_foreign, ST_EINPUT, ST_EINPUT, "application id 17, expected 1296648003",
     "new file, with --db"},
    {"sqlite", make_plain_sqlite, ST_EINPUT, ST_EINPUT, "application id 0", "new file, with --db"},
    {"text", make_text, ST_EINPUT, ST_EINPUT, "not a database", "new file, with --db"},
    {"folder", make_folder, ST_EOUTPUT, ST_EINPUT, "is a folder", "name a file"},
    {"pipe", make_pipe, ST_EOUTPUT, ST_EINPUT, "a device or a pipe", "name a file"},
};

Test(store, other_files_are_refused_and_left_alone)
{
    char *folder = scratch_new();

    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        char *path = scratch_path(folder, refused[i].name);
        struct stat before, after;
        struct store *store;

        refused[i].make(path);
        cr_assert_eq(stat(path, &before), 0);
        for (unsigned flags = 0; flags <= STORE_OPEN_CREATE; flags++) {
            struct diag diag = {0};

            cr_expect_eq(store_open(&store, path, flags, &diag),
                         flags ? refused[i].create : refused[i].read, "%s", refused[i].name);
            cr_expect_null(store);
            cr_expect_not_null(strstr(diag.what, refused[i].what), "%s: %s", refused[i].name,
                               diag.what);
            cr_expect_not_null(strstr(diag.hint, refused[i].hint), "%s: %s", refused[i].name,
                               diag.hint);
            cr_expect_str_eq(diag.file, path);
        }
        cr_assert_eq(stat(path, &after), 0);
        cr_expect_eq(before.st_size, after.st_size);
        cr_expect_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec, "%s changed", refused[i].name);
        free(path);
    }
    scratch_remove(folder);
}

Test(store, paths_that_cannot_be_opened_say_why)
{
    char *folder = scratch_new();
    char *missing = scratch_path(folder, "no/such/folder.db"),
         *absent = scratch_path(folder, "x.db");
    struct diag diag = {0};
    struct store *store;

    cr_expect_eq(store_open(&store, missing, STORE_OPEN_CREATE, &diag), ST_EOUTPUT);
    cr_expect_not_null(strstr(diag.what, strerror(ENOENT)), "%s", diag.what);
    cr_expect_eq(store_open(&store, absent, STORE_OPEN_READ, &diag), ST_EINPUT);
    cr_expect_not_null(strstr(diag.what, strerror(ENOENT)), "%s", diag.what);
    cr_expect_eq(access(absent, F_OK), -1, "reading must not make a file");
    cr_expect_eq(store_open(&store, "", STORE_OPEN_CREATE, &diag), ST_EOUTPUT);
    cr_expect_eq(store_open(&store, "/dev/full", STORE_OPEN_CREATE, &diag), ST_EOUTPUT);
    free(missing);
    free(absent);
    scratch_remove(folder);
}

Test(store, an_empty_file_takes_runs_but_has_none_to_read)
{
    char *folder = scratch_new(), *path = scratch_path(folder, "a.db");
    FILE *file = fopen(path, "w");
    struct diag diag = {0};
    struct store_run run;
    struct store *store;

    cr_assert_eq(fclose(file), 0);
    cr_expect_eq(store_open(&store, path, STORE_OPEN_READ, &diag), ST_EINPUT);
    cr_expect_not_null(strstr(diag.what, "no run"));
    store = open_or_fail(path, STORE_OPEN_CREATE);
    cr_expect_eq(store_load_run(store, STORE_LATEST, &run, &diag), ST_EINPUT);
    cr_expect_not_null(strstr(diag.what, "holds no run"));
    cr_expect_eq(store_load_run(store, 12, &run, &diag), ST_EINPUT);
    cr_expect_not_null(strstr(diag.what, "holds no run 12"));
    store_close(store);
    put_into(path, 3, 2, 1);
    cr_expect_eq(query_int(path, "SELECT count(*) FROM migration"), 2);
    free(path);
    scratch_remove(folder);
}

Test(store, names_that_sqlite_gives_a_meaning_are_ordinary_files)
{
    static const char *const names[] = {":memory:", "file:x?mode=memory", "a b%41#?.db"};
    char *folder = scratch_new();

    cr_assert_eq(chdir(folder), 0);
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        put_into(names[i], 1, 1, 1);
        cr_expect_eq(access(names[i], F_OK), 0, "%s", names[i]);
        store_close(open_or_fail(names[i], STORE_OPEN_READ));
    }
    cr_assert_eq(chdir("/"), 0);
    scratch_remove(folder);
}

Test(store, damaged_rows_are_bad_input)
{
    static const char *const damage[] = {
        "UPDATE migration SET outcome = 'happy'",
        "UPDATE migration SET binding = 'magic'",
        "UPDATE migration SET rounds = -4",
        "UPDATE migration SET attempt = 5000000000",
        "UPDATE migration SET total_ns = -9",
        "UPDATE migration SET transferred_bytes = -9",
        "UPDATE run SET seed = '12x'",
        "UPDATE run SET seed = '99999999999999999999999'",
        "UPDATE round SET sent_pages = -1",
        "UPDATE threshold SET line = -1",
        "UPDATE fix SET change = 'magic' WHERE change = 'horizon'",
        "UPDATE fix SET total_ns = -1",
        "ALTER TABLE migration RENAME COLUMN reason TO why",
        "DROP TABLE threshold",
    };
    char *folder = scratch_new();

    for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
        char *path = scratch_path(folder, "a.db");
        struct diag diag = {0};
        struct store_run run;
        struct store *store;

        put_into(path, 4, 3, 2);
        run_sql(path, damage[i]);
        store = open_or_fail(path, STORE_OPEN_READ);
        cr_expect_eq(store_load_run(store, STORE_LATEST, &run, &diag), ST_EINPUT, "%s", damage[i]);
        cr_expect_neq(diag.what[0], '\0');
        cr_expect_null(run.result.migs);
        store_close(store);
        cr_assert_eq(unlink(path), 0);
        free(path);
    }
    scratch_remove(folder);
}

/* Every page of a good file overwritten in turn: an answer or a refusal, never a crash. */
Test(store, overwritten_pages_end_in_a_status)
{
    char *folder = scratch_new(), *path = scratch_path(folder, "a.db");
    struct stat info;
    int refusals = 0, pages;

    put_into(path, 4, 60, 5);
    cr_assert_eq(stat(path, &info), 0);
    pages = (int)(info.st_size / 4096);
    cr_assert_gt(pages, 8);
    for (int page = 0; page < pages; page++) {
        struct diag diag = {0};
        struct store_run run;
        struct store *store;
        FILE *file = fopen(path, "r+");

        cr_assert_eq(fseek(file, page * 4096L, SEEK_SET), 0);
        for (int i = 0; i < 4096; i++)
            cr_assert_neq(fputc((i * 37 + page) & 0xff, file), EOF);
        cr_assert_eq(fclose(file), 0);
        enum status st = store_open(&store, path, STORE_OPEN_READ, &diag);
        if (st == ST_OK && (st = store_load_run(store, STORE_LATEST, &run, &diag)) == ST_OK)
            store_run_release(&run);
        cr_expect(st == ST_OK || st == ST_EINPUT, "page %d: %d %s", page, st, diag.what);
        refusals += st == ST_EINPUT;
        store_close(store);
        cr_assert_eq(unlink(path), 0);
        put_into(path, 4, 60, 5);
    }
    cr_expect_gt(refusals, pages / 2);
    free(path);
    scratch_remove(folder);
}
