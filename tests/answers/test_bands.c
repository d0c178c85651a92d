/* test_bands.c - bands widened by what forecasts of unseen captures missed. */
#include <criterion/criterion.h>

#include <math.h>

#include "answers/accuracy/bands.h"
#include "base/units.h"

enum {
    NR = 30
};

struct set {
    struct trace_facts facts[NR];
    struct bands_excess excess[NR];
    size_t config[NR];
    bool use[NR];
    struct bands_cases cases;
};

/* Ten configurations of three repeats; configuration k is k % off in each. */
static void init(struct set *s)
{
    *s = (struct set){0};
    for (size_t i = 0; i < NR; i++) {
        s->config[i] = i / 3;
        s->use[i] = true;
        s->facts[i].header.accel = FACTS_ACCEL_KVM;
        s->excess[i] = (struct bands_excess){0.01 * (double)(i / 3), 0.02 * (double)(i / 3),
                                             (double)(i / 3) * (double)NS_PER_MS};
    }
    s->cases = (struct bands_cases){s->facts, s->excess, s->config, s->use, NR};
}

static struct prediction forecast(void)
{
    struct prediction p = {.result = {.outcome = OUTCOME_COMPLETED,
                                      .total_ns = 10 * NS_PER_S,
                                      .transferred_bytes = 1000,
                                      .downtime_ns = 10 * NS_PER_MS},
                           .total_ns = {9.5e9, 10.5e9},
                           .transferred_bytes = {990.0, 1010.0},
                           .downtime_ns = {8e6, 12e6}};

    return p;
}

static struct trace_facts observed(double total_s, int64_t bytes, int64_t downtime_ms)
{
    struct trace_facts f = {.after = {.outcome = FACTS_COMPLETED,
                                      .totals = {.total_ns = (int64_t)(total_s * (double)NS_PER_S),
                                                 .transferred_bytes = bytes,
                                                 .downtime_ns = downtime_ms * NS_PER_MS}}};

    return f;
}

Test(bands, excess_is_what_lies_outside)
{
    struct prediction p = forecast();
    struct trace_facts in = observed(10.4, 1000, 9), out = observed(11.5, 900, 20);
    struct bands_excess e = bands_excess_of(&p, &in);

    cr_expect_eq(e.total_ratio, 0.0);
    cr_expect_eq(e.bytes_ratio, 0.0);
    cr_expect_eq(e.downtime_ns, 0.0);
    e = bands_excess_of(&p, &out);
    cr_expect_float_eq(e.total_ratio, 0.1, 1e-9);
    cr_expect_float_eq(e.bytes_ratio, -0.09, 1e-9, "below");
    cr_expect_float_eq(e.downtime_ns, 8e6, 1e-3);
    out.after.outcome = FACTS_TIMEOUT;
    cr_expect(isnan(bands_excess_of(&p, &out).total_ratio),
              "another outcome is no matter of width");
}

Test(bands, slack_is_what_all_but_one_in_twenty_configurations_keep)
{
    static struct set s;
    struct costs_file c = {0};
    const struct costs_slack *slack = &c.part[ACCEL_KVM].spread.slack;

    init(&s);
    cr_assert_eq(bands_learn(&c, &s.cases, SIZE_MAX), ST_OK);
    cr_expect_float_eq(slack->total_above_ratio, 0.09, 1e-9, "of ten the largest");
    cr_expect_eq(slack->total_below_ratio, 0.0, "none was below its band");
    cr_expect_float_eq(slack->bytes_above_ratio, 0.18, 1e-9);
    cr_expect_eq(slack->downtime_above_ns, 9 * NS_PER_MS);
    cr_expect_eq(c.part[ACCEL_TCG].spread.slack.total_above_ratio, 0.0, "no capture of that kind");
    cr_assert_eq(bands_learn(&c, &s.cases, 9), ST_OK);
    cr_expect_float_eq(slack->total_above_ratio, 0.08, 1e-9,
                       "the configuration judged does not count");
    for (size_t i = 0; i < NR; i++)
        s.use[i] = i < 9;
    c = (struct costs_file){0};
    cr_assert_eq(bands_learn(&c, &s.cases, SIZE_MAX), ST_OK);
    cr_expect_eq(slack->total_above_ratio, 0.0, "three configurations are too few");
}

Test(bands, repeats_of_one_configuration_count_once)
{
    static struct set s;
    struct costs_file c = {0};

    init(&s);
    /* twenty repeats that are far off, and nine configurations that are not */
    for (size_t i = 0; i < NR; i++) {
        s.config[i] = i < 20 ? 0 : i;
        s.excess[i].total_ratio = i < 20 ? 0.5 : 0.0;
    }
    for (size_t i = 0; i < NR; i++)
        s.use[i] = true;
    cr_assert_eq(bands_learn(&c, &s.cases, SIZE_MAX), ST_OK);
    cr_expect_float_eq(c.part[ACCEL_KVM].spread.slack.total_above_ratio, 0.5, 1e-9,
                       "one of eleven");
    s.config[29] = 28; /* ten: still the last one */
    cr_assert_eq(bands_learn(&c, &s.cases, 0), ST_OK);
    cr_expect_eq(c.part[ACCEL_KVM].spread.slack.total_above_ratio, 0.0,
                 "without it nothing is off");
}

Test(bands, links_have_their_own_slack_and_bands_stay_above_zero)
{
    static struct set s;
    struct costs_file c = {0};
    struct costs_file_part *part = &c.part[ACCEL_KVM];
    struct prediction p = forecast(), q = forecast();
    struct trace_facts link = {.header = {.link = {.rate_bps = 1000000}}}, alone = {0};

    init(&s);
    for (size_t i = 0; i < NR; i++)
        s.facts[i].header.link.rate_bps = 1000000;
    for (size_t i = 0; i < NR; i++)
        s.excess[i].downtime_ns *= -1.0;
    cr_assert_eq(bands_learn(&c, &s.cases, SIZE_MAX), ST_OK);
    cr_expect_eq(part->spread.slack.total_above_ratio, 0.0);
    cr_expect_float_eq(part->spread.link_slack.total_above_ratio, 0.09, 1e-9);
    bands_widen(&p, part, &alone);
    cr_expect_eq(p.total_ns.low, 9.5e9);
    bands_widen(&q, part, &link);
    cr_expect_float_eq(q.total_ns.low, 9.5e9, 1.0);
    cr_expect_float_eq(q.total_ns.high, 11.4e9, 1.0);
    cr_expect_eq(q.downtime_ns.low, 0.0, "8 ms less 9 ms");
    cr_expect_float_eq(q.downtime_ns.high, 12e6, 1.0);
}
