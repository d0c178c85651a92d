/*
 * platforms.c - the table of control planes, and what they share in asking for time.
 */
#include <assert.h>
#include <string.h>

#include "sim/platform.h"
#include "sim/platform_list.h"
#include "sim/sim_int.h"

/* No control plane: requests start when they are made, and nothing tunes them. */
static const struct platform_ops platform_none = {
    .name = "none", .help = "no control plane: QEMU alone, every request starts at once"};

#define DECLARE(name, help) extern const struct platform_ops platform_##name;
PLATFORM_LIST(DECLARE)

#define ROW(name, help) &platform_##name,
const struct platform_ops *const platforms[] = {&platform_none, PLATFORM_LIST(ROW) NULL};

const struct platform_ops *platform_find(const char *name)
{
    for (const struct platform_ops *const *p = platforms; *p; p++)
        if (strcmp((*p)->name, name) == 0)
            return *p;
    return NULL;
}

const void *platform_settings(const struct sim *sim)
{
    return sim->sc->cluster.settings;
}

void *platform_state(struct sim *sim)
{
    return sim->platform_state;
}

void *platform_vm_state(struct sim *sim, uint32_t vm)
{
    cluster_touch(sim, sim->sc->vms[vm].host);
    return sim->platform_vms + (size_t)vm * sim->platform->vm_state_bytes;
}

void *platform_host_state(struct sim *sim, uint32_t host)
{
    cluster_touch(sim, host);
    return sim->platform_hosts + (size_t)host * sim->platform->host_state_bytes;
}

void platform_tick_at(struct sim *sim, int64_t at_ns, uint32_t what)
{
    sim_push(sim, at_ns, 0, EV_TICK, what, 0);
}

void mig_poll_at(struct sim *sim, struct mig *m, int64_t at_ns)
{
    sim_schedule(sim, m, TIMER_POLL, EV_POLL, at_ns > sim->now_ns ? at_ns : sim->now_ns);
}

void mig_poll_off(struct sim *sim, struct mig *m)
{
    sim_unschedule(sim, m, TIMER_POLL);
}

int64_t platform_lattice(int64_t origin_ns, int64_t period_ns, int64_t at_ns)
{
    int64_t k;

    assert(period_ns > 0);
    if (at_ns <= origin_ns)
        return origin_ns;
    k = (at_ns - origin_ns + period_ns - 1) / period_ns;
    return origin_ns + k * period_ns;
}

bool mig_in_precopy(const struct mig *m)
{
    return m->state == MIG_SETUP || m->state == MIG_PRECOPY;
}

bool mig_in_mirror(const struct mig *m)
{
    return m->state == MIG_MIRROR;
}

void mig_order_downtime_limit(struct sim *sim, struct mig *m, int64_t limit_ns)
{
    if (!mig_in_precopy(m))
        return;
    mig_settle(sim, m);
    m->params.downtime_limit_ns = limit_ns;
    mig_set_limits(sim, m);
    mig_replan(sim, m);
}

void mig_order_suspend(struct sim *sim, struct mig *m)
{
    if (!(mig_in_precopy(m) || m->state == MIG_MIRROR) || m->suspended)
        return;
    if (m->state != MIG_MIRROR)
        guest_advance(sim, m, sim->now_ns);
    disks_pause(sim, m, true);
    m->suspended = true;
    if (m->blackout_start_ns < 0)
        m->blackout_start_ns = sim->now_ns;
}

void mig_order_abort(struct sim *sim, struct mig *m, bool timed_out, const char *reason)
{
    mig_cancel(sim, m, timed_out, reason);
}

void mig_order_throttle(struct sim *sim, struct mig *m, uint32_t pct)
{
    guest_advance(sim, m, sim->now_ns);
    m->held_back_pct = pct;
    if (pct > m->own.max_throttle_pct)
        m->own.max_throttle_pct = pct;
}

uint64_t mig_remaining_bytes(struct sim *sim, struct mig *m)
{
    mig_settle(sim, m);
    mig_replan(sim, m);
    return m->sender.pending_pages * PAGE_BYTES;
}

uint64_t mig_transferred_bytes(struct sim *sim, struct mig *m)
{
    mig_settle(sim, m);
    mig_replan(sim, m);
    return (uint64_t)m->sender.counted_bytes;
}
