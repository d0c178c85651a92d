/*
 * kubevirt_update.c - the workload updater: every VM is moved once, so that it runs in a new pod.
 *
 * Every 5 s it takes outdated VMs in random order and makes as many migrations as the cluster may
 * have at once, less those there are.  A VM that cannot migrate is left as it is: Evict is not
 * among the methods here.
 *
 * Source: kubevirt/kubevirt pkg/virt-controller/watch/workload-updater/workload-updater.go.
 */
#include "base/units.h"
#include "sim/platforms/kubevirt.h"

#define THROTTLE_NS (5 * NS_PER_S)

static const struct kubevirt_settings *settings(const struct sim *sim)
{
    return platform_settings(sim);
}

/* Is there a job of its own or somebody else's, or is it not running? */
static bool busy(const struct sim *sim, uint32_t vm)
{
    return cluster_vm_job(sim, vm) != JOB_NONE || cluster_vm_host(sim, vm) == HOST_NONE;
}

static uint32_t unfinished(const struct sim *sim)
{
    uint32_t nr = 0;

    for (uint32_t i = 0; i < sim->cluster.nr_jobs; i++)
        nr += sim->cluster.jobs[i].state != JOB_DONE && sim->cluster.jobs[i].kind == JOB_LIVE;
    return nr;
}

static void ask(struct sim *sim, uint32_t vm, enum job_kind kind)
{
    struct kubevirt_vm *v = platform_vm_state(sim, vm);

    v->updating = true;
    job_submit(sim, &(struct job){.vm = vm,
                                  .wanted = HOST_NONE,
                                  .operation = UINT32_MAX,
                                  .kind = (uint8_t)kind,
                                  .evacuation = true,
                                  .cancel_at_ns = -1});
}

/* Migrates up to @most VMs, beginning at a random one of those that are left. */
static void migrate_some(struct sim *sim, uint32_t most)
{
    struct kubevirt_state *st = platform_state(sim);
    uint32_t nr = sim->sc->nr_vms, first;
    struct rng rng;

    rng_stream(&rng, sim->sc->seed, "kubevirt workload update", st->updates, sim->replication);
    while (most-- > 0) {
        uint32_t vm = VM_NONE;

        first = (uint32_t)(rng_uniform(&rng) * (double)nr);
        for (uint32_t i = 0; i < nr && vm == VM_NONE; i++) {
            uint32_t at = (first + i) % nr;
            const struct kubevirt_vm *v = platform_vm_state(sim, at);

            if (v->outdated && !v->evict && !v->updating && !busy(sim, at))
                vm = at;
        }
        if (vm == VM_NONE)
            return;
        ask(sim, vm, JOB_LIVE);
    }
}

/* The next batch of those that cannot migrate. */
static void evict_some(struct sim *sim)
{
    const struct kubevirt_settings *s = settings(sim);
    struct kubevirt_state *st = platform_state(sim);
    uint32_t left = s->update_batch;

    if (!s->update_evict || sim->now_ns < st->next_batch_ns)
        return;
    for (uint32_t i = 0; i < sim->sc->nr_vms && left > 0; i++) {
        const struct kubevirt_vm *v = platform_vm_state(sim, i);

        if (!v->outdated || !v->evict || v->updating || busy(sim, i))
            continue;
        ask(sim, i, JOB_COLD);
        left--;
    }
    if (left < s->update_batch)
        st->next_batch_ns = sim->now_ns + s->update_interval_ns;
}

/* Every VM that runs is outdated, if something can be done about it. */
static void begin(struct sim *sim)
{
    struct kubevirt_state *st = platform_state(sim);

    for (uint32_t i = 0; i < sim->sc->nr_vms; i++) {
        struct kubevirt_vm *v = platform_vm_state(sim, i);
        const struct job probe = {.vm = i, .kind = JOB_LIVE, .evacuation = true};

        v->evict = kubevirt_not_migratable(sim, &probe) != 0;
        v->outdated =
            cluster_vm_host(sim, i) != HOST_NONE && (!v->evict || settings(sim)->update_evict);
        st->outdated += v->outdated;
    }
}

void kubevirt_update(struct sim *sim)
{
    struct kubevirt_state *st = platform_state(sim);
    uint32_t most = sim->cluster.rules.max_total, active = unfinished(sim);

    if (st->updates++ == 0)
        begin(sim);
    if (st->outdated == 0)
        return;
    if (most == 0)
        most = UINT32_MAX;
    migrate_some(sim, most > active ? most - active : 0);
    evict_some(sim);
    platform_tick_at(sim, sim->now_ns + THROTTLE_NS, KUBEVIRT_TICK_UPDATE);
}
