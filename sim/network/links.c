/*
 * links.c - the scenario's links as time passes: drawn rates, other traffic, faults; and flows on
 * their way over them.
 *
 * Which links a flow crosses is route.c's, who gets what on them network.c's.  Invariant: while a
 * flow is active, each link with other traffic that changes has the event of its next change
 * pending; with no flow it sleeps, so an endless series does not keep a run from ending.
 */
#include "sim/sim_int.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "base/units.h"

#define BITS 8.0

struct link_state {
    double rate_bps;       /* drawn; INFINITY = never a limit */
    double background_bps; /* drawn */
    double traffic_bps;    /* of the series, now */
    double ratio;          /* left by a fault */
    bool down, awake;
};

enum status links_init(struct sim *sim)
{
    const struct scenario *sc = sim->sc;

    sim->links = calloc(sc->nr_links + 1, sizeof(*sim->links));
    for (uint32_t i = 0; i < sc->nr_links; i++)
        sim->nr_series += sc->links[i].nr_traffic > 0;
    if (!sim->links || route_init(&sim->routes, sc, sim->observed != NULL) != ST_OK)
        return ST_ENOMEM;
    sim->first_disk_link = sim->routes.nr_links;
    if (link_use_init(&sim->link_use, sim->want_links ? sim->routes.nr_links : 0) != ST_OK)
        return ST_ENOMEM;
    return network_init_paths(&sim->net, sim->first_disk_link + disks_links(sim),
                              sim->cap_migs + disks_flows(sim), sim->routes.nr_paths);
}

void links_release(struct sim *sim)
{
    link_use_release(&sim->link_use);
    network_release(&sim->net);
    route_release(&sim->routes);
    free(sim->links);
}

static void set_capacity(struct sim *sim, uint32_t link)
{
    const struct link_state *l = &sim->links[link];
    double left = l->rate_bps - l->background_bps - l->traffic_bps;

    network_set_capacity(
        &sim->net, link,
        l->down ? 0.0 : fmax(left, 0.0) * sim->sc->links[link].efficiency_ratio / BITS * l->ratio);
}

void links_begin(struct sim *sim)
{
    network_clear(&sim->net);
    route_apply(&sim->routes, &sim->net);
    sim->nr_asleep = sim->nr_series;
    for (uint32_t i = 0; i < sim->sc->nr_links; i++) {
        const struct scn_link *link = &sim->sc->links[i];
        double rate = sim_draw(sim, &link->rate_bps, "link rate", i);

        sim->links[i] = (struct link_state){
            .rate_bps = rate < (double)UNITS_UNLIMITED ? rate : INFINITY,
            .background_bps = sim_draw(sim, &link->background_bps, "background", i),
            .ratio = 1.0};
        set_capacity(sim, i);
    }
}

void links_set_down(struct sim *sim, uint32_t link, bool down)
{
    sim->links[link].down = down;
    set_capacity(sim, link);
}

void links_set_ratio(struct sim *sim, uint32_t link, double ratio)
{
    sim->links[link].ratio = ratio;
    set_capacity(sim, link);
}

/* ---- other traffic ---- */

/* The last point not after @t_ns. */
static uint32_t point_at(const struct scn_link *link, int64_t t_ns)
{
    uint32_t low = 0, high = link->nr_traffic;

    while (high - low > 1) {
        uint32_t mid = low + (high - low) / 2;

        if (link->traffic[mid].t_ns <= t_ns)
            low = mid;
        else
            high = mid;
    }
    return low;
}

/* Takes over the traffic of this moment and plans its next change, if one comes. */
static void follow(struct sim *sim, uint32_t index)
{
    const struct scn_link *link = &sim->sc->links[index];
    int64_t period = link->traffic_period_ns;
    int64_t begin = period > 0 ? sim->now_ns - sim->now_ns % period : 0;
    uint32_t point = point_at(link, sim->now_ns - begin);

    sim->links[index].traffic_bps = link->traffic[point].bps;
    set_capacity(sim, index);
    if (point + 1 < link->nr_traffic)
        sim_push(sim, begin + link->traffic[point + 1].t_ns, 1, EV_TRAFFIC, index, 0);
    else if (period > 0)
        sim_push(sim, begin + period, 1, EV_TRAFFIC, index, 0);
}

static void wake(struct sim *sim)
{
    for (uint32_t i = 0; sim->nr_asleep > 0 && i < sim->sc->nr_links; i++) {
        if (sim->sc->links[i].nr_traffic == 0 || sim->links[i].awake)
            continue;
        sim->links[i].awake = true;
        sim->nr_asleep--;
        follow(sim, i);
    }
}

void links_event(struct sim *sim, uint32_t link)
{
    assert(sim->links[link].awake);
    if (sim->net.nr_active == 0) {
        sim->links[link].awake = false;
        sim->nr_asleep++;
        return;
    }
    follow(sim, link);
    sim_reshare(sim);
}

/* ---- flows ---- */

void links_start(struct sim *sim, uint32_t flow, const struct route *route, double demand)
{
    wake(sim);
    network_start_paths(&sim->net, flow, route->paths, route->nr_paths, demand);
}

uint32_t sim_links(struct sim *sim, struct link_result rows[LINKS_KEPT])
{
    uint32_t links[LINKS_KEPT], nr = link_use_pick(&sim->link_use, links);

    for (uint32_t i = 0; i < nr; i++) {
        struct strbuf words = STRBUF_INIT;

        route_link_words(&sim->routes, links[i], &words);
        rows[i] = (struct link_result){.link = sim_intern(sim, strbuf_text(&words)),
                                       .replication = sim->replication};
        link_use_row(&sim->link_use, links[i], &rows[i]);
        strbuf_release(&words);
    }
    return nr;
}
