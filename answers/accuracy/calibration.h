/*
 * calibration.h - what a pair of hosts was seen to cost, and how far single captures scattered
 * around that.
 *
 * Learned from captures by calibration_learn(), kept by sim/scenario/costs_file.h, used by
 * `predict`, `replay` and, through an include, by scenarios.  Holds host constants only: nothing in
 * it depends on what a particular guest wrote.
 */
#ifndef MIGCAST_ANSWERS_CALIBRATION_H
#define MIGCAST_ANSWERS_CALIBRATION_H

#include "base/status.h"
#include "sim/scenario/costs_file.h"
#include "tracer/facts.h"

/* calibration_default - the constants that come with the program: learned from the bundled
 * captures. */
enum status calibration_default(struct costs_file *c, struct diag *diag);

/* calibration_learn - constants from @nr captures; @skip (an index, or SIZE_MAX) and all captures
 * of its link group are left out.  What no capture tells stays at the default. */
enum status calibration_learn(struct costs_file *c, const struct trace_facts *facts, size_t nr,
                              size_t skip);

/* calibration_learn_need - after calibration_learn(): what the throttled captures say of guests
 * under throttle (cpu_need).  Runs forecasts, so it takes a second or two per throttled capture. */
enum status calibration_learn_need(struct costs_file *c, const struct trace_facts *facts, size_t nr,
                                   size_t skip, struct diag *diag);

/* Its parts, for who learns from many subsets: was a capture throttled enough to tell; the need
 * with which the forecast of one from @c meets its total time (< 0 = none does); and what @n such
 * needs say. */
struct calibration_need {
    size_t config; /* split.h */
    double need;
};
bool calibration_tells_need(const struct trace_facts *facts);
enum status calibration_need_of(const struct trace_facts *facts, const struct costs_file *c,
                                double *need, struct diag *diag);
enum status calibration_set_need(struct costs_file_part *part, const struct calibration_need *needs,
                                 size_t n);

/* Is capture @i left out when @skip is? */
bool calibration_left_out(const struct trace_facts *facts, size_t i, size_t skip);

/* calibration_window_slip - how late this capture's sender woke from its rate limit, ns; < 0 = it
 * does not tell. */
double calibration_window_slip(const struct trace_facts *facts);

/* calibration_learn_scatter - how unevenly guests write (dirty_scatter); part of
 * calibration_learn(). */
enum status calibration_learn_scatter(struct costs_file *c, const struct trace_facts *facts,
                                      size_t nr, size_t skip);

enum accel calibration_accel(const struct trace_facts *facts);

#endif
