/*
 * test_precopy.c - the sender: that jumping, splitting and stepping give the same, and its small
 * rules. Whether it steps as QEMU does is for tests/sim/test_oracle.c.
 */
#include "models/precopy.h"

#include <criterion/criterion.h>
#include <math.h>

#include "base/rng.h"
#include "base/units.h"

#define FOREVER (INT64_MAX / 4)

static double between(struct rng *r, double low, double high)
{
    return low + (high - low) * rng_uniform(r);
}

static double log_between(struct rng *r, double low, double high)
{
    return low * pow(high / low, rng_uniform(r));
}

static struct precopy_limits random_limits(struct rng *r)
{
    struct precopy_limits l = {
        .cost = {{4104, 4104, log_between(r, 100, 20000)},
                 {9, 9, log_between(r, 50, 2000)},
                 {3000, 3000, log_between(r, 100, 20000)}},
        .quota_bytes = rng_uniform(r) < 0.4 ? INFINITY : log_between(r, 5e5, 2e8),
        .link_bytes_per_s = log_between(r, 1e7, 1e10),
        .call_bytes = 18,
        .slip_ns = (int64_t)between(r, 0, 1e6),
        .downtime_limit_ms = log_between(r, 1, 1000),
    };

    if (rng_uniform(r) < 0.3) {
        l.flush_bytes[WIRE_NORMAL] = l.flush_bytes[WIRE_MIXED] = 128 * 4104;
        l.flush_carries = rng_uniform(r) < 0.5;
        l.call_ns = l.flush_carries ? 0 : (int64_t)between(r, 1e4, 1e6);
    } else if (rng_uniform(r) < 0.5) {
        for (int k = 0; k < WIRE_NR; k++)
            l.flush_bytes[k] = 32 * 4104;
    }
    return l;
}

static void fill(struct precopy *p, struct rng *r)
{
    precopy_init(p, 0);
    precopy_add(p, (uint64_t)log_between(r, 1, 3e6), WIRE_NORMAL);
    precopy_add(p, (uint64_t)log_between(r, 1, 3e6), WIRE_ZERO);
    precopy_add(p, (uint64_t)log_between(r, 1, 1e6), WIRE_NORMAL);
    precopy_add(p, (uint64_t)log_between(r, 1, 1e6), WIRE_MIXED);
}

static void check_sum(const struct precopy *p)
{
    uint64_t sum = 0;

    for (uint32_t i = 0; i < p->nr_runs; i++) {
        cr_assert_gt(p->runs[i].pages, 0);
        sum += p->runs[i].pages;
    }
    cr_assert_eq(sum, p->pending_pages);
    cr_assert_leq(p->window_ns, p->now_ns);
}

/* Every decision taken one by one: nothing is ever jumped over. */
static void step_to_low(struct precopy *p, const struct precopy_limits *l)
{
    while (precopy_run(p, l, FOREVER, true) == PRECOPY_STOP_DECISION) {
        if (p->pending_pages == 0 || precopy_is_low(p, l))
            return;
        precopy_call(p);
    }
    cr_assert_fail("no decision");
}

Test(precopy, jumping_gives_what_stepping_gives)
{
    struct rng r;

    rng_stream(&r, 20269, "jump", 0, 0);
    for (int i = 0; i < 300; i++) {
        struct precopy_limits l = random_limits(&r);
        struct precopy jumped, stepped;

        fill(&jumped, &r);
        stepped = jumped;
        cr_assert_eq(precopy_run(&jumped, &l, FOREVER, false), PRECOPY_STOP_LOW);
        step_to_low(&stepped, &l);
        check_sum(&jumped);
        cr_assert_eq(jumped.now_ns, stepped.now_ns, "case %d: %lld, not %lld", i,
                     (long long)jumped.now_ns, (long long)stepped.now_ns);
        cr_assert_eq(jumped.pending_pages, stepped.pending_pages, "case %d", i);
        cr_assert_eq(jumped.windows, stepped.windows, "case %d", i);
        cr_assert_eq(jumped.threshold_bytes, stepped.threshold_bytes, "case %d", i);
        cr_assert_float_eq(jumped.counted_bytes, stepped.counted_bytes,
                           1.0 + 1e-9 * stepped.counted_bytes);
    }
}

/* Settling at any moment, as the engine does when somebody else's share changes, costs less than
 * the time of a page each. */
Test(precopy, splitting_a_run_changes_nothing)
{
    struct rng r;

    rng_stream(&r, 20270, "split", 0, 0);
    for (int i = 0; i < 300; i++) {
        struct precopy_limits l = random_limits(&r);
        struct precopy whole, split;
        enum precopy_stop stop = PRECOPY_STOP_TIME;
        int64_t at = 0, step;
        double page_ns;

        fill(&whole, &r);
        split = whole;
        precopy_run(&whole, &l, FOREVER, false);
        step = whole.now_ns / (2 + (int64_t)between(&r, 0, 40)) + 1;
        for (int n = 0; n < 200 && stop == PRECOPY_STOP_TIME; n++) {
            at += step;
            stop = precopy_run(&split, &l, at, false);
            check_sum(&split);
        }
        page_ns = fmax(4104e9 / l.link_bytes_per_s, 20000.0);
        cr_assert_eq(stop, PRECOPY_STOP_LOW, "case %d", i);
        cr_assert_eq(split.pending_pages, whole.pending_pages, "case %d", i);
        cr_assert_float_eq((double)split.now_ns, (double)whole.now_ns, 200.0 * page_ns, "case %d",
                           i);
    }
}

/* At any rate up to the highest reckoned with, what is in reach leaves without a decision, without
 * a sleep, and in no more time than the link takes for it. */
Test(precopy, what_is_in_reach_leaves_at_the_speed_of_the_link)
{
    struct rng r;
    int nr = 0;

    rng_stream(&r, 20271, "reach", 0, 0);
    for (int i = 0; i < 2000; i++) {
        struct precopy_limits l = random_limits(&r);
        double most = l.link_bytes_per_s, bytes, ns;
        struct precopy p;

        fill(&p, &r);
        precopy_run(&p, &l, (int64_t)log_between(&r, 1e6, 1e10), false);
        bytes = precopy_reach(&p, &l, most);
        if (bytes <= 0.0)
            continue;
        nr++;
        l.link_bytes_per_s = most * between(&r, 0.1, 1.0);
        ns = bytes * 1e9 / l.link_bytes_per_s;
        bytes += p.wire_bytes;
        cr_assert_eq(precopy_run(&p, &l, p.now_ns + (int64_t)ns, false), PRECOPY_STOP_TIME);
        /* a page under way, the ends of calls, and the zero pages that are let pass */
        cr_assert_float_eq(p.wire_bytes, bytes,
                           4104.0 + 18.0 * 2.0 * p.windows + l.link_bytes_per_s / 1e3 +
                               1e-6 * bytes,
                           "case %d: %.0f, not %.0f", i, p.wire_bytes, bytes);
    }
    cr_assert_gt(nr, 200, "%d", nr);
}

/* At one rate all along, gliding to the end of a window is running there. */
Test(precopy, gliding_at_one_rate_is_running)
{
    struct rng r;
    int nr = 0;

    rng_stream(&r, 20272, "glide", 0, 0);
    for (int i = 0; i < 500; i++) {
        struct precopy_limits l = random_limits(&r);
        struct precopy run, glide;
        double bytes, sent;

        l.link_bytes_per_s /= 100.0;
        precopy_init(&run, 0);
        precopy_add(&run, (uint64_t)log_between(&r, 1e4, 3e6), WIRE_NORMAL);
        glide = run;
        bytes = precopy_reach(&run, &l, l.link_bytes_per_s);
        if (bytes <= 0.0)
            continue;
        nr++;
        precopy_run(&run, &l, (int64_t)(0.9 * bytes * 1e9 / l.link_bytes_per_s), false);
        bytes = (double)run.sent_pages[WIRE_NORMAL] * 4104.0;
        sent = precopy_glide(&glide, &l, bytes, run.now_ns);
        cr_assert_float_eq(sent, bytes, 1e-3);
        check_sum(&glide);
        cr_assert_eq(glide.pending_pages, run.pending_pages);
        cr_assert_float_eq(glide.counted_bytes, run.counted_bytes, 2.0 * l.call_bytes);
        cr_assert_eq(glide.threshold_bytes, run.threshold_bytes);
        cr_assert_eq(glide.phase, PRECOPY_DECIDE);
        cr_assert_float_eq(glide.bound_ns[1], run.bound_ns[1], 1e-9 * run.bound_ns[1] + 1.0);
        cr_assert_leq(run.windows > glide.windows ? run.windows - glide.windows : 0, 1);
    }
    cr_assert_gt(nr, 100, "%d", nr);
}

/* With the link alone to wait for, the next decision is where running there finds it. */
Test(precopy, a_decision_that_only_the_link_delays_is_known_ahead)
{
    struct rng r;
    int nr = 0;

    rng_stream(&r, 20273, "ahead", 0, 0);
    for (int i = 0; i < 2000; i++) {
        struct precopy_limits l = random_limits(&r);
        struct precopy p;
        uint64_t left;
        double bytes, ns;

        l.link_bytes_per_s = log_between(&r, 1e4, 1e9);
        l.at_threshold = rng_uniform(&r) < 0.5;
        l.call_bytes = 0;
        precopy_init(&p, 0);
        precopy_add(&p, (uint64_t)log_between(&r, 2.0, 1e6), WIRE_NORMAL);
        if (!precopy_keeps_pace(&p, &l, l.link_bytes_per_s))
            continue;
        nr++;
        if (rng_uniform(&r) < 0.5) { /* not from the start, but from where a window ends */
            precopy_glide(&p, &l, 4104.0 * 0.3 * (double)p.pending_pages, 1000);
            if (precopy_is_low(&p, &l))
                continue;
        }
        left = precopy_left(&p, &l, l.link_bytes_per_s);
        cr_assert_geq(left, precopy_left(&p, &l, 0.5 * l.link_bytes_per_s));
        cr_assert_leq(left, precopy_left(&p, &l, 2.0 * l.link_bytes_per_s));
        bytes = precopy_bytes_to(&p, &l, left);
        ns = bytes * 1e9 / l.link_bytes_per_s + (double)p.now_ns;
        cr_assert_eq(precopy_run(&p, &l, FOREVER, false), PRECOPY_STOP_LOW);
        cr_assert_eq(p.pending_pages, left, "case %d: %lu, not %lu", i, p.pending_pages, left);
        cr_assert_float_eq((double)p.now_ns, ns, 2.0 + p.windows, "case %d", i);
    }
    cr_assert_gt(nr, 500, "%d", nr);
}

/* What a cap, a barrier, the CPU or the scan of zero pages may delay is not. */
Test(precopy, only_the_link_sets_a_pace_to_keep)
{
    struct precopy_limits l = {.cost = {{4104, 4104, 100}, {9, 9, 1000}, {4104, 4104, 100}},
                               .quota_bytes = INFINITY,
                               .link_bytes_per_s = 1e7,
                               .downtime_limit_ms = 300};
    struct precopy p;

    precopy_init(&p, 0);
    cr_assert_not(precopy_keeps_pace(&p, &l, 1e7)); /* nothing to send */
    precopy_add(&p, 100000, WIRE_NORMAL);
    cr_assert(precopy_keeps_pace(&p, &l, 1e7));
    cr_assert_not(precopy_keeps_pace(&p, &l, 1e11)); /* 100 ns a page are 41 GB/s */
    l.quota_bytes = 2e6;
    cr_assert(precopy_keeps_pace(&p, &l, 1e7));
    cr_assert_not(precopy_keeps_pace(&p, &l, 1e8));
    l.quota_bytes = INFINITY;
    l.call_ns = 1;
    cr_assert_not(precopy_keeps_pace(&p, &l, 1e7));
    l.call_ns = 0;
    precopy_add(&p, 1000000, WIRE_ZERO);
    precopy_add(&p, 1000, WIRE_NORMAL);
    cr_assert_not(precopy_keeps_pace(&p, &l, 1e7));
}

Test(precopy, runs_of_one_kind_join_and_the_last_takes_the_rest)
{
    struct precopy p;

    precopy_init(&p, 5);
    precopy_add(&p, 0, WIRE_ZERO);
    cr_assert_eq(p.nr_runs, 0);
    precopy_add(&p, 3, WIRE_ZERO);
    precopy_add(&p, 4, WIRE_ZERO);
    cr_assert_eq(p.nr_runs, 1);
    for (int i = 0; i < 2 * PRECOPY_RUNS_MAX; i++)
        precopy_add(&p, 1, i % 2 ? WIRE_NORMAL : WIRE_MIXED);
    cr_assert_eq(p.nr_runs, PRECOPY_RUNS_MAX);
    cr_assert_eq(p.pending_pages, 7 + 2 * PRECOPY_RUNS_MAX);
    check_sum(&p);
}

struct low_case {
    uint64_t pages;
    double threshold;
    bool at_threshold, low, exact;
};

Test(precopy, low_means_below_and_from_10_1_at_the_threshold)
{
    static const struct low_case cases[] = {
        {0, 0, false, false, false},  {0, 0, true, true, false},    {1, 4096, false, false, false},
        {1, 4096, true, true, false}, {1, 4097, false, true, true}, {2, 4097, true, false, false},
        {0, 1, false, true, true},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct precopy_limits l = {.at_threshold = cases[i].at_threshold};
        struct precopy p;

        precopy_init(&p, 0);
        precopy_add(&p, cases[i].pages, WIRE_NORMAL);
        p.threshold_bytes = cases[i].threshold;
        cr_assert_eq(precopy_is_low(&p, &l), cases[i].low, "case %zu", i);
        cr_assert_eq(precopy_asks_exact(&p), cases[i].exact, "case %zu", i);
    }
}

/* The first window has no threshold; what the second has is the first's bytes by the limit. */
Test(precopy, threshold_comes_from_the_last_window)
{
    struct precopy_limits l = {
        .cost = {{4104, 4104, 0}, {9, 9, 0}, {4104, 4104, 0}},
        .quota_bytes = 1e6,
        .link_bytes_per_s = 1e9,
        .downtime_limit_ms = 300.0,
    };
    struct precopy p;

    precopy_init(&p, 0);
    precopy_add(&p, 100000, WIRE_NORMAL);
    precopy_run(&p, &l, 50000000, false);
    cr_assert_eq(p.threshold_bytes, 0.0);
    precopy_run(&p, &l, 150000000, false);
    /* 244 pages cross the quota of 1 MB in 100 ms */
    cr_assert_eq(p.threshold_bytes, floor(244 * 4104 / 100.0 * 300.0));
    l.switchover_bytes_per_s = 5e8;
    precopy_run(&p, &l, 250000000, false);
    cr_assert_eq(p.threshold_bytes, 5e5 * 300.0);
}

Test(precopy, demand_is_the_least_of_cpu_and_quota)
{
    struct precopy_limits l = {.cost = {{4104, 4104, 1000}, {9, 9, 0}, {2052, 4104, 0}},
                               .quota_bytes = INFINITY};

    cr_assert_float_eq(precopy_demand(&l, WIRE_NORMAL), 4104e6, 1.0);
    cr_assert(isinf(precopy_demand(&l, WIRE_ZERO)));
    l.quota_bytes = 1e7;
    cr_assert_float_eq(precopy_demand(&l, WIRE_NORMAL), 1e8, 1.0);
    cr_assert_float_eq(precopy_demand(&l, WIRE_MIXED), 5e7, 1.0,
                       "half of what is counted crosses the wire");
}
