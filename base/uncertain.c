/*
 * uncertain.c - the middle of an uncertain number, and its way back to an integer.
 */
#include "base/uncertain.h"

#include <math.h>

#include "base/units.h"

double uncertain_mid(const struct uncertain *u)
{
    if (u->kind == UNCERTAIN_UNIFORM)
        return u->a + (u->b - u->a) / 2.0;
    return u->a;
}

uint64_t uncertain_u64(double value)
{
    if (!(value > 0.0))
        return 0;
    if (value >= 18446744073709549568.0) /* the last double below 2^64 */
        return UNITS_UNLIMITED;
    return (uint64_t)round(value);
}
