/*
 * test_ovirt.c - oVirt's policies, schedules, slots, shares and reruns do as its code does.
 *
 * Expected numbers are from the sources named in sim/platforms/ovirt*.c, worked out by hand.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "sim/platforms/ovirt_int.h"
#include "support_ovirt.h"

static const struct ovirt_settings usual = {.version = OVIRT_4_8,
                                            .policy = OVIRT_MINIMAL_DOWNTIME,
                                            .parallel = PARALLEL_DISABLED,
                                            .custom_parallel = 2,
                                            .custom_bps = 1000000000,
                                            .vdsm_bytes_per_s = 52 * MIB};

static void expect_steps(enum ovirt_policy policy, int32_t init, const struct ovirt_step *steps,
                         uint32_t nr)
{
    struct ovirt_schedule got;

    ovirt_schedule(&got, policy, 500 * NS_PER_MS, 5, true);
    cr_assert_eq(got.init_ms, init);
    cr_assert_eq(got.nr, nr, "policy %d has %u steps", (int)policy, got.nr);
    for (uint32_t i = 0; i < nr; i++)
        cr_assert(got.steps[i].limit == steps[i].limit && got.steps[i].action == steps[i].action &&
                      got.steps[i].ms == steps[i].ms,
                  "policy %d step %u: %d -> %d, %d ms", (int)policy, i, got.steps[i].limit,
                  got.steps[i].action, got.steps[i].ms);
}

Test(ovirt, schedules_are_those_of_the_engine)
{
    static const struct ovirt_step minimal[] = {{1, ACT_DOWNTIME, 150}, {2, ACT_DOWNTIME, 200},
                                                {3, ACT_DOWNTIME, 300}, {4, ACT_DOWNTIME, 400},
                                                {6, ACT_DOWNTIME, 500}, {-1, ACT_ABORT, 0}},
                                   suspend[] = {{1, ACT_DOWNTIME, 150}, {2, ACT_DOWNTIME, 200},
                                                {3, ACT_DOWNTIME, 300}, {4, ACT_DOWNTIME, 400},
                                                {6, ACT_DOWNTIME, 500}, {-1, ACT_DOWNTIME, 5000},
                                                {-1, ACT_ABORT, 0}},
                                   postcopy[] = {{1, ACT_DOWNTIME, 150},
                                                 {2, ACT_DOWNTIME, 200},
                                                 {-1, ACT_POSTCOPY, 0},
                                                 {-1, ACT_ABORT, 0}},
                                   large[] = {{1, ACT_DOWNTIME, 400},  {2, ACT_DOWNTIME, 500},
                                              {3, ACT_DOWNTIME, 700},  {4, ACT_DOWNTIME, 1000},
                                              {6, ACT_DOWNTIME, 1500}, {-1, ACT_DOWNTIME, 5000},
                                              {-1, ACT_ABORT, 0}},
                                   legacy[] = {{1, ACT_DOWNTIME, 104},  {2, ACT_DOWNTIME, 120},
                                               {3, ACT_DOWNTIME, 189},  {4, ACT_DOWNTIME, 500},
                                               {42, ACT_DOWNTIME, 500}, {-1, ACT_ABORT, 0}};

    expect_steps(OVIRT_MINIMAL_DOWNTIME, 100, minimal, 6);
    expect_steps(OVIRT_SUSPEND, 100, suspend, 7);
    expect_steps(OVIRT_POST_COPY, 100, postcopy, 4);
    expect_steps(OVIRT_VERY_LARGE, 300, large, 7);
    expect_steps(OVIRT_LEGACY, 101, legacy, 6);
}

Test(ovirt, a_guest_that_cannot_post_copy_has_its_steps_left_out)
{
    struct ovirt_schedule got;

    ovirt_schedule(&got, OVIRT_POST_COPY, 500 * NS_PER_MS, 5, false);
    cr_assert_eq(got.nr, 3);
    cr_assert_eq(got.steps[2].action, ACT_ABORT);
    /* the engine then sends an empty schedule instead of none */
    ovirt_schedule(&got, OVIRT_LEGACY, 500 * NS_PER_MS, 5, false);
    cr_assert_eq(got.nr, 0);
    cr_assert_eq(got.init_ms, 0);
}

Test(ovirt, bandwidth_is_a_static_share_in_whole_numbers)
{
    static const struct {
        uint64_t source, target, qos;
        enum ovirt_bandwidth from;
        enum ovirt_policy cluster, vm;
        uint64_t expect;
    } cases[] = {
        {10000000000, 10000000000, 0, BANDWIDTH_AUTO, OVIRT_MINIMAL_DOWNTIME, 0, 625},
        {10000000000, 1000000000, 0, BANDWIDTH_AUTO, OVIRT_MINIMAL_DOWNTIME, 0, 62},
        {10000000000, 10000000000, 0, BANDWIDTH_AUTO, OVIRT_SUSPEND, 0, 1250},
        /* the cluster's policy divides, not the VM's */
        {10000000000, 10000000000, 0, BANDWIDTH_AUTO, OVIRT_MINIMAL_DOWNTIME, OVIRT_SUSPEND, 625},
        /* QoS stands for the speed, also where it is higher */
        {1000000000, 1000000000, 4000000000, BANDWIDTH_AUTO, OVIRT_MINIMAL_DOWNTIME, 0, 250},
        {UNITS_UNLIMITED, UNITS_UNLIMITED, 0, BANDWIDTH_AUTO, OVIRT_MINIMAL_DOWNTIME, 0, 52},
        {UNITS_UNLIMITED, 10000000000, 0, BANDWIDTH_AUTO, OVIRT_MINIMAL_DOWNTIME, 0, 625},
        {10000000000, 10000000000, 0, BANDWIDTH_VDSM_CONFIG, OVIRT_MINIMAL_DOWNTIME, 0, 52},
        {10000000000, 10000000000, 0, BANDWIDTH_CUSTOM, OVIRT_MINIMAL_DOWNTIME, 0, 62},
        /* 8 Mb/s over 8 over 2 is nothing, and nothing means what the host is set to */
        {8000000, 8000000, 0, BANDWIDTH_AUTO, OVIRT_MINIMAL_DOWNTIME, 0, 52},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ovirt_settings s = usual;
        struct ovirt_vm vm = {.policy = cases[i].vm};
        struct ovirt_request r;

        s.policy = cases[i].cluster;
        s.bandwidth = cases[i].from;
        s.qos_bps = cases[i].qos;
        ovirt_request(&s, &vm, 4, cases[i].source, cases[i].target, false, &r);
        cr_assert_eq(r.bandwidth_mib_s, cases[i].expect, "case %zu: %lu MiB/s", i,
                     (unsigned long)r.bandwidth_mib_s);
    }
}

Test(ovirt, parallel_connections_follow_network_and_vcpus)
{
    static const struct {
        enum ovirt_version version;
        enum ovirt_policy policy;
        enum ovirt_parallel parallel;
        uint32_t custom, vcpus;
        uint64_t bps;
        bool encrypted;
        uint32_t expect;
    } cases[] = {
        {OVIRT_4_8, OVIRT_MINIMAL_DOWNTIME, PARALLEL_DISABLED, 0, 8, 100000000000, false, 0},
        {OVIRT_4_8, OVIRT_MINIMAL_DOWNTIME, PARALLEL_AUTO, 0, 8, 10000000000, false, 0},
        {OVIRT_4_8, OVIRT_MINIMAL_DOWNTIME, PARALLEL_AUTO, 0, 8, 25000000000, false, 2},
        {OVIRT_4_8, OVIRT_MINIMAL_DOWNTIME, PARALLEL_AUTO, 0, 8, 100000000000, false, 8},
        {OVIRT_4_8, OVIRT_MINIMAL_DOWNTIME, PARALLEL_AUTO, 0, 16, 100000000000, false, 9},
        {OVIRT_4_8, OVIRT_MINIMAL_DOWNTIME, PARALLEL_AUTO_PARALLEL, 0, 8, 1000000000, false, 2},
        {OVIRT_4_8, OVIRT_MINIMAL_DOWNTIME, PARALLEL_CUSTOM, 6, 4, 1000000000, false, 4},
        {OVIRT_4_8, OVIRT_MINIMAL_DOWNTIME, PARALLEL_CUSTOM, 6, 1, 1000000000, false, 2},
        {OVIRT_4_6, OVIRT_MINIMAL_DOWNTIME, PARALLEL_CUSTOM, 6, 8, 1000000000, false, 0},
        {OVIRT_4_8, OVIRT_VERY_LARGE, PARALLEL_DISABLED, 0, 64, 10000000000, false, 2},
        {OVIRT_4_8, OVIRT_VERY_LARGE, PARALLEL_DISABLED, 0, 64, 10000000000, true, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ovirt_settings s = usual;
        struct ovirt_vm vm = {0};
        struct ovirt_request r;

        s.version = cases[i].version;
        s.policy = cases[i].policy;
        s.parallel = cases[i].parallel;
        s.custom_parallel = cases[i].custom;
        ovirt_request(&s, &vm, cases[i].vcpus, cases[i].bps, cases[i].bps, cases[i].encrypted, &r);
        cr_assert_eq(r.connections, cases[i].expect, "case %zu: %u connections", i, r.connections);
        cr_assert_eq(r.max, r.connections ? 1 : ovirt_policies[s.policy].max_migrations);
    }
}

Test(ovirt, legacy_inherits_its_aids_from_vm_cluster_and_engine)
{
    static const struct {
        enum ovirt_switch cluster, vm;
        bool expect;
    } cases[] = {{SWITCH_INHERIT, SWITCH_INHERIT, false}, {SWITCH_ON, SWITCH_INHERIT, true},
                 {SWITCH_ON, SWITCH_OFF, false},          {SWITCH_OFF, SWITCH_ON, true},
                 {SWITCH_INHERIT, SWITCH_ON, true},       {SWITCH_OFF, SWITCH_INHERIT, false}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ovirt_settings s = usual;
        struct ovirt_vm vm = {.auto_converge = cases[i].vm, .compressed = cases[i].vm};
        struct ovirt_request r;

        s.auto_converge = s.compressed = cases[i].cluster;
        vm.policy = OVIRT_LEGACY;
        ovirt_request(&s, &vm, 4, 10000000000, 10000000000, false, &r);
        cr_assert_eq(r.auto_converge, cases[i].expect);
        cr_assert_eq(r.compressed, cases[i].expect);
        /* the other policies bring their own */
        vm.policy = OVIRT_SUSPEND;
        ovirt_request(&s, &vm, 4, 10000000000, 10000000000, false, &r);
        cr_assert(r.auto_converge && r.compressed);
        vm.policy = OVIRT_MINIMAL_DOWNTIME;
        ovirt_request(&s, &vm, 4, 10000000000, 10000000000, false, &r);
        cr_assert(r.auto_converge && !r.compressed);
    }
}

static void expect_step_at(const struct test_run *run, const char *what, double seconds)
{
    const struct mig_result *r = test_row(run, "v", 1);

    cr_assert_eq(test_log_ns(run, "v", what, 0) - r->started_ns, S(seconds), "%s at %.3f s", what,
                 (double)(test_log_ns(run, "v", what, 0) - r->started_ns) / 1e9);
}

Test(ovirt, fast_passes_take_one_step_a_poll)
{
    struct test_run run;

    preset_run(&run, "ovirt-minimal-downtime", HOSTS RESTLESS ONE_VM);
    expect_step_at(&run, "downtime limit 150 ms", 20);
    expect_step_at(&run, "downtime limit 200 ms", 30);
    expect_step_at(&run, "downtime limit 300 ms", 40);
    expect_step_at(&run, "downtime limit 400 ms", 50);
    expect_step_at(&run, "downtime limit 500 ms", 60);
    expect_step_at(&run, "aborted", 70);
    cr_assert_eq(test_row(&run, "v", 1)->outcome, OUTCOME_TIMEOUT);
    test_run_release(&run);
}

/* First pass 15 s, each later one 10 s: one new pass in each interval of the monitor. */
Test(ovirt, a_pass_a_poll_makes_the_limit_strict)
{
    struct test_run run;

    preset_run(&run, "ovirt-minimal-downtime",
               HOSTS "[workload restless]\nwrite_rate = 8GB/s\nworking_set = 995MiB\ncpu_need = 0\n"
                     "[calibration]\nguest_fault = 0ns\n"
                     "[ovirt]\nbandwidth = vdsm\nvdsm_bandwidth = 100MiB/s\n"
                     "[vm v]\nhost = a\nmemory = 1500MiB\nvcpus = 4\nworkload = restless\n"
                     "[request r]\nvm = v\ntarget = b\n");
    expect_step_at(&run, "downtime limit 150 ms", 30);
    expect_step_at(&run, "downtime limit 200 ms", 40);
    expect_step_at(&run, "downtime limit 300 ms", 50);
    expect_step_at(&run, "downtime limit 400 ms", 60);
    expect_step_at(&run, "downtime limit 500 ms", 80); /* 6 is not less than 6 at 70 s */
    expect_step_at(&run, "aborted", 90);
    test_run_release(&run);
}

/* Budgets are passes: nothing happens in a first pass, however long it takes. */
Test(ovirt, a_large_guest_gets_more_time)
{
    struct test_run run;
    const struct mig_result *r;

    preset_run(&run, "ovirt-minimal-downtime",
               HOSTS RESTLESS "[ovirt]\nbandwidth = vdsm\nvdsm_bandwidth = 218MiB/s\n"
                              "[vm v]\nhost = a\nmemory = 64GiB\nvcpus = 4\nworkload = restless\n"
                              "[request r]\nvm = v\ntarget = b\n");
    r = test_row(&run, "v", 1);
    cr_assert_gt(test_log_ns(&run, "v", "downtime limit", 0) - r->started_ns, S(300));
    cr_assert_lt(test_log_ns(&run, "v", "downtime limit", 0) - r->started_ns, S(330));
    test_run_release(&run);
}

Test(ovirt, a_stuck_link_is_never_aborted_by_policy)
{
    struct test_run run;

    preset_run(&run, "ovirt-minimal-downtime",
               HOSTS RESTLESS ONE_VM
               "[link l]\nrate = 10Gb/s\n[fault f]\nkind = link_down\ntarget = l\nat = 10500ms\n"
               "duration = 1d\n[ovirt]\nmax_rerun = 1\n[calibration kvm]\ntcp_timeout = 900s\n");
    cr_assert_eq(test_log_count(&run, "v", "downtime limit"), 0);
    cr_assert_eq(test_log_count(&run, "v", "aborted"), 0);
    cr_assert_eq(test_row(&run, "v", 1)->outcome, OUTCOME_FAILED);
    cr_assert_geq(test_row(&run, "v", 1)->ended_ns, S(910));
    test_run_release(&run);
}

Test(ovirt, suspend_ends_with_five_seconds)
{
    struct test_run run;

    preset_run(&run, "ovirt-suspend", HOSTS RESTLESS ONE_VM);
    expect_step_at(&run, "downtime limit 5000 ms", 70);
    cr_assert_eq(test_row(&run, "v", 1)->outcome, OUTCOME_COMPLETED);
    test_run_release(&run);
}

Test(ovirt, post_copy_comes_last_and_is_final)
{
    struct test_run run;
    const struct mig_result *r;

    preset_run(&run, "ovirt-postcopy", HOSTS RESTLESS ONE_VM);
    expect_step_at(&run, "switching to post-copy", 40);
    r = test_row(&run, "v", 1);
    cr_assert_eq(r->outcome, OUTCOME_COMPLETED);
    cr_assert_gt(r->postcopy_ns, 0);
    test_run_release(&run);
    /* a paused guest is refused post-copy: aborted at that poll, and not tried again */
    preset_run(&run, "ovirt-postcopy", HOSTS RESTLESS ONE_VM "[ovirt]\nvms = v paused=on\n");
    expect_step_at(&run, "aborted", 40);
    cr_assert_eq(run.nr_rows, 1);
    test_run_release(&run);
}

Test(ovirt, a_cancel_cannot_stop_post_copy)
{
    struct test_run run;
    /* a guest large enough to be in post-copy for a while: from about 41 s on */
    const char *big = HOSTS "[workload restless]\nwrite_rate = 8GB/s\nworking_set = 5GiB\n"
                            "cpu_need = 0\n[calibration]\nguest_fault = 0ns\n"
                            "[vm v]\nhost = a\nmemory = 6GiB\nvcpus = 4\nworkload = restless\n"
                            "[request r]\nvm = v\ntarget = b\n";
    char text[4096];
    int64_t at;

    preset_run(&run, "ovirt-postcopy", big);
    at = test_log_ns(&run, "v", "switching to post-copy", 0);
    cr_assert_gt(at, 0);
    test_run_release(&run);
    snprintf(text, sizeof(text), "%scancel_at = %lldms\n", big, (long long)(at / NS_PER_MS + 2000));
    preset_run(&run, "ovirt-postcopy", text);
    cr_assert_eq(test_row(&run, "v", 1)->outcome, OUTCOME_COMPLETED);
    test_run_release(&run);
    snprintf(text, sizeof(text), "%scancel_at = %lldms\n", big, (long long)(at / NS_PER_MS - 2000));
    preset_run(&run, "ovirt-postcopy", text);
    cr_assert_eq(test_row(&run, "v", 1)->outcome, OUTCOME_CANCELLED);
    cr_assert_eq(run.nr_rows, 1, "a cancelled migration is not tried again");
    cr_assert_eq(test_log_count(&run, "v", "VM_MIGRATION_ABORT"), 1);
    test_run_release(&run);
}

Test(ovirt, two_leave_a_host_at_once_and_the_rest_wait_in_order)
{
    struct test_run run;

    preset_run(&run, "ovirt-minimal-downtime",
               HOSTS CALM CALM_VMS("v", "a", "6") "[request r]\nvm = v\ntarget = b\n");
    cr_assert_eq(test_most_at_once(&run, "a", NULL), 2);
    for (uint32_t i = 1; i < 6; i++)
        cr_assert_geq(run.rows[i].started_ns, run.rows[i - 1].started_ns);
    for (uint32_t i = 0; i < 6; i++)
        cr_assert_eq(run.rows[i].outcome, OUTCOME_COMPLETED);
    test_run_release(&run);
}

/* Does @r begin a second after an attempt from its source ended, when it got that one's slot? */
static bool took_over(const struct test_run *run, const struct mig_result *r)
{
    for (uint32_t i = 0; i < run->nr_rows; i++)
        if (strcmp(run->rows[i].source, r->source) == 0 &&
            run->rows[i].ended_ns + S(1) == r->started_ns)
            return true;
    return false;
}

/* c takes two at once.  Whoever comes third is refused, and comes again each ten seconds. */
Test(ovirt, a_full_target_refuses_and_is_asked_again_ten_seconds_later)
{
    struct test_run run;
    uint32_t late = 0;

    preset_run(&run, "ovirt-minimal-downtime",
               HOSTS CALM CALM_VMS("v", "a", "4")
                   CALM_VMS("w", "b", "4") "[request r]\nvm = v, w\ntarget = c\n");
    cr_assert_eq(test_most_at_once(&run, NULL, "c"), 2);
    for (uint32_t i = 0; i < run.nr_rows; i++) {
        const struct mig_result *r = &run.rows[i];

        cr_assert_eq(r->outcome, OUTCOME_COMPLETED);
        if (r->started_ns == S(1) || took_over(&run, r))
            continue;
        /* refused at some moment, and there again a multiple of ten seconds later */
        cr_assert_gt(test_log_count(&run, r->vm, "migrateLimit"), 0);
        cr_assert_eq((r->started_ns - S(1) - test_log_ns(&run, r->vm, "migrateLimit", 0)) % S(10),
                     0, "%s started at %.3f s", r->vm, (double)r->started_ns / 1e9);
        late++;
    }
    cr_assert_gt(late, 0);
    test_run_release(&run);
}

Test(ovirt, parallel_migrations_go_one_by_one)
{
    struct test_run run;

    preset_run(&run, "ovirt-minimal-downtime",
               HOSTS CALM CALM_VMS(
                   "v", "a",
                   "4") "[request r]\nvm = v\n[ovirt]\nparallel = custom\ncustom_parallel = 2\n");
    cr_assert_eq(test_most_at_once(&run, "a", NULL), 1);
    cr_assert_eq(test_most_at_once(&run, NULL, "b"), 1);
    test_run_release(&run);
}

/* The last request sets the bound for all of its source. */
Test(ovirt, the_last_request_sets_the_bound)
{
    struct test_run run;

    preset_run(&run, "ovirt-minimal-downtime",
               HOSTS CALM CALM_VMS("v", "a", "4")
                   CALM_VMS("s", "a", "1") "[request first]\nvm = v\ntarget = b\n"
                                           "[request last]\nvm = s\ntarget = c\nat = 2s\n"
                                           "[ovirt]\nvms = s policy=suspend\n");
    /* two were running; from then on one at a time */
    cr_assert_eq(run.rows[0].started_ns, run.rows[1].started_ns);
    cr_assert_geq(run.rows[2].started_ns, run.rows[0].ended_ns);
    cr_assert_geq(run.rows[2].started_ns, run.rows[1].ended_ns);
    for (uint32_t i = 3; i < run.nr_rows; i++)
        cr_assert_geq(run.rows[i].started_ns, run.rows[i - 1].ended_ns);
    test_run_release(&run);
}

Test(ovirt, guest_hooks_hold_the_slot_for_ten_seconds_at_most)
{
    struct test_run run;

    preset_run(&run, "ovirt-minimal-downtime",
               HOSTS CALM CALM_VMS("v", "a", "1") CALM_VMS("w", "b", "1")
                   CALM_VMS("l", "c", "1") "[request r]\nvm = v, w, l\n"
                                           "[ovirt]\nvms = v guest_hook=4s, w guest_hook=25s, l "
                                           "guest_hook=4s policy=legacy\n");
    cr_assert_eq(test_row(&run, "v", 1)->started_ns, S(5));
    cr_assert_eq(test_row(&run, "w", 1)->started_ns, S(11));
    cr_assert_eq(test_row(&run, "l", 1)->started_ns, S(1), "Legacy does not ask the guest");
    test_run_release(&run);
}

Test(ovirt, a_failed_migration_tries_three_hosts)
{
    struct test_run run;

    preset_run(&run, "ovirt-minimal-downtime",
               HOSTS "[host d]\nnic = 10Gb/s\n[host e]\nnic = 10Gb/s\n" RESTLESS
                     "[vm v]\nhost = a\nmemory = 1GiB\nvcpus = 4\nworkload = restless\n"
                     "[request r]\nvm = v\n");
    cr_assert_eq(run.nr_rows, 3);
    for (uint32_t i = 0; i < 3; i++)
        for (uint32_t k = i + 1; k < 3; k++)
            cr_assert_str_neq(run.rows[i].target, run.rows[k].target);
    cr_assert_eq(test_log_count(&run, "v", "VM_MIGRATION_TRYING_RERUN"), 2);
    cr_assert_eq(test_log_count(&run, "v", "VM_MIGRATION_FAILED"), 1);
    test_run_release(&run);
}

Test(ovirt, a_request_for_one_host_is_not_tried_with_others)
{
    struct test_run run;

    preset_run(&run, "ovirt-minimal-downtime", HOSTS RESTLESS ONE_VM);
    cr_assert_eq(run.nr_rows, 1);
    cr_assert_eq(test_log_count(&run, "v", "VM_MIGRATION_TO_SERVER_FAILED"), 1);
    test_run_release(&run);
}

/* Its own bound for each host wins over a smaller one of [cluster]: six run at once, not three. */
Test(ovirt, hosts_may_send_more_than_the_common_limit)
{
    struct test_run run;

    preset_run(
        &run, "ovirt-minimal-downtime",
        "[cluster]\nmax_out = 1\n[host a]\ncount = 3\nnic = 10Gb/s\n" CALM CALM_VMS("u", "a-1", "4")
            CALM_VMS("v", "a-2", "4") CALM_VMS(
                "w", "a-3",
                "4") "[request r]\nvm = u*\ntarget = a-2\n[request s]\nvm = v*\ntarget = a-3\n"
                     "[request t]\nvm = w*\ntarget = a-1\n");
    cr_assert_eq(run.nr_rows, 12);
    for (uint32_t i = 0; i < run.nr_rows; i++)
        cr_assert_eq(run.rows[i].outcome, OUTCOME_COMPLETED);
    test_run_release(&run);
}

Test(ovirt, words_for_vms_are_checked)
{
    static const struct {
        const char *words, *what;
    } cases[] = {{"v policy=gentle", "'gentle'"},
                 {"v polcy=legacy", "a VM has no 'polcy' here"},
                 {"v policy", "should be KEY=VALUE"},
                 {"nobody policy=legacy", "no VM is called 'nobody'"},
                 {"v guest_hook=3", "unit"}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[4096], message[2048];
        struct diag diag = {0};
        struct scenario sc;

        snprintf(text, sizeof(text), "preset = ovirt-legacy\n%s%s%s[ovirt]\nvms = %s\n", HOSTS,
                 RESTLESS, ONE_VM, cases[i].words);
        cr_assert_eq(scenario_load_text(&sc, "t.ini", text, NULL, 0, &diag), ST_EINPUT);
        diag_format(&diag, message, sizeof(message));
        cr_assert(strstr(message, cases[i].what), "%s", message);
        cr_assert(strstr(message, "[ovirt] vms"), "%s", message);
    }
}

Test(ovirt, a_policy_needs_its_cluster_version)
{
    struct diag diag = {0};
    struct scenario sc;

    cr_assert_eq(scenario_load_text(&sc, "t.ini",
                                    "preset = ovirt-very-large\n" HOSTS RESTLESS ONE_VM
                                    "[ovirt]\nversion = 4.6\n",
                                    NULL, 0, &diag),
                 ST_EINPUT);
    cr_assert(strstr(diag.what, "4.7"), "%s", diag.what);
}
