/*
 * explain_tries.c - what would have changed the end: each change simulated, the whole replication
 * with it.
 *
 * Advice for an attempt that failed by itself is advise.c's, which searches for the least change;
 * here are changes that others share (slots, links) and changes of a move that went well.
 * Invariant: what is kept was simulated and moved the end.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answers/explain/altered.h"
#include "answers/explain/explain_int.h"
#include "base/units.h"
#include "sim/sim.h"

#include "base/banned.h"

#define MOVED 0.03 /* less is not worth a line */
#define MARGIN_MOST 64.0
#define MARGIN_CLOSE 1.03
#define LEAST_HORIZON_NS (600 * NS_PER_S)
#define LONGER 25.0
#define LONG_WAIT 0.10 /* share of the whole that makes a wait a cause */

enum {
    TRIES_MAX = 16
};

struct trier {
    struct explain *e;
    const atomic_int *stop;
    struct explain_try base; /* as it went */
    struct strbuf words;
    enum status st;
};

/* ---- one change ---- */

static struct explain_try read_end(const struct mig_result *rows, uint32_t nr, uint32_t vm)
{
    struct explain_try t = {.outcome = OUTCOME_QUEUED, .over_ns = -1, .downtime_ns = -1};
    const struct mig_result *last = NULL;

    for (uint32_t i = 0; i < nr; i++) {
        if (rows[i].vm_id != vm)
            continue;
        if (!last || rows[i].queued_ns > last->queued_ns ||
            (rows[i].queued_ns == last->queued_ns &&
             (rows[i].job > last->job || rows[i].attempt > last->attempt)))
            last = &rows[i];
    }
    if (!last)
        return t;
    t.outcome = last->outcome;
    t.over_ns = last->ended_ns < 0 ? -1 : last->ended_ns - last->queued_ns;
    t.total_ns = last->total_ns;
    t.downtime_ns = last->downtime_ns;
    return t;
}

static bool differs(int64_t a, int64_t b)
{
    if (a < 0 || b < 0)
        return a != b && (a >= 0) != (b >= 0);
    return fabs((double)a - (double)b) > MOVED * (double)(a > b ? a : b);
}

static bool moved(const struct explain_try *base, const struct explain_try *t)
{
    return base->outcome != t->outcome || differs(base->over_ns, t->over_ns) ||
           differs(base->downtime_ns, t->downtime_ns);
}

/* Simulates @a, which is freed, and keeps the words if the end moved. */
static void attempt(struct trier *t, struct altered *a, bool applies, bool always)
{
    struct sim *sim = applies && a && !a->failed ? sim_new(&a->sc, NULL) : NULL;
    struct explain_try got;
    uint32_t nr;

    if (applies && (!sim || a->failed))
        t->st = ST_ENOMEM;
    if (sim && !(t->stop && *t->stop)) {
        sim_run(sim, t->e->end->replication);
        if (sim_status(sim) == ST_OK) {
            const struct mig_result *rows = sim_results(sim, &nr);

            got = read_end(rows, nr, t->e->vm);
            got.whole = true;
            if ((always || moved(&t->base, &got)) && t->e->nr_tries < TRIES_MAX) {
                got.what = explain_keep(t->e, &t->words);
                t->e->tries[t->e->nr_tries++] = got;
                t->st = got.what ? t->st : ST_ENOMEM;
            }
        }
    }
    strbuf_clear(&t->words);
    sim_free(sim);
    altered_free(a);
    if (t->stop && *t->stop)
        t->st = ST_EINTR;
}

static struct altered *begin(struct trier *t)
{
    struct altered *a = t->st == ST_OK ? altered_new(t->e->sc) : NULL;

    if (!a && t->st == ST_OK)
        t->st = ST_ENOMEM;
    return a;
}

/* ---- what waits are for ---- */

static int64_t waited(const struct explain *e, bool for_slots)
{
    int64_t sum = 0;

    for (uint32_t i = 0; i < e->watch->nr_waits; i++) {
        const struct watch_wait *w = &e->watch->waits[i];
        bool slot = w->limit == WATCH_TOTAL || w->limit == WATCH_OUT ||
                    w->limit == WATCH_PER_HOST || w->limit == WATCH_TARGET;

        if (slot == for_slots)
            sum += (w->to_ns < 0 ? e->sc->horizon_ns : w->to_ns) - w->from_ns;
    }
    return sum;
}

static void try_slots(struct trier *t)
{
    const struct explain *e = t->e;
    int64_t whole = t->base.over_ns < 0 ? e->sc->horizon_ns : t->base.over_ns;
    struct altered *a;

    if ((double)waited(e, true) > LONG_WAIT * (double)whole) {
        a = begin(t);
        strbuf_addstr(&t->words, "twice as many migrations at a time");
        attempt(t, a, a && altered_slots(a, 2.0), false);
        a = begin(t);
        strbuf_addstr(&t->words, "no limit on migrations at a time");
        attempt(t, a, a && altered_slots(a, 0.0), false);
    }
    if (e->nr_shares > 0) {
        a = begin(t);
        strbuf_addstr(&t->words, "one migration at a time out of each host");
        attempt(t, a, a && altered_one_at_a_time(a), false);
    }
}

/* ---- no target ---- */

static const struct watch_place *last_refusal(const struct explain *e)
{
    for (uint32_t i = e->watch->nr_places; i > 0; i--)
        if (e->watch->places[i - 1].chosen == HOST_NONE)
            return &e->watch->places[i - 1];
    return NULL;
}

static void try_memory(struct trier *t, const struct watch_place *p)
{
    const struct scenario *sc = t->e->sc;
    const struct watch_host *h = &p->hosts[0];
    uint64_t need = sc->vms[t->e->vm].guest->memory_bytes, lack;
    struct altered *a;
    char size[UNITS_TEXT];

    if (p->nr_hosts == 0 || h->refusal != REFUSE_MEMORY || h->free_bytes >= need)
        return;
    lack = (need - h->free_bytes + GIB - 1) / GIB * GIB;
    a = begin(t);
    strbuf_addf(&t->words, "%s more memory on %s", units_size(size, lack), sc->hosts[h->host].name);
    attempt(t, a, a && altered_host_memory(a, h->host, lack), false);
}

/* Each check that kept hosts away, left out. */
static void try_checks(struct trier *t, const struct watch_place *p)
{
    static const struct {
        enum refusal refusal;
        const char *words;
    } checks[] = {
        {REFUSE_TAINT, "hosts without the taint"},
        {REFUSE_LABEL, "the label on all hosts"},
        {REFUSE_CPU_MODEL, "a CPU model that all hosts offer"},
        {REFUSE_CPU_FEATURES, "CPU features that all hosts have"},
        {REFUSE_VENDOR, "hosts of one CPU vendor"},
        {REFUSE_STORAGE, "its storage on all hosts"},
        {REFUSE_NETWORK, "its network on all hosts"},
        {REFUSE_CPUS, "CPUs overcommitted further"},
        {REFUSE_APART, "without the rules of affinity"},
        {REFUSE_TOGETHER, "without the rules of affinity"},
    };

    for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
        struct altered *a;

        if (p->count[checks[i].refusal] == 0)
            continue;
        a = begin(t);
        strbuf_addstr(&t->words, checks[i].words);
        attempt(t, a, a && altered_skip_check(a, checks[i].refusal), false);
    }
}

static void try_targets(struct trier *t)
{
    const struct watch_place *p = last_refusal(t->e);

    if (!p || t->e->told->started_ns >= 0)
        return;
    try_memory(t, p);
    try_checks(t, p);
}

/* ---- the move itself ---- */

static void try_move(struct trier *t)
{
    struct altered *a = begin(t);

    strbuf_addstr(&t->words, "links and network cards twice as fast");
    attempt(t, a, a && altered_links(a, 2.0), false);
    a = begin(t);
    strbuf_addstr(&t->words, "no max_bandwidth");
    attempt(t, a, a && altered_no_cap(a), false);
    a = begin(t);
    strbuf_addstr(&t->words, "multifd with 4 channels");
    attempt(t, a, a && altered_multifd(a, 4), false);
    a = begin(t);
    strbuf_addstr(&t->words, "its guest writes half as fast");
    attempt(t, a, a && altered_writes(a, t->e->vm, 0.5), false);
    a = begin(t);
    strbuf_addstr(&t->words, "its guest writes 2.5 times as fast");
    attempt(t, a, a && altered_writes(a, t->e->vm, 2.5), true);
}

static bool writes(const struct explain *e)
{
    return e->sc->vms[e->vm].guest->dirty.kind != DIRTY_IDLE;
}

/* ---- how much faster may its guest write? ---- */

/* It must be quick to see that it does not converge: so many times its own length is long enough.
 */
static int64_t bounded_horizon(const struct trier *t)
{
    double bound = fmax((double)LEAST_HORIZON_NS, LONGER * (double)t->base.over_ns) +
                   (double)t->e->end->asked_ns;

    return bound < (double)t->e->sc->horizon_ns ? llround(bound) : t->e->sc->horizon_ns;
}

static bool completes_at(struct trier *t, double ratio)
{
    struct altered *a = begin(t);
    struct sim *sim =
        a && altered_writes(a, t->e->vm, ratio) && !a->failed ? sim_new(&a->sc, NULL) : NULL;
    bool good = false;

    if (a)
        a->sc.horizon_ns = bounded_horizon(t);
    if (sim && !(t->stop && *t->stop)) {
        uint32_t nr;

        sim_run(sim, t->e->end->replication);
        if (sim_status(sim) == ST_OK) {
            const struct mig_result *rows = sim_results(sim, &nr);

            good = read_end(rows, nr, t->e->vm).outcome == OUTCOME_COMPLETED;
        }
    }
    sim_free(sim);
    altered_free(a);
    return good;
}

/* Doubles until it fails, halves the gap; the ratio that is kept was simulated and completed. */
static void find_margin(struct trier *t)
{
    double good = 1.0, bad = 2.0;

    while (bad <= MARGIN_MOST && t->st == ST_OK && completes_at(t, bad)) {
        good = bad;
        bad *= 2.0;
    }
    if (bad > MARGIN_MOST) {
        t->e->margin_ratio = INFINITY;
        return;
    }
    while (bad / good > MARGIN_CLOSE && t->st == ST_OK) {
        double middle = sqrt(good * bad);

        if (completes_at(t, middle))
            good = middle;
        else
            bad = middle;
    }
    t->e->margin_ratio = good;
}

enum status explain_find_tries(struct explain *e, const atomic_int *stop)
{
    struct trier t = {.e = e, .stop = stop, .words = STRBUF_INIT};

    e->margin_ratio = NAN;
    e->tries = calloc(TRIES_MAX, sizeof(*e->tries));
    if (!e->tries)
        return ST_ENOMEM;
    t.base = read_end(e->rows, e->nr_rows, e->vm);
    try_slots(&t);
    try_targets(&t);
    if (e->told->outcome == OUTCOME_COMPLETED &&
        (!e->told->kind || strcmp(e->told->kind, "live") == 0)) {
        try_move(&t);
        if (writes(e))
            find_margin(&t);
    }
    strbuf_release(&t.words);
    return t.st;
}
