/*
 * test_plan_random.c - plans of random clusters: never worse than what there was, on draws that
 * nothing was chosen by, and the answer that a simulation of all settings gives.
 *
 * MIGCAST_LONG=1 takes 50 clusters and 20 grids in place of a few.  The seeds are fixed: what
 * passes, passes always.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "answers/plan/order.h"
#include "answers/plan/plan_int.h"
#include "base/rng.h"
#include "base/strbuf.h"
#include "base/units.h"
#include "sim/run.h"

enum {
    CHECK_REPLICATIONS = 48
};

#define OTHER_SEED "scenario.seed=987654321"

static const char *const presets[] = {
    "kubevirt-1.9",  "hco-1.18",       "ovirt-minimal-downtime", "nova",
    "proxmox-9",     "virsh-parallel", "cloudpods-4.0.2",        "acp",
    "harvester-1.7", "kubevirt-1.3"};

static bool is_long(void)
{
    const char *text = getenv("MIGCAST_LONG");

    return text && strcmp(text, "1") == 0;
}

static uint32_t draw(struct rng *rng, uint32_t low, uint32_t high)
{
    return low + (uint32_t)(rng_u64(rng) % (high - low + 1));
}

/* Some hosts of a cluster are emptied; guests of three kinds, known by a factor. */
static void write_world(struct strbuf *out, uint64_t number)
{
    static const uint32_t cards[] = {1, 10, 25};
    struct rng rng;
    uint32_t hosts, drained, card;

    rng_stream(&rng, 4711, "random clusters", number, 0);
    hosts = draw(&rng, 4, 10);
    drained = draw(&rng, 1, hosts / 3 + 1);
    card = cards[draw(&rng, 0, 2)];
    strbuf_clear(out);
    strbuf_addf(out, "[scenario]\nhorizon = 1h\npreset = %s\nseed = %u\n",
                presets[number % (sizeof(presets) / sizeof(presets[0]))], (unsigned)number + 1);
    strbuf_addf(out,
                "[host old]\ncount = %u\nnic = %uGb/s\nmemory = 256GiB\ncpus = 64\n"
                "[host new]\ncount = %u\nnic = %uGb/s\nmemory = 256GiB\ncpus = 64\n",
                drained, card, hosts - drained, card);
    if (draw(&rng, 0, 1))
        strbuf_addf(out, "[link core]\nrate = %uGb/s\n", card * draw(&rng, 1, 3));
    strbuf_addf(
        out,
        "[workload web]\nkind = hotcold\nwrite_rate = lognormal(%uMB/s, 1.4)\n"
        "working_set = 1GiB\nhot = 128MiB\n"
        "[workload db]\nkind = zipf\nwrite_rate = lognormal(%uMB/s, 1.5)\n"
        "working_set = 4GiB\n"
        "[workload idle]\nkind = uniform\nwrite_rate = 1MB/s..4MB/s\nworking_set = 128MiB\n",
        draw(&rng, 3, 15) * (card < 4 ? card : 4), draw(&rng, 8, 30) * (card < 4 ? card : 4));
    strbuf_addf(out,
                "[vm web]\ncount = %u\nhost = old\nmemory = %uGiB\nvcpus = 4\nworkload = web\n"
                "[vm db]\ncount = %u\nhost = old\nmemory = %uGiB\nvcpus = 8\nworkload = db\n"
                "[vm idle]\ncount = %u\nhost = old\nmemory = %uGiB\nvcpus = 2\nworkload = idle\n",
                draw(&rng, 2, 8), draw(&rng, 2, 8), draw(&rng, 1, 3), draw(&rng, 8, 24),
                draw(&rng, 1, 6), draw(&rng, 1, 16));
    strbuf_addstr(out, "[operation drain]\nkind = evacuate\nhosts = old\nmax_wait = 50min\n");
}

/* Goals that are somewhere about what the present settings give. */
static void add_goals(struct strbuf *world, uint64_t number)
{
    struct variant_base base = {.path = "random.ini", .text = strbuf_text(world)};
    struct measure makespan, downtime;
    struct measured m, d;
    struct scenario sc;
    struct run_result run = {0};
    struct rng rng;

    cr_assert_eq(variant_load(&sc, &base, NULL, 0, NULL), ST_OK);
    cr_assert_eq(variant_run(&sc, 0, 6, 0, NULL, &run, NULL), ST_OK);
    measure_parse("drain.makespan.p50", &makespan, NULL);
    measure_parse("downtime.p90", &downtime, NULL);
    cr_assert_eq(measure_of(&sc, &run, &makespan, &m), ST_OK);
    cr_assert_eq(measure_of(&sc, &run, &downtime, &d), ST_OK);
    run_free(&run);
    scenario_release(&sc);
    rng_stream(&rng, 4711, "random goals", number, 0);
    strbuf_addf(world, "[thresholds]\ndrain.makespan.p90 < %.0fs\nmoved.rate > 90%%\n",
                m.value / 1e9 * (0.7 + 0.9 * rng_uniform(&rng)));
    if (!isnan(d.value) && draw(&rng, 0, 1))
        strbuf_addf(world, "downtime.p90 < %.0fms\n", d.value / 1e6 * (0.8 + rng_uniform(&rng)));
}

/* By how much the goals are missed with @t, on draws of another seed: the worst of them. */
static double missed(const struct plan *plan, const struct plan_tried *t, const char *text)
{
    struct scn_override set = {.text = OTHER_SEED, .origin = "test"};
    struct variant_base base = {.path = "random.ini", .text = text, .sets = &set, .nr_sets = 1};
    const char *settings[PLAN_SETTINGS_MAX];
    size_t nr = plan_settings(plan, t, settings, PLAN_SETTINGS_MAX);
    struct run_result run = {0};
    struct scenario sc;
    double worst = -INFINITY;

    cr_assert_eq(variant_load(&sc, &base, settings, nr, NULL), ST_OK);
    cr_assert_eq(variant_run(&sc, 0, CHECK_REPLICATIONS, 0, NULL, &run, NULL), ST_OK);
    for (size_t i = 0; i < plan->nr_goals; i++) {
        struct measured m;

        cr_assert_eq(measure_of(&sc, &run, &plan->goals[i].measure, &m), ST_OK);
        worst = fmax(worst, plan_shortfall(&plan->goals[i], &m));
    }
    run_free(&run);
    scenario_release(&sc);
    return worst;
}

struct tally {
    unsigned verdicts[PLAN_NO_GOALS + 1];
    unsigned worse, better, held, clusters;
    uint64_t runs;
};

static void plan_one(struct tally *t, uint64_t number)
{
    struct strbuf world = STRBUF_INIT;
    struct plan plan;
    struct diag diag = {0};
    double now, then;

    write_world(&world, number);
    add_goals(&world, number);
    cr_assert_eq(
        plan_search(&plan,
                    &(struct plan_options){
                        .base = {.path = "random.ini", .text = strbuf_text(&world)}, .budget = 600},
                    &diag),
        ST_OK, "%llu: %s", (unsigned long long)number, diag.what);
    now = missed(&plan, &plan.tried[0], strbuf_text(&world));
    then = plan.best == 0 ? now : missed(&plan, &plan.tried[plan.best], strbuf_text(&world));
    t->clusters++;
    t->verdicts[plan.verdict]++;
    t->runs += plan.runs;
    /* what is met is met: by how much does not count */
    t->worse += fmax(then, 0.0) > fmax(now, 0.0) + 1e-9;
    t->better += fmax(then, 0.0) < fmax(now, 0.0) - 1e-9;
    t->held += (plan.verdict == PLAN_FOUND || plan.verdict == PLAN_PRESENT) && then <= 0.0;
    if (fmax(then, 0.0) > fmax(now, 0.0) + 1e-9)
        cr_log_info("cluster %llu: %.4f where it was %.4f", (unsigned long long)number, then, now);
    plan_release(&plan);
    strbuf_release(&world);
}

Test(plan_random, a_plan_is_never_worse_than_what_there_was)
{
    struct tally t = {0};
    uint64_t clusters = is_long() ? 50 : 3;

    for (uint64_t i = 0; i < clusters; i++)
        plan_one(&t, i);
    cr_log_info(
        "%u clusters: %u met as they are, %u by other settings, %u unsure, %u by none; on other "
        "draws %u of %u found hold, %u better than now, %u worse; %llu simulations",
        t.clusters, t.verdicts[PLAN_PRESENT], t.verdicts[PLAN_FOUND], t.verdicts[PLAN_PERHAPS],
        t.verdicts[PLAN_NONE], t.held, t.verdicts[PLAN_PRESENT] + t.verdicts[PLAN_FOUND], t.better,
        t.worse, (unsigned long long)t.runs);
    cr_assert_eq(t.worse, 0);
    cr_assert_geq(t.better, 1);
}

Test(plan_random, an_order_is_never_longer_than_the_platforms_own)
{
    uint64_t clusters = is_long() ? 50 : 3;
    unsigned better = 0, kept = 0, worse = 0;
    double gains = 0.0, most = 0.0;

    for (uint64_t i = 0; i < clusters; i++) {
        struct strbuf world = STRBUF_INIT;
        struct order order;
        struct diag diag = {0};

        write_world(&world, i);
        cr_assert_eq(order_find(&order,
                                &(struct order_options){
                                    .base = {.path = "random.ini", .text = strbuf_text(&world)},
                                    .budget = is_long() ? 600 : 200},
                                &diag),
                     ST_OK, "%llu: %s", (unsigned long long)i, diag.what);
        better += order.better;
        kept += !order.better;
        worse += order.better && (order.planned.makespan_ns > order.own.makespan_ns ||
                                  order.planned.moved < order.own.moved - 1e-9);
        gains += order.better ? order.gain : 0.0;
        most = fmax(most, order.better ? order.gain : 0.0);
        order_release(&order);
        strbuf_release(&world);
    }
    cr_log_info("%u orders better (by %.1f %% in the mean, %.1f %% at most), %u kept, %u worse",
                better, better ? 100.0 * gains / better : 0.0, 100.0 * most, kept, worse);
    cr_assert_eq(worse, 0);
    cr_assert_geq(better, 1);
}

/* ---- all settings of a small grid ---- */

struct exhaustive {
    uint16_t choice[PLAN_KNOBS_MAX];
    uint32_t changes;
    double step;
    bool found;
    uint64_t runs;
};

static bool cheaper(const struct exhaustive *a, const struct exhaustive *b)
{
    if (a->changes != b->changes)
        return a->changes < b->changes;
    return a->step < b->step - 1e-12;
}

/* Does the setting surely meet all goals, with as many replications as a plan may use? */
static bool meets(const struct plan *plan, const struct exhaustive *e, const char *text)
{
    struct plan_options options = {.base = {.path = "random.ini", .text = text}};
    const char *settings[PLAN_SETTINGS_MAX];
    struct plan_tried t = {0};
    struct plan_sample sample = {0};
    struct measured m[16];
    bool all = true;
    size_t nr;

    memcpy(t.choice, e->choice, sizeof(t.choice));
    nr = plan_settings(plan, &t, settings, PLAN_SETTINGS_MAX);
    cr_assert_leq(plan->nr_goals, 16);
    if (variant_load(&sample.sc, &options.base, settings, nr, NULL) != ST_OK)
        return false;
    cr_assert_eq(plan_sample_more(&sample, PLAN_FRESH, plan->replications, &options, NULL), ST_OK);
    cr_assert_eq(plan_sample_goals(plan, &sample, m), ST_OK);
    for (size_t i = 0; i < plan->nr_goals; i++)
        all &= plan_lean(&plan->goals[i], &m[i], false, false) == PLAN_RIGHT;
    plan_sample_release(&sample);
    return all;
}

static struct exhaustive try_all(const struct plan *plan, const char *text)
{
    struct exhaustive best = {0}, e = {0};
    bool more = true;

    while (more) {
        size_t k = 0;

        e.changes = 0;
        e.step = 0.0;
        for (size_t i = 0; i < plan->nr_knobs; i++)
            if (e.choice[i]) {
                e.changes++;
                e.step += plan->knobs[i].values[e.choice[i] - 1].step;
            }
        best.runs += plan->replications;
        if (meets(plan, &e, text) && (!best.found || cheaper(&e, &best))) {
            uint64_t runs = best.runs;

            best = e;
            best.found = true;
            best.runs = runs;
        }
        while (k < plan->nr_knobs && e.choice[k] == plan->knobs[k].nr)
            e.choice[k++] = 0;
        more = k < plan->nr_knobs;
        if (more)
            e.choice[k]++;
    }
    return best;
}

Test(plan_random, the_answer_is_that_of_all_settings_with_a_tenth_of_the_simulations)
{
    static const char *const knobs[] = {"cluster.max_total=2,5,10", "cluster.max_out=1,2,4",
                                        "migration.auto_converge=off,on",
                                        "migration.postcopy=off,on"};
    uint64_t grids = is_long() ? 20 : 1;
    unsigned same = 0, found = 0;
    uint64_t runs = 0, all_runs = 0;
    double least = INFINITY;

    for (uint64_t i = 0; i < grids; i++) {
        struct strbuf world = STRBUF_INIT;
        struct plan plan;
        struct exhaustive all;
        struct diag diag = {0};
        bool agrees;

        write_world(&world, 100 + 10 * i); /* KubeVirt */
        add_goals(&world, 100 + 10 * i);
        cr_assert_eq(plan_search(&plan,
                                 &(struct plan_options){
                                     .base = {.path = "random.ini", .text = strbuf_text(&world)},
                                     .knobs = knobs,
                                     .nr_knobs = 4,
                                     .budget = 100000},
                                 &diag),
                     ST_OK, "%s", diag.what);
        all = try_all(&plan, strbuf_text(&world));
        agrees = plan.verdict == PLAN_FOUND || plan.verdict == PLAN_PRESENT
                     ? all.found &&
                           memcmp(all.choice, plan.tried[plan.best].choice, sizeof(all.choice)) == 0
                     : !all.found;
        same += agrees;
        found += all.found;
        runs += plan.runs;
        all_runs += all.runs;
        least = fmin(least, (double)all.runs / plan.runs);
        if (!agrees)
            cr_log_info("grid %llu: verdict %d, all %d", (unsigned long long)i, (int)plan.verdict,
                        (int)all.found);
        plan_release(&plan);
        strbuf_release(&world);
    }
    cr_log_info(
        "%u of %llu grids the same answer (%u have one); %llu simulations for %llu, %.1f times "
        "fewer, at least %.1f",
        same, (unsigned long long)grids, found, (unsigned long long)runs,
        (unsigned long long)all_runs, (double)all_runs / (double)runs, least);
    cr_assert_eq(same, grids);
    cr_assert_geq((double)all_runs / (double)runs, 10.0);
}
