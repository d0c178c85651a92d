/*
 * setup.h - a scenario of two hosts and one link, built without a file.
 *
 * `quick`, `predict` and `replay` describe their migrations with it and then run the same engine as
 * any scenario file.
 */
#ifndef MIGCAST_ANSWERS_SETUP_H
#define MIGCAST_ANSWERS_SETUP_H

#include "sim/scenario/scenario.h"

struct setup {
    struct scenario sc; /* points into this struct and its arrays: do not copy a struct setup */
    struct scn_host hosts[2];
    struct host_costs costs[2]; /* of the hosts */
    struct scn_link link;
    struct guest_params *guests; /* one per VM: sc.vms[i].guest points at guests[i] */
};

/* setup_new - @nr VMs that all move from host 0 to host 1 over one unlimited link, with QEMU's
 * default tuning and default host costs; fill in the rest.  NULL when memory ran out. */
struct setup *setup_new(uint32_t nr);
void setup_free(struct setup *s);

#endif
