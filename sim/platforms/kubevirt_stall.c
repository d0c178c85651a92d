/*
 * kubevirt_stall.c - see kubevirt_stall.h.
 *
 * Leaves to kubevirt_monitor.c when rounds begin, which polls there were, and what an action does.
 */
#include "sim/platforms/kubevirt_stall.h"

#include <assert.h>
#include <math.h>

#include "base/units.h"

#define MS_PER_S (NS_PER_S / NS_PER_MS)

void kubevirt_stall_init(struct kubevirt_stall *s)
{
    *s = (struct kubevirt_stall){0};
}

void kubevirt_stall_bandwidth(struct kubevirt_stall *s, const struct kubevirt_stall_options *o,
                              double bytes_per_s, int64_t nr)
{
    if (nr <= 0 || bytes_per_s <= 0.0)
        return;
    if (s->bytes_per_s <= 0.0)
        s->bytes_per_s = bytes_per_s;
    else
        s->bytes_per_s =
            bytes_per_s + (s->bytes_per_s - bytes_per_s) * pow(1.0 - o->ewma_alpha, (double)nr);
}

/* Candidates that are as old as the window leave it; the new round joins if it can still matter. */
static void update_candidates(struct kubevirt_stall *s, const struct kubevirt_stall_options *o)
{
    uint64_t window_ms = (uint64_t)(o->window_ns / NS_PER_MS);
    uint32_t old = 0;

    while (old < s->nr_candidates &&
           s->last.elapsed_ms - s->candidates[old].elapsed_ms >= window_ms) {
        uint64_t bytes = s->candidates[old++].remaining_bytes;

        if (!s->outside || bytes < s->outside_bytes)
            s->outside_bytes = bytes;
        s->outside = true;
    }
    s->nr_candidates -= old;
    for (uint32_t i = 0; i < s->nr_candidates; i++)
        s->candidates[i] = s->candidates[i + old];
    if (s->outside && s->last.remaining_bytes > s->outside_bytes)
        return;
    if (s->nr_candidates > 0 &&
        s->last.remaining_bytes >= s->candidates[s->nr_candidates - 1].remaining_bytes)
        return;
    if (s->nr_candidates == KUBEVIRT_STALL_POINTS)
        s->nr_candidates--;
    s->candidates[s->nr_candidates++] = s->last;
}

static void history_add(struct kubevirt_stall *s, uint64_t bytes)
{
    uint32_t at = s->nr_history;

    if (at == KUBEVIRT_STALL_POINTS) {
        if (bytes >= s->history[at - 1])
            return;
        at--;
    } else {
        s->nr_history++;
    }
    for (; at > 0 && s->history[at - 1] > bytes; at--)
        s->history[at] = s->history[at - 1];
    s->history[at] = bytes;
}

static uint64_t history_take(struct kubevirt_stall *s)
{
    uint64_t least = s->history[0];

    assert(s->nr_history > 0);
    s->nr_history--;
    for (uint32_t i = 0; i < s->nr_history; i++)
        s->history[i] = s->history[i + 1];
    return least;
}

/* The longer it stays stalled, the sooner a worse round will do. */
static void relax(struct kubevirt_stall *s, const struct kubevirt_stall_options *o)
{
    history_add(s, s->last.remaining_bytes);
    if (s->last.elapsed_ms < s->patience_end_ms)
        return;
    s->best_bytes = history_take(s);
    s->patience_ms = (uint64_t)((double)s->patience_ms * o->patience_decay_ratio);
    s->patience_end_ms = s->last.elapsed_ms + s->patience_ms;
}

static void begin_stall(struct kubevirt_stall *s, const struct kubevirt_stall_options *o)
{
    s->best_bytes = s->outside_bytes;
    for (uint32_t i = 0; i < s->nr_candidates; i++)
        if (s->candidates[i].remaining_bytes < s->best_bytes)
            s->best_bytes = s->candidates[i].remaining_bytes;
    s->nr_history = 0;
    s->patience_ms = (uint64_t)(o->window_ns / NS_PER_MS);
    s->patience_end_ms = s->last.elapsed_ms + s->patience_ms;
    s->stalled = true;
}

bool kubevirt_stall_round(struct kubevirt_stall *s, const struct kubevirt_stall_options *o,
                          uint64_t elapsed_ms, uint64_t remaining_bytes)
{
    s->last = (struct kubevirt_stall_point){elapsed_ms, remaining_bytes};
    if (s->bytes_per_s <= 0.0 || s->decided)
        return false;
    update_candidates(s, o);
    if (s->stalled) {
        relax(s, o);
        return true;
    }
    if (!s->outside ||
        remaining_bytes < (uint64_t)((double)s->outside_bytes * (1.0 - o->margin_ratio)))
        return false;
    begin_stall(s, o);
    return true;
}

uint32_t kubevirt_stall_downtime_ms(const struct kubevirt_stall *s)
{
    double ms;

    if (s->bytes_per_s <= 0.0)
        return 0;
    ms = (double)s->last.remaining_bytes / (s->bytes_per_s / (double)MS_PER_S);
    return ms > (double)UINT32_MAX ? UINT32_MAX : (uint32_t)ms;
}

bool kubevirt_stall_can_finish(const struct kubevirt_stall *s, int64_t elapsed_s,
                               int64_t deadline_s)
{
    if (s->bytes_per_s <= 0.0)
        return false;
    return (int64_t)kubevirt_stall_downtime_ms(s) <= (deadline_s - elapsed_s) * MS_PER_S;
}

enum kubevirt_action kubevirt_stall_decide(const struct kubevirt_stall *s,
                                           const struct kubevirt_stall_options *o,
                                           const struct kubevirt_stall_limits *l)
{
    double most = (double)s->best_bytes * (1.0 + o->margin_ratio);
    double downtime_ms = (double)kubevirt_stall_downtime_ms(s);
    int64_t deadline_s = (int64_t)((double)l->deadline_s * o->completion_factor);

    if (s->decided || (o->local_minimum && s->last.remaining_bytes > (uint64_t)most))
        return KUBEVIRT_GO_ON;
    if (!kubevirt_stall_can_finish(s, l->elapsed_s, deadline_s))
        return KUBEVIRT_GO_ON;
    if (l->disruption)
        return l->postcopy && !l->vfio ? KUBEVIRT_POSTCOPY : KUBEVIRT_HARD;
    if (downtime_ms <= (double)l->max_downtime_ms * fmax(o->possible_factor, 1.0))
        return KUBEVIRT_SOFT;
    return KUBEVIRT_ABORT;
}
