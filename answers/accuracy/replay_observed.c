/*
 * replay_observed.c - counters of neighbouring polls become rates, pages and bytes.
 *
 * Two ways to bandwidth.  Where a cap binds, the sender sleeps most of a window: the window's
 * bandwidth says what the link gave only if it stayed below the cap.  Without a cap in reach the
 * sender never sleeps, and what left between two polls is the bandwidth of that stretch.
 */
#include "answers/accuracy/replay_observed.h"

#include <math.h>
#include <stdlib.h>

#include "answers/accuracy/predict.h"
#include "base/units.h"
#include "models/wire.h"

#define STRETCH_LEAST_NS (15 * NS_PER_MS)
#define STRETCH_LEAST_BYTES 65536.0
#define CAPPED 0.93 /* of the cap: the window's quota was used up */

/* Pages ever dirty so far: what is known dirty plus what has left.  Exact in every poll. */
static int64_t sent_pages(const struct facts_poll *p)
{
    int64_t pages = p->normal_pages + p->zero_pages;

    if (p->xbzrle_pages > 0)
        pages += p->xbzrle_pages - (p->xbzrle_overflow > 0 ? p->xbzrle_overflow : 0);
    return pages;
}

static bool counts(const struct facts_poll *p)
{
    return p->rounds >= 1 && p->remaining_bytes >= 0 && p->normal_pages >= 0 && p->zero_pages >= 0;
}

/* Newly dirty pages of each sync, and when it was.  Syncs between two polls cannot be told apart:
 * the first of them found it all, since the ones that follow within milliseconds are exact
 * re-tests. */
static void dirty_of_syncs(struct replay_observed *o, const struct trace_facts *f, uint32_t cap)
{
    int64_t rounds = 0, pages = 0;
    uint32_t nr = 0;

    for (size_t i = 0; i < f->after.nr_polls; i++) {
        const struct facts_poll *p = &f->after.polls[i];
        int64_t now;

        if (!counts(p))
            continue;
        now = p->remaining_bytes / (int64_t)PAGE_BYTES + sent_pages(p);
        if (nr == 0) {
            nr = 1;
            o->dirty[0] = 0;
            o->sync_ns[0] = f->after.totals.setup_ns > 0 ? f->after.totals.setup_ns : 0;
            rounds = 1;
            pages = now;
        }
        if (p->rounds <= rounds)
            continue;
        for (int64_t r = rounds; r < p->rounds && nr < cap; r++) {
            o->sync_ns[nr] = p->t_ns;
            o->dirty[nr++] = r == rounds && now > pages ? (uint64_t)(now - pages) : 0;
        }
        rounds = p->rounds;
        pages = now;
    }
    o->sim.nr_syncs = nr;
    /* the events know better when it was */
    for (size_t i = 0; i < f->after.nr_passes; i++) {
        uint32_t at = f->after.passes[i].pass;

        if (at >= 2 && at <= nr)
            o->sync_ns[at - 1] = f->after.passes[i].t_ns;
    }
    for (uint32_t i = 1; i < nr; i++) {
        int64_t span = o->sync_ns[i] - o->sync_ns[i - 1];

        if (span < 0)
            o->sync_ns[i] = o->sync_ns[i - 1];
        else if (span >= STRETCH_LEAST_NS)
            o->sim.late_pages_per_s = (double)o->dirty[i] * (double)NS_PER_S / (double)span;
    }
}

/* Counted bytes of a page, by round: xbzrle hits and pages that became zero cost less. */
static void bytes_of_pages(struct replay_observed *o, const struct trace_facts *f, uint32_t cap)
{
    const struct facts_poll *first = 0, *last = 0;

    for (size_t i = 0; i < f->after.nr_polls; i++) {
        const struct facts_poll *p = &f->after.polls[i];
        int64_t pages;

        if (!counts(p) || p->transferred_bytes < 0 || p->rounds >= (int64_t)cap)
            continue;
        if (!first || p->rounds != first->rounds) {
            /* what left between two polls with a sync in between belongs to both rounds */
            first = last && p->rounds == last->rounds + 1 && p->rounds > 2 ? last : p;
            if (first != p && first->rounds != p->rounds)
                first = p;
        }
        last = p;
        pages = sent_pages(p) - sent_pages(first);
        if (p->rounds > 1 && pages >= 64)
            o->page_bytes[p->rounds] =
                (double)(p->transferred_bytes - first->transferred_bytes) / (double)pages;
    }
}

/*
 * Zero pages of round 1: those sent in it, and those among what was left at its last poll, which
 * cannot be more than all of that.  What else left before the next poll belongs to the rounds in
 * between.
 */
static void zeros_of_round_1(struct replay_observed *o, const struct trace_facts *f, uint32_t cap)
{
    const struct facts_poll *before = 0, *after = 0;
    int64_t left, zeros, found, pages;

    for (size_t i = 0; i < f->after.nr_polls && !after; i++) {
        if (!counts(&f->after.polls[i]))
            continue;
        if (f->after.polls[i].rounds > 1)
            after = &f->after.polls[i];
        else
            before = &f->after.polls[i];
    }
    if (f->after.last_ram.postcopy_bytes > 0 || !after)
        after = &f->after.last_ram; /* the push is still round 1 */
    if (!before) {
        o->zero_pages = after->zero_pages > 0 ? (uint64_t)after->zero_pages : 0;
        return;
    }
    left = before->remaining_bytes / (int64_t)PAGE_BYTES;
    found = after->zero_pages - before->zero_pages;
    zeros = found < left ? found : left;
    o->zero_pages = (uint64_t)(before->zero_pages + (zeros > 0 ? zeros : 0));
    pages = sent_pages(after) - sent_pages(before) - left;
    for (int64_t r = 2; found > left && pages > 0 && r <= after->rounds && r < (int64_t)cap; r++) {
        if (o->page_bytes[r] <= 0.0)
            o->page_bytes[r] = (double)(after->transferred_bytes - before->transferred_bytes -
                                        left * WIRE_ZERO_PAGE) /
                               (double)pages;
    }
}

/* Rates are kept in order: one that begins before the last ones knows better what came then. */
static void add_rate(struct replay_observed *o, int64_t at_ns, double rate)
{
    uint32_t n = o->sim.nr_rates;

    while (n > 0 && o->at_ns[n - 1] >= at_ns)
        n--;
    o->sim.nr_rates = n;
    if (n > 0 && o->rate[n - 1] == rate)
        return;
    o->at_ns[n] = at_ns;
    o->rate[n] = rate;
    o->sim.nr_rates = n + 1;
    if (isfinite(rate))
        o->fastest = fmax(o->fastest, rate);
}

static double nominal_rate(const struct trace_facts *f)
{
    return f->header.link.rate_bps > 0
               ? (double)f->header.link.rate_bps / BITS_PER_BYTE * PREDICT_TBF_EFFICIENCY
               : INFINITY;
}

/* Bandwidth of each window in which the link was what bound.  A window at the cap says nothing of
 * the link, nor does one spent on zero pages: there the link is taken to be as it was before, and
 * until it was seen as its nominal rate. */
static void rates_of_windows(struct replay_observed *o, const struct trace_facts *f, double cap)
{
    double last = -1.0, nominal = nominal_rate(f), link = nominal;
    int64_t since = 0;

    for (size_t i = 0; i < f->after.nr_polls; i++) {
        const struct facts_poll *p = &f->after.polls[i];

        if (p->status != FACTS_ST_ACTIVE || p->bandwidth_bytes_per_s <= 0.0 ||
            p->bandwidth_bytes_per_s == last)
            continue;
        last = p->bandwidth_bytes_per_s;
        if ((double)p->pages_per_s * (double)PAGE_BYTES <= 1.5 * last)
            link = last > CAPPED * cap ? nominal : last;
        add_rate(o, since, link);
        since = p->t_ns;
    }
}

/* Bandwidth of each stretch between polls, without the time that zero pages took. */
static void rates_of_polls(struct replay_observed *o, const struct trace_facts *f, double scan_ns)
{
    int64_t since = f->after.totals.setup_ns > 0 ? f->after.totals.setup_ns : 0, zeros = 0;
    double sent = 0.0;

    for (size_t i = 0; i < f->after.nr_polls; i++) {
        const struct facts_poll *p = &f->after.polls[i];
        double bytes, ns;

        if (p->status != FACTS_ST_ACTIVE || !counts(p) || p->t_ns - since < STRETCH_LEAST_NS)
            continue;
        ns = (double)(p->t_ns - since) - (double)(p->zero_pages - zeros) * scan_ns;
        bytes = (double)p->transferred_bytes - sent -
                (double)(p->zero_pages - zeros) * (double)WIRE_ZERO_PAGE;
        if (bytes < STRETCH_LEAST_BYTES && p->zero_pages - zeros < 256)
            continue; /* a stalled sender: part of the next stretch */
        if (bytes >= STRETCH_LEAST_BYTES && ns > 0.1 * (double)(p->t_ns - since))
            add_rate(o, since, bytes * (double)NS_PER_S / ns);
        since = p->t_ns;
        zeros = p->zero_pages;
        sent = (double)p->transferred_bytes;
    }
    o->every_poll = o->sim.nr_rates > 0;
}

/* The stop-and-copy over a link: what left from the last poll on, and when it was out. */
static void rate_of_the_end(struct replay_observed *o, const struct trace_facts *f)
{
    const struct facts_poll *last = 0;
    double bytes, ns;

    for (size_t i = 0; i < f->after.nr_polls; i++) {
        const struct facts_poll *p = &f->after.polls[i];

        if (p->status == FACTS_ST_ACTIVE && counts(p) && p->t_ns < f->after.at.stop_ns)
            last = p;
    }
    if (!last || f->after.outcome != FACTS_COMPLETED)
        return;
    bytes = (double)(f->after.totals.transferred_bytes - last->transferred_bytes);
    ns = (double)(f->after.at.end_ns - last->t_ns);
    if (ns > (double)STRETCH_LEAST_NS && bytes > STRETCH_LEAST_BYTES)
        add_rate(o, last->t_ns, bytes * (double)NS_PER_S / ns);
}

/* The push of post-copy: pages with content at one rate, and what time was left to zero pages. */
static void rate_of_the_push(struct replay_observed *o, const struct trace_facts *f)
{
    const struct facts_poll *before = 0;
    double bytes = 0.0, ns = 0.0, zeros = 0.0, zero_ns = 0.0;

    for (size_t i = 0; i < f->after.nr_polls; i++) {
        const struct facts_poll *p = &f->after.polls[i];
        double normal, zero, span;

        if (!counts(p) || p->t_ns < f->after.at.stop_ns || p->t_ns > f->after.at.end_ns + NS_PER_S)
            continue;
        if (before && p->t_ns > before->t_ns &&
            (p->status == FACTS_ST_POSTCOPY_ACTIVE || before->status == FACTS_ST_POSTCOPY_ACTIVE)) {
            normal = (double)(p->normal_pages - before->normal_pages);
            zero = (double)(p->zero_pages - before->zero_pages);
            span = (double)((p->t_ns < f->after.at.end_ns ? p->t_ns : f->after.at.end_ns) -
                            before->t_ns);
            if (zero > normal) {
                zeros += zero;
                zero_ns += span;
            } else {
                bytes += normal * (WIRE_PAGE_HEADER + (double)PAGE_BYTES);
                ns += span;
            }
        }
        before = p;
    }
    if (bytes > 0.0 && ns > 0.0 && f->after.at.start_postcopy_ns >= 0) {
        add_rate(o, f->after.at.start_postcopy_ns, bytes * (double)NS_PER_S / ns);
        o->pushed = true;
    }
    o->postcopy_zero_ns = zeros > 0.0 ? zero_ns / zeros : -1.0;
}

enum status replay_observe(struct replay_observed *out, const struct trace_facts *f, double scan_ns)
{
    uint32_t rates = (uint32_t)f->after.nr_polls + 4;
    uint32_t syncs = (uint32_t)f->after.nr_passes + 64;
    double cap = (double)f->before.params.max_bandwidth_bytes_per_s;

    *out = (struct replay_observed){.postcopy_zero_ns = -1.0};
    out->dirty = calloc(syncs, sizeof(*out->dirty));
    out->sync_ns = calloc(syncs, sizeof(*out->sync_ns));
    out->page_bytes = calloc(syncs, sizeof(*out->page_bytes));
    out->at_ns = calloc(rates, sizeof(*out->at_ns));
    out->rate = calloc(rates, sizeof(*out->rate));
    if (!out->dirty || !out->sync_ns || !out->page_bytes || !out->at_ns || !out->rate) {
        replay_observed_release(out);
        return ST_ENOMEM;
    }
    if (cap <= 0.0 || cap >= (double)UNITS_UNLIMITED)
        cap = INFINITY;
    dirty_of_syncs(out, f, syncs);
    bytes_of_pages(out, f, syncs);
    zeros_of_round_1(out, f, syncs);
    if (isinf(cap))
        rates_of_polls(out, f, scan_ns);
    else
        rates_of_windows(out, f, cap);
    if (out->every_poll && f->header.link.rate_bps > 0)
        rate_of_the_end(out, f);
    else
        out->sim.final_free = f->header.link.rate_bps == 0;
    if (f->after.at.stop_ns >= 0 && f->after.last_ram.postcopy_bytes > 0)
        rate_of_the_push(out, f);
    out->sim.dirty_pages = out->dirty;
    out->sim.sync_at_ns = out->sync_ns;
    out->sim.page_bytes = out->page_bytes;
    out->sim.nr_page_bytes = syncs;
    out->sim.rate_at_ns = out->at_ns;
    out->sim.rate = out->rate;
    return ST_OK;
}

void replay_observed_release(struct replay_observed *o)
{
    free(o->dirty);
    free(o->sync_ns);
    free(o->page_bytes);
    free(o->at_ns);
    free(o->rate);
    *o = (struct replay_observed){0};
}
