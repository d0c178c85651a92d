/*
 * test_migration.c - orders and limits of one migration: cancel, time-outs, changed parameters,
 * post-copy, libvirt's steps; each with the outcome and reason it must have.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "support_oracle_world.h"

#define S NS_PER_S
#define MS NS_PER_MS

enum {
    MOMENTS = 200
};

/* 4 GiB over 500 MB/s; a writer of @rate over a quarter of it. */
static void busy_world(struct world *w, double rate)
{
    struct dirty_params *d;

    world_init(w, 1);
    world_link(w, 0, 5e8);
    world_guest(w, 0)->memory_bytes = world_guest(w, 0)->nonzero_bytes = 4 * GIB;
    d = &world_guest(w, 0)->dirty;
    d->kind = rate > 0.0 ? DIRTY_UNIFORM : DIRTY_IDLE;
    d->write_bytes_per_s = rate;
    d->working_set_bytes = GIB;
    world_params(w, 0)->max_bandwidth_bytes_per_s = UNITS_UNLIMITED;
    w->sc.horizon_ns = 3600 * S;
}

static void check_reason(const struct mig_result *r, const char *part)
{
    if (part)
        cr_assert(r->reason && strstr(r->reason, part), "reason: %s",
                  r->reason ? r->reason : "none");
    else
        cr_assert_null(r->reason, "reason: %s", r->reason);
}

Test(migration, cancel_ends_it_at_any_moment_before_completion)
{
    struct world base;
    struct mig_result plain;

    busy_world(&base, 5e7);
    base.migrations[0].params.libvirt = true;
    base.migrations[0].params.management_wait_ns = 500 * MS;
    plain = world_run_one(&base);
    for (int i = 0; i < MOMENTS; i++) {
        struct world w = base;
        struct mig_result r;

        w.requests[0].cancel_at_ns = 1 + i * (plain.ended_ns + S) / MOMENTS;
        r = world_run_one(&w);
        if (w.requests[0].cancel_at_ns >= plain.ended_ns) {
            cr_assert_eq(r.outcome, OUTCOME_COMPLETED);
            cr_assert_eq(r.total_ns, plain.total_ns);
            continue;
        }
        cr_assert_eq(r.outcome, OUTCOME_CANCELLED, "moment %d: %s", i, outcome_name(r.outcome));
        check_reason(&r, "cancelled by request");
        cr_assert_eq(r.ended_ns, w.requests[0].cancel_at_ns + base.costs[0].cancel_ns);
        cr_assert_leq(r.transferred_bytes, plain.transferred_bytes);
        cr_assert_leq(r.rounds, plain.rounds);
    }
}

Test(migration, cancel_in_post_copy_loses_the_guest_or_is_refused)
{
    for (int v = 0; v < QEMU_NR; v++) {
        struct world w;
        struct mig_result r;

        busy_world(&w, 5e7);
        world_params(&w, 0)->qemu = (enum qemu_version)v;
        world_params(&w, 0)->postcopy = true;
        world_params(&w, 0)->postcopy_trigger = POSTCOPY_AT_TIME;
        world_params(&w, 0)->postcopy_after_ns = S;
        w.requests[0].cancel_at_ns = 3 * S;
        r = world_run_one(&w);
        cr_assert_eq(r.outcome, v < QEMU_10_0 ? OUTCOME_FAILED : OUTCOME_COMPLETED, "version %d",
                     v);
        check_reason(&r, v < QEMU_10_0 ? "guest lost" : 0);
    }
}

struct limit_case {
    const char *what;
    double rate;
    int64_t completion_ns, per_gib_ns, progress_ns;
    enum timeout_action action;
    bool postcopy;
    enum postcopy_trigger trigger;
    enum outcome outcome;
    const char *reason;
    bool in_postcopy;
};

/* clang-format off */
static const struct limit_case limits[] = {
    {"no limit, light", 5e7, 0, 0, 0, TIMEOUT_CANCEL, false, POSTCOPY_NEVER, OUTCOME_COMPLETED, 0, false},
    {"cancel when time is up", 5e9, 30 * S, 0, 0, TIMEOUT_CANCEL, false, POSTCOPY_NEVER, OUTCOME_TIMEOUT, "completion timeout", false},
    {"limit by size", 5e9, 0, 8 * S, 0, TIMEOUT_CANCEL, false, POSTCOPY_NEVER, OUTCOME_TIMEOUT, "completion timeout", false},
    {"limit not reached", 5e7, 30 * S, 0, 0, TIMEOUT_CANCEL, false, POSTCOPY_NEVER, OUTCOME_COMPLETED, 0, false},
    {"limit within setup", 5e7, MS, 0, 0, TIMEOUT_CANCEL, false, POSTCOPY_NEVER, OUTCOME_TIMEOUT, "completion timeout", false},
    {"suspend", 5e9, 30 * S, 0, 0, TIMEOUT_SUSPEND, false, POSTCOPY_NEVER, OUTCOME_COMPLETED, 0, false},
    {"suspend within setup", 5e9, MS, 0, 0, TIMEOUT_SUSPEND, false, POSTCOPY_NEVER, OUTCOME_COMPLETED, 0, false},
    {"post-copy as action", 5e9, 30 * S, 0, 0, TIMEOUT_POSTCOPY, true, POSTCOPY_NEVER, OUTCOME_COMPLETED, 0, true},
    {"post-copy as trigger", 5e9, 30 * S, 0, 0, TIMEOUT_CANCEL, true, POSTCOPY_ON_TIMEOUT, OUTCOME_COMPLETED, 0, true},
    {"post-copy within setup", 5e9, MS, 0, 0, TIMEOUT_POSTCOPY, true, POSTCOPY_NEVER, OUTCOME_COMPLETED, 0, true},
    {"post-copy not possible", 5e9, 30 * S, 0, 0, TIMEOUT_POSTCOPY, false, POSTCOPY_NEVER, OUTCOME_TIMEOUT, "completion timeout", false},
    {"no progress", 5e9, 0, 0, 15 * S, TIMEOUT_CANCEL, false, POSTCOPY_NEVER, OUTCOME_TIMEOUT, "progress timeout", false},
    {"progress enough", 5e7, 0, 0, 3 * S, TIMEOUT_CANCEL, false, POSTCOPY_NEVER, OUTCOME_COMPLETED, 0, false},
    {"post-copy on stall", 5e9, 0, 0, 15 * S, TIMEOUT_CANCEL, true, POSTCOPY_ON_STALL, OUTCOME_COMPLETED, 0, true},
    {"post-copy at once", 5e9, 0, 0, 0, TIMEOUT_CANCEL, true, POSTCOPY_AT_TIME, OUTCOME_COMPLETED, 0, true},
    {"post-copy at a round", 5e9, 0, 0, 0, TIMEOUT_CANCEL, true, POSTCOPY_AT_ROUND, OUTCOME_COMPLETED, 0, true},
};
/* clang-format on */

Test(migration, each_limit_has_its_outcome_and_reason)
{
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        const struct limit_case *c = &limits[i];
        struct world w;
        struct mig_params *p;
        struct mig_result r;

        busy_world(&w, c->rate);
        p = world_params(&w, 0);
        p->completion_timeout_ns = c->completion_ns;
        p->completion_timeout_ns_per_gib = c->per_gib_ns;
        p->progress_timeout_ns = c->progress_ns;
        p->timeout_action = c->action;
        p->postcopy = c->postcopy;
        p->postcopy_trigger = c->trigger;
        r = world_run_one(&w);
        cr_assert_eq(r.outcome, c->outcome, "%s: %s", c->what, outcome_name(r.outcome));
        check_reason(&r, c->reason);
        cr_assert_eq(r.postcopy_ns > 0, c->in_postcopy, "%s", c->what);
        cr_assert_eq(r.postcopy_bytes > 0, c->in_postcopy, "%s", c->what);
        if (c->outcome == OUTCOME_TIMEOUT && c->completion_ns > 0)
            cr_assert_eq(r.total_ns, c->completion_ns + w.costs[0].cancel_ns);
        if (c->action == TIMEOUT_SUSPEND)
            cr_assert_geq(r.blackout_ns, r.total_ns - c->completion_ns,
                          "the guest stands from then on");
    }
}

Test(migration, progress_timeout_counts_from_the_last_new_minimum)
{
    struct world w;
    struct mig_result r;

    busy_world(&w, 5e9);
    world_params(&w, 0)->progress_timeout_ns = 20 * S;
    world_params(&w, 0)->downtime_limit_ns = 100 * MS;
    r = world_run_one(&w);
    /* the minimum is where round 1 ended, after some 8.5 s; no later round gets below it by much */
    cr_assert_eq(r.outcome, OUTCOME_TIMEOUT);
    cr_assert_gt(r.total_ns, 28 * S);
}

Test(migration, post_copy_sends_every_page_and_stops_the_guest_once)
{
    struct world w;
    struct mig_result plain, r, preempt;
    struct mig_params *p;

    busy_world(&w, 4e5);
    plain = world_run_one(&w);
    p = world_params(&w, 0);
    p->postcopy = true;
    p->postcopy_trigger = POSTCOPY_AT_ROUND;
    p->postcopy_after_round = 1;
    w.costs[0].socket_buffer_bytes = 4 * MIB;
    r = world_run_one(&w);
    cr_assert_eq(r.normal_pages, 4 * GIB / PAGE_BYTES);
    cr_assert_leq(r.total_ns, plain.total_ns + 100 * MS);
    p->postcopy_preempt = true;
    preempt = world_run_one(&w);
    cr_assert_lt(preempt.postcopy_stall_ns, r.postcopy_stall_ns,
                 "requests overtake the socket's buffer");
    p->postcopy_preempt = false;
    p->max_postcopy_bandwidth_bytes_per_s = 100000000;
    cr_assert_gt(world_run_one(&w).total_ns, 4 * r.total_ns);
}

static void change(struct world *w, int64_t at, uint64_t bandwidth, int64_t limit_ns)
{
    w->changes[w->sc.nr_changes++] = (struct scn_change){.name = "change",
                                                         .at_ns = at,
                                                         .max_bandwidth_bytes_per_s = bandwidth,
                                                         .downtime_limit_ns = limit_ns};
}

Test(migration, bandwidth_may_change_at_any_moment)
{
    /* 1 GB at 100 MB/s: changing to 200 MB/s after x of the bytes saves half of the rest */
    for (int i = 0; i <= 10; i++) {
        struct world w;
        struct mig_result r;
        double first = 10.0 * i / 10.0, rest = (10.0 - first) / 2.0;

        busy_world(&w, 0.0);
        world_guest(&w, 0)->memory_bytes = world_guest(&w, 0)->nonzero_bytes =
            1000000000 / PAGE_BYTES * PAGE_BYTES;
        world_params(&w, 0)->max_bandwidth_bytes_per_s = 100000000;
        change(&w, (int64_t)(first * 1e9), 200000000, -1);
        r = world_run_one(&w);
        cr_assert_eq(r.outcome, OUTCOME_COMPLETED);
        cr_assert_float_eq((double)r.total_ns * 1e-9, first + rest, 0.25,
                           "changed after %.1f s: %.3f s", first, (double)r.total_ns * 1e-9);
    }
}

Test(migration, changes_before_the_start_and_in_setup_count)
{
    static const int64_t at[] = {0, 5 * S, 5 * S + MS};
    struct world w;
    int64_t want;

    busy_world(&w, 0.0);
    world_params(&w, 0)->max_bandwidth_bytes_per_s = 200000000;
    want = world_run_one(&w).total_ns;
    for (size_t i = 0; i < 3; i++) {
        busy_world(&w, 0.0);
        world_params(&w, 0)->max_bandwidth_bytes_per_s = 100000000;
        w.requests[0].at_ns = 5 * S;
        change(&w, at[i], 200000000, -1);
        cr_assert_eq(world_run_one(&w).total_ns, want, "changed at %lld", (long long)at[i]);
    }
}

Test(migration, longer_downtime_limit_lets_a_stuck_migration_complete)
{
    struct world w;
    struct mig_result r;

    busy_world(&w, 5e9);
    world_params(&w, 0)->completion_timeout_ns = 120 * S;
    cr_assert_eq(world_run_one(&w).outcome, OUTCOME_TIMEOUT);
    change(&w, 60 * S, 0, 3 * S);
    r = world_run_one(&w);
    cr_assert_eq(r.outcome, OUTCOME_COMPLETED);
    cr_assert(r.total_ns > 60 * S && r.total_ns < 66 * S, "%.3f s", (double)r.total_ns * 1e-9);
    cr_assert(r.downtime_ns > S && r.downtime_ns < 3 * S + 100 * MS, "%.3f s",
              (double)r.downtime_ns * 1e-9);
}

Test(migration, libvirt_adds_its_waits_to_the_blackout)
{
    struct world w;
    struct mig_result plain, r;
    struct host_costs *c = &w.costs[0];

    busy_world(&w, 0.0);
    plain = world_run_one(&w);
    world_params(&w, 0)->libvirt = true;
    world_params(&w, 0)->management_wait_ns = 70 * MS;
    r = world_run_one(&w);
    cr_assert_eq(r.downtime_ns, plain.downtime_ns + 70 * MS + c->libvirt_wait_ns);
    cr_assert_eq(r.blackout_ns,
                 plain.blackout_ns + 70 * MS + c->libvirt_wait_ns + c->libvirt_finish_ns);
    world_params(&w, 0)->libvirt = false;
    world_params(&w, 0)->pause_before_switchover = true;
    cr_assert_eq(world_run_one(&w).downtime_ns, plain.downtime_ns + 70 * MS);
}

Test(migration, return_path_puts_the_destination_into_the_downtime)
{
    struct world w;
    struct mig_result plain, r;
    struct host_costs *c = &w.costs[0];

    busy_world(&w, 0.0);
    plain = world_run_one(&w);
    world_params(&w, 0)->return_path = true;
    r = world_run_one(&w);
    cr_assert_eq(r.downtime_ns, plain.downtime_ns + c->rtt_ns + c->dest_start_ns);
    cr_assert_eq(r.blackout_ns, plain.blackout_ns, "the guest sees the same gap");
}

/* A guest that is stopped writes nothing, however long the manager takes. */
Test(migration, long_wait_in_the_blackout_dirties_nothing)
{
    struct world w;
    struct mig_result plain, r;

    busy_world(&w, 5e7);
    plain = world_run_one(&w);
    world_params(&w, 0)->pause_before_switchover = true;
    world_params(&w, 0)->management_wait_ns = 60 * S;
    r = world_run_one(&w);
    cr_assert_eq(r.transferred_bytes, plain.transferred_bytes);
    cr_assert_eq(r.downtime_ns, plain.downtime_ns + 60 * S);
}

Test(migration, request_that_cannot_start_is_rejected_with_its_reason)
{
    static const struct {
        uint32_t target[2];
        int64_t second_at;
        const char *reason;
        uint32_t rejected;
    } cases[] = {
        {{0, 1}, 0, "same host", 0},
        {{1, 1}, S, "already migrating", 1},
        {{1, 1}, 600 * S, "already migrated", 1},
    };

    for (size_t i = 0; i < 3; i++) {
        struct world w;
        struct sim *sim;
        const struct mig_result *r;
        uint32_t nr;

        busy_world(&w, 0.0);
        w.requests[0].target = cases[i].target[0];
        w.requests[1] = (struct scn_request){.name = "again",
                                             .target = cases[i].target[1],
                                             .at_ns = cases[i].second_at,
                                             .cancel_at_ns = -1};
        w.sc.nr_requests = 2;
        world_bind(&w);
        sim = sim_new(&w.sc, 0);
        sim_run(sim, 0);
        r = sim_results(sim, &nr);
        cr_assert_eq(nr, 2);
        cr_assert_eq(r[cases[i].rejected].outcome, OUTCOME_REJECTED, "case %zu", i);
        check_reason(&r[cases[i].rejected], cases[i].reason);
        cr_assert_eq(r[1 - cases[i].rejected].outcome, OUTCOME_COMPLETED);
        cr_assert_eq(r[cases[i].rejected].transferred_bytes, 0);
        sim_free(sim);
    }
}

Test(migration, horizon_leaves_it_queued)
{
    struct world w;
    struct mig_result r;

    busy_world(&w, 0.0);
    w.sc.horizon_ns = 3 * S;
    r = world_run_one(&w);
    cr_assert_eq(r.outcome, OUTCOME_QUEUED);
    check_reason(&r, "still running at the horizon");
    cr_assert_eq(r.ended_ns, -1);
    cr_assert_float_eq((double)r.transferred_bytes, 1.5e9, 1e7);
    w.requests[0].at_ns = 4 * S;
    r = world_run_one(&w);
    cr_assert_eq(r.outcome, OUTCOME_QUEUED);
    cr_assert_eq(r.started_ns, -1);
}

Test(migration, throttle_saves_what_cannot_converge)
{
    struct world w;
    struct mig_result plain, r;
    struct dirty_params *d = &w.guests[0].dirty;

    busy_world(&w, 1.2e9);
    d->cpu_need_ratio = 1.0;
    d->working_set_bytes = 2 * GIB;
    world_params(&w, 0)->completion_timeout_ns = 600 * S;
    plain = world_run_one(&w);
    cr_assert_eq(plain.outcome, OUTCOME_TIMEOUT);
    cr_assert_eq(plain.max_throttle_pct, 0);
    world_params(&w, 0)->auto_converge = true;
    r = world_run_one(&w);
    cr_assert_eq(r.outcome, OUTCOME_COMPLETED);
    cr_assert(r.max_throttle_pct >= 20 && r.max_throttle_pct <= 99, "%u", r.max_throttle_pct);
    cr_assert_gt(r.guest_slowdown_ratio, plain.guest_slowdown_ratio);
    /* a writer that needs a tenth of its time is not touched by the first steps */
    d->cpu_need_ratio = 0.1;
    cr_assert_gt(world_run_one(&w).max_throttle_pct, r.max_throttle_pct);
}

Test(migration, dirty_limit_slows_the_writer_without_a_throttle)
{
    struct world w;
    struct mig_result r;
    struct mig_params *p = &w.migrations[0].params;

    busy_world(&w, 1.2e9);
    world_guest(&w, 0)->dirty.working_set_bytes = 2 * GIB;
    p->qemu = QEMU_9_2;
    p->completion_timeout_ns = 600 * S;
    p->dirty_log = DIRTY_LOG_RING;
    cr_assert_eq(world_run_one(&w).outcome, OUTCOME_TIMEOUT);
    p->dirty_limit = true;
    p->vcpu_dirty_limit_bytes_per_s = 20 * MIB;
    r = world_run_one(&w);
    cr_assert_eq(r.outcome, OUTCOME_COMPLETED);
    cr_assert_eq(r.max_throttle_pct, 0);
    cr_assert_gt(r.guest_slowdown_ratio, 0.1);
}
