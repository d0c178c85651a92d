/*
 * test_kubevirt_policy.c - deadlines as virt-launcher counts them, and which MigrationPolicy wins.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/units.h"
#include "sim/platforms/kubevirt.h"

Test(kubevirt_policy, deadline_counts_started_decimal_gigabytes)
{
    static const struct {
        uint64_t bytes;
        int64_t per_s, deadline_s;
    } cases[] = {
        {1 * GIB, 800, 1600},   {1 * GIB, 150, 300},
        {1 * GIB, 20, 40},      {6 * GIB, 800, 5600}, /* documented as 4800 */
        {8 * GIB, 800, 7200},                         /* documented as 6400 */
        {8 * GIB, 150, 1350},   {8 * GIB, 20, 180},
        {64 * GIB, 800, 55200}, {64 * GIB, 150, 10350},
        {64 * GIB, 20, 1380},   {88 * GIB, 150, 14250}, /* 8 GiB of memory and a volume of 80 GiB */
        {1000000000, 150, 150}, {1000000001, 150, 300},
        {MIB, 150, 150},        {8 * GIB, 0, 0},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        cr_expect_eq(kubevirt_deadline_s(cases[i].per_s, cases[i].bytes), cases[i].deadline_s,
                     "case %zu", i);
}

#define LIST(...)                                                                                  \
    {                                                                                              \
        .nr = sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *),                   \
        .items = (const char *const[]){__VA_ARGS__},                                               \
    }

Test(kubevirt_policy, most_matching_labels_win_then_the_first_name)
{
    const struct kubevirt_policy policies[] = {
        {.name = "one", .selectors = LIST("tier=gold")},
        {.name = "z-two", .selectors = LIST("tier=gold", "os=linux")},
        {.name = "a-two", .selectors = LIST("tier=gold", "app=db")},
        {.name = "three", .selectors = LIST("tier=gold", "app=db", "os=bsd")},
        {.name = "empty", .selectors = {0}},
    };
    const struct {
        struct option_list labels;
        const char *expect;
    } cases[] = {
        {LIST("tier=gold"), "one"},
        {LIST("os=linux", "tier=gold"), "z-two"},
        {LIST("app=db", "os=linux", "tier=gold"), "a-two"},
        {LIST("app=db", "os=bsd", "tier=gold", "x=y"), "three"},
        {LIST("tier=silver"), NULL},
        {LIST("tier=gold-plated"), NULL},
        {{0}, NULL},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct kubevirt_policy *p = kubevirt_policy_find(policies, 5, &cases[i].labels);

        cr_expect_eq(p != NULL, cases[i].expect != NULL, "case %zu", i);
        if (p && cases[i].expect)
            cr_expect_str_eq(p->name, cases[i].expect, "case %zu", i);
    }
}
