/*
 * manual.h - help, man pages and completion, from the tables of subcommands and scenario options.
 */
#ifndef MIGCAST_CLI_MANUAL_H
#define MIGCAST_CLI_MANUAL_H

#include "cli/cmd.h"
#include "cli/doc.h"

/* Each appends to @out. */
void manual_program(struct strbuf *out, enum doc_form form);
void manual_command(struct strbuf *out, enum doc_form form, const struct cmd *cmd);
void manual_completion(struct strbuf *out); /* bash */

#endif
