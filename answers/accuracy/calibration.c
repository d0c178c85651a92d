/*
 * calibration.c - host constants from captures.
 *
 * Each capture yields at most one figure per constant; the constant is their median, so that
 * one odd capture moves little; its spread is how far most of them lie from it.
 */
#include "answers/accuracy/calibration.h"

#include <gsl/gsl_cdf.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answers/accuracy/calibration_text.h"
#include "base/stats.h"
#include "base/units.h"
#include "models/precopy.h"
#include "models/wire.h"

#define UNKNOWN (-1.0)
#define BAND 0.9 /* what forecasts give as their interval */

enum figure {
    FIG_RSS,        /* bytes */
    FIG_ZERO,       /* bytes, resident in the guest and sent as zero pages; may be < 0 */
    FIG_SLIP,       /* ns */
    FIG_COPY_LEAST, /* bytes/s: at least this fast, where the quota hides the rest */
    FIG_COPY,       /* bytes/s */
    FIG_COPY_KEPT,  /* bytes/s, better where a capture tells */
    FIG_COPY_FREE,  /* bytes/s, best: of captures whose cap was out of reach */
    FIG_MULTIFD,    /* bytes/s, all channels */
    FIG_SCAN,       /* bytes/s */
    FIG_SETUP,      /* ns */
    FIG_TAIL,       /* bytes */
    FIG_CANCEL,     /* ns */
    FIG_START,      /* ns: from the end at the source to RESUME, post-copy */
    FIG_NR
};

enum accel calibration_accel(const struct trace_facts *facts)
{
    return facts->header.accel == FACTS_ACCEL_TCG ? ACCEL_TCG : ACCEL_KVM;
}

static double median(double *v, size_t n);

static double rss_overhead(const struct trace_facts *f)
{
    const struct facts_poll *p = &f->after.last_ram;

    if (!f->after.has_ram || f->before.rss_bytes == 0 || f->after.outcome != FACTS_COMPLETED ||
        p->zero_pages < 0)
        return UNKNOWN;
    return (double)f->before.rss_bytes -
           ((double)p->total_bytes - (double)p->zero_pages * (double)PAGE_BYTES);
}

static double resident_zero(const struct trace_facts *f)
{
    const struct facts_poll *p = &f->after.last_ram;

    if (!f->after.has_ram || f->before.resident_bytes == 0 || f->after.outcome != FACTS_COMPLETED ||
        p->zero_pages < 0)
        return UNKNOWN;
    return (double)f->before.resident_bytes -
           ((double)p->total_bytes - (double)p->zero_pages * (double)PAGE_BYTES);
}

/*
 * A poll that shows more than the two equal ones before it: a window opened since the last of them.
 * All windows before it were worth one quota each, so the count is exact, and the slope of moments
 * over counts is the length of a window, far finer than the polls are.
 */
double calibration_window_slip(const struct trace_facts *f)
{
    const struct mig_params *p = &f->before.params;
    double quota = (double)(p->max_bandwidth_bytes_per_s / 10),
           page = WIRE_PAGE_HEADER + (double)PAGE_BYTES;
    double window = (floor(quota / page) + 1.0) * page + wire_call_bytes(p);
    double n = 0.0, sk = 0.0, st = 0.0, skk = 0.0, skt = 0.0, slope;
    const struct facts_poll *first = 0;

    if (p->multifd || p->max_bandwidth_bytes_per_s == UNITS_UNLIMITED || f->header.link.rate_bps)
        return UNKNOWN;
    for (size_t i = 2; i < f->after.nr_polls && f->after.polls[i].rounds <= 1; i++) {
        const struct facts_poll *q = &f->after.polls[i];
        double k, t;

        if (q->status != FACTS_ST_ACTIVE || q[-2].status != FACTS_ST_ACTIVE ||
            q[-1].transferred_bytes != q[-2].transferred_bytes ||
            q->transferred_bytes == q[-1].transferred_bytes)
            continue;
        if (!first)
            first = q - 1;
        k = round((double)(q[-1].transferred_bytes - first->transferred_bytes) / window);
        t = 0.5 * (double)(q->t_ns - first->t_ns + q[-1].t_ns - first->t_ns);
        n += 1.0;
        sk += k;
        st += t;
        skk += k * k;
        skt += k * t;
    }
    if (n < 8.0 || n * skk <= sk * sk)
        return UNKNOWN;
    slope = (n * skt - sk * st) / (n * skk - sk * sk);
    return fmax(slope - (double)PRECOPY_WINDOW_NS, 0.0);
}

/* Quantile @q of the speed between neighbouring polls, of non-zero or of @zero pages. */
static double poll_speed(const struct trace_facts *f, bool zero, double q_of)
{
    double *v = malloc((f->after.nr_polls + 1) * sizeof(*v)), result = UNKNOWN;
    size_t n = 0;

    for (size_t i = 1; v && i < f->after.nr_polls; i++) {
        const struct facts_poll *q = &f->after.polls[i], *p = q - 1;
        int64_t pages = zero ? q->zero_pages - p->zero_pages : q->normal_pages - p->normal_pages;

        if (q->status != FACTS_ST_ACTIVE || p->status != FACTS_ST_ACTIVE ||
            q->t_ns - p->t_ns < 5 * NS_PER_MS)
            continue;
        if (pages > (zero ? 4096 : 256))
            v[n++] = (double)pages * (double)PAGE_BYTES * 1e9 / (double)(q->t_ns - p->t_ns);
    }
    if (n >= (zero ? 1 : 8))
        result = stats_quantile(v, n, q_of);
    free(v);
    return result;
}

/* Non-zero memory that was still to come when nearly all zero pages of round 1 were out. */
static double tail_bytes(const struct trace_facts *f)
{
    const struct facts_poll *last = &f->after.last_ram;
    double full = (double)last->total_bytes / (double)PAGE_BYTES - (double)last->zero_pages;

    if (!f->after.has_ram || f->after.outcome != FACTS_COMPLETED || last->zero_pages < 4096)
        return UNKNOWN;
    for (size_t i = 0; i < f->after.nr_polls; i++) {
        const struct facts_poll *q = &f->after.polls[i];

        if (q->rounds > 1)
            break;
        if ((double)q->zero_pages > 0.97 * (double)last->zero_pages)
            return fmax(full - (double)q->normal_pages, 0.0) * (double)PAGE_BYTES;
    }
    return 0.0;
}

static double cap_of(const struct trace_facts *f)
{
    uint64_t cap = f->before.params.max_bandwidth_bytes_per_s;

    return cap == 0 || cap == UNITS_UNLIMITED ? INFINITY : (double)cap;
}

/* Speed of one stream in round 1, window by window; no more than the cap. */
static double window_speed(const struct trace_facts *f)
{
    double *v, result;
    size_t n = 0;

    if (f->header.link.rate_bps || f->before.params.multifd || f->after.nr_polls < 8)
        return UNKNOWN;
    v = malloc(f->after.nr_polls * sizeof(*v));
    for (size_t i = 0; v && i < f->after.nr_polls; i++) {
        const struct facts_poll *q = &f->after.polls[i];
        bool zeros = (double)q->pages_per_s * (double)PAGE_BYTES > 1.1 * q->bandwidth_bytes_per_s;

        if (q->status == FACTS_ST_ACTIVE && q->rounds == 1 && q->bandwidth_bytes_per_s > 0.0 &&
            !zeros)
            v[n++] = q->bandwidth_bytes_per_s;
    }
    result = n >= 8 ? median(v, n) : UNKNOWN;
    free(v);
    return result;
}

/*
 * Under a cap the sender rests for most of a window: only the fastest stretches between two polls
 * show its speed, and only if a window's quota lasts longer than a stretch.
 */
static double copy_speed(const struct trace_facts *f)
{
    double cap = cap_of(f), fast;

    if (window_speed(f) < 0.9 * cap) /* or unknown */
        return UNKNOWN;
    fast = poll_speed(f, false, 0.95);
    /* polls are some 20 ms apart: a quota that is gone by then shows itself, not the speed */
    return fast < 0.8 * cap * 0.1 / 0.021 ? fast : UNKNOWN;
}

/* Where the cap is out of reach, each window says the speed. */
static double free_speed(const struct trace_facts *f)
{
    double result = window_speed(f);

    return result < 0.9 * cap_of(f) ? result : UNKNOWN;
}

/*
 * The speed that a sender keeps up, better than the above: under a cap, if it lets the sender work
 * for three polls and more at a stretch, that of the middle ones.  The first after a rest goes into
 * an empty socket buffer and to a receiver that has caught up, half as fast again as what lasts;
 * the last one ends with the quota.  A rest is longer than a poll, or counts for nothing, so one of
 * the polls that share it shows less than half the speed. QEMU counts pages some hundred at a time:
 * single polls are a third off, and their mean counts.
 */
static double kept_up_speed(const struct trace_facts *f)
{
    double least = 0.5 * poll_speed(f, false, 0.95), pages = 0.0, ns = 0.0;
    const struct facts_poll *q = f->after.polls;
    size_t n = 0;

    if (window_speed(f) < 0.9 * cap_of(f)) /* or unknown */
        return UNKNOWN;
    for (size_t i = 2; i + 1 < f->after.nr_polls; i++) {
        bool busy = q[i - 2].status == FACTS_ST_ACTIVE && q[i + 1].status == FACTS_ST_ACTIVE &&
                    q[i].t_ns - q[i - 1].t_ns >= 5 * NS_PER_MS;

        for (size_t k = i - 1; k <= i + 1 && busy; k++) {
            double sent = (double)(q[k].normal_pages - q[k - 1].normal_pages);

            busy = sent > 256.0 && sent * (double)PAGE_BYTES * (double)NS_PER_S >
                                       least * (double)(q[k].t_ns - q[k - 1].t_ns);
        }
        if (!busy)
            continue;
        n++;
        pages += (double)(q[i].normal_pages - q[i - 1].normal_pages);
        ns += (double)(q[i].t_ns - q[i - 1].t_ns);
    }
    return n >= 12 ? pages * (double)PAGE_BYTES * (double)NS_PER_S / ns : UNKNOWN;
}

static double from_moments(const struct trace_facts *f, enum figure figure)
{
    const struct facts_moments *at = &f->after.at;

    switch (figure) {
    case FIG_SETUP:
        return f->after.totals.setup_ns > 0 ? (double)f->after.totals.setup_ns : UNKNOWN;
    case FIG_CANCEL:
        return at->cancel_ns >= 0 && at->end_ns > at->cancel_ns
                   ? (double)(at->end_ns - at->cancel_ns)
                   : UNKNOWN;
    case FIG_START:
        if (!f->before.params.postcopy || at->stop_ns < 0 || at->resume_dest_ns < at->stop_ns)
            return UNKNOWN;
        return fmax((double)(at->resume_dest_ns - at->stop_ns - f->after.totals.downtime_ns), 0.0);
    default:
        return UNKNOWN;
    }
}

static double figure_of(const struct trace_facts *f, enum figure figure)
{
    switch (figure) {
    case FIG_RSS:
        return rss_overhead(f);
    case FIG_ZERO:
        return resident_zero(f);
    case FIG_SLIP:
        return calibration_window_slip(f);
    case FIG_COPY_LEAST:
        return f->header.link.rate_bps || f->before.params.multifd ? UNKNOWN
                                                                   : poll_speed(f, false, 0.95);
    case FIG_COPY_FREE:
        return free_speed(f);
    case FIG_COPY_KEPT:
        return kept_up_speed(f);
    case FIG_COPY:
        return copy_speed(f);
    case FIG_MULTIFD:
        return f->header.link.rate_bps || !f->before.params.multifd ? UNKNOWN
                                                                    : poll_speed(f, false, 0.95);
    case FIG_SCAN:
        return poll_speed(f, true, 1.0);
    case FIG_TAIL:
        return tail_bytes(f);
    default:
        return from_moments(f, figure);
    }
}

/* Stop-and-copy: bytes sent in it, and its time; loopback and completed by pre-copy only. */
static bool final_stage(const struct trace_facts *f, double *bytes, double *ns)
{
    const struct facts_poll *before = 0;

    if (f->after.outcome != FACTS_COMPLETED || f->header.link.rate_bps ||
        f->before.params.postcopy || f->after.totals.downtime_ns < 0 || f->after.at.stop_ns < 0)
        return false;
    for (size_t i = 0; i < f->after.nr_polls && f->after.polls[i].t_ns < f->after.at.stop_ns; i++)
        before = &f->after.polls[i];
    if (!before || before->transferred_bytes < 0)
        return false;
    *bytes = (double)(f->after.totals.transferred_bytes - before->transferred_bytes);
    *ns = (double)f->after.totals.downtime_ns;
    return true;
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
    qsort(v, n, sizeof(*v), by_value);
    return stats_quantile_sorted(v, n, 0.5);
}

/*
 * The standard deviation with which a normal draw around @mid holds, in its middle 90 %, what nine
 * in ten of further captures show.  It is read off the distance that all but the farthest tenth
 * keep: the middle distance says nothing of the tails, and is zero where most captures agree to the
 * page and the rest are a mebibyte off.  Up to eight captures have no tenth to spare, the farthest
 * counts.  UNKNOWN from fewer than two.
 */
static double spread(double *v, size_t n, double mid)
{
    size_t k = (size_t)ceil(BAND * (double)(n + 1));

    if (n < 2)
        return UNKNOWN;
    for (size_t i = 0; i < n; i++)
        v[i] = fabs(v[i] - mid);
    qsort(v, n, sizeof(*v), by_value);
    return v[(k < n ? k : n) - 1] / gsl_cdf_ugaussian_Pinv(0.5 + BAND / 2.0);
}

static double zero_pages_before_push(const struct trace_facts *f)
{
    double zeros = 0.0;

    for (size_t i = 0; i < f->after.nr_polls && f->after.polls[i].t_ns < f->after.at.stop_ns; i++)
        zeros = fmax(zeros, (double)f->after.polls[i].zero_pages);
    return zeros;
}

/* Pages with content pushed in post-copy per second: the rest of the push went to zero pages, each
 * of which the destination places. */
static double push_speed(const struct trace_facts *f, const struct host_costs *c)
{
    const struct facts_poll *last = &f->after.last_ram;
    double ns = (double)(f->after.at.end_ns - f->after.at.stop_ns - f->after.totals.downtime_ns);
    double zeros = (double)last->zero_pages - zero_pages_before_push(f);

    ns -= fmax(zeros, 0.0) * (double)c->postcopy_zero_ns;
    if (f->after.outcome != FACTS_COMPLETED || f->header.link.rate_bps ||
        !f->before.params.postcopy ||
        f->before.params.max_postcopy_bandwidth_bytes_per_s != UNITS_UNLIMITED ||
        f->after.at.stop_ns < 0 || last->postcopy_bytes < (int64_t)(8 * MIB) || ns <= 0.0)
        return UNKNOWN;
    return (double)last->postcopy_bytes * 1e9 / ns;
}

/*
 * Downtime = constant + bytes / speed.  The constant is the median of captures with next to nothing
 * left to send (1 ms if there are none); the speed the median over captures with enough left.
 * Post-copy's push is slower, and its speed is kept apart.
 */
static void learn_final(struct costs_file_part *part, const double *bytes, const double *ns,
                        size_t n, const double *push, size_t nr_push)
{
    double *v = malloc((n + nr_push + 1) * sizeof(*v));
    double base = (double)NS_PER_MS, mid;
    size_t k = 0;

    if (!v || n + nr_push == 0) {
        free(v);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] < 1e6)
            v[k++] = ns[i];
    }
    if (k > 0)
        base = fmin(median(v, k), 3.0 * (double)NS_PER_MS);
    k = 0;
    for (size_t i = 0; i < n; i++) {
        if (bytes[i] > 2.5e6 && ns[i] > base)
            v[k++] = bytes[i] * 1e9 / (ns[i] - base);
    }
    if (k > 0)
        part->costs.final_copy_bytes_per_s = (uint64_t)median(v, k);
    for (size_t i = 0; i < nr_push; i++)
        v[i] = push[i];
    if (nr_push > 0)
        part->costs.push_bytes_per_s = (uint64_t)median(v, nr_push);
    for (size_t i = 0; i < n; i++)
        v[i] = fmax(ns[i] - bytes[i] * 1e9 / (double)part->costs.final_copy_bytes_per_s, 0.0);
    if (n > 0) {
        mid = median(v, n);
        part->costs.device_save_ns =
            (int64_t)fmax(mid - (double)(part->costs.stop_ns + part->costs.finish_ns), 0.0);
        if (n > 1)
            part->spread.device_spread_ns = (int64_t)fmax(spread(v, n, mid), (double)NS_PER_MS);
    }
    free(v);
}

/* The same for one side of @mid, upwards or downwards: 45 % of the draws are to hold, with the 5 %
 * beyond. */
static double spread_to(const double *v, size_t n, double mid, double sign, double *w)
{
    size_t k = (size_t)ceil((0.5 + BAND / 2.0) * (double)(n + 1));

    if (n < 2)
        return UNKNOWN;
    for (size_t i = 0; i < n; i++)
        w[i] = sign * (v[i] - mid);
    qsort(w, n, sizeof(*w), by_value);
    return fmax(w[(k < n ? k : n) - 1], 0.0) / gsl_cdf_ugaussian_Pinv(0.5 + BAND / 2.0);
}

static void set_figure(struct costs_file_part *part, enum figure figure, double mid, double sd)
{
    struct host_costs *c = &part->costs;

    switch (figure) {
    case FIG_RSS:
        c->rss_overhead_bytes = (uint64_t)fmax(mid, 0.0);
        break;
    case FIG_ZERO:
        part->spread.resident_zero_bytes = (uint64_t)fmax(mid, 0.0);
        break;
    case FIG_SLIP:
        c->window_slip_ns = (int64_t)mid;
        if (sd != UNKNOWN)
            part->spread.slip_spread_ns = (int64_t)sd;
        break;
    case FIG_COPY_LEAST:
        c->copy_bytes_per_s = (uint64_t)mid;
        part->spread.copy_spread_ratio = 0.15;
        break;
    case FIG_COPY_FREE:
    case FIG_COPY_KEPT:
    case FIG_COPY:
        c->copy_bytes_per_s = (uint64_t)mid;
        part->spread.copy_spread_ratio = sd == UNKNOWN ? 0.15 : fmax(sd / mid, 0.1);
        break;
    case FIG_MULTIFD:
        c->multifd_bytes_per_s = (uint64_t)fmax(mid, (double)c->copy_bytes_per_s);
        break;
    case FIG_SCAN:
        c->zero_scan_bytes_per_s = (uint64_t)mid;
        break;
    case FIG_SETUP:
        c->setup_fixed_ns = (int64_t)mid;
        c->setup_ns_per_gib = 0;
        break;
    case FIG_TAIL:
        part->spread.tail_bytes = (uint64_t)fmax(mid, 0.0);
        break;
    case FIG_CANCEL:
        c->cancel_ns = (int64_t)mid;
        break;
    case FIG_START:
        c->dest_start_ns = (int64_t)mid;
        break;
    case FIG_NR:
        break;
    }
}

bool calibration_left_out(const struct trace_facts *facts, size_t i, size_t skip)
{
    const char *group;

    if (skip == SIZE_MAX)
        return false;
    group = facts[skip].header.link.group;
    return i == skip || (group[0] && strcmp(group, facts[i].header.link.group) == 0);
}

static void learn_part(struct costs_file_part *part, enum accel accel,
                       const struct trace_facts *facts, size_t nr, size_t skip, double *v,
                       double *w, double *push)
{
    size_t n, nr_push = 0;

    for (int figure = 0; figure < FIG_NR; figure++) {
        n = 0;
        for (size_t i = 0; i < nr; i++) {
            double x;

            if (calibration_accel(&facts[i]) != accel || calibration_left_out(facts, i, skip))
                continue;
            x = figure_of(&facts[i], (enum figure)figure);
            if (x != UNKNOWN)
                v[n++] = x;
        }
        if (n > 0) {
            /* a scan is often cut short by the poll or the quota: the fastest seen is the one meant
             */
            double mid = figure == FIG_SCAN || figure == FIG_COPY_LEAST || figure == FIG_MULTIFD
                             ? stats_quantile(v, n, 1.0)
                             : median(v, n);

            if (figure == FIG_RSS && n > 1) {
                part->spread.rss_spread_bytes = (uint64_t)spread_to(v, n, mid, 1.0, w);
                part->spread.rss_spread_below_bytes = (uint64_t)spread_to(v, n, mid, -1.0, w);
            }
            if (figure == FIG_ZERO && n > 1) {
                part->spread.resident_zero_spread_bytes = (uint64_t)spread_to(v, n, mid, 1.0, w);
                part->spread.resident_zero_spread_below_bytes =
                    (uint64_t)spread_to(v, n, mid, -1.0, w);
            }
            set_figure(part, (enum figure)figure, mid, spread(v, n, mid));
        }
    }
    n = 0;
    for (size_t i = 0; i < nr; i++) {
        if (calibration_accel(&facts[i]) != accel || calibration_left_out(facts, i, skip))
            continue;
        part->spread.captures++;
        if (final_stage(&facts[i], &v[n], &w[n]))
            n++;
        push[nr_push] = push_speed(&facts[i], &part->costs);
        nr_push += push[nr_push] != UNKNOWN ? 1 : 0;
    }
    learn_final(part, v, w, n, push, nr_push);
}

/*
 * All channels together where no capture used any.  What they carry beyond one stream is bounded by
 * the cores of both hosts, not by how many channels are asked for; so one stream of these captures,
 * times what several channels carried beside one stream in the captures that come with the program.
 */
static void suppose_multifd(struct costs_file_part *part, const struct costs_file_part *known)
{
    if (part->costs.multifd_bytes_per_s || !known->costs.multifd_bytes_per_s)
        return;
    part->costs.multifd_bytes_per_s = (uint64_t)((double)part->costs.copy_bytes_per_s *
                                                 fmax((double)known->costs.multifd_bytes_per_s /
                                                          (double)known->costs.copy_bytes_per_s,
                                                      1.0));
}

enum status calibration_learn(struct costs_file *c, const struct trace_facts *facts, size_t nr,
                              size_t skip)
{
    double *v = malloc((nr + 1) * sizeof(*v)), *w = malloc((nr + 1) * sizeof(*w));
    double *push = malloc((nr + 1) * sizeof(*push));
    struct costs_file known;
    struct diag diag = {0};
    enum status st = v && w && push ? calibration_default(&known, &diag) : ST_ENOMEM;

    if (st == ST_OK)
        costs_file_default(c);
    for (int a = 0; a < ACCEL_NR && st == ST_OK; a++) {
        struct costs_file_part *part = &c->part[a];

        learn_part(part, (enum accel)a, facts, nr, skip, v, w, push);
        part->given = part->spread.captures > 0;
        if (part->given)
            suppose_multifd(part, &known.part[a]);
    }
    if (st == ST_OK)
        st = calibration_learn_scatter(c, facts, nr, skip);
    free(v);
    free(w);
    free(push);
    return st;
}

enum status calibration_default(struct costs_file *c, struct diag *diag)
{
    return costs_file_read_text(c, "built-in calibration", calibration_text_lab, diag);
}
