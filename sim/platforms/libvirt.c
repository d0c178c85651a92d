/*
 * libvirt.c - no control plane but a person's script: `virsh migrate` for one VM after another.
 *
 * Leaves what libvirt itself does around QEMU to [migration] libvirt = on.  Adds what virsh and a
 * script add: k at a time, the ports of a target, --timeout with its action, giving up after a
 * while, and the static way for what would not go live.  Nothing queues, retries or knows the
 * cluster.
 *
 * Source: libvirt tools/virsh-domain.c (virshWatchJob and its time-out), src/qemu/qemu.conf.in
 * (migration_port_min, migration_port_max), docs/manpages/virsh.rst.
 */
#include <stdio.h>

#include "base/units.h"
#include "sim/sim_int.h"

#include "base/banned.h"

#define LONG_NS ((double)(3650LL * 86400 * NS_PER_S))

enum scope {
    SCOPE_ALL,   /* one script for the cluster */
    SCOPE_SOURCE /* one on each host */
};

enum limit_action {
    LIMIT_SUSPEND,
    LIMIT_POSTCOPY
};

struct libvirt_settings {
    uint32_t parallel;
    enum scope scope;
    uint32_t ports;
    int64_t timeout_ns;
    enum limit_action timeout_action;
    int64_t poll_ns;
    int64_t give_up_ns;
    bool static_fallback;
};

/* In each migration. */
struct watch {
    int64_t origin_ns;              /* virsh's first look */
    int64_t timeout_ns, give_up_ns; /* when they act, on the lattice; 0 = never or done */
};

static const char *const scope_names[] = {"all", "source", NULL};
static const char *const action_names[] = {"suspend", "postcopy", NULL};

/* clang-format off */
#define AT(field) offsetof(struct libvirt_settings, field)
static const struct option rows[] = {
    {.name = "parallel", .type = OPT_U32, .offset = AT(parallel),
     .def = "1", .min = 0.0, .max = 100000.0, .word = "unlimited", .word_value = 0.0,
     .help = "how many `virsh migrate` the script runs at a time",
     .note = "1: a plain loop; more: xargs -P and the like."},
    {.name = "script", .type = OPT_ENUM, .offset = AT(scope),
     .def = "all", .words = scope_names,
     .help = "one script for all, or one on each source host"},
    {.name = "ports", .type = OPT_U32, .offset = AT(ports),
     .def = "64", .min = 1.0, .max = 65535.0,
     .help = "incoming migrations that a host has ports for",
     .note = "49152 to 49215 unless qemu.conf says otherwise."},
    {.name = "timeout", .type = OPT_TIME_NS, .offset = AT(timeout_ns),
     .def = "none", .min = 0.0, .max = LONG_NS, .word = "none", .word_value = 0.0,
     .help = "virsh --timeout: acts this long after the migration was first seen running"},
    {.name = "timeout_action", .type = OPT_ENUM, .offset = AT(timeout_action),
     .def = "suspend", .words = action_names,
     .help = "--timeout-suspend (virsh's own choice) or --timeout-postcopy"},
    {.name = "poll", .type = OPT_TIME_NS, .offset = AT(poll_ns),
     .def = "500ms", .min = (double)NS_PER_MS, .max = (double)(3600 * NS_PER_S),
     .help = "how often virsh looks"},
    {.name = "give_up", .type = OPT_TIME_NS, .offset = AT(give_up_ns),
     .def = "never", .min = 0.0, .max = LONG_NS, .word = "never", .word_value = 0.0,
     .help = "the operator aborts (domjobabort) what still runs after this long"},
    {.name = "static_fallback", .type = OPT_BOOL, .offset = AT(static_fallback),
     .def = "off",
     .help = "what did not go live is moved the static way: shut down, copy, define, start"},
};
#undef AT
/* clang-format on */

const struct option_table platform_libvirt_options = {
    .rows = rows, .nr = sizeof(rows) / sizeof(rows[0]), .size = sizeof(struct libvirt_settings)};

static enum status libvirt_check(const struct scenario *sc, struct diag *diag)
{
    const struct libvirt_settings *s = sc->cluster.settings;

    if (s->timeout_ns == 0 || s->timeout_action != LIMIT_POSTCOPY)
        return ST_OK;
    for (uint32_t i = 0; i < sc->nr_migrations; i++) {
        const struct scn_migration *m = &sc->migrations[i];

        if (m->params.postcopy)
            continue;
        diag_set(diag, ST_EINPUT, "postcopy, but [migration%s%s] has no postcopy = on",
                 m->name[0] ? " " : "", m->name);
        diag_hint(diag, "--timeout-postcopy needs --postcopy");
        snprintf(diag->key, sizeof(diag->key), "timeout_action");
        return ST_EINPUT;
    }
    return ST_OK;
}

static uint32_t lower(uint32_t a, uint32_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

static void libvirt_begin(struct sim *sim)
{
    const struct libvirt_settings *s = platform_settings(sim);
    struct cluster_rules *r = &sim->cluster.rules;

    if (s->scope == SCOPE_ALL)
        r->max_total = lower(r->max_total, s->parallel);
    else
        r->max_out = lower(r->max_out, s->parallel);
    r->max_in = lower(r->max_in, s->ports);
}

static void next_poll(struct sim *sim, struct mig *m, const struct watch *w)
{
    int64_t at = w->timeout_ns;

    if (at == 0 || (w->give_up_ns > 0 && w->give_up_ns < at))
        at = w->give_up_ns;
    if (at > 0)
        mig_poll_at(sim, m, at);
}

/* virsh starts its clock at the first look that finds the job, and acts at looks only. */
static void libvirt_running(struct sim *sim, struct mig *m)
{
    const struct libvirt_settings *s = platform_settings(sim);
    struct watch *w = (struct watch *)m->platform;

    if (w->origin_ns == 0) {
        w->origin_ns = sim->now_ns + s->poll_ns;
        if (s->timeout_ns > 0)
            w->timeout_ns =
                platform_lattice(w->origin_ns, s->poll_ns, w->origin_ns + s->timeout_ns);
        if (s->give_up_ns > 0)
            w->give_up_ns =
                platform_lattice(w->origin_ns, s->poll_ns, w->origin_ns + s->give_up_ns);
    }
    next_poll(sim, m, w);
}

static void libvirt_poll(struct sim *sim, struct mig *m)
{
    const struct libvirt_settings *s = platform_settings(sim);
    struct watch *w = (struct watch *)m->platform;

    if (!mig_in_precopy(m) && !mig_in_mirror(m))
        return;
    if (w->timeout_ns > 0 && sim->now_ns >= w->timeout_ns) {
        w->timeout_ns = 0;
        if (s->timeout_action == LIMIT_POSTCOPY) {
            sim_log(sim, job_at(sim, m->job), HOST_NONE, "virsh: time-out, switched to post-copy");
            mig_order_postcopy(sim, m);
        } else {
            sim_log(sim, job_at(sim, m->job), HOST_NONE, "virsh: time-out, guest suspended");
            mig_order_suspend(sim, m);
        }
    }
    if (w->give_up_ns > 0 && sim->now_ns >= w->give_up_ns) {
        mig_order_abort(sim, m, true, "given up by the operator: domjobabort");
        return;
    }
    next_poll(sim, m, w);
}

static void libvirt_ended(struct sim *sim, struct job *job, const struct mig *m)
{
    const struct libvirt_settings *s = platform_settings(sim);

    if (!s->static_fallback || job->kind != JOB_LIVE || m->guest_lost ||
        m->result->outcome == OUTCOME_COMPLETED || m->result->outcome == OUTCOME_REJECTED)
        return;
    sim_log(sim, job, HOST_NONE, "not live: moved the static way");
    job->kind = JOB_COLD;
    job_retry(sim, job, sim->now_ns);
}

const struct platform_ops platform_libvirt = {
    .name = "libvirt",
    .help = "virsh in a script: k at a time, no queue, no retry",
    .options = &platform_libvirt_options,
    .mig_state_bytes = sizeof(struct watch),
    .check = libvirt_check,
    .begin = libvirt_begin,
    .mirroring = libvirt_running,
    .running = libvirt_running,
    .poll = libvirt_poll,
    .ended = libvirt_ended,
};
