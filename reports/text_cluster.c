/*
 * text_cluster.c - under the verdict: what planners fear, and what became of the operations.
 */
#include "base/units.h"
#include "reports/cell.h"
#include "reports/codes.h"
#include "reports/text_int.h"
#include "reports/words.h"

#include "base/banned.h"

enum {
    OPERATIONS_SHOWN = 12
};

static void hazard(struct text *t, const struct hazard_result *h)
{
    struct strbuf plain = STRBUF_INIT, words = STRBUF_INIT;

    words_hazard(&plain, t->run, h);
    cell_add_text(&words, strbuf_text(&plain));
    strbuf_addf(&words, " [%s]", code_of_hazard(h->kind));
    strbuf_addstr(t->out, "  ");
    text_tone(t, TONE_BAD, "!");
    strbuf_addch(t->out, ' ');
    text_wrap(t, strbuf_text(&words), 4, 4);
    strbuf_release(&words);
    strbuf_release(&plain);
}

void text_hazards(struct text *t)
{
    bool any = false;

    for (size_t i = 0; i < t->run->nr_hazards; i++) {
        if (!words_hazard_told(&t->sum, &t->run->hazards[i]))
            continue;
        if (!any)
            strbuf_addch(t->out, '\n');
        any = true;
        hazard(t, &t->run->hazards[i]);
    }
}

void text_operations(struct text *t)
{
    uint32_t first = t->run->nr_ops ? t->run->ops[0].replication : 0, shown = 0;

    for (size_t i = 0; i < t->run->nr_ops && t->run->ops[i].replication == first; i++) {
        const struct op_result *op = &t->run->ops[i];
        struct strbuf plain = STRBUF_INIT, words = STRBUF_INIT;

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
        words_operation(&plain, op);
        cell_add_text(&words, strbuf_text(&plain));
        if (t->run->replications > 1)
            strbuf_addf(&words, " (the first replication; all hosts in %u of %u)",
                        words_operation_done(t->run, op->name), t->run->replications);
        text_fact(t, op->name, strbuf_text(&words));
        strbuf_release(&words);
        strbuf_release(&plain);
    }
}

/* @words, the first of these facts below an empty line. */
static void course_fact(struct text *t, const char *label, struct strbuf *words, bool *any)
{
    struct strbuf shown = STRBUF_INIT;

    if (words->len > 0) {
        if (!*any)
            strbuf_addch(t->out, '\n');
        *any = true;
        cell_add_text(&shown, strbuf_text(words));
        text_fact(t, label, strbuf_text(&shown));
    }
    strbuf_clear(words);
    strbuf_release(&shown);
}

/* Of many migrations: how long they queue, which link is full, what was sent in vain. */
void text_course(struct text *t)
{
    const struct summary_costs *c = &t->sum.costs;
    struct strbuf words = STRBUF_INIT;
    char buf[UNITS_TEXT];
    bool any = false;

    if (t->sum.nr_groups < 2)
        return;
    t->out->failed |= !words_queue(&words, t->run);
    course_fact(t, "queue", &words, &any);
    words_links(&words, t->run);
    course_fact(t, "links", &words, &any);
    if (c->retries > 0)
        strbuf_addf(&words, "%zu retr%s", c->retries, c->retries == 1 ? "y" : "ies");
    if (c->wasted_bytes > 0)
        strbuf_addf(&words, "%s%s sent by attempts that did not complete", words.len ? "; " : "",
                    units_size(buf, (uint64_t)c->wasted_bytes));
    course_fact(t, "in vain", &words, &any);
    strbuf_release(&words);
}
