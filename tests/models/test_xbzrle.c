/*
 * test_xbzrle.c - the mean-field cache against a direct-mapped one, slot by slot.
 */
#include "models/xbzrle.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#include "base/rng.h"
#include "base/units.h"
#include "models/wire.h"

static void uniform(struct dirty_model *m, double pages, double writes)
{
    struct dirty_params p = {.kind = DIRTY_UNIFORM,
                             .working_set_bytes = (uint64_t)pages * PAGE_BYTES,
                             .write_bytes_per_s = writes * (double)PAGE_BYTES,
                             .cpu_need_ratio = 1.0};

    dirty_compile(m, &p, 0.0, 0);
}

Test(xbzrle, encoded_size_lies_between_header_and_page)
{
    double last = 0.0;

    for (double change = 0.0; change <= 1.0; change += 0.01) {
        struct xbzrle x;

        xbzrle_init(&x, 64 * MIB, change);
        cr_assert_geq(x.page_bytes, WIRE_PAGE_HEADER + WIRE_XBZRLE_HEADER);
        cr_assert_leq(x.page_bytes, WIRE_PAGE_HEADER + (double)PAGE_BYTES);
        cr_assert_geq(x.page_bytes, last);
        last = x.page_bytes;
        cr_assert_eq(x.slots, 16384.0);
    }
    cr_assert_eq(last, 4104.0, "all bytes changed: overflow, sent raw");
}

Test(xbzrle, first_round_misses_and_later_rounds_hit)
{
    struct dirty_model m;
    struct memory mem;
    struct xbzrle x;

    uniform(&m, 1000.0, 1e9);
    memory_init(&mem, &m, 1.0, 0.0);
    xbzrle_init(&x, 64 * MIB, 0.1);
    memory_sync(&mem, &m, 1.0, 0.0);
    cr_assert_eq(xbzrle_round(&x, &mem, &m), 0.0);
    memory_sync(&mem, &m, 1.0, 0.0);
    cr_assert_float_eq(xbzrle_round(&x, &mem, &m), 1.0, 1e-9);
}

/* A set of @pages consecutive pages, all dirty each round, on @slots slots: an owner used in this
 * round or the last keeps its slot. */
static double direct_mapped(uint32_t pages, uint32_t slots, int rounds)
{
    uint32_t *owner = calloc(slots, sizeof(*owner));
    uint32_t hits = 0;

    for (int round = 0; round < rounds; round++) {
        hits = 0;
        for (uint32_t i = 0; i < pages; i++) {
            if (owner[i % slots] == i + 1)
                hits++;
            else if (owner[i % slots] == 0)
                owner[i % slots] = i + 1; /* else its owner was used in the round before */
        }
    }
    free(owner);
    return (double)hits / pages;
}

Test(xbzrle, set_larger_than_the_cache_keeps_a_share_cached)
{
    static const uint32_t pages[] = {1000, 16384, 20000, 40000, 160000};

    for (size_t i = 0; i < sizeof(pages) / sizeof(pages[0]); i++) {
        struct dirty_model m;
        struct memory mem;
        struct xbzrle x;
        double hit = 0.0;

        uniform(&m, pages[i], 1e12);
        memory_init(&mem, &m, 1.0, 0.0);
        xbzrle_init(&x, 64 * MIB, 0.1);
        for (int round = 0; round < 6; round++) {
            memory_sync(&mem, &m, 1.0, 0.0);
            hit = xbzrle_round(&x, &mem, &m);
        }
        cr_assert_float_eq(hit, direct_mapped(pages[i], 16384, 6), 1e-6, "%u pages: %.4f", pages[i],
                           hit);
    }
}

Test(xbzrle, cached_pages_never_exceed_slots_or_classes)
{
    struct rng r;

    rng_stream(&r, 20272, "xbzrle", 0, 0);
    for (int i = 0; i < 200; i++) {
        struct dirty_model m;
        struct memory mem;
        struct xbzrle x;

        uniform(&m, 1.0 + floor(1e5 * rng_uniform(&r)), 1e5);
        memory_init(&mem, &m, 1.0, 0.0);
        xbzrle_init(&x, MIB << (unsigned)(8 * rng_uniform(&r)), rng_uniform(&r));
        for (int s = 0; s < 10; s++) {
            double hit;

            memory_sync(&mem, &m, rng_uniform(&r), rng_uniform(&r));
            hit = xbzrle_round(&x, &mem, &m);
            cr_assert(hit >= 0.0 && hit <= 1.0);
            cr_assert_leq(x.cached[0], fmin(m.pages[0], x.slots) * (1.0 + 1e-9));
        }
    }
}
