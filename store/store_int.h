/* store_int.h - what the files of this folder share; nobody else includes it. */
#ifndef MIGCAST_STORE_STORE_INT_H
#define MIGCAST_STORE_STORE_INT_H

#include <sqlite3.h>
#include <stdbool.h>

#include "store/store.h"

struct store {
    sqlite3 *db;
    bool writable;
    int last_code;                               /* primary result code of the last error */
    char path[sizeof(((struct diag *)0)->file)]; /* as given, cut to fit; for messages */
};

/* store_error - describe the connection's last error: "cannot DOING: why", and the status it means.
 */
enum status store_error(struct store *store, struct diag *diag, const char *doing);
/* store_exec - run SQL that yields no rows. */
enum status store_exec(struct store *store, const char *sql, const char *doing, struct diag *diag);
/* store_prepare - *@stmt is NULL on failure. */
enum status store_prepare(struct store *store, const char *sql, const char *doing,
                          sqlite3_stmt **stmt, struct diag *diag);
/* store_bind_text - @text must live until the statement is reset; NULL becomes NULL. */
bool store_bind_text(sqlite3_stmt *stmt, int column, const char *text);
/* store_insert - run a statement that yields no row, and get it ready to be bound again. */
enum status store_insert(struct store *store, sqlite3_stmt *stmt, const char *doing,
                         struct diag *diag);
/* store_double_at - a column of the row; NULL gives NaN. */
double store_double_at(sqlite3_stmt *stmt, int column);
/* store_query_int - the first column of the first row of @sql. */
enum status store_query_int(struct store *store, const char *sql, int64_t *value,
                            struct diag *diag);
/* store_rollback - end a failed transaction, if it did not end by itself. */
void store_rollback(struct store *store);

#endif
