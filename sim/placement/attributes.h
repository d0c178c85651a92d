/*
 * attributes.h - what decides where a VM can run: attributes of hosts and VMs, affinity groups.
 *
 * Sets are shared: hosts (VMs) that are alike name the same one, so 200,000 VMs of ten sections
 * have ten.  Lists are sorted and hold no word twice.  What placement makes of all this is in
 * placement_filter.c.
 */
#ifndef MIGCAST_SIM_ATTRIBUTES_H
#define MIGCAST_SIM_ATTRIBUTES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"

/* Countable things of a host that a VM takes for itself, in scn_place.resources. */
enum {
    RESOURCE_PAGES_2M, /* huge pages of 2 MiB */
    RESOURCE_PAGES_1G,
    RESOURCE_SRIOV, /* virtual functions of network cards */
    RESOURCE_NAMED, /* from here on: GPUs and other devices by name */
    RESOURCES_MAX = 256
};

struct attr_amount {
    uint32_t resource;
    uint32_t nr;
};

enum attr_nx {
    NX_UNKNOWN,
    NX_OFF,
    NX_ON
};

enum cpu_mode {
    CPU_ANY,         /* a model that every host offers */
    CPU_NAMED,       /* cpu_model names it */
    CPU_HOST_MODEL,  /* the model of the host where it was started, ever after */
    CPU_PASSTHROUGH, /* the very CPU of the host where it was started */
    CPU_MODE_NR
};

enum migratable {
    MIGRATABLE_YES,
    MIGRATABLE_MANUAL, /* a person may ask for it, an evacuation may not */
    MIGRATABLE_NO
};

/* "" and an empty list mean that nothing is said. */
struct host_attrs {
    const char *cpu_model, *vendor, *microcode, *kernel;
    struct option_list cpu_models; /* that it can give to guests, beside its own */
    struct option_list features;
    struct option_list labels; /* KEY or KEY=VALUE; only those with a key that some VM needs */
    struct option_list taints; /* KEY or KEY=VALUE */
    struct option_list storage, networks;
    uint32_t nr_amounts;
    const struct attr_amount *amounts; /* by resource */
    uint32_t bits;                     /* 32 or 64; 0 = nothing is said */
    uint32_t numa_nodes;               /* 1 = not looked at */
    enum attr_nx nx;
};

struct vm_attrs {
    enum cpu_mode cpu_mode;
    const char *cpu_model; /* CPU_NAMED */
    struct option_list features;
    struct option_list needs;     /* KEY=VALUE, KEY, !KEY or !KEY=VALUE: labels of the host */
    struct option_list tolerates; /* taints: KEY, KEY=VALUE or * */
    struct option_list labels;    /* KEY=VALUE */
    struct option_list storage, networks;
    uint32_t nr_amounts;
    const struct attr_amount *amounts; /* by resource; huge pages are not among them */
    uint32_t gpus, sriov, devices;     /* how many of each sort */
    uint32_t bits;
    uint32_t priority; /* larger goes first */
    enum migratable migratable;
    bool huge_pages; /* takes its memory from the host's huge pages of its host_page size */
    bool one_numa_node;
    bool pinned;         /* each vCPU has a CPU for itself */
    bool sriov_failover; /* a second card carries the traffic while the function is away */
    bool ha;             /* starts elsewhere when its host dies */
};

enum affinity_kind {
    AFFINITY_TOGETHER,
    AFFINITY_APART
};

enum affinity_within {
    WITHIN_HOST,
    WITHIN_RACK
};

struct scn_affinity {
    const char *name;
    enum affinity_kind kind;
    enum affinity_within within;
    bool must; /* else: where possible */
    uint32_t nr_vms;
};

/* The part of a scenario that placement reads.  All zero in a scenario made without a file: then
 * nothing is said of any host or VM. */
struct scn_place {
    uint32_t nr_host_attrs, nr_vm_attrs, nr_resources, nr_racks, nr_affinities;
    const struct host_attrs *host_attrs;
    const struct vm_attrs *vm_attrs;
    const uint32_t *class_attrs;  /* by section of VMs: which of them */
    const char *const *resources; /* "GPU a100", for people */
    const char *const *racks;
    const struct scn_affinity *affinities;
    /* groups of VM i: vm_affinities[vm_affinity_first[i]] up to vm_affinity_first[i + 1]; NULL =
     * there is no group */
    const uint32_t *vm_affinity_first, *vm_affinities;
};

/* The same when a scenario has none. */
extern const struct host_attrs host_attrs_none;
extern const struct vm_attrs vm_attrs_none;

#endif
