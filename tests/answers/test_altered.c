/*
 * test_altered.c - what is scaled here is what a file with the scaled values would say.
 */
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "answers/explain/altered.h"
#include "sim/run.h"
#include "support_rows.h"

#define WORLD                                                                                      \
    "[host a]\nnic = 10Gb/s\n[host b]\nnic = 10Gb/s\n[link l]\nrate = %s\nbackground = %s\n"       \
    "[workload w]\nwrite_rate = %s\nworking_set = %s\n"                                            \
    "[vm v]\nhost = a\nmemory = 4GiB\nnonzero = %s\nworkload = w\n"                                \
    "[migration]\nmax_bandwidth = unlimited\ndowntime_limit = %s\n"                                \
    "[operation empty]\nkind = drain\nhosts = a\n[scenario]\nreplications = 5\nhorizon = 2h\n"

struct values {
    const char *rate, *background, *writes, *set, *nonzero, *limit;
};

static const struct values plain = {"1Gb/s",  "100Mb/s", "40MB/s..60MB/s",
                                    "256MiB", "3GiB",    "300ms"};

static void load(struct scenario *sc, const struct values *v)
{
    char text[1024];
    struct diag diag = {0};

    snprintf(text, sizeof(text), WORLD, v->rate, v->background, v->writes, v->set, v->nonzero,
             v->limit);
    cr_assert_eq(scenario_load_text(sc, "altered.ini", text, NULL, 0, &diag), ST_OK, "[%s] %s: %s",
                 diag.section, diag.key, diag.what);
}

static void run(const struct scenario *sc, struct run_result *out)
{
    struct run_options options = {.jobs = 1};
    struct diag diag = {0};

    cr_assert_eq(run_scenario(sc, &options, out, &diag), ST_OK, "%s", diag.what);
    cr_assert_eq(out->nr_migs, 5);
}

/* @a gives the rows that @v would; frees @a. */
static void expect_as_file(struct altered *a, const struct values *v, const char *what)
{
    struct scenario sc;
    struct run_result got, want;

    load(&sc, v);
    run(&a->sc, &got);
    run(&sc, &want);
    for (size_t i = 0; i < got.nr_migs; i++) {
        cr_expect_eq(support_row(&got, i)->total_ns, support_row(&want, i)->total_ns, "%s", what);
        cr_expect_eq(support_row(&got, i)->downtime_ns, support_row(&want, i)->downtime_ns, "%s",
                     what);
        cr_expect_eq(support_row(&got, i)->transferred_bytes,
                     support_row(&want, i)->transferred_bytes, "%s", what);
    }
    run_free(&got);
    run_free(&want);
    scenario_release(&sc);
    altered_free(a);
}

static struct altered *of(const struct scenario *sc)
{
    struct altered *a = altered_new(sc);

    cr_assert(a);
    return a;
}

Test(altered, each_scaling_gives_what_a_file_with_that_value_gives)
{
    struct scenario sc;
    struct values v;
    struct altered *a;

    load(&sc, &plain);
    a = of(&sc), v = plain, v.writes = "80MB/s..120MB/s";
    cr_assert(altered_writes(a, VM_NONE, 2.0));
    expect_as_file(a, &v, "writes of all");
    a = of(&sc);
    cr_assert(altered_writes(a, 0, 2.0));
    expect_as_file(a, &v, "writes of the one VM there is");
    a = of(&sc), v = plain, v.set = "512MiB";
    cr_assert(altered_working_sets(a, 2.0));
    expect_as_file(a, &v, "working set");
    a = of(&sc), v = plain, v.nonzero = "1536MiB";
    cr_assert(altered_contents(a, 0.5));
    expect_as_file(a, &v, "contents");
    a = of(&sc), v = plain, v.background = "200Mb/s";
    cr_assert(altered_background(a, 2.0));
    expect_as_file(a, &v, "background");
    a = of(&sc), v = plain, v.limit = "600ms";
    cr_assert(altered_downtime_limits(a, 2.0));
    expect_as_file(a, &v, "downtime limit");
    a = of(&sc), v = plain, v.rate = "2Gb/s"; /* the cards are no limit in either */
    cr_assert(altered_links(a, 2.0));
    expect_as_file(a, &v, "links");
    scenario_release(&sc);
}

Test(altered, the_base_stays_as_it_was)
{
    struct scenario sc;
    struct run_result before, after;
    struct altered *a;

    load(&sc, &plain);
    run(&sc, &before);
    a = of(&sc);
    altered_writes(a, VM_NONE, 3.0);
    altered_writes(a, 0, 3.0);
    altered_working_sets(a, 3.0);
    altered_contents(a, 0.2);
    altered_links(a, 0.3);
    altered_background(a, 3.0);
    altered_copying(a, 0.1);
    altered_stops(a, 10.0);
    altered_downtime_limits(a, 3.0);
    altered_delays(a, 3.0);
    altered_slots(a, 0.0);
    altered_one_at_a_time(a);
    altered_no_cap(a);
    altered_multifd(a, 8);
    altered_host_memory(a, 0, 1);
    altered_skip_check(a, 3);
    altered_free(a);
    run(&sc, &after);
    for (size_t i = 0; i < before.nr_migs; i++) {
        cr_expect_eq(support_row(&before, i)->total_ns, support_row(&after, i)->total_ns);
        cr_expect_eq(support_row(&before, i)->downtime_ns, support_row(&after, i)->downtime_ns);
    }
    run_free(&before);
    run_free(&after);
    scenario_release(&sc);
}

Test(altered, what_a_scenario_has_not_is_not_scaled)
{
    struct values v = plain;
    struct scenario sc;
    struct altered *a;

    v.background = "0Gb/s";
    load(&sc, &v);
    a = of(&sc);
    cr_expect(!altered_background(a, 2.0));
    cr_expect(!altered_delays(a, 2.0));
    cr_expect(!altered_slots(a, 2.0));
    cr_expect(!altered_no_cap(a));
    cr_expect(!altered_host_memory(a, 0, GIB));
    altered_free(a);
    scenario_release(&sc);
}

Test(altered, a_working_set_never_passes_memory)
{
    struct scenario sc;
    struct altered *a;

    load(&sc, &plain);
    a = of(&sc);
    cr_assert(altered_working_sets(a, 1000.0));
    cr_expect_eq(a->sc.vms[0].guest->dirty.working_set_bytes, a->sc.vms[0].guest->memory_bytes);
    cr_assert(altered_contents(a, 1000.0));
    cr_expect_leq(a->sc.vms[0].guest->nonzero_bytes,
                  a->sc.vms[0].guest->memory_bytes + a->sc.vms[0].guest->extra_bytes);
    altered_free(a);
    scenario_release(&sc);
}
