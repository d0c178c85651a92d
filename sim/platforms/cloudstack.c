/*
 * cloudstack.c - Apache CloudStack on KVM: a few workers, one fixed time limit, tries far apart.
 *
 * The agent looks every 100 ms: after a second it sets the downtime limit, if one is configured;
 * after a set time it may pause the guest; after the wait it aborts.  The limit does not grow with
 * the guest, so large guests run into it whatever the network does.
 *
 * Left to others: the number of workers (preset: max_total) and placement.  Source:
 * apache/cloudstack agent LibvirtMigrateCommandWrapper.java, agent.properties (vm.migrate.*),
 * server HighAvailabilityManagerImpl.java.
 */
#include <assert.h>

#include "base/units.h"
#include "sim/scenario/scenario_options.h"
#include "sim/sim_int.h"

struct cloudstack_settings {
    int64_t look_ns, downtime_after_ns, downtime_ns, pause_after_ns, wait_ns, retry_ns;
    uint32_t max_tries;
};

struct cloudstack_mig {
    int64_t origin_ns;
    bool started, downtime_set, paused;
};
static_assert(sizeof(struct cloudstack_mig) <= PLATFORM_MIG_STATE, "state must fit");

/* clang-format off */
#define AT(field) offsetof(struct cloudstack_settings, field)
static const struct option settings_rows[] = {
    {.name = "look_interval", .type = OPT_TIME_NS, .offset = AT(look_ns), .def = "100ms",
     .min = (double)NS_PER_MS, .max = (double)(3600 * NS_PER_S),
     .help = "how often the agent looks at a migration"},
    {.name = "downtime", .type = OPT_TIME_NS, .offset = AT(downtime_ns), .def = "unset",
     .min = (double)NS_PER_MS, .max = (double)(2000 * NS_PER_S), .word = "unset",
     .word_value = 0.0,
     .qmp = "vm.migrate.downtime",
     .help = "downtime limit that the agent sets; unset: QEMU's own stays"},
    {.name = "downtime_after", .type = OPT_TIME_NS, .offset = AT(downtime_after_ns), .def = "1s",
     .min = 0.0, .max = (double)(3600 * NS_PER_S),
     .help = "how long after the start it sets it"},
    {.name = "pause_after", .type = OPT_TIME_NS, .offset = AT(pause_after_ns), .def = "never",
     .min = (double)NS_PER_MS, .max = SCN_TIME_LIMIT, .word = "never", .word_value = 0.0,
     .qmp = "vm.migrate.pauseafter",
     .help = "pause the guest this long after the start, so that the migration completes"},
    {.name = "migrate_wait", .type = OPT_TIME_NS, .offset = AT(wait_ns), .def = "1h",
     .min = 0.0, .max = SCN_TIME_LIMIT, .word = "never", .word_value = 0.0,
     .qmp = "migratewait",
     .help = "abort this long after the start"},
    {.name = "max_tries", .type = OPT_U32, .offset = AT(max_tries), .def = "5",
     .min = 1.0, .max = 1000.0,
     .help = "tries of one migration that a maintenance asked for"},
    {.name = "retry_interval", .type = OPT_TIME_NS, .offset = AT(retry_ns), .def = "122.88s",
     .min = 0.0, .max = (double)(86400 * NS_PER_S),
     .help = "from a failed try to the next",
     .note = "120 s in units of 1.024 s: the manager shifts seconds by ten bits."},
};
#undef AT
/* clang-format on */

extern const struct option_table platform_cloudstack_options;
extern const struct platform_ops platform_cloudstack;

const struct option_table platform_cloudstack_options = {
    .rows = settings_rows,
    .nr = sizeof(settings_rows) / sizeof(settings_rows[0]),
    .size = sizeof(struct cloudstack_settings),
};

static int64_t sooner(int64_t at, int64_t other)
{
    return other < at ? other : at;
}

/* The next look that does something. */
static void plan(struct sim *sim, struct mig *m)
{
    const struct cloudstack_settings *s = platform_settings(sim);
    struct cloudstack_mig *c = (struct cloudstack_mig *)m->platform;
    int64_t at = INT64_MAX;

    if (s->downtime_ns > 0 && !c->downtime_set)
        at = sooner(at, s->downtime_after_ns);
    if (s->pause_after_ns > 0 && !c->paused)
        at = sooner(at, s->pause_after_ns);
    if (s->wait_ns > 0)
        at = sooner(at, s->wait_ns);
    if (at != INT64_MAX)
        mig_poll_at(sim, m, platform_lattice(c->origin_ns, s->look_ns, c->origin_ns + at));
}

/* The agent's clock runs from the start of the mirrors, where disks are copied. */
static void start(struct sim *sim, struct mig *m)
{
    struct cloudstack_mig *c = (struct cloudstack_mig *)m->platform;

    *c = (struct cloudstack_mig){.origin_ns = sim->now_ns, .started = true};
    plan(sim, m);
}

static void cloudstack_running(struct sim *sim, struct mig *m)
{
    const struct cloudstack_settings *s = platform_settings(sim);
    struct cloudstack_mig *c = (struct cloudstack_mig *)m->platform;

    if (!c->started)
        start(sim, m);
    else if (c->downtime_set)
        mig_order_downtime_limit(sim, m, s->downtime_ns);
}

static void cloudstack_poll(struct sim *sim, struct mig *m)
{
    const struct cloudstack_settings *s = platform_settings(sim);
    struct cloudstack_mig *c = (struct cloudstack_mig *)m->platform;
    int64_t elapsed = sim->now_ns - c->origin_ns;

    if (!mig_in_precopy(m) && !mig_in_mirror(m))
        return;
    if (s->wait_ns > 0 && elapsed >= s->wait_ns) {
        mig_order_abort(sim, m, true, "migratewait: not done in time");
        return;
    }
    if (s->downtime_ns > 0 && !c->downtime_set && elapsed >= s->downtime_after_ns) {
        c->downtime_set = true;
        mig_order_downtime_limit(sim, m, s->downtime_ns);
    }
    if (s->pause_after_ns > 0 && !c->paused && elapsed >= s->pause_after_ns) {
        c->paused = true;
        sim_log(sim, job_at(sim, m->job), m->source, "paused to complete");
        mig_order_suspend(sim, m);
    }
    plan(sim, m);
}

/* Work items of a maintenance come again; a person's request does not. */
static void cloudstack_ended(struct sim *sim, struct job *job, const struct mig *m)
{
    const struct cloudstack_settings *s = platform_settings(sim);

    if (m->guest_lost || !job->evacuation || job->attempt >= s->max_tries)
        return;
    if (m->own.outcome == OUTCOME_FAILED || m->own.outcome == OUTCOME_TIMEOUT)
        job_retry(sim, job, sim->now_ns + s->retry_ns);
}

const struct platform_ops platform_cloudstack = {
    .name = "cloudstack",
    .help = "Apache CloudStack on KVM: five workers, an hour's limit, an optional pause",
    .options = &platform_cloudstack_options,
    .mig_state_bytes = sizeof(struct cloudstack_mig),
    .mirroring = start,
    .running = cloudstack_running,
    .poll = cloudstack_poll,
    .ended = cloudstack_ended,
};
