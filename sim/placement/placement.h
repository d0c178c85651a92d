/*
 * placement.h - which host may take a VM, which is best, and why none will do.
 *
 * Hosts whose attributes are alike form a class; what attributes decide is decided once per class.
 * The hosts of a class stand in a tree in the weigher's order, so a pick costs O(classes x log
 * hosts) while the first candidates will do.  Invariant: memory booked at a host never exceeds its
 * memory times the overcommit, unless the scenario began so.
 */
#ifndef MIGCAST_SIM_PLACEMENT_H
#define MIGCAST_SIM_PLACEMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/option.h"
#include "base/status.h"
#include "sim/placement/attributes.h"

struct sim;
struct job;
struct strbuf;

/* Why a host will not do; the words for it are in placement_filter.c. */
enum refusal {
    REFUSE_NOT,
    /* by attributes: the same for all hosts of a class */
    REFUSE_TAINT,
    REFUSE_LABEL,
    REFUSE_BITS,
    REFUSE_VENDOR,
    REFUSE_CPU_MODEL,
    REFUSE_CPU_FEATURES,
    REFUSE_SAME_CPU,
    REFUSE_MICROCODE,
    REFUSE_SAME_KERNEL,
    REFUSE_OLDER,
    REFUSE_NX,
    REFUSE_STORAGE,
    REFUSE_NETWORK,
    REFUSE_DEVICES,
    /* at this moment */
    REFUSE_SOURCE,
    REFUSE_DOWN,
    REFUSE_CORDONED,
    REFUSE_MEMORY,
    REFUSE_CPUS,
    REFUSE_HUGE_PAGES,
    REFUSE_NUMA,
    REFUSE_DEVICES_TAKEN,
    REFUSE_APART,
    REFUSE_TOGETHER,
    REFUSE_FAILED_BEFORE,
    REFUSE_BUSY,
    REFUSE_NR
};

/* These are looked at only where a platform asks for it. */
#define PLACEMENT_FILTERS_OFF                                                                      \
    (1u << REFUSE_SAME_CPU | 1u << REFUSE_MICROCODE | 1u << REFUSE_SAME_KERNEL | 1u << REFUSE_OLDER)

/* placement_filters - the mask of refusals that @words name, for cluster_rules.filters_off;
 * ST_EINPUT with a hint for an unknown one. */
enum status placement_filters(const struct option_list *words, uint32_t *mask, struct diag *diag);

/* Sized once; ST_ENOMEM. */
enum status placement_init(struct sim *sim);
void placement_release(struct sim *sim);
/* How a replication is set up, for cluster_reset.c.  The first: all books are emptied, guests are
 * booked, what then stands is kept.  Later ones: rest, then each host that was touched is taken
 * back with the @nr_vms VMs that the scenario puts there. */
void placement_fill(struct sim *sim);
void placement_keep(struct sim *sim);
void placement_rest(struct sim *sim);
void placement_take_back(struct sim *sim, uint32_t host, const uint32_t *vms, uint32_t nr_vms);
/* All rules are in place, the platform's too: hosts stand in order from here on. */
void placement_begin(struct sim *sim);
/* Memory, CPUs and devices of @vm at @host, taken and given back. */
void placement_book(struct sim *sim, uint32_t vm, uint32_t host);
void placement_unbook(struct sim *sim, uint32_t vm, uint32_t host);
/* Memory that stays taken at @host without a guest: a copy that nobody removed. */
void placement_keep_copy(struct sim *sim, uint32_t host, uint64_t bytes);
/* @vm was started anew at @host: from now on its CPU is what that host offers. */
void placement_started(struct sim *sim, uint32_t vm, uint32_t host);
/* Slots, cordon or state of @host changed. */
void placement_host_changed(struct sim *sim, uint32_t host);
/* The best host for the job by the rules' weigher, or HOST_NONE. */
uint32_t placement_pick(struct sim *sim, const struct job *job);
/* May the job's VM go to @host, slots aside? */
bool placement_fits(struct sim *sim, const struct job *job, uint32_t host);
enum refusal placement_refusal(struct sim *sim, const struct job *job, uint32_t host);
/* After a pick that found none: might another VM with the same needs find one?  So it is when a
 * group, an earlier failure or its own host kept this one from a host. */
bool placement_refused_alone(struct sim *sim, const struct job *job);
/* Why there is no target, for people: "no target: 3 hosts, 2 lack CPU model X, 1 short of 12 GiB";
 * lives as long as the results. */
const char *placement_why(struct sim *sim, const struct job *job);
/* Why a host will not do for the job: "short of 12 GiB", or "2 lack CPU model X" for @nr of them
 * (0 = no number). */
void placement_refusal_words(struct sim *sim, const struct job *job, enum refusal why, uint32_t nr,
                             struct strbuf *out);
/* What is left of the memory of @host, with overcommit; huge where nothing is checked. */
uint64_t placement_free_bytes(const struct sim *sim, uint32_t host);
const struct vm_attrs *placement_vm_attrs(const struct sim *sim, uint32_t vm);

#endif
