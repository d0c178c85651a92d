/*
 * mig_end.c - every way a migration ends other than completing, and the row it leaves.
 *
 * Before the switchover a cancel or a failure leaves the guest running at the source and all work
 * lost; in post-copy the guest is lost with either side (reference section 14).
 */
#include "sim/sim_int.h"

#include <assert.h>
#include <math.h>

#include "base/num.h"
#include "base/units.h"

static enum binding what_bound(const struct mig *m)
{
    const double *t = m->sender.bound_ns;
    int worst = 0;

    if (m->state == MIG_MIRROR)
        return m->disks_awaited > 0 && m->disks_behind ? BINDING_DIRTY_RATE : BINDING_LINK;
    if (m->result->outcome == OUTCOME_TIMEOUT || m->result->outcome == OUTCOME_QUEUED) {
        double rate = dirty_distinct_rate(&m->model, 0.0);

        return rate > 0.0 && m->result->rounds > 2 ? BINDING_DIRTY_RATE : BINDING_TIMEOUT;
    }
    if (m->result->outcome == OUTCOME_FAILED)
        return BINDING_FAULT;
    for (int i = 1; i < 4; i++)
        worst = t[i] > t[worst] ? i : worst;
    static const enum binding names[] = {BINDING_CAP, BINDING_LINK, BINDING_STREAM_CPU,
                                         BINDING_SCAN};
    return t[worst] > 0.0 ? names[worst] : BINDING_NONE;
}

void mig_finish_row(struct sim *sim, struct mig *m)
{
    struct mig_result *r = m->result;

    (void)sim;
    r->transferred_bytes = (uint64_t)num_round(m->sender.counted_bytes);
    if (r->precopy_bytes == 0 && m->postcopy_start_ns < 0)
        r->precopy_bytes = r->transferred_bytes;
    r->zero_pages = m->sender.sent_pages[WIRE_ZERO];
    r->normal_pages = m->sender.sent_pages[WIRE_NORMAL] + m->sender.sent_pages[WIRE_MIXED];
    if (m->throttle.max_pct > r->max_throttle_pct) /* else the platform slowed it more */
        r->max_throttle_pct = m->throttle.max_pct;
    r->downtime_limit_ns = m->params.downtime_limit_ns;
    r->guest_slowdown_ratio = m->wanted_s > 0.0 ? 1.0 - m->worked_s / m->wanted_s : 0.0;
    r->binding = what_bound(m);
}

static void end_early(struct sim *sim, struct mig *m, enum mig_state state, enum outcome outcome,
                      const char *reason, int64_t clean_up_ns)
{
    struct mig_result *r = m->result;

    mig_settle(sim, m);
    if (m->state >= MIG_PRECOPY)
        guest_advance(sim, m, sim->now_ns);
    r->outcome = outcome;
    r->reason = reason;
    r->ended_ns = sim->now_ns + clean_up_ns;
    r->total_ns = r->ended_ns - r->started_ns;
    r->downtime_ns = m->blackout_start_ns >= 0 && r->downtime_ns < 0
                         ? sim->now_ns - m->blackout_start_ns
                         : r->downtime_ns;
    if (r->downtime_ns < -1)
        r->downtime_ns = -1;
    r->blackout_ns = m->blackout_start_ns >= 0 ? r->ended_ns - m->blackout_start_ns : -1;
    if (r->blackout_ns < -1)
        r->blackout_ns = -1; /* it was about to begin */
    mig_finish_row(sim, m);
    mig_set_state(sim, m, state);
    sim_reshare(sim);
}

/* An attempt that has not issued `migrate` yet. */
static void end_idle(struct sim *sim, struct mig *m, enum mig_state state, enum outcome outcome,
                     const char *reason)
{
    m->own.outcome = outcome;
    m->own.reason = reason;
    m->own.ended_ns = sim->now_ns;
    mig_set_state(sim, m, state);
}

void mig_refuse(struct sim *sim, struct mig *m, const char *reason)
{
    assert(m->state == MIG_IDLE);
    end_idle(sim, m, MIG_FAILED, OUTCOME_REJECTED, reason);
}

/* A limit acts only while the guest runs at the source; an order still in the blackout, where the
 * guest is started again, and in post-copy with the releases that take it there, unless libvirt
 * stands before QEMU: it refuses. */
void mig_cancel(struct sim *sim, struct mig *m, bool timed_out, const char *reason)
{
    bool precopy = m->state == MIG_MIRROR || m->state == MIG_SETUP || m->state == MIG_PRECOPY;
    bool postcopy = m->state == MIG_POSTCOPY || m->state == MIG_PAUSED;

    if (m->state == MIG_IDLE)
        end_idle(sim, m, MIG_CANCELLED, OUTCOME_CANCELLED, reason);
    else if (m->state == MIG_OFFLINE)
        end_early(sim, m, MIG_CANCELLED, timed_out ? OUTCOME_TIMEOUT : OUTCOME_CANCELLED, reason,
                  cold_back_ns(sim, m));
    else if (precopy || (m->state == MIG_SWITCHOVER && !timed_out))
        end_early(sim, m, MIG_CANCELLED, timed_out ? OUTCOME_TIMEOUT : OUTCOME_CANCELLED, reason,
                  m->costs->cancel_ns);
    else if (postcopy && m->qemu->cancel_in_postcopy && !m->params.libvirt) {
        m->guest_lost = true;
        end_early(sim, m, MIG_FAILED, OUTCOME_FAILED, "cancelled in post-copy: guest lost", 0);
    }
}

void mig_fail(struct sim *sim, struct mig *m, const char *reason)
{
    if (m->state >= MIG_DONE)
        return;
    if (m->state == MIG_IDLE) {
        end_idle(sim, m, MIG_FAILED, OUTCOME_FAILED, reason);
        return;
    }
    if (m->state == MIG_POSTCOPY || m->state == MIG_PAUSED) {
        reason = "host failed in post-copy: guest lost";
        m->guest_lost = true;
    }
    end_early(sim, m, MIG_FAILED, OUTCOME_FAILED, reason,
              m->state == MIG_OFFLINE && !m->guest_lost ? cold_back_ns(sim, m) : 0);
}

void mig_connection_lost(struct sim *sim, struct mig *m, const char *reason)
{
    m->timers[TIMER_BREAK] = EVENT_NONE;
    if (m->state == MIG_POSTCOPY)
        postcopy_pause(sim, m);
    else
        mig_fail(sim, m, reason);
}

/* What still runs when the simulated time is over is reported as it stands. */
void mig_horizon(struct sim *sim, struct mig *m)
{
    if (m->state >= MIG_DONE)
        return;
    if (m->state == MIG_IDLE) {
        m->own.reason = job_at(sim, m->job)->why ? job_at(sim, m->job)->why
                                                 : "still being prepared at the horizon";
        return;
    }
    if (sim->sc->horizon_ns > sim->now_ns)
        sim->now_ns = sim->sc->horizon_ns;
    mig_settle(sim, m);
    if (m->state == MIG_PRECOPY)
        guest_advance(sim, m, sim->now_ns);
    m->result->outcome = m->state == MIG_PAUSED ? OUTCOME_FAILED : OUTCOME_QUEUED;
    m->result->reason = m->state == MIG_PAUSED
                            ? "post-copy paused and never recovered: guest stopped"
                            : "still running at the horizon";
    m->result->total_ns = sim->now_ns - m->result->started_ns;
    if (m->result->downtime_ns < -1)
        m->result->downtime_ns = -1;
    if (m->state == MIG_MIRROR) {
        m->disks_behind = disks_never_ready(sim, m);
        m->result->reason = m->disks_behind
                                ? "never ready: a disk is written faster than it is copied"
                                : "still copying disks at the horizon";
    }
    mig_finish_row(sim, m);
    for (int t = 0; t < TIMER_NR; t++)
        sim_unschedule(sim, m, (enum mig_timer)t);
    network_stop(&sim->net, m->slot);
    disks_stop(sim, m);
}
