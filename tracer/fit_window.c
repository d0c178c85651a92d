/*
 * fit_window.c - QEMU's arithmetic backwards: from a reported rate to the pages behind it.
 *
 * Source: QEMU migration/dirtyrate.c do_calculate_dirtyrate, update_dirtyrate.
 */
#include "tracer/fit_window.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

#include "base/units.h"

#define MODEL_ERROR 0.01 /* relative: what a perfect family may still be off */
#define NOISE_MIB 0.12   /* and absolute: housekeeping of the guest */

static void read_sampled(struct fit_window *w, double rate, double seconds, double ram_mib,
                         double per_gib)
{
    double ms = seconds * 1000.0;

    w->sampled = true;
    w->ram_mib = ram_mib;
    w->samples = floor(ram_mib / 1024.0 * per_gib);
    /* rate = floor(count x ram x 1000 / (samples x ms)) */
    w->count_low = ceil(rate * w->samples * ms / (ram_mib * 1000.0) - 1e-9);
    w->count_high = ceil((rate + 1.0) * w->samples * ms / (ram_mib * 1000.0) - 1e-9) - 1.0;
    w->count_low = fmin(w->count_low, w->samples);
    w->count_high = fmin(fmax(w->count_high, w->count_low), w->samples);
    /* no change at all still leaves room for about half a count */
    w->mid = fmax(0.5 * (w->count_low + w->count_high), 0.5) * ram_mib / w->samples;
    w->sigma = sqrt(fmax(0.5 * (w->count_low + w->count_high), 1.0)) * ram_mib / w->samples;
}

/* Distinct MiB that a window can hold. */
static double most_mib(const struct facts_header *h)
{
    return h->memory_bytes ? (double)h->memory_bytes / (double)MIB : INFINITY;
}

bool fit_window_read(struct fit_window *w, const struct facts_header *h,
                     const struct facts_dirty *d, int64_t until_ns)
{
    double seconds = (double)d->calc_ns / 1e9;
    double rate = floor((double)d->rate_bytes_per_s / (double)MIB + 0.5);
    int64_t start = d->accepted_ns >= 0 ? d->accepted_ns : d->command_ns;

    if (d->calc_ns <= 0)
        return false;
    if (start < 0)
        start = d->measured_ns - d->calc_ns;
    *w = (struct fit_window){.from_s = (double)(start - until_ns) / 1e9};
    w->to_s = w->from_s + seconds;
    if (d->mode == FACTS_DIRTY_SAMPLING) {
        double per_gib = d->sample_pages > 0 ? (double)d->sample_pages : 512.0;

        read_sampled(w, rate, seconds, (double)h->memory_bytes / (double)MIB, per_gib);
        return w->samples >= 1.0;
    }
    /* whole MiB first, then whole MiB/s; a dirty ring counts a page each time it is written, so
     * that there may be more of them than the guest has */
    w->low = fmin(ceil(rate * seconds - 1e-9), most_mib(h));
    w->high = fmin(ceil((rate + 1.0) * seconds - 1e-9), w->low + 1.0 + seconds);
    w->mid = 0.5 * (w->low + w->high);
    w->sigma = (w->high - w->low) / sqrt(12.0) + MODEL_ERROR * w->mid;
    return true;
}

double fit_window_slack(double mib)
{
    return MODEL_ERROR * mib + NOISE_MIB;
}

double fit_window_log_likelihood(const struct fit_window *w, double mib)
{
    double p;

    if (w->sampled) {
        double q = fmin(fmax(mib / w->ram_mib, 0.1 / (w->samples * 10.0)), 1.0);

        p = gsl_cdf_binomial_P((unsigned)w->count_high, q, (unsigned)w->samples);
        if (w->count_low >= 1.0)
            p -= gsl_cdf_binomial_P((unsigned)(w->count_low - 1.0), q, (unsigned)w->samples);
    } else {
        double sigma = fit_window_slack(mib);

        p = gsl_cdf_ugaussian_P((w->high - mib) / sigma) -
            gsl_cdf_ugaussian_P((w->low - mib) / sigma);
    }
    return p > 1e-12 ? log(p) : log(1e-12) - 20.0 * fabs(mib - w->mid) / fmax(w->sigma, 0.1);
}
