/*
 * cells.h - the values of one row, read from left to right; for the files of this folder.
 *
 * A file may have been edited or damaged in ways SQLite does not notice; so each value is checked
 * against the range of its field.  Nothing is reported value by value: read a whole row, then ask
 * cells_check() once.
 */
#ifndef MIGCAST_STORE_CELLS_H
#define MIGCAST_STORE_CELLS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct names;
struct store;

struct cells {
    struct store *store;
    sqlite3_stmt *stmt;
    struct names *names; /* where texts are kept */
    const char *what;    /* that is read: "run", "check" */
    char doing[32];
    int column;
    bool bad; /* a value that no run, or check, can have */
    bool no_mem;
};

/* cells_open - prepare @sql, with @value for its parameter if it has one.  cells_close() is due in
 * every case. */
enum status cells_open(struct cells *c, struct store *store, struct names *names, const char *what,
                       const char *sql, int64_t value, struct diag *diag);
/* cells_next - the next row: ST_OK with *@more saying whether there is one. */
enum status cells_next(struct cells *c, bool *more, struct diag *diag);
/* cells_check - was the row just read a possible one? */
enum status cells_check(const struct cells *c, const char *table, struct diag *diag);
void cells_close(struct cells *c);

int64_t cell_int(struct cells *c);
int64_t cell_known(struct cells *c);  /* lengths and moments; NULL gives -1 */
uint64_t cell_count(struct cells *c); /* SQLite's largest integer gives UINT64_MAX */
uint32_t cell_u32(struct cells *c);
bool cell_bool(struct cells *c);
double cell_double(struct cells *c);             /* NULL gives NaN */
const char *cell_text(struct cells *c);          /* kept; NULL gives NULL */
const char *cell_required_text(struct cells *c); /* kept; never NULL */
uint64_t cell_seed(struct cells *c);
/* cell_word - the index of a word among @nr names. */
int cell_word(struct cells *c, const char *(*name)(int), int nr);

/* cells_unit - the names of enum value_unit, for cell_word(). */
const char *cells_unit(int i);

/* cells_grown - room for one more element at the end of an array of @nr that doubles; NULL = out of
 * memory, and @array is as it was. */
void *cells_grown(void *array, size_t nr, size_t size);

#endif
