/*
 * costs_options.c - the rows of struct host_costs and of its spread, nothing else.
 *
 * One table each for scenario files and calibration files.  The default values, with their origin,
 * are in costs.c.
 */
#include "models/costs_options.h"

#include "base/units.h"
#include "models/costs.h"

const char *const accel_names[ACCEL_NR + 1] = {
    [ACCEL_KVM] = "kvm",
    [ACCEL_TCG] = "tcg",
};

static void init_costs(void *obj)
{
    host_costs_default(obj);
}

/* clang-format off */
#define AT(field) offsetof(struct host_costs, field)
static const struct option cost_rows[] = {
    {.name = "copy_rate", .type = OPT_RATE, .offset = AT(copy_bytes_per_s), .min = 1.0, .max = 1e13,
     .group = "host costs", .help = "normal pages through one stream, bounded by the sender's CPU"},
    {.name = "multifd_rate", .type = OPT_RATE,
     .offset = AT(multifd_bytes_per_s), .min = 0.0, .max = 1e13,
     .group = "host costs", .help = "normal pages through all multifd channels together",
     .note = "0: each channel adds a full stream. Channels share cores and memory bandwidth, so on a "
             "small host two are hardly faster than one."},
    {.name = "zero_scan_rate", .type = OPT_RATE,
     .offset = AT(zero_scan_bytes_per_s), .min = 1.0, .max = 1e13,
     .group = "host costs", .help = "guest memory tested and found zero"},
    {.name = "final_copy_rate", .type = OPT_RATE,
     .offset = AT(final_copy_bytes_per_s), .min = 1.0, .max = 1e13,
     .group = "host costs", .help = "normal pages in the stop-and-copy"},
    {.name = "tls_rate", .type = OPT_RATE, .offset = AT(tls_bytes_per_s), .min = 1.0, .max = 1e13,
     .group = "host costs", .help = "ceiling of one encrypted stream"},
    {.name = "zlib_rate", .type = OPT_RATE, .offset = AT(zlib_bytes_per_s), .min = 1.0, .max = 1e13,
     .group = "host costs", .help = "zlib input of one thread at level 1"},
    {.name = "zstd_rate", .type = OPT_RATE, .offset = AT(zstd_bytes_per_s), .min = 1.0, .max = 1e13,
     .group = "host costs", .help = "zstd input of one thread at level 1"},
    {.name = "hw_compress_rate", .type = OPT_RATE,
     .offset = AT(hw_compress_bytes_per_s), .min = 1.0, .max = 1e13,
     .group = "host costs", .help = "input of qpl, uadk or qatzip"},
    {.name = "xbzrle_rate", .type = OPT_RATE,
     .offset = AT(xbzrle_bytes_per_s), .min = 1.0, .max = 1e13,
     .group = "host costs", .help = "input compared and encoded by XBZRLE"},
    {.name = "sync_fixed", .type = OPT_TIME_NS,
     .offset = AT(sync_fixed_ns), .min = 0.0, .max = (double)(600 * NS_PER_S),
     .group = "host costs", .help = "one dirty-log sync, fixed part"},
    {.name = "sync_per_gib", .type = OPT_TIME_NS,
     .offset = AT(sync_ns_per_gib), .min = 0.0, .max = (double)(600 * NS_PER_S),
     .group = "host costs", .help = "one dirty-log sync, for each GiB of guest memory"},
    {.name = "setup_fixed", .type = OPT_TIME_NS,
     .offset = AT(setup_fixed_ns), .min = 0.0, .max = (double)(600 * NS_PER_S),
     .group = "host costs", .help = "set-up, fixed part"},
    {.name = "setup_per_gib", .type = OPT_TIME_NS,
     .offset = AT(setup_ns_per_gib), .min = 0.0, .max = (double)(600 * NS_PER_S),
     .group = "host costs", .help = "set-up, for each GiB of guest memory"},
    {.name = "window_slip", .type = OPT_TIME_NS,
     .offset = AT(window_slip_ns), .min = 0.0, .max = (double)(600 * NS_PER_S),
     .group = "host costs", .help = "how late a rate-limit sleep wakes up"},
    {.name = "stop", .type = OPT_TIME_NS,
     .offset = AT(stop_ns), .min = 0.0, .max = (double)(600 * NS_PER_S),
     .group = "host costs", .help = "stopping vCPUs and draining block I/O"},
    {.name = "device_save", .type = OPT_TIME_NS,
     .offset = AT(device_save_ns), .min = 0.0, .max = (double)(600 * NS_PER_S),
     .group = "host costs", .help = "saving, and loading, device state, fixed part"},
    {.name = "finish", .type = OPT_TIME_NS,
     .offset = AT(finish_ns), .min = 0.0, .max = (double)(600 * NS_PER_S),
     .group = "host costs", .help = "clean-up between the last byte and the completed state"},
    {.name = "rtt", .type = OPT_TIME_NS,
     .offset = AT(rtt_ns), .min = 0.0, .max = (double)(600 * NS_PER_S),
     .group = "host costs", .help = "round trip between the hosts"},
    {.name = "dest_start", .type = OPT_TIME_NS,
     .offset = AT(dest_start_ns), .min = 0.0, .max = (double)(600 * NS_PER_S),
     .group = "host costs", .help = "loading devices and starting vCPUs at the destination"},
    {.name = "postcopy_discard", .type = OPT_TIME_NS,
     .offset = AT(postcopy_discard_ns_per_run), .min = 0.0, .max = (double)(600 * NS_PER_S),
     .group = "host costs", .help = "discarding one run of dirty pages before post-copy"},
    {.name = "postcopy_fault", .type = OPT_TIME_NS,
     .offset = AT(postcopy_fault_ns), .min = 0.0, .max = (double)(600 * NS_PER_S),
     .group = "host costs", .help = "handling one post-copy fault, without the transfer"},
    {.name = "postcopy_zero", .type = OPT_TIME_NS,
     .offset = AT(postcopy_zero_ns), .min = 0.0, .max = (double)(600 * NS_PER_S),
     .group = "host costs", .help = "placing one zero page at the destination in post-copy"},
    {.name = "socket_buffer", .type = OPT_SIZE,
     .offset = AT(socket_buffer_bytes), .min = 0.0, .max = (double)(1024 * GIB),
     .group = "host costs", .help = "data hidden in socket buffers"},
    {.name = "rss_overhead", .type = OPT_SIZE,
     .offset = AT(rss_overhead_bytes), .min = 0.0, .max = (double)(1024 * GIB),
     .group = "host costs", .help = "resident memory of QEMU that is not guest memory"},
    {.name = "guest_fault", .type = OPT_TIME_DOUBLE,
     .offset = AT(guest_fault_ns), .min = 0.0, .max = (double)(600 * NS_PER_S),
     .group = "host costs", .help = "guest time lost for each newly dirtied page"},
    {.name = "cancel", .type = OPT_TIME_NS,
     .offset = AT(cancel_ns), .min = 0.0, .max = (double)(600 * NS_PER_S),
     .group = "host costs", .help = "clean-up after a cancel"},
    {.name = "tcp_timeout", .type = OPT_TIME_NS,
     .offset = AT(tcp_timeout_ns), .min = 0.0, .max = (double)(86400 * NS_PER_S),
     .group = "host costs", .help = "a dead path breaks the connection after this long"},
    {.name = "libvirt_wait", .type = OPT_TIME_NS,
     .offset = AT(libvirt_wait_ns), .min = 0.0, .max = (double)(600 * NS_PER_S),
     .group = "host costs", .help = "libvirt's reaction to pre-switchover, with the guest stopped"},
    {.name = "libvirt_finish", .type = OPT_TIME_NS,
     .offset = AT(libvirt_finish_ns), .min = 0.0, .max = (double)(600 * NS_PER_S),
     .group = "host costs",
     .help = "from QEMU's completion to the start at the destination by libvirt"},
    {.name = "guest_writes_per_s", .type = OPT_U64,
     .offset = AT(guest_writes_per_s), .min = 1.0, .max = 1e12,
     .group = "host costs", .help = "page writes that one vCPU can do in a second",
     .note = "Tells how CPU-bound a measured writer is."},
};
#undef AT

#define AT(field) offsetof(struct host_costs_spread, field)
static const struct option spread_rows[] = {
    {.name = "captures", .type = OPT_U32, .offset = AT(captures),
     .def = "0", .min = 0.0, .max = 1e9,
     .group = "spread", .help = "captures that the costs were learned from"},
    {.name = "tail", .type = OPT_SIZE, .offset = AT(tail_bytes),
     .def = "0B", .min = 0.0, .max = (double)(65536 * GIB),
     .group = "spread",
     .help = "non-zero guest memory behind the zero pages, in the sweep's order"},
    {.name = "rss_spread", .type = OPT_SIZE, .offset = AT(rss_spread_bytes),
     .def = "2MiB", .min = 0.0, .max = (double)(1024 * GIB),
     .group = "spread", .help = "standard deviation of rss_overhead over single captures, above it"},
    {.name = "rss_spread_below", .type = OPT_SIZE, .offset = AT(rss_spread_below_bytes),
     .def = "2MiB", .min = 0.0, .max = (double)(1024 * GIB),
     .group = "spread", .help = "the same below it"},
    {.name = "slip_spread", .type = OPT_TIME_NS, .offset = AT(slip_spread_ns),
     .def = "300us", .min = 0.0, .max = (double)(600 * NS_PER_S),
     .group = "spread", .help = "standard deviation of window_slip over single captures"},
    {.name = "copy_spread", .type = OPT_RATIO, .offset = AT(copy_spread_ratio),
     .def = "15%", .min = 0.0, .max = 10.0,
     .group = "spread", .help = "standard deviation of the copy rates, relative to them"},
    {.name = "device_spread", .type = OPT_TIME_NS, .offset = AT(device_spread_ns),
     .def = "4ms", .min = 0.0, .max = (double)(600 * NS_PER_S),
     .group = "spread", .help = "standard deviation of device_save over single captures"},
    {.name = "cpu_need", .type = OPT_RATIO, .offset = AT(cpu_need_ratio),
     .def = "0%", .min = 0.0, .max = 1.0,
     .group = "spread", .help = "vCPU share that throttled guests acted as if they needed; 0 = not known"},
    {.name = "cpu_need_spread", .type = OPT_RATIO, .offset = AT(cpu_need_spread_ratio),
     .def = "0%", .min = 0.0, .max = 1.0,
     .group = "spread", .help = "standard deviation of cpu_need over single captures"},
};
#undef AT
/* clang-format on */

const struct option_table host_costs_options = {
    .rows = cost_rows,
    .nr = sizeof(cost_rows) / sizeof(cost_rows[0]),
    .size = sizeof(struct host_costs),
    .init = init_costs,
};

const struct option_table host_costs_spread_options = {
    .rows = spread_rows,
    .nr = sizeof(spread_rows) / sizeof(spread_rows[0]),
    .size = sizeof(struct host_costs_spread),
};
