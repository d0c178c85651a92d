/*
 * test_postcopy.c - page requests against a Monte Carlo of touches and arrivals.
 */
#include "models/postcopy.h"

#include <criterion/criterion.h>
#include <gsl/gsl_randist.h>
#include <math.h>

#include "base/rng.h"
#include "base/units.h"

enum {
    PAGES = 200000
};

static void uniform(struct dirty_model *m, struct memory *mem, double pages, double writes)
{
    struct dirty_params p = {.kind = DIRTY_UNIFORM,
                             .working_set_bytes = (uint64_t)pages * PAGE_BYTES,
                             .write_bytes_per_s = writes * (double)PAGE_BYTES,
                             .cpu_need_ratio = 1.0};

    dirty_compile(m, &p, 0.0, 0);
    memory_init(mem, m, 1.0, 0.0);
}

/* Pages arrive evenly over the push; those touched before that are asked for. */
static double asked(struct rng *r, double per_page_per_s, double push_s)
{
    double n = 0.0;

    for (int i = 0; i < PAGES; i++)
        n += gsl_ran_exponential(rng_gsl(r), 1.0 / per_page_per_s) < push_s * rng_uniform(r) ? 1.0
                                                                                             : 0.0;
    return n;
}

Test(postcopy, requests_agree_with_monte_carlo)
{
    static const double rates[] = {1e-3, 0.03, 0.3, 1.0, 5.0, 50.0};
    struct rng r;

    rng_stream(&r, 20273, "postcopy", 0, 0);
    for (int i = 0; i < 6; i++) {
        struct postcopy_input in = {.missing_pages = PAGES,
                                    .push_ns = 2e9,
                                    .page_ns = 3e4,
                                    .fault_ns = 1e5,
                                    .host_page_pages = 1,
                                    .vcpus = 4};
        struct postcopy_stalls out;
        struct dirty_model m;
        struct memory mem;
        double want = asked(&r, rates[i], 2.0);

        uniform(&m, &mem, PAGES, rates[i] * PAGES);
        postcopy_estimate(&in, &m, &mem, &out);
        /* binomial: 4.5 standard deviations for six comparisons, well below one in 10^4 */
        cr_assert_float_eq(out.requests, want, 4.5 * sqrt(want + 1.0), "rate %g: %.0f, not %.0f",
                           rates[i], out.requests, want);
        cr_assert_float_eq(out.request_ns, 1.3e5, 1e-3);
        cr_assert_float_eq(out.stall_ns, fmin(out.requests * 1.3e5, 8e9), 1.0);
    }
}

Test(postcopy, stalls_are_bounded_and_shrink_with_preempt_and_huge_pages)
{
    struct postcopy_input in = {.missing_pages = PAGES,
                                .push_ns = 2e9,
                                .page_ns = 3e4,
                                .fault_ns = 1e5,
                                .queue_ns = 2e6,
                                .host_page_pages = 1,
                                .vcpus = 2};
    struct postcopy_stalls queued, preempt, huge, none;
    struct dirty_model m;
    struct memory mem;

    uniform(&m, &mem, PAGES, 500.0);
    postcopy_estimate(&in, &m, &mem, &queued);
    in.queue_ns = 0.0;
    postcopy_estimate(&in, &m, &mem, &preempt);
    cr_assert_lt(preempt.stall_ns, queued.stall_ns);
    in.host_page_pages = 512;
    postcopy_estimate(&in, &m, &mem, &huge);
    cr_assert_float_eq(huge.requests * 512, preempt.requests, 1e-6);
    in.missing_pages = 0;
    postcopy_estimate(&in, &m, &mem, &none);
    cr_assert_eq(none.requests, 0.0);
    uniform(&m, &mem, PAGES, 1e9);
    in.missing_pages = PAGES;
    in.host_page_pages = 1;
    postcopy_estimate(&in, &m, &mem, &queued);
    cr_assert_eq(queued.stall_ns, 4e9, "two vCPUs that stand all the time");
}
