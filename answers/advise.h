/*
 * advise.h - the smallest single changes that would have let a migration end well.
 *
 * Each is found by simulating that migration again with the change, by itself and with the very
 * draws of the replication in which it failed; nothing is estimated.
 */
#ifndef MIGCAST_ANSWERS_ADVISE_H
#define MIGCAST_ANSWERS_ADVISE_H

#include <stdatomic.h>

#include "base/status.h"
#include "sim/result.h"
#include "sim/scenario/scenario.h"

enum {
    ADVISE_VMS_MAX = 5 /* the worst VMs of a run that are looked at */
};

/**
 * advise_run - fill @run->fixes, and convergence_bytes_per_s of the migrations they are for
 * @sc:   the scenario that gave the rows
 * @run:  a finished run without fixes; run_free() frees them
 * @stop: NULL, or set by a signal: give up; then @run->interrupted is set
 *
 * Looked at are migrations that did not complete and those whose downtime is above their limit by
 * a tenth (QEMU's own estimate is not closer); of each VM the replication that failed worst.  One
 * that still runs when the simulated time is over, and would in four times that time, gets the
 * reason REASON_NEVER_CONVERGES.  A VM takes some 60 short simulations.  Returns ST_OK, ST_EINTR or
 * ST_ENOMEM.
 */
enum status advise_run(const struct scenario *sc, struct run_result *run, const atomic_int *stop);

/* advise_migration - the same for the one migration that is row @row of @run: nothing where it
 * ended well.  Fixes that @run has are dropped. */
enum status advise_migration(const struct scenario *sc, struct run_result *run, size_t row,
                             const atomic_int *stop);

#endif
