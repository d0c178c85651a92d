/*
 * test_pages.c - the formulas of models/memory.c against guest memory page by page.
 *
 * Random guests, writers, chunks and shares sent; each case is repeated with other seeds and the
 * mean of newly dirty pages at every sync is compared with the formula.  A sync's count of a random
 * writer is a sum of independent yes/no draws, so its standard deviation is at most the square root
 * of its mean; z is taken with that bound.  All comparisons together are one family: |z| <= z_max
 * fails by chance in fewer than one family of a thousand (Bonferroni, normal tails).  Where the
 * formula leaves something out, the group's measured bias is bounded instead (models/README.md
 * names the causes).  Seeds are fixed.
 */
#include <criterion/criterion.h>
#include <gsl/gsl_cdf.h>
#include <math.h>

#include "base/units.h"
#include "models/memory.h"
#include "sim/pages.h"
#include "support_oracle_world.h"

enum {
    CASES = 200,
    REPS = 12,
    SYNCS = 5
};

struct memory_case {
    uint64_t pages, nonzero, chunk;
    struct dirty_params dirty;
    struct dirty_model model;
    double tau[SYNCS];
    double sent[SYNCS]; /* share of the pages then known dirty */
};

static void random_case(struct memory_case *c, struct rng *r, uint32_t index)
{
    static const enum dirty_kind kinds[] = {DIRTY_UNIFORM, DIRTY_HOTCOLD, DIRTY_ZIPF,
                                            DIRTY_SEQUENTIAL, DIRTY_CLASSES};
    uint32_t chunks;
    double set;

    c->pages = 4000 + world_pick(r, 16000);
    chunks = 1 + world_pick(r, 24);
    c->pages -= c->pages % chunks;
    c->nonzero = c->pages; /* shares sent are of the non-zero pages */
    c->chunk = index % 3 == 0 ? 0 : c->pages / chunks;
    set = floor((double)c->nonzero * world_between(r, 0.2, 1.0));
    c->dirty = (struct dirty_params){.kind = kinds[index % 5], .cpu_need_ratio = 1.0};
    c->dirty.working_set_bytes = (uint64_t)set * PAGE_BYTES;
    c->dirty.hot_bytes = (uint64_t)(set * world_between(r, 0.05, 0.5)) * PAGE_BYTES;
    c->dirty.hot_ratio = world_between(r, 0.5, 1.0);
    c->dirty.zipf_exponent = world_between(r, 0.5, 1.5);
    c->dirty.write_bytes_per_s = set * (double)PAGE_BYTES;
    c->dirty.nr_classes = 2;
    c->dirty.classes[0] =
        (struct dirty_class){floor(set / 3.0), set * world_between(r, 0.1, 1.0), true};
    c->dirty.classes[1] =
        (struct dirty_class){floor(set / 2.0), set * world_between(r, 0.1, 1.0), false};
    dirty_compile(&c->model, &c->dirty, 0.0, 0);
    for (int s = 0; s < SYNCS; s++) {
        c->tau[s] = world_log_between(r, 0.02, 3.0);
        c->sent[s] = world_chance(r, 0.4) ? 1.0 : world_between(r, 0.3, 1.0);
    }
}

/* Newly dirty pages of each sync, summed over repetitions.  With several chunks the formula
 * averages over where a sequential writer is when the migration begins; so do the repetitions. */
static void page_by_page(struct memory_case *c, uint64_t seed, double sum[SYNCS])
{
    struct memory_pages *mp = memory_pages_new(c->pages);

    cr_assert_not_null(mp);
    for (uint32_t rep = 0; rep < REPS; rep++) {
        uint64_t known = c->pages;

        c->model.head_ratio = c->chunk ? (rep + 0.5) / REPS : 0.0;
        memory_pages_init(mp, &c->model, c->nonzero, c->chunk, seed, 0, rep);
        for (int s = 0; s < SYNCS; s++) {
            uint64_t sent = (uint64_t)((double)known * c->sent[s]);
            uint64_t newly = memory_pages_sync(mp, c->tau[s], sent);

            sum[s] += (double)newly;
            known += newly - sent;
        }
    }
    memory_pages_free(mp);
}

/* Cases that the formula treats alike. */
struct group {
    const char *what;
    bool strict;       /* within sampling error, each */
    double rms, total; /* else: relative error of a sync, and of all pages together, at most */
    unsigned nr;
    double squares, got, want;
};

enum {
    RANDOM_ONE_CHUNK,
    RANDOM_FIRST,
    RANDOM_LATER,
    SEQUENTIAL_ONE_CHUNK,
    SEQUENTIAL_FIRST,
    SEQUENTIAL_LATER,
    NR_GROUPS
};

static int group_of(const struct memory_case *c, int sync)
{
    bool sequential = c->dirty.kind == DIRTY_SEQUENTIAL || c->dirty.kind == DIRTY_CLASSES;
    int first = sequential ? SEQUENTIAL_ONE_CHUNK : RANDOM_ONE_CHUNK;

    if (c->chunk == 0 || c->chunk == c->pages)
        return first;
    return first + (sync == 0 ? 1 : 2);
}

static void compare(struct group *g, const struct memory_case *c, int s, double got, double want)
{
    double z_max = gsl_cdf_ugaussian_Qinv(0.001 / 2.0 / (CASES * SYNCS));
    double z = (got - want) / sqrt(fmax(want, 1.0) / REPS);

    g->got += got;
    g->want += want;
    if (got >= 30.0) {
        g->nr++;
        g->squares += (want / got - 1.0) * (want / got - 1.0);
    }
    if (g->strict)
        cr_expect(fabs(z) <= z_max, "%s %s sync %d: %.1f pages, formula %.1f, z %.1f", g->what,
                  dirty_kind_names[c->dirty.kind], s + 1, got, want, z);
}

Test(pages, formulas_agree_on_random_cases)
{
    struct group groups[NR_GROUPS] = {
        [RANDOM_ONE_CHUNK] = {.what = "random writers, one chunk",
                              .strict = true,
                              .rms = 0.02,
                              .total = 0.002},
        [RANDOM_FIRST] = {.what = "random writers, first round",
                          .strict = true,
                          .rms = 0.02,
                          .total = 0.002},
        [RANDOM_LATER] = {.what = "random writers, later rounds", .rms = 0.03, .total = 0.01},
        [SEQUENTIAL_ONE_CHUNK] = {.what = "sequential, one chunk", .rms = 0.08, .total = 0.01},
        [SEQUENTIAL_FIRST] = {.what = "sequential, first round", .rms = 0.02, .total = 0.005},
        [SEQUENTIAL_LATER] = {.what = "sequential, later rounds", .rms = 0.8, .total = 0.05},
    };
    struct rng r;

    rng_stream(&r, 20263, "pages", 0, 0);
    for (uint32_t i = 0; i < CASES; i++) {
        struct memory_case c;
        struct memory mem;
        double sum[SYNCS] = {0};

        random_case(&c, &r, i);
        page_by_page(&c, 1000 + i, sum);
        memory_init(&mem, &c.model, c.chunk ? (double)c.pages / (double)c.chunk : 1.0,
                    (double)c.pages - c.model.total_pages);
        for (int s = 0; s < SYNCS; s++)
            compare(&groups[group_of(&c, s)], &c, s, sum[s] / REPS,
                    memory_sync(&mem, &c.model, c.tau[s], 1.0 - c.sent[s]));
    }
    for (int i = 0; i < NR_GROUPS; i++) {
        const struct group *g = &groups[i];
        double rms = sqrt(g->squares / g->nr), total = g->want / g->got - 1.0;

        cr_log_info("%s: %u syncs, rms %.4f, total %.4f", g->what, g->nr, rms, total);
        cr_expect_gt(g->nr, 20, "%s", g->what);
        cr_expect_leq(rms, g->rms, "%s: rms %.4f", g->what, rms);
        cr_expect_leq(fabs(total), g->total, "%s: total %.4f", g->what, total);
    }
}
