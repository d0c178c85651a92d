/*
 * support_queue.h - a waiting line simulated on the event queue, for comparison with theory.
 *
 * Poisson arrivals, one line, first come first served by several servers, or one server shared
 * equally by all present.  Customers may leave the line when their patience ends.  Everything that
 * happens is an event: arrivals and services are pushed, the patience of a customer who is served
 * is cancelled, and with a shared server every arrival and departure moves all other departures.
 */
#ifndef MIGCAST_TESTS_SIM_SUPPORT_QUEUE_H
#define MIGCAST_TESTS_SIM_SUPPORT_QUEUE_H

#include <stdint.h>

#include "base/stats.h"

enum line_service {
    SERVICE_EXPONENTIAL,
    SERVICE_FIXED,
    SERVICE_UNEVEN /* exponential with mean 3 (one in five) or 1/2: a squared variation of 3 */
};

struct line_setup {
    double arrivals_per_s;
    uint32_t servers;          /* 0: one server, shared by all present */
    enum line_service service; /* mean 1 s in each case */
    double patience_s;         /* mean, exponential; 0: endless */
    uint32_t batch_len;        /* customers to a batch */
};

enum {
    LINE_BATCHES = 30
};

/* One value a batch, so that successive ones are nearly independent.  The first batch is not
 * counted. */
struct line_result {
    struct stats_moments wait_s;    /* mean time in line */
    struct stats_moments sojourn_s; /* mean time in line and service */
    struct stats_moments present;   /* time average of the number in line and service */
    struct stats_moments left;      /* share of customers who lost patience */
};

/* line_run - simulate LINE_BATCHES + 1 batches.  @seed sets all chance. */
void line_run(struct line_result *out, const struct line_setup *setup, uint64_t seed);

#endif
