/*
 * test_placement.c - each filter refuses with its words, picks agree with a search of all hosts,
 * and books come out even.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "base/units.h"
#include "sim/placement/placement.h"
#include "sim/sim_int.h"
#include "support_oracle_world.h"
#include "support_run.h"
#include "support_scenario.h"

/* ---- reasons ---- */

/* clang-format off */
static const struct reason_case {
    const char *what;
    const char *cluster, *source, *target, *vm; /* lines of the sections */
    const char *reason; /* NULL = it moves */
} cases[] = {
    {"plain", "", "", "", "", NULL},
    {"a taint", "", "", "taints = gpu", "", "1 has a taint that it does not tolerate"},
    {"tolerated", "", "", "taints = gpu=yes", "tolerates = gpu", NULL},
    {"tolerated by value", "", "", "taints = gpu=yes", "tolerates = gpu=no", "1 has a taint"},
    {"all tolerated", "", "", "taints = a, b", "tolerates = *", NULL},
    {"a label", "", "", "labels = zone=b", "needs = zone=a", "1 lacks label zone=a"},
    {"a label's key", "", "", "labels = zone=b", "needs = zone", NULL},
    {"no such label", "", "", "labels = zone=b", "needs = !zone", "1 lacks label !zone"},
    {"another value", "", "", "labels = zone=b", "needs = !zone=a", NULL},
    {"one of two labels", "", "", "labels = zone=a", "needs = zone=a, ssd", "one of the labels ssd and 1 more"},
    {"bits", "", "", "bits = 32", "bits = 64", "1 has 32 bits"},
    {"bits enough", "", "", "bits = 64", "bits = 64", NULL},
    {"vendor", "", "vendor = intel", "vendor = amd", "", "1 has a CPU of another vendor"},
    {"vendor unsaid", "", "vendor = intel", "", "", NULL},
    {"CPU model", "", "", "cpu_model = Haswell", "cpu_model = Skylake", "1 lacks CPU model Skylake"},
    {"CPU model given too", "", "", "cpu_model = Icelake\ncpu_models = Haswell, Skylake", "cpu_model = Skylake", NULL},
    {"host model", "", "cpu_model = Icelake", "cpu_model = Skylake", "cpu_model = host-model", "1 lacks CPU model Icelake"},
    {"host model of an older host", "", "cpu_model = Skylake", "cpu_model = Icelake\ncpu_models = Skylake", "cpu_model = host-model", NULL},
    {"passthrough", "", "cpu_model = Icelake\nmicrocode = 0x10", "cpu_model = Icelake\nmicrocode = 0x11", "cpu_model = host-passthrough", "1 lacks the very CPU"},
    {"passthrough, same CPU", "", "cpu_model = Icelake", "cpu_model = Icelake", "cpu_model = host-passthrough", NULL},
    {"CPU feature", "", "", "cpu_features = avx2", "cpu_features = avx2, avx512f", "1 lacks one of the CPU features"},
    {"same CPU, not looked at", "", "cpu_model = A", "cpu_model = B", "", NULL},
    {"same CPU", "skip_checks = microcode", "cpu_model = A", "cpu_model = B", "", "1 has another CPU model"},
    {"microcode", "skip_checks = nx", "microcode = 1", "microcode = 2", "", "1 has other microcode"},
    {"kernel", "skip_checks = not_older", "kernel = 5.10", "kernel = 6.1", "", "1 runs another kernel"},
    {"older kernel", "skip_checks = same_kernel", "kernel = 5.10", "kernel = 5.9", "", "1 runs an older kernel"},
    {"newer kernel", "skip_checks = same_kernel", "kernel = 5.9", "kernel = 5.10", "", NULL},
    {"NX", "", "nx = on", "nx = off", "", "1 differs in the NX bit"},
    {"NX skipped", "skip_checks = nx, same_cpu", "nx = on", "nx = off", "", NULL},
    {"storage", "", "", "storage_domains = nfs1", "storage_domains = nfs1, san", "1 lacks one of the storage domains"},
    {"network", "", "", "guest_networks = vlan10", "guest_networks = vlan20", "1 lacks network vlan20"},
    {"GPU", "", "gpus = a100", "gpus = t4", "gpus = a100", "1 lacks 1 GPU a100"},
    {"GPU there", "", "gpus = a100", "gpus = a100:2", "gpus = a100", NULL},
    {"functions", "", "sriov = 4", "sriov = 1", "sriov = 2", "1 lacks 2 virtual functions"},
    {"memory", "", "", "memory = 4GiB", "", "1 short of 8 GiB"},
    {"memory with overcommit", "memory_overcommit = 2", "", "memory = 4GiB", "", NULL},
    {"CPUs", "cpu_overcommit = 2", "", "cpus = 1", "vcpus = 4", "1 short of 4 vCPUs"},
    {"CPUs shared", "cpu_overcommit = 4", "", "cpus = 1", "vcpus = 4", NULL},
    {"CPUs of its own", "cpu_overcommit = 4", "", "cpus = 1", "vcpus = 4\npinned = on", "1 short of 4 free CPUs"},
    {"huge pages", "", "huge_pages_2m = 8GiB", "huge_pages_2m = 4GiB", "huge_pages = on\nhost_page = 2MiB", "1 short of 8 GiB in huge pages of 2 MiB"},
    {"huge pages beside memory", "", "huge_pages_2m = 8GiB", "huge_pages_2m = 8GiB\nmemory = 1GiB", "huge_pages = on\nhost_page = 2MiB", NULL},
    {"NUMA", "", "", "memory = 12GiB\nnuma_nodes = 2", "one_numa_node = on", "1 short of 8 GiB in one NUMA node"},
    {"NUMA, spread", "", "", "memory = 12GiB\nnuma_nodes = 2", "", NULL},
};
/* clang-format on */

static void two_hosts(const struct reason_case *c, char *text, size_t cap)
{
    snprintf(text, cap,
             "[scenario]\nhorizon = 10min\n[cluster]\n%s\n[migration]\nmax_bandwidth = unlimited\n"
             "[host src]\nnic = 10Gb/s\n%s\n[host dst]\nnic = 10Gb/s\n%s\n"
             "[vm v]\nhost = src\nmemory = 8GiB\n%s\n[request r]\nvm = v\n",
             c->cluster, c->source, c->target, c->vm);
}

Test(placement, each_filter_refuses_with_its_words)
{
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct reason_case *c = &cases[i];
        struct test_run run;
        char text[2048];

        two_hosts(c, text, sizeof(text));
        test_run_text(&run, text);
        cr_assert_eq(run.nr_rows, 1);
        if (c->reason)
            cr_expect(run.rows[0].outcome == OUTCOME_QUEUED && run.rows[0].reason &&
                          strstr(run.rows[0].reason, c->reason),
                      "%s: %s (%s)", c->what, run.rows[0].reason ? run.rows[0].reason : "no reason",
                      outcome_name(run.rows[0].outcome));
        else
            cr_expect_eq(run.rows[0].outcome, OUTCOME_COMPLETED, "%s: %s", c->what,
                         run.rows[0].reason ? run.rows[0].reason : "no reason");
        test_run_release(&run);
    }
}

/* A guest that is down takes no CPU along. */
Test(placement, cold_moves_are_not_bound_to_the_cpu)
{
    struct test_run run;

    test_run_text(&run,
                  "[scenario]\nhorizon = 10min\n[host src]\nnic = 10Gb/s\nvendor = intel\nnx = on\n"
                  "[host dst]\nnic = 10Gb/s\nvendor = amd\nnx = off\n"
                  "[vm v]\nhost = src\nmemory = 8GiB\ncpu_model = host-model\n"
                  "[request r]\nvm = v\nkind = cold\n");
    cr_assert_eq(run.rows[0].outcome, OUTCOME_COMPLETED, "%s", run.rows[0].reason);
    test_run_release(&run);
}

Test(placement, reasons_are_counted_over_all_hosts_but_the_source)
{
    struct test_run run;

    test_run_text(&run, "[scenario]\nhorizon = 10min\n[host src]\nmemory = 64GiB\ncpu_model = X\n"
                        "[host old]\ncount = 2\nmemory = 64GiB\ncpu_model = W\n"
                        "[host full]\nmemory = 16GiB\ncpu_model = X\n"
                        "[vm v]\nhost = src\nmemory = 12GiB\ncpu_model = X\n"
                        "[vm other]\nhost = full\nmemory = 8GiB\n[request r]\nvm = v\n");
    cr_assert_str_eq(run.rows[0].reason,
                     "no target: 3 hosts, 2 lack CPU model X, 1 short of 12 GiB");
    test_run_release(&run);
}

Test(placement, a_wanted_target_that_will_not_do_is_named)
{
    struct test_run run;

    test_run_text(&run,
                  "[scenario]\nhorizon = 10min\n[host src]\n[host dst]\nmemory = 4GiB\n[host big]\n"
                  "[vm v]\nhost = src\nmemory = 8GiB\n[request r]\nvm = v\ntarget = dst\n");
    cr_assert_str_eq(run.rows[0].reason, "target dst will not do: short of 8 GiB");
    test_run_release(&run);
}

/* ---- groups ---- */

static void run_group(struct test_run *run, const char *group, const char *more)
{
    char text[2048];

    snprintf(text, sizeof(text),
             "[scenario]\nhorizon = 10min\n[migration]\nmax_bandwidth = unlimited\n"
             "[host s]\nnic = 10Gb/s\nmemory = 64GiB\nrack = r0\n"
             "[host t]\ncount = 2\nnic = 10Gb/s\nmemory = 64GiB\nrack = r1\n%s"
             "[vm v]\ncount = 3\nhost = s\nmemory = 2GiB\n[affinity g]\nvm = v\n%s\n"
             "[request r]\nvm = v\n",
             more, group);
    test_run_text(run, text);
}

Test(placement, those_apart_never_share_a_host_and_a_wish_gives_way)
{
    struct test_run run;
    uint32_t moved = 0;

    run_group(&run, "kind = apart", "");
    for (uint32_t i = 0; i < run.nr_rows; i++) {
        moved += run.rows[i].outcome == OUTCOME_COMPLETED;
        for (uint32_t k = 0; k < i; k++)
            if (run.rows[i].outcome == OUTCOME_COMPLETED &&
                run.rows[k].outcome == OUTCOME_COMPLETED)
                cr_expect_str_neq(run.rows[i].target, run.rows[k].target);
    }
    cr_assert_eq(moved, 2);
    cr_assert(strstr(run.rows[2].reason, "2 have one that it must be apart from"), "%s",
              run.rows[2].reason);
    test_run_release(&run);
    run_group(&run, "kind = apart\nmust = off", "");
    for (uint32_t i = 0; i < run.nr_rows; i++)
        cr_assert_eq(run.rows[i].outcome, OUTCOME_COMPLETED);
    cr_assert_str_neq(run.rows[0].target, run.rows[1].target);
    test_run_release(&run);
    /* one rack holds both targets */
    run_group(&run, "kind = apart\nwithin = rack", "");
    cr_assert_eq(run.rows[0].outcome, OUTCOME_COMPLETED);
    cr_assert_eq(run.rows[1].outcome, OUTCOME_QUEUED);
    cr_assert_eq(run.rows[2].outcome, OUTCOME_QUEUED);
    test_run_release(&run);
}

Test(placement, those_together_follow_the_first)
{
    struct test_run run;

    run_group(&run, "kind = together", "");
    for (uint32_t i = 0; i < run.nr_rows; i++) {
        cr_assert_eq(run.rows[i].outcome, OUTCOME_COMPLETED, "%s", run.rows[i].reason);
        cr_assert_str_eq(run.rows[i].target, run.rows[0].target);
    }
    test_run_release(&run);
}

/* Of two alike that wait, the first may not go to the host that gets room, the second may. */
Test(placement, who_is_kept_away_alone_is_in_nobodys_way)
{
    static const char base[] =
        "[scenario]\nhorizon = 20min\n[migration]\nmax_bandwidth = unlimited\n"
        "[host s]\nnic = 10Gb/s\nmemory = 16GiB\nlabels = n=1\n"
        "[host t]\nnic = 10Gb/s\nmemory = 8GiB\nlabels = n=1\n[host u]\nnic = 10Gb/s\n"
        "[vm x]\nhost = t\nmemory = 1GiB\n[vm y]\nhost = t\nmemory = 7GiB\n"
        "[vm v]\ncount = 2\nhost = s, s\nmemory = 4GiB\nneeds = n=1\n"
        "[request r]\nvm = v\n[request z]\nvm = y\ntarget = u\nat = 1min\n"
        "[affinity g]\nvm = v-1, x\n";
    struct test_run run;

    test_run_text(&run, base);
    cr_expect_eq(test_row(&run, "v-1", 1)->outcome, OUTCOME_QUEUED);
    cr_expect_eq(test_row(&run, "v-2", 1)->outcome, OUTCOME_COMPLETED, "%s",
                 test_row(&run, "v-2", 1)->reason);
    test_run_release(&run);
    test_run_text(&run,
                  "[scenario]\nhorizon = 20min\n[migration]\nmax_bandwidth = unlimited\n"
                  "[host s]\nnic = 10Gb/s\nmemory = 8GiB\n[host t]\nnic = 10Gb/s\nmemory = 8GiB\n"
                  "[host u]\nnic = 10Gb/s\nmemory = 3GiB\n"
                  "[vm v]\ncount = 2\nhost = s, t\nmemory = 4GiB\n"
                  "[vm y]\nhost = s\nmemory = 3GiB\n[vm x]\nhost = t\nmemory = 3GiB\n"
                  "[request r]\nvm = v-1\n[request q]\nvm = v-2\n"
                  "[request z]\nvm = y\ntarget = u\nat = 1min\n");
    cr_expect_eq(test_row(&run, "v-2", 1)->outcome, OUTCOME_COMPLETED, "%s",
                 test_row(&run, "v-2", 1)->reason);
    test_run_release(&run);
}

/* ---- picks against a search of all hosts ---- */

static char *random_hosts(struct rng *r, enum weigher w)
{
    static const char *const words[] = {"free_memory", "least_busy", "pack", "in_turn", "random"};
    struct strbuf t = STRBUF_INIT;
    uint32_t hosts = 3 + world_pick(r, 30);

    strbuf_addf(&t, "[cluster]\nweigher = %s\n", words[w]);
    for (uint32_t h = 0; h < hosts; h++) {
        strbuf_addf(&t, "[host h%u]\nmemory = %uGiB\nlabels = n=%u\ncpus = %u\n", h,
                    32 + 8 * world_pick(r, 5), world_pick(r, 3), 4 + world_pick(r, 30));
        if (world_chance(r, 0.2))
            strbuf_addstr(&t, "taints = odd\n");
    }
    for (uint32_t v = 0; v < 24; v++) {
        strbuf_addf(&t, "[vm v%u]\nhost = h%u\nmemory = %uGiB\nvcpus = %u\n", v, v % hosts,
                    1 + world_pick(r, 3), 1 + world_pick(r, 4));
        if (world_chance(r, 0.4))
            strbuf_addf(&t, "needs = n=%u\n", world_pick(r, 3));
        if (world_chance(r, 0.2))
            strbuf_addstr(&t, "tolerates = odd\n");
    }
    strbuf_addstr(&t, "[affinity g]\nvm = v0, v1, v2, v3\n[request r]\nvm = v0\n");
    cr_assert_not(strbuf_failed(&t));
    return strbuf_detach(&t);
}

/* Is host @a before @b for this weigher? */
static bool better(struct sim *sim, enum weigher w, uint32_t a, uint32_t b)
{
    uint64_t fa = placement_free_bytes(sim, a), fb = placement_free_bytes(sim, b);
    uint32_t ba = cluster_host(sim, a)->in + cluster_host(sim, a)->out;
    uint32_t bb = cluster_host(sim, b)->in + cluster_host(sim, b)->out;

    if (w == WEIGH_LEAST_BUSY && ba != bb)
        return ba < bb;
    if (w == WEIGH_PACK && fa != fb)
        return fa < fb;
    if (w != WEIGH_PACK && fa != fb)
        return fa > fb;
    return a < b;
}

static uint32_t search_all(struct sim *sim, enum weigher w, const struct job *job)
{
    uint32_t best = HOST_NONE;

    for (uint32_t h = 0; h < sim->sc->nr_hosts; h++)
        if (placement_fits(sim, job, h) && (best == HOST_NONE || better(sim, w, h, best)))
            best = h;
    return best;
}

/* Something happens to the books: a copy of a VM somewhere, a host cordoned, busy or down. */
static void disturb(struct sim *sim, struct rng *r, uint32_t *booked)
{
    uint32_t vm = world_pick(r, sim->sc->nr_vms), host = world_pick(r, sim->sc->nr_hosts);
    struct host_state *h = cluster_host(sim, host);
    struct job job = {
        .vm = vm, .wanted = HOST_NONE, .last_target = HOST_NONE, .earlier_target = HOST_NONE};

    if (booked[vm] != HOST_NONE) {
        placement_unbook(sim, vm, booked[vm]);
        booked[vm] = HOST_NONE;
    } else if (placement_fits(sim, &job, host)) {
        placement_book(sim, vm, host);
        booked[vm] = host;
    }
    if (world_chance(r, 0.2))
        h->cordoned = !h->cordoned;
    if (world_chance(r, 0.1))
        h->down = !h->down;
    h->in = world_pick(r, 3);
    placement_host_changed(sim, host);
}

static void compare_picks(struct sim *sim, struct rng *r, enum weigher w)
{
    uint32_t booked[24], last = HOST_NONE;

    for (uint32_t v = 0; v < 24; v++)
        booked[v] = HOST_NONE;
    for (uint32_t step = 0; step < 200; step++) {
        struct job job = {.vm = world_pick(r, 24),
                          .wanted = HOST_NONE,
                          .last_target = HOST_NONE,
                          .earlier_target = HOST_NONE};
        uint32_t all, pick;

        disturb(sim, r, booked);
        all = search_all(sim, w, &job);
        pick = placement_pick(sim, &job);
        if (w == WEIGH_IN_TURN || w == WEIGH_RANDOM) {
            cr_assert_eq(pick == HOST_NONE, all == HOST_NONE);
            cr_assert(pick == HOST_NONE || placement_fits(sim, &job, pick));
        } else {
            cr_assert_eq(pick, all, "step %u: %u, not %u", step, pick, all);
        }
        if (w == WEIGH_IN_TURN && pick != HOST_NONE) { /* nobody between who fits */
            for (uint32_t h = last == HOST_NONE ? 0 : last + 1; h < pick; h++)
                cr_assert_not(placement_fits(sim, &job, h), "host %u comes before %u", h, pick);
            last = pick;
        }
        if (pick == HOST_NONE)
            cr_assert(strstr(placement_why(sim, &job), "no target: "));
    }
}

Test(placement, picks_agree_with_a_search_of_all_hosts)
{
    for (uint32_t n = 0; n < 100; n++) {
        enum weigher w = (enum weigher)(n % 5);
        struct scenario sc;
        struct diag diag;
        struct rng r;
        struct sim *sim;
        char *text;

        rng_stream(&r, 7, "placement", n, 0);
        text = random_hosts(&r, w);
        cr_assert_eq(load_text(&sc, text, &diag), ST_OK, "%s\n%s", diag.what, text);
        sim = sim_new(&sc, NULL);
        cr_assert(sim);
        cluster_begin(sim);
        placement_begin(sim);
        compare_picks(sim, &r, w);
        sim_free(sim);
        scenario_release(&sc);
        free(text);
    }
}

/* Random picks reach every host, and none far more often than others. */
Test(placement, random_picks_reach_all_hosts_alike)
{
    uint32_t hits[10] = {0};
    struct scenario sc;
    struct diag diag;
    struct sim *sim;
    struct job job = {
        .vm = 0, .wanted = HOST_NONE, .last_target = HOST_NONE, .earlier_target = HOST_NONE};

    cr_assert_eq(
        load_text(&sc,
                  "[cluster]\nweigher = random\n[host s]\nmemory = 8GiB\n[host h]\ncount = 10\n"
                  "memory = 8GiB\n[vm v]\nhost = s\nmemory = 1GiB\n[request r]\nvm = v\n",
                  &diag),
        ST_OK, "%s", diag.what);
    sim = sim_new(&sc, NULL);
    cluster_begin(sim);
    placement_begin(sim);
    for (uint32_t i = 0; i < 10000; i++)
        hits[placement_pick(sim, &job) - 1]++;
    for (uint32_t h = 0; h < 10; h++)
        cr_assert(hits[h] > 500 && hits[h] < 1600, "host %u: %u of 10000", h, hits[h]);
    sim_free(sim);
    scenario_release(&sc);
}

Test(placement, unknown_checks_are_answered_with_the_right_name)
{
    expect_refused("[cluster]\nskip_checks = cpu_modle\n[host a]\n[host b]\n[vm v]\nhost = a\n"
                   "memory = 1GiB\n[request r]\nvm = v\n",
                   "did you mean 'cpu_model'?");
}

Test(placement, what_hosts_cannot_hold_at_the_start_is_refused)
{
    expect_refused(
        "[host a]\ncount = 2\nmemory = 4GiB\n[vm v]\ncount = 3\nhost = a\nmemory = 3GiB\n"
        "[request r]\nvm = v\n",
        "the VMs of a-1 need 6 GiB at the start");
    expect_refused("[host a]\nhuge_pages_1g = 2GiB\n[host b]\n[vm v]\nhost = a\nmemory = 3GiB\n"
                   "host_page = 1GiB\nhuge_pages = on\n[request r]\nvm = v\n",
                   "huge_pages_1g: its VMs need 3 GiB");
    expect_refused(
        "[host a]\nbits = 48\n[host b]\n[vm v]\nhost = a\nmemory = 3GiB\n[request r]\nvm = v\n",
        "neither 32 nor 64");
    expect_refused(
        "[host a]\n[host b]\n[vm v]\nhost = a\nmemory = 3GiB\ngpus = a100:x\n[request r]\nvm = v\n",
        "'a100:x' is not KIND or KIND:NUMBER");
    expect_refused("[host a]\n[host b]\n[vm v]\nhost = a\nmemory = 3GiB\nhuge_pages = on\n[request "
                   "r]\nvm = v\n",
                   "its pages are those of 4 KiB");
}
