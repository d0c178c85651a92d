/*
 * codes.h - one code for each thing that can go wrong, with what to know of it.
 *
 * One table drives `migcast explain CODE`, `explain --list`, the page migcast-codes(7), and the
 * code that stands beside a failure in reports.  A code never changes its meaning; one that is no
 * longer used stays.
 */
#ifndef MIGCAST_REPORTS_CODES_H
#define MIGCAST_REPORTS_CODES_H

#include "sim/result.h"

enum code_group {
    CODES_OUTCOMES, /* how a migration ends */
    CODES_HAZARDS,  /* what a run as a whole shows */
    CODES_GOALS,    /* thresholds */
    CODES_PROGRAM,  /* why the program stopped */
    CODES_GROUPS
};

/* All texts are ours and plain; paragraphs as cli/doc.h takes them. */
struct code {
    const char *code; /* "E-TIMEOUT"; NULL ends the table */
    enum code_group group;
    const char *brief; /* one line, no full stop */
    const char *cause; /* what is behind it */
    const char *sign;  /* how to see it, here and on the platform */
    const char *cure;  /* what to do, the cheapest first */
    const char *example;
};

extern const struct code code_table[];

/* code_find - by its name, in any case, with or without "E-"; NULL = there is none. */
const struct code *code_find(const char *name);
const char *code_group_name(enum code_group group); /* "outcomes" ... */

/* code_of_migration - why this attempt did not end well; NULL for one that completed. */
const char *code_of_migration(const struct mig_result *mig);
const char *code_of_hazard(enum hazard_kind kind);

#endif
