/*
 * explain.h - what the files of `migcast explain` share: how an explanation is printed.
 */
#ifndef MIGCAST_CLI_EXPLAIN_H
#define MIGCAST_CLI_EXPLAIN_H

#include "answers/explain/explain.h"
#include "answers/explain/explain_host.h"
#include "answers/explain/explain_op.h"
#include "answers/explain/sensitivity.h"
#include "cli/cmd.h"
#include "reports/codes.h"

enum {
    EXPLAIN_WIDTH = 80 /* lines of text: the same wherever they go */
};

/* Each appends to @out. */
void explain_print(struct strbuf *out, const struct cli_opts *o, const struct explain *e);
void explain_print_json(struct strbuf *out, const struct explain *e);
void explain_print_op(struct strbuf *out, const struct cli_opts *o, const struct explain_op *op);
void explain_print_op_json(struct strbuf *out, const struct explain_op *op);
void explain_print_host(struct strbuf *out, const struct cli_opts *o, const struct explain_host *h);
void explain_print_host_json(struct strbuf *out, const struct explain_host *h);
void explain_print_tornado(struct strbuf *out, const struct cli_opts *o,
                           const struct sensitivity *s);
void explain_print_tornado_json(struct strbuf *out, const struct sensitivity *s);
void explain_print_code(struct strbuf *out, const struct code *code);
void explain_print_codes(struct strbuf *out);
void explain_print_codes_json(struct strbuf *out, const struct code *only);

#endif
