/*
 * support_published_others.c - the methods to compare with, on the published set.
 *
 * They are told what our own forecast is told: how the guest writes from the rounds of one plain
 * run (each round is a point of a dirty curve: so long after a clean state, so many pages), pages
 * with content, the cap, the copy speed, when post-copy is ordered, and when the load ends, past
 * which nothing is dirty.
 */
#include "answers/support_published.h"

#include <math.h>

#include "base/units.h"

#define CAP_BYTES_PER_S (128.0 * (double)MIB)
#define DOWNTIME_LIMIT_S 0.3

bool pub_guess(enum baseline method, const struct pub_scenario *s, const struct pub_guest *guest,
               const struct pub_host *host, struct baseline_result *out)
{
    double full = (double)guest->nonzero_bytes / (double)PAGE_BYTES;
    struct baseline_guest g = guest->curve;
    struct baseline_link l = {.bytes_per_s = CAP_BYTES_PER_S,
                              .downtime_limit_s = DOWNTIME_LIMIT_S,
                              .timeout_s = (double)guest->load_end_ns / (double)NS_PER_S,
                              .postcopy_at_s = -1.0,
                              .postcopy_bytes_per_s = (double)host->copy_bytes_per_s};

    if (s->how == PUB_STOPPED || s->how == PUB_POSTCOPY)
        full = (double)guest->start_nonzero_bytes / (double)PAGE_BYTES;
    if (s->how == PUB_STOPPED)
        g.nr = 0;
    if (s->how != PUB_PLAIN)
        l.timeout_s = 0.0;
    if (s->how == PUB_POSTCOPY)
        l.postcopy_at_s = pub_order_s(s->after_s);
    g.full_pages = full;
    g.zero_pages = (double)guest->ram_bytes / (double)PAGE_BYTES - full;
    baseline_forecast(out, method, &g, &l);
    if (out->outcome == OUTCOME_TIMEOUT) /* the load ends, and then the migration */
        out->outcome = OUTCOME_COMPLETED;
    return out->outcome == OUTCOME_COMPLETED;
}

/* Errors of the 90 runs that nothing was taken from; a forecast that never ends is 100 % off. */
size_t pub_errors(int method, int run, double errors[PUB_SCENARIOS * PUB_RUNS])
{
    size_t nr = 0;

    for (int i = 0; i < PUB_SCENARIOS; i++) {
        const struct pub_scenario *s = &pub_scenarios[i];
        struct pub_final finals[PUB_RUNS];
        struct baseline_result guess;
        struct mig_result ours;
        struct pub_guest guest;
        struct pub_host host;
        double total_ms = NAN;

        if (!pub_finals(s->name, finals) || !pub_inputs(s, run, &guest, &host))
            return 0;
        if (method < 0 && pub_forecast(s, &guest, &host, &ours) &&
            ours.outcome == OUTCOME_COMPLETED)
            total_ms = (double)ours.total_ns / (double)NS_PER_MS;
        if (method >= 0 && pub_guess((enum baseline)method, s, &guest, &host, &guess))
            total_ms = guess.total_s * 1e3;
        for (int k = 0; k < PUB_RUNS; k++)
            if (k != run - 1)
                errors[nr++] = isnan(total_ms) ? 1.0 : fabs(total_ms / finals[k].total_ms - 1.0);
    }
    return nr;
}
