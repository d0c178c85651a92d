/*
 * fit.c - importance sampling of dirty models.
 *
 * Each proposal draws a family's shape (rates per page, split, phases); the scale, in which
 * everything is linear, is drawn around its least-squares value, and the proposal's weight is prior
 * x likelihood / density.  A guest that comes and goes does so at moments of its own, and few draws
 * hit them: where too few proposals count, many more phases are drawn, and those that no writer
 * could fit to the windows are dropped before anything else is asked of them; where that is too few
 * still, fit_refine.c goes on from there.
 */
#include "tracer/fit_int.h"

#include <assert.h>
#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/stats.h"
#include "base/units.h"
#include "models/dirty.h"

enum {
    PROPOSALS = 12000,     /* per family */
    WINDOWS_MAX = 16,      /* measurements used: the last ones */
    EFFECTIVE_LEAST = 100, /* fewer effective proposals make samples copies of one another */
    MORE_PHASES = 400000,  /* draws of each family in that case: of one with phases, */
    MORE = 120000,         /* of another */
    CROWD = 4000,          /* writers of a family with phases, if those do not do either */
    PROPOSALS_MAX = 100000 /* kept */
};

/* Most writers are random over some set; none is ruled out.  Bursts come from a writer that works
 * rarely, and then hard. */
const struct fit_prior fit_priors[FIT_NR] = {
    [FIT_RANDOM] = {.share = 0.37, .per_page = {0.002, 30.0}},
    [FIT_HOTCOLD] = {.share = 0.23, .per_page = {0.002, 30.0}},
    [FIT_SEQUENTIAL] = {.share = 0.10, .per_page = {0.005, 5.0}},
    [FIT_PHASED] = {.share = 0.20,
                    .per_page = {0.002, 30.0},
                    .on_s = {0.3, 60.0},
                    .off_s = {0.3, 20.0}},
    [FIT_BURSTS] = {.share = 0.10,
                    .per_page = {0.05, 30.0},
                    .on_s = {0.05, 2.0},
                    .off_s = {0.5, 20.0}},
};

#define COLD_LEAST_PAGES 1024.0 /* smallest cold part: 4 MiB */
#define SLICE_NS 10e6           /* QEMU's run slice between two throttle sleeps */
#define CPU_BOUND_SHARE 0.15    /* of writers */
#define SCREEN_SIGMAS 5.0       /* phases that miss a window by more need not be looked at */
#define MISFIT (-10.0)          /* log-likelihood of a window that speaks against a writer */
#define SHARE_LEAST 0.02        /* of the weight, for a family to be drawn again */
#define NEGLIGIBLE 30.0 /* proposals this far below the heaviest, in logarithms, are dropped */

const char *fit_family_name(enum fit_family family)
{
    static const char *const names[FIT_NR] = {"random", "hot and cold", "sequential", "in phases",
                                              "bursts"};

    assert((unsigned)family < FIT_NR);
    return names[family];
}

static double log_uniform(struct rng *rng, double low, double high)
{
    return low * pow(high / low, rng_uniform(rng));
}

static double draw_from(const struct fit_range *range, struct rng *rng)
{
    return log_uniform(rng, range->low, range->high);
}

static void add_class(struct dirty_params *d, double pages, double writes, bool sequential)
{
    d->classes[d->nr_classes++] =
        (struct dirty_class){.pages = pages, .writes_per_s = writes, .sequential = sequential};
}

/* A shape: classes whose sizes are in units of a first class of one page. */
static void draw_shape(struct dirty_params *d, enum fit_family family, double resident_pages,
                       struct rng *rng)
{
    const struct fit_prior *prior = &fit_priors[family];
    double per_page = draw_from(&prior->per_page, rng);

    *d = (struct dirty_params){.kind = DIRTY_CLASSES, .compress_ratio = 1.0};
    add_class(d, 1.0, per_page, family == FIT_SEQUENTIAL);
    if (family == FIT_HOTCOLD) {
        /* all of resident memory at most, for the set that is written need not be all of it */
        double split = rng_uniform(rng);
        double cold = log_uniform(rng, fmin(COLD_LEAST_PAGES, resident_pages), resident_pages);

        add_class(d, cold, per_page * log_uniform(rng, 0.01, 1.0) * (0.2 + 0.8 * split), false);
    } else if (family == FIT_SEQUENTIAL) {
        /* where the writer is when the migration starts cannot be seen */
        d->phase_ns = (int64_t)(rng_uniform(rng) * 1e9 / d->classes[0].writes_per_s);
    }
    if (prior->off_s.high > 0.0) {
        double on = draw_from(&prior->on_s, rng), off = draw_from(&prior->off_s, rng);

        d->on_ns = (int64_t)(on * 1e9);
        d->off_ns = (int64_t)(off * 1e9);
        d->phase_ns = (int64_t)(rng_uniform(rng) * (on + off) * 1e9);
    }
}

/* Seconds of a window before the migration in which the writer wrote. */
static double writing_time(const struct dirty_params *d, const struct fit_window *w)
{
    struct dirty_model m = {.on_ns = d->on_ns, .off_ns = d->off_ns, .phase_ns = d->phase_ns};
    int64_t cycle = d->on_ns + d->off_ns, from = (int64_t)(w->from_s * 1e9), shift;

    if (d->off_ns <= 0)
        return w->to_s - w->from_s;
    shift = (-from / cycle + 1) * cycle;
    return dirty_wanted(&m, from + shift, (int64_t)(w->to_s * 1e9) + shift);
}

/*
 * Could a writer with these phases have dirtied what the windows say, whatever its set and speed?
 * Distinct pages grow with the time written in, but no faster than it: a window with more of it has
 * seen no fewer pages, and no more in proportion.
 */
static bool phases_could_fit(const struct dirty_params *d, const struct fit_window *w, size_t nr)
{
    double tau[WINDOWS_MAX], low[WINDOWS_MAX], high[WINDOWS_MAX];

    for (size_t i = 0; i < nr; i++) {
        double room = w[i].sampled ? w[i].sigma : fit_window_slack(w[i].high);

        tau[i] = writing_time(d, &w[i]);
        low[i] = (w[i].sampled ? w[i].mid : w[i].low) - SCREEN_SIGMAS * room;
        high[i] = (w[i].sampled ? w[i].mid : w[i].high) + SCREEN_SIGMAS * room;
        if (tau[i] <= 0.0 && low[i] > 0.0)
            return false;
    }
    for (size_t i = 0; i < nr; i++) {
        for (size_t j = 0; j < nr; j++) {
            if (tau[i] <= tau[j] && (low[i] > high[j] || high[i] * tau[j] < low[j] * tau[i]))
                return false;
        }
    }
    return true;
}

/* Distinct MiB of a shape of scale 1 in a window before the migration. */
static double shape_mib(const struct dirty_params *d, const struct fit_window *w, double scale)
{
    double tau = writing_time(d, w), pages = 0.0;

    for (uint32_t k = 0; k < d->nr_classes; k++) {
        const struct dirty_class *c = &d->classes[k];
        /* the second class of a hot-and-cold shape has its size already: only its writes scale */
        double n = k == 0 ? c->pages * scale : c->pages;
        double writes = c->writes_per_s * scale * tau;

        pages += c->sequential ? fmin(n, writes) : -n * expm1(-writes / n);
    }
    return pages * (double)PAGE_BYTES / (double)MIB;
}

/* Least squares of scale x unit = mid, and how sharp it is; a few rounds for the class that is not
 * linear. */
static bool fit_scale(const struct dirty_params *d, const struct fit_window *w, size_t nr,
                      double guess, double *scale, double *sigma)
{
    double s = guess;

    for (int i = 0; i < 3; i++) {
        double up = 0.0, down = 0.0;

        for (size_t j = 0; j < nr; j++) {
            double unit = shape_mib(d, &w[j], s) / s;
            double var = w[j].sigma * w[j].sigma + 0.05;

            up += unit * w[j].mid / var;
            down += unit * unit / var;
        }
        if (down <= 0.0 || up <= 0.0)
            return false;
        s = up / down;
        *sigma = 1.0 / sqrt(down);
    }
    *scale = s;
    return isfinite(s) && s > 0.0;
}

/*
 * The writer's share of a vCPU.  A paced writer that drops what it cannot do keeps (1 - p)(1 + T /
 * slice) of its speed under a throttle of p, T its own period, because each sleep costs it all
 * ticks but one: as if it needed 1 / (1 + T / slice).  If T was not seen, captures of other
 * throttled guests count; without those T is taken to be around 5 ms.
 */
static double draw_cpu_need(struct rng *rng, double writes, const struct fit_options *o)
{
    double u = rng_uniform(rng), period_ns = 5e6 * exp(gsl_ran_gaussian(rng_gsl(rng), 0.35));

    if (o->write_period_ns > 0)
        return 1.0 / (1.0 + (double)o->write_period_ns / SLICE_NS);
    if (u < CPU_BOUND_SHARE ||
        (o->guest_writes_per_s && writes > 0.7 * (double)o->guest_writes_per_s))
        return 1.0;
    if (o->cpu_need > 0.0)
        return fmin(
            fmax(o->cpu_need + gsl_ran_gaussian(rng_gsl(rng), fmax(o->cpu_need_spread, 0.03)),
                 0.05),
            1.0);
    return 1.0 / (1.0 + period_ns / SLICE_NS);
}

double fit_log_likelihood(const struct dirty_params *dirty, const struct fit_target *t)
{
    double sum = 0.0;

    for (size_t i = 0; i < t->nr_windows; i++)
        sum += fit_window_log_likelihood(&t->windows[i], shape_mib(dirty, &t->windows[i], 1.0));
    return sum;
}

static void apply_scale(struct dirty_params *d, double scale)
{
    for (uint32_t k = 0; k < d->nr_classes; k++) {
        d->classes[k].writes_per_s *= scale;
        if (k == 0)
            d->classes[k].pages = fmax(d->classes[k].pages * scale, 1.0);
        d->write_bytes_per_s += d->classes[k].writes_per_s * (double)PAGE_BYTES;
    }
}

static bool propose(struct fit_proposal *p, enum fit_family family, const struct fit_target *t,
                    const struct fit_options *o, bool screened, struct rng *rng)
{
    const struct fit_window *w = t->windows;
    size_t nr = t->nr_windows;
    double scale = 0.0, sigma = 0.0, x, lw = log(fit_priors[family].share);

    p->family = family;
    draw_shape(&p->dirty, family, t->resident_pages, rng);
    if (screened && p->dirty.off_ns > 0 && !phases_could_fit(&p->dirty, w, nr))
        return false;
    if (nr == 0) {
        scale = log_uniform(rng, 16.0, t->resident_pages);
        x = scale;
    } else {
        if (!fit_scale(&p->dirty, w, nr, 1000.0, &scale, &sigma))
            return false;
        x = scale + gsl_ran_gaussian(rng_gsl(rng), 1.3 * sigma);
        if (x <= 0.0)
            return false;
        /* prior of the scale: log-uniform, density 1/x */
        lw += -log(x) - log(gsl_ran_gaussian_pdf(x - scale, 1.3 * sigma));
    }
    if (x > t->resident_pages)
        return false;
    apply_scale(&p->dirty, x);
    p->log_likelihood = fit_log_likelihood(&p->dirty, t);
    p->dirty.cpu_need_ratio =
        draw_cpu_need(rng, p->dirty.write_bytes_per_s / (double)PAGE_BYTES, o);
    p->dirty.change_ratio = log_uniform(rng, 1.0 / 4096.0, 0.5);
    p->log_weight = lw + p->log_likelihood;
    return true;
}

/* All proposals of a fit that count. */
struct proposals {
    const struct fit_target *target;
    const struct fit_options *options;

    struct fit_proposal *p;
    size_t nr;
    double heaviest; /* log_weight */
    double best;     /* log_likelihood */
};

/* Draw @draws writers of a family, as long as there is room; each counts as one of so many. */
static void draw_family(struct proposals *all, enum fit_family family, size_t draws,
                        struct rng *rng)
{
    for (size_t i = 0; i < draws && all->nr < PROPOSALS_MAX; i++) {
        struct fit_proposal *p = &all->p[all->nr];

        if (!propose(p, family, all->target, all->options, true, rng))
            continue;
        p->log_weight -= log((double)draws);
        if (p->log_weight < all->heaviest - NEGLIGIBLE)
            continue;
        all->heaviest = fmax(all->heaviest, p->log_weight);
        all->best = fmax(all->best, p->log_likelihood);
        all->nr++;
    }
}

static void drop_family(struct proposals *all, enum fit_family family)
{
    size_t kept = 0;

    all->heaviest = all->best = -INFINITY;
    for (size_t i = 0; i < all->nr; i++) {
        if (all->p[i].family == family)
            continue;
        all->heaviest = fmax(all->heaviest, all->p[i].log_weight);
        all->best = fmax(all->best, all->p[i].log_likelihood);
        all->p[kept++] = all->p[i];
    }
    all->nr = kept;
}

/* Each family's share of the weight. */
static void share_weight(const struct proposals *all, double share[FIT_NR])
{
    double total = 0.0;

    memset(share, 0, FIT_NR * sizeof(*share));
    for (size_t i = 0; i < all->nr; i++) {
        double w = exp(all->p[i].log_weight - all->heaviest);

        total += w;
        share[all->p[i].family] += w;
    }
    for (int f = 0; f < FIT_NR && total > 0.0; f++)
        share[f] /= total;
}

/* The same of equally likely writers. */
static void share_count(const struct fit_proposal *p, size_t nr, double share[FIT_NR])
{
    memset(share, 0, FIT_NR * sizeof(*share));
    for (size_t i = 0; i < nr; i++)
        share[p[i].family] += 1.0 / (double)nr;
}

static double count(const struct proposals *all, double *lw)
{
    for (size_t i = 0; i < all->nr; i++)
        lw[i] = all->p[i].log_weight;
    return fit_effective(lw, all->nr);
}

/* The families that matter again, and many more of them.  Phases may have been missed altogether,
 * and then no writer fits. */
static void draw_more(struct proposals *all, const double share[FIT_NR], struct rng *rng)
{
    bool nothing_fits = all->nr == 0 || all->best < MISFIT * (double)all->target->nr_windows;

    for (int f = 0; f < FIT_NR; f++) {
        bool phases = f == FIT_PHASED || f == FIT_BURSTS;

        if (share[f] < SHARE_LEAST && !(phases && nothing_fits))
            continue;
        drop_family(all, (enum fit_family)f);
        draw_family(all, (enum fit_family)f, phases ? MORE_PHASES : MORE, rng);
    }
}

/*
 * Phases that even so many draws have missed: a crowd of writers that need not fit, for
 * fit_refine() to move to where they do.
 */
static void draw_crowd(struct proposals *all, struct rng *rng)
{
    static const enum fit_family phased[] = {FIT_PHASED, FIT_BURSTS};

    for (size_t f = 0; f < 2; f++) {
        drop_family(all, phased[f]);
        for (size_t i = 0; i < CROWD && all->nr < PROPOSALS_MAX; i++) {
            struct fit_proposal *p = &all->p[all->nr];

            if (!propose(p, phased[f], all->target, all->options, false, rng))
                continue;
            p->log_weight -= log((double)CROWD);
            all->heaviest = fmax(all->heaviest, p->log_weight);
            all->nr++;
        }
    }
}

/* Equally likely samples; in no order, so that whoever takes only some of them takes some of each
 * family.  @lw: room for the weights of all. */
static enum status resample(struct fit *out, const struct proposals *all, double *lw,
                            struct rng *rng)
{
    struct fit_proposal *refined = malloc(out->nr * sizeof(*refined));
    size_t *pick = malloc(out->nr * sizeof(*pick));
    enum status st = refined && pick ? ST_OK : ST_ENOMEM;

    if (st == ST_OK) {
        share_weight(all, out->share);
        out->effective = count(all, lw);
        fit_pick(lw, all->nr, rng, pick, out->nr);
        for (size_t k = 0; k < out->nr; k++)
            refined[k] = all->p[pick[k]];
    }
    if (st == ST_OK && all->target->nr_windows > 0 && all->nr > 1 &&
        out->effective < EFFECTIVE_LEAST) {
        st = fit_refine(all->p, all->nr, all->target, EFFECTIVE_LEAST, rng, refined, out->nr);
        out->effective = EFFECTIVE_LEAST; /* as many as it began with */
        share_count(refined, out->nr, out->share);
    }
    for (size_t k = 0; st == ST_OK && k < out->nr; k++)
        out->samples[k] = refined[k].dirty;
    if (st == ST_OK)
        gsl_ran_shuffle(rng_gsl(rng), out->samples, out->nr, sizeof(*out->samples));
    free(refined);
    free(pick);
    return st;
}

static enum status summarise(struct fit *out)
{
    double *rate = malloc(out->nr * sizeof(*rate)), *set = malloc(out->nr * sizeof(*set));

    if (!rate || !set) {
        free(rate);
        free(set);
        return ST_ENOMEM;
    }
    for (size_t i = 0; i < out->nr; i++) {
        struct dirty_model m;

        dirty_compile(&m, &out->samples[i], 0.0, 0);
        rate[i] = dirty_distinct(&m, 1.0) * (double)PAGE_BYTES;
        set[i] = dirty_distinct(&m, 60.0) * (double)PAGE_BYTES;
    }
    stats_sort(rate, out->nr);
    stats_sort(set, out->nr);
    out->rate_low = stats_quantile_sorted(rate, out->nr, 0.05);
    out->rate_mid = stats_quantile_sorted(rate, out->nr, 0.5);
    out->rate_high = stats_quantile_sorted(rate, out->nr, 0.95);
    out->set_low = stats_quantile_sorted(set, out->nr, 0.05);
    out->set_mid = stats_quantile_sorted(set, out->nr, 0.5);
    out->set_high = stats_quantile_sorted(set, out->nr, 0.95);
    free(rate);
    free(set);
    return ST_OK;
}

/* What a window found dirty is resident, whatever was looked up. */
static double resident_pages(double bytes, const struct fit_window *w, size_t nr)
{
    double mib = bytes / (double)MIB;

    for (size_t i = 0; i < nr; i++)
        mib = fmax(mib, w[i].sampled ? w[i].mid - w[i].sigma : w[i].high);
    return fmax(mib * (double)MIB / (double)PAGE_BYTES, 256.0);
}

enum status fit_before(struct fit *out, const struct facts_header *header,
                       const struct facts_before *before, const struct fit_options *options)
{
    struct fit_window windows[WINDOWS_MAX];
    struct fit_target target = {.windows = windows};
    struct proposals all = {
        .target = &target, .options = options, .heaviest = -INFINITY, .best = -INFINITY};
    double *lw = malloc(PROPOSALS_MAX * sizeof(*lw));
    size_t first = before->nr_dirty > WINDOWS_MAX ? before->nr_dirty - WINDOWS_MAX : 0;
    struct rng rng;
    enum status st = ST_ENOMEM;

    *out = (struct fit){.nr = options->nr_samples};
    out->samples = malloc(options->nr_samples * sizeof(*out->samples));
    all.p = malloc(PROPOSALS_MAX * sizeof(*all.p));
    if (!lw || !all.p || !out->samples)
        goto out;
    for (size_t i = first; i < before->nr_dirty; i++)
        target.nr_windows += fit_window_read(&windows[target.nr_windows], header, &before->dirty[i],
                                             before->until_ns);
    target.resident_pages = resident_pages(options->resident_bytes, windows, target.nr_windows);
    rng_stream(&rng, options->seed, "fit", 0, 0);
    for (int f = 0; f < FIT_NR; f++)
        draw_family(&all, (enum fit_family)f, PROPOSALS, &rng);
    share_weight(&all, out->share);
    if (count(&all, lw) < EFFECTIVE_LEAST)
        draw_more(&all, out->share, &rng);
    if (count(&all, lw) < EFFECTIVE_LEAST)
        draw_crowd(&all, &rng);
    if (all.nr == 0) {
        /* nothing fits at all: an idle guest is the one thing left to say */
        all.p[all.nr++] = (struct fit_proposal){
            .dirty = {.kind = DIRTY_IDLE, .compress_ratio = 1.0, .cpu_need_ratio = 1.0},
            .family = FIT_RANDOM};
        all.heaviest = 0.0;
    }
    st = resample(out, &all, lw, &rng);
    if (st == ST_OK)
        st = summarise(out);
out:
    free(lw);
    free(all.p);
    if (st != ST_OK)
        fit_release(out);
    return st;
}

void fit_release(struct fit *fit)
{
    free(fit->samples);
    *fit = (struct fit){0};
}
