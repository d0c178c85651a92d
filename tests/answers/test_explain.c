/*
 * test_explain.c - the replication that is told, changes that were simulated, links that are
 * shared.
 */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "answers/explain/explain_op.h"
#include "answers/explain/explain_words.h"
#include "sim/run.h"
#include "sim/sim.h"

static void load(struct scenario *sc, const char *name, const char *const *sets, size_t nr)
{
    struct scn_override overrides[4];
    char path[512];
    struct diag diag = {0};

    for (size_t i = 0; i < nr; i++)
        overrides[i] = (struct scn_override){.text = sets[i], .origin = "--set"};
    snprintf(path, sizeof(path), "%s/scenarios/%s", SOURCE_DIR, name);
    cr_assert_eq(scenario_load(sc, path, overrides, nr, &diag), ST_OK, "%s: %s", path, diag.what);
}

static void explain(struct explain *e, const struct scenario *sc, const char *vm,
                    enum explain_pick pick)
{
    struct explain_options options = {.pick = pick, .version = "test", .jobs = 1};
    struct diag diag = {0};

    cr_assert_eq(explain_vm(e, sc, vm, &options, &diag), ST_OK, "%s", diag.what);
}

/* A guest on the edge: with some draws it is over in time, with others it is not. */
#define EDGE                                                                                       \
    "[host a]\n[host b]\n[link l]\nrate = 1Gb/s\n"                                                 \
    "[workload w]\nwrite_rate = 40MB/s..400MB/s\nworking_set = 1GiB\n"                             \
    "[vm v]\nhost = a\nmemory = 4GiB\nworkload = w\n[vm still]\nhost = a\nmemory = 1GiB\n"         \
    "[migration]\nmax_bandwidth = unlimited\ncompletion_timeout = 200s\n"                          \
    "[request r]\nvm = v\ntarget = b\n[scenario]\nreplications = 20\nhorizon = 1h\n"

static void load_edge(struct scenario *sc)
{
    struct diag diag = {0};

    cr_assert_eq(scenario_load_text(sc, "edge.ini", EDGE, NULL, 0, &diag), ST_OK, "%s", diag.what);
}

Test(explain, the_told_replication_is_one_of_what_happens_most)
{
    struct scenario sc;
    struct explain typical, worst;
    size_t done;

    load_edge(&sc);
    explain(&typical, &sc, "v", EXPLAIN_TYPICAL);
    explain(&worst, &sc, "v", EXPLAIN_WORST);
    done = typical.outcomes[OUTCOME_COMPLETED];
    cr_assert(done > 0 && done < 20);
    cr_expect_eq(typical.nr_ends, 20);
    cr_expect_eq(typical.told->outcome == OUTCOME_COMPLETED, done > 10);
    cr_expect_neq(worst.told->outcome, OUTCOME_COMPLETED);
    cr_expect_eq(typical.told->outcome, typical.end->outcome);
    cr_expect_eq(typical.told->replication, typical.end->replication);
    explain_release(&typical);
    explain_release(&worst);
    scenario_release(&sc);
}

Test(explain, the_watched_replication_is_that_of_the_run)
{
    struct mig_result room;
    struct scenario sc;
    struct explain e;

    load(&sc, "kubevirt-endless-drain.ini", NULL, 0);
    explain(&e, &sc, "hog", EXPLAIN_TYPICAL);
    cr_assert(e.fixed);
    cr_expect_eq(explain_row(&e, &room)->ended_ns, e.told->ended_ns);
    cr_expect_eq(explain_row(&e, &room)->transferred_bytes, e.told->transferred_bytes);
    cr_expect_gt(e.run.nr_fixes, 2);
    /* the attempt that the horizon cut off is not the one that tells */
    cr_expect_eq(e.told->outcome, OUTCOME_TIMEOUT);
    cr_expect_eq(e.told->attempt + 1, e.nr_attempts);
    explain_release(&e);
    scenario_release(&sc);
}

Test(explain, a_vm_that_nobody_asks_to_move_is_said_to_be_so)
{
    struct scenario sc;
    struct explain e;
    struct strbuf words = STRBUF_INIT;

    load_edge(&sc);
    explain(&e, &sc, "still", EXPLAIN_TYPICAL);
    cr_expect(!e.end);
    explain_verdict(&e, &words);
    cr_expect(strstr(strbuf_text(&words), "not asked to move"));
    strbuf_release(&words);
    explain_release(&e);
    scenario_release(&sc);
}

static const struct explain_try *try_of(const struct explain *e, const char *words)
{
    for (size_t i = 0; i < e->nr_tries; i++)
        if (strstr(e->tries[i].what, words))
            return &e->tries[i];
    return NULL;
}

/* The change made in the file gives the end that was told. */
Test(explain, a_change_that_is_told_comes_true)
{
    static const char *const wide[] = {"cluster.max_total=16", "cluster.max_out=4"};
    struct scenario sc, changed;
    struct explain e, after;
    const struct explain_try *t;

    load(&sc, "rack-drain.ini", NULL, 0);
    load(&changed, "rack-drain.ini", wide, 2);
    explain(&e, &sc, "web-30", EXPLAIN_TYPICAL);
    explain(&after, &changed, "web-30", EXPLAIN_TYPICAL);
    t = try_of(&e, "twice as many");
    cr_assert(t);
    cr_expect_eq(t->outcome, after.told->outcome);
    cr_expect_eq(t->over_ns, after.told->ended_ns - after.told->queued_ns);
    cr_expect_eq(t->downtime_ns, after.told->downtime_ns);
    explain_release(&e);
    explain_release(&after);
    scenario_release(&sc);
    scenario_release(&changed);
}

/* Just below the margin the move completes, somewhat above it does not. */
Test(explain, the_margin_of_writes_is_where_it_stops_completing)
{
    struct scenario sc;
    struct explain e, at, beyond;
    char set[2][64];
    const char *sets[2] = {"scenario.horizon=20min"};

    load(&sc, "first.ini", sets, 1);
    explain(&e, &sc, sc.vms[0].name, EXPLAIN_TYPICAL);
    cr_assert(isfinite(e.margin_ratio) && e.margin_ratio > 1.0);
    for (int i = 0; i < 2; i++) {
        double rate = sc.vms[0].guest->dirty.write_bytes_per_s * e.margin_ratio * (i ? 1.04 : 1.0);
        struct scenario changed;

        snprintf(set[i], sizeof(set[i]), "workload %s.write_rate=%.0fB/s", sc.workloads[0].name,
                 floor(rate));
        sets[1] = set[i];
        load(&changed, "first.ini", sets, 2);
        explain(i ? &beyond : &at, &changed, changed.vms[0].name, EXPLAIN_TYPICAL);
        cr_expect_eq((i ? &beyond : &at)->told->outcome == OUTCOME_COMPLETED, i == 0);
        explain_release(i ? &beyond : &at);
        scenario_release(&changed);
    }
    explain_release(&e);
    scenario_release(&sc);
}

Test(explain, sharing_a_link_is_mutual)
{
    static const char *const once[] = {"scenario.replications=1"};
    struct scenario sc;
    struct explain a, b;
    size_t found = 0;

    load(&sc, "evacuate-host.ini", once, 1);
    explain(&a, &sc, "web-1", EXPLAIN_TYPICAL);
    explain(&b, &sc, "db-1", EXPLAIN_TYPICAL);
    for (size_t i = 0; i < a.nr_shares; i++)
        for (size_t k = 0; k < b.nr_shares; k++)
            if (strcmp(a.shares[i].vm, "db-1") == 0 && strcmp(b.shares[k].vm, "web-1") == 0) {
                cr_expect_str_eq(a.shares[i].link, b.shares[k].link);
                cr_expect_eq(a.shares[i].from_ns, b.shares[k].from_ns);
                cr_expect_eq(a.shares[i].to_ns, b.shares[k].to_ns);
                found++;
            }
    cr_expect_eq(found, 1);
    explain_release(&a);
    explain_release(&b);
    scenario_release(&sc);
}

Test(explain, the_parts_of_a_blackout_are_all_of_it)
{
    static const char *const names[] = {"first.ini", "evacuate-host.ini", "rack-drain.ini"};
    static const char *const vms[] = {NULL, "web-2", "web-9"};
    static const char *const once[] = {"scenario.replications=1"};

    for (size_t i = 0; i < 3; i++) {
        struct explain_part parts[EXPLAIN_PARTS];
        struct scenario sc;
        struct explain e;
        int64_t sum = 0;
        size_t nr;

        load(&sc, names[i], once, 1);
        explain(&e, &sc, vms[i] ? vms[i] : sc.vms[0].name, EXPLAIN_TYPICAL);
        cr_assert_eq(e.told->outcome, OUTCOME_COMPLETED);
        nr = explain_blackout(&e, parts);
        cr_expect_geq(nr, 3);
        for (size_t k = 0; k < nr; k++)
            sum += parts[k].ns;
        cr_expect_eq(sum, e.told->blackout_ns, "%s", names[i]);
        explain_release(&e);
        scenario_release(&sc);
    }
}

Test(explain, moments_stand_in_time)
{
    struct scenario sc;
    struct explain e;
    bool ended = false;

    load(&sc, "kubevirt-endless-drain.ini", NULL, 0);
    explain(&e, &sc, "calm-3", EXPLAIN_TYPICAL);
    cr_assert_gt(e.nr_moments, 5);
    for (size_t i = 1; i < e.nr_moments; i++)
        cr_expect_leq(e.moments[i - 1].at_ns, e.moments[i].at_ns);
    cr_expect(strstr(e.moments[0].what, "asked to leave"));
    for (size_t i = 0; i < e.nr_moments; i++)
        ended |=
            e.moments[i].at_ns == e.told->ended_ns && strcmp(e.moments[i].what, "completed") == 0;
    cr_expect(ended);
    explain_release(&e);
    scenario_release(&sc);
}

Test(explain, an_operation_is_over_when_its_latest_host_is_empty)
{
    struct scenario sc;
    struct explain_op op;
    struct explain_options options = {.version = "test", .jobs = 1};
    struct diag diag = {0};
    uint32_t gone = 0;

    load(&sc, "rack-drain.ini", NULL, 0);
    cr_assert_eq(explain_op(&op, &sc, "cooling", &options, &diag), ST_OK, "%s", diag.what);
    cr_assert_eq(op.nr_hosts, 4);
    cr_expect_eq(op.hosts[0].empty_ns, op.row->ended_ns);
    for (size_t i = 0; i < op.nr_hosts; i++) {
        gone += op.hosts[i].gone;
        cr_expect(i == 0 || op.hosts[i].empty_ns <= op.hosts[i - 1].empty_ns);
    }
    cr_expect_eq(gone, op.row->vms_moved);
    explain_op_release(&op);
    scenario_release(&sc);
}
