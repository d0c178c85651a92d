/*
 * network_solve.c - new levels where something changed, and as far out as that is felt.
 *
 * Open are at first the bundles that changed and those that a changed link held back; all others
 * keep their level.  The open ones are filled progressively into what the others leave.  Then each
 * link that this touched is judged: a bundle that the link held back opens when a level on it
 * moved, and so does one that stands above the level at which the link is now full.  Once no more
 * open, the whole is max-min fair: every closed bundle still has its cap or its full link, on which
 * nobody moved, and every open one has its own.
 *
 * Cost: the open bundles times their links, and the lists of the links that are full.
 */
#include "sim/network/network_int.h"

#include <assert.h>

#include "base/num.h"

/* ---- the next level at which something is full or content ---- */

static bool before(const struct network_heap_entry *a, const struct network_heap_entry *b)
{
    return a->level < b->level || (!(a->level > b->level) && a->id < b->id);
}

static void heap_push(struct network *net, double level, uint32_t id)
{
    struct network_heap_entry e = {level, id}, *h = net->heap;
    uint32_t i = net->heap_len++;

    while (i > 0 && before(&e, &h[(i - 1) / 2])) {
        h[i] = h[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    h[i] = e;
}

static struct network_heap_entry heap_pop(struct network *net)
{
    struct network_heap_entry *h = net->heap, top = h[0], last = h[--net->heap_len];
    uint32_t i = 0, n = net->heap_len;

    for (;;) {
        uint32_t c = 2 * i + 1;

        if (c >= n)
            break;
        if (c + 1 < n && before(&h[c + 1], &h[c]))
            c++;
        if (!before(&h[c], &last))
            break;
        h[i] = h[c];
        i = c;
    }
    h[i] = last;
    return top;
}

/* ---- opening bundles ---- */

static void open_bundle(struct network *net, uint32_t id)
{
    struct network_bundle *b = &net->bundles[id];

    if (b->stamp == net->stamp)
        return;
    for (uint32_t i = 0; i < b->nr_hops; i++)
        network_lead_break(net, b->hops[i]);
    b->stamp = net->stamp;
    net->open[net->nr_open++] = id;
    if (b->holder != NETWORK_NONE)
        net->links[b->holder].nr_held--;
    b->holder = NETWORK_NONE;
    for (uint32_t i = 0; i < b->nr_hops; i++) {
        struct network_link *l = &net->links[b->hops[i]];

        if (l->stamp != net->stamp) {
            l->stamp = net->stamp;
            l->open_weight = 0.0;
            l->nr_open = 0;
            l->moved = false;
            net->touched[net->nr_touched++] = b->hops[i];
        }
        l->nr_open++;
        l->open_weight += b->weight;
        if (l->capacity < INFINITY)
            network_load_add(l, -b->weight * b->level);
    }
}

/* Opens the bundles on the link that it holds back, and those above @level. */
static void open_on_link(struct network *net, uint32_t link, bool held, double level)
{
    for (uint32_t at = net->links[link].first; at != NETWORK_NONE; at = network_next_at(net, at)) {
        uint32_t id = network_bundle_at(at);
        const struct network_bundle *b = &net->bundles[id];

        if ((held && b->holder == link) || b->level > level)
            open_bundle(net, id);
    }
}

static void mark_moved(struct network *net, const struct network_bundle *b)
{
    for (uint32_t i = 0; i < b->nr_hops; i++)
        net->links[b->hops[i]].moved = true;
}

static void open_first(struct network *net)
{
    for (uint32_t i = 0; i < net->nr_fresh; i++) {
        uint32_t id = net->fresh[i];

        if (net->bundles[id].first != NETWORK_NONE) {
            open_bundle(net, id);
            mark_moved(net, &net->bundles[id]);
        }
    }
    for (uint32_t i = 0; i < net->nr_fresh; i++) {
        const struct network_bundle *b = &net->bundles[net->fresh[i]];

        for (uint32_t h = 0; b->first != NETWORK_NONE && h < b->nr_hops; h++)
            if (net->links[b->hops[h]].nr_held > 0)
                open_on_link(net, b->hops[h], true, INFINITY);
    }
    for (uint32_t i = 0; i < net->nr_dirty; i++) {
        struct network_link *l = &net->links[net->dirty[i]];
        bool over = l->load + l->load_low > l->capacity;

        l->dirty = false;
        if (l->nr_held > 0 || over)
            open_on_link(net, net->dirty[i], true, over ? 0.0 : INFINITY);
    }
    net->nr_dirty = 0;
}

/* ---- filling ---- */

static void fix(struct network *net, struct network_bundle *b, double level, uint32_t holder)
{
    if (fabs(level - b->level) <= NETWORK_SAME * b->level)
        level = b->level;
    b->solved = level;
    b->solved_holder = holder;
    b->fixed = true;
    net->nr_unfixed--;
    for (uint32_t i = 0; i < b->nr_hops; i++) {
        struct network_link *l = &net->links[b->hops[i]];

        l->unfixed--;
        l->weight -= b->weight;
        if (l->capacity < INFINITY)
            l->free -= b->weight * level;
    }
}

static void fix_on_link(struct network *net, uint32_t link, double level)
{
    struct network_link *l = &net->links[link];

    l->full = true;
    l->level = level;
    for (uint32_t at = l->first; at != NETWORK_NONE && l->unfixed > 0;
         at = network_next_at(net, at)) {
        struct network_bundle *b = &net->bundles[network_bundle_at(at)];

        if (b->stamp == net->stamp && !b->fixed)
            fix(net, b, level, link);
    }
}

static double link_level(const struct network_link *l)
{
    return num_max(l->free, 0.0) / l->weight;
}

static void prepare_links(struct network *net)
{
    for (uint32_t i = 0; i < net->nr_touched; i++) {
        struct network_link *l = &net->links[net->touched[i]];

        l->full = false;
        l->unfixed = l->nr_open;
        l->weight = l->open_weight;
        l->free = l->capacity > 0.0 ? l->capacity - (l->load + l->load_low) : 0.0;
        if (l->nr_open > 1 && l->capacity < INFINITY)
            heap_push(net, link_level(l), net->touched[i] | NETWORK_HEAP_LINK);
    }
}

/* What a bundle can have at most: its cap, or what a link leaves that it has to itself.  Most links
 * of a path are such, and need no place in the heap. */
static void prepare_bundles(struct network *net)
{
    for (uint32_t i = 0; i < net->nr_open; i++) {
        struct network_bundle *b = &net->bundles[net->open[i]];

        b->fixed = false;
        b->solved = b->cap;
        b->solved_holder = NETWORK_NONE;
        for (uint32_t h = 0; h < b->nr_hops; h++) {
            const struct network_link *l = &net->links[b->hops[h]];

            if (l->nr_open == 1 && l->capacity < INFINITY && link_level(l) < b->solved) {
                b->solved = link_level(l);
                b->solved_holder = b->hops[h];
            }
        }
        if (b->solved < INFINITY)
            heap_push(net, b->solved, net->open[i]);
    }
}

static void fix_alone(struct network *net, struct network_bundle *b)
{
    uint32_t holder = b->solved_holder;

    if (holder != NETWORK_NONE) {
        net->links[holder].full = true;
        net->links[holder].level = b->solved;
    }
    fix(net, b, b->solved, holder);
}

/* A link's level only rises while others are fixed below it, so an entry that is behind is put back
 * when its turn comes. */
static void fill(struct network *net)
{
    net->heap_len = 0;
    net->nr_unfixed = net->nr_open;
    prepare_links(net);
    prepare_bundles(net);
    while (net->heap_len > 0 && net->nr_unfixed > 0) {
        struct network_heap_entry e = heap_pop(net);
        uint32_t id = e.id & ~NETWORK_HEAP_LINK;

        if (!(e.id & NETWORK_HEAP_LINK)) {
            if (!net->bundles[id].fixed)
                fix_alone(net, &net->bundles[id]);
        } else if (net->links[id].unfixed > 0) {
            double level = link_level(&net->links[id]);

            if (level > e.level && net->heap_len > 0 && level > net->heap[0].level)
                heap_push(net, level, e.id);
            else
                fix_on_link(net, id, level);
        }
    }
}

/* ---- judging, and taking over ---- */

static bool has_moved(const struct network_bundle *b)
{
    return b->solved < b->level || b->solved > b->level;
}

/* Returns whether more had to open. */
static bool grow(struct network *net)
{
    uint32_t nr_open = net->nr_open, nr_touched = net->nr_touched;

    for (uint32_t i = 0; i < nr_open; i++)
        if (has_moved(&net->bundles[net->open[i]]))
            mark_moved(net, &net->bundles[net->open[i]]);
    for (uint32_t i = 0; i < nr_touched; i++) {
        const struct network_link *l = &net->links[net->touched[i]];
        bool held = l->moved && l->nr_held > 0;

        if (l->full || held)
            open_on_link(net, net->touched[i], held,
                         l->full ? l->level * (1.0 + NETWORK_SAME) : INFINITY);
    }
    return net->nr_open > nr_open;
}

static void take_over(struct network *net)
{
    for (uint32_t i = 0; i < net->nr_open; i++) {
        struct network_bundle *b = &net->bundles[net->open[i]];
        bool tell = b->fresh || has_moved(b);

        b->level = b->solved;
        b->holder = b->solved_holder;
        b->fresh = false;
        if (b->holder != NETWORK_NONE)
            net->links[b->holder].nr_held++;
        for (uint32_t h = 0; h < b->nr_hops; h++)
            if (net->links[b->hops[h]].capacity < INFINITY)
                network_load_add(&net->links[b->hops[h]], b->weight * b->level);
        for (uint32_t s = b->first; tell && s != NETWORK_NONE; s = net->strands[s].next)
            network_refresh_flow(net, net->strands[s].flow);
    }
    for (uint32_t i = 0; i < net->nr_fresh; i++)
        net->bundles[net->fresh[i]].fresh = false; /* those that died too */
    net->nr_fresh = 0;
}

/* A flow may have stopped after what ended while it was led had told of it. */
static void drop_stopped(struct network *net)
{
    uint32_t nr = 0;

    for (uint32_t i = 0; i < net->nr_changed; i++) {
        uint32_t flow = net->changed[i];

        net->flows[flow].changed = net->flows[flow].active;
        if (net->flows[flow].active)
            net->changed[nr++] = flow;
    }
    net->nr_changed = nr;
}

static void solve_rest(struct network *net)
{
    if (net->nr_fresh == 0 && net->nr_dirty == 0)
        return;
    net->stamp++;
    open_first(net);
    do {
        fill(net);
        net->nr_link_updates += net->nr_touched;
        net->nr_bundle_updates += net->nr_open;
    } while (grow(net));
    take_over(net);
    network_leads_form(net);
}

void network_solve(struct network *net)
{
    network_begin_telling(net);
    net->nr_open = net->nr_touched = net->nr_moved = 0;
    drop_stopped(net);
    network_leads_solve(net);
    solve_rest(net);
    net->solved = true;
}
