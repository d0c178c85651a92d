/*
 * postcopy.c - the guest runs at the destination while the rest of its memory follows.
 *
 * The push in the background goes on at max-postcopy-bandwidth or the share of the network;
 * requested pages go first and the sweep continues behind them, so no page is sent twice and the
 * total stays the same.  What requests cost the guest is computed in models/postcopy.c from the
 * same push time. Source: QEMU migration/migration.c postcopy_start, migration/ram.c
 * get_queued_page, ram_save_queue_pages.
 */
#include "sim/sim_int.h"

#include <assert.h>
#include <math.h>

#include "base/units.h"
#include "models/postcopy.h"

static void account_stalls(struct mig *m, int64_t push_ns)
{
    struct postcopy_input in = {
        .missing_pages = (double)m->sender.pending_pages,
        .push_ns = (double)push_ns,
        .page_ns = m->link_rate > 0.0
                       ? (double)m->guest->host_page_bytes * (double)NS_PER_S / m->link_rate
                       : 0.0,
        .queue_ns = m->params.postcopy_preempt || m->link_rate <= 0.0
                        ? 0.0
                        : (double)m->costs->socket_buffer_bytes * (double)NS_PER_S / m->link_rate,
        .fault_ns = (double)(m->costs->postcopy_fault_ns + m->rtt_ns),
        .host_page_pages = (double)m->guest->host_page_bytes / (double)PAGE_BYTES,
        .vcpus = m->vcpus,
    };
    struct postcopy_stalls out;

    postcopy_estimate(&in, &m->model, &m->memory, &out);
    m->result->postcopy_stall_ns = (int64_t)llround(out.stall_ns);
}

void postcopy_begin(struct sim *sim, struct mig *m)
{
    const struct host_costs *c = m->costs;
    double pages, newly, runs, discard, package;
    bool swept;

    guest_advance(sim, m, sim->now_ns);
    m->blackout_start_ns = m->blackout_start_ns < 0 ? sim->now_ns : m->blackout_start_ns;
    m->postcopy_start_ns = sim->now_ns;
    m->result->precopy_bytes = (uint64_t)llround(m->sender.counted_bytes);
    /* what round 1 has not reached is one run; pages written since lie at random */
    swept = m->bulk_round;
    newly = (double)mig_sync(sim, m, true);
    pages = swept ? newly : (double)m->sender.pending_pages;
    /* runs of dirty pages at random: each dirty page that follows a clean one begins one */
    runs = pages * (1.0 - pages / ((double)(m->guest->memory_bytes + m->guest->extra_bytes) /
                                   (double)PAGE_BYTES));
    discard = fmax(runs, 1.0) * (double)c->postcopy_discard_ns_per_run;
    package = m->link_rate > 0.0
                  ? (double)m->guest->device_state_bytes * (double)NS_PER_S / m->link_rate
                  : 0.0;
    m->result->downtime_ns =
        c->stop_ns + c->sync_fixed_ns + c->device_save_ns + (int64_t)llround(discard + package);
    m->result->downtime_ns += disks_cut(sim, m);
    m->result->blackout_ns =
        sim->now_ns - m->blackout_start_ns + m->result->downtime_ns + m->rtt_ns + c->dest_start_ns;
    sim_unschedule(sim, m, TIMER_CONVERGE);
    sim_unschedule(sim, m, TIMER_LIMIT);
    sim_unschedule(sim, m, TIMER_PROGRESS);
    sim_unschedule(sim, m, TIMER_TIMEOUT);
    m->suspended = false;
    m->throttle.pct = 0;
    m->throttle.limiting = false;
    /* nothing leaves before the package: the push starts with the blackout's end at the source */
    bulk_start(m, sim->now_ns, 0.0, (double)m->result->downtime_ns);
    m->step = STEP_STOP;
    mig_set_state(sim, m, MIG_POSTCOPY);
    mig_replan(sim, m);
}

static double pending_zero_pages(const struct mig *m)
{
    double pages = 0.0;

    for (uint32_t i = 0; i < m->sender.nr_runs; i++)
        pages += m->sender.runs[i].kind == WIRE_ZERO ? (double)m->sender.runs[i].pages : 0.0;
    return pages;
}

/* Zero pages come in long stretches that use CPU and hardly any link, so their time adds to that of
 * the others.  The destination places each one, which pre-copy spares it where memory is zero
 * already; finding and placing go on at the same time on the two sides. */
static double zero_page_ns(const struct mig *m, double rate)
{
    const struct wire_cost *zero = &m->limits.cost[WIRE_ZERO];
    double ns = fmax(zero->cpu_ns, (double)m->costs->postcopy_zero_ns);

    return rate > 0.0 ? fmax(ns, zero->wire_bytes * (double)NS_PER_S / rate) : ns;
}

static void begin_push(struct sim *sim, struct mig *m)
{
    double wire, cpu, cap = INFINITY, zero = pending_zero_pages(m);
    const struct mig_params *p = &m->params;

    if (p->max_postcopy_bandwidth_bytes_per_s &&
        p->max_postcopy_bandwidth_bytes_per_s != UNITS_UNLIMITED)
        cap = (double)p->max_postcopy_bandwidth_bytes_per_s;
    bulk_pending_cost(m, &wire, &cpu);
    wire = fmax(wire - zero * m->limits.cost[WIRE_ZERO].wire_bytes, 0.0);
    cpu = fmax(cpu - zero * m->limits.cost[WIRE_ZERO].cpu_ns, 0.0);
    if (isfinite(cap))
        cpu = fmax(cpu, wire * (double)NS_PER_S / cap);
    bulk_start(m, sim->now_ns, wire, cpu);
    m->bulk.alone_ns = zero * zero_page_ns(m, fmin(m->link_rate, cap));
    m->step = STEP_SEND;
    network_set_demand(&sim->net, m->slot, bulk_demand(m));
    account_stalls(m, m->link_rate > 0.0 ? bulk_end_ns(m, sim->now_ns) - sim->now_ns : 0);
    mig_replan(sim, m);
    sim_reshare(sim);
}

void postcopy_step(struct sim *sim, struct mig *m)
{
    struct mig_result *r = m->result;
    double counted = 0.0;

    if (m->step == STEP_STOP) {
        begin_push(sim, m);
        return;
    }
    for (uint32_t i = 0; i < m->sender.nr_runs; i++) {
        const struct precopy_run_of_pages *run = &m->sender.runs[i];

        counted += (double)run->pages * m->limits.cost[run->kind].counted_bytes;
        m->sender.sent_pages[run->kind] += run->pages;
    }
    m->sender.counted_bytes += counted;
    m->sender.pending_pages = 0;
    m->sender.nr_runs = 0;
    r->postcopy_bytes = (uint64_t)llround(counted);
    r->postcopy_ns = sim->now_ns - m->postcopy_start_ns;
    r->outcome = OUTCOME_COMPLETED;
    r->ended_ns = sim->now_ns + m->costs->finish_ns;
    r->total_ns = r->ended_ns - r->started_ns;
    mig_finish_row(sim, m);
    mig_set_state(sim, m, MIG_DONE);
    sim_reshare(sim);
}

void postcopy_pause(struct sim *sim, struct mig *m)
{
    bulk_settle(m, sim->now_ns);
    network_stop(&sim->net, m->slot);
    m->link_rate = 0.0;
    sim_unschedule(sim, m, TIMER_STEP);
    sim_unschedule(sim, m, TIMER_BREAK);
    mig_set_state(sim, m, MIG_PAUSED);
    /* the guest stops at the first page it misses: soon, for a guest with work to do */
    m->paused_ns = sim->now_ns;
    if (m->params.postcopy_recover_after_ns > 0)
        sim_schedule(sim, m, TIMER_STEP, EV_STEP,
                     sim->now_ns + m->params.postcopy_recover_after_ns);
}

/* Recovery: the received bitmap comes back (a bit a page), then the push goes on where it was. */
void postcopy_recover(struct sim *sim, struct mig *m)
{
    struct route route;
    double left = m->bulk.left;

    m->result->postcopy_stall_ns += (int64_t)((double)(sim->now_ns - m->paused_ns) * m->vcpus);
    mig_set_state(sim, m, MIG_POSTCOPY);
    m->bulk.settled_ns = sim->now_ns;
    m->bulk.left = left;
    mig_route(sim, m, &route);
    links_start(sim, m->slot, &route, bulk_demand(m));
    sim_reshare_now(sim);
    if (m->link_rate <= 0.0) {
        /* still no path: paused again, another try later */
        postcopy_pause(sim, m);
    }
}
