/*
 * migration.c - the state machine of one migration up to the switchover.
 *
 * How it begins is mig_start.c's, what a sync finds mig_sync.c's.
 *
 * The sender (models/precopy.c) says when the next decision is due at the present share of the
 * network; that moment is the migration's one scheduled step.  If the share, a limit or the dirty
 * set changes earlier, the sender is settled there and planned anew.  Decisions follow QEMU
 * migration/migration.c, migration_iteration_run(); the numbers in comments are its order.
 */
#include "sim/sim_int.h"

#include <assert.h>
#include <math.h>

#include "base/num.h"
#include "base/units.h"

#define FOREVER_NS (INT64_MAX / 4)

static const unsigned mig_next[MIG_NR_STATES] = {
    [MIG_IDLE] =
        BIT(MIG_MIRROR) | BIT(MIG_OFFLINE) | BIT(MIG_SETUP) | BIT(MIG_CANCELLED) | BIT(MIG_FAILED),
    [MIG_MIRROR] = BIT(MIG_SETUP) | BIT(MIG_CANCELLED) | BIT(MIG_FAILED),
    [MIG_OFFLINE] = BIT(MIG_DONE) | BIT(MIG_CANCELLED) | BIT(MIG_FAILED),
    [MIG_SETUP] = BIT(MIG_PRECOPY) | BIT(MIG_CANCELLED) | BIT(MIG_FAILED),
    [MIG_PRECOPY] = BIT(MIG_SWITCHOVER) | BIT(MIG_POSTCOPY) | BIT(MIG_CANCELLED) | BIT(MIG_FAILED),
    [MIG_SWITCHOVER] = BIT(MIG_DONE) | BIT(MIG_CANCELLED) | BIT(MIG_FAILED),
    [MIG_POSTCOPY] = BIT(MIG_PAUSED) | BIT(MIG_DONE) | BIT(MIG_FAILED),
    [MIG_PAUSED] = BIT(MIG_POSTCOPY) | BIT(MIG_FAILED),
};

static void check_state(const struct mig *m)
{
    switch (m->state) {
    case MIG_PRECOPY:
        assert(m->result->rounds >= 1);
        break;
    case MIG_SWITCHOVER:
        assert(m->blackout_start_ns >= m->result->started_ns);
        break;
    case MIG_POSTCOPY:
    case MIG_PAUSED:
        assert(m->params.postcopy && m->postcopy_start_ns >= 0);
        break;
    default:
        break;
    }
}

void mig_set_state(struct sim *sim, struct mig *m, enum mig_state to)
{
    assert(mig_next[m->state] & BIT(to));
    m->state = to;
    if (m->wait.link != PACE_NONE)
        pace_leave(sim, m);
    if (to >= MIG_DONE) {
        for (int t = 0; t < TIMER_NR; t++)
            if (m->timers[t] != EVENT_NONE)
                sim_unschedule(sim, m, (enum mig_timer)t);
        network_stop(&sim->net, m->slot);
        disks_stop(sim, m);
        cluster_mig_ended(sim, m);
    }
    check_state(m);
}

void mig_settle(struct sim *sim, struct mig *m)
{
    if (m->state == MIG_PRECOPY) {
        if (m->wait.link != PACE_NONE)
            pace_settle(sim, m);
        else if (m->link_rate > 0.0 && sim->now_ns > m->sender.now_ns)
            precopy_run(&m->sender, &m->limits, sim->now_ns, m->want_postcopy);
        else if (m->link_rate <= 0.0 && sim->now_ns > m->sender.now_ns)
            m->sender.now_ns = sim->now_ns;
        if (m->sender.pending_pages < m->least_pending) {
            m->least_pending = m->sender.pending_pages;
            m->progress_ns = m->sender.sent_ns;
        }
    } else if (m->state == MIG_SWITCHOVER || m->state == MIG_POSTCOPY ||
               (m->state == MIG_OFFLINE && m->bulk.wire_bytes > 0.0)) {
        bulk_settle(m, sim->now_ns);
    }
}

void mig_plan(struct sim *sim, struct mig *m)
{
    int64_t at;

    assert(m->state == MIG_PRECOPY && m->link_rate > 0.0 && m->wait.link == PACE_NONE);
    m->trial = m->sender;
    precopy_run(&m->trial, &m->limits, FOREVER_NS, m->want_postcopy);
    at = m->trial.now_ns > sim->now_ns ? m->trial.now_ns : sim->now_ns;
    sim_schedule(sim, m, TIMER_STEP, EV_STEP, at);
    if (sim->platform->planned)
        sim->platform->planned(sim, m, at);
}

void mig_replan(struct sim *sim, struct mig *m)
{
    int64_t at;

    if (m->state == MIG_PRECOPY) {
        if (m->link_rate <= 0.0) {
            sim_unschedule(sim, m, TIMER_STEP);
            return;
        }
        if (m->wait.link != PACE_NONE)
            pace_leave(sim, m);
        if (pace_enter(sim, m)) {
            sim_unschedule(sim, m, TIMER_STEP);
            return;
        }
        mig_plan(sim, m);
    } else if ((m->state == MIG_SWITCHOVER && m->step == STEP_SEND) || m->state == MIG_POSTCOPY ||
               (m->state == MIG_OFFLINE && m->bulk.wire_bytes > 0.0)) {
        at = bulk_end_ns(m, sim->now_ns);
        if (at < 0)
            sim_unschedule(sim, m, TIMER_STEP);
        else
            sim_schedule(sim, m, TIMER_STEP, EV_STEP, at);
    }
}

void mig_share_changed(struct sim *sim, struct mig *m, double rate)
{
    double under_way;

    mig_settle(sim, m);
    under_way = m->link_rate * ((double)(sim->now_ns - m->sender.now_ns) / (double)NS_PER_S);
    if (m->wait.link != PACE_NONE)
        pace_leave(sim, m);
    if (rate <= 0.0 && m->link_rate > 0.0)
        sim_schedule(sim, m, TIMER_BREAK, EV_BREAK, sim->now_ns + m->costs->tcp_timeout_ns);
    else if (rate > 0.0)
        sim_unschedule(sim, m, TIMER_BREAK);
    m->link_rate = rate;
    m->limits.link_bytes_per_s = num_max(rate, 1.0);
    if (m->state == MIG_PRECOPY && rate > 0.0)
        precopy_catch_up(&m->sender, &m->limits, under_way, sim->now_ns);
    mig_replan(sim, m);
}

/* 1. exact pending if the estimate is low, 2. complete, 3. post-copy, 4. go on. */
void mig_decide(struct sim *sim, struct mig *m)
{
    struct precopy *s = &m->sender;
    bool low = s->pending_pages == 0 || precopy_is_low(s, &m->limits);

    if (precopy_asks_exact(s)) {
        mig_sync(sim, m, false);
        low = s->pending_pages == 0 || precopy_is_low(s, &m->limits);
    }
    if (m->want_postcopy && m->qemu->postcopy_before_complete) {
        postcopy_begin(sim, m);
        return;
    }
    if (low) {
        switchover_begin(sim, m);
        return;
    }
    if (m->want_postcopy) {
        postcopy_begin(sim, m);
        return;
    }
    precopy_call(s);
    mig_replan(sim, m);
}

void mig_step(struct sim *sim, struct mig *m)
{
    m->timers[TIMER_STEP] = EVENT_NONE;
    switch (m->state) {
    case MIG_MIRROR:
        disks_step(sim, m);
        break;
    case MIG_OFFLINE:
        cold_step(sim, m);
        break;
    case MIG_SETUP:
        mig_end_setup(sim, m);
        break;
    case MIG_PRECOPY:
        m->sender = m->trial;
        mig_decide(sim, m);
        break;
    case MIG_SWITCHOVER:
        switchover_step(sim, m);
        break;
    case MIG_POSTCOPY:
        postcopy_step(sim, m);
        break;
    case MIG_PAUSED:
        postcopy_recover(sim, m);
        break;
    default:
        assert(!"no step in this state");
    }
}

/* Auto-converge's timer (9.2+): a sync of its own when none came since the last tick, never in
 * round 1. */
void mig_timer_sync(struct sim *sim, struct mig *m)
{
    m->timers[TIMER_CONVERGE] = EVENT_NONE;
    if (m->state != MIG_PRECOPY && m->state != MIG_SETUP)
        return;
    if (m->state == MIG_PRECOPY && m->result->rounds > 1 &&
        m->result->rounds == m->timer_sync_count) {
        int64_t now;

        mig_settle(sim, m);
        now = m->sender.now_ns;
        mig_sync(sim, m, false);
        /* the main loop does this sync: the sender goes on meanwhile */
        m->sender.now_ns = now;
        mig_replan(sim, m);
    }
    m->timer_sync_count = m->result->rounds;
    sim_schedule(sim, m, TIMER_CONVERGE, EV_TIMER, sim->now_ns + THROTTLE_TIMER_NS);
}

void mig_order_postcopy(struct sim *sim, struct mig *m)
{
    if (m->state == MIG_SETUP) {
        m->want_postcopy = true;
        return;
    }
    if (m->state != MIG_PRECOPY || m->want_postcopy)
        return;
    mig_settle(sim, m);
    m->want_postcopy = true;
    mig_replan(sim, m);
}

void mig_progress(struct sim *sim, struct mig *m)
{
    int64_t due;

    m->timers[TIMER_PROGRESS] = EVENT_NONE;
    if (m->state != MIG_PRECOPY && m->state != MIG_SETUP)
        return;
    mig_settle(sim, m);
    mig_replan(sim, m);
    due = m->progress_ns + m->params.progress_timeout_ns;
    if (m->state == MIG_SETUP)
        due = sim->now_ns + m->params.progress_timeout_ns;
    if (due > sim->now_ns) {
        sim_schedule(sim, m, TIMER_PROGRESS, EV_PROGRESS, due);
        return;
    }
    if (m->params.postcopy && m->params.postcopy_trigger == POSTCOPY_ON_STALL)
        mig_order_postcopy(sim, m);
    else
        mig_cancel(sim, m, true, "progress timeout: remaining memory stopped shrinking");
}

void mig_timeout(struct sim *sim, struct mig *m)
{
    m->timers[TIMER_TIMEOUT] = EVENT_NONE;
    if (m->state != MIG_PRECOPY && m->state != MIG_SETUP)
        return;
    if (sim->platform->timeout && sim->platform->timeout(sim, m))
        return;
    if (m->params.postcopy && (m->params.timeout_action == TIMEOUT_POSTCOPY ||
                               m->params.postcopy_trigger == POSTCOPY_ON_TIMEOUT)) {
        mig_order_postcopy(sim, m);
        return;
    }
    if (m->params.timeout_action == TIMEOUT_SUSPEND) {
        mig_order_suspend(sim, m);
        return;
    }
    mig_cancel(sim, m, true, "completion timeout");
}
