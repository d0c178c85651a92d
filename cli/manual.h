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
/* What a scenario file may say; @topic narrows the text form to a section or a key, NULL = all.
 * ST_EUSAGE with a hint when there is no such topic. */
enum status manual_scenario(struct strbuf *out, enum doc_form form, const char *topic,
                            struct diag *diag);
/* What the codes beside failures mean. */
void manual_codes(struct strbuf *out, enum doc_form form);
void manual_completion(struct strbuf *out); /* bash */

#endif
