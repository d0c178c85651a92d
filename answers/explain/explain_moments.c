/*
 * explain_moments.c - the timeline: asked for, waits, a target, phases, orders, the end.
 *
 * Merges what the watch kept, the rows and the platform's log into one list in time.  Invariant:
 * what happened at one moment stands in the order of cause.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "answers/explain/explain_int.h"
#include "base/units.h"
#include "sim/placement/placement.h"

#include "base/banned.h"

/* At one moment: the end of one thing before the begin of the next. */
enum order {
    ORDER_ASKED,
    ORDER_WAIT,
    ORDER_PLACE,
    ORDER_STEP,
    ORDER_LOG,
    ORDER_END
};

struct entry {
    int64_t at_ns;
    enum order order;
    uint32_t sequence;
    const char *what;
};

struct list {
    struct explain *e;
    struct entry *entries;
    size_t nr;
    struct strbuf words;
    bool failed;
};

static void add(struct list *l, int64_t at_ns, enum order order)
{
    struct entry *entry = &l->entries[l->nr];

    *entry = (struct entry){.at_ns = at_ns,
                            .order = order,
                            .sequence = (uint32_t)l->nr,
                            .what = explain_keep(l->e, &l->words)};
    if (entry->what)
        l->nr++;
    else
        l->failed = true;
}

void explain_names(const struct explain *e, struct strbuf *out, const uint32_t *vms, uint32_t nr,
                   uint32_t named)
{
    uint32_t shown = nr < named ? nr : named;

    for (uint32_t i = 0; i < shown; i++) {
        const char *before = i == 0 ? "" : i + 1 == nr ? " and " : ", ";

        strbuf_addf(out, "%s%s", before, e->sc->vms[vms[i]].name);
    }
    if (shown < nr)
        strbuf_addf(out, " and %" PRIu32 " more", nr - shown);
}

/* ---- waits ---- */

static void add_wait(struct list *l, const struct watch_wait *w, const struct mig_result *row)
{
    const struct scenario *sc = l->e->sc;
    const char *source = row->source ? row->source : "its host";

    switch (w->limit) {
    case WATCH_TOTAL:
        strbuf_addf(&l->words,
                    "waits: %" PRIu32 " migrations run at once in the cluster, of %" PRIu32,
                    w->held, w->most);
        break;
    case WATCH_OUT:
        strbuf_addf(&l->words, "waits: %s sends %" PRIu32 " of %" PRIu32 " at once", source,
                    w->held, w->most);
        break;
    case WATCH_PER_HOST:
        strbuf_addf(&l->words, "waits: %s sends and takes %" PRIu32 " of %" PRIu32 " at once",
                    source, w->held, w->most);
        break;
    case WATCH_NO_TARGET:
        strbuf_addf(&l->words, "waits: %s", w->why ? w->why : "no target");
        break;
    case WATCH_BACK_OFF:
        strbuf_addf(&l->words, "waits before attempt %" PRIu32, w->attempt);
        break;
    case WATCH_START:
        strbuf_addstr(&l->words, "has its slot; the target is prepared");
        break;
    default:
        strbuf_addf(&l->words, "waits: %s", w->why ? w->why : "the platform lets nobody in now");
    }
    if (w->nr_holders > 0) {
        strbuf_addstr(&l->words, " (");
        explain_names(l->e, &l->words, w->holders,
                      w->nr_holders < WATCH_HOLDERS ? w->nr_holders : WATCH_HOLDERS, 3);
        strbuf_addch(&l->words, ')');
    }
    if (w->ahead > 0)
        strbuf_addf(&l->words, "; %" PRIu32 " before it", w->ahead);
    if (w->freed_by != VM_NONE)
        strbuf_addf(&l->words, "; %s ends first", sc->vms[w->freed_by].name);
    add(l, w->from_ns, ORDER_WAIT);
}

/* ---- targets ---- */

static void add_place(struct list *l, const struct watch_place *p)
{
    const struct scenario *sc = l->e->sc;
    char free_text[UNITS_TEXT];

    if (p->chosen == HOST_NONE)
        return; /* the wait says it */
    strbuf_addf(&l->words, "target %s", sc->hosts[p->chosen].name);
    if (p->asked != HOST_NONE)
        strbuf_addstr(&l->words, ", as asked for");
    else
        strbuf_addf(&l->words, ", of %" PRIu32 " %s that would do", p->nr_fit,
                    p->nr_fit == 1 ? "host" : "hosts");
    for (uint32_t i = 0; i < p->nr_hosts; i++)
        if (p->hosts[i].host == p->chosen && p->hosts[i].free_bytes < UINT64_MAX / 4 &&
            sc->hosts[p->chosen].memory_bytes > 0)
            strbuf_addf(&l->words, ", %s free", units_size(free_text, p->hosts[i].free_bytes));
    add(l, p->at_ns, ORDER_PLACE);
}

/* ---- phases and orders ---- */

static const struct mig_result *row_of(const struct explain *e, uint32_t job, uint32_t attempt)
{
    for (uint32_t i = 0; i < e->nr_attempts; i++) {
        const struct mig_result *r = &e->rows[e->attempts[i]];

        if (r->job == job && r->attempt == attempt)
            return r;
    }
    return e->told;
}

static void add_state(struct list *l, const struct watch_step *s)
{
    const struct mig_result *row = row_of(l->e, s->job, s->attempt);
    char text[UNITS_TEXT];

    switch ((enum watch_state)s->value) {
    case WATCH_MIRROR:
        strbuf_addstr(&l->words, "its disks are copied");
        break;
    case WATCH_OFFLINE:
        strbuf_addf(&l->words, "%s move: the guest is down", row->kind ? row->kind : "cold");
        break;
    case WATCH_SETUP:
        strbuf_addf(&l->words, "migrate%s%s: set-up", row->target ? " to " : "",
                    row->target ? row->target : "");
        break;
    case WATCH_PRECOPY:
        strbuf_addstr(&l->words, "round 1: all memory is copied");
        break;
    case WATCH_STOP:
        strbuf_addf(&l->words, "switchover in round %" PRIu32 ": the guest stops", row->rounds);
        break;
    case WATCH_SEND:
        strbuf_addf(&l->words, "what is still dirty is sent: %s",
                    units_size(text, row->downtime_bytes));
        break;
    case WATCH_DRAIN:
        strbuf_addstr(&l->words, "what its disks still owe is copied");
        break;
    case WATCH_DEVICES:
        strbuf_addstr(&l->words, "device state, and the start at the target");
        break;
    case WATCH_POSTCOPY:
        strbuf_addstr(&l->words,
                      "post-copy: the guest runs at the target and fetches what is missing");
        break;
    case WATCH_PAUSED:
        strbuf_addstr(&l->words, "post-copy is broken: the guest stops at the first missing page");
        break;
    case WATCH_IDLE:
    case WATCH_OVER: /* the row says how */
        return;
    }
    add(l, s->at_ns, ORDER_STEP);
}

static void add_step(struct list *l, const struct watch_step *s)
{
    char text[UNITS_TEXT];

    switch (s->kind) {
    case WATCH_STEP_STATE:
        add_state(l, s);
        return;
    case WATCH_STEP_DOWNTIME:
        strbuf_addf(&l->words, "downtime limit now %s", units_time(text, (int64_t)s->value));
        break;
    case WATCH_STEP_CAP:
        strbuf_addf(&l->words, "max_bandwidth now %s", units_rate(text, s->value));
        break;
    case WATCH_STEP_HOLD:
        strbuf_addf(&l->words, "the platform takes %" PRIu64 " %% of the guest's CPU time",
                    s->value);
        break;
    case WATCH_STEP_SUSPEND:
        strbuf_addstr(&l->words, "the guest is paused so that the migration completes");
        break;
    }
    add(l, s->at_ns, ORDER_STEP);
}

/* Auto-converge's steps stand in the rounds. */
static void add_throttle(struct list *l, const struct mig_result *row)
{
    uint32_t before = 0;

    for (size_t i = 0; i < row->nr_rounds; i++) {
        const struct mig_round *r = &l->e->rounds[row->first_round + i];

        if (r->throttle_pct == before)
            continue;
        before = r->throttle_pct;
        strbuf_addf(&l->words, "round %" PRIu32 " with the guest slowed by %" PRIu32 " %%",
                    r->round, r->throttle_pct);
        add(l, r->start_ns, ORDER_STEP);
    }
}

/* ---- begin and end ---- */

static void add_row(struct list *l, uint32_t i)
{
    const struct explain *e = l->e;
    const struct mig_result *r = &e->rows[e->attempts[i]];
    const struct mig_result *before = i > 0 ? &e->rows[e->attempts[i - 1]] : NULL;

    if (!before || before->job != r->job) {
        strbuf_addf(&l->words, "asked to leave %s", r->source ? r->source : "its host");
        add(l, r->queued_ns, ORDER_ASKED);
    }
    if (r->ended_ns < 0)
        return;
    strbuf_addstr(&l->words, outcome_name(r->outcome));
    if (r->outcome != OUTCOME_COMPLETED && r->reason)
        strbuf_addf(&l->words, ": %s", r->reason);
    if (r->attempt > 1 || (i + 1 < e->nr_attempts && e->rows[e->attempts[i + 1]].job == r->job))
        strbuf_addf(&l->words, " (attempt %" PRIu32 ")", r->attempt);
    add(l, r->ended_ns, ORDER_END);
}

static int by_time(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->at_ns != y->at_ns)
        return x->at_ns < y->at_ns ? -1 : 1;
    if (x->order != y->order)
        return x->order < y->order ? -1 : 1;
    return x->sequence < y->sequence ? -1 : 1;
}

static bool is_own(const struct explain *e, const struct sim_event *event)
{
    return event->vm && strcmp(event->vm, e->sc->vms[e->vm].name) == 0;
}

static void collect(struct list *l)
{
    struct explain *e = l->e;
    const struct watch *w = e->watch;

    for (uint32_t i = 0; i < w->nr_waits; i++)
        add_wait(l, &w->waits[i], row_of(e, w->waits[i].job, w->waits[i].attempt));
    for (uint32_t i = 0; i < w->nr_places; i++)
        add_place(l, &w->places[i]);
    for (uint32_t i = 0; i < w->nr_steps; i++)
        add_step(l, &w->steps[i]);
    for (uint32_t i = 0; i < e->nr_events; i++) {
        if (!is_own(e, &e->events[i]))
            continue;
        strbuf_addstr(&l->words, e->events[i].what);
        add(l, e->events[i].at_ns, ORDER_LOG);
    }
    for (uint32_t i = 0; i < e->nr_attempts; i++) {
        add_throttle(l, &e->rows[e->attempts[i]]);
        add_row(l, i);
    }
}

enum status explain_find_moments(struct explain *e)
{
    struct list l = {.e = e, .words = STRBUF_INIT};
    size_t most = (size_t)e->watch->nr_waits + e->watch->nr_places + e->watch->nr_steps +
                  e->nr_events + e->nr_rounds + 2 * (size_t)e->nr_attempts;

    l.entries = calloc(most + 1, sizeof(*l.entries));
    e->moments = calloc(most + 1, sizeof(*e->moments));
    if (l.entries && e->moments) {
        collect(&l);
        qsort(l.entries, l.nr, sizeof(*l.entries), by_time);
        for (size_t i = 0; i < l.nr; i++)
            e->moments[i] = (struct explain_moment){l.entries[i].at_ns, l.entries[i].what};
        e->nr_moments = l.nr;
    } else {
        l.failed = true;
    }
    free(l.entries);
    strbuf_release(&l.words);
    return l.failed ? ST_ENOMEM : ST_OK;
}
