/*
 * support_kubevirt.h - run a scenario under KubeVirt and look at its rows and its log.
 */
#ifndef MIGCAST_TESTS_SIM_SUPPORT_KUBEVIRT_H
#define MIGCAST_TESTS_SIM_SUPPORT_KUBEVIRT_H

#include "sim/platforms/kubevirt.h"

struct kv_run {
    struct scenario sc;
    struct sim *sim;
    const struct mig_result *rows;
    const struct sim_event *log;
    uint32_t nr_rows, nr_log;
};

/* The text of a scenario, or a shipped file by its name ("kubevirt-800"), with overrides
 * ("kubevirt.version=1.3", ... NULL).  Fails the test when it does not load. */
void kv_load(struct kv_run *r, const char *text, const char *const *overrides);
void kv_load_file(struct kv_run *r, const char *name, const char *const *overrides);
/* Runs one replication; rows and log are those of it. */
void kv_go(struct kv_run *r, uint32_t replication);
void kv_release(struct kv_run *r);

/* The only row of that VM and attempt; fails the test when there is none. */
const struct mig_result *kv_row(const struct kv_run *r, const char *vm, uint32_t attempt);
/* Lines of the log about @vm (or NULL) that say @what; the moment of the first in @at_ns. */
uint32_t kv_said(const struct kv_run *r, const char *vm, const char *what, int64_t *at_ns);
/* The most migrations that held a slot at one moment: in all, out of and into one host.  Slots are
 * held from @start_delay_ns before `migrate` to @finish_delay_ns after the end. */
void kv_peaks(const struct kv_run *r, uint32_t *total, uint32_t *out, uint32_t *in);

#endif
