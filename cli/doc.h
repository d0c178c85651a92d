/*
 * doc.h - headings, paragraphs and lists, as plain text or as a man page.
 *
 * One walk over the tables (manual.c) writes both forms, so that they cannot say different things.
 */
#ifndef MIGCAST_CLI_DOC_H
#define MIGCAST_CLI_DOC_H

#include "base/strbuf.h"

enum doc_form {
    DOC_TEXT, /* for a terminal, 80 columns */
    DOC_MAN   /* man(7) macros */
};

struct doc {
    enum doc_form form;
    struct strbuf *out; /* borrowed */
};

/* doc_title - the page's name, section and one line; the man form needs it first. */
void doc_title(struct doc *doc, const char *name, int section, const char *version,
               const char *what);
void doc_heading(struct doc *doc, const char *text);
/* doc_usage - one synopsis line. */
void doc_usage(struct doc *doc, const char *command, const char *args);
/* doc_paras - paragraphs between blank lines; one that starts with two blanks stays as it is. */
void doc_paras(struct doc *doc, const char *text);
/* doc_item - a term and its text. */
void doc_item(struct doc *doc, const char *term, const char *text);

#endif
