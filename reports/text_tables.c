/*
 * text_tables.c - the tables of the terminal report: spreads, VMs, rounds.
 *
 * Invariant: no line is wider than the terminal; what does not fit is cut inside its cell.
 */
#include "reports/text_int.h"
#include "reports/words.h"

#include <math.h>
#include <string.h>

#include "base/units.h"
#include "reports/cell.h"
#include "reports/codes.h"

#include "base/banned.h"

enum {
    VMS_SHOWN = 10,
    LABEL_WIDTH = 13,
    SPREAD_WIDTH = 13,
    OUTCOME_WIDTH = 24, /* "timeout: downtime limit"; more where a row needs it */
    OUTCOME_WIDTH_MAX = 34,
    TIME_WIDTH = 11,
    DOWNTIME_WIDTH = 9, /* "1 h 06 min" of a guest that starts anew needs more */
    BYTES_WIDTH = 9,
    VM_WIDTH_MAX = 48,
    ROUNDS_WIDTH = 80
};

static void end_line(struct text *t)
{
    while (t->out->len > 0 && t->out->buf[t->out->len - 1] == ' ')
        t->out->buf[--t->out->len] = '\0';
    strbuf_addch(t->out, '\n');
}

/* A cell and the blank before it. */
static void add_cell(struct text *t, const char *text, size_t width, enum cell_align align)
{
    strbuf_addch(t->out, ' ');
    cell_add(t->out, text, width, align);
}

/* A quantile of a scored field, for people. */
static void format_scored(struct strbuf *words, enum scored field, double value)
{
    char buf[UNITS_TEXT];

    if (!isfinite(value) || value < 0 || value >= 9e18) {
        strbuf_addch(words, '-');
        return;
    }
    switch (field) {
    case SCORED_ROUNDS:
        text_decimal(words, value);
        break;
    case SCORED_TRANSFERRED:
        strbuf_addstr(words, units_size(buf, (uint64_t)value));
        break;
    case SCORED_MAX_THROTTLE:
        text_decimal(words, value);
        strbuf_addstr(words, " %");
        break;
    default:
        strbuf_addstr(words, units_time(buf, llround(value)));
    }
}

static void add_scored_cell(struct text *t, enum scored field, double value, size_t width)
{
    struct strbuf words = STRBUF_INIT;

    format_scored(&words, field, value);
    add_cell(t, strbuf_text(&words), width, CELL_RIGHT);
    strbuf_release(&words);
}

static void spread_row(struct text *t, const char *label, enum scored like,
                       const struct spread *spread)
{
    const double columns[] = {spread->p5, spread->p50, spread->p95, spread->max};

    if (spread->nr == 0)
        return;
    strbuf_addstr(t->out, "  ");
    cell_add(t->out, label, LABEL_WIDTH, CELL_LEFT);
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        add_scored_cell(t, like, columns[i], i == 0 ? SPREAD_WIDTH - 2 : SPREAD_WIDTH);
    end_line(t);
}

void text_spread_table(struct text *t)
{
    static const char *const labels[SCORED_NR] = {
        [SCORED_TOTAL_TIME] = "total time",  [SCORED_DOWNTIME] = "downtime",
        [SCORED_SETUP_TIME] = "set-up",      [SCORED_ROUNDS] = "rounds",
        [SCORED_TRANSFERRED] = "bytes sent", [SCORED_MAX_THROTTLE] = "throttle",
    };
    static const char *const heads[] = {"p5", "p50", "p95", "max"};
    const struct summary *s = &t->sum;

    if (s->scored[SCORED_ROUNDS].nr == 0) /* none started */
        return;
    strbuf_addstr(t->out, "  ");
    cell_add(t->out, "", LABEL_WIDTH, CELL_LEFT);
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
        add_cell(t, heads[i], i == 0 ? SPREAD_WIDTH - 2 : SPREAD_WIDTH, CELL_RIGHT);
    end_line(t);
    for (int field = 0; field < SCORED_NR; field++) {
        if (field == SCORED_MAX_THROTTLE && !(s->scored[field].max > 0))
            continue;
        spread_row(t, labels[field], (enum scored)field, &s->scored[field]);
    }
    if (s->nr_groups > 1 && t->run->replications > 1)
        spread_row(t, "makespan", SCORED_TOTAL_TIME, &s->makespan);
}

/* "completed", "timeout: dirty rate", "97 of 100 completed" */
static void format_outcome(const struct text *t, const struct summary_group *group,
                           struct strbuf *words)
{
    struct mig_result room;
    const struct mig_result *mig = result_mig(t->run, t->sum.members[group->first], &room);

    if (group->nr > 1) {
        strbuf_addf(words, "%zu of %zu completed", group->outcomes[OUTCOME_COMPLETED], group->nr);
        return;
    }
    strbuf_addstr(words, words_outcome(mig));
    if (mig->outcome != OUTCOME_COMPLETED && mig->binding != BINDING_NONE)
        strbuf_addf(words, ": %s", binding_name(mig->binding));
}

/* "db-1", "db-1 (attempt 12)" */
static void format_vm(const struct summary_group *group, struct strbuf *words)
{
    cell_add_text(words, group->vm);
    if (group->attempt > 1)
        strbuf_addf(words, " (attempt %u)", group->attempt);
}

/* The columns whose width depends on what the rows hold. */
struct vm_widths {
    size_t vm, outcome, downtime;
};

static void vm_row(struct text *t, const struct summary_group *group, const struct vm_widths *w)
{
    struct strbuf words = STRBUF_INIT;

    format_vm(group, &words);
    add_cell(t, strbuf_text(&words), w->vm, CELL_LEFT);
    strbuf_clear(&words);
    format_outcome(t, group, &words);
    add_cell(t, strbuf_text(&words), w->outcome, CELL_LEFT);
    add_scored_cell(t, SCORED_TOTAL_TIME, group->scored[SCORED_TOTAL_TIME].p50, TIME_WIDTH);
    add_scored_cell(t, SCORED_DOWNTIME, group->scored[SCORED_DOWNTIME].p50, w->downtime);
    add_scored_cell(t, SCORED_TRANSFERRED, group->scored[SCORED_TRANSFERRED].p50, BYTES_WIDTH);
    end_line(t);
    strbuf_release(&words);
}

/* Makes *@widest hold @words, and empties them. */
static void widen(size_t *widest, struct strbuf *words)
{
    size_t width = cell_width(strbuf_text(words));

    *widest = width > *widest ? width : *widest;
    strbuf_clear(words);
}

/* As wide as what is shown, as far as the terminal allows; names give way first. */
static struct vm_widths vm_table_widths(const struct text *t, size_t rows)
{
    struct vm_widths w = {2, OUTCOME_WIDTH, DOWNTIME_WIDTH};
    struct strbuf words = STRBUF_INIT;
    size_t rest, room;

    for (size_t g = 0; g < rows; g++) {
        const struct summary_group *group = &t->sum.groups[g];

        format_vm(group, &words);
        widen(&w.vm, &words);
        format_outcome(t, group, &words);
        widen(&w.outcome, &words);
        format_scored(&words, SCORED_DOWNTIME, group->scored[SCORED_DOWNTIME].p50);
        widen(&w.downtime, &words);
    }
    strbuf_release(&words);
    w.outcome = w.outcome > OUTCOME_WIDTH_MAX ? OUTCOME_WIDTH_MAX : w.outcome;
    rest = 2 + 1 + w.outcome + 1 + TIME_WIDTH + 1 + w.downtime + 1 + BYTES_WIDTH;
    room = t->width > rest + 2 ? t->width - rest : 2;
    room = room > VM_WIDTH_MAX ? VM_WIDTH_MAX : room;
    w.vm = w.vm > room ? room : w.vm;
    return w;
}

/* Where the reader finds out why the worst did not complete. */
static void add_why(struct text *t)
{
    const struct summary_group *worst = &t->sum.groups[0];
    struct mig_result room;
    const struct mig_result *mig = result_mig(t->run, words_telling(&t->sum, worst), &room);
    const char *code = code_of_migration(mig);
    struct strbuf words = STRBUF_INIT;

    if (!code)
        return;
    strbuf_addf(&words, "%s: migcast explain vm ", code);
    cell_add_text(&words, worst->vm);
    strbuf_addch(&words, ' ');
    cell_add_text(&words, t->run->scenario);
    strbuf_addstr(t->out, "  ");
    text_wrap(t, strbuf_text(&words), 2, 4);
    strbuf_release(&words);
}

void text_vm_table(struct text *t)
{
    size_t nr = t->sum.nr_groups;
    size_t rows = t->opts->verbose || nr <= VMS_SHOWN ? nr : VMS_SHOWN;
    struct vm_widths w = vm_table_widths(t, rows);

    strbuf_addch(t->out, '\n');
    text_tone(t, TONE_HEADING,
              t->run->replications > 1 ? "VMs, worst first (medians)" : "VMs, worst first");
    strbuf_addch(t->out, '\n');
    add_cell(t, " VM", w.vm + 1, CELL_LEFT);
    add_cell(t, "outcome", w.outcome, CELL_LEFT);
    add_cell(t, "total time", TIME_WIDTH, CELL_RIGHT);
    add_cell(t, "downtime", w.downtime, CELL_RIGHT);
    add_cell(t, "sent", BYTES_WIDTH, CELL_RIGHT);
    end_line(t);
    for (size_t g = 0; g < rows; g++) {
        strbuf_addch(t->out, ' ');
        vm_row(t, &t->sum.groups[g], &w);
    }
    if (rows < nr)
        strbuf_addf(t->out, "  and %zu more; --verbose shows all\n", nr - rows);
    add_why(t);
}

void text_round_table(struct text *t, const struct mig_result *mig)
{
    /* "36 h 26 min" wants eleven columns, which a narrow terminal does not have */
    const size_t time_width = t->width >= ROUNDS_WIDTH ? TIME_WIDTH : 9;
    const struct {
        const char *head;
        size_t width;
    } columns[] = {{"round", 6},   {"start", time_width}, {"length", time_width}, {"sent", 9},
                   {"dirtied", 9}, {"remaining", 9},      {"threshold", 9},       {"throttle", 8}};
    char buf[UNITS_TEXT];

    if (mig->nr_rounds == 0)
        return;
    strbuf_addch(t->out, '\n');
    text_tone(t, TONE_HEADING, "Rounds");
    strbuf_addch(t->out, '\n');
    for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++)
        add_cell(t, columns[i].head, columns[i].width, CELL_RIGHT);
    end_line(t);
    for (size_t i = 0; i < mig->nr_rounds; i++) {
        const struct mig_round *r = &t->run->rounds[mig->first_round + i];
        struct strbuf words = STRBUF_INIT;

        strbuf_addf(&words, "%u", r->round);
        add_cell(t, strbuf_text(&words), columns[0].width, CELL_RIGHT);
        add_cell(t, units_time(buf, r->start_ns - mig->started_ns), columns[1].width, CELL_RIGHT);
        add_cell(t, units_time(buf, r->duration_ns), columns[2].width, CELL_RIGHT);
        add_cell(t, units_size(buf, r->wire_bytes), columns[3].width, CELL_RIGHT);
        add_cell(t, units_size(buf, r->dirtied_bytes), columns[4].width, CELL_RIGHT);
        add_cell(t, units_size(buf, r->remaining_bytes), columns[5].width, CELL_RIGHT);
        add_cell(t, units_size(buf, r->threshold_bytes), columns[6].width, CELL_RIGHT);
        strbuf_clear(&words);
        strbuf_addf(&words, "%u %%", r->throttle_pct);
        add_cell(t, strbuf_text(&words), columns[7].width, CELL_RIGHT);
        end_line(t);
        strbuf_release(&words);
    }
}

/* Of one that completes: what there is to mend. */
static void add_long_stop(struct strbuf *words, const struct mig_result *mig)
{
    char stop[UNITS_TEXT], limit[UNITS_TEXT];

    if (mig->outcome == OUTCOME_COMPLETED && mig->downtime_ns > mig->downtime_limit_ns &&
        mig->downtime_limit_ns > 0)
        strbuf_addf(words,
                    "stops for %s, beyond its limit of %s: ", units_time(stop, mig->downtime_ns),
                    units_time(limit, mig->downtime_limit_ns));
}

/* A fix is of one VM and one draw; who wants the goals met asks for that. */
static void add_plan(struct text *t)
{
    struct strbuf words = STRBUF_INIT;
    size_t crossed = 0, errors = 0, errors_crossed = 0;

    for (size_t i = 0; i < t->run->nr_thresholds; i++) {
        crossed += t->run->thresholds[i].crossed;
        errors += t->run->thresholds[i].error;
        errors_crossed += t->run->thresholds[i].error && t->run->thresholds[i].crossed;
    }
    /* as there, warnings count only where there is nothing else */
    if ((errors ? errors_crossed : crossed) > 0 && t->run->scenario) {
        strbuf_addstr(&words, "settings that meet the goals: migcast plan ");
        cell_add_text(&words, t->run->scenario);
        strbuf_addstr(t->out, "  ");
        text_wrap(t, strbuf_text(&words), 2, 4);
    }
    strbuf_release(&words);
}

/* Of several VMs: what would let each of the worst end well. */
void text_fix_table(struct text *t)
{
    const struct run_result *run = t->run;
    struct mig_result room;
    struct strbuf words = STRBUF_INIT;

    if (run->nr_fixes == 0)
        return;
    strbuf_addch(t->out, '\n');
    text_tone(t, TONE_HEADING, "Smallest fixes of the worst VMs, each migrating alone");
    strbuf_addch(t->out, '\n');
    for (size_t g = 0; g < t->sum.nr_groups; g++) {
        size_t mig = words_fixed(&t->sum, &t->sum.groups[g]);

        if (mig == WORDS_NONE)
            continue;
        strbuf_clear(&words);
        add_long_stop(&words, result_mig(run, mig, &room));
        advice_add(&words, run, mig);
        text_fact(t, t->sum.groups[g].vm, strbuf_text(&words));
    }
    add_plan(t);
    strbuf_release(&words);
}
