/*
 * test_rng.c - the generator against its published vectors, and the streams against each other.
 */
#include <criterion/criterion.h>
#include <gsl/gsl_cdf.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"

/* tests/kat_vectors of Random123, the three lines "philox4x32 10". */
Test(rng, philox_gives_the_published_vectors)
{
    static const struct {
        uint32_t counter[4];
        uint32_t key[2];
        uint32_t want[4];
    } cases[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        uint32_t out[4];

        rng_philox(cases[i].counter, cases[i].key, out);
        for (int w = 0; w < 4; w++)
            cr_assert_eq(out[w], cases[i].want[w], "case %zu word %d: %08x", i, w, out[w]);
    }
}

/* GSL's own allocation and seeding, as anybody holding the type may use it. */
Test(rng, gsl_seed_zero_gives_the_blocks_of_key_zero)
{
    struct rng r;

    rng_stream(&r, 0, "", 0, 0);

    gsl_rng *g = gsl_rng_alloc(rng_gsl(&r)->type);

    gsl_rng_set(g, 0);
    cr_assert_eq(gsl_rng_get(g), 0x6627e8d5);
    cr_assert_eq(gsl_rng_get(g), 0xe169c58d);
    for (uint32_t block = 0; block < 100; block++) {
        uint32_t want[4];

        rng_philox((const uint32_t[4]){block, 0, 0, 0}, (const uint32_t[2]){0, 0}, want);
        for (unsigned w = block == 0 ? 2 : 0; w < 4; w++)
            cr_assert_eq(gsl_rng_get(g), want[w], "block %u word %u", block, w);
    }
    gsl_rng_free(g);
}

Test(rng, the_block_number_carries_into_its_high_word)
{
    struct rng r;
    uint32_t want[4];
    uint32_t counter[4];

    rng_stream(&r, 1, "carry", 0, 0);
    memcpy(counter, r.state.counter, sizeof(counter));
    r.state.counter[0] = UINT32_MAX;
    for (int i = 0; i < 4; i++)
        gsl_rng_get(rng_gsl(&r));
    counter[0] = 0;
    counter[1] = 1;
    rng_philox(counter, r.state.key, want);
    cr_assert_eq(gsl_rng_get(rng_gsl(&r)), want[0]);
}

/* A stream is part of what a seed means, so its numbers may not change between versions.  The value
 * at the end comes from a separate program written after the description in rng.c. */
Test(rng, a_stream_is_fixed_by_its_four_parts)
{
    static const struct {
        uint64_t seed;
        const char *name;
        uint64_t index;
        uint64_t replication;
    } parts[] = {
        {1, "dirty", 0, 0},
        {2, "dirty", 0, 0},
        {1, "dirts", 0, 0},
        {1, "dirty", 1, 0},
        {1, "dirty", 0, 1},
        {1, "", 0, 0},
        {1, "dirty\x01", 0, 0},
        {1, "dirty-sixteen-by", 0, 0},
        {1, "dirty-sixteen-byt", 0, 0},
        {UINT64_C(1) << 32, "dirty", 0, 0},
        {1, "dirty", UINT64_C(1) << 32, 0},
        {1, "dirty", 0, UINT64_C(1) << 32},
        {0, "dirty", 0, 1},
    };
    enum {
        NR = sizeof(parts) / sizeof(parts[0])
    };
    uint64_t first[NR];

    for (size_t i = 0; i < NR; i++) {
        struct rng a, b;

        rng_stream(&a, parts[i].seed, parts[i].name, parts[i].index, parts[i].replication);
        rng_stream(&b, parts[i].seed, parts[i].name, parts[i].index, parts[i].replication);
        first[i] = rng_u64(&a);
        cr_assert_eq(rng_u64(&b), first[i]);
        for (int n = 0; n < 1000; n++)
            cr_assert_eq(rng_u64(&a), rng_u64(&b));
        for (size_t j = 0; j < i; j++)
            cr_assert_neq(first[i], first[j], "streams %zu and %zu", i, j);
    }
    cr_assert_eq(first[0], UINT64_C(0xf052643df65e8104), "the first stream gives %016llx",
                 (unsigned long long)first[0]);
}

Test(rng, a_member_of_a_family_is_the_stream_of_that_name)
{
    static const char *const names[] = {"", "dirty", "dirty-sixteen-by", "dirty-sixteen-byt"};

    for (uint64_t i = 0; i < 4 * 100; i++) {
        struct rng_family family;
        struct rng member, stream;

        rng_family(&family, i << 30, names[i % 4]);
        rng_member(&member, &family, i << 32, i);
        rng_stream(&stream, i << 30, names[i % 4], i << 32, i);
        for (int n = 0; n < 9; n++)
            cr_assert_eq(rng_u64(&member), rng_u64(&stream));
    }
}

/* ---- distribution ---- */

enum {
    NR_BINS = 1000,
    NR_DRAWS = 1000000
};

/* Pearson's statistic for draws that should fall evenly into NR_BINS. */
static double chi_square_p(const uint32_t *bins, uint32_t nr_draws)
{
    double expected = (double)nr_draws / NR_BINS;
    double x2 = 0;

    for (size_t i = 0; i < NR_BINS; i++)
        x2 += (bins[i] - expected) * (bins[i] - expected) / expected;
    return gsl_cdf_chisq_Q(x2, NR_BINS - 1);
}

/* Both tails count: numbers that are too even are not random either.  The seeds are fixed, so a
 * pass stays a pass; the limits would reject one honest generator in 500. */
static void assert_even(const uint32_t *bins, uint32_t nr_draws, const char *what)
{
    double p = chi_square_p(bins, nr_draws);

    cr_assert(p > 0.001 && p < 0.999, "%s: p = %g", what, p);
}

Test(rng, uniform_draws_are_even_and_in_range)
{
    uint32_t *by_own = calloc(NR_BINS, sizeof(*by_own));
    uint32_t *by_gsl = calloc(NR_BINS, sizeof(*by_gsl));
    uint32_t *by_int = calloc(NR_BINS, sizeof(*by_int));
    struct rng r;

    rng_stream(&r, 3, "uniform", 0, 0);
    for (uint32_t i = 0; i < NR_DRAWS; i++) {
        double u = rng_uniform(&r);
        double v = gsl_rng_uniform(rng_gsl(&r));

        cr_assert(u >= 0 && u < 1 && v >= 0 && v < 1);
        by_own[(size_t)(u * NR_BINS)]++;
        by_gsl[(size_t)(v * NR_BINS)]++;
        by_int[gsl_rng_uniform_int(rng_gsl(&r), NR_BINS)]++;
    }
    assert_even(by_own, NR_DRAWS, "rng_uniform");
    assert_even(by_gsl, NR_DRAWS, "gsl_rng_uniform");
    assert_even(by_int, NR_DRAWS, "gsl_rng_uniform_int");
    free(by_own);
    free(by_gsl);
    free(by_int);
}

/* The first draw of many streams must be as random as many draws of one: VMs draw once or twice. */
Test(rng, first_draws_of_neighbouring_streams_are_even_and_uncorrelated)
{
    enum {
        NR_STREAMS = 200000
    };
    static const char *const what[] = {"index", "replication", "seed"};
    uint32_t *bins = malloc(NR_BINS * sizeof(*bins));
    double *draw = malloc(NR_STREAMS * sizeof(*draw));

    for (size_t vary = 0; vary < 3; vary++) {
        memset(bins, 0, NR_BINS * sizeof(*bins));
        for (uint32_t i = 0; i < NR_STREAMS; i++) {
            struct rng r;

            rng_stream(&r, vary == 2 ? i : 5, "first", vary == 0 ? i : 0, vary == 1 ? i : 0);
            draw[i] = rng_uniform(&r);
            bins[(size_t)(draw[i] * NR_BINS)]++;
        }
        assert_even(bins, NR_STREAMS, what[vary]);

        double c = gsl_stats_correlation(draw, 1, draw + 1, 1, NR_STREAMS - 1);

        cr_assert(fabs(c) < 3.3 / sqrt(NR_STREAMS), "%s: correlation %g", what[vary], c);
    }
    free(bins);
    free(draw);
}

Test(rng, two_streams_side_by_side_are_uncorrelated)
{
    enum {
        NR = 100000
    };
    double *a = malloc(NR * sizeof(*a));
    double *b = malloc(NR * sizeof(*b));
    struct rng ra, rb;

    rng_stream(&ra, 11, "dirty", 0, 0);
    rng_stream(&rb, 11, "dirty", 1, 0);
    for (size_t i = 0; i < NR; i++) {
        a[i] = rng_uniform(&ra);
        b[i] = rng_uniform(&rb);
    }
    cr_assert(fabs(gsl_stats_correlation(a, 1, b, 1, NR)) < 3.3 / sqrt(NR));
    free(a);
    free(b);
}

Test(rng, every_bit_is_set_half_the_time)
{
    enum {
        NR = 100000
    };
    uint32_t set[64] = {0};
    struct rng r;

    rng_stream(&r, 17, "bits", 0, 0);
    for (size_t i = 0; i < NR; i++) {
        uint64_t x = rng_u64(&r);

        for (unsigned bit = 0; bit < 64; bit++)
            set[bit] += (uint32_t)(x >> bit & 1);
    }
    for (unsigned bit = 0; bit < 64; bit++) /* 4.2 sigma: one honest generator in 600 fails */
        cr_assert(fabs(set[bit] - NR / 2.0) < 4.2 * sqrt(NR / 4.0), "bit %u: %u", bit, set[bit]);
}

Test(rng, gsl_distributions_have_their_moments)
{
    enum {
        NR = 500000
    };
    double *x = malloc(NR * sizeof(*x));
    double *y = malloc(NR * sizeof(*y));
    struct rng r;

    rng_stream(&r, 23, "moments", 0, 0);
    for (size_t i = 0; i < NR; i++) {
        x[i] = gsl_ran_exponential(rng_gsl(&r), 2.0);
        y[i] = gsl_ran_gaussian_ziggurat(rng_gsl(&r), 3.0);
    }
    /* four standard errors of each */
    cr_assert_float_eq(gsl_stats_mean(x, 1, NR), 2.0, 4 * 2.0 / sqrt(NR));
    cr_assert_float_eq(gsl_stats_variance(x, 1, NR), 4.0, 4 * 4.0 * sqrt(8.0 / NR));
    cr_assert_float_eq(gsl_stats_mean(y, 1, NR), 0.0, 4 * 3.0 / sqrt(NR));
    cr_assert_float_eq(gsl_stats_variance(y, 1, NR), 9.0, 4 * 9.0 * sqrt(2.0 / NR));
    free(x);
    free(y);
}
