/* test_replay_observed.c - what replay takes from counters, where they are in each other's way. */
#include <criterion/criterion.h>

#include "answers/accuracy/replay_observed.h"
#include "base/units.h"

enum {
    POLLS = 12
};

/* A poll each 20 ms on a limited link, 1 MiB further; QEMU stays active a while after it stopped
 * the guest, between two polls. */
static struct trace_facts stopped_between_polls(struct facts_poll polls[POLLS])
{
    struct trace_facts f = {.header = {.memory_bytes = GIB, .link = {.rate_bps = 1000000000}}};

    for (int i = 0; i < POLLS; i++)
        polls[i] = (struct facts_poll){.t_ns = (i + 1) * 20 * NS_PER_MS,
                                       .status = FACTS_ST_ACTIVE,
                                       .rounds = 1,
                                       .normal_pages = 256 * (i + 1),
                                       .remaining_bytes = (POLLS - i) * (int64_t)MIB,
                                       .transferred_bytes = (i + 1) * (int64_t)MIB};
    f.before.params.max_bandwidth_bytes_per_s = UNITS_UNLIMITED;
    f.after.polls = polls;
    f.after.nr_polls = POLLS;
    f.after.outcome = FACTS_COMPLETED;
    f.after.at.stop_ns = 150 * NS_PER_MS;
    f.after.at.end_ns = 300 * NS_PER_MS;
    f.after.at.start_postcopy_ns = -1;
    f.after.totals.transferred_bytes = 20 * (int64_t)MIB;
    return f;
}

Test(replay_observed, rates_are_in_order_also_where_the_end_is_told_twice)
{
    struct facts_poll polls[POLLS];
    struct trace_facts f = stopped_between_polls(polls);
    struct replay_observed o;

    cr_assert_eq(replay_observe(&o, &f, 0.0), ST_OK);
    cr_assert_gt(o.sim.nr_rates, 1);
    for (uint32_t i = 1; i < o.sim.nr_rates; i++)
        cr_expect_gt(o.sim.rate_at_ns[i], o.sim.rate_at_ns[i - 1]);
    cr_expect_eq(o.sim.rate_at_ns[o.sim.nr_rates - 1], polls[6].t_ns,
                 "the stop-and-copy counts from the last poll before it");
    cr_expect_float_eq(o.sim.rate[o.sim.nr_rates - 1], 13.0 * (double)MIB / 0.16, 1.0);
    replay_observed_release(&o);
}
