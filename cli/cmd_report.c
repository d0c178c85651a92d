/*
 * cmd_report.c - `migcast report DB`: a run from the database, in any form.
 *
 * The forms are the table of reports/forms.c; the rows are the store's.  Nothing is simulated.
 */
#include <inttypes.h>
#include <string.h>

#include "base/json_text.h"
#include "base/option.h"
#include "base/units.h"
#include "cli/plot.h"
#include "cli/report_compare.h"
#include "cli/simulate.h"
#include "reports/cell.h"
#include "reports/one_vm.h"
#include "reports/run_charts.h"
#include "store/store.h"

#include "base/banned.h"

static enum status find_form(const struct cli_opts *o, const struct report_form **form,
                             struct diag *diag)
{
    const char *name = cli_value(o, "format");
    struct option_nearest near = {.word = name};
    struct strbuf names = STRBUF_INIT;

    if (name && o->json && strcmp(name, "json") != 0)
        return diag_set(diag, ST_EUSAGE, "--json and --format %s exclude each other", name);
    *form = report_form_find(o->json ? "json" : name ? name : "text");
    if (*form)
        return ST_OK;
    for (const struct report_form *f = report_forms; f->name; f++) {
        option_nearest_offer(&near, f->name);
        strbuf_addf(&names, "%s%s", names.len ? ", " : "", f->name);
    }
    if (near.best)
        diag_hint(diag, "did you mean '%s'?", near.best);
    else
        diag_hint(diag, "there are: %s", strbuf_text(&names));
    strbuf_release(&names);
    return diag_set(diag, ST_EUSAGE, "--format: there is no form '%s'", name);
}

static void add_list_json(struct strbuf *out, const struct store_list *list)
{
    strbuf_addch(out, '{');
    json_put_text(out, "format_version", CLI_FORMAT_VERSION);
    json_key(out, "runs");
    strbuf_addch(out, '[');
    for (size_t i = 0; i < list->nr; i++) {
        const struct store_list_entry *e = &list->entries[i];

        json_next(out);
        strbuf_addch(out, '{');
        json_put_int(out, "run", e->run_id);
        json_put_text(out, "scenario", e->scenario);
        json_put_text(out, "digest", e->digest);
        json_put_text(out, "version", e->version);
        json_put_u64(out, "seed", e->seed);
        json_put_u64(out, "replications", e->replications);
        json_put_bool(out, "interrupted", e->interrupted);
        json_put_int(out, "migrations", e->migrations);
        strbuf_addch(out, '}');
    }
    strbuf_addstr(out, "]}\n");
}

static void add_list_text(struct strbuf *out, const struct store_list *list)
{
    strbuf_addf(out, "%6s %10s %12s %-20s %s\n", "run", "migrations", "replications", "seed",
                "scenario");
    for (size_t i = 0; i < list->nr; i++) {
        const struct store_list_entry *e = &list->entries[i];

        strbuf_addf(out, "%6" PRId64 " %10" PRId64 " %12" PRIu32 " %-20" PRIu64 " ", e->run_id,
                    e->migrations, e->replications, e->seed);
        cell_add_text(out, e->scenario);
        strbuf_addf(out, "%s\n", e->interrupted ? " (interrupted)" : "");
    }
}

static enum status list_runs(struct cli_opts *o, struct store *store, struct diag *diag)
{
    struct strbuf out = STRBUF_INIT;
    struct store_list list;
    enum status st = store_list(store, &list, diag);

    if (st != ST_OK)
        return st;
    if (o->json)
        add_list_json(&out, &list);
    else
        add_list_text(&out, &list);
    st = cli_emit(o, &out, diag);
    strbuf_release(&out);
    store_list_release(&list);
    return st;
}

/* Of --replication, for the form that tells one only. */
static enum status find_replication(const struct cli_opts *o, const struct report_form *form,
                                    const struct run_result *run, uint32_t *replication,
                                    struct diag *diag)
{
    const char *number = cli_value(o, "replication");
    uint64_t value = 0;

    if (!number)
        return ST_OK;
    if (strcmp(form->name, "trace") != 0)
        return diag_set(diag, ST_EUSAGE, "--replication goes with --format trace only");
    if (units_parse_u64(number, &value, NULL) != ST_OK || value >= run->replications) {
        diag_hint(diag, "0 is the first, as in the JSON and CSV forms");
        return diag_set(diag, ST_EUSAGE,
                        "--replication: '%s' is none of the %" PRIu32 " of this run", number,
                        run->replications);
    }
    *replication = (uint32_t)value;
    return ST_OK;
}

/* The part of @run that --vm asks for. */
static enum status pick_vm(const struct cli_opts *o, const struct run_result *run,
                           struct run_result *one, struct diag *diag)
{
    struct mig_result room;
    const char *vm = cli_value(o, "vm");
    struct option_nearest near = {.word = vm};

    if (one_vm_init(one, run, vm) != ST_OK)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    if (one->nr_migs > 0)
        return ST_OK;
    for (size_t i = 0; i < run->nr_migs; i++)
        if (i == 0 || result_mig(run, i, &room)->vm != result_mig(run, i - 1, &room)->vm)
            option_nearest_offer(&near, result_mig(run, i, &room)->vm);
    if (near.best)
        diag_hint(diag, "did you mean '%s'?", near.best);
    return diag_set(diag, ST_EUSAGE, "--vm: no migration of this run is of a VM '%s'", vm);
}

/* --plot FILE, and which chart. */
static enum status find_chart(const struct cli_opts *o, struct cli_plot *plot,
                              const struct run_chart **chart, struct diag *diag)
{
    const char *name = cli_value(o, "chart");
    struct option_nearest near = {.word = name};
    enum status st = cli_plot_check(plot, o, "plot", diag);

    if (st != ST_OK)
        return st;
    if (name && !plot->path)
        return diag_set(diag, ST_EUSAGE, "--chart goes with --plot only");
    *chart = name ? run_chart_find(name) : &run_charts[0];
    for (const struct run_chart *c = run_charts; !*chart && c->name; c++)
        option_nearest_offer(&near, c->name);
    if (*chart)
        return ST_OK;
    if (near.best)
        diag_hint(diag, "did you mean '%s'?", near.best);
    return diag_set(diag, ST_EUSAGE, "--chart: there is no chart '%s'", name);
}

static enum status draw(const struct cli_opts *o, const struct run_result *run, struct diag *diag)
{
    const struct run_chart *chart = NULL;
    struct strbuf picture = STRBUF_INIT;
    struct cli_plot plot;
    enum status st = find_chart(o, &plot, &chart, diag);

    if (st != ST_OK || !plot.path)
        return st;
    st = chart->draw(&picture, &plot.look, run);
    if (st == ST_EINPUT)
        diag_set(diag, ST_EUSAGE, "--chart %s: this run has nothing to draw there", chart->name);
    else if (st != ST_OK)
        diag_set(diag, st, "out of memory");
    else
        st = cli_plot_write(&plot, &picture, diag);
    strbuf_release(&picture);
    return st == ST_EINPUT ? ST_EUSAGE : st;
}

static enum status show_rows(struct cli_opts *o, const struct run_result *run,
                             const struct report_form *form, struct diag *diag)
{
    struct report_text_opts opts = {.verbose = cli_flag(o, "verbose") || cli_value(o, "vm")};
    struct run_result one = {0};
    enum status st = find_replication(o, form, run, &opts.replication, diag);

    if (st != ST_OK || !cli_value(o, "vm"))
        return st == ST_OK && (st = draw(o, run, diag)) == ST_OK
                   ? simulate_emit(o, run, form, opts, diag)
                   : st;
    st = pick_vm(o, run, &one, diag);
    if (st == ST_OK)
        st = draw(o, &one, diag);
    if (st == ST_OK)
        st = simulate_emit(o, &one, form, opts, diag);
    one_vm_release(&one);
    return st;
}

static enum status show_run(struct cli_opts *o, struct store *store, int64_t run_id,
                            const struct report_form *form, struct diag *diag)
{
    struct store_run run;
    enum status st = store_load_run(store, run_id, &run, diag);

    if (st != ST_OK)
        return st;
    st = show_rows(o, &run.result, form, diag);
    store_run_release(&run);
    return st;
}

static enum status run(struct cli_opts *o, struct diag *diag)
{
    const char *number = cli_value(o, "run");
    const struct report_form *form = NULL;
    struct store *store = NULL;
    uint64_t run_id = 0;
    enum status st = find_form(o, &form, diag);

    if (st != ST_OK)
        return st;
    if (cli_flag(o, "compare"))
        return report_compare(o, form, diag);
    if (o->nr_args > 1) {
        diag_hint(diag, "--compare takes two databases");
        return diag_set(diag, ST_EUSAGE, "unexpected argument '%s'", o->args[1]);
    }
    if (number &&
        (units_parse_u64(number, &run_id, NULL) != ST_OK || run_id < 1 || run_id > INT64_MAX)) {
        diag_hint(diag, "'migcast report DB --list' shows them");
        return diag_set(diag, ST_EUSAGE, "--run: '%s' is no number of a run", number);
    }
    if (cli_flag(o, "list") && (number || cli_value(o, "format") || cli_value(o, "vm")))
        return diag_set(diag, ST_EUSAGE, "--list goes with neither --run, --vm nor --format");
    st = store_open(&store, o->args[0], STORE_OPEN_READ, diag);
    if (st == ST_OK)
        st = cli_flag(o, "list")
                 ? list_runs(o, store, diag)
                 : show_run(o, store, number ? (int64_t)run_id : STORE_LATEST, form, diag);
    store_close(store);
    return st;
}

/* clang-format off */
static const struct cli_option options[] = {
    {.name = "format", .letter = 'f', .arg = "FORM", .help = "text (default), json, csv, html, junit, "
     "markdown, github, openmetrics or trace"},
    {.name = "run", .arg = "N", .help = "report run N of the database instead of the last"},
    {.name = "replication", .arg = "N", .help = "the replication that a trace shows; 0 (default) is "
     "the first"},
    {.name = "vm", .arg = "NAME", .help = "report the migrations of this VM alone: its timeline, rounds, "
     "attempts and what would help"},
    {.name = "compare", .help = "compare the last runs of two databases, A and B: inputs, figures, "
     "distributions, and each VM that differs; as html, text or json"},
    {.name = "plot", .arg = "FILE", .help = "draw a chart of the page as FILE.svg or FILE.png"},
    {.name = "chart", .arg = "NAME", .help = "which: timeline (default), rounds, queue, links, downtime or "
     "total"},
    {.name = "list", .letter = 'l', .help = "list the runs of the database"},
    {.name = "verbose", .letter = 'v', .help = "show all VMs, all rounds and whole lines"},
    {0},
};
/* clang-format on */

const struct cmd cmd_report = {
    .name = "report",
    .args = "DB [B.db]",
    .help = "report a run that is kept in a database",
    .about = "Reads a run from a database that 'migcast run' wrote and prints it again, the same "
             "in every byte, or in another form. Nothing is simulated.\n\n"
             "  migcast run scenarios/harvester-timeout.ini --db migcast.db\n"
             "  migcast report migcast.db\n"
             "  migcast report migcast.db --run 1 --format csv -o run1.csv\n"
             "  migcast report migcast.db --format html -o report.html\n"
             "  migcast report migcast.db --vm db --format html -o db.html\n"
             "  migcast report migcast.db --plot drain.svg --chart timeline\n"
             "  migcast run scenarios/harvester-timeout.ini --set cluster.max_out=1 \\\n"
             "    --db after.db\n"
             "  migcast report --compare migcast.db after.db --format html -o change.html\n"
             "  migcast report migcast.db --format junit -o migcast.xml\n"
             "  migcast report migcast.db --format markdown >>\"$GITHUB_STEP_SUMMARY\"\n"
             "  migcast report migcast.db --format github\n"
             "  migcast report migcast.db --format trace --replication 0 -o trace.json",
    .shared = CLI_OUTPUT | CLI_JSON,
    .options = options,
    .min_args = 1,
    .max_args = 2,
    .run = run,
};
