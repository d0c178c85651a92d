/*
 * scenario_options_guest.c - the rows of [workload] and [vm], nothing else.
 */
#include "base/units.h"
#include "sim/scenario/scenario_options.h"

static const char *const dirty_kind_names[] = {"idle",  "uniform", "hotcold", "zipf",  "sequential",
                                               "curve", "series",  "classes", "trace", NULL};

/* clang-format off */
#define AT(field) offsetof(struct scn_workload_decl, field)
static const struct option workload_rows[] = {
    {.name = "kind", .type = OPT_ENUM, .offset = AT(workload.dirty.kind),
     .def = "uniform",
     .words = dirty_kind_names,
     .help = "how the guest writes",
     .note = "uniform: every page of the working set alike; hotcold: a share of the writes in a "
             "hot part; zipf: page of rank i with weight i^-exponent; sequential: in page order;"
             " curve: measured distinct bytes over time; series: write rate over time; classes: "
             "a mixture of page classes; trace: distinct bytes a second over time, as captured."},
    {.name = "write_rate", .alias = "dirty_rate", .type = OPT_UNCERTAIN_RATE,
     .offset = AT(workload.write_bytes_per_s),
     .def = "0B/s", .min = 0.0, .max = SCN_RATE_LIMIT,
     .help = "page writes times 4 KiB, offered while the guest runs freely",
     .note = "Writes to a page that is already dirty count too, so the distinct dirty rate over "
             "a while is lower. Also in pages/s."},
    {.name = "working_set", .type = OPT_UNCERTAIN_SIZE, .offset = AT(workload.working_set_bytes),
     .def = "0B", .min = 0.0, .max = SCN_SIZE_LIMIT,
     .help = "memory that is written again and again",
     .note = "Required for all kinds but idle, curve and classes."},
    {.name = "hot", .type = OPT_SIZE, .offset = AT(workload.dirty.hot_bytes),
     .def = "0B", .min = 0.0, .max = SCN_SIZE_LIMIT,
     .help = "hot part of the working set, for hotcold"},
    {.name = "hot_share", .type = OPT_RATIO, .offset = AT(workload.dirty.hot_ratio),
     .def = "90%", .min = 0.0, .max = 1.0,
     .help = "share of the writes inside the hot part"},
    {.name = "zipf_exponent", .type = OPT_DOUBLE, .offset = AT(workload.dirty.zipf_exponent),
     .def = "1", .min = 0.01, .max = 10.0,
     .help = "skew of zipf"},
    {.name = "on", .type = OPT_TIME_NS, .offset = AT(workload.dirty.on_ns),
     .def = "1s", .min = (double)NS_PER_MS, .max = SCN_TIME_LIMIT,
     .help = "length of the writing phase",
     .note = "Matters only with off."},
    {.name = "off", .type = OPT_TIME_NS, .offset = AT(workload.dirty.off_ns),
     .def = "0s", .min = 0.0, .max = SCN_TIME_LIMIT,
     .help = "length of the idle phase between",
     .note = "0 means always on."},
    {.name = "phase", .type = OPT_TIME_NS, .offset = AT(workload.dirty.phase_ns),
     .def = "unknown", .min = 0.0, .max = SCN_TIME_LIMIT,
     .word = "unknown", .word_value = -1.0,
     .help = "where in the cycle the migration starts",
     .note = "unknown: each replication draws one."},
    {.name = "cpu_need", .type = OPT_RATIO, .offset = AT(workload.dirty.cpu_need_ratio),
     .def = "100%", .min = 0.0, .max = 1.0,
     .help = "share of vCPU time the writer needs when not throttled",
     .note = "100%: CPU-bound, any throttle slows it. Below, a throttle first uses up the idle "
             "time."},
    {.name = "zero_writes", .type = OPT_RATIO, .offset = AT(workload.dirty.zero_write_ratio),
     .def = "0%", .min = 0.0, .max = 1.0,
     .help = "share of the writes that leave a page all zero"},
    {.name = "change", .type = OPT_RATIO, .offset = AT(workload.dirty.change_ratio),
     .def = "100%", .min = 0.0, .max = 1.0,
     .help = "share of a page's bytes that differ after a rewrite (for XBZRLE)",
     .note = "The default promises no gain; a counter or a flag changes well under 1%."},
    {.name = "compress", .type = OPT_RATIO, .offset = AT(workload.dirty.compress_ratio),
     .def = "100%", .min = 0.001, .max = 1.0,
     .help = "compressed size over size (for multifd compression)",
     .note = "The default promises no gain."},
    {.name = "curve", .type = OPT_LIST, .offset = AT(curve),
     .def = "",
     .help = "measured curve, for kind curve: TIME SIZE, TIME SIZE and so on",
     .note = "Distinct bytes dirtied within each time; both grow."},
    {.name = "series", .type = OPT_LIST, .offset = AT(series),
     .def = "",
     .help = "rate over time, for kinds series and trace: TIME RATE, TIME RATE and so on",
     .note = "A rate holds from its time to the next; the first time is 0s. Kind series: page writes "
             "times 4 KiB; kind trace: distinct pages times 4 KiB."},
    {.name = "classes", .type = OPT_LIST, .offset = AT(classes),
     .def = "",
     .help = "page classes, for kind classes: PAGES RATE, or PAGES RATE sequential",
     .note = "PAGES pages together written at RATE."},
};
#undef AT

#define AT(field) offsetof(struct scn_vm_decl, field)
static const struct option vm_rows[] = {
    {.name = "count", .type = OPT_U32, .offset = AT(count),
     .def = "1", .min = 1.0, .max = 2000000.0,
     .help = "number of VMs made from this section",
     .note = "More than 1: they are called NAME-1, NAME-2 and so on."},
    {.name = "host", .type = OPT_LIST, .flags = OPT_REQUIRED, .offset = AT(hosts),
     .help = "where the VM runs; several hosts are taken in turn"},
    {.name = "memory", .type = OPT_SIZE, .flags = OPT_REQUIRED,
     .offset = AT(guest.memory_bytes), .min = (double)MIB, .max = SCN_SIZE_LIMIT,
     .help = "guest memory"},
    {.name = "workload", .type = OPT_STRING, .offset = AT(workload),
     .def = "idle",
     .help = "the [workload] that runs in it, or idle"},
    {.name = "migration", .type = OPT_STRING, .offset = AT(migration),
     .def = "",
     .help = "the [migration NAME] that moves it",
     .note = "Empty: [migration]."},
    {.name = "write_rate", .alias = "dirty_rate", .type = OPT_UNCERTAIN_RATE,
     .offset = AT(write_bytes_per_s),
     .def = "workload", .min = 0.0, .max = SCN_RATE_LIMIT,
     .word = "workload", .word_value = -1.0,
     .help = "in place of the workload's"},
    {.name = "working_set", .type = OPT_UNCERTAIN_SIZE, .offset = AT(working_set_bytes),
     .def = "workload", .min = 0.0, .max = SCN_SIZE_LIMIT,
     .word = "workload", .word_value = -1.0,
     .help = "in place of the workload's"},
    {.name = "vcpus", .type = OPT_U32, .offset = AT(guest.vcpus),
     .def = "1", .min = 1.0, .max = 4096.0,
     .help = "number of vCPUs"},
    {.name = "nonzero", .type = OPT_SIZE, .offset = AT(guest.nonzero_bytes),
     .def = "all", .min = 0.0, .max = SCN_SIZE_LIMIT,
     .word = "all", .word_value = SCN_UNLIMITED_VALUE,
     .help = "memory whose pages hold something",
     .note = "Pages never written, or freed and zeroed, cost 9 bytes each."},
    {.name = "zero_tail", .type = OPT_RATIO, .offset = AT(guest.zero_tail_ratio),
     .def = "0%", .min = 0.0, .max = 1.0,
     .help = "how far the zero pages lie together at the end of memory",
     .note = "0%: spread evenly; 100%: one run at the end."},
    {.name = "host_page", .type = OPT_SIZE, .flags = OPT_POW2, .offset = AT(guest.host_page_bytes),
     .def = "4KiB", .min = (double)PAGE_BYTES, .max = (double)GIB,
     .help = "page size that backs guest memory",
     .note = "4KiB (transparent huge pages too), 2MiB or 1GiB."},
    {.name = "device_state", .type = OPT_SIZE, .offset = AT(guest.device_state_bytes),
     .def = "256KiB", .min = 0.0, .max = SCN_SIZE_LIMIT,
     .help = "size of the device state",
     .note = "Differs by machine; take it from a capture."},
    {.name = "shutdown", .type = OPT_TIME_NS, .offset = AT(guest.shutdown_ns),
     .def = "10s", .min = 0.0, .max = (double)(86400 * NS_PER_S),
     .help = "how long the guest takes to shut down, for cold moves",
     .note = "A guess: measure yours."},
    {.name = "boot", .type = OPT_TIME_NS, .offset = AT(guest.boot_ns),
     .def = "30s", .min = 0.0, .max = (double)(86400 * NS_PER_S),
     .help = "how long from its start until it serves again, for cold moves and rescues",
     .note = "A guess: measure yours."},
    {.name = "extra_memory", .type = OPT_SIZE, .offset = AT(guest.extra_bytes),
     .def = "520KiB", .min = 0.0, .max = SCN_SIZE_LIMIT,
     .help = "migrated memory beside guest memory: video, ROMs, tables",
     .note = "520 KiB: a pc machine without display in QEMU 7.2, from a capture."},
};
#undef AT

/* clang-format on */

const struct option_table scn_workload_options = {
    .rows = workload_rows,
    .nr = sizeof(workload_rows) / sizeof(workload_rows[0]),
    .size = sizeof(struct scn_workload_decl),
};

const struct option_table scn_vm_options = {
    .rows = vm_rows,
    .nr = sizeof(vm_rows) / sizeof(vm_rows[0]),
    .size = sizeof(struct scn_vm_decl),
};
