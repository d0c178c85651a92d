/*
 * explain_words.c - sentences from the facts of an explanation.
 *
 * Says only what rows and the watch hold; every figure is one of theirs.
 */
#include "answers/explain/explain_words.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "answers/explain/explain_int.h"
#include "base/stats.h"
#include "base/units.h"
#include "sim/placement/placement.h"
#include "sim/sim.h"

#include "base/banned.h"

enum {
    NAMED = 3 /* VMs or hosts in a sentence */
};

static const char *name_of(const struct explain *e)
{
    return e->sc->vms[e->vm].name;
}

static bool completed(const struct mig_result *r)
{
    return r->outcome == OUTCOME_COMPLETED;
}

/* ---- the verdict ---- */

const char *explain_pick_words(const struct explain *e)
{
    size_t done = e->outcomes[OUTCOME_COMPLETED];

    switch (e->pick) {
    case EXPLAIN_WORST:
        return "the worst of them";
    case EXPLAIN_MEDIAN:
        return "the median of them all";
    case EXPLAIN_NUMBER:
        return "the one asked for";
    case EXPLAIN_TYPICAL:
        break;
    }
    if (done == 0 || done == e->nr_ends)
        return "the median of them";
    return e->nr_ends - done >= done ? "the median of those that did not"
                                     : "the median of those that did";
}

static void add_own_end(const struct explain *e, struct strbuf *out)
{
    const struct mig_result *r = e->told;
    char total[UNITS_TEXT], stop[UNITS_TEXT];

    if (completed(r)) {
        strbuf_addf(out, "%s moves from %s to %s in %s", name_of(e), r->source, r->target,
                    units_time(total, r->total_ns));
        if (r->downtime_ns >= 0)
            strbuf_addf(out, "; its guest stands still for %s", units_time(stop, r->downtime_ns));
    } else if (r->started_ns < 0) {
        strbuf_addf(out, "%s does not begin to move", name_of(e));
    } else {
        strbuf_addf(out, "%s stays on %s after %s", name_of(e), r->source,
                    units_time(total, r->total_ns));
    }
    if (!completed(r) && r->reason)
        strbuf_addf(out, ": %s", r->reason);
    strbuf_addch(out, '.');
}

/* " (95 % interval 88 % to 99 %); " */
static void add_probability(const struct explain *e, struct strbuf *out)
{
    struct stats_interval in =
        stats_proportion_interval(e->outcomes[OUTCOME_COMPLETED], e->nr_ends, 0.95);

    strbuf_addf(out, " (95 %% interval: %.0f to %.0f %%); ", 100.0 * in.low, 100.0 * in.high);
}

void explain_verdict(const struct explain *e, struct strbuf *out)
{
    size_t done = e->outcomes[OUTCOME_COMPLETED];

    if (!e->end) {
        strbuf_addf(out,
                    "%s is not asked to move: no request names it, and no operation empties "
                    "its host %s.",
                    name_of(e), e->sc->hosts[e->sc->vms[e->vm].host].name);
        return;
    }
    if (e->run.replications > 1) {
        if (done == 0)
            strbuf_addf(out, "%s completes in none of %zu replications", name_of(e), e->nr_ends);
        else if (done == e->nr_ends)
            strbuf_addf(out, "%s completes in each of %zu replications", name_of(e), e->nr_ends);
        else
            strbuf_addf(out, "%s completes in %zu of %zu replications", name_of(e), done,
                        e->nr_ends);
        add_probability(e, out);
        strbuf_addf(out, "this is replication %" PRIu32 ", %s. ", e->end->replication,
                    explain_pick_words(e));
    }
    add_own_end(e, out);
}

/* ---- attempts ---- */

/* "It is tried 4 times: 3 timeout, 1 completed." */
static void add_attempts(const struct explain *e, struct strbuf *out)
{
    size_t ends[OUTCOME_NR] = {0}, nr = 0;
    const char *before = "";

    for (uint32_t i = 0; i < e->nr_attempts; i++) {
        const struct mig_result *r = &e->rows[e->attempts[i]];

        if (r->job != e->told->job)
            continue;
        ends[r->outcome]++;
        nr++;
    }
    if (nr < e->nr_attempts)
        strbuf_addstr(out, "It is asked to move more than once; what follows is the last time.\n");
    if (nr < 2)
        return;
    strbuf_addf(out, "It is tried %zu times: ", nr);
    for (int i = 0; i < OUTCOME_NR; i++) {
        if (ends[i] == 0)
            continue;
        strbuf_addf(out, "%s%zu %s", before, ends[i],
                    i == OUTCOME_QUEUED ? "not over at the horizon"
                                        : outcome_name((enum outcome)i));
        before = ", ";
    }
    strbuf_addf(out, ". What follows is attempt %" PRIu32 ".\n", e->told->attempt);
}

/* ---- the wait ---- */

static int64_t length(const struct explain *e, const struct watch_wait *w)
{
    return (w->to_ns < 0 ? e->sc->horizon_ns : w->to_ns) - w->from_ns;
}

static void add_limit(const struct explain *e, struct strbuf *out, const struct watch_wait *w)
{
    const char *source = e->told->source ? e->told->source : "its host";
    const char *verb = w->nr_holders == 1 ? "had the slot" : "had the slots";

    switch (w->limit) {
    case WATCH_TOTAL:
        strbuf_addf(out, "the cluster runs %" PRIu32 " at a time", w->most);
        break;
    case WATCH_OUT:
        strbuf_addf(out, "%s sends %" PRIu32 " at a time", source, w->most);
        break;
    case WATCH_PER_HOST:
        strbuf_addf(out, "%s sends and takes %" PRIu32 " at a time", source, w->most);
        break;
    case WATCH_BACK_OFF:
        strbuf_addf(out, "attempt %" PRIu32 " had failed and the platform pauses before another",
                    w->attempt - 1);
        break;
    case WATCH_START:
        strbuf_addstr(out, "the target is prepared first");
        break;
    case WATCH_NO_TARGET:
        strbuf_addstr(out, "no host will take it");
        break;
    default:
        strbuf_addstr(out, w->why ? w->why : "the platform let nobody in");
    }
    if (w->nr_holders > 0) {
        strbuf_addstr(out, ", and ");
        explain_names(e, out, w->holders,
                      w->nr_holders < WATCH_HOLDERS ? w->nr_holders : WATCH_HOLDERS, NAMED);
        strbuf_addf(out, " %s", verb);
    }
    if (w->ahead > 0)
        strbuf_addf(out, "; %" PRIu32 " more of its host %s before it", w->ahead,
                    w->ahead == 1 ? "stands" : "stand");
    if (w->freed_by != VM_NONE && w->to_ns >= 0)
        strbuf_addf(out, "; the end of %s let it go", e->sc->vms[w->freed_by].name);
}

static void add_wait(const struct explain *e, struct strbuf *out)
{
    const struct watch *w = e->watch;
    const struct watch_wait *longest = NULL;
    int64_t sum = 0;
    uint32_t nr = 0;
    char all[UNITS_TEXT], most[UNITS_TEXT];

    for (uint32_t i = 0; i < w->nr_waits; i++) {
        if (w->waits[i].job != e->told->job || w->waits[i].attempt != e->told->attempt)
            continue;
        nr++;
        sum += length(e, &w->waits[i]);
        if (!longest || length(e, &w->waits[i]) > length(e, longest))
            longest = &w->waits[i];
    }
    if (!longest || length(e, longest) < NS_PER_MS)
        return;
    strbuf_addf(out, "It waits %s", units_time(all, sum));
    if (nr > 1 && length(e, longest) < sum)
        strbuf_addf(out, ", %s of it because ", units_time(most, length(e, longest)));
    else
        strbuf_addstr(out, longest->to_ns < 0 ? " and is still waiting at the end: " : ": ");
    add_limit(e, out, longest);
    strbuf_addstr(out, ".\n");
}

/* ---- the target ---- */

static void add_nearest(const struct explain *e, struct strbuf *out, const struct watch_place *p)
{
    const struct watch_host *h = &p->hosts[0];
    uint64_t need = e->sc->vms[e->vm].guest->memory_bytes;
    char has[UNITS_TEXT], lacks[UNITS_TEXT];

    if (p->nr_hosts == 0)
        return;
    if (h->refusal == REFUSE_MEMORY && h->free_bytes < need)
        strbuf_addf(out, " Nearest is %s with %s free: %s short.", e->sc->hosts[h->host].name,
                    units_size(has, h->free_bytes), units_size(lacks, need - h->free_bytes));
}

/* "2 lack label disk=ssd, 1 short of 12 GiB" */
static void add_refusals(const struct explain *e, struct strbuf *out, const struct watch_place *p)
{
    const struct job job = {.vm = e->vm,
                            .wanted = p->asked,
                            .target = HOST_NONE,
                            .last_target = HOST_NONE,
                            .earlier_target = HOST_NONE,
                            .kind = JOB_LIVE};
    const char *before = "";

    for (int f = REFUSE_NOT + 1; f < REFUSE_NR; f++) {
        if (p->count[f] == 0)
            continue;
        strbuf_addstr(out, before);
        placement_refusal_words(e->sim, &job, (enum refusal)f, p->count[f], out);
        before = ", ";
    }
}

static void add_target(const struct explain *e, struct strbuf *out)
{
    const struct watch_place *p = NULL;
    uint32_t others;

    for (uint32_t i = 0; i < e->watch->nr_places; i++)
        if (e->watch->places[i].job == e->told->job)
            p = &e->watch->places[i];
    if (!p || (p->chosen != HOST_NONE && (p->asked != HOST_NONE || e->sc->nr_hosts < 3)))
        return;
    others = e->sc->nr_hosts - 1;
    if (p->chosen == HOST_NONE) {
        strbuf_addf(out, "Of %" PRIu32 " other %s none will do: ", others,
                    others == 1 ? "host" : "hosts");
        add_refusals(e, out, p);
        strbuf_addch(out, '.');
        add_nearest(e, out, p);
        strbuf_addch(out, '\n');
        return;
    }
    strbuf_addf(out, "It goes to %s, the platform's first choice of %" PRIu32 " %s that would do",
                e->sc->hosts[p->chosen].name, p->nr_fit, p->nr_fit == 1 ? "host" : "hosts");
    if (p->nr_fit < others) {
        strbuf_addstr(out, " (");
        add_refusals(e, out, p);
        strbuf_addch(out, ')');
    }
    strbuf_addstr(out, ".\n");
}

/* ---- the copy ---- */

static double per_second(uint64_t bytes, int64_t ns)
{
    return ns > 0 ? (double)bytes * (double)NS_PER_S / (double)ns : 0.0;
}

static uint64_t rate_of(double x)
{
    return x > 0.0 && x < 1e18 ? (uint64_t)x : 0;
}

/* "web-1 and 3 more on link spine" */
static void add_company(const struct explain *e, struct strbuf *out)
{
    uint32_t nr = 0;
    const struct explain_share *first = NULL;

    for (size_t i = 0; i < e->nr_shares; i++) {
        const struct explain_share *s = &e->shares[i];
        bool again = false;

        if (s->attempt != e->told->attempt)
            continue;
        for (size_t k = 0; k < i; k++)
            again |= e->shares[k].attempt == s->attempt && strcmp(e->shares[k].vm, s->vm) == 0;
        nr += !again;
        if (!first || s->to_ns - s->from_ns > first->to_ns - first->from_ns)
            first = s;
    }
    if (!first)
        return;
    strbuf_addf(out, ", shared with %s", first->vm);
    if (nr > 1)
        strbuf_addf(out, " and %" PRIu32 " %s", nr - 1, nr == 2 ? "other" : "others");
    strbuf_addf(out, " on %s", first->link);
}

static void add_copy(const struct explain *e, struct strbuf *out)
{
    const struct mig_result *r = e->told;
    const struct mig_round *first = r->nr_rounds ? &e->rounds[r->first_round] : NULL;
    enum binding bound = first ? explain_round_bound(e, r, first->round) : BINDING_NONE;
    char size[UNITS_TEXT], time[UNITS_TEXT], rate[UNITS_TEXT];

    if (r->disk_bytes > 0)
        strbuf_addf(out, "Its disks come first: %s in %s.\n", units_size(size, r->disk_bytes),
                    units_time(time, r->disk_ns));
    if (!first)
        return;
    strbuf_addf(out, "Round 1 sends %s in %s, %s", units_size(size, first->wire_bytes),
                units_time(time, first->duration_ns),
                units_rate(rate, rate_of(per_second(first->wire_bytes, first->duration_ns))));
    if (bound != BINDING_NONE)
        strbuf_addf(out, ", limited by %s", binding_name(bound));
    add_company(e, out);
    strbuf_addstr(out, ".\n");
}

/* ---- convergence ---- */

static void add_outside_precopy(const struct explain *e, struct strbuf *out)
{
    const struct mig_result *r = e->told;
    char a[UNITS_TEXT], b[UNITS_TEXT];

    if (r->max_throttle_pct > 0)
        strbuf_addf(out, "The guest was slowed by up to %" PRIu32 " %% of its CPU time.\n",
                    r->max_throttle_pct);
    if (r->postcopy_ns > 0)
        strbuf_addf(out, "Post-copy lasted %s and brought %s; both hosts had to live for it.\n",
                    units_time(a, r->postcopy_ns), units_size(b, r->postcopy_bytes));
}

/* Of the rounds after the first: what became dirty, and what left, a second. */
static void middle_rates(const struct explain *e, double *dirty, double *sent, uint64_t *least)
{
    const struct mig_result *r = e->told;
    uint64_t dirtied = 0, wire = 0;
    int64_t ns = 0;

    *least = UINT64_MAX;
    for (size_t i = 0; i < r->nr_rounds; i++) {
        const struct mig_round *round = &e->rounds[r->first_round + i];

        if (round->remaining_bytes < *least)
            *least = round->remaining_bytes;
        if (i == 0 && r->nr_rounds > 1)
            continue;
        dirtied += round->dirtied_bytes;
        wire += round->wire_bytes;
        ns += round->duration_ns;
    }
    *dirty = per_second(dirtied, ns);
    *sent = per_second(wire, ns);
}

static void add_convergence(const struct explain *e, struct strbuf *out)
{
    const struct mig_result *r = e->told;
    const struct mig_round *last =
        r->nr_rounds ? &e->rounds[r->first_round + r->nr_rounds - 1] : NULL;
    double dirty, sent;
    uint64_t least;
    char a[UNITS_TEXT], b[UNITS_TEXT], c[UNITS_TEXT], d[UNITS_TEXT], limit[UNITS_TEXT];

    if (!last || r->postcopy_ns > 0 || (r->nr_rounds < 2 && completed(r)))
        return;
    middle_rates(e, &dirty, &sent, &least);
    if (r->nr_rounds < 2) {
        strbuf_addstr(out, "Not even one copy of its memory was over by then.\n");
        return;
    }
    units_time(limit, r->downtime_limit_ns);
    strbuf_addf(out, "After that %s become dirty while %s leave, ", units_rate(a, rate_of(dirty)),
                units_rate(b, rate_of(sent)));
    if (completed(r))
        strbuf_addf(out,
                    "so after %zu more %s the %s that remain are below the %s that fit its "
                    "downtime limit of %s.\n",
                    r->nr_rounds - 1, r->nr_rounds == 2 ? "round" : "rounds",
                    units_size(c, r->downtime_bytes), units_size(d, last->threshold_bytes), limit);
    else
        strbuf_addf(out,
                    "so what remains never falls below %s, and only %s would fit its downtime "
                    "limit of %s.\n",
                    units_size(c, least), units_size(d, last->threshold_bytes), limit);
}

static void add_ratio(const struct explain *e, struct strbuf *out, double ratio)
{
    double rate = e->watch->write_bytes_per_s * ratio;
    char text[UNITS_TEXT];

    strbuf_addf(out, "%.3g times as fast", floor(ratio * 100.0) / 100.0);
    if (rate > 0.0)
        strbuf_addf(out, " (%s)", units_rate(text, rate_of(rate)));
}

/* Where converging ends: found for a move that completes, and among the fixes of one that fails. */
static void add_margin(const struct explain *e, struct strbuf *out)
{
    double rate = e->watch->write_bytes_per_s;
    char text[UNITS_TEXT];

    if (rate > 0.0)
        strbuf_addf(out, "Its guest writes %s here. ", units_rate(text, rate_of(rate)));
    for (size_t i = 0; i < e->run.nr_fixes; i++) {
        if (e->run.fixes[i].kind != FIX_DIRTY_RATE || completed(e->told))
            continue;
        strbuf_addstr(out, "It would complete with one that writes up to ");
        add_ratio(e, out, e->run.fixes[i].value);
        strbuf_addstr(out, ".");
    }
    if (isinf(e->margin_ratio)) {
        strbuf_addstr(out, "It would complete even if it wrote 64 times as fast.");
    } else if (!isnan(e->margin_ratio)) {
        strbuf_addstr(out, "It would complete up to ");
        add_ratio(e, out, e->margin_ratio);
        strbuf_addstr(out, ", and not beyond.");
    }
    if (rate > 0.0 || !isnan(e->margin_ratio))
        strbuf_addch(out, '\n');
}

/* ---- the blackout ---- */

size_t explain_blackout(const struct explain *e, struct explain_part parts[EXPLAIN_PARTS])
{
    static const char *const names[] = {
        [WATCH_STOP] = "vCPUs stop, the manager reacts",
        [WATCH_DRAIN] = "what the disks still owe",
        [WATCH_SEND] = "final sync, and what is still dirty",
        [WATCH_DEVICES] = "device state, start at the target",
    };
    const struct mig_result *r = e->told;
    const struct watch *w = e->watch;
    size_t nr = 0;
    int64_t sum = 0;

    if (r->downtime_ns < 0)
        return 0;
    for (uint32_t i = 0; i < w->nr_steps && nr < EXPLAIN_PARTS; i++) {
        const struct watch_step *s = &w->steps[i];
        int64_t to = r->ended_ns;

        if (s->job != r->job || s->attempt != r->attempt || s->kind != WATCH_STEP_STATE ||
            s->value < WATCH_STOP || s->value > WATCH_DEVICES)
            continue;
        for (uint32_t k = i + 1; k < w->nr_steps; k++)
            if (w->steps[k].kind == WATCH_STEP_STATE && w->steps[k].job == s->job &&
                w->steps[k].attempt == s->attempt) {
                to = w->steps[k].at_ns;
                break;
            }
        parts[nr++] = (struct explain_part){names[s->value], to - s->at_ns};
        sum += to - s->at_ns;
    }
    if (nr > 0 && nr < EXPLAIN_PARTS && r->blackout_ns > sum)
        parts[nr++] =
            (struct explain_part){"until the guest runs at the target", r->blackout_ns - sum};
    return nr;
}

static void add_blackout(const struct explain *e, struct strbuf *out)
{
    struct explain_part parts[EXPLAIN_PARTS];
    size_t nr = explain_blackout(e, parts), most = 0;
    char all[UNITS_TEXT], own[UNITS_TEXT], limit[UNITS_TEXT];

    if (nr == 0)
        return;
    for (size_t i = 1; i < nr; i++)
        if (parts[i].ns > parts[most].ns)
            most = i;
    strbuf_addf(out, "No vCPU runs for %s (limit %s), %s of it: %s.\n",
                units_time(all, e->told->blackout_ns),
                units_time(limit, e->told->downtime_limit_ns), units_time(own, parts[most].ns),
                parts[most].what);
}

void explain_story(const struct explain *e, struct strbuf *out)
{
    if (!e->end)
        return;
    add_attempts(e, out);
    add_wait(e, out);
    add_target(e, out);
    add_copy(e, out);
    add_convergence(e, out);
    add_margin(e, out);
    add_outside_precopy(e, out);
    add_blackout(e, out);
    for (size_t i = 0; i < e->nr_remarks; i++)
        strbuf_addf(out, "%s\n", e->remarks[i]);
}
