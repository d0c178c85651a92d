/*
 * support_scenario.h - a small valid scenario with every kind of section, and ways to bend it.
 */
#ifndef MIGCAST_TESTS_SIM_SUPPORT_SCENARIO_H
#define MIGCAST_TESTS_SIM_SUPPORT_SCENARIO_H

#include "sim/scenario/scenario.h"
#include "sim/scenario/scenario_options.h"

/* The small scenario with @lines (each ended by a newline, or NULL) at the end of its section of
 * @kind, and without that section's own setting of @without (or NULL).  *line is where @lines
 * begin. Caller frees. */
char *small_scenario(enum scn_kind kind, const char *lines, const char *without,
                     unsigned long *line);

/* Title of the section of @kind in it: "vm v". */
const char *small_title(enum scn_kind kind);

/* Loads @text as "t.ini"; @diag is cleared first. */
enum status load_text(struct scenario *sc, const char *text, struct diag *diag);

/* Loads @text and returns its digest in @digest; fails the test when it does not load. */
void digest_of(const char *text, char digest[33]);

/* Fails the test unless @text is refused with a message that holds @part; whole message in @out (or
 * NULL). */
void expect_refused(const char *text, const char *part);

#endif
