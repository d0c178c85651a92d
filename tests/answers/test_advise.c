/*
 * test_advise.c - every fix is simulated again from the outside, as a user would apply it.
 */
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "answers/advise.h"
#include "base/units.h"
#include "sim/run.h"
#include "support_rows.h"

#define WORLD                                                                                      \
    "[host a]\n[host b]\n[link l]\nrate = 1Gb/s\n"                                                 \
    "[workload w]\nwrite_rate = 300MB/s\nworking_set = 1GiB\n"                                     \
    "[vm v]\nhost = a\nmemory = 4GiB\nworkload = w\n"                                              \
    "[migration]\nmax_bandwidth = unlimited\n[request r]\nvm = v\ntarget = b\n"                    \
    "[scenario]\nhorizon = 2h\n"

/* Loads @text with @sets and runs it, with advice. */
static void run_text(const char *text, const char *const *sets, size_t nr_sets, struct scenario *sc,
                     struct run_result *run)
{
    struct scn_override overrides[8];
    struct run_options options = {.version = "test", .jobs = 1};
    struct diag diag = {0};

    cr_assert_leq(nr_sets, 8);
    for (size_t i = 0; i < nr_sets; i++)
        overrides[i] = (struct scn_override){.text = sets[i], .origin = "--set"};
    cr_assert_eq(scenario_load_text(sc, "advise.ini", text, overrides, nr_sets, &diag), ST_OK,
                 "[%s] %s: %s; %s", diag.section, diag.key, diag.what, diag.hint);
    cr_assert_eq(run_scenario(sc, &options, run, &diag), ST_OK, "%s", diag.what);
    cr_assert_eq(advise_run(sc, run, NULL), ST_OK);
}

static const struct fix_result *fix_of(const struct run_result *run, enum fix_kind kind)
{
    for (size_t i = 0; i < run->nr_fixes; i++)
        if (run->fixes[i].kind == kind)
            return &run->fixes[i];
    return NULL;
}

/* The override that a user would write for @fix times @factor. */
static void as_override(const struct fix_result *fix, double factor, char text[128])
{
    char value[UNITS_TEXT];
    double x = fix->value * factor;

    switch (fix->kind) {
    case FIX_MAX_BANDWIDTH:
        snprintf(text, 128, "migration.max_bandwidth=%s", units_rate_exact(value, (uint64_t)x));
        break;
    case FIX_LINK_RATE:
        snprintf(text, 128, "link l.rate=%s", units_bps_exact(value, (uint64_t)x));
        break;
    case FIX_DOWNTIME_LIMIT:
        snprintf(text, 128, "migration.downtime_limit=%s", units_time_exact(value, llround(x)));
        break;
    case FIX_TIMEOUT:
        snprintf(text, 128, "migration.completion_timeout=%s", units_time_exact(value, llround(x)));
        break;
    case FIX_PROGRESS_TIMEOUT:
        snprintf(text, 128, "migration.progress_timeout=%s", units_time_exact(value, llround(x)));
        break;
    case FIX_HORIZON:
        snprintf(text, 128, "scenario.horizon=%s", units_time_exact(value, llround(x)));
        break;
    case FIX_AUTO_CONVERGE:
        snprintf(text, 128, "migration.auto_converge=on");
        break;
    case FIX_POSTCOPY:
        snprintf(text, 128, "migration.postcopy=on");
        break;
    case FIX_DIRTY_RATE:
        snprintf(text, 128, "workload w.write_rate=%.0fB/s", x * 300e6);
        break;
    case FIX_MULTIFD:
        snprintf(text, 128, "migration.multifd=on");
        break;
    default:
        cr_assert_fail("no such setting");
    }
}

/* The outcome of @text with @sets, the fix, and what the fix needs beside it. */
static struct mig_result outcome_with(const char *text, const char *const *sets, size_t nr_sets,
                                      const struct fix_result *fix, double factor)
{
    struct scenario sc;
    struct run_result run;
    struct mig_result row;
    char change[128], also[128];
    const char *all[8];

    for (size_t i = 0; i < nr_sets; i++)
        all[i] = sets[i];
    as_override(fix, factor, change);
    all[nr_sets++] = change;
    if (fix->kind == FIX_POSTCOPY)
        all[nr_sets++] = "migration.postcopy_trigger=round";
    if (fix->kind == FIX_MULTIFD) {
        snprintf(also, sizeof(also), "migration.multifd_channels=%.0f", fix->value);
        all[nr_sets++] = also;
    }
    run_text(text, all, nr_sets, &sc, &run);
    row = *support_row(&run, 0);
    row.vm = row.source = row.target = row.platform = row.reason = NULL;
    run_free(&run);
    scenario_release(&sc);
    return row;
}

static const struct failing {
    const char *sets[4];
    enum outcome outcome;
    unsigned kinds; /* that must be among the fixes, bit by kind */
} failing[] = {
    {{NULL},
     OUTCOME_QUEUED,
     1u << FIX_LINK_RATE | 1u << FIX_DOWNTIME_LIMIT | 1u << FIX_AUTO_CONVERGE | 1u << FIX_POSTCOPY |
         1u << FIX_DIRTY_RATE},
    {{"migration.completion_timeout_per_gib=150s"},
     OUTCOME_TIMEOUT,
     1u << FIX_LINK_RATE | 1u << FIX_DOWNTIME_LIMIT | 1u << FIX_AUTO_CONVERGE | 1u << FIX_POSTCOPY |
         1u << FIX_DIRTY_RATE},
    {{"migration.completion_timeout=40s", "workload w.write_rate=60MB/s"},
     OUTCOME_TIMEOUT,
     1u << FIX_LINK_RATE | 1u << FIX_TIMEOUT},
    {{"migration.max_bandwidth=40MB/s", "workload w.write_rate=60MB/s"},
     OUTCOME_QUEUED,
     1u << FIX_MAX_BANDWIDTH | 1u << FIX_AUTO_CONVERGE | 1u << FIX_DOWNTIME_LIMIT},
    {{"migration.progress_timeout=5s", "migration.max_bandwidth=unlimited",
      "workload w.write_rate=70MB/s"},
     OUTCOME_TIMEOUT,
     1u << FIX_LINK_RATE | 1u << FIX_PROGRESS_TIMEOUT},
    {{"scenario.horizon=30s", "workload w.write_rate=10MB/s"},
     OUTCOME_QUEUED,
     1u << FIX_HORIZON | 1u << FIX_LINK_RATE},
    {{"migration.tls=on", "link l.rate=100Gb/s", "workload w.write_rate=2GB/s"},
     OUTCOME_QUEUED,
     1u << FIX_MULTIFD},
};

Test(advise, every_fix_completes_the_migration_when_applied)
{
    for (size_t i = 0; i < sizeof(failing) / sizeof(failing[0]); i++) {
        struct scenario sc;
        struct run_result run;
        size_t nr_sets = 0;
        unsigned kinds = 0;

        while (nr_sets < 4 && failing[i].sets[nr_sets])
            nr_sets++;
        run_text(WORLD, failing[i].sets, nr_sets, &sc, &run);
        cr_expect_eq(support_row(&run, 0)->outcome, failing[i].outcome, "case %zu: %s", i,
                     outcome_name(support_row(&run, 0)->outcome));
        for (size_t k = 0; k < run.nr_fixes; k++) {
            const struct fix_result *fix = &run.fixes[k];
            struct mig_result row;

            kinds |= 1u << fix->kind;
            if (fix->kind == FIX_DIRTY_RATE && i != 0 && i != 1)
                continue; /* as_override() knows the rate of these two */
            row = outcome_with(WORLD, failing[i].sets, nr_sets, fix, 1.0);
            cr_expect_eq(row.outcome, OUTCOME_COMPLETED, "case %zu: %s %g", i, fix_key(fix->kind),
                         fix->value);
            cr_expect_eq(row.total_ns, fix->total_ns, "case %zu: %s", i, fix_key(fix->kind));
            cr_expect_eq(row.downtime_ns, fix->downtime_ns, "case %zu: %s", i, fix_key(fix->kind));
        }
        cr_expect_eq(kinds & failing[i].kinds, failing[i].kinds, "case %zu: %#x of %#x", i, kinds,
                     failing[i].kinds);
        run_free(&run);
        scenario_release(&sc);
    }
}

Test(advise, a_fix_is_the_smallest)
{
    static const struct {
        enum fix_kind kind;
        double factor; /* a change this much smaller does not help */
    } cases[] = {{FIX_LINK_RATE, 0.97}, {FIX_DOWNTIME_LIMIT, 0.85}, {FIX_DIRTY_RATE, 1.06}};
    struct scenario sc;
    struct run_result run;

    run_text(WORLD, NULL, 0, &sc, &run);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct fix_result *fix = fix_of(&run, cases[i].kind);
        struct mig_result row;

        cr_assert_not_null(fix, "%s", fix_key(cases[i].kind));
        row = outcome_with(WORLD, NULL, 0, fix, cases[i].factor);
        cr_expect_eq(row.outcome, OUTCOME_QUEUED, "%s", fix_key(cases[i].kind));
    }
    run_free(&run);
    scenario_release(&sc);
}

Test(advise, convergence_is_the_payload_of_the_link_that_would_do)
{
    struct scenario sc;
    struct run_result run;
    const struct fix_result *fix;

    run_text(WORLD, NULL, 0, &sc, &run);
    fix = fix_of(&run, FIX_LINK_RATE);
    cr_assert_not_null(fix);
    cr_expect_float_eq((double)support_row(&run, 0)->convergence_bytes_per_s,
                       fix->value * sc.links[0].efficiency_ratio / 8.0, 1.0);
    cr_expect_str_eq(support_row(&run, 0)->reason, REASON_NEVER_CONVERGES);
    run_free(&run);
    scenario_release(&sc);
}

Test(advise, a_copy_that_takes_years_is_not_said_to_be_endless)
{
    static const char *const sets[] = {"link l.rate=1kb/s"};
    struct scenario sc;
    struct run_result run;

    run_text(WORLD, sets, 1, &sc, &run);
    cr_expect_eq(support_row(&run, 0)->outcome, OUTCOME_QUEUED);
    cr_expect_str_neq(support_row(&run, 0)->reason, REASON_NEVER_CONVERGES);
    cr_expect_not_null(fix_of(&run, FIX_LINK_RATE));
    run_free(&run);
    scenario_release(&sc);
}

Test(advise, what_ends_well_needs_nothing)
{
    static const char *const sets[] = {"workload w.write_rate=10MB/s"};
    struct scenario sc;
    struct run_result run;

    run_text(WORLD, sets, 1, &sc, &run);
    cr_expect_eq(support_row(&run, 0)->outcome, OUTCOME_COMPLETED);
    cr_expect_eq(run.nr_fixes, 0);
    cr_expect_eq(support_row(&run, 0)->convergence_bytes_per_s, 0);
    run_free(&run);
    scenario_release(&sc);
}

Test(advise, a_stop_above_its_limit_gets_a_limit_that_keeps_it)
{
    /* the device state comes on top of what QEMU plans for: 34 ms of it on this link */
    static const char *const sets[] = {"workload w.write_rate=60MB/s",
                                       "migration.downtime_limit=60ms", "vm v.device_state=4MiB"};
    struct scenario sc;
    struct run_result run;
    const struct fix_result *fix;

    run_text(WORLD, sets, 3, &sc, &run);
    cr_assert_eq(support_row(&run, 0)->outcome, OUTCOME_COMPLETED);
    cr_assert_gt(support_row(&run, 0)->downtime_ns, 66 * NS_PER_MS);
    fix = fix_of(&run, FIX_DOWNTIME_LIMIT);
    cr_assert_not_null(fix);
    cr_expect_lt(fix->value, 60e6);
    for (size_t i = 0; i < run.nr_fixes; i++) {
        fix = &run.fixes[i];
        cr_expect_leq(fix->downtime_ns, 60 * NS_PER_MS, "%s", fix_key(fix->kind));
    }
    run_free(&run);
    scenario_release(&sc);
}

Test(advise, a_crowded_link_is_told_from_a_slow_one)
{
    static const char text[] = "[host a]\n[host b]\n[link l]\nrate = 1Gb/s\n"
                               "[workload w]\nwrite_rate = 45MB/s\nworking_set = 512MiB\n"
                               "[vm v]\ncount = 8\nhost = a\nmemory = 2GiB\nworkload = w\n"
                               "[migration]\nmax_bandwidth = unlimited\ncompletion_timeout = 120s\n"
                               "[request r]\nvm = v-*\ntarget = b\n";
    struct scenario sc;
    struct run_result run;
    size_t last = SIZE_MAX, vms = 0;

    run_text(text, NULL, 0, &sc, &run);
    cr_expect_eq(support_row(&run, 0)->outcome, OUTCOME_TIMEOUT);
    cr_assert_gt(run.nr_fixes, 0);
    for (size_t i = 0; i < run.nr_fixes; i++) {
        cr_expect_eq(run.fixes[i].kind, FIX_ALONE);
        vms += run.fixes[i].mig != last;
        last = run.fixes[i].mig;
    }
    cr_expect_eq(vms, ADVISE_VMS_MAX);
    run_free(&run);
    scenario_release(&sc);
}

Test(advise, uncertain_inputs_are_advised_on_where_they_are_worst)
{
    static const char *const sets[] = {"workload w.write_rate=100MB/s..300MB/s",
                                       "scenario.replications=40",
                                       "migration.completion_timeout=10min"};
    struct scenario sc;
    struct run_result run;
    const struct fix_result *fix;
    char change[128];
    const char *all[4] = {sets[0], sets[1], sets[2], change};
    size_t failed = 0;

    run_text(WORLD, sets, 3, &sc, &run);
    for (size_t i = 0; i < run.nr_migs; i++)
        failed += support_row(&run, i)->outcome == OUTCOME_TIMEOUT;
    cr_assert_gt(failed, 10);
    fix = fix_of(&run, FIX_LINK_RATE);
    cr_assert_not_null(fix);
    as_override(fix, 1.0, change);
    run_free(&run);
    scenario_release(&sc);
    run_text(WORLD, all, 4, &sc, &run);
    for (size_t i = 0; i < run.nr_migs; i++)
        cr_expect_eq(support_row(&run, i)->outcome, OUTCOME_COMPLETED, "replication %zu", i);
    run_free(&run);
    scenario_release(&sc);
}

Test(advise, a_signal_gives_up_and_leaves_no_half_found_figures)
{
    static const atomic_int now = 1;
    struct scenario sc;
    struct run_result run;
    struct run_options options = {.version = "test", .jobs = 1};

    cr_assert_eq(scenario_load_text(&sc, "advise.ini", WORLD, NULL, 0, NULL), ST_OK);
    cr_assert_eq(run_scenario(&sc, &options, &run, NULL), ST_OK);
    cr_expect_eq(advise_run(&sc, &run, &now), ST_EINTR);
    cr_expect_eq(run.nr_fixes, 0);
    cr_expect(run.interrupted);
    run_free(&run);
    scenario_release(&sc);
}

Test(advise, a_run_without_migrations_is_no_problem)
{
    struct scenario sc = {0};
    struct run_result run = {0};

    cr_expect_eq(advise_run(&sc, &run, NULL), ST_OK);
    cr_expect_null(run.fixes);
}

/* A drain asks for the same move as the request: the same changes help. */
Test(advise, a_move_that_an_operation_wants_is_advised_on_as_any)
{
    static const char drained[] = "[host a]\n[host b]\n[link l]\nrate = 1Gb/s\n"
                                  "[workload w]\nwrite_rate = 300MB/s\nworking_set = 1GiB\n"
                                  "[vm v]\nhost = a\nmemory = 4GiB\nworkload = w\n"
                                  "[migration]\nmax_bandwidth = unlimited\n"
                                  "[operation empty]\nkind = drain\nhosts = a\n"
                                  "[scenario]\nhorizon = 2h\n";
    struct scenario asked, wanted;
    struct run_result of_request, of_drain;

    run_text(WORLD, NULL, 0, &asked, &of_request);
    run_text(drained, NULL, 0, &wanted, &of_drain);
    cr_assert_gt(of_request.nr_fixes, 2);
    cr_assert_eq(of_drain.nr_fixes, of_request.nr_fixes);
    for (size_t i = 0; i < of_drain.nr_fixes; i++) {
        cr_expect_eq(of_drain.fixes[i].kind, of_request.fixes[i].kind);
        cr_expect_float_eq(of_drain.fixes[i].value, of_request.fixes[i].value, 1e-9);
    }
    run_free(&of_request);
    run_free(&of_drain);
    scenario_release(&asked);
    scenario_release(&wanted);
}
