/*
 * scenario_check.c - the rules between values.
 *
 * Ranges of single values are in the option rows; here stands what two or more values must not be
 * together, each with its reason.  Judges only, changes nothing.
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "models/qemu.h"
#include "sim/network/route.h"
#include "sim/platform.h"
#include "sim/scenario/scenario_int.h"

#include "base/banned.h"

/* A message about @key of @s, placed where the value was set, be it in a section that @s starts
 * from. */
__attribute__((format(printf, 5, 6))) static enum status refuse(const struct scenario *sc,
                                                                const struct scn_section *s,
                                                                const char *key, struct diag *diag,
                                                                const char *fmt, ...)
{
    const struct option *opt = option_find(scn_section_types[s->kind].tables[0].table, key);
    const struct scn_entry *e = opt ? scn_section_origin(sc->doc, s->kind, s, opt) : NULL;
    char what[DIAG_TEXT];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    scn_fail(s, key, diag, "%s", what);
    return e ? diag_at(diag, ST_EINPUT, e->file, e->line, "%s", what) : ST_EINPUT;
}

/* ---- migration profiles ---- */

/* One rule of a profile: broken when the test holds. */
struct migration_rule {
    bool (*broken)(const struct mig_params *p, const struct qemu_behaviour *q);
    const char *key;
    const char *what;
    const char *hint;
};

static bool xbzrle_multifd(const struct mig_params *p, const struct qemu_behaviour *q)
{
    (void)q;
    return p->xbzrle && p->multifd && p->qemu >= QEMU_8_2;
}

static bool postcopy_multifd(const struct mig_params *p, const struct qemu_behaviour *q)
{
    return p->postcopy && p->multifd && !q->multifd_with_postcopy;
}

static bool switchover_bandwidth(const struct mig_params *p, const struct qemu_behaviour *q)
{
    return p->avail_switchover_bytes_per_s != 0 && !q->switchover_bandwidth;
}

static bool limit_version(const struct mig_params *p, const struct qemu_behaviour *q)
{
    return p->dirty_limit && !q->dirty_limit;
}

static bool limit_ring(const struct mig_params *p, const struct qemu_behaviour *q)
{
    (void)q;
    return p->dirty_limit && p->dirty_log != DIRTY_LOG_RING;
}

static bool limit_converge(const struct mig_params *p, const struct qemu_behaviour *q)
{
    (void)q;
    return p->dirty_limit && p->auto_converge;
}

static bool throttle_range(const struct mig_params *p, const struct qemu_behaviour *q)
{
    (void)q;
    return p->cpu_throttle_initial_pct > p->max_cpu_throttle_pct;
}

static bool compression_needs_multifd(const struct mig_params *p, const struct qemu_behaviour *q)
{
    (void)q;
    return p->multifd_compression != MFD_NONE && !p->multifd;
}

static bool compression_version(const struct mig_params *p, const struct qemu_behaviour *q)
{
    (void)q;
    return p->multifd_compression >= MFD_QPL && p->qemu < QEMU_9_2;
}

static bool zlib_level(const struct mig_params *p, const struct qemu_behaviour *q)
{
    (void)q;
    return (p->multifd_compression == MFD_ZLIB || p->multifd_compression == MFD_QATZIP) &&
           p->multifd_level > 9;
}

static bool qatzip_level(const struct mig_params *p, const struct qemu_behaviour *q)
{
    (void)q;
    return p->multifd_compression == MFD_QATZIP && p->multifd_level < 1;
}

static bool zero_version(const struct mig_params *p, const struct qemu_behaviour *q)
{
    return p->zero_detection != ZERO_DEFAULT && !q->multifd_zero_in_channels;
}

static bool trigger_needs_postcopy(const struct mig_params *p, const struct qemu_behaviour *q)
{
    (void)q;
    return p->postcopy_trigger != POSTCOPY_NEVER && !p->postcopy;
}

static bool preempt_needs_postcopy(const struct mig_params *p, const struct qemu_behaviour *q)
{
    (void)q;
    return p->postcopy_preempt && !p->postcopy;
}

static bool action_needs_postcopy(const struct mig_params *p, const struct qemu_behaviour *q)
{
    (void)q;
    return p->timeout_action == TIMEOUT_POSTCOPY && !p->postcopy;
}

static bool no_timeout(const struct mig_params *p)
{
    return p->completion_timeout_ns == 0 && p->completion_timeout_ns_per_gib == 0;
}

static bool trigger_needs_timeout(const struct mig_params *p, const struct qemu_behaviour *q)
{
    (void)q;
    return p->postcopy_trigger == POSTCOPY_ON_TIMEOUT && no_timeout(p);
}

static bool trigger_needs_stall(const struct mig_params *p, const struct qemu_behaviour *q)
{
    (void)q;
    return p->postcopy_trigger == POSTCOPY_ON_STALL && p->progress_timeout_ns == 0;
}

static const struct migration_rule migration_rules[] = {
    {xbzrle_multifd, "xbzrle", "xbzrle and multifd exclude each other from QEMU 8.2 on",
     "turn one of them off"},
    {postcopy_multifd, "postcopy", "this QEMU refuses post-copy together with multifd",
     "turn one of them off, or take qemu = 10.1"},
    {switchover_bandwidth, "avail_switchover_bandwidth",
     "this QEMU does not know the parameter: it came with 8.2", "leave it out"},
    {limit_version, "dirty_limit", "this QEMU has no dirty-limit: it came with 8.1",
     "take qemu = 8.2 or later, or auto_converge"},
    {limit_ring, "dirty_limit", "dirty-limit counts in the dirty ring", "add dirty_log = ring"},
    {limit_converge, "dirty_limit", "dirty-limit and auto-converge exclude each other",
     "turn one of them off"},
    {throttle_range, "cpu_throttle_initial", "the first step is above max_cpu_throttle",
     "lower it, or raise max_cpu_throttle"},
    {compression_needs_multifd, "multifd_compression", "only multifd streams compress",
     "add multifd = on"},
    {compression_version, "multifd_compression",
     "this QEMU has only zlib and zstd: qpl and uadk came with 9.1, qatzip with 9.2",
     "take qemu = 9.2 or later"},
    {zlib_level, "multifd_level", "this compression has levels up to 9 only", "only zstd has 20"},
    {qatzip_level, "multifd_level", "qatzip levels start at 1", NULL},
    {zero_version, "zero_page_detection", "this QEMU has no choice here: it came with 9.0",
     "leave it out"},
    {trigger_needs_postcopy, "postcopy_trigger",
     "post-copy is not allowed, so nothing can start it", "add postcopy = on"},
    {preempt_needs_postcopy, "postcopy_preempt", "postcopy_preempt is part of post-copy",
     "add postcopy = on"},
    {action_needs_postcopy, "timeout_action", "the capability must be on from the start",
     "add postcopy = on"},
    {trigger_needs_timeout, "postcopy_trigger", "there is no completion timeout to start it",
     "set completion_timeout or completion_timeout_per_gib"},
    {trigger_needs_stall, "postcopy_trigger", "there is no progress timeout to start it",
     "set progress_timeout"},
};

static enum status check_migration(const struct scenario *sc, const struct scn_section *s,
                                   struct diag *diag)
{
    const struct mig_params *p = &sc->migrations[s->first_made].params;
    const struct qemu_behaviour *q = qemu_behaviour(p->qemu);

    for (size_t i = 0; i < sizeof(migration_rules) / sizeof(migration_rules[0]); i++) {
        const struct migration_rule *rule = &migration_rules[i];

        if (!rule->broken(p, q))
            continue;
        refuse(sc, s, rule->key, diag, "%s (qemu = %s)", rule->what, q->name);
        diag_hint(diag, "%s", rule->hint ? rule->hint : "");
        return ST_EINPUT;
    }
    return ST_OK;
}

/* ---- links, workloads, VMs ---- */

static bool racks_differ(const struct scenario *sc)
{
    for (uint32_t i = 1; i < sc->nr_hosts; i++)
        if (sc->hosts[i].rack != sc->hosts[0].rack)
            return true;
    return false;
}

static enum status check_traffic(const struct scenario *sc, const struct scn_section *s,
                                 const struct scn_link *l, struct diag *diag)
{
    double most = 0.0;

    for (uint32_t i = 0; i < l->nr_traffic; i++)
        most = l->traffic[i].bps > most ? l->traffic[i].bps : most;
    if (most > 0.0 && most + uncertain_mid(&l->background_bps) >= uncertain_mid(&l->rate_bps)) {
        refuse(sc, s, "background_series", diag, "other traffic leaves nothing of the link");
        diag_hint(diag, "a link that carries nothing is a [fault] of kind link_down");
        return ST_EINPUT;
    }
    if (l->traffic_period_ns > 0 && l->nr_traffic == 0)
        return refuse(sc, s, "background_period", diag, "there is no background_series to repeat");
    if (l->traffic_period_ns > 0 && l->traffic[l->nr_traffic - 1].t_ns >= l->traffic_period_ns)
        return refuse(sc, s, "background_period", diag, "the series lasts longer");
    return ST_OK;
}

static enum status check_link(const struct scenario *sc, const struct scn_section *s,
                              struct diag *diag)
{
    const struct scn_link *l = &sc->links[s->first_made];

    if (l->nr_hosts == 1)
        return refuse(sc, s, "hosts", diag, "a link joins two hosts or more");
    if (uncertain_mid(&l->background_bps) >= uncertain_mid(&l->rate_bps))
        return refuse(sc, s, "background", diag, "other traffic leaves nothing of the link");
    if (l->between == BETWEEN_RACKS && !racks_differ(sc)) {
        refuse(sc, s, "between", diag, "no two hosts stand in different racks");
        diag_hint(diag, "hosts name their rack: [host NAME] rack = RACK");
        return ST_EINPUT;
    }
    return check_traffic(sc, s, l, diag);
}

/* The links that a host's migrations can cross, so that no path is longer than a flow's. */
static enum status check_paths(const struct scenario *sc, struct arena *arena, struct diag *diag)
{
    uint32_t *of_host = arena_array(arena, sc->nr_hosts, sizeof(*of_host)), everywhere = 0;

    if (!of_host)
        return scn_out_of_memory(diag);
    for (uint32_t i = 0; i < sc->nr_links; i++)
        everywhere += sc->links[i].nr_hosts == 0;
    for (const struct scn_section *s = sc->doc->first[SCN_LINK]; s; s = s->next) {
        const struct scn_link *l = &sc->links[s->first_made];
        uint32_t most = everywhere;

        for (uint32_t h = 0; h < l->nr_hosts; h++)
            if (++of_host[l->hosts[h]] + everywhere > most)
                most = of_host[l->hosts[h]] + everywhere;
        if (most > ROUTE_LINKS_MAX)
            return refuse(sc, s, "hosts", diag, "a migration would cross more than %d links",
                          ROUTE_LINKS_MAX);
    }
    return ST_OK;
}

/* The largest value that an interval names; a distribution has no end, so its middle. */
static double high_end(const struct uncertain *u)
{
    return u->kind == UNCERTAIN_UNIFORM ? u->b : uncertain_mid(u);
}

static enum status check_lists(const struct scenario *sc, const struct scn_section *s,
                               const struct scn_workload *w, struct diag *diag)
{
    static const struct {
        const char *key;
        enum dirty_kind kind;
    } lists[] = {{"curve", DIRTY_CURVE}, {"series", DIRTY_SERIES}, {"classes", DIRTY_CLASSES}};

    for (size_t i = 0; i < 3; i++) {
        const struct scn_entry *e = scn_section_entry(s, lists[i].key);
        bool given = e && e->value[0];

        bool fits = w->dirty.kind == lists[i].kind ||
                    (lists[i].kind == DIRTY_SERIES && w->dirty.kind == DIRTY_TRACE);

        if (given && !fits) {
            refuse(sc, s, lists[i].key, diag, "the list belongs to another kind of workload");
            diag_hint(diag, "write kind = %s", lists[i].key);
            return ST_EINPUT;
        }
        if (fits && w->dirty.nr_points + w->dirty.nr_classes == 0)
            return refuse(sc, s, "kind", diag, "this kind needs '%s'", lists[i].key);
    }
    for (uint32_t i = 1; w->dirty.kind == DIRTY_CURVE && i < w->dirty.nr_points; i++)
        if (w->dirty.points[i].value < w->dirty.points[i - 1].value)
            return refuse(sc, s, "curve", diag, "distinct bytes cannot fall as time passes");
    if (w->dirty.kind == DIRTY_CURVE && w->dirty.points[0].t_ns == 0)
        return refuse(sc, s, "curve", diag, "the first time must be above 0");
    if ((w->dirty.kind == DIRTY_SERIES || w->dirty.kind == DIRTY_TRACE) &&
        w->dirty.points[0].t_ns != 0)
        return refuse(sc, s, "series", diag, "the first time must be 0s");
    return ST_OK;
}

static bool needs_working_set(enum dirty_kind kind)
{
    return kind != DIRTY_IDLE && kind != DIRTY_CURVE && kind != DIRTY_CLASSES;
}

static enum status check_workload(const struct scenario *sc, const struct scn_section *s,
                                  struct diag *diag)
{
    const struct scn_workload *w = &sc->workloads[s->first_made];
    enum status st = check_lists(sc, s, w, diag);

    if (st != ST_OK)
        return st;
    if (w->dirty.kind == DIRTY_HOTCOLD && w->dirty.hot_bytes == 0)
        return refuse(sc, s, "hot", diag, "hotcold needs the size of the hot part");
    if (w->dirty.kind == DIRTY_HOTCOLD && w->dirty.working_set_bytes &&
        (double)w->dirty.hot_bytes > w->working_set_bytes.a)
        return refuse(sc, s, "hot", diag, "the hot part is larger than the working set");
    return ST_OK;
}

static enum status check_vm_workload(const struct scenario *sc, const struct scn_section *s,
                                     const struct scn_vm *vm, struct diag *diag)
{
    const struct scn_workload *w = &sc->workloads[vm->workload];
    double memory = (double)vm->guest->memory_bytes, pages = 0.0;
    char set[UNITS_TEXT], mem[UNITS_TEXT];

    if (needs_working_set(w->dirty.kind) && w->dirty.working_set_bytes == 0)
        return refuse(sc, s, "workload", diag, "workload '%s' has no working_set", w->name);
    if (needs_working_set(w->dirty.kind) && high_end(&w->working_set_bytes) > memory) {
        refuse(sc, s, scn_section_entry(s, "working_set") ? "working_set" : "memory", diag,
               "the working set (%s) is larger than the memory (%s)",
               units_size(set, uncertain_u64(high_end(&w->working_set_bytes))),
               units_size(mem, vm->guest->memory_bytes));
        return ST_EINPUT;
    }
    if (w->dirty.kind == DIRTY_HOTCOLD && w->dirty.hot_bytes > w->dirty.working_set_bytes)
        return refuse(sc, s, "working_set", diag, "the hot part of workload '%s' is larger",
                      w->name);
    for (uint32_t i = 0; i < w->dirty.nr_classes; i++)
        pages += w->dirty.classes[i].pages;
    if (pages * (double)PAGE_BYTES > memory)
        return refuse(sc, s, "memory", diag, "workload '%s' writes to more pages than there are",
                      w->name);
    if (w->dirty.kind == DIRTY_CURVE && w->dirty.points[w->dirty.nr_points - 1].value > memory)
        return refuse(sc, s, "memory", diag, "the curve of workload '%s' ends above the memory",
                      w->name);
    return ST_OK;
}

static enum status check_vm(const struct scenario *sc, const struct scn_section *s,
                            struct diag *diag)
{
    const struct scn_vm *vm = &sc->vms[s->first_made];
    const struct guest_params *g = vm->guest;

    if (g->host_page_bytes != PAGE_BYTES && g->host_page_bytes != 2 * MIB &&
        g->host_page_bytes != GIB) {
        refuse(sc, s, "host_page", diag, "x86 has pages of 4 KiB, 2 MiB and 1 GiB");
        return ST_EINPUT;
    }
    if (g->memory_bytes % g->host_page_bytes != 0)
        return refuse(sc, s, "memory", diag, "the memory is no whole number of host pages");
    if (g->nonzero_bytes > g->memory_bytes)
        return refuse(sc, s, "nonzero", diag, "more memory is written than there is");
    return check_vm_workload(sc, s, vm, diag);
}

/* ---- what happens ---- */

static enum status check_request(const struct scenario *sc, const struct scn_section *s,
                                 struct diag *diag)
{
    for (uint32_t i = s->first_made; i < s->first_made + s->nr_made; i++) {
        const struct scn_request *req = &sc->requests[i];

        if (req->cancel_at_ns >= 0 && req->cancel_at_ns <= req->at_ns)
            return refuse(sc, s, "cancel_at", diag, "%s would be cancelled before it is asked for",
                          sc->vms[req->vm].name);
        if (req->at_ns > sc->horizon_ns) {
            refuse(sc, s, "at", diag, "%s is asked for after the horizon", sc->vms[req->vm].name);
            diag_hint(diag, "raise [scenario] horizon");
            return ST_EINPUT;
        }
    }
    return ST_OK;
}

/* A VM that only one request moves must not be there already; with more, order decides. */
static enum status check_targets(const struct scenario *sc, struct arena *arena, struct diag *diag)
{
    uint32_t *moves = arena_array(arena, sc->nr_vms, sizeof(*moves));

    if (!moves)
        return scn_out_of_memory(diag);
    for (uint32_t i = 0; i < sc->nr_requests; i++)
        moves[sc->requests[i].vm]++;
    for (const struct scn_section *s = sc->doc->first[SCN_REQUEST]; s; s = s->next) {
        for (uint32_t i = s->first_made; i < s->first_made + s->nr_made; i++) {
            const struct scn_vm *vm = &sc->vms[sc->requests[i].vm];

            if (moves[sc->requests[i].vm] != 1 || vm->host != sc->requests[i].target)
                continue;
            refuse(sc, s, "target", diag, "%s is on %s already", vm->name,
                   sc->hosts[vm->host].name);
            diag_hint(diag, "name another target, or leave that VM out");
            return ST_EINPUT;
        }
    }
    return ST_OK;
}

static enum status check_fault(const struct scenario *sc, const struct scn_section *s,
                               struct diag *diag)
{
    const struct scn_fault *f = &sc->faults[s->first_made];
    const struct scn_fault_decl *def = sc->doc->defaults[SCN_FAULT];

    /* a dump spells the default too, so only another value shows that something else was meant */
    if (f->kind != FAULT_DEGRADE && (f->ratio < def->ratio || f->ratio > def->ratio))
        return refuse(sc, s, "ratio", diag, "only degrade leaves a part");
    if (f->kind == FAULT_DEGRADE && !(f->ratio > 0.0)) {
        refuse(sc, s, "ratio", diag, "nothing is left of the link");
        diag_hint(diag, "write kind = link_down");
        return ST_EINPUT;
    }
    return ST_OK;
}

static enum status check_change(const struct scenario *sc, const struct scn_section *s,
                                struct diag *diag)
{
    const struct scn_change *c = &sc->changes[s->first_made];

    if (c->max_bandwidth_bytes_per_s == 0 && c->downtime_limit_ns < 0)
        return refuse(sc, s, "at", diag, "nothing is changed: set max_bandwidth or downtime_limit");
    return ST_OK;
}

/* ---- the whole ---- */

/* What the platform itself minds, at the line of the key that it names. */
static enum status check_platform(const struct scenario *sc, struct diag *diag)
{
    const struct platform_ops *p = sc->cluster.platform;
    const struct scn_section *s;
    struct diag own = {0};
    enum status st = p && p->check ? p->check(sc, &own) : ST_OK;

    if (st == ST_OK)
        return ST_OK;
    s = sc->doc->first[scn_platform_kind(p->name)];
    if (st == ST_EINPUT && s && own.key[0])
        refuse(sc, s, own.key, diag, "%s", own.what);
    else
        diag_at(diag, st, sc->path, 0, "%s", own.what);
    if (own.hint[0])
        diag_hint(diag, "%s", own.hint);
    return st;
}

/* Something must happen: a request, an operation, a fault that a restart answers, or what a
 * platform does by itself. */
static bool has_cause(const struct scenario *sc)
{
    return sc->nr_requests || sc->nr_operations || sc->nr_faults ||
           (sc->cluster.platform && sc->cluster.platform->tick);
}

static enum status check_present(const struct scenario *sc, struct diag *diag)
{
    const char *missing = sc->nr_hosts == 0 ? "host"
                          : sc->nr_vms == 0 ? "vm"
                          : !has_cause(sc)  ? "request"
                                            : NULL;

    if (!missing)
        return ST_OK;
    diag_at(diag, ST_EINPUT, sc->path, 0, "the scenario has no [%s NAME]", missing);
    diag_hint(diag, "it needs hosts, VMs on them, and requests or an [operation NAME] to migrate "
                    "them");
    return ST_EINPUT;
}

enum status scenario_check(const struct scenario *sc, struct arena *arena, struct diag *diag)
{
    static const struct {
        enum scn_kind kind;
        enum status (*check)(const struct scenario *, const struct scn_section *, struct diag *);
    } steps[] = {
        {SCN_MIGRATION, check_migration}, {SCN_LINK, check_link},
        {SCN_WORKLOAD, check_workload},   {SCN_VM, check_vm},
        {SCN_REQUEST, check_request},     {SCN_FAULT, check_fault},
        {SCN_CHANGE, check_change},
    };
    enum status st = check_present(sc, diag);

    for (size_t i = 0; st == ST_OK && i < sizeof(steps) / sizeof(steps[0]); i++)
        for (const struct scn_section *s = sc->doc->first[steps[i].kind]; s && st == ST_OK;
             s = s->next)
            st = steps[i].check(sc, s, diag);
    if (st == ST_OK)
        st = check_platform(sc, diag);
    if (st == ST_OK)
        st = check_paths(sc, arena, diag);
    if (st == ST_OK)
        st = scenario_check_place(sc, arena, diag);
    if (st == ST_OK)
        st = check_targets(sc, arena, diag);
    return st;
}
