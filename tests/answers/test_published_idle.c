/*
 * test_published_idle.c - idle guests of 1 to 8 GiB between two hosts on gigabit Ethernet, ten to
 * twenty recorded runs of each: the smallest and the largest tell the link's rate, what a zero page
 * costs and how the content grows with the size; the sizes between are forecast.
 */
#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answers/setup.h"
#include "answers/support_published.h"
#include "base/units.h"

enum {
    SIZES = 8, /* 1 .. 8 GiB */
    RUNS_MAX = 32
};

/* Medians of one size. */
struct idle {
    double total_ms, bytes, normal_pages, zero_pages;
};

struct samples {
    size_t nr;
    double total_ms[RUNS_MAX], bytes[RUNS_MAX], normal[RUNS_MAX], zero[RUNS_MAX];
};

/* What the two outer sizes tell. */
struct idle_host {
    double link_bytes_per_s;
    double zero_ns;
};

static void need_file(void)
{
    if (!pub_path("sxmindu-runs.csv"))
        cr_skip_test("the published measurements are not beside the project");
}

TestSuite(published_idle, .init = need_file, .timeout = 60);

static bool read_medians(const char *set, const char *algorithm, struct idle sizes[SIZES])
{
    static struct samples all[SIZES];
    const char *path = pub_path("sxmindu-runs.csv");
    FILE *f = path ? fopen(path, "r") : 0;
    char line[1024], *v[24];

    memset(all, 0, sizeof(all));
    while (f && fgets(line, sizeof(line), f)) {
        struct samples *s;
        int gib;

        if (pub_split(line, v, 24) < 13 || strcmp(v[0], set) != 0 || strcmp(v[3], algorithm) != 0 ||
            strcmp(v[5], "completed") != 0)
            continue;
        gib = atoi(v[1]) / 1024;
        if (gib < 1 || gib > SIZES || all[gib - 1].nr == RUNS_MAX)
            continue;
        s = &all[gib - 1];
        s->total_ms[s->nr] = strtod(v[6], 0);
        s->bytes[s->nr] = strtod(v[9], 0);
        s->normal[s->nr] = strtod(v[11], 0);
        s->zero[s->nr] = strtod(v[12], 0);
        s->nr++;
    }
    if (f)
        fclose(f);
    for (int i = 0; i < SIZES; i++) {
        if (all[i].nr == 0)
            return false;
        sizes[i] = (struct idle){
            .total_ms = pub_median(all[i].total_ms, all[i].nr),
            .bytes = pub_median(all[i].bytes, all[i].nr),
            .normal_pages = pub_median(all[i].normal, all[i].nr),
            .zero_pages = pub_median(all[i].zero, all[i].nr),
        };
    }
    return true;
}

/* An idle guest: the pages that were sent twice stand among its pages with content. */
static bool forecast(const struct idle *g, const struct idle_host *h, bool postcopy,
                     struct mig_result *out)
{
    struct setup *s = setup_new(1);
    struct guest_params *guest;

    if (!s)
        return false;
    guest = &s->guests[0];
    guest->memory_bytes = (uint64_t)(g->normal_pages + g->zero_pages) * PAGE_BYTES;
    guest->nonzero_bytes = (uint64_t)g->normal_pages * PAGE_BYTES;
    s->link.rate_bps.a = h->link_bytes_per_s * 8.0;
    for (int i = 0; i < 2; i++) {
        s->costs[i].zero_scan_bytes_per_s =
            (uint64_t)((double)PAGE_BYTES * (double)NS_PER_S / h->zero_ns);
        s->costs[i].postcopy_zero_ns = llround(h->zero_ns);
    }
    s->sc.migrations[0].params.qemu = QEMU_8_2;
    s->sc.migrations[0].params.postcopy = postcopy;
    s->sc.migrations[0].params.postcopy_trigger = postcopy ? POSTCOPY_AT_TIME : POSTCOPY_NEVER;
    return pub_run(s, out);
}

/* The rate and the cost with which both outer sizes take as long as they did. */
static bool calibrate(const struct idle sizes[SIZES], bool postcopy, struct idle_host *h)
{
    const struct idle *small = &sizes[0], *large = &sizes[SIZES - 1];
    struct mig_result r;

    *h = (struct idle_host){.link_bytes_per_s = 1e8, .zero_ns = 500.0};
    for (int step = 0; step < 40; step++) {
        if (!forecast(small, h, postcopy, &r))
            return false;
        h->link_bytes_per_s *= (double)r.total_ns / (double)NS_PER_MS / small->total_ms;
        if (!forecast(large, h, postcopy, &r))
            return false;
        h->zero_ns +=
            (large->total_ms * (double)NS_PER_MS - (double)r.total_ns) / large->zero_pages;
        h->zero_ns = fmax(h->zero_ns, 1.0);
    }
    return true;
}

struct series {
    const char *set, *algorithm;
    double total_bar, bytes_bar;
};

/* In the third set content does not grow evenly with the size (4 % above the line at 3 and 4 GiB, 6
 * % below at 5): some of its guests had not finished booting, as the set's description says. */
static const struct series series[] = {
    {"experiments_1core", "Precopy", 0.02, 0.025},
    {"experiments_1core", "Postcopy", 0.02, 0.02},
    {"experiments_1core_2", "Precopy", 0.02, 0.025},
    {"experiments_1core_2", "Postcopy", 0.02, 0.02},
    {"experiments_2core", "Precopy", 0.05, 0.065},
    {"experiments_2core", "Postcopy", 0.065, 0.045},
    {"experiments_2core_2", "Precopy", 0.02, 0.02},
    {"experiments_2core_2", "Postcopy", 0.02, 0.02},
};

/* What lies on the line between the outer sizes, at size @i. */
static struct idle between(const struct idle sizes[SIZES], int i)
{
    const struct idle *small = &sizes[0], *large = &sizes[SIZES - 1];
    double x = (double)i / (SIZES - 1);
    double from = small->normal_pages + small->zero_pages,
           to = large->normal_pages + large->zero_pages;
    struct idle g = {.normal_pages =
                         small->normal_pages + x * (large->normal_pages - small->normal_pages)};

    g.zero_pages = from + x * (to - from) - g.normal_pages;
    return g;
}

static void check_size(const struct series *s, const struct idle *guest,
                       const struct idle_host *host, const struct idle *measured, int gib)
{
    struct mig_result r;
    double total, bytes;

    cr_assert(forecast(guest, host, strcmp(s->algorithm, "Precopy") != 0, &r));
    total = (double)r.total_ns / (double)NS_PER_MS / measured->total_ms - 1.0;
    bytes = (double)r.transferred_bytes / measured->bytes - 1.0;
    cr_expect_eq(r.outcome, OUTCOME_COMPLETED);
    cr_expect_lt(fabs(total), s->total_bar, "%s %s %d GiB: total off by %.1f %%", s->set,
                 s->algorithm, gib, 100.0 * total);
    cr_expect_lt(fabs(bytes), s->bytes_bar, "%s %s %d GiB: bytes off by %.1f %%", s->set,
                 s->algorithm, gib, 100.0 * bytes);
}

Test(published_idle, sizes_between_follow_from_smallest_and_largest)
{
    for (size_t k = 0; k < sizeof(series) / sizeof(series[0]); k++) {
        struct idle sizes[SIZES];
        struct idle_host host;

        cr_assert(read_medians(series[k].set, series[k].algorithm, sizes), "%s: rows missing",
                  series[k].set);
        cr_assert(calibrate(sizes, strcmp(series[k].algorithm, "Precopy") != 0, &host));
        for (int i = 1; i < SIZES - 1; i++) {
            struct idle guest = between(sizes, i);

            check_size(&series[k], &guest, &host, &sizes[i], i + 1);
        }
    }
}

/* Given what was sent, the time follows, in the irregular set too. */
Test(published_idle, time_follows_from_pages)
{
    for (size_t k = 0; k < sizeof(series) / sizeof(series[0]); k++) {
        struct series strict = series[k];
        struct idle sizes[SIZES];
        struct idle_host host;

        strict.total_bar = 0.03;
        strict.bytes_bar = 0.005;
        cr_assert(read_medians(strict.set, strict.algorithm, sizes), "%s: rows missing",
                  strict.set);
        cr_assert(calibrate(sizes, strcmp(strict.algorithm, "Precopy") != 0, &host));
        for (int i = 1; i < SIZES - 1; i++)
            check_size(&strict, &sizes[i], &host, &sizes[i], i + 1);
    }
}

/* A zero page takes as long on this pair of hosts as on the database set's: what the default stands
 * on. */
Test(published_idle, placing_a_zero_page_takes_half_a_microsecond)
{
    for (size_t k = 0; k < sizeof(series) / sizeof(series[0]); k++) {
        struct idle sizes[SIZES];
        struct idle_host host;

        if (strcmp(series[k].algorithm, "Postcopy") != 0)
            continue;
        cr_assert(read_medians(series[k].set, series[k].algorithm, sizes));
        cr_assert(calibrate(sizes, true, &host));
        cr_expect(host.zero_ns > 450.0 && host.zero_ns < 650.0, "%s: %.0f ns", series[k].set,
                  host.zero_ns);
    }
}
