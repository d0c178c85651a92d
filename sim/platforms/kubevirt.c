/*
 * kubevirt.c - KubeVirt's controllers: who waits, who goes next, what is tried again.
 *
 * The limits are [cluster]'s, the target is placement's, the monitor of a running migration is
 * kubevirt_monitor.c's, the workload updater kubevirt_update.c's.  Here: when the queue is looked
 * at (releases before 1.9 every 5 s; from 1.9 by priority after 1, 3 or 5 s, and at once when a
 * migration ends), the back-off of evacuations, what a VM's tuning comes to, and the phases of a
 * migration object in the log.
 *
 * Invariant: state->waiting[] counts the jobs that were queued and have not got their slot, and
 * those that were withdrawn since they were last counted.
 * Source: kubevirt/kubevirt pkg/virt-controller/watch/migration/migration.go, and
 * watch/drain/evacuation/evacuation.go.
 */
#include "sim/platforms/kubevirt.h"

#include <assert.h>
#include <stdio.h>

#include "base/units.h"

#include "base/banned.h"

#define BACKOFF_NS (20 * NS_PER_S)
#define BACKOFF_DOUBLINGS 4 /* only five finished objects are kept: 20 s x 2^4 */
#define REQUEUE_FIFO_NS (5 * NS_PER_S)
#define HEARTBEAT_NS (300 * NS_PER_S) /* of virt-handler: older makes the node unschedulable */
#define HEARTBEAT_CHECK_NS (60 * NS_PER_S)

enum {
    PRIORITY_CRITICAL = 100, /* evacuation, workload update */
    PRIORITY_USER = 50       /* hot-plug, volume change */
};

const struct platform_ops platform_kubevirt = {
    .name = "kubevirt",
    .help = "KubeVirt, and what builds on it: HyperConverged, ACP, OpenShift Virtualization",
    .options = &platform_kubevirt_options,
    KUBEVIRT_SHARED,
    .refuse = kubevirt_refuse,
    .tick = kubevirt_tick,
    .host_lost = kubevirt_host_lost,
};

static const struct kubevirt_settings *settings(const struct sim *sim)
{
    return platform_settings(sim);
}

static const struct vm_attrs *attributes(const struct sim *sim, uint32_t vm)
{
    const struct scn_place *p = &sim->sc->place;

    return p->vm_attrs ? &p->vm_attrs[scn_attrs_of(sim->sc, vm)] : &vm_attrs_none;
}

/* ---- settings ---- */

static enum status refuse_setting(struct diag *diag, const char *key, const char *what,
                                  const struct kubevirt_behaviour *b)
{
    snprintf(diag->key, sizeof(diag->key), "%s", key);
    diag_set(diag, ST_EINPUT, "%s; version is %s", what, b->name);
    return ST_EINPUT;
}

enum status kubevirt_check(const struct scenario *sc, struct diag *diag)
{
    const struct kubevirt_settings *s = sc->cluster.settings;
    const struct kubevirt_behaviour *b = kubevirt_behaviour(s->version);

    if (s->stall_detection && !b->stall_detection)
        return refuse_setting(diag, "stall_detection", "it came with KubeVirt 1.9", b);
    if (s->downtime_tuning && !b->downtime_tuning)
        return refuse_setting(diag, "downtime_tuning", "it is in no release before main", b);
    for (uint32_t i = 0; i < sc->nr_migrations; i++) {
        const struct mig_params *p = &sc->migrations[i].params;

        if (p->postcopy_trigger == POSTCOPY_NEVER && p->timeout_action == TIMEOUT_CANCEL)
            continue;
        diag_set(diag, ST_EINPUT,
                 "[migration %s]: KubeVirt itself decides on post-copy and on what a timeout does",
                 sc->migrations[i].name);
        diag_hint(diag, "leave out postcopy_trigger and timeout_action; postcopy = on allows it");
        return ST_EINPUT;
    }
    return ST_OK;
}

void kubevirt_begin(struct sim *sim)
{
    struct kubevirt_state *st = platform_state(sim);
    int64_t at_ns = settings(sim)->update_at_ns;

    st->finished_ns = st->failed_ns = -1;
    if (at_ns >= 0)
        platform_tick_at(sim, at_ns, KUBEVIRT_TICK_UPDATE);
}

/* ---- the queue ---- */

/* A volume that only its node sees, and that no volume migration moves to other storage. */
static bool has_local_volume(const struct sim *sim, uint32_t vm)
{
    const struct scn_disks *d = &sim->sc->disks;

    for (uint32_t i = d->first ? d->first[vm] : 0; d->first && i < d->first[vm + 1]; i++) {
        const struct scn_disk_kind *k = &d->kinds[d->disks[i].kind];

        if (k->to == k->storage && (k->storage == STORAGE_NONE || !d->storages[k->storage].shared))
            return true;
    }
    return false;
}

/* Condition LiveMigratable, and its reason. */
const char *kubevirt_not_migratable(const struct sim *sim, const struct job *job)
{
    const struct vm_attrs *a = attributes(sim, job->vm);

    if (job->kind != JOB_LIVE)
        return 0;
    if (a->gpus > 0 || a->devices > 0)
        return "LiveMigratable is false: HostDeviceNotLiveMigratable";
    if (has_local_volume(sim, job->vm))
        return "LiveMigratable is false: DisksNotLiveMigratable";
    if (a->cpu_mode == CPU_PASSTHROUGH)
        return "LiveMigratable is false: CPUModeLiveMigratable";
    if (a->migratable == MIGRATABLE_NO)
        return "LiveMigratable is false: set so in the scenario";
    if (job->evacuation && a->migratable == MIGRATABLE_MANUAL)
        return "its evictionStrategy does not migrate it";
    return 0;
}

/* An eviction that does not migrate shuts the VM down; its pod starts on another node. */
const char *kubevirt_refuse(struct sim *sim, const struct job *job)
{
    enum kubevirt_eviction eviction = settings(sim)->eviction;
    const char *why = kubevirt_not_migratable(sim, job);

    if (!job->evacuation || job->kind != JOB_LIVE || job->operation == UINT32_MAX ||
        eviction == EVICTION_LIVE_MIGRATE || (eviction == EVICTION_IF_POSSIBLE && !why))
        return why;
    sim_log(sim, job, job->source, "evicted: shut down, to start elsewhere");
    job_at(sim, (uint32_t)(job - job_at(sim, 0)))->kind = JOB_COLD;
    return 0;
}

static uint32_t class_of(int32_t priority)
{
    if (priority >= PRIORITY_CRITICAL)
        return 0;
    return priority >= PRIORITY_USER ? 1 : 2;
}

static bool by_priority(const struct sim *sim)
{
    return sim->cluster.rules.order != ORDER_FIFO;
}

int32_t kubevirt_priority(struct sim *sim, const struct job *job)
{
    if (!by_priority(sim))
        return 0;
    return job->evacuation ? PRIORITY_CRITICAL : job->priority;
}

void kubevirt_queued(struct sim *sim, const struct job *job)
{
    struct kubevirt_state *st = platform_state(sim);

    st->waiting[class_of(job->priority)]++;
    sim_log(sim, job, job->source, "Pending");
}

/* When an object that found no slot is looked at again. */
static int64_t requeue_ns(const struct sim *sim, const struct job *job)
{
    static const int64_t by_class[KUBEVIRT_CLASSES] = {NS_PER_S, 3 * NS_PER_S, 5 * NS_PER_S};

    return by_priority(sim) ? by_class[class_of(job->priority)] : REQUEUE_FIFO_NS;
}

/* Jobs of better classes that wait; counted again, for some may have been withdrawn meanwhile. */
static uint32_t count_better(struct sim *sim, uint32_t class)
{
    struct kubevirt_state *st = platform_state(sim);
    uint32_t better = 0;

    for (uint32_t c = 0; c < KUBEVIRT_CLASSES; c++)
        st->waiting[c] = 0;
    for (uint32_t i = 0; i < sim->cluster.nr_jobs; i++)
        if (sim->cluster.jobs[i].state == JOB_WAITING)
            st->waiting[class_of(sim->cluster.jobs[i].priority)]++;
    for (uint32_t c = 0; c < class; c++)
        better += st->waiting[c];
    return better;
}

/* When a migration ends, the best pending ones are looked at at once, as many as may run. */
static bool woken(struct sim *sim, const struct job *job)
{
    const struct kubevirt_state *st = platform_state(sim);
    uint32_t before = 0, most = sim->cluster.rules.max_total, class = class_of(job->priority);

    if (!by_priority(sim) || st->finished_ns != sim->now_ns)
        return false;
    for (uint32_t c = 0; c < class; c++)
        before += st->waiting[c];
    return most == 0 || before < most || count_better(sim, class) < most;
}

/* Before 1.9 a failure lets the evacuation controller look at that node at once; a success does
 * not, for then the VM's node is another. */
static bool evacuation_failed(struct sim *sim, const struct job *job)
{
    const struct kubevirt_state *st = platform_state(sim);

    return job->evacuation && st->failed_ns == sim->now_ns && st->failed_source == job->source;
}

bool kubevirt_admit(struct sim *sim, const struct job *job, uint32_t target)
{
    int64_t at = platform_lattice(job->ready_ns, requeue_ns(sim, job), sim->now_ns);

    (void)target;
    if (at == sim->now_ns || woken(sim, job) || evacuation_failed(sim, job))
        return true;
    cluster_hold_source(sim, job->source, at);
    return false;
}

/* ---- one migration ---- */

static const struct kubevirt_policy *policy_of(const struct sim *sim, uint32_t vm)
{
    return kubevirt_policy_find(sim->sc->policies, sim->sc->nr_policies,
                                &attributes(sim, vm)->labels);
}

static bool decide(enum kubevirt_switch s, bool otherwise)
{
    return s == KUBEVIRT_AUTO ? otherwise : s == KUBEVIRT_ON;
}

/* What the policy says, over the profile. */
static void apply_policy(const struct kubevirt_policy *p, struct mig_params *params,
                         struct kubevirt_mig *k, bool *disruption)
{
    if (p->postcopy != KUBEVIRT_AUTO)
        *disruption = p->postcopy == KUBEVIRT_ON;
    *disruption = decide(p->disruption, *disruption);
    params->auto_converge = decide(p->auto_converge, params->auto_converge);
    params->postcopy = decide(p->postcopy, params->postcopy);
    k->tuning = decide(p->downtime_tuning, k->tuning);
    if (p->max_bandwidth_bytes_per_s != KUBEVIRT_UNSET)
        params->max_bandwidth_bytes_per_s = p->max_bandwidth_bytes_per_s;
    if (p->completion_timeout_ns_per_gib >= 0)
        params->completion_timeout_ns_per_gib = p->completion_timeout_ns_per_gib;
    if (p->max_downtime_ns >= 0)
        k->max_downtime_ms = p->max_downtime_ns / NS_PER_MS;
}

/* Streams: eight where the release does so by itself and nothing speaks against it. */
static bool parallel(const struct sim *sim, const struct mig *m)
{
    const struct kubevirt_settings *s = settings(sim);
    const struct kubevirt_behaviour *b = kubevirt_behaviour(s->version);

    if (s->parallel != KUBEVIRT_AUTO)
        return s->parallel == KUBEVIRT_ON;
    return b->parallel && !s->cpu_limit && (!m->params.postcopy || b->parallel_postcopy) &&
           (!attributes(sim, m->vm)->pinned || b->parallel_pinned);
}

/* libvirt takes whole MiB/s; below one counts as one. */
static uint64_t whole_mib(uint64_t bytes_per_s)
{
    uint64_t mib = (bytes_per_s + MIB / 2) / MIB;

    if (bytes_per_s == 0 || bytes_per_s == UNITS_UNLIMITED)
        return UNITS_UNLIMITED;
    return (mib > 0 ? mib : 1) * MIB;
}

static void tune_start(struct sim *sim, struct mig *m, struct kubevirt_mig *k)
{
    const struct kubevirt_settings *s = settings(sim);
    const struct kubevirt_behaviour *b = kubevirt_behaviour(s->version);
    const struct kubevirt_policy *p = policy_of(sim, m->vm);
    const struct vm_attrs *a = attributes(sim, m->vm);
    struct mig_params *params = &m->params;
    bool disruption;

    disruption = decide(s->disruption, params->postcopy);
    k->max_downtime_ms = s->max_downtime_ns / NS_PER_MS;
    k->tuning = s->downtime_tuning;
    if (p)
        apply_policy(p, params, k, &disruption);
    k->tuning = k->tuning && b->downtime_tuning;
    k->postcopy = params->postcopy;
    k->disruption = b->disruption ? disruption : params->postcopy;
    k->vfio = a->gpus > 0 || a->devices > 0 || a->sriov > 0;
    k->per_gib_s = params->completion_timeout_ns_per_gib / NS_PER_S;
    k->fixed_s = params->completion_timeout_ns / NS_PER_S;
    k->progress_s = params->progress_timeout_ns / NS_PER_S;
    params->completion_timeout_ns = params->completion_timeout_ns_per_gib = 0;
    params->progress_timeout_ns = 0;
    params->max_bandwidth_bytes_per_s = whole_mib(params->max_bandwidth_bytes_per_s);
    params->multifd = parallel(sim, m);
}

void kubevirt_prepare(struct sim *sim, struct job *job, struct mig *m)
{
    const struct kubevirt_settings *s = settings(sim);
    struct kubevirt_state *st = platform_state(sim);
    struct kubevirt_mig *k = kubevirt_mig(m);

    if (st->waiting[class_of(job->priority)] > 0)
        st->waiting[class_of(job->priority)]--;
    if (job->kind != JOB_LIVE)
        return;
    tune_start(sim, m, k);
    sim_log(sim, job, job->source, "Scheduling");
    if (job->target == HOST_NONE) {
        sim_log(sim, job, job->source, "MigrationTargetPodUnschedulable");
        return;
    }
    if (attributes(sim, job->vm)->sriov > 0) {
        sim_log(sim, job, job->source, "SR-IOV interfaces are unplugged");
        job->start_delay_ns += s->unplug_ns;
    }
    if (job->start_delay_ns > s->handover_ns)
        mig_poll_at(sim, m, sim->now_ns + job->start_delay_ns - s->handover_ns);
    if (s->pending_ns > 0 && job->start_delay_ns > s->pending_ns) {
        k->pod_pending = true;
        job->start_delay_ns = s->pending_ns;
        mig_poll_off(sim, m);
    }
}

/* ---- the end ---- */

static void log_end(struct sim *sim, const struct job *job, const struct mig *m)
{
    switch (m->own.outcome) {
    case OUTCOME_COMPLETED:
        sim_log(sim, job, m->target, "Succeeded");
        sim_log(sim, job, m->target, "Migrated");
        break;
    case OUTCOME_CANCELLED:
        sim_log(sim, job, m->source, "Failed");
        sim_log(sim, job, m->source, "SuccessfulAbortMigration");
        break;
    default:
        sim_log(sim, job, m->source, "Failed");
        sim_log(sim, job, m->source, "FailedMigration");
        break;
    }
}

/* How long the controllers wait before the next try after this many failures in a row. */
static int64_t backoff_ns(uint32_t failures)
{
    uint32_t doublings = failures - 1;

    assert(failures > 0);
    return BACKOFF_NS << (doublings < BACKOFF_DOUBLINGS ? doublings : BACKOFF_DOUBLINGS);
}

void kubevirt_ended(struct sim *sim, struct job *job, const struct mig *m)
{
    const struct kubevirt_behaviour *b = kubevirt_behaviour(settings(sim)->version);
    struct kubevirt_state *st = platform_state(sim);
    struct kubevirt_vm *v = platform_vm_state(sim, job->vm);
    const struct kubevirt_mig *k = (const void *)m->platform;
    bool moved = m->own.outcome == OUTCOME_COMPLETED;
    int64_t at;

    st->finished_ns = sim->now_ns;
    if (!moved) {
        st->failed_ns = sim->now_ns;
        st->failed_source = job->source;
    }
    if (cluster_host(sim, job->source)->hold_ns > sim->now_ns && (by_priority(sim) || !moved))
        cluster_hold_source(sim, job->source, sim->now_ns);
    if (k->stall)
        st->stall_used[k->stall - st->stalls] = false;
    log_end(sim, job, m);
    if (moved && v->outdated)
        st->outdated--;
    if (moved)
        v->outdated = v->updating = false;
    if (job->kind == JOB_RESCUE && !moved) { /* its pod stays pending */
        job_retry(sim, job, sim->now_ns);
        return;
    }
    if (moved || m->guest_lost || m->own.outcome == OUTCOME_CANCELLED || !job->evacuation)
        return;
    if (v->updating && !b->backoff_updates) { /* the updater makes another one */
        v->updating = false;
        return;
    }
    at = sim->now_ns;
    if (b->backoff) {
        at += backoff_ns(job->failures);
        sim_log(sim, job, job->source, "MigrationBackoff");
    }
    job_retry(sim, job, at);
}

/* The updater asks again for one that was withdrawn, not for one that was refused. */
void kubevirt_dropped(struct sim *sim, const struct job *job, enum outcome outcome)
{
    struct kubevirt_vm *v = platform_vm_state(sim, job->vm);

    if (outcome != OUTCOME_REJECTED)
        v->updating = false;
}

/* ---- a node dies ---- */

void kubevirt_fence_at(struct sim *sim, uint32_t host, int64_t at_ns)
{
    platform_tick_at(sim, at_ns, KUBEVIRT_TICK_FENCED | host);
}

void kubevirt_host_lost(struct sim *sim, uint32_t host)
{
    const struct kubevirt_settings *s = settings(sim);
    int64_t checked = platform_lattice(0, HEARTBEAT_CHECK_NS, sim->now_ns + HEARTBEAT_NS);

    assert(host <= KUBEVIRT_TICK_HOSTS);
    platform_tick_at(sim, checked, KUBEVIRT_TICK_HEARTBEAT | host);
    if (s->fencing_ns >= 0)
        kubevirt_fence_at(sim, host, sim->now_ns + s->not_ready_ns + s->fencing_ns);
}

void kubevirt_tick(struct sim *sim, uint32_t what)
{
    uint32_t host = what & KUBEVIRT_TICK_HOSTS;

    switch (what & ~(uint32_t)KUBEVIRT_TICK_HOSTS) {
    case KUBEVIRT_TICK_UPDATE:
        kubevirt_update(sim);
        break;
    case KUBEVIRT_TICK_HEARTBEAT:
        if (cluster_host(sim, host)->down)
            sim_log(sim, 0, host, "virt-handler heartbeat missed: node unschedulable");
        break;
    case KUBEVIRT_TICK_FENCED:
        if (!cluster_host(sim, host)->down)
            break;
        sim_log(sim, 0, host, "pods deleted: VMs start elsewhere");
        cluster_restart_lost(sim, host, JOB_RESCUE);
        break;
    }
}
