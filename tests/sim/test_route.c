/*
 * test_route.c - the links of a path against their definition, host by host and link by link.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "sim/network/route.h"
#include "support_oracle_world.h"
#include "support_scenario.h"

/* Two racks of two hosts; c stands in none. */
static const char cluster[] = "[host a1]\nrack=a\nnic=10Gb/s\nnics=st 25Gb/s\n"
                              "[host a2]\nrack=a\nnic=10Gb/s\nmigration_in=500MB/s\n"
                              "[host b1]\nrack=b\nnic=20Gb/s\nproxy_rate=1GB/s\n"
                              "[host b2]\nrack=b\nmigration_out=300MB/s\nmigration_both=400MB/s\n"
                              "[host c]\n"
                              "[network]\nnic=40Gb/s\nlatency=1ms\n"
                              "[network st]\nnic=5Gb/s\nuplinks=off\nlatency=0s\nlimit=2GB/s\n"
                              "[rack a]\noversubscription=4\nlatency=100us\n"
                              "[rack b]\nuplink=40Gb/s\nbackground=10Gb/s\n"
                              "[link core]\nrate=100Gb/s\nbetween=racks\nlatency=2ms\n"
                              "[link lan]\nrate=1Tb/s\nefficiency=100%\n"
                              "[link pair]\nrate=7Gb/s\nhosts=a1,b1\nnetworks=default\n"
                              "[link store]\nrate=9Gb/s\nhosts=a1,a2,b1\nnetworks=st\n"
                              "[workload w]\nkind=idle\n"
                              "[vm v]\nhost=a1\nmemory=1GiB\nworkload=w\n"
                              "[request r]\nvm=v\ntarget=b1\n";

struct fixture {
    struct scenario sc;
    struct route_map map;
    struct network net;
};

static void open_text(struct fixture *f, const char *text, bool observed)
{
    struct diag diag;
    char message[1024];

    if (load_text(&f->sc, text, &diag) != ST_OK) {
        diag_format(&diag, message, sizeof(message));
        cr_assert_fail("%s", message);
    }
    cr_assert_eq(route_init(&f->map, &f->sc, observed), ST_OK);
    cr_assert_eq(network_init_paths(&f->net, f->map.nr_links, 4, f->map.nr_paths), ST_OK);
    route_apply(&f->map, &f->net);
}

static void close_fixture(struct fixture *f)
{
    network_release(&f->net);
    route_release(&f->map);
    scenario_release(&f->sc);
}

static uint32_t host(const struct fixture *f, const char *name)
{
    for (uint32_t i = 0; i < f->sc.nr_hosts; i++)
        if (strcmp(f->sc.hosts[i].name, name) == 0)
            return i;
    cr_assert_fail("%s", name);
    return 0;
}

static uint32_t link_called(const struct fixture *f, const char *name)
{
    for (uint32_t i = 0; i < f->sc.nr_links; i++)
        if (strcmp(f->sc.links[i].name, name) == 0)
            return i;
    cr_assert_fail("%s", name);
    return 0;
}

static void find(const struct fixture *f, const char *from, const char *to, uint32_t network,
                 struct route *route)
{
    struct route_request r = {.source = host(f, from),
                              .target = host(f, to),
                              .network = network,
                              .streams = 1,
                              .rtt_ns = 1000000};

    route_find(&f->map, &r, route);
}

/* The capacities of a path's links behind the scenario's own, as a sorted text in MB/s. */
static void describe(const struct fixture *f, const struct network_path *p, char *out, size_t cap)
{
    double rates[NETWORK_HOPS_MAX];
    uint32_t nr = 0;
    size_t len = 0;

    out[0] = '\0';
    for (uint32_t l = 0; l < f->sc.nr_links; l++)
        for (uint32_t h = 0; h < p->nr_hops; h++)
            if (p->hops[h] == l)
                len += (size_t)snprintf(out + len, cap - len, "%s ", f->sc.links[l].name);
    for (uint32_t h = 0; h < p->nr_hops; h++)
        if (p->hops[h] >= f->sc.nr_links)
            rates[nr++] = f->net.links[p->hops[h]].capacity;
    for (uint32_t n = 0; n < nr; n++) {
        uint32_t best = 0;

        for (uint32_t i = 1; i < nr; i++)
            best = rates[i] < rates[best] ? i : best;
        len += (size_t)snprintf(out + len, cap - len, "%.1f ", rates[best] / 1e6);
        rates[best] = INFINITY;
    }
}

Test(route, a_path_crosses_cards_uplinks_caps_and_links_of_its_network)
{
    /* payload of 10 Gb/s is 1176.9 MB/s; rack a: 20 Gb/s of cards over 4; rack b: 40 less 10 */
    static const struct {
        const char *from, *to;
        uint32_t network;
        const char *links;
        double rtt_ms;
    } cases[] = {
        {"a1", "a2", 0, "lan 500.0 1176.9 1176.9 ", 3.0},
        {"a2", "a1", 0, "lan 1176.9 1176.9 ", 3.0},
        {"a1", "b1", 0, "core lan pair 588.4 1000.0 1176.9 2353.7 3530.6 ", 7.2},
        {"b1", "a1", 0, "core lan pair 588.4 1000.0 1176.9 2353.7 3530.6 ", 7.2},
        {"b1", "b2", 0, "lan 400.0 1000.0 2353.7 4707.4 ", 3.0},
        {"b2", "b1", 0, "lan 300.0 400.0 1000.0 2353.7 4707.4 ", 3.0},
        {"b2", "c", 0, "core lan 300.0 400.0 3530.6 4707.4 4707.4 ", 7.0},
        {"a1", "b1", 1, "lan store 588.4 1000.0 2000.0 2942.1 ", 1.0},
        {"c", "b2", 1, "lan 400.0 588.4 588.4 2000.0 ", 1.0},
    };
    struct fixture f;

    open_text(&f, cluster, false);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct route route;
        char links[400];

        find(&f, cases[i].from, cases[i].to, cases[i].network, &route);
        cr_assert_eq(route.nr_paths, 1);
        cr_assert(isinf(route.paths[0].ceiling));
        describe(&f, &route.paths[0], links, sizeof(links));
        cr_assert_str_eq(links, cases[i].links, "%s to %s: '%s', not '%s'", cases[i].from,
                         cases[i].to, links, cases[i].links);
        cr_assert_float_eq((double)route.rtt_ns / 1e6, cases[i].rtt_ms, 1e-9, "%s to %s: %g",
                           cases[i].from, cases[i].to, (double)route.rtt_ns / 1e6);
    }
    cr_assert(isinf(f.net.links[link_called(&f, "lan")].capacity), "links.c sets those");
    close_fixture(&f);
}

Test(route, what_never_limits_has_no_link)
{
    struct fixture f;
    struct route route;

    open_text(&f,
              "[host x]\n[host y]\n[workload w]\nkind=idle\n[vm v]\nhost=x\nmemory=1GiB\n"
              "workload=w\n[request r]\nvm=v\ntarget=y\n",
              false);
    cr_assert_eq(f.map.nr_links, 0);
    find(&f, "x", "y", 0, &route);
    cr_assert_eq(route.paths[0].nr_hops, 0);
    close_fixture(&f);
}

Test(route, a_window_over_the_rtt_is_a_ceiling_of_each_stream)
{
    struct fixture f;
    struct route route;

    open_text(&f,
              "[network]\nwindow=3MiB\nlatency=24.5ms\n"
              "[host x]\n[host y]\n[workload w]\nkind=idle\n[vm v]\nhost=x\nmemory=1GiB\n"
              "workload=w\n[request r]\nvm=v\ntarget=y\n",
              false);
    find(&f, "x", "y", 0, &route);
    cr_assert_float_eq((double)route.rtt_ns / 1e6, 50.0, 1e-9);
    cr_assert_float_eq(route.paths[0].ceiling, 3.0 * 1048576.0 / 0.05, 1e-3);
    close_fixture(&f);
}

/* ---- bonds ---- */

static const char bonds[] = "[host x]\nnic=10Gb/s\nbond=2\n[host y]\nnic=10Gb/s\nbond=4\n"
                            "[host z]\nnic=10Gb/s\nbond=2\nbond_hash=host\n"
                            "[workload w]\nkind=idle\n[vm v]\nhost=x\nmemory=1GiB\nworkload=w\n"
                            "[request r]\nvm=v\ntarget=y\n";

static double weights(const struct route *route)
{
    double sum = 0.0;

    for (uint32_t p = 0; p < route->nr_paths; p++)
        sum += route->paths[p].weight;
    return sum;
}

Test(route, each_stream_uses_one_leg_of_each_bond)
{
    struct fixture f;
    uint32_t used[32] = {0};

    open_text(&f, bonds, false);
    for (uint64_t key = 0; key < 300; key++) {
        struct route_request r = {.source = host(&f, "x"),
                                  .target = host(&f, "y"),
                                  .streams = 1 + (uint32_t)key % 12,
                                  .key = key * key};
        struct route route, again;

        route_find(&f.map, &r, &route);
        memset(&again, 0xff, sizeof(again));
        route_find(&f.map, &r, &again);
        cr_assert_eq(route.nr_paths, again.nr_paths);
        cr_assert_leq(route.nr_paths, r.streams < 8 ? r.streams : 8);
        cr_assert_eq(weights(&route), (double)r.streams);
        for (uint32_t p = 0; p < route.nr_paths; p++) {
            cr_assert_eq(route.paths[p].nr_hops, 2);
            for (uint32_t h = 0; h < 2; h++) {
                cr_assert_eq(route.paths[p].hops[h], again.paths[p].hops[h], "same key, same leg");
                used[route.paths[p].hops[h]] += (uint32_t)route.paths[p].weight;
            }
        }
    }
    /* 300 keys with 6.5 streams in the mean: about 975 on each of 2 legs, 488 on each of 4 */
    for (uint32_t leg = 0; leg < 2; leg++)
        cr_assert(used[leg] > 850 && used[leg] < 1100, "leg %u: %u", leg, used[leg]);
    for (uint32_t leg = 0; leg < 4; leg++)
        cr_assert(used[8 + leg] > 400 && used[8 + leg] < 580, "leg %u: %u", leg, used[8 + leg]);
    close_fixture(&f);
}

Test(route, hashing_by_host_keeps_all_streams_on_one_leg)
{
    struct fixture f;

    open_text(&f, bonds, false);
    for (uint64_t key = 0; key < 50; key++) {
        struct route_request r = {
            .source = host(&f, "z"), .target = host(&f, "x"), .streams = 8, .key = key};
        struct route route;

        route_find(&f.map, &r, &route);
        cr_assert_leq(route.nr_paths, 2, "only the other end spreads them");
        for (uint32_t p = 1; p < route.nr_paths; p++)
            cr_assert_eq(route.paths[p].hops[0], route.paths[0].hops[0]);
    }
    close_fixture(&f);
}

/* ---- any cluster ---- */

enum {
    HOSTS = 12
};

/* By definition: every link is asked whether it joins the two. */
static bool joins(const struct scn_link *l, uint32_t a, uint32_t b)
{
    unsigned ends = l->nr_hosts == 0 ? 3 : 0;

    for (uint32_t h = 0; h < l->nr_hosts; h++)
        ends |= (l->hosts[h] == a ? 1u : 0u) | (l->hosts[h] == b ? 2u : 0u);
    return ends == 3;
}

Test(route, links_that_name_hosts_are_crossed_between_them_and_nowhere_else)
{
    struct rng rng;

    rng_stream(&rng, 77, "route", 0, 0);
    for (int n = 0; n < 60; n++) {
        char text[8000];
        size_t len = 0;
        uint32_t links = 1 + world_pick(&rng, 9);
        struct fixture f;

        for (int h = 0; h < HOSTS; h++)
            len += (size_t)snprintf(text + len, sizeof(text) - len, "[host h%d]\n", h);
        for (uint32_t l = 0; l < links; l++) {
            const char *comma = "";

            len += (size_t)snprintf(text + len, sizeof(text) - len,
                                    "[link l%u]\nrate=1Gb/s\nhosts=", l);
            for (int h = 0; h < HOSTS; h++) {
                if (h > 1 && !world_chance(&rng, 0.4))
                    continue;
                len += (size_t)snprintf(text + len, sizeof(text) - len, "%sh%d", comma, h);
                comma = ",";
            }
            len += (size_t)snprintf(text + len, sizeof(text) - len, "\n");
        }
        snprintf(text + len, sizeof(text) - len,
                 "[workload w]\nkind=idle\n[vm v]\nhost=h0\nmemory=1GiB\nworkload=w\n"
                 "[request r]\nvm=v\ntarget=h1\n");
        open_text(&f, text, n % 2 == 0);
        for (uint32_t a = 0; a < HOSTS; a++) {
            for (uint32_t b = 0; b < HOSTS; b++) {
                struct route_request r = {.source = a, .target = b, .streams = 1};
                struct route route;
                uint32_t want = 0;

                if (a == b)
                    continue;
                route_find(&f.map, &r, &route);
                for (uint32_t l = 0; l < f.sc.nr_links; l++) {
                    bool there = false;

                    for (uint32_t h = 0; h < route.paths[0].nr_hops; h++)
                        there = there || route.paths[0].hops[h] == l;
                    cr_assert_eq(there, joins(&f.sc.links[l], a, b));
                    want += there;
                }
                cr_assert_eq(route.paths[0].nr_hops, want + (n % 2 == 0));
            }
        }
        close_fixture(&f);
    }
}
