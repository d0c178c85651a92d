/*
 * cmd_explain_codes.c - `migcast explain CODE` and `--list`: the texts of the table of codes.
 *
 * The table is reports/codes_table.c; the page migcast-codes(7) shows the same (manual.c).
 */
#include <string.h>

#include "base/json_text.h"
#include "cli/doc.h"
#include "cli/explain.h"

#include "base/banned.h"

void explain_print_code(struct strbuf *out, const struct code *code)
{
    struct doc doc = {.form = DOC_TEXT, .out = out};

    strbuf_addf(out, "%s: %s\n", code->code, code->brief);
    doc_heading(&doc, "CAUSE");
    doc_paras(&doc, code->cause);
    doc_heading(&doc, "HOW TO SEE IT");
    doc_paras(&doc, code->sign);
    doc_heading(&doc, "WHAT TO DO");
    doc_paras(&doc, code->cure);
    doc_heading(&doc, "EXAMPLE");
    strbuf_addf(out, "    %s\n", code->example);
}

void explain_print_codes(struct strbuf *out)
{
    enum code_group group = CODES_GROUPS;

    for (const struct code *c = code_table; c->code; c++) {
        if (c->group != group)
            strbuf_addf(out, "%s%s\n", c == code_table ? "" : "\n", code_group_name(c->group));
        group = c->group;
        strbuf_addf(out, "  %-14s %s\n", c->code, c->brief);
    }
}

void explain_print_codes_json(struct strbuf *out, const struct code *only)
{
    strbuf_addstr(out, "{\"format_version\":\"" CLI_FORMAT_VERSION "\"");
    json_put_text(out, "kind", "codes");
    json_key(out, "codes");
    strbuf_addch(out, '[');
    for (const struct code *c = code_table; c->code; c++) {
        if (only && c != only)
            continue;
        json_next(out);
        strbuf_addstr(out, "\n{");
        json_put_text(out, "code", c->code);
        json_put_text(out, "group", code_group_name(c->group));
        json_put_text(out, "brief", c->brief);
        json_put_text(out, "cause", c->cause);
        json_put_text(out, "sign", c->sign);
        json_put_text(out, "cure", c->cure);
        json_put_text(out, "example", c->example);
        strbuf_addch(out, '}');
    }
    strbuf_addstr(out, "]}\n");
}
