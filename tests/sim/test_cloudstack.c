/*
 * test_cloudstack.c - CloudStack's workers, its hour, and its optional pause and downtime.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "base/units.h"
#include "support_run.h"

#define S(seconds) ((int64_t)((seconds)*1e9))

static void restless_run(struct test_run *run, const char *memory, const char *more)
{
    char text[4096];

    snprintf(text, sizeof(text),
             "preset = cloudstack\n[scenario]\nhorizon = 1d\n"
             "[host a]\nnic = 10Gb/s\n[host b]\nnic = 10Gb/s\n"
             "[workload w]\nwrite_rate = 20GB/s\nworking_set = 3GiB\ncpu_need = 0\n"
             "[calibration]\nguest_fault = 0ns\n"
             "[vm v]\nhost = a\nmemory = %s\nvcpus = 4\nworkload = w\n[request r]\nvm = v\n%s",
             memory, more);
    test_run_text(run, text);
}

Test(cloudstack, the_hour_does_not_grow_with_the_guest)
{
    static const char *const memory[] = {"4GiB", "64GiB"};

    for (size_t i = 0; i < 2; i++) {
        struct test_run run;
        const struct mig_result *r;

        restless_run(&run, memory[i], "");
        r = test_row(&run, "v", 1);
        cr_assert_eq(r->outcome, OUTCOME_TIMEOUT);
        cr_assert_float_eq((double)r->total_ns / 1e9, 3600, 0.2);
        cr_assert_eq(run.nr_rows, 1, "a person's request is not tried again");
        test_run_release(&run);
    }
}

Test(cloudstack, a_pause_lets_it_complete)
{
    struct test_run run;

    restless_run(&run, "4GiB", "[cloudstack]\npause_after = 90s\n");
    cr_assert_eq(test_row(&run, "v", 1)->outcome, OUTCOME_COMPLETED);
    cr_assert_eq(test_log_ns(&run, "v", "paused to complete", 0),
                 test_row(&run, "v", 1)->started_ns + S(90));
    test_run_release(&run);
}

/* The threshold that the first sync left: bandwidth x downtime limit. */
static double first_threshold(const char *more)
{
    struct test_run run;
    double threshold;

    restless_run(&run, "4GiB", more);
    threshold = (double)run.rounds[test_row(&run, "v", 1)->first_round].threshold_bytes;
    test_run_release(&run);
    return threshold;
}

Test(cloudstack, a_fixed_downtime_is_set_after_a_second)
{
    double usual = first_threshold("");

    cr_assert_float_eq(first_threshold("[cloudstack]\ndowntime = 600ms\n") / usual, 2.0, 0.01);
    /* the first round takes some four seconds */
    cr_assert_float_eq(first_threshold("[cloudstack]\ndowntime = 600ms\ndowntime_after = 60s\n") /
                           usual,
                       1.0, 0.01);
}

Test(cloudstack, five_workers_move_five_at_once)
{
    struct test_run run;

    test_run_text(
        &run, "preset = cloudstack\n[host a]\nnic = 10Gb/s\n[host b]\nnic = 10Gb/s\n"
              "[host c]\nnic = 10Gb/s\n[workload calm]\nwrite_rate = 10MB/s\n"
              "working_set = 100MiB\n[vm v]\ncount = 12\nhost = a, b\nmemory = 4GiB\nvcpus = 2\n"
              "workload = calm\n[request r]\nvm = v\ntarget = c\n");
    cr_assert_eq(test_most_at_once(&run, NULL, NULL), 5);
    for (uint32_t i = 0; i < run.nr_rows; i++)
        cr_assert_eq(run.rows[i].outcome, OUTCOME_COMPLETED);
    test_run_release(&run);
}

/* Work items of a maintenance: five tries, 120 s of 1.024 s apart; then the drain itself asks
 * again. */
Test(cloudstack, a_maintenance_is_tried_five_times)
{
    struct test_run run;

    test_run_text(&run, "preset = cloudstack\n[scenario]\nhorizon = 6h\n"
                        "[host a]\nnic = 10Gb/s\n[host b]\nnic = 10Gb/s\n"
                        "[workload w]\nwrite_rate = 20GB/s\nworking_set = 3GiB\ncpu_need = 0\n"
                        "[calibration]\nguest_fault = 0ns\n"
                        "[vm v]\nhost = a\nmemory = 4GiB\nvcpus = 4\nworkload = w\n"
                        "[operation o]\nhosts = a\nretry = never\n");
    cr_assert_eq(run.nr_rows, 5);
    for (uint32_t i = 0; i < 5; i++) {
        cr_assert_eq(run.rows[i].attempt, i + 1);
        cr_assert_eq(run.rows[i].outcome, OUTCOME_TIMEOUT);
        if (i > 0) /* a second to prepare the target */
            cr_assert_eq(run.rows[i].started_ns, run.rows[i - 1].ended_ns + S(122.88) + S(1));
    }
    test_run_release(&run);
}
