/*
 * mirror.c - drive mirror as a fluid: closed forms between two changes of its rate.
 *
 * Leaves flows and the moment of the switchover to sim/disks.c.  Invariant: 0 <= clean <= swept <=
 * 1 (clean <= 1 once swept), and ready never goes back.
 */
#include "models/mirror.h"

#include <assert.h>
#include <math.h>

/* An idle mirror looks for dirty blocks each 100 ms: a stop finds half of that on average. */
#define IDLE_POLL_S 0.1

void mirror_init(struct mirror *m, const struct mirror_params *p)
{
    double size = p->write_size_bytes > 0 ? (double)p->write_size_bytes : 1.0;
    double blocks = ceil(size / MIRROR_BLOCK_BYTES);

    assert(p->working_set_bytes <= p->used_bytes && p->write_bytes_per_s >= 0.0);
    *m = (struct mirror){
        .used_bytes = (double)p->used_bytes,
        .set_bytes = (double)p->working_set_bytes,
        .write_bytes_per_s = p->working_set_bytes > 0 ? p->write_bytes_per_s : 0.0,
        .mode = p->mode,
        .swept = p->used_bytes > 0 ? 0.0 : 1.0,
    };
    /* a write that is not aligned touches on average a part of one block more; aligned ones, as
     * file systems issue, do not, and those are meant here */
    m->dirty_bytes_per_s = m->write_bytes_per_s / size * blocks * MIRROR_BLOCK_BYTES;
    if (m->swept >= 1.0)
        m->ready = true;
    m->clean = m->swept;
}

static bool blocking(const struct mirror *m)
{
    return m->mode == MIRROR_WRITE_BLOCKING || (m->mode == MIRROR_THEN_BLOCKING && m->ready);
}

/* Bytes/s of guest writes that go to both sides at once. */
static double sync_writes(const struct mirror *m)
{
    return blocking(m) && !m->paused ? m->write_bytes_per_s : 0.0;
}

/* Bytes/s of blocks made dirty, counted with repetition. */
static double dirtying(const struct mirror *m)
{
    return blocking(m) || m->paused ? 0.0 : m->dirty_bytes_per_s;
}

static bool caught_up(const struct mirror *m)
{
    return m->swept >= 1.0 && m->clean >= 1.0;
}

/* Copies and synchronous writes share the path; a write gets no less than half of it, for it waits
 * in one queue with copies of which no more than its own number is under way. */
static void split(const struct mirror *m, double limit, double rate, double *copy, double *written)
{
    double wanted = sync_writes(m);

    *written = fmin(wanted, fmax(rate - fmin(limit, rate), 0.5 * rate));
    *copy = fmin(limit, rate - *written);
    if (caught_up(m))
        *copy = fmin(*copy, dirtying(m));
}

double mirror_demand(const struct mirror *m, double limit)
{
    double copies = caught_up(m) ? fmin(dirtying(m), limit) : limit;

    return copies + sync_writes(m);
}

/* Rate constant of writes to the set, per second. */
static double write_constant(const struct mirror *m)
{
    return m->set_bytes > 0.0 ? dirtying(m) / m->set_bytes : 0.0;
}

double mirror_next_s(const struct mirror *m, double limit, double rate)
{
    double copy, written, k = write_constant(m), v;

    split(m, limit, rate, &copy, &written);
    if (caught_up(m) || !(copy > 0.0))
        return INFINITY;
    if (m->swept < 1.0)
        return (1.0 - m->swept) * m->used_bytes / copy;
    v = copy / m->set_bytes;
    if (v <= k)
        return INFINITY;
    if (k <= 0.0)
        return (1.0 - m->clean) / v;
    return log1p(k * (1.0 - m->clean) / (v - k)) / k;
}

/* clean' = v - k clean. */
static double clean_after(double clean, double v, double k, double s)
{
    double z = k * s;

    if (z <= 0.0)
        return clean + v * s;
    return clean * exp(-z) + v * s * (-expm1(-z) / z);
}

void mirror_advance(struct mirror *m, double limit, double rate, double seconds, bool arrived)
{
    double copy, written, k = write_constant(m), wanted = sync_writes(m);
    bool sweeping = m->swept < 1.0;

    assert(seconds >= 0.0 && rate >= 0.0);
    split(m, limit, rate, &copy, &written);
    m->sent_bytes += (copy + written) * seconds;
    if (wanted > 0.0)
        m->waited_s += seconds * (1.0 - written / wanted);
    if (sweeping) {
        m->clean = clean_after(m->clean, copy / m->used_bytes, k, seconds);
        m->swept = arrived ? 1.0 : fmin(m->swept + copy * seconds / m->used_bytes, 1.0);
        m->clean = fmin(m->clean, m->swept);
        if (arrived && k <= 0.0)
            m->clean = 1.0; /* nothing was written behind it */
    } else if (m->set_bytes > 0.0) {
        m->clean = fmin(clean_after(m->clean, copy / m->set_bytes, k, seconds), 1.0);
        if (arrived || m->set_bytes * (1.0 - m->clean) < 0.5)
            m->clean = 1.0;
    }
    if (m->swept >= 1.0 && (m->set_bytes <= 0.0 || m->write_bytes_per_s <= 0.0))
        m->clean = 1.0;
    if (caught_up(m))
        m->ready = true;
}

void mirror_pause(struct mirror *m, bool paused)
{
    /* what came in since the last idle poll is still to be copied */
    if (paused && !m->paused && caught_up(m) && dirtying(m) > 0.0)
        m->clean = 1.0 - fmin(0.5 * IDLE_POLL_S * dirtying(m) / m->set_bytes, 1.0);
    m->paused = paused;
}

double mirror_left_bytes(const struct mirror *m)
{
    double unswept = m->used_bytes - m->set_bytes;

    return fmax(unswept * (1.0 - m->swept), 0.0) + m->set_bytes * (1.0 - m->clean);
}

bool mirror_converges(const struct mirror *m, double limit, double rate)
{
    double copy, written;

    split(m, limit, rate, &copy, &written);
    return m->ready || (copy > 0.0 && (copy > dirtying(m) || blocking(m)));
}
