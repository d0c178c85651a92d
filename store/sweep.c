/*
 * sweep.c - cells of sweeps into the tables, and out of them.
 *
 * Leaves what a cell is to answers/sweep/sweep.c.  Invariant: a cell is written whole, in the
 * transaction of its batch, or not at all; so a program that is killed loses the cells since the
 * last batch and damages none.
 */
#include "store/sweep.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_int.h"

#include "base/banned.h"

static const char storing[] = "store the sweep";
static const char reading[] = "read the sweep";

/* ---- writing ---- */

enum {
    PUT_CELL,
    PUT_FIGURE,
    PUT_GOAL,
    PUT_NR
};

static const char *const put_sql[PUT_NR] = {
    [PUT_CELL] = "INSERT OR IGNORE INTO sweep_cell VALUES (?,?,?,?,?)",
    [PUT_FIGURE] = "INSERT OR REPLACE INTO sweep_figure VALUES (?,?,?,?,?,?)",
    [PUT_GOAL] = "INSERT OR REPLACE INTO sweep_goal VALUES (?,?,?,?,?,?,?,?,?,?)",
};

static int bind_figure(sqlite3_stmt *stmt, int column, const struct store_figure *f)
{
    (void)sqlite3_bind_double(stmt, column++, f->value); /* NaN becomes NULL */
    (void)sqlite3_bind_double(stmt, column++, f->low);
    (void)sqlite3_bind_double(stmt, column++, f->high);
    (void)sqlite3_bind_int64(stmt, column++, (int64_t)f->n);
    return column;
}

static enum status put_cell(struct store *store, sqlite3_stmt *const put[PUT_NR],
                            const struct store_cell *cell, struct diag *diag)
{
    char seed[32];
    enum status st;

    snprintf(seed, sizeof(seed), "%" PRIu64, cell->seed);
    (void)store_bind_text(put[PUT_CELL], 1, cell->key);
    (void)store_bind_text(put[PUT_CELL], 2, cell->digest);
    (void)store_bind_text(put[PUT_CELL], 3, cell->version);
    (void)store_bind_text(put[PUT_CELL], 4, seed);
    (void)sqlite3_bind_int64(put[PUT_CELL], 5, cell->replications);
    st = store_insert(store, put[PUT_CELL], storing, diag);
    for (size_t i = 0; i < cell->nr_figures && st == ST_OK; i++) {
        (void)store_bind_text(put[PUT_FIGURE], 1, cell->key);
        (void)store_bind_text(put[PUT_FIGURE], 2, cell->names[i]);
        bind_figure(put[PUT_FIGURE], 3, &cell->figures[i]);
        st = store_insert(store, put[PUT_FIGURE], storing, diag);
    }
    for (size_t i = 0; i < cell->nr_goals && st == ST_OK; i++) {
        const struct store_goal *g = &cell->goals[i];
        int column;

        (void)store_bind_text(put[PUT_GOAL], 1, cell->key);
        (void)sqlite3_bind_int64(put[PUT_GOAL], 2, (int64_t)i + 1);
        (void)store_bind_text(put[PUT_GOAL], 3, cell->goal_texts[i]);
        column = bind_figure(put[PUT_GOAL], 4, &g->figure);
        (void)sqlite3_bind_int64(put[PUT_GOAL], column++, g->crossed);
        (void)sqlite3_bind_int64(put[PUT_GOAL], column++, g->small_sample);
        (void)sqlite3_bind_int64(put[PUT_GOAL], column, g->replications_needed);
        st = store_insert(store, put[PUT_GOAL], storing, diag);
    }
    return st;
}

enum status store_put_cells(struct store *store, const struct store_cell *cells, size_t nr,
                            struct diag *diag)
{
    sqlite3_stmt *put[PUT_NR] = {0};
    enum status st = ST_OK;

    for (int i = 0; i < PUT_NR && st == ST_OK; i++)
        st = store_prepare(store, put_sql[i], storing, &put[i], diag);
    if (st == ST_OK)
        st = store_exec(store, "BEGIN IMMEDIATE", storing, diag);
    for (size_t i = 0; i < nr && st == ST_OK; i++)
        st = put_cell(store, put, &cells[i], diag);
    for (int i = 0; i < PUT_NR; i++)
        sqlite3_finalize(put[i]);
    if (st == ST_OK)
        st = store_exec(store, "COMMIT", storing, diag);
    if (st != ST_OK)
        store_rollback(store);
    return st;
}

/* ---- reading ---- */

struct store_cells {
    struct store *store;
    sqlite3_stmt *figure, *goals;
};

enum status store_cells_new(struct store_cells **out, struct store *store, struct diag *diag)
{
    struct store_cells *reader = calloc(1, sizeof(*reader));
    enum status st;

    *out = NULL;
    if (!reader)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    reader->store = store;
    st = store_prepare(store,
                       "SELECT value, low, high, n FROM sweep_figure WHERE cell = ? AND name = ?",
                       reading, &reader->figure, diag);
    if (st == ST_OK)
        st = store_prepare(store,
                           "SELECT value, low, high, n, crossed, small_sample, "
                           "replications_needed FROM sweep_goal WHERE cell = ? ORDER BY seq",
                           reading, &reader->goals, diag);
    if (st != ST_OK) {
        store_cells_free(reader);
        return st;
    }
    *out = reader;
    return ST_OK;
}

void store_cells_free(struct store_cells *reader)
{
    if (!reader)
        return;
    sqlite3_finalize(reader->figure);
    sqlite3_finalize(reader->goals);
    free(reader);
}

static bool read_figure(sqlite3_stmt *stmt, struct store_figure *f)
{
    int64_t n = sqlite3_column_int64(stmt, 3);

    *f = (struct store_figure){store_double_at(stmt, 0), store_double_at(stmt, 1),
                               store_double_at(stmt, 2), (uint64_t)n};
    return n >= 0;
}

/* The next row of @stmt; *@found is false where there is none. */
static enum status next_row(struct store_cells *reader, sqlite3_stmt *stmt, bool *found,
                            struct diag *diag)
{
    int code = sqlite3_step(stmt);

    *found = code == SQLITE_ROW;
    return code == SQLITE_ROW || code == SQLITE_DONE ? ST_OK
                                                     : store_error(reader->store, diag, reading);
}

static enum status find_figure(struct store_cells *reader, const char *key, const char *name,
                               struct store_figure *figure, bool *found, struct diag *diag)
{
    enum status st;

    (void)store_bind_text(reader->figure, 1, key);
    (void)store_bind_text(reader->figure, 2, name);
    st = next_row(reader, reader->figure, found, diag);
    if (*found)
        *found = read_figure(reader->figure, figure);
    (void)sqlite3_reset(reader->figure);
    return st;
}

static enum status find_goals(struct store_cells *reader, const char *key, struct store_goal *goals,
                              size_t nr, bool *found, struct diag *diag)
{
    enum status st = ST_OK;
    size_t seen = 0;
    bool row = true, good = true;

    (void)store_bind_text(reader->goals, 1, key);
    while (row && good && st == ST_OK) {
        st = next_row(reader, reader->goals, &row, diag);
        if (!row)
            break;
        good = seen < nr && read_figure(reader->goals, &goals[seen].figure);
        if (good) {
            int64_t needed = sqlite3_column_int64(reader->goals, 6);

            goals[seen].crossed = sqlite3_column_int(reader->goals, 4) != 0;
            goals[seen].small_sample = sqlite3_column_int(reader->goals, 5) != 0;
            goals[seen].replications_needed = (uint32_t)needed;
            good = needed >= 0 && needed <= UINT32_MAX;
            seen++;
        }
    }
    (void)sqlite3_reset(reader->goals);
    *found = good && seen == nr;
    return st;
}

enum status store_cells_find(struct store_cells *reader, const char *key, const char *const *names,
                             struct store_figure *figures, size_t nr_figures,
                             struct store_goal *goals, size_t nr_goals, bool *found,
                             struct diag *diag)
{
    enum status st = ST_OK;

    *found = true;
    for (size_t i = 0; i < nr_figures && *found && st == ST_OK; i++)
        st = find_figure(reader, key, names[i], &figures[i], found, diag);
    if (*found && st == ST_OK)
        st = find_goals(reader, key, goals, nr_goals, found, diag);
    return st;
}
