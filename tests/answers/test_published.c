/*
 * test_published.c - a hundred recorded migrations of a database server, forecast from one run.
 *
 * The figures asserted are those of docs/published.md.  Without the files all of it is skipped.
 */
#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>

#include "answers/support_published.h"
#include "base/units.h"

#define CALIBRATION_RUN 1

static void need_files(void)
{
    if (!pub_path("lordwicked-final.csv") || !pub_path("lordwicked-rounds.csv"))
        cr_skip_test("the published measurements are not beside the project");
}

TestSuite(published, .init = need_files, .timeout = 120);

static double field_median(const struct pub_final *finals, size_t offset)
{
    double values[PUB_RUNS];

    for (int i = 0; i < PUB_RUNS; i++)
        values[i] = *(const double *)(const void *)((const char *)&finals[i] + offset);
    return pub_median(values, PUB_RUNS);
}

#define MEDIAN(finals, field) field_median(finals, offsetof(struct pub_final, field))

static double total_ms(const struct mig_result *r)
{
    return (double)r->total_ns / (double)NS_PER_MS;
}

static void forecast(const struct pub_scenario *s, int run, struct mig_result *out)
{
    struct pub_guest guest;
    struct pub_host host;

    cr_assert(pub_inputs(s, run, &guest, &host), "%s run %d: files not as described", s->plain,
              run);
    cr_assert(pub_forecast(s, &guest, &host, out), "out of memory");
}

/* Auto-converge, stop-and-copy and post-copy come from the plain runs, with nothing fitted to
 * themselves. */
Test(published, all_ten_scenarios_follow_from_three_plain_runs)
{
    for (int i = 0; i < PUB_SCENARIOS; i++) {
        const struct pub_scenario *s = &pub_scenarios[i];
        struct pub_final finals[PUB_RUNS];
        struct mig_result r;

        cr_assert(pub_finals(s->name, finals));
        forecast(s, CALIBRATION_RUN, &r);
        cr_expect_eq(r.outcome, OUTCOME_COMPLETED, "%s: %s", s->name, outcome_name(r.outcome));
        cr_expect_lt(fabs(total_ms(&r) / MEDIAN(finals, total_ms) - 1.0), 0.05,
                     "%s: total %.0f ms, measured %.0f", s->name, total_ms(&r),
                     MEDIAN(finals, total_ms));
        cr_expect_lt(fabs((double)r.transferred_bytes / MEDIAN(finals, transferred_bytes) - 1.0),
                     0.035, "%s: bytes %.0f, measured %.0f", s->name, (double)r.transferred_bytes,
                     MEDIAN(finals, transferred_bytes));
        cr_expect_leq(fabs((double)r.max_throttle_pct - MEDIAN(finals, throttle_pct)), 10.0,
                      "%s: throttle %u %%, measured %.0f", s->name, r.max_throttle_pct,
                      MEDIAN(finals, throttle_pct));
    }
}

/* Every single run against the forecast made from run 1.  Two of 90 are off by more than 5 %: a run
 * under auto-converge that got away a step earlier, and the one run of the heavy load that got away
 * before the load ended. */
Test(published, nine_of_ten_runs_follow_from_one)
{
    int runs = 0, within_5 = 0, within_10 = 0;

    for (int i = 0; i < PUB_SCENARIOS; i++) {
        struct pub_final finals[PUB_RUNS];
        struct mig_result r;

        cr_assert(pub_finals(pub_scenarios[i].name, finals));
        forecast(&pub_scenarios[i], CALIBRATION_RUN, &r);
        for (int run = 1; run <= PUB_RUNS; run++) {
            double error = fabs(total_ms(&r) / finals[run - 1].total_ms - 1.0);

            if (run == CALIBRATION_RUN)
                continue;
            runs++;
            within_5 += error <= 0.05;
            within_10 += error <= 0.10;
        }
    }
    cr_expect_eq(runs, 90);
    cr_expect_geq(within_5, 87, "%d of 90 within 5 %%", within_5);
    cr_expect_geq(within_10, 89, "%d of 90 within 10 %%", within_10);
}

/* Without an end of the load there is none of the migration: all twenty possible calibrations
 * agree. */
Test(published, heavy_load_never_converges_by_itself)
{
    for (int i = 0; i < PUB_SCENARIOS; i++) {
        const struct pub_scenario *s = &pub_scenarios[i];

        if (s->how != PUB_PLAIN || s->plain != s->name || i == 0)
            continue;
        for (int run = 1; run <= PUB_RUNS; run++) {
            struct pub_guest guest;
            struct pub_host host;
            struct mig_result r;

            cr_assert(pub_inputs(s, run, &guest, &host));
            guest.load_end_ns = 0;
            cr_assert(pub_forecast(s, &guest, &host, &r));
            cr_expect_eq(r.outcome, OUTCOME_QUEUED, "%s from run %d: %s after %.0f ms", s->name,
                         run, outcome_name(r.outcome), total_ms(&r));
        }
    }
}

/* The choice of the calibration run: the median over the ten choices, scenario by scenario. */
Test(published, any_run_serves_for_calibration)
{
    int within_5 = 0;

    for (int i = 0; i < PUB_SCENARIOS; i++) {
        const struct pub_scenario *s = &pub_scenarios[i];
        struct pub_final finals[PUB_RUNS];
        double errors[PUB_RUNS];

        cr_assert(pub_finals(s->name, finals));
        for (int run = 1; run <= PUB_RUNS; run++) {
            struct mig_result r;

            forecast(s, run, &r);
            errors[run - 1] = fabs(total_ms(&r) / MEDIAN(finals, total_ms) - 1.0);
            within_5 += errors[run - 1] <= 0.05;
        }
        cr_expect_lt(pub_median(errors, PUB_RUNS), 0.055, "%s: median error %.1f %%", s->name,
                     100.0 * pub_median(errors, PUB_RUNS));
    }
    cr_expect_geq(within_5, 86, "%d of 100 within 5 %%", within_5);
}

/* The guest as one constant rate, as its first round shows it: dirt grows in a line and never meets
 * a page twice. */
static bool constant_rate(const char *plain, struct mig_result *out)
{
    struct pub_guest guest;
    struct pub_host host;
    struct setup *s;

    if (!pub_guest(plain, CALIBRATION_RUN, &guest) ||
        !pub_host("Precopy_Convergent", "Postcopy_4T", CALIBRATION_RUN, &host))
        return false;
    guest.load_end_ns = 0;
    s = pub_setup(&guest, &host);
    if (!s)
        return false;
    s->guests[0].dirty.kind = DIRTY_SEQUENTIAL;
    s->guests[0].dirty.write_bytes_per_s = guest.round_1_dirty_bytes / guest.round_1_s;
    s->guests[0].dirty.working_set_bytes = guest.ram_bytes;
    return pub_run(s, out);
}

/* Why a curve and not a rate: the rate is good for the mild load and promises success to the heavy
 * one. */
Test(published, constant_rate_fails_where_it_matters)
{
    struct pub_final finals[PUB_RUNS];
    struct mig_result r;

    cr_assert(pub_finals("Precopy_Convergent", finals));
    cr_assert(constant_rate("Precopy_Convergent", &r));
    cr_expect_eq(r.outcome, OUTCOME_COMPLETED);
    cr_expect_lt(fabs(total_ms(&r) / MEDIAN(finals, total_ms) - 1.0), 0.03, "total %.0f ms",
                 total_ms(&r));
    cr_assert(constant_rate("Precopy_Nonconvergent_16T", &r));
    cr_expect_eq(r.outcome, OUTCOME_COMPLETED);
    cr_expect(total_ms(&r) > 36000.0 && total_ms(&r) < 40000.0, "total %.0f ms", total_ms(&r));
}
