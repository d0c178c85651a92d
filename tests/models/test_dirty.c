/*
 * test_dirty.c - distinct pages of every kind of writer against sums and integrals done the long
 * way.
 */
#include "models/dirty.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "base/units.h"

#define PAGE ((double)PAGE_BYTES)

enum {
    SETS = 5
};

static double between(struct rng *r, double low, double high)
{
    return low + (high - low) * rng_uniform(r);
}

static struct dirty_params writer(enum dirty_kind kind, double pages, double writes_per_s)
{
    return (struct dirty_params){.kind = kind,
                                 .working_set_bytes = (uint64_t)pages * PAGE_BYTES,
                                 .write_bytes_per_s = writes_per_s * PAGE,
                                 .cpu_need_ratio = 1.0};
}

Test(dirty, names_follow_the_kinds)
{
    for (int k = 0; k < DIRTY_KIND_NR; k++) {
        cr_assert_str_eq(dirty_ops((enum dirty_kind)k)->name, dirty_kind_names[k]);
        cr_assert(dirty_ops((enum dirty_kind)k)->help[0]);
    }
    cr_assert_null(dirty_kind_names[DIRTY_KIND_NR]);
}

Test(dirty, idle_and_empty_writers_dirty_nothing)
{
    static const enum dirty_kind kinds[] = {DIRTY_IDLE,   DIRTY_UNIFORM,    DIRTY_HOTCOLD,
                                            DIRTY_ZIPF,   DIRTY_SEQUENTIAL, DIRTY_CURVE,
                                            DIRTY_SERIES, DIRTY_CLASSES,    DIRTY_TRACE};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct dirty_params p = writer(kinds[i], 0.0, 0.0);
        struct dirty_model m;

        p.zipf_exponent = 1.0;
        dirty_compile(&m, &p, 0.0, 0);
        cr_assert_eq(m.nr, 0, "%s", dirty_kind_names[kinds[i]]);
        cr_assert_eq(dirty_distinct(&m, 10.0), 0.0);
        cr_assert_eq(dirty_distinct_rate(&m, 0.0), 0.0);
        cr_assert_eq(dirty_work(&m, 0.0, 2.0, 0.5), 2.0);
        cr_assert_eq(dirty_work(&m, 0.0, -1.0, 0.5), 0.0);
    }
}

/* Distinct pages grow, bend down, start at the write rate and end at the working set. */
Test(dirty, curves_are_concave_between_write_rate_and_working_set)
{
    static const enum dirty_kind kinds[] = {DIRTY_UNIFORM, DIRTY_HOTCOLD, DIRTY_ZIPF,
                                            DIRTY_SEQUENTIAL};

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        struct dirty_params p = writer(kinds[i], 50000.0, 20000.0);
        struct dirty_model m;
        double last = 0.0, slope = 20000.0 * (1.0 + 1e-9);

        p.hot_bytes = 5000 * PAGE_BYTES;
        p.hot_ratio = 0.8;
        p.zipf_exponent = 0.9;
        dirty_compile(&m, &p, 0.0, 0);
        cr_assert_float_eq(dirty_distinct_rate(&m, 0.0), 20000.0, 1.0, "%s",
                           dirty_kind_names[kinds[i]]);
        for (double t = 0.01; t < 100.0; t += 0.01) {
            double d = dirty_distinct(&m, t), rate = dirty_distinct_rate(&m, t - 0.005);

            cr_assert_geq(d, last);
            cr_assert_leq((d - last) / 0.01, slope * (1.0 + 1e-9) + 1e-6);
            if (t > 0.2 && fabs(t - 2.5) > 0.02) /* where a sequential writer wraps */
                cr_assert_float_eq((d - last) / 0.01, rate, 1e-3 * 20000.0,
                                   "%s at %.2f: %g, not %g", dirty_kind_names[kinds[i]], t,
                                   (d - last) / 0.01, rate);
            slope = (d - last) / 0.01;
            last = d;
        }
        cr_assert_leq(last, 50000.5);
        cr_assert_geq(dirty_distinct(&m, 1e9), 49990.0);
    }
}

Test(dirty, hotcold_is_the_sum_over_its_two_parts)
{
    static const double hot_ratio[] = {0.0, 0.5, 0.9, 1.0};

    for (int i = 0; i < 4; i++) {
        struct dirty_params p = writer(DIRTY_HOTCOLD, 10000.0, 5000.0);
        struct dirty_model m;
        double hot_rate = 5000.0 * (hot_ratio[i] + (1.0 - hot_ratio[i]) * 0.1);

        p.hot_bytes = 1000 * PAGE_BYTES;
        p.hot_ratio = hot_ratio[i];
        dirty_compile(&m, &p, 0.0, 0);
        for (double t = 0.1; t < 20.0; t *= 2.0) {
            double want = 1000.0 * (1.0 - pow(1.0 - 1e-3, hot_rate * t)) +
                          9000.0 * (1.0 - pow(1.0 - 1.0 / 9000.0, (5000.0 - hot_rate) * t));

            cr_assert_float_eq(dirty_distinct(&m, t) / want, 1.0, 1e-3);
        }
    }
}

Test(dirty, hot_part_larger_than_the_set_is_the_set)
{
    struct dirty_params p = writer(DIRTY_HOTCOLD, 1000.0, 100.0);
    struct dirty_model m;

    p.hot_bytes = 5000 * PAGE_BYTES;
    p.hot_ratio = 0.7;
    dirty_compile(&m, &p, 0.0, 0);
    cr_assert_eq(m.nr, 1);
    cr_assert_float_eq(m.pages[0], 1000.0, 1e-9);
    cr_assert_float_eq(m.writes_per_s[0], 100.0, 1e-9);
}

/* The sum over single pages, i^-s each. */
static double zipf_brute(double n, double s, double writes)
{
    double norm = 0.0, sum = 0.0;

    for (double i = 1.0; i <= n; i += 1.0)
        norm += pow(i, -s);
    for (double i = 1.0; i <= n; i += 1.0)
        sum += -expm1(-writes * pow(i, -s) / norm);
    return sum;
}

/* Averaging over a class loses more where weights fall more steeply. */
Test(dirty, zipf_classes_are_within_one_percent_of_single_pages)
{
    static const double exponents[] = {0.3, 0.7, 0.99, 1.0, 1.01, 1.2, 1.5, 2.0};
    static const double sizes[] = {100.0, 5000.0, 200000.0};

    for (size_t e = 0; e < sizeof(exponents) / sizeof(exponents[0]); e++) {
        for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
            struct dirty_params p = writer(DIRTY_ZIPF, sizes[k], sizes[k]);
            struct dirty_model m;

            p.zipf_exponent = exponents[e];
            dirty_compile(&m, &p, 0.0, 0);
            cr_assert_float_eq(m.total_pages, sizes[k], 0.5);
            for (double t = 0.01; t < 200.0; t *= 4.0) {
                double want = zipf_brute(sizes[k], exponents[e], sizes[k] * t);

                cr_expect_float_eq(dirty_distinct(&m, t) / want, 1.0,
                                   exponents[e] > 1.2 ? 0.02 : 0.01,
                                   "s %.2f, %.0f pages, %.2f writes a page: %.1f, not %.1f",
                                   exponents[e], sizes[k], t, dirty_distinct(&m, t), want);
            }
        }
    }
}

/* A curve measured from a mixture comes back between the measured times. */
Test(dirty, curve_fit_reproduces_measured_curves)
{
    static const struct {
        double pages[3], seconds[3]; /* n (1 - e^(-t/T)) each */
    } mixtures[SETS] = {
        {{50000, 0, 0}, {3, 1, 1}},
        {{1000, 200000, 0}, {0.5, 60, 1}},
        {{8000, 8000, 8000}, {0.3, 3, 30}},
        {{256, 0, 0}, {0.5, 1, 1}},
        {{4000, 90000, 400000}, {1, 10, 200}},
    };

    for (int s = 0; s < SETS; s++) {
        struct dirty_point points[8];
        struct dirty_params p = {.kind = DIRTY_CURVE, .points = points, .nr_points = 8};
        struct dirty_model m;

        for (int i = 0; i < 8; i++) {
            double t = pow(2.0, i - 1), d = 0.0;

            for (int k = 0; k < 3; k++)
                d += -mixtures[s].pages[k] * expm1(-t / mixtures[s].seconds[k]);
            points[i] = (struct dirty_point){(int64_t)(t * 1e9), d * PAGE};
        }
        dirty_compile(&m, &p, 0.0, 0);
        cr_assert(m.nr > 0 && m.nr <= DIRTY_CLASSES_MAX);
        for (double t = 0.5; t <= 64.0; t *= 1.1) {
            double d = 0.0;

            for (int k = 0; k < 3; k++)
                d += -mixtures[s].pages[k] * expm1(-t / mixtures[s].seconds[k]);
            cr_expect_float_eq(dirty_distinct(&m, t) / d, 1.0, 0.03,
                               "curve %d at %.2f s: %.0f, not %.0f", s, t, dirty_distinct(&m, t),
                               d);
        }
    }
}

Test(dirty, curve_skips_points_without_meaning)
{
    struct dirty_point points[3] = {{0, 5.0}, {NS_PER_S, 0.0}, {2 * NS_PER_S, 1000 * PAGE}};
    struct dirty_params p = {.kind = DIRTY_CURVE, .points = points, .nr_points = 3};
    struct dirty_model m;

    dirty_compile(&m, &p, 0.0, 0);
    cr_assert_float_eq(dirty_distinct(&m, 2.0), 1000.0, 5.0);
    p.nr_points = 2;
    dirty_compile(&m, &p, 0.0, 0);
    cr_assert_eq(m.nr, 0);
}

/* Seconds of wanted writing, millisecond by millisecond. */
static double phase_brute(const struct dirty_params *p, int64_t phase, int64_t from, int64_t to)
{
    int64_t step = NS_PER_MS, cycle = p->on_ns + p->off_ns;
    double sum = 0.0;

    for (int64_t t = from; t < to; t += step)
        sum += (t + step / 2 + phase) % cycle < p->on_ns ? 1e-3 : 0.0;
    return sum;
}

Test(dirty, phases_agree_with_counting_milliseconds)
{
    struct rng r;

    rng_stream(&r, 20267, "phases", 0, 0);
    for (int i = 0; i < 200; i++) {
        struct dirty_params p = writer(DIRTY_UNIFORM, 1000.0, 1000.0);
        struct dirty_model m;
        int64_t from, to, phase;

        p.on_ns = (int64_t)between(&r, 1, 3000) * NS_PER_MS;
        p.off_ns = (int64_t)between(&r, 1, 3000) * NS_PER_MS;
        phase = (int64_t)between(&r, 0, 6000) * NS_PER_MS;
        from = (int64_t)between(&r, 0, 10000) * NS_PER_MS;
        to = from + (int64_t)between(&r, 0, 20000) * NS_PER_MS;
        dirty_compile(&m, &p, 0.0, phase);
        cr_assert_float_eq(dirty_wanted(&m, from, to), phase_brute(&p, phase, from, to), 1e-9);
    }
}

Test(dirty, always_on_wants_all_the_time)
{
    struct dirty_params p = writer(DIRTY_UNIFORM, 1000.0, 1000.0);
    struct dirty_model m;

    dirty_compile(&m, &p, 0.0, -1);
    cr_assert_eq(m.phase_ns, 0);
    cr_assert_float_eq(dirty_wanted(&m, 3 * NS_PER_S, 8 * NS_PER_S), 5.0, 1e-12);
}

Test(dirty, series_writes_its_rate_integrated)
{
    static const struct dirty_point points[] = {
        {0, 1e6}, {2 * NS_PER_S, 5e6}, {3 * NS_PER_S, 0.0}, {7 * NS_PER_S, 2e6}};
    struct dirty_params p = writer(DIRTY_SERIES, 1e9, 0.0);
    struct dirty_model m;

    p.points = points;
    p.nr_points = 4;
    dirty_compile(&m, &p, 0.0, 0);
    for (int64_t from = 0; from < 12; from++) {
        for (int64_t to = from; to < 14; to++) {
            double bytes = 0.0;

            for (int64_t ms = from * 1000; ms < to * 1000; ms++)
                bytes += 1e-3 * (ms < 2000 ? 1e6 : ms < 3000 ? 5e6 : ms < 7000 ? 0.0 : 2e6);
            cr_assert_float_eq(dirty_wanted(&m, from * NS_PER_S, to * NS_PER_S) *
                                   m.writes_per_s[0] * PAGE,
                               bytes, 1e-3, "%lld..%lld s", (long long)from, (long long)to);
        }
    }
}

/* Work in small steps: each gets the share of the CPU it needs, faults of newly dirtied pages
 * included. */
static double work_euler(const struct dirty_model *m, double tau, double wanted, double share)
{
    double work = 0.0, step = wanted / 20000.0;

    for (int i = 0; i < 20000; i++) {
        double need = m->cpu_per_work + m->fault_s * dirty_distinct_rate(m, tau + work);

        work += step * fmin(1.0, need > 0.0 ? share / need : 1.0);
    }
    return fmin(work, wanted);
}

Test(dirty, work_agrees_with_small_steps)
{
    struct rng r;

    rng_stream(&r, 20268, "work", 0, 0);
    for (int i = 0; i < 400; i++) {
        struct dirty_params p = writer(i % 3 ? DIRTY_UNIFORM : DIRTY_HOTCOLD, between(&r, 100, 1e6),
                                       pow(10.0, between(&r, 2, 6)));
        struct dirty_model m;
        double tau = rng_uniform(&r) < 0.5 ? 0.0 : between(&r, 0, 5),
               wanted = between(&r, 0.01, 10);
        double share = rng_uniform(&r) < 0.3 ? 1.0 : between(&r, 0.01, 1.0), got, want;

        p.hot_bytes = p.working_set_bytes / 20 / PAGE_BYTES * PAGE_BYTES;
        p.hot_ratio = 0.8;
        p.cpu_need_ratio = rng_uniform(&r) < 0.4 ? 1.0 : between(&r, 0.0, 1.0);
        dirty_compile(&m, &p, rng_uniform(&r) < 0.3 ? 0.0 : between(&r, 100, 5000), 0);
        got = dirty_work(&m, tau, wanted, share);
        want = work_euler(&m, tau, wanted, share);
        cr_assert_leq(got, wanted);
        cr_expect_float_eq(got, want, 2e-3 * wanted,
                           "case %d: %.6f, not %.6f (share %.2f need %.2f fault %.0f ns)", i, got,
                           want, share, m.cpu_per_work, m.fault_s * 1e9);
    }
}

/* Under a throttle it is stopped long before it has written all of its pages, as it would have
 * unthrottled: there the series of its need says nothing. */
Test(dirty, work_of_a_quick_writer_agrees_with_small_steps)
{
    static const struct {
        struct dirty_class classes[2];
        double fault_ns, need, tau, wanted, share;
    } cases[] = {
        {{{1794310.0, 26006100.0, false}}, 1474.78, 0.771243, 0.0180079, 8.10259, 0.24457},
        {{{1452900.0, 19870700.0, false}, {4497430.0, 3665.37, false}},
         892.825,
         0.305418,
         0.133666,
         0.2789,
         0.230109},
        {{{2655.0, 9153350.0, false}, {376909.0, 6137500.0, false}},
         6811.96,
         0.239269,
         0.0534324,
         4.61544,
         0.157873},
        {{{39482.2, 4159810.0, true}, {59186.0, 720812.0, false}},
         4232.83,
         0.934593,
         0.0,
         27.3367,
         0.0138374},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct dirty_params p = {.kind = DIRTY_CLASSES, .nr_classes = 2};
        struct dirty_model m;
        double got, want;

        p.classes[0] = cases[i].classes[0];
        p.classes[1] = cases[i].classes[1];
        p.cpu_need_ratio = cases[i].need;
        dirty_compile(&m, &p, cases[i].fault_ns, 0);
        got = dirty_work(&m, cases[i].tau, cases[i].wanted, cases[i].share);
        want = work_euler(&m, cases[i].tau, cases[i].wanted, cases[i].share);
        cr_expect_float_eq(got, want, 2e-3 * want, "case %zu: %.6f, not %.6f", i, got, want);
    }
}

Test(dirty, work_grows_with_the_share_and_with_time)
{
    struct dirty_params p = writer(DIRTY_UNIFORM, 50000.0, 100000.0);
    struct dirty_model m;
    double last = -1.0;

    p.cpu_need_ratio = 0.6;
    dirty_compile(&m, &p, 3000.0, 0);
    for (int pct = 1; pct <= 100; pct++) {
        double work = dirty_work(&m, 0.0, 3.0, pct / 100.0);

        cr_assert_geq(work, last - 1e-9, "%d %%", pct);
        last = work;
    }
    last = -1.0;
    for (double t = 0.0; t < 10.0; t += 0.05) {
        double work = dirty_work(&m, 0.0, t, 0.5);

        cr_assert_geq(work, last - 1e-9);
        last = work;
    }
}

/* A writer that needs less than its share is not slowed: a throttle first uses up the idle time. */
Test(dirty, idle_time_hides_a_throttle)
{
    static const struct {
        double need, share, work;
    } cases[] = {
        {0.3, 0.8, 1.0}, {0.3, 0.3, 1.0}, {0.3, 0.15, 0.5}, {1.0, 0.8, 0.8}, {1.0, 0.01, 0.01}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct dirty_params p = writer(DIRTY_UNIFORM, 50000.0, 1000.0);
        struct dirty_model m;

        p.cpu_need_ratio = cases[i].need;
        dirty_compile(&m, &p, 0.0, 0);
        cr_assert_float_eq(dirty_work(&m, 0.0, 1.0, cases[i].share), cases[i].work, 1e-6,
                           "case %zu", i);
    }
}

Test(dirty, classes_beyond_the_limit_are_left_out)
{
    struct dirty_params p = {.kind = DIRTY_CLASSES, .nr_classes = DIRTY_CLASSES_MAX};
    struct dirty_model m;

    for (uint32_t i = 0; i < DIRTY_CLASSES_MAX; i++)
        p.classes[i] = (struct dirty_class){i == 3 ? 0.0 : 10.0, 1.0, i % 2 == 0};
    dirty_compile(&m, &p, 0.0, 0);
    cr_assert_eq(m.nr, DIRTY_CLASSES_MAX - 1);
    dirty_add_class(&m, 10.0, 1.0, false);
    dirty_add_class(&m, 10.0, 1.0, false);
    cr_assert_eq(m.nr, DIRTY_CLASSES_MAX);
    cr_assert_float_eq(m.total_pages, 240.0, 1e-9);
}

Test(dirty, a_trace_counts_each_captured_byte_once_until_the_set_is_covered)
{
    static const struct dirty_point points[] = {{0, 4096e3}, {2000000000, 8192e3}};
    struct dirty_params p = writer(DIRTY_TRACE, 15000.0, 0.0);
    struct dirty_model m;
    double work;

    p.points = points;
    p.nr_points = 2;
    dirty_compile(&m, &p, 0.0, 0);
    /* 1000 pages/s for two seconds, then 2000 pages/s */
    work = dirty_wanted(&m, 0, 3000000000);
    cr_assert_float_eq(dirty_distinct(&m, work), 4000.0, 1e-6);
    work = dirty_wanted(&m, 1000000000, 3000000000);
    cr_assert_float_eq(dirty_distinct(&m, work), 3000.0, 1e-6);
    work = dirty_wanted(&m, 0, 60000000000);
    cr_assert_float_eq(dirty_distinct(&m, work), 15000.0, 1e-6);
}
