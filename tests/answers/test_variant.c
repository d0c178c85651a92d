/* test_variant.c - variants are what --set and --replications would give. */
#include "answers/variant.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/strbuf.h"
#include "sim/run.h"
#include "support_rows.h"

static const char text[] = "[scenario]\nseed = 5\nreplications = 6\npreset = libvirt-default\n"
                           "[host a]\n[host b]\n"
                           "[link net]\nrate = 1Gb/s\n"
                           "[workload w]\nkind = uniform\nwrite_rate = 20MB/s..200MB/s\n"
                           "working_set = 1GiB\n"
                           "[vm web]\nhost = a\nmemory = 4GiB\nworkload = w\n"
                           "[request go]\nvm = web\ntarget = b\n";

static const struct variant_base base = {.path = "text.ini", .text = text};

static void run_variant(const char *const *settings, size_t nr, uint32_t first, uint32_t count,
                        struct scenario *sc, struct run_result *run)
{
    struct diag diag = {0};

    cr_assert_eq(variant_load(sc, &base, settings, nr, &diag), ST_OK, "%s", diag.what);
    cr_assert_eq(variant_run(sc, first, count, 1, NULL, run, &diag), ST_OK, "%s", diag.what);
}

Test(variant, blocks_of_replications_add_up_to_the_run)
{
    struct scenario sc, sc_part;
    struct run_result whole, part;
    size_t at = 0;

    run_variant(NULL, 0, 0, 0, &sc, &whole);
    cr_assert_eq(whole.replications, 6);
    for (uint32_t first = 0; first < 6; first += 2) {
        run_variant(NULL, 0, first, 2, &sc_part, &part);
        cr_assert_eq(part.replications, 2);
        for (size_t i = 0; i < part.nr_migs; i++, at++) {
            cr_assert_eq(support_row(&part, i)->replication, support_row(&whole, at)->replication);
            cr_assert_eq(support_row(&part, i)->total_ns, support_row(&whole, at)->total_ns);
            cr_assert_eq(support_row(&part, i)->transferred_bytes,
                         support_row(&whole, at)->transferred_bytes);
        }
        run_free(&part);
        scenario_release(&sc_part);
    }
    cr_assert_eq(at, whole.nr_migs);
    run_free(&whole);
    scenario_release(&sc);
}

Test(variant, settings_win_over_the_sets_of_the_command_line)
{
    const struct scn_override set = {.text = "migration.downtime_limit=100ms", .origin = "--set"};
    struct variant_base both = base;
    const char *const settings[] = {"migration.downtime_limit=200ms"};
    struct scenario sc;

    both.sets = &set;
    both.nr_sets = 1;
    cr_assert_eq(variant_load(&sc, &both, NULL, 0, NULL), ST_OK);
    cr_expect_eq(sc.migrations[0].params.downtime_limit_ns, 100000000);
    scenario_release(&sc);
    cr_assert_eq(variant_load(&sc, &both, settings, 1, NULL), ST_OK);
    cr_expect_eq(sc.migrations[0].params.downtime_limit_ns, 200000000);
    scenario_release(&sc);
}

Test(variant, a_preset_takes_the_place_of_the_files_own)
{
    const char *const other[] = {"preset=qemu-default"}, *const none[] = {"preset="};
    struct scenario with, plain, without;

    cr_assert_eq(variant_load(&with, &base, NULL, 0, NULL), ST_OK);
    cr_assert_eq(variant_load(&plain, &base, other, 1, NULL), ST_OK);
    cr_assert_eq(variant_load(&without, &base, none, 1, NULL), ST_OK);
    cr_expect(with.migrations[0].params.libvirt);
    cr_expect_not(plain.migrations[0].params.libvirt);
    cr_expect_not(without.migrations[0].params.libvirt);
    scenario_release(&with);
    scenario_release(&plain);
    scenario_release(&without);
}

Test(variant, a_wrong_setting_is_named_and_leaves_nothing)
{
    const char *const bad[] = {"migration.downtime_limt=1s"};
    struct diag diag = {0};
    struct scenario sc;

    cr_assert_eq(variant_load(&sc, &base, bad, 1, &diag), ST_EINPUT);
    cr_expect_null(sc.arena);
    cr_expect_not_null(strstr(diag.hint, "downtime_limit"), "%s", diag.hint);
}

Test(variant, variants_of_one_seed_meet_the_same_draws)
{
    const char *const fast[] = {"\"link net\".rate=10Gb/s"};
    const char *const quoted[] = {"link net.rate=10Gb/s"};
    struct scenario a, b;
    struct run_result slow, quick;
    struct diag diag = {0};

    /* section names stand without quotes, as in --set */
    cr_expect_eq(variant_load(&a, &base, fast, 1, &diag), ST_EINPUT);
    run_variant(NULL, 0, 0, 0, &a, &slow);
    run_variant(quoted, 1, 0, 0, &b, &quick);
    cr_assert_eq(slow.nr_migs, quick.nr_migs);
    for (size_t i = 0; i < slow.nr_migs; i++)
        cr_expect_lt(support_row(&quick, i)->total_ns, support_row(&slow, i)->total_ns);
    run_free(&slow);
    run_free(&quick);
    scenario_release(&a);
    scenario_release(&b);
}
