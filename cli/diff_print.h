/*
 * diff_print.h - a comparison as text and as JSON: for `diff` and `report --compare`.
 */
#ifndef MIGCAST_CLI_DIFF_PRINT_H
#define MIGCAST_CLI_DIFF_PRINT_H

#include "answers/diff.h"
#include "cli/cmd.h"

/* @a, @b: what the sides are called; @all: every VM that differs, not only the first */
void diff_add_text(struct strbuf *out, const struct diff_result *d, const char *a, const char *b,
                   bool all);
void diff_add_json(struct strbuf *out, const struct diff_result *d, const char *a, const char *b);

#endif
