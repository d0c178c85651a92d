/*
 * harvester.c - Harvester: KubeVirt inside, and its own maintenance of nodes.
 *
 * Migrations, queue and monitor are KubeVirt's of the release that is built in (kubevirt.c).
 * Source: harvester/harvester pkg/settings, pkg/util/drainhelper, pkg/controller/master/nodedrain.
 */
#include "sim/platforms/kubevirt.h"

const struct platform_ops platform_harvester = {
    .name = "harvester",
    .help = "Harvester: KubeVirt with its own maintenance of nodes",
    .options = &platform_harvester_options,
    .sim_state_bytes = sizeof(struct kubevirt_state),
    .mig_state_bytes = sizeof(struct kubevirt_mig),
    .vm_state_bytes = sizeof(struct kubevirt_vm),
    .check = kubevirt_check,
    .begin = kubevirt_begin,
    .refuse = kubevirt_refuse,
    .queued = kubevirt_queued,
    .priority = kubevirt_priority,
    .admit = kubevirt_admit,
    .prepare = kubevirt_prepare,
    .mirroring = kubevirt_mirroring,
    .running = kubevirt_running,
    .pass = kubevirt_pass,
    .poll = kubevirt_poll,
    .ended = kubevirt_ended,
    .tick = kubevirt_tick,
};
