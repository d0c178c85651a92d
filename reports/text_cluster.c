/*
 * text_cluster.c - under the verdict: what planners fear, and what became of the operations.
 */
#include "base/units.h"
#include "reports/cell.h"
#include "reports/text_int.h"

#include "base/banned.h"

enum {
    OPERATIONS_SHOWN = 12
};

static void hazard(struct text *t, const struct hazard_result *h)
{
    struct strbuf words = STRBUF_INIT;

    cell_add_text(&words, h->text);
    if (t->run->replications > 1)
        strbuf_addf(&words, " (in %u of %u replications)", h->replications, t->run->replications);
    strbuf_addstr(t->out, "  ");
    text_tone(t, TONE_BAD, "!");
    strbuf_addch(t->out, ' ');
    text_wrap(t, strbuf_text(&words), 4, 4);
    strbuf_release(&words);
}

void text_hazards(struct text *t)
{
    bool any = false;

    for (size_t i = 0; i < t->run->nr_hazards; i++) {
        /* of one migration the figures say as much */
        if (t->run->hazards[i].kind == HAZARD_POSTCOPY && t->sum.nr_groups == 1)
            continue;
        if (!any)
            strbuf_addch(t->out, '\n');
        any = true;
        hazard(t, &t->run->hazards[i]);
    }
}

/* "12 of 40 hosts done; node-13 waits for 2 VMs, db-7: no target: ..." */
static void add_progress(struct strbuf *words, const struct op_result *op)
{
    char text[UNITS_TEXT];

    if (op->started_ns < 0) {
        strbuf_addstr(words, "does not begin before the run ends");
        return;
    }
    strbuf_addf(words, "%u of %u %s done", op->hosts_done, op->hosts,
                op->hosts == 1 ? "host" : "hosts");
    if (op->ended_ns >= 0)
        strbuf_addf(words, " in %s", units_time(text, op->ended_ns - op->started_ns));
    if (op->hosts_given_up)
        strbuf_addf(words, ", %u given up", op->hosts_given_up);
    strbuf_addf(words, "; %u %s", op->vms_moved, op->vms_moved == 1 ? "move" : "moves");
    if (op->vms_left)
        strbuf_addf(words, "; %u %s", op->vms_left, op->vms_left == 1 ? "VM stays" : "VMs stay");
    if (op->host) {
        strbuf_addstr(words, "; ");
        cell_add_text(words, op->host);
        strbuf_addstr(words, op->vms_left ? " waits for " : " was given up");
        if (op->vms_left)
            cell_add_text(words, op->blocker ? op->blocker : "?");
    }
    if (op->why) {
        strbuf_addstr(words, ": ");
        cell_add_text(words, op->why);
    }
}

/* Its other replications, counted: how often it was done with all its hosts. */
static uint32_t times_done(const struct text *t, const struct op_result *op)
{
    uint32_t nr = 0;

    for (size_t i = 0; i < t->run->nr_ops; i++) {
        const struct op_result *other = &t->run->ops[i];

        nr += other->name == op->name && other->ended_ns >= 0 && other->hosts_done == other->hosts;
    }
    return nr;
}

void text_operations(struct text *t)
{
    uint32_t first = t->run->nr_ops ? t->run->ops[0].replication : 0, shown = 0;

    for (size_t i = 0; i < t->run->nr_ops && t->run->ops[i].replication == first; i++) {
        const struct op_result *op = &t->run->ops[i];
        struct strbuf words = STRBUF_INIT;

        if (shown++ == OPERATIONS_SHOWN && !t->opts->verbose) {
            strbuf_addstr(t->out, "  and more; --verbose shows all\n");
            break;
        }
        if (shown == 1) {
            strbuf_addch(t->out, '\n');
            text_tone(t, TONE_HEADING, "Operations");
            strbuf_addch(t->out, '\n');
        }
        strbuf_addf(&words, "%s: ", op->kind);
        add_progress(&words, op);
        if (t->run->replications > 1)
            strbuf_addf(&words, " (the first replication; all hosts in %u of %u)",
                        times_done(t, op), t->run->replications);
        text_fact(t, op->name, strbuf_text(&words));
        strbuf_release(&words);
    }
}
