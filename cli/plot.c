/*
 * plot.c - pictures go to files of their own; the form is told by the file's name.
 */
#include "cli/plot.h"

#include <string.h>

#include "base/new_file.h"

#include "base/banned.h"

enum status cli_plot_check(struct cli_plot *plot, const struct cli_opts *o, const char *option,
                           struct diag *diag)
{
    const char *end;

    *plot = (struct cli_plot){.path = cli_value(o, option), .look = {CHART_SVG, "chart"}};
    if (!plot->path)
        return ST_OK;
    if (!chart_available())
        return diag_set(diag, ST_EUSAGE, "--%s: this program was built without charts", option);
    end = strrchr(plot->path, '.');
    if (end && strcmp(end, ".png") == 0)
        plot->look.form = CHART_PNG;
    else if (!end || strcmp(end, ".svg") != 0)
        return diag_set(diag, ST_EUSAGE, "--%s: '%s' ends neither in .svg nor in .png", option,
                        plot->path);
    return ST_OK;
}

/* Not of the result, so not through cli_emit(). */
enum status cli_plot_write(const struct cli_plot *plot, const struct strbuf *picture,
                           struct diag *diag)
{
    return new_file_write(plot->path, picture, "write the picture", diag);
}
