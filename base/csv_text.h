/*
 * csv_text.h - a cell of text in a CSV file (RFC 4180).
 */
#ifndef MIGCAST_BASE_CSV_TEXT_H
#define MIGCAST_BASE_CSV_TEXT_H

#include "base/strbuf.h"

/* csv_add_text - @text as one cell, quoted where it must be; NULL gives an empty one.  A text that
 * a spreadsheet would compute is made one that it shows. */
void csv_add_text(struct strbuf *out, const char *text);

#endif
