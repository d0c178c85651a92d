/*
 * test_conservation.c - nothing is lost or made up: pages, bytes, time, outcomes; and the same
 * bytes from the same seed on any number of threads.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "models/qemu.h"
#include "models/wire.h"
#include "sim/run.h"
#include "support_oracle_world.h"
#include "support_rows.h"

#define S NS_PER_S

enum {
    SINGLE_CASES = 400,
    SHARED_CASES = 150,
    ROUNDS_MAX = 20000
};

static void random_guest(struct world *w, uint32_t i, struct rng *r)
{
    static const enum dirty_kind kinds[] = {DIRTY_IDLE, DIRTY_UNIFORM, DIRTY_HOTCOLD, DIRTY_ZIPF,
                                            DIRTY_SEQUENTIAL};
    struct guest_params *g = world_guest(w, i);
    struct dirty_params *d = &g->dirty;

    g->memory_bytes = (uint64_t)world_log_between(r, 64, 8192) * MIB;
    g->nonzero_bytes =
        (uint64_t)((double)g->memory_bytes * world_between(r, 0.1, 1.0)) / PAGE_BYTES * PAGE_BYTES;
    g->extra_bytes = world_pick(r, 3) * 8 * MIB;
    g->zero_tail_ratio = world_between(r, 0.0, 1.0);
    d->kind = kinds[world_pick(r, 5)];
    d->write_bytes_per_s = world_log_between(r, 1e5, 2e9);
    d->working_set_bytes = (uint64_t)((double)g->nonzero_bytes * world_between(r, 0.01, 1.0));
    d->hot_bytes = d->working_set_bytes / 8;
    d->hot_ratio = 0.9;
    d->zipf_exponent = 1.1;
    d->zero_write_ratio = 0.0;
}

static void random_params(struct mig_params *p, struct rng *r)
{
    p->qemu = (enum qemu_version)world_pick(r, QEMU_NR);
    p->max_bandwidth_bytes_per_s =
        world_chance(r, 0.5) ? UNITS_UNLIMITED : (uint64_t)world_log_between(r, 2e7, 1e9);
    p->downtime_limit_ns = (int64_t)world_log_between(r, 5e7, 1e9);
    p->auto_converge = world_chance(r, 0.4);
    p->multifd = world_chance(r, 0.3);
    p->postcopy = world_chance(r, 0.3);
    p->postcopy_trigger = (enum postcopy_trigger)world_pick(r, 5);
    p->postcopy_after_ns = (int64_t)world_between(r, 0, 1e10);
    p->postcopy_after_round = 1 + world_pick(r, 4);
    p->postcopy_recover_after_ns = world_chance(r, 0.5) ? 20 * S : 0;
    p->completion_timeout_ns = (int64_t)world_between(r, 2e10, 3e11);
    p->progress_timeout_ns = world_chance(r, 0.3) ? 30 * S : 0;
    p->timeout_action = (enum timeout_action)world_pick(r, 3);
}

static uint64_t all_pages(const struct guest_params *g)
{
    return (g->memory_bytes + g->extra_bytes) / PAGE_BYTES;
}

/* Pages sent and pages still dirty are the pages of the guest and those that became dirty. */
static void check_pages(const struct world *w, const struct mig_result *r,
                        const struct mig_round *rounds, uint32_t nr)
{
    uint64_t total = all_pages(&w->guests[0]), sent = 0;

    if (nr == 0)
        return;
    for (uint32_t i = 0; i < nr; i++) {
        sent += rounds[i].sent_pages;
        total += rounds[i].dirtied_bytes / PAGE_BYTES;
        cr_assert_eq(rounds[i].round, i + 1);
        cr_assert_eq(sent + rounds[i].remaining_bytes / PAGE_BYTES, total, "round %u", i + 1);
        if (i > 0)
            cr_assert_eq(rounds[i].start_ns, rounds[i - 1].start_ns + rounds[i - 1].duration_ns);
    }
    cr_assert_eq(nr, r->rounds - 1, "a record for each sync but the first");
    if (r->outcome == OUTCOME_COMPLETED)
        cr_assert_eq(r->normal_pages + r->zero_pages, total);
    else
        cr_assert_leq(r->normal_pages + r->zero_pages, total);
}

/* Bytes are pages at their price and the ends of calls. */
static void check_bytes(const struct world *w, const struct mig_result *r)
{
    const struct mig_params *p = &w->migrations[0].params;
    double call = wire_call_bytes(p), rest;

    if (!p->multifd) {
        rest = (double)r->transferred_bytes - 4104.0 * (double)r->normal_pages -
               9.0 * (double)r->zero_pages;
        cr_assert_geq(rest, -2.0);
        cr_assert_leq(fabs(rest - call * round(rest / call)), 4.0, "%g is no number of calls",
                      rest);
    }
    if (r->outcome == OUTCOME_COMPLETED)
        cr_assert_float_eq((double)r->transferred_bytes,
                           (double)(r->precopy_bytes + r->downtime_bytes + r->postcopy_bytes), 3.0,
                           "%llu + %llu + %llu", (unsigned long long)r->precopy_bytes,
                           (unsigned long long)r->downtime_bytes,
                           (unsigned long long)r->postcopy_bytes);
}

Test(conservation, pages_and_bytes_of_random_migrations_add_up)
{
    struct sim_options options = {.max_rounds = ROUNDS_MAX};
    unsigned ends[OUTCOME_NR] = {0}, postcopies = 0;
    struct rng r;

    rng_stream(&r, 20265, "single", 0, 0);
    for (int i = 0; i < SINGLE_CASES; i++) {
        struct world w;
        struct sim *sim;
        const struct mig_result *row;
        const struct mig_round *rounds;
        uint32_t nr, nr_rounds;

        world_init(&w, 1);
        world_link(&w, 0, world_log_between(&r, 5e7, 5e9));
        random_guest(&w, 0, &r);
        random_params(world_params(&w, 0), &r);
        if (i % 10 == 0 && world_guest(&w, 0)->memory_bytes < GIB)
            w.sc.fidelity = FIDELITY_PAGES;
        if (world_chance(&r, 0.3))
            world_fault(&w, FAULT_LINK_DOWN, 0, (int64_t)world_between(&r, 0, 2e10), 2 * S, 0);
        world_bind(&w);
        sim = sim_new(&w.sc, &options);
        sim_run(sim, 0);
        row = sim_results(sim, &nr);
        rounds = sim_rounds(sim, &nr_rounds);
        ends[row->outcome]++;
        postcopies += row->postcopy_ns > 0;
        if (nr_rounds < ROUNDS_MAX)
            check_pages(&w, row, rounds, nr_rounds);
        check_bytes(&w, row);
        sim_free(sim);
    }
    cr_assert_gt(ends[OUTCOME_COMPLETED], SINGLE_CASES / 2);
    cr_assert_gt(ends[OUTCOME_TIMEOUT], SINGLE_CASES / 50);
    cr_assert_gt(postcopies, SINGLE_CASES / 50);
}

static void check_row(const struct mig_result *r, int64_t horizon_ns)
{
    bool ended = r->outcome != OUTCOME_QUEUED && !(r->outcome == OUTCOME_FAILED && r->ended_ns < 0);

    cr_assert_lt((unsigned)r->outcome, OUTCOME_NR);
    cr_assert_eq(r->reason == NULL, r->outcome == OUTCOME_COMPLETED ||
                                        (r->outcome == OUTCOME_QUEUED && r->started_ns < 0));
    if (r->outcome == OUTCOME_REJECTED) {
        cr_assert_eq(r->started_ns, -1);
        cr_assert_eq(r->transferred_bytes, 0);
        return;
    }
    cr_assert_geq(r->started_ns, r->queued_ns);
    if (ended)
        cr_assert_eq(r->ended_ns, r->started_ns + r->total_ns);
    else
        cr_assert_eq(r->ended_ns, -1);
    cr_assert(r->total_ns >= 0 && r->total_ns <= horizon_ns);
    cr_assert_geq(r->downtime_ns, -1);
    cr_assert_geq(r->blackout_ns, -1);
    cr_assert_geq(r->postcopy_stall_ns, 0);
    cr_assert(r->guest_slowdown_ratio >= -1e-9 && r->guest_slowdown_ratio <= 1.0 + 1e-9);
    if (r->outcome == OUTCOME_COMPLETED) {
        cr_assert_gt(r->downtime_ns, 0);
        cr_assert_geq(r->blackout_ns + NS_PER_MS, r->downtime_ns);
        cr_assert_geq(r->rounds, 2);
    }
}

static void random_shared_world(struct world *w, struct rng *r)
{
    uint32_t nr = 2 + world_pick(r, WORLD_MIGS - 2);

    world_init(w, nr);
    w->sc.nr_hosts = 2 + world_pick(r, WORLD_HOSTS - 1);
    w->sc.nr_links = 1 + world_pick(r, WORLD_LINKS);
    w->sc.horizon_ns = world_chance(r, 0.3) ? 60 * S : 2000 * S;
    for (uint32_t l = 0; l < w->sc.nr_links; l++)
        world_link(w, l, world_log_between(r, 1e8, 5e9));
    for (uint32_t h = 0; h < w->sc.nr_hosts; h++)
        w->hosts[h].nic_bps = world_chance(r, 0.5) ? UNITS_UNLIMITED : 10000000000;
    for (uint32_t i = 0; i < nr; i++) {
        random_guest(w, i, r);
        random_params(world_params(w, i), r);
        w->vms[i].host = world_pick(r, w->sc.nr_hosts);
        w->requests[i].target = world_pick(r, w->sc.nr_hosts);
        w->requests[i].at_ns = (int64_t)world_between(r, 0, 2e10);
        w->requests[i].cancel_at_ns =
            world_chance(r, 0.2) ? (int64_t)world_between(r, 0, 6e10) : -1;
    }
    for (uint32_t f = world_pick(r, 4); f > 0; f--)
        world_fault(
            w, (enum fault_kind)world_pick(r, 3),
            world_pick(r, w->sc.nr_links < w->sc.nr_hosts ? w->sc.nr_links : w->sc.nr_hosts),
            (int64_t)world_between(r, 0, 6e10), world_chance(r, 0.5) ? 0 : 5 * S, 0.3);
    w->sc.nr_changes = world_pick(r, 4);
    for (uint32_t c = 0; c < w->sc.nr_changes; c++)
        w->changes[c] = (struct scn_change){.name = "change",
                                            .vm = world_pick(r, nr),
                                            .at_ns = (int64_t)world_between(r, 0, 4e10),
                                            .max_bandwidth_bytes_per_s =
                                                (uint64_t)world_log_between(r, 1e7, 1e9),
                                            .downtime_limit_ns = -1};
    world_bind(w);
}

Test(conservation, random_shared_scenarios_give_each_migration_one_outcome)
{
    unsigned ends[OUTCOME_NR] = {0};
    struct rng r;

    rng_stream(&r, 20266, "shared", 0, 0);
    for (int i = 0; i < SHARED_CASES; i++) {
        struct world w;
        struct sim *sim;
        const struct mig_result *rows;
        uint32_t nr;
        double wire = 0.0;

        random_shared_world(&w, &r);
        sim = sim_new(&w.sc, 0);
        sim_run(sim, 0);
        rows = sim_results(sim, &nr);
        cr_assert_eq(nr, w.sc.nr_requests);
        for (uint32_t m = 0; m < nr; m++) {
            check_row(&rows[m], w.sc.horizon_ns);
            ends[rows[m].outcome]++;
            wire += (double)rows[m].transferred_bytes;
        }
        /* every migration crosses link 0, which carries no more than it can */
        double first = INFINITY, last = 0.0;
        for (uint32_t m = 0; m < nr; m++) {
            if (rows[m].started_ns < 0)
                continue;
            first = fmin(first, (double)rows[m].started_ns);
            last = fmax(last, (double)(rows[m].started_ns + rows[m].total_ns));
        }
        if (wire > 0.0)
            cr_assert_leq(wire, w.links[0].rate_bps.a / 8.0 * (last - first) * 1e-9 + nr * 1e6);
        sim_free(sim);
    }
    for (int o = 0; o < OUTCOME_NR; o++)
        cr_assert_gt(ends[o], 5, "%s never happens", outcome_name((enum outcome)o));
}

/* N idle guests that start together on one link: the link is busy until the last is through, and
 * carries just what they sent. */
Test(conservation, saturated_link_carries_what_was_sent)
{
    for (uint32_t nr = 1; nr <= WORLD_MIGS; nr++) {
        struct world w;
        struct sim *sim;
        const struct mig_result *rows;
        double wire = 0.0, last = 0.0, rate = 3e8;
        uint32_t n;

        world_init(&w, nr);
        world_link(&w, 0, rate);
        for (uint32_t i = 0; i < nr; i++) {
            world_guest(&w, i)->memory_bytes = (1 + i) * GIB;
            world_guest(&w, i)->nonzero_bytes = (1 + i) * GIB;
            world_guest(&w, i)->device_state_bytes = 0;
            world_params(&w, i)->max_bandwidth_bytes_per_s = UNITS_UNLIMITED;
        }
        world_bind(&w);
        sim = sim_new(&w.sc, 0);
        sim_run(sim, 0);
        rows = sim_results(sim, &n);
        for (uint32_t i = 0; i < nr; i++) {
            cr_assert_eq(rows[i].outcome, OUTCOME_COMPLETED);
            wire += (double)rows[i].transferred_bytes;
            last = fmax(last, (double)rows[i].ended_ns * 1e-9);
        }
        /* idle only in setup, and some milliseconds around each blackout */
        cr_assert_float_eq(last, wire / rate, 0.05 + 0.02 * nr,
                           "%u guests: %.3f s for %.3f s of bytes", nr, last, wire / rate);
        sim_free(sim);
    }
}

Test(conservation, flows_share_by_their_channels)
{
    struct world w;
    struct sim *sim;
    const struct mig_result *rows;
    uint32_t n;

    /* three channels against one: while both run, three quarters of the link */
    world_init(&w, 2);
    world_link(&w, 0, 4e8);
    for (uint32_t i = 0; i < 2; i++) {
        world_guest(&w, i)->memory_bytes = world_guest(&w, i)->nonzero_bytes = 4 * GIB;
        world_params(&w, i)->max_bandwidth_bytes_per_s = UNITS_UNLIMITED;
    }
    world_params(&w, 0)->qemu = QEMU_9_2;
    world_params(&w, 0)->multifd = true;
    world_params(&w, 0)->multifd_channels = 3;
    world_bind(&w);
    sim = sim_new(&w.sc, 0);
    sim_run(sim, 0);
    rows = sim_results(sim, &n);
    cr_assert_float_eq((double)rows[0].total_ns * 1e-9, 4.0 * (double)GIB / 3e8, 0.4);
    cr_assert_float_eq((double)rows[1].total_ns * 1e-9, 8.0 * (double)GIB / 4e8, 0.4);
    sim_free(sim);
}

static void check_same(const struct mig_result *a, const struct mig_result *b)
{
    cr_assert_eq(a->replication, b->replication);
    cr_assert_eq(a->outcome, b->outcome);
    cr_assert_eq(a->binding, b->binding);
    cr_assert_eq(a->vm, b->vm);
    cr_assert_eq(a->reason, b->reason);
    cr_assert_eq(a->started_ns, b->started_ns);
    cr_assert_eq(a->ended_ns, b->ended_ns);
    cr_assert_eq(a->total_ns, b->total_ns);
    cr_assert_eq(a->downtime_ns, b->downtime_ns);
    cr_assert_eq(a->blackout_ns, b->blackout_ns);
    cr_assert_eq(a->postcopy_stall_ns, b->postcopy_stall_ns);
    cr_assert_eq(a->transferred_bytes, b->transferred_bytes);
    cr_assert_eq(a->normal_pages, b->normal_pages);
    cr_assert_eq(a->rounds, b->rounds);
    cr_assert_eq(a->max_throttle_pct, b->max_throttle_pct);
    cr_assert_eq(a->first_round, b->first_round);
    cr_assert_eq(a->nr_rounds, b->nr_rounds);
    cr_assert(memcmp(&a->guest_slowdown_ratio, &b->guest_slowdown_ratio, sizeof(double)) == 0);
}

static void count_steps(void *arg)
{
    __atomic_fetch_add((unsigned *)arg, 1, __ATOMIC_RELAXED);
}

static void uncertain_world(struct world *w)
{
    world_init(w, 3);
    world_link(w, 0, 1e9);
    w->links[0].rate_bps = (struct uncertain){UNCERTAIN_NORMAL, 8e9, 1e9};
    w->links[0].background_bps = (struct uncertain){UNCERTAIN_UNIFORM, 0, 2e9};
    for (uint32_t i = 0; i < 3; i++) {
        struct dirty_params *d = &world_guest(w, i)->dirty;

        d->kind = DIRTY_UNIFORM;
        d->write_bytes_per_s = 5e7;
        d->working_set_bytes = 200 * MIB;
        d->on_ns = S;
        d->off_ns = 2 * S;
        d->phase_ns = -1;
        w->workloads[i].write_bytes_per_s = (struct uncertain){UNCERTAIN_LOGNORMAL, 5e7, 1.5};
        w->workloads[i].working_set_bytes = (struct uncertain){UNCERTAIN_UNIFORM, 100e6, 300e6};
        w->migrations[i].max_bandwidth_bytes_per_s =
            (struct uncertain){UNCERTAIN_UNIFORM, 2e8, 4e8};
    }
    w->sc.replications = 40;
    w->sc.seed = 7;
    world_bind(w);
}

Test(conservation, any_number_of_threads_gives_the_same_rows)
{
    static const uint32_t jobs[] = {1, 2, 5};
    struct run_result out[3];
    struct world w;
    struct diag diag = {0};

    uncertain_world(&w);
    for (int j = 0; j < 3; j++) {
        unsigned steps = 0;
        struct run_options options = {.version = "test",
                                      .jobs = jobs[j],
                                      .max_rounds = 64,
                                      .step = count_steps,
                                      .step_arg = &steps};

        cr_assert_eq(run_scenario(&w.sc, &options, &out[j], &diag), ST_OK);
        cr_assert_eq(steps, 40);
        cr_assert_eq(out[j].nr_migs, 120);
        cr_assert_eq(out[j].nr_rounds, out[0].nr_rounds);
        for (size_t i = 0; i < out[j].nr_migs; i++)
            check_same(support_row(&out[j], i), support_row(&out[0], i));
        for (size_t i = 0; i < out[j].nr_rounds; i++) {
            cr_assert_eq(out[j].rounds[i].start_ns, out[0].rounds[i].start_ns);
            cr_assert_eq(out[j].rounds[i].dirtied_bytes, out[0].rounds[i].dirtied_bytes);
        }
    }
    /* and the replications do differ */
    cr_assert_neq(support_row(&out[0], 0)->total_ns, support_row(&out[0], 3)->total_ns);
    for (int j = 0; j < 3; j++)
        run_free(&out[j]);
}

/* More rows than are kept as they are, with rounds and without. */
Test(conservation, packed_rows_are_the_same_and_name_their_own_rounds)
{
    static const char text[] =
        "[scenario]\nreplications = 2\n[host a]\ncount = 3\nnic = 10Gb/s\n[host b]\n"
        "[workload w]\nkind = uniform\nwrite_rate = 50MB/s\nworking_set = 64MiB\n"
        "[vm v]\ncount = 1500\nhost = a\nmemory = 1GiB\nworkload = w\n"
        "[cluster]\nmax_out = 2\n[request r]\nvm = v*\ntarget = b\n";
    struct run_options options = {.version = "test", .jobs = 2, .max_rounds = 20000};
    struct run_result out[2];
    struct mig_result rooms[2];
    struct scenario sc;
    struct diag diag = {0};
    size_t first = 0;

    cr_assert_eq(scenario_load_text(&sc, "test", text, NULL, 0, &diag), ST_OK, "%s", diag.what);
    for (int j = 0; j < 2; j++, options.max_rounds = 0)
        cr_assert_eq(run_scenario(&sc, &options, &out[j], &diag), ST_OK);
    cr_assert_eq(out[0].nr_migs, 3000);
    cr_assert_eq(out[1].nr_migs, 3000);
    for (size_t i = 0; i < 3000; i++) {
        const struct mig_result *with = result_mig(&out[0], i, &rooms[0]);
        const struct mig_result *without = result_mig(&out[1], i, &rooms[1]);

        cr_assert_eq(with->job, i % 1500);
        cr_assert_eq(with->first_round, first);
        cr_assert_eq(out[0].rounds[first].start_ns, with->started_ns + with->setup_ns);
        first += with->nr_rounds;
        cr_assert_eq(without->nr_rounds, 0);
        cr_assert_eq(without->first_round, 0);
        cr_assert_eq(without->ended_ns, with->ended_ns);
    }
    cr_assert_eq(first, out[0].nr_rounds);
    run_free(&out[0]);
    run_free(&out[1]);
    scenario_release(&sc);
}

Test(conservation, stopped_run_keeps_what_is_done)
{
    atomic_int stop = 1;
    struct run_options options = {.version = "test", .jobs = 2, .stop = &stop};
    struct run_result out;
    struct diag diag = {0};
    struct world w;

    uncertain_world(&w);
    cr_assert_eq(run_scenario(&w.sc, &options, &out, &diag), ST_EINTR);
    cr_assert(out.interrupted);
    cr_assert_eq(out.replications, 0);
    cr_assert_eq(out.nr_migs, 0);
    run_free(&out);
}
