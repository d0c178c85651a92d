/*
 * order.c - the search for a better order: good beginnings, small changes, fresh replications.
 *
 * How a schedule is simulated is order_run.c's, when its waves are due order_times.c's.  Invariant:
 * what is called better was so on replications that no schedule was chosen by.
 */
#include "answers/plan/order.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answers/plan/order_int.h"
#include "base/rng.h"
#include "base/units.h"
#include "sim/run.h"

#include "base/banned.h"

enum {
    LEARN_ROUNDS = 2 /* times are estimated anew from what a schedule showed */
};

#define WORTH 1e-3    /* of the makespan: less is no improvement while searching */
#define WORTH_IT 0.01 /* less is not worth an order of one's own */

static enum status no_memory(struct diag *diag)
{
    return diag_set(diag, ST_ENOMEM, "out of memory");
}

/* ---- schedules ---- */

static enum status new_schedule(struct order_search *s, struct order_schedule *d)
{
    size_t nr = (size_t)s->nr + 1;

    d->sequence = arena_array(s->arena, nr, sizeof(*d->sequence));
    d->target = arena_array(s->arena, nr, sizeof(*d->target));
    d->at_ns = arena_array(s->arena, nr, sizeof(*d->at_ns));
    d->wave = arena_array(s->arena, nr, sizeof(*d->wave));
    d->score = INFINITY;
    d->slots = s->own;
    if (!d->sequence || !d->target || !d->at_ns || !d->wave)
        return no_memory(s->diag);
    for (uint32_t v = 0; v < s->nr; v++) {
        d->sequence[v] = v;
        d->target[v] = s->vms[v].own_target;
    }
    return ST_OK;
}

static void copy_schedule(const struct order_search *s, struct order_schedule *to,
                          const struct order_schedule *from)
{
    memcpy(to->sequence, from->sequence, s->nr * sizeof(*to->sequence));
    memcpy(to->target, from->target, s->nr * sizeof(*to->target));
    memcpy(to->at_ns, from->at_ns, s->nr * sizeof(*to->at_ns));
    memcpy(to->wave, from->wave, s->nr * sizeof(*to->wave));
    to->nr_waves = from->nr_waves;
    to->slots = from->slots;
    to->score = from->score;
}

static bool has_budget(const struct order_search *s)
{
    return s->out->runs + ORDER_SEARCH <= s->budget;
}

/* Mean makespan over the platform's own, of the same replications; fewer VMs are no answer. */
static enum status evaluate(struct order_search *s, struct order_schedule *d, bool learn)
{
    double makespan[ORDER_SEARCH], moved[ORDER_SEARCH], arrived = 0.0, ratio = 0.0;
    struct run_result run = {0};
    enum status st = order_times(s, d);

    if (st == ST_OK)
        st = order_run(s, d, 0, ORDER_SEARCH, &run);
    if (st != ST_OK)
        return st;
    if (order_makespans(&s->sc, &run, makespan, moved) != ST_OK) {
        run_free(&run);
        return no_memory(s->diag);
    }
    for (int r = 0; r < ORDER_SEARCH; r++) {
        ratio += makespan[r] / fmax(1.0, s->own_makespan[r]) / ORDER_SEARCH;
        arrived += moved[r] / ORDER_SEARCH;
    }
    d->score = arrived < s->own_moved - 1e-9 ? INFINITY : ratio;
    if (learn)
        order_learn(s, &run);
    run_free(&run);
    return ST_OK;
}

/* The better of the two into @best.  A schedule changes how long moves take, so its times are
 * estimated anew from what it showed, and tried again. */
static enum status offer(struct order_search *s, struct order_schedule *d,
                         struct order_schedule *best)
{
    enum status st = ST_OK;

    for (int i = 0; i < LEARN_ROUNDS && st == ST_OK && has_budget(s); i++) {
        st = evaluate(s, d, true);
        if (st == ST_OK && d->score < best->score * (1.0 - WORTH))
            copy_schedule(s, best, d);
    }
    return st;
}

/* ---- beginnings ---- */

static int by_length(const void *a, const void *b, void *arg)
{
    const struct order_search *s = arg;
    const struct order_vm *x = &s->vms[*(const uint32_t *)a], *y = &s->vms[*(const uint32_t *)b];

    if (x->takes_ns != y->takes_ns)
        return x->takes_ns > y->takes_ns ? -1 : 1;
    return x->vm < y->vm ? -1 : x->vm > y->vm;
}

static void long_first(struct order_search *s, struct order_schedule *d)
{
    qsort_r(d->sequence, s->nr, sizeof(*d->sequence), by_length, s);
}

/* Each next VM from the source that has most left to do. */
static enum status sources_in_turn(struct order_search *s, struct order_schedule *d)
{
    size_t hosts = (size_t)s->out->sc.nr_hosts + 1;
    double *left = calloc(hosts, sizeof(*left));
    bool *taken = calloc((size_t)s->nr + 1, sizeof(*taken));
    uint32_t *sorted = calloc((size_t)s->nr + 1, sizeof(*sorted));

    if (!left || !taken || !sorted) {
        free(left);
        free(taken);
        free(sorted);
        return no_memory(s->diag);
    }
    long_first(s, d);
    memcpy(sorted, d->sequence, s->nr * sizeof(*sorted));
    for (uint32_t v = 0; v < s->nr; v++)
        left[s->vms[v].source] += s->vms[v].takes_ns;
    for (uint32_t i = 0; i < s->nr; i++) {
        uint32_t best = UINT32_MAX;

        for (uint32_t k = 0; k < s->nr; k++)
            if (!taken[sorted[k]] &&
                (best == UINT32_MAX || left[s->vms[sorted[k]].source] > left[s->vms[best].source]))
                best = sorted[k];
        taken[best] = true;
        left[s->vms[best].source] -= s->vms[best].takes_ns;
        d->sequence[i] = best;
    }
    free(left);
    free(taken);
    free(sorted);
    return ST_OK;
}

/* Free memory of each host once all is where the platform would put it, but for the VM in hand. */
static bool fits(const struct order_search *s, const double *free_bytes, uint32_t v, uint32_t host)
{
    const struct scenario *sc = &s->out->sc;

    return sc->hosts[host].memory_bytes == 0 || free_bytes[host] >= s->vms[v].bytes;
}

static double *free_memory(const struct order_search *s)
{
    const struct scenario *sc = &s->out->sc;
    double *room = calloc((size_t)sc->nr_hosts + 1, sizeof(*room));

    for (uint32_t h = 0; room && h < sc->nr_hosts; h++)
        room[h] = (double)sc->hosts[h].memory_bytes * sc->cluster.rules.memory_overcommit;
    for (uint32_t i = 0; room && i < sc->nr_vms; i++)
        room[sc->vms[i].host] -= (double)sc->vms[i].guest->memory_bytes;
    return room;
}

/* Long ones first, each to the target that has least to take in.  Only hosts that the platform
 * chose for some VM: it knows the rules, and what they forbid is found by simulation. */
static enum status spread_targets(struct order_search *s, struct order_schedule *d)
{
    size_t hosts = (size_t)s->out->sc.nr_hosts + 1;
    double *room = free_memory(s), *load = calloc(hosts, sizeof(*load));
    bool *known = calloc(hosts, sizeof(*known));

    if (!room || !load || !known) {
        free(room);
        free(load);
        free(known);
        return no_memory(s->diag);
    }
    for (uint32_t v = 0; v < s->nr; v++)
        if (s->vms[v].own_target != HOST_NONE)
            known[s->vms[v].own_target] = true;
    for (uint32_t i = 0; i < s->nr; i++) {
        uint32_t v = d->sequence[i], best = s->vms[v].own_target;

        for (uint32_t h = 0; h < s->out->sc.nr_hosts && best != HOST_NONE; h++)
            if (known[h] && h != s->vms[v].source && fits(s, room, v, h) &&
                (load[h] < load[best] || !fits(s, room, v, best)))
                best = h;
        d->target[v] = best;
        if (best == HOST_NONE)
            continue;
        room[best] -= s->vms[v].bytes;
        load[best] += s->vms[v].takes_ns;
    }
    free(room);
    free(load);
    free(known);
    return ST_OK;
}

/* Sequences, each with the platform's targets and with spread ones, and each with fewer at once. */
static enum status try_beginnings(struct order_search *s, struct order_schedule *d,
                                  struct order_schedule *best)
{
    enum status st = ST_OK;

    for (int way = 0; way < 4 && st == ST_OK; way++) {
        for (uint32_t v = 0; v < s->nr; v++)
            d->target[v] = s->vms[v].own_target;
        if (way & 1)
            st = sources_in_turn(s, d);
        else
            long_first(s, d);
        if (st == ST_OK && (way & 2))
            st = spread_targets(s, d);
        d->slots = s->own;
        for (uint32_t in = 0; in < 2 && st == ST_OK && has_budget(s); in++) {
            d->slots.in = in ? (s->own.in + 1) / 2 : s->own.in;
            st = offer(s, d, best);
        }
    }
    if (best->score == INFINITY)
        return st;
    for (uint32_t less = s->own.out / 2; less > 0 && st == ST_OK && has_budget(s); less /= 2) {
        copy_schedule(s, d, best);
        d->slots.out = less;
        st = offer(s, d, best);
    }
    return st;
}

/* ---- small changes ---- */

static uint32_t draw(struct rng *rng, uint32_t below)
{
    return (uint32_t)(rng_u64(rng) % below);
}

/* Two VMs change places, one goes forward, or one goes elsewhere. */
static void change(struct order_search *s, struct order_schedule *d, struct rng *rng)
{
    uint32_t a = draw(rng, s->nr), b = draw(rng, s->nr), v = d->sequence[a];

    switch (draw(rng, 3)) {
    case 0:
        d->sequence[a] = d->sequence[b];
        d->sequence[b] = v;
        break;
    case 1:
        if (b > a) {
            uint32_t swap = a;

            a = b;
            b = swap;
            v = d->sequence[a];
        }
        memmove(&d->sequence[b + 1], &d->sequence[b], (a - b) * sizeof(*d->sequence));
        d->sequence[b] = v;
        break;
    default: { /* of two VMs the targets, so that hosts stay as full as they are */
        uint32_t w = d->sequence[b], target = d->target[v];

        if (d->target[w] != s->vms[v].source && target != s->vms[w].source) {
            d->target[v] = d->target[w];
            d->target[w] = target;
        }
        break;
    }
    }
}

static enum status improve(struct order_search *s, struct order_schedule *d,
                           struct order_schedule *best)
{
    struct rng rng;
    enum status st = ST_OK;

    if (best->score == INFINITY || s->nr < 2)
        return ST_OK;
    rng_stream(&rng, s->out->sc.seed, "order of migrations", 0, 0);
    while (st == ST_OK && has_budget(s)) {
        copy_schedule(s, d, best);
        change(s, d, &rng);
        st = evaluate(s, d, false);
        if (st == ST_OK && d->score < best->score * (1.0 - WORTH))
            copy_schedule(s, best, d);
    }
    return st;
}

/* ---- the confirmation ---- */

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

static struct order_total total_of(const struct run_result *run, const double *makespan,
                                   const double *moved, double *scratch)
{
    struct order_total t = {.downtime_p95_ns = NAN};
    uint32_t nr = run->replications;
    struct mig_result room;
    size_t stops = 0;

    for (uint32_t r = 0; r < nr; r++) {
        t.makespan_ns += makespan[r] / nr;
        t.moved += moved[r] / nr;
        scratch[r] = makespan[r];
    }
    t.makespan_p95_ns = stats_quantile(scratch, nr, 0.95);
    for (size_t i = 0; i < run->nr_migs; i++) {
        int64_t ns = result_mig(run, i, &room)->downtime_ns;

        if (ns >= 0)
            scratch[stops++] = (double)ns;
    }
    if (stops > 0)
        t.downtime_p95_ns = stats_quantile(scratch, stops, 0.95);
    return t;
}

static int64_t median(double *values, size_t nr)
{
    if (nr == 0)
        return -1;
    qsort(values, nr, sizeof(*values), by_value);
    return (int64_t)llround(values[nr / 2]);
}

/* Medians of start and end of each VM; @scratch has room for all rows. */
static void expect(struct order_move *m, const struct run_result *run, double *scratch)
{
    struct mig_result room;
    size_t nr = 0;

    for (size_t i = 0; i < run->nr_migs; i++) {
        const struct mig_result *r = result_mig(run, i, &room);

        if (r->vm_id == m->vm && r->started_ns >= 0)
            scratch[nr++] = (double)r->started_ns;
    }
    m->start_ns = median(scratch, nr);
    nr = 0;
    for (size_t i = 0; i < run->nr_migs; i++) {
        const struct mig_result *r = result_mig(run, i, &room);

        if (r->vm_id == m->vm && r->ended_ns >= 0)
            scratch[nr++] = (double)r->ended_ns;
    }
    m->end_ns = median(scratch, nr);
}

static void write_moves(struct order_search *s, const struct order_schedule *d,
                        const struct run_result *run, double *scratch)
{
    struct order *out = s->out;

    out->nr_moves = s->nr;
    out->nr_waves = d->nr_waves;
    for (uint32_t i = 0; i < s->nr; i++) {
        uint32_t v = d->sequence[i];

        out->moves[i] = (struct order_move){.vm = s->vms[v].vm,
                                            .source = s->vms[v].source,
                                            .target = d->target[v],
                                            .wave = d->wave[v],
                                            .at_ns = d->at_ns[v],
                                            .start_ns = -1,
                                            .end_ns = -1};
        if (run)
            expect(&out->moves[i], run, scratch);
    }
}

/* What is planned against the platform's own, replication by replication. */
static void compare(struct order *out, const double *own, const double *planned, uint32_t nr)
{
    struct stats_moments gain = STATS_MOMENTS_INIT;

    for (uint32_t r = 0; r < nr; r++)
        stats_moments_add(&gain, 1.0 - planned[r] / fmax(1.0, own[r]));
    out->gain = gain.mean;
    out->gain_interval = stats_mean_interval(&gain, 0.95);
    if (stats_moments_variance(&gain) <= 1e-18) /* nothing is uncertain */
        out->gain_interval = (struct stats_interval){gain.mean, gain.mean};
    out->better = out->gain_interval.low > WORTH_IT && out->planned.moved >= out->own.moved - 1e-9;
}

/* A goal that is crossed, and was not by the platform's own order. */
static bool crosses_more(const struct run_result *own, const struct run_result *planned)
{
    for (size_t i = 0; i < own->nr_thresholds && i < planned->nr_thresholds; i++)
        if (planned->thresholds[i].crossed && !own->thresholds[i].crossed)
            return true;
    return false;
}

static enum status confirm(struct order_search *s, const struct order_schedule *best)
{
    struct order *out = s->out;
    uint32_t nr = s->options->replications ? s->options->replications : ORDER_REPLICATIONS;
    double *values = calloc((size_t)nr * 4 + 1, sizeof(*values)), *scratch = NULL;
    struct run_result own = {0}, planned = {0};
    enum status st = values ? order_run(s, NULL, ORDER_FRESH, nr, &own) : no_memory(s->diag);

    if (st == ST_OK)
        st = order_run(s, best, ORDER_FRESH, nr, &planned);
    if (st != ST_OK)
        goto out;
    scratch = calloc(own.nr_migs + planned.nr_migs + nr + 1, sizeof(*scratch));
    if (!scratch) {
        st = no_memory(s->diag);
        goto out;
    }
    own.first_replication = planned.first_replication = ORDER_FRESH;
    if (order_makespans(&out->sc, &own, values, values + nr) != ST_OK ||
        order_makespans(&s->sc, &planned, values + 2 * nr, values + 3 * nr) != ST_OK) {
        st = no_memory(s->diag);
        goto out;
    }
    out->own = total_of(&own, values, values + nr, scratch);
    out->planned = total_of(&planned, values + 2 * nr, values + 3 * nr, scratch);
    out->replications = nr;
    compare(out, values, values + 2 * nr, nr);
    out->better &= !crosses_more(&own, &planned);
    write_moves(s, best, &planned, scratch);
out:
    run_free(&own);
    run_free(&planned);
    free(values);
    free(scratch);
    return st;
}

/* ---- all of it ---- */

static enum status check(const struct scenario *sc, struct diag *diag)
{
    for (uint32_t i = 0; i < sc->nr_operations; i++) {
        enum operation_kind kind = sc->operations[i].kind;

        if (kind != OPERATION_DRAIN && kind != OPERATION_EVACUATE) {
            diag_hint(diag, "an order is found for drains, evacuations and single requests");
            return diag_at(diag, ST_EINPUT, sc->path, 0,
                           "operation '%s' makes moves that depend on one another",
                           sc->operations[i].name);
        }
    }
    for (uint32_t i = 0; i < sc->nr_requests; i++)
        if (sc->requests[i].kind != JOB_LIVE)
            return diag_at(diag, ST_EINPUT, sc->path, 0,
                           "request '%s' is no live migration, so it has no place in an order",
                           sc->requests[i].name);
    return ST_OK;
}

static enum status read_own(struct order_search *s)
{
    struct run_result run = {0};
    double moved[ORDER_SEARCH];
    enum status st = order_run(s, NULL, 0, ORDER_SEARCH, &run);

    s->own_makespan = arena_array(s->arena, ORDER_SEARCH, sizeof(*s->own_makespan));
    if (st == ST_OK && !s->own_makespan)
        st = no_memory(s->diag);
    if (st != ST_OK)
        return st;
    if (order_makespans(&s->out->sc, &run, s->own_makespan, moved) != ST_OK)
        st = no_memory(s->diag);
    for (int r = 0; r < ORDER_SEARCH && st == ST_OK; r++)
        s->own_moved += moved[r] / ORDER_SEARCH;
    if (st == ST_OK)
        st = order_read(s, &run);
    run_free(&run);
    return st;
}

static enum status search(struct order_search *s)
{
    struct order_schedule best = {0}, d = {0};
    enum status st = new_schedule(s, &best);

    if (st == ST_OK)
        st = new_schedule(s, &d);
    if (st == ST_OK)
        st = try_beginnings(s, &d, &best);
    if (st == ST_OK)
        st = improve(s, &d, &best);
    if (st == ST_OK && best.score != INFINITY)
        st = confirm(s, &best);
    s->out->interrupted = st == ST_EINTR;
    if (st == ST_EINTR && best.score < 1.0) { /* the best so far, which may be luck */
        s->out->gain = 1.0 - best.score;
        write_moves(s, &best, NULL, NULL);
    }
    return st;
}

enum status order_find(struct order *out, const struct order_options *options, struct diag *diag)
{
    struct order_search s = {.out = out, .options = options, .diag = diag};
    uint32_t confirm_runs =
        2 * (options->replications ? options->replications : ORDER_REPLICATIONS);
    uint32_t budget = options->budget ? options->budget : ORDER_BUDGET;
    enum status st;

    *out = (struct order){0};
    s.budget = budget > confirm_runs ? budget - confirm_runs : 0;
    st = variant_load(&out->sc, &options->base, NULL, 0, diag);
    if (st == ST_OK)
        st = check(&out->sc, diag);
    if (st != ST_OK)
        return st;
    s.arena = out->sc.arena;
    st = read_own(&s);
    if (st != ST_OK)
        return st;
    if (s.nr == 0)
        return diag_at(diag, ST_EINPUT, out->sc.path, 0, "no VM is asked to move");
    s.sc = out->sc;
    s.sc.requests = arena_array(s.arena, s.nr, sizeof(*s.sc.requests));
    s.sc.nr_requests = s.nr;
    s.sc.nr_operations = 0;
    out->moves = arena_array(s.arena, s.nr, sizeof(*out->moves));
    if (!s.sc.requests || !out->moves)
        return no_memory(diag);
    return search(&s);
}

void order_release(struct order *order)
{
    scenario_release(&order->sc);
    *order = (struct order){0};
}
