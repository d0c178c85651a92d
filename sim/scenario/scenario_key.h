/*
 * scenario_key.h - which row of which option table "migration.max_bandwidth" or "link *.rate"
 * means.
 *
 * For those who vary values of scenarios: type, range and words come from the row, so that a wrong
 * name or value is told before anything is simulated.  Whether a section of that name is in a
 * scenario is told when the scenario is loaded with it.
 */
#ifndef MIGCAST_SIM_SCENARIO_KEY_H
#define MIGCAST_SIM_SCENARIO_KEY_H

#include "base/option.h"
#include "base/status.h"

enum {
    SCENARIO_KEY_TEXT = 256
};

struct scenario_key {
    const struct option *opt;
    size_t size;                  /* of a section's struct */
    size_t offset;                /* in it, of the struct that the row's table fills */
    char text[SCENARIO_KEY_TEXT]; /* "section.key", the key by its first name: equal for equal keys
                                   */
};

/* scenario_key_find - read "SECTION.KEY", as the left side of --set.  ST_EINPUT with the nearest
 * right name; [thresholds] has no such rows. */
enum status scenario_key_find(struct scenario_key *out, const char *text, struct diag *diag);

/* scenario_key_check - is @value one that the row takes?  @number (may be NULL) is it in the row's
 * unit, NaN where it is no number; of uncertain values the middle. */
enum status scenario_key_check(const struct scenario_key *key, const char *value, double *number,
                               struct diag *diag);

/* scenario_key_section - the first of [migration], [cluster] and [scenario] that has a key called
 * @word; NULL = none. */
const char *scenario_key_section(const char *word);
/* scenario_key_offer - those keys, to a search for the nearest name. */
void scenario_key_offer(struct option_nearest *nearest);

#endif
