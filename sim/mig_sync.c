/*
 * mig_sync.c - QEMU's migration_bitmap_sync: what became dirty in the round that ends.
 *
 * What the guest wrote comes from models/memory.c, page by page from pages.c, or from a
 * capture.  Leaves what is decided after it to migration.c.  Invariant: afterwards the sender's
 * pending pages are those that QEMU's bitmap would hold.
 */
#include "sim/sim_int.h"

#include <math.h>

#include "base/num.h"
#include "base/units.h"

static void record_round(struct sim *sim, struct mig *m, double newly, int64_t closed_ns)
{
    struct mig_round *r;

    if (sim->nr_rounds >= sim->max_rounds)
        return;
    sim->round_of[sim->nr_rounds] = m->begun;
    r = &sim->rounds[sim->nr_rounds++];
    m->result->nr_rounds++;
    *r = (struct mig_round){
        .round = m->result->rounds,
        .start_ns = m->round_start_ns,
        .duration_ns = closed_ns - m->round_start_ns,
        .wire_bytes = (uint64_t)(m->sender.counted_bytes - m->round_bytes),
        .dirtied_bytes = (uint64_t)newly * PAGE_BYTES,
        .remaining_bytes = (m->sender.pending_pages + (uint64_t)newly) * PAGE_BYTES,
        .threshold_bytes = (uint64_t)m->sender.threshold_bytes,
        .throttle_pct = m->throttle.pct,
    };
    for (int k = 0; k < WIRE_NR; k++)
        r->sent_pages += m->sender.sent_pages[k];
    r->sent_pages -= m->round_pages;
}

static uint64_t pending_nonzero(const struct precopy *p)
{
    uint64_t pages = 0;

    for (uint32_t i = 0; i < p->nr_runs; i++)
        pages += p->runs[i].kind == WIRE_ZERO ? 0 : p->runs[i].pages;
    return pages;
}

static uint64_t sent_total(const struct precopy *p)
{
    return p->sent_pages[WIRE_NORMAL] + p->sent_pages[WIRE_ZERO] + p->sent_pages[WIRE_MIXED];
}

/* First sync of the capture after @ns. */
static uint32_t observed_after(const struct sim_observed *o, int64_t ns)
{
    uint32_t low = 0, high = o->nr_syncs;

    while (low < high) {
        uint32_t mid = low + (high - low) / 2;

        if (o->sync_at_ns[mid] <= ns)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* The engine's sync is the capture's if both ends of its round are as near as this. */
#define SAME_SYNC_NS (50.0 * (double)NS_PER_MS)

static bool same_round(const struct sim_observed *o, uint32_t i, int64_t from, int64_t to)
{
    return i > 0 && i < o->nr_syncs && fabs((double)(o->sync_at_ns[i] - to)) < SAME_SYNC_NS &&
           fabs((double)(o->sync_at_ns[i - 1] - from)) < SAME_SYNC_NS;
}

/* Pages that became dirty in round @i, from @from to @to: what the capture's sync found, if it was
 * at the same time.  Else what the capture saw in that time: evenly between two of its syncs, and
 * after the last at the rate it ended with. */
static double observed_dirty(const struct sim_observed *o, uint32_t round_nr, int64_t from,
                             int64_t to)
{
    double pages = 0.0;
    int64_t end = o->nr_syncs > 0 ? o->sync_at_ns[o->nr_syncs - 1] : 0;

    if (same_round(o, round_nr, from, to))
        return (double)o->dirty_pages[round_nr];
    for (uint32_t i = observed_after(o, from); i < o->nr_syncs; i++) {
        int64_t at = o->sync_at_ns[i], begin = i > 0 ? o->sync_at_ns[i - 1] : at, a, b;

        if (begin >= to)
            break;
        a = from > begin ? from : begin;
        b = to < at ? to : at;
        if (at > begin)
            pages += (double)o->dirty_pages[i] * (double)(b - a) / (double)(at - begin);
        else if (at <= to)
            pages += (double)o->dirty_pages[i];
    }
    if (to > end)
        pages += o->late_pages_per_s * (double)(to - (from > end ? from : end)) / (double)NS_PER_S;
    return round(pages);
}

static double newly_dirty(struct sim *sim, struct mig *m)
{
    const struct sim_observed *o = m->job == 0 ? sim->observed : NULL;
    double tau = o ? m->tau : guest_scattered_work(sim, m);
    double unsent =
        m->known_pages > 0.0 ? (double)pending_nonzero(&m->sender) / m->known_pages : 0.0;
    double newly = memory_sync(&m->memory, &m->model, tau, num_min(unsent, 1.0));

    if (o)
        return observed_dirty(o, m->result->rounds, m->round_start_ns,
                              m->blackout_start_ns >= 0 ? m->blackout_start_ns : sim->now_ns);
    if (m->pages)
        return (double)memory_pages_sync(m->pages, tau, sent_total(&m->sender) - m->round_pages);
    return (double)num_round(newly);
}

/* The cost of the pages of the coming round. */
static void mix_round(struct sim *sim, struct mig *m)
{
    const struct sim_observed *o = m->job == 0 ? sim->observed : NULL;
    const struct dirty_params *d = &m->guest->dirty;
    double hit = 0.0, cpu = 0.0;

    if (m->params.xbzrle && !m->bulk_round) {
        hit = xbzrle_round(&m->xbzrle, &m->memory, &m->model);
        cpu = m->limits.cost[WIRE_NORMAL].cpu_ns +
              (double)PAGE_BYTES * (double)NS_PER_S / (double)m->costs->xbzrle_bytes_per_s;
    }
    if (hit > 0.0 || d->zero_write_ratio > 0.0)
        m->limits.cost[WIRE_MIXED] =
            wire_mix(m->limits.cost, d->zero_write_ratio, hit, m->xbzrle.page_bytes, cpu);
    else
        m->limits.cost[WIRE_MIXED] = m->limits.cost[WIRE_NORMAL];
    if (o && m->result->rounds < o->nr_page_bytes && o->page_bytes[m->result->rounds] > 0.0)
        m->limits.cost[WIRE_MIXED].wire_bytes = m->limits.cost[WIRE_MIXED].counted_bytes =
            o->page_bytes[m->result->rounds];
}

/* QEMU's migration_bitmap_sync: count, find what became dirty, close the period if it is over. */
uint64_t mig_sync(struct sim *sim, struct mig *m, bool last)
{
    double newly;

    if (last)
        m->worked_until_ns = sim->now_ns; /* the guest stands still since the blackout began */
    else
        guest_advance(sim, m, sim->now_ns);
    newly = newly_dirty(sim, m);
    if (m->sender.pending_pages < m->least_pending) {
        m->least_pending = m->sender.pending_pages;
        m->progress_ns = m->sender.sent_ns;
    }
    record_round(sim, m, newly, sim->now_ns);
    m->result->rounds++;
    m->bulk_round = false;
    mix_round(sim, m);
    precopy_add(&m->sender, (uint64_t)newly, WIRE_MIXED);
    m->known_pages = (double)pending_nonzero(&m->sender);
    m->tau = 0.0;
    m->round_start_ns = sim->now_ns;
    m->round_bytes = m->sender.counted_bytes;
    m->round_pages = sent_total(&m->sender);
    if (!last) {
        m->sender.now_ns = sim->now_ns + m->sync_ns;
        if (throttle_sync(&m->throttle, &m->params, sim->now_ns, newly, m->sender.counted_bytes)) {
            if (m->throttle.max_pct > m->result->max_throttle_pct)
                m->result->max_throttle_pct = m->throttle.max_pct;
            if (m->throttle.limiting)
                sim_schedule(sim, m, TIMER_LIMIT, EV_LIMIT,
                             sim->now_ns + m->params.vcpu_dirty_limit_period_ns);
        }
        m->result->dirty_pages_rate = m->throttle.dirty_pages_rate;
        if (m->throttle.dirty_pages_rate && m->sender.bandwidth > 0.0)
            m->result->expected_downtime_ns =
                (int64_t)((double)(m->sender.pending_pages * PAGE_BYTES) / m->sender.bandwidth) *
                NS_PER_MS;
        if (m->params.postcopy && m->params.postcopy_trigger == POSTCOPY_AT_ROUND &&
            m->result->rounds >= m->params.postcopy_after_round)
            m->want_postcopy = true;
        if (sim->platform->pass)
            sim->platform->pass(sim, m);
    }
    return (uint64_t)newly;
}
