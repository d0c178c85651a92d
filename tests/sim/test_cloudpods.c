/*
 * test_cloudpods.c - the agent's freeze and quickly-finish, the region's rescue, and what versions
 * differ in.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "support_run.h"
#include "support_scenario.h"

#define S 1e-9
#define FROZEN "time-out: guest stopped"

static void run_move(struct test_run *run, const char *preset, const char *head, const char *memory,
                     const char *workload)
{
    char text[4096];

    snprintf(text, sizeof(text),
             "[scenario]\nhorizon = 6h\npreset = cloudpods-%s\n[cluster]\nstart_delay = 0s\n%s"
             "[host a]\nnic = 1Gb/s\n[host b]\nnic = 10Gb/s\n[workload w]\n%s"
             "[vm v]\nhost = a\nmemory = %s\nvcpus = 64\nworkload = w\n"
             "[request r]\nvm = v\ntarget = b\n",
             preset, head, workload, memory);
    test_run_text(run, text);
}

static const char hog[] = "write_rate = 2GB/s\nworking_set = 2GiB\ncpu_need = 1%\n";

/* At the first look, each 5 s, that is not before max(30 s, MiB / 32 whole seconds). */
Test(cloudpods, freezes_at_its_look_after_max_30_s_or_a_second_for_32_mib)
{
    static const struct {
        const char *memory;
        int64_t at_s;
    } cases[] = {{"8GiB", 260}, {"9GiB", 290}, {"16GiB", 515}, {"6000MiB", 190}, {"32GiB", 1025}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct test_run run;

        /* a limit, so that memory does not pass before */
        run_move(&run, "4.0.2", "[migration]\nmax_bandwidth = 20MB/s\n", cases[i].memory, hog);
        cr_expect_eq(test_log_ns(&run, "v", FROZEN, 0), cases[i].at_s * NS_PER_S, "%s: %g s",
                     cases[i].memory, (double)test_log_ns(&run, "v", FROZEN, 0) * S);
        cr_expect_eq(run.rows[0].outcome, OUTCOME_COMPLETED, "paused, not aborted");
        cr_expect_geq(run.rows[0].blackout_ns, run.rows[0].ended_ns - cases[i].at_s * NS_PER_S,
                      "no vCPU runs from then to the end");
        test_run_release(&run);
    }
}

Test(cloudpods, a_small_guest_has_30_seconds)
{
    struct test_run run;

    run_move(&run, "4.0.2", "[migration]\nmax_bandwidth = 10MB/s\n", "512MiB", "kind = idle\n");
    cr_assert_eq(test_log_ns(&run, "v", FROZEN, 0), 30 * NS_PER_S);
    test_run_release(&run);
}

Test(cloudpods, releases_differ_in_freeze_and_throttle)
{
    static const struct {
        const char *preset;
        bool freezes;
        uint32_t initial_pct;
    } cases[] = {{"3.9", true, 20}, {"3.10", false, 20}, {"4.0.2", true, 60}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct test_run run;
        uint32_t first = 0;

        run_move(&run, cases[i].preset, "", "8GiB", hog);
        cr_expect_eq(test_log_count(&run, "v", FROZEN), cases[i].freezes, "%s", cases[i].preset);
        for (uint32_t r = 0; r < run.nr_rounds && first == 0; r++)
            first = run.rounds[r].throttle_pct;
        cr_expect_eq(first, cases[i].initial_pct, "%s: %u %%", cases[i].preset, first);
        test_run_release(&run);
    }
}

Test(cloudpods, who_ends_before_is_not_frozen)
{
    struct test_run run;

    run_move(&run, "4.0.2", "", "8GiB", "write_rate = 5MB/s\nworking_set = 64MiB\n");
    cr_assert_eq(test_log_count(&run, "v", FROZEN), 0);
    cr_assert_lt(run.rows[0].blackout_ns, NS_PER_S);
    cr_assert_null(run.rows[0].reason);
    test_run_release(&run);
}

/* Acts at 99 % only, two rounds after it first saw that the estimate is above the limit. */
Test(cloudpods, quickly_finish_takes_qemus_estimate_two_rounds_after_full_throttle)
{
    struct test_run slow, quick;
    uint32_t full = 0;
    int64_t raised;

    run_move(&slow, "3.10", "", "8GiB", hog);
    run_move(&quick, "3.10", "[cloudpods]\nquickly_finish = on\n", "8GiB", hog);
    cr_assert_eq(slow.rows[0].outcome, OUTCOME_QUEUED, "it would never end");
    cr_assert_eq(quick.rows[0].outcome, OUTCOME_COMPLETED);
    cr_assert_eq(quick.rows[0].max_throttle_pct, 99);
    raised = test_log_ns(&quick, "v", "quickly-finish", 0);
    cr_assert_gt(raised, 0);
    cr_assert_eq(raised % (5 * NS_PER_S), 0, "at a look of the agent");
    for (uint32_t r = 0; r < quick.nr_rounds; r++)
        full += quick.rounds[r].throttle_pct == 99 && quick.rounds[r].start_ns < raised;
    cr_assert_geq(full, 2, "at least two rounds at full throttle before");
    cr_assert_gt(quick.rows[0].downtime_limit_ns, 300 * NS_PER_MS);
    cr_assert_eq(quick.rows[0].downtime_limit_ns % NS_PER_MS, 0, "QEMU's estimate is in ms");
    test_run_release(&slow);
    test_run_release(&quick);
}

Test(cloudpods, tls_turns_multifd_off)
{
    struct test_run plain, tls;

    run_move(&plain, "4.0.2", "", "4GiB", "kind = idle\n");
    run_move(&tls, "4.0.2", "[migration]\ntls = on\n", "4GiB", "kind = idle\n");
    cr_assert_neq(plain.rows[0].transferred_bytes, tls.rows[0].transferred_bytes,
                  "packets against headers of single pages");
    cr_assert_eq(tls.rows[0].normal_pages, plain.rows[0].normal_pages);
    test_run_release(&plain);
    test_run_release(&tls);
}

Test(cloudpods, the_clock_of_the_freeze_starts_with_memory_not_with_disks)
{
    struct test_run run;
    char text[2048];

    snprintf(text, sizeof(text),
             "[scenario]\npreset = cloudpods-4.0.2\n[cluster]\nstart_delay = 0s\n"
             "[migration]\nmax_bandwidth = 20MB/s\n[host a]\n[host b]\n[workload w]\n%s"
             "[vm v]\nhost = a\nmemory = 8GiB\nworkload = w\n"
             "[disk d]\nvm = v\nsize = 10GB\n[request r]\nvm = v\ntarget = b\n",
             hog);
    test_run_text(&run, text);
    cr_assert_eq(run.rows[0].disk_ns, 501 * NS_PER_S, "500 s at the limit, looked at each 3 s");
    cr_assert_eq(test_log_ns(&run, "v", FROZEN, 0), (501 + 260) * NS_PER_S);
    test_run_release(&run);
}

Test(cloudpods, cpu_microcode_and_kernel_must_be_equal_unless_skipped)
{
    static const struct {
        const char *skip;
        bool moves;
    } cases[] = {{"not_older", false},
                 {"not_older, same_kernel", false},
                 {"not_older, same_cpu, microcode", false},
                 {"not_older, same_cpu, microcode, same_kernel", true}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct test_run run;
        char text[1024];

        snprintf(text, sizeof(text),
                 "[scenario]\npreset = cloudpods-4.0.2\n[cluster]\nskip_checks = %s\n"
                 "[host a]\ncpu_model = Gold-6248\nmicrocode = 0x1\nkernel = 5.4.1\n"
                 "[host b]\ncpu_model = Gold-6338\nmicrocode = 0x2\nkernel = 5.10.3\n"
                 "[vm v]\nhost = a\nmemory = 1GiB\n[request r]\nvm = v\ntarget = b\n",
                 cases[i].skip);
        test_run_text(&run, text);
        cr_expect_eq(run.rows[0].outcome == OUTCOME_COMPLETED, cases[i].moves, "%s", cases[i].skip);
        test_run_release(&run);
    }
}

Test(cloudpods, a_kept_copy_keeps_its_memory_at_the_target)
{
    static const char text[] =
        "[scenario]\npreset = cloudpods-4.0.2\n[cloudpods]\nkeep_dest_on_failed = %s\n"
        "[migration]\nmax_bandwidth = 20MB/s\n"
        "[host a]\nmemory = 64GiB\n[host b]\nmemory = 20GiB\n"
        "[vm v]\nhost = a\nmemory = 12GiB\n[vm w]\nhost = a\nmemory = 12GiB\n"
        "[request r]\nvm = v\ntarget = b\ncancel_at = 60s\n"
        "[request q]\nvm = w\ntarget = b\nat = 120s\n";

    for (int keep = 0; keep < 2; keep++) {
        struct test_run run;
        char buf[1024];

        snprintf(buf, sizeof(buf), text, keep ? "on" : "off");
        test_run_text(&run, buf);
        cr_expect_eq(test_row(&run, "w", 1)->outcome == OUTCOME_COMPLETED, !keep);
        test_run_release(&run);
    }
}

static void run_maintenance(struct test_run *run, const char *more)
{
    char text[1024];

    snprintf(text, sizeof(text),
             "[scenario]\npreset = cloudpods-4.0.2\nhorizon = 1h\n"
             "[host a]\nmemory = 64GiB\n[host b]\nmemory = 64GiB\n"
             "[vm v]\ncount = 4\nhost = a\nmemory = 1GiB\n"
             "[operation o]\nkind = drain\nhosts = a\nretry = never\n%s",
             more);
    test_run_text(run, text);
}

Test(cloudpods, maintenance_moves_all_guests_at_once_or_none)
{
    struct test_run run;

    run_maintenance(&run, "");
    cr_assert_eq(run.nr_rows, 4);
    cr_assert_eq(test_most_at_once(&run, "a", NULL), 4, "all in parallel");
    test_run_release(&run);
    run_maintenance(&run, "[vm fixed]\nhost = a\nmemory = 1GiB\nmigratable = no\n");
    for (uint32_t i = 0; i < run.nr_rows; i++)
        cr_expect_eq(run.rows[i].outcome, OUTCOME_REJECTED, "%s", run.rows[i].vm);
    cr_assert_geq(run.nr_rows, 5);
    test_run_release(&run);
    run_maintenance(&run, "[vm fixed]\nhost = a\nmemory = 1GiB\nmigratable = no\n"
                          "[cloudpods]\nmaintenance_all_or_nothing = off\n");
    cr_expect_eq(test_row(&run, "v-1", 1)->outcome, OUTCOME_COMPLETED);
    cr_expect_eq(test_row(&run, "fixed", 1)->outcome, OUTCOME_REJECTED);
    test_run_release(&run);
}

Test(cloudpods, a_shut_down_host_is_rescued_only_if_that_is_asked_for)
{
    static const struct {
        const char *head;
        uint32_t rows;
    } cases[] = {
        {"", 0},
        {"auto_migrate_on_host_down = on\n", 1},
        {"auto_migrate_on_host_down = on\nhost_loss = shutdown\n", 0},
        {"auto_migrate_on_host_down = on\nauto_migrate_on_host_shutdown = on\n"
         "host_loss = shutdown\n",
         1},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct test_run run;
        char text[1024];

        snprintf(text, sizeof(text),
                 "[scenario]\npreset = cloudpods-4.0.2\n[host a]\n[host b]\n"
                 "[vm v]\nhost = a\nmemory = 1GiB\n[fault f]\nkind = host_down\ntarget = a\n"
                 "at = 10s\n[cloudpods]\n%s",
                 cases[i].head);
        test_run_text(&run, text);
        cr_expect_eq(run.nr_rows, cases[i].rows, "%s", cases[i].head);
        test_run_release(&run);
    }
    expect_refused("[scenario]\npreset = cloudpods-4.0.2\n[host a]\n[host b]\n"
                   "[vm v]\nhost = a\nmemory = 1GiB\n"
                   "[cloudpods]\nauto_migrate_on_host_shutdown = on\n",
                   "auto_migrate_on_host_down is off");
}

Test(cloudpods, shipped_freeze_stops_everybody_and_3_10_nobody)
{
    struct test_run run;

    test_run_shipped(&run, "cloudpods-freeze.ini");
    cr_assert_eq(run.nr_rows, 4);
    for (uint32_t i = 0; i < 4; i++) {
        cr_assert_eq(run.rows[i].outcome, OUTCOME_COMPLETED);
        cr_assert_geq(run.rows[i].blackout_ns, 33 * NS_PER_S);
        cr_assert_leq(run.rows[i].blackout_ns, 45 * NS_PER_S);
    }
    cr_assert_eq(test_log_count(&run, NULL, FROZEN), 4);
    test_run_release(&run);
    run_move(&run, "4.0.2", "", "8GiB", "write_rate = 10MB/s\nworking_set = 256MiB\n");
    cr_assert_eq(test_log_count(&run, NULL, FROZEN), 0, "alone on the link it has time enough");
    test_run_release(&run);
}

Test(cloudpods, shipped_host_loss_is_rescued_within_its_clock)
{
    struct test_run run;

    test_run_shipped(&run, "cloudpods-host-loss.ini");
    for (uint32_t i = 0; i < run.nr_rows; i++) {
        const struct mig_result *r = &run.rows[i];

        if (strncmp(r->vm, "app", 3) == 0) {
            cr_assert_eq(r->outcome, OUTCOME_COMPLETED);
            /* 6.7 to 10 s of lease, 60, 30, 5 to prepare, 40 to boot */
            cr_assert(r->blackout_ns >= 141600 * NS_PER_MS && r->blackout_ns <= 145 * NS_PER_S);
        } else {
            cr_assert_eq(r->outcome, OUTCOME_REJECTED);
        }
    }
    cr_assert_eq(run.nr_rows, 6);
    test_run_release(&run);
}
