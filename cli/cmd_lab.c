/*
 * cmd_lab.c - `migcast lab`: captures a matrix of real migrations on this machine.
 *
 * Reads options, prints; the work is in lab/.  The option rows of the matrix are shown by
 * --options.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/json_text.h"
#include "base/option.h"
#include "base/units.h"
#include "cli/cmd.h"
#include "lab/run.h"

#include "base/banned.h"

#define MATRIX_MEMORY ((size_t)(64 * MIB))

/* -------- JSON -------- */

static void add_row_json(struct strbuf *out, const struct lab_row *r)
{
    bool known = r->state == LAB_THERE || r->state == LAB_DONE;

    json_next(out);
    strbuf_addch(out, '{');
    json_put_text(out, "case", r->c->name);
    json_put_text(out, "group", r->group->link ? r->group->name : NULL);
    json_put_u64(out, "repeat", r->repeat);
    json_put_text(out, "state", lab_state_name(r->state));
    json_put_text(out, "why", r->why[0] ? r->why : NULL);
    json_put_text(out, "outcome", known ? r->outcome : NULL);
    json_put_ms(out, "total_time_ms", known ? r->total_ns : -1);
    json_put_ms(out, "downtime_ms", known ? r->downtime_ns : -1);
    json_put_int(out, "rounds", known ? r->rounds : 0);
    json_put_int(out, "transferred_bytes", known ? r->transferred_bytes : 0);
    json_put_u64(out, "max_throttle_pct", known ? r->max_throttle_pct : 0);
    strbuf_addch(out, '}');
}

static void add_spread_json(struct strbuf *out, const struct lab_spread *s)
{
    json_next(out);
    strbuf_addch(out, '{');
    json_put_text(out, "case", s->c->name);
    json_put_u64(out, "captures", s->nr);
    json_put_text(out, "outcome", s->outcome);
    json_put_u64(out, "same_outcome", s->nr_same);
    json_put_double(out, "total_time_median_s", s->total_median_s);
    json_put_double(out, "total_time_spread_pct", 100.0 * s->total_spread_ratio);
    json_put_double(out, "downtime_median_ms", s->downtime_median_ms);
    json_put_double(out, "downtime_spread_ms", s->downtime_spread_ms);
    json_put_double(out, "transferred_spread_pct", 100.0 * s->bytes_spread_ratio);
    json_put_int(out, "rounds_min", s->rounds_min);
    json_put_int(out, "rounds_max", s->rounds_max);
    strbuf_addch(out, '}');
}

static void add_json(struct strbuf *out, const struct lab_matrix *m, const struct lab_run *run)
{
    strbuf_addch(out, '{');
    json_put_text(out, "format_version", CLI_FORMAT_VERSION);
    json_put_text(out, "matrix", m->path);
    json_key(out, "captures");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < run->nr; i++)
        add_row_json(out, &run->rows[i]);
    strbuf_addch(out, ']');
    json_key(out, "spread");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < run->nr_spreads; i++)
        add_spread_json(out, &run->spreads[i]);
    strbuf_addch(out, ']');
    json_put_double(out, "total_time_spread_p50_pct", 100.0 * run->total_spread_p50_ratio);
    json_put_double(out, "total_time_spread_p90_pct", 100.0 * run->total_spread_p90_ratio);
    json_put_double(out, "downtime_spread_p90_ms", run->downtime_spread_p90_ms);
    strbuf_addstr(out, "}\n");
}

/* -------- text -------- */

static void add_row_text(struct strbuf *out, const struct cli_opts *o, const struct lab_row *r)
{
    char id[LAB_NAME_MAX + 16], total[UNITS_TEXT], downtime[UNITS_TEXT] = "-";

    snprintf(id, sizeof(id), "%s-r%u", r->c->name, r->repeat);
    strbuf_addf(out, "%-30s %s%-9s%s", id,
                r->state == LAB_FAILED ? cli_style(o, CLI_BAD) : cli_style(o, CLI_PLAIN),
                lab_state_name(r->state), cli_style(o, CLI_PLAIN));
    if (r->state == LAB_SKIPPED || r->state == LAB_FAILED)
        strbuf_addf(out, " %s", r->why);
    if (r->state == LAB_THERE || r->state == LAB_DONE) {
        if (r->downtime_ns >= 0)
            units_time(downtime, r->downtime_ns);
        strbuf_addf(out, " %-10s %10s %9s %4lld rounds", r->outcome, units_time(total, r->total_ns),
                    downtime, (long long)r->rounds);
        if (r->max_throttle_pct)
            strbuf_addf(out, ", throttled to %u %%", r->max_throttle_pct);
    }
    strbuf_addch(out, '\n');
}

static void add_spread_text(struct strbuf *out, const struct lab_spread *s)
{
    strbuf_addf(out, "%-30s %u/%u %-10s %8.2f s %6.2f %%", s->c->name, s->nr_same, s->nr,
                s->outcome, s->total_median_s, 100.0 * s->total_spread_ratio);
    if (isnan(s->downtime_median_ms))
        strbuf_addf(out, " %7s    %5s   ", "-", "-");
    else
        strbuf_addf(out, " %7.0f ms %5.0f ms", s->downtime_median_ms, s->downtime_spread_ms);
    strbuf_addf(out, " %6.2f %% %5lld..%lld\n", 100.0 * s->bytes_spread_ratio,
                (long long)s->rounds_min, (long long)s->rounds_max);
}

static void add_text(struct strbuf *out, const struct cli_opts *o, const struct lab_run *run)
{
    for (size_t i = 0; i < run->nr; i++)
        add_row_text(out, o, &run->rows[i]);
    if (!run->nr_spreads)
        return;
    strbuf_addf(out, "\n%srepeats: largest less smallest, relative to the median%s\n",
                cli_style(o, CLI_BOLD), cli_style(o, CLI_PLAIN));
    strbuf_addf(out, "%-30s %-14s %10s %8s %10s %8s %8s %7s\n", "case", "same outcome", "total",
                "spread", "downtime", "spread", "bytes", "rounds");
    for (size_t i = 0; i < run->nr_spreads; i++)
        add_spread_text(out, &run->spreads[i]);
    strbuf_addf(
        out, "%zu cases: total time spreads by %.2f %% (half of them) and %.2f %% (nine in ten)",
        run->nr_spreads, 100.0 * run->total_spread_p50_ratio, 100.0 * run->total_spread_p90_ratio);
    if (!isnan(run->downtime_spread_p90_ms))
        strbuf_addf(out, ", downtime by %.0f ms (nine in ten)", run->downtime_spread_p90_ms);
    strbuf_addch(out, '\n');
}

/* The commands, for those who want to see or start a machine by hand. */
static enum status add_commands(struct strbuf *out, const struct lab_run *run,
                                const struct lab_host *host, struct diag *diag)
{
    enum status st = ST_OK;

    for (size_t i = 0; st == ST_OK && i < run->nr; i++) {
        static const char *const sides[] = {"s", "d"};
        const struct lab_row *r = &run->rows[i];

        if (i && r->c == run->rows[i - 1].c)
            continue;
        strbuf_addf(out, "%s%s-r%u: %s\n", i ? "\n" : "", r->c->name, r->repeat,
                    r->why[0] ? r->why : lab_state_name(r->state));
        for (int side = 0; st == ST_OK && side < 2; side++) {
            struct lab_argv a;

            st = lab_argv_init(&a, r->c, host, sides[side], 0, diag);
            for (int w = 0; st == ST_OK && a.argv[w]; w++)
                strbuf_addf(out, strpbrk(a.argv[w], " =,") ? " '%s'" : " %s", a.argv[w]);
            strbuf_addch(out, '\n');
            lab_argv_release(&a);
        }
    }
    return st;
}

static void add_options(struct strbuf *out, const char *title, const struct option_table *table)
{
    strbuf_addf(out, "%s\n", title);
    for (size_t i = 0; i < table->nr; i++) {
        const struct option *row = &table->rows[i];
        struct strbuf type = STRBUF_INIT;

        option_describe_type(row, &type);
        strbuf_addf(out, "  %-18s %s; %s, default %s\n", row->name, row->help, strbuf_text(&type),
                    row->def ? row->def : "none");
        strbuf_release(&type);
    }
}

/* -------- run -------- */

static void say(void *ctx, const char *line)
{
    cli_note(ctx, "%s", line);
}

static enum status read_number(const struct cli_opts *o, const char *name, uint64_t max,
                               uint32_t *value, struct diag *diag)
{
    const char *text = cli_value(o, name);
    uint64_t number = 0;

    *value = 0;
    if (!text)
        return ST_OK;
    if (units_parse_u64(text, &number, diag) != ST_OK || number < 1 || number > max)
        return diag_set(diag, ST_EUSAGE, "--%s: '%s' is not a number from 1 on", name, text);
    *value = (uint32_t)number;
    return ST_OK;
}

static enum status read_options(struct lab_options *lo, const char *const *only, struct cli_opts *o,
                                struct diag *diag)
{
    const char *limit = cli_value(o, "busy-limit");
    enum status st;

    *lo = (struct lab_options){.output = cli_value(o, "output"),
                               .only = only,
                               .busy_limit = 0.5,
                               .stop = &cli_interrupted,
                               .say = say,
                               .ctx = o};
    st = read_number(o, "repeat", 99, &lo->repeat, diag);
    if (st == ST_OK)
        st = read_number(o, "count", 1000000, &lo->count, diag);
    if (st == ST_OK && limit &&
        (units_parse_double(limit, &lo->busy_limit, diag) != ST_OK || lo->busy_limit < 0.0))
        st = diag_set(diag, ST_EUSAGE, "--busy-limit: '%s' is not a number of processors", limit);
    if (st == ST_OK && !lo->output) {
        lo->output = ".";
        if (!cli_flag(o, "list") && !cli_flag(o, "dry-run"))
            st = diag_set(diag, ST_EUSAGE, "-o DIR says where captures go");
    }
    return st;
}

static enum status make_folder(const char *path, struct diag *diag)
{
    if (mkdir(path, 0777) != 0 && errno != EEXIST)
        return diag_errno(diag, ST_EOUTPUT, path, "cannot make the folder");
    return ST_OK;
}

static enum status work(struct cli_opts *o, const struct lab_matrix *m,
                        const struct lab_options *lo, struct diag *diag)
{
    bool look_only = cli_flag(o, "list") || cli_flag(o, "dry-run");
    struct strbuf text = STRBUF_INIT;
    struct lab_host host;
    struct lab_run run;
    struct diag later = {0};
    enum status st, done = ST_OK;

    lab_host_init(&host);
    st = lab_plan(&run, m, &host, lo, diag);
    if (st == ST_OK && !look_only) {
        st = make_folder(lo->output, diag);
        if (st == ST_OK)
            done = lab_run(&run, &host, lo, &later);
    }
    if (st == ST_OK)
        st = lab_run_spread(&run, m, diag);
    if (st == ST_OK && cli_flag(o, "dry-run"))
        st = add_commands(&text, &run, &host, diag);
    else if (st == ST_OK && o->json)
        add_json(&text, m, &run);
    else if (st == ST_OK)
        add_text(&text, o, &run);
    if (st == ST_OK)
        st = cli_emit(o, &text, diag);
    if (st == ST_OK && done != ST_OK) {
        /* what was captured is kept and shown, also where the run did not get through */
        st = fflush(stdout) == 0 ? done : ST_EOUTPUT;
        *diag = later;
    }
    lab_run_release(&run);
    lab_host_release(&host);
    strbuf_release(&text);
    return st;
}

static enum status run(struct cli_opts *o, struct diag *diag)
{
    struct strbuf text = STRBUF_INIT;
    struct lab_matrix m;
    struct lab_options lo;
    struct arena *arena;
    const char **only;
    size_t nr_only;
    enum status st;

    if (cli_flag(o, "options")) {
        add_options(&text, "[defaults], [case NAME]", &lab_case_options);
        add_options(&text, "\n[link NAME]", &lab_link_options);
        st = cli_emit(o, &text, diag);
        strbuf_release(&text);
        return st;
    }
    if (!o->nr_args)
        return diag_set(diag, ST_EUSAGE, "the matrix is missing: MATRIX.ini");
    only = cli_values(o, "only", &nr_only);
    arena = arena_new(MATRIX_MEMORY);
    st = only && arena ? read_options(&lo, only, o, diag)
                       : diag_set(diag, ST_ENOMEM, "out of memory");
    if (st == ST_OK)
        st = lab_matrix_read(&m, o->args[0], arena, diag);
    if (st == ST_OK)
        st = work(o, &m, &lo, diag);
    arena_free(arena);
    free(only);
    return st;
}

static const struct cli_option options[] = {
    {"output", 'o', "DIR", "folder for the captures, made if it is not there", false},
    {"only", 0, "NAME", "only cases and links of this name; '*' and '?' stand for text; repeatable",
     false},
    {"repeat", 0, "N", "only repeat N of each case", false},
    {"count", 0, "N", "stop after N captures", false},
    {"busy-limit", 0, "CPUS",
     "processors that may be at work on this host before a capture (default 0.5)", false},
    {"list", 0, NULL, "show what is there, to do, or not possible here; capture nothing", false},
    {"dry-run", 0, NULL, "show the machines' command lines; capture nothing", false},
    {"options", 0, NULL, "show what may stand in a matrix", false},
    {0},
};

const struct cmd cmd_lab = {
    .name = "lab",
    .args = "MATRIX.ini -o DIR",
    .help = "capture a matrix of real migrations on this machine",
    .about =
        "Runs real migrations between pairs of local QEMUs and records each as a capture, "
        "DIR/CASE-rN.jsonl.zst, for\n"
        "`predict`, `replay`, `score` and `calibrate`.  A matrix is an INI file: [defaults], and "
        "one "
        "[case NAME] for\n"
        "each configuration; cases that name the same [link NAME] migrate at once over one "
        "rate-limited link, which\n"
        "needs root.\n\n"
        "Captures that are there are not made again, so the same command goes on where it was "
        "broken off.  Before each\n"
        "the host has to be quiet, because other work distorts what a guest can write.  Cases that "
        "this machine cannot\n"
        "run are skipped with the reason.  At the end: how much repeats differ.\n\n"
        "  migcast lab scenarios/lab/smoke.ini -o captures\n"
        "  migcast lab scenarios/lab/corpus.ini -o captures --only 'kvm-*' --repeat 1\n"
        "  migcast lab scenarios/lab/corpus.ini -o captures --list",
    .shared = CLI_JSON,
    .options = options,
    .min_args = 0,
    .max_args = 1,
    .run = run,
};
