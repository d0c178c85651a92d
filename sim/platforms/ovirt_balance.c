/*
 * ovirt_balance.c - the engine's minute: one VM moved to even out load, one to mend affinity.
 *
 * Balancing leaves out hosts with a VM on its way from or to them, and moves one VM a minute in the
 * whole cluster.  Affinity is mended only while nothing migrates at all.  The minute is asked for
 * only while there is something that it could find: a tick that finds nothing asks for no other,
 * and whatever changes the cluster asks again.
 *
 * Left to others: which hosts will do (placement).  Source: ovirt-engine bll/scheduling/
 * SchedulingManager.java, AffinityRulesEnforcementManager.java, policyunits/
 * CpuAndMemoryBalancingPolicyUnit.java, EvenDistributionBalancePolicyUnit.java,
 * EvenGuestDistributionBalancePolicyUnit.java, utils/FindVmAndDestinations.java; the defaults are
 * of packaging/dbscripts/upgrade/pre_upgrade/0000_config.sql.
 */
#include "sim/platforms/ovirt_int.h"

#include <assert.h>
#include <math.h>

#include "sim/placement/placement.h"

static const struct ovirt_settings *settings(const struct sim *sim)
{
    return platform_settings(sim);
}

static struct ovirt_host *host_of(struct sim *sim, uint32_t host)
{
    return platform_host_state(sim, host);
}

/* vCPUs' worth of work of one VM. */
static double vm_load(struct sim *sim, uint32_t vm)
{
    const struct ovirt_vm *v = platform_vm_state(sim, vm);
    double ratio = v->cpu_ratio > 0.0 ? v->cpu_ratio : settings(sim)->vm_cpu_ratio;

    return ratio * (double)sim->sc->vms[vm].guest->vcpus;
}

/* Percent of the host's CPUs, with @more CPUs' worth of work on top; 0 where its CPUs are not said.
 */
static double host_load_pct(const struct sim *sim, const struct ovirt_host *h, uint32_t host,
                            double more)
{
    const struct scn_host *sc = &sim->sc->hosts[host];

    if (sc->cpus == 0)
        return 0.0;
    return 100.0 * (sc->load_ratio + (h->load + more) / (double)sc->cpus);
}

static bool movable(const struct sim *sim, uint32_t vm)
{
    return placement_vm_attrs(sim, vm)->migratable == MIGRATABLE_YES;
}

/* Load, VMs and ways of all hosts; true when anything migrates or waits to. */
static bool survey(struct sim *sim)
{
    bool any = false;

    for (uint32_t h = 0; h < sim->sc->nr_hosts; h++) {
        struct ovirt_host *o = host_of(sim, h);

        o->load = 0.0;
        o->vms = 0;
        o->busy = cluster_host(sim, h)->down || cluster_host(sim, h)->cordoned;
    }
    for (uint32_t vm = 0; vm < sim->sc->nr_vms; vm++) {
        uint32_t h = cluster_vm_host(sim, vm), job = cluster_vm_job(sim, vm);

        if (h == HOST_NONE)
            continue;
        host_of(sim, h)->load += vm_load(sim, vm);
        host_of(sim, h)->vms++;
        if (job == JOB_NONE)
            continue;
        any = host_of(sim, h)->busy = true;
        if (job_at(sim, job)->target != HOST_NONE)
            host_of(sim, job_at(sim, job)->target)->busy = true;
    }
    return any;
}

/* Ask for @vm to go to @target (HOST_NONE: wherever is best); false when it cannot. */
static bool send(struct sim *sim, uint32_t vm, uint32_t target, const char *why)
{
    struct job wish = {
        .vm = vm, .wanted = target, .operation = UINT32_MAX, .kind = JOB_LIVE, .cancel_at_ns = -1};

    wish.source = cluster_vm_host(sim, vm);
    wish.target = wish.last_target = wish.earlier_target = HOST_NONE;
    if (target == HOST_NONE)
        wish.wanted = placement_pick(sim, &wish);
    else if (!placement_fits(sim, &wish, target))
        wish.wanted = HOST_NONE;
    if (wish.wanted == HOST_NONE)
        return false;
    sim_log(sim, NULL, cluster_vm_host(sim, vm), why);
    return job_submit(sim, &wish);
}

/* ---- evenly_distributed: no host above so much CPU load for so long ---- */

static double underused_pct(const struct ovirt_settings *s)
{
    double high = (double)s->high_utilization_pct;

    /* whole percents, as the engine reckons */
    return fmin(floor((double)s->underused_pct * high / 100.0), high - (double)s->vcpu_pct);
}

/* The least loaded host that takes @vm and stays below the limit. */
static uint32_t even_target(struct sim *sim, uint32_t vm)
{
    const struct ovirt_settings *s = settings(sim);
    double best_load = 0.0, most = underused_pct(s);
    uint32_t best = HOST_NONE;

    for (uint32_t h = 0; h < sim->sc->nr_hosts; h++) {
        const struct ovirt_host *o = host_of(sim, h);
        double load = host_load_pct(sim, o, h, 0.0);

        if (o->busy || load >= most || h == cluster_vm_host(sim, vm) ||
            host_load_pct(sim, o, h, vm_load(sim, vm)) > (double)s->high_utilization_pct)
            continue;
        if (best == HOST_NONE || load < best_load) {
            best = h;
            best_load = load;
        }
    }
    return best;
}

/* Of the VMs of @host, the one with the least work goes first for which there is a target. */
static bool send_one(struct sim *sim, uint32_t host, uint32_t (*target_of)(struct sim *, uint32_t))
{
    double done = -1.0;

    for (;;) { /* by work, then by number */
        uint32_t best = VM_NONE, target;
        double least = INFINITY;

        for (uint32_t vm = cluster_first_vm(sim, host); vm != VM_NONE;
             vm = cluster_next_vm(sim, vm))
            if (movable(sim, vm) && vm_load(sim, vm) > done && vm_load(sim, vm) < least) {
                best = vm;
                least = vm_load(sim, vm);
            }
        if (best == VM_NONE)
            return false;
        target = target_of(sim, best);
        if (target != HOST_NONE && send(sim, best, target, "MIGRATION_REASON_LOAD_BALANCING"))
            return true;
        done = least; /* alike ones would find the same */
    }
}

/* Since when each host is too busy. */
static void watch_load(struct sim *sim)
{
    const struct ovirt_settings *s = settings(sim);

    for (uint32_t h = 0; h < sim->sc->nr_hosts; h++) {
        struct ovirt_host *o = host_of(sim, h);

        if (host_load_pct(sim, o, h, 0.0) < (double)s->high_utilization_pct || o->vms == 0)
            o->over = false;
        else if (!o->over) {
            o->over = true;
            o->over_since_ns = sim->now_ns;
        }
    }
}

/* Is a host too busy, but not for long enough yet? */
static bool waits_for_load(struct sim *sim)
{
    for (uint32_t h = 0; h < sim->sc->nr_hosts; h++) {
        const struct ovirt_host *o = host_of(sim, h);

        if (o->over && sim->now_ns - o->over_since_ns < settings(sim)->overload_ns)
            return true;
    }
    return false;
}

/* The busiest of those that have been too busy for long enough; UINT32_MAX. */
static uint32_t busiest(struct sim *sim, double below)
{
    const struct ovirt_settings *s = settings(sim);
    uint32_t best = HOST_NONE;
    double most = -1.0;

    for (uint32_t h = 0; h < sim->sc->nr_hosts; h++) {
        const struct ovirt_host *o = host_of(sim, h);
        double load = host_load_pct(sim, o, h, 0.0);

        if (o->busy || !o->over || sim->now_ns - o->over_since_ns < s->overload_ns)
            continue;
        if (load > most && load < below) {
            best = h;
            most = load;
        }
    }
    return best;
}

static bool balance_load(struct sim *sim)
{
    double below = INFINITY;
    uint32_t host;

    while ((host = busiest(sim, below)) != HOST_NONE) {
        if (send_one(sim, host, even_target))
            return true;
        below = host_load_pct(sim, host_of(sim, host), host, 0.0);
    }
    return false;
}

/* ---- vm_evenly_distributed: no host with so many VMs more than another ---- */

static uint32_t fewest_target(struct sim *sim, uint32_t vm)
{
    const struct ovirt_settings *s = settings(sim);
    uint32_t from = cluster_vm_host(sim, vm), best = HOST_NONE;
    uint32_t vms = host_of(sim, from)->vms;

    for (uint32_t h = 0; h < sim->sc->nr_hosts; h++) {
        const struct ovirt_host *o = host_of(sim, h);

        if (o->busy || h == from || o->vms + s->vm_threshold > vms)
            continue;
        if (best == HOST_NONE || o->vms < host_of(sim, best)->vms)
            best = h;
    }
    return best;
}

static bool balance_count(struct sim *sim)
{
    uint32_t worst = 0;

    for (uint32_t h = 0; h < sim->sc->nr_hosts; h++)
        if (!host_of(sim, h)->busy && host_of(sim, h)->vms > worst)
            worst = host_of(sim, h)->vms;
    if (worst < settings(sim)->high_vm_count)
        return false;
    for (uint32_t h = 0; h < sim->sc->nr_hosts; h++)
        if (!host_of(sim, h)->busy && host_of(sim, h)->vms == worst &&
            send_one(sim, h, fewest_target))
            return true;
    return false;
}

/* ---- affinity ---- */

static bool in_group(const struct sim *sim, uint32_t vm, uint32_t group)
{
    const struct scn_place *p = &sim->sc->place;

    for (uint32_t i = p->vm_affinity_first[vm]; i < p->vm_affinity_first[vm + 1]; i++)
        if (p->vm_affinities[i] == group)
            return true;
    return false;
}

/* A rule about single hosts; the engine does not move VMs for wishes. */
static bool is_rule(const struct sim *sim, uint32_t group, enum affinity_kind kind)
{
    const struct scn_affinity *a = &sim->sc->place.affinities[group];

    return a->must && a->within == WITHIN_HOST && a->kind == kind;
}

/* Is another VM of a group that must be apart on the same host? */
static bool too_close(const struct sim *sim, uint32_t vm)
{
    const struct scn_place *p = &sim->sc->place;
    uint32_t host = cluster_vm_host(sim, vm);

    for (uint32_t i = p->vm_affinity_first[vm]; i < p->vm_affinity_first[vm + 1]; i++) {
        if (!is_rule(sim, p->vm_affinities[i], AFFINITY_APART))
            continue;
        for (uint32_t o = cluster_first_vm(sim, host); o != VM_NONE; o = cluster_next_vm(sim, o))
            if (o != vm && in_group(sim, o, p->vm_affinities[i]))
                return true;
    }
    return false;
}

static bool mend_apart(struct sim *sim)
{
    for (uint32_t vm = 0; vm < sim->sc->nr_vms; vm++)
        if (cluster_vm_host(sim, vm) != HOST_NONE && movable(sim, vm) && too_close(sim, vm) &&
            send(sim, vm, HOST_NONE, "MIGRATION_REASON_AFFINITY_ENFORCEMENT"))
            return true;
    return false;
}

/* Towards the host of the group's first VM. */
static bool mend_together(struct sim *sim, uint32_t group)
{
    uint32_t home = HOST_NONE;

    for (uint32_t vm = 0; vm < sim->sc->nr_vms; vm++) {
        uint32_t host = cluster_vm_host(sim, vm);

        if (host == HOST_NONE || !in_group(sim, vm, group))
            continue;
        if (home == HOST_NONE)
            home = host;
        else if (host != home && movable(sim, vm) &&
                 send(sim, vm, home, "MIGRATION_REASON_AFFINITY_ENFORCEMENT"))
            return true;
    }
    return false;
}

static bool mend_affinity(struct sim *sim)
{
    if (mend_apart(sim))
        return true;
    for (uint32_t g = 0; g < sim->sc->place.nr_affinities; g++)
        if (is_rule(sim, g, AFFINITY_TOGETHER) && mend_together(sim, g))
            return true;
    return false;
}

/* ---- the minute ---- */

static bool has_work(const struct sim *sim)
{
    return settings(sim)->balance != BALANCE_NONE ||
           (settings(sim)->affinity && sim->sc->place.nr_affinities > 0);
}

void ovirt_balance_changed(struct sim *sim)
{
    struct ovirt_state *state = platform_state(sim);

    if (state->ticking || !has_work(sim))
        return;
    state->ticking = true;
    platform_tick_at(sim,
                     platform_lattice(state->phase_ns, settings(sim)->minute_ns, sim->now_ns + 1),
                     OVIRT_TICK_MINUTE);
}

void ovirt_balance_begin(struct sim *sim)
{
    struct ovirt_state *state = platform_state(sim);
    struct rng rng;

    state->phase_ns = settings(sim)->phase_ns;
    if (state->phase_ns < 0) {
        rng_stream(&rng, sim->sc->seed, "ovirt minute", 0, sim->replication);
        state->phase_ns = (int64_t)(rng_uniform(&rng) * (double)settings(sim)->minute_ns);
    }
    if (settings(sim)->balance == BALANCE_EVEN) {
        survey(sim);
        watch_load(sim);
    }
    ovirt_balance_changed(sim);
}

void ovirt_balance_tick(struct sim *sim)
{
    struct ovirt_state *state = platform_state(sim);
    bool moving = survey(sim), again = false;

    state->ticking = false;
    if (settings(sim)->affinity && sim->sc->place.nr_affinities > 0 && !moving)
        moving = mend_affinity(sim);
    if (settings(sim)->balance == BALANCE_EVEN) {
        /* a load that has not lasted yet will have, without anything happening */
        watch_load(sim);
        again = waits_for_load(sim);
        balance_load(sim);
    } else if (settings(sim)->balance == BALANCE_EVEN_GUEST) {
        balance_count(sim);
    }
    if (again)
        ovirt_balance_changed(sim);
}
