/*
 * guest.c - the guest's clock of work: how much of what it wanted to write it did write.
 */
#include "sim/sim_int.h"

#include <assert.h>
#include <gsl/gsl_randist.h>

#include "base/rng.h"
#include "base/units.h"

double guest_cpu_share(const struct mig *m)
{
    if (m->throttle.pct == 0 && m->held_back_pct == 0)
        return 1.0;
    return (1.0 - (double)m->throttle.pct / 100.0) * (1.0 - (double)m->held_back_pct / 100.0);
}

/* What dirty-limit measures: distinct pages a period, for its own syncs re-protect the pages each
 * time. */
static double vcpu_bytes_per_s(const struct mig *m)
{
    double period = (double)m->params.vcpu_dirty_limit_period_ns / (double)NS_PER_S;

    return dirty_distinct(&m->model, period) * (double)PAGE_BYTES / (period * m->vcpus);
}

void guest_advance(struct sim *sim, struct mig *m, int64_t to_ns)
{
    double wanted, worked;
    int64_t origin = m->origin_ns;

    (void)sim;
    if (to_ns <= m->worked_until_ns)
        return;
    if (!m->suspended) {
        wanted = dirty_wanted(&m->model, m->worked_until_ns - origin, to_ns - origin);
        worked = dirty_work(&m->model, m->tau, wanted, guest_cpu_share(m));
        if (m->throttle.limiting)
            worked *= throttle_limit_share(&m->throttle, &m->params, vcpu_bytes_per_s(m));
        assert(worked <= wanted + 1e-9);
        m->tau += worked;
        m->wanted_s += wanted;
        m->worked_s += worked;
    }
    m->worked_until_ns = to_ns;
}

#define NO_BURSTS 1e-15 /* of the work: nobody could see them, and the law has no numbers there */

/*
 * The work of a round is random: writing comes in bursts.  Bursts of one kind that come
 * independently add up to a gamma process: over a mean of tau its variance is tau x
 * dirty_scatter^2, whichever way tau is cut into rounds, so rounds do not depend on each other.
 * Each round of each attempt has its own stream.
 */
double guest_scattered_work(const struct sim *sim, const struct mig *m)
{
    double burst_s = m->costs->dirty_scatter_ratio * m->costs->dirty_scatter_ratio;
    struct rng rng;

    if (burst_s <= NO_BURSTS * m->tau || m->tau <= 0.0)
        return m->tau;
    rng_member(&rng, &sim->scatters,
               ((uint64_t)m->vm << 40) + ((uint64_t)m->result->attempt << 24) + m->result->rounds,
               sim->replication);
    return gsl_ran_gamma(rng_gsl(&rng), m->tau / burst_s, burst_s);
}

void mig_limit_tick(struct sim *sim, struct mig *m)
{
    bool changed;

    if (m->state != MIG_PRECOPY || !m->throttle.limiting)
        return;
    guest_advance(sim, m, sim->now_ns);
    changed = throttle_limit_tick(&m->throttle, &m->params, vcpu_bytes_per_s(m));
    if (changed || m->model.off_ns > 0)
        sim_schedule(sim, m, TIMER_LIMIT, EV_LIMIT,
                     sim->now_ns + m->params.vcpu_dirty_limit_period_ns);
}
