/*
 * calibration.h - what a pair of hosts was seen to cost, and how far single captures scattered around that.
 *
 * Learned from captures by calibration_learn(), kept in an INI file ([calibration kvm], [calibration tcg]),
 * used by `predict`, `replay` and, through an include, by scenarios.  Holds host constants only: nothing in it
 * depends on what a particular guest wrote.
 */
#ifndef MIGCAST_ANSWERS_CALIBRATION_H
#define MIGCAST_ANSWERS_CALIBRATION_H

#include "base/status.h"
#include "base/strbuf.h"
#include "models/costs_options.h"
#include "models/params.h"
#include "tracer/facts.h"

/* One accelerator's constants.  Spreads are standard deviations of single captures. */
struct calibration_part {
    struct host_costs costs;
    double tail_bytes;           /* non-zero memory behind the zero pages, in the sweep's order */
    double rss_spread_bytes;     /* of rss_overhead_bytes */
    double slip_spread_ns;       /* of window_slip_ns */
    double copy_spread_ratio;    /* of copy and final copy speed, relative */
    double device_spread_ns;     /* of device_save_ns */
    uint32_t captures;           /* learned from; 0 = defaults */
};

struct calibration {
    struct calibration_part part[ACCEL_NR];
};

/* The constants that come with the program: learned from the bundled captures (docs/calibration.md). */
void calibration_default(struct calibration *c);

/* calibration_learn - constants from @nr captures; @skip (an index, or SIZE_MAX) and all captures of its link
 * group are left out.  What no capture tells stays at the default. */
enum status calibration_learn(struct calibration *c, const struct trace_facts *facts, size_t nr, size_t skip);

enum status calibration_read(struct calibration *c, const char *path, struct diag *diag);
/* The file's text, each value with the number of captures behind it. */
void calibration_write(const struct calibration *c, struct strbuf *out);

enum accel calibration_accel(const struct trace_facts *facts);

#endif
