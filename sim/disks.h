/*
 * disks.h - live migration of a VM with disks that its target does not see.
 *
 * All such disks are mirrored at once, each on a flow of its own through the storage and the
 * network that other traffic shares.  When all are ready, memory follows (MIG_MIRROR -> MIG_SETUP)
 * while the mirrors keep up with the guest; what they have left when it stops is drained inside the
 * blackout. Formulas are in models/mirror.h.
 */
#ifndef MIGCAST_SIM_DISKS_H
#define MIGCAST_SIM_DISKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "models/mirror.h"
#include "sim/event_queue.h"

struct sim;
struct mig;
struct route;

/* Of each disk of the scenario; idle unless its VM moves. */
struct disk_state {
    struct mirror mirror;
    double limit; /* bytes/s of copies; INFINITY = none */
    double rate;  /* share of storage and network */
    int64_t settled_ns;
    event_handle next;
    int64_t next_ns; /* when it comes */
    bool copies;     /* takes part in this migration */
    bool counted;    /* as ready, or as drained */
};

/* Flows and links of storage come after those of migrations and the network. */
uint32_t disks_links(const struct sim *sim);
uint32_t disks_flows(const struct sim *sim);
enum status disks_init(struct sim *sim);
void disks_release(struct sim *sim);
void disks_begin_run(struct sim *sim);

/* How many disks of @vm must be copied for it to run at @target. */
uint32_t disks_to_copy(const struct sim *sim, uint32_t vm, uint32_t source, uint32_t target);
/* Does @disk have to be copied? */
bool disks_is_local(const struct sim *sim, uint32_t disk, uint32_t source, uint32_t target);
/* The way of a copy of @disk, storage included. */
void disks_route(const struct sim *sim, const struct mig *m, uint32_t disk, struct route *route);
/* The links of one storage of @host; UINT32_MAX for STORAGE_NONE. */
uint32_t disks_read_link(const struct sim *sim, uint32_t storage, uint32_t host);
uint32_t disks_write_link(const struct sim *sim, uint32_t storage, uint32_t host);
/* Copy limit of @disk for @m, bytes/s; the limit of memory counts for live migrations only. */
double disks_limit(const struct sim *sim, const struct mig *m, uint32_t disk);

/* disks_mirror - start the mirrors; the migration is in MIG_MIRROR. */
void disks_mirror(struct sim *sim, struct mig *m);
/* disks_step - MIG_MIRROR's step: all are ready, and the manager has seen it. */
void disks_step(struct sim *sim, struct mig *m);
void disks_event(struct sim *sim, uint32_t disk);
void disks_share_changed(struct sim *sim, uint32_t disk, double rate);
/* The guest stops, or runs again at the source. */
void disks_pause(struct sim *sim, struct mig *m, bool paused);
/* disks_drain - what is left goes; true = nothing is, otherwise TIMER_STEP comes when it is done.
 */
bool disks_drain(struct sim *sim, struct mig *m);
/* disks_cut - the guest goes on at the target (post-copy): how long the drain takes, ns; then as
 * disks_stop(). */
int64_t disks_cut(struct sim *sim, struct mig *m);
/* disks_stop - the migration is over, or the guest runs at its target: flows end, bytes are
 * counted.  Harmless when there are none. */
void disks_stop(struct sim *sim, struct mig *m);
/* Is there one that, at its share of this moment, will never be ready? */
bool disks_never_ready(const struct sim *sim, const struct mig *m);

#endif
