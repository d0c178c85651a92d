/*
 * doc.c - headings, paragraphs and lists, as plain text or as a man page.
 *
 * Knows layout and quoting, not content.  Invariant: text from a table cannot become a roff
 * request, whatever characters it holds.
 */
#include "cli/doc.h"

#include <stdio.h>
#include <string.h>

#include "base/banned.h"

enum {
    DOC_WIDTH = 80,
    DOC_INDENT = 2,
    DOC_TERM = 26 /* column of an item's text */
};

/* @text without roff's special meanings: a backslash, a hyphen that must stay one, a leading dot.
 */
static void add_roff(struct strbuf *out, const char *text, size_t len)
{
    bool line_start = true;

    for (size_t i = 0; i < len; i++) {
        char c = text[i];

        if (line_start && (c == '.' || c == '\'')) {
            strbuf_addstr(out, "\\&");
            strbuf_addch(out, c);
        } else if (c == '\\') {
            strbuf_addstr(out, "\\e");
        } else if (c == '-') {
            strbuf_addstr(out, "\\-");
        } else if (c == '\'') {
            strbuf_addstr(out, "\\(aq");
        } else {
            strbuf_addch(out, c);
        }
        line_start = c == '\n';
    }
}

static void add_blanks(struct strbuf *out, size_t nr)
{
    while (nr-- > 0)
        strbuf_addch(out, ' ');
}

/* Words of @text from column @column on, folded at DOC_WIDTH with @indent in front of each new
 * line. */
static void add_folded(struct strbuf *out, const char *text, size_t len, size_t indent,
                       size_t column)
{
    const char *end = text + len;
    bool first = true;

    while (text < end) {
        size_t word = 0;

        while (text < end && (*text == ' ' || *text == '\n'))
            text++;
        while (text + word < end && text[word] != ' ' && text[word] != '\n')
            word++;
        if (word == 0)
            break;
        if (!first && column + 1 + word > DOC_WIDTH) {
            strbuf_addch(out, '\n');
            add_blanks(out, indent);
            column = indent;
        } else if (!first) {
            strbuf_addch(out, ' ');
            column++;
        }
        strbuf_add(out, text, word);
        column += word;
        text += word;
        first = false;
    }
    strbuf_addch(out, '\n');
}

void doc_title(struct doc *doc, const char *name, int section, const char *version,
               const char *what)
{
    if (doc->form == DOC_TEXT) {
        strbuf_addf(doc->out, "%s - %s\n", name, what);
        return;
    }
    strbuf_addf(doc->out, ".TH \"");
    add_roff(doc->out, name, strlen(name));
    strbuf_addf(doc->out, "\" %d \"\" \"migcast %s\"\n.SH NAME\n", section, version);
    add_roff(doc->out, name, strlen(name));
    strbuf_addstr(doc->out, " \\- ");
    add_roff(doc->out, what, strlen(what));
    strbuf_addch(doc->out, '\n');
}

void doc_heading(struct doc *doc, const char *text)
{
    if (doc->form == DOC_TEXT) {
        strbuf_addf(doc->out, "\n%s\n", text);
        return;
    }
    strbuf_addstr(doc->out, ".SH ");
    add_roff(doc->out, text, strlen(text));
    strbuf_addch(doc->out, '\n');
}

void doc_usage(struct doc *doc, const char *command, const char *args)
{
    if (doc->form == DOC_TEXT) {
        size_t indent = DOC_INDENT + strlen(command) + 1;

        strbuf_addf(doc->out, "  %s ", command);
        add_folded(doc->out, args, strlen(args), indent, indent);
        return;
    }
    strbuf_addstr(doc->out, ".B ");
    add_roff(doc->out, command, strlen(command));
    strbuf_addstr(doc->out, "\n");
    if (*args) {
        add_roff(doc->out, args, strlen(args));
        strbuf_addch(doc->out, '\n');
    }
}

static void add_para(struct doc *doc, const char *text, size_t len)
{
    bool verbatim = len > 2 && text[0] == ' ' && text[1] == ' ';

    if (doc->form == DOC_MAN) {
        strbuf_addstr(doc->out, verbatim ? ".PP\n.nf\n" : ".PP\n");
        add_roff(doc->out, text, len);
        strbuf_addstr(doc->out, verbatim ? "\n.fi\n" : "\n");
    } else if (verbatim) {
        strbuf_add(doc->out, text, len);
        strbuf_addch(doc->out, '\n');
    } else {
        add_blanks(doc->out, DOC_INDENT);
        add_folded(doc->out, text, len, DOC_INDENT, DOC_INDENT);
    }
}

void doc_paras(struct doc *doc, const char *text)
{
    bool first = true;

    while (*text) {
        const char *end = strstr(text, "\n\n");
        size_t len = end ? (size_t)(end - text) : strlen(text);

        if (!first && doc->form == DOC_TEXT)
            strbuf_addch(doc->out, '\n');
        add_para(doc, text, len);
        text += len;
        text += strspn(text, "\n");
        first = false;
    }
}

void doc_item(struct doc *doc, const char *term, const char *text)
{
    size_t column = DOC_INDENT + strlen(term);

    if (doc->form == DOC_MAN) {
        strbuf_addstr(doc->out, ".TP\n.B ");
        add_roff(doc->out, term, strlen(term));
        strbuf_addch(doc->out, '\n');
        add_roff(doc->out, text, strlen(text));
        strbuf_addch(doc->out, '\n');
        return;
    }
    strbuf_addf(doc->out, "  %s", term);
    if (column + 2 > DOC_TERM) {
        strbuf_addch(doc->out, '\n');
        column = 0;
    }
    add_blanks(doc->out, DOC_TERM - column);
    add_folded(doc->out, text, strlen(text), DOC_TERM, DOC_TERM);
}
