/*
 * test_history.c - checks go in and come out whole, beside runs, and the last ones of each name.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include <criterion/criterion.h>

#include "store/history.h"
#include "store/support_runs.h"

static struct store *open_or_fail(const char *path, unsigned flags)
{
    struct diag diag = {0};
    struct store *store;

    cr_assert_eq(store_open(&store, path, flags, &diag), ST_OK, "%s; %s", diag.what, diag.hint);
    return store;
}

static struct store_check_figure figures[] = {
    {"downtime.p99", NULL, VALUE_NS, "regressed", 100e6, 112e6, 9e6, 15e6, 0.004},
    {"moved.rate", NULL, VALUE_RATIO, "new", NAN, 1.0, NAN, NAN, NAN},
    {"vm.web-1.downtime.mean", "web-1", VALUE_NS, "improved", 90e6, 80e6, -INFINITY, INFINITY, 1.0},
};

static int64_t put(struct store *store, const char *name, const char *label, uint64_t seed)
{
    struct store_check check = {.name = name,
                                .digest = "d1",
                                .version = "0.1",
                                .label = label,
                                .verdict = "regressed",
                                .seed = seed,
                                .samples = 30,
                                .nr = 3,
                                .figures = figures};
    struct diag diag = {0};
    int64_t id = 0;

    cr_assert_eq(store_put_check(store, &check, &id, &diag), ST_OK, "%s", diag.what);
    return id;
}

Test(history, a_check_comes_back_with_every_field)
{
    char *folder = scratch_new(), *path = scratch_path(folder, "h.db");
    struct store *store = open_or_fail(path, STORE_OPEN_CREATE);
    struct run_result *run = sample_run(1, 4, 0);
    struct store_history h;
    const struct store_check *c;

    cr_assert_eq(store_put_run(store, run, NULL, NULL), ST_OK);
    cr_expect_eq(put(store, "a.ini", "v1", UINT64_MAX), 1);
    cr_expect_eq(put(store, "b.ini", NULL, 7), 2);
    store_close(store);
    store = open_or_fail(path, STORE_OPEN_READ);
    cr_assert_eq(store_load_history(store, 0, &h, NULL), ST_OK);
    cr_assert_eq(h.nr, 2);
    c = &h.checks[0];
    cr_expect(c->check_id == 1 && c->seed == UINT64_MAX && c->samples == 30 && c->nr == 3);
    cr_expect_str_eq(c->name, "a.ini");
    cr_expect_str_eq(c->label, "v1");
    cr_expect_str_eq(c->digest, "d1");
    cr_expect_str_eq(c->version, "0.1");
    cr_expect_str_eq(c->verdict, "regressed");
    cr_expect_null(h.checks[1].label);
    for (size_t i = 0; i < 3; i++) {
        const struct store_check_figure *a = &figures[i], *b = &h.checks[1].figures[i];

        cr_expect_str_eq(a->measure, b->measure);
        cr_expect_str_eq(a->verdict, b->verdict);
        cr_expect_eq(a->unit, b->unit);
        cr_expect((a->vm == NULL) == (b->vm == NULL));
        cr_expect(isnan(a->before) ? isnan(b->before) : a->before == b->before);
        cr_expect(a->now == b->now);
        cr_expect(isfinite(a->low) ? a->low == b->low : isnan(b->low), "no bound is unknown");
        cr_expect(isnan(a->p) ? isnan(b->p) : a->p == b->p);
    }
    store_history_release(&h);
    store_close(store);
    sample_free(run);
    scratch_remove(folder);
    free(path);
}

Test(history, the_last_checks_of_each_name_are_read)
{
    char *folder = scratch_new(), *path = scratch_path(folder, "h.db");
    struct store *store = open_or_fail(path, STORE_OPEN_CREATE);
    struct store_history h;

    for (int i = 0; i < 5; i++)
        put(store, "a.ini", NULL, 1);
    put(store, "b.ini", NULL, 1);
    cr_assert_eq(store_load_history(store, 2, &h, NULL), ST_OK);
    cr_assert_eq(h.nr, 3);
    cr_expect(h.checks[0].check_id == 4 && h.checks[1].check_id == 5 && h.checks[2].check_id == 6);
    for (size_t i = 0; i < h.nr; i++)
        cr_expect_eq(h.checks[i].nr, 3);
    store_history_release(&h);
    store_close(store);
    scratch_remove(folder);
    free(path);
}

Test(history, damaged_values_are_bad_input)
{
    static const char *const damage[] = {
        "UPDATE check_run SET seed = 'x'",
        "UPDATE check_run SET samples = 5000000000",
        "UPDATE check_run SET seed = '99999999999999999999999'",
    };

    for (size_t i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
        char *folder = scratch_new(), *path = scratch_path(folder, "h.db");
        struct store *store = open_or_fail(path, STORE_OPEN_CREATE);
        struct store_history h;
        struct diag diag = {0};
        sqlite3 *db;

        put(store, "a.ini", NULL, 1);
        store_close(store);
        cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
        cr_assert_eq(sqlite3_exec(db, damage[i], NULL, NULL, NULL), SQLITE_OK, "%s", damage[i]);
        sqlite3_close(db);
        store = open_or_fail(path, STORE_OPEN_READ);
        cr_expect_eq(store_load_history(store, 0, &h, &diag), ST_EINPUT, "%s", damage[i]);
        cr_expect(diag.what[0] && h.nr == 0);
        store_close(store);
        scratch_remove(folder);
        free(path);
    }
}
