/*
 * ovirt_policy.c - what a migration policy says, and what the engine makes of it for one request.
 *
 * Numbers in, numbers out; the monitor that acts on a schedule is in ovirt.c.
 * Source: ovirt-engine packaging/dbscripts/upgrade/pre_upgrade/0000_config.sql (MigrationPolicies
 * of 4.2 to 4.8), bll/MigrateVmCommand.java; vdsm lib/vdsm/virt/migration.py.
 */
#include "sim/platforms/ovirt_int.h"

#include <assert.h>
#include <math.h>

#include "base/units.h"

/* What one connection is trusted with, Mb/s, and how many there may be. */
#define CONNECTION_MBPS 10240
#define MIN_CONNECTIONS 2
#define MAX_CONNECTIONS 255
#define BPS_PER_MBPS 1000000ULL
#define LAST_LIMIT 42 /* vdsm's: Legacy gives up after so many passes */

#define DOWNTIME(passes, to_ms)                                                                    \
    {                                                                                              \
        .limit = passes, .action = ACT_DOWNTIME, .ms = to_ms                                       \
    }
#define LAST_DOWNTIME(to_ms) DOWNTIME(-1, to_ms)
#define LAST_POSTCOPY                                                                              \
    {                                                                                              \
        .limit = -1, .action = ACT_POSTCOPY                                                        \
    }
#define LAST_ABORT                                                                                 \
    {                                                                                              \
        .limit = -1, .action = ACT_ABORT                                                           \
    }

/* clang-format off */
const struct ovirt_policy_row ovirt_policies[OVIRT_POLICIES] = {
    [OVIRT_MINIMAL_DOWNTIME] = {
        "80554327-0569-496b-bdeb-fcbbf52b827b", "Minimal downtime", 2, true, false, true, false,
        OVIRT_4_2,
        {6, 100, {DOWNTIME(1, 150), DOWNTIME(2, 200), DOWNTIME(3, 300), DOWNTIME(4, 400),
                  DOWNTIME(6, 500), LAST_ABORT}}},
    [OVIRT_SUSPEND] = {
        "80554327-0569-496b-bdeb-fcbbf52b827c", "Suspend workload if needed", 1, true, true, true,
        false, OVIRT_4_2,
        {7, 100, {DOWNTIME(1, 150), DOWNTIME(2, 200), DOWNTIME(3, 300), DOWNTIME(4, 400),
                  DOWNTIME(6, 500), LAST_DOWNTIME(5000), LAST_ABORT}}},
    [OVIRT_POST_COPY] = {
        "a7aeedb2-8d66-4e51-bb22-32595027ce71", "Post-copy migration", 2, true, false, true, false,
        OVIRT_4_2,
        {4, 100, {DOWNTIME(1, 150), DOWNTIME(2, 200), LAST_POSTCOPY, LAST_ABORT}}},
    [OVIRT_VERY_LARGE] = {
        "57237b82-b8c2-425f-b425-114b35219626", "Very large VMs", 1, true, false, true, true,
        OVIRT_4_7,
        {7, 300, {DOWNTIME(1, 400), DOWNTIME(2, 500), DOWNTIME(3, 700), DOWNTIME(4, 1000),
                  DOWNTIME(6, 1500), LAST_DOWNTIME(5000), LAST_ABORT}}},
    [OVIRT_LEGACY] = {
        "00000000-0000-0000-0000-000000000000", "Legacy", 2, false, false, false, false, OVIRT_4_2,
        {0, 0, {{0}}}},
};
/* clang-format on */

/* Step i of n towards d: int(d / n + b^i) with b = (d - d / n)^(1 / (n - 1)); one step is d. */
static int32_t legacy_ms(double limit_ms, uint32_t steps, uint32_t i)
{
    double offset = limit_ms / (double)steps, base;

    if (steps <= 1)
        return (int32_t)limit_ms;
    base = pow(limit_ms - offset, 1.0 / (double)(steps - 1));
    return (int32_t)(offset + pow(base, (double)i));
}

/* The first value at the start, the others at limits 1, 2 ..., the last one again at 42. */
static void legacy_schedule(struct ovirt_schedule *out, int64_t limit_ns, uint32_t steps)
{
    double limit_ms = floor((double)limit_ns / (double)NS_PER_MS);
    int32_t last;

    assert(steps >= 1 && steps <= OVIRT_LEGACY_STEPS_MAX);
    last = out->init_ms = legacy_ms(limit_ms, steps, 0);
    for (uint32_t i = 1; i < steps; i++) {
        last = legacy_ms(limit_ms, steps, i);
        out->steps[out->nr++] = (struct ovirt_step)DOWNTIME((int16_t)i, last);
    }
    out->steps[out->nr++] = (struct ovirt_step)DOWNTIME(LAST_LIMIT, last);
    out->steps[out->nr++] = (struct ovirt_step)LAST_ABORT;
}

void ovirt_schedule(struct ovirt_schedule *out, enum ovirt_policy policy, int64_t limit_ns,
                    uint32_t steps, bool postcopy)
{
    const struct ovirt_schedule *all = &ovirt_policies[policy].schedule;

    *out = (struct ovirt_schedule){0};
    if (policy == OVIRT_LEGACY) {
        /* the engine's filter turns "no schedule, build one" into "an empty schedule" */
        if (postcopy)
            legacy_schedule(out, limit_ns, steps);
        return;
    }
    out->init_ms = all->init_ms;
    for (uint32_t i = 0; i < all->nr; i++)
        if (postcopy || all->steps[i].action != ACT_POSTCOPY)
            out->steps[out->nr++] = all->steps[i];
}

/* Speed of a host's migration network in whole Mb/s; 0 = not known. */
static uint64_t host_mbps(const struct ovirt_settings *s, uint64_t nic_bps)
{
    if (s->qos_bps != 0)
        return s->qos_bps / BPS_PER_MBPS;
    if (s->link_bps != 0)
        nic_bps = s->link_bps;
    return nic_bps == UNITS_UNLIMITED ? 0 : nic_bps / BPS_PER_MBPS;
}

/* The cluster's bandwidth for migrations in MiB/s, before it is shared out; 0 = not known.  Mb/s
 * over 8 is taken for MiB/s, as the engine does. */
static uint64_t cluster_mib_s(const struct ovirt_settings *s, uint64_t source_bps,
                              uint64_t target_bps)
{
    uint64_t source, target;

    switch (s->bandwidth) {
    case BANDWIDTH_VDSM_CONFIG:
        return 0;
    case BANDWIDTH_CUSTOM:
        return s->custom_bps / BPS_PER_MBPS / 8;
    case BANDWIDTH_AUTO:
        break;
    }
    source = host_mbps(s, source_bps);
    target = host_mbps(s, target_bps);
    if (source == 0 || (target != 0 && target < source))
        source = target;
    return source / 8;
}

/* Connections of one migration; 0 = one plain stream.  A number counts only with PARALLEL_CUSTOM.
 */
static uint32_t connections(const struct ovirt_settings *s, const struct ovirt_vm *vm, bool enforce,
                            uint64_t mib_s, uint32_t vcpus)
{
    bool own = vm->parallel != PARALLEL_INHERIT;
    enum ovirt_parallel asked = own ? vm->parallel : s->parallel;
    uint32_t n, most = vcpus > MIN_CONNECTIONS ? vcpus : MIN_CONNECTIONS;

    if (s->version < OVIRT_4_7)
        return 0;
    if (asked == PARALLEL_INHERIT)
        asked = PARALLEL_DISABLED;
    if (enforce && asked != PARALLEL_CUSTOM)
        asked = PARALLEL_AUTO_PARALLEL;
    if (asked == PARALLEL_DISABLED)
        return 0;
    if (asked == PARALLEL_CUSTOM) {
        n = own ? vm->custom_parallel : s->custom_parallel;
        n = n < most ? n : most;
    } else {
        uint64_t by_network = mib_s * 8 / CONNECTION_MBPS;

        n = by_network < vcpus ? (uint32_t)by_network : vcpus;
        if (n < MIN_CONNECTIONS)
            n = asked == PARALLEL_AUTO ? 0 : MIN_CONNECTIONS;
    }
    return n < MAX_CONNECTIONS ? n : MAX_CONNECTIONS;
}

static bool first_said(enum ovirt_switch vm, enum ovirt_switch cluster)
{
    return (vm != SWITCH_INHERIT ? vm : cluster) == SWITCH_ON;
}

void ovirt_request(const struct ovirt_settings *s, const struct ovirt_vm *vm, uint32_t vcpus,
                   uint64_t source_bps, uint64_t target_bps, bool encrypted,
                   struct ovirt_request *out)
{
    enum ovirt_policy policy = vm->policy != OVIRT_INHERIT ? vm->policy : s->policy;
    const struct ovirt_policy_row *row = &ovirt_policies[policy];
    uint64_t mib_s = cluster_mib_s(s, source_bps, target_bps);
    bool enforce = row->zero_copy && !encrypted;

    *out = (struct ovirt_request){.policy = policy, .max = row->max_migrations};
    out->connections = connections(s, vm, enforce, mib_s, vcpus > 0 ? vcpus : 1);
    if (out->connections > 0)
        out->max = 1;
    /* shared out by the policy of the cluster, whatever the VM's own says */
    out->bandwidth_mib_s = mib_s / ovirt_policies[s->policy].max_migrations;
    if (out->bandwidth_mib_s == 0)
        out->bandwidth_mib_s = s->vdsm_bytes_per_s / MIB;
    out->auto_converge = row->auto_converge;
    out->compressed = row->compressed;
    if (policy == OVIRT_LEGACY) {
        out->auto_converge = first_said(vm->auto_converge, s->auto_converge);
        out->compressed = out->connections == 0 && first_said(vm->compressed, s->compressed);
    }
}
