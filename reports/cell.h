/*
 * cell.h - text from outside in the columns of a terminal.
 *
 * Names come from scenarios, traces and databases.  Control characters, and the marks that change
 * the direction of text, are shown as escapes ("\x1b", "\u202e"): no name can move the cursor or
 * forge a line.
 */
#ifndef MIGCAST_REPORTS_CELL_H
#define MIGCAST_REPORTS_CELL_H

#include <stddef.h>

#include "base/strbuf.h"

enum cell_align {
    CELL_LEFT,
    CELL_RIGHT
};

/* cell_add_text - @text (NULL: "-") with its escapes, uncut. */
void cell_add_text(struct strbuf *out, const char *text);
/* cell_add - the same in exactly @width columns: padded, or cut with "..." at its end. */
void cell_add(struct strbuf *out, const char *text, size_t width, enum cell_align align);
/* cell_width - the columns that cell_add_text() takes. */
size_t cell_width(const char *text);
/* cell_prefix - the bytes of @text that fit @width columns; at least one character, if there is
 * one. */
size_t cell_prefix(const char *text, size_t width);
/* cell_wrap - @words, broken at blanks, in lines of @width columns from column @used on; further
 * lines begin at @indent; and a newline.  A word longer than a line is cut. */
void cell_wrap(struct strbuf *out, const char *words, size_t used, size_t indent, size_t width);

#endif
