/*
 * history.h - what the regression gate found, one check after the other, in a result file.
 *
 * A check is written whole or not at all, like a run (store.h), and read back in the order of
 * storing; there is no clock in it, so whoever wants dates gives them as a label.
 */
#ifndef MIGCAST_STORE_HISTORY_H
#define MIGCAST_STORE_HISTORY_H

#include "store/store.h"

/* One measure of a check.  Values are in the unit; NaN = unknown. */
struct store_check_figure {
    const char *measure;
    const char *vm; /* NULL = of the whole */
    enum value_unit unit;
    const char *verdict;
    double before, now, low, high; /* low and high: of now - before */
    double p;                      /* corrected */
};

struct store_check {
    int64_t check_id; /* given by the store */
    const char *name; /* the scenario's path, or "traces" */
    const char *digest, *version;
    const char *label; /* NULL = none */
    const char *verdict;
    uint64_t seed;
    uint32_t samples;
    size_t nr;
    struct store_check_figure *figures;
};

/* store_put_check - add @check; *@id (may be NULL) is its number.  As store_put_run(). */
enum status store_put_check(struct store *store, const struct store_check *check, int64_t *id,
                            struct diag *diag);

struct store_history {
    size_t nr;
    struct store_check *checks; /* oldest first */
    struct names *names;        /* private: the strings */
};

/* store_load_history - the last @most checks of each name (0 = all).  Released by
 * store_history_release(), and empty on failure. */
enum status store_load_history(struct store *store, uint32_t most, struct store_history *out,
                               struct diag *diag);
void store_history_release(struct store_history *history);

#endif
