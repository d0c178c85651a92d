/*
 * test_faults.c - killed writers, full disks, read-only places, several writers at once.
 *
 * What each test checks is the promise of store.h: a run is in the file whole, or not at all.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <sqlite3.h>

#include "store/store.h"
#include "store/support_runs.h"

enum {
    MIGS = 400,
    ROUNDS = 5,
    KILLS = 25
};

/* Store run after run until killed; counts the ones that were reported as stored. */
static void write_for_ever(const char *path, volatile int64_t *stored)
{
    struct run_result *run = sample_run(1, MIGS, ROUNDS);

    for (;;) {
        struct store *store;

        if (store_open(&store, path, STORE_OPEN_CREATE, NULL) != ST_OK)
            _exit(2);
        for (int i = 0; i < 3; i++) {
            if (store_put_run(store, run, NULL, NULL) != ST_OK)
                _exit(3);
            ++*stored;
        }
        store_close(store);
    }
}

/* Every run of @path is whole; returns their number. */
static int64_t check_all_runs(const char *path)
{
    struct run_result *run = sample_run(1, MIGS, ROUNDS);
    struct diag diag = {0};
    struct store_list list;
    struct store *store;
    int64_t nr;

    cr_assert_eq(store_open(&store, path, STORE_OPEN_READ, &diag), ST_OK, "%s", diag.what);
    cr_assert_eq(store_list(store, &list, &diag), ST_OK, "%s", diag.what);
    nr = (int64_t)list.nr;
    for (int64_t id = nr > 3 ? nr - 2 : 1; id <= nr; id++) {
        struct store_run back;

        cr_assert_eq(store_load_run(store, id, &back, &diag), ST_OK, "%s", diag.what);
        cr_expect_null(run_difference(run, &back.result), "run %d", (int)id);
        store_run_release(&back);
    }
    store_list_release(&list);
    store_close(store);
    sample_free(run);
    cr_expect_eq(query_int(path, "SELECT count(*) FROM migration"), nr * MIGS);
    cr_expect_eq(query_int(path, "SELECT count(*) FROM round"), nr * MIGS * ROUNDS);
    cr_expect_eq(query_int(path, "SELECT integrity_check = 'ok' FROM pragma_integrity_check"), 1);
    return nr;
}

Test(store_faults, a_killed_writer_leaves_whole_runs)
{
    char *folder = scratch_new(), *path = scratch_path(folder, "a.db");
    int64_t *stored =
        mmap(NULL, sizeof(*stored), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct run_result *first = sample_run(1, MIGS, ROUNDS);
    struct store *store;
    int interrupted_writes = 0;

    struct timespec before, after;
    long one;

    cr_assert_neq(stored, MAP_FAILED);
    (void)clock_gettime(CLOCK_MONOTONIC, &before);
    cr_assert_eq(store_open(&store, path, STORE_OPEN_CREATE, NULL), ST_OK);
    cr_assert_eq(store_put_run(store, first, NULL, NULL), ST_OK);
    store_close(store);
    (void)clock_gettime(CLOCK_MONOTONIC, &after);
    /* how long opening and storing one run takes here, sanitizers and load included */
    one = (after.tv_sec - before.tv_sec) * 1000000000 + after.tv_nsec - before.tv_nsec;
    one = one < 400000000 ? one : 400000000;
    *stored = 1;
    for (long i = 0; i < KILLS; i++) {
        /* a tenth of that to twice as long: within the opening, within a run, between runs, within
         * the checkpoint */
        struct timespec wait = {.tv_nsec = one / 10 + one / 100 * (i * 7919 % 211)};
        pid_t child = fork();
        int how;

        cr_assert_geq(child, 0);
        if (child == 0)
            write_for_ever(path, stored);
        (void)nanosleep(&wait, NULL);
        cr_assert_eq(kill(child, SIGKILL), 0);
        cr_assert_eq(waitpid(child, &how, 0), child);
        cr_assert(WIFSIGNALED(how), "the writer ended by itself: %d", WEXITSTATUS(how));

        int64_t found = check_all_runs(path);
        cr_expect(found == *stored || found == *stored + 1, "%d runs, %d reported", (int)found,
                  (int)*stored);
        interrupted_writes += found != *stored;
        *stored = found;
    }
    cr_expect_gt(*stored, 3, "the writers must have got somewhere");
    cr_expect_lt(interrupted_writes, KILLS);
    (void)munmap(stored, sizeof(*stored));
    sample_free(first);
    free(path);
    scratch_remove(folder);
}

Test(store_faults, killed_while_it_is_made_the_file_still_takes_runs)
{
    char *folder = scratch_new();

    for (long i = 0; i < KILLS; i++) {
        struct timespec wait = {.tv_nsec = 200000 + (i * 7919 % 211) * 20000};
        char *path = scratch_path(folder, "new.db"), *wal = scratch_path(folder, "new.db-wal");
        char *shm = scratch_path(folder, "new.db-shm"),
             *old = scratch_path(folder, "new.db-journal");
        struct run_result *run = sample_run(1, 3, 1);
        struct diag diag = {0};
        struct store *store;
        pid_t child = fork();

        cr_assert_geq(child, 0);
        if (child == 0) {
            if (store_open(&store, path, STORE_OPEN_CREATE, NULL) != ST_OK)
                _exit(2);
            store_close(store);
            _exit(0);
        }
        (void)nanosleep(&wait, NULL);
        (void)kill(child, SIGKILL);
        cr_assert_eq(waitpid(child, NULL, 0), child);
        cr_assert_eq(store_open(&store, path, STORE_OPEN_CREATE, &diag), ST_OK, "%s", diag.what);
        cr_expect_eq(store_put_run(store, run, NULL, &diag), ST_OK, "%s", diag.what);
        store_close(store);
        cr_expect_eq(query_int(path, "SELECT count(*) FROM migration"), 3);
        cr_assert_eq(unlink(path), 0);
        (void)unlink(wal);
        (void)unlink(shm);
        (void)unlink(old);
        sample_free(run);
        free(path);
        free(wal);
        free(shm);
        free(old);
    }
    scratch_remove(folder);
}

/* What a child found, as its exit code: the status of the step that failed, or 100 when none did.
 */
static int status_of_child(void (*child)(const char *path), const char *path)
{
    pid_t pid = fork();
    int how;

    cr_assert_geq(pid, 0);
    if (pid == 0) {
        child(path);
        _exit(100);
    }
    cr_assert_eq(waitpid(pid, &how, 0), pid);
    cr_assert(WIFEXITED(how), "killed by signal %d", WTERMSIG(how));
    return WEXITSTATUS(how);
}

/* Fill the file until it may grow no more; the store must then still answer. */
static void fill_up(const char *path)
{
    struct rlimit limit = {.rlim_cur = 1 << 20, .rlim_max = 1 << 20};
    struct run_result *run = sample_run(1, MIGS, ROUNDS);
    struct diag diag = {0};
    struct store_run back;
    struct store *store;
    enum status st = ST_OK;

    (void)signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0 ||
        store_open(&store, path, STORE_OPEN_CREATE, NULL) != ST_OK)
        _exit(90);
    for (int i = 0; i < 100 && st == ST_OK; i++)
        st = store_put_run(store, run, NULL, &diag);
    if (st == ST_OK || diag.what[0] == '\0')
        _exit(91);
    if (store_load_run(store, STORE_LATEST, &back, NULL) != ST_OK ||
        run_difference(run, &back.result))
        _exit(92);
    store_run_release(&back);
    store_close(store);
    _exit((int)st);
}

static void no_room_at_all(const char *path)
{
    struct rlimit limit = {.rlim_cur = 2000, .rlim_max = 2000};
    struct store *store;

    (void)signal(SIGXFSZ, SIG_IGN);
    if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
        _exit(90);
    _exit((int)store_open(&store, path, STORE_OPEN_CREATE, NULL));
}

Test(store_faults, a_full_disk_is_reported_and_keeps_the_earlier_runs)
{
    char *folder = scratch_new(), *path = scratch_path(folder, "a.db");
    char *small = scratch_path(folder, "b.db");

    cr_expect_eq(status_of_child(fill_up, path), ST_EOUTPUT);
    cr_expect_gt(check_all_runs(path), 1);
    cr_expect_eq(status_of_child(no_room_at_all, small), ST_EOUTPUT);
    free(path);
    free(small);
    scratch_remove(folder);
}

Test(store_faults, a_busy_file_is_worth_retrying)
{
    char *folder = scratch_new(), *path = scratch_path(folder, "a.db");
    struct run_result *run = sample_run(1, MIGS, ROUNDS);
    sqlite3 *holder;
    struct store *store;
    struct diag diag = {0};

    cr_assert_eq(store_open(&store, path, STORE_OPEN_CREATE, NULL), ST_OK);
    cr_assert_eq(store_put_run(store, run, NULL, NULL), ST_OK);
    /* another writer in the middle of its transaction */
    cr_assert_eq(sqlite3_open(path, &holder), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(holder, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    cr_expect_eq(store_put_run(store, run, NULL, &diag), ST_ERETRY);
    cr_expect_not_null(strstr(diag.what, "locked"), "%s", diag.what);
    cr_expect_not_null(strstr(diag.hint, "wait"), "%s", diag.hint);
    cr_assert_eq(sqlite3_exec(holder, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(holder);
    cr_expect_eq(store_put_run(store, run, NULL, &diag), ST_OK, "usable again");
    store_close(store);
    cr_expect_eq(check_all_runs(path), 2);
    sample_free(run);
    free(path);
    scratch_remove(folder);
}

/* Permissions do not bind the superuser; so the child becomes somebody else first. */
static void become_ordinary(void)
{
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0)
        _exit(90);
}

static void open_for_writing(const char *path)
{
    struct store *store;
    struct diag diag = {0};
    enum status st;

    become_ordinary();
    st = store_open(&store, path, STORE_OPEN_CREATE, &diag);
    if (st != ST_OK && diag.what[0] == '\0')
        _exit(91);
    store_close(store);
    _exit((int)st);
}

static void open_for_reading(const char *path)
{
    struct run_result *run = sample_run(1, MIGS, ROUNDS);
    struct store *store;
    struct store_run back;
    enum status st;

    become_ordinary();
    st = store_open(&store, path, STORE_OPEN_READ, NULL);
    if (st != ST_OK)
        _exit((int)st);
    st = store_load_run(store, STORE_LATEST, &back, NULL);
    if (st == ST_OK && run_difference(run, &back.result))
        _exit(92);
    store_run_release(&back);
    store_close(store);
    _exit((int)st);
}

Test(store_faults, read_only_places_can_be_read_and_refuse_writing)
{
    char *folder = scratch_new(), *path = scratch_path(folder, "a.db");
    char *fresh = scratch_path(folder, "fresh.db");
    struct run_result *run = sample_run(1, MIGS, ROUNDS);
    struct store *store;

    cr_assert_eq(store_open(&store, path, STORE_OPEN_CREATE, NULL), ST_OK);
    cr_assert_eq(store_put_run(store, run, NULL, NULL), ST_OK);
    store_close(store);
    cr_assert_eq(chmod(path, 0444), 0);
    cr_assert_eq(chmod(folder, 0555), 0);
    cr_expect_eq(status_of_child(open_for_reading, path), ST_OK);
    cr_expect_eq(status_of_child(open_for_writing, path), ST_EOUTPUT);
    cr_expect_eq(status_of_child(open_for_writing, fresh), ST_EOUTPUT);
    cr_assert_eq(chmod(path, 0), 0);
    cr_expect_eq(status_of_child(open_for_reading, path), ST_EINPUT);
    cr_assert_eq(chmod(folder, 0700), 0);
    sample_free(run);
    free(path);
    free(fresh);
    scratch_remove(folder);
}

/* Four processes make the same new file and each store runs: all of them get in. */
Test(store_faults, writers_that_start_together_all_store)
{
    enum {
        WRITERS = 4,
        RUNS_EACH = 5
    };
    char *folder = scratch_new(), *path = scratch_path(folder, "a.db");
    struct run_result *run = sample_run(1, MIGS, ROUNDS);

    for (int w = 0; w < WRITERS; w++) {
        pid_t child = fork();

        cr_assert_geq(child, 0);
        if (child == 0) {
            struct diag diag = {0};
            struct store *store;
            enum status st = store_open(&store, path, STORE_OPEN_CREATE, &diag);

            for (int i = 0; i < RUNS_EACH && st == ST_OK; i++)
                st = store_put_run(store, run, NULL, &diag);
            if (st != ST_OK) {
                (void)fprintf(stderr, "writer: %s\n", diag.what);
                _exit(3);
            }
            store_close(store);
            _exit(0);
        }
    }
    for (int w = 0; w < WRITERS; w++) {
        int how;

        cr_assert_gt(wait(&how), 0);
        cr_expect(WIFEXITED(how) && WEXITSTATUS(how) == 0, "writer ended with %d",
                  WEXITSTATUS(how));
    }
    cr_expect_eq(check_all_runs(path), WRITERS * RUNS_EACH);
    sample_free(run);
    free(path);
    scratch_remove(folder);
}

static double seconds_since(const struct timespec *start)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) * 1e-9;
}

/* 253,000 migrations are a fleet's drain with replications; a release build stores them in about
 * 0.7 s, and the bound leaves room for a sanitizer build on a busy machine. */
Test(store_faults, a_quarter_million_migrations_take_seconds)
{
    char *folder = scratch_new(), *path = scratch_path(folder, "a.db");
    struct run_result *run = sample_run(1, 253000, 0);
    struct store_run back;
    struct timespec start;
    struct store *store;
    double write_s;

    cr_assert_eq(store_open(&store, path, STORE_OPEN_CREATE, NULL), ST_OK);
    (void)clock_gettime(CLOCK_MONOTONIC, &start);
    cr_assert_eq(store_put_run(store, run, NULL, NULL), ST_OK);
    write_s = seconds_since(&start);
    (void)clock_gettime(CLOCK_MONOTONIC, &start);
    cr_assert_eq(store_load_run(store, 1, &back, NULL), ST_OK);
    if (getenv("MIGCAST_TIMINGS"))
        (void)fprintf(stderr, "stored in %.2f s, read in %.2f s\n", write_s, seconds_since(&start));
    cr_expect_lt(write_s, 15.0);
    cr_expect_null(run_difference(run, &back.result));
    store_run_release(&back);
    store_close(store);
    sample_free(run);
    free(path);
    scratch_remove(folder);
}
