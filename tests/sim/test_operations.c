/*
 * test_operations.c - drains, upgrades, rebalancing and consolidation: who moves, in which order,
 * how many at a time, and what is said of those that stay.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "sim/cluster/cluster.h"
#include "support_run.h"
#include "support_scenario.h"

#define S NS_PER_S
#define MIN (60 * NS_PER_S)

/* Four hosts, six VMs on the first; @more is the operation and what else is said. */
static void run_with(struct test_run *run, const char *cluster, const char *more)
{
    char text[2048];

    snprintf(text, sizeof(text),
             "[scenario]\nhorizon = 12h\n[cluster]\n%s\n[migration]\nmax_bandwidth = unlimited\n"
             "[host h]\ncount = 4\nnic = 10Gb/s\nmemory = 64GiB\n"
             "[vm v]\ncount = 6\nhost = h-1\nmemory = 4GiB\n%s\n",
             cluster, more);
    test_run_text(run, text);
}

static const struct op_result *only(const struct test_run *run)
{
    uint32_t nr;
    const struct op_result *op = sim_operations(run->sim, &nr);

    cr_assert_eq(nr, 1);
    return op;
}

static uint32_t vms_at(const struct test_run *run, uint32_t host)
{
    uint32_t nr = 0;

    for (uint32_t vm = 0; vm < run->sc.nr_vms; vm++)
        nr += cluster_vm_host(run->sim, vm) == host;
    return nr;
}

Test(operations, a_drain_empties_its_host_and_nobody_comes_back)
{
    struct test_run run;

    run_with(&run, "max_out = 2",
             "[operation d]\nhosts = h-1\nat = 10s\n"
             "[vm w]\nhost = h-2\nmemory = 4GiB\n[request r]\nvm = w\nat = 10min\n");
    cr_assert_eq(vms_at(&run, 0), 0);
    cr_assert_eq(only(&run)->hosts_done, 1);
    cr_assert_eq(only(&run)->vms_moved, 6);
    cr_assert_eq(only(&run)->started_ns, 10 * S);
    cr_assert_eq(test_most_at_once(&run, "h-1", NULL), 2);
    cr_assert_str_neq(test_row(&run, "w", 1)->target, "h-1", "the emptiest, but cordoned");
    test_run_release(&run);
}

Test(operations, an_upgraded_host_takes_guests_again)
{
    struct test_run run;
    const struct mig_result *w;

    run_with(&run, "",
             "[operation u]\nkind = upgrade\nhosts = h-1\nreboot_time = 5min\n"
             "[vm w]\nhost = h-2\nmemory = 4GiB\n[request r]\nvm = w\nat = 20min\n");
    w = test_row(&run, "w", 1);
    cr_assert_str_eq(w->target, "h-1");
    cr_assert_eq(test_log_ns(&run, NULL, "back after reboot", 0) -
                     test_log_ns(&run, NULL, "drained", 0),
                 5 * MIN);
    test_run_release(&run);
}

Test(operations, guests_return_where_they_shall)
{
    struct test_run run;

    run_with(
        &run, "max_out = 2",
        "[operation u]\nkind = maintenance\nhosts = h-1\nreboot_time = 5min\nreturn_vms = on\n");
    cr_assert_eq(vms_at(&run, 0), 6);
    cr_assert_eq(only(&run)->vms_moved, 12);
    cr_assert_gt(only(&run)->ended_ns, 5 * MIN);
    test_run_release(&run);
}

/* 24 VMs on 4 hosts; how many hosts are in hand at a time shows in the log. */
static uint32_t most_hosts(const struct test_run *run)
{
    uint32_t most = 0;

    for (uint32_t i = 0; i < run->nr_log; i++) {
        int64_t at = run->log[i].at_ns;
        uint32_t now = 0;

        for (uint32_t k = 0; k < run->nr_log; k++) {
            now += strcmp(run->log[k].what, "drain begins") == 0 && run->log[k].at_ns <= at;
            now -= strcmp(run->log[k].what, "back after reboot") == 0 && run->log[k].at_ns <= at;
        }
        most = now > most ? now : most;
    }
    return most;
}

Test(operations, as_many_hosts_at_a_time_as_allowed)
{
    static const struct {
        const char *lines;
        uint32_t most;
    } cases[] = {{"hosts_at_once = 1", 1},
                 {"hosts_at_once = 2", 2},
                 {"parallel = 3", 3},
                 {"hosts_at_once = 2\npace = waves", 2}};
    int64_t ended[4];

    for (size_t i = 0; i < 4; i++) {
        struct test_run run;
        char more[256];

        snprintf(more, sizeof(more),
                 "[vm w]\ncount = 9\nhost = h-2, h-3, h-4\nmemory = 2GiB\n"
                 "[operation u]\nkind = upgrade\nreboot_time = 3min\n%s\n",
                 cases[i].lines);
        run_with(&run, "", more);
        cr_expect_eq(only(&run)->hosts_done, 4);
        cr_expect_eq(most_hosts(&run), cases[i].most, "%s: %u", cases[i].lines, most_hosts(&run));
        ended[i] = only(&run)->ended_ns;
        test_run_release(&run);
    }
    cr_assert_lt(ended[1], ended[0]);
    cr_assert_geq(ended[3], ended[1], "waves wait for the slowest");
}

/* Targets are taken when a job is made: the second host must be out of the choice by then. */
Test(operations, nobody_moves_to_a_host_that_is_emptied_in_the_same_moment)
{
    struct test_run run;

    run_with(&run, "place = at_submit\nmax_out = 2",
             "[vm w]\ncount = 2\nhost = h-2\nmemory = 2GiB\n"
             "[operation e]\nkind = evacuate\nhosts = h-1, h-2\n");
    cr_expect_eq(only(&run)->hosts_done, 2);
    cr_expect_eq(run.nr_rows, 8, "%u moves of 8 VMs", run.nr_rows);
    cr_expect_eq(vms_at(&run, 0) + vms_at(&run, 1), 0);
    test_run_release(&run);
}

Test(operations, vms_are_asked_for_in_order_and_a_few_at_a_time)
{
    static const struct {
        const char *lines, *first, *last;
        uint32_t most;
    } cases[] = {
        {"vms_at_once = 1", "high", "small", 1},
        {"vms_at_once = 1\nvm_order = small_first", "small", "high", 1},
        {"vms_at_once = 1\nvm_order = large_first", "high", "small", 1},
        {"vms_at_once = 1\nvm_order = listed", "v-1", "high", 1},
        {"vms_at_once = 3\npace = waves", "high", "small", 3},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct test_run run;
        char more[512];
        const struct mig_result *first, *last;

        snprintf(more, sizeof(more),
                 "[vm small]\nhost = h-1\nmemory = 1GiB\n[vm high]\nhost = h-1\nmemory = 8GiB\n"
                 "priority = 9\n[operation d]\nhosts = h-1\n%s\n",
                 cases[i].lines);
        run_with(&run, "", more);
        cr_expect_eq(vms_at(&run, 0), 0);
        cr_expect_eq(test_most_at_once(&run, "h-1", NULL), cases[i].most, "%s", cases[i].lines);
        first = last = &run.rows[0];
        for (uint32_t k = 0; k < run.nr_rows; k++) {
            first = run.rows[k].started_ns < first->started_ns ? &run.rows[k] : first;
            last = run.rows[k].started_ns > last->started_ns ? &run.rows[k] : last;
        }
        cr_expect_str_eq(first->vm, cases[i].first, "%s: %s", cases[i].lines, first->vm);
        if (cases[i].most == 1)
            cr_expect_str_eq(last->vm, cases[i].last, "%s: %s", cases[i].lines, last->vm);
        test_run_release(&run);
    }
}

/* ---- what stays ---- */

Test(operations, who_cannot_leave_is_named_with_the_reason)
{
    struct test_run run;
    const struct op_result *op;
    uint32_t asked = 0;

    run_with(&run, "",
             "[vm pet]\nhost = h-1\nmemory = 4GiB\nmigratable = no\n[operation d]\nhosts = h-1\n"
             "retry = 1min\n");
    op = only(&run);
    cr_assert_eq(op->hosts_done, 0);
    cr_assert_eq(op->ended_ns, -1);
    cr_assert_eq(op->vms_left, 1);
    cr_assert_eq(op->vms_moved, 6);
    cr_assert_str_eq(op->host, "h-1");
    cr_assert_str_eq(op->blocker, "pet");
    cr_assert(op->why && op->why[0]);
    for (uint32_t i = 0; i < run.nr_rows; i++)
        asked += strcmp(run.rows[i].vm, "pet") == 0;
    cr_assert_eq(asked, 1, "asked for %u times, though it may never move", asked);
    test_run_release(&run);
}

Test(operations, who_failed_is_asked_for_again)
{
    struct test_run run;
    uint32_t tries = 0;

    /* its target is dead for the first three minutes */
    run_with(
        &run, "unplaced = fail",
        "[vm last]\nhost = h-1\nmemory = 4GiB\nneeds = n=1\n[host n]\nlabels = n=1\nnic = 10Gb/s\n"
        "[fault f]\nkind = host_down\ntarget = n\nat = 0s\nduration = 3min\n"
        "[operation d]\nhosts = h-1\nretry = 1min\n");
    for (uint32_t i = 0; i < run.nr_rows; i++)
        tries += strcmp(run.rows[i].vm, "last") == 0;
    cr_assert(tries >= 3 && tries <= 5, "%u tries", tries);
    cr_assert_eq(only(&run)->hosts_done, 1);
    cr_assert_eq(vms_at(&run, 0), 0);
    test_run_release(&run);
}

Test(operations, a_host_that_takes_too_long_is_given_up)
{
    static const struct {
        const char *word;
        uint32_t done, given_up;
        bool ended;
    } cases[] = {{"wait", 0, 0, false}, {"skip", 3, 1, true}, {"stop", 0, 1, true}};

    for (size_t i = 0; i < 3; i++) {
        struct test_run run;
        char more[512];
        const struct op_result *op;

        snprintf(more, sizeof(more),
                 "[vm pet]\nhost = h-1\nmemory = 4GiB\nmigratable = no\n"
                 "[operation u]\nkind = upgrade\nreboot_time = 1min\nmax_wait = 30min\n"
                 "when_stuck = %s\n",
                 cases[i].word);
        run_with(&run, "", more);
        op = only(&run);
        cr_expect_eq(op->hosts_done, cases[i].done, "%s: %u", cases[i].word, op->hosts_done);
        cr_expect_eq(op->hosts_given_up, cases[i].given_up, "%s", cases[i].word);
        cr_expect_eq(op->ended_ns >= 0, cases[i].ended, "%s", cases[i].word);
        if (cases[i].given_up)
            cr_expect_str_eq(op->host, "h-1");
        test_run_release(&run);
    }
}

/* ---- evening out ---- */

Test(operations, rebalancing_ends_when_the_hosts_are_even)
{
    struct test_run run;
    uint32_t most = 0, least = 99;

    run_with(&run, "", "[operation b]\nkind = rebalance\nspread = 7%\nevery = 30s\n");
    for (uint32_t h = 0; h < 4; h++) {
        most = vms_at(&run, h) > most ? vms_at(&run, h) : most;
        least = vms_at(&run, h) < least ? vms_at(&run, h) : least;
    }
    /* a VM is 6.25 % of a host: 2, 2, 1, 1 */
    cr_assert_eq(most, 2);
    cr_assert_eq(least, 1);
    cr_assert_eq(only(&run)->vms_moved, 4);
    cr_assert_gt(only(&run)->ended_ns, 0);
    test_run_release(&run);
    run_with(&run, "",
             "[operation b]\nkind = rebalance\nspread = 7%\nevery = 30s\nmax_moves = 2\n");
    cr_assert_eq(only(&run)->vms_moved, 2);
    cr_assert_str_eq(only(&run)->why, "max_moves is reached");
    test_run_release(&run);
}

Test(operations, consolidation_keeps_what_it_is_told_to_spare)
{
    static const struct {
        const char *lines;
        uint32_t done;
    } cases[] = {
        {"spare_hosts = 0", 3}, /* 36 GiB of guests in all: one host holds them */
        {"spare_hosts = 1", 2},
        {"spare_hosts = 2", 1},
        {"spare_hosts = 3", 0},
    };

    for (size_t i = 0; i < 4; i++) {
        struct test_run run;
        char more[256];

        snprintf(more, sizeof(more),
                 "[vm w]\ncount = 3\nhost = h-2, h-3, h-4\nmemory = 4GiB\n"
                 "[operation c]\nkind = consolidate\n%s\n",
                 cases[i].lines);
        run_with(&run, "weigher = pack", more);
        cr_expect_eq(only(&run)->hosts_done, cases[i].done, "%s: %u", cases[i].lines,
                     only(&run)->hosts_done);
        cr_expect(only(&run)->ended_ns >= 0);
        test_run_release(&run);
    }
}

/* ---- in the hands of one at a time ---- */

Test(operations, two_operations_take_turns_on_a_host)
{
    struct test_run run;
    uint32_t nr;
    const struct op_result *ops;

    run_with(&run, "",
             "[operation one]\nkind = maintenance\nhosts = h-1\nreboot_time = 4min\n"
             "[operation two]\nkind = maintenance\nhosts = h-1\nreboot_time = 4min\nat = 10s\n");
    ops = sim_operations(run.sim, &nr);
    cr_assert_eq(nr, 2);
    cr_assert_eq(ops[0].hosts_done, 1);
    cr_assert_eq(ops[1].hosts_done, 1);
    cr_assert_geq(ops[1].ended_ns - ops[0].ended_ns, 4 * MIN);
    test_run_release(&run);
}

Test(operations, what_makes_no_sense_is_refused)
{
    static const struct {
        const char *lines, *part;
    } cases[] = {
        {"hosts = g*", "no host is called like 'g*'"},
        {"hosts = b", "there is no [host b]"},
        {"return_vms = on", "its hosts do not come back"},
        {"when_stuck = skip", "no host is ever stuck"},
        {"at = 30h", "it begins after the horizon"},
        {"kind = rebalance\nhosts = a", "it needs two hosts"},
        {"kind = rebalance", "nothing is said of the memory"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[512];

        snprintf(text, sizeof(text),
                 "[host a]\n[host c]\n[vm v]\nhost = a\nmemory = 1GiB\n[operation o]\n%s\n",
                 cases[i].lines);
        expect_refused(text, cases[i].part);
    }
}
