/*
 * live_line.h - a recording as a person, or a program, sees it while it runs.
 *
 * On a terminal one line that redraws itself; elsewhere a line every five seconds; with --json an
 * object a line on standard output.  With a forecast each says when the migration should end and
 * whether what is seen is normal.  What is normal is decided in answers/accuracy/live.h.
 */
#ifndef MIGCAST_CLI_LIVE_LINE_H
#define MIGCAST_CLI_LIVE_LINE_H

#include "cli/cmd.h"
#include "sim/scenario/costs_file.h"
#include "tracer/record.h"

struct live_line; /* opaque */

/* live_line_new - @path is the trace that is being written; @calibration NULL = no forecast.  All
 * borrowed. */
enum status live_line_new(struct live_line **out, struct cli_opts *o, const char *path,
                          const struct costs_file *calibration, struct diag *diag);

/* live_line_forecast - from what the trace holds by now; once before the start. */
enum status live_line_forecast(struct live_line *ll, struct diag *diag);

/* live_line_observe - for record_options.observe, with the live_line as context.  When somebody
 * else's `migrate` comes by, the forecast is renewed in a thread, since parameters are set just
 * before it. */
void live_line_observe(void *ctx, const struct trace_line *line);
/* live_line_tick - for record_options.tick: a monitor that falls silent is to be seen too. */
void live_line_tick(void *ctx, int64_t t_ns);

/* live_line_say - a line in between: "waiting for the migration to start". */
void live_line_say(struct live_line *ll, const char *event, const char *text);

/* live_line_end - wipe the line and print how it ended.  ST_ETHRESHOLD, with a diag, if it did not
 * go as forecast. */
enum status live_line_end(struct live_line *ll, const struct record_result *result,
                          struct diag *diag);
void live_line_free(struct live_line *ll);

#endif
