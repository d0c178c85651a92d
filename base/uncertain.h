/*
 * uncertain.h - a number that may be an interval or a distribution.
 *
 * Leaves drawing to the engine, which owns the random streams.  A value is in the unit of the field
 * that holds it.
 */
#ifndef MIGCAST_BASE_UNCERTAIN_H
#define MIGCAST_BASE_UNCERTAIN_H

#include <stdint.h>

enum uncertain_kind {
    UNCERTAIN_FIXED,
    UNCERTAIN_UNIFORM,  /* "A..B": a = low, b = high */
    UNCERTAIN_NORMAL,   /* "normal(MEAN, SD)", cut at 0 */
    UNCERTAIN_LOGNORMAL /* "lognormal(MEDIAN, FACTOR)": FACTOR = p84 / median, > 1 */
};

struct uncertain {
    enum uncertain_kind kind;
    double a, b;
};

/* uncertain_mid - the value to use where one number must do: the fixed value, the middle of the
 * interval, the mean, or the median. */
double uncertain_mid(const struct uncertain *u);
/* uncertain_u64 - a drawn or middle value as a field: rounded, not below 0, and everything from
 * 2^64 up (so also UNITS_UNLIMITED that went through a double) is UNITS_UNLIMITED. */
uint64_t uncertain_u64(double value);

#endif
