/*
 * test_plan.c - the cheapest setting that meets the goals, against a simulation of all of them.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "answers/plan/plan.h"
#include "base/units.h"

/* Eight guests leave a host over 10 Gb/s; nobody knows exactly how they write. */
#define WORLD                                                                                      \
    "[scenario]\nhorizon = 2h\n[migration]\nmax_bandwidth = 128MiB/s\n"                            \
    "[cluster]\nmax_total = 1\n"                                                                   \
    "[host old]\nnic = 10Gb/s\n[host new]\nnic = 10Gb/s\n"                                         \
    "[workload w]\nkind = hotcold\nwrite_rate = lognormal(30MB/s, 1.3)\nworking_set = 1GiB\n"      \
    "hot = 256MiB\n"                                                                               \
    "[vm v]\ncount = 4\nhost = old\nmemory = 4GiB\nvcpus = 2\nworkload = w\n"                      \
    "[request r]\nvm = v\ntarget = new\n"

static enum status search(struct plan *plan, const char *text, const char *const *goals,
                          size_t nr_goals, const char *const *knobs, size_t nr_knobs,
                          struct diag *diag)
{
    struct plan_options o = {.base = {.path = "plan.ini", .text = text},
                             .goals = goals,
                             .nr_goals = nr_goals,
                             .knobs = knobs,
                             .nr_knobs = nr_knobs,
                             .jobs = 1};

    return plan_search(plan, &o, diag);
}

static const char *value_of(const struct plan *plan, const char *knob)
{
    const struct plan_tried *t = &plan->tried[plan->best];

    for (size_t k = 0; k < plan->nr_knobs; k++)
        if (strcmp(plan->knobs[k].name, knob) == 0)
            return t->choice[k] ? plan->knobs[k].values[t->choice[k] - 1].text : "as it is";
    return "no such knob";
}

Test(plan, what_meets_its_goals_is_left_alone)
{
    static const char *const goals[] = {"drain.makespan.p95 < 30min"};
    struct plan plan;
    struct diag diag = {0};

    cr_assert_eq(search(&plan, WORLD, goals, 1, NULL, 0, &diag), ST_OK, "%s", diag.what);
    cr_assert_eq(plan.verdict, PLAN_PRESENT);
    cr_assert_eq(plan.nr_tried, 1);
    plan_release(&plan);
}

Test(plan, one_change_is_cheaper_than_two_and_a_small_one_than_a_large_one)
{
    static const char *const goals[] = {"drain.makespan.p95 < 90s"};
    static const char *const knobs[] = {"parallel=1,2,4", "bandwidth=128MiB/s,256MiB/s,512MiB/s"};
    struct plan plan;
    struct diag diag = {0};

    cr_assert_eq(search(&plan, WORLD, goals, 1, knobs, 2, &diag), ST_OK, "%s", diag.what);
    cr_assert_eq(plan.verdict, PLAN_FOUND);
    cr_assert_eq(plan.tried[plan.best].changes, 1);
    cr_assert(plan.all_cheaper);
    /* both would do alone; half a knob's range is the smaller change */
    cr_assert_str_eq(value_of(&plan, "parallel"), "2");
    cr_assert_str_eq(plan.knobs[0].present, "1");
    plan_release(&plan);
}

Test(plan, what_nothing_meets_has_a_nearest_setting_and_a_bound)
{
    static const char *const goals[] = {"drain.makespan.p95 < 5s"};
    static const char *const knobs[] = {"parallel=1,2,4", "bandwidth=128MiB/s,256MiB/s"};
    struct plan plan;
    struct diag diag = {0};

    cr_assert_eq(search(&plan, WORLD, goals, 1, knobs, 2, &diag), ST_OK, "%s", diag.what);
    cr_assert_eq(plan.verdict, PLAN_NONE);
    cr_assert_str_eq(value_of(&plan, "parallel"), "4");
    cr_assert_str_eq(value_of(&plan, "bandwidth"), "256MiB/s");
    cr_assert_eq(plan.tried[plan.best].binding, BINDING_CAP);
    plan_release(&plan);
}

Test(plan, giving_up_sooner_is_no_way_to_be_quick)
{
    static const char *const goals[] = {"drain.makespan.p95 < 60s"};
    static const char *const knobs[] = {"migration.completion_timeout=5s,none"};
    struct plan plan;
    struct diag diag = {0};

    cr_assert_eq(search(&plan, WORLD, goals, 1, knobs, 1, &diag), ST_OK, "%s", diag.what);
    cr_assert_eq(plan.verdict, PLAN_NONE);
    cr_assert_eq(plan.tried[1].state, PLAN_MISSES, "it ends at once, and moves nothing");
    cr_assert_eq(plan.best, 0);
    plan_release(&plan);
}

Test(plan, what_excludes_itself_is_passed_over)
{
    static const char *const goals[] = {"drain.makespan.p95 < 20s"};
    static const char *const knobs[] = {"migration.xbzrle=off,on", "migration.multifd=off,on"};
    struct plan plan;
    struct diag diag = {0};
    size_t invalid = 0;

    cr_assert_eq(search(&plan, WORLD, goals, 1, knobs, 2, &diag), ST_OK, "%s", diag.what);
    for (size_t i = 0; i < plan.nr_tried; i++)
        invalid += plan.tried[i].state == PLAN_INVALID;
    cr_assert_eq(invalid, 1);
    plan_release(&plan);
}

Test(plan, the_same_answer_on_any_number_of_threads)
{
    static const char *const goals[] = {"drain.makespan.p95 < 60s", "downtime.p95 < 350ms"};
    struct plan plans[2];
    struct plan_options o = {
        .base = {.path = "plan.ini", .text = WORLD}, .goals = goals, .nr_goals = 2, .budget = 300};
    struct diag diag = {0};

    for (uint32_t i = 0; i < 2; i++) {
        o.jobs = 1 + 2 * i;
        cr_assert_eq(plan_search(&plans[i], &o, &diag), ST_OK, "%s", diag.what);
        cr_assert_leq(plans[i].runs, o.budget + 2 * plans[i].replications);
    }
    cr_assert_eq(plans[0].nr_tried, plans[1].nr_tried);
    cr_assert_eq(plans[0].best, plans[1].best);
    for (size_t i = 0; i < plans[0].nr_tried; i++) {
        const struct plan_tried *a = &plans[0].tried[i], *b = &plans[1].tried[i];

        cr_assert_eq(memcmp(a->choice, b->choice, sizeof(a->choice)), 0);
        cr_assert_eq(a->runs, b->runs);
        for (size_t g = 0; g < plans[0].nr_goals; g++)
            cr_assert_eq(memcmp(&a->goals[g].value, &b->goals[g].value, sizeof(double)), 0);
    }
    plan_release(&plans[0]);
    plan_release(&plans[1]);
}

Test(plan, no_setting_of_the_front_is_beaten_by_another)
{
    static const char *const knobs[] = {"parallel=1,2,4", "auto_converge=off,on",
                                        "bandwidth=64MiB/s,128MiB/s,unlimited"};
    struct plan plan;
    struct plan_options o = {.base = {.path = "plan.ini", .text = WORLD},
                             .knobs = knobs,
                             .nr_knobs = 3,
                             .whole_front = true,
                             .jobs = 1};
    struct diag diag = {0};
    size_t front = 0;

    cr_assert_eq(plan_search(&plan, &o, &diag), ST_OK, "%s", diag.what);
    cr_assert_eq(plan.verdict, PLAN_NO_GOALS);
    cr_assert_eq(plan.nr_tried, 18);
    for (size_t i = 0; i < plan.nr_tried; i++) {
        bool beaten = false;

        for (size_t k = 0; k < plan.nr_tried; k++) {
            bool all = true;

            for (int x = 0; x < PLAN_AXIS_NR; x++)
                all &= plan.tried[k].axes[x] < 0.98 * plan.tried[i].axes[x];
            beaten |= all;
        }
        cr_assert(!(beaten && plan.tried[i].on_front));
        front += plan.tried[i].on_front;
    }
    cr_assert_geq(front, 2);
    plan_release(&plan);
}

Test(plan, wrong_knobs_and_goals_are_said)
{
    static const struct {
        const char *knob, *goal, *says;
    } cases[] = {
        {"parallel", NULL, NULL},
        {"paralel=1,2", NULL, "there is no setting 'paralel'"},
        {"parallel=", NULL, ""},
        {"parallel=9..1", NULL, ""},
        {"migration.auto_converge=perhaps", NULL, "perhaps"},
        {NULL, "as fast as can be", "is no goal"},
        {NULL, "drain.makespan.p95 < soon", "soon"},
        {NULL, "draining.p95 < 2h", "is nothing that is measured"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct plan plan;
        struct diag diag = {0};
        enum status st = search(&plan, WORLD, &cases[i].goal, cases[i].goal != NULL, &cases[i].knob,
                                cases[i].knob != NULL, &diag);

        if (!cases[i].says)
            cr_assert_eq(st, ST_OK, "a name alone is the platform's knob");
        else
            cr_assert(st == ST_EUSAGE || st == ST_EINPUT, "case %zu: %d", i, (int)st);
        cr_assert(!cases[i].says || strstr(diag.what, cases[i].says), "case %zu: %s", i, diag.what);
        plan_release(&plan);
    }
}
