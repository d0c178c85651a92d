/*
 * num.h - arithmetic that the standard library only offers as a call.
 *
 * fmin(), floor() and llround() obey rules about NaN, huge values and errno that inner loops do not
 * need, and are function calls without them.  Here: no argument is NaN, and what is rounded fits
 * int64_t.
 */
#ifndef MIGCAST_BASE_NUM_H
#define MIGCAST_BASE_NUM_H

#include <stdint.h>

static inline double num_min(double a, double b)
{
    return a < b ? a : b;
}

static inline double num_max(double a, double b)
{
    return a > b ? a : b;
}

/* x >= 0 */
static inline double num_floor(double x)
{
    return (double)(int64_t)x;
}

/* x >= 0 */
static inline double num_ceil(double x)
{
    double whole = (double)(int64_t)x;

    return whole < x ? whole + 1.0 : whole;
}

/* x >= 0; halves up */
static inline int64_t num_round(double x)
{
    return (int64_t)(x + 0.5);
}

#endif
