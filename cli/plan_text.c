/*
 * plan_text.c - a plan told to a person: the verdict, the goals, what to change, what to paste.
 */
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "cli/plan_print.h"
#include "reports/cell.h"

#include "base/banned.h"

#define NEARER 0.01 /* of the present value: less is not worth a change */

enum {
    NAME_COLUMNS = 28,
    VALUE_COLUMNS = 12,
    STATE_COLUMNS = 8,
    WIDTH = 80,
    FRONT_SHOWN = 8
};

void plan_value_text(struct strbuf *out, enum value_unit unit, double value)
{
    char buf[UNITS_TEXT];

    if (!isfinite(value))
        strbuf_addstr(out, isnan(value) ? "-" : value > 0.0 ? "unlimited" : "0");
    else if (unit == VALUE_NS)
        strbuf_addstr(out, units_time(buf, llround(fmax(value, 0.0))));
    else if (unit == VALUE_BYTES)
        strbuf_addstr(out, units_size(buf, (uint64_t)llround(fmax(value, 0.0))));
    else if (unit == VALUE_RATIO)
        strbuf_addf(out, "%.3g %%", 100.0 * value);
    else
        strbuf_addf(out, "%.4g", value);
}

static void add_value(struct strbuf *out, enum value_unit unit, double value, size_t width)
{
    struct strbuf text = STRBUF_INIT;

    plan_value_text(&text, unit, value);
    cell_add(out, strbuf_text(&text), width, CELL_RIGHT);
    strbuf_release(&text);
}

/* ---- the verdict ---- */

void plan_changes_text(const struct plan *plan, const struct plan_tried *t, struct strbuf *out)
{
    const char *separator = "";

    for (size_t k = 0; k < plan->nr_knobs; k++) {
        if (t->choice[k] == 0)
            continue;
        strbuf_addf(out, "%s%s ", separator, plan->knobs[k].name);
        if (plan->knobs[k].present)
            strbuf_addf(out, "%s -> ", plan->knobs[k].present);
        strbuf_addstr(out, plan->knobs[k].values[t->choice[k] - 1].text);
        separator = ", ";
    }
    if (!separator[0])
        strbuf_addstr(out, "as it is");
}

static void add_evidence(const struct plan *plan, const struct plan_tried *t, struct strbuf *out)
{
    if (plan->fixed && t->nr_fresh <= 2)
        strbuf_addstr(out, "always: nothing in the scenario is uncertain");
    else
        strbuf_addf(out, "in %u of %u fresh replications, %.3g to %.3g %%", t->nr_good, t->nr_fresh,
                    100.0 * t->good.low, 100.0 * t->good.high);
}

static void add_missed(const struct plan *plan, const struct plan_tried *t, struct strbuf *out)
{
    const struct plan_goal *g = &plan->goals[t->worst_goal];
    const struct measured *m = t->fresh ? &t->fresh[t->worst_goal] : &t->goals[t->worst_goal];

    strbuf_addf(out, "%s: ", g->text);
    plan_value_text(out, m->unit, m->value);
    if (t->binding != BINDING_NONE)
        strbuf_addf(out, ", bound by the %s", binding_name(t->binding));
    else if (t->why) {
        strbuf_addstr(out, ", because ");
        cell_add_text(out, t->why);
    }
}

static double value_of(const struct plan_tried *t, size_t goal)
{
    return t->fresh ? t->fresh[goal].value : t->goals[goal].value;
}

/* Is the nearest setting nearer to a goal than the present one, by as much as matters? */
static bool comes_nearer(const struct plan *plan)
{
    const struct plan_tried *now = &plan->tried[0], *t = &plan->tried[plan->best];

    for (size_t i = 0; i < plan->nr_goals; i++) {
        double before = value_of(now, i), after = value_of(t, i);
        double gain = plan->goals[i].less ? before - after : after - before;

        if (plan_judge(plan, t, i) == PLAN_HELD ? plan_judge(plan, now, i) != PLAN_HELD
                                                : gain > NEARER * fabs(before))
            return true;
    }
    return false;
}

/* A knob that was turned as far as it goes could be turned further. */
static void add_ends(const struct plan *plan, const struct plan_tried *t, struct strbuf *out)
{
    for (size_t k = 0; k < plan->nr_knobs; k++)
        if (t->choice[k] > 1 && t->choice[k] == plan->knobs[k].nr)
            strbuf_addf(out, "  %s is at the end of its range: more of it may help.\n",
                        plan->knobs[k].name);
}

void plan_say(const struct cli_opts *o, enum cli_style style, const char *head, const char *words,
              struct strbuf *out)
{
    strbuf_addf(out, "%s%s%s", cli_style(o, style), head, cli_style(o, CLI_PLAIN));
    cell_wrap(out, words, strlen(head), 2, WIDTH);
}

/* The rest of the sentence that a verdict's first words begin. */
static void add_sentence(const struct plan *plan, const struct plan_tried *t, struct strbuf *out)
{
    switch (plan->verdict) {
    case PLAN_PRESENT:
        strbuf_addstr(out, ": the present settings meet all goals (all hold ");
        add_evidence(plan, t, out);
        strbuf_addstr(out, ").");
        break;
    case PLAN_FOUND:
        strbuf_addstr(out, ": ");
        plan_changes_text(plan, t, out);
        strbuf_addstr(out, " meets all goals (all hold ");
        add_evidence(plan, t, out);
        strbuf_addf(out, "). %s",
                    plan->all_cheaper ? "No cheaper setting of these knobs surely does."
                                      : "Not all cheaper settings were tried.");
        break;
    case PLAN_PERHAPS:
        strbuf_addstr(out, ": ");
        plan_changes_text(plan, t, out);
        strbuf_addf(out,
                    " may meet all goals, but %u fresh replications are too few to be sure; the "
                    "closest call is %s.",
                    t->nr_fresh, plan->goals[t->worst_goal].text);
        break;
    case PLAN_NONE:
        strbuf_addf(out, " of %s%s meets the goals. ",
                    plan->nr_knobs == 1 ? "this knob" : "these knobs",
                    (double)plan->nr_tried < plan->nr_settings ? " that was tried" : "");
        if (comes_nearer(plan)) {
            strbuf_addstr(out, "Nearest is ");
            plan_changes_text(plan, t, out);
            strbuf_addstr(out, "; it misses ");
        } else {
            strbuf_addstr(out, "None comes nearer than the present; it misses ");
        }
        add_missed(plan, t, out);
        strbuf_addstr(out, ".");
        break;
    case PLAN_NO_GOALS:
        strbuf_addstr(out, ": the settings below are the best of those tried, each in its way. Say "
                           "--goal to choose.");
        break;
    }
}

/* Thresholds that only warn, where others do not: a run may show them crossed.  Who says --goal has
 * chosen. */
static void add_left_out(const struct cli_opts *o, const struct plan *plan, struct strbuf *out)
{
    struct strbuf words = STRBUF_INIT;
    uint32_t nr = 0, errors = 0;

    if (cli_value(o, "goal"))
        return;
    for (uint32_t i = 0; i < plan->sc.nr_thresholds; i++)
        errors += plan->sc.thresholds[i].error;
    for (uint32_t i = 0; i < plan->sc.nr_thresholds && errors > 0; i++)
        if (!plan->sc.thresholds[i].error)
            strbuf_addf(&words, "%s%s", nr++ ? ", " : "not asked for, as they only warn: ",
                        plan->sc.thresholds[i].text);
    if (nr > 0) {
        strbuf_addstr(&words, "; --goal takes them in");
        strbuf_addstr(out, "  ");
        cell_wrap(out, strbuf_text(&words), 2, 4, WIDTH);
    }
    strbuf_release(&words);
}

static void add_verdict(const struct cli_opts *o, const struct plan *plan, struct strbuf *out)
{
    const struct plan_tried *t = &plan->tried[plan->best];
    enum cli_style style = plan->verdict == PLAN_NONE ? CLI_BAD
                           : plan->verdict == PLAN_PRESENT || plan->verdict == PLAN_FOUND
                               ? CLI_GOOD
                               : CLI_WARN;
    struct strbuf words = STRBUF_INIT, head = STRBUF_INIT;

    if (plan->verdict == PLAN_FOUND)
        strbuf_addf(&head, "CHANGE %u SETTING%s", t->changes, t->changes == 1 ? "" : "S");
    else
        strbuf_addstr(&head, plan->verdict == PLAN_PRESENT   ? "NOTHING TO CHANGE"
                             : plan->verdict == PLAN_PERHAPS ? "PERHAPS"
                             : plan->verdict == PLAN_NONE    ? "NO SETTING"
                                                             : "NO GOALS");
    add_sentence(plan, t, &words);
    plan_say(o, style, strbuf_text(&head), strbuf_text(&words), out);
    if (plan->verdict == PLAN_NONE && comes_nearer(plan))
        add_ends(plan, t, out);
    if (plan->interrupted)
        strbuf_addstr(out, "  Interrupted: this is the best so far.\n");
    else if (plan->out_of_budget)
        strbuf_addstr(out, "  The budget of simulations is used up: --budget gives more.\n");
    add_left_out(o, plan, out);
    strbuf_release(&head);
    strbuf_release(&words);
}

/* ---- tables ---- */

static void add_span(const struct measured *m, struct strbuf *out)
{
    if (!isfinite(m->low) && !isfinite(m->high)) {
        strbuf_addch(out, '-');
        return;
    }
    if (!isfinite(m->low))
        strbuf_addstr(out, "up to ");
    else
        plan_value_text(out, m->unit, m->low);
    if (!isfinite(m->high))
        strbuf_addstr(out, " or more");
    else if (isfinite(m->low))
        strbuf_addstr(out, " .. ");
    if (isfinite(m->high))
        plan_value_text(out, m->unit, m->high);
}

static void add_goal(const struct cli_opts *o, const struct plan *plan, size_t i,
                     struct strbuf *out)
{
    const struct plan_tried *now = &plan->tried[0], *t = &plan->tried[plan->best];
    const struct measured *m = t->fresh ? &t->fresh[i] : &t->goals[i];
    enum plan_standing leaning = plan_judge(plan, t, i);
    struct strbuf span = STRBUF_INIT;

    cell_add(out, plan->goals[i].text, NAME_COLUMNS, CELL_LEFT);
    add_value(out, m->unit, now->fresh ? now->fresh[i].value : now->goals[i].value, VALUE_COLUMNS);
    add_value(out, m->unit, m->value, VALUE_COLUMNS);
    add_span(m, &span);
    strbuf_addf(out, "  %s%-*s%s%s\n",
                cli_style(o, leaning == PLAN_HELD     ? CLI_GOOD
                             : leaning == PLAN_BROKEN ? CLI_BAD
                                                      : CLI_WARN),
                STATE_COLUMNS,
                leaning == PLAN_HELD     ? "met"
                : leaning == PLAN_BROKEN ? "missed"
                                         : "unsure",
                cli_style(o, CLI_PLAIN), strbuf_text(&span));
    strbuf_release(&span);
}

static void add_goals(const struct cli_opts *o, const struct plan *plan, struct strbuf *out)
{
    if (plan->nr_goals == 0)
        return;
    strbuf_addf(out, "\n%s%-*s%*s%*s  %-*s%s%s\n", cli_style(o, CLI_BOLD), NAME_COLUMNS, "goal",
                VALUE_COLUMNS, "now", VALUE_COLUMNS, "planned", STATE_COLUMNS, "", "95 % interval",
                cli_style(o, CLI_PLAIN));
    for (size_t i = 0; i < plan->nr_goals; i++)
        add_goal(o, plan, i, out);
}

static void add_snippets(const struct cli_opts *o, const struct plan_advice *advice,
                         struct strbuf *out)
{
    for (size_t i = 0; i < advice->snippets.nr; i++) {
        const struct snippet *s = &advice->snippets.items[i];
        const char *line = strbuf_text(&s->text);

        strbuf_addf(out, "\n%s%s%s: %s\n", cli_style(o, CLI_BOLD), s->form, cli_style(o, CLI_PLAIN),
                    s->where);
        while (*line) {
            size_t len = strcspn(line, "\n");

            strbuf_addf(out, "    %.*s\n", (int)len, line);
            line += len + (line[len] == '\n');
        }
    }
}

static void add_wrapped_changes(const struct plan *plan, const struct plan_tried *t,
                                struct strbuf *out)
{
    const size_t column = PLAN_AXIS_NR * VALUE_COLUMNS + 2;
    struct strbuf words = STRBUF_INIT;

    plan_changes_text(plan, t, &words);
    cell_wrap(out, strbuf_text(&words), column, column, WIDTH);
    strbuf_release(&words);
}

static void add_front(const struct cli_opts *o, const struct plan *plan, struct strbuf *out)
{
    static const enum value_unit units[PLAN_AXIS_NR] = {
        [PLAN_MAKESPAN] = VALUE_NS,
        [PLAN_DOWNTIME] = VALUE_NS,
        [PLAN_SLOWDOWN] = VALUE_RATIO,
        [PLAN_BYTES] = VALUE_BYTES,
    };
    size_t nr = 0, shown = 0;

    for (size_t i = 0; i < plan->nr_tried; i++)
        nr += plan->tried[i].on_front;
    if (nr < 2 && plan->nr_goals > 0)
        return;
    strbuf_addf(out, "\n%s%*s%*s%*s%*s  %s%s\n", cli_style(o, CLI_BOLD), VALUE_COLUMNS, "makespan",
                VALUE_COLUMNS, "downtime95", VALUE_COLUMNS, "slowdown", VALUE_COLUMNS, "sent",
                "not beaten in all four by any", cli_style(o, CLI_PLAIN));
    for (size_t i = 0; i < plan->nr_tried; i++) {
        const struct plan_tried *t = &plan->tried[i];

        if (!t->on_front || (shown >= FRONT_SHOWN && !cli_flag(o, "verbose")))
            continue;
        shown++;
        for (int x = 0; x < PLAN_AXIS_NR; x++)
            add_value(out, units[x], t->axes[x], VALUE_COLUMNS);
        strbuf_addstr(out, i == plan->best && plan->nr_goals > 0 ? " *" : "  ");
        add_wrapped_changes(plan, t, out);
    }
    if (shown < nr)
        strbuf_addf(out, "  and %zu more; --verbose shows all\n", nr - shown);
}

void plan_text(const struct cli_opts *o, const struct plan *plan, const struct plan_advice *advice,
               struct strbuf *out)
{
    add_verdict(o, plan, out);
    add_goals(o, plan, out);
    if (plan->verdict != PLAN_NONE || comes_nearer(plan))
        add_snippets(o, advice, out);
    add_front(o, plan, out);
    strbuf_addf(out,
                "\nTried %zu of %.0f settings of %zu knob%s in %u simulations.\n"
                "The cheapest has the fewest changes, then the smallest.\n",
                plan->nr_tried, plan->nr_settings, plan->nr_knobs, plan->nr_knobs == 1 ? "" : "s",
                plan->runs);
}
