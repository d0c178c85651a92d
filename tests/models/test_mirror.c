/*
 * test_mirror.c - the mirror against closed forms and against a bitmap copied block by block.
 */
#include "models/mirror.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

#include <gsl/gsl_randist.h>

#define MB 1e6

static struct mirror disk(uint64_t used, uint64_t set, double rate, enum mirror_mode mode)
{
    struct mirror_params p = {.used_bytes = used,
                              .working_set_bytes = set,
                              .write_bytes_per_s = rate,
                              .write_size_bytes = MIRROR_BLOCK_BYTES,
                              .mode = mode};
    struct mirror m;

    mirror_init(&m, &p);
    return m;
}

/* Seconds until ready at one rate; INFINITY = never. */
static double ready_after(struct mirror *m, double limit, double rate)
{
    double t = 0.0;

    for (int steps = 0; !m->ready; steps++) {
        double next = mirror_next_s(m, limit, rate);

        cr_assert_lt(steps, 3, "a mirror at one rate is swept, then ready");
        if (!isfinite(next))
            return INFINITY;
        mirror_advance(m, limit, rate, next, true);
        t += next;
    }
    return t;
}

Test(mirror, without_writes_it_takes_size_over_rate)
{
    struct mirror m = disk(8000000000, 0, 0.0, MIRROR_BACKGROUND);

    cr_assert_float_eq(ready_after(&m, INFINITY, 200 * MB), 40.0, 1e-9);
    cr_assert_float_eq(m.sent_bytes, 8e9, 1.0);
    m = disk(8000000000, 0, 0.0, MIRROR_BACKGROUND);
    cr_assert_float_eq(ready_after(&m, 50 * MB, 200 * MB), 160.0, 1e-9, "the disk's own limit");
    m = disk(0, 0, 0.0, MIRROR_BACKGROUND);
    cr_assert(m.ready, "an empty disk has nothing to copy");
}

Test(mirror, background_converges_only_if_it_copies_faster_than_blocks_become_dirty)
{
    static const struct {
        double write, rate;
        bool ready;
    } cases[] = {{40, 50, true}, {49.9, 50, true}, {50.1, 50, false}, {80, 50, false}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mirror m = disk(4000000000, 1000000000, cases[i].write * MB, MIRROR_BACKGROUND);

        cr_expect_eq(mirror_converges(&m, INFINITY, cases[i].rate * MB), cases[i].ready);
        cr_expect_eq(isfinite(ready_after(&m, INFINITY, cases[i].rate * MB)), cases[i].ready,
                     "%g MB/s written, %g MB/s copied", cases[i].write, cases[i].rate);
    }
}

Test(mirror, small_writes_count_as_whole_blocks)
{
    struct mirror_params p = {.used_bytes = 4000000000,
                              .working_set_bytes = 1000000000,
                              .write_bytes_per_s = 10 * MB,
                              .write_size_bytes = 4096};
    struct mirror m;

    mirror_init(&m, &p);
    cr_assert(!mirror_converges(&m, INFINITY, 159 * MB), "4 KiB writes dirty 16 times as much");
    cr_assert(mirror_converges(&m, INFINITY, 161 * MB));
}

Test(mirror, write_blocking_always_converges_and_slows_the_writer)
{
    struct mirror m = disk(4000000000, 1000000000, 80 * MB, MIRROR_WRITE_BLOCKING);
    double t = ready_after(&m, INFINITY, 50 * MB);

    cr_assert_float_eq(t, 160.0, 1e-6, "half of 50 MB/s copies, the other half carries writes");
    cr_assert_float_eq(m.waited_s, t * (1.0 - 25.0 / 80.0), 1e-6);
    m = disk(4000000000, 1000000000, 10 * MB, MIRROR_WRITE_BLOCKING);
    t = ready_after(&m, 30 * MB, 50 * MB);
    cr_assert_float_eq(t, 4000.0 / 30.0, 1e-6, "writes are not under the copies' limit");
    cr_assert_float_eq(m.waited_s, 0.0, 1e-9);
}

Test(mirror, then_blocking_keeps_up_whatever_is_written)
{
    struct mirror m = disk(1000000000, 1000000000, 40 * MB, MIRROR_THEN_BLOCKING);

    ready_after(&m, INFINITY, 50 * MB);
    cr_assert(m.ready);
    mirror_advance(&m, INFINITY, 10 * MB, 60.0, false);
    cr_assert_float_eq(mirror_left_bytes(&m), 0.0, 1e-9, "the guest waits instead");
    cr_assert_gt(m.waited_s, 0.0);
}

Test(mirror, after_ready_a_slow_path_lets_dirt_grow_and_a_fast_one_catches_up)
{
    struct mirror m = disk(2000000000, 500000000, 40 * MB, MIRROR_BACKGROUND);
    double left;

    ready_after(&m, INFINITY, 100 * MB);
    cr_assert_float_eq(mirror_demand(&m, INFINITY), 40 * MB, 1.0, "it needs what is written");
    mirror_advance(&m, INFINITY, 40 * MB, 100.0, false);
    cr_assert_float_eq(mirror_left_bytes(&m), 0.0, 1.0, "and keeps up with that");
    mirror_advance(&m, INFINITY, 30 * MB, 10.0, false);
    left = mirror_left_bytes(&m);
    cr_assert(left > 60 * MB && left < 100 * MB, "10 MB/s too slow for 10 s, some hit twice: %g",
              left);
    cr_assert(isinf(mirror_demand(&m, INFINITY)));
    cr_assert(m.ready, "ready stays");
    cr_assert(isfinite(mirror_next_s(&m, INFINITY, 60 * MB)));
    mirror_pause(&m, true);
    cr_assert_float_eq(mirror_next_s(&m, INFINITY, 100 * MB), left / (100 * MB), 1e-9,
                       "a stopped guest writes nothing: the drain is a plain transfer");
}

Test(mirror, a_stop_finds_what_came_since_the_last_idle_poll)
{
    struct mirror m = disk(1000000000, 500000000, 40 * MB, MIRROR_BACKGROUND);

    ready_after(&m, INFINITY, 200 * MB);
    mirror_pause(&m, true);
    cr_assert_float_eq(mirror_left_bytes(&m), 2 * MB, 1.0, "50 ms of 40 MB/s");
}

Test(mirror, splitting_a_stretch_changes_nothing)
{
    struct mirror a = disk(4000000000, 1000000000, 40 * MB, MIRROR_BACKGROUND), b = a;

    mirror_advance(&a, INFINITY, 60 * MB, 30.0, false);
    for (int i = 0; i < 3000; i++)
        mirror_advance(&b, INFINITY, 60 * MB, 0.01, false);
    cr_assert_float_eq(a.clean, b.clean, 1e-9);
    cr_assert_float_eq(a.swept, b.swept, 1e-9);
    cr_assert_float_eq(a.sent_bytes, b.sent_bytes, 1.0);
}

/* A bitmap: the sweep copies the next dirty block in circular order, writes hit the set at random;
 * the set's blocks lie evenly among all.  Returns seconds to the first moment without dirt. */
static double bitmap_ready(uint32_t blocks, uint32_t every, double write, double rate,
                           uint32_t replication)
{
    unsigned char *dirty = malloc(blocks);
    uint32_t left = blocks, at = 0;
    double t = 0.0, copy_s = 1.0 / rate;
    struct rng rng;

    cr_assert_not_null(dirty);
    memset(dirty, 1, blocks);
    rng_stream(&rng, 11, "bitmap", 0, replication);
    while (left > 0 && t < 1e6) {
        unsigned hits = gsl_ran_poisson(rng_gsl(&rng), write * copy_s);

        while (!dirty[at])
            at = (at + 1) % blocks;
        dirty[at] = 0;
        left--;
        for (unsigned i = 0; i < hits; i++) {
            uint32_t hit = (uint32_t)(rng_uniform(&rng) * (blocks / every)) * every;

            left += !dirty[hit];
            dirty[hit] = 1;
        }
        t += copy_s;
    }
    free(dirty);
    return t;
}

Test(mirror, agrees_with_a_bitmap_copied_block_by_block)
{
    static const struct {
        uint32_t blocks, every;
        double write, rate; /* blocks/s */
    } cases[] = {
        {40000, 4, 300, 1000}, {40000, 1, 700, 1000}, {40000, 8, 800, 1000}, {20000, 2, 100, 1000}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint64_t used = (uint64_t)cases[i].blocks * MIRROR_BLOCK_BYTES;
        struct mirror m = disk(used, used / cases[i].every, cases[i].write * MIRROR_BLOCK_BYTES,
                               MIRROR_BACKGROUND);
        double want = 0.0, got = ready_after(&m, INFINITY, cases[i].rate * MIRROR_BLOCK_BYTES);

        for (uint32_t r = 0; r < 2; r++)
            want +=
                bitmap_ready(cases[i].blocks, cases[i].every, cases[i].write, cases[i].rate, r) / 2;
        cr_expect(fabs(got - want) < 0.03 * want, "case %zu: %g s, bitmap %g s", i, got, want);
    }
}
