/*
 * cmd_check.c - `migcast check`: the regression gate for continuous integration.
 *
 * Reads and writes the baseline, simulates or scores, keeps the history and prints;
 * answers/check/check.c judges.
 */
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/new_file.h"
#include "base/units.h"
#include "cli/check_print.h"
#include "store/history.h"

#include "base/banned.h"

enum {
    TRACES_MOST = 100000
};

struct gate {
    struct cli_opts *o;
    struct diag *diag;
    struct check_options options;
    const char **measures;
    const char *path; /* of the baseline */
    bool update;
    struct store *store; /* NULL = no history is kept */
    struct check_file file;
    struct arena *arena;     /* the entries as they are now */
    struct check_entry *now; /* nr */
    struct check_item *items;
    size_t nr;
};

/* ---- options ---- */

static enum status share_of(const struct cli_opts *o, const char *name, double most, double *out,
                            struct diag *diag)
{
    const char *given = cli_value(o, name);

    if (!given)
        return ST_OK;
    if (units_parse_ratio(given, out, diag) != ST_OK)
        return ST_EUSAGE;
    if (*out < 0.0 || *out > most)
        return diag_set(diag, ST_EUSAGE, "--%s is a share up to %g %%", name, 100.0 * most);
    return ST_OK;
}

static enum status read_numbers(struct gate *g)
{
    const char *replications = cli_value(g->o, "replications");
    uint64_t nr = 0;
    enum status st = share_of(g->o, "alpha", 0.5, &g->options.alpha, g->diag);

    if (st == ST_OK)
        st = share_of(g->o, "noise", 10.0, &g->options.noise, g->diag);
    if (st == ST_OK && g->options.alpha < 1e-4)
        st = diag_set(g->diag, ST_EUSAGE, "--alpha is at least 0.01 %%");
    if (st != ST_OK || !replications)
        return st;
    if (units_parse_u64(replications, &nr, g->diag) != ST_OK)
        return ST_EUSAGE;
    if (nr < 1 || nr > 1000000)
        return diag_set(g->diag, ST_EUSAGE, "--replications is from 1 to 1000000");
    g->options.replications = (uint32_t)nr;
    return ST_OK;
}

static enum check_by by_of(const char *word)
{
    return !word                        ? CHECK_BY_AUTO
           : strcmp(word, "vm") == 0    ? CHECK_BY_VM
           : strcmp(word, "class") == 0 ? CHECK_BY_CLASS
                                        : CHECK_BY_NONE;
}

static enum status read_options(struct gate *g)
{
    const struct cli_opts *o = g->o;

    g->options = check_default();
    g->options.version = cli_version();
    g->options.jobs = o->jobs;
    g->options.stop = &cli_interrupted;
    g->options.seed = o->has_seed ? &o->seed : NULL;
    g->options.by = by_of(cli_value(o, "by"));
    g->path = cli_value(o, "baseline");
    g->update = cli_flag(o, "update");
    if (!g->path) {
        diag_hint(g->diag, "--baseline FILE; with --update it is written");
        return diag_set(g->diag, ST_EUSAGE, "which baseline is missing");
    }
    if (o->nr_args == 0 && !cli_value(o, "traces"))
        return diag_set(g->diag, ST_EUSAGE, "name scenarios, or captures with --traces DIR");
    if (o->json && cli_value(o, "format"))
        return diag_set(g->diag, ST_EUSAGE, "--json and --format exclude each other");
    g->measures = cli_values(o, "measure", &g->options.nr_measures);
    if (!g->measures)
        return diag_set(g->diag, ST_ENOMEM, "out of memory");
    g->options.measures = g->measures;
    return read_numbers(g);
}

/* ---- the baseline ---- */

static enum status read_baseline(struct gate *g)
{
    if (g->update && access(g->path, F_OK) != 0)
        return ST_OK;
    return check_file_read(&g->file, g->path, g->diag);
}

static enum status write_baseline(struct gate *g)
{
    struct strbuf text = STRBUF_INIT;
    enum status st = ST_OK;

    for (size_t i = 0; st == ST_OK && i < g->nr; i++)
        st = check_file_add(&g->file, &g->now[i]);
    check_file_print(&g->file, &text);
    st = st == ST_OK ? new_file_write(g->path, &text, "write the baseline", g->diag)
                     : diag_set(g->diag, st, "out of memory");
    if (st == ST_OK)
        cli_note(g->o, "%s holds %zu %s", g->path, g->file.nr,
                 g->file.nr == 1 ? "entry" : "entries");
    strbuf_release(&text);
    return st;
}

/* ---- what is compared ---- */

static enum status compare(struct gate *g, const char *path, const struct check_entry *before)
{
    struct check_item *item = &g->items[g->nr];
    enum status st = check_compare(before, &g->now[g->nr], &g->options, &item->result);

    item->path = path;
    g->nr++;
    return st == ST_OK ? st : diag_set(g->diag, st, "out of memory");
}

static enum status check_scenario(struct gate *g, const char *path)
{
    const struct check_entry *before = check_file_find(&g->file, path);
    struct variant_base base = {.path = path, .sets = g->o->sets, .nr_sets = g->o->nr_sets};
    enum status st = check_simulate(&base, before, &g->options, g->arena, &g->now[g->nr], g->diag);

    if (st == ST_OK)
        st = compare(g, path, before);
    if (st == ST_OK && !g->update) {
        st = check_why(&base, &g->options, &g->items[g->nr - 1].result);
        if (st != ST_OK)
            diag_set(g->diag, st, st == ST_EINTR ? "interrupted" : "out of memory");
    }
    return st;
}

static int is_trace(const struct dirent *entry)
{
    const char *name = entry->d_name;
    size_t len = strlen(name);

    return (len > 6 && strcmp(name + len - 6, ".jsonl") == 0) ||
           (len > 10 && strcmp(name + len - 10, ".jsonl.zst") == 0);
}

static enum status load_traces(struct gate *g, const char *dir, struct dirent **names, size_t nr,
                               struct trace_facts *facts)
{
    enum status st = ST_OK;
    size_t done = 0;

    for (; done < nr && st == ST_OK; done++) {
        struct strbuf path = STRBUF_INIT;

        strbuf_addf(&path, "%s/%s", dir, names[done]->d_name);
        st = facts_load(&facts[done], strbuf_text(&path), 0, g->diag);
        if (st == ST_OK && facts[done].after.outcome == FACTS_UNKNOWN) {
            st = diag_at(g->diag, ST_EINPUT, strbuf_text(&path), 0,
                         "the capture has no outcome: nothing to judge a forecast by");
            facts_release(&facts[done]);
        }
        if (st == ST_OK && cli_interrupted)
            st = diag_set(g->diag, ST_EINTR, "interrupted");
        strbuf_release(&path);
        if (st != ST_OK && st != ST_EINTR)
            break;
    }
    if (st != ST_OK)
        for (size_t i = 0; i < done; i++)
            facts_release(&facts[i]);
    return st;
}

static enum status check_captures(struct gate *g, const char *dir)
{
    const struct check_entry *before = check_file_find(&g->file, "traces");
    struct dirent **names = NULL;
    struct trace_facts *facts = NULL;
    int nr = scandir(dir, &names, is_trace, alphasort);
    enum status st;

    if (nr < 0)
        return diag_errno(g->diag, ST_EINPUT, dir, "cannot read the folder");
    if (nr == 0 || nr > TRACES_MOST)
        st = diag_at(g->diag, ST_EINPUT, dir, 0,
                     "the folder holds %s captures (.jsonl, .jsonl.zst)", nr ? "too many" : "no");
    else if (!(facts = calloc((size_t)nr, sizeof(*facts))))
        st = diag_set(g->diag, ST_ENOMEM, "out of memory");
    else
        st = load_traces(g, dir, names, (size_t)nr, facts);
    if (st == ST_OK) {
        st =
            check_traces(facts, (size_t)nr, before, &g->options, g->arena, &g->now[g->nr], g->diag);
        for (int i = 0; i < nr; i++)
            facts_release(&facts[i]);
        if (st == ST_OK)
            st = compare(g, dir, before);
    }
    for (int i = 0; i < nr; i++)
        free(names[i]);
    free(names);
    free(facts);
    return st;
}

static enum status check_all(struct gate *g)
{
    size_t room = g->o->nr_args + 1;
    const char *traces = cli_value(g->o, "traces");
    enum status st = ST_OK;

    g->arena = arena_new(0);
    g->now = calloc(room, sizeof(*g->now));
    g->items = calloc(room, sizeof(*g->items));
    if (!g->arena || !g->now || !g->items)
        return diag_set(g->diag, ST_ENOMEM, "out of memory");
    for (unsigned i = 0; st == ST_OK && i < g->o->nr_args; i++)
        st = check_scenario(g, g->o->args[i]);
    if (st == ST_OK && traces)
        st = check_captures(g, traces);
    return st;
}

/* ---- history ---- */

/* What is of use over time: the measures of the whole, and what changed. */
static size_t keep_figures(const struct check_result *r, struct store_check_figure *out)
{
    size_t nr = 0;

    for (size_t i = 0; i < r->nr_findings; i++) {
        const struct check_finding *f = &r->findings[i];
        bool tested = f->verdict != CHECK_NEW && f->verdict != CHECK_GONE;

        if (f->vm && f->verdict > CHECK_IMPROVED)
            continue;
        out[nr++] = (struct store_check_figure){.measure = f->measure,
                                                .vm = f->vm,
                                                .unit = f->unit,
                                                .verdict = check_verdict_key(f->verdict),
                                                .before = f->test.before,
                                                .now = f->test.now,
                                                .low = f->test.low,
                                                .high = f->test.high,
                                                .p = tested ? f->p : NAN};
    }
    return nr;
}

/* Of a measure that had no baseline the mean is worth keeping all the same. */
static void fill_new(const struct check_result *r, struct store_check_figure *figures, size_t nr)
{
    for (size_t i = 0; i < nr; i++) {
        double sum = 0.0;
        uint32_t known = 0;

        for (size_t s = 0; isnan(figures[i].now) && s < r->now->nr_series; s++)
            if (strcmp(r->now->series[s].measure, figures[i].measure) == 0)
                for (uint32_t k = 0; k < r->now->nr_samples; k++)
                    if (!isnan(r->now->series[s].values[k])) {
                        sum += r->now->series[s].values[k];
                        known++;
                    }
        if (known > 0)
            figures[i].now = sum / known;
    }
}

static enum status keep_one(struct gate *g, const struct check_item *item)
{
    const struct check_result *r = &item->result;
    struct store_check check = {.name = r->now->name,
                                .digest = r->now->digest,
                                .version = r->now->version,
                                .label = cli_value(g->o, "label"),
                                .verdict = check_verdict_key(check_whole_verdict(r)),
                                .seed = r->now->seed,
                                .samples = r->now->nr_samples};
    enum status st;

    check.figures = calloc(r->nr_findings + 1, sizeof(*check.figures));
    if (!check.figures)
        return diag_set(g->diag, ST_ENOMEM, "out of memory");
    check.nr = keep_figures(r, check.figures);
    fill_new(r, check.figures, check.nr);
    st = store_put_check(g->store, &check, NULL, g->diag);
    free(check.figures);
    return st;
}

static enum status keep(struct gate *g)
{
    enum status st = ST_OK;

    for (size_t i = 0; g->store && st == ST_OK && i < g->nr; i++)
        st = keep_one(g, &g->items[i]);
    return st;
}

/* ---- results ---- */

static enum status print(struct gate *g)
{
    const char *format = cli_value(g->o, "format");
    struct check_view view = {.o = g->o, .baseline = g->path, .nr = g->nr, .items = g->items};
    struct strbuf out = STRBUF_INIT;
    enum status st;

    check_form_find(g->o->json ? "json" : format ? format : "text")(&out, &view);
    st = cli_emit(g->o, &out, g->diag);
    strbuf_release(&out);
    return st;
}

static enum status judge(const struct gate *g)
{
    size_t figures = 0, items = 0;

    for (size_t i = 0; i < g->nr; i++) {
        figures += g->items[i].result.nr[CHECK_REGRESSED];
        items += g->items[i].result.nr[CHECK_REGRESSED] > 0;
    }
    if (figures == 0 || g->update)
        return ST_OK;
    diag_hint(g->diag, "if this is meant, --update makes it the new baseline");
    return diag_set(g->diag, ST_ETHRESHOLD, "%zu figure%s regressed, in %zu of %zu inputs", figures,
                    figures == 1 ? "" : "s", items, g->nr);
}

static enum status run(struct cli_opts *o, struct diag *diag)
{
    struct gate g = {.o = o, .diag = diag};
    enum status st = read_options(&g);

    if (st == ST_OK)
        st = read_baseline(&g);
    if (st == ST_OK && o->db) /* before the work: a wrong place is worth knowing early */
        st = store_open(&g.store, o->db, STORE_OPEN_CREATE, diag);
    if (st == ST_OK)
        st = check_all(&g);
    if (st == ST_OK)
        st = print(&g);
    if (st == ST_OK)
        st = keep(&g);
    if (st == ST_OK && g.update)
        st = write_baseline(&g);
    if (st == ST_OK)
        st = judge(&g);
    for (size_t i = 0; i < g.nr; i++)
        check_release(&g.items[i].result);
    store_close(g.store);
    check_file_release(&g.file);
    arena_free(g.arena);
    free(g.items);
    free(g.now);
    free(g.measures);
    return st;
}

static const struct cli_option options[] = {
    {.name = "baseline", .arg = "FILE", .help = "what to compare with; a text file to be kept"},
    {.name = "update", .help = "write what is measured now as the new baseline"},
    {.name = "traces",
     .arg = "DIR",
     .help = "compare the errors of forecasts of the captures in this folder too"},
    {.name = "alpha",
     .arg = "SHARE",
     .help = "chance of any false alarm in a scenario that did not change (default 5%)"},
    {.name = "noise",
     .arg = "SHARE",
     .help = "changes up to this share are none, however sure (default 1%)"},
    {.name = "replications",
     .letter = 'n',
     .arg = "N",
     .help = "pairs to compare (default those of the baseline; of a new one the scenario's, at "
             "least 30)"},
    {.name = "measure",
     .arg = "MEASURE",
     .help = "compare this one too, as class.web.downtime.p99; can be given several times"},
    {.name = "by",
     .arg = "vm|class|none",
     .help = "what is measured beside the whole (default VMs, beyond 200 their classes)"},
    {.name = "format",
     .arg = "text|json|junit|markdown|github",
     .help = "how to print what was found"},
    {.name = "label", .arg = "TEXT", .help = "name of this check in the history: a commit, a date"},
    {.name = "verbose", .letter = 'v', .help = "show every figure, also those without change"},
    {0},
};

const struct cmd cmd_check = {
    .name = "check",
    .args = "[SCENARIO.ini]... --baseline FILE",
    .help = "has a scenario, or accuracy, become worse than a baseline?",
    .about =
        "Simulates each scenario with the seed and the replications of its baseline, so that both "
        "sides meet the same luck, and compares measure by measure, and VM by VM: regressed, "
        "improved or no change, with the change, its interval of 95 % and a p-value (paired "
        "bootstrap, corrected by Holm's method). A change counts if it is sure, and larger than "
        "the noise floor. Inputs that are not as in the baseline are named with file and line.\n\n"
        "Ends with 99 if anything regressed. --update writes the baseline; keep it beside the "
        "scenarios and review it like them. --db keeps what was found, for `migcast trend`.\n\n"
        "  migcast check scenarios/*.ini --baseline baseline.json --update\n"
        "  migcast check scenarios/*.ini --baseline baseline.json --format github\n"
        "  migcast check --traces tests/traces --baseline accuracy.json --update",
    .options = options,
    .shared = CLI_SET | CLI_SEED | CLI_JOBS | CLI_JSON | CLI_OUTPUT | CLI_DB,
    .min_args = 0,
    .max_args = CLI_ANY,
    .run = run,
};
