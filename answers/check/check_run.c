/*
 * check_run.c - a scenario as it is now: which inputs are set, and the values of every measure.
 *
 * What the values are compared with, and what a difference means, is check.c.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "answers/check/check.h"
#include "sim/measure.h"
#include "sim/run.h"
#include "sim/scenario/scenario_options.h"

#include "base/banned.h"

/* Of the whole.  A replication gives one value of each: its own p99, its own share. */
static const char *const whole_measures[] = {
    "drain.makespan.mean", "downtime.p50",    "downtime.p99",           "total_time.p50",
    "slowdown.mean",       "completed.rate",  "timeouts.rate",          "failed.rate",
    "moved.rate",          "queue_time.mean", "drain.transferred.mean",
};

/* Of each VM or class. */
static const char *const part_measures[] = {"downtime.mean", "total_time.mean", "moved.rate"};

#define NR(table) (sizeof(table) / sizeof((table)[0]))

struct work {
    const struct scenario *sc;
    const struct run_result *run;
    struct check_entry *out;
    struct arena *arena;
    size_t room; /* for series or inputs */
    bool failed;
};

/* ---- inputs ---- */

static void count_input(void *arg, const struct scenario_value *value)
{
    (void)value;
    ((struct work *)arg)->room++;
}

/* Seed and replications are the baseline's, and not what the file says. */
static bool is_input(const struct scenario_value *value)
{
    return strcmp(value->section, "scenario") != 0 ||
           (strcmp(value->key, "seed") != 0 && strcmp(value->key, "replications") != 0);
}

static void keep_input(void *arg, const struct scenario_value *value)
{
    struct work *w = arg;
    struct check_input in = {.line = value->line};

    if (!is_input(value))
        return;
    in.section = arena_strdup(w->arena, value->section);
    in.key = arena_strdup(w->arena, value->key);
    in.value = arena_strdup(w->arena, value->value);
    in.file = arena_strdup(w->arena, value->file);
    if (in.section && in.key && in.value && in.file)
        w->out->inputs[w->out->nr_inputs++] = in;
    else
        w->failed = true;
}

static enum status keep_inputs(struct work *w)
{
    enum status st = scenario_each_set(w->sc, count_input, w);

    if (st != ST_OK)
        return st;
    w->out->inputs = arena_array(w->arena, w->room, sizeof(*w->out->inputs));
    if (!w->out->inputs)
        return ST_ENOMEM;
    st = scenario_each_set(w->sc, keep_input, w);
    return w->failed ? ST_ENOMEM : st;
}

/* ---- measures ---- */

static enum status add_series(struct work *w, const struct measure *m, const char *vm)
{
    struct check_series *s = &w->out->series[w->out->nr_series];
    struct strbuf text = STRBUF_INIT;
    enum status st;

    measure_print(m, &text);
    *s = (struct check_series){.unit = m->metric->unit, .less = measure_wanted_less(m), .vm = vm};
    s->measure = strbuf_failed(&text) ? NULL : arena_strdup(w->arena, strbuf_text(&text));
    s->values = arena_array(w->arena, w->out->nr_samples, sizeof(*s->values));
    strbuf_release(&text);
    if (!s->measure || !s->values)
        return ST_ENOMEM;
    st = measure_replications(w->sc, w->run, m, s->values);
    for (uint32_t i = 0; st == ST_OK && i < w->out->nr_samples; i++)
        s->values[i] = check_tidy(s->values[i], s->unit);
    w->out->nr_series++;
    return st;
}

static bool has_series(const struct check_entry *e, const char *measure)
{
    for (size_t i = 0; i < e->nr_series; i++)
        if (strcmp(e->series[i].measure, measure) == 0)
            return true;
    return false;
}

/* @text as a measure of the whole, unless it is there already. */
static enum status add_named(struct work *w, const char *text, struct diag *diag)
{
    struct measure m;
    enum status st = measure_parse(text, &m, diag);
    bool known;

    if (st != ST_OK)
        return st;
    /* what a replication has one of is its own p95 and its own mean */
    known = strncmp(m.metric->name, "drain.", 6) == 0 && m.scope == MEASURE_ALL;
    if ((known && m.statistic != MEASURE_MEAN) || has_series(w->out, text))
        return ST_OK;
    return add_series(w, &m, NULL);
}

static enum status add_wholes(struct work *w, const struct check_options *o, struct diag *diag)
{
    enum status st = ST_OK;

    for (size_t i = 0; st == ST_OK && i < NR(whole_measures); i++)
        st = add_named(w, whole_measures[i], diag);
    for (size_t i = 0; st == ST_OK && i < w->sc->nr_thresholds; i++) {
        struct strbuf text = STRBUF_INIT;

        measure_print(&w->sc->thresholds[i].measure, &text);
        st = strbuf_failed(&text) ? ST_ENOMEM : add_named(w, strbuf_text(&text), diag);
        strbuf_release(&text);
    }
    for (size_t i = 0; st == ST_OK && i < o->nr_measures; i++)
        st = add_named(w, o->measures[i], diag);
    return st;
}

/* Who moves: a mark for each VM, and for its class. */
static void mark_movers(const struct work *w, unsigned char *vms, unsigned char *classes,
                        size_t *nr_vms)
{
    struct mig_result room;

    for (size_t i = 0; i < w->run->nr_migs; i++) {
        uint32_t vm = result_mig(w->run, i, &room)->vm_id;

        if (vm >= w->sc->nr_vms || vms[vm])
            continue;
        vms[vm] = 1;
        classes[w->sc->vms[vm].class_id] = 1;
        ++*nr_vms;
    }
}

static enum status add_part(struct work *w, enum measure_scope scope, const char *name)
{
    const char *kept = arena_strdup(w->arena, name);
    enum status st = kept ? ST_OK : ST_ENOMEM;

    for (size_t i = 0; st == ST_OK && i < NR(part_measures); i++) {
        struct measure m;

        st = measure_parse(part_measures[i], &m, NULL);
        if (st != ST_OK || strlen(name) >= sizeof(m.name))
            continue;
        m.scope = scope;
        memcpy(m.name, name, strlen(name) + 1);
        st = add_series(w, &m, kept);
    }
    return st;
}

/* What the baseline measured, so that a cluster that grew is still compared. */
static enum check_by by_of(const struct check_entry *before)
{
    for (size_t i = 0; before && i < before->nr_series; i++)
        if (before->series[i].vm)
            return strncmp(before->series[i].measure, "vm.", 3) == 0 ? CHECK_BY_VM : CHECK_BY_CLASS;
    return CHECK_BY_AUTO;
}

static enum status add_parts(struct work *w, enum check_by by, const unsigned char *vms,
                             const unsigned char *classes)
{
    enum status st = ST_OK;

    for (uint32_t i = 0; by == CHECK_BY_VM && st == ST_OK && i < w->sc->nr_vms; i++)
        if (vms[i])
            st = add_part(w, MEASURE_VM, w->sc->vms[i].name);
    for (uint32_t i = 0; by == CHECK_BY_CLASS && st == ST_OK && i < w->sc->nr_classes; i++)
        if (classes[i])
            st = add_part(w, MEASURE_CLASS, w->sc->class_names[i]);
    return st;
}

static enum status measure_all(struct work *w, const struct check_entry *before,
                               const struct check_options *o, struct diag *diag)
{
    unsigned char *vms = calloc(w->sc->nr_vms + 1, 1);
    unsigned char *classes = calloc(w->sc->nr_classes + 1, 1);
    enum check_by by = o->by == CHECK_BY_AUTO ? by_of(before) : o->by;
    enum status st = ST_ENOMEM;
    size_t movers = 0, room;

    if (!vms || !classes)
        goto out;
    mark_movers(w, vms, classes, &movers);
    if (by == CHECK_BY_AUTO)
        by = movers > CHECK_VMS ? CHECK_BY_CLASS : CHECK_BY_VM;
    if (by == CHECK_BY_VM && movers > CHECK_VMS_MOST) {
        diag_hint(diag, "--by class measures each [vm] section");
        st = diag_at(diag, ST_EINPUT, w->sc->path, 0,
                     "%zu VMs move, and no more than %d are compared one by one", movers,
                     CHECK_VMS_MOST);
        goto out;
    }
    room = NR(whole_measures) + w->sc->nr_thresholds + o->nr_measures +
           NR(part_measures) * (movers + w->sc->nr_classes);
    w->out->series = arena_array(w->arena, room, sizeof(*w->out->series));
    if (!w->out->series)
        goto out;
    st = add_wholes(w, o, diag);
    if (st == ST_OK)
        st = add_parts(w, by, vms, classes);
out:
    free(vms);
    free(classes);
    return st;
}

static uint32_t replications_of(const struct scenario *sc, const struct check_entry *before,
                                const struct check_options *o)
{
    if (o->replications)
        return o->replications;
    if (before)
        return before->nr_samples;
    return sc->replications > CHECK_REPLICATIONS ? sc->replications : CHECK_REPLICATIONS;
}

/* As many rows as VMs ask for, and as many figures as replications: keep both in bounds. */
static enum status check_size(const struct scenario *sc, uint32_t replications, struct diag *diag)
{
    if (replications <= 1000000 &&
        (double)replications * (double)(sc->nr_requests + 1) * sizeof(struct mig_result) < 4e9)
        return ST_OK;
    diag_hint(diag, "make the baseline anew with fewer --replications");
    return diag_at(diag, ST_EINPUT, sc->path, 0, "%u replications are too many for this scenario",
                   replications);
}

enum status check_simulate(const struct variant_base *base, const struct check_entry *before,
                           const struct check_options *options, struct arena *arena,
                           struct check_entry *out, struct diag *diag)
{
    struct scenario sc;
    struct run_result run = {0};
    struct work w = {.sc = &sc, .run = &run, .out = out, .arena = arena};
    enum status st = variant_load(&sc, base, NULL, 0, diag);

    *out = (struct check_entry){0};
    if (st != ST_OK)
        return st;
    if (options->seed)
        sc.seed = *options->seed;
    else if (before)
        sc.seed = before->seed;
    out->nr_samples = replications_of(&sc, before, options);
    out->seed = sc.seed;
    out->name = arena_strdup(arena, before ? before->name : base->path);
    out->digest = arena_strdup(arena, sc.digest);
    out->version = options->version;
    st = check_size(&sc, out->nr_samples, diag);
    if (st == ST_OK)
        st = out->name && out->digest ? keep_inputs(&w) : ST_ENOMEM;
    if (st == ST_OK)
        st = variant_run(&sc, 0, out->nr_samples, options->jobs, options->stop, &run, diag);
    if (st == ST_OK)
        st = measure_all(&w, before, options, diag);
    if (st == ST_ENOMEM && diag && !diag->what[0])
        diag_at(diag, st, base->path, 0, "not enough memory");
    run_free(&run);
    scenario_release(&sc);
    return st;
}
