/*
 * dump_db.c - all rows of all tables of a result file, as text, each table in its own order.
 *
 *   dump_db FILE.db
 *
 * Numbers are printed by SQLite with all their digits.  Two files with the same text hold the same.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

static int print_row(void *table, int columns, char **values, char **names)
{
    (void)names;
    fputs(table, stdout);
    for (int i = 0; i < columns; i++)
        printf("|%s", values[i] ? values[i] : "NULL");
    putchar('\n');
    return 0;
}

static void run(sqlite3 *db, const char *sql, int (*row)(void *, int, char **, char **), void *arg)
{
    if (sqlite3_exec(db, sql, row, arg, NULL) == SQLITE_OK)
        return;
    fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
    exit(1);
}

static int print_table(void *db, int columns, char **values, char **names)
{
    char *sql = columns == 1 ? sqlite3_mprintf("SELECT * FROM \"%w\"", values[0]) : NULL;

    (void)names;
    if (!sql)
        return 1;
    run(db, sql, print_row, values[0]);
    sqlite3_free(sql);
    return 0;
}

int main(int argc, char **argv)
{
    sqlite3 *db = NULL;

    if (argc != 2 || sqlite3_open_v2(argv[1], &db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
        fprintf(stderr, "usage: dump_db FILE.db\n");
        return 1;
    }
    run(db, "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name", print_table, db);
    sqlite3_close(db);
    return 0;
}
