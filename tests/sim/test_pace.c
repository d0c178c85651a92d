/*
 * test_pace.c - waiting at a link's pace against following every change of it.
 *
 * A platform that wants to know every plan keeps its migrations from waiting, so a copy of "none"
 * that does gives the other side.  What may differ is where the windows of 100 ms lay while nobody
 * followed them.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "sim/platform.h"
#include "support_run.h"

enum {
    GUESTS = 60
};

static void followed(struct sim *sim, struct mig *m, int64_t at_ns)
{
    (void)sim;
    (void)m;
    (void)at_ns;
}

/* Guests of many sizes, each between hosts of its own, over one link of which each has a part. */
static void write_scenario(char *text, size_t cap, const char *migration, const char *workload,
                           const char *more)
{
    size_t len = (size_t)snprintf(
        text, cap,
        "[scenario]\nhorizon=30d\n[migration]\n%s[network]\nefficiency=100%%\nnic=200Mb/s\n"
        "[host a]\ncount=%d\n[host b]\ncount=%d\n[link l]\nrate=2Gb/s\nefficiency=100%%\n"
        "[workload w]\n%s[request r]\nvm=v*\ntarget=b\n%s",
        migration, GUESTS, GUESTS, workload, more);

    for (int i = 0; i < GUESTS; i++)
        len += (size_t)snprintf(text + len, cap - len,
                                "[vm v%d]\nhost=a-%d\nmemory=%dMiB\nworkload=w\n", i, i + 1,
                                512 + i * 379 % 2048);
    cr_assert_lt(len, cap);
}

struct both {
    struct test_run paced, stepped;
    uint64_t paced_events, stepped_events;
};

static void run_both(struct both *b, const char *text)
{
    static struct platform_ops every;
    struct diag diag;

    test_run_text(&b->paced, text);
    b->paced_events = sim_events(b->paced.sim);
    every = *platforms[0];
    every.planned = followed;
    memset(&b->stepped, 0, sizeof(b->stepped));
    cr_assert_eq(scenario_load_text(&b->stepped.sc, "t.ini", text, NULL, 0, &diag), ST_OK);
    b->stepped.sc.cluster.platform = &every;
    b->stepped.sim = sim_new(&b->stepped.sc, NULL);
    sim_run(b->stepped.sim, 0);
    b->stepped.rows = sim_results(b->stepped.sim, &b->stepped.nr_rows);
    b->stepped_events = sim_events(b->stepped.sim);
    cr_assert_eq(b->paced.nr_rows, b->stepped.nr_rows);
}

static void release_both(struct both *b)
{
    test_run_release(&b->paced);
    sim_free(b->stepped.sim);
    scenario_release(&b->stepped.sc);
}

/* A decision comes at the end of a call, so moments differ by a window a round. */
static void compare(const struct both *b, double mean_tolerance)
{
    double paced_s = 0.0, stepped_s = 0.0;

    for (uint32_t i = 0; i < b->paced.nr_rows; i++) {
        const struct mig_result *x = &b->paced.rows[i], *y = &b->stepped.rows[i];
        double s = (double)x->total_ns / 1e9, t = (double)y->total_ns / 1e9;

        cr_assert_str_eq(x->vm, y->vm);
        cr_assert_eq(x->outcome, y->outcome, "%s", x->vm);
        cr_assert(abs((int)x->rounds - (int)y->rounds) <= 1, "%s: %u rounds, not %u", x->vm,
                  x->rounds, y->rounds);
        cr_assert_float_eq(s, t, 0.2 * x->rounds, "%s: %.3f s, not %.3f", x->vm, s, t);
        cr_assert_float_eq((double)x->transferred_bytes, (double)y->transferred_bytes,
                           0.01 * (double)y->transferred_bytes, "%s", x->vm);
        cr_assert_eq(x->binding, y->binding, "%s", x->vm);
        paced_s += s / b->paced.nr_rows;
        stepped_s += t / b->paced.nr_rows;
    }
    cr_assert_float_eq(paced_s, stepped_s, mean_tolerance * stepped_s, "mean %.6f s, not %.6f",
                       paced_s, stepped_s);
}

Test(pace, waiting_gives_the_times_of_following_every_change)
{
    static const struct {
        const char *name, *migration, *workload, *more;
    } cases[] = {
        {"few writes", "downtime_limit=30ms\nmax_bandwidth=unlimited\n",
         "kind=sequential\nwrite_rate=500kB/s\nworking_set=400MiB\n", ""},
        {"many", "max_bandwidth=unlimited\n",
         "kind=uniform\nwrite_rate=2MB/s\nworking_set=256MiB\n", ""},
        {"capped", "max_bandwidth=15MB/s\n", "kind=uniform\nwrite_rate=1MB/s\nworking_set=300MiB\n",
         ""},
        {"streams", "max_bandwidth=unlimited\nmultifd=on\nmultifd_channels=4\n",
         "kind=hotcold\nwrite_rate=1MB/s\nworking_set=300MiB\nhot=30MiB\nhot_share=90%\n", ""},
        {"throttled", "max_bandwidth=unlimited\nauto_converge=on\n",
         "kind=uniform\nwrite_rate=8MB/s\nworking_set=200MiB\n", ""},
        {"cut down", "max_bandwidth=unlimited\n",
         "kind=uniform\nwrite_rate=1MB/s\nworking_set=200MiB\n",
         "[fault f]\nkind=degrade\ntarget=l\nat=60s\nduration=100s\nratio=0.5\n"
         "[fault g]\nkind=link_down\ntarget=l\nat=200s\nduration=1s\n"},
        {"timed out", "max_bandwidth=unlimited\ncompletion_timeout=300s\n",
         "kind=uniform\nwrite_rate=1MB/s\nworking_set=200MiB\n", ""},
        {"post-copy",
         "max_bandwidth=unlimited\npostcopy=on\npostcopy_trigger=time\n"
         "postcopy_after=200s\n",
         "kind=uniform\nwrite_rate=2MB/s\nworking_set=200MiB\n", ""},
    };
    static char text[65536];

    for (size_t c = 0; c < sizeof(cases) / sizeof(cases[0]); c++) {
        struct both b;

        write_scenario(text, sizeof(text), cases[c].migration, cases[c].workload, cases[c].more);
        run_both(&b, text);
        compare(&b, 1e-4);
        /* it was about them: each wait has an event more */
        cr_assert_gt(b.paced_events, b.stepped_events, "%s", cases[c].name);
        release_both(&b);
    }
}
