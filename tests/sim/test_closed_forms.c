/*
 * test_closed_forms.c - migrations whose answer can be written down.
 *
 * The sender costs no CPU, a sync no time, and the link alone is slow, so that time is bytes over
 * rate.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "base/units.h"
#include "models/wire.h"
#include "support_oracle_world.h"

#define RATE 1e9 /* of the link, bytes/s */
#define PAGES_PER_S (RATE / (8.0 + 4096.0))
#define WINDOW_S 0.1
#define CALL_S 0.0512

enum {
    ROUNDS_MAX = 4096
};

static void free_costs(struct host_costs *c)
{
    *c = (struct host_costs){
        .copy_bytes_per_s = UNITS_UNLIMITED,
        .zero_scan_bytes_per_s = UNITS_UNLIMITED,
        .final_copy_bytes_per_s = UNITS_UNLIMITED,
        .tcp_timeout_ns = 900 * NS_PER_S,
    };
}

static void plain_world(struct world *w, uint64_t memory_bytes)
{
    world_init(w, 1);
    free_costs(&w->costs[0]);
    world_link(w, 0, RATE);
    world_guest(w, 0)->memory_bytes = world_guest(w, 0)->nonzero_bytes = memory_bytes;
    world_guest(w, 0)->device_state_bytes = 0;
    world_params(w, 0)->max_bandwidth_bytes_per_s = UNITS_UNLIMITED;
    world_params(w, 0)->dirty_log = DIRTY_LOG_LEGACY;
}

static void writer(struct world *w, enum dirty_kind kind, double bytes_per_s, uint64_t set)
{
    struct dirty_params *d = &world_guest(w, 0)->dirty;

    d->kind = kind;
    d->write_bytes_per_s = bytes_per_s;
    d->working_set_bytes = set;
}

static struct mig_result run_rounds(struct world *w, struct mig_round *rounds, uint32_t *nr)
{
    struct sim_options options = {.max_rounds = ROUNDS_MAX};
    struct sim *sim;
    struct mig_result row;
    uint32_t rows;

    world_bind(w);
    sim = sim_new(&w->sc, &options);
    cr_assert_not_null(sim);
    sim_run(sim, 0);
    row = sim_results(sim, &rows)[0];
    const struct mig_round *kept = sim_rounds(sim, nr);
    for (uint32_t i = 0; i < *nr; i++)
        rounds[i] = kept[i];
    sim_free(sim);
    return row;
}

Test(closed_forms, idle_guest_takes_its_bytes_over_the_rate)
{
    static const struct {
        uint64_t memory;
        uint32_t rounds;
    } cases[] = {
        {16 * MIB,
         2},      /* all out before the first window closes: threshold still 0, nothing to ask */
        {GIB, 3}, /* setup, exact, final */
        {64 * GIB, 3},
        {512 * GIB, 3},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct world w;
        struct mig_result r;
        double pages = (double)(cases[i].memory / PAGE_BYTES);

        plain_world(&w, cases[i].memory);
        r = world_run_one(&w);
        cr_assert_eq(r.outcome, OUTCOME_COMPLETED);
        cr_assert_eq(r.rounds, cases[i].rounds, "%u rounds", r.rounds);
        cr_assert_float_eq((double)r.total_ns * 1e-9, pages / PAGES_PER_S, 1e-3);
        cr_assert_eq(r.normal_pages, cases[i].memory / PAGE_BYTES);
        cr_assert_leq((double)r.downtime_ns, 300e6 * 1.01, "threshold is bandwidth x limit");
    }
}

Test(closed_forms, zero_memory_costs_nine_bytes_a_page)
{
    struct world w;
    struct mig_result r;
    uint64_t pages = GIB / PAGE_BYTES;

    plain_world(&w, GIB);
    world_guest(&w, 0)->nonzero_bytes = 0;
    w.costs[0].zero_scan_bytes_per_s = 4 * GIB;
    r = world_run_one(&w);
    cr_assert_eq(r.zero_pages, pages);
    cr_assert_eq(r.normal_pages, 0);
    /* 250 ms of scanning in calls of 51 ms, each ended by 8 bytes, and the final stage */
    cr_assert_eq((r.transferred_bytes - WIRE_ZERO_PAGE * pages) % WIRE_EOS, 0);
    cr_assert_leq(r.transferred_bytes - WIRE_ZERO_PAGE * pages, 7 * WIRE_EOS);
    cr_assert_float_eq((double)r.total_ns * 1e-9, 0.25, 1e-3);
}

Test(closed_forms, one_hot_page_costs_one_page)
{
    struct world w;
    struct mig_result r;

    plain_world(&w, GIB);
    writer(&w, DIRTY_UNIFORM, 1e12, PAGE_BYTES);
    r = world_run_one(&w);
    cr_assert_eq(r.outcome, OUTCOME_COMPLETED);
    cr_assert_eq(r.rounds, 3);
    cr_assert_leq(r.normal_pages, GIB / PAGE_BYTES + 2);
    cr_assert_geq(r.normal_pages, GIB / PAGE_BYTES);
}

Test(closed_forms, dirtying_at_the_speed_of_the_link_never_ends)
{
    struct world w;
    struct mig_round *rounds = malloc(ROUNDS_MAX * sizeof(*rounds));
    struct mig_result r;
    uint32_t nr;

    plain_world(&w, 8 * GIB);
    writer(&w, DIRTY_SEQUENTIAL, PAGES_PER_S * (double)PAGE_BYTES, 8 * GIB);
    world_guest(&w, 0)->dirty.cpu_need_ratio = 0.0;
    world_params(&w, 0)->completion_timeout_ns = 600 * NS_PER_S;
    r = run_rounds(&w, rounds, &nr);
    cr_assert_eq(r.outcome, OUTCOME_TIMEOUT);
    cr_assert_eq(r.binding, BINDING_DIRTY_RATE);
    cr_assert_eq(r.total_ns, 600 * NS_PER_S);
    for (uint32_t i = 1; i + 1 < nr; i++)
        cr_assert_float_eq((double)rounds[i].duration_ns, (double)rounds[0].duration_ns, 2e8,
                           "round %u lasts %.3f s", i + 1, (double)rounds[i].duration_ns * 1e-9);
    free(rounds);
}

/*
 * A writer that never comes back to a page dirties r pages a page sent.  A sync comes at remaining
 * below the threshold T, so round i sends r^(i-1) (M - T), and the sum is (M - T) / (1 - r).  It
 * ends when a round's dirt is less than how far below T the sync happened to come, which is less
 * than a call's pages.
 */
Test(closed_forms, constant_writer_follows_the_geometric_series)
{
    static const double ratios[] = {0.05, 0.2, 0.5, 0.7, 0.85};

    for (size_t i = 0; i < sizeof(ratios) / sizeof(ratios[0]); i++) {
        struct world w;
        struct mig_result r;
        double ratio = ratios[i], memory = 64.0 * (double)GIB / (double)PAGE_BYTES;
        double threshold = 0.3 * RATE / (double)PAGE_BYTES, call = CALL_S * PAGES_PER_S;
        double series = (memory - threshold) / (1.0 - ratio);
        double slack = 2.0 * call / (1.0 - ratio);
        double most = log((memory - threshold) / 1.0) / log(1.0 / ratio) + 3.0;
        double least = log((memory - threshold) / (2.0 * call)) / log(1.0 / ratio) + 1.0;

        plain_world(&w, 64 * GIB);
        writer(&w, DIRTY_SEQUENTIAL, ratio * PAGES_PER_S * (double)PAGE_BYTES, 64 * GIB);
        world_guest(&w, 0)->dirty.cpu_need_ratio = 0.0;
        r = world_run_one(&w);
        cr_assert_eq(r.outcome, OUTCOME_COMPLETED);
        cr_assert_float_eq((double)r.normal_pages, series + threshold, slack + threshold * 0.02,
                           "ratio %.2f: %.0f pages, series %.0f", ratio, (double)r.normal_pages,
                           series + threshold);
        cr_assert_float_eq((double)r.total_ns * 1e-9, (series + threshold) / PAGES_PER_S,
                           (slack + threshold * 0.02) / PAGES_PER_S + WINDOW_S);
        cr_assert(r.rounds >= least && r.rounds <= most, "ratio %.2f: %u rounds, not in %.1f..%.1f",
                  ratio, r.rounds, least, most);
    }
}

Test(closed_forms, working_set_bounds_every_round)
{
    static const enum dirty_kind kinds[] = {DIRTY_UNIFORM, DIRTY_SEQUENTIAL, DIRTY_ZIPF,
                                            DIRTY_HOTCOLD};

    for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
        struct mig_round *rounds = malloc(ROUNDS_MAX * sizeof(*rounds));
        struct world w;
        struct mig_result r;
        uint64_t set = 600 * MIB, sum = 0;
        uint32_t nr;

        plain_world(&w, 4 * GIB);
        writer(&w, kinds[k], 5e9, set);
        world_guest(&w, 0)->dirty.hot_bytes = set / 4;
        world_guest(&w, 0)->dirty.hot_ratio = 0.9;
        world_guest(&w, 0)->dirty.zipf_exponent = 0.8;
        world_params(&w, 0)->completion_timeout_ns = 60 * NS_PER_S;
        world_params(&w, 0)->downtime_limit_ns = 100 * NS_PER_MS;
        r = run_rounds(&w, rounds, &nr);
        cr_assert_gt(nr, 3);
        for (uint32_t i = 0; i < nr; i++) {
            cr_assert_leq(rounds[i].dirtied_bytes, set, "round %u", i + 1);
            cr_assert_leq(rounds[i].remaining_bytes, 4 * GIB);
            sum += rounds[i].dirtied_bytes;
        }
        cr_assert_leq(r.normal_pages * PAGE_BYTES, 4 * GIB + sum);
        cr_assert_leq(r.transferred_bytes,
                      (4 * GIB + (r.rounds - 1) * set) * 4104 / 4096 + r.rounds * 100 * 8);
        free(rounds);
    }
}

Test(closed_forms, downtime_limit_above_the_working_set_converges_and_below_does_not)
{
    static const struct {
        int64_t limit_ns;
        enum outcome outcome;
    } cases[] = {{200 * NS_PER_MS, OUTCOME_TIMEOUT}, {420 * NS_PER_MS, OUTCOME_COMPLETED}};

    /* 400 MB written all over in no time: the threshold is 1 MB a millisecond of the limit */
    for (size_t i = 0; i < 2; i++) {
        struct world w;
        struct mig_result r;

        plain_world(&w, 4 * GIB);
        writer(&w, DIRTY_UNIFORM, 1e12, 400000000 / PAGE_BYTES * PAGE_BYTES);
        world_params(&w, 0)->completion_timeout_ns = 120 * NS_PER_S;
        world_params(&w, 0)->downtime_limit_ns = cases[i].limit_ns;
        r = world_run_one(&w);
        cr_assert_eq(r.outcome, cases[i].outcome, "limit %lld ms",
                     (long long)(cases[i].limit_ns / NS_PER_MS));
        /* the whole set is in the last round, and what else was below the limit */
        if (r.outcome == OUTCOME_COMPLETED)
            cr_assert(r.downtime_ns >= 395 * NS_PER_MS && r.downtime_ns <= 421 * NS_PER_MS,
                      "%.3f ms", (double)r.downtime_ns * 1e-6);
    }
}
