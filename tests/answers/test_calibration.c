/* test_calibration.c - constants from captures, and how far single ones lie from them. */
#include <criterion/criterion.h>

#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "answers/accuracy/calibration.h"
#include "answers/accuracy/predict.h"
#include "base/units.h"

enum {
    NR = 10,
    SYNCS = 6
};

struct capture_rounds {
    struct facts_poll polls[SYNCS];
    struct facts_pass passes[SYNCS];
};

/* Completed, with nothing told but resident memory: 100 MiB of the guest's and @own of QEMU's. */
static struct trace_facts idle(uint64_t own)
{
    struct trace_facts f = {.header = {.memory_bytes = GIB, .accel = FACTS_ACCEL_KVM},
                            .before = {.rss_bytes = 100 * MIB + own},
                            .after = {.outcome = FACTS_COMPLETED,
                                      .has_ram = true,
                                      .last_ram = {.total_bytes = (int64_t)(100 * MIB)}}};

    return f;
}

Test(calibration, most_agreeing_captures_do_not_hide_those_that_lie_off)
{
    struct trace_facts f[NR];
    struct costs_file c;
    const struct host_costs_spread *s = &c.part[ACCEL_KVM].spread;

    for (int i = 0; i < NR; i++)
        f[i] = idle((i < 3 ? 38 : 39) * MIB);
    cr_assert_eq(calibration_learn(&c, f, NR, SIZE_MAX), ST_OK);
    cr_expect_eq(c.part[ACCEL_KVM].costs.rss_overhead_bytes, 39 * MIB);
    cr_expect_eq(s->rss_spread_bytes, 0, "none lies above");
    cr_expect_float_eq((double)s->rss_spread_below_bytes * 1.6449, (double)MIB, 1e3,
                       "so that 5 %% of the draws lie beyond the farthest");
}

Test(calibration, one_capture_leaves_the_spread_at_its_default)
{
    struct trace_facts f = idle(39 * MIB);
    struct costs_file c;

    cr_assert_eq(calibration_learn(&c, &f, 1, SIZE_MAX), ST_OK);
    cr_expect_eq(c.part[ACCEL_KVM].spread.rss_spread_bytes, 2 * MIB);
    cr_expect_eq(c.part[ACCEL_KVM].spread.rss_spread_below_bytes, 2 * MIB);
}

Test(calibration, channels_without_a_capture_do_not_add_a_stream_each)
{
    struct trace_facts f = idle(39 * MIB);
    struct costs_file c, known;
    struct diag diag = {0};
    const struct host_costs *k = &known.part[ACCEL_KVM].costs, *got = &c.part[ACCEL_KVM].costs;

    cr_assert_eq(calibration_default(&known, &diag), ST_OK);
    cr_assert_eq(calibration_learn(&c, &f, 1, SIZE_MAX), ST_OK);
    cr_expect_geq(got->multifd_bytes_per_s, got->copy_bytes_per_s);
    cr_expect_float_eq((double)got->multifd_bytes_per_s / (double)got->copy_bytes_per_s,
                       (double)k->multifd_bytes_per_s / (double)k->copy_bytes_per_s, 1e-6);
}

Test(calibration, the_guests_own_memory_needs_no_guess_at_the_processs)
{
    struct trace_facts f[NR];
    struct costs_file c;
    struct costs_file_part *part = &c.part[ACCEL_KVM];

    for (int i = 0; i < NR; i++) {
        f[i] = idle((uint64_t)(100 + 10 * i) *
                    (uint64_t)MIB); /* what else the process holds differs */
        f[i].before.resident_bytes = 125 * MIB;
    }
    cr_assert_eq(calibration_learn(&c, f, NR, SIZE_MAX), ST_OK);
    cr_expect_eq(part->spread.resident_zero_bytes, 25 * MIB);
    cr_expect_eq(part->spread.resident_zero_spread_bytes, 0);
    cr_expect_float_eq(predict_memory_of(&f[0], part).bytes, 100.0 * (double)MIB, 1.0);
    cr_expect_float_eq(predict_memory_of(&f[9], part).bytes, 100.0 * (double)MIB, 1.0);
    f[9].before.resident_bytes = 0;
    cr_expect_float_eq(predict_memory_of(&f[9], part).bytes, 145.0 * (double)MIB, 1.0,
                       "without the note: the process less the median of the others");
    f[9].before.rss_bytes = 0;
    cr_expect_float_eq(predict_memory_of(&f[9], part).bytes, (double)GIB, 1.0);
}

Test(calibration, one_throttled_guest_does_not_speak_for_all)
{
    struct costs_file_part part = {0};
    struct calibration_need needs[] = {{3, 0.95}, {3, 0.94}, {3, 0.96}, {5, 0.60}, {7, 0.58}};
    double one;

    cr_assert_eq(calibration_set_need(&part, needs, 3), ST_OK);
    one = part.spread.cpu_need_ratio;
    cr_expect(one > 0.7 && one < 0.9, "three repeats of one guest: half way to what is usual");
    cr_expect_gt(part.spread.cpu_need_spread_ratio, 0.09);
    cr_assert_eq(calibration_set_need(&part, needs, 5), ST_OK);
    cr_expect(part.spread.cpu_need_ratio > 0.58 && part.spread.cpu_need_ratio < 0.67,
              "the median of three guests and the usual one");
    part = (struct costs_file_part){0};
    cr_assert_eq(calibration_set_need(&part, needs, 0), ST_OK);
    cr_expect_eq(part.spread.cpu_need_ratio, 0.0, "nothing was learned");
}

/* Rounds that last 0.2 s each; round i finds @pages[i]. */
static struct trace_facts rounds_of(const char *id, struct capture_rounds *r,
                                    const int64_t pages[SYNCS])
{
    struct trace_facts f = idle(39 * MIB);
    int64_t sent = 100000;

    f.header.accel = FACTS_ACCEL_TCG;
    snprintf(f.header.id, sizeof(f.header.id), "%s", id);
    for (int i = 0; i < SYNCS; i++) {
        int64_t at = (i + 1) * NS_PER_S / 5;

        r->passes[i].pass = (uint32_t)i + 1;
        r->passes[i].t_ns = at;
        r->polls[i] = (struct facts_poll){.t_ns = at + NS_PER_MS,
                                          .status = FACTS_ST_ACTIVE,
                                          .rounds = i + 1,
                                          .normal_pages = sent,
                                          .remaining_bytes = pages[i] * (int64_t)PAGE_BYTES};
        sent += pages[i];
    }
    f.after.polls = r->polls;
    f.after.nr_polls = SYNCS;
    f.after.passes = r->passes;
    f.after.nr_passes = SYNCS;
    return f;
}

Test(calibration, like_rounds_that_differ_make_guests_uneven)
{
    static struct capture_rounds r[4];
    static const int64_t uneven[SYNCS] = {9000, 0, 1500, 2500, 1500, 2500};
    static const int64_t even[SYNCS] = {9000, 0, 2000, 2000, 2000, 2000};
    struct trace_facts f[4] = {rounds_of("one-r1", &r[0], uneven),
                               rounds_of("one-r2", &r[1], uneven), rounds_of("two-r1", &r[2], even),
                               rounds_of("three-r1", &r[3], uneven)};
    struct costs_file c;
    /* eight rounds a quarter off, of 0.2 s and 10000 pages a second; single pages are chance */
    double expected = sqrt(8.0 / 7.0 * 0.0625 * 0.2 - 1.0 / 10000.0);

    cr_assert_eq(calibration_learn(&c, f, 2, SIZE_MAX), ST_OK);
    cr_expect_float_eq(c.part[ACCEL_TCG].costs.dirty_scatter_ratio, expected, 1e-9);
    cr_expect_eq(c.part[ACCEL_KVM].costs.dirty_scatter_ratio, 0.0, "no capture tells");
    cr_assert_eq(calibration_learn(&c, f + 2, 1, SIZE_MAX), ST_OK);
    cr_expect_eq(c.part[ACCEL_TCG].costs.dirty_scatter_ratio, 0.0);
    cr_assert_eq(calibration_learn(&c, f, 4, SIZE_MAX), ST_OK);
    cr_expect_float_eq(c.part[ACCEL_TCG].costs.dirty_scatter_ratio, expected, 1e-9,
                       "of the median configuration, repeats together");
    f[0].after.totals.max_throttle_pct = f[1].after.totals.max_throttle_pct = 20;
    cr_assert_eq(calibration_learn(&c, f, 2, SIZE_MAX), ST_OK);
    cr_expect_eq(c.part[ACCEL_TCG].costs.dirty_scatter_ratio, 0.0, "throttled guests do not tell");
}

Test(calibration, guests_are_no_more_uneven_than_a_scenario_may_say)
{
    static struct capture_rounds r[2];
    static const int64_t low[SYNCS] = {9000, 0, 70, 70, 70, 70};
    static const int64_t once[SYNCS] = {9000, 0, 70, 70, 70, 40000};
    struct trace_facts f[2] = {rounds_of("one-r1", &r[0], low), rounds_of("one-r2", &r[1], once)};
    struct costs_file c;

    cr_assert_eq(calibration_learn(&c, f, 2, SIZE_MAX), ST_OK);
    cr_expect_eq(c.part[ACCEL_TCG].costs.dirty_scatter_ratio, 1.0);
}
