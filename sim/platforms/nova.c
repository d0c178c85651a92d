/*
 * nova.c - OpenStack Nova with libvirt: one migration at a time out of a host, a time budget by
 * size.
 *
 * The target is chosen and its allocation made before the request queues at its source, so waiting
 * ones hold memory on both hosts (preset: place = at_submit).  A monitor looks twice a second: it
 * raises the downtime limit by steps spread over the expected time, and at the timeout aborts, or
 * completes by force: post-copy where that is permitted, else by pausing the guest.  A transfer
 * that failed is final.
 *
 * Left to others: which hosts pass the checks (placement), the queue and its limit (cluster.c, by
 * the preset).  Source: nova/virt/libvirt/migration.py (downtime_steps, update_downtime,
 * should_trigger_timeout_action, run_tasks), nova/virt/libvirt/driver.py (_live_migration_monitor,
 * _live_migration_data_gb), nova/conf/libvirt.py.
 */
#include <assert.h>
#include <math.h>
#include <stdio.h>

#include "base/units.h"
#include "sim/platforms/vm_words.h"
#include "sim/scenario/scenario_options.h"
#include "sim/sim_int.h"

#define POLL_NS (NS_PER_S / 2)
#define MIN_GIB 2.0 /* of RAM, and of each disk, for the steps and the timeout */

enum nova_action {
    NOVA_ABORT,
    NOVA_FORCE
};

struct nova_settings {
    int64_t downtime_ns, delay_ns, timeout_ns; /* the last two for each GiB */
    uint32_t steps;
    enum nova_action action;
    bool post_copy, auto_converge;
    uint32_t connections;
    struct option_list vms;
};

struct nova_vm {
    int64_t force_ns; /* an operator completes it by force this long after its start; 0 = no */
    uint32_t vpmem;   /* 1 = it has virtual persistent memory: no post-copy */
};

struct nova_mig {
    int64_t origin_ns;  /* the monitor's first look */
    int64_t delay_ns;   /* between steps */
    int64_t timeout_ns; /* from origin; 0 = none */
    int64_t force_ns;   /* when the order to complete by force is looked at; -1 = none */
    uint32_t step;      /* that comes next */
};
static_assert(sizeof(struct nova_mig) <= PLATFORM_MIG_STATE, "state must fit");

static const char *const action_names[] = {"abort", "force_complete", NULL};

/* clang-format off */
#define AT(field) offsetof(struct nova_settings, field)
static const struct option settings_rows[] = {
    {.name = "downtime", .type = OPT_TIME_NS, .offset = AT(downtime_ns), .def = "500ms",
     .min = 100.0 * NS_PER_MS, .max = (double)(2000 * NS_PER_S),
     .qmp = "live_migration_downtime",
     .help = "downtime limit of the last step"},
    {.name = "downtime_steps", .type = OPT_U32, .offset = AT(steps), .def = "10",
     .min = 3.0, .max = 1000.0,
     .qmp = "live_migration_downtime_steps",
     .help = "steps to it, from a tenth (one over their number) on",
     .note = "The first limit is set at the first look, then as many more as this."},
    {.name = "downtime_delay", .type = OPT_TIME_NS, .offset = AT(delay_ns), .def = "75s",
     .min = 3.0 * NS_PER_S, .max = (double)(86400 * NS_PER_S),
     .qmp = "live_migration_downtime_delay",
     .help = "time between steps for each GiB to copy",
     .note = "RAM and each copied disk count as 2 GiB at least."},
    {.name = "completion_timeout", .type = OPT_TIME_NS, .offset = AT(timeout_ns), .def = "800s",
     .min = 0.0, .max = (double)(86400 * NS_PER_S), .word = "none", .word_value = 0.0,
     .qmp = "live_migration_completion_timeout",
     .help = "time limit for each GiB to copy"},
    {.name = "timeout_action", .type = OPT_ENUM, .offset = AT(action), .def = "abort",
     .words = action_names,
     .qmp = "live_migration_timeout_action",
     .help = "abort, or complete by force: post-copy where permitted, else a pause"},
    {.name = "permit_post_copy", .type = OPT_BOOL, .offset = AT(post_copy), .def = "off",
     .qmp = "live_migration_permit_post_copy",
     .help = "post-copy may be used to complete by force"},
    {.name = "permit_auto_converge", .type = OPT_BOOL, .offset = AT(auto_converge), .def = "off",
     .qmp = "live_migration_permit_auto_converge",
     .help = "auto-converge may be used; ignored where post-copy is"},
    {.name = "parallel_connections", .type = OPT_U32, .offset = AT(connections), .def = "1",
     .min = 1.0, .max = 255.0,
     .qmp = "live_migration_parallel_connections",
     .help = "parallel connections (multifd)",
     .note = "With post-copy they need QEMU 10.1."},
    {.name = "vms", .type = OPT_LIST, .offset = AT(vms), .def = "",
     .help = "settings of single VMs: NAME KEY=VALUE ..., between commas",
     .note = "NAME is a VM, a section of VMs or a pattern. Keys: force_complete (an operator "
             "completes it by force that long after its start), vpmem (1: no post-copy)."},
};
#undef AT

#define AT(field) offsetof(struct nova_vm, field)
static const struct option vm_rows[] = {
    {.name = "force_complete", .type = OPT_TIME_NS, .offset = AT(force_ns),
     .min = 1.0, .max = SCN_TIME_LIMIT,
     .help = "completed by force that long after its start"},
    {.name = "vpmem", .type = OPT_U32, .offset = AT(vpmem), .min = 0.0, .max = 1.0,
     .help = "1: it has virtual persistent memory"},
};
#undef AT
/* clang-format on */

static const struct option_table vm_options = {
    .rows = vm_rows,
    .nr = sizeof(vm_rows) / sizeof(vm_rows[0]),
    .size = sizeof(struct nova_vm),
};

extern const struct option_table platform_nova_options;
extern const struct platform_ops platform_nova;

const struct option_table platform_nova_options = {
    .rows = settings_rows,
    .nr = sizeof(settings_rows) / sizeof(settings_rows[0]),
    .size = sizeof(struct nova_settings),
};

static enum status nova_check(const struct scenario *sc, struct diag *diag)
{
    const struct nova_settings *s = sc->cluster.settings;
    struct nova_vm scratch;

    for (uint32_t i = 0; s->connections > 1 && s->post_copy && i < sc->nr_migrations; i++)
        if (sc->migrations[i].params.qemu < QEMU_10_1) {
            snprintf(diag->key, sizeof(diag->key), "parallel_connections");
            diag_set(diag, ST_EINPUT, "with post-copy they need QEMU 10.1");
            diag_hint(diag, "set qemu = 10.1 in [migration], or permit_post_copy = off");
            return ST_EINPUT;
        }
    return vm_words_check(sc, "nova", "vms", &s->vms, &vm_options, &scratch, diag);
}

static void nova_begin(struct sim *sim)
{
    const struct nova_settings *s = platform_settings(sim);
    char pattern[VM_WORDS_PATTERN];
    struct nova_vm said;

    for (uint32_t i = 0; i < s->vms.nr; i++) {
        if (vm_words_parse(s->vms.items[i], &vm_options, &said, pattern, NULL) != ST_OK)
            continue; /* cannot be: nova_check() read it */
        for (uint32_t vm = 0; vm < sim->sc->nr_vms; vm++) {
            struct nova_vm *v = platform_vm_state(sim, vm);

            if (!vm_words_match(sim->sc, pattern, vm))
                continue;
            v->force_ns = said.force_ns ? said.force_ns : v->force_ns;
            v->vpmem = said.vpmem ? said.vpmem : v->vpmem;
        }
    }
}

static bool can_post_copy(struct sim *sim, uint32_t vm)
{
    const struct nova_settings *s = platform_settings(sim);
    const struct nova_vm *v = platform_vm_state(sim, vm);

    return s->post_copy && !v->vpmem;
}

static void nova_queued(struct sim *sim, const struct job *job)
{
    sim_log(sim, job, job->source, "queued");
}

static void nova_prepare(struct sim *sim, struct job *job, struct mig *m)
{
    const struct nova_settings *s = platform_settings(sim);
    struct mig_params *p = &m->params;

    /* the flag of post-copy is for all guests; memory that cannot only keeps it from being used */
    p->postcopy = s->post_copy;
    p->postcopy_trigger = POSTCOPY_NEVER;
    p->auto_converge = s->auto_converge && !s->post_copy;
    if (s->connections > 1) {
        p->multifd = true;
        p->multifd_channels = s->connections;
        m->weight = (double)s->connections;
    }
    sim_log(sim, job, job->source, "preparing");
}

/* GiB to copy: RAM, and each local disk, all as 2 GiB at least. */
static double data_gib(const struct sim *sim, const struct mig *m)
{
    const struct scn_disks *d = &sim->sc->disks;
    double gib = fmax((double)m->guest->memory_bytes / (double)GIB, MIN_GIB);

    for (uint32_t i = d->first ? d->first[m->vm] : 0; d->first && i < d->first[m->vm + 1]; i++)
        if (disks_is_local(sim, i, m->source, m->target))
            gib += fmax((double)d->kinds[d->disks[i].kind].size_bytes / (double)GIB, MIN_GIB);
    return gib;
}

static int64_t whole_seconds(double seconds)
{
    return (int64_t)floor(seconds) * NS_PER_S;
}

/* Each look measures its time a little after the half second it was due at, so "later than the
 * step's time" holds at the very lattice point. */
static int64_t look_at(const struct nova_mig *n, int64_t elapsed_ns)
{
    return platform_lattice(n->origin_ns, POLL_NS, n->origin_ns + elapsed_ns);
}

/* The next look that does something. */
static void plan(struct sim *sim, struct mig *m)
{
    const struct nova_settings *s = platform_settings(sim);
    struct nova_mig *n = (struct nova_mig *)m->platform;
    int64_t at = INT64_MAX;

    if (n->step <= s->steps)
        at = look_at(n, n->step == 0 ? POLL_NS : n->delay_ns * (int64_t)n->step);
    if (n->timeout_ns > 0 && look_at(n, n->timeout_ns) < at)
        at = look_at(n, n->timeout_ns);
    if (n->force_ns >= 0 && n->force_ns < at)
        at = n->force_ns;
    if (at != INT64_MAX)
        mig_poll_at(sim, m, at);
}

/* The monitor starts, with the mirrors of disks where there are any. */
static void start(struct sim *sim, struct mig *m)
{
    const struct nova_settings *s = platform_settings(sim);
    const struct nova_vm *v = platform_vm_state(sim, m->vm);
    struct nova_mig *n = (struct nova_mig *)m->platform;
    double gib = data_gib(sim, m);
    double delay_s = (double)s->delay_ns / (double)NS_PER_S;

    *n = (struct nova_mig){.origin_ns = sim->now_ns, .force_ns = -1};
    n->delay_ns = whole_seconds(delay_s * gib);
    n->timeout_ns = whole_seconds((double)s->timeout_ns / (double)NS_PER_S * gib);
    if (v->force_ns > 0)
        n->force_ns = look_at(n, v->force_ns);
    sim_log(sim, job_at(sim, m->job), m->source, "running");
    plan(sim, m);
}

/* Whole milliseconds: downtime / steps, then an equal share of the rest for each step. */
static int64_t step_limit_ns(const struct nova_settings *s, uint32_t step)
{
    double whole = (double)s->downtime_ns / (double)NS_PER_MS;
    double base = whole / (double)s->steps;
    double offset = (whole - base) / (double)s->steps;

    return (int64_t)(base + offset * (double)step) * NS_PER_MS;
}

/* QEMU takes a downtime limit from `migrate` on; what was set while disks were copied counts then.
 */
static void nova_running(struct sim *sim, struct mig *m)
{
    const struct nova_settings *s = platform_settings(sim);
    struct nova_mig *n = (struct nova_mig *)m->platform;

    if (n->delay_ns == 0)
        start(sim, m);
    else if (n->step > 0)
        mig_order_downtime_limit(sim, m, step_limit_ns(s, n->step - 1));
}

/* run_tasks(): what was ordered since the last look. */
static void force(struct sim *sim, struct mig *m)
{
    struct nova_mig *n = (struct nova_mig *)m->platform;
    const struct job *job = job_at(sim, m->job);

    n->force_ns = -1;
    if (can_post_copy(sim, m->vm)) {
        sim_log(sim, job, m->source, "running (post-copy)");
        mig_order_postcopy(sim, m);
    } else {
        sim_log(sim, job, m->source, "paused to complete");
        mig_order_suspend(sim, m);
    }
}

static void nova_poll(struct sim *sim, struct mig *m)
{
    const struct nova_settings *s = platform_settings(sim);
    struct nova_mig *n = (struct nova_mig *)m->platform;
    int64_t elapsed = sim->now_ns - n->origin_ns;

    if (!mig_in_precopy(m) && !mig_in_mirror(m))
        return;
    if (n->force_ns >= 0 && n->force_ns <= sim->now_ns)
        force(sim, m);
    if (n->timeout_ns > 0 && elapsed >= n->timeout_ns) {
        if (s->action == NOVA_ABORT) {
            mig_order_abort(
                sim, m, true,
                "completion timeout: live_migration_completion_timeout for its GiB is over");
            return;
        }
        /* an order like an operator's: the next look finds it */
        n->timeout_ns = 0;
        n->force_ns = sim->now_ns + POLL_NS;
    }
    while (n->step <= s->steps && elapsed >= n->delay_ns * (int64_t)n->step)
        mig_order_downtime_limit(sim, m, step_limit_ns(s, n->step++));
    plan(sim, m);
}

/* The status that the migration ends with. */
static void nova_dropped(struct sim *sim, const struct job *job, enum outcome outcome)
{
    static const char *const words[OUTCOME_NR] = {
        [OUTCOME_COMPLETED] = "completed", [OUTCOME_CANCELLED] = "cancelled",
        [OUTCOME_TIMEOUT] = "failed",      [OUTCOME_FAILED] = "failed",
        [OUTCOME_REJECTED] = "error",
    };

    if (words[outcome])
        sim_log(sim, job, job->source, words[outcome]);
}

static void nova_ended(struct sim *sim, struct job *job, const struct mig *m)
{
    nova_dropped(sim, job, m->own.outcome);
}

static void nova_remarks(const struct scenario *sc, uint32_t vm, struct strbuf *out)
{
    const struct nova_settings *s = sc->cluster.settings;
    double gib = fmax(2.0, (double)sc->vms[vm].guest->memory_bytes / (double)GIB);
    char last[UNITS_TEXT], limit[UNITS_TEXT], timeout[UNITS_TEXT];
    double top = (double)s->delay_ns * gib * (double)s->steps;

    strbuf_addf(
        out,
        "Nova raises the downtime limit in %u steps; the full %s comes only %s after the start",
        s->steps, units_time(limit, s->downtime_ns), units_time(last, llround(fmin(top, 9e18))));
    if (s->timeout_ns > 0)
        strbuf_addf(out, ", and the time is over after %s",
                    units_time(timeout, llround(fmin((double)s->timeout_ns * gib, 9e18))));
    strbuf_addstr(out, " (both for each GiB of memory, and of disks that are copied).\n");
}

const struct platform_ops platform_nova = {
    .name = "nova",
    .help = "OpenStack Nova: one migration out of a host, downtime steps and timeout by size",
    .options = &platform_nova_options,
    .mig_state_bytes = sizeof(struct nova_mig),
    .vm_state_bytes = sizeof(struct nova_vm),
    .check = nova_check,
    .begin = nova_begin,
    .queued = nova_queued,
    .prepare = nova_prepare,
    .mirroring = start,
    .running = nova_running,
    .poll = nova_poll,
    .ended = nova_ended,
    .dropped = nova_dropped,
    .remarks = nova_remarks,
};
