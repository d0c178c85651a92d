/*
 * test_fit.c - which guests three windows allow.
 */
#include "tracer/fit.h"

#include <criterion/criterion.h>
#include <math.h>

#include "base/units.h"
#include "models/dirty.h"
#include "tracer/profile.h"

#define RESIDENT ((double)(350 * MIB))

#define GAP_NS (100 * NS_PER_MS)

enum {
    SAMPLES = 400,
    WINDOWS = 3, /* of 1, 2 and 4 s */
    WINDOWS_MAX = 16
};

/* 0.1 s apart, the last of them ending so long before the migration. */
struct windows {
    struct facts_dirty dirty[WINDOWS_MAX];
    struct facts_header header;
    struct facts_before before;
};

static void windows_place(struct windows *w, const unsigned *ms, size_t nr)
{
    int64_t at = 0;

    *w = (struct windows){.header = {.memory_bytes = 512 * MIB, .accel = FACTS_ACCEL_KVM}};
    for (size_t i = 0; i < nr; i++) {
        int64_t length = ms[i] * NS_PER_MS;

        w->dirty[i] = (struct facts_dirty){.command_ns = at,
                                           .accepted_ns = at,
                                           .measured_ns = at + length,
                                           .calc_ns = length,
                                           .mode = FACTS_DIRTY_BITMAP};
        at += length + GAP_NS;
    }
    w->before =
        (struct facts_before){.until_ns = at, .migrate_ns = at, .nr_dirty = nr, .dirty = w->dirty};
}

static void windows_init(struct windows *w, const unsigned mib_per_s[WINDOWS])
{
    static const unsigned ms[WINDOWS] = {1000, 2000, 4000};

    windows_place(w, ms, WINDOWS);
    for (int i = 0; i < WINDOWS; i++)
        w->dirty[i].rate_bytes_per_s = mib_per_s[i] * MIB;
}

static struct fit fit_windows(struct windows *w)
{
    struct fit_options o = {.resident_bytes = RESIDENT, .seed = 1, .nr_samples = SAMPLES};
    struct fit fit;

    cr_assert(fit_before(&fit, &w->header, &w->before, &o) == ST_OK);
    return fit;
}

/* MiB that a sample dirties in window @i. */
static double seen_by(const struct windows *w, size_t i, const struct dirty_params *d)
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

Test(fit, the_period_that_was_seen_says_how_a_guest_takes_throttling)
{
    struct windows w;
    struct fit_options o = {
        .resident_bytes = RESIDENT, .seed = 1, .nr_samples = SAMPLES, .cpu_need = 0.9};
    struct fit fit;

    windows_init(&w, steady);
    for (int64_t ms = 1; ms <= 10; ms += 9) {
        o.write_period_ns = ms * NS_PER_MS;
        cr_assert(fit_before(&fit, &w.header, &w.before, &o) == ST_OK);
        for (size_t i = 0; i < fit.nr; i++)
            cr_expect_float_eq(fit.samples[i].cpu_need_ratio, ms == 1 ? 1.0 / 1.1 : 0.5, 1e-9);
        fit_release(&fit);
    }
}

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
        for (size_t i = 0; i < WINDOWS; i++) {
            double seconds = (double)(1u << i), mib = seen_by(&w, i, &fit.samples[k]);

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

/* A dirty ring counts a page each time it is written, and what is resident was looked up before. */
Test(fit, more_than_the_guest_has_is_all_that_it_has)
{
    static const unsigned rates[][WINDOWS] = {{480, 250, 125}, {9000, 9000, 9000}, {900, 700, 650}};

    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        struct windows w;
        struct fit fit;

        windows_init(&w, rates[i]);
        fit = fit_windows(&w);
        cr_expect_gt(fit.set_low, 0.9 * 480 * (double)MIB, "case %zu: %g", i, fit.set_low);
        cr_expect_lt(fit.set_high, 1.1 * 512 * (double)MIB, "case %zu: %g", i, fit.set_high);
        for (int f = 0; f < WINDOWS; f++)
            w.dirty[f].mode = FACTS_DIRTY_SAMPLING;
        fit_release(&fit);
        fit = fit_windows(&w);
        cr_expect_gt(fit.set_low, 0.8 * 480 * (double)MIB, "case %zu: %g", i, fit.set_low);
        fit_release(&fit);
    }
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

/* What QEMU reports of a writer: whole MiB, then whole MiB/s. */
static void windows_watch(struct windows *w, const struct dirty_params *d)
{
    for (size_t i = 0; i < w->before.nr_dirty; i++) {
        double seconds = (double)w->dirty[i].calc_ns / (double)NS_PER_S;

        w->dirty[i].rate_bytes_per_s = (uint64_t)(floor(seen_by(w, i, d)) / seconds) * MIB;
    }
}

/* Share of samples that are on for a part of their cycle within a quarter of @part. */
static double on_for(const struct fit *fit, double part)
{
    double n = 0.0;

    for (size_t k = 0; k < fit->nr; k++) {
        const struct dirty_params *d = &fit->samples[k];
        double on = (double)d->on_ns / ((double)d->on_ns + (double)d->off_ns);

        n += d->off_ns > 0 && fabs(on - part) < 0.25 * part;
    }
    return n / (double)fit->nr;
}

/* How many samples are no copies of others. */
static size_t different(struct fit *fit)
{
    size_t n = 1;

    for (size_t k = 1; k < fit->nr; k++) {
        bool seen = false;

        for (size_t i = 0; i < k && !seen; i++)
            seen = fit->samples[i].on_ns == fit->samples[k].on_ns &&
                   fit->samples[i].phase_ns == fit->samples[k].phase_ns;
        n += !seen;
    }
    return n;
}

Test(fit, tells_phases_better_from_the_windows_of_a_profile_than_from_three)
{
    static const unsigned three[WINDOWS] = {1000, 2000, 4000};
    struct dirty_params d = {.kind = DIRTY_CLASSES,
                             .cpu_need_ratio = 1.0,
                             .on_ns = 2 * NS_PER_S,
                             .off_ns = 4 * NS_PER_S,
                             .nr_classes = 1,
                             .classes = {{.pages = 24576.0, .writes_per_s = 12000.0}}};
    const unsigned *profile;
    double few, all;
    struct windows w;
    struct fit fit;
    size_t nr;

    profile = profile_windows(&nr);
    d.phase_ns = 200 * NS_PER_MS;
    windows_place(&w, three, WINDOWS);
    windows_watch(&w, &d);
    fit = fit_windows(&w);
    few = on_for(&fit, 1.0 / 3.0);
    fit_release(&fit);
    windows_place(&w, profile, nr);
    windows_watch(&w, &d);
    fit = fit_windows(&w);
    all = on_for(&fit, 1.0 / 3.0);
    cr_expect(different(&fit) > SAMPLES / 2);
    fit_release(&fit);
    cr_expect(all > 1.5 * few, "%.2f of samples instead of %.2f", all, few);
}
