/*
 * order_times.c - from a sequence of VMs to waves, and the moments to ask for them.
 *
 * List scheduling: the next VM of the sequence whose slots are free goes as soon as they are.  The
 * times are estimates from how long each took when it was last simulated; the simulator has the
 * last word. A wave is asked for a little early, so that the platform's queue never runs dry.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answers/plan/order_int.h"
#include "base/units.h"

#include "base/banned.h"

#define EARLY 0.95

struct host_use {
    uint32_t out, in;
};

struct running {
    double end;
    uint32_t v;
};

struct list {
    struct order_search *s;
    struct order_schedule *d;
    struct host_use *hosts;
    struct running *running;
    uint32_t nr_running;
    double *start; /* by index into vms */
};

static bool has_room(const struct list *l, uint32_t v)
{
    const struct order_slots *slots = &l->d->slots;
    uint32_t target = l->d->target[v];

    return l->nr_running < slots->total && l->hosts[l->s->vms[v].source].out < slots->out &&
           (target == HOST_NONE || l->hosts[target].in < slots->in);
}

static void take(struct list *l, uint32_t v, double now)
{
    uint32_t target = l->d->target[v];

    l->start[v] = now;
    l->running[l->nr_running++] = (struct running){now + l->s->vms[v].takes_ns, v};
    l->hosts[l->s->vms[v].source].out++;
    if (target != HOST_NONE)
        l->hosts[target].in++;
}

/* The first to end; of equal ones the one that began first. */
static double give_back(struct list *l)
{
    uint32_t first = 0;
    struct running r;

    for (uint32_t i = 1; i < l->nr_running; i++)
        if (l->running[i].end < l->running[first].end)
            first = i;
    r = l->running[first];
    l->running[first] = l->running[--l->nr_running];
    l->hosts[l->s->vms[r.v].source].out--;
    if (l->d->target[r.v] != HOST_NONE)
        l->hosts[l->d->target[r.v]].in--;
    return r.end;
}

static void schedule(struct list *l)
{
    uint32_t left = l->s->nr, first = 0;
    double now = 0.0;

    for (uint32_t v = 0; v < l->s->nr; v++)
        l->start[v] = -1.0;
    while (left > 0) {
        while (first < l->s->nr && l->start[l->d->sequence[first]] >= 0.0)
            first++;
        for (uint32_t i = first; i < l->s->nr && l->nr_running < l->d->slots.total; i++) {
            uint32_t v = l->d->sequence[i];

            if (l->start[v] >= 0.0 || !has_room(l, v))
                continue;
            take(l, v, now);
            left--;
        }
        if (left > 0)
            now = give_back(l);
    }
}

static int by_start(const void *a, const void *b, void *arg)
{
    const double *start = arg;
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

    return start[x] < start[y] ? -1 : start[x] > start[y];
}

/* Starts closer together than a share of the whole are one wave, asked for at the first of them. */
static void make_waves(struct order_search *s, struct order_schedule *d, const double *start)
{
    double last = start[d->sequence[s->nr - 1]];
    double gap = fmax(5.0 * (double)NS_PER_S, last / ORDER_WAVES_MAX), begin = 0.0;

    d->nr_waves = 1;
    for (uint32_t i = 0; i < s->nr; i++) {
        uint32_t v = d->sequence[i];

        if (start[v] > begin + gap) {
            begin = start[v];
            d->nr_waves++;
        }
        d->wave[v] = d->nr_waves - 1;
        d->at_ns[v] = (int64_t)(floor(begin * EARLY / (double)NS_PER_S)) * NS_PER_S;
    }
}

/* Stable, since the list's order is the tie-break inside a wave. */
static enum status sort_by_start(struct order_search *s, struct order_schedule *d, double *start)
{
    uint32_t *copy = malloc((size_t)s->nr * sizeof(*copy) + 1);

    if (!copy)
        return diag_set(s->diag, ST_ENOMEM, "out of memory");
    /* a hair later for each place keeps equal starts in the order of the sequence */
    for (uint32_t i = 0; i < s->nr; i++)
        start[d->sequence[i]] += (double)i * 1e-3;
    memcpy(copy, d->sequence, s->nr * sizeof(*copy));
    qsort_r(copy, s->nr, sizeof(*copy), by_start, start);
    memcpy(d->sequence, copy, s->nr * sizeof(*copy));
    free(copy);
    return ST_OK;
}

enum status order_times(struct order_search *s, struct order_schedule *d)
{
    struct list l = {.s = s, .d = d};
    enum status st = ST_ENOMEM;

    l.hosts = calloc((size_t)s->out->sc.nr_hosts + 1, sizeof(*l.hosts));
    l.running = calloc((size_t)s->nr + 1, sizeof(*l.running));
    l.start = calloc((size_t)s->nr + 1, sizeof(*l.start));
    if (l.hosts && l.running && l.start && s->nr > 0) {
        schedule(&l);
        st = sort_by_start(s, d, l.start);
        if (st == ST_OK)
            make_waves(s, d, l.start);
    } else {
        diag_set(s->diag, st, "out of memory");
    }
    free(l.hosts);
    free(l.running);
    free(l.start);
    return st;
}
