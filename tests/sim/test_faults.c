/*
 * test_faults.c - links and hosts that fail while a guest moves: outcome, reason and moment.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/units.h"
#include "support_oracle_world.h"
#include "support_run.h"

#define S NS_PER_S
#define MS NS_PER_MS

enum {
    SOURCE = 0,
    TARGET = 1,
    LINK = 0,
    MOMENTS = 150
};

/* About nine seconds of pre-copy over 500 MB/s. */
static void busy_world(struct world *w, bool postcopy)
{
    struct dirty_params *d;

    world_init(w, 1);
    world_link(w, LINK, 5e8);
    world_guest(w, 0)->memory_bytes = world_guest(w, 0)->nonzero_bytes = 4 * GIB;
    d = &world_guest(w, 0)->dirty;
    d->kind = DIRTY_UNIFORM;
    d->write_bytes_per_s = 5e7;
    d->working_set_bytes = 256 * MIB;
    world_params(w, 0)->max_bandwidth_bytes_per_s = UNITS_UNLIMITED;
    w->sc.horizon_ns = 3600 * S;
    if (postcopy) {
        world_params(w, 0)->postcopy = true;
        world_params(w, 0)->postcopy_trigger = POSTCOPY_AT_TIME;
        world_params(w, 0)->postcopy_after_ns = 2 * S;
    }
}

struct fault_case {
    const char *what;
    enum fault_kind kind;
    uint32_t target;
    int64_t at_ns, duration_ns;
    double ratio;
    bool postcopy;
    int64_t recover_ns;
    enum outcome outcome;
    const char *reason; /* part of it; NULL = none */
    int64_t ended_ns;   /* -1 = not checked */
};

/* clang-format off */
static const struct fault_case cases[] = {
    {"link down for good", FAULT_LINK_DOWN, LINK, 3 * S, 0, 0, false, 0, OUTCOME_FAILED, "connection lost", 3 * S + 924600 * MS},
    {"link down for five seconds", FAULT_LINK_DOWN, LINK, 3 * S, 5 * S, 0, false, 0, OUTCOME_COMPLETED, NULL, -1},
    {"link down longer than TCP waits", FAULT_LINK_DOWN, LINK, 3 * S, 1000 * S, 0, false, 0, OUTCOME_FAILED, "connection lost", 3 * S + 924600 * MS},
    {"link down from the start", FAULT_LINK_DOWN, LINK, 0, 0, 0, false, 0, OUTCOME_FAILED, "connection lost", -1},
    {"link down at the start, then up", FAULT_LINK_DOWN, LINK, 0, 2 * S, 0, false, 0, OUTCOME_COMPLETED, NULL, -1},
    {"link at a tenth for good", FAULT_DEGRADE, LINK, 3 * S, 0, 0.1, false, 0, OUTCOME_COMPLETED, NULL, -1},
    {"link at a tenth for a second", FAULT_DEGRADE, LINK, 3 * S, S, 0.1, false, 0, OUTCOME_COMPLETED, NULL, -1},
    {"link at nothing for good", FAULT_DEGRADE, LINK, 3 * S, 0, 0.0, false, 0, OUTCOME_FAILED, "connection lost", 3 * S + 924600 * MS},
    {"source lost in setup", FAULT_HOST_DOWN, SOURCE, MS, 0, 0, false, 0, OUTCOME_FAILED, "source host failed: guest lost", MS},
    {"source lost in round 1", FAULT_HOST_DOWN, SOURCE, 3 * S, 0, 0, false, 0, OUTCOME_FAILED, "source host failed: guest lost", 3 * S},
    {"target lost in round 1", FAULT_HOST_DOWN, TARGET, 3 * S, 0, 0, false, 0, OUTCOME_FAILED, "target host failed", 3 * S},
    {"source down before", FAULT_HOST_DOWN, SOURCE, 0, 0, 0, false, 0, OUTCOME_REJECTED, "source host is down", 0},
    {"target down before", FAULT_HOST_DOWN, TARGET, 0, 0, 0, false, 0, OUTCOME_REJECTED, "target host is down", 0},
    {"target lost afterwards", FAULT_HOST_DOWN, TARGET, 60 * S, 0, 0, false, 0, OUTCOME_COMPLETED, NULL, -1},
    {"source lost in post-copy", FAULT_HOST_DOWN, SOURCE, 5 * S, 0, 0, true, 0, OUTCOME_FAILED, "post-copy: guest lost", 5 * S},
    {"target lost in post-copy", FAULT_HOST_DOWN, TARGET, 5 * S, 0, 0, true, 0, OUTCOME_FAILED, "post-copy: guest lost", 5 * S},
    {"post-copy over a short break", FAULT_LINK_DOWN, LINK, 5 * S, 10 * S, 0, true, 0, OUTCOME_COMPLETED, NULL, -1},
    {"post-copy over a long break, recovered", FAULT_LINK_DOWN, LINK, 5 * S, 1000 * S, 0, true, 90 * S, OUTCOME_COMPLETED, NULL, -1},
    {"post-copy never recovered", FAULT_LINK_DOWN, LINK, 5 * S, 1000 * S, 0, true, 0, OUTCOME_FAILED, "never recovered", -1},
    {"post-copy, link gone for good", FAULT_LINK_DOWN, LINK, 5 * S, 0, 0, true, 60 * S, OUTCOME_FAILED, "never recovered", -1},
};
/* clang-format on */

Test(faults, each_fault_has_its_outcome_and_reason)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct fault_case *c = &cases[i];
        struct world w;
        struct mig_result r;

        busy_world(&w, c->postcopy);
        world_fault(&w, c->kind, c->target, c->at_ns, c->duration_ns, c->ratio);
        world_params(&w, 0)->postcopy_recover_after_ns = c->recover_ns;
        r = world_run_one(&w);
        cr_expect_eq(r.outcome, c->outcome, "%s: %s", c->what, outcome_name(r.outcome));
        if (c->reason)
            cr_expect(r.reason && strstr(r.reason, c->reason), "%s: %s", c->what,
                      r.reason ? r.reason : "none");
        else
            cr_expect_null(r.reason, "%s: %s", c->what, r.reason);
        if (c->ended_ns >= 0)
            cr_expect_eq(r.ended_ns, c->ended_ns, "%s: ended %.6f s", c->what,
                         (double)r.ended_ns * 1e-9);
        if (c->outcome == OUTCOME_FAILED && r.ended_ns >= 0)
            cr_expect_eq(r.binding, BINDING_FAULT, "%s", c->what);
    }
}

Test(faults, short_break_costs_its_length)
{
    struct world w;
    int64_t whole, broken;

    busy_world(&w, false);
    whole = world_run_one(&w).total_ns;
    world_fault(&w, FAULT_LINK_DOWN, LINK, 3 * S, 5 * S, 0);
    broken = world_run_one(&w).total_ns;
    cr_assert(broken > whole + 5 * S - 100 * MS && broken < whole + 6 * S, "%.3f s more",
              (double)(broken - whole) * 1e-9);
}

Test(faults, half_the_link_takes_twice_the_time)
{
    struct world w;
    int64_t whole, half;

    busy_world(&w, false);
    world_guest(&w, 0)->dirty.kind = DIRTY_IDLE;
    whole = world_run_one(&w).total_ns;
    world_fault(&w, FAULT_DEGRADE, LINK, 0, 0, 0.5);
    half = world_run_one(&w).total_ns;
    cr_assert_float_eq((double)half / (double)whole, 2.0, 0.02);
}

/* The ends of a migration that a host takes with it at moment @at. */
static void check_host_down(bool postcopy, uint32_t host, int64_t at)
{
    struct world w;
    struct mig_result plain, r;
    bool switched;

    busy_world(&w, postcopy);
    plain = world_run_one(&w);
    cr_assert_eq(plain.outcome, OUTCOME_COMPLETED);
    switched = postcopy && at >= plain.started_ns + plain.total_ns - plain.postcopy_ns;
    world_fault(&w, FAULT_HOST_DOWN, host, at, 0, 0);
    r = world_run_one(&w);
    if (at == 0) {
        cr_assert_eq(r.outcome, OUTCOME_REJECTED);
        return;
    }
    if (at > plain.ended_ns) {
        cr_assert_eq(r.outcome, OUTCOME_COMPLETED);
        cr_assert_eq(r.total_ns, plain.total_ns);
        return;
    }
    cr_assert_eq(r.outcome, OUTCOME_FAILED, "at %lld", (long long)at);
    cr_assert_eq(r.total_ns, at - r.started_ns);
    if (switched)
        cr_assert_str_eq(r.reason, "host failed in post-copy: guest lost");
    cr_assert_leq(r.transferred_bytes, plain.transferred_bytes);
}

Test(faults, host_may_fail_at_any_moment)
{
    for (int i = 0; i < MOMENTS; i++) {
        int64_t at = i * 10 * S / MOMENTS;

        check_host_down(false, SOURCE, at);
        check_host_down(false, TARGET, at);
        check_host_down(true, SOURCE, at);
        check_host_down(true, TARGET, at);
    }
}

Test(faults, link_may_fail_at_any_moment_and_come_back)
{
    struct world base;
    struct mig_result plain;

    busy_world(&base, false);
    plain = world_run_one(&base);
    for (int i = 0; i < MOMENTS; i++) {
        struct world w = base;
        struct mig_result r;

        world_fault(&w, FAULT_LINK_DOWN, LINK, i * plain.ended_ns / MOMENTS, 2 * S, 0);
        r = world_run_one(&w);
        cr_assert_eq(r.outcome, OUTCOME_COMPLETED, "moment %d: %s", i, r.reason ? r.reason : "");
        cr_assert(r.total_ns > plain.total_ns - 200 * MS && r.total_ns < plain.total_ns + 5 * S,
                  "moment %d: %.3f s", i, (double)r.total_ns * 1e-9);
    }
}

Test(faults, fault_of_a_host_ends)
{
    struct world w;

    busy_world(&w, false);
    w.requests[0].at_ns = 10 * S;
    world_fault(&w, FAULT_HOST_DOWN, TARGET, S, 5 * S, 0);
    cr_assert_eq(world_run_one(&w).outcome, OUTCOME_COMPLETED);
    w.faults[0].duration_ns = 20 * S;
    cr_assert_eq(world_run_one(&w).outcome, OUTCOME_REJECTED);
}

Test(faults, recovery_costs_stalls_but_no_bytes)
{
    struct world w;
    struct mig_result plain, recovered;

    busy_world(&w, true);
    plain = world_run_one(&w);
    w.costs[SOURCE].tcp_timeout_ns = 10 * S;
    world_params(&w, 0)->postcopy_recover_after_ns = 4 * S;
    world_fault(&w, FAULT_LINK_DOWN, LINK, 4 * S, 15 * S, 0);
    recovered = world_run_one(&w);
    cr_assert_eq(recovered.outcome, OUTCOME_COMPLETED);
    cr_assert_eq(recovered.transferred_bytes, plain.transferred_bytes);
    /* broken after 10 s, tried again after 14 (in vain) and 18 s */
    cr_assert_float_eq((double)(recovered.total_ns - plain.total_ns), 18e9, 1e6, "%.3f s",
                       (double)(recovered.total_ns - plain.total_ns) * 1e-9);
    cr_assert_geq(recovered.postcopy_stall_ns, plain.postcopy_stall_ns + 8 * S);
}

#define CLUSTER                                                                                    \
    "[host a]\ncount = 3\nrack = r1\nnic = 10Gb/s\nmemory = 64GiB\n"                               \
    "[host b]\ncount = 3\nrack = r2\nnic = 10Gb/s\nmemory = 64GiB\n"                               \
    "[rack r1]\nuplink = 10Gb/s\n[cluster]\nrestart_after = 30s\n"                                 \
    "[workload w]\nkind = uniform\nwrite_rate = 20MB/s\nworking_set = 64MiB\n"                     \
    "[vm v]\ncount = 12\nhost = a, b\nmemory = 4GiB\nworkload = w\n"                               \
    "[request r]\nvm = v*\nat = 1s\n"

/* Of all hosts of a rack in one moment, for a while; so are their faults one by one. */
Test(faults, rack_takes_all_its_hosts_with_it)
{
    struct test_run rack, hosts;
    uint32_t restarted = 0;

    test_run_text(&rack, CLUSTER "[fault f]\nkind = rack_down\ntarget = r1\n"
                                 "at = 2s\nduration = 10min\n");
    test_run_text(&hosts, CLUSTER
                  "[fault f1]\nkind = host_down\ntarget = a-1\nat = 2s\nduration = 10min\n"
                  "[fault f2]\nkind = host_down\ntarget = a-2\nat = 2s\nduration = 10min\n"
                  "[fault f3]\nkind = host_down\ntarget = a-3\nat = 2s\nduration = 10min\n");
    cr_assert_eq(rack.sc.nr_faults, 3);
    cr_assert_eq(rack.nr_rows, hosts.nr_rows);
    for (uint32_t i = 0; i < rack.nr_rows; i++) {
        const struct mig_result *a = &rack.rows[i], *b = &hosts.rows[i];

        cr_assert_eq(a->outcome, b->outcome);
        cr_assert_eq(a->started_ns, b->started_ns);
        cr_assert_eq(a->ended_ns, b->ended_ns);
        if (strcmp(a->kind, "rescue") != 0)
            continue;
        cr_assert_eq(a->target[0], 'b', "%s restarts in the dead rack", a->vm);
        restarted++;
    }
    cr_assert_geq(restarted, 3);
    test_run_release(&rack);
    test_run_release(&hosts);
}

Test(faults, rack_must_be_known)
{
    static const char text[] = CLUSTER "[fault f]\nkind = rack_down\ntarget = r3\nat = 2s\n";
    struct scenario sc;
    struct diag diag = {0};

    cr_assert_eq(scenario_load_text(&sc, "test", text, NULL, 0, &diag), ST_EINPUT);
    cr_expect_str_eq(diag.what, "there is no rack 'r3'");
    cr_expect_str_eq(diag.key, "target");
    cr_expect(strstr(diag.hint, "did you mean"));
}
