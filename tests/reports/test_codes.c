/*
 * test_codes.c - every failure has a code, and every code has its texts.
 */
#include <string.h>

#include <criterion/criterion.h>

#include "reports/codes.h"

Test(codes, names_are_unique_and_texts_are_there)
{
    for (const struct code *c = code_table; c->code; c++) {
        cr_expect_eq(strncmp(c->code, "E-", 2), 0);
        cr_expect_eq(code_find(c->code), c);
        cr_expect(c->group < CODES_GROUPS);
        for (const struct code *d = code_table; d != c; d++)
            cr_expect_str_neq(c->code, d->code);
        const char *const texts[] = {c->brief, c->cause, c->sign, c->cure, c->example};

        for (size_t i = 0; i < 5; i++)
            cr_expect(texts[i] && strlen(texts[i]) > 8, "%s", c->code);
        cr_expect_neq(c->brief[strlen(c->brief) - 1], '.');
        cr_expect_eq(strncmp(c->example, "migcast ", 8), 0, "%s", c->code);
    }
}

Test(codes, a_name_is_found_in_any_case_and_without_its_first_letter)
{
    cr_expect_str_eq(code_find("e-timeout")->code, "E-TIMEOUT");
    cr_expect_str_eq(code_find("Timeout")->code, "E-TIMEOUT");
    cr_expect(!code_find("E-NOTHING"));
    cr_expect(!code_find(""));
}

Test(codes, every_end_but_a_good_one_has_a_code)
{
    static const char *const reasons[] = {NULL,
                                          "",
                                          "no target: 3 hosts, 3 short of 8 GiB",
                                          "target b will not do: is down",
                                          REASON_NEVER_CONVERGES,
                                          "completion timeout",
                                          "connection lost",
                                          "guest lost"};

    for (int o = 0; o < OUTCOME_NR; o++)
        for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
            for (int64_t started = -1; started <= 0; started++) {
                struct mig_result mig = {
                    .outcome = (enum outcome)o, .reason = reasons[i], .started_ns = started};
                const char *code = code_of_migration(&mig);

                cr_expect_eq(code == NULL, o == OUTCOME_COMPLETED);
                cr_expect(!code || code_find(code), "%s", code);
            }
    for (int k = 0; k < HAZARD_NR; k++)
        cr_expect(code_of_hazard((enum hazard_kind)k) &&
                  code_find(code_of_hazard((enum hazard_kind)k)));
}

Test(codes, an_end_gets_the_code_of_its_reason)
{
    static const struct {
        enum outcome outcome;
        const char *reason;
        int64_t started_ns;
        const char *code;
    } cases[] = {
        {OUTCOME_TIMEOUT, "completion timeout", 0, "E-TIMEOUT"},
        {OUTCOME_TIMEOUT, "progress timeout: remaining memory stopped shrinking", 0, "E-PROGRESS"},
        {OUTCOME_QUEUED, REASON_NEVER_CONVERGES, 0, "E-NEVER"},
        {OUTCOME_QUEUED, "still running at the horizon", 0, "E-RUNNING"},
        {OUTCOME_QUEUED, "the target takes no more migrations now", -1, "E-QUEUED"},
        {OUTCOME_QUEUED, "no target: 3 hosts, 3 short of 8 GiB", -1, "E-NOTARGET"},
        {OUTCOME_QUEUED, "never ready: a disk is written faster than it is copied", 0, "E-DISK"},
        {OUTCOME_REJECTED, "the VM is pinned to its host", -1, "E-REFUSED"},
        {OUTCOME_FAILED, "host failed in post-copy: guest lost", 0, "E-LOST"},
        {OUTCOME_FAILED, "source host failed", 0, "E-FAILED"},
        {OUTCOME_CANCELLED, "cancelled by request", 0, "E-CANCELLED"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mig_result mig = {.outcome = cases[i].outcome,
                                 .reason = cases[i].reason,
                                 .started_ns = cases[i].started_ns};

        cr_expect_str_eq(code_of_migration(&mig), cases[i].code);
    }
}
