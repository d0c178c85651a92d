/*
 * scenario_options_disks.c - the rows of [storage] and [disk], nothing else.
 */
#include "base/units.h"
#include "sim/scenario/scenario_options.h"

static const char *const storage_kind_names[] = {"local", "shared", NULL};

/* clang-format off */
#define AT(field) offsetof(struct scn_storage_decl, field)
static const struct option storage_rows[] = {
    {.name = "kind", .type = OPT_ENUM, .offset = AT(kind),
     .def = "local", .words = storage_kind_names,
     .help = "local: each host has one like it; shared: one that its hosts all see",
     .note = "A disk on shared storage stays where it is when source and target both see it."},
    {.name = "hosts", .type = OPT_LIST, .offset = AT(hosts),
     .def = "",
     .help = "hosts that have or see it",
     .note = "Empty: all."},
    {.name = "read", .type = OPT_RATE, .offset = AT(read_bytes_per_s),
     .def = "unlimited", .min = 1.0, .max = SCN_RATE_LIMIT,
     .word = "unlimited", .word_value = SCN_UNLIMITED_VALUE,
     .help = "what all copies from it get together"},
    {.name = "write", .type = OPT_RATE, .offset = AT(write_bytes_per_s),
     .def = "unlimited", .min = 1.0, .max = SCN_RATE_LIMIT,
     .word = "unlimited", .word_value = SCN_UNLIMITED_VALUE,
     .help = "what all copies to it get together"},
    {.name = "saved_state", .type = OPT_BOOL, .offset = AT(saved_state),
     .def = "off",
     .help = "the memory of suspended guests is saved here",
     .note = "Of one storage at most; without one it is saved locally, without a limit."},
};
#undef AT

#define AT(field) offsetof(struct scn_disk_decl, field)
static const struct option disk_rows[] = {
    {.name = "vm", .type = OPT_LIST, .flags = OPT_REQUIRED, .offset = AT(vms),
     .help = "VMs that have such a disk: names, or patterns with * and ?",
     .note = "A VM without any has its disks on storage that all hosts share."},
    {.name = "storage", .type = OPT_STRING, .offset = AT(storage),
     .def = "",
     .help = "the [storage] it lies on",
     .note = "Empty: local to each host, and never a limit."},
    {.name = "to", .type = OPT_STRING, .offset = AT(to),
     .def = "",
     .help = "the [storage] it goes to when it is copied",
     .note = "Empty: one of the same name."},
    {.name = "size", .type = OPT_SIZE, .flags = OPT_REQUIRED, .offset = AT(size_bytes),
     .min = 0.0, .max = 1e18,
     .help = "size of the disk"},
    {.name = "used", .type = OPT_SIZE, .offset = AT(used_bytes),
     .def = "size", .min = 0.0, .max = 1e18, .word = "size", .word_value = SCN_UNLIMITED_VALUE,
     .help = "what of it holds data: the rest reads as zero and is not sent"},
    {.name = "write_rate", .type = OPT_RATE, .offset = AT(write_bytes_per_s),
     .def = "0B/s", .min = 0.0, .max = SCN_RATE_LIMIT,
     .help = "what the guest writes"},
    {.name = "write_size", .type = OPT_SIZE, .offset = AT(write_size_bytes),
     .def = "64KiB", .min = 512.0, .max = (double)GIB,
     .help = "size of one write",
     .note = "A mirror knows dirty blocks of 64 KiB, so 4 KiB written at random cost 64 KiB."},
    {.name = "working_set", .type = OPT_SIZE, .offset = AT(working_set_bytes),
     .def = "used", .min = 0.0, .max = 1e18, .word = "used", .word_value = SCN_UNLIMITED_VALUE,
     .help = "the part that is written again and again"},
    {.name = "limit", .type = OPT_RATE, .offset = AT(limit_bytes_per_s),
     .def = "migration", .min = 1.0, .max = SCN_RATE_LIMIT,
     .word = "migration", .word_value = 0.0,
     .help = "bandwidth limit of its copy, in place of [migration] disk_limit"},
};
#undef AT
/* clang-format on */

const struct option_table scn_storage_options = {
    .rows = storage_rows,
    .nr = sizeof(storage_rows) / sizeof(storage_rows[0]),
    .size = sizeof(struct scn_storage_decl),
};

const struct option_table scn_disk_options = {
    .rows = disk_rows,
    .nr = sizeof(disk_rows) / sizeof(disk_rows[0]),
    .size = sizeof(struct scn_disk_decl),
};
