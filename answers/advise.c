/*
 * advise.c - which failures to look at, which changes to try, and how far each must go.
 *
 * A change is a knob: where it starts (a value that fails), how to set it, and whether it applies
 * at all.  The search doubles until a value helps, halves the gap until it is small, and settles on
 * a round figure; the figure itself is simulated too.  trial.c does the simulating.
 *
 * Invariant: every fix that leaves here was simulated, at its very value, and helped.
 */
#include "answers/advise.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answers/trial.h"
#include "base/units.h"
#include "models/qemu.h"

#define CLOSE_ENOUGH 1.01  /* when the search stops: ratio of what helps to what does not */
#define DOWNTIME_SLACK 1.1 /* QEMU meets its limit about this well */
#define LONGEST_STOP_NS                                                                            \
    (30.0 * (double)NS_PER_S) /* a guest that stops longer did not stay live                       \
                               */
#define LEAST_HORIZON_NS (600 * NS_PER_S)
#define COPIES_HORIZON 25.0 /* auto-converge from 20 % to 99 % takes some 18 rounds */
#define LONGER 4            /* how much more time tells "never" from "not yet" */

enum {
    DOUBLINGS_MAX = 40,
    HALVINGS_MAX = 12
};

enum goal { /* worse failures first */
    GOAL_COMPLETE,
    GOAL_DOWNTIME /* and with a downtime within the limit */
};

struct advisor {
    bool crowd; /* others migrated in the same run */
    struct trial *trial;
    struct mig_result row; /* the one that failed */
    size_t place;          /* of it in the run */
    enum goal goal;
    int64_t limit_ns; /* its downtime limit */
    const atomic_int *stop;
    struct run_result *run;
    const struct mig_result *last; /* of the last trial */
};

struct knob {
    enum fix_kind kind;
    /* a value that does not help, or 0 if the knob does not apply; larger values help more */
    double (*from)(const struct advisor *a);
    double most;
    void (*set)(struct trial *t, double x);
    /* the figure to say for x, a little further than x; and x again for that figure */
    double (*figure)(double x);
    double (*back)(double figure);
};

static const struct mig_params *params_of(const struct advisor *a)
{
    const struct scenario *b = a->trial->base;

    return &b->migrations[b->vms[a->trial->request.vm].migration].params;
}

static bool stopped(const struct advisor *a)
{
    return a->stop && *a->stop;
}

static bool is_good(const struct advisor *a, const struct mig_result *r)
{
    if (r->outcome != OUTCOME_COMPLETED)
        return false;
    return a->goal == GOAL_COMPLETE || r->downtime_ns <= a->limit_ns;
}

static bool helps(struct advisor *a, const struct knob *k, double x)
{
    if (stopped(a))
        return false;
    trial_reset(a->trial);
    k->set(a->trial, x);
    a->last = trial_run(a->trial);
    return is_good(a, a->last);
}

static void add_fix(struct advisor *a, enum fix_kind kind, double value)
{
    a->run->fixes[a->run->nr_fixes++] = (struct fix_result){.mig = a->place,
                                                            .kind = kind,
                                                            .value = value,
                                                            .total_ns = a->last->total_ns,
                                                            .downtime_ns = a->last->downtime_ns};
}

/* ---- figures: three digits in the unit that the reports print ---- */

/* @x in @unit, up to the next number of three digits. */
static double three_digits_up(double x, double unit)
{
    double step = unit * pow(10.0, floor(log10(x / unit)) - 2.0);

    return ceil(x / step - 1e-9) * step;
}

static double rate_figure(double x)
{
    double unit = 1.0;

    while (x >= unit * (double)KIB)
        unit *= (double)KIB;
    return three_digits_up(x, unit);
}

static double bps_figure(double x)
{
    return three_digits_up(x, 1.0);
}

static double time_figure(double x)
{
    double step = x < (double)NS_PER_S ? 10e6 : x < 10e9 ? 100e6 : 1e9; /* 10 ms, 100 ms, 1 s */

    return ceil(x / step - 1e-9) * step;
}

/* The knobs that turn down use 1 / x, and a figure on the safe side: the next whole percent below.
 */
static double ratio_figure(double x)
{
    double percent = 100.0 / x;

    return percent >= 1.0 ? floor(percent + 1e-9) / 100.0 : 1.0 / x;
}

static double reciprocal(double figure)
{
    return 1.0 / figure;
}

static double as_it_is(double figure)
{
    return figure;
}

/* ---- knobs ---- */

static double low_end(const struct uncertain *u)
{
    switch (u->kind) {
    case UNCERTAIN_NORMAL:
    case UNCERTAIN_LOGNORMAL:
        return u->a / 4.0; /* a draw below a quarter of the middle is as good as never */
    default:
        return u->a;
    }
}

static double from_max_bandwidth(const struct advisor *a)
{
    const struct scenario *b = a->trial->base;
    const struct scn_migration *m = &b->migrations[b->vms[a->trial->request.vm].migration];

    if (m->params.max_bandwidth_bytes_per_s == UNITS_UNLIMITED)
        return 0.0;
    if (m->max_bandwidth_bytes_per_s.kind == UNCERTAIN_FIXED)
        return (double)m->params.max_bandwidth_bytes_per_s;
    return low_end(&m->max_bandwidth_bytes_per_s);
}

static double from_link(const struct advisor *a)
{
    const struct scenario *b = a->trial->base;
    double least = (double)UNITS_UNLIMITED;

    for (uint32_t i = 0; i < b->nr_links; i++)
        least = fmin(least, low_end(&b->links[i].rate_bps));
    for (uint32_t i = 0; i < b->nr_hosts; i++)
        least = fmin(least, (double)b->hosts[i].nic_bps);
    return least < (double)UNITS_UNLIMITED ? fmax(least, 1.0) : 0.0;
}

static double from_downtime(const struct advisor *a)
{
    return a->goal == GOAL_COMPLETE ? fmax((double)params_of(a)->downtime_limit_ns, 1e6) : 0.0;
}

static double from_progress(const struct advisor *a)
{
    return a->row.outcome == OUTCOME_TIMEOUT ? (double)params_of(a)->progress_timeout_ns : 0.0;
}

static void set_progress(struct trial *t, double ns)
{
    t->migration->params.progress_timeout_ns = llround(ns);
}

static double from_write_ratio(const struct advisor *a)
{
    const struct scenario *b = a->trial->base;

    return b->vms[a->trial->request.vm].guest->dirty.kind == DIRTY_IDLE ? 0.0 : 1.0;
}

static void set_write_ratio(struct trial *t, double x)
{
    trial_set_write_ratio(t, 1.0 / x);
}

static const struct knob knob_max_bandwidth = {.kind = FIX_MAX_BANDWIDTH,
                                               .from = from_max_bandwidth,
                                               .most = 1e12,
                                               .set = trial_set_max_bandwidth,
                                               .figure = rate_figure,
                                               .back = as_it_is};
static const struct knob knob_link = {.kind = FIX_LINK_RATE,
                                      .from = from_link,
                                      .most = 1e13,
                                      .set = trial_set_link_rate,
                                      .figure = bps_figure,
                                      .back = as_it_is};
static const struct knob knob_downtime = {.kind = FIX_DOWNTIME_LIMIT,
                                          .from = from_downtime,
                                          .most = LONGEST_STOP_NS,
                                          .set = trial_set_downtime_limit,
                                          .figure = time_figure,
                                          .back = as_it_is};
static const struct knob knob_progress = {.kind = FIX_PROGRESS_TIMEOUT,
                                          .from = from_progress,
                                          .most = 86400e9,
                                          .set = set_progress,
                                          .figure = time_figure,
                                          .back = as_it_is};
static const struct knob knob_write_ratio = {.kind = FIX_DIRTY_RATE,
                                             .from = from_write_ratio,
                                             .most = 1000.0,
                                             .set = set_write_ratio,
                                             .figure = ratio_figure,
                                             .back = reciprocal};

/* The least figure of @k that helps; NaN if none does. */
static double search(struct advisor *a, const struct knob *k)
{
    double low = k->from(a), high = low, figure;

    if (low <= 0.0 || low >= k->most || !helps(a, k, k->most))
        return NAN;
    for (int i = 0; i < DOUBLINGS_MAX; i++) {
        high = fmin(low * 2.0, k->most);
        if (high >= k->most || helps(a, k, high))
            break;
        low = high;
    }
    for (int i = 0; i < HALVINGS_MAX && high > low * CLOSE_ENOUGH; i++) {
        double middle = sqrt(low * high);

        if (helps(a, k, middle))
            high = middle;
        else
            low = middle;
    }
    /* the round figure is a little further than what is known to help: simulate that one too */
    figure = k->figure(high);
    if (helps(a, k, k->back(figure)))
        return figure;
    return helps(a, k, high) ? k->back(high) : NAN;
}

static double turn(struct advisor *a, const struct knob *k)
{
    double figure = search(a, k);

    if (!isnan(figure))
        add_fix(a, k->kind, figure);
    return figure;
}

/* ---- changes that are on or off ---- */

/* With the limits on time taken away, how long would it take?  That is the answer, no search. */
static void try_timeout(struct advisor *a)
{
    struct mig_params *p = &a->trial->migration->params;
    double needed;

    if (a->row.outcome != OUTCOME_TIMEOUT ||
        params_of(a)->completion_timeout_ns + params_of(a)->completion_timeout_ns_per_gib == 0)
        return;
    trial_reset(a->trial);
    p->completion_timeout_ns = p->completion_timeout_ns_per_gib = 0;
    a->last = trial_run(a->trial);
    if (!is_good(a, a->last))
        return;
    /* the timeout counts to the switchover at the latest, which the total includes */
    needed = time_figure((double)a->last->total_ns);
    trial_reset(a->trial);
    p->completion_timeout_ns = llround(needed);
    p->completion_timeout_ns_per_gib = 0;
    a->last = trial_run(a->trial);
    if (is_good(a, a->last))
        add_fix(a, FIX_TIMEOUT, needed);
}

static void try_horizon(struct advisor *a)
{
    const struct scenario *b = a->trial->base;

    if (a->row.outcome != OUTCOME_QUEUED)
        return;
    trial_reset(a->trial);
    a->trial->sc.horizon_ns =
        b->horizon_ns > INT64_MAX / LONGER ? INT64_MAX : b->horizon_ns * LONGER;
    a->last = trial_run(a->trial);
    if (is_good(a, a->last))
        add_fix(a, FIX_HORIZON, time_figure((double)a->last->ended_ns));
    else if (a->last->outcome == OUTCOME_QUEUED && a->last->rounds > 2) /* else it is only slow */
        a->row.reason = REASON_NEVER_CONVERGES;
}

static bool multifd_fits(const struct mig_params *p)
{
    return !p->xbzrle && (!p->postcopy || qemu_behaviour(p->qemu)->multifd_with_postcopy);
}

static void try_multifd(struct advisor *a)
{
    const struct mig_params *p = params_of(a);
    uint32_t have = p->multifd ? p->multifd_channels : 1;

    if (!multifd_fits(p))
        return;
    for (uint32_t channels = 2; channels <= 16 && !stopped(a); channels *= 2) {
        if (channels <= have)
            continue;
        trial_reset(a->trial);
        a->trial->migration->params.multifd = true;
        a->trial->migration->params.multifd_channels = channels;
        a->last = trial_run(a->trial);
        if (is_good(a, a->last)) {
            add_fix(a, FIX_MULTIFD, channels);
            return;
        }
    }
}

static void try_auto_converge(struct advisor *a)
{
    if (params_of(a)->auto_converge || params_of(a)->dirty_limit)
        return;
    trial_reset(a->trial);
    a->trial->migration->params.auto_converge = true;
    a->last = trial_run(a->trial);
    if (is_good(a, a->last))
        add_fix(a, FIX_AUTO_CONVERGE, a->last->max_throttle_pct);
}

static void try_postcopy(struct advisor *a)
{
    const struct mig_params *p = params_of(a);
    struct mig_params *changed = &a->trial->migration->params;

    if (p->postcopy_trigger != POSTCOPY_NEVER ||
        (p->multifd && !qemu_behaviour(p->qemu)->multifd_with_postcopy))
        return;
    trial_reset(a->trial);
    changed->postcopy = true;
    changed->postcopy_trigger = POSTCOPY_AT_ROUND;
    changed->postcopy_after_round = 2; /* as virsh migrate --postcopy-after-precopy */
    a->last = trial_run(a->trial);
    if (is_good(a, a->last))
        add_fix(a, FIX_POSTCOPY, changed->postcopy_after_round);
}

/* A downtime that is too long for its limit: QEMU takes the limit for an estimate, so a lower one
 * keeps the real stop below. */
static void try_lower_downtime(struct advisor *a)
{
    int64_t ms = a->limit_ns / NS_PER_MS * 9 / 10;

    for (; a->goal == GOAL_DOWNTIME && ms >= 1 && !stopped(a); ms = ms * 8 / 10) {
        trial_reset(a->trial);
        trial_set_downtime_limit(a->trial, (double)(ms * NS_PER_MS));
        a->last = trial_run(a->trial);
        if (is_good(a, a->last)) {
            add_fix(a, FIX_DOWNTIME_LIMIT, (double)(ms * NS_PER_MS));
            return;
        }
    }
}

/* ---- one migration ---- */

/* It must be quick to see that a change does not help: 25 times a full copy is long enough. */
static int64_t bounded_horizon(const struct advisor *a)
{
    const struct mig_result *r = &a->row;
    const struct scenario *b = a->trial->base;
    double full_ns = 0.0, bound;

    if (r->transferred_bytes > 0)
        full_ns = (double)b->vms[a->trial->request.vm].guest->memory_bytes * (double)r->total_ns /
                  (double)r->transferred_bytes;
    bound =
        (double)a->trial->request.at_ns + fmax((double)LEAST_HORIZON_NS, full_ns * COPIES_HORIZON);
    return full_ns > 0.0 && bound < (double)b->horizon_ns ? llround(bound) : b->horizon_ns;
}

/* Bandwidth of its own that the migration needs.  False if no bandwidth alone would do. */
static bool find_bandwidth(struct advisor *a)
{
    double cap = turn(a, &knob_max_bandwidth);
    double link = turn(a, &knob_link);

    if (isfinite(cap))
        a->row.convergence_bytes_per_s = uncertain_u64(cap);
    else if (isfinite(link))
        a->row.convergence_bytes_per_s = uncertain_u64(trial_payload(a->trial, link));
    return isfinite(cap) || isfinite(link);
}

static void advise(struct advisor *a)
{
    int64_t whole = a->trial->horizon_ns;

    if (a->crowd) {
        trial_reset(a->trial);
        a->last = trial_run(a->trial);
        if (is_good(a, a->last)) {
            add_fix(a, FIX_ALONE, 0.0);
            return;
        }
    }
    a->trial->horizon_ns = bounded_horizon(a);
    if (!find_bandwidth(a))
        try_multifd(a); /* then it is the CPU of one stream that is too slow */
    turn(a, &knob_downtime);
    try_lower_downtime(a);
    a->trial->horizon_ns = whole;
    try_timeout(a);
    try_horizon(a);
    a->trial->horizon_ns = bounded_horizon(a);
    turn(a, &knob_progress);
    try_auto_converge(a);
    try_postcopy(a);
    turn(a, &knob_write_ratio);
}

/* ---- which migrations ---- */

static bool has_failed(const struct scenario *sc, const struct mig_result *r, enum goal *goal)
{
    const struct mig_params *p = &sc->migrations[sc->vms[r->vm_id].migration].params;

    *goal = GOAL_COMPLETE;
    if (r->started_ns < 0)
        return false;
    if (r->kind && strcmp(r->kind, "live") != 0)
        return false; /* the guest is down by intention */
    if (r->outcome == OUTCOME_TIMEOUT || r->outcome == OUTCOME_QUEUED ||
        r->outcome == OUTCOME_CANCELLED)
        return true;
    *goal = GOAL_DOWNTIME;
    return r->outcome == OUTCOME_COMPLETED &&
           (double)r->downtime_ns > (double)p->downtime_limit_ns * DOWNTIME_SLACK;
}

/* Of one VM: how many of its migrations failed, and which was worst. */
struct case_of {
    uint32_t nr;
    enum goal goal;
    size_t row;
};

static bool is_worse(const struct mig_result *a, enum goal of_a, const struct mig_result *b,
                     enum goal of_b)
{
    if (of_a != of_b)
        return of_a == GOAL_COMPLETE;
    if (of_a == GOAL_DOWNTIME)
        return a->downtime_ns > b->downtime_ns;
    /* what is left to send tells: the dirty rate settles at the bandwidth for all that diverge */
    if (a->expected_downtime_ns != b->expected_downtime_ns)
        return a->expected_downtime_ns > b->expected_downtime_ns;
    return a->dirty_pages_rate > b->dirty_pages_rate;
}

static void collect(const struct scenario *sc, const struct run_result *run, struct case_of *cases)
{
    struct mig_result rooms[2];

    for (size_t i = 0; i < run->nr_migs; i++) {
        const struct mig_result *r = result_mig(run, i, &rooms[0]);
        struct case_of *c = &cases[r->vm_id];
        enum goal goal;

        if (!has_failed(sc, r, &goal))
            continue;
        if (c->nr == 0 || is_worse(r, goal, result_mig(run, c->row, &rooms[1]), c->goal)) {
            c->goal = goal;
            c->row = i;
        }
        c->nr++;
    }
}

/* The VM that failed most often, of equal ones the first that was asked for; takes it. */
static bool take_worst(const struct scenario *sc, const struct run_result *run,
                       struct case_of *cases, struct case_of *worst)
{
    struct mig_result room;
    uint32_t vm = 0;

    worst->nr = 0;
    for (size_t i = 0; i < run->nr_migs; i++) {
        uint32_t its = result_mig(run, i, &room)->vm_id;
        const struct case_of *c = &cases[its];

        if (c->nr > 0 && (worst->nr == 0 || c->goal < worst->goal ||
                          (c->goal == worst->goal && c->nr > worst->nr))) {
            *worst = *c;
            vm = its;
        }
    }
    if (worst->nr == 0)
        return false;
    assert(vm < sc->nr_vms);
    cases[vm].nr = 0;
    return true;
}

static enum status advise_one(const struct scenario *sc, struct run_result *run,
                              const struct case_of *c, const atomic_int *stop)
{
    struct mig_result room;
    struct advisor a = {.row = *result_mig(run, c->row, &room),
                        .place = c->row,
                        .goal = c->goal,
                        .stop = stop,
                        .run = run};
    size_t before = run->nr_fixes;

    a.crowd = run->nr_migs > run->replications;
    a.trial = trial_new(sc, &a.row);
    if (!a.trial)
        return ST_ENOMEM;
    a.limit_ns = params_of(&a)->downtime_limit_ns;
    advise(&a);
    trial_free(a.trial);
    if (!result_set_mig(run, c->row, &a.row))
        return ST_ENOMEM;
    if (!stopped(&a))
        return ST_OK;
    run->nr_fixes = before; /* half a search has found the wrong figures */
    return ST_EINTR;
}

/* As the store hands them out again; they were found worst first. */
static int by_migration(const void *left, const void *right)
{
    const struct fix_result *a = left, *b = right;

    if (a->mig != b->mig)
        return a->mig < b->mig ? -1 : 1;
    return (a->kind > b->kind) - (a->kind < b->kind);
}

enum status advise_run(const struct scenario *sc, struct run_result *run, const atomic_int *stop)
{
    struct case_of *cases, worst;
    enum status st = ST_OK;

    assert(!run->fixes && run->nr_fixes == 0);
    if (run->nr_migs == 0)
        return ST_OK;
    cases = calloc((size_t)sc->nr_vms + 1, sizeof(*cases));
    run->fixes = calloc((size_t)ADVISE_VMS_MAX * FIX_NR, sizeof(*run->fixes));
    if (!cases || !run->fixes) {
        free(cases);
        return ST_ENOMEM;
    }
    collect(sc, run, cases);
    for (int i = 0; i < ADVISE_VMS_MAX && st == ST_OK; i++) {
        if (!take_worst(sc, run, cases, &worst))
            break;
        st = advise_one(sc, run, &worst, stop);
    }
    free(cases);
    qsort(run->fixes, run->nr_fixes, sizeof(*run->fixes), by_migration);
    run->interrupted |= st == ST_EINTR;
    return st;
}

enum status advise_migration(const struct scenario *sc, struct run_result *run, size_t row,
                             const atomic_int *stop)
{
    struct case_of c = {.nr = 1, .row = row};
    struct mig_result room;

    assert(row < run->nr_migs);
    free(run->fixes);
    run->nr_fixes = 0;
    run->fixes = calloc(FIX_NR, sizeof(*run->fixes));
    if (!run->fixes)
        return ST_ENOMEM;
    if (!has_failed(sc, result_mig(run, row, &room), &c.goal))
        return ST_OK;
    return advise_one(sc, run, &c, stop);
}
