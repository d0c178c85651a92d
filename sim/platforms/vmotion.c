/*
 * vmotion.c - VMware vMotion, for contrast: cost units decide how many at once, and the guest is
 * slowed until it converges.
 *
 * A task starts only when host, network and datastore on both ends have room for its cost; else it
 * queues.  After each pre-copy pass that did not shrink what is left enough, the guest's vCPUs are
 * slowed in proportion ("stun during page send"), so there is no timeout by design.
 *
 * How hard SDPS slows is not published; the rule here is ours and marked so in the preset.  Source
 * of costs: VMware vSphere 6.5 documentation, limits on simultaneous migrations.
 */
#include <assert.h>
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "sim/scenario/scenario_options.h"
#include "sim/sim_int.h"

#define TEN_GBE 10000000000ULL

struct vmotion_settings {
    uint32_t host_capacity, network_1g, network_10g, datastore_capacity;
    uint32_t vmotion_host, storage_host, cold_host, vmotion_network;
    uint32_t vmotion_datastore, storage_datastore;
    bool sdps;
    double shrink_ratio;
};

struct vmotion_host {
    uint32_t host, network; /* units in use */
};

struct vmotion_mig {
    uint64_t pending; /* bytes left after the pass before */
    uint32_t pct;     /* slowed by so much */
    bool seen;
};
static_assert(sizeof(struct vmotion_mig) <= PLATFORM_MIG_STATE, "state must fit");

/* clang-format off */
#define AT(field) offsetof(struct vmotion_settings, field)
#define UNITS(key, field_, def_, help_) \
    {.name = key, .type = OPT_U32, .offset = AT(field_), .def = def_, .min = 0.0, .max = 100000.0, \
     .help = help_}
static const struct option settings_rows[] = {
    UNITS("host_capacity", host_capacity, "8", "units of a host"),
    UNITS("network_capacity_1g", network_1g, "4", "units of a network card below 10 Gb/s"),
    UNITS("network_capacity_10g", network_10g, "8", "units of a network card of 10 Gb/s and more"),
    UNITS("datastore_capacity", datastore_capacity, "128",
          "units of a datastore: the first of a VM's storage_domains"),
    UNITS("vmotion_host_cost", vmotion_host, "1", "units of each host that a vMotion takes"),
    UNITS("storage_host_cost", storage_host, "4", "and one that copies disks too"),
    UNITS("cold_host_cost", cold_host, "1", "and a cold migration"),
    UNITS("vmotion_network_cost", vmotion_network, "1", "units of each network card"),
    UNITS("vmotion_datastore_cost", vmotion_datastore, "1", "units of its datastore"),
    UNITS("storage_datastore_cost", storage_datastore, "16", "and one that copies disks too"),
    {.name = "sdps", .type = OPT_BOOL, .offset = AT(sdps), .def = "on",
     .help = "slow the guest when it dirties faster than its memory can be sent"},
    {.name = "sdps_shrink", .type = OPT_RATIO, .offset = AT(shrink_ratio), .def = "70%",
     .min = 0.01, .max = 0.99,
     .help = "each pass has to leave no more than this share of what the one before left",
     .note = "VMware does not publish how hard it slows a guest; this rule is an assumption."},
};
#undef AT
/* clang-format on */

extern const struct option_table platform_vmotion_options;
extern const struct platform_ops platform_vmotion;

const struct option_table platform_vmotion_options = {
    .rows = settings_rows,
    .nr = sizeof(settings_rows) / sizeof(settings_rows[0]),
    .size = sizeof(struct vmotion_settings),
};

/* What one migration takes of each of its two hosts, and of its datastore. */
struct cost {
    uint32_t host, network, datastore;
};

static struct cost cost_of(const struct sim *sim, const struct job *job)
{
    const struct vmotion_settings *s = platform_settings(sim);
    bool disks = disks_to_copy(sim, job->vm, job->source, job->target) > 0;

    if (job->kind != JOB_LIVE)
        return (struct cost){.host = s->cold_host};
    return (struct cost){.host = disks ? s->storage_host : s->vmotion_host,
                         .network = s->vmotion_network,
                         .datastore = disks ? s->storage_datastore : s->vmotion_datastore};
}

static uint32_t network_capacity(const struct sim *sim, uint32_t host)
{
    const struct vmotion_settings *s = platform_settings(sim);

    return sim->sc->hosts[host].nic_bps >= TEN_GBE ? s->network_10g : s->network_1g;
}

static bool has_room(struct sim *sim, uint32_t host, const struct cost *c)
{
    const struct vmotion_settings *s = platform_settings(sim);
    const struct vmotion_host *h = platform_host_state(sim, host);

    return h->host + c->host <= s->host_capacity &&
           h->network + c->network <= network_capacity(sim, host);
}

/* NULL = none is said, and none is looked at. */
static const char *datastore_of(const struct sim *sim, uint32_t vm)
{
    const struct scn_place *p = &sim->sc->place;
    const struct option_list *names;

    if (p->nr_vm_attrs == 0)
        return NULL;
    names = &p->vm_attrs[scn_attrs_of(sim->sc, vm)].storage;
    return names->nr ? names->items[0] : NULL;
}

static bool datastore_has_room(struct sim *sim, const struct job *job, uint32_t units)
{
    const struct vmotion_settings *s = platform_settings(sim);
    const char *name = datastore_of(sim, job->vm);

    if (!name)
        return true;
    for (uint32_t slot = 0; slot < sim->nr_migs; slot++) {
        const struct job *other = job_at(sim, sim_mig(sim, slot)->job);
        const char *its = datastore_of(sim, other->vm);

        if (other->mig == slot && its && strcmp(its, name) == 0)
            units += cost_of(sim, other).datastore;
    }
    return units <= s->datastore_capacity;
}

static bool vmotion_admit(struct sim *sim, const struct job *job, uint32_t target)
{
    struct cost c = cost_of(sim, job);

    return has_room(sim, job->source, &c) && has_room(sim, target, &c) &&
           datastore_has_room(sim, job, c.datastore);
}

/* Costs are counted on both ends from the start on, so both must be known then. */
static enum status vmotion_check(const struct scenario *sc, struct diag *diag)
{
    if (sc->cluster.rules.unplaced != UNPLACED_HOLD)
        return ST_OK;
    diag_set(diag, ST_EINPUT, "vMotion holds no slot for a VM without a target");
    diag_hint(diag, "write [cluster] unplaced = wait");
    return ST_EINPUT;
}

static void use(struct sim *sim, uint32_t host, const struct cost *c, int sign)
{
    struct vmotion_host *h = platform_host_state(sim, host);

    h->host += sign > 0 ? c->host : 0 - c->host;
    h->network += sign > 0 ? c->network : 0 - c->network;
    assert(h->host < INT32_MAX && h->network < INT32_MAX);
}

static void vmotion_prepare(struct sim *sim, struct job *job, struct mig *m)
{
    struct cost c = cost_of(sim, job);

    use(sim, m->source, &c, 1);
    use(sim, m->target, &c, 1);
}

static void vmotion_ended(struct sim *sim, struct job *job, const struct mig *m)
{
    struct cost c = cost_of(sim, job);

    use(sim, m->source, &c, -1);
    use(sim, m->target, &c, -1);
}

/* What is left must shrink by the ratio each pass; if it does not, slow the guest in proportion. */
static void vmotion_pass(struct sim *sim, struct mig *m)
{
    const struct vmotion_settings *s = platform_settings(sim);
    struct vmotion_mig *v = (struct vmotion_mig *)m->platform;
    uint64_t pending = mig_remaining_bytes(sim, m);
    double ratio, share;

    if (!s->sdps)
        return;
    ratio = v->seen && v->pending > 0 ? (double)pending / (double)v->pending : 0.0;
    if (ratio > s->shrink_ratio) {
        share = (1.0 - (double)v->pct / 100.0) * s->shrink_ratio / ratio;
        v->pct = (uint32_t)fmin(ceil(100.0 * (1.0 - share)), 99.0);
        mig_order_throttle(sim, m, v->pct);
    }
    v->pending = pending;
    v->seen = true;
}

const struct platform_ops platform_vmotion = {
    .name = "vmotion",
    .help =
        "VMware vMotion: cost units on hosts, networks and datastores; slows guests to converge",
    .options = &platform_vmotion_options,
    .mig_state_bytes = sizeof(struct vmotion_mig),
    .host_state_bytes = sizeof(struct vmotion_host),
    .check = vmotion_check,
    .admit = vmotion_admit,
    .prepare = vmotion_prepare,
    .pass = vmotion_pass,
    .ended = vmotion_ended,
};
