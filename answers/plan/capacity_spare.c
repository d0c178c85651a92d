/*
 * capacity_spare.c - the least memory of hosts with which any k of them can be emptied at once.
 *
 * Which k is not asked but tried: first those whose guests need most; what is enough for them is
 * tried on other sets, and one that it is not enough for takes their place.  Invariant: what is
 * found was enough for every set that was tried.
 */
#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answers/plan/capacity_int.h"
#include "base/rng.h"
#include "base/units.h"

#include "base/banned.h"

#define CLOSE_ENOUGH 1.01
#define MOST 64.0

enum {
    REPLICATIONS = 8 /* of one set; placement varies little */
};

/* What this kind knows beside the search. */
struct spare {
    struct capacity_search *s;
    struct scn_operation op;
    uint32_t *hosts; /* of the set in hand */
    double *need;    /* by host: memory of its guests */
    double first;    /* the least to begin with */
    double least;    /* times the memory, by which guests fit where they are */
};

static void apply_memory(struct capacity_search *s, double factor)
{
    for (uint32_t i = 0; i < s->now->nr_hosts; i++)
        s->sc.hosts[i].memory_bytes =
            uncertain_u64(ceil((double)s->now->hosts[i].memory_bytes * factor));
}

static bool is_empty(const struct capacity_search *s, const struct capacity_rows *rows)
{
    (void)s;
    return rows->nr_ops == 1 && rows->ops[0].hosts_done == rows->ops[0].hosts;
}

/* ---- sets of hosts ---- */

static int by_need(const void *a, const void *b, void *arg)
{
    const double *need = arg;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    if (need[x] != need[y])
        return need[x] > need[y] ? -1 : 1;
    return x < y ? -1 : x > y;
}

static bool heaviest(struct spare *p, uint32_t *order)
{
    uint32_t nr = p->s->now->nr_hosts;

    for (uint32_t i = 0; i < nr; i++)
        order[i] = i;
    qsort_r(order, nr, sizeof(*order), by_need, p->need);
    memcpy(p->hosts, order, p->op.nr_hosts * sizeof(*p->hosts));
    return true;
}

static double number_of_sets(uint32_t n, uint32_t k)
{
    double sets = 1.0;

    for (uint32_t i = 0; i < k; i++)
        sets *= (double)(n - i) / (double)(i + 1);
    return round(sets);
}

/* The next set in the order of their numbers; false after the last. */
static bool next_set(uint32_t *set, uint32_t k, uint32_t n)
{
    for (uint32_t i = k; i-- > 0;) {
        if (set[i] + (k - i) >= n)
            continue;
        set[i]++;
        for (uint32_t j = i + 1; j < k; j++)
            set[j] = set[j - 1] + 1;
        return true;
    }
    return false;
}

static void random_set(struct rng *rng, uint32_t *set, uint32_t k, uint32_t n)
{
    for (uint32_t i = 0; i < k;) {
        uint32_t host = (uint32_t)(rng_u64(rng) % n);
        bool taken = false;

        for (uint32_t j = 0; j < i; j++)
            taken |= set[j] == host;
        if (!taken)
            set[i++] = host;
    }
}

/* ---- the search ---- */

static enum status enough(struct spare *p, double factor, uint32_t first, bool *yes)
{
    enum capacity_leaning leaning;
    enum status st = capacity_probe(p->s, factor, first, &leaning);

    /* all of a few: the placement of guests is nearly the same each time */
    *yes = st == ST_OK && p->s->out->hits == p->s->out->n;
    return st;
}

static enum status narrow(struct spare *p, double *factor)
{
    double low = p->least, high = p->least;
    bool yes = false;
    enum status st = enough(p, high, 0, &yes);

    while (st == ST_OK && !yes && high < MOST) {
        low = high;
        high = fmin(MOST, high * 1.5);
        st = enough(p, high, 0, &yes);
    }
    *factor = yes ? high : -1.0;
    while (st == ST_OK && yes && high > low * CLOSE_ENOUGH) {
        double middle = sqrt(low * high);
        bool here;

        st = enough(p, middle, 0, &here);
        if (here)
            *factor = high = middle;
        else
            low = middle;
    }
    return st;
}

/* A set that @factor is not enough for, into p->hosts; false = there is none among those tried. */
static enum status find_counterexample(struct spare *p, double factor, bool *found)
{
    struct capacity *out = p->s->out;
    uint32_t n = p->s->now->nr_hosts, k = p->op.nr_hosts;
    uint32_t *kept = arena_memdup(out->sc.arena, p->hosts, k * sizeof(*kept));
    struct rng rng;
    enum status st = ST_OK;

    if (!kept)
        return capacity_no_memory(p->s->diag);
    *found = false;
    rng_stream(&rng, out->sc.seed, "sets of hosts", k, 0);
    for (uint32_t i = 0; i < k; i++)
        p->hosts[i] = i;
    for (out->nr_sets = 0; st == ST_OK && out->nr_sets < CAPACITY_SETS; out->nr_sets++) {
        bool yes;

        if (!out->all_sets)
            random_set(&rng, p->hosts, k, n);
        else if (out->nr_sets > 0 && !next_set(p->hosts, k, n))
            break;
        st = enough(p, factor, 0, &yes);
        if (st == ST_OK && !yes) {
            *found = true;
            return ST_OK;
        }
    }
    memcpy(p->hosts, kept, k * sizeof(*kept));
    return st;
}

static enum status search(struct spare *p)
{
    struct capacity *out = p->s->out;
    bool again = true, yes = false;
    double factor = -1.0;
    enum status st = enough(p, 1.0, 0, &out->present);

    for (int i = 0; i < CAPACITY_SETS && st == ST_OK && again; i++) {
        st = narrow(p, &factor);
        if (st != ST_OK || factor < 0.0)
            return st;
        p->least = factor; /* enough for the sets so far, and perhaps not for the next */
        st = find_counterexample(p, factor, &again);
    }
    memcpy(out->hosts, p->hosts, p->op.nr_hosts * sizeof(*out->hosts));
    for (int i = 0; i < CAPACITY_SETS && st == ST_OK && factor > 0.0 && !yes; i++) {
        st = enough(p, factor, CAPACITY_FRESH, &yes);
        if (st == ST_OK && !yes)
            factor *= CLOSE_ENOUGH;
    }
    out->found = yes;
    out->full = factor <= p->first;
    out->value = factor;
    out->present = yes && factor <= 1.0;
    return st;
}

/* Memory of guests and hosts; the guests have to fit where they are. */
static enum status measure(struct spare *p)
{
    const struct scenario *now = p->s->now;
    struct capacity *out = p->s->out;

    for (uint32_t i = 0; i < now->nr_vms; i++)
        p->need[now->vms[i].host] += (double)now->vms[i].guest->memory_bytes;
    for (uint32_t i = 0; i < now->nr_hosts; i++) {
        double room = (double)now->hosts[i].memory_bytes * now->cluster.rules.memory_overcommit;

        if (room <= 0.0)
            return diag_at(p->s->diag, ST_EINPUT, now->path, 0,
                           "host '%s' has no memory, so nothing is ever full", now->hosts[i].name);
        p->least = fmax(p->least, p->need[i] / room);
        out->guest_bytes += p->need[i];
        out->host_bytes += room;
    }
    p->first = p->least = fmax(p->least, 1e-3);
    return ST_OK;
}

enum status capacity_spare(struct capacity_search *s)
{
    const struct scenario *now = s->now;
    struct arena *arena = s->out->sc.arena;
    uint32_t k = s->options->nr_hosts, *order;
    struct spare p = {.s = s};
    struct capacity_options options = *s->options;
    enum status st;

    if (k == 0 || k >= now->nr_hosts || k > CAPACITY_SETS)
        return diag_set(s->diag, ST_EUSAGE, "%u of %u hosts cannot be emptied at once", k,
                        now->nr_hosts);
    p.need = arena_array(arena, now->nr_hosts, sizeof(*p.need));
    p.hosts = arena_array(arena, now->nr_hosts, sizeof(*p.hosts));
    order = arena_array(arena, now->nr_hosts, sizeof(*order));
    s->sc.hosts = arena_memdup(arena, now->hosts, now->nr_hosts * sizeof(*s->sc.hosts));
    if (!p.need || !p.hosts || !order || !s->sc.hosts)
        return capacity_no_memory(s->diag);
    st = measure(&p);
    if (st != ST_OK)
        return st;
    p.op = (struct scn_operation){.name = "spare",
                                  .kind = OPERATION_EVACUATE,
                                  .nr_hosts = k,
                                  .hosts = p.hosts,
                                  .vm_order = VMS_LARGE_FIRST,
                                  .retry_ns = 300 * NS_PER_S};
    heaviest(&p, order);
    s->sc.operations = &p.op;
    s->sc.nr_operations = 1;
    s->sc.nr_requests = s->sc.nr_faults = 0;
    s->apply = apply_memory;
    s->is_good = is_empty;
    if (options.replications == 0)
        options.replications = REPLICATIONS;
    s->options = &options;
    s->out->all_sets = number_of_sets(now->nr_hosts, k) <= CAPACITY_SETS;
    return search(&p);
}
