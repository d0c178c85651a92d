/*
 * plan_print.h - a plan told to a person (plan_text.c) or a program (plan_json.c).
 */
#ifndef MIGCAST_CLI_PLAN_PRINT_H
#define MIGCAST_CLI_PLAN_PRINT_H

#include "answers/plan/plan.h"
#include "answers/plan/snippet.h"
#include "cli/cmd.h"

enum {
    PLAN_CHANGES_MAX = 64
};

/* The changes of a setting, and the pasteable form of them. */
struct plan_advice {
    struct snippet_change changes[PLAN_CHANGES_MAX];
    size_t nr_changes;
    struct snippets snippets;
    struct arena *arena;
};

/* plan_value_text - @value of @unit for people. */
void plan_value_text(struct strbuf *out, enum value_unit unit, double value);

/* plan_say - @head in @style, and @words behind it, in lines of 80 columns. */
void plan_say(const struct cli_opts *o, enum cli_style style, const char *head, const char *words,
              struct strbuf *out);
/* plan_changes_text - "parallel 1 -> 4, auto_converge off -> on". */
void plan_changes_text(const struct plan *plan, const struct plan_tried *t, struct strbuf *out);

struct cli_plot;
/* plan_plot - the settings tried, as --plot asks for. */
enum status plan_plot(const struct cli_plot *plot, const struct plan *plan, struct diag *diag);

void plan_text(const struct cli_opts *o, const struct plan *plan, const struct plan_advice *advice,
               struct strbuf *out);
void plan_json(const struct cli_opts *o, const struct plan *plan, const struct plan_advice *advice,
               struct strbuf *out);

/* plan_capacity - answers --smallest-link, --spare or --latest-start and prints.  Of @options base,
 * jobs, stop and steps count. */
bool plan_capacity_asked(const struct cli_opts *o);
enum status plan_capacity(struct cli_opts *o, const struct plan_options *options,
                          struct diag *diag);
/* plan_order - answers --order likewise; the budget counts too. */
enum status plan_order(struct cli_opts *o, const struct plan_options *options, struct diag *diag);

#endif
