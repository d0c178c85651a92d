/*
 * scenario_int.h - the steps of loading a scenario, in order.  Private to this folder.
 */
#ifndef MIGCAST_SIM_SCENARIO_INT_H
#define MIGCAST_SIM_SCENARIO_INT_H

#include <xxhash.h>

#include "sim/scenario/scenario_doc.h"

enum {
    SCN_HOST_LIMIT = 200000,
    SCN_VM_LIMIT = 2000000,
    SCN_REQUEST_LIMIT = 4000000,
    SCN_PATTERN_WORK_LIMIT = 300000000 /* names compared with patterns: some seconds */
};

/* Names numbered in the order in which they first come. */
struct scn_names {
    struct name_index index;
    const char **names;
    uint32_t nr, cap;
};

/* Sets of attributes, by the text of what they say. */
struct scn_sets {
    struct name_index index;
    void *sets;
    uint32_t nr, cap;
};

/* May a list name a host twice? */
enum scn_repeats {
    SCN_ONCE,
    SCN_AGAIN
};

/* What resolving needs besides the scenario itself. */
struct scn_resolver {
    struct scenario *sc;
    struct scn_doc *doc;
    struct arena *arena;
    struct arena *scratch; /* what nobody needs once all is resolved */
    struct diag *diag;
    XXH3_state_t *hash;
    struct name_index vms; /* every single VM */
    uint32_t *matches;     /* of the last scn_match_vms(), in VM order for patterns */
    uint32_t nr_matches, cap_matches;
    uint32_t *seen; /* [nr_vms]: serial of the last match that had it */
    uint32_t serial;
    struct name_index hosts; /* every single host */
    uint32_t *host_matches;  /* of the last scn_match_hosts(), in the order of the names */
    uint32_t nr_host_matches, cap_host_matches;
    uint32_t *host_seen; /* [nr_hosts]: serial of the last match that had it */
    uint32_t host_serial;
    struct scn_host_place_decl *host_places; /* by number of the [host] section */
    struct scn_names racks, resources;
    uint32_t *class_attrs;              /* of the sections of VMs */
    struct scn_sets host_sets, vm_sets; /* struct host_attrs, struct vm_attrs */
    uint64_t pattern_work;
};

/* scn_resolve - fill @sc from @doc: names become indexes, templates become VMs.  Sets the digest.
 */
enum status scn_resolve(struct scenario *sc, struct scn_doc *doc, struct diag *diag);
/* scn_fill - scn_section_fill(), and the values go into the digest. */
enum status scn_fill(struct scn_resolver *r, enum scn_kind kind, struct scn_section *s, void *obj);
enum status scn_out_of_memory(struct diag *diag);
/* scn_find_name - index of the section of @kind called @name; an unknown one is an error about
 * @key. */
enum status scn_find_name(struct scn_resolver *r, const struct scn_section *s, const char *key,
                          enum scn_kind kind, const char *name, uint32_t *index);

/* scn_numbered_name - NAME-NR, in the arena. */
enum status scn_numbered_name(struct arena *arena, const char *name, uint32_t nr, const char **out);

/* scenario_resolve_hosts.c */
enum status scn_resolve_hosts(struct scn_resolver *r);
/* scn_find_host - one host by its name; an unknown one is an error about @key. */
enum status scn_find_host(struct scn_resolver *r, const struct scn_section *s, const char *key,
                          const char *name, uint32_t *host);
/* scn_match_hosts - names, sections with count and patterns to r->host_matches; what a pattern or a
 * section adds comes in host order and never twice. */
enum status scn_match_hosts(struct scn_resolver *r, const struct scn_section *s, const char *key,
                            const struct option_list *list, enum scn_repeats repeats);
/* scenario_resolve_policy.c */
enum status scn_resolve_policies(struct scn_resolver *r);
/* scenario_resolve_network.c: networks before hosts and profiles, racks after hosts */
enum status scn_resolve_networks(struct scn_resolver *r);
enum status scn_resolve_wiring(struct scn_resolver *r, const struct scn_section *s,
                               const struct scn_wiring_decl *decl, const struct scn_wiring **out);
enum status scn_resolve_links(struct scn_resolver *r);
enum status scn_resolve_racks(struct scn_resolver *r);
/* An empty name is @otherwise. */
enum status scn_find_network(struct scn_resolver *r, const struct scn_section *s, const char *key,
                             const char *name, uint32_t otherwise, uint32_t *network);
/* scenario_resolve_place.c: what decides where a VM can run, after hosts and VMs */
enum status scn_resolve_place(struct scn_resolver *r);
enum status scn_vm_attrs(struct scn_resolver *r, const struct scn_section *s,
                         struct scn_vm_place_decl *d, uint32_t *index);
/* UINT32_MAX for an empty name */
enum status scn_find_rack(struct scn_resolver *r, const char *name, uint32_t *rack);
/* scenario_resolve_guests.c: workloads and VMs */
enum status scn_resolve_workloads(struct scn_resolver *r);
enum status scn_resolve_vms(struct scn_resolver *r);
/* scenario_resolve_events.c: requests, faults, changes */
/* scn_match_vms - the VMs that option 'vm' of @s names, to r->matches; an error says so of 'vm'. */
enum status scn_match_vms(struct scn_resolver *r, const struct scn_section *s,
                          const struct option_list *list);
enum status scn_resolve_requests(struct scn_resolver *r);
/* scenario_resolve_operations.c */
enum status scn_resolve_operations(struct scn_resolver *r);
enum status scn_resolve_faults(struct scn_resolver *r);
enum status scn_resolve_changes(struct scn_resolver *r);
/* scenario_resolve_disks.c: storage, and the disks of VMs */
enum status scn_resolve_disks(struct scn_resolver *r);
/* scenario_threshold.c */
enum status scn_resolve_thresholds(struct scn_resolver *r);
/* scenario_check - the rules between values; every one with its reason. */
enum status scenario_check(const struct scenario *sc, struct arena *arena, struct diag *diag);
/* scenario_check_place.c: the part of it about what guests take of their hosts */
enum status scenario_check_place(const struct scenario *sc, struct arena *arena, struct diag *diag);

#endif
