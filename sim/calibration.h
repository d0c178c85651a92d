/*
 * calibration.h - host costs measured on captures, as a file of their own.
 *
 * An INI file with [calibration], [calibration kvm] and [calibration tcg]; a scenario may include
 * it.
 */
#ifndef MIGCAST_SIM_CALIBRATION_H
#define MIGCAST_SIM_CALIBRATION_H

#include <stdbool.h>

#include "base/status.h"
#include "base/strbuf.h"
#include "models/costs_options.h"

struct calibration {
    struct host_costs costs[ACCEL_NR];
    bool given[ACCEL_NR]; /* the file has a section for it; else [calibration], else the defaults */
};

/* calibration_default - the built-in costs for every accelerator. */
void calibration_default(struct calibration *cal);
/* calibration_read - the file's values over the built-in ones; sections of other kinds are refused.
 */
enum status calibration_read(struct calibration *cal, const char *path, struct diag *diag);
/* calibration_write - the sections with given[] set, exact, ready to be read again.  @note (may be
 * NULL) becomes a comment at the top, one line for each of its lines. */
void calibration_write(const struct calibration *cal, const char *note, struct strbuf *out);

#endif
