/*
 * test_kubevirt_stall.c - the stall detector: when it calls a migration stalled, and what it then
 * does.
 */
#include <criterion/criterion.h>

#include "base/units.h"
#include "sim/platforms/kubevirt_stall.h"

#define MB 1000000ULL
#define BANDWIDTH 100e6

static const struct kubevirt_stall_options standard = {.margin_ratio = 0.04,
                                                       .window_ns = 40 * NS_PER_S,
                                                       .switchover_ns = 60 * NS_PER_S,
                                                       .possible_factor = 1.5,
                                                       .patience_decay_ratio = 0.5,
                                                       .ewma_alpha = 0.4,
                                                       .completion_factor = 2.0,
                                                       .local_minimum = true};

static struct kubevirt_stall_limits limits(int64_t elapsed_s)
{
    return (struct kubevirt_stall_limits){
        .elapsed_s = elapsed_s, .deadline_s = 1350, .max_downtime_ms = 900};
}

/* Rounds every @step_ms with what @remaining(i) says, until it is stalled or @nr are over; returns
 * how many it took. */
static int rounds_until_stalled(struct kubevirt_stall *s, uint64_t step_ms, int nr,
                                uint64_t (*remaining)(int))
{
    for (int i = 1; i <= nr; i++)
        if (kubevirt_stall_round(s, &standard, (uint64_t)i * step_ms, remaining(i)))
            return i;
    return 0;
}

static uint64_t constant(int i)
{
    (void)i;
    return 80 * MB;
}

static uint64_t falling(int i)
{
    uint64_t mb = 4000;

    while (i-- > 0)
        mb = mb * 94 / 100;
    return mb * MB;
}

Test(kubevirt_stall, bandwidth_is_a_moving_average_in_closed_form)
{
    struct kubevirt_stall s;
    double step;

    kubevirt_stall_init(&s);
    kubevirt_stall_bandwidth(&s, &standard, BANDWIDTH, 7);
    cr_expect_float_eq(s.bytes_per_s, BANDWIDTH, 1e-6, "the first sample counts as it is");
    step = s.bytes_per_s;
    for (int i = 0; i < 5; i++)
        step = 0.4 * 40e6 + 0.6 * step;
    kubevirt_stall_bandwidth(&s, &standard, 40e6, 5);
    cr_expect_float_eq(s.bytes_per_s, step, 1e-3);
}

Test(kubevirt_stall, no_bandwidth_means_no_verdict)
{
    struct kubevirt_stall s;

    kubevirt_stall_init(&s);
    cr_expect_eq(rounds_until_stalled(&s, 1000, 200, constant), 0);
    cr_expect_eq(kubevirt_stall_downtime_ms(&s), 0);
    cr_expect_not(kubevirt_stall_can_finish(&s, 0, 1000));
}

Test(kubevirt_stall, stalls_once_the_window_shows_no_progress)
{
    struct kubevirt_stall s;

    kubevirt_stall_init(&s);
    kubevirt_stall_bandwidth(&s, &standard, BANDWIDTH, 1);
    /* round 1 at 1 s has left a window of 40 s at 41 s */
    cr_expect_eq(rounds_until_stalled(&s, 1000, 200, constant), 41);
}

Test(kubevirt_stall, six_percent_a_round_is_progress)
{
    struct kubevirt_stall s;

    kubevirt_stall_init(&s);
    kubevirt_stall_bandwidth(&s, &standard, BANDWIDTH, 1);
    cr_expect_eq(rounds_until_stalled(&s, 1000, 100, falling), 0);
}

Test(kubevirt_stall, decision_follows_what_is_allowed)
{
    static const struct {
        const char *what;
        uint64_t remaining;
        bool disruption, postcopy, vfio;
        int64_t elapsed_s;
        enum kubevirt_action expect;
    } cases[] = {
        {"fits", 80 * MB, false, false, false, 60, KUBEVIRT_SOFT},
        {"fits at the limit", 90 * MB, false, false, false, 60, KUBEVIRT_SOFT},
        {"fits with the factor", 130 * MB, false, false, false, 60, KUBEVIRT_SOFT},
        {"far too much", 200 * MB, false, false, false, 60, KUBEVIRT_ABORT},
        {"post-copy alone is not enough", 200 * MB, false, true, false, 60, KUBEVIRT_ABORT},
        {"pause allowed", 200 * MB, true, false, false, 60, KUBEVIRT_HARD},
        {"post-copy allowed", 200 * MB, true, true, false, 60, KUBEVIRT_POSTCOPY},
        {"post-copy allowed, device passed through", 200 * MB, true, true, true, 60, KUBEVIRT_HARD},
        {"too late to finish", 200 * MB, true, true, false, 2699, KUBEVIRT_GO_ON},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct kubevirt_stall_limits l = limits(cases[i].elapsed_s);
        struct kubevirt_stall s;

        kubevirt_stall_init(&s);
        kubevirt_stall_bandwidth(&s, &standard, BANDWIDTH, 1);
        for (uint64_t t = 1; t <= 42; t++)
            kubevirt_stall_round(&s, &standard, t * 1000, cases[i].remaining);
        l.disruption = cases[i].disruption;
        l.postcopy = cases[i].postcopy;
        l.vfio = cases[i].vfio;
        cr_expect_eq(kubevirt_stall_decide(&s, &standard, &l), cases[i].expect, "%s",
                     cases[i].what);
    }
}

Test(kubevirt_stall, waits_for_a_round_near_the_best)
{
    const struct kubevirt_stall_limits l = limits(60);
    struct kubevirt_stall s;

    kubevirt_stall_init(&s);
    kubevirt_stall_bandwidth(&s, &standard, BANDWIDTH, 1);
    kubevirt_stall_round(&s, &standard, 1000, 50 * MB);
    for (uint64_t t = 2; t <= 60; t++) {
        bool stalled = kubevirt_stall_round(&s, &standard, t * 1000, 70 * MB);

        cr_expect_eq(stalled, t >= 41, "%d s", (int)t);
        if (stalled)
            cr_expect_eq(kubevirt_stall_decide(&s, &standard, &l), KUBEVIRT_GO_ON, "%d s", (int)t);
    }
    cr_expect(kubevirt_stall_round(&s, &standard, 61000, 52 * MB));
    cr_expect_eq(kubevirt_stall_decide(&s, &standard, &l), KUBEVIRT_SOFT, "4 %% above the best");
}

Test(kubevirt_stall, patience_ends_and_halves)
{
    const struct kubevirt_stall_limits l = limits(60);
    struct kubevirt_stall s;
    uint64_t t;

    kubevirt_stall_init(&s);
    kubevirt_stall_bandwidth(&s, &standard, BANDWIDTH, 1);
    kubevirt_stall_round(&s, &standard, 1000, 50 * MB);
    for (t = 2; t <= 80; t++) {
        kubevirt_stall_round(&s, &standard, t * 1000, 70 * MB);
        cr_expect_eq(kubevirt_stall_decide(&s, &standard, &l), KUBEVIRT_GO_ON, "%d s", (int)t);
    }
    /* stalled at 41 s, patient for 40 s: from then on 70 MB will do */
    kubevirt_stall_round(&s, &standard, 81000, 70 * MB);
    cr_expect_eq(kubevirt_stall_decide(&s, &standard, &l), KUBEVIRT_SOFT);
    cr_expect_eq(s.patience_ms, 20000);
}

Test(kubevirt_stall, long_lists_stay_within_their_bounds)
{
    struct kubevirt_stall s;

    kubevirt_stall_init(&s);
    kubevirt_stall_bandwidth(&s, &standard, BANDWIDTH, 1);
    for (uint64_t t = 1; t <= 5000; t++) {
        kubevirt_stall_round(&s, &standard, t * 10, (6000 - t) * MB);
        cr_assert_leq(s.nr_candidates, KUBEVIRT_STALL_POINTS);
        cr_assert_leq(s.nr_history, KUBEVIRT_STALL_POINTS);
        for (uint32_t i = 1; i < s.nr_candidates; i++)
            cr_assert_lt(s.candidates[i].remaining_bytes, s.candidates[i - 1].remaining_bytes);
    }
    for (uint64_t t = 5001; t <= 9000; t++) {
        kubevirt_stall_round(&s, &standard, t * 10, (2000 + t % 700) * MB);
        for (uint32_t i = 1; i < s.nr_history; i++)
            cr_assert_leq(s.history[i - 1], s.history[i]);
    }
}
