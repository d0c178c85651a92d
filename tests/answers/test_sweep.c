/* test_sweep.c - which cells a sweep has, who is best, and that nothing but the inputs shows. */
#include "answers/sweep/sweep.h"

#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

static const char text[] = "[scenario]\nseed = 5\nreplications = 5\n"
                           "[host a]\n[host b]\n"
                           "[link net]\nrate = 10Gb/s\n"
                           "[workload w]\nkind = uniform\nwrite_rate = 20MB/s..60MB/s\n"
                           "working_set = 512MiB\n"
                           "[vm web]\nhost = a\nmemory = 2GiB\nworkload = w\ncount = 3\n"
                           "[request go]\nvm = web\ntarget = b\n"
                           "[thresholds]\ndrain.makespan.max < 40s\n"
                           "downtime.max < 10ms warn\n";

static struct sweep_options options_of(const char *const *axes, size_t nr)
{
    return (struct sweep_options){.base = {.path = "text.ini", .text = text},
                                  .axes = axes,
                                  .nr_axes = nr,
                                  .version = "test",
                                  .jobs = 1};
}

static void run(struct sweep *sweep, const struct sweep_options *options)
{
    struct diag diag = {0};

    cr_assert_eq(sweep_prepare(sweep, options, &diag), ST_OK, "%s", diag.what);
    cr_assert_eq(sweep_run(sweep, options, &diag), ST_OK, "%s", diag.what);
}

Test(sweep, cells_run_through_the_last_setting_first)
{
    const char *const axes[] = {"bandwidth=1Gb/s,2Gb/s", "outbound=1,2,3"};
    struct sweep_options options = options_of(axes, 2);
    const char *settings[SWEEP_AXES_MAX];
    struct sweep sweep;

    cr_assert_eq(sweep_prepare(&sweep, &options, NULL), ST_OK);
    cr_assert_eq(sweep.nr_cells, 6);
    sweep_settings(&sweep, 4, settings);
    cr_expect_str_eq(settings[0], "migration.max_bandwidth=2Gb/s");
    cr_expect_str_eq(settings[1], "cluster.max_out=2");
    cr_expect_eq(sweep_value(&sweep, 4, 0), 1);
    cr_expect_eq(sweep_value(&sweep, 4, 1), 1);
    sweep_release(&sweep);
}

Test(sweep, goals_come_before_the_deciding_measure)
{
    /* the slowest meets the goal of the pause alone; the fastest meets that of the makespan */
    const char *const axes[] = {"bandwidth=500Mb/s,2Gb/s,4Gb/s"};
    const char *measures[] = {"drain.makespan.max", "downtime.max"};
    struct sweep_options options = options_of(axes, 1);
    struct sweep sweep;

    options.measures = measures;
    options.nr_measures = 2;
    run(&sweep, &options);
    cr_assert_eq(sweep.nr_ranked, 3);
    cr_expect_eq(sweep.ranked[0], 2);
    cr_expect_eq(sweep.ranked[2], 0);
    cr_expect_eq(sweep.cells[0].nr_crossed, 1);
    cr_expect_eq(sweep.cells[2].nr_crossed, 0);
    cr_expect_eq(sweep.cells[2].nr_warned, 1, "a warning does not decide");
    sweep_release(&sweep);
    /* by the pause the slower of the two that meet the goal is better */
    measures[0] = "downtime.max";
    run(&sweep, &options);
    cr_expect_eq(sweep.ranked[0], 1);
    sweep_release(&sweep);
}

Test(sweep, threads_and_blocks_do_not_show)
{
    const char *const axes[] = {"bandwidth=1Gb/s..4Gb/s:lin:5", "outbound=1,3"};
    struct sweep_options options = options_of(axes, 2);
    struct sweep one, many;

    run(&one, &options);
    options.jobs = 7;
    run(&many, &options);
    for (size_t i = 0; i < one.nr_cells; i++) {
        cr_expect_eq(one.ranked[i], many.ranked[i]);
        cr_expect_arr_eq(one.cells[i].figures, many.cells[i].figures,
                         one.nr_measures * sizeof(struct store_figure));
        cr_expect_str_eq(one.cells[i].digest, many.cells[i].digest);
    }
    sweep_release(&one);
    sweep_release(&many);
}

Test(sweep, the_present_and_settings_without_effect_are_known)
{
    const char *const axes[] = {"outbound=1,unlimited", "channels=2,4"};
    struct sweep_options options = options_of(axes, 2);
    struct sweep sweep;

    run(&sweep, &options);
    cr_expect_eq(sweep.present, 2, "no limit, and two channels as QEMU has them");
    cr_expect_not(sweep.axis_idle[0]);
    cr_expect(sweep.axis_idle[1]);
    sweep_release(&sweep);
}

Test(sweep, cells_that_cannot_be_run_say_why_and_have_no_rank)
{
    const char *const axes[] = {"postcopy_preempt=on,off"};
    struct sweep_options options = options_of(axes, 1);
    struct sweep sweep;

    run(&sweep, &options);
    cr_expect_eq(sweep.cells[0].state, SWEEP_INVALID);
    cr_expect_not_null(strstr(sweep.cells[0].why, "postcopy"));
    cr_expect_eq(sweep.nr_ranked, 1);
    cr_expect_eq(sweep.ranked[0], 1);
    cr_expect_eq(sweep.nr_state[SWEEP_INVALID], 1);
    sweep_release(&sweep);
}

Test(sweep, a_stopped_sweep_has_open_cells)
{
    const char *const axes[] = {"outbound=1,2,3"};
    struct sweep_options options = options_of(axes, 1);
    atomic_int stop = 1;
    struct sweep sweep;

    options.stop = &stop;
    cr_assert_eq(sweep_prepare(&sweep, &options, NULL), ST_OK);
    cr_expect_eq(sweep_run(&sweep, &options, NULL), ST_EINTR);
    cr_expect_eq(sweep.nr_state[SWEEP_OPEN], 3);
    cr_expect_eq(sweep.nr_ranked, 0);
    sweep_release(&sweep);
}

Test(sweep, an_estimate_counts_all_runs)
{
    const char *const axes[] = {"outbound=1,2,3", "bandwidth=1Gb/s,2Gb/s"};
    struct sweep_options options = options_of(axes, 2);
    struct sweep_estimate guess;
    struct sweep sweep;

    cr_assert_eq(sweep_prepare(&sweep, &options, NULL), ST_OK);
    cr_assert_eq(sweep_guess(&sweep, &options, &guess, NULL), ST_OK);
    cr_expect_eq(guess.runs, 30);
    cr_expect(guess.seconds > 0.0 && guess.seconds < 60.0);
    cr_expect_gt(guess.bytes, 1000);
    sweep_release(&sweep);
}

Test(sweep, what_is_wrong_is_found_before_anything_runs)
{
    static const struct {
        const char *axes[2], *measure, *what;
    } cases[] = {
        {{"outbound=1", "max_out=2"}, NULL, "both set cluster.max_out"},
        {{"outbound=1..10000:step:1", "inbound=1..10000:step:1"}, NULL, "too many"},
        {{"outbound=1", "inbound=1"}, "downtime", "statistic"},
        {{"outbound=1", "inbound=1"}, "vm.wbe-1.downtime.max", "no VM 'wbe-1'"},
        {{"outbound=1", "nosuch=1"}, NULL, "no setting 'nosuch'"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct sweep_options options = options_of(cases[i].axes, 2);
        struct diag diag = {0};
        struct sweep sweep;

        options.measures = &cases[i].measure;
        options.nr_measures = cases[i].measure != NULL;
        cr_expect_eq(sweep_prepare(&sweep, &options, &diag), ST_EUSAGE, "%zu", i);
        cr_expect_not_null(strstr(diag.what, cases[i].what), "%zu: %s", i, diag.what);
        sweep_release(&sweep);
    }
}
