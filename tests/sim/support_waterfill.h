/*
 * support_waterfill.h - the plainest weighted max-min solver there is, to test
 * sim/network/network.c with.
 *
 * All flows rise together until one is content or a link is full; what stops is fixed there, and
 * the rest goes on.  Every step looks at every flow and link, from scratch each time.
 */
#ifndef MIGCAST_TESTS_SIM_SUPPORT_WATERFILL_H
#define MIGCAST_TESTS_SIM_SUPPORT_WATERFILL_H

#include "sim/network/network.h"

enum {
    WATERFILL_FLOWS = 1200,
    WATERFILL_LINKS = 512
};

/* A path of a flow; the demand of a flow with several is a link of its own, as in the definition.
 */
struct waterfill_flow {
    bool active;
    double demand;
    uint32_t nr_paths;
    struct network_path paths[4];
    double rates[4]; /* solved */
};

struct waterfill {
    uint32_t nr_links, nr_flows;
    double capacity[WATERFILL_LINKS];
    struct waterfill_flow flows[WATERFILL_FLOWS];
};

/* Fills in the rates of all active flows. */
void waterfill_solve(struct waterfill *w);
double waterfill_rate(const struct waterfill *w, uint32_t flow);

#endif
