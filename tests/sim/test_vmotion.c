/*
 * test_vmotion.c - vMotion's cost units, and its way of slowing a guest until it converges.
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "base/units.h"
#include "support_run.h"

#define CALM "[workload calm]\nwrite_rate = 10MB/s\nworking_set = 100MiB\n"

static void units_run(struct test_run *run, const char *nic_a, const char *nic_b, const char *more)
{
    char text[4096];

    snprintf(
        text, sizeof(text),
        "preset = vmotion\n[host a]\nnic = %s\n[host b]\nnic = %s\n[host c]\nnic = 10Gb/s\n" CALM
        "[vm v]\ncount = 12\nhost = a\nmemory = 4GiB\nvcpus = 2\nworkload = calm\n"
        "[request r]\nvm = v\ntarget = b\n%s",
        nic_a, nic_b, more);
    test_run_text(run, text);
    for (uint32_t i = 0; i < run->nr_rows; i++)
        cr_assert_eq(run->rows[i].outcome, OUTCOME_COMPLETED);
}

Test(vmotion, eight_at_once_with_ten_gigabits_and_four_below)
{
    struct test_run run;

    units_run(&run, "10Gb/s", "10Gb/s", "");
    cr_assert_eq(test_most_at_once(&run, "a", NULL), 8);
    test_run_release(&run);
    units_run(&run, "1Gb/s", "10Gb/s", "");
    cr_assert_eq(test_most_at_once(&run, "a", NULL), 4);
    test_run_release(&run);
    units_run(&run, "10Gb/s", "1Gb/s", "");
    cr_assert_eq(test_most_at_once(&run, NULL, "b"), 4, "the target's card counts too");
    test_run_release(&run);
}

Test(vmotion, costs_are_taken_from_both_ends)
{
    struct test_run run;

    units_run(&run, "10Gb/s", "10Gb/s", "[vmotion]\nvmotion_host_cost = 3\n");
    cr_assert_eq(test_most_at_once(&run, "a", NULL), 2, "8 units hold two of 3");
    test_run_release(&run);
    /* b takes 4 from a and 4 from c: its 8 units are shared by both directions */
    units_run(&run, "10Gb/s", "10Gb/s",
              "[vm w]\ncount = 12\nhost = c\nmemory = 4GiB\nvcpus = 2\nworkload = calm\n"
              "[request s]\nvm = w\ntarget = b\n");
    cr_assert_eq(test_most_at_once(&run, NULL, "b"), 8);
    test_run_release(&run);
}

Test(vmotion, a_datastore_has_units_too)
{
    struct test_run run;

    test_run_text(&run, "preset = vmotion\n[host a]\nnic = 10Gb/s\nstorage_domains = d, e\n"
                        "[host b]\nnic = 10Gb/s\nstorage_domains = d, e\n" CALM
                        "[vm v]\ncount = 6\nhost = a\nmemory = 4GiB\nvcpus = 2\nworkload = calm\n"
                        "storage_domains = d\n"
                        "[vm w]\ncount = 2\nhost = a\nmemory = 4GiB\nvcpus = 2\nworkload = calm\n"
                        "storage_domains = e\n"
                        "[request r]\nvm = v, w\ntarget = b\n[vmotion]\ndatastore_capacity = 2\n");
    cr_assert_eq(test_most_at_once(&run, "a", NULL), 4, "two of each datastore");
    test_run_release(&run);
}

Test(vmotion, copying_disks_costs_four_units)
{
    struct test_run run;

    units_run(&run, "10Gb/s", "10Gb/s", "[disk d]\nvm = v\nsize = 1GiB\n");
    cr_assert_eq(test_most_at_once(&run, "a", NULL), 2);
    test_run_release(&run);
}

#define RESTLESS_VM                                                                                \
    "preset = vmotion\n[scenario]\nhorizon = 6h\n[host a]\nnic = 10Gb/s\n[host b]\nnic = 10Gb/s\n" \
    "[workload w]\nwrite_rate = 3GB/s\nworking_set = 6GiB\n"                                       \
    "[vm v]\nhost = a\nmemory = 8GiB\nvcpus = 4\nworkload = w\n"                                   \
    "[request r]\nvm = v\n"

Test(vmotion, a_guest_that_dirties_faster_than_the_link_is_slowed_until_it_converges)
{
    struct test_run run;
    const struct mig_result *r;

    test_run_text(&run, RESTLESS_VM);
    r = test_row(&run, "v", 1);
    cr_assert_eq(r->outcome, OUTCOME_COMPLETED);
    cr_assert_gt(r->max_throttle_pct, 20);
    cr_assert_gt(r->guest_slowdown_ratio, 0.1);
    cr_assert_lt(r->downtime_ns, NS_PER_S);
    test_run_release(&run);
    test_run_text(&run, RESTLESS_VM "[vmotion]\nsdps = off\n");
    cr_assert_eq(test_row(&run, "v", 1)->outcome, OUTCOME_QUEUED, "unslowed it never ends");
    test_run_release(&run);
}

Test(vmotion, a_calm_guest_is_not_slowed)
{
    struct test_run run;

    units_run(&run, "10Gb/s", "10Gb/s", "");
    for (uint32_t i = 0; i < run.nr_rows; i++)
        cr_assert_eq(run.rows[i].max_throttle_pct, 0);
    test_run_release(&run);
}

Test(vmotion, shipped_guest_is_slowed_by_86_percent)
{
    struct test_run run;
    const struct mig_result *r;

    test_run_shipped(&run, "vmotion-slowed.ini");
    r = test_row(&run, "cache", 1);
    cr_assert_eq(r->outcome, OUTCOME_COMPLETED);
    cr_assert_float_eq((double)r->total_ns / 1e9, 22, 1);
    cr_assert_float_eq((double)r->downtime_ns / 1e9, 0.5, 0.05);
    cr_assert_float_eq((double)r->max_throttle_pct, 86.0, 2.0);
    test_run_release(&run);
}
