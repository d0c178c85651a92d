/*
 * quick.h - one migration described by a few values, as a scenario.
 *
 * The values become the text of a scenario file with two hosts and a link, and that text is loaded
 * like any other: so `quick` and `run` cannot differ, and ranges, units and hints come from the one
 * option table.
 */
#ifndef MIGCAST_ANSWERS_QUICK_H
#define MIGCAST_ANSWERS_QUICK_H

#include <stdbool.h>

#include "base/status.h"
#include "base/strbuf.h"
#include "sim/scenario/scenario.h"

enum quick_value {
    QUICK_RAM,
    QUICK_DIRTY,
    QUICK_LINK,
    QUICK_WORKING_SET,
    QUICK_MODEL,
    QUICK_ZERO,
    QUICK_VCPUS,
    QUICK_DOWNTIME_LIMIT,
    QUICK_BANDWIDTH,
    QUICK_TIMEOUT,
    QUICK_QEMU,
    QUICK_AUTO_CONVERGE,
    QUICK_POST_COPY,
    QUICK_MULTIFD,
    QUICK_TLS,
    QUICK_PRESET,
    QUICK_SEED,
    QUICK_REPLICATIONS,
    QUICK_NR
};

enum {
    QUICK_REPLICATIONS_UNCERTAIN = 200 /* where an input is an interval or a distribution */
};

struct quick_row {
    const char *name;    /* of the option: "ram" */
    const char *section; /* "vm guest" */
    const char *key;     /* "memory" */
    bool flag;           /* takes no value */
};

extern const struct quick_row quick_rows[QUICK_NR];

/* One line of the scenario: given, assumed, or worked out from the others. */
struct quick_input {
    bool given;
    char value[128]; /* as in the scenario; "" = the scenario's own default */
    char said[64];   /* for people, when it was not given */
    char why[96];
};

struct quick {
    struct quick_input inputs[QUICK_NR];
    char horizon[64];
    struct strbuf text; /* the scenario */
    struct scenario sc; /* the same, loaded */
};

/**
 * quick_init - build and load the scenario
 * @given: QUICK_NR values as people write them, NULL = not given; "" for flags
 *
 * Not given: working set a quarter of the memory, no bandwidth limit, 300 ms, no zero pages.
 * A preset keeps its own settings of the migration where none is given.  The horizon is bounded (an
 * hour, or fifty full copies, or what the slowest of the presets waits), so that what never
 * converges ends. Returns ST_EUSAGE with the option's name in @diag for a value that cannot be
 * used; @q is empty then.  quick_release() is due on ST_OK.
 */
enum status quick_init(struct quick *q, const char *const given[QUICK_NR], struct diag *diag);
void quick_release(struct quick *q);

/* quick_assumed - "working set 16 GiB (25 % of the RAM), ..."; nothing if all was given. */
void quick_assumed(const struct quick *q, struct strbuf *out);
/* quick_explain - a table of all inputs, what they are and why. */
void quick_explain(const struct quick *q, struct strbuf *out);

#endif
