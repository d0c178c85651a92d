/*
 * baselines.h - how others forecast: the methods to compare with, on the same captures.
 *
 * - Gudkov (qemu-devel, "Migration time prediction using calc-dirty-rate", v2, April 2023): QEMU's
 *   rounds with the dirty pages of each read off a measured curve.  The only public method on QEMU.
 * - AVG (Akoush et al., MASCOTS 2010, and most simulators): the same with one constant dirty rate.
 * - memory / bandwidth (CloudSim's): one pass.
 *
 * All three are one loop over three curves, and each gets the better of the choices its authors
 * leave open, as said below.  What they do not know (throttling, xbzrle, the stop-and-copy without
 * a cap, spreads) stays unknown; post-copy they get told.
 */
#ifndef MIGCAST_ANSWERS_BASELINES_H
#define MIGCAST_ANSWERS_BASELINES_H

#include "sim/result.h"
#include "sim/scenario/costs_file.h"
#include "tracer/facts.h"

enum baseline {
    BASELINE_GUDKOV,
    BASELINE_AVG,
    BASELINE_SIZE,
    BASELINE_NR
};

const char *baseline_name(enum baseline baseline); /* "Gudkov", "AVG", "memory/bandwidth" */
const char *baseline_key(enum baseline baseline);  /* "gudkov", "avg", "memory_bandwidth" */

enum {
    BASELINE_POINTS_MAX = 64
};

/* Pages dirty some time after one clean state. */
struct baseline_point {
    double t_s, pages;
};

struct baseline_guest {
    double full_pages, zero_pages; /* round 1 */
    size_t nr;                     /* points, ascending in both; 0 = nothing was measured */
    struct baseline_point dirty[BASELINE_POINTS_MAX];
};

struct baseline_link {
    double bytes_per_s;
    double downtime_limit_s; /* INFINITY = any */
    double timeout_s;        /* 0 = none: an hour, as Gudkov has it, is "never" */
    double postcopy_at_s;    /* < 0 = pre-copy only */
    double postcopy_bytes_per_s;
};

struct baseline_result {
    enum outcome outcome; /* completed, timeout, or queued: never ends */
    double total_s;       /* NAN when it never ends */
    double bytes;
    uint32_t rounds;
};

/*
 * baseline_forecast - rounds of @link.bytes_per_s, 8 bytes for a zero page and 4104 for another,
 * until one takes no longer than the downtime limit.
 *
 * Between measured points the curve is a line, and before the first it is one through the origin;
 * Gudkov's own code starts at what the first two points extrapolate to, which suits his 125 ms and
 * is hopeless for windows of a second.  Past the last point it goes on with the last slope; never
 * more than @guest.full_pages.
 */
void baseline_forecast(struct baseline_result *out, enum baseline baseline,
                       const struct baseline_guest *guest, const struct baseline_link *link);

/*
 * What the methods are given of a capture: all from its header and `before`, and @calibration,
 * which must not have seen it.
 *
 * Windows of one length are averaged, and windows that contradict a growing curve are pooled.
 * Memory is resident memory, as for our own forecast: where a guest is half empty the configured
 * size would be off by as much.  Bandwidth is the least of the cap, the calibrated copy speed and
 * the link's, shared evenly by the members of a group.
 */
void baseline_guest_of(struct baseline_guest *out, const struct trace_facts *facts,
                       const struct costs_file_part *calibration);
void baseline_link_of(struct baseline_link *out, const struct trace_facts *facts,
                      const struct costs_file_part *calibration);

#endif
