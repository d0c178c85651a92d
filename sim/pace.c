/*
 * pace.c - who waits for a link to have served how much.
 *
 * Per link: how much it has served per weight since somebody waits, at which level it serves now,
 * and a pairing heap of those who wait.  Invariant: `served` is that of `at_ns`, and nobody in the
 * heap is due before it but for rounding; while the heap is not empty the event of its first is
 * pending.
 */
#include "sim/pace.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/units.h"
#include "sim/sim_int.h"

/* Who waits has reckoned with levels up to this many times the one at which the waiting began. */
#define CEILING 1.5
/* ... and a level so far below the ceiling that it costs more than it saves sets a new one. */
#define CEILING_FAR 6.0

enum {
    RESTLESS = 2 /* moves of a link after which more are to be expected */
};

/* Of a migration that waits.  These stand close together: the heap goes through those of others,
 * whose other state it need not fetch. */
struct pace_node {
    double due; /* bytes per weight that the link will have served then */
    uint32_t child, sibling, back;
};

/* ---- the heap ---- */

static uint32_t meld(const struct sim *sim, uint32_t a, uint32_t b)
{
    struct pace_node *x = &sim->pace_nodes[a], *y = &sim->pace_nodes[b];

    if (y->due < x->due || (!(x->due < y->due) && b < a)) {
        struct pace_node *z = x;
        uint32_t c = a;

        x = y;
        y = z;
        a = b;
        b = c;
    }
    y->sibling = x->child;
    y->back = a;
    if (x->child != PACE_NONE)
        sim->pace_nodes[x->child].back = b;
    x->child = b;
    return a;
}

/* Of a list of siblings: two by two from the left, then all together from the right. */
static uint32_t meld_all(const struct sim *sim, uint32_t first)
{
    uint32_t pairs = PACE_NONE, root = PACE_NONE;

    while (first != PACE_NONE) {
        uint32_t a = first, b = sim->pace_nodes[a].sibling;

        first = PACE_NONE;
        sim->pace_nodes[a].sibling = PACE_NONE;
        if (b != PACE_NONE) {
            first = sim->pace_nodes[b].sibling;
            sim->pace_nodes[b].sibling = PACE_NONE;
            a = meld(sim, a, b);
        }
        sim->pace_nodes[a].sibling = pairs;
        pairs = a;
    }
    while (pairs != PACE_NONE) {
        uint32_t next = sim->pace_nodes[pairs].sibling;

        sim->pace_nodes[pairs].sibling = PACE_NONE;
        root = root == PACE_NONE ? pairs : meld(sim, root, pairs);
        pairs = next;
    }
    return root;
}

static void heap_add(const struct sim *sim, struct pace *p, uint32_t slot)
{
    struct pace_node *w = &sim->pace_nodes[slot];

    w->child = w->sibling = w->back = PACE_NONE;
    p->first = p->first == PACE_NONE ? slot : meld(sim, p->first, slot);
}

static void heap_remove(const struct sim *sim, struct pace *p, uint32_t slot)
{
    struct pace_node *w = &sim->pace_nodes[slot];
    uint32_t below = meld_all(sim, w->child);

    if (p->first == slot) {
        p->first = below;
    } else {
        struct pace_node *back = &sim->pace_nodes[w->back];

        if (back->child == slot)
            back->child = w->sibling;
        else
            back->sibling = w->sibling;
        if (w->sibling != PACE_NONE)
            sim->pace_nodes[w->sibling].back = w->back;
        if (below != PACE_NONE)
            p->first = meld(sim, p->first, below);
    }
    if (p->first != PACE_NONE)
        sim->pace_nodes[p->first].back = PACE_NONE;
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
    m->limits.link_bytes_per_s = fmax(rate, 1.0);
}

enum status pace_init(struct sim *sim)
{
    sim->paces = malloc(((size_t)sim->net.nr_links + 1) * sizeof(*sim->paces));
    sim->pace_nodes = calloc(sim->cap_migs, sizeof(*sim->pace_nodes));
    sim->paces_moved = true;
    return sim->paces && sim->pace_nodes ? ST_OK : ST_ENOMEM;
}

void pace_release(struct sim *sim)
{
    free(sim->paces);
    free(sim->pace_nodes);
}

void pace_begin_run(struct sim *sim)
{
    for (uint32_t i = 0; sim->paces_moved && i < sim->net.nr_links; i++)
        sim->paces[i] = (struct pace){.first = PACE_NONE};
    sim->paces_moved = false;
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
    served = fmax(fmin(p->served, sim->pace_nodes[m->slot].due) - w->from, 0.0) * m->weight;
    set_rate(m, p->level * m->weight);
    served = precopy_glide(&m->sender, &m->limits, served, sim->now_ns);
    if (served > 0.0)
        w->seen = p->moves;
    w->from += served / m->weight;
}

/* ---- waiting ---- */

static void arm(struct sim *sim, uint32_t link)
{
    struct pace *p = &sim->paces[link];
    double left;
    int64_t at;

    if (p->first == PACE_NONE) {
        if (p->event != EVENT_NONE)
            event_queue_cancel(&sim->queue, p->event);
        p->event = EVENT_NONE;
        return;
    }
    left = fmax(sim->pace_nodes[p->first].due - p->served, 0.0);
    at = p->at_ns + (int64_t)ceil(left * (double)NS_PER_S / p->level);
    at = at > sim->now_ns ? at : sim->now_ns;
    if (!event_queue_pending(&sim->queue, p->event)) {
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

bool pace_enter(struct sim *sim, struct mig *m)
{
    uint32_t link = network_leader(&sim->net, m->slot);
    struct pace_wait *w = &m->wait;
    struct pace *p;
    double most, reach;

    if (link == NETWORK_NONE || m->want_postcopy || sim->platform->planned)
        return false;
    p = &sim->paces[link];
    if (!is_unsteady(m, p))
        return false;
    if (p->first == PACE_NONE) {
        p->served = 0.0;
        p->at_ns = sim->now_ns;
        p->level = network_level(&sim->net, link);
        p->ceiling = CEILING * p->level;
    }
    most = p->ceiling * m->weight;
    reach = precopy_reach(&m->sender, &m->limits, most);
    if (reach <= 0.0)
        return false;
    serve(sim, p);
    w->link = link;
    w->seen = p->moves;
    w->from = served_at_sender(sim, p, m);
    sim->pace_nodes[m->slot].due = w->from + reach / m->weight;
    network_mute(&sim->net, m->slot);
    heap_add(sim, p, m->slot);
    if (p->first == m->slot)
        arm(sim, link);
    return true;
}

static void stop_waiting(struct sim *sim, struct pace *p, struct mig *m)
{
    heap_remove(sim, p, m->slot);
    m->wait.link = PACE_NONE;
    network_hear(&sim->net, m->slot);
    set_rate(m, p->level * m->weight);
}

void pace_leave(struct sim *sim, struct mig *m)
{
    uint32_t link = m->wait.link;
    struct pace *p = &sim->paces[link];
    bool first = p->first == m->slot;

    stop_waiting(sim, p, m);
    if (first)
        arm(sim, link);
}

/* ---- the link ---- */

/* Those who wait have not reckoned with such a level: all out, and then they plan anew. */
static void send_all_away(struct sim *sim, struct pace *p)
{
    uint32_t all = PACE_NONE;

    while (p->first != PACE_NONE) {
        uint32_t slot = p->first;

        pace_settle(sim, sim_mig(sim, slot));
        pace_leave(sim, sim_mig(sim, slot));
        sim->pace_nodes[slot].sibling = all;
        all = slot;
    }
    while (all != PACE_NONE) {
        uint32_t slot = all;

        all = sim->pace_nodes[slot].sibling;
        mig_replan(sim, sim_mig(sim, slot));
    }
}

void pace_moved(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->net.nr_moved; i++) {
        struct pace *p = &sim->paces[sim->net.moved[i]];

        if (p->first != PACE_NONE)
            serve(sim, p);
        p->moves++;
        sim->paces_moved = true;
        if (sim->net.links[sim->net.moved[i]].lead != NETWORK_NONE)
            p->level = network_level(&sim->net, sim->net.moved[i]);
    }
}

void pace_rearm(struct sim *sim)
{
    for (uint32_t i = 0; i < sim->net.nr_moved; i++) {
        struct pace *p = &sim->paces[sim->net.moved[i]];

        if (p->first != PACE_NONE && p->level > p->ceiling)
            send_all_away(sim, p);
        else if (p->level < p->ceiling / CEILING_FAR)
            p->ceiling = CEILING * p->level;
        arm(sim, sim->net.moved[i]);
    }
}

uint32_t pace_first(const struct sim *sim, uint32_t link)
{
    assert(sim->paces[link].first != PACE_NONE);
    return sim->paces[link].first;
}

void pace_event(struct sim *sim, uint32_t link)
{
    struct pace *p = &sim->paces[link];
    struct mig *m = sim_mig(sim, p->first);

    assert(p->first != PACE_NONE);
    p->event = EVENT_NONE;
    serve(sim, p);
    p->served = fmax(p->served, sim->pace_nodes[m->slot].due);
    pace_settle(sim, m);
    stop_waiting(sim, p, m);
    mig_plan(sim, m); /* the decision is near */
    arm(sim, link);
}
