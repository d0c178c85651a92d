/*
 * score.h - the parts of `migcast score`: tables, JSON, Markdown, pictures.
 */
#ifndef MIGCAST_CLI_SCORE_H
#define MIGCAST_CLI_SCORE_H

#include "answers/accuracy/score.h"
#include "cli/cmd.h"
#include "cli/plot.h"

/* The captures by their paths, scored. */
struct score_view {
    const struct cli_opts *o;
    const struct score *s;
    uint64_t seed;
};

enum status score_add_text(struct strbuf *out, const struct score_view *v);
enum status score_add_json(struct strbuf *out, const struct score_view *v);
/* score_add_markdown - the table for a README: ours beside the others, worst first. */
enum status score_add_markdown(struct strbuf *out, const struct score_view *v);

/* Pictures wanted on the command line. */
enum {
    SCORE_PLOTS = 3 /* forecast against observed, errors by method, the course of one */
};

struct score_plots {
    struct cli_plot plot[SCORE_PLOTS];
};

/* score_plots_check - are the names fit; before the work. */
enum status score_plots_check(struct score_plots *plots, const struct cli_opts *o,
                              struct diag *diag);
enum status score_plots_write(const struct score_plots *plots, const struct score_view *v,
                              struct diag *diag);

/* "learned from the other configurations" ... */
void score_say_constants(struct strbuf *out, const struct score *s);

#endif
