/*
 * cold.h - moves during which the guest runs nowhere: cold, suspend-and-move, rescue.
 *
 *   cold     shut down, copy local disks, define and boot at the target
 *   suspend  save memory, move it and local disks, resume at the target
 *   rescue   define and boot elsewhere what ran on a host that died; all disks must be shared
 *
 * One state, MIG_OFFLINE, with steps; transfers use the migration's own flow.
 */
#ifndef MIGCAST_SIM_COLD_H
#define MIGCAST_SIM_COLD_H

#include <stdint.h>

struct sim;
struct mig;
struct job;

/* cold_refuse - why a job of that kind cannot be done from @source to @target; NULL = it can. */
const char *cold_refuse(struct sim *sim, const struct job *job, uint32_t source, uint32_t target);
/* cold_start - of a job that is not live; the migration is in MIG_IDLE, mig_start() did its part.
 */
void cold_start(struct sim *sim, struct mig *m);
void cold_step(struct sim *sim, struct mig *m);
/* How long after a cancel the guest runs again at the source. */
int64_t cold_back_ns(const struct sim *sim, const struct mig *m);

#endif
