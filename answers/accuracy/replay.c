/*
 * replay.c - a capture's measurements as inputs of the engine.
 */
#include "answers/accuracy/replay.h"

#include <math.h>
#include <stdlib.h>

#include "answers/accuracy/predict.h"
#include "answers/accuracy/replay_observed.h"
#include "answers/setup.h"
#include "base/units.h"
#include "sim/sim.h"

enum outcome replay_observed_outcome(const struct trace_facts *facts)
{
    switch (facts->after.outcome) {
    case FACTS_COMPLETED:
        return OUTCOME_COMPLETED;
    case FACTS_TIMEOUT:
        return OUTCOME_TIMEOUT;
    case FACTS_CANCELLED:
        return OUTCOME_CANCELLED;
    case FACTS_FAILED:
        return OUTCOME_FAILED;
    case FACTS_REJECTED:
        return OUTCOME_REJECTED;
    case FACTS_UNKNOWN:
        break;
    }
    return OUTCOME_QUEUED;
}

const char *replay_lacks(const struct trace_facts *f)
{
    if (f->before.migrate_ns < 0)
        return "no `migrate` in it: nothing to replay";
    if (f->header.memory_bytes == 0)
        return "the size of the guest's memory is not known: cannot replay";
    if (!f->after.has_ram || f->after.nr_polls < 2)
        return "no statistics while it migrated: cannot replay";
    if (f->after.last_ram.rounds < 1 || f->after.last_ram.normal_pages < 0 ||
        f->after.last_ram.remaining_bytes < 0)
        return "no rounds, pages or remaining bytes while it migrated: cannot replay";
    return 0;
}

/* Faster than any: where the rates say all, nothing else may bind. */
#define NO_BOUND_BYTES_PER_S 1000000000000

static void take_measured_speeds(struct setup *s, const struct trace_facts *f,
                                 const struct replay_observed *o, const struct costs_file_part *own)
{
    struct host_costs *c = &s->costs[0];
    double slip = calibration_window_slip(f);
    const struct facts_poll *last = &f->after.last_ram;
    struct guest_params *g = &s->guests[0];

    if (slip >= 0.0)
        c->window_slip_ns = (int64_t)slip;
    c->setup_fixed_ns = own->costs.setup_fixed_ns;
    c->setup_ns_per_gib = 0;
    c->zero_scan_bytes_per_s = own->costs.zero_scan_bytes_per_s;
    c->copy_bytes_per_s = own->costs.copy_bytes_per_s;
    if ((double)c->copy_bytes_per_s < o->fastest)
        c->copy_bytes_per_s = (uint64_t)o->fastest;
    if (o->every_poll)
        c->copy_bytes_per_s = c->multifd_bytes_per_s = NO_BOUND_BYTES_PER_S;
    if (o->pushed)
        c->push_bytes_per_s = NO_BOUND_BYTES_PER_S;
    if (o->postcopy_zero_ns >= 0.0)
        c->postcopy_zero_ns = (int64_t)o->postcopy_zero_ns;
    if (f->after.has_ram && last->total_bytes > (int64_t)g->memory_bytes)
        g->extra_bytes = (uint64_t)last->total_bytes - g->memory_bytes;
    if (f->after.has_ram && last->zero_pages >= 0)
        g->nonzero_bytes = (uint64_t)last->total_bytes - o->zero_pages * PAGE_BYTES;
    if (g->nonzero_bytes > 0)
        g->zero_tail_ratio =
            1.0 - fmin((double)own->spread.tail_bytes / (double)g->nonzero_bytes, 1.0);
}

static void take_orders(struct setup *s, const struct trace_facts *f)
{
    struct mig_params *p = &s->sc.migrations[0].params;
    const struct facts_moments *at = &f->after.at;

    p->completion_timeout_ns = 0;
    if (at->cancel_ns >= 0 && f->after.outcome == FACTS_TIMEOUT)
        p->completion_timeout_ns = at->cancel_ns;
    else if (at->cancel_ns >= 0)
        s->sc.requests[0].cancel_at_ns = at->cancel_ns;
    if (at->start_postcopy_ns >= 0 && p->postcopy) {
        p->postcopy_trigger = POSTCOPY_AT_TIME;
        p->postcopy_after_ns = at->start_postcopy_ns;
    }
}

static void compare_steps(const struct trace_facts *f, struct replay *out)
{
    uint32_t pct = 0;

    out->steps_observed = (uint32_t)f->after.nr_throttles;
    for (size_t i = 0; i < out->nr_rounds; i++) {
        uint32_t now = i + 1 < out->nr_rounds ? out->rounds[i + 1].throttle_pct
                                              : out->simulated.max_throttle_pct;

        if (now == pct)
            continue;
        pct = now;
        if (out->steps_simulated < out->steps_observed) {
            const struct facts_throttle *t = &f->after.throttles[out->steps_simulated];

            out->steps_agree +=
                t->pct == now && t->rounds == (int64_t)out->rounds[i].round + 1 ? 1 : 0;
        }
        out->steps_simulated++;
    }
}

static void compare(const struct trace_facts *f, struct replay *out)
{
    const struct facts_totals *t = &f->after.totals;
    const struct mig_result *r = &out->simulated;

    out->outcome_agrees = replay_observed_outcome(f) == r->outcome;
    out->total_error_ratio =
        t->total_ns > 0 ? (double)(r->total_ns - t->total_ns) / (double)t->total_ns : NAN;
    out->downtime_error_ns = t->downtime_ns >= 0 && r->downtime_ns >= 0
                                 ? (double)(r->downtime_ns - t->downtime_ns)
                                 : NAN;
    out->bytes_error_ratio = t->transferred_bytes > 0
                                 ? ((double)r->transferred_bytes - (double)t->transferred_bytes) /
                                       (double)t->transferred_bytes
                                 : NAN;
    out->rounds_error = t->rounds > 0 ? (int64_t)r->rounds - t->rounds : 0;
    out->sync_shift_ns = NAN;
    for (size_t i = 0; i < out->nr_rounds; i++) {
        double end = (double)(out->rounds[i].start_ns + out->rounds[i].duration_ns);

        for (size_t k = 0; k < f->after.nr_passes; k++) {
            if (f->after.passes[k].pass == out->rounds[i].round + 1)
                out->sync_shift_ns = fmax(isnan(out->sync_shift_ns) ? 0.0 : out->sync_shift_ns,
                                          fabs(end - (double)f->after.passes[k].t_ns));
        }
    }
    compare_steps(f, out);
}

static enum status run_replay(struct setup *s, const struct sim_observed *observed,
                              struct replay *out)
{
    struct sim_options so = {.max_rounds = REPLAY_ROUNDS_MAX, .observed = observed};
    struct sim *sim = sim_new(&s->sc, &so);
    const struct mig_round *rounds;
    uint32_t n;

    if (!sim)
        return ST_ENOMEM;
    sim_run(sim, 0);
    out->simulated = *sim_results(sim, &n);
    rounds = sim_rounds(sim, &n);
    out->rounds = malloc((n + 1) * sizeof(*out->rounds));
    out->nr_rounds = out->rounds ? n : 0;
    for (uint32_t i = 0; i < out->nr_rounds; i++)
        out->rounds[i] = rounds[i];
    sim_free(sim);
    return out->rounds ? ST_OK : ST_ENOMEM;
}

enum status replay_trace(const struct trace_facts *f, const struct costs_file *calibration,
                         struct replay *out, struct diag *diag)
{
    const struct costs_file_part *part = &calibration->part[calibration_accel(f)], *mine;
    struct replay_observed observed = {0};
    struct setup *s = setup_new(1);
    struct costs_file own;
    enum status st = s ? ST_OK : ST_ENOMEM;

    *out = (struct replay){0};
    if (st == ST_OK)
        st = calibration_learn(&own, f, 1, SIZE_MAX);
    mine = &own.part[calibration_accel(f)];
    if (st == ST_OK)
        st = replay_observe(&observed, f,
                            (double)PAGE_BYTES * (double)NS_PER_S /
                                (double)mine->costs.zero_scan_bytes_per_s);
    if (st == ST_OK) {
        predict_setup_link(s, f, part);
        s->link.rate_bps.a = (double)UNITS_UNLIMITED;
        predict_setup_vm(s, 0, f, part);
        s->sc.requests[0].at_ns = 0;
        take_measured_speeds(s, f, &observed, mine);
        take_orders(s, f);
        st = run_replay(s, &observed.sim, out);
    }
    if (st == ST_OK)
        compare(f, out);
    replay_observed_release(&observed);
    setup_free(s);
    return st == ST_OK ? st : diag_set(diag, st, "not enough memory for the replay");
}

void replay_release(struct replay *r)
{
    free(r->rounds);
    *r = (struct replay){0};
}
