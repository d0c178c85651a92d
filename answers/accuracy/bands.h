/*
 * bands.h - how much wider than its samples a forecast's band has to be.
 *
 * The samples of a forecast differ in what the measurements leave open.  What the model itself
 * lacks shows only in forecasts of captures that the constants have not seen: by how much the
 * observed value lay outside the band is the excess, and the excess below and above that all but
 * one in twenty configurations keep widens that side of later bands (split conformal prediction;
 * Lei et al., JASA 2018). Repeats of a configuration vary together, so each counts once, with its
 * mean. Relative for total time and bytes, absolute for downtime; alone and on a limited link
 * apart.
 */
#ifndef MIGCAST_ANSWERS_BANDS_H
#define MIGCAST_ANSWERS_BANDS_H

#include "answers/accuracy/predict.h"

/* Of one forecast: < 0 below the band, > 0 above it; NAN where there is nothing to compare. */
struct bands_excess {
    double total_ratio, bytes_ratio, downtime_ns;
};

/* bands_excess_of - @p before bands_widen(), against what happened. */
struct bands_excess bands_excess_of(const struct prediction *p, const struct trace_facts *facts);

/* bands_learn - into the spreads of @c, by accelerator and link.  @facts[i] has @excess[i]; those
 * of configuration @left_out (SIZE_MAX = none) and those with use[i] false do not count.  Fewer
 * than BANDS_LEAST configurations of a kind leave its slack as it is.  ST_ENOMEM or ST_OK. */
enum {
    BANDS_LEAST = 4
};
struct bands_cases {
    const struct trace_facts *facts;
    const struct bands_excess *excess;
    const size_t *config;
    const bool *use; /* NULL = all */
    size_t nr;
};
enum status bands_learn(struct costs_file *c, const struct bands_cases *cases, size_t left_out);

/* bands_widen - the intervals of @p by the slack in @part. */
void bands_widen(struct prediction *p, const struct costs_file_part *part,
                 const struct trace_facts *facts);

#endif
