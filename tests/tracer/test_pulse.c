/*
 * test_pulse.c - moments made with a period, and without one.
 */
#include "tracer/pulse.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "base/units.h"

#define STEP_NS 250000

enum {
    MOST = 4000
};

/* Moments in one second: at multiples of @period_ns one in @one_in is seen, up to a step late;
 * those between @off_from and @off_to (ms) are left out. */
static size_t moments(int64_t period_ns, unsigned one_in, int64_t off_from, int64_t off_to,
                      int64_t *at)
{
    struct rng rng;
    size_t n = 0;

    rng_stream(&rng, 1, "moments", one_in, 0);
    for (int64_t t = 0; t < NS_PER_S; t += period_ns) {
        bool seen = rng_uniform(&rng) * one_in < 1.0;
        int64_t late = (int64_t)(rng_uniform(&rng) * STEP_NS);

        if (seen && (t < off_from * NS_PER_MS || t >= off_to * NS_PER_MS))
            at[n++] = 7 * NS_PER_S + t + late;
    }
    return n;
}

static void expect_period(int64_t period_ns, const int64_t *at, size_t n)
{
    struct pulse pulse;

    cr_assert(pulse_find(at, n, STEP_NS, &pulse) == ST_OK);
    cr_expect(llabs(pulse.period_ns - period_ns) < period_ns / 30,
              "%lld us instead of %lld, coherence %g, of %zu moments",
              (long long)(pulse.period_ns / NS_PER_US), (long long)(period_ns / NS_PER_US),
              pulse.coherence, n);
    cr_expect(pulse.coherence > 0.4 && pulse.coherence <= 1.0 + 1e-9);
}

static void expect_none(const int64_t *at, size_t n)
{
    struct pulse pulse;

    cr_assert(pulse_find(at, n, STEP_NS, &pulse) == ST_OK);
    cr_expect(pulse.period_ns == 0, "%lld us, coherence %g, of %zu moments",
              (long long)(pulse.period_ns / NS_PER_US), pulse.coherence, n);
}

Test(pulse, a_period_is_found_though_most_of_its_beats_are_missed)
{
    static const int64_t periods_us[] = {1000, 1300, 2000, 5000, 7700, 16667, 40000};
    int64_t at[MOST];

    for (size_t i = 0; i < sizeof(periods_us) / sizeof(periods_us[0]); i++) {
        int64_t period_ns = periods_us[i] * NS_PER_US;

        expect_period(period_ns, at, moments(period_ns, 1, 0, 0, at));
        if (periods_us[i] <= 7700)
            expect_period(period_ns, at, moments(period_ns, 4, 0, 0, at));
    }
}

Test(pulse, a_guest_that_rests_keeps_its_period)
{
    int64_t at[MOST];

    expect_period(5 * NS_PER_MS, at, moments(5 * NS_PER_MS, 2, 300, 700, at));
}

Test(pulse, a_clock_that_was_held_up_keeps_its_period)
{
    int64_t at[MOST];
    size_t n = moments(5 * NS_PER_MS, 2, 0, 0, at);

    for (size_t i = n / 2; i < n; i++)
        at[i] += 2600 * NS_PER_US;
    expect_period(5 * NS_PER_MS, at, n);
}

Test(pulse, a_burst_that_takes_several_looks_is_one_moment)
{
    int64_t at[MOST];
    size_t n = 0;

    for (int64_t t = 0; t < NS_PER_S; t += 10 * NS_PER_MS)
        for (int64_t k = 0; k < 8; k++)
            at[n++] = t + k * STEP_NS;
    expect_period(10 * NS_PER_MS, at, n);
}

Test(pulse, moments_at_any_time_have_none)
{
    int64_t at[MOST];

    for (uint64_t seed = 0; seed < 200; seed++) {
        struct rng rng;
        size_t n = 0;
        double per_s = 30.0 + 3.0 * (double)seed;

        rng_stream(&rng, seed, "any time", 0, 0);
        for (double t = 0.0; t < 1e9;) {
            t -= log(1.0 - rng_uniform(&rng)) / per_s * 1e9;
            if (n < MOST)
                at[n++] = (int64_t)(t / STEP_NS) * STEP_NS;
        }
        expect_none(at, n);
    }
}

Test(pulse, few_moments_and_unbroken_ones_have_none)
{
    int64_t at[MOST] = {0};

    expect_none(at, 0);
    expect_none(at, moments(100 * NS_PER_MS, 1, 0, 0, at));
    for (size_t i = 0; i < MOST; i++)
        at[i] = (int64_t)i * STEP_NS;
    expect_none(at, MOST);
}
