/*
 * test_libvirt.c - a script of virsh: order, k at a time, ports, time-outs, giving up, the static
 * way.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "support_run.h"
#include "support_scenario.h"

static const char hosts[] = "[host a]\nnic = 1Gb/s\n[host b]\nnic = 10Gb/s\n"
                            "[workload hog]\nwrite_rate = 400MB/s\nworking_set = 2GiB\n";

static void run_script(struct test_run *run, const char *head, const char *more)
{
    char text[4096];

    snprintf(text, sizeof(text), "[scenario]\nhorizon = 6h\npreset = virsh-script\n%s%s%s", head,
             hosts, more);
    test_run_text(run, text);
}

Test(libvirt, a_loop_moves_one_after_another_in_the_order_of_its_list)
{
    struct test_run run;

    run_script(&run, "",
               "[vm v]\ncount = 5\nhost = a\nmemory = 1GiB\n"
               "[request r]\nvm = v-3, v-1, v-5, v-2, v-4\ntarget = b\n");
    cr_assert_eq(test_most_at_once(&run, NULL, NULL), 1);
    cr_assert_lt(test_row(&run, "v-3", 1)->started_ns, test_row(&run, "v-1", 1)->started_ns);
    cr_assert_lt(test_row(&run, "v-1", 1)->started_ns, test_row(&run, "v-5", 1)->started_ns);
    cr_assert_lt(test_row(&run, "v-2", 1)->started_ns, test_row(&run, "v-4", 1)->started_ns);
    test_run_release(&run);
}

Test(libvirt, k_in_parallel_are_never_more_than_k)
{
    static const struct {
        const char *head;
        uint32_t all, source;
    } cases[] = {
        {"[libvirt]\nparallel = 3\n", 3, 2},
        {"[libvirt]\nparallel = 3\nscript = source\n", 6, 3},
        {"[libvirt]\nparallel = unlimited\n", 16, 8},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct test_run run;

        run_script(&run, cases[i].head,
                   "[host c]\nnic = 1Gb/s\n[vm v]\ncount = 16\nhost = a, c\nmemory = 1GiB\n"
                   "[request r]\nvm = v\ntarget = b\n");
        cr_expect_eq(test_most_at_once(&run, NULL, NULL), cases[i].all, "%s", cases[i].head);
        cr_expect_eq(test_most_at_once(&run, "a", NULL), cases[i].source, "%s", cases[i].head);
        test_run_release(&run);
    }
}

Test(libvirt, a_target_has_ports_for_so_many)
{
    struct test_run run;

    run_script(&run, "[libvirt]\nparallel = unlimited\n",
               "[vm v]\ncount = 100\nhost = a\nmemory = 64MiB\n[request r]\nvm = v\ntarget = b\n");
    cr_assert_eq(test_most_at_once(&run, NULL, "b"), 64);
    test_run_release(&run);
}

Test(libvirt, without_a_timeout_one_guest_blocks_the_script_for_ever)
{
    struct test_run run;

    run_script(&run, "",
               "[vm v]\nhost = a\nmemory = 8GiB\nworkload = hog\n[vm w]\nhost = a\nmemory = 1GiB\n"
               "[request r]\nvm = v, w\ntarget = b\n");
    cr_assert_eq(test_row(&run, "v", 1)->outcome, OUTCOME_QUEUED);
    cr_assert_gt(test_row(&run, "v", 1)->rounds, 100);
    cr_assert_eq(test_row(&run, "w", 1)->outcome, OUTCOME_QUEUED);
    cr_assert_eq(test_row(&run, "w", 1)->started_ns, -1);
    test_run_release(&run);
}

Test(libvirt, timeout_acts_at_virshs_next_look)
{
    static const struct {
        const char *timeout, *action;
        double at_s;
    } cases[] = {
        {"120s", "suspend", 120.5},
        {"120.2s", "suspend", 121.0},
        {"120s", "postcopy", 120.5},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct test_run run;
        const struct mig_result *r;
        char head[256];

        snprintf(head, sizeof(head),
                 "[libvirt]\ntimeout = %s\ntimeout_action = %s\n[migration]\npostcopy = on\n",
                 cases[i].timeout, cases[i].action);
        run_script(&run, head,
                   "[vm v]\nhost = a\nmemory = 8GiB\nworkload = hog\n"
                   "[request r]\nvm = v\ntarget = b\n");
        r = &run.rows[0];
        cr_expect_eq(r->outcome, OUTCOME_COMPLETED);
        cr_expect_eq(test_log_ns(&run, "v", "virsh: time-out", 0),
                     (int64_t)(cases[i].at_s * 1e9 + 0.5), "%s", cases[i].timeout);
        if (strcmp(cases[i].action, "suspend") == 0)
            cr_expect_gt(r->blackout_ns, r->ended_ns - (int64_t)(cases[i].at_s * 1e9) - NS_PER_S,
                         "paused from then on");
        else
            cr_expect_gt(r->postcopy_ns, 0);
        test_run_release(&run);
    }
}

Test(libvirt, timeout_counts_the_disks_too)
{
    struct test_run run;

    run_script(&run, "[libvirt]\ntimeout = 60s\n",
               "[vm v]\nhost = a\nmemory = 1GiB\n"
               "[disk d]\nvm = v\nsize = 100GiB\nwrite_rate = 150MB/s\nworking_set = 10GiB\n"
               "[request r]\nvm = v\ntarget = b\n");
    cr_assert_eq(test_log_ns(&run, "v", "virsh: time-out", 0), 60500 * NS_PER_MS);
    cr_assert_eq(run.rows[0].outcome, OUTCOME_COMPLETED,
                 "the guest stands still, so its disk becomes ready");
    cr_assert_gt(run.rows[0].disk_ns, 600 * NS_PER_S);
    cr_assert_gt(run.rows[0].blackout_ns, 600 * NS_PER_S);
    test_run_release(&run);
}

Test(libvirt, what_is_given_up_goes_the_static_way)
{
    struct test_run run;

    run_script(&run, "[libvirt]\ngive_up = 5min\nstatic_fallback = on\n",
               "[vm v]\nhost = a\nmemory = 8GiB\nworkload = hog\nshutdown = 10s\nboot = 30s\n"
               "[vm w]\nhost = a\nmemory = 1GiB\n"
               "[request r]\nvm = v, w\ntarget = b\n");
    cr_assert_eq(test_row(&run, "v", 1)->outcome, OUTCOME_TIMEOUT);
    cr_assert_eq(strcmp(test_row(&run, "v", 1)->kind, "live"), 0);
    cr_assert_eq(test_row(&run, "v", 2)->outcome, OUTCOME_COMPLETED);
    cr_assert_eq(strcmp(test_row(&run, "v", 2)->kind, "cold"), 0);
    cr_assert_eq(test_row(&run, "v", 2)->blackout_ns, 40 * NS_PER_S);
    cr_assert_eq(test_row(&run, "w", 1)->outcome, OUTCOME_COMPLETED, "and the loop goes on");
    test_run_release(&run);
}

Test(libvirt, an_old_downtime_limit_keeps_guests_that_todays_lets_go)
{
    static const struct {
        const char *preset;
        bool completes;
    } cases[] = {{"libvirt-30ms", false}, {"virsh-script", true}};

    for (size_t i = 0; i < 2; i++) {
        struct test_run run;
        char text[1024];

        /* some 12 MB are dirty at each sync: 100 ms of this link */
        snprintf(text, sizeof(text),
                 "[scenario]\nhorizon = 1h\npreset = %s\n[host a]\nnic = 1Gb/s\n[host b]\n"
                 "[workload w]\nwrite_rate = 2GB/s\nworking_set = 12MiB\n"
                 "[vm v]\nhost = a\nmemory = 2GiB\nworkload = w\n[request r]\nvm = v\ntarget = b\n",
                 cases[i].preset);
        test_run_text(&run, text);
        cr_expect_eq(run.rows[0].outcome == OUTCOME_COMPLETED, cases[i].completes, "%s",
                     cases[i].preset);
        test_run_release(&run);
    }
}

Test(libvirt, timeout_to_postcopy_needs_the_capability)
{
    expect_refused(
        "[scenario]\npreset = virsh-script\n[libvirt]\ntimeout = 60s\n"
        "timeout_action = postcopy\n[host a]\n[host b]\n[vm v]\nhost = a\nmemory = 1GiB\n"
        "[request r]\nvm = v\ntarget = b\n",
        "[libvirt] timeout_action: postcopy, but [migration] has no postcopy = on");
}

Test(libvirt, shipped_script_ends_as_its_head_says)
{
    struct test_run run;

    test_run_shipped(&run, "virsh-script.ini");
    cr_assert_eq(test_row(&run, "web-1", 1)->outcome, OUTCOME_COMPLETED);
    cr_assert_eq(test_row(&run, "web-2", 1)->outcome, OUTCOME_COMPLETED);
    cr_assert_eq(test_row(&run, "database-1", 1)->outcome, OUTCOME_QUEUED);
    cr_assert_eq(test_row(&run, "database-1", 1)->binding, BINDING_DIRTY_RATE);
    cr_assert_eq(test_row(&run, "batch-1", 1)->started_ns, -1);
    cr_assert_eq(test_row(&run, "batch-2", 1)->started_ns, -1);
    test_run_release(&run);
}

Test(libvirt, shipped_storage_migration_ends_as_its_head_says)
{
    struct test_run run;

    test_run_shipped(&run, "storage-migration.ini");
    cr_assert_eq(test_row(&run, "files-1", 1)->outcome, OUTCOME_COMPLETED);
    cr_assert(test_row(&run, "files-1", 1)->disk_ns > 440 * NS_PER_S &&
              test_row(&run, "files-1", 1)->disk_ns < 480 * NS_PER_S);
    cr_assert_eq(test_row(&run, "sync-1", 1)->outcome, OUTCOME_COMPLETED);
    cr_assert_not_null(strstr(test_row(&run, "busy-1", 1)->reason, "never ready"));
    cr_assert_eq(test_row(&run, "busy-1", 1)->rounds, 0);
    test_run_release(&run);
}

Test(libvirt, shipped_ways_of_moving_cost_what_the_head_says)
{
    struct test_run run;

    test_run_shipped(&run, "cold-vs-live.ini");
    cr_assert_lt(test_row(&run, "live", 1)->blackout_ns, NS_PER_S);
    cr_assert_eq(test_row(&run, "cold-shared", 1)->blackout_ns, 40 * NS_PER_S);
    cr_assert_gt(test_row(&run, "cold", 1)->blackout_ns, 120 * NS_PER_S);
    cr_assert_gt(test_row(&run, "suspended", 1)->blackout_ns,
                 test_row(&run, "cold", 1)->blackout_ns);
    test_run_release(&run);
}
