/*
 * test_published_mechanisms.c - what the published sets taught the engine, on made guests: these
 * tests need no files.
 */
#include <criterion/criterion.h>

#include <math.h>

#include "answers/support_published.h"
#include "base/units.h"

#define PAGE ((double)PAGE_BYTES)

static struct setup *idle_guest(uint64_t content_bytes, uint64_t zero_bytes)
{
    struct setup *s = setup_new(1);

    cr_assert(s);
    s->guests[0].memory_bytes = content_bytes + zero_bytes;
    s->guests[0].nonzero_bytes = content_bytes;
    s->sc.migrations[0].params.qemu = QEMU_10_1;
    return s;
}

static double total_s(struct setup *s)
{
    struct mig_result r;

    cr_assert(pub_run(s, &r));
    cr_assert_eq(r.outcome, OUTCOME_COMPLETED);
    return (double)r.total_ns / (double)NS_PER_S;
}

/* 128 MiB/s is 3270.4 pages a window: 3271 when each counts at once, 103 flushes of 32 when they
 * count then. */
Test(published_mechanisms, window_ends_with_a_flush_from_8_2_on)
{
    static const struct {
        enum qemu_version qemu;
        double pages;
    } cases[] = {{QEMU_7_2, 3271.0}, {QEMU_8_2, 3296.0}, {QEMU_9_2, 3296.0}, {QEMU_10_1, 3296.0}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t small = 8 * GIB, large = small + 1000 * (uint64_t)cases[i].pages * PAGE_BYTES;
        struct setup *a = idle_guest(small, 0), *b = idle_guest(large, 0);
        double window_s = 0.1 + (double)a->costs[0].window_slip_ns / (double)NS_PER_S;
        double grown;

        a->sc.migrations[0].params.qemu = b->sc.migrations[0].params.qemu = cases[i].qemu;
        grown = total_s(b) - total_s(a);
        cr_expect_lt(fabs(grown - 1000.0 * window_s), 0.11,
                     "%.0f pages a window: 1000 windows took %.2f s", cases[i].pages, grown);
    }
}

static double postcopy_s(uint64_t content, uint64_t zero, double link_bytes_per_s, int64_t zero_ns)
{
    struct setup *s = idle_guest(content, zero);
    struct mig_params *p = &s->sc.migrations[0].params;

    p->postcopy = true;
    p->postcopy_trigger = POSTCOPY_AT_TIME;
    s->link.rate_bps.a = link_bytes_per_s * 8.0;
    s->costs[0].postcopy_zero_ns = zero_ns;
    s->costs[0].zero_scan_bytes_per_s = 40000000000; /* 102 ns a page */
    return total_s(s);
}

/* The destination's time for zero pages adds to the link's time for the others, whichever is
 * longer. */
Test(published_mechanisms, zero_pages_add_their_time_in_postcopy)
{
    static const double links[] = {1e7, 1e8, 1e9, 1e10};

    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        double pages = 7.0 * (double)GIB / PAGE;
        double without = postcopy_s(GIB, 0, links[i], 500);
        double with = postcopy_s(GIB, 7 * GIB, links[i], 500);
        double each = (with - without) / pages * 1e9;
        double least = fmax(500.0, 9.0 / links[i] * 1e9);

        cr_expect_lt(fabs(each / least - 1.0), 0.05,
                     "link %.0f: %.0f ns a zero page, expected %.0f", links[i], each, least);
    }
}

/* Finding and placing go on at once: only the slower counts. */
Test(published_mechanisms, slower_side_bounds_zero_pages)
{
    double pages = 7.0 * (double)GIB / PAGE;
    double fast = postcopy_s(GIB, 7 * GIB, 1e9, 0), slow = postcopy_s(GIB, 7 * GIB, 1e9, 50);

    cr_expect_float_eq(fast, slow, 1e-6);
    cr_expect_lt(fabs(postcopy_s(GIB, 7 * GIB, 1e9, 1102) - slow - pages * 1e-6),
                 0.02 * pages * 1e-6);
}

/* What the first sweep has not reached is discarded as one run, however much it is. */
Test(published_mechanisms, postcopy_in_round_1_discards_one_run)
{
    static const uint64_t sizes[] = {1, 8, 64};

    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        struct setup *s = idle_guest(sizes[i] * GIB, 0);
        struct mig_params *p = &s->sc.migrations[0].params;
        int64_t least = s->costs[0].stop_ns + s->costs[0].device_save_ns;
        struct mig_result r;

        p->postcopy = true;
        p->postcopy_trigger = POSTCOPY_AT_TIME;
        p->postcopy_after_ns = NS_PER_S;
        cr_assert(pub_run(s, &r));
        cr_expect_eq(r.outcome, OUTCOME_COMPLETED);
        cr_expect_lt(r.downtime_ns, least + 2 * NS_PER_MS, "%llu GiB: %lld ns",
                     (unsigned long long)sizes[i], (long long)r.downtime_ns);
    }
}
