/*
 * test_links.c - what networks, bonds, proxies and other traffic do to whole migrations.
 *
 * Guests are idle, so a migration is its memory over its share, and the time is known by hand.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "support_run.h"
#include "support_scenario.h"

#define TAIL                                                                                       \
    "[workload w]\nkind=idle\n[vm v]\ncount=%u\nhost=x\nmemory=4GiB\nworkload=w\n"                 \
    "[request r]\nvm=v\ntarget=y\n"

/* Seconds that the slowest of @vms idle guests of 4 GiB takes, with @lines as the rest. */
static double seconds(const char *lines, uint32_t vms)
{
    char text[4000];
    struct test_run run;
    double most = 0.0;
    int len = snprintf(text, sizeof(text), "%s" TAIL, lines, vms);

    cr_assert_lt(len, (int)sizeof(text));
    test_run_text(&run, text);
    cr_assert_eq(run.nr_rows, vms);
    for (uint32_t i = 0; i < run.nr_rows; i++) {
        cr_assert_eq(run.rows[i].outcome, OUTCOME_COMPLETED, "%s: %s", lines, run.rows[i].reason);
        most = fmax(most, (double)(run.rows[i].ended_ns - run.rows[i].started_ns) / 1e9);
    }
    test_run_release(&run);
    return most;
}

#define FAST "[migration]\nmax_bandwidth=unlimited\n"

/* Rates are far below what copying costs, so only the network counts; setup, headers and the
 * switchover take up to a second in all. */
static void expect_time(const char *what, double got, double bytes, double bytes_per_s)
{
    double want = bytes / bytes_per_s;

    cr_assert(got > want && got < want * 1.01 + 1.0, "%s: %.3f s, not %.3f s", what, got, want);
}

static const double four_gib = 4.0 * 1024 * 1024 * 1024;
static const double gigabit = 1e9 / 8.0 * 1448.0 / 1538.0;

Test(links, a_series_of_other_traffic_leaves_what_it_leaves)
{
    /* half of the time 100 Mb/s are left, the other half all */
    static const char steady[] = FAST "[host x]\n[host y]\n[link l]\nrate=1Gb/s\n"
                                      "efficiency=100%\nbackground=450Mb/s\n";
    static const char bursts[] = FAST "[host x]\n[host y]\n[link l]\nrate=1Gb/s\n"
                                      "efficiency=100%\nbackground_series=0s 900Mb/s, 1s 0b/s\n"
                                      "background_period=2s\n";
    static const char once[] = FAST "[host x]\n[host y]\n[link l]\nrate=1Gb/s\n"
                                    "efficiency=100%\nbackground_series=0s 900Mb/s, 20s 0b/s\n";

    expect_time("steady", seconds(steady, 1), four_gib, 550e6 / 8);
    expect_time("bursts", seconds(bursts, 1), four_gib, 550e6 / 8);
    expect_time("once", seconds(once, 1) - 20.0, four_gib - 20.0 * 100e6 / 8, 1e9 / 8);
}

Test(links, an_endless_series_does_not_keep_a_run_from_ending)
{
    struct test_run run;
    char text[2000];

    snprintf(text, sizeof(text), "%s" TAIL,
             "[scenario]\nhorizon=3650d\n" FAST "[host x]\n[host y]\n[link l]\nrate=10Gb/s\n"
             "background_series=0s 9Gb/s, 500us 0b/s\nbackground_period=1ms\n",
             1);
    test_run_text(&run, text);
    cr_assert_eq(run.rows[0].outcome, OUTCOME_COMPLETED);
    /* two changes a millisecond, and only while it ran */
    cr_assert_lt(sim_events(run.sim),
                 (uint64_t)(run.rows[0].ended_ns - run.rows[0].started_ns) / 500000 + 200);
    test_run_release(&run);
}

Test(links, the_migration_network_is_the_one_that_counts)
{
    static const char lines[] = "[migration]\nmax_bandwidth=unlimited\nnetwork=mig\n"
                                "[network mig]\nnic=2Gb/s\n[network st]\nnic=1Gb/s\n"
                                "[host x]\nnic=100Mb/s\n[host y]\nnics=mig 1Gb/s\n";

    expect_time("mig", seconds(lines, 1), four_gib, gigabit);
}

Test(links, a_single_stream_gets_one_leg_and_many_streams_get_all)
{
    static const char one[] = FAST "[host x]\nnic=1Gb/s\nbond=2\n[host y]\nnic=100Gb/s\n";
    static const char many[] = FAST
        "multifd=on\nmultifd_channels=16\n[host x]\nnic=1Gb/s\nbond=2\n[host y]\nnic=100Gb/s\n";

    expect_time("one", seconds(one, 1), four_gib, gigabit);
    expect_time("many", seconds(many, 1), four_gib, 2 * gigabit);
}

Test(links, caps_and_the_proxy_bound_all_migrations_of_a_host_together)
{
    static const struct {
        const char *host;
        double bytes_per_s;
    } cases[] = {
        {"migration_out=80MB/s", 80e6},
        {"migration_both=70MB/s", 70e6},
        {"proxy_rate=60MB/s", 60e6},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char lines[400];

        snprintf(lines, sizeof(lines), FAST "[host x]\nnic=10Gb/s\n%s\n[host y]\nnic=10Gb/s\n",
                 cases[i].host);
        expect_time(cases[i].host, seconds(lines, 3), 3 * four_gib, cases[i].bytes_per_s);
    }
    expect_time("limit", seconds(FAST "[network]\nlimit=90MB/s\n[host x]\n[host y]\n", 3),
                3 * four_gib, 90e6);
    expect_time("in", seconds(FAST "[host x]\n[host y]\nmigration_in=90MB/s\n", 2), 2 * four_gib,
                90e6);
}

Test(links, streams_on_a_long_path_are_bounded_by_their_window)
{
    static const char one[] = FAST "[network]\nwindow=1MiB\nlatency=10ms\n"
                                   "[host x]\nrtt=0s\n[host y]\n";
    static const char four[] = FAST "multifd=on\nmultifd_channels=4\n"
                                    "[network]\nwindow=1MiB\nlatency=10ms\n"
                                    "[host x]\nrtt=0s\n[host y]\n";
    double stream = 1048576.0 / 0.02;

    expect_time("one", seconds(one, 1), four_gib, stream);
    expect_time("four", seconds(four, 1), four_gib, 4 * stream);
}

Test(links, an_uplink_is_shared_by_what_leaves_the_rack_and_nothing_else)
{
    static const char lines[] = FAST "[rack a]\noversubscription=5\n[host "
                                     "x]\nrack=a\nnic=10Gb/s\n[host y]\nrack=%s\nnic=10Gb/s\n";
    char text[400];

    snprintf(text, sizeof(text), lines, "b");
    expect_time("out", seconds(text, 2), 2 * four_gib, 2 * gigabit);
    snprintf(text, sizeof(text), lines, "a");
    expect_time("in", seconds(text, 2), 2 * four_gib, 10 * gigabit);
}

/* ---- what a scenario must not say ---- */

struct rule {
    enum scn_kind kind;
    const char *lines;
    const char *message;
};

Test(links, what_cannot_be_is_refused_with_its_place)
{
    static const struct rule rules[] = {
        {SCN_LINK, "background_series=1s 1Gb/s\n", "the first time must be 0s"},
        {SCN_LINK, "background_series=0s 1Gb/s, 2s 2Gb/s, 2s 1Gb/s\n", "the times must grow"},
        {SCN_LINK, "background_series=0s 1Gb\n", "is not TIME RATE"},
        {SCN_LINK, "background_series=0s\n", "is not TIME RATE"},
        {SCN_LINK, "background_series=0s 10Gb/s\n", "leaves nothing of the link"},
        {SCN_LINK, "background_series=0s 1Gb/s, 5s 0b/s\nbackground_period=5s\n", "lasts longer"},
        {SCN_LINK, "background_period=5s\n", "no background_series to repeat"},
        {SCN_LINK, "networks=fast\n", "there is no [network fast]"},
        {SCN_RACK, "uplink=10Gb/s\noversubscription=2\n", "uplink says the same"},
        {SCN_RACK, "uplink=1Mb/s\n", "leaves nothing of the uplink"},
        {SCN_HOST, "nics=default 1Gb/s\n", "the card in the default network is nic"},
        {SCN_HOST, "nics=fast 1Gb/s\n", "there is no [network fast]"},
        {SCN_MIGRATION, "network=fast\n", "there is no [network fast]"},
        {SCN_MIGRATION, "storage_network=fast\n", "there is no [network fast]"},
        {SCN_NETWORK, "[network default]\n", "that is the name of [network] itself"},
        {SCN_NETWORK, "[network n]\n[host q]\nnics=n 1Gb\n", "is not NETWORK RATE"},
        {SCN_NETWORK, "[network n]\n[host q]\nnics=n 5x1Gb/s\n", "is not NETWORK RATE"},
        {SCN_NETWORK, "[network n]\n[host q]\nnics=n 1Gb/s, n 2Gb/s\n", "stands there twice"},
        {SCN_NETWORK, "[rack empty]\n", "no host stands in it"},
        {SCN_NETWORK, "[rack q]\noversubscription=2\n[host q]\nrack=q\n", "a card without limit"},
    };

    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        char *text = small_scenario(rules[i].kind, rules[i].lines, NULL, NULL);

        expect_refused(text, rules[i].message);
        free(text);
    }
    {
        char text[1000];

        snprintf(text, sizeof(text),
                 "[host x]\n[host y]\n[link l]\nrate=1Gb/s\nbetween=racks\n" TAIL, 1);
        expect_refused(text, "no two hosts stand in different racks");
    }
}

Test(links, a_path_has_room_for_ten_links)
{
    char text[4000];
    size_t len = (size_t)snprintf(text, sizeof(text), FAST "[host x]\n[host y]\n");
    struct scenario sc;
    struct diag diag;

    for (int i = 0; i < 11; i++) {
        size_t before = len;

        len += (size_t)snprintf(text + len, sizeof(text) - len, "[link l%d]\nrate=1Gb/s\n%s", i,
                                i % 2 ? "hosts=x,y\n" : "");
        snprintf(text + len, sizeof(text) - len, TAIL, 1);
        if (i == 9) {
            cr_assert_eq(load_text(&sc, text, &diag), ST_OK);
            scenario_release(&sc);
        }
        if (i == 10)
            expect_refused(text, "more than 10 links");
        cr_assert_gt(len, before);
    }
}
