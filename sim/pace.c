/*
 * pace.c - who waits for a link to have served how much.
 *
 * Per link: how much it has served per weight since somebody waits, at which level it serves now,
 * and a heap of those who wait.  Invariant: `served` is that of `at_ns`, and nobody in the
 * heap is due before it but for rounding; while the heap is not empty the event of its first is
 * pending.
 */
#include "sim/pace.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/num.h"
#include "base/units.h"
#include "sim/sim_int.h"

/* Who waits has reckoned with levels up to this many times the one at which the waiting began. */
#define CEILING 1.5
/* ... and a level so far below the ceiling that it costs more than it saves sets a new one. */
#define CEILING_FAR 6.0

/* A threshold grows with the level, so a higher one makes a decision come earlier.  Rises up to
 * this are looked out for: who then turns out to be above the threshold waits again. */
#define RISE 1.2

/* Beyond any horizon: when a link that is all but gone will have served somebody. */
#define NEVER_NS ((double)(INT64_MAX / 4))

enum {
    RESTLESS = 2 /* moves of a link after which more are to be expected */
};

/* Somebody who waits. */
struct pace_due {
    double due; /* bytes per weight that the link will have served then */
    uint32_t slot;
};

/* ---- the heap: four below each, for a line of the cache holds four ---- */

static void put(const struct sim *sim, struct pace *p, uint32_t at, struct pace_due d)
{
    p->heap[at] = d;
    sim->pace_places[d.slot] = at;
}

static void sift_up(const struct sim *sim, struct pace *p, uint32_t at, struct pace_due d)
{
    while (at > 0 && d.due < p->heap[(at - 1) / 4].due) {
        put(sim, p, at, p->heap[(at - 1) / 4]);
        at = (at - 1) / 4;
    }
    put(sim, p, at, d);
}

/* Room for one more; it is kept for later replications. */
static bool has_room(struct pace *p)
{
    uint32_t cap = p->cap ? 2 * p->cap : 64;
    struct pace_due *more;

    if (p->nr < p->cap)
        return true;
    more = realloc(p->heap, cap * sizeof(*more)); /* a high-water mark */
    if (!more)
        return false;
    p->heap = more;
    p->cap = cap;
    return true;
}

static void heap_add(const struct sim *sim, struct pace *p, uint32_t slot, double due)
{
    sift_up(sim, p, p->nr++, (struct pace_due){due, slot});
}

/* Who is due first of the four from @first on, or of those of them that there are. */
static inline uint32_t first_of_four(const struct pace *p, uint32_t first)
{
    const struct pace_due *four = &p->heap[first];
    uint32_t best = 0;

    if (first + 3 < p->nr) {
        uint32_t a = four[1].due < four[0].due, b = 2 + (four[3].due < four[2].due);

        return first + (four[b].due < four[a].due ? b : a);
    }
    for (uint32_t i = 1; first + i < p->nr; i++)
        best = four[i].due < four[best].due ? i : best;
    return first + best;
}

/* The hole goes down to a leaf: the last one, which fills it, mostly belongs there. */
static void heap_remove(const struct sim *sim, struct pace *p, uint32_t at)
{
    struct pace_due last = p->heap[--p->nr];

    if (at == p->nr)
        return;
    for (uint32_t first = 4 * at + 1; first < p->nr; first = 4 * at + 1) {
        uint32_t best = first_of_four(p, first);

        put(sim, p, at, p->heap[best]);
        at = best;
    }
    sift_up(sim, p, at, last);
}

/* ---- what was served ---- */

static void serve(const struct sim *sim, struct pace *p)
{
    p->served += p->level * ((double)(sim->now_ns - p->at_ns) / (double)NS_PER_S);
    p->at_ns = sim->now_ns;
}

static void set_rate(struct mig *m, double rate)
{
    m->link_rate = rate;
    m->limits.link_bytes_per_s = num_max(rate, 1.0);
}

enum status pace_init(struct sim *sim)
{
    sim->paces = calloc((size_t)sim->net.nr_links + 1, sizeof(*sim->paces));
    sim->paces_moved = PACE_NONE;
    sim->pace_places = calloc(sim->cap_migs, sizeof(*sim->pace_places));
    return sim->paces && sim->pace_places ? ST_OK : ST_ENOMEM;
}

void pace_release(struct sim *sim)
{
    for (uint32_t i = 0; sim->paces && i < sim->net.nr_links; i++)
        free(sim->paces[i].heap);
    free(sim->paces);
    free(sim->pace_places);
}

void pace_begin_run(struct sim *sim)
{
    for (uint32_t link = sim->paces_moved; link != PACE_NONE;) {
        struct pace *p = &sim->paces[link];

        link = p->next_moved;
        *p = (struct pace){.heap = p->heap, .cap = p->cap};
    }
    sim->paces_moved = PACE_NONE;
}

/* What the link has served when the sender's own clock comes, which may be a little ahead, in a
 * sync, or behind, for the page under way has begun already. */
static double served_at_sender(const struct sim *sim, const struct pace *p, const struct mig *m)
{
    return p->served + p->level * ((double)(m->sender.now_ns - sim->now_ns) / (double)NS_PER_S);
}

void pace_settle(struct sim *sim, struct mig *m)
{
    struct pace_wait *w = &m->wait;
    struct pace *p = &sim->paces[w->link];
    double served;

    if (sim->now_ns <= m->sender.now_ns)
        return;
    serve(sim, p);
    if (w->seen == p->moves) {
        precopy_run(&m->sender, &m->limits, sim->now_ns, false);
        w->from = served_at_sender(sim, p, m);
        return;
    }
    served = num_max(num_min(p->served, w->due) - w->from, 0.0) * m->weight;
    if (w->decides)
        served = num_min(served, precopy_bytes_to(&m->sender, &m->limits, w->left));
    set_rate(m, p->level * m->weight);
    served = precopy_glide(&m->sender, &m->limits, served, sim->now_ns);
    if (served > 0.0)
        w->seen = p->moves;
    w->from += served / m->weight;
    precopy_catch_up(&m->sender, &m->limits, (num_min(p->served, w->due) - w->from) * m->weight,
                     sim->now_ns);
}

/* ---- waiting ---- */

static void arm(struct sim *sim, uint32_t link)
{
    struct pace *p = &sim->paces[link];
    double left;
    int64_t at;

    if (p->nr == 0) {
        if (p->event != EVENT_NONE)
            event_queue_cancel(&sim->queue, p->event);
        p->event = EVENT_NONE;
        return;
    }
    left = num_max(p->heap[0].due - p->served, 0.0);
    at = p->at_ns + (int64_t)num_ceil(num_min(left * (double)NS_PER_S / p->level, NEVER_NS));
    at = at > sim->now_ns ? at : sim->now_ns;
    if (p->event == EVENT_NONE) {
        p->event = sim_push(sim, at, 0, EV_PACE, link, 0);
        p->due_ns = at;
    } else if (at != p->due_ns) {
        event_queue_move(&sim->queue, p->event, at);
        p->due_ns = at;
    }
}

/* Did the pace of its link move in this round, or in the one before?  In the first round its past
 * says. */
static bool is_unsteady(struct mig *m, const struct pace *p)
{
    struct pace_wait *w = &m->wait;

    if (w->round != m->result->rounds) {
        w->before = w->round + 1 == m->result->rounds && w->round > 0 ? w->now : p->moves;
        if (m->result->rounds == 1 && p->moves > RESTLESS)
            w->before = 0;
        w->now = p->moves;
        w->round = m->result->rounds;
    }
    return w->before != p->moves;
}

/* Bytes to wait for: up to the next decision if only the link counts until then, else as far as
 * that is so; 0 = none. */
static double find_reach(struct mig *m, double most)
{
    struct pace_wait *w = &m->wait;

    w->decides = precopy_keeps_pace(&m->sender, &m->limits, most);
    if (!w->decides)
        return precopy_reach(&m->sender, &m->limits, most);
    w->left = precopy_left(&m->sender, &m->limits, RISE * m->limits.link_bytes_per_s);
    return precopy_bytes_to(&m->sender, &m->limits, w->left);
}

bool pace_enter(struct sim *sim, struct mig *m)
{
    uint32_t link = network_leader(&sim->net, m->slot);
    struct pace_wait *w = &m->wait;
    struct pace *p;
    double reach;

    if (link == NETWORK_NONE || m->want_postcopy || sim->platform->planned)
        return false;
    p = &sim->paces[link];
    if (!is_unsteady(m, p))
        return false;
    if (p->nr == 0) {
        p->served = 0.0;
        p->at_ns = sim->now_ns;
        p->level = network_level(&sim->net, link);
        p->ceiling = CEILING * p->level;
    }
    reach = find_reach(m, p->ceiling * m->weight);
    if (reach <= 0.0 || !has_room(p))
        return false;
    serve(sim, p);
    w->link = link;
    w->seen = p->moves;
    w->from = served_at_sender(sim, p, m);
    w->due = w->from + reach / m->weight;
    if (!sim->net.flows[m->slot].muted)
        network_mute(&sim->net, m->slot);
    heap_add(sim, p, m->slot, w->due);
    if (p->heap[0].slot == m->slot)
        arm(sim, link);
    return true;
}

static void stop_waiting(struct sim *sim, struct pace *p, struct mig *m)
{
    m->wait.link = PACE_NONE;
    network_hear(&sim->net, m->slot);
    set_rate(m, p->level * m->weight);
}

void pace_leave(struct sim *sim, struct mig *m)
{
    uint32_t link = m->wait.link;
    struct pace *p = &sim->paces[link];
    uint32_t place = sim->pace_places[m->slot];

    heap_remove(sim, p, place);
    stop_waiting(sim, p, m);
    if (place == 0)
        arm(sim, link);
}

/* ---- the link ---- */

/* Those who wait have not reckoned with such a level: all out, and then they plan anew.  Some wait
 * again: they fill the heap from its first place, which is read by then. */
static void send_all_away(struct sim *sim, struct pace *p)
{
    uint32_t nr = p->nr;

    for (uint32_t i = 0; i < nr; i++) {
        pace_settle(sim, sim_mig(sim, p->heap[i].slot));
        stop_waiting(sim, p, sim_mig(sim, p->heap[i].slot));
    }
    p->nr = 0;
    for (uint32_t i = 0; i < nr; i++)
        mig_replan(sim, sim_mig(sim, p->heap[i].slot));
}

void pace_moved(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->net.nr_moved; i++) {
        struct pace *p = &sim->paces[sim->net.moved[i]];

        if (p->nr > 0)
            serve(sim, p);
        if (p->moves++ == 0) {
            p->next_moved = sim->paces_moved;
            sim->paces_moved = sim->net.moved[i];
        }
        if (sim->net.links[sim->net.moved[i]].lead != NETWORK_NONE)
            p->level = network_level(&sim->net, sim->net.moved[i]);
    }
}

void pace_rearm(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->net.nr_moved; i++) {
        struct pace *p = &sim->paces[sim->net.moved[i]];

        if (p->nr > 0 && p->level > p->ceiling)
            send_all_away(sim, p);
        else if (p->level < p->ceiling / CEILING_FAR)
            p->ceiling = CEILING * p->level;
        arm(sim, sim->net.moved[i]);
    }
}

/* The link did not move while @m waited: its sender goes as with a plan of its own, and false if
 * that has not come to a decision yet. */
static bool run_on(const struct sim *sim, struct mig *m)
{
    m->trial = m->sender;
    precopy_run(&m->trial, &m->limits, sim->now_ns + NS_PER_US, false);
    if (m->trial.phase != PRECOPY_DECIDE)
        return false;
    m->sender = m->trial;
    return true;
}

/* The link has served @m up to its next decision. */
static bool arrive(struct sim *sim, const struct pace *p, struct mig *m)
{
    const struct pace_wait *w = &m->wait;

    if (w->seen == p->moves)
        return run_on(sim, m);
    set_rate(m, p->level * m->weight);
    precopy_glide(&m->sender, &m->limits, precopy_bytes_to(&m->sender, &m->limits, w->left),
                  sim->now_ns > m->sender.now_ns ? sim->now_ns : m->sender.now_ns);
    return m->sender.phase == PRECOPY_DECIDE;
}

void pace_event(struct sim *sim, uint32_t link)
{
    struct pace *p = &sim->paces[link];
    struct mig *m = sim_mig(sim, p->heap[0].slot);
    bool decides;

    assert(p->nr > 0);
    p->event = EVENT_NONE;
    serve(sim, p);
    p->served = num_max(p->served, p->heap[0].due);
    decides = m->wait.decides && arrive(sim, p, m);
    if (!decides)
        pace_settle(sim, m);
    heap_remove(sim, p, 0);
    if (p->nr > 0) { /* most likely the next */
        mig_fetch(sim_mig(sim, p->heap[0].slot));
        __builtin_prefetch(&sim->net.flows[p->heap[0].slot]);
    }
    m->wait.link = PACE_NONE;
    set_rate(m, p->level * m->weight);
    if (decides)
        mig_decide(sim, m); /* most wait again, so it is still muted */
    else
        mig_plan(sim, m);
    if (m->wait.link == PACE_NONE)
        network_hear(&sim->net, m->slot);
    arm(sim, link);
}
