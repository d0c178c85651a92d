/*
 * test_versions.c - one test a row of the release differences that show in a forecast: the same
 * scenario under every release, and what must differ.
 */
#include <criterion/criterion.h>

#include "base/units.h"
#include "models/qemu.h"
#include "models/wire.h"
#include "support_oracle_world.h"

#define S NS_PER_S
#define MS NS_PER_MS

static void version_world(struct world *w, enum qemu_version v)
{
    world_init(w, 1);
    world_link(w, 0, 5e8);
    world_guest(w, 0)->memory_bytes = world_guest(w, 0)->nonzero_bytes = 2 * GIB;
    world_params(w, 0)->max_bandwidth_bytes_per_s = UNITS_UNLIMITED;
    world_params(w, 0)->qemu = v;
    w->costs[0].guest_fault_ns = 0.0;
}

static void writer(struct world *w, double rate, uint64_t set)
{
    struct dirty_params *d = &world_guest(w, 0)->dirty;

    d->kind = DIRTY_UNIFORM;
    d->write_bytes_per_s = rate;
    d->working_set_bytes = set;
}

/* Pending equal to the threshold, and again after each sync: a working set written all over at
 * once, and avail-switchover-bandwidth set to make it fit exactly. */
Test(versions, completes_at_the_threshold_from_10_1)
{
    for (enum qemu_version v = QEMU_8_2; v < QEMU_NR; v++) {
        struct world w;
        struct mig_result r;

        version_world(&w, v);
        writer(&w, 1e15, 1000 * PAGE_BYTES);
        world_params(&w, 0)->avail_switchover_bytes_per_s = 1000 * PAGE_BYTES;
        world_params(&w, 0)->downtime_limit_ns = S;
        world_params(&w, 0)->completion_timeout_ns = 30 * S;
        r = world_run_one(&w);
        cr_assert_eq(r.outcome, v >= QEMU_10_1 ? OUTCOME_COMPLETED : OUTCOME_TIMEOUT, "%s: %s",
                     qemu_version_names[v], outcome_name(r.outcome));
    }
}

/* With nothing measured yet the threshold is 0; a small guest whose pages are all out completes
 * without an exact sync in every release: 2 syncs. */
Test(versions, zero_threshold_needs_no_exact_sync)
{
    for (enum qemu_version v = 0; v < QEMU_NR; v++) {
        struct world w;

        version_world(&w, v);
        world_guest(&w, 0)->memory_bytes = world_guest(&w, 0)->nonzero_bytes = 16 * MIB;
        writer(&w, 1e8, 8 * MIB);
        cr_assert_eq(world_run_one(&w).rounds, 2, "%s", qemu_version_names[v]);
    }
}

Test(versions, avail_switchover_bandwidth_counts_from_8_2)
{
    for (enum qemu_version v = 0; v < QEMU_NR; v++) {
        struct world w;
        struct mig_result r;

        /* a cap of 50 MB/s: 100 MB fit into 300 ms only by the bandwidth said to be available */
        version_world(&w, v);
        writer(&w, 1e12, 100 * MIB);
        world_params(&w, 0)->max_bandwidth_bytes_per_s = 50000000;
        world_params(&w, 0)->avail_switchover_bytes_per_s = 500000000;
        world_params(&w, 0)->completion_timeout_ns = 120 * S;
        r = world_run_one(&w);
        cr_assert_eq(r.outcome, v >= QEMU_8_2 ? OUTCOME_COMPLETED : OUTCOME_TIMEOUT, "%s",
                     qemu_version_names[v]);
    }
}

Test(versions, post_copy_is_tested_before_completion_from_10_1)
{
    for (enum qemu_version v = 0; v < QEMU_NR; v++) {
        struct world w;
        struct mig_result r;

        /* ordered while the last pages are out: older releases complete instead */
        version_world(&w, v);
        world_params(&w, 0)->postcopy = true;
        world_params(&w, 0)->postcopy_trigger = POSTCOPY_AT_ROUND;
        world_params(&w, 0)->postcopy_after_round = 2;
        r = world_run_one(&w);
        cr_assert_eq(r.outcome, OUTCOME_COMPLETED);
        cr_assert_eq(r.postcopy_ns > 0, v >= QEMU_10_1, "%s", qemu_version_names[v]);
    }
}

Test(versions, auto_converge_syncs_on_a_timer_from_9_2)
{
    struct mig_result r[QEMU_NR];

    for (enum qemu_version v = 0; v < QEMU_NR; v++) {
        struct world w;

        /* passes of 40 s and more: without the timer two of them pass between two steps */
        version_world(&w, v);
        world_link(&w, 0, 5e7);
        writer(&w, 1e8, 2 * GIB);
        world_params(&w, 0)->auto_converge = true;
        world_params(&w, 0)->completion_timeout_ns = 3600 * S;
        r[v] = world_run_one(&w);
        cr_assert_eq(r[v].outcome, OUTCOME_COMPLETED, "%s", qemu_version_names[v]);
    }
    cr_assert_eq(r[QEMU_7_2].rounds, r[QEMU_8_2].rounds);
    cr_assert_gt(r[QEMU_9_2].rounds, r[QEMU_8_2].rounds);
    cr_assert_lt(r[QEMU_9_2].total_ns, r[QEMU_8_2].total_ns, "steps come sooner");
    cr_assert_eq(r[QEMU_9_2].rounds, r[QEMU_10_0].rounds);
}

/* transferred = 9 x duplicate + 4104 x normal + what ends each call: 8, from 8.2 18. */
Test(versions, transferred_holds_section_headers_from_8_2)
{
    for (enum qemu_version v = 0; v < QEMU_NR; v++) {
        struct world w;
        struct mig_result r;
        uint64_t rest, end = v >= QEMU_8_2 ? WIRE_EOS + WIRE_SECTION : WIRE_EOS;

        version_world(&w, v);
        world_guest(&w, 0)->nonzero_bytes = GIB;
        r = world_run_one(&w);
        rest = r.transferred_bytes - 9 * r.zero_pages - 4104 * r.normal_pages;
        cr_assert_eq(r.zero_pages, GIB / PAGE_BYTES);
        cr_assert_eq(r.normal_pages, GIB / PAGE_BYTES);
        cr_assert_eq(rest % end, 0, "%s: %llu", qemu_version_names[v], (unsigned long long)rest);
        /* a call lasts some 51 ms */
        cr_assert_float_eq((double)rest / (double)end, (double)r.total_ns / 51e6, 10.0);
    }
}

/* The quota of 1 MB a window: older releases stop after the page that crosses it, newer after the
 * flush of 32 pages. */
Test(versions, quota_is_crossed_by_a_page_or_by_a_flush)
{
    uint64_t quota = 1000000;

    for (enum qemu_version v = 0; v < QEMU_NR; v++) {
        struct world w;
        struct mig_result r;
        uint64_t step = v >= QEMU_8_2 ? 32 : 1, per_window = (quota / (step * 4104) + 1) * step;
        double windows;

        version_world(&w, v);
        world_guest(&w, 0)->memory_bytes = world_guest(&w, 0)->nonzero_bytes = 256 * MIB;
        world_params(&w, 0)->max_bandwidth_bytes_per_s = 10 * quota;
        world_params(&w, 0)->downtime_limit_ns = MS;
        w.costs[0].window_slip_ns = 0;
        r = world_run_one(&w);
        windows = (double)(256 * MIB / PAGE_BYTES) / (double)per_window;
        cr_assert_float_eq((double)r.total_ns / 1e8, windows, 1.1, "%s: %.2f windows, not %.2f",
                           qemu_version_names[v], (double)r.total_ns / 1e8, windows);
    }
}

Test(versions, multifd_barriers_each_call_only_in_7_2)
{
    for (enum qemu_version v = 0; v < QEMU_NR; v++) {
        struct world w, flushing;
        struct mig_result r;

        version_world(&w, v);
        world_params(&w, 0)->multifd = true;
        w.costs[0].rtt_ns = 20 * MS; /* of which a barrier takes one */
        flushing = w;
        world_params(&flushing, 0)->multifd_flush_each_call = true; /* as machine types up to 8.0 */
        r = world_run_one(&w);
        if (v == QEMU_7_2)
            cr_assert_eq(r.total_ns, world_run_one(&flushing).total_ns);
        else
            cr_assert_lt((double)r.total_ns, 0.8 * (double)world_run_one(&flushing).total_ns);
    }
}

Test(versions, multifd_finds_zero_pages_in_the_channels_from_9_2)
{
    for (enum qemu_version v = 0; v < QEMU_NR; v++) {
        struct world w;
        struct mig_result r;
        double zero_bytes;

        version_world(&w, v);
        world_guest(&w, 0)->nonzero_bytes = 0;
        world_params(&w, 0)->multifd = true;
        world_params(&w, 0)->multifd_channels = 4;
        r = world_run_one(&w);
        zero_bytes = v >= QEMU_9_2 ? 10.5 : 9.0;
        cr_assert_float_eq((double)r.transferred_bytes / (double)r.zero_pages, zero_bytes, 0.4,
                           "%s: %.3f", qemu_version_names[v],
                           (double)r.transferred_bytes / (double)r.zero_pages);
        /* four threads look faster than one */
        cr_assert_float_eq((double)r.total_ns * 1e-9,
                           2.0 * (double)GIB / (4e9 * (v >= QEMU_9_2 ? 4 : 1)), 0.05, "%s",
                           qemu_version_names[v]);
    }
}

/* With compression 7.2 counts what it queued, so the cap binds the uncompressed rate. */
Test(versions, multifd_counts_compressed_size_from_8_2)
{
    struct mig_result r[QEMU_NR];

    for (enum qemu_version v = 0; v < QEMU_NR; v++) {
        struct world w;

        version_world(&w, v);
        world_params(&w, 0)->multifd = true;
        world_params(&w, 0)->multifd_channels = 8;
        world_params(&w, 0)->multifd_compression = MFD_ZSTD;
        world_params(&w, 0)->max_bandwidth_bytes_per_s = 50000000;
        world_guest(&w, 0)->dirty.compress_ratio = 0.25;
        r[v] = world_run_one(&w);
    }
    /* 10 packets of 525,632 bytes cross a window's quota of 5 MB, or 38 of a quarter of that */
    for (enum qemu_version v = QEMU_8_2; v < QEMU_NR; v++)
        cr_assert_float_eq((double)r[QEMU_7_2].total_ns / (double)r[v].total_ns, 3.8, 0.1, "%s",
                           qemu_version_names[v]);
}

Test(versions, table_has_a_row_for_every_release_in_order)
{
    static const char *const names[QEMU_NR] = {"7.2", "8.2", "9.2", "10.0", "10.1"};

    for (enum qemu_version v = 0; v < QEMU_NR; v++) {
        const struct qemu_behaviour *q = qemu_behaviour(v);

        cr_assert_str_eq(q->name, names[v]);
        cr_assert_str_eq(qemu_version_names[v], names[v]);
        cr_assert_eq(q->dirty_limit, v >= QEMU_8_2);
        cr_assert_eq(q->multifd_with_postcopy, v == QEMU_7_2 || v >= QEMU_10_1);
        cr_assert_eq(q->cancel_in_postcopy, v < QEMU_10_0);
    }
    cr_assert_null(qemu_version_names[QEMU_NR]);
}
