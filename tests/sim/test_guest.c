/*
 * test_guest.c - work that scatters from round to round (dirty_scatter).
 */
#include <criterion/criterion.h>
#include <math.h>

#include "base/units.h"
#include "support_oracle_world.h"

#define SCATTER 0.3

enum {
    RUNS = 400,
    ROUNDS_MAX = 64,
    EDGE_RUNS = 60
};

/* One guest of 2 GiB on a link of 500 MB/s, which takes a little over 4 s for round 1. */
static void slow_world(struct world *w)
{
    struct dirty_params *d = &w->guests[0].dirty;

    world_init(w, 1);
    world_link(w, 0, 5e8);
    w->guests[0].memory_bytes = w->guests[0].nonzero_bytes = 2 * GIB;
    world_params(w, 0)->max_bandwidth_bytes_per_s = UNITS_UNLIMITED;
    world_params(w, 0)->dirty_log = DIRTY_LOG_LEGACY;
    d->kind = DIRTY_SEQUENTIAL;
    d->write_bytes_per_s = 1e8;
    d->working_set_bytes = 2 * GIB;
    w->costs[0].guest_fault_ns = 0.0;
}

/* What the sync after round 1 found, relative to what an even writer writes in that time. */
static void first_rounds(struct world *w, double work[RUNS], double *round_s)
{
    struct sim_options options = {.max_rounds = ROUNDS_MAX};
    struct sim *sim;

    world_bind(w);
    sim = sim_new(&w->sc, &options);
    cr_assert_not_null(sim);
    for (uint32_t i = 0; i < RUNS; i++) {
        uint32_t nr;
        const struct mig_round *r;

        sim_run(sim, i);
        r = sim_rounds(sim, &nr);
        cr_assert_geq(nr, 1);
        *round_s = (double)r[0].duration_ns / (double)NS_PER_S;
        work[i] = (double)r[0].dirtied_bytes / (1e8 * *round_s);
    }
    sim_free(sim);
}

Test(guest, work_of_a_round_scatters_by_its_ratio_over_the_root_of_its_length)
{
    static struct world w;
    static double work[RUNS];
    double round_s, mean = 0.0, var = 0.0;

    slow_world(&w);
    w.costs[0].dirty_scatter_ratio = SCATTER;
    first_rounds(&w, work, &round_s);
    for (int i = 0; i < RUNS; i++)
        mean += work[i] / RUNS;
    for (int i = 0; i < RUNS; i++)
        var += (work[i] - mean) * (work[i] - mean) / (RUNS - 1);
    /* four standard errors */
    cr_expect_float_eq(mean, 1.0, 4.0 * SCATTER / sqrt(round_s * RUNS));
    cr_expect_float_eq(sqrt(var * round_s), SCATTER, 4.0 * SCATTER / sqrt(2.0 * RUNS));
}

Test(guest, without_scatter_every_replication_is_the_same)
{
    static struct world w;
    static double work[RUNS];
    double round_s;

    slow_world(&w);
    first_rounds(&w, work, &round_s);
    for (int i = 0; i < RUNS; i++)
        cr_assert_eq(work[i], work[0]);
    cr_expect_float_eq(work[0], 1.0, 0.01);
}

/* Rounds freeze above what fits: 64 MiB of random pages written over and over, 100 MiB/s with room
 * for 30. */
static uint32_t completed(double scatter, uint64_t seed, int64_t ends[EDGE_RUNS])
{
    static struct world w;
    struct dirty_params *d = &w.guests[0].dirty;
    struct sim *sim;
    uint32_t n = 0, rows;

    world_init(&w, 1);
    w.guests[0].memory_bytes = w.guests[0].nonzero_bytes = 256 * MIB;
    world_params(&w, 0)->max_bandwidth_bytes_per_s = 100 * MIB;
    world_params(&w, 0)->dirty_log = DIRTY_LOG_LEGACY;
    world_params(&w, 0)->completion_timeout_ns = 60 * NS_PER_S;
    d->kind = DIRTY_UNIFORM;
    d->working_set_bytes = 64 * MIB;
    d->write_bytes_per_s = 200.0 * (double)MIB;
    w.costs[0].dirty_scatter_ratio = scatter;
    w.sc.seed = seed;
    world_bind(&w);
    sim = sim_new(&w.sc, 0);
    cr_assert_not_null(sim);
    for (uint32_t i = 0; i < EDGE_RUNS; i++) {
        sim_run(sim, i);
        ends[i] = sim_results(sim, &rows)[0].total_ns;
        n += sim_results(sim, &rows)[0].outcome == OUTCOME_COMPLETED;
    }
    sim_free(sim);
    return n;
}

Test(guest, scatter_that_nobody_could_see_is_none)
{
    static struct world w;
    static double even[RUNS], work[RUNS];
    double round_s;

    slow_world(&w);
    first_rounds(&w, even, &round_s);
    w.costs[0].dirty_scatter_ratio = 1e-160;
    first_rounds(&w, work, &round_s);
    for (int i = 0; i < RUNS; i++)
        cr_assert_eq(work[i], even[i]);
}

Test(guest, near_the_edge_the_least_of_many_uneven_rounds_completes)
{
    int64_t even[EDGE_RUNS], uneven[EDGE_RUNS], again[EDGE_RUNS], other[EDGE_RUNS];
    uint32_t n = completed(SCATTER, 1, uneven), differ = 0;

    cr_expect_eq(completed(0.0, 1, even), 0, "rounds without scatter never fit");
    cr_expect_gt(n, EDGE_RUNS / 4, "%u", n);
    cr_expect_eq(completed(SCATTER, 1, again), n);
    completed(SCATTER, 2, other);
    for (int i = 0; i < EDGE_RUNS; i++) {
        cr_expect_eq(again[i], uneven[i], "the seed names the streams");
        differ += other[i] != uneven[i];
    }
    cr_expect_gt(differ, EDGE_RUNS / 2);
}

Test(guest, a_seed_that_changes_between_runs_names_other_streams)
{
    static struct world w;
    struct sim *kept;
    uint32_t nr;

    slow_world(&w);
    w.costs[0].dirty_scatter_ratio = SCATTER;
    w.guests[0].dirty.phase_ns = -1;
    world_bind(&w);
    kept = sim_new(&w.sc, 0);
    cr_assert_not_null(kept);
    for (uint64_t seed = 0; seed < 5; seed++) {
        struct sim *fresh;

        w.sc.seed = seed;
        fresh = sim_new(&w.sc, 0);
        cr_assert_not_null(fresh);
        sim_run(kept, 0);
        sim_run(fresh, 0);
        cr_expect_eq(sim_results(kept, &nr)[0].total_ns, sim_results(fresh, &nr)[0].total_ns);
        sim_free(fresh);
    }
    sim_free(kept);
}
