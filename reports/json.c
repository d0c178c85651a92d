/*
 * json.c - the `run --json` form.
 *
 * The fields of a migration are json_fields.c, what a cluster adds json_cluster.c; here are the
 * object around them, the summary and the thresholds.  Written as text and not as a tree: a run has
 * up to hundreds of thousands of migrations.
 */
#include "reports/report.h"

#include <math.h>

#include "reports/json_fields.h"
#include "reports/json_int.h"
#include "reports/summary.h"

#include "base/banned.h"

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
    json_put_u64(out, "n", spread->nr);
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        json_key(out, parts[i].key);
        json_add_scored(out, like, parts[i].value);
    }
    strbuf_addch(out, '}');
}

/* What guests and links paid, over all replications. */
static void add_costs(struct strbuf *out, const struct summary_costs *c)
{
    json_put_u64(out, "retries", c->retries);
    json_put_double(out, "sent_bytes", c->sent_bytes);
    json_put_double(out, "wasted_bytes", c->wasted_bytes);
    json_put_double(out, "blackout_guest_s", c->blackout_ns * 1e-9);
    json_put_double(out, "lost_guest_s", c->lost_ns * 1e-9);
    json_put_double(out, "postcopy_guest_s", c->exposed_ns * 1e-9);
}

static void add_summary(struct strbuf *out, const struct summary *s)
{
    json_key(out, "summary");
    strbuf_addch(out, '{');
    json_put_u64(out, "migrations", s->run->nr_migs);
    json_key(out, "outcomes");
    strbuf_addch(out, '{');
    for (int o = 0; o < OUTCOME_NR; o++)
        json_put_u64(out, outcome_name((enum outcome)o), s->outcomes[o]);
    strbuf_addch(out, '}');
    json_put_u64(out, "jobs", s->nr_wishes);
    json_key(out, "job_outcomes");
    strbuf_addch(out, '{');
    for (int o = 0; o < OUTCOME_NR; o++)
        json_put_u64(out, outcome_name((enum outcome)o), s->ends[o]);
    strbuf_addch(out, '}');
    add_spread(out, "makespan_ms", SCORED_TOTAL_TIME, &s->makespan);
    for (int field = 0; field < SCORED_NR; field++)
        add_spread(out, scored_key((enum scored)field), (enum scored)field, &s->scored[field]);
    add_costs(out, &s->costs);
    strbuf_addch(out, '}');
}

static void add_threshold(struct strbuf *out, const struct threshold_result *t)
{
    json_line(out);
    strbuf_addstr(out, "  {");
    json_put_text(out, "text", t->text);
    json_put_text(out, "file", t->file);
    json_key(out, "line");
    if (t->line)
        json_add_u64(out, t->line);
    else
        json_add_text(out, NULL);
    json_put_text(out, "unit", json_unit(t->unit));
    json_put_value(out, "value", t->unit, t->value);
    json_put_value(out, "limit", t->unit, t->limit);
    json_put_text(out, "severity", t->error ? "error" : "warning");
    json_put_bool(out, "crossed", t->crossed);
    json_put_bool(out, "small_sample", t->small_sample);
    json_put_text(out, "judgement",
                  isnan(t->value)   ? "no_data"
                  : t->crossed      ? "crossed"
                  : t->small_sample ? "not_decided"
                                    : "met");
    json_key(out, "interval");
    strbuf_addch(out, '[');
    json_add_value(out, t->unit, t->low);
    json_next(out);
    json_add_value(out, t->unit, t->high);
    strbuf_addch(out, ']');
    json_put_u64(out, "n", t->n);
    json_key(out, "replications_needed");
    if (t->replications_needed)
        json_add_u64(out, t->replications_needed);
    else
        json_add_text(out, NULL);
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
    struct mig_result room;
    const char *unit = fix_units[fix->kind].unit;

    json_line(out);
    strbuf_addstr(out, "  {");
    json_put_text(out, "vm", result_mig(run, fix->mig, &room)->vm);
    json_put_u64(out, "replication", result_mig(run, fix->mig, &room)->replication);
    json_put_text(out, "change", fix_key(fix->kind));
    json_put_double(out, "value", unit ? fix->value * fix_units[fix->kind].factor : NAN);
    json_put_text(out, "unit", unit);
    json_put_ms(out, "total_time_ms", fix->total_ns);
    json_put_ms(out, "downtime_ms", fix->downtime_ns);
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
    struct mig_result room;
    const struct mig_result *mig = result_mig(s->run, i, &room);

    json_line(out);
    strbuf_addstr(out, "  {");
    json_put_text(out, "vm", mig->vm);
    json_put_text(out, "vm_class", mig->vm_class);
    json_put_text(out, "kind", mig->kind);
    json_put_u64(out, "job", mig->job);
    json_put_text(out, "source", mig->source);
    json_put_text(out, "target", mig->target);
    json_put_text(out, "platform", mig->platform);
    json_put_u64(out, "replication", mig->replication);
    json_put_s(out, "queued_s", mig->queued_ns);
    json_put_s(out, "started_s", mig->started_ns);
    json_put_s(out, "ended_s", mig->ended_ns);
    json_put_u64(out, "attempt", mig->attempt);
    json_mig_fields(out, mig, s->groups[s->group_of[i]].scored);
    json_mig_details(out, mig, s->run->rounds);
    strbuf_addch(out, '}');
}

enum status report_json(const struct run_result *run, struct strbuf *out)
{
    struct summary s;
    enum status st;

    if (summary_init(&s, run) != ST_OK)
        return ST_ENOMEM;
    strbuf_addch(out, '{');
    json_put_text(out, "format_version", REPORT_FORMAT_VERSION);
    json_put_text(out, "version", run->version);
    json_put_text(out, "scenario", run->scenario);
    json_put_text(out, "digest", run->digest);
    json_put_u64(out, "seed", run->seed);
    json_put_u64(out, "replications", run->replications);
    json_put_bool(out, "interrupted", run->interrupted);
    json_line(out);
    add_summary(out, &s);
    json_line(out);
    json_key(out, "thresholds");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < run->nr_thresholds; i++)
        add_threshold(out, &run->thresholds[i]);
    strbuf_addch(out, ']');
    json_line(out);
    add_fixes(out, run);
    st = json_cluster(out, run);
    json_line(out);
    json_key(out, "migrations");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < run->nr_migs && !strbuf_failed(out); i++)
        add_migration(out, &s, i);
    strbuf_addstr(out, "]}\n");
    summary_release(&s);
    return strbuf_failed(out) ? ST_ENOMEM : st;
}
