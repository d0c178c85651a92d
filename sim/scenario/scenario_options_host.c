/*
 * scenario_options_host.c - the rows of [host], and those of [vm] that placement asks for.
 *
 * Nothing but tables.  Host costs are in models/costs_options.c, the guest itself in
 * scenario_options_guest.c.
 */
#include "base/units.h"
#include "sim/scenario/scenario_options.h"

static const char *const nx_names[] = {"unknown", "off", "on", NULL};
static const char *const migratable_names[] = {"yes", "manual", "no", NULL};

/* clang-format off */
#define AT(field) offsetof(struct scn_host_decl, field)
static const struct option host_rows[] = {
    {.name = "count", .type = OPT_U32, .offset = AT(count),
     .def = "1", .min = 1.0, .max = 100000.0,
     .help = "number of hosts made from this section",
     .note = "More than 1: they are called NAME-1, NAME-2 and so on; NAME stands for all of them."},
    {.name = "nic", .type = OPT_BPS, .offset = AT(nic_bps),
     .def = "unlimited", .min = 1.0, .max = SCN_BPS_LIMIT,
     .word = "unlimited", .word_value = SCN_UNLIMITED_VALUE,
     .help = "network card, each direction"},
    {.name = "memory", .type = OPT_SIZE, .offset = AT(memory_bytes),
     .def = "unchecked", .min = 0.0, .max = SCN_SIZE_LIMIT,
     .word = "unchecked", .word_value = 0.0,
     .help = "memory for guests; no guest comes that does not fit"},
    {.name = "cpus", .type = OPT_U32, .offset = AT(cpus),
     .def = "unchecked", .min = 0.0, .max = 100000.0,
     .word = "unchecked", .word_value = 0.0,
     .help = "CPUs for guests; no guest comes whose vCPUs do not fit",
     .note = "How many vCPUs share a CPU is [cluster] cpu_overcommit."},
    {.name = "load", .type = OPT_RATIO, .offset = AT(load_ratio),
     .def = "0%", .min = 0.0, .max = 0.99,
     .help = "share of CPU already busy; slows copying at a destination"},
    {.name = "accelerator", .type = OPT_ENUM, .offset = AT(accel),
     .def = "kvm",
     .words = accel_names,
     .help = "which [calibration] gives the host's costs"},
};
#undef AT

#define AT(field) offsetof(struct scn_host_place_decl, field)
static const struct option host_place_rows[] = {
    {.name = "rack", .type = OPT_STRING, .offset = AT(rack),
     .def = "", .group = "Placement",
     .help = "the rack it stands in"},
    {.name = "cpu_model", .type = OPT_STRING, .offset = AT(cpu_model),
     .def = "", .group = "Placement",
     .help = "its CPU model",
     .note = "Empty: nothing is said, so no guest is refused for it unless it asks for a model."},
    {.name = "cpu_models", .type = OPT_LIST, .offset = AT(cpu_models),
     .def = "", .group = "Placement",
     .help = "further CPU models that it can give to guests"},
    {.name = "cpu_features", .type = OPT_LIST, .offset = AT(features),
     .def = "", .group = "Placement",
     .help = "CPU features that a guest may ask for"},
    {.name = "vendor", .type = OPT_STRING, .offset = AT(vendor),
     .def = "", .group = "Placement",
     .help = "who made its CPU",
     .note = "No guest migrates live between two vendors."},
    {.name = "microcode", .type = OPT_STRING, .offset = AT(microcode),
     .def = "", .group = "Placement",
     .help = "microcode release, for platforms that compare it"},
    {.name = "kernel", .type = OPT_STRING, .offset = AT(kernel),
     .def = "", .group = "Placement",
     .help = "kernel or hypervisor release, for platforms that compare it"},
    {.name = "nx", .type = OPT_ENUM, .offset = AT(nx),
     .def = "unknown", .words = nx_names, .group = "Placement",
     .help = "the no-execute bit; a guest migrates live only where it is the same"},
    {.name = "bits", .type = OPT_U32, .offset = AT(bits),
     .def = "unknown", .min = 32.0, .max = 64.0,
     .word = "unknown", .word_value = 0.0, .group = "Placement",
     .help = "32 or 64"},
    {.name = "labels", .type = OPT_LIST, .offset = AT(labels),
     .def = "", .group = "Placement",
     .help = "labels that a guest may need: KEY or KEY=VALUE"},
    {.name = "taints", .type = OPT_LIST, .offset = AT(taints),
     .def = "", .group = "Placement",
     .help = "keeps guests away that do not tolerate it: KEY or KEY=VALUE"},
    {.name = "storage_domains", .type = OPT_LIST, .offset = AT(storage),
     .def = "", .group = "Placement",
     .help = "shared storage that it reaches"},
    {.name = "guest_networks", .type = OPT_LIST, .offset = AT(networks),
     .def = "", .group = "Placement",
     .help = "networks and VLANs that it can connect guests to"},
    {.name = "gpus", .type = OPT_LIST, .offset = AT(gpus),
     .def = "", .group = "Placement",
     .help = "GPUs for guests: KIND or KIND:NUMBER"},
    {.name = "devices", .type = OPT_LIST, .offset = AT(devices),
     .def = "", .group = "Placement",
     .help = "other devices for guests: KIND or KIND:NUMBER"},
    {.name = "sriov", .type = OPT_U32, .offset = AT(sriov),
     .def = "0", .min = 0.0, .max = 100000.0, .group = "Placement",
     .help = "virtual functions of network cards (SR-IOV)"},
    {.name = "huge_pages_2m", .type = OPT_SIZE, .offset = AT(pages_2m_bytes),
     .def = "0B", .min = 0.0, .max = SCN_SIZE_LIMIT, .group = "Placement",
     .help = "huge pages of 2 MiB, beside memory"},
    {.name = "huge_pages_1g", .type = OPT_SIZE, .offset = AT(pages_1g_bytes),
     .def = "0B", .min = 0.0, .max = SCN_SIZE_LIMIT, .group = "Placement",
     .help = "huge pages of 1 GiB, beside memory"},
    {.name = "numa_nodes", .type = OPT_U32, .offset = AT(numa_nodes),
     .def = "1", .min = 1.0, .max = 64.0, .group = "Placement",
     .help = "NUMA nodes, of the same size"},
};
#undef AT

#define AT(field) offsetof(struct scn_vm_place_decl, field)
static const struct option vm_place_rows[] = {
    {.name = "priority", .type = OPT_U32, .offset = AT(priority),
     .def = "0", .min = 0.0, .max = 1e9, .group = "Placement",
     .help = "larger goes first, in queues and when guests of a dead host start again"},
    {.name = "migratable", .type = OPT_ENUM, .offset = AT(migratable),
     .def = "yes", .words = migratable_names, .group = "Placement",
     .help = "manual: only by a [request]; no: never",
     .note = "A drain that meets a guest it may not move does not end."},
    {.name = "ha", .type = OPT_BOOL, .offset = AT(ha),
     .def = "on", .group = "Placement",
     .help = "starts elsewhere when its host dies"},
    {.name = "pinned", .type = OPT_BOOL, .offset = AT(pinned),
     .def = "off", .group = "Placement",
     .help = "each vCPU has a CPU for itself"},
    {.name = "cpu_model", .type = OPT_STRING, .offset = AT(cpu_model),
     .def = "any", .group = "Placement",
     .help = "any, a model's name, host-model or host-passthrough",
     .note = "host-model: the model of the host where it was started, which every later host must "
             "offer too. host-passthrough: the same model, microcode and features."},
    {.name = "cpu_features", .type = OPT_LIST, .offset = AT(features),
     .def = "", .group = "Placement",
     .help = "CPU features that the host must have"},
    {.name = "bits", .type = OPT_U32, .offset = AT(bits),
     .def = "any", .min = 32.0, .max = 64.0,
     .word = "any", .word_value = 0.0, .group = "Placement",
     .help = "64: needs a host of 64 bits"},
    {.name = "needs", .type = OPT_LIST, .offset = AT(needs),
     .def = "", .group = "Placement",
     .help = "labels of the host: KEY=VALUE, KEY, !KEY or !KEY=VALUE"},
    {.name = "labels", .type = OPT_LIST, .offset = AT(labels),
     .def = "", .group = "Placement",
     .help = "labels of the VM, KEY=VALUE: a [migrationpolicy] selects by them"},
    {.name = "tolerates", .type = OPT_LIST, .offset = AT(tolerates),
     .def = "", .group = "Placement",
     .help = "taints that do not keep it away: KEY, KEY=VALUE or *"},
    {.name = "storage_domains", .type = OPT_LIST, .offset = AT(storage),
     .def = "", .group = "Placement",
     .help = "shared storage that the host must reach"},
    {.name = "guest_networks", .type = OPT_LIST, .offset = AT(networks),
     .def = "", .group = "Placement",
     .help = "networks and VLANs that the host must connect"},
    {.name = "gpus", .type = OPT_LIST, .offset = AT(gpus),
     .def = "", .group = "Placement",
     .help = "GPUs passed through to it: KIND or KIND:NUMBER"},
    {.name = "devices", .type = OPT_LIST, .offset = AT(devices),
     .def = "", .group = "Placement",
     .help = "other devices passed through to it: KIND or KIND:NUMBER"},
    {.name = "sriov", .type = OPT_U32, .offset = AT(sriov),
     .def = "0", .min = 0.0, .max = 1000.0, .group = "Placement",
     .help = "virtual functions of network cards (SR-IOV)"},
    {.name = "sriov_failover", .type = OPT_BOOL, .offset = AT(sriov_failover),
     .def = "off", .group = "Placement",
     .help = "a second card carries the traffic while the virtual function is unplugged"},
    {.name = "huge_pages", .type = OPT_BOOL, .offset = AT(huge_pages),
     .def = "off", .group = "Placement",
     .help = "takes its memory from the host's huge pages of its host_page size"},
    {.name = "one_numa_node", .type = OPT_BOOL, .offset = AT(one_numa_node),
     .def = "off", .group = "Placement",
     .help = "must fit into one NUMA node of the host",
     .note = "Guests without it spread over what these leave."},
};
#undef AT
/* clang-format on */

const struct option_table scn_host_options = {
    .rows = host_rows,
    .nr = sizeof(host_rows) / sizeof(host_rows[0]),
    .size = sizeof(struct scn_host_decl),
};

const struct option_table scn_host_place_options = {
    .rows = host_place_rows,
    .nr = sizeof(host_place_rows) / sizeof(host_place_rows[0]),
    .size = sizeof(struct scn_host_place_decl),
};

const struct option_table scn_vm_place_options = {
    .rows = vm_place_rows,
    .nr = sizeof(vm_place_rows) / sizeof(vm_place_rows[0]),
    .size = sizeof(struct scn_vm_place_decl),
};
