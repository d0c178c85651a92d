/*
 * test_network.c - shares against plain water-filling, and against the definition of fairness.
 *
 * Rates are max-min fair if and only if they are feasible and every flow either has all it wants or
 * crosses a full link on which nobody has more per weight (Bertsekas and Gallager, Data Networks,
 * section 6.5.2).  Networks are random, and so are the changes they go through.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "support_oracle_world.h"
#include "support_waterfill.h"

#define TOLERANCE 1e-9

/* What a random network is like, and how much happens to it. */
struct shape {
    uint32_t links, flows, hops, changes, check_every;
    double no_demand; /* share of flows that want all there is */
    double several;   /* share of flows with several paths */
    double wide;      /* capacities lie within this factor */
};

static double random_demand(struct rng *r, const struct shape *shape)
{
    if (world_chance(r, shape->no_demand))
        return INFINITY;
    return world_chance(r, 0.5) ? 1e7 * (1 + world_pick(r, 5)) : world_log_between(r, 1e5, 1e10);
}

static void random_path(struct rng *r, const struct shape *shape, const struct waterfill *w,
                        struct network_path *path)
{
    uint32_t want = 1 + world_pick(r, shape->hops);

    *path = (struct network_path){.weight = 1 + world_pick(r, 8), .ceiling = INFINITY};
    if (world_chance(r, 0.1))
        path->ceiling = world_log_between(r, 1e6, 1e9);
    for (uint32_t tries = 0; path->nr_hops < want && tries < 4 * want; tries++) {
        uint32_t link = world_pick(r, w->nr_links);
        bool there = false;

        for (uint32_t h = 0; h < path->nr_hops; h++)
            there = there || path->hops[h] == link;
        if (!there)
            path->hops[path->nr_hops++] = link;
    }
}

static void start_flow(struct network *net, struct waterfill *w, uint32_t i, struct rng *r,
                       const struct shape *shape)
{
    struct waterfill_flow *f = &w->flows[i];

    f->active = true;
    f->demand = random_demand(r, shape);
    f->nr_paths = world_chance(r, shape->several) ? 2 + world_pick(r, 3) : 1;
    for (uint32_t p = 0; p < f->nr_paths; p++) {
        random_path(r, shape, w, &f->paths[p]);
        if (isinf(w->capacity[f->paths[p].hops[0]]) && f->paths[p].nr_hops == 1)
            f->paths[p].ceiling = 1e8; /* something must bound a flow */
    }
    network_start_paths(net, i, f->paths, f->nr_paths, f->demand);
}

static double random_capacity(struct rng *r, const struct shape *shape, uint32_t link)
{
    if (world_chance(r, 0.03))
        return 0.0;
    if (link == 0)
        return INFINITY; /* the only one, so that every path of two links is bounded */
    return world_chance(r, 0.3) ? 1e9 : world_log_between(r, 1e9 / shape->wide, 1e9 * shape->wide);
}

static void random_network(struct network *net, struct waterfill *w, struct rng *r,
                           const struct shape *shape)
{
    memset(w, 0, sizeof(*w));
    w->nr_links = 2 + world_pick(r, shape->links);
    w->nr_flows = 1 + world_pick(r, shape->flows);
    cr_assert_eq(network_init_paths(net, w->nr_links, w->nr_flows, shape->several > 0 ? 4 : 1),
                 ST_OK);
    for (uint32_t l = 0; l < w->nr_links; l++) {
        w->capacity[l] = random_capacity(r, shape, l);
        if (l == 0)
            w->capacity[l] = INFINITY;
        network_set_capacity(net, l, w->capacity[l]);
    }
    for (uint32_t i = 0; i < w->nr_flows; i++)
        if (world_chance(r, 0.7))
            start_flow(net, w, i, r, shape);
}

static void random_change(struct network *net, struct waterfill *w, struct rng *r,
                          const struct shape *shape)
{
    uint32_t i = world_pick(r, w->nr_flows), link = 1 + world_pick(r, w->nr_links - 1);

    if (world_chance(r, 0.1)) {
        w->capacity[link] = random_capacity(r, shape, link);
        network_set_capacity(net, link, w->capacity[link]);
    } else if (!w->flows[i].active) {
        start_flow(net, w, i, r, shape);
    } else if (world_chance(r, 0.5)) {
        w->flows[i].active = false;
        network_stop(net, i);
    } else {
        w->flows[i].demand = random_demand(r, shape);
        network_set_demand(net, i, w->flows[i].demand);
    }
}

/* Rates as the oracle has them, paths by definition, and the list of changes complete. */
static void check_against(const struct network *net, struct waterfill *w, const double *before)
{
    waterfill_solve(w);
    for (uint32_t i = 0; i < w->nr_flows; i++) {
        const struct network_flow *f = &net->flows[i];
        double want = waterfill_rate(w, i), path;

        if (!w->flows[i].active)
            continue;
        cr_assert(fabs(f->rate - want) <= TOLERANCE * fmax(want, 1.0), "flow %u: %.17g, not %.17g",
                  i, f->rate, want);
        if (memcmp(&f->rate, &before[i], sizeof(f->rate)) != 0)
            cr_assert(f->changed, "flow %u moved from %g to %g unseen", i, before[i], f->rate);
        if (w->flows[i].nr_paths > 1)
            continue;
        path = w->flows[i].paths[0].ceiling * w->flows[i].paths[0].weight;
        for (uint32_t h = 0; h < w->flows[i].paths[0].nr_hops; h++)
            path = fmin(path, w->capacity[w->flows[i].paths[0].hops[h]]);
        cr_assert_eq(f->path, path);
    }
    for (uint32_t i = 0; i < net->nr_changed; i++)
        cr_assert(net->flows[net->changed[i]].changed && w->flows[net->changed[i]].active);
}

static void run_changes(struct network *net, struct waterfill *w, struct rng *r,
                        const struct shape *shape)
{
    static double before[WATERFILL_FLOWS];

    memset(before, 0, sizeof(before));
    network_solve(net);
    check_against(net, w, before);
    for (uint32_t c = 0; c < shape->changes; c++) {
        for (uint32_t i = 0; i < w->nr_flows; i++)
            before[i] = net->flows[i].rate;
        for (uint32_t n = world_chance(r, 0.8) ? 1 : 1 + world_pick(r, 6); n > 0; n--)
            random_change(net, w, r, shape);
        for (uint32_t i = 0; i < w->nr_flows; i++)
            before[i] = net->flows[i].active ? net->flows[i].rate : 0.0;
        network_solve(net);
        if (c % shape->check_every == 0)
            check_against(net, w, before);
    }
    check_against(net, w, before);
}

static void run_shape(const struct shape *shape, uint32_t networks, uint64_t seed)
{
    static struct waterfill w;

    for (uint32_t i = 0; i < networks; i++) {
        struct network net;
        struct rng r;

        rng_stream(&r, seed, "network", i, 0);
        random_network(&net, &w, &r, shape);
        run_changes(&net, &w, &r, shape);
        network_release(&net);
    }
}

Test(network, rates_are_the_oracles_through_any_changes_of_small_networks)
{
    static const struct shape shapes[] = {
        {4, 6, 3, 60, 1, 0.5, 0.0, 100},   {12, 30, 4, 60, 1, 0.7, 0.0, 10},
        {40, 60, 5, 60, 1, 0.9, 0.0, 2},   {3, 60, 2, 60, 1, 0.9, 0.0, 1.5},
        {100, 40, 12, 60, 1, 0.5, 0.0, 5}, {12, 30, 4, 60, 1, 0.2, 0.0, 1e5},
    };

    for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++)
        run_shape(&shapes[s], 200, 100 + s);
}

Test(network, rates_are_the_oracles_with_a_thousand_flows)
{
    static const struct shape shapes[] = {
        {400, 1000, 5, 100, 20, 0.6, 0.0, 5},
        {20, 1000, 4, 100, 20, 0.8, 0.0, 10},
        {400, 1000, 3, 100, 20, 1.0, 0.0, 2},
    };

    for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++)
        run_shape(&shapes[s], 8, 200 + s);
}

Test(network, rates_are_the_oracles_when_streams_take_several_paths)
{
    static const struct shape shapes[] = {
        {10, 20, 3, 60, 1, 0.4, 0.6, 10},
        {60, 100, 4, 40, 2, 0.6, 0.3, 3},
    };

    for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++)
        run_shape(&shapes[s], 150, 300 + s);
}

/* ---- the definition ---- */

static bool is_bottleneck(const struct network *net, const struct waterfill *w, uint32_t link,
                          double level)
{
    double load = 0.0;

    for (uint32_t i = 0; i < w->nr_flows; i++)
        for (uint32_t h = 0; w->flows[i].active && h < w->flows[i].paths[0].nr_hops; h++) {
            if (w->flows[i].paths[0].hops[h] != link)
                continue;
            load += net->flows[i].rate;
            if (net->flows[i].rate / net->flows[i].weight > level * (1.0 + TOLERANCE) + TOLERANCE)
                return false;
        }
    cr_assert_leq(load, w->capacity[link] * (1.0 + TOLERANCE), "link %u is overloaded", link);
    return load >= w->capacity[link] * (1.0 - TOLERANCE);
}

static void check_fair(const struct network *net, const struct waterfill *w)
{
    for (uint32_t i = 0; i < w->nr_flows; i++) {
        const struct network_flow *f = &net->flows[i];
        const struct network_path *path = &w->flows[i].paths[0];
        bool fixed;

        if (!w->flows[i].active)
            continue;
        cr_assert_leq(f->rate, f->demand * (1.0 + TOLERANCE));
        fixed = f->rate >= fmin(f->demand, path->ceiling * path->weight) * (1.0 - TOLERANCE);
        for (uint32_t h = 0; h < path->nr_hops; h++)
            fixed = is_bottleneck(net, w, path->hops[h], f->rate / f->weight) || fixed;
        cr_assert(fixed, "flow %u has %g of %g and no bottleneck", i, f->rate, f->demand);
    }
}

Test(network, every_flow_has_its_demand_or_a_bottleneck)
{
    static const struct shape shape = {40, 200, 6, 0, 1, 0.5, 0.0, 100};
    static struct waterfill w;

    for (uint32_t i = 0; i < 200; i++) {
        struct network net;
        struct rng r;

        rng_stream(&r, 400, "network", i, 0);
        random_network(&net, &w, &r, &shape);
        network_solve(&net);
        check_fair(&net, &w);
        for (uint32_t c = 0; c < 40; c++) {
            random_change(&net, &w, &r, &shape);
            network_solve(&net);
        }
        check_fair(&net, &w);
        network_release(&net);
    }
}

/* ---- cases by hand ---- */

Test(network, equal_flows_share_equally_and_by_weight)
{
    static const struct {
        double weight[3];
        double demand[3];
        double want[3];
    } cases[] = {
        {{1, 1, 1}, {INFINITY, INFINITY, INFINITY}, {300, 300, 300}},
        {{1, 1, 4}, {INFINITY, INFINITY, INFINITY}, {150, 150, 600}},
        {{1, 1, 1}, {100, INFINITY, INFINITY}, {100, 400, 400}},
        {{1, 1, 1}, {100, 100, 100}, {100, 100, 100}},
        {{2, 1, 1}, {INFINITY, 0, INFINITY}, {600, 0, 300}},
    };
    uint32_t hop = 0;

    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        struct network net;

        cr_assert_eq(network_init(&net, 1, 3), ST_OK);
        network_set_capacity(&net, 0, 900);
        for (uint32_t f = 0; f < 3; f++)
            network_start(&net, f, &hop, 1, cases[c].weight[f], cases[c].demand[f]);
        network_solve(&net);
        for (uint32_t f = 0; f < 3; f++)
            cr_assert_float_eq(net.flows[f].rate, cases[c].want[f], 1e-9, "case %zu flow %u: %g", c,
                               f, net.flows[f].rate);
        network_release(&net);
    }
}

Test(network, the_list_holds_the_flows_whose_rate_moved_and_no_others)
{
    struct network net;
    uint32_t hops[2] = {0, 1};

    cr_assert_eq(network_init(&net, 2, 3), ST_OK);
    network_set_capacity(&net, 0, 100);
    network_set_capacity(&net, 1, 1000);
    network_start(&net, 0, &hops[0], 1, 1, INFINITY);
    network_start(&net, 1, &hops[1], 1, 1, INFINITY);
    network_solve(&net);
    cr_assert(net.nr_changed == 2 && net.flows[0].changed && net.flows[1].changed);
    network_start(&net, 2, &hops[1], 1, 1, INFINITY);
    network_solve(&net);
    cr_assert(net.nr_changed == 2 && !net.flows[0].changed);
    network_solve(&net);
    cr_assert_eq(net.nr_changed, 0);
    network_set_demand(&net, 2, 600); /* wants more than it gets: nobody moves */
    network_solve(&net);
    cr_assert_eq(net.nr_changed, 0);
    cr_assert_eq(net.flows[2].rate, 500);
    network_stop(&net, 2);
    network_stop(&net, 2); /* a second time does nothing */
    cr_assert_eq(net.nr_active, 2);
    network_solve(&net);
    cr_assert(net.nr_changed == 1 && net.changed[0] == 1);
    network_clear(&net);
    cr_assert_eq(net.nr_active, 0);
    cr_assert(isinf(net.links[0].capacity));
    network_release(&net);
}

Test(network, a_change_far_away_costs_no_link_update)
{
    enum {
        HOSTS = 1000
    };
    struct network net;
    uint64_t updates;

    cr_assert_eq(network_init(&net, 2 * HOSTS + 1, HOSTS), ST_OK);
    for (uint32_t l = 0; l < 2 * HOSTS; l++)
        network_set_capacity(&net, l, 1e9);
    network_set_capacity(&net, 2 * HOSTS, 1e13);
    for (uint32_t f = 0; f < HOSTS; f++) {
        uint32_t hops[3] = {2 * f, 2 * f + 1, 2 * HOSTS};

        network_start(&net, f, hops, 3, 1, INFINITY);
    }
    network_solve(&net);
    updates = net.nr_link_updates;
    network_stop(&net, 7);
    network_solve(&net);
    network_set_demand(&net, 8, 1e8);
    network_solve(&net);
    cr_assert_leq(net.nr_link_updates - updates, 3);
    cr_assert_eq(net.flows[8].rate, 1e8);
    network_release(&net);
}

Test(network, a_stream_keeps_to_its_leg_and_the_demand_bounds_the_sum)
{
    struct network net;
    struct network_path paths[2] = {{.weight = 1, .ceiling = INFINITY, .nr_hops = 1, .hops = {0}},
                                    {.weight = 3, .ceiling = INFINITY, .nr_hops = 1, .hops = {1}}};

    cr_assert_eq(network_init_paths(&net, 2, 2, 2), ST_OK);
    network_set_capacity(&net, 0, 100);
    network_set_capacity(&net, 1, 100);
    network_start_paths(&net, 0, paths, 2, INFINITY);
    network_start(&net, 1, &paths[1].hops[0], 1, 1, INFINITY);
    network_solve(&net);
    cr_assert_float_eq(net.flows[0].rate, 175,
                       1e-9); /* all of one leg, 3 of 4 streams of the other */
    cr_assert_float_eq(net.flows[0].path, 200, 1e-9);
    network_set_demand(&net, 0, 60); /* 15 a stream: the others' leg has room again */
    network_solve(&net);
    cr_assert_float_eq(net.flows[0].rate, 60, 1e-9);
    cr_assert_float_eq(net.flows[1].rate, 55, 1e-9);
    network_stop(&net, 0);
    network_solve(&net);
    cr_assert_float_eq(net.flows[1].rate, 100, 1e-9);
    network_start_paths(&net, 0, paths, 2, INFINITY); /* its strands were given back */
    network_solve(&net);
    cr_assert_float_eq(net.flows[0].rate, 175, 1e-9);
    network_release(&net);
}
