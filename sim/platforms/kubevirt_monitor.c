/*
 * kubevirt_monitor.c - virt-launcher's monitor of a running migration.
 *
 * It polls every 400 ms and takes the first rule that holds: nothing any more in post-copy; at the
 * deadline, post-copy or a pause where that is allowed; abort when nothing moves; abort at the
 * deadline.  Times are whole seconds cut off, and compared with >, so a deadline of 40 s acts at
 * the first poll from 41 s on.  Between two polls that can differ nothing is asked for: the next
 * one is computed from the rules.
 *
 * Leaves to the engine what the orders do, and to kubevirt_stall.c when pre-copy has stalled.
 * Source: kubevirt/kubevirt pkg/virt-launcher/virtwrap/live-migration-source.go, by release.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

#include "base/units.h"
#include "sim/platforms/kubevirt.h"

#include "base/banned.h"

#define POLL_NS (400 * NS_PER_MS)
#define QEMU_DOWNTIME_MS 300         /* its default, where the ramp counts from */
#define QEMU_DOWNTIME_MAX_MS 2000000 /* the most that QEMU takes */

static const struct kubevirt_settings *settings(const struct sim *sim)
{
    return platform_settings(sim);
}

static const struct kubevirt_behaviour *behaviour(const struct sim *sim)
{
    return kubevirt_behaviour(settings(sim)->version);
}

static int64_t elapsed_s(const struct sim *sim, const struct kubevirt_mig *k)
{
    return (sim->now_ns - k->start_ns) / NS_PER_S;
}

/* First poll at which more than @seconds have passed since @from_ns, in whole seconds. */
static int64_t poll_after(const struct kubevirt_mig *k, int64_t from_ns, int64_t seconds)
{
    return platform_lattice(k->lattice_ns, POLL_NS, from_ns + (seconds + 1) * NS_PER_S);
}

/* The poll that last saw what remains fall (until 0.49: to a new minimum). */
static int64_t last_progress(struct sim *sim, struct mig *m)
{
    const struct kubevirt_mig *k = kubevirt_mig(m);
    int64_t at;

    if (m->state != MIG_PRECOPY)
        return sim->now_ns; /* mirrors and the setup move by themselves */
    mig_remaining_bytes(sim, m);
    at = behaviour(sim)->running_minimum ? m->progress_ns : m->sender.sent_ns;
    if (at <= k->start_ns)
        return k->start_ns;
    return platform_lattice(k->lattice_ns, POLL_NS, at);
}

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static bool watched(const struct mig *m)
{
    return mig_in_precopy(m) || mig_in_mirror(m);
}

/* The next poll at which something can happen, as things stand. */
static void plan(struct sim *sim, struct mig *m)
{
    const struct kubevirt_settings *s = settings(sim);
    const struct kubevirt_mig *k = kubevirt_mig(m);
    int64_t at = INT64_MAX;

    if (!watched(m) || k->over)
        return;
    if (k->stall) {
        if (k->switchover_s > 0 && !k->paused)
            at = poll_after(k, k->start_ns, k->switchover_s);
    } else {
        if (k->deadline_s > 0)
            at = poll_after(k, k->start_ns, k->deadline_s);
        if (k->progress_s > 0)
            at = earlier(at, poll_after(k, last_progress(sim, m), k->progress_s));
        if (k->tuning && k->downtime_ms == 0)
            at = earlier(at, k->lattice_ns);
        else if (k->tuning && m->result->rounds >= s->tuning_after_round &&
                 k->downtime_ms < k->max_downtime_ms)
            at = earlier(
                at, platform_lattice(k->lattice_ns, POLL_NS, k->tuned_ns + s->tuning_cooldown_ns));
    }
    if (k->stall && k->stall->bytes_per_s <= 0.0)
        at = earlier(at, k->lattice_ns);
    if (at == INT64_MAX) {
        mig_poll_off(sim, m);
        return;
    }
    if (at <= sim->now_ns) /* this poll is over */
        at = platform_lattice(k->lattice_ns, POLL_NS, sim->now_ns + 1);
    mig_poll_at(sim, m, at);
}

static struct kubevirt_stall *take_stall(struct sim *sim)
{
    struct kubevirt_state *st = platform_state(sim);

    for (int i = 0; i < KUBEVIRT_STALLS; i++) {
        if (st->stall_used[i])
            continue;
        st->stall_used[i] = true;
        kubevirt_stall_init(&st->stalls[i]);
        return &st->stalls[i];
    }
    return NULL;
}

/* Capacity of the volumes that move with it, sparse or not. */
static uint64_t volume_bytes(const struct sim *sim, const struct mig *m)
{
    const struct scn_disks *d = &sim->sc->disks;
    uint64_t bytes = 0;

    for (uint32_t i = d->first ? d->first[m->vm] : 0; d->first && i < d->first[m->vm + 1]; i++)
        if (disks_is_local(sim, i, m->source, m->target))
            bytes += d->kinds[d->disks[i].kind].size_bytes;
    return bytes;
}

static void begin(struct sim *sim, struct mig *m)
{
    struct kubevirt_mig *k = kubevirt_mig(m);
    struct rng rng;

    rng_stream(&rng, sim->sc->seed, "kubevirt poll",
               ((uint64_t)job_at(sim, m->job)->id << 16) + m->result->attempt, sim->replication);
    k->copied_bytes = m->guest->memory_bytes + volume_bytes(sim, m);
    k->deadline_s = kubevirt_deadline_s(k->per_gib_s, k->copied_bytes) + k->fixed_s;
    k->start_ns = sim->now_ns;
    k->lattice_ns = sim->now_ns + POLL_NS + (int64_t)(rng_uniform(&rng) * (double)POLL_NS);
    if (settings(sim)->stall_detection && behaviour(sim)->stall_detection) {
        k->stall = take_stall(sim);
        k->switchover_s = k->deadline_s;
        if (k->max_downtime_ms < QEMU_DOWNTIME_MS)
            m->params.downtime_limit_ns = k->max_downtime_ms * NS_PER_MS;
    }
}

/* Job and monitor start; false = the target pod never came up. */
static bool start(struct sim *sim, struct mig *m)
{
    const struct job *job = job_at(sim, m->job);
    struct kubevirt_mig *k = kubevirt_mig(m);

    if (k->pod_pending) {
        mig_order_abort(sim, m, true, "the target pod was pending for too long");
        return false;
    }
    if (k->lattice_ns == 0) {
        sim_log(sim, job, m->target, "TargetReady");
        sim_log(sim, job, m->source, "Running");
        begin(sim, m);
    }
    return true;
}

/* The libvirt job copies disks before memory, and the clock runs from there. */
void kubevirt_mirroring(struct sim *sim, struct mig *m)
{
    if (start(sim, m))
        plan(sim, m);
}

void kubevirt_running(struct sim *sim, struct mig *m)
{
    if (start(sim, m))
        plan(sim, m);
}

/* ---- the plain monitor ---- */

static void abort_late(struct sim *sim, struct mig *m, const struct kubevirt_mig *k)
{
    int64_t documented = k->per_gib_s * (int64_t)((k->copied_bytes + GIB - 1) / GIB) + k->fixed_s;
    char text[160];

    if (documented > 0 && !k->paused && documented != k->deadline_s)
        snprintf(text, sizeof(text),
                 "completion timeout of %" PRId64 " s: %" PRId64
                 " s for each started 10^9 bytes (%" PRId64 " s by GiB, as documented)",
                 k->deadline_s, k->per_gib_s, documented);
    else
        snprintf(text, sizeof(text), "completion timeout of %" PRId64 " s%s", k->deadline_s,
                 k->paused ? ", doubled by the pause" : "");
    mig_order_abort(sim, m, true, sim_intern(sim, text));
}

/* Instead of giving up, where the workload may be disturbed. */
static void assist(struct sim *sim, struct mig *m, struct kubevirt_mig *k)
{
    const struct job *job = job_at(sim, m->job);
    int64_t limit_ms;

    if (k->postcopy && !k->vfio) {
        sim_log(sim, job, m->source, "mode PostCopy");
        k->over = true;
        mig_order_postcopy(sim, m);
        return;
    }
    if (k->vfio) {
        limit_ms = 2 * k->deadline_s * (NS_PER_S / NS_PER_MS);
        sim_log(sim, job, m->source, "mode Paused: max downtime raised");
        mig_order_downtime_limit(sim, m, earlier(limit_ms, QEMU_DOWNTIME_MAX_MS) * NS_PER_MS);
    } else {
        sim_log(sim, job, m->source, "mode Paused: guest suspended");
        mig_order_suspend(sim, m);
    }
    k->deadline_s *= 2;
    k->paused = true;
}

/* One step of the ramp, at most, and only some time after the last. */
static void tune(struct sim *sim, struct mig *m, struct kubevirt_mig *k)
{
    const struct kubevirt_settings *s = settings(sim);
    int64_t initial_ms = earlier(s->tuning_initial_ns / NS_PER_MS, k->max_downtime_ms);
    int64_t step_ms = (k->max_downtime_ms - initial_ms) / (int64_t)s->tuning_steps;
    int64_t new_ms = initial_ms;

    if (k->downtime_ms > 0) {
        if (m->result->rounds < s->tuning_after_round ||
            sim->now_ns - k->tuned_ns < s->tuning_cooldown_ns)
            return;
        new_ms = earlier(k->downtime_ms + (step_ms > 1 ? step_ms : 1), k->max_downtime_ms);
        if (new_ms <= k->downtime_ms)
            return;
    }
    k->downtime_ms = new_ms;
    k->tuned_ns = sim->now_ns;
    sim_log(sim, job_at(sim, m->job), m->source, "downtime tuning: max downtime raised");
    mig_order_downtime_limit(sim, m, new_ms * NS_PER_MS);
}

static void poll_plain(struct sim *sim, struct mig *m, struct kubevirt_mig *k)
{
    bool late = k->deadline_s > 0 && elapsed_s(sim, k) > k->deadline_s;

    if (k->tuning)
        tune(sim, m, k);
    if (late && k->disruption && !k->paused) {
        assist(sim, m, k);
        return;
    }
    if (k->progress_s > 0 && (sim->now_ns - last_progress(sim, m)) / NS_PER_S > k->progress_s) {
        mig_order_abort(sim, m, true, "progress timeout: stuck, nothing was sent");
        return;
    }
    if (late)
        abort_late(sim, m, k);
}

/* ---- with the stall detector ---- */

/* Polls between two rounds see the bandwidth; each round starts their clock anew. */
static void sample(struct sim *sim, struct mig *m, struct kubevirt_mig *k)
{
    struct kubevirt_stall *st = k->stall;
    int64_t from = st->sampled_ns > 0 ? st->sampled_ns : k->lattice_ns - POLL_NS;
    int64_t nr = sim->now_ns > from ? (sim->now_ns - from) / POLL_NS : 0;

    mig_remaining_bytes(sim, m);
    if (m->state != MIG_PRECOPY || nr == 0)
        return;
    kubevirt_stall_bandwidth(st, &settings(sim)->stall,
                             m->sender.bandwidth * (double)(NS_PER_S / NS_PER_MS), nr);
    st->sampled_ns = from + nr * POLL_NS;
}

static void act(struct sim *sim, struct mig *m, struct kubevirt_mig *k, enum kubevirt_action action)
{
    const struct job *job = job_at(sim, m->job);

    switch (action) {
    case KUBEVIRT_GO_ON:
        return;
    case KUBEVIRT_ABORT:
        mig_order_abort(sim, m, true,
                        "stall detector: the least pause to be had is longer than allowed");
        return;
    case KUBEVIRT_POSTCOPY:
        sim_log(sim, job, m->source, "stall detector: post-copy");
        k->over = true;
        mig_order_postcopy(sim, m);
        break;
    case KUBEVIRT_HARD:
        sim_log(sim, job, m->source, "stall detector: switchover at any downtime");
        mig_order_downtime_limit(sim, m, QEMU_DOWNTIME_MAX_MS * NS_PER_MS);
        break;
    case KUBEVIRT_SOFT:
        sim_log(sim, job, m->source, "stall detector: max downtime raised");
        mig_order_downtime_limit(sim, m, k->max_downtime_ms * NS_PER_MS);
        break;
    }
    k->stall->decided = true;
    k->switchover_s = elapsed_s(sim, k) + settings(sim)->stall.switchover_ns / NS_PER_S;
}

static void stall_deadline(struct sim *sim, struct mig *m, struct kubevirt_mig *k)
{
    const struct kubevirt_settings *s = settings(sim);
    int64_t now_s = elapsed_s(sim, k);
    int64_t budget_s = (int64_t)((double)k->deadline_s * s->stall.completion_factor);

    if (k->deadline_s == 0 || now_s <= k->switchover_s)
        return;
    if (!k->stall->decided && kubevirt_stall_can_finish(k->stall, now_s, budget_s)) {
        if (k->postcopy && !k->vfio) {
            act(sim, m, k, KUBEVIRT_POSTCOPY);
            return;
        }
        if (k->disruption) {
            k->deadline_s = budget_s;
            act(sim, m, k, KUBEVIRT_HARD);
            return;
        }
    }
    mig_order_abort(sim, m, true,
                    k->stall->decided ? "stall detector: the switchover did not come in time"
                                      : "completion timeout with the stall detector");
}

static void poll_stall(struct sim *sim, struct mig *m, struct kubevirt_mig *k)
{
    const struct kubevirt_settings *s = settings(sim);
    bool round = k->round;

    sample(sim, m, k);
    k->round = false;
    if (round && kubevirt_stall_round(k->stall, &s->stall,
                                      (uint64_t)((sim->now_ns - m->result->started_ns) / NS_PER_MS),
                                      m->sender.pending_pages * PAGE_BYTES)) {
        const struct kubevirt_stall_limits limits = {.elapsed_s = elapsed_s(sim, k),
                                                     .deadline_s = k->deadline_s,
                                                     .max_downtime_ms = k->max_downtime_ms,
                                                     .disruption = k->disruption,
                                                     .postcopy = k->postcopy,
                                                     .vfio = k->vfio};

        act(sim, m, k, kubevirt_stall_decide(k->stall, &s->stall, &limits));
    }
    if (round)
        k->stall->sampled_ns = k->lattice_ns = sim->now_ns;
    if (watched(m) && !k->over)
        stall_deadline(sim, m, k);
}

/* ---- what the engine calls ---- */

/* A round began.  The ramp may be due now; the detector looks at each one, once the sync is over.
 */
void kubevirt_pass(struct sim *sim, struct mig *m)
{
    struct kubevirt_mig *k = kubevirt_mig(m);

    if (k->lattice_ns == 0 || k->over)
        return;
    if (k->stall) {
        k->round = true;
        mig_poll_at(sim, m, sim->now_ns);
    } else if (k->tuning && m->result->rounds == settings(sim)->tuning_after_round) {
        mig_poll_at(sim, m, platform_lattice(k->lattice_ns, POLL_NS, sim->now_ns + 1));
    }
}

void kubevirt_poll(struct sim *sim, struct mig *m)
{
    struct kubevirt_mig *k = kubevirt_mig(m);

    if (m->state == MIG_IDLE) { /* the target pod runs */
        sim_log(sim, job_at(sim, m->job), m->target, "Scheduled");
        sim_log(sim, job_at(sim, m->job), m->target, "PreparingTarget");
        return;
    }
    if (!watched(m) || k->over)
        return;
    if (k->stall)
        poll_stall(sim, m, k);
    else
        poll_plain(sim, m, k);
    plan(sim, m);
}
