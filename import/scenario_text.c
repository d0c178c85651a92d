/*
 * scenario_text.c - writes the scenario: settings, hosts, VMs, workloads and an operation.
 *
 * Each value's line ends with where it comes from.  What the input does not say is written too, as
 * a line to edit that begins its comment with "assumed".  Invariant: every name and word was made
 * by name.c, so no text of the input can begin a line or a section here.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "import/import_int.h"

#include "base/banned.h"

enum {
    CLASSES = 28,      /* of memory: 1 MiB, doubled each time */
    COMMENT_MAX = 240, /* bytes of an origin */
    REPLICATIONS = 20,
    MANY_VMS = 5000, /* from here on fewer replications: VMs differ enough among themselves */
    REPLICATIONS_MANY = 3
};

#define DEFAULT_LINK "10Gb/s"
#define DEFAULT_RATE "lognormal(20MB/s, 4)"
#define SPARE_HOST "spare"

struct writer {
    struct import *im;
    struct strbuf *out;
    struct imp_host *spare;
    bool class_used[CLASSES];
    bool measured;
};

/* ---- lines ---- */

static void add_line(struct writer *w, const char *key, const char *value, const char *comment)
{
    char cut[COMMENT_MAX + 1];
    size_t len = strlen(comment);

    len = len < COMMENT_MAX ? len : COMMENT_MAX;
    memcpy(cut, comment, len);
    cut[len] = '\0';
    strbuf_addf(w->out, "%s = %s ; ", key, value);
    imp_comment(w->out, cut);
    strbuf_addch(w->out, '\n');
}

static void add_row(struct writer *w, const struct imp_section *s, const struct imp_row *r)
{
    char comment[COMMENT_MAX + 64];

    if (r->assumed)
        snprintf(comment, sizeof(comment), "assumed: %s", r->from);
    else if (r->from[0] == '@')
        snprintf(comment, sizeof(comment), "from %s", r->from + 1);
    else
        snprintf(comment, sizeof(comment), "from %s%s%s", s->item ? s->item : "",
                 s->item && s->item[0] ? "." : "", r->from);
    add_line(w, r->key, r->value, comment);
}

static void add_title(struct writer *w, const char *kind, const struct imp_section *s)
{
    strbuf_addf(w->out, "\n[%s%s%s]", kind, *kind ? " " : "", s->name);
    if (s->file) {
        strbuf_addstr(w->out, " ; ");
        imp_comment(w->out, s->file);
        strbuf_addf(w->out, ":%lu", s->line);
    }
    strbuf_addch(w->out, '\n');
}

static void add_rows(struct writer *w, const struct imp_section *s)
{
    for (const struct imp_row *r = s->rows; r; r = r->next)
        add_row(w, s, r);
}

/* ---- what is done ---- */

static struct imp_host *fullest(struct import *im)
{
    struct imp_host *best = im->hosts;

    for (struct imp_host *h = im->hosts; h; h = h->next)
        if (h->used_bytes > best->used_bytes)
            best = h;
    return best;
}

static enum status drained_hosts(struct writer *w, struct imp_list *names, struct imp_host **first)
{
    const char *const *wanted = w->im->options->drains;

    *first = NULL;
    for (size_t i = 0; wanted && wanted[i]; i++) {
        struct imp_host *h = imp_host_find(w->im, wanted[i]);

        for (struct imp_host *k = w->im->hosts; k && !h; k = k->next)
            h = strcmp(k->s.name, wanted[i]) == 0 ? k : NULL;
        if (h && h->no_target && h->nr_vms == 0)
            h = NULL; /* it was left out */
        if (!h) {
            diag_hint(w->im->diag, "hosts of the input are %s%s%s", w->im->hosts->s.name,
                      w->im->hosts->next ? ", " : "",
                      w->im->hosts->next ? w->im->hosts->next->s.name : "");
            return diag_set(w->im->diag, ST_EUSAGE, "--drain: no host is called '%.80s'",
                            wanted[i]);
        }
        if (!*first)
            *first = h;
        if (imp_list_add(w->im, names, h->s.name) != ST_OK)
            return imp_no_memory(w->im);
    }
    return ST_OK;
}

static enum status add_operation(struct writer *w, const struct imp_list *hosts)
{
    struct strbuf names = STRBUF_INIT;

    if (w->im->options->upgrade) {
        strbuf_addstr(w->out, "\n[operation upgrade]\n");
        add_line(w, "kind", "upgrade", "from --upgrade");
        if (w->spare)
            add_line(w, "hosts", fullest(w->im)->s.name, "the one host of the input");
        add_line(w, "hosts_at_once", "1", "assumed: one after the other; edit");
        add_line(w, "reboot_time", "10min", "assumed: from empty to back; edit");
        return ST_OK;
    }
    for (uint32_t i = 0; i < hosts->nr; i++)
        strbuf_addf(&names, "%s%s", i ? ", " : "", hosts->items[i]);
    strbuf_addstr(w->out, "\n[operation drain]\n");
    add_line(w, "kind", "drain", w->im->options->drains ? "from --drain" : "assumed: edit");
    add_line(w, "hosts", strbuf_text(&names),
             w->im->options->drains ? "from --drain"
                                    : "assumed: the host with most memory of VMs; or --drain HOST");
    if (strbuf_failed(&names))
        return imp_no_memory(w->im);
    strbuf_release(&names);
    return ST_OK;
}

static void add_goals(struct writer *w)
{
    strbuf_addstr(w->out, "\n[thresholds]\n");
    strbuf_addstr(w->out, "completed.rate > 99% ; assumed: every VM should arrive; edit\n");
    strbuf_addstr(w->out, "downtime.p99 < 1s warn ; assumed: edit\n");
}

/* ---- workloads ---- */

static unsigned class_of(uint64_t bytes)
{
    unsigned c = 0;

    while (c + 1 < CLASSES && (MIB << c) < bytes)
        c++;
    return c;
}

static char *class_name(struct import *im, unsigned c)
{
    char text[UNITS_TEXT];

    return imp_format(im, "assumed-%s", units_size_exact(text, MIB << c));
}

/* What the VM writes: by its metrics, by the input, or by its size. */
static enum status add_writes(struct writer *w, struct imp_vm *vm)
{
    struct import *im = w->im;
    unsigned c = class_of(vm->memory_bytes);
    char low[UNITS_TEXT], high[UNITS_TEXT];
    enum status st;
    bool told;

    st = imp_metrics_vm(im, vm, &told);
    if (st != ST_OK)
        return st;
    im->counts->nr_measured += told || vm->rate;
    if (told) {
        w->measured = true;
        return imp_assume(im, &vm->s, "workload", "its rate and working set follow", "measured");
    }
    w->class_used[c] = true;
    st = imp_assume(im, &vm->s, "workload",
                    vm->rate ? "by its size; its rate follows"
                             : "by its size: nothing tells what "
                               "it writes",
                    "%s", class_name(im, c));
    if (st == ST_OK && vm->rate)
        st = imp_set(im, &vm->s, "write_rate", vm->rate_from, "%s", vm->rate);
    if (st == ST_OK && vm->active_bytes >= MIB && vm->active_bytes <= vm->memory_bytes) {
        st = imp_set(im, &vm->s, "working_set",
                     imp_format(im, "%s: a tenth of it to all of it", vm->active_from), "%s..%s",
                     units_size_exact(low, vm->active_bytes / 10 / MIB * MIB + MIB),
                     units_size_exact(high, vm->active_bytes));
    }
    return st;
}

static void add_workloads(struct writer *w)
{
    const struct import_options *o = w->im->options;
    char low[UNITS_TEXT], high[UNITS_TEXT], range[2 * UNITS_TEXT + 4];

    if (w->measured) {
        strbuf_addstr(w->out, "\n[workload measured]\n");
        add_line(w, "kind", "uniform", "assumed: metrics do not tell where a guest writes");
        add_line(w, "working_set", "1GiB", "each VM has its own");
    }
    for (unsigned c = 0; c < CLASSES; c++) {
        if (!w->class_used[c])
            continue;
        snprintf(range, sizeof(range), "%s..%s", units_size_exact(low, (MIB << c) / 64),
                 units_size_exact(high, (MIB << c) / 4));
        strbuf_addf(w->out, "\n[workload %s]\n", class_name(w->im, c));
        add_line(w, "kind", "uniform", "assumed: edit");
        add_line(w, "write_rate", o->dirty ? o->dirty : DEFAULT_RATE,
                 o->dirty ? "from --dirty"
                          : "assumed: two in three VMs at 5 to 80 MB/s; measure yours (--metrics)");
        add_line(w, "working_set", o->working_set ? o->working_set : range,
                 o->working_set ? "from --working-set" : "assumed: 2 % to 25 % of memory; edit");
    }
}

/* ---- parts ---- */

static void add_head(struct writer *w, const struct imp_list *hosts)
{
    const struct import *im = w->im;
    const struct import_options *o = im->options;
    const char *preset = o->preset ? o->preset : im->preset ? im->preset : im->reader->preset;
    const char *from = o->preset    ? "from --preset"
                       : im->preset ? im->preset_from
                                    : "assumed: the input names no release; or --preset";
    char text[256];

    strbuf_addf(w->out, "# Made by `migcast import %s` from", im->reader->name);
    for (size_t i = 0; i < im->nr_paths && i < 20; i++) {
        strbuf_addstr(w->out, i ? ", " : " ");
        imp_comment(w->out, im->paths[i]);
    }
    strbuf_addf(w->out, "%s.\n", im->nr_paths > 20 ? " and more" : "");
    strbuf_addstr(w->out,
                  "# Each line ends with where its value comes from. \"assumed\" marks what "
                  "the input does not\n# say: look at these lines first.\n\n[scenario]\n");
    snprintf(text, sizeof(text), "%s of %zu hosts with %zu VMs, imported from %s",
             o->upgrade ? "upgrade" : "drain", im->counts->nr_hosts, im->counts->nr_vms,
             im->reader->name);
    if (!o->upgrade && hosts->nr == 1)
        snprintf(text, sizeof(text), "drain of %.100s: %zu hosts with %zu VMs, from %s",
                 hosts->items[0], im->counts->nr_hosts, im->counts->nr_vms, im->reader->name);
    strbuf_addf(w->out, "description = %s\n", text);
    add_line(w, "preset", preset, from);
    snprintf(text, sizeof(text), "%d",
             im->counts->nr_vms > MANY_VMS ? REPLICATIONS_MANY : REPLICATIONS);
    add_line(w, "replications", text, "assumed: more of them narrow the intervals");
    add_line(w, "horizon", o->upgrade ? "7d" : "24h",
             "assumed: a drain that takes longer counts as "
             "endless");
}

static void add_settings(struct writer *w)
{
    for (const struct imp_settings *s = w->im->settings; s; s = s->next) {
        if (!s->s.rows)
            continue;
        add_title(w, "", &s->s);
        add_rows(w, &s->s);
    }
}

static enum status add_network(struct writer *w, const struct imp_host *drained)
{
    struct import *im = w->im;
    const char *link = im->options->link;
    char *series, period[32];
    const char *from = NULL;
    double period_s = 0.0, seen = 0.0;
    struct imp_metrics *m, *next;
    enum status st;

    HASH_ITER(hh, im->metrics, m, next)
    {
        seen = fmax(seen, m->transfer_max);
    }
    strbuf_addstr(w->out, "\n# The rate of the network that carries migrations.\n[network]\n");
    add_line(w, "nic", link ? link : DEFAULT_LINK,
             link ? "from --link"
                  : "assumed: NO INVENTORY SAYS THIS; edit it, or import with --link RATE");
    if (seen > 0.0) {
        char rate[UNITS_TEXT];

        strbuf_addf(w->out, "# Migrations in the metrics reached %s.\n",
                    units_rate(rate, (uint64_t)seen));
    }
    if (!link)
        imp_note(im, "network: assumed to be " DEFAULT_LINK " at each host; say yours with --link");
    st = imp_series_text(im, drained, &series, &period_s, &from);
    if (st != ST_OK || !series)
        return st;
    strbuf_addstr(w->out, "\n# Other traffic on the card of the host that is emptied.\n"
                          "[link background]\n");
    add_line(w, "rate", link ? link : DEFAULT_LINK, link ? "from --link" : "assumed: as the card");
    strbuf_addf(w->out, "background_series = %s ; from ", series);
    imp_comment(w->out, from + 1);
    strbuf_addch(w->out, '\n');
    snprintf(period, sizeof(period), "%.0fs", period_s);
    add_line(w, "background_period", period, "assumed: what was seen comes again");
    return ST_OK;
}

static void add_hosts(struct writer *w)
{
    for (const struct imp_host *h = w->im->hosts; h; h = h->next) {
        add_title(w, "host", &h->s);
        if (h == w->spare)
            strbuf_addstr(w->out, "# assumed: the input has one host, and VMs need another to go "
                                  "to\n");
        add_rows(w, &h->s);
    }
}

static enum status add_vms(struct writer *w)
{
    enum status st = ST_OK;

    for (struct imp_vm *vm = w->im->vms; vm && st == ST_OK; vm = vm->next) {
        struct imp_row host = {.key = "host", .from = vm->host_from};

        if (!vm->host)
            continue;
        st = add_writes(w, vm);
        add_title(w, "vm", &vm->s);
        host.value = vm->host->s.name;
        add_row(w, &vm->s, &host);
        add_rows(w, &vm->s);
    }
    return st;
}

/* Somewhere to go, for an input of one host: like it, and empty. */
static enum status add_spare(struct writer *w)
{
    const struct imp_host *h = w->im->hosts;
    enum status st = ST_OK;

    if (h->next)
        return ST_OK;
    w->spare = imp_host_new(w->im, NULL, SPARE_HOST);
    if (!w->spare)
        return imp_no_memory(w->im);
    for (const struct imp_row *r = h->s.rows; r && st == ST_OK; r = r->next)
        if (strcmp(r->key, "taints") != 0)
            st = imp_assume(w->im, &w->spare->s, r->key, "as the other host", "%s", r->value);
    imp_note(w->im, "one host only: a second one like it, called " SPARE_HOST ", is assumed");
    return st;
}

enum status imp_write(struct import *im, struct strbuf *out)
{
    struct writer w = {.im = im, .out = out};
    struct imp_list drains = {0};
    struct imp_host *first;
    enum status st;

    im->counts->nr_hosts = im->nr_hosts;
    st = drained_hosts(&w, &drains, &first);
    if (st == ST_OK && drains.nr == 0 && !im->options->upgrade) {
        first = fullest(im);
        st = imp_list_add(im, &drains, first->s.name);
    }
    if (st == ST_OK)
        st = add_spare(&w);
    if (st != ST_OK)
        return st;
    add_head(&w, &drains);
    add_settings(&w);
    st = add_network(&w, im->options->upgrade ? NULL : first);
    if (st != ST_OK)
        return st;
    add_hosts(&w);
    st = add_vms(&w);
    if (st != ST_OK)
        return st;
    add_workloads(&w);
    st = add_operation(&w, &drains);
    add_goals(&w);
    return st == ST_OK && strbuf_failed(out) ? imp_no_memory(im) : st;
}
