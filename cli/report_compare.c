/*
 * report_compare.c - two stored runs: answers/diff.c finds what differs, reports/html_compare.c
 * shows it.
 *
 * Text and JSON are those of `migcast diff`.
 */
#include "cli/report_compare.h"

#include <stdlib.h>
#include <string.h>

#include "cli/diff_print.h"
#include "reports/compare.h"
#include "store/store.h"

#include "base/banned.h"

static const double tolerance = 0.01; /* as the page says */

static enum status load(const char *path, struct store_run *run, struct diag *diag)
{
    struct store *store = NULL;
    enum status st = store_open(&store, path, STORE_OPEN_READ, diag);

    if (st == ST_OK)
        st = store_load_run(store, STORE_LATEST, run, diag);
    store_close(store);
    return st;
}

static struct compare_side side_of(const struct diff_side *s)
{
    return (struct compare_side){.jobs = s->jobs,
                                 .completed = s->completed,
                                 .attempts = s->attempts,
                                 .outcome = s->outcome,
                                 .reason = s->reason,
                                 .total_ns = s->total_ns,
                                 .wait_ns = s->wait_ns,
                                 .downtime_ns = s->downtime_ns};
}

static enum status add_page(struct strbuf *out, struct compare *page, const struct diff_result *d)
{
    static const enum compare_change changes[] = {
        [DIFF_ADDED] = COMPARE_ADDED,     [DIFF_REMOVED] = COMPARE_REMOVED,
        [DIFF_OUTCOME] = COMPARE_OUTCOME, [DIFF_WORSE] = COMPARE_WORSE,
        [DIFF_SOONER] = COMPARE_SOONER,   [DIFF_LATER] = COMPARE_LATER,
        [DIFF_BETTER] = COMPARE_BETTER,
    };
    struct compare_vm *vms = calloc(d->nr_changed + 1, sizeof(*vms));
    enum status st = ST_ENOMEM;

    for (size_t i = 0; vms && i < d->nr_changed; i++)
        vms[i] = (struct compare_vm){.vm = d->vms[i].vm,
                                     .change = changes[d->vms[i].change],
                                     .a = side_of(&d->vms[i].a),
                                     .b = side_of(&d->vms[i].b)};
    page->vms = vms;
    page->nr = d->nr_changed;
    page->nr_vms = d->nr;
    if (vms)
        st = report_compare_html(page, out);
    free(vms);
    return st;
}

static enum status check(const struct cli_opts *o, const struct report_form *form,
                         struct diag *diag)
{
    static const char *const others[] = {"run", "vm", "replication"};

    if (o->nr_args != 2)
        return diag_set(diag, ST_EUSAGE, "--compare takes two databases");
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
        if (cli_value(o, others[i]))
            return diag_set(diag, ST_EUSAGE, "--compare and --%s exclude each other", others[i]);
    if (strcmp(form->name, "html") != 0 && strcmp(form->name, "text") != 0 &&
        strcmp(form->name, "json") != 0)
        return diag_set(diag, ST_EUSAGE, "--compare knows html, text and json, not %s", form->name);
    return ST_OK;
}

enum status report_compare(struct cli_opts *o, const struct report_form *form, struct diag *diag)
{
    struct store_run a = {0}, b = {0};
    struct diff_result d = {0};
    struct strbuf out = STRBUF_INIT;
    enum status st = check(o, form, diag);

    if (st == ST_OK)
        st = load(o->args[0], &a, diag);
    if (st == ST_OK)
        st = load(o->args[1], &b, diag);
    if (st == ST_OK)
        st = diff_runs(&a.result, &b.result, tolerance, &d);
    if (st == ST_OK && strcmp(form->name, "html") == 0)
        st = add_page(
            &out,
            &(struct compare){
                .a = &a.result, .b = &b.result, .a_name = o->args[0], .b_name = o->args[1]},
            &d);
    else if (st == ST_OK && strcmp(form->name, "json") == 0)
        diff_add_json(&out, &d, o->args[0], o->args[1]);
    else if (st == ST_OK)
        diff_add_text(&out, &d, o->args[0], o->args[1], cli_flag(o, "verbose"));
    if (st == ST_ENOMEM && !diag->what[0])
        diag_set(diag, st, "out of memory");
    if (st == ST_OK)
        st = cli_emit(o, &out, diag);
    diff_release(&d);
    strbuf_release(&out);
    store_run_release(&a);
    store_run_release(&b);
    return st;
}
