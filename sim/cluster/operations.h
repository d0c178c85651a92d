/*
 * operations.h - drains, upgrades and the like: they make jobs while a run goes on.
 *
 * Each host of an operation is a slot with a small state machine:
 *
 *   WAITING -> DRAINING -> DONE                              drain, evacuate, consolidate
 *                       -> AWAY -> RETURNING -> DONE         maintenance, upgrade
 *   DRAINING -> GIVEN_UP                                     max_wait, or the host died
 *
 *   DRAINING   cordoned; its VMs are asked for in order, as many at a time as allowed
 *   AWAY       empty and down: it reboots
 *   RETURNING  back; the VMs that left it are asked to come home
 *
 * Cost: a job's end looks at the VMs of its host, a rebalancing step at all hosts.
 */
#ifndef MIGCAST_SIM_OPERATIONS_H
#define MIGCAST_SIM_OPERATIONS_H

#include <stdint.h>

#include "base/status.h"

struct sim;
struct event;
struct op_result;

/* Sized once; ST_ENOMEM. */
enum status operations_init(struct sim *sim);
void operations_release(struct sim *sim);
/* A replication begins. */
void operations_begin(struct sim *sim);
/* What the replication before did with @vm; it begins with nothing known. */
void operations_forget(struct sim *sim, uint32_t vm);
/* A job is over, with or without an attempt (its operation is in the job, job->why says why it
 * did not move). */
void operations_job_ended(struct sim *sim, uint32_t job);
/* @host died (its guests are marked lost already), or came back. */
void operations_host_lost(struct sim *sim, uint32_t host);
void operations_host_up(struct sim *sim, uint32_t host);
/* EV_OPERATION, EV_OPERATION_WAKE and EV_OPERATION_LATE. */
void operations_event(struct sim *sim, const struct event *e);
/* The horizon: what is not done gets its reason.  Before the rows of waiting jobs. */
void operations_horizon(struct sim *sim);
/* One row per operation. */
const struct op_result *operations_results(const struct sim *sim, uint32_t *nr);

#endif
