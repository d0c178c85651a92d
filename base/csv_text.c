/*
 * csv_text.c - quoting for CSV.
 *
 * Invariant: what is added is one cell whatever the text holds, and is never taken for a formula.
 */
#include "base/csv_text.h"

#include <stdbool.h>
#include <string.h>

#include "base/banned.h"

void csv_add_text(struct strbuf *out, const char *text)
{
    /* what begins a formula in one spreadsheet or another; an apostrophe before it makes it text */
    bool formula = text && *text && strchr("=+-@\t\r", *text);

    if (!text)
        return;
    if (!formula && !strpbrk(text, "\",\r\n")) {
        strbuf_addstr(out, text);
        return;
    }
    strbuf_addstr(out, formula ? "\"'" : "\"");
    for (; *text; text++) {
        if (*text == '"')
            strbuf_addch(out, '"');
        strbuf_addch(out, *text);
    }
    strbuf_addch(out, '"');
}
