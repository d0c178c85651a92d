/*
 * matrix_options.c - the rows of [case], [defaults] and [link], nothing else.
 *
 * Defaults are QEMU's own where it has one.  What rows contradict each other is in matrix_check.c.
 */
#include "base/units.h"
#include "lab/matrix.h"

static const char *const accel_words[] = {"auto", "kvm", "tcg", NULL};
static const char *const guest_words[] = {"bare", "linux", NULL};
static const char *const order_words[] = {"random", "sequential", NULL};
static const char *const write_words[] = {"count", "zero", "random", NULL};
static const char *const content_words[] = {"sparse", "random", NULL};

#define MEMORY_MAX ((double)(64 * GIB))
#define TIME_MAX ((double)(3600 * NS_PER_S))

/* clang-format off */
#define AT(field) offsetof(struct lab_case, field)
/* The rows of writer @n, whose names end in @suffix. */
#define WRITER_ROWS(n, suffix)                                                                       \
    {.name = "hot" suffix, .type = OPT_SIZE, .offset = AT(writers[n].hot_bytes),                     \
     .def = "1MiB", .min = (double)MIB, .max = MEMORY_MAX,                                           \
     .group = "bare guest", .help = "memory that writer " #n " writes to"},                          \
    {.name = "at" suffix, .type = OPT_SIZE, .offset = AT(writers[n].at_bytes),                       \
     .def = "0", .min = 0.0, .max = MEMORY_MAX,                                                      \
     .group = "bare guest", .help = "where that memory starts, behind the start of what is filled"}, \
    {.name = "rate" suffix, .type = OPT_U32, .offset = AT(writers[n].rate),                          \
     .def = "0", .min = 0.0, .max = 1e6,                                                             \
     .group = "bare guest", .help = "page writes a second; 0 = no such writer"},                     \
    {.name = "hot_share" suffix, .type = OPT_RATIO, .offset = AT(writers[n].hot_ratio),              \
     .def = "100%", .min = 0.0, .max = 1.0,                                                          \
     .group = "bare guest", .help = "writes inside the hot memory; the rest anywhere in what is filled"}, \
    {.name = "order" suffix, .type = OPT_ENUM, .offset = AT(writers[n].order),                       \
     .def = "random", .words = order_words,                                                          \
     .group = "bare guest", .help = "order of the pages"},                                           \
    {.name = "on" suffix, .type = OPT_TIME_NS, .offset = AT(writers[n].on_ns),                       \
     .def = "1s", .min = (double)NS_PER_MS, .max = TIME_MAX,                                         \
     .group = "bare guest", .help = "how long a phase of writing lasts"},                            \
    {.name = "off" suffix, .type = OPT_TIME_NS, .offset = AT(writers[n].off_ns),                     \
     .def = "0s", .min = 0.0, .max = TIME_MAX,                                                       \
     .group = "bare guest", .help = "pause between phases; 0 = it always writes"},                   \
    {.name = "bytes" suffix, .type = OPT_SIZE, .offset = AT(writers[n].bytes),                       \
     .def = "1B", .min = 1.0, .max = (double)PAGE_BYTES,                                             \
     .group = "bare guest", .help = "bytes written in a page"},                                      \
    {.name = "write" suffix, .type = OPT_ENUM, .offset = AT(writers[n].write),                       \
     .def = "count", .words = write_words,                                                           \
     .group = "bare guest", .help = "what is written: a count, zeros (the page becomes a zero page), random bytes"}

static const struct option case_rows[] = {
    {.name = "accel", .type = OPT_ENUM, .offset = AT(accel),
     .def = "auto", .words = accel_words,
     .group = "machine", .help = "accelerator",
     .note = "auto: kvm for the bare guest where /dev/kvm opens, else tcg."},
    {.name = "guest", .type = OPT_ENUM, .offset = AT(guest),
     .def = "bare", .words = guest_words,
     .group = "machine", .help = "guest to run"},
    {.name = "memory", .type = OPT_SIZE, .offset = AT(memory_bytes),
     .def = "512MiB", .min = (double)(64 * MIB), .max = MEMORY_MAX,
     .group = "machine", .help = "guest memory"},
    {.name = "repeats", .type = OPT_U32, .offset = AT(repeats),
     .def = "3", .min = 1.0, .max = 99.0,
     .group = "capture", .help = "captures of this case"},
    {.name = "settle", .type = OPT_TIME_NS, .offset = AT(settle_ns),
     .def = "1s", .min = 0.0, .max = TIME_MAX,
     .group = "capture", .help = "wait after the guest is ready"},
    {.name = "timeout", .type = OPT_TIME_NS, .offset = AT(timeout_ns),
     .def = "60s", .min = (double)NS_PER_S, .max = TIME_MAX,
     .group = "capture", .help = "cancel a migration that takes longer"},
    {.name = "windows", .type = OPT_LIST, .offset = AT(windows),
     .def = "1s, 2s, 1s, 4s, 1s, 8s",
     .group = "capture", .qmp = "calc-dirty-rate", .help = "measuring windows of the dirty rate before the migration",
     .note = "Whole seconds, as QEMU before 8.2 wants them."},

    {.name = "max_bandwidth", .type = OPT_RATE, .offset = AT(max_bandwidth_bytes_per_s),
     .def = "128MiB/s", .min = 1.0, .max = 1e15,
     .word = "unlimited", .word_value = 2e19, /* read as UINT64_MAX */
     .group = "migration", .qmp = "max-bandwidth", .help = "cap of pre-copy"},
    {.name = "downtime_limit", .type = OPT_TIME_NS, .offset = AT(downtime_limit_ns),
     .def = "300ms", .min = (double)NS_PER_MS, .max = (double)(2000 * NS_PER_S),
     .group = "migration", .qmp = "downtime-limit", .help = "longest blackout to plan for"},
    {.name = "multifd", .type = OPT_U32, .offset = AT(multifd_channels),
     .def = "0", .min = 0.0, .max = 16.0,
     .group = "migration", .qmp = "multifd-channels", .help = "channels; 0 = no multifd"},
    {.name = "xbzrle", .type = OPT_SIZE, .flags = OPT_POW2, .offset = AT(xbzrle_cache_bytes),
     .def = "0", .min = 0.0, .max = (double)(16 * GIB),
     .group = "migration", .qmp = "xbzrle-cache-size", .help = "cache; 0 = no xbzrle"},
    {.name = "auto_converge", .type = OPT_BOOL, .offset = AT(auto_converge),
     .def = "off",
     .group = "migration", .qmp = "auto-converge", .help = "throttle a guest that writes too fast"},
    {.name = "throttle_initial", .type = OPT_PCT, .offset = AT(throttle_initial_pct),
     .def = "0%", .min = 0.0, .max = 99.0,
     .group = "migration", .qmp = "cpu-throttle-initial", .help = "first step; 0 = QEMU's default"},
    {.name = "throttle_increment", .type = OPT_PCT, .offset = AT(throttle_increment_pct),
     .def = "0%", .min = 0.0, .max = 99.0,
     .group = "migration", .qmp = "cpu-throttle-increment", .help = "further steps; 0 = QEMU's default"},
    {.name = "max_throttle", .type = OPT_PCT, .offset = AT(max_throttle_pct),
     .def = "0%", .min = 0.0, .max = 99.0,
     .group = "migration", .qmp = "max-cpu-throttle", .help = "highest step; 0 = QEMU's default"},
    {.name = "postcopy", .type = OPT_BOOL, .offset = AT(postcopy),
     .def = "off",
     .group = "migration", .qmp = "postcopy-ram", .help = "allow post-copy"},
    {.name = "postcopy_after", .type = OPT_TIME_NS, .offset = AT(postcopy_after_ns),
     .def = "0s", .min = 0.0, .max = TIME_MAX,
     .group = "migration", .help = "switch to post-copy this long after the start; 0 = never"},

    {.name = "link", .type = OPT_STRING, .offset = AT(link),
     .def = "",
     .group = "link", .help = "shared link that the migration goes over; none = loopback"},
    {.name = "start", .type = OPT_TIME_NS, .offset = AT(start_ns),
     .def = "0s", .min = 0.0, .max = TIME_MAX,
     .group = "link", .help = "start after the first of the link"},

    {.name = "program", .type = OPT_STRING, .offset = AT(program),
     .def = "idle",
     .group = "linux guest", .help = "workload: idle, dirtier, redis, redis-get, stress or gzip"},
    {.name = "args", .type = OPT_STRING, .offset = AT(args),
     .def = "0",
     .group = "linux guest", .help = "its arguments, with commas between"},

    {.name = "fill", .type = OPT_SIZE, .offset = AT(fill_bytes),
     .def = "64MiB", .min = (double)MIB, .max = MEMORY_MAX,
     .group = "bare guest", .help = "memory that the guest fills"},
    {.name = "content", .type = OPT_ENUM, .offset = AT(content),
     .def = "sparse", .words = content_words,
     .group = "bare guest", .help = "what it fills with: two words a page, or random bytes"},
    {.name = "tick", .type = OPT_TIME_NS, .offset = AT(tick_ns),
     .def = "5ms", .min = (double)NS_PER_MS, .max = (double)(100 * NS_PER_MS),
     .group = "bare guest", .help = "how often the guest looks which writes are due"},
    WRITER_ROWS(0, ""),
    WRITER_ROWS(1, "2"),
    WRITER_ROWS(2, "3"),
};
#undef WRITER_ROWS
#undef AT

#define AT(field) offsetof(struct lab_link, field)
static const struct option link_rows[] = {
    {.name = "rate", .type = OPT_BPS, .flags = OPT_REQUIRED, .offset = AT(rate_bps),
     .min = 1e6, .max = 1e12,
     .group = "link", .help = "bits a second on the wire"},
    {.name = "burst", .type = OPT_SIZE, .offset = AT(burst_bytes),
     .def = "256KiB", .min = (double)(4 * KIB), .max = (double)GIB,
     .group = "link", .help = "bucket of the rate limit"},
    {.name = "latency", .type = OPT_TIME_NS, .offset = AT(latency_ns),
     .def = "20ms", .min = (double)NS_PER_MS, .max = (double)(10 * NS_PER_S),
     .group = "link", .help = "longest wait in the queue of the rate limit"},
};
#undef AT
/* clang-format on */

const struct option_table lab_case_options = {
    .rows = case_rows,
    .nr = sizeof(case_rows) / sizeof(case_rows[0]),
    .size = sizeof(struct lab_case),
};

const struct option_table lab_link_options = {
    .rows = link_rows,
    .nr = sizeof(link_rows) / sizeof(link_rows[0]),
    .size = sizeof(struct lab_link),
};
