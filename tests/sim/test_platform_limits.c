/*
 * test_platform_limits.c - over random clusters, the limits of oVirt, Nova, vMotion and CloudStack
 * hold at every start of a migration, and every job ends in exactly one way.
 *
 * Attempts are counted from `migrate` to the end, which is shorter than a slot is held, so what is
 * found too many here was too many.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "base/strbuf.h"
#include "support_run.h"

enum {
    CLUSTERS = 60 /* of each platform */
};

struct limits {
    const char *preset;
    uint32_t out, in, all; /* 0 = none */
};

static uint32_t pick(struct rng *rng, uint32_t from, uint32_t to)
{
    return from + (uint32_t)(rng_uniform(rng) * (double)(to - from + 1));
}

/* Hosts, calm and restless VMs, requests at random moments, some with a target, a drain at times.
 */
static void make_cluster(struct strbuf *text, const char *preset, struct rng *rng)
{
    uint32_t hosts = pick(rng, 2, 6), sections = pick(rng, 1, 4);

    strbuf_addf(text,
                "preset = %s\n[scenario]\nhorizon = 2h\nseed = %u\n"
                "[workload calm]\nwrite_rate = 20MB/s\nworking_set = 300MiB\n"
                "[workload restless]\nwrite_rate = 2GB/s\nworking_set = 1GiB\n",
                preset, pick(rng, 1, 1000000));
    for (uint32_t h = 0; h < hosts; h++)
        strbuf_addf(text, "[host h%u]\nnic = %uGb/s\nmemory = %uGiB\ncpus = 64\n", h,
                    pick(rng, 0, 1) ? 10u : 1u, pick(rng, 160, 200));
    for (uint32_t s = 0; s < sections; s++) {
        strbuf_addf(text,
                    "[vm v%u]\ncount = %u\nhost = h%u\nmemory = %uGiB\nvcpus = 2\n"
                    "workload = %s\npriority = %u\n",
                    s, pick(rng, 1, 5), pick(rng, 0, hosts - 1), pick(rng, 1, 8),
                    pick(rng, 0, 3) ? "calm" : "restless", pick(rng, 0, 3));
        strbuf_addf(text, "[request r%u]\nvm = v%u\nat = %us\n", s, s, pick(rng, 0, 60));
        if (pick(rng, 0, 1))
            strbuf_addf(text, "every = %us\n", pick(rng, 1, 20));
    }
    if (pick(rng, 0, 1))
        strbuf_addf(text, "[operation o]\nhosts = h%u\nat = %us\n", pick(rng, 0, hosts - 1),
                    pick(rng, 0, 600));
}

static void check_rows(const struct test_run *run, const struct limits *l, const char *text)
{
    for (uint32_t h = 0; h < run->sc.nr_hosts; h++) {
        const char *host = run->sc.hosts[h].name;

        cr_assert(l->out == 0 || test_most_at_once(run, host, NULL) <= l->out, "out of %s:\n%s",
                  host, text);
        cr_assert(l->in == 0 || test_most_at_once(run, NULL, host) <= l->in, "into %s:\n%s", host,
                  text);
    }
    cr_assert(l->all == 0 || test_most_at_once(run, NULL, NULL) <= l->all, "in all:\n%s", text);
    for (uint32_t i = 0; i < run->nr_rows; i++) {
        const struct mig_result *r = &run->rows[i];

        cr_assert_lt(r->outcome, OUTCOME_NR);
        cr_assert(r->outcome == OUTCOME_QUEUED || r->ended_ns >= r->queued_ns, "%s:\n%s", r->vm,
                  text);
        /* attempts of a job come one after the other, and none after a success */
        if (i > 0 && run->rows[i - 1].job == r->job) {
            cr_assert_eq(r->attempt, run->rows[i - 1].attempt + 1);
            cr_assert_neq(run->rows[i - 1].outcome, OUTCOME_COMPLETED);
            cr_assert(r->started_ns < 0 || r->started_ns >= run->rows[i - 1].ended_ns);
        }
    }
}

static void check_platform(const struct limits *l)
{
    uint32_t started = 0;

    for (uint32_t i = 0; i < CLUSTERS; i++) {
        struct strbuf text = STRBUF_INIT;
        struct test_run run;
        struct rng rng;

        rng_stream(&rng, 20261121, l->preset, i, 0);
        make_cluster(&text, l->preset, &rng);
        test_run_text(&run, text.buf);
        check_rows(&run, l, text.buf);
        for (uint32_t r = 0; r < run.nr_rows; r++)
            started += run.rows[r].started_ns >= 0;
        test_run_release(&run);
        strbuf_release(&text);
    }
    cr_assert_gt(started, 3 * CLUSTERS, "only %u migrations were started", started);
}

Test(platform_limits, ovirt_two_out_and_two_in)
{
    check_platform(&(struct limits){"ovirt-minimal-downtime", 2, 2, 0});
}

Test(platform_limits, ovirt_suspend_one_out_and_one_in)
{
    check_platform(&(struct limits){"ovirt-suspend", 1, 1, 0});
}

Test(platform_limits, nova_one_out)
{
    check_platform(&(struct limits){"nova", 1, 0, 0});
}

Test(platform_limits, vmotion_eight_units)
{
    check_platform(&(struct limits){"vmotion", 8, 8, 0});
}

Test(platform_limits, cloudstack_five_workers)
{
    check_platform(&(struct limits){"cloudstack", 0, 0, 5});
}
