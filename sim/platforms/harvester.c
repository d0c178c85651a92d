/*
 * harvester.c - Harvester: KubeVirt inside, its own maintenance mode, its own way with a lost node.
 *
 * Migrations, queue and monitor are KubeVirt's of the release that is built in (kubevirt.c); a
 * maintenance is an operation like any other.  Here:
 * - what happens to a VM when its node goes into maintenance: a VM that cannot migrate makes it
 *   impossible, unless it is forced, which shuts such VMs down; a label says that a VM is to be
 * shut down instead of migrated, and when it starts again.
 * - vm-force-reset-policy.  A node that is NotReady for its period is tainted so that its VMs are
 * to migrate away, which a dead node's cannot; after vmMigrationTimeout more its pods are deleted
 * and the VMs start elsewhere.  Before 1.7 there was only the period. A VM that is shut down is off
 * at once; how long its guest takes for that is not counted.
 *
 * Source: harvester/harvester pkg/controller/master/nodedrain, pkg/util/drainhelper, pkg/settings,
 * pkg/controller/master/node/node_down_controller.go.
 */
#include <string.h>

#include "base/units.h"
#include "sim/placement/placement.h"
#include "sim/platforms/kubevirt.h"

#include "base/banned.h"

#define STRATEGY_LABEL "harvesterhci.io/maintain-mode-strategy="
#define LOOK_NS (15 * NS_PER_S) /* is the node of a stopped VM back? */

enum strategy {
    STRATEGY_MIGRATE,
    STRATEGY_RESTART_AFTER_ENABLE,
    STRATEGY_RESTART_AFTER_DISABLE,
    STRATEGY_SHUTDOWN
};

static enum strategy strategy_of(const struct sim *sim, uint32_t vm)
{
    static const char *const words[] = {"Migrate", "ShutdownAndRestartAfterEnable",
                                        "ShutdownAndRestartAfterDisable", "Shutdown"};
    const struct option_list *labels = &placement_vm_attrs(sim, vm)->labels;
    size_t len = strlen(STRATEGY_LABEL);

    for (uint32_t i = 0; i < labels->nr; i++) {
        if (strncmp(labels->items[i], STRATEGY_LABEL, len) != 0)
            continue;
        for (int k = STRATEGY_MIGRATE; k <= STRATEGY_SHUTDOWN; k++)
            if (strcmp(labels->items[i] + len, words[k]) == 0)
                return (enum strategy)k;
    }
    return STRATEGY_MIGRATE;
}

static void stop_vm(struct sim *sim, const struct job *job, bool starts_again)
{
    struct kubevirt_state *st = platform_state(sim);
    struct kubevirt_vm *v = platform_vm_state(sim, job->vm);

    sim_log(sim, job, job->source, "force stopping VM");
    cluster_vm_lost(sim, job->vm);
    if (!starts_again)
        return;
    v->waits_for_node = true;
    if (st->waiting_vms++ == 0)
        platform_tick_at(sim, sim->now_ns + LOOK_NS, HARVESTER_TICK_LOOK);
}

/* Whose node is out of maintenance starts again, wherever there is room. */
static void start_waiting(struct sim *sim)
{
    struct kubevirt_state *st = platform_state(sim);

    for (uint32_t i = 0; i < sim->sc->nr_vms; i++) {
        struct kubevirt_vm *v = platform_vm_state(sim, i);
        const struct lost_vm *lost = v->waits_for_node ? cluster_lost(sim, i) : NULL;

        if (!lost || cluster_host(sim, lost->host)->down || cluster_host(sim, lost->host)->cordoned)
            continue;
        v->waits_for_node = false;
        st->waiting_vms--;
        job_submit(sim, &(struct job){.vm = i,
                                      .wanted = HOST_NONE,
                                      .operation = UINT32_MAX,
                                      .kind = JOB_RESCUE,
                                      .cancel_at_ns = -1});
    }
    if (st->waiting_vms > 0)
        platform_tick_at(sim, sim->now_ns + LOOK_NS, HARVESTER_TICK_LOOK);
}

static const char *refuse(struct sim *sim, const struct job *job)
{
    const struct kubevirt_settings *s = platform_settings(sim);
    const char *why = kubevirt_not_migratable(sim, job);

    if (!job->evacuation || job->kind != JOB_LIVE)
        return why;
    if (why && s->force) {
        stop_vm(sim, job, false);
        return "forced maintenance: shut down, for it cannot migrate";
    }
    if (why || s->force)
        return why;
    switch (strategy_of(sim, job->vm)) {
    case STRATEGY_MIGRATE:
        break;
    case STRATEGY_RESTART_AFTER_ENABLE: /* it starts on another node */
        sim_log(sim, job, job->source, "force stopping VM");
        job_at(sim, (uint32_t)(job - job_at(sim, 0)))->kind = JOB_COLD;
        break;
    case STRATEGY_RESTART_AFTER_DISABLE:
        stop_vm(sim, job, true);
        return "shut down, as its maintain-mode-strategy says, until maintenance is over";
    case STRATEGY_SHUTDOWN:
        stop_vm(sim, job, false);
        return "shut down, as its maintain-mode-strategy says";
    }
    return 0;
}

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

    if (what == HARVESTER_TICK_LOOK)
        start_waiting(sim);
    else if ((what & ~(uint32_t)KUBEVIRT_TICK_HOSTS) != HARVESTER_TICK_TAINT)
        kubevirt_tick(sim, what);
    else if (cluster_host(sim, host)->down)
        sim_log(sim, 0, host, "NotReady for too long: drain taint");
}

const struct platform_ops platform_harvester = {
    .name = "harvester",
    .help = "Harvester: KubeVirt with its own maintenance of nodes",
    .options = &platform_harvester_options,
    KUBEVIRT_SHARED,
    .refuse = refuse,
    .tick = tick,
    .host_lost = host_lost,
};
