/*
 * history.c - checks into the tables and back.
 *
 * Small rows, a few dozen a check: plain statements, one a row.  As everything that is read from a
 * file, values are looked at before they are believed.
 */
#include "store/history.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "store/cells.h"
#include "store/names.h"
#include "store/store_int.h"

#include "base/banned.h"

static const char writing[] = "store the check";
static const char what[] = "check"; /* that is read */

/* ---- writing ---- */

static enum status put_check_row(struct store *store, const struct store_check *check, int64_t id,
                                 struct diag *diag)
{
    sqlite3_stmt *stmt;
    char seed[24];
    enum status st = store_prepare(store, "INSERT INTO check_run VALUES (?,?,?,?,?,?,?,?)", writing,
                                   &stmt, diag);
    bool bound;

    if (st != ST_OK)
        return st;
    (void)snprintf(seed, sizeof(seed), "%" PRIu64, check->seed);
    bound = sqlite3_bind_int64(stmt, 1, id) == SQLITE_OK && store_bind_text(stmt, 2, check->name) &&
            store_bind_text(stmt, 3, check->digest) && store_bind_text(stmt, 4, check->version) &&
            store_bind_text(stmt, 5, seed) &&
            sqlite3_bind_int64(stmt, 6, check->samples) == SQLITE_OK &&
            store_bind_text(stmt, 7, check->label) && store_bind_text(stmt, 8, check->verdict);
    st = bound ? store_insert(store, stmt, writing, diag) : store_error(store, diag, writing);
    sqlite3_finalize(stmt);
    return st;
}

static enum status put_figures(struct store *store, const struct store_check *check, int64_t id,
                               struct diag *diag)
{
    sqlite3_stmt *stmt;
    enum status st = store_prepare(store, "INSERT INTO check_figure VALUES (?,?,?,?,?,?,?,?,?,?,?)",
                                   writing, &stmt, diag);

    for (size_t i = 0; i < check->nr && st == ST_OK; i++) {
        const struct store_check_figure *f = &check->figures[i];
        bool bound =
            sqlite3_bind_int64(stmt, 1, id) == SQLITE_OK &&
            sqlite3_bind_int64(stmt, 2, (sqlite3_int64)i + 1) == SQLITE_OK &&
            store_bind_text(stmt, 3, f->measure) && store_bind_text(stmt, 4, f->vm) &&
            store_bind_text(stmt, 5, value_unit_key(f->unit)) &&
            store_bind_text(stmt, 6, f->verdict) &&
            sqlite3_bind_double(stmt, 7, f->before) == SQLITE_OK && /* NaN becomes NULL */
            sqlite3_bind_double(stmt, 8, f->now) == SQLITE_OK &&
            sqlite3_bind_double(stmt, 9, isfinite(f->low) ? f->low : NAN) == SQLITE_OK &&
            sqlite3_bind_double(stmt, 10, isfinite(f->high) ? f->high : NAN) == SQLITE_OK &&
            sqlite3_bind_double(stmt, 11, f->p) == SQLITE_OK;

        st = bound ? store_insert(store, stmt, writing, diag) : store_error(store, diag, writing);
    }
    sqlite3_finalize(stmt);
    return st;
}

enum status store_put_check(struct store *store, const struct store_check *check, int64_t *id,
                            struct diag *diag)
{
    int64_t last = 0;
    enum status st = store_exec(store, "BEGIN IMMEDIATE", writing, diag);

    assert(check->name && check->digest && check->version && check->verdict);
    if (st == ST_OK)
        st = store_query_int(store, "SELECT max(check_id) FROM check_run", &last, diag);
    if (st == ST_OK)
        st = put_check_row(store, check, last + 1, diag);
    if (st == ST_OK)
        st = put_figures(store, check, last + 1, diag);
    if (st == ST_OK)
        st = store_exec(store, "COMMIT", writing, diag);
    if (st != ST_OK)
        store_rollback(store);
    else if (id)
        *id = last + 1;
    return st;
}

/* ---- reading ---- */

static enum status no_memory(struct diag *diag)
{
    return diag_set(diag, ST_ENOMEM, "out of memory");
}

static enum status read_check(struct cells *c, struct store_history *h, struct diag *diag)
{
    struct store_check *all = cells_grown(h->checks, h->nr, sizeof(*all)), *check;

    if (!all)
        return no_memory(diag);
    h->checks = all;
    check = &all[h->nr++];
    *check = (struct store_check){.check_id = cell_int(c)};
    check->name = cell_required_text(c);
    check->digest = cell_required_text(c);
    check->version = cell_required_text(c);
    check->seed = cell_seed(c);
    check->samples = cell_u32(c);
    check->label = cell_text(c);
    check->verdict = cell_required_text(c);
    return cells_check(c, "check_run", diag);
}

/* @at: the check whose figures are being read. */
static enum status read_figure(struct cells *c, struct store_history *h, size_t *at,
                               struct diag *diag)
{
    int64_t id = cell_int(c);
    struct store_check_figure *all, *f;
    struct store_check *check;

    while (*at < h->nr && h->checks[*at].check_id < id)
        ++*at;
    if (*at == h->nr || h->checks[*at].check_id != id)
        return ST_OK; /* of a check that is not wanted */
    check = &h->checks[*at];
    all = cells_grown(check->figures, check->nr, sizeof(*all));
    if (!all)
        return no_memory(diag);
    check->figures = all;
    f = &all[check->nr++];
    *f = (struct store_check_figure){.measure = cell_required_text(c)};
    f->vm = cell_text(c);
    f->unit = (enum value_unit)cell_word(c, cells_unit, VALUE_NR);
    f->verdict = cell_required_text(c);
    f->before = cell_double(c);
    f->now = cell_double(c);
    f->low = cell_double(c);
    f->high = cell_double(c);
    f->p = cell_double(c);
    return cells_check(c, "check_figure", diag);
}

static enum status load_checks(struct store *store, uint32_t most, struct store_history *h,
                               struct diag *diag)
{
    static const char sql[] =
        "SELECT check_id, name, digest, version, seed, samples, label, verdict FROM"
        " (SELECT *, row_number() OVER (PARTITION BY name ORDER BY check_id DESC) AS back"
        "  FROM check_run) WHERE back <= ? ORDER BY check_id";
    struct cells c;
    enum status st =
        cells_open(&c, store, h->names, what, sql, most ? (int64_t)most : INT64_MAX, diag);
    bool more;

    while (st == ST_OK && (st = cells_next(&c, &more, diag)) == ST_OK && more)
        st = read_check(&c, h, diag);
    cells_close(&c);
    return st;
}

static enum status load_figures(struct store *store, struct store_history *h, struct diag *diag)
{
    static const char sql[] =
        "SELECT check_id, measure, vm, unit, verdict, before_value, now_value, low, high, p"
        " FROM check_figure WHERE check_id >= ? ORDER BY check_id, seq";
    struct cells c;
    enum status st =
        cells_open(&c, store, h->names, what, sql, h->nr ? h->checks[0].check_id : 0, diag);
    size_t at = 0;
    bool more;

    while (st == ST_OK && (st = cells_next(&c, &more, diag)) == ST_OK && more)
        st = read_figure(&c, h, &at, diag);
    cells_close(&c);
    return st;
}

enum status store_load_history(struct store *store, uint32_t most, struct store_history *out,
                               struct diag *diag)
{
    enum status st;

    *out = (struct store_history){.names = names_new()};
    if (!out->names)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    st = load_checks(store, most, out, diag);
    if (st == ST_OK)
        st = load_figures(store, out, diag);
    if (st != ST_OK)
        store_history_release(out);
    return st;
}

void store_history_release(struct store_history *history)
{
    for (size_t i = 0; i < history->nr; i++)
        free(history->checks[i].figures);
    free(history->checks);
    names_free(history->names);
    *history = (struct store_history){0};
}
