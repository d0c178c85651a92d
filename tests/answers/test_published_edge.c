/*
 * test_published_edge.c - a published sweep over the dirty rate, up to and past the edge of
 * divergence.
 *
 * A guest of 4 GiB writes N random pages out of 300000, sleeps a second, and again.  The set says
 * that the link is like gigabit Ethernet, but not for how long the guest had been writing when the
 * migration began (a page that was never written is a zero page).  The rows of 100 and 5000 pages
 * give the content beside the written pages and the time before; all other rows are forecasts.
 */
#include <criterion/criterion.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answers/support_published.h"
#include "base/units.h"

#define WRITTEN_PAGES 300000.0
#define NEVER_S 1000.0
/* One write with its share of first-write faults; 0.5 to 3 us give the same outcomes. */
#define WRITE_S 1e-6
#define PAUSE_S 1.0
/* TCP payload in full Ethernet frames */
#define LINK_BYTES_PER_S (125e6 * 1448.0 / 1538.0)

struct writer {
    double content_bytes; /* besides written pages */
    double before_s;      /* of writing before the migration */
};

struct row {
    double pages, total_s; /* total_s 0: gave up */
};

static void need_file(void)
{
    if (!pub_path("measured.csv"))
        cr_skip_test("the published measurements are not beside the project");
}

TestSuite(published_edge, .init = need_file, .timeout = 60);

/* The fields after the quoted ones: rate, set, bandwidth, limit, features, total time. */
static bool parse_row(char *line, struct row *row)
{
    char *v[16], *rest = strstr(line, "then 1 s sleep\",");
    size_t nr;

    if (strncmp(line, "sm-dr-", 6) != 0 || !rest)
        return false;
    row->pages = strtod(line + 6, 0);
    nr = pub_split(rest, v, 16);
    if (nr < 7)
        return false;
    row->total_s = strtod(v[6], 0);
    return true;
}

static size_t read_rows(struct row *rows, size_t max)
{
    const char *path = pub_path("measured.csv");
    FILE *f = path ? fopen(path, "r") : 0;
    char line[4096];
    size_t nr = 0;

    while (f && nr < max && fgets(line, sizeof(line), f))
        nr += parse_row(line, &rows[nr]);
    if (f)
        fclose(f);
    return nr;
}

static bool forecast(const struct writer *w, double pages, struct mig_result *out)
{
    struct setup *s = setup_new(1);
    double pages_per_s = pages / (PAUSE_S + pages * WRITE_S);
    double written = -WRITTEN_PAGES * expm1(-pages_per_s * w->before_s / WRITTEN_PAGES);
    struct guest_params *g;

    if (!s)
        return false;
    g = &s->guests[0];
    g->memory_bytes = 4 * GIB;
    g->nonzero_bytes = (uint64_t)(w->content_bytes + written * (double)PAGE_BYTES);
    g->vcpus = 4;
    g->dirty = (struct dirty_params){
        .kind = DIRTY_UNIFORM,
        .write_bytes_per_s = (double)PAGE_BYTES / WRITE_S,
        .working_set_bytes = (uint64_t)WRITTEN_PAGES * PAGE_BYTES,
        .on_ns = llround(pages * WRITE_S * (double)NS_PER_S),
        .off_ns = llround(PAUSE_S * (double)NS_PER_S),
        .compress_ratio = 1.0,
    };
    s->link.rate_bps.a = LINK_BYTES_PER_S * 8.0;
    s->sc.migrations[0].params.max_bandwidth_bytes_per_s = UNITS_UNLIMITED;
    s->sc.migrations[0].params.qemu = QEMU_8_2;
    s->sc.horizon_ns = (int64_t)NEVER_S * NS_PER_S;
    return pub_run(s, out);
}

static double total_s(const struct mig_result *r)
{
    return (double)r->total_ns / (double)NS_PER_S;
}

static const struct row *row_of(const struct row *rows, size_t nr, double pages)
{
    for (size_t i = 0; i < nr; i++)
        if (rows[i].pages == pages)
            return &rows[i];
    return 0;
}

/* Move @value between @lo and @hi until the row takes as long as it did; the time grows with
 * @value, or falls if @lo > @hi. */
static bool fit_value(struct writer *w, double *value, double lo, double hi, const struct row *row)
{
    struct mig_result r;

    for (int i = 0; i < 40; i++) {
        *value = 0.5 * (lo + hi);
        if (!forecast(w, row->pages, &r))
            return false;
        *(total_s(&r) > row->total_s ? &hi : &lo) = *value;
    }
    return true;
}

static bool calibrate(const struct row *rows, size_t nr, struct writer *w)
{
    const struct row *slow = row_of(rows, nr, 100.0), *middle = row_of(rows, nr, 5000.0);

    *w = (struct writer){.before_s = 30.0};
    if (!slow || !middle)
        return false;
    for (int i = 0; i < 8; i++)
        if (!fit_value(w, &w->content_bytes, 0.0, 3.0 * (double)GIB, slow) ||
            !fit_value(w, &w->before_s, 0.0, 600.0, middle))
            return false;
    return true;
}

Test(published_edge, dirty_rate_sweep_meets_its_edge)
{
    struct row rows[32];
    size_t nr = read_rows(rows, 32);
    struct writer w;
    int right = 0, close = 0, finished = 0;

    cr_assert(calibrate(rows, nr, &w), "%zu rows", nr);
    for (size_t i = 0; i < nr; i++) {
        struct mig_result r;
        bool done;

        cr_assert(forecast(&w, rows[i].pages, &r));
        done = r.outcome == OUTCOME_COMPLETED;
        right += done == (rows[i].total_s > 0.0);
        finished += rows[i].total_s > 0.0;
        close += done && rows[i].total_s > 0.0 && fabs(total_s(&r) / rows[i].total_s - 1.0) <= 0.15;
    }
    /* 30000 pages finish and 35000 never do.  Out of reach are 30000 itself, 50 s here against 171,
     * and 500, which the set has slower than 1000 to 3000. */
    cr_expect_eq(right, (int)nr, "%d of %zu outcomes", right, nr);
    cr_expect_geq(close, finished - 2, "%d of %d within 15 %%", close, finished);
}
