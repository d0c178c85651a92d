/*
 * dirty.c - the table of writers, the clock of work, and the distinct-page formulas.
 */
#include "models/dirty.h"

#include <assert.h>
#include <math.h>

#include "base/num.h"
#include "base/units.h"

#define S_PER_NS 1e-9

static void compile_idle(const struct dirty_params *params, struct dirty_model *model)
{
    (void)params;
    (void)model;
}

static void compile_classes(const struct dirty_params *params, struct dirty_model *model)
{
    for (uint32_t i = 0; i < params->nr_classes; i++)
        dirty_add_class(model, params->classes[i].pages, params->classes[i].writes_per_s,
                        params->classes[i].sequential);
}

/* clang-format off */
static const struct dirty_ops table[DIRTY_KIND_NR] = {
    [DIRTY_IDLE]       = {"idle", "writes nothing", compile_idle},
    [DIRTY_UNIFORM]    = {"uniform", "every page of the working set equally likely", dirty_compile_uniform},
    [DIRTY_HOTCOLD]    = {"hotcold", "a share of the writes to a hot part, the rest anywhere", dirty_compile_hotcold},
    [DIRTY_ZIPF]       = {"zipf", "page of rank i with weight i^-exponent", dirty_compile_zipf},
    [DIRTY_SEQUENTIAL] = {"sequential", "in page order, wrapping", dirty_compile_sequential},
    [DIRTY_CURVE]      = {"curve", "measured distinct bytes against time", dirty_compile_curve},
    [DIRTY_SERIES]     = {"series", "write rate against time, as metrics give it", dirty_compile_series},
    [DIRTY_CLASSES]    = {"classes", "a mixture of page classes, as fits produce", compile_classes},
    [DIRTY_TRACE]      = {"trace", "distinct bytes a second against time, as captured", dirty_compile_trace},
};
/* clang-format on */

const char *const dirty_kind_names[DIRTY_KIND_NR + 1] = {
    "idle", "uniform", "hotcold", "zipf", "sequential", "curve", "series", "classes", "trace", 0};

const struct dirty_ops *dirty_ops(enum dirty_kind kind)
{
    assert((unsigned)kind < DIRTY_KIND_NR);
    return &table[kind];
}

void dirty_add_class(struct dirty_model *model, double pages, double writes_per_s, bool sequential)
{
    uint32_t k = model->nr;

    if (!(pages >= 1.0) || !(writes_per_s > 0.0) || k == DIRTY_CLASSES_MAX)
        return;
    model->pages[k] = pages;
    model->writes_per_s[k] = writes_per_s;
    model->page_writes_per_s[k] = writes_per_s / pages;
    model->sequential[k] = sequential;
    model->any_sequential |= sequential;
    model->total_pages += pages;
    model->total_writes_per_s += writes_per_s;
    model->nr++;
}

void dirty_compile(struct dirty_model *model, const struct dirty_params *params,
                   double guest_fault_ns, int64_t phase_ns)
{
    model->nr = 0;
    model->any_sequential = false;
    model->total_pages = 0.0;
    model->total_writes_per_s = 0.0;
    model->on_ns = params->on_ns;
    model->off_ns = params->off_ns;
    model->phase_ns = phase_ns > 0 ? phase_ns : 0;
    model->cpu_per_work = params->cpu_need_ratio;
    model->fault_s = guest_fault_ns * S_PER_NS;
    model->series = 0;
    model->nr_series = 0;
    model->series_mean = 0.0;
    model->head_ratio = 0.0;
    table[params->kind].compile(params, model);
    for (uint32_t k = 0; k < model->nr && model->head_ratio <= 0.0; k++) {
        if (model->sequential[k] && phase_ns > 0)
            model->head_ratio =
                fmod((double)phase_ns * S_PER_NS * model->writes_per_s[k] / model->pages[k], 1.0);
    }
}

double dirty_class_distinct(const struct dirty_model *model, uint32_t k, double tau)
{
    double n = model->pages[k];

    if (model->sequential[k])
        return num_min(n, model->writes_per_s[k] * tau);
    return n * dirty_share(model->page_writes_per_s[k] * tau);
}

double dirty_distinct(const struct dirty_model *model, double tau)
{
    double sum = 0.0;

    for (uint32_t k = 0; k < model->nr; k++)
        sum += dirty_class_distinct(model, k, tau);
    return sum;
}

double dirty_distinct_rate(const struct dirty_model *model, double tau)
{
    double sum = 0.0;

    for (uint32_t k = 0; k < model->nr; k++) {
        double n = model->pages[k], w = model->writes_per_s[k];

        if (model->sequential[k])
            sum += w * tau < n ? w : 0.0;
        else
            sum += w * exp(-model->page_writes_per_s[k] * tau);
    }
    return sum;
}

/* On-time in [0, t) of a cycle that starts on. */
static double on_before(const struct dirty_model *model, int64_t t)
{
    int64_t cycle = model->on_ns + model->off_ns;
    int64_t rest = t % cycle;

    return ((double)(t / cycle) * (double)model->on_ns +
            (double)(rest < model->on_ns ? rest : model->on_ns)) *
           S_PER_NS;
}

/* Seconds of mean-rate writing in [0, t); the last value lasts for ever. */
static double series_before(const struct dirty_model *model, int64_t t)
{
    double sum = 0.0;

    for (uint32_t i = 0; i < model->nr_series; i++) {
        int64_t from = model->series[i].t_ns;
        int64_t to = i + 1 < model->nr_series ? model->series[i + 1].t_ns : INT64_MAX;

        if (from < 0)
            from = 0;
        if (from >= t)
            break;
        sum += (double)((to < t ? to : t) - from) * S_PER_NS * model->series[i].value /
               model->series_mean;
    }
    return sum;
}

double dirty_wanted(const struct dirty_model *model, int64_t from_ns, int64_t to_ns)
{
    assert(from_ns <= to_ns);
    if (model->series && model->series_mean > 0.0)
        return series_before(model, to_ns) - series_before(model, from_ns);
    if (model->off_ns <= 0 || model->on_ns <= 0)
        return (double)(to_ns - from_ns) * S_PER_NS;
    return on_before(model, to_ns + model->phase_ns) - on_before(model, from_ns + model->phase_ns);
}

/* Distinct pages at one moment, and how they grow from there: @by[i] is derivative i + 1 over
 * (i + 1)!, as in a power series. */
struct growth {
    double pages;
    double by[4];
    bool bent; /* some sequential class was written all over before, and grows no more */
};

/* A random class gives them all from its one exponential; a sequential one grows straight on. */
static inline void distinct_growth(const struct dirty_model *m, double tau, struct growth *g)
{
    double pages = 0.0, first = 0.0, second = 0.0, third = 0.0, fourth = 0.0;
    bool bent = false;

    for (uint32_t k = 0; k < m->nr; k++) {
        double n = m->pages[k], w = m->writes_per_s[k], each = m->page_writes_per_s[k], share;

        if (m->sequential[k]) {
            bool all = w * tau >= n;

            pages += all ? n : w * tau;
            first += all ? 0.0 : w;
            bent |= all;
            continue;
        }
        share = dirty_share(each * tau);
        pages += n * share;
        w *= 1.0 - share;
        first += w;
        second -= w * each;
        third += w * each * each;
        fourth -= w * each * each * each;
    }
    *g = (struct growth){pages, {first, second / 2.0, third / 6.0, fourth / 24.0}, bent};
}

#define WORK_PRECISION 1e-9 /* of the work sought */

#define LITTLE 1.0   /* writes to each page, over which a few terms of the series of exp() do */
#define WRITTEN 25.0 /* ... after which next to none is clean */

/* Does each random class grow as its series at @work says, as far as @step from there?  One that is
 * all written at @work, and was not at the other end, does not: its series is zero. */
static inline bool series_reaches(const struct dirty_model *m, double work, double step)
{
    for (uint32_t k = 0; k < m->nr; k++) {
        double each = m->page_writes_per_s[k];

        if (!m->sequential[k] && each * fabs(step) > LITTLE && each * (work - fabs(step)) < WRITTEN)
            return false;
    }
    return true;
}

/* How much more work than @x makes the need of vCPU time smaller by @over: the power series of the
 * need around @x, turned round.  False when the series does not reach so far, or its last term,
 * each part of it taken without sign, is not small beside what is left of @x: then @step is as far
 * as the first two go, or the first alone. */
static inline bool work_less(const struct dirty_model *m, double tau, const struct growth *g,
                             double over, double x, double *step)
{
    double per = 1.0 / (m->cpu_per_work + m->fault_s * g->by[0]), part = m->fault_s * per;
    double a = part * g->by[1], b = part * g->by[2], c = part * g->by[3], y = -over * per;
    double last;

    if (!(a < 0.0)) { /* nothing bends: straight on */
        *step = y;
        return series_reaches(m, tau + x, y);
    }
    last = (5.0 * fabs(a * a * a) + 5.0 * fabs(a * b) + fabs(c)) * y * y * y * y;

    if (last > WORK_PRECISION * (x + y) || !series_reaches(m, tau + x, y)) {
        *step = a * y < 0.5 ? y - a * y * y : y; /* the second takes nearly all of the first back */
        return false;
    }
    *step = y * (1.0 + y * (-a + y * (2.0 * a * a - b + y * (5.0 * a * (b - a * a) - c))));
    return true;
}

/* Largest work in [0, hi] whose need is at most @cpu, where @before pages are distinct at @tau. The
 * need grows with work and bends down.  Near the most that could be, of which faults take a little,
 * the series there gives the root at once; farther off, and with a corner of a sequential class
 * near, steps between two bounds come closer first. */
static inline double work_for_cpu(const struct dirty_model *m, double tau, double before,
                                  double cpu, double hi)
{
    double lo = 0.0, x;

    if (m->cpu_per_work * hi > cpu)
        hi = cpu / m->cpu_per_work;
    if (m->fault_s <= 0.0)
        return hi;
    x = hi;
    for (int i = 0; i < 60 && hi - lo > WORK_PRECISION * hi; i++) {
        struct growth g;
        double over, step;

        distinct_growth(m, tau + x, &g);
        over = m->cpu_per_work * x + m->fault_s * (g.pages - before) - cpu;
        if (fabs(over) <= WORK_PRECISION * cpu || (i == 0 && over < 0.0))
            return x;
        if (over > 0.0)
            hi = x;
        else
            lo = x;
        if (work_less(m, tau, &g, over, x, &step) &&
            (!m->any_sequential || (over > 0.0 && !g.bent)))
            return num_min(num_max(x + step, lo), hi);
        if (x + step <= lo || x + step >= hi) /* Newton's */
            step = -over / (m->cpu_per_work + m->fault_s * g.by[0]);
        x = x + step > lo && x + step < hi ? x + step : 0.5 * (lo + hi);
    }
    return x;
}

/* How fast the distinct rate falls: -D''(tau); sequential classes have steps and count as flat. */
static double distinct_rate_fall(const struct dirty_model *m, double tau)
{
    double sum = 0.0;

    for (uint32_t k = 0; k < m->nr; k++) {
        double each = m->page_writes_per_s[k];

        if (!m->sequential[k])
            sum += m->writes_per_s[k] * each * exp(-each * tau);
    }
    return sum;
}

/* Work after which the distinct rate has fallen to @target, at most @hi.  The rate is convex and
 * falls, so Newton's steps from the left never go past the root; a step of a sequential class ends
 * them early, and bisection does the rest. */
static double work_until_rare(const struct dirty_model *m, double tau, double target, double hi)
{
    double lo = 0.0;

    if (dirty_distinct_rate(m, tau + hi) > target)
        return hi;
    for (int i = 0; i < 60 && hi - lo > 1e-9 * hi; i++) {
        double over = dirty_distinct_rate(m, tau + lo) - target;
        double fall = distinct_rate_fall(m, tau + lo);
        double next = fall > 0.0 ? lo + over / fall : hi, mid;

        if (over <= 1e-9 * target)
            return lo;
        if (next > lo * (1.0 + 1e-6) && next < hi && dirty_distinct_rate(m, tau + next) >= target) {
            lo = next;
            continue;
        }
        mid = 0.5 * (lo + hi);
        if (dirty_distinct_rate(m, tau + mid) > target)
            lo = mid;
        else
            hi = mid;
    }
    return hi;
}

double dirty_work(const struct dirty_model *m, double tau, double wanted_s, double cpu_share)
{
    double before = 0.0, limit = wanted_s;
    struct growth g;

    if (wanted_s <= 0.0 || m->nr == 0)
        return wanted_s > 0.0 ? wanted_s : 0.0;
    if (m->cpu_per_work + m->fault_s * m->total_writes_per_s <= cpu_share)
        return wanted_s; /* even if every write were a fault */
    if (tau > 0.0 && m->fault_s > 0.0) {
        distinct_growth(m, tau, &g);
        before = g.pages;
        if (m->cpu_per_work + m->fault_s * g.by[0] <= cpu_share)
            return wanted_s;
    }
    if (m->cpu_per_work < cpu_share && m->fault_s > 0.0) {
        double rare = (cpu_share - m->cpu_per_work) / m->fault_s, t_free;

        limit = work_until_rare(m, tau, rare, wanted_s);
        distinct_growth(m, tau + limit, &g);
        t_free = (m->cpu_per_work * limit + m->fault_s * (g.pages - before)) / cpu_share;
        if (t_free < wanted_s)
            return num_min(wanted_s, limit + (wanted_s - t_free));
    }
    return work_for_cpu(m, tau, before, cpu_share * wanted_s, limit);
}
