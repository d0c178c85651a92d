/*
 * fit_refine.c - what is left to say when hardly any proposal fits the windows.
 *
 * The more a profile tells of a guest that comes and goes, the fewer of the writers drawn from wide
 * priors do so at the right moments; in the end all samples are copies of one.  So the windows are
 * brought in little by little.  At first they count with a power of their likelihood that leaves
 * enough proposals in play, then with higher ones up to the full; each time the writers are drawn
 * anew by weight and then moved about, a move kept or not by the rule of Metropolis, so that they
 * stay distributed as prior x likelihood to that power.
 * Source: Del Moral, Doucet, Jasra, "Sequential Monte Carlo samplers", J. R. Statist. Soc. B 68
 * (2006), section 2.3.1; the moves are Metropolis's random walk.
 *
 * Leaves priors and windows to fit.c.  Invariant: every writer stays inside the bounds of its
 * family's priors, which are flat in the logarithms that the moves walk in.
 */
#include <assert.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tracer/fit_int.h"

enum {
    WRITERS = 1000,
    MOVES = 20 /* of each, at each power */
};

#define LEAST_POWER_STEP 1e-3 /* ends at last, whatever the windows */
#define LONGEST_STEP 0.6      /* in logarithms */
#define SHORTEST_STEP 0.005
#define LEAST_PAGES 1.0

double fit_effective(const double *lw, size_t nr)
{
    double top = -INFINITY, sum = 0.0, squares = 0.0;

    for (size_t i = 0; i < nr; i++)
        top = fmax(top, lw[i]);
    for (size_t i = 0; i < nr; i++) {
        double w = exp(lw[i] - top);

        sum += w;
        squares += w * w;
    }
    return nr > 0 ? sum * sum / squares : 0.0;
}

void fit_pick(const double *lw, size_t nr, struct rng *rng, size_t *pick, size_t nr_out)
{
    double top = -INFINITY, total = 0.0, at, step, sum = 0.0;
    size_t k = 0;

    assert(nr > 0);
    for (size_t i = 0; i < nr; i++)
        top = fmax(top, lw[i]);
    for (size_t i = 0; i < nr; i++)
        total += exp(lw[i] - top);
    step = total / (double)nr_out;
    at = step * rng_uniform(rng);
    for (size_t i = 0; i < nr && k < nr_out; i++) {
        sum += exp(lw[i] - top);
        while (k < nr_out && at < sum) {
            pick[k++] = i;
            at += step;
        }
    }
    while (k < nr_out) { /* the sum may be a rounding error short */
        pick[k] = k > 0 ? pick[k - 1] : nr - 1;
        k++;
    }
}

/* Weights of writers if the windows counted with a power that is @more above the one that @base
 * (NULL = equal weights) is for. */
static void weigh(const struct fit_proposal *p, size_t nr, const double *base, double more,
                  double *lw)
{
    for (size_t i = 0; i < nr; i++)
        lw[i] = (base ? base[i] : 0.0) + more * p[i].log_likelihood;
}

/* How much higher the power may be, at most @room, with @keep writers still in play; weights for
 * it. */
static double climb(const struct fit_proposal *p, size_t nr, const double *base, double room,
                    double keep, double *lw)
{
    double low = 0.0, high = room;

    weigh(p, nr, base, room, lw);
    if (fit_effective(lw, nr) >= keep)
        return room;
    for (int i = 0; i < 30; i++) {
        double mid = 0.5 * (low + high);

        weigh(p, nr, base, mid, lw);
        if (fit_effective(lw, nr) >= keep)
            low = mid;
        else
            high = mid;
    }
    low = fmin(fmax(low, LEAST_POWER_STEP), room);
    weigh(p, nr, base, low, lw);
    return low;
}

static bool inside(double value, const struct fit_range *r)
{
    return value >= r->low && value <= r->high;
}

static bool allowed(const struct fit_proposal *p, const struct fit_target *t)
{
    const struct dirty_params *d = &p->dirty;
    const struct fit_prior *prior = &fit_priors[p->family];

    if (d->classes[0].pages < LEAST_PAGES || d->classes[0].pages > t->resident_pages ||
        !inside(d->classes[0].writes_per_s / d->classes[0].pages, &prior->per_page))
        return false;
    return d->off_ns <= 0 || (inside((double)d->on_ns * 1e-9, &prior->on_s) &&
                              inside((double)d->off_ns * 1e-9, &prior->off_s));
}

/* Half of the directions stay as they are. */
static double stride(double size, struct rng *rng)
{
    return rng_uniform(rng) < 0.5 ? size * gsl_ran_ugaussian(rng_gsl(rng)) : 0.0;
}

/* What is tried: a writer, and by how much the move spreads the logarithms that it walks in. */
struct step {
    struct fit_proposal p;
    double log_spread;
};

/*
 * Lengths of the phases, and where in them the migration starts; returns the change of on.  Every
 * other time the cycle stays as long as it was: windows that lie many cycles apart agree on that,
 * however unsure they are of its parts.
 */
static double step_phases(struct step *s, double size, struct rng *rng)
{
    struct dirty_params *d = &s->p.dirty;
    double on = stride(size, rng), off = stride(size, rng), was = (double)d->off_ns;
    double before = (double)(d->on_ns + d->off_ns), cycle, at;

    d->on_ns = (int64_t)((double)d->on_ns * exp(on));
    if (rng_uniform(rng) < 0.5) {
        d->off_ns = (int64_t)(before - (double)d->on_ns);
        if (d->off_ns <= 0) {
            d->off_ns = 1; /* below all bounds */
            return on;
        }
        s->log_spread += log(was / (double)d->off_ns);
    } else {
        d->off_ns = (int64_t)(was * exp(off));
    }
    cycle = (double)(d->on_ns + d->off_ns);
    at = (double)d->phase_ns / before + 0.5 * stride(size, rng);
    d->phase_ns = (int64_t)((at - floor(at)) * cycle);
    return on;
}

/* A step of about @size in the set, its speed and its phases. */
static void step_away(struct step *s, double size, struct rng *rng)
{
    struct dirty_params *d = &s->p.dirty;
    double set = stride(size, rng), speed = stride(size, rng);

    s->log_spread = 0.0;
    if (d->off_ns > 0) {
        double on = step_phases(s, size, rng);

        /* or as many writes in a longer or shorter time */
        speed -= rng_uniform(rng) < 0.5 ? on : 0.0;
    }
    d->classes[0].pages *= exp(set);
    for (uint32_t k = 0; k < d->nr_classes; k++)
        d->classes[k].writes_per_s *= exp(set + speed);
    d->write_bytes_per_s *= exp(set + speed);
}

static void move(struct fit_proposal *p, double power, const struct fit_target *t, struct rng *rng)
{
    for (int i = 0; i < MOVES; i++) {
        struct step s = {.p = *p};

        /* long steps and short ones: how narrow the posterior is differs by guest and power */
        step_away(&s, LONGEST_STEP * pow(SHORTEST_STEP / LONGEST_STEP, rng_uniform(rng)), rng);
        if (!allowed(&s.p, t))
            continue;
        s.p.log_likelihood = fit_log_likelihood(&s.p.dirty, t);
        if (log(rng_uniform(rng)) < power * (s.p.log_likelihood - p->log_likelihood) + s.log_spread)
            *p = s.p;
    }
}

/* @nr writers of weights @lw become WRITERS equally likely ones in @to, and are moved. */
static void renew(const struct fit_proposal *p, size_t nr, const double *lw, double power,
                  const struct fit_target *t, struct rng *rng, struct fit_proposal *to)
{
    size_t pick[WRITERS];

    fit_pick(lw, nr, rng, pick, WRITERS);
    for (size_t i = 0; i < WRITERS; i++) {
        to[i] = p[pick[i]];
        move(&to[i], power, t, rng);
    }
}

enum status fit_refine(const struct fit_proposal *p, size_t nr, const struct fit_target *target,
                       double effective, struct rng *rng, struct fit_proposal *out, size_t nr_out)
{
    size_t most = nr > WRITERS ? nr : WRITERS;
    struct fit_proposal *now = malloc(WRITERS * sizeof(*now)),
                        *next = malloc(WRITERS * sizeof(*next)), *swap;
    double *lw = malloc(most * sizeof(*lw)), *base = malloc(most * sizeof(*base)), power;
    enum status st = now && next && lw && base ? ST_OK : ST_ENOMEM;

    assert(nr > 0);
    if (st != ST_OK)
        goto out;
    for (size_t i = 0; i < nr; i++)
        base[i] = p[i].log_weight - p[i].log_likelihood;
    power = climb(p, nr, base, 1.0, effective, lw);
    renew(p, nr, lw, power, target, rng, now);
    while (power < 1.0) {
        double more = climb(now, WRITERS, NULL, 1.0 - power, 0.5 * WRITERS, lw);

        power = more >= 1.0 - power ? 1.0 : power + more;
        renew(now, WRITERS, lw, power, target, rng, next);
        swap = now;
        now = next;
        next = swap;
    }
    for (size_t i = 0; i < nr_out; i++)
        out[i] = now[i * WRITERS / nr_out];
out:
    free(now);
    free(next);
    free(lw);
    free(base);
    return st;
}
