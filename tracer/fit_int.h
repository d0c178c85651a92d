/*
 * fit_int.h - what fit.c and fit_refine.c share: writers, their priors and their weights.
 */
#ifndef MIGCAST_TRACER_FIT_INT_H
#define MIGCAST_TRACER_FIT_INT_H

#include "base/rng.h"
#include "tracer/fit.h"
#include "tracer/fit_window.h"

struct fit_range {
    double low, high;
};

/* What is taken to be usual of a family, before anything was measured.  Ranges are flat in the
 * logarithm. */
struct fit_prior {
    double share;                 /* of all guests */
    struct fit_range per_page;    /* writes a second to each page of the first class */
    struct fit_range on_s, off_s; /* 0, 0 = always on */
};

extern const struct fit_prior fit_priors[FIT_NR];

/* A writer, and how likely it is. */
struct fit_proposal {
    struct dirty_params dirty;
    double log_likelihood; /* of the windows */
    double log_weight;     /* prior x likelihood / density of the draw */
    enum fit_family family;
};

/* What writers are weighed by. */
struct fit_target {
    const struct fit_window *windows;
    size_t nr_windows;
    double resident_pages; /* no first class is larger */
};

double fit_log_likelihood(const struct dirty_params *dirty, const struct fit_target *target);

/* fit_pick - systematic resampling: of @nr writers that count exp(log_weight) the indices of
 * @nr_out equally likely ones. */
void fit_pick(const double *log_weight, size_t nr, struct rng *rng, size_t *pick, size_t nr_out);

/* fit_effective - how many of @nr writers really count. */
double fit_effective(const double *log_weight, size_t nr);

/*
 * fit_refine - from @nr weighed proposals, of which few count, to @nr_out equally likely writers of
 * the same posterior.  At least @effective proposals count at the start.  ST_ENOMEM, or ST_OK.
 */
enum status fit_refine(const struct fit_proposal *p, size_t nr, const struct fit_target *target,
                       double effective, struct rng *rng, struct fit_proposal *out, size_t nr_out);

#endif
