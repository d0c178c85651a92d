/*
 * json.c - the `run --json` form.
 *
 * The fields of a migration are json_fields.c; here are the object around them, the summary and the
 * thresholds.  Written as text and not as a tree: a run has up to hundreds of thousands of
 * migrations.
 */
#include "reports/report.h"

#include <math.h>

#include "base/json_text.h"
#include "reports/json_fields.h"
#include "reports/summary.h"

#include "base/banned.h"

static void next_line(struct strbuf *out)
{
    json_next(out);
    strbuf_addch(out, '\n');
}

static void add_u64(struct strbuf *out, const char *key, uint64_t value)
{
    json_key(out, key);
    json_add_u64(out, value);
}

static void add_text(struct strbuf *out, const char *key, const char *text)
{
    json_key(out, key);
    json_add_text(out, text);
}

static void add_bool(struct strbuf *out, const char *key, bool value)
{
    json_key(out, key);
    json_add_bool(out, value);
}

static void add_s(struct strbuf *out, const char *key, int64_t ns)
{
    json_key(out, key);
    json_add_s(out, ns);
}

/* {"n": 200, "mean": ..., "p5": ..., ... } in the unit of the field */
static void add_spread(struct strbuf *out, const char *key, enum scored like,
                       const struct spread *spread)
{
    const struct {
        const char *key;
        double value;
    } parts[] = {
        {"mean", spread->mean}, {"p5", spread->p5},   {"p50", spread->p50},
        {"p95", spread->p95},   {"p99", spread->p99}, {"max", spread->max},
    };

    json_key(out, key);
    strbuf_addch(out, '{');
    add_u64(out, "n", spread->nr);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        json_key(out, parts[i].key);
        json_add_scored(out, like, parts[i].value);
    }
    strbuf_addch(out, '}');
}

static void add_summary(struct strbuf *out, const struct summary *s)
{
    json_key(out, "summary");
    strbuf_addch(out, '{');
    add_u64(out, "migrations", s->run->nr_migs);
    json_key(out, "outcomes");
    strbuf_addch(out, '{');
    for (int o = 0; o < OUTCOME_NR; o++)
        add_u64(out, outcome_name((enum outcome)o), s->outcomes[o]);
    strbuf_addch(out, '}');
    add_u64(out, "jobs", s->nr_wishes);
    json_key(out, "job_outcomes");
    strbuf_addch(out, '{');
    for (int o = 0; o < OUTCOME_NR; o++)
        add_u64(out, outcome_name((enum outcome)o), s->ends[o]);
    strbuf_addch(out, '}');
    add_spread(out, "makespan_ms", SCORED_TOTAL_TIME, &s->makespan);
    for (int field = 0; field < SCORED_NR; field++)
        add_spread(out, scored_key((enum scored)field), (enum scored)field, &s->scored[field]);
    strbuf_addch(out, '}');
}

/* A value or limit: lengths in ms, as everywhere in JSON. */
static void add_threshold_value(struct strbuf *out, const char *key, enum value_unit unit,
                                double value)
{
    json_key(out, key);
    if (unit == VALUE_NS && isfinite(value) && fabs(value) < (double)INT64_MAX)
        json_add_ms(out, llround(value));
    else
        json_add_double(out, value);
}

static void add_threshold(struct strbuf *out, const struct threshold_result *t)
{
    next_line(out);
    strbuf_addstr(out, "  {");
    add_text(out, "text", t->text);
    add_text(out, "file", t->file);
    json_key(out, "line");
    if (t->line)
        json_add_u64(out, t->line);
    else
        json_add_text(out, NULL);
    add_text(out, "unit", t->unit == VALUE_NS ? "ms" : value_unit_key(t->unit));
    add_threshold_value(out, "value", t->unit, t->value);
    add_threshold_value(out, "limit", t->unit, t->limit);
    add_text(out, "severity", t->error ? "error" : "warning");
    add_bool(out, "crossed", t->crossed);
    add_bool(out, "small_sample", t->small_sample);
    strbuf_addch(out, '}');
}

/* The unit of each fix's value, and the same value in it. */
static const struct {
    const char *unit;
    double factor;
} fix_units[FIX_NR] = {
    [FIX_ALONE] = {NULL, 0},
    [FIX_MAX_BANDWIDTH] = {"bytes_per_s", 1},
    [FIX_LINK_RATE] = {"bits_per_s", 1},
    [FIX_MULTIFD] = {"count", 1},
    [FIX_DOWNTIME_LIMIT] = {"ms", 1e-6},
    [FIX_TIMEOUT] = {"ms", 1e-6},
    [FIX_PROGRESS_TIMEOUT] = {"ms", 1e-6},
    [FIX_HORIZON] = {"ms", 1e-6},
    [FIX_AUTO_CONVERGE] = {"pct", 1},
    [FIX_POSTCOPY] = {"count", 1},
    [FIX_DIRTY_RATE] = {"ratio", 1},
};

static void add_fix(struct strbuf *out, const struct run_result *run, const struct fix_result *fix)
{
    const char *unit = fix_units[fix->kind].unit;

    next_line(out);
    strbuf_addstr(out, "  {");
    add_text(out, "vm", run->migs[fix->mig].vm);
    add_u64(out, "replication", run->migs[fix->mig].replication);
    add_text(out, "change", fix_key(fix->kind));
    json_key(out, "value");
    json_add_double(out, unit ? fix->value * fix_units[fix->kind].factor : NAN);
    add_text(out, "unit", unit);
    json_key(out, "total_time_ms");
    json_add_ms(out, fix->total_ns);
    json_key(out, "downtime_ms");
    json_add_ms(out, fix->downtime_ns);
    strbuf_addch(out, '}');
}

static void add_fixes(struct strbuf *out, const struct run_result *run)
{
    json_key(out, "fixes");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < run->nr_fixes; i++)
        add_fix(out, run, &run->fixes[i]);
    strbuf_addch(out, ']');
}

static void add_migration(struct strbuf *out, const struct summary *s, size_t i)
{
    const struct mig_result *mig = &s->run->migs[i];

    next_line(out);
    strbuf_addstr(out, "  {");
    add_text(out, "vm", mig->vm);
    add_text(out, "vm_class", mig->vm_class);
    add_text(out, "kind", mig->kind);
    add_u64(out, "job", mig->job);
    add_text(out, "source", mig->source);
    add_text(out, "target", mig->target);
    add_text(out, "platform", mig->platform);
    add_u64(out, "replication", mig->replication);
    add_s(out, "queued_s", mig->queued_ns);
    add_s(out, "started_s", mig->started_ns);
    add_s(out, "ended_s", mig->ended_ns);
    add_u64(out, "attempt", mig->attempt);
    json_mig_fields(out, mig, s->groups[s->group_of[i]].scored);
    json_mig_details(out, mig, s->run->rounds);
    strbuf_addch(out, '}');
}

static void add_events(struct strbuf *out, const struct run_result *run)
{
    json_key(out, "events");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < run->nr_events && !strbuf_failed(out); i++) {
        const struct sim_event *e = &run->events[i];

        next_line(out);
        strbuf_addstr(out, "  {");
        add_u64(out, "replication", e->replication);
        add_s(out, "at_s", e->at_ns);
        json_key(out, "job");
        if (e->job == UINT32_MAX)
            strbuf_addstr(out, "null");
        else
            json_add_u64(out, e->job);
        add_text(out, "vm", e->vm);
        add_text(out, "host", e->host);
        add_text(out, "what", e->what);
        strbuf_addch(out, '}');
    }
    strbuf_addch(out, ']');
}

static void add_operations(struct strbuf *out, const struct run_result *run)
{
    json_key(out, "operations");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < run->nr_ops; i++) {
        const struct op_result *op = &run->ops[i];

        next_line(out);
        strbuf_addch(out, '{');
        add_text(out, "name", op->name);
        add_text(out, "kind", op->kind);
        add_u64(out, "replication", op->replication);
        add_s(out, "started_s", op->started_ns);
        add_s(out, "ended_s", op->ended_ns);
        add_u64(out, "hosts", op->hosts);
        add_u64(out, "hosts_done", op->hosts_done);
        add_u64(out, "hosts_given_up", op->hosts_given_up);
        add_u64(out, "moves", op->vms_moved);
        add_u64(out, "vms_left", op->vms_left);
        add_text(out, "host", op->host);
        add_text(out, "vm", op->blocker);
        add_text(out, "reason", op->why);
        strbuf_addch(out, '}');
    }
    strbuf_addch(out, ']');
}

static void add_hazards(struct strbuf *out, const struct run_result *run)
{
    json_key(out, "hazards");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < run->nr_hazards; i++) {
        const struct hazard_result *h = &run->hazards[i];

        next_line(out);
        strbuf_addch(out, '{');
        add_text(out, "kind", hazard_key(h->kind));
        add_text(out, "text", h->text);
        add_text(out, "vm", h->vm);
        add_text(out, "host", h->host);
        add_u64(out, "replications", h->replications);
        strbuf_addch(out, '}');
    }
    strbuf_addch(out, ']');
}

enum status report_json(const struct run_result *run, struct strbuf *out)
{
    struct summary s;

    if (summary_init(&s, run) != ST_OK)
        return ST_ENOMEM;
    strbuf_addch(out, '{');
    add_text(out, "format_version", REPORT_FORMAT_VERSION);
    add_text(out, "version", run->version);
    add_text(out, "scenario", run->scenario);
    add_text(out, "digest", run->digest);
    add_u64(out, "seed", run->seed);
    add_u64(out, "replications", run->replications);
    add_bool(out, "interrupted", run->interrupted);
    next_line(out);
    add_summary(out, &s);
    next_line(out);
    json_key(out, "thresholds");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < run->nr_thresholds; i++)
        add_threshold(out, &run->thresholds[i]);
    strbuf_addch(out, ']');
    next_line(out);
    add_fixes(out, run);
    next_line(out);
    add_hazards(out, run);
    next_line(out);
    add_operations(out, run);
    next_line(out);
    add_events(out, run);
    next_line(out);
    json_key(out, "migrations");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < run->nr_migs && !strbuf_failed(out); i++)
        add_migration(out, &s, i);
    strbuf_addstr(out, "]}\n");
    summary_release(&s);
    return strbuf_failed(out) ? ST_ENOMEM : ST_OK;
}
