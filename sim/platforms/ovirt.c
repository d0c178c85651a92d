/*
 * ovirt.c - oVirt and RHV: the engine's requests, and vdsm's slots and monitor on each host.
 *
 * The engine schedules at once (memory is pending on the target from then on) and hands the request
 * to the source.  There a semaphore lets so many migrations run as the last request's policy said,
 * first come, first served.  The target has a semaphore too, which does not wait: when it is full
 * the source gives its slot back and comes again ten seconds later, for ever.  Every ten seconds a
 * monitor looks at the migration and, when passes went by since its first look, takes the next
 * action of the policy's schedule.  Budgets are passes, never seconds.
 *
 * Left to others: which hosts will do (placement), hosts in maintenance (operations).  Source: vdsm
 * lib/vdsm/virt/migration.py, utils.py (DynamicBoundedSemaphore), API.py; ovirt-engine
 * bll/MigrateVmCommand.java, RunVmCommandBase.java; names of the log are its AuditLogType.
 */
#include "sim/platforms/ovirt_int.h"

#include <assert.h>
#include <stdio.h>

#include "base/units.h"
#include "sim/placement/placement.h"
#include "sim/platforms/vm_words.h"

/* The monitor of one migration. */
struct ovirt_mig {
    int64_t origin_ns; /* its first look is one interval later */
    int32_t baseline;  /* passes at the first look; -1 = not yet */
    uint32_t last;     /* passes at the last look that saw a new one */
    uint32_t next;     /* step of the schedule */
    bool over;         /* nothing more to do */
    struct ovirt_schedule schedule;
};
static_assert(sizeof(struct ovirt_mig) <= PLATFORM_MIG_STATE, "state must fit");

static void merge(struct ovirt_vm *to, const struct ovirt_vm *said)
{
    to->policy = said->policy ? said->policy : to->policy;
    to->auto_converge = said->auto_converge ? said->auto_converge : to->auto_converge;
    to->compressed = said->compressed ? said->compressed : to->compressed;
    to->parallel = said->parallel ? said->parallel : to->parallel;
    to->custom_parallel = said->custom_parallel ? said->custom_parallel : to->custom_parallel;
    to->downtime_ns = said->downtime_ns ? said->downtime_ns : to->downtime_ns;
    to->hook_ns = said->hook_ns ? said->hook_ns : to->hook_ns;
    to->cpu_ratio = said->cpu_ratio > 0.0 ? said->cpu_ratio : to->cpu_ratio;
    to->paused = said->paused ? said->paused : to->paused;
}

/* A policy that the cluster's version does not have yet. */
static enum status check_policy(const struct ovirt_settings *s, enum ovirt_policy policy,
                                const char *key, struct diag *diag)
{
    if (ovirt_policies[policy].since <= s->version)
        return ST_OK;
    if (diag)
        snprintf(diag->key, sizeof(diag->key), "%s", key);
    return diag_set(diag, ST_EINPUT, "policy '%s' came with version 4.7",
                    ovirt_policies[policy].name);
}

static enum status ovirt_check(const struct scenario *sc, struct diag *diag)
{
    const struct ovirt_settings *s = sc->cluster.settings;
    struct ovirt_vm said;
    char pattern[VM_WORDS_PATTERN];
    enum status st = vm_words_check(sc, "ovirt", "vms", &s->vms, &ovirt_vm_options, &said, diag);

    if (st == ST_OK && s->policy == OVIRT_INHERIT) {
        snprintf(diag->key, sizeof(diag->key), "policy");
        return diag_set(diag, ST_EINPUT, "there is nothing to inherit a cluster's policy from");
    }
    if (st == ST_OK)
        st = check_policy(s, s->policy, "policy", diag);
    for (uint32_t i = 0; st == ST_OK && i < s->vms.nr; i++) {
        st = vm_words_parse(s->vms.items[i], &ovirt_vm_options, &said, pattern, diag);
        if (st == ST_OK)
            st = check_policy(s, said.policy, "vms", diag);
    }
    return st;
}

static void ovirt_begin(struct sim *sim)
{
    const struct ovirt_settings *s = platform_settings(sim);
    char pattern[VM_WORDS_PATTERN];
    struct ovirt_vm said;

    for (uint32_t i = 0; i < s->vms.nr; i++) {
        if (vm_words_parse(s->vms.items[i], &ovirt_vm_options, &said, pattern, NULL) != ST_OK)
            continue; /* cannot be: ovirt_check() read it */
        for (uint32_t vm = 0; vm < sim->sc->nr_vms; vm++)
            if (vm_words_match(sim->sc, pattern, vm))
                merge(platform_vm_state(sim, vm), &said);
    }
    ovirt_balance_begin(sim);
}

/* Pinned guests do not migrate, and a host with one is refused maintenance as a whole.  Guests for
 * manual migration only are moved by a maintenance: it is a person's wish as well. */
static const char *ovirt_refuse(struct sim *sim, const struct job *job)
{
    if (job->kind == JOB_RESCUE)
        return NULL;
    if (placement_vm_attrs(sim, job->vm)->migratable == MIGRATABLE_NO)
        return "the VM is pinned to its host";
    if (job->operation == UINT32_MAX || !cluster_host(sim, job->source)->cordoned)
        return NULL;
    for (uint32_t vm = cluster_first_vm(sim, job->source); vm != VM_NONE;
         vm = cluster_next_vm(sim, vm))
        if (placement_vm_attrs(sim, vm)->migratable == MIGRATABLE_NO)
            return "no maintenance: the host has a VM that is pinned to it";
    return NULL;
}

/* What the engine asks for, with the target it chose. */
static void request_of(struct sim *sim, const struct job *job, uint32_t target,
                       struct ovirt_request *out)
{
    const struct scn_vm *vm = &sim->sc->vms[job->vm];
    uint64_t source_bps = sim->sc->hosts[job->source].nic_bps, target_bps = source_bps;

    if (target != HOST_NONE)
        target_bps = sim->sc->hosts[target].nic_bps;
    ovirt_request(platform_settings(sim), platform_vm_state(sim, job->vm), vm->guest->vcpus,
                  source_bps, target_bps, sim->sc->migrations[vm->migration].params.tls, out);
}

/* Passed-through network cards go before the request is sent, and come back after a success only.
 */
static void unplug(struct sim *sim, const struct job *job)
{
    struct ovirt_vm *vm = platform_vm_state(sim, job->vm);
    const struct scn_place *p = &sim->sc->place;

    if (vm->unplugged || p->nr_vm_attrs == 0 ||
        p->vm_attrs[scn_attrs_of(sim->sc, job->vm)].sriov == 0)
        return;
    vm->unplugged = true;
    vm->unplugged_ns = sim->now_ns;
    sim_log(sim, job, job->source, "passthrough NICs unplugged");
}

/* The request is at the source: its bound holds for all from now on. */
static void ovirt_queued(struct sim *sim, const struct job *job)
{
    struct ovirt_vm *vm = platform_vm_state(sim, job->vm);
    struct ovirt_request r;

    if (vm->put_off || job->kind != JOB_LIVE) {
        vm->put_off = false;
        return;
    }
    unplug(sim, job);
    request_of(sim, job, job->target, &r);
    cluster_limit_host(sim, job->source, r.max, 0);
    if (job->attempt == 0)
        sim_log(sim, job, job->target,
                job->request == UINT32_MAX ? "VM_MIGRATION_START_SYSTEM_INITIATED"
                                           : "VM_MIGRATION_START");
    ovirt_balance_changed(sim);
}

/* The target sets its bound to the request's too, and then has room or has not. */
static bool ovirt_admit(struct sim *sim, const struct job *job, uint32_t target)
{
    const struct ovirt_settings *s = platform_settings(sim);
    struct ovirt_vm *vm = platform_vm_state(sim, job->vm);
    struct ovirt_request r;

    if (job->kind != JOB_LIVE)
        return true;
    request_of(sim, job, target, &r);
    if (cluster_host(sim, target)->in < r.max)
        return true;
    vm->put_off = true;
    sim_log(sim, job, target, "migrateLimit: target busy");
    job_put_off(sim, job, sim->now_ns + s->retry_ns);
    return false;
}

static void ovirt_prepare(struct sim *sim, struct job *job, struct mig *m)
{
    const struct ovirt_settings *s = platform_settings(sim);
    const struct ovirt_vm *vm = platform_vm_state(sim, job->vm);
    struct mig_params *p = &m->params;
    struct ovirt_request r;
    int64_t hook = vm->hook_ns ? vm->hook_ns : s->hook_ns;

    if (job->kind != JOB_LIVE)
        return;
    request_of(sim, job, m->target, &r);
    p->auto_converge = r.auto_converge;
    p->xbzrle = r.compressed && r.connections == 0; /* QEMU's multifd sends whole pages */
    p->max_bandwidth_bytes_per_s = r.bandwidth_mib_s ? r.bandwidth_mib_s * MIB : UNITS_UNLIMITED;
    p->multifd = r.connections > 0;
    if (p->multifd)
        p->multifd_channels = r.connections;
    m->weight = p->multifd ? (double)p->multifd_channels : 1.0;
    p->postcopy = r.policy == OVIRT_POST_COPY && r.connections == 0 && vm->paused != SWITCH_ON;
    p->postcopy_trigger = POSTCOPY_NEVER;
    if (ovirt_policies[r.policy].guest_events)
        job->start_delay_ns += hook < s->hook_limit_ns ? hook : s->hook_limit_ns;
}

static void ovirt_running(struct sim *sim, struct mig *m)
{
    const struct ovirt_settings *s = platform_settings(sim);
    const struct job *job = job_at(sim, m->job);
    const struct ovirt_vm *vm = platform_vm_state(sim, m->vm);
    struct ovirt_mig *o = (struct ovirt_mig *)m->platform;
    struct ovirt_request r;

    request_of(sim, job, m->target, &r);
    *o = (struct ovirt_mig){.origin_ns = sim->now_ns - s->monitor_lead_ns, .baseline = -1};
    ovirt_schedule(&o->schedule, r.policy, vm->downtime_ns ? vm->downtime_ns : s->downtime_ns,
                   s->downtime_steps, r.connections == 0 && vm->paused != SWITCH_ON);
    if (o->schedule.init_ms > 0)
        mig_order_downtime_limit(sim, m, o->schedule.init_ms * NS_PER_MS);
    if (s->monitor_ns > 0)
        mig_poll_at(sim, m, platform_lattice(o->origin_ns, s->monitor_ns, sim->now_ns + 1));
}

/* For the log, whose words are literals: the limits of the policies. */
static const char *limit_text(int32_t ms)
{
    static const struct {
        int32_t ms;
        const char *text;
    } known[] = {{150, "downtime limit 150 ms"},   {200, "downtime limit 200 ms"},
                 {300, "downtime limit 300 ms"},   {400, "downtime limit 400 ms"},
                 {500, "downtime limit 500 ms"},   {700, "downtime limit 700 ms"},
                 {1000, "downtime limit 1000 ms"}, {1500, "downtime limit 1500 ms"},
                 {5000, "downtime limit 5000 ms"}};

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (known[i].ms == ms)
            return known[i].text;
    return "downtime limit raised";
}

static void act(struct sim *sim, struct mig *m, const struct ovirt_step *step)
{
    struct ovirt_mig *o = (struct ovirt_mig *)m->platform;
    const struct job *job = job_at(sim, m->job);

    switch ((enum ovirt_action)step->action) {
    case ACT_DOWNTIME:
        sim_log(sim, job, m->source, limit_text(step->ms));
        mig_order_downtime_limit(sim, m, step->ms * NS_PER_MS);
        break;
    case ACT_POSTCOPY:
        o->over = true;
        sim_log(sim, job, m->source, "switching to post-copy");
        mig_order_postcopy(sim, m);
        break;
    case ACT_ABORT:
        o->over = true;
        sim_log(sim, job, m->source, "aborted by the convergence schedule");
        mig_order_abort(sim, m, true,
                        "migration policy: too many memory passes without converging");
        break;
    }
}

/* One look: at most one action, and none unless a new pass began since the last look. */
static void ovirt_poll(struct sim *sim, struct mig *m)
{
    struct ovirt_mig *o = (struct ovirt_mig *)m->platform;
    const struct ovirt_step *step = &o->schedule.steps[o->next];
    uint32_t passes = m->result->rounds;

    if (!mig_in_precopy(m) || o->over)
        return;
    if (o->baseline < 0) {
        o->baseline = (int32_t)passes;
        o->last = passes;
        return;
    }
    if (passes <= o->last)
        return;
    o->last = passes;
    if (o->next >= o->schedule.nr || step->limit >= (int32_t)passes - o->baseline)
        return;
    o->next++;
    act(sim, m, step);
}

/* A look matters only after a new pass. */
static void ovirt_pass(struct sim *sim, struct mig *m)
{
    const struct ovirt_settings *s = platform_settings(sim);
    struct ovirt_mig *o = (struct ovirt_mig *)m->platform;

    if (s->monitor_ns > 0 && o->baseline >= 0 && !o->over)
        mig_poll_at(sim, m, platform_lattice(o->origin_ns, s->monitor_ns, sim->now_ns));
}

/* The guest runs at the source again: another host, unless that many were tried.  A request for one
 * host is not tried with others, and maintenance makes such requests (MigrateMultipleVmsCommand).
 */
static void failed(struct sim *sim, struct job *job)
{
    const struct ovirt_settings *s = platform_settings(sim);
    const struct ovirt_vm *vm = platform_vm_state(sim, job->vm);
    bool own = job->request == UINT32_MAX && job->operation == UINT32_MAX;

    if (job->operation != UINT32_MAX || (job->wanted != HOST_NONE && !own)) {
        sim_log(sim, job, job->target, "VM_MIGRATION_TO_SERVER_FAILED");
        return;
    }
    if (job->attempt < s->max_rerun && vm->paused != SWITCH_ON) {
        sim_log(sim, job, job->target, "VM_MIGRATION_TRYING_RERUN");
        job->wanted = HOST_NONE;
        job_retry(sim, job, sim->now_ns);
        return;
    }
    sim_log(sim, job, job->target, "VM_MIGRATION_FAILED");
}

/* How long the guest has been without its cards, into the row of this attempt. */
static void plug(struct sim *sim, const struct job *job, const struct mig *m)
{
    const struct ovirt_settings *s = platform_settings(sim);
    struct ovirt_vm *vm = platform_vm_state(sim, job->vm);
    const struct vm_attrs *a = &sim->sc->place.vm_attrs[scn_attrs_of(sim->sc, job->vm)];
    bool back = m->own.outcome == OUTCOME_COMPLETED;

    if (!a->sriov_failover)
        sim_mig(sim, m->slot)->own.network_outage_ns =
            sim->now_ns - vm->unplugged_ns + (back ? s->plug_ns : 0);
    vm->unplugged = !back;
    sim_log(sim, job, job->target,
            back ? "passthrough NICs plugged in" : "passthrough NICs stay unplugged");
}

/* Migrations into a host that goes into maintenance are cancelled, and tried elsewhere. */
static void ovirt_cordoned(struct sim *sim, uint32_t host)
{
    for (uint32_t slot = 0; slot < sim->nr_migs; slot++) {
        struct mig *m = sim_mig(sim, slot);
        const struct job *job = job_at(sim, m->job);
        struct ovirt_vm *vm = platform_vm_state(sim, job->vm);

        if (job->mig != slot || m->target != host || job->kind != JOB_LIVE ||
            !(mig_in_precopy(m) || m->state == MIG_IDLE))
            continue;
        vm->cancelled_by_us = true;
        mig_order_abort(sim, m, false, "its target goes into maintenance");
    }
    for (uint32_t id = 0; id < sim->cluster.nr_jobs; id++) { /* and those that wait at a source */
        struct job *job = job_at(sim, id);

        if (job->state != JOB_WAITING || !job->placed || job->target != host)
            continue;
        sim_log(sim, job, host, "VM_MIGRATION_TRYING_RERUN");
        placement_unbook(sim, job->vm, host);
        job->placed = false;
        job->target = HOST_NONE;
    }
}

static void ovirt_ended(struct sim *sim, struct job *job, const struct mig *m)
{
    struct ovirt_vm *vm = platform_vm_state(sim, job->vm);
    bool by_us = vm->cancelled_by_us;
    enum outcome outcome = m->own.outcome;

    vm->cancelled_by_us = false;
    if (vm->unplugged)
        plug(sim, job, m);
    if (job->kind == JOB_RESCUE) {
        if (outcome == OUTCOME_COMPLETED)
            sim_log(sim, job, job->target, "highly available VM started again");
        return;
    }
    switch (outcome) {
    case OUTCOME_COMPLETED:
        sim_log(sim, job, job->target, "VM_MIGRATION_DONE");
        break;
    case OUTCOME_CANCELLED:
        if (by_us)
            failed(sim, job);
        else
            sim_log(sim, job, job->target, "VM_MIGRATION_ABORT");
        break;
    case OUTCOME_FAILED:
    case OUTCOME_TIMEOUT:
        if (!m->guest_lost)
            failed(sim, job);
        break;
    case OUTCOME_REJECTED:
        sim_log(sim, job, HOST_NONE, "VM_MIGRATION_NO_VDS_TO_MIGRATE_TO");
        break;
    case OUTCOME_QUEUED:
    case OUTCOME_NR:
        break;
    }
    ovirt_balance_changed(sim);
}

static void ovirt_dropped(struct sim *sim, const struct job *job, enum outcome outcome)
{
    struct ovirt_vm *vm = platform_vm_state(sim, job->vm);

    vm->cancelled_by_us = false;
    if (job->kind != JOB_RESCUE && outcome == OUTCOME_REJECTED && !job->refused)
        sim_log(sim, job, HOST_NONE, "VM_MIGRATION_NO_VDS_TO_MIGRATE_TO");
    if (job->kind != JOB_RESCUE && outcome == OUTCOME_CANCELLED)
        sim_log(sim, job, HOST_NONE, "VM_MIGRATION_ABORT");
    ovirt_balance_changed(sim);
}

static void ovirt_tick(struct sim *sim, uint32_t what)
{
    if (what == OVIRT_TICK_MINUTE)
        ovirt_balance_tick(sim);
    else
        ovirt_ha_restart(sim, what - OVIRT_TICK_RESTART);
}

static void ovirt_host_lost(struct sim *sim, uint32_t host)
{
    ovirt_ha_host_lost(sim, host);
    ovirt_balance_changed(sim);
}

static void ovirt_remarks(const struct scenario *sc, uint32_t vm, struct strbuf *out)
{
    (void)sc;
    (void)vm;
    strbuf_addstr(
        out, "oVirt's policies count rounds that bring no progress, not seconds: on a faster link "
             "the same guest is at the end of the schedule sooner. Each migration gets a fixed "
             "share of the link, whether others use theirs or not.\n");
}

extern const struct platform_ops platform_ovirt;
extern const struct option_table platform_ovirt_options;

const struct platform_ops platform_ovirt = {
    .name = "ovirt",
    .help = "oVirt and RHV: policies with convergence schedules, slots on source and target",
    .options = &platform_ovirt_options,
    .sim_state_bytes = sizeof(struct ovirt_state),
    .mig_state_bytes = sizeof(struct ovirt_mig),
    .vm_state_bytes = sizeof(struct ovirt_vm),
    .limits_hosts = true,
    .host_state_bytes = sizeof(struct ovirt_host),
    .check = ovirt_check,
    .remarks = ovirt_remarks,
    .begin = ovirt_begin,
    .refuse = ovirt_refuse,
    .queued = ovirt_queued,
    .admit = ovirt_admit,
    .prepare = ovirt_prepare,
    .running = ovirt_running,
    .pass = ovirt_pass,
    .poll = ovirt_poll,
    .ended = ovirt_ended,
    .dropped = ovirt_dropped,
    .tick = ovirt_tick,
    .cordoned = ovirt_cordoned,
    .host_lost = ovirt_host_lost,
};
