/*
 * cells.c - the values of one row, each checked against the range of its field.
 *
 * Leaves which values a row has to read.c and history.c.  Invariant: a value out of its range marks
 * the row as bad, and what is returned for it is harmless.
 */
#include "store/cells.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/names.h"
#include "store/store_int.h"

#include "base/banned.h"

int64_t cell_int(struct cells *c)
{
    return sqlite3_column_int64(c->stmt, c->column++);
}

int64_t cell_known(struct cells *c)
{
    bool null = sqlite3_column_type(c->stmt, c->column) == SQLITE_NULL;
    int64_t value = cell_int(c);

    c->bad |= !null && value < 0;
    return null ? -1 : value;
}

uint64_t cell_count(struct cells *c)
{
    int64_t value = cell_int(c);

    c->bad |= value < 0;
    return value == INT64_MAX ? UINT64_MAX : (uint64_t)value;
}

uint32_t cell_u32(struct cells *c)
{
    int64_t value = cell_int(c);

    c->bad |= value < 0 || value > UINT32_MAX;
    return (uint32_t)value;
}

bool cell_bool(struct cells *c)
{
    return cell_int(c) != 0;
}

double cell_double(struct cells *c)
{
    return store_double_at(c->stmt, c->column++);
}

/* The text, valid until the next row; NULL for NULL. */
static const char *cell_raw(struct cells *c)
{
    bool null = sqlite3_column_type(c->stmt, c->column) == SQLITE_NULL;
    const char *text = (const char *)sqlite3_column_text(c->stmt, c->column++);

    c->no_mem |= !null && !text;
    return text;
}

const char *cell_text(struct cells *c)
{
    const char *raw = cell_raw(c);
    const char *kept;

    if (!raw)
        return NULL;
    kept = names_keep(c->names, raw);
    c->no_mem |= !kept;
    return kept;
}

const char *cell_required_text(struct cells *c)
{
    const char *text = cell_text(c);

    c->bad |= !text;
    return text ? text : "";
}

uint64_t cell_seed(struct cells *c)
{
    const char *raw = cell_raw(c);
    char *end;
    uint64_t seed;

    if (!raw || *raw < '0' || *raw > '9') {
        c->bad = true;
        return 0;
    }
    errno = 0;
    seed = strtoull(raw, &end, 10);
    c->bad |= errno != 0 || *end != '\0';
    return seed;
}

int cell_word(struct cells *c, const char *(*name)(int), int nr)
{
    const char *raw = cell_raw(c);

    for (int i = 0; raw && i < nr; i++)
        if (strcmp(raw, name(i)) == 0)
            return i;
    c->bad = true;
    return 0;
}

const char *cells_unit(int i)
{
    return value_unit_key((enum value_unit)i);
}

enum status cells_open(struct cells *c, struct store *store, struct names *names, const char *what,
                       const char *sql, int64_t value, struct diag *diag)
{
    enum status st;

    *c = (struct cells){.store = store, .names = names, .what = what};
    snprintf(c->doing, sizeof(c->doing), "read the %s", what);
    st = store_prepare(store, sql, c->doing, &c->stmt, diag);
    if (st == ST_OK && sqlite3_bind_parameter_count(c->stmt) == 1)
        (void)sqlite3_bind_int64(c->stmt, 1, value);
    return st;
}

enum status cells_next(struct cells *c, bool *more, struct diag *diag)
{
    int code = sqlite3_step(c->stmt);

    c->column = 0;
    *more = code == SQLITE_ROW;
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return store_error(c->store, diag, c->doing);
    return ST_OK;
}

enum status cells_check(const struct cells *c, const char *table, struct diag *diag)
{
    if (c->no_mem)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    if (!c->bad)
        return ST_OK;
    diag_hint(diag, "the file was changed by hand, or is damaged");
    return diag_at(diag, ST_EINPUT, c->store->path, 0,
                   "cannot %s: table %s holds a value no %s can have", c->doing, table, c->what);
}

void cells_close(struct cells *c)
{
    sqlite3_finalize(c->stmt);
    c->stmt = NULL;
}

void *cells_grown(void *array, size_t nr, size_t size)
{
    if (nr != 0 && (nr & (nr - 1)) != 0)
        return array;
    if (nr > SIZE_MAX / 2 / size)
        return NULL;
    return realloc(array, (nr ? nr * 2 : 1) * size);
}
