/*
 * test_cold.c - moves with the guest down, against the sums that they are.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "support_run.h"

#define NIC (10e9 / 8 * 1448 / 1538)
#define S 1e-9

static void run_kind(struct test_run *run, const char *kind, const char *more)
{
    char text[4096];

    snprintf(text, sizeof(text),
             "[scenario]\nhorizon = 2h\n[host a]\nnic = 10Gb/s\n[host b]\nnic = 10Gb/s\n"
             "[vm v]\nhost = a\nmemory = 4GiB\nnonzero = 2GiB\nshutdown = 12s\nboot = 33s\n"
             "[request r]\nvm = v\ntarget = b\nkind = %s\n%s",
             kind, more);
    test_run_text(run, text);
}

Test(cold, takes_shutdown_copy_and_boot_and_all_of_it_is_outage)
{
    struct test_run run;
    double want = 12.0 + 50.0 * (double)GIB / NIC + 33.0;

    run_kind(&run, "cold", "[disk d]\nvm = v\nsize = 80GiB\nused = 50GiB\n");
    cr_assert_eq(run.rows[0].outcome, OUTCOME_COMPLETED);
    cr_assert_eq(strcmp(run.rows[0].kind, "cold"), 0);
    cr_assert_float_eq((double)run.rows[0].total_ns * S, want, 1e-6);
    cr_assert_eq(run.rows[0].blackout_ns, run.rows[0].total_ns);
    cr_assert_eq(run.rows[0].disk_bytes, 50 * GIB);
    cr_assert_eq(run.rows[0].transferred_bytes, 0, "no memory moves");
    test_run_release(&run);
}

Test(cold, on_shared_storage_only_defines_and_boots)
{
    struct test_run run;

    run_kind(&run, "cold",
             "[disk d]\nvm = v\nsize = 80GiB\nstorage = s\n[storage s]\nkind = shared\n");
    cr_assert_eq(run.rows[0].total_ns, 45 * NS_PER_S);
    cr_assert_eq(run.rows[0].disk_bytes, 0);
    test_run_release(&run);
}

Test(cold, disks_go_one_after_another_each_under_its_limit)
{
    struct test_run run;

    run_kind(&run, "cold",
             "[disk d]\nvm = v\nsize = 1GB\nlimit = 100MB/s\n"
             "[disk e]\nvm = v\nsize = 2GB\nlimit = 100MB/s\n");
    cr_assert_float_eq((double)run.rows[0].total_ns * S, 45.0 + 10.0 + 20.0, 1e-6);
    cr_assert_float_eq((double)run.rows[0].disk_ns * S, 30.0, 1e-6);
    test_run_release(&run);
}

Test(cold, suspend_saves_moves_and_loads_what_memory_holds)
{
    struct test_run run;
    double state = 2.0 * (double)GIB + 262144.0;

    run_kind(&run, "suspend", "[storage s]\nsaved_state = on\nread = 400MB/s\nwrite = 250MB/s\n");
    cr_assert_eq(run.rows[0].outcome, OUTCOME_COMPLETED);
    cr_assert_float_eq((double)run.rows[0].total_ns * S,
                       state / 250e6 + state / 250e6 + state / 400e6, 0.05,
                       "saved at 250 MB/s, moved at what the target writes, loaded at 400: %g s",
                       (double)run.rows[0].total_ns * S);
    test_run_release(&run);
    run_kind(&run, "suspend",
             "[storage s]\nkind = shared\nsaved_state = on\nread = 400MB/s\nwrite = 250MB/s\n");
    cr_assert_float_eq((double)run.rows[0].total_ns * S, state / 250e6 + state / 400e6, 0.05,
                       "shared: nothing is moved");
    test_run_release(&run);
}

Test(cold, a_cancel_brings_the_guest_back_where_it_was)
{
    struct test_run run;

    run_kind(&run, "cold\ncancel_at = 20s", "[disk d]\nvm = v\nsize = 80GiB\n");
    cr_assert_eq(run.rows[0].outcome, OUTCOME_CANCELLED);
    cr_assert_eq(run.rows[0].blackout_ns, (20 + 33) * NS_PER_S, "it has to boot again");
    test_run_release(&run);
}

Test(cold, copies_share_the_network_with_live_migrations)
{
    struct test_run run;

    run_kind(&run, "cold",
             "[disk d]\nvm = v\nsize = 50GiB\n[migration]\nmax_bandwidth = unlimited\n"
             "[vm w]\nhost = a\nmemory = 64GiB\n"
             "[request q]\nvm = w\ntarget = b\nat = 12s\n");
    cr_assert_gt(test_row(&run, "v", 1)->total_ns,
                 (int64_t)((45.0 + 1.3 * 50.0 * (double)GIB / NIC) * 1e9));
    test_run_release(&run);
}

static void run_loss(struct test_run *run, const char *disk)
{
    char text[2048];

    snprintf(
        text, sizeof(text),
        "[scenario]\npreset = cloudpods-4.0.2\n[cluster]\nstart_delay = 0s\n"
        "[cloudpods]\nauto_migrate_on_host_down = on\nlease = 0s\nreconnect = 60s\nping = 30s\n"
        "[host a]\n[host b]\n[vm v]\nhost = a\nmemory = 4GiB\nboot = 33s\n"
        "[fault f]\nkind = host_down\ntarget = a\nat = 100s\n%s",
        disk);
    test_run_text(run, text);
}

Test(cold, rescue_counts_the_outage_from_the_loss_of_the_host)
{
    struct test_run run;

    run_loss(&run, "[disk d]\nvm = v\nsize = 10GiB\nstorage = s\n[storage s]\nkind = shared\n");
    cr_assert_eq(run.nr_rows, 1);
    cr_assert_eq(strcmp(run.rows[0].kind, "rescue"), 0);
    cr_assert_eq(run.rows[0].outcome, OUTCOME_COMPLETED);
    cr_assert_eq(strcmp(run.rows[0].target, "b"), 0);
    cr_assert_eq(run.rows[0].started_ns, 190 * NS_PER_S);
    cr_assert_eq(run.rows[0].total_ns, 33 * NS_PER_S);
    cr_assert_eq(run.rows[0].blackout_ns, (60 + 30 + 33) * NS_PER_S);
    test_run_release(&run);
}

Test(cold, nothing_is_rescued_whose_disk_died_with_the_host)
{
    struct test_run run;

    run_loss(&run, "[disk d]\nvm = v\nsize = 10GiB\n");
    cr_assert_eq(run.rows[0].outcome, OUTCOME_REJECTED);
    cr_assert_not_null(strstr(run.rows[0].reason, "local"), "%s", run.rows[0].reason);
    test_run_release(&run);
}
