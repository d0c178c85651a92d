/*
 * qemu.c - the table of version differences.  One row a release; the engine asks the row, never the
 * number.
 */
#include "models/qemu.h"

#include <assert.h>

const char *const qemu_version_names[QEMU_NR + 1] = {"7.2", "8.2", "9.2", "10.0", "10.1", 0};

/* clang-format off */
static const struct qemu_behaviour table[QEMU_NR] = {
    [QEMU_7_2] = {
        .name = "7.2", .multifd_with_postcopy = true, .cancel_in_postcopy = true,
    },
    [QEMU_8_2] = {
        .name = "8.2", .quota_by_flush = true, .switchover_bandwidth = true, .dirty_limit = true,
        .multifd_barrier_per_sweep = true, .multifd_counts_true_size = true,
        .transferred_all_bytes = true,
        .cancel_in_postcopy = true,
    },
    [QEMU_9_2] = {
        .name = "9.2", .quota_by_flush = true, .switchover_bandwidth = true, .throttle_timer = true, .dirty_limit = true,
        .multifd_barrier_per_sweep = true, .multifd_zero_in_channels = true, .multifd_counts_true_size = true,
        .transferred_all_bytes = true, .cancel_in_postcopy = true,
    },
    [QEMU_10_0] = {
        .name = "10.0", .quota_by_flush = true, .switchover_bandwidth = true, .throttle_timer = true, .dirty_limit = true,
        .multifd_barrier_per_sweep = true, .multifd_zero_in_channels = true, .multifd_counts_true_size = true,
        .transferred_all_bytes = true,
    },
    [QEMU_10_1] = {
        .name = "10.1", .complete_at_threshold = true,
        .postcopy_before_complete = true, .quota_by_flush = true,
        .switchover_bandwidth = true, .throttle_timer = true, .dirty_limit = true,
        .multifd_barrier_per_sweep = true, .multifd_zero_in_channels = true,
        .multifd_counts_true_size = true, .multifd_with_postcopy = true,
        .transferred_all_bytes = true,
    },
};
/* clang-format on */

const struct qemu_behaviour *qemu_behaviour(enum qemu_version version)
{
    assert((unsigned)version < QEMU_NR);
    return &table[version];
}
