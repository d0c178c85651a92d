/*
 * proxmox.c - Proxmox VE: the loop around one migration, bulk workers, and the HA manager's rounds.
 *
 * The loop polls each second, and ten times a second once what remains is less than an average
 * second's transfer.  At each poll that sees more remaining than the poll before, it counts; at
 * more than 5, counted over the whole migration, it doubles the downtime limit, up to 2000 s.  So
 * every migration ends, the last ones with a long pause.  There is no time-out.
 *
 * What remains rises at syncs only.  So polls are asked for where they can matter: the last one or
 * two before the next decision, and the first after each sync, all on the loop's own lattice.
 * When the share of the network changes so late that no poll is left before the sync, what remained
 * at the moment of that change stands for the poll before it.
 *
 * Source: proxmox/qemu-server src/PVE/QemuMigrate.pm (phase2, increase_migrate_downtime,
 * round_powerof2), pve-manager PVE/API2/Nodes.pm (get_max_workers, migrateall) and
 * PVE/API2/Cluster/BulkAction/Guest.pm, pve-ha-manager src/PVE/HA/LRM.pm (run_workers) and CRM.pm.
 */
#include <math.h>
#include <stdio.h>

#include "base/units.h"
#include "sim/sim_int.h"

#include "base/banned.h"

enum start_mode {
    START_SINGLE,  /* requests one by one, each at once */
    START_BULK,    /* "Bulk migrate" of a node: workers, VMIDs ascending */
    START_CLUSTER, /* bulk action of the whole cluster */
    START_HA       /* moved by the HA manager */
};

struct proxmox_settings {
    enum start_mode start;
    uint32_t workers; /* 0 = as Proxmox chooses */
    uint32_t ha_workers;
    int64_t worker_poll_ns;
    int64_t ha_round_ns, ha_window_ns, ha_fence_ns;
    int64_t poll_ns, fast_poll_ns;
    uint32_t rises;
    int64_t downtime_max_ns;
    double xbzrle_share_ratio;
};

/* In each migration. */
struct loop {
    int64_t next_ns;                 /* first poll not made yet */
    uint64_t remaining, transferred; /* at the poll before */
    int64_t limit_ns;
    uint32_t polls;
    uint32_t rises;
    bool fast;
    bool synced; /* since the last poll */
};

/* Of each host: phase of its local resource manager. */
struct node {
    int64_t phase_ns;
};

static const char *const start_names[] = {"single", "bulk", "cluster", "ha", NULL};

/* clang-format off */
#define AT(field) offsetof(struct proxmox_settings, field)
static const struct option rows[] = {
    {.name = "start", .type = OPT_ENUM, .offset = AT(start),
     .def = "bulk", .words = start_names,
     .help = "who starts migrations: single requests, bulk migrate of a node or of the cluster, HA"},
    {.name = "workers", .type = OPT_U32, .offset = AT(workers),
     .def = "auto", .min = 0.0, .max = 10000.0, .word = "auto", .word_value = 0.0,
     .help = "parallel jobs of bulk migrate (max_workers)",
     .note = "auto: of a node its CPUs less one, 1 to 8; of the cluster 1."},
    {.name = "worker_poll", .type = OPT_TIME_NS, .offset = AT(worker_poll_ns),
     .def = "1s", .min = (double)NS_PER_MS, .max = (double)(3600 * NS_PER_S),
     .help = "how often bulk migrate and HA look for a free worker"},
    {.name = "ha_workers", .type = OPT_U32, .offset = AT(ha_workers),
     .def = "4", .min = 1.0, .max = 10000.0,
     .help = "parallel jobs of a node's local resource manager"},
    {.name = "ha_round", .type = OPT_TIME_NS, .offset = AT(ha_round_ns),
     .def = "10s", .min = (double)NS_PER_MS, .max = (double)(3600 * NS_PER_S),
     .help = "round of both managers"},
    {.name = "ha_window", .type = OPT_TIME_NS, .offset = AT(ha_window_ns),
     .def = "8s", .min = 0.0, .max = (double)(3600 * NS_PER_S),
     .help = "first part of the round, in which workers are started"},
    {.name = "ha_fence", .type = OPT_TIME_NS, .offset = AT(ha_fence_ns),
     .def = "120s", .min = 0.0, .max = (double)(3600 * NS_PER_S),
     .help = "from the loss of a node until it counts as fenced: its watchdog, then its lock"},
    {.name = "poll", .type = OPT_TIME_NS, .offset = AT(poll_ns),
     .def = "1s", .min = (double)NS_PER_MS, .max = (double)(3600 * NS_PER_S),
     .help = "how often the loop around a migration looks"},
    {.name = "fast_poll", .type = OPT_TIME_NS, .offset = AT(fast_poll_ns),
     .def = "100ms", .min = (double)NS_PER_MS, .max = (double)(3600 * NS_PER_S),
     .help = "the same near the end; never back"},
    {.name = "rises", .type = OPT_U32, .offset = AT(rises),
     .def = "5", .min = 0.0, .max = 1e6,
     .help = "more polls than this that saw more remaining than the one before double the limit",
     .note = "Counted over the whole migration, and anew after each doubling; falls do not reset it."},
    {.name = "downtime_max", .type = OPT_TIME_NS, .offset = AT(downtime_max_ns),
     .def = "2000s", .min = (double)NS_PER_MS, .max = (double)(2000 * NS_PER_S),
     .help = "where doubling ends: QEMU's own ceiling"},
    {.name = "xbzrle_share", .type = OPT_RATIO, .offset = AT(xbzrle_share_ratio),
     .def = "10%", .min = 0.0, .max = 1.0,
     .help = "XBZRLE cache, of guest memory, rounded up to a power of two"},
};
#undef AT
/* clang-format on */

const struct option_table platform_proxmox_options = {
    .rows = rows, .nr = sizeof(rows) / sizeof(rows[0]), .size = sizeof(struct proxmox_settings)};

static enum status proxmox_check(const struct scenario *sc, struct diag *diag)
{
    const struct proxmox_settings *s = sc->cluster.settings;

    if (s->poll_ns % s->fast_poll_ns != 0) {
        diag_set(diag, ST_EINPUT, "poll is no multiple of it");
        diag_hint(diag, "poll = 1s goes with fast_poll = 100ms");
        snprintf(diag->key, sizeof(diag->key), "fast_poll");
        return ST_EINPUT;
    }
    if (s->ha_window_ns > s->ha_round_ns) {
        diag_set(diag, ST_EINPUT, "longer than ha_round");
        snprintf(diag->key, sizeof(diag->key), "ha_window");
        return ST_EINPUT;
    }
    return ST_OK;
}

/* ---- who starts when ---- */

static uint32_t lower(uint32_t a, uint32_t b)
{
    return a == 0 || (b != 0 && b < a) ? b : a;
}

/* min(max(1, CPUs - 1), 8); a host of unknown size is taken for a large one. */
static uint32_t bulk_workers(uint32_t cpus)
{
    uint32_t n = cpus > 1 ? cpus - 1 : 1;

    return cpus == 0 || n > 8 ? 8 : n;
}

static void proxmox_begin(struct sim *sim)
{
    const struct proxmox_settings *s = platform_settings(sim);
    struct cluster_rules *r = &sim->cluster.rules;

    if (s->start == START_CLUSTER)
        r->max_total = lower(r->max_total, s->workers ? s->workers : 1);
    if (s->start == START_HA)
        r->max_out = lower(r->max_out, s->ha_workers);
    for (uint32_t i = 0; i < sim->sc->nr_hosts; i++) {
        struct node *node = platform_host_state(sim, i);
        struct rng rng;

        rng_stream(&rng, sim->sc->seed, "proxmox round", i, sim->replication);
        node->phase_ns = (int64_t)(rng_uniform(&rng) * (double)s->ha_round_ns);
        if (s->start == START_BULK)
            cluster_limit_host(
                sim, i,
                lower(r->max_out, s->workers ? s->workers : bulk_workers(sim->sc->hosts[i].cpus)),
                r->max_in);
    }
}

/* Bulk migrate sorts by VMID; VMs are numbered in the order of the scenario. */
static int32_t proxmox_priority(struct sim *sim, const struct job *job)
{
    const struct proxmox_settings *s = platform_settings(sim);

    return s->start == START_BULK || s->start == START_CLUSTER ? -(int32_t)(job->vm & 0x7fffffff)
                                                               : job->priority;
}

/* The first moment from @at_ns on at which a worker may be started. */
static int64_t worker_slot(const struct sim *sim, const struct proxmox_settings *s,
                           const struct job *job, const struct node *node, int64_t at_ns)
{
    int64_t round, from, first;

    (void)sim;
    if (s->start == START_BULK || s->start == START_CLUSTER)
        return platform_lattice(job->asked_ns, s->worker_poll_ns, at_ns);
    /* the cluster's manager decides in its round, the node's manager sees that in its next one;
     * their rounds have one length, so the phase between them stays */
    first = platform_lattice(0, s->ha_round_ns, job->asked_ns + 1);
    first = platform_lattice(node->phase_ns, s->ha_round_ns, first);
    if (at_ns < first)
        at_ns = first;
    round = node->phase_ns + (at_ns - node->phase_ns) / s->ha_round_ns * s->ha_round_ns;
    from = platform_lattice(round, s->worker_poll_ns, at_ns);
    return from - round <= s->ha_window_ns ? from : round + s->ha_round_ns;
}

static bool proxmox_admit(struct sim *sim, const struct job *job, uint32_t target)
{
    const struct proxmox_settings *s = platform_settings(sim);
    int64_t at;

    (void)target;
    if (s->start == START_SINGLE || job->kind == JOB_RESCUE)
        return true;
    at = worker_slot(sim, s, job, platform_host_state(sim, job->source), sim->now_ns);
    if (at == sim->now_ns)
        return true;
    cluster_hold_source(sim, job->source, at);
    return false;
}

/* HA: a failed move leaves the service where it was; the next round decides anew. */
static void proxmox_ended(struct sim *sim, struct job *job, const struct mig *m)
{
    const struct proxmox_settings *s = platform_settings(sim);

    if (s->start != START_HA || !job->evacuation || m->guest_lost ||
        m->own.outcome == OUTCOME_COMPLETED || m->own.outcome == OUTCOME_CANCELLED)
        return;
    job_retry(sim, job, platform_lattice(0, s->ha_round_ns, sim->now_ns + 1));
}

/* HA: when the node is fenced, the next round of the cluster's manager starts its services on
 * others, whose managers pick them up: no limit of the dead node counts. */
static void proxmox_host_lost(struct sim *sim, uint32_t host)
{
    const struct proxmox_settings *s = platform_settings(sim);

    if (s->start == START_HA)
        platform_tick_at(sim, platform_lattice(0, s->ha_round_ns, sim->now_ns + s->ha_fence_ns),
                         host);
}

static void proxmox_tick(struct sim *sim, uint32_t host)
{
    if (!cluster_host(sim, host)->down)
        return;
    sim_log(sim, NULL, host, "node fenced: its services are recovered");
    cluster_limit_host(sim, host, UINT32_MAX, 0);
    cluster_restart_lost(sim, host, JOB_RESCUE);
}

/* ---- the loop around one migration ---- */

/* 2 << int(log2(v - 1)): the least power of two that is not below v, and 1 below 2. */
static uint64_t round_up_power(uint64_t v)
{
    uint64_t p = 1;

    while (p < v)
        p *= 2;
    return p;
}

static void proxmox_prepare(struct sim *sim, struct job *job, struct mig *m)
{
    const struct proxmox_settings *s = platform_settings(sim);
    uint64_t cache;

    (void)job;
    if (!m->params.xbzrle || s->xbzrle_share_ratio <= 0.0)
        return;
    cache = (uint64_t)((double)m->guest->memory_bytes * s->xbzrle_share_ratio);
    m->params.xbzrle_cache_bytes = round_up_power(cache);
}

static void ask(struct sim *sim, struct mig *m, const struct loop *l, int64_t at_ns)
{
    const struct proxmox_settings *s = platform_settings(sim);
    int64_t period = l->fast ? s->fast_poll_ns : s->poll_ns;

    mig_poll_at(sim, m, platform_lattice(l->next_ns, period, at_ns));
}

static void proxmox_running(struct sim *sim, struct mig *m)
{
    const struct proxmox_settings *s = platform_settings(sim);
    struct loop *l = (struct loop *)m->platform;

    l->next_ns = sim->now_ns + s->poll_ns;
    l->limit_ns = m->params.downtime_limit_ns;
    mig_poll_at(sim, m, l->next_ns);
}

static void proxmox_pass(struct sim *sim, struct mig *m)
{
    struct loop *l = (struct loop *)m->platform;

    l->synced = true;
    ask(sim, m, l, sim->now_ns + 1);
}

/* Polls that were skipped, and are due by now, found no sync between them: what there is now stands
 * for the last of them. */
static void catch_up(const struct sim *sim, const struct mig *m, struct loop *l, int64_t period)
{
    uint32_t missed;

    if (sim->now_ns < l->next_ns)
        return;
    missed = (uint32_t)((sim->now_ns - l->next_ns) / period) + 1;
    l->polls += missed;
    l->next_ns += missed * period;
    l->remaining = m->sender.pending_pages * PAGE_BYTES;
    l->transferred = (uint64_t)m->sender.counted_bytes;
}

/* The last poll before the next decision; while polls are slow the one before it too, because the
 * switch to fast ones compares with it. */
static void proxmox_planned(struct sim *sim, struct mig *m, int64_t at_ns)
{
    const struct proxmox_settings *s = platform_settings(sim);
    struct loop *l = (struct loop *)m->platform;
    int64_t period = l->fast ? s->fast_poll_ns : s->poll_ns, steps;

    if (l->synced || l->polls == 0)
        return; /* the next poll of all is asked for */
    catch_up(sim, m, l, period);
    if (at_ns < l->next_ns) {
        mig_poll_off(sim, m);
        return;
    }
    steps = (at_ns - l->next_ns) / period;
    if (!l->fast && steps > 0)
        steps--;
    mig_poll_at(sim, m, l->next_ns + steps * period);
}

static void double_limit(struct sim *sim, struct mig *m, const struct proxmox_settings *s,
                         struct loop *l)
{
    char text[96];

    l->rises = 0;
    if (l->limit_ns >= s->downtime_max_ns) {
        mig_replan(sim, m);
        return;
    }
    l->limit_ns = l->limit_ns < s->downtime_max_ns / 2 ? 2 * l->limit_ns : s->downtime_max_ns;
    snprintf(text, sizeof(text), "auto-increased downtime to continue migration: %lld ms",
             (long long)(l->limit_ns / NS_PER_MS));
    sim_log(sim, job_at(sim, m->job), HOST_NONE, sim_intern(sim, text));
    mig_order_downtime_limit(sim, m, l->limit_ns);
}

static void proxmox_poll(struct sim *sim, struct mig *m)
{
    const struct proxmox_settings *s = platform_settings(sim);
    struct loop *l = (struct loop *)m->platform;
    int64_t period = l->fast ? s->fast_poll_ns : s->poll_ns;
    uint64_t remaining, transferred;
    double average;

    if (m->state == MIG_SETUP) { /* "waiting for transition": a second more */
        l->next_ns = sim->now_ns + NS_PER_S + period;
        l->polls++;
        mig_poll_at(sim, m, l->next_ns);
        return;
    }
    if (m->state != MIG_PRECOPY)
        return;
    l->polls += (uint32_t)((sim->now_ns - l->next_ns) / period) + 1;
    l->synced = false;
    mig_settle(sim, m);
    transferred = (uint64_t)m->sender.counted_bytes;
    remaining = m->sender.pending_pages * PAGE_BYTES;
    average = (double)l->transferred / (double)l->polls;
    if (transferred != l->transferred) {
        if (l->transferred > 0 && (double)remaining < average)
            l->fast = true;
        if ((l->remaining > 0 && remaining > l->remaining) || remaining == 0)
            l->rises++;
        l->remaining = remaining;
    }
    l->transferred = transferred;
    l->next_ns = sim->now_ns + (l->fast ? s->fast_poll_ns : s->poll_ns);
    if (l->rises > s->rises)
        double_limit(sim, m, s, l);
    else
        mig_replan(sim, m); /* which asks for the next poll */
}

static void proxmox_remarks(const struct scenario *sc, uint32_t vm, struct strbuf *out)
{
    const struct proxmox_settings *s = sc->cluster.settings;
    char most[UNITS_TEXT];

    (void)vm;
    strbuf_addf(out,
                "Proxmox has no timeout: it doubles the downtime limit after more than %u rises of "
                "what remains, up to %s, so each migration ends, and some with a long stop.\n",
                s->rises, units_time(most, s->downtime_max_ns));
}

const struct platform_ops platform_proxmox = {
    .name = "proxmox",
    .help = "Proxmox VE: downtime doubles until it ends; bulk workers, HA rounds",
    .options = &platform_proxmox_options,
    .mig_state_bytes = sizeof(struct loop),
    .host_state_bytes = sizeof(struct node),
    .limits_hosts = true,
    .check = proxmox_check,
    .begin = proxmox_begin,
    .priority = proxmox_priority,
    .admit = proxmox_admit,
    .prepare = proxmox_prepare,
    .running = proxmox_running,
    .planned = proxmox_planned,
    .pass = proxmox_pass,
    .poll = proxmox_poll,
    .tick = proxmox_tick,
    .host_lost = proxmox_host_lost,
    .ended = proxmox_ended,
    .remarks = proxmox_remarks,
};
