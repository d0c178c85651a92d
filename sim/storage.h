/*
 * storage.h - disks of VMs and the storage they lie on, as a scenario says it.
 *
 * Disks of one section are alike and share a kind.  A VM's disks lie side by side in `disks`, those
 * of VM i from first[i] up to first[i + 1].  What a migration does with them is in disks.c and
 * cold.c.
 */
#ifndef MIGCAST_SIM_STORAGE_H
#define MIGCAST_SIM_STORAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "models/mirror.h"

#define STORAGE_NONE UINT32_MAX

struct scn_storage {
    const char *name;
    bool shared;               /* one for all its hosts; else each host has one of its own */
    bool saved_state;          /* where the memory of suspended guests is saved */
    uint64_t read_bytes_per_s; /* UNITS_UNLIMITED = not a limit */
    uint64_t write_bytes_per_s;
    uint32_t nr_hosts; /* that see it; 0 = all */
    const uint32_t *hosts;
    uint32_t first_link; /* read and write, of a local one by host; among the links of storage */
};

struct scn_disk_kind {
    const char *name;
    uint32_t storage; /* STORAGE_NONE = local, without a limit */
    uint32_t to;      /* where it goes when it is copied; STORAGE_NONE = local, without a limit */
    uint64_t size_bytes; /* capacity, used or not */
    struct mirror_params mirror;
    uint64_t limit_bytes_per_s; /* of its copy; 0 = [migration] disk_limit */
};

struct scn_disk {
    uint32_t vm, kind;
};

struct scn_disks {
    uint32_t nr_storages, nr_kinds, nr_disks, nr_links;
    const struct scn_storage *storages;
    const struct scn_disk_kind *kinds;
    const struct scn_disk *disks;
    const uint32_t *first; /* NULL = no VM has disks */
};

/* Does @host see the shared storage @s? */
bool storage_sees(const struct scn_storage *s, uint32_t host);

#endif
