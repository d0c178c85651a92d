/*
 * csv_table.h - rows of a table with commas, semicolons or tabs between quoted or plain cells.
 */
#ifndef MIGCAST_IMPORT_CSV_TABLE_H
#define MIGCAST_IMPORT_CSV_TABLE_H

#include "import/import_int.h"

enum {
    CSV_COLUMNS = 512
};

struct csv_cell {
    const char *text; /* without its quotes and the blanks around */
    unsigned column;  /* where it begins in its line, from 1 */
};

struct csv_row {
    unsigned long line; /* where it begins */
    uint32_t nr;
    struct csv_cell cells[CSV_COLUMNS];
};

struct csv_table {
    struct import *im;
    const char *file;
    const char *p, *end;
    unsigned long line;
    char separator;
};

/* csv_open - finds the separator in the first line that is not empty. */
void csv_open(struct csv_table *t, struct import *im, const char *file, const char *text,
              size_t len);
/* csv_next - the next row that is not empty; its texts hold until the conversion ends.  @row->nr is
 * 0 at the end. */
enum status csv_next(struct csv_table *t, struct csv_row *row);
/* csv_fail - "FILE:LINE:COLUMN: what" */
enum status csv_fail(struct csv_table *t, unsigned long line, unsigned column, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

#endif
