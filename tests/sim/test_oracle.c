/*
 * test_oracle.c - the engine, which jumps, against a plain stepper of QEMU's loop, on random cases.
 *
 * MIGCAST_LONG=1 runs ten times as many.  The seed is fixed: what passes, passes always.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "support_oracle.h"

/* One window (100 ms) would do; the largest difference of the 10,000 cases is below a microsecond.
 */
#define TIME_SLACK_NS 1e4

enum {
    CASES = 10000,
    TEXT = 400
};

struct tally {
    unsigned cases, differ;
    unsigned outcomes[OUTCOME_NR];
    unsigned throttled;
    double worst_total_ns, worst_downtime_ns;
    uint64_t rounds, windows;
};

static bool same(const struct mig_result *got, const struct oracle_row *want)
{
    return got->outcome == want->outcome && got->rounds == want->rounds &&
           got->max_throttle_pct == want->max_throttle_pct &&
           fabs((double)got->total_ns - want->total_ns) < TIME_SLACK_NS &&
           (want->downtime_ns < 0.0 ||
            fabs((double)got->downtime_ns - want->downtime_ns) < TIME_SLACK_NS);
}

static void compare(struct tally *t, uint64_t index)
{
    char text[TEXT];
    struct world w;
    struct oracle_row want;
    struct mig_result got;

    oracle_case(&w, index, text, sizeof(text));
    oracle_run(&w, &want);
    got = world_run_one(&w);
    t->cases++;
    t->outcomes[want.outcome]++;
    t->throttled += want.max_throttle_pct > 0;
    t->rounds += want.rounds;
    t->windows += want.windows;
    if (!same(&got, &want)) {
        t->differ++;
        cr_log_info("%s: engine %s %u rounds %u %% total %.1f ms downtime %.1f; plain %s %u %u %% "
                    "%.1f %.1f",
                    text, outcome_name(got.outcome), got.rounds, got.max_throttle_pct,
                    (double)got.total_ns / 1e6, (double)got.downtime_ns / 1e6,
                    outcome_name(want.outcome), want.rounds, want.max_throttle_pct,
                    want.total_ns / 1e6, want.downtime_ns / 1e6);
        return;
    }
    t->worst_total_ns = fmax(t->worst_total_ns, fabs((double)got.total_ns - want.total_ns));
    if (want.downtime_ns >= 0.0)
        t->worst_downtime_ns =
            fmax(t->worst_downtime_ns, fabs((double)got.downtime_ns - want.downtime_ns));
}

Test(oracle, engine_decides_like_a_plain_stepper_on_random_cases)
{
    const char *longer = getenv("MIGCAST_LONG");
    uint64_t cases = longer && strcmp(longer, "1") == 0 ? 10 * CASES : CASES;
    struct tally t = {0};

    for (uint64_t i = 0; i < cases; i++)
        compare(&t, i);
    cr_log_info(
        "%u cases, %u differ; completed %u, timeout %u, throttled %u; %llu rounds, %llu windows; "
        "largest difference total %.3f ms, downtime %.3f ms",
        t.cases, t.differ, t.outcomes[OUTCOME_COMPLETED], t.outcomes[OUTCOME_TIMEOUT], t.throttled,
        (unsigned long long)t.rounds, (unsigned long long)t.windows, t.worst_total_ns / 1e6,
        t.worst_downtime_ns / 1e6);
    cr_assert_eq(t.differ, 0, "%u of %u cases differ", t.differ, t.cases);
    /* the cases are worth something only if all kinds of endings are among them */
    cr_assert_gt(t.outcomes[OUTCOME_COMPLETED], t.cases / 4);
    cr_assert_gt(t.outcomes[OUTCOME_TIMEOUT], t.cases / 20);
    cr_assert_gt(t.throttled, t.cases / 20);
}
