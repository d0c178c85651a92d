/*
 * test_cluster_properties.c - what holds in any cluster, at any event: 1000 random small ones.
 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "base/rng.h"
#include "base/units.h"
#include "sim/platform.h"
#include "sim/sim_int.h"
#include "support_observer.h"
#include "support_oracle_world.h"
#include "support_scenario.h"

static void add_cluster(struct strbuf *t, struct rng *r, const char *platform)
{
    static const char *const weighers[] = {"free_memory", "least_busy", "pack", "in_turn",
                                           "random"};
    static const char *const orders[] = {"fifo", "priority", "priority_random"};
    static const char *const unplaced[] = {"wait", "hold", "fail"};

    strbuf_addf(t, "[scenario]\nseed = %u\nhorizon = 1h\n[cluster]\nplatform = %s\n",
                world_pick(r, 1000000), platform);
    if (world_chance(r, 0.6))
        strbuf_addf(t, "max_total = %u\n", 1 + world_pick(r, 4));
    if (world_chance(r, 0.6))
        strbuf_addf(t, "max_out = %u\n", 1 + world_pick(r, 3));
    if (world_chance(r, 0.4))
        strbuf_addf(t, "max_in = %u\n", 1 + world_pick(r, 3));
    if (world_chance(r, 0.2))
        strbuf_addf(t, "max_per_host = %u\n", 1 + world_pick(r, 3));
    strbuf_addf(t, "weigher = %s\norder = %s\n", weighers[world_pick(r, 5)],
                orders[world_pick(r, 3)]);
    strbuf_addf(t, "place = %s\n", world_chance(r, 0.3) ? "at_submit" : "at_slot");
    strbuf_addf(t, "unplaced = %s\nunplaced_timeout = 2min\n", unplaced[world_pick(r, 3)]);
    strbuf_addf(t, "max_attempts = %u\nretry_wait = 20s\nretry_other_host = %s\n",
                1 + world_pick(r, 4), world_chance(r, 0.3) ? "on" : "off");
    strbuf_addf(t, "start_delay = %us\nfinish_delay = %us\n", world_pick(r, 3), world_pick(r, 2));
    if (world_chance(r, 0.5))
        strbuf_addstr(t, "restart_after = 30s\n");
    strbuf_addf(t, "memory_overcommit = %s\n", world_chance(r, 0.3) ? "1.5" : "1");
    strbuf_addf(t, "[migration]\nmax_bandwidth = %s\ncompletion_timeout = %s\n",
                world_chance(r, 0.5) ? "unlimited" : "64MiB/s",
                world_chance(r, 0.5) ? "40s" : "none");
}

static uint32_t add_machines(struct strbuf *t, struct rng *r)
{
    uint32_t hosts = 2 + world_pick(r, 4), guests = 1 + world_pick(r, 4);

    for (uint32_t h = 0; h < hosts; h++) {
        strbuf_addf(t, "[host h%u]\nnic = 10Gb/s\nmemory = %uGiB\nlabels = n=%u\nrack = r%u\n", h,
                    16 + 4 * world_pick(r, 5), h % 2, h % 2);
        if (world_chance(r, 0.2))
            strbuf_addstr(t, "taints = odd\n");
    }
    strbuf_addstr(t, "[workload busy]\nwrite_rate = 60MB/s\nworking_set = 512MiB\n");
    for (uint32_t v = 0; v < guests; v++) {
        strbuf_addf(t, "[vm g%u]\ncount = %u\nhost = h%u, h%u\nmemory = %uGiB\npriority = %u\n", v,
                    2 + world_pick(r, 3), world_pick(r, hosts), world_pick(r, hosts),
                    1 + world_pick(r, 2), world_pick(r, 3));
        strbuf_addf(t, "workload = %s\n", world_chance(r, 0.4) ? "busy" : "idle");
        if (world_chance(r, 0.2))
            strbuf_addf(t, "needs = n=%u\n", world_pick(r, 2));
        if (world_chance(r, 0.1))
            strbuf_addstr(t, "migratable = no\n");
        if (world_chance(r, 0.2))
            strbuf_addstr(t, "ha = off\n");
    }
    if (world_chance(r, 0.3))
        strbuf_addf(t, "[affinity a]\nvm = g0\nkind = %s\nmust = %s\n",
                    world_chance(r, 0.7) ? "apart" : "together",
                    world_chance(r, 0.5) ? "on" : "off");
    return hosts;
}

static void add_events(struct strbuf *t, struct rng *r, uint32_t hosts)
{
    static const char *const kinds[] = {"drain",    "maintenance", "upgrade",
                                        "evacuate", "rebalance",   "consolidate"};

    strbuf_addf(t, "[request r]\nvm = g*\nevery = %us\n", world_pick(r, 5));
    if (world_chance(r, 0.4))
        strbuf_addf(t, "target = h%u\n", world_pick(r, hosts));
    if (world_chance(r, 0.2))
        strbuf_addstr(t, "cancel_at = 30s\nat = 1s\n");
    for (uint32_t o = 0; o < 2 && world_chance(r, 0.6); o++) {
        uint32_t kind = world_pick(r, 6);

        strbuf_addf(t, "[operation o%u]\nkind = %s\nat = %us\nhosts_at_once = %u\n", o, kinds[kind],
                    world_pick(r, 100), 1 + world_pick(r, 2));
        strbuf_addf(t, "reboot_time = 1min\nretry = 1min\nvms_at_once = %u\npace = %s\n",
                    world_pick(r, 3), world_chance(r, 0.5) ? "waves" : "sliding");
        if ((kind == 1 || kind == 2) && world_chance(r, 0.5))
            strbuf_addstr(t, "return_vms = on\n");
        if (world_chance(r, 0.3))
            strbuf_addf(t, "max_wait = 3min\nwhen_stuck = %s\n",
                        world_chance(r, 0.5) ? "skip" : "stop");
    }
    if (world_chance(r, 0.3))
        strbuf_addf(t, "[fault f]\nkind = host_down\ntarget = h%u\nat = %us\nduration = %us\n",
                    world_pick(r, hosts), 5 + world_pick(r, 100), 10 * world_pick(r, 60));
}

static char *random_cluster(uint32_t number, const char *platform)
{
    struct strbuf text = STRBUF_INIT;
    struct rng r;
    uint32_t hosts;

    rng_stream(&r, 20261121, "cluster", number, 0);
    add_cluster(&text, &r, platform);
    hosts = add_machines(&text, &r);
    add_events(&text, &r, hosts);
    cr_assert_not(strbuf_failed(&text));
    return strbuf_detach(&text);
}

/* Some clusters are too full at the start for their hosts; those are refused, and another is made.
 */
static bool load_cluster(struct scenario *sc, uint32_t number, const char *platform, char **text)
{
    struct diag diag;

    *text = random_cluster(number, platform);
    if (load_text(sc, *text, &diag) == ST_OK)
        return true;
    cr_assert(strstr(diag.what, "at the start") || strstr(diag.what, "already") ||
                  strstr(diag.what, "cancelled before") || strstr(diag.what, "holds no slot"),
              "%s: %s\n%s", platform, diag.what, *text);
    free(*text);
    return false;
}

enum {
    CLUSTERS = 1000
};

Test(cluster_properties, limits_memory_places_and_order_hold_at_every_event, .timeout = 120)
{
    uint64_t events = 0, starts = 0;
    uint32_t runs = 0, platform = 0;

    for (uint32_t n = 0; runs < CLUSTERS && n < 4 * CLUSTERS; n++) {
        struct observer o = {.events = 0};
        struct sim_options so = {.observe = observer_look, .observe_arg = &o};
        const char *name = platforms[platform]->name;
        struct scenario sc;
        struct sim *sim;
        char *text;

        platform = platforms[platform + 1] ? platform + 1 : 0;
        if (!load_cluster(&sc, n, name, &text))
            continue;
        sim = sim_new(&sc, &so);
        cr_assert(sim);
        sim_run(sim, 0);
        observer_end(&o, sim);
        cr_assert_str_empty(o.complaint, "cluster %u, %s: %s\n%s", n, name, o.complaint, text);
        events += o.events;
        starts += o.starts;
        runs++;
        observer_release(&o);
        sim_free(sim);
        scenario_release(&sc);
        free(text);
    }
    cr_assert_eq(runs, CLUSTERS);
    /* the clusters do something: some migrations each */
    cr_assert_gt(starts, 5 * CLUSTERS, "%llu starts", (unsigned long long)starts);
    cr_assert_gt(events, 100 * CLUSTERS, "%llu events", (unsigned long long)events);
}

/* ---- one replication after another in one world ---- */

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_row(const struct mig_result *a, const struct mig_result *b)
{
    return a->vm_id == b->vm_id && a->source_id == b->source_id && a->target_id == b->target_id &&
           a->job == b->job && a->attempt == b->attempt && a->outcome == b->outcome &&
           a->queued_ns == b->queued_ns && a->started_ns == b->started_ns &&
           a->ended_ns == b->ended_ns && a->downtime_ns == b->downtime_ns &&
           a->transferred_bytes == b->transferred_bytes && a->rounds == b->rounds &&
           same_text(a->reason, b->reason);
}

static void expect_same_rows(struct sim *used, struct sim *fresh, const char *text)
{
    uint32_t nr_used, nr_fresh;
    const struct mig_result *a = sim_results(used, &nr_used), *b = sim_results(fresh, &nr_fresh);

    cr_assert_eq(nr_used, nr_fresh, "%u rows, %u rows\n%s", nr_used, nr_fresh, text);
    for (uint32_t i = 0; i < nr_used; i++)
        cr_assert(same_row(&a[i], &b[i]), "row %u of %s: %s, %s\n%s", i, a[i].vm,
                  outcome_name(a[i].outcome), outcome_name(b[i].outcome), text);
}

Test(cluster_properties, what_ran_before_leaves_no_trace, .timeout = 120)
{
    static const uint32_t order[] = {0, 1, 2, 1, 0};
    uint32_t runs = 0, platform = 0;

    for (uint32_t n = 0; runs < CLUSTERS / 4 && n < CLUSTERS; n++) {
        const char *name = platforms[platform]->name;
        struct scenario sc;
        struct sim *used;
        char *text;

        platform = platforms[platform + 1] ? platform + 1 : 0;
        if (!load_cluster(&sc, n, name, &text))
            continue;
        used = sim_new(&sc, NULL);
        for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
            struct sim *fresh = sim_new(&sc, NULL);

            cr_assert(used && fresh);
            sim_run(used, order[i]);
            sim_run(fresh, order[i]);
            expect_same_rows(used, fresh, text);
            sim_free(fresh);
        }
        runs++;
        sim_free(used);
        scenario_release(&sc);
        free(text);
    }
    cr_assert_eq(runs, CLUSTERS / 4);
}

/* ---- the observer itself: it must see what is wrong ---- */

enum tampering {
    TAMPER_NOT,
    TAMPER_LIMIT,
    TAMPER_BOOK,
    TAMPER_SLOTS
};

struct tampered {
    struct observer o;
    enum tampering how;
};

static void look_after_tampering(struct sim *sim, void *arg)
{
    struct tampered *t = arg;

    if (t->how == TAMPER_LIMIT && t->o.events == 3)
        sim->cluster.rules.max_out = 2;
    if (t->how == TAMPER_BOOK && t->o.events == 3)
        cluster_host(sim, 1)->memory_used += 1;
    if (t->how == TAMPER_SLOTS && t->o.events == 3)
        cluster_host(sim, 1)->in++;
    observer_look(sim, &t->o);
}

static void tamper(enum tampering how, const char *complaint)
{
    static const char text[] = "[scenario]\nhorizon = 1h\n[host a]\nnic = 10Gb/s\nmemory = 32GiB\n"
                               "[host b]\nnic = 10Gb/s\nmemory = 32GiB\n"
                               "[vm v]\ncount = 3\nhost = a\nmemory = 2GiB\n[request r]\nvm = v\n";
    struct tampered t = {.how = how};
    struct sim_options so = {.observe = look_after_tampering, .observe_arg = &t};
    struct scenario sc;
    struct diag diag;
    struct sim *sim;

    cr_assert_eq(load_text(&sc, text, &diag), ST_OK, "%s", diag.what);
    sim = sim_new(&sc, &so);
    cr_assert(sim);
    sim_run(sim, 0);
    cr_assert(strstr(t.o.complaint, complaint), "'%s' is not '%s'", t.o.complaint, complaint);
    cr_assert_eq(t.o.most_out, 3);
    cr_assert_eq(t.o.starts, 3);
    observer_release(&t.o);
    sim_free(sim);
    scenario_release(&sc);
}

Test(cluster_properties, the_observer_sees_what_is_wrong_and_nothing_else)
{
    tamper(TAMPER_NOT, "");
    tamper(TAMPER_LIMIT, "3 out, limit 2");
    tamper(TAMPER_BOOK, "bytes are booked");
    tamper(TAMPER_SLOTS, "jobs say");
}
