/*
 * scenario_doc_int.h - shared by scenario_doc.c, scenario_set.c and scenario_values.c.
 */
#ifndef MIGCAST_SIM_SCENARIO_DOC_INT_H
#define MIGCAST_SIM_SCENARIO_DOC_INT_H

#include "sim/scenario/scenario_doc.h"

/* Fills the place in @diag (may be NULL) of whatever goes wrong next. */
void scn_place(struct diag *diag, const char *file, unsigned long line, const char *section,
               const char *key);
enum status scn_no_memory(struct diag *diag);
/* Splits "vm web" into its kind and name; refuses unknown kinds. */
enum status scn_read_title(const char *title, enum scn_kind *kind, const char **name,
                           struct diag *diag);
enum status scn_check_name(enum scn_kind kind, const char *name, struct diag *diag);
/* The row of @key in sections of @kind, and where its table's struct lies; NULL = none. */
const struct option *scn_find_row(enum scn_kind kind, const char *key, size_t *offset);
/* ST_EINPUT, with the nearest right name. */
enum status scn_unknown_key(enum scn_kind kind, const char *key, struct diag *diag);
/* The section of that name, made where it is new; twice in one layer (with a line) is refused. */
enum status scn_open_section(struct scn_doc *doc, enum scn_kind kind, const char *name,
                             const char *file, unsigned long line, struct scn_section **out,
                             struct diag *diag);
/* Sets value.key of @s in the current layer. */
enum status scn_set_entry(struct scn_doc *doc, struct scn_section *s, struct scn_entry value,
                          struct diag *diag);

#endif
