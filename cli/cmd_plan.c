/*
 * cmd_plan.c - `migcast plan SCENARIO.ini`: which settings meet the goals?
 *
 * Reads options, calls answers/plan/plan.h and its like, prints.
 */
#include <stdlib.h>
#include <string.h>

#include "answers/plan/order.h"
#include "base/progress.h"
#include "base/units.h"
#include "cli/plan_print.h"
#include "cli/plot.h"

#include "base/banned.h"

static enum status read_count(const struct cli_opts *o, const char *name, uint32_t *out,
                              struct diag *diag)
{
    const char *text = cli_value(o, name);
    uint64_t value;

    if (!text)
        return ST_OK;
    if (units_parse_u64(text, &value, NULL) != ST_OK || value == 0 || value > 1000000000)
        return diag_set(diag, ST_EUSAGE, "--%s takes a number from 1 on, not '%s'", name, text);
    *out = (uint32_t)value;
    return ST_OK;
}

static void step(void *arg, uint32_t runs)
{
    progress_step(arg, runs);
}

/* What the best setting changes, by key and value. */
static enum status make_advice(const struct plan *plan, const struct plan_options *options,
                               struct plan_advice *advice, struct diag *diag)
{
    const struct plan_tried *t = plan->nr_tried ? &plan->tried[plan->best] : NULL;
    const char *settings[PLAN_CHANGES_MAX];
    struct scenario sc;
    size_t nr;
    enum status st;

    *advice = (struct plan_advice){.arena = arena_new(0)};
    if (!advice->arena)
        return diag_set(diag, ST_ENOMEM, "out of memory");
    if (!t || t->changes == 0)
        return ST_OK;
    nr = plan_settings(plan, t, settings, PLAN_CHANGES_MAX);
    for (size_t i = 0; i < nr; i++) {
        size_t key = strcspn(settings[i], "=");

        advice->changes[i].key = arena_strndup(advice->arena, settings[i], key);
        advice->changes[i].value = settings[i] + key + 1;
        if (!advice->changes[i].key)
            return diag_set(diag, ST_ENOMEM, "out of memory");
    }
    advice->nr_changes = nr;
    st = variant_load(&sc, &options->base, settings, nr, diag);
    if (st != ST_OK)
        return st;
    if (!snippet_make(&sc, advice->changes, nr, &advice->snippets))
        st = diag_set(diag, ST_ENOMEM, "out of memory");
    scenario_release(&sc);
    return st;
}

static enum status print(struct cli_opts *o, const struct plan *plan,
                         const struct plan_options *options, struct diag *diag)
{
    struct plan_advice advice = {0};
    struct strbuf out = STRBUF_INIT;
    enum status st = make_advice(plan, options, &advice, diag);

    if (st == ST_OK && o->json)
        plan_json(o, plan, &advice, &out);
    else if (st == ST_OK)
        plan_text(o, plan, &advice, &out);
    if (st == ST_OK)
        st = cli_emit(o, &out, diag);
    snippet_release(&advice.snippets);
    arena_free(advice.arena);
    strbuf_release(&out);
    return st;
}

static enum status search(struct cli_opts *o, const struct plan_options *options, struct diag *diag)
{
    struct plan plan = {0};
    struct cli_plot plot = {0};
    enum status st = cli_plot_check(&plot, o, "plot", diag), printed;

    if (st == ST_OK)
        st = plan_search(&plan, options, diag);

    progress_done(options->step_arg);
    if ((st == ST_OK || st == ST_EINTR) && plan.nr_tried > 0) {
        printed = print(o, &plan, options, diag);
        if (printed == ST_OK && plot.path)
            printed = plan_plot(&plot, &plan, diag);
        st = printed == ST_OK ? st : printed;
    }
    if (st == ST_EINTR)
        diag_set(diag, st, "interrupted after %u simulations; the best so far is printed",
                 plan.runs);
    plan_release(&plan);
    return st;
}

static enum status answer(struct cli_opts *o, struct plan_options *options, struct diag *diag)
{
    struct progress progress;
    enum progress_mode mode = o->quiet                 ? PROGRESS_QUIET
                              : cli_flag(o, "verbose") ? PROGRESS_VERBOSE
                                                       : PROGRESS_AUTO;
    enum status st;

    options->step = step;
    options->step_arg = &progress;
    progress_init(&progress,
                  options->budget          ? options->budget
                  : plan_capacity_asked(o) ? 0 /* nobody knows */
                  : cli_flag(o, "order")   ? ORDER_BUDGET
                                           : PLAN_BUDGET,
                  "planning", mode, stderr);
    if (cli_flag(o, "order") && plan_capacity_asked(o))
        return diag_set(diag, ST_EUSAGE, "--order is a question of its own");
    if (cli_flag(o, "order") || plan_capacity_asked(o)) {
        st = cli_flag(o, "order") ? plan_order(o, options, diag) : plan_capacity(o, options, diag);
        progress_done(&progress);
        return st;
    }
    return search(o, options, diag);
}

static enum status run(struct cli_opts *o, struct diag *diag)
{
    struct plan_options options = {
        .whole_front = cli_flag(o, "front"), .jobs = o->jobs, .stop = &cli_interrupted};
    const char **goals = cli_values(o, "goal", &options.nr_goals);
    const char **knobs = cli_values(o, "knob", &options.nr_knobs);
    struct cli_sets sets;
    enum status st = cli_sets_init(&sets, o, diag);

    if (st == ST_OK && !(goals && knobs))
        st = diag_set(diag, ST_ENOMEM, "out of memory");
    options.goals = goals;
    options.knobs = knobs;
    options.base = (struct variant_base){.path = o->args[0], .sets = sets.all, .nr_sets = sets.nr};
    if (st == ST_OK)
        st = read_count(o, "budget", &options.budget, diag);
    if (st == ST_OK)
        st = read_count(o, "replications", &options.replications, diag);
    if (st == ST_OK)
        st = answer(o, &options, diag);
    cli_sets_release(&sets);
    free(goals);
    free(knobs);
    return st;
}

/* clang-format off */
static const struct cli_option options[] = {
    {.name = "goal", .arg = "GOAL",
     .help = "a goal beside the scenario's thresholds, as \"drain.makespan.p95 < 2h\"; repeatable"},
    {.name = "knob", .arg = "NAME=VALUES",
     .help = "what may be set to what, as parallel=1..8; repeatable (default: what the platform has)"},
    {.name = "budget", .arg = "RUNS", .help = "simulate no more than so many replications (default 2000)"},
    {.name = "replications", .letter = 'n', .arg = "N",
     .help = "most replications for one setting (default: what the goals need)"},
    {.name = "front", .help = "try all settings the budget allows, for the whole Pareto front"},
    {.name = "plot", .arg = "FILE", .help = "draw makespan and downtime of the settings tried (.svg, .png)"},
    {.name = "smallest-link", .arg = "WINDOW",
     .help = "find the smallest migration link by which all is done in WINDOW"},
    {.name = "link", .arg = "NAME", .help = "with --smallest-link: of this [link] only"},
    {.name = "spare", .arg = "HOSTS",
     .help = "find the spare memory with which any HOSTS hosts can be emptied at once"},
    {.name = "latest-start", .arg = "DEADLINE",
     .help = "find the latest start by which all is done before DEADLINE"},
    {.name = "order", .help = "find a better order of the moves, as waves with targets and times"},
    {.name = "verbose", .letter = 'v', .help = "show the whole front, or all moves"},
    {0},
};
/* clang-format on */

const struct cmd cmd_plan = {
    .name = "plan",
    .args = "SCENARIO.ini",
    .help = "find the cheapest settings that meet the goals",
    .about =
        "The goals are the scenario's thresholds and those of --goal; a setting with which fewer "
        "VMs arrive than now never meets them. The knobs are those of --knob, else what the "
        "scenario's platform lets its administrator set, with usual values. The cheapest setting "
        "is "
        "the one with the fewest changes from the present, then with the smallest.\n\n"
        "Settings are tried from the cheapest on, on the same random draws, and dropped as soon as "
        "the 95 % interval of a goal is clearly on the wrong side. What is left is confirmed with "
        "fresh draws. If nothing meets the goals, the nearest setting is named, and what binds "
        "it.\n\n"
        "The answer comes in the platform's own words, to paste. A knob is a name that the "
        "platform "
        "has (bandwidth, parallel, downtime_limit, auto_converge, postcopy ...) or SECTION.KEY, "
        "with "
        "values "
        "between commas or a range LOW..HIGH, LOW..HIGH:log:N or :lin:N.\n\n"
        "Instead of settings, --smallest-link, --spare and --latest-start look for one number, so "
        "that all goes well with a probability of 95 %.\n\n"
        "  migcast plan scenarios/rack-drain.ini --goal 'drain.makespan.p95 < 2h'\n"
        "  migcast plan scenarios/rack-drain.ini --knob parallel=1..8 \\\n"
        "    --knob auto_converge=off,on\n"
        "  migcast plan scenarios/sweep-drain.ini \\\n"
        "    --knob 'link backbone.rate=1Gb/s..25Gb/s'\n"
        "  migcast plan scenarios/rack-drain.ini --smallest-link 30min",
    .shared = CLI_SET | CLI_SEED | CLI_JOBS | CLI_OUTPUT | CLI_JSON,
    .options = options,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
