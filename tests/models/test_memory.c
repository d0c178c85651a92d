/*
 * test_memory.c - the mean-field sync: its invariants, and sums over chunks done one by one.
 * Against memory page by page it is tested in tests/sim/test_pages.c.
 */
#include "models/memory.h"

#include <criterion/criterion.h>
#include <math.h>

#include "base/rng.h"
#include "base/units.h"

static double between(struct rng *r, double low, double high)
{
    return low + (high - low) * rng_uniform(r);
}

static void compile(struct dirty_model *m, double pages, double writes_per_s, bool sequential)
{
    struct dirty_params p = {.kind = DIRTY_CLASSES, .nr_classes = 1, .cpu_need_ratio = 1.0};

    p.classes[0] = (struct dirty_class){pages, writes_per_s, sequential};
    dirty_compile(m, &p, 0.0, 0);
}

Test(memory, sync_at_once_finds_the_distinct_pages)
{
    struct dirty_model m;
    struct memory mem;

    compile(&m, 10000.0, 3000.0, false);
    memory_init(&mem, &m, 1.0, 0.0);
    cr_assert_float_eq(memory_sync(&mem, &m, 2.0, 0.0), 10000.0 * (1.0 - exp(-0.6)), 1e-6);
    cr_assert_float_eq(mem.known[0], 10000.0 * (1.0 - exp(-0.6)), 1e-6);
    compile(&m, 10000.0, 3000.0, true);
    memory_init(&mem, &m, 1.0, 0.0);
    cr_assert_float_eq(memory_sync(&mem, &m, 2.0, 0.0), 6000.0, 1e-6);
    cr_assert_float_eq(memory_sync(&mem, &m, 20.0, 0.0), 10000.0, 1e-6);
}

/* What was not sent is not newly dirty; what was not known dirty is so from its first write on. */
Test(memory, unsent_pages_are_not_counted_again)
{
    struct dirty_model m;
    struct memory mem;

    compile(&m, 10000.0, 1e9, false);
    memory_init(&mem, &m, 1.0, 0.0);
    cr_assert_float_eq(memory_sync(&mem, &m, 1.0, 0.25), 7500.0, 1e-6);
    cr_assert_float_eq(mem.known[0], 10000.0, 1e-6);
    cr_assert_float_eq(memory_sync(&mem, &m, 1.0, 1.0), 0.0, 1e-6);
    cr_assert_float_eq(memory_sync(&mem, &m, 0.0, 0.0), 0.0, 1e-6);
    cr_assert_float_eq(mem.known[0], 0.0, 1e-6);
}

Test(memory, chunks_agree_with_the_sum_over_them)
{
    static const double chunks[] = {1, 2, 3, 8, 64, 1000};

    for (size_t c = 0; c < sizeof(chunks) / sizeof(chunks[0]); c++) {
        for (double x = 1e-9; x < 100.0; x *= 10.0) {
            struct dirty_model m;
            struct memory mem;
            double want = 0.0, got;

            compile(&m, 1e6, 1e6, false);
            memory_init(&mem, &m, chunks[c], 0.0);
            for (double i = 0.0; i < chunks[c]; i += 1.0)
                want += -expm1(-x * (1.0 - i / chunks[c])) * 1e6 / chunks[c];
            got = memory_sync(&mem, &m, x, 0.0);
            cr_assert_float_eq(got / want, 1.0, 1e-6, "%g chunks, %g writes a page: %g, not %g",
                               chunks[c], x, got, want);
        }
    }
}

Test(memory, known_pages_stay_within_their_class)
{
    struct rng r;

    rng_stream(&r, 20271, "memory", 0, 0);
    for (int i = 0; i < 500; i++) {
        struct dirty_params p = {.kind = DIRTY_CLASSES, .nr_classes = 4, .cpu_need_ratio = 1.0};
        struct dirty_model m;
        struct memory mem;

        for (int k = 0; k < 4; k++)
            p.classes[k] = (struct dirty_class){between(&r, 1, 1e5), pow(10.0, between(&r, 0, 6)),
                                                rng_uniform(&r) < 0.3};
        dirty_compile(&m, &p, 0.0, 0);
        memory_init(&mem, &m, 1.0 + floor(between(&r, 0, 20)), 0.0);
        for (int s = 0; s < 20; s++) {
            double before = 0.0, after = 0.0, unsent = rng_uniform(&r), newly;

            for (uint32_t k = 0; k < m.nr; k++)
                before += mem.known[k];
            newly = memory_sync(&mem, &m, pow(10.0, between(&r, -4, 2)), unsent);
            for (uint32_t k = 0; k < m.nr; k++) {
                cr_assert(mem.known[k] >= -1e-6 && mem.known[k] <= m.pages[k] * (1.0 + 1e-12));
                after += mem.known[k];
            }
            cr_assert_geq(newly, -1e-6);
            cr_assert_float_eq(after, before * unsent + newly, 1e-6 * (before + 1.0),
                               "pages are conserved");
        }
    }
}
