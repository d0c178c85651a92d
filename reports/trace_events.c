/*
 * trace_events.c - one replication as a Chrome trace, for Perfetto and other timeline viewers.
 *
 * A process is a host, a thread a VM; each migration is a span with its phases below it, on the
 * host where the guest runs: queue, setup, rounds and blackout at the source, post-copy at the
 * target. Counters show the bytes known dirty after each round, and the throttle in force.
 * Rows tell lengths, not the moment of the stop: a blackout is laid where its length and the end
 * put it.  Where rounds were not recorded there is one span "pre-copy".
 * Invariant: spans of a thread nest or follow each other, also where lengths in the rows would make
 * them overlap; moments are whole microseconds.
 */
#include "reports/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/json_text.h"
#include "base/units.h"
#include "reports/json_fields.h"

#include "base/banned.h"

enum {
    TRACE_MIGRATIONS_MAX = 50000 /* some 50 MB; viewers take longer than the run for more */
};

/* Names in order, each once; the number of a name is its place, from 1. */
struct numbers {
    size_t nr;
    const char **names;
};

struct trace {
    struct strbuf *out;
    const struct run_result *run;
    size_t first, nr; /* the migrations told, one stretch of run->migs */
    struct numbers hosts, vms;
    int64_t *until_us; /* of each VM: where its spans end so far */
    size_t *named_on;  /* of each VM: the last host that it was named on */
};

/* One migration, in whole microseconds; a phase that was not reached ends where it begins. */
struct phases {
    size_t source, target, vm;
    int64_t queued, started, setup_end;
    int64_t stop, go; /* the blackout */
    int64_t postcopy_end, end;
};

static const char *or_unknown(const char *name)
{
    return name ? name : "unknown";
}

static int by_name(const void *left, const void *right)
{
    const char *const *a = left, *const *b = right;

    return *a == *b ? 0 : strcmp(*a, *b);
}

static void number(struct numbers *n)
{
    size_t nr = 0;

    qsort(n->names, n->nr, sizeof(*n->names), by_name);
    for (size_t i = 0; i < n->nr; i++)
        if (nr == 0 || strcmp(n->names[nr - 1], n->names[i]) != 0)
            n->names[nr++] = n->names[i];
    n->nr = nr;
}

static size_t number_of(const struct numbers *n, const char *name)
{
    const char *key = or_unknown(name);
    const char **found = bsearch(&key, n->names, n->nr, sizeof(*n->names), by_name);

    return found ? (size_t)(found - n->names) + 1 : 0;
}

static void begin_event(struct strbuf *out, const char *kind, const char *name, size_t pid,
                        size_t tid)
{
    json_next(out);
    strbuf_addf(out, "\n{\"ph\":\"%s\"", kind);
    json_put_text(out, "name", name);
    json_put_u64(out, "pid", pid);
    json_put_u64(out, "tid", tid);
}

static void add_name(struct strbuf *out, const char *kind, size_t pid, size_t tid, const char *name)
{
    begin_event(out, "M", kind, pid, tid);
    json_key(out, "args");
    strbuf_addch(out, '{');
    json_put_text(out, "name", name);
    strbuf_addstr(out, "}}");
}

static void name_vm(struct trace *t, size_t host, size_t vm)
{
    if (t->named_on[vm - 1] == host)
        return;
    t->named_on[vm - 1] = host;
    add_name(t->out, "thread_name", host, vm, t->vms.names[vm - 1]);
}

/* Leaves the event open for its arguments; close it with "}". */
static void begin_span(struct strbuf *out, const char *name, size_t pid, size_t tid, int64_t from,
                       int64_t to)
{
    begin_event(out, "X", name, pid, tid);
    json_put_int(out, "ts", from);
    json_put_int(out, "dur", to - from);
    json_put_text(out, "cat", "migration");
}

static void add_span(struct strbuf *out, const char *name, size_t pid, size_t tid, int64_t from,
                     int64_t to)
{
    if (to <= from)
        return;
    begin_span(out, name, pid, tid, from, to);
    strbuf_addch(out, '}');
}

/* "remaining VM", so that each VM's counter is one of its own. */
static void add_counter(struct strbuf *out, const struct phases *p, const char *what,
                        const char *vm, const char *unit, int64_t us, uint64_t value)
{
    struct strbuf name = STRBUF_INIT;

    strbuf_addf(&name, "%s %s", what, vm);
    begin_event(out, "C", strbuf_text(&name), p->source, p->vm);
    json_put_int(out, "ts", us);
    json_key(out, "args");
    strbuf_addch(out, '{');
    json_put_u64(out, unit, value);
    strbuf_addstr(out, "}}");
    strbuf_release(&name);
}

static int64_t clip(int64_t us, int64_t least, int64_t most)
{
    return us < least ? least : us > most ? most : us;
}

static int64_t us_of(int64_t ns)
{
    return ns / NS_PER_US;
}

/* Each moment is at least the one before it, and none lies before the VM's earlier spans. */
static struct phases phases_of(const struct trace *t, const struct mig_result *mig)
{
    struct phases p = {.source = number_of(&t->hosts, mig->source),
                       .target = number_of(&t->hosts, mig->target),
                       .vm = number_of(&t->vms, mig->vm)};
    int64_t ended = mig->ended_ns, stop, go;
    bool completed = mig->outcome == OUTCOME_COMPLETED;

    if (ended < 0 && mig->started_ns >= 0 && mig->total_ns > 0)
        ended = mig->started_ns + mig->total_ns; /* still running when the run ended */
    stop = go = ended;
    if (mig->blackout_ns > 0 && completed && mig->postcopy_ns > 0)
        stop = ended - mig->postcopy_ns;
    else if (mig->blackout_ns > 0 && completed && mig->downtime_ns >= 0)
        stop = ended - mig->downtime_ns;
    else if (mig->blackout_ns > 0)
        stop = ended - mig->blackout_ns;
    if (mig->blackout_ns > 0)
        go = stop + mig->blackout_ns;
    p.queued = clip(us_of(mig->queued_ns), t->until_us[p.vm - 1], INT64_MAX);
    p.started = clip(us_of(mig->started_ns < 0 ? ended : mig->started_ns), p.queued, INT64_MAX);
    p.end = clip(us_of(ended > go ? ended : go), p.started, INT64_MAX);
    if (mig->started_ns < 0) {
        p.setup_end = p.stop = p.go = p.postcopy_end = p.started;
        return p;
    }
    p.setup_end =
        clip(us_of(mig->started_ns + (mig->setup_ns > 0 ? mig->setup_ns : 0)), p.started, p.end);
    p.stop = clip(us_of(stop), p.setup_end, p.end);
    p.go = clip(us_of(go), p.stop, p.end);
    p.postcopy_end = mig->postcopy_ns > 0 ? p.end : p.go;
    return p;
}

static void add_rounds(struct trace *t, const struct mig_result *mig, const struct phases *p)
{
    int64_t at = p->setup_end;
    const char *vm = or_unknown(mig->vm);

    if (mig->nr_rounds == 0) {
        add_span(t->out, "pre-copy", p->source, p->vm, at, p->stop);
        return;
    }
    for (size_t i = 0; i < mig->nr_rounds; i++) {
        const struct mig_round *r = &t->run->rounds[mig->first_round + i];
        int64_t from = clip(us_of(r->start_ns), at, p->stop);
        int64_t to = clip(us_of(r->start_ns + r->duration_ns), from, p->stop);
        struct strbuf name = STRBUF_INIT;

        at = to;
        if (to == from && i > 0)
            continue; /* sent in the blackout */
        strbuf_addf(&name, "round %u", r->round);
        begin_span(t->out, strbuf_text(&name), p->source, p->vm, from, to);
        strbuf_release(&name);
        strbuf_addf(t->out,
                    ",\"args\":{\"wire_bytes\":%llu,\"dirtied_bytes\":%llu,"
                    "\"threshold_bytes\":%llu,\"throttle_pct\":%u}}",
                    (unsigned long long)r->wire_bytes, (unsigned long long)r->dirtied_bytes,
                    (unsigned long long)r->threshold_bytes, r->throttle_pct);
        add_counter(t->out, p, "throttle", vm, "percent", from, r->throttle_pct);
        add_counter(t->out, p, "remaining", vm, "bytes", to, r->remaining_bytes);
    }
    add_counter(t->out, p, "throttle", vm, "percent", p->stop, 0);
    if (mig->outcome == OUTCOME_COMPLETED)
        add_counter(t->out, p, "remaining", vm, "bytes", p->end, 0);
}

static void add_migration(struct trace *t, const struct mig_result *mig)
{
    struct phases p = phases_of(t, mig);
    struct strbuf name = STRBUF_INIT;

    name_vm(t, p.source, p.vm);
    add_span(t->out, "queue", p.source, p.vm, p.queued, p.started);
    t->until_us[p.vm - 1] = p.end;
    strbuf_addf(&name, "migration %s", outcome_name(mig->outcome));
    begin_span(t->out, strbuf_text(&name), p.source, p.vm, p.started, p.end);
    strbuf_release(&name);
    json_key(t->out, "args");
    strbuf_addch(t->out, '{');
    json_key(t->out, "target");
    json_add_text(t->out, mig->target);
    json_key(t->out, "attempt");
    json_add_u64(t->out, mig->attempt);
    json_mig_fields(t->out, mig, NULL);
    strbuf_addstr(t->out, "}}");
    if (mig->started_ns < 0)
        return;
    add_span(t->out, "setup", p.source, p.vm, p.started, p.setup_end);
    add_rounds(t, mig, &p);
    add_span(t->out, "blackout", p.source, p.vm, p.stop, p.go);
    if (p.postcopy_end > p.go) {
        name_vm(t, p.target, p.vm);
        add_span(t->out, "post-copy", p.target, p.vm, p.go, p.postcopy_end);
    }
}

/* The stretch of rows of the replication, and how many of them are told. */
static size_t find_rows(struct trace *t, uint32_t replication)
{
    struct mig_result room;
    size_t all = 0;

    for (size_t i = 0; i < t->run->nr_migs; i++) {
        if (result_mig(t->run, i, &room)->replication != replication)
            continue;
        if (all == 0)
            t->first = i;
        all++;
    }
    t->nr = all < TRACE_MIGRATIONS_MAX ? all : TRACE_MIGRATIONS_MAX;
    return all;
}

static enum status number_names(struct trace *t)
{
    t->hosts.names = calloc(2 * t->nr + 1, sizeof(*t->hosts.names));
    t->vms.names = calloc(t->nr + 1, sizeof(*t->vms.names));
    t->until_us = calloc(t->nr + 1, sizeof(*t->until_us));
    t->named_on = calloc(t->nr + 1, sizeof(*t->named_on));
    if (!t->hosts.names || !t->vms.names || !t->until_us || !t->named_on)
        return ST_ENOMEM;
    for (size_t i = 0; i < t->nr; i++) {
        struct mig_result room;
        const struct mig_result *mig = result_mig(t->run, t->first + i, &room);

        t->vms.names[t->vms.nr++] = or_unknown(mig->vm);
        t->hosts.names[t->hosts.nr++] = or_unknown(mig->source);
        t->hosts.names[t->hosts.nr++] = or_unknown(mig->target);
    }
    number(&t->vms);
    number(&t->hosts);
    return ST_OK;
}

static void add_origin(struct trace *t, uint32_t replication, size_t left_out)
{
    struct strbuf *out = t->out;

    strbuf_addstr(out, "{\"displayTimeUnit\":\"ms\",\"otherData\":{");
    json_put_text(out, "scenario", t->run->scenario);
    json_put_text(out, "digest", t->run->digest);
    json_put_text(out, "version", t->run->version);
    json_key(out, "seed");
    strbuf_addf(out, "\"%llu\"", (unsigned long long)t->run->seed);
    json_put_u64(out, "replication", replication);
    json_put_u64(out, "migrations_left_out", left_out);
    strbuf_addstr(out, "},\"traceEvents\":[");
}

enum status report_trace(const struct run_result *run, uint32_t replication, struct strbuf *out)
{
    struct mig_result room;
    struct trace t = {.out = out, .run = run};
    size_t all = find_rows(&t, replication);
    enum status st = number_names(&t);

    if (st == ST_OK) {
        add_origin(&t, replication, all - t.nr);
        for (size_t i = 0; i < t.hosts.nr; i++)
            add_name(out, "process_name", i + 1, 0, t.hosts.names[i]);
        for (size_t i = 0; i < t.nr && !strbuf_failed(out); i++)
            add_migration(&t, result_mig(run, t.first + i, &room));
        strbuf_addstr(out, "\n]}\n");
    }
    free(t.hosts.names);
    free(t.vms.names);
    free(t.until_us);
    free(t.named_on);
    return st != ST_OK ? st : strbuf_failed(out) ? ST_ENOMEM : ST_OK;
}
