/*
 * altered.c - copies what it may change, and scales it.
 *
 * Invariant: the base is never written to, and values stay in the ranges that scenario files have.
 */
#include "answers/explain/altered.h"

#include <math.h>
#include <stdlib.h>

#include "base/units.h"
#include "models/qemu.h"

enum {
    SPARE = 1 /* a workload for a VM that alone changes */
};

static void *copy(struct altered *a, const void *from, size_t nr, size_t size)
{
    void *to = nr ? arena_memdup(a->arena, from, nr * size) : NULL;

    a->failed |= nr && !to;
    return to;
}

/* VMs of a section share a guest: so do their copies. */
static void copy_guests(struct altered *a)
{
    const struct guest_params *from = NULL;
    struct guest_params *to = NULL;

    for (uint32_t i = 0; i < a->sc.nr_vms && !a->failed; i++) {
        if (a->sc.vms[i].guest != from) {
            from = a->sc.vms[i].guest;
            to = from ? copy(a, from, 1, sizeof(*from)) : NULL;
        }
        a->sc.vms[i].guest = to;
    }
}

/* The same with hosts and their costs. */
static void copy_costs(struct altered *a)
{
    const struct host_costs *from = NULL, *to = NULL;

    for (uint32_t i = 0; i < a->sc.nr_hosts && !a->failed; i++) {
        if (a->sc.hosts[i].costs != from) {
            from = a->sc.hosts[i].costs;
            to = copy(a, from, 1, sizeof(*from));
        }
        a->sc.hosts[i].costs = to;
    }
}

static void copy_all(struct altered *a)
{
    const struct scenario *b = a->base;
    struct scn_workload *workloads =
        arena_array(a->arena, (size_t)b->nr_workloads + SPARE, sizeof(*workloads));

    a->sc = *b;
    a->sc.hosts = copy(a, b->hosts, b->nr_hosts, sizeof(*b->hosts));
    a->sc.links = copy(a, b->links, b->nr_links, sizeof(*b->links));
    a->sc.vms = copy(a, b->vms, b->nr_vms, sizeof(*b->vms));
    a->sc.migrations = copy(a, b->migrations, b->nr_migrations, sizeof(*b->migrations));
    a->sc.workloads = workloads;
    a->failed |= !workloads;
    for (uint32_t i = 0; workloads && i < b->nr_workloads; i++)
        workloads[i] = b->workloads[i];
    if (!a->failed) {
        copy_guests(a);
        copy_costs(a);
    }
}

struct altered *altered_new(const struct scenario *base)
{
    struct altered *a = calloc(1, sizeof(*a));

    if (!a)
        return NULL;
    a->base = base;
    a->arena = arena_new(0);
    if (a->arena)
        copy_all(a);
    if (!a->arena || a->failed) {
        altered_free(a);
        return NULL;
    }
    return a;
}

void altered_free(struct altered *a)
{
    if (!a)
        return;
    arena_free(a->arena);
    free(a);
}

/* ---- numbers ---- */

static bool scale(struct uncertain *u, double ratio)
{
    if (u->a <= 0.0 && (u->kind != UNCERTAIN_UNIFORM || u->b <= 0.0))
        return false;
    u->a *= ratio;
    if (u->kind == UNCERTAIN_UNIFORM || u->kind == UNCERTAIN_NORMAL)
        u->b *= ratio;
    return true;
}

static bool scale_u64(uint64_t *x, double ratio)
{
    if (*x == 0 || *x == UNITS_UNLIMITED)
        return false;
    *x = uncertain_u64(fmax((double)*x * ratio, 1.0));
    return true;
}

static bool scale_ns(int64_t *ns, double ratio)
{
    if (*ns <= 0)
        return false;
    *ns = llround(fmin((double)*ns * ratio, 9e17));
    return true;
}

static bool scale_limit(uint32_t *limit, double ratio)
{
    if (*limit == 0)
        return false;
    *limit = ratio > 0.0 ? (uint32_t)llround(fmax((double)*limit * ratio, 1.0)) : 0;
    return true;
}

/* ---- guests ---- */

static bool is_first_of_guest(const struct altered *a, uint32_t vm)
{
    return a->sc.vms[vm].guest && (vm == 0 || a->sc.vms[vm].guest != a->sc.vms[vm - 1].guest);
}

/* The guest of a VM is ours: copy_guests() made it. */
static struct guest_params *own_guest(struct altered *a, uint32_t vm)
{
    return (struct guest_params *)a->sc.vms[vm].guest;
}

/* Points are rates, or a curve that is walked faster. */
static void scale_points(struct altered *a, struct dirty_params *d, double ratio)
{
    struct dirty_point *points = copy(a, d->points, d->nr_points, sizeof(*points));

    for (uint32_t i = 0; points && i < d->nr_points; i++) {
        if (d->kind == DIRTY_SERIES || d->kind == DIRTY_TRACE)
            points[i].value *= ratio;
        else
            points[i].t_ns = llround((double)points[i].t_ns / ratio);
    }
    if (points)
        d->points = points;
}

static bool scale_writes(struct altered *a, struct dirty_params *d, double ratio)
{
    if (d->kind == DIRTY_IDLE)
        return false;
    d->write_bytes_per_s *= ratio;
    for (uint32_t i = 0; i < d->nr_classes; i++)
        d->classes[i].writes_per_s *= ratio;
    if (d->nr_points > 0)
        scale_points(a, d, ratio);
    return true;
}

/* One VM gets a guest and a workload of its own. */
static bool part(struct altered *a, uint32_t vm)
{
    struct scn_vm *v = &a->sc.vms[vm];
    struct guest_params *own = copy(a, v->guest, 1, sizeof(*own));

    if (!own)
        return false;
    a->sc.workloads[a->base->nr_workloads] = a->sc.workloads[v->workload];
    a->sc.nr_workloads = a->base->nr_workloads + SPARE;
    v->workload = a->base->nr_workloads;
    v->guest = own;
    return true;
}

bool altered_writes(struct altered *a, uint32_t vm, double ratio)
{
    bool any = false;

    if (vm != VM_NONE) {
        if (!part(a, vm) || !scale_writes(a, &own_guest(a, vm)->dirty, ratio))
            return false;
        scale(&a->sc.workloads[a->sc.vms[vm].workload].write_bytes_per_s, ratio);
        return true;
    }
    for (uint32_t i = 0; i < a->sc.nr_vms; i++)
        if (is_first_of_guest(a, i))
            any |= scale_writes(a, &own_guest(a, i)->dirty, ratio);
    for (uint32_t i = 0; i < a->sc.nr_workloads; i++)
        scale(&a->sc.workloads[i].write_bytes_per_s, ratio);
    return any;
}

static void cap_at(uint64_t *bytes, uint64_t most)
{
    *bytes = *bytes > most ? most : *bytes;
}

static bool scale_working_set(struct guest_params *g, double ratio)
{
    struct dirty_params *d = &g->dirty;

    if (d->kind == DIRTY_IDLE || !scale_u64(&d->working_set_bytes, ratio))
        return false;
    cap_at(&d->working_set_bytes, g->memory_bytes);
    scale_u64(&d->hot_bytes, ratio);
    cap_at(&d->hot_bytes, d->working_set_bytes);
    return true;
}

/* A drawn working set can pass the memory of a small guest; the draw itself is capped then. */
static void cap_draws(struct altered *a)
{
    for (uint32_t i = 0; i < a->sc.nr_vms; i++) {
        struct scn_workload *w = &a->sc.workloads[a->sc.vms[i].workload];
        double most = a->sc.vms[i].guest ? (double)a->sc.vms[i].guest->memory_bytes : INFINITY;

        w->working_set_bytes.a = fmin(w->working_set_bytes.a, most);
        if (w->working_set_bytes.kind == UNCERTAIN_UNIFORM)
            w->working_set_bytes.b = fmin(w->working_set_bytes.b, most);
    }
}

bool altered_working_sets(struct altered *a, double ratio)
{
    bool any = false;

    for (uint32_t i = 0; i < a->sc.nr_vms; i++)
        if (is_first_of_guest(a, i))
            any |= scale_working_set(own_guest(a, i), ratio);
    for (uint32_t i = 0; any && i < a->sc.nr_workloads; i++)
        scale(&a->sc.workloads[i].working_set_bytes, ratio);
    if (any)
        cap_draws(a);
    return any;
}

bool altered_contents(struct altered *a, double ratio)
{
    bool any = false;

    for (uint32_t i = 0; i < a->sc.nr_vms; i++) {
        struct guest_params *g = is_first_of_guest(a, i) ? own_guest(a, i) : NULL;
        uint64_t before = g ? g->nonzero_bytes : 0;

        if (!g || !scale_u64(&g->nonzero_bytes, ratio))
            continue;
        cap_at(&g->nonzero_bytes, g->memory_bytes + g->extra_bytes);
        any |= g->nonzero_bytes != before;
    }
    return any;
}

/* ---- network ---- */

static bool scale_networks(struct altered *a, double ratio)
{
    struct scn_topology *t = &a->sc.topology;
    struct scn_network *networks = copy(a, t->networks, t->nr_networks, sizeof(*networks));
    struct scn_rack *racks = copy(a, t->racks, t->nr_racks, sizeof(*racks));
    bool any = false;

    for (uint32_t i = 0; networks && i < t->nr_networks; i++)
        any |= scale_u64(&networks[i].nic_bps, ratio);
    for (uint32_t i = 0; racks && i < t->nr_racks; i++)
        any |= scale_u64(&racks[i].uplink_bps, ratio);
    t->networks = networks ? networks : t->networks;
    t->racks = racks ? racks : t->racks;
    return any;
}

bool altered_links(struct altered *a, double ratio)
{
    bool any = scale_networks(a, ratio);

    for (uint32_t i = 0; i < a->sc.nr_links; i++)
        if (uncertain_mid(&a->sc.links[i].rate_bps) < (double)UNITS_UNLIMITED)
            any |= scale(&a->sc.links[i].rate_bps, ratio);
    for (uint32_t i = 0; i < a->sc.nr_hosts; i++)
        any |= scale_u64(&a->sc.hosts[i].nic_bps, ratio);
    return any;
}

static bool scale_traffic(struct altered *a, struct scn_link *l, double ratio)
{
    struct scn_traffic *traffic = copy(a, l->traffic, l->nr_traffic, sizeof(*traffic));
    bool any = scale(&l->background_bps, ratio);

    for (uint32_t i = 0; traffic && i < l->nr_traffic; i++) {
        any |= traffic[i].bps > 0.0;
        traffic[i].bps *= ratio;
    }
    l->traffic = traffic ? traffic : l->traffic;
    return any;
}

bool altered_background(struct altered *a, double ratio)
{
    struct scn_topology *t = &a->sc.topology;
    struct scn_rack *racks = copy(a, t->racks, t->nr_racks, sizeof(*racks));
    bool any = false;

    for (uint32_t i = 0; i < a->sc.nr_links; i++)
        any |= scale_traffic(a, &a->sc.links[i], ratio);
    for (uint32_t i = 0; racks && i < t->nr_racks; i++) {
        any |= scale_u64(&racks[i].background_bps, ratio);
        cap_at(&racks[i].background_bps, racks[i].uplink_bps / 100 * 99);
    }
    t->racks = racks ? racks : t->racks;
    return any;
}

/* ---- hosts ---- */

/* The costs of a host are ours, and looked at once: NULL where it shares those of the one before.
 */
static struct host_costs *own_costs(struct altered *a, uint32_t host)
{
    if (host > 0 && a->sc.hosts[host].costs == a->sc.hosts[host - 1].costs)
        return NULL;
    return (struct host_costs *)a->sc.hosts[host].costs;
}

static bool scale_rates(struct host_costs *c, double ratio)
{
    uint64_t *const rates[] = {
        &c->copy_bytes_per_s,       &c->multifd_bytes_per_s,     &c->zero_scan_bytes_per_s,
        &c->final_copy_bytes_per_s, &c->tls_bytes_per_s,         &c->zlib_bytes_per_s,
        &c->zstd_bytes_per_s,       &c->hw_compress_bytes_per_s, &c->xbzrle_bytes_per_s};
    bool any = false;

    for (size_t k = 0; k < sizeof(rates) / sizeof(rates[0]); k++)
        any |= scale_u64(rates[k], ratio);
    return any;
}

static bool scale_stops(struct host_costs *c, double ratio)
{
    int64_t *const times[] = {
        &c->stop_ns,        &c->sync_fixed_ns,    &c->sync_ns_per_gib, &c->device_save_ns,
        &c->dest_start_ns,  &c->finish_ns,        &c->libvirt_wait_ns, &c->libvirt_finish_ns,
        &c->setup_fixed_ns, &c->setup_ns_per_gib, &c->rtt_ns};
    bool any = false;

    for (size_t k = 0; k < sizeof(times) / sizeof(times[0]); k++)
        any |= scale_ns(times[k], ratio);
    return any;
}

static bool scale_costs(struct altered *a, bool each(struct host_costs *, double), double ratio)
{
    bool any = false;

    for (uint32_t i = 0; i < a->sc.nr_hosts; i++) {
        struct host_costs *c = own_costs(a, i);

        any |= c && each(c, ratio);
    }
    return any;
}

bool altered_copying(struct altered *a, double ratio)
{
    return scale_costs(a, scale_rates, ratio);
}

bool altered_stops(struct altered *a, double ratio)
{
    return scale_costs(a, scale_stops, ratio);
}

bool altered_host_memory(struct altered *a, uint32_t host, uint64_t more_bytes)
{
    if (a->sc.hosts[host].memory_bytes == 0)
        return false;
    a->sc.hosts[host].memory_bytes += more_bytes;
    return true;
}

/* ---- settings ---- */

bool altered_downtime_limits(struct altered *a, double ratio)
{
    bool any = false;

    for (uint32_t i = 0; i < a->sc.nr_migrations; i++)
        any |= scale_ns(&a->sc.migrations[i].params.downtime_limit_ns, ratio);
    return any;
}

bool altered_delays(struct altered *a, double ratio)
{
    bool start = scale_ns(&a->sc.cluster.rules.start_delay_ns, ratio);

    return scale_ns(&a->sc.cluster.rules.finish_delay_ns, ratio) || start;
}

bool altered_slots(struct altered *a, double ratio)
{
    struct cluster_rules *r = &a->sc.cluster.rules;
    uint32_t *const limits[] = {&r->max_total, &r->max_out, &r->max_in, &r->max_per_host};
    bool any = false;

    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
        any |= scale_limit(limits[i], ratio);
    return any;
}

bool altered_one_at_a_time(struct altered *a)
{
    struct cluster_rules *r = &a->sc.cluster.rules;

    if (r->max_out == 1 || r->max_total == 1 || r->max_per_host == 1)
        return false;
    r->max_out = 1;
    return true;
}

bool altered_no_cap(struct altered *a)
{
    bool any = false;

    for (uint32_t i = 0; i < a->sc.nr_migrations; i++) {
        struct scn_migration *m = &a->sc.migrations[i];

        any |= m->params.max_bandwidth_bytes_per_s != UNITS_UNLIMITED;
        m->params.max_bandwidth_bytes_per_s = UNITS_UNLIMITED;
        m->max_bandwidth_bytes_per_s =
            (struct uncertain){.kind = UNCERTAIN_FIXED, .a = (double)UNITS_UNLIMITED};
    }
    return any;
}

bool altered_multifd(struct altered *a, uint32_t channels)
{
    bool any = false;

    for (uint32_t i = 0; i < a->sc.nr_migrations; i++) {
        struct mig_params *p = &a->sc.migrations[i].params;

        if (p->xbzrle || (p->postcopy && !qemu_behaviour(p->qemu)->multifd_with_postcopy) ||
            (p->multifd && p->multifd_channels >= channels))
            continue;
        p->multifd = true;
        p->multifd_channels = channels;
        any = true;
    }
    return any;
}

bool altered_skip_check(struct altered *a, uint32_t refusal)
{
    uint32_t bit = 1u << refusal, before = a->sc.cluster.rules.filters_off;

    a->sc.cluster.rules.filters_off |= bit;
    return !(before & bit);
}
