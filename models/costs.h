/*
 * costs.h - what a pair of hosts costs a migration, when nobody measured it.
 */
#ifndef MIGCAST_MODELS_COSTS_H
#define MIGCAST_MODELS_COSTS_H

#include "models/params.h"

/* Fill @costs with the defaults for an ordinary x86 server pair.  `migcast calibrate` replaces
 * them. */
void host_costs_default(struct host_costs *costs);

#endif
