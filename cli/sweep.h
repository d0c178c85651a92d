/*
 * sweep.h - the forms of a sweep's result: text, JSON, CSV and a picture.
 */
#ifndef MIGCAST_CLI_SWEEP_H
#define MIGCAST_CLI_SWEEP_H

#include "answers/sweep/sweep.h"
#include "base/strbuf.h"
#include "cli/cmd.h"
#include "cli/plot.h"

struct sweep_look {
    size_t width; /* of the terminal; 0 = unknown */
    bool all;     /* every cell, however many */
};

/* sweep_text - a matrix for two settings, a table for one; then the best cells. */
enum status sweep_text(struct strbuf *out, const struct cli_opts *o, const struct sweep *sweep,
                       const struct sweep_look *look);
/* sweep_json - docs/schema/sweep.json. */
void sweep_json(struct strbuf *out, const struct sweep *sweep);
/* sweep_csv - a line a cell, in the order of the axes. */
void sweep_csv(struct strbuf *out, const struct sweep *sweep);
/* sweep_plot - the deciding measure over one or two settings; ST_EUSAGE for more. */
enum status sweep_plot(const struct cli_plot *plot, const struct sweep *sweep, struct diag *diag);

/* sweep_words - "bandwidth=4Gb/s parallel=2" */
void sweep_words(struct strbuf *out, const struct sweep *sweep, size_t cell);
/* sweep_has_result - simulated, or stored. */
bool sweep_has_result(const struct sweep_cell *cell);

#endif
