/*
 * test_network_lead.c - links that lead: the same shares as plain water-filling gives, and who is
 * told of them.
 *
 * Networks are stars, in which links do lead: flows with links of their own, now and then shared
 * with a neighbour, over one that all cross.  They come, go, change their wish, and mute and listen
 * at random.
 */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "support_oracle_world.h"
#include "support_waterfill.h"

#define TOLERANCE 1e-9

enum {
    LEAVES = 60,
    SHARED = 2 * LEAVES,
    CHANGES = 120
};

struct star {
    struct network net;
    struct waterfill w;
    bool muted[WATERFILL_FLOWS]; /* by us */
    uint64_t led;                /* flows that were led, over all checks */
};

static void start(struct star *s, struct rng *r, uint32_t i)
{
    struct waterfill_flow *f = &s->w.flows[i];
    struct network_path *path = &f->paths[0];

    f->active = true;
    f->nr_paths = 1;
    f->demand = world_chance(r, 0.8) ? INFINITY : world_log_between(r, 1e6, 1e9);
    *path = (struct network_path){
        .weight = 1 + world_pick(r, 3), .ceiling = INFINITY, .nr_hops = 2, .hops = {SHARED, i}};
    if (world_chance(r, 0.5))
        path->hops[path->nr_hops++] = LEAVES + i / 3; /* shared with two others */
    if (world_chance(r, 0.03))
        path->hops[0] = SHARED + 1; /* another link that may lead */
    s->muted[i] = false;
    network_start_paths(&s->net, i, f->paths, 1, f->demand);
}

static void star_init(struct star *s, struct rng *r)
{
    memset(s, 0, sizeof(*s));
    s->w.nr_links = SHARED + 2;
    s->w.nr_flows = LEAVES;
    cr_assert_eq(network_init(&s->net, s->w.nr_links, LEAVES), ST_OK);
    for (uint32_t l = 0; l < s->w.nr_links; l++) {
        s->w.capacity[l] = l >= SHARED ? 1e9 : world_log_between(r, 2e7, 1e9);
        if (l < SHARED && world_chance(r, 0.1))
            s->w.capacity[l] = INFINITY;
        network_set_capacity(&s->net, l, s->w.capacity[l]);
    }
    for (uint32_t i = 0; i < LEAVES; i++)
        if (world_chance(r, 0.8))
            start(s, r, i);
}

static void set_capacity(struct star *s, struct rng *r)
{
    uint32_t link = world_chance(r, 0.5) ? SHARED : world_pick(r, SHARED);
    double wide = link == SHARED ? world_log_between(r, 1e8, 3e9) : world_log_between(r, 1e7, 1e9);

    s->w.capacity[link] = world_chance(r, 0.05) ? 0.0 : wide;
    if (link != SHARED && world_chance(r, 0.1))
        s->w.capacity[link] = INFINITY;
    network_set_capacity(&s->net, link, s->w.capacity[link]);
}

static void change(struct star *s, struct rng *r)
{
    uint32_t i = world_pick(r, LEAVES);
    struct waterfill_flow *f = &s->w.flows[i];

    if (world_chance(r, 0.08)) {
        set_capacity(s, r);
    } else if (!f->active) {
        start(s, r, i);
    } else if (world_chance(r, 0.6)) {
        f->active = s->muted[i] = false;
        network_stop(&s->net, i);
    } else {
        f->demand =
            world_chance(r, 0.7) ? world_log_between(r, 5e8, 5e9) : world_log_between(r, 1e6, 5e9);
        network_set_demand(&s->net, i, f->demand);
    }
}

static void mute_and_hear(struct star *s, struct rng *r)
{
    for (uint32_t i = 0; i < LEAVES; i++) {
        if (!s->w.flows[i].active || network_leader(&s->net, i) == NETWORK_NONE)
            continue;
        if (s->muted[i] && world_chance(r, 0.1)) {
            network_hear(&s->net, i);
            s->muted[i] = false;
        } else if (!s->muted[i] && world_chance(r, 0.2)) {
            network_mute(&s->net, i);
            s->muted[i] = true;
        }
    }
}

static double load_of(const struct waterfill *w, uint32_t link)
{
    double load = 0.0;

    for (uint32_t i = 0; i < LEAVES; i++)
        for (uint32_t h = 0; w->flows[i].active && h < w->flows[i].paths[0].nr_hops; h++)
            if (w->flows[i].paths[0].hops[h] == link)
                load += waterfill_rate(w, i);
    return load;
}

static void check(struct star *s)
{
    waterfill_solve(&s->w);
    for (uint32_t i = 0; i < LEAVES; i++) {
        const struct network_flow *f = &s->net.flows[i];
        uint32_t leader = network_leader(&s->net, i);
        double want = waterfill_rate(&s->w, i);

        if (!s->w.flows[i].active)
            continue;
        if (s->muted[i] && f->changed)
            s->muted[i] = false; /* it was told, so it listens */
        cr_assert_eq(s->muted[i], f->muted, "flow %u", i);
        if (!s->muted[i])
            cr_assert_float_eq(f->rate, want, TOLERANCE * fmax(want, 1.0), "flow %u: %.17g", i,
                               f->rate);
        if (leader == NETWORK_NONE)
            continue;
        s->led++;
        cr_assert_float_eq(network_level(&s->net, leader) * f->weight, want,
                           TOLERANCE * fmax(want, 1.0), "flow %u follows %u", i, leader);
    }
    for (uint32_t l = 0; l < s->w.nr_links; l++)
        if (s->w.capacity[l] < INFINITY)
            cr_assert_float_eq(network_load(&s->net, l), load_of(&s->w, l), 1.0, "link %u", l);
    for (uint32_t i = 0; i < s->net.nr_changed; i++)
        cr_assert(s->w.flows[s->net.changed[i]].active);
}

Test(network_lead, shares_are_the_oracles_whoever_listens)
{
    static struct star s;
    uint64_t led = 0;

    for (uint32_t n = 0; n < 60; n++) {
        struct rng r;

        rng_stream(&r, 500, "star", n, 0);
        star_init(&s, &r);
        network_solve(&s.net);
        check(&s);
        for (uint32_t c = 0; c < CHANGES; c++) {
            mute_and_hear(&s, &r);
            for (uint32_t k = world_chance(&r, 0.7) ? 1 : 1 + world_pick(&r, 5); k > 0; k--)
                change(&s, &r);
            network_solve(&s.net);
            check(&s);
        }
        led += s.led;
        network_release(&s.net);
    }
    cr_assert_gt(led, 60 * CHANGES * 5, "%llu", (unsigned long long)led); /* it was about them */
}

/* Of a thousand on one link who do not listen, one may go and no other is looked at. */
Test(network_lead, an_end_costs_nothing_for_those_who_do_not_listen)
{
    enum {
        FLOWS = 1000
    };
    struct network net;
    uint64_t updates;

    cr_assert_eq(network_init(&net, 1 + 2 * FLOWS, FLOWS), ST_OK);
    for (uint32_t l = 0; l <= 2 * FLOWS; l++)
        network_set_capacity(&net, l, l == 0 ? 1e9 : 1e8);
    for (uint32_t f = 0; f < FLOWS; f++)
        network_start(&net, f, (uint32_t[]){0, 1 + 2 * f, 2 + 2 * f}, 3, 1.0, INFINITY);
    network_solve(&net);
    for (uint32_t f = 2; f < FLOWS; f++)
        network_mute(&net, f);
    updates = net.nr_bundle_updates;
    network_stop(&net, 7);
    network_stop(&net, 0);
    network_solve(&net);
    cr_assert_eq(net.nr_bundle_updates, updates);
    cr_assert(net.nr_changed == 1 && net.changed[0] == 1 && net.nr_moved == 1);
    cr_assert_float_eq(net.flows[1].rate, 1e9 / (FLOWS - 2), 1e-3);
    cr_assert_float_eq(network_level(&net, 0), 1e9 / (FLOWS - 2), 1e-3);
    network_start(&net, 0, (uint32_t[]){0, 1, 2}, 3, 1.0, INFINITY);
    network_solve(&net);
    cr_assert(net.nr_changed == 2 && net.flows[0].changed && net.flows[1].changed);
    cr_assert_eq(net.nr_bundle_updates, updates);
    network_release(&net);
}
