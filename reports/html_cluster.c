/*
 * html_cluster.c - what a cluster adds to the page: hazards, operations, each host's course, the
 * log.
 *
 * Hazards and operations say what the other forms say (words.h).  One replication is shown, the one
 * of the timeline.  Invariant: every list is bounded, and says so when it is cut.
 */
#include "reports/html_int.h"

#include <stdlib.h>
#include <string.h>

#include "reports/words.h"

#include "base/banned.h"

enum {
    HAZARDS_SHOWN = 50,
    OPERATIONS_SHOWN = 100,
    HOSTS_SHOWN = 100,
    HOST_LINES = 4000, /* of the log, looked through for hosts */
    HOST_STEPS = 8,    /* of one host */
    LOG_LINES = 200
};

void html_hazards(struct html *h)
{
    const struct run_result *run = h->run;
    size_t shown = 0, told = 0;

    for (size_t i = 0; i < run->nr_hazards; i++) {
        struct strbuf words = STRBUF_INIT;

        if (!words_hazard_told(&h->sum, &run->hazards[i]) || ++told > HAZARDS_SHOWN)
            continue;
        if (shown++ == 0)
            strbuf_addstr(h->out, "<ul class=\"hazards\" aria-label=\"Hazards\">\n");
        words_hazard(&words, run, &run->hazards[i]);
        strbuf_addstr(h->out, "<li>");
        html_name(h, strbuf_text(&words));
        strbuf_addstr(h->out, "</li>\n");
        strbuf_release(&words);
    }
    if (shown < told)
        strbuf_addf(h->out, "<li>and %zu more; the JSON form holds all</li>\n", told - shown);
    if (shown > 0)
        strbuf_addstr(h->out, "</ul>\n");
}

/* The replication that the timeline shows; without migrations the first that has an operation. */
static uint32_t shown_replication(const struct html *h)
{
    struct mig_result room;

    if (h->typical.nr > 0)
        return result_mig(h->run, h->typical.first, &room)->replication;
    if (h->run->nr_ops > 0)
        return h->run->ops[0].replication;
    return h->run->nr_events > 0 ? h->run->events[0].replication : 0;
}

static void add_state(struct html *h, const struct op_result *op)
{
    const char *tone = "bad", *word = "not done";
    struct strbuf words = STRBUF_INIT;

    if (op->started_ns < 0) {
        tone = "doubt";
        word = "not begun";
    } else if (op->ended_ns >= 0 && op->hosts_done == op->hosts) {
        tone = "good";
        word = "done";
    } else if (op->ended_ns >= 0) {
        word = op->hosts_given_up ? "given up" : "ended";
    }
    strbuf_addf(h->out, "<td class=\"l\"><span class=\"tag %s\">%s</span> ", tone, word);
    words_operation_stands(&words, op);
    html_text(h, strbuf_text(&words));
    if (h->run->replications > 1)
        strbuf_addf(h->out, "<small>all hosts in %u of %u replications</small>",
                    words_operation_done(h->run, op->name), h->run->replications);
    strbuf_addstr(h->out, "</td>");
    strbuf_release(&words);
}

static void add_operation(struct html *h, const struct op_result *op)
{
    strbuf_addstr(h->out, "<tr><th scope=\"row\">");
    html_name(h, op->name);
    strbuf_addstr(h->out, "<small>");
    html_text(h, op->kind);
    strbuf_addstr(h->out, "</small></th>");
    add_state(h, op);
    strbuf_addf(h->out, "<td>%u of %u", op->hosts_done, op->hosts);
    if (op->hosts_given_up)
        strbuf_addf(h->out, "<small>%u given up</small>", op->hosts_given_up);
    strbuf_addstr(h->out, "</td><td>");
    html_value(h, UNIT_NS, (double)op->started_ns);
    strbuf_addstr(h->out, "</td><td>");
    html_value(h, UNIT_NS, op->ended_ns < 0 ? -1 : (double)(op->ended_ns - op->started_ns));
    strbuf_addf(h->out, "</td><td>%u</td><td>%u</td></tr>\n", op->vms_moved, op->vms_left);
}

/* "0 s drain begins, 87.8 s drained", of the lines of the log that are about @lines[from]'s host.
 */
static void add_host(struct html *h, size_t *lines, size_t nr, size_t from)
{
    const struct sim_event *events = h->run->events;
    const char *host = events[lines[from]].host;
    size_t steps = 0;

    strbuf_addstr(h->out, "<tr><th scope=\"row\">");
    html_name(h, host);
    strbuf_addstr(h->out, "</th><td class=\"l steps\">");
    for (size_t i = from; i < nr; i++) {
        const struct sim_event *e = lines[i] == SIZE_MAX ? NULL : &events[lines[i]];

        if (!e || strcmp(e->host, host) != 0)
            continue;
        lines[i] = SIZE_MAX;
        if (steps++ >= HOST_STEPS)
            continue;
        strbuf_addstr(h->out, "<span><b>");
        html_value(h, UNIT_NS, (double)e->at_ns);
        strbuf_addstr(h->out, "</b> ");
        html_text(h, e->what);
        strbuf_addstr(h->out, "</span> ");
    }
    if (steps > HOST_STEPS)
        strbuf_addf(h->out, "<span>and %zu more</span>", steps - HOST_STEPS);
    strbuf_addstr(h->out, "</td></tr>\n");
}

static size_t find_host_lines(const struct html *h, uint32_t replication, size_t *lines)
{
    size_t nr = 0;

    for (size_t i = 0; i < h->run->nr_events && nr < HOST_LINES; i++) {
        const struct sim_event *e = &h->run->events[i];

        if (e->replication == replication && !e->vm && e->host)
            lines[nr++] = i;
    }
    return nr;
}

/* What the log says of hosts alone: when each began to drain, was empty, came back. */
static void add_hosts(struct html *h, uint32_t replication)
{
    static const char *const heads[] = {"Host", "Course", NULL};
    size_t *lines = calloc(HOST_LINES, sizeof(*lines)), nr, hosts = 0;

    if (!lines) {
        h->st = ST_ENOMEM;
        return;
    }
    nr = find_host_lines(h, replication, lines);
    for (size_t i = 0; i < nr && hosts < HOSTS_SHOWN; i++) {
        if (lines[i] == SIZE_MAX)
            continue;
        if (hosts++ == 0) {
            strbuf_addf(h->out,
                        "<details%s><summary>Host by host: when each began to drain and "
                        "was empty</summary>\n",
                        nr <= 16 ? " open=\"open\"" : "");
            html_open_table(h, "hosts", "Times from the start of the replication", heads);
        }
        add_host(h, lines, nr, i);
    }
    if (hosts > 0) {
        html_close_table(h);
        if (hosts == HOSTS_SHOWN || nr == HOST_LINES)
            strbuf_addf(h->out, "<p class=\"note\">The first %zu hosts are listed.</p>\n", hosts);
        strbuf_addstr(h->out, "</details>\n");
    }
    free(lines);
}

void html_operations(struct html *h)
{
    static const char *const heads[] = {"Operation", "State",  "#Hosts done", "#Began",
                                        "#Took",     "#Moves", "#VMs left",   NULL};
    uint32_t replication = shown_replication(h);
    size_t shown = 0, all = 0;

    for (size_t i = 0; i < h->run->nr_ops; i++) {
        if (h->run->ops[i].replication != replication || ++all > OPERATIONS_SHOWN)
            continue;
        if (shown++ == 0) {
            struct strbuf caption = STRBUF_INIT;

            html_section(h, "operations", "Operations");
            strbuf_addstr(&caption, "Drains, upgrades and the like");
            if (h->run->replications > 1)
                strbuf_addf(&caption, ", in replication %u, the one of the timeline", replication);
            html_open_table(h, "operations", strbuf_text(&caption), heads);
            strbuf_release(&caption);
        }
        add_operation(h, &h->run->ops[i]);
    }
    if (shown == 0)
        return;
    html_close_table(h);
    if (shown < all)
        strbuf_addf(h->out, "<p class=\"note\">The first %zu of %zu are listed.</p>\n", shown, all);
    add_hosts(h, replication);
}

static void add_line(struct html *h, const struct sim_event *e)
{
    strbuf_addstr(h->out, "<tr><td>");
    html_value(h, UNIT_NS, (double)e->at_ns);
    strbuf_addstr(h->out, "</td><td class=\"l\">");
    if (e->vm)
        html_name(h, e->vm);
    strbuf_addstr(h->out, "</td><td class=\"l\">");
    if (e->host)
        html_name(h, e->host);
    strbuf_addstr(h->out, "</td><td class=\"l\">");
    html_text(h, e->what);
    strbuf_addstr(h->out, "</td></tr>\n");
}

void html_log(struct html *h)
{
    static const char *const heads[] = {"#At", "VM", "Host", "What happened", NULL};
    uint32_t replication = shown_replication(h);
    struct strbuf caption = STRBUF_INIT;
    size_t all = 0, shown = 0;

    for (size_t i = 0; i < h->run->nr_events; i++)
        all += h->run->events[i].replication == replication;
    if (all == 0)
        return;
    html_section(h, "log", "Event log");
    if (all > LOG_LINES)
        strbuf_addf(&caption, "The first %d of %zu lines", LOG_LINES, all);
    else
        strbuf_addf(&caption, "%zu line%s", all, all == 1 ? "" : "s");
    if (h->run->replications > 1)
        strbuf_addf(&caption, " of replication %u", replication);
    strbuf_addf(h->out,
                "<details class=\"log\"><summary>%s, in the platform's own words</summary>\n",
                strbuf_text(&caption));
    html_open_table(h, "", "Times from the start of the replication; the JSON form holds all lines",
                    heads);
    for (size_t i = 0; i < h->run->nr_events && shown < LOG_LINES; i++) {
        if (h->run->events[i].replication != replication)
            continue;
        shown++;
        add_line(h, &h->run->events[i]);
    }
    html_close_table(h);
    strbuf_addstr(h->out, "</details>\n");
    strbuf_release(&caption);
}
