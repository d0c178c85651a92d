/*
 * test_queueing.c - waiting lines on the event queue, against their known answers.
 *
 * Each case compares with theory by a 99.9 % interval from batch means, and asks that the interval
 * be narrow, so that agreement says something.  Seeds are fixed: what passes, passes always. Source
 * of the formulas: L. Kleinrock, "Queueing Systems", volume 1, 1975, unless said otherwise.
 */
#include <criterion/criterion.h>
#include <gsl/gsl_cdf.h>
#include <math.h>

#include "support_queue.h"

enum {
    SEED = 20261
};

/* The interval holds @want and is narrower than @width (a ratio of @want) to either side. */
static void assert_agrees(const struct stats_moments *m, double want, double width,
                          const char *what)
{
    struct stats_interval ci = stats_mean_interval(m, 0.999);

    cr_assert_eq(m->count, LINE_BATCHES);
    cr_assert(ci.low <= want && want <= ci.high, "%s: %g, not in %g..%g", what, want, ci.low,
              ci.high);
    cr_assert((ci.high - ci.low) / 2 <= width * want, "%s: %g..%g is too wide for %g", what, ci.low,
              ci.high, want);
}

/* The share of arrivals that wait, M/M/c with @load = arrivals x service time (Erlang's C). */
static double erlang_c(uint32_t servers, double load)
{
    double b = 1; /* Erlang's B by its recursion */

    for (uint32_t n = 1; n <= servers; n++)
        b = load * b / (n + load * b);
    return servers * b / (servers - load * (1 - b));
}

/* Mean wait of M/D/c, service 1: sum over i of P(N >= ic) - c/load P(N > ic), N Poisson of mean i
 * load. Source: C. D. Crommelin, "Delay probability formulae", Post Office Electrical Engineers'
 * Journal 26, 1934. */
static double crommelin_wait(uint32_t servers, double load)
{
    double wait = 0;
    double term = 1;

    for (uint32_t i = 1; term > 1e-12; i++) {
        term = gsl_cdf_poisson_Q(i * servers - 1, i * load) -
               servers / load * gsl_cdf_poisson_Q(i * servers, i * load);
        wait += term;
    }
    return wait;
}

Test(queueing, formulas_agree_where_they_overlap)
{
    for (double load = 0.1; load < 0.95; load += 0.2) {
        cr_assert_float_eq(erlang_c(1, load), load, 1e-12);
        cr_assert_float_eq(crommelin_wait(1, load), load / (2 * (1 - load)), 1e-6);
    }
}

Test(queueing, mm1_waits_and_fills_as_theory_says)
{
    static const struct {
        double load;
        uint32_t batch_len;
        double width;
    } cases[] = {{0.3, 10000, 0.05}, {0.5, 10000, 0.05}, {0.8, 20000, 0.06}, {0.9, 40000, 0.10}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double load = cases[i].load;
        struct line_setup setup = {
            .arrivals_per_s = load, .servers = 1, .batch_len = cases[i].batch_len};
        struct line_result r;

        line_run(&r, &setup, SEED);
        assert_agrees(&r.wait_s, load / (1 - load), cases[i].width, "wait");
        assert_agrees(&r.sojourn_s, 1 / (1 - load), cases[i].width, "sojourn");
        assert_agrees(&r.present, load / (1 - load), cases[i].width, "present");
        cr_assert_eq(r.left.max, 0);
    }
}

/* Pollaczek-Khinchine: wait = load (1 + squared variation) / (2 (1 - load)). */
Test(queueing, mg1_waits_as_pollaczek_and_khinchine_say)
{
    static const struct {
        enum line_service service;
        double variation2;
        double load;
        double width;
    } cases[] = {
        {SERVICE_FIXED, 0, 0.5, 0.03},
        {SERVICE_FIXED, 0, 0.8, 0.06},
        {SERVICE_UNEVEN, 3, 0.5, 0.10},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double load = cases[i].load;
        struct line_setup setup = {
            .arrivals_per_s = load, .servers = 1, .service = cases[i].service, .batch_len = 8000};
        struct line_result r;

        line_run(&r, &setup, SEED + i);
        assert_agrees(&r.wait_s, load * (1 + cases[i].variation2) / (2 * (1 - load)),
                      cases[i].width, "wait");
    }
}

Test(queueing, mmc_waits_as_erlang_says)
{
    static const uint32_t servers[] = {2, 5, 20};

    for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
        uint32_t c = servers[i];
        double load = 0.8 * c;
        struct line_setup setup = {.arrivals_per_s = load, .servers = c, .batch_len = 15000};
        struct line_result r;

        line_run(&r, &setup, SEED + i);

        double wait = erlang_c(c, load) / (c - load);

        assert_agrees(&r.wait_s, wait, 0.15, "wait");
        assert_agrees(&r.present, load + load * wait, 0.07, "present");
    }
}

/* Fixed services of equal length: many events at exactly the same distance. */
Test(queueing, mdc_waits_as_crommelin_says)
{
    static const uint32_t servers[] = {2, 5, 20};

    for (size_t i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
        uint32_t c = servers[i];
        double load = 0.8 * c;
        struct line_setup setup = {
            .arrivals_per_s = load, .servers = c, .service = SERVICE_FIXED, .batch_len = 12000};
        struct line_result r;

        line_run(&r, &setup, SEED + i);
        assert_agrees(&r.wait_s, crommelin_wait(c, load), 0.1, "wait");
    }
}

/* Number present and share lost of M/M/c with patience (Erlang's A), by its birth and death rates.
 */
static void erlang_a(uint32_t servers, double load, double patience_s, double *present,
                     double *left)
{
    double p = 1, sum = 0, mean = 0, leaving = 0;

    for (uint32_t n = 0; n < 500; n++) {
        double waiting = n > servers ? n - servers : 0;

        sum += p;
        mean += p * n;
        leaving += p * waiting / patience_s;
        p *= load / (fmin(n + 1, servers) + fmax(0, (double)n + 1 - servers) / patience_s);
    }
    *present = mean / sum;
    *left = leaving / sum / load;
}

/* Cancels: whoever is served no longer leaves. */
Test(queueing, impatient_customers_leave_as_theory_says)
{
    static const struct {
        uint32_t servers;
        double load;
        double patience_s;
    } cases[] = {{1, 0.9, 1}, {3, 4, 2}, {10, 9.5, 5}};

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double present, left;
        struct line_setup setup = {.arrivals_per_s = cases[i].load,
                                   .servers = cases[i].servers,
                                   .patience_s = cases[i].patience_s,
                                   .batch_len = 10000};
        struct line_result r;

        erlang_a(cases[i].servers, cases[i].load, cases[i].patience_s, &present, &left);
        line_run(&r, &setup, SEED + i);
        assert_agrees(&r.present, present, 0.04, "present");
        assert_agrees(&r.left, left, 0.08, "left");
    }
}

/* Moves: with a shared server the mean sojourn is 1 / (1 - load), whatever the distribution. */
Test(queueing, shared_server_keeps_all_equally_long_whatever_the_service)
{
    static const enum line_service services[] = {SERVICE_EXPONENTIAL, SERVICE_FIXED,
                                                 SERVICE_UNEVEN};

    for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
        double load = 0.7;
        struct line_setup setup = {
            .arrivals_per_s = load, .servers = 0, .service = services[i], .batch_len = 10000};
        struct line_result r;

        line_run(&r, &setup, SEED + i);
        assert_agrees(&r.sojourn_s, 1 / (1 - load), 0.08, "sojourn");
        assert_agrees(&r.present, load / (1 - load), 0.08, "present");
    }
}

/* The same seed gives the same bits; another does not. */
Test(queueing, a_run_is_fixed_by_its_seed)
{
    struct line_setup setup = {.arrivals_per_s = 2, .servers = 3, .patience_s = 4, .batch_len = 50};
    struct line_result a, b, c;

    line_run(&a, &setup, SEED);
    line_run(&b, &setup, SEED);
    line_run(&c, &setup, SEED + 1);
    cr_assert(a.wait_s.mean == b.wait_s.mean && a.present.mean == b.present.mean);
    cr_assert(a.wait_s.mean != c.wait_s.mean);
}
