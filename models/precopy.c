/*
 * precopy.c - the sender: calls, windows and the jump over equal windows.
 *
 * Invariant: pending_pages is the sum of the runs; counted_bytes only grows; window_ns <= now_ns.
 */
#include "models/precopy.h"

#include <assert.h>
#include <math.h>

#include "base/num.h"
#include "base/units.h"

#define NS_PER_MS_F 1e6

enum bound {
    BOUND_QUOTA,
    BOUND_LINK,
    BOUND_CPU,
    BOUND_SCAN
};

void precopy_init(struct precopy *p, int64_t now_ns)
{
    *p = (struct precopy){.now_ns = now_ns, .window_ns = now_ns, .phase = PRECOPY_DECIDE};
}

void precopy_add(struct precopy *p, uint64_t pages, enum wire_kind kind)
{
    if (pages == 0)
        return;
    p->pending_pages += pages;
    if (p->nr_runs > 0 &&
        (p->runs[p->nr_runs - 1].kind == kind || p->nr_runs == PRECOPY_RUNS_MAX)) {
        p->runs[p->nr_runs - 1].pages += pages;
        return;
    }
    p->runs[p->nr_runs].pages = pages;
    p->runs[p->nr_runs].kind = kind;
    p->nr_runs++;
}

/* A count of pages fits int64_t, which becomes a double without a branch. */
static inline double in_pages(uint64_t pages)
{
    return (double)(int64_t)pages;
}

bool precopy_asks_exact(const struct precopy *p)
{
    return in_pages(p->pending_pages) * (double)PAGE_BYTES < p->threshold_bytes;
}

bool precopy_is_low(const struct precopy *p, const struct precopy_limits *l)
{
    double pending = in_pages(p->pending_pages) * (double)PAGE_BYTES;

    return pending < p->threshold_bytes || (l->at_threshold && pending <= p->threshold_bytes);
}

/* Time of one page, the slower of sender and link. */
static inline double page_ns(const struct precopy_limits *l, enum wire_kind kind)
{
    double link = l->cost[kind].wire_bytes * (double)NS_PER_S / l->link_bytes_per_s;

    return num_max(num_max(l->cost[kind].cpu_ns, link), 1.0);
}

double precopy_demand(const struct precopy_limits *l, enum wire_kind kind)
{
    double cpu = l->cost[kind].cpu_ns;
    double rate = cpu > 0.0 ? l->cost[kind].wire_bytes * (double)NS_PER_S / cpu : INFINITY;
    double share = l->cost[kind].wire_bytes / l->cost[kind].counted_bytes;

    return num_min(rate, l->quota_bytes * share * (double)NS_PER_S / (double)PRECOPY_WINDOW_NS);
}

/* Pages after which the quota test says stop: the first count at which what counts exceeds the
 * quota, when @used counts already and @queued bytes wait for their step to fill. */
static inline double pages_to_quota(const struct precopy_limits *l, enum wire_kind kind,
                                    double used, double queued)
{
    double page = l->cost[kind].counted_bytes, flush = l->flush_bytes[kind], steps;

    if (isinf(l->quota_bytes))
        return INFINITY;
    if (used > l->quota_bytes)
        return 0.0;
    if (flush <= 0.0)
        return num_floor((l->quota_bytes - used) / page) + 1.0;
    steps = num_floor((l->quota_bytes - used) / flush) + 1.0;
    return num_max(num_ceil((steps * flush - queued) / page - 1e-9), 1.0);
}

/* @bytes more: full steps count, the rest is queued. */
static void use_quota(const struct precopy_limits *l, enum wire_kind kind, double bytes,
                      double *used, double *queued)
{
    double flush = l->flush_bytes[kind], full;

    if (flush <= 0.0) {
        *used += bytes;
        return;
    }
    *queued += bytes;
    full = num_floor(*queued / flush + 1e-9) * flush;
    *used += full;
    *queued = num_max(*queued - full, 0.0);
    if (*queued < 1e-6 * flush)
        *queued = 0.0;
}

/* The end of a call flushes, unless a part of a step is left for the next. */
static void end_quota(const struct precopy_limits *l, double *used, double *queued)
{
    *used += l->call_bytes;
    if (!l->flush_carries) {
        *used += *queued;
        *queued = 0.0;
    }
}

/* Pages sent in one call before the clock stops it: the clock is read after page 1, 65, 129, ... */
static inline double pages_to_clock(double ns, uint64_t call_pages, int64_t elapsed_ns)
{
    double left = (double)(PRECOPY_CALL_NS - elapsed_ns), more, total;

    if (call_pages == 0 && left > 1.001 * ns && left < (double)PRECOPY_CALL_CHECK * ns)
        return 1.0 + (double)PRECOPY_CALL_CHECK; /* slow pages, without dividing */
    more = left <= 0.0 ? 1.0 : num_ceil(left / ns - 1e-9);
    total = in_pages(call_pages) + num_max(more, 1.0);
    total = 1.0 + (double)PRECOPY_CALL_CHECK * num_ceil((total - 1.0) / PRECOPY_CALL_CHECK);
    return total - in_pages(call_pages);
}

/* How pages of one kind leave under the limits of one precopy_run(). */
struct speed {
    enum wire_kind kind; /* WIRE_NR: not known yet */
    double page_ns;
    double call_pages; /* that a whole call sends before the clock stops it; 0: not known yet */
};

static inline void speed_of(struct speed *speed, const struct precopy_limits *l,
                            enum wire_kind kind)
{
    if (speed->kind == kind)
        return;
    *speed = (struct speed){.kind = kind, .page_ns = page_ns(l, kind)};
}

static inline double pages_in_call(struct speed *speed)
{
    if (speed->call_pages <= 0.0)
        speed->call_pages = pages_to_clock(speed->page_ns, 0, 0);
    return speed->call_pages;
}

static inline void account(struct precopy *p, const struct precopy_limits *l, enum wire_kind kind,
                           uint64_t pages)
{
    struct precopy_run_of_pages *head = &p->runs[0];
    double counted = in_pages(pages) * l->cost[kind].counted_bytes;

    assert(p->nr_runs > 0 && head->kind == kind && pages <= head->pages);
    head->pages -= pages;
    p->pending_pages -= pages;
    p->sent_pages[kind] += pages;
    p->window_bytes += counted;
    if (l->quota_bytes < INFINITY)
        use_quota(l, kind, counted, &p->quota_used, &p->queued_bytes);
    p->counted_bytes += counted;
    p->wire_bytes += in_pages(pages) * l->cost[kind].wire_bytes;
    if (head->pages == 0) {
        for (uint32_t i = 1; i < p->nr_runs; i++)
            p->runs[i - 1] = p->runs[i];
        p->nr_runs--;
    }
}

static inline void spend(struct precopy *p, const struct precopy_limits *l, enum wire_kind kind,
                         int64_t ns)
{
    enum bound b = BOUND_LINK;

    if (kind == WIRE_ZERO)
        b = BOUND_SCAN;
    else if (l->cost[kind].cpu_ns * l->link_bytes_per_s >=
             l->cost[kind].wire_bytes * (double)NS_PER_S)
        b = BOUND_CPU;
    p->bound_ns[b] += (double)ns;
    p->now_ns += ns;
    p->sent_ns = p->now_ns;
}

static inline void close_window(struct precopy *p, const struct precopy_limits *l)
{
    double ms = (double)(p->now_ns - p->window_ns) / NS_PER_MS_F;
    double switchover;

    p->bandwidth = p->window_bytes / ms;
    switchover =
        l->switchover_bytes_per_s > 0.0 ? l->switchover_bytes_per_s / 1000.0 : p->bandwidth;
    p->threshold_bytes = num_floor(switchover * l->downtime_limit_ms);
    p->window_bytes = 0.0;
    p->quota_used = 0.0;
    p->window_ns = p->now_ns;
    p->windows++;
}

/* The rate_limit step at the end of a call: close the window if it is old enough, else sleep if the
 * quota is gone, else decide again. */
static inline void end_call(struct precopy *p, const struct precopy_limits *l)
{
    if (p->now_ns - p->window_ns >= PRECOPY_WINDOW_NS) {
        close_window(p, l);
        p->phase = PRECOPY_DECIDE;
    } else {
        p->phase = p->quota_used > l->quota_bytes ? PRECOPY_SLEEP : PRECOPY_DECIDE;
    }
}

static inline void end_pages(struct precopy *p, const struct precopy_limits *l)
{
    p->window_bytes += l->call_bytes;
    if (l->quota_bytes < INFINITY)
        end_quota(l, &p->quota_used, &p->queued_bytes);
    p->counted_bytes += l->call_bytes;
    p->wire_bytes += l->call_bytes;
    if (l->call_ns > 0) {
        p->barrier_end_ns = p->now_ns + l->call_ns;
        p->phase = PRECOPY_BARRIER;
    } else {
        end_call(p, l);
    }
}

void precopy_begin_quota(struct precopy *p)
{
    p->quota_used = p->window_bytes;
    p->queued_bytes = 0.0;
}

void precopy_call(struct precopy *p)
{
    assert(p->phase == PRECOPY_DECIDE);
    p->phase = PRECOPY_CALL;
    p->call_start_ns = p->now_ns;
    p->call_pages = 0;
}

/* Send from the head run until the call ends, the run ends, or until_ns.  False = until_ns came
 * first. */
static inline bool send_head(struct precopy *p, const struct precopy_limits *l, struct speed *speed,
                             int64_t until_ns)
{
    enum wire_kind kind = p->runs[0].kind;
    double quota = pages_to_quota(l, kind, p->quota_used, p->queued_bytes), ns, n, clock = INFINITY;
    int64_t elapsed = p->now_ns - p->call_start_ns;
    bool in_time;

    speed_of(speed, l, kind);
    ns = speed->page_ns;
    n = num_min(quota, in_pages(p->runs[0].pages));
    /* what is over before the clock could end the call need not ask it */
    if (n * ns + (double)elapsed >= (double)PRECOPY_CALL_NS)
        clock = elapsed == 0 && p->call_pages == 0 ? pages_in_call(speed)
                                                   : pages_to_clock(ns, p->call_pages, elapsed);
    n = num_min(n, clock);
    in_time = n * ns <= (double)(until_ns - p->now_ns);
    if (!in_time)
        n = num_min(num_floor((double)(until_ns - p->now_ns) / ns), n);
    account(p, l, kind, (uint64_t)(int64_t)n);
    p->call_pages += (uint32_t)(int64_t)n;
    spend(p, l, kind, num_round(n * ns));
    if (in_time && (n >= quota || n >= clock))
        end_pages(p, l);
    return in_time;
}

/* What a steady window looks like while the head run lasts. */
struct steady {
    double pages; /* sent in it */
    double bytes; /* counted */
    int64_t ns;
    int64_t busy_ns; /* not asleep */
};

static inline bool steady_window(const struct precopy_limits *l, struct speed *speed,
                                 struct steady *s)
{
    enum wire_kind kind = speed->kind;
    double ns = speed->page_ns, page = l->cost[kind].counted_bytes, call = pages_in_call(speed);
    double calls = 0.0, done = 0.0, t = 0.0, used = 0.0, queued = 0.0;

    if (l->quota_bytes >= INFINITY) { /* one call, or two */
        t = (double)num_round(call * ns) + (double)l->call_ns;
        calls = t < (double)PRECOPY_WINDOW_NS ? 2.0 : 1.0;
        done = calls * call;
        t *= calls;
    }
    /* at most two calls: each is 51 ms or more, or ends the quota */
    while (t < (double)PRECOPY_WINDOW_NS && used <= l->quota_bytes) {
        double n = num_min(call, pages_to_quota(l, kind, used, queued));

        use_quota(l, kind, n * page, &used, &queued);
        end_quota(l, &used, &queued);
        done += n;
        t += (double)num_round(n * ns) + (double)l->call_ns;
        calls += 1.0;
    }
    s->pages = done;
    s->bytes = done * page + calls * l->call_bytes;
    s->busy_ns = (int64_t)t;
    s->ns = (int64_t)t;
    if (s->ns < PRECOPY_WINDOW_NS)
        s->ns = PRECOPY_WINDOW_NS + l->slip_ns;
    /* with part of a step left over the next window is another one if the quota may bind in it */
    return queued <= 0.0 || used + 2.0 * l->flush_bytes[kind] < l->quota_bytes;
}

/* What a window like that leaves as threshold. */
static double steady_threshold(const struct precopy_limits *l, const struct steady *s)
{
    double bytes_per_ms = l->switchover_bytes_per_s > 0.0
                              ? l->switchover_bytes_per_s / 1000.0
                              : s->bytes / ((double)s->ns / NS_PER_MS_F);

    return num_floor(bytes_per_ms * l->downtime_limit_ms);
}

/*
 * Jump over windows that cannot bring a decision: at a window's start, with only equal pages ahead,
 * pending stays at or above the threshold (the one in force and the steady one) at each decision
 * inside.
 */
static inline void jump(struct precopy *p, const struct precopy_limits *l, struct speed *speed,
                        int64_t until_ns)
{
    enum wire_kind kind = p->runs[0].kind;
    struct steady s;
    double threshold, low, windows;

    if (p->window_bytes > 0.0 || p->now_ns != p->window_ns)
        return;
    if (p->queued_bytes > 0.0 && !isinf(l->quota_bytes))
        return;
    if (p->runs[0].pages < PRECOPY_CALL_CHECK)
        return;
    speed_of(speed, l, kind);
    if (!steady_window(l, speed, &s) || in_pages(p->runs[0].pages) <= s.pages)
        return;
    threshold = num_max(steady_threshold(l, &s), p->threshold_bytes);
    low = threshold / (double)PAGE_BYTES + 1.0;
    windows = num_min(in_pages(p->pending_pages) - low, in_pages(p->runs[0].pages - 1)) / s.pages;
    if (windows * (double)s.ns > (double)(until_ns - p->now_ns))
        windows = (double)(until_ns - p->now_ns) / (double)s.ns;
    if (windows < 1.0)
        return;
    windows = num_floor(windows);
    /* all but the last in one go, the last as a window, so that what it measured is what a step
     * measures */
    uint64_t n = (uint64_t)(int64_t)windows;
    int64_t before = p->now_ns;
    double calls = (s.bytes - s.pages * l->cost[kind].counted_bytes) * windows;

    account(p, l, kind, n * (uint64_t)(int64_t)s.pages);
    p->counted_bytes += calls;
    p->wire_bytes += calls;
    spend(p, l, kind, s.busy_ns * (int64_t)n);
    p->bound_ns[BOUND_QUOTA] += (double)((s.ns - s.busy_ns) * (int64_t)n);
    p->now_ns = before + s.ns * (int64_t)n;
    p->window_ns = p->now_ns - s.ns;
    p->window_bytes = s.bytes;
    p->sent_ns = p->window_ns + s.busy_ns;
    p->windows += (uint32_t)(n - 1);
    if (!l->flush_carries)
        p->queued_bytes = 0.0; /* each call flushed */
    close_window(p, l);
}

#define REACH_LEAST 2.0         /* windows */
#define REACH_SCAN_NS 1000000.0 /* of zero pages on the way */

/* May the run of pages be taken for one that the link alone bounds, at up to @most bytes/s?  A few
 * zero pages that take the scan a little longer are. */
static bool goes_with_link(const struct precopy_limits *l, const struct precopy_run_of_pages *r,
                           double most)
{
    const struct wire_cost *c = &l->cost[r->kind];

    return c->cpu_ns * most <= c->wire_bytes * (double)NS_PER_S ||
           (r->kind == WIRE_ZERO && (double)r->pages * c->cpu_ns < REACH_SCAN_NS);
}

/* The kind of which most pages pass in a window. */
static enum wire_kind quickest(const struct precopy *p, const struct precopy_limits *l)
{
    enum wire_kind kind = p->runs[p->nr_runs - 1].kind;

    for (uint32_t i = 0; i + 1 < p->nr_runs; i++)
        if (p->runs[i].kind != WIRE_ZERO && page_ns(l, p->runs[i].kind) < page_ns(l, kind))
            kind = p->runs[i].kind;
    return kind;
}

/* A window of the pages of which most pass in one, at @most bytes/s.  A slower link sends no more
 * in it, so a quota that does not bind here never does: false when it may. */
static bool fastest_window(const struct precopy *p, const struct precopy_limits *l, double most,
                           struct steady *s)
{
    struct precopy_limits fast = *l;
    struct speed speed = {.kind = WIRE_NR};

    fast.link_bytes_per_s = most;
    speed_of(&speed, &fast, quickest(p, &fast));
    return steady_window(&fast, &speed, s) && s->busy_ns == s->ns && s->bytes <= l->quota_bytes;
}

/* Is the sender at work, on pages of which the first are bound by the link alone? */
static bool is_on_link(const struct precopy *p, const struct precopy_limits *l, double most)
{
    return p->nr_runs > 0 && p->runs[p->nr_runs - 1].kind != WIRE_ZERO && l->call_ns <= 0 &&
           (p->phase == PRECOPY_DECIDE || p->phase == PRECOPY_CALL) &&
           goes_with_link(l, &p->runs[0], most);
}

bool precopy_keeps_pace(const struct precopy *p, const struct precopy_limits *l, double most)
{
    struct steady s;

    if (!is_on_link(p, l, most))
        return false;
    for (uint32_t i = 1; i < p->nr_runs; i++)
        if (!goes_with_link(l, &p->runs[i], most))
            return false;
    return isinf(l->quota_bytes) || fastest_window(p, l, most, &s);
}

/* Pages that leave in windows without a sleep before what is left could be little enough for a
 * decision, or to end a round. */
static double pages_in_reach(const struct precopy *p, const struct precopy_limits *l, double most)
{
    struct steady s;
    double threshold, pages;

    if (!fastest_window(p, l, most, &s))
        return 0.0;
    threshold = num_max(steady_threshold(l, &s), p->threshold_bytes);
    pages = (double)p->pending_pages - num_ceil(threshold / (double)PAGE_BYTES) - 1.0 - s.pages;
    return pages >= REACH_LEAST * s.pages ? pages : 0.0;
}

double precopy_reach(const struct precopy *p, const struct precopy_limits *l, double most)
{
    double pages, bytes = 0.0, least;

    if (!is_on_link(p, l, most))
        return 0.0;
    least = most * REACH_LEAST * (double)PRECOPY_WINDOW_NS / (double)NS_PER_S;
    if ((double)p->pending_pages * l->cost[p->runs[p->nr_runs - 1].kind].wire_bytes < least)
        return 0.0;
    pages = pages_in_reach(p, l, most);
    for (uint32_t i = 0; i < p->nr_runs && pages > 0.0; i++) {
        const struct precopy_run_of_pages *r = &p->runs[i];
        double take = num_min(pages, (double)r->pages);

        if (!goes_with_link(l, r, most))
            break;
        bytes += take * l->cost[r->kind].wire_bytes;
        pages -= take;
    }
    return bytes >= least ? bytes : 0.0;
}

/* Most pages that are low enough for a switchover. */
static double most_low(const struct precopy_limits *l, double threshold_bytes)
{
    double pages = threshold_bytes / (double)PAGE_BYTES;

    return l->at_threshold ? num_floor(pages) : num_max(num_ceil(pages) - 1.0, 0.0);
}

uint64_t precopy_left(const struct precopy *p, const struct precopy_limits *l, double most)
{
    double pending = in_pages(p->pending_pages), call, calls, first;
    double faster =
        l->switchover_bytes_per_s > 0.0 ? 1.0 : num_max(most / l->link_bytes_per_s, 1.0);
    struct speed speed = {.kind = WIRE_NR};
    struct steady s;

    speed_of(&speed, l, p->runs[p->nr_runs - 1].kind);
    steady_window(l, &speed, &s);
    call = pages_in_call(&speed);
    /* the threshold in force lasts until the first window closes */
    first = num_floor(s.pages / call + 0.5) - 1.0;
    calls = num_ceil(num_max(pending - most_low(l, p->threshold_bytes), 0.0) / call);
    if (calls > first) {
        double low = most_low(l, steady_threshold(l, &s) * faster);

        calls = num_max(num_ceil(num_max(pending - low, 0.0) / call), first + 1.0);
    }
    return pending > calls * call ? (uint64_t)(int64_t)(pending - calls * call) : 0;
}

double precopy_bytes_to(const struct precopy *p, const struct precopy_limits *l, uint64_t left)
{
    uint64_t go = p->pending_pages > left ? p->pending_pages - left : 0;
    double bytes = 0.0;

    for (uint32_t i = 0; i < p->nr_runs && go > 0; i++) {
        uint64_t pages = go < p->runs[i].pages ? go : p->runs[i].pages;

        bytes += in_pages(pages) * l->cost[p->runs[i].kind].wire_bytes;
        go -= pages;
    }
    return bytes;
}

double precopy_glide(struct precopy *p, const struct precopy_limits *l, double bytes,
                     int64_t now_ns)
{
    enum wire_kind kind = p->runs[p->nr_runs - 1].kind;
    double sent = 0.0, windows = 0.0, calls;
    struct speed speed = {.kind = WIRE_NR};
    int64_t flight_ns;
    struct steady s;

    assert(p->nr_runs > 0 && now_ns >= p->now_ns);
    speed_of(&speed, l, kind);
    steady_window(l, &speed, &s);
    while (p->nr_runs > 0) {
        enum wire_kind head = p->runs[0].kind;
        double pages = num_floor(num_max(bytes - sent, 0.0) / l->cost[head].wire_bytes + 1e-6);
        bool all = pages >= (double)p->runs[0].pages;

        pages = all ? (double)p->runs[0].pages : pages;
        sent += pages * l->cost[head].wire_bytes;
        windows += head == WIRE_ZERO ? 0.0 : pages / s.pages;
        account(p, l, head, (uint64_t)pages);
        if (!all)
            break;
    }
    if (sent <= 0.0)
        return 0.0;
    /* the page under way has begun already */
    flight_ns = (int64_t)((bytes - sent) * (double)NS_PER_S / l->link_bytes_per_s);
    now_ns = now_ns - flight_ns > p->now_ns ? now_ns - flight_ns : p->now_ns;
    calls = (s.bytes - s.pages * l->cost[kind].counted_bytes) * windows;
    p->counted_bytes += calls;
    p->wire_bytes += calls;
    p->bound_ns[BOUND_LINK] += (double)(now_ns - p->now_ns);
    p->now_ns = p->sent_ns = now_ns;
    p->windows += (uint32_t)windows;
    p->window_ns = now_ns - s.ns;
    p->window_bytes = s.bytes;
    p->queued_bytes = 0.0;
    close_window(p, l);
    p->phase = PRECOPY_DECIDE;
    return sent;
}

void precopy_catch_up(struct precopy *p, const struct precopy_limits *l, double bytes,
                      int64_t now_ns)
{
    int64_t begun = p->window_ns > p->call_start_ns ? p->window_ns : p->call_start_ns;
    double ns = bytes * (double)NS_PER_S / l->link_bytes_per_s;

    if (now_ns - p->now_ns <= PRECOPY_WINDOW_NS || bytes < 0.0)
        return;
    p->now_ns = ns < (double)(now_ns - begun) ? now_ns - (int64_t)ns : begun;
}

enum precopy_stop precopy_run(struct precopy *p, const struct precopy_limits *l, int64_t until_ns,
                              bool each_decision)
{
    struct speed speed = {.kind = WIRE_NR};

    assert(l->link_bytes_per_s > 0.0 && until_ns >= p->now_ns);
    for (;;) {
        switch (p->phase) {
        case PRECOPY_DECIDE:
            if (each_decision)
                return PRECOPY_STOP_DECISION;
            if (p->pending_pages == 0 || precopy_is_low(p, l))
                return PRECOPY_STOP_LOW;
            if (p->now_ns >= until_ns)
                return PRECOPY_STOP_TIME;
            jump(p, l, &speed, until_ns);
            precopy_call(p);
            break;
        case PRECOPY_CALL:
            if (p->pending_pages == 0)
                end_pages(p, l);
            else if (!send_head(p, l, &speed, until_ns))
                return PRECOPY_STOP_TIME;
            break;
        case PRECOPY_BARRIER:
            if (p->barrier_end_ns > until_ns) {
                p->now_ns = until_ns;
                return PRECOPY_STOP_TIME;
            }
            p->now_ns = p->barrier_end_ns;
            end_call(p, l);
            break;
        case PRECOPY_SLEEP: {
            int64_t wake = p->window_ns + PRECOPY_WINDOW_NS + l->slip_ns;

            if (wake > until_ns) {
                p->bound_ns[BOUND_QUOTA] += (double)(until_ns - p->now_ns);
                p->now_ns = until_ns;
                return PRECOPY_STOP_TIME;
            }
            p->bound_ns[BOUND_QUOTA] += (double)(wake - p->now_ns);
            p->now_ns = wake;
            close_window(p, l);
            p->phase = PRECOPY_DECIDE;
            break;
        }
        }
    }
}
