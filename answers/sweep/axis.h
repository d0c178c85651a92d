/*
 * axis.h - one setting and the values it takes: "bandwidth=1Gb/s..25Gb/s:log:8",
 * "preset=nova,vmotion".
 *
 *     AXIS  = NAME "=" ITEM {"," ITEM}
 *     NAME  = a short name (axis_aliases), the key of [migration], [cluster] or [scenario] alone,
 *             SECTION.KEY as --set takes it ("link core.rate", "vm *.memory"), or "preset"
 *     ITEM  = VALUE | LOW ".." HIGH [":" ("lin" | "log") [":" COUNT] | ":step:" STEP] | "{" VALUE
 * "}"
 *
 * Values are read by the option row of their key, so a wrong one is told here with what is allowed.
 * The points of a range are rounded to three digits in the unit of its lower end; its ends stand as
 * they are written.  A range without more is every number where it spans fewer than 16 whole ones,
 * else 8 values, evenly spread by their logarithm.  In braces anything is one value: lists with
 * commas, and intervals ("{100MB/s..300MB/s}").
 */
#ifndef MIGCAST_ANSWERS_AXIS_H
#define MIGCAST_ANSWERS_AXIS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/option.h"
#include "base/status.h"

enum {
    AXIS_VALUES_MAX = 10000
};

struct axis_alias {
    const char *name;
    const char *key;
    const char *help;
};

/* Ends with a NULL name. */
extern const struct axis_alias axis_aliases[];

struct axis_value {
    const char *text;    /* "4Gb/s" */
    const char *setting; /* "migration.max_bandwidth=4Gb/s": for variant_load() */
    double number;       /* in the unit of the row; NaN = no number */
};

struct axis {
    const char *name; /* as given */
    const char *key;  /* "migration.max_bandwidth", or "preset"; equal for equal settings */
    size_t nr;
    struct axis_value *values;
};

/* axis_parse - read @text; everything lives in @arena.  ST_EUSAGE with the nearest right name or
 * what is allowed; ST_ENOMEM. */
enum status axis_parse(struct axis *axis, struct arena *arena, const char *text, struct diag *diag);

#endif
