/*
 * pulse.h - does a guest write at regular moments, and how far apart?
 *
 * A program that does its work each 5 ms loses more to a throttle than one that always has
 * something to do: what a throttled guest gets to do hangs on the period of its work
 * (tracer/fit.c).  The period is found from the moments at which a few pages were seen to change.
 */
#ifndef MIGCAST_TRACER_PULSE_H
#define MIGCAST_TRACER_PULSE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Periods that are looked for. */
#define PULSE_SHORTEST_NS 900000
#define PULSE_LONGEST_NS 100000000

struct pulse {
    int64_t period_ns; /* 0 = the moments keep no time */
    double coherence;  /* of the moments with that period: 1 = all at one phase, 0 = at any */
};

/* pulse_find - the longest period that @nr moments (ns, ascending) keep.  They
 * were looked for each @step_ns or so; what was found in one look after the other is one moment.
 * ST_ENOMEM, or ST_OK. */
enum status pulse_find(const int64_t *at_ns, size_t nr, int64_t step_ns, struct pulse *out);

#endif
