/*
 * history.c - checks into the tables and back.
 *
 * Small rows, a few dozen a check: plain statements, one a row.  As everything that is read from a
 * file, values are looked at before they are believed.
 */
#include "store/history.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/names.h"
#include "store/store_int.h"

#include "base/banned.h"

static const char writing[] = "store the check";
static const char reading[] = "read the checks";

/* ---- writing ---- */

static bool bind_text(sqlite3_stmt *stmt, int column, const char *text)
{
    return sqlite3_bind_text(stmt, column, text, -1, SQLITE_STATIC) == SQLITE_OK;
}

static enum status step(struct store *store, sqlite3_stmt *stmt, bool bound, struct diag *diag)
{
    if (!bound || sqlite3_step(stmt) != SQLITE_DONE)
        return store_error(store, diag, writing);
    (void)sqlite3_reset(stmt);
    return ST_OK;
}

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
    bound = sqlite3_bind_int64(stmt, 1, id) == SQLITE_OK && bind_text(stmt, 2, check->name) &&
            bind_text(stmt, 3, check->digest) && bind_text(stmt, 4, check->version) &&
            bind_text(stmt, 5, seed) && sqlite3_bind_int64(stmt, 6, check->samples) == SQLITE_OK &&
            bind_text(stmt, 7, check->label) && bind_text(stmt, 8, check->verdict);
    st = step(store, stmt, bound, diag);
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
            bind_text(stmt, 3, f->measure) && bind_text(stmt, 4, f->vm) &&
            bind_text(stmt, 5, value_unit_key(f->unit)) && bind_text(stmt, 6, f->verdict) &&
            sqlite3_bind_double(stmt, 7, f->before) == SQLITE_OK && /* NaN becomes NULL */
            sqlite3_bind_double(stmt, 8, f->now) == SQLITE_OK &&
            sqlite3_bind_double(stmt, 9, isfinite(f->low) ? f->low : NAN) == SQLITE_OK &&
            sqlite3_bind_double(stmt, 10, isfinite(f->high) ? f->high : NAN) == SQLITE_OK &&
            sqlite3_bind_double(stmt, 11, f->p) == SQLITE_OK;

        st = step(store, stmt, bound, diag);
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

static const char *text_at(struct store_history *h, sqlite3_stmt *stmt, int column)
{
    const char *raw = (const char *)sqlite3_column_text(stmt, column);

    return raw ? names_keep(h->names, raw) : NULL;
}

static double number_at(sqlite3_stmt *stmt, int column)
{
    return sqlite3_column_type(stmt, column) == SQLITE_NULL ? NAN
                                                            : sqlite3_column_double(stmt, column);
}

static enum status wrong(const struct store *store, struct diag *diag)
{
    diag_hint(diag, "the file was changed by hand, or is damaged");
    return diag_at(diag, ST_EINPUT, store->path, 0,
                   "cannot read the checks: a table holds a value no check can have");
}

/* Room for one more at the end of an array that doubles. */
static void *grown(void *array, size_t nr, size_t size)
{
    if (nr != 0 && (nr & (nr - 1)) != 0)
        return array;
    if (nr > SIZE_MAX / 2 / size)
        return NULL;
    return realloc(array, (nr ? nr * 2 : 1) * size);
}

static enum status read_check(struct store *store, struct store_history *h, sqlite3_stmt *stmt,
                              struct diag *diag)
{
    struct store_check *all = grown(h->checks, h->nr, sizeof(*all)), *c;
    const char *seed;
    int64_t samples = sqlite3_column_int64(stmt, 5);
    char *end = NULL;

    if (!all)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    h->checks = all;
    c = &all[h->nr++];
    *c = (struct store_check){.check_id = sqlite3_column_int64(stmt, 0)};
    c->name = text_at(h, stmt, 1);
    c->digest = text_at(h, stmt, 2);
    c->version = text_at(h, stmt, 3);
    seed = text_at(h, stmt, 4);
    c->label = text_at(h, stmt, 6);
    c->verdict = text_at(h, stmt, 7);
    if (!c->name || !c->digest || !c->version || !seed || !c->verdict || *seed < '0' ||
        *seed > '9' || samples < 0 || samples > UINT32_MAX)
        return wrong(store, diag);
    errno = 0;
    c->seed = strtoull(seed, &end, 10);
    c->samples = (uint32_t)samples;
    return errno || *end ? wrong(store, diag) : ST_OK;
}

static enum status read_figure(struct store *store, struct store_history *h, sqlite3_stmt *stmt,
                               size_t *at, struct diag *diag)
{
    int64_t id = sqlite3_column_int64(stmt, 0);
    struct store_check_figure *all, *f;
    struct store_check *c;
    const char *unit;
    int u = 0;

    while (*at < h->nr && h->checks[*at].check_id < id)
        ++*at;
    if (*at == h->nr || h->checks[*at].check_id != id)
        return ST_OK; /* of a check that is not wanted */
    c = &h->checks[*at];
    all = grown(c->figures, c->nr, sizeof(*all));
    if (!all)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    c->figures = all;
    f = &all[c->nr++];
    *f = (struct store_check_figure){.measure = text_at(h, stmt, 1), .vm = text_at(h, stmt, 2)};
    unit = text_at(h, stmt, 3);
    f->verdict = text_at(h, stmt, 4);
    f->before = number_at(stmt, 5);
    f->now = number_at(stmt, 6);
    f->low = number_at(stmt, 7);
    f->high = number_at(stmt, 8);
    f->p = number_at(stmt, 9);
    while (unit && u < VALUE_NR && strcmp(value_unit_key((enum value_unit)u), unit) != 0)
        u++;
    f->unit = (enum value_unit)(u < VALUE_NR ? u : 0);
    return f->measure && f->verdict && unit && u < VALUE_NR ? ST_OK : wrong(store, diag);
}

static enum status load_checks(struct store *store, uint32_t most, struct store_history *h,
                               struct diag *diag)
{
    static const char sql[] =
        "SELECT check_id, name, digest, version, seed, samples, label, verdict FROM"
        " (SELECT *, row_number() OVER (PARTITION BY name ORDER BY check_id DESC) AS back"
        "  FROM check_run) WHERE back <= ? ORDER BY check_id";
    sqlite3_stmt *stmt;
    enum status st = store_prepare(store, sql, reading, &stmt, diag);
    int code = SQLITE_DONE;

    if (st == ST_OK)
        (void)sqlite3_bind_int64(stmt, 1, most ? (int64_t)most : INT64_MAX);
    while (st == ST_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW)
        st = read_check(store, h, stmt, diag);
    if (st == ST_OK && code != SQLITE_DONE)
        st = store_error(store, diag, reading);
    sqlite3_finalize(stmt);
    return st;
}

static enum status load_figures(struct store *store, struct store_history *h, struct diag *diag)
{
    static const char sql[] =
        "SELECT check_id, measure, vm, unit, verdict, before_value, now_value, low, high, p"
        " FROM check_figure WHERE check_id >= ? ORDER BY check_id, seq";
    sqlite3_stmt *stmt;
    enum status st = store_prepare(store, sql, reading, &stmt, diag);
    int code = SQLITE_DONE;
    size_t at = 0;

    if (st == ST_OK)
        (void)sqlite3_bind_int64(stmt, 1, h->nr ? h->checks[0].check_id : 0);
    while (st == ST_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW)
        st = read_figure(store, h, stmt, &at, diag);
    if (st == ST_OK && code != SQLITE_DONE)
        st = store_error(store, diag, reading);
    sqlite3_finalize(stmt);
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
