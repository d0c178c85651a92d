/*
 * kubevirt_versions.c - what differs between KubeVirt releases, as one table.
 *
 * Each column was read at the release tags (v0.45.0, v0.54.0, v0.59.0, v1.3.0 ... v1.9.0, and main
 * of August 2026); a row stands for all releases from its number up to the next row's.  Numbers
 * that people may change are in the presets, not here.
 */
#include "sim/platforms/kubevirt.h"

#include <assert.h>

const char *const kubevirt_version_names[KUBEVIRT_NR + 1] = {
    "0.45", "0.54", "0.59", "1.3", "1.4", "1.5", "1.6", "1.7", "1.8", "1.9", "main", NULL};

static const struct kubevirt_behaviour behaviours[KUBEVIRT_NR] = {
    [KUBEVIRT_0_45] = {.running_minimum = true, .parallel_pinned = true},
    [KUBEVIRT_0_54] = {.parallel_pinned = true},
    [KUBEVIRT_0_59] = {.backoff = true, .parallel_pinned = true},
    [KUBEVIRT_1_3] = {.backoff = true, .parallel_pinned = true},
    [KUBEVIRT_1_4] = {.backoff = true, .backoff_updates = true, .parallel_pinned = true},
    [KUBEVIRT_1_5] = {.backoff = true,
                      .backoff_updates = true,
                      .disruption = true,
                      .parallel = true,
                      .parallel_pinned = true},
    [KUBEVIRT_1_6] = {.backoff = true,
                      .backoff_updates = true,
                      .disruption = true,
                      .parallel = true,
                      .parallel_pinned = true},
    [KUBEVIRT_1_7] = {.backoff = true,
                      .backoff_updates = true,
                      .disruption = true,
                      .parallel = true,
                      .parallel_pinned = true},
    [KUBEVIRT_1_8] = {.backoff = true,
                      .backoff_updates = true,
                      .disruption = true,
                      .parallel = true,
                      .parallel_pinned = true},
    [KUBEVIRT_1_9] = {.backoff = true,
                      .backoff_updates = true,
                      .disruption = true,
                      .parallel = true,
                      .parallel_postcopy = true,
                      .stall_detection = true},
    [KUBEVIRT_MAIN] = {.backoff = true,
                       .backoff_updates = true,
                       .disruption = true,
                       .parallel = true,
                       .parallel_postcopy = true,
                       .stall_detection = true,
                       .downtime_tuning = true},
};

const struct kubevirt_behaviour *kubevirt_behaviour(enum kubevirt_version version)
{
    assert(version < KUBEVIRT_NR);
    return &behaviours[version];
}
