/*
 * calibrate_scatter.c - how unevenly guests write, from what their syncs found.
 *
 * Rounds of like length of one case (a guest and its repeats) would find the same number of pages
 * if writing were even: dirty models, saturation and the pace of the sender give like rounds the
 * same mean.  What they differ by, beyond the chance of single pages, is scatter.  Round 1 is left
 * out: it is long, so its relative scatter is small and hidden by what repeats of a guest differ by
 * from the start.
 *
 * Leaves the law to sim/guest.c: over t seconds the variance is t x scatter^2.
 */
#include <math.h>
#include <stdlib.h>

#include "answers/accuracy/calibration.h"
#include "answers/accuracy/replay_observed.h"
#include "answers/accuracy/split.h"
#include "base/stats.h"
#include "base/units.h"

#define SHORTEST_S 0.09 /* shorter ones are re-tests of the same moment, or the blackout */
#define ALIKE 1.3       /* longest over shortest round of a group */
#define FEWEST_PAGES 64.0
#define MOST 1.0 /* that a scenario may say (dirty_scatter): all of a second's work */

enum {
    SYNCS_OF_ONE = 256 /* of a capture without end */
};

struct sync {
    size_t config, of; /* of = its case */
    double t_s, pages;
};

static int by_guest_and_length(const void *a, const void *b)
{
    const struct sync *x = a, *y = b;

    if (x->config != y->config)
        return x->config < y->config ? -1 : 1;
    if (x->of != y->of)
        return x->of < y->of ? -1 : 1;
    return (x->t_s > y->t_s) - (x->t_s < y->t_s);
}

/* Syncs of later rounds; throttled guests are uneven by the throttle's doing. */
static enum status take_syncs(const struct trace_facts *f, size_t config, size_t of,
                              struct sync *out, size_t *n)
{
    struct replay_observed o;
    size_t first = *n;
    enum status st;

    if (f->after.totals.max_throttle_pct > 0 || f->before.params.auto_converge)
        return ST_OK;
    st = replay_observe(&o, f, 0.0);
    for (uint32_t i = 2; st == ST_OK && i < o.sim.nr_syncs && *n - first < SYNCS_OF_ONE; i++) {
        double t_s = (double)(o.sync_ns[i] - o.sync_ns[i - 1]) / (double)NS_PER_S;

        if (t_s >= SHORTEST_S)
            out[(*n)++] = (struct sync){config, of, t_s, (double)o.dirty[i]};
    }
    replay_observed_release(&o);
    return st;
}

/* Sum of squares of @n like rounds, each relative and times its length; *@free: how many of them
 * are free to differ. */
static double scatter_of_group(const struct sync *s, size_t n, double *free)
{
    double t = 0.0, pages = 0.0, rate, sum = 0.0;

    for (size_t i = 0; i < n; i++) {
        t += s[i].t_s;
        pages += s[i].pages;
    }
    if (n < 2 || pages < FEWEST_PAGES * (double)n)
        return 0.0;
    rate = pages / t;
    for (size_t i = 0; i < n; i++) {
        double off = s[i].pages / (rate * s[i].t_s) - 1.0;

        sum += off * off * s[i].t_s;
    }
    *free += (double)(n - 1);
    /* single pages: of N written at random, N +- sqrt(N) */
    return sum - (double)(n - 1) / rate;
}

/* Squares of the guest whose @n syncs these are, by length: of what @free rounds differ by. */
static double scatter_of_case(const struct sync *s, size_t n, double *free)
{
    double sum = 0.0;
    size_t from = 0;

    for (size_t i = 1; i <= n; i++) {
        if (i < n && s[i].t_s <= ALIKE * s[from].t_s)
            continue;
        sum += scatter_of_group(s + from, i - from, free);
        from = i;
    }
    return sum;
}

/* The same of a configuration, as a standard deviation: its cases are guests of one kind.  < 0 =
 * its rounds do not tell. */
static double scatter_of_config(const struct sync *s, size_t n)
{
    double sum = 0.0, free = 0.0;
    size_t from = 0;

    for (size_t i = 1; i <= n; i++) {
        if (i < n && s[i].of == s[from].of)
            continue;
        sum += scatter_of_case(s + from, i - from, &free);
        from = i;
    }
    return free > 0.0 ? sqrt(fmax(sum / free, 0.0)) : -1.0;
}

/* Of the median configuration: one guest in phases, which dirty models know by themselves, must not
 * make all guests uneven.  @v has room for each sync. */
static void learn(struct costs_file_part *part, struct sync *s, size_t n, double *v)
{
    size_t k = 0, from = 0;

    qsort(s, n, sizeof(*s), by_guest_and_length);
    for (size_t i = 1; i <= n; i++) {
        if (i < n && s[i].config == s[from].config)
            continue;
        v[k] = scatter_of_config(s + from, i - from);
        k += v[k] >= 0.0 ? 1 : 0;
        from = i;
    }
    if (k > 0)
        part->costs.dirty_scatter_ratio = fmin(stats_quantile(v, k, 0.5), MOST);
}

enum status calibration_learn_scatter(struct costs_file *c, const struct trace_facts *facts,
                                      size_t nr, size_t skip)
{
    struct sync *s = malloc((nr * SYNCS_OF_ONE + 1) * sizeof(*s));
    double *v = malloc((nr * SYNCS_OF_ONE + 1) * sizeof(*v));
    struct split split = {0};
    enum status st = s && v ? split_init(&split, facts, nr) : ST_ENOMEM;

    for (int a = 0; a < ACCEL_NR && st == ST_OK; a++) {
        size_t n = 0;

        for (size_t i = 0; i < nr && st == ST_OK; i++) {
            if (calibration_accel(&facts[i]) == (enum accel)a &&
                !calibration_left_out(facts, i, skip))
                st = take_syncs(&facts[i], split.config_of[i], split.case_of[i], s, &n);
        }
        if (st == ST_OK && n > 0)
            learn(&c->part[a], s, n, v);
    }
    split_release(&split);
    free(s);
    free(v);
    return st;
}
