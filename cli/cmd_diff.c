/*
 * cmd_diff.c - `migcast diff`: two scenarios, two presets or two stored results, side by side.
 *
 * Runs what has to be run, with the same seed on both sides, and tells in words what differs;
 * answers/diff.c compares.
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answers/diff.h"
#include "base/json_text.h"
#include "base/units.h"
#include "cli/cmd.h"
#include "reports/cell.h"
#include "sim/presets.h"
#include "sim/run.h"
#include "store/store.h"

#include "base/banned.h"

enum {
    LINES_SHOWN = 20 /* changed VMs without --verbose */
};

/* One side: a scenario that was run, or a stored run. */
struct side {
    const char *what; /* as given */
    struct scenario sc;
    struct run_result run;
    struct store_run stored;
    const struct run_result *rows;
};

static void release(struct side *s)
{
    run_free(&s->run);
    store_run_release(&s->stored);
    scenario_release(&s->sc);
}

static bool ends_with(const char *text, const char *end)
{
    size_t a = strlen(text), b = strlen(end);

    return a >= b && strcmp(text + a - b, end) == 0;
}

static enum status simulate_side(const struct cli_opts *o, struct side *s, struct diag *diag)
{
    struct run_options options = {
        .version = cli_version(), .jobs = o->jobs, .stop = &cli_interrupted};
    enum status st = run_scenario(&s->sc, &options, &s->run, diag);

    s->rows = &s->run;
    return st;
}

/* A stored result: the last run of a database. */
static enum status load_stored(struct side *s, struct diag *diag)
{
    struct store *store = NULL;
    enum status st = store_open(&store, s->what, STORE_OPEN_READ, diag);

    if (st == ST_OK)
        st = store_load_run(store, STORE_LATEST, &s->stored, diag);
    store_close(store);
    s->rows = &s->stored.result;
    return st;
}

/* The scenario under a preset that is stronger than its own presets and weaker than its values. */
static enum status load_with_preset(const struct cli_opts *o, struct side *s, const char *scenario,
                                    struct diag *diag)
{
    char *path = realpath(scenario, NULL);
    struct strbuf text = STRBUF_INIT;
    enum status st;

    if (!path)
        return diag_at(diag, ST_EINPUT, scenario, 0, "cannot be read");
    strbuf_addf(&text, "[scenario]\npreset = %s\ninclude = %s\n", s->what, path);
    st = strbuf_failed(&text)
             ? diag_set(diag, ST_ENOMEM, "out of memory")
             : scenario_load_text(&s->sc, s->what, strbuf_text(&text), o->sets, o->nr_sets, diag);
    strbuf_release(&text);
    free(path);
    return st;
}

static enum status load_side(const struct cli_opts *o, struct side *s, const char *scenario,
                             struct diag *diag)
{
    enum status st;

    if (scenario) {
        if (!preset_find(s->what)) {
            diag_hint(diag, "`migcast presets` lists them");
            return diag_set(diag, ST_EUSAGE, "there is no preset '%s'", s->what);
        }
        st = load_with_preset(o, s, scenario, diag);
    } else if (ends_with(s->what, ".db")) {
        return load_stored(s, diag);
    } else {
        st = scenario_load(&s->sc, s->what, o->sets, o->nr_sets, diag);
    }
    return st == ST_OK ? simulate_side(o, s, diag) : st;
}

/* ---- words ---- */

static const char *time_or_dash(char buf[UNITS_TEXT], double ns)
{
    return isnan(ns) ? "-" : units_time(buf, (int64_t)llround(ns));
}

static void add_shift(struct strbuf *out, const char *what, double a, double b)
{
    char from[UNITS_TEXT], to[UNITS_TEXT];

    if ((isnan(a) && isnan(b)) || fabs(a - b) < (double)NS_PER_MS)
        return;
    strbuf_addf(out, ", %s %s -> %s", what, time_or_dash(from, a), time_or_dash(to, b));
}

static void add_counts(struct strbuf *out, const struct diff_side *s)
{
    strbuf_addf(out, "%s", outcome_name(s->outcome));
    if (s->jobs > 1)
        strbuf_addf(out, " (%u of %u completed)", s->completed, s->jobs);
}

static void add_vm(struct strbuf *out, const struct diff_vm *v)
{
    static const char signs[] = {[DIFF_SAME] = '=',    [DIFF_ADDED] = '+', [DIFF_REMOVED] = '-',
                                 [DIFF_OUTCOME] = '~', [DIFF_WORSE] = '~', [DIFF_BETTER] = '~'};
    const struct diff_side *only = v->change == DIFF_ADDED ? &v->b : &v->a;

    strbuf_addf(out, "%c ", signs[v->change]);
    cell_add_text(out, v->vm);
    strbuf_addstr(out, ": ");
    if (v->change == DIFF_ADDED || v->change == DIFF_REMOVED) {
        strbuf_addf(out, "only in %s: ", v->change == DIFF_ADDED ? "B" : "A");
        add_counts(out, only);
        strbuf_addch(out, '\n');
        return;
    }
    if (v->change == DIFF_OUTCOME) {
        add_counts(out, &v->a);
        strbuf_addstr(out, " -> ");
        add_counts(out, &v->b);
        if (v->b.reason && v->b.outcome != OUTCOME_COMPLETED)
            strbuf_addf(out, ": %s", v->b.reason);
    } else {
        strbuf_addstr(out, v->change == DIFF_WORSE    ? "worse"
                           : v->change == DIFF_BETTER ? "better"
                                                      : "the same");
    }
    add_shift(out, "pause", v->a.downtime_ns, v->b.downtime_ns);
    add_shift(out, "time", v->a.total_ns, v->b.total_ns);
    add_shift(out, "wait", v->a.wait_ns, v->b.wait_ns);
    if (v->a.throttle_pct != v->b.throttle_pct)
        strbuf_addf(out, ", throttle %.0f %% -> %.0f %%", v->a.throttle_pct, v->b.throttle_pct);
    if (v->a.attempts * v->b.jobs != v->b.attempts * v->a.jobs)
        strbuf_addf(out, ", attempts %u -> %u", v->a.attempts, v->b.attempts);
    strbuf_addch(out, '\n');
}

static void add_total(struct strbuf *out, const char *sign, const char *what,
                      const struct diff_total *t)
{
    char span[UNITS_TEXT], pause[UNITS_TEXT], sent[UNITS_TEXT];

    strbuf_addf(out, "%s %s: ", sign, what);
    strbuf_addf(out, "%.4g %% completed, makespan %s, longest pause %s, %s sent\n",
                100.0 * t->completed_ratio, time_or_dash(span, t->makespan_ns),
                time_or_dash(pause, t->worst_downtime_ns),
                units_size(sent, (uint64_t)llround(t->sent_bytes)));
}

static void add_text(const struct cli_opts *o, struct strbuf *out, const struct diff_result *d,
                     const char *a, const char *b)
{
    size_t shown =
        cli_flag(o, "verbose") || d->nr_changed < LINES_SHOWN ? d->nr_changed : LINES_SHOWN;

    strbuf_addf(out, "%zu of %zu VMs differ.\n\n", d->nr_changed, d->nr);
    add_total(out, "A", a, &d->a);
    add_total(out, "B", b, &d->b);
    if (shown > 0)
        strbuf_addch(out, '\n');
    for (size_t i = 0; i < shown; i++)
        add_vm(out, &d->vms[i]);
    if (shown < d->nr_changed)
        strbuf_addf(out, "  and %zu more; --verbose shows all\n", d->nr_changed - shown);
}

/* ---- JSON ---- */

static void add_ms(struct strbuf *out, const char *key, double ns)
{
    json_key(out, key);
    if (isnan(ns))
        json_add_text(out, NULL);
    else
        json_add_ms(out, (int64_t)llround(ns));
}

static void add_side(struct strbuf *out, const char *key, const struct diff_side *s)
{
    json_key(out, key);
    if (s->jobs == 0) {
        json_add_text(out, NULL);
        return;
    }
    strbuf_addch(out, '{');
    json_key(out, "outcome");
    json_add_text(out, outcome_name(s->outcome));
    json_key(out, "reason");
    json_add_text(out, s->reason);
    json_key(out, "jobs");
    json_add_u64(out, s->jobs);
    json_key(out, "completed");
    json_add_u64(out, s->completed);
    json_key(out, "attempts");
    json_add_u64(out, s->attempts);
    add_ms(out, "total_time_ms", s->total_ns);
    add_ms(out, "wait_ms", s->wait_ns);
    add_ms(out, "downtime_ms", s->downtime_ns);
    json_key(out, "max_throttle_pct");
    json_add_double(out, s->throttle_pct);
    strbuf_addch(out, '}');
}

static void add_total_json(struct strbuf *out, const char *key, const char *what,
                           const struct diff_total *t)
{
    json_key(out, key);
    strbuf_addch(out, '{');
    json_key(out, "name");
    json_add_text(out, what);
    add_ms(out, "makespan_ms", t->makespan_ns);
    add_ms(out, "longest_downtime_ms", t->worst_downtime_ns);
    json_key(out, "completed_ratio");
    if (isnan(t->completed_ratio))
        json_add_text(out, NULL);
    else
        json_add_double(out, t->completed_ratio);
    json_key(out, "sent_bytes");
    json_add_u64(out, (uint64_t)llround(t->sent_bytes));
    strbuf_addch(out, '}');
}

static void add_json(struct strbuf *out, const struct diff_result *d, const char *a, const char *b)
{
    static const char *const words[] = {
        [DIFF_SAME] = "same",       [DIFF_ADDED] = "added", [DIFF_REMOVED] = "removed",
        [DIFF_OUTCOME] = "outcome", [DIFF_WORSE] = "worse", [DIFF_BETTER] = "better"};

    strbuf_addstr(out, "{\"format_version\":\"" CLI_FORMAT_VERSION "\"");
    add_total_json(out, "a", a, &d->a);
    add_total_json(out, "b", b, &d->b);
    json_key(out, "changed");
    json_add_u64(out, d->nr_changed);
    json_key(out, "vms");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < d->nr; i++) {
        json_next(out);
        strbuf_addstr(out, "\n{");
        json_key(out, "vm");
        json_add_text(out, d->vms[i].vm);
        json_key(out, "change");
        json_add_text(out, words[d->vms[i].change]);
        add_side(out, "a", &d->vms[i].a);
        add_side(out, "b", &d->vms[i].b);
        strbuf_addch(out, '}');
    }
    strbuf_addstr(out, "]}\n");
}

static enum status run(struct cli_opts *o, struct diag *diag)
{
    struct side sides[2] = {{.what = o->args[0]}, {.what = o->args[1]}};
    struct diff_result d = {0};
    struct strbuf out = STRBUF_INIT;
    double tolerance = 0.01;
    const char *given = cli_value(o, "tolerance");
    enum status st = given ? units_parse_ratio(given, &tolerance, diag) : ST_OK;

    if (st != ST_OK)
        return ST_EUSAGE;
    for (int i = 0; i < 2 && st == ST_OK; i++)
        st = load_side(o, &sides[i], o->nr_args > 2 ? o->args[2] : NULL, diag);
    if (st == ST_OK)
        st = diff_runs(sides[0].rows, sides[1].rows, tolerance, &d);
    if (st == ST_OK && o->json)
        add_json(&out, &d, sides[0].what, sides[1].what);
    else if (st == ST_OK)
        add_text(o, &out, &d, sides[0].what, sides[1].what);
    if (st == ST_OK)
        st = cli_emit(o, &out, diag);
    if (st == ST_OK && cli_flag(o, "exit-code") && d.nr_changed > 0)
        st = ST_EDIFF;
    diff_release(&d);
    strbuf_release(&out);
    release(&sides[0]);
    release(&sides[1]);
    return st;
}

static const struct cli_option options[] = {
    {.name = "exit-code", .help = "exit with 2 when anything differs"},
    {.name = "tolerance",
     .arg = "SHARE",
     .help = "times that differ by less are the same (default 1%)"},
    {.name = "verbose", .letter = 'v', .help = "show every VM that differs"},
    {0},
};

const struct cmd cmd_diff = {
    .name = "diff",
    .args = "A B [SCENARIO.ini]",
    .help = "compare two scenarios, stored results, or presets on one scenario",
    .about =
        "A and B are scenario files, databases (.db: their last run), or, with a third argument, "
        "presets under which that scenario is run. Both sides meet the same random draws, so what "
        "differs comes from what was changed.\n\n"
        "Each VM that differs gets a line: ~ changed, + only in B, - only in A.\n\n"
        "  migcast diff today.ini tomorrow.ini\n"
        "  migcast diff kubevirt-1.3 kubevirt-1.9 scenarios/rack-drain.ini\n"
        "  migcast diff before.db after.db --exit-code",
    .options = options,
    .shared = CLI_SET | CLI_JSON | CLI_OUTPUT | CLI_JOBS,
    .min_args = 2,
    .max_args = 3,
    .run = run,
};
