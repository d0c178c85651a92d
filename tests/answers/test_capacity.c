/*
 * test_capacity.c - one number that is enough, against figures that can be worked out by hand.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "answers/plan/capacity.h"
#include "base/units.h"

#define GUESTS                                                                                     \
    "[workload w]\nkind = idle\n[vm v]\ncount = 4\nhost = a\nmemory = 4GiB\nworkload = w\n"
#define MOVE "[request r]\nvm = v\ntarget = b\n[migration]\nmax_bandwidth = unlimited\n"
#define HOSTS "[host a]\n[host b]\n"

static enum status find(struct capacity *c, const char *text, struct capacity_options options,
                        struct diag *diag)
{
    options.base = (struct variant_base){.path = "capacity.ini", .text = text};
    options.jobs = 1;
    return capacity_find(c, &options, diag);
}

Test(capacity, the_smallest_link_carries_the_bytes_in_the_window)
{
    static const char text[] = HOSTS GUESTS MOVE "[link l]\nrate = 10Gb/s\nefficiency = 1\n";
    struct capacity c;
    struct diag diag = {0};
    double bits = 16.0 * (double)GIB * BITS_PER_BYTE;

    cr_assert_eq(find(&c, text,
                      (struct capacity_options){.kind = CAPACITY_LINK, .limit_ns = 100 * NS_PER_S},
                      &diag),
                 ST_OK, "%s", diag.what);
    cr_assert(c.found && c.present);
    /* setup and the protocol take their part */
    cr_assert_geq(c.value * c.rate_bps, bits / 100.0);
    cr_assert_leq(c.value * c.rate_bps, 1.05 * bits / 100.0);
    cr_assert_float_eq(c.usual_bps, 2.5e9, 1.0);
    cr_assert_eq(c.hits, c.n);
    capacity_release(&c);
}

Test(capacity, a_little_less_is_not_enough)
{
    static const char text[] = "[host a]\nnic = 1Gb/s\n[host b]\nnic = 1Gb/s\n"
                               "[workload w]\nwrite_rate = lognormal(10MB/s, 1.5)\n"
                               "working_set = 512MiB\n[vm v]\ncount = 3\nhost = a\nmemory = 2GiB\n"
                               "workload = w\n" MOVE;
    struct capacity_options o = {.kind = CAPACITY_LINK, .limit_ns = 30 * NS_PER_S};
    struct capacity c, less;
    struct diag diag = {0};
    char smaller[256], rate[UNITS_TEXT];
    struct scn_override sets = {.text = smaller, .origin = "test"};

    cr_assert_eq(find(&c, text, o, &diag), ST_OK, "%s", diag.what);
    cr_assert(c.found && !c.present);
    for (int i = 0; i < 2; i++) {
        snprintf(smaller, sizeof(smaller), "host *.nic=%s",
                 units_bps_exact(rate, (uint64_t)(c.value * c.rate_bps * (i ? 1.0 : 0.94))));
        o.base = (struct variant_base){
            .path = "capacity.ini", .text = text, .sets = &sets, .nr_sets = 1};
        o.jobs = 1;
        cr_assert_eq(capacity_find(&less, &o, &diag), ST_OK, "%s", diag.what);
        cr_assert_eq(less.present, i == 1, "with %s", rate);
        capacity_release(&less);
    }
    capacity_release(&c);
}

Test(capacity, no_link_helps_where_something_else_binds)
{
    static const char text[] = HOSTS GUESTS "[request r]\nvm = v\ntarget = b\n"
                                            "[migration]\nmax_bandwidth = 16MiB/s\n"
                                            "[link l]\nrate = 10Gb/s\n";
    struct capacity c;
    struct diag diag = {0};

    cr_assert_eq(find(&c, text,
                      (struct capacity_options){.kind = CAPACITY_LINK, .limit_ns = 100 * NS_PER_S},
                      &diag),
                 ST_OK, "%s", diag.what);
    cr_assert(!c.found);
    cr_assert_eq(c.binding, BINDING_CAP);
    capacity_release(&c);
}

Test(capacity, spare_memory_is_what_the_emptied_hosts_hold)
{
    /* three hosts with two guests of 8 GiB each: the guests of one go to the two others, one each
     */
    static const char text[] =
        "[host h]\ncount = 3\nmemory = 20GiB\nnic = 10Gb/s\n[workload w]\nkind = idle\n"
        "[vm v]\ncount = 6\nhost = h\nmemory = 8GiB\nworkload = w\n[operation o]\nhosts = h-1\n";
    struct capacity c;
    struct diag diag = {0};

    cr_assert_eq(
        find(&c, text, (struct capacity_options){.kind = CAPACITY_SPARE, .nr_hosts = 1}, &diag),
        ST_OK, "%s", diag.what);
    cr_assert(c.found && !c.present && c.all_sets);
    cr_assert_eq(c.nr_sets, 3);
    cr_assert_geq(c.value * 20.0, 24.0 - 1e-6);
    cr_assert_leq(c.value * 20.0, 24.0 * 1.011);
    capacity_release(&c);
    /* two at once: all six guests on one */
    cr_assert_eq(
        find(&c, text, (struct capacity_options){.kind = CAPACITY_SPARE, .nr_hosts = 2}, &diag),
        ST_OK, "%s", diag.what);
    cr_assert_geq(c.value * 20.0, 48.0 - 1e-6);
    cr_assert_leq(c.value * 20.0, 48.0 * 1.011);
    capacity_release(&c);
}

Test(capacity, the_hosts_that_need_most_are_found)
{
    static const char text[] =
        "[host h]\ncount = 5\nmemory = 64GiB\nnic = 10Gb/s\n[workload w]\nkind = idle\n"
        "[vm small]\ncount = 5\nhost = h\nmemory = 4GiB\nworkload = w\n"
        "[vm large]\nhost = h-4\nmemory = 32GiB\nworkload = w\n[operation o]\nhosts = h-1\n";
    struct capacity c;
    struct diag diag = {0};

    cr_assert_eq(
        find(&c, text, (struct capacity_options){.kind = CAPACITY_SPARE, .nr_hosts = 1}, &diag),
        ST_OK, "%s", diag.what);
    cr_assert(c.found && c.present);
    cr_assert_str_eq(c.sc.hosts[c.hosts[0]].name, "h-4");
    capacity_release(&c);
}

Test(capacity, the_latest_start_leaves_the_time_it_takes)
{
    static const char text[] =
        HOSTS GUESTS MOVE "[link l]\nrate = 1Gb/s\nefficiency = 1\n[scenario]\nhorizon = 1h\n";
    struct capacity c;
    struct diag diag = {0};
    double takes = 16.0 * (double)GIB * BITS_PER_BYTE / 1e9;

    cr_assert_eq(
        find(&c, text,
             (struct capacity_options){.kind = CAPACITY_START, .limit_ns = 1800 * NS_PER_S}, &diag),
        ST_OK, "%s", diag.what);
    cr_assert(c.found);
    cr_assert_leq(c.value / 1e9, 1800.0 - takes);
    cr_assert_geq(c.value / 1e9, 1800.0 - 1.06 * takes - 2.0);
    capacity_release(&c);
    cr_assert_eq(find(&c, text,
                      (struct capacity_options){.kind = CAPACITY_START, .limit_ns = 60 * NS_PER_S},
                      &diag),
                 ST_OK, "%s", diag.what);
    cr_assert(!c.found, "it takes longer than until the deadline");
    capacity_release(&c);
}

Test(capacity, what_cannot_be_asked_is_said)
{
    static const struct {
        struct capacity_options options;
        const char *says;
    } cases[] = {
        {{.kind = CAPACITY_LINK, .limit_ns = NS_PER_S}, "no link and no card has a rate"},
        {{.kind = CAPACITY_LINK, .limit_ns = NS_PER_S, .link = "x"}, "there is no such link"},
        {{.kind = CAPACITY_SPARE, .nr_hosts = 2}, "cannot be emptied at once"},
        {{.kind = CAPACITY_SPARE, .nr_hosts = 1}, "has no memory"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct capacity c;
        struct diag diag = {0};
        enum status st = find(&c, HOSTS GUESTS MOVE, cases[i].options, &diag);

        cr_assert(st == ST_EINPUT || st == ST_EUSAGE, "case %zu", i);
        cr_assert(strstr(diag.what, cases[i].says), "%s", diag.what);
        capacity_release(&c);
    }
}
