/*
 * test_order.c - orders that are better, against bounds that can be worked out by hand.
 */
#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include "answers/plan/order.h"
#include "base/units.h"

/* One at a time out of each of two hosts, two in all: five short moves and a long one. */
#define LONG_LAST                                                                                  \
    "[scenario]\nhorizon = 2h\n[cluster]\nmax_total = 2\norder = fifo\n"                           \
    "[migration]\nmax_bandwidth = 100MiB/s\n[host a]\nmemory = 64GiB\n[host b]\nmemory = 64GiB\n"  \
    "[host c]\nmemory = 256GiB\n[workload w]\nwrite_rate = lognormal(4MB/s, 1.2)\n"                \
    "working_set = 256MiB\n[vm short]\ncount = 5\nhost = a\nmemory = 4GiB\nworkload = w\n"         \
    "[vm long]\nhost = b\nmemory = 20GiB\nworkload = w\n"                                          \
    "[request r]\nvm = short, long\ntarget = c\n"

static enum status find(struct order *order, const char *text, uint32_t budget, uint32_t jobs,
                        struct diag *diag)
{
    struct order_options o = {.base = {.path = "order.ini", .text = text},
                              .budget = budget,
                              .replications = 8,
                              .jobs = jobs};

    return order_find(order, &o, diag);
}

static const char *name_of(const struct order *order, size_t i)
{
    return order->sc.vms[order->moves[i].vm].name;
}

Test(order, the_long_move_goes_first)
{
    struct order order;
    struct diag diag = {0};

    cr_assert_eq(find(&order, LONG_LAST, 300, 1, &diag), ST_OK, "%s", diag.what);
    cr_assert(order.better);
    cr_assert_str_eq(name_of(&order, 0), "long");
    /* 20 + 8 GiB before, at best the 20 beside the five times 4 */
    cr_assert_lt(order.planned.makespan_ns, 0.78 * order.own.makespan_ns);
    cr_assert_gt(order.gain_interval.low, 0.2);
    cr_assert_eq(order.nr_moves, 6);
    order_release(&order);
}

Test(order, what_cannot_be_better_is_kept)
{
    static const char text[] = "[scenario]\nhorizon = 2h\n[cluster]\nmax_total = "
                               "1\n[migration]\nmax_bandwidth = 100MiB/s\n"
                               "[host a]\n[host c]\n[workload w]\nkind = idle\n"
                               "[vm v]\ncount = 4\nhost = a\nmemory = 4GiB\nworkload = w\n[request "
                               "r]\nvm = v\ntarget = c\n";
    struct order order;
    struct diag diag = {0};

    cr_assert_eq(find(&order, text, 200, 1, &diag), ST_OK, "%s", diag.what);
    cr_assert(!order.better, "one after the other takes as long in any order");
    order_release(&order);
}

Test(order, waves_are_in_time_and_every_vm_is_in_one)
{
    struct order order;
    struct diag diag = {0};
    uint64_t seen = 0;

    cr_assert_eq(find(&order, LONG_LAST, 300, 1, &diag), ST_OK, "%s", diag.what);
    for (size_t i = 0; i < order.nr_moves; i++) {
        const struct order_move *m = &order.moves[i];

        cr_assert(i == 0 || m->wave >= order.moves[i - 1].wave);
        cr_assert(i == 0 || m->at_ns >= order.moves[i - 1].at_ns);
        cr_assert_lt(m->wave, order.nr_waves);
        cr_assert_geq(m->start_ns, m->at_ns);
        cr_assert_gt(m->end_ns, m->start_ns);
        seen |= 1ULL << m->vm;
    }
    cr_assert_eq(seen, 0x3f);
    order_release(&order);
}

Test(order, the_same_on_any_number_of_threads)
{
    struct order orders[2];
    struct diag diag = {0};

    for (uint32_t i = 0; i < 2; i++)
        cr_assert_eq(find(&orders[i], LONG_LAST, 200, 1 + 2 * i, &diag), ST_OK, "%s", diag.what);
    cr_assert_eq(orders[0].runs, orders[1].runs);
    cr_assert_eq(orders[0].nr_moves, orders[1].nr_moves);
    for (size_t i = 0; i < orders[0].nr_moves; i++)
        cr_assert_eq(memcmp(&orders[0].moves[i], &orders[1].moves[i], sizeof(struct order_move)),
                     0);
    order_release(&orders[0]);
    order_release(&orders[1]);
}

Test(order, moves_that_depend_on_one_another_are_refused)
{
    static const char text[] = "[host h]\ncount = 3\nmemory = 64GiB\n[workload w]\nkind = idle\n"
                               "[vm v]\ncount = 6\nhost = h\nmemory = 4GiB\nworkload = w\n"
                               "[operation o]\nkind = upgrade\nhosts = h\nreboot_time = 1min\n";
    struct order order;
    struct diag diag = {0};

    cr_assert_eq(find(&order, text, 200, 1, &diag), ST_EINPUT);
    cr_assert(strstr(diag.what, "depend on one another"));
    order_release(&order);
}
