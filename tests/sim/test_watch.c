/*
 * test_watch.c - what is kept of one VM agrees with the rows, and keeping it changes nothing.
 */
#include <stdio.h>

#include <criterion/criterion.h>

#include "sim/sim.h"
#include "sim/watch.h"

static void load(struct scenario *sc, const char *name)
{
    char path[512];
    struct diag diag = {0};

    snprintf(path, sizeof(path), "%s/scenarios/%s", SOURCE_DIR, name);
    cr_assert_eq(scenario_load(sc, path, NULL, 0, &diag), ST_OK, "%s: %s", path, diag.what);
}

/* Runs replication 0 of @sc with @vm watched. */
static struct sim *run(const struct scenario *sc, struct watch **watch, uint32_t vm)
{
    struct sim_options options = {.max_rounds = 20000, .observe = watch_look};
    struct sim *sim;

    *watch = watch_new(sc, vm);
    options.observe_arg = *watch;
    sim = sim_new(sc, &options);
    cr_assert(*watch && sim);
    sim_run(sim, 0);
    return sim;
}

static const char *const scenarios[] = {"rack-drain.ini", "kubevirt-endless-drain.ini",
                                        "evacuate-host.ini", "harvester-timeout.ini",
                                        "ovirt-rolling-maintenance.ini"};

enum {
    NR_SCENARIOS = sizeof(scenarios) / sizeof(scenarios[0])
};

Test(watch, a_watched_run_gives_the_same_rows)
{
    for (size_t s = 0; s < NR_SCENARIOS; s++) {
        struct scenario sc;
        struct watch *watch;
        struct sim *watched, *plain;
        const struct mig_result *a, *b;
        uint32_t nr_a, nr_b;

        load(&sc, scenarios[s]);
        watched = run(&sc, &watch, 0);
        plain = sim_new(&sc, NULL);
        sim_run(plain, 0);
        a = sim_results(watched, &nr_a);
        b = sim_results(plain, &nr_b);
        cr_assert_eq(nr_a, nr_b);
        cr_expect_eq(sim_events(watched), sim_events(plain));
        for (uint32_t i = 0; i < nr_a; i++) {
            cr_expect_eq(a[i].ended_ns, b[i].ended_ns);
            cr_expect_eq(a[i].transferred_bytes, b[i].transferred_bytes);
            cr_expect_eq(a[i].downtime_ns, b[i].downtime_ns);
            cr_expect_eq(a[i].target_id, b[i].target_id);
        }
        sim_free(watched);
        sim_free(plain);
        watch_free(watch);
        scenario_release(&sc);
    }
}

/* Of the attempts of each VM: all time from the request, or from the end before, to `migrate`. */
Test(watch, waits_add_up_to_the_time_before_each_start)
{
    uint32_t checked = 0;

    for (size_t s = 0; s < NR_SCENARIOS; s++) {
        struct scenario sc;

        load(&sc, scenarios[s]);
        for (uint32_t vm = 0; vm < sc.nr_vms; vm += 3) {
            struct watch *watch;
            struct sim *sim = run(&sc, &watch, vm);
            const struct mig_result *rows;
            uint32_t nr;

            rows = sim_results(sim, &nr);
            cr_assert(!watch->full);
            for (uint32_t i = 0; i < nr; i++) {
                int64_t sum = 0;

                if (rows[i].vm_id != vm || rows[i].started_ns < 0 || rows[i].attempt != 1)
                    continue;
                for (uint32_t k = 0; k < watch->nr_waits; k++)
                    if (watch->waits[k].job == rows[i].job && watch->waits[k].attempt == 1)
                        sum += watch->waits[k].to_ns - watch->waits[k].from_ns;
                cr_expect_eq(sum, rows[i].started_ns - rows[i].queued_ns,
                             "%s: %s waits %lld of %lld", scenarios[s], rows[i].vm, (long long)sum,
                             (long long)(rows[i].started_ns - rows[i].queued_ns));
                checked++;
            }
            sim_free(sim);
            watch_free(watch);
        }
        scenario_release(&sc);
    }
    cr_expect_gt(checked, 20);
}

Test(watch, a_choice_counts_every_other_host_once_and_has_the_chosen_first)
{
    struct scenario sc;
    struct watch *watch;
    struct sim *sim;

    load(&sc, "rack-drain.ini");
    sim = run(&sc, &watch, 4);
    cr_assert_geq(watch->nr_places, 1);
    for (uint32_t i = 0; i < watch->nr_places; i++) {
        const struct watch_place *p = &watch->places[i];
        uint32_t sum = 0;

        for (int f = 0; f < REFUSE_NR; f++)
            sum += p->count[f];
        cr_expect_eq(sum, sc.nr_hosts - 1);
        cr_expect_eq(p->hosts[0].host, p->chosen); /* free_memory is this scenario's weigher */
        for (uint32_t k = 1; k < p->nr_hosts; k++)
            cr_expect(p->hosts[k].refusal != REFUSE_NOT ||
                      p->hosts[k].free_bytes <= p->hosts[k - 1].free_bytes);
    }
    sim_free(sim);
    watch_free(watch);
    scenario_release(&sc);
}

Test(watch, every_round_is_there_and_was_bound_for_no_longer_than_the_move)
{
    struct scenario sc;
    struct watch *watch;
    struct sim *sim;
    const struct mig_result *rows;
    uint32_t nr, last = 0;

    load(&sc, "harvester-timeout.ini");
    sim = run(&sc, &watch, 0);
    rows = sim_results(sim, &nr);
    cr_assert_eq(nr, 1);
    cr_assert_gt(rows[0].rounds, 100);
    cr_expect_geq(watch->nr_rounds, rows[0].rounds - 1);
    for (uint32_t i = 0; i < watch->nr_rounds; i++) {
        const struct watch_round *r = &watch->rounds[i];
        double sum = r->bound_ns[0] + r->bound_ns[1] + r->bound_ns[2] + r->bound_ns[3];

        cr_expect_eq(r->round, last + 1);
        last = r->round;
        cr_expect_leq(sum, (double)rows[0].total_ns);
    }
    sim_free(sim);
    watch_free(watch);
    scenario_release(&sc);
}
