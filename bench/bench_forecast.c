/*
 * bench_forecast.c - forecasts of one migration per second, and nanoseconds per round, with the
 * full engine.
 *
 * Each case is one VM between two hosts, as `quick` builds it, run again and again on one core: all
 * rounds, windows, throttle steps and the switchover.
 */
#include <assert.h>
#include <stdio.h>

#include "answers/setup.h"
#include "base/units.h"
#include "bench/bench.h"
#include "sim/sim.h"

enum {
    RUNS = 5
};

struct forecast_case {
    const char *name;
    uint64_t memory_bytes, working_set_bytes, hot_bytes;
    double write_bytes_per_s, hot_ratio;
    uint64_t cap_bytes_per_s, link_bps;
    int64_t timeout_ns;
    bool auto_converge;
};

/* clang-format off */
static const struct forecast_case cases[] = {
    {"idle, 4 GiB", 4 * GIB, 0, 0, 0.0, 0.0, 128 * MIB, 10000000000ULL, 0, false},
    {"converging, 8 GiB at 10 Gb/s", 8 * GIB, 2 * GIB, 256 * MIB, 3e8, 0.8, UNITS_UNLIMITED, 10000000000ULL, 0, false},
    {"capped at 128 MiB/s, 8 GiB", 8 * GIB, GIB, 64 * MIB, 8e7, 0.9, 128 * MIB, 10000000000ULL, 0, false},
    {"auto-converge, 16 GiB", 16 * GIB, 4 * GIB, 512 * MIB, 2e9, 0.8, UNITS_UNLIMITED, 10000000000ULL, 0, true},
    {"never converges, 16 GiB, 1 h", 16 * GIB, 8 * GIB, 0, 4e9, 0.0, UNITS_UNLIMITED, 10000000000ULL, 3600 * NS_PER_S, false},
};
/* clang-format on */

static void describe(struct setup *s, const struct forecast_case *c)
{
    struct guest_params *g = &s->guests[0];
    struct mig_params *p = &s->sc.migrations[0].params;

    g->memory_bytes = g->nonzero_bytes = c->memory_bytes;
    g->dirty = (struct dirty_params){.kind = c->hot_bytes           ? DIRTY_HOTCOLD
                                             : c->working_set_bytes ? DIRTY_UNIFORM
                                                                    : DIRTY_IDLE,
                                     .write_bytes_per_s = c->write_bytes_per_s,
                                     .working_set_bytes = c->working_set_bytes,
                                     .hot_bytes = c->hot_bytes,
                                     .hot_ratio = c->hot_ratio,
                                     .cpu_need_ratio = 1.0,
                                     .compress_ratio = 1.0};
    s->sc.workloads[0].write_bytes_per_s.a = c->write_bytes_per_s;
    s->sc.workloads[0].working_set_bytes.a = (double)c->working_set_bytes;
    s->sc.migrations[0].max_bandwidth_bytes_per_s.a = (double)c->cap_bytes_per_s;
    p->max_bandwidth_bytes_per_s = c->cap_bytes_per_s;
    p->auto_converge = c->auto_converge;
    p->completion_timeout_ns = c->timeout_ns;
    s->link.rate_bps.a = (double)c->link_bps;
}

static void measure(struct bench_report *report, const struct forecast_case *c)
{
    struct setup *s = setup_new(1);
    struct sim *sim = 0;
    double rate[RUNS], per_round[RUNS];
    uint32_t runs = report->quick ? 2 : RUNS, n = report->quick ? 20000 : 200000;

    assert(s);
    describe(s, c);
    sim = sim_new(&s->sc, 0);
    assert(sim);
    sim_run(sim, 0);
    {
        uint32_t rows;

        if (sim_results(sim, &rows)->rounds > 200)
            n /= 100;
    }
    for (uint32_t r = 0; r < runs; r++) {
        uint64_t start = bench_now_ns(), rounds = 0, took;
        uint32_t rows;

        for (uint32_t i = 0; i < n; i++) {
            sim_run(sim, i);
            rounds += sim_results(sim, &rows)->rounds;
        }
        took = bench_now_ns() - start;
        rate[r] = (double)n * 1e3 / (double)took;
        per_round[r] = (double)took / (double)rounds;
    }
    struct bench_case whole = {.unit = "M forecasts/s",
                               .value = bench_median(rate, runs),
                               .bound = "calls and windows near each threshold"};
    struct bench_case one = {.unit = "ns",
                             .value = bench_median(per_round, runs),
                             .bound = "exponentials, one sync, one event"};

    snprintf(whole.name, sizeof(whole.name), "%s", c->name);
    snprintf(one.name, sizeof(one.name), "  one round of it");
    bench_add(report, whole);
    bench_add(report, one);
    sim_free(sim);
    setup_free(s);
}

void bench_forecast(struct bench_report *report)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        measure(report, &cases[i]);
}
