/*
 * plot.h - the picture that --plot FILE asks for, beside a subcommand's result.
 *
 *     struct cli_plot plot;
 *     st = cli_plot_check(&plot, o, "plot", diag);      before anything is simulated
 *     ...
 *     if (plot.path)
 *         st = chart_heat(&picture, &plot.look, &what);
 *         st = cli_plot_write(&plot, &picture, diag);
 */
#ifndef MIGCAST_CLI_PLOT_H
#define MIGCAST_CLI_PLOT_H

#include "cli/cmd.h"
#include "reports/charts/chart.h"

struct cli_plot {
    const char *path; /* NULL = not asked for */
    struct chart_look look;
};

/* cli_plot_check - what --@option names: *.svg or *.png.  ST_EUSAGE for another name, or in a
 * program built without charts. */
enum status cli_plot_check(struct cli_plot *plot, const struct cli_opts *o, const char *option,
                           struct diag *diag);
/* cli_plot_write - @picture to the file. */
enum status cli_plot_write(const struct cli_plot *plot, const struct strbuf *picture,
                           struct diag *diag);

#endif
