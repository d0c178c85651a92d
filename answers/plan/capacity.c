/*
 * capacity.c - is a number enough?  The links and the starts that are.
 *
 * What a number changes is done in memory, on arrays of the search's own, so that a probe costs no
 * loading.  Spare memory is capacity_spare.c's.
 */
#include "answers/plan/capacity.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answers/plan/capacity_int.h"
#include "base/units.h"
#include "sim/run.h"

#include "base/banned.h"

enum {
    FIRST_LOOK = 4,
    RAISES_MAX = 12 /* of what was found, until it is confirmed */
};

#define CONFIDENCE 0.95
#define CLOSE_ENOUGH 1.01
#define FURTHER 0.5   /* as plan_sample.c */
#define LEAST_BPS 1e6 /* of a link that is searched */
#define MOST_BPS 1e12
#define START_STEPS 16

enum status capacity_no_memory(struct diag *diag)
{
    return diag_set(diag, ST_ENOMEM, "out of memory");
}

uint32_t capacity_moved(const struct capacity_rows *rows)
{
    struct mig_result room;
    uint32_t nr = 0;

    for (size_t i = 0; i < rows->nr_migs; i++)
        nr += capacity_row(rows, i, &room)->outcome == OUTCOME_COMPLETED;
    return nr;
}

/* ---- a probe ---- */

static struct capacity_rows rows_of(const struct run_result *run, uint32_t replication)
{
    struct capacity_rows rows = {.run = run};
    struct mig_result room;
    size_t k = 0;

    while (rows.first < run->nr_migs &&
           result_mig(run, rows.first, &room)->replication != replication)
        rows.first = result_next_replication(run, rows.first);
    if (rows.first < run->nr_migs)
        rows.nr_migs = result_next_replication(run, rows.first) - rows.first;
    while (k < run->nr_ops && run->ops[k].replication != replication)
        k++;
    rows.ops = run->ops + k;
    while (k + rows.nr_ops < run->nr_ops && rows.ops[rows.nr_ops].replication == replication)
        rows.nr_ops++;
    return rows;
}

static void note_bound(struct capacity *out, const struct run_result *run)
{
    double by[BINDING_NR] = {0.0};
    struct mig_result room;

    out->why = NULL;
    for (size_t i = 0; i < run->nr_migs; i++) {
        const struct mig_result *m = result_mig(run, i, &room);

        by[m->binding] += m->started_ns >= 0 ? (double)m->total_ns : 0.0;
        if (m->outcome != OUTCOME_COMPLETED && m->reason && !out->why)
            out->why = arena_strdup(out->sc.arena, m->reason);
    }
    out->binding = BINDING_NONE;
    for (int i = 0; i < BINDING_NR; i++)
        if (by[i] > by[out->binding])
            out->binding = (enum binding)i;
}

/* @last: no more replications will come, so no further looks have to be allowed for. */
static enum capacity_leaning judge(struct capacity *out, bool last)
{
    struct stats_interval i = stats_proportion_interval(out->hits, out->n, CONFIDENCE);
    double share = (double)out->hits / out->n, low = i.low, high = i.high;

    out->share = i;
    if (!last) {
        low -= FURTHER * (share - low);
        high += FURTHER * (high - share);
    }
    if (low > CAPACITY_SHARE)
        return CAPACITY_ENOUGH;
    if (high < CAPACITY_SHARE)
        return CAPACITY_TOO_LITTLE;
    return CAPACITY_UNSURE;
}

enum status capacity_probe(struct capacity_search *s, double value, uint32_t first,
                           enum capacity_leaning *leaning)
{
    struct capacity *out = s->out;
    uint32_t most = s->options->replications ? s->options->replications : CAPACITY_REPLICATIONS;

    out->hits = out->n = 0;
    *leaning = CAPACITY_UNSURE;
    s->apply(s, value);
    for (uint32_t look = FIRST_LOOK < most ? FIRST_LOOK : most;;
         look = 2 * look < most ? 2 * look : most) {
        struct run_result run = {0};
        enum status st = variant_run(&s->sc, first + out->n, look - out->n, s->options->jobs,
                                     s->options->stop, &run, s->diag);

        out->runs += run.replications;
        if (s->options->step)
            s->options->step(s->options->step_arg, run.replications);
        for (uint32_t r = first + out->n; st == ST_OK && r < first + look; r++) {
            struct capacity_rows rows = rows_of(&run, r);

            out->hits += s->is_good(s, &rows);
        }
        if (st == ST_OK) {
            out->n = look;
            note_bound(out, &run);
            *leaning = judge(out, look >= most);
            if (*leaning == CAPACITY_ENOUGH)
                out->so_far = value;
        }
        run_free(&run);
        if (st != ST_OK || *leaning != CAPACITY_UNSURE || look >= most)
            return st;
    }
}

/* ---- links ---- */

static uint64_t times(uint64_t bps, double factor)
{
    return bps == UNITS_UNLIMITED ? bps : uncertain_u64(fmax(1.0, round((double)bps * factor)));
}

static struct uncertain scaled(struct uncertain u, double factor)
{
    u.a *= factor;
    if (u.kind == UNCERTAIN_UNIFORM || u.kind == UNCERTAIN_NORMAL)
        u.b *= factor;
    return u;
}

static bool is_meant(const struct capacity_search *s, const char *link)
{
    return !s->options->link || strcmp(s->options->link, link) == 0;
}

static void apply_link(struct capacity_search *s, double factor)
{
    const struct scenario *now = s->now;
    bool cards = s->options->link == NULL;
    struct scn_network *networks = (struct scn_network *)s->sc.topology.networks; /* its own */
    struct scn_rack *racks = (struct scn_rack *)s->sc.topology.racks;

    for (uint32_t i = 0; i < now->nr_links; i++)
        if (is_meant(s, now->links[i].name))
            s->sc.links[i].rate_bps = scaled(now->links[i].rate_bps, factor);
    for (uint32_t i = 0; i < now->nr_hosts && cards; i++)
        s->sc.hosts[i].nic_bps = times(now->hosts[i].nic_bps, factor);
    for (uint32_t i = 0; i < now->topology.nr_networks && cards; i++)
        networks[i].nic_bps = times(now->topology.networks[i].nic_bps, factor);
    for (uint32_t i = 0; i < now->topology.nr_racks && cards; i++)
        racks[i].uplink_bps = times(now->topology.racks[i].uplink_bps, factor);
}

static bool is_in_window(const struct capacity_search *s, const struct capacity_rows *rows)
{
    int64_t first = INT64_MAX, last = 0;
    struct mig_result room;

    for (size_t i = 0; i < rows->nr_migs; i++) {
        const struct mig_result *m = capacity_row(rows, i, &room);
        int64_t end = m->ended_ns >= 0 ? m->ended_ns : s->sc.horizon_ns;

        first = m->queued_ns < first ? m->queued_ns : first;
        last = end > last ? end : last;
    }
    return capacity_moved(rows) >= s->reference &&
           (rows->nr_migs == 0 || last - first < s->options->limit_ns);
}

/* The least and the greatest rate that will be changed. */
static void span_of_rates(const struct capacity_search *s, double *low, double *high)
{
    *low = INFINITY;
    *high = 0.0;
    for (uint32_t i = 0; i < s->now->nr_links; i++) {
        double bps = uncertain_mid(&s->now->links[i].rate_bps);

        if (!is_meant(s, s->now->links[i].name))
            continue;
        *low = fmin(*low, bps);
        *high = fmax(*high, bps);
    }
    for (uint32_t i = 0; i < s->now->nr_hosts && !s->options->link; i++)
        if (s->now->hosts[i].nic_bps != UNITS_UNLIMITED) {
            *low = fmin(*low, (double)s->now->hosts[i].nic_bps);
            *high = fmax(*high, (double)s->now->hosts[i].nic_bps);
        }
}

static bool own_networks(struct capacity_search *s)
{
    struct arena *arena = s->out->sc.arena;
    const struct scn_topology *t = &s->now->topology;

    s->sc.links = arena_memdup(arena, s->now->links, s->now->nr_links * sizeof(*s->sc.links));
    s->sc.hosts = arena_memdup(arena, s->now->hosts, s->now->nr_hosts * sizeof(*s->sc.hosts));
    s->sc.topology.networks =
        arena_memdup(arena, t->networks, t->nr_networks * sizeof(*t->networks));
    s->sc.topology.racks = arena_memdup(arena, t->racks, t->nr_racks * sizeof(*t->racks));
    return s->sc.links && s->sc.hosts && s->sc.topology.networks && s->sc.topology.racks;
}

/* The least VMs that move in four replications of @value. */
static enum status find_reference(struct capacity_search *s, double value)
{
    struct run_result run = {0};
    enum status st;

    s->apply(s, value);
    st = variant_run(&s->sc, 0, FIRST_LOOK, s->options->jobs, s->options->stop, &run, s->diag);
    s->reference = UINT32_MAX;
    for (uint32_t r = 0; st == ST_OK && r < FIRST_LOOK; r++) {
        struct capacity_rows rows = rows_of(&run, r);
        uint32_t moved = capacity_moved(&rows);

        s->reference = moved < s->reference ? moved : s->reference;
    }
    s->out->runs += run.replications;
    run_free(&run);
    return st;
}

/* Between @low, which is too little, and @high, which is enough, by halving their ratio. */
static enum status narrow(struct capacity_search *s, double low, double *high)
{
    enum status st = ST_OK;

    while (*high > low * CLOSE_ENOUGH && st == ST_OK) {
        double middle = sqrt(low * *high);
        enum capacity_leaning leaning;

        st = capacity_probe(s, middle, 0, &leaning);
        if (leaning == CAPACITY_ENOUGH)
            *high = middle;
        else
            low = middle;
    }
    return st;
}

/* Three digits, not below. */
static double round_up(double value)
{
    double unit = pow(10.0, floor(log10(value)) - 2.0);

    return ceil(value / unit - 1e-9) * unit;
}

static enum status confirm_link(struct capacity_search *s, double factor, double rate)
{
    struct capacity *out = s->out;

    for (int i = 0; i < RAISES_MAX; i++) {
        enum capacity_leaning leaning;
        enum status st;

        factor = rate > 0.0 ? round_up(factor * rate) / rate : factor;
        st = capacity_probe(s, factor, CAPACITY_FRESH, &leaning);
        if (st != ST_OK)
            return st;
        if (leaning == CAPACITY_ENOUGH) {
            out->found = true;
            out->value = factor;
            return ST_OK;
        }
        factor *= CLOSE_ENOUGH;
    }
    return ST_OK;
}

static double usual_speed(double bps)
{
    static const double speeds[] = {1e8,  1e9,  2.5e9, 5e9,   10e9,  20e9,
                                    25e9, 40e9, 50e9,  100e9, 200e9, 400e9};

    for (size_t i = 0; i < sizeof(speeds) / sizeof(speeds[0]); i++)
        if (speeds[i] >= bps * (1.0 - 1e-9))
            return speeds[i];
    return 0.0;
}

enum status capacity_link(struct capacity_search *s)
{
    struct capacity *out = s->out;
    double slowest, fastest, low, high;
    enum capacity_leaning leaning;
    enum status st;

    s->apply = apply_link;
    s->is_good = is_in_window;
    span_of_rates(s, &slowest, &fastest);
    if (fastest <= 0.0) {
        diag_hint(s->diag, "give [host] nic, or a [link] with a rate");
        return diag_at(s->diag, ST_EINPUT, out->sc.path, 0,
                       s->options->link ? "there is no such link"
                                        : "no link and no card has a rate");
    }
    if (!own_networks(s))
        return capacity_no_memory(s->diag);
    out->rate_bps = fastest <= slowest * (1.0 + 1e-9) ? fastest : 0.0;
    high = fmax(1.0, MOST_BPS / fastest);
    low = fmin(1.0, LEAST_BPS / slowest);
    st = find_reference(s, high);
    if (st == ST_OK)
        st = capacity_probe(s, 1.0, 0, &leaning);
    if (st != ST_OK)
        return st;
    out->present = leaning == CAPACITY_ENOUGH;
    if (out->present) {
        high = 1.0;
    } else {
        low = 1.0;
        st = capacity_probe(s, high, 0, &leaning);
        if (st != ST_OK || leaning != CAPACITY_ENOUGH)
            return st;
    }
    st = narrow(s, low, &high);
    if (st == ST_OK)
        st = confirm_link(s, high, out->rate_bps);
    if (st == ST_OK && out->found && out->rate_bps > 0.0)
        out->usual_bps = usual_speed(out->value * out->rate_bps);
    return st;
}

/* ---- the start ---- */

static void apply_start(struct capacity_search *s, double start_ns)
{
    const struct scenario *now = s->now;
    int64_t by = llround(start_ns);

    for (uint32_t i = 0; i < now->nr_requests; i++) {
        s->sc.requests[i].at_ns = now->requests[i].at_ns + by;
        if (now->requests[i].cancel_at_ns >= 0)
            s->sc.requests[i].cancel_at_ns = now->requests[i].cancel_at_ns + by;
    }
    for (uint32_t i = 0; i < now->nr_operations; i++)
        s->sc.operations[i].at_ns = now->operations[i].at_ns + by;
}

static bool is_before_deadline(const struct capacity_search *s, const struct capacity_rows *rows)
{
    bool good = capacity_moved(rows) >= s->reference;
    struct mig_result room;

    for (size_t i = 0; i < rows->nr_migs; i++) {
        const struct mig_result *m = capacity_row(rows, i, &room);

        good &= m->ended_ns >= 0 && m->ended_ns < s->options->limit_ns;
    }
    for (size_t i = 0; i < rows->nr_ops; i++)
        good &= rows->ops[i].ended_ns >= 0 && rows->ops[i].ended_ns < s->options->limit_ns;
    return good;
}

/* Other traffic comes and goes, so a later start may be better than an earlier one: from the
 * deadline backwards in steps, then closer between the first that does and the one before. */
static enum status search_start(struct capacity_search *s, double last, double *found)
{
    double step = last / START_STEPS, good = -1.0, bad = last;
    enum capacity_leaning leaning;
    enum status st = ST_OK;

    for (int i = START_STEPS - 1; i >= 0 && good < 0.0 && st == ST_OK; i--) {
        st = capacity_probe(s, step * i, 0, &leaning);
        if (st == ST_OK && leaning == CAPACITY_ENOUGH)
            good = step * i;
        else
            bad = step * i;
    }
    while (st == ST_OK && good >= 0.0 && bad - good > fmax(1e9, (last - good) * 0.005)) {
        double middle = floor((good + bad) / 2e9) * 1e9; /* whole seconds */

        if (middle <= good)
            break;
        st = capacity_probe(s, middle, 0, &leaning);
        if (leaning == CAPACITY_ENOUGH)
            good = middle;
        else
            bad = middle;
    }
    *found = good;
    return st;
}

enum status capacity_start(struct capacity_search *s)
{
    struct capacity *out = s->out;
    struct arena *arena = out->sc.arena;
    double found = -1.0, step;
    enum status st;

    s->apply = apply_start;
    s->is_good = is_before_deadline;
    s->sc.requests =
        arena_memdup(arena, s->now->requests, s->now->nr_requests * sizeof(*s->sc.requests));
    s->sc.operations =
        arena_memdup(arena, s->now->operations, s->now->nr_operations * sizeof(*s->sc.operations));
    if (!s->sc.requests || !s->sc.operations)
        return capacity_no_memory(s->diag);
    /* what is not done by then cannot be told from what never is */
    s->sc.horizon_ns = s->options->limit_ns + s->options->limit_ns / 8;
    if (s->sc.horizon_ns < s->now->horizon_ns)
        s->sc.horizon_ns = s->now->horizon_ns;
    st = find_reference(s, 0.0);
    if (st == ST_OK)
        st = search_start(s, (double)s->options->limit_ns, &found);
    step = fmax(1e9, ((double)s->options->limit_ns - found) * 0.01);
    for (int i = 0; i < RAISES_MAX && st == ST_OK && found >= 0.0; i++) {
        enum capacity_leaning leaning;

        st = capacity_probe(s, found, CAPACITY_FRESH, &leaning);
        if (st == ST_OK && leaning == CAPACITY_ENOUGH) {
            out->found = true;
            out->value = found;
            break;
        }
        found = found == 0.0 ? -1.0 : fmax(0.0, found - step);
    }
    return st;
}

/* ---- all of them ---- */

enum status capacity_find(struct capacity *out, const struct capacity_options *options,
                          struct diag *diag)
{
    struct capacity_search s = {.out = out, .options = options, .diag = diag};
    enum status st;

    *out = (struct capacity){.so_far = -1.0};
    st = variant_load(&out->sc, &options->base, NULL, 0, diag);
    if (st != ST_OK)
        return st;
    s.sc = out->sc;
    s.now = &out->sc;
    s.sc.nr_thresholds = 0; /* they are not what is asked */
    switch (options->kind) {
    case CAPACITY_LINK:
        return capacity_link(&s);
    case CAPACITY_SPARE:
        return capacity_spare(&s);
    case CAPACITY_START:
        return capacity_start(&s);
    }
    return ST_EINTERNAL;
}

void capacity_release(struct capacity *c)
{
    scenario_release(&c->sc);
    *c = (struct capacity){0};
}
