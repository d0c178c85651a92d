/*
 * test_caution.c - hazards behind good outcomes are named, and nothing else is.
 */
#include "reports/caution.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/units.h"

static void assert_says(const struct mig_result *row, const char *want)
{
    struct mig_result rows[2] = {*row,
                                 {.kind = "live",
                                  .outcome = OUTCOME_COMPLETED,
                                  .downtime_ns = 200 * NS_PER_MS,
                                  .blackout_ns = 230 * NS_PER_MS,
                                  .downtime_limit_ns = 300 * NS_PER_MS}};
    struct run_result run = {.nr_migs = 2, .migs = rows};
    struct strbuf words = STRBUF_INIT;

    caution_add(&words, &run);
    cr_expect_str_eq(strbuf_text(&words), want);
    strbuf_release(&words);
}

Test(report_caution, names_pauses_high_limits_and_disks_that_are_never_ready)
{
    assert_says(&(struct mig_result){.kind = "live",
                                     .outcome = OUTCOME_COMPLETED,
                                     .downtime_ns = 290 * NS_PER_MS,
                                     .blackout_ns = 43 * NS_PER_S},
                ". 1 guest was paused until memory had moved, for up to 43 s");
    assert_says(&(struct mig_result){.kind = "live",
                                     .outcome = OUTCOME_COMPLETED,
                                     .downtime_ns = 13 * NS_PER_S,
                                     .blackout_ns = 13 * NS_PER_S,
                                     .downtime_limit_ns = 25600 * NS_PER_MS},
                ". In the end the downtime limit of 1 guest stood at 25.6 s");
    assert_says(&(struct mig_result){.kind = "live",
                                     .outcome = OUTCOME_QUEUED,
                                     .reason = "never ready: a disk is written faster than it is "
                                               "copied"},
                ". 1 never gets to memory: a disk is written faster than it is copied");
}

Test(report_caution, says_nothing_of_moves_that_stop_the_guest_by_intention)
{
    assert_says(&(struct mig_result){.kind = "cold",
                                     .outcome = OUTCOME_COMPLETED,
                                     .downtime_ns = 40 * NS_PER_S,
                                     .blackout_ns = 40 * NS_PER_S},
                "");
    assert_says(&(struct mig_result){.kind = "live",
                                     .outcome = OUTCOME_COMPLETED,
                                     .downtime_ns = 13 * NS_PER_S,
                                     .blackout_ns = 13 * NS_PER_S,
                                     .downtime_limit_ns = 300 * NS_PER_MS},
                "");
}
