/*
 * vm_words.h - settings of single VMs inside a platform's section: "PATTERN key=value key=value".
 *
 * A platform keeps such items in an option_list and describes the keys by a table of rows like any
 * other option; the rows' types must need no memory (no text, no lists).  Zero in the struct means
 * "not said", so that items merge by fields.
 */
#ifndef MIGCAST_SIM_PLATFORMS_VM_WORDS_H
#define MIGCAST_SIM_PLATFORMS_VM_WORDS_H

#include "base/option.h"
#include "sim/scenario/scenario.h"

enum {
    VM_WORDS_PATTERN = 128 /* bytes, with the end */
};

/* vm_words_parse - the words of @item into @obj (zeroed here), its first word into @pattern.
 * ST_EINPUT with what and hint in @diag. */
enum status vm_words_parse(const char *item, const struct option_table *table, void *obj,
                           char pattern[VM_WORDS_PATTERN], struct diag *diag);

/* vm_words_match - does @pattern mean VM @vm: its name, its section's name, or a pattern of names?
 */
bool vm_words_match(const struct scenario *sc, const char *pattern, uint32_t vm);

/* vm_words_check - every item of @items parses and means some VM; @section and @key go into the
 * message.  @obj is scratch of table->size bytes. */
enum status vm_words_check(const struct scenario *sc, const char *section, const char *key,
                           const struct option_list *items, const struct option_table *table,
                           void *obj, struct diag *diag);

#endif
