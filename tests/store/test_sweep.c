/* test_sweep.c - cells of sweeps go in and come out the same, whole or not at all. */
#include "store/sweep.h"

#include <criterion/criterion.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"
#include "store/support_runs.h"

static const char *const names[] = {"downtime.p99", "moved.rate", "rounds.max"};
static const char *const texts[] = {"downtime.p99 < 500ms"};

static const struct store_figure figures[] = {
    {1.5e8, 1.25e8, INFINITY, 40}, {0.1 + 0.2, 0.0, 1.0, 40}, {NAN, NAN, NAN, 0}};
static const struct store_goal goals[] = {{{1.5e8, 1.25e8, INFINITY, 40}, false, true, 412}};

static struct store_cell cell(const char *key, size_t nr_figures)
{
    return (struct store_cell){.key = key,
                               .digest = "d",
                               .version = "1",
                               .seed = UINT64_MAX,
                               .replications = 20,
                               .nr_figures = nr_figures,
                               .nr_goals = 1,
                               .names = names,
                               .figures = figures,
                               .goal_texts = texts,
                               .goals = goals};
}

static bool same(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

static bool find(struct store *store, const char *key, size_t nr_figures, size_t nr_goals)
{
    struct store_cells *reader;
    struct store_figure got[3];
    struct store_goal goal[2];
    bool found = false;

    cr_assert_eq(store_cells_new(&reader, store, NULL), ST_OK);
    cr_assert_eq(
        store_cells_find(reader, key, names, got, nr_figures, goal, nr_goals, &found, NULL), ST_OK);
    for (size_t i = 0; found && i < nr_figures; i++) {
        cr_expect(same(got[i].value, figures[i].value));
        cr_expect(same(got[i].low, figures[i].low));
        cr_expect(same(got[i].high, figures[i].high));
        cr_expect_eq(got[i].n, figures[i].n);
    }
    for (size_t i = 0; found && i < nr_goals; i++) {
        cr_expect_eq(goal[i].replications_needed, goals[i].replications_needed);
        cr_expect_eq(goal[i].small_sample, goals[i].small_sample);
        cr_expect_eq(goal[i].crossed, goals[i].crossed);
        cr_expect(same(goal[i].figure.high, goals[i].figure.high));
    }
    store_cells_free(reader);
    return found;
}

Test(sweep, a_cell_comes_back_with_all_that_is_asked_for_or_not_at_all)
{
    char *dir = scratch_new(), *path = scratch_path(dir, "a.db");
    struct store_cell one = cell("one", 2);
    struct store *store;

    cr_assert_eq(store_open(&store, path, STORE_OPEN_CREATE, NULL), ST_OK);
    cr_expect_not(find(store, "one", 0, 1));
    cr_assert_eq(store_put_cells(store, &one, 1, NULL), ST_OK);
    cr_expect(find(store, "one", 2, 1));
    cr_expect_not(find(store, "one", 3, 1), "a measure is missing");
    cr_expect_not(find(store, "one", 2, 0), "more goals than expected");
    cr_expect_not(find(store, "one", 2, 2), "fewer goals than expected");
    cr_expect_not(find(store, "two", 2, 1));
    one.nr_figures = 3; /* another measure joins those that are there */
    cr_assert_eq(store_put_cells(store, &one, 1, NULL), ST_OK);
    cr_expect(find(store, "one", 3, 1));
    store_close(store);
    free(path);
    scratch_remove(dir);
}

static int add_row(void *out, int columns, char **values, char **columns_names)
{
    (void)columns_names;
    for (int i = 0; i < columns; i++)
        strbuf_addf(out, "%s|", values[i] ? values[i] : "NULL");
    strbuf_addch(out, '\n');
    return 0;
}

/* As they lie in the file. */
static char *rows_of(const char *path, const char *table)
{
    struct strbuf out = STRBUF_INIT;
    sqlite3 *db;
    char sql[64];

    snprintf(sql, sizeof(sql), "SELECT * FROM %s", table);
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, add_row, &out, NULL), SQLITE_OK);
    sqlite3_close(db);
    return strbuf_detach(&out);
}

Test(sweep, the_order_of_storing_does_not_show)
{
    char *dir = scratch_new();
    char *paths[2] = {scratch_path(dir, "a.db"), scratch_path(dir, "b.db")};

    for (int turn = 0; turn < 2; turn++) {
        struct store_cell cells[] = {cell(turn ? "two" : "one", 3), cell(turn ? "one" : "two", 3)};
        struct store *store;

        cr_assert_eq(store_open(&store, paths[turn], STORE_OPEN_CREATE, NULL), ST_OK);
        cr_assert_eq(store_put_cells(store, cells, 1, NULL), ST_OK);
        cr_assert_eq(store_put_cells(store, cells + 1, 1, NULL), ST_OK);
        cr_assert_eq(store_put_cells(store, cells, 2, NULL), ST_OK);
        store_close(store);
    }
    for (size_t i = 0; i < 3; i++) {
        static const char *const tables[] = {"sweep_cell", "sweep_figure", "sweep_goal"};
        char *all[2];

        for (int turn = 0; turn < 2; turn++)
            all[turn] = rows_of(paths[turn], tables[i]);
        cr_expect_str_eq(all[0], all[1]);
        cr_expect_gt(strlen(all[0]), 20);
        free(all[0]);
        free(all[1]);
    }
    cr_expect_eq(query_int(paths[0], "SELECT count(*) FROM sweep_goal"), 2);
    free(paths[0]);
    free(paths[1]);
    scratch_remove(dir);
}

Test(sweep, a_batch_that_fails_leaves_nothing)
{
    char *dir = scratch_new(), *path = scratch_path(dir, "a.db");
    struct store_cell cells[] = {cell("one", 3), cell(NULL, 3)}; /* a key is required */
    struct diag diag = {0};
    struct store *store;

    cr_assert_eq(store_open(&store, path, STORE_OPEN_CREATE, NULL), ST_OK);
    cr_expect_neq(store_put_cells(store, cells, 2, &diag), ST_OK);
    cr_expect_not(find(store, "one", 3, 1));
    cr_assert_eq(store_put_cells(store, cells, 1, NULL), ST_OK, "the store stays usable");
    cr_expect(find(store, "one", 3, 1));
    store_close(store);
    free(path);
    scratch_remove(dir);
}

Test(sweep, values_that_no_sweep_can_have_are_not_found)
{
    char *dir = scratch_new(), *path = scratch_path(dir, "a.db");
    struct store_cell one = cell("one", 3);
    struct store *store;

    cr_assert_eq(store_open(&store, path, STORE_OPEN_CREATE, NULL), ST_OK);
    cr_assert_eq(store_put_cells(store, &one, 1, NULL), ST_OK);
    run_sql(path, "UPDATE sweep_goal SET replications_needed = -1");
    cr_expect_not(find(store, "one", 3, 1));
    run_sql(path, "UPDATE sweep_goal SET replications_needed = 412");
    run_sql(path, "UPDATE sweep_figure SET n = -1");
    cr_expect_not(find(store, "one", 3, 1));
    store_close(store);
    free(path);
    scratch_remove(dir);
}
