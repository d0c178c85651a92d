/*
 * harvester.c - Harvester: KubeVirt inside, and its own way with a node that is lost.
 *
 * Migrations, queue and monitor are KubeVirt's of the release that is built in (kubevirt.c); drains
 * are operations like any other.  Here: vm-force-reset-policy.  A node that is NotReady for its
 * period is tainted so that its VMs are to migrate away, which a dead node's cannot; after
 * vmMigrationTimeout more its pods are deleted and the VMs start elsewhere.  Before 1.7 there was
 * only the period.
 *
 * Source: harvester/harvester pkg/settings, pkg/controller/master/node/node_down_controller.go.
 */
#include "sim/platforms/kubevirt.h"

static void host_lost(struct sim *sim, uint32_t host)
{
    const struct kubevirt_settings *s = platform_settings(sim);
    int64_t taint_ns = sim->now_ns + s->not_ready_ns + s->reset_ns;

    platform_tick_at(sim, taint_ns, HARVESTER_TICK_TAINT | host);
    kubevirt_fence_at(sim, host, taint_ns + s->evict_ns);
}

static void tick(struct sim *sim, uint32_t what)
{
    uint32_t host = what & KUBEVIRT_TICK_HOSTS;

    if ((what & ~(uint32_t)KUBEVIRT_TICK_HOSTS) != HARVESTER_TICK_TAINT)
        kubevirt_tick(sim, what);
    else if (cluster_host(sim, host)->down)
        sim_log(sim, 0, host, "NotReady for too long: drain taint");
}

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
    .tick = tick,
    .host_lost = host_lost,
};
