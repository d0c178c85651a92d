/*
 * pulse.c - the period of moments, from the distances between them.
 *
 * The coherence of moments with a frequency f is the mean of cos(2 pi f d) over the distances d of
 * pairs: 1 if all distances are whole periods, 0 if they are anything.  Only near pairs count, so
 * that a clock that was once held up is still kept.  All frequencies at once are the Fourier
 * transform of the histogram of distances.
 */
#include "tracer/pulse.h"

#include <gsl/gsl_fft_real.h>
#include <stdlib.h>

#include "base/units.h"

#define BIN_NS 50000

enum {
    BINS = 1 << 15,                           /* 1.6 s, so frequencies are 0.6 Hz apart */
    NEAR = (int)(300 * (NS_PER_MS / BIN_NS)), /* pairs further apart do not count */
    PAIRS_LEAST = 120
};

/* Coherence from which on it is a period; by chance it stays far below for so many pairs. */
#define COHERENT 0.4
/* All multiples of the frequency are as coherent, but for what blurs short periods more. */
#define AS_GOOD 0.6

/* A burst that takes several looks is one moment. */
static size_t merge(const int64_t *at_ns, size_t nr, int64_t step_ns, int64_t *merged)
{
    size_t n = 0;

    for (size_t i = 0; i < nr; i++) {
        if (i == 0 || at_ns[i] - at_ns[i - 1] > step_ns + step_ns / 2)
            merged[n++] = at_ns[i];
    }
    return n;
}

static double histogram(const int64_t *at_ns, size_t nr, double *bins)
{
    double pairs = 0.0;

    for (size_t i = 0; i < nr; i++) {
        for (size_t k = i + 1; k < nr; k++) {
            int64_t bin = (at_ns[k] - at_ns[i] + BIN_NS / 2) / BIN_NS;

            if (bin >= NEAR)
                break;
            bins[bin] += 1.0;
            pairs += 1.0;
        }
    }
    return pairs;
}

static void search(const double *coherence, struct pulse *out)
{
    const double hz = (double)NS_PER_S / ((double)BINS * BIN_NS);
    int first = (int)((double)NS_PER_S / PULSE_LONGEST_NS / hz);
    int last = (int)((double)NS_PER_S / PULSE_SHORTEST_NS / hz);
    double best = 0.0;

    for (int i = first; i <= last; i++)
        best = coherence[i] > best ? coherence[i] : best;
    if (best < COHERENT)
        return;
    for (int i = first; i <= last; i++) {
        if (coherence[i] < AS_GOOD * best)
            continue;
        while (i < last && coherence[i + 1] > coherence[i])
            i++;
        out->coherence = coherence[i];
        out->period_ns = (int64_t)((double)NS_PER_S / (hz * i));
        return;
    }
}

enum status pulse_find(const int64_t *at_ns, size_t nr, int64_t step_ns, struct pulse *out)
{
    double *bins = calloc(BINS, sizeof(*bins));
    int64_t *merged = malloc((nr + 1) * sizeof(*merged));
    double pairs;

    *out = (struct pulse){0};
    if (bins && merged) {
        nr = merge(at_ns, nr, step_ns, merged);
        pairs = histogram(merged, nr, bins);
        if (pairs >= PAIRS_LEAST) {
            /* half complex: the real parts, which are what is wanted, come first */
            gsl_fft_real_radix2_transform(bins, 1, BINS);
            for (int i = 0; i < BINS / 2; i++)
                bins[i] /= pairs;
            search(bins, out);
        }
    }
    nr = bins && merged;
    free(bins);
    free(merged);
    return nr ? ST_OK : ST_ENOMEM;
}
