/*
 * test_ovirt_engine.c - what oVirt's engine does beside single migrations: balancing, affinity,
 * maintenance, dead hosts; and the shipped scenarios.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "support_ovirt.h"

/* Four hosts' worth of load on one: a VM a minute leaves it, once it has been too busy for two
 * minutes, until it is below 75 %; a host with one on its way is left alone meanwhile. */
Test(ovirt_engine, one_vm_a_minute_evens_out_the_load)
{
    struct test_run run;

    preset_run(&run, "ovirt-minimal-downtime",
               "[host a]\nnic = 10Gb/s\ncpus = 16\n[host b]\nnic = 10Gb/s\ncpus = 16\n"
               "[host c]\nnic = 10Gb/s\ncpus = 16\n" CALM
               "[vm v]\ncount = 10\nhost = a\nmemory = 4GiB\nvcpus = 2\nworkload = calm\n"
               "[ovirt]\nengine_phase = 0s\nbalance = evenly_distributed\nvm_cpu = 75%\n");
    /* 10 x 1.5 of 16 CPUs = 94 %; 8 of them are exactly 75 %, 7 are below */
    cr_assert_eq(run.nr_rows, 3);
    cr_assert_eq(run.rows[0].queued_ns, S(120));
    for (uint32_t i = 0; i < 3; i++) {
        cr_assert_eq(run.rows[i].outcome, OUTCOME_COMPLETED);
        cr_assert_eq(run.rows[i].queued_ns % S(60), 0);
        cr_assert(i == 0 || run.rows[i].queued_ns > run.rows[i - 1].queued_ns);
        cr_assert_str_neq(run.rows[i].target, "a");
    }
    test_run_release(&run);
}

Test(ovirt_engine, even_guests_move_from_ten_on)
{
    struct test_run run;

    preset_run(&run, "ovirt-minimal-downtime",
               HOSTS CALM "[vm v]\ncount = 11\nhost = a\nmemory = 4GiB\nvcpus = 2\n"
                          "workload = calm\n[ovirt]\nbalance = vm_evenly_distributed\n");
    cr_assert_eq(run.nr_rows, 2, "11 and 10 are looked at, 9 are not: %u moved", run.nr_rows);
    test_run_release(&run);
}

/* Nobody knows where in its minute the engine is: each replication draws it. */
Test(ovirt_engine, the_engines_minute_begins_at_a_moment_of_its_own)
{
    struct test_run run;
    int64_t first;

    preset_run(&run, "ovirt-minimal-downtime",
               HOSTS CALM "[vm v]\ncount = 11\nhost = a\nmemory = 4GiB\nvcpus = 2\n"
                          "workload = calm\n[ovirt]\nbalance = vm_evenly_distributed\n");
    first = run.rows[0].queued_ns;
    cr_assert_lt(first, S(60));
    cr_assert_eq((run.rows[1].queued_ns - first) % S(60), 0);
    sim_run(run.sim, 1);
    run.rows = sim_results(run.sim, &run.nr_rows);
    cr_assert_neq(run.rows[0].queued_ns, first);
    test_run_release(&run);
}

Test(ovirt_engine, broken_affinity_is_mended_one_vm_a_minute)
{
    struct test_run run;

    preset_run(
        &run, "ovirt-minimal-downtime",
        HOSTS CALM CALM_VMS(
            "v", "a", "3") "[affinity g]\nvm = v\nkind = apart\n[ovirt]\nengine_phase = 0s\n");
    cr_assert_eq(run.nr_rows, 2);
    cr_assert_eq(run.rows[0].queued_ns, S(60));
    cr_assert_eq(run.rows[1].queued_ns, S(120));
    cr_assert_str_neq(run.rows[0].target, run.rows[1].target);
    test_run_release(&run);
}

/* The cards go when the engine asks, so the third guest is without them while it waits as well. */
Test(ovirt_engine, a_passed_through_card_is_away_from_request_to_target)
{
    struct test_run run;

    preset_run(&run, "ovirt-minimal-downtime",
               "[host a]\nnic = 10Gb/s\nsriov = 8\n[host b]\nnic = 10Gb/s\nsriov = 8\n" CALM
               "[vm v]\ncount = 3\nhost = a\nmemory = 4GiB\nvcpus = 2\nworkload = calm\nsriov = 1\n"
               "[vm f]\nhost = a\nmemory = 4GiB\nvcpus = 2\nworkload = calm\nsriov = 1\n"
               "sriov_failover = on\n[request r]\nvm = v, f\n");
    for (uint32_t i = 0; i < 3; i++)
        cr_assert_eq(run.rows[i].network_outage_ns, run.rows[i].ended_ns + S(1));
    cr_assert_gt(run.rows[2].network_outage_ns, 2 * run.rows[0].network_outage_ns - S(3));
    cr_assert_eq(test_row(&run, "f", 1)->network_outage_ns, -1,
                 "its other card carries the traffic");
    cr_assert_eq(test_log_count(&run, NULL, "passthrough NICs plugged in"), 4);
    test_run_release(&run);
}

Test(ovirt_engine, a_failed_migration_leaves_the_cards_unplugged)
{
    struct test_run run;

    preset_run(&run, "ovirt-minimal-downtime",
               "[host a]\nnic = 10Gb/s\nsriov = 8\n[host b]\nnic = 10Gb/s\nsriov = 8\n" RESTLESS
               "[vm v]\nhost = a\nmemory = 1GiB\nvcpus = 4\nworkload = restless\nsriov = 1\n"
               "[request r]\nvm = v\ntarget = b\n");
    cr_assert_eq(test_row(&run, "v", 1)->network_outage_ns, test_row(&run, "v", 1)->ended_ns);
    cr_assert_eq(test_log_count(&run, "v", "passthrough NICs stay unplugged"), 1);
    test_run_release(&run);
}

/* ---- maintenance ---- */

#define DRAIN "[operation m]\nkind = drain\nhosts = a\n"

/* All are asked for at once, by priority; two leave at a time. */
Test(ovirt_engine, maintenance_goes_by_priority)
{
    struct test_run run;

    preset_run(&run, "ovirt-minimal-downtime",
               HOSTS CALM "[vm low]\ncount = 2\nhost = a\nmemory = 4GiB\nworkload = calm\n"
                          "vcpus = 2\npriority = 1\n"
                          "[vm high]\ncount = 2\nhost = a\nmemory = 4GiB\nworkload = calm\n"
                          "vcpus = 2\npriority = 100\n" DRAIN);
    cr_assert_eq(test_most_at_once(&run, "a", NULL), 2);
    for (uint32_t i = 0; i < run.nr_rows; i++) {
        cr_assert_eq(run.rows[i].outcome, OUTCOME_COMPLETED);
        cr_assert_eq(run.rows[i].queued_ns, 0);
    }
    cr_assert_eq(test_row(&run, "high-1", 1)->started_ns, S(1));
    cr_assert_eq(test_row(&run, "high-2", 1)->started_ns, S(1));
    cr_assert_geq(test_row(&run, "low-1", 1)->started_ns, test_row(&run, "high-1", 1)->ended_ns);
    test_run_release(&run);
}

/* A guest that does not converge keeps its host in maintenance: once each five minutes, one host.
 */
Test(ovirt_engine, maintenance_is_tried_again_each_five_minutes)
{
    struct test_run run;

    preset_run(&run, "ovirt-minimal-downtime",
               HOSTS RESTLESS
               "[vm v]\nhost = a\nmemory = 1GiB\nvcpus = 4\nworkload = restless\n" DRAIN);
    cr_assert_gt(run.nr_rows, 100);
    for (uint32_t i = 1; i < 10; i++) {
        cr_assert_eq(run.rows[i].attempt, 1, "no other host is tried");
        cr_assert_eq(run.rows[i].queued_ns, run.rows[i - 1].ended_ns + S(300));
    }
    cr_assert_eq(test_log_count(&run, "v", "VM_MIGRATION_TRYING_RERUN"), 0);
    test_run_release(&run);
}

Test(ovirt_engine, a_pinned_vm_keeps_the_whole_host)
{
    struct test_run run;

    preset_run(&run, "ovirt-minimal-downtime",
               HOSTS CALM CALM_VMS("v", "a", "2") "[vm pinned]\nhost = a\nmemory = 4GiB\nvcpus = "
                                                  "2\nworkload = calm\nmigratable = no\n" DRAIN);
    for (uint32_t i = 0; i < run.nr_rows; i++) {
        cr_assert_eq(run.rows[i].outcome, OUTCOME_REJECTED);
        cr_assert(strstr(run.rows[i].reason, "pinned"), "%s", run.rows[i].reason);
    }
    test_run_release(&run);
}

Test(ovirt_engine, manual_vms_move_for_a_person_and_not_for_the_balancer)
{
    struct test_run run;

    preset_run(&run, "ovirt-minimal-downtime",
               HOSTS CALM "[vm v]\ncount = 11\nhost = a\nmemory = 4GiB\nvcpus = 2\n"
                          "workload = calm\nmigratable = manual\n"
                          "[ovirt]\nbalance = vm_evenly_distributed\n");
    cr_assert_eq(run.nr_rows, 0);
    test_run_release(&run);
    preset_run(&run, "ovirt-minimal-downtime",
               HOSTS CALM "[vm v]\nhost = a\nmemory = 4GiB\nvcpus = 2\nworkload = calm\n"
                          "migratable = manual\n" DRAIN);
    cr_assert_eq(test_row(&run, "v", 1)->outcome, OUTCOME_COMPLETED);
    test_run_release(&run);
}

/* b is the emptier target; it goes into maintenance while the guest is on its way there. */
Test(ovirt_engine, maintenance_sends_arriving_guests_elsewhere)
{
    struct test_run run;

    preset_run(&run, "ovirt-minimal-downtime",
               "[host a]\nnic = 10Gb/s\nmemory = 128GiB\n[host b]\nnic = 10Gb/s\nmemory = 256GiB\n"
               "[host c]\nnic = 10Gb/s\nmemory = 128GiB\n" CALM
               "[vm v]\nhost = a\nmemory = 64GiB\nvcpus = 2\nworkload = calm\n"
               "[request r]\nvm = v\n[operation o]\nhosts = b\nat = 20s\n");
    cr_assert_eq(run.nr_rows, 2);
    cr_assert_str_eq(run.rows[0].target, "b");
    cr_assert_eq(run.rows[0].outcome, OUTCOME_CANCELLED);
    cr_assert_eq(test_log_count(&run, "v", "VM_MIGRATION_TRYING_RERUN"), 1);
    cr_assert_str_eq(run.rows[1].target, "c");
    cr_assert_eq(run.rows[1].outcome, OUTCOME_COMPLETED);
    test_run_release(&run);
    /* of three, two are on their way and one waits */
    preset_run(&run, "ovirt-minimal-downtime",
               "[host a]\nnic = 10Gb/s\nmemory = 128GiB\n[host b]\nnic = 10Gb/s\nmemory = 512GiB\n"
               "[host c]\nnic = 10Gb/s\nmemory = 128GiB\n" CALM
               "[vm v]\ncount = 3\nhost = a\nmemory = 32GiB\nvcpus = 2\nworkload = calm\n"
               "[request r]\nvm = v\n[operation o]\nhosts = b\nat = 20s\n");
    cr_assert_eq(run.nr_rows, 5);
    cr_assert_str_eq(test_row(&run, "v-3", 1)->target, "c");
    for (uint32_t i = 0; i < run.nr_rows; i++)
        cr_assert_eq(run.rows[i].outcome == OUTCOME_COMPLETED,
                     strcmp(run.rows[i].target, "c") == 0);
    test_run_release(&run);
}

/* The engine hears of those, too, who never got a slot. */
Test(ovirt_engine, who_finds_no_host_is_told_apart_from_who_may_not_move)
{
    struct test_run run;

    preset_run(
        &run, "ovirt-minimal-downtime",
        "[host a]\nnic = 10Gb/s\nmemory = 128GiB\n[host b]\nnic = 10Gb/s\nmemory = 8GiB\n" CALM
        "[vm large]\nhost = a\nmemory = 64GiB\nvcpus = 2\nworkload = calm\n"
        "[vm pinned]\nhost = a\nmemory = 1GiB\nvcpus = 2\nworkload = calm\nmigratable = no\n"
        "[request r]\nvm = large, pinned\n");
    cr_assert_eq(test_row(&run, "large", 1)->outcome, OUTCOME_REJECTED);
    cr_assert_eq(test_row(&run, "pinned", 1)->outcome, OUTCOME_REJECTED);
    cr_assert_eq(test_log_count(&run, "large", "VM_MIGRATION_NO_VDS_TO_MIGRATE_TO"), 1);
    cr_assert_eq(test_log_count(&run, "pinned", "VM_MIGRATION_NO_VDS_TO_MIGRATE_TO"), 0);
    test_run_release(&run);
}

/* ---- a dead host ---- */

/* 30 s of heartbeat, 60 s and half a second a guest of grace, 20 s to fence; then by priority. */
Test(ovirt_engine, guests_of_a_dead_host_start_after_it_was_fenced)
{
    struct test_run run;

    preset_run(
        &run, "ovirt-minimal-downtime",
        HOSTS CALM CALM_VMS(
            "v", "a",
            "3") "[vm cattle]\nhost = a\nmemory = 4GiB\nvcpus = 2\nworkload = calm\nha = off\n"
                 "[fault f]\nkind = host_down\ntarget = a\nat = 100s\n");
    cr_assert_eq(run.nr_rows, 3);
    for (uint32_t i = 0; i < 3; i++) {
        cr_assert_eq(run.rows[i].queued_ns, S(100 + 30 + 60 + 2 + 20));
        cr_assert_eq(run.rows[i].outcome, OUTCOME_COMPLETED);
        cr_assert_str_eq(run.rows[i].kind, "rescue");
    }
    test_run_release(&run);
    preset_run(
        &run, "ovirt-minimal-downtime",
        HOSTS CALM CALM_VMS("v", "a", "3") "[fault f]\nkind = host_down\ntarget = a\nat = 100s\n"
                                           "[ovirt]\npower_management = off\n");
    cr_assert_eq(run.nr_rows, 0, "nothing starts before somebody knows that the host is down");
    cr_assert_eq(test_log_count(&run, NULL, "VDS_ALERT_FENCE_IS_NOT_CONFIGURED"), 1);
    test_run_release(&run);
}

/* The big one finds no host; the small one of lower priority waits ten minutes for it. */
Test(ovirt_engine, low_priority_waits_ten_minutes_for_high)
{
    struct test_run run;
    const struct mig_result *low;

    preset_run(
        &run, "ovirt-minimal-downtime",
        "[host a]\nnic = 10Gb/s\nmemory = 64GiB\n[host b]\nnic = 10Gb/s\nmemory = 16GiB\n" CALM
        "[vm high]\nhost = a\nmemory = 32GiB\nvcpus = 2\nworkload = calm\npriority = 100\n"
        "[vm low]\nhost = a\nmemory = 4GiB\nvcpus = 2\nworkload = calm\npriority = 1\n"
        "[fault f]\nkind = host_down\ntarget = a\nat = 100s\n");
    low = test_row(&run, "low", 1);
    /* fenced at 211 s; tries each 30 s ten times, then each half hour: the next is the first after
     * ten minutes */
    cr_assert_eq(low->queued_ns, S(211 + 9 * 30 + 1800));
    cr_assert_eq(low->outcome, OUTCOME_COMPLETED);
    cr_assert_geq(test_log_count(&run, NULL, "HA_VM_RESTART_FAILED"), 11);
    cr_assert_eq(test_log_count(&run, NULL, "EXCEEDED_MAXIMUM_NUM_OF_RESTART_HA_VM_ATTEMPTS"), 1);
    test_run_release(&run);
}

/* ---- shipped scenarios: what their heads promise ---- */

static void expect_at(const struct test_run *run, const char *vm, const char *what, double seconds)
{
    cr_assert_eq(test_log_ns(run, vm, what, 0) - test_row(run, vm, 1)->started_ns, S(seconds),
                 "%s: %s", vm, what);
}

Test(ovirt_engine, shipped_schedules_are_those_of_the_policies)
{
    struct test_run run;

    test_run_shipped(&run, "ovirt-schedules.ini");
    expect_at(&run, "minimal", "downtime limit 150 ms", 20);
    expect_at(&run, "minimal", "downtime limit 500 ms", 60);
    expect_at(&run, "minimal", "aborted", 70);
    expect_at(&run, "suspend", "downtime limit 5000 ms", 70);
    cr_assert_eq(test_row(&run, "suspend", 1)->outcome, OUTCOME_COMPLETED);
    cr_assert_float_eq((double)test_row(&run, "suspend", 1)->downtime_ns / 1e9, 0.7, 0.1);
    expect_at(&run, "postcopy", "downtime limit 200 ms", 30);
    expect_at(&run, "postcopy", "switching to post-copy", 40);
    cr_assert_eq(test_row(&run, "postcopy", 1)->outcome, OUTCOME_COMPLETED);
    expect_at(&run, "large", "downtime limit 400 ms", 20);
    expect_at(&run, "large", "downtime limit 1500 ms", 60);
    cr_assert_eq(test_row(&run, "large", 1)->outcome, OUTCOME_COMPLETED);
    expect_at(&run, "legacy", "aborted", 70);
    cr_assert_eq(test_row(&run, "legacy", 1)->max_throttle_pct, 0);
    cr_assert_eq(run.nr_rows, 5);
    test_run_release(&run);
}

Test(ovirt_engine, shipped_faster_link_aborts_where_the_slower_one_completes)
{
    struct test_run run;
    const struct mig_result *slow, *fast;

    test_run_shipped(&run, "ovirt-faster-link.ini");
    slow = test_row(&run, "slow", 1);
    fast = test_row(&run, "fast", 1);
    cr_assert_eq(slow->outcome, OUTCOME_COMPLETED);
    cr_assert_float_eq((double)slow->total_ns / 1e9, 330, 15);
    cr_assert_eq(fast->outcome, OUTCOME_TIMEOUT);
    cr_assert_float_eq((double)fast->total_ns / 1e9, 70, 0.2);
    /* half of 25 Gb/s, though nobody else uses it: 1562 MiB/s, short of it by the first seconds */
    cr_assert_float_eq((double)fast->transferred_bytes / 70.0 / 1048576.0, 1562.0, 470.0);
    cr_assert_lt((double)fast->transferred_bytes / 70.0, 25e9 / 8 / 2 * 1.05);
    cr_assert_eq(run.nr_rows, 2);
    test_run_release(&run);
}

Test(ovirt_engine, shipped_full_target_takes_two_at_a_time)
{
    struct test_run run;
    double bytes = 0.0;
    int64_t end = 0;

    test_run_shipped(&run, "ovirt-full-target.ini");
    cr_assert_eq(test_most_at_once(&run, NULL, "new"), 2);
    for (uint32_t i = 0; i < run.nr_rows; i++) {
        cr_assert_eq(run.rows[i].outcome, OUTCOME_COMPLETED);
        bytes += (double)run.rows[i].transferred_bytes;
        end = run.rows[i].ended_ns > end ? run.rows[i].ended_ns : end;
    }
    /* 10 Gb/s of Ethernet are 1177 MB/s of payload */
    cr_assert_float_eq((double)end / 1e9 / (bytes / 1177e6), 1.42, 0.1);
    test_run_release(&run);
}

Test(ovirt_engine, shipped_rolling_maintenance_ends_after_34_minutes)
{
    struct test_run run;
    int64_t end = 0;

    test_run_shipped(&run, "ovirt-rolling-maintenance.ini");
    cr_assert_eq(run.nr_rows, 19);
    for (uint32_t i = 0; i < run.nr_rows; i++) {
        cr_assert_eq(run.rows[i].outcome, OUTCOME_COMPLETED);
        end = run.rows[i].ended_ns > end ? run.rows[i].ended_ns : end;
    }
    cr_assert_float_eq((double)end / 60e9, 34, 1);
    cr_assert_float_eq((double)test_log_ns(&run, NULL, "back after reboot", 3) / 60e9, 44, 1);
    cr_assert_gt(test_row(&run, "ledger", 1)->postcopy_ns, 0);
    cr_assert_eq(test_most_at_once(&run, "rhv-1", NULL), 2);
    test_run_release(&run);
}

Test(ovirt_engine, shipped_host_loss_is_over_when_its_head_says)
{
    struct test_run run;

    test_run_shipped(&run, "ovirt-host-loss.ini");
    cr_assert_eq(run.nr_rows, 3, "the guest without high availability stays down");
    cr_assert_eq(test_row(&run, "db", 1)->queued_ns, S(600 + 112));
    cr_assert_eq(test_row(&run, "web-1", 1)->queued_ns, S(600 + 112));
    cr_assert_geq(test_row(&run, "web-2", 1)->queued_ns, S(600 + 3600));
    cr_assert_lt(test_row(&run, "web-2", 1)->queued_ns, S(600 + 3600 + 1800));
    for (uint32_t i = 0; i < 3; i++)
        cr_assert_eq(run.rows[i].outcome, OUTCOME_COMPLETED);
    test_run_release(&run);
}
