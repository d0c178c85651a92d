/*
 * run.c - the order of captures, resuming, waiting for a quiet host.
 *
 * Leaves one capture to capture.c and the arithmetic over repeats to spread.c.
 */
#include "lab/run.h"

#include <fnmatch.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/units.h"
#include "lab/capture.h"
#include "lab/host.h"
#include "lab/network.h"
#include "lab/process.h"
#include "tracer/facts.h"

#include "base/banned.h"

enum {
    BUSY_TRIES = 30 /* seconds to wait for a quiet host */
};

const char *lab_state_name(enum lab_state state)
{
    static const char *const names[] = {
        [LAB_TODO] = "to do",      [LAB_THERE] = "there",   [LAB_DONE] = "captured",
        [LAB_SKIPPED] = "skipped", [LAB_FAILED] = "failed",
    };

    return names[state];
}

static void say(const struct lab_options *o, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void say(const struct lab_options *o, const char *fmt, ...)
{
    char line[512];
    va_list ap;

    if (!o->say)
        return;
    va_start(ap, fmt);
    vsnprintf(line, sizeof(line), fmt, ap);
    va_end(ap);
    o->say(o->ctx, line);
}

/* -------- the plan -------- */

static bool wanted(const struct lab_group *g, const struct lab_options *o)
{
    if (!o->only || !o->only[0])
        return true;
    for (const char *const *p = o->only; *p; p++) {
        if (fnmatch(*p, g->name, 0) == 0)
            return true;
        for (size_t i = 0; i < g->nr; i++)
            if (fnmatch(*p, g->cases[i]->name, 0) == 0)
                return true;
    }
    return false;
}

/* Takes over what a finished capture says; false = there is none, or it is damaged. */
static bool read_capture(struct lab_row *row, const struct lab_options *o)
{
    struct strbuf path = STRBUF_INIT;
    struct trace_facts facts;
    struct diag diag;
    bool good;

    lab_capture_path(&path, o->output, row->c, row->repeat);
    if (access(strbuf_text(&path), F_OK) != 0) {
        strbuf_release(&path);
        return false;
    }
    good = facts_load(&facts, strbuf_text(&path), 0, &diag) == ST_OK;
    if (good) {
        row->outcome = facts_outcome_name(facts.after.outcome);
        row->total_ns = facts.after.totals.total_ns;
        row->downtime_ns = facts.after.totals.downtime_ns;
        row->rounds = facts.after.totals.rounds;
        row->transferred_bytes = facts.after.totals.transferred_bytes;
        row->max_throttle_pct = facts.after.totals.max_throttle_pct;
        good = row->outcome != NULL;
        facts_release(&facts);
    }
    if (!good)
        say(o, "%s is not a finished capture, and will be made again", strbuf_text(&path));
    strbuf_release(&path);
    return good;
}

/* A group is there if all of its members are. */
static void look(struct lab_run *run, size_t first, size_t nr, const struct lab_options *o)
{
    size_t there = 0;

    for (size_t i = first; i < first + nr; i++)
        there += read_capture(&run->rows[i], o);
    for (size_t i = first; i < first + nr; i++)
        run->rows[i].state = there == nr ? LAB_THERE : LAB_TODO;
}

static void skip_missing(struct lab_run *run, size_t first, size_t nr, const struct lab_host *host)
{
    struct strbuf why = STRBUF_INIT;
    bool missing = run->rows[first].group->link && lab_network_missing(&why);

    for (size_t i = first; !missing && i < first + nr; i++)
        missing = lab_missing(run->rows[i].c, host, &why);
    for (size_t i = first; missing && i < first + nr; i++) {
        run->rows[i].state = LAB_SKIPPED;
        snprintf(run->rows[i].why, sizeof(run->rows[i].why), "%s", strbuf_text(&why));
    }
    strbuf_release(&why);
}

static uint32_t most_repeats(const struct lab_matrix *m)
{
    uint32_t most = 0;

    for (size_t i = 0; i < m->nr_cases; i++)
        most = m->cases[i].repeats > most ? m->cases[i].repeats : most;
    return most;
}

enum status lab_plan(struct lab_run *run, const struct lab_matrix *m, const struct lab_host *host,
                     const struct lab_options *o, struct diag *diag)
{
    uint32_t most = most_repeats(m);

    *run = (struct lab_run){0};
    run->rows = calloc(m->nr_cases * most, sizeof(*run->rows));
    if (!run->rows)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    for (uint32_t repeat = 1; repeat <= most; repeat++) {
        for (size_t i = 0; i < m->nr_groups; i++) {
            const struct lab_group *g = &m->groups[i];
            size_t first = run->nr;

            if (repeat > g->cases[0]->repeats || (o->repeat && repeat != o->repeat) ||
                !wanted(g, o))
                continue;
            for (size_t k = 0; k < g->nr; k++)
                run->rows[run->nr++] =
                    (struct lab_row){.c = g->cases[k], .group = g, .repeat = repeat};
            look(run, first, g->nr, o);
            if (run->rows[first].state == LAB_TODO)
                skip_missing(run, first, g->nr, host);
        }
    }
    if (!run->nr)
        return diag_set(diag, ST_EUSAGE, "no capture of %s has this name or number", m->path);
    return ST_OK;
}

/* -------- doing it -------- */

static bool told_to_stop(const struct lab_options *o)
{
    return o->stop && atomic_load(o->stop);
}

/* Measures over a second; a busy host distorts guests that are bound by their processor. */
static enum status await_quiet(const struct lab_options *o, double *busy, struct diag *diag)
{
    const struct timespec second = {.tv_sec = 1};

    for (int i = 0; i < BUSY_TRIES; i++) {
        struct lab_cpu from, to;
        enum status st = lab_cpu_now(&from, diag);

        nanosleep(&second, NULL);
        if (told_to_stop(o))
            return diag_set(diag, ST_EINTR, "interrupted");
        if (st == ST_OK)
            st = lab_cpu_now(&to, diag);
        if (st != ST_OK)
            return st;
        *busy = lab_cpus_busy(&from, &to);
        if (*busy <= o->busy_limit)
            return ST_OK;
        if (i == 0)
            say(o, "waiting: %.2f processors are at work on this host", *busy);
    }
    diag_hint(diag, "end other work, or raise --busy-limit if the captures need not be comparable");
    return diag_set(diag, ST_ERETRY, "the host is too busy: %.2f processors at work, limit %.2f",
                    *busy, o->busy_limit);
}

static void report(const struct lab_row *row, const struct lab_options *o)
{
    char total[UNITS_TEXT] = "-", downtime[UNITS_TEXT] = "-";

    if (row->total_ns >= 0)
        units_time(total, row->total_ns);
    if (row->downtime_ns >= 0)
        units_time(downtime, row->downtime_ns);
    say(o, "%s-r%" PRIu32 ": %s, total %s, downtime %s, %" PRId64 " rounds", row->c->name,
        row->repeat, row->outcome, total, downtime, row->rounds);
}

/* One group.  Failures of the capture itself go into its rows; what ends the run is returned. */
static enum status capture(struct lab_run *run, size_t first, struct lab_env *env,
                           const struct lab_options *o, struct diag *diag)
{
    const struct lab_group *g = run->rows[first].group;
    struct diag why = {0};
    enum status st = await_quiet(o, &env->busy_before, diag);

    if (st != ST_OK)
        return st;
    say(o, "capturing %s, repeat %" PRIu32, g->name, run->rows[first].repeat);
    st = lab_capture(env, g, run->rows[first].repeat, &why);
    for (size_t i = first; i < first + g->nr; i++) {
        struct lab_row *row = &run->rows[i];

        row->state = st == ST_OK && read_capture(row, o) ? LAB_DONE : LAB_FAILED;
        if (row->state == LAB_DONE)
            report(row, o);
        else
            diag_format(&why, row->why, sizeof(row->why));
    }
    if (run->rows[first].state == LAB_FAILED)
        say(o, "%s failed: %s", g->name, run->rows[first].why);
    if (st != ST_EINTR && st != ST_EOUTPUT && st != ST_ENOMEM)
        return ST_OK;
    *diag = why;
    return st;
}

/* Captures broken off earlier. */
static void sweep(void)
{
    lab_network_sweep();
    lab_folders_sweep();
}

static size_t count_state(const struct lab_run *run, enum lab_state state)
{
    size_t nr = 0;

    for (size_t i = 0; i < run->nr; i++)
        nr += run->rows[i].state == state;
    return nr;
}

enum status lab_run(struct lab_run *run, const struct lab_host *host, const struct lab_options *o,
                    struct diag *diag)
{
    struct strbuf folder = STRBUF_INIT;
    struct lab_env env = {.host = host, .output = o->output, .stop = o->stop};
    uint32_t nr = 0;
    enum status st;

    sweep();
    st = lab_folder_make(&folder, diag);
    env.folder = strbuf_text(&folder);
    for (size_t i = 0; st == ST_OK && i < run->nr; i += run->rows[i].group->nr) {
        if (run->rows[i].state != LAB_TODO || (o->count && nr == o->count))
            continue;
        st = told_to_stop(o) ? diag_set(diag, ST_EINTR, "interrupted")
                             : capture(run, i, &env, o, diag);
        nr++;
    }
    lab_folder_remove(strbuf_text(&folder));
    strbuf_release(&folder);
    if (st == ST_OK && count_state(run, LAB_FAILED)) {
        diag_hint(diag, "what is there is kept; the same command makes the rest");
        st = diag_set(diag, ST_ERETRY, "%zu captures failed", count_state(run, LAB_FAILED));
    }
    return st;
}

void lab_run_release(struct lab_run *run)
{
    free(run->rows);
    free(run->spreads);
    *run = (struct lab_run){0};
}
