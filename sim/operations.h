/*
 * operations.h - drains, upgrades and the like: they make jobs while a run goes on.
 */
#ifndef MIGCAST_SIM_OPERATIONS_H
#define MIGCAST_SIM_OPERATIONS_H

#include <stdint.h>

struct sim;

/* A replication begins. */
void operations_begin(struct sim *sim);
/* A job is over, with or without an attempt (its operation is in the job). */
void operations_job_ended(struct sim *sim, uint32_t job);
/* @host died (its guests are marked lost already), or came back. */
void operations_host_lost(struct sim *sim, uint32_t host);
void operations_host_up(struct sim *sim, uint32_t host);

#endif
