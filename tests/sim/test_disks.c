/*
 * test_disks.c - live migration with disks: what comes first, what is shared, what the end costs.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "support_run.h"

/* Payload of a 10 Gb/s card. */
#define NIC (10e9 / 8 * 1448 / 1538)
#define S 1e-9

static const char world[] = "[scenario]\nhorizon = 2h\n"
                            "[host a]\nnic = 10Gb/s\n[host b]\nnic = 10Gb/s\n"
                            "[vm v]\nhost = a\nmemory = 1GiB\n"
                            "[request r]\nvm = v\ntarget = b\n"
                            "[migration]\nmax_bandwidth = unlimited\nlibvirt = on\n"
                            "pause_before_switchover = on\n";

static void run_with(struct test_run *run, const char *more)
{
    char text[4096];

    snprintf(text, sizeof(text), "%s%s", world, more);
    test_run_text(run, text);
}

static double disk_s(const char *more)
{
    struct test_run run;
    double s;

    run_with(&run, more);
    cr_assert_eq(run.rows[0].outcome, OUTCOME_COMPLETED, "%s", more);
    s = (double)run.rows[0].disk_ns * S;
    test_run_release(&run);
    return s;
}

Test(disks, are_copied_before_memory_at_what_the_path_gives)
{
    struct test_run run;
    double want = 20.0 * (double)GIB / NIC;

    run_with(&run, "[disk d]\nvm = v\nsize = 20GiB\n");
    cr_assert_float_eq((double)run.rows[0].disk_ns * S, want, 1e-6);
    cr_assert_eq(run.rows[0].disk_bytes, 20 * GIB);
    cr_assert_geq(run.rounds[0].start_ns, run.rows[0].disk_ns, "memory waits for the disk");
    cr_assert_eq(run.rows[0].total_ns, run.rows[0].ended_ns - run.rows[0].started_ns);
    cr_assert_eq(strcmp(run.rows[0].kind, "live"), 0);
    test_run_release(&run);
}

Test(disks, only_what_holds_data_is_sent)
{
    cr_assert_float_eq(disk_s("[disk d]\nvm = v\nsize = 500GiB\nused = 5GiB\n"),
                       5.0 * (double)GIB / NIC, 1e-6);
    cr_assert_float_eq(disk_s("[disk d]\nvm = v\nsize = 5GiB\nused = 0B\n"), 0.0, 1e-9);
}

Test(disks, limits_storage_and_network_bound_each_other)
{
    static const struct {
        const char *text;
        double want_s;
    } cases[] = {
        {"[disk d]\nvm = v\nsize = 10GB\nlimit = 100MB/s\n", 100.0},
        {"[disk d]\nvm = v\nsize = 10GB\nstorage = s\n[storage s]\nread = 50MB/s\nwrite = 80MB/s\n",
         200.0},
        {"[disk d]\nvm = v\nsize = 10GB\nstorage = s\n[storage s]\nread = 90MB/s\nwrite = 80MB/s\n",
         125.0},
        /* two on one storage share it, and a limit of one leaves more to the other */
        {"[disk d]\nvm = v\nsize = 10GB\nstorage = s\n[disk e]\nvm = v\nsize = 10GB\nstorage = s\n"
         "[storage s]\nread = 100MB/s\n",
         200.0},
        {"[disk d]\nvm = v\nsize = 10GB\nstorage = s\n[disk e]\nvm = v\nsize = 2GB\nstorage = s\n"
         "limit = 20MB/s\n[storage s]\nread = 100MB/s\n",
         120.0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_expect_float_eq(disk_s(cases[i].text), cases[i].want_s, 1e-6, "%s", cases[i].text);
}

Test(disks, memory_waits_until_all_are_ready)
{
    cr_assert_float_eq(disk_s("[disk d]\nvm = v\nsize = 1GB\n"
                              "[disk e]\nvm = v\nsize = 1GB\nlimit = 10MB/s\n"),
                       100.0, 1e-6);
}

Test(disks, a_manager_that_polls_starts_memory_at_its_next_look)
{
    struct test_run run;

    run_with(&run, "disk_poll = 3s\n[disk d]\nvm = v\nsize = 10GB\nlimit = 100MB/s\n");
    cr_assert_eq(run.rows[0].disk_ns, 102 * NS_PER_S, "ready at 100 s, looked at each 3 s");
    test_run_release(&run);
}

Test(disks, mirrors_keep_up_beside_memory_and_take_their_share)
{
    struct test_run idle, busy;
    double alone, beside;

    run_with(&idle, "[disk d]\nvm = v\nsize = 1GiB\n[link l]\nrate = 1Gb/s\n");
    run_with(&busy, "[disk d]\nvm = v\nsize = 1GiB\nwrite_rate = 40MB/s\n[link l]\nrate = 1Gb/s\n");
    alone = (double)idle.rounds[0].duration_ns;
    beside = (double)busy.rounds[0].duration_ns;
    cr_assert_float_eq(beside / alone, 117.6 / (117.6 - 40.0), 0.02,
                       "40 MB/s of 117.6 go to the mirror: %g", beside / alone);
    cr_assert_gt(busy.rows[0].disk_bytes, GIB + 200000000);
    test_run_release(&idle);
    test_run_release(&busy);
}

Test(disks, what_a_mirror_owes_is_drained_inside_the_blackout)
{
    static const char *const modes[] = {"background", "write_blocking", "then_blocking"};
    double blackout[3];

    for (size_t i = 0; i < 3; i++) {
        struct test_run run;
        char text[512];

        /* memory and the mirror together want more than the link has, so the mirror lags */
        snprintf(text, sizeof(text),
                 "disk_mode = %s\n[disk d]\nvm = v\nsize = 2GiB\nwrite_rate = 80MB/s\n"
                 "[link l]\nrate = 1Gb/s\n",
                 modes[i]);
        run_with(&run, text);
        cr_assert_eq(run.rows[0].outcome, OUTCOME_COMPLETED, "%s", modes[i]);
        blackout[i] = (double)run.rows[0].blackout_ns * S;
        test_run_release(&run);
    }
    cr_expect_gt(blackout[0], blackout[1] + 0.3, "%g against %g s", blackout[0], blackout[1]);
    cr_expect_float_eq(blackout[1], blackout[2], 0.1);
}

Test(disks, one_written_faster_than_copied_is_never_ready)
{
    struct test_run run;

    run_with(&run, "[disk d]\nvm = v\nsize = 100GiB\nwrite_rate = 60MB/s\nlimit = 50MB/s\n"
                   "working_set = 10GiB\n");
    cr_assert_eq(run.rows[0].outcome, OUTCOME_QUEUED);
    cr_assert_not_null(strstr(run.rows[0].reason, "never ready"), "%s", run.rows[0].reason);
    cr_assert_eq(run.rows[0].rounds, 0, "memory is not begun");
    test_run_release(&run);
    disk_s("disk_mode = write_blocking\n[disk d]\nvm = v\nsize = 10GiB\nwrite_rate = 60MB/s\n"
           "limit = 50MB/s\n"); /* asserts that it completes */
}

Test(disks, on_storage_that_both_see_stay_where_they_are)
{
    static const struct {
        const char *storage;
        bool copied;
    } cases[] = {
        {"kind = shared\n", false},
        {"kind = shared\nhosts = a, b\n", false},
        {"kind = shared\nhosts = a\n", true},
        {"kind = local\n", true},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct test_run run;
        char text[512];

        snprintf(text, sizeof(text), "[disk d]\nvm = v\nsize = 10GiB\nstorage = s\n[storage s]\n%s",
                 cases[i].storage);
        run_with(&run, text);
        cr_expect_eq(run.rows[0].disk_bytes > 0, cases[i].copied, "%s", cases[i].storage);
        test_run_release(&run);
    }
}

Test(disks, a_cancel_while_they_are_copied_leaves_the_guest_at_home)
{
    struct test_run run;

    run_with(&run, "[disk d]\nvm = v\nsize = 100GiB\n"
                   "[vm w]\nhost = a\nmemory = 1GiB\n[disk e]\nvm = w\nsize = 100GiB\n"
                   "[request q]\nvm = w\ntarget = b\ncancel_at = 10s\n");
    cr_assert_eq(test_row(&run, "w", 1)->outcome, OUTCOME_CANCELLED);
    cr_assert_eq(test_row(&run, "w", 1)->rounds, 0);
    cr_assert_eq(test_row(&run, "w", 1)->blackout_ns, -1);
    cr_assert_float_eq((double)test_row(&run, "w", 1)->disk_bytes, NIC / 2 * 10.0, 1.0,
                       "half of the card for ten seconds");
    /* and from then on the other has all of it */
    cr_assert_float_eq((double)test_row(&run, "v", 1)->disk_ns * S,
                       10.0 + (100.0 * (double)GIB - NIC / 2 * 10.0) / NIC, 1e-6);
    test_run_release(&run);
}

Test(disks, a_dead_link_breaks_mirrors_as_it_breaks_memory)
{
    struct test_run run;

    run_with(&run, "[disk d]\nvm = v\nsize = 100GiB\n[link l]\nrate = 10Gb/s\n"
                   "[fault f]\ntarget = l\nat = 5s\n");
    cr_assert_eq(run.rows[0].outcome, OUTCOME_FAILED);
    cr_assert_gt(run.rows[0].ended_ns, 5 * NS_PER_S);
    test_run_release(&run);
}

Test(disks, an_hour_of_writes_is_counted_to_the_byte)
{
    struct test_run run;
    const struct mig_result *r;

    /* ready after some 21 s, then the mirror carries what is written until the limit is lifted */
    run_with(&run, "[disk d]\nvm = v\nsize = 20GiB\nworking_set = 20GiB\nwrite_rate = 1MB/s\n");
    r = &run.rows[0];
    cr_assert_geq(r->disk_bytes, 20 * GIB);
    cr_assert_leq(r->disk_bytes, 20 * GIB + (uint64_t)((double)r->total_ns * S * 1e6));
    test_run_release(&run);
}
