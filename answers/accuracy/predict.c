/*
 * predict.c - samples in, quantiles out.
 */
#include "answers/accuracy/predict.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answers/accuracy/bands.h"
#include "answers/setup.h"
#include "base/rng.h"
#include "base/stats.h"
#include "base/units.h"
#include "sim/sim.h"

/* Migratable RAM beside guest memory of the `pc` machine without a display: 520 KiB (reference
 * section 4). */
#define MACHINE_EXTRA_BYTES (520 * KIB)

void predict_setup_link(struct setup *s, const struct trace_facts *f,
                        const struct costs_file_part *part)
{
    s->costs[0] = s->costs[1] = part->costs;
    if (f->header.link.rate_bps) {
        s->link.rate_bps.a = (double)f->header.link.rate_bps;
        s->link.efficiency_ratio = PREDICT_TBF_EFFICIENCY;
    }
}

/* Sampled pages that say something. */
#define CONTENT_LEAST 256
#define CHANGED_LEAST 16

double predict_zero_writes(const struct trace_facts *f)
{
    const struct facts_content *c = &f->before.content;

    return c->changed >= CHANGED_LEAST ? (double)c->changed_zero / (double)c->changed : 0.0;
}

struct predict_memory predict_memory_of(const struct trace_facts *f,
                                        const struct costs_file_part *part)
{
    const struct host_costs_spread *s = &part->spread;
    struct predict_memory m = {.bytes = (double)f->header.memory_bytes};

    if (f->before.resident_bytes && f->before.content.resident >= CONTENT_LEAST) {
        double n = (double)f->before.content.resident;
        double zero = (double)f->before.content.zero / n;

        m.bytes = (double)f->before.resident_bytes * (1.0 - zero);
        /* of a binomial share; half a page more, for none seen is not none */
        m.less = m.more =
            (double)f->before.resident_bytes * sqrt((zero * (1.0 - zero) + 0.5 / n) / n);
    } else if (f->before.resident_bytes) {
        m.bytes = (double)f->before.resident_bytes - (double)s->resident_zero_bytes;
        m.less = (double)s->resident_zero_spread_bytes;
        m.more = (double)s->resident_zero_spread_below_bytes;
    } else if (f->before.rss_bytes) {
        m.bytes = (double)f->before.rss_bytes - (double)part->costs.rss_overhead_bytes;
        m.less = (double)s->rss_spread_bytes;
        m.more = (double)s->rss_spread_below_bytes;
    }
    m.bytes = fmin(fmax(m.bytes, (double)MIB), (double)f->header.memory_bytes);
    return m;
}

void predict_setup_vm(struct setup *s, uint32_t i, const struct trace_facts *f,
                      const struct costs_file_part *part)
{
    struct guest_params *g = &s->guests[i];
    struct scn_migration *m = &s->sc.migrations[i];

    g->memory_bytes = f->header.memory_bytes;
    g->extra_bytes = MACHINE_EXTRA_BYTES;
    g->vcpus = f->header.vcpus ? f->header.vcpus : 1;
    g->nonzero_bytes = (uint64_t)predict_memory_of(f, part).bytes;
    g->zero_tail_ratio =
        1.0 - fmin((double)part->spread.tail_bytes / (double)g->nonzero_bytes, 1.0);
    g->dirty.compress_ratio = 1.0;
    g->dirty.cpu_need_ratio = 1.0;
    m->params = f->before.params;
    m->max_bandwidth_bytes_per_s.a = (double)m->params.max_bandwidth_bytes_per_s;
    m->max_bandwidth_bytes_per_s.kind = UNCERTAIN_FIXED;
    s->sc.requests[i].at_ns = f->header.link.start_ns > 0 ? f->header.link.start_ns : 0;
}

const char *predict_lacks(const struct trace_facts *f)
{
    if (f->header.memory_bytes == 0)
        return "the size of the guest's memory is not known: cannot predict";
    if (f->before.nr_dirty == 0)
        return "no dirty-rate measurement before `migrate`: cannot predict";
    return 0;
}

/* All runs of one capture. */
struct runs {
    struct mig_result *rows;
    size_t nr;
};

/* Host constants of one sample: within what single captures scattered. */
static void draw_costs(struct host_costs *c, const struct costs_file_part *part, struct rng *rng)
{
    double copy = exp(gsl_ran_gaussian(rng_gsl(rng), fmin(part->spread.copy_spread_ratio, 0.5)));

    *c = part->costs;
    c->copy_bytes_per_s = (uint64_t)((double)c->copy_bytes_per_s * copy);
    c->multifd_bytes_per_s = (uint64_t)((double)c->multifd_bytes_per_s * copy);
    c->final_copy_bytes_per_s = (uint64_t)((double)c->final_copy_bytes_per_s * copy);
    c->push_bytes_per_s = (uint64_t)((double)c->push_bytes_per_s * copy);
    c->window_slip_ns =
        (int64_t)fmax(0.0, (double)c->window_slip_ns +
                               gsl_ran_gaussian(rng_gsl(rng), (double)part->spread.slip_spread_ns));
    c->device_save_ns = (int64_t)fmax(
        0.0, (double)c->device_save_ns +
                 gsl_ran_gaussian(rng_gsl(rng), (double)part->spread.device_spread_ns));
}

/* @unusual, of a standard normal distribution: how far what is not sent is off, and which way. */
static void draw_resident(struct guest_params *g, const struct trace_facts *f,
                          const struct costs_file_part *part, double unusual)
{
    struct predict_memory m = predict_memory_of(f, part);

    m.bytes -= unusual * (unusual > 0.0 ? m.less : m.more);
    g->nonzero_bytes = (uint64_t)fmin(fmax(m.bytes, (double)MIB), (double)g->memory_bytes);
}

static void fit_to_memory(struct dirty_params *d, uint64_t nonzero)
{
    double limit = (double)(nonzero / PAGE_BYTES), total = 0.0;

    for (uint32_t k = 0; k < d->nr_classes; k++)
        total += d->classes[k].pages;
    for (uint32_t k = 0; total > limit && k < d->nr_classes; k++)
        d->classes[k].pages *= limit / total;
}

/* Who has not ended after so many full copies never converges (as in advise.c, with room for the
 * nine steps of auto-converge). */
#define HORIZON_COPIES 50.0
#define HORIZON_LEAST_NS (60 * NS_PER_S)
/* Samples that never converge cost a step for each of their rounds.  Once a forecast has cost this
 * many, a tenth of the samples has to do. */
#define STEPS_MAX 4000000
#define FEWEST_SAMPLES 40

/* Without a timeout a sample may never end: bound it by what its bytes take at the least speed. */
static int64_t horizon_of(const struct setup *s, size_t nr, const struct costs_file_part *part)
{
    double ns = (double)HORIZON_LEAST_NS, share = s->link.rate_bps.a / 8.0 / (double)nr;

    for (size_t i = 0; i < nr; i++) {
        double cap = s->sc.migrations[i].max_bandwidth_bytes_per_s.a;
        double speed =
            fmin(fmin(cap > 0.0 ? cap : INFINITY, share), (double)part->costs.copy_bytes_per_s);

        ns = fmax(ns, HORIZON_COPIES * (double)s->guests[i].nonzero_bytes / fmax(speed, 1.0) *
                              (double)NS_PER_S +
                          (double)(s->sc.requests[i].at_ns + HORIZON_LEAST_NS));
    }
    return ns < (double)s->sc.horizon_ns ? (int64_t)ns : s->sc.horizon_ns;
}

static enum status run_samples(const struct trace_facts *const *facts, size_t nr,
                               const struct predict_options *o, const struct fit *fits,
                               struct runs *runs)
{
    const struct costs_file_part *part = &o->calibration->part[calibration_accel(facts[0])];
    const struct sim_options watched = {.max_rounds = PREDICT_ROUNDS_MAX};
    struct setup *s = setup_new((uint32_t)nr);
    struct sim *sim = 0;
    enum status st = ST_ENOMEM;

    if (!s)
        return st;
    predict_setup_link(s, facts[0], part);
    for (size_t i = 0; i < nr; i++)
        predict_setup_vm(s, (uint32_t)i, facts[i], part);
    s->sc.horizon_ns = horizon_of(s, nr, part);
    sim = sim_new(&s->sc, o->each ? &watched : 0);
    if (!sim)
        goto out;
    for (uint32_t k = 0; k < fits[0].nr; k++) {
        double unusual = 0.0;
        uint32_t n;

        for (size_t i = 0; i < nr; i++) {
            struct rng rng;
            /* members of a group take different samples of theirs, so that they stay independent */
            size_t pick = (k * (2 * i + 1) + i * 97) % fits[i].nr;

            rng_stream(&rng, o->seed, "host", i, k);
            if (i == 0) {
                draw_costs(&s->costs[0], part, &rng);
                /* for all: members of a group differ by a quarter of what configurations do */
                unusual = gsl_ran_gaussian(rng_gsl(&rng), 1.0);
            }
            draw_resident(&s->guests[i], facts[i], part, unusual);
            s->guests[i].dirty = fits[i].samples[pick];
            if (o->cpu_need > 0.0)
                s->guests[i].dirty.cpu_need_ratio = o->cpu_need;
            s->guests[i].dirty.zero_write_ratio = predict_zero_writes(facts[i]);
            fit_to_memory(&s->guests[i].dirty, s->guests[i].nonzero_bytes);
        }
        sim_run(sim, k);
        for (size_t i = 0; i < nr; i++)
            runs[i].rows[runs[i].nr++] = sim_results(sim, &n)[i];
        for (size_t i = 0; i < nr && o->each; i++)
            o->each(o->each_ctx, i, &sim_results(sim, &n)[i], sim_rounds(sim, &n));
        if (k + 1 >= FEWEST_SAMPLES && sim_events(sim) > STEPS_MAX)
            break;
    }
    st = ST_OK;
out:
    sim_free(sim);
    setup_free(s);
    return st;
}

typedef double row_value(const struct mig_result *r);

static double row_total(const struct mig_result *r)
{
    return (double)r->total_ns;
}

static double row_downtime(const struct mig_result *r)
{
    return (double)r->downtime_ns;
}

static double row_bytes(const struct mig_result *r)
{
    return (double)r->transferred_bytes;
}

static double row_rounds(const struct mig_result *r)
{
    return (double)r->rounds;
}

static double row_throttle(const struct mig_result *r)
{
    return (double)r->max_throttle_pct;
}

static double row_setup(const struct mig_result *r)
{
    return (double)r->setup_ns;
}

/* The middle, and p5-p95, of one value over the runs that ended as @outcome. */
static double middle(const struct runs *runs, enum outcome outcome, row_value *value, double *v,
                     struct interval *in)
{
    size_t n = 0;

    for (size_t i = 0; i < runs->nr; i++) {
        if (runs->rows[i].outcome == outcome)
            v[n++] = value(&runs->rows[i]);
    }
    stats_sort(v, n);
    if (in)
        *in =
            (struct interval){stats_quantile_sorted(v, n, 0.05), stats_quantile_sorted(v, n, 0.95)};
    return stats_quantile_sorted(v, n, 0.5);
}

static const char *static_reason(enum outcome outcome)
{
    switch (outcome) {
    case OUTCOME_TIMEOUT:
        return "does not converge before its timeout";
    case OUTCOME_QUEUED:
        return "never converges";
    default:
        return 0;
    }
}

static void summarise(const struct runs *runs, double *v, struct prediction *out)
{
    struct mig_result *r = &out->result;
    enum outcome best = OUTCOME_COMPLETED;

    for (size_t i = 0; i < runs->nr; i++)
        out->share[runs->rows[i].outcome] += 1.0 / (double)runs->nr;
    for (int o = 0; o < OUTCOME_NR; o++)
        best = out->share[o] > out->share[best] ? (enum outcome)o : best;
    out->outcome_share = out->share[best];
    *r = (struct mig_result){.outcome = best,
                             .reason = static_reason(best),
                             .attempt = 1,
                             .downtime_ns = -1,
                             .blackout_ns = -1,
                             .network_outage_ns = -1};
    r->total_ns = (int64_t)middle(runs, best, row_total, v, &out->total_ns);
    r->setup_ns = (int64_t)middle(runs, best, row_setup, v, 0);
    r->transferred_bytes = (uint64_t)middle(runs, best, row_bytes, v, &out->transferred_bytes);
    r->rounds = (uint32_t)llround(middle(runs, best, row_rounds, v, &out->rounds));
    r->max_throttle_pct =
        (uint32_t)llround(middle(runs, best, row_throttle, v, &out->max_throttle_pct));
    if (best == OUTCOME_COMPLETED)
        r->downtime_ns = (int64_t)middle(runs, best, row_downtime, v, &out->downtime_ns);
    else
        out->downtime_ns = (struct interval){NAN, NAN};
}

static enum status fit_members(const struct trace_facts *const *facts, size_t nr,
                               const struct predict_options *o, struct fit *fits)
{
    const struct costs_file_part *part = &o->calibration->part[calibration_accel(facts[0])];
    enum status st = ST_OK;

    for (size_t i = 0; i < nr && st == ST_OK; i++) {
        struct fit_options fo = {
            .resident_bytes = predict_memory_of(facts[i], part).bytes,
            .guest_writes_per_s = part->costs.guest_writes_per_s,
            .cpu_need = part->spread.cpu_need_ratio,
            .cpu_need_spread = part->spread.cpu_need_spread_ratio,
            .write_period_ns = facts[i]->before.write_period_ns,
            .seed = o->seed,
            .nr_samples = o->samples ? o->samples : PREDICT_SAMPLES,
        };

        st = fit_before(&fits[i], &facts[i]->header, &facts[i]->before, &fo);
    }
    return st;
}

enum status predict_group(const struct trace_facts *const *facts, size_t nr,
                          const struct predict_options *o, struct prediction *out,
                          struct diag *diag)
{
    struct fit *fits = calloc(nr, sizeof(*fits));
    struct runs *runs = calloc(nr, sizeof(*runs));
    size_t samples = o->samples ? o->samples : PREDICT_SAMPLES;
    double *v = malloc(samples * sizeof(*v));
    enum status st = fits && runs && v ? ST_OK : ST_ENOMEM;

    for (size_t i = 0; i < nr && st == ST_OK; i++) {
        runs[i].rows = malloc(samples * sizeof(*runs[i].rows));
        st = runs[i].rows ? ST_OK : ST_ENOMEM;
    }
    if (st == ST_OK)
        st = fit_members(facts, nr, o, fits);
    if (st == ST_OK)
        st = run_samples(facts, nr, o, fits, runs);
    for (size_t i = 0; i < nr; i++) {
        if (st == ST_OK) {
            const struct costs_file_part *part = &o->calibration->part[calibration_accel(facts[i])];
            struct predict_memory memory = predict_memory_of(facts[i], part);

            out[i] = (struct prediction){.nr_measurements = (uint32_t)facts[i]->before.nr_dirty,
                                         .resident_bytes = memory.bytes,
                                         .resident_spread_bytes = fmax(memory.less, memory.more),
                                         .calibrated = part->spread.captures > 0};
            summarise(&runs[i], v, &out[i]);
            bands_widen(&out[i], part, facts[i]);
            out[i].result.vm = facts[i]->header.id;
            out[i].fit = fits[i];
            out[i].fit.samples = 0;
        }
        if (fits)
            fit_release(&fits[i]);
        if (runs)
            free(runs[i].rows);
    }
    free(fits);
    free(runs);
    free(v);
    return st == ST_OK ? st : diag_set(diag, st, "not enough memory for the forecast");
}

enum status predict_all(const struct trace_facts *facts, size_t nr, const struct predict_options *o,
                        struct prediction *out, struct diag *diag)
{
    const struct trace_facts **group = calloc(nr + 1, sizeof(*group));
    size_t *index = calloc(nr + 1, sizeof(*index));
    struct prediction *part = calloc(nr + 1, sizeof(*part));
    unsigned char *done = calloc(nr + 1, 1);
    enum status st =
        group && index && part && done ? ST_OK : diag_set(diag, ST_ENOMEM, "not enough memory");

    for (size_t i = 0; i < nr && st == ST_OK; i++) {
        const char *name = facts[i].header.link.group;
        size_t n = 0;

        if (done[i])
            continue;
        for (size_t j = i; j < nr; j++) {
            if (done[j] || (j != i && (!name[0] || strcmp(name, facts[j].header.link.group) != 0)))
                continue;
            group[n] = &facts[j];
            index[n++] = j;
            done[j] = 1;
        }
        st = predict_group(group, n, o, part, diag);
        for (size_t k = 0; k < n && st == ST_OK; k++)
            out[index[k]] = part[k];
    }
    free(group);
    free(index);
    free(part);
    free(done);
    return st;
}
