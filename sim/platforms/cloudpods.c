/*
 * cloudpods.c - Cloudpods' host agent and region service around a migration.
 *
 * The agent polls QEMU every 5 s.  In some releases it pauses the guest when RAM has been moving
 * for max(30 s, MiB / 32): nothing is aborted, the guest stands still until the rest has passed.
 * With quickly-finish it raises the downtime limit to QEMU's own estimate, once auto-converge is at
 * its end.  The region service rescues the guests of a dead host, seen by a health key that
 * expired.
 *
 * No queue and no limit: requests start when they are made.  Tuning (throttle steps, bandwidth,
 * TLS) is [migration]'s; which hosts fit is placement's.
 *
 * Source: yunionio/cloudpods pkg/hostman/guestman/guesttasks.go (SGuestLiveMigrateTask),
 * pkg/hostman/host_health/health_manager.go, pkg/compute/models/host_health.go and hosts.go
 * (OnHostDown), pkg/cloudmon/misc/pingutils.go.
 */
#include <stdio.h>

#include "base/units.h"
#include "sim/placement/placement.h"
#include "sim/sim_int.h"

#include "base/banned.h"

#define LONG_NS ((double)(3650LL * 86400 * NS_PER_S))

enum host_loss {
    LOSS_CRASH,
    LOSS_SHUTDOWN
};

struct cloudpods_settings {
    bool freeze;
    int64_t freeze_min_ns;
    uint64_t freeze_bytes_per_s;
    bool quickly_finish;
    uint32_t throttle_max_pct;
    int64_t poll_ns;
    bool keep_dest_on_failed;
    bool auto_migrate_on_host_down, auto_migrate_on_host_shutdown;
    enum host_loss host_loss;
    bool maintenance_all_or_nothing;
    int64_t lease_ns, reconnect_ns, ping_ns;
};

/* In each migration. */
struct agent {
    int64_t origin_ns;
    int64_t freeze_ns; /* the poll at which it pauses the guest; 0 = never, or done */
    int64_t limit_ns;  /* the downtime limit it believes in */
    uint32_t seen_round;
    bool frozen;
};

static const char *const loss_names[] = {"crash", "shutdown", NULL};

/* clang-format off */
#define AT(field) offsetof(struct cloudpods_settings, field)
static const struct option rows[] = {
    {.name = "freeze", .type = OPT_BOOL, .offset = AT(freeze),
     .def = "on",
     .help = "pause the guest when its memory has been moving for too long",
     .note = "In the code up to 3.9, and again from 3.11.13 and 4.0.2; not in 3.10 to 3.11.12 and 4.0.1."},
    {.name = "freeze_min", .type = OPT_TIME_NS, .offset = AT(freeze_min_ns),
     .def = "30s", .min = 0.0, .max = LONG_NS,
     .help = "not before this (MinMigrateTimeoutSeconds)"},
    {.name = "freeze_rate", .type = OPT_RATE, .offset = AT(freeze_bytes_per_s),
     .def = "32MiB/s", .min = (double)MIB, .max = 1e13,
     .help = "nor before the memory could have passed at this rate (MigrateExpectRate)"},
    {.name = "quickly_finish", .type = OPT_BOOL, .offset = AT(quickly_finish),
     .def = "off",
     .help = "at full throttle, raise the downtime limit to what QEMU expects it to take"},
    {.name = "throttle_max", .type = OPT_PCT, .offset = AT(throttle_max_pct),
     .def = "99%", .min = 1.0, .max = 99.0,
     .help = "full throttle, for quickly_finish (LiveMigrateCpuThrottleMax)"},
    {.name = "poll", .type = OPT_TIME_NS, .offset = AT(poll_ns),
     .def = "5s", .min = (double)NS_PER_MS, .max = (double)(3600 * NS_PER_S),
     .help = "how often the agent looks"},
    {.name = "keep_dest_on_failed", .type = OPT_BOOL, .offset = AT(keep_dest_on_failed),
     .def = "off",
     .help = "a failed migration leaves its copy at the target, which keeps its memory"},
    {.name = "auto_migrate_on_host_down", .type = OPT_BOOL, .offset = AT(auto_migrate_on_host_down),
     .def = "off",
     .help = "start the guests of a dead host elsewhere, if all their disks are shared"},
    {.name = "auto_migrate_on_host_shutdown", .type = OPT_BOOL,
     .offset = AT(auto_migrate_on_host_shutdown),
     .def = "off",
     .help = "the same for a host that was shut down; needs auto_migrate_on_host_down"},
    {.name = "host_loss", .type = OPT_ENUM, .offset = AT(host_loss),
     .def = "crash", .words = loss_names,
     .help = "what a [fault] of kind host_down is: a crash, or an orderly shutdown of the host"},
    {.name = "maintenance_all_or_nothing", .type = OPT_BOOL, .offset = AT(maintenance_all_or_nothing),
     .def = "on",
     .help = "one guest that cannot be migrated refuses the maintenance of its host as a whole"},
    {.name = "lease", .type = OPT_TIME_NS, .offset = AT(lease_ns),
     .def = "10s", .min = 0.0, .max = (double)(3600 * NS_PER_S),
     .help = "life of a host's health key (HostLeaseTimeout)",
     .note = "The key is renewed each third of it, so it goes two to three thirds after the host."},
    {.name = "reconnect", .type = OPT_TIME_NS, .offset = AT(reconnect_ns),
     .def = "60s", .min = 0.0, .max = (double)(3600 * NS_PER_S),
     .help = "how long the host may come back (HostHealthTimeout of the region service)"},
    {.name = "ping", .type = OPT_TIME_NS, .offset = AT(ping_ns),
     .def = "30s", .min = 0.0, .max = (double)(3600 * NS_PER_S),
     .help = "the pings after that: 3 of 10 s"},
};
#undef AT
/* clang-format on */

const struct option_table platform_cloudpods_options = {
    .rows = rows, .nr = sizeof(rows) / sizeof(rows[0]), .size = sizeof(struct cloudpods_settings)};

static enum status cloudpods_check(const struct scenario *sc, struct diag *diag)
{
    const struct cloudpods_settings *s = sc->cluster.settings;

    if (!s->auto_migrate_on_host_shutdown || s->auto_migrate_on_host_down)
        return ST_OK;
    diag_set(diag, ST_EINPUT, "on, but auto_migrate_on_host_down is off");
    diag_hint(diag, "Cloudpods wants both switched on");
    snprintf(diag->key, sizeof(diag->key), "auto_migrate_on_host_shutdown");
    return ST_EINPUT;
}

/* Passed-through devices, and what the scenario says. */
static bool can_move(const struct sim *sim, uint32_t vm)
{
    const struct vm_attrs *a = placement_vm_attrs(sim, vm);

    return a->migratable != MIGRATABLE_NO && a->gpus == 0 && a->devices == 0 && a->sriov == 0;
}

/* Every guest of the host is looked at before the first one moves. */
static const char *cloudpods_refuse(struct sim *sim, const struct job *job)
{
    const struct cloudpods_settings *s = platform_settings(sim);

    if (job->kind != JOB_LIVE)
        return NULL;
    if (!can_move(sim, job->vm))
        return "not live: the guest has a device of its host";
    if (job->operation == UINT32_MAX || !s->maintenance_all_or_nothing)
        return NULL;
    for (uint32_t vm = cluster_first_vm(sim, job->source); vm != VM_NONE;
         vm = cluster_next_vm(sim, vm))
        if (!can_move(sim, vm))
            return "maintenance refused as a whole: a guest of the host cannot be migrated";
    return NULL;
}

static void cloudpods_prepare(struct sim *sim, struct job *job, struct mig *m)
{
    (void)sim;
    (void)job;
    if (m->params.tls) /* the agent turns multifd off with TLS */
        m->params.multifd = false;
}

/* max(30 s, MiB / 32): whole seconds, rounded down as in the agent. */
static int64_t freeze_after_ns(const struct cloudpods_settings *s, uint64_t memory_bytes)
{
    int64_t by_size = (int64_t)(memory_bytes / MIB / (s->freeze_bytes_per_s / MIB)) * NS_PER_S;

    return by_size > s->freeze_min_ns ? by_size : s->freeze_min_ns;
}

static void cloudpods_running(struct sim *sim, struct mig *m)
{
    const struct cloudpods_settings *s = platform_settings(sim);
    struct agent *a = (struct agent *)m->platform;

    a->origin_ns = sim->now_ns;
    a->limit_ns = 300 * NS_PER_MS; /* what the code takes for granted, not what QEMU was told */
    if (!s->freeze)
        return;
    a->freeze_ns = platform_lattice(a->origin_ns, s->poll_ns,
                                    a->origin_ns + freeze_after_ns(s, m->guest->memory_bytes));
    mig_poll_at(sim, m, a->freeze_ns);
}

/* QEMU's estimate and the throttle change at syncs only, so only the poll after one can matter. */
static void cloudpods_pass(struct sim *sim, struct mig *m)
{
    const struct cloudpods_settings *s = platform_settings(sim);
    struct agent *a = (struct agent *)m->platform;
    int64_t at;

    if (!s->quickly_finish || a->frozen || m->throttle.pct < s->throttle_max_pct ||
        m->result->expected_downtime_ns <= a->limit_ns)
        return;
    at = platform_lattice(a->origin_ns, s->poll_ns, sim->now_ns + 1);
    if (a->freeze_ns == 0 || at < a->freeze_ns)
        mig_poll_at(sim, m, at);
}

/* Remember the round; two rounds later take QEMU's estimate for the limit. */
static void finish_quickly(struct sim *sim, struct mig *m, const struct cloudpods_settings *s,
                           struct agent *a)
{
    int64_t expected = m->result->expected_downtime_ns;

    if (m->throttle.pct < s->throttle_max_pct || expected <= a->limit_ns)
        return;
    if (a->seen_round == 0) {
        a->seen_round = m->result->rounds;
        return;
    }
    if (m->result->rounds <= a->seen_round + 1)
        return;
    a->limit_ns = expected;
    sim_log(sim, job_at(sim, m->job), HOST_NONE, "quickly-finish: downtime limit raised");
    mig_order_downtime_limit(sim, m, expected);
}

static void cloudpods_poll(struct sim *sim, struct mig *m)
{
    const struct cloudpods_settings *s = platform_settings(sim);
    struct agent *a = (struct agent *)m->platform;

    if (m->state != MIG_PRECOPY)
        return;
    if (a->freeze_ns > 0 && sim->now_ns >= a->freeze_ns) {
        a->freeze_ns = 0;
        a->frozen = true;
        sim_log(sim, job_at(sim, m->job), HOST_NONE, "time-out: guest stopped until it has moved");
        m->result->reason = "frozen by the platform's time-out until it had moved";
        mig_order_suspend(sim, m);
        return;
    }
    if (s->quickly_finish)
        finish_quickly(sim, m, s, a);
    if (a->freeze_ns > 0)
        mig_poll_at(sim, m, a->freeze_ns);
}

static void cloudpods_ended(struct sim *sim, struct job *job, const struct mig *m)
{
    const struct cloudpods_settings *s = platform_settings(sim);

    if (!s->keep_dest_on_failed || m->own.outcome == OUTCOME_COMPLETED || m->target == HOST_NONE ||
        m->own.outcome == OUTCOME_REJECTED)
        return;
    placement_keep_copy(sim, m->target, m->guest->memory_bytes);
    sim_log(sim, job, m->target, "copy kept at the target");
}

/* ---- host loss ---- */

static void cloudpods_host_lost(struct sim *sim, uint32_t host)
{
    const struct cloudpods_settings *s = platform_settings(sim);
    double third = (double)s->lease_ns / 3.0;
    struct rng rng;

    if (!s->auto_migrate_on_host_down ||
        (s->host_loss == LOSS_SHUTDOWN && !s->auto_migrate_on_host_shutdown))
        return;
    rng_stream(&rng, sim->sc->seed, "cloudpods lease", host, sim->replication);
    platform_tick_at(sim,
                     sim->now_ns + (int64_t)(third * (2.0 + rng_uniform(&rng))) + s->reconnect_ns +
                         s->ping_ns,
                     host);
}

/* Nothing answered: every guest of the host is started elsewhere. */
static void cloudpods_tick(struct sim *sim, uint32_t host)
{
    if (!cluster_host(sim, host)->down)
        return; /* it answers the pings */
    sim_log(sim, 0, host, "host down: guests with shared disks are rescued");
    cluster_restart_lost(sim, host, JOB_RESCUE);
}

static void cloudpods_remarks(const struct scenario *sc, uint32_t vm, struct strbuf *out)
{
    const struct cloudpods_settings *s = sc->cluster.settings;
    char after[UNITS_TEXT];

    if (s->freeze)
        strbuf_addf(
            out,
            "The time-out of Cloudpods does not give up: after %s it pauses the guest until "
            "all of it has moved.\n",
            units_time(after, freeze_after_ns(s, sc->vms[vm].guest->memory_bytes)));
}

const struct platform_ops platform_cloudpods = {
    .name = "cloudpods",
    .help = "Cloudpods: no queue, freeze at a time-out, quickly-finish, rescue of a dead host",
    .options = &platform_cloudpods_options,
    .mig_state_bytes = sizeof(struct agent),
    .check = cloudpods_check,
    .refuse = cloudpods_refuse,
    .prepare = cloudpods_prepare,
    .running = cloudpods_running,
    .pass = cloudpods_pass,
    .poll = cloudpods_poll,
    .ended = cloudpods_ended,
    .tick = cloudpods_tick,
    .host_lost = cloudpods_host_lost,
    .remarks = cloudpods_remarks,
};
