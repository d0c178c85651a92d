/*
 * scenario_int.h - the steps of loading a scenario, in order.  Private to sim/scenario*.c.
 */
#ifndef MIGCAST_SIM_SCENARIO_INT_H
#define MIGCAST_SIM_SCENARIO_INT_H

#include <xxhash.h>

#include "sim/scenario_doc.h"

enum {
    SCN_VM_LIMIT = 2000000,
    SCN_REQUEST_LIMIT = 4000000,
    SCN_PATTERN_WORK_LIMIT = 300000000 /* names compared with patterns: some seconds */
};

/* What resolving needs besides the scenario itself. */
struct scn_resolver {
    struct scenario *sc;
    struct scn_doc *doc;
    struct arena *arena;
    struct diag *diag;
    XXH3_state_t *hash;
    struct name_index vms; /* every single VM */
    uint32_t *matches;     /* of the last scn_match_vms(), in VM order for patterns */
    uint32_t nr_matches, cap_matches;
    uint32_t *seen; /* [nr_vms]: serial of the last match that had it */
    uint32_t serial;
    uint32_t *host_seen; /* [nr_hosts]: 1 + number of the last link section that named it */
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

/* scenario_resolve_guests.c: workloads and VMs */
enum status scn_resolve_workloads(struct scn_resolver *r);
enum status scn_resolve_vms(struct scn_resolver *r);
/* scenario_resolve_events.c: requests, faults, changes */
enum status scn_resolve_requests(struct scn_resolver *r);
enum status scn_resolve_faults(struct scn_resolver *r);
enum status scn_resolve_changes(struct scn_resolver *r);
/* scenario_threshold.c */
enum status scn_resolve_thresholds(struct scn_resolver *r);
/* scenario_check - the rules between values; every one with its reason. */
enum status scenario_check(const struct scenario *sc, struct arena *arena, struct diag *diag);

#endif
