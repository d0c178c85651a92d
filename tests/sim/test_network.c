/*
 * test_network.c - shares of random networks against the definition of weighted max-min fairness.
 *
 * Rates are max-min fair if and only if they are feasible and every flow either has all it wants or
 * crosses a full link on which nobody has more per weight (Bertsekas and Gallager, Data Networks,
 * section 6.5.2).  So no second solver is needed: any answer that passes is the answer.
 */
#include <criterion/criterion.h>
#include <math.h>

#include "sim/network.h"
#include "support_oracle_world.h"

#define TOLERANCE 1e-9

enum {
    NETWORKS = 400,
    FLOWS_MAX = 200,
    LINKS_MAX = 40
};

static double load(const struct network *net, uint32_t link)
{
    double sum = 0.0;

    for (uint32_t i = 0; i < net->nr_active; i++) {
        const struct network_flow *f = &net->flows[net->active[i]];

        for (uint32_t h = 0; h < f->nr_hops; h++)
            sum += f->hops[h] == link ? f->rate : 0.0;
    }
    return sum;
}

static bool is_bottleneck(const struct network *net, uint32_t link, const struct network_flow *flow)
{
    double capacity = net->links[link].capacity, level = flow->rate / flow->weight;

    if (load(net, link) < capacity * (1.0 - TOLERANCE))
        return false;
    for (uint32_t i = 0; i < net->nr_active; i++) {
        const struct network_flow *f = &net->flows[net->active[i]];

        for (uint32_t h = 0; h < f->nr_hops; h++)
            if (f->hops[h] == link && f->rate / f->weight > level * (1.0 + TOLERANCE) + TOLERANCE)
                return false;
    }
    return true;
}

static void check_fair(const struct network *net)
{
    for (uint32_t l = 0; l < net->nr_links; l++)
        cr_assert_leq(load(net, l), net->links[l].capacity * (1.0 + TOLERANCE), "link %u", l);
    for (uint32_t i = 0; i < net->nr_active; i++) {
        const struct network_flow *f = &net->flows[net->active[i]];
        bool fixed = f->rate >= f->demand * (1.0 - TOLERANCE);
        double path = INFINITY;

        cr_assert_leq(f->rate, f->demand * (1.0 + TOLERANCE));
        for (uint32_t h = 0; h < f->nr_hops; h++) {
            fixed = fixed || is_bottleneck(net, f->hops[h], f);
            path = fmin(path, net->links[f->hops[h]].capacity);
        }
        cr_assert(fixed, "flow %u has %g of %g and no bottleneck", net->active[i], f->rate,
                  f->demand);
        cr_assert_eq(f->path, path);
    }
}

static void random_network(struct network *net, struct rng *r)
{
    uint32_t links = 1 + world_pick(r, LINKS_MAX), flows = 1 + world_pick(r, FLOWS_MAX);

    cr_assert_eq(network_init(net, links, flows), ST_OK);
    for (uint32_t l = 0; l < links; l++) {
        net->links[l].capacity = world_log_between(r, 1e3, 1e11);
        if (world_chance(r, 0.05))
            net->links[l].capacity = 0.0;
        else if (world_chance(r, 0.1) && l > 0)
            net->links[l].capacity = INFINITY;
    }
    for (uint32_t f = 0; f < flows; f++) {
        uint32_t hops[NETWORK_HOPS_MAX], nr = 0;
        double demand = world_chance(r, 0.5) ? INFINITY : world_log_between(r, 1e2, 1e10);

        hops[nr++] = world_pick(r, links);
        for (uint32_t l = 0; l < links && nr < NETWORK_HOPS_MAX; l++)
            if (l != hops[0] && world_chance(r, 2.0 / links))
                hops[nr++] = l;
        if (isinf(demand) && isinf(net->links[hops[0]].capacity))
            demand = 1e9; /* something must bound a flow */
        network_start(net, f, hops, nr, 1 + world_pick(r, 8), demand);
    }
}

Test(network, shares_are_max_min_fair_on_random_networks)
{
    struct rng r;

    rng_stream(&r, 20264, "network", 0, 0);
    for (int i = 0; i < NETWORKS; i++) {
        struct network net;

        random_network(&net, &r);
        network_solve(&net);
        check_fair(&net);
        /* some leave, capacities change: still fair */
        for (uint32_t f = 0; f < net.nr_flows; f += 3)
            network_stop(&net, f);
        net.links[0].capacity *= 0.5;
        network_solve(&net);
        check_fair(&net);
        network_release(&net);
    }
}

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
        net.links[0].capacity = 900;
        for (uint32_t f = 0; f < 3; f++)
            network_start(&net, f, &hop, 1, cases[c].weight[f], cases[c].demand[f]);
        network_solve(&net);
        for (uint32_t f = 0; f < 3; f++)
            cr_assert_float_eq(net.flows[f].rate, cases[c].want[f], 1e-9, "case %zu flow %u: %g", c,
                               f, net.flows[f].rate);
        network_release(&net);
    }
}

Test(network, changed_is_set_on_flows_whose_rate_moved)
{
    struct network net;
    uint32_t hops[2] = {0, 1};

    cr_assert_eq(network_init(&net, 2, 3), ST_OK);
    net.links[0].capacity = 100;
    net.links[1].capacity = 1000;
    network_start(&net, 0, &hops[0], 1, 1, INFINITY);
    network_start(&net, 1, &hops[1], 1, 1, INFINITY);
    network_solve(&net);
    cr_assert(net.flows[0].changed && net.flows[1].changed);
    network_start(&net, 2, &hops[1], 1, 1, INFINITY);
    network_solve(&net);
    cr_assert(!net.flows[0].changed && net.flows[1].changed && net.flows[2].changed);
    network_stop(&net, 2);
    network_stop(&net, 2); /* a second time does nothing */
    cr_assert_eq(net.nr_active, 2);
    network_clear(&net);
    cr_assert_eq(net.nr_active, 0);
    cr_assert(isinf(net.links[0].capacity));
    network_release(&net);
}
