/*
 * fit_window.h - one measurement of the dirty rate, and how likely it is.
 *
 * A bitmap measurement is the distinct pages of its window, rounded down to whole MiB and then to
 * whole MiB/s; a sampled one is a binomial count of changed pages among the sampled.
 */
#ifndef MIGCAST_TRACER_FIT_WINDOW_H
#define MIGCAST_TRACER_FIT_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#include "tracer/facts.h"

struct fit_window {
    double from_s, to_s; /* relative to the last line before `migrate`; both < 0 */
    double low, high;    /* distinct MiB that give the reported rate, bitmap */
    double mid, sigma;   /* for scaling */
    bool sampled;
    double samples; /* pages sampled */
    double ram_mib;
    double count_low, count_high; /* changed samples that give the reported rate */
};

/* fit_window_read - false: the measurement says nothing. */
bool fit_window_read(struct fit_window *w, const struct facts_header *header,
                     const struct facts_dirty *dirty, int64_t until_ns);

/* Standard deviation of what a perfect family may be off where @mib distinct MiB were seen. */
double fit_window_slack(double mib);

/* The logarithm of the chance that a writer of @mib distinct MiB gives this measurement. */
double fit_window_log_likelihood(const struct fit_window *w, double mib);

#endif
