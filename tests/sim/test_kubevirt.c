/*
 * test_kubevirt.c - KubeVirt's controllers: the queue, back-off, what the monitor does and when.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "support_kubevirt.h"

#define S NS_PER_S
#define MS NS_PER_MS
#define POLL (400 * MS)

/* Two nodes on 1 GbE; `hog` never converges there, `calm` takes about 10 s. */
#define NODES                                                                                      \
    "[host a]\nnic = 1Gb/s\n[host b]\nnic = 1Gb/s\n"                                               \
    "[workload hog]\nwrite_rate = 300MB/s\nworking_set = 900MB\n"
#define HOG "[vm hog]\nhost = a\nmemory = 1GiB\nworkload = hog\n"
#define CALM "[vm calm]\nhost = a\nmemory = 1GiB\n"

static void expect_within(int64_t value, int64_t from, int64_t to, const char *what)
{
    cr_expect(value >= from && value <= to, "%s: %.3f s is not within %.3f .. %.3f s", what,
              (double)value / (double)S, (double)from / (double)S, (double)to / (double)S);
}

/* ---- deadlines ---- */

Test(kubevirt, deadline_acts_at_a_poll_of_the_next_whole_second)
{
    static const struct {
        const char *preset;
        int64_t deadline_s; /* 1 GiB: two started GB */
    } cases[] = {{"kubevirt-1.3", 1600},  {"kubevirt-1.4", 300},  {"kubevirt-1.5", 300},
                 {"kubevirt-1.8", 300},   {"kubevirt-1.9", 300},  {"kubevirt-main", 300},
                 {"hco-1.13", 1600},      {"hco-1.14", 300},      {"hco-1.18", 300},
                 {"hco-main", 40},        {"acp", 300},           {"harvester-1.2", 1600},
                 {"harvester-1.4", 1600}, {"harvester-1.5", 300}, {"harvester-1.7", 300}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[1024];
        struct kv_run r;
        const struct mig_result *m;
        int64_t cancel = 0;

        snprintf(text, sizeof(text), "preset = %s\n" NODES HOG "[request r]\nvm = hog\n",
                 cases[i].preset);
        kv_load(&r, text, NULL);
        for (uint32_t n = 0; n < 5; n++) {
            kv_go(&r, n);
            m = kv_row(&r, "hog", 1);
            cancel = r.sc.hosts[0].costs->cancel_ns;
            cr_expect_eq(m->outcome, OUTCOME_TIMEOUT, "%s", cases[i].preset);
            expect_within(m->ended_ns - m->started_ns - cancel, (cases[i].deadline_s + 1) * S,
                          (cases[i].deadline_s + 1) * S + POLL, cases[i].preset);
        }
        kv_release(&r);
    }
}

Test(kubevirt, poll_phase_differs_between_replications)
{
    struct kv_run r;
    int64_t first = -1;
    bool differs = false;

    kv_load(&r, "preset = hco-main\n" NODES HOG "[request r]\nvm = hog\n", NULL);
    for (uint32_t n = 0; n < 8; n++) {
        kv_go(&r, n);
        if (first >= 0 && kv_row(&r, "hog", 1)->ended_ns != first)
            differs = true;
        first = kv_row(&r, "hog", 1)->ended_ns;
    }
    cr_expect(differs);
    kv_release(&r);
}

Test(kubevirt, reason_names_both_readings_of_the_deadline)
{
    struct kv_run r;
    const char *why;

    kv_load_file(&r, "harvester-timeout", NULL);
    kv_go(&r, 0);
    why = kv_row(&r, "db", 1)->reason;
    cr_expect(strstr(why, "7200 s") && strstr(why, "6400 s"), "%s", why);
    kv_release(&r);
}

Test(kubevirt, pause_doubles_the_deadline_and_lets_it_complete)
{
    static const char *const on[] = {"kubevirt.allow_workload_disruption=on", NULL};
    struct kv_run r;
    const struct mig_result *m;
    int64_t at = 0;

    kv_load(&r, "preset = kubevirt-1.5\n" NODES HOG "[request r]\nvm = hog\n", on);
    kv_go(&r, 0);
    m = kv_row(&r, "hog", 1);
    cr_expect_eq(m->outcome, OUTCOME_COMPLETED, "%s", m->reason ? m->reason : "");
    cr_expect_eq(kv_said(&r, "hog", "mode Paused: guest suspended", &at), 1);
    expect_within(at - m->started_ns, 301 * S, 301 * S + POLL, "paused");
    cr_expect_gt(m->blackout_ns, 5 * S, "the rest of 900 MB goes while it is paused");
    kv_release(&r);
}

Test(kubevirt, paused_guest_is_given_up_at_twice_the_deadline)
{
    static const char *const on[] = {"kubevirt.allow_workload_disruption=on",
                                     "migration.max_bandwidth=1MiB/s",
                                     "migration.completion_timeout_per_gib=20s", NULL};
    struct kv_run r;
    const struct mig_result *m;

    kv_load(&r, "preset = kubevirt-1.5\n" NODES HOG "[request r]\nvm = hog\n", on);
    kv_go(&r, 0);
    m = kv_row(&r, "hog", 1);
    cr_expect_eq(m->outcome, OUTCOME_TIMEOUT);
    cr_expect(strstr(m->reason, "80 s, doubled by the pause"), "%s", m->reason);
    expect_within(m->ended_ns - m->started_ns - r.sc.hosts[0].costs->cancel_ns, 81 * S,
                  81 * S + POLL, "given up");
    kv_release(&r);
}

Test(kubevirt, postcopy_starts_at_the_deadline_and_has_none)
{
    static const char *const versions[] = {"kubevirt-1.3", "kubevirt-1.5", "kubevirt-1.9"};
    static const char *const slow[] = {"migration.postcopy=on",
                                       "migration.completion_timeout_per_gib=20s",
                                       "migration.max_postcopy_bandwidth=4MiB/s", NULL};

    for (size_t i = 0; i < 3; i++) {
        char text[1024];
        struct kv_run r;
        const struct mig_result *m;
        int64_t at = 0;

        snprintf(text, sizeof(text), "preset = %s\n" NODES HOG "[request r]\nvm = hog\n",
                 versions[i]);
        kv_load(&r, text, slow);
        kv_go(&r, 0);
        m = kv_row(&r, "hog", 1);
        cr_expect_eq(m->outcome, OUTCOME_COMPLETED, "%s", versions[i]);
        cr_expect_eq(kv_said(&r, "hog", "mode PostCopy", &at), 1);
        expect_within(at - m->started_ns, 41 * S, 41 * S + POLL, versions[i]);
        cr_expect_gt(m->postcopy_ns, 60 * S, "%s: well beyond twice the deadline", versions[i]);
        kv_release(&r);
    }
}

Test(kubevirt, postcopy_without_disruption_gives_up)
{
    static const char *const off[] = {"migration.postcopy=on",
                                      "kubevirt.allow_workload_disruption=off", NULL};
    struct kv_run r;

    kv_load(&r, "preset = kubevirt-1.5\n" NODES HOG "[request r]\nvm = hog\n", off);
    kv_go(&r, 0);
    cr_expect_eq(kv_row(&r, "hog", 1)->outcome, OUTCOME_TIMEOUT);
    kv_release(&r);
}

/* ---- progress ---- */

#define CUT "[link l]\nrate = 1Gb/s\n[fault cut]\nkind = link_down\ntarget = l\nat = 40s\n"

Test(kubevirt, dead_link_is_noticed_after_the_progress_timeout)
{
    struct kv_run r;
    const struct mig_result *m;

    kv_load(&r, "preset = kubevirt-1.9\n" NODES HOG CUT "[request r]\nvm = hog\n", NULL);
    kv_go(&r, 0);
    m = kv_row(&r, "hog", 1);
    cr_expect_eq(m->outcome, OUTCOME_TIMEOUT);
    cr_expect(strstr(m->reason, "stuck"), "%s", m->reason);
    /* last seen moving at the poll after 40 s; 150 s and a whole second later it is given up */
    expect_within(m->ended_ns - r.sc.hosts[0].costs->cancel_ns, 191 * S - POLL, 191 * S + 2 * POLL,
                  "given up");
    kv_release(&r);
}

Test(kubevirt, saw_tooth_is_progress_only_since_the_watermark_follows_it)
{
    static const struct {
        const char *version;
        const char *reason;
    } cases[] = {{"kubevirt.version=0.45", "stuck"}, {"kubevirt.version=0.54", "completion"}};

    for (size_t i = 0; i < 2; i++) {
        const char *const set[] = {cases[i].version, NULL};
        struct kv_run r;
        const struct mig_result *m;

        kv_load(&r, "preset = kubevirt-1.3\n" NODES HOG "[request r]\nvm = hog\n", set);
        kv_go(&r, 0);
        m = kv_row(&r, "hog", 1);
        cr_expect_eq(m->outcome, OUTCOME_TIMEOUT);
        cr_expect(strstr(m->reason, cases[i].reason), "%s: %s", cases[i].version, m->reason);
        kv_release(&r);
    }
}

/* ---- the queue ---- */

Test(kubevirt, fifo_looks_again_every_five_seconds)
{
    struct kv_run r;
    const struct mig_result *m;
    int64_t freed = INT64_MAX, slot;

    kv_load(&r,
            "preset = kubevirt-1.5\n" NODES "[vm calm]\ncount = 3\nhost = a\nmemory = 1GiB\n"
            "[request r]\nvm = calm\nat = 1234ms\n",
            NULL);
    kv_go(&r, 0);
    for (uint32_t i = 0; i < r.nr_rows; i++)
        if (r.rows[i].ended_ns < freed)
            freed = r.rows[i].ended_ns;
    freed += r.sc.cluster.rules.finish_delay_ns;
    m = kv_row(&r, "calm-3", 1);
    slot = m->started_ns - r.sc.cluster.rules.start_delay_ns;
    cr_expect_eq((slot - 1234 * MS) % (5 * S), 0, "on its own lattice");
    cr_expect(slot >= freed && slot - freed < 5 * S, "the first look after a slot was free");
    kv_release(&r);
}

Test(kubevirt, priority_queue_is_woken_by_a_finish)
{
    struct kv_run r;
    int64_t freed = INT64_MAX;
    uint32_t at_once = 0;

    kv_load(&r,
            "preset = kubevirt-1.9\n" NODES "[vm calm]\ncount = 3\nhost = a\nmemory = 1GiB\n"
            "[request r]\nvm = calm\nat = 1234ms\n",
            NULL);
    kv_go(&r, 0);
    for (uint32_t i = 0; i < r.nr_rows; i++)
        if (r.rows[i].ended_ns < freed)
            freed = r.rows[i].ended_ns;
    freed += r.sc.cluster.rules.finish_delay_ns;
    for (uint32_t i = 0; i < r.nr_rows; i++)
        at_once += r.rows[i].started_ns - r.sc.cluster.rules.start_delay_ns == freed;
    cr_expect_eq(at_once, 1);
    kv_release(&r);
}

Test(kubevirt, critical_ones_go_before_a_users)
{
    struct kv_run r;
    int64_t last_critical = 0, first_user = INT64_MAX;

    kv_load(&r,
            "preset = kubevirt-1.9\n" NODES "[vm user]\ncount = 4\nhost = a\nmemory = 1GiB\n"
            "[vm system]\ncount = 4\nhost = a\nmemory = 1GiB\n"
            "[vm first]\ncount = 2\nhost = a\nmemory = 1GiB\n"
            "[request 0]\nvm = first\n"
            "[request 1]\nvm = user\nat = 1s\n[request 2]\nvm = system\nat = 2s\npriority = 100\n",
            NULL);
    for (uint32_t n = 0; n < 10; n++) {
        kv_go(&r, n);
        for (int i = 1; i <= 4; i++) {
            char name[24];

            snprintf(name, sizeof(name), "system-%d", i);
            if (kv_row(&r, name, 1)->started_ns > last_critical)
                last_critical = kv_row(&r, name, 1)->started_ns;
            snprintf(name, sizeof(name), "user-%d", i);
            if (kv_row(&r, name, 1)->started_ns < first_user)
                first_user = kv_row(&r, name, 1)->started_ns;
        }
        cr_expect_leq(last_critical, first_user, "replication %u", n);
        last_critical = 0;
        first_user = INT64_MAX;
    }
    kv_release(&r);
}

/* Five of the best are woken; a user's migration behind six of them waits for its own look. */
Test(kubevirt, who_is_not_among_the_best_waits_for_its_own_look)
{
    struct kv_run r;
    const struct mig_result *m;
    int64_t slot;

    kv_load(&r,
            "preset = kubevirt-1.9\n[host a]\nnic = 1Gb/s\n[host b]\nnic = 1Gb/s\n[host c]\n"
            "nic = 1Gb/s\n[host d]\n[vm long]\ncount = 2\nhost = a\nmemory = 16GiB\n"
            "[vm more]\ncount = 7\nhost = a\nmemory = 1GiB\n"
            "[vm b]\ncount = 2\nhost = b\nmemory = 1GiB\n[vm c]\nhost = c\nmemory = 1GiB\n"
            "[vm user]\nhost = d\nmemory = 1GiB\n"
            "[request 1]\nvm = long, b, c\npriority = 100\n"
            "[request 2]\nvm = more\npriority = 100\nat = 500ms\n"
            "[request 3]\nvm = user\nat = 700ms\n",
            NULL);
    kv_go(&r, 0);
    m = kv_row(&r, "user", 1);
    slot = m->started_ns - r.sc.cluster.rules.start_delay_ns;
    cr_expect_eq((slot - 700 * MS) % (5 * S), 0, "%.3f s", (double)slot / (double)S);
    cr_expect_gt(slot, 5 * S);
    kv_release(&r);
}

Test(kubevirt, limits_hold_in_random_clusters)
{
    struct rng rng;

    rng_stream(&rng, 11, "clusters", 0, 0);
    for (int n = 0; n < 60; n++) {
        static const char *const presets[] = {"kubevirt-1.3", "kubevirt-1.9", "hco-main"};
        uint32_t total, out, in, max_out;
        char text[2048];
        struct kv_run r;

        snprintf(text, sizeof(text),
                 "preset = %s\n[scenario]\nhorizon = 2h\nseed = %d\n"
                 "[host h]\ncount = %d\nnic = 10Gb/s\n[workload w]\nwrite_rate = %dMB/s\n"
                 "working_set = 500MB\n[vm v]\ncount = %d\nhost = h\nmemory = %dGiB\nworkload = w\n"
                 "[request r]\nvm = v\nevery = %dms\n",
                 presets[n % 3], n, 2 + (int)(rng_uniform(&rng) * 8.0),
                 (int)(rng_uniform(&rng) * 1500.0), 1 + (int)(rng_uniform(&rng) * 40.0),
                 1 + (int)(rng_uniform(&rng) * 8.0), (int)(rng_uniform(&rng) * 3000.0));
        kv_load(&r, text, NULL);
        max_out = r.sc.cluster.rules.max_out;
        kv_go(&r, 0);
        kv_peaks(&r, &total, &out, &in);
        cr_expect_leq(total, 5, "cluster %d", n);
        cr_expect_leq(out, max_out, "cluster %d", n);
        cr_expect_geq(out, 1, "cluster %d", n);
        for (uint32_t i = 0; i < r.nr_rows; i++) /* nobody waits that could go */
            cr_expect(r.rows[i].outcome != OUTCOME_QUEUED || r.rows[i].started_ns >= 0 ||
                          total == 5 || out == max_out,
                      "cluster %d", n);
        kv_release(&r);
    }
}

/* ---- trying again ---- */

Test(kubevirt, a_users_migration_is_never_tried_again)
{
    struct kv_run r;

    kv_load(&r, "preset = hco-main\n" NODES HOG "[request r]\nvm = hog\n", NULL);
    kv_go(&r, 0);
    cr_expect_eq(r.nr_rows, 1);
    cr_expect_eq(kv_said(&r, "hog", "MigrationBackoff", NULL), 0);
    kv_release(&r);
}

Test(kubevirt, back_off_doubles_to_320_seconds)
{
    static const int64_t waits[] = {20, 40, 80, 160, 320, 320, 320};
    static const char *const set[] = {"kubevirt.workload_update_at=0s", "scenario.horizon=1h",
                                      NULL};
    struct kv_run r;

    kv_load(&r, "preset = hco-main\n" NODES HOG, set);
    kv_go(&r, 0);
    for (uint32_t i = 0; i < 7; i++) {
        const struct mig_result *m = kv_row(&r, "hog", i + 1), *next = kv_row(&r, "hog", i + 2);
        const struct cluster_rules *rules = &r.sc.cluster.rules;

        cr_expect_eq(m->outcome, OUTCOME_TIMEOUT);
        cr_expect_eq(next->started_ns - rules->start_delay_ns -
                         (m->ended_ns + rules->finish_delay_ns),
                     waits[i] * S, "after attempt %u", i + 1);
    }
    cr_expect_eq(r.rows[r.nr_rows - 1].outcome, OUTCOME_QUEUED, "it never ends");
    kv_release(&r);
}

/* ---- the target pod ---- */

Test(kubevirt, unschedulable_pod_fails_after_300_seconds_with_its_slot)
{
    struct kv_run r;
    const struct mig_result *m;

    kv_load(&r,
            "preset = kubevirt-1.9\n[host a]\nmemory = 64GiB\n[host b]\nmemory = 4GiB\n"
            "[vm big]\nhost = a\nmemory = 8GiB\n[request r]\nvm = big\n",
            NULL);
    kv_go(&r, 0);
    m = kv_row(&r, "big", 1);
    cr_expect(m->outcome == OUTCOME_FAILED || m->outcome == OUTCOME_REJECTED, "%s",
              outcome_name(m->outcome));
    expect_within(m->ended_ns, 300 * S, 301 * S, "failed");
    cr_expect_eq(kv_said(&r, "big", "MigrationTargetPodUnschedulable", NULL), 1);
    kv_release(&r);
}

Test(kubevirt, pod_that_does_not_start_fails_after_900_seconds)
{
    static const char *const set[] = {"cluster.start_delay=20min", NULL};
    struct kv_run r;
    const struct mig_result *m;

    kv_load(&r, "preset = kubevirt-1.9\n" NODES CALM "[request r]\nvm = calm\n", set);
    kv_go(&r, 0);
    m = kv_row(&r, "calm", 1);
    cr_expect_eq(m->outcome, OUTCOME_TIMEOUT);
    cr_expect(strstr(m->reason, "pending"), "%s", m->reason);
    expect_within(m->ended_ns, 900 * S, 901 * S, "failed");
    kv_release(&r);
}

Test(kubevirt, phases_come_in_order)
{
    static const char *const phases[] = {"Pending",         "Scheduling",  "Scheduled",
                                         "PreparingTarget", "TargetReady", "Running",
                                         "Succeeded",       "Migrated"};
    struct kv_run r;
    int64_t last = 0;

    kv_load(&r, "preset = kubevirt-1.9\n" NODES CALM "[request r]\nvm = calm\nat = 3s\n", NULL);
    kv_go(&r, 0);
    for (size_t i = 0; i < sizeof(phases) / sizeof(phases[0]); i++) {
        int64_t at = -1;

        cr_expect_eq(kv_said(&r, "calm", phases[i], &at), 1, "%s", phases[i]);
        cr_expect_geq(at, last, "%s", phases[i]);
        last = at;
    }
    kv_release(&r);
}

/* ---- admission ---- */

Test(kubevirt, what_cannot_migrate_says_why)
{
    static const struct {
        const char *line;
        const char *reason;
    } cases[] = {{"gpus = a100", "HostDeviceNotLiveMigratable"},
                 {"devices = nvme", "HostDeviceNotLiveMigratable"},
                 {"cpu_model = host-passthrough", "CPUModeLiveMigratable"},
                 {"migratable = no", "LiveMigratable is false"}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[1024];
        struct kv_run r;
        const struct mig_result *m;

        snprintf(text, sizeof(text),
                 "preset = kubevirt-1.9\n[host a]\ngpus = a100\ndevices = nvme\n"
                 "[host b]\ngpus = a100\ndevices = nvme\n[vm v]\nhost = a\nmemory = 1GiB\n%s\n"
                 "[request r]\nvm = v\n",
                 cases[i].line);
        kv_load(&r, text, NULL);
        kv_go(&r, 0);
        m = kv_row(&r, "v", 1);
        cr_expect_eq(m->outcome, OUTCOME_REJECTED, "%s", cases[i].line);
        cr_expect(m->reason && strstr(m->reason, cases[i].reason), "%s: %s", cases[i].line,
                  m->reason);
        kv_release(&r);
    }
}

Test(kubevirt, settings_that_a_release_does_not_know_are_refused)
{
    static const struct {
        const char *text;
        const char *part;
    } cases[] = {
        {"preset = kubevirt-1.8\n[kubevirt]\nstall_detection = on\n",
         "t.ini:3: [kubevirt] stall_detection: it came with KubeVirt 1.9"},
        {"preset = kubevirt-1.9\n[kubevirt]\ndowntime_tuning = on\n", "no release before main"},
        {"preset = kubevirt-1.9\n[migration]\npostcopy = on\npostcopy_trigger = round\n",
         "KubeVirt itself decides"},
        {"preset = kubevirt-1.9\n[migration]\ntimeout_action = suspend\n",
         "KubeVirt itself decides"},
        {"preset = kubevirt-1.9\n[migrationpolicy p]\nmax_downtime = 1s\n", "selectors"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[1024], message[1024] = "";
        struct scenario sc;
        struct diag diag = {0};

        snprintf(text, sizeof(text), "%s" NODES CALM "[request r]\nvm = calm\n", cases[i].text);
        cr_expect_eq(scenario_load_text(&sc, "t.ini", text, NULL, 0, &diag), ST_EINPUT, "case %zu",
                     i);
        diag_format(&diag, message, sizeof(message));
        cr_expect(strstr(message, cases[i].part), "%s", message);
    }
}

static void drain_one(const char *strategy, const char *line, struct kv_run *r)
{
    const char *const set[] = {strategy, NULL};
    char text[1024];

    snprintf(text, sizeof(text),
             "preset = kubevirt-1.9\n[scenario]\nhorizon = 2h\n[host a]\ngpus = a2\n[host b]\n"
             "gpus = a2\n[vm v]\nhost = a\nmemory = 1GiB\n%s\n[operation o]\nhosts = a\n",
             line);
    kv_load(r, text, set);
    kv_go(r, 0);
}

Test(kubevirt, eviction_strategy_says_what_a_drain_does)
{
    static const struct {
        const char *strategy, *line, *kind;
        enum outcome outcome;
    } cases[] = {
        {"kubevirt.eviction_strategy=live_migrate", "", "live", OUTCOME_COMPLETED},
        {"kubevirt.eviction_strategy=live_migrate", "gpus = a2", "live", OUTCOME_REJECTED},
        {"kubevirt.eviction_strategy=live_migrate_if_possible", "", "live", OUTCOME_COMPLETED},
        {"kubevirt.eviction_strategy=live_migrate_if_possible", "gpus = a2", "cold",
         OUTCOME_COMPLETED},
        {"kubevirt.eviction_strategy=none", "", "cold", OUTCOME_COMPLETED},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct kv_run r;

        drain_one(cases[i].strategy, cases[i].line, &r);
        cr_expect_eq(kv_row(&r, "v", 1)->outcome, cases[i].outcome, "case %zu", i);
        cr_expect_str_eq(kv_row(&r, "v", 1)->kind, cases[i].kind, "case %zu", i);
        kv_release(&r);
    }
}

/* ---- tuning ---- */

static bool uses_streams(const char *preset, const char *line, const char *set)
{
    const char *const overrides[] = {set, NULL};
    char text[1024];
    struct kv_run r;
    uint64_t bytes;
    bool streams;

    snprintf(text, sizeof(text),
             "preset = %s\n" NODES "[vm v]\nhost = a\nmemory = 1GiB\n%s\n[request r]\nvm = v\n",
             preset, line);
    kv_load(&r, text, set ? overrides : NULL);
    kv_go(&r, 0);
    bytes = kv_row(&r, "v", 1)->transferred_bytes;
    streams = sim_mig(r.sim, 0)->params.multifd;
    cr_expect_gt(bytes, GIB);
    kv_release(&r);
    return streams;
}

Test(kubevirt, eight_streams_by_release_and_guest)
{
    cr_expect_not(uses_streams("kubevirt-1.3", "", NULL));
    cr_expect_not(uses_streams("kubevirt-1.4", "", NULL));
    cr_expect(uses_streams("kubevirt-1.5", "", NULL));
    cr_expect(uses_streams("kubevirt-1.8", "pinned = on", NULL));
    cr_expect_not(uses_streams("kubevirt-1.9", "pinned = on", NULL));
    cr_expect_not(uses_streams("kubevirt-1.8", "", "migration.postcopy=on"));
    cr_expect(uses_streams("kubevirt-1.9", "", "migration.postcopy=on"));
    cr_expect_not(uses_streams("kubevirt-1.9", "", "kubevirt.cpu_limit=on"));
    cr_expect(uses_streams("kubevirt-1.4", "", "kubevirt.parallel=on"));
}

Test(kubevirt, policy_goes_over_the_profile)
{
    static const char *const one_stream[] = {"kubevirt.parallel=off", NULL};
    struct kv_run r;
    const struct mig_result *gold, *plain;

    kv_load(&r,
            "preset = kubevirt-1.9\n" NODES
            "[vm gold]\nhost = a\nmemory = 1GiB\nworkload = hog\nlabels = tier=gold, app=db\n"
            "[vm plain]\nhost = a\nmemory = 1GiB\nworkload = hog\nlabels = tier=silver\n"
            "[migrationpolicy any]\nselectors = tier=gold\ncompletion_timeout_per_gib = 1h\n"
            "[migrationpolicy db]\nselectors = tier=gold, app=db\n"
            "completion_timeout_per_gib = 20s\npostcopy = on\nmax_bandwidth = 500kB/s\n"
            "[request r]\nvm = gold, plain\nevery = 20min\n",
            one_stream);
    kv_go(&r, 0);
    gold = kv_row(&r, "gold", 1);
    plain = kv_row(&r, "plain", 1);
    cr_expect_eq(gold->outcome, OUTCOME_COMPLETED);
    cr_expect_gt(gold->postcopy_ns, 0, "disruption follows post-copy");
    expect_within(gold->ended_ns - gold->started_ns - gold->postcopy_ns, 41 * S, 43 * S, "switch");
    /* below 1 MiB/s counts as 1 MiB/s, and a window of 100 ms sends one flush of 128 KiB at least
     */
    expect_within((int64_t)gold->precopy_bytes, 42 * (int64_t)MIB, 42 * 10 * 129 * (int64_t)KIB,
                  "bytes before the switch");
    cr_expect_eq(plain->outcome, OUTCOME_TIMEOUT);
    kv_release(&r);
}

Test(kubevirt, ramp_takes_its_steps_ten_seconds_apart)
{
    static const char *const set[] = {"kubevirt.downtime_tuning=on", NULL};
    struct kv_run r;
    const struct mig_result *m;
    int64_t last = -1;
    uint32_t steps = 0;

    kv_load(&r, "preset = kubevirt-main\n" NODES HOG "[request r]\nvm = hog\n", set);
    kv_go(&r, 0);
    m = kv_row(&r, "hog", 1);
    cr_expect_eq(m->outcome, OUTCOME_TIMEOUT);
    for (uint32_t i = 0; i < r.nr_log; i++) {
        int64_t at = r.log[i].at_ns;

        if (strcmp(r.log[i].what, "downtime tuning: max downtime raised") != 0)
            continue;
        if (steps == 0)
            expect_within(at - m->started_ns, POLL, 2 * POLL, "first poll");
        else if (steps > 1)
            expect_within(at - last, 10 * S, 10 * S + POLL, "cool-down");
        last = at;
        steps++;
    }
    /* 150, 257, 364, 471, 578, 685, 792, 899, 900 */
    cr_expect_eq(steps, 9);
    cr_expect_eq(sim_mig(r.sim, 0)->params.downtime_limit_ns, 900 * MS);
    kv_release(&r);
}

Test(kubevirt, stall_detector_ends_what_would_hover)
{
    static const char *const set[] = {"kubevirt.stall_detection=on", NULL};
    static const char *const hard[] = {"kubevirt.stall_detection=on",
                                       "kubevirt.allow_workload_disruption=on", NULL};
    struct kv_run r;
    const struct mig_result *m;
    int64_t at = 0;

    /* 900 MB that are always dirty: 7.6 s of pause, far above 900 ms x 1.5 */
    kv_load(&r, "preset = kubevirt-1.9\n" NODES HOG "[request r]\nvm = hog\n", set);
    kv_go(&r, 0);
    m = kv_row(&r, "hog", 1);
    cr_expect_eq(m->outcome, OUTCOME_TIMEOUT);
    cr_expect(strstr(m->reason, "stall detector"), "%s", m->reason);
    cr_expect_lt(m->total_ns, 200 * S, "sooner than at the deadline of 300 s");
    kv_release(&r);
    kv_load(&r, "preset = kubevirt-1.9\n" NODES HOG "[request r]\nvm = hog\n", hard);
    kv_go(&r, 0);
    m = kv_row(&r, "hog", 1);
    cr_expect_eq(m->outcome, OUTCOME_COMPLETED);
    cr_expect_eq(kv_said(&r, "hog", "stall detector: switchover at any downtime", &at), 1);
    expect_within(m->downtime_ns, 5 * S, 9 * S, "one pass of 900 MB over 1 GbE");
    kv_release(&r);
}

/* ---- workload updater, hosts ---- */

Test(kubevirt, workload_updater_moves_everybody_once)
{
    static const char *const set[] = {"kubevirt.workload_update_at=10s", NULL};
    struct kv_run r;
    uint32_t total, out, in;

    kv_load(&r,
            "preset = kubevirt-1.9\n[host h]\ncount = 4\nnic = 10Gb/s\n"
            "[vm v]\ncount = 20\nhost = h\nmemory = 2GiB\n",
            set);
    kv_go(&r, 0);
    cr_expect_eq(r.nr_rows, 20);
    kv_peaks(&r, &total, &out, &in);
    cr_expect_eq(total, 5);
    cr_expect_leq(out, 2);
    for (uint32_t i = 0; i < r.nr_rows; i++) {
        cr_expect_eq(r.rows[i].outcome, OUTCOME_COMPLETED);
        cr_expect_eq((r.rows[i].queued_ns - 10 * S) % (5 * S), 0, "made by its tick");
    }
    kv_release(&r);
}

Test(kubevirt, workload_updater_evicts_in_batches)
{
    static const char *const set[] = {"kubevirt.workload_update_at=0s",
                                      "kubevirt.workload_update_evict=on",
                                      "kubevirt.workload_update_batch=2", NULL};
    struct kv_run r;
    uint32_t live = 0, cold = 0;

    kv_load(&r,
            "preset = kubevirt-1.9\n[host h]\ncount = 3\ngpus = a2:8\n"
            "[vm ai]\ncount = 5\nhost = h\nmemory = 1GiB\ngpus = a2\n"
            "[vm v]\ncount = 5\nhost = h\nmemory = 1GiB\n",
            set);
    kv_go(&r, 0);
    for (uint32_t i = 0; i < r.nr_rows; i++) {
        cr_expect_eq(r.rows[i].outcome, OUTCOME_COMPLETED);
        if (strcmp(r.rows[i].kind, "live") == 0)
            live++;
        else
            cr_expect_eq(r.rows[i].queued_ns, (int64_t)(cold++ / 2) * 60 * S, "%s", r.rows[i].vm);
    }
    cr_expect_eq(live, 5);
    cr_expect_eq(cold, 5);
    kv_release(&r);
}

Test(kubevirt, same_seed_gives_the_same_run)
{
    struct kv_run a, b;

    kv_load_file(&a, "kubevirt-ramp", NULL);
    kv_load_file(&b, "kubevirt-ramp", NULL);
    for (uint32_t n = 0; n < 4; n++) {
        kv_go(&a, n);
        kv_go(&b, n);
        cr_assert_eq(a.nr_rows, b.nr_rows);
        for (uint32_t i = 0; i < a.nr_rows; i++) {
            cr_expect_eq(a.rows[i].ended_ns, b.rows[i].ended_ns);
            cr_expect_eq(a.rows[i].transferred_bytes, b.rows[i].transferred_bytes);
        }
    }
    kv_release(&a);
    kv_release(&b);
}
