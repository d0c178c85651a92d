/*
 * test_fit.c - which guests three windows allow.
 */
#include "tracer/fit.h"

#include <criterion/criterion.h>

#include "base/units.h"
#include "models/dirty.h"

#define RESIDENT ((double)(350 * MIB))

enum {
    SAMPLES = 400,
    WINDOWS = 3
};

/* Windows of 1, 2 and 4 s, 0.1 s apart, the last of them ending with the measurements. */
struct windows {
    struct facts_dirty dirty[WINDOWS];
    struct facts_header header;
    struct facts_before before;
};

static void windows_init(struct windows *w, const unsigned mib_per_s[WINDOWS])
{
    int64_t at = 0;

    *w = (struct windows){.header = {.memory_bytes = 512 * MIB, .accel = FACTS_ACCEL_KVM}};
    for (int i = 0; i < WINDOWS; i++) {
        int64_t length = (1 << i) * NS_PER_S;

        w->dirty[i] = (struct facts_dirty){.command_ns = at,
                                           .accepted_ns = at,
                                           .measured_ns = at + length,
                                           .calc_ns = length,
                                           .rate_bytes_per_s = mib_per_s[i] * MIB,
                                           .mode = FACTS_DIRTY_BITMAP};
        at += length + 100 * NS_PER_MS;
    }
    w->before = (struct facts_before){
        .until_ns = at, .migrate_ns = at, .nr_dirty = WINDOWS, .dirty = w->dirty};
}

static struct fit fit_windows(struct windows *w)
{
    struct fit_options o = {.resident_bytes = RESIDENT, .seed = 1, .nr_samples = SAMPLES};
    struct fit fit;

    cr_assert(fit_before(&fit, &w->header, &w->before, &o) == ST_OK);
    return fit;
}

/* MiB that a sample dirties in window @i. */
static double seen_by(const struct windows *w, int i, const struct dirty_params *d)
{
    int64_t from = w->dirty[i].accepted_ns - w->before.until_ns, to = from + w->dirty[i].calc_ns;
    struct dirty_model m;
    int64_t cycle = d->on_ns + d->off_ns, shift = 0;

    dirty_compile(&m, d, 0.0, d->phase_ns);
    if (d->off_ns > 0)
        shift = (-from / cycle + 1) * cycle;
    else
        shift = -from;
    return dirty_distinct(&m, dirty_wanted(&m, from + shift, to + shift)) * (double)PAGE_BYTES /
           (double)MIB;
}

/* 96 MiB at random, 12000 pages/s, on for 2 s and off for 4 s. */
static const unsigned comes_and_goes[WINDOWS] = {36, 0, 15};
/* 96 MiB at random, 14000 pages/s. */
static const unsigned steady[WINDOWS] = {41, 32, 21};

Test(fit, of_a_guest_that_comes_and_goes_rests_on_many_proposals)
{
    struct windows w;
    struct fit fit;

    windows_init(&w, comes_and_goes);
    fit = fit_windows(&w);
    cr_expect(fit.share[FIT_PHASED] + fit.share[FIT_BURSTS] > 0.99);
    cr_expect(fit.effective > 100.0);
    fit_release(&fit);
}

Test(fit, of_phases_shows_each_window_what_it_saw)
{
    struct windows w;
    struct fit fit;

    windows_init(&w, comes_and_goes);
    fit = fit_windows(&w);
    for (size_t k = 0; k < fit.nr; k++) {
        for (int i = 0; i < WINDOWS; i++) {
            double seconds = (double)(1 << i), mib = seen_by(&w, i, &fit.samples[k]);

            /* five standard deviations beside what whole MiB/s leave open */
            cr_assert(mib > comes_and_goes[i] * seconds * 0.95 - 0.6);
            cr_assert(mib < (comes_and_goes[i] + 1) * seconds * 1.05 + 0.6);
        }
    }
    fit_release(&fit);
}

Test(fit, takes_a_steady_guest_for_one)
{
    struct windows w;
    struct fit fit;

    windows_init(&w, steady);
    fit = fit_windows(&w);
    cr_expect(fit.share[FIT_PHASED] + fit.share[FIT_BURSTS] < 0.2);
    fit_release(&fit);
}

Test(fit, hands_out_families_in_no_order)
{
    struct windows w;
    struct fit fit;
    int one_class = 0;

    windows_init(&w, steady);
    fit = fit_windows(&w);
    for (size_t k = 0; k < 40; k++)
        one_class += fit.samples[k].nr_classes == 1;
    cr_expect(one_class > 10);
    cr_expect(one_class < 38);
    fit_release(&fit);
}

/* A hot set of 16 MiB, and no more: distinct pages level off. */
Test(fit, lets_the_cold_part_be_small)
{
    static const unsigned levels_off[WINDOWS] = {6, 4, 3};
    struct windows w;
    struct fit fit;
    int small = 0, large = 0;

    windows_init(&w, levels_off);
    fit = fit_windows(&w);
    for (size_t k = 0; k < fit.nr; k++) {
        double cold = fit.samples[k].nr_classes == 2 ? fit.samples[k].classes[1].pages : 0.0;

        small += cold > 0.0 && cold * (double)PAGE_BYTES < RESIDENT / 2.0;
        large += cold * (double)PAGE_BYTES >= RESIDENT / 2.0;
    }
    cr_expect(small > 40);
    cr_expect(large > 0);
    fit_release(&fit);
}
