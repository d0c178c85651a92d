/*
 * test_proxmox.c - the loop around a migration against one that makes every poll, workers and
 * rounds.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "sim/sim_int.h"
#include "support_run.h"

#define DOUBLED "auto-increased downtime"

/* ---- the same loop, poll by poll ---- */

struct watcher {
    uint64_t remaining, transferred;
    int64_t limit_ns, usleep_ns;
    uint32_t polls, rises;
};

static void watch_running(struct sim *sim, struct mig *m)
{
    struct watcher *w = (struct watcher *)m->platform;

    w->limit_ns = m->params.downtime_limit_ns;
    w->usleep_ns = NS_PER_S;
    mig_poll_at(sim, m, sim->now_ns + NS_PER_S);
}

static void watch_poll(struct sim *sim, struct mig *m)
{
    struct watcher *w = (struct watcher *)m->platform;
    uint64_t transferred, remaining;
    double average;

    if (!mig_in_precopy(m))
        return;
    transferred = mig_transferred_bytes(sim, m);
    remaining = mig_remaining_bytes(sim, m);
    w->polls++;
    average = w->transferred ? (double)w->transferred / (double)w->polls : 0.0;
    if (transferred != w->transferred) {
        if (average > 0.0 && (double)remaining < average)
            w->usleep_ns = 100 * NS_PER_MS;
        if ((w->remaining && remaining > w->remaining) || remaining == 0)
            w->rises++;
        w->remaining = remaining;
        if (w->rises > 5) {
            w->rises = 0;
            w->limit_ns = w->limit_ns * 2 > 2000 * NS_PER_S ? 2000 * NS_PER_S : w->limit_ns * 2;
            sim_log(sim, job_at(sim, m->job), HOST_NONE, DOUBLED);
            mig_order_downtime_limit(sim, m, w->limit_ns);
        }
    }
    w->transferred = transferred;
    mig_poll_at(sim, m, sim->now_ns + w->usleep_ns);
}

static const struct platform_ops watcher_ops = {.name = "watcher",
                                                .help = "every poll",
                                                .mig_state_bytes = sizeof(struct watcher),
                                                .running = watch_running,
                                                .poll = watch_poll};

static const char *const guests[] = {
    "write_rate = 400MB/s\nworking_set = 2GiB\n",
    "write_rate = 150MB/s\nworking_set = 512MiB\n",
    "write_rate = 90MB/s\nworking_set = 3GiB\n",
    "write_rate = 2GB/s\nworking_set = 64MiB\n",
    "kind = hotcold\nwrite_rate = 120MB/s\nworking_set = 2GiB\nhot = 100MiB\n",
    "write_rate = 300MB/s\nworking_set = 1GiB\non = 20s\noff = 15s\nphase = 3s\n",
};

static void world_text(char *text, size_t cap, const char *guest)
{
    snprintf(text, cap,
             "[scenario]\nhorizon = 12h\npreset = proxmox-9\n"
             "[migration]\nauto_converge = off\ntls = off\nxbzrle = off\n"
             "[cluster]\nstart_delay = 0s\n[proxmox]\nstart = single\n"
             "[host a]\nnic = 1Gb/s\n[host b]\nnic = 10Gb/s\n[workload w]\n%s"
             "[vm v]\nhost = a\nmemory = 4GiB\nvcpus = 8\nworkload = w\n"
             "[request r]\nvm = v\ntarget = b\n",
             guest);
}

Test(proxmox, polls_left_out_would_have_changed_nothing)
{
    for (size_t i = 0; i < sizeof(guests) / sizeof(guests[0]); i++) {
        struct test_run run;
        struct sim_options options = {.max_rounds = 20000, .max_events = 2000};
        const struct sim_event *log;
        const struct mig_result *row;
        uint32_t nr, lines;
        struct sim *plain;
        char text[2048];

        world_text(text, sizeof(text), guests[i]);
        test_run_text(&run, text);
        run.sc.cluster.platform = &watcher_ops;
        plain = sim_new(&run.sc, &options);
        cr_assert_not_null(plain);
        sim_run(plain, 0);
        row = sim_results(plain, &nr);
        log = sim_log_lines(plain, &lines);
        cr_expect_eq(row->outcome, OUTCOME_COMPLETED);
        cr_expect_eq(row->rounds, run.rows[0].rounds, "%s", guests[i]);
        /* each poll splits the sender's stretch, which may round by a nanosecond */
        cr_expect_lt(llabs(row->ended_ns - run.rows[0].ended_ns), 10000, "%s", guests[i]);
        cr_expect_eq(row->downtime_limit_ns, run.rows[0].downtime_limit_ns, "%s", guests[i]);
        cr_expect_eq(lines, test_log_count(&run, "v", DOUBLED), "%s", guests[i]);
        for (uint32_t k = 0; k < lines; k++)
            cr_expect_eq(log[k].at_ns, test_log_ns(&run, "v", DOUBLED, k), "%s", guests[i]);
        cr_expect_lt(sim_events(run.sim), sim_events(plain), "and it costs less");
        sim_free(plain);
        test_run_release(&run);
    }
}

/* ---- the limit ---- */

Test(proxmox, limit_doubles_after_six_rises_and_every_migration_ends)
{
    struct test_run run;
    char text[2048], want[128];
    int64_t limit_ms = 100, before = 0;
    uint32_t n;

    world_text(text, sizeof(text), guests[0]);
    test_run_text(&run, text);
    n = test_log_count(&run, "v", DOUBLED);
    cr_assert_geq(n, 6);
    for (uint32_t k = 0; k < n; k++) {
        int64_t at = test_log_ns(&run, "v", DOUBLED, k);
        uint32_t syncs = 0;

        limit_ms *= 2;
        snprintf(want, sizeof(want), DOUBLED " to continue migration: %lld ms",
                 (long long)limit_ms);
        cr_assert_eq(at, test_log_ns(&run, "v", want, 0));
        for (uint32_t r = 0; r < run.nr_rounds; r++)
            syncs += run.rounds[r].start_ns > before && run.rounds[r].start_ns <= at;
        cr_assert_geq(syncs, 6, "remaining rises at syncs only");
        cr_assert_eq(at % (100 * NS_PER_MS), 0, "on the lattice of its polls");
        before = at;
    }
    cr_assert_eq(run.rows[0].outcome, OUTCOME_COMPLETED);
    cr_assert_eq(run.rows[0].downtime_limit_ns, limit_ms * NS_PER_MS);
    test_run_release(&run);
}

Test(proxmox, limit_never_passes_its_ceiling)
{
    struct test_run run;
    char text[2048];

    snprintf(text, sizeof(text),
             "[scenario]\nhorizon = 12h\npreset = proxmox-9\n[proxmox]\nstart = single\n"
             "downtime_max = 5s\n[migration]\nauto_converge = off\ntls = off\nxbzrle = off\n"
             "[host a]\nnic = 1Gb/s\n[host b]\nnic = 10Gb/s\n[workload w]\n%s"
             "[vm v]\nhost = a\nmemory = 4GiB\nvcpus = 8\nworkload = w\n"
             "[request r]\nvm = v\ntarget = b\n",
             guests[0]);
    test_run_text(&run, text);
    cr_assert_eq(run.rows[0].outcome, OUTCOME_QUEUED, "with a low ceiling it never ends");
    cr_assert_eq(run.rows[0].downtime_limit_ns, 5 * NS_PER_S);
    test_run_release(&run);
}

Test(proxmox, xbzrle_cache_is_a_tenth_rounded_up_to_a_power_of_two)
{
    static const struct {
        const char *memory;
        uint64_t cache;
    } cases[] = {{"8GiB", GIB}, {"4GiB", 512 * MIB}, {"10GiB", GIB}, {"11GiB", 2 * GIB}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct test_run run;
        char text[1024];

        snprintf(
            text, sizeof(text),
            "[scenario]\npreset = proxmox-9\n[host a]\n[host b]\n[vm v]\nhost = a\nmemory = %s\n"
            "[request r]\nvm = v\ntarget = b\n",
            cases[i].memory);
        test_run_text(&run, text);
        cr_expect_eq(sim_mig(run.sim, 0)->params.xbzrle_cache_bytes, cases[i].cache, "%s",
                     cases[i].memory);
        test_run_release(&run);
    }
}

/* ---- who starts when ---- */

static void run_bulk(struct test_run *run, const char *head, uint32_t cpus)
{
    char text[2048];

    snprintf(text, sizeof(text),
             "[scenario]\npreset = proxmox-9\n[cluster]\nstart_delay = 0s\n%s"
             "[host a]\ncpus = %u\nnic = 10Gb/s\n[host b]\nnic = 10Gb/s\n"
             "[vm v]\ncount = 24\nhost = a\nmemory = 1GiB\n[request r]\nvm = v\ntarget = b\n",
             head, cpus);
    test_run_text(run, text);
}

Test(proxmox, bulk_workers_follow_the_cpus_of_the_node)
{
    static const struct {
        uint32_t cpus, workers;
        const char *head;
    } cases[] = {
        {1, 1, ""},
        {2, 1, ""},
        {4, 3, ""},
        {9, 8, ""},
        {64, 8, ""},
        {64, 2, "[proxmox]\nworkers = 2\n"},
        {64, 1, "[proxmox]\nstart = cluster\n"},
        {64, 4, "[proxmox]\nstart = ha\n"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct test_run run;

        run_bulk(&run, cases[i].head, cases[i].cpus);
        cr_expect_eq(test_most_at_once(&run, "a", NULL), cases[i].workers, "%u CPUs %s",
                     cases[i].cpus, cases[i].head);
        for (uint32_t k = 0; k < run.nr_rows; k++)
            cr_expect_eq(run.rows[k].outcome, OUTCOME_COMPLETED);
        test_run_release(&run);
    }
}

Test(proxmox, bulk_starts_by_vmid_and_looks_for_a_free_worker_each_second)
{
    struct test_run run;

    run_bulk(&run, "", 4);
    for (uint32_t i = 0; i + 1 < run.nr_rows; i++)
        cr_expect_leq(run.rows[i].started_ns, run.rows[i + 1].started_ns);
    for (uint32_t i = 0; i < run.nr_rows; i++)
        cr_expect_eq(run.rows[i].started_ns % NS_PER_S, 0);
    test_run_release(&run);
}

Test(proxmox, ha_starts_in_the_first_eight_seconds_of_its_nodes_rounds)
{
    struct test_run run;
    int64_t phase = -1;

    run_bulk(&run, "[proxmox]\nstart = ha\n", 64);
    for (uint32_t i = 0; i < run.nr_rows; i++) {
        int64_t at = run.rows[i].started_ns;

        if (i == 0)
            phase = at % (10 * NS_PER_S); /* the first starts with a round */
        cr_expect_leq((at - phase + 10 * NS_PER_S) % (10 * NS_PER_S), 8 * NS_PER_S);
        cr_expect_eq((at - phase + 10 * NS_PER_S) % NS_PER_S, 0);
        cr_expect_geq(at, 10 * NS_PER_S, "the cluster's manager decides in its own round first");
    }
    test_run_release(&run);
}

Test(proxmox, after_maintenance_guests_move_back)
{
    struct test_run run;

    test_run_text(&run, "[scenario]\npreset = proxmox-ha\nhorizon = 3h\n[host a]\nmemory = 64GiB\n"
                        "nic = 10Gb/s\n[host b]\nmemory = 64GiB\nnic = 10Gb/s\n"
                        "[vm v]\ncount = 9\nhost = a\nmemory = 2GiB\n"
                        "[operation o]\nkind = maintenance\nhosts = a\nreboot_time = 10min\n"
                        "return_vms = on\n");
    cr_assert_eq(run.nr_rows, 18, "away and back");
    for (uint32_t i = 0; i < run.nr_rows; i++) {
        cr_expect_eq(run.rows[i].outcome, OUTCOME_COMPLETED);
        cr_expect_str_eq(run.rows[i].target, i < 9 ? "b" : "a");
    }
    cr_expect_eq(test_most_at_once(&run, "a", NULL), 4);
    cr_expect_eq(test_most_at_once(&run, "b", NULL), 4);
    test_run_release(&run);
}

Test(proxmox, ha_recovers_the_guests_of_a_fenced_node)
{
    struct test_run run;

    test_run_text(&run, "[scenario]\npreset = proxmox-ha\n[cluster]\nstart_delay = 0s\n"
                        "[host a]\n[host b]\n[host c]\n"
                        "[vm v]\ncount = 12\nhost = a\nmemory = 2GiB\nboot = 25s\n"
                        "[fault f]\nkind = host_down\ntarget = a\nat = 103s\n");
    cr_assert_eq(run.nr_rows, 12);
    for (uint32_t i = 0; i < run.nr_rows; i++) {
        cr_expect_eq(run.rows[i].outcome, OUTCOME_COMPLETED);
        cr_expect_eq(run.rows[i].started_ns, 230 * NS_PER_S, "223 s, and the next round of 10 s");
        cr_expect_eq(run.rows[i].blackout_ns, (230 - 103 + 25) * NS_PER_S);
    }
    test_run_release(&run);
}

Test(proxmox, disks_are_ready_before_memory_and_kept_in_step_by_blocking_writes)
{
    struct test_run run;

    test_run_text(&run, "[scenario]\npreset = proxmox-9\n[cluster]\nstart_delay = 0s\n"
                        "[migration]\ntls = off\n[host a]\nnic = 1Gb/s\n[host b]\nnic = 1Gb/s\n"
                        "[vm v]\nhost = a\nmemory = 4GiB\n"
                        "[disk d]\nvm = v\nsize = 10GB\nlimit = 30MB/s\nworking_set = 2GB\n"
                        "write_rate = 20MB/s\n[request r]\nvm = v\ntarget = b\n");
    cr_assert_eq(run.rows[0].outcome, OUTCOME_COMPLETED);
    cr_assert_eq(run.rows[0].disk_ns % NS_PER_S, 0, "looked at each second");
    cr_assert_gt(run.rows[0].disk_ns, 333 * NS_PER_S);
    cr_assert_lt(run.rows[0].blackout_ns, 500 * NS_PER_MS, "nothing is left to drain");
    test_run_release(&run);
}

Test(proxmox, secure_type_is_bound_by_one_core)
{
    struct test_run secure, insecure;
    static const char text[] = "[scenario]\npreset = proxmox-9\n[migration]\ntls = %s\n"
                               "[calibration]\ntls_rate = 300MB/s\n"
                               "[host a]\n[host b]\n[vm v]\nhost = a\nmemory = 16GiB\n"
                               "[request r]\nvm = v\ntarget = b\n";
    char buf[1024];

    snprintf(buf, sizeof(buf), text, "on");
    test_run_text(&secure, buf);
    snprintf(buf, sizeof(buf), text, "off");
    test_run_text(&insecure, buf);
    cr_assert_gt((double)secure.rows[0].total_ns * 1e-9, 16.0 * (double)GIB / 300e6);
    cr_assert_eq(secure.rows[0].binding, BINDING_STREAM_CPU);
    cr_assert_lt(insecure.rows[0].total_ns, secure.rows[0].total_ns / 2);
    test_run_release(&secure);
    test_run_release(&insecure);
}

Test(proxmox, shipped_doubling_ends_as_its_head_says)
{
    struct test_run run;

    test_run_shipped(&run, "proxmox-doubling.ini");
    cr_assert_eq(run.rows[0].outcome, OUTCOME_COMPLETED);
    cr_assert_eq(run.rows[0].downtime_limit_ns, 25600 * NS_PER_MS);
    cr_assert_eq(test_log_count(&run, "cache-1", DOUBLED), 8);
    cr_assert(run.rows[0].downtime_ns > 12 * NS_PER_S && run.rows[0].downtime_ns < 15 * NS_PER_S);
    cr_assert(run.rows[0].total_ns > 570 * NS_PER_S && run.rows[0].total_ns < 630 * NS_PER_S);
    test_run_release(&run);
}
