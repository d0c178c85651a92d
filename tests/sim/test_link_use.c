/* test_link_use.c - how links were used over time, whatever the length of a run. */
#include "sim/network/link_use.h"

#include <criterion/criterion.h>

#include "base/units.h"

/* Two links of 100 bytes/s, of which the first carries one flow of @rate. */
static void network_with(struct network *net, double rate)
{
    const uint32_t hops[] = {0};

    cr_assert_eq(network_init(net, 2, 1), ST_OK);
    network_set_capacity(net, 0, 100);
    network_set_capacity(net, 1, 100);
    if (rate > 0)
        network_start(net, 0, hops, 1, 1.0, rate);
    network_solve(net);
}

Test(sim_link_use, what_is_not_wanted_costs_nothing)
{
    struct network net;
    struct link_use u;
    uint32_t links[LINKS_KEPT];

    network_with(&net, 50);
    cr_assert_eq(link_use_init(&u, 0), ST_OK);
    link_use_begin(&u);
    link_use_look(&u, &net, 1000 * NS_PER_S);
    cr_expect_eq(link_use_pick(&u, links), 0);
    link_use_release(&u);
    network_release(&net);
}

Test(sim_link_use, shares_are_percent_of_what_the_link_carries)
{
    struct network net;
    struct link_use u;
    struct link_result row = {0};
    uint32_t links[LINKS_KEPT];

    network_with(&net, 40);
    cr_assert_eq(link_use_init(&u, 2), ST_OK);
    link_use_begin(&u);
    link_use_look(&u, &net, NS_PER_S);
    cr_assert_eq(link_use_pick(&u, links), 1, "a link that was never used is none");
    cr_expect_eq(links[0], 0);
    link_use_row(&u, 0, &row);
    cr_expect_eq(row.nr, 10);
    cr_expect_eq(row.step_ns, 100 * NS_PER_MS);
    for (uint32_t i = 0; i < row.nr; i++)
        cr_expect_eq(row.used_pct[i], 40);
    link_use_release(&u);
    network_release(&net);
}

/* A day at 40 %, the second half of it twice: steps grow, and the mean stays. */
Test(sim_link_use, a_long_run_keeps_its_whole_course)
{
    struct network net;
    struct link_use u;
    struct link_result row = {0};
    const int64_t day = 86400 * NS_PER_S;
    double sum = 0;

    network_with(&net, 40);
    cr_assert_eq(link_use_init(&u, 2), ST_OK);
    for (int again = 0; again < 2; again++) {
        link_use_begin(&u);
        network_set_demand(&net, 0, 40);
        network_solve(&net);
        link_use_look(&u, &net, day / 2);
        network_set_demand(&net, 0, 80);
        network_solve(&net);
        link_use_look(&u, &net, day);
        link_use_row(&u, 0, &row);
        cr_assert_leq(row.nr, LINK_SAMPLES);
        cr_expect_geq(row.nr, LINK_SAMPLES / 2);
        cr_expect_geq((int64_t)row.nr * row.step_ns, day - row.step_ns);
        for (uint32_t i = 0; i < row.nr; i++)
            sum += row.used_pct[i] / (double)row.nr;
        cr_expect_float_eq(sum, 60.0, 0.5);
        sum = 0;
        cr_expect_eq(row.used_pct[0], 40);
        cr_expect_eq(row.used_pct[row.nr - 1], 80);
    }
    link_use_release(&u);
    network_release(&net);
}

/* An event long after the last migration takes nothing from the samples before it. */
Test(sim_link_use, idle_time_at_the_end_is_left_out_and_in_the_middle_kept)
{
    struct network net;
    struct link_use u;
    struct link_result row = {0};
    const uint32_t hops[] = {0};

    network_with(&net, 100);
    cr_assert_eq(link_use_init(&u, 2), ST_OK);
    link_use_begin(&u);
    link_use_look(&u, &net, NS_PER_S);
    network_stop(&net, 0);
    network_solve(&net);
    link_use_look(&u, &net, 3 * NS_PER_S);
    network_start(&net, 0, hops, 1, 1.0, 100);
    network_solve(&net);
    link_use_look(&u, &net, 4 * NS_PER_S);
    network_stop(&net, 0);
    network_solve(&net);
    link_use_look(&u, &net, 86400 * NS_PER_S);
    link_use_row(&u, 0, &row);
    cr_assert_eq(row.nr, 40);
    for (uint32_t i = 0; i < row.nr; i++)
        cr_expect_eq(row.used_pct[i], i < 10 || i >= 30 ? 100 : 0, "step %u", i);
    link_use_release(&u);
    network_release(&net);
}

Test(sim_link_use, only_the_links_used_most_are_kept_most_used_first)
{
    struct network net;
    struct link_use u;
    uint32_t links[LINKS_KEPT];

    cr_assert_eq(network_init(&net, 40, 40), ST_OK);
    for (uint32_t i = 0; i < 40; i++) {
        network_set_capacity(&net, i, 100);
        network_start(&net, i, &i, 1, 1.0, (double)(i + 1));
    }
    network_solve(&net);
    cr_assert_eq(link_use_init(&u, 40), ST_OK);
    link_use_begin(&u);
    link_use_look(&u, &net, NS_PER_S);
    cr_assert_eq(link_use_pick(&u, links), LINKS_KEPT);
    for (uint32_t i = 0; i < LINKS_KEPT; i++)
        cr_expect_eq(links[i], 39 - i);
    link_use_release(&u);
    network_release(&net);
}
