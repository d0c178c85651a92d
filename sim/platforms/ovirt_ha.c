/*
 * ovirt_ha.c - a host that stops answering: how long until it is fenced, and its guests start
 * again.
 *
 * The engine misses the heartbeat, waits a grace that grows with the host's guests, and fences it
 * through its power management; only then are its highly available guests started elsewhere, the
 * higher priority first.  Those of lower priority wait while a higher one finds no host, for ten
 * minutes at most.  What does not start is tried again each half minute ten times, then each half
 * hour.  Without power management nothing starts until a person says that the host is down.
 *
 * Left to others: the start itself (cold.c) and the choice of a host.  Source: ovirt-engine
 * vdsbroker/VdsManager.java, bll/HaAutoStartVmsRunner.java, AutoStartVmsRunner.java; values of
 * packaging/dbscripts/upgrade/pre_upgrade/0000_config.sql.
 */
#include "sim/placement/placement.h"
#include "sim/platforms/ovirt_int.h"

static bool waits_here(const struct sim *sim, uint32_t vm, uint32_t host)
{
    const struct lost_vm *lost = cluster_lost(sim, vm);

    return lost && lost->host == host && cluster_vm_job(sim, vm) == JOB_NONE &&
           placement_vm_attrs(sim, vm)->ha;
}

/* The highest priority below @below of the guests of @host that wait; -1 = there is none. */
static int64_t next_priority(const struct sim *sim, uint32_t host, int64_t below)
{
    int64_t best = -1;

    for (uint32_t vm = 0; vm < sim->sc->nr_vms; vm++) {
        int64_t p = (int64_t)placement_vm_attrs(sim, vm)->priority;

        if (p < below && p > best && waits_here(sim, vm, host))
            best = p;
    }
    return best;
}

/* Starts the guests of one priority; false when one of them found no host. */
static bool start_those(struct sim *sim, uint32_t host, int64_t priority)
{
    bool all = true;

    for (uint32_t vm = 0; vm < sim->sc->nr_vms && !sim->no_memory; vm++) {
        struct job wish = {.vm = vm,
                           .wanted = HOST_NONE,
                           .operation = UINT32_MAX,
                           .evacuation = true,
                           .priority = (int32_t)priority,
                           .kind = JOB_RESCUE,
                           .cancel_at_ns = -1};

        if ((int64_t)placement_vm_attrs(sim, vm)->priority != priority ||
            !waits_here(sim, vm, host))
            continue;
        wish.target = wish.last_target = wish.earlier_target = HOST_NONE;
        wish.source = host;
        if (placement_pick(sim, &wish) == HOST_NONE) {
            sim_log(sim, NULL, host, "HA_VM_RESTART_FAILED");
            all = false;
        } else {
            job_submit(sim, &wish);
        }
    }
    return all;
}

void ovirt_ha_restart(struct sim *sim, uint32_t host)
{
    const struct ovirt_settings *s = platform_settings(sim);
    struct ovirt_host *h = platform_host_state(sim, host);
    bool held = false;

    if (h->tries++ == 0) {
        sim_log(sim, NULL, host, "FENCE_OPERATION_SUCCEEDED");
        h->first_try_ns = sim->now_ns;
    }
    held = sim->now_ns - h->first_try_ns < s->blocked_ns;
    for (int64_t p = INT64_MAX; (p = next_priority(sim, host, p)) >= 0;)
        if (!start_those(sim, host, p) && held)
            break;
    if (next_priority(sim, host, INT64_MAX) < 0)
        return;
    if (h->tries == s->short_tries)
        sim_log(sim, NULL, host, "EXCEEDED_MAXIMUM_NUM_OF_RESTART_HA_VM_ATTEMPTS");
    platform_tick_at(sim, sim->now_ns + (h->tries < s->short_tries ? s->short_ns : s->long_ns),
                     OVIRT_TICK_RESTART + host);
}

void ovirt_ha_host_lost(struct sim *sim, uint32_t host)
{
    const struct ovirt_settings *s = platform_settings(sim);
    struct ovirt_host *h = platform_host_state(sim, host);
    int64_t guests = 0, at;

    for (uint32_t vm = 0; vm < sim->sc->nr_vms; vm++) {
        const struct lost_vm *lost = cluster_lost(sim, vm);

        guests += lost && lost->host == host;
    }
    h->tries = 0;
    cluster_limit_host(sim, host, 0, 0); /* its semaphore died with it */
    at = sim->now_ns + s->heartbeat_ns + s->grace_ns + guests * s->grace_per_vm_ns;
    if (!s->power_management) {
        sim_log(sim, NULL, host, "VDS_ALERT_FENCE_IS_NOT_CONFIGURED");
        return;
    }
    sim_log(sim, NULL, host, "VDS_HOST_NOT_RESPONDING");
    platform_tick_at(sim, at + s->fence_ns, OVIRT_TICK_RESTART + host);
}
