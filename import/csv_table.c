/*
 * csv_table.c - splits a table into cells; knows nothing of what they mean.
 *
 * As RFC 4180, with any of , ; and tab between cells, and a line end inside quotes allowed.
 */
#include "import/csv_table.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/banned.h"

enum {
    CELL_MAX = 64 * 1024
};

enum status csv_fail(struct csv_table *t, unsigned long line, unsigned column, const char *fmt, ...)
{
    char what[DIAG_TEXT];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    diag_at(t->im->diag, ST_EINPUT, t->file, line, "%s", what);
    if (t->im->diag)
        t->im->diag->column = column;
    return ST_EINPUT;
}

void csv_open(struct csv_table *t, struct import *im, const char *file, const char *text,
              size_t len)
{
    static const char separators[] = {';', '\t', ','};
    size_t nr[sizeof(separators)] = {0}, best = 2;
    bool quoted = false;

    *t = (struct csv_table){.im = im, .file = file, .p = text, .line = 1};
    t->end = text + len;
    while (t->p < t->end && (*t->p == '\n' || *t->p == '\r')) {
        t->line += *t->p == '\n';
        t->p++;
    }
    for (const char *p = t->p; p < t->end && (quoted || *p != '\n'); p++) {
        quoted ^= *p == '"';
        for (size_t i = 0; i < sizeof(separators) && !quoted; i++)
            nr[i] += *p == separators[i];
    }
    for (size_t i = 0; i < sizeof(separators); i++)
        best = nr[i] > nr[best] ? i : best;
    t->separator = separators[best];
}

/* The text between quotes at the cursor, with doubled quotes made single. */
static enum status quoted_cell(struct csv_table *t, struct strbuf *out, unsigned column)
{
    unsigned long line = t->line;

    for (t->p++; t->p < t->end; t->p++) {
        if (*t->p == '"') {
            if (t->p + 1 == t->end || t->p[1] != '"') {
                t->p++;
                return ST_OK;
            }
            t->p++;
        }
        t->line += *t->p == '\n';
        strbuf_addch(out, *t->p);
        if (out->len > CELL_MAX)
            return csv_fail(t, line, column, "a cell of more than 64 KiB");
    }
    return csv_fail(t, line, column, "the quotes are not closed");
}

static enum status next_cell(struct csv_table *t, struct csv_cell *cell, const char *line_start)
{
    struct strbuf sb = STRBUF_INIT;
    enum status st = ST_OK;
    const char *from;
    char *text;
    size_t len;

    while (t->p < t->end && (*t->p == ' ' || (*t->p == '\t' && t->separator != '\t')))
        t->p++;
    cell->column = (unsigned)(t->p - line_start) + 1;
    if (t->p < t->end && *t->p == '"')
        st = quoted_cell(t, &sb, cell->column);
    from = t->p;
    while (t->p < t->end && *t->p != t->separator && *t->p != '\n')
        t->p++;
    if ((size_t)(t->p - from) > CELL_MAX)
        st = csv_fail(t, t->line, cell->column, "a cell of more than 64 KiB");
    else
        strbuf_add(&sb, from, (size_t)(t->p - from));
    text = st == ST_OK && !strbuf_failed(&sb) ? arena_strdup(t->im->arena, strbuf_text(&sb)) : NULL;
    strbuf_release(&sb);
    if (!text)
        return st == ST_OK ? imp_no_memory(t->im) : st;
    len = strlen(text);
    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\r' || text[len - 1] == '\t'))
        text[--len] = '\0';
    cell->text = text;
    return ST_OK;
}

enum status csv_next(struct csv_table *t, struct csv_row *row)
{
    const char *line_start;

    while (t->p < t->end && (*t->p == '\n' || *t->p == '\r')) {
        t->line += *t->p == '\n';
        t->p++;
    }
    row->nr = 0;
    row->line = t->line;
    line_start = t->p;
    while (t->p < t->end) {
        enum status st;

        if (row->nr == CSV_COLUMNS)
            return csv_fail(t, row->line, 0, "more than %d columns", CSV_COLUMNS);
        st = next_cell(t, &row->cells[row->nr], line_start);
        if (st != ST_OK)
            return st;
        row->nr++;
        if (t->p == t->end || *t->p == '\n')
            break;
        t->p++; /* the separator; nothing behind it is the same as no cell */
    }
    return ST_OK;
}
