/*
 * costs_options.h - the option rows of struct host_costs, for [host] and [calibration] alike.
 */
#ifndef MIGCAST_MODELS_COSTS_OPTIONS_H
#define MIGCAST_MODELS_COSTS_OPTIONS_H

#include "base/option.h"
#include "models/params.h"

/* What runs the guest; a calibration is per accelerator. */
enum accel {
    ACCEL_KVM, /* in-kernel virtualisation with its dirty log */
    ACCEL_TCG, /* software emulation with QEMU's own dirty log */
    ACCEL_NR
};

/* The names in order of enum accel, NULL at the end: for option tables. */
extern const char *const accel_names[ACCEL_NR + 1];

/* Offsets are into struct host_costs; defaults come from host_costs_default(). */
extern const struct option_table host_costs_options;

#endif
