/*
 * placement.h - which host may take a VM, which is best, and why none will do.
 */
#ifndef MIGCAST_SIM_PLACEMENT_H
#define MIGCAST_SIM_PLACEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct sim;
struct job;

/* A replication begins: all books are empty. */
void placement_begin(struct sim *sim);
/* Memory and CPUs of @vm at @host, taken and given back. */
void placement_book(struct sim *sim, uint32_t vm, uint32_t host);
void placement_unbook(struct sim *sim, uint32_t vm, uint32_t host);
/* Slots, cordon or state of @host changed. */
void placement_host_changed(struct sim *sim, uint32_t host);
/* The best host for the job by the rules' weigher, or HOST_NONE. */
uint32_t placement_pick(struct sim *sim, const struct job *job);
/* May the job's VM go to @host, slots aside? */
bool placement_fits(struct sim *sim, const struct job *job, uint32_t host);
/* Why there is no target, for people; lives as long as the results. */
const char *placement_why(struct sim *sim, const struct job *job);

#endif
